/* SPDX-License-Identifier: Apache-2.0 */
/* Real packets, over a cable between two network namespaces of the test's own. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <signal.h>
#include <sys/mount.h>
#include <sys/wait.h>

#include "common/file.h"
#include "net_fixture.h"
#include "op_fixture.h"
#include "op_foretold.h"

#define BROKER 7700
#define WEB    7080

static char folder[64];
static settings_t settings = {.broker_count = 1, .brokers = {{.endpoint = "tcp://192.0.2.3:7700"}}};
static char programs[PATH_MAX];
static op_world_t world = {.settings = &settings, .programs = programs};
static int web_here = -1, web_there = -1, broker_there = -1;

static int
set_up(void **state)
{
    fault_t fault = {0};
    char path[96];
    (void)state;
    text_copy(folder, sizeof folder, "/tmp/tocsin-firewall.XXXXXX");
    if (!mkdtemp(folder) || op_programs(programs) || net_make())
        return -1;
    snprintf(path, sizeof path, "%s/policy", folder);
    if (file_write(path, slice_text("class highest change\nmanagement 198.51.100.0/24\n"), 0600,
                   &fault))
        return -1;
    policy_t *policy = policy_load(path, &fault);
    world.policy = policy;
    unlink(path);
    rmdir(folder);
    web_here = listen_in(net_here, WEB);
    web_there = listen_in(net_there, WEB);
    broker_there = listen_in(net_there, BROKER);
    return policy ? 0 : -1;
}

static int
tear_down(void **state)
{
    policy_t *policy = (policy_t *)(uintptr_t)world.policy;
    (void)state;
    policy_destroy(&policy);
    return 0;
}

/* Each test begins without the table. */
static int
clear_table(void **state)
{
    (void)state;
    shell("nft add table inet tocsin && nft delete table inet tocsin");
    return 0;
}

static value_t *
source(const char *text, int64_t seconds)
{
    return given("source", 's', text, "seconds", 'i', seconds, NULL);
}

static void
a_blocked_source_is_dropped_and_an_unblocked_one_heard_again(void **state)
{
    (void)state;
    assert_true(comes_to_hear(net_there, "192.0.2.1", WEB));
    CLEANUP(value_destroy)
    value_t *done = must_run("firewall.block", source("192.0.2.2", 600), &world);
    assert_true(value_get_bool(done, "blocked"));
    assert_true(value_get_integer(done, "until") > wall_now().ms + 500000);
    assert_false(hears(net_there, "192.0.2.1", WEB));
    assert_false(hears(net_here, "192.0.2.2", WEB));
    assert_true(comes_to_hear(net_here, "192.0.2.3", WEB));
    CLEANUP(value_destroy)
    value_t *undone = must_run("firewall.unblock", given("source", 's', "192.0.2.2", NULL), &world);
    assert_false(value_get_bool(undone, "blocked"));
    assert_true(comes_to_hear(net_there, "192.0.2.1", WEB));
}

static void
a_block_ends_by_itself_and_the_same_block_renews_it(void **state)
{
    (void)state;
    CLEANUP(value_destroy)
    value_t *first = must_run("firewall.block", source("192.0.2.2", 600), &world);
    CLEANUP(value_destroy)
    value_t *second = must_run("firewall.block", source("192.0.2.2", 1), &world);
    assert_true(value_get_integer(second, "until") < value_get_integer(first, "until"));
    assert_true(comes_to_hear(net_there, "192.0.2.1", WEB));
}

static void
networks_and_ipv6_are_blocked_too(void **state)
{
    (void)state;
    CLEANUP(value_destroy)
    value_t *net = must_run("firewall.block", source("203.0.113.0/24", 60), &world);
    CLEANUP(value_destroy)
    value_t *six = must_run("firewall.block", source("2001:db8:7::/48", 60), &world);
    CLEANUP(value_destroy)
    value_t *again = must_run("firewall.block", source("203.0.113.0/24", 60), &world);
    shell("nft list set inet tocsin blocked4 | grep -q 203.0.113.0/24");
    shell("nft list set inet tocsin blocked6 | grep -q 2001:db8:7::/48");
    must_fail("firewall.block", source("203.0.113.7", 60), &world, FAULT_FAILED, "overlaps");
}

static void
what_must_stay_open_is_never_blocked__eff_way_home_blocked(void **state)
{
    static const struct {
        const char *source, *words;
    } rows[] = {
        {"192.0.2.3", "which is a broker"},
        {"192.0.2.0/30", "which is a broker"},
        {"198.51.100.9", "which is management"},
        {"198.51.0.0/16", "which is management"},
        {"192.0.2.1", "an address of this machine"},
        {"2001:db8::1", "an address of this machine"},
        {"127.0.0.1", "loopback"},
        {"::1", "loopback"},
        {"fe80::1", "link-local"},
        {"203.0.113.1", "a router of this machine"},
        {"203.0.113.2", "a router of this machine"},
        {"203.0.113.3", "a router of this machine"},
        {"2001:db8::9", "a router of this machine"},
        {"128.0.0.0/4", "wider than a /8"},
        {"2000::/3", "wider than a /16"},
    };
    (void)state;
    shell("ip route add 203.0.113.0/30 dev tia0 && ip route add 10.0.0.0/8 via 203.0.113.1");
    shell("ip route add default nexthop via 203.0.113.2 nexthop via 203.0.113.3");
    shell("ip -6 route add 2001:db8:1::/48 via 2001:db8::9");
    for (size_t i = 0; i < ARRAY_SIZE(rows); i++)
        must_fail("firewall.block", source(rows[i].source, 60), &world, FAULT_POLICY,
                  rows[i].words);
    shell("ip route del default && ip route del 10.0.0.0/8 && ip route del 203.0.113.0/30");
    shell("ip -6 route del 2001:db8:1::/48");
    shell("! nft list table inet tocsin 2>/dev/null");
}

static void
without_an_address_of_its_broker_a_machine_blocks_and_isolates_nothing(void **state)
{
    settings_t lost = {.broker_count = 1, .brokers = {{.endpoint = "tcp://no.such.invalid:7700"}}};
    settings_t none = {0};
    op_world_t other = {.policy = world.policy, .settings = &lost};
    op_world_t alone = {.policy = world.policy, .settings = &none};
    (void)state;
    must_fail("firewall.block", source("192.0.2.2", 60), &other, FAULT_UNREACHABLE, "the way home");
    must_fail("host.isolate", given("seconds", 'i', (int64_t)60, NULL), &other, FAULT_UNREACHABLE,
              "the way home");
    must_fail("host.isolate", given("seconds", 'i', (int64_t)60, NULL), &alone, FAULT_UNREACHABLE,
              "no broker");
}

static int
count_heard(int tries)
{
    int heard = 0;
    for (int i = 0; i < tries; i++)
        heard += hears(net_there, "192.0.2.1", WEB);
    return heard;
}

static void
a_limit_drops_what_a_source_opens_beyond_its_rate(void **state)
{
    (void)state;
    CLEANUP(value_destroy)
    value_t *done = must_run("firewall.limit",
                             given("port", 'i', (int64_t)WEB, "per_second", 'i', (int64_t)1,
                                   "seconds", 'i', (int64_t)600, NULL),
                             &world);
    assert_int_equal(value_get_integer(done, "per_second"), 1);
    assert_true(count_heard(6) < 6);
    CLEANUP(value_destroy)
    value_t *undone = must_run("firewall.unlimit", given("port", 'i', (int64_t)WEB, NULL), &world);
    assert_int_equal(count_heard(6), 6);
    CLEANUP(value_destroy)
    value_t *again = must_run("firewall.unlimit", given("port", 'i', (int64_t)WEB, NULL), &world);
    shell("! nft list chain inet tocsin limit%d 2>/dev/null", WEB);
}

static void
a_limit_ends_by_itself(void **state)
{
    (void)state;
    CLEANUP(value_destroy)
    value_t *done = must_run("firewall.limit",
                             given("port", 'i', (int64_t)WEB, "per_second", 'i', (int64_t)1,
                                   "seconds", 'i', (int64_t)1, NULL),
                             &world);
    for (int waited = 0; waited < LONG_MS && count_heard(4) < 4; waited += DEAF_MS)
        ;
    assert_int_equal(count_heard(4), 4);
}

/* ---- dry runs ---------------------------------------------------------------------------- */

/* All that nftables holds, but for what counts down. */
static bytes_t *
ruleset(void)
{
    char chunk[4096];
    size_t got;
    bytes_t *all = bytes_new();
    FILE *out = popen("nft -s list ruleset", "r");
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
    CLEANUP(bytes_destroy) bytes_t *before = ruleset();
    CLEANUP(value_destroy) value_t *would = foretells(name, value_copy(arguments), &world, lines);
    CLEANUP(bytes_destroy) bytes_t *after = ruleset();
    assert_string_equal(bytes_text(before), bytes_text(after));
    CLEANUP(value_destroy) value_t *did = must_run(name, arguments, &world);
    assert_int_equal(value_get(would, "until") != NULL, value_get(did, "until") != NULL);
    if (value_get(did, "until"))
        value_set_integer(would, "until", value_get_integer(did, "until"));
    assert_true(value_equal(would, did));
}

#define TABLE "+ table inet tocsin, in which loopback and management pass\n"

static void
a_dry_run_shows_what_would_be_blocked_and_what_a_block_would_replace(void **state)
{
    (void)state;
    looks_and_then_does("firewall.block", source("192.0.2.2", 600),
                        TABLE "+ drop all from and to 192.0.2.2, for 600 s\n");
    looks_and_then_does("firewall.block", source("192.0.2.2", 60),
                        "- drop all from and to 192.0.2.2, for N s more\n"
                        "+ drop all from and to 192.0.2.2, for 60 s\n");
    looks_and_then_does("firewall.block", source("2001:db8:7::/48", 60),
                        "+ drop all from and to 2001:db8:7::/48, for 60 s\n");
    looks_and_then_does("firewall.unblock", given("source", 's', "192.0.2.2", NULL),
                        "- drop all from and to 192.0.2.2, for N s more\n");
    looks_and_then_does("firewall.unblock", given("source", 's', "192.0.2.2", NULL), "");
    foresees_refusal("firewall.block", source("192.0.2.3", 60), &world, FAULT_POLICY, "192.0.2.3");
}

static value_t *
limit(int64_t port, int64_t per_second)
{
    return given("port", 'i', port, "per_second", 'i', per_second, "seconds", 'i', (int64_t)600,
                 NULL);
}

static void
a_dry_run_shows_which_limit_would_come_and_go(void **state)
{
    (void)state;
    looks_and_then_does("firewall.limit", limit(80, 5),
                        TABLE
                        "+ drop what a source opens to TCP port 80 beyond 5 a second, for 600 s\n");
    looks_and_then_does(
        "firewall.limit", limit(443, 9),
        "+ drop what a source opens to TCP port 443 beyond 9 a second, for 600 s\n");
    looks_and_then_does(
        "firewall.limit", limit(80, 7),
        "- drop what a source opens to TCP port 80 beyond 5 a second, for N s more\n"
        "+ drop what a source opens to TCP port 80 beyond 7 a second, for 600 s\n");
    looks_and_then_does(
        "firewall.unlimit", given("port", 'i', (int64_t)80, NULL),
        "- drop what a source opens to TCP port 80 beyond 7 a second, for N s more\n");
    looks_and_then_does("firewall.unlimit", given("port", 'i', (int64_t)80, NULL), "");
}

#define CUT "drop all but loopback, management and what is let through, for "

static void
a_dry_run_shows_what_an_isolation_would_cut_and_let_through(void **state)
{
    (void)state;
    looks_and_then_does("host.isolate", given("seconds", 'i', (int64_t)600, NULL),
                        TABLE "+ " CUT "600 s\n+ let through tcp to 192.0.2.3 port 7700\n");
    looks_and_then_does(
        "host.isolate", given("seconds", 'i', (int64_t)60, "time_server", 's', "192.0.2.2", NULL),
        "- " CUT "N s more\n+ " CUT "60 s\n+ let through udp to 192.0.2.2 port 123\n");
    looks_and_then_does("host.release", given(NULL),
                        "- " CUT "N s more\n- let through tcp to 192.0.2.3 port 7700\n"
                        "- let through udp to 192.0.2.2 port 123\n");
    looks_and_then_does("host.release", given(NULL), "");
}

/* Whether what is written into one end comes out of the other in time. */
static bool
carries(int from, int to, int wait_ms)
{
    char byte = 'a';
    struct pollfd waiting = {.fd = to, .events = POLLIN};
    return send(from, &byte, 1, MSG_NOSIGNAL) == 1 && poll(&waiting, 1, wait_ms) == 1 &&
           recv(to, &byte, 1, 0) == 1;
}

/* Seconds that the machine is cut off still, as firewall.list tells. */
static int64_t
isolated_s(void)
{
    CLEANUP(value_destroy) value_t *told = must_run("firewall.list", given(NULL), &world);
    return value_get_integer(told, "isolated_s");
}

static void
an_isolated_machine_has_its_way_home_and_management_and_nothing_else(void **state)
{
    (void)state;
    CLEANUP(descriptor_close) int listener = listen_in(net_there, WEB + 1);
    CLEANUP(descriptor_close) int home = connect_in(net_here, "192.0.2.3", BROKER, LONG_MS);
    CLEANUP(descriptor_close) int home_end = accept(broker_there, NULL, NULL);
    CLEANUP(descriptor_close) int other = connect_in(net_here, "192.0.2.3", WEB + 1, LONG_MS);
    CLEANUP(descriptor_close) int other_end = accept(listener, NULL, NULL);
    assert_true(carries(home, home_end, LONG_MS) && carries(other, other_end, LONG_MS));
    CLEANUP(value_destroy)
    value_t *done = must_run("host.isolate", given("seconds", 'i', (int64_t)600, NULL), &world);
    assert_true(value_get_bool(done, "isolated"));
    assert_int_equal(value_get_integer(done, "brokers"), 1);
    assert_true(carries(home, home_end, LONG_MS) && carries(home_end, home, LONG_MS));
    assert_false(carries(other, other_end, DEAF_MS));
    assert_true(comes_to_hear(net_here, "192.0.2.3", BROKER));
    assert_true(comes_to_hear(net_here, "198.51.100.7", WEB));
    assert_true(comes_to_hear(net_here, "127.0.0.1", WEB));
    assert_false(hears(net_here, "192.0.2.2", WEB));
    assert_false(hears(net_here, "192.0.2.3", WEB));
    assert_false(hears(net_there, "192.0.2.1", WEB));
    assert_in_range(isolated_s(), 500, 600);
    CLEANUP(value_destroy) value_t *free = must_run("host.release", given(NULL), &world);
    assert_false(value_get_bool(free, "isolated"));
    assert_int_equal(isolated_s(), 0);
    assert_true(comes_to_hear(net_there, "192.0.2.1", WEB));
}

static void
an_isolation_ends_by_itself_though_whoever_made_it_was_killed(void **state)
{
    (void)state;
    pid_t effector = fork();
    if (effector == 0) {
        fault_t fault = {0};
        run_op("host.isolate", given("seconds", 'i', (int64_t)2, NULL), &world, &fault);
        for (;;)
            pause();
    }
    for (int i = 0;
         i < LONG_MS && system("nft list set inet tocsin isolated 2>/dev/null | grep -q expires");
         i += 20)
        poll(NULL, 0, 20);
    kill(effector, SIGKILL);
    waitpid(effector, NULL, 0);
    assert_true(comes_to_hear(net_there, "192.0.2.1", WEB));
    shell("nft list table inet tocsin | grep -q 'goto isolate_in'");
    assert_int_equal(isolated_s(), 0); /* though its rules stand there still */
}

static void
isolating_again_renews_and_opens_what_was_asked_for(void **state)
{
    (void)state;
    CLEANUP(value_destroy)
    value_t *first = must_run("host.isolate", given("seconds", 'i', (int64_t)1, NULL), &world);
    CLEANUP(value_destroy)
    value_t *second = must_run("host.isolate",
                               given("seconds", 'i', (int64_t)600, "name_server", 's', "192.0.2.2",
                                     "time_server", 's', "192.0.2.2", NULL),
                               &world);
    CLEANUP(descriptor_close) int names = listen_in(net_there, 53);
    assert_true(comes_to_hear(net_here, "192.0.2.2", 53));
    assert_false(hears(net_here, "192.0.2.2", WEB));
    shell("nft list chain inet tocsin isolate_out | grep -q 'udp dport 123 accept'");
    poll(NULL, 0, 1200); /* the first one would be over */
    assert_false(hears(net_here, "192.0.2.2", WEB));
}

/* In a mount namespace of the test's own this file holds these words. */
static void
give_file(const char *path, const char *words)
{
    fault_t fault = {0};
    char from[] = "/tmp/tocsin-firewall.XXXXXX";
    int fd = mkstemp(from);
    assert_true(fd >= 0);
    close(fd);
    assert_int_equal(file_write(from, slice_text(words), 0644, &fault), 0);
    assert_int_equal(mount(from, path, NULL, MS_BIND, NULL), 0);
    unlink(from);
}

/* As its resolver reads that file, and however much else stands in it. */
static void
a_broker_that_has_a_name_keeps_the_servers_that_know_it(void **state)
{
    static const char *const lines[] = {"nameserver 192.0.2.2\n",
                                        "nameserver\t192.0.2.2 # theirs\r\n"};
    char text[80000];
    settings_t named = {.broker_count = 1, .brokers = {{.endpoint = "tcp://centre.test:7700"}}};
    op_world_t other = {.policy = world.policy, .settings = &named};
    (void)state;
    assert_int_equal(unshare(CLONE_NEWNS), 0);
    assert_int_equal(mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL), 0);
    give_file("/etc/hosts", "192.0.2.3 centre.test\n2001:db8::2 centre.test\n");
    snprintf(text, sizeof text, "#%070000d\n", 0);
    give_file("/etc/resolv.conf", text);
    must_fail("firewall.block", source("192.0.2.2", 60), &other, FAULT_LIMIT,
              "the way home is not known");
    for (size_t i = 0; i < ARRAY_SIZE(lines); i++) {
        shell("umount /etc/resolv.conf");
        snprintf(text, sizeof text, "#%07000d\n%s", 0, lines[i]);
        give_file("/etc/resolv.conf", text);
        must_fail("firewall.block", source("192.0.2.2", 60), &other, FAULT_POLICY,
                  "a name server that finds the brokers");
    }
    CLEANUP(value_destroy)
    value_t *done = must_run("host.isolate", given("seconds", 'i', (int64_t)600, NULL), &other);
    shell("umount /etc/hosts /etc/resolv.conf");
    assert_int_equal(value_get_integer(done, "brokers"), 2);
    CLEANUP(descriptor_close) int names = listen_in(net_there, 53);
    assert_true(comes_to_hear(net_here, "192.0.2.2", 53));
    assert_true(comes_to_hear(net_here, "192.0.2.3", BROKER));
    assert_false(hears(net_here, "192.0.2.2", WEB));
    shell(
        "nft list chain inet tocsin isolate_out | grep -q 'ip6 daddr 2001:db8::2 tcp dport 7700'");
}

static void
a_broker_of_ipv6_is_left_open_and_its_neighbours_can_be_found(void **state)
{
    settings_t six = {.broker_count = 1, .brokers = {{.endpoint = "tcp://[2001:db8::2]:7700"}}};
    op_world_t other = {.policy = world.policy, .settings = &six};
    (void)state;
    CLEANUP(value_destroy)
    value_t *done = must_run("host.isolate", given("seconds", 'i', (int64_t)600, NULL), &other);
    shell("ip -6 neigh flush dev tia0");
    shell("timeout 20 bash -c 'until { true <>/dev/tcp/2001:db8::2/7700; } 2>&1 | grep -q refused; "
          "do sleep 0.1; done'");
    must_fail("firewall.block", source("2001:db8::/32", 60), &other, FAULT_POLICY, "a broker");
}

static void
a_machine_without_nftables_is_told_what_to_install(void **state)
{
    (void)state;
    assert_int_equal(unshare(CLONE_NEWNS), 0);
    assert_int_equal(mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL), 0);
    assert_int_equal(mount("/dev/null", "/usr/sbin/nft", NULL, MS_BIND, NULL), 0);
    must_fail("firewall.block", source("192.0.2.2", 60), &world, FAULT_FAILED, "install nftables");
    must_fail("firewall.list", value_map(), &world, FAULT_FAILED, "does not list the rules");
    must_fail("firewall.view", given("source", 's', "192.0.2.2", NULL), &world, FAULT_FAILED,
              "does not list the rules");
    shell("umount /usr/sbin/nft");
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(a_blocked_source_is_dropped_and_an_unblocked_one_heard_again,
                               clear_table),
        cmocka_unit_test_setup(a_block_ends_by_itself_and_the_same_block_renews_it, clear_table),
        cmocka_unit_test_setup(networks_and_ipv6_are_blocked_too, clear_table),
        cmocka_unit_test_setup(what_must_stay_open_is_never_blocked__eff_way_home_blocked,
                               clear_table),
        cmocka_unit_test_setup(
            without_an_address_of_its_broker_a_machine_blocks_and_isolates_nothing, clear_table),
        cmocka_unit_test_setup(a_limit_drops_what_a_source_opens_beyond_its_rate, clear_table),
        cmocka_unit_test_setup(a_limit_ends_by_itself, clear_table),
        cmocka_unit_test_setup(a_dry_run_shows_what_would_be_blocked_and_what_a_block_would_replace,
                               clear_table),
        cmocka_unit_test_setup(a_dry_run_shows_which_limit_would_come_and_go, clear_table),
        cmocka_unit_test_setup(a_dry_run_shows_what_an_isolation_would_cut_and_let_through,
                               clear_table),
        cmocka_unit_test_setup(an_isolated_machine_has_its_way_home_and_management_and_nothing_else,
                               clear_table),
        cmocka_unit_test_setup(an_isolation_ends_by_itself_though_whoever_made_it_was_killed,
                               clear_table),
        cmocka_unit_test_setup(isolating_again_renews_and_opens_what_was_asked_for, clear_table),
        cmocka_unit_test_setup(a_broker_that_has_a_name_keeps_the_servers_that_know_it,
                               clear_table),
        cmocka_unit_test_setup(a_machine_without_nftables_is_told_what_to_install, clear_table),
        cmocka_unit_test_setup(a_broker_of_ipv6_is_left_open_and_its_neighbours_can_be_found,
                               clear_table),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
