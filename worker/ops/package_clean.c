/* SPDX-License-Identifier: Apache-2.0 */
/* The archives that apt fetched and keeps (apt-get(8), clean), under the lock that apt takes too.
 */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "worker/foresight.h"
#include "worker/ops/bodies.h"
#include "worker/ops/done.h"
#include "worker/ops/machine.h"
#include "worker/ops/place.h"

#define ARCHIVES "/var/cache/apt/archives"

typedef struct {
    value_t *foresight; /* NULL where they go */
    int64_t files, freed_bytes;
} clean_t;

/* Where there is no lock, no apt was here yet. Who looks asks for no lock. */
static int
take_lock(int archives, bool looks, int *fd, fault_t *fault)
{
    struct flock lock = {.l_type = F_WRLCK, .l_whence = SEEK_SET};
    *fd =
        openat(archives, "lock", (looks ? O_RDONLY : O_RDWR) | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
    if (*fd < 0)
        return errno == ENOENT ? 0 : fault_errno(fault, "'%s/lock' cannot be opened", ARCHIVES);
    int wrong = fcntl(*fd, looks ? F_GETLK : F_SETLK, &lock);
    if (wrong && errno != EAGAIN && errno != EACCES)
        return fault_errno(fault, "'%s/lock' cannot be taken", ARCHIVES);
    return wrong || (looks && lock.l_type != F_UNLCK)
               ? fault_set(fault, FAULT_CONFLICT, "apt fetches packages now: wait for its end")
               : 0;
}

static int
clean_file(clean_t *self, int folder, const char *where, const char *name, fault_t *fault)
{
    struct stat facts;
    if (fstatat(folder, name, &facts, AT_SYMLINK_NOFOLLOW))
        return errno == ENOENT ? 0
                               : fault_errno(fault, "'%s/%.100s' cannot be looked at", where, name);
    if (!S_ISREG(facts.st_mode))
        return 0;
    if (self->foresight)
        foresight_goes(self->foresight, "%s/%.100s: %lld bytes", where, name,
                       (long long)facts.st_size);
    else if (unlinkat(folder, name, 0))
        return errno == ENOENT ? 0
                               : fault_errno(fault, "'%s/%.100s' cannot be removed", where, name);
    self->files++;
    self->freed_bytes += facts.st_nlink == 1 ? (int64_t)facts.st_blocks * 512 : 0;
    return 0;
}

static bool
is_archive(const char *name)
{
    const char *end = strrchr(name, '.');
    return end && !strcmp(end, ".deb");
}

/* Of a whole folder all files go, else the archives. */
static int
clean_folder(clean_t *self, int fd, const char *where, bool whole, fault_t *fault)
{
    const struct dirent *entry;
    int own = openat(fd, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC), wrong = 0;
    DIR *folder = own < 0 ? NULL : fdopendir(own);
    if (!folder)
        return fault_errno(fault, "'%s' cannot be read", where);
    while (!wrong && (entry = place_next(folder)))
        if (whole || is_archive(entry->d_name))
            wrong = clean_file(self, fd, where, entry->d_name, fault);
    if (!wrong && errno)
        wrong = fault_errno(fault, "'%s' cannot be read", where);
    closedir(folder);
    return wrong;
}

static int
clean_folders(clean_t *self, int archives, fault_t *fault)
{
    if (clean_folder(self, archives, ARCHIVES, false, fault))
        return -1;
    CLEANUP(descriptor_close)
    int partial = openat(archives, "partial", O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
    if (partial < 0)
        return errno == ENOENT ? 0 : fault_errno(fault, "'%s/partial' cannot be opened", ARCHIVES);
    return clean_folder(self, partial, ARCHIVES "/partial", true, fault);
}

static int
clean(clean_t *self, const op_world_t *world, fault_t *fault)
{
    char path[PATH_MAX];
    CLEANUP(descriptor_close) int lock = -1;
    CLEANUP(descriptor_close)
    int archives = place_open(machine_path(world, path, ARCHIVES), O_RDONLY | O_DIRECTORY, fault);
    if (archives < 0 || take_lock(archives, self->foresight, &lock, fault))
        return -1;
    int wrong = clean_folders(self, archives, fault);
    return wrong && self->files && !self->foresight
               ? done_anyway(fault, "%lld files were removed", (long long)self->files)
               : wrong;
}

static value_t *
tell(const clean_t *self)
{
    value_t *result = value_map();
    value_set_integer(result, "files", self->files);
    value_set_integer(result, "freed_bytes", self->freed_bytes);
    return result;
}

value_t *
package_clean(const value_t *arguments, const op_world_t *world, fault_t *fault)
{
    clean_t all = {.foresight = NULL};
    (void)arguments;
    return clean(&all, world, fault) ? NULL : tell(&all);
}

value_t *
package_clean_foreseen(const value_t *arguments, const op_world_t *world, fault_t *fault)
{
    CLEANUP(value_destroy) value_t *foresight = foresight_new();
    clean_t all = {.foresight = foresight};
    (void)arguments;
    return clean(&all, world, fault) ? NULL : foresight_give(MOVE(foresight), tell(&all));
}
