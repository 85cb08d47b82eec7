/* SPDX-License-Identifier: Apache-2.0 */
/* The spawner's process: `spawner JUDGE [UID]`, JUDGE being a joint. It gives up what it has, then
 * forks locked-in runners, one ahead of need, hands their descriptors to the judge and tells of
 * their ends (docs/PROTOCOL.md 7.2). It stays small: every runner is a copy of it. */
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/signalfd.h>
#include <sys/wait.h>
#include <unistd.h>

#include "common/log.h"
#include "common/privilege.h"
#include "common/text.h"
#include "lua/runner.h"
#include "worker/joint.h"

#define RUNNERS_MAX 256
#define LULL_MS     5

typedef struct {
    char id[24]; /* the judge's; "" for the one ahead */
    pid_t pid;
} runner_t;

typedef struct {
    channel_t *judge;
    int signals; /* signalfd of SIGCHLD */
    int ahead;   /* descriptor of the runner that waits; -1 for none */
    size_t count;
    runner_t runners[RUNNERS_MAX + 1];
} spawner_t;

static runner_t *
find_runner(spawner_t *self, const char *id)
{
    for (size_t i = 0; i < self->count; i++)
        if (!strcmp(self->runners[i].id, id))
            return &self->runners[i];
    return NULL;
}

static int
fork_ahead(spawner_t *self, fault_t *fault)
{
    if (self->count > RUNNERS_MAX)
        return fault_set(fault, FAULT_LIMIT, "over %d runners at once", RUNNERS_MAX);
    pid_t pid = runner_fork(&self->ahead, fault);
    if (pid < 0)
        return -1;
    self->runners[self->count++] = (runner_t){.pid = pid};
    return 0;
}

static int
tell(spawner_t *self, const char *word, const char *id, int number, int fd, fault_t *fault)
{
    char text[16];
    CLEANUP(frames_destroy) frames_t *frames = frames_new();
    snprintf(text, sizeof text, "%d", number);
    frames_add_text(frames, word);
    frames_add_text(frames, id);
    frames_add_text(frames, text);
    return fd < 0 ? channel_send(self->judge, frames, fault)
                  : channel_send_with(self->judge, frames, fd, fault);
}

static int
on_run(spawner_t *self, const char *id, fault_t *fault)
{
    if (self->ahead < 0 && fork_ahead(self, fault))
        return -1;
    runner_t *runner = find_runner(self, "");
    if (!runner || find_runner(self, id) || !text_copy(runner->id, sizeof runner->id, id))
        return fault_set(fault, FAULT_FORMAT, "'%.24s' cannot name a new runner", id);
    int wrong = tell(self, "RUNNER", id, runner->pid, self->ahead, fault);
    descriptor_close(&self->ahead);
    return wrong;
}

static int
on_kill(spawner_t *self, const char *id, fault_t *fault)
{
    (void)fault;
    runner_t *runner = find_runner(self, id);
    if (runner)
        kill(runner->pid, SIGKILL);
    return 0;
}

static int
on_message(spawner_t *self, const frames_t *frames, fault_t *fault)
{
    static const struct {
        const char *word;
        int (*on)(spawner_t *self, const char *id, fault_t *fault);
    } requests[] = {{"RUN", on_run}, {"KILL", on_kill}};
    const char *id = frames_text(frames, 1);
    for (size_t i = 0; i < ARRAY_SIZE(requests); i++)
        if (slice_is(frames_at(frames, 0), requests[i].word) && frames->count == 2 && *id)
            return requests[i].on(self, id, fault);
    return fault_set(fault, FAULT_FORMAT, "the judge said '%.20s'", frames_text(frames, 0));
}

static int
on_judge(spawner_t *self, fault_t *fault)
{
    if (channel_fill(self->judge, fault))
        return -1;
    for (;;) {
        fault_t inner = {0};
        CLEANUP(frames_destroy) frames_t *frames = channel_next(self->judge, &inner);
        if (!frames && inner.code)
            return fault_set(fault, inner.code, "%s", inner.text);
        if (!frames)
            return 0;
        if (on_message(self, frames, fault))
            return -1;
    }
}

/* A runner that ended before it was asked for anything means that none can be locked in. */
static int
on_end(spawner_t *self, pid_t pid, int status, fault_t *fault)
{
    for (size_t i = 0; i < self->count; i++) {
        runner_t ended = self->runners[i];
        if (ended.pid != pid)
            continue;
        self->runners[i] = self->runners[--self->count];
        if (!ended.id[0])
            return fault_set(fault, FAULT_DENIED, "a runner ended before its task (status %d)",
                             status);
        return tell(self, "EXITED", ended.id, status, -1, fault);
    }
    return 0;
}

static int
on_signal(spawner_t *self, fault_t *fault)
{
    struct signalfd_siginfo info;
    int status;
    if (read(self->signals, &info, sizeof info) != sizeof info)
        return fault_errno(fault, "signalfd");
    for (pid_t pid; (pid = waitpid(-1, &status, WNOHANG)) > 0;)
        if (on_end(self, pid, status, fault))
            return -1;
    return 0;
}

/* The next runner is forked when this one is done, or has turned out to take its time: not while
 * the judge and the runner want the processor. */
static int
turn(spawner_t *self, fault_t *fault)
{
    struct pollfd waiting[] = {
        {.fd = self->signals, .events = POLLIN},
        {.fd = channel_fd(self->judge), .events = POLLIN},
    };
    int ready = poll(waiting, ARRAY_SIZE(waiting), self->ahead < 0 ? LULL_MS : -1);
    if (ready < 0)
        return fault_errno(fault, "poll");
    if (waiting[0].revents && on_signal(self, fault))
        return -1;
    if (waiting[1].revents && on_judge(self, fault))
        return -1;
    bool lull = !ready || (waiting[0].revents && !waiting[1].revents);
    return lull && self->ahead < 0 ? fork_ahead(self, fault) : 0;
}

static void
end_runners(spawner_t *self)
{
    for (size_t i = 0; i < self->count; i++)
        kill(self->runners[i].pid, SIGKILL);
    while (waitpid(-1, NULL, 0) > 0)
        ;
}

/* Each by itself, where the machine allows it: what a runner could not reach anyway is not there. A
 * unit's spawner has them from systemd, and may make none. */
static void
enter_namespaces(void)
{
    static const int kinds[] = {CLONE_NEWNET, CLONE_NEWIPC, CLONE_NEWNS};
    if (geteuid() != 0 && unshare(CLONE_NEWUSER))
        return;
    for (size_t i = 0; i < ARRAY_SIZE(kinds); i++)
        if (unshare(kinds[i]))
            log_debug("a namespace is not to be had here");
}

static int
open_signals(spawner_t *self, fault_t *fault)
{
    sigset_t set;
    sigemptyset(&set);
    sigaddset(&set, SIGCHLD);
    sigprocmask(SIG_BLOCK, &set, NULL);
    self->signals = signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK);
    return self->signals < 0 ? fault_errno(fault, "signalfd") : 0;
}

static int
open_spawner(spawner_t *self, int argc, char **argv, fault_t *fault)
{
    uint64_t uid = 0;
    pid_t parent = getppid();
    if (argc < 2 || argc > 3 || (argc == 3 && !text_read_u64(argv[2], 0, UINT32_MAX, &uid)))
        return fault_set(fault, FAULT_USAGE,
                         "usage: spawner JUDGE [UID] (tocsin-worker or systemd starts it)");
    self->judge = joint_open(argv[1], fault);
    if (!self->judge)
        return -1;
    enter_namespaces();
    if (privilege_drop((uid_t)uid, fault) || privilege_follow_parent(parent, fault) ||
        open_signals(self, fault))
        return -1;
    int wrong = fork_ahead(self, fault);
    memory_rest();
    return wrong;
}

int
main(int argc, char **argv)
{
    spawner_t self = {.signals = -1, .ahead = -1};
    fault_t fault = {0};
    log_open("spawner", getenv("TOCSIN_DEBUG") ? LEVEL_DEBUG : LEVEL_INFO);
    signal(SIGPIPE, SIG_IGN);
    if (!open_spawner(&self, argc, argv, &fault))
        while (!turn(&self, &fault))
            ;
    end_runners(&self);
    descriptor_close(&self.ahead);
    descriptor_close(&self.signals);
    channel_destroy(&self.judge);
    if (fault.code == FAULT_UNREACHABLE)
        return 0;
    log_error("%s", fault.text);
    return fault_exit(fault.code);
}
