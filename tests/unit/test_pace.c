/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "worker/pace.h"

static char path[64]; /* of the journal */
static journal_t *journal;
static pace_t pace;
static char said[FAULT_TEXT_MAX]; /* of what held it back */
static const char *undone;        /* the step that may_begin's op takes back */

/* As a process that starts: all that it knows is on the disk. */
static void
start_again(void)
{
    fault_t fault = {0};
    journal_destroy(&journal);
    journal = journal_open(path, &fault);
    assert_non_null(journal);
}

static int
set_up(void **state)
{
    (void)state;
    snprintf(path, sizeof path, "/tmp/test_pace.%d", (int)getpid());
    pace = (pace_t){0};
    undone = NULL;
    start_again();
    return 0;
}

static int
tear_down(void **state)
{
    (void)state;
    journal_destroy(&journal);
    return unlink(path);
}

static void
takes(const char *key, const char *name, const char *count, const char *seconds)
{
    const char *words[] = {key, name, count, seconds, NULL};
    fault_t fault = {0};
    if (pace_take(&pace, words, &fault))
        fail_msg("%s", fault.text);
}

static hash_t
named(const char *text)
{
    return hash_of(slice_text(text));
}

static void
begin(const char *playbook, const char *run, const char *op, int64_t at_ms)
{
    static unsigned number;
    char key[16];
    fault_t fault = {0};
    snprintf(key, sizeof key, "%u", number++);
    journal_entry_t entry = {
        .key = named(key), .run = named(run), .step = "free", .begun = {at_ms}};
    text_copy(entry.op, sizeof entry.op, op);
    text_copy(entry.playbook, sizeof entry.playbook, playbook);
    assert_int_equal(journal_begin(journal, &entry, &fault), 0);
}

static bool
may_begin_by(const char *person, const char *playbook, const char *run, int64_t now_ms)
{
    signers_t signers = {.count = 1};
    hash_t id = named(run);
    fault_t fault = {0};
    text_copy(signers.person[0], sizeof signers.person[0], person);
    pace_act_t act = {op_find("file.remove"), playbook, &id, &signers, undone};
    int failed = pace_check(&pace, &act, journal, (wall_t){now_ms}, &fault);
    assert_true(!failed || fault.code == FAULT_RATE);
    text_copy(said, sizeof said, fault.text);
    return !failed;
}

static bool
may_begin(const char *playbook, const char *run, int64_t now_ms)
{
    return may_begin_by("linh", playbook, run, now_ms);
}

static void
a_rate_is_counted_from_the_journal__eff_rate_limit(void **state)
{
    (void)state;
    takes("rate", "file.remove", "2", "60");
    for (int i = 0; i < 2; i++) {
        assert_true(may_begin("disk-full", "one", 2000));
        begin("disk-full", "one", "file.remove", 1000 + i);
        begin("disk-full", "one", "file.truncate", 1000 + i);
        start_again();
    }
    assert_false(may_begin("disk-full", "one", 61000));
    assert_string_equal(said, "file.remove began as often in the last 60 s as the policy of this "
                              "machine allows, 2 times; next at 1970-01-01T00:01:02Z");
    assert_true(may_begin("disk-full", "one", 61001));
}

static void
runs_of_a_playbook_are_counted_and_not_their_ops(void **state)
{
    (void)state;
    takes("runs", "disk-full", "2", "86400");
    for (int i = 0; i < 5; i++)
        begin("disk-full", "one", "file.remove", 1000 + i);
    begin("service-down", "other", "service.start", 1000);
    assert_true(may_begin("disk-full", "two", 2000));
    begin("disk-full", "two", "file.remove", 2000);
    start_again();
    assert_false(may_begin("disk-full", "three", 3000));
    assert_true(may_begin("disk-full", "two", 3000));
    assert_true(may_begin("service-down", "three", 3000));
    assert_true(may_begin("disk-full", "three", 86401001));
}

static void
a_budget_of_the_day_is_for_runs_of_any_playbook(void **state)
{
    (void)state;
    takes("runs", "*", "2", "86400");
    begin("disk-full", "one", "file.remove", 1000);
    begin("service-down", "two", "service.start", 1000);
    assert_false(may_begin("file-rotate", "three", 2000));
    assert_true(may_begin("disk-full", "one", 2000));
}

static void
who_may_exceed_is_held_back_by_neither(void **state)
{
    (void)state;
    takes("runs", "*", "1", "86400");
    takes("rate", "file.remove", "1", "86400");
    takes("exceed", "khoa", NULL, NULL);
    begin("disk-full", "one", "file.remove", 1000);
    assert_false(may_begin_by("linh", "disk-full", "two", 2000));
    assert_true(may_begin_by("khoa", "disk-full", "two", 2000));
}

static void
what_undoes_a_step_that_began_is_not_held_back_but_counted(void **state)
{
    (void)state;
    takes("runs", "*", "1", "86400");
    takes("rate", "file.remove", "2", "60");
    begin("disk-full", "one", "file.truncate", 900);
    begin("disk-full", "one", "file.remove", 1000);
    begin("disk-full", "two", "file.remove", 1500);
    assert_false(may_begin("disk-full", "one", 2000));
    undone = "free";
    assert_true(may_begin("disk-full", "one", 2000));
    begin("disk-full", "one", "file.remove", 2000);
    undone = NULL;
    start_again();
    assert_false(may_begin("disk-full", "one", 61200));
}

static void
what_undoes_nothing_that_began_here_is_held_back(void **state)
{
    (void)state;
    takes("rate", "file.remove", "1", "60");
    begin("disk-full", "one", "file.remove", 1000);
    undone = "another";
    assert_false(may_begin("disk-full", "one", 2000));
    undone = "free";
    assert_false(may_begin("disk-full", "two", 2000));
}

int
main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
    const struct CMUnitTest tests[] = {
        TEST(a_rate_is_counted_from_the_journal__eff_rate_limit),
        TEST(runs_of_a_playbook_are_counted_and_not_their_ops),
        TEST(a_budget_of_the_day_is_for_runs_of_any_playbook),
        TEST(who_may_exceed_is_held_back_by_neither),
        TEST(what_undoes_a_step_that_began_is_not_held_back_but_counted),
        TEST(what_undoes_nothing_that_began_here_is_held_back),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
