/* SPDX-License-Identifier: Apache-2.0 */
/* op_runner - the effector's hands: starts ops in children (worker/op_child.h), watches them, and
 * remembers on disk which process acts under which key, so that it can be ended after a crash. */
#ifndef TOCSIN_OP_RUNNER_H
#define TOCSIN_OP_RUNNER_H

#include <poll.h>

#include "worker/effector.h"
#include "worker/settings.h"

typedef struct op_runner op_runner_t;

/* Makes FOLDER/running and FOLDER/keepers, and ends what a runner before this one left. Borrows
 * policy and settings. */
op_runner_t *op_runner_new(const char *folder, const policy_t *policy, const settings_t *settings,
                           fault_t *fault);

/* Ends every op that runs. */
void op_runner_destroy(op_runner_t **self_p);

/* Valid as long as the runner. */
effector_io_t op_runner_io(op_runner_t *self);

/* What to poll: at most EFFECTOR_FLIGHTS_MAX into fds; returns how many. *timeout_ms is -1, or how
 * long until the first deadline or lull. */
size_t op_runner_watch(const op_runner_t *self, struct pollfd *fds, int *timeout_ms);

/* Nothing came for as long as op_runner_watch said, and nothing runs: makes a child for another
 * see-op of the last kind, so that it need not be made while somebody waits, and lets it go where
 * none was asked for since. Whether one stands ready. */
bool op_runner_lull(op_runner_t *self);

/* Takes one op that is over: *result is the caller's, NULL with *why. False where none is; call it
 * until then whenever a poll returns: the child of a see-op may end beside its answer, and has
 * ended when the next call returns. */
bool op_runner_next(op_runner_t *self, size_t *flight, value_t **result, fault_t *why);

#endif
