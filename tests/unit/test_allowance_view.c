/* SPDX-License-Identifier: Apache-2.0 */
/* What programs are told of a machine's allowance. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>

#include "cli/allowance_view.h"

/* Why it is refused there, "" where it is not. */
static const char *
reason_of(const value_t *told, const char *op)
{
    const value_t *list = value_get(told, "refuses");
    for (size_t i = 0; i < value_count(list); i++)
        if (!strcmp(value_get_text(value_at(list, i), "op"), op))
            return value_get_text(value_at(list, i), "reason");
    return "";
}

static void
each_op_that_is_refused_has_its_reason(void **state)
{
    (void)state;
    allowance_t allowance = {
        .highest = CLASS_CHANGE,
        .op_count = 4,
        .ops = {"disk.usage", "file.remove", "process.end_tree", "service.restart"}};
    allowance_classes_add(&allowance.worse, "service.restart", CLASS_DESTRUCTIVE);
    CLEANUP(value_destroy) value_t *told = allowance_value(&allowance);
    assert_string_equal(reason_of(told, "disk.usage"), "");
    assert_string_equal(reason_of(told, "file.remove"), "");
    assert_string_equal(reason_of(told, "process.end_tree"), "above its highest class");
    assert_string_equal(reason_of(told, "service.restart"), "above its highest class");
    assert_string_equal(reason_of(told, "clock.step"), "its policy does not name it");
    assert_int_equal(value_count(value_get(told, "refuses")), op_count() - 2);
    assert_int_equal(value_count(value_get(told, "ops")), 4);
}

static void
within_a_blackout_it_changes_nothing_and_looks_all_the_same(void **state)
{
    weekly_t always = {0};
    (void)state;
    allowance_t allowance = {
        .highest = CLASS_CHANGE, .op_count = 2, .ops = {"disk.usage", "file.remove"}};
    assert_true(weekly_read(&always, "mon-sun", "00:00-24:00"));
    allowance_hours_add(&allowance.blackouts, &always);
    CLEANUP(value_destroy) value_t *told = allowance_value(&allowance);
    assert_string_equal(reason_of(told, "disk.usage"), "");
    assert_string_equal(reason_of(told, "file.remove"), "not now: a blackout stands");
}

/* Of a machine that allows this op alone. */
static char *
printed(const char *op, bool all)
{
    allowance_t allowance = {.highest = CLASS_DESTRUCTIVE, .op_count = 1};
    options_t options = {0};
    char *text = NULL;
    size_t size;
    FILE *out = open_memstream(&text, &size), *before = stdout;
    snprintf(allowance.ops[0], sizeof allowance.ops[0], "%s", op);
    stdout = out;
    allowance_print(&options, "north-1", &allowance, all);
    allowance_print_op("north-1", &allowance, op_find(op));
    stdout = before;
    fclose(out);
    return text;
}

static void
an_op_that_waits_for_a_window_of_its_own_says_so(void **state)
{
    (void)state;
    for (int all = 0; all < 2; all++) {
        CLEANUP(memory_free) char *waits = printed("host.reboot", all);
        CLEANUP(memory_free) char *goes = printed("clock.step", all);
        assert_non_null(strstr(waits, all ? "host.reboot (only within windows of its own"
                                          : "destructive, only within windows of its own"));
        assert_non_null(strstr(waits, "allowed: only within windows of its own"));
        assert_null(strstr(goes, "windows of its own"));
    }
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_op_that_is_refused_has_its_reason),
        cmocka_unit_test(within_a_blackout_it_changes_nothing_and_looks_all_the_same),
        cmocka_unit_test(an_op_that_waits_for_a_window_of_its_own_says_so),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
