/* SPDX-License-Identifier: Apache-2.0 */
/* How a story ended. */
#include "tests/sim/facts_private.h"
#include "tests/sim/tower.h"

void
every_accepted_part_ends(facts_t *self)
{
    for (size_t i = 0; i < self->accepted.count; i++) {
        const accepted_t *at = &self->accepted.items[i];
        if (!at->lost && !facts_end(self, at->machine, &at->it.run, self->signed_.count))
            BREAK(self, "%s accepted run %s at %.1f s, and it has no end", node_name(at->machine),
                  short_hash(&at->it.run), (double)at->at / 1000);
    }
}

/* A receipt of its step that lists it; or an end of the part that says that not all went well. */
static bool
is_said(const facts_t *self, const done_t *deed)
{
    for (size_t i = 0; i < self->signed_.count; i++) {
        const signed_t *at = &self->signed_.items[i];
        if (at->machine != deed->machine || !hash_equal(&at->run, &deed->it.run))
            continue;
        if (at->part == OUTCOME_UNKNOWN || at->part == OUTCOME_FAILED ||
            at->part == OUTCOME_STOPPED)
            return true;
        for (size_t j = 0; j < at->op_count && !strcmp(at->step, deed->step); j++)
            if (!strcmp(at->ops[j].op, deed->it.op) &&
                hash_equal(&at->ops[j].arguments, &deed->it.arguments))
                return true;
    }
    return false;
}

/* A run whose authority does not hold any more is refused by a ledger that knows of nothing that
 * was done: an older one. */
void
what_was_done_is_said(facts_t *self)
{
    for (size_t i = 0; i < self->done.count; i++) {
        const done_t *deed = &self->done.items[i];
        const signed_t *end = facts_end(self, deed->machine, &deed->it.run, self->signed_.count);
        bool excused = deed->forgotten || (deed->older && end && end->part == OUTCOME_REFUSED);
        if (deed->acts && end && !excused && !is_said(self, deed))
            BREAK(self, "%s did %s in step '%s' of run %s, and no receipt says so",
                  node_name(deed->machine), deed->it.op, deed->step, short_hash(&deed->it.run));
    }
}

void
every_run_ends(facts_t *self)
{
    const world_t *world = self->world;
    if (!plan_is_plain(&world->plan))
        return;
    if (hub_active_runs(world->hub))
        BREAK(self, "the hub has active runs still");
    for (size_t i = 0; i < world->plan.order_count; i++) {
        const plan_order_t *order = &world->plan.orders[i];
        bool active;
        if (!order->acknowledged)
            BREAK(self, "the order of '%s' was never answered",
                  estate()->playbooks[order->playbook].name);
        if (order->running && (!hub_has_run(world->hub, &order->run, &active) || active))
            BREAK(self, "the order of '%s' has no run that ended",
                  estate()->playbooks[order->playbook].name);
    }
}

static void
check_end(facts_t *self, const signed_t *at, const hub_t *hub)
{
    hash_t hash;
    bool ended;
    if (hub_has_receipt(hub, at->machine, at->sequence, &hash) && hash_equal(&hash, &at->hash) &&
        hub_part(hub, &at->run, at->machine, &ended) && !ended)
        world_break(self->world, "an_end_stays_an_end", "'%s' of run %s is %s, and open at the hub",
                    node_name(at->machine), short_hash(&at->run), outcome_word(at->part));
}

/* What a hub has recorded as a part's end stays its end. */
void
an_end_stays_an_end(facts_t *self)
{
    const world_t *world = self->world;
    for (size_t i = 0; i < self->signed_.count; i++) {
        const signed_t *at = &self->signed_.items[i];
        if (at->part == OUTCOME_OPEN)
            continue;
        check_end(self, at, world->hub);
        if (world->second)
            check_end(self, at, world->second);
    }
}

/* A connection keeps the order of what it carries; where the simulated one does not, an old HELLO
 * may say what was true once. */
void
no_history_has_a_gap(facts_t *self)
{
    const plan_t *plan = &self->world->plan;
    bool in_order = plan_is_plain(plan) && !plan->odds.reorder && !plan->odds.duplicate;
    if (in_order && hub_tells(self->world->hub, "gap"))
        BREAK(self, "the hub tells of a gap, and no worker has one");
}

static void
check_target(facts_t *self, const plan_order_t *order, int machine)
{
    static const char *const words[] = {"done",    "failed",  "refused", "skipped",
                                        "stopped", "unknown", "never"};
    bool ended, known = false;
    const signed_t *end = facts_end(self, machine, &order->run, self->signed_.count);
    const char *word = hub_part(self->world->hub, &order->run, machine, &ended);
    for (size_t i = 0; word && i < ARRAY_SIZE(words); i++)
        known = known || !strcmp(word, words[i]);
    if (plan_is_plain(&self->world->plan) && (!known || !ended))
        BREAK(self, "'%s' of run %s is counted as %s", node_name(machine), short_hash(&order->run),
              word ? word : "nothing");
    if (word && !self->rolled_back[machine] && !strcmp(word, "done") &&
        (!end || end->part != OUTCOME_OK))
        BREAK(self, "'%s' of run %s is counted as done, and signed no such thing",
              node_name(machine), short_hash(&order->run));
    if (plan_is_plain(&self->world->plan) && word && end &&
        (end->part == OUTCOME_OK) != !strcmp(word, "done"))
        BREAK(self, "'%s' of run %s is counted as %s, and signed %s", node_name(machine),
              short_hash(&order->run), word, outcome_word(end->part));
}

void
every_target_is_counted_once(facts_t *self)
{
    const world_t *world = self->world;
    for (size_t i = 0; i < world->plan.order_count; i++) {
        const plan_order_t *order = &world->plan.orders[i];
        size_t targets = 0;
        for (int machine = 0; order->running && machine < (int)world->plan.machines; machine++)
            if (order->wave[machine]) {
                check_target(self, order, machine);
                targets++;
            }
        targets += order->far ? ESTATE_FAR : 0;
        if (order->running && hub_part_count(world->hub, &order->run) != targets)
            BREAK(self, "run %s has %zu parts for %zu targets", short_hash(&order->run),
                  hub_part_count(world->hub, &order->run), targets);
    }
}

void
every_receipt_arrives(facts_t *self)
{
    hash_t hash;
    for (size_t i = 0; plan_is_plain(&self->world->plan) && i < self->signed_.count; i++) {
        const signed_t *at = &self->signed_.items[i];
        if (!hub_has_receipt(self->world->hub, at->machine, at->sequence, &hash) ||
            !hash_equal(&hash, &at->hash))
            BREAK(self, "receipt %llu of %s never came to the hub's record",
                  (unsigned long long)at->sequence, node_name(at->machine));
    }
}

void
every_acknowledged_alert_is_kept(facts_t *self)
{
    for (size_t i = 0; i < self->world->plan.alert_count; i++) {
        const plan_alert_t *alert = &self->world->plan.alerts[i];
        if (alert->firing && alert->acknowledged && !hub_has_alert(self->world->hub, i))
            BREAK(self, "an alert on %s was answered with 200, and no incident has it",
                  node_name(alert->machine));
    }
}

/* An offer that was made as its window closed came too late, or so late that the timekeeper's
 * answer did. */
static bool
came_late(const facts_t *self, const plan_order_t *order, int machine)
{
    int64_t answered = order->not_after - 2 * TOWER_AT_ONCE_MS;
    for (size_t i = 0; i < self->refused.count; i++) {
        const refused_t *at = &self->refused.items[i];
        if (at->machine == machine &&
            (!strcmp(at->code, "expired") || (!strcmp(at->code, "beacon") && at->at > answered)))
            return true;
    }
    return false;
}

bool
facts_had_no_second_chance(const facts_t *self)
{
    const tower_t *tower = self->world->tower;
    return tower && tower_was_silent(tower);
}

bool
facts_calm(const facts_t *self)
{
    static const odds_t none;
    const plan_t *plan = &self->world->plan;
    return plan_is_plain(plan) && !plan->rollback && !plan->kills && !plan->partitions &&
           !plan->jumps && !plan->revoke_at && !plan->stop_at &&
           !memcmp(&plan->odds, &none, sizeof none);
}

/* These playbooks do nothing that would make it go wrong. */
void
in_calm_weather_all_goes_well(facts_t *self)
{
    const plan_t *plan = &self->world->plan;
    for (size_t i = 0; facts_calm(self) && i < plan->order_count; i++)
        for (int machine = 0; machine < (int)plan->machines; machine++) {
            const plan_order_t *order = &plan->orders[i];
            bool ended;
            if (!order->wave[machine] || order->dry || order->crooked ||
                estate()->playbooks[order->playbook].spoils)
                continue;
            const char *word = hub_part(self->world->hub, &order->run, machine, &ended);
            if (!word || (strcmp(word, "done") != 0 && strcmp(word, "never") != 0 &&
                          !came_late(self, order, machine) && !facts_had_no_second_chance(self)))
                BREAK(self, "'%s' on '%s' is %s", estate()->playbooks[order->playbook].name,
                      node_name(machine), word ? word : "nothing");
        }
}

void
the_log_has_every_leaf(facts_t *self)
{
    const world_t *world = self->world;
    if (!hub_log_is_whole(world->hub) || (world->second && !hub_log_is_whole(world->second)))
        BREAK(self, "the leaves in a hub's record are not those of its log");
}
