/* SPDX-License-Identifier: Apache-2.0 */
/* stories - attacks that take more than one offer. */
#ifndef TOCSIN_TESTS_STORIES_H
#define TOCSIN_TESTS_STORIES_H

#include "tests/attack/chain.h"
#include "tests/attack/deadman.h"
#include "tests/attack/floods.h"
#include "tests/attack/halts.h"
#include "tests/attack/once.h"
#include "tests/attack/steps.h"
#include "tests/attack/waves.h"
#include "tests/attack/witnesses.h"

/* What an honest broker was given and let run, to be offered again by this one: --callee FOLDER
 * holds the order with its armors behind it, as the record has it. */
static lie_t
recorded_lie(enemy_t *self)
{
    fault_t fault = {0};
    lie_t lie = lie_planned(self, NULL);
    CLEANUP(bytes_destroy) bytes_t *both = forge_read(self->callee, "order", "");
    char *armors = strstr((char *)both->data, "-----BEGIN");
    if (!armors)
        forge_die("the order has no signature");
    bytes_clear(lie.authority);
    bytes_clear(lie.armors);
    bytes_add(lie.authority, both->data, (size_t)(armors - bytes_text(both)));
    bytes_add_text(lie.armors, armors);
    CLEANUP(order_destroy) order_t *order = order_decode(bytes_slice(lie.authority), &fault);
    if (!order)
        forge_die(fault.text);
    lie.run = hash_of(bytes_slice(lie.authority));
    lie.release_hash = *order_release(order);
    return lie;
}

static void
tell_replay(enemy_t *self, table_t *table)
{
    CLEANUP(lie_clear) lie_t lie = recorded_lie(self);
    meet(table, self->worker);
    int64_t before = begun(self);
    ask(table, &lie, self->worker);
    verdict(!strcmp(table->answer.part, "ok") && begun(self) == before,
            "byz_two_brokers_same_part: the second has its answer from the record", table);
}

/* The same once the worker let go of its receipts: there is nothing to answer, and nothing begins,
 * though its window is open. Another order shows that what is offered here is run. */
static void
tell_pruned(enemy_t *self, table_t *table)
{
    CLEANUP(lie_clear) lie_t lie = recorded_lie(self);
    meet(table, self->worker);
    int64_t before = begun(self);
    put(table, &lie);
    offer(table, find_peer(table, self->worker));
    offered(self, table, "none", "an order that is not known runs");
    verdict(begun(self) == before + 1, "ord_replayed_after_ledger_prune: one that is does not",
            table);
}

/* A run that failed once for good is offered again, and again with words that would have its step
 * tried anew: there is an attempt only where the approved manifest says so. */
static void
tell_again(enemy_t *self, table_t *table)
{
    static const attack_t failing = {.script = "file.remove { path = ctx.inputs.path } error('no')",
                                     .plan = plan_fresh};
    const char *worker;
    CLEANUP(lie_clear) lie_t lie = lie_make(self, &failing, &worker);
    meet(table, worker);
    int64_t before = begun(self);
    ask(table, &lie, worker);
    verdict(!strcmp(table->answer.part, "failed") && begun(self) == before + 1,
            "a step that failed behind its op ends its run", table);
    table_lies(table, &lie);
    speak_inside(self, table);
    ask(table, &lie, worker);
    verdict(!strcmp(table->answer.part, "failed") && begun(self) == before + 1,
            "byz_second_attempt_invented: what is offered again is not tried again", table);
    offered(self, table, "none", "  and orders run");
    verdict(begun(self) == before + 2, "  once each", table);
}

/* Receipts that nobody but this broker has, once the worker forgot them: the last it always keeps.
 */
static void
tell_hoard(enemy_t *self, table_t *table)
{
    meet(table, self->worker);
    offered(self, table, "none", "a run whose receipt an enemy acknowledges");
    offered(self, table, "none", "  and another");
}

static const struct {
    const char *name;
    void (*tell)(enemy_t *self, table_t *table);
} stories[] = {
    {"consents", tell_consents}, {"steps", tell_steps},       {"skip", tell_skip},
    {"leaving", tell_leaving},   {"calls", tell_calls},       {"waves", tell_waves},
    {"halts", tell_halts},       {"floods", tell_floods},     {"withheld", tell_withheld},
    {"once", tell_once},         {"replay", tell_replay},     {"deaf", tell_deaf},
    {"fork", tell_fork},         {"truncate", tell_truncate}, {"hoard", tell_hoard},
    {"deadman", tell_deadman},   {"roots", tell_roots},       {"fleets", tell_fleets},
    {"expiry", tell_expiry},     {"denied", tell_denied},     {"pardon", tell_pardon},
    {"outdated", tell_outdated}, {"pruned", tell_pruned},     {"again", tell_again},
};

#endif
