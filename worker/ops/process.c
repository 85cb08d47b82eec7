/* SPDX-License-Identifier: Apache-2.0 */
#include "worker/ops/process.h"

#include <dirent.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdlib.h>
#include <unistd.h>

#include "common/file.h"
#include "worker/ops/bodies.h"
#include "worker/ops/content.h"
#include "worker/ops/machine.h"

#define COMMAND_MAX   200 /* bytes of a command line */
#define LIST_MAX      500 /* processes listed */
#define DEPTH_MAX     64
#define PROC_FILE_MAX 65536
#define NOBODY        65534 /* whom ops run as that need not be root */

/* One of its files in /proc; empty where it is gone. */
static bytes_t *
read_own(const proc_t *self, const char *file)
{
    bytes_t *text = NULL;
    char path[64];
    snprintf(path, sizeof path, "/proc/%d/%s", (int)self->pid, file);
    text = file_read(path, PROC_FILE_MAX, NULL);
    return text ? text : bytes_new();
}

value_t *
process_command(const proc_t *self)
{
    char path[64], out[COMMAND_MAX + 1];
    snprintf(path, sizeof path, "/proc/%d/cmdline", (int)self->pid);
    CLEANUP(descriptor_close) int fd = open(path, O_RDONLY | O_CLOEXEC);
    ssize_t size = fd < 0 ? 0 : read(fd, out, COMMAND_MAX);
    while (size > 0 && !out[size - 1])
        size--;
    for (ssize_t i = 0; i < size; i++)
        if (!out[i])
            out[i] = ' ';
    if (size <= 0)
        size = snprintf(out, sizeof out, "[%s]", self->name);
    out[size] = '\0';
    return shown(out);
}

uid_t
process_user(const proc_t *self)
{
    char path[64];
    snprintf(path, sizeof path, "/proc/%d/status", (int)self->pid);
    CLEANUP(bytes_destroy) bytes_t *text = file_read(path, PROC_FILE_MAX, NULL);
    int64_t user = text ? field_number(bytes_text(text), "Uid") : -1;
    return user < 0 ? self->user : (uid_t)user;
}

static value_t *
describe(const proc_t *self, const op_world_t *world)
{
    char user[TEXT_NAME_MAX + 1];
    value_t *result = value_map();
    user_name(world, process_user(self), user, sizeof user);
    value_set_integer(result, "pid", self->pid);
    value_set_integer(result, "parent", self->parent);
    show(result, "user", user);
    show(result, "name", self->name);
    value_set(result, "command", process_command(self));
    return result;
}

static void
set_id(value_t *map, const char *key, const proc_t *self)
{
    char id[PROC_ID_MAX];
    proc_write_id(self, id);
    value_set_text(map, key, id);
}

/* ---- list: those with most memory first, so that what is left out is what weighs least ---------
 */

typedef struct {
    const proc_t *process;
    int64_t memory_bytes;
} ranked_t;

/* "SIZE RESIDENT ...", in pages. */
static int64_t
resident_bytes(const proc_t *self)
{
    CLEANUP(bytes_destroy) bytes_t *text = read_own(self, "statm");
    const char *behind_size = strchr(bytes_text(text), ' ');
    return behind_size ? strtoll(behind_size, NULL, 10) * sysconf(_SC_PAGESIZE) : 0;
}

static int
compare_memory(const void *left, const void *right)
{
    const ranked_t *a = left, *b = right;
    if (a->memory_bytes != b->memory_bytes)
        return a->memory_bytes < b->memory_bytes ? 1 : -1;
    return (a->process->pid > b->process->pid) - (a->process->pid < b->process->pid);
}

value_t *
process_list(const value_t *arguments, const op_world_t *world, fault_t *fault)
{
    const char *name = value_get_text(arguments, "name");
    CLEANUP(memory_free) proc_t *all = NULL;
    size_t total = proc_all(&all), count = 0;
    CLEANUP(memory_free) ranked_t *found = memory_new(total + 1, sizeof *found);
    value_t *result = value_map(), *list = value_list();
    (void)fault;
    for (size_t i = 0; i < total; i++)
        if (!name[0] || !strcmp(all[i].name, name))
            found[count++] = (ranked_t){&all[i], resident_bytes(&all[i])};
    qsort(found, count, sizeof *found, compare_memory);
    for (size_t i = 0; i < count && i < LIST_MAX; i++) {
        value_t *row = describe(found[i].process, world);
        value_set_integer(row, "memory_bytes", found[i].memory_bytes);
        value_append(list, row);
    }
    value_set(result, "processes", list);
    value_set_integer(result, "left_out", (int64_t)(count > LIST_MAX ? count - LIST_MAX : 0));
    return result;
}

/* ---- tree: processes in the order of their parents ---------------------------------------- */

typedef struct {
    const op_world_t *world;
    const proc_t *by_parent; /* ascending by parent, then pid */
    size_t count, left_out;
    value_t *list;
} tree_t;

static int
compare_parents(const void *left, const void *right)
{
    const proc_t *a = left, *b = right;
    if (a->parent != b->parent)
        return (a->parent > b->parent) - (a->parent < b->parent);
    return (a->pid > b->pid) - (a->pid < b->pid);
}

static size_t
first_child(const tree_t *self, pid_t parent)
{
    size_t low = 0, high = self->count;
    while (low < high) {
        size_t middle = (low + high) / 2;
        if (self->by_parent[middle].parent < parent)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

static void
add_branch(tree_t *self, const proc_t *root, unsigned depth)
{
    if (value_count(self->list) == LIST_MAX || depth == DEPTH_MAX) {
        self->left_out++;
    } else {
        value_t *row = describe(root, self->world);
        set_id(row, "id", root);
        value_set_integer(row, "depth", depth);
        value_append(self->list, row);
    }
    for (size_t i = first_child(self, root->pid);
         depth < DEPTH_MAX && i < self->count && self->by_parent[i].parent == root->pid; i++)
        add_branch(self, &self->by_parent[i], depth + 1);
}

value_t *
process_tree(const value_t *arguments, const op_world_t *world, fault_t *fault)
{
    pid_t wanted = (pid_t)value_get_integer(arguments, "pid");
    CLEANUP(memory_free) proc_t *all = NULL;
    tree_t tree = {.world = world, .count = proc_all(&all), .list = NULL};
    proc_t root;
    if (wanted && !proc_read(wanted, &root)) {
        fault_set(fault, FAULT_NOT_FOUND, "there is no process %d", (int)wanted);
        return NULL;
    }
    qsort(all, tree.count, sizeof *all, compare_parents);
    tree.by_parent = all;
    tree.list = value_list();
    if (wanted)
        add_branch(&tree, &root, 0);
    for (size_t i = 0; !wanted && i < tree.count && all[i].parent == 0; i++)
        add_branch(&tree, &all[i], 0);
    value_t *result = value_map();
    value_set(result, "processes", tree.list);
    value_set_integer(result, "left_out", (int64_t)tree.left_out);
    return result;
}

/* ---- view --------------------------------------------------------------------------------- */

int
process_hash(const proc_t *self, hash_t *out, fault_t *fault)
{
    char path[64];
    snprintf(path, sizeof path, "/proc/%d/exe", (int)self->pid);
    CLEANUP(descriptor_close) int fd = open(path, O_RDONLY | O_CLOEXEC);
    if (fd < 0)
        return fault_set(fault, FAULT_NOT_FOUND, "process %d runs no program that can be read",
                         (int)self->pid);
    return content_hash(fd, path, PROCESS_PROGRAM_MAX, out, NULL, fault);
}

/* Where a link of its own leads to; "" where there is none. */
static void
read_link(const proc_t *self, const char *link, char out[static PATH_MAX])
{
    char path[64];
    snprintf(path, sizeof path, "/proc/%d/%s", (int)self->pid, link);
    ssize_t size = readlink(path, out, PATH_MAX - 1);
    out[size > 0 ? size : 0] = '\0';
}

/* Where the file is deleted, the kernel says so behind its path. */
static void
show_program(value_t *map, const proc_t *self)
{
    static const char mark[] = " (deleted)";
    char path[PATH_MAX];
    read_link(self, "exe", path);
    size_t size = strlen(path), more = sizeof mark - 1;
    bool deleted = size > more && !strcmp(path + size - more, mark);
    if (deleted)
        path[size - more] = '\0';
    if (path[0])
        show(map, "program", path);
    value_set_bool(map, "program_deleted", deleted);
}

/* "Max open files            1024                 524288               files": the soft one first.
 */
static void
read_limits(const char *limits, const char *name, int64_t out[static 2])
{
    const char *at = strstr(limits, name);
    at = at ? at + strlen(name) : "";
    for (size_t i = 0; i < 2; i++) {
        at += strspn(at, " ");
        out[i] = *at >= '0' && *at <= '9' ? strtoll(at, NULL, 10) : -1;
        at += strcspn(at, " \n");
    }
}

int
process_open_files(const proc_t *self, int64_t limits[static 2], fault_t *fault)
{
    CLEANUP(bytes_destroy) bytes_t *text = read_own(self, "limits");
    read_limits(bytes_text(text), "Max open files", limits);
    if (limits[0] < 0 || limits[1] < 0)
        return fault_set(fault, FAULT_NOT_FOUND, "process %d is gone, or has no limit",
                         (int)self->pid);
    return 0;
}

static int64_t
open_files(const proc_t *self)
{
    char path[64];
    int64_t count = 0;
    struct dirent *entry;
    snprintf(path, sizeof path, "/proc/%d/fd", (int)self->pid);
    DIR *folder = opendir(path);
    while (folder && (entry = readdir(folder)))
        count += entry->d_name[0] != '.';
    if (folder)
        closedir(folder);
    return count;
}

/* The unified group where there is one, else the first. */
static void
show_group(value_t *map, const proc_t *self)
{
    CLEANUP(bytes_destroy) bytes_t *text = read_own(self, "cgroup");
    const char *unified = strstr(bytes_text(text), "0::"), *at = bytes_text(text);
    char line[PATH_MAX] = "";
    at = unified && strcmp(unified, "0::/\n") != 0 ? unified : at;
    line_next(&at, line, sizeof line);
    const char *path = strchr(line, '/');
    show(map, "cgroup", path ? path : "");
}

static void
set_times(value_t *map, const proc_t *self)
{
    CLEANUP(bytes_destroy) bytes_t *text = read_own(self, "stat");
    const char *close = strrchr(bytes_text(text), ')');
    uint64_t user = 0, in_kernel = 0;
    int nice = 0;
    if (close)
        sscanf(close + 1,
               " %*c %*d %*d %*d %*d %*d %*u %*u %*u %*u %*u %" SCNu64 " %" SCNu64
               " %*d %*d %*d %d",
               &user, &in_kernel, &nice);
    value_set_integer(map, "nice", nice);
    value_set_integer(map, "cpu_ms",
                      (int64_t)((user + in_kernel) * 1000 / (uint64_t)sysconf(_SC_CLK_TCK)));
}

static void
set_numbers(value_t *map, const proc_t *self)
{
    CLEANUP(bytes_destroy) bytes_t *status = read_own(self, "status");
    CLEANUP(bytes_destroy) bytes_t *limits = read_own(self, "limits");
    CLEANUP(bytes_destroy) bytes_t *score = read_own(self, "oom_score");
    CLEANUP(bytes_destroy) bytes_t *adjust = read_own(self, "oom_score_adj");
    int64_t files[2], processes[2];
    int64_t memory = field_number(bytes_text(status), "VmRSS");
    int64_t swap = field_number(bytes_text(status), "VmSwap");
    value_set_integer(map, "memory_bytes", memory < 0 ? 0 : memory * 1024);
    value_set_integer(map, "swap_bytes", swap < 0 ? 0 : swap * 1024);
    value_set_integer(map, "threads", field_number(bytes_text(status), "Threads"));
    value_set_integer(map, "oom_score", strtoll(bytes_text(score), NULL, 10));
    value_set_integer(map, "oom_score_adjust", strtoll(bytes_text(adjust), NULL, 10));
    value_set_integer(map, "open_files", open_files(self));
    read_limits(bytes_text(limits), "Max open files", files);
    read_limits(bytes_text(limits), "Max processes", processes);
    value_set_integer(map, "open_files_max", files[0]);
    value_set_integer(map, "open_files_hard", files[1]);
    value_set_integer(map, "processes_max", processes[0]);
}

value_t *
process_view(const value_t *arguments, const op_world_t *world, fault_t *fault)
{
    pid_t pid = (pid_t)value_get_integer(arguments, "pid");
    char state[2] = "", hash_text[HASH_TEXT], folder[PATH_MAX];
    hash_t hash;
    proc_t process;
    if (!proc_read(pid, &process)) {
        fault_set(fault, FAULT_NOT_FOUND, "there is no process %d", (int)pid);
        return NULL;
    }
    CLEANUP(value_destroy) value_t *result = describe(&process, world);
    state[0] = process.state;
    show(result, "state", state);
    set_id(result, "id", &process);
    value_set_integer(result, "started", proc_started(&process).ms);
    show_program(result, &process);
    read_link(&process, "cwd", folder);
    if (folder[0])
        show(result, "folder", folder);
    show_group(result, &process);
    set_times(result, &process);
    set_numbers(result, &process);
    if (value_get_bool(arguments, "hash")) {
        if (process_hash(&process, &hash, fault))
            return NULL;
        value_set_text(result, "program_sha256", hash_write(&hash, hash_text));
    }
    return MOVE(result);
}

/* ---- the one that is meant ---------------------------------------------------------------- */

/* Anybody may start our programs, and have them do something else. */
static bool
runs_as_one_of_us(const proc_t *self, const op_world_t *world)
{
    const settings_t *as = world->settings;
    uid_t user = process_user(self);
    return user == 0 || user == NOBODY ||
           (as && (user == as->link_uid || user == as->judge_uid || user == as->spawner_uid));
}

bool
process_is_ours(const proc_t *self, const op_world_t *world)
{
    char exe[PATH_MAX];
    size_t size = world->programs ? strlen(world->programs) : 0;
    read_link(self, "exe", exe);
    if (size && !strncmp(exe, world->programs, size) && exe[size] == '/' &&
        runs_as_one_of_us(self, world))
        return true;
    proc_t above = {.parent = getpid()};
    while (above.parent > 1 && proc_read(above.parent, &above))
        if (above.pid == self->pid)
            return true;
    return false;
}

int
process_meant(const value_t *arguments, const op_world_t *world, proc_t *out, fault_t *fault)
{
    const char *name = value_get_text(arguments, "name");
    if (proc_read_id(value_get_text(arguments, "process"), out, fault))
        return -1;
    if (name[0] && strcmp(out->name, name) != 0)
        return fault_set(fault, FAULT_CONFLICT, "process %d is no '%s'", (int)out->pid, name);
    if (out->pid == 1 || process_is_ours(out, world))
        return fault_set(fault, FAULT_POLICY, "process %d is the machine's first, or tocsin's own",
                         (int)out->pid);
    return 0;
}
