/* SPDX-License-Identifier: Apache-2.0 */
/* attempt - one try of one step, or of its undo. It waits out its pause, then has a runner, waits
 * for a person, or for another play; how it ended is for its part to write down.
 *
 * Every op is recorded; an attempt that was cut off runs again over the recorded results to the
 * first unrecorded op (docs/PROTOCOL.md 7.3). Of an op in flight the answer is waited for, whatever
 * else happens; at the end of the step's time the effector ends it. */
#ifndef TOCSIN_ATTEMPT_H
#define TOCSIN_ATTEMPT_H

#include "worker/question.h"
#include "worker/transcript.h"

typedef enum {
    ATTEMPT_PAUSED,  /* before a further attempt */
    ATTEMPT_QUEUED,  /* for a runner, or for the end of another call */
    ATTEMPT_RUNNING, /* a runner is on its way or at work */
    ATTEMPT_ASKING,  /* a person is asked */
    ATTEMPT_CALLING, /* another play runs */
    ATTEMPT_OVER
} attempt_state_t;

typedef struct attempt attempt_t;

/* Borrows all; callee is what a step that calls calls, NULL where nothing may be called. Nothing
 * has begun. */
attempt_t *attempt_new(workplace_t *place, transcript_t *transcript, play_t *play, play_t *callee,
                       const stride_t *stride);
void attempt_destroy(attempt_t **self_p);

/* Reads what the ledger has of it, and how long it has to wait. */
int attempt_begin(attempt_t *self, mono_t clock, fault_t *fault) MUST_CHECK;

/* Goes on where it can: a pause or its time is over, a runner is to be had, what it called has
 * ended. */
int attempt_go(attempt_t *self, wall_t now, mono_t clock, fault_t *fault) MUST_CHECK;

attempt_state_t attempt_state(const attempt_t *self);
play_t *attempt_play(const attempt_t *self);
const stride_t *attempt_stride(const attempt_t *self);
const question_t *attempt_question(const attempt_t *self);
uint64_t attempt_runner(const attempt_t *self);             /* 0 where none */
bool attempt_asked(const attempt_t *self, uint64_t number); /* the effector, under this id */

/* The runner's descriptor is there: the task is queued for it. */
void attempt_on_ready(attempt_t *self);

/* A message from the runner; one that is none of section 8 counts as the script's fault. */
int attempt_on_runner(attempt_t *self, const frames_t *frames, fault_t *fault) MUST_CHECK;

/* The runner ended without DONE; status is wait(2)'s. */
void attempt_on_runner_end(attempt_t *self, int status);

/* RESULT or FAULT from the effector. */
int attempt_on_effector(attempt_t *self, const frames_t *frames, fault_t *fault) MUST_CHECK;

/* The word of a person counted: yes, no, or an answer's value (which it takes over). */
void attempt_on_consent(attempt_t *self, const consent_t *consent, const hash_t *document,
                        value_t *output);

/* When its pause, its time or a person's is over, and attempt_go has something to do; ms 0: never.
 */
mono_t attempt_deadline(const attempt_t *self);

/* Whether anything of it happened: else it has no receipt, and may be withdrawn. */
bool attempt_begun(const attempt_t *self);

/* Ends one that has begun, for this reason: at once where it has asked for no op; else its runner
 * may say that it is done, which tells what happened, and nothing else. */
void attempt_stop(attempt_t *self, const fault_t *why);

/* Of one that is over: what its receipt says of it, and what it gave (the caller's; may be NULL).
 */
void attempt_fill(const attempt_t *self, receipt_t *receipt);
value_t *attempt_take_output(attempt_t *self);

/* A text as a receipt's reason: on one line, "-" where nothing is left. */
void reason_write(char out[static FAULT_TEXT_MAX], const char *text);

#endif
