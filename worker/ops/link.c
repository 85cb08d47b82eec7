/* SPDX-License-Identifier: Apache-2.0 */
#include <linux/if_link.h>
#include <linux/rtnetlink.h>
#include <stdio.h>

#include "worker/ops/asked.h"
#include "worker/ops/bodies.h"
#include "worker/ops/netlink.h"

#define LINKS_MAX     256
#define ADDRESSES_MAX 32 /* of one link */

typedef struct {
    const char *only; /* the link that was asked for; NULL for all */
    size_t count;
    bool more;
    struct {
        unsigned index;
        value_t *facts, *addresses;
        int64_t left_out; /* addresses */
    } all[LINKS_MAX];
} links_t;

static const char *
state_word(const struct nlattr *attribute)
{
    static const char *const words[] = {"unknown", "not-present", "down", "lower-layer-down",
                                        "testing", "dormant",     "up"};
    unsigned state = attribute ? mnl_attr_get_u8(attribute) : 0;
    return words[state < ARRAY_SIZE(words) ? state : 0];
}

static void
tell_counters(value_t *facts, const struct nlattr *attribute)
{
    struct rtnl_link_stats64 counters = {0};
    size_t size = attribute ? mnl_attr_get_payload_len(attribute) : 0;
    if (size)
        memcpy(&counters, mnl_attr_get_payload(attribute),
               size < sizeof counters ? size : sizeof counters);
    const struct {
        const char *name;
        uint64_t count;
    } rows[] = {
        {"rx_bytes", counters.rx_bytes},     {"tx_bytes", counters.tx_bytes},
        {"rx_packets", counters.rx_packets}, {"tx_packets", counters.tx_packets},
        {"rx_errors", counters.rx_errors},   {"tx_errors", counters.tx_errors},
        {"rx_dropped", counters.rx_dropped}, {"tx_dropped", counters.tx_dropped},
    };
    for (size_t i = 0; i < ARRAY_SIZE(rows); i++)
        value_set_integer(facts, rows[i].name, (int64_t)rows[i].count);
}

static void
tell_hardware(value_t *facts, const struct nlattr *attribute)
{
    char text[3 * 6 + 1] = "";
    if (!attribute || mnl_attr_get_payload_len(attribute) != 6)
        return;
    const uint8_t *mac = mnl_attr_get_payload(attribute);
    snprintf(text, sizeof text, "%02x:%02x:%02x:%02x:%02x:%02x", mac[0], mac[1], mac[2], mac[3],
             mac[4], mac[5]);
    value_set_text(facts, "mac", text);
}

static void
tell_kind(value_t *facts, const struct nlattr *information)
{
    const struct nlattr *inner[IFLA_INFO_MAX + 1];
    char kind[32];
    netlink_nested(information, inner, IFLA_INFO_MAX);
    if (!inner[IFLA_INFO_KIND])
        return;
    asked_printable(kind, sizeof kind, mnl_attr_get_str(inner[IFLA_INFO_KIND]));
    value_set_text(facts, "kind", kind);
}

static value_t *
describe(const struct ifinfomsg *head, const char *name, const struct nlattr **has)
{
    value_t *facts = value_map();
    char master[NETLINK_NAME_MAX];
    value_set_text(facts, "name", name);
    value_set_integer(facts, "index", head->ifi_index);
    value_set_bool(facts, "up", head->ifi_flags & IFF_UP);
    value_set_bool(facts, "carrier", has[IFLA_CARRIER] && mnl_attr_get_u8(has[IFLA_CARRIER]));
    value_set_text(facts, "state", state_word(has[IFLA_OPERSTATE]));
    value_set_integer(facts, "carrier_changes", netlink_u32(has[IFLA_CARRIER_CHANGES]));
    value_set_integer(facts, "mtu", netlink_u32(has[IFLA_MTU]));
    value_set_bool(facts, "promiscuous", netlink_u32(has[IFLA_PROMISCUITY]));
    if (netlink_u32(has[IFLA_MASTER]))
        value_set_text(facts, "master", netlink_name(netlink_u32(has[IFLA_MASTER]), master));
    tell_hardware(facts, has[IFLA_ADDRESS]);
    tell_kind(facts, has[IFLA_LINKINFO]);
    tell_counters(facts, has[IFLA_STATS64]);
    return facts;
}

static void
on_link(const struct nlmsghdr *message, void *links)
{
    links_t *self = links;
    const struct ifinfomsg *head = mnl_nlmsg_get_payload(message);
    const struct nlattr *has[IFLA_MAX + 1];
    char name[NETLINK_NAME_MAX];
    netlink_attributes(message, sizeof *head, has, IFLA_MAX);
    if (message->nlmsg_type != RTM_NEWLINK || !has[IFLA_IFNAME])
        return;
    asked_printable(name, sizeof name, mnl_attr_get_str(has[IFLA_IFNAME]));
    if (self->only && strcmp(self->only, name) != 0)
        return;
    if (self->count == LINKS_MAX) {
        self->more = true;
        return;
    }
    self->all[self->count].index = (unsigned)head->ifi_index;
    self->all[self->count].facts = describe(head, name, has);
    self->all[self->count++].addresses = value_list();
}

static void
on_address(const struct nlmsghdr *message, void *links)
{
    links_t *self = links;
    const struct ifaddrmsg *head = mnl_nlmsg_get_payload(message);
    const struct nlattr *has[IFA_MAX + 1];
    char address[INET6_ADDRSTRLEN], text[INET6_ADDRSTRLEN + 8];
    netlink_attributes(message, sizeof *head, has, IFA_MAX);
    netlink_address(has[has[IFA_LOCAL] ? IFA_LOCAL : IFA_ADDRESS], address);
    snprintf(text, sizeof text, "%s/%u", address, head->ifa_prefixlen);
    for (size_t i = 0; i < self->count; i++)
        if (self->all[i].index != head->ifa_index)
            continue;
        else if (value_count(self->all[i].addresses) < ADDRESSES_MAX)
            value_append(self->all[i].addresses, value_text(text));
        else
            self->all[i].left_out++;
}

static void
forget_links(void *links)
{
    links_t *self = links;
    for (size_t i = 0; i < self->count; i++) {
        value_destroy(&self->all[i].facts);
        value_destroy(&self->all[i].addresses);
    }
    self->count = 0;
    self->more = false;
}

static void
forget_addresses(void *links)
{
    links_t *self = links;
    for (size_t i = 0; i < self->count; i++) {
        value_destroy(&self->all[i].addresses);
        self->all[i].addresses = value_list();
        self->all[i].left_out = 0;
    }
}

/* 0 or an errno. */
static int
ask_all(links_t *self)
{
    char memory[NETLINK_REQUEST_MAX];
    int wrong =
        netlink_dump(NETLINK_ROUTE, netlink_begin(memory, RTM_GETLINK, 0, sizeof(struct ifinfomsg)),
                     on_link, forget_links, self);
    return wrong ? wrong
                 : netlink_dump(NETLINK_ROUTE,
                                netlink_begin(memory, RTM_GETADDR, 0, sizeof(struct ifaddrmsg)),
                                on_address, forget_addresses, self);
}

/* The list of what was found; the links give up what they held. */
static value_t *
give(links_t *self)
{
    value_t *list = value_list();
    for (size_t i = 0; i < self->count; i++) {
        value_set(self->all[i].facts, "addresses", self->all[i].addresses);
        value_set_integer(self->all[i].facts, "addresses_left_out", self->all[i].left_out);
        value_append(list, self->all[i].facts);
    }
    return list;
}

static value_t *
look(links_t *self, fault_t *fault)
{
    int wrong = ask_all(self);
    value_t *list = give(self);
    if (!wrong)
        return list;
    fault_set(fault, FAULT_IO, "the links cannot be read: %s", netlink_error(wrong));
    value_destroy(&list);
    return NULL;
}

value_t *
link_list(const value_t *arguments, const op_world_t *world, fault_t *fault)
{
    static links_t links;
    (void)arguments, (void)world;
    value_t *list = look(&links, fault);
    if (!list)
        return NULL;
    value_t *result = value_map();
    value_set(result, "links", list);
    value_set_bool(result, "more", links.more);
    return result;
}

value_t *
link_view(const value_t *arguments, const op_world_t *world, fault_t *fault)
{
    static links_t links;
    (void)world;
    links.only = value_get_text(arguments, "link");
    CLEANUP(value_destroy) value_t *list = look(&links, fault);
    if (list && value_count(list))
        return value_copy(value_at(list, 0));
    if (list)
        fault_set(fault, FAULT_NOT_FOUND, "this machine has no link '%s'", links.only);
    return NULL;
}
