/* SPDX-License-Identifier: Apache-2.0 */
/* quarantine - the policy's folder of files that were taken out of their places: ID, the bytes,
 * mode 0400, and ID.note, which says what it was and where; a note of what was given back is
 * ID.given. The folder is root's, and nobody else can look into it. */
#ifndef TOCSIN_QUARANTINE_H
#define TOCSIN_QUARANTINE_H

#include <sys/stat.h>

#include "keys/hash.h"
#include "worker/op_cell.h"

#define QUARANTINE_ID    32 /* hexadecimal digits */
#define QUARANTINE_BYTES (1ULL << 30)

typedef struct {
    char id[QUARANTINE_ID + 1];
    hash_t hash;
    uint64_t bytes;
    char path[OP_FIX_PATH_MAX + 1];
    mode_t mode;
    uid_t user;
    gid_t group;
    int64_t modified_ms;
} held_t;

/* The folder, open; -1 with FAULT_POLICY where the policy names none, FAULT_IO. */
int quarantine_open(const op_world_t *world, fault_t *fault);

/* Puts a copy of what fd reads there, all of it on the disk; path and facts are where it came from.
 * FAULT_LIMIT over QUARANTINE_BYTES, FAULT_IO, FAULT_FULL. */
int quarantine_put(int folder, int fd, const char *path, const struct stat *facts, held_t *out,
                   fault_t *fault) MUST_CHECK;

/* What quarantine_put would hold of it. FAULT_LIMIT, FAULT_IO. */
int quarantine_foretell(int fd, const char *path, const struct stat *facts, held_t *out,
                        fault_t *fault) MUST_CHECK;

/* The same of a text that nobody has written yet. */
held_t quarantine_foretell_text(slice_t text, const char *path, const struct stat *facts);

/* What is held under that id, or was (given). FAULT_NOT_FOUND, FAULT_FORMAT. */
int quarantine_find(int folder, const char *id, held_t *out, bool *given,
                    fault_t *fault) MUST_CHECK;

/* The newest of that path whose bytes are there; FAULT_NOT_FOUND. */
int quarantine_of(int folder, const char *path, held_t *out, fault_t *fault) MUST_CHECK;

/* Its bytes go, its note stays as one of what was given back; where that is so already, nothing
 * changes. What a kill amid this or quarantine_put leaves, the next quarantine_put sweeps away. */
int quarantine_release(int folder, const held_t *held, fault_t *fault) MUST_CHECK;

#endif
