/* SPDX-License-Identifier: Apache-2.0 */
/* What a plan says of the moment and of machines, where its order does not list every target. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "cli/allowances.h"
#include "cli/run.h"
#include "cli/run_plan.h"
#include "cli/stop.h"
#include "tests/unit/site_fixture.h"

const command_t run_commands[] = {{NULL, NULL, NULL, NULL, NULL}};
static size_t allowances_asked; /* names that the broker was asked for */

const command_t *
command_row(const command_t *commands, const char *verb)
{
    (void)verb;
    return commands;
}

int
command_fail(const fault_t *fault)
{
    return fault_exit(fault->code);
}

int
command_usage(const command_t *command, const char *format, ...)
{
    (void)command;
    (void)format;
    return 64;
}

static value_t *
worker_of(const char *id, bool online)
{
    value_t *row = value_map();
    value_set_text(row, "id", id);
    value_set_bool(row, "online", online);
    return row;
}

/* s1 is away and drained, and nobody is said to be revoked. */
const value_t *
session_workers(session_t *self, fault_t *fault)
{
    (void)fault;
    if (self->workers)
        return self->workers;
    value_t *drained = value_map(), *south = worker_of("s1", false);
    value_set_text(drained, "who", "pat");
    value_set(south, "drained", drained);
    self->workers = value_list();
    value_append(self->workers, worker_of("w1", true));
    value_append(self->workers, south);
    return self->workers;
}

/* The region south is stopped. */
value_t *
client_ask(client_t *self, const char *verb, value_t *arguments, fault_t *fault)
{
    CLEANUP(value_destroy) value_t *asked = arguments;
    value_t *list = value_list();
    (void)self;
    (void)fault;
    if (!strcmp(verb, "allowances"))
        allowances_asked += value_count(value_get(asked, "workers"));
    if (!strcmp(verb, "stops")) {
        value_t *stop = value_map();
        value_set_text(stop, "what", "region");
        value_set_text(stop, "name", "south");
        value_set_text(stop, "reason", "it burns");
        value_append(list, stop);
    }
    return list;
}

const char *
client_person(const client_t *self)
{
    (void)self;
    return "pat";
}

stop_state_t
stop_state(const value_t *row)
{
    (void)row;
    return STOP_HOLDS;
}

const fetched_t *
session_release(session_t *self, const hash_t *hash, fault_t *fault)
{
    (void)self;
    (void)hash;
    (void)fault;
    return NULL;
}

/* ---- what is not asked for here ------------------------------------------------------------- */

const fetched_t *
session_release_of(session_t *self, const char *playbook, fault_t *fault)
{
    (void)self;
    (void)playbook;
    (void)fault;
    return NULL;
}

int
session_open(session_t *self, const options_t *options, fault_t *fault)
{
    (void)self;
    (void)options;
    (void)fault;
    return -1;
}

void
session_close(session_t *self)
{
    (void)self;
}

fetched_t *
fetch_release(client_t *client, trust_t *trust, const char *key, const char *which, fault_t *fault)
{
    (void)client;
    (void)trust;
    (void)key;
    (void)which;
    (void)fault;
    return NULL;
}

void
fetched_destroy(fetched_t **self_p)
{
    (void)self_p;
}

/* ---- tests ---------------------------------------------------------------------------------- */

/* What it says of an order of a playbook without steps, on these waves; the caller's. */
static value_t *
plan_of(const char *const waves[], size_t each)
{
    fault_t fault = {0};
    site_t *site = site_new();
    session_t session = {.trust = site->trust};
    order_t order = {.playbook = "empty"};
    release_t release = {.playbook = "empty"};
    manifest_t manifest = {.playbook = "empty"};
    fetched_t fetched = {.release = &release, .manifest = &manifest};
    value_t *plan = value_map(), *list = value_list();
    for (size_t i = 0; waves[i]; i++) {
        value_t *wave = value_list();
        for (size_t j = 0; j < each; j++)
            value_append(wave, value_text(waves[i]));
        value_append(list, wave);
    }
    value_set(plan, "waves", list);
    value_set_text(plan, "class", "change");
    allowances_asked = 0;
    if (plan_add_rest(plan, &session, &order, &fetched, &fault))
        fail_msg("%s", fault.text);
    value_destroy(&session.workers);
    site_destroy(&site);
    return plan;
}

static void
targets_that_the_order_does_not_list_are_looked_at_too(void **state)
{
    static const char *const waves[] = {"w1", "s1", NULL};
    (void)state;
    CLEANUP(value_destroy) value_t *plan = plan_of(waves, 1);
    assert_int_equal(value_count(value_get(plan, "offline")), 1);
    assert_string_equal(value_string(value_at(value_get(plan, "offline"), 0)), "s1");
    assert_true(value_get_bool(value_at(value_get(plan, "drained"), 0), "target"));
    assert_int_equal(value_count(value_get(plan, "stops")), 1);
    assert_int_equal(allowances_asked, 2);
    assert_null(value_get(plan, "unasked"));
}

static void
what_is_no_target_is_none(void **state)
{
    static const char *const waves[] = {"w1", NULL};
    (void)state;
    CLEANUP(value_destroy) value_t *plan = plan_of(waves, 1);
    assert_int_equal(value_count(value_get(plan, "offline")), 0);
    assert_false(value_get_bool(value_at(value_get(plan, "drained"), 0), "target"));
    assert_int_equal(value_count(value_get(plan, "stops")), 0);
}

static void
it_says_of_how_many_machines_nobody_looked_what_they_refuse(void **state)
{
    static const char *const waves[] = {"w1", "s1", NULL};
    (void)state;
    CLEANUP(value_destroy) value_t *plan = plan_of(waves, ALLOWANCES_MAX);
    assert_int_equal(allowances_asked, ALLOWANCES_MAX);
    assert_int_equal(value_get_integer(plan, "unasked"), ALLOWANCES_MAX);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(targets_that_the_order_does_not_list_are_looked_at_too),
        cmocka_unit_test(what_is_no_target_is_none),
        cmocka_unit_test(it_says_of_how_many_machines_nobody_looked_what_they_refuse),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
