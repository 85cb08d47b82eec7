/* SPDX-License-Identifier: Apache-2.0 */
/* What a region's own broker says and nobody signed: it is not believed, and takes no room. */
#include "relay_fixture.h"

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

/* Thousands of them would leave no room for others, and stay. */
static void
byz_island_release_that_nobody_signed(void **state)
{
    pair_t *pair = *state;
    house_t *centre = pair->centre;
    CLEANUP(value_destroy) value_t *files = files_of_release(centre), *facts = value_map();
    CLEANUP(bytes_destroy) bytes_t *encoded = bytes_new();
    value_encode(files, encoded);
    event_t relayed = {.kind = EVENT_RELAY,
                       .who = "north",
                       .text = "release",
                       .document = bytes_slice(centre->release.document),
                       .output = bytes_slice(encoded),
                       .state = facts};
    must(centre, relayed);
    assert_int_equal(shelf_release_count(core_shelf(centre->core)), 0);
    assert_int_equal(times(centre, "does not count here: neither author nor reviewer"), 1);
    CLEANUP(bytes_destroy) bytes_t *whole = bytes_copy(relayed.document);
    bytes_add_slice(whole, bytes_slice(centre->release.armors));
    relayed.document = bytes_slice(whole);
    must(centre, relayed);
    assert_int_equal(shelf_release_count(core_shelf(centre->core)), 1);
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

static const struct CMUnitTest tests[] = {
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
    PAIR(byz_island_release_that_nobody_signed),
    PAIR(byz_island_leaf_of_no_kind),
    cmocka_unit_test(byz_island_that_claims_a_run_and_withholds_it),
};

int
main(void)
{
    return cmocka_run_group_tests(tests, NULL, NULL);
}
