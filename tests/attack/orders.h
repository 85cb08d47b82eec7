/* SPDX-License-Identifier: Apache-2.0 */
/* orders - attacks on what was ordered, and for when and whom. */
#ifndef TOCSIN_TESTS_ORDERS_H
#define TOCSIN_TESTS_ORDERS_H

#include "tests/attack/lie.h"

#define HOUR_MS INT64_C(3600000)

static void
again(enemy_t *self, lie_t *lie)
{
    lie_clear(lie);
    *lie = lie_copy(&self->last);
}

/* A run that the worker knows, with another order behind its id. */
static void
known_run_other_order(enemy_t *self, lie_t *lie)
{
    lie->run = self->last.run;
}

static void
elsewhere(enemy_t *self, plan_t *plan)
{
    (void)self;
    plan->worker = "north-2"; /* the order names self->worker */
}

static void
move_window(plan_t *plan, int64_t from_ms, int64_t to_ms)
{
    order_t *order = plan->order;
    wall_t start = order->created;
    order->not_before.ms = start.ms + from_ms;
    order->not_after.ms = order->undo_until.ms = start.ms + to_ms;
    if (order->not_before.ms < order->created.ms)
        order->created = order->not_before;
}

static void
of_yesterday(enemy_t *self, plan_t *plan)
{
    (void)self;
    move_window(plan, -3 * HOUR_MS, -2 * HOUR_MS);
}

static void
of_tomorrow(enemy_t *self, plan_t *plan)
{
    (void)self;
    move_window(plan, HOUR_MS, 2 * HOUR_MS);
}

static void
of_25_hours(enemy_t *self, plan_t *plan)
{
    (void)self;
    move_window(plan, -HOUR_MS, 24 * HOUR_MS);
}

static void
swap_inputs(enemy_t *self, lie_t *lie)
{
    (void)self;
    char *at = strstr((char *)lie->authority->data, "/x.log.1");
    memcpy(at, "/y.log.1", 8);
    lie->run = hash_of(bytes_slice(lie->authority));
}

/* Another release of the same playbook, as well approved, in place of the one that was ordered. */
static void
other_release(enemy_t *self, lie_t *lie)
{
    static const attack_t wide = {"", "", .script = "return file.remove { path = '/etc/passwd' }"};
    const char *worker;
    lie_t other = lie_make(self, &wide, &worker);
    lie->release_hash = other.release_hash;
    bytes_destroy(&lie->release);
    bytes_destroy(&lie->release_armors);
    value_destroy(&lie->files);
    lie->release = MOVE(other.release);
    lie->release_armors = MOVE(other.release_armors);
    lie->files = MOVE(other.files);
    lie_clear(&other);
}

static void
for_nobody(enemy_t *self, plan_t *plan)
{
    (void)self;
    plan->order->target_count = 0;
}

static void
by_the_south(enemy_t *self, plan_t *plan)
{
    (void)self;
    plan->signers = "minh"; /* whose scope is region=south */
}

static void
destructive(enemy_t *self, plan_t *plan)
{
    (void)self;
    plan->release->highest = CLASS_DESTRUCTIVE;
}

static void
destructive_above_class(enemy_t *self, plan_t *plan)
{
    (void)self;
    plan->release->highest = CLASS_DESTRUCTIVE;
    plan->signers = "dung minh"; /* who reaches change only */
}

static void
unknown_input(enemy_t *self, plan_t *plan)
{
    (void)self;
    plan->order->input_count = 2;
    plan->order->inputs[1] = (input_text_t){"sudo", "yes"};
}

static void
input_against_its_kind(enemy_t *self, plan_t *plan)
{
    (void)self;
    plan->order->input_count = 2;
    plan->order->inputs[1] = (input_text_t){"unit", "web;id"};
}

static void
dry(enemy_t *self, plan_t *plan)
{
    (void)self;
    plan->order->dry = true;
}

static void
for_a_host_behind_it(enemy_t *self, plan_t *plan)
{
    snprintf(plan->order->targets[0].target, sizeof plan->order->targets[0].target, "%s/db7",
             self->worker);
}

static void
wave_2_without_wave_1(enemy_t *self, plan_t *plan)
{
    order_t *order = plan->order;
    order->target_count = 2;
    text_copy(order->targets[0].target, TEXT_NAME_MAX + 1, "north-2");
    order->targets[1].wave = 2;
    text_copy(order->targets[1].target, TEXT_NAME_MAX + 1, self->worker);
}

static const attack_t order_attacks[] = {
    {"a valid order is accepted", "none", .begins = true},
    {"ord_replayed_same_worker: answered from the record", "none", .lie = again},
    {"ord_replayed_same_worker: with other bytes", "replay", .lie = known_run_other_order},
    {"ord_replayed_other_worker", "target", .plan = elsewhere},
    {"ord_expired", "expired", .plan = of_yesterday},
    {"ord_not_yet_valid", "window", .plan = of_tomorrow},
    {"ord_window_over_24h", "window", .plan = of_25_hours},
    {"ord_inputs_swapped", "signature", .lie = swap_inputs},
    {"ord_playbook_swapped", "hash", .lie = other_release},
    {"ord_empty_targets", "format", .plan = for_nobody},
    {"ord_scope_exceeded", "scope", .plan = by_the_south},
    {"ord_single_signer_destructive", "quorum", .plan = destructive},
    {"ord_class_exceeded", "class", .plan = destructive_above_class},
    {"ord_unknown_input", "input", .plan = unknown_input},
    {"ord_input_injection", "input", .plan = input_against_its_kind},
    {"ord_dry_run_changes_nothing", "none", .plan = dry},
    {"ord_host_that_nobody_reaches", "target", .plan = for_a_host_behind_it},
    {"byz_wave2_before_wave1", "proof", .plan = wave_2_without_wave_1},
    {"a valid order is still accepted", "none", .begins = true},
};

#endif
