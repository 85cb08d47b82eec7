/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "cli/table.h"
#include "wire/value.h"

static void
nothing_that_a_broker_says_moves_the_cursor(void **state)
{
    (void)state;
    CLEANUP(value_destroy) value_t *answer = value_map();
    value_t *parts = value_list(), *part = value_map();
    value_set_text(part, "worker", "w1\x1b[2K\rw2\n  all well");
    value_set_text(part, "text",
                   "\xc2\x9b"
                   "2J");
    value_set_text(part, "title", "cổng đã đóng");
    value_append(parts, part);
    value_append(parts, value_text("\a"));
    value_set(answer, "parts", parts);
    value_set_integer(answer, "wave", 3);
    CLEANUP(value_destroy) value_t *shown = show_answer(answer);
    const value_t *row = value_at(value_get(shown, "parts"), 0);
    assert_string_equal(value_get_text(row, "worker"), "w1?[2K?w2?  all well");
    assert_string_equal(value_get_text(row, "text"), "??2J");
    assert_string_equal(value_get_text(row, "title"), "cổng đã đóng");
    assert_string_equal(value_string(value_at(value_get(shown, "parts"), 1)), "?");
    assert_int_equal(value_get_integer(shown, "wave"), 3);
}

static void
what_is_checked_by_its_bytes_stays_as_it_came(void **state)
{
    (void)state;
    CLEANUP(value_destroy) value_t *answer = value_map();
    value_t *labels = value_map();
    value_set_text(answer, "document", "tocsin-receipt v1\nend\n");
    value_set_text(labels, "summary", "one\ntwo");
    value_set(answer, "labels", labels);
    CLEANUP(value_destroy) value_t *shown = show_answer(answer);
    assert_true(value_equal(shown, answer));
    value_set_text(answer, "labels", "role\n=web");
    CLEANUP(value_destroy) value_t *other = show_answer(answer);
    assert_string_equal(value_get_text(other, "labels"), "role?=web");
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(nothing_that_a_broker_says_moves_the_cursor),
        cmocka_unit_test(what_is_checked_by_its_bytes_stays_as_it_came),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
