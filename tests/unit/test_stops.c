/* SPDX-License-Identifier: Apache-2.0 */
/* Stops and resumes at the judge: what they end, and who hears of it. */
#include "common/log.h"
#include "tests/unit/judge_fixture.h"

#define RETRIED PLAYBOOK("disk-full", "step a run 60 -\nretry a 2 10\nuse a file.remove change\n")
#define GATED                                                                       \
    PLAYBOOK("disk-full", "step fix run 60 -\nstep go approve 60 -\nneeds fix go\n" \
                          "person go responder 600\ntext go Sure?\nuse fix file.remove change\n")

/* A stop of this comes from the broker; its hash as text. */
static void
bring_stop(bench_t *bench, halt_what_t what, const char *name, const char *signer, char hash[65])
{
    CLEANUP(sealed_done)
    sealed_t sealed = site_seal_stop(bench->site, site_stop(bench->site, what, name), signer);
    frames_t *frames = document_of(&sealed);
    hash_t it = hash_of(bytes_slice(sealed.document));
    hash_write(&it, hash);
    by_link(bench, frames);
}

static void
stop_run(bench_t *bench)
{
    char run[HASH_TEXT], hash[HASH_TEXT];
    bring_stop(bench, HALT_RUN, hash_write(&bench->run, run), "uma", hash);
    hears(bench, TO_EFFECTOR, "DOCUMENT");
}

static void
a_stop_is_confirmed_once_judge_and_effector_keep_it(void **state)
{
    bench_t *bench = *state;
    fault_t fault = {0};
    char hash[HASH_TEXT];
    bring_stop(bench, HALT_SITE, "-", "olaf", hash);
    const frames_t *shown = hears(bench, TO_EFFECTOR, "DOCUMENT");
    hears_nothing(bench);
    by_effector(bench, message("KEPT", frames_text(shown, 1), NULL));
    assert_string_equal(frames_text(hears(bench, TO_LINK, "KEPT"), 1), hash);
    restart(bench);
    by_link(bench, message("ONLINE", "instance", NULL));
    const frames_t *hello = hears(bench, TO_LINK, "HELLO");
    CLEANUP(value_destroy) value_t *known = value_decode(frames_at(hello, 3), &fault);
    const value_t *halts = value_get(known, "halts");
    assert_int_equal(value_count(halts), 1);
    assert_string_equal(value_string(value_at(halts, 0)), hash);
    offer_and_give(bench);
    hears_refuse(bench, FAULT_STOPPED);
}

static void
a_stop_that_nobody_may_sign_changes_nothing(void **state)
{
    bench_t *bench = *state;
    char hash[HASH_TEXT];
    bring_stop(bench, HALT_SITE, "-", "pat", hash);
    hears_nothing(bench);
    begin(bench);
}

static void
a_running_step_is_ended_and_its_part_is_stopped(void **state)
{
    bench_t *bench = *state;
    begin(bench);
    stop_run(bench);
    hears(bench, TO_SPAWNER, "KILL");
    by_runner(bench, done("ok", 1)); /* too late */
    hears_nothing(bench);
    runner_ends(bench, SIGKILL);
    hears_end(bench, OUTCOME_STOPPED, "stopped");
    hears_nothing(bench);
}

static void
an_op_in_flight_is_waited_for_and_none_begins(void **state)
{
    bench_t *bench = *state;
    begin_clean(bench);
    by_runner(bench, op("file.remove", "/var/log/a.1"));
    hears(bench, TO_EFFECTOR, "OP");
    stop_run(bench);
    hears_nothing(bench);
    by_effector(bench, result(bench, 1, HEAD_2));
    hears(bench, TO_RUNNER, "RESULT");
    by_runner(bench, op("file.remove", "/var/log/a.2"));
    hears(bench, TO_SPAWNER, "KILL");
    runner_ends(bench, SIGKILL);
    CLEANUP(receipt_destroy) receipt_t *receipt = hears_receipt(bench);
    assert_int_equal(receipt->outcome, OUTCOME_STOPPED);
    assert_int_equal(receipt->op_count, 1);
    assert_string_equal(receipt->ops[0].code, "ok");
    hears_nothing(bench);
}

/* ord_revoked_midrun */
static void
a_run_whose_signer_is_revoked_ends_between_two_ops(void **state)
{
    bench_t *bench = *state;
    char hash[HASH_TEXT];
    begin(bench);
    by_runner(bench, op("disk.usage", "/var"));
    hears(bench, TO_EFFECTOR, "OP");
    bring_stop(bench, HALT_PERSON, "pat", "olaf", hash);
    hears(bench, TO_EFFECTOR, "DOCUMENT");
    by_effector(bench, result(bench, 91, HEAD_1));
    hears(bench, TO_RUNNER, "RESULT");
    by_runner(bench, op("disk.usage", "/var"));
    hears(bench, TO_SPAWNER, "KILL");
    runner_ends(bench, SIGKILL);
    CLEANUP(receipt_destroy) receipt_t *receipt = hears_receipt(bench);
    assert_int_equal(receipt->part, OUTCOME_STOPPED);
    assert_string_equal(receipt->code, "revoked");
    restart(bench);
    by_link(bench, message("ONLINE", "instance", NULL));
    CLEANUP(value_destroy)
    value_t *known = value_decode(frames_at(hears(bench, TO_LINK, "HELLO"), 3), NULL);
    assert_int_equal(value_count(value_get(known, "halts")), 1);
}

static void
a_step_that_has_nothing_more_to_do_ends_as_it_did(void **state)
{
    bench_t *bench = *state;
    begin(bench);
    by_runner(bench, op("disk.usage", "/var"));
    hears(bench, TO_EFFECTOR, "OP");
    stop_run(bench);
    by_effector(bench, result(bench, 91, HEAD_1));
    hears(bench, TO_RUNNER, "RESULT");
    by_runner(bench, done("ok", 1));
    hears_step(bench, "usage", PHASE_RUN, OUTCOME_OK, OUTCOME_STOPPED);
    hears_nothing(bench);
}

static void
a_run_whose_last_step_was_about_to_end_is_done(void **state)
{
    bench_t *bench = *state;
    begin_clean(bench);
    use(bench, "disk.usage", 91, HEAD_1);
    stop_run(bench);
    by_runner(bench, done("ok", 1));
    hears_step(bench, "clean", PHASE_RUN, OUTCOME_OK, OUTCOME_OK);
    hears_nothing(bench);
}

static void
the_last_word_of_a_script_is_not_waited_for_long(void **state)
{
    bench_t *bench = *state;
    begin(bench);
    use(bench, "disk.usage", 91, HEAD_1);
    stop_run(bench);
    tick(bench, 1);
    hears_nothing(bench);
    tick(bench, 1);
    hears(bench, TO_SPAWNER, "KILL");
    runner_ends(bench, SIGKILL);
    hears_end(bench, OUTCOME_STOPPED, "stopped");
}

static void
a_step_that_ended_meanwhile_keeps_its_outcome(void **state)
{
    bench_t *bench = *state;
    begin(bench);
    by_runner(bench, done("ok", 1));
    hears_step(bench, "usage", PHASE_RUN, OUTCOME_OK, OUTCOME_OPEN);
    hears_run(bench);
    stop_run(bench);
    hears(bench, TO_SPAWNER, "KILL");
    runner_ends(bench, SIGKILL);
    hears_step(bench, "clean", PHASE_RUN, OUTCOME_STOPPED, OUTCOME_STOPPED);
}

static void
a_pause_ends_with_a_receipt_of_no_step(void **state)
{
    bench_t *bench = *state;
    give_playbook(bench, RETRIED);
    begin_run(bench);
    works_on(bench, "a");
    says_done(bench, -1);
    hears_step(bench, "a", PHASE_RUN, OUTCOME_FAILED, OUTCOME_OPEN);
    stop_run(bench);
    CLEANUP(receipt_destroy) receipt_t *last = hears_receipt(bench);
    assert_string_equal(last->step, "-");
    assert_int_equal(last->part, OUTCOME_STOPPED);
    assert_int_equal(judge_deadline(bench->judge).ms, 0);
}

static void
a_wait_for_a_person_is_over(void **state)
{
    bench_t *bench = *state;
    give_playbook(bench, GATED);
    begin_run(bench);
    hears(bench, TO_LINK, "WAITING");
    stop_run(bench);
    hears_step(bench, "go", PHASE_RUN, OUTCOME_STOPPED, OUTCOME_STOPPED);
}

static void
a_stop_that_comes_before_the_effectors_word_refuses(void **state)
{
    bench_t *bench = *state;
    offer_and_give(bench);
    hears_warrant(bench);
    stop_run(bench);
    by_effector(bench, granted(bench, HEAD_1));
    hears_refuse(bench, FAULT_STOPPED);
    hears_nothing(bench);
}

static void
a_revoke_that_comes_before_the_effectors_word_refuses(void **state)
{
    bench_t *bench = *state;
    char release[HASH_TEXT], hash[HASH_TEXT];
    offer_and_give(bench);
    hears_warrant(bench);
    bring_stop(bench, HALT_RELEASE, hash_write(&bench->release_hash, release), "olaf", hash);
    hears(bench, TO_EFFECTOR, "DOCUMENT");
    by_effector(bench, granted(bench, HEAD_1));
    hears_refuse(bench, FAULT_REVOKED);
    hears_nothing(bench);
}

static void
a_part_that_was_stopped_while_the_judge_was_away_ends_as_stopped(void **state)
{
    bench_t *bench = *state;
    char hash[HASH_TEXT];
    begin(bench);
    kill_judge(bench);
    start_judge(bench);
    while (is_next(bench, TO_EFFECTOR, "DOCUMENT"))
        hears(bench, TO_EFFECTOR, "DOCUMENT");
    bench->spare = 0;
    hears_warrant(bench);
    bring_stop(bench, HALT_PLAYBOOK, "disk-full", "olaf", hash);
    hears(bench, TO_EFFECTOR, "DOCUMENT");
    by_effector(bench, granted(bench, HEAD_1));
    hears_end(bench, OUTCOME_STOPPED, "stopped");
    restart(bench);
    hears_nothing(bench);
}

static void
only_what_a_stop_covers_is_ended(void **state)
{
    bench_t *bench = *state;
    char hash[HASH_TEXT];
    begin(bench);
    bring_stop(bench, HALT_PLAYBOOK, "another", "olaf", hash);
    bring_stop(bench, HALT_REGION, "south", "olaf", hash);
    hears(bench, TO_EFFECTOR, "DOCUMENT");
    hears(bench, TO_EFFECTOR, "DOCUMENT");
    use(bench, "disk.usage", 91, HEAD_1);
    bring_stop(bench, HALT_REGION, "north", "olaf", hash);
    hears(bench, TO_EFFECTOR, "DOCUMENT");
    by_runner(bench, op("disk.usage", "/var"));
    hears(bench, TO_SPAWNER, "KILL");
}

static void
a_resume_lets_new_runs_begin(void **state)
{
    bench_t *bench = *state;
    char text[HASH_TEXT];
    hash_t hash;
    bring_stop(bench, HALT_SITE, "-", "olaf", text);
    hears(bench, TO_EFFECTOR, "DOCUMENT");
    assert_true(hash_read(text, &hash));
    CLEANUP(sealed_done)
    sealed_t sealed = site_seal_resume(bench->site, site_resume(bench->site, &hash), "olaf,zoe");
    bring_document(bench, &sealed);
    restart(bench);
    begin(bench);
}

static void
stop_another_run_until(bench_t *bench, unsigned number, wall_t until)
{
    char name[HASH_TEXT];
    hash_t run = hash_of(slice_of(&number, sizeof number));
    stop_t *stop = site_stop(bench->site, HALT_RUN, hash_write(&run, name));
    stop->until = until;
    CLEANUP(sealed_done) sealed_t sealed = site_seal_stop(bench->site, stop, "uma");
    bring_document(bench, &sealed);
}

static void
stops_of_runs_that_are_over_are_forgotten_at_the_next_start(void **state)
{
    bench_t *bench = *state;
    begin(bench);
    stop_run(bench);
    hears(bench, TO_SPAWNER, "KILL");
    runner_ends(bench, SIGKILL);
    hears_end(bench, OUTCOME_STOPPED, "stopped");
    stop_another_run_until(bench, 1, site_after(bench->now, 60));
    stop_another_run_until(bench, 2, site_after(bench->now, 7200));
    stop_another_run_until(bench, 3, (wall_t){0});
    assert_int_equal(trust_halt_count(bench->trust), 4);
    bench->now = site_after(bench->now, 3600);
    restart(bench);
    assert_int_equal(trust_halt_count(bench->trust), 2);
    restart(bench); /* by the ledger too */
    assert_int_equal(trust_halt_count(bench->trust), 2);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, bench_new, bench_destroy)

static const struct CMUnitTest tests[] = {
    TEST(a_stop_is_confirmed_once_judge_and_effector_keep_it),
    TEST(a_stop_that_nobody_may_sign_changes_nothing),
    TEST(a_running_step_is_ended_and_its_part_is_stopped),
    TEST(an_op_in_flight_is_waited_for_and_none_begins),
    TEST(a_run_whose_signer_is_revoked_ends_between_two_ops),
    TEST(a_step_that_has_nothing_more_to_do_ends_as_it_did),
    TEST(a_run_whose_last_step_was_about_to_end_is_done),
    TEST(the_last_word_of_a_script_is_not_waited_for_long),
    TEST(a_step_that_ended_meanwhile_keeps_its_outcome),
    TEST(a_pause_ends_with_a_receipt_of_no_step),
    TEST(a_wait_for_a_person_is_over),
    TEST(a_stop_that_comes_before_the_effectors_word_refuses),
    TEST(a_revoke_that_comes_before_the_effectors_word_refuses),
    TEST(a_part_that_was_stopped_while_the_judge_was_away_ends_as_stopped),
    TEST(only_what_a_stop_covers_is_ended),
    TEST(a_resume_lets_new_runs_begin),
    TEST(stops_of_runs_that_are_over_are_forgotten_at_the_next_start),
};

int
main(void)
{
    log_open("test_stops", LEVEL_ERROR);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
