/* SPDX-License-Identifier: Apache-2.0 */
/* A link of a real systemd-networkd, in the network namespace of the test's own systemd: wan0 is
 * its; tia0 is the way home. */
#include "systemd_fixture.h"
#include "op_foretold.h"

#define FILES                                                                         \
    "[Match]\nName=wan0\n[Network]\nAddress=10.5.0.2/24\nGateway=10.5.0.1\nDHCP=no\n" \
    "LinkLocalAddressing=no\nIPv6AcceptRA=no\n"

static settings_t settings = {.broker_count = 1, .brokers = {{.endpoint = "tcp://192.0.2.3:7700"}}};

static bool
says(const char *command)
{
    return system(command) == 0;
}

static bool
comes_true(const char *command)
{
    for (int tries = 0; tries < 1200; tries++) {
        if (says(command))
            return true;
        poll(NULL, 0, 50);
    }
    return false;
}

#define ROUTE_IS_THERE "ip route show default | grep -q 'via 10.5.0.1 dev wan0'"

static value_t *
of(const char *link)
{
    return texts("link", link, NULL);
}

static void
what_its_files_say_comes_back_and_what_they_do_not_goes(void **state)
{
    (void)state;
    assert_true(says("ip route del default && ip addr add 10.5.0.77/24 dev wan0"));
    assert_false(says(ROUTE_IS_THERE));
    CLEANUP(value_destroy)
    value_t *would = foretells("link.reconfigure", of("wan0"), &bench,
                               "- wan0: addresses and routes that systemd-networkd's files do not "
                               "have\n+ wan0: those that they have\n");
    CLEANUP(value_destroy) value_t *did = gives("link.reconfigure", of("wan0"));
    assert_true(value_equal(would, did));
    assert_true(comes_true(ROUTE_IS_THERE));
    assert_true(comes_true("! ip addr show wan0 | grep -q 10.5.0.77"));
}

static void
packets_home_are_not_cut_off(void **state)
{
    (void)state;
    refused("link.reconfigure", of("tia0"), FAULT_POLICY, "the way home");
    foresees_refusal("link.reconfigure", of("tia0"), &bench, FAULT_POLICY, "the way home");
    refused("link.reconfigure", of("eth77"), FAULT_NOT_FOUND, "no link 'eth77'");
}

/* networkctl calls it well to set up a link that no file is for. */
static void
a_link_that_is_not_networkds_is_said_to_be_none_of_its(void **state)
{
    (void)state;
    refused("link.reconfigure", of("other0"), FAULT_FAILED, "is the link its?");
    foresees_refusal("link.reconfigure", of("other0"), &bench, FAULT_FAILED, "is the link its?");
}

/* Over wan0 goes what has no other way: it may be set up anew once it leads nowhere. */
static void
a_link_that_leads_home_may_be_set_up_once_it_does_no_more(void **state)
{
    (void)state;
    assert_true(says("ip link set tia0 down"));
    refused("link.reconfigure", of("wan0"), FAULT_POLICY, "the way home");
    assert_true(says("ip route del default"));
    CLEANUP(value_destroy) value_t *did = gives("link.reconfigure", of("wan0"));
    assert_true(did && comes_true(ROUTE_IS_THERE));
    assert_true(says("ip link set tia0 up"));
}

static void
where_networkd_does_not_run_that_is_said(void **state)
{
    (void)state;
    CLEANUP(value_destroy)
    value_t *stopped = gives("unit.stop", texts("unit", "network.service", NULL));
    assert_non_null(stopped);
    refused("link.reconfigure", of("wan0"), FAULT_FAILED, "does it run");
}

static int
begin_all(void **state)
{
    fault_t fault = {0};
    bench_begin("class highest change\n");
    bench.settings = &settings;
    int wrong = systemd_await(state);
    CLEANUP(descriptor_close) int net = open("/proc/1/ns/net", O_RDONLY | O_CLOEXEC);
    must(setns(net, CLONE_NEWNET));
    if (folder_make(below("etc/systemd/network"), 0755, &fault))
        fail_msg("%s", fault.text);
    write_below("etc/systemd/network/50-wan0.network", FILES);
    assert_true(says("ip link add wan0 type veth peer name wan1 && ip link set wan1 up"));
    assert_true(says("ip link add tia0 type veth peer name tia1 && ip link set tia1 up"));
    assert_true(says("ip addr add 192.0.2.1/24 dev tia0 && ip link set tia0 up"));
    assert_true(says("ip link add other0 type veth peer name other1 && ip link set other0 up"));
    CLEANUP(value_destroy)
    value_t *run = gives("unit.start", texts("unit", "network.service", NULL));
    assert_true(run && comes_true(ROUTE_IS_THERE));
    return wrong;
}

static int
end_all(void **state)
{
    (void)state;
    bench_end();
    return 0;
}

static int
run_all(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_its_files_say_comes_back_and_what_they_do_not_goes),
        cmocka_unit_test(packets_home_are_not_cut_off),
        cmocka_unit_test(a_link_that_is_not_networkds_is_said_to_be_none_of_its),
        cmocka_unit_test(a_link_that_leads_home_may_be_set_up_once_it_does_no_more),
        cmocka_unit_test(where_networkd_does_not_run_that_is_said),
    };
    return cmocka_run_group_tests(tests, begin_all, end_all);
}

int
main(void)
{
    return systemd_run(run_all);
}
