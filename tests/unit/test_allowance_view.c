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

/* Of a machine that allows this op alone, and within these hours, NULL: at any time. */
static char *
printed(const char *op, const weekly_t *own, bool all)
{
    allowance_t allowance = {.highest = CLASS_DESTRUCTIVE, .op_count = 1};
    options_t options = {0};
    char *text = NULL;
    size_t size;
    FILE *out = open_memstream(&text, &size), *before = stdout;
    snprintf(allowance.ops[0], sizeof allowance.ops[0], "%s", op);
    if (own)
        allowance_owns_add(&allowance.owns, op, own);
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
        CLEANUP(memory_free) char *waits = printed("host.reboot", NULL, all);
        CLEANUP(memory_free) char *goes = printed("clock.step", NULL, all);
        assert_non_null(strstr(waits, all ? "host.reboot (only within windows of its own"
                                          : "destructive, only within windows of its own"));
        assert_non_null(strstr(waits, "allowed: only within windows of its own"));
        assert_null(strstr(goes, "windows of its own"));
    }
}

/* All of a day: today, or another. */
static weekly_t
day(unsigned from_today)
{
    static const char *const days[] = {"thu", "fri", "sat", "sun", "mon", "tue", "wed"};
    weekly_t weekly = {0};
    int64_t today = wall_now().ms / 1000 / (24 * 3600);
    assert_true(weekly_read(&weekly, days[(today + from_today) % 7], "00:00-24:00"));
    return weekly;
}

static void
windows_of_one_op_are_told_wherever_it_is(void **state)
{
    char line[WEEKLY_TEXT_MAX + 64], hours[WEEKLY_TEXT_MAX];
    weekly_t open = {0}, closed = day(3);
    (void)state;
    assert_true(weekly_read(&open, "mon-sun", "00:00-24:00"));
    for (int all = 0; all < 2; all++) {
        CLEANUP(memory_free) char *may = printed("clock.step", &open, all);
        CLEANUP(memory_free) char *looks = printed("disk.usage", &closed, all);
        CLEANUP(memory_free) char *waits = printed("clock.step", &closed, all);
        snprintf(line, sizeof line, "  window     %s UTC: clock.step does nothing outside it",
                 weekly_write(&closed, hours));
        const char *first = strstr(waits, line);
        assert_true(first && strstr(first + 1, line)); /* of the machine, and of the op */
        assert_non_null(strstr(waits, "allowed: not now: outside windows of its own"));
        assert_non_null(strstr(looks, "allowed: not now: outside windows of its own"));
        assert_non_null(strstr(may, "allowed: only within windows of its own"));
    }
}

static void
programs_are_told_windows_of_one_op(void **state)
{
    char hours[WEEKLY_TEXT_MAX];
    weekly_t closed = day(3);
    (void)state;
    allowance_t allowance = {
        .highest = CLASS_CHANGE, .op_count = 2, .ops = {"clock.step", "file.remove"}};
    allowance_owns_add(&allowance.owns, "file.remove", &closed);
    CLEANUP(value_destroy) value_t *told = allowance_value(&allowance);
    const value_t *windows = value_get(told, "op_windows");
    assert_int_equal(value_count(windows), 1);
    assert_string_equal(value_string(value_at(value_get(windows, "file.remove"), 0)),
                        weekly_write(&closed, hours));
    assert_string_equal(reason_of(told, "file.remove"), "not now: outside windows of its own");
    assert_string_equal(reason_of(told, "clock.step"), "");
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_op_that_is_refused_has_its_reason),
        cmocka_unit_test(within_a_blackout_it_changes_nothing_and_looks_all_the_same),
        cmocka_unit_test(an_op_that_waits_for_a_window_of_its_own_says_so),
        cmocka_unit_test(windows_of_one_op_are_told_wherever_it_is),
        cmocka_unit_test(programs_are_told_windows_of_one_op),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
