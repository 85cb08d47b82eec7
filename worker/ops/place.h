/* SPDX-License-Identifier: Apache-2.0 */
/* place - opening paths that others can write to: no symbolic link is followed anywhere in them, so
 * that a link swapped in between a check and its use leads nowhere (openat2(2)). */
#ifndef TOCSIN_PLACE_H
#define TOCSIN_PLACE_H

#include <dirent.h>
#include <sys/types.h>

#include "common/fault.h"

/* A descriptor, or -1 with FAULT_NOT_FOUND, FAULT_POLICY (a symbolic link), FAULT_IO. */
int place_open(const char *path, int flags, fault_t *fault);

/* The same for a path below folder, which it cannot leave. */
int place_open_below(const char *folder, const char *path, int flags, fault_t *fault);

/* What has the last name of path in an open folder, the one of path. */
int place_open_in(int folder, const char *path, int flags, fault_t *fault);

/* The next entry of a folder; NULL at its end, or where errno says that it cannot be read to it. */
struct dirent *place_next(DIR *folder);

/* A folder that nobody but root can look into: FAULT_POLICY for any other. Waits until no other op
 * has it open, and is this op's alone until it is closed. */
int place_open_private(const char *folder, fault_t *fault);

/* A new file for reading and writing in an open folder, in place of what had that name: nobody else
 * has it open, and it has no other name. -1 with FAULT_IO, FAULT_FULL. */
int place_make(int folder, const char *name, mode_t mode, fault_t *fault);

/* What was made there under the name `from` is root's, on the disk, and has the name `to`. */
int place_settle(int folder, int fd, const char *from, const char *to, fault_t *fault) MUST_CHECK;

#endif
