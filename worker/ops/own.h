/* SPDX-License-Identifier: Apache-2.0 */
/* own - what is tocsin's own among a machine's files: the worker's state with its keys, ledger and
 * journal, its programs, the policy, the files of the policy's secrets, and the policy's
 * quarantine, evidence and backups. However wide a policy's lines are, no op gives out what is in
 * them or takes them away. */
#ifndef TOCSIN_OWN_H
#define TOCSIN_OWN_H

#include <sys/stat.h>

#include "worker/op_cell.h"

/* FAULT_POLICY where a path, without symbolic links, names one of them; FAULT_IO where they cannot
 * be told apart. */
int own_spares_path(const char *path, const op_world_t *world, fault_t *fault) MUST_CHECK;

/* The same for the file that fd is open on, whatever path led there: another name of one of them,
 * or a mount elsewhere, is refused too. FAULT_LIMIT where too much lies in one of those folders to
 * tell (worker/ops/walk.h). */
int own_spares_file(int fd, const char *path, const op_world_t *world, fault_t *fault) MUST_CHECK;

/* FAULT_POLICY where one of them is in this folder, by a path without symbolic links, or the folder
 * is one of them. */
int own_spares_folder(const char *folder, const op_world_t *world, fault_t *fault) MUST_CHECK;

/* A regular file that is none of them, open for reading: others may make us wait, or are no files.
 * -1 with FAULT_NOT_FOUND, FAULT_POLICY, FAULT_LIMIT, FAULT_IO. */
int own_open_others(const char *path, const op_world_t *world, struct stat *status, fault_t *fault);

#endif
