/* SPDX-License-Identifier: Apache-2.0 */
/* Ops that ask others, between network namespaces of the test's own. Who answers is a process of
 * the test: small, and able to answer wrongly or not at all. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <limits.h>
#include <time.h>

#include "common/file.h"
#include "net_fixture.h"
#include "op_fixture.h"

static char programs[PATH_MAX];
static op_world_t world = {.programs = programs};

static int
set_up(void **state)
{
    (void)state;
    return op_programs(programs) || net_make() ? -1 : 0;
}

static int
datagrams_in(int net, uint16_t port)
{
    struct sockaddr_in at = at_address("0.0.0.0", port);
    go(net);
    int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    assert_int_equal(bind(fd, (struct sockaddr *)&at, sizeof at), 0);
    go(net_here);
    return fd;
}

/* ---- net.ping, net.traceroute, net.capture ------------------------------------------------- */

static void
echoes_are_counted_and_their_times_told(void **state)
{
    (void)state;
    CLEANUP(value_destroy)
    value_t *result = must_run(
        "net.ping", given("address", 's', "192.0.2.2", "count", 'i', (int64_t)3, NULL), &world);
    assert_int_equal(value_get_integer(result, "sent"), 3);
    assert_int_equal(value_get_integer(result, "received"), 3);
    assert_int_equal(value_get_integer(result, "lost_percent"), 0);
    assert_true(value_get_integer(result, "rtt_least_us") <=
                value_get_integer(result, "rtt_most_us"));
    CLEANUP(value_destroy)
    value_t *six = must_run("net.ping", given("address", 's', "2001:db8::2", NULL), &world);
    assert_true(value_get_integer(six, "received") > 0); /* the first waits for its neighbour */
}

static void
nobody_who_answers_is_a_loss_and_not_a_failure(void **state)
{
    (void)state;
    CLEANUP(value_destroy)
    value_t *result = must_run("net.ping",
                               given("address", 's', "192.0.2.77", "count", 'i', (int64_t)2,
                                     "wait_ms", 'i', (int64_t)100, NULL),
                               &world);
    assert_int_equal(value_get_integer(result, "received"), 0);
    assert_int_equal(value_get_integer(result, "lost_percent"), 100);
    must_fail("net.ping", given("address", 's', "no.such.invalid", NULL), &world, FAULT_UNREACHABLE,
              "no.such.invalid");
}

/* A third machine behind there, for as long as it is open: 203.0.113.2. */
static int
make_far(void)
{
    go(net_there);
    assert_int_equal(unshare(CLONE_NEWNET), 0);
    int far = open("/proc/self/ns/net", O_RDONLY | O_CLOEXEC);
    shell("ip link set lo up");
    go(net_there);
    shell("ip link add tib0 type veth peer name tib1 netns /proc/%d/fd/%d", (int)getpid(), far);
    shell("ip addr add 203.0.113.1/24 dev tib0 && ip link set tib0 up && "
          "echo 1 >/proc/sys/net/ipv4/ip_forward && "
          "echo 0 >/proc/sys/net/ipv4/icmp_ratelimit");
    go(far);
    shell("ip addr add 203.0.113.2/24 dev tib1 && ip link set tib1 up && "
          "ip route add default via 203.0.113.1 && echo 0 >/proc/sys/net/ipv4/icmp_ratelimit");
    await_carrier("tib1");
    go(net_there);
    await_carrier("tib0");
    go(net_here);
    shell("ip route add 203.0.113.0/24 via 192.0.2.2");
    return far;
}

static void
the_routers_on_the_way_are_found_one_by_one(void **state)
{
    (void)state;
    CLEANUP(descriptor_close) int far = make_far();
    CLEANUP(value_destroy)
    value_t *result =
        must_run("net.traceroute", given("address", 's', "203.0.113.2", NULL), &world);
    const value_t *hops = value_get(result, "hops");
    assert_true(value_get_bool(result, "reached"));
    assert_int_equal(value_count(hops), 2);
    assert_string_equal(value_get_text(value_at(hops, 0), "address"), "192.0.2.2");
    assert_string_equal(value_get_text(value_at(hops, 1), "address"), "203.0.113.2");
    CLEANUP(value_destroy)
    value_t *lost =
        must_run("net.traceroute",
                 given("address", 's', "203.0.113.2", "hops", 'i', (int64_t)1, NULL), &world);
    assert_false(value_get_bool(lost, "reached"));
    must_fail("net.traceroute", given("address", 's', "8.8.8.8", NULL), &world, FAULT_UNREACHABLE,
              "no way there");
}

static void
who_sends_on_a_link_is_counted_by_source(void **state)
{
    fault_t fault = {0};
    (void)state;
    CLEANUP(descriptor_close) int fd = datagrams_in(net_there, 7100);
    struct sockaddr_in to = at_address("192.0.2.1", 7101);
    op_child_t *child = start_op("net.capture",
                                 given("link", 's', "tia0", "seconds", 'i', (int64_t)30, "packets",
                                       'i', (int64_t)5, "protocol", 's', "udp", "host", 's',
                                       "192.0.2.2", "port", 'i', (int64_t)7100, NULL),
                                 &world, &fault);
    assert_non_null(child);
    for (bool over = false; !over;) {
        struct pollfd ready = {.fd = op_child_fd(child), .events = POLLIN};
        sendto(fd, "tocsin", 6, 0, (struct sockaddr *)&to, sizeof to);
        over = poll(&ready, 1, 10) == 1 && op_child_read(child);
        assert_true(mono_now().ms < op_child_deadline(child).ms);
    }
    CLEANUP(value_destroy) value_t *result = op_child_finish(&child, &fault);
    if (!result)
        fail_msg("%s", fault.text);
    const value_t *sources = value_get(result, "sources");
    assert_int_equal(value_get_integer(result, "packets"), 5);
    assert_int_equal(value_count(sources), 1);
    assert_string_equal(value_get_text(value_at(sources, 0), "address"), "192.0.2.2");
    assert_int_equal(value_get_integer(value_at(sources, 0), "packets"), 5);
}

static void
what_no_packet_can_be_is_not_waited_for(void **state)
{
    (void)state;
    must_fail("net.capture",
              given("link", 's', "tia0", "seconds", 'i', (int64_t)30, "protocol", 's', "arp",
                    "port", 'i', (int64_t)80, NULL),
              &world, FAULT_ARGUMENT, "arp and port 80");
    must_fail("net.capture", given("link", 's', "none0", "seconds", 'i', (int64_t)30, NULL), &world,
              FAULT_NOT_FOUND, "link 'none0' cannot be listened to");
}

static void
a_capture_of_silence_ends_after_its_seconds(void **state)
{
    (void)state;
    CLEANUP(value_destroy)
    value_t *result = must_run("net.capture",
                               given("link", 's', "tia0", "seconds", 'i', (int64_t)1, "protocol",
                                     's', "tcp", "port", 'i', (int64_t)9, NULL),
                               &world);
    assert_int_equal(value_get_integer(result, "packets"), 0);
    must_fail("net.capture", given("link", 's', "eth77", "seconds", 'i', (int64_t)1, NULL), &world,
              FAULT_NOT_FOUND, "eth77");
}

/* ---- net.dns ------------------------------------------------------------------------------ */

#define NAMES 7053

/* What it answers behind the question: two records of www.example.test, and that they are proved.
 */
static const uint8_t records[] = {
    0xc0, 12, 0,  1, 0, 1, 0, 0, 0,  60, 0, 4, 192, 0,    2,   80,  0xc0,
    12,   0,  16, 0, 1, 0, 0, 0, 60, 0,  6, 5, 'a', '\n', 'b', 'c', 'd',
};

static void
answer_names(int fd)
{
    uint8_t packet[512];
    struct sockaddr_in from;
    socklen_t size = sizeof from;
    ssize_t got =
        recvfrom(fd, packet, sizeof packet - sizeof records, 0, (struct sockaddr *)&from, &size);
    if (got < 12)
        return;
    size_t end = 12;
    while (packet[end])
        end += packet[end] + 1u;
    end += 5;
    bool none = packet[13] == 'n';
    packet[2] = 0x81;
    packet[3] = (uint8_t)(0x80 | (packet[3] & 0x20) | (none ? 3 : 0));
    packet[7] = none ? 0 : packet[13] == 'l' ? 9 : 2; /* a lie: more than there are */
    packet[11] = 0;
    memcpy(packet + end, records, sizeof records);
    sendto(fd, packet, end + (none ? 0 : sizeof records), 0, (struct sockaddr *)&from, size);
}

static value_t *
question(const char *name, const char *type)
{
    return given("name", 's', name, "type", 's', type, "server", 's', "192.0.2.2", "port", 'i',
                 (int64_t)NAMES, "timeout_ms", 'i', (int64_t)3000, NULL);
}

static void
a_name_server_is_asked_and_its_records_told(void **state)
{
    (void)state;
    CLEANUP(descriptor_close) int fd = datagrams_in(net_there, NAMES);
    CLEANUP(end) pid_t server = serve(fd, answer_names);
    (void)server;
    CLEANUP(value_destroy)
    value_t *result = must_run("net.dns", question("www.example.test", "A"), &world);
    const value_t *answers = value_get(result, "answers");
    assert_string_equal(value_get_text(result, "rcode"), "noerror");
    assert_true(value_get_bool(result, "authenticated"));
    assert_int_equal(value_count(answers), 2);
    assert_string_equal(value_get_text(value_at(answers, 0), "name"), "www.example.test");
    assert_string_equal(value_get_text(value_at(answers, 0), "type"), "A");
    assert_string_equal(value_get_text(value_at(answers, 0), "data"), "192.0.2.80");
    assert_int_equal(value_get_integer(value_at(answers, 0), "ttl_s"), 60);
    assert_string_equal(value_get_text(value_at(answers, 1), "data"), "a?bcd");
    CLEANUP(value_destroy)
    value_t *none = must_run("net.dns", question("none.example.test", "A"), &world);
    assert_string_equal(value_get_text(none, "rcode"), "nxdomain");
    assert_int_equal(value_count(value_get(none, "answers")), 0);
    must_fail("net.dns", question("liar.example.test", "A"), &world, FAULT_FORMAT,
              "no whole message");
}

static void
a_name_server_that_is_silent_is_not_waited_for(void **state)
{
    (void)state;
    CLEANUP(descriptor_close) int fd = datagrams_in(net_there, NAMES);
    must_fail("net.dns",
              given("name", 's', "a.test", "type", 's', "A", "server", 's', "192.0.2.2", "port",
                    'i', (int64_t)NAMES, "timeout_ms", 'i', (int64_t)200, NULL),
              &world, FAULT_UNREACHABLE, "no answer of the DNS");
    must_fail("net.dns", given("name", 's', "a.test", "type", 's', "ANY", NULL), &world,
              FAULT_ARGUMENT, "choices");
}

/* ---- ntp.offset --------------------------------------------------------------------------- */

#define NTP 7123

static void
put_time(uint8_t *at, int64_t ms)
{
    uint32_t seconds = htonl((uint32_t)(ms / 1000 + 2208988800LL));
    uint32_t fraction = htonl((uint32_t)(((uint64_t)(ms % 1000) << 32) / 1000));
    memcpy(at, &seconds, 4);
    memcpy(at + 4, &fraction, 4);
}

/* Five seconds ahead; first with the wrong nonce, which does not count. */
static void
answer_time(int fd)
{
    uint8_t packet[48];
    struct sockaddr_in from;
    socklen_t size = sizeof from;
    if (recvfrom(fd, packet, sizeof packet, 0, (struct sockaddr *)&from, &size) != 48)
        return;
    int64_t now = wall_now().ms + 5000;
    packet[0] = 0x24;
    packet[1] = 2;
    memset(packet + 24, 0, 8);
    put_time(packet + 32, now + 100000);
    sendto(fd, packet, sizeof packet, 0, (struct sockaddr *)&from, size);
    memcpy(packet + 24, packet + 40, 8);
    put_time(packet + 32, now);
    put_time(packet + 40, now);
    sendto(fd, packet, sizeof packet, 0, (struct sockaddr *)&from, size);
}

static void
a_time_server_says_how_wrong_the_clock_is(void **state)
{
    (void)state;
    CLEANUP(descriptor_close) int fd = datagrams_in(net_there, NTP);
    CLEANUP(end) pid_t server = serve(fd, answer_time);
    (void)server;
    CLEANUP(value_destroy)
    value_t *result = must_run(
        "ntp.offset", given("address", 's', "192.0.2.2", "port", 'i', (int64_t)NTP, NULL), &world);
    int64_t offset = value_get_integer(result, "offset_ms"),
            delay = value_get_integer(result, "delay_ms");
    assert_int_equal(value_get_integer(result, "stratum"), 2);
    assert_true(offset >= 5000 - delay - 2 && offset <= 5000 + delay + 2);
}

/* With the right nonce, and the word that its clock follows none. */
static void
answer_unsure(int fd)
{
    uint8_t packet[48];
    struct sockaddr_in from;
    socklen_t size = sizeof from;
    if (recvfrom(fd, packet, sizeof packet, 0, (struct sockaddr *)&from, &size) != 48)
        return;
    packet[0] = 0xe4;
    packet[1] = 0;
    memcpy(packet + 24, packet + 40, 8);
    sendto(fd, packet, sizeof packet, 0, (struct sockaddr *)&from, size);
}

static void
a_time_server_that_does_not_know_the_time_sets_nobodys_clock(void **state)
{
    (void)state;
    CLEANUP(descriptor_close) int fd = datagrams_in(net_there, NTP);
    CLEANUP(end) pid_t server = serve(fd, answer_unsure);
    (void)server;
    must_fail("ntp.offset", given("address", 's', "192.0.2.2", "port", 'i', (int64_t)NTP, NULL),
              &world, FAULT_FAILED, "does not know the time");
    must_fail("clock.step",
              given("address", 's', "192.0.2.2", "port", 'i', (int64_t)NTP, "most_ms", 'i',
                    (int64_t)1000, NULL),
              &world, FAULT_FAILED, "does not know the time");
}

/* The machine's resolver is out of reach here. */
static void
a_name_that_nobody_knows_is_unreachable(void **state)
{
    static const char *const ops[] = {"net.ping", "net.traceroute", "ntp.offset"};
    (void)state;
    for (size_t i = 0; i < ARRAY_SIZE(ops); i++)
        must_fail(ops[i], given("address", 's', "no-such-host.invalid", NULL), &world,
                  FAULT_UNREACHABLE, "no-such-host.invalid");
    must_fail("tls.certificate",
              given("address", 's', "no-such-host.invalid", "port", 'i', (int64_t)443, NULL),
              &world, FAULT_UNREACHABLE, "no-such-host.invalid");
}

static void
a_time_server_that_is_silent_or_not_there_is_unreachable(void **state)
{
    (void)state;
    CLEANUP(descriptor_close) int fd = datagrams_in(net_there, NTP);
    must_fail("ntp.offset",
              given("address", 's', "192.0.2.2", "port", 'i', (int64_t)NTP, "timeout_ms", 'i',
                    (int64_t)200, NULL),
              &world, FAULT_UNREACHABLE, "does not answer");
    must_fail("ntp.offset", given("address", 's', "192.0.2.2", "port", 'i', (int64_t)1, NULL),
              &world, FAULT_UNREACHABLE, "refused");
}

/* ---- firewall.list ------------------------------------------------------------------------ */

static void
the_rules_of_the_machine_and_the_blocks_are_listed(void **state)
{
    (void)state;
    shell("nft add table inet tocsin");
    shell("nft 'add set inet tocsin blocked4 { type ipv4_addr; flags interval, timeout; }'");
    shell("nft 'add element inet tocsin blocked4 { 203.0.113.9 timeout 1h, 198.18.0.0/15 timeout "
          "1h }'");
    shell("nft add table ip mine; nft 'add chain ip mine guard { type filter hook input priority "
          "0; policy accept; }'");
    shell("nft add rule ip mine guard tcp dport 23 counter drop");
    CLEANUP(value_destroy) value_t *result = must_run("firewall.list", given(NULL), &world);
    const value_t *chain = value_at(value_get(result, "chains"), 0),
                  *rule = value_at(value_get(result, "rules"), 0);
    assert_string_equal(value_get_text(chain, "name"), "guard");
    assert_string_equal(value_get_text(chain, "hook"), "input");
    assert_string_equal(value_get_text(chain, "policy"), "accept");
    assert_non_null(strstr(value_get_text(rule, "text"), "\"dport\""));
    assert_int_equal(value_get_integer(rule, "packets"), 0);
    assert_int_equal(value_count(value_get(result, "blocks")), 2);
    assert_string_equal(value_get_text(value_at(value_get(result, "blocks"), 0), "source"),
                        "198.18.0.0/15");
    assert_true(value_get_integer(value_at(value_get(result, "blocks"), 0), "expires_s") > 3000);
}

/* Others' rules may be thousands, and our blocks hundreds. */
static void
our_own_rules_and_the_block_of_a_source_are_told_among_any_number_of_others(void **state)
{
    (void)state;
    shell("nft add table inet tocsin; nft add chain inet tocsin isolate_out");
    shell("nft add table ip aaa; nft add chain ip aaa many");
    shell("for i in $(seq 300); do echo add rule ip aaa many tcp dport $i drop; done | nft -f -");
    shell("nft add rule inet tocsin isolate_out drop");
    shell("nft 'add set inet tocsin blocked4 { type ipv4_addr; flags interval, timeout; }'");
    shell("for i in $(seq 0 2 254); do for j in 1 2 3; do "
          "echo \"add element inet tocsin blocked4 { 203.0.$j.$i timeout 1h }\"; "
          "done; done | nft -f -");
    CLEANUP(value_destroy)
    value_t *all = must_run("firewall.list", given(NULL), &world);
    assert_true(value_get_bool(all, "more"));
    assert_string_equal(value_get_text(value_at(value_get(all, "rules"), 0), "chain"),
                        "isolate_out");
    CLEANUP(value_destroy)
    value_t *one = must_run("firewall.view", given("source", 's', "203.0.3.254/32", NULL), &world);
    assert_true(value_get_bool(one, "blocked"));
    assert_true(value_get_integer(one, "expires_s") > 3000);
    CLEANUP(value_destroy)
    value_t *none = must_run("firewall.view", given("source", 's', "203.0.0.0/16", NULL), &world);
    assert_false(value_get_bool(none, "blocked"));
    assert_int_equal(value_get_integer(none, "expires_s"), 0);
    shell("nft delete table ip aaa; nft delete table inet tocsin");
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(echoes_are_counted_and_their_times_told),
        cmocka_unit_test(nobody_who_answers_is_a_loss_and_not_a_failure),
        cmocka_unit_test(the_routers_on_the_way_are_found_one_by_one),
        cmocka_unit_test(who_sends_on_a_link_is_counted_by_source),
        cmocka_unit_test(what_no_packet_can_be_is_not_waited_for),
        cmocka_unit_test(a_capture_of_silence_ends_after_its_seconds),
        cmocka_unit_test(a_name_server_is_asked_and_its_records_told),
        cmocka_unit_test(a_name_server_that_is_silent_is_not_waited_for),
        cmocka_unit_test(a_time_server_says_how_wrong_the_clock_is),
        cmocka_unit_test(a_time_server_that_does_not_know_the_time_sets_nobodys_clock),
        cmocka_unit_test(a_name_that_nobody_knows_is_unreachable),
        cmocka_unit_test(a_time_server_that_is_silent_or_not_there_is_unreachable),
        cmocka_unit_test(the_rules_of_the_machine_and_the_blocks_are_listed),
        cmocka_unit_test(
            our_own_rules_and_the_block_of_a_source_are_told_among_any_number_of_others),
    };
    return cmocka_run_group_tests(tests, set_up, NULL);
}
