/* SPDX-License-Identifier: Apache-2.0 */
/* outbox - what the judge has decided to send, held back until the ledger's commit, in order. */
#ifndef TOCSIN_OUTBOX_H
#define TOCSIN_OUTBOX_H

#include "common/frames.h"
#include "worker/ledger.h"

typedef enum { TO_LINK, TO_EFFECTOR, TO_SPAWNER, TO_RUNNER } destination_t;

/* Delivers one message; runner is the runner's number for TO_RUNNER, for TO_LINK the brokers' links
 * that it is for, a bit each (0: all of them), else 0. FAULT_UNREACHABLE from anyone but a runner
 * ends the judge. */
typedef int(outbox_deliver_t)(void *context, destination_t to, uint64_t runner,
                              const frames_t *frames, fault_t *fault);

typedef struct outbox outbox_t;

outbox_t *outbox_new(void);
void outbox_destroy(outbox_t **self_p);

/* Takes over *frames. */
void outbox_add(outbox_t *self, destination_t to, uint64_t runner, frames_t *frames);

/* The same for what binds nobody to anything, and so need not wait for the commit: it leaves before
 * it; at once where there is a courier and nothing else waits here for the same destination. */
void outbox_add_early(outbox_t *self, destination_t to, uint64_t runner, frames_t *frames);

/* Who delivers at once; borrowed. */
void outbox_employ(outbox_t *self, outbox_deliver_t *courier, void *context);

/* Whether more waits here than a stranger may cause by asking again (OUTBOX_BYTES): what is only a
 * repetition stays away then. */
#define OUTBOX_BYTES (4 * 1024 * 1024)
bool outbox_is_full(const outbox_t *self);

/* Something was written that must be durable before anything more is sent. */
void outbox_need_commit(outbox_t *self);

/* Whether a commit is needed before all of it has left. */
bool outbox_waits(const outbox_t *self);

/* Delivers what may leave early, and nothing else; a fault is as outbox_flush's. */
int outbox_flush_early(outbox_t *self, outbox_deliver_t *deliver, void *context,
                       fault_t *fault) MUST_CHECK;

/* Delivers what may leave early, commits where needed, then delivers everything else, in order. A
 * fault leaves the process with nothing to do but end. */
int outbox_flush(outbox_t *self, ledger_t *ledger, outbox_deliver_t *deliver, void *context,
                 fault_t *fault) MUST_CHECK;

#endif
