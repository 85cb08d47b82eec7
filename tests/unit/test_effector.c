/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/unit/effector_fixture.h"
#include "wire/ops.h"
#include "wire/shape.h"

#define GATED                                                                                 \
    "tocsin-manifest v1\nplaybook disk-full\nsummary Free space\nclass change\n"              \
    "rollout 1 2 30 0\nlimits 0 0\ncooldown 0\n"                                              \
    "step audit approve 60 -\nstep clean run 60 -\nstep go approve 60 -\n"                    \
    "needs clean audit\nneeds clean go\nperson audit reviewer 600\nperson go responder 600\n" \
    "text audit Well?\ntext go Well?\nuse clean file.remove change\nend\n"

/* ---- documents --------------------------------------------------------------------------- */

static void
documents_are_kept_over_a_restart(void **state)
{
    bench_t *bench = *state;
    send_documents(bench);
    open_effector(bench);
    assert_non_null(trust_worker(bench->trust, "w1", NULL));
    send_documents(bench); /* the same again */
    send_warrant(bench);
    answers(bench, "GRANTED", "");
}

static void
a_crash_between_two_renames_is_finished__crash_during_root_persist(void **state)
{
    bench_t *bench = *state;
    char sigs[128], next[128], torn[128];
    fault_t fault = {0};
    send_documents(bench);
    people_t *people = site_people(bench->site);
    people->version = 2;
    sealed_t newer = site_seal_people(bench->site, people, "hana,hugo");
    snprintf(sigs, sizeof sigs, "%s/people.sigs", bench->kept);
    snprintf(next, sizeof next, "%s/.next-people", bench->kept);
    snprintf(torn, sizeof torn, "%s/.new-sigs-fleet.north", bench->kept);
    assert_int_equal(file_write(sigs, bytes_slice(newer.armors), 0600, &fault), 0);
    assert_int_equal(file_write(next, bytes_slice(newer.document), 0600, &fault), 0);
    assert_int_equal(file_write(torn, slice_text("half"), 0600, &fault), 0);
    open_effector(bench);
    assert_int_equal(trust_people(bench->trust)->version, 2);
    assert_int_equal(access(torn, F_OK), -1);
    sealed_done(&newer);
}

static void
a_document_that_nobody_signed_is_refused(void **state)
{
    bench_t *bench = *state;
    send_document(bench, &bench->site->root);
    people_t *people = site_people(bench->site);
    site_add_person(bench->site, people, "zoe", ROLE_RESPONDER, CLASS_DESTRUCTIVE, "any");
    sealed_t forged = site_seal_people(bench->site, people, "hana");
    send_document(bench, &forged);
    answers(bench, "REFUSED", "quorum");
    site_sign(bench->site, SIGN_PEOPLE, bytes_slice(forged.document), "zoe", forged.armors);
    send_document(bench, &forged);
    answers(bench, "REFUSED", "key");
    open_effector(bench);
    assert_null(trust_people(bench->trust));
    sealed_done(&forged);
}

/* ---- warrants: eff_judge_compromised_forged_ticket ---------------------------------------- */

static void
an_op_without_a_warrant_is_denied__eff_judge_compromised_forged_ticket(void **state)
{
    bench_t *bench = *state;
    send_documents(bench);
    remove_log(bench, "1");
    answers(bench, "FAULT", "denied");
    says_the_head(bench);
    assert_true(hash_equal(journal_head(bench->journal), &HASH_ZERO));
    assert_int_equal(bench->started, 0);
}

static void
an_order_of_a_stranger_is_no_warrant__eff_judge_compromised_forged_ticket(void **state)
{
    bench_t *bench = *state;
    send_documents(bench);
    seal_order(bench, new_order(bench), "w1"); /* the judge's own key */
    send_warrant(bench);
    answers(bench, "REFUSED", "key");
    order_t *order = new_order(bench);
    seal_order(bench, order, "olaf");
    send_warrant(bench);
    answers(bench, "REFUSED", "role");
    remove_log(bench, "1");
    answers(bench, "FAULT", "denied");
    assert_int_equal(bench->started, 0);
}

static void
a_manifest_or_release_that_was_not_approved_is_no_warrant(void **state)
{
    bench_t *bench = *state;
    send_documents(bench);
    send_warrant_of(bench, "order", MANIFEST "end\n");
    answers(bench, "REFUSED", "hash");
    send_warrant_of(bench, "decree", MANIFEST);
    answers(bench, "REFUSED", "format");
    sealed_done(&bench->release);
    bench->release = site_seal_release(
        bench->site,
        site_release_of(bench->site, "disk-full", slice_text(MANIFEST), slice_text(SITE_PLAYBOOK)),
        "ana", "ana,rob");
    seal_order(bench, new_order(bench), "pat");
    send_warrant(bench);
    answers(bench, "REFUSED", "quorum");
}

static void
an_order_for_another_worker_is_no_warrant(void **state)
{
    bench_t *bench = *state;
    send_documents(bench);
    order_t *order = new_order(bench);
    text_copy(order->targets[0].target, sizeof order->targets[0].target, "w2");
    seal_order(bench, order, "pat");
    send_warrant(bench);
    answers(bench, "REFUSED", "target");
}

/* A class that is above what the release says was approved by too few. */
static void
an_order_for_a_host_behind_it_is_no_warrant(void **state)
{
    bench_t *bench = *state;
    order_t *order = new_order(bench);
    order->target_count = 0;
    site_add_target(order, 1, "w1/router");
    seal_order(bench, order, "pat");
    send_documents(bench);
    send_warrant(bench);
    answers(bench, "REFUSED", "target");
}

static void
a_manifest_above_its_release_is_no_warrant__rel_class_underdeclared(void **state)
{
    bench_t *bench = *state;
    send_documents(bench);
    release_t *release =
        site_release_of(bench->site, "disk-full", slice_text(MANIFEST), slice_text(SITE_PLAYBOOK));
    release->highest = CLASS_OBSERVE;
    sealed_done(&bench->release);
    bench->release = site_seal_release(bench->site, release, "ana", "rob,rita");
    seal_order(bench, new_order(bench), "pat");
    send_warrant(bench);
    answers(bench, "REFUSED", "class");
}

static void
a_grant_takes_its_inputs_from_the_alert_within_its_bounds(void **state)
{
    bench_t *bench = *state;
    hash_t release = hash_of(bytes_slice(bench->release.document));
    send_documents(bench);
    for (int bounded = 0; bounded < 2; bounded++) {
        grant_t *grant = site_grant(bench->site, &release);
        if (bounded) {
            grant->bound_count = 1;
            grant->bounds[0] = (input_bound_t){"mount", "under", "/var"};
        }
        sealed_done(&bench->authority);
        sealed_done(&bench->alert);
        bench->authority = site_seal_grant(bench->site, grant, "pat,pia");
        bench->alert = site_seal_alert(bench->site, site_alert(bench->site));
        send_warrant_of(bench, "grant", MANIFEST);
        answers(bench, bounded ? "GRANTED" : "REFUSED", "input");
    }
    assert_true(hash_read(frames_text(bench->answer, 2), &bench->run));
    assert_string_equal(frames_text(bench->answer, 3), "change");
    send_op(bench, "1", "usage", "disk.usage", "path", "/var"); /* the alert's mountpoint */
    assert_null(bench->answer);
    finish(bench, FAULT_NONE);
    send_op(bench, "2", "usage", "disk.usage", "path", "/srv");
    answers(bench, "FAULT", "argument");
}

/* A run that waits for a person does nothing while others come and go. */
static void
runs_that_are_over_make_room_for_one_that_waits(void **state)
{
    bench_t *bench = *state;
    char text[HASH_TEXT];
    send_documents(bench);
    send_warrant(bench);
    hash_t waits = bench->run;
    sealed_t first = bench->authority;
    bench->authority = (sealed_t){0};
    for (unsigned i = 0; i < EFFECTOR_WARRANTS_MAX; i++) {
        order_t *order = new_order(bench);
        snprintf(order->nonce, sizeof order->nonce, "%032x", i + 1);
        seal_order(bench, order, "pat");
        send_warrant(bench);
        answers(bench, "GRANTED", "");
        frames_t *over = message_of("OVER", "over");
        frames_add_text(over, hash_write(&bench->run, text));
        send(bench, over);
        assert_null(bench->answer);
        remove_log(bench, "1");
        answers(bench, "FAULT", "denied");
    }
    bench->run = waits;
    remove_log(bench, "1");
    assert_null(bench->answer);
    sealed_done(&first);
}

static void
a_dry_run_only_observes(void **state)
{
    bench_t *bench = *state;
    send_documents(bench);
    order_t *order = new_order(bench);
    order->dry = true;
    seal_order(bench, order, "pat");
    send_warrant(bench);
    answers(bench, "GRANTED", "");
    assert_string_equal(frames_text(bench->answer, 3), "observe");
    hash_t head = *journal_head(bench->journal);
    remove_log(bench, "1");
    assert_int_equal(bench->foreseen, 1);
    finish(bench, FAULT_NONE);
    answers(bench, "WOULD", "");
    send_op(bench, "2", "clean", "file.remove", "path", "/etc/shadow.1");
    answers(bench, "FAULT", "argument");
    send_op(bench, "1", "usage", "disk.usage", "path", "/var/log");
    assert_int_equal(bench->started, 2);
    assert_int_equal(bench->foreseen, 1);
    assert_true(hash_equal(journal_head(bench->journal), &head));
}

static void
send_alert_warrant(bench_t *bench, const char *fingerprint)
{
    alert_t *alert = site_alert(bench->site);
    text_copy(alert->fingerprint, sizeof alert->fingerprint, fingerprint);
    sealed_done(&bench->alert);
    bench->alert = site_seal_alert(bench->site, alert);
    send_warrant_of(bench, "grant", MANIFEST);
    answers(bench, "GRANTED", "");
    assert_true(hash_read(frames_text(bench->answer, 2), &bench->run));
}

static void
a_judge_cannot_spend_more_than_the_grants_budget__grant_budget_exceeded(void **state)
{
    static const char *const alerts[] = {"f1", "f2", "f3"};
    bench_t *bench = *state;
    hash_t release = hash_of(bytes_slice(bench->release.document));
    grant_t *grant = site_grant(bench->site, &release);
    grant->bound_count = 1;
    grant->bounds[0] = (input_bound_t){"mount", "under", "/var"};
    grant->budget_runs = 2;
    sealed_done(&bench->authority);
    bench->authority = site_seal_grant(bench->site, grant, "pat,pia");
    send_documents(bench);
    for (size_t i = 0; i < ARRAY_SIZE(alerts); i++) {
        send_alert_warrant(bench, alerts[i]);
        restart_web(bench, "1");
        if (i < 2)
            finish(bench, FAULT_NONE);
        else
            answers(bench, "FAULT", "budget");
    }
    open_effector(bench);
    send_alert_warrant(bench, "f4");
    restart_web(bench, "1");
    answers(bench, "FAULT", "budget");
    send_alert_warrant(bench, "f1"); /* what began may finish */
    restart_web(bench, "2");
    assert_null(bench->answer);
    finish(bench, FAULT_NONE);
    assert_int_equal(bench->started, 3);
}

static void
a_run_survives_a_restart_after_newer_people_came(void **state)
{
    bench_t *bench = *state;
    remove_log(bench, "1");
    finish(bench, FAULT_NONE);
    people_t *people = site_people(bench->site);
    people->version = 2;
    people->issued = site_after(bench->site->now, 1800);
    sealed_t newer = site_seal_people(bench->site, people, "hana,hugo");
    send_document(bench, &newer);
    sealed_done(&newer);
    bench->now = site_after(bench->site->now, 3601);
    open_effector(bench);
    send_warrant(bench);
    answers(bench, "GRANTED", "");
    bench->now =
        site_after(bench->site->now, 60); /* a clock set back before them is not believed */
    open_effector(bench);
    send_warrant(bench);
    answers(bench, "REFUSED", "expired");
}

/* ---- consents ---------------------------------------------------------------------------- */

static void
send_gated_warrant(bench_t *bench)
{
    sealed_done(&bench->release);
    bench->release = site_seal_release(
        bench->site,
        site_release_of(bench->site, "disk-full", slice_text(GATED), slice_text(SITE_PLAYBOOK)),
        "ana", "rob,rita");
    seal_order(bench, new_order(bench), "pat");
    send_warrant_of(bench, "order", GATED);
    answers(bench, "GRANTED", "");
}

/* Signed at the site's own time, for ten minutes. */
static void
send_consent(bench_t *bench, const char *step, const char *who)
{
    char run[HASH_TEXT];
    consent_t *consent = site_consent(bench->site, &bench->run, &HASH_ZERO);
    text_copy(consent->step, sizeof consent->step, step);
    consent->expires = site_after(consent->created, 600);
    sealed_t sealed = site_seal_consent(bench->site, consent, who);
    frames_t *message = message_of("CONSENT", "c1");
    frames_add_text(message, hash_write(&bench->run, run));
    frames_add(message, bytes_slice(sealed.document));
    frames_add(message, bytes_slice(sealed.armors));
    send(bench, message);
    sealed_done(&sealed);
}

static void
each_consent_is_held_to_the_role_of_its_own_step(void **state)
{
    bench_t *bench = *state;
    send_documents(bench);
    send_gated_warrant(bench);
    remove_log(bench, "1");
    answers(bench, "FAULT", "denied");
    send_consent(bench, "go", "olaf");
    answers(bench, "REFUSED", "role");
    send_consent(bench, "go", "pia");
    answers(bench, "KEPT", "");
    remove_log(bench, "1");
    answers(bench, "FAULT", "denied"); /* "audit" is a reviewer's */
    send_consent(bench, "audit", "rob");
    answers(bench, "KEPT", "");
    send_consent(bench, "nowhere", "olaf");
    answers(bench, "REFUSED", "target");
    remove_log(bench, "1");
    assert_null(bench->answer);
}

static void
a_consent_that_something_began_under_counts_after_a_restart(void **state)
{
    bench_t *bench = *state;
    send_documents(bench);
    for (int begun = 0; begun < 2; begun++) {
        bench->now = bench->site->now;
        send_gated_warrant(bench);
        send_consent(bench, "audit", "rob");
        send_consent(bench, "go", "pia");
        answers(bench, "KEPT", "");
        if (begun) {
            remove_log(bench, "1");
            finish(bench, FAULT_NONE);
        }
        bench->now = site_after(bench->now, 1200);
        open_effector(bench);
        send_warrant_of(bench, "order", GATED);
        send_consent(bench, "audit", "rob");
        answers(bench, begun ? "KEPT" : "REFUSED", "expired");
        send_consent(bench, "go", "pia");
        answers(bench, begun ? "KEPT" : "REFUSED", "expired");
        remove_log(bench, "2");
        if (begun)
            assert_null(bench->answer);
        else
            answers(bench, "FAULT", "denied");
    }
}

static void
a_grant_exceeds_nothing__eff_rate_limit(void **state)
{
    bench_t *bench = *state;
    hash_t release = hash_of(bytes_slice(bench->release.document));
    grant_t *grant = site_grant(bench->site, &release);
    grant->bound_count = 1;
    grant->bounds[0] = (input_bound_t){"mount", "under", "/var"};
    sealed_done(&bench->authority);
    bench->authority = site_seal_grant(bench->site, grant, "pat,pia");
    open_with(bench, "runs * 1 3600\nexceed pat\n");
    send_documents(bench);
    send_alert_warrant(bench, "f1");
    restart_web(bench, "1");
    finish(bench, FAULT_NONE);
    send_alert_warrant(bench, "f2");
    restart_web(bench, "1");
    answers(bench, "FAULT", "rate");
    seal_order(bench, new_order(bench), "pat");
    send_warrant(bench);
    restart_web(bench, "1");
    assert_null(bench->answer);
}

#define TEST(name)    cmocka_unit_test_setup_teardown(name, set_up, tear_down)
#define TEST_OP(name) cmocka_unit_test_setup_teardown(name, set_up_warrant, tear_down)

int
main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(documents_are_kept_over_a_restart),
        TEST(a_crash_between_two_renames_is_finished__crash_during_root_persist),
        TEST(a_document_that_nobody_signed_is_refused),
        TEST(an_op_without_a_warrant_is_denied__eff_judge_compromised_forged_ticket),
        TEST(an_order_of_a_stranger_is_no_warrant__eff_judge_compromised_forged_ticket),
        TEST(a_manifest_or_release_that_was_not_approved_is_no_warrant),
        TEST(an_order_for_another_worker_is_no_warrant),
        TEST(an_order_for_a_host_behind_it_is_no_warrant),
        TEST(a_manifest_above_its_release_is_no_warrant__rel_class_underdeclared),
        TEST(a_grant_takes_its_inputs_from_the_alert_within_its_bounds),
        TEST(runs_that_are_over_make_room_for_one_that_waits),
        TEST(a_dry_run_only_observes),
        TEST(a_judge_cannot_spend_more_than_the_grants_budget__grant_budget_exceeded),
        TEST(a_grant_exceeds_nothing__eff_rate_limit),
        TEST_OP(a_run_survives_a_restart_after_newer_people_came),
        TEST(each_consent_is_held_to_the_role_of_its_own_step),
        TEST(a_consent_that_something_began_under_counts_after_a_restart),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
