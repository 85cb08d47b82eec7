/* SPDX-License-Identifier: Apache-2.0 */
/* The effector's process: `effector JUDGE CONFIG`, JUDGE being a joint. It runs as root, and ends
 * when the judge does, once the ops that were begun are over. */
#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <sys/stat.h>
#include <unistd.h>

#include "common/file.h"
#include "common/log.h"
#include "worker/effector.h"
#include "worker/joint.h"
#include "worker/op_runner.h"
#include "worker/settings.h"
#include "wire/site_folder.h"

typedef struct {
    settings_t settings;
    char boot[BOOT_NAME_MAX + 1];
    char folder[PATH_MAX], site[PATH_MAX], journal_path[PATH_MAX];
    policy_t *policy;
    trust_t *trust;
    journal_t *journal;
    op_runner_t *runner;
    effector_t *effector;
    channel_t *judge;
    bool judge_left;
} daemon_t;

static void
close_all(daemon_t *self)
{
    effector_destroy(&self->effector);
    op_runner_destroy(&self->runner);
    journal_destroy(&self->journal);
    trust_destroy(&self->trust);
    policy_destroy(&self->policy);
    channel_destroy(&self->judge);
}

static int
open_all(daemon_t *self, const char *config, fault_t *fault)
{
    if (settings_load(&self->settings, config, fault) || file_check_ours(config, fault) ||
        file_check_ours(self->settings.policy, fault) || boot_name(self->boot, fault))
        return -1;
    settings_path(&self->settings, "effector", self->folder);
    settings_path(&self->settings, "effector/site", self->site);
    settings_path(&self->settings, "effector/journal", self->journal_path);
    if (!self->journal_path[0])
        return fault_set(fault, FAULT_CONFIG, "the state folder's path is too long");
    self->trust = trust_new(&self->settings.site);
    self->policy = policy_load(self->settings.policy, fault);
    if (!self->policy || folder_make(self->folder, 0700, fault) ||
        site_folder_load(self->site, self->trust, fault))
        return -1;
    self->journal = journal_open(self->journal_path, fault);
    self->runner =
        self->journal ? op_runner_new(self->folder, self->policy, &self->settings, fault) : NULL;
    if (!self->runner)
        return -1;
    effector_place_t place = {
        .worker = self->settings.name,
        .boot = self->boot,
        .folder = self->site,
        .trust = self->trust,
        .journal = self->journal,
        .policy = self->policy,
        .io = op_runner_io(self->runner),
    };
    self->effector = effector_new(&place, fault);
    return self->effector ? 0 : -1;
}

/* Who left hears nothing more; the journal has it. */
static void
answer(daemon_t *self, const frames_t *frames)
{
    fault_t why = {0};
    if (frames && !self->judge_left && channel_send(self->judge, frames, &why))
        self->judge_left = true;
}

static int
on_judge(daemon_t *self, fault_t *fault)
{
    fault_t why = {0};
    if (channel_fill(self->judge, &why))
        self->judge_left = true;
    for (;;) {
        CLEANUP(frames_destroy) frames_t *reply = NULL;
        fault_t bad = {0};
        CLEANUP(frames_destroy) frames_t *message = channel_next(self->judge, &bad);
        if (!message)
            return bad.code ? fault_set(fault, bad.code, "from the judge: %s", bad.text) : 0;
        if (effector_receive(self->effector, message, &reply, fault))
            return -1;
        answer(self, reply);
    }
}

static int
on_ended(daemon_t *self, fault_t *fault)
{
    size_t flight;
    for (;;) {
        CLEANUP(value_destroy) value_t *result = NULL;
        CLEANUP(frames_destroy) frames_t *reply = NULL;
        fault_t why = {0};
        if (!op_runner_next(self->runner, &flight, &result, &why))
            return 0;
        if (effector_ended(self->effector, flight, result, &why, &reply, fault))
            return -1;
        answer(self, reply);
    }
}

/* 0 once the judge left and nothing runs any more. */
static int
loop(daemon_t *self, fault_t *fault)
{
    struct pollfd fds[1 + EFFECTOR_FLIGHTS_MAX];
    memory_rest();
    for (;;) {
        int timeout_ms;
        size_t count = op_runner_watch(self->runner, fds + 1, &timeout_ms);
        fds[0] = (struct pollfd){.fd = self->judge_left ? -1 : channel_fd(self->judge),
                                 .events = POLLIN};
        if (self->judge_left && !count)
            return 0;
        int ready = poll(fds, 1 + count, timeout_ms);
        if (ready < 0 && errno != EINTR)
            return fault_errno(fault, "poll");
        if (ready == 0 && !count && !op_runner_lull(self->runner))
            memory_rest();
        if (fds[0].revents && on_judge(self, fault))
            return -1;
        if (on_ended(self, fault))
            return -1;
    }
}

int
main(int argc, char **argv)
{
    daemon_t self = {0};
    fault_t fault = {0};
    memory_map_large(16 * 1024);
    log_open("tocsin-effector", LEVEL_INFO);
    if (argc != 3) {
        log_error("usage: effector JUDGE CONFIG (tocsin-worker or systemd starts it)");
        return fault_exit(FAULT_USAGE);
    }
    umask(077);
    signal(SIGPIPE, SIG_IGN);
    self.judge = joint_open(argv[1], &fault);
    if (!self.judge || open_all(&self, argv[2], &fault) || loop(&self, &fault))
        log_error("%s (%s)", fault.text, fault_word(fault.code));
    close_all(&self);
    return fault_exit(fault.code);
}
