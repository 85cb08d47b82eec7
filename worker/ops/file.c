/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "worker/foresight.h"
#include "worker/ops/bodies.h"
#include "worker/ops/machine.h"
#include "worker/ops/own.h"
#include "worker/ops/place.h"

static value_t *
freed(const char *path, int64_t bytes)
{
    value_t *result = value_map();
    value_set_text(result, "path", path);
    value_set_integer(result, "freed_bytes", bytes);
    return result;
}

static int
spool_of(const op_world_t *world, const char *path, const char **spool, fault_t *fault)
{
    *spool = policy_spool(world->policy, path);
    return *spool ? 0 : fault_set(fault, FAULT_POLICY, "'%.160s' is below no spool folder", path);
}

/* The folder that a path below spool lies in, open. */
static int
open_folder(const char *spool, const char *path, fault_t *fault)
{
    CLEANUP(memory_free) char *folder = memory_text(path);
    char *slash = strrchr(folder, '/');
    slash[slash == folder] = '\0';
    return place_open_below(spool, folder, O_RDONLY | O_DIRECTORY, fault);
}

/* Who may name a file of others, and take that name away again before its names are counted, has
 * it emptied as a log with one name, in whatever order one looks. So nobody may: not on this
 * machine (proc(5)), or not in this folder, but root and the file's owner. */
static bool
keeps_names(const op_world_t *world, int folder, const struct stat *file)
{
    struct stat in;
    if (machine_number(world, "/proc/sys/fs/protected_hardlinks") == 1)
        return true;
    return !fstat(folder, &in) && (in.st_uid == 0 || in.st_uid == file->st_uid) &&
           (!(in.st_mode & 022) || in.st_mode & S_ISVTX);
}

/* Bytes that stand at a path, as a foresight names them. */
#define HELD "%.150s: %lld bytes"

/* A name that leads to a file elsewhere too could stand for anything: a hard link to a file that is
 * no log must not be emptied through the spool folder. */
static value_t *
empty(const value_t *arguments, const op_world_t *world, bool truncates, fault_t *fault)
{
    const char *path = value_get_text(arguments, "path"), *spool;
    int flags = (truncates ? O_WRONLY : O_RDONLY) | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY;
    struct stat status;
    if (spool_of(world, path, &spool, fault))
        return NULL;
    CLEANUP(descriptor_close) int folder = open_folder(spool, path, fault);
    if (folder < 0)
        return NULL;
    CLEANUP(descriptor_close) int fd = place_open_in(folder, path, flags, fault);
    if (fd < 0)
        return NULL;
    if (fstat(fd, &status) || !S_ISREG(status.st_mode) || status.st_nlink != 1) {
        fault_set(fault, FAULT_POLICY, "'%.160s' is not a regular file with one name", path);
        return NULL;
    }
    if (!keeps_names(world, folder, &status)) {
        fault_set(fault, FAULT_POLICY,
                  "others may name any file in the folder of '%.100s': set "
                  "fs.protected_hardlinks=1, or make the folder root's or the log's owner's alone",
                  path);
        return NULL;
    }
    if (own_spares_file(fd, path, world, fault))
        return NULL;
    if (truncates && ftruncate(fd, 0)) {
        fault_errno(fault, "'%.160s' cannot be emptied", path);
        return NULL;
    }
    value_t *result = freed(path, (int64_t)status.st_blocks * 512);
    if (truncates)
        return result;
    value_t *foresight = foresight_new();
    if (status.st_size) {
        foresight_goes(foresight, HELD, path, (long long)status.st_size);
        foresight_comes(foresight, HELD, path, 0LL);
    }
    return foresight_give(foresight, result);
}

value_t *
file_truncate(const value_t *arguments, const op_world_t *world, fault_t *fault)
{
    return empty(arguments, world, true, fault);
}

value_t *
file_truncate_foreseen(const value_t *arguments, const op_world_t *world, fault_t *fault)
{
    return empty(arguments, world, false, fault);
}

/* There is nothing to remove. */
static value_t *
gone(const char *path, bool unlinks)
{
    return unlinks ? freed(path, 0) : foresight_give(foresight_new(), freed(path, 0));
}

static value_t *
remove_at(int folder, const char *path, uint64_t age_s, bool unlinks, fault_t *fault)
{
    const char *name = strrchr(path, '/') + 1;
    struct stat status;
    if (fstatat(folder, name, &status, AT_SYMLINK_NOFOLLOW)) {
        if (errno == ENOENT)
            return gone(path, unlinks);
        fault_errno(fault, "'%.160s' cannot be looked at", path);
        return NULL;
    }
    if (!S_ISREG(status.st_mode)) {
        fault_set(fault, FAULT_POLICY, "'%.160s' is not a regular file", path);
        return NULL;
    }
    if (age_s && time_ms(status.st_mtim) > wall_now().ms - (int64_t)age_s * 1000) {
        fault_set(fault, FAULT_POLICY, "'%.140s' is not expendable yet: older than %llu s is", path,
                  (unsigned long long)age_s);
        return NULL;
    }
    if (unlinks && unlinkat(folder, name, 0) && errno != ENOENT) {
        fault_errno(fault, "'%.160s' cannot be removed", path);
        return NULL;
    }
    value_t *result = freed(path, status.st_nlink == 1 ? (int64_t)status.st_blocks * 512 : 0);
    if (unlinks)
        return result;
    value_t *foresight = foresight_new();
    foresight_goes(foresight, HELD, path, (long long)status.st_size);
    return foresight_give(foresight, result);
}

/* What the policy calls expendable: a rotated log of any age, or what is aged. */
static const char *
expendable_below(const op_world_t *world, const char *path, uint64_t *age_s, fault_t *fault)
{
    const char *spool = policy_spool(world->policy, path);
    *age_s = 0;
    if (spool && name_is_rotated(strrchr(path, '/') + 1))
        return spool;
    const char *folder = policy_expendable(world->policy, path, age_s);
    if (!folder || !strcmp(folder, path)) {
        fault_set(fault, FAULT_POLICY, "'%.160s' is not expendable by the policy", path);
        return NULL;
    }
    return folder;
}

static value_t *
take_away(const value_t *arguments, const op_world_t *world, bool unlinks, fault_t *fault)
{
    const char *path = value_get_text(arguments, "path");
    uint64_t age_s;
    const char *below = expendable_below(world, path, &age_s, fault);
    if (!below || own_spares_path(path, world, fault))
        return NULL;
    fault_t missing = {0};
    CLEANUP(descriptor_close) int fd = open_folder(below, path, &missing);
    if (fd >= 0)
        return remove_at(fd, path, age_s, unlinks, fault);
    if (missing.code == FAULT_NOT_FOUND)
        return gone(path, unlinks);
    fault_set(fault, missing.code, "%s", missing.text);
    return NULL;
}

value_t *
file_remove(const value_t *arguments, const op_world_t *world, fault_t *fault)
{
    return take_away(arguments, world, true, fault);
}

value_t *
file_remove_foreseen(const value_t *arguments, const op_world_t *world, fault_t *fault)
{
    return take_away(arguments, world, false, fault);
}
