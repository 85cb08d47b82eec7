/* SPDX-License-Identifier: Apache-2.0 */
#include "op_bench.h"

#include <fcntl.h>
#include <time.h>

#include "worker/ops/stamp.h"

#define NEWEST "2026-11-23T12:00:00Z"

static wall_t
time_of(const char *text)
{
    wall_t at;
    assert_true(wall_read_rfc3339(text, &at));
    return at;
}

static int64_t
stamp_of(const char *line, const char *newest)
{
    wall_t at;
    assert_true(stamp_read(slice_text(line), time_of(newest), &at));
    return at.ms;
}

/* In the zone of Hanoi, where these texts name none. */
static void
a_time_is_read_in_each_way_that_logs_write_it(void **state)
{
    static const struct {
        const char *line, *at;
    } rows[] = {
        {"2026-11-23T04:05:06Z it began", "2026-11-23T04:05:06Z"},
        {"2026-11-23T04:05:06.789+01:00 host app: x", "2026-11-23T03:05:06.789Z"},
        {"[2026-11-23 04:05:06,789] ERROR", "2026-11-22T21:05:06.789Z"},
        {"2026-11-23 04:05:06.123 UTC [77] LOG", "2026-11-23T04:05:06.123Z"},
        {"2026-11-23 04:05:06 -0330 x", "2026-11-23T07:35:06Z"},
        {"2026-11-23 04:05:06 +5 apples", "2026-11-22T21:05:06Z"},
        {"2026/11/23 04:05:06 [error] 7#7", "2026-11-22T21:05:06Z"},
        {"<34>Nov 23 04:05:06 host app: x", "2026-11-22T21:05:06Z"},
        {"Nov  3 04:05:06 host app: x", "2026-11-02T21:05:06Z"},
    };
    (void)state;
    for (size_t i = 0; i < ARRAY_SIZE(rows); i++)
        if (stamp_of(rows[i].line, NEWEST) != time_of(rows[i].at).ms)
            fail_msg("%s", rows[i].line);
}

static void
a_year_that_is_not_named_is_the_newest_that_fits_the_file(void **state)
{
    (void)state;
    assert_int_equal(stamp_of("Dec 31 23:59:59 x", "2027-01-02T00:00:00Z"),
                     time_of("2026-12-31T16:59:59Z").ms);
    assert_int_equal(stamp_of("Jan  1 00:00:10 x", "2026-12-31T16:59:59Z"),
                     time_of("2026-12-31T17:00:10Z").ms);
    assert_int_equal(stamp_of("Feb 29 12:00:00 x", "2026-11-23T00:00:00Z"),
                     time_of("2024-02-29T05:00:00Z").ms);
}

static void
what_is_no_time_is_none(void **state)
{
    static const char *const lines[] = {
        "",
        "    at java.lang.Thread.run",
        "Monday 2026-11-23T04:05:06Z",
        "2026-11-23",
        "2026-02-30T04:05:06Z",
        "2026-13-01T04:05:06Z",
        "Nov 23 99:05:06",
        "<34Nov 23 04:05:06",
    };
    wall_t at;
    (void)state;
    for (size_t i = 0; i < ARRAY_SIZE(lines); i++)
        if (stamp_read(slice_text(lines[i]), time_of(NEWEST), &at))
            fail_msg("%s", lines[i]);
}

static void
put_log(const char *name, const char *text, const char *written)
{
    struct timespec times[2] = {{.tv_nsec = UTIME_NOW},
                                {.tv_sec = (time_t)(time_of(written).ms / 1000)}};
    put_file(name, text, 0600);
    assert_int_equal(utimensat(AT_FDCWD, here(name), times, 0), 0);
}

static value_t *
searched(const char *name, const char *text, const char *since, const char *until)
{
    value_t *arguments = texts("path", here(name), "text", text, NULL);
    if (since)
        value_set_integer(arguments, "since", time_of(since).ms);
    if (until)
        value_set_integer(arguments, "until", time_of(until).ms);
    return gives("file.search", arguments);
}

static void
finds(const char *name, const char *since, const char *until, size_t count, const char *last)
{
    CLEANUP(value_destroy) value_t *result = searched(name, "x", since, until);
    const value_t *lines = value_get(result, "lines");
    assert_int_equal(value_get_integer(result, "found"), count);
    assert_int_equal(value_count(lines), count);
    if (count)
        assert_string_equal(value_string(value_at(lines, 0)), last);
}

static void
a_search_is_bound_by_the_times_of_lines(void **state)
{
    (void)state;
    put_log("app",
            "x of nobody knows when\n"
            "2026-11-23T01:00:00Z x one\n"
            "2026-11-23T02:00:00.500Z x two\n"
            "2026-11-23T03:00:00Z x three\n",
            NEWEST);
    finds("app", "2026-11-23T02:00:00.500Z", NULL, 2, "2026-11-23T03:00:00Z x three");
    finds("app", "2026-11-23T02:00:00.501Z", NULL, 1, "2026-11-23T03:00:00Z x three");
    finds("app", NULL, "2026-11-23T02:59:59Z", 2, "2026-11-23T02:00:00.500Z x two");
    finds("app", "2026-11-23T01:30:00Z", "2026-11-23T02:30:00Z", 1,
          "2026-11-23T02:00:00.500Z x two");
    finds("app", "2026-11-23T04:00:00Z", NULL, 0, NULL);
    finds("app", NULL, NULL, 4, "2026-11-23T03:00:00Z x three");
}

static void
a_line_without_a_time_is_of_the_one_above(void **state)
{
    (void)state;
    put_log("trace",
            "2026-11-23T01:00:00Z it fails\n"
            "    x at one\n"
            "    x at two\n"
            "2026-11-23T02:00:00Z it fails again\n"
            "    x at three\n",
            NEWEST);
    finds("trace", NULL, "2026-11-23T01:00:00Z", 2, "    x at two");
    finds("trace", "2026-11-23T02:00:00Z", NULL, 1, "    x at three");
}

/* The earliest time that was looked at tells whether the span is covered. */
static void
a_search_says_how_far_back_it_saw(void **state)
{
    CLEANUP(bytes_destroy) bytes_t *text = bytes_new();
    (void)state;
    for (int i = 0; i < 20000; i++)
        bytes_addf(text, "2026-11-%02dT%02d:%02d:00Z x\n", 1 + i / 1440, i / 60 % 24, i % 60);
    put_log("long", bytes_text(text), NEWEST);
    CLEANUP(value_destroy)
    value_t *all = searched("long", "x", "2026-11-01T00:00:00Z", "2026-11-01T00:59:00Z");
    assert_int_equal(value_get_integer(all, "found"), 60);
    assert_int_equal(value_get_integer(all, "looked_at"), 20000);
    assert_int_equal(value_get_integer(all, "oldest"), time_of("2026-11-01T00:00:00Z").ms);
    CLEANUP(value_destroy)
    value_t *some = gives(
        "file.search",
        and_integer(and_integer(texts("path", here("long"), "text", "x", NULL), "lines", 1440),
                    "since", time_of("2026-11-01T00:00:00Z").ms));
    assert_int_equal(value_get_integer(some, "looked_at"), 1440);
    assert_true(value_get_integer(some, "oldest") > time_of("2026-11-12T00:00:00Z").ms);
    assert_true(value_get_bool(some, "more"));
    CLEANUP(value_destroy) value_t *plain = searched("long", "x", NULL, NULL);
    assert_null(value_get(plain, "oldest"));
}

/* Year and zone are the file's and the machine's: what syslog writes now is of now. */
static void
a_syslog_line_of_now_is_of_now(void **state)
{
    char line[80];
    time_t now = (time_t)(wall_now().ms / 1000);
    struct tm parts;
    (void)state;
    unsetenv("TZ"); /* as in the op's process */
    tzset();
    localtime_r(&now, &parts);
    strftime(line, sizeof line, "%b %e %H:%M:%S host app: x\n", &parts);
    put_file("syslog", line, 0600);
    value_t *arguments = texts("path", here("syslog"), "text", "app", NULL);
    CLEANUP(value_destroy)
    value_t *result =
        gives("file.search", and_integer(and_integer(arguments, "since", (now - 1) * 1000), "until",
                                         (now + 1) * 1000));
    assert_int_equal(value_get_integer(result, "found"), 1);
}

static int
begin(void **state)
{
    (void)state;
    setenv("TZ", "ICT-7", 1);
    tzset();
    bench_begin("allow file.search\nread /\n");
    return 0;
}

static int
end(void **state)
{
    (void)state;
    bench_end();
    return 0;
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_time_is_read_in_each_way_that_logs_write_it),
        cmocka_unit_test(a_year_that_is_not_named_is_the_newest_that_fits_the_file),
        cmocka_unit_test(what_is_no_time_is_none),
        cmocka_unit_test(a_search_is_bound_by_the_times_of_lines),
        cmocka_unit_test(a_line_without_a_time_is_of_the_one_above),
        cmocka_unit_test(a_search_says_how_far_back_it_saw),
        cmocka_unit_test(a_syslog_line_of_now_is_of_now),
    };
    return cmocka_run_group_tests(tests, begin, end);
}
