/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/sim/world.h"
#include "tests/sim/crypto.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include "tests/sim/desk.h"
#include "tests/sim/facts.h"
#include "tests/sim/hub.h"
#include "tests/sim/liar.h"
#include "tests/sim/machine.h"
#include "tests/sim/memo.h"
#include "tests/sim/tower.h"
#include "tests/sim/wires.h"

#define LOOK_MS    1000
#define QUIET_MS   10000
#define EVENTS_MAX 400000 /* a story that does not end is broken too */

static const char *const names[NODES_MAX] = {"w1", "w2", "w3", "w4", "w5", "hub", "second"};

const char *
node_name(int who)
{
    return names[who];
}

int
node_find(const char *name)
{
    for (int i = 0; i < MACHINES_MAX; i++)
        if (!strcmp(names[i], name))
            return i;
    return -1;
}

frames_t *
frames_copy(const frames_t *from)
{
    frames_t *copy = frames_new();
    for (size_t i = 0; i < from->count; i++)
        frames_add(copy, frames_at(from, i));
    return copy;
}

/* ---- the queue --------------------------------------------------------------------------- */

static bool
is_before(const due_t *left, const due_t *right)
{
    return left->at != right->at ? left->at < right->at : left->order < right->order;
}

void
world_after(world_t *self, int64_t delay_ms, due_t due)
{
    due.at = self->now + delay_ms;
    due.order = self->order++;
    self->queue = memory_grow(self->queue, self->count, &self->capacity, sizeof due);
    size_t at = self->count++;
    for (; at && is_before(&due, &self->queue[(at - 1) / 2]); at = (at - 1) / 2)
        self->queue[at] = self->queue[(at - 1) / 2];
    self->queue[at] = due;
}

static due_t
take_first(world_t *self)
{
    due_t first = self->queue[0], last = self->queue[--self->count];
    size_t at = 0;
    for (size_t child; (child = 2 * at + 1) < self->count; at = child) {
        if (child + 1 < self->count && is_before(&self->queue[child + 1], &self->queue[child]))
            child++;
        if (!is_before(&self->queue[child], &last))
            break;
        self->queue[at] = self->queue[child];
    }
    if (self->count)
        self->queue[at] = last;
    return first;
}

/* ---- what people, monitoring and bad luck do ---------------------------------------------- */

static void
on_errand(world_t *self, due_t *due)
{
    if (self->tower && due->epoch == ERRAND_HALT)
        tower_take(self->tower, due->number ? &self->plan.resume : &self->plan.stop);
    hub_post_all(self, (errand_t)due->epoch, due->number);
}

static void
on_kill(world_t *self, due_t *due)
{
    machine_t *machine = due->who == HUB ? NULL : self->machines[due->who];
    if (self->healed)
        return;
    self->faults++;
    if (!machine)
        hub_kill(self->hub);
    else if (due->number == 0)
        machine_kill_judge(machine);
    else if (due->number == 1)
        machine_kill_effector(machine);
    else
        machine_cut_power(machine);
}

static void
on_partition(world_t *self, due_t *due)
{
    int64_t until = self->now + chance_from(&self->chance, 1, 40) * 1000;
    self->faults++;
    wires_cut(self->wires, due->who, due->number & 1, due->number & 2, until);
}

/* Seconds, minutes, hours; forwards or back. */
static void
on_jump(world_t *self, due_t *due)
{
    static const int64_t most[] = {5000, 120000, 7200000};
    int64_t jump = chance_from(&self->chance, 1, most[chance_below(&self->chance, 3)]);
    if (self->healed)
        return;
    self->faults++;
    self->clock_off[due->who] += chance_percent(&self->chance, 50) ? jump : -jump;
    SAY(self, "%s: its clock is off by %lld ms", node_name(due->who),
        (long long)self->clock_off[due->who]);
}

static void
on_stop(world_t *self, due_t *due)
{
    int64_t until = self->now + chance_from(&self->chance, 100, 30000);
    if (self->healed)
        return;
    self->faults++;
    if (due->who == HUB)
        hub_stop(self->hub, until);
    else
        machine_stop(self->machines[due->who], until);
}

static void
on_full(world_t *self, due_t *due)
{
    bool full = due->number && !self->healed;
    self->faults += full;
    machine_fill_disk(self->machines[due->who], full);
    if (full)
        world_after(self, chance_from(&self->chance, 1000, 30000),
                    (due_t){.act = on_full, .who = due->who});
}

static void
on_lie(world_t *self, due_t *due)
{
    (void)due;
    self->faults++;
    liar_speak(self->liar);
    if (!self->healed)
        world_after(self, chance_from(&self->chance, 20, 3000), (due_t){.act = on_lie});
}

static void
on_revoke(world_t *self, due_t *due)
{
    (void)due;
    SAY(self, "officers: pat's key is revoked");
    if (self->tower)
        tower_take(self->tower, &estate()->people_next);
    hub_use_next(self->hub);
    if (self->second)
        hub_use_next(self->second);
}

/* The broker that a machine spoke to is gone for it, and the other one is there. */
static void
on_switch(world_t *self, due_t *due)
{
    if (self->healed)
        return;
    self->faults++;
    wires_switch(self->wires, due->who);
    machine_reconnect(self->machines[due->who]);
}

static void
on_copy(world_t *self, due_t *due)
{
    machine_copy(self->machines[due->who], self->plan.rollback);
}

static void
on_put_back(world_t *self, due_t *due)
{
    self->faults++;
    machine_put_back(self->machines[due->who], self->plan.rollback);
}

/* All is well from here on: clocks are right, and connections are made anew. */
static void
on_heal(world_t *self, due_t *due)
{
    (void)due;
    self->healed = true;
    SAY(self, "---- nothing goes wrong from here on");
    for (size_t i = 0; i < NODES_MAX; i++)
        self->clock_off[i] = 0;
    for (size_t i = 0; i < self->plan.machines; i++) {
        machine_fill_disk(self->machines[i], false);
        machine_reconnect(self->machines[i]);
    }
}

static void
strike(world_t *self, unsigned count, void (*act)(world_t *, due_t *), bool hub_too, int kinds)
{
    int64_t span = self->plan.heal_at;
    for (unsigned i = 0; i < count; i++) {
        int who = (int)chance_below(&self->chance, self->plan.machines + hub_too);
        due_t due = {.act = act,
                     .who = who == (int)self->plan.machines ? HUB : who,
                     .number = chance_below(&self->chance, (uint64_t)kinds)};
        world_after(self, (int64_t)chance_below(&self->chance, (uint64_t)span), due);
    }
}

static void
post(world_t *self, int64_t delay, errand_t errand, uint64_t index)
{
    world_after(self, delay, (due_t){.act = on_errand, .epoch = errand, .number = index});
}

static void
queue_plan(world_t *self)
{
    const plan_t *plan = &self->plan;
    for (uint64_t i = 0; i < ESTATE_PLAYBOOKS; i++)
        if (plan->playbooks & 1u << i)
            post(self, chance_from(&self->chance, 1, 500), ERRAND_RELEASE, i);
    for (uint64_t i = 0; plan->grants && i < ESTATE_GRANTS; i++)
        post(self, chance_from(&self->chance, 1, 500), ERRAND_GRANT, i);
    for (uint64_t i = 0; i < plan->order_count; i++)
        post(self, plan->orders[i].submitted, ERRAND_ORDER, i);
    for (uint64_t i = 0; i < plan->alert_count; i++)
        post(self, plan->alerts[i].at, ERRAND_ALERT, i);
    if (plan->stop_at)
        post(self, plan->stop_at, ERRAND_HALT, 0);
    if (plan->resume_at)
        post(self, plan->resume_at, ERRAND_HALT, 1);
    desk_begin(self->desk);
    strike(self, plan->kills, on_kill, true, 3);
    strike(self, plan->partitions, on_partition, false, 4);
    strike(self, plan->jumps, on_jump, true, 1);
    strike(self, plan->switches, on_switch, false, 1);
    strike(self, plan->odds.stop ? 3 : 0, on_stop, true, 1);
    for (unsigned i = 0; plan->odds.full && i < 2; i++)
        world_after(self, (int64_t)chance_below(&self->chance, (uint64_t)plan->heal_at),
                    (due_t){.act = on_full,
                            .who = (int)chance_below(&self->chance, plan->machines),
                            .number = 1});
    if (plan->lying)
        world_after(self, 1000, (due_t){.act = on_lie});
    if (plan->rollback) {
        world_after(self, plan->copy_at, (due_t){.act = on_copy, .who = plan->rollback_machine});
        world_after(self, plan->restore_at,
                    (due_t){.act = on_put_back, .who = plan->rollback_machine});
    }
    if (plan->revoke_at)
        world_after(self, plan->revoke_at, (due_t){.act = on_revoke});
    world_after(self, plan->heal_at, (due_t){.act = on_heal});
}

/* ---- the world --------------------------------------------------------------------------- */

world_t *
world_new(uint64_t seed, bool trace)
{
    world_t *self = memory_new(1, sizeof *self);
    self->seed = seed;
    self->trace = trace;
    self->chance = chance_of(seed);
    estate();
    crypto_draw_from(seed);
    plan_make(&self->plan, &self->chance, seed);
    plan_keep_time(&self->plan, seed);
    self->wires = wires_new(self);
    self->liar = self->plan.lying ? liar_new(self) : NULL;
    self->facts = facts_new(self);
    self->desk = desk_new(self);
    self->hub = hub_new(self, HUB);
    if (self->plan.second)
        self->second = hub_new(self, OTHER_HUB);
    for (size_t i = 0; i < self->plan.machines; i++)
        self->machines[i] = machine_new(self, (int)i);
    if (self->plan.keeper)
        self->tower = tower_new(self);
    queue_plan(self);
    return self;
}

void
world_destroy(world_t **self_p)
{
    world_t *self = *self_p;
    if (!self)
        return;
    for (size_t i = 0; i < MACHINES_MAX; i++)
        machine_destroy(&self->machines[i]);
    hub_destroy(&self->hub);
    hub_destroy(&self->second);
    desk_destroy(&self->desk);
    tower_destroy(&self->tower);
    facts_destroy(&self->facts);
    liar_destroy(&self->liar);
    wires_destroy(&self->wires);
    for (size_t i = 0; i < self->count; i++)
        frames_destroy(&self->queue[i].frames);
    free(self->queue);
    plan_clear(&self->plan);
    memo_forget();
    free(self);
    *self_p = NULL;
}

bool
world_strikes(world_t *self, unsigned ppm)
{
    bool struck = !self->healed && chance_ppm(&self->chance, ppm);
    self->faults += struck;
    return struck;
}

wall_t
world_wall(const world_t *self, int who)
{
    return (wall_t){estate()->site->now.ms + self->now + self->clock_off[who]};
}

void
world_break(world_t *self, const char *invariant, const char *format, ...)
{
    va_list args;
    if (self->broken)
        return;
    self->broken = invariant;
    va_start(args, format);
    vsnprintf(self->why, sizeof self->why, format, args);
    va_end(args);
}

void
world_say(const world_t *self, const char *format, ...)
{
    va_list args;
    printf("%9.3f  ", (double)self->now / 1000);
    va_start(args, format);
    vprintf(format, args);
    va_end(args);
    putchar('\n');
}

/* Everything that was planned is over, and nobody has anything left to do. */
static bool
is_over(const world_t *self)
{
    if (!self->healed || !hub_is_up(self->hub))
        return false;
    if (!self->second && hub_active_runs(self->hub))
        return false;
    for (size_t i = 0; i < self->plan.order_count; i++)
        if (!self->plan.orders[i].acknowledged)
            return false;
    for (size_t i = 0; i < self->plan.alert_count; i++)
        if (!self->plan.alerts[i].acknowledged)
            return false;
    for (size_t i = 0; i < self->plan.machines; i++)
        if (!machine_is_idle(self->machines[i]))
            return false;
    return true;
}

bool
world_run(world_t *self)
{
    int64_t looked = 0, quiet_since = -1;
    while (!self->broken && self->count && self->now < self->plan.end_at) {
        due_t due = take_first(self);
        self->now = due.at;
        due.act(self, &due);
        frames_destroy(&due.frames);
        facts_check(self->facts);
        if (++self->events == EVENTS_MAX)
            world_break(self, "a story ends", "%d events, and it goes on", EVENTS_MAX);
        if (self->now - looked < LOOK_MS)
            continue;
        looked = self->now;
        if (!is_over(self))
            quiet_since = -1;
        else if (quiet_since < 0)
            quiet_since = self->now;
        else if (self->now - quiet_since > QUIET_MS)
            break;
    }
    if (!self->broken)
        facts_check_end(self->facts);
    return !self->broken;
}
