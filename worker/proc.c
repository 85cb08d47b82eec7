/* SPDX-License-Identifier: Apache-2.0 */
#include "worker/proc.h"

#include <assert.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/pidfd.h>
#include <sys/stat.h>
#include <unistd.h>

#include "common/file.h"
#include "common/text.h"

#define ROUND_MS  10
#define NOTE_MAX  128
#define BOOT_TEXT 37 /* a UUID and its end */

/* "PID (NAME) STATE PARENT ..."; a name may hold anything, so its end is the last parenthesis. */
static bool
parse_stat(char *text, proc_t *out)
{
    char *open = strchr(text, '('), *close = strrchr(text, ')');
    int parent;
    if (!open || !close || close < open)
        return false;
    *close = '\0';
    snprintf(out->name, sizeof out->name, "%s", open + 1);
    if (sscanf(close + 1,
               " %c %d %*d %*d %*d %*d %*u %*u %*u %*u %*u %*u %*u %*d %*d %*d %*d %*d %*d"
               " %" SCNu64,
               &out->state, &parent, &out->start_ticks) != 3)
        return false;
    out->parent = parent;
    return true;
}

bool
proc_read(pid_t pid, proc_t *out)
{
    char path[64], text[1024];
    struct stat status;
    snprintf(path, sizeof path, "/proc/%d/stat", (int)pid);
    CLEANUP(descriptor_close) int fd = open(path, O_RDONLY | O_CLOEXEC);
    if (pid <= 0 || fd < 0 || fstat(fd, &status))
        return false;
    ssize_t got = read(fd, text, sizeof text - 1);
    if (got <= 0)
        return false;
    text[got] = '\0';
    proc_t found = {.pid = pid, .user = status.st_uid};
    if (!parse_stat(text, &found))
        return false;
    *out = found;
    return true;
}

/* Neither a zombie nor dead. */
static bool
is_alive(const proc_t *self)
{
    return self->state != 'Z' && self->state != 'X';
}

/* Both clocks at one moment, as near as it can be had: what came between them would shift it. */
wall_t
wall_of(mono_t moment)
{
    int64_t best_ms = INT64_MAX;
    wall_t found = {0};
    for (int i = 0; i < 8 && best_ms > 1; i++) {
        mono_t before = mono_now();
        wall_t now = wall_now();
        int64_t took_ms = mono_now().ms - before.ms;
        if (took_ms >= best_ms)
            continue;
        best_ms = took_ms;
        found.ms = now.ms - (before.ms - moment.ms);
    }
    return found;
}

wall_t
proc_started(const proc_t *self)
{
    return wall_of((mono_t){(int64_t)(self->start_ticks * 1000 / (uint64_t)sysconf(_SC_CLK_TCK))});
}

static int
compare_pids(const void *left, const void *right)
{
    const proc_t *a = left, *b = right;
    return (a->pid > b->pid) - (a->pid < b->pid);
}

size_t
proc_all(proc_t **out)
{
    size_t count = 0, room = 256;
    DIR *folder = opendir("/proc");
    struct dirent *entry;
    uint64_t pid;
    *out = memory_new(room, sizeof **out);
    while (folder && count < PROC_MAX && (entry = readdir(folder))) {
        if (!text_read_u64(entry->d_name, 1, INT32_MAX, &pid))
            continue;
        if (count == room)
            *out = memory_resize(*out, room *= 2, sizeof **out);
        count += proc_read((pid_t)pid, &(*out)[count]);
    }
    if (folder)
        closedir(folder);
    qsort(*out, count, sizeof **out, compare_pids);
    return count;
}

/* An empty text where the kernel does not tell. */
static void
read_boot(char out[static BOOT_TEXT])
{
    fault_t ignored;
    CLEANUP(bytes_destroy)
    bytes_t *text = file_read("/proc/sys/kernel/random/boot_id", 2 * BOOT_TEXT, &ignored);
    snprintf(out, BOOT_TEXT, "%.*s", BOOT_TEXT - 1, text ? bytes_text(text) : "");
}

void
proc_write_id(const proc_t *self, char out[static PROC_ID_MAX])
{
    char boot[BOOT_TEXT];
    read_boot(boot);
    snprintf(out, PROC_ID_MAX, "%d-%" PRIu64 "-%s", (int)self->pid, self->start_ticks, boot);
}

int
proc_read_id(const char *id, proc_t *out, fault_t *fault)
{
    int pid;
    uint64_t ticks;
    char meant[BOOT_TEXT] = "", boot[BOOT_TEXT];
    if (sscanf(id, "%d-%" SCNu64 "-%36s", &pid, &ticks, meant) != 3 || pid < 1)
        return fault_set(fault, FAULT_ARGUMENT, "'%.80s' is no process's id", id);
    read_boot(boot);
    if (strcmp(meant, boot) != 0 || !proc_read(pid, out) || !is_alive(out) ||
        out->start_ticks != ticks)
        return fault_set(fault, FAULT_NOT_FOUND, "the process that was %d is gone", pid);
    return 0;
}

int
proc_note(const char *path, pid_t pid, fault_t *fault)
{
    char text[NOTE_MAX], boot[BOOT_TEXT];
    proc_t found;
    if (!proc_read(pid, &found))
        return fault_set(fault, FAULT_NOT_FOUND, "process %d is gone", (int)pid);
    read_boot(boot);
    snprintf(text, sizeof text, "%d %" PRIu64 " %s", (int)pid, found.start_ticks, boot);
    if ((unlink(path) && errno != ENOENT) || symlink(text, path))
        return fault_errno(fault, "'%s' cannot be written", path);
    return 0;
}

/* False where there is no note of this boot. */
static bool
read_note(const char *path, int *pid, uint64_t *ticks)
{
    char text[NOTE_MAX], noted[BOOT_TEXT] = "", boot[BOOT_TEXT];
    ssize_t size = readlink(path, text, sizeof text - 1);
    text[size > 0 ? size : 0] = '\0';
    if (sscanf(text, "%d %" SCNu64 " %36s", pid, ticks, noted) < 2)
        return false;
    read_boot(boot);
    return *pid > 1 && !strcmp(noted, boot);
}

bool
proc_noted(const char *path, proc_t *out)
{
    int pid;
    uint64_t ticks;
    return read_note(path, &pid, &ticks) && proc_read(pid, out) && is_alive(out) &&
           out->start_ticks == ticks;
}

bool
proc_noted_once(const char *path, proc_t *out)
{
    int pid;
    uint64_t ticks;
    if (!read_note(path, &pid, &ticks))
        return false;
    *out = (proc_t){.pid = pid, .start_ticks = ticks};
    return true;
}

/* A descriptor of this very process: -1 and 0 in *wrong where it is gone. */
static int
hold(const proc_t *self, int *wrong, fault_t *fault)
{
    proc_t found;
    assert(self->pid > 1);
    CLEANUP(descriptor_close) int fd = pidfd_open(self->pid, 0);
    bool gone = fd < 0 && errno == ESRCH;
    *wrong = fd < 0 && !gone ? fault_errno(fault, "process %d cannot be held", (int)self->pid) : 0;
    if (fd < 0 || !proc_read(self->pid, &found) || found.start_ticks != self->start_ticks)
        return -1;
    int held = fd;
    fd = -1;
    return held;
}

static int
signal_held(int fd, const proc_t *self, int number, fault_t *fault)
{
    if (pidfd_send_signal(fd, number, NULL, 0) && errno != ESRCH)
        return fault_errno(fault, "process %d cannot be signalled", (int)self->pid);
    return 0;
}

int
proc_signal(const proc_t *self, int number, fault_t *fault)
{
    int wrong;
    CLEANUP(descriptor_close) int fd = hold(self, &wrong, fault);
    return fd < 0 ? wrong : signal_held(fd, self, number, fault);
}

int
proc_end(const proc_t *self, int wait_ms, fault_t *fault)
{
    int wrong;
    CLEANUP(descriptor_close) int fd = hold(self, &wrong, fault);
    struct pollfd waiting = {.fd = fd, .events = POLLIN};
    if (fd < 0)
        return wrong;
    if (signal_held(fd, self, SIGKILL, fault))
        return -1;
    if (poll(&waiting, 1, wait_ms) != 1)
        return fault_set(fault, FAULT_TIMEOUT, "process %d does not end", (int)self->pid);
    return 0;
}

/* Marks every living descendant of root; parents may stand behind their children in the list, so it
 * is walked until nothing is added. */
static size_t
mark_descendants(pid_t root, const proc_t *all, size_t count, bool *below)
{
    size_t marked = 0, before;
    do {
        before = marked;
        for (size_t i = 0; i < count; i++) {
            proc_t wanted = {.pid = all[i].parent};
            proc_t *parent = bsearch(&wanted, all, count, sizeof *all, compare_pids);
            if (below[i] || !is_alive(&all[i]))
                continue;
            below[i] = all[i].parent == root || (parent && below[parent - all]);
            marked += below[i];
        }
    } while (marked != before);
    return marked;
}

size_t
proc_tree(pid_t root, pid_t **out)
{
    CLEANUP(memory_free) proc_t *all = NULL;
    size_t count = proc_all(&all), size = 0;
    CLEANUP(memory_free) bool *below = memory_new(count + 1, sizeof *below);
    *out = memory_new(mark_descendants(root, all, count, below) + 1, sizeof **out);
    (*out)[size++] = root;
    for (size_t i = 0; i < count; i++)
        if (below[i])
            (*out)[size++] = all[i].pid;
    return size;
}

/* Signals every living descendant of root; returns how many there were. */
static size_t
signal_descendants(pid_t root)
{
    CLEANUP(memory_free) proc_t *all = NULL;
    size_t count = proc_all(&all);
    CLEANUP(memory_free) bool *below = memory_new(count + 1, sizeof *below);
    size_t marked = mark_descendants(root, all, count, below);
    for (size_t i = 0; i < count; i++)
        if (below[i]) {
            int sent = proc_signal(&all[i], SIGKILL, NULL);
            (void)sent; /* whom it does not reach is there in the next round */
        }
    return marked;
}

int
proc_end_tree(const proc_t *root, int wait_ms, fault_t *fault)
{
    mono_t start = mono_now();
    if (proc_signal(root, SIGSTOP, fault))
        return -1;
    while (signal_descendants(root->pid) > 0) {
        if (mono_now().ms - start.ms > wait_ms)
            return fault_set(fault, FAULT_TIMEOUT, "what process %d started does not end",
                             (int)root->pid);
        poll(NULL, 0, ROUND_MS);
    }
    return proc_end(root, wait_ms, fault);
}
