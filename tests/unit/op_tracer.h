/* SPDX-License-Identifier: Apache-2.0 */
/* op_tracer - an op in its cell whose system calls are seen in order, and of which one is answered
 * by an error that the kernel did not mean, or moves fewer bytes than it could (ptrace(2)). Seen
 * are those of the op's own process, once it has its arguments, and of what it forks, until that
 * executes something. Memory is always there: who runs out of it ends. */
#ifndef TOCSIN_OP_TRACER_H
#define TOCSIN_OP_TRACER_H

#include "op_bench.h"

#include <signal.h>
#include <sys/ptrace.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <sys/user.h>
#include <sys/wait.h>

#define TRACER_CALLS_MAX     20000
#define TRACER_PROCESSES_MAX 64
#define TRACER_GO_FD         4 /* from which an op reads its arguments (worker/op_cell.c) */
#define TRACER_RESULT_FD     3

typedef struct {
    unsigned process; /* 0: the op's own; then in the order in which they come */
    unsigned index;   /* of the process's calls */
    long number;
    uint64_t arguments[6];
    int64_t result;
    char text[128]; /* the path that it names, or reads or writes */
} call_t;

/* What one call answers. */
typedef struct {
    unsigned process, index;
    long number;   /* that it must be, too */
    int error;     /* 0: the call happens, of half of the bytes */
    int64_t bytes; /* then */
} failing_t;

typedef struct {
    pid_t pid; /* 0 where it is gone or let go */
    unsigned seen;
    bool reading;   /* amid the read of its arguments */
    bool answering; /* amid the call that fails */
    bool foreign;   /* has executed something */
    struct __ptrace_syscall_info entry;
} traced_t;

typedef struct {
    const failing_t *failing; /* NULL for none */
    traced_t all[TRACER_PROCESSES_MAX];
    unsigned count;
    bool acting;  /* has its arguments, and has not begun to answer */
    bool reached; /* the call that fails came */
    bool ended;   /* the op's own process */
    int signal;   /* by which; 0 */
    int status;   /* with which exit status it ended */
    call_t *calls;
    size_t call_count;
} tracer_t;

static void
tracer_wake(int number)
{
    (void)number;
}

/* The youngest child of this process, which is of one thread. */
static pid_t
tracer_youngest(void)
{
    fault_t fault = {0};
    CLEANUP(bytes_destroy)
    bytes_t *text = file_read("/proc/thread-self/children", 65536, &fault);
    assert_non_null(text);
    char *end = (char *)text->data + text->size;
    while (end > (char *)text->data && end[-1] == ' ')
        *--end = '\0';
    const char *last = strrchr(bytes_text(text), ' ');
    return (pid_t)strtol(last ? last : bytes_text(text), NULL, 10);
}

static traced_t *
tracer_find(tracer_t *self, pid_t pid)
{
    for (unsigned i = 0; i < self->count; i++)
        if (self->all[i].pid == pid)
            return &self->all[i];
    if (self->count == TRACER_PROCESSES_MAX)
        return NULL;
    self->all[self->count] = (traced_t){.pid = pid};
    return &self->all[self->count++];
}

static void
tracer_set(pid_t pid, size_t where, int64_t value)
{
    long wrong = ptrace(PTRACE_POKEUSER, pid, where, value);
    assert_int_equal(wrong, 0);
}

/* The path that a call names, for who reads of it. */
static void
tracer_read_text(pid_t pid, const call_t *call, char *out, size_t size)
{
    static const long first[] = {SYS_open,   SYS_stat,   SYS_lstat, SYS_access,
                                 SYS_unlink, SYS_mkdir,  SYS_rmdir, SYS_readlink,
                                 SYS_execve, SYS_rename, SYS_statfs};
    static const long second[] = {SYS_openat,    SYS_openat2,    SYS_newfstatat, SYS_unlinkat,
                                  SYS_renameat,  SYS_renameat2,  SYS_readlinkat, SYS_mkdirat,
                                  SYS_faccessat, SYS_faccessat2, SYS_statx};
    uint64_t at = 0;
    char link[64];
    if (call->number == SYS_read || call->number == SYS_pread64 || call->number == SYS_write) {
        snprintf(link, sizeof link, "/proc/%d/fd/%d", (int)pid, (int)call->arguments[0]);
        ssize_t got = readlink(link, out, size - 1);
        out[got > 0 ? got : 0] = '\0';
        return;
    }
    for (size_t i = 0; i < ARRAY_SIZE(first); i++)
        at = call->number == first[i] ? call->arguments[0] : at;
    for (size_t i = 0; i < ARRAY_SIZE(second); i++)
        at = call->number == second[i] ? call->arguments[1] : at;
    struct iovec to = {out, size - 1}, from = {(void *)(uintptr_t)at, size - 1};
    ssize_t got = at ? process_vm_readv(pid, &to, 1, &from, 1, 0) : 0;
    if (at && got < 0) { /* it lies at the end of a page */
        from.iov_len = 4096 - at % 4096;
        got = process_vm_readv(pid, &to, 1, &from, 1, 0);
    }
    out[got > 0 ? got : 0] = '\0';
}

static void
tracer_enter(tracer_t *self, traced_t *process)
{
    const struct __ptrace_syscall_info *info = &process->entry;
    long number = (long)info->entry.nr;
    process->reading = !self->acting && process == self->all && number == SYS_read &&
                       info->entry.args[0] == TRACER_GO_FD;
    if (process == self->all && number == SYS_write && info->entry.args[0] == TRACER_RESULT_FD)
        self->acting = false;
    if (!self->acting || self->call_count == TRACER_CALLS_MAX)
        return;
    call_t *call = &self->calls[self->call_count++];
    *call = (call_t){
        .process = (unsigned)(process - self->all), .index = process->seen++, .number = number};
    memcpy(call->arguments, info->entry.args, sizeof call->arguments);
    tracer_read_text(process->pid, call, call->text, sizeof call->text);
    const failing_t *failing = self->failing;
    if (!failing || failing->process != call->process || failing->index != call->index ||
        failing->number != number)
        return;
    self->reached = true;
    process->answering = failing->error;
    if (failing->error)
        tracer_set(process->pid, offsetof(struct user, regs.orig_rax), -1);
    else
        tracer_set(process->pid, offsetof(struct user, regs.rdx), failing->bytes);
}

static void
tracer_leave(tracer_t *self, traced_t *process, int64_t result)
{
    if (process->reading && result == 0)
        self->acting = true;
    process->reading = false;
    if (process->answering)
        tracer_set(process->pid, offsetof(struct user, regs.rax), -(int64_t)self->failing->error);
    process->answering = false;
    unsigned which = (unsigned)(process - self->all);
    for (size_t i = self->call_count; i-- > 0;)
        if (self->calls[i].process == which) {
            self->calls[i].result = result;
            break;
        }
}

static void
tracer_on_stop(tracer_t *self, pid_t pid, int status)
{
    int number = status & 0xff, event = status >> 8;
    traced_t *process = tracer_find(self, pid);
    long pass = 0;
    if (!process || process->foreign ||
        (event == PTRACE_EVENT_EXEC && (process != self->all || self->acting))) {
        ptrace(PTRACE_DETACH, pid, 0, 0);
        if (process)
            process->pid = 0;
        return;
    }
    if (number == (SIGTRAP | 0x80)) {
        struct __ptrace_syscall_info info;
        ptrace(PTRACE_GET_SYSCALL_INFO, pid, sizeof info, &info);
        if (info.op == PTRACE_SYSCALL_INFO_ENTRY) {
            process->entry = info;
            tracer_enter(self, process);
        } else if (info.op == PTRACE_SYSCALL_INFO_EXIT) {
            tracer_leave(self, process, info.exit.rval);
        }
    } else if (!event) {
        pass = number;
    } else if (event == PTRACE_EVENT_STOP && number != SIGTRAP) {
        ptrace(PTRACE_LISTEN, pid, 0, 0);
        return;
    }
    ptrace(PTRACE_SYSCALL, pid, 0, pass);
}

/* Whether anything came. The op's own process is left to who reaps it. */
static bool
tracer_step(tracer_t *self)
{
    siginfo_t info = {0};
    if (waitid(P_ALL, 0, &info, WEXITED | WSTOPPED | __WALL | WNOHANG | WNOWAIT) || !info.si_pid)
        return false;
    if (info.si_code == CLD_TRAPPED || info.si_code == CLD_STOPPED) {
        waitid(P_PID, (id_t)info.si_pid, &info, WSTOPPED | __WALL);
        tracer_on_stop(self, info.si_pid, info.si_status);
        return true;
    }
    if (info.si_pid == self->all[0].pid) {
        self->ended = true;
        self->signal = info.si_code == CLD_EXITED ? 0 : info.si_status;
        self->status = info.si_code == CLD_EXITED ? info.si_status : 0;
        return false;
    }
    waitid(P_PID, (id_t)info.si_pid, &info, WEXITED | __WALL);
    for (unsigned i = 1; i < self->count; i++)
        if (self->all[i].pid == info.si_pid)
            self->all[i].pid = 0;
    return true;
}

/* Those that are left go on by themselves. */
static void
tracer_release(tracer_t *self)
{
    for (unsigned i = self->ended; i < self->count; i++) {
        int status;
        pid_t pid = self->all[i].pid;
        if (!pid || ptrace(PTRACE_INTERRUPT, pid, 0, 0))
            continue;
        if (i == 0) { /* it may end meanwhile, and is not ours to reap */
            siginfo_t info = {0};
            waitid(P_PID, (id_t)pid, &info, WEXITED | WSTOPPED | __WALL | WNOWAIT);
            if (info.si_code != CLD_TRAPPED && info.si_code != CLD_STOPPED)
                continue;
            waitid(P_PID, (id_t)pid, &info, WSTOPPED | __WALL);
            ptrace(PTRACE_DETACH, pid, 0, 0);
        } else if (waitpid(pid, &status, __WALL) == pid && WIFSTOPPED(status)) {
            ptrace(PTRACE_DETACH, pid, 0, 0);
        }
    }
}

/* Until it has answered, or its time is over. */
static void
tracer_watch(tracer_t *self, op_child_t *child)
{
    sigset_t unblocked;
    sigprocmask(SIG_SETMASK, NULL, &unblocked);
    sigdelset(&unblocked, SIGCHLD);
    for (bool done = false; !done || !self->ended;) {
        if (tracer_step(self))
            continue;
        int64_t left = op_child_deadline(child).ms - mono_now().ms;
        if (left <= 0)
            return;
        struct timespec most = {.tv_sec = left / 1000, .tv_nsec = left % 1000 * 1000000};
        struct pollfd ready = {.fd = done ? -1 : op_child_fd(child), .events = POLLIN};
        if (self->ended && done)
            return;
        if (ppoll(&ready, 1, &most, &unblocked) == 1 && op_child_read(child))
            done = true;
    }
}

/* The op's result, or NULL with the fault; arguments are the caller's, and pass op_check. self's
 * calls have TRACER_CALLS_MAX places. -1 in *pid_p where it may not be traced. */
USED static value_t *
tracer_run(tracer_t *self, const op_row_t *row, const op_t *op, const value_t *arguments,
           fault_t *fault)
{
    sigset_t mask;
    struct sigaction wake = {.sa_handler = tracer_wake};
    long options = PTRACE_O_TRACESYSGOOD | PTRACE_O_TRACEEXEC;
    if (!row->whole)
        options |= PTRACE_O_TRACEFORK | PTRACE_O_TRACEVFORK | PTRACE_O_TRACECLONE;
    op_child_t *child = op_child_prepare(row, op, &bench, NULL, fault);
    if (!child)
        return NULL;
    pid_t pid = tracer_youngest();
    self->all[0] = (traced_t){.pid = pid};
    self->count = 1;
    sigaction(SIGCHLD, &wake, NULL);
    sigemptyset(&mask);
    sigaddset(&mask, SIGCHLD);
    sigprocmask(SIG_BLOCK, &mask, NULL);
    if (ptrace(PTRACE_SEIZE, pid, 0, options) || ptrace(PTRACE_INTERRUPT, pid, 0, 0))
        fail_msg("process %d cannot be traced: %s", (int)pid, strerror(errno));
    if (!op_child_go(child, arguments, NULL, fault))
        tracer_watch(self, child);
    tracer_release(self);
    sigprocmask(SIG_UNBLOCK, &mask, NULL);
    signal(SIGCHLD, SIG_DFL);
    return op_child_finish(&child, fault);
}

#endif
