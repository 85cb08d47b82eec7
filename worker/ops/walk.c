/* SPDX-License-Identifier: Apache-2.0 */
#include "worker/ops/walk.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#include "common/text.h"
#include "wire/ops.h"
#include "worker/ops/place.h"

typedef struct {
    const walker_t *walker;
    size_t entries;
    dev_t device;
    char path[PATH_MAX]; /* of the folder that is walked */
} state_t;

static int walk(state_t *self, int fd, unsigned depth, fault_t *fault);

static int
go_below(state_t *self, int fd, const char *name, unsigned depth, fault_t *fault)
{
    size_t size = strlen(self->path), more = strlen(name);
    bool deep = depth + 1 == WALK_DEPTH_MAX || size + more + 2 > sizeof self->path;
    if (deep && self->walker->on_deep) {
        self->walker->on_deep(self->walker->self);
        return 0;
    }
    if (deep)
        return fault_set(fault, FAULT_LIMIT, "'%.100s…' goes too deep; name a narrower folder",
                         self->path);
    int below = openat(fd, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
    if (below < 0 && (errno == ENOENT || errno == ENOTDIR || errno == ELOOP))
        return 0; /* gone, or swapped */
    if (below < 0)
        return fault_errno(fault, "'%.60s' in '%.100s' cannot be read", name, self->path);
    snprintf(self->path + size, sizeof self->path - size, "%s%s", size > 1 ? "/" : "", name);
    int result = walk(self, below, depth + 1, fault);
    self->path[size] = '\0';
    return result;
}

/* What another filesystem shows to its user alone (fuse(4)) says at least that it is another. */
static bool
is_elsewhere(const state_t *self, int fd, const char *name)
{
    struct statx facts;
    return !statx(fd, name, AT_SYMLINK_NOFOLLOW, 0, &facts) &&
           makedev(facts.stx_dev_major, facts.stx_dev_minor) != self->device;
}

/* 1 where it is no more, or on another filesystem. */
static int
look_at(const state_t *self, int fd, const char *name, struct stat *out, fault_t *fault)
{
    if (!fstatat(fd, name, out, AT_SYMLINK_NOFOLLOW))
        return out->st_dev != self->device;
    int wrong = errno;
    if (wrong == ENOENT || (wrong == EACCES && is_elsewhere(self, fd, name)))
        return 1;
    errno = wrong;
    return fault_errno(fault, "'%.60s' in '%.100s' cannot be looked at", name, self->path);
}

static int
visit(state_t *self, int fd, const char *name, unsigned depth, size_t *seen, fault_t *fault)
{
    struct stat status;
    if (!strcmp(name, ".") || !strcmp(name, ".."))
        return 0;
    if (++self->entries > WALK_ENTRIES_MAX)
        return fault_set(fault, FAULT_LIMIT, "more than %d entries; name a narrower folder",
                         WALK_ENTRIES_MAX);
    ++*seen;
    int other = look_at(self, fd, name, &status, fault);
    if (other)
        return other < 0 ? -1 : 0;
    if (self->walker->on_entry)
        self->walker->on_entry(self->walker->self, self->path, name, &status);
    return S_ISDIR(status.st_mode) ? go_below(self, fd, name, depth, fault) : 0;
}

/* Takes over fd. */
static int
walk(state_t *self, int fd, unsigned depth, fault_t *fault)
{
    DIR *folder = fdopendir(fd);
    struct dirent *entry;
    size_t seen = 0;
    int result = 0;
    if (!folder) {
        close(fd);
        return fault_errno(fault, "'%.160s' cannot be read", self->path);
    }
    while (!result && (entry = place_next(folder)))
        result = visit(self, dirfd(folder), entry->d_name, depth, &seen, fault);
    if (!result && errno)
        result = fault_errno(fault, "'%.160s' cannot be read", self->path);
    closedir(folder);
    if (!result && self->walker->on_folder)
        self->walker->on_folder(self->walker->self, self->path, seen);
    return result;
}

int
walk_below(const char *path, const walker_t *walker, fault_t *fault)
{
    state_t self = {.walker = walker};
    struct stat status;
    text_copy(self.path, sizeof self.path, path);
    int fd = place_open(path, O_RDONLY | O_DIRECTORY, fault);
    if (fd < 0)
        return -1;
    if (fstat(fd, &status)) {
        close(fd);
        return fault_errno(fault, "'%.160s' cannot be looked at", path);
    }
    self.device = status.st_dev;
    return walk(&self, fd, 0, fault);
}

bool
walk_path(const char *folder, const char *name, char *out, size_t size)
{
    const char *front = strcmp(folder, "/") ? folder : "";
    return snprintf(out, size, "%s/%s", front, name) < (int)size && path_is_normal(out);
}
