/* SPDX-License-Identifier: Apache-2.0 */
#include "worker/ops/freezer.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <unistd.h>

#include "common/file.h"
#include "worker/ops/done.h"
#include "worker/ops/machine.h"

#define WAIT_MS   5000 /* until all stand still, and until an empty group can go */
#define ROUND_MS  10
#define ROUNDS    20 /* in which new descendants are looked for */
#define GROUP_MAX (1024 * 1024)

typedef struct {
    const char *mount; /* where its groups are */
    const char *line;  /* what a process's line of /proc/PID/cgroup has in front of the path */
    const char *file, *freeze, *thaw;
    const char *state, *frozen; /* the file that tells, and what it says then */
} kind_t;

static const kind_t kinds[] = {
    {"/sys/fs/cgroup/freezer", ":freezer:", "freezer.state", "FROZEN", "THAWED", "freezer.state",
     "FROZEN"},
    {"/sys/fs/cgroup", "0::", "cgroup.freeze", "1", "0", "cgroup.events", "frozen 1"},
};

typedef struct {
    const kind_t *kind;
    char home[PATH_MAX];  /* the group that the process belongs in */
    char group[PATH_MAX]; /* that in which it is frozen */
    bool inside;          /* it is in that one */
} frozen_group_t;

/* "" where the process is gone, or in no group of that kind. */
static int
read_group(const op_world_t *world, const kind_t *kind, pid_t pid, char out[static PATH_MAX],
           fault_t *fault)
{
    fault_t why = {0};
    CLEANUP(bytes_destroy)
    bytes_t *text = machine_read(world, GROUP_MAX, &why, "/proc/%d/cgroup", (int)pid);
    bool gone = !text && (why.code == FAULT_NOT_FOUND || errno == ESRCH);
    const char *at = text ? strstr(bytes_text(text), kind->line) : NULL;
    snprintf(out, PATH_MAX, "%s", at ? at + strlen(kind->line) : "");
    out[strcspn(out, "\n")] = '\0';
    return text || gone ? 0 : fault_set(fault, why.code, "%s", why.text);
}

static int
locate(const op_world_t *world, const proc_t *root, frozen_group_t *out, fault_t *fault)
{
    char path[PATH_MAX], name[64], own[PATH_MAX];
    snprintf(name, sizeof name, "/tocsin-frozen-%d-%" PRIu64, (int)root->pid, root->start_ticks);
    for (size_t i = 0; i < ARRAY_SIZE(kinds); i++) {
        out->kind = &kinds[i];
        if (access(machine_path(world, path, "%s/cgroup.procs", kinds[i].mount), F_OK)) {
            if (errno != ENOENT && errno != ENOTDIR)
                return fault_errno(fault, "'%.160s'", path);
            continue;
        }
        if (read_group(world, &kinds[i], root->pid, own, fault))
            return -1;
        if (!own[0])
            continue;
        size_t size = strlen(own), more = strlen(name);
        out->inside = size >= more && !strcmp(own + size - more, name);
        if (out->inside)
            own[size - more] = '\0';
        machine_path(world, out->home, "%s%s", kinds[i].mount, strcmp(own, "/") ? own : "");
        snprintf(out->group, PATH_MAX, "%.*s%s", PATH_MAX - 64, out->home, name);
        return 0;
    }
    return fault_set(fault, FAULT_NOT_FOUND, "this machine has no freezer of control groups");
}

static int
write_word(const char *group, const char *file, const char *word, fault_t *fault)
{
    char path[PATH_MAX];
    snprintf(path, sizeof path, "%.*s/%s", PATH_MAX - 32, group, file);
    CLEANUP(descriptor_close) int fd = open(path, O_WRONLY | O_CLOEXEC);
    ssize_t wrote = fd < 0 ? -1 : write(fd, word, strlen(word));
    if (wrote < 0)
        return errno == ESRCH ? 0 : fault_errno(fault, "'%.160s'", path);
    return wrote == (ssize_t)strlen(word)
               ? 0
               : fault_set(fault, FAULT_IO, "'%.160s' did not take all of '%s'", path, word);
}

/* The caller's. */
static bytes_t *
read_file(const char *group, const char *file, fault_t *fault)
{
    char path[PATH_MAX];
    snprintf(path, sizeof path, "%.*s/%s", PATH_MAX - 32, group, file);
    return file_read(path, GROUP_MAX, fault);
}

static int
stands_still(const frozen_group_t *self, bool *frozen, fault_t *fault)
{
    CLEANUP(bytes_destroy) bytes_t *text = read_file(self->group, self->kind->state, fault);
    if (!text)
        return -1;
    *frozen = strstr(bytes_text(text), self->kind->frozen) == bytes_text(text) ||
              strstr(bytes_text(text), "\nfrozen 1");
    return 0;
}

static int
members(const char *group, size_t *count, fault_t *fault)
{
    CLEANUP(bytes_destroy) bytes_t *text = read_file(group, "cgroup.procs", fault);
    *count = 0;
    for (const char *at = text ? bytes_text(text) : ""; *at; at++)
        *count += *at == '\n';
    return text ? 0 : -1;
}

static int
move(const char *group, pid_t pid, fault_t *fault)
{
    char number[16];
    snprintf(number, sizeof number, "%d", (int)pid);
    return write_word(group, "cgroup.procs", number, fault);
}

/* The folder of the group that a process is in; "" where it is gone. */
static int
find_group(const op_world_t *world, const frozen_group_t *self, pid_t pid,
           char out[static PATH_MAX], fault_t *fault)
{
    char own[PATH_MAX];
    if (read_group(world, self->kind, pid, own, fault))
        return -1;
    if (own[0])
        machine_path(world, out, "%s%s", self->kind->mount, strcmp(own, "/") ? own : "");
    else
        out[0] = '\0';
    return 0;
}

/* Every process of the tree is in the group that the first belongs in. */
static int
check_tree(const op_world_t *world, const frozen_group_t *self, const pid_t *tree, size_t count,
           fault_t *fault)
{
    char path[PATH_MAX];
    for (size_t i = 0; i < count; i++) {
        if (find_group(world, self, tree[i], path, fault))
            return -1;
        if (path[0] && strcmp(path, self->home) != 0 && strcmp(path, self->group) != 0)
            return fault_set(fault, FAULT_CONFLICT,
                             "process %d, which descends from it, is in another control group",
                             (int)tree[i]);
    }
    return 0;
}

/* What the moved ones started meanwhile is moved in the next round: into a group that stands still
 * from the start. */
static int
gather(const op_world_t *world, const frozen_group_t *self, const proc_t *root, fault_t *fault)
{
    for (unsigned round = 0; round < ROUNDS; round++) {
        CLEANUP(memory_free) pid_t *tree = NULL;
        size_t count, before, after;
        if (proc_tree(root->pid, &tree, &count, fault) || members(self->group, &before, fault) ||
            check_tree(world, self, tree, count, fault))
            return -1;
        for (size_t i = 0; i < count; i++)
            if (move(self->group, tree[i], fault))
                return -1;
        if (members(self->group, &after, fault))
            return -1;
        if (round && after == before)
            return 0;
    }
    return fault_set(fault, FAULT_FAILED, "process %d starts others faster than they are frozen",
                     (int)root->pid);
}

/* Nobody who stands still can end and leave its pid to another: each is who it was. */
static int
kill_members(const frozen_group_t *self, fault_t *fault)
{
    CLEANUP(bytes_destroy) bytes_t *text = read_file(self->group, "cgroup.procs", fault);
    char line[32];
    const char *at = text ? bytes_text(text) : "";
    while (line_next(&at, line, sizeof line)) {
        pid_t pid = (pid_t)strtol(line, NULL, 10);
        if (pid > 1 && kill(pid, SIGKILL) && errno != ESRCH)
            return fault_errno(fault, "process %d cannot be killed", (int)pid);
    }
    return text ? 0 : -1;
}

static int
send_home(const frozen_group_t *self, fault_t *fault)
{
    CLEANUP(bytes_destroy) bytes_t *text = read_file(self->group, "cgroup.procs", fault);
    char line[32];
    const char *at = text ? bytes_text(text) : "";
    while (line_next(&at, line, sizeof line))
        if (move(self->home, (pid_t)strtol(line, NULL, 10), fault))
            return -1;
    return text ? 0 : -1;
}

static int
empty(const frozen_group_t *self, fault_t *fault)
{
    for (int waited = 0; waited < WAIT_MS; waited += ROUND_MS) {
        if (send_home(self, fault))
            return -1;
        if (!rmdir(self->group) || errno == ENOENT)
            return 0;
        if (errno != EBUSY)
            break;
        poll(NULL, 0, ROUND_MS);
    }
    return fault_errno(fault, "'%.160s' cannot be removed", self->group);
}

static int
thaw(const frozen_group_t *self, bool end, size_t *count, fault_t *fault)
{
    if (members(self->group, count, fault) || (end && kill_members(self, fault)) ||
        write_word(self->group, self->kind->file, self->kind->thaw, fault))
        return -1;
    return empty(self, fault)
               ? done_anyway(fault, "they are not frozen%s", end ? ", and killed" : "")
               : 0;
}

static int
await_still(const frozen_group_t *self, bool *frozen, fault_t *fault)
{
    for (int waited = 0; !stands_still(self, frozen, fault); waited += ROUND_MS) {
        if (*frozen || waited >= WAIT_MS)
            return 0;
        poll(NULL, 0, ROUND_MS);
    }
    return -1;
}

int
freezer_freeze(const op_world_t *world, const proc_t *root, bool *frozen, size_t *count,
               fault_t *fault)
{
    frozen_group_t place;
    fault_t ignored;
    CLEANUP(memory_free) pid_t *tree = NULL;
    size_t size;
    if (proc_tree(root->pid, &tree, &size, fault) || locate(world, root, &place, fault) ||
        check_tree(world, &place, tree, size, fault))
        return -1;
    if (mkdir(place.group, 0755) && errno != EEXIST)
        return fault_errno(fault, "'%.160s'", place.group);
    if (!write_word(place.group, place.kind->file, place.kind->freeze, fault) &&
        !gather(world, &place, root, fault) && !await_still(&place, frozen, fault) &&
        !members(place.group, count, fault))
        return 0;
    if (place.inside)
        return -1;                            /* it stands still as before */
    if (thaw(&place, false, count, &ignored)) /* what was wrong first is what is told */
        done_anyway(fault, "some of them are in '%.100s', frozen perhaps", place.group);
    return -1;
}

int
freezer_thaw(const op_world_t *world, const proc_t *root, bool end, size_t *count, fault_t *fault)
{
    frozen_group_t place;
    *count = 0;
    if (locate(world, root, &place, fault))
        return -1;
    if (!access(place.group, F_OK))
        return thaw(&place, end, count, fault);
    return errno == ENOENT ? 0 : fault_errno(fault, "'%.160s'", place.group);
}

/* ---- what would be, for who has a pid namespace of its own: to it cgroup.procs names nobody ----
 */

/* How many there are in the group, and who: the list is the caller's, with a fault too. */
static int
look_for_members(const op_world_t *world, const frozen_group_t *self, pid_t **out, size_t *count,
                 fault_t *fault)
{
    char path[PATH_MAX];
    CLEANUP(memory_free) proc_t *all = NULL;
    size_t unseen, size = proc_all(&all, &unseen);
    *out = memory_new(size ? size : 1, sizeof **out);
    *count = 0;
    for (size_t i = 0; i < size; i++) {
        if (find_group(world, self, all[i].pid, path, fault))
            return -1;
        if (!strcmp(path, self->group))
            (*out)[(*count)++] = all[i].pid;
    }
    return unseen ? fault_set(fault, FAULT_IO, "the kernel does not tell of all processes") : 0;
}

int
freezer_foretell(const op_world_t *world, const proc_t *root, pid_t **would, size_t *count,
                 size_t *frozen, fault_t *fault)
{
    char path[PATH_MAX];
    frozen_group_t place;
    CLEANUP(memory_free) pid_t *tree = NULL;
    CLEANUP(memory_free) pid_t *still = NULL;
    size_t size, kept = 0;
    if (proc_tree(root->pid, &tree, &size, fault) || locate(world, root, &place, fault) ||
        check_tree(world, &place, tree, size, fault) ||
        look_for_members(world, &place, &still, frozen, fault))
        return -1;
    for (size_t i = 0; i < size; i++) {
        if (find_group(world, &place, tree[i], path, fault))
            return -1;
        if (!strcmp(path, place.home))
            tree[kept++] = tree[i];
    }
    *would = MOVE(tree);
    *count = kept;
    return 0;
}

int
freezer_foretell_thaw(const op_world_t *world, const proc_t *root, pid_t **would, size_t *count,
                      fault_t *fault)
{
    frozen_group_t place;
    return locate(world, root, &place, fault)
               ? -1
               : look_for_members(world, &place, would, count, fault);
}
