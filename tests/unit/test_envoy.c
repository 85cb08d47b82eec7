/* SPDX-License-Identifier: Apache-2.0 */
/* The broker's way to the timekeeper: to whom it speaks, when HELLO is due, and what it lets
 * through. The timekeeper is a socket of the test's on loopback. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "broker/envoy.h"

#define PATIENCE_MS 20000

typedef struct {
    zsock_t *timekeeper;
    curvepair_t timekeepers, brokers;
    envoy_t *envoy;
} bench_t;

static int
set_up(void **state)
{
    char endpoint[64];
    bench_t *bench = memory_new(1, sizeof *bench);
    curve_random(&bench->timekeepers);
    curve_random(&bench->brokers);
    bench->timekeeper = zsock_new(ZMQ_ROUTER);
    zsock_set_curve_server(bench->timekeeper, 1);
    zsock_set_curve_secretkey_bin(bench->timekeeper, bench->timekeepers.secret);
    zsock_set_linger(bench->timekeeper, 0);
    zsock_set_rcvtimeo(bench->timekeeper, PATIENCE_MS);
    int port = zsock_bind(bench->timekeeper, "tcp://127.0.0.1:*");
    assert_true(port > 0);
    snprintf(endpoint, sizeof endpoint, "tcp://127.0.0.1:%d", port);
    bench->envoy = envoy_new(endpoint, &bench->brokers);
    *state = bench;
    return 0;
}

static int
tear_down(void **state)
{
    bench_t *bench = *state;
    envoy_destroy(&bench->envoy);
    zsock_destroy(&bench->timekeeper);
    free(bench);
    return 0;
}

static void
speaks(bench_t *bench)
{
    fault_t fault = {0};
    assert_int_equal(envoy_use(bench->envoy, &bench->timekeepers.public_key, &fault), 0);
}

static void
is_readable(zsock_t *socket)
{
    CLEANUP(zpoller_destroy) zpoller_t *poller = zpoller_new(socket, NULL);
    assert_ptr_equal(zpoller_wait(poller, PATIENCE_MS), socket);
}

static frames_t *
two_words(void)
{
    frames_t *frames = frames_new();
    frames_add_text(frames, "NONCE");
    frames_add_text(frames, "w1");
    return frames;
}

/* What the timekeeper hears, the route in front, has this as its last word: the caller's. */
static zmsg_t *
hears(bench_t *bench, const char *last)
{
    fault_t fault = {0};
    zmsg_t *message = zmsg_recv(bench->timekeeper);
    assert_non_null(message);
    assert_int_equal(zmsg_size(message), 2);
    slice_t packed = slice_of(zframe_data(zmsg_last(message)), zframe_size(zmsg_last(message)));
    CLEANUP(frames_destroy) frames_t *frames = frames_unpack(packed, &fault);
    assert_non_null(frames);
    assert_string_equal(frames_text(frames, frames->count - 1), last);
    return message;
}

static void
it_speaks_to_nobody_before_it_is_told_to_whom(void **state)
{
    bench_t *bench = *state;
    fault_t fault = {0};
    frames_t *frames = two_words();
    for (int i = 0; i < 2; i++) {
        assert_null(envoy_socket(bench->envoy));
        assert_null(envoy_monitor(bench->envoy));
        assert_null(envoy_receive(bench->envoy));
        assert_false(envoy_is_new(bench->envoy));
        assert_int_equal(envoy_use(bench->envoy, NULL, &fault), 0);
    }
    assert_false(envoy_send(bench->envoy, &frames));
    assert_null(frames);
}

static void
a_connection_is_new_once_and_carries_messages_both_ways(void **state)
{
    bench_t *bench = *state;
    frames_t *frames = two_words();
    speaks(bench);
    is_readable(envoy_monitor(bench->envoy));
    assert_true(envoy_is_new(bench->envoy));
    assert_false(envoy_is_new(bench->envoy));
    assert_true(envoy_send(bench->envoy, &frames));
    assert_null(frames);
    CLEANUP(zmsg_destroy) zmsg_t *heard = hears(bench, "w1");
    zmsg_send(&heard, bench->timekeeper);
    is_readable(envoy_socket(bench->envoy));
    CLEANUP(frames_destroy) frames_t *back = envoy_receive(bench->envoy);
    assert_non_null(back);
    assert_int_equal(back->count, 2);
    assert_string_equal(frames_text(back, 0), "NONCE");
    assert_null(envoy_receive(bench->envoy));
}

static void
what_is_no_message_is_passed_over(void **state)
{
    bench_t *bench = *state;
    frames_t *frames = two_words();
    speaks(bench);
    is_readable(envoy_monitor(bench->envoy));
    assert_true(envoy_send(bench->envoy, &frames));
    CLEANUP(zmsg_destroy) zmsg_t *heard = hears(bench, "w1");
    zmsg_t *good = zmsg_dup(heard);
    zmsg_addstr(heard, "x");
    zmsg_send(&heard, bench->timekeeper);
    zmsg_send(&good, bench->timekeeper);
    frames_t *back = NULL;
    while (!back) {
        is_readable(envoy_socket(bench->envoy));
        back = envoy_receive(bench->envoy);
    }
    assert_int_equal(back->count, 2);
    frames_destroy(&back);
}

static void
the_same_key_changes_nothing_and_another_makes_another_socket(void **state)
{
    bench_t *bench = *state;
    fault_t fault = {0};
    curvepair_t other;
    frames_t *frames = two_words();
    curve_random(&other);
    speaks(bench);
    is_readable(envoy_monitor(bench->envoy));
    assert_true(envoy_is_new(bench->envoy));
    speaks(bench);
    assert_true(envoy_send(bench->envoy, &frames)); /* over the connection that there was */
    assert_int_equal(envoy_use(bench->envoy, &other.public_key, &fault), 0);
    assert_non_null(envoy_socket(bench->envoy));
    assert_int_equal(envoy_use(bench->envoy, NULL, &fault), 0);
    assert_null(envoy_socket(bench->envoy));
    speaks(bench);
    is_readable(envoy_monitor(bench->envoy));
    assert_true(envoy_is_new(bench->envoy));
}

static void
who_has_another_key_than_root_names_hears_nothing(void **state)
{
    bench_t *bench = *state;
    fault_t fault = {0};
    curvepair_t other;
    frames_t *frames = two_words();
    curve_random(&other);
    assert_int_equal(envoy_use(bench->envoy, &other.public_key, &fault), 0);
    assert_false(envoy_send(bench->envoy, &frames)); /* there is no connection to send it over */
    speaks(bench);
    is_readable(envoy_monitor(bench->envoy));
    frames = two_words();
    frames_add_text(frames, "the first");
    assert_true(envoy_send(bench->envoy, &frames));
    CLEANUP(zmsg_destroy) zmsg_t *heard = hears(bench, "the first");
}

/* What the timekeeper's gate says of whoever calls, once. */
static void
the_gate_says(zsock_t *gate, const char *status)
{
    CLEANUP(zmsg_destroy) zmsg_t *asked = zmsg_recv(gate);
    assert_non_null(asked);
    zmsg_t *answer = zmsg_new();
    for (int i = 0; i < 2; i++) { /* version and number of the question */
        zframe_t *same = zmsg_pop(asked);
        zmsg_append(answer, &same);
    }
    zmsg_addstr(answer, status);
    for (int i = 0; i < 3; i++)
        zmsg_addstr(answer, "");
    assert_int_equal(zmsg_send(&answer, gate), 0);
}

static void
who_was_refused_calls_again_and_not_all_the_time(void **state)
{
    bench_t *bench = *state;
    CLEANUP(zsock_destroy) zsock_t *gate = zsock_new(ZMQ_REP);
    zsock_set_rcvtimeo(gate, PATIENCE_MS);
    assert_int_equal(zsock_bind(gate, "inproc://zeromq.zap.01"), 0);
    speaks(bench);
    for (int64_t again = 0; again < 2; again++) {
        the_gate_says(gate, "400");
        is_readable(envoy_monitor(bench->envoy));
        assert_false(envoy_is_new(bench->envoy));
        envoy_tick(bench->envoy, (mono_t){1000 + again * 5000});
    }
    the_gate_says(gate, "400");
    is_readable(envoy_monitor(bench->envoy));
    assert_false(envoy_is_new(bench->envoy));
    envoy_tick(bench->envoy, (mono_t){10999});
    zsock_set_rcvtimeo(gate, 100);
    assert_null(zmsg_recv(gate)); /* too soon */
    zsock_set_rcvtimeo(gate, PATIENCE_MS);
    envoy_tick(bench->envoy, (mono_t){11000});
    the_gate_says(gate, "200");
    is_readable(envoy_monitor(bench->envoy));
    assert_true(envoy_is_new(bench->envoy));
}

static void
an_endpoint_that_cannot_be_had_is_a_fault_and_leaves_nothing_open(void **state)
{
    bench_t *bench = *state;
    fault_t fault = {0};
    CLEANUP(envoy_destroy) envoy_t *lost = envoy_new("nowhere://x", &bench->brokers);
    assert_int_equal(envoy_use(lost, &bench->timekeepers.public_key, &fault), -1);
    assert_int_equal(fault.code, FAULT_CONFIG);
    assert_non_null(strstr(fault.text, "nowhere://x"));
    assert_null(envoy_socket(lost));
    assert_null(envoy_monitor(lost));
}

int
main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
    const struct CMUnitTest tests[] = {
        TEST(it_speaks_to_nobody_before_it_is_told_to_whom),
        TEST(a_connection_is_new_once_and_carries_messages_both_ways),
        TEST(what_is_no_message_is_passed_over),
        TEST(the_same_key_changes_nothing_and_another_makes_another_socket),
        TEST(who_has_another_key_than_root_names_hears_nothing),
        TEST(who_was_refused_calls_again_and_not_all_the_time),
        TEST(an_endpoint_that_cannot_be_had_is_a_fault_and_leaves_nothing_open),
    };
    zsys_handler_set(NULL);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
