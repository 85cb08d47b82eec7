/* SPDX-License-Identifier: Apache-2.0 */
/* What the effector holds a run to by itself: attempts, undo and its time, consents, callees,
 * stops, places in large waves. */
#include "tests/unit/effector_fixture.h"

#define PLAYBOOK(name, lines)                                               \
    "tocsin-manifest v1\nplaybook " name "\nsummary A test\nclass change\n" \
    "rollout 1 2 30 0\nlimits 0 0\ncooldown 0\n" lines "end\n"
#define GATED                                                                                     \
    PLAYBOOK("disk-full", "step clean run 60 undo\nstep go approve 60 -\nstep look run 60 undo\n" \
                          "step more call 60 -\nneeds clean go\nneeds more clean\n"               \
                          "retry look 2 5\nperson go responder 600\ntext go Sure?\n"              \
                          "call more other\ngiven more deep /var/log\n"                           \
                          "use clean file.remove change\nuse look file.remove change\n")
#define OTHER                                                                        \
    PLAYBOOK("other", "input deep path\nstep a run 60 -\nuse a file.remove change\n" \
                      "bound a file.remove path under inputs.deep\n")

#define UNDOABLE                                                      \
    PLAYBOOK("disk-full", "step clean run 60 undo\nretry clean 2 5\n" \
                          "use clean file.remove change\n")

/* A release of this playbook, and an order that lists 'other' beside it. */
static sealed_t
seal_release(bench_t *bench, const char *playbook, const char *manifest)
{
    return site_seal_release(
        bench->site,
        site_release_of(bench->site, playbook, slice_text(manifest), slice_text(SITE_PLAYBOOK)),
        "ana", "rob,rita");
}

static sealed_t
give_gated(bench_t *bench)
{
    sealed_t other = seal_release(bench, "other", OTHER);
    sealed_done(&bench->release);
    bench->release = seal_release(bench, "disk-full", GATED);
    order_t *order = new_order(bench);
    order->release_count = 2;
    text_copy(order->releases[1].playbook, sizeof order->releases[1].playbook, "other");
    order->releases[1].hash = hash_of(bytes_slice(other.document));
    seal_order(bench, order, "pat");
    send_warrant_of(bench, "order", GATED);
    answers(bench, "GRANTED", "");
    return other;
}

static void
send_callee(bench_t *bench, const char *path, const sealed_t *release, const char *manifest)
{
    char run[HASH_TEXT];
    frames_t *message = message_of("CALLEE", "c1");
    frames_add_text(message, hash_write(&bench->run, run));
    frames_add_text(message, path);
    frames_add(message, bytes_slice(release->document));
    frames_add(message, bytes_slice(release->armors));
    frames_add_text(message, manifest);
    send(bench, message);
}

/* Takes over consent. */
static void
send_consent(bench_t *bench, consent_t *consent, const char *signer)
{
    char run[HASH_TEXT];
    CLEANUP(sealed_done) sealed_t sealed = site_seal_consent(bench->site, consent, signer);
    frames_t *message = message_of("CONSENT", "s1");
    frames_add_text(message, hash_write(&bench->run, run));
    frames_add(message, bytes_slice(sealed.document));
    frames_add(message, bytes_slice(sealed.armors));
    send(bench, message);
}

static consent_t *
yes(bench_t *bench)
{
    return site_consent(bench->site, &bench->run, &HASH_ZERO);
}

static void
remove_at(bench_t *bench, const char *step, const char *attempt, const char *path)
{
    hash_t head = *journal_head(bench->journal);
    send_attempt(bench, attempt, "0", step, "file.remove", "path", path, &head);
}

/* ---- attempts and undo ------------------------------------------------------------------- */

static void
attempts_go_as_far_as_the_manifests_retry(void **state)
{
    bench_t *bench = *state;
    CLEANUP(sealed_done) sealed_t other = give_gated(bench);
    for (const char *const *at = (const char *const[]){"1", "2", "3", NULL}; *at; at++) {
        remove_at(bench, "look", *at, "/var/log/a.1");
        finish(bench, FAULT_NONE);
        answers(bench, "RESULT", "");
    }
    assert_int_equal(bench->started, 3); /* each by a key of its own */
    remove_at(bench, "look", "4", "/var/log/a.1");
    answers(bench, "FAULT", "denied");
    assert_int_equal(bench->started, 3);
}

static void
an_undo_is_another_effect_and_has_one_attempt(void **state)
{
    bench_t *bench = *state;
    CLEANUP(sealed_done) sealed_t other = give_gated(bench);
    remove_at(bench, "look", "1", "/var/log/a.1");
    finish(bench, FAULT_NONE);
    bench->phase = "undo";
    remove_at(bench, "look", "2", "/var/log/a.1");
    answers(bench, "FAULT", "denied");
    remove_at(bench, "look", "1", "/var/log/a.1");
    finish(bench, FAULT_NONE);
    answers(bench, "RESULT", "");
    assert_int_equal(bench->started, 2);
    bench->phase = "redo";
    remove_at(bench, "look", "1", "/var/log/a.1");
    answers(bench, "FAULT", "format");
}

static void
only_what_declares_an_undo_has_one(void **state)
{
    bench_t *bench = *state;
    bench->phase = "undo";
    remove_at(bench, "clean", "1", "/var/log/a.1");
    answers(bench, "FAULT", "denied");
    assert_int_equal(bench->started, 0);
}

static void
an_undo_has_all_the_time_that_the_order_gives_it(void **state)
{
    bench_t *bench = *state;
    sealed_done(&bench->release);
    bench->release = seal_release(bench, "disk-full", UNDOABLE);
    order_t *order = new_order(bench);
    order->undo_until = site_after(bench->now, 96 * 3600);
    seal_order(bench, order, "pat");
    send_warrant_of(bench, "order", UNDOABLE);
    remove_at(bench, "clean", "1", "/var/log/a.1");
    finish(bench, FAULT_NONE);
    bench->now = site_after(bench->now, 95 * 3600);
    remove_at(bench, "clean", "2", "/var/log/b.1"); /* nothing else may begin so late */
    answers(bench, "FAULT", "window");
    bench->phase = "undo";
    remove_at(bench, "clean", "1", "/var/log/a.1");
    finish(bench, FAULT_NONE);
    answers(bench, "RESULT", "");
}

static void
nothing_is_undone_after_the_orders_undo_until(void **state)
{
    bench_t *bench = *state;
    CLEANUP(sealed_done) sealed_t other = give_gated(bench);
    remove_at(bench, "look", "1", "/var/log/a.1");
    finish(bench, FAULT_NONE);
    bench->now = site_after(bench->now, 3601);
    remove_at(bench, "look", "2", "/var/log/b.1"); /* what began goes on */
    finish(bench, FAULT_NONE);
    answers(bench, "RESULT", "");
    bench->phase = "undo";
    remove_at(bench, "look", "1", "/var/log/a.1");
    answers(bench, "FAULT", "expired");
}

/* ---- consents ---------------------------------------------------------------------------- */

static void
nothing_behind_a_consent_is_done_without_it(void **state)
{
    bench_t *bench = *state;
    CLEANUP(sealed_done) sealed_t other = give_gated(bench);
    send_callee(bench, "more", &other, OTHER);
    answers(bench, "KEPT", "");
    remove_at(bench, "clean", "1", "/var/log/a.1");
    answers(bench, "FAULT", "denied");
    remove_at(bench, "more/a", "1", "/var/log/a.1");
    answers(bench, "FAULT", "denied");
    send_consent(bench, yes(bench), "pia");
    answers(bench, "KEPT", "");
    remove_at(bench, "more/a", "1", "/var/log/a.1");
    finish(bench, FAULT_NONE);
    answers(bench, "RESULT", "");
    remove_at(bench, "clean", "1", "/var/log/a.1");
    finish(bench, FAULT_NONE);
    answers(bench, "RESULT", "");
}

static void
a_consent_that_does_not_count_opens_nothing(void **state)
{
    bench_t *bench = *state;
    CLEANUP(sealed_done) sealed_t other = give_gated(bench);
    send_consent(bench, yes(bench), "pat"); /* who signed the order */
    answers(bench, "REFUSED", "role");
    consent_t *no = yes(bench);
    text_copy(no->value, sizeof no->value, "no");
    send_consent(bench, no, "pia");
    answers(bench, "REFUSED", "denied");
    consent_t *elsewhere = yes(bench);
    text_copy(elsewhere->targets[0].target, sizeof elsewhere->targets[0].target, "w2");
    send_consent(bench, elsewhere, "pia");
    answers(bench, "REFUSED", "target");
    consent_t *another = yes(bench);
    text_copy(another->step, sizeof another->step, "look");
    send_consent(bench, another, "pia");
    answers(bench, "REFUSED", "target");
    remove_at(bench, "clean", "1", "/var/log/a.1");
    answers(bench, "FAULT", "denied");
    bench->run = hash_of(slice_text("another run"));
    send_consent(bench, yes(bench), "pia");
    answers(bench, "REFUSED", "denied");
}

/* ---- callees ----------------------------------------------------------------------------- */

static void
a_callee_acts_within_its_own_manifest_and_what_it_was_given(void **state)
{
    bench_t *bench = *state;
    CLEANUP(sealed_done) sealed_t other = give_gated(bench);
    remove_at(bench, "more/a", "1", "/var/log/a.1");
    answers(bench, "FAULT", "op"); /* nobody said what more calls */
    send_callee(bench, "more", &other, OTHER);
    answers(bench, "KEPT", "");
    send_consent(bench, yes(bench), "pia");
    remove_at(bench, "more/a", "1", "/var/spool/a.1");
    answers(bench, "FAULT", "argument");
    remove_at(bench, "more/b", "1", "/var/log/a.1");
    answers(bench, "FAULT", "op");
    remove_at(bench, "more", "1", "/var/log/a.1");
    answers(bench, "FAULT", "op");
    remove_at(bench, "more/a", "1", "/var/log/a.1");
    finish(bench, FAULT_NONE);
    answers(bench, "RESULT", "");
    hash_t hash = hash_of(bytes_slice(other.document));
    assert_true(hash_equal(&journal_first(bench->journal, &bench->run)->release, &hash));
}

static void
only_what_the_step_calls_and_the_order_lists_is_its_callee(void **state)
{
    bench_t *bench = *state;
    CLEANUP(sealed_done) sealed_t other = give_gated(bench);
    CLEANUP(sealed_done)
    sealed_t stranger = seal_release(bench, "stranger",
                                     PLAYBOOK("stranger", "step a run 60 -\n"
                                                          "use a file.remove change\n"));
    send_callee(bench, "clean", &other, OTHER);
    answers(bench, "REFUSED", "denied");
    send_callee(bench, "more/more", &other, OTHER);
    answers(bench, "REFUSED", "denied");
    send_callee(bench, "more", &other, GATED);
    answers(bench, "REFUSED", "hash");
    send_callee(bench, "more", &stranger, OTHER);
    answers(bench, "REFUSED", "hash");
    bench->run = hash_of(slice_text("another run"));
    send_callee(bench, "more", &other, OTHER);
    answers(bench, "REFUSED", "denied");
}

/* ---- steps that run once ---- */

#define ONCE                                                                               \
    PLAYBOOK("disk-full", "step clean run 60 -\nstep last run 60 once\nneeds last clean\n" \
                          "use clean file.remove change\nuse last file.remove change\n")

/* An order of it for w1 in the first of two waves, or in the second. */
static void
give_once(bench_t *bench, bool here)
{
    sealed_done(&bench->release);
    bench->release = seal_release(bench, "disk-full", ONCE);
    order_t *order = new_order(bench);
    text_copy(order->targets[0].target, sizeof order->targets[0].target, here ? "w2" : "w1");
    site_add_target(order, 2, here ? "w1" : "w2");
    seal_order(bench, order, "pat");
    send_warrant_of(bench, "order", ONCE);
    answers(bench, "GRANTED", "");
}

static void
what_runs_once_is_done_on_the_last_target_only(void **state)
{
    bench_t *bench = *state;
    give_once(bench, false);
    remove_at(bench, "clean", "1", "/var/log/a.1");
    finish(bench, FAULT_NONE);
    answers(bench, "RESULT", "");
    remove_at(bench, "last", "1", "/var/log/a.1");
    answers(bench, "FAULT", "denied");
    assert_int_equal(bench->started, 1);
}

static void
what_runs_once_is_done_on_the_last_target(void **state)
{
    bench_t *bench = *state;
    give_once(bench, true);
    remove_at(bench, "last", "1", "/var/log/a.1");
    finish(bench, FAULT_NONE);
    answers(bench, "RESULT", "");
}

static void
an_order_without_a_target_for_what_runs_once_is_no_warrant(void **state)
{
    bench_t *bench = *state;
    give_once(bench, true);
    order_t *order = new_order(bench);
    site_add_target(order, 1, "w2");
    seal_order(bench, order, "pat");
    send_warrant_of(bench, "order", ONCE);
    answers(bench, "REFUSED", "target");
}

static void
a_playbook_with_a_step_that_runs_once_is_no_callee(void **state)
{
    bench_t *bench = *state;
    static const char once[] = PLAYBOOK("other", "input deep path\nstep a run 60 once\n"
                                                 "use a file.remove change\n");
    CLEANUP(sealed_done) sealed_t usual = give_gated(bench);
    CLEANUP(sealed_done) sealed_t other = seal_release(bench, "other", once);
    order_t *order = new_order(bench);
    order->release_count = 2;
    text_copy(order->releases[1].playbook, sizeof order->releases[1].playbook, "other");
    order->releases[1].hash = hash_of(bytes_slice(other.document));
    seal_order(bench, order, "pat");
    send_warrant_of(bench, "order", GATED);
    answers(bench, "GRANTED", "");
    send_callee(bench, "more", &other, once);
    answers(bench, "REFUSED", "denied");
}

/* ---- stops ------------------------------------------------------------------------------- */

static void
send_stop(bench_t *bench, halt_what_t what, const char *name)
{
    CLEANUP(sealed_done)
    sealed_t stop = site_seal_stop(bench->site, site_stop(bench->site, what, name), "olaf");
    send_document(bench, &stop);
    answers(bench, "KEPT", "");
}

static void
a_stop_refuses_every_new_op_and_warrant_from_then_on(void **state)
{
    static const struct {
        halt_what_t what;
        const char *name;
    } stops[] = {{HALT_RUN, NULL},
                 {HALT_PLAYBOOK, "disk-full"},
                 {HALT_REGION, "north"},
                 {HALT_SITE, "-"},
                 {HALT_PLAYBOOK, "other"}};
    for (size_t i = 0; i < ARRAY_SIZE(stops); i++) {
        void *one = NULL;
        char run[HASH_TEXT];
        set_up(&one);
        bench_t *bench = one;
        send_documents(bench);
        CLEANUP(sealed_done) sealed_t other = give_gated(bench);
        send_callee(bench, "more", &other, OTHER);
        remove_at(bench, "look", "1", "/var/log/a.1");
        finish(bench, FAULT_NONE);
        hash_write(&bench->run, run);
        send_stop(bench, stops[i].what, stops[i].name ? stops[i].name : run);
        remove_at(bench, "look", "1",
                  "/var/log/a.1"); /* it has happened, and the journal says so */
        answers(bench, "RESULT", "");
        remove_at(bench, "look", "2", "/var/log/a.1");
        answers(bench, "FAULT", "stopped");
        open_effector(bench); /* it is durable */
        send_warrant_of(bench, "order", GATED);
        bool callee = i + 1 == ARRAY_SIZE(stops);
        answers(bench, callee ? "GRANTED" : "REFUSED", "stopped");
        if (callee) {
            send_callee(bench, "more", &other, OTHER);
            answers(bench, "REFUSED", "stopped");
        }
        assert_int_equal(bench->started, 1);
        assert_int_equal(tear_down(&one), 0);
    }
    (void)state;
}

static void
an_op_in_flight_ends_and_a_resume_lets_others_begin(void **state)
{
    bench_t *bench = *state;
    CLEANUP(sealed_done) sealed_t other = give_gated(bench);
    CLEANUP(sealed_done)
    sealed_t stop = site_seal_stop(bench->site, site_stop(bench->site, HALT_SITE, "-"), "olaf");
    hash_t hash = hash_of(bytes_slice(stop.document));
    CLEANUP(sealed_done)
    sealed_t resume = site_seal_resume(bench->site, site_resume(bench->site, &hash), "olaf,zoe");
    remove_at(bench, "look", "1", "/var/log/a.1");
    send_document(bench, &stop);
    finish(bench, FAULT_NONE);
    answers(bench, "RESULT", "");
    remove_at(bench, "look", "2", "/var/log/a.1");
    answers(bench, "FAULT", "stopped");
    send_document(bench, &resume);
    answers(bench, "KEPT", "");
    open_effector(bench);
    send_warrant_of(bench, "order", GATED);
    answers(bench, "GRANTED", "");
    remove_at(bench, "look", "2", "/var/log/a.1");
    finish(bench, FAULT_NONE);
    answers(bench, "RESULT", "");
}

static void
a_second_resume_leaves_no_file_behind(void **state)
{
    bench_t *bench = *state;
    CLEANUP(sealed_done)
    sealed_t stop = site_seal_stop(bench->site, site_stop(bench->site, HALT_SITE, "-"), "olaf");
    hash_t hash = hash_of(bytes_slice(stop.document));
    resume_t *again = site_resume(bench->site, &hash);
    text_copy(again->reason, sizeof again->reason, "once more");
    CLEANUP(sealed_done)
    sealed_t first = site_seal_resume(bench->site, site_resume(bench->site, &hash), "olaf,zoe");
    CLEANUP(sealed_done) sealed_t second = site_seal_resume(bench->site, again, "olaf,zoe");
    send_document(bench, &stop);
    send_document(bench, &first);
    send_document(bench, &second);
    answers(bench, "KEPT", "");
    assert_true(site_folder_has(bench->kept, bytes_slice(stop.document)));
    assert_true(site_folder_has(bench->kept, bytes_slice(first.document)));
    assert_false(site_folder_has(bench->kept, bytes_slice(second.document)));
    open_effector(bench);
    send_warrant(bench);
    answers(bench, "GRANTED", "");
}

/* ---- large waves ------------------------------------------------------------------------- */

static void
a_place_in_a_wave_that_is_not_listed_is_proved(void **state)
{
    bench_t *bench = *state;
    fault_t fault = {0};
    char names[100][16];
    const char *targets[100];
    size_t mine = 0;
    for (size_t i = 0; i < ARRAY_SIZE(targets); i++) {
        snprintf(names[i], sizeof names[i], i == 50 ? "w1" : i < 50 ? "a%02zu" : "x%02zu", i);
        targets[i] = names[i];
        mine = i == 50 ? i : mine;
    }
    order_t *order = new_order(bench);
    text_copy(order->targets[0].target, sizeof order->targets[0].target, "w2");
    CLEANUP(inclusion_destroy)
    inclusion_t *tree = inclusion_new(order->nonce, 2, targets, ARRAY_SIZE(targets), &fault);
    assert_non_null(tree);
    order->wave_count = 1;
    order->waves[0] = inclusion_line(tree);
    seal_order(bench, order, "pat");
    send_warrant(bench);
    answers(bench, "REFUSED", "proof");
    bench->place = bytes_new();
    inclusion_add_place(tree, mine + 1, targets[mine + 1], bench->place);
    send_warrant(bench);
    answers(bench, "REFUSED", "proof");
    bytes_clear(bench->place);
    inclusion_add_place(tree, mine, targets[mine], bench->place);
    send_warrant(bench);
    answers(bench, "GRANTED", "");
    remove_log(bench, "0");
    finish(bench, FAULT_NONE);
    answers(bench, "RESULT", "");
}

static int
set_up_documents(void **state)
{
    set_up(state);
    send_documents(*state);
    return 0;
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up_documents, tear_down)

int
main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(attempts_go_as_far_as_the_manifests_retry),
        TEST(an_undo_is_another_effect_and_has_one_attempt),
        TEST(only_what_declares_an_undo_has_one),
        TEST(an_undo_has_all_the_time_that_the_order_gives_it),
        TEST(nothing_is_undone_after_the_orders_undo_until),
        TEST(nothing_behind_a_consent_is_done_without_it),
        TEST(a_consent_that_does_not_count_opens_nothing),
        TEST(a_callee_acts_within_its_own_manifest_and_what_it_was_given),
        TEST(only_what_the_step_calls_and_the_order_lists_is_its_callee),
        TEST(a_playbook_with_a_step_that_runs_once_is_no_callee),
        TEST(an_order_without_a_target_for_what_runs_once_is_no_warrant),
        TEST(what_runs_once_is_done_on_the_last_target),
        TEST(what_runs_once_is_done_on_the_last_target_only),
        cmocka_unit_test(a_stop_refuses_every_new_op_and_warrant_from_then_on),
        TEST(an_op_in_flight_ends_and_a_resume_lets_others_begin),
        TEST(a_second_resume_leaves_no_file_behind),
        TEST(a_place_in_a_wave_that_is_not_listed_is_proved),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
