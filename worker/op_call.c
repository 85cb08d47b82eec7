/* SPDX-License-Identifier: Apache-2.0 */
#include "worker/op_call.h"

#include <stdio.h>

void
op_call_clear(op_call_t *self)
{
    value_destroy(&self->arguments);
}

bool
op_call_is_fix(const op_call_t *self)
{
    return self->act.op->least != CLASS_OBSERVE;
}

/* docs/PROTOCOL.md 7.3: site, run, worker, step, phase, attempt, index. */
static hash_t
key_of(const op_call_t *self, const effector_place_t *place)
{
    char attempt[24], index[24];
    snprintf(attempt, sizeof attempt, "%llu", (unsigned long long)self->act.attempt);
    snprintf(index, sizeof index, "%llu", (unsigned long long)self->index);
    slice_t parts[] = {
        hash_slice(trust_site(place->trust)),
        hash_slice(mandate_run(self->mandate)),
        slice_text(place->worker),
        slice_text(self->act.step),
        slice_text(phase_word(self->act.phase)),
        slice_text(attempt),
        slice_text(index),
    };
    return hash_of_parts(parts, ARRAY_SIZE(parts));
}

static int
read_act(op_call_t *self, const frames_t *message, fault_t *fault)
{
    act_t *act = &self->act;
    act->step = frames_text(message, 3);
    if (!phase_read(frames_text(message, 4), &act->phase) ||
        !text_read_u64(frames_text(message, 5), 1, INT32_MAX, &act->attempt) ||
        !text_read_u64(frames_text(message, 6), 0, RECEIPT_OPS_MAX - 1, &self->index))
        return fault_set(fault, FAULT_FORMAT,
                         "no phase, no attempt, or an index that is not below %d", RECEIPT_OPS_MAX);
    act->op = op_find(frames_text(message, 7));
    if (!act->op)
        return fault_set(fault, FAULT_OP, "there is no op '%.63s'", frames_text(message, 7));
    act->arguments = self->arguments = value_decode(frames_at(message, 8), fault);
    if (!self->arguments)
        return fault_wrap(fault, "arguments of %s", act->op->name);
    self->arguments_hash = hash_of(frames_at(message, 8));
    return 0;
}

int
op_call_read(op_call_t *self, const effector_place_t *place, const frames_t *message,
             fault_t *fault)
{
    if (read_act(self, message, fault))
        return -1;
    if (!op_call_is_fix(self))
        return 0;
    if (!hash_read(frames_text(message, 9), &self->head))
        return fault_set(fault, FAULT_FORMAT, "the head of the journal is not a hash");
    self->key = key_of(self, place);
    return 0;
}
