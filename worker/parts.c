/* SPDX-License-Identifier: Apache-2.0 */
#include "worker/parts.h"

#include <assert.h>

void
parts_add(parts_t *self, part_t *part)
{
    assert(self->place->open < PARTS_MAX);
    self->at[self->place->open++] = part;
}

void
parts_clear(parts_t *self)
{
    for (size_t i = 0; i < self->place->open; i++)
        part_destroy(&self->at[i]);
    self->place->open = 0;
}

part_t *
parts_of(const parts_t *self, const hash_t *run)
{
    for (size_t i = 0; i < self->place->open; i++)
        if (hash_equal(&part_warrant(self->at[i])->run, run))
            return self->at[i];
    return NULL;
}

part_t *
parts_with(const parts_t *self, uint64_t runner)
{
    for (size_t i = 0; runner && i < self->place->open; i++)
        if (part_has_runner(self->at[i], runner))
            return self->at[i];
    return NULL;
}

part_t *
parts_asked(const parts_t *self, uint64_t number)
{
    for (size_t i = 0; i < self->place->open; i++)
        if (part_asked(self->at[i], number))
            return self->at[i];
    return NULL;
}

static void
drop_closed(parts_t *self)
{
    workplace_t *place = self->place;
    for (size_t i = 0; i < place->open;) {
        if (part_closed(self->at[i])) {
            const hash_t *run = &part_warrant(self->at[i])->run;
            outbox_add(place->outbox, TO_EFFECTOR, 0, offer_over(run));
            part_destroy(&self->at[i]);
            self->at[i] = self->at[--place->open];
        } else {
            i++;
        }
    }
}

int
parts_settle(parts_t *self, wall_t now, mono_t clock, fault_t *fault)
{
    runners_t *runners = &self->place->runners;
    drop_closed(self);
    if (!runners->lacking || runners->count == RUNNERS_MAX)
        return 0;
    runners->lacking = false;
    for (size_t i = 0; i < self->place->open; i++)
        if (part_go(self->at[i], now, clock, fault))
            return -1;
    drop_closed(self);
    return 0;
}

fault_t
parts_stop_of(const parts_t *self, const warrant_t *warrant, const manifest_t *manifest)
{
    const workplace_t *place = self->place;
    fault_t why = {0};
    if (!trust_check_halts(place->trust, &warrant->run, manifest->playbook, place->region, &why) &&
        !trust_check_stands(place->trust, warrant, place->worker, &why))
        why.code = FAULT_NONE;
    return why;
}

int
parts_stop(parts_t *self, wall_t now, mono_t clock, fault_t *fault)
{
    const manifest_t *manifest;
    for (size_t i = 0; i < self->place->open; i++) {
        part_t *part = self->at[i];
        fault_t why = {0};
        for (size_t j = 0; !why.code && (manifest = part_manifest(part, j)); j++)
            why = parts_stop_of(self, part_warrant(part), manifest);
        if (why.code && part_stop(part, &why, now, clock, fault))
            return -1;
    }
    return parts_settle(self, now, clock, fault);
}

void
parts_say_waiting(const parts_t *self)
{
    for (size_t i = 0; i < self->place->open; i++)
        part_say_waiting(self->at[i], self->place->link);
}

mono_t
parts_deadline(const parts_t *self)
{
    mono_t earliest = {0};
    for (size_t i = 0; i < self->place->open; i++) {
        mono_t deadline = part_deadline(self->at[i]);
        if (deadline.ms && (!earliest.ms || deadline.ms < earliest.ms))
            earliest = deadline;
    }
    return earliest;
}

int
parts_tick(parts_t *self, wall_t now, mono_t clock, fault_t *fault)
{
    for (size_t i = 0; i < self->place->open; i++) {
        mono_t deadline = part_deadline(self->at[i]);
        if (deadline.ms && deadline.ms <= clock.ms && part_go(self->at[i], now, clock, fault))
            return -1;
    }
    return parts_settle(self, now, clock, fault);
}
