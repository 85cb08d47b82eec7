/* SPDX-License-Identifier: Apache-2.0 */
#include "op_bench.h"
#include "op_foretold.h"

#include <fcntl.h>

#define HOUR 3600

/* Nobody wrote to it for so long. */
static void
put_aged(const char *name, const char *text, int64_t age_s)
{
    struct timespec times[2] = {{.tv_nsec = UTIME_NOW},
                                {.tv_sec = (time_t)(wall_now().ms / 1000 - age_s)}};
    put_file(name, text, 0600);
    assert_int_equal(utimensat(AT_FDCWD, here(name), times, 0), 0);
}

static bool
stands(const char *name)
{
    struct stat status;
    return !lstat(here(name), &status);
}

static value_t *
at(const char *path)
{
    return texts("path", here(path), NULL);
}

static void
aged_files_go_and_nothing_else(void **state)
{
    (void)state;
    put_aged("box/old", "text", 2 * HOUR);
    put_aged("box/older", "text", 9 * HOUR);
    put_aged("box/young", "text", 60);
    put_aged("box/below/old", "text", 9 * HOUR);
    put_aged("kept/old", "text", 9 * HOUR);
    assert_int_equal(symlink(here("kept/old"), here("box/link")), 0);
    assert_int_equal(mkfifo(here("box/pipe"), 0600), 0);
    CLEANUP(value_destroy) value_t *result = gives("file.remove_aged", at("box"));
    assert_int_equal(value_get_integer(result, "files"), 2);
    assert_true(value_get_integer(result, "freed_bytes") > 0);
    assert_false(value_get_bool(result, "more"));
    assert_false(stands("box/old") || stands("box/older"));
    assert_true(stands("box/young") && stands("box/below/old") && stands("kept/old") &&
                stands("box/link") && stands("box/pipe"));
    CLEANUP(value_destroy) value_t *again = gives("file.remove_aged", at("box"));
    assert_int_equal(value_get_integer(again, "files"), 0);
}

static void
age_name_and_count_bound_what_goes(void **state)
{
    (void)state;
    for (int i = 0; i < 9; i++) {
        char name[32];
        snprintf(name, sizeof name, "some/%s%d", i < 6 ? "sess_" : "other", i);
        put_aged(name, "text", i % 2 ? 2 * HOUR : 4 * HOUR);
    }
    value_t *sessions = texts("path", here("some"), "name", "sess_*", NULL);
    CLEANUP(value_destroy)
    value_t *older = gives("file.remove_aged", and_integer(sessions, "age_s", 3 * HOUR));
    assert_int_equal(value_get_integer(older, "files"), 3);
    CLEANUP(value_destroy)
    value_t *five = gives("file.remove_aged", and_integer(at("some"), "count", 5));
    assert_int_equal(value_get_integer(five, "files"), 5);
    assert_true(value_get_bool(five, "more"));
    CLEANUP(value_destroy)
    value_t *one = gives("file.remove_aged", and_integer(at("some"), "count", 1));
    assert_int_equal(value_get_integer(one, "files"), 1);
    assert_false(value_get_bool(one, "more"));
}

static void
no_file_goes_before_its_time(void **state)
{
    (void)state;
    put_aged("box/young", "text", HOUR / 2);
    refused("file.remove_aged", and_integer(at("box"), "age_s", 60), FAULT_POLICY,
            "older than 3600 s");
    refused("file.remove", at("box/young"), FAULT_POLICY, "not expendable yet");
    foresees_refusal("file.remove", at("box/young"), &bench, FAULT_POLICY, "not expendable yet");
    refused("file.remove_aged", and_integer(at("box"), "age_s", 59), FAULT_ARGUMENT, "age_s");
    assert_true(stands("box/young"));
}

static void
what_would_go_is_named_and_stays(void **state)
{
    char line[600];
    (void)state;
    put_aged("one/old", "text", 2 * HOUR);
    snprintf(line, sizeof line, "- %s: 4 bytes\n", here("one/old"));
    CLEANUP(value_destroy)
    value_t *would = foretells("file.remove_aged", at("one"), &bench, line);
    assert_int_equal(value_get_integer(would, "files"), 1);
    assert_true(stands("one/old"));
    CLEANUP(value_destroy) value_t *named = foretells("file.remove", at("one/old"), &bench, line);
    CLEANUP(value_destroy) value_t *did = gives("file.remove", at("one/old"));
    assert_true(value_equal(named, did));
    assert_false(stands("one/old"));
    for (int i = 0; i < 30; i++) {
        char name[32];
        snprintf(name, sizeof name, "one/%d", i);
        put_aged(name, "text", 2 * HOUR);
    }
    fault_t fault;
    CLEANUP(value_destroy)
    value_t *many = foretold_or("file.remove_aged", at("one"), &bench, &fault);
    assert_int_equal(value_count(value_get(many, "changes")), 24);
    assert_int_equal(value_get_integer(many, "left_out"), 6);
    assert_int_equal(value_get_integer(value_get(many, "result"), "files"), 30);
}

static void
what_leads_elsewhere_is_refused(void **state)
{
    (void)state;
    put_aged("kept/old", "text", 9 * HOUR);
    assert_int_equal(symlink(here("kept"), here("box/way")), 0);
    refused("file.remove_aged", at("box/way"), FAULT_POLICY, "symbolic link");
    refused("file.remove", at("box/way/old"), FAULT_POLICY, "symbolic link");
    refused("file.remove_aged", at("kept"), FAULT_POLICY, "not expendable");
    refused("file.remove", at("kept/old"), FAULT_POLICY, "not expendable");
    refused("file.remove_aged", at("box/none"), FAULT_NOT_FOUND, "none");
    refused("file.remove", at("box"), FAULT_POLICY, "not expendable");
    assert_true(stands("kept/old"));
}

/* However the policy's lines lie over one another. */
static void
nothing_of_ours_is_expendable(void **state)
{
    (void)state;
    put_aged("box/ours/secret", "word", 9 * HOUR);
    put_aged("box/ours/other", "text", 9 * HOUR);
    put_aged("box/quarantine/id", "text", 9 * HOUR);
    refused("file.remove_aged", at("box/ours"), FAULT_POLICY, "tocsin's own");
    refused("file.remove", at("box/ours/secret"), FAULT_POLICY, "tocsin's own");
    refused("file.remove_aged", at("box/quarantine"), FAULT_POLICY, "tocsin's own");
    assert_true(stands("box/ours/secret") && stands("box/ours/other") &&
                stands("box/quarantine/id"));
}

static int
begin(void **state)
{
    char policy[512], folder[64] = "/tmp/tocsin-ops-XXXXXX";
    (void)state;
    assert_non_null(mkdtemp(folder));
    snprintf(policy, sizeof policy,
             "class highest change\nexpendable %s/box older-than 1h\n"
             "expendable %s/some older-than 1h\nexpendable %s/one older-than 1h\n"
             "quarantine %s/box/quarantine\nsecret word file %s/box/ours/secret\n",
             folder, folder, folder, folder, folder);
    bench_begin_in(folder, policy);
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
        cmocka_unit_test(aged_files_go_and_nothing_else),
        cmocka_unit_test(age_name_and_count_bound_what_goes),
        cmocka_unit_test(no_file_goes_before_its_time),
        cmocka_unit_test(what_would_go_is_named_and_stays),
        cmocka_unit_test(what_leads_elsewhere_is_refused),
        cmocka_unit_test(nothing_of_ours_is_expendable),
    };
    return cmocka_run_group_tests(tests, begin, end);
}
