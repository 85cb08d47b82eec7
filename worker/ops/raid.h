/* SPDX-License-Identifier: Apache-2.0 */
/* raid - a drive that dropped out of one of the kernel's arrays (md), which is to be taken back. By
 * whose member it is, its own superblock and one of a member in sync are held against each other;
 * how old it may be the kernel decides as it takes it (Linux's drivers/md/md.c, md_add_new_disk).
 * Nothing here makes a member fail. Metadata of version 1 alone; what the firmware of a controller
 * or a cluster keeps is theirs. */
#ifndef TOCSIN_RAID_H
#define TOCSIN_RAID_H

#include "worker/op_cell.h"

#define RAID_NAME_MAX 63

typedef struct {
    const op_world_t *world;
    const char *array, *member;    /* the arguments' */
    char drive[RAID_NAME_MAX + 1]; /* that the member is, or is a part of */
    char state[32];                /* of the member, as the kernel says; "" where it has none */
    bool whole;                    /* it may have to be filled as a whole */
    bool is_in;       /* it is a member that did not fail; what follows is unknown then */
    int number, role; /* in the array, as the member's superblock says */
} raid_t;

/* Finds array and member, and whether that one may be taken back as asked. FAULT_NOT_FOUND for what
 * is not there; FAULT_CONFLICT for a drive of another array, one that ran without the others, one
 * that this array has no place for, and where the array has no bitmap and `whole` is not asked for;
 * FAULT_ARGUMENT, FAULT_IO. */
int raid_find(raid_t *self, const value_t *arguments, const op_world_t *world,
              fault_t *fault) MUST_CHECK;

/* Takes back one that is not in; it is a member then, which is filled. FAULT_CONFLICT where the
 * kernel says that it was away for too long. */
int raid_readd(raid_t *self, fault_t *fault) MUST_CHECK;

/* What disk.raid_readd gives; the caller's. */
value_t *raid_tell(const raid_t *self, bool added);

#endif
