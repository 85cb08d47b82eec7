/* SPDX-License-Identifier: Apache-2.0 */
#include "worker/effects.h"

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>

struct effects {
    workplace_t *place;
    attempt_key_t of;
    bool by_grant, dry;
    uint64_t number;
    effect_t *effects; /* ours */
    size_t count;      /* recorded */
    size_t capacity;
    size_t asked; /* by the script, so far */
    bool waiting; /* for the effector, about effects[asked - 1] */
    bool cut;     /* the effector was told to end it */
};

effects_t *
effects_new(workplace_t *place, const attempt_key_t *of, const warrant_t *warrant, uint64_t number)
{
    effects_t *self = memory_new(1, sizeof *self);
    self->place = place;
    self->of = *of;
    self->by_grant = warrant->grant;
    self->dry = warrant->order && warrant->order->dry;
    self->number = number;
    return self;
}

void
effects_destroy(effects_t **self_p)
{
    effects_t *self = *self_p;
    if (!self)
        return;
    for (size_t i = 0; i < self->count; i++)
        bytes_destroy(&self->effects[i].result);
    free(self->effects);
    free(self);
    *self_p = NULL;
}

static effect_t *
add(effects_t *self)
{
    self->effects = memory_grow(self->effects, self->count, &self->capacity, sizeof *self->effects);
    effect_t *effect = &self->effects[self->count++];
    *effect = (effect_t){0};
    return effect;
}

static int
on_recorded(void *context, const effect_row_t *row, fault_t *fault)
{
    effects_t *self = context;
    if (row->index != self->count || self->count == RUNNER_OPS_MAX)
        return fault_set(fault, FAULT_IO, "the ledger's effects of step '%s' have a gap",
                         row->of.step);
    effect_t *effect = add(self);
    *effect = (effect_t){.arguments = row->arguments, .head = row->head, .done = row->done};
    text_copy(effect->op, sizeof effect->op, row->op);
    text_copy(effect->code, sizeof effect->code, row->code);
    text_copy(effect->text, sizeof effect->text, row->text);
    if (row->done && row->result.size)
        effect->result = bytes_copy(row->result);
    return 0;
}

int
effects_load(effects_t *self, fault_t *fault)
{
    assert(!self->count);
    return ledger_each_effect(self->place->ledger, &self->of, on_recorded, self, fault);
}

size_t
effects_count(const effects_t *self)
{
    return self->count;
}

bool
effects_waiting(const effects_t *self)
{
    return self->waiting;
}

bool
effects_unsettled(const effects_t *self)
{
    for (size_t i = 0; i < self->count; i++)
        if (!self->effects[i].done)
            return true;
    return false;
}

bool
effects_foretold(const effects_t *self)
{
    for (size_t i = 0; i < self->count; i++)
        if (fault_of(self->effects[i].code) == FAULT_DRY)
            return true;
    return false;
}

const effect_t *
effects_unasked(const effects_t *self)
{
    return self->asked < self->count ? &self->effects[self->asked] : NULL;
}

static int
record(const effects_t *self, size_t index, fault_t *fault)
{
    const effect_t *effect = &self->effects[index];
    effect_row_t row = {
        .of = self->of,
        .index = index,
        .op = effect->op,
        .arguments = effect->arguments,
        .head = effect->head,
        .done = effect->done,
        .code = effect->code,
        .text = effect->text,
        .result = effect->result ? bytes_slice(effect->result) : slice_of(NULL, 0),
    };
    return ledger_put_effect(self->place->ledger, &row, fault);
}

static void
add_number(frames_t *frames, uint64_t number)
{
    char text[24];
    snprintf(text, sizeof text, "%llu", (unsigned long long)number);
    frames_add_text(frames, text);
}

/* About effects[asked - 1]. */
static void
ask_effector(effects_t *self, slice_t arguments)
{
    const effect_t *effect = &self->effects[self->asked - 1];
    char text[HASH_TEXT];
    frames_t *op = frames_new();
    frames_add_text(op, "OP");
    add_number(op, self->number);
    frames_add_text(op, hash_write(&self->of.run, text));
    frames_add_text(op, self->of.step);
    frames_add_text(op, phase_word(self->of.phase));
    add_number(op, self->of.attempt);
    add_number(op, self->asked - 1);
    frames_add_text(op, effect->op);
    frames_add(op, arguments);
    frames_add_text(op, hash_write(&effect->head, text));
    outbox_add(self->place->outbox, TO_EFFECTOR, 0, op);
    self->waiting = true;
}

void
effects_cut(effects_t *self)
{
    if (!self->waiting || self->cut)
        return;
    frames_t *end = frames_new();
    frames_add_text(end, "END");
    add_number(end, self->number);
    outbox_add(self->place->outbox, TO_EFFECTOR, 0, end);
    self->cut = true;
}

/* One that was begun is asked again under its key. */
static void
replay(effects_t *self, const op_t *op, slice_t arguments, const effect_t **known, fault_t *why)
{
    const effect_t *effect = &self->effects[self->asked - 1];
    hash_t hash = hash_of(arguments);
    if (strcmp(effect->op, op->name) != 0 || !hash_equal(&effect->arguments, &hash))
        fault_set(why, FAULT_UNKNOWN,
                  "op %zu is now '%s' with other arguments than before the restart ('%s')",
                  self->asked - 1, op->name, effect->op);
    else if (effect->done)
        *known = effect;
    else
        ask_effector(self, arguments);
}

/* Whether a beacon lets a fix begin; where none does, that is how the op ended. */
static bool
may_begin(const effects_t *self, const op_t *op, effect_t *effect)
{
    const workplace_t *place = self->place;
    fault_t why = {0};
    if (!freshness_check(place->freshness, place->trust, op->least, self->by_grant, place->clock,
                         &why))
        return true;
    effect->done = true;
    text_copy(effect->code, sizeof effect->code, fault_word(why.code));
    text_copy(effect->text, sizeof effect->text, why.text);
    return false;
}

int
effects_ask(effects_t *self, const op_t *op, slice_t arguments, const effect_t **known,
            fault_t *why, fault_t *fault)
{
    *known = NULL;
    if (self->asked++ < self->count) {
        replay(self, op, arguments, known, why);
        return 0;
    }
    effect_t *effect = add(self);
    effect->arguments = hash_of(arguments);
    effect->head = self->place->head;
    text_copy(effect->op, sizeof effect->op, op->name);
    if (op->least != CLASS_OBSERVE && !self->dry) {
        *known = may_begin(self, op, effect) ? NULL : effect;
        if (record(self, self->count - 1, fault))
            return -1;
        outbox_need_commit(self->place->outbox);
    }
    if (!*known)
        ask_effector(self, arguments);
    return 0;
}

const effect_t *
effects_answer(effects_t *self, const frames_t *frames, fault_t *fault)
{
    assert(self->waiting);
    bool would = !strcmp(frames_text(frames, 0), "WOULD");
    bool good = would || !strcmp(frames_text(frames, 0), "RESULT");
    const char *code = would ? fault_word(FAULT_DRY) : good ? "ok" : frames_text(frames, 2);
    effect_t *effect = &self->effects[self->asked - 1];
    if (!good && (fault_of(code) == FAULT_NONE || fault_of(code) == FAULT_CODES)) {
        fault_set(fault, FAULT_FORMAT, "the effector's fault '%.20s' is no code", code);
        return NULL;
    }
    self->waiting = self->cut = false;
    effect->done = true;
    text_copy(effect->code, sizeof effect->code, code);
    if (good && (!would || frames_at(frames, 2).size))
        effect->result = bytes_copy(frames_at(frames, 2));
    else if (!good)
        text_copy(effect->text, sizeof effect->text, frames_text(frames, 3));
    return record(self, self->asked - 1, fault) ? NULL : effect;
}

void
effects_list(const effects_t *self, receipt_t *receipt)
{
    for (size_t i = 0; i < self->count; i++) {
        const effect_t *effect = &self->effects[i];
        receipt_op_t *op = &receipt->ops[receipt->op_count++];
        *op = (receipt_op_t){0};
        text_copy(op->op, sizeof op->op, effect->op);
        op->arguments = effect->arguments;
        op->result = effect->result ? hash_of(bytes_slice(effect->result)) : HASH_ZERO;
        text_copy(op->code, sizeof op->code, effect->done ? effect->code : "unknown");
    }
}
