/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/unit/effector_fixture.h"
#include "wire/ops.h"
#include "wire/shape.h"

static void
attempts_cannot_be_invented__byz_second_attempt_invented(void **state)
{
    bench_t *bench = *state;
    static const char *const invented[][3] = {
        {"0", "1", "format"}, {"2", "1", "denied"}, {"1", "256", "format"}, {"01", "1", "format"}};
    for (size_t i = 0; i < ARRAY_SIZE(invented); i++) {
        send_attempt(bench, invented[i][0], invented[i][1], "clean", "service.restart", "service",
                     "web", &HASH_ZERO);
        answers(bench, "FAULT", invented[i][2]);
    }
    assert_int_equal(bench->started, 0);
}

static void
who_signed_may_be_revoked_between_two_ops__ord_revoked_midrun(void **state)
{
    bench_t *bench = *state;
    remove_log(bench, "1");
    finish(bench, FAULT_NONE);
    for (uint64_t version = 2; version <= 3; version++) {
        people_t *people = site_people(bench->site);
        people->version = version;
        for (size_t i = 0; i < people->key_count && version == 3; i++)
            if (!strcmp(people->keys[i].person, "pat"))
                people->keys[i].roles = 0;
        sealed_t newer = site_seal_people(bench->site, people, "hana,hugo");
        send_document(bench, &newer);
        answers(bench, "KEPT", "");
        sealed_done(&newer);
        bench->now = site_after(bench->site->now, 3601); /* the window takes nothing back */
        restart_web(bench, version == 2 ? "2" : "3");
        if (version == 3)
            answers(bench, "FAULT", "role");
        else
            finish(bench, FAULT_NONE);
    }
    assert_int_equal(bench->started, 2);
}

static void
a_clock_that_went_back_hides_no_revocation(void **state)
{
    bench_t *bench = *state;
    remove_log(bench, "1");
    finish(bench, FAULT_NONE);
    people_t *people = site_people(bench->site);
    people->version = 2;
    people->issued = site_after(bench->site->now, 1800);
    for (size_t i = 0; i < people->key_count; i++)
        if (!strcmp(people->keys[i].person, "pat"))
            people->keys[i].roles = 0;
    sealed_t newer = site_seal_people(bench->site, people, "hana,hugo");
    send_document(bench, &newer);
    answers(bench, "KEPT", "");
    sealed_done(&newer);
    bench->now = site_after(bench->site->now, 60);
    restart_web(bench, "2");
    answers(bench, "FAULT", "role");
    assert_int_equal(bench->started, 1);
}

static void
an_observe_op_leaves_the_journal_alone(void **state)
{
    bench_t *bench = *state;
    hash_t head = *journal_head(bench->journal);
    send_op(bench, "1", "usage", "disk.usage", "path", "/var/log");
    assert_null(bench->answer);
    finish(bench, FAULT_NONE);
    answers(bench, "RESULT", "");
    assert_true(slice_is(frames_at(bench->answer, 2), "s4:done"));
    assert_true(hash_equal(journal_head(bench->journal), &head));
    says_the_head(bench);
}

static void
a_fix_stands_between_begin_and_end(void **state)
{
    bench_t *bench = *state;
    remove_log(bench, "1");
    assert_null(bench->answer);
    assert_true(bench->began);
    hash_t begun = *journal_head(bench->journal);
    assert_false(hash_equal(&begun, &HASH_ZERO));
    finish(bench, FAULT_NONE);
    answers(bench, "RESULT", "");
    says_the_head(bench);
    assert_false(hash_equal(journal_head(bench->journal), &begun));
    assert_non_null(journal_first(bench->journal, &bench->run));
}

static void
what_cannot_be_started_has_an_end_too(void **state)
{
    bench_t *bench = *state;
    bench->refuses_start = true;
    remove_log(bench, "1");
    answers(bench, "FAULT", "io");
    bench->refuses_start = false;
    remove_log(bench, "1");
    answers(bench, "FAULT", "io");
    assert_int_equal(bench->started, 0);
}

static void
what_is_not_declared_is_refused__rel_undeclared_op(void **state)
{
    bench_t *bench = *state;
    send_op(bench, "1", "clean", "shell.run", "command", "true");
    answers(bench, "FAULT", "op");
    send_op(bench, "1", "usage", "file.remove", "path", "/var/log/a.1");
    answers(bench, "FAULT", "op");
    send_op(bench, "1", "nowhere", "disk.usage", "path", "/var/log");
    answers(bench, "FAULT", "op");
    send_op(bench, "1", "clean", "file.remove", "path", "/etc/a.1"); /* above its bound */
    answers(bench, "FAULT", "argument");
    send_op(bench, "one", "clean", "file.remove", "path", "/var/log/a.1");
    answers(bench, "FAULT", "format");
    assert_int_equal(bench->started, 0);
}

static void
arguments_are_held_to_their_schema__eff_arg_schema_violation(void **state)
{
    bench_t *bench = *state;
    send_op(bench, "1", "usage", "disk.usage", "folder", "/var/log");
    answers(bench, "FAULT", "argument");
    send_op(bench, "1", "clean", "file.remove", "path", "/var/log/../../etc/passwd.1");
    answers(bench, "FAULT", "argument");
    send_op(bench, "1", "clean", "file.remove", "path", "/var/log/a\n.1"); /* eff_newline_in_arg */
    answers(bench, "FAULT", "argument");
    assert_int_equal(bench->started, 0);
}

static void
the_machines_own_policy_has_the_last_word__eff_op_not_in_policy(void **state)
{
    bench_t *bench = *state;
    hash_t head = *journal_head(bench->journal);
    send_op(bench, "1", "clean", "file.remove", "path", "/var/log/live.log");
    answers(bench, "FAULT", "policy");
    send_op(bench, "1", "clean", "service.restart", "service", "sshd");
    answers(bench, "FAULT", "policy");
    assert_true(hash_equal(journal_head(bench->journal), &head));
    assert_int_equal(bench->started, 0);
}

static void
within_a_blackout_one_looks_and_changes_nothing__eff_blackout_window(void **state)
{
    bench_t *bench = *state;
    hash_t head = *journal_head(bench->journal);
    open_with(bench, "blackout mon-sun 00:00-24:00\n");
    send_warrant(bench);
    remove_log(bench, "1");
    answers(bench, "FAULT", "policy");
    assert_true(hash_equal(journal_head(bench->journal), &head));
    send_op(bench, "1", "usage", "disk.usage", "path", "/var/log");
    assert_null(bench->answer);
}

/* A class line makes of looking what is done at its hours only. */
static void
what_the_machine_calls_a_change_keeps_its_hours__eff_blackout_window(void **state)
{
    bench_t *bench = *state;
    open_with(bench, "class disk.usage change\nblackout mon-sun 00:00-24:00\n");
    send_warrant(bench);
    send_op(bench, "1", "usage", "disk.usage", "path", "/var/log");
    answers(bench, "FAULT", "policy");
    open_with(bench, "class disk.usage change\nwindow mon-sun 00:00-24:00\n");
    send_warrant(bench);
    send_op(bench, "1", "usage", "disk.usage", "path", "/var/log");
    assert_null(bench->answer);
}

/* Whoever signed it: what exceeds is an order, not what begins by itself. */
static void
ops_begin_no_oftener_than_the_policy_says__eff_rate_limit(void **state)
{
    static const char *const indices[] = {"1", "2", "3"};
    bench_t *bench = *state;
    for (size_t i = 0; i < ARRAY_SIZE(indices); i++) {
        remove_log(bench, indices[i]);
        finish(bench, FAULT_NONE);
    }
    open_effector(bench); /* a restart forgets nothing */
    send_warrant(bench);
    remove_log(bench, "4");
    answers(bench, "FAULT", "rate");
    remove_log(bench, "3"); /* a replay is no new one */
    answers(bench, "RESULT", "");
    bench->phase = "undo"; /* to go back is counted, and goes on */
    remove_log(bench, "1");
    finish(bench, FAULT_NONE);
    bench->phase = NULL;
    bench->now = site_after(bench->now, 61);
    remove_log(bench, "4");
    assert_null(bench->answer);
}

static void
the_window_bounds_starting(void **state)
{
    bench_t *bench = *state;
    wall_t late = site_after(bench->now, 3601);
    bench->now = late;
    remove_log(bench, "1");
    answers(bench, "FAULT", "window");
    send_warrant(bench);
    answers(bench, "REFUSED", "expired");
    bench->now = bench->site->now;
    remove_log(bench, "1");
    finish(bench, FAULT_NONE);
    bench->now = late;
    remove_log(bench, "2");
    assert_null(bench->answer);
    finish(bench, FAULT_NONE);
    open_effector(bench);
    send_warrant(bench); /* what began may finish */
    answers(bench, "GRANTED", "");
    remove_log(bench, "3");
    assert_null(bench->answer);
    finish(bench, FAULT_NONE);
    bench->now = site_after(bench->site->now, 72 * 3600 + 1); /* and not for ever */
    remove_log(bench, "4");
    answers(bench, "FAULT", "window");
}

/* The warrant held; then the clock went back. */
static void
a_clock_that_went_back_keeps_nothing_that_was_granted_from_beginning(void **state)
{
    bench_t *bench = *state;
    bench->now = site_after(bench->site->now, -7200);
    remove_log(bench, "1");
    finish(bench, FAULT_NONE);
    remove_log(bench, "2");
    assert_null(bench->answer);
    finish(bench, FAULT_NONE);
    const journal_entry_t *first = journal_first(bench->journal, &bench->run);
    assert_int_equal(first->begun.ms, bench->site->now.ms); /* its window's beginning */
}

static void
an_op_that_runs_is_not_started_twice(void **state)
{
    bench_t *bench = *state;
    remove_log(bench, "1");
    remove_log(bench, "1");
    answers(bench, "FAULT", "conflict");
    assert_int_equal(bench->started, 1);
}

static void
so_many_ops_run_at_once_and_no_more(void **state)
{
    bench_t *bench = *state;
    for (size_t i = 0; i < EFFECTOR_FLIGHTS_MAX; i++)
        send_op(bench, "1", "usage", "disk.usage", "path", "/var/log");
    assert_null(bench->answer);
    send_op(bench, "1", "usage", "disk.usage", "path", "/var/log");
    answers(bench, "FAULT", "limit");
    finish(bench, FAULT_NONE);
    send_op(bench, "1", "usage", "disk.usage", "path", "/var/log");
    assert_null(bench->answer);
}

#define REBOOTS                                                                   \
    "tocsin-manifest v1\nplaybook disk-full\nsummary Reboot\nclass destructive\n" \
    "rollout 1 2 30 0\nlimits 0 0\ncooldown 0\nstep down run 60 -\n"              \
    "use down host.reboot destructive\nend\n"
#define LETS_REBOOT                                                                       \
    "allow disk.usage\nallow file.remove\nread /var\nspool /var/log\nallow host.reboot\n" \
    "class highest destructive\nwindow host.reboot sun 00:00-24:00\n"

/* Another run of another release, which reboots; what it was before is gone. */
static void
warrant_a_reboot(bench_t *bench)
{
    release_t *release =
        site_release_of(bench->site, "disk-full", slice_text(REBOOTS), slice_text(SITE_PLAYBOOK));
    release->highest = CLASS_DESTRUCTIVE;
    sealed_done(&bench->release);
    bench->release = site_seal_release(bench->site, release, "ana", "rob,rita");
    seal_order(bench, new_order(bench), "pat,pia");
    send_warrant_of(bench, "order", REBOOTS);
    answers(bench, "GRANTED", "");
}

static void
a_machine_is_not_rebooted_under_another_runs_fix(void **state)
{
    bench_t *bench = *state;
    fault_t fault = {0};
    assert_int_equal(file_write(bench->policy_path, slice_text(LETS_REBOOT), 0600, &fault), 0);
    policy_destroy(&bench->policy);
    bench->policy = policy_load(bench->policy_path, &fault);
    if (!bench->policy)
        fail_msg("%s", fault.text);
    open_effector(bench);
    send_documents(bench);
    send_warrant(bench);
    send_op(bench, "1", "usage", "disk.usage", "path", "/var/log"); /* whoever only looks */
    remove_log(bench, "1");
    size_t fix = bench->flight;
    hash_t run = bench->run;
    warrant_a_reboot(bench);
    send_op(bench, "1", "down", "host.reboot", NULL, NULL);
    answers(bench, "FAULT", "conflict");
    assert_non_null(strstr(frames_text(bench->answer, 3), "file.remove of run "));
    assert_null(journal_first(bench->journal, &bench->run));
    assert_int_equal(bench->started, 2);
    bench->flight = fix;
    finish(bench, FAULT_NONE);
    assert_true(journal_first(bench->journal, &run)->ended);
    send_op(bench, "1", "down", "host.reboot", NULL, NULL);
    assert_null(bench->answer);
    assert_int_equal(bench->started, 3);
}

#define TEST_OP(name) cmocka_unit_test_setup_teardown(name, set_up_warrant, tear_down)

int
main(void)
{
    const struct CMUnitTest tests[] = {
        TEST_OP(attempts_cannot_be_invented__byz_second_attempt_invented),
        TEST_OP(who_signed_may_be_revoked_between_two_ops__ord_revoked_midrun),
        TEST_OP(a_clock_that_went_back_hides_no_revocation),
        TEST_OP(an_observe_op_leaves_the_journal_alone),
        TEST_OP(a_fix_stands_between_begin_and_end),
        TEST_OP(what_cannot_be_started_has_an_end_too),
        TEST_OP(what_is_not_declared_is_refused__rel_undeclared_op),
        TEST_OP(arguments_are_held_to_their_schema__eff_arg_schema_violation),
        TEST_OP(the_machines_own_policy_has_the_last_word__eff_op_not_in_policy),
        TEST_OP(within_a_blackout_one_looks_and_changes_nothing__eff_blackout_window),
        TEST_OP(what_the_machine_calls_a_change_keeps_its_hours__eff_blackout_window),
        TEST_OP(ops_begin_no_oftener_than_the_policy_says__eff_rate_limit),
        TEST_OP(the_window_bounds_starting),
        TEST_OP(a_clock_that_went_back_keeps_nothing_that_was_granted_from_beginning),
        TEST_OP(an_op_that_runs_is_not_started_twice),
        TEST_OP(so_many_ops_run_at_once_and_no_more),
        cmocka_unit_test_setup_teardown(a_machine_is_not_rebooted_under_another_runs_fix, set_up,
                                        tear_down),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
