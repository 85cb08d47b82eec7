/* SPDX-License-Identifier: Apache-2.0 */
#include "worker/op_group.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <limits.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "common/file.h"

#define ROUND_MS   10
#define ROUNDS     20 /* in which what is left is moved on */
#define GROUP_MAX  (1024 * 1024)
#define PREFIX     "/tocsin-op-"
#define LETTER_MAX 16

static const struct {
    const char *mount;               /* where its groups are */
    const char *line;                /* what is in front of the path in /proc/PID/cgroup */
    const char *file, *stop, *go_on; /* stop: kills all in v2, lets them stand still in v1 */
} kinds[] = {
    {"/sys/fs/cgroup/freezer", ":freezer:", "freezer.state", "FROZEN", "THAWED"},
    {"/sys/fs/cgroup/unified", "0::", "cgroup.kill", "1", NULL},
    {"/sys/fs/cgroup", "0::", "cgroup.kill", "1", NULL},
};

/* Our own group of this kind; false where there is none. */
static bool
find_own(size_t kind, char out[static PATH_MAX])
{
    char path[PATH_MAX];
    fault_t ignored;
    snprintf(path, sizeof path, "%s/cgroup.procs", kinds[kind].mount);
    CLEANUP(bytes_destroy) bytes_t *text = file_read("/proc/self/cgroup", GROUP_MAX, &ignored);
    char *at = text ? strstr(bytes_text(text), kinds[kind].line) : NULL;
    if (!at || access(path, F_OK))
        return false;
    at += strlen(kinds[kind].line);
    at[strcspn(at, "\n")] = '\0';
    int size = snprintf(out, PATH_MAX, "%s%s", kinds[kind].mount, strcmp(at, "/") ? at : "");
    return size < PATH_MAX - 128 && !strstr(at, "/..");
}

/* The path of an op's; false where there is no such kind. */
static bool
name_group(const proc_t *child, size_t kind, char out[static PATH_MAX])
{
    if (!find_own(kind, out))
        return false;
    size_t size = strlen(out);
    snprintf(out + size, PATH_MAX - size, PREFIX "%d-%" PRIu64, (int)child->pid,
             child->start_ticks);
    return true;
}

/* That of an op; whether it is there. */
static bool
find(const proc_t *child, size_t kind, char out[static PATH_MAX])
{
    return name_group(child, kind, out) && !access(out, F_OK);
}

static bool
tell(const char *group, const char *file, const char *word)
{
    char path[PATH_MAX + 32];
    snprintf(path, sizeof path, "%s/%s", group, file);
    CLEANUP(descriptor_close) int fd = open(path, O_WRONLY | O_CLOEXEC);
    return fd >= 0 && write(fd, word, strlen(word)) > 0;
}

static bool
put(const char *group, pid_t pid)
{
    char number[LETTER_MAX];
    snprintf(number, sizeof number, "%d", (int)pid);
    return tell(group, "cgroup.procs", number);
}

typedef void member_t(pid_t pid, const char *above);

static void
kill_member(pid_t pid, const char *above)
{
    (void)above;
    kill(pid, SIGKILL);
}

static void
move_member(pid_t pid, const char *above)
{
    put(above, pid);
}

/* How many there are. */
static size_t
each_member(const char *group, const char *above, member_t *act)
{
    char path[PATH_MAX + 32];
    fault_t ignored;
    size_t count = 0;
    int pid, used;
    snprintf(path, sizeof path, "%s/cgroup.procs", group);
    CLEANUP(bytes_destroy) bytes_t *text = file_read(path, GROUP_MAX, &ignored);
    for (const char *at = text ? bytes_text(text) : ""; sscanf(at, "%d%n", &pid, &used) == 1;
         at += used, count++)
        if (pid > 1)
            act(pid, above);
    return count;
}

/* No kind where none is to be had: one that only root can make needs no less than that. */
bool
op_group_make(const proc_t *child)
{
    char group[PATH_MAX];
    for (size_t i = 0; i < ARRAY_SIZE(kinds); i++) {
        if (!name_group(child, i, group) || mkdir(group, 0755))
            continue;
        if (put(group, child->pid))
            return true;
        rmdir(group);
    }
    return false;
}

/* Those who fork meanwhile stand still, or are killed by the kernel at once; where it can do
 * neither they are killed round by round. */
static int
end_group(size_t kind, const char *group, int wait_ms, fault_t *fault)
{
    mono_t start = mono_now();
    while (rmdir(group) && errno == EBUSY) {
        if (mono_now().ms - start.ms > wait_ms)
            return fault_set(fault, FAULT_TIMEOUT, "what an op started does not end ('%.160s')",
                             group);
        tell(group, kinds[kind].file, kinds[kind].stop);
        each_member(group, NULL, kill_member);
        if (kinds[kind].go_on)
            tell(group, kinds[kind].file, kinds[kind].go_on);
        poll(NULL, 0, ROUND_MS);
    }
    return 0;
}

int
op_group_end(const proc_t *child, int wait_ms, fault_t *fault)
{
    char group[PATH_MAX];
    for (size_t i = 0; i < ARRAY_SIZE(kinds); i++)
        if (find(child, i, group) && end_group(i, group, wait_ms, fault))
            return -1;
    return 0;
}

void
op_group_release(const proc_t *child)
{
    char group[PATH_MAX], above[PATH_MAX];
    for (size_t i = 0; i < ARRAY_SIZE(kinds); i++) {
        if (!find_own(i, above) || !find(child, i, group))
            continue;
        for (int round = 0; round < ROUNDS && rmdir(group) && errno == EBUSY; round++) {
            each_member(group, above, move_member);
            poll(NULL, 0, round ? ROUND_MS : 0); /* the dead are members until they are gone */
        }
    }
}

void
op_group_leave(void)
{
    char group[PATH_MAX];
    for (size_t i = 0; i < ARRAY_SIZE(kinds); i++) {
        char *name = find_own(i, group) ? strrchr(group, '/') : NULL;
        if (!name || strncmp(name, PREFIX, strlen(PREFIX)) != 0)
            continue;
        *name = '\0';
        put(group, getpid());
    }
}
