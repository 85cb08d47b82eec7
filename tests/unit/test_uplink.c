/* SPDX-License-Identifier: Apache-2.0 */
/* What a region's broker says to the centre's, which is a socket of the test's on loopback, and
 * when. */
#include "broker/uplink.h"
#include "tests/unit/core_fixture.h"

#define PATIENCE_MS 20000

typedef struct {
    house_t *house;
    zsock_t *centre;
    curvepair_t pair;
    envoy_t *envoy;
    uplink_t *uplink;
    mono_t now;
    fault_t fault;
} bench_t;

static void
grows(bench_t *bench, const char *playbook)
{
    house_t *house = bench->house;
    sealed_t stop CLEANUP(sealed_done) =
        site_seal_stop(house->site, site_stop(house->site, HALT_PLAYBOOK, playbook), "olaf");
    must(house, (event_t){.kind = EVENT_HALT,
                          .document = bytes_slice(stop.document),
                          .armors = bytes_slice(stop.armors)});
}

static int
set_up(void **state)
{
    char endpoint[64];
    curvepair_t own;
    bench_t *bench = memory_new(1, sizeof *bench);
    begin((void **)&bench->house);
    curve_random(&bench->pair);
    curve_random(&own);
    bench->centre = zsock_new(ZMQ_ROUTER);
    zsock_set_curve_server(bench->centre, 1);
    zsock_set_curve_secretkey_bin(bench->centre, bench->pair.secret);
    zsock_set_linger(bench->centre, 0);
    zsock_set_rcvtimeo(bench->centre, PATIENCE_MS);
    int port = zsock_bind(bench->centre, "tcp://127.0.0.1:*");
    assert_true(port > 0);
    snprintf(endpoint, sizeof endpoint, "tcp://127.0.0.1:%d", port);
    bench->envoy = envoy_new(endpoint, &own);
    bench->now.ms = 1000;
    bench->uplink =
        uplink_new("north", "hub", bench->envoy, bench->house->core, bench->house->store, true);
    *state = bench;
    return 0;
}

static int
tear_down(void **state)
{
    bench_t *bench = *state;
    uplink_destroy(&bench->uplink);
    envoy_destroy(&bench->envoy);
    zsock_destroy(&bench->centre);
    end((void **)&bench->house);
    free(bench);
    return 0;
}

/* The next message at the centre has this word; its frame `at` behind that, as text. */
static const char *
hears(bench_t *bench, const char *word, size_t at)
{
    static char text[256];
    zmsg_t *message = zmsg_recv(bench->centre);
    assert_non_null(message);
    zframe_t *packed = zmsg_last(message);
    CLEANUP(frames_destroy)
    frames_t *frames =
        frames_unpack(slice_of(zframe_data(packed), zframe_size(packed)), &bench->fault);
    zmsg_destroy(&message);
    assert_non_null(frames);
    assert_string_equal(frames_text(frames, 0), word);
    slice_t frame = frames_at(frames, at);
    snprintf(text, sizeof text, "%.*s", (int)frame.size, (const char *)frame.data);
    return text;
}

static void
hears_nothing(bench_t *bench)
{
    CLEANUP(zpoller_destroy) zpoller_t *poller = zpoller_new(bench->centre, NULL);
    assert_null(zpoller_wait(poller, 50));
}

static void
sends(bench_t *bench)
{
    uint64_t end = core_mark(bench->house->core).leaves;
    if (uplink_send(bench->uplink, end, bench->now, &bench->fault))
        fail_msg("%s", bench->fault.text);
}

static hash_t
leaf_hash(bench_t *bench, uint64_t number)
{
    query_t query = {.what = FIND_LEAVES, .number = number};
    CLEANUP(row_destroy) row_t *row = store_first(bench->house->store, &query, &bench->fault);
    assert_non_null(row);
    return row->leaf.hash;
}

static void
answers(bench_t *bench, uint64_t taken, const hash_t *last)
{
    char number[24], text[HASH_TEXT];
    CLEANUP(frames_destroy) frames_t *frames = message_new(MESSAGE_RELAYED);
    snprintf(number, sizeof number, "%llu", (unsigned long long)taken);
    frames_add_text(frames, number);
    frames_add_text(frames, hash_write(last, text));
    if (uplink_hear(bench->uplink, frames, &bench->fault))
        fail_msg("%s", bench->fault.text);
}

/* Connected, and greeted: the centre has so many of these leaves. */
static void
meets(bench_t *bench, uint64_t taken)
{
    people_t people = {.broker_count = 1};
    curve_line_t line = {"hub", bench->pair.public_key};
    people.brokers = &line;
    hash_t last = taken ? leaf_hash(bench, taken - 1) : HASH_ZERO;
    assert_int_equal(uplink_use(bench->uplink, &people, &bench->fault), 0);
    CLEANUP(zpoller_destroy) zpoller_t *poller = zpoller_new(envoy_monitor(bench->envoy), NULL);
    assert_non_null(zpoller_wait(poller, PATIENCE_MS));
    uplink_greet(bench->uplink, bench->now);
    assert_string_equal(hears(bench, "HELLO", 2), "north");
    assert_false(uplink_is_heard(bench->uplink));
    answers(bench, taken, &last);
    assert_true(uplink_is_heard(bench->uplink));
}

static void
leaves_go_up_in_order_and_nothing_more_before_they_are_taken(void **state)
{
    bench_t *bench = *state;
    grows(bench, "one");
    meets(bench, 0);
    sends(bench);
    assert_string_equal(hears(bench, "RELAY", 1), "0");
    grows(bench, "two");
    sends(bench);
    hears_nothing(bench);
    hash_t last = leaf_hash(bench, 0);
    answers(bench, 1, &last);
    sends(bench); /* leaf 1 is the event that told of the stop */
    assert_string_equal(hears(bench, "RELAY", 1), "2");
    last = leaf_hash(bench, 2);
    answers(bench, 3, &last);
    sends(bench);
    hears_nothing(bench);
    assert_int_equal(uplink_behind(bench->uplink), 0);
}

static void
no_more_than_a_few_are_under_way(void **state)
{
    bench_t *bench = *state;
    for (size_t i = 0; i < UPLINK_LEAVES + 3; i++) {
        char name[24];
        snprintf(name, sizeof name, "book-%zu", i);
        grows(bench, name);
    }
    meets(bench, 0);
    sends(bench);
    for (size_t i = 0; i < UPLINK_LEAVES; i++)
        hears(bench, "RELAY", 1);
    hears_nothing(bench);
    assert_true(uplink_behind(bench->uplink) > 0);
}

/* Alerts that nobody signed stay here; what else the broker does waits no longer for them. */
static void
a_long_log_of_what_is_not_relayed_is_gone_through_bit_by_bit(void **state)
{
    bench_t *bench = *state;
    const merkle_t *log = core_log(bench->house->core);
    while (log->size < UPLINK_LOOKED + 2 * UPLINK_LEAVES)
        alarm_rings(bench->house);
    meets(bench, 0);
    sends(bench);
    assert_int_equal(uplink_behind(bench->uplink), log->size - UPLINK_LOOKED);
    sends(bench);
    assert_int_equal(uplink_behind(bench->uplink), 0);
    hears_nothing(bench);
}

static void
it_goes_on_where_the_centre_is(void **state)
{
    bench_t *bench = *state;
    grows(bench, "one");
    grows(bench, "two");
    meets(bench, 1);
    sends(bench);
    assert_string_equal(hears(bench, "RELAY", 1), "2");
}

/* They were on their way when the link was cut: the centre's word about them comes behind the one
 * that answers the greeting, and is further than what was sent since. */
static void
leaves_that_arrive_late_by_an_earlier_sending_hold_nothing_up(void **state)
{
    bench_t *bench = *state;
    grows(bench, "one");
    grows(bench, "two");
    meets(bench, 0);
    hash_t last = leaf_hash(bench, 2);
    answers(bench, 3, &last);
    sends(bench);
    hears_nothing(bench);
    assert_int_equal(uplink_behind(bench->uplink), 0);
    grows(bench, "three");
    sends(bench);
    assert_string_equal(hears(bench, "RELAY", 1), "4");
}

static void
a_log_that_was_put_back_goes_up_anew(void **state)
{
    bench_t *bench = *state;
    hash_t other = hash_of(slice_text("a leaf that is gone"));
    grows(bench, "one");
    meets(bench, 0);
    bench->now.ms += UPLINK_SILENT_MS + 1;
    sends(bench);
    hears(bench, "RELAY", 1);
    bench->now.ms += UPLINK_SILENT_MS + 1; /* no answer comes: it is greeted again */
    uplink_greet(bench->uplink, bench->now);
    hears(bench, "HELLO", 2);
    answers(bench, 40, &other);
    sends(bench);
    assert_string_equal(hears(bench, "RELAY", 1), "0");
}

static void
a_centre_that_people_do_not_list_is_not_spoken_to(void **state)
{
    bench_t *bench = *state;
    people_t nobody = {.broker_count = 0};
    assert_int_equal(uplink_use(bench->uplink, &nobody, &bench->fault), -1);
    assert_int_equal(bench->fault.code, FAULT_NOT_FOUND);
    assert_null(envoy_socket(bench->envoy));
}

static void
an_answer_without_form_is_refused(void **state)
{
    bench_t *bench = *state;
    CLEANUP(frames_destroy) frames_t *frames = message_new(MESSAGE_RELAYED);
    frames_add_text(frames, "many");
    frames_add_text(frames, "none");
    assert_int_equal(uplink_hear(bench->uplink, frames, &bench->fault), -1);
    assert_int_equal(bench->fault.code, FAULT_FORMAT);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

static const struct CMUnitTest tests[] = {
    TEST(leaves_go_up_in_order_and_nothing_more_before_they_are_taken),
    TEST(no_more_than_a_few_are_under_way),
    TEST(a_long_log_of_what_is_not_relayed_is_gone_through_bit_by_bit),
    TEST(it_goes_on_where_the_centre_is),
    TEST(leaves_that_arrive_late_by_an_earlier_sending_hold_nothing_up),
    TEST(a_log_that_was_put_back_goes_up_anew),
    TEST(a_centre_that_people_do_not_list_is_not_spoken_to),
    TEST(an_answer_without_form_is_refused),
};

int
main(void)
{
    return cmocka_run_group_tests(tests, NULL, NULL);
}
