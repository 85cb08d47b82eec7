/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/sim/wires.h"

#include <stdlib.h>

#include "tests/sim/facts.h"
#include "tests/sim/hub.h"
#include "tests/sim/liar.h"
#include "tests/sim/machine.h"

typedef struct {
    int hub;              /* that it speaks to */
    int64_t cut_until[2]; /* what the machine says, what it hears */
    int64_t last[2];      /* arrival of the last message that kept its place */
} wire_t;

struct wires {
    world_t *world;
    wire_t wire[MACHINES_MAX];
};

wires_t *
wires_new(world_t *world)
{
    wires_t *self = memory_new(1, sizeof *self);
    self->world = world;
    for (size_t i = 0; i < MACHINES_MAX; i++)
        self->wire[i].hub = HUB;
    return self;
}

void
wires_destroy(wires_t **self_p)
{
    wires_t *self = *self_p;
    if (!self)
        return;
    free(self);
    *self_p = NULL;
}

void
wires_cut(wires_t *self, int machine, bool says, bool hears, int64_t until)
{
    self->wire[machine].cut_until[0] = says ? until : self->wire[machine].cut_until[0];
    self->wire[machine].cut_until[1] = hears ? until : self->wire[machine].cut_until[1];
    SAY(self->world, "%s: cut off%s%s until %.1f s", node_name(machine), says ? ", unheard" : "",
        hears ? ", deaf" : "", (double)until / 1000);
}

/* ---- carrying ---------------------------------------------------------------------------- */

#define TO_HUB \
    0x100 /* in a due's epoch, beside the hub: the message is for it, not for the machine */

static void
on_arrival(world_t *world, due_t *due)
{
    frames_t *frames = MOVE(due->frames);
    machine_t *machine = world->machines[due->who];
    hub_t *hub = hub_of(world, (int)(due->epoch & ~(uint64_t)TO_HUB));
    if (due->epoch & TO_HUB)
        hub_receive(hub, due->who, frames);
    else if (world->wires->wire[due->who].hub != (int)due->epoch)
        frames_destroy(&frames);
    else if (frames)
        machine_receive(machine, frames);
    else
        machine_pong(machine, due->number);
}

static void
carry(wires_t *self, int machine, bool to_hub, uint64_t number, frames_t *frames)
{
    world_t *world = self->world;
    wire_t *wire = &self->wire[machine];
    chance_t *chance = &world->chance;
    const odds_t *odds = &world->plan.odds;
    int64_t delay = chance_from(chance, 0, 3);
    if ((!world->healed && world->now < wire->cut_until[!to_hub]) ||
        world_strikes(world, odds->drop)) {
        SAY(world, "%s %s hub: %s is lost", node_name(machine), to_hub ? "->" : "<-",
            frames ? frames_text(frames, 0) : "PING");
        frames_destroy(&frames);
        return;
    }
    if (world_strikes(world, odds->delay))
        delay += chance_from(chance, 1, 8000);
    bool overtakes = world_strikes(world, odds->reorder);
    if (!overtakes && world->now + delay < wire->last[!to_hub])
        delay = wire->last[!to_hub] - world->now;
    if (!overtakes)
        wire->last[!to_hub] = world->now + delay;
    world_after(world, delay,
                (due_t){.act = on_arrival,
                        .who = machine,
                        .epoch = (uint64_t)wire->hub | (to_hub ? TO_HUB : 0),
                        .number = number,
                        .frames = frames});
}

static void
carry_some(wires_t *self, int machine, bool to_hub, frames_t *frames)
{
    const odds_t *odds = &self->world->plan.odds;
    if (world_strikes(self->world, odds->duplicate))
        carry(self, machine, to_hub, 0, frames_copy(frames));
    carry(self, machine, to_hub, 0, frames);
}

void
wires_whisper(wires_t *self, int machine, frames_t *frames)
{
    carry_some(self, machine, false, frames);
}

void
wires_ping(wires_t *self, int from, int to, uint64_t number)
{
    bool to_hub = to >= HUB;
    if (to_hub || self->wire[to].hub == from)
        carry(self, to_hub ? from : to, to_hub, number, NULL);
}

void
wires_switch(wires_t *self, int machine)
{
    wire_t *wire = &self->wire[machine];
    wire->hub = wire->hub == HUB ? OTHER_HUB : HUB;
    SAY(self->world, "%s: speaks to %s", node_name(machine), node_name(wire->hub));
}

void
wires_send(wires_t *self, int from, int to, frames_t *frames)
{
    bool to_hub = to >= HUB;
    if (!to_hub && self->wire[to].hub != from) {
        frames_destroy(&frames);
        return;
    }
    SAY(self->world, "%s -> %s: %s %.12s", node_name(from), node_name(to), frames_text(frames, 0),
        frames_text(frames, 1));
    if (to_hub && !strcmp(frames_text(frames, 0), "REFUSE"))
        facts_refuse(self->world->facts, from, frames);
    if (to_hub && !strcmp(frames_text(frames, 0), "KEPT"))
        facts_stop(self->world->facts, from, frames);
    if (self->world->liar)
        liar_pass(self->world->liar, to_hub, to_hub ? from : to, frames);
    carry_some(self, to_hub ? from : to, to_hub, frames);
}
