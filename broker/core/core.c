/* SPDX-License-Identifier: Apache-2.0 */
#include "broker/core/core.h"

#include <assert.h>

#include "broker/core/state.h"

static int (*const handlers[EVENT_KINDS])(core_t *, event_t *, fault_t *) = {
#define X(event, handler) [event] = handler,
    EVENTS(X)
#undef X
};

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
    self->islands = table_of((void (*)(void **))island_destroy);
    self->shelf = shelf_new();
    for (size_t i = 0; i < TESTIMONY_STATE_COUNT; i++)
        self->testimonies[i].lines = bytes_new();
    return self;
}

void
core_sign(core_t *self, const char *broker, const machinekey_t *key)
{
    self->broker = broker;
    self->key = key;
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
    free(self->closed.keys);
    free(self->ended.keys);
    free(self->stirred);
    for (size_t i = 0; i < self->halt_count; i++)
        halt_clear(&self->halts[i]);
    free(self->halts);
    free(self->braked);
    lamp_clear(&self->beacon);
    free(self->asking);
    zhashx_destroy(&self->peers);
    zhashx_destroy(&self->islands);
    shelf_destroy(&self->shelf);
    tiles_clear(&self->tiles);
    for (size_t i = 0; i < TESTIMONY_STATE_COUNT; i++)
        bytes_destroy(&self->testimonies[i].lines);
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
    } else if (!strcmp(document->kind, "rejection")) {
        shelf_restore_rejection(shelf, loading->core->charter->trust, document->bytes,
                                document->armors);
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
    return brakes_load(self, fault) || drains_load(self, fault) || halts_load(self, fault) ||
                   islands_load(self, fault) || load_runs(&loading) || notices_load(self, fault) ||
                   witnesses_load(self, fault)
               ? -1
               : 0;
}

/* The steps ----------------------------------------------------------------------------------- */

int
on_tick(core_t *self, event_t *event, fault_t *fault)
{
    (void)event;
    int result = witnesses_tick(self, fault);
    runs_advance(self);
    incidents_sweep(self);
    halts_sweep(self);
    return result;
}

void
core_over(over_t *self, const char *key)
{
    self->keys = memory_grow(self->keys, self->count, &self->capacity, sizeof *self->keys);
    snprintf(self->keys[self->count++], sizeof *self->keys, "%s", key);
}

static void
let_go(core_t *self, over_t *over, void (*one)(core_t *self, const char *key))
{
    if (over->count < 2 * CORE_OVER_MAX)
        return;
    size_t gone = over->count - CORE_OVER_MAX;
    for (size_t i = 0; i < gone; i++)
        one(self, over->keys[i]);
    over->count = CORE_OVER_MAX;
    memmove(over->keys, over->keys + gone, over->count * sizeof *over->keys);
}

int
core_step(core_t *self, event_t *event, wall_t now, actions_t *actions, fault_t *fault)
{
    assert(event->kind < EVENT_KINDS && !self->actions);
    self->actions = actions;
    self->step_rows = actions->row_count;
    self->now = now;
    if (!actions->row_count) { /* once a batch */
        let_go(self, &self->closed, incident_let_go);
        let_go(self, &self->ended, run_let_go);
    }
    int result = handlers[event->kind](self, event, fault);
    runs_settle(self);
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
    fault_t fault = {0};
    self->charter = charter;
    self->actions = actions;
    self->step_rows = actions->row_count;
    self->now = now;
    if (halts_use(self, &fault))
        core_note(self, "fault", 0, NULL, NULL, "a stop does not hold in the new site folder: %s",
                  fault.text);
    shelf_judge(self->shelf, charter->trust);
    incidents_suggest(self);
    peers_hand_on(self);
    islands_hand_on(self);
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

core_mark_t
core_mark(const core_t *self)
{
    return (core_mark_t){self->log.size, self->notices_given, self->revokes};
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
    return self->active_runs;
}

const worker_row_t *
core_worker(const core_t *self, const char *id, wall_t *seen)
{
    const peer_t *peer = zhashx_lookup(self->peers, id);
    *seen = peer ? peer->seen : (wall_t){0};
    return peer ? &peer->row : NULL;
}
