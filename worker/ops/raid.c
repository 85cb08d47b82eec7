/* SPDX-License-Identifier: Apache-2.0 */
#include "worker/ops/raid.h"

#include <endian.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/major.h>
#include <linux/raid/md_p.h>
#include <linux/raid/md_u.h>
#include <dirent.h>
#include <libgen.h>
#include <poll.h>
#include <sys/ioctl.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#include "common/file.h"
#include "worker/foresight.h"
#include "worker/ops/bodies.h"
#include "worker/ops/done.h"
#include "worker/ops/machine.h"

#define SUPER_BYTES 4096
#define ROLES_MAX   ((SUPER_BYTES - sizeof(struct mdp_superblock_1)) / 2)
#define PLACELESS   MD_DISK_ROLE_MAX /* roles from here on are none in the array */
#define SETTLE_MS   3000             /* the kernel lets go of a member, or has one, by then */
#define STEP_MS     20

typedef union {
    struct mdp_superblock_1 is;
    uint8_t bytes[SUPER_BYTES];
} super_t;

/* ---- superblocks ------------------------------------------------------------------------- */

/* Where it lies: behind everything, in front, or 4 KiB from there, as the minor version says. */
static off_t
super_offset(int minor, off_t size)
{
    static const off_t places[] = {0, 0, SUPER_BYTES};
    return minor ? places[minor] : (size - 16 * 512) & ~(off_t)(SUPER_BYTES - 1);
}

/* A drive is opened by its name, and is the one that the kernel calls so. */
static int
open_device(const raid_t *self, const char *name, dev_t *device, fault_t *fault)
{
    char path[PATH_MAX], line[32];
    struct stat status;
    unsigned numbers[2] = {0};
    machine_line(self->world, line, sizeof line, "/sys/class/block/%s/dev", name);
    if (sscanf(line, "%u:%u", &numbers[0], &numbers[1]) != 2)
        return fault_set(fault, FAULT_NOT_FOUND, "this machine has no drive '%s'", name);
    *device = makedev(numbers[0], numbers[1]);
    int fd = open(machine_path(self->world, path, "/dev/%s", name), O_RDONLY | O_CLOEXEC);
    if (fd < 0)
        return fault_errno(fault, "'/dev/%s' cannot be opened", name);
    if (fstat(fd, &status) || status.st_rdev != *device) {
        close(fd);
        return fault_set(fault, FAULT_CONFLICT, "'/dev/%s' is not the drive %s that the kernel has",
                         name, line);
    }
    return fd;
}

/* Not what was read of it before: the kernel writes them past what it keeps of files. */
static int
read_super(const raid_t *self, const char *name, int minor, super_t *out, fault_t *fault)
{
    dev_t device;
    CLEANUP(descriptor_close) int fd = open_device(self, name, &device, fault);
    if (fd < 0)
        return -1;
    off_t at = super_offset(minor, lseek(fd, 0, SEEK_END));
    (void)posix_fadvise(fd, 0, 0, POSIX_FADV_DONTNEED);
    if (at < 0 || pread(fd, out, sizeof *out, at) != sizeof *out)
        return fault_set(fault, FAULT_IO, "drive '%s' cannot be read where its superblock lies",
                         name);
    if (le32toh(out->is.magic) != MD_SB_MAGIC || le32toh(out->is.major_version) != 1 ||
        le32toh(out->is.max_dev) > ROLES_MAX ||
        le32toh(out->is.dev_number) >= le32toh(out->is.max_dev))
        return fault_set(fault, FAULT_CONFLICT,
                         "drive '%s' has no superblock of an array: it was never a member, or is "
                         "empty",
                         name);
    return 0;
}

static int
role_in(const super_t *self, const super_t *of)
{
    uint32_t number = le32toh(of->is.dev_number);
    return number < le32toh(self->is.max_dev) ? le16toh(self->is.dev_roles[number])
                                              : MD_DISK_ROLE_SPARE;
}

/* ---- what is asked for ------------------------------------------------------------------- */

static void
read_state(raid_t *self)
{
    machine_line(self->world, self->state, sizeof self->state, "/sys/block/%s/md/dev-%s/state",
                 self->array, self->member);
    self->is_in = *self->state && !strstr(self->state, "faulty");
}

/* A member that has all that the array holds; false where there is none. */
static bool
find_whole_member(const raid_t *self, char out[static RAID_NAME_MAX + 1])
{
    char path[PATH_MAX], state[64];
    bool found = false;
    DIR *folder = opendir(machine_path(self->world, path, "/sys/block/%s/md", self->array));
    struct dirent *entry;
    while (folder && !found && (entry = readdir(folder))) {
        if (strncmp(entry->d_name, "dev-", 4) != 0 || strlen(entry->d_name + 4) > RAID_NAME_MAX)
            continue;
        machine_line(self->world, state, sizeof state, "/sys/block/%s/md/%s/state", self->array,
                     entry->d_name);
        found = strstr(state, "in_sync") && strcmp(entry->d_name + 4, self->member) != 0;
        snprintf(out, RAID_NAME_MAX + 1, "%s", entry->d_name + 4);
    }
    if (folder)
        closedir(folder);
    return found;
}

/* The whole drive, whose health tells of its parts too. */
static void
find_drive(raid_t *self)
{
    char path[PATH_MAX], target[PATH_MAX] = "";
    snprintf(self->drive, sizeof self->drive, "%s", self->member);
    if (machine_number(self->world, "/sys/class/block/%s/partition", self->member) < 0 ||
        readlink(machine_path(self->world, path, "/sys/class/block/%s", self->member), target,
                 sizeof target - 1) < 0)
        return;
    snprintf(self->drive, sizeof self->drive, "%.63s", basename(dirname(target)));
}

/* Whether this superblock is of a member that dropped out, and of nothing else. */
static int
hold_against(raid_t *self, const super_t *own, const super_t *others, fault_t *fault)
{
    if (memcmp(own->is.set_uuid, others->is.set_uuid, sizeof own->is.set_uuid) != 0)
        return fault_set(fault, FAULT_CONFLICT, "drive '%s' is a member of another array than '%s'",
                         self->member, self->array);
    self->number = (int)le32toh(own->is.dev_number);
    self->role = role_in(own, own);
    if (le64toh(own->is.events) > le64toh(others->is.events) || role_in(own, others) >= PLACELESS)
        return fault_set(fault, FAULT_CONFLICT,
                         "drive '%s' ran without the other members of '%s' and may hold what they "
                         "do not: a person must choose which is right",
                         self->member, self->array);
    if (self->role >= PLACELESS && !self->whole)
        return fault_set(fault, FAULT_CONFLICT,
                         "drive '%s' had no place in '%s': it can only be filled as a whole "
                         "(sync=whole)",
                         self->member, self->array);
    return 0;
}

static int
check_supers(raid_t *self, fault_t *fault)
{
    char version[32], other[RAID_NAME_MAX + 1];
    super_t own, others;
    machine_line(self->world, version, sizeof version, "/sys/block/%s/md/metadata_version",
                 self->array);
    if (strlen(version) != 3 || strncmp(version, "1.", 2) != 0 || !strchr("012", version[2]))
        return fault_set(fault, FAULT_CONFLICT,
                         "array '%s' has metadata of version '%s', not 1.0 to 1.2", self->array,
                         version);
    if (!find_whole_member(self, other))
        return fault_set(fault, FAULT_CONFLICT, "array '%s' has no member that is in sync",
                         self->array);
    return read_super(self, self->member, version[2] - '0', &own, fault) ||
                   read_super(self, other, version[2] - '0', &others, fault)
               ? -1
               : hold_against(self, &own, &others, fault);
}

static int
check_array(const raid_t *self, fault_t *fault)
{
    char line[64];
    int64_t missing = machine_number(self->world, "/sys/block/%s/md/degraded", self->array);
    machine_line(self->world, line, sizeof line, "/sys/block/%s/md/array_state", self->array);
    if (!*line || !strcmp(line, "clear") || !strcmp(line, "inactive"))
        return fault_set(fault, FAULT_NOT_FOUND, "no array '%s' runs on this machine", self->array);
    if (missing < 0)
        return fault_set(fault, FAULT_CONFLICT, "array '%s' has no member more than it needs",
                         self->array);
    if (!self->is_in && !missing)
        return fault_set(fault, FAULT_CONFLICT, "array '%s' misses no member", self->array);
    machine_line(self->world, line, sizeof line, "/sys/block/%s/md/bitmap/location", self->array);
    if (!self->is_in && !self->whole && (!*line || !strcmp(line, "none")))
        return fault_set(fault, FAULT_CONFLICT,
                         "array '%s' keeps no bitmap of what changed: its members can only be "
                         "filled as a whole (sync=whole)",
                         self->array);
    return 0;
}

int
raid_find(raid_t *self, const value_t *arguments, const op_world_t *world, fault_t *fault)
{
    *self = (raid_t){.world = world,
                     .array = value_get_text(arguments, "array"),
                     .member = value_get_text(arguments, "member"),
                     .whole = !strcmp(value_get_text(arguments, "sync"), "whole")};
    if (strlen(self->array) > RAID_NAME_MAX || strlen(self->member) > RAID_NAME_MAX)
        return fault_set(fault, FAULT_ARGUMENT, "no array and no drive has a name that long");
    read_state(self);
    find_drive(self);
    if (check_array(self, fault))
        return -1;
    return self->is_in ? 0 : check_supers(self, fault);
}

/* ---- taking it back ---------------------------------------------------------------------- */

/* One that failed and still has its place: the kernel gives that up once nothing is under way. */
static int
let_go(raid_t *self, fault_t *fault)
{
    char path[PATH_MAX];
    machine_path(self->world, path, "/sys/block/%s/md/dev-%s/state", self->array, self->member);
    for (int waited = 0; *self->state && waited < SETTLE_MS; waited += STEP_MS) {
        CLEANUP(descriptor_close) int fd = open(path, O_WRONLY | O_CLOEXEC);
        if (fd >= 0 && write(fd, "remove", 6) != 6 && errno != EBUSY && errno != ENODEV)
            return fault_errno(fault, "drive '%s', which failed, cannot be taken out of '%s'",
                               self->member, self->array);
        poll(NULL, 0, STEP_MS);
        read_state(self);
    }
    return *self->state ? fault_set(fault, FAULT_CONFLICT,
                                    "drive '%s' failed, and '%s' does not let it go yet",
                                    self->member, self->array)
                        : 0;
}

static int
refuse(const raid_t *self, fault_t *fault)
{
    if (errno == EINVAL && !self->whole)
        return fault_set(fault, FAULT_CONFLICT,
                         "drive '%s' was away from '%s' for longer than its bitmap remembers: it "
                         "can only be filled as a whole (sync=whole)",
                         self->member, self->array);
    if (errno == EBUSY)
        return fault_set(fault, FAULT_CONFLICT,
                         "drive '%s' is in use, or its place in '%s' is another's", self->member,
                         self->array);
    return fault_errno(fault, "the kernel does not take drive '%s' back into '%s'", self->member,
                       self->array);
}

/* In the place that its superblock names the kernel takes it back by the bitmap or not at all; as
 * one without a place it fills what it must. */
static int
add(const raid_t *self, fault_t *fault)
{
    dev_t member, array;
    CLEANUP(descriptor_close) int drive = open_device(self, self->member, &member, fault);
    CLEANUP(descriptor_close)
    int fd = drive < 0 ? -1 : open_device(self, self->array, &array, fault);
    if (fd < 0)
        return -1;
    mdu_disk_info_t disk = {.number = self->number,
                            .major = (int)major(member),
                            .minor = (int)minor(member),
                            .raid_disk = self->whole ? -1 : self->role,
                            .state = self->whole ? 0 : 1 << MD_DISK_SYNC};
    return ioctl(fd, ADD_NEW_DISK, &disk) ? refuse(self, fault) : 0;
}

int
raid_readd(raid_t *self, fault_t *fault)
{
    bool was_member = *self->state;
    if (let_go(self, fault))
        return -1;
    if (add(self, fault))
        return was_member ? done_anyway(fault, "drive '%s', which failed, was taken out of '%s'",
                                        self->member, self->array)
                          : -1;
    for (int waited = 0; !self->is_in && waited < SETTLE_MS; waited += STEP_MS) {
        poll(NULL, 0, STEP_MS);
        read_state(self);
    }
    return self->is_in ? 0
                       : fault_set(fault, FAULT_FAILED, "drive '%s' failed again as '%s' took it",
                                   self->member, self->array);
}

value_t *
raid_tell(const raid_t *self, bool added)
{
    char action[32];
    machine_line(self->world, action, sizeof action, "/sys/block/%s/md/sync_action", self->array);
    value_t *result = value_map();
    value_set_text(result, "array", self->array);
    value_set_text(result, "member", self->member);
    value_set_bool(result, "added", added);
    show(result, "state", self->state);
    show(result, "action", action);
    return result;
}

/* Not what the drive says of its health: that takes rights to ask. */
value_t *
disk_raid_readd_foreseen(const value_t *arguments, const op_world_t *world, fault_t *fault)
{
    raid_t raid;
    if (raid_find(&raid, arguments, world, fault))
        return NULL;
    bool adds = !raid.is_in;
    char name[2 * RAID_NAME_MAX + 8];
    snprintf(name, sizeof name, "%s, drive %s", raid.array, raid.member);
    value_t *foresight = foresight_new();
    if (adds)
        foresight_turns(foresight, name, *raid.state ? raid.state : "no member", "spare");
    if (adds)
        snprintf(raid.state, sizeof raid.state, "spare");
    value_t *result = raid_tell(&raid, adds);
    if (adds)
        value_set_text(result, "action", "recover");
    return foresight_give(foresight, result);
}
