/* SPDX-License-Identifier: Apache-2.0 */
/* Steps that wait for a person: consents, answers, and what does not count. */
#include "common/log.h"
#include "tests/unit/judge_fixture.h"

#define GATED                                                                             \
    PLAYBOOK("disk-full", "step fix run 60 -\nstep go approve 60 -\nstep look run 60 -\n" \
                          "needs fix go\nneeds go look\nperson go responder 600\n"        \
                          "text go Shall%20it?\nuse fix file.remove change\n")
#define ASKED                                                                                 \
    PLAYBOOK("disk-full", "step fix run 60 -\nstep go ask 60 when\nneeds fix go\n"            \
                          "person go responder 600\ntext go How%20many?\nanswer go integer\n" \
                          "use fix file.remove change\n")
#define BESIDE                                                             \
    PLAYBOOK("disk-full", "step go approve 60 -\nstep look run 60 -\n"     \
                          "person go responder 600\ntext go Shall%20it?\n" \
                          "use look file.remove change\n")

/* The next WAITING: for step go, with this receipt shown. */
static void
hears_waiting(bench_t *bench, const hash_t *shown)
{
    char text[HASH_TEXT];
    const frames_t *waiting = hears(bench, TO_LINK, "WAITING");
    assert_string_equal(frames_text(waiting, 1), hash_write(&bench->run, text));
    assert_string_equal(frames_text(waiting, 2), "go");
    assert_string_equal(frames_text(waiting, 3), hash_write(shown, text));
}

/* Step look is done, and go waits. */
static void
wait_for_go(bench_t *bench)
{
    give_playbook(bench, GATED);
    begin_run(bench);
    works_on(bench, "look");
    says_done(bench, 1);
    hears_step(bench, "look", PHASE_RUN, OUTCOME_OK, OUTCOME_OPEN);
    hears_waiting(bench, &bench->previous);
}

/* Takes over consent. */
static hash_t
bring(bench_t *bench, consent_t *consent, const char *signer)
{
    char run[HASH_TEXT];
    bench->site->now = bench->now;
    CLEANUP(sealed_done)
    sealed_t sealed = site_seal_consent(bench->site, consent, signer);
    frames_t *frames = message("CONSENT", hash_write(&bench->run, run), NULL);
    frames_add(frames, bytes_slice(sealed.document));
    frames_add(frames, bytes_slice(sealed.armors));
    hash_t hash = hash_of(bytes_slice(sealed.document));
    by_link(bench, frames);
    return hash;
}

static consent_t *
yes(bench_t *bench)
{
    bench->site->now = bench->now;
    return site_consent(bench->site, &bench->run, &bench->previous);
}

static void
hears_decline(bench_t *bench, const char *step, fault_code_t code)
{
    const frames_t *decline = hears(bench, TO_LINK, "DECLINE");
    assert_string_equal(frames_text(decline, 2), step);
    if (strcmp(frames_text(decline, 4), fault_word(code)) != 0)
        fail_msg("%s: %s", frames_text(decline, 4), frames_text(decline, 5));
}

static void
a_consent_lets_the_run_go_on_and_its_receipt_names_it(void **state)
{
    bench_t *bench = *state;
    wait_for_go(bench);
    hears_nothing(bench);
    hash_t hash = bring(bench, yes(bench), "pia");
    CLEANUP(receipt_destroy) receipt_t *receipt = hears_receipt(bench);
    assert_string_equal(receipt->step, "go");
    assert_int_equal(receipt->outcome, OUTCOME_OK);
    assert_true(hash_equal(&receipt->consent, &hash));
    hears(bench, TO_EFFECTOR, "CONSENT");
    works_on(bench, "fix");
}

static void
a_clock_that_goes_back_makes_no_wait_longer(void **state)
{
    bench_t *bench = *state;
    bench->now = site_after(bench->now, 300);
    wait_for_go(bench);
    bench->now = site_after(bench->now, -120);
    restart_run(bench);
    hears_waiting(bench, &bench->previous);
    tick(bench, 601);
    hears_end(bench, OUTCOME_FAILED, "expired");
}

static void
a_no_fails_the_step(void **state)
{
    bench_t *bench = *state;
    wait_for_go(bench);
    consent_t *no = yes(bench);
    text_copy(no->value, sizeof no->value, "no");
    bring(bench, no, "pia");
    hears_end(bench, OUTCOME_FAILED, "denied");
    hears_nothing(bench);
}

static void
nobody_consents_to_the_own_order(void **state)
{
    bench_t *bench = *state;
    wait_for_go(bench);
    bring(bench, yes(bench), "pat");
    hears_decline(bench, "go", FAULT_ROLE);
    bring(bench, yes(bench), "olaf");
    hears_decline(bench, "go", FAULT_ROLE);
    hears_nothing(bench);
}

static void
waiting_has_an_end(void **state)
{
    bench_t *bench = *state;
    wait_for_go(bench);
    assert_int_equal(judge_deadline(bench->judge).ms, bench->clock.ms + 600000);
    tick(bench, 600);
    hears_end(bench, OUTCOME_FAILED, "expired");
}

static void
a_consent_to_what_was_shown_before_is_stale(void **state)
{
    bench_t *bench = *state;
    hash_t none = HASH_ZERO;
    give_playbook(bench, BESIDE);
    begin_run(bench);
    works_on(bench, "look");
    hears_waiting(bench, &none);
    bench->previous = none;
    consent_t *old = yes(bench);
    says_done(bench, 1);
    hears_step(bench, "look", PHASE_RUN, OUTCOME_OK, OUTCOME_OPEN);
    hears_waiting(bench, &bench->previous);
    bring(bench, old, "pia");
    hears_decline(bench, "go", FAULT_STALE);
    bring(bench, yes(bench), "pia");
    hears_step(bench, "go", PHASE_RUN, OUTCOME_OK, OUTCOME_OK);
}

static void
a_consent_to_another_step_or_run_finds_nobody(void **state)
{
    bench_t *bench = *state;
    wait_for_go(bench);
    consent_t *other = yes(bench);
    text_copy(other->step, sizeof other->step, "fix");
    bring(bench, other, "pia");
    hears_decline(bench, "-", FAULT_TARGET);
    consent_t *elsewhere = yes(bench);
    elsewhere->run = hash_of(slice_text("another"));
    bring(bench, elsewhere, "pia");
    hears_decline(bench, "-", FAULT_TARGET);
    by_link(bench, message("CONSENT", HEAD_1, "tocsin-consent v1\nend\n", "", NULL));
    hears_nothing(bench);
}

static void
a_restart_waits_on_and_says_so(void **state)
{
    bench_t *bench = *state;
    wait_for_go(bench);
    bench->now = site_after(bench->now, 100);
    restart_run(bench);
    hears_waiting(bench, &bench->previous);
    assert_int_equal(judge_deadline(bench->judge).ms, bench->clock.ms + 500000);
    by_link(bench, message("ONLINE", "instance", NULL));
    hears(bench, TO_LINK, "HELLO");
    by_link(bench, message("WELCOME", "1", "instance", "9", NULL));
    hears_waiting(bench, &bench->previous);
    hears(bench, TO_LINK, "RECEIPT");
    bring(bench, yes(bench), "pia");
    hears_step(bench, "go", PHASE_RUN, OUTCOME_OK, OUTCOME_OPEN);
}

static void
the_effector_is_shown_consents_again_after_a_restart(void **state)
{
    bench_t *bench = *state;
    wait_for_go(bench);
    bring(bench, yes(bench), "pia");
    hears_step(bench, "go", PHASE_RUN, OUTCOME_OK, OUTCOME_OPEN);
    hears(bench, TO_EFFECTOR, "CONSENT");
    works_on(bench, "fix");
    restart_run(bench);
    hears(bench, TO_EFFECTOR, "CONSENT");
    works_on(bench, "fix");
}

static void
an_answer_is_the_output_of_the_step_that_asked(void **state)
{
    bench_t *bench = *state;
    give_playbook(bench, ASKED);
    begin_run(bench);
    CLEANUP(value_destroy) value_t *asked = hears_task(bench, "when", "go");
    by_runner(bench, message("DONE", "ok", "n", "none", "", NULL));
    hears_waiting(bench, &HASH_ZERO);
    bench->previous = HASH_ZERO;
    consent_t *wrong = yes(bench);
    wrong->answer = true;
    text_copy(wrong->value, sizeof wrong->value, "many");
    bring(bench, wrong, "pat");
    hears_decline(bench, "go", FAULT_INPUT);
    consent_t *answer = yes(bench);
    answer->answer = true;
    text_copy(answer->value, sizeof answer->value, "7");
    bring(bench, answer, "pat");
    hears_step(bench, "go", PHASE_RUN, OUTCOME_OK, OUTCOME_OPEN);
    CLEANUP(value_destroy) value_t *context = hears_task(bench, "step", "fix");
    assert_int_equal(value_get_integer(value_get(context, "here"), "go"), 7);
}

static void
a_question_that_need_not_be_asked_is_skipped(void **state)
{
    bench_t *bench = *state;
    give_playbook(bench, ASKED);
    begin_run(bench);
    CLEANUP(value_destroy) value_t *asked = hears_task(bench, "when", "go");
    by_runner(bench, done("skipped", 0));
    hears_step(bench, "go", PHASE_RUN, OUTCOME_SKIPPED, OUTCOME_OPEN);
    works_on(bench, "fix");
}

static void
a_run_that_continues_asks_for_consent_again(void **state)
{
    bench_t *bench = *state;
    wait_for_go(bench);
    hash_t earlier = bench->run;
    bring(bench, yes(bench), "pia");
    hears_step(bench, "go", PHASE_RUN, OUTCOME_OK, OUTCOME_OPEN);
    hears(bench, TO_EFFECTOR, "CONSENT");
    works_on(bench, "fix");
    says_done(bench, -1);
    hears_step(bench, "fix", PHASE_RUN, OUTCOME_FAILED, OUTCOME_FAILED);
    order_t *order = site_order(bench->site, &bench->release_hash);
    order->continues = earlier;
    give_order(bench, order, "pat");
    by_link(bench, offer(bench));
    hears_warrant(bench);
    by_effector(bench, granted(bench, HEAD_1));
    hears(bench, TO_LINK, "ACCEPT");
    hears_waiting(bench, &HASH_ZERO);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, bench_new, bench_destroy)

static const struct CMUnitTest tests[] = {
    TEST(a_consent_lets_the_run_go_on_and_its_receipt_names_it),
    TEST(a_clock_that_goes_back_makes_no_wait_longer),
    TEST(a_no_fails_the_step),
    TEST(nobody_consents_to_the_own_order),
    TEST(waiting_has_an_end),
    TEST(a_consent_to_what_was_shown_before_is_stale),
    TEST(a_consent_to_another_step_or_run_finds_nobody),
    TEST(a_restart_waits_on_and_says_so),
    TEST(the_effector_is_shown_consents_again_after_a_restart),
    TEST(an_answer_is_the_output_of_the_step_that_asked),
    TEST(a_question_that_need_not_be_asked_is_skipped),
    TEST(a_run_that_continues_asks_for_consent_again),
};

int
main(void)
{
    log_open("test_people", LEVEL_ERROR);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
