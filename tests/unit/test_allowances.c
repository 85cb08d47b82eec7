/* SPDX-License-Identifier: Apache-2.0 */
/* What machines allow, from a broker whose answer may not hold all that was asked for. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "cli/allowances.h"
#include "tests/unit/site_fixture.h"

static struct {
    site_t *site;
    size_t rows;    /* that an answer holds */
    size_t padding; /* bytes of armor in each besides */
    size_t asked;
} broker;

static value_t *
row_of(const char *worker)
{
    allowance_t allowance = {.site = broker.site->id, .made = broker.site->now};
    CLEANUP(bytes_destroy) bytes_t *padding = bytes_new();
    bytes_t *text = bytes_new();
    value_t *row = value_map();
    text_copy(allowance.worker, sizeof allowance.worker, worker);
    allowance_encode(&allowance, text);
    sealed_t sealed CLEANUP(sealed_done) =
        site_seal(broker.site, SIGN_ALLOWANCE, MOVE(text), worker);
    for (size_t i = 0; i < broker.padding; i++)
        bytes_add_text(padding, "\n");
    value_set_text(row, "worker", worker);
    value_set(row, "document", value_bytes(bytes_slice(sealed.document)));
    value_set(row, "armor",
              value_bytes(broker.padding ? bytes_slice(padding) : bytes_slice(sealed.armors)));
    return row;
}

/* s1 never said what it allows. */
value_t *
client_ask(client_t *self, const char *verb, value_t *arguments, fault_t *fault)
{
    CLEANUP(value_destroy) value_t *sent = arguments;
    const value_t *workers = value_get(sent, "workers");
    value_t *list = value_list();
    (void)self;
    (void)fault;
    assert_string_equal(verb, "allowances");
    broker.asked++;
    for (size_t i = 0; i < value_count(workers) && value_count(list) < broker.rows; i++)
        if (strcmp(value_string(value_at(workers, i)), "s1") != 0)
            value_append(list, row_of(value_string(value_at(workers, i))));
    return list;
}

static size_t
fetched(size_t rows, size_t padding)
{
    static const char *const workers[] = {"w1", "s1", "w2"};
    fault_t fault = {0};
    CLEANUP(allowances_clear) allowances_t allowances = {0};
    broker.site = site_new();
    broker.rows = rows;
    broker.padding = padding;
    broker.asked = 0;
    assert_int_equal(allowances_fetch(&allowances, NULL, broker.site->trust, workers,
                                      ARRAY_SIZE(workers), &fault),
                     0);
    site_destroy(&broker.site);
    return allowances.count;
}

static void
who_said_nothing_is_left_out(void **state)
{
    (void)state;
    assert_int_equal(fetched(9, 0), 2);
    assert_int_equal(broker.asked, 1);
}

static void
what_a_full_answer_left_out_is_asked_for_again(void **state)
{
    (void)state;
    fetched(1, 300 * 1024);
    assert_int_equal(broker.asked, 3); /* for all, for two, and for who says nothing */
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(who_said_nothing_is_left_out),
        cmocka_unit_test(what_a_full_answer_left_out_is_asked_for_again),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
