/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/sim/tower.h"

#include <stdlib.h>

#include "keys/trust.h"
#include "tests/sim/hub.h"
#include "wire/merkle.h"

#define BEAT_MS     5000
#define WAITING_MAX 64
#define TOWER_SEED  0x74696d65 /* its luck is its own: other worlds stay as they were */

struct tower {
    world_t *world;
    chance_t chance;
    trust_t *trust;
    uint64_t sequence;
    wall_t made;
    size_t waiting;
    hash_t leaves[WAITING_MAX];
    bool silent; /* an answer of it was lost */
};

static void beat(world_t *world, due_t *due);

static void
take(tower_t *self, const sealed_t *sealed)
{
    fault_t fault = {0};
    int failed =
        trust_add(self->trust, bytes_slice(sealed->document), bytes_slice(sealed->armors), &fault);
    if (failed)
        SAY(self->world, "timekeeper: %s", fault.text);
}

tower_t *
tower_new(world_t *world)
{
    const estate_t *all = estate();
    tower_t *self = memory_new(1, sizeof *self);
    self->world = world;
    self->chance = chance_of(world->seed ^ TOWER_SEED);
    self->trust = trust_new(&all->site->id);
    for (size_t i = 0; i < ESTATE_DOCUMENTS; i++)
        take(self, all->documents[i]);
    take(self, &all->root_next);
    world_after(world, TOWER_AT_ONCE_MS, (due_t){.act = beat});
    return self;
}

void
tower_destroy(tower_t **self_p)
{
    tower_t *self = *self_p;
    if (!self)
        return;
    trust_destroy(&self->trust);
    free(self);
    *self_p = NULL;
}

void
tower_take(tower_t *self, const sealed_t *sealed)
{
    take(self, sealed);
}

void
tower_hear(tower_t *self, const frames_t *frames)
{
    nonce_t nonce;
    if (strcmp(frames_text(frames, 0), "NONCE") != 0 || self->waiting == WAITING_MAX ||
        !nonce_read(frames_text(frames, 2), &nonce))
        return;
    hash_t leaf = beacon_leaf(frames_text(frames, 1), &nonce);
    for (size_t i = 0; i < self->waiting; i++)
        if (hash_equal(&self->leaves[i], &leaf))
            return;
    self->leaves[self->waiting++] = leaf;
    if (self->waiting == 1)
        world_after(self->world, TOWER_AT_ONCE_MS, (due_t){.act = beat, .number = 1});
}

static bytes_t *
make(tower_t *self)
{
    merkle_t tree = {0};
    beacon_t *beacon = trust_beacon(self->trust);
    wall_t now = {estate()->site->now.ms + self->world->now};
    beacon->sequence = ++self->sequence;
    beacon->made.ms = now.ms > self->made.ms ? now.ms : self->made.ms + 1;
    self->made = beacon->made;
    qsort(self->leaves, self->waiting, sizeof *self->leaves, hash_order);
    for (size_t i = 0; i < self->waiting; i++)
        merkle_append(&tree, &self->leaves[i]);
    beacon->nonce_count = self->waiting;
    if (self->waiting)
        beacon->nonces = merkle_head(&tree);
    bytes_t *document = bytes_new();
    beacon_encode(beacon, document);
    beacon_destroy(&beacon);
    return document;
}

/* To both hubs; a bad one may hear of nothing for a while. */
static void
send(tower_t *self, const frames_t *frames)
{
    world_t *world = self->world;
    hub_t *both[] = {world->hub, world->second};
    for (size_t i = 0; i < ARRAY_SIZE(both) && both[i]; i++) {
        bool lost = !world->healed && chance_percent(&self->chance, world->plan.lying ? 40 : 5);
        if (!lost)
            hub_bring(both[i], ERRAND_BEACON, frames_copy(frames));
        else if (frames_at(frames, 3).size)
            self->silent = true;
        if (chance_percent(&self->chance, 10)) /* the connection is a new one */
            hub_bring(both[i], ERRAND_TIMEKEEPER, frames_new());
    }
}

static void
beat(world_t *world, due_t *due)
{
    tower_t *self = world->tower;
    if (!due->number)
        world_after(world, BEAT_MS, (due_t){.act = beat});
    else if (!self->waiting)
        return;
    CLEANUP(bytes_destroy) bytes_t *document = make(self);
    CLEANUP(bytes_destroy) bytes_t *armor = bytes_new();
    CLEANUP(frames_destroy) frames_t *frames = frames_new();
    machinekey_sign(site_key(estate()->site, "tower"), SIGN_BEACON, bytes_slice(document), armor);
    frames_add_text(frames, "BEACON");
    frames_add(frames, bytes_slice(document));
    frames_add(frames, bytes_slice(armor));
    frames_add(frames, slice_of(self->leaves, self->waiting * sizeof *self->leaves));
    SAY(world, "timekeeper: beacon %llu, %zu nonces", (unsigned long long)self->sequence,
        self->waiting);
    self->waiting = 0;
    send(self, frames);
}

bool
tower_was_silent(const tower_t *self)
{
    return self->silent;
}
