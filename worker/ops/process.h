/* SPDX-License-Identifier: Apache-2.0 */
/* process - what ops say of a process, and how they find the one that is meant. */
#ifndef TOCSIN_PROCESS_H
#define TOCSIN_PROCESS_H

#include "keys/hash.h"
#include "worker/op_cell.h"
#include "worker/proc.h"

#define PROCESS_PROGRAM_MAX (512ULL * 1024 * 1024) /* bytes of a program that is hashed */

/* The arguments with blanks between them; "[NAME]" where it has none, as a kernel thread, or is
 * gone. NULL with FAULT_IO. */
value_t *process_command(const proc_t *self, fault_t *fault);

/* Its real user: the files of one that changed it belong to root (proc(5)). FAULT_IO. */
int process_user(const proc_t *self, uid_t *out, fault_t *fault) MUST_CHECK;

/* SHA-256 of the program that it runs, though its file be deleted. FAULT_NOT_FOUND where it runs
 * none, FAULT_LIMIT, FAULT_IO. */
int process_hash(const proc_t *self, hash_t *out, fault_t *fault) MUST_CHECK;

/* How many files it may have open, by its soft and its hard limit. FAULT_NOT_FOUND where it is gone
 * or none is set. */
int process_open_files(const proc_t *self, int64_t limits[static 2], fault_t *fault) MUST_CHECK;

/* Whether it runs one of tocsin's own programs, as one of the users that they have, or we descend
 * from it. FAULT_IO. */
int process_is_ours(const proc_t *self, const op_world_t *world, bool *ours,
                    fault_t *fault) MUST_CHECK;

/* The process that the argument `process` names, if it lives; where there is an argument `name`, it
 * must call itself so. FAULT_NOT_FOUND where it is gone, FAULT_CONFLICT (another name),
 * FAULT_POLICY where it is the machine's first, or one of tocsin's. */
int process_meant(const value_t *arguments, const op_world_t *world, proc_t *out,
                  fault_t *fault) MUST_CHECK;

#endif
