/* SPDX-License-Identifier: Apache-2.0 */
/* Alerts that their source signed, in the broker's core. */
#include "tests/unit/core_fixture.h"

static int
hear(house_t *self, const sealed_t *alert)
{
    return step(self, (event_t){.kind = EVENT_ALERT,
                                .who = "monitor",
                                .region = "",
                                .document = bytes_slice(alert->document),
                                .armors = bytes_slice(alert->armors)});
}

static void
must_hear(house_t *self, const sealed_t *alert)
{
    if (hear(self, alert))
        fail_msg("%s: %s", fault_word(self->fault.code), self->fault.text);
}

/* The site's alert, received a while after now, signed by this key. */
static sealed_t
sealed_at(house_t *self, int64_t seconds, bool firing, const char *key)
{
    alert_t *alert = site_alert(self->site);
    alert->received = site_after(self->site->now, seconds);
    alert->firing = firing;
    return site_seal_alert_by(self->site, alert, key);
}

static void
take_signed_grant(house_t *self)
{
    grant_t *grant = grant_decode(bytes_slice(self->grant.document), &self->fault);
    assert_non_null(grant);
    grant->evidence = EVIDENCE_SIGNED;
    sealed_done(&self->grant);
    self->grant = site_seal_grant(self->site, grant, "pat,pia");
    put_in_service(self);
    take_grant(self);
}

static void
assert_unmoved(house_t *self, const sealed_t *alert)
{
    uint64_t size = core_log(self->core)->size;
    must_hear(self, alert);
    assert_int_equal(core_log(self->core)->size, size);
    assert_int_equal(self->actions->row_count, 0);
    assert_int_equal(self->actions->send_count, 0);
}

static void
it_is_offered_as_it_was_signed(void **state)
{
    house_t *self = *state;
    fault_t fault = {0};
    sealed_t alert CLEANUP(sealed_done) = sealed_at(self, -2, true, "monitor-north");
    take_signed_grant(self);
    must_hear(self, &alert);
    const frames_t *offer = offer_to(self, "w1");
    assert_true(slice_equal(frames_at(offer, OFFER_ALERT), bytes_slice(alert.document)));
    assert_true(slice_equal(frames_at(offer, OFFER_ALERT_ARMOR), bytes_slice(alert.armors)));
    proof_t proof = {
        .by_grant = true,
        .authority = frames_at(offer, OFFER_AUTHORITY),
        .authority_armors = frames_at(offer, OFFER_ARMORS),
        .alert = frames_at(offer, OFFER_ALERT),
        .alert_armors = frames_at(offer, OFFER_ALERT_ARMOR),
        .release = bytes_slice(self->release.document),
        .release_armors = bytes_slice(self->release.armors),
    };
    CLEANUP(warrant_destroy)
    warrant_t *warrant = trust_check(self->charter->trust, &proof, "w1", self->site->now, &fault);
    if (!warrant)
        fail_msg("the worker would say: %s", fault.text);
}

static void
after_a_restart_it_is_offered_with_its_armor_again(void **state)
{
    house_t *self = *state;
    sealed_t alert CLEANUP(sealed_done) = sealed_at(self, 0, true, "monitor-north");
    take_signed_grant(self);
    must_hear(self, &alert);
    restart(self);
    CLEANUP(value_destroy) value_t *said = value_map();
    must(self, (event_t){.kind = EVENT_HELLO, .worker = "w1", .state = said});
    const frames_t *offer = offer_to(self, "w1");
    assert_true(slice_equal(frames_at(offer, OFFER_ALERT), bytes_slice(alert.document)));
    assert_true(slice_equal(frames_at(offer, OFFER_ALERT_ARMOR), bytes_slice(alert.armors)));
}

static void
without_a_signature_it_starts_nothing(void **state)
{
    house_t *self = *state;
    take_signed_grant(self);
    alarm_rings(self);
    incident_is(self, 1, INCIDENT_WAITING, "signed alerts: the alert has no signature");
    assert_int_equal(sent(self, MESSAGE_OFFER, "w1"), 0);
}

static void
the_same_bytes_again_change_nothing(void **state)
{
    house_t *self = *state;
    sealed_t first CLEANUP(sealed_done) = sealed_at(self, 0, true, "monitor-north");
    sealed_t over CLEANUP(sealed_done) = sealed_at(self, 1, false, "monitor-north");
    must_hear(self, &first);
    assert_unmoved(self, &first);
    must_hear(self, &over);
    incident_is(self, 1, INCIDENT_RESOLVED, "its source");
    assert_unmoved(self, &over);
    assert_unmoved(self, &first);
    restart(self);
    assert_unmoved(self, &first);
    assert_unmoved(self, &over);
}

static void
what_comes_late_does_not_count(void **state)
{
    house_t *self = *state;
    sealed_t first CLEANUP(sealed_done) = sealed_at(self, 0, true, "monitor-north");
    sealed_t over CLEANUP(sealed_done) = sealed_at(self, 1, false, "monitor-north");
    sealed_t second CLEANUP(sealed_done) = sealed_at(self, 2, true, "monitor-north");
    assert_unmoved(self, &over);
    must_hear(self, &first);
    must_hear(self, &second);
    assert_int_equal(incident_at(self, 1).count, 2);
    assert_unmoved(self, &over);
    assert_unmoved(self, &first);
}

static void
who_signs_for_another_is_refused(void **state)
{
    house_t *self = *state;
    sealed_t alert CLEANUP(sealed_done) = sealed_at(self, 0, true, "mallory");
    assert_int_equal(hear(self, &alert), -1);
    assert_int_equal(self->fault.code, FAULT_KEY);
    assert_int_equal(self->actions->row_count, 0);
    sealed_t good CLEANUP(sealed_done) = sealed_at(self, 0, true, "monitor-north");
    assert_int_equal(step(self, (event_t){.kind = EVENT_ALERT,
                                          .who = "watcher",
                                          .region = "",
                                          .document = bytes_slice(good.document),
                                          .armors = bytes_slice(good.armors)}),
                     -1);
    assert_int_equal(self->fault.code, FAULT_DENIED);
}

static void
a_clock_that_is_ahead_is_waited_for_and_what_is_too_old_is_refused(void **state)
{
    house_t *self = *state;
    sealed_t ahead CLEANUP(sealed_done) = sealed_at(self, 301, true, "monitor-north");
    sealed_t old CLEANUP(sealed_done) = sealed_at(self, -86401, true, "monitor-north");
    assert_int_equal(hear(self, &ahead), -1);
    assert_int_equal(self->fault.code, FAULT_WINDOW);
    assert_int_equal(hear(self, &old), -1);
    assert_int_equal(self->fault.code, FAULT_STALE);
    later(self, 1);
    must_hear(self, &ahead);
    incident_is(self, 1, INCIDENT_WAITING, "");
}

#define row(test) cmocka_unit_test_setup_teardown(test, begin, end)

int
main(void)
{
    const struct CMUnitTest tests[] = {
        row(it_is_offered_as_it_was_signed),
        row(after_a_restart_it_is_offered_with_its_armor_again),
        row(without_a_signature_it_starts_nothing),
        row(the_same_bytes_again_change_nothing),
        row(what_comes_late_does_not_count),
        row(who_signs_for_another_is_refused),
        row(a_clock_that_is_ahead_is_waited_for_and_what_is_too_old_is_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
