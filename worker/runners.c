/* SPDX-License-Identifier: Apache-2.0 */
#include "worker/runners.h"

#include <assert.h>
#include <stdio.h>

static void
say(const runners_t *self, const char *word, uint64_t runner)
{
    char number[24];
    snprintf(number, sizeof number, "%llu", (unsigned long long)runner);
    frames_t *frames = frames_new();
    frames_add_text(frames, word);
    frames_add_text(frames, number);
    outbox_add_early(self->outbox, TO_SPAWNER, 0, frames);
}

static uint64_t
ask(runners_t *self)
{
    if (self->count == RUNNERS_MAX)
        return 0;
    self->count++;
    say(self, "RUN", ++self->last);
    return self->last;
}

void
runners_prepare(runners_t *self)
{
    if (self->spare)
        return;
    self->spare = ask(self);
    self->spare_ready = false;
}

uint64_t
runners_take(runners_t *self, bool *ready)
{
    uint64_t runner = self->spare;
    *ready = runner && self->spare_ready;
    self->spare = 0;
    if (!runner)
        runner = ask(self);
    self->lacking = self->lacking || !runner;
    return runner;
}

void
runners_release(runners_t *self)
{
    assert(self->count);
    self->count--;
}

void
runners_kill(const runners_t *self, uint64_t runner)
{
    say(self, "KILL", runner);
}

bool
runners_on_ready(runners_t *self, uint64_t runner)
{
    if (!runner || self->spare != runner)
        return false;
    self->spare_ready = true;
    return true;
}

bool
runners_on_end(runners_t *self, uint64_t runner)
{
    if (!runner || self->spare != runner)
        return false;
    self->spare = 0;
    runners_release(self);
    return true;
}
