/* SPDX-License-Identifier: Apache-2.0 */
#include "worker/outbox.h"

#include <assert.h>
#include <stdlib.h>

typedef struct {
    destination_t to;
    uint64_t runner;
    bool early;
    frames_t *frames; /* ours */
} letter_t;

struct outbox {
    letter_t *letters;
    size_t count;
    size_t capacity;
    size_t bytes; /* of all letters */
    bool need_commit;
    outbox_deliver_t *courier; /* NULL where there is none */
    void *context;             /* the courier's */
    fault_t failed;            /* the courier did */
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

static void
add(outbox_t *self, const letter_t *letter)
{
    self->letters = memory_grow(self->letters, self->count, &self->capacity, sizeof *self->letters);
    self->letters[self->count++] = *letter;
    self->bytes += frames_bytes(letter->frames);
}

void
outbox_add(outbox_t *self, destination_t to, uint64_t runner, frames_t *frames)
{
    add(self, &(letter_t){to, runner, false, frames});
}

void
outbox_add_early(outbox_t *self, destination_t to, uint64_t runner, frames_t *frames)
{
    bool alone = true, early = true;
    for (size_t i = 0; i < self->count; i++) {
        bool same = self->letters[i].to == to && self->letters[i].runner == runner;
        alone = alone && !same;
        early = early && (!same || self->letters[i].early);
    }
    if (!alone || !self->courier) {
        add(self, &(letter_t){to, runner, early, frames});
        return;
    }
    if (!self->failed.code && self->courier(self->context, to, runner, frames, &self->failed))
        assert(self->failed.code);
    frames_destroy(&frames);
}

void
outbox_employ(outbox_t *self, outbox_deliver_t *courier, void *context)
{
    self->courier = courier;
    self->context = context;
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

/* Delivers those that may leave before the commit, or all the others. */
static int
deliver_some(outbox_t *self, bool early, outbox_deliver_t *deliver, void *context, fault_t *fault)
{
    for (size_t i = 0; i < self->count; i++) {
        letter_t *letter = &self->letters[i];
        if (letter->early == early &&
            deliver(context, letter->to, letter->runner, letter->frames, fault))
            return -1;
    }
    return 0;
}

bool
outbox_waits(const outbox_t *self)
{
    return self->need_commit;
}

int
outbox_flush_early(outbox_t *self, outbox_deliver_t *deliver, void *context, fault_t *fault)
{
    size_t kept = 0;
    if (self->failed.code)
        return fault_set(fault, self->failed.code, "%s", self->failed.text);
    if (deliver_some(self, true, deliver, context, fault))
        return -1;
    for (size_t i = 0; i < self->count; i++) {
        letter_t *letter = &self->letters[i];
        if (!letter->early) {
            self->letters[kept++] = *letter;
            continue;
        }
        self->bytes -= frames_bytes(letter->frames);
        frames_destroy(&letter->frames);
    }
    self->count = kept;
    return 0;
}

int
outbox_flush(outbox_t *self, ledger_t *ledger, outbox_deliver_t *deliver, void *context,
             fault_t *fault)
{
    int failed = self->failed.code ? fault_set(fault, self->failed.code, "%s", self->failed.text)
                                   : deliver_some(self, true, deliver, context, fault);
    if (!failed && self->need_commit)
        failed = ledger_commit(ledger, fault);
    if (!failed)
        failed = deliver_some(self, false, deliver, context, fault);
    self->need_commit = false;
    empty(self);
    return failed;
}
