/* SPDX-License-Identifier: Apache-2.0 */
/* sandbox - the cell that a runner locks itself into: afterwards it can compute, read and write
 * descriptor SANDBOX_FD, and exit. Every other system call kills it (seccomp(2), mandatory);
 * Landlock without a rule, rlimits and no-new-privs stand behind that. */
#ifndef TOCSIN_SANDBOX_H
#define TOCSIN_SANDBOX_H

#include <sys/types.h>

#include "common/fault.h"

#define SANDBOX_FD        3
#define SANDBOX_STACK_MAX (16 * 1024 * 1024) /* address space that the stack may still take */

typedef struct sandbox sandbox_t;

/* Builds the filter, which costs more than all the rest: once in a process, for all its children.
 * What a child is to have mapped is mapped before. FAULT_DENIED where libseccomp cannot. */
sandbox_t *sandbox_new(unsigned cpu_max_s, fault_t *fault);
void sandbox_destroy(sandbox_t **self_p);

/* For a child that was just forked by parent: closes every descriptor but fd, which becomes
 * SANDBOX_FD, and locks the door. -1 where the kernel refuses: then nothing may run. The heap
 * cannot grow afterwards. */
int sandbox_enter(const sandbox_t *self, int fd, pid_t parent) MUST_CHECK;

#endif
