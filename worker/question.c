/* SPDX-License-Identifier: Apache-2.0 */
#include "worker/question.h"

#include <assert.h>
#include <stdio.h>

#include "wire/message.h"

static int
on_wait(void *context, const wait_row_t *row, fault_t *fault)
{
    question_t *self = context;
    (void)fault;
    if (!strcmp(row->step, self->path))
        self->asked = row->asked;
    return 0;
}

static wait_row_t
row_of(const question_t *self, slice_t document, slice_t armors)
{
    return (wait_row_t){self->play->brief->warrant->run, self->path, self->asked, document, armors};
}

int
question_find(question_t *self, const workplace_t *place, fault_t *fault)
{
    const hash_t *run = &self->play->brief->warrant->run;
    if (ledger_each_wait(place->ledger, run, on_wait, self, fault))
        return -1;
    self->expires.ms = self->asked.ms + (int64_t)self->step->wait_s * 1000;
    return 0;
}

int
question_begin(question_t *self, const workplace_t *place, wall_t now, fault_t *fault)
{
    slice_t none = slice_of(NULL, 0);
    if (self->asked.ms)
        return 0;
    self->asked = now;
    self->expires.ms = now.ms + (int64_t)self->step->wait_s * 1000;
    wait_row_t row = row_of(self, none, none);
    if (ledger_put_wait(place->ledger, &row, fault))
        return -1;
    outbox_need_commit(place->outbox);
    return 0;
}

void
question_say(const question_t *self, const workplace_t *place, const hash_t *last, unsigned link)
{
    char text[HASH_TEXT], number[24];
    frames_t *frames = message_new(MESSAGE_WAITING);
    frames_add_text(frames, hash_write(&self->play->brief->warrant->run, text));
    frames_add_text(frames, self->path);
    frames_add_text(frames, hash_write(last, text));
    snprintf(number, sizeof number, "%lld", (long long)self->expires.ms);
    frames_add_text(frames, number);
    outbox_add(place->outbox, TO_LINK, link, frames);
}

consent_t *
question_check(const question_t *self, const workplace_t *place, const hash_t *last,
               slice_t document, slice_t armors, wall_t now, value_t **output, fault_t *fault)
{
    const warrant_t *warrant = self->play->brief->warrant;
    bool answer = self->step->kind == STEP_ASK;
    consent_wish_t wish = {
        .answer = answer,
        .run = warrant->run,
        .step = self->path,
        .role = self->step->role,
        .class = play_script(self->play)->highest,
        .worker = place->worker,
        .target = warrant->target,
        .receipt = *last,
        .excluded = answer || !warrant->order ? NULL : &warrant->signers,
        .asked = self->asked,
    };
    CLEANUP(consent_destroy)
    consent_t *consent = trust_check_consent(place->trust, document, armors, &wish, now, fault);
    if (!consent)
        return NULL;
    *output = NULL;
    if (answer) {
        *output = manifest_answer(self->play->manifest, self->step, consent->value, fault);
        if (!*output)
            return NULL;
    }
    return MOVE(consent);
}

int
question_keep(const question_t *self, const workplace_t *place, slice_t document, slice_t armors,
              fault_t *fault)
{
    wait_row_t row = row_of(self, document, armors);
    assert(self->asked.ms);
    outbox_need_commit(place->outbox);
    return ledger_put_wait(place->ledger, &row, fault);
}
