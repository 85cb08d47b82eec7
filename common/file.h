/* SPDX-License-Identifier: Apache-2.0 */
/* file - whole small files, read with a bound and written so that a crash leaves old or new. */
#ifndef TOCSIN_FILE_H
#define TOCSIN_FILE_H

#include <sys/types.h>

#include "common/bytes.h"
#include "common/fault.h"

/* The file's bytes, the caller's; NULL with FAULT_NOT_FOUND, FAULT_LIMIT (over max) or FAULT_IO. */
bytes_t *file_read(const char *path, size_t max, fault_t *fault);

/* How many of at most max bytes there were up to fd's end, all of which are in out: a read that
 * gives fewer is followed by another. -1 with errno. */
ssize_t file_fill(int fd, void *out, size_t max);

/* As file_read, of a file of its owner alone (0600): FAULT_KEY where others may read it. */
bytes_t *file_read_private(const char *path, size_t max, fault_t *fault);

/* One word of min to max printable characters that such a file holds, without its LF: a token, a
 * secret, a URL that is one. FAULT_KEY, FAULT_FORMAT. */
bytes_t *file_read_secret(const char *path, size_t min, size_t max, fault_t *fault);

/* What was made, renamed or removed as PATH stays so: fsync of its folder. */
int file_sync_folder(const char *path, fault_t *fault) MUST_CHECK;

/* Writes PATH.new, fsync, rename, fsync of the folder. On failure PATH is as it was. */
int file_write(const char *path, slice_t bytes, mode_t mode, fault_t *fault) MUST_CHECK;

/* Everything, or FAULT_IO / FAULT_FULL. Retries on EINTR. */
int file_write_all(int fd, slice_t bytes, fault_t *fault) MUST_CHECK;

/* mkdir -p; an existing folder is fine and keeps its mode. */
int folder_make(const char *path, mode_t mode, fault_t *fault) MUST_CHECK;

/* Nobody but root, and whom this process runs as, can write what path leads to, or put something
 * else in its place: neither in the file's folder nor in that of a link to it. FAULT_CONFIG,
 * FAULT_IO. */
int file_check_ours(const char *path, fault_t *fault) MUST_CHECK;

#endif
