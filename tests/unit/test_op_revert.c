/* SPDX-License-Identifier: Apache-2.0 */
/* Changes of links, routes and tracked connections that take themselves back, between network
 * namespaces of the test's own: tia0 is the way home, tic0 is not. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <dirent.h>
#include <linux/capability.h>
#include <net/if.h>
#include <signal.h>
#include <sys/ioctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>

#include "common/file.h"
#include "net_fixture.h"
#include "op_fixture.h"
#include "op_foretold.h"

static char keepers[64];
static settings_t settings = {.broker_count = 1, .brokers = {{.endpoint = "tcp://192.0.2.3:7700"}}};
static op_world_t world = {.settings = &settings, .keepers = keepers};

static int
set_up(void **state)
{
    fault_t fault = {0};
    char path[96];
    (void)state;
    text_copy(keepers, sizeof keepers, "/tmp/tocsin-revert.XXXXXX");
    if (!mkdtemp(keepers) || net_make())
        return -1;
    snprintf(path, sizeof path, "%s/policy", keepers);
    if (file_write(path, slice_text("class highest change\nmanagement 198.51.100.0/24\n"), 0600,
                   &fault))
        return -1;
    world.policy = policy_load(path, &fault);
    unlink(path);
    shell("echo 0 >/proc/sys/net/ipv6/conf/default/accept_dad");
    shell("ip link add tic0 type veth peer name tic1 && ip link set tic1 up");
    shell("ip addr add 10.7.0.1/24 dev tic0 && ip addr add 2001:db8:7::1/64 dev tic0 nodad");
    return world.policy ? 0 : -1;
}

static int
tear_down(void **state)
{
    policy_t *policy = (policy_t *)(uintptr_t)world.policy;
    (void)state;
    policy_destroy(&policy);
    return rmdir(keepers);
}

static bool
is_up(const char *link)
{
    struct ifreq request = {0};
    CLEANUP(descriptor_close) int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    text_copy(request.ifr_name, sizeof request.ifr_name, link);
    return !ioctl(fd, SIOCGIFFLAGS, &request) && request.ifr_flags & IFF_UP;
}

static bool
says(const char *command)
{
    return system(command) == 0;
}

static bool
comes_true(const char *command)
{
    for (int waited = 0; waited < LONG_MS; waited += 20) {
        if (says(command))
            return true;
        poll(NULL, 0, 20);
    }
    return false;
}

static size_t
notes(void)
{
    struct dirent **all;
    int count = scandir(keepers, &all, NULL, NULL);
    for (int i = 0; i < count; i++)
        free(all[i]);
    free(all);
    return (size_t)count - 2;
}

/* Who took back what he was to takes his note away a moment later. */
static void
await_nobody(void)
{
    for (int waited = 0; waited < LONG_MS && notes(); waited += 20)
        poll(NULL, 0, 20);
    assert_int_equal(notes(), 0);
}

/* Each begins with the link up, a route over it, and nobody waiting. */
static int
fresh(void **state)
{
    (void)state;
    shell("ip link set tic0 up && ip route replace 10.8.0.0/16 via 10.7.0.9 metric 5");
    await_nobody();
    return 0;
}

static value_t *
off(const char *link, int64_t seconds)
{
    return given("link", 's', link, "seconds", 'i', seconds, NULL);
}

#define ROUTE_IS_BACK   "ip route show 10.8.0.0/16 | grep -q 'via 10.7.0.9 dev tic0 metric 5'"
#define ADDRESS_IS_BACK "ip -6 addr show dev tic0 | grep -q 2001:db8:7::1/64"

static void
a_link_comes_up_by_itself_with_its_routes_and_addresses(void **state)
{
    (void)state;
    CLEANUP(value_destroy) value_t *done = must_run("link.down", off("tic0", 1), &world);
    assert_false(value_get_bool(done, "up"));
    assert_true(value_get_integer(done, "until") > wall_now().ms - LONG_MS);
    assert_true(comes_true("ip link show tic0 | grep -q ,UP"));
    assert_true(comes_true(ROUTE_IS_BACK));
    assert_true(comes_true(ADDRESS_IS_BACK));
    await_nobody();
}

static void
a_link_is_turned_on_before_its_time_and_nobody_waits_any_more(void **state)
{
    (void)state;
    CLEANUP(value_destroy) value_t *done = must_run("link.down", off("tic0", 600), &world);
    assert_false(is_up("tic0"));
    assert_false(says(ROUTE_IS_BACK));
    assert_int_equal(notes(), 1);
    CLEANUP(value_destroy)
    value_t *undone = must_run("link.up", given("link", 's', "tic0", NULL), &world);
    assert_true(value_get_bool(undone, "up"));
    assert_true(is_up("tic0"));
    assert_true(says(ROUTE_IS_BACK));
    assert_true(says(ADDRESS_IS_BACK));
    assert_int_equal(notes(), 0);
}

static void
turning_off_again_renews_and_still_knows_what_to_put_back(void **state)
{
    (void)state;
    CLEANUP(value_destroy) value_t *first = must_run("link.down", off("tic0", 600), &world);
    CLEANUP(value_destroy) value_t *second = must_run("link.down", off("tic0", 500), &world);
    assert_false(is_up("tic0"));
    assert_int_equal(notes(), 1);
    CLEANUP(value_destroy)
    value_t *undone = must_run("link.up", given("link", 's', "tic0", NULL), &world);
    assert_true(says(ROUTE_IS_BACK));
}

/* Of the processes that begin from now on; they may take it again. */
static void
may_change_the_network(bool may)
{
    struct __user_cap_header_struct header = {.version = _LINUX_CAPABILITY_VERSION_3};
    struct __user_cap_data_struct data[2] = {0};
    assert_int_equal(syscall(SYS_capget, &header, data), 0);
    data[0].effective &= ~(1U << CAP_NET_ADMIN);
    data[0].effective |= (unsigned)may << CAP_NET_ADMIN;
    assert_int_equal(syscall(SYS_capset, &header, data), 0);
}

static void
where_a_link_cannot_be_turned_off_nobody_waits_to_take_it_up(void **state)
{
    (void)state;
    may_change_the_network(false);
    must_fail("link.down", off("tic0", 600), &world, FAULT_FAILED, "cannot be turned off");
    may_change_the_network(true);
    assert_int_equal(notes(), 0);
    assert_true(is_up("tic0"));
    assert_true(says(ROUTE_IS_BACK));
}

static void
a_link_comes_up_though_the_effector_was_killed(void **state)
{
    (void)state;
    pid_t effector = fork();
    if (effector == 0) {
        fault_t fault = {0};
        run_op("link.down", off("tic0", 2), &world, &fault);
        for (;;)
            pause();
    }
    assert_true(comes_true("! ip link show tic0 | grep -q ,UP"));
    kill(effector, SIGKILL);
    waitpid(effector, NULL, 0);
    assert_true(comes_true("ip link show tic0 | grep -q ,UP"));
    assert_true(comes_true(ROUTE_IS_BACK));
    await_nobody();
}

static void
a_unit_that_ends_turns_its_links_on_at_once(void **state)
{
    fault_t fault = {0};
    char note[96];
    proc_t keeper;
    (void)state;
    CLEANUP(value_destroy) value_t *done = must_run("link.down", off("tic0", 600), &world);
    snprintf(note, sizeof note, "%s/LINK.tic0", keepers);
    assert_true(proc_noted(note, &keeper));
    assert_int_equal(proc_signal(&keeper, SIGTERM, &fault), 0);
    assert_true(comes_true(ROUTE_IS_BACK));
    await_nobody();
}

static void
the_links_of_the_way_home_and_of_management_stay_up__eff_way_home_unplugged(void **state)
{
    (void)state;
    must_fail("link.down", off("tia0", 60), &world, FAULT_POLICY, "the way home");
    must_fail("link.down", off("lo", 60), &world, FAULT_POLICY, "the way home");
    must_fail("link.down", off("eth77", 60), &world, FAULT_NOT_FOUND, "eth77");
    CLEANUP(value_destroy) value_t *before = must_run("link.down", off("tic0", 600), &world);
    CLEANUP(value_destroy)
    value_t *up = must_run("link.up", given("link", 's', "tic0", NULL), &world);
    shell("ip route replace 198.51.100.0/24 dev tic0");
    must_fail("link.down", off("tic0", 60), &world, FAULT_POLICY, "the way home or management");
    must_fail("link.down", off("tic1", 60), &world, FAULT_POLICY, "the way home or management");
    shell("ip route replace 198.51.100.0/24 dev tia0");
    assert_true(is_up("tia0"));
}

static void
what_the_way_home_stands_on_stays_up_too(void **state)
{
    (void)state;
    shell("ip link add tie0 type veth peer name tie1 && ip link set tie0 up && "
          "ip link set tie1 up");
    if (!says("ip link add tibr type bridge 2>/dev/null && ip link set tie0 master tibr"))
        skip();
    shell("ip link set tibr up && ip addr add 10.9.0.1/24 dev tibr && "
          "ip route add 192.0.2.3/32 via 10.9.0.2");
    must_fail("link.down", off("tibr", 60), &world, FAULT_POLICY, "the way home");
    must_fail("link.down", off("tie0", 60), &world, FAULT_POLICY, "the way home");
    must_fail("link.down", off("tie1", 60), &world, FAULT_POLICY, "the way home");
    shell("ip link del tibr && ip link del tie0");
}

static value_t *
way(const char *to, const char *via, int64_t seconds)
{
    return given("to", 's', to, "via", 's', via, "seconds", 'i', seconds, NULL);
}

static void
a_route_is_added_and_removed_and_no_other_is_touched(void **state)
{
    (void)state;
    CLEANUP(value_destroy)
    value_t *done = must_run("route.add", way("10.20.0.0/16", "10.7.0.9", 600), &world);
    assert_true(value_get_bool(done, "there"));
    assert_true(says("ip route show 10.20.0.0/16 | grep -q 'via 10.7.0.9 dev tic0 proto 116'"));
    CLEANUP(value_destroy)
    value_t *again = must_run("route.add", way("10.20.0.0/16", "10.7.0.8", 600), &world);
    assert_true(says("ip route show 10.20.0.0/16 | grep -q 'via 10.7.0.8'"));
    CLEANUP(value_destroy)
    value_t *undone = must_run("route.remove", given("to", 's', "10.20.0.0/16", NULL), &world);
    assert_false(value_get_bool(undone, "there"));
    assert_false(says("ip route show 10.20.0.0/16 | grep -q ."));
    CLEANUP(value_destroy)
    value_t *none = must_run("route.remove", given("to", 's', "10.8.0.0/16", NULL), &world);
    assert_true(says(ROUTE_IS_BACK));
    CLEANUP(value_destroy)
    value_t *six = must_run("route.add", way("2001:db8:20::/48", "2001:db8:7::9", 1), &world);
    assert_true(comes_true("! ip -6 route show 2001:db8:20::/48 | grep -q ."));
}

static void
a_route_to_a_machine_by_itself_is_refused(void **state)
{
    (void)state;
    foresees_refusal("route.add", way("10.7.0.50", "10.7.0.50", 60), &world, FAULT_ARGUMENT,
                     "'10.7.0.50' cannot be the way to itself");
    must_fail("route.add", way("10.7.0.50", "10.7.0.50", 60), &world, FAULT_ARGUMENT,
              "'10.7.0.50' cannot be the way to itself");
    assert_false(says("ip route show 10.7.0.50 | grep -q ."));
}

/* The kernel tells the two ends of a cable of each other, and of their addresses, a moment after
 * one was turned on or off. */
#define SETTLED                                                                       \
    "case $(ip -br link | awk '/^tic[01]@/ {print $1 $2}' | sort | tr '\\n' ' ') in " \
    "'tic0@tic1DOWN tic1@tic0LOWERLAYERDOWN ' | 'tic0@tic1UP tic1@tic0UP ') ;; "      \
    "*) false ;; esac && ! ip -6 addr show tentative | grep -q ."

/* All links, addresses and routes, but for what counts. */
static bytes_t *
network(void)
{
    char chunk[4096];
    size_t got;
    bytes_t *all = bytes_new();
    assert_true(comes_true(SETTLED));
    FILE *out = popen("ip addr; ip route show table all; ip -6 route show table all", "r");
    while ((got = fread(chunk, 1, sizeof chunk, out)) > 0)
        bytes_add(all, chunk, got);
    assert_int_equal(pclose(out), 0);
    return all;
}

/* The foresight has these lines and changes nothing; the op then gives what was foretold, but for
 * when that ends. */
static void
looks_and_then_does(const char *name, value_t *arguments, const char *lines)
{
    CLEANUP(bytes_destroy) bytes_t *before = network();
    CLEANUP(value_destroy) value_t *would = foretells(name, value_copy(arguments), &world, lines);
    CLEANUP(bytes_destroy) bytes_t *after = network();
    assert_string_equal(bytes_text(before), bytes_text(after));
    CLEANUP(value_destroy) value_t *did = must_run(name, arguments, &world);
    assert_int_equal(value_get(would, "until") != NULL, value_get(did, "until") != NULL);
    if (value_get(did, "until"))
        value_set_integer(would, "until", value_get_integer(did, "until"));
    assert_true(value_equal(would, did));
}

static void
a_dry_run_shows_which_route_would_come_and_go(void **state)
{
    (void)state;
    looks_and_then_does("route.add", way("10.20.0.0/16", "10.7.0.9", 600),
                        "+ 10.20.0.0/16 by 10.7.0.9, for 600 s\n");
    looks_and_then_does("route.add", way("10.20.0.0/16", "10.7.0.8", 60),
                        "- 10.20.0.0/16 by 10.7.0.9\n+ 10.20.0.0/16 by 10.7.0.8, for 60 s\n");
    looks_and_then_does("route.remove", given("to", 's', "10.20.0.0/16", NULL),
                        "- 10.20.0.0/16 by 10.7.0.8\n");
    looks_and_then_does("route.remove", given("to", 's', "10.20.0.0/16", NULL), "");
    looks_and_then_does("route.remove", given("to", 's', "10.8.0.0/16", NULL), "");
    shell("ip route add 10.22.0.0/16 via 10.7.0.9");
    foresees_refusal("route.add", way("10.22.0.0/16", "10.7.0.8", 60), &world, FAULT_CONFLICT,
                     "another stands there");
    must_fail("route.add", way("10.22.0.0/16", "10.7.0.8", 60), &world, FAULT_CONFLICT, "");
    shell("ip route del 10.22.0.0/16");
    foresees_refusal("route.add", way("192.0.2.3", "10.7.0.9", 60), &world, FAULT_POLICY,
                     "a broker");
}

static void
a_dry_run_shows_which_link_would_go_down_and_with_how_many_routes(void **state)
{
    (void)state;
    looks_and_then_does("link.down", off("tic0", 600),
                        "- tic0: up, with 2 routes and addresses that come back with it\n"
                        "+ tic0: down, for 600 s\n");
    looks_and_then_does("link.up", given("link", 's', "tic0", NULL), "- tic0: down\n+ tic0: up\n");
    looks_and_then_does("link.up", given("link", 's', "tic0", NULL), "");
    foresees_refusal("link.down", off("tia0", 60), &world, FAULT_POLICY, "the way home");
    foresees_refusal("link.down", off("eth77", 60), &world, FAULT_NOT_FOUND, "eth77");
    foresees_refusal("link.up", given("link", 's', "eth77", NULL), &world, FAULT_NOT_FOUND,
                     "eth77");
}

static void
a_route_removes_itself(void **state)
{
    (void)state;
    CLEANUP(value_destroy)
    value_t *done = must_run("route.add", way("10.21.0.0/16", "10.7.0.9", 1), &world);
    assert_true(comes_true("! ip route show 10.21.0.0/16 | grep -q ."));
    await_nobody();
}

static void
nothing_is_led_elsewhere_or_turned_off_where_the_way_home_is_not_known(void **state)
{
    static const settings_t nobody;
    op_world_t lost = world;
    (void)state;
    lost.settings = &nobody;
    must_fail("route.add", way("10.22.0.0/16", "10.7.0.9", 60), &lost, FAULT_UNREACHABLE,
              "no broker is configured");
    must_fail("link.down", off("tic0", 60), &lost, FAULT_UNREACHABLE, "no broker is configured");
    assert_true(is_up("tic0"));
}

static void
a_link_of_more_than_can_be_put_back_stays_up(void **state)
{
    (void)state;
    shell("for i in $(seq 130); do echo route add 10.9.1.$i/32 dev tic0; done | ip -batch -");
    must_fail("link.down", off("tic0", 60), &world, FAULT_LIMIT, "more routes and addresses than");
    assert_true(is_up("tic0"));
    shell("for i in $(seq 130); do echo route del 10.9.1.$i/32 dev tic0; done | ip -batch -");
}

static void
routes_home_and_those_that_lead_nowhere_are_refused__eff_way_home_diverted(void **state)
{
    (void)state;
    must_fail("route.add", way("192.0.2.3", "10.7.0.9", 60), &world, FAULT_POLICY, "a broker");
    must_fail("route.add", way("198.51.100.0/25", "10.7.0.9", 60), &world, FAULT_POLICY,
              "management");
    must_fail("route.add", way("0.0.0.0/0", "10.7.0.9", 60), &world, FAULT_POLICY, "wider than");
    must_fail("route.add", way("10.22.0.0/16", "2001:db8:7::9", 60), &world, FAULT_ARGUMENT,
              "same protocol");
    must_fail("route.add", way("10.22.0.0/16", "203.0.113.77", 60), &world, FAULT_FAILED,
              "no route to '10.22.0.0/16' is added");
    shell("ip route add 10.23.0.0/16 dev tic0");
    must_fail("route.add", way("10.23.0.0/16", "10.7.0.9", 60), &world, FAULT_CONFLICT, "exists");
    shell("ip route del 10.23.0.0/16");
    assert_int_equal(notes(), 0);
}

static void
tracked_connections_of_one_source_are_forgotten(void **state)
{
    (void)state;
    shell("nft add table inet watch; nft 'add chain inet watch c { type filter hook input "
          "priority 0; }'; nft add rule inet watch c ct state new accept");
    CLEANUP(descriptor_close) int listener = listen_in(net_here, 7200);
    CLEANUP(descriptor_close) int one = connect_in(net_there, "192.0.2.1", 7200, LONG_MS);
    CLEANUP(descriptor_close) int two = connect_in(net_here, "127.0.0.1", 7200, LONG_MS);
    assert_true(one >= 0 && two >= 0);
    CLEANUP(value_destroy)
    value_t *would = foretells("conntrack.flush", given("source", 's', "192.0.2.2", NULL), &world,
                               "- 1 tracked connections that 192.0.2.2 opened\n");
    CLEANUP(value_destroy)
    value_t *done = must_run("conntrack.flush", given("source", 's', "192.0.2.2", NULL), &world);
    assert_true(value_equal(would, done));
    assert_int_equal(value_get_integer(done, "forgotten"), 1);
    assert_false(value_get_bool(done, "more"));
    CLEANUP(value_destroy)
    value_t *again = must_run("conntrack.flush", given("source", 's', "192.0.2.2", NULL), &world);
    assert_int_equal(value_get_integer(again, "forgotten"), 0);
    CLEANUP(value_destroy) value_t *left = must_run("conntrack.count", given(NULL), &world);
    assert_true(value_get_integer(left, "count") >= 1);
    CLEANUP(value_destroy)
    value_t *none =
        foretells("conntrack.flush", given("source", 's', "192.0.2.2", NULL), &world, "");
    assert_true(value_equal(none, again));
    foresees_refusal("conntrack.flush", given("source", 's', "127.0.0.1", NULL), &world,
                     FAULT_POLICY, "loopback");
    must_fail("conntrack.flush", given("source", 's', "127.0.0.1", NULL), &world, FAULT_POLICY,
              "loopback");
    must_fail("conntrack.flush", given("source", 's', "192.0.2.3", NULL), &world, FAULT_POLICY,
              "a broker");
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(a_link_comes_up_by_itself_with_its_routes_and_addresses, fresh),
        cmocka_unit_test_setup(a_link_is_turned_on_before_its_time_and_nobody_waits_any_more,
                               fresh),
        cmocka_unit_test_setup(turning_off_again_renews_and_still_knows_what_to_put_back, fresh),
        cmocka_unit_test_setup(where_a_link_cannot_be_turned_off_nobody_waits_to_take_it_up, fresh),
        cmocka_unit_test_setup(a_link_comes_up_though_the_effector_was_killed, fresh),
        cmocka_unit_test_setup(a_unit_that_ends_turns_its_links_on_at_once, fresh),
        cmocka_unit_test_setup(
            the_links_of_the_way_home_and_of_management_stay_up__eff_way_home_unplugged, fresh),
        cmocka_unit_test_setup(what_the_way_home_stands_on_stays_up_too, fresh),
        cmocka_unit_test_setup(a_route_is_added_and_removed_and_no_other_is_touched, fresh),
        cmocka_unit_test_setup(a_route_removes_itself, fresh),
        cmocka_unit_test_setup(a_route_to_a_machine_by_itself_is_refused, fresh),
        cmocka_unit_test_setup(a_dry_run_shows_which_route_would_come_and_go, fresh),
        cmocka_unit_test_setup(a_dry_run_shows_which_link_would_go_down_and_with_how_many_routes,
                               fresh),
        cmocka_unit_test_setup(
            routes_home_and_those_that_lead_nowhere_are_refused__eff_way_home_diverted, fresh),
        cmocka_unit_test_setup(
            nothing_is_led_elsewhere_or_turned_off_where_the_way_home_is_not_known, fresh),
        cmocka_unit_test_setup(a_link_of_more_than_can_be_put_back_stays_up, fresh),
        cmocka_unit_test_setup(tracked_connections_of_one_source_are_forgotten, fresh),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
