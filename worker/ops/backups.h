/* SPDX-License-Identifier: Apache-2.0 */
/* backups - configurations of network devices that were kept, in a folder of root's alone: a file
 * each, DEVICE.MS.SHA256.config, named for when it was kept (ms since 1970) and what it holds. A
 * file stands there whole or not at all, and counts only while it holds what its name says. */
#ifndef TOCSIN_BACKUPS_H
#define TOCSIN_BACKUPS_H

#include "common/fault.h"
#include "keys/hash.h"

#define BACKUPS_MAX  20 /* of a device; older ones go */
#define BACKUP_BYTES (16 * 1024 * 1024)

typedef struct {
    hash_t hash;
    int64_t at_ms;
    size_t bytes;
} backup_t;

/* The newest of a device, the caller's. FAULT_NOT_FOUND where none was kept, FAULT_HASH where it is
 * not what was, FAULT_POLICY where others can look into the folder, FAULT_IO. */
bytes_t *backups_last(const char *folder, const char *device, backup_t *out, fault_t *fault);

/* Keeps the text, unless it is what was kept last: then that is out, and fresh is false. */
int backups_keep(const char *folder, const char *device, slice_t text, backup_t *out, bool *fresh,
                 fault_t *fault) MUST_CHECK;

#endif
