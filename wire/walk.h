/* SPDX-License-Identifier: Apache-2.0 */
/* walk - which steps of a playbook may begin, decided from its manifest and from how attempts
 * ended. Pure: judge, rehearsal and simulator walk alike.
 *
 * A step begins once all that it needs ended well (ok or skipped), beside others that may
 * (WALK_PARALLEL_MAX at once). A failed attempt is followed by another while the step's retries
 * last, unless it failed for what no further attempt can change (walk_is_final). Once a step failed
 * for good no further one begins but those that stand for that failure (docs/PROTOCOL.md 3.9,
 * `failure`); then what was done is undone, the last first, one by one; then the `always` steps
 * run. Undone is every step with an undo that ended ok, or that failed after it had touched
 * something. After an unknown outcome, and after walk_halt, nothing begins.
 *
 * Strides are told as ended in the order of their receipts; so the same walk comes of the same
 * receipts after a restart. */
#ifndef TOCSIN_WALK_H
#define TOCSIN_WALK_H

#include "keys/receipt.h"
#include "wire/manifest.h"

#define WALK_PARALLEL_MAX 8
#define WALK_PAUSE_MAX_S  3600 /* before a further attempt */

/* One try of one step. */
typedef struct {
    size_t step; /* index into the manifest's */
    bool undo;
    unsigned attempt; /* from 1 */
    unsigned pause_s; /* to wait before it begins */
} stride_t;

/* How one ended. */
typedef struct {
    outcome_t outcome;
    fault_code_t why; /* it did not end well */
    bool touched;     /* an op of it that is above observe began */
} walk_end_t;

typedef struct walk walk_t;

/* Whether a further attempt would fail for the same reason: what was signed, what this machine's
 * owner allows and what a person said is as it is, and only the world may be otherwise by then. */
bool walk_is_final(fault_code_t why);

/* Whether an op that ended with this was refused before it began, so that it touched nothing. What
 * an op says of a try that may have changed something is none of these. */
bool walk_never_began(fault_code_t why);

/* Borrows the manifest, which must outlive it. */
walk_t *walk_new(const manifest_t *manifest);
void walk_destroy(walk_t **self_p);

/* The next stride that may begin now; it counts as begun. False where none may. */
bool walk_next(walk_t *self, stride_t *out);

/* Also tells again, in the order of their receipts, what ended before a restart: then the stride
 * need not have been begun here. False, and nothing changed, where no such stride can have ended
 * now. */
bool walk_ended(walk_t *self, const stride_t *stride, const walk_end_t *end) MUST_CHECK;

/* This target is not the one of the run's last wave: `once` steps are no part of its walk. To be
 * said before anything else. */
void walk_leave_out_once(walk_t *self);

/* Takes back that a stride has begun: nothing of it happened, and it may begin again. */
void walk_withdraw(walk_t *self, const stride_t *stride);

/* A step that ended well in an earlier run (docs/PROTOCOL.md 3.5, `continues`). What a step that
 * calls touched is for the called walk to know. */
void walk_skip_done(walk_t *self, size_t step, bool touched);

/* Nothing more begins: a stop. */
void walk_halt(walk_t *self);

/* Nothing more is undone: the time for it is over. */
void walk_deny_undo(walk_t *self);

/* Of a walk that ended ok: undoes it as if a step had failed, for a caller that did (`call`). Its
 * part is OUTCOME_OK again only once all was undone. */
void walk_begin_undo(walk_t *self);

/* Strides that began and have not ended. */
size_t walk_running(const walk_t *self);

/* The whole part's outcome; OUTCOME_OPEN while a stride runs or may begin. */
outcome_t walk_part(walk_t *self);

/* Whether undoing began, and the time for it was over before all was undone. */
bool walk_undo_cut_short(const walk_t *self);

#endif
