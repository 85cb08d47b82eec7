/* SPDX-License-Identifier: Apache-2.0 */
/* question - what a step asks of a person, since when, and whether a word that came counts
 * (docs/PROTOCOL.md 3.11). */
#ifndef TOCSIN_QUESTION_H
#define TOCSIN_QUESTION_H

#include "worker/play.h"

/* A plain value; the pointers are borrowed. */
typedef struct {
    const play_t *play;
    const manifest_step_t *step;
    const char *path;      /* the step's */
    wall_t asked, expires; /* asked ms 0: not yet */
} question_t;

/* Since when, where the ledger has it already. */
int question_find(question_t *self, const workplace_t *place, fault_t *fault) MUST_CHECK;

/* Asked since now, unless it was before; the ledger has it then. */
int question_begin(question_t *self, const workplace_t *place, wall_t now,
                   fault_t *fault) MUST_CHECK;

/* Queues WAITING for these links: last is the part's last receipt. */
void question_say(const question_t *self, const workplace_t *place, const hash_t *last,
                  unsigned link);

/* What came, where it counts: then *output is an answer's value, the caller's, or NULL for a
 * consent. NULL with the fault for who brought it: FAULT_TARGET for another step's, FAULT_INPUT for
 * an answer that fits nothing, and what trust_check_consent says. */
consent_t *question_check(const question_t *self, const workplace_t *place, const hash_t *last,
                          slice_t document, slice_t armors, wall_t now, value_t **output,
                          fault_t *fault);

/* What counted goes into the ledger. */
int question_keep(const question_t *self, const workplace_t *place, slice_t document,
                  slice_t armors, fault_t *fault) MUST_CHECK;

#endif
