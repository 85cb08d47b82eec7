/* SPDX-License-Identifier: Apache-2.0 */
/* What machines sign. */
#include "tests/sim/facts_private.h"

void
receipts_form_a_chain(facts_t *self)
{
    for (size_t i = self->signed_.seen; i < self->signed_.count; i++) {
        const signed_t *at = &self->signed_.items[i], *last = NULL;
        for (size_t j = 0; j < i; j++)
            if (self->signed_.items[j].machine == at->machine && !self->signed_.items[j].lost)
                last = &self->signed_.items[j];
        if (at->sequence != (last ? last->sequence + 1 : 1) ||
            !hash_equal(&at->previous, last ? &last->hash : &HASH_ZERO))
            BREAK(self, "%s signs receipt %llu behind %llu", node_name(at->machine),
                  (unsigned long long)at->sequence,
                  (unsigned long long)(last ? last->sequence : 0));
    }
}

void
a_step_attempt_has_one_receipt(facts_t *self)
{
    for (size_t i = self->signed_.seen; i < self->signed_.count; i++) {
        const signed_t *at = &self->signed_.items[i];
        for (size_t j = 0; j < i; j++) {
            const signed_t *before = &self->signed_.items[j];
            if (before->machine != at->machine || before->lost ||
                !hash_equal(&before->run, &at->run))
                continue;
            if (before->part != OUTCOME_OPEN)
                BREAK(self, "%s signs for run %s behind the end of its part",
                      node_name(at->machine), short_hash(&at->run));
            if (before->attempt == at->attempt && before->phase == at->phase &&
                !strcmp(before->step, at->step))
                BREAK(self, "%s signs step '%s' of run %s twice", node_name(at->machine), at->step,
                      short_hash(&at->run));
        }
    }
}

static bool
has_receipt(const facts_t *self, const signed_t *at, size_t before, phase_t phase, uint64_t attempt,
            outcome_t outcome)
{
    for (size_t i = 0; i < before; i++) {
        const signed_t *other = &self->signed_.items[i];
        if (other->machine == at->machine && !other->lost && other->phase == phase &&
            other->attempt == attempt && other->outcome == outcome &&
            !strcmp(other->step, at->step) && hash_equal(&other->run, &at->run))
            return true;
    }
    return false;
}

void
an_attempt_follows_a_failure(facts_t *self)
{
    for (size_t i = self->signed_.seen; i < self->signed_.count; i++) {
        const signed_t *at = &self->signed_.items[i];
        if (at->attempt > 1 &&
            !has_receipt(self, at, i, at->phase, at->attempt - 1, OUTCOME_FAILED))
            BREAK(self, "%s signs attempt %llu of step '%s', and the one before did not fail",
                  node_name(at->machine), (unsigned long long)at->attempt, at->step);
    }
}

void
broken_glass_is_said(facts_t *self)
{
    for (size_t i = self->signed_.seen; i < self->signed_.count; i++) {
        const signed_t *at = &self->signed_.items[i];
        const plan_order_t *order = facts_order(self, &at->run);
        if (at->glass != (order && order->glass))
            BREAK(self, "%s signs for run %s %s glass", node_name(at->machine),
                  short_hash(&at->run), at->glass ? "that it broke" : "nothing of broken");
    }
}

void
only_what_ran_is_undone(facts_t *self)
{
    for (size_t i = self->signed_.seen; i < self->signed_.count; i++) {
        const signed_t *at = &self->signed_.items[i];
        bool done = false;
        for (uint64_t attempt = 1; attempt <= 3 && !done; attempt++)
            done = has_receipt(self, at, i, PHASE_RUN, attempt, OUTCOME_OK) ||
                   has_receipt(self, at, i, PHASE_RUN, attempt, OUTCOME_FAILED);
        if (at->phase == PHASE_UNDO && !done)
            BREAK(self, "%s undoes step '%s' of run %s, which was not done", node_name(at->machine),
                  at->step, short_hash(&at->run));
    }
}

/* How often a receipt of the same step and run calls this op ok. */
static unsigned
count_said(const signed_t *receipt, const signed_t *as, const noted_op_t *op)
{
    unsigned said = 0;
    if (receipt->machine != as->machine || receipt->lost || strcmp(receipt->step, as->step) != 0 ||
        !hash_equal(&receipt->run, &as->run))
        return 0;
    for (size_t i = 0; i < receipt->op_count; i++)
        said += receipt->ops[i].ok && !strcmp(receipt->ops[i].op, op->op) &&
                hash_equal(&receipt->ops[i].arguments, &op->arguments);
    return said;
}

/* An op that receipts call ok acted at least as often as they say. */
void
what_is_said_to_be_done_was_done(facts_t *self)
{
    for (size_t i = self->signed_.seen; i < self->signed_.count; i++) {
        const signed_t *at = &self->signed_.items[i];
        for (size_t j = 0; j < at->op_count; j++) {
            const noted_op_t *op = &at->ops[j];
            const op_t *row = op_find(op->op);
            unsigned said = 0;
            if (!op->ok || !row || row->least == CLASS_OBSERVE)
                continue;
            for (size_t k = 0; k <= i; k++)
                said += count_said(&self->signed_.items[k], at, op);
            if (facts_acts(self, at->machine, &at->run, at->step, op->op, &op->arguments) < said)
                BREAK(self,
                      "%s says that %s of step '%s' is done %u times, and it never acted so "
                      "often",
                      node_name(at->machine), op->op, at->step, said);
        }
    }
}

void
what_is_refused_did_not_run(facts_t *self)
{
    for (size_t i = self->signed_.seen; i < self->signed_.count; i++) {
        const signed_t *at = &self->signed_.items[i];
        if (at->part != OUTCOME_REFUSED || self->rolled_back[at->machine])
            continue;
        for (size_t j = 0; j < self->done.count; j++)
            if (self->done.items[j].machine == at->machine &&
                hash_equal(&self->done.items[j].it.run, &at->run))
                BREAK(self, "%s calls run %s refused, and %s had begun", node_name(at->machine),
                      short_hash(&at->run), self->done.items[j].it.op);
    }
}

/* A fix that was cut off may have happened: whatever the script does, its step ends as unknown. */
void
what_nobody_knows_is_said(facts_t *self)
{
    for (size_t i = self->signed_.seen; i < self->signed_.count; i++)
        for (size_t j = 0; j < self->signed_.items[i].op_count; j++) {
            const signed_t *at = &self->signed_.items[i];
            if (at->ops[j].unknown && at->outcome != OUTCOME_UNKNOWN)
                BREAK(self, "%s: nobody knows what came of %s in step '%s', which it calls %s",
                      node_name(at->machine), at->ops[j].op, at->step, outcome_word(at->outcome));
        }
}

/* What a broker brings along badly is no reason to end a run for good. */
void
no_broker_uses_up_a_run(facts_t *self)
{
    for (size_t i = self->signed_.seen; i < self->signed_.count; i++) {
        const signed_t *at = &self->signed_.items[i];
        if (at->part == OUTCOME_REFUSED &&
            (!strcmp(at->code, "proof") || !strcmp(at->code, "hash")))
            BREAK(self, "%s refuses run %s for good, because of '%s'", node_name(at->machine),
                  short_hash(&at->run), at->code);
    }
}

static const signed_t *
find_receipt(const facts_t *self, int machine, uint64_t sequence)
{
    for (size_t i = 0; i < self->signed_.count; i++)
        if (self->signed_.items[i].machine == machine && !self->signed_.items[i].lost &&
            self->signed_.items[i].sequence == sequence)
            return &self->signed_.items[i];
    return NULL;
}

void
what_is_acknowledged_is_recorded(facts_t *self)
{
    for (size_t i = self->acked.seen; i < self->acked.count; i++) {
        const acked_t *at = &self->acked.items[i];
        const signed_t *receipt = find_receipt(self, at->machine, at->sequence);
        hash_t hash;
        if (self->rolled_back[at->machine])
            continue;
        if (!receipt ||
            !hub_has_receipt(hub_of(self->world, at->hub), at->machine, at->sequence, &hash) ||
            !hash_equal(&hash, &receipt->hash))
            BREAK(self, "the hub acknowledges receipt %llu of %s, and has not recorded it",
                  (unsigned long long)at->sequence, node_name(at->machine));
    }
}
