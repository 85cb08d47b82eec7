/* SPDX-License-Identifier: Apache-2.0 */
/* Aged files of a folder that the policy calls expendable. */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <fnmatch.h>
#include <sys/stat.h>
#include <unistd.h>

#include "worker/foresight.h"
#include "worker/ops/asked.h"
#include "worker/ops/bodies.h"
#include "worker/ops/done.h"
#include "worker/ops/machine.h"
#include "worker/ops/own.h"
#include "worker/ops/place.h"

#define REMOVED_COUNT 10000   /* where nobody says how many */
#define ENTRIES_MAX   1000000 /* looked at; the op table says it */

typedef struct {
    const char *path, *name; /* of the folder; of its files, "" for any */
    int64_t before_ms;       /* files that were written to last until then */
    int64_t count, files, freed_bytes;
    size_t entries;
    bool more;
    value_t *foresight; /* NULL where they go */
} sweep_t;

/* A file that is gone meanwhile was not removed by us. */
static int
sweep_file(sweep_t *self, int folder, const char *name, const struct stat *status, fault_t *fault)
{
    if (self->foresight) {
        foresight_goes(self->foresight, "%.100s/%.60s: %lld bytes", self->path, name,
                       (long long)status->st_size);
    } else if (unlinkat(folder, name, 0)) {
        return errno == ENOENT
                   ? 0
                   : fault_errno(fault, "'%.60s' in '%.100s' cannot be removed", name, self->path);
    }
    self->files++;
    self->freed_bytes += status->st_nlink == 1 ? (int64_t)status->st_blocks * 512 : 0;
    return 0;
}

static int
sweep_entry(sweep_t *self, int folder, const char *name, fault_t *fault)
{
    struct stat status;
    if (self->name[0] && fnmatch(self->name, name, 0))
        return 0;
    if (fstatat(folder, name, &status, AT_SYMLINK_NOFOLLOW))
        return errno == ENOENT ? 0
                               : fault_errno(fault, "'%.60s' in '%.100s' cannot be looked at", name,
                                             self->path);
    if (!S_ISREG(status.st_mode) || time_ms(status.st_mtim) > self->before_ms)
        return 0;
    self->more = self->files == self->count;
    return self->more ? 0 : sweep_file(self, folder, name, &status, fault);
}

/* Takes over fd. */
static int
sweep(sweep_t *self, int fd, fault_t *fault)
{
    DIR *folder = fdopendir(fd);
    const struct dirent *entry;
    int wrong = 0;
    if (!folder) {
        close(fd);
        return fault_errno(fault, "'%.160s' cannot be read", self->path);
    }
    while (!wrong && !self->more && (entry = place_next(folder))) {
        self->more = self->entries++ == ENTRIES_MAX;
        wrong = self->more ? 0 : sweep_entry(self, dirfd(folder), entry->d_name, fault);
    }
    if (!wrong && !self->more && errno)
        wrong = fault_errno(fault, "'%.160s' cannot be read", self->path);
    closedir(folder);
    return wrong && self->files && !self->foresight
               ? done_anyway(fault, "%lld files were removed", (long long)self->files)
               : wrong;
}

/* The folder, open, and the age of its files that go; -1. */
static int
open_aged(const value_t *arguments, const op_world_t *world, int64_t *age_s, fault_t *fault)
{
    const char *path = value_get_text(arguments, "path");
    uint64_t least_s;
    const char *below = policy_expendable(world->policy, path, &least_s);
    if (!below)
        return fault_set(fault, FAULT_POLICY, "'%.160s' is not expendable by the policy", path);
    *age_s = asked_or(arguments, "age_s", (int64_t)least_s);
    if (*age_s < (int64_t)least_s)
        return fault_set(fault, FAULT_POLICY,
                         "what is in '%.100s' is expendable by the policy once it is older than "
                         "%llu s",
                         path, (unsigned long long)least_s);
    if (own_spares_folder(path, world, fault))
        return -1;
    return place_open_below(below, path, O_RDONLY | O_DIRECTORY, fault);
}

/* Gives the result; NULL with a fault. */
static value_t *
remove_aged(const value_t *arguments, const op_world_t *world, value_t *foresight, fault_t *fault)
{
    int64_t age_s = 0;
    int fd = open_aged(arguments, world, &age_s, fault);
    if (fd < 0)
        return NULL;
    sweep_t all = {
        .path = value_get_text(arguments, "path"),
        .name = value_get_text(arguments, "name"),
        .before_ms = wall_now().ms - age_s * 1000,
        .count = asked_or(arguments, "count", REMOVED_COUNT),
        .foresight = foresight,
    };
    if (sweep(&all, fd, fault))
        return NULL;
    value_t *result = value_map();
    value_set_integer(result, "files", all.files);
    value_set_integer(result, "freed_bytes", all.freed_bytes);
    value_set_bool(result, "more", all.more);
    return result;
}

value_t *
file_remove_aged(const value_t *arguments, const op_world_t *world, fault_t *fault)
{
    return remove_aged(arguments, world, NULL, fault);
}

value_t *
file_remove_aged_foreseen(const value_t *arguments, const op_world_t *world, fault_t *fault)
{
    CLEANUP(value_destroy) value_t *foresight = foresight_new();
    value_t *result = remove_aged(arguments, world, foresight, fault);
    return result ? foresight_give(MOVE(foresight), result) : NULL;
}
