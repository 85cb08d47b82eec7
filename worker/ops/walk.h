/* SPDX-License-Identifier: Apache-2.0 */
/* walk - over all that lies below a folder, on its own filesystem, through no symbolic link. */
#ifndef TOCSIN_WALK_H
#define TOCSIN_WALK_H

#include <stdbool.h>
#include <sys/stat.h>

#include "common/fault.h"

#define WALK_ENTRIES_MAX 20000000 /* looked at in one walk: more than an op has time for */
#define WALK_DEPTH_MAX   64

typedef struct {
    void *self;
    /* For each entry: the path of its folder, its name there, what it is. May be NULL. */
    void (*on_entry)(void *self, const char *folder, const char *name, const struct stat *status);
    /* For each folder, once all in it was seen: its path and how many entries it has. Likewise. */
    void (*on_folder)(void *self, const char *folder, size_t entries);
    /* For each folder that lies too deep, and is not looked into: that of a user should not keep
     * the others' from being seen. Where it is NULL such a folder fails the walk. */
    void (*on_deep)(void *self);
} walker_t;

/* FAULT_NOT_FOUND, FAULT_POLICY (a symbolic link), FAULT_LIMIT (too much, or too deep), FAULT_IO.
 */
int walk_below(const char *path, const walker_t *walker, fault_t *fault) MUST_CHECK;

/* FOLDER/NAME; whether it fits and is an ordinary path (path_is_normal). */
bool walk_path(const char *folder, const char *name, char *out, size_t size);

#endif
