/* SPDX-License-Identifier: Apache-2.0 */
/* outbox - what the judge has decided to send, held back until the ledger's commit, in order. */
#ifndef TOCSIN_OUTBOX_H
#define TOCSIN_OUTBOX_H

#include "common/frames.h"
#include "worker/ledger.h"

typedef enum { TO_LINK, TO_EFFECTOR, TO_SPAWNER, TO_RUNNER } destination_t;

/* Delivers one message; runner is the runner's number for TO_RUNNER, else 0. FAULT_UNREACHABLE from
 * anyone but a runner ends the judge. */
typedef int(outbox_deliver_t)(void *context, destination_t to, uint64_t runner,
                              const frames_t *frames, fault_t *fault);

typedef struct outbox outbox_t;

outbox_t *outbox_new(void);
void outbox_destroy(outbox_t **self_p);

/* Takes over *frames. */
void outbox_add(outbox_t *self, destination_t to, uint64_t runner, frames_t *frames);

/* Whether more waits here than a stranger may cause by asking again (OUTBOX_BYTES): what is only a
 * repetition stays away then. */
#define OUTBOX_BYTES (4 * 1024 * 1024)
bool outbox_is_full(const outbox_t *self);

/* Something was written that must be durable before anything more is sent. */
void outbox_need_commit(outbox_t *self);

/* Commits where needed, then delivers everything in order; what goes to the spawner goes before the
 * commit, since a runner that stands ready is nothing that anyone was told. A fault leaves the
 * process with nothing to do but end. */
int outbox_flush(outbox_t *self, ledger_t *ledger, outbox_deliver_t *deliver, void *context,
                 fault_t *fault) MUST_CHECK;

#endif
