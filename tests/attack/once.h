/* SPDX-License-Identifier: Apache-2.0 */
/* once - what a step that runs once for all targets is shown of the others, and is not so: of the
 * order `a` of `shared`, wave 1 is north-2, and wave 2 is the worker, which acts for both. */
#ifndef TOCSIN_TESTS_ONCE_H
#define TOCSIN_TESTS_ONCE_H

#include "tests/attack/waves.h"

/* One may fail, so that nothing but what is to be shown keeps wave 2 from beginning. */
static void
two_shared_waves(enemy_t *self, plan_t *plan)
{
    two_waves(self, plan);
    plan->order->max_failures = 1;
}

static void
one_shared_wave(enemy_t *self, plan_t *plan)
{
    two_waves(self, plan);
    plan->order->targets[1].wave = 1;
    text_copy(plan->order->targets[0].target, TEXT_NAME_MAX + 1, self->worker);
    text_copy(plan->order->targets[1].target, TEXT_NAME_MAX + 1, CANARY);
}

/* The receipts, with this as every output; NULL for none. */
static value_t *
with_output(const value_t *receipts, const char *output)
{
    value_t *list = value_list();
    for (size_t i = 0; i < value_count(receipts); i++) {
        const value_t *from = value_at(receipts, i);
        value_t *item = value_map();
        value_set(item, "document", value_copy(value_get(from, "document")));
        value_set(item, "armor", value_copy(value_get(from, "armor")));
        if (output)
            value_set_text(item, "output", output);
        value_append(list, item);
    }
    return list;
}

static void
try_output(table_t *table, const enemy_t *self, lie_t *lie, const value_t *receipts,
           const char *output, const char *name)
{
    CLEANUP(value_destroy) value_t *list = with_output(receipts, output);
    unproved(table, self, lie, list, name);
}

static void
tell_once(enemy_t *self, table_t *table)
{
    CLEANUP(lie_clear) lie_t a = lie_planned(self, two_shared_waves);
    CLEANUP(lie_clear) lie_t b = lie_planned(self, two_shared_waves);
    CLEANUP(lie_clear) lie_t narrow = lie_planned(self, one_shared_wave);
    CLEANUP(value_destroy) value_t *none = value_list();
    meet(table, self->worker);
    meet(table, CANARY);
    CLEANUP(value_destroy) value_t *given = run_canary(table, &a);
    verdict(!strcmp(table->answer.part, "ok"), "a target gives what another is to see", table);
    unproved(table, self, &a, none, "byz_gathered_left_out: nothing is shown of it");
    try_output(table, self, &a, given, NULL, "byz_gathered_left_out: what it gave is not");
    try_output(table, self, &a, given, "s2:no", "byz_gathered_forged: it gave something else");
    unproved(table, self, &b, given, "byz_gathered_of_another_run");
    a.receipts = value_copy(given);
    ask(table, &a, self->worker);
    verdict(!strcmp(table->answer.part, "ok"), "with what it gave the other acts", table);
    int64_t before = begun(self);
    ask(table, &narrow, self->worker);
    verdict(!strcmp(table->answer.code, "target") && begun(self) == before,
            "ord_once_without_a_last_target: refused with 'target', nothing began", table);
}

#endif
