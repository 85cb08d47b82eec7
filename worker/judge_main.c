/* SPDX-License-Identifier: Apache-2.0 */
/* The judge's process: `judge CONFIG SPAWNER EFFECTOR LINK...`, each a joint, or `judge CONFIG
 * FOLDER`, where their sockets are. Sockets and time around the pure part (worker/judge.h); any
 * role that is gone ends it, and it them: all start anew. */
#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <unistd.h>

#include "common/fence.h"
#include "common/log.h"
#include "common/privilege.h"
#include "worker/enrolment.h"
#include "worker/joint.h"
#include "worker/settings.h"

/* Spawner, effector, then a link for each broker, come before the runners in the poll set. */
enum { SPAWNER, EFFECTOR, LINKS };
#define OTHERS_MAX      (LINKS + WORKER_BROKERS_MAX)
#define DESCRIPTORS_MAX 128
#define REST_MS         2000 /* nothing is open, and nothing came */
#define HOLD_FROM       4    /* steps that run, and offers that are looked at */
#define HOLD_MS         2

typedef struct {
    uint64_t number;
    channel_t *channel; /* ours */
} runner_link_t;

typedef struct {
    settings_t settings;
    trust_t *trust;
    machinekey_t *key;
    ledger_t *ledger;
    outbox_t *outbox;
    judge_t *judge;
    size_t other_count;
    channel_t *others[OTHERS_MAX];
    runner_link_t runners[RUNNERS_MAX];
    size_t runner_count;
    mono_t held; /* until then what waits for a commit is kept back; 0 where nothing is */
    bool rested; /* nothing came since what is free was given back */
    bool seals;  /* there is a sealing key */
    curvepair_t sealing;
} desk_t;

static void
drop_runner(desk_t *self, size_t index)
{
    channel_destroy(&self->runners[index].channel);
    self->runners[index] = self->runners[--self->runner_count];
}

static void
desk_close(desk_t *self)
{
    while (self->runner_count)
        drop_runner(self, 0);
    judge_destroy(&self->judge);
    outbox_destroy(&self->outbox);
    ledger_destroy(&self->ledger);
    machinekey_destroy(&self->key);
    curve_forget(&self->sealing);
    trust_destroy(&self->trust);
    for (size_t i = 0; i < self->other_count; i++)
        channel_destroy(&self->others[i]);
}

/* ---- sending ----------------------------------------------------------------------------- */

static const char *
name_of(size_t who)
{
    return who == SPAWNER ? "spawner" : who == EFFECTOR ? "effector" : "link";
}

/* To these links, a bit each; 0 is all. */
static int
add_to_links(desk_t *self, uint64_t links, const frames_t *frames, fault_t *fault)
{
    for (size_t i = LINKS; i < self->other_count; i++)
        if ((!links || links >> (i - LINKS) & 1) && channel_add(self->others[i], frames, fault))
            return fault_wrap(fault, "link");
    return 0;
}

/* What one turn has for the links leaves at its end, all at once; behind it that a run is over. */
static int
deliver(void *context, destination_t to, uint64_t runner, const frames_t *frames, fault_t *fault)
{
    desk_t *self = context;
    if (to == TO_RUNNER) {
        for (size_t i = 0; i < self->runner_count; i++) {
            fault_t gone;
            if (self->runners[i].number == runner &&
                channel_send(self->runners[i].channel, frames, &gone))
                return 0; /* the spawner tells of its end */
        }
        return 0;
    }
    if (to == TO_LINK)
        return add_to_links(self, runner, frames, fault);
    size_t who = to == TO_SPAWNER ? SPAWNER : EFFECTOR;
    bool waits = who == EFFECTOR && slice_is(frames_at(frames, 0), "OVER");
    return (waits ? channel_add : channel_send)(self->others[who], frames, fault)
               ? fault_wrap(fault, "%s", name_of(who))
               : 0;
}

/* ---- receiving --------------------------------------------------------------------------- */

/* A runner is confined, and may still say anything: what it gets wrong ends it alone. */
static int
drain_runner(desk_t *self, size_t index, fault_t *fault)
{
    runner_link_t *runner = &self->runners[index];
    uint64_t number = runner->number;
    fault_t its = {0};
    int closed = channel_fill(runner->channel, &its);
    for (;;) {
        fault_t wrong = {0};
        CLEANUP(frames_destroy) frames_t *frames = channel_next(runner->channel, &wrong);
        CLEANUP(frames_destroy) frames_t *nonsense = wrong.code ? frames_new() : NULL;
        if (!frames && !nonsense)
            break;
        if (judge_on_runner(self->judge, number, frames ? frames : nonsense, wall_now(), mono_now(),
                            fault))
            return -1;
        if (nonsense)
            break;
    }
    if (closed || !judge_wants_runner(self->judge, number))
        drop_runner(self, index);
    return 0;
}

static bool
is_readable(int fd)
{
    struct pollfd one = {.fd = fd, .events = POLLIN};
    return poll(&one, 1, 0) == 1;
}

/* What it said last may lie in its socket still, which says that it is closed behind that. */
static int
on_exited(desk_t *self, uint64_t number, int status, fault_t *fault)
{
    for (size_t i = 0; i < self->runner_count; i++)
        while (i < self->runner_count && self->runners[i].number == number &&
               is_readable(channel_fd(self->runners[i].channel)))
            if (drain_runner(self, i, fault))
                return -1;
    return judge_on_runner_end(self->judge, number, status, wall_now(), mono_now(), fault);
}

static int
on_spawner(desk_t *self, const frames_t *frames, fault_t *fault)
{
    uint64_t number = 0, status = 0;
    const char *word = frames_text(frames, 0);
    if (frames->count != 3 || !text_read_u64(frames_text(frames, 1), 1, INT64_MAX, &number) ||
        !text_read_u64(frames_text(frames, 2), 0, INT32_MAX, &status))
        return fault_set(fault, FAULT_FORMAT, "the spawner said '%.20s'", word);
    if (!strcmp(word, "EXITED"))
        return on_exited(self, number, (int)status, fault);
    int fd = channel_take_descriptor(self->others[SPAWNER]);
    if (strcmp(word, "RUNNER") != 0 || fd < 0)
        return fault_set(fault, FAULT_FORMAT, "the spawner said '%.20s' without a runner", word);
    if (self->runner_count == RUNNERS_MAX || !judge_wants_runner(self->judge, number)) {
        close(fd);
        return 0;
    }
    self->runners[self->runner_count++] = (runner_link_t){number, channel_new(fd)};
    return judge_on_runner_ready(self->judge, number, fault);
}

static int
on_message(desk_t *self, size_t who, const frames_t *frames, fault_t *fault)
{
    switch (who) {
    case SPAWNER:
        return on_spawner(self, frames, fault);
    case EFFECTOR:
        return judge_on_effector(self->judge, frames, wall_now(), mono_now(), fault);
    default:
        return judge_on_link(self->judge, (unsigned)(who - LINKS), frames, wall_now(), mono_now(),
                             fault);
    }
}

static int
drain_other(desk_t *self, size_t who, fault_t *fault)
{
    channel_t *channel = self->others[who];
    fault_t none = {0};
    if (channel_fill(channel, fault))
        return fault_wrap(fault, "%s", name_of(who));
    for (;;) {
        CLEANUP(frames_destroy) frames_t *frames = channel_next(channel, &none);
        if (!frames)
            break;
        if (on_message(self, who, frames, fault))
            return -1;
    }
    return none.code ? fault_set(fault, none.code, "%s: %s", name_of(who), none.text) : 0;
}

static int
wait_ms(const desk_t *self)
{
    mono_t deadline = judge_deadline(self->judge);
    if (!deadline.ms)
        return self->rested ? -1 : REST_MS;
    int64_t left = deadline.ms - mono_now().ms;
    return left < 0 ? 0 : left > 60000 ? 60000 : (int)left;
}

/* Where much is under way, the next word is not far, and shares one commit, and one signature, with
 * what is there: what it takes to write and sign is paid once. */
static bool
may_hold(desk_t *self)
{
    mono_t now = mono_now();
    if (!outbox_waits(self->outbox) || self->runner_count + judge_offers(self->judge) < HOLD_FROM)
        self->held.ms = 0;
    else if (!self->held.ms)
        self->held.ms = now.ms + HOLD_MS;
    if (self->held.ms <= now.ms)
        self->held.ms = 0;
    return self->held.ms;
}

/* Sends what the last turn, or the start, decided; waits for what comes next. */
static int
turn(desk_t *self, fault_t *fault)
{
    bool holds = may_hold(self);
    if (holds ? outbox_flush_early(self->outbox, deliver, self, fault)
              : outbox_flush(self->outbox, self->ledger, deliver, self, fault))
        return -1;
    for (size_t i = 0; i < self->other_count; i++)
        if (channel_flush(self->others[i], fault))
            return fault_wrap(fault, "%s", name_of(i));
    if (!judge_deadline(self->judge).ms && ledger_rest(self->ledger, fault))
        return -1;
    struct pollfd set[OTHERS_MAX + RUNNERS_MAX];
    size_t runners = self->runner_count, others = self->other_count;
    for (size_t i = 0; i < others; i++)
        set[i] = (struct pollfd){.fd = channel_fd(self->others[i]), .events = POLLIN};
    for (size_t i = 0; i < runners; i++)
        set[others + i] =
            (struct pollfd){.fd = channel_fd(self->runners[i].channel), .events = POLLIN};
    int ready = poll(set, (nfds_t)(others + runners), holds ? HOLD_MS : wait_ms(self));
    if (ready < 0 && errno != EINTR)
        return fault_errno(fault, "poll");
    if (ready == 0 && !self->rested && !holds) {
        ledger_shrink(self->ledger);
        memory_rest();
    }
    self->rested = ready == 0 && !holds;
    for (size_t i = runners; i-- > 0;)
        if (set[others + i].revents && drain_runner(self, i, fault))
            return -1;
    for (size_t i = 0; i < others; i++)
        if (set[i].revents && drain_other(self, i, fault))
            return -1;
    return judge_tick(self->judge, wall_now(), mono_now(), fault);
}

/* ---- start ------------------------------------------------------------------------------- */

/* One that was enrolled before there were sealing keys has none, until it asks anew. */
static int
load_sealing(desk_t *self, fault_t *fault)
{
    char path[PATH_MAX];
    settings_path(&self->settings, "judge/sealing-secret", path);
    self->seals = !access(path, F_OK);
    return self->seals ? curve_load(&self->sealing, path, fault) : 0;
}

static int
meet(desk_t *self, const char *joint, fault_t *fault)
{
    channel_t *channel = joint_open(joint, fault);
    if (!channel)
        return fault_wrap(fault, "%s", name_of(self->other_count));
    self->others[self->other_count++] = channel;
    return 0;
}

/* As the units have it: each role's socket bears its name; that of a link, its broker's number too.
 */
static int
meet_in(desk_t *self, const char *folder, fault_t *fault)
{
    char path[PATH_MAX];
    size_t count = LINKS + self->settings.broker_count;
    for (size_t i = 0; i < count; i++) {
        int size = i < LINKS ? snprintf(path, sizeof path, "%s/%s", folder, name_of(i))
                             : snprintf(path, sizeof path, "%s/link-%zu", folder, i - LINKS + 1);
        if (size >= (int)sizeof path)
            return fault_set(fault, FAULT_LIMIT, "'%.100s' is too long a path", folder);
        if (meet(self, path, fault))
            return -1;
    }
    return 0;
}

static int
meet_all(desk_t *self, char **joints, fault_t *fault)
{
    if (!joints[1])
        return meet_in(self, joints[0], fault);
    for (; *joints; joints++)
        if (meet(self, *joints, fault))
            return -1;
    return 0;
}

static int
desk_open(desk_t *self, char **argv, fault_t *fault)
{
    char path[PATH_MAX], boot[BOOT_NAME_MAX + 1];
    if (settings_load(&self->settings, argv[1], fault) || meet_all(self, argv + 2, fault) ||
        privilege_drop(self->settings.judge_uid, fault) || boot_name(boot, fault))
        return -1;
    fence_limits(DESCRIPTORS_MAX);
    fence_files(settings_path(&self->settings, "judge", path));
    if (fence_calls(FENCE_KEEPS, fault))
        return -1;
    self->trust = trust_new(&self->settings.site);
    self->outbox = outbox_new();
    outbox_employ(self->outbox, deliver, self);
    self->key = machinekey_load(settings_path(&self->settings, "judge/signing-key", path), fault);
    if (!self->key || load_sealing(self, fault))
        return -1;
    self->ledger = ledger_open(settings_path(&self->settings, "judge/ledger.db", path), fault);
    if (!self->ledger)
        return -1;
    self->judge = judge_new(self->settings.name, boot, self->trust, self->key, self->ledger,
                            self->outbox, fault);
    const char *folder = self->settings.documents;
    if (self->judge && self->seals)
        judge_open_with(self->judge, &self->sealing);
    if (!self->judge ||
        (*folder && enrolment_read(self->judge, self->trust, folder, wall_now(), fault)))
        return -1;
    return judge_start(self->judge, wall_now(), mono_now(), fault);
}

int
main(int argc, char **argv)
{
    CLEANUP(desk_close) desk_t desk = {0};
    fault_t fault = {0};
    memory_map_large(32 * 1024);
    log_open("tocsin-judge", getenv("TOCSIN_DEBUG") ? LEVEL_DEBUG : LEVEL_INFO);
    if (argc != 3 && (argc <= 2 + LINKS || argc > 2 + OTHERS_MAX)) {
        log_error(
            "usage: judge CONFIG SPAWNER EFFECTOR LINK... (tocsin-worker starts it), or judge "
            "CONFIG FOLDER (systemd does)");
        return fault_exit(FAULT_USAGE);
    }
    signal(SIGPIPE, SIG_IGN);
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    if (!desk_open(&desk, argv, &fault))
        while (!turn(&desk, &fault))
            ;
    log_error("%s", fault.text);
    return fault_exit(fault.code);
}
