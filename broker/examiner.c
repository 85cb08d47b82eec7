/* SPDX-License-Identifier: Apache-2.0 */
#include "broker/examiner.h"

#include <assert.h>
#include <stdlib.h>

#include "keys/receipts.h"

typedef struct {
    size_t count, capacity, receipts;
    size_t taken; /* of these, from the first on */
    heard_t *heard;
} batch_t;

struct examiner {
    zactor_t *thread;
    batch_t *adding; /* NULL where nothing was added */
    batch_t *taking; /* NULL where none came back, or all of it is taken */
    zlistx_t *back;  /* batch_t, behind that one */
    size_t flying;   /* that the thread has */
};

static void
batch_destroy(batch_t **self_p)
{
    batch_t *self = *self_p;
    if (!self)
        return;
    for (size_t i = self->taken; i < self->count; i++)
        frames_destroy(&self->heard[i].frames);
    free(self->heard);
    free(self);
    *self_p = NULL;
}

/* The thread ---------------------------------------------------------------------------------- */

static void
examine(batch_t *batch, receipts_held_t *held)
{
    for (size_t i = 0; i < batch->count; i++) {
        heard_t *heard = &batch->heard[i];
        if (heard->receipt)
            heard->proven = !receipts_check(frames_at(heard->frames, 1),
                                            frames_at(heard->frames, 2), &heard->key, held, NULL);
    }
}

static void
examiner_thread(zsock_t *pipe, void *unused)
{
    CLEANUP(memory_free) receipts_held_t *held = memory_new(1, sizeof *held);
    (void)unused;
    zsock_signal(pipe, 0);
    for (bool ended = false; !ended;) {
        CLEANUP(zstr_free) char *word = NULL;
        batch_t *batch = NULL;
        if (zsock_recv(pipe, "sp", &word, &batch)) /* a signal came between */
            continue;
        ended = streq(word, "$TERM");
        if (ended)
            continue;
        examine(batch, held);
        zsock_send(pipe, "sp", "DONE", batch);
    }
}

/* The loop's side ----------------------------------------------------------------------------- */

examiner_t *
examiner_new(void)
{
    examiner_t *self = memory_new(1, sizeof *self);
    self->back = zlistx_new();
    self->thread = zactor_new(examiner_thread, NULL);
    assert(self->back && self->thread);
    return self;
}

zsock_t *
examiner_socket(const examiner_t *self)
{
    return zactor_sock(self->thread);
}

/* One batch from the thread, for which it waits. */
static void
take_back(examiner_t *self)
{
    CLEANUP(zstr_free) char *word = NULL;
    batch_t *batch = NULL;
    if (zsock_recv(self->thread, "sp", &word, &batch))
        return;
    self->flying--;
    zlistx_add_end(self->back, batch);
}

void
examiner_destroy(examiner_t **self_p)
{
    examiner_t *self = *self_p;
    if (!self)
        return;
    while (self->flying)
        take_back(self);
    zactor_destroy(&self->thread);
    for (batch_t *batch; (batch = zlistx_detach(self->back, NULL));)
        batch_destroy(&batch);
    zlistx_destroy(&self->back);
    batch_destroy(&self->adding);
    batch_destroy(&self->taking);
    free(self);
    *self_p = NULL;
}

static void
hand_over(examiner_t *self)
{
    batch_t *batch = MOVE(self->adding);
    self->flying++;
    zsock_send(self->thread, "sp", "EXAMINE", batch);
}

void
examiner_add(examiner_t *self, const caller_t *caller, frames_t **frames, const pubkey_t *key)
{
    if (!self->adding)
        self->adding = memory_new(1, sizeof *self->adding);
    batch_t *batch = self->adding;
    batch->heard = memory_grow(batch->heard, batch->count, &batch->capacity, sizeof *batch->heard);
    heard_t *heard = &batch->heard[batch->count++];
    *heard = (heard_t){.caller = *caller, .frames = MOVE(*frames), .receipt = key};
    if (key)
        heard->key = *key;
    batch->receipts += heard->receipt;
    if (batch->receipts < EXAMINER_RECEIPTS && batch->count < EXAMINER_MESSAGES)
        return;
    if (self->flying == EXAMINER_BATCHES)
        take_back(self);
    hand_over(self);
}

/* What can be heard, once that before it is: NULL while that is with the thread. */
static batch_t *
next_batch(examiner_t *self)
{
    while (self->flying && zsock_events(examiner_socket(self)) & ZMQ_POLLIN)
        take_back(self);
    batch_t *batch = zlistx_detach(self->back, NULL);
    if (batch || !self->adding)
        return batch;
    if (!self->flying && self->adding->receipts < 2)
        return MOVE(self->adding);
    if (self->flying < EXAMINER_BATCHES)
        hand_over(self);
    return NULL;
}

bool
examiner_next(examiner_t *self, heard_t *heard)
{
    if (self->taking && self->taking->taken == self->taking->count)
        batch_destroy(&self->taking);
    if (!self->taking)
        self->taking = next_batch(self);
    if (!self->taking)
        return false;
    *heard = self->taking->heard[self->taking->taken++];
    return true;
}
