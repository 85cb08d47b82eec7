/* SPDX-License-Identifier: Apache-2.0 */
/* shelf - the releases and grants that the broker holds, and which release of each playbook is in
 * service: the newest that trust lets pass and whose files and manifest hold. */
#ifndef TOCSIN_SHELF_H
#define TOCSIN_SHELF_H

#include <czmq.h>

#include "broker/row.h"
#include "keys/trust.h"
#include "wire/manifest.h"
#include "wire/rejection.h"

#define SHELF_RELEASES_MAX 4096
#define SHELF_GRANTS_MAX   1024
#define SHELF_REJECTED_MAX 4096

typedef enum { RELEASE_WAITING, RELEASE_IN_SERVICE, RELEASE_REPLACED } release_state_t;

const char *release_word(release_state_t self); /* "waiting", "in service", "replaced" */

typedef struct {
    hash_t hash;
    bytes_t *document, *armors; /* of authors and approvers */
    value_t *files;             /* map of path to bytes */
    release_t *release;
    manifest_t *manifest;  /* while in service, else NULL */
    approvals_t approvals; /* as trust counted last */
    bool holds;            /* trust let it pass; files and manifest hold */
    release_state_t state;
    char reason[FAULT_TEXT_MAX]; /* why it waits; "" otherwise */
} shelved_t;

typedef struct {
    hash_t hash;
    bytes_t *document, *armors;
    grant_t *grant;
    zhashx_t
        *spent; /* worker -> when it ran within the budget's span, as far as this broker knows */
    char who[ROW_NAMES_MAX + 1]; /* whose keys signed, as people of who_version say */
    uint64_t who_version;        /* 0 before */
} held_grant_t;

/* A reviewer's no. */
typedef struct {
    char who[TEXT_NAME_MAX + 1];
    rejection_t rejection;
} rejected_t;

typedef struct shelf shelf_t;

shelf_t *shelf_new(void);
void shelf_destroy(shelf_t **self_p);

/* Each is borrowed until the shelf is destroyed; releases by playbook and sequence, grants by
 * playbook and hash. */
size_t shelf_release_count(const shelf_t *self);
shelved_t *shelf_release_at(const shelf_t *self, size_t index);
shelved_t *shelf_release(const shelf_t *self, const hash_t *hash);
shelved_t *shelf_in_service(const shelf_t *self, const char *playbook);
size_t shelf_grant_count(const shelf_t *self);
held_grant_t *shelf_grant_at(const shelf_t *self, size_t index);

/* Takes over *files (on failure too). A release that is there already only gains armors. *changed
 * tells whether anything did. FAULT_SITE, FAULT_FORMAT, FAULT_LIMIT; FAULT_SIGNATURE and its kin
 * where an armor does not hold. */
shelved_t *shelf_add_release(shelf_t *self, trust_t *trust, slice_t document, slice_t armors,
                             value_t **files, bool *changed, fault_t *fault);

/* One approval. Known already is fine; *changed then is false. FAULT_NOT_FOUND, FAULT_ROLE where it
 * would not count, FAULT_SIGNATURE and its kin. */
int shelf_approve(shelf_t *self, trust_t *trust, const hash_t *release, slice_t armor,
                  bool *changed, fault_t *fault) MUST_CHECK;

/* A reviewer's no to a release that is here; another by the same person takes its place.
 * FAULT_LIMIT, FAULT_NOT_FOUND, and what rejection_check says. */
int shelf_reject(shelf_t *self, const trust_t *trust, slice_t document, slice_t armors,
                 bool *changed, fault_t *fault) MUST_CHECK;

/* The same from the store, whether its release is here yet or not; of one who is no reviewer any
 * more nothing stays. */
void shelf_restore_rejection(shelf_t *self, const trust_t *trust, slice_t document, slice_t armors);

/* Borrowed until the next of either; NULL behind the last. */
const rejected_t *shelf_rejected(const shelf_t *self, size_t index);

/* What the store kept: releases without judging them (shelf_judge does), grants undisputed, as
 * trust_check judges each use. FAULT_FORMAT. */
int shelf_restore_release(shelf_t *self, slice_t document, slice_t armors, value_t **files,
                          fault_t *fault) MUST_CHECK;
held_grant_t *shelf_restore_grant(shelf_t *self, slice_t document, slice_t armors, fault_t *fault);

/* A grant that trust lets pass now; one that is there already stays as it is. */
held_grant_t *shelf_add_grant(shelf_t *self, trust_t *trust, slice_t document, slice_t armors,
                              wall_t now, bool *changed, fault_t *fault);

/* Judges everything again: after trust changed, and after restoring. */
void shelf_judge(shelf_t *self, trust_t *trust);

/* The grant's budget as this broker counts it; a courtesy, as workers count for themselves. */
bool held_grant_has_budget(held_grant_t *self, const char *worker, wall_t now);
void held_grant_spend(held_grant_t *self, const char *worker, wall_t at);

/* A list of {worker, at}, the caller's: of one worker, or "": of all. Of more than most, *more is
 * how many are not told. */
value_t *held_grant_spent(const held_grant_t *self, const char *worker, size_t most, size_t *more);

#endif
