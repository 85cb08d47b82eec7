/* SPDX-License-Identifier: Apache-2.0 */
/* What the whole machine is like, from /proc and /sys (proc(5), the kernel's accounting/psi). */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <poll.h>
#include <stdlib.h>
#include <sys/utsname.h>
#include <unistd.h>

#include "common/file.h"
#include "common/text.h"
#include "worker/ops/bodies.h"
#include "worker/ops/machine.h"
#include "worker/ops/place.h"
#include "worker/ops/sysctl.h"

#define PROC_FILE_MAX (1024 * 1024)
#define CPUS_MAX      256
#define CGROUPS_MAX   100   /* listed */
#define FOLDERS_MAX   20000 /* of control groups looked at */
#define DEPTH_MAX     32
#define PACKAGES_MAX  100

value_t *
host_load(const value_t *arguments, const op_world_t *world, fault_t *fault)
{
    unsigned load[3][2];
    int running, threads;
    (void)arguments;
    CLEANUP(bytes_destroy) bytes_t *text = machine_read(world, 4096, fault, "/proc/loadavg");
    if (!text)
        return NULL;
    if (sscanf(bytes_text(text), "%u.%u %u.%u %u.%u %d/%d", &load[0][0], &load[0][1], &load[1][0],
               &load[1][1], &load[2][0], &load[2][1], &running, &threads) != 8) {
        fault_set(fault, FAULT_FORMAT, "/proc/loadavg is not as expected");
        return NULL;
    }
    static const char *const names[] = {"load_1m", "load_5m", "load_15m"};
    value_t *result = value_map();
    for (size_t i = 0; i < ARRAY_SIZE(names); i++)
        value_set(result, names[i], hundredths((int64_t)load[i][0] * 100 + load[i][1]));
    value_set_integer(result, "cpus", sysconf(_SC_NPROCESSORS_ONLN));
    value_set_integer(result, "running", running);
    value_set_integer(result, "threads", threads);
    return result;
}

/* ---- cpu: what a line of /proc/stat counts, in ticks -------------------------------------- */

enum { USER, NICE, SYSTEM, IDLE, IOWAIT, IRQ, SOFTIRQ, STEAL, KINDS };

typedef struct {
    int number; /* -1: all of them together */
    uint64_t ticks[KINDS];
} cpu_t;

typedef struct {
    size_t count, left_out;
    cpu_t cpus[CPUS_MAX + 1];
} cpus_t;

static bool
read_cpu(const char *line, cpu_t *out)
{
    uint64_t *t = out->ticks;
    int size = 0;
    if (strncmp(line, "cpu", 3) != 0)
        return false;
    out->number = line[3] == ' ' ? -1 : (int)strtol(line + 3, NULL, 10);
    line += strcspn(line, " ");
    return sscanf(line,
                  "%" SCNu64 "%" SCNu64 "%" SCNu64 "%" SCNu64 "%" SCNu64 "%" SCNu64 "%" SCNu64
                  "%" SCNu64 "%n",
                  &t[USER], &t[NICE], &t[SYSTEM], &t[IDLE], &t[IOWAIT], &t[IRQ], &t[SOFTIRQ],
                  &t[STEAL], &size) == KINDS;
}

static int
read_cpus(const op_world_t *world, cpus_t *out, fault_t *fault)
{
    char line[512];
    CLEANUP(bytes_destroy) bytes_t *text = machine_read(world, PROC_FILE_MAX, fault, "/proc/stat");
    const char *at = text ? bytes_text(text) : "";
    cpu_t cpu;
    *out = (cpus_t){0};
    if (!text)
        return -1;
    while (line_next(&at, line, sizeof line)) {
        if (!read_cpu(line, &cpu))
            continue;
        if (out->count < ARRAY_SIZE(out->cpus))
            out->cpus[out->count++] = cpu;
        else
            out->left_out++;
    }
    if (!out->count)
        return fault_set(fault, FAULT_FORMAT, "/proc/stat names no processor");
    return 0;
}

/* Counters of iowait may go back (proc(5)). */
static uint64_t
spent(const cpu_t *before, const cpu_t *after, unsigned kind)
{
    return after->ticks[kind] > before->ticks[kind] ? after->ticks[kind] - before->ticks[kind] : 0;
}

static value_t *
cpu_value(const cpu_t *before, const cpu_t *after)
{
    uint64_t all = 0, idle = spent(before, after, IDLE) + spent(before, after, IOWAIT);
    for (unsigned kind = 0; kind < KINDS; kind++)
        all += spent(before, after, kind);
    value_t *result = value_map();
    value_set(result, "busy_percent", percent(all - idle, all));
    value_set(result, "iowait_percent", percent(spent(before, after, IOWAIT), all));
    value_set(result, "steal_percent", percent(spent(before, after, STEAL), all));
    if (after->number >= 0) {
        value_set_integer(result, "cpu", after->number);
        return result;
    }
    uint64_t user = spent(before, after, USER) + spent(before, after, NICE);
    uint64_t in_kernel = spent(before, after, SYSTEM) + spent(before, after, IRQ);
    value_set(result, "user_percent", percent(user, all));
    value_set(result, "system_percent", percent(in_kernel + spent(before, after, SOFTIRQ), all));
    return result;
}

value_t *
host_cpu(const value_t *arguments, const op_world_t *world, fault_t *fault)
{
    static cpus_t before, after;
    int64_t seconds = value_get_integer(arguments, "seconds");
    if (read_cpus(world, &before, fault))
        return NULL;
    poll(NULL, 0, (int)(seconds ? seconds : 1) * 1000);
    if (read_cpus(world, &after, fault))
        return NULL;
    value_t *result = cpu_value(&before.cpus[0], &after.cpus[0]), *list = value_list();
    for (size_t i = 1; i < after.count && i < before.count; i++)
        if (before.cpus[i].number == after.cpus[i].number)
            value_append(list, cpu_value(&before.cpus[i], &after.cpus[i]));
    value_set(result, "cpus", list);
    value_set_integer(result, "left_out", (int64_t)after.left_out);
    return result;
}

value_t *
host_files(const value_t *arguments, const op_world_t *world, fault_t *fault)
{
    uint64_t open, unused, most;
    char line[128];
    (void)arguments;
    machine_line(world, line, sizeof line, "/proc/sys/fs/file-nr");
    if (sscanf(line, "%" SCNu64 " %" SCNu64 " %" SCNu64, &open, &unused, &most) != 3) {
        fault_set(fault, FAULT_FORMAT, "/proc/sys/fs/file-nr is not as expected");
        return NULL;
    }
    most = most > INT64_MAX ? INT64_MAX : most;
    value_t *result = value_map();
    value_set_integer(result, "open", (int64_t)(open - unused));
    value_set_integer(result, "max", (int64_t)most);
    value_set(result, "used_percent", percent(open - unused, most));
    return result;
}

value_t *
host_memory(const value_t *arguments, const op_world_t *world, fault_t *fault)
{
    static const struct {
        const char *name, *key;
    } fields[] = {
        {"total_bytes", "MemTotal"},
        {"available_bytes", "MemAvailable"},
        {"free_bytes", "MemFree"},
        {"cached_bytes", "Cached"},
        {"buffers_bytes", "Buffers"},
        {"shared_bytes", "Shmem"},
        {"slab_bytes", "Slab"},
        {"dirty_bytes", "Dirty"},
        {"swap_free_bytes", "SwapFree"},
        {"swap_total_bytes", "SwapTotal"},
        {"committed_bytes", "Committed_AS"},
    };
    (void)arguments;
    CLEANUP(bytes_destroy)
    bytes_t *text = machine_read(world, PROC_FILE_MAX, fault, "/proc/meminfo");
    if (!text)
        return NULL;
    CLEANUP(value_destroy) value_t *result = value_map();
    for (size_t i = 0; i < ARRAY_SIZE(fields); i++) {
        int64_t kib = field_number(bytes_text(text), fields[i].key);
        if (kib < 0) {
            fault_set(fault, FAULT_FORMAT, "/proc/meminfo does not tell %s", fields[i].key);
            return NULL;
        }
        value_set_integer(result, fields[i].name, kib * 1024);
    }
    int64_t total = value_get_integer(result, "total_bytes");
    int64_t swap = value_get_integer(result, "swap_total_bytes");
    int64_t used = total - value_get_integer(result, "available_bytes");
    int64_t swapped = swap - value_get_integer(result, "swap_free_bytes");
    value_set(result, "used_percent", percent((uint64_t)used, (uint64_t)total));
    value_set(result, "swap_used_percent", percent((uint64_t)swapped, (uint64_t)swap));
    return MOVE(result);
}

/* ---- pressure ----------------------------------------------------------------------------- */

static void
set_stalls(value_t *out, const char *level, const char *text)
{
    static const char *const names[] = {"10s_percent", "60s_percent", "300s_percent"};
    unsigned average[3][2] = {{0}};
    uint64_t total_us = 0;
    char name[32], line[256];
    while (line_next(&text, line, sizeof line))
        if (!strncmp(line, level, strlen(level)))
            sscanf(line + strlen(level), " avg10=%u.%u avg60=%u.%u avg300=%u.%u total=%" SCNu64,
                   &average[0][0], &average[0][1], &average[1][0], &average[1][1], &average[2][0],
                   &average[2][1], &total_us);
    for (size_t i = 0; i < ARRAY_SIZE(names); i++) {
        snprintf(name, sizeof name, "%s_%s", level, names[i]);
        value_set(out, name, hundredths((int64_t)average[i][0] * 100 + average[i][1]));
    }
    snprintf(name, sizeof name, "%s_total_ms", level);
    value_set_integer(out, name, (int64_t)(total_us / 1000));
}

value_t *
host_pressure(const value_t *arguments, const op_world_t *world, fault_t *fault)
{
    static const char *const kinds[] = {"cpu", "io", "memory"};
    (void)arguments;
    CLEANUP(value_destroy) value_t *result = value_map();
    for (size_t i = 0; i < ARRAY_SIZE(kinds); i++) {
        CLEANUP(bytes_destroy)
        bytes_t *text = machine_read(world, 4096, fault, "/proc/pressure/%s", kinds[i]);
        if (!text) {
            fault_wrap(fault, "this kernel does not tell its pressure");
            return NULL;
        }
        value_t *pressure = value_map();
        set_stalls(pressure, "some", bytes_text(text));
        set_stalls(pressure, "full", bytes_text(text));
        value_set(result, kinds[i], pressure);
    }
    return MOVE(result);
}

/* ---- OOM: cgroup v2 counts in memory.events, v1 in memory.oom_control --------------------- */

typedef struct {
    const char *file;
    value_t *list;
    size_t left_out, looked_at;
} kills_t;

/* A group, or what it does not have. */
static bool
is_gone(void)
{
    return errno == ENOENT || errno == ENOTDIR || errno == ENODEV;
}

/* Kills in this group alone: those below it are told of theirs. */
static int
kills_in(int folder, const char *file, int64_t *out)
{
    char text[1024];
    CLEANUP(descriptor_close) int fd = openat(folder, file, O_RDONLY | O_CLOEXEC);
    ssize_t size = fd < 0 ? -1 : file_fill(fd, text, sizeof text - 1);
    text[size > 0 ? size : 0] = '\0';
    *out = field_number(text, "oom_kill");
    return size < 0 && !is_gone() ? -1 : 0;
}

static void
add_kills(kills_t *self, int folder, const char *path)
{
    int64_t kills;
    if (kills_in(folder, self->file, &kills)) {
        self->left_out++;
        return;
    }
    if (kills <= 0)
        return;
    if (value_count(self->list) == CGROUPS_MAX) {
        self->left_out++;
        return;
    }
    value_t *group = value_map();
    show(group, "path", path[0] ? path : "/");
    value_set_integer(group, "kills", kills);
    value_append(self->list, group);
}

/* Takes over fd. */
static void
walk_groups(kills_t *self, int fd, char *path, size_t depth)
{
    size_t size = strlen(path);
    DIR *folder = fdopendir(fd);
    struct dirent *entry;
    if (!folder) {
        self->left_out++;
        close(fd);
        return;
    }
    add_kills(self, fd, path);
    while ((entry = place_next(folder))) {
        if (entry->d_type != DT_DIR || entry->d_name[0] == '.' || depth == DEPTH_MAX ||
            ++self->looked_at > FOLDERS_MAX || size + strlen(entry->d_name) + 2 > PATH_MAX)
            continue;
        snprintf(path + size, PATH_MAX - size, "/%s", entry->d_name);
        int below = openat(fd, entry->d_name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
        if (below >= 0)
            walk_groups(self, below, path, depth + 1);
        else
            self->left_out += !is_gone();
        path[size] = '\0';
    }
    self->left_out += errno && !is_gone();
    closedir(folder);
}

value_t *
host_oom(const value_t *arguments, const op_world_t *world, fault_t *fault)
{
    static const char *const groups[][2] = {{"/sys/fs/cgroup/memory", "memory.oom_control"},
                                            {"/sys/fs/cgroup", "memory.events.local"}};
    char root[PATH_MAX], path[PATH_MAX] = "";
    (void)arguments;
    CLEANUP(bytes_destroy)
    bytes_t *text = machine_read(world, PROC_FILE_MAX, fault, "/proc/vmstat");
    if (!text)
        return NULL;
    kills_t kills = {.list = value_list()};
    for (size_t i = 0; i < ARRAY_SIZE(groups); i++) {
        int fd =
            open(machine_path(world, root, "%s", groups[i][0]), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
        kills.file = groups[i][1];
        if (fd >= 0)
            walk_groups(&kills, fd, path, 0);
        else
            kills.left_out += !is_gone();
    }
    int64_t total = field_number(bytes_text(text), "oom_kill");
    value_t *result = value_map();
    value_set_integer(result, "kills", total < 0 ? 0 : total);
    value_set_integer(result, "since", wall_now().ms - mono_now().ms);
    value_set(result, "cgroups", kills.list);
    value_set_integer(result, "left_out", (int64_t)kills.left_out);
    return result;
}

/* ---- uptime ------------------------------------------------------------------------------- */

/* NULL with a fault; an empty list where no file names any. */
static value_t *
reboot_packages(const op_world_t *world, fault_t *fault)
{
    char line[128];
    fault_t why = {0};
    CLEANUP(bytes_destroy)
    bytes_t *text = machine_read(world, PROC_FILE_MAX, &why, "/run/reboot-required.pkgs");
    const char *at = text ? bytes_text(text) : "";
    if (!text && why.code != FAULT_NOT_FOUND) {
        fault_set(fault, why.code, "%s", why.text);
        return NULL;
    }
    value_t *list = value_list();
    while (value_count(list) < PACKAGES_MAX && line_next(&at, line, sizeof line))
        value_append(list, shown(line));
    return list;
}

value_t *
host_uptime(const value_t *arguments, const op_world_t *world, fault_t *fault)
{
    char boot[64] = "", required[PATH_MAX];
    struct utsname names;
    fault_t why = {0};
    (void)arguments;
    int64_t up_ms = mono_now().ms;
    CLEANUP(bytes_destroy)
    bytes_t *text = machine_read(world, PROC_FILE_MAX, &why, "/proc/sys/kernel/random/boot_id");
    const char *at = text ? bytes_text(text) : "";
    line_next(&at, boot, sizeof boot);
    uname(&names);
    bool waits = !access(machine_path(world, required, "/run/reboot-required"), F_OK);
    if (!waits && errno != ENOENT && errno != ENOTDIR) {
        fault_errno(fault, "'%s' cannot be looked at", required);
        return NULL;
    }
    if (!text && why.code != FAULT_NOT_FOUND) {
        fault_set(fault, why.code, "%s", why.text);
        return NULL;
    }
    value_t *packages = reboot_packages(world, fault);
    if (!packages)
        return NULL;
    value_t *result = value_map();
    value_set_text(result, "boot", boot);
    value_set_integer(result, "since", wall_now().ms - up_ms);
    value_set_integer(result, "uptime_ms", up_ms);
    value_set_text(result, "kernel", names.release);
    value_set_bool(result, "reboot_required", waits);
    value_set(result, "reboot_for", packages);
    return result;
}

value_t *
host_sysctl(const value_t *arguments, const op_world_t *world, fault_t *fault)
{
    const char *key = value_get_text(arguments, "key");
    char value[SYSCTL_VALUE_MAX + 1];
    if (sysctl_read(world, key, value, sizeof value, fault))
        return NULL;
    value_t *result = value_map();
    value_set_text(result, "key", key);
    show(result, "value", value);
    return result;
}
