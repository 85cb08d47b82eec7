/* SPDX-License-Identifier: Apache-2.0 */
/* In a network namespace of the test's own: what it makes there is what the ops must tell. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <arpa/inet.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

#include "op_fixture.h"

static op_world_t world;

static void
ip(const char *words)
{
    char command[256];
    snprintf(command, sizeof command, "ip %s", words);
    if (system(command))
        fail_msg("%s", command);
}

static int
set_up(void **state)
{
    (void)state;
    if (unshare(CLONE_NEWNET))
        return -1;
    ip("link set lo up");
    ip("link add tia0 type veth peer name tia1");
    ip("link set tia0 address 02:00:00:00:00:01 mtu 1400");
    ip("addr add 192.0.2.1/24 dev tia0");
    ip("addr add 2001:db8::1/64 dev tia0 nodad");
    ip("link set tia0 up");
    ip("link set tia1 up");
    return 0;
}

static const value_t *
named(const value_t *list, const char *key, const char *text)
{
    for (size_t i = 0; i < value_count(list); i++)
        if (!strcmp(value_get_text(value_at(list, i), key), text))
            return value_at(list, i);
    return NULL;
}

static bool
lists(const value_t *list, const char *text)
{
    for (size_t i = 0; i < value_count(list); i++)
        if (!strcmp(value_string(value_at(list, i)), text))
            return true;
    return false;
}

static void
links_are_listed_with_their_addresses_and_counters(void **state)
{
    (void)state;
    CLEANUP(value_destroy) value_t *result = must_run("link.list", given(NULL), &world);
    const value_t *links = value_get(result, "links"), *veth = named(links, "name", "tia0");
    assert_int_equal(value_count(links), 3);
    assert_false(value_get_bool(result, "more"));
    assert_non_null(veth);
    assert_string_equal(value_get_text(veth, "mac"), "02:00:00:00:00:01");
    assert_string_equal(value_get_text(veth, "kind"), "veth");
    assert_int_equal(value_get_integer(veth, "mtu"), 1400);
    assert_true(value_get_bool(veth, "up") && value_get_bool(veth, "carrier"));
    assert_true(lists(value_get(veth, "addresses"), "192.0.2.1/24"));
    assert_true(lists(value_get(veth, "addresses"), "2001:db8::1/64"));
}

static void
a_link_that_flaps_counts_its_carrier_changes(void **state)
{
    (void)state;
    CLEANUP(value_destroy)
    value_t *before = must_run("link.view", given("link", 's', "tia0", NULL), &world);
    ip("link set tia1 down");
    CLEANUP(value_destroy)
    value_t *down = must_run("link.view", given("link", 's', "tia0", NULL), &world);
    ip("link set tia1 up");
    assert_true(value_get_bool(before, "carrier"));
    assert_false(value_get_bool(down, "carrier"));
    assert_true(value_get_bool(down, "up"));
    assert_int_equal(value_get_integer(down, "carrier_changes"),
                     value_get_integer(before, "carrier_changes") + 1);
}

static void
a_link_that_is_not_there_is_said_to_be_missing(void **state)
{
    (void)state;
    must_fail("link.view", given("link", 's', "eth77", NULL), &world, FAULT_NOT_FOUND, "eth77");
    must_fail("neighbour.list", given("link", 's', "eth77", NULL), &world, FAULT_NOT_FOUND,
              "eth77");
    must_fail("link.view", given("link", 's', "far-too-long-a-name", NULL), &world, FAULT_ARGUMENT,
              "too long");
}

static void
routes_are_listed_and_the_kernel_says_which_one_it_takes(void **state)
{
    (void)state;
    ip("route add 198.51.100.0/24 via 192.0.2.254 metric 7");
    ip("route add blackhole 203.0.113.0/24");
    CLEANUP(value_destroy) value_t *all = must_run("route.list", given(NULL), &world);
    const value_t *route = named(value_get(all, "routes"), "to", "198.51.100.0/24");
    assert_non_null(route);
    assert_string_equal(value_get_text(route, "via"), "192.0.2.254");
    assert_string_equal(value_get_text(route, "link"), "tia0");
    assert_int_equal(value_get_integer(route, "metric"), 7);
    assert_string_equal(
        value_get_text(named(value_get(all, "routes"), "to", "203.0.113.0/24"), "kind"),
        "blackhole");
    CLEANUP(value_destroy)
    value_t *way = must_run("route.get", given("address", 's', "198.51.100.9", NULL), &world);
    assert_true(value_get_bool(way, "reachable"));
    assert_string_equal(value_get_text(way, "via"), "192.0.2.254");
    assert_string_equal(value_get_text(way, "source"), "192.0.2.1");
    CLEANUP(value_destroy)
    value_t *none = must_run("route.get", given("address", 's', "8.8.8.8", NULL), &world);
    assert_false(value_get_bool(none, "reachable"));
    CLEANUP(value_destroy)
    value_t *six = must_run("route.get", given("address", 's', "2001:db8::9", NULL), &world);
    assert_string_equal(value_get_text(six, "link"), "tia0");
    must_fail("route.get", given("address", 's', "10.0.0.0/8", NULL), &world, FAULT_ARGUMENT,
              "one address");
}

static void
neighbours_are_listed_by_link_and_state(void **state)
{
    (void)state;
    ip("neigh add 192.0.2.7 lladdr 02:00:00:00:00:07 dev tia0 nud permanent");
    CLEANUP(value_destroy)
    value_t *all = must_run("neighbour.list", given("link", 's', "tia0", NULL), &world);
    const value_t *one = named(value_get(all, "neighbours"), "address", "192.0.2.7");
    assert_non_null(one);
    assert_string_equal(value_get_text(one, "mac"), "02:00:00:00:00:07");
    assert_string_equal(value_get_text(one, "state"), "permanent");
    CLEANUP(value_destroy)
    value_t *other = must_run("neighbour.list", given("link", 's', "tia1", NULL), &world);
    assert_null(named(value_get(other, "neighbours"), "address", "192.0.2.7"));
}

static int
listen_on(uint16_t port)
{
    struct sockaddr_in at = {
        .sin_family = AF_INET, .sin_port = htons(port), .sin_addr = {htonl(INADDR_LOOPBACK)}};
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    assert_int_equal(bind(fd, (struct sockaddr *)&at, sizeof at), 0);
    assert_int_equal(listen(fd, 4), 0);
    return fd;
}

static int
connect_to(uint16_t port)
{
    struct sockaddr_in at = {
        .sin_family = AF_INET, .sin_port = htons(port), .sin_addr = {htonl(INADDR_LOOPBACK)}};
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    assert_int_equal(connect(fd, (struct sockaddr *)&at, sizeof at), 0);
    return fd;
}

static void
sockets_are_counted_by_state(void **state)
{
    (void)state;
    CLEANUP(descriptor_close) int listener = listen_on(7001);
    CLEANUP(descriptor_close) int client = connect_to(7001);
    CLEANUP(value_destroy) value_t *result = must_run("socket.summary", given(NULL), &world);
    const value_t *states = value_get(result, "tcp_states");
    assert_int_equal(value_get_integer(states, "listening"), 1);
    assert_int_equal(value_get_integer(states, "established"), 2);
    assert_true(value_get_integer(result, "tcp_in_use") >= 2);
    assert_non_null(value_get(value_get(result, "counters"), "listen_drops"));
    assert_true(value_get_integer(value_get(result, "counters"), "sent") > 0);
}

static void
tracked_connections_are_counted_by_their_source(void **state)
{
    (void)state;
    if (system("nft add table inet watch; "
               "nft add chain inet watch c '{ type filter hook output priority 0; }'; "
               "nft add rule inet watch c ct state new accept"))
        fail_msg("nft");
    CLEANUP(descriptor_close) int listener = listen_on(7002);
    CLEANUP(descriptor_close) int client = connect_to(7002);
    CLEANUP(value_destroy)
    value_t *result = must_run("conntrack.count", given("top", 'i', (int64_t)1, NULL), &world);
    assert_true(value_get_bool(result, "tracked"));
    assert_true(value_get_integer(result, "count") >= 1 && value_get_integer(result, "max") > 1);
    assert_int_equal(value_count(value_get(result, "top")), 1);
    assert_non_null(named(value_get(result, "top"), "address", "127.0.0.1"));
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(links_are_listed_with_their_addresses_and_counters),
        cmocka_unit_test(a_link_that_flaps_counts_its_carrier_changes),
        cmocka_unit_test(a_link_that_is_not_there_is_said_to_be_missing),
        cmocka_unit_test(routes_are_listed_and_the_kernel_says_which_one_it_takes),
        cmocka_unit_test(neighbours_are_listed_by_link_and_state),
        cmocka_unit_test(sockets_are_counted_by_state),
        cmocka_unit_test(tracked_connections_are_counted_by_their_source),
    };
    return cmocka_run_group_tests(tests, set_up, NULL);
}
