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
#include "worker/ops/done.h"

#define ROUND_MS  10
#define STILL_MS  200 /* a running process has taken a signal in by then */
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

/* Of one that is gone meanwhile the kernel says ESRCH, or nothing. */
static int
not_told(pid_t pid, fault_t *fault)
{
    if (!errno || errno == ENOENT || errno == ESRCH)
        return fault_set(fault, FAULT_NOT_FOUND, "there is no process %d", (int)pid);
    return fault_errno(fault, "the kernel does not tell of process %d", (int)pid);
}

int
proc_look(pid_t pid, proc_t *out, fault_t *fault)
{
    char path[64], text[1024];
    struct stat status;
    size_t size = 0;
    ssize_t got = 1;
    snprintf(path, sizeof path, "/proc/%d/stat", (int)pid);
    errno = 0;
    CLEANUP(descriptor_close) int fd = pid > 0 ? open(path, O_RDONLY | O_CLOEXEC) : -1;
    if (fd < 0 || fstat(fd, &status))
        return not_told(pid, fault);
    while (got && size < sizeof text - 1) {
        got = read(fd, text + size, sizeof text - 1 - size);
        if (got < 0 && errno != EINTR)
            return not_told(pid, fault);
        size += got > 0 ? (size_t)got : 0;
    }
    text[size] = '\0';
    proc_t found = {.pid = pid, .user = status.st_uid};
    errno = 0;
    if (!parse_stat(text, &found))
        return not_told(pid, fault);
    *out = found;
    return 0;
}

bool
proc_read(pid_t pid, proc_t *out)
{
    return !proc_look(pid, out, NULL);
}

/* Neither a zombie nor dead. */
static bool
is_alive(const proc_t *self)
{
    return self->state != 'Z' && self->state != 'X';
}

int
proc_has_ended(const proc_t *self, bool *ended, fault_t *fault)
{
    proc_t now;
    fault_t why = {0};
    int wrong = proc_look(self->pid, &now, &why);
    if (wrong && why.code != FAULT_NOT_FOUND)
        return fault_set(fault, why.code, "%s", why.text);
    *ended = wrong || now.start_ticks != self->start_ticks || !is_alive(&now);
    return 0;
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

/* Those that a folder names: /proc, or one process's threads. */
static size_t
look_through(const char *path, proc_t **out, size_t *unseen)
{
    size_t count = 0, room = 256, hidden = 0;
    DIR *folder = opendir(path);
    struct dirent *entry = NULL;
    fault_t why;
    uint64_t pid;
    *out = memory_new(room, sizeof **out);
    for (errno = 0; folder && count < PROC_MAX && (entry = readdir(folder)); errno = 0) {
        if (!text_read_u64(entry->d_name, 1, INT32_MAX, &pid))
            continue;
        if (count == room)
            *out = memory_resize(*out, room *= 2, sizeof **out);
        if (!proc_look((pid_t)pid, &(*out)[count], &why))
            count++;
        else
            hidden += why.code != FAULT_NOT_FOUND;
    }
    hidden += !folder || entry || errno;
    if (folder)
        closedir(folder);
    if (unseen)
        *unseen = hidden;
    qsort(*out, count, sizeof **out, compare_pids);
    return count;
}

size_t
proc_all(proc_t **out, size_t *unseen)
{
    return look_through("/proc", out, unseen);
}

static int
read_boot(char out[static BOOT_TEXT], fault_t *fault)
{
    CLEANUP(bytes_destroy)
    bytes_t *text = file_read("/proc/sys/kernel/random/boot_id", 2 * BOOT_TEXT, fault);
    snprintf(out, BOOT_TEXT, "%.*s", BOOT_TEXT - 1, text ? bytes_text(text) : "");
    return text ? 0 : -1;
}

int
proc_write_id(const proc_t *self, char out[static PROC_ID_MAX], fault_t *fault)
{
    char boot[BOOT_TEXT];
    if (read_boot(boot, fault))
        return -1;
    snprintf(out, PROC_ID_MAX, "%d-%" PRIu64 "-%s", (int)self->pid, self->start_ticks, boot);
    return 0;
}

int
proc_read_id(const char *id, proc_t *out, fault_t *fault)
{
    int pid;
    uint64_t ticks;
    char meant[BOOT_TEXT] = "", boot[BOOT_TEXT];
    fault_t why = {0};
    if (sscanf(id, "%d-%" SCNu64 "-%36s", &pid, &ticks, meant) != 3 || pid < 1)
        return fault_set(fault, FAULT_ARGUMENT, "'%.80s' is no process's id", id);
    if (read_boot(boot, fault))
        return -1;
    int wrong = proc_look(pid, out, &why);
    if (wrong && why.code != FAULT_NOT_FOUND)
        return fault_set(fault, why.code, "%s", why.text);
    if (wrong || strcmp(meant, boot) != 0 || !is_alive(out) || out->start_ticks != ticks)
        return fault_set(fault, FAULT_NOT_FOUND, "the process that was %d is gone", pid);
    return 0;
}

int
proc_note(const char *path, pid_t pid, fault_t *fault)
{
    char text[NOTE_MAX], boot[BOOT_TEXT];
    proc_t found;
    if (proc_look(pid, &found, fault) || read_boot(boot, fault))
        return -1;
    snprintf(text, sizeof text, "%d %" PRIu64 " %s", (int)pid, found.start_ticks, boot);
    if ((unlink(path) && errno != ENOENT) || symlink(text, path))
        return fault_errno(fault, "'%s' cannot be written", path);
    return 0;
}

/* FAULT_NOT_FOUND where there is no note of this boot. */
static int
read_note(const char *path, int *pid, uint64_t *ticks, fault_t *fault)
{
    char text[NOTE_MAX], noted[BOOT_TEXT] = "", boot[BOOT_TEXT];
    ssize_t size = readlink(path, text, sizeof text - 1);
    if (size < 0 && errno != ENOENT && errno != ENOTDIR && errno != EINVAL)
        return fault_errno(fault, "note '%.160s' cannot be read", path);
    text[size > 0 ? size : 0] = '\0';
    bool is_note = sscanf(text, "%d %" SCNu64 " %36s", pid, ticks, noted) >= 2 && *pid > 1;
    if (is_note && read_boot(boot, fault))
        return -1;
    return is_note && !strcmp(noted, boot)
               ? 0
               : fault_set(fault, FAULT_NOT_FOUND, "'%.160s' notes no process", path);
}

int
proc_look_noted(const char *path, proc_t *out, fault_t *fault)
{
    int pid;
    uint64_t ticks;
    if (read_note(path, &pid, &ticks, fault) || proc_look(pid, out, fault))
        return -1;
    return is_alive(out) && out->start_ticks == ticks
               ? 0
               : fault_set(fault, FAULT_NOT_FOUND, "the process that was %d is gone", pid);
}

bool
proc_noted(const char *path, proc_t *out)
{
    return !proc_look_noted(path, out, NULL);
}

bool
proc_noted_once(const char *path, proc_t *out)
{
    int pid;
    uint64_t ticks;
    if (read_note(path, &pid, &ticks, NULL))
        return false;
    *out = (proc_t){.pid = pid, .start_ticks = ticks};
    return true;
}

/* A descriptor of this very process: -1 and 0 in *wrong where it is gone. */
static int
hold(const proc_t *self, int *wrong, fault_t *fault)
{
    proc_t found;
    fault_t why = {0};
    assert(self->pid > 1);
    CLEANUP(descriptor_close) int fd = pidfd_open(self->pid, 0);
    bool gone = fd < 0 && errno == ESRCH;
    *wrong = fd < 0 && !gone ? fault_errno(fault, "process %d cannot be held", (int)self->pid) : 0;
    if (fd < 0)
        return -1;
    int unknown = proc_look(self->pid, &found, &why);
    if (unknown && why.code != FAULT_NOT_FOUND)
        *wrong = fault_set(fault, why.code, "%s", why.text);
    if (unknown || found.start_ticks != self->start_ticks)
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

/* It may end yet: nobody who is killed can be let live again. */
static int
told_to_end(fault_t *fault, pid_t pid)
{
    fault_set(fault, FAULT_TIMEOUT, "process %d does not end", (int)pid);
    return fault ? done_anyway(fault, "it was killed") : -1;
}

/* Whether it is gone, by what is waited for: a moment in which nothing can be waited for is none in
 * which it does not end. */
static bool
is_gone_in_time(struct pollfd *waiting, int wait_ms)
{
    mono_t from = mono_now();
    int ready;
    do {
        int64_t left = wait_ms - (mono_now().ms - from.ms);
        ready = poll(waiting, 1, left > 0 ? (int)left : 0);
    } while (ready < 0 && mono_now().ms - from.ms < wait_ms);
    return ready == 1;
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
    if (!is_gone_in_time(&waiting, wait_ms))
        return told_to_end(fault, self->pid);
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

/* All, none of which is hidden; the array is the caller's, with a fault too. */
static int
see_all(proc_t **out, size_t *count, fault_t *fault)
{
    size_t unseen;
    *count = proc_all(out, &unseen);
    return unseen ? fault_set(fault, FAULT_IO, "the kernel does not tell of all processes") : 0;
}

int
proc_tree(pid_t root, pid_t **out, size_t *size, fault_t *fault)
{
    CLEANUP(memory_free) proc_t *all = NULL;
    size_t count;
    if (see_all(&all, &count, fault))
        return -1;
    CLEANUP(memory_free) bool *below = memory_new(count + 1, sizeof *below);
    *out = memory_new(mark_descendants(root, all, count, below) + 1, sizeof **out);
    *size = 0;
    (*out)[(*size)++] = root;
    for (size_t i = 0; i < count; i++)
        if (below[i])
            (*out)[(*size)++] = all[i].pid;
    return 0;
}

/* What a look at all that is below root found. */
typedef struct {
    size_t living;
    size_t dead; /* its children that nobody waited for: as it is stopped, those only grow */
} below_t;

/* Signals every living descendant of root. */
static int
kill_descendants(pid_t root, below_t *found, fault_t *fault)
{
    CLEANUP(memory_free) proc_t *all = NULL;
    size_t count;
    if (see_all(&all, &count, fault))
        return -1;
    CLEANUP(memory_free) bool *below = memory_new(count + 1, sizeof *below);
    *found = (below_t){.living = mark_descendants(root, all, count, below)};
    for (size_t i = 0; i < count; i++)
        found->dead += all[i].parent == root && !is_alive(&all[i]);
    for (size_t i = 0; i < count; i++)
        if (below[i]) {
            int sent = proc_signal(&all[i], SIGKILL, NULL);
            (void)sent; /* whom it does not reach is there in the next round */
        }
    return 0;
}

/* Whether a thread of it may begin something: none that is stopped, and none that has ended. */
static bool
moves(pid_t pid)
{
    char path[64];
    CLEANUP(memory_free) proc_t *threads = NULL;
    snprintf(path, sizeof path, "/proc/%d/task", (int)pid);
    size_t count = look_through(path, &threads, NULL);
    for (size_t i = 0; i < count; i++)
        if (is_alive(&threads[i]) && !strchr("Tt", threads[i].state))
            return true;
    return false;
}

/* A signal is taken in later than it is sent: what was forking meanwhile has one child more. Who
 * sleeps where no signal reaches him, or is frozen, begins nothing either. */
static void
stand_still(pid_t pid)
{
    mono_t start = mono_now();
    while (moves(pid) && mono_now().ms - start.ms < STILL_MS)
        poll(NULL, 0, 1);
}

/* Of one that is stopped. Who died since the last look may have left a child that came behind the
 * look at all, so nothing is below it only once nobody lives and nobody died meanwhile. */
static int
end_descendants(const proc_t *root, int wait_ms, bool *killed, fault_t *fault)
{
    mono_t start = mono_now();
    below_t last, now = {.living = 1};
    do {
        last = now;
        if (kill_descendants(root->pid, &now, fault))
            return -1;
        *killed = *killed || now.living;
        if (!last.living && !now.living && last.dead == now.dead)
            return 0;
        if (now.living)
            poll(NULL, 0, ROUND_MS);
    } while (mono_now().ms - start.ms <= wait_ms);
    return fault_set(fault, FAULT_TIMEOUT, "what process %d started does not end", (int)root->pid);
}

int
proc_end_tree(const proc_t *root, int wait_ms, fault_t *fault)
{
    bool killed = false;
    if (proc_signal(root, SIGSTOP, fault))
        return -1;
    stand_still(root->pid);
    if (!end_descendants(root, wait_ms, &killed, fault) && !proc_end(root, wait_ms, fault))
        return 0;
    if (!killed && !proc_signal(root, SIGCONT, NULL))
        return -1;
    return fault ? done_anyway(fault, "process %d is stopped%s", (int)root->pid,
                               killed ? ", and what it started was killed, in part at least" : "")
                 : -1;
}
