/* SPDX-License-Identifier: Apache-2.0 */
#include "worker/ops/revert.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/capability.h>
#include <signal.h>
#include <stdio.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "common/file.h"
#include "worker/op_group.h"
#include "worker/ops/done.h"
#include "worker/proc.h"

#define ACT_MS  10000 /* that it may take to act */
#define LOOK_MS 20

static int
note_path(const op_world_t *world, const char *name, char out[static PATH_MAX], fault_t *fault)
{
    if (snprintf(out, PATH_MAX, "%s/%s", world->keepers, name) >= PATH_MAX)
        return fault_set(fault, FAULT_LIMIT, "the state folder's path is too long");
    return 0;
}

/* Of root's rights it keeps what changes the network. */
static void
shed_rights(void)
{
    struct __user_cap_header_struct header = {.version = _LINUX_CAPABILITY_VERSION_3};
    struct __user_cap_data_struct data[2] = {0};
    data[0].permitted = data[0].effective = 1U << CAP_NET_ADMIN;
    prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0);
    syscall(SYS_capset, &header, data);
}

static void
wait_until(mono_t deadline, const sigset_t *signals)
{
    int64_t left;
    while ((left = deadline.ms - mono_now().ms) > 0) {
        struct timespec most = {left / 1000, left % 1000 * 1000000};
        if (sigtimedwait(signals, NULL, &most) == SIGTERM)
            return;
    }
}

_Noreturn static void
keep(const char *note, mono_t deadline, int ready, revert_undo_t *undo, const void *change)
{
    fault_t ignored;
    sigset_t signals;
    proc_t noted;
    sigemptyset(&signals);
    sigaddset(&signals, SIGTERM);
    sigprocmask(SIG_BLOCK, &signals, NULL);
    signal(SIGPIPE, SIG_IGN);
    prctl(PR_SET_NAME, "tocsin-revert");
    op_group_leave();
    shed_rights();
    if (proc_note(note, getpid(), &ignored))
        _exit(1);
    if (dup2(ready, 3) != 3 || close_range(4, ~0U, 0) || write(3, "r", 1) != 1) {
        unlink(note); /* nobody waits for it any more */
        _exit(1);
    }
    close(3);
    wait_until(deadline, &signals);
    undo(change);
    if (proc_noted(note, &noted) && noted.pid == getpid())
        unlink(note);
    _exit(0);
}

static bool
await_end(pid_t child, int *status)
{
    pid_t ended = -1;
    do
        ended = waitpid(child, status, 0);
    while (ended < 0 && errno == EINTR);
    return ended == child;
}

/* One that stands, though nobody heard it say so, has nothing to take back. */
static void
dismiss(const char *note)
{
    fault_t ignored;
    proc_t keeper;
    if (!proc_look_noted(note, &keeper, &ignored) && !proc_end(&keeper, ACT_MS, &ignored))
        unlink(note);
}

int
revert_arm(const op_world_t *world, const char *name, int64_t seconds, revert_undo_t *undo,
           const void *change, fault_t *fault)
{
    char note[PATH_MAX], byte;
    int ends[2], status;
    mono_t deadline = {mono_now().ms + seconds * 1000};
    if (note_path(world, name, note, fault))
        return -1;
    if (pipe2(ends, O_CLOEXEC))
        return fault_errno(fault, "pipe");
    prctl(PR_SET_CHILD_SUBREAPER, 0); /* it is not the op's */
    pid_t between = fork();
    if (between == 0) {
        setsid();
        pid_t keeper = fork();
        if (keeper == 0)
            keep(note, deadline, ends[1], undo, change);
        _exit(keeper < 0);
    }
    close(ends[1]);
    bool ready =
        between > 0 && await_end(between, &status) && !status && file_fill(ends[0], &byte, 1) == 1;
    prctl(PR_SET_CHILD_SUBREAPER, 1);
    close(ends[0]);
    if (ready)
        return 0;
    dismiss(note);
    return fault_set(fault, FAULT_IO, "no process stands that would take it back");
}

bool
revert_waits(const op_world_t *world, const char *name)
{
    char note[PATH_MAX];
    fault_t ignored;
    proc_t keeper;
    return !note_path(world, name, note, &ignored) && proc_noted(note, &keeper);
}

int
revert_now(const op_world_t *world, const char *name, fault_t *fault)
{
    char note[PATH_MAX];
    proc_t keeper;
    bool ended;
    if (note_path(world, name, note, fault))
        return -1;
    fault_t why = {0};
    if (proc_look_noted(note, &keeper, &why))
        return why.code == FAULT_NOT_FOUND ? 0 : fault_set(fault, why.code, "%s", why.text);
    if (proc_signal(&keeper, SIGTERM, fault))
        return -1;
    for (int waited = 0; waited < ACT_MS; waited += LOOK_MS) {
        if (proc_has_ended(&keeper, &ended, fault))
            return done_anyway(fault, "process %d was asked to take it back", (int)keeper.pid);
        if (ended)
            return 0;
        nanosleep(&(struct timespec){.tv_nsec = LOOK_MS * 1000000L}, NULL);
    }
    return fault_set(fault, FAULT_TIMEOUT, "process %d does not take its change back",
                     (int)keeper.pid);
}
