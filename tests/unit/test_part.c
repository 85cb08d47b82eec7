/* SPDX-License-Identifier: Apache-2.0 */
/* A part's walk: further attempts, undo, steps side by side, what it says as it goes. */
#include "common/log.h"
#include "tests/unit/judge_fixture.h"

#define CHAIN                                                                         \
    PLAYBOOK("disk-full", "step a run 60 undo\nstep b run 60 undo\nstep c run 60 -\n" \
                          "step z run 30 always\nneeds b a\nneeds c b\n"              \
                          "use a file.remove change\nuse b disk.usage observe\n"      \
                          "use c file.remove change\n")
#define RETRIED PLAYBOOK("disk-full", "step a run 60 -\nretry a 2 10\nuse a file.remove change\n")
#define WIDE                                                                    \
    PLAYBOOK("disk-full", "step a run 60 -\nstep b run 60 -\nstep c run 60 -\n" \
                          "needs c a\nneeds c b\nretry a 2 10\n"                \
                          "use a file.remove change\nuse b file.remove change\n")
#define BRANCH                                                                       \
    PLAYBOOK("disk-full", "step a run 60 -\nstep tell notify 60 -\nfailure tell a\n" \
                          "notify tell pager\nuse a file.remove change\n")

/* ---- undo -------------------------------------------------------------------------------- */

/* Steps a and b are done, and c fails. */
static void
fail_chain(bench_t *bench)
{
    give_playbook(bench, CHAIN);
    begin_run(bench);
    works_on(bench, "a");
    use(bench, "file.remove", 1, HEAD_2);
    says_done(bench, 11);
    hears_step(bench, "a", PHASE_RUN, OUTCOME_OK, OUTCOME_OPEN);
    works_on(bench, "b");
    says_done(bench, 22);
    hears_step(bench, "b", PHASE_RUN, OUTCOME_OK, OUTCOME_OPEN);
    works_on(bench, "c");
    says_done(bench, -1);
}

static void
what_was_done_is_undone_the_last_first_and_then_what_always_runs_does(void **state)
{
    bench_t *bench = *state;
    fail_chain(bench);
    hears_step(bench, "c", PHASE_RUN, OUTCOME_FAILED, OUTCOME_OPEN);
    CLEANUP(value_destroy) value_t *context = hears_task(bench, "undo", "b");
    assert_int_equal(value_get_integer(context, "output"), 22);
    says_done(bench, 0);
    hears_step(bench, "b", PHASE_UNDO, OUTCOME_OK, OUTCOME_OPEN);
    undoes(bench, "a");
    by_runner(bench, op("file.remove", "/var/log/a.1"));
    assert_string_equal(frames_text(hears(bench, TO_EFFECTOR, "OP"), 4), "undo");
    by_effector(bench, result(bench, 1, HEAD_2));
    hears(bench, TO_RUNNER, "RESULT");
    says_done(bench, 0);
    hears_step(bench, "a", PHASE_UNDO, OUTCOME_OK, OUTCOME_OPEN);
    works_on(bench, "z");
    says_done(bench, 0);
    hears_step(bench, "z", PHASE_RUN, OUTCOME_OK, OUTCOME_FAILED);
    hears_nothing(bench);
}

static void
nothing_is_undone_once_the_time_for_it_is_over(void **state)
{
    bench_t *bench = *state;
    fail_chain(bench);
    hears_step(bench, "c", PHASE_RUN, OUTCOME_FAILED, OUTCOME_OPEN);
    undoes(bench, "b");
    bench->now = site_after(bench->now, 3601);
    says_done(bench, 0);
    hears_step(bench, "b", PHASE_UNDO, OUTCOME_OK, OUTCOME_OPEN);
    works_on(bench, "z");
    says_done(bench, 0);
    hears_step(bench, "z", PHASE_RUN, OUTCOME_OK, OUTCOME_OPEN);
    CLEANUP(receipt_destroy) receipt_t *last = hears_receipt(bench);
    assert_string_equal(last->step, "-");
    assert_int_equal(last->part, OUTCOME_FAILED);
    assert_string_equal(last->code, "expired");
    hears_nothing(bench);
}

static void
a_restart_in_the_middle_of_undo_goes_on_with_it(void **state)
{
    bench_t *bench = *state;
    fail_chain(bench);
    hears_step(bench, "c", PHASE_RUN, OUTCOME_FAILED, OUTCOME_OPEN);
    undoes(bench, "b");
    says_done(bench, 0);
    hears_step(bench, "b", PHASE_UNDO, OUTCOME_OK, OUTCOME_OPEN);
    hears_run(bench);
    restart_run(bench);
    CLEANUP(value_destroy) value_t *context = hears_task(bench, "undo", "a");
    assert_int_equal(value_get_integer(context, "output"), 11);
    says_done(bench, -1);
    hears_step(bench, "a", PHASE_UNDO, OUTCOME_FAILED, OUTCOME_OPEN);
    works_on(bench, "z");
}

static void
a_restart_after_the_time_for_undoing_closes_the_part(void **state)
{
    bench_t *bench = *state;
    give_playbook(bench, PLAYBOOK("disk-full", "step a run 60 undo\nstep b run 60 -\nneeds b a\n"
                                               "use a file.remove change\n"));
    begin_run(bench);
    works_on(bench, "a");
    says_done(bench, 1);
    hears_step(bench, "a", PHASE_RUN, OUTCOME_OK, OUTCOME_OPEN);
    works_on(bench, "b");
    says_done(bench, -1);
    hears_step(bench, "b", PHASE_RUN, OUTCOME_FAILED, OUTCOME_OPEN);
    bench->spare = 0;
    hears_run(bench);
    bench->now = site_after(bench->now, 3601);
    restart(bench);
    hears_warrant(bench);
    by_effector(bench, granted(bench, HEAD_2));
    CLEANUP(receipt_destroy) receipt_t *last = hears_receipt(bench);
    assert_string_equal(last->step, "-");
    assert_int_equal(last->part, OUTCOME_FAILED);
    assert_string_equal(last->code, "expired");
    hears_nothing(bench);
}

/* ---- further attempts -------------------------------------------------------------------- */

static void
another_attempt_begins_after_its_pause(void **state)
{
    bench_t *bench = *state;
    give_playbook(bench, RETRIED);
    begin_run(bench);
    works_on(bench, "a");
    says_done(bench, -1);
    hears_step(bench, "a", PHASE_RUN, OUTCOME_FAILED, OUTCOME_OPEN);
    hears_nothing(bench);
    assert_int_equal(judge_deadline(bench->judge).ms, bench->clock.ms + 10000);
    tick(bench, 9);
    hears_nothing(bench);
    tick(bench, 1);
    CLEANUP(value_destroy) value_t *context = hears_task(bench, "step", "a");
    assert_int_equal(value_get_integer(context, "attempt"), 2);
    by_runner(bench, op("file.remove", "/var/log/a.1"));
    assert_string_equal(frames_text(hears(bench, TO_EFFECTOR, "OP"), 5), "2");
    by_effector(bench, result(bench, 1, HEAD_2));
    hears(bench, TO_RUNNER, "RESULT");
    says_done(bench, -1);
    hears_step(bench, "a", PHASE_RUN, OUTCOME_FAILED, OUTCOME_OPEN);
    tick(bench, 19);
    hears_nothing(bench);
    tick(bench, 1);
    works_on(bench, "a");
    says_done(bench, -1);
    hears_step(bench, "a", PHASE_RUN, OUTCOME_FAILED, OUTCOME_FAILED);
}

static void
a_pause_begins_anew_after_a_restart_whatever_the_clock_says(void **state)
{
    bench_t *bench = *state;
    give_playbook(bench, RETRIED);
    begin_run(bench);
    works_on(bench, "a");
    says_done(bench, -1);
    hears_step(bench, "a", PHASE_RUN, OUTCOME_FAILED, OUTCOME_OPEN);
    bench->now = site_after(bench->now, 3600);
    restart_run(bench);
    assert_int_equal(judge_deadline(bench->judge).ms, bench->clock.ms + 10000);
    tick(bench, 10);
    CLEANUP(value_destroy) value_t *context = hears_task(bench, "step", "a");
    assert_int_equal(value_get_integer(context, "attempt"), 2);
}

static void
a_clock_that_jumps_makes_no_pause_longer_or_shorter(void **state)
{
    static const int64_t jumps_s[] = {-600, 600};
    bench_t *bench = *state;
    give_playbook(bench, RETRIED);
    begin_run(bench);
    for (size_t i = 0; i < ARRAY_SIZE(jumps_s); i++) {
        works_on(bench, "a");
        says_done(bench, -1);
        hears_step(bench, "a", PHASE_RUN, OUTCOME_FAILED, OUTCOME_OPEN);
        bench->now = site_after(bench->now, jumps_s[i]);
        tick(bench, i ? 19 : 9);
        hears_nothing(bench);
        tick(bench, 1);
    }
    works_on(bench, "a");
}

/* ---- side by side ------------------------------------------------------------------------ */

static void
steps_that_need_nothing_of_each_other_run_side_by_side(void **state)
{
    bench_t *bench = *state;
    char first[24];
    give_playbook(bench, WIDE);
    begin_run(bench);
    works_on(bench, "a");
    uint64_t a = bench->runner;
    by_runner(bench, op("file.remove", "/var/log/a.1"));
    hears(bench, TO_EFFECTOR, "OP");
    text_copy(first, sizeof first, bench->asked);
    works_on(bench, "b");
    uint64_t b = bench->runner;
    assert_true(a != b);
    by_runner(bench, op("file.remove", "/var/log/b.1"));
    hears(bench, TO_EFFECTOR, "OP");
    assert_string_not_equal(first, bench->asked);
    by_effector(bench, result(bench, 2, HEAD_1));
    text_copy(bench->asked, sizeof bench->asked, first);
    assert_int_equal(bench->letters[bench->heard].runner, b);
    hears(bench, TO_RUNNER, "RESULT");
    says_done(bench, 2);
    hears_step(bench, "b", PHASE_RUN, OUTCOME_OK, OUTCOME_OPEN);
    by_effector(bench, result(bench, 1, HEAD_2));
    assert_int_equal(bench->letters[bench->heard].runner, a);
    hears(bench, TO_RUNNER, "RESULT");
    bench->runner = a;
    says_done(bench, 1);
    hears_step(bench, "a", PHASE_RUN, OUTCOME_OK, OUTCOME_OPEN);
    CLEANUP(value_destroy) value_t *context = hears_task(bench, "step", "c");
    assert_int_equal(value_get_integer(value_get(context, "here"), "b"), 2);
    says_done(bench, 3);
    hears_step(bench, "c", PHASE_RUN, OUTCOME_OK, OUTCOME_OK);
}

static void
a_failure_takes_the_pause_of_its_neighbour(void **state)
{
    bench_t *bench = *state;
    give_playbook(bench, WIDE);
    begin_run(bench);
    works_on(bench, "a");
    says_done(bench, -1);
    hears_step(bench, "a", PHASE_RUN, OUTCOME_FAILED, OUTCOME_OPEN);
    works_on(bench, "b");
    says_done(bench, -1);
    hears_step(bench, "b", PHASE_RUN, OUTCOME_FAILED, OUTCOME_FAILED);
    assert_int_equal(judge_deadline(bench->judge).ms, 0);
}

static void
more_steps_than_there_are_runners_wait_for_one(void **state)
{
    bench_t *bench = *state;
    give_playbook(bench, WIDE);
    begin_run(bench);
    works_on(bench, "a");
    hash_t first = bench->run;
    for (unsigned i = 1; i < PARTS_MAX; i++) {
        give_another_order(bench, i);
        by_link(bench, offer(bench));
        if (is_next(bench, TO_SPAWNER, "RUN"))
            hears(bench, TO_SPAWNER, "RUN");
        hears(bench, TO_EFFECTOR, "WARRANT");
        by_effector(bench, granted(bench, HEAD_1));
        hears(bench, TO_LINK, "ACCEPT");
    }
    size_t asked = 1;
    for (; is_next(bench, TO_SPAWNER, "RUN"); asked++)
        hears(bench, TO_SPAWNER, "RUN");
    assert_true(asked <= RUNNERS_MAX);
    hears_nothing(bench);
    runner_ends(bench, SIGKILL);
    CLEANUP(receipt_destroy) receipt_t *receipt = hears_receipt(bench);
    assert_true(hash_equal(&receipt->run, &first));
    assert_string_equal(receipt->code, "limit");
    hears(bench, TO_SPAWNER, "RUN");
    hears_nothing(bench);
}

/* ---- failures and notices ---------------------------------------------------------------- */

static void
a_step_that_stands_for_a_failure_runs_then_and_gives_a_text(void **state)
{
    bench_t *bench = *state;
    fault_t fault = {0};
    give_playbook(bench, BRANCH);
    begin_run(bench);
    works_on(bench, "a");
    says_done(bench, -1);
    hears_step(bench, "a", PHASE_RUN, OUTCOME_FAILED, OUTCOME_OPEN);
    works_on(bench, "tell");
    by_runner(bench, message("DONE", "ok", "s12:it is broken", "none", "", NULL));
    const frames_t *frames = hears(bench, TO_LINK, "RECEIPT");
    assert_string_equal(frames_text(frames, 3), "s12:it is broken");
    CLEANUP(receipt_destroy) receipt_t *receipt = receipt_decode(frames_at(frames, 1), &fault);
    assert_int_equal(receipt->outcome, OUTCOME_OK);
    assert_int_equal(receipt->part, OUTCOME_FAILED);
}

static void
a_notice_without_a_text_fails(void **state)
{
    bench_t *bench = *state;
    give_playbook(bench, BRANCH);
    begin_run(bench);
    works_on(bench, "a");
    says_done(bench, -1);
    hears_step(bench, "a", PHASE_RUN, OUTCOME_FAILED, OUTCOME_OPEN);
    works_on(bench, "tell");
    says_done(bench, 7);
    hears_end(bench, OUTCOME_FAILED, "script");
}

static void
what_a_step_needs_not_does_not_run(void **state)
{
    bench_t *bench = *state;
    give_playbook(bench, BRANCH);
    begin_run(bench);
    works_on(bench, "a");
    says_done(bench, 1);
    hears_step(bench, "a", PHASE_RUN, OUTCOME_OK, OUTCOME_OK);
    hears_nothing(bench);
}

/* ---- what it says ------------------------------------------------------------------------ */

static void
a_part_tells_what_it_does_line_by_line(void **state)
{
    bench_t *bench = *state;
    begin(bench);
    by_runner(bench, message("SAY", "looking at\x01 it", NULL));
    use(bench, "disk.usage", 91, HEAD_1);
    assert_string_equal(bytes_text(bench->output), ""); /* nothing was committed since */
    by_runner(bench, done("ok", 91));
    CLEANUP(receipt_destroy) receipt_t *receipt = hears_receipt(bench);
    assert_string_equal(bytes_text(bench->output),
                        "usage: begins\nusage: looking at? it\nusage: disk.usage ok\nusage: ok\n");
}

static void
a_restart_says_nothing_twice(void **state)
{
    bench_t *bench = *state;
    begin_clean(bench);
    by_runner(bench, message("SAY", "one", NULL));
    by_runner(bench, op("file.remove", "/var/log/a.1"));
    hears(bench, TO_EFFECTOR, "OP");
    restart_and_go_on(bench);
    by_runner(bench, message("SAY", "one", NULL));
    by_runner(bench, op("file.remove", "/var/log/a.1"));
    hears(bench, TO_EFFECTOR, "OP");
    by_effector(bench, result(bench, 1, HEAD_2));
    hears(bench, TO_RUNNER, "RESULT");
    says_done(bench, 1);
    assert_non_null(strstr(bytes_text(bench->output),
                           "clean: begins\nclean: one\nclean: file.remove ok\nclean: ok\n"));
}

static void
output_is_told_again_from_where_the_broker_has_it(void **state)
{
    bench_t *bench = *state;
    char run[HASH_TEXT];
    hash_write(&bench->run, run);
    begin_clean(bench);
    bytes_clear(bench->output);
    by_link(bench, message("MORE", run, "7", NULL));
    assert_memory_equal(bytes_text(bench->output), "begins\nusage", 12);
    bytes_clear(bench->output);
    by_link(bench, message("MORE", run, "999999", NULL));
    assert_int_equal(bench->output->size, 0);
    assert_false(bench->output_closed);
    restart(bench);
    by_link(bench, message("MORE", run, "0", NULL)); /* before the effector knows the run again */
    assert_false(bench->output_closed);
    hears_warrant(bench);
    by_link(bench, message("MORE", "what", "0", NULL));
    by_link(bench, message("MORE", run, "-1", NULL));
    hears_nothing(bench);
}

static void
output_has_an_end_and_says_so(void **state)
{
    bench_t *bench = *state;
    char line[TRANSCRIPT_LINE_MAX];
    memset(line, 'x', sizeof line - 1);
    line[sizeof line - 1] = '\0';
    begin(bench);
    for (int i = 0; i < 600; i++)
        by_runner(bench, message("SAY", line, NULL));
    by_runner(bench, done("ok", 91));
    assert_true(bench->output->size <= TRANSCRIPT_BYTES_MAX);
    assert_true(bench->output->size > TRANSCRIPT_BYTES_MAX - 2048);
    assert_non_null(strstr(bytes_text(bench->output), "what follows is left out\n"));
    size_t size = bench->output->size;
    CLEANUP(receipt_destroy) receipt_t *receipt = hears_receipt(bench);
    works_on(bench, "clean");
    says_done(bench, 1);
    assert_int_equal(bench->output->size, size);
}

/* ---- earlier runs ------------------------------------------------------------------------ */

static void
give_order_that_continues(bench_t *bench, const hash_t *run)
{
    order_t *order = site_order(bench->site, &bench->release_hash);
    order->continues = *run;
    give_order(bench, order, "pat");
}

static void
a_run_that_continues_another_does_what_is_left(void **state)
{
    bench_t *bench = *state;
    hash_t earlier = bench->run;
    begin_clean(bench);
    says_done(bench, -1);
    hears_step(bench, "clean", PHASE_RUN, OUTCOME_FAILED, OUTCOME_FAILED);
    give_order_that_continues(bench, &earlier);
    by_link(bench, offer(bench));
    hears_warrant(bench);
    by_effector(bench, granted(bench, HEAD_1));
    hears(bench, TO_LINK, "ACCEPT");
    CLEANUP(value_destroy) value_t *context = hears_task(bench, "step", "clean");
    assert_int_equal(value_get_integer(value_get(context, "here"), "usage"), 91);
    says_done(bench, 1);
    hears_step(bench, "clean", PHASE_RUN, OUTCOME_OK, OUTCOME_OK);
    give_order_that_continues(bench, &bench->run);
    by_link(bench, offer(bench));
    hears_warrant(bench);
    by_effector(bench, granted(bench, HEAD_1));
    hears(bench, TO_LINK, "ACCEPT");
    CLEANUP(receipt_destroy) receipt_t *last = hears_receipt(bench);
    assert_string_equal(last->step, "-"); /* nothing was left */
    assert_int_equal(last->part, OUTCOME_OK);
}

static void
what_was_undone_is_done_again(void **state)
{
    bench_t *bench = *state;
    fail_chain(bench);
    hash_t earlier = bench->run;
    hears_step(bench, "c", PHASE_RUN, OUTCOME_FAILED, OUTCOME_OPEN);
    undoes(bench, "b");
    says_done(bench, 0);
    hears_step(bench, "b", PHASE_UNDO, OUTCOME_OK, OUTCOME_OPEN);
    undoes(bench, "a");
    says_done(bench, -1);
    hears_step(bench, "a", PHASE_UNDO, OUTCOME_FAILED, OUTCOME_OPEN);
    works_on(bench, "z");
    says_done(bench, 0);
    hears_step(bench, "z", PHASE_RUN, OUTCOME_OK, OUTCOME_FAILED);
    give_order_that_continues(bench, &earlier);
    by_link(bench, offer(bench));
    hears_warrant(bench);
    by_effector(bench, granted(bench, HEAD_1));
    hears(bench, TO_LINK, "ACCEPT");
    works_on(bench, "a");
}

static void
a_run_that_is_open_or_other_work_is_not_continued(void **state)
{
    bench_t *bench = *state;
    hash_t earlier = bench->run;
    begin(bench);
    give_order_that_continues(bench, &earlier);
    by_link(bench, offer(bench));
    hears_warrant(bench);
    hears_end(bench, OUTCOME_REFUSED, "conflict");
    by_effector(bench, granted(bench, HEAD_1)); /* nobody waits for it */
    hears_nothing(bench);
    says_done(bench, -1);
    hears_step(bench, "usage", PHASE_RUN, OUTCOME_FAILED, OUTCOME_FAILED);
    order_t *order = site_order(bench->site, &bench->release_hash);
    order->continues = earlier;
    order->input_count = 1;
    order->inputs[0] = (input_text_t){"mount", "/srv"};
    give_order(bench, order, "pat");
    by_link(bench, offer(bench));
    hears(bench, TO_EFFECTOR, "WARRANT");
    hears_end(bench, OUTCOME_REFUSED, "conflict");
}

static void
acknowledge(bench_t *bench, const char *sequence)
{
    char hash[HASH_TEXT];
    by_link(bench, message("ACK", sequence, hash_write(&bench->previous, hash), NULL));
}

static void
a_run_whose_receipts_are_forgotten_is_not_continued(void **state)
{
    bench_t *bench = *state;
    fault_t fault = {0};
    hash_t earlier = bench->run;
    begin_clean(bench);
    acknowledge(bench, "1");
    says_done(bench, -1);
    hears_step(bench, "clean", PHASE_RUN, OUTCOME_FAILED, OUTCOME_FAILED);
    acknowledge(bench, "2");
    order_t *order = site_order(bench->site, &bench->release_hash);
    order->continues = earlier;
    order->input_count = 1;
    order->inputs[0] = (input_text_t){"mount", "/srv"};
    give_order(bench, order, "pat");
    by_link(bench, offer(bench));
    hears(bench, TO_EFFECTOR, "WARRANT");
    hears_end(bench, OUTCOME_REFUSED, "conflict");
    assert_int_equal(ledger_forget_receipts(bench->ledger, (wall_t){INT64_MAX}, &fault), 0);
    give_order_that_continues(bench, &earlier);
    by_link(bench, offer(bench));
    hears(bench, TO_EFFECTOR, "WARRANT");
    hears_end(bench, OUTCOME_REFUSED, "conflict");
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, bench_new, bench_destroy)

static const struct CMUnitTest tests[] = {
    TEST(what_was_done_is_undone_the_last_first_and_then_what_always_runs_does),
    TEST(nothing_is_undone_once_the_time_for_it_is_over),
    TEST(a_restart_in_the_middle_of_undo_goes_on_with_it),
    TEST(a_restart_after_the_time_for_undoing_closes_the_part),
    TEST(another_attempt_begins_after_its_pause),
    TEST(a_pause_begins_anew_after_a_restart_whatever_the_clock_says),
    TEST(a_clock_that_jumps_makes_no_pause_longer_or_shorter),
    TEST(steps_that_need_nothing_of_each_other_run_side_by_side),
    TEST(a_failure_takes_the_pause_of_its_neighbour),
    TEST(more_steps_than_there_are_runners_wait_for_one),
    TEST(a_step_that_stands_for_a_failure_runs_then_and_gives_a_text),
    TEST(a_notice_without_a_text_fails),
    TEST(what_a_step_needs_not_does_not_run),
    TEST(a_part_tells_what_it_does_line_by_line),
    TEST(a_restart_says_nothing_twice),
    TEST(output_is_told_again_from_where_the_broker_has_it),
    TEST(output_has_an_end_and_says_so),
    TEST(a_run_that_continues_another_does_what_is_left),
    TEST(what_was_undone_is_done_again),
    TEST(a_run_that_is_open_or_other_work_is_not_continued),
    TEST(a_run_whose_receipts_are_forgotten_is_not_continued),
};

int
main(void)
{
    log_open("test_part", LEVEL_ERROR);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
