/* SPDX-License-Identifier: Apache-2.0 */
#include <fcntl.h>
#include <limits.h>
#include <poll.h>
#include <stdlib.h>
#include <sys/statvfs.h>

#include "worker/ops/bodies.h"
#include "worker/ops/machine.h"
#include "worker/ops/place.h"
#include "worker/ops/walk.h"

#define LISTED_MAX 100 /* files or folders; the table's bound of count */

static int
look_at(const char *path, struct statvfs *out, fault_t *fault)
{
    CLEANUP(descriptor_close) int fd = place_open(path, O_PATH, fault);
    if (fd < 0)
        return -1;
    return fstatvfs(fd, out) ? fault_errno(fault, "the filesystem at '%.160s' does not tell", path)
                             : 0;
}

static uint64_t
used_blocks(const struct statvfs *disk)
{
    return disk->f_blocks - disk->f_bfree;
}

value_t *
disk_usage(const value_t *arguments, const op_world_t *world, fault_t *fault)
{
    const char *path = value_get_text(arguments, "path");
    struct statvfs disk;
    (void)world;
    if (look_at(path, &disk, fault))
        return NULL;
    uint64_t used = used_blocks(&disk), usable = used + disk.f_bavail;
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

value_t *
disk_growth(const value_t *arguments, const op_world_t *world, fault_t *fault)
{
    const char *path = value_get_text(arguments, "path");
    int64_t seconds = value_get_integer(arguments, "seconds");
    struct statvfs before, after;
    (void)world;
    if (look_at(path, &before, fault))
        return NULL;
    poll(NULL, 0, (int)seconds * 1000);
    if (look_at(path, &after, fault))
        return NULL;
    int64_t size = (int64_t)after.f_frsize, free_bytes = (int64_t)after.f_bavail * size;
    int64_t grown = ((int64_t)used_blocks(&after) - (int64_t)used_blocks(&before)) * size;
    value_t *result = value_map();
    value_set_text(result, "path", path);
    value_set_integer(result, "used_bytes", (int64_t)used_blocks(&after) * size);
    value_set_integer(result, "free_bytes", free_bytes);
    value_set_integer(result, "grown_bytes", grown);
    value_set_integer(result, "bytes_per_s", grown / seconds);
    if (grown > 0)
        value_set_integer(result, "full_in_s", free_bytes / grown * seconds);
    return result;
}

/* ---- the few that are most: files by their bytes, folders by their entries ---------------- */

typedef struct {
    char *path; /* ours */
    int64_t amount, modified_ms;
} found_t;

typedef struct {
    size_t wanted, count;
    bool rotated;
    found_t best[LISTED_MAX + 1]; /* largest first; one more as scratch */
} most_t;

static void
keep(most_t *self, const char *path, int64_t amount, int64_t modified_ms)
{
    size_t at = self->count;
    while (at > 0 && self->best[at - 1].amount < amount)
        at--;
    if (at == self->wanted)
        return;
    memmove(&self->best[at + 1], &self->best[at], (self->count - at) * sizeof *self->best);
    self->best[at] = (found_t){memory_text(path), amount, modified_ms};
    if (self->count < self->wanted)
        self->count++;
    else
        free(self->best[self->count].path);
}

static void
most_destroy(most_t **self_p)
{
    for (size_t i = 0; i < (*self_p)->count; i++)
        free((*self_p)->best[i].path);
    free(*self_p);
    *self_p = NULL;
}

/* Rotated logs are listed in order to be removed: those that file.remove cannot name are not. */
static void
on_file(void *context, const char *folder, const char *name, const struct stat *status)
{
    most_t *self = context;
    char path[PATH_MAX];
    if (!S_ISREG(status->st_mode) || (self->rotated && !name_is_rotated(name)) ||
        !walk_path(folder, name, path, sizeof path) ||
        (self->rotated && strlen(path) > OP_FIX_PATH_MAX))
        return;
    keep(self, path, (int64_t)status->st_blocks * 512, time_ms(status->st_mtim));
}

/* Who wants the most of something has it all the same; the op table says so. */
static void
on_deep(void *most)
{
    (void)most;
}

value_t *
disk_largest(const value_t *arguments, const op_world_t *world, fault_t *fault)
{
    (void)world;
    CLEANUP(most_destroy) most_t *self = memory_new(1, sizeof *self);
    walker_t walker = {.self = self, .on_entry = on_file, .on_deep = on_deep};
    self->wanted = (size_t)value_get_integer(arguments, "count");
    self->rotated = value_get_bool(arguments, "rotated");
    if (walk_below(value_get_text(arguments, "path"), &walker, fault))
        return NULL;
    value_t *list = value_list();
    for (size_t i = 0; i < self->count; i++) {
        value_t *file = value_map();
        value_set_text(file, "path", self->best[i].path);
        value_set_integer(file, "bytes", self->best[i].amount);
        value_set_integer(file, "modified", self->best[i].modified_ms);
        value_append(list, file);
    }
    return list;
}

static void
on_folder(void *self, const char *folder, size_t entries)
{
    keep(self, folder, (int64_t)entries, 0);
}

value_t *
disk_inodes(const value_t *arguments, const op_world_t *world, fault_t *fault)
{
    const char *path = value_get_text(arguments, "path");
    struct statvfs disk;
    (void)world;
    CLEANUP(most_destroy) most_t *most = memory_new(1, sizeof *most);
    walker_t walker = {.self = most, .on_folder = on_folder, .on_deep = on_deep};
    most->wanted = (size_t)value_get_integer(arguments, "count");
    if (look_at(path, &disk, fault) || (most->wanted && walk_below(path, &walker, fault)))
        return NULL;
    value_t *result = value_map(), *folders = value_list();
    for (size_t i = 0; i < most->count; i++) {
        value_t *folder = value_map();
        show(folder, "path", most->best[i].path);
        value_set_integer(folder, "entries", most->best[i].amount);
        value_append(folders, folder);
    }
    value_set_text(result, "path", path);
    value_set_integer(result, "total", (int64_t)disk.f_files);
    value_set_integer(result, "free", (int64_t)disk.f_ffree);
    value_set_integer(result, "used", (int64_t)(disk.f_files - disk.f_ffree));
    value_set(result, "used_percent", percent(disk.f_files - disk.f_ffree, disk.f_files));
    value_set(result, "folders", folders);
    return result;
}
