/* SPDX-License-Identifier: Apache-2.0 */
/* Devices that are spoken to over SSH: a real FRR behind a real sshd, and stand-ins for the two
 * whose makers give nobody theirs. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "device_fixture.h"
#include "op_foretold.h"

#define PEER "192.0.2.1"

static op_world_t world = {.programs = programs};
static bool there;

static int
set_up(void **state)
{
    static const char *const devices[][4] = {
        /* name, dialect and user, port, what else */
        {"edge", "frr ops", "22 password word", "host_ed25519.pub"},
        {"edge-key", "frr ops", "22 key client", "host_rsa.pub"},
        {"edge-ios", "ios ops", "22 password word", "host_ed25519.pub"},
        {"box", "ios ios", "22 password word", "host_ed25519.pub"},
        {"odd", "frr ios", "22 password word", "host_ed25519.pub"},
        {"mx", "junos junos", "22 password word", "host_ed25519.pub"},
        {"impostor", "frr ops", "22 password word", "other.pub"},
        {"guess", "frr ops", "22 password wrong", "host_ed25519.pub"},
        {"stranger", "frr ops", "22 key other", "host_ed25519.pub"},
        {"keyless", "frr ops", "22 key word", "host_ed25519.pub"},
        {"open", "frr ops", "22 password open", "host_ed25519.pub"},
        {"shut", "frr ops", "23 password word", "host_ed25519.pub"},
        {"silent", "frr ops", "24 password word", "host_ed25519.pub"},
    };
    fault_t fault = {0};
    char key[1024];
    (void)state;
    there = devices_make();
    if (!there)
        return 0;
    put("word", 0600, PASSWORD "\n");
    put("wrong", 0600, "no-such-word\n");
    put("open", 0644, PASSWORD "\n");
    CLEANUP(bytes_destroy) bytes_t *policy = bytes_new();
    bytes_addf(policy, "class highest change\nbackups %s/backups\n", folder);
    for (const char *const *at =
             (const char *const[]){"word", "wrong", "open", "client", "other", NULL};
         *at; at++)
        bytes_addf(policy, "secret %s file %s/%s\n", *at, folder, *at);
    for (size_t i = 0; i < ARRAY_SIZE(devices); i++)
        bytes_addf(policy, "device %s %s 192.0.2.2 %s host-key %s\n", devices[i][0], devices[i][1],
                   devices[i][2], public_key(devices[i][3], key));
    put("policy", 0600, "%s", bytes_text(policy));
    shell("mkdir -m 700 %s/backups", folder);
    put("state/junos.conf", 0666,
        "set version 21.2R3\nset system root-authentication encrypted-password \"$6$abc\"\n"
        "set interfaces ge-0/0/1 description uplink\nset protocols bgp group EDGE type external\n"
        "set protocols bgp group EDGE neighbor 198.51.100.9 peer-as 65009\n");
    shell("chmod 666 %s/state/junos.conf", folder);
    world.policy = policy_load(in_folder("policy"), &fault);
    if (!world.policy)
        fail_msg("%s", fault.text);
    return 0;
}

static int
tear_down(void **state)
{
    policy_t *policy = (policy_t *)(uintptr_t)world.policy;
    (void)state;
    policy_destroy(&policy);
    devices_end();
    return 0;
}

static value_t *
on(const char *device, const char *key, const char *text)
{
    return given("device", 's', device, key, 's', text, NULL);
}

/* Of the router: one of its daemons knows its links, another its neighbours. */
static bool
router_answers(fault_t *fault)
{
    CLEANUP(value_destroy)
    value_t *bgp = run_op("device.show", on("edge", "what", "bgp"), &world, fault);
    CLEANUP(value_destroy)
    value_t *links =
        bgp ? run_op("device.show", on("edge", "what", "interfaces"), &world, fault) : NULL;
    return value_get(value_get(links, "data"), "wan0");
}

/* Skips where there are no devices, and waits until they answer. */
static void
await_devices(void)
{
    static bool answered;
    fault_t fault = {0};
    if (!there)
        skip();
    for (int waited = 0; !answered && waited < LONG_MS; waited += 100) {
        answered = router_answers(&fault);
        if (!answered)
            poll(NULL, 0, 100);
    }
    if (!answered)
        fail_msg("no device answers: %s", fault.text);
}

static bool
link_is_up(const char *name)
{
    char text[64] = "";
    go(net_there);
    snprintf(text, sizeof text, "ip link show dev %s | grep -q '[<,]UP[,>]'", name);
    bool up = !system(text);
    go(net_here);
    return up;
}

static void
does(const char *op, value_t *arguments)
{
    CLEANUP(value_destroy) value_t *result = must_run(op, arguments, &world);
    assert_non_null(result);
}

/* Of a result's key. */
static bool
truth(const char *op, value_t *arguments, const char *key)
{
    CLEANUP(value_destroy) value_t *result = must_run(op, arguments, &world);
    assert_non_null(value_get(result, key));
    return value_get_bool(result, key);
}

/* A dry run is told these lines; then the op gives what was foretold, and a further dry run is told
 * none. Gives what it gave of the key. */
static bool
foretold(const char *op, value_t *arguments, const char *lines, const char *key)
{
    CLEANUP(value_destroy) value_t *would = foretells(op, value_copy(arguments), &world, lines);
    CLEANUP(value_destroy) value_t *same = foretells(op, value_copy(arguments), &world, lines);
    CLEANUP(value_destroy) value_t *did = must_run(op, value_copy(arguments), &world);
    CLEANUP(value_destroy) value_t *is = foretells(op, arguments, &world, "");
    assert_true(value_equal(would, same));
    assert_true(value_equal(would, did));
    return value_get_bool(did, key);
}

static bool
holds(const char *name, const char *words)
{
    fault_t fault = {0};
    CLEANUP(bytes_destroy) bytes_t *text = file_read(in_folder(name), 100000, &fault);
    return text && strstr(bytes_text(text), words);
}

/* ---- seeing ------------------------------------------------------------------------------- */

static void
what_a_device_tells_programs_is_told_as_data(void **state)
{
    (void)state;
    await_devices();
    CLEANUP(value_destroy)
    value_t *all = must_run("device.show", on("edge", "what", "interfaces"), &world);
    const value_t *wan0 = value_get(value_get(all, "data"), "wan0");
    assert_string_equal(value_get_text(all, "command"), "show interface json");
    assert_string_equal(value_get_text(wan0, "administrativeStatus"), "up");
    assert_true(value_get_integer(wan0, "mtu") > 0);
    assert_false(value_get_bool(all, "more"));
    assert_null(value_get(all, "lines"));
}

static void
what_it_tells_people_is_told_as_printable_lines(void **state)
{
    (void)state;
    await_devices();
    CLEANUP(value_destroy)
    value_t *real = must_run("device.show", on("edge", "what", "version"), &world);
    assert_true(!strncmp(value_string(value_at(value_get(real, "lines"), 0)), "FRRouting ", 10));
    CLEANUP(value_destroy)
    value_t *box = must_run("device.show", on("box", "what", "version"), &world);
    assert_string_equal(value_string(value_at(value_get(box, "lines"), 1)),
                        "Uptime ?[1mis?[0m 3 weeks");
    assert_int_equal(value_count(value_get(box, "lines")), 2);
}

static void
of_a_long_log_the_last_lines_are_told(void **state)
{
    (void)state;
    await_devices();
    CLEANUP(value_destroy)
    value_t *log = must_run("device.show", on("box", "what", "log"), &world);
    const value_t *lines = value_get(log, "lines");
    assert_int_equal(value_count(lines), 2000);
    assert_string_equal(value_string(value_at(lines, 0)), "line 501 of its log");
    assert_string_equal(value_string(value_at(lines, 1999)), "line 2500 of its log");
    assert_true(value_get_bool(log, "more"));
}

static void
a_dialect_without_such_a_question_refuses(void **state)
{
    (void)state;
    await_devices();
    must_fail("device.show", on("edge", "what", "arp"), &world, FAULT_ARGUMENT,
              "cannot be asked for arp");
    must_fail("device.show", on("edge", "what", "running-config"), &world, FAULT_ARGUMENT,
              "choices");
    must_fail("device.show", on("box", "what", "arp"), &world, FAULT_FAILED, "Invalid input");
}

/* ---- fixing ------------------------------------------------------------------------------- */

static void
an_interface_is_shut_and_opened_again(void **state)
{
    (void)state;
    await_devices();
    assert_true(truth("device.interface", on("edge", "interface", "wan0"), "up"));
    assert_false(foretold("device.shut", on("edge", "interface", "wan0"),
                          "+ typed on edge: configure terminal\n"
                          "+ typed on edge: interface wan0\n"
                          "+ typed on edge: shutdown\n+ typed on edge: end\n",
                          "was_shut"));
    assert_false(link_is_up("wan0"));
    assert_true(truth("device.shut", on("edge", "interface", "wan0"), "was_shut"));
    assert_false(truth("device.interface", on("edge", "interface", "wan0"), "up"));
    assert_true(truth("device.interface", on("edge", "interface", "wan0"), "shut"));
    assert_true(truth("device.no_shut", on("edge", "interface", "wan0"), "was_shut"));
    assert_true(link_is_up("wan0"));
    assert_false(truth("device.no_shut", on("edge", "interface", "wan0"), "was_shut"));
}

static bool
comes_to_be_established(bool wanted)
{
    for (int waited = 0; waited < 3 * LONG_MS; waited += 200) {
        if (truth("device.neighbour", on("edge", "neighbour", PEER), "established") == wanted)
            return true;
        poll(NULL, 0, 200);
    }
    return false;
}

static void
a_neighbour_is_shut_and_comes_back(void **state)
{
    (void)state;
    await_devices();
    assert_true(comes_to_be_established(true));
    assert_false(foretold("device.neighbour_down", on("edge", "neighbour", PEER),
                          "+ typed on edge: configure terminal\n"
                          "+ typed on edge: router bgp 65002\n"
                          "+ typed on edge: neighbor " PEER " shutdown\n"
                          "+ typed on edge: end\n",
                          "was_shut"));
    CLEANUP(value_destroy)
    value_t *down = must_run("device.neighbour", on("edge", "neighbour", PEER), &world);
    assert_true(value_get_bool(down, "shut"));
    assert_false(value_get_bool(down, "established"));
    assert_true(*value_get_text(down, "state") && *value_get_text(down, "reason"));
    assert_true(truth("device.neighbour_up", on("edge", "neighbour", PEER), "was_shut"));
    assert_true(comes_to_be_established(true));
}

/* A command for a router's own shell, in front of what else a shell is to do. */
static const char *
vtysh(const char *router, const char *asks, const char *more)
{
    static char command[1200];
    snprintf(command, sizeof command,
             "LD_LIBRARY_PATH=%.200s/usr/lib/x86_64-linux-gnu:%.200s/usr/lib/x86_64-linux-gnu/frr "
             "%.200s/usr/bin/vtysh --vty_socket /run/%s --config_dir %s -c '%s' %s",
             tools, tools, tools, router, folder, asks, more);
    return command;
}

/* What it tells of the session with its peer under a key; -1 for nothing. */
static int64_t
counts(const char *key)
{
    char filter[128], line[32] = "-1";
    snprintf(filter, sizeof filter, "| sed -n 's/.*\"%s\":\\([0-9]*\\).*/\\1/p'", key);
    FILE *shell_of_it = popen(vtysh("frr", "show bgp neighbors " PEER " json", filter), "r");
    assert_non_null(shell_of_it);
    while (fgets(line, sizeof line, shell_of_it))
        continue;
    pclose(shell_of_it);
    return strtoll(line, NULL, 10);
}

static value_t *
told(const char *device, const char *neighbour)
{
    return must_run("device.neighbour", on(device, "neighbour", neighbour), &world);
}

static void
a_session_that_is_cleared_softly_stays_and_the_routes_come_again(void **state)
{
    (void)state;
    await_devices();
    assert_true(comes_to_be_established(true));
    int64_t asked = counts("routeRefreshSent"), dropped = counts("connectionsDropped");
    CLEANUP(value_destroy)
    value_t *would = foretells("device.neighbour_clear", on("edge", "neighbour", PEER), &world,
                               "+ typed on edge: clear bgp " PEER " soft\n");
    CLEANUP(value_destroy)
    value_t *did = must_run("device.neighbour_clear", on("edge", "neighbour", PEER), &world);
    assert_true(value_equal(would, did));
    assert_string_equal(value_get_text(did, "was_state"), "Established");
    for (int waited = 0; waited < LONG_MS && counts("routeRefreshSent") == asked; waited += 20)
        poll(NULL, 0, 20); /* what is to be sent is, a moment later */
    assert_int_equal(counts("routeRefreshSent"), asked + 1);
    assert_int_equal(counts("connectionsDropped"), dropped);
}

static void
a_session_that_is_reset_ends_and_another_begins_with_the_peers_routes(void **state)
{
    int64_t prefixes = 0;
    (void)state;
    await_devices();
    assert_true(comes_to_be_established(true));
    int64_t dropped = counts("connectionsDropped");
    CLEANUP(value_destroy)
    value_t *would = foretells("device.neighbour_reset", on("edge", "neighbour", PEER), &world,
                               "+ typed on edge: clear bgp " PEER "\n");
    CLEANUP(value_destroy)
    value_t *did = must_run("device.neighbour_reset", on("edge", "neighbour", PEER), &world);
    assert_true(value_equal(would, did));
    for (int waited = 0; waited < LONG_MS && counts("connectionsDropped") == dropped; waited += 20)
        poll(NULL, 0, 20);
    assert_int_equal(counts("connectionsDropped"), dropped + 1);
    for (int waited = 0; waited < 3 * LONG_MS && prefixes != 1; waited += 200) {
        CLEANUP(value_destroy) value_t *after = told("edge", PEER);
        prefixes = value_get_integer(after, "prefixes");
        poll(NULL, 0, 200);
    }
    assert_int_equal(prefixes, 1);
}

static void
of_a_session_that_the_peer_ended_its_notification_is_told(void **state)
{
    bool as_told = false;
    (void)state;
    await_devices();
    assert_true(comes_to_be_established(true));
    assert_int_equal(system(vtysh("peer", "clear bgp 192.0.2.2", "")), 0);
    for (int waited = 0; waited < LONG_MS && !as_told; waited += 200) {
        CLEANUP(value_destroy) value_t *after = told("edge", PEER);
        as_told = !strcmp(value_get_text(after, "notification"), "Cease/Administrative Reset");
        poll(NULL, 0, 200);
    }
    assert_true(as_told);
}

static void
other_dialects_clear_a_session_in_their_own_words(void **state)
{
    (void)state;
    await_devices();
    CLEANUP(value_destroy) value_t *box = told("box", "198.51.100.9");
    assert_int_equal(value_get_integer(box, "prefixes"), 5);
    assert_string_equal(value_get_text(box, "reason"),
                        "BGP Notification received of session 1, Administrative Reset");
    does("device.neighbour_clear", on("box", "neighbour", "198.51.100.9"));
    does("device.neighbour_reset", on("box", "neighbour", "198.51.100.9"));
    assert_true(
        holds("state/ios.cleared", "clear ip bgp 198.51.100.9 soft\nclear ip bgp 198.51.100.9\n"));
    CLEANUP(value_destroy) value_t *mx = told("mx", "198.51.100.9");
    assert_int_equal(value_get_integer(mx, "prefixes"), 7);
    must_fail("device.neighbour_clear", on("mx", "neighbour", "198.51.100.9"), &world, FAULT_FAILED,
              "no more than 'Active'");
    foresees_refusal("device.neighbour_clear", on("mx", "neighbour", "198.51.100.9"), &world,
                     FAULT_FAILED, "no more than 'Active'");
    CLEANUP(value_destroy)
    value_t *would = foretells("device.neighbour_reset", on("mx", "neighbour", "198.51.100.9"),
                               &world, "+ typed on mx: clear bgp neighbor 198.51.100.9\n");
    does("device.neighbour_reset", on("mx", "neighbour", "198.51.100.9"));
    assert_true(holds("state/junos.cleared", "clear bgp neighbor 198.51.100.9\n"));
    assert_false(holds("state/junos.cleared", "soft"));
    assert_non_null(would);
}

/* `soft` alone would tell the peer our routes, and ask for none of its. */
static void
junos_is_told_to_clear_a_session_softly_both_ways(void **state)
{
    (void)state;
    await_devices();
    put("state/junos.stands", 0644, "%s", "");
    CLEANUP(value_destroy)
    value_t *would =
        foretells("device.neighbour_clear", on("mx", "neighbour", "198.51.100.9"), &world,
                  "+ typed on mx: clear bgp neighbor 198.51.100.9 soft\n"
                  "+ typed on mx: clear bgp neighbor 198.51.100.9 soft-inbound\n");
    does("device.neighbour_clear", on("mx", "neighbour", "198.51.100.9"));
    assert_true(holds("state/junos.cleared", "clear bgp neighbor 198.51.100.9 soft\n"
                                             "clear bgp neighbor 198.51.100.9 soft-inbound\n"));
    assert_non_null(would);
    shell("rm %s/state/junos.stands", folder);
}

static void
more_prefixes_than_there_can_be_are_none_that_were_counted(void **state)
{
    (void)state;
    await_devices();
    put("state/junos.prefixes", 0644, "9223372036854775807\n");
    CLEANUP(value_destroy) value_t *mx = told("mx", "198.51.100.9");
    assert_null(value_get(mx, "prefixes"));
    put("state/junos.prefixes", 0644, "900000\n");
    CLEANUP(value_destroy) value_t *whole = told("mx", "198.51.100.9");
    assert_int_equal(value_get_integer(whole, "prefixes"), 1800000);
    shell("rm %s/state/junos.prefixes", folder);
}

static value_t *
entry(const char *device, const char *acl, int64_t sequence, const char *source)
{
    return given("device", 's', device, "acl", 's', acl, "sequence", 'i', sequence, "action", 's',
                 "deny", "source", 's', source, NULL);
}

static void
entries_of_access_lists_come_and_go_by_their_numbers(void **state)
{
    static const char *const sources[] = {"198.51.100.0/24", "198.51.100.7", "2001:db8:7::/48",
                                          "2001:db8:7::1"};
    static const struct {
        const char *device, *acl[2];
    } lists[] = {{"edge", {"DROP", "DROP6"}}, {"box", {"EDGE", "EDGE6"}}};
    (void)state;
    await_devices();
    for (size_t i = 0; i < ARRAY_SIZE(lists); i++)
        for (size_t j = 0; j < ARRAY_SIZE(sources); j++) {
            const char *device = lists[i].device, *acl = lists[i].acl[j / 2], *from = sources[j];
            int64_t number = 10 + (int64_t)j;
            assert_false(truth("device.acl", entry(device, acl, number, from), "there"));
            assert_false(truth("device.acl_add", entry(device, acl, number, from), "was_there"));
            assert_true(truth("device.acl_add", entry(device, acl, number, from), "was_there"));
            must_fail("device.acl_add", entry(device, acl, number, sources[j ^ 1]), &world,
                      FAULT_CONFLICT, "another entry has that number");
            foresees_refusal("device.acl_add", entry(device, acl, number, sources[j ^ 1]), &world,
                             FAULT_CONFLICT, "another entry has that number");
            assert_true(truth("device.acl_remove", entry(device, acl, number, from), "was_there"));
            assert_false(truth("device.acl_remove", entry(device, acl, number, from), "was_there"));
        }
}

static void
what_the_device_does_not_have_is_not_found(void **state)
{
    (void)state;
    await_devices();
    static const char *const ops[] = {"device.interface", "device.shut", "device.no_shut"};
    for (size_t i = 0; i < ARRAY_SIZE(ops); i++) {
        must_fail(ops[i], on("edge", "interface", "eth77"), &world, FAULT_NOT_FOUND, "eth77");
        must_fail(ops[i], on("box", "interface", "Serial0"), &world, FAULT_NOT_FOUND, "Invalid");
        must_fail(ops[i], on("mx", "interface", "ge-9/9/9"), &world, FAULT_NOT_FOUND, "not found");
    }
    must_fail("device.neighbour", on("edge", "neighbour", "192.0.2.77"), &world, FAULT_NOT_FOUND,
              "192.0.2.77");
    must_fail("device.neighbour_reset", on("edge", "neighbour", "192.0.2.77"), &world,
              FAULT_NOT_FOUND, "192.0.2.77");
    must_fail("device.neighbour_down", on("edge", "neighbour", "192.0.2.77"), &world,
              FAULT_NOT_FOUND, "no line '{place} | neighbor 192.0.2.77'");
    must_fail("device.shut", on("box", "interface", "Gi0/1"), &world, FAULT_NOT_FOUND,
              "no line 'interface Gi0/1'");
    assert_int_not_equal(access(in_folder("state/ios.shut"), F_OK), 0);
}

static void
nothing_but_an_argument_can_stand_in_a_line(void **state)
{
    static const char *const bad[] = {"wan0|x",  "wan0;reload", "wan0?", "wan0!",
                                      "{place}", "\"a\"",       ".wan0"};
    (void)state;
    await_devices();
    for (size_t i = 0; i < ARRAY_SIZE(bad); i++) {
        must_fail("device.shut", on("edge", "interface", bad[i]), &world, FAULT_ARGUMENT,
                  "'interface'");
        must_fail("device.acl_add", entry("edge", bad[i], 10, "198.51.100.7"), &world,
                  FAULT_ARGUMENT, "'acl'");
    }
    must_fail("device.neighbour_down", on("edge", "neighbour", "192.0.2.0/24"), &world,
              FAULT_ARGUMENT, "no address of one neighbour");
    must_fail("device.shut", on("edge", "interface", "wan0\nreload"), &world, FAULT_ARGUMENT,
              "'interface'");
}

/* ---- dialects ----------------------------------------------------------------------------- */

static void
the_lines_of_ios_are_taken_by_a_real_router_that_is_like_it(void **state)
{
    (void)state;
    await_devices();
    CLEANUP(value_destroy)
    value_t *kept = must_run("device.backup", given("device", 's', "edge-ios", NULL), &world);
    assert_true(value_get_bool(kept, "kept"));
    assert_false(truth("device.neighbour_down", on("edge-ios", "neighbour", PEER), "was_shut"));
    assert_true(truth("device.neighbour_up", on("edge-ios", "neighbour", PEER), "was_shut"));
}

static void
ios_is_told_what_to_do_below_what_it_stands_below(void **state)
{
    (void)state;
    await_devices();
    assert_false(truth("device.shut", on("box", "interface", "GigabitEthernet0/1"), "was_shut"));
    assert_false(truth("device.interface", on("box", "interface", "GigabitEthernet0/1"), "up"));
    assert_true(truth("device.no_shut", on("box", "interface", "GigabitEthernet0/1"), "was_shut"));
    assert_true(truth("device.interface", on("box", "interface", "GigabitEthernet0/1"), "up"));
    assert_true(truth("device.neighbour", on("box", "neighbour", "198.51.100.9"), "established"));
    assert_false(
        truth("device.neighbour_down", on("box", "neighbour", "198.51.100.9"), "was_shut"));
    assert_int_equal(access(in_folder("state/ios.peer"), F_OK), 0);
    assert_true(truth("device.neighbour_up", on("box", "neighbour", "198.51.100.9"), "was_shut"));
}

static void
junos_commits_and_takes_back_by_itself_what_was_asked_for_a_while(void **state)
{
    (void)state;
    await_devices();
    assert_true(truth("device.interface", on("mx", "interface", "ge-0/0/1"), "up"));
    value_t *a_while = on("mx", "interface", "ge-0/0/1");
    value_set_integer(a_while, "minutes", 5);
    CLEANUP(value_destroy)
    value_t *would = foretells("device.shut", value_copy(a_while), &world,
                               "+ typed on mx: configure private\n"
                               "+ typed on mx: set interfaces ge-0/0/1 disable\n"
                               "+ typed on mx: commit confirmed 5\n+ typed on mx: exit\n");
    CLEANUP(value_destroy) value_t *shut = must_run("device.shut", a_while, &world);
    assert_int_equal(value_get_integer(shut, "minutes"), 5);
    assert_true(value_equal(would, shut));
    assert_true(holds("state/junos.minutes", "5\n"));
    assert_true(holds("state/junos.conf", "set interfaces ge-0/0/1 disable\n"));
    assert_true(truth("device.no_shut", on("mx", "interface", "ge-0/0/1"), "was_shut"));
    assert_false(holds("state/junos.conf", "disable"));
    assert_false(foretold("device.neighbour_down", on("mx", "neighbour", "198.51.100.9"),
                          "+ typed on mx: configure private\n"
                          "+ typed on mx: deactivate protocols bgp group EDGE neighbor "
                          "198.51.100.9\n+ typed on mx: commit\n+ typed on mx: exit\n",
                          "was_shut"));
    assert_true(
        holds("state/junos.conf", "deactivate protocols bgp group EDGE neighbor 198.51.100.9\n"));
    CLEANUP(value_destroy)
    value_t *down = must_run("device.neighbour", on("mx", "neighbour", "198.51.100.9"), &world);
    assert_true(value_get_bool(down, "shut"));
    assert_string_equal(value_get_text(down, "reason"), "Hold Timer Expired");
    assert_true(truth("device.neighbour_up", on("mx", "neighbour", "198.51.100.9"), "was_shut"));
}

static void
what_a_dialect_cannot_do_is_refused(void **state)
{
    (void)state;
    await_devices();
    value_t *a_while = on("edge", "interface", "wan0");
    value_set_integer(a_while, "minutes", 5);
    must_fail("device.shut", a_while, &world, FAULT_ARGUMENT, "takes nothing back by itself");
    assert_true(link_is_up("wan0"));
    must_fail("device.acl_add", entry("mx", "EDGE", 10, "198.51.100.7"), &world, FAULT_ARGUMENT,
              "no such thing");
    foresees_refusal("device.acl_add", entry("mx", "EDGE", 10, "198.51.100.7"), &world,
                     FAULT_ARGUMENT, "no such thing");
    foresees_refusal(
        "device.shut",
        given("device", 's', "edge", "interface", 's', "wan0", "minutes", 'i', (int64_t)5, NULL),
        &world, FAULT_ARGUMENT, "takes nothing back by itself");
}

static void
a_change_that_the_device_does_not_commit_is_none(void **state)
{
    (void)state;
    await_devices();
    put("state/junos.conf", 0666, "set interfaces ge-0/0/1 description poison\n");
    shell("chmod 666 %s/state/junos.conf", folder);
    must_fail("device.shut", on("mx", "interface", "ge-0/0/1"), &world, FAULT_FAILED,
              "commit failed");
    assert_false(holds("state/junos.conf", "disable"));
}

/* ---- backups ------------------------------------------------------------------------------ */

static value_t *
just(const char *device)
{
    return given("device", 's', device, NULL);
}

static void
a_backup_is_kept_once_and_what_changed_since_is_told(void **state)
{
    char name[256];
    (void)state;
    await_devices();
    must_fail("device.diff", just("edge"), &world, FAULT_NOT_FOUND, "was kept yet");
    fault_t fault;
    CLEANUP(value_destroy)
    value_t *would = foretold_or("device.backup", just("edge"), &world, &fault);
    assert_int_equal(value_count(value_get(would, "changes")), 1);
    CLEANUP(value_destroy) value_t *kept = must_run("device.backup", just("edge"), &world);
    assert_true(value_get_bool(kept, "kept"));
    assert_string_equal(value_get_text(value_get(would, "result"), "sha256"),
                        value_get_text(kept, "sha256"));
    CLEANUP(value_destroy) value_t *stays = foretells("device.backup", just("edge"), &world, "");
    assert_int_equal(value_get_integer(stays, "at_ms"), value_get_integer(kept, "at_ms"));
    snprintf(name, sizeof name, "backups/edge.%lld.%s.config",
             (long long)value_get_integer(kept, "at_ms"), value_get_text(kept, "sha256"));
    assert_true(holds(name, "router bgp 65002\n") && holds(name, " neighbor 192.0.2.1 password"));
    assert_false(truth("device.backup", just("edge"), "kept"));
    assert_true(truth("device.diff", just("edge"), "same"));
    does("device.shut", on("edge", "interface", "wan0"));
    CLEANUP(value_destroy) value_t *diff = must_run("device.diff", just("edge"), &world);
    assert_false(value_get_bool(diff, "same"));
    assert_string_equal(value_get_text(diff, "kept_sha256"), value_get_text(kept, "sha256"));
    assert_int_equal(value_count(value_get(diff, "removed")), 0);
    assert_int_equal(value_count(value_get(diff, "added")), 2);
    assert_string_equal(value_string(value_at(value_get(diff, "added"), 1)),
                        "interface wan0 | shutdown");
    value_t *one = just("edge");
    value_set_integer(one, "count", 1);
    assert_true(truth("device.diff", one, "more"));
    does("device.no_shut", on("edge", "interface", "wan0"));
}

static void
no_secret_of_a_configuration_is_told(void **state)
{
    (void)state;
    await_devices();
    put("state/junos.conf", 0666, "set interfaces ge-0/0/1 description a\n");
    shell("chmod 666 %s/state/junos.conf", folder);
    does("device.backup", just("mx"));
    put("state/junos.conf", 0666,
        "set interfaces ge-0/0/1 description b\n"
        "set system root-authentication encrypted-password \"$6$abc\"\n");
    shell("chmod 666 %s/state/junos.conf", folder);
    CLEANUP(value_destroy) value_t *diff = must_run("device.diff", just("mx"), &world);
    assert_string_equal(value_string(value_at(value_get(diff, "added"), 1)),
                        "set system root-authentication encrypted-password (hidden)");
    assert_string_equal(value_string(value_at(value_get(diff, "removed"), 0)),
                        "set interfaces ge-0/0/1 description a");
}

static void
what_differs_at_each_showing_is_none_of_the_configuration(void **state)
{
    (void)state;
    await_devices();
    assert_true(truth("device.backup", just("box"), "kept"));
    assert_false(truth("device.backup", just("box"), "kept"));
    assert_true(truth("device.diff", just("box"), "same"));
}

static void
a_backup_that_somebody_changed_counts_no_more(void **state)
{
    (void)state;
    await_devices();
    does("device.backup", just("edge-key"));
    shell("echo 'no router bgp' >>$(ls %s/backups/edge-key.*)", folder);
    must_fail("device.diff", just("edge-key"), &world, FAULT_HASH, "is not what was kept");
    assert_true(truth("device.backup", just("edge-key"), "kept"));
    shell("chmod 755 %s/backups", folder);
    must_fail("device.backup", just("edge-key"), &world, FAULT_POLICY, "root's alone");
    shell("chmod 700 %s/backups", folder);
}

static void
the_oldest_backups_go(void **state)
{
    (void)state;
    await_devices();
    shell("cd %s/backups && for i in $(seq -w 20); do echo $i "
          ">mx.10000000000$i.$(echo $i | sha256sum | cut -c-64).config; done",
          folder);
    assert_true(truth("device.backup", just("mx"), "kept"));
    shell("test $(ls %s/backups/mx.*.config | wc -l) = 20", folder);
}

/* ---- who is spoken to, and by whom -------------------------------------------------------- */

static void
another_host_key_than_the_pinned_one_is_refused_before_anything_is_said(void **state)
{
    (void)state;
    await_devices();
    must_fail("device.show", on("impostor", "what", "version"), &world, FAULT_KEY,
              "another host key");
}

static void
a_key_opens_as_a_password_does(void **state)
{
    (void)state;
    await_devices();
    assert_true(truth("device.interface", on("edge-key", "interface", "wan0"), "up"));
    must_fail("device.show", on("stranger", "what", "version"), &world, FAULT_DENIED,
              "does not take the key");
    must_fail("device.show", on("guess", "what", "version"), &world, FAULT_DENIED,
              "does not take the password");
    must_fail("device.show", on("keyless", "what", "version"), &world, FAULT_KEY,
              "no OpenSSH private key");
    must_fail("device.show", on("open", "what", "version"), &world, FAULT_KEY, "chmod 600");
}

static void
devices_are_the_policys(void **state)
{
    (void)state;
    await_devices();
    must_fail("device.show", on("printer", "what", "version"), &world, FAULT_POLICY, "'printer'");
}

static void
a_device_that_does_not_answer_is_given_up(void **state)
{
    (void)state;
    await_devices();
    must_fail("device.show", on("shut", "what", "version"), &world, FAULT_UNREACHABLE,
              "cannot be reached");
    CLEANUP(descriptor_close) int deaf = listen_in(net_there, 24);
    must_fail("device.show", on("silent", "what", "version"), &world, FAULT_UNREACHABLE,
              "cannot be reached");
}

static void
a_device_that_is_not_itself_is_not_believed(void **state)
{
    static const struct {
        const char *how, *op, *device;
        fault_code_t code;
        const char *words;
    } all[] = {
        {"gone", "device.interface", "box", FAULT_UNREACHABLE, "the device hangs up"},
        {"floods", "device.interface", "box", FAULT_LIMIT, "says more than 8388608 bytes"},
        {"deaf", "device.shut", "box", FAULT_FAILED, "its configuration does not show it"},
        {"mumbles", "device.interface", "odd", FAULT_FORMAT, "does not answer in JSON"},
    };
    char name[32];
    (void)state;
    await_devices();
    for (size_t i = 0; i < ARRAY_SIZE(all); i++) {
        snprintf(name, sizeof name, "state/ios.%s", all[i].how);
        put(name, 0644, "%s", "");
        must_fail(all[i].op, on(all[i].device, "interface", "GigabitEthernet0/1"), &world,
                  all[i].code, all[i].words);
        assert_int_equal(unlink(in_folder(name)), 0);
    }
    does("device.interface", on("box", "interface", "GigabitEthernet0/1"));
}

/* As where it leads to us by what it is told to end. */
static void
a_device_that_goes_amid_a_change_may_have_made_it(void **state)
{
    (void)state;
    await_devices();
    put("state/ios.cuts", 0644, "%s", "");
    must_fail("device.neighbour_reset", on("box", "neighbour", "198.51.100.9"), &world,
              FAULT_UNKNOWN, "the device hangs up");
    must_fail("device.shut", on("box", "interface", "GigabitEthernet0/1"), &world,
              FAULT_UNREACHABLE, "the device hangs up; done: the device may have taken it");
    assert_int_equal(unlink(in_folder("state/ios.cuts")), 0);
    assert_true(truth("device.no_shut", on("box", "interface", "GigabitEthernet0/1"), "was_shut"));
}

/* Begins a change that the device does not answer, and waits until it is there. */
static op_child_t *
begin_what_hangs(const op_t *op)
{
    fault_t fault = {0};
    CLEANUP(value_destroy) value_t *arguments = on("box", "interface", "GigabitEthernet0/1");
    put("state/ios.hangs", 0644, "%s", "");
    op_child_t *child = op_child_start(op_row(op->name), op, arguments, &world, NULL, &fault);
    assert_non_null(child);
    for (int waited = 0; access(in_folder("state/ios.reached"), F_OK); waited += 20) {
        assert_true(waited < LONG_MS);
        poll(NULL, 0, 20);
    }
    shell("rm %s/state/ios.hangs %s/state/ios.reached", folder, folder);
    return child;
}

static void
what_hangs_is_ended_at_its_deadline(void **state)
{
    fault_t fault = {0};
    (void)state;
    await_devices();
    op_child_t *child = begin_what_hangs(op_find("device.shut"));
    op_child_cut(child);
    assert_true(op_child_deadline(child).ms <= mono_now().ms);
    assert_null(op_child_finish(&child, &fault));
    assert_int_equal(fault.code, FAULT_TIMEOUT);
}

/* Killed while the device still thinks of it. */
static void
what_was_cut_off_amid_a_change_is_done_by_doing_it_again(void **state)
{
    (void)state;
    await_devices();
    op_child_t *child = begin_what_hangs(op_find("device.shut"));
    op_child_destroy(&child);
    assert_int_not_equal(access(in_folder("state/ios.shut"), F_OK), 0);
    assert_false(truth("device.shut", on("box", "interface", "GigabitEthernet0/1"), "was_shut"));
    assert_int_equal(access(in_folder("state/ios.shut"), F_OK), 0);
    assert_true(truth("device.no_shut", on("box", "interface", "GigabitEthernet0/1"), "was_shut"));
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_a_device_tells_programs_is_told_as_data),
        cmocka_unit_test(what_it_tells_people_is_told_as_printable_lines),
        cmocka_unit_test(of_a_long_log_the_last_lines_are_told),
        cmocka_unit_test(a_dialect_without_such_a_question_refuses),
        cmocka_unit_test(an_interface_is_shut_and_opened_again),
        cmocka_unit_test(a_neighbour_is_shut_and_comes_back),
        cmocka_unit_test(a_session_that_is_cleared_softly_stays_and_the_routes_come_again),
        cmocka_unit_test(a_session_that_is_reset_ends_and_another_begins_with_the_peers_routes),
        cmocka_unit_test(of_a_session_that_the_peer_ended_its_notification_is_told),
        cmocka_unit_test(other_dialects_clear_a_session_in_their_own_words),
        cmocka_unit_test(junos_is_told_to_clear_a_session_softly_both_ways),
        cmocka_unit_test(more_prefixes_than_there_can_be_are_none_that_were_counted),
        cmocka_unit_test(entries_of_access_lists_come_and_go_by_their_numbers),
        cmocka_unit_test(what_the_device_does_not_have_is_not_found),
        cmocka_unit_test(nothing_but_an_argument_can_stand_in_a_line),
        cmocka_unit_test(the_lines_of_ios_are_taken_by_a_real_router_that_is_like_it),
        cmocka_unit_test(ios_is_told_what_to_do_below_what_it_stands_below),
        cmocka_unit_test(junos_commits_and_takes_back_by_itself_what_was_asked_for_a_while),
        cmocka_unit_test(what_a_dialect_cannot_do_is_refused),
        cmocka_unit_test(a_change_that_the_device_does_not_commit_is_none),
        cmocka_unit_test(a_backup_is_kept_once_and_what_changed_since_is_told),
        cmocka_unit_test(no_secret_of_a_configuration_is_told),
        cmocka_unit_test(what_differs_at_each_showing_is_none_of_the_configuration),
        cmocka_unit_test(a_backup_that_somebody_changed_counts_no_more),
        cmocka_unit_test(the_oldest_backups_go),
        cmocka_unit_test(another_host_key_than_the_pinned_one_is_refused_before_anything_is_said),
        cmocka_unit_test(a_key_opens_as_a_password_does),
        cmocka_unit_test(devices_are_the_policys),
        cmocka_unit_test(a_device_that_does_not_answer_is_given_up),
        cmocka_unit_test(a_device_that_is_not_itself_is_not_believed),
        cmocka_unit_test(a_device_that_goes_amid_a_change_may_have_made_it),
        cmocka_unit_test(what_hangs_is_ended_at_its_deadline),
        cmocka_unit_test(what_was_cut_off_amid_a_change_is_done_by_doing_it_again),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
