/* SPDX-License-Identifier: Apache-2.0 */
/* Beacons on their way from the timekeeper to workers, and workers' nonces on theirs
 * (docs/PROTOCOL.md 3.17, 6 and 6.4). Nothing here is believed by anyone: it is handed on. */
#include <assert.h>

#include "broker/core/state.h"
#include "keys/beacon.h"
#include "keys/tree.h"
#include "wire/holdings.h"
#include "wire/message.h"

static const timekeeper_t *
timekeeper_of(const core_t *self)
{
    const root_t *root = trust_root(self->charter->trust);
    return root && root->timekeeper.name[0] ? &root->timekeeper : NULL;
}

const beacon_t *
core_beacon(const core_t *self, wall_t *came)
{
    *came = self->beacon.came;
    return self->beacon.newest;
}

void
lamp_clear(lamp_t *self)
{
    beacon_destroy(&self->newest);
    bytes_destroy(&self->document);
    bytes_destroy(&self->armor);
}

/* To the timekeeper --------------------------------------------------------------------------- */

static void
send_nonce(core_t *self, peer_t *peer)
{
    peer->passed_on = true;
    peer->held_back = false;
    frames_t *frames = message_new(MESSAGE_NONCE_OF);
    frames_add_text(frames, peer->row.id);
    frames_add_text(frames, peer->nonce);
    core_send(self, ACTIONS_TIMEKEEPER, &frames);
}

static void
send_document(core_t *self, const bytes_t *document, const bytes_t *armors)
{
    frames_t *frames = core_document(document, armors);
    core_send(self, ACTIONS_TIMEKEEPER, &frames);
}

void
beacon_tell_halt(core_t *self, held_halt_t *halt)
{
    if (!timekeeper_of(self) || halt->told)
        return;
    halt->told = true;
    send_document(self, halt->document, halt->armors);
}

/* It is there, or there again: whatever was said before may be lost. */
int
on_timekeeper(core_t *self, event_t *event, fault_t *fault)
{
    (void)fault;
    CLEANUP(value_destroy) value_t *state = value_map();
    CLEANUP(bytes_destroy) bytes_t *encoded = bytes_new();
    holdings_say(self->charter->trust, state);
    value_encode(state, encoded);
    frames_t *frames = message_new(MESSAGE_HELLO);
    frames_add_text(frames, PROTOCOL_VERSION);
    frames_add_text(frames, event->who);
    frames_add(frames, bytes_slice(encoded));
    core_send(self, ACTIONS_TIMEKEEPER, &frames);
    for (size_t i = 0; i < self->halt_count; i++)
        self->halts[i].told = false;
    for (size_t i = 0; i < self->asking_count; i++)
        send_nonce(self, self->asking[i]);
    return 0;
}

/* One of a worker's is on its way between two beacons: else one worker could fill the timekeeper's
 * tree, and have it answer nobody else. */
int
on_nonce(core_t *self, event_t *event, fault_t *fault)
{
    nonce_t nonce;
    peer_t *peer = core_peer(self, event->worker);
    if (!nonce_read(event->text, &nonce))
        return fault_set(fault, FAULT_FORMAT, "worker '%s' says a nonce that is none",
                         event->worker);
    if (!*peer->nonce) {
        self->asking = memory_grow(self->asking, self->asking_count, &self->asking_capacity,
                                   sizeof *self->asking);
        self->asking[self->asking_count++] = peer;
    }
    nonce_write(&nonce, peer->nonce);
    peer->held_back = peer->passed_on;
    if (timekeeper_of(self) && !peer->passed_on)
        send_nonce(self, peer);
    return 0;
}

/* The version that a beacon names of a document; 0 of one that it does not. */
static uint64_t
named(const beacon_t *beacon, const char *name)
{
    if (!strcmp(name, "root"))
        return beacon->root.version;
    if (!strcmp(name, "people"))
        return beacon->people.version;
    for (size_t i = 0; i < beacon->fleet_count; i++)
        if (!strcmp(name + strlen("fleet."), beacon->fleets[i].region))
            return beacon->fleets[i].version;
    return 0;
}

/* What the beacon shows that the timekeeper lacks: newer documents, stops and revokes in force,
 * resumes of stops that it still names. */
static void
supply(core_t *self)
{
    const beacon_t *beacon = self->beacon.newest;
    const charter_t *charter = self->charter;
    for (size_t i = 0; i < charter->count; i++)
        if (charter->documents[i].version > named(beacon, charter->documents[i].name))
            send_document(self, charter->documents[i].document, charter->documents[i].armors);
    for (size_t i = 0, at = 0; i < self->halt_count; i++) {
        const halt_line_t *line = halt_line_next(self, &self->halts[i].hash, &at);
        if (line && (line->resume || !line->lifted) &&
            (beacon_find_halt(beacon, &line->stop) < beacon->halt_count) == line->resume)
            beacon_tell_halt(self, &self->halts[i]);
    }
}

/* To workers ---------------------------------------------------------------------------------- */

static frames_t *
message_of(const lamp_t *lamp, slice_t place)
{
    frames_t *frames = message_new(MESSAGE_BEACON);
    frames_add(frames, bytes_slice(lamp->document));
    frames_add(frames, bytes_slice(lamp->armor));
    frames_add(frames, place);
    return frames;
}

void
beacon_greet(core_t *self, const peer_t *peer)
{
    if (!self->beacon.newest)
        return;
    frames_t *frames = message_of(&self->beacon, slice_of(NULL, 0));
    core_send(self, peer->row.id, &frames);
}

static bool
same_document(const newest_t *one, const newest_t *other)
{
    return one->version == other->version && hash_equal(&one->hash, &other->hash) &&
           !strcmp(one->region, other->region);
}

static bool
names_the_same(const beacon_t *one, const beacon_t *other)
{
    bool same = same_document(&one->root, &other->root) &&
                same_document(&one->people, &other->people) &&
                one->fleet_count == other->fleet_count && one->halt_count == other->halt_count;
    for (size_t i = 0; same && i < one->fleet_count; i++)
        same = same_document(&one->fleets[i], &other->fleets[i]);
    for (size_t i = 0; same && i < one->halt_count; i++)
        same = hash_equal(&one->halts[i], &other->halts[i]);
    return same;
}

/* A worker goes by its newest one for a while (root's offline-max). */
static bool
is_due(const core_t *self)
{
    const root_t *root = trust_root(self->charter->trust);
    int64_t since = self->now.ms - self->beacon.cast.ms, most = CORE_CAST_MS;
    for (size_t i = 0; i < CLASSES; i++) {
        int64_t quarter = (int64_t)root->offline_max_s[i] * 1000 / 4;
        most = quarter && quarter < most ? quarter : most;
    }
    return since < 0 || since >= most;
}

/* One message for all of them. */
static void
light(core_t *self)
{
    frames_t *frames = message_of(&self->beacon, slice_of(NULL, 0));
    core_send(self, ACTIONS_ALL, &frames);
    self->beacon.cast = self->now;
}

static hash_t
leaf_of(const peer_t *peer)
{
    nonce_t nonce;
    bool is_nonce = nonce_read(peer->nonce, &nonce);
    assert(is_nonce);
    return beacon_leaf(peer->row.id, &nonce);
}

/* What it refused for want of that answer it is offered again behind it. */
static void
answer(core_t *self, peer_t *peer, tree_t *tree, uint64_t index, uint64_t count)
{
    CLEANUP(bytes_destroy) bytes_t *place = bytes_new();
    hash_t path[TREE_PATH_MAX];
    size_t steps = tree_path(tree, index, path);
    beacon_add_place(place, index, count, path, steps);
    frames_t *frames = message_of(&self->beacon, bytes_slice(place));
    core_send(self, peer->row.id, &frames);
    *peer->nonce = '\0';
    for (size_t i = 0; i < peer->work_count; i++)
        if (fault_of(peer->work[i].share->row.code) == FAULT_BEACON)
            run_offer_at_once(self, peer->work[i].run, peer->work[i].share);
}

/* Each worker whose nonce stands among the leaves is told where, and asks no more. A later one of
 * others goes on its way. */
static void
answer_all(core_t *self, const hash_t *leaves, size_t count)
{
    CLEANUP(tree_destroy) tree_t *tree = tree_new();
    for (size_t i = 0; i < count; i++)
        tree_append(tree, &leaves[i]);
    size_t left = 0;
    for (size_t i = 0; i < self->asking_count; i++) {
        peer_t *peer = self->asking[i];
        hash_t leaf = leaf_of(peer);
        const hash_t *found = count ? bsearch(&leaf, leaves, count, sizeof leaf, hash_order) : NULL;
        peer->passed_on = false;
        if (found) {
            answer(self, peer, tree, (uint64_t)(found - leaves), count);
            continue;
        }
        self->asking[left++] = peer;
        if (peer->held_back)
            send_nonce(self, peer);
    }
    self->asking_count = left;
}

static int
check_leaves(const beacon_t *beacon, const hash_t *leaves, size_t count, fault_t *fault)
{
    merkle_t edge = {0};
    for (size_t i = 0; i < count; i++)
        merkle_append(&edge, &leaves[i]);
    hash_t head = count ? merkle_head(&edge) : HASH_ZERO;
    if (count != beacon->nonce_count || !hash_equal(&head, &beacon->nonces))
        return fault_set(fault, FAULT_PROOF, "the leaves are not those of the beacon's tree");
    return 0;
}

/* One that only answers some goes to all where they would have had none for long: in a large site
 * somebody asks each second. */
int
on_beacon(core_t *self, event_t *event, fault_t *fault)
{
    lamp_t *lamp = &self->beacon;
    const hash_t *leaves = (const hash_t *)event->output.data;
    size_t count = event->output.size / sizeof *leaves;
    CLEANUP(beacon_destroy)
    beacon_t *beacon =
        trust_check_beacon(self->charter->trust, event->document, event->armors, fault);
    if (!beacon || check_leaves(beacon, leaves, count, fault))
        return -1;
    if (lamp->newest && beacon->sequence <= lamp->newest->sequence)
        return 0;
    bool news = !count || !lamp->newest || !names_the_same(lamp->newest, beacon);
    lamp_clear(lamp);
    *lamp = (lamp_t){.newest = MOVE(beacon),
                     .document = bytes_copy(event->document),
                     .armor = bytes_copy(event->armors),
                     .came = self->now,
                     .cast = lamp->cast};
    answer_all(self, leaves, count);
    if (news || is_due(self))
        light(self);
    supply(self);
    return 0;
}
