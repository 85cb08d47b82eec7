/* SPDX-License-Identifier: Apache-2.0 */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include "worker/ops/bodies.h"
#include "worker/ops/place.h"

#define LARGEST_MAX       100    /* files listed; the table's bound of count */
#define ENTRIES_MAX       200000 /* looked at in one walk */
#define FOLDERS_DEPTH_MAX 64

value_t *
disk_usage(const value_t *arguments, const op_world_t *world, fault_t *fault)
{
    const char *path = value_get_text(arguments, "path");
    struct statvfs disk;
    (void)world;
    CLEANUP(descriptor_close) int fd = place_open(path, O_PATH, fault);
    if (fd < 0)
        return NULL;
    if (fstatvfs(fd, &disk)) {
        fault_errno(fault, "the filesystem at '%.160s' does not tell", path);
        return NULL;
    }
    uint64_t used = disk.f_blocks - disk.f_bfree, usable = used + disk.f_bavail;
    value_t *result = value_map();
    value_set_text(result, "path", path);
    value_set_integer(result, "total_bytes", (int64_t)(disk.f_blocks * disk.f_frsize));
    value_set_integer(result, "used_bytes", (int64_t)(used * disk.f_frsize));
    value_set_integer(result, "free_bytes", (int64_t)(disk.f_bavail * disk.f_frsize));
    /* As df(1) has it: of what users may fill, rounded up. */
    value_set_integer(result, "used_percent",
                      usable ? (int64_t)((used * 100 + usable - 1) / usable) : 0);
    return result;
}

typedef struct {
    char *path; /* ours */
    int64_t bytes, modified_ms;
} found_t;

typedef struct {
    size_t wanted, count, entries;
    bool rotated;
    dev_t device;
    char path[PATH_MAX];           /* of the folder that is walked */
    found_t best[LARGEST_MAX + 1]; /* largest first; one more as scratch */
} walk_t;

/* Rotated logs are listed in order to be removed: those that file.remove cannot name are not. */
static void
consider(walk_t *self, const char *name, const struct stat *status)
{
    int64_t bytes = (int64_t)status->st_blocks * 512;
    char path[PATH_MAX];
    size_t at = self->count;
    if (self->rotated && !name_is_rotated(name))
        return;
    while (at > 0 && self->best[at - 1].bytes < bytes)
        at--;
    const char *folder = strcmp(self->path, "/") ? self->path : "";
    if (at == self->wanted ||
        snprintf(path, sizeof path, "%s/%s", folder, name) >= (int)sizeof path ||
        !path_is_normal(path) || (self->rotated && strlen(path) > OP_FIX_PATH_MAX))
        return;
    memmove(&self->best[at + 1], &self->best[at], (self->count - at) * sizeof *self->best);
    self->best[at] = (found_t){memory_text(path), bytes,
                               status->st_mtim.tv_sec * 1000 + status->st_mtim.tv_nsec / 1000000};
    if (self->count < self->wanted)
        self->count++;
    else
        free(self->best[self->count].path);
}

static int walk(walk_t *self, int fd, unsigned depth, fault_t *fault);

static int
walk_below(walk_t *self, int fd, const char *name, unsigned depth, fault_t *fault)
{
    size_t size = strlen(self->path), more = strlen(name);
    if (depth + 1 == FOLDERS_DEPTH_MAX || size + more + 2 > sizeof self->path)
        return fault_set(fault, FAULT_LIMIT, "'%.100s…' goes too deep; name a narrower folder",
                         self->path);
    int below = openat(fd, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
    if (below < 0)
        return 0; /* gone, or swapped, or not for us */
    snprintf(self->path + size, sizeof self->path - size, "%s%s", size > 1 ? "/" : "", name);
    int result = walk(self, below, depth + 1, fault);
    self->path[size] = '\0';
    return result;
}

static int
visit(walk_t *self, int fd, const char *name, unsigned depth, fault_t *fault)
{
    struct stat status;
    if (!strcmp(name, ".") || !strcmp(name, ".."))
        return 0;
    if (++self->entries > ENTRIES_MAX)
        return fault_set(fault, FAULT_LIMIT, "more than %d entries; name a narrower folder",
                         ENTRIES_MAX);
    if (fstatat(fd, name, &status, AT_SYMLINK_NOFOLLOW) || status.st_dev != self->device)
        return 0;
    if (S_ISDIR(status.st_mode))
        return walk_below(self, fd, name, depth, fault);
    if (S_ISREG(status.st_mode))
        consider(self, name, &status);
    return 0;
}

/* Takes over fd. */
static int
walk(walk_t *self, int fd, unsigned depth, fault_t *fault)
{
    DIR *folder = fdopendir(fd);
    struct dirent *entry;
    int result = 0;
    if (!folder) {
        close(fd);
        return fault_errno(fault, "'%.160s' cannot be read", self->path);
    }
    while (!result && (entry = readdir(folder)))
        result = visit(self, dirfd(folder), entry->d_name, depth, fault);
    closedir(folder);
    return result;
}

static value_t *
largest_result(const walk_t *self)
{
    value_t *list = value_list();
    for (size_t i = 0; i < self->count; i++) {
        value_t *file = value_map();
        value_set_text(file, "path", self->best[i].path);
        value_set_integer(file, "bytes", self->best[i].bytes);
        value_set_integer(file, "modified", self->best[i].modified_ms);
        value_append(list, file);
    }
    return list;
}

static void
walk_destroy(walk_t **self_p)
{
    for (size_t i = 0; i < (*self_p)->count; i++)
        free((*self_p)->best[i].path);
    free(*self_p);
    *self_p = NULL;
}

value_t *
disk_largest(const value_t *arguments, const op_world_t *world, fault_t *fault)
{
    const char *path = value_get_text(arguments, "path");
    struct stat status;
    (void)world;
    CLEANUP(walk_destroy) walk_t *self = memory_new(1, sizeof *self);
    self->wanted = (size_t)value_get_integer(arguments, "count");
    self->rotated = value_get_bool(arguments, "rotated");
    text_copy(self->path, sizeof self->path, path);
    int fd = place_open(path, O_RDONLY | O_DIRECTORY, fault);
    if (fd < 0)
        return NULL;
    fstat(fd, &status);
    self->device = status.st_dev;
    return walk(self, fd, 0, fault) ? NULL : largest_result(self);
}
