/* SPDX-License-Identifier: Apache-2.0 */
#include "worker/ops/place.h"

#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/openat2.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "wire/ops.h"

static int
open_at(int folder, const char *path, const char *whole, int flags, uint64_t resolve,
        fault_t *fault)
{
    struct open_how how = {
        .flags = (uint64_t)(flags | O_CLOEXEC),
        .resolve = resolve | RESOLVE_NO_SYMLINKS | RESOLVE_NO_MAGICLINKS,
    };
    int fd = (int)syscall(SYS_openat2, folder, path, &how, sizeof how);
    if (fd >= 0)
        return fd;
    if (errno == ELOOP || errno == EXDEV)
        return fault_set(fault, FAULT_POLICY, "a symbolic link stands in '%.160s'", whole);
    bool missing = errno == ENOENT || errno == ENOTDIR;
    fault_errno(fault, "'%.160s' cannot be opened", whole);
    if (missing && fault)
        fault->code = FAULT_NOT_FOUND;
    return -1;
}

int
place_open(const char *path, int flags, fault_t *fault)
{
    return open_at(AT_FDCWD, path, path, flags, 0, fault);
}

int
place_open_below(const char *folder, const char *path, int flags, fault_t *fault)
{
    assert(path_is_under(path, folder));
    CLEANUP(descriptor_close) int fd = place_open(folder, O_PATH | O_DIRECTORY, fault);
    if (fd < 0)
        return -1;
    const char *rest = path + strlen(folder);
    rest += strspn(rest, "/");
    return open_at(fd, *rest ? rest : ".", path, flags, RESOLVE_BENEATH, fault);
}

int
place_open_in(int folder, const char *path, int flags, fault_t *fault)
{
    return open_at(folder, strrchr(path, '/') + 1, path, flags, RESOLVE_BENEATH, fault);
}

struct dirent *
place_next(DIR *folder)
{
    errno = 0;
    return readdir(folder);
}

int
place_open_private(const char *folder, fault_t *fault)
{
    struct stat facts;
    CLEANUP(descriptor_close) int fd = place_open(folder, O_RDONLY | O_DIRECTORY, fault);
    if (fd < 0)
        return -1;
    if (fstat(fd, &facts) || facts.st_uid != 0 || (facts.st_mode & 077))
        return fault_set(fault, FAULT_POLICY, "'%.160s' must be root's alone: chmod 700 it",
                         folder);
    if (flock(fd, LOCK_EX))
        return fault_errno(fault, "'%.160s' cannot be locked", folder);
    int open = fd;
    fd = -1;
    return open;
}

/* Whoever may write to the folder may have put another file, a pipe or a link there. */
int
place_make(int folder, const char *name, mode_t mode, fault_t *fault)
{
    int flags = O_RDWR | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC;
    bool stands = unlinkat(folder, name, 0) && errno != ENOENT;
    int fd = stands ? -1 : openat(folder, name, flags, mode);
    return fd < 0 ? fault_errno(fault, "'%.100s' cannot be made", name) : fd;
}

int
place_settle(int folder, int fd, const char *from, const char *to, fault_t *fault)
{
    if (fchown(fd, 0, 0) || fsync(fd) || renameat(folder, from, folder, to) || fsync(folder))
        return fault_errno(fault, "'%.100s' cannot be kept", to);
    return 0;
}
