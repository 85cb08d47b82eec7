/* SPDX-License-Identifier: Apache-2.0 */
/* Steps that run once for all targets. */
#include "tests/sim/facts_private.h"

/* A machine has signed how its part of the run ended; also what is lost to its ledger since. */
static bool
has_ended(const facts_t *self, int machine, const hash_t *run)
{
    for (size_t i = 0; i < self->signed_.count; i++) {
        const signed_t *at = &self->signed_.items[i];
        if (at->machine == machine && at->kept && at->part != OUTCOME_OPEN &&
            hash_equal(&at->run, run))
            return true;
    }
    return false;
}

/* Only on the one target of the last wave, behind the ends of all others. */
static void
check_begun(facts_t *self, const plan_order_t *order, int machine)
{
    if (order->crooked || machine != plan_once(order))
        world_break(self->world, "nothing_runs_once_before_all_ended",
                    "%s begins what runs once of run %s, and is not the last target",
                    node_name(machine), short_hash(&order->run));
    for (int other = 0; other < MACHINES_MAX; other++)
        if (other != machine && order->wave[other] && !has_ended(self, other, &order->run))
            world_break(self->world, "nothing_runs_once_before_all_ended",
                        "%s begins what runs once of run %s, and %s has not ended",
                        node_name(machine), short_hash(&order->run), node_name(other));
}

void
nothing_runs_once_before_all_ended(facts_t *self)
{
    for (size_t i = self->once.seen; i < self->once.count; i++)
        check_begun(self, self->once.items[i].order, self->once.items[i].machine);
    for (size_t i = self->done.seen; i < self->done.count; i++) {
        const done_t *deed = &self->done.items[i];
        const plan_order_t *order = facts_order(self, &deed->it.run);
        const estate_step_t *step =
            order ? estate_step(&estate()->playbooks[order->playbook], deed->step) : NULL;
        if (step && step->once)
            check_begun(self, order, deed->machine);
    }
}

/* What stands for nil where it is shown. */
static bool
is_shown_as(const hash_t *output, const hash_t *shown)
{
    const hash_t nil = hash_of(slice_text("n")), truth = hash_of(slice_text("t"));
    return hash_equal(output, shown) || (hash_equal(shown, &truth) && hash_equal(output, &nil));
}

/* The receipt of a machine that says that this step is ok in this run, and what it gave; any, or
 * where that is what is shown. */
static const signed_t *
find_gift(const facts_t *self, int machine, const hash_t *run, const char *step,
          const hash_t *shown)
{
    for (size_t i = 0; i < self->signed_.count; i++) {
        const signed_t *at = &self->signed_.items[i];
        if (at->machine == machine && at->phase == PHASE_RUN && at->outcome == OUTCOME_OK &&
            hash_equal(&at->run, run) && !strcmp(at->step, step) &&
            (!shown || is_shown_as(&at->output, shown)))
            return at;
    }
    return NULL;
}

/* What a machine gave is there as its receipt says, and nothing is where it gave nothing that
 * counts. Who signed two histories may have either believed. */
static void
check_given(facts_t *self, const once_t *once, const char *step, int giver)
{
    const hash_t *run = &once->order->run;
    const signed_t *end = facts_end(self, giver, run, self->signed_.count);
    const signed_t *gift = find_gift(self, giver, run, step, NULL);
    bool counts = gift && (giver == once->machine || (end && end->part == OUTCOME_OK));
    if (once->given[giver] && !find_gift(self, giver, run, step, &once->output[giver]))
        world_break(self->world, "what_it_was_given_is_what_they_gave",
                    "%s is shown something of '%s' for run %s that %s never signed",
                    node_name(once->machine), step, short_hash(run), node_name(giver));
    if (!self->rolled_back[giver] && once->given[giver] != counts)
        world_break(self->world, "what_it_was_given_is_what_they_gave",
                    "%s is shown %s of '%s' for run %s by %s, who gave %s",
                    node_name(once->machine), counts ? "nothing" : "something", step,
                    short_hash(run), node_name(giver), counts ? "something" : "nothing");
}

void
what_it_was_given_is_what_they_gave(facts_t *self)
{
    for (size_t i = self->once.seen; i < self->once.count; i++) {
        const once_t *once = &self->once.items[i];
        const char *step = estate_once(&estate()->playbooks[once->order->playbook])->needs;
        size_t known = 0;
        for (int giver = 0; giver < MACHINES_MAX; giver++) {
            if (once->order->wave[giver])
                check_given(self, once, step, giver);
            known += once->order->wave[giver] && once->given[giver];
        }
        if (once->given_count != known)
            BREAK(self, "%s is shown what %zu gave for run %s, and %zu did",
                  node_name(once->machine), once->given_count, short_hash(&once->order->run),
                  known);
    }
}

/* The window closed on what the last target never began. */
static bool
came_too_late(const facts_t *self, const hash_t *run, int last)
{
    const hub_t *hub = self->world->hub;
    return hub_says(hub, run, last, "expired") ||
           (hub_says(hub, run, last, "beacon") && facts_had_no_second_chance(self));
}

/* Its part is not done without it; and in calm weather it is done, or its window closed first. */
void
what_runs_once_runs(facts_t *self)
{
    const plan_t *plan = &self->world->plan;
    for (size_t i = 0; i < plan->order_count; i++) {
        const plan_order_t *order = &plan->orders[i];
        const playbook_t *playbook = &estate()->playbooks[order->playbook];
        int last = plan_once(order);
        bool ran = false;
        if (last < 0 || !order->running)
            continue;
        const signed_t *end = facts_end(self, last, &order->run, self->signed_.count);
        for (size_t j = 0; j < self->once.count; j++)
            ran = ran || self->once.items[j].order == order;
        if (end && end->part == OUTCOME_OK && !ran)
            BREAK(self, "%s calls run %s ok, and what runs once did not", node_name(last),
                  short_hash(&order->run));
        if (facts_calm(self) && !playbook->spoils && !ran &&
            !came_too_late(self, &order->run, last))
            BREAK(self, "what runs once of run %s never did, and nothing was in its way",
                  short_hash(&order->run));
    }
}
