/* SPDX-License-Identifier: Apache-2.0 */
/* tocsin-worker - starts a worker's roles, joined by sockets, and starts all of them anew when one
 * ends: they are crash-only. Under systemd they are units instead (deploy/systemd/), and this only
 * enrols and checks.
 *
 *     tocsin-worker -c CONFIG          -d stay in the foreground, -n check and exit, -v say more
 *     tocsin-worker enrol -c CONFIG           make this worker's keys, print its request
 *     tocsin-worker enrol -c CONFIG ANSWER    take what the officer answered
 *     tocsin-worker ROLE ARG...        one role by itself (link, judge, spawner, effector) */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <poll.h>
#include <unistd.h>

#include "common/file.h"
#include "common/log.h"
#include "common/program.h"
#include "common/privilege.h"
#include "worker/enrol.h"
#include "worker/policy.h"
#include "worker/settings.h"

#define USAGE "usage: tocsin-worker -c CONFIG [-n] [-d] [-v], or enrol -c CONFIG [ANSWER]"

#define BACK_OFF_MAX_MS 10000
#define STEADY_MS       10000 /* roles that ran so long start anew at once */

/* One link for each broker: the later ones stand behind the last role. */
enum { LINK, JUDGE, SPAWNER, EFFECTOR, ROLES };
static const char *const roles[ROLES] = {"link", "judge", "spawner", "effector"};

#define SLOTS_MAX (ROLES + WORKER_BROKERS_MAX - 1)

typedef struct {
    const char *config;
    bool check, foreground;
    settings_t settings;
    char libexec[PATH_MAX];
    pid_t pids[SLOTS_MAX];
    int signals; /* signalfd of SIGCHLD, SIGTERM, SIGINT */
} supervisor_t;

static int
find_libexec(char out[static PATH_MAX], fault_t *fault)
{
    char own[PATH_MAX];
    if (program_folder(own, fault))
        return -1;
    if (snprintf(out, PATH_MAX, "%s/../libexec/tocsin", own) >= PATH_MAX)
        return fault_set(fault, FAULT_LIMIT, "the path to the roles' programs is too long");
    return 0;
}

/* ---- folders -------------------------------------------------------------------- */

static int
make_folder(const char *path, uid_t uid, fault_t *fault)
{
    if (folder_make(path, 0711, fault))
        return -1;
    if (chmod(path, uid ? 0700 : 0711))
        return fault_errno(fault, "folder '%s' cannot be given its mode", path);
    return privilege_give(path, uid, fault);
}

static int
make_folders(const settings_t *settings, fault_t *fault)
{
    char path[PATH_MAX];
    return make_folder(settings->run, 0, fault) || make_folder(settings->state, 0, fault) ||
                   make_folder(settings_path(settings, "link", path), settings->link_uid, fault) ||
                   make_folder(settings_path(settings, "judge", path), settings->judge_uid,
                               fault) ||
                   make_folder(settings_path(settings, "effector", path), 0, fault)
               ? -1
               : 0;
}

/* ---- starting roles ---------------------------------------------------------------------- */

#define PEERS_MAX (2 + WORKER_BROKERS_MAX) /* of the judge: spawner, effector, links */

static size_t
slot_count(const supervisor_t *self)
{
    return ROLES + self->settings.broker_count - 1;
}

static int
role_in(size_t slot)
{
    return slot < ROLES ? (int)slot : LINK;
}

/* In the child: keeps exactly the descriptors that the role is given, then becomes the role. */
static void
become(const supervisor_t *self, size_t slot, const int *fds, size_t count)
{
    char path[PATH_MAX + 16], text[PEERS_MAX][16], uid[16], broker[24];
    char *argv[PEERS_MAX + 4] = {0};
    size_t argc = 0;
    int role = role_in(slot);
    sigset_t none;
    sigemptyset(&none);
    sigprocmask(SIG_SETMASK, &none, NULL);
    snprintf(path, sizeof path, "%s/%s", self->libexec, roles[role]);
    argv[argc++] = path;
    if (role == LINK || role == JUDGE)
        argv[argc++] = (char *)(uintptr_t)self->config;
    snprintf(broker, sizeof broker, "%zu", slot < ROLES ? 1 : slot - ROLES + 2);
    if (role == LINK)
        argv[argc++] = broker;
    for (size_t i = 0; i < count; i++) {
        snprintf(text[i], sizeof text[i], "%d", fds[i]);
        argv[argc++] = text[i];
        fcntl(fds[i], F_SETFD, 0);
    }
    snprintf(uid, sizeof uid, "%u", self->settings.spawner_uid);
    if (role == SPAWNER) {
        argv[argc++] = uid;
        setenv("LD_BIND_NOW", "1", 1); /* once here, not in every runner anew */
    }
    if (role == EFFECTOR)
        argv[argc++] = (char *)(uintptr_t)self->config;
    execv(path, argv);
    log_error("'%s' cannot be started: %s", path, strerror(errno));
    _exit(fault_exit(FAULT_IO));
}

static int
start_role(supervisor_t *self, size_t slot, const int *fds, size_t count, fault_t *fault)
{
    self->pids[slot] = fork();
    if (self->pids[slot] < 0)
        return fault_errno(fault, "fork");
    if (self->pids[slot] == 0)
        become(self, slot, fds, count);
    return 0;
}

/* Each pair's first end is the judge's. */
static int
start_all(supervisor_t *self, fault_t *fault)
{
    size_t others[PEERS_MAX] = {SPAWNER, EFFECTOR, LINK}, count = 3;
    int pairs[PEERS_MAX][2], judge_ends[PEERS_MAX];
    int failed = 0;
    for (size_t slot = ROLES; slot < slot_count(self); slot++)
        others[count++] = slot;
    for (size_t i = 0; i < count; i++) {
        if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pairs[i]))
            return fault_errno(fault, "socketpair");
        judge_ends[i] = pairs[i][0];
    }
    for (size_t i = 0; i < count && !failed; i++)
        failed = start_role(self, others[i], &pairs[i][1], 1, fault);
    if (!failed)
        failed = start_role(self, JUDGE, judge_ends, count, fault);
    for (size_t i = 0; i < count; i++) {
        close(pairs[i][0]);
        close(pairs[i][1]);
    }
    return failed;
}

/* ---- watching them ----------------------------------------------------------------------- */

/* slot_count where it is none of ours. */
static size_t
slot_of(const supervisor_t *self, pid_t pid)
{
    size_t slot = 0;
    while (slot < slot_count(self) && self->pids[slot] != pid)
        slot++;
    return slot;
}

static void
reap(supervisor_t *self, int flags)
{
    int status;
    pid_t pid;
    while ((pid = waitpid(-1, &status, flags)) > 0) {
        size_t slot = slot_of(self, pid);
        if (slot == slot_count(self))
            continue;
        self->pids[slot] = 0;
        log_warning("role=%s ended (%s %d)", roles[role_in(slot)],
                    WIFSIGNALED(status) ? "signal" : "exit status",
                    WIFSIGNALED(status) ? WTERMSIG(status) : WEXITSTATUS(status));
    }
}

static void
end_all(supervisor_t *self)
{
    for (size_t slot = 0; slot < slot_count(self); slot++)
        if (self->pids[slot] > 0)
            kill(self->pids[slot], SIGKILL);
    for (size_t slot = 0; slot < slot_count(self); slot++) {
        while (self->pids[slot] > 0 && waitpid(self->pids[slot], NULL, 0) < 0 && errno == EINTR)
            ;
        self->pids[slot] = 0;
    }
}

/* Waits for a signal, at most timeout_ms (-1: for ever). True when asked to end. */
static bool
wait_signal(supervisor_t *self, int timeout_ms)
{
    struct pollfd waiting = {.fd = self->signals, .events = POLLIN};
    struct signalfd_siginfo info;
    if (poll(&waiting, 1, timeout_ms) <= 0)
        return false;
    if (read(self->signals, &info, sizeof info) != sizeof info)
        return false;
    return info.ssi_signo == SIGTERM || info.ssi_signo == SIGINT;
}

static bool
all_alive(const supervisor_t *self)
{
    for (size_t slot = 0; slot < slot_count(self); slot++)
        if (self->pids[slot] <= 0)
            return false;
    return true;
}

static int
supervise(supervisor_t *self, fault_t *fault)
{
    int back_off_ms = 100;
    for (;;) {
        mono_t start = mono_now();
        bool asked = false;
        if (start_all(self, fault))
            return -1;
        memory_rest();
        while (!asked && all_alive(self)) {
            asked = wait_signal(self, -1);
            reap(self, WNOHANG);
        }
        end_all(self);
        if (asked)
            return 0;
        back_off_ms = mono_now().ms - start.ms > STEADY_MS ? 100 : 2 * back_off_ms;
        if (back_off_ms > BACK_OFF_MAX_MS)
            back_off_ms = BACK_OFF_MAX_MS;
        log_info("all roles start anew in %d ms", back_off_ms);
        mono_t until = {mono_now().ms + back_off_ms};
        while (mono_now().ms < until.ms)
            if (wait_signal(self, (int)(until.ms - mono_now().ms)))
                return 0;
    }
}

/* ---- main -------------------------------------------------------------------------------- */

/* -n tells every fault of the files. */
static int
check(const supervisor_t *self, fault_t *fault)
{
    config_faults_t faults = {.say = log_error_text};
    const char *path = self->settings.policy;
    if (file_check_ours(self->config, fault) || file_check_ours(path, fault))
        return -1;
    CLEANUP(policy_destroy)
    policy_t *policy = policy_load_telling(path, self->check ? &faults : NULL, fault);
    return policy ? 0 : -1;
}

static int
write_pid(const settings_t *settings, fault_t *fault)
{
    char path[PATH_MAX + 16], text[24];
    snprintf(path, sizeof path, "%s/worker.pid", settings->run);
    int size = snprintf(text, sizeof text, "%d\n", getpid());
    return file_write(path, slice_of(text, (size_t)size), 0644, fault);
}

static int
open_signals(supervisor_t *self, fault_t *fault)
{
    sigset_t set;
    sigemptyset(&set);
    sigaddset(&set, SIGCHLD);
    sigaddset(&set, SIGTERM);
    sigaddset(&set, SIGINT);
    sigprocmask(SIG_BLOCK, &set, NULL);
    self->signals = signalfd(-1, &set, SFD_CLOEXEC);
    return self->signals < 0 ? fault_errno(fault, "signalfd") : 0;
}

static int
serve(supervisor_t *self, fault_t *fault)
{
    if (check(self, fault) || privilege_check(fault))
        return -1;
    if (self->check)
        return 0;
    if (make_folders(&self->settings, fault) || find_libexec(self->libexec, fault))
        return -1;
    if (!self->foreground && daemon(0, 1))
        return fault_errno(fault, "the background cannot be reached");
    if (write_pid(&self->settings, fault) || open_signals(self, fault))
        return -1;
    return supervise(self, fault);
}

/* `tocsin-worker ROLE ...` is the role's program with the same arguments. */
static int
run_role(int role, char **argv, fault_t *fault)
{
    char path[PATH_MAX + 16], libexec[PATH_MAX];
    if (find_libexec(libexec, fault))
        return -1;
    snprintf(path, sizeof path, "%s/%s", libexec, roles[role]);
    execv(path, argv);
    return fault_errno(fault, "'%s' cannot be started", path);
}

static int
run(int argc, char **argv, fault_t *fault)
{
    supervisor_t self = {.signals = -1};
    bool enrols = argc > 1 && !strcmp(argv[1], "enrol");
    for (int role = 0; argc > 1 && role < ROLES; role++)
        if (!strcmp(argv[1], roles[role]))
            return run_role(role, argv + 1, fault);
    optind = enrols ? 2 : 1;
    for (int option; (option = getopt(argc, argv, "c:ndv")) >= 0;) {
        if (option == 'c')
            self.config = optarg;
        else if (option == 'v')
            setenv("TOCSIN_DEBUG", "1", 1);
        else if (option == 'n' || option == 'd')
            *(option == 'n' ? &self.check : &self.foreground) = true;
        else
            return fault_set(fault, FAULT_USAGE, USAGE);
    }
    const char *answer = enrols && optind < argc ? argv[optind++] : NULL;
    if (!self.config || optind != argc)
        return fault_set(fault, FAULT_USAGE, USAGE);
    char *absolute = realpath(self.config, NULL);
    if (!absolute)
        return fault_errno(fault, "'%s'", self.config);
    self.config = absolute;
    config_faults_t faults = {.say = log_error_text};
    int failed =
        settings_load_telling(&self.settings, absolute, self.check ? &faults : NULL, fault);
    if (!failed)
        failed = enrols
                     ? make_folders(&self.settings, fault) || enrol(&self.settings, answer, fault)
                     : serve(&self, fault);
    descriptor_close(&self.signals);
    free(absolute);
    return failed;
}

int
main(int argc, char **argv)
{
    fault_t fault = {0};
    log_open("tocsin-worker", LEVEL_INFO);
    umask(027);
    if (run(argc, argv, &fault)) {
        log_error("%s", fault.text);
        return fault_exit(fault.code);
    }
    return 0;
}
