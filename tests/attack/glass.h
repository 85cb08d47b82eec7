/* SPDX-License-Identifier: Apache-2.0 */
/* glass - attacks on what lets an order run outside its signers' scope and a machine's windows. The
 * machine of self->worker has no window open, north-2 a blackout, and on south-1 nobody breaks
 * glass. */
#ifndef TOCSIN_TESTS_GLASS_H
#define TOCSIN_TESTS_GLASS_H

#include "tests/attack/orders.h"

#define GLASS_LINE "break-glass nobody of the north answers\n"

/* By minh, whose scope is the south, and dung. */
static void
glass(enemy_t *self, plan_t *plan)
{
    (void)self;
    text_copy(plan->order->break_glass, sizeof plan->order->break_glass, "nobody answers");
    plan->signers = "minh";
    plan->cosigners = "dung";
}

static void
glass_by(enemy_t *self, plan_t *plan, const char *signers, const char *cosigners)
{
    glass(self, plan);
    plan->signers = signers;
    plan->cosigners = cosigners;
}

static void
glass_alone(enemy_t *self, plan_t *plan)
{
    glass_by(self, plan, "minh", NULL);
}

static void
glass_twice(enemy_t *self, plan_t *plan)
{
    glass_by(self, plan, "dung", "dung");
}

static void
glass_with_another_key(enemy_t *self, plan_t *plan)
{
    glass_by(self, plan, "dung", "dung2");
}

static void
glass_by_a_reviewer(enemy_t *self, plan_t *plan)
{
    glass_by(self, plan, "minh", "ana");
}

static void
glass_ordered_twice(enemy_t *self, plan_t *plan)
{
    glass_by(self, plan, "minh dung", NULL);
}

static void
glass_cosigned_only(enemy_t *self, plan_t *plan)
{
    glass_by(self, plan, "", "minh dung");
}

static void
no_glass(enemy_t *self, plan_t *plan)
{
    (void)self;
    plan->signers = "minh";
    plan->cosigners = "dung";
}

static void
in_no_window(enemy_t *self, plan_t *plan)
{
    (void)self;
    (void)plan;
}

static void
glass_of_yesterday(enemy_t *self, plan_t *plan)
{
    glass(self, plan);
    of_yesterday(self, plan);
}

static void
glass_of_tomorrow(enemy_t *self, plan_t *plan)
{
    glass(self, plan);
    of_tomorrow(self, plan);
}

static void
glass_over_little_approved(enemy_t *self, plan_t *plan)
{
    glass(self, plan);
    plan_fresh(self, plan);
    plan->approvers = "ana";
}

static void
glass_destructive_by_one(enemy_t *self, plan_t *plan)
{
    glass_by(self, plan, "dung", "phuc");
    plan->release->highest = CLASS_DESTRUCTIVE;
}

static void
glass_destructive_cosigned_below(enemy_t *self, plan_t *plan)
{
    glass_by(self, plan, "dung phuc", "minh");
    plan->release->highest = CLASS_DESTRUCTIVE;
    plan->how.flags = SIGNATURE_TOUCHED | SIGNATURE_PIN;
}

static void
glass_on(enemy_t *self, plan_t *plan, const char *worker)
{
    order_t *order = plan->order;
    glass(self, plan);
    plan->worker = worker;
    text_copy(order->targets[0].target, sizeof order->targets[0].target, worker);
    snprintf(order->inputs[0].text, ORDER_VALUE_MAX, "%.*s/%s/x.log.1",
             (int)(strrchr(self->path, '/') - self->path), self->path, worker);
}

static void
glass_in_a_blackout(enemy_t *self, plan_t *plan)
{
    glass_on(self, plan, "north-2");
}

static void
glass_where_nobody_breaks_it(enemy_t *self, plan_t *plan)
{
    glass_on(self, plan, "south-1");
}

/* The line comes when all have signed. */
static void
add_the_line(enemy_t *self, lie_t *lie)
{
    CLEANUP(bytes_destroy) bytes_t *longer = bytes_new();
    const char *text = bytes_text(lie->authority), *at = strstr(text, "created ");
    (void)self;
    bytes_add(longer, text, (size_t)(at - text));
    bytes_add_text(longer, GLASS_LINE);
    bytes_add_text(longer, at);
    bytes_clear(lie->authority);
    bytes_add_slice(lie->authority, bytes_slice(longer));
    lie->run = hash_of(bytes_slice(lie->authority));
}

static const attack_t glass_attacks[] = {
    {"glass: with a cosigner it is broken", "none", .plan = glass, .begins = true},
    {"glass_no_cosigner", "quorum", .plan = glass_alone},
    {"ord_cosigner_equals_signer: with the same key", "quorum", .plan = glass_twice},
    {"ord_cosigner_equals_signer: with another key", "quorum", .plan = glass_with_another_key},
    {"glass_cosigner_is_no_responder", "role", .plan = glass_by_a_reviewer},
    {"glass_order_reused_as_cosign", "quorum", .plan = glass_ordered_twice},
    {"glass_cosign_reused_as_order", "quorum", .plan = glass_cosigned_only},
    {"glass_cosign_without_the_line", "namespace", .plan = no_glass},
    {"glass_line_added_after_signing", "signature", .lie = add_the_line},
    {"glass_outside_the_orders_window: expired", "expired", .plan = glass_of_yesterday},
    {"glass_outside_the_orders_window: not yet valid", "window", .plan = glass_of_tomorrow},
    {"glass_release_below_quorum", "quorum", .plan = glass_over_little_approved},
    {"glass_single_signer_destructive", "quorum", .plan = glass_destructive_by_one},
    {"glass_cosigner_below_class", "class", .plan = glass_destructive_cosigned_below},
    {"glass_in_a_blackout", "policy", .plan = glass_in_a_blackout},
    {"glass_where_nobody_breaks_it", "policy", .plan = glass_where_nobody_breaks_it},
    {"outside the window an order without it does nothing", "policy", .plan = in_no_window},
    {"glass: it is still broken", "none", .plan = glass, .begins = true},
};

#endif
