/* SPDX-License-Identifier: Apache-2.0 */
/* What hangs at the other end of a cable: two real lldpd (deploy/install-deps unpacks it), one in
 * each network namespace of the test's, with /etc/passwd, /etc/group and /run of its own; and
 * programs in the place of lldpcli that answer as none should. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "device_fixture.h"

static op_world_t world = {.programs = programs, .root = folder};
static bool there;

static void
start_lldpd(int net, const char *socket, const char *description)
{
    char program[PATH_MAX], client[160], path[64];
    snprintf(program, sizeof program, "%.4000s/usr/sbin/lldpd", tools);
    snprintf(client, sizeof client, "%s", in_folder("usr/sbin/lldpcli"));
    snprintf(path, sizeof path, "/run/%s", socket);
    const char *const words[] = {program, "-d",   "-L", client,      "-u", path,
                                 "-I",    "tia*", "-S", description, NULL};
    start_daemon(net, words);
}

static int
set_up(void **state)
{
    fault_t fault = {0};
    char own[PATH_MAX];
    (void)state;
    text_copy(folder, sizeof folder, "/tmp/tocsin-lldp.XXXXXX");
    if (!mkdtemp(folder) || chmod(folder, 0755) || program_folder(own, &fault) || net_make())
        return -1;
    snprintf(programs, sizeof programs, "%.4000s/../../libexec/tocsin", own);
    there = realpath(TOOLS, tools) && !access(TOOLS "/usr/sbin/lldpd", X_OK);
    if (!there)
        return 0;
    assert_int_equal(unshare(CLONE_NEWNS), 0);
    assert_int_equal(mount(NULL, "/", NULL, MS_PRIVATE | MS_REC, NULL), 0);
    replace_file("/etc/passwd", "_lldpd:x:993:993::/run/lldpd:/bin/false\\n");
    replace_file("/etc/group", "_lldpd:x:993:\\n");
    shell("mount -t tmpfs none /run && mkdir -m 755 /run/lldpd");
    shell("mkdir -p %s/usr/sbin", folder);
    put("usr/sbin/lldpcli", 0755,
        "#!/bin/sh\n[ \"$1\" = -f ] && set -- -u /run/here \"$@\"\nLD_LIBRARY_PATH="
        "%s/usr/lib/x86_64-linux-gnu exec %s/usr/sbin/lldpcli \"$@\"\n",
        tools, tools);
    start_lldpd(net_here, "here", "this machine");
    start_lldpd(net_there, "there", "switch \x1b[1mone");
    return 0;
}

static int
tear_down(void **state)
{
    (void)state;
    devices_end();
    return 0;
}

/* The one neighbour of tia0, once it was heard of; NULL where there is no lldpd. */
static value_t *
await_neighbour(void)
{
    for (int waited = 0; there && waited < 3 * LONG_MS; waited += 100) {
        fault_t fault = {0};
        CLEANUP(value_destroy)
        value_t *told = run_op("link.neighbours", given("link", 's', "tia0", NULL), &world, &fault);
        if (told && value_count(value_get(told, "neighbours")) == 1)
            return value_copy(value_at(value_get(told, "neighbours"), 0));
        poll(NULL, 0, 100);
    }
    return NULL;
}

static void
the_other_end_of_a_cable_is_told_as_it_tells_of_itself(void **state)
{
    (void)state;
    if (!there)
        skip();
    CLEANUP(value_destroy) value_t *one = await_neighbour();
    assert_non_null(one);
    assert_string_equal(value_get_text(one, "link"), "tia0");
    assert_string_equal(value_get_text(one, "via"), "LLDP");
    assert_string_equal(value_get_text(one, "description"), "switch ?[1mone");
    assert_string_equal(value_get_text(one, "port_description"), "tia1");
    assert_int_equal(strlen(value_get_text(one, "chassis")), strlen("02:00:00:00:00:01"));
    assert_true(value_count(value_get(one, "addresses")) > 0);
    assert_in_range(value_get_integer(one, "seen_for_s"), 0, 3 * LONG_MS / 1000);
    CLEANUP(value_destroy) value_t *all = must_run("link.neighbours", given(NULL), &world);
    assert_int_equal(value_count(value_get(all, "neighbours")), 1);
    CLEANUP(value_destroy)
    value_t *none = must_run("link.neighbours", given("link", 's', "lo", NULL), &world);
    assert_int_equal(value_count(value_get(none, "neighbours")), 0);
}

/* ---- programs in its place ------------------------------------------------------------------ */

static void
answers(const char *commands)
{
    shell("mkdir -p %s/usr/sbin", folder);
    put("usr/sbin/lldpcli", 0755, "#!/bin/sh\n%s\n", commands);
}

static void
a_switch_tells_its_port_and_vlan(void **state)
{
    (void)state;
    answers("cat <<END\n"
            "{\"lldp\":[{\"interface\":[{\"name\":\"eth0\",\"via\":\"LLDP\",\"age\":"
            "\"2 days, 01:00:07\",\"chassis\":[{\"id\":[{\"type\":\"mac\",\"value\":\"a\"}],"
            "\"name\":[{\"value\":\"sw1\"}]}],\"port\":[{\"id\":[{\"type\":\"ifname\",\"value\":"
            "\"Gi1/0/7\"}],\"auto-negotiation\":[{\"current\":[{\"value\":\"100BaseTX\"}]}]}],"
            "\"vlan\":[{\"vlan-id\":\"30\",\"pvid\":false},{\"vlan-id\":\"7\",\"pvid\":true}]},"
            "{\"name\":\"eth1\",\"via\":\"CDPv2\"}]}]}\nEND");
    CLEANUP(value_destroy) value_t *all = must_run("link.neighbours", given(NULL), &world);
    const value_t *list = value_get(all, "neighbours"), *one = value_at(list, 0);
    assert_int_equal(value_count(list), 2);
    assert_string_equal(value_get_text(one, "name"), "sw1");
    assert_string_equal(value_get_text(one, "port"), "Gi1/0/7");
    assert_string_equal(value_get_text(one, "mode"), "100BaseTX");
    assert_int_equal(value_get_integer(one, "vlan"), 7);
    assert_int_equal(value_get_integer(one, "seen_for_s"), 49 * 3600 + 7);
    assert_string_equal(value_get_text(value_at(list, 1), "via"), "CDPv2");
    assert_null(value_get(value_at(list, 1), "name"));
}

static void
more_neighbours_than_fit_are_said_to_be_more(void **state)
{
    (void)state;
    answers("for i in $(seq 65); do all=\"$all,{\\\"name\\\":\\\"e$i\\\"}\"; done\n"
            "echo \"{\\\"lldp\\\":[{\\\"interface\\\":[${all#,}]}]}\"");
    CLEANUP(value_destroy) value_t *all = must_run("link.neighbours", given(NULL), &world);
    assert_int_equal(value_count(value_get(all, "neighbours")), 64);
    assert_true(value_get_bool(all, "more"));
}

/* Whoever is at the other end of a cable. */
static void
neighbours_that_tell_much_hide_no_other(void **state)
{
    (void)state;
    answers("long=$(head -c 999 /dev/zero | tr '\\0' a)\nv=\"[{\\\"value\\\":\\\"$long\\\"}]\"\n"
            "for i in $(seq 64); do all=\"$all,{\\\"name\\\":\\\"e$i\\\",\\\"chassis\\\":[{"
            "\\\"name\\\":$v,\\\"descr\\\":$v,\\\"id\\\":$v}],\\\"port\\\":[{"
            "\\\"id\\\":$v,\\\"descr\\\":$v}]}\"; done\n"
            "echo \"{\\\"lldp\\\":[{\\\"interface\\\":[${all#,}]}]}\"");
    CLEANUP(value_destroy) value_t *all = must_run("link.neighbours", given(NULL), &world);
    const value_t *list = value_get(all, "neighbours");
    assert_int_equal(value_count(list), 64);
    assert_int_equal(strlen(value_get_text(value_at(list, 0), "description")), 255);
}

static void
what_does_not_answer_as_lldpd_does_is_said(void **state)
{
    static const struct {
        const char *commands;
        fault_code_t code;
        const char *words;
    } all[] = {
        {"false", FAULT_UNREACHABLE, "is it started"},
        {"echo no neighbours", FAULT_FORMAT, "does not answer in JSON"},
        {"head -c 2000000 /dev/zero", FAULT_LIMIT, "says more than"},
    };
    (void)state;
    for (size_t i = 0; i < ARRAY_SIZE(all); i++) {
        answers(all[i].commands);
        must_fail("link.neighbours", given(NULL), &world, all[i].code, all[i].words);
    }
    shell("rm %s/usr/sbin/lldpcli", folder);
    must_fail("link.neighbours", given(NULL), &world, FAULT_NOT_FOUND, "this machine has no");
}

static void
one_that_hangs_is_ended_at_its_deadline(void **state)
{
    fault_t fault = {0};
    op_t op = *op_find("link.neighbours");
    CLEANUP(value_destroy) value_t *nothing = value_map();
    (void)state;
    answers("sleep 1000");
    op.timeout_s = 1;
    op_child_t *child = op_child_start(op_row(op.name), &op, nothing, &world, NULL, &fault);
    assert_non_null(child);
    struct pollfd ready = {.fd = op_child_fd(child), .events = POLLIN};
    assert_int_equal(poll(&ready, 1, (int)(op_child_deadline(child).ms - mono_now().ms)), 0);
    assert_null(op_child_finish(&child, &fault));
    assert_int_equal(fault.code, FAULT_TIMEOUT);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_other_end_of_a_cable_is_told_as_it_tells_of_itself),
        cmocka_unit_test(a_switch_tells_its_port_and_vlan),
        cmocka_unit_test(more_neighbours_than_fit_are_said_to_be_more),
        cmocka_unit_test(neighbours_that_tell_much_hide_no_other),
        cmocka_unit_test(what_does_not_answer_as_lldpd_does_is_said),
        cmocka_unit_test(one_that_hangs_is_ended_at_its_deadline),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
