/* SPDX-License-Identifier: Apache-2.0 */
/* What is mounted, what drives do, and how arrays of them are (proc(5), the kernel's
 * admin-guide/iostats and md). */
#include <ctype.h>
#include <dirent.h>
#include <errno.h>
#include <inttypes.h>
#include <poll.h>
#include <stdlib.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include "worker/ops/bodies.h"
#include "worker/ops/machine.h"
#include "worker/ops/place.h"

#define MOUNTS_MAX      256
#define MOUNTS_BYTES    (250 * 1024) /* of all of them */
#define MOUNT_BYTES     400          /* of one, beside its names */
#define DRIVES_MAX      64
#define MEMBERS_MAX     64
#define TABLE_BYTES_MAX (4 * 1024 * 1024)
#define SECTOR          512

/* "\040" and its like, which stand for blanks, tabs, LF and backslashes. */
static void
unescape_octal(char *text)
{
    char *to = text;
    for (const char *at = text; *at; to++) {
        bool escaped = at[0] == '\\' && isdigit(at[1]) && isdigit(at[2]) && isdigit(at[3]);
        *to = escaped ? (char)((at[1] - '0') * 64 + (at[2] - '0') * 8 + (at[3] - '0')) : *at;
        at += escaped ? 4 : 1;
    }
    *to = '\0';
}

/* Asking one whose server is away would wait for it; one that mounts when it is asked would. */
static bool
may_hang(const char *type)
{
    static const char *const remote[] = {"9p",   "afs",     "autofs", "ceph", "cifs",
                                         "fuse", "gluster", "nfs",    "smb"};
    for (size_t i = 0; i < ARRAY_SIZE(remote); i++)
        if (!strncmp(type, remote[i], strlen(remote[i])))
            return true;
    return false;
}

static void
set_sizes(value_t *row, const struct statvfs *disk)
{
    uint64_t used = disk->f_blocks - disk->f_bfree;
    value_set_integer(row, "total_bytes", (int64_t)(disk->f_blocks * disk->f_frsize));
    value_set_integer(row, "used_bytes", (int64_t)(used * disk->f_frsize));
    value_set_integer(row, "free_bytes", (int64_t)(disk->f_bavail * disk->f_frsize));
    value_set(row, "used_percent", percent(used, used + disk->f_bavail));
    value_set(row, "inodes_used_percent", percent(disk->f_files - disk->f_ffree, disk->f_files));
}

/* Here, over the network, or any user's own, who may mount as often as he likes, under names as
 * long (fusermount3(1)): in this order, so that he hides no other. */
typedef enum {
    HERE,
    AWAY,
    ANYBODYS,
    DISTANCES,
} distance_t;

static distance_t
distance_of(const char *type)
{
    return !may_hang(type) ? HERE : strncmp(type, "fuse", 4) ? AWAY : ANYBODYS;
}

/* Whether the options hold the word: "ro" does not hold "errors=remount-ro". */
static bool
has_option(const char *options, const char *word)
{
    size_t size = strlen(word);
    for (const char *at = options; at; at = strchr(at, ',')) {
        at += *at == ',';
        if (strcspn(at, ",") == size && !strncmp(at, word, size))
            return true;
    }
    return false;
}

/* What the kernel itself made read-only, behind an error, has another word for it on newer ones. */
static bool
is_read_only(const char *mount, const char *filesystem)
{
    return has_option(mount, "ro") || has_option(filesystem, "ro") ||
           has_option(filesystem, "emergency_ro");
}

/* "ID PARENT MAJOR:MINOR ROOT PATH OPTIONS [TAG]... - TYPE DEVICE OPTIONS"; NULL for one that holds
 * no files of anybody's, is gone, or is of another distance. One whose drive is dead does
 * not tell its sizes. */
static value_t *
read_mount(char *line, distance_t distance)
{
    struct statvfs disk = {0};
    char *words[6], *at = line, *behind = strstr(line, " - ");
    if (!behind)
        return NULL;
    for (size_t i = 0; i < ARRAY_SIZE(words); i++)
        if (!(words[i] = word_next(&at)))
            return NULL;
    behind += 3;
    char *type = word_next(&behind), *device = word_next(&behind), *options = word_next(&behind);
    if (!type || !device || !options || distance_of(type) != distance)
        return NULL;
    unescape_octal(words[4]);
    unescape_octal(device);
    bool sized = distance == HERE && !statvfs(words[4], &disk);
    if (sized ? !disk.f_blocks : distance == HERE && (errno == ENOENT || errno == ENOTDIR))
        return NULL;
    value_t *row = value_map();
    show(row, "path", words[4]);
    show(row, "device", device);
    show(row, "type", type);
    value_set_bool(row, "read_only", is_read_only(words[5], options));
    if (sized)
        set_sizes(row, &disk);
    return row;
}

typedef struct {
    value_t *list;
    size_t room; /* bytes */
    int64_t left_out;
} mounts_t;

static void
add_mounts(mounts_t *self, const char *table, distance_t distance)
{
    char line[2 * PATH_MAX];
    while (line_next(&table, line, sizeof line)) {
        CLEANUP(value_destroy) value_t *row = read_mount(line, distance);
        if (!row)
            continue;
        size_t size = MOUNT_BYTES + strlen(value_get_text(row, "path")) +
                      strlen(value_get_text(row, "device")) + strlen(value_get_text(row, "type"));
        bool fits = size <= self->room && value_count(self->list) < MOUNTS_MAX;
        self->left_out += !fits;
        self->room -= fits ? size : 0;
        if (fits)
            value_append(self->list, MOVE(row));
    }
}

value_t *
disk_mounts(const value_t *arguments, const op_world_t *world, fault_t *fault)
{
    (void)arguments;
    CLEANUP(bytes_destroy)
    bytes_t *text = machine_read(world, TABLE_BYTES_MAX, fault, "/proc/self/mountinfo");
    if (!text)
        return NULL;
    mounts_t mounts = {.list = value_list(), .room = MOUNTS_BYTES};
    for (distance_t distance = HERE; distance < DISTANCES; distance++)
        add_mounts(&mounts, bytes_text(text), distance);
    value_t *result = value_map();
    value_set(result, "mounts", mounts.list);
    value_set_integer(result, "left_out", mounts.left_out);
    return result;
}

/* ---- what drives do between two looks ------------------------------------------------------ */

enum {
    READS,
    READ_SECTORS,
    READ_MS,
    WRITES,
    WRITTEN_SECTORS,
    WRITE_MS,
    IN_FLIGHT,
    BUSY_MS,
    COUNTS
};

typedef struct {
    char name[64];
    uint64_t counts[COUNTS];
} drive_t;

typedef struct {
    drive_t drives[DRIVES_MAX];
    size_t count, left_out;
} drives_t;

static bool
read_drive(const char *line, drive_t *out)
{
    uint64_t *n = out->counts;
    return sscanf(line,
                  " %*u %*u %63s %" SCNu64 " %*u %" SCNu64 " %" SCNu64 " %" SCNu64 " %*u %" SCNu64
                  " %" SCNu64 " %" SCNu64 " %" SCNu64,
                  out->name, &n[READS], &n[READ_SECTORS], &n[READ_MS], &n[WRITES],
                  &n[WRITTEN_SECTORS], &n[WRITE_MS], &n[IN_FLIGHT], &n[BUSY_MS]) == 1 + COUNTS;
}

/* A partition is none; the kernel calls "cciss/c0d0" "cciss!c0d0" in /sys. */
static bool
is_whole(const op_world_t *world, const char *name)
{
    char path[PATH_MAX], folder[64];
    snprintf(folder, sizeof folder, "%s", name);
    for (char *at = folder; (at = strchr(at, '/'));)
        *at = '!';
    return !access(machine_path(world, path, "/sys/block/%s", folder), F_OK);
}

/* Whole drives that were ever used. */
static int
read_drives(const op_world_t *world, drives_t *out, fault_t *fault)
{
    char line[1024];
    CLEANUP(bytes_destroy)
    bytes_t *text = machine_read(world, TABLE_BYTES_MAX, fault, "/proc/diskstats");
    *out = (drives_t){0};
    if (!text)
        return -1;
    for (const char *at = bytes_text(text); line_next(&at, line, sizeof line);) {
        drive_t drive = {0};
        if (!read_drive(line, &drive) || !(drive.counts[READS] + drive.counts[WRITES]) ||
            !is_whole(world, drive.name))
            continue;
        if (out->count < DRIVES_MAX)
            out->drives[out->count++] = drive;
        else
            out->left_out++;
    }
    return 0;
}

static const drive_t *
drive_named(const drives_t *self, const char *name)
{
    for (size_t i = 0; i < self->count; i++)
        if (!strcmp(self->drives[i].name, name))
            return &self->drives[i];
    return NULL;
}

static value_t *
drive_value(const drive_t *before, const drive_t *after, uint64_t ms)
{
    uint64_t more[COUNTS];
    for (size_t i = 0; i < COUNTS; i++)
        more[i] = after->counts[i] - before->counts[i];
    uint64_t done = more[READS] + more[WRITES], waited = more[READ_MS] + more[WRITE_MS];
    value_t *row = value_map();
    show(row, "device", after->name);
    value_set(row, "reads_per_s", hundredths((int64_t)(more[READS] * 100000 / ms)));
    value_set(row, "writes_per_s", hundredths((int64_t)(more[WRITES] * 100000 / ms)));
    value_set_integer(row, "read_bytes_per_s", (int64_t)(more[READ_SECTORS] * SECTOR * 1000 / ms));
    value_set_integer(row, "written_bytes_per_s",
                      (int64_t)(more[WRITTEN_SECTORS] * SECTOR * 1000 / ms));
    value_set(row, "busy_percent", percent(more[BUSY_MS] < ms ? more[BUSY_MS] : ms, ms));
    value_set(row, "wait_ms", hundredths(done ? (int64_t)(waited * 100 / done) : 0));
    value_set_integer(row, "in_flight", (int64_t)after->counts[IN_FLIGHT]);
    return row;
}

value_t *
disk_io(const value_t *arguments, const op_world_t *world, fault_t *fault)
{
    static drives_t before, after;
    int64_t seconds = value_get_integer(arguments, "seconds");
    if (read_drives(world, &before, fault))
        return NULL;
    mono_t from = mono_now();
    poll(NULL, 0, (int)(seconds ? seconds : 1) * 1000);
    if (read_drives(world, &after, fault))
        return NULL;
    uint64_t ms = (uint64_t)(mono_now().ms - from.ms);
    value_t *result = value_map(), *list = value_list();
    for (size_t i = 0; i < after.count; i++) {
        const drive_t *was = drive_named(&before, after.drives[i].name);
        if (was)
            value_append(list, drive_value(was, &after.drives[i], ms));
    }
    value_set(result, "drives", list);
    value_set_integer(result, "left_out", (int64_t)after.left_out);
    return result;
}

/* ---- arrays -------------------------------------------------------------------------------- */

/* NULL with a fault. */
static value_t *
members_of(const op_world_t *world, const char *array, fault_t *fault)
{
    char path[PATH_MAX], state[64];
    CLEANUP(value_destroy) value_t *list = value_list();
    DIR *folder = opendir(machine_path(world, path, "/sys/block/%s/md", array));
    struct dirent *entry;
    int wrong = 0;
    if (!folder && errno != ENOENT)
        fault_errno(fault, "'%s' cannot be read", path);
    if (!folder)
        return errno == ENOENT ? MOVE(list) : NULL;
    while (!wrong && (entry = place_next(folder))) {
        if (strncmp(entry->d_name, "dev-", 4) != 0 || value_count(list) == MEMBERS_MAX)
            continue;
        wrong = machine_tell(world, state, sizeof state, fault, "/sys/block/%s/md/%s/state", array,
                             entry->d_name);
        value_t *member = value_map();
        show(member, "device", entry->d_name + 4);
        show(member, "state", state);
        value_append(list, member);
    }
    if (!wrong && errno)
        wrong = fault_errno(fault, "'%s' cannot be read", path);
    closedir(folder);
    return wrong ? NULL : MOVE(list);
}

/* What some arrays do not have is 0. */
static int
set_number(value_t *row, const char *key, const op_world_t *world, const char *array,
           const char *file, fault_t *fault)
{
    char line[64];
    if (machine_tell(world, line, sizeof line, fault, "/sys/block/%s/md/%s", array, file))
        return -1;
    int64_t number = strtoll(line, NULL, 10);
    value_set_integer(row, key, number < 0 ? 0 : number);
    return 0;
}

static int
set_texts(value_t *row, const op_world_t *world, const char *array, fault_t *fault)
{
    static const char *const texts[][2] = {
        {"level", "level"}, {"state", "array_state"}, {"action", "sync_action"}};
    char line[128];
    for (size_t i = 0; i < ARRAY_SIZE(texts); i++) {
        if (machine_tell(world, line, sizeof line, fault, "/sys/block/%s/md/%s", array,
                         texts[i][1]))
            return -1;
        show(row, texts[i][0], line);
    }
    return 0;
}

/* NULL with a fault. */
static value_t *
array_value(const op_world_t *world, const char *array, fault_t *fault)
{
    char line[128];
    uint64_t done, all;
    CLEANUP(value_destroy) value_t *row = value_map();
    show(row, "name", array);
    if (set_texts(row, world, array, fault) ||
        set_number(row, "disks", world, array, "raid_disks", fault) ||
        set_number(row, "missing", world, array, "degraded", fault) ||
        set_number(row, "mismatches", world, array, "mismatch_cnt", fault) ||
        machine_tell(world, line, sizeof line, fault, "/sys/block/%s/md/sync_completed", array))
        return NULL;
    value_set_bool(row, "degraded", value_get_integer(row, "missing") > 0);
    if (sscanf(line, "%" SCNu64 " / %" SCNu64, &done, &all) == 2)
        value_set(row, "sync_percent", percent(done, all));
    value_t *members = members_of(world, array, fault);
    if (members)
        value_set(row, "members", members);
    return members ? MOVE(row) : NULL;
}

static int
is_array(const struct dirent *entry)
{
    return !strncmp(entry->d_name, "md", 2);
}

/* One that cannot be looked at hides no other. */
value_t *
disk_raid(const value_t *arguments, const op_world_t *world, fault_t *fault)
{
    char path[PATH_MAX];
    struct dirent **all = NULL;
    int64_t left_out = 0;
    (void)arguments;
    int count = scandir(machine_path(world, path, "/sys/block"), &all, is_array, versionsort);
    if (count < 0 && errno != ENOENT) {
        fault_errno(fault, "'%s' cannot be read", path);
        return NULL;
    }
    value_t *result = value_map(), *list = value_list();
    for (int i = 0; i < count; i++) {
        value_t *row =
            value_count(list) < DRIVES_MAX ? array_value(world, all[i]->d_name, NULL) : NULL;
        if (row)
            value_append(list, row);
        left_out += !row;
        free(all[i]);
    }
    free(all);
    value_set(result, "arrays", list);
    value_set_integer(result, "left_out", left_out);
    return result;
}
