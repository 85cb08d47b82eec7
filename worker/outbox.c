/* SPDX-License-Identifier: Apache-2.0 */
#include "worker/outbox.h"

#include <stdlib.h>

typedef struct {
    destination_t to;
    uint64_t runner;
    frames_t *frames; /* ours */
} letter_t;

struct outbox {
    letter_t *letters;
    size_t count;
    size_t capacity;
    size_t bytes; /* of all letters */
    bool need_commit;
};

outbox_t *
outbox_new(void)
{
    return memory_new(1, sizeof(outbox_t));
}

static void
empty(outbox_t *self)
{
    for (size_t i = 0; i < self->count; i++)
        frames_destroy(&self->letters[i].frames);
    self->count = self->bytes = 0;
}

void
outbox_destroy(outbox_t **self_p)
{
    outbox_t *self = *self_p;
    if (!self)
        return;
    empty(self);
    free(self->letters);
    free(self);
    *self_p = NULL;
}

void
outbox_add(outbox_t *self, destination_t to, uint64_t runner, frames_t *frames)
{
    self->letters = memory_grow(self->letters, self->count, &self->capacity, sizeof *self->letters);
    self->letters[self->count++] = (letter_t){to, runner, frames};
    self->bytes += frames_bytes(frames);
}

bool
outbox_is_full(const outbox_t *self)
{
    return self->bytes > OUTBOX_BYTES;
}

void
outbox_need_commit(outbox_t *self)
{
    self->need_commit = true;
}

/* Delivers those that go to the spawner, or all the others. */
static int
deliver_some(outbox_t *self, bool spawner, outbox_deliver_t *deliver, void *context, fault_t *fault)
{
    for (size_t i = 0; i < self->count; i++) {
        letter_t *letter = &self->letters[i];
        if ((letter->to == TO_SPAWNER) == spawner &&
            deliver(context, letter->to, letter->runner, letter->frames, fault))
            return -1;
    }
    return 0;
}

int
outbox_flush(outbox_t *self, ledger_t *ledger, outbox_deliver_t *deliver, void *context,
             fault_t *fault)
{
    int failed = deliver_some(self, true, deliver, context, fault);
    if (!failed && self->need_commit)
        failed = ledger_commit(ledger, fault);
    if (!failed)
        failed = deliver_some(self, false, deliver, context, fault);
    self->need_commit = false;
    empty(self);
    return failed;
}
