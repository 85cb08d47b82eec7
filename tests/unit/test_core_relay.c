/* SPDX-License-Identifier: Apache-2.0 */
/* A region's own broker and the centre's, each a core over a store of its own: what the first
 * relays of its log, and what the second makes of it - of what it cannot have signed too. */
#include "broker/leaflet.h"
#include "tests/unit/core_fixture.h"

typedef struct {
    house_t *north, *centre;
    uint64_t next; /* leaf of north's that is relayed next */
} pair_t;

static int
begin_pair(void **state)
{
    pair_t *pair = memory_new(1, sizeof *pair);
    begin((void **)&pair->north);
    begin((void **)&pair->centre);
    *state = pair;
    return 0;
}

static int
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

static void
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

static bool
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
static void
relay(pair_t *pair)
{
    store_t *store = pair->north->store;
    query_t query = {.what = FIND_LEAVES, .number = pair->next};
    assert_int_equal(store->find(store->self, &query, relay_leaf, pair, &pair->north->fault), 0);
}

static void
relay_anew(pair_t *pair)
{
    uint64_t size = core_log(pair->centre->core)->size;
    pair->next = 0;
    relay(pair);
    assert_int_equal(core_log(pair->centre->core)->size, size);
}

/* A leaf that north's broker made up. */
static void
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

static bool
count_leaf(void *context, const row_t *row)
{
    counting_t *self = context;
    CLEANUP(bytes_destroy) bytes_t *bytes = bytes_copy(row->leaf.bytes);
    self->count += !strcmp(row->leaf.kind, "event") && strstr(bytes_text(bytes), self->text);
    return true;
}

static size_t
times(house_t *self, const char *text)
{
    counting_t counting = {text, 0};
    query_t query = {.what = FIND_LEAVES};
    assert_int_equal(
        self->store->find(self->store->self, &query, count_leaf, &counting, &self->fault), 0);
    return counting.count;
}

static bool
count_row(void *context, const row_t *row)
{
    (void)row;
    ++*(size_t *)context;
    return true;
}

static size_t
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

static sealed_t
signed_alert(house_t *self, const char *key)
{
    return site_seal_alert_by(self->site, site_alert(self->site), key);
}

static int
ring(house_t *self, const sealed_t *alert)
{
    return step(self, (event_t){.kind = EVENT_ALERT,
                                .who = "monitor",
                                .region = "",
                                .document = bytes_slice(alert->document),
                                .armors = bytes_slice(alert->armors)});
}

static void
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

static void
begins(house_t *self)
{
    sealed_t alert CLEANUP(sealed_done) = signed_alert(self, "monitor-north");
    serve(self);
    assert_int_equal(ring(self, &alert), 0);
    offer_to(self, "w1");
    worker_accepts(self, "w1");
}

static void
heals(house_t *self)
{
    begins(self);
    worker_tells(self, "w1", "free", OUTCOME_OK, OUTCOME_OPEN);
    worker_tells(self, "w1", "usage", OUTCOME_OK, OUTCOME_OK);
    incident_is(self, 1, INCIDENT_RESOLVED, "verified");
}

static void
is_healed(const pair_t *pair)
{
    run_row_t there = run_now(pair->north), here = run_now(pair->centre);
    assert_true(hash_equal(&there.id, &here.id));
    assert_int_equal(here.state, RUN_SUCCEEDED);
    incident_is(pair->centre, 1, INCIDENT_RESOLVED, "verified");
}

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

/* ---- what was not -----------------------------------------------------------------------------
 */

static void
what_people_did_by_hand_is_that_brokers_word(void **state)
{
    pair_t *pair = *state;
    heals(pair->north);
    must(
        pair->north,
        (event_t){
            .kind = EVENT_CHANGE, .who = "pat", .number = 1, .field = "note", .text = "we saw it"});
    must(pair->north, (event_t){.kind = EVENT_CHANGE,
                                .who = "pat",
                                .number = 1,
                                .field = "reopen",
                                .text = "not over"});
    relay(pair);
    is_healed(pair); /* nobody signed that it is open again */
    assert_int_equal(times(pair->centre, "broker 'north' says: pat, note"), 1);
    assert_int_equal(times(pair->centre, "broker 'north' says: pat, reopen"), 1);
    relay_anew(pair);
}

static void
what_a_worker_would_not_do_is_that_brokers_word(void **state)
{
    pair_t *pair = *state;
    sealed_t alert CLEANUP(sealed_done) = signed_alert(pair->north, "monitor-north");
    serve(pair->north);
    assert_int_equal(ring(pair->north, &alert), 0);
    must(pair->north, (event_t){.kind = EVENT_REFUSE,
                                .worker = "w1",
                                .hash = run_now(pair->north).id,
                                .code = "policy",
                                .text = "not on this machine"});
    assert_int_equal(run_now(pair->north).state, RUN_FAILED);
    relay(pair);
    assert_int_equal(run_now(pair->centre).state, RUN_ACTIVE); /* it is asked from here too */
    assert_int_equal(
        times(pair->centre, "says: worker 'w1' refused it: not on this machine (policy)"), 1);
    relay_anew(pair);
}

static void
byz_island_alert_that_nobody_signed(void **state)
{
    pair_t *pair = *state;
    serve(pair->centre);
    alarm_rings(pair->north);
    sealed_t forged CLEANUP(sealed_done) = signed_alert(pair->north, "w1");
    sealed_t bare CLEANUP(sealed_done) = signed_alert(pair->north, "monitor-north");
    bytes_clear(bare.armors);
    relay(pair);
    says(pair, "alert", &forged, NULL);
    says(pair, "alert", &bare, NULL);
    assert_false(count_rows(pair->centre, FIND_INCIDENTS));
    assert_int_equal(times(pair->centre, "does not count here"), 2);
}

static void
byz_island_receipt_that_nobody_signed(void **state)
{
    pair_t *pair = *state;
    begins(pair->north);
    relay(pair);
    sealed_t forged CLEANUP(sealed_done) =
        receipt_of(pair->north, "w1", "usage", OUTCOME_OK, OUTCOME_OK);
    receipt_t *receipt = receipt_decode(bytes_slice(forged.document), &pair->north->fault);
    assert_non_null(receipt);
    sealed_t other CLEANUP(sealed_done) = site_seal_receipt(pair->north->site, receipt, "w2");
    says(pair, "receipt", &other, NULL);
    assert_int_equal(times(pair->centre, "does not count here"), 1);
    assert_int_equal(run_now(pair->centre).state, RUN_ACTIVE);
    incident_is(pair->centre, 1, INCIDENT_AUTHORISED, "north");
}

/* What came first would stay, and what the worker brings itself be taken for known. */
static void
byz_island_receipt_without_its_output(void **state)
{
    static const char output[] = "what it gave";
    pair_t *pair = *state;
    begins(pair->north);
    relay(pair);
    sealed_t bare CLEANUP(sealed_done) =
        receipt_of(pair->north, "w1", "free", OUTCOME_OK, OUTCOME_OPEN);
    receipt_t *receipt = receipt_decode(bytes_slice(bare.document), &pair->north->fault);
    assert_non_null(receipt);
    receipt->output = hash_of(slice_text(output));
    receipt->output_bytes = strlen(output);
    sealed_t sealed CLEANUP(sealed_done) = site_seal_receipt(pair->north->site, receipt, "w1");
    says(pair, "receipt", &sealed, NULL);
    assert_int_equal(times(pair->centre, "does not count here: its output"), 1);
    must(pair->centre, (event_t){.kind = EVENT_RECEIPT,
                                 .worker = "w1",
                                 .document = bytes_slice(sealed.document),
                                 .armors = bytes_slice(sealed.armors),
                                 .output = slice_text(output)});
    query_t query = {.what = FIND_OUTPUT, .hash = hash_of(slice_text(output))};
    CLEANUP(row_destroy)
    row_t *kept = store_first(pair->centre->store, &query, &pair->centre->fault);
    assert_non_null(kept);
}

static void
byz_island_order_that_nobody_signed(void **state)
{
    pair_t *pair = *state;
    put_in_service(pair->centre);
    sealed_t order CLEANUP(sealed_done) =
        site_seal_order(pair->north->site, make_order(pair->north, 0), "rob");
    says(pair, "order", &order, NULL);
    assert_false(count_rows(pair->centre, FIND_RUNS));
    assert_int_equal(times(pair->centre, "does not count here"), 1);
}

/* The record is read by people, and lines are told from one another. */
static void
byz_island_leaf_whose_fault_is_no_text(void **state)
{
    pair_t *pair = *state;
    CLEANUP(value_destroy) value_t *facts = value_map();
    must(pair->centre, (event_t){.kind = EVENT_RELAY,
                                 .who = "north",
                                 .text = "order",
                                 .output = slice_text("i1\n2026-11-23: all is well\xff;"),
                                 .state = facts});
    assert_int_equal(times(pair->centre, "all is well"), 0);
    assert_int_equal(times(pair->centre, "does not count here: what is wrong with it"), 1);
}

/* Whatever it says of which incident an order is about, that is none of these. */
static void
says_about(pair_t *pair, order_t *order, const alert_t *alert)
{
    value_t *facts = value_map();
    value_set_text(facts, "source", alert->source);
    value_set_text(facts, "fingerprint", alert->fingerprint);
    sealed_t sealed CLEANUP(sealed_done) = site_seal_order(pair->north->site, order, "pat");
    says(pair, "order", &sealed, facts);
    hash_t run = hash_of(bytes_slice(sealed.document));
    query_t query = {.what = FIND_RUN, .hash = run};
    CLEANUP(row_destroy)
    row_t *row = store_first(pair->centre->store, &query, &pair->centre->fault);
    assert_non_null(row);
    assert_int_equal(row->run.incident, 0);
    incident_is(pair->centre, 1, INCIDENT_WAITING, "");
}

static void
byz_island_order_about_an_incident_that_it_picks(void **state)
{
    pair_t *pair = *state;
    house_t *centre = pair->centre;
    put_in_service(centre);
    alert_t *alert CLEANUP(alert_destroy) = site_alert(centre->site);
    must(centre, (event_t){.kind = EVENT_ALERT, .alert = alert, .region = ""});
    says_about(pair, make_order(pair->north, 0), alert); /* its people named none */
    order_t *elsewhere = make_order(pair->north, 0);
    elsewhere->incident = 7;
    elsewhere->target_count = 1;
    text_copy(elsewhere->targets[0].target, sizeof elsewhere->targets[0].target, "w2");
    says_about(pair, elsewhere, alert);
    order_t *earlier = make_order(pair->north, 0);
    earlier->incident = 7;
    later(centre, 7 * 24 * 3600);
    alert->starts = centre->site->now;
    must(centre, (event_t){.kind = EVENT_ALERT, .alert = alert, .region = ""});
    says_about(pair, earlier, alert);
}

static void
byz_island_stop_that_nobody_signed(void **state)
{
    pair_t *pair = *state;
    sealed_t stop CLEANUP(sealed_done) =
        site_seal_stop(pair->north->site, site_stop(pair->north->site, HALT_SITE, "-"), "ana");
    says(pair, "stop", &stop, NULL);
    assert_int_equal(times(pair->centre, "does not count here"), 1);
    assert_int_equal(times(pair->centre, "stopped the site"), 0);
}

static value_t *
claim_of(const hash_t *run, const hash_t *grant)
{
    char text[HASH_TEXT];
    value_t *facts = value_map();
    value_set_text(facts, "run", hash_write(run, text));
    value_set_text(facts, "grant", hash_write(grant, text));
    value_set_integer(facts, "at", 1);
    return facts;
}

/* The grant is here, and lets something else run: whatever the broker claims, that is none. */
static void
byz_island_run_that_no_grant_let_begin(void **state)
{
    pair_t *pair = *state;
    house_t *centre = pair->centre;
    hash_t other = hash_of(slice_text("other"));
    serve(centre);
    must(centre, (event_t){.kind = EVENT_BRAKE,
                           .who = "pat",
                           .region = "-",
                           .number = 1,
                           .text = "nothing by itself"});
    hash_t grant = hash_of(bytes_slice(centre->grant.document));
    sealed_t alert CLEANUP(sealed_done) = signed_alert(pair->north, "monitor-north");
    says(pair, "alert", &alert, claim_of(&other, &grant));
    says(pair, "alert", &alert, claim_of(&other, &other));
    assert_false(count_rows(centre, FIND_RUNS));
    assert_int_equal(times(centre, "which is not taken over"), 2);
    incident_is(centre, 1, INCIDENT_WAITING, "");
}

static bool
count_alert(void *context, const row_t *row)
{
    *(size_t *)context += !strcmp(row->leaf.kind, "alert");
    return true;
}

/* What was signed once is said again and again, with another claim each time. */
static void
byz_island_claims_are_bounded(void **state)
{
    pair_t *pair = *state;
    size_t alerts = 0;
    query_t leaves = {.what = FIND_LEAVES};
    sealed_t alert CLEANUP(sealed_done) = signed_alert(pair->north, "monitor-north");
    for (unsigned i = 0; i < CORE_RELAYED_MAX + 50; i++) {
        hash_t other = hash_of(slice_of(&i, sizeof i));
        says(pair, "alert", &alert, claim_of(&other, &other));
    }
    assert_int_equal(times(pair->centre, "which is not taken over"), CORE_RELAYED_MAX);
    store_t *store = pair->centre->store;
    assert_int_equal(store->find(store->self, &leaves, count_alert, &alerts, &pair->centre->fault),
                     0);
    assert_int_equal(alerts, 1);
}

static void
byz_island_run_that_it_dates_back(void **state)
{
    pair_t *pair = *state;
    house_t *centre = pair->centre;
    sealed_t alert CLEANUP(sealed_done) = signed_alert(pair->north, "monitor-north");
    begins(pair->north);
    serve(centre);
    hash_t run = run_now(pair->north).id, grant = hash_of(bytes_slice(centre->grant.document));
    says(pair, "alert", &alert, claim_of(&run, &grant)); /* at 1 ms of 1970 */
    assert_int_equal(run_now(centre).created.ms, centre->site->now.ms);
}

/* It ran and helped, and what it was for came again: the later one is what people wait for. */
static void
byz_island_run_that_it_kept_until_the_alert_came_again(void **state)
{
    pair_t *pair = *state;
    heals(pair->north);
    later(pair->centre, 3600);
    alert_t *again = site_alert(pair->centre->site);
    again->starts = again->received = pair->centre->site->now;
    sealed_t sealed CLEANUP(sealed_done) =
        site_seal_alert_by(pair->centre->site, again, "monitor-north");
    assert_int_equal(ring(pair->centre, &sealed), 0);
    incident_is(pair->centre, 1, INCIDENT_WAITING, "no playbook");
    relay(pair);
    assert_int_equal(run_now(pair->centre).state, RUN_SUCCEEDED);
    incident_is(pair->centre, 1, INCIDENT_WAITING, "no playbook");
}

/* What the broker claims is all signed; that nothing is to begin by itself now, people said here.
 */
static void
byz_island_run_while_the_brake_is_on(void **state)
{
    pair_t *pair = *state;
    house_t *centre = pair->centre;
    sealed_t alert CLEANUP(sealed_done) = signed_alert(pair->north, "monitor-north");
    begins(pair->north);
    serve(centre);
    must(centre, (event_t){.kind = EVENT_BRAKE,
                           .who = "pat",
                           .region = "north",
                           .number = 1,
                           .text = "nothing by itself"});
    hash_t run = run_now(pair->north).id, grant = hash_of(bytes_slice(centre->grant.document));
    says(pair, "alert", &alert, claim_of(&run, &grant));
    assert_int_equal(sent(centre, MESSAGE_OFFER, "w1"), 0);
    assert_int_equal(times(centre, "'disk-full' on 'w1' waits: "), 1);
    hello(centre, "w1", 0);
    assert_int_equal(sent(centre, MESSAGE_OFFER, "w1"), 0);
    later(centre, CORE_ADOPT_MS / 1000 + 60);
    tick(centre);
    incident_is(centre, 1, INCIDENT_WAITING, "reached no worker");
}

/* They are kept: 300 of a megabyte would fill a disk. */
static void
byz_island_word_that_is_long(void **state)
{
    pair_t *pair = *state;
    for (size_t over = 0; over < 2; over++) {
        sealed_t word CLEANUP(sealed_done) = {.document = bytes_new(), .armors = bytes_new()};
        value_t *facts = value_map();
        value_set_text(facts, "text", "something");
        while (word.document->size < CORE_WORD_MAX + over)
            bytes_add_text(word.document, "x");
        says(pair, "event", &word, facts);
        assert_int_equal(times(pair->centre, "broker 'north' says: something"), 1);
        assert_int_equal(times(pair->centre, "bytes long, over 4096 (limit)"), over);
    }
}

/* As much of it as fits, whatever character the end falls into. */
static void
byz_island_word_of_many_characters(void **state)
{
    pair_t *pair = *state;
    for (size_t front = 0; front < 3; front++) {
        sealed_t word CLEANUP(sealed_done) = {.document = bytes_new(), .armors = bytes_new()};
        CLEANUP(bytes_destroy) bytes_t *text = bytes_new();
        value_t *facts = value_map();
        bytes_addf(word.document, "%zu", front);
        bytes_addf(text, "%.*s", (int)front, "xx");
        while (text->size < 500)
            bytes_add_text(text, "\xe1\xbb\x87");
        value_set_text(facts, "text", bytes_text(text));
        says(pair, "event", &word, facts);
        assert_int_equal(times(pair->centre, "\xe1\xbb\x87\xe1\xbb\x87"), front + 1);
    }
}

static void
byz_island_words_are_bounded(void **state)
{
    pair_t *pair = *state;
    sealed_t stop CLEANUP(sealed_done) =
        site_seal_stop(pair->north->site, site_stop(pair->north->site, HALT_SITE, "-"), "ana");
    for (size_t i = 0; i < CORE_RELAYED_MAX + 50; i++)
        says(pair, "stop", &stop, NULL);
    assert_int_equal(times(pair->centre, "does not count here"), CORE_RELAYED_MAX);
    later(pair->centre, CORE_RELAYED_MS / 1000);
    says(pair, "stop", &stop, NULL);
    assert_int_equal(times(pair->centre, "50 more words of broker 'north'"), 1);
}

static void
byz_island_leaf_of_no_kind(void **state)
{
    pair_t *pair = *state;
    sealed_t stop CLEANUP(sealed_done) =
        site_seal_stop(pair->north->site, site_stop(pair->north->site, HALT_SITE, "-"), "olaf");
    says(pair, "restart", &stop, NULL);
    says(pair, "receipt", &stop, NULL);
    says(pair, "release", &stop, NULL);
    says(pair, "event", &stop, NULL);
    assert_int_equal(times(pair->centre, "does not count here"), 4);
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

static sinks_t sinks;

/* A site whose centre has a sink that hears of everything, and north's broker has sinks or none. */
static pair_t *
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

/* A broker that claims what it does not do keeps nobody from hearing of it. */
static void
byz_island_that_claims_a_run_and_withholds_it(void **state)
{
    (void)state;
    pair_t *pair = begin_with_sinks(true);
    begins(pair->north);
    relay(pair);
    assert_false(count_rows(pair->centre, FIND_NOTICE_NEWEST));
    later(pair->centre, CORE_ADOPT_MS / 1000 + 60);
    tick(pair->centre);
    assert_int_equal(run_now(pair->centre).state, RUN_EXPIRED);
    incident_is(pair->centre, 1, INCIDENT_WAITING, "reached no worker");
    assert_true(count_rows(pair->centre, FIND_NOTICE_NEWEST));
    end_pair((void **)&pair);
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

#define PAIR(test) cmocka_unit_test_setup_teardown(test, begin_pair, end_pair)

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
    PAIR(what_people_did_by_hand_is_that_brokers_word),
    PAIR(what_a_worker_would_not_do_is_that_brokers_word),
    PAIR(byz_island_alert_that_nobody_signed),
    PAIR(byz_island_receipt_that_nobody_signed),
    PAIR(byz_island_receipt_without_its_output),
    PAIR(byz_island_order_that_nobody_signed),
    PAIR(byz_island_leaf_whose_fault_is_no_text),
    PAIR(byz_island_order_about_an_incident_that_it_picks),
    PAIR(byz_island_stop_that_nobody_signed),
    PAIR(byz_island_run_that_no_grant_let_begin),
    PAIR(byz_island_claims_are_bounded),
    PAIR(byz_island_run_that_it_dates_back),
    PAIR(byz_island_run_that_it_kept_until_the_alert_came_again),
    PAIR(byz_island_run_while_the_brake_is_on),
    PAIR(byz_island_word_that_is_long),
    PAIR(byz_island_word_of_many_characters),
    PAIR(byz_island_words_are_bounded),
    PAIR(byz_island_leaf_of_no_kind),
    cmocka_unit_test(
        whatever_comes_twice_or_late_and_whoever_is_killed_both_say_the_same_in_the_end),
    cmocka_unit_test(what_a_broker_told_its_own_sinks_is_not_told_again),
    cmocka_unit_test(what_a_broker_without_sinks_relays_is_told_here),
    cmocka_unit_test(byz_island_that_claims_a_run_and_withholds_it),
    cmocka_unit_test(that_people_are_wanted_is_told_wherever_it_came_from),
    cmocka_unit_test(that_a_run_which_was_taken_over_did_not_help_for_long_is_told_here),
};

int
main(void)
{
    return cmocka_run_group_tests(tests, NULL, NULL);
}
