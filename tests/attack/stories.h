/* SPDX-License-Identifier: Apache-2.0 */
/* stories - attacks that take more than one offer. */
#ifndef TOCSIN_TESTS_STORIES_H
#define TOCSIN_TESTS_STORIES_H

#include "tests/attack/deadman.h"
#include "tests/attack/floods.h"
#include "tests/attack/halts.h"
#include "tests/attack/once.h"
#include "tests/attack/steps.h"
#include "tests/attack/waves.h"
#include "tests/attack/witnesses.h"

/* What an honest broker was given and let run, offered again by this one: --callee FOLDER holds the
 * order with its armors behind it, as the record has it. */
static void
tell_replay(enemy_t *self, table_t *table)
{
    fault_t fault = {0};
    CLEANUP(lie_clear) lie_t lie = lie_planned(self, NULL);
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
    meet(table, self->worker);
    int64_t before = begun(self);
    ask(table, &lie, self->worker);
    verdict(!strcmp(table->answer.part, "ok") && begun(self) == before,
            "byz_two_brokers_same_part: the second has its answer from the record", table);
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
    {"deadman", tell_deadman},
};

#endif
