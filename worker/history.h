/* SPDX-License-Identifier: Apache-2.0 */
/* history - what the ledger's receipts say that was done: of a run that a restart cut off, and of
 * the earlier runs that an order continues (docs/PROTOCOL.md 3.5). */
#ifndef TOCSIN_HISTORY_H
#define TOCSIN_HISTORY_H

#include "keys/curve.h"
#include "worker/play.h"

#define HISTORY_RUNS_MAX 16 /* continued one after another */

/* A part's plays, callers before callees. */
typedef struct {
    size_t count;
    play_t **play;
} plays_t;

/* Where earlier runs are looked for, and what opens them where they were sealed; borrowed. */
typedef struct {
    ledger_t *ledger;
    const char *worker;
    const curvepair_t *sealing; /* NULL: none was sealed to this worker */
} past_t;

/* The play that this path's step belongs to, and the step; NULL where there is none. */
play_t *plays_find(const plays_t *self, const char *path, size_t *step);

/* Tells the plays what this run's receipts say, in their order: *last is the last one's document,
 * *closed whether it ended the part. FAULT_IO where they do not fit. */
int history_retell(const plays_t *plays, const hash_t *run, ledger_t *ledger, hash_t *last,
                   bool *closed, fault_t *fault) MUST_CHECK;

/* Whether the run that the order continues is one of the same release and inputs, no longer runs
 * here, and is sealed only where the order is; fine where this worker has no part of it.
 * FAULT_CONFLICT, FAULT_LIMIT. */
int history_check(const order_t *order, const past_t *past, fault_t *fault) MUST_CHECK;

/* Tells the plays what the order's earlier runs did here and did not undo. A consent is for one run
 * only, and is asked for again. */
int history_continue(const plays_t *plays, const order_t *order, const past_t *past,
                     fault_t *fault) MUST_CHECK;

#endif
