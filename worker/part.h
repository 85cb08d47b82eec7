/* SPDX-License-Identifier: Apache-2.0 */
/* part - what this worker does of one run: the judge's walk over the step graph. Pure but for the
 * ledger: it queues what must be sent, and is told what came back.
 *
 * wire/walk.h says which steps may begin, beside one another too; each is an attempt, each attempt
 * has one receipt. A step that calls walks another playbook's graph, one at a time in each
 * playbook; what it does is this part's. The part is over once nothing runs and nothing may begin.
 */
#ifndef TOCSIN_PART_H
#define TOCSIN_PART_H

#include "worker/attempt.h"
#include "worker/history.h"

#define PART_ATTEMPTS_MAX (WALK_PARALLEL_MAX * STEP_DEPTH_MAX) /* one play runs at each depth */

typedef struct part part_t;

/* Takes over what brief holds; accepted is when the run was. */
part_t *part_new(workplace_t *place, brief_t *brief, wall_t accepted);
void part_destroy(part_t **self_p);

const warrant_t *part_warrant(const part_t *self);

/* Whether its last receipt is written. */
bool part_closed(const part_t *self);

/* Starts, or after a restart goes on behind the receipts that the ledger has. */
int part_begin(part_t *self, wall_t now, mono_t clock, fault_t *fault) MUST_CHECK;

/* Ends what took too long and begins what may begin by now: a pause is over, a runner is free. */
int part_go(part_t *self, wall_t now, mono_t clock, fault_t *fault) MUST_CHECK;

/* Whether it waits for or talks to this runner; whether it asked the effector under this number. */
bool part_has_runner(const part_t *self, uint64_t runner);
bool part_asked(const part_t *self, uint64_t number);

/* The runner's descriptor is there: the task is queued for it. */
void part_on_ready(part_t *self, uint64_t runner);

/* A message from its runner; the runner's end, status being wait(2)'s. */
int part_on_runner(part_t *self, uint64_t runner, const frames_t *frames, wall_t now, mono_t clock,
                   fault_t *fault) MUST_CHECK;
int part_on_runner_end(part_t *self, uint64_t runner, int status, wall_t now, mono_t clock,
                       fault_t *fault) MUST_CHECK;

/* RESULT or FAULT from the effector for what it asked under this number. */
int part_on_effector(part_t *self, uint64_t number, const frames_t *frames, wall_t now,
                     mono_t clock, fault_t *fault) MUST_CHECK;

/* A consent or an answer, as it came; what does not count is declined. */
int part_on_consent(part_t *self, slice_t document, slice_t armors, wall_t now, mono_t clock,
                    fault_t *fault) MUST_CHECK;

/* Says again for which persons it waits. */
void part_say_waiting(const part_t *self, unsigned link);

/* Nothing more begins, and what runs is ended; an op in flight is waited for. */
int part_stop(part_t *self, const fault_t *why, wall_t now, mono_t clock,
              fault_t *fault) MUST_CHECK;

/* Of the playbooks that it plays, its own and those that its steps call; NULL behind the last. */
const manifest_t *part_manifest(const part_t *self, size_t index);

/* The earliest moment at which part_go has something to do; ms 0 for none. */
mono_t part_deadline(const part_t *self);

/* A run that gets no part, or whose part cannot go on after a restart. */
typedef struct {
    hash_t run, release;
    const char *authority; /* part_authority's */
    const fault_t *why;
} refusal_t;

/* Its last receipt: `refused`, `stopped` where that is why, or `unknown` where an op of it was
 * begun and nobody said what came of it. Closes the run in the ledger. */
int part_write_refusal(const workplace_t *place, const refusal_t *refusal, wall_t now,
                       fault_t *fault) MUST_CHECK;

/* How receipts name what stands behind a run (docs/PROTOCOL.md 3.8): of an order or a grant; both
 * NULL where nobody could read it. */
const char *part_authority(const order_t *order, const grant_t *grant);

#endif
