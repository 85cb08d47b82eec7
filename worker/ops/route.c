/* SPDX-License-Identifier: Apache-2.0 */
#include <arpa/inet.h>
#include <errno.h>
#include <linux/neighbour.h>
#include <linux/rtnetlink.h>
#include <stdio.h>

#include "worker/ops/bodies.h"
#include "worker/ops/netlink.h"

#define ROUTES_MAX     512
#define HOPS_MAX       16 /* of one route */
#define NEIGHBOURS_MAX 1024

typedef struct {
    value_t *list;
    size_t most;
    bool more;
    unsigned index; /* of the link that was asked for; 0 for all */
} found_t;

static void
add(found_t *self, value_t *item)
{
    if (value_count(self->list) < self->most) {
        value_append(self->list, item);
        return;
    }
    self->more = true;
    value_destroy(&item);
}

static void
forget(void *found)
{
    found_t *self = found;
    value_destroy(&self->list);
    self->list = value_list();
    self->more = false;
}

static value_t *
give(found_t *self, const char *name, int wrong, fault_t *fault)
{
    if (wrong) {
        value_destroy(&self->list);
        fault_set(fault, FAULT_IO, "the %s cannot be read: %s", name, netlink_error(wrong));
        return NULL;
    }
    value_t *result = value_map();
    value_set(result, name, self->list);
    value_set_bool(result, "more", self->more);
    return result;
}

/* ---- routes ------------------------------------------------------------------------------ */

static const char *
kind_word(unsigned kind)
{
    static const char *const words[] = {
        [RTN_UNICAST] = "unicast",
        [RTN_LOCAL] = "local",
        [RTN_BROADCAST] = "broadcast",
        [RTN_ANYCAST] = "anycast",
        [RTN_MULTICAST] = "multicast",
        [RTN_BLACKHOLE] = "blackhole",
        [RTN_UNREACHABLE] = "unreachable",
        [RTN_PROHIBIT] = "prohibit",
        [RTN_THROW] = "throw",
    };
    return kind < ARRAY_SIZE(words) && words[kind] ? words[kind] : "other";
}

/* A way to go on: the next machine, where there is one, and the link. */
static void
tell_hop(value_t *out, const struct nlattr *gateway, unsigned index)
{
    char address[INET6_ADDRSTRLEN], name[NETLINK_NAME_MAX];
    if (gateway)
        value_set_text(out, "via", netlink_address(gateway, address));
    if (index)
        value_set_text(out, "link", netlink_name(index, name));
}

static void
on_hop(const struct nlattr *gateway, unsigned index, void *list)
{
    if (value_count(list) == HOPS_MAX)
        return;
    value_t *item = value_map();
    tell_hop(item, gateway, index);
    value_append(list, item);
}

static value_t *
tell_hops(const struct nlattr *many)
{
    value_t *list = value_list();
    netlink_hops(many, on_hop, list);
    return list;
}

static value_t *
describe_route(const struct rtmsg *head, const struct nlattr **has)
{
    char address[INET6_ADDRSTRLEN], to[INET6_ADDRSTRLEN + 8];
    value_t *route = value_map();
    const char *any = head->rtm_family == AF_INET ? "0.0.0.0" : "::";
    snprintf(to, sizeof to, "%s/%u", has[RTA_DST] ? netlink_address(has[RTA_DST], address) : any,
             head->rtm_dst_len);
    value_set_text(route, "to", to);
    value_set_text(route, "kind", kind_word(head->rtm_type));
    value_set_integer(route, "table",
                      has[RTA_TABLE] ? netlink_u32(has[RTA_TABLE]) : head->rtm_table);
    value_set_integer(route, "metric", netlink_u32(has[RTA_PRIORITY]));
    value_set_integer(route, "protocol", head->rtm_protocol);
    tell_hop(route, has[RTA_GATEWAY], netlink_u32(has[RTA_OIF]));
    if (has[RTA_PREFSRC])
        value_set_text(route, "source", netlink_address(has[RTA_PREFSRC], address));
    if (has[RTA_MULTIPATH])
        value_set(route, "hops", tell_hops(has[RTA_MULTIPATH]));
    return route;
}

static void
on_route(const struct nlmsghdr *message, void *found)
{
    const struct rtmsg *head = mnl_nlmsg_get_payload(message);
    const struct nlattr *has[RTA_MAX + 1];
    netlink_attributes(message, sizeof *head, has, RTA_MAX);
    bool own = head->rtm_table == RT_TABLE_LOCAL || head->rtm_flags & RTM_F_CLONED ||
               (head->rtm_family != AF_INET && head->rtm_family != AF_INET6);
    if (message->nlmsg_type == RTM_NEWROUTE && !own)
        add(found, describe_route(head, has));
}

value_t *
route_list(const value_t *arguments, const op_world_t *world, fault_t *fault)
{
    char memory[NETLINK_REQUEST_MAX];
    found_t found = {.list = value_list(), .most = ROUTES_MAX};
    (void)arguments, (void)world;
    struct nlmsghdr *request = netlink_begin(memory, RTM_GETROUTE, 0, sizeof(struct rtmsg));
    int wrong = netlink_dump(NETLINK_ROUTE, request, on_route, forget, &found);
    return give(&found, "routes", wrong, fault);
}

static void
on_way(const struct nlmsghdr *message, void *result)
{
    const struct rtmsg *head = mnl_nlmsg_get_payload(message);
    const struct nlattr *has[RTA_MAX + 1];
    char address[INET6_ADDRSTRLEN];
    netlink_attributes(message, sizeof *head, has, RTA_MAX);
    value_set_text(result, "kind", kind_word(head->rtm_type));
    tell_hop(result, has[RTA_GATEWAY], netlink_u32(has[RTA_OIF]));
    if (has[RTA_PREFSRC])
        value_set_text(result, "source", netlink_address(has[RTA_PREFSRC], address));
}

/* What the kernel says where no route leads there, or one that lets nobody through. */
static bool
is_verdict(int wrong)
{
    return wrong == ENETUNREACH || wrong == EHOSTUNREACH || wrong == EACCES || wrong == EINVAL ||
           wrong == ENETDOWN || wrong == ENOENT;
}

value_t *
route_get(const value_t *arguments, const op_world_t *world, fault_t *fault)
{
    char memory[NETLINK_REQUEST_MAX];
    net_t to;
    (void)world;
    if (!net_read_address(value_get_text(arguments, "address"), &to)) {
        fault_set(fault, FAULT_ARGUMENT, "route.get asks for one address, not for a network");
        return NULL;
    }
    struct nlmsghdr *request = netlink_begin(memory, RTM_GETROUTE, 0, sizeof(struct rtmsg));
    struct rtmsg *head = mnl_nlmsg_get_payload(request);
    head->rtm_family = (uint8_t)netlink_family(&to);
    head->rtm_dst_len = (uint8_t)to.bits;
    mnl_attr_put(request, RTA_DST, netlink_bytes(&to), to.bytes);
    CLEANUP(value_destroy) value_t *result = value_map();
    int wrong = netlink_ask(NETLINK_ROUTE, request, on_way, result);
    if (wrong && !is_verdict(wrong)) {
        fault_set(fault, FAULT_IO, "the way cannot be asked for: %s", strerror(wrong));
        return NULL;
    }
    value_set_bool(result, "reachable", !wrong);
    if (wrong)
        value_set_text(result, "error", strerror(wrong));
    return MOVE(result);
}

/* ---- neighbours -------------------------------------------------------------------------- */

static const char *
reach_word(unsigned state)
{
    static const struct {
        unsigned state;
        const char *word;
    } words[] = {
        {NUD_INCOMPLETE, "incomplete"}, {NUD_REACHABLE, "reachable"}, {NUD_STALE, "stale"},
        {NUD_DELAY, "delay"},           {NUD_PROBE, "probe"},         {NUD_FAILED, "failed"},
        {NUD_PERMANENT, "permanent"},
    };
    for (size_t i = 0; i < ARRAY_SIZE(words); i++)
        if (state & words[i].state)
            return words[i].word;
    return "none";
}

static void
on_neighbour(const struct nlmsghdr *message, void *found)
{
    found_t *self = found;
    const struct ndmsg *head = mnl_nlmsg_get_payload(message);
    const struct nlattr *has[NDA_MAX + 1];
    char address[INET6_ADDRSTRLEN], name[NETLINK_NAME_MAX], mac[18];
    netlink_attributes(message, sizeof *head, has, NDA_MAX);
    unsigned index = (unsigned)head->ndm_ifindex;
    if (message->nlmsg_type != RTM_NEWNEIGH || !has[NDA_DST] || head->ndm_state & NUD_NOARP ||
        (self->index && self->index != index))
        return;
    value_t *item = value_map();
    value_set_text(item, "address", netlink_address(has[NDA_DST], address));
    value_set_text(item, "link", netlink_name(index, name));
    value_set_text(item, "state", reach_word(head->ndm_state));
    if (has[NDA_LLADDR] && mnl_attr_get_payload_len(has[NDA_LLADDR]) == 6) {
        const uint8_t *at = mnl_attr_get_payload(has[NDA_LLADDR]);
        snprintf(mac, sizeof mac, "%02x:%02x:%02x:%02x:%02x:%02x", at[0], at[1], at[2], at[3],
                 at[4], at[5]);
        value_set_text(item, "mac", mac);
    }
    add(self, item);
}

value_t *
neighbour_list(const value_t *arguments, const op_world_t *world, fault_t *fault)
{
    char memory[NETLINK_REQUEST_MAX];
    const char *link = value_get_text(arguments, "link");
    found_t found = {.most = NEIGHBOURS_MAX, .index = link[0] ? if_nametoindex(link) : 0};
    (void)world;
    if (link[0] && !found.index) {
        fault_set(fault, FAULT_NOT_FOUND, "this machine has no link '%s'", link);
        return NULL;
    }
    found.list = value_list();
    struct nlmsghdr *request = netlink_begin(memory, RTM_GETNEIGH, 0, sizeof(struct ndmsg));
    int wrong = netlink_dump(NETLINK_ROUTE, request, on_neighbour, forget, &found);
    return give(&found, "neighbours", wrong, fault);
}
