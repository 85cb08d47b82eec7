/* SPDX-License-Identifier: Apache-2.0 */
/* Workers: that they are there, which documents they have, what they ask for. */
#include <assert.h>
#include <stdio.h>

#include "broker/core/state.h"
#include "wire/allowance.h"
#include "wire/message.h"

#define BEHIND_MS (3600 * 1000) /* before people are told again that a ledger is behind */

void
peer_destroy(peer_t **self_p)
{
    peer_t *self = *self_p;
    if (!self)
        return;
    value_destroy(&self->versions);
    free(self->drain);
    free(self->work);
    free(self);
    *self_p = NULL;
}

peer_t *
core_peer(core_t *self, const char *worker)
{
    peer_t *peer = zhashx_lookup(self->peers, worker);
    if (!peer) {
        peer = memory_new(1, sizeof *peer);
        snprintf(peer->row.id, sizeof peer->row.id, "%s", worker);
        zhashx_insert(self->peers, worker, peer);
    }
    return peer;
}

void
peer_take(peer_t *self, run_t *run, share_t *share)
{
    self->work = memory_grow(self->work, self->work_count, &self->work_capacity, sizeof(work_t));
    self->work[self->work_count++] = (work_t){run, share};
}

void
peer_drop(peer_t *self, const share_t *share)
{
    size_t at = 0;
    while (at < self->work_count && self->work[at].share != share)
        at++;
    assert(at < self->work_count);
    memmove(&self->work[at], &self->work[at + 1], (--self->work_count - at) * sizeof(work_t));
}

const run_t *
peer_holder(const peer_t *self, const run_t *run, const share_t *share)
{
    bool before = true;
    for (size_t i = 0; i < self->work_count; i++) {
        const work_t *work = &self->work[i];
        before = before && work->share != share;
        if (work->run != run && (before || work->share->row.state != PART_WAITING) &&
            !strcmp(work->share->row.target, share->row.target) &&
            !strcmp(work->run->row.playbook, run->row.playbook))
            return work->run;
    }
    return NULL;
}

static void
hand_on(core_t *self, const peer_t *peer)
{
    const fleet_t *fleet = NULL;
    const charter_document_t *document;
    size_t at = 0;
    if (!trust_worker(self->charter->trust, peer->row.id, &fleet))
        return;
    while ((document = charter_lacks(self->charter, fleet->region, peer->versions, &at))) {
        frames_t *frames = core_document(document->document, document->armors);
        core_send(self, peer->row.id, &frames);
    }
}

void
peers_hand_on(core_t *self)
{
    for (peer_t *peer = zhashx_first(self->peers); peer; peer = zhashx_next(self->peers))
        if (self->now.ms - peer->seen.ms < CORE_ONLINE_MS)
            hand_on(self, peer);
}

void
peer_welcome(core_t *self, const peer_t *peer)
{
    char last[24];
    snprintf(last, sizeof last, "%llu", (unsigned long long)peer->row.sequence);
    frames_t *frames = message_new(MESSAGE_WELCOME);
    frames_add_text(frames, PROTOCOL_VERSION);
    frames_add_text(frames, self->instance);
    frames_add_text(frames, last);
    core_send(self, peer->row.id, &frames);
}

/* Its connection may have outlived the silence - its machine slept, or was not heard - and then no
 * HELLO comes by itself: of what was not sent meanwhile, a stop, it would never know. Its first
 * word is as often the PING of a new connection, behind which HELLO comes. */
peer_t *
core_heard(core_t *self, const char *worker)
{
    peer_t *peer = core_peer(self, worker);
    bool silent = peer->seen.ms && self->now.ms - peer->seen.ms >= CORE_ONLINE_MS;
    bool asks = peer->owes_hello && !silent;
    peer->seen = self->now;
    peer->owes_hello = silent;
    if (asks)
        peer_welcome(self, peer);
    return peer;
}

/* It says HELLO as often as it connects, and people are told once an hour. */
static void
check_ledger(core_t *self, peer_t *peer, const value_t *state)
{
    int64_t sequence = value_get_integer(state, "sequence");
    bool behind =
        value_get(state, "sequence") && sequence >= 0 && (uint64_t)sequence < peer->row.sequence;
    int64_t since = self->now.ms - peer->behind.ms;
    if (!behind || (since >= 0 && since < BEHIND_MS))
        return;
    peer->behind = self->now;
    core_note(self, "gap", 0, NULL, peer->row.id,
              "worker '%s' says that its last receipt is %lld, and %llu is recorded here: its "
              "ledger was lost or rolled back; give it a new id",
              peer->row.id, (long long)sequence, (unsigned long long)peer->row.sequence);
}

int
on_hello(core_t *self, event_t *event, fault_t *fault)
{
    (void)fault;
    peer_t *peer = core_peer(self, event->worker);
    const value_t *versions = value_get(event->state, "versions");
    int64_t oldest = value_get_integer(event->state, "oldest");
    peer->seen = self->now;
    peer->owes_hello = false;
    peer->oldest = oldest > 0 ? (uint64_t)oldest : 0;
    peer->asked = false;
    value_destroy(&peer->versions);
    peer->versions = event->state ? value_copy(versions ? versions : event->state) : NULL;
    peer_welcome(self, peer);
    hand_on(self, peer);
    halts_greet(self, peer, event->state);
    witnesses_greet(self, peer, event->state);
    beacon_greet(self, peer);
    check_ledger(self, peer, event->state);
    for (size_t i = 0; i < peer->work_count; i++)
        run_offer_again(self, peer->work[i].run, peer->work[i].share);
    return 0;
}

/* What its machine allows: kept as it came, for people, who verify it. */
int
on_allowance(core_t *self, event_t *event, fault_t *fault)
{
    CLEANUP(memory_free) allowance_t *said = memory_new(1, sizeof *said);
    CLEANUP(row_destroy) row_t *known = NULL;
    query_t query = {.what = FIND_ALLOWANCE, .text = event->worker};
    if (event->document.size > ALLOWANCE_BYTES_MAX || event->armors.size > SIGNATURE_ARMOR_MAX)
        return fault_set(fault, FAULT_LIMIT, "what '%s' says it allows is too long", event->worker);
    if (allowance_decode(said, event->document, fault))
        return -1;
    if (strcmp(said->worker, event->worker) != 0)
        return fault_set(fault, FAULT_KEY, "'%s' says what '%s' allows", event->worker,
                         said->worker);
    if (core_recall(self, &query, &known, fault))
        return -1;
    if (known && slice_equal(known->allowance.document, event->document) &&
        slice_equal(known->allowance.armor, event->armors))
        return 0;
    row_t row = {.kind = ROW_ALLOWANCE,
                 .allowance = {.document = event->document, .armor = event->armors}};
    snprintf(row.allowance.worker, sizeof row.allowance.worker, "%s", event->worker);
    core_put(self, &row);
    return 0;
}

int
on_ping(core_t *self, event_t *event, fault_t *fault)
{
    (void)fault;
    core_heard(self, event->worker);
    frames_t *frames = message_new(MESSAGE_PONG);
    frames_add(frames, event->document);
    frames_add_text(frames, self->instance);
    core_send(self, event->worker, &frames);
    return 0;
}

int
on_want(core_t *self, event_t *event, fault_t *fault)
{
    const shelved_t *release = shelf_release(self->shelf, &event->hash);
    char text[HASH_TEXT];
    hash_write(&event->hash, text);
    if (!release)
        return fault_set(fault, FAULT_NOT_FOUND, "worker '%s' wants release %.12s: not here",
                         event->worker, text);
    CLEANUP(bytes_destroy) bytes_t *files = bytes_new();
    value_encode(release->files, files);
    frames_t *frames = message_new(MESSAGE_GIVE);
    frames_add_text(frames, text);
    frames_add(frames, bytes_slice(release->document));
    frames_add(frames, bytes_slice(release->armors));
    frames_add(frames, bytes_slice(files));
    core_send(self, event->worker, &frames);
    return 0;
}
