/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "broker/holds.h"
#include "common/file.h"

/* One line; 0 where it is taken. */
static int
read_line(holds_t *holds, const char *line)
{
    char path[] = "/tmp/tocsin-holds-XXXXXX";
    int fd = mkstemp(path);
    assert_true(fd >= 0 && dprintf(fd, "%s\n", line) > 0);
    close(fd);
    fault_t fault = {0};
    CLEANUP(config_destroy) config_t *config = config_load(path, &fault);
    unlink(path);
    assert_non_null(config);
    const setting_t *setting = config_at(config, 0);
    int result = !strcmp(setting->words[0], "freeze")
                     ? holds_read_freeze(holds, config, setting, &fault)
                     : holds_read_brake(holds, config, setting, &fault);
    assert_int_equal(result ? FAULT_CONFIG : FAULT_NONE, fault.code);
    return result;
}

static bool
frozen(const char *line, const char *region, const char *time)
{
    wall_t now;
    holds_t holds = {0};
    assert_true(wall_read_time(time, &now));
    assert_int_equal(read_line(&holds, line), 0);
    return holds_freeze(&holds, region, now) != NULL;
}

/* 2026-11-22 is a Sunday. */
static void
a_freeze_is_there_on_its_days_and_between_its_hours(void **state)
{
    (void)state;
    assert_true(frozen("freeze busy mon-fri 08:00-18:00", "", "2026-11-23T08:00:00Z"));
    assert_true(frozen("freeze busy mon-fri 08:00-18:00", "", "2026-11-27T17:59:59Z"));
    assert_false(frozen("freeze busy mon-fri 08:00-18:00", "", "2026-11-23T18:00:00Z"));
    assert_false(frozen("freeze busy mon-fri 08:00-18:00", "", "2026-11-22T09:00:00Z"));
    assert_true(frozen("freeze rest sat,sun 00:00-24:00", "", "2026-11-22T23:59:59Z"));
    assert_true(frozen("freeze long fri-mon 00:00-24:00", "", "2026-11-23T12:00:00Z"));
    assert_false(frozen("freeze long fri-mon 00:00-24:00", "", "2026-11-24T12:00:00Z"));
}

static void
a_span_goes_over_midnight_into_the_next_day(void **state)
{
    (void)state;
    assert_true(frozen("freeze night sun 22:00-06:00", "", "2026-11-22T22:00:00Z"));
    assert_true(frozen("freeze night sun 22:00-06:00", "", "2026-11-23T05:59:00Z"));
    assert_false(frozen("freeze night sun 22:00-06:00", "", "2026-11-22T05:00:00Z"));
    assert_false(frozen("freeze night sun 22:00-06:00", "", "2026-11-23T06:00:00Z"));
}

static void
a_freeze_between_two_times_is_for_its_region(void **state)
{
    (void)state;
    const char *line = "freeze feast 2026-12-24T00:00:00Z 2026-12-27T00:00:00Z region north";
    assert_true(frozen(line, "north", "2026-12-24T00:00:00Z"));
    assert_false(frozen(line, "north", "2026-12-27T00:00:00Z"));
    assert_false(frozen(line, "south", "2026-12-25T00:00:00Z"));
    assert_false(frozen(line, "", "2026-12-25T00:00:00Z"));
}

static void
lines_that_mean_nothing_are_refused(void **state)
{
    (void)state;
    static const char *const lines[] = {
        "freeze busy",
        "freeze Busy mon 08:00-18:00",
        "freeze busy someday 08:00-18:00",
        "freeze busy mon- 08:00-18:00",
        "freeze busy mon, 08:00-18:00",
        "freeze busy mon 8:00-18:00",
        "freeze busy mon 08:60-18:00",
        "freeze busy mon 08:00-24:01",
        "freeze busy mon 24:00-08:00",
        "freeze busy mon 08:00-08:00",
        "freeze busy mon 08:00-18:00 region",
        "freeze busy mon 08:00-18:00 in north",
        "freeze busy 2026-12-27T00:00:00Z 2026-12-24T00:00:00Z",
        "freeze busy mon 2026-12-24T00:00:00Z",
        "brake 3",
        "brake 0 60",
        "brake 3 0",
        "brake 3 60 region",
        "brake 3 60 region North",
    };
    for (size_t i = 0; i < ARRAY_SIZE(lines); i++) {
        holds_t holds = {0};
        if (!read_line(&holds, lines[i]))
            fail_msg("'%s' is taken", lines[i]);
        assert_int_equal(holds.freeze_count + holds.brake_count, 0);
    }
}

static void
a_brake_has_a_count_a_span_and_perhaps_a_region(void **state)
{
    (void)state;
    holds_t holds = {0};
    assert_int_equal(read_line(&holds, "brake 20 600"), 0);
    assert_int_equal(read_line(&holds, "brake 5 60 region north"), 0);
    assert_int_equal(holds.brakes[0].count, 20);
    assert_int_equal(holds.brakes[0].seconds, 600);
    assert_string_equal(holds.brakes[0].region, "");
    assert_string_equal(holds.brakes[1].region, "north");
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_freeze_is_there_on_its_days_and_between_its_hours),
        cmocka_unit_test(a_span_goes_over_midnight_into_the_next_day),
        cmocka_unit_test(a_freeze_between_two_times_is_for_its_region),
        cmocka_unit_test(lines_that_mean_nothing_are_refused),
        cmocka_unit_test(a_brake_has_a_count_a_span_and_perhaps_a_region),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
