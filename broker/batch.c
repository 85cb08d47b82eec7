/* SPDX-License-Identifier: Apache-2.0 */
#include "broker/batch.h"

#include <stdlib.h>
#include <unistd.h>

#include "common/log.h"
#include "wire/message.h"

typedef struct {
    caller_t caller;
    frames_t *frames;
} reply_t;

struct batch {
    core_t *core;
    store_t *store;
    gate_t *gate;
    desk_t *desk;
    envoy_t *envoy; /* NULL for none */
    actions_t *actions;
    size_t written; /* of its rows */
    bool begun;     /* a transaction is open */
    bool owed;      /* who asked or posted waits for its commit */
    size_t reply_count, reply_capacity;
    reply_t *replies;
};

batch_t *
batch_new(core_t *core, store_t *store, gate_t *gate)
{
    batch_t *self = memory_new(1, sizeof *self);
    *self = (batch_t){.core = core, .store = store, .gate = gate, .actions = actions_new()};
    return self;
}

void
batch_destroy(batch_t **self_p)
{
    batch_t *self = *self_p;
    if (!self)
        return;
    for (size_t i = 0; i < self->reply_count; i++)
        frames_destroy(&self->replies[i].frames);
    free(self->replies);
    actions_destroy(&self->actions);
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
    for (; self->written < self->actions->row_count; self->written++) {
        const row_t *row = self->actions->rows[self->written];
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
    int result = core_step(self->core, event, wall_now(), self->actions, fault);
    write_rows(self);
    return result;
}

void
batch_answer(void *context, const caller_t *caller, frames_t **frames)
{
    batch_t *self = context;
    self->owed = self->owed || !slice_is(frames_at(*frames, 0), message_word(MESSAGE_EVENT));
    self->replies =
        memory_grow(self->replies, self->reply_count, &self->reply_capacity, sizeof(reply_t));
    self->replies[self->reply_count++] = (reply_t){*caller, MOVE(*frames)};
}

void
batch_use(batch_t *self, const charter_t *charter)
{
    core_use(self->core, charter, wall_now(), self->actions);
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
    return self->owed || self->actions->send_count;
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
send_all(batch_t *self, const actions_t *done)
{
    for (size_t i = 0; i < done->send_count; i++)
        send_one(self, &done->sends[i]);
    for (size_t i = 0; i < self->reply_count; i++)
        if (!gate_answer(self->gate, &self->replies[i].caller, &self->replies[i].frames))
            desk_forget(self->desk, &self->replies[i].caller);
    self->reply_count = 0;
}

actions_t *
batch_commit(batch_t *self)
{
    fault_t fault = {0};
    core_flush(self->core, self->actions);
    write_rows(self);
    if (self->begun && self->store->commit(self->store->self, &fault))
        batch_end(&fault);
    actions_t *done = MOVE(self->actions);
    self->begun = self->owed = false;
    self->actions = actions_new();
    self->written = 0;
    send_all(self, done);
    return done;
}
