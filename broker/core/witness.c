/* SPDX-License-Identifier: Apache-2.0 */
/* Checkpoints that root's witnesses cosign (docs/PROTOCOL.md 10). There is the newest, which those
 * who are online are asked about until they answered, and the newest that enough of them signed. */
#include <stdio.h>

#include "broker/core/state.h"
#include "wire/message.h"
#include "wire/testimony.h"

#define INTERVAL_MS 60000 /* between checkpoints, where the log grows */
#define AGAIN_MS    60000 /* before a witness that did not sign is asked again */

static const root_t *
root_of(const core_t *self)
{
    const root_t *root = trust_root(self->charter->trust);
    return self->key && root && root->witness_count ? root : NULL;
}

static checkpoint_t
checkpoint_of_held(const core_t *self, const held_testimony_t *held)
{
    checkpoint_t checkpoint = {.site = *trust_site(self->charter->trust),
                               .size = held->size,
                               .head = held->head,
                               .made = self->now};
    text_copy(checkpoint.broker, sizeof checkpoint.broker, self->broker);
    return checkpoint;
}

static bytes_t *
body_of(const core_t *self, const held_testimony_t *held)
{
    bytes_t *body = bytes_new();
    checkpoint_t checkpoint = checkpoint_of_held(self, held);
    checkpoint_body(&checkpoint, body);
    return body;
}

static bool
has_signed(const held_testimony_t *held, const char *worker)
{
    cosignature_t each;
    slice_t lines = bytes_slice(held->lines);
    while (cosignature_next(&each, &lines, NULL) == 1)
        if (!strcmp(each.name, worker))
            return true;
    return false;
}

/* ---- the record ----------------------------------------------------------------------------- */

static bool
load(void *context, const row_t *row)
{
    core_t *self = context;
    held_testimony_t *held = &self->testimonies[row->testimony.state];
    held->size = row->testimony.size;
    held->head = row->testimony.head;
    bytes_destroy(&held->lines);
    held->lines = bytes_copy(row->testimony.lines);
    return true;
}

int
witnesses_load(core_t *self, fault_t *fault)
{
    query_t query = {.what = FIND_TESTIMONIES};
    self->tiles.past = self->past;
    return tiles_load(&self->tiles, fault) ||
                   self->past->find(self->past->self, &query, load, self, fault)
               ? -1
               : 0;
}

static void
put(core_t *self, testimony_state_t state)
{
    const held_testimony_t *held = &self->testimonies[state];
    row_t row = {.kind = ROW_TESTIMONY,
                 .testimony = {.state = state,
                               .size = held->size,
                               .head = held->head,
                               .lines = bytes_slice(held->lines)}};
    core_put(self, &row);
}

/* ---- asking --------------------------------------------------------------------------------- */

static void
make_checkpoint(core_t *self)
{
    held_testimony_t *newest = &self->testimonies[TESTIMONY_NEWEST];
    int64_t since = self->now.ms - self->checkpoint_made.ms;
    if (self->log.size == newest->size || (since >= 0 && since < INTERVAL_MS))
        return;
    newest->size = self->log.size;
    newest->head = merkle_head(&self->log);
    bytes_clear(newest->lines);
    self->checkpoint_made = self->now;
    put(self, TESTIMONY_NEWEST);
}

/* The newest restart of our log that may explain to a witness what it does not find in there. */
typedef struct {
    const char *broker;
    uint64_t below; /* leaves of the log that it is behind */
    uint64_t size;
    wall_t created;             /* ms 0 while there is none */
    bytes_t *document, *armors; /* borrowed, and filled */
} offered_t;

static bool
offer(void *context, const row_t *row)
{
    offered_t *self = context;
    const document_row_t *kept = &row->document;
    CLEANUP(restart_destroy) restart_t *restart = restart_decode(kept->bytes, &(fault_t){0});
    if (restart && !strcmp(restart->broker, self->broker) && restart->size < self->below &&
        restart->created.ms > self->created.ms) {
        self->size = restart->size;
        self->created = restart->created;
        bytes_clear(self->document);
        bytes_clear(self->armors);
        bytes_add_slice(self->document, kept->bytes);
        bytes_add_slice(self->armors, kept->armors);
    }
    return true;
}

/* To one whose leaves are lost, the restart that they were lost by; to all others the newest, so
 * that nobody can use it on them later. */
static int
find_restart(const core_t *self, const peer_t *peer, offered_t *offered, fault_t *fault)
{
    uint64_t size = self->testimonies[TESTIMONY_NEWEST].size;
    query_t query = {.what = FIND_DOCUMENTS_OF, .text = "restart"};
    offered->broker = self->broker;
    offered->below = size + 1;
    if (peer->strayed && peer->witnessed < offered->below)
        offered->below = peer->witnessed;
    return self->past->find(self->past->self, &query, offer, offered, fault);
}

/* From the size that it cosigned last; of a log that is longer than ours it will say so, and is
 * asked from where a restart says. */
static int
ask_with(core_t *self, peer_t *peer, const offered_t *offered, fault_t *fault)
{
    const held_testimony_t *newest = &self->testimonies[TESTIMONY_NEWEST];
    checkpoint_t checkpoint = checkpoint_of_held(self, newest);
    consistency_t proof = {.count = 0};
    char size[24];
    uint64_t from = peer->strayed && offered->created.ms ? offered->size : peer->witnessed;
    CLEANUP(bytes_destroy) bytes_t *document = bytes_new();
    CLEANUP(bytes_destroy) bytes_t *armor = bytes_new();
    if (from <= newest->size && tiles_prove(&self->tiles, from, newest->size, &proof, fault))
        return -1;
    checkpoint_sign(&checkpoint, self->key, document, armor);
    snprintf(size, sizeof size, "%llu", (unsigned long long)from);
    frames_t *frames = message_new(MESSAGE_WITNESS);
    frames_add_text(frames, size);
    frames_add(frames, consistency_slice(&proof));
    frames_add(frames, bytes_slice(document));
    frames_add(frames, bytes_slice(armor));
    frames_add(frames, bytes_slice(offered->document));
    frames_add(frames, bytes_slice(offered->armors));
    core_send(self, peer->row.id, &frames);
    peer->witness_asked = self->now;
    return 0;
}

static int
ask(core_t *self, peer_t *peer, fault_t *fault)
{
    CLEANUP(bytes_destroy) bytes_t *restart = bytes_new();
    CLEANUP(bytes_destroy) bytes_t *armors = bytes_new();
    offered_t offered = {.document = restart, .armors = armors};
    return find_restart(self, peer, &offered, fault) || ask_with(self, peer, &offered, fault) ? -1
                                                                                              : 0;
}

static bool
is_due(const core_t *self, const peer_t *peer)
{
    int64_t since = self->now.ms - peer->witness_asked.ms;
    return self->now.ms - peer->seen.ms < CORE_ONLINE_MS && (since < 0 || since >= AGAIN_MS) &&
           !has_signed(&self->testimonies[TESTIMONY_NEWEST], peer->row.id);
}

int
witnesses_tick(core_t *self, fault_t *fault)
{
    const root_t *root = root_of(self);
    int whole = root ? tiles_grow(&self->tiles, self->log.size, self->actions, fault) : 0;
    if (whole <= 0)
        return whole;
    make_checkpoint(self);
    for (size_t i = 0; i < root->witness_count; i++) {
        peer_t *peer = zhashx_lookup(self->peers, root->witnesses[i].worker);
        if (peer && is_due(self, peer) && ask(self, peer, fault))
            return -1;
    }
    return 0;
}

void
witnesses_restart(core_t *self)
{
    self->checkpoint_made = (wall_t){0};
    for (peer_t *peer = zhashx_first(self->peers); peer; peer = zhashx_next(self->peers))
        peer->witness_asked = (wall_t){0};
}

void
witnesses_greet(const core_t *self, peer_t *peer, const value_t *state)
{
    int64_t size = self->key ? value_get_integer(value_get(state, "witnessed"), self->broker) : 0;
    peer->witnessed = size > 0 ? (uint64_t)size : 0;
    peer->witness_asked = (wall_t){0};
    peer->strayed = false;
}

/* ---- answers -------------------------------------------------------------------------------- */

static void
on_declined(core_t *self, peer_t *peer, const event_t *event)
{
    bool readable = text_is_free(slice_text(event->text));
    peer->strayed = !strcmp(event->code, fault_word(FAULT_VERSION)) ||
                    !strcmp(event->code, fault_word(FAULT_PROOF));
    if (!strcmp(event->code, fault_word(FAULT_CONFLICT))) { /* the size that it has is known now */
        peer->witness_asked = (wall_t){0};
        return;
    }
    if (!peer->declined)
        core_note(self, "witness", 0, NULL, event->worker,
                  "witness '%s' does not cosign the log: %.255s", event->worker,
                  readable ? event->text : "its reason is not text");
    peer->declined = true;
}

static int
check_line(const core_t *self, const event_t *event, fault_t *fault)
{
    cosignature_t read;
    slice_t line = event->output;
    const root_t *root = root_of(self);
    const witness_t *witness = root ? root_witness(root, event->worker) : NULL;
    CLEANUP(bytes_destroy) bytes_t *body = body_of(self, &self->testimonies[TESTIMONY_NEWEST]);
    if (!witness)
        return fault_set(fault, FAULT_ROLE, "'%s' cosigns, and is no witness", event->worker);
    int taken = cosignature_next(&read, &line, fault);
    if (taken < 0)
        return -1;
    if (!taken || line.size || strcmp(read.name, event->worker) != 0)
        return fault_set(fault, FAULT_FORMAT, "'%s' cosigns with what is no line of its own",
                         event->worker);
    return cosignature_check(&read, bytes_slice(body), &witness->key, fault);
}

static bool
is_enough(const core_t *self, const held_testimony_t *held)
{
    CLEANUP(bytes_destroy) bytes_t *body = body_of(self, held);
    return cosigners_of(bytes_slice(held->lines), bytes_slice(body), self->charter->trust).count >=
           root_cosigners(trust_root(self->charter->trust));
}

int
on_cosigned(core_t *self, event_t *event, fault_t *fault)
{
    peer_t *peer = core_peer(self, event->worker);
    held_testimony_t *newest = &self->testimonies[TESTIMONY_NEWEST];
    held_testimony_t *enough = &self->testimonies[TESTIMONY_ENOUGH];
    peer->witnessed = event->number;
    if (strcmp(event->code, fault_word(FAULT_NONE)) != 0) {
        on_declined(self, peer, event);
        return 0;
    }
    peer->strayed = false;
    if (event->number != newest->size) { /* there is a newer one by now */
        peer->witness_asked = (wall_t){0};
        return 0;
    }
    if (check_line(self, event, fault))
        return -1;
    peer->declined = false;
    if (has_signed(newest, event->worker))
        return 0;
    bytes_add_slice(newest->lines, event->output);
    put(self, TESTIMONY_NEWEST);
    if (!is_enough(self, newest))
        return 0;
    bytes_destroy(&enough->lines);
    *enough =
        (held_testimony_t){newest->size, newest->head, bytes_copy(bytes_slice(newest->lines))};
    put(self, TESTIMONY_ENOUGH);
    return 0;
}

/* ---- telling -------------------------------------------------------------------------------- */

int
core_testify(const core_t *self, bytes_t *out, fault_t *fault)
{
    consistency_t proof;
    const held_testimony_t *held = &self->testimonies[TESTIMONY_ENOUGH];
    if (!held->lines->size)
        held = &self->testimonies[TESTIMONY_NEWEST];
    if (!root_of(self) || !held->lines->size)
        return 0;
    if (tiles_prove(&self->tiles, held->size, self->log.size, &proof, fault))
        return -1;
    checkpoint_t of = checkpoint_of_held(self, held);
    testimony_write(&of, bytes_slice(held->lines), &proof, out);
    return 0;
}
