/* SPDX-License-Identifier: Apache-2.0 */
/* op_group - the control group of one op's process and of all that it starts, however often that
 * forks and whatever session it makes: so it can be ended as a whole, after a crash of the effector
 * too. For ops that keep the machine's pid namespace; any other's processes end with it.
 *
 * It lies below the group of the effector, by the freezer of cgroup v1 or in v2, as the machine has
 * it, and is named after the op's process. A machine that lets us make none has none: then what the
 * op's process adopted (it is a subreaper) is all that can be found. */
#ifndef TOCSIN_OP_GROUP_H
#define TOCSIN_OP_GROUP_H

#include "worker/proc.h"

/* Makes it, and puts the process into it, which has started nothing yet. False where there is none
 * to be had. */
bool op_group_make(const proc_t *child);

/* SIGKILL to all in it, and waits until they are gone, then removes it. The process may be gone
 * itself; where it has no group there is nothing to do. FAULT_TIMEOUT after wait_ms. */
int op_group_end(const proc_t *child, int wait_ms, fault_t *fault) MUST_CHECK;

/* What is left of it goes on in the group above. */
void op_group_release(const proc_t *child);

/* From within: whoever calls is to outlive the op, and goes on in the group above. */
void op_group_leave(void);

#endif
