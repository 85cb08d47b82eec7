/* SPDX-License-Identifier: Apache-2.0 */
#include "broker/batch.h"

#include <assert.h>
#include <czmq.h>
#include <stdlib.h>
#include <unistd.h>

#include "common/log.h"
#include "wire/message.h"

typedef struct {
    caller_t caller;
    frames_t *frames;
} reply_t;

/* What goes out once it is on the disk. */
typedef struct {
    actions_t *actions;
    size_t reply_count, reply_capacity;
    reply_t *replies;
} parcel_t;

struct batch {
    core_t *core;
    store_t *store;
    gate_t *gate;
    desk_t *desk;
    envoy_t *envoy; /* NULL for none */
    zactor_t *disk;
    parcel_t open;
    size_t steps, written; /* of its rows */
    bool begun;            /* a transaction is open */
    bool owed;             /* who asked or posted waits for its commit */
    parcel_t closed;       /* its actions are NULL where there is none */
    bool flying;           /* the disk has that one */
    fault_t fault;         /* the disk's, as it answers; its thread alone touches it meanwhile */
};

static void
parcel_clear(parcel_t *self)
{
    for (size_t i = 0; i < self->reply_count; i++)
        frames_destroy(&self->replies[i].frames);
    free(self->replies);
    actions_destroy(&self->actions);
    *self = (parcel_t){0};
}

/* The disk ------------------------------------------------------------------------------------ */

static void
disk_thread(zsock_t *pipe, void *self_)
{
    batch_t *self = self_;
    zsock_signal(pipe, 0);
    for (bool ended = false; !ended;) {
        CLEANUP(zstr_free) char *word = zstr_recv(pipe);
        if (!word) /* a signal came between */
            continue;
        ended = streq(word, "$TERM");
        if (!ended)
            zsock_signal(pipe, self->store->sync(self->store->self, &self->fault) ? 1 : 0);
    }
}

/* Waits for the disk, unless a signal comes between. */
static void
land(batch_t *self)
{
    int failed = zsock_wait(self->disk);
    self->flying = failed < 0;
    if (failed > 0)
        batch_end(&self->fault);
}

batch_t *
batch_new(core_t *core, store_t *store, gate_t *gate)
{
    batch_t *self = memory_new(1, sizeof *self);
    *self = (batch_t){.core = core, .store = store, .gate = gate};
    self->open.actions = actions_new();
    self->disk = zactor_new(disk_thread, self);
    assert(self->disk);
    return self;
}

void
batch_destroy(batch_t **self_p)
{
    batch_t *self = *self_p;
    if (!self)
        return;
    while (self->flying)
        land(self);
    zactor_destroy(&self->disk);
    parcel_clear(&self->open);
    parcel_clear(&self->closed);
    free(self);
    *self_p = NULL;
}

void
batch_tell(batch_t *self, desk_t *desk)
{
    self->desk = desk;
}

void
batch_send_by(batch_t *self, envoy_t *envoy)
{
    self->envoy = envoy;
}

void
batch_end(const fault_t *fault)
{
    log_error("the record cannot be written: %s (%s); nothing after the last commit was "
              "acknowledged",
              fault->text, fault_word(fault->code));
    _exit(BATCH_EXIT);
}

static void
begin(batch_t *self)
{
    fault_t fault = {0};
    if (!self->begun && self->store->begin(self->store->self, &fault))
        batch_end(&fault);
    self->begun = true;
}

void
batch_write(batch_t *self, const row_t *row)
{
    fault_t fault = {0};
    begin(self);
    if (self->store->put(self->store->self, row, &fault))
        batch_end(&fault);
}

void
batch_drop(batch_t *self, const query_t *query)
{
    fault_t fault = {0};
    begin(self);
    if (self->store->drop(self->store->self, query, &fault))
        batch_end(&fault);
}

static void
write_rows(batch_t *self)
{
    const actions_t *actions = self->open.actions;
    for (; self->written < actions->row_count; self->written++) {
        const row_t *row = actions->rows[self->written];
        batch_write(self, row);
        if (row->kind == ROW_EVENT)
            desk_tell(self->desk, &row->event);
        else if (row->kind == ROW_SAID)
            desk_tell_said(self->desk, &row->said);
    }
}

int
batch_step(void *context, event_t *event, fault_t *fault)
{
    batch_t *self = context;
    int result = core_step(self->core, event, wall_now(), self->open.actions, fault);
    self->steps++;
    write_rows(self);
    return result;
}

void
batch_answer(void *context, const caller_t *caller, frames_t **frames)
{
    batch_t *self = context;
    self->owed = self->owed || !slice_is(frames_at(*frames, 0), message_word(MESSAGE_EVENT));
    parcel_t *open = &self->open;
    open->replies =
        memory_grow(open->replies, open->reply_count, &open->reply_capacity, sizeof(reply_t));
    open->replies[open->reply_count++] = (reply_t){*caller, MOVE(*frames)};
}

void
batch_use(batch_t *self, const charter_t *charter)
{
    core_use(self->core, charter, wall_now(), self->open.actions);
    write_rows(self);
}

void
batch_owe(batch_t *self)
{
    self->owed = true;
}

bool
batch_is_awaited(const batch_t *self)
{
    return self->owed || self->open.actions->send_count;
}

bool
batch_is_begun(const batch_t *self)
{
    return self->begun;
}

static void
send_one(batch_t *self, send_t *send)
{
    if (send->broker) {
        if (!gate_send_broker(self->gate, send->worker, &send->frames))
            log_debug("broker=%s: not there; it is told when it says HELLO", send->worker);
    } else if (!strcmp(send->worker, ACTIONS_ALL)) {
        gate_cast(self->gate, &send->frames);
    } else if (!strcmp(send->worker, ACTIONS_TIMEKEEPER)) {
        if (self->envoy && !envoy_send(self->envoy, &send->frames))
            log_debug("the timekeeper is not there; it is told when it is");
    } else if (!gate_send(self->gate, send->worker, &send->frames)) {
        log_debug("worker=%s: not there; it is told when it says HELLO", send->worker);
    }
}

static void
send_all(batch_t *self, parcel_t *done)
{
    for (size_t i = 0; i < done->actions->send_count; i++)
        send_one(self, &done->actions->sends[i]);
    for (size_t i = 0; i < done->reply_count; i++)
        if (!gate_answer(self->gate, &done->replies[i].caller, &done->replies[i].frames))
            desk_forget(self->desk, &done->replies[i].caller);
}

/* Where little was decided, the way to the thread and back is longer than it saves. */
static void
begin_sync(batch_t *self)
{
    fault_t fault = {0};
    self->flying = self->steps >= BATCH_ASIDE;
    if (self->flying)
        zstr_send(self->disk, "SYNC");
    else if (self->store->sync(self->store->self, &fault))
        batch_end(&fault);
}

bool
batch_close(batch_t *self)
{
    fault_t fault = {0};
    if (self->closed.actions)
        return false;
    core_flush(self->core, self->open.actions);
    write_rows(self);
    if (self->begun && self->store->commit(self->store->self, &fault))
        batch_end(&fault);
    if (self->begun)
        begin_sync(self);
    self->closed = self->open;
    self->open = (parcel_t){.actions = actions_new()};
    self->steps = self->written = 0;
    self->begun = self->owed = false;
    return true;
}

zsock_t *
batch_socket(const batch_t *self)
{
    return zactor_sock(self->disk);
}

actions_t *
batch_done(batch_t *self, bool wait)
{
    while (self->flying && (wait || zsock_events(batch_socket(self)) & ZMQ_POLLIN))
        land(self);
    if (self->flying || !self->closed.actions)
        return NULL;
    actions_t *done = self->closed.actions;
    send_all(self, &self->closed);
    self->closed.actions = NULL;
    parcel_clear(&self->closed);
    return done;
}
