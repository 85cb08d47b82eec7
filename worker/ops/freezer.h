/* SPDX-License-Identifier: Apache-2.0 */
/* freezer - processes that the kernel stands still: in a control group of their own below the one
 * that they were in, named after the first of them, by the freezer of cgroup v1 or of v2, as the
 * machine has it. */
#ifndef TOCSIN_FREEZER_H
#define TOCSIN_FREEZER_H

#include "worker/op_cell.h"
#include "worker/proc.h"

/* Freezes a process and all that descend from it; how many there are. frozen: whether all stand
 * still, which one that waits for a disk does only then. Once frozen, it is again. FAULT_NOT_FOUND
 * (no freezer on this machine), FAULT_CONFLICT (a descendant is in another control group: then
 * nothing is), FAULT_IO. */
int freezer_freeze(const op_world_t *world, const proc_t *root, bool *frozen, size_t *count,
                   fault_t *fault) MUST_CHECK;

/* Lets go on what freezer_freeze froze under that process, in the control group that it came from;
 * where nothing is, there is nothing to do. end: kills all of it first. */
int freezer_thaw(const op_world_t *world, const proc_t *root, bool end, size_t *count,
                 fault_t *fault) MUST_CHECK;

/* Looks only. Whom freezer_freeze would freeze now, and how many stand still already; the list is
 * the caller's to free. Its faults but FAULT_IO. */
int freezer_foretell(const op_world_t *world, const proc_t *root, pid_t **would, size_t *count,
                     size_t *frozen, fault_t *fault) MUST_CHECK;

/* Likewise whom freezer_thaw would let go on. */
int freezer_foretell_thaw(const op_world_t *world, const proc_t *root, pid_t **would, size_t *count,
                          fault_t *fault) MUST_CHECK;

#endif
