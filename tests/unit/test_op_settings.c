/* SPDX-License-Identifier: Apache-2.0 */
/* How links are set, in network namespaces of the test's own: tia0, a cable's end, is the way home;
 * tap0 tells what the test sets, as the driver of a tap lets anyone set anything. No driver of a
 * virtual machine negotiates: the last test answers that one request in the driver's place. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <linux/ethtool.h>
#include <linux/filter.h>
#include <linux/if.h>
#include <linux/seccomp.h>
#include <linux/sockios.h>
#include <sys/ioctl.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <sys/wait.h>

#include "common/file.h"
#include "net_fixture.h"
#include "op_fixture.h"
#include "op_foretold.h"

static settings_t settings = {.broker_count = 1, .brokers = {{.endpoint = "tcp://192.0.2.3:7700"}}};
static op_world_t world = {.settings = &settings};

static int
set_up(void **state)
{
    fault_t fault = {0};
    char path[64] = "/tmp/tocsin-settings.XXXXXX";
    CLEANUP(descriptor_close) int fd = mkstemp(path);
    (void)state;
    if (net_make() || fd < 0 ||
        file_write(path, slice_text("class highest change\n"), 0600, &fault))
        return -1;
    world.policy = policy_load(path, &fault);
    unlink(path);
    shell("ip link add tic0 type veth peer name tic1 && ip link set tic0 up");
    shell("ip tuntap add tap0 mode tap && ip link set tap0 up");
    return world.policy ? 0 : -1;
}

static int
tear_down(void **state)
{
    policy_t *policy = (policy_t *)(uintptr_t)world.policy;
    (void)state;
    policy_destroy(&policy);
    return 0;
}

static void
set_tap(bool negotiates, uint16_t speed, uint8_t duplex, uint32_t partner)
{
    struct ethtool_cmd command = {
        .cmd = ETHTOOL_SSET,
        .supported = SUPPORTED_100baseT_Half | SUPPORTED_100baseT_Full | SUPPORTED_Autoneg,
        .advertising = ADVERTISED_100baseT_Full | ADVERTISED_Autoneg,
        .lp_advertising = partner,
        .autoneg = negotiates,
        .speed = speed,
        .duplex = duplex,
        .port = PORT_FIBRE,
    };
    struct ifreq request = {.ifr_name = "tap0", .ifr_data = (void *)&command};
    CLEANUP(descriptor_close) int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    assert_int_equal(ioctl(fd, SIOCETHTOOL, &request), 0);
}

static value_t *
of(const char *link)
{
    return given("link", 's', link, NULL);
}

static void
lists(const value_t *list, const char *words)
{
    CLEANUP(bytes_destroy) bytes_t *text = bytes_new();
    for (size_t i = 0; i < value_count(list); i++)
        bytes_addf(text, "%s ", value_string(value_at(list, i)));
    assert_string_equal(bytes_text(text), words);
}

static void
what_its_driver_says_of_a_link_is_told(void **state)
{
    (void)state;
    set_tap(true, SPEED_100, DUPLEX_HALF, ADVERTISED_100baseT_Half);
    CLEANUP(value_destroy) value_t *tap = must_run("link.settings", of("tap0"), &world);
    assert_string_equal(value_get_text(tap, "driver"), "tun");
    assert_string_equal(value_get_text(tap, "bus"), "tap");
    assert_string_equal(value_get_text(tap, "duplex"), "half");
    assert_string_equal(value_get_text(tap, "port"), "fibre");
    assert_int_equal(value_get_integer(tap, "speed_mbps"), 100);
    assert_true(value_get_bool(tap, "autonegotiation"));
    assert_false(value_get_bool(tap, "detected") || value_get_bool(tap, "more"));
    lists(value_get(tap, "supported"), "100baseT/Half 100baseT/Full Autoneg ");
    lists(value_get(tap, "advertised"), "100baseT/Full Autoneg ");
    lists(value_get(tap, "partner"), "100baseT/Half ");
}

static void
a_signal_is_told_and_what_nobody_knows_is_absent(void **state)
{
    (void)state;
    CLEANUP(value_destroy) value_t *cable = must_run("link.settings", of("tia0"), &world);
    assert_true(value_get_bool(cable, "detected"));
    assert_string_equal(value_get_text(cable, "driver"), "veth");
    lists(value_get(cable, "partner"), "");
    set_tap(true, (uint16_t)SPEED_UNKNOWN, DUPLEX_UNKNOWN, 0);
    CLEANUP(value_destroy) value_t *tap = must_run("link.settings", of("tap0"), &world);
    assert_null(value_get(tap, "duplex"));
    CLEANUP(value_destroy) value_t *loop = must_run("link.settings", of("lo"), &world);
    assert_true(value_get_bool(loop, "detected"));
    assert_null(value_get(loop, "duplex"));
    assert_null(value_get(loop, "speed_mbps"));
}

static const value_t *
counter(const value_t *result, const char *name)
{
    const value_t *all = value_get(result, "counters");
    for (size_t i = 0; i < value_count(all); i++)
        if (!strcmp(value_get_text(value_at(all, i), "name"), name))
            return value_get(value_at(all, i), "count");
    return NULL;
}

static void
the_drivers_counters_are_told_that_are_not_zero_and_are_asked_for(void **state)
{
    (void)state;
    CLEANUP(value_destroy) value_t *all = must_run("link.settings", of("tia0"), &world);
    assert_non_null(counter(all, "peer_ifindex"));
    assert_null(counter(all, "rx_queue_0_drops"));
    CLEANUP(value_destroy)
    value_t *some = must_run("link.settings",
                             given("link", 's', "tia0", "counters", 's', "peer", NULL), &world);
    assert_int_equal(value_count(value_get(some, "counters")), 1);
    CLEANUP(value_destroy)
    value_t *none =
        must_run("link.settings", given("link", 's', "tia0", "counters", 's', "crc", NULL), &world);
    assert_int_equal(value_count(value_get(none, "counters")), 0);
}

static void
refused(const char *link, fault_code_t code, const char *words)
{
    must_fail("link.renegotiate", of(link), &world, code, words);
    foresees_refusal("link.renegotiate", of(link), &world, code, words);
}

static void
a_link_that_may_not_or_cannot_negotiate_anew_is_left_alone(void **state)
{
    (void)state;
    refused("eth77", FAULT_NOT_FOUND, "no link 'eth77'");
    refused("lo", FAULT_POLICY, "the way home");
    refused("tia0", FAULT_POLICY, "the way home or management needs");
    refused("tic0", FAULT_FAILED, "autonegotiation of 'tic0' is off");
    set_tap(true, SPEED_100, DUPLEX_HALF, 0);
    must_fail("link.renegotiate", of("tap0"), &world, FAULT_FAILED, "its driver cannot");
    settings.broker_count = 0;
    refused("tap0", FAULT_UNREACHABLE, "no broker");
    settings.broker_count = 1;
}

/* The kernel of a virtual machine has no bonds: a link joins one in tests/e2e/fixes-kernel.sh. */
static void
a_link_that_is_in_use_joins_no_bond(void **state)
{
    static const struct {
        const char *link, *bond;
        fault_code_t code;
        const char *words;
    } all[] = {
        {"eth77", "br0", FAULT_NOT_FOUND, "no link 'eth77'"},
        {"tap0", "bond77", FAULT_NOT_FOUND, "no link 'bond77'"},
        {"tap0", "br0", FAULT_FAILED, "'br0' is no bond"},
        {"br0", "br0", FAULT_ARGUMENT, "'br0' cannot be a part of itself"},
        {"tap0", "tap0", FAULT_ARGUMENT, "'tap0' cannot be a part of itself"},
        {"tic1", "br0", FAULT_CONFLICT, "'tic1' is a part of 'br0'"},
        {"tia0", "br0", FAULT_CONFLICT, "'tia0' has addresses of its own"},
        {"home0", "br0", FAULT_POLICY, "the way home or management needs"},
    };
    (void)state;
    shell("ip link add br0 type bridge && ip link set tic1 master br0");
    shell("ip link add home0 type veth peer name home1 && ip link set home0 up");
    shell("ip link add link home0 name home7 type macvlan && ip link set home7 up");
    shell("ip addr add 10.9.0.1/24 dev home7 && ip route add 192.0.2.3/32 dev home7");
    for (size_t i = 0; i < ARRAY_SIZE(all); i++) {
        value_t *arguments = given("link", 's', all[i].link, "bond", 's', all[i].bond, NULL);
        foresees_refusal("link.bond_join", value_copy(arguments), &world, all[i].code,
                         all[i].words);
        must_fail("link.bond_join", arguments, &world, all[i].code, all[i].words);
    }
}

/* What stands on what is not known of those that are not looked at. */
static void
among_more_links_than_are_looked_at_none_may_fall_silent(void **state)
{
    (void)state;
    shell("for i in $(seq 520); do echo link add many$i group 7 type veth peer name more$i; done "
          "| ip -batch -");
    refused("tap0", FAULT_POLICY, "the way home");
    shell("ip link del group 7");
    must_fail("link.renegotiate", of("tap0"), &world, FAULT_FAILED, "its driver cannot");
}

/* ---- in the driver's place ------------------------------------------------------------------ */

/* The ETHTOOL_... command that another process asks for. */
static uint32_t
asked(const struct seccomp_notif *call)
{
    struct ifreq request = {0};
    uint32_t command = 0;
    struct iovec here = {&request, sizeof request};
    struct iovec there = {(void *)(uintptr_t)call->data.args[2], sizeof request};
    process_vm_readv((pid_t)call->pid, &here, 1, &there, 1, 0);
    here = (struct iovec){&command, sizeof command};
    there = (struct iovec){request.ifr_data, sizeof command};
    process_vm_readv((pid_t)call->pid, &here, 1, &there, 1, 0);
    return command;
}

/* In a process of its own, which ends well once it heard the request. */
_Noreturn static void
answer(int listener)
{
    alarm(LONG_MS / 1000);
    for (bool restarted = false; !restarted;) {
        struct seccomp_notif call = {0};
        if (ioctl(listener, SECCOMP_IOCTL_NOTIF_RECV, &call))
            continue;
        restarted = asked(&call) == ETHTOOL_NWAY_RST;
        struct seccomp_notif_resp response = {
            .id = call.id, .flags = restarted ? 0 : SECCOMP_USER_NOTIF_FLAG_CONTINUE};
        ioctl(listener, SECCOMP_IOCTL_NOTIF_SEND, &response);
    }
    _exit(0);
}

/* From now on SIOCETHTOOL of this process, and of those that it starts, is heard there. */
static int
listen_to_requests(void)
{
    struct sock_filter filter[] = {
        BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr)),
        BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_ioctl, 0, 3),
        BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, args[1])),
        BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SIOCETHTOOL, 0, 1),
        BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_USER_NOTIF),
        BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
    };
    struct sock_fprog program = {ARRAY_SIZE(filter), filter};
    return (int)syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, SECCOMP_FILTER_FLAG_NEW_LISTENER,
                        &program);
}

static void
a_link_negotiates_anew_and_what_it_was_is_told(void **state)
{
    int status = -1;
    (void)state;
    set_tap(true, SPEED_100, DUPLEX_HALF, 0);
    CLEANUP(value_destroy)
    value_t *would = foretells("link.renegotiate", of("tap0"), &world,
                               "- tap0: 100 Mbit/s, half duplex, as it was negotiated\n"
                               "+ tap0: negotiated anew, without a signal meanwhile\n");
    CLEANUP(descriptor_close) int listener = listen_to_requests();
    assert_true(listener >= 0);
    pid_t driver = fork();
    if (driver == 0)
        answer(listener);
    CLEANUP(value_destroy) value_t *did = must_run("link.renegotiate", of("tap0"), &world);
    assert_int_equal(waitpid(driver, &status, 0), driver);
    assert_int_equal(status, 0);
    assert_true(value_equal(would, did));
    assert_int_equal(value_get_integer(did, "was_speed_mbps"), 100);
    assert_string_equal(value_get_text(did, "was_duplex"), "half");
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_its_driver_says_of_a_link_is_told),
        cmocka_unit_test(a_signal_is_told_and_what_nobody_knows_is_absent),
        cmocka_unit_test(the_drivers_counters_are_told_that_are_not_zero_and_are_asked_for),
        cmocka_unit_test(a_link_that_may_not_or_cannot_negotiate_anew_is_left_alone),
        cmocka_unit_test(a_link_that_is_in_use_joins_no_bond),
        cmocka_unit_test(among_more_links_than_are_looked_at_none_may_fall_silent),
        cmocka_unit_test(a_link_negotiates_anew_and_what_it_was_is_told),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
