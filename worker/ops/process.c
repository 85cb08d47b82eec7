/* SPDX-License-Identifier: Apache-2.0 */
#include "worker/ops/process.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdlib.h>
#include <unistd.h>

#include "common/file.h"
#include "worker/ops/bodies.h"
#include "worker/ops/content.h"
#include "worker/ops/machine.h"
#include "worker/ops/place.h"

#define COMMAND_MAX   200 /* bytes of a command line */
#define LIST_MAX      500 /* processes listed */
#define DEPTH_MAX     64
#define PROC_FILE_MAX 65536
#define NOBODY        65534 /* whom ops run as that need not be root */

/* One of its files in /proc, the caller's; empty where it is gone. */
static int
read_own(const proc_t *self, const char *file, bytes_t **out, fault_t *fault)
{
    fault_t why = {0};
    char path[64];
    snprintf(path, sizeof path, "/proc/%d/%s", (int)self->pid, file);
    *out = file_read(path, PROC_FILE_MAX, &why);
    if (!*out && why.code != FAULT_NOT_FOUND && errno != ESRCH)
        return fault_set(fault, why.code, "%s", why.text);
    *out = *out ? *out : bytes_new();
    return 0;
}

value_t *
process_command(const proc_t *self, fault_t *fault)
{
    char path[64], out[COMMAND_MAX + 1];
    snprintf(path, sizeof path, "/proc/%d/cmdline", (int)self->pid);
    CLEANUP(descriptor_close) int fd = open(path, O_RDONLY | O_CLOEXEC);
    ssize_t size = fd < 0 ? -1 : file_fill(fd, out, COMMAND_MAX);
    if (size < 0 && errno != ENOENT && errno != ESRCH) {
        fault_errno(fault, "'%s'", path);
        return NULL;
    }
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

int
process_user(const proc_t *self, uid_t *out, fault_t *fault)
{
    CLEANUP(bytes_destroy) bytes_t *text = NULL;
    if (read_own(self, "status", &text, fault))
        return -1;
    int64_t user = field_number(bytes_text(text), "Uid");
    *out = user < 0 ? self->user : (uid_t)user;
    return 0;
}

static value_t *
describe(const proc_t *self, const op_world_t *world, fault_t *fault)
{
    char user[TEXT_NAME_MAX + 1];
    uid_t id;
    if (process_user(self, &id, fault) || user_name(world, id, user, sizeof user, fault))
        return NULL;
    value_t *command = process_command(self, fault);
    if (!command)
        return NULL;
    value_t *result = value_map();
    value_set_integer(result, "pid", self->pid);
    value_set_integer(result, "parent", self->parent);
    show(result, "user", user);
    show(result, "name", self->name);
    value_set(result, "command", command);
    return result;
}

static int
set_id(value_t *map, const char *key, const proc_t *self, fault_t *fault)
{
    char id[PROC_ID_MAX];
    if (proc_write_id(self, id, fault))
        return -1;
    value_set_text(map, key, id);
    return 0;
}

/* ---- list: those with most memory first, so that what is left out is what weighs least ---------
 */

typedef struct {
    const proc_t *process;
    int64_t memory_bytes;
} ranked_t;

/* "SIZE RESIDENT ...", in pages. */
static int
resident_bytes(const proc_t *self, int64_t *out)
{
    CLEANUP(bytes_destroy) bytes_t *text = NULL;
    if (read_own(self, "statm", &text, NULL))
        return -1;
    const char *behind_size = strchr(bytes_text(text), ' ');
    *out = behind_size ? strtoll(behind_size, NULL, 10) * sysconf(_SC_PAGESIZE) : 0;
    return 0;
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
    size_t left_out, total = proc_all(&all, &left_out), count = 0;
    CLEANUP(memory_free) ranked_t *found = memory_new(total + 1, sizeof *found);
    value_t *result = value_map(), *list = value_list();
    (void)fault;
    for (size_t i = 0; i < total; i++) {
        if (name[0] && strcmp(all[i].name, name) != 0)
            continue;
        found[count].process = &all[i];
        if (resident_bytes(&all[i], &found[count].memory_bytes))
            left_out++;
        else
            count++;
    }
    qsort(found, count, sizeof *found, compare_memory);
    for (size_t i = 0; i < count; i++) {
        value_t *row = i < LIST_MAX ? describe(found[i].process, world, NULL) : NULL;
        left_out += !row;
        if (!row)
            continue;
        value_set_integer(row, "memory_bytes", found[i].memory_bytes);
        value_append(list, row);
    }
    value_set(result, "processes", list);
    value_set_integer(result, "left_out", (int64_t)left_out);
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
    bool room = value_count(self->list) < LIST_MAX && depth < DEPTH_MAX;
    CLEANUP(value_destroy) value_t *row = room ? describe(root, self->world, NULL) : NULL;
    if (!row || set_id(row, "id", root, NULL)) {
        self->left_out++;
    } else {
        value_set_integer(row, "depth", depth);
        value_append(self->list, MOVE(row));
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
    tree_t tree = {.world = world, .list = NULL};
    proc_t root;
    tree.count = proc_all(&all, &tree.left_out);
    if (wanted && proc_look(wanted, &root, fault))
        return NULL;
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
    if (fd < 0 && errno != ENOENT && errno != ESRCH)
        return fault_errno(fault, "'%s'", path);
    if (fd < 0)
        return fault_set(fault, FAULT_NOT_FOUND, "process %d runs no program that can be read",
                         (int)self->pid);
    return content_hash(fd, path, PROCESS_PROGRAM_MAX, out, NULL, fault);
}

/* Where a link of its own leads to; "" where there is none, as of a kernel thread or one that is
 * gone. */
static int
read_link(const proc_t *self, const char *link, char out[static PATH_MAX], fault_t *fault)
{
    char path[64];
    snprintf(path, sizeof path, "/proc/%d/%s", (int)self->pid, link);
    ssize_t size = readlink(path, out, PATH_MAX - 1);
    out[size > 0 ? size : 0] = '\0';
    return size < 0 && errno != ENOENT && errno != ESRCH ? fault_errno(fault, "'%s'", path) : 0;
}

/* Where the file is deleted, the kernel says so behind its path. */
static int
show_program(value_t *map, const proc_t *self, fault_t *fault)
{
    static const char mark[] = " (deleted)";
    char path[PATH_MAX];
    if (read_link(self, "exe", path, fault))
        return -1;
    size_t size = strlen(path), more = sizeof mark - 1;
    bool deleted = size > more && !strcmp(path + size - more, mark);
    if (deleted)
        path[size - more] = '\0';
    if (path[0])
        show(map, "program", path);
    value_set_bool(map, "program_deleted", deleted);
    return 0;
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
    CLEANUP(bytes_destroy) bytes_t *text = NULL;
    if (read_own(self, "limits", &text, fault))
        return -1;
    read_limits(bytes_text(text), "Max open files", limits);
    if (limits[0] < 0 || limits[1] < 0)
        return fault_set(fault, FAULT_NOT_FOUND, "process %d is gone, or has no limit",
                         (int)self->pid);
    return 0;
}

static int
open_files(const proc_t *self, int64_t *count, fault_t *fault)
{
    char path[64];
    struct dirent *entry;
    *count = 0;
    snprintf(path, sizeof path, "/proc/%d/fd", (int)self->pid);
    DIR *folder = opendir(path);
    while (folder && (entry = place_next(folder)))
        *count += entry->d_name[0] != '.';
    int wrong = errno && errno != ENOENT && errno != ESRCH ? fault_errno(fault, "'%s'", path) : 0;
    if (folder)
        closedir(folder);
    return wrong;
}

/* The unified group where there is one, else the first. */
static int
show_group(value_t *map, const proc_t *self, fault_t *fault)
{
    CLEANUP(bytes_destroy) bytes_t *text = NULL;
    if (read_own(self, "cgroup", &text, fault))
        return -1;
    const char *unified = strstr(bytes_text(text), "0::"), *at = bytes_text(text);
    char line[PATH_MAX] = "";
    at = unified && strcmp(unified, "0::/\n") != 0 ? unified : at;
    line_next(&at, line, sizeof line);
    const char *path = strchr(line, '/');
    show(map, "cgroup", path ? path : "");
    return 0;
}

static int
set_times(value_t *map, const proc_t *self, fault_t *fault)
{
    CLEANUP(bytes_destroy) bytes_t *text = NULL;
    if (read_own(self, "stat", &text, fault))
        return -1;
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
    return 0;
}

static int
set_numbers(value_t *map, const proc_t *self, fault_t *fault)
{
    CLEANUP(bytes_destroy) bytes_t *status = NULL;
    CLEANUP(bytes_destroy) bytes_t *limits = NULL;
    CLEANUP(bytes_destroy) bytes_t *score = NULL;
    CLEANUP(bytes_destroy) bytes_t *adjust = NULL;
    int64_t files[2], processes[2], open;
    if (read_own(self, "status", &status, fault) || read_own(self, "limits", &limits, fault) ||
        read_own(self, "oom_score", &score, fault) ||
        read_own(self, "oom_score_adj", &adjust, fault) || open_files(self, &open, fault))
        return -1;
    int64_t memory = field_number(bytes_text(status), "VmRSS");
    int64_t swap = field_number(bytes_text(status), "VmSwap");
    value_set_integer(map, "memory_bytes", memory < 0 ? 0 : memory * 1024);
    value_set_integer(map, "swap_bytes", swap < 0 ? 0 : swap * 1024);
    value_set_integer(map, "threads", field_number(bytes_text(status), "Threads"));
    value_set_integer(map, "oom_score", strtoll(bytes_text(score), NULL, 10));
    value_set_integer(map, "oom_score_adjust", strtoll(bytes_text(adjust), NULL, 10));
    value_set_integer(map, "open_files", open);
    read_limits(bytes_text(limits), "Max open files", files);
    read_limits(bytes_text(limits), "Max processes", processes);
    value_set_integer(map, "open_files_max", files[0]);
    value_set_integer(map, "open_files_hard", files[1]);
    value_set_integer(map, "processes_max", processes[0]);
    return 0;
}

value_t *
process_view(const value_t *arguments, const op_world_t *world, fault_t *fault)
{
    pid_t pid = (pid_t)value_get_integer(arguments, "pid");
    char state[2] = "", hash_text[HASH_TEXT], folder[PATH_MAX];
    hash_t hash;
    proc_t process;
    if (proc_look(pid, &process, fault))
        return NULL;
    CLEANUP(value_destroy) value_t *result = describe(&process, world, fault);
    if (!result || set_id(result, "id", &process, fault) || show_program(result, &process, fault) ||
        read_link(&process, "cwd", folder, fault) || show_group(result, &process, fault) ||
        set_times(result, &process, fault) || set_numbers(result, &process, fault))
        return NULL;
    state[0] = process.state;
    show(result, "state", state);
    value_set_integer(result, "started", proc_started(&process).ms);
    if (folder[0])
        show(result, "folder", folder);
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
runs_as_one_of_us(uid_t user, const op_world_t *world)
{
    const settings_t *as = world->settings;
    return user == 0 || user == NOBODY ||
           (as && (user == as->link_uid || user == as->judge_uid || user == as->spawner_uid));
}

int
process_is_ours(const proc_t *self, const op_world_t *world, bool *ours, fault_t *fault)
{
    char exe[PATH_MAX];
    fault_t why = {0};
    uid_t user;
    size_t size = world->programs ? strlen(world->programs) : 0;
    if (read_link(self, "exe", exe, fault) || process_user(self, &user, fault))
        return -1;
    *ours = size && !strncmp(exe, world->programs, size) && exe[size] == '/' &&
            runs_as_one_of_us(user, world);
    proc_t above = {.parent = getpid()};
    while (!*ours && above.parent > 1 && !proc_look(above.parent, &above, &why))
        *ours = above.pid == self->pid;
    return why.code && why.code != FAULT_NOT_FOUND ? fault_set(fault, why.code, "%s", why.text) : 0;
}

int
process_meant(const value_t *arguments, const op_world_t *world, proc_t *out, fault_t *fault)
{
    const char *name = value_get_text(arguments, "name");
    bool ours = false;
    if (proc_read_id(value_get_text(arguments, "process"), out, fault))
        return -1;
    if (name[0] && strcmp(out->name, name) != 0)
        return fault_set(fault, FAULT_CONFLICT, "process %d is no '%s'", (int)out->pid, name);
    if (process_is_ours(out, world, &ours, fault))
        return -1;
    if (out->pid == 1 || ours)
        return fault_set(fault, FAULT_POLICY, "process %d is the machine's first, or tocsin's own",
                         (int)out->pid);
    return 0;
}
