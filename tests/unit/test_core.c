/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/unit/core_fixture.h"

/* Alerts -------------------------------------------------------------------------------------- */

static void
an_alert_without_a_playbook_waits_for_people(void **state)
{
    house_t *self = *state;
    alarm_rings(self);
    incident_is(self, 1, INCIDENT_WAITING, "no playbook in service");
    assert_int_equal(core_count(self->core, INCIDENT_WAITING), 1);
    assert_string_equal(incident_at(self, 1).worker, "w1");
    assert_string_equal(incident_at(self, 1).region, "north");
}

static void
an_alert_without_a_grant_suggests_its_playbook(void **state)
{
    house_t *self = *state;
    put_in_service(self);
    alarm_rings(self);
    incident_is(self, 1, INCIDENT_WAITING, "no grant");
    assert_string_equal(incident_at(self, 1).playbooks, "disk-full");
}

static void
a_release_that_comes_later_is_suggested_too(void **state)
{
    house_t *self = *state;
    alarm_rings(self);
    assert_string_equal(incident_at(self, 1).playbooks, "");
    put_in_service(self);
    assert_string_equal(incident_at(self, 1).playbooks, "disk-full");
}

static void
an_alert_that_a_grant_covers_is_offered_in_the_same_step(void **state)
{
    house_t *self = *state;
    fault_t fault = {0};
    authorise(self);
    const frames_t *offer = offer_to(self, "w1");
    proof_t proof = {
        .by_grant = true,
        .authority = frames_at(offer, OFFER_AUTHORITY),
        .authority_armors = frames_at(offer, OFFER_ARMORS),
        .alert = frames_at(offer, OFFER_ALERT),
        .release = bytes_slice(self->release.document),
        .release_armors = bytes_slice(self->release.armors),
    };
    assert_string_equal(frames_text(offer, OFFER_KIND), "grant");
    CLEANUP(warrant_destroy)
    warrant_t *warrant = trust_check(self->charter->trust, &proof, "w1", self->site->now, &fault);
    if (!warrant)
        fail_msg("the worker would say: %s", fault.text);
    char run[HASH_TEXT];
    assert_string_equal(frames_text(offer, OFFER_RUN), hash_write(&warrant->run, run));
}

static void
an_input_outside_the_grants_bound_waits(void **state)
{
    house_t *self = *state;
    put_in_service(self);
    take_grant(self);
    alert_t *alert = site_alert(self->site);
    text_copy(alert->labels[1].value, sizeof alert->labels[1].value, "/etc");
    alarm_with(self, alert);
    incident_is(self, 1, INCIDENT_WAITING, "does not let it run");
    assert_int_equal(sent(self, MESSAGE_OFFER, "w1"), 0);
}

static void
a_host_that_nobody_looks_after_waits(void **state)
{
    house_t *self = *state;
    put_in_service(self);
    take_grant(self);
    alert_t *alert = site_alert(self->site);
    text_copy(alert->host, sizeof alert->host, "elsewhere.example");
    alarm_with(self, alert);
    incident_is(self, 1, INCIDENT_WAITING, "no worker looks after");
}

static void
the_same_alert_again_counts_and_starts_no_second_run(void **state)
{
    house_t *self = *state;
    authorise(self);
    alarm_rings(self);
    assert_int_equal(sent(self, MESSAGE_OFFER, "w1"), 0);
    assert_int_equal(incident_at(self, 1).count, 2);
    assert_int_equal(core_active_runs(self->core), 1);
}

static void
its_source_resolves_an_incident(void **state)
{
    house_t *self = *state;
    alarm_rings(self);
    alarm_ends(self);
    incident_is(self, 1, INCIDENT_RESOLVED, "its source");
    alarm_rings(self);
    incident_is(self, 2, INCIDENT_WAITING, "");
}

static void
an_incident_that_is_over_is_known_however_many_are(void **state)
{
    house_t *self = *state;
    alarm_rings(self);
    alarm_ends(self);
    for (unsigned i = 0; i < 2 * 2 * CORE_OVER_MAX; i++) {
        alert_t *alert = site_alert(self->site);
        snprintf(alert->fingerprint, sizeof alert->fingerprint, "%016x", i / 2);
        alert->firing = i % 2 == 0;
        alarm_with(self, alert);
    }
    alarm_ends(self);
    assert_false(told(self, "unknown"));
    alarm_rings(self);
    incident_is(self, 1, INCIDENT_RESOLVED, "its source");
    incident_is(self, 2 * CORE_OVER_MAX + 2, INCIDENT_WAITING, "");
}

/* A step of the batch that the one before began. */
static void
also(house_t *self, event_t event)
{
    if (core_step(self->core, &event, self->site->now, self->actions, &self->fault))
        fail_msg("%s", self->fault.text);
}

static void
also_alarm(house_t *self, unsigned number, bool firing)
{
    alert_t *alert CLEANUP(alert_destroy) = site_alert(self->site);
    snprintf(alert->fingerprint, sizeof alert->fingerprint, "%016x", number);
    alert->firing = firing;
    also(self, (event_t){.kind = EVENT_ALERT, .alert = alert, .region = ""});
}

static void
what_is_over_and_not_written_yet_is_known_however_much_it_is(void **state)
{
    house_t *self = *state;
    for (unsigned i = 0; i < 2 * CORE_OVER_MAX; i++) {
        alert_t *alert = site_alert(self->site);
        snprintf(alert->fingerprint, sizeof alert->fingerprint, "%016x", i);
        alarm_with(self, alert);
    }
    actions_clear(self->actions);
    for (unsigned i = 0; i < 2 * CORE_OVER_MAX; i++)
        also_alarm(self, i, false);
    also_alarm(self, 0, true);
    assert_int_equal(core_count(self->core, INCIDENT_RESOLVED), 2 * CORE_OVER_MAX);
    assert_int_equal(core_count(self->core, INCIDENT_WAITING), 1);
}

static void
what_is_abandoned_and_not_written_yet_may_fire_again(void **state)
{
    house_t *self = *state;
    alarm_rings(self);
    later(self, 8 * 86400);
    actions_clear(self->actions);
    also(self, (event_t){.kind = EVENT_TICK});
    assert_int_equal(core_count(self->core, INCIDENT_ABANDONED), 1);
    alert_t *alert CLEANUP(alert_destroy) = site_alert(self->site);
    also(self, (event_t){.kind = EVENT_ALERT, .alert = alert, .region = ""});
    assert_int_equal(core_count(self->core, INCIDENT_ABANDONED), 0);
    assert_int_equal(core_count(self->core, INCIDENT_WAITING), 1);
}

static void
a_resolve_of_what_nobody_knows_is_stored(void **state)
{
    house_t *self = *state;
    alarm_ends(self);
    query_t query = {.what = FIND_LEAVES};
    CLEANUP(row_destroy) row_t *leaf = store_first(self->store, &query, &self->fault);
    assert_string_equal(leaf->leaf.kind, "alert");
    assert_int_equal(count_rows(self, FIND_INCIDENTS), 0);
}

static void
an_incident_that_nobody_speaks_of_is_abandoned(void **state)
{
    house_t *self = *state;
    alarm_rings(self);
    later(self, 8 * 86400);
    tick(self);
    incident_is(self, 1, INCIDENT_ABANDONED, "7 days");
}

/* A run under a grant ------------------------------------------------------------------------- */

static void
a_verified_run_resolves_the_incident_without_a_person(void **state)
{
    house_t *self = *state;
    authorise(self);
    worker_accepts(self, "w1");
    incident_is(self, 1, INCIDENT_RUNNING, "runs");
    worker_tells(self, "w1", "usage", OUTCOME_OK, OUTCOME_OPEN);
    incident_is(self, 1, INCIDENT_RUNNING, "runs");
    worker_tells(self, "w1", "free", OUTCOME_OK, OUTCOME_OK);
    incident_is(self, 1, INCIDENT_RESOLVED, "verified");
    assert_int_equal(run_now(self).state, RUN_SUCCEEDED);
}

static void
a_run_that_verified_nothing_leaves_it_waiting(void **state)
{
    house_t *self = *state;
    authorise(self);
    worker_accepts(self, "w1");
    worker_tells(self, "w1", "usage", OUTCOME_OK, OUTCOME_OK);
    incident_is(self, 1, INCIDENT_WAITING, "nothing in it verified");
}

static void
a_failed_run_leaves_it_failed(void **state)
{
    house_t *self = *state;
    authorise(self);
    worker_tells(self, "w1", "free", OUTCOME_FAILED, OUTCOME_FAILED);
    incident_is(self, 1, INCIDENT_FAILED, "failed");
}

static void
an_alert_that_still_fires_after_a_good_run_waits_for_people(void **state)
{
    house_t *self = *state;
    a_verified_run_resolves_the_incident_without_a_person(state);
    alarm_rings(self);
    incident_is(self, 1, INCIDENT_WAITING, "still fires");
    later(self, 16 * 60);
    alert_t *alert = site_alert(self->site);
    alert->starts = site_after(alert->starts, -16 * 60);
    alarm_with(self, alert);
    incident_is(self, 1, INCIDENT_WAITING, "acted on already");
}

static void
the_cool_down_keeps_a_new_event_from_running_at_once(void **state)
{
    house_t *self = *state;
    a_verified_run_resolves_the_incident_without_a_person(state);
    alarm_ends(self);
    later(self, 60);
    alarm_rings(self);
    incident_is(self, 2, INCIDENT_WAITING, "less than 900 seconds");
    alarm_ends(self);
    later(self, 15 * 60);
    alarm_rings(self);
    incident_is(self, 3, INCIDENT_AUTHORISED, "grant");
}

static void
an_offer_that_nobody_takes_in_its_window_is_never(void **state)
{
    house_t *self = *state;
    authorise(self);
    later(self, 301 + CORE_LATE_MS / 1000);
    tick(self);
    assert_int_equal(run_now(self).state, RUN_EXPIRED);
    incident_is(self, 1, INCIDENT_WAITING, "reached no worker");
}

static void
an_unsigned_refusal_ends_the_part(void **state)
{
    house_t *self = *state;
    authorise(self);
    must(self, (event_t){.kind = EVENT_REFUSE,
                         .worker = "w1",
                         .hash = run_now(self).id,
                         .code = "policy",
                         .text = "not\non this machine"});
    incident_is(self, 1, INCIDENT_FAILED, "failed");
    assert_int_equal(step(self, (event_t){.kind = EVENT_REFUSE,
                                          .worker = "w2",
                                          .hash = run_now(self).id,
                                          .code = "policy",
                                          .text = ""}),
                     -1);
    assert_int_equal(self->fault.code, FAULT_NOT_FOUND);
}

static void
refused_saying(house_t *self, const char *code, const char *text)
{
    must(self, (event_t){.kind = EVENT_REFUSE,
                         .worker = "w1",
                         .hash = run_now(self).id,
                         .code = code,
                         .text = text});
}

static void
refused_for_now(house_t *self, const char *code)
{
    refused_saying(self, code, "this worker has 64 runs at hand already");
}

static void
what_is_refused_for_the_moment_is_offered_again_later_and_later(void **state)
{
    static const int64_t waits_s[] = {5, 10, 20, 40, 60, 60};
    house_t *self = *state;
    authorise(self);
    for (size_t i = 0; i < ARRAY_SIZE(waits_s); i++) {
        static const char *const codes[] = {"limit", "rate", "window"};
        char text[40]; /* says another time each time, which is no news */
        snprintf(text, sizeof text, "by the clock here it is %zu", i);
        refused_saying(self, codes[i / 2], text);
        assert_int_equal(told(self, "part"), i % 2 == 0);
        later(self, waits_s[i] - 1);
        tick(self);
        assert_int_equal(sent(self, MESSAGE_OFFER, "w1"), 0);
        later(self, 1);
        tick(self);
        assert_int_equal(sent(self, MESSAGE_OFFER, "w1"), 1);
        incident_is(self, 1, INCIDENT_AUTHORISED, "grant");
    }
}

static uint64_t
leaves(const house_t *self)
{
    return core_log(self->core)->size;
}

static void
a_worker_that_refuses_without_being_asked_adds_nothing_to_the_record(void **state)
{
    static const char *const codes[] = {"rate", "limit", "window", "beacon"};
    house_t *self = *state;
    authorise(self);
    refused_for_now(self, "limit");
    uint64_t before = leaves(self);
    for (size_t i = 0; i < 3 * ARRAY_SIZE(codes); i++)
        refused_saying(self, codes[i % ARRAY_SIZE(codes)], codes[i / 3]);
    assert_int_equal(leaves(self), before);
    later(self, 5);
    tick(self);
    assert_int_equal(sent(self, MESSAGE_OFFER, "w1"), 1);
    refused_saying(self, "policy", "no");
    assert_int_equal(run_now(self).state, RUN_FAILED);
}

static void
a_moment_that_does_not_pass_ends_with_the_window(void **state)
{
    house_t *self = *state;
    authorise(self);
    refused_for_now(self, "limit");
    later(self, 301 + CORE_LATE_MS / 1000);
    tick(self);
    assert_int_equal(sent(self, MESSAGE_OFFER, "w1"), 0);
    assert_int_equal(run_now(self).state, RUN_FAILED);
    incident_is(self, 1, INCIDENT_FAILED, "failed");
}

static void
a_budget_that_cannot_come_back_in_time_ends_the_part(void **state)
{
    house_t *self = *state;
    authorise(self);
    refused_for_now(self, "budget"); /* of an hour; the alert is fresh for five minutes */
    assert_int_equal(run_now(self).state, RUN_FAILED);
}

static void
a_refusal_from_another_worker_changes_nothing(void **state)
{
    house_t *self = *state;
    authorise(self);
    assert_int_equal(step(self, (event_t){.kind = EVENT_REFUSE,
                                          .worker = "w2",
                                          .hash = run_now(self).id,
                                          .code = "policy",
                                          .text = "no"}),
                     -1);
    incident_is(self, 1, INCIDENT_AUTHORISED, "grant");
}

/* Workers ------------------------------------------------------------------------------------- */

static void
a_worker_that_says_hello_gets_its_open_offers_again(void **state)
{
    house_t *self = *state;
    authorise(self);
    hello(self, "w1", 0);
    assert_int_equal(sent(self, MESSAGE_WELCOME, "w1"), 1);
    assert_int_equal(sent(self, MESSAGE_OFFER, "w1"), 1);
    hello(self, "w2", 0);
    assert_int_equal(sent(self, MESSAGE_OFFER, "w1") + sent(self, MESSAGE_OFFER, "w2"), 0);
}

static void
a_welcome_says_the_last_receipt_that_is_here(void **state)
{
    house_t *self = *state;
    authorise(self);
    worker_tells(self, "w1", "usage", OUTCOME_OK, OUTCOME_OPEN);
    hello(self, "w1", 1);
    const frames_t *frames = self->actions->sends[0].frames;
    assert_string_equal(frames_text(frames, 0), "WELCOME");
    assert_string_equal(frames_text(frames, 3), "1");
    hello(self, "w2", 9);
    assert_string_equal(frames_text(self->actions->sends[0].frames, 3), "0");
}

static void
a_worker_with_a_shorter_ledger_is_told_once_an_hour(void **state)
{
    house_t *self = *state;
    authorise(self);
    worker_tells(self, "w1", "usage", OUTCOME_OK, OUTCOME_OPEN);
    hello(self, "w1", 0);
    assert_true(told(self, "gap"));
    later(self, 3599);
    hello(self, "w1", 0);
    assert_false(told(self, "gap"));
    later(self, 1);
    hello(self, "w1", 0);
    assert_true(told(self, "gap"));
}

static void
a_wanted_release_is_given_whole(void **state)
{
    house_t *self = *state;
    put_in_service(self);
    must(self, (event_t){.kind = EVENT_WANT, .worker = "w1", .hash = self->release_hash});
    assert_int_equal(sent(self, MESSAGE_GIVE, "w1"), 1);
    hash_t other = hash_of(slice_text("other"));
    assert_int_equal(step(self, (event_t){.kind = EVENT_WANT, .worker = "w1", .hash = other}), -1);
}

/* Releases ------------------------------------------------------------------------------------ */

static void
a_release_waits_for_its_second_approver(void **state)
{
    house_t *self = *state;
    value_t *files = files_of_release(self);
    release_t *release =
        site_release_of(self->site, "disk-full", slice_text(MANIFEST), slice_text(SITE_PLAYBOOK));
    sealed_t one CLEANUP(sealed_done) = site_seal_release(self->site, release, "ana", "rob");
    must(self, (event_t){.kind = EVENT_RELEASE,
                         .document = bytes_slice(one.document),
                         .armors = bytes_slice(one.armors),
                         .files = &files});
    assert_null(shelf_in_service(core_shelf(self->core), "disk-full"));
    CLEANUP(bytes_destroy) bytes_t *armor = bytes_new();
    site_sign(self->site, SIGN_APPROVE, bytes_slice(one.document), "ana", armor);
    event_t approval = {
        .kind = EVENT_APPROVAL, .hash = self->release_hash, .armors = bytes_slice(armor)};
    assert_int_equal(step(self, approval), -1); /* its author does not count */
    bytes_clear(armor);
    site_sign(self->site, SIGN_APPROVE, bytes_slice(one.document), "rita", armor);
    approval.armors = bytes_slice(armor);
    must(self, approval);
    assert_non_null(shelf_in_service(core_shelf(self->core), "disk-full"));
}

static void
an_approval_that_does_not_hold_spoils_nothing(void **state)
{
    house_t *self = *state;
    put_in_service(self);
    CLEANUP(bytes_destroy) bytes_t *armor = bytes_new();
    site_sign(self->site, SIGN_APPROVE, slice_text("something else"), "rita", armor);
    assert_int_equal(step(self, (event_t){.kind = EVENT_APPROVAL,
                                          .hash = self->release_hash,
                                          .armors = bytes_slice(armor)}),
                     -1);
    assert_non_null(shelf_in_service(core_shelf(self->core), "disk-full"));
}

static void
the_newest_sequence_is_in_service(void **state)
{
    house_t *self = *state;
    put_in_service(self);
    value_t *files = files_of_release(self);
    release_t *release =
        site_release_of(self->site, "disk-full", slice_text(MANIFEST), slice_text(SITE_PLAYBOOK));
    release->sequence = 6;
    sealed_t newer CLEANUP(sealed_done) = site_seal_release(self->site, release, "ana", "rob,rita");
    must(self, (event_t){.kind = EVENT_RELEASE,
                         .document = bytes_slice(newer.document),
                         .armors = bytes_slice(newer.armors),
                         .files = &files});
    const shelf_t *shelf = core_shelf(self->core);
    assert_int_equal(shelf_in_service(shelf, "disk-full")->release->sequence, 6);
    assert_int_equal(shelf_release(shelf, &self->release_hash)->state, RELEASE_REPLACED);
    take_grant(self); /* for the one that was replaced */
    alarm_rings(self);
    incident_is(self, 1, INCIDENT_WAITING, "no grant");
}

static void
a_release_with_another_file_is_refused(void **state)
{
    house_t *self = *state;
    value_t *files = files_of_release(self);
    value_set_text(files, "playbook.lua", "os.exit()");
    assert_int_equal(step(self, (event_t){.kind = EVENT_RELEASE,
                                          .document = bytes_slice(self->release.document),
                                          .armors = bytes_slice(self->release.armors),
                                          .files = &files}),
                     -1);
    assert_int_equal(self->fault.code, FAULT_HASH);
    files = files_of_release(self);
    value_set_text(files, "extra.lua", "");
    assert_int_equal(step(self, (event_t){.kind = EVENT_RELEASE,
                                          .document = bytes_slice(self->release.document),
                                          .armors = bytes_slice(self->release.armors),
                                          .files = &files}),
                     -1);
    assert_int_equal(self->fault.code, FAULT_HASH);
}

/* Crashes ------------------------------------------------------------------------------------- */

static void
goes_on_after_a_restart(void **state)
{
    house_t *self = *state;
    authorise(self);
    worker_accepts(self, "w1");
    worker_tells(self, "w1", "usage", OUTCOME_OK, OUTCOME_OPEN);
    hash_t head = merkle_head(core_log(self->core));
    restart(self);
    hash_t again = merkle_head(core_log(self->core));
    assert_true(hash_equal(&head, &again));
    assert_int_equal(core_count(self->core, INCIDENT_RUNNING), 1);
    assert_non_null(shelf_in_service(core_shelf(self->core), "disk-full"));
    assert_int_equal(shelf_grant_count(core_shelf(self->core)), 1);
    hello(self, "w1", 1);
    assert_int_equal(sent(self, MESSAGE_OFFER, "w1"), 1);
    worker_tells(self, "w1", "free", OUTCOME_OK, OUTCOME_OK);
    assert_false(told(self, "gap"));
    incident_is(self, 1, INCIDENT_RESOLVED, "verified");
}

static void
knows_a_closed_incident_after_a_restart(void **state)
{
    house_t *self = *state;
    a_verified_run_resolves_the_incident_without_a_person(state);
    restart(self);
    alarm_rings(self);
    incident_is(self, 1, INCIDENT_WAITING, "still fires");
    assert_int_equal(core_count(self->core, INCIDENT_RESOLVED), 0);
    assert_int_equal(core_count(self->core, INCIDENT_WAITING), 1);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        CASE(an_alert_without_a_playbook_waits_for_people),
        CASE(an_alert_without_a_grant_suggests_its_playbook),
        CASE(a_release_that_comes_later_is_suggested_too),
        CASE(an_alert_that_a_grant_covers_is_offered_in_the_same_step),
        CASE(an_input_outside_the_grants_bound_waits),
        CASE(a_host_that_nobody_looks_after_waits),
        CASE(the_same_alert_again_counts_and_starts_no_second_run),
        CASE(its_source_resolves_an_incident),
        CASE(an_incident_that_is_over_is_known_however_many_are),
        CASE(what_is_over_and_not_written_yet_is_known_however_much_it_is),
        CASE(what_is_abandoned_and_not_written_yet_may_fire_again),
        CASE(a_resolve_of_what_nobody_knows_is_stored),
        CASE(an_incident_that_nobody_speaks_of_is_abandoned),
        CASE(a_verified_run_resolves_the_incident_without_a_person),
        CASE(a_run_that_verified_nothing_leaves_it_waiting),
        CASE(a_failed_run_leaves_it_failed),
        CASE(an_alert_that_still_fires_after_a_good_run_waits_for_people),
        CASE(the_cool_down_keeps_a_new_event_from_running_at_once),
        CASE(an_offer_that_nobody_takes_in_its_window_is_never),
        CASE(an_unsigned_refusal_ends_the_part),
        CASE(what_is_refused_for_the_moment_is_offered_again_later_and_later),
        CASE(a_worker_that_refuses_without_being_asked_adds_nothing_to_the_record),
        CASE(a_moment_that_does_not_pass_ends_with_the_window),
        CASE(a_budget_that_cannot_come_back_in_time_ends_the_part),
        CASE(a_refusal_from_another_worker_changes_nothing),
        CASE(a_worker_that_says_hello_gets_its_open_offers_again),
        CASE(a_welcome_says_the_last_receipt_that_is_here),
        CASE(a_worker_with_a_shorter_ledger_is_told_once_an_hour),
        CASE(a_wanted_release_is_given_whole),
        CASE(a_release_waits_for_its_second_approver),
        CASE(an_approval_that_does_not_hold_spoils_nothing),
        CASE(the_newest_sequence_is_in_service),
        CASE(a_release_with_another_file_is_refused),
        CASE(goes_on_after_a_restart),
        CASE(knows_a_closed_incident_after_a_restart),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
