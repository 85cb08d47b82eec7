/* SPDX-License-Identifier: Apache-2.0 */
/* disk - the files of one simulated machine, below /sim/NUMBER/. The product's own file calls reach
 * it through the linker (-Wl,--wrap); paths elsewhere are the real ones.
 *
 * What was written and not synced is in the page cache: a process that is killed leaves it there, a
 * power cut loses it, or tears it, or leaves zeros where room had been made. Renames, new files and
 * removals last once their folder is synced; before that a power cut keeps the first few of them.
 * A crash is drawn at a call: from then on the disk answers EIO and does nothing, until reboot. */
#ifndef TOCSIN_SIM_DISK_H
#define TOCSIN_SIM_DISK_H

#include "common/bytes.h"
#include "tests/sim/chance.h"

#define DISKS_MAX 8

typedef enum {
    DISK_FINE,
    DISK_FULL,         /* ENOSPC; of a write, half is done */
    DISK_BROKEN,       /* EIO; nobody knows whether it was done */
    DISK_CRASH_BEFORE, /* the process ends here; of a write, part is done */
    DISK_CRASH_AFTER,
} disk_fate_t;

typedef struct disk disk_t;

/* What is to happen at this durable call ("write", "sync", "rename", "cut"). */
typedef disk_fate_t disk_fate_at_t(void *context, const char *call);

/* The empty disk with this number; what it held before is gone. Borrows chance. */
disk_t *disk_new(size_t number, chance_t *chance, disk_fate_at_t *fate, void *context);
void disk_destroy(disk_t **self_p);

/* A file that was there before, synced. */
void disk_put(disk_t *self, const char *path, slice_t bytes);

/* The process is about to be gone: nothing it still does reaches this disk. */
bool disk_is_doomed(const disk_t *self);

/* Descriptors are closed; with power cut what was not synced is lost. */
void disk_reboot(disk_t *self, bool power_cut);

/* No room for what was not reserved. */
void disk_fill(disk_t *self, bool full);

/* What a file has as it is read now; NULL where there is none such. The caller's. */
bytes_t *disk_get(const disk_t *self, const char *name);

/* Whether a file has these very bytes, as it is read now. */
bool disk_has(const disk_t *self, const char *name, slice_t bytes);

/* Whether a power cut now would leave all of this file. */
bool disk_is_synced(const disk_t *self, const char *name);

#endif
