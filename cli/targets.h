/* SPDX-License-Identifier: Apache-2.0 */
/* targets - which workers a plan is for: by name, by selector over the fleet documents, or the
 * incident's own host; within caps and floors. Resolved once, by the signer's own program; what is
 * signed are names. Pure.
 *
 * A selector is NAME=VALUE pairs with commas between them, all of which a worker must have among
 * its labels; region is one of them by itself, and worker=ID names one. */
#ifndef TOCSIN_TARGETS_H
#define TOCSIN_TARGETS_H

#include "cli/options.h"
#include "keys/trust.h"
#include "wire/value.h"

/* Everything is the caller's. */
typedef struct {
    const many_t *chosen;   /* workers and selectors; none: the incident's host */
    const many_t *except;   /* likewise; NULL for none */
    const value_t *workers; /* what the broker says of each (docs/PROTOCOL.md 6.1): selectors pass
                               over those that are drained or revoked; NULL for nothing */
    const alert_t *alert;   /* the incident's; NULL where there is none */
    uint64_t at_most, keep; /* as the person says; 0 where nothing is said */
    uint64_t most, keeps;   /* as the playbook says; 0 is no limit. The stricter counts */
} selection_t;

typedef struct {
    size_t count;
    char (*ids)[TEXT_NAME_MAX + 1]; /* as named, a selector's ascending; each once; ours */
    size_t pool;                    /* workers that the selectors, or the regions, have */
    uint64_t at_most, keep;         /* the limits that counted; 0 where none */
    size_t except_count;
    char (*excepted)[TEXT_NAME_MAX + 1]; /* chosen, and taken out again; ours */
} targets_t;

/* FAULT_USAGE, FAULT_TARGET (a name that no fleet lists, a selector that fits nobody or nobody who
 * is not drained or revoked, nobody left), FAULT_LIMIT (over a cap, or under a floor: the sentence
 * says which and by how much). */
int targets_choose(targets_t *self, const selection_t *by, const trust_t *trust,
                   fault_t *fault) MUST_CHECK;
void targets_clear(targets_t *self);

/* Whether this is a selector that can be read; FAULT_USAGE. */
int selector_check(const char *selector, fault_t *fault) MUST_CHECK;
bool selector_covers(const char *selector, const worker_line_t *worker, const char *region);

#endif
