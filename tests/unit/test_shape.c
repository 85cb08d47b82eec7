/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "wire/shape.h"

static const char filesystem[] =
    "{path: text, bytes: integer (of it), full?: bool, load: number, kinds: list of {name: text}}";

static value_t *
sample(void)
{
    value_t *self = value_map(), *kinds = value_list(), *kind = value_map();
    value_set_text(kind, "name", "log");
    value_append(kinds, kind);
    value_set_text(self, "path", "/");
    value_set_integer(self, "bytes", 1);
    value_set(self, "load", value_decimal("0.5", NULL));
    value_set(self, "kinds", kinds);
    return self;
}

static void
misses(value_t *value, const char *words)
{
    fault_t fault = {0};
    if (!shape_check(filesystem, value, &fault) || fault.code != FAULT_FORMAT ||
        !strstr(fault.text, words))
        fail_msg("%s, not %s", fault.text, words);
    value_destroy(&value);
}

static void
a_line_of_no_grammar_is_no_shape(void **state)
{
    static const char *const bad[] = {
        "",
        "{",
        "{}",
        "{a}",
        "{a: }",
        "{a: text",
        "{a: text,b: text}",
        "texts",
        "list of",
        "{A: text}",
        "text (ms)",
        "{a: text ()}",
        "{a: text (b}",
        "{a:text}",
    };
    (void)state;
    assert_true(shape_is_good(filesystem));
    assert_true(shape_is_good("list of list of any"));
    for (size_t i = 0; i < ARRAY_SIZE(bad); i++)
        if (shape_is_good(bad[i]))
            fail_msg("%s", bad[i]);
}

static void
a_value_has_every_field_of_its_kind_and_no_other(void **state)
{
    fault_t fault = {0};
    (void)state;
    CLEANUP(value_destroy) value_t *whole = sample();
    assert_int_equal(shape_check(filesystem, whole, &fault), 0);
    value_set_bool(whole, "full", true);
    value_set_integer(whole, "load", 3);
    assert_int_equal(shape_check(filesystem, whole, &fault), 0);
    value_t *other = sample();
    value_set_text(other, "bytes", "1");
    misses(other, "'bytes' is no integer");
    other = sample();
    value_set_integer(other, "inodes", 1);
    misses(other, "'inodes' is a field that it does not have");
    other = sample();
    value_set(other, "kinds", value_map());
    misses(other, "'kinds' is no list");
    other = sample();
    value_t *kinds = value_list();
    value_append(kinds, value_map());
    value_set(other, "kinds", kinds);
    misses(other, "'name' is missing");
    misses(value_list(), "is no map");
}

static void
a_part_of_it_may_leave_fields_out_and_makes_none_up(void **state)
{
    fault_t fault = {0};
    (void)state;
    CLEANUP(value_destroy) value_t *part = value_map();
    value_set_text(part, "path", "/");
    value_set(part, "kinds", value_map());
    assert_int_equal(shape_check_part(filesystem, part, &fault), 0);
    assert_int_equal(shape_check(filesystem, part, &fault), -1);
    value_set_integer(part, "inodes", 1);
    assert_int_equal(shape_check_part(filesystem, part, &fault), -1);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_line_of_no_grammar_is_no_shape),
        cmocka_unit_test(a_value_has_every_field_of_its_kind_and_no_other),
        cmocka_unit_test(a_part_of_it_may_leave_fields_out_and_makes_none_up),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
