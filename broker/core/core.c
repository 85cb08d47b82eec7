/* SPDX-License-Identifier: Apache-2.0 */
#include "broker/core/core.h"

#include <assert.h>
#include <stdarg.h>
#include <stdio.h>

#include "broker/core/state.h"
#include "wire/message.h"

static int (*const handlers[EVENT_KINDS])(core_t *, event_t *, fault_t *) = {
#define X(event, handler) [event] = handler,
    EVENTS(X)
#undef X
};

static void
peer_destroy(peer_t **self_p)
{
    peer_t *self = *self_p;
    if (!self)
        return;
    value_destroy(&self->versions);
    free(self);
    *self_p = NULL;
}

static void
destroy_item(void **item)
{
    free(*item);
    *item = NULL;
}

static zhashx_t *
table_of(void (*destroy)(void **))
{
    zhashx_t *table = zhashx_new();
    assert(table);
    if (destroy)
        zhashx_set_destructor(table, destroy);
    return table;
}

core_t *
core_new(const charter_t *charter, const char *instance, const store_t *past)
{
    core_t *self = memory_new(1, sizeof *self);
    self->charter = charter;
    self->instance = instance;
    self->past = past;
    self->keys = table_of(NULL);
    self->incidents = table_of(destroy_item);
    self->runs = table_of((void (*)(void **))run_destroy);
    self->peers = table_of((void (*)(void **))peer_destroy);
    self->shelf = shelf_new();
    return self;
}

void
core_destroy(core_t **self_p)
{
    core_t *self = *self_p;
    if (!self)
        return;
    zhashx_destroy(&self->keys);
    zhashx_destroy(&self->incidents);
    zhashx_destroy(&self->runs);
    zhashx_destroy(&self->peers);
    shelf_destroy(&self->shelf);
    free(self);
    *self_p = NULL;
}

/* Loading ------------------------------------------------------------------------------------- */

typedef struct {
    core_t *core;
    fault_t *fault;
    bool failed;
    size_t count;
    row_t **rows; /* runs: adopted once the query is over, as they ask for more */
} loading_t;

static bool
load_position(void *context, const row_t *row)
{
    loading_t *loading = context;
    core_t *self = loading->core;
    const position_row_t *position = &row->position;
    self->incidents_given = position->incidents;
    if (position->counts.size == sizeof self->counts)
        memcpy(self->counts, position->counts.data, sizeof self->counts);
    if (!merkle_restore(&self->log, position->size, position->edge)) {
        fault_set(loading->fault, FAULT_FORMAT, "the log's right edge does not fit its size");
        loading->failed = true;
    }
    return false;
}

static bool
load_incident(void *context, const row_t *row)
{
    incident_adopt(((loading_t *)context)->core, &row->incident);
    return true;
}

static bool
load_worker(void *context, const row_t *row)
{
    core_peer(((loading_t *)context)->core, row->worker.id)->row = row->worker;
    return true;
}

static bool
load_document(void *context, const row_t *row)
{
    loading_t *loading = context;
    const document_row_t *document = &row->document;
    shelf_t *shelf = loading->core->shelf;
    if (!strcmp(document->kind, "grant")) {
        loading->failed =
            !shelf_restore_grant(shelf, document->bytes, document->armors, loading->fault);
    } else if (!strcmp(document->kind, "release")) {
        CLEANUP(value_destroy) value_t *files = value_decode(document->files, loading->fault);
        loading->failed = !files || shelf_restore_release(shelf, document->bytes, document->armors,
                                                          &files, loading->fault);
    }
    return !loading->failed;
}

static bool
load_run(void *context, const row_t *row)
{
    loading_t *loading = context;
    loading->rows = memory_resize(loading->rows, loading->count + 1, sizeof(row_t *));
    loading->rows[loading->count++] = row_copy(row);
    return true;
}

static int
load(loading_t *loading, find_t what, uint64_t number, on_row_t on_row)
{
    const store_t *past = loading->core->past;
    query_t query = {.what = what, .number = number};
    if (past->find(past->self, &query, on_row, loading, loading->fault) || loading->failed)
        return -1;
    return 0;
}

static int
load_runs(loading_t *loading)
{
    int result = load(loading, FIND_RUNS_ACTIVE, 0, load_run);
    for (size_t i = 0; i < loading->count; i++) {
        if (!result)
            result = run_adopt(loading->core, &loading->rows[i]->run, loading->fault);
        row_destroy(&loading->rows[i]);
    }
    free(loading->rows);
    return result;
}

int
core_load(core_t *self, fault_t *fault)
{
    loading_t loading = {.core = self, .fault = fault};
    if (load(&loading, FIND_POSITION, 0, load_position) ||
        load(&loading, FIND_WORKERS, 0, load_worker) ||
        load(&loading, FIND_DOCUMENTS_LIVE, 0, load_document))
        return -1;
    for (unsigned state = 0; state < INCIDENT_STATE_COUNT; state++)
        if (incident_open((incident_state_t)state) &&
            load(&loading, FIND_INCIDENTS_IN, state, load_incident))
            return -1;
    shelf_judge(self->shelf, self->charter->trust);
    return load_runs(&loading) ? -1 : notices_load(self, fault);
}

int
core_recall(core_t *self, const query_t *query, row_t **row, fault_t *fault)
{
    fault_t why = {0};
    *row = store_first(self->past, query, &why);
    if (*row || why.code == FAULT_NONE)
        return 0;
    return fault_set(fault, why.code, "%s", why.text);
}

/* The record ---------------------------------------------------------------------------------- */

uint64_t
core_leaf2(core_t *self, const char *kind, slice_t first, slice_t second)
{
    CLEANUP(bytes_destroy) bytes_t *leaf = bytes_new();
    bytes_addf(leaf, "%s\n", kind);
    size_t head = leaf->size;
    bytes_add_slice(leaf, first);
    bytes_add_slice(leaf, second);
    row_t row = {.kind = ROW_LEAF, .leaf = {.number = self->log.size}};
    snprintf(row.leaf.kind, sizeof row.leaf.kind, "%s", kind);
    row.leaf.bytes = slice_of(leaf->data + head, leaf->size - head);
    row.leaf.hash = hash_leaf(bytes_slice(leaf));
    merkle_append(&self->log, &row.leaf.hash);
    self->moved = true;
    actions_put(self->actions, &row);
    return row.leaf.number;
}

uint64_t
core_leaf(core_t *self, const char *kind, slice_t bytes)
{
    return core_leaf2(self, kind, bytes, slice_of(NULL, 0));
}

void
core_tell(core_t *self, const event_row_t *event)
{
    row_t row = {.kind = ROW_EVENT, .event = *event};
    char moment[MOMENT_TEXT_MAX], run[HASH_TEXT];
    CLEANUP(bytes_destroy) bytes_t *line = bytes_new();
    row.event.at = self->now;
    wall_write_instant(self->now, moment);
    bytes_addf(line, "%s ", moment);
    if (event->incident)
        bytes_addf(line, "%llu", (unsigned long long)event->incident);
    else
        bytes_add_text(line,
                       hash_equal(&event->run, &HASH_ZERO) ? "-" : hash_write(&event->run, run));
    bytes_addf(line, " %s %s", event->kind, event->text);
    core_leaf(self, "event", bytes_slice(line));
    actions_put(self->actions, &row);
    notice_event(self, &row.event);
}

void
core_note(core_t *self, const char *kind, uint64_t incident, const hash_t *run, const char *worker,
          const char *format, ...)
{
    event_row_t event = {.incident = incident, .run = run ? *run : HASH_ZERO};
    va_list args;
    va_start(args, format);
    vsnprintf(event.text, sizeof event.text, format, args);
    va_end(args);
    snprintf(event.kind, sizeof event.kind, "%s", kind);
    snprintf(event.worker, sizeof event.worker, "%s", worker ? worker : "");
    core_tell(self, &event);
}

void
core_keep(core_t *self, const char *kind, bool live, const hash_t *hash, slice_t bytes,
          slice_t armors, slice_t files)
{
    row_t row = {
        .kind = ROW_DOCUMENT,
        .document = {
            .hash = *hash, .live = live, .bytes = bytes, .armors = armors, .files = files}};
    snprintf(row.document.kind, sizeof row.document.kind, "%s", kind);
    actions_put(self->actions, &row);
}

void
core_send(core_t *self, const char *worker, frames_t **frames)
{
    actions_send(self->actions, worker, frames);
}

static void
add_name(char names[][TEXT_NAME_MAX + 1], size_t *count, const char *name)
{
    size_t at = 0;
    while (at < *count && strcmp(names[at], name) < 0)
        at++;
    if (at < *count && !strcmp(names[at], name))
        return;
    memmove(names[at + 1], names[at], (*count - at) * sizeof names[0]);
    snprintf(names[at], sizeof names[at], "%s", name);
    ++*count;
}

void
core_signers(const core_t *self, slice_t armors, char *out, size_t size)
{
    char names[SIGNATURES_MAX + 1][TEXT_NAME_MAX + 1];
    size_t count = 0, used = 0;
    signature_t signature;
    const people_t *people = trust_people(self->charter->trust);
    while (people && count < SIGNATURES_MAX && signature_next(&signature, &armors, NULL) == 1) {
        const person_key_t *key = people_find(people, &signature.key);
        if (key)
            add_name(names, &count, key->person);
    }
    out[0] = '\0';
    for (size_t i = 0; i < count && used < size; i++)
        used += (size_t)snprintf(out + used, size - used, i ? " %s" : "%s", names[i]);
}

/* Workers ------------------------------------------------------------------------------------- */

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

static void
hand_on(core_t *self, const peer_t *peer)
{
    const fleet_t *fleet = NULL;
    const charter_document_t *document;
    size_t at = 0;
    if (!trust_worker(self->charter->trust, peer->row.id, &fleet))
        return;
    while ((document = charter_lacks(self->charter, fleet->region, peer->versions, &at))) {
        frames_t *frames = message_new(MESSAGE_DOCUMENT);
        frames_add(frames, bytes_slice(document->document));
        frames_add(frames, bytes_slice(document->armors));
        core_send(self, peer->row.id, &frames);
    }
}

int
on_hello(core_t *self, event_t *event, fault_t *fault)
{
    (void)fault;
    peer_t *peer = core_peer(self, event->worker);
    const value_t *versions = value_get(event->state, "versions");
    int64_t sequence = value_get_integer(event->state, "sequence");
    peer->seen = self->now;
    value_destroy(&peer->versions);
    peer->versions = event->state ? value_copy(versions ? versions : event->state) : NULL;
    frames_t *frames = message_new(MESSAGE_WELCOME);
    frames_add_text(frames, PROTOCOL_VERSION);
    frames_add_text(frames, self->instance);
    core_send(self, event->worker, &frames);
    hand_on(self, peer);
    if (value_get(event->state, "sequence") && sequence >= 0 &&
        (uint64_t)sequence < peer->row.sequence)
        core_note(self, "gap", 0, NULL, event->worker,
                  "worker '%s' says that its last receipt is %lld, and %llu is recorded here: its "
                  "ledger was lost or rolled back; give it a new id",
                  event->worker, (long long)sequence, (unsigned long long)peer->row.sequence);
    runs_offer_again(self, event->worker);
    return 0;
}

int
on_ping(core_t *self, event_t *event, fault_t *fault)
{
    (void)fault;
    core_peer(self, event->worker)->seen = self->now;
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

/* Releases and grants ------------------------------------------------------------------------- */

static void
keep_release(core_t *self, const shelved_t *release)
{
    CLEANUP(bytes_destroy) bytes_t *files = bytes_new();
    value_encode(release->files, files);
    core_keep(self, "release", true, &release->hash, bytes_slice(release->document),
              bytes_slice(release->armors), bytes_slice(files));
}

static void
tell_release(core_t *self, const char *kind, const shelved_t *release)
{
    char text[HASH_TEXT];
    core_note(self, kind, 0, NULL, NULL, "release %.12s of '%s', sequence %llu, is %s%s%s",
              hash_write(&release->hash, text), release->release->playbook,
              (unsigned long long)release->release->sequence, release_word(release->state),
              release->reason[0] ? ": " : "", release->reason);
    incidents_suggest(self);
}

int
on_release(core_t *self, event_t *event, fault_t *fault)
{
    bool changed;
    event->made = hash_of(event->document);
    bool known = shelf_release(self->shelf, &event->made) != NULL;
    shelved_t *release = shelf_add_release(self->shelf, self->charter->trust, event->document,
                                           event->armors, event->files, &changed, fault);
    if (!release)
        return -1;
    if (!changed)
        return 0;
    core_leaf2(self, known ? "approval" : "release", event->document, event->armors);
    keep_release(self, release);
    tell_release(self, "release", release);
    return 0;
}

int
on_approval(core_t *self, event_t *event, fault_t *fault)
{
    bool changed;
    event->made = event->hash;
    if (shelf_approve(self->shelf, self->charter->trust, &event->hash, event->armors, &changed,
                      fault))
        return -1;
    if (!changed)
        return 0;
    const shelved_t *release = shelf_release(self->shelf, &event->hash);
    core_leaf2(self, "approval", bytes_slice(release->document), event->armors);
    keep_release(self, release);
    tell_release(self, "approval", release);
    return 0;
}

int
on_grant(core_t *self, event_t *event, fault_t *fault)
{
    bool changed;
    event_row_t told = {.kind = "grant"};
    held_grant_t *grant = shelf_add_grant(self->shelf, self->charter->trust, event->document,
                                          event->armors, self->now, &changed, fault);
    if (!grant)
        return -1;
    event->made = grant->hash;
    if (!changed)
        return 0;
    char text[HASH_TEXT];
    core_leaf2(self, "grant", event->document, event->armors);
    core_keep(self, "grant", true, &grant->hash, event->document, event->armors, slice_of(NULL, 0));
    core_signers(self, event->armors, told.who, sizeof told.who);
    snprintf(told.text, sizeof told.text, "grant %.12s for '%s' is in force",
             hash_write(&grant->hash, text), grant->grant->playbook);
    core_tell(self, &told);
    return 0;
}

/* The steps ----------------------------------------------------------------------------------- */

int
on_tick(core_t *self, event_t *event, fault_t *fault)
{
    (void)event, (void)fault;
    runs_advance(self);
    incidents_sweep(self);
    return 0;
}

int
core_step(core_t *self, event_t *event, wall_t now, actions_t *actions, fault_t *fault)
{
    assert(event->kind < EVENT_KINDS && !self->actions);
    self->actions = actions;
    self->now = now;
    int result = handlers[event->kind](self, event, fault);
    self->actions = NULL;
    return result;
}

void
core_flush(core_t *self, actions_t *actions)
{
    if (!self->moved)
        return;
    row_t row = {.kind = ROW_POSITION,
                 .position = {.size = self->log.size,
                              .edge = merkle_edge(&self->log),
                              .incidents = self->incidents_given,
                              .counts = slice_of(self->counts, sizeof self->counts)}};
    actions_put(actions, &row);
    self->moved = false;
}

void
core_use(core_t *self, const charter_t *charter, wall_t now, actions_t *actions)
{
    self->charter = charter;
    self->actions = actions;
    self->now = now;
    shelf_judge(self->shelf, charter->trust);
    incidents_suggest(self);
    for (peer_t *peer = zhashx_first(self->peers); peer; peer = zhashx_next(self->peers))
        if (now.ms - peer->seen.ms < CORE_ONLINE_MS)
            hand_on(self, peer);
    self->actions = NULL;
}

const charter_t *
core_charter(const core_t *self)
{
    return self->charter;
}

const shelf_t *
core_shelf(const core_t *self)
{
    return self->shelf;
}

const merkle_t *
core_log(const core_t *self)
{
    return &self->log;
}

uint64_t
core_count(const core_t *self, incident_state_t state)
{
    assert(state < INCIDENT_STATE_COUNT);
    return self->counts[state];
}

size_t
core_active_runs(const core_t *self)
{
    size_t active = 0;
    for (run_t *run = zhashx_first(self->runs); run; run = zhashx_next(self->runs))
        active += run->row.state == RUN_ACTIVE;
    return active;
}

const worker_row_t *
core_worker(const core_t *self, const char *id, wall_t *seen)
{
    const peer_t *peer = zhashx_lookup(self->peers, id);
    *seen = peer ? peer->seen : (wall_t){0};
    return peer ? &peer->row : NULL;
}
