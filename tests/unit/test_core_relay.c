/* SPDX-License-Identifier: Apache-2.0 */
/* A region's own broker and the centre's, each a core over a store of its own: what the first
 * relays of its log, and what the second makes of it - of what it cannot have signed too. */
#include "relay_fixture.h"

/* ---- what was signed --------------------------------------------------------------------------
 */

static void
what_happened_in_the_region_stands_at_the_centre_once(void **state)
{
    pair_t *pair = *state;
    heals(pair->north);
    relay(pair);
    is_healed(pair);
    assert_string_equal(run_now(pair->centre).via, "north");
    assert_int_equal(times(pair->centre, "by broker north"), 1);
    assert_int_equal(times(pair->centre, "does not count"), 0);
    relay_anew(pair);
}

static void
it_does_so_long_after_grant_and_alert_are_stale(void **state)
{
    pair_t *pair = *state;
    heals(pair->north);
    later(pair->centre, 3 * 24 * 3600);
    relay(pair);
    is_healed(pair);
    assert_int_equal(times(pair->centre, "does not count"), 0);
}

static void
receipts_that_the_worker_brings_first_count_once(void **state)
{
    pair_t *pair = *state;
    house_t *north = pair->north;
    begins(north);
    sealed_t first CLEANUP(sealed_done) = receipt_of(north, "w1", "free", OUTCOME_OK, OUTCOME_OPEN);
    worker_tells(north, "w1", "free", OUTCOME_OK, OUTCOME_OPEN);
    sealed_t last CLEANUP(sealed_done) = receipt_of(north, "w1", "usage", OUTCOME_OK, OUTCOME_OK);
    worker_tells(north, "w1", "usage", OUTCOME_OK, OUTCOME_OK);
    assert_int_equal(send_receipt(pair->centre, "w1", &first), 0);
    assert_int_equal(send_receipt(pair->centre, "w1", &last), 0);
    relay(pair);
    is_healed(pair);
    assert_int_equal(times(pair->centre, "step 'free' is ok"), 1);
    relay_anew(pair);
}

static void
an_alert_that_its_source_brought_here_too_is_one_incident_and_one_run(void **state)
{
    pair_t *pair = *state;
    sealed_t alert CLEANUP(sealed_done) = signed_alert(pair->north, "monitor-north");
    heals(pair->north);
    assert_int_equal(ring(pair->centre, &alert), 0); /* no playbook is here yet */
    incident_is(pair->centre, 1, INCIDENT_WAITING, "no playbook");
    relay(pair);
    is_healed(pair);
    assert_int_equal(pair->centre->fault.code, FAULT_NONE);
    relay_anew(pair);
}

static void
a_run_that_both_began_is_one(void **state)
{
    pair_t *pair = *state;
    sealed_t alert CLEANUP(sealed_done) = signed_alert(pair->north, "monitor-north");
    heals(pair->north);
    serve(pair->centre);
    assert_int_equal(ring(pair->centre, &alert), 0);
    offer_to(pair->centre, "w1");
    relay(pair);
    is_healed(pair);
    assert_string_equal(run_now(pair->centre).via, "");
}

static void
what_goes_on_after_the_centre_was_killed_is_not_told_twice(void **state)
{
    pair_t *pair = *state;
    begins(pair->north);
    relay(pair);
    assert_int_equal(run_now(pair->centre).state, RUN_ACTIVE);
    restart(pair->centre);
    CLEANUP(value_destroy) value_t *said = value_map();
    must(pair->centre, (event_t){.kind = EVENT_ISLAND, .who = "north", .state = said});
    const frames_t *answer = pair->centre->actions->sends[0].frames;
    assert_true(slice_is(frames_at(answer, 0), "RELAYED"));
    uint64_t taken;
    assert_true(text_read_u64(frames_text(answer, 1), 1, INT64_MAX, &taken));
    assert_true(taken <= pair->next);
    pair->next = taken;
    worker_tells(pair->north, "w1", "free", OUTCOME_OK, OUTCOME_OPEN);
    worker_tells(pair->north, "w1", "usage", OUTCOME_OK, OUTCOME_OK);
    relay(pair);
    is_healed(pair);
    assert_int_equal(times(pair->centre, "by broker north"), 1);
    relay_anew(pair);
}

static int
ring_another(house_t *self, const char *fingerprint)
{
    alert_t *alert = site_alert(self->site);
    text_copy(alert->fingerprint, sizeof alert->fingerprint, fingerprint);
    sealed_t sealed CLEANUP(sealed_done) = site_seal_alert_by(self->site, alert, "monitor-north");
    return ring(self, &sealed);
}

/* Of three an hour; what is taken over late is of another day. */
static void
a_run_of_yesterday_takes_nothing_of_todays_budget(void **state)
{
    pair_t *pair = *state;
    house_t *north = pair->north, *centre = pair->centre;
    heals(north);
    later(north, 1000);
    assert_int_equal(ring_another(north, "another"), 0);
    worker_tells(north, "w1", "usage", OUTCOME_OK, OUTCOME_OK);
    later(centre, 24 * 3600);
    serve(centre);
    assert_int_equal(ring_another(centre, "today"), 0);
    relay(pair);
    assert_int_equal(how_many(centre, FIND_RUNS), 3);
    centre->sequence[0] = north->sequence[0];
    centre->head[0] = north->head[0];
    worker_tells(centre, "w1", "usage", OUTCOME_OK, OUTCOME_OK);
    later(centre, 1000);
    assert_int_equal(ring_another(centre, "later"), 0);
    assert_int_equal(how_many(centre, FIND_RUNS), 4);
}

static void
an_order_of_the_region_is_here_with_who_gave_it(void **state)
{
    pair_t *pair = *state;
    start_order(pair->north, 0);
    worker_accepts(pair->north, "w1");
    worker_tells(pair->north, "w1", "free", OUTCOME_OK, OUTCOME_OPEN);
    worker_tells(pair->north, "w1", "usage", OUTCOME_OK, OUTCOME_OK);
    later(pair->centre, 2 * 24 * 3600); /* its window is past */
    relay(pair);
    run_row_t run = run_now(pair->centre);
    assert_string_equal(run.via, "north");
    assert_string_equal(run.who, "pat");
    assert_int_equal(times(pair->centre, "at broker north"), 1);
    assert_int_equal(times(pair->centre, "'disk-full' on 'w1' is done"), 1);
    relay_anew(pair);
}

/* North's incident 1, by the number that it has there. */
static void
orders_about(house_t *self, uint64_t incident)
{
    order_t *order = make_order(self, 0);
    order->incident = incident;
    put_in_service(self);
    sealed_t sealed CLEANUP(sealed_done) = site_seal_order(self->site, order, "pat");
    submit(self, &sealed);
}

static void
an_order_about_an_incident_of_the_region_is_about_it_here(void **state)
{
    pair_t *pair = *state;
    assert_int_equal(ring_another(pair->centre, "first"), 0); /* they have other numbers here */
    assert_int_equal(ring_another(pair->north, "another"), 0);
    orders_about(pair->north, 1);
    relay(pair);
    incident_is(pair->centre, 2, INCIDENT_AUTHORISED, "pat ordered");
}

static void
an_order_that_was_taken_over_is_rolled_out_by_the_broker_that_took_it_alone(void **state)
{
    pair_t *pair = *state;
    start_order(pair->north, 0);
    relay(pair);
    hello(pair->centre, "w1", 0);
    tick(pair->centre);
    assert_int_equal(sent(pair->centre, MESSAGE_OFFER, "w1"), 0);
    assert_int_equal(step(pair->centre, (event_t){.kind = EVENT_PAUSE,
                                                  .who = "pat",
                                                  .hash = run_now(pair->centre).id,
                                                  .number = 1}),
                     -1);
    assert_int_equal(pair->centre->fault.code, FAULT_CONFLICT);
}

static void
a_grants_run_that_was_taken_over_is_offered_here_too(void **state)
{
    pair_t *pair = *state;
    begins(pair->north);
    relay(pair);
    hello(pair->centre, "w1", 0);
    offer_to(pair->centre, "w1"); /* north may have said it, and kept it from the worker */
}

static int
halt(house_t *self, const sealed_t *stop)
{
    return step(self, (event_t){.kind = EVENT_HALT,
                                .document = bytes_slice(stop->document),
                                .armors = bytes_slice(stop->armors)});
}

/* Documents that the last step sent to the other broker. */
static size_t
handed(const house_t *self)
{
    size_t count = 0;
    for (size_t i = 0; i < self->actions->send_count; i++)
        count += self->actions->sends[i].broker &&
                 slice_is(frames_at(self->actions->sends[i].frames, 0), "DOCUMENT");
    return count;
}

static void
stops_go_both_ways(void **state)
{
    pair_t *pair = *state;
    house_t *centre = pair->centre;
    sealed_t theirs CLEANUP(sealed_done) = site_seal_stop(
        pair->north->site, site_stop(pair->north->site, HALT_PLAYBOOK, "theirs"), "olaf");
    sealed_t ours CLEANUP(sealed_done) =
        site_seal_stop(centre->site, site_stop(centre->site, HALT_PLAYBOOK, "ours"), "olaf");
    assert_int_equal(halt(pair->north, &theirs), 0);
    assert_int_equal(halt(centre, &ours), 0);
    assert_int_equal(handed(centre), 0); /* nobody is there yet */
    relay(pair);
    assert_int_equal(times(centre, "stopped the playbook theirs"), 1);
    CLEANUP(value_destroy) value_t *said = value_map();
    must(centre, (event_t){.kind = EVENT_ISLAND, .who = "north", .state = said});
    assert_int_equal(handed(centre), 2);
    sealed_t more CLEANUP(sealed_done) =
        site_seal_stop(centre->site, site_stop(centre->site, HALT_PLAYBOOK, "more"), "olaf");
    assert_int_equal(halt(centre, &more), 0);
    assert_int_equal(handed(centre), 1);
}

/* What it says that it keeps. */
static void
greets_with(house_t *centre, const sealed_t *kept)
{
    CLEANUP(value_destroy) value_t *said = value_map();
    value_t *halts = value_list();
    char text[HASH_TEXT];
    hash_t hash = kept ? hash_of(bytes_slice(kept->document)) : HASH_ZERO;
    value_append(halts, value_text(hash_write(&hash, text)));
    value_set(said, "halts", halts);
    must(centre, (event_t){.kind = EVENT_ISLAND, .who = "north", .state = said});
}

static void
a_stop_that_was_lifted_is_news_to_who_keeps_it_alone(void **state)
{
    house_t *centre = ((pair_t *)*state)->centre;
    sealed_t stop CLEANUP(sealed_done) =
        site_seal_stop(centre->site, site_stop(centre->site, HALT_PLAYBOOK, "one"), "olaf");
    resume_t *resume = memory_new(1, sizeof *resume);
    resume->site = centre->site->id;
    resume->stop = hash_of(bytes_slice(stop.document));
    resume->created = centre->site->now;
    text_copy(resume->reason, sizeof resume->reason, "it is mended");
    sealed_t lifted CLEANUP(sealed_done) = site_seal_resume(centre->site, resume, "olaf,zoe");
    assert_int_equal(halt(centre, &stop), 0);
    greets_with(centre, &stop);
    assert_int_equal(handed(centre), 0);
    assert_int_equal(halt(centre, &lifted), 0);
    greets_with(centre, &stop);
    assert_int_equal(handed(centre), 1);
    greets_with(centre, NULL);
    assert_int_equal(handed(centre), 0);
}

/* ---- in any order -----------------------------------------------------------------------------
 */

#define SEEDS  30
#define ALERTS 4

typedef struct {
    uint64_t state;
    sealed_t alerts[ALERTS], receipts[2 * ALERTS]; /* as they were signed */
    size_t rung, signed_count, brought;            /* to the centre */
} weather_t;

static uint64_t
chance(weather_t *self, uint64_t sides)
{
    self->state = self->state * 6364136223846793005u + 1442695040888963407u;
    return (self->state >> 33) % sides;
}

static void
ring_next(pair_t *pair, weather_t *weather)
{
    alert_t *alert = site_alert(pair->north->site);
    sealed_t *sealed = &weather->alerts[weather->rung];
    snprintf(alert->fingerprint, sizeof alert->fingerprint, "alert-%zu", weather->rung++);
    *sealed = site_seal_alert_by(pair->north->site, alert, "monitor-north");
    assert_int_equal(ring(pair->north, sealed), 0);
    offer_to(pair->north, "w1");
    for (int last = 0; last < 2; last++) {
        weather->receipts[weather->signed_count++] =
            receipt_of(pair->north, "w1", last ? "usage" : "free", OUTCOME_OK,
                       last ? OUTCOME_OK : OUTCOME_OPEN);
        worker_tells(pair->north, "w1", last ? "usage" : "free", OUTCOME_OK,
                     last ? OUTCOME_OK : OUTCOME_OPEN);
    }
}

/* The next receipt that the centre lacks, one that it has, or one that comes too early. */
static void
bring_receipt(pair_t *pair, weather_t *weather)
{
    size_t at = chance(weather, weather->signed_count + 1);
    if (at >= weather->brought && weather->brought < weather->signed_count)
        at = chance(weather, 4) ? weather->brought : weather->signed_count - 1;
    if (at >= weather->signed_count)
        return;
    assert_int_equal(send_receipt(pair->centre, "w1", &weather->receipts[at]), 0);
    weather->brought += at == weather->brought;
}

static void
greet(pair_t *pair)
{
    uint64_t taken = 0;
    CLEANUP(value_destroy) value_t *said = value_map();
    must(pair->centre, (event_t){.kind = EVENT_ISLAND, .who = "north", .state = said});
    for (size_t i = 0; i < pair->centre->actions->send_count; i++)
        if (slice_is(frames_at(pair->centre->actions->sends[i].frames, 0), "RELAYED"))
            assert_true(text_read_u64(frames_text(pair->centre->actions->sends[i].frames, 1), 0,
                                      INT64_MAX, &taken));
    pair->next = taken;
}

static bool
relay_some(void *context, const row_t *row)
{
    pair_t *pair = context;
    return relay_leaf(pair, row) && row->leaf.number % 3;
}

static void
happens(pair_t *pair, weather_t *weather)
{
    store_t *store = pair->north->store;
    query_t some = {.what = FIND_LEAVES, .number = pair->next};
    switch (chance(weather, 8)) {
    case 0:
    case 1:
        bring_receipt(pair, weather);
        break;
    case 2: /* its source brings an alert here too, at once or late */
        if (weather->rung)
            (void)!ring(pair->centre, &weather->alerts[chance(weather, weather->rung)]);
        break;
    case 3:
        restart(pair->centre);
        greet(pair);
        break;
    case 4:
        restart(pair->north);
        break;
    case 5: /* what was relayed before comes again */
        pair->next = chance(weather, pair->next + 1);
        break;
    default:
        assert_int_equal(store->find(store->self, &some, relay_some, pair, &pair->north->fault), 0);
    }
}

static bool
compare_run(void *context, const row_t *row)
{
    pair_t *pair = context;
    query_t query = {.what = FIND_RUN, .hash = row->run.id};
    CLEANUP(row_destroy)
    row_t *here = store_first(pair->centre->store, &query, &pair->centre->fault);
    assert_non_null(here);
    assert_int_equal(row->run.state, RUN_SUCCEEDED);
    assert_int_equal(here->run.state, RUN_SUCCEEDED);
    return true;
}

static bool
compare_incident(void *context, const row_t *row)
{
    pair_t *pair = context;
    query_t query = {.what = FIND_INCIDENT_KEY,
                     .text = row->incident.source,
                     .other = row->incident.fingerprint};
    CLEANUP(row_destroy)
    row_t *here = store_first(pair->centre->store, &query, &pair->centre->fault);
    assert_non_null(here);
    if (here->incident.state != row->incident.state)
        fail_msg("%s: %s there, %s here: %s", row->incident.fingerprint,
                 incident_word(row->incident.state), incident_word(here->incident.state),
                 here->incident.reason);
    return true;
}

static void
weather(uint64_t seed)
{
    void *state;
    begin_pair(&state);
    pair_t *pair = state;
    store_t *store = pair->north->store;
    weather_t weather = {.state = seed};
    query_t runs = {.what = FIND_RUNS}, incidents = {.what = FIND_INCIDENTS};
    serve(pair->north);
    for (size_t i = 0; i < ALERTS; i++) {
        later(pair->north, 2000);
        pair->centre->site->now = pair->north->site->now;
        ring_next(pair, &weather);
        for (size_t j = 0; j < 12; j++)
            happens(pair, &weather);
    }
    greet(pair);
    relay(pair);
    for (; weather.brought < weather.signed_count; weather.brought++)
        assert_int_equal(send_receipt(pair->centre, "w1", &weather.receipts[weather.brought]), 0);
    relay_anew(pair);
    assert_int_equal(how_many(pair->centre, FIND_RUNS), ALERTS);
    assert_int_equal(how_many(pair->centre, FIND_INCIDENTS), ALERTS);
    assert_int_equal(store->find(store->self, &runs, compare_run, pair, &pair->north->fault), 0);
    assert_int_equal(
        store->find(store->self, &incidents, compare_incident, pair, &pair->north->fault), 0);
    assert_int_equal(times(pair->centre, "step 'usage' is ok"), ALERTS);
    for (size_t i = 0; i < ALERTS; i++)
        sealed_done(&weather.alerts[i]);
    for (size_t i = 0; i < weather.signed_count; i++)
        sealed_done(&weather.receipts[i]);
    end_pair(&state);
}

static void
whatever_comes_twice_or_late_and_whoever_is_killed_both_say_the_same_in_the_end(void **state)
{
    (void)state;
    for (uint64_t seed = 1; seed <= SEEDS; seed++)
        weather(seed);
}

/* ---- who tells people -------------------------------------------------------------------------
 */

static void
notices_are(bool theirs, bool wanted)
{
    pair_t *pair = begin_with_sinks(theirs);
    heals(pair->north);
    relay(pair);
    is_healed(pair);
    assert_int_equal(count_rows(pair->centre, FIND_NOTICE_NEWEST), wanted);
    end_pair((void **)&pair);
}

static void
what_a_broker_told_its_own_sinks_is_not_told_again(void **state)
{
    (void)state;
    notices_are(true, false);
}

static void
what_a_broker_without_sinks_relays_is_told_here(void **state)
{
    (void)state;
    notices_are(false, true);
}

static void
that_people_are_wanted_is_told_wherever_it_came_from(void **state)
{
    (void)state;
    pair_t *pair = begin_with_sinks(true);
    sealed_t alert CLEANUP(sealed_done) = signed_alert(pair->north, "monitor-north");
    assert_int_equal(ring(pair->north, &alert), 0);
    relay(pair);
    incident_is(pair->centre, 1, INCIDENT_WAITING, "");
    assert_true(count_rows(pair->centre, FIND_NOTICE_NEWEST));
    end_pair((void **)&pair);
}

/* It ran, and helped for a while: the alert comes again. */
static void
that_a_run_which_was_taken_over_did_not_help_for_long_is_told_here(void **state)
{
    (void)state;
    pair_t *pair = begin_with_sinks(true);
    heals(pair->north);
    relay(pair);
    is_healed(pair);
    assert_false(count_rows(pair->centre, FIND_NOTICE_NEWEST));
    later(pair->centre, 60);
    alert_t *alert = site_alert(pair->north->site);
    alert->received = pair->centre->site->now;
    sealed_t again CLEANUP(sealed_done) =
        site_seal_alert_by(pair->north->site, alert, "monitor-north");
    assert_int_equal(ring(pair->centre, &again), 0);
    incident_is(pair->centre, 1, INCIDENT_WAITING, "still fires");
    assert_true(count_rows(pair->centre, FIND_NOTICE_NEWEST));
    end_pair((void **)&pair);
}

static const struct CMUnitTest tests[] = {
    PAIR(what_happened_in_the_region_stands_at_the_centre_once),
    PAIR(it_does_so_long_after_grant_and_alert_are_stale),
    PAIR(receipts_that_the_worker_brings_first_count_once),
    PAIR(an_alert_that_its_source_brought_here_too_is_one_incident_and_one_run),
    PAIR(a_run_that_both_began_is_one),
    PAIR(what_goes_on_after_the_centre_was_killed_is_not_told_twice),
    PAIR(a_run_of_yesterday_takes_nothing_of_todays_budget),
    PAIR(an_order_of_the_region_is_here_with_who_gave_it),
    PAIR(an_order_about_an_incident_of_the_region_is_about_it_here),
    PAIR(an_order_that_was_taken_over_is_rolled_out_by_the_broker_that_took_it_alone),
    PAIR(a_grants_run_that_was_taken_over_is_offered_here_too),
    PAIR(stops_go_both_ways),
    PAIR(a_stop_that_was_lifted_is_news_to_who_keeps_it_alone),
    cmocka_unit_test(
        whatever_comes_twice_or_late_and_whoever_is_killed_both_say_the_same_in_the_end),
    cmocka_unit_test(what_a_broker_told_its_own_sinks_is_not_told_again),
    cmocka_unit_test(what_a_broker_without_sinks_relays_is_told_here),
    cmocka_unit_test(that_people_are_wanted_is_told_wherever_it_came_from),
    cmocka_unit_test(that_a_run_which_was_taken_over_did_not_help_for_long_is_told_here),
};

int
main(void)
{
    return cmocka_run_group_tests(tests, NULL, NULL);
}
