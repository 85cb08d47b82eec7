/* SPDX-License-Identifier: Apache-2.0 */
/* What was begun before: ops that are asked for again, that were cut off, that are looked for. */
#include "tests/unit/effector_fixture.h"
#include "wire/ops.h"
#include "wire/shape.h"

/* ---- the rows of docs/PROTOCOL.md 7.3 ----------------------------------------------------- */

static void
a_known_key_with_another_op_or_argument_is_unknown(void **state)
{
    bench_t *bench = *state;
    remove_log(bench, "1");
    finish(bench, FAULT_NONE);
    restart_web(bench, "1");
    answers(bench, "FAULT", "unknown");
    send_op(bench, "1", "clean", "file.remove", "path", "/var/log/other.log.1");
    answers(bench, "FAULT", "unknown");
    assert_int_equal(bench->started, 1);
}

static void
an_op_that_ended_gives_its_result_again(void **state)
{
    bench_t *bench = *state;
    remove_log(bench, "1");
    finish(bench, FAULT_NONE);
    restart_web(bench, "2");
    finish(bench, FAULT_FAILED);
    for (int restarted = 0; restarted < 2; restarted++) {
        remove_log(bench, "1");
        answers(bench, "RESULT", "");
        assert_true(slice_is(frames_at(bench->answer, 2), "s4:done"));
        restart_web(bench, "2");
        answers(bench, "FAULT", "failed");
        assert_string_equal(frames_text(bench->answer, 3), "it went wrong");
        open_effector(bench);
        send_warrant(bench);
    }
    assert_int_equal(bench->started, 2);
}

static void
an_idempotent_op_that_was_cut_off_runs_again__crash_between_begin_and_exec(void **state)
{
    bench_t *bench = *state;
    remove_log(bench, "1");
    open_effector(bench);
    send_warrant(bench);
    remove_log(bench, "1");
    assert_null(bench->answer);
    assert_int_equal(bench->started, 2);
    assert_int_equal(bench->ended_last, 1);
    assert_true(bench->began);
    finish(bench, FAULT_NONE);
    answers(bench, "RESULT", "");
}

static void
any_other_op_that_was_cut_off_is_unknown__crash_between_exec_and_end(void **state)
{
    bench_t *bench = *state;
    rotate_log(bench, "1");
    open_effector(bench);
    send_warrant(bench);
    for (int again = 0; again < 2; again++) {
        rotate_log(bench, "1");
        answers(bench, "FAULT", "unknown");
    }
    assert_int_equal(bench->started, 1);
    assert_int_equal(bench->ended_last, 2);
}

static void
send_stop(bench_t *bench)
{
    sealed_t sealed = site_seal_stop(bench->site, site_stop(bench->site, HALT_SITE, "-"), "olaf");
    send_document(bench, &sealed);
    answers(bench, "KEPT", "");
    sealed_done(&sealed);
}

/* What was begun before a stop may have happened: the stop says nothing of it. */
static void
a_stop_takes_nothing_back_of_what_was_begun__crash_and_stop(void **state)
{
    bench_t *bench = *state;
    remove_log(bench, "1");
    finish(bench, FAULT_NONE);
    remove_log(bench, "2");
    open_effector(bench);
    send_warrant(bench);
    send_stop(bench);
    remove_log(bench, "1");
    answers(bench, "RESULT", "");
    remove_log(bench, "2");
    answers(bench, "FAULT", "unknown");
    remove_log(bench, "3");
    answers(bench, "FAULT", "stopped");
    assert_int_equal(bench->started, 2);
}

static void
any_other_op_that_ran_out_of_time_is_unknown(void **state)
{
    bench_t *bench = *state;
    rotate_log(bench, "1");
    finish(bench, FAULT_TIMEOUT);
    answers(bench, "FAULT", "unknown");
    rotate_log(bench, "1"); /* as the journal has it */
    answers(bench, "FAULT", "unknown");
    remove_log(bench, "2");
    finish(bench, FAULT_TIMEOUT);
    answers(bench, "FAULT", "timeout");
    assert_int_equal(bench->started, 2);
}

static void
any_other_op_that_died_without_a_word_is_unknown(void **state)
{
    bench_t *bench = *state;
    rotate_log(bench, "1");
    finish(bench, FAULT_UNKNOWN);
    answers(bench, "FAULT", "unknown");
    remove_log(bench, "2");
    finish(bench, FAULT_UNKNOWN);
    answers(bench, "FAULT", "failed");
    assert_int_equal(bench->started, 2);
}

/* ---- fixes that are looked for ----------------------------------------------------------- */

#define BEGUN INT64_C(1000000)

/* Who looks sees the service run since then; 0 where it does not run. */
static void
see_web(bench_t *bench, int64_t since_ms)
{
    fault_t fault = {0}, why = {0};
    CLEANUP(value_destroy) value_t *seen = value_map();
    value_set_text(seen, "service", "web");
    value_set_bool(seen, "running", since_ms);
    value_set_integer(seen, "pid", since_ms ? 7 : 0);
    value_set_integer(seen, "since", since_ms);
    frames_destroy(&bench->answer);
    if (effector_ended(bench->effector, bench->flight, seen, &why, &bench->answer, &fault))
        fail_msg("%s", fault.text);
}

static void
crash_amid_restart(bench_t *bench)
{
    bench->begun.ms = BEGUN;
    restart_web(bench, "1");
    open_effector(bench);
    send_warrant(bench);
    restart_web(bench, "1");
    assert_null(bench->answer);
    assert_int_equal(bench->looked, 1);
    assert_int_equal(bench->ended_last, 1);
    assert_int_equal(bench->started, 1);
}

/* As the one who acted would have told it, and the journal has it from then on. */
static void
is_told_as_probed(bench_t *bench)
{
    for (int again = 0; again < 2; again++) {
        answers(bench, "RESULT", "");
        CLEANUP(value_destroy) value_t *told = value_decode(frames_at(bench->answer, 2), NULL);
        assert_true(value_get_bool(told, "probed"));
        assert_true(value_get_bool(told, "running"));
        assert_int_equal(value_get_integer(told, "pid"), 7);
        assert_null(value_get(told, "since"));
        assert_int_equal(shape_check(op_find("service.restart")->result, told, NULL), 0);
        restart_web(bench, "1");
    }
    assert_int_equal(bench->looked, 1);
}

static void
a_fix_that_is_found_to_have_happened_gives_its_result_as_probed(void **state)
{
    bench_t *bench = *state;
    crash_amid_restart(bench);
    see_web(bench, BEGUN + 1000);
    is_told_as_probed(bench);
    assert_int_equal(bench->started, 1);
}

static void
a_fix_that_is_found_not_to_have_happened_is_begun_again_under_its_key(void **state)
{
    bench_t *bench = *state;
    const int64_t before[] = {BEGUN - 1000, 0};
    for (size_t i = 0; i < ARRAY_SIZE(before); i++) {
        bench->looked = bench->ended_last = bench->started = 0;
        char index[2] = {(char)('1' + i), '\0'};
        bench->begun.ms = BEGUN;
        restart_web(bench, index);
        open_effector(bench);
        send_warrant(bench);
        restart_web(bench, index);
        see_web(bench, before[i]);
        assert_null(bench->answer);
        assert_int_equal(bench->started, 2);
        assert_true(bench->began);
        finish(bench, FAULT_NONE);
        answers(bench, "RESULT", "");
    }
}

static void
a_fix_of_which_looking_cannot_tell_is_unknown(void **state)
{
    bench_t *bench = *state;
    crash_amid_restart(bench);
    see_web(bench, BEGUN);
    answers(bench, "FAULT", "unknown");
    restart_web(bench, "1");
    answers(bench, "FAULT", "unknown");
    assert_int_equal(bench->started, 1);
}

static void
a_fix_is_unknown_where_nobody_can_look_or_knows_when_it_began(void **state)
{
    bench_t *bench = *state;
    crash_amid_restart(bench);
    finish(bench, FAULT_TIMEOUT);
    answers(bench, "FAULT", "unknown");
    bench->begun.ms = 0;
    restart_web(bench, "2");
    finish(bench, FAULT_UNKNOWN);
    see_web(bench, BEGUN + 1000);
    answers(bench, "FAULT", "unknown");
    restart_web(bench, "3");
    bench->refuses_start = true;
    finish(bench, FAULT_TIMEOUT);
    answers(bench, "FAULT", "unknown");
    assert_int_equal(bench->started, 3);
}

static void
what_looks_is_cut_off_itself_and_looked_for_again(void **state)
{
    bench_t *bench = *state;
    crash_amid_restart(bench);
    open_effector(bench);
    send_warrant(bench);
    restart_web(bench, "1");
    assert_int_equal(bench->looked, 2);
    see_web(bench, BEGUN + 1000);
    answers(bench, "RESULT", "");
    assert_int_equal(bench->started, 1);
}

/* It is known not to have happened: no word of the stop is needed to say so. */
static void
a_fix_that_did_not_happen_is_not_begun_again_under_a_stop(void **state)
{
    bench_t *bench = *state;
    crash_amid_restart(bench);
    send_stop(bench);
    see_web(bench, BEGUN - 1000);
    answers(bench, "FAULT", "stopped");
    restart_web(bench, "1"); /* as the journal has it */
    answers(bench, "FAULT", "stopped");
    assert_int_equal(bench->started, 1);
}

static void
a_fix_that_ran_out_of_time_or_died_is_looked_for_at_once(void **state)
{
    static const struct {
        fault_code_t cut;
        int64_t since;
        const char *word, *code;
    } cases[] = {
        {FAULT_TIMEOUT, BEGUN + 1000, "RESULT", ""},
        {FAULT_UNKNOWN, BEGUN + 1000, "RESULT", ""},
        {FAULT_TIMEOUT, BEGUN - 1000, "FAULT", "timeout"},
        {FAULT_UNKNOWN, BEGUN - 1000, "FAULT", "failed"},
        {FAULT_TIMEOUT, BEGUN, "FAULT", "unknown"},
    };
    bench_t *bench = *state;
    bench->begun.ms = BEGUN;
    for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
        char index[2] = {(char)('1' + i), '\0'};
        restart_web(bench, index);
        finish(bench, cases[i].cut);
        assert_null(bench->answer);
        see_web(bench, cases[i].since);
        answers(bench, cases[i].word, cases[i].code);
        restart_web(bench, index);
        answers(bench, cases[i].word, cases[i].code);
        assert_int_equal(bench->started, i + 1);
        assert_int_equal(bench->looked, i + 1);
    }
}

static void
what_looks_is_believed_only_as_far_as_the_op_table_goes(void **state)
{
    bench_t *bench = *state;
    fault_t fault = {0}, why = {0};
    CLEANUP(value_destroy) value_t *seen = value_map();
    crash_amid_restart(bench);
    value_set_bool(seen, "running", true);
    value_set_integer(seen, "since", BEGUN + 1000);
    value_set_text(seen, "service", "web");
    value_set_text(seen, "pid", "seven");
    assert_int_equal(
        effector_ended(bench->effector, bench->flight, seen, &why, &bench->answer, &fault), 0);
    answers(bench, "FAULT", "unknown");
}

static void
a_last_try_that_cannot_be_ended_is_unknown(void **state)
{
    bench_t *bench = *state;
    remove_log(bench, "1");
    open_effector(bench);
    send_warrant(bench);
    bench->lives_on = true;
    remove_log(bench, "1");
    answers(bench, "FAULT", "unknown");
    assert_int_equal(bench->started, 1);
}

static void
a_journal_behind_the_judges_record_is_unknown__eff_journal_truncated(void **state)
{
    bench_t *bench = *state;
    hash_t head = hash_of(slice_text("a record that is gone"));
    send_op_at(bench, "1", "clean", "file.remove", "path", "/var/log/a.log.1", &head);
    answers(bench, "FAULT", "unknown");
    assert_int_equal(bench->started, 0);
    remove_log(bench, "1");
    finish(bench, FAULT_NONE);
    send_op_at(bench, "2", "clean", "file.remove", "path", "/var/log/a.log.1", &HASH_ZERO);
    assert_null(bench->answer); /* an older head is reached too */
}

static void
a_judge_that_does_not_speak_the_protocol_ends_it(void **state)
{
    bench_t *bench = *state;
    fault_t fault = {0};
    CLEANUP(frames_destroy) frames_t *message = message_of("OP", "o1");
    frames_t *answer = NULL;
    assert_int_equal(effector_receive(bench->effector, message, &answer, &fault), -1);
    assert_int_equal(fault.code, FAULT_FORMAT);
    assert_null(answer);
}

static void
an_op_whose_step_is_out_of_time_is_cut_and_no_other(void **state)
{
    bench_t *bench = *state;
    remove_log(bench, "0");
    send(bench, message_of("END", "o2"));
    assert_int_equal(bench->cut, 0);
    send(bench, message_of("END", "o1"));
    assert_int_equal(bench->cut, 1);
    assert_null(bench->answer);
    finish(bench, FAULT_TIMEOUT);
    answers(bench, "FAULT", "timeout");
    send(bench, message_of("END", "o1"));
    assert_int_equal(bench->cut, 1);
}

static void
a_clock_that_goes_back_over_a_restart_takes_no_window_back(void **state)
{
    bench_t *bench = *state;
    send_documents(bench);
    bench->now = site_after(bench->now, -60); /* a minute before not-before */
    send_warrant(bench);
    answers(bench, "REFUSED", "window");
    bench->now = site_after(bench->now, 60);
    send_warrant(bench);
    answers(bench, "GRANTED", "");
    open_effector(bench);
    bench->now = site_after(bench->now, -60);
    send_warrant(bench);
    answers(bench, "GRANTED", "");
    remove_log(bench, "0");
    assert_int_equal(bench->started, 1);
    finish(bench, FAULT_NONE);
    open_effector(bench);
    send_warrant(bench);
    answers(bench, "GRANTED", "");
    remove_log(bench, "1");
    assert_int_equal(bench->started, 2);
    order_t *later = new_order(bench);
    later->not_before = site_after(later->not_before, 30);
    seal_order(bench, later, "pat");
    send_warrant(bench);
    answers(bench, "REFUSED", "window");
}

/* A stop of the bench's run, and what lies of it in the folder. */
static void
stop_run_until(bench_t *bench, wall_t until, char path[static 192])
{
    char run[HASH_TEXT], text[HASH_TEXT];
    stop_t *stop = site_stop(bench->site, HALT_RUN, hash_write(&bench->run, run));
    stop->until = until;
    CLEANUP(sealed_done) sealed_t sealed = site_seal_stop(bench->site, stop, "olaf");
    hash_t hash = hash_of(bytes_slice(sealed.document));
    send_document(bench, &sealed);
    answers(bench, "KEPT", "");
    snprintf(path, 192, "%s/stop.%s", bench->kept, hash_write(&hash, text));
}

static void
a_stop_is_forgotten_once_the_journal_stands_against_its_run(void **state)
{
    bench_t *bench = *state;
    char path[192];
    wall_t began = bench->now, end = {began.ms + (3600 + 72 * 3600) * INT64_C(1000)};
    stop_run_until(bench, end, path);
    remove_log(bench, "0");
    answers(bench, "FAULT", "stopped");
    bench->now = end;
    send_document(bench, &bench->site->north);
    assert_int_equal(trust_halt_count(bench->trust), 1);
    bench->now = site_after(end, 1);
    send_document(bench, &bench->site->north);
    assert_int_equal(trust_halt_count(bench->trust), 0);
    assert_int_equal(access(path, F_OK), -1);
    bench->now = began; /* a clock that goes back brings the run no second chance */
    remove_log(bench, "0");
    answers(bench, "FAULT", "expired");
    open_effector(bench);
    send_warrant(bench);
    remove_log(bench, "0");
    answers(bench, "FAULT", "expired");
    assert_int_equal(bench->started, 0);
}

static void
what_the_policy_allows_is_told_to_the_judge(void **state)
{
    bench_t *bench = *state;
    fault_t fault = {0};
    allowance_t told;
    send(bench, message_of("ALLOWANCE", "a1"));
    answers(bench, "ALLOWANCE", "");
    assert_int_equal(allowance_decode(&told, frames_at(bench->answer, 2), &fault), 0);
    assert_string_equal(told.worker, "w1");
    assert_int_equal(told.highest, policy_highest(bench->policy, bench->now));
    assert_true(allowance_has(&told, "disk.usage"));
}

#define TEST(name)    cmocka_unit_test_setup_teardown(name, set_up, tear_down)
#define TEST_OP(name) cmocka_unit_test_setup_teardown(name, set_up_warrant, tear_down)

int
main(void)
{
    const struct CMUnitTest tests[] = {
        TEST_OP(a_known_key_with_another_op_or_argument_is_unknown),
        TEST_OP(an_op_that_ended_gives_its_result_again),
        TEST_OP(an_idempotent_op_that_was_cut_off_runs_again__crash_between_begin_and_exec),
        TEST_OP(any_other_op_that_was_cut_off_is_unknown__crash_between_exec_and_end),
        TEST_OP(a_stop_takes_nothing_back_of_what_was_begun__crash_and_stop),
        TEST_OP(an_op_whose_step_is_out_of_time_is_cut_and_no_other),
        TEST(a_clock_that_goes_back_over_a_restart_takes_no_window_back),
        TEST_OP(a_stop_is_forgotten_once_the_journal_stands_against_its_run),
        TEST_OP(any_other_op_that_ran_out_of_time_is_unknown),
        TEST_OP(any_other_op_that_died_without_a_word_is_unknown),
        TEST_OP(a_fix_that_is_found_to_have_happened_gives_its_result_as_probed),
        TEST_OP(a_fix_that_is_found_not_to_have_happened_is_begun_again_under_its_key),
        TEST_OP(a_fix_of_which_looking_cannot_tell_is_unknown),
        TEST_OP(a_fix_is_unknown_where_nobody_can_look_or_knows_when_it_began),
        TEST_OP(what_looks_is_cut_off_itself_and_looked_for_again),
        TEST_OP(a_fix_that_did_not_happen_is_not_begun_again_under_a_stop),
        TEST_OP(a_fix_that_ran_out_of_time_or_died_is_looked_for_at_once),
        TEST_OP(what_looks_is_believed_only_as_far_as_the_op_table_goes),
        TEST_OP(a_last_try_that_cannot_be_ended_is_unknown),
        TEST_OP(a_journal_behind_the_judges_record_is_unknown__eff_journal_truncated),
        TEST(what_the_policy_allows_is_told_to_the_judge),
        TEST_OP(a_judge_that_does_not_speak_the_protocol_ends_it),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
