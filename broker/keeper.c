/* SPDX-License-Identifier: Apache-2.0 */
#include "broker/keeper.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "common/log.h"
#include "common/privilege.h"

#define KEEPER_FD         3                     /* where the program finds its socket */
#define KEEPER_TIMEOUT_MS 5000                  /* to fork a worker */
#define STEADY_MS         KEEPER_BACKOFF_MAX_MS /* who lived so long ended by another cause */
#define ARGUMENTS_MAX     6

struct keeper {
    channel_t *program; /* WORKER asks for one; its socket comes with the answer */
    pid_t pid;          /* the program's */
    int epoll;          /* stands for the worker's socket, whichever it is */
    channel_t *worker;  /* NULL between two */
    mono_t started;     /* the worker */
    mono_t retry;       /* no other worker before this */
    int backoff_ms;
    keeper_greet_t greet;
    void *context; /* its, borrowed */
};

static void
become_program(const char *program, const char *const *arguments, int fd)
{
    char *none[] = {NULL}, *argv[ARGUMENTS_MAX + 2] = {(char *)(uintptr_t)program};
    sigset_t empty;
    for (size_t i = 0; i < ARGUMENTS_MAX && arguments[i]; i++)
        argv[i + 1] = (char *)(uintptr_t)arguments[i];
    sigemptyset(&empty);
    sigprocmask(SIG_SETMASK, &empty, NULL);
    if (fd == KEEPER_FD ? fcntl(fd, F_SETFD, 0) : dup2(fd, KEEPER_FD) < 0)
        _exit(126);
    execve(program, argv, none);
    dprintf(STDERR_FILENO, "'%s' cannot be run: %s\n", program, strerror(errno));
    _exit(127);
}

static int
start_program(keeper_t *self, const char *program, const char *const *arguments, fault_t *fault)
{
    int pair[2];
    if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair))
        return fault_errno(fault, "a socket for '%s'", program);
    self->program = channel_new(pair[0]);
    CLEANUP(descriptor_close) int theirs = pair[1];
    self->pid = fork();
    if (self->pid == 0)
        become_program(program, arguments, theirs);
    if (self->pid < 0)
        return fault_errno(fault, "'%s' cannot be started", program);
    return 0;
}

/* Blocks for the moment of a fork. */
static int
start_worker(keeper_t *self, fault_t *fault)
{
    struct epoll_event event = {.events = EPOLLIN};
    CLEANUP(frames_destroy) frames_t *wish = frames_new();
    CLEANUP(frames_destroy) frames_t *answer = NULL;
    frames_add_text(wish, "WORKER");
    if (!channel_send(self->program, wish, fault))
        answer = channel_receive(self->program, KEEPER_TIMEOUT_MS, fault);
    int fd = answer ? channel_take_descriptor(self->program) : -1;
    if (fd < 0)
        return fault_set(fault, FAULT_UNREACHABLE, "its program started no worker");
    self->worker = channel_new(fd);
    self->started = mono_now();
    if (epoll_ctl(self->epoll, EPOLL_CTL_ADD, fd, &event))
        return fault_errno(fault, "epoll");
    return self->greet ? self->greet(self->context, self->worker, fault) : 0;
}

keeper_t *
keeper_new(const char *program, const char *const *arguments, keeper_greet_t greet, void *context,
           fault_t *fault)
{
    CLEANUP(keeper_destroy) keeper_t *self = memory_new(1, sizeof *self);
    self->pid = -1;
    self->backoff_ms = KEEPER_BACKOFF_MIN_MS;
    self->greet = greet;
    self->context = context;
    self->epoll = epoll_create1(EPOLL_CLOEXEC);
    if (self->epoll < 0) {
        fault_errno(fault, "epoll");
        return NULL;
    }
    if (start_program(self, program, arguments, fault) || start_worker(self, fault))
        return NULL;
    return MOVE(self);
}

/* The program ends when its socket closes, and its worker with it. */
void
keeper_destroy(keeper_t **self_p)
{
    keeper_t *self = *self_p;
    if (!self)
        return;
    channel_destroy(&self->worker);
    channel_destroy(&self->program);
    descriptor_close(&self->epoll);
    while (self->pid > 0 && waitpid(self->pid, NULL, 0) < 0 && errno == EINTR)
        continue;
    free(self);
    *self_p = NULL;
}

int
keeper_fd(const keeper_t *self)
{
    return self->epoll;
}

void
keeper_dismiss(keeper_t *self)
{
    mono_t now = mono_now();
    channel_destroy(&self->worker);
    if (now.ms - self->started.ms > STEADY_MS)
        self->backoff_ms = KEEPER_BACKOFF_MIN_MS;
    self->retry.ms = now.ms + self->backoff_ms;
    if (self->backoff_ms < KEEPER_BACKOFF_MAX_MS / 2)
        self->backoff_ms *= 2;
    else
        self->backoff_ms = KEEPER_BACKOFF_MAX_MS;
}

int
keeper_send(keeper_t *self, const frames_t *frames, fault_t *fault)
{
    if (!self->worker)
        return fault_set(fault, FAULT_UNREACHABLE, "it is being started again");
    return channel_send(self->worker, frames, fault);
}

frames_t *
keeper_next(keeper_t *self, fault_t *fault)
{
    fault_t inner = {0};
    if (!self->worker)
        return NULL;
    frames_t *frames = channel_next(self->worker, &inner);
    if (!frames && !inner.code && !channel_fill(self->worker, &inner))
        frames = channel_next(self->worker, &inner);
    if (inner.code) {
        keeper_dismiss(self);
        fault_set(fault, inner.code, "%s", inner.text);
    }
    return frames;
}

int
keeper_tick(keeper_t *self, mono_t now, fault_t *fault)
{
    if (self->worker || now.ms < self->retry.ms)
        return 0;
    return start_worker(self, fault);
}

/* The program's side -------------------------------------------------------------------------- */

void
keeper_close_others(void)
{
    if (close_range(KEEPER_FD + 1, ~0U, 0))
        log_warning("close_range: %s", strerror(errno));
}

static _Noreturn void
become_worker(void (*work)(void *context, int fd), void *context, int fd, pid_t program)
{
    fault_t fault = {0};
    signal(SIGCHLD, SIG_DFL);
    if (!privilege_follow_parent(program, &fault))
        work(context, fd);
    _exit(0);
}

/* The worker's socket, for the broker; -1. */
static int
fork_worker(void (*work)(void *context, int fd), void *context)
{
    int pair[2];
    pid_t program = getpid();
    if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair)) {
        log_warning("socketpair: %s", strerror(errno));
        return -1;
    }
    pid_t pid = fork();
    if (pid == 0) {
        close(pair[0]);
        close(KEEPER_FD);
        become_worker(work, context, pair[1], program);
    }
    close(pair[1]);
    if (pid > 0)
        return pair[0];
    log_warning("fork: %s", strerror(errno));
    close(pair[0]);
    return -1;
}

_Noreturn void
keeper_serve(void (*work)(void *context, int fd), void *context)
{
    fault_t fault = {0};
    CLEANUP(channel_destroy) channel_t *broker = channel_new(KEEPER_FD);
    CLEANUP(frames_destroy) frames_t *wish = NULL;
    signal(SIGCHLD, SIG_IGN);
    while ((wish = channel_receive(broker, -1, &fault))) {
        CLEANUP(descriptor_close) int worker = fork_worker(work, context);
        if (worker < 0 || channel_send_with(broker, wish, worker, &fault))
            break;
        frames_destroy(&wish);
    }
    _exit(0);
}
