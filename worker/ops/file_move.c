/* SPDX-License-Identifier: Apache-2.0 */
/* Files that go to quarantine and come back, logs that are rotated. */
#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "worker/foresight.h"
#include "worker/ops/bodies.h"
#include "worker/ops/content.h"
#include "worker/ops/done.h"
#include "worker/ops/machine.h"
#include "worker/ops/own.h"
#include "worker/ops/place.h"
#include "worker/ops/quarantine.h"

#define COPY_NAME ".tocsin-restore"
#define HELD      "%.150s: %lld bytes" /* what stands at a path, in a foresight */

/* The folder that a path lies in, open; its name there in *name, which lives as long as path. */
static int
open_folder(const char *path, const char **name, fault_t *fault)
{
    CLEANUP(memory_free) char *folder = memory_text(path);
    char *slash = strrchr(folder, '/');
    *name = strrchr(path, '/') + 1;
    slash[slash == folder] = '\0';
    return place_open(folder, O_RDONLY | O_DIRECTORY, fault);
}

static value_t *
held_value(const held_t *held)
{
    char hash[HASH_TEXT];
    value_t *result = value_map();
    value_set_text(result, "id", held->id);
    value_set_text(result, "sha256", hash_write(&held->hash, hash));
    value_set_integer(result, "bytes", (int64_t)held->bytes);
    return result;
}

/* It goes, if it is the same yet. */
static int
take_away(int folder, const char *name, const char *path, const struct stat *facts, fault_t *fault)
{
    struct stat now;
    if (fstatat(folder, name, &now, AT_SYMLINK_NOFOLLOW))
        return fault_errno(fault, "'%.160s' cannot be looked at", path);
    if (now.st_ino != facts->st_ino || now.st_dev != facts->st_dev)
        return fault_set(fault, FAULT_CONFLICT, "'%.160s' became another file meanwhile", path);
    return unlinkat(folder, name, 0) ? fault_errno(fault, "'%.160s' cannot be removed", path) : 0;
}

/* The regular file at path, and what of it is known; 1 where there is none any more. */
static int
open_file(int folder, const char *name, const char *path, int *fd, struct stat *facts,
          const op_world_t *world, fault_t *fault)
{
    *fd = openat(folder, name, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
    if (*fd < 0 && errno == ENOENT)
        return 1;
    if ((*fd < 0 && errno != ELOOP) || (*fd >= 0 && fstat(*fd, facts)))
        return fault_errno(fault, "'%.160s' cannot be looked at", path);
    if (*fd < 0 || !S_ISREG(facts->st_mode))
        return fault_set(fault, FAULT_POLICY, "'%.160s' is not a regular file", path);
    return own_spares_file(*fd, path, world, fault);
}

/* The copy is on the disk before the file goes; where it is gone already, it went to quarantine.
 * Nothing of ours goes: without it nobody would know what was done here. */
value_t *
file_quarantine(const value_t *arguments, const op_world_t *world, fault_t *fault)
{
    const char *path = value_get_text(arguments, "path"), *name;
    struct stat facts;
    held_t held;
    if (own_spares_path(path, world, fault))
        return NULL;
    CLEANUP(descriptor_close) int quarantine = quarantine_open(world, fault);
    if (quarantine < 0)
        return NULL;
    CLEANUP(descriptor_close) int folder = open_folder(path, &name, fault);
    if (folder < 0)
        return NULL;
    CLEANUP(descriptor_close) int fd = -1;
    int missing = open_file(folder, name, path, &fd, &facts, world, fault);
    if (missing > 0)
        return quarantine_of(quarantine, path, &held, fault) ? NULL : held_value(&held);
    if (missing || quarantine_put(quarantine, fd, path, &facts, &held, fault))
        return NULL;
    if (take_away(folder, name, path, &facts, fault)) {
        done_anyway(fault, "a copy is in quarantine");
        return NULL;
    }
    return held_value(&held);
}

value_t *
file_quarantine_foreseen(const value_t *arguments, const op_world_t *world, fault_t *fault)
{
    const char *path = value_get_text(arguments, "path"), *name;
    struct stat facts;
    held_t held;
    if (own_spares_path(path, world, fault))
        return NULL;
    CLEANUP(descriptor_close) int quarantine = quarantine_open(world, fault);
    CLEANUP(descriptor_close) int folder = quarantine < 0 ? -1 : open_folder(path, &name, fault);
    CLEANUP(descriptor_close) int fd = -1;
    int missing = folder < 0 ? -1 : open_file(folder, name, path, &fd, &facts, world, fault);
    if (missing < 0 || (missing ? quarantine_of(quarantine, path, &held, fault)
                                : quarantine_foretell(fd, path, &facts, &held, fault)))
        return NULL;
    value_t *foresight = foresight_new();
    if (!missing) {
        foresight_goes(foresight, HELD, path, (long long)held.bytes);
        foresight_comes(foresight, "%.100s/%s: %lld bytes", policy_quarantine(world->policy),
                        held.id, (long long)held.bytes);
    }
    return foresight_give(foresight, held_value(&held));
}

/* As it was, but for its name. */
static int
copy_back(int quarantine, int folder, const held_t *held, fault_t *fault)
{
    hash_t hash;
    struct timespec times[2] = {
        {.tv_nsec = UTIME_NOW},
        {.tv_sec = held->modified_ms / 1000, .tv_nsec = held->modified_ms % 1000 * 1000000}};
    CLEANUP(descriptor_close) int from = openat(quarantine, held->id, O_RDONLY | O_CLOEXEC);
    if (from < 0)
        return fault_errno(fault, "'%.160s' cannot be restored", held->path);
    CLEANUP(descriptor_close) int to = place_make(folder, COPY_NAME, 0, fault);
    if (to < 0)
        return fault_wrap(fault, "'%.160s'", held->path);
    if (content_copy(from, to, held->path, QUARANTINE_BYTES, &hash, NULL, fault))
        return -1;
    if (!hash_equal(&hash, &held->hash))
        return fault_set(fault, FAULT_HASH, "what is in quarantine is no more what came there");
    if (fchown(to, held->user, held->group) || fchmod(to, held->mode) || futimens(to, times) ||
        fsync(to))
        return fault_errno(fault, "'%.160s' cannot be restored", held->path);
    return 0;
}

/* Whether the file stands there with that content, as after a crash. */
static bool
is_back(int folder, const char *name, const held_t *held)
{
    hash_t hash;
    CLEANUP(descriptor_close)
    int fd = openat(folder, name, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
    return fd >= 0 && !content_hash(fd, name, QUARANTINE_BYTES, &hash, NULL, NULL) &&
           hash_equal(&hash, &held->hash);
}

static int
give_back(int quarantine, int folder, const char *name, const held_t *held, fault_t *fault)
{
    if (is_back(folder, name, held))
        return 0;
    if (copy_back(quarantine, folder, held, fault)) {
        unlinkat(folder, COPY_NAME, 0);
        return -1;
    }
    if (!renameat2(folder, COPY_NAME, folder, name, RENAME_NOREPLACE)) {
        if (!fsync(folder))
            return 0;
        fault_errno(fault, "'%.160s' cannot be synced", held->path);
        return done_anyway(fault, "the file is back, and in quarantine too");
    }
    int wrong = errno;
    unlinkat(folder, COPY_NAME, 0);
    errno = wrong;
    return wrong == EEXIST
               ? fault_set(fault, FAULT_CONFLICT, "another file stands at '%.160s'", held->path)
               : fault_errno(fault, "'%.160s' cannot be restored", held->path);
}

/* What is held for the arguments' path under their id, or was given back. */
static int
find_held(int quarantine, const value_t *arguments, held_t *held, bool *given, fault_t *fault)
{
    if (quarantine_find(quarantine, value_get_text(arguments, "id"), held, given, fault))
        return -1;
    if (strcmp(held->path, value_get_text(arguments, "path")) != 0)
        return fault_set(fault, FAULT_CONFLICT, "it came from '%.100s', not from there",
                         held->path);
    return 0;
}

value_t *
file_restore(const value_t *arguments, const op_world_t *world, fault_t *fault)
{
    const char *path = value_get_text(arguments, "path"), *name;
    held_t held;
    bool given;
    CLEANUP(descriptor_close) int quarantine = quarantine_open(world, fault);
    if (quarantine < 0 || find_held(quarantine, arguments, &held, &given, fault))
        return NULL;
    CLEANUP(descriptor_close) int folder = open_folder(path, &name, fault);
    if (folder < 0 || (!given && give_back(quarantine, folder, name, &held, fault)))
        return NULL;
    if (quarantine_release(quarantine, &held, fault)) {
        done_anyway(fault, "the file is back, and in quarantine too");
        return NULL;
    }
    return held_value(&held);
}

value_t *
file_restore_foreseen(const value_t *arguments, const op_world_t *world, fault_t *fault)
{
    const char *path = value_get_text(arguments, "path"), *name;
    struct stat facts;
    held_t held;
    bool given;
    CLEANUP(descriptor_close) int quarantine = quarantine_open(world, fault);
    if (quarantine < 0 || find_held(quarantine, arguments, &held, &given, fault))
        return NULL;
    CLEANUP(descriptor_close) int folder = open_folder(path, &name, fault);
    if (folder < 0)
        return NULL;
    bool back = given || is_back(folder, name, &held);
    if (!back && !fstatat(folder, name, &facts, AT_SYMLINK_NOFOLLOW)) {
        fault_set(fault, FAULT_CONFLICT, "another file stands at '%.160s'", path);
        return NULL;
    }
    value_t *foresight = foresight_new();
    if (!given)
        foresight_goes(foresight, "%.100s/%s: %lld bytes", policy_quarantine(world->policy),
                       held.id, (long long)held.bytes);
    if (!back)
        foresight_comes(foresight, HELD, path, (long long)held.bytes);
    return foresight_give(foresight, held_value(&held));
}

/* ---- rotation -------------------------------------------------------------------------------- */

/* NAME-YYYYMMDD-HHMMSS, which name_is_rotated knows. */
static int
write_rotated(const char *name, char *out, size_t size, fault_t *fault)
{
    time_t now = (time_t)(wall_now().ms / 1000);
    char when[32];
    struct tm parts;
    gmtime_r(&now, &parts);
    strftime(when, sizeof when, "%Y%m%d-%H%M%S", &parts);
    if (snprintf(out, size, "%s-%s", name, when) >= (int)size)
        return fault_set(fault, FAULT_LIMIT, "the name of '%.160s' is too long", name);
    return 0;
}

static int
make_empty(int folder, const char *out, const struct stat *facts, fault_t *fault)
{
    CLEANUP(descriptor_close)
    int fd = openat(folder, out, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0);
    if (fd >= 0 && !fchown(fd, facts->st_uid, facts->st_gid) && !fchmod(fd, facts->st_mode & 07777))
        return 0;
    fault_errno(fault, "'%.160s' cannot be made", out);
    if (fd >= 0)
        unlinkat(folder, out, 0);
    return -1;
}

/* The folder of the log at path, open, with its name there and the name that it would get. */
static int
find_log(const char *path, const op_world_t *world, const char **name, char *rotated, size_t size,
         struct stat *facts, fault_t *fault)
{
    if (!policy_spool(world->policy, path))
        return fault_set(fault, FAULT_POLICY, "'%.160s' is below no spool folder", path);
    if (own_spares_path(path, world, fault))
        return -1;
    CLEANUP(descriptor_close) int folder = open_folder(path, name, fault);
    if (folder < 0)
        return -1;
    if (fstatat(folder, *name, facts, AT_SYMLINK_NOFOLLOW) || !S_ISREG(facts->st_mode) ||
        facts->st_nlink != 1)
        return fault_set(fault, FAULT_POLICY, "'%.160s' is not a regular file with one name", path);
    if (write_rotated(*name, rotated, size, fault))
        return -1;
    int open = folder;
    folder = -1;
    return open;
}

static value_t *
tell_rotated(const char *rotated, const struct stat *facts)
{
    value_t *result = value_map();
    value_set_text(result, "name", rotated);
    value_set_integer(result, "bytes", facts->st_size);
    return result;
}

/* The empty file and the log change places in one step: at no moment is there no log. */
value_t *
file_rotate(const value_t *arguments, const op_world_t *world, fault_t *fault)
{
    const char *path = value_get_text(arguments, "path"), *name;
    char rotated[NAME_MAX + 1];
    struct stat facts;
    CLEANUP(descriptor_close)
    int folder = find_log(path, world, &name, rotated, sizeof rotated, &facts, fault);
    if (folder < 0 || make_empty(folder, rotated, &facts, fault))
        return NULL;
    if (renameat2(folder, rotated, folder, name, RENAME_EXCHANGE)) {
        fault_errno(fault, "'%.160s' cannot be rotated", path);
        unlinkat(folder, rotated, 0);
        return NULL;
    }
    return tell_rotated(rotated, &facts);
}

/* By the name that it would get now. */
value_t *
file_rotate_foreseen(const value_t *arguments, const op_world_t *world, fault_t *fault)
{
    const char *path = value_get_text(arguments, "path"), *name;
    char rotated[NAME_MAX + 1];
    struct stat facts;
    CLEANUP(descriptor_close)
    int folder = find_log(path, world, &name, rotated, sizeof rotated, &facts, fault);
    if (folder < 0)
        return NULL;
    value_t *foresight = foresight_new();
    foresight_goes(foresight, HELD, path, (long long)facts.st_size);
    foresight_comes(foresight, HELD, path, 0LL);
    foresight_comes(foresight, "%.*s%.100s: %lld bytes", (int)(name - path), path, rotated,
                    (long long)facts.st_size);
    return foresight_give(foresight, tell_rotated(rotated, &facts));
}
