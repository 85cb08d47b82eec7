/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <czmq.h>
#include <dlfcn.h>
#include <netinet/tcp.h>
#include <stdatomic.h>

#include "common/file.h"
#include "wire/gate.h"
#include "wire/transport.h"
#include "tests/unit/site_fixture.h"

#define WAIT_MS 20000

/* Stand before libzmq's own: while it is signalled, a thread other than ours is interrupted at
 * every second part that it sends or receives. */
static atomic_bool signalled;

static bool
is_interrupted(void)
{
    static _Thread_local unsigned parts;
    errno = EINTR;
    return signalled && gettid() != getpid() && ++parts % 2;
}

static void
find_real(const char *name, void *slot)
{
    void *found = dlsym(RTLD_NEXT, name);
    memcpy(slot, &found, sizeof found);
}

int
zmq_msg_recv(zmq_msg_t *part, void *socket, int flags)
{
    int (*real)(zmq_msg_t *, void *, int);
    find_real("zmq_msg_recv", &real);
    return is_interrupted() ? -1 : real(part, socket, flags);
}

int
zmq_send(void *socket, const void *part, size_t size, int flags)
{
    int (*real)(void *, const void *, size_t, int);
    find_real("zmq_send", &real);
    return is_interrupted() ? -1 : real(socket, part, size, flags);
}

/* How often a thread other than ours took a name back: the porter's, of a handler. */
static atomic_int unbound;

int
zmq_unbind(void *socket, const char *endpoint)
{
    int (*real)(void *, const char *);
    find_real("zmq_unbind", &real);
    unbound += gettid() != getpid();
    return real(socket, endpoint);
}

typedef struct {
    site_t *site;
    gate_t *gate;
    char endpoint[64];
    curvepair_t hub, pat, w1;
    zsock_t *pat_socket, *w1_socket;
    int unbound; /* before anybody asked */
} hall_t;

static void
add(trust_t *trust, const sealed_t *sealed)
{
    fault_t fault = {0};
    if (trust_add(trust, bytes_slice(sealed->document), bytes_slice(sealed->armors), &fault))
        fail_msg("%s", fault.text);
}

/* The site's documents with these keys for pat and w1. */
static trust_t *
trust_with(hall_t *self, const curvekey_t *pat, const curvekey_t *w1)
{
    trust_t *trust = trust_new(&self->site->id);
    people_t *people = site_people(self->site);
    fleet_t *fleet = site_fleet(self->site, "north");
    people->brokers[0].curve = self->hub.public_key;
    people->curves[0].curve = *pat;
    fleet->workers[0].curve = *w1;
    sealed_t sealed_people = site_seal_people(self->site, people, "hana,hugo");
    sealed_t sealed_fleet = site_seal_fleet(self->site, fleet, "olaf");
    add(trust, &self->site->root);
    add(trust, &sealed_people);
    add(trust, &sealed_fleet);
    sealed_done(&sealed_people);
    sealed_done(&sealed_fleet);
    return trust;
}

static void
admit(hall_t *self, const curvekey_t *pat, const curvekey_t *w1)
{
    CLEANUP(trust_destroy) trust_t *trust = trust_with(self, pat, w1);
    gate_admit(self->gate, trust);
}

static zsock_t *
connect_as(const hall_t *self, const curvepair_t *pair, const char *routing_id)
{
    zsock_t *socket = zsock_new(ZMQ_DEALER);
    zsock_set_linger(socket, 0);
    zsock_set_sndtimeo(socket, 0); /* who was turned away has nobody to say a word to */
    zsock_set_rcvtimeo(socket, WAIT_MS);
    if (routing_id)
        zsock_set_identity(socket, routing_id);
    zsock_set_curve_publickey_bin(socket, pair->public_key.bytes);
    zsock_set_curve_secretkey_bin(socket, pair->secret);
    zsock_set_curve_serverkey_bin(socket, self->hub.public_key.bytes);
    assert_int_equal(zsock_connect(socket, "%s", self->endpoint), 0);
    return socket;
}

static int
set_up(void **state)
{
    fault_t fault = {0};
    hall_t *self = memory_new(1, sizeof *self);
    self->site = site_new();
    curve_random(&self->hub);
    curve_random(&self->pat);
    curve_random(&self->w1);
    self->unbound = unbound;
    self->gate = gate_new("tcp://127.0.0.1:*", &self->hub, &fault);
    if (!self->gate)
        fail_msg("%s", fault.text);
    CLEANUP(zstr_free) char *endpoint = zsock_last_endpoint(gate_socket(self->gate));
    snprintf(self->endpoint, sizeof self->endpoint, "%s", endpoint);
    admit(self, &self->pat.public_key, &self->w1.public_key);
    self->pat_socket = connect_as(self, &self->pat, NULL);
    self->w1_socket = connect_as(self, &self->w1, NULL);
    *state = self;
    return 0;
}

static int
tear_down(void **state)
{
    hall_t *self = *state;
    zsock_destroy(&self->pat_socket);
    zsock_destroy(&self->w1_socket);
    gate_destroy(&self->gate);
    site_destroy(&self->site);
    free(self);
    return 0;
}

static frames_t *
word(void)
{
    frames_t *frames = frames_new();
    frames_add_text(frames, "word");
    return frames;
}

static bool
says(zsock_t *socket)
{
    CLEANUP(frames_destroy) frames_t *frames = word();
    return transport_send(zsock_resolve(socket), ZMQ_DONTWAIT, frames);
}

/* Whether a word that this socket says is heard, and whose the gate says it is. */
static bool
is_heard(hall_t *self, zsock_t *socket, int wait_ms, caller_t *caller)
{
    bool said = says(socket);
    for (int waited = 0; said && waited < wait_ms; waited += 10) {
        CLEANUP(frames_destroy) frames_t *frames = gate_receive(self->gate, caller);
        if (frames)
            return true;
        zclock_sleep(10);
    }
    return false;
}

static bool
answer(hall_t *self, const caller_t *caller)
{
    frames_t *frames = word();
    return gate_answer(self->gate, caller, &frames);
}

static bool
send_to_w1(hall_t *self)
{
    frames_t *frames = word();
    return gate_send(self->gate, "w1", &frames);
}

static void
hears_this(zsock_t *socket, const char *text)
{
    CLEANUP(frames_destroy) frames_t *heard = NULL;
    assert_int_equal(transport_receive(zsock_resolve(socket), 0, &heard), TRANSPORT_WHOLE);
    assert_int_equal(heard->count, 1);
    assert_string_equal(frames_text(heard, 0), text);
}

static void
hears(zsock_t *socket)
{
    hears_this(socket, "word");
}

static void
a_peer_is_who_its_key_says(void **state)
{
    hall_t *self = *state;
    caller_t pat, w1;
    assert_true(is_heard(self, self->pat_socket, WAIT_MS, &pat));
    assert_true(is_heard(self, self->w1_socket, WAIT_MS, &w1));
    assert_string_equal(pat.name, "pat");
    assert_false(pat.worker);
    assert_string_equal(w1.name, "w1");
    assert_true(w1.worker);
    assert_true(answer(self, &pat) && send_to_w1(self));
    hears(self->pat_socket);
    hears(self->w1_socket);
}

static void
another_broker_of_the_site_is_known_as_one_and_told_by_its_name(void **state)
{
    hall_t *self = *state;
    caller_t caller;
    frames_t *frames = frames_new(), *cast = frames_new();
    frames_add_text(frames, "RELAYED");
    frames_add_text(cast, "BEACON");
    CLEANUP(zsock_destroy) zsock_t *socket = connect_as(self, &self->hub, "w1");
    assert_true(is_heard(self, socket, WAIT_MS, &caller));
    assert_string_equal(caller.name, "hub");
    assert_true(caller.broker);
    assert_false(caller.worker);
    assert_false(send_to_w1(self));
    gate_cast(self->gate, &cast); /* for workers alone */
    assert_true(gate_send_broker(self->gate, "hub", &frames));
    hears_this(socket, "RELAYED");
}

/* Who is sent it would hang up. */
static void
what_is_more_than_a_message_may_have_is_not_sent(void **state)
{
    hall_t *self = *state;
    caller_t caller;
    frames_t *frames = word();
    CLEANUP(memory_free) uint8_t *much = memory_new(FRAMES_BYTES_MAX, 1);
    assert_true(is_heard(self, self->w1_socket, WAIT_MS, &caller));
    frames_add(frames, slice_of(much, FRAMES_BYTES_MAX));
    assert_false(gate_send(self->gate, "w1", &frames));
    assert_true(send_to_w1(self));
    hears(self->w1_socket);
}

static void
what_is_no_message_is_passed_over(void **state)
{
    static const struct {
        const char *bytes;
        size_t size;
    } broken[] = {{"word", 4}, {"", 0}, {"\0\0\0\1\0\0\0\5word", 12}, {"\0\0\0\21", 4}};
    hall_t *self = *state;
    caller_t caller;
    void *raw = zsock_resolve(self->w1_socket);
    assert_true(is_heard(self, self->w1_socket, WAIT_MS, &caller));
    for (size_t i = 0; i < ARRAY_SIZE(broken); i++)
        assert_true(zmq_send(raw, broken[i].bytes, broken[i].size, 0) >= 0);
    assert_true(zmq_send(raw, "", 0, ZMQ_SNDMORE) >= 0 && says(self->w1_socket)); /* two parts */
    assert_true(is_heard(self, self->w1_socket, WAIT_MS, &caller));
    assert_string_equal(caller.name, "w1");
    assert_null(gate_receive(self->gate, &caller));
}

/* As one does that asks for releases, and does not read them. */
static void
a_machine_is_sent_no_more_in_a_while_than_memory_has_for_it(void **state)
{
    hall_t *self = *state;
    caller_t caller;
    CLEANUP(memory_free) uint8_t *much = memory_new(FRAMES_BYTES_MAX, 1);
    assert_true(is_heard(self, self->w1_socket, WAIT_MS, &caller));
    for (size_t sent = 0; sent <= GATE_SPAN_BYTES; sent += FRAMES_BYTES_MAX) {
        frames_t *frames = frames_new();
        frames_add(frames, slice_of(much, FRAMES_BYTES_MAX));
        assert_int_equal(gate_send(self->gate, "w1", &frames), sent < GATE_SPAN_BYTES);
    }
    assert_true(send_to_w1(self)); /* what is small is bounded by its number */
    assert_true(is_heard(self, self->pat_socket, WAIT_MS, &caller));
    assert_true(answer(self, &caller));
}

static void
another_ones_routing_id_makes_nobody_another(void **state)
{
    hall_t *self = *state;
    caller_t caller;
    CLEANUP(zsock_destroy) zsock_t *socket = connect_as(self, &self->pat, "w1");
    assert_true(is_heard(self, socket, WAIT_MS, &caller));
    assert_string_equal(caller.name, "pat");
    assert_false(caller.worker);
    assert_false(send_to_w1(self));
}

static void
a_stranger_is_turned_away(void **state)
{
    hall_t *self = *state;
    fault_t fault = {0};
    caller_t caller;
    curvepair_t pair;
    curve_random(&pair);
    assert_int_equal(gate_check(self->gate, &fault), 0);
    CLEANUP(zsock_destroy) zsock_t *socket = connect_as(self, &pair, "w1");
    assert_false(is_heard(self, socket, 200, &caller));
}

/* One that asks nobody who comes in would wait for its porter for ever. */
static void
a_second_gate_in_one_process_is_refused(void **state)
{
    hall_t *self = *state;
    fault_t fault = {0};
    CLEANUP(gate_destroy) gate_t *second = gate_new("tcp://127.0.0.1:*", &self->hub, &fault);
    assert_null(second);
    assert_int_equal(fault.code, FAULT_IO);
    gate_destroy(&self->gate);
    self->gate = gate_new("tcp://127.0.0.1:*", &self->hub, &fault); /* at once */
    assert_non_null(self->gate);
}

static void
who_comes_before_the_gate_has_its_keys_waits_for_them(void **state)
{
    hall_t *self = *state;
    fault_t fault = {0};
    caller_t caller;
    gate_destroy(&self->gate);
    self->gate = gate_new("tcp://127.0.0.1:*", &self->hub, &fault);
    assert_non_null(self->gate);
    CLEANUP(zstr_free) char *endpoint = zsock_last_endpoint(gate_socket(self->gate));
    snprintf(self->endpoint, sizeof self->endpoint, "%s", endpoint);
    CLEANUP(zsock_destroy) zsock_t *socket = connect_as(self, &self->w1, NULL);
    assert_false(is_heard(self, socket, 200, &caller));
    admit(self, &self->pat.public_key, &self->w1.public_key);
    assert_true(is_heard(self, socket, WAIT_MS, &caller));
    assert_string_equal(caller.name, "w1");
}

static void
a_key_that_left_the_documents_is_neither_heard_nor_told(void **state)
{
    hall_t *self = *state;
    caller_t pat, w1, nobody;
    curvekey_t other = site_curve("other"), next = site_curve("next");
    assert_true(is_heard(self, self->pat_socket, WAIT_MS, &pat));
    assert_true(is_heard(self, self->w1_socket, WAIT_MS, &w1));
    admit(self, &other, &next);
    assert_false(answer(self, &pat));
    assert_false(answer(self, &w1));
    assert_false(send_to_w1(self));
    assert_false(is_heard(self, self->pat_socket, 200, &nobody));
    assert_false(is_heard(self, self->w1_socket, 200, &nobody));
    admit(self, &self->pat.public_key, &next);
    assert_true(answer(self, &pat));
    hears(self->pat_socket);
}

static void
a_key_that_is_now_a_persons_is_no_workers(void **state)
{
    hall_t *self = *state;
    caller_t w1;
    assert_true(is_heard(self, self->w1_socket, WAIT_MS, &w1));
    admit(self, &self->w1.public_key, &self->pat.public_key);
    assert_false(send_to_w1(self));
    assert_false(answer(self, &w1));
}

static void
a_signal_between_the_parts_of_a_question_or_its_answer_shuts_nobody_out(void **state)
{
    hall_t *self = *state;
    bool heard = true;
    signalled = true;
    for (int i = 0; i < 3 && heard; i++) {
        caller_t caller;
        CLEANUP(zsock_destroy) zsock_t *socket = connect_as(self, &self->w1, NULL);
        heard = is_heard(self, socket, WAIT_MS, &caller) && streq(caller.name, "w1");
    }
    signalled = false;
    assert_true(heard);
}

static void
who_comes_after_a_rest_is_looked_at_as_before_and_who_is_in_stays(void **state)
{
    hall_t *self = *state;
    caller_t caller;
    curvepair_t pair;
    curve_random(&pair);
    assert_true(is_heard(self, self->w1_socket, WAIT_MS, &caller));
    while (unbound == self->unbound) /* until a second after the last question */
        zclock_sleep(10);
    CLEANUP(zsock_destroy) zsock_t *stranger = connect_as(self, &pair, NULL);
    CLEANUP(zsock_destroy) zsock_t *again = connect_as(self, &self->w1, NULL);
    assert_true(is_heard(self, again, WAIT_MS, &caller));
    assert_string_equal(caller.name, "w1");
    assert_true(is_heard(self, self->w1_socket, WAIT_MS, &caller));
    assert_true(answer(self, &caller));
    hears(self->w1_socket);
    assert_false(is_heard(self, stranger, 200, &caller));
}

/* Of the socket that listens at this port, found among the process's own. */
static unsigned
backlog_at(uint16_t port)
{
    for (int fd = 3; fd < 1024; fd++) {
        struct tcp_info facts;
        struct sockaddr_in6 name = {0};
        socklen_t size = sizeof facts, name_size = sizeof name;
        if (!getsockname(fd, (struct sockaddr *)&name, &name_size) &&
            name.sin6_port == htons(port) &&
            !getsockopt(fd, IPPROTO_TCP, TCP_INFO, &facts, &size) && facts.tcpi_state == TCP_LISTEN)
            return facts.tcpi_sacked; /* tcp(7): of one that listens, how many may wait */
    }
    return 0;
}

static void
all_workers_may_knock_at_once_while_the_gate_is_busy(void **state)
{
    hall_t *self = *state;
    uint64_t most = 0, port;
    fault_t fault = {0};
    CLEANUP(bytes_destroy) bytes_t *text = file_read("/proc/sys/net/core/somaxconn", 64, &fault);
    assert_non_null(text);
    assert_true(text_read_u64(strtok((char *)text->data, "\n"), 1, INT32_MAX, &most));
    assert_true(text_read_u64(strrchr(self->endpoint, ':') + 1, 1, UINT16_MAX, &port));
    assert_int_equal(backlog_at((uint16_t)port), most < GATE_BACKLOG ? most : GATE_BACKLOG);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int
main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(a_peer_is_who_its_key_says),
        TEST(another_broker_of_the_site_is_known_as_one_and_told_by_its_name),
        TEST(what_is_no_message_is_passed_over),
        TEST(what_is_more_than_a_message_may_have_is_not_sent),
        TEST(a_machine_is_sent_no_more_in_a_while_than_memory_has_for_it),
        TEST(another_ones_routing_id_makes_nobody_another),
        TEST(a_stranger_is_turned_away),
        TEST(all_workers_may_knock_at_once_while_the_gate_is_busy),
        TEST(a_second_gate_in_one_process_is_refused),
        TEST(who_comes_before_the_gate_has_its_keys_waits_for_them),
        TEST(a_key_that_left_the_documents_is_neither_heard_nor_told),
        TEST(a_key_that_is_now_a_persons_is_no_workers),
        TEST(a_signal_between_the_parts_of_a_question_or_its_answer_shuts_nobody_out),
        TEST(who_comes_after_a_rest_is_looked_at_as_before_and_who_is_in_stays),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
