/* SPDX-License-Identifier: Apache-2.0 */
/* relay_fixture - what tests of a region's own broker share: it and the centre's, in memory, and
 * its leaves on their way. */
#ifndef TOCSIN_RELAY_FIXTURE_H
#define TOCSIN_RELAY_FIXTURE_H

#include "broker/leaflet.h"
#include "tests/unit/core_fixture.h"

#define USED __attribute__((unused))

typedef struct {
    house_t *north, *centre;
    uint64_t next; /* leaf of north's that is relayed next */
} pair_t;

USED static int
begin_pair(void **state)
{
    pair_t *pair = memory_new(1, sizeof *pair);
    begin((void **)&pair->north);
    begin((void **)&pair->centre);
    *state = pair;
    return 0;
}

USED static int
end_pair(void **state)
{
    pair_t *pair = *state;
    end((void **)&pair->north);
    end((void **)&pair->centre);
    free(pair);
    return 0;
}

/* Between them ----------------------------------------------------------------------------------
 */

USED static void
hear(house_t *centre, const frames_t *frames)
{
    event_t event = {.kind = EVENT_RELAY, .who = "north"};
    CLEANUP(value_destroy) value_t *facts = value_decode(frames_at(frames, 5), &centre->fault);
    assert_non_null(facts);
    assert_true(text_read_u64(frames_text(frames, 1), 0, INT64_MAX, &event.number));
    event.text = frames_text(frames, 2);
    event.document = frames_at(frames, 3);
    event.output = frames_at(frames, 4);
    event.state = facts;
    must(centre, event);
}

USED static bool
relay_leaf(void *context, const row_t *row)
{
    pair_t *pair = context;
    fault_t fault = {0};
    CLEANUP(frames_destroy)
    frames_t *frames = leaflet_make(pair->north->store, &row->leaf, &fault);
    assert_int_equal(fault.code, FAULT_NONE);
    if (frames)
        hear(pair->centre, frames);
    pair->next = row->leaf.number + 1;
    return true;
}

/* What the centre has not been told yet. */
USED static void
relay(pair_t *pair)
{
    store_t *store = pair->north->store;
    query_t query = {.what = FIND_LEAVES, .number = pair->next};
    assert_int_equal(store->find(store->self, &query, relay_leaf, pair, &pair->north->fault), 0);
}

USED static void
relay_anew(pair_t *pair)
{
    uint64_t size = core_log(pair->centre->core)->size;
    pair->next = 0;
    relay(pair);
    assert_int_equal(core_log(pair->centre->core)->size, size);
}

/* A leaf that north's broker made up. */
USED static void
says(pair_t *pair, const char *kind, const sealed_t *sealed, value_t *facts)
{
    CLEANUP(value_destroy) value_t *given = facts ? facts : value_map();
    CLEANUP(bytes_destroy) bytes_t *leaf = bytes_copy(bytes_slice(sealed->document));
    bytes_add_slice(leaf, bytes_slice(sealed->armors));
    must(pair->centre, (event_t){.kind = EVENT_RELAY,
                                 .who = "north",
                                 .number = 1000,
                                 .text = kind,
                                 .document = bytes_slice(leaf),
                                 .state = given});
}

/* How often an event's text is like this. */
typedef struct {
    const char *text;
    size_t count;
} counting_t;

USED static bool
count_leaf(void *context, const row_t *row)
{
    counting_t *self = context;
    CLEANUP(bytes_destroy) bytes_t *bytes = bytes_copy(row->leaf.bytes);
    self->count += !strcmp(row->leaf.kind, "event") && strstr(bytes_text(bytes), self->text);
    return true;
}

USED static size_t
times(house_t *self, const char *text)
{
    counting_t counting = {text, 0};
    query_t query = {.what = FIND_LEAVES};
    assert_int_equal(
        self->store->find(self->store->self, &query, count_leaf, &counting, &self->fault), 0);
    return counting.count;
}

USED static bool
count_row(void *context, const row_t *row)
{
    (void)row;
    ++*(size_t *)context;
    return true;
}

USED static size_t
how_many(house_t *self, find_t what)
{
    size_t count = 0;
    query_t query = {.what = what};
    assert_int_equal(self->store->find(self->store->self, &query, count_row, &count, &self->fault),
                     0);
    return count;
}

/* In the region ---------------------------------------------------------------------------------
 */

USED static sealed_t
signed_alert(house_t *self, const char *key)
{
    return site_seal_alert_by(self->site, site_alert(self->site), key);
}

USED static int
ring(house_t *self, const sealed_t *alert)
{
    return step(self, (event_t){.kind = EVENT_ALERT,
                                .who = "monitor",
                                .region = "",
                                .document = bytes_slice(alert->document),
                                .armors = bytes_slice(alert->armors)});
}

USED static void
serve(house_t *self)
{
    grant_t *grant = grant_decode(bytes_slice(self->grant.document), &self->fault);
    assert_non_null(grant);
    grant->evidence = EVIDENCE_SIGNED;
    sealed_done(&self->grant);
    self->grant = site_seal_grant(self->site, grant, "pat,pia");
    put_in_service(self);
    take_grant(self);
}

USED static void
begins(house_t *self)
{
    sealed_t alert CLEANUP(sealed_done) = signed_alert(self, "monitor-north");
    serve(self);
    assert_int_equal(ring(self, &alert), 0);
    offer_to(self, "w1");
    worker_accepts(self, "w1");
}

USED static void
heals(house_t *self)
{
    begins(self);
    worker_tells(self, "w1", "free", OUTCOME_OK, OUTCOME_OPEN);
    worker_tells(self, "w1", "usage", OUTCOME_OK, OUTCOME_OK);
    incident_is(self, 1, INCIDENT_RESOLVED, "verified");
}

USED static void
is_healed(const pair_t *pair)
{
    run_row_t there = run_now(pair->north), here = run_now(pair->centre);
    assert_true(hash_equal(&there.id, &here.id));
    assert_int_equal(here.state, RUN_SUCCEEDED);
    incident_is(pair->centre, 1, INCIDENT_RESOLVED, "verified");
}

USED static sinks_t sinks;

/* A site whose centre has a sink that hears of everything, and north's broker has sinks or none. */
USED static pair_t *
begin_with_sinks(bool theirs)
{
    void *state;
    begin_pair(&state);
    pair_t *pair = state;
    sinks.count = 1;
    sinks.sinks[0] = (sink_t){.kind = SINK_GENERIC, .name = "chat", .events = UINT32_MAX};
    core_sinks(pair->centre->core, &sinks);
    CLEANUP(value_destroy) value_t *said = value_map();
    value_set_bool(said, "sinks", theirs);
    must(pair->centre, (event_t){.kind = EVENT_ISLAND, .who = "north", .state = said});
    return pair;
}

#define PAIR(test) cmocka_unit_test_setup_teardown(test, begin_pair, end_pair)

#endif
