/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <linux/ethtool.h>
#include <linux/ethtool_netlink.h>
#include <stdio.h>

#include "worker/ops/asked.h"
#include "worker/ops/bodies.h"
#include "worker/ops/ethtool.h"

#define MODES_MAX    256
#define TOLD_MAX     256   /* counters */
#define COUNTERS_MAX 32768 /* of a driver */
#define WORDS_MAX    64

/* ---- how it is set -------------------------------------------------------------------------- */

typedef struct {
    value_t *names;
    bool set_only, *more;
} bits_t;

static int
on_bit(const struct nlattr *bit, void *bits)
{
    bits_t *self = bits;
    const struct nlattr *has[ETHTOOL_A_BITSET_BIT_MAX + 1];
    char name[WORDS_MAX];
    netlink_nested(bit, has, ETHTOOL_A_BITSET_BIT_MAX);
    if (!has[ETHTOOL_A_BITSET_BIT_NAME] || (self->set_only && !has[ETHTOOL_A_BITSET_BIT_VALUE]))
        return MNL_CB_OK;
    asked_printable(name, sizeof name, mnl_attr_get_str(has[ETHTOOL_A_BITSET_BIT_NAME]));
    if (value_count(self->names) < MODES_MAX)
        value_append(self->names, value_text(name));
    else
        *self->more = true;
    return MNL_CB_OK;
}

/* A list of the bits' names: all of them, or those that are set. */
static value_t *
names_of(const struct nlattr *bitset, bool set_only, bool *more)
{
    const struct nlattr *parts[ETHTOOL_A_BITSET_MAX + 1];
    bits_t bits = {.names = value_list(), .set_only = set_only, .more = more};
    netlink_nested(bitset, parts, ETHTOOL_A_BITSET_MAX);
    if (parts[ETHTOOL_A_BITSET_BITS])
        mnl_attr_parse_nested(parts[ETHTOOL_A_BITSET_BITS], on_bit, &bits);
    return bits.names;
}

typedef struct {
    value_t *facts;
    bool more;
} settings_told_t;

static void
on_modes(const struct nlmsghdr *message, void *settings)
{
    settings_told_t *self = settings;
    const struct nlattr *has[ETHTOOL_A_LINKMODES_MAX + 1];
    ethtool_mode_t mode = ethtool_read_mode(message);
    netlink_attributes(message, ETHTOOL_HEAD, has, ETHTOOL_A_LINKMODES_MAX);
    const struct nlattr *ours = has[ETHTOOL_A_LINKMODES_OURS];
    value_set_bool(self->facts, "autonegotiation", mode.negotiates);
    if (mode.speed_mbps)
        value_set_integer(self->facts, "speed_mbps", mode.speed_mbps);
    if (mode.duplex)
        value_set_text(self->facts, "duplex", mode.duplex);
    value_set(self->facts, "supported", names_of(ours, false, &self->more));
    value_set(self->facts, "advertised", names_of(ours, true, &self->more));
    value_set(self->facts, "partner", names_of(has[ETHTOOL_A_LINKMODES_PEER], false, &self->more));
}

static void
on_info(const struct nlmsghdr *message, void *settings)
{
    static const char *const ports[] = {
        [PORT_TP] = "twisted-pair", [PORT_AUI] = "aui", [PORT_MII] = "mii",
        [PORT_FIBRE] = "fibre",     [PORT_BNC] = "bnc", [PORT_DA] = "direct-attach",
    };
    settings_told_t *self = settings;
    const struct nlattr *has[ETHTOOL_A_LINKINFO_MAX + 1];
    netlink_attributes(message, ETHTOOL_HEAD, has, ETHTOOL_A_LINKINFO_MAX);
    const struct nlattr *port = has[ETHTOOL_A_LINKINFO_PORT];
    if (port && mnl_attr_get_u8(port) < ARRAY_SIZE(ports))
        value_set_text(self->facts, "port", ports[mnl_attr_get_u8(port)]);
}

static void
on_state(const struct nlmsghdr *message, void *settings)
{
    static const char *const reasons[] = {
        [ETHTOOL_LINK_EXT_STATE_AUTONEG] = "autonegotiation",
        [ETHTOOL_LINK_EXT_STATE_LINK_TRAINING_FAILURE] = "link training",
        [ETHTOOL_LINK_EXT_STATE_LINK_LOGICAL_MISMATCH] = "logical mismatch",
        [ETHTOOL_LINK_EXT_STATE_BAD_SIGNAL_INTEGRITY] = "bad signal",
        [ETHTOOL_LINK_EXT_STATE_NO_CABLE] = "no cable",
        [ETHTOOL_LINK_EXT_STATE_CABLE_ISSUE] = "unsupported cable",
        [ETHTOOL_LINK_EXT_STATE_EEPROM_ISSUE] = "unreadable module",
        [ETHTOOL_LINK_EXT_STATE_CALIBRATION_FAILURE] = "calibration",
        [ETHTOOL_LINK_EXT_STATE_POWER_BUDGET_EXCEEDED] = "power budget exceeded",
        [ETHTOOL_LINK_EXT_STATE_OVERHEAT] = "overheated",
        [ETHTOOL_LINK_EXT_STATE_MODULE] = "module not ready",
    };
    settings_told_t *self = settings;
    const struct nlattr *has[ETHTOOL_A_LINKSTATE_MAX + 1];
    netlink_attributes(message, ETHTOOL_HEAD, has, ETHTOOL_A_LINKSTATE_MAX);
    const struct nlattr *link = has[ETHTOOL_A_LINKSTATE_LINK];
    const struct nlattr *reason = has[ETHTOOL_A_LINKSTATE_EXT_STATE];
    value_set_bool(self->facts, "detected", link && mnl_attr_get_u8(link));
    if (reason && mnl_attr_get_u8(reason) < ARRAY_SIZE(reasons))
        value_set_text(self->facts, "reason", reasons[mnl_attr_get_u8(reason)]);
}

/* What the driver does not tell is no fault. */
static int
check(const char *link, int wrong, fault_t *fault)
{
    if (wrong == ENODEV)
        return fault_set(fault, FAULT_NOT_FOUND, "this machine has no link '%s'", link);
    if (wrong && wrong != EOPNOTSUPP)
        return fault_set(fault, FAULT_IO, "the settings of '%s' cannot be read: %s", link,
                         strerror(wrong));
    return 0;
}

/* What the driver does not tell stays absent; FAULT_NOT_FOUND where there is no such link. */
static int
tell_settings(settings_told_t *self, const char *link, fault_t *fault)
{
    static const struct {
        unsigned command;
        netlink_on_t *on;
    } rows[] = {{ETHTOOL_MSG_LINKSTATE_GET, on_state},
                {ETHTOOL_MSG_LINKMODES_GET, on_modes},
                {ETHTOOL_MSG_LINKINFO_GET, on_info}};
    static const char *const lists[] = {"supported", "advertised", "partner"};
    for (size_t i = 0; i < ARRAY_SIZE(lists); i++)
        value_set(self->facts, lists[i], value_list());
    value_set_bool(self->facts, "detected", false);
    for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
        int wrong = ethtool_ask(link, rows[i].command, rows[i].on, self);
        if (check(link, wrong, fault))
            return -1;
    }
    return 0;
}

/* ---- what its driver is, and counts ---------------------------------------------------------- */

static int
tell_driver(value_t *facts, const char *link, fault_t *fault)
{
    char text[WORDS_MAX];
    struct ethtool_drvinfo driver = {.cmd = ETHTOOL_GDRVINFO};
    if (check(link, ethtool_command(link, &driver), fault))
        return -1;
    const struct {
        const char *key, *text;
    } rows[] = {
        {"driver", driver.driver}, {"bus", driver.bus_info}, {"firmware", driver.fw_version}};
    for (size_t i = 0; i < ARRAY_SIZE(rows); i++)
        if (rows[i].text[0]) {
            asked_printable(text, sizeof text, rows[i].text);
            value_set_text(facts, rows[i].key, text);
        }
    return 0;
}

/* 0 or an errno. */
static int
count_counters(const char *link, uint32_t *count)
{
    struct {
        struct ethtool_sset_info head;
        uint32_t count;
    } sets = {.head = {.cmd = ETHTOOL_GSSET_INFO, .sset_mask = 1ULL << ETH_SS_STATS}};
    int wrong = ethtool_command(link, &sets);
    *count = wrong || !sets.head.sset_mask ? 0 : sets.count;
    return wrong;
}

/* The driver decides at each call how many it writes: there is room for twice as many as it said.
 */
static int
tell_counters(settings_told_t *self, const char *link, const char *wanted, fault_t *fault)
{
    static struct {
        struct ethtool_gstrings head;
        char names[COUNTERS_MAX][ETH_GSTRING_LEN];
    } strings = {.head = {.cmd = ETHTOOL_GSTRINGS, .string_set = ETH_SS_STATS}};
    static struct {
        struct ethtool_stats head;
        uint64_t counts[COUNTERS_MAX];
    } stats = {.head = {.cmd = ETHTOOL_GSTATS}};
    char name[ETH_GSTRING_LEN + 1], told[ETH_GSTRING_LEN + 1];
    uint32_t count;
    int wrong = count_counters(link, &count);
    if (count > COUNTERS_MAX / 2)
        return fault_set(fault, FAULT_LIMIT, "the driver of '%s' counts more than %d things", link,
                         COUNTERS_MAX / 2);
    strings.head.len = stats.head.n_stats = count;
    if (!wrong && count)
        wrong = ethtool_command(link, &strings);
    if (!wrong && count)
        wrong = ethtool_command(link, &stats);
    if (check(link, wrong, fault))
        return -1;
    value_t *list = value_list();
    for (uint32_t i = 0; i < count; i++) {
        snprintf(name, sizeof name, "%.*s", ETH_GSTRING_LEN, strings.names[i]);
        if (!stats.counts[i] || !strstr(name, wanted))
            continue;
        self->more = self->more || value_count(list) == TOLD_MAX;
        if (value_count(list) == TOLD_MAX)
            break;
        asked_printable(told, sizeof told, name);
        value_t *one = value_map();
        value_set_text(one, "name", told);
        value_set_integer(one, "count", (int64_t)stats.counts[i]);
        value_append(list, one);
    }
    value_set(self->facts, "counters", list);
    return 0;
}

value_t *
link_settings(const value_t *arguments, const op_world_t *world, fault_t *fault)
{
    const char *link = value_get_text(arguments, "link");
    CLEANUP(value_destroy) value_t *facts = value_map();
    settings_told_t told = {.facts = facts};
    (void)world;
    value_set_text(facts, "link", link);
    if (tell_settings(&told, link, fault) || tell_driver(facts, link, fault) ||
        tell_counters(&told, link, value_get_text(arguments, "counters"), fault))
        return NULL;
    value_set_bool(facts, "more", told.more);
    return MOVE(facts);
}
