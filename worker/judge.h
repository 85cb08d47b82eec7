/* SPDX-License-Identifier: Apache-2.0 */
/* judge - verifies every document from the root down, decides, walks its parts of runs, keeps the
 * ledger, signs receipts. It has no network; what it decides leaves through an outbox, behind the
 * ledger's commit. Decisions are functions of what it holds, what came and the time it is given; it
 * is never earlier than the newest beacon says. */
#ifndef TOCSIN_JUDGE_H
#define TOCSIN_JUDGE_H

#include "keys/curve.h"
#include "keys/trust.h"
#include "worker/parts.h"

typedef struct judge judge_t;

/* Borrows ledger, key and outbox. worker is this worker's id in the fleet, boot the name of the
 * machine's present boot; trust is the judge's. Reads the ledger's documents into trust. */
judge_t *judge_new(const char *worker, const char *boot, trust_t *trust, const machinekey_t *key,
                   ledger_t *ledger, outbox_t *outbox, fault_t *fault);
void judge_destroy(judge_t **self_p);

/* Sealed orders are opened with this pair from now on; borrowed. */
void judge_open_with(judge_t *self, const curvepair_t *sealing);

/* A proved root, people or fleet for the ledger, before the first judge_start (enrolment). */
int judge_learn(judge_t *self, slice_t document, slice_t armors, wall_t now,
                fault_t *fault) MUST_CHECK;

/* Gives the effector the documents, then goes on with the parts that a restart left open; with
 * those that need a beacon once it and the effector have one. */
int judge_start(judge_t *self, wall_t now, mono_t clock, fault_t *fault) MUST_CHECK;

/* A message from a broker's link (by its place in the settings, from 0), the effector, or the
 * runner with this number. What a stranger got wrong is answered and logged; a fault here is the
 * judge's own end (ledger, a role gone mad). */
int judge_on_link(judge_t *self, unsigned link, const frames_t *frames, wall_t now, mono_t clock,
                  fault_t *fault) MUST_CHECK;
int judge_on_effector(judge_t *self, const frames_t *frames, wall_t now, mono_t clock,
                      fault_t *fault) MUST_CHECK;
int judge_on_runner(judge_t *self, uint64_t runner, const frames_t *frames, wall_t now,
                    mono_t clock, fault_t *fault) MUST_CHECK;

/* The runner's descriptor came; the runner is gone. Numbers of nobody are fine. */
int judge_on_runner_ready(judge_t *self, uint64_t runner, fault_t *fault) MUST_CHECK;
int judge_on_runner_end(judge_t *self, uint64_t runner, int status, wall_t now, mono_t clock,
                        fault_t *fault) MUST_CHECK;

/* Whether a part still talks to this runner; one that nobody does may be closed. */
bool judge_wants_runner(const judge_t *self, uint64_t runner);

/* Offers that it looks at: a commit is not far where there are any. */
size_t judge_offers(const judge_t *self);

/* When there is something to do though nobody said anything (ms 0: never), and doing it. */
mono_t judge_deadline(const judge_t *self);
int judge_tick(judge_t *self, wall_t now, mono_t clock, fault_t *fault) MUST_CHECK;

#endif
