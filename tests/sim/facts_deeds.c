/* SPDX-License-Identifier: Apache-2.0 */
/* What machines accept and do. */
#include "tests/sim/facts_private.h"

void
nothing_leaves_before_its_commit(facts_t *self)
{
    for (size_t i = self->leaks.seen; i < self->leaks.count; i++)
        BREAK(self, "%s said %s, and what makes it true is not on the disk",
              node_name(self->leaks.items[i].machine), self->leaks.items[i].word);
}

/* The playbook that was ordered; or by a step of it that calls, the one release it may call. */
static bool
is_ordered(const plan_order_t *order, const done_t *deed, const playbook_t *playbook)
{
    const playbook_t *ordered = &estate()->playbooks[order->playbook];
    char caller[TEXT_NAME_MAX + 1];
    size_t size = strcspn(deed->step, "/");
    if (!deed->step[size])
        return playbook == ordered;
    snprintf(caller, sizeof caller, "%.*s", (int)size, deed->step);
    const estate_step_t *step = estate_step(ordered, caller);
    return step && step->kind && !strcmp(step->kind, "call") &&
           playbook == &estate()->playbooks[ESTATE_CALLEE];
}

static bool
is_authorised(const facts_t *self, const done_t *deed)
{
    const playbook_t *playbook = facts_playbook(&deed->it);
    const accepted_t *accepted =
        facts_acceptance(self, deed->machine, &deed->it.run, self->accepted.count);
    if (!playbook || !accepted || !accepted->kept || accepted->it.closed ||
        !facts_asked(playbook, deed->step, deed->it.op, &deed->it.arguments))
        return false;
    if (accepted->it.by_grant) {
        const estate_grant_t *grant = facts_grant(&accepted->it.authority);
        return grant && &estate()->playbooks[grant->playbook] == playbook &&
               !strchr(deed->step, '/');
    }
    const plan_order_t *order = facts_order(self, &deed->it.run);
    return order && order->wave[deed->machine] && !order->dry && is_ordered(order, deed, playbook);
}

bool
facts_is_dry(const facts_t *self, const hash_t *run)
{
    const plan_order_t *order = facts_order(self, run);
    return order && order->dry;
}

void
no_effect_without_authority(facts_t *self)
{
    for (size_t i = self->done.seen; i < self->done.count; i++) {
        const done_t *deed = &self->done.items[i];
        if (!is_authorised(self, deed))
            BREAK(self, "%s begins %s in step '%s' of run %s, which nobody signed for",
                  node_name(deed->machine), deed->it.op, deed->step, short_hash(&deed->it.run));
    }
}

/* An effector that has the people without pat begins nothing that pat signed. */
void
nothing_begins_for_who_is_revoked(facts_t *self)
{
    for (size_t i = self->done.seen; i < self->done.count; i++) {
        const done_t *deed = &self->done.items[i];
        const plan_order_t *order = facts_order(self, &deed->it.run);
        if (deed->it.told && !(order && order->by_pia))
            BREAK(self, "%s begins %s of run %s, and knows that pat's key is revoked",
                  node_name(deed->machine), deed->it.op, short_hash(&deed->it.run));
    }
}

void
nothing_begins_under_a_stop(facts_t *self)
{
    for (size_t i = self->done.seen; i < self->done.count; i++) {
        const done_t *deed = &self->done.items[i];
        if (facts_stopped(self, deed->machine) && facts_stops(self, deed->machine, &deed->it.run))
            BREAK(self, "%s begins %s of run %s, and has confirmed that it is stopped",
                  node_name(deed->machine), deed->it.op, short_hash(&deed->it.run));
    }
}

/* Under a grant three times as long. */
void
nothing_begins_without_a_beacon(facts_t *self)
{
    for (size_t i = self->done.seen; i < self->done.count; i++) {
        const done_t *deed = &self->done.items[i];
        int64_t most =
            ESTATE_OFFLINE_S * INT64_C(1000) * (facts_order(self, &deed->it.run) ? 1 : 3);
        if (deed->it.unlit || deed->it.dark_ms > most)
            BREAK(self, "%s begins %s of run %s, %lld ms after its newest beacon was made%s",
                  node_name(deed->machine), deed->it.op, short_hash(&deed->it.run),
                  (long long)deed->it.dark_ms,
                  deed->it.unlit ? ", which lacks, or names what does" : "");
    }
}

/* The window bounds a run's first fix. */
void
no_start_outside_the_window(facts_t *self)
{
    for (size_t i = self->done.seen; i < self->done.count; i++) {
        const done_t *deed = &self->done.items[i];
        const plan_order_t *order = facts_order(self, &deed->it.run);
        bool first = true;
        for (size_t j = 0; j < i; j++)
            first = first && !(self->done.items[j].machine == deed->machine &&
                               hash_equal(&self->done.items[j].it.run, &deed->it.run));
        int64_t at = deed->it.begun.ms - estate()->site->now.ms;
        if (order && first && (at < 0 || at > order->not_after))
            BREAK(self, "%s begins run %s at %lld ms, its window ends at %lld",
                  node_name(deed->machine), short_hash(&deed->it.run), (long long)at,
                  (long long)order->not_after);
    }
}

void
no_effect_before_its_begin_is_synced(facts_t *self)
{
    for (size_t i = 0; i < self->touched_count; i++) {
        const done_t *deed = &self->done.items[self->touched[i]];
        if (!deed->it.synced)
            BREAK(self, "%s: %s of step '%s' is started, its BEGIN is not on the disk",
                  node_name(deed->machine), deed->it.op, deed->step);
    }
}

void
what_must_not_happen_twice_happens_once(facts_t *self)
{
    for (size_t i = 0; i < self->touched_count; i++) {
        const done_t *deed = &self->done.items[self->touched[i]];
        const playbook_t *playbook = facts_playbook(&deed->it);
        if (!deed->it.once || deed->excused || !playbook)
            continue;
        unsigned most = facts_asked(playbook, deed->step, deed->it.op, &deed->it.arguments);
        unsigned acts = facts_acts(self, deed->machine, &deed->it.run, deed->step, deed->it.op,
                                   &deed->it.arguments);
        bool again = deed->starts > 1 && !deed->it.probed;
        if (again || deed->acts > 1 || acts > most)
            BREAK(self, "%s: %s of step '%s' of run %s was started %u times, acted %u times",
                  node_name(deed->machine), deed->it.op, deed->step, short_hash(&deed->it.run),
                  deed->starts, acts);
    }
}

void
nothing_begins_behind_the_end(facts_t *self)
{
    for (size_t i = 0; i < self->touched_count; i++) {
        const done_t *deed = &self->done.items[self->touched[i]];
        const signed_t *end = facts_end(self, deed->machine, &deed->it.run, self->signed_.count);
        if (end && end->kept)
            BREAK(self, "%s: %s of run %s, whose part is %s already", node_name(deed->machine),
                  deed->it.op, short_hash(&deed->it.run), outcome_word(end->part));
    }
}

void
a_run_is_accepted_once(facts_t *self)
{
    for (size_t i = self->accepted.seen; i < self->accepted.count; i++) {
        const accepted_t *at = &self->accepted.items[i];
        const accepted_t *before = facts_acceptance(self, at->machine, &at->it.run, i);
        if (before)
            BREAK(self, "%s accepts run %s again", node_name(at->machine), short_hash(&at->it.run));
        if (facts_end(self, at->machine, &at->it.run, at->before) && !at->it.closed)
            BREAK(self, "%s accepts run %s, which had ended", node_name(at->machine),
                  short_hash(&at->it.run));
    }
}

void
budgets_are_kept(facts_t *self)
{
    for (size_t i = self->accepted.seen; i < self->accepted.count; i++) {
        const accepted_t *at = &self->accepted.items[i];
        const estate_grant_t *grant = at->it.by_grant ? facts_grant(&at->it.authority) : NULL;
        uint64_t runs = 1;
        if (!grant)
            continue;
        for (size_t j = 0; j < i; j++) {
            const accepted_t *other = &self->accepted.items[j];
            runs += other->machine == at->machine && !other->lost && other->it.by_grant &&
                    hash_equal(&other->it.authority, &at->it.authority) &&
                    other->it.accepted.ms >= at->it.accepted.ms - (int64_t)grant->budget_s * 1000;
        }
        if (runs > grant->budget_runs)
            BREAK(self, "%s accepts the %lluth run within the span of a grant for %llu",
                  node_name(at->machine), (unsigned long long)runs,
                  (unsigned long long)grant->budget_runs);
    }
}
