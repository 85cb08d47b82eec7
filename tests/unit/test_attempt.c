/* SPDX-License-Identifier: Apache-2.0 */
/* One attempt of one step: its ops, its runner, what a restart finds of it. */
#include "common/log.h"
#include "tests/unit/judge_fixture.h"
#include "worker/foresight.h"

/* ---- ops --------------------------------------------------------------------------------- */

static void
an_op_that_fails_is_the_scripts_to_answer(void **state)
{
    bench_t *bench = *state;
    begin(bench);
    by_runner(bench, op("disk.usage", "/var"));
    hears(bench, TO_EFFECTOR, "OP");
    by_effector(bench, op_fault(bench, "policy"));
    const frames_t *fault = hears(bench, TO_RUNNER, "FAULT");
    assert_string_equal(frames_text(fault, 1), "policy");
    by_runner(bench, message("DONE", "failed", "n", "policy", "it did not work", NULL));
    CLEANUP(receipt_destroy) receipt_t *receipt = hears_receipt(bench);
    assert_string_equal(receipt->ops[0].code, "policy");
    assert_string_equal(receipt->code, "policy");
}

static void
what_the_effector_does_not_know_ends_the_part_as_unknown(void **state)
{
    bench_t *bench = *state;
    begin_clean(bench);
    by_runner(bench, op("file.remove", "/var/log/a.1"));
    hears(bench, TO_EFFECTOR, "OP");
    by_effector(bench, op_fault(bench, "unknown"));
    hears(bench, TO_SPAWNER, "KILL");
    hears_end(bench, OUTCOME_UNKNOWN, "unknown");
    hears_nothing(bench);
}

static void
an_op_that_is_in_no_table_fails_the_step(void **state)
{
    bench_t *bench = *state;
    begin(bench);
    by_runner(bench, op("shell.run", "/var"));
    hears(bench, TO_SPAWNER, "KILL");
    hears_end(bench, OUTCOME_FAILED, "op");
}

static void
more_ops_than_a_receipt_holds_fail_the_step(void **state)
{
    bench_t *bench = *state;
    begin(bench);
    for (int i = 0; i < RECEIPT_OPS_MAX; i++) {
        use(bench, "disk.usage", i, HEAD_1);
        while (bench->count)
            frames_destroy(&bench->letters[--bench->count].frames);
        bench->heard = 0;
    }
    by_runner(bench, op("disk.usage", "/var"));
    hears(bench, TO_SPAWNER, "KILL");
    CLEANUP(receipt_destroy) receipt_t *receipt = hears_receipt(bench);
    assert_string_equal(receipt->code, "limit");
    assert_int_equal(receipt->op_count, RECEIPT_OPS_MAX);
}

static void
an_effector_that_says_what_it_was_not_asked_ends_the_judge(void **state)
{
    bench_t *bench = *state;
    fault_t fault = {0};
    begin(bench);
    CLEANUP(frames_destroy) frames_t *answer = result(bench, 1, HEAD_1);
    assert_int_equal(judge_on_effector(bench->judge, answer, bench->now, bench->clock, &fault), -1);
    assert_int_equal(fault.code, FAULT_FORMAT);
    CLEANUP(frames_destroy) frames_t *word = message("HELP", NULL);
    assert_int_equal(judge_on_effector(bench->judge, word, bench->now, bench->clock, &fault), -1);
    CLEANUP(frames_destroy) frames_t *again = granted(bench, HEAD_1);
    assert_int_equal(judge_on_effector(bench->judge, again, bench->now, bench->clock, &fault), -1);
    by_runner(bench, op("disk.usage", "/var"));
    CLEANUP(frames_destroy) frames_t *code = op_fault(bench, "because");
    assert_int_equal(judge_on_effector(bench->judge, code, bench->now, bench->clock, &fault), -1);
    assert_non_null(strstr(fault.text, "'because'"));
}

/* ---- runners ----------------------------------------------------------------------------- */

static void
a_step_that_takes_too_long_fails(void **state)
{
    bench_t *bench = *state;
    begin(bench);
    assert_int_equal(judge_deadline(bench->judge).ms, bench->clock.ms + 30000);
    tick(bench, 29);
    hears_nothing(bench);
    tick(bench, 1);
    hears(bench, TO_SPAWNER, "KILL");
    by_runner(bench, done("ok", 1)); /* too late */
    hears_nothing(bench);
    runner_ends(bench, SIGKILL);
    hears_end(bench, OUTCOME_FAILED, "timeout");
    assert_int_equal(judge_deadline(bench->judge).ms, 0);
}

static void
a_timeout_waits_for_the_op_in_flight(void **state)
{
    bench_t *bench = *state;
    begin_clean(bench);
    by_runner(bench, op("file.remove", "/var/log/a.1"));
    hears(bench, TO_EFFECTOR, "OP");
    tick(bench, 60);
    hears(bench, TO_SPAWNER, "KILL");
    assert_string_equal(frames_text(hears(bench, TO_EFFECTOR, "END"), 1), bench->asked);
    runner_ends(bench, SIGKILL);
    tick(bench, 60);
    hears_nothing(bench);
    by_effector(bench, result(bench, 1, HEAD_2));
    CLEANUP(receipt_destroy) receipt_t *receipt = hears_receipt(bench);
    assert_int_equal(receipt->part, OUTCOME_FAILED);
    assert_string_equal(receipt->code, "timeout");
    assert_string_equal(receipt->ops[0].code, "ok");
}

/* A fix is in flight when its step's time is over, and the effector says this of it. */
static void
runs_out_of_time(bench_t *bench, const char *said, outcome_t outcome)
{
    begin_clean(bench);
    by_runner(bench, op("file.remove", "/var/log/a.1"));
    hears(bench, TO_EFFECTOR, "OP");
    tick(bench, 60);
    hears(bench, TO_SPAWNER, "KILL");
    hears(bench, TO_EFFECTOR, "END");
    runner_ends(bench, SIGKILL);
    by_effector(bench, op_fault(bench, said));
    CLEANUP(receipt_destroy) receipt_t *receipt = hears_receipt(bench);
    assert_int_equal(receipt->part, outcome);
    assert_string_equal(receipt->ops[0].code, said);
}

static void
an_op_that_was_ended_with_its_steps_time_fails_the_step(void **state)
{
    runs_out_of_time(*state, "timeout", OUTCOME_FAILED);
}

static void
one_of_which_nobody_knows_whether_it_happened_is_unknown(void **state)
{
    runs_out_of_time(*state, "unknown", OUTCOME_UNKNOWN);
}

static void
an_op_whose_runner_died_does_not_outlive_its_steps_time(void **state)
{
    bench_t *bench = *state;
    begin_clean(bench);
    by_runner(bench, op("file.remove", "/var/log/a.1"));
    hears(bench, TO_EFFECTOR, "OP");
    runner_ends(bench, SIGSYS);
    tick(bench, 59);
    hears_nothing(bench);
    tick(bench, 1);
    hears(bench, TO_EFFECTOR, "END");
    by_effector(bench, op_fault(bench, "timeout"));
    hears_end(bench, OUTCOME_FAILED, "denied");
}

static void
a_runner_that_dies_fails_its_step(void **state)
{
    static const struct {
        int status;
        const char *code;
    } ends[] = {{SIGSYS, "denied"}, {SIGKILL, "limit"}, {SIGXCPU, "limit"}, {1 << 8, "limit"}};
    bench_t *bench = *state;
    begin(bench);
    for (size_t i = 0; i < ARRAY_SIZE(ends); i++) {
        runner_ends(bench, ends[i].status);
        hears_end(bench, OUTCOME_FAILED, ends[i].code);
        hears_nothing(bench);
        give_another_order(bench, (unsigned)i);
        by_link(bench, offer(bench));
        hears_warrant(bench);
        by_effector(bench, granted(bench, HEAD_1));
        hears(bench, TO_LINK, "ACCEPT");
        hears_run(bench);
    }
}

static void
a_runner_that_dies_while_an_op_is_in_flight_fails_behind_it(void **state)
{
    bench_t *bench = *state;
    begin_clean(bench);
    by_runner(bench, op("file.remove", "/var/log/a.1"));
    hears(bench, TO_EFFECTOR, "OP");
    runner_ends(bench, SIGSYS);
    hears_nothing(bench);
    by_effector(bench, result(bench, 1, HEAD_2));
    CLEANUP(receipt_destroy) receipt_t *receipt = hears_receipt(bench);
    assert_string_equal(receipt->code, "denied");
    assert_string_equal(receipt->ops[0].code, "ok");
}

static void
a_runner_that_speaks_out_of_turn_is_ended(void **state)
{
    bench_t *bench = *state;
    begin(bench);
    by_runner(bench, op("disk.usage", "/var"));
    hears(bench, TO_EFFECTOR, "OP");
    by_runner(bench, op("disk.usage", "/srv"));
    hears(bench, TO_SPAWNER, "KILL");
    by_effector(bench, result(bench, 1, HEAD_1));
    hears(bench, TO_SPAWNER, "KILL");
    hears_end(bench, OUTCOME_FAILED, "format");
}

static void
a_runner_that_speaks_another_language_is_ended(void **state)
{
    bench_t *bench = *state;
    begin(bench);
    by_runner(bench, message("OP", "disk.usage", NULL));
    hears(bench, TO_SPAWNER, "KILL");
    hears_end(bench, OUTCOME_FAILED, "format");
    assert_false(judge_wants_runner(bench->judge, bench->runner));
    by_runner(bench, done("ok", 1)); /* nobody's runner any more */
    hears_nothing(bench);
    runner_ends(bench, SIGKILL);
    hears(bench, TO_SPAWNER, "RUN"); /* the next stands ready */
    hears_nothing(bench);
}

static void
a_runner_that_ends_ahead_of_need_is_asked_for_with_the_next_offer(void **state)
{
    bench_t *bench = *state;
    begin(bench);
    by_runner(bench, message("OP", "disk.usage", NULL));
    hears(bench, TO_SPAWNER, "KILL");
    hears_end(bench, OUTCOME_FAILED, "format");
    runner_ends(bench, SIGKILL);
    hears_run(bench);
    runner_ends(bench, SIGKILL);
    hears_nothing(bench);
}

/* ---- restarts ---------------------------------------------------------------------------- */

/* Step clean has looked, and asked for a fix that nobody answered. */
static void
crash_in_a_fix(bench_t *bench)
{
    begin_clean(bench);
    use(bench, "disk.usage", 91, HEAD_1);
    by_runner(bench, op("file.remove", "/var/log/a.1"));
    hears(bench, TO_EFFECTOR, "OP");
}

static void
crash_after_intent(void **state)
{
    bench_t *bench = *state;
    crash_in_a_fix(bench);
    const frames_t *task = restart_and_go_on(bench);
    assert_string_equal(frames_text(task, 3), "clean");
    by_runner(bench, op("disk.usage", "/var")); /* answered from the record */
    assert_string_equal(frames_text(hears(bench, TO_RUNNER, "RESULT"), 1), "i91;");
    by_runner(bench, op("file.remove", "/var/log/a.1"));
    const frames_t *again = hears(bench, TO_EFFECTOR, "OP");
    assert_string_equal(frames_text(again, 3), "clean");
    assert_string_equal(frames_text(again, 6), "1");
    assert_string_equal(frames_text(again, 9), HEAD_1); /* the journal as the intent saw it */
    by_effector(bench, result(bench, 1, HEAD_2));
    hears(bench, TO_RUNNER, "RESULT");
    by_runner(bench, done("ok", 1));
    CLEANUP(receipt_destroy) receipt_t *receipt = hears_receipt(bench);
    assert_int_equal(receipt->part, OUTCOME_OK);
    assert_int_equal(receipt->op_count, 2);
}

static void
lua_nondeterministic_replay(void **state)
{
    bench_t *bench = *state;
    crash_in_a_fix(bench);
    restart_and_go_on(bench);
    by_runner(bench, op("disk.usage", "/srv")); /* other arguments than before */
    hears(bench, TO_SPAWNER, "KILL");
    hears_end(bench, OUTCOME_UNKNOWN, "unknown");
}

static void
a_script_that_forgets_its_fix_after_a_restart_ends_unknown(void **state)
{
    bench_t *bench = *state;
    crash_in_a_fix(bench);
    restart_and_go_on(bench);
    by_runner(bench, op("disk.usage", "/var"));
    hears(bench, TO_RUNNER, "RESULT");
    by_runner(bench, done("ok", 1));
    hears_end(bench, OUTCOME_UNKNOWN, "unknown");
}

static void
a_fix_that_nobody_answered_is_unknown_whatever_else_goes_wrong(void **state)
{
    bench_t *bench = *state;
    crash_in_a_fix(bench);
    restart_and_go_on(bench);
    runner_ends(bench, SIGSYS);
    hears_end(bench, OUTCOME_UNKNOWN, "denied");
}

static void
crash_after_done_before_send(void **state)
{
    bench_t *bench = *state;
    fault_t fault = {0};
    begin(bench);
    CLEANUP(frames_destroy) frames_t *last = message("DONE", "failed", "n", "failed", "no", NULL);
    assert_int_equal(
        judge_on_runner(bench->judge, bench->runner, last, bench->now, bench->clock, &fault), 0);
    assert_int_equal(ledger_commit(bench->ledger, &fault), 0); /* and no send */
    restart(bench);
    hears_nothing(bench);
    meet(bench);
    hears_end(bench, OUTCOME_FAILED, "failed");
}

static void
an_uncommitted_end_of_a_step_is_walked_again(void **state)
{
    bench_t *bench = *state;
    fault_t fault = {0};
    begin(bench);
    CLEANUP(frames_destroy) frames_t *last = message("DONE", "failed", "n", "failed", "no", NULL);
    assert_int_equal(
        judge_on_runner(bench->judge, bench->runner, last, bench->now, bench->clock, &fault), 0);
    restart_and_go_on(bench);
    by_runner(bench, message("DONE", "failed", "n", "failed", "no", NULL));
    hears_end(bench, OUTCOME_FAILED, "failed");
}

static void
the_effectors_no_after_a_restart_ends_the_part(void **state)
{
    bench_t *bench = *state;
    begin(bench);
    restart(bench);
    hears_warrant(bench);
    by_effector(bench, refused(bench, "policy"));
    hears_end(bench, OUTCOME_REFUSED, "policy");
    restart(bench);
    hears_nothing(bench);
}

static void
the_effectors_no_behind_an_intent_is_unknown(void **state)
{
    bench_t *bench = *state;
    crash_in_a_fix(bench);
    restart(bench);
    hears_warrant(bench);
    by_effector(bench, refused(bench, "policy"));
    hears_end(bench, OUTCOME_UNKNOWN, "policy");
}

/* What was done is not called refused. */
static void
the_effectors_no_behind_what_was_done_is_failed(void **state)
{
    bench_t *bench = *state;
    fault_t fault = {0};
    crash_in_a_fix(bench);
    by_effector(bench, result(bench, 1, HEAD_2));
    assert_int_equal(ledger_commit(bench->ledger, &fault), 0);
    restart(bench);
    hears_warrant(bench);
    by_effector(bench, refused(bench, "policy"));
    hears_end(bench, OUTCOME_FAILED, "policy");
}

/* People 2: without pat, who signed the order. */
static void
revoke_pat(bench_t *bench)
{
    people_t *people = site_people(bench->site);
    size_t kept = 0;
    for (size_t i = 0; i < people->key_count; i++)
        if (strcmp(people->keys[i].person, "pat") != 0)
            people->keys[kept++] = people->keys[i];
    people->key_count = kept;
    people->curve_count = 0;
    people->version = 2;
    CLEANUP(sealed_done) sealed_t sealed = site_seal_people(bench->site, people, "hana,hugo");
    bring_document(bench, &sealed);
}

static void
ord_revoked_midrun(void **state)
{
    bench_t *bench = *state;
    begin(bench);
    revoke_pat(bench);
    restart(bench);
    hears_end(bench, OUTCOME_REFUSED, "key");
    hears_nothing(bench);
    order_t *order = site_order(bench->site, &bench->release_hash);
    text_copy(order->reason, sizeof order->reason, "the worker goes on working");
    give_order(bench, order, "pia");
    by_link(bench, offer(bench));
    hears_warrant(bench);
}

static void
an_order_revoked_in_the_middle_of_a_fix_is_unknown(void **state)
{
    bench_t *bench = *state;
    crash_in_a_fix(bench);
    revoke_pat(bench);
    restart(bench);
    hears_end(bench, OUTCOME_UNKNOWN, "key");
}

static void
a_run_that_was_accepted_goes_on_after_its_window(void **state)
{
    bench_t *bench = *state;
    begin(bench);
    bench->now = site_after(bench->now, 2 * 3600);
    restart_and_go_on(bench);
}

static void
a_run_that_was_accepted_goes_on_before_its_window(void **state)
{
    bench_t *bench = *state;
    begin(bench);
    bench->now = site_after(bench->now, -60);
    restart_and_go_on(bench);
}

/* ---- dry runs ---------------------------------------------------------------------------- */

/* Under a dry order; step clean's runner has asked for a fix. */
static void
ask_dry(bench_t *bench)
{
    order_t *order = site_order(bench->site, &bench->release_hash);
    order->dry = true;
    give_order(bench, order, "pat");
    begin_clean(bench);
    by_runner(bench, op("file.remove", "/var/log/a.1"));
    hears(bench, TO_EFFECTOR, "OP");
}

/* The effector tells what the fix would give, and the runner hears it. */
static void
foretell(bench_t *bench)
{
    CLEANUP(value_destroy) value_t *value = foresight_new();
    foresight_goes(value, "/var/log/a.1: %d bytes", 7);
    foresight_give(value, value_integer(7));
    frames_t *would = message("WOULD", bench->asked, NULL);
    add_value(would, value);
    frames_add_text(would, HEAD_1);
    by_effector(bench, would);
    hears(bench, TO_RUNNER, "WOULD");
}

static void
what_a_fix_would_give_is_the_scripts_to_go_on_with(void **state)
{
    bench_t *bench = *state;
    ask_dry(bench);
    foretell(bench);
    by_runner(bench, done("ok", 91));
    CLEANUP(receipt_destroy) receipt_t *receipt = hears_receipt(bench);
    assert_int_equal(receipt->part, OUTCOME_OK);
    assert_string_equal(receipt->ops[0].code, "dry");
    assert_false(hash_equal(&receipt->ops[0].result, &HASH_ZERO));
    assert_string_equal(receipt->reason, "predicted");
    assert_non_null(strstr(bytes_text(bench->output), "clean: WOULD file.remove {path: "));
    assert_non_null(strstr(bytes_text(bench->output), "clean: - /var/log/a.1: 7 bytes\n"));
}

static void
a_fix_of_which_nobody_can_tell_ends_its_step_as_skipped(void **state)
{
    bench_t *bench = *state;
    ask_dry(bench);
    by_effector(bench, message("WOULD", bench->asked, "", HEAD_1, NULL));
    hears(bench, TO_SPAWNER, "KILL");
    CLEANUP(receipt_destroy) receipt_t *receipt = hears_receipt(bench);
    assert_int_equal(receipt->outcome, OUTCOME_SKIPPED);
    assert_int_equal(receipt->part, OUTCOME_OK);
    assert_string_equal(receipt->ops[0].code, "dry");
    assert_true(hash_equal(&receipt->ops[0].result, &HASH_ZERO));
    assert_non_null(strstr(receipt->reason, "would call file.remove {path: \"/var/log/a.1\"}; "));
}

static void
a_dry_run_that_fails_undoes_nothing_and_says_that_it_is_foretold(void **state)
{
    bench_t *bench = *state;
    ask_dry(bench);
    by_effector(bench, op_fault(bench, "policy"));
    hears(bench, TO_RUNNER, "FAULT");
    by_runner(bench, op("file.remove", "/var/log/a.2"));
    hears(bench, TO_EFFECTOR, "OP");
    foretell(bench);
    by_runner(bench, message("DONE", "failed", "n", "failed", "still full", NULL));
    CLEANUP(receipt_destroy) receipt_t *receipt = hears_receipt(bench);
    assert_int_equal(receipt->part, OUTCOME_FAILED);
    assert_string_equal(receipt->reason, "predicted: still full");
    hears_nothing(bench);
}

#define THREE                                                                      \
    PLAYBOOK("disk-full", "step a run 60 -\nstep b run 60 when\nstep c run 60 -\n" \
                          "needs b a\nneeds c b\nuse a file.remove change\n")

/* Step a of three asked for a fix in a dry run; b needs a, c needs b. */
static void
ask_dry_of_three(bench_t *bench)
{
    give_playbook(bench, THREE);
    order_t *order = site_order(bench->site, &bench->release_hash);
    order->dry = true;
    give_order(bench, order, "pat");
    begin_run(bench);
    works_on(bench, "a");
    by_runner(bench, op("file.remove", "/var/log/a.1"));
    hears(bench, TO_EFFECTOR, "OP");
}

static void
behind_a_fix_of_which_nobody_can_tell_no_step_begins(void **state)
{
    bench_t *bench = *state;
    ask_dry_of_three(bench);
    by_effector(bench, message("WOULD", bench->asked, "", HEAD_1, NULL));
    hears(bench, TO_SPAWNER, "KILL");
    hears_step(bench, "a", PHASE_RUN, OUTCOME_SKIPPED, OUTCOME_OPEN);
    hears_step(bench, "b", PHASE_RUN, OUTCOME_SKIPPED, OUTCOME_OPEN);
    hears_step(bench, "c", PHASE_RUN, OUTCOME_SKIPPED, OUTCOME_OK);
}

static void
a_step_that_is_not_to_run_holds_up_none_of_a_dry_run(void **state)
{
    bench_t *bench = *state;
    ask_dry_of_three(bench);
    foretell(bench);
    says_done(bench, 1);
    hears_step(bench, "a", PHASE_RUN, OUTCOME_OK, OUTCOME_OPEN);
    works_on(bench, "b");
    by_runner(bench, message("DONE", "skipped", "n", "none", "", NULL));
    hears_step(bench, "b", PHASE_RUN, OUTCOME_SKIPPED, OUTCOME_OPEN);
    works_on(bench, "c");
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, bench_new, bench_destroy)

static const struct CMUnitTest tests[] = {
    TEST(an_op_that_fails_is_the_scripts_to_answer),
    TEST(what_the_effector_does_not_know_ends_the_part_as_unknown),
    TEST(an_op_that_is_in_no_table_fails_the_step),
    TEST(more_ops_than_a_receipt_holds_fail_the_step),
    TEST(an_effector_that_says_what_it_was_not_asked_ends_the_judge),
    TEST(a_step_that_takes_too_long_fails),
    TEST(a_timeout_waits_for_the_op_in_flight),
    TEST(an_op_that_was_ended_with_its_steps_time_fails_the_step),
    TEST(one_of_which_nobody_knows_whether_it_happened_is_unknown),
    TEST(an_op_whose_runner_died_does_not_outlive_its_steps_time),
    TEST(a_runner_that_dies_fails_its_step),
    TEST(a_runner_that_dies_while_an_op_is_in_flight_fails_behind_it),
    TEST(a_runner_that_speaks_out_of_turn_is_ended),
    TEST(a_runner_that_speaks_another_language_is_ended),
    TEST(a_runner_that_ends_ahead_of_need_is_asked_for_with_the_next_offer),
    TEST(crash_after_intent),
    TEST(lua_nondeterministic_replay),
    TEST(a_script_that_forgets_its_fix_after_a_restart_ends_unknown),
    TEST(a_fix_that_nobody_answered_is_unknown_whatever_else_goes_wrong),
    TEST(crash_after_done_before_send),
    TEST(an_uncommitted_end_of_a_step_is_walked_again),
    TEST(the_effectors_no_after_a_restart_ends_the_part),
    TEST(the_effectors_no_behind_an_intent_is_unknown),
    TEST(the_effectors_no_behind_what_was_done_is_failed),
    TEST(ord_revoked_midrun),
    TEST(an_order_revoked_in_the_middle_of_a_fix_is_unknown),
    TEST(a_run_that_was_accepted_goes_on_after_its_window),
    TEST(a_run_that_was_accepted_goes_on_before_its_window),
    TEST(what_a_fix_would_give_is_the_scripts_to_go_on_with),
    TEST(a_fix_of_which_nobody_can_tell_ends_its_step_as_skipped),
    TEST(behind_a_fix_of_which_nobody_can_tell_no_step_begins),
    TEST(a_step_that_is_not_to_run_holds_up_none_of_a_dry_run),
    TEST(a_dry_run_that_fails_undoes_nothing_and_says_that_it_is_foretold),
};

int
main(void)
{
    log_open("test_attempt", LEVEL_ERROR);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
