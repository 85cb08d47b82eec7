/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/sim/machine.h"

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>

#include "tests/sim/disk.h"
#include "tests/sim/facts.h"
#include "tests/sim/machine_wraps.h"
#include "tests/sim/script.h"
#include "tests/sim/wires.h"
#include "wire/message.h"
#include "worker/effector.h"
#include "worker/judge.h"
#include "worker/site_folder.h"

#define PING_MS    5000
#define MISSED_MAX 3
#define HANDS_MAX  64

typedef enum { FROM_LINK, FROM_EFFECTOR, FROM_RUNNER, RUNNER_IS_READY, RUNNER_ENDED } source_t;

/* Something that waits in a process's sockets. */
typedef struct {
    source_t source;
    uint64_t runner;
    int status;
    frames_t *frames; /* ours */
} letter_t;

typedef struct {
    size_t count, capacity;
    letter_t *letters;
    bool turning;
} inbox_t;

typedef struct {
    uint64_t number; /* 0: none */
    bytes_t *script; /* ours; NULL before its TASK */
    char mode[8], step[TEXT_NAME_MAX + 1];
    size_t at;  /* line */
    bool tries; /* a fault of the op it asked for does not matter */
} runner_t;

typedef struct {
    bool used;
    uint64_t number; /* counts up: events name their child by it */
    const op_t *op;
    bool fix;
    hash_t key;
    fault_t why; /* how it will end; code 0: with a result */
    bool over;
} child_t;

struct machine {
    world_t *world;
    int number;
    char root[24], site[32], journal_path[32];
    disk_t *disk;
    ledger_t *ledger; /* survives, as its file would */
    const machinekey_t *key;
    uint64_t epoch; /* counts starts */
    bool starting;
    int64_t stopped_until;
    /* the judge */
    bool judge_up, judge_doomed;
    trust_t *judge_trust;
    outbox_t *outbox;
    judge_t *judge;
    inbox_t judge_inbox;
    int64_t deadline; /* for which a turn is queued; 0 none */
    uint64_t open_parts;
    runner_t runners[HANDS_MAX];
    /* the link */
    uint64_t instance; /* 0: offline */
    int unanswered;
    /* the effector */
    bool effector_up;
    trust_t *effector_trust;
    journal_t *journal;
    effector_t *effector;
    inbox_t effector_inbox;
    child_t children[EFFECTOR_FLIGHTS_MAX];
    uint64_t children_made;
};

/* Whose judge works at the moment: the ledger's calls do not tell. */
static machine_t *acting;

/* Ledgers are emptied, not opened anew, from one world to the next. */
static ledger_t *ledgers[MACHINES_MAX];

static bool
calm(const machine_t *self)
{
    return self->world->healed;
}

static bool
strikes(machine_t *self, unsigned ppm)
{
    return world_strikes(self->world, ppm);
}

static mono_t
mono_of(const machine_t *self)
{
    return (mono_t){1000000 + self->world->now};
}

static wall_t
wall_of(const machine_t *self)
{
    return world_wall(self->world, self->number);
}

/* ---- inboxes ----------------------------------------------------------------------------- */

static void
inbox_empty(inbox_t *self)
{
    for (size_t i = 0; i < self->count; i++)
        frames_destroy(&self->letters[i].frames);
    self->count = 0;
    self->turning = false;
}

static void
inbox_clear(inbox_t *self)
{
    inbox_empty(self);
    free(self->letters);
}

static void judge_turn(world_t *world, due_t *due);
static void effector_turn(world_t *world, due_t *due);

static void
queue_turn(machine_t *self, inbox_t *inbox, int64_t delay)
{
    if (inbox->turning)
        return;
    inbox->turning = true;
    world_after(self->world, delay,
                (due_t){.act = inbox == &self->judge_inbox ? judge_turn : effector_turn,
                        .who = self->number,
                        .epoch = self->epoch});
}

static void
add_letter(machine_t *self, inbox_t *inbox, letter_t letter)
{
    inbox->letters = memory_grow(inbox->letters, inbox->count, &inbox->capacity, sizeof letter);
    inbox->letters[inbox->count++] = letter;
    int64_t slow = strikes(self, self->world->plan.odds.slow / 4)
                       ? chance_from(&self->world->chance, 1, 500)
                       : 0;
    queue_turn(self, inbox, chance_below(&self->world->chance, 2) + slow);
}

static void
to_judge(machine_t *self, letter_t letter)
{
    if (self->judge_up)
        add_letter(self, &self->judge_inbox, letter);
    else
        frames_destroy(&letter.frames);
}

/* ---- dying ------------------------------------------------------------------------------- */

static void start(world_t *world, due_t *due);

/* The supervisor starts all of them anew, once all of them are gone. */
static void
start_later(machine_t *self)
{
    if (self->judge_up || self->effector_up || self->starting)
        return;
    self->starting = true;
    world_after(self->world, chance_from(&self->world->chance, 20, 3000),
                (due_t){.act = start, .who = self->number});
}

static void
drop_runner(runner_t *runner)
{
    bytes_destroy(&runner->script);
    *runner = (runner_t){0};
}

static void
end_judge(machine_t *self)
{
    if (!self->judge_up)
        return;
    self->judge_up = self->judge_doomed = false;
    judge_destroy(&self->judge);
    outbox_destroy(&self->outbox);
    trust_destroy(&self->judge_trust);
    ledger_crash(self->ledger);
    facts_lose(self->world->facts, self->number);
    inbox_empty(&self->judge_inbox);
    for (size_t i = 0; i < HANDS_MAX; i++)
        drop_runner(&self->runners[i]);
    self->instance = 0;
    self->deadline = 0;
}

/* Its children die with it, but for one that may act until the next effector ends it. */
static void
end_effector(machine_t *self, bool power)
{
    if (!self->effector_up)
        return;
    self->effector_up = false;
    effector_destroy(&self->effector);
    journal_destroy(&self->journal);
    trust_destroy(&self->effector_trust);
    inbox_empty(&self->effector_inbox);
    for (size_t i = 0; i < EFFECTOR_FLIGHTS_MAX; i++) {
        child_t *child = &self->children[i];
        bool lives_on =
            child->used && child->fix && !power && chance_percent(&self->world->chance, 30);
        if (!lives_on)
            child->used = false;
    }
    disk_reboot(self->disk, power);
}

static size_t
flights(const machine_t *self)
{
    size_t count = 0;
    for (size_t i = 0; i < EFFECTOR_FLIGHTS_MAX; i++)
        count += self->children[i].used;
    return count;
}

void
machine_kill_judge(machine_t *self)
{
    if (!self->judge_up)
        return;
    SAY(self->world, "%s: its judge is gone", node_name(self->number));
    end_judge(self);
    if (!flights(self) || chance_percent(&self->world->chance, 50))
        end_effector(self, false);
    start_later(self);
}

void
machine_kill_effector(machine_t *self)
{
    if (!self->effector_up)
        return;
    SAY(self->world, "%s: its effector is gone", node_name(self->number));
    end_effector(self, false);
    end_judge(self);
    start_later(self);
}

void
machine_cut_power(machine_t *self)
{
    SAY(self->world, "%s: its power is cut", node_name(self->number));
    end_judge(self);
    if (self->effector_up)
        end_effector(self, true);
    else
        disk_reboot(self->disk, true);
    for (size_t i = 0; i < EFFECTOR_FLIGHTS_MAX; i++)
        self->children[i].used = false;
    start_later(self);
}

void
machine_stop(machine_t *self, int64_t until)
{
    SAY(self->world, "%s: stopped until %.1f s", node_name(self->number), (double)until / 1000);
    self->stopped_until = until;
}

void
machine_fill_disk(machine_t *self, bool full)
{
    SAY(self->world, "%s: its disk is %s", node_name(self->number),
        full ? "full" : "no longer full");
    disk_fill(self->disk, full);
}

/* ---- the ledger and the disk, with their faults ------------------------------------------ */

int
__wrap_ledger_commit(ledger_t *ledger, fault_t *fault)
{
    machine_t *self = acting;
    const odds_t *odds = &self->world->plan.odds;
    assert(self && self->ledger == ledger);
    bool crash = strikes(self, odds->crash + odds->power);
    bool full = !crash && strikes(self, odds->full + odds->broken);
    if (full || (crash && chance_percent(&self->world->chance, 50))) {
        self->judge_doomed = true;
        ledger_crash(ledger);
        return fault_set(fault, full ? FAULT_FULL : FAULT_IO, "the simulated ledger fails");
    }
    if (__real_ledger_commit(ledger, fault))
        return -1;
    facts_commit(self->world->facts, self->number);
    self->judge_doomed = crash;
    return 0;
}

int
__wrap_ledger_put_part(ledger_t *ledger, const part_row_t *part, fault_t *fault)
{
    if (__real_ledger_put_part(ledger, part, fault))
        return -1;
    facts_accept(acting->world->facts, acting->number,
                 &(acceptance_t){.run = part->run,
                                 .authority = part->authority,
                                 .release = part->release,
                                 .by_grant = part->by_grant,
                                 .closed = part->closed,
                                 .accepted = part->accepted});
    return 0;
}

int
__wrap_ledger_put_effect(ledger_t *ledger, const effect_row_t *effect, fault_t *fault)
{
    if (!effect->done)
        facts_intend(acting->world->facts, acting->number, &effect->of.run);
    return __real_ledger_put_effect(ledger, effect, fault);
}

int
__wrap_ledger_put_receipt(ledger_t *ledger, uint64_t sequence, const hash_t *run, slice_t document,
                          slice_t armor, slice_t output, fault_t *fault)
{
    if (__real_ledger_put_receipt(ledger, sequence, run, document, armor, output, fault))
        return -1;
    facts_sign(acting->world->facts, acting->number, document);
    return 0;
}

static disk_fate_t
disk_fate(void *context, const char *call)
{
    machine_t *self = context;
    chance_t *chance = &self->world->chance;
    const odds_t *odds = &self->world->plan.odds;
    if (strikes(self, odds->crash + odds->power)) {
        bool before = chance_percent(chance, 50);
        SAY(self->world, "%s: the effector dies %s a %s", node_name(self->number),
            before ? "before" : "behind", call);
        return before ? DISK_CRASH_BEFORE : DISK_CRASH_AFTER;
    }
    if (!strcmp(call, "write") && strikes(self, odds->full))
        return DISK_FULL;
    if (strikes(self, odds->broken)) {
        SAY(self->world, "%s: EIO at a %s", node_name(self->number), call);
        return DISK_BROKEN;
    }
    return DISK_FINE;
}

/* ---- runners ----------------------------------------------------------------------------- */

static runner_t *
find_runner(machine_t *self, uint64_t number)
{
    for (size_t i = 0; i < HANDS_MAX; i++)
        if (self->runners[i].number == number)
            return &self->runners[i];
    return NULL;
}

static void
runner_says(machine_t *self, const runner_t *runner, frames_t *frames)
{
    to_judge(self, (letter_t){FROM_RUNNER, runner->number, 0, frames});
}

static void
runner_ends(machine_t *self, runner_t *runner, int status)
{
    to_judge(self, (letter_t){RUNNER_ENDED, runner->number, status, NULL});
    drop_runner(runner);
}

static void
runner_done(machine_t *self, runner_t *runner, const char *outcome, const char *code,
            const char *text)
{
    CLEANUP(value_destroy) value_t *output = value_map();
    CLEANUP(bytes_destroy) bytes_t *encoded = bytes_new();
    value_set_integer(output, "lines", (int64_t)runner->at);
    value_encode(output, encoded);
    frames_t *frames = frames_new();
    frames_add_text(frames, "DONE");
    frames_add_text(frames, outcome);
    frames_add(frames, bytes_slice(encoded));
    frames_add_text(frames, code);
    frames_add_text(frames, text);
    runner_says(self, runner, frames);
    runner_ends(self, runner, 0);
}

static void
runner_asks(machine_t *self, runner_t *runner, const script_line_t *line)
{
    CLEANUP(value_destroy) value_t *arguments = script_arguments(line);
    CLEANUP(bytes_destroy) bytes_t *encoded = bytes_new();
    value_encode(arguments, encoded);
    runner->tries = !strcmp(line->word, "try");
    frames_t *frames = frames_new();
    frames_add_text(frames, "OP");
    frames_add_text(frames, line->op);
    frames_add(frames, bytes_slice(encoded));
    runner_says(self, runner, frames);
}

static void
runner_goes_on(machine_t *self, runner_t *runner)
{
    script_line_t line;
    if (!script_line(bytes_text(runner->script), runner->mode, runner->step, runner->at++, &line)) {
        runner_done(self, runner, "ok", "none", "");
    } else if (line.op[0]) {
        runner_asks(self, runner, &line);
    } else if (!strcmp(line.word, "skip")) {
        runner_done(self, runner, "skipped", "none", "");
    } else if (!strcmp(line.word, "fail")) {
        runner_done(self, runner, "failed", "failed", "the script says so");
    } else if (!strcmp(line.word, "exit")) {
        runner_ends(self, runner, SIGKILL);
    } else {
        assert(!strcmp(line.word, "hang"));
    }
}

static void
runner_hears(machine_t *self, runner_t *runner, const frames_t *frames)
{
    const char *word = frames_text(frames, 0);
    if (!strcmp(word, "TASK")) {
        text_copy(runner->mode, sizeof runner->mode, frames_text(frames, 1));
        runner->script = bytes_copy(frames_at(frames, 2));
        text_copy(runner->step, sizeof runner->step, frames_text(frames, 3));
    } else if (!strcmp(word, "FAULT") && !runner->tries) {
        runner_done(self, runner, "failed", frames_text(frames, 1), frames_text(frames, 2));
        return;
    }
    runner_goes_on(self, runner);
}

static void
on_runner_hears(world_t *world, due_t *due)
{
    machine_t *self = world->machines[due->who];
    runner_t *runner = find_runner(self, due->number);
    if (self->judge_up && due->epoch == self->epoch && runner)
        runner_hears(self, runner, due->frames);
}

/* ---- the judge --------------------------------------------------------------------------- */

static void
spawner_hears(machine_t *self, const frames_t *frames)
{
    uint64_t number = 0;
    bool read = text_read_u64(frames_text(frames, 1), 1, INT64_MAX, &number);
    assert(read);
    if (!strcmp(frames_text(frames, 0), "RUN")) {
        runner_t *runner = find_runner(self, 0);
        assert(runner);
        runner->number = number;
        to_judge(self, (letter_t){RUNNER_IS_READY, number, 0, NULL});
        return;
    }
    runner_t *runner = find_runner(self, number);
    if (runner)
        runner_ends(self, runner, SIGKILL);
}

/* An OP that changes something. */
static bool
is_fix(const frames_t *frames)
{
    const op_t *op = NULL;
    for (size_t i = 3; i < frames->count && !op; i++)
        op = op_find(frames_text(frames, i));
    return !strcmp(frames_text(frames, 0), "OP") && op && op->least != CLASS_OBSERVE;
}

/* What an OP asks the effector to fix stands in the ledger as an intent. */
static void
check_intent(machine_t *self, const frames_t *frames)
{
    bool intent = false;
    fault_t fault = {0};
    hash_t run;
    if (!is_fix(frames) || !hash_read(frames_text(frames, 2), &run))
        return;
    if (ledger_has_intent(self->ledger, &run, &intent, &fault) || !intent)
        world_break(self->world, "a fix has an intent", "%s asks for one without",
                    node_name(self->number));
}

static int
deliver(void *context, destination_t to, uint64_t runner, const frames_t *frames, fault_t *fault)
{
    machine_t *self = context;
    (void)fault;
    if (self->judge_doomed)
        return 0;
    if (to == TO_SPAWNER) {
        spawner_hears(self, frames);
        return 0;
    }
    if (to == TO_LINK || (to == TO_EFFECTOR && is_fix(frames)))
        facts_leave(self->world->facts, self->number, frames_text(frames, 0));
    if (to == TO_LINK)
        wires_send(self->world->wires, self->number, HUB, frames_copy(frames));
    else if (to == TO_EFFECTOR)
        check_intent(self, frames);
    if (to == TO_EFFECTOR && self->effector_up)
        add_letter(self, &self->effector_inbox, (letter_t){FROM_LINK, 0, 0, frames_copy(frames)});
    if (to == TO_RUNNER)
        world_after(self->world, chance_below(&self->world->chance, 3),
                    (due_t){.act = on_runner_hears,
                            .who = self->number,
                            .epoch = self->epoch,
                            .number = runner,
                            .frames = frames_copy(frames)});
    return 0;
}

static int
judge_hears(machine_t *self, const letter_t *letter, fault_t *fault)
{
    wall_t now = wall_of(self);
    mono_t clock = mono_of(self);
    switch (letter->source) {
    case FROM_LINK:
        return judge_on_link(self->judge, letter->frames, now, clock, fault);
    case FROM_EFFECTOR:
        return judge_on_effector(self->judge, letter->frames, now, clock, fault);
    case FROM_RUNNER:
        return judge_on_runner(self->judge, letter->runner, letter->frames, now, clock, fault);
    case RUNNER_IS_READY:
        return judge_wants_runner(self->judge, letter->runner)
                   ? judge_on_runner_ready(self->judge, letter->runner, fault)
                   : 0;
    case RUNNER_ENDED:
        break;
    }
    return judge_on_runner_end(self->judge, letter->runner, letter->status, now, clock, fault);
}

static void
queue_deadline(machine_t *self)
{
    mono_t deadline = judge_deadline(self->judge);
    int64_t left = deadline.ms - mono_of(self).ms;
    if (!deadline.ms || deadline.ms == self->deadline)
        return;
    self->deadline = deadline.ms;
    world_after(self->world, left < 0 ? 0 : left,
                (due_t){.act = judge_turn, .who = self->number, .epoch = self->epoch, .number = 1});
}

/* What has arrived; more may come while it is heard. */
static inbox_t
take_letters(inbox_t *inbox)
{
    inbox_t taken = *inbox;
    inbox->letters = NULL;
    inbox->count = inbox->capacity = 0;
    return taken;
}

/* True where it must end. */
static bool
judge_works(machine_t *self)
{
    fault_t fault = {0};
    int failed = 0;
    CLEANUP(inbox_clear) inbox_t taken = take_letters(&self->judge_inbox);
    acting = self;
    for (size_t i = 0; i < taken.count && !failed; i++)
        failed = judge_hears(self, &taken.letters[i], &fault);
    if (!failed)
        failed = judge_tick(self->judge, wall_of(self), mono_of(self), &fault);
    if (!failed)
        failed = outbox_flush(self->outbox, self->ledger, deliver, self, &fault);
    acting = NULL;
    if (failed && !self->judge_doomed && calm(self))
        world_break(self->world, "a judge goes on", "%s: %s", node_name(self->number), fault.text);
    if (failed)
        SAY(self->world, "%s: the judge ends: %s", node_name(self->number), fault.text);
    return failed || self->judge_doomed;
}

static void
judge_turn(world_t *world, due_t *due)
{
    machine_t *self = world->machines[due->who];
    if (!self->judge_up || due->epoch != self->epoch)
        return;
    if (!due->number)
        self->judge_inbox.turning = false;
    if (!calm(self) && world->now < self->stopped_until) {
        queue_turn(self, &self->judge_inbox, self->stopped_until - world->now);
        return;
    }
    if (strikes(self, world->plan.odds.stop))
        self->stopped_until = world->now + chance_from(&world->chance, 10, 8000);
    if (judge_works(self)) {
        bool power = strikes(self, world->plan.odds.power * 10);
        power ? machine_cut_power(self) : machine_kill_judge(self);
        return;
    }
    queue_deadline(self);
}

/* ---- the link ---------------------------------------------------------------------------- */

static void
say_to_judge(machine_t *self, const char *word, uint64_t instance)
{
    char text[24];
    frames_t *frames = frames_new();
    frames_add_text(frames, word);
    snprintf(text, sizeof text, "hub-%llu", (unsigned long long)instance);
    if (instance)
        frames_add_text(frames, text);
    to_judge(self, (letter_t){FROM_LINK, 0, 0, frames});
}

static void
on_heartbeat(world_t *world, due_t *due)
{
    machine_t *self = world->machines[due->who];
    if (!self->judge_up || due->epoch != self->epoch)
        return;
    if (self->unanswered >= MISSED_MAX && self->instance) {
        self->instance = 0;
        say_to_judge(self, "OFFLINE", 0);
    }
    self->unanswered = self->unanswered >= MISSED_MAX ? 1 : self->unanswered + 1;
    wires_ping(world->wires, self->number, HUB, 0);
    world_after(world, PING_MS,
                (due_t){.act = on_heartbeat, .who = self->number, .epoch = self->epoch});
}

void
machine_pong(machine_t *self, uint64_t instance)
{
    self->unanswered = 0;
    if (!self->judge_up || instance == self->instance)
        return;
    self->instance = instance;
    say_to_judge(self, "ONLINE", instance);
}

void
machine_receive(machine_t *self, frames_t *frames)
{
    message_type_t type;
    if (message_read(frames, FROM_BROKER, &type, NULL))
        frames_destroy(&frames);
    else
        to_judge(self, (letter_t){FROM_LINK, 0, 0, frames});
}

void
machine_reconnect(machine_t *self)
{
    self->instance = 0;
    self->unanswered = 0;
    if (self->judge_up)
        wires_ping(self->world->wires, self->number, HUB, 0);
}

/* ---- the effector ------------------------------------------------------------------------ */

static void
effector_answers(machine_t *self, frames_t *answer)
{
    if (answer && self->judge_up && !disk_is_doomed(self->disk))
        to_judge(self, (letter_t){FROM_EFFECTOR, 0, 0, answer});
    else
        frames_destroy(&answer);
}

static bool
effector_works(machine_t *self)
{
    fault_t fault = {0};
    int failed = 0;
    CLEANUP(inbox_clear) inbox_t taken = take_letters(&self->effector_inbox);
    for (size_t i = 0; i < taken.count; i++) {
        frames_t *answer = NULL;
        if (!failed && !disk_is_doomed(self->disk))
            failed = effector_receive(self->effector, taken.letters[i].frames, &answer, &fault);
        effector_answers(self, answer);
    }
    if (failed)
        SAY(self->world, "%s: the effector ends: %s", node_name(self->number), fault.text);
    if (failed && calm(self) && !disk_is_doomed(self->disk))
        world_break(self->world, "an effector goes on", "%s: %s", node_name(self->number),
                    fault.text);
    return failed || disk_is_doomed(self->disk);
}

static void
effector_dies(machine_t *self)
{
    bool power = strikes(self, self->world->plan.odds.power * 10);
    power ? machine_cut_power(self) : machine_kill_effector(self);
}

static void
effector_turn(world_t *world, due_t *due)
{
    machine_t *self = world->machines[due->who];
    if (!self->effector_up || due->epoch != self->epoch)
        return;
    self->effector_inbox.turning = false;
    if (!calm(self) && world->now < self->stopped_until)
        queue_turn(self, &self->effector_inbox, self->stopped_until - world->now);
    else if (effector_works(self))
        effector_dies(self);
}

/* ---- children of ops --------------------------------------------------------------------- */

static child_t *
find_child(machine_t *self, uint64_t number)
{
    for (size_t i = 0; i < EFFECTOR_FLIGHTS_MAX; i++)
        if (self->children[i].used && self->children[i].number == number)
            return &self->children[i];
    return NULL;
}

static void
on_act(world_t *world, due_t *due)
{
    machine_t *self = world->machines[due->who];
    const child_t *child = find_child(self, due->number);
    if (!child)
        return;
    SAY(world, "%s: %s acts", node_name(self->number), child->op->name);
    facts_act(world->facts, self->number, &child->key);
}

static value_t *
result_of(const op_t *op)
{
    value_t *result = value_map();
    value_set_text(result, "op", op->name);
    value_set_bool(result, "running", true);
    return result;
}

/* A fix that must not run twice, and was cut off or died: nobody can know. */
static void
check_word(machine_t *self, const child_t *child, const frames_t *answer)
{
    bool cut = child->why.code == FAULT_TIMEOUT || child->why.code == FAULT_UNKNOWN;
    if (answer && cut && child->fix && child->op->again == AGAIN_NEVER &&
        strcmp(frames_text(answer, 2), "unknown") != 0)
        world_break(self->world, "what nobody knows is unknown", "%s calls %s '%s'",
                    node_name(self->number), child->op->name, frames_text(answer, 2));
}

static void
on_child_ended(world_t *world, due_t *due)
{
    machine_t *self = world->machines[due->who];
    child_t *child = find_child(self, due->number);
    fault_t fault = {0};
    frames_t *answer = NULL;
    if (!child)
        return;
    if (!calm(self) && world->now < self->stopped_until && self->effector_up) {
        world_after(world, self->stopped_until - world->now, *due);
        return;
    }
    child->used = false;
    if (!self->effector_up || due->epoch != self->epoch)
        return;
    CLEANUP(value_destroy) value_t *result = child->why.code ? NULL : result_of(child->op);
    int failed = effector_ended(self->effector, (size_t)(child - self->children), result,
                                &child->why, &answer, &fault);
    check_word(self, child, answer);
    effector_answers(self, answer);
    if (failed || disk_is_doomed(self->disk)) {
        SAY(world, "%s: the effector ends: %s", node_name(self->number), fault.text);
        if (failed && calm(self) && !disk_is_doomed(self->disk))
            world_break(world, "an effector goes on", "%s: %s", node_name(self->number),
                        fault.text);
        effector_dies(self);
    } else if (!self->judge_up && !flights(self)) {
        end_effector(self, false);
        start_later(self);
    }
}

/* How a child will end, when, and whether and when it acts before. */
static void
plan_child(machine_t *self, child_t *child)
{
    chance_t *chance = &self->world->chance;
    const odds_t *odds = &self->world->plan.odds;
    int64_t lasts = chance_from(chance, 1, 60), most = (int64_t)child->op->timeout_s * 1000;
    bool acts = child->fix;
    child->why = (fault_t){0};
    if (strikes(self, odds->op_slow))
        lasts = chance_from(chance, 100, most + most / 4);
    if (lasts > most) {
        lasts = most;
        fault_set(&child->why, FAULT_TIMEOUT, "%s was not done in time", child->op->name);
    } else if (strikes(self, odds->op_fails)) {
        fault_set(&child->why, FAULT_FAILED, "%s failed", child->op->name);
    } else if (strikes(self, odds->op_dies)) {
        fault_set(&child->why, FAULT_UNKNOWN, "%s died", child->op->name);
    }
    if (child->why.code)
        acts = acts && chance_percent(chance, 50);
    due_t due = {.who = self->number, .epoch = self->epoch, .number = child->number};
    due.act = on_act;
    if (acts)
        world_after(self->world, (int64_t)chance_below(chance, (uint64_t)lasts), due);
    due.act = on_child_ended;
    world_after(self->world, lasts, due);
}

static wall_t
effector_now(void *context)
{
    return wall_of(context);
}

static void
tell_begin(machine_t *self, const op_t *op, const value_t *arguments, const hash_t *key)
{
    CLEANUP(bytes_destroy) bytes_t *encoded = bytes_new();
    value_encode(arguments, encoded);
    const journal_entry_t *entry = journal_find(self->journal, key);
    deed_t deed = {.key = *key,
                   .op = op->name,
                   .step = "-",
                   .arguments = hash_of(bytes_slice(encoded)),
                   .once = op->again == AGAIN_NEVER};
    if (entry && !entry->ended) {
        deed.run = entry->run;
        deed.release = entry->release;
        deed.step = entry->step;
        deed.begun = entry->begun;
        deed.synced = disk_is_synced(self->disk, "journal");
    }
    deed.told = disk_has(self->disk, "site/people", bytes_slice(estate()->people_next.document));
    facts_begin(self->world->facts, self->number, &deed);
}

static int
start_child(void *context, size_t flight, const op_t *op, const value_t *arguments,
            const hash_t *key, fault_t *fault)
{
    machine_t *self = context;
    child_t *child = &self->children[flight];
    if (disk_is_doomed(self->disk))
        return fault_set(fault, FAULT_IO, "the effector is as good as dead");
    if (child->used)
        return fault_set(fault, FAULT_IO, "an old child is there still");
    *child = (child_t){.used = true,
                       .number = ++self->children_made,
                       .op = op,
                       .fix = key,
                       .key = key ? *key : HASH_ZERO};
    if (key)
        tell_begin(self, op, arguments, key);
    SAY(self->world, "%s: %s is started", node_name(self->number), op->name);
    plan_child(self, child);
    return 0;
}

static int
end_child(void *context, const hash_t *key, fault_t *fault)
{
    machine_t *self = context;
    if (strikes(self, self->world->plan.odds.op_dies / 2))
        return fault_set(fault, FAULT_TIMEOUT, "it lives on");
    for (size_t i = 0; i < EFFECTOR_FLIGHTS_MAX; i++)
        if (self->children[i].used && hash_equal(&self->children[i].key, key))
            self->children[i].used = false;
    return 0;
}

static void
cut_child(void *context, size_t flight)
{
    machine_t *self = context;
    child_t *child = &self->children[flight];
    fault_set(&child->why, FAULT_TIMEOUT, "%s was ended", child->op->name);
    world_after(self->world, 1,
                (due_t){.act = on_child_ended,
                        .who = self->number,
                        .epoch = self->epoch,
                        .number = child->number});
}

/* ---- starting ---------------------------------------------------------------------------- */

static int
start_effector(machine_t *self, fault_t *fault)
{
    const estate_t *all = estate();
    self->effector_trust = trust_new(&all->site->id);
    if (site_folder_load(self->site, self->effector_trust, fault))
        return -1;
    self->journal = journal_open(self->journal_path, fault);
    if (!self->journal)
        return -1;
    for (size_t i = 0; i < EFFECTOR_FLIGHTS_MAX; i++)
        self->children[i].used = false; /* as op_runner_new ends what was left */
    self->effector = effector_new(&(effector_place_t){
        .worker = node_name(self->number),
        .folder = self->site,
        .trust = self->effector_trust,
        .journal = self->journal,
        .policy = all->policy,
        .io = {self, effector_now, start_child, end_child, cut_child},
    });
    return disk_is_doomed(self->disk) ? fault_set(fault, FAULT_IO, "it died at once") : 0;
}

static int
start_judge(machine_t *self, fault_t *fault)
{
    const estate_t *all = estate();
    self->judge_trust = trust_new(&all->site->id);
    self->outbox = outbox_new();
    outbox_employ(self->outbox, deliver, self);
    self->judge = judge_new(node_name(self->number), self->judge_trust, self->key, self->ledger,
                            self->outbox, fault);
    if (!self->judge)
        return -1;
    bool enrolled = trust_root(self->judge_trust);
    for (size_t i = 0; !enrolled && i < ESTATE_DOCUMENTS; i++) {
        const sealed_t *sealed = all->documents[i];
        if (judge_learn(self->judge, bytes_slice(sealed->document), bytes_slice(sealed->armors),
                        fault))
            return -1;
    }
    return judge_start(self->judge, wall_of(self), fault);
}

static void
start(world_t *world, due_t *due)
{
    machine_t *self = world->machines[due->who];
    fault_t fault = {0};
    self->starting = false;
    self->epoch++;
    self->effector_up = self->judge_up = true;
    acting = self;
    bool failed = start_effector(self, &fault) || start_judge(self, &fault);
    acting = NULL;
    SAY(world, "%s: starts%s%s", node_name(self->number), failed ? ", in vain: " : "", fault.text);
    if (failed && calm(self) && !disk_is_doomed(self->disk))
        world_break(world, "a machine starts again", "%s: %s", node_name(self->number), fault.text);
    if (failed) {
        machine_kill_effector(self);
        return;
    }
    self->unanswered = 0;
    queue_turn(self, &self->judge_inbox, 0);
    world_after(world, chance_from(&world->chance, 1, 300),
                (due_t){.act = on_heartbeat, .who = self->number, .epoch = self->epoch});
}

/* As after a quiet first start: ledger and site folder have the documents. */
static void
enrol(machine_t *self)
{
    const estate_t *all = estate();
    fault_t fault = {0};
    int failed = 0;
    for (size_t i = 0; i < ESTATE_DOCUMENTS && !failed; i++) {
        char path[96];
        const char *name = i ? all->names[i] : "root.1";
        slice_t document = bytes_slice(all->documents[i]->document);
        slice_t armors = bytes_slice(all->documents[i]->armors);
        snprintf(path, sizeof path, "%s/%s.sigs", self->site, name);
        disk_put(self->disk, path, armors);
        snprintf(path, sizeof path, "%s/%s", self->site, name);
        disk_put(self->disk, path, document);
        failed = ledger_put_document(self->ledger, name, document, armors, &fault);
    }
    failed = failed || __real_ledger_commit(self->ledger, &fault);
    assert(!failed);
}

machine_t *
machine_new(world_t *world, int number)
{
    machine_t *self = memory_new(1, sizeof *self);
    self->world = world;
    self->number = number;
    snprintf(self->root, sizeof self->root, "/sim/%d", number);
    snprintf(self->site, sizeof self->site, "/sim/%d/site", number);
    snprintf(self->journal_path, sizeof self->journal_path, "/sim/%d/journal", number);
    self->disk = disk_new((size_t)number, &world->chance, disk_fate, self);
    if (!ledgers[number])
        ledgers[number] = ledger_memory();
    self->ledger = ledgers[number];
    ledger_wipe(self->ledger);
    self->key = site_key(estate()->site, node_name(number));
    if (chance_percent(&world->chance, 85))
        enrol(self);
    start_later(self);
    return self;
}

void
machine_destroy(machine_t **self_p)
{
    machine_t *self = *self_p;
    if (!self)
        return;
    end_judge(self);
    end_effector(self, false);
    inbox_clear(&self->judge_inbox);
    inbox_clear(&self->effector_inbox);
    disk_destroy(&self->disk);
    free(self);
    *self_p = NULL;
}

static int
count_part(void *context, const part_row_t *part, fault_t *fault)
{
    (void)part, (void)fault;
    ++*(size_t *)context;
    return 0;
}

bool
machine_is_idle(const machine_t *self)
{
    size_t open = 0;
    fault_t fault = {0};
    if (!self->judge_up || !self->instance || self->judge_inbox.count)
        return false;
    int failed = ledger_each_open_part(self->ledger, count_part, &open, &fault);
    return !failed && !open;
}
