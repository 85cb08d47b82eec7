/* SPDX-License-Identifier: Apache-2.0 */
/* revert - a process that takes a change of the network back after its time, though everything else
 * of ours may be dead by then. It outlives the op and the effector; its pid stands in a note beside
 * those of services' keepers. SIGTERM, as at the end of a unit, makes it act at once. */
#ifndef TOCSIN_REVERT_H
#define TOCSIN_REVERT_H

#include "worker/op_cell.h"

/* Takes the change back; what was there before is its to find in what it got. */
typedef void revert_undo_t(const void *change);

/* Stands and is noted when this returns: now the change may be made. change is copied with the
 * process. name has no '/'; one that no service can have. FAULT_IO. */
int revert_arm(const op_world_t *world, const char *name, int64_t seconds, revert_undo_t *undo,
               const void *change, fault_t *fault) MUST_CHECK;

/* Whether one of that name lives. */
bool revert_waits(const op_world_t *world, const char *name);

/* If one of that name lives, it acts now and is over when this returns. FAULT_TIMEOUT. */
int revert_now(const op_world_t *world, const char *name, fault_t *fault) MUST_CHECK;

#endif
