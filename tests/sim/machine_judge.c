/* SPDX-License-Identifier: Apache-2.0 */
/* The judge, and the link that speaks for it. */
#include "tests/sim/machine_private.h"
#include "tests/sim/crypto.h"
#include "wire/message.h"

#define PING_MS    5000
#define MISSED_MAX 3

mono_t
machine_clock(const machine_t *self)
{
    return (mono_t){1000000 + self->world->now - self->booted};
}

static void
on_runner_hears(world_t *world, due_t *due)
{
    machine_t *self = world->machines[due->who];
    if (self->judge_up && due->epoch == self->epoch)
        runners_hear(self, due->number, due->frames);
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

/* What an OP asks the effector to fix, and not only to foretell, stands in the ledger as an intent.
 */
static void
check_intent(machine_t *self, const frames_t *frames)
{
    bool intent = false;
    fault_t fault = {0};
    hash_t run;
    if (!is_fix(frames) || !hash_read(frames_text(frames, 2), &run) ||
        facts_is_dry(self->world->facts, &run))
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
        runners_order(self, frames);
        return 0;
    }
    if (to == TO_LINK || (to == TO_EFFECTOR && is_fix(frames)))
        facts_leave(self->world->facts, self->number, frames_text(frames, 0));
    if (to == TO_LINK)
        wires_send(self->world->wires, self->number, HUB, frames_copy(frames));
    else if (to == TO_EFFECTOR)
        check_intent(self, frames);
    if (to == TO_EFFECTOR && self->effector_up)
        machine_add_letter(self, &self->effector_inbox,
                           (letter_t){FROM_LINK, 0, 0, frames_copy(frames)});
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
    wall_t now = machine_wall(self);
    mono_t clock = machine_clock(self);
    switch (letter->source) {
    case FROM_LINK:
        return judge_on_link(self->judge, 0, letter->frames, now, clock, fault);
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
    int64_t left = deadline.ms - machine_clock(self).ms;
    if (!deadline.ms || deadline.ms == self->deadline)
        return;
    self->deadline = deadline.ms;
    world_after(self->world, left < 0 ? 0 : left,
                (due_t){.act = judge_turn, .who = self->number, .epoch = self->epoch, .number = 1});
}

/* True where it must end. */
static bool
judge_works(machine_t *self)
{
    fault_t fault = {0};
    int failed = 0;
    CLEANUP(inbox_clear) inbox_t taken = inbox_take(&self->judge_inbox);
    ledger_acts_for(self);
    for (size_t i = 0; i < taken.count && !failed; i++)
        failed = judge_hears(self, &taken.letters[i], &fault);
    if (!failed)
        failed = judge_tick(self->judge, machine_wall(self), machine_clock(self), &fault);
    if (!failed)
        failed = outbox_flush(self->outbox, self->ledger, deliver, self, &fault);
    ledger_acts_for(NULL);
    if (failed && !self->judge_doomed && self->world->healed)
        world_break(self->world, "a judge goes on", "%s: %s", node_name(self->number), fault.text);
    if (failed)
        SAY(self->world, "%s: the judge ends: %s", node_name(self->number), fault.text);
    return failed || self->judge_doomed;
}

void
judge_turn(world_t *world, due_t *due)
{
    machine_t *self = world->machines[due->who];
    if (!self->judge_up || due->epoch != self->epoch)
        return;
    if (!due->number)
        self->judge_inbox.turning = false;
    if (!self->world->healed && world->now < self->stopped_until) {
        machine_queue_turn(self, &self->judge_inbox, self->stopped_until - world->now);
        return;
    }
    if (machine_strikes(self, world->plan.odds.stop))
        self->stopped_until = world->now + chance_from(&world->chance, 10, 8000);
    if (judge_works(self)) {
        bool power = machine_strikes(self, world->plan.odds.power * 10);
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
    machine_tell_judge(self, (letter_t){FROM_LINK, 0, 0, frames});
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
link_begin(machine_t *self)
{
    self->unanswered = 0;
    world_after(self->world, chance_from(&self->world->chance, 1, 300),
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
        machine_tell_judge(self, (letter_t){FROM_LINK, 0, 0, frames});
}

void
machine_reconnect(machine_t *self)
{
    self->instance = 0;
    self->unanswered = 0;
    if (self->judge_up)
        wires_ping(self->world->wires, self->number, HUB, 0);
}

/* ---- beginning and end ------------------------------------------------------------------- */

int
judge_begin(machine_t *self, fault_t *fault)
{
    const estate_t *all = estate();
    self->judge_trust = trust_new(&all->site->id);
    self->outbox = outbox_new();
    outbox_employ(self->outbox, deliver, self);
    self->judge = judge_new(node_name(self->number), self->boot, self->judge_trust, self->key,
                            self->ledger, self->outbox, fault);
    if (!self->judge)
        return -1;
    judge_open_with(self->judge, crypto_sealing());
    bool enrolled = trust_root(self->judge_trust);
    for (size_t i = 0; !enrolled && i < ESTATE_DOCUMENTS; i++) {
        const sealed_t *sealed = all->documents[i];
        if (judge_learn(self->judge, bytes_slice(sealed->document), bytes_slice(sealed->armors),
                        machine_wall(self), fault))
            return -1;
    }
    const sealed_t *next = &all->root_next;
    if (!enrolled && self->world->plan.keeper &&
        judge_learn(self->judge, bytes_slice(next->document), bytes_slice(next->armors),
                    machine_wall(self), fault))
        return -1;
    return judge_start(self->judge, machine_wall(self), machine_clock(self), fault);
}

void
judge_end(machine_t *self)
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
    runners_end(self);
    self->instance = 0;
    self->deadline = 0;
}
