/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/unit/core_fixture.h"

static holds_t holds; /* of the test under way */

static int
begin_held(void **state)
{
    int result = begin(state);
    holds = (holds_t){0};
    core_hold(((house_t *)*state)->core, &holds);
    return result;
}

static void
restart_held(house_t *self)
{
    restart(self);
    core_hold(self->core, &holds);
}

static int
pull(house_t *self, const char *region, bool on, const char *why)
{
    return step(
        self,
        (event_t){.kind = EVENT_BRAKE, .who = "pat", .region = region, .number = on, .text = why});
}

/* Another alert about the same host, which the last one's run does not hold up. */
static void
another_rings(house_t *self, char number)
{
    alert_t *alert = site_alert(self->site);
    alert->fingerprint[0] = number;
    alarm_with(self, alert);
}

static void
end_the_run(house_t *self)
{
    worker_tells(self, "w1", "free", OUTCOME_OK, OUTCOME_OK);
    later(self, 901);
}

static void
nothing_begins_in_a_freeze_and_the_incident_says_which(void **state)
{
    house_t *self = *state;
    holds.freeze_count = 1;
    holds.freezes[0] = (freeze_t){.name = "feast",
                                  .from = site_after(self->site->now, -60),
                                  .to = site_after(self->site->now, 60)};
    put_in_service(self);
    take_grant(self);
    alarm_rings(self);
    incident_is(self, 1, INCIDENT_WAITING, "freeze 'feast'");
    later(self, 60);
    alarm_rings(self);
    incident_is(self, 1, INCIDENT_AUTHORISED, "grant");
}

static void
a_freeze_of_another_region_holds_nothing(void **state)
{
    house_t *self = *state;
    holds.freeze_count = 1;
    holds.freezes[0] = (freeze_t){.name = "feast", .region = "south", .to = {INT64_MAX}};
    authorise(self);
}

static void
too_many_runs_trip_the_brake_until_people_release_it(void **state)
{
    house_t *self = *state;
    holds.brake_count = 1;
    holds.brakes[0] = (brake_t){.region = "north", .count = 1, .seconds = 3600};
    authorise(self);
    end_the_run(self);
    another_rings(self, 'a');
    incident_is(self, 2, INCIDENT_WAITING, "more than 1 automatic runs");
    assert_true(told(self, "brake"));
    restart_held(self);
    later(self, 2 * 3600);
    another_rings(self, 'b');
    incident_is(self, 3, INCIDENT_WAITING, "the brake is on");
    assert_false(told(self, "brake"));
    assert_int_equal(pull(self, "north", false, "it was a test"), 0);
    another_rings(self, 'b');
    incident_is(self, 3, INCIDENT_AUTHORISED, "grant");
}

static void
runs_of_before_its_release_do_not_trip_it_again(void **state)
{
    house_t *self = *state;
    holds.brake_count = 1;
    holds.brakes[0] = (brake_t){.count = 1, .seconds = 3600};
    authorise(self);
    end_the_run(self);
    another_rings(self, 'a');
    assert_int_equal(pull(self, "-", false, "looked at"), 0);
    later(self, 1);
    another_rings(self, 'a');
    incident_is(self, 2, INCIDENT_AUTHORISED, "grant");
}

static void
people_put_brakes_on_too(void **state)
{
    house_t *self = *state;
    put_in_service(self);
    take_grant(self);
    assert_int_equal(pull(self, "nowhere", true, "why"), -1);
    assert_int_equal(self->fault.code, FAULT_NOT_FOUND);
    assert_int_equal(pull(self, "-", true, ""), -1);
    assert_int_equal(self->fault.code, FAULT_USAGE);
    assert_int_equal(pull(self, "-", false, "why"), -1);
    assert_int_equal(self->fault.code, FAULT_CONFLICT);
    assert_int_equal(pull(self, "-", true, "a change is under way"), 0);
    alarm_rings(self);
    incident_is(self, 1, INCIDENT_WAITING, "a change is under way");
    assert_true(core_brake(self->core, 0)->engaged);
    assert_null(core_brake(self->core, 1));
}

static int
drain(house_t *self, const char *worker, bool on, const char *why)
{
    return step(
        self,
        (event_t){.kind = EVENT_DRAIN, .who = "pat", .worker = worker, .number = on, .text = why});
}

static void
nothing_begins_by_itself_on_a_drained_worker(void **state)
{
    house_t *self = *state;
    put_in_service(self);
    take_grant(self);
    assert_int_equal(drain(self, "nobody", true, "why"), -1);
    assert_int_equal(self->fault.code, FAULT_NOT_FOUND);
    assert_int_equal(drain(self, "w1", true, ""), -1);
    assert_int_equal(self->fault.code, FAULT_USAGE);
    assert_int_equal(drain(self, "w1", false, ""), -1);
    assert_int_equal(self->fault.code, FAULT_CONFLICT);
    assert_int_equal(drain(self, "w1", true, "its disk is being changed"), 0);
    assert_true(told(self, "drain"));
    restart_held(self);
    alarm_rings(self);
    incident_is(self, 1, INCIDENT_WAITING, "drained by pat: its disk is being changed");
    assert_int_equal(drain(self, "w1", false, ""), 0);
    assert_null(core_drained(self->core, "w1"));
    another_rings(self, 'a');
    incident_is(self, 2, INCIDENT_AUTHORISED, "grant");
}

static void
an_orders_part_waits_until_its_worker_is_resumed(void **state)
{
    house_t *self = *state;
    assert_int_equal(drain(self, "w1", true, "its disk is being changed"), 0);
    start_order(self, 0);
    assert_int_equal(sent(self, MESSAGE_OFFER, "w1"), 0);
    later(self, 5);
    restart_held(self);
    later(self, 5);
    hello(self, "w1", 0);
    assert_int_equal(sent(self, MESSAGE_OFFER, "w1"), 0);
    assert_int_equal(drain(self, "w1", false, ""), 0);
    assert_int_equal(sent(self, MESSAGE_OFFER, "w1"), 1);
}

static void
what_was_offered_before_the_drain_is_not_offered_again(void **state)
{
    house_t *self = *state;
    start_order(self, 0);
    assert_int_equal(sent(self, MESSAGE_OFFER, "w1"), 1);
    assert_int_equal(drain(self, "w1", true, "its disk is being changed"), 0);
    hello(self, "w1", 0);
    assert_int_equal(sent(self, MESSAGE_OFFER, "w1"), 0);
    assert_int_equal(drain(self, "w1", false, ""), 0);
    assert_int_equal(sent(self, MESSAGE_OFFER, "w1"), 1);
}

#define HELD(test)                         \
    {                                      \
#test, test, begin_held, end, NULL \
    }

int
main(void)
{
    const struct CMUnitTest tests[] = {
        HELD(nothing_begins_in_a_freeze_and_the_incident_says_which),
        HELD(a_freeze_of_another_region_holds_nothing),
        HELD(too_many_runs_trip_the_brake_until_people_release_it),
        HELD(runs_of_before_its_release_do_not_trip_it_again),
        HELD(people_put_brakes_on_too),
        HELD(nothing_begins_by_itself_on_a_drained_worker),
        HELD(an_orders_part_waits_until_its_worker_is_resumed),
        HELD(what_was_offered_before_the_drain_is_not_offered_again),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
