/* SPDX-License-Identifier: Apache-2.0 */
/* What is offered, and when. */
#include "tests/sim/facts_private.h"

/* How many of a wave are proved ok, and soaked, at that moment. */
static uint64_t
count_soaked(const facts_t *self, const plan_order_t *order, unsigned wave, wall_t now)
{
    uint64_t good = 0;
    for (int i = 0; i < (int)self->world->plan.machines; i++) {
        bool soaked = false;
        for (size_t j = 0; order->wave[i] == wave && j < self->signed_.count && !soaked; j++) {
            const signed_t *at =
                &self->signed_.items[j]; /* what is lost to its ledger proves too */
            soaked = at->machine == i && at->kept && at->part == OUTCOME_OK &&
                     hash_equal(&at->run, &order->run) &&
                     at->ended.ms + (int64_t)order->soak_s * 1000 <= now.ms;
        }
        good += soaked;
    }
    return good;
}

static uint64_t
wave_size(const plan_order_t *order, unsigned wave)
{
    uint64_t size = 0;
    for (size_t i = 0; i < MACHINES_MAX; i++)
        size += order->wave[i] == wave;
    return size;
}

void
no_wave_before_its_proof(facts_t *self)
{
    for (size_t i = self->accepted.seen; i < self->accepted.count; i++) {
        const accepted_t *at = &self->accepted.items[i];
        const plan_order_t *order = at->it.closed ? NULL : facts_order(self, &at->it.run);
        unsigned wave = order ? order->wave[at->machine] : 0;
        if (wave <= 1)
            continue;
        uint64_t good = count_soaked(self, order, wave - 1, at->it.accepted);
        if (good + order->max_failures < wave_size(order, wave - 1))
            BREAK(self, "%s accepts run %s in wave %u, and wave %u has %llu soaked ok of %llu",
                  node_name(at->machine), short_hash(&at->it.run), wave, wave - 1,
                  (unsigned long long)good, (unsigned long long)wave_size(order, wave - 1));
    }
}

/* The honest broker's own order: all of the wave before ended, enough of it well, and soaked. */
void
offers_come_wave_by_wave(facts_t *self)
{
    const world_t *world = self->world;
    for (size_t i = self->offered.seen; plan_is_plain(&world->plan) && i < self->offered.count;
         i++) {
        const offered_t *at = &self->offered.items[i];
        const plan_order_t *order = facts_order(self, &at->run);
        unsigned wave = order ? order->wave[at->machine] : 0;
        uint64_t good = 0;
        for (int other = 0; wave > 1 && other < (int)world->plan.machines; other++) {
            bool ended;
            if (order->wave[other] != wave - 1)
                continue;
            const char *word = hub_part(hub_of(world, at->hub), &at->run, other, &ended);
            const signed_t *end = facts_end(self, other, &at->run, self->signed_.count);
            good += word && !strcmp(word, "done");
            if (!word || !ended)
                BREAK(self, "the hub offers wave %u, and '%s' of the one before is open", wave,
                      node_name(other));
            if (!world->plan.jumps && end && end->at + (int64_t)order->soak_s * 1000 > world->now &&
                end->part == OUTCOME_OK)
                BREAK(self, "the hub offers wave %u before '%s' has soaked", wave,
                      node_name(other));
        }
        if (wave > 1 && good + order->max_failures < wave_size(order, wave - 1))
            BREAK(self, "the hub offers wave %u behind %llu ok of %llu", wave,
                  (unsigned long long)good, (unsigned long long)wave_size(order, wave - 1));
    }
}

/* Of a run that changes something: even if all that is in flight fails, one more than allowed. */
void
the_error_budget_holds(facts_t *self)
{
    static const char *const words[] = {"failed", "refused", "unknown", "offered", "open"};
    const world_t *world = self->world;
    for (size_t i = self->offered.seen; plan_is_plain(&world->plan) && i < self->offered.count;
         i++) {
        const offered_t *at = &self->offered.items[i];
        const plan_order_t *order = facts_order(self, &at->run);
        uint64_t used = 0;
        bool ended;
        if (!order || order->dry || estate()->playbooks[order->playbook].highest == CLASS_OBSERVE)
            continue;
        for (int machine = 0; machine < (int)world->plan.machines; machine++) {
            const char *word = hub_part(hub_of(world, at->hub), &order->run, machine, &ended);
            for (size_t j = 0; word && j < ARRAY_SIZE(words); j++)
                used += !strcmp(word, words[j]);
        }
        if (used > order->max_failures + 1)
            BREAK(self, "%llu parts of run %s failed or are in flight, and %llu may fail",
                  (unsigned long long)used, short_hash(&order->run),
                  (unsigned long long)order->max_failures);
    }
}

/* An honest broker over right clocks is refused only for what it cannot know. Two of them that
 * heard of one alert have each its own evidence; receipts of a worker that was revoked prove no
 * wave. */
void
honest_offers_hold(facts_t *self)
{
    static const char *const excuses[] = {"limit",   "window",  "stale",   "budget",
                                          "expired", "stopped", "revoked", "beacon"};
    for (size_t i = self->refused.seen; i < self->refused.count; i++) {
        const refused_t *at = &self->refused.items[i];
        bool excused =
            self->world->plan.lying || self->world->plan.jumps || self->world->plan.revoke_at;
        excused = excused || (self->world->second && !strcmp(at->code, "replay"));
        excused =
            excused || (self->world->plan.stop_what == HALT_WORKER && !strcmp(at->code, "proof"));
        for (size_t j = 0; j < ARRAY_SIZE(excuses); j++)
            excused = excused || !strcmp(at->code, excuses[j]);
        if (!excused)
            BREAK(self, "%s refuses what the hub offers: %s (%s)", node_name(at->machine), at->text,
                  at->code);
    }
}
