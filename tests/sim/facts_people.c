/* SPDX-License-Identifier: Apache-2.0 */
/* What people say in the middle of a run. */
#include "tests/sim/desk.h"
#include "tests/sim/facts_private.h"

#define NORTH 3 /* machines of the region that uma may speak for */

/* A responder whose scope has the machine; of a consent, another than who ordered. */
static bool
may_speak(const word_t *word, const plan_order_t *order, int machine)
{
    if (!strcmp(word->who, "rita"))
        return false;
    if (!word->answer && !strcmp(word->who, order->by_pia ? "pia" : "pat"))
        return false;
    return strcmp(word->who, "uma") != 0 || machine < NORTH;
}

static bool
is_consented(const facts_t *self, const done_t *deed, const plan_order_t *order, const char *gate)
{
    const desk_t *desk = self->world->desk;
    for (size_t i = 0; i < desk_count(desk); i++) {
        const word_t *word = desk_word(desk, i);
        if (!word->answer && !strcmp(word->value, "yes") && word->named[deed->machine] &&
            !strcmp(word->step, gate) && hash_equal(&word->run, &deed->it.run) &&
            may_speak(word, order, deed->machine))
            return true;
    }
    return false;
}

void
nothing_begins_before_its_consent(facts_t *self)
{
    for (size_t i = self->done.seen; i < self->done.count; i++) {
        const done_t *deed = &self->done.items[i];
        const plan_order_t *order = facts_order(self, &deed->it.run);
        const playbook_t *playbook = facts_playbook(&deed->it);
        const estate_step_t *gate =
            order && playbook ? estate_gate(playbook, step_path_name(deed->step)) : NULL;
        if (gate && !is_consented(self, deed, order, gate->name))
            BREAK(self, "%s begins %s in step '%s' of run %s, and nobody consented to '%s'",
                  node_name(deed->machine), deed->it.op, deed->step, short_hash(&deed->it.run),
                  gate->name);
    }
}

/* The last receipt of the same part before one; zero where there is none. */
static hash_t
receipt_before(const facts_t *self, size_t item)
{
    const signed_t *at = &self->signed_.items[item];
    for (size_t i = item; i-- > 0;)
        if (self->signed_.items[i].machine == at->machine && !self->signed_.items[i].lost &&
            hash_equal(&self->signed_.items[i].run, &at->run))
            return self->signed_.items[i].hash;
    return HASH_ZERO;
}

/* A step went on behind somebody's word: who may, said so of it, and had seen what there was. */
void
who_said_so_had_seen_it(facts_t *self)
{
    for (size_t i = self->signed_.seen; i < self->signed_.count; i++) {
        const signed_t *at = &self->signed_.items[i];
        const plan_order_t *order = facts_order(self, &at->run);
        const estate_step_t *step =
            order ? estate_step(&estate()->playbooks[order->playbook], at->step) : NULL;
        bool asks = step && step->kind && strcmp(step->kind, "call") != 0;
        if (!asks || at->outcome != OUTCOME_OK)
            continue;
        const word_t *word = desk_find(self->world->desk, &at->consent);
        hash_t before = receipt_before(self, i);
        if (!word || !hash_equal(&word->run, &at->run) || strcmp(word->step, at->step) != 0 ||
            !word->named[at->machine] || !may_speak(word, order, at->machine) ||
            word->answer != !strcmp(step->kind, "ask") || !strcmp(word->value, "no") ||
            !hash_equal(&word->shown[at->machine], &before))
            BREAK(self, "%s goes on behind step '%s' of run %s, and nobody said so of it",
                  node_name(at->machine), at->step, short_hash(&at->run));
    }
}
