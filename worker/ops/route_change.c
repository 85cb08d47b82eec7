/* SPDX-License-Identifier: Apache-2.0 */
/* Routes of our own, which the kernel knows by their protocol: no other is touched. */
#include <arpa/inet.h>
#include <errno.h>
#include <linux/rtnetlink.h>
#include <stdio.h>

#include "worker/foresight.h"
#include "worker/ops/bodies.h"
#include "worker/ops/netlink.h"
#include "worker/ops/revert.h"
#include "worker/ops/way.h"

#define RTPROT_TOCSIN  116
#define NOTE_NAME      80
#define PREFIX_LEAST_4 8
#define PREFIX_LEAST_6 16

typedef struct {
    net_t to, via; /* via: bits 0 where nothing is asked of it */
} route_t;

/* 0 or an errno. */
static int
change(const route_t *self, int type, int flags)
{
    char memory[NETLINK_REQUEST_MAX];
    struct nlmsghdr *request = netlink_begin(memory, type, NLM_F_ACK | flags, sizeof(struct rtmsg));
    struct rtmsg *head = mnl_nlmsg_get_payload(request);
    head->rtm_family = (uint8_t)netlink_family(&self->to);
    head->rtm_dst_len = (uint8_t)self->to.prefix;
    head->rtm_table = RT_TABLE_MAIN;
    head->rtm_protocol = RTPROT_TOCSIN;
    head->rtm_scope = type == RTM_NEWROUTE ? RT_SCOPE_UNIVERSE : RT_SCOPE_NOWHERE;
    head->rtm_type = type == RTM_NEWROUTE ? RTN_UNICAST : RTN_UNSPEC;
    mnl_attr_put(request, RTA_DST, netlink_bytes(&self->to), self->to.bytes);
    if (self->via.bits)
        mnl_attr_put(request, RTA_GATEWAY, netlink_bytes(&self->via), self->via.bytes);
    return netlink_ask(NETLINK_ROUTE, request, NULL, NULL);
}

static void
take_away(const void *route)
{
    change(route, RTM_DELROUTE, 0);
}

static int
read_to(const value_t *arguments, net_t *out, fault_t *fault)
{
    const char *text = value_get_text(arguments, "to");
    if (!net_read(text, out))
        return fault_set(fault, FAULT_ARGUMENT, "'%.64s' is no address or network", text);
    unsigned least = out->bits == 32 ? PREFIX_LEAST_4 : PREFIX_LEAST_6;
    if (out->prefix < least)
        return fault_set(fault, FAULT_POLICY, "'%.64s' is wider than a /%u", text, least);
    return 0;
}

static int
check_spared(const op_world_t *world, const net_t *to, fault_t *fault)
{
    way_t way;
    if (way_find(&way, world, fault))
        return -1;
    if (!way.end_count)
        return fault_set(fault, FAULT_UNREACHABLE,
                         "the way home is not known: no broker is configured");
    return way_spares(&way, to, fault);
}

static const char *
note_name(const net_t *to, char out[static NOTE_NAME])
{
    char text[64];
    netlink_write_net(to, text, sizeof text);
    text[strcspn(text, "/")] = '\0';
    snprintf(out, NOTE_NAME, "ROUTE.%s.%u", text, to->prefix);
    return out;
}

static value_t *
tell(const value_t *arguments, bool there)
{
    value_t *result = value_map();
    value_set_text(result, "to", value_get_text(arguments, "to"));
    value_set_bool(result, "there", there);
    return result;
}

static int
read_route(const value_t *arguments, const op_world_t *world, route_t *out, fault_t *fault)
{
    if (read_to(arguments, &out->to, fault) || check_spared(world, &out->to, fault))
        return -1;
    if (!net_read_address(value_get_text(arguments, "via"), &out->via) ||
        out->via.bits != out->to.bits)
        return fault_set(fault, FAULT_ARGUMENT,
                         "'via' is one address, of the same protocol as 'to'");
    if (net_is_within(&out->to, &out->via))
        return fault_set(fault, FAULT_ARGUMENT, "'%s' cannot be the way to itself",
                         value_get_text(arguments, "via"));
    return 0;
}

static value_t *
tell_until(value_t *result, int64_t seconds)
{
    value_set_integer(result, "until", wall_now().ms + seconds * 1000);
    return result;
}

value_t *
route_add(const value_t *arguments, const op_world_t *world, fault_t *fault)
{
    route_t route = {0};
    char note[NOTE_NAME];
    int64_t seconds = value_get_integer(arguments, "seconds");
    if (read_route(arguments, world, &route, fault))
        return NULL;
    note_name(&route.to, note);
    if (revert_now(world, note, fault) ||
        revert_arm(world, note, seconds, take_away, &route, fault))
        return NULL;
    int wrong = change(&route, RTM_NEWROUTE, NLM_F_CREATE | NLM_F_EXCL);
    if (wrong) {
        fault_t ignored;
        int still = revert_now(world, note, &ignored);
        fault_set(fault, wrong == EEXIST ? FAULT_CONFLICT : FAULT_FAILED,
                  "no route to '%s' is added: %s%s", value_get_text(arguments, "to"),
                  strerror(wrong), still ? ", and a process waits to remove it" : "");
        return NULL;
    }
    return tell_until(tell(arguments, true), seconds);
}

value_t *
route_remove(const value_t *arguments, const op_world_t *world, fault_t *fault)
{
    route_t route = {0};
    char note[NOTE_NAME];
    if (read_to(arguments, &route.to, fault) ||
        revert_now(world, note_name(&route.to, note), fault))
        return NULL;
    int wrong = change(&route, RTM_DELROUTE, 0);
    if (!wrong || wrong == ESRCH)
        return tell(arguments, false);
    fault_set(fault, FAULT_FAILED, "the route to '%s' cannot be removed: %s",
              value_get_text(arguments, "to"), strerror(wrong));
    return NULL;
}

/* ---- what a dry run is told, by what route.list saw ------------------------------------------ */

/* Ours to that network, which the op replaces or removes; NULL for none. */
static const value_t *
find_ours(const value_t *seen, const net_t *to, bool *others)
{
    const value_t *routes = value_get(seen, "routes"), *ours = NULL;
    int64_t metric = to->bits == 32 ? 0 : 1024; /* what the kernel gives a route without one */
    char text[64];
    netlink_write_net(to, text, sizeof text);
    if (!strchr(text, '/'))
        snprintf(text + strlen(text), sizeof text - strlen(text), "/%u", to->prefix);
    for (size_t i = 0; i < value_count(routes); i++) {
        const value_t *route = value_at(routes, i);
        if (strcmp(value_get_text(route, "to"), text) != 0 ||
            value_get_integer(route, "table") != RT_TABLE_MAIN)
            continue;
        if (value_get_integer(route, "protocol") == RTPROT_TOCSIN)
            ours = route;
        else
            *others = *others || value_get_integer(route, "metric") == metric;
    }
    return ours;
}

static void
foretell_gone(value_t *foresight, const value_t *route)
{
    if (route)
        foresight_goes(foresight, "%s by %s", value_get_text(route, "to"),
                       value_get_text(route, "via"));
}

value_t *
route_add_foreseen(const value_t *arguments, const op_world_t *world, fault_t *fault)
{
    route_t route = {0};
    bool others = false;
    char text[64];
    int64_t seconds = value_get_integer(arguments, "seconds");
    if (read_route(arguments, world, &route, fault))
        return NULL;
    const value_t *ours = find_ours(world->seen, &route.to, &others);
    if (others) {
        fault_set(fault, FAULT_CONFLICT, "no route to '%s' is added: another stands there",
                  value_get_text(arguments, "to"));
        return NULL;
    }
    netlink_write_net(&route.to, text, sizeof text);
    value_t *foresight = foresight_new();
    foretell_gone(foresight, ours);
    foresight_comes(foresight, "%s by %s, for %lld s", text, value_get_text(arguments, "via"),
                    (long long)seconds);
    return foresight_give(foresight, tell_until(tell(arguments, true), seconds));
}

value_t *
route_remove_foreseen(const value_t *arguments, const op_world_t *world, fault_t *fault)
{
    route_t route = {0};
    bool others = false;
    if (read_to(arguments, &route.to, fault))
        return NULL;
    value_t *foresight = foresight_new();
    foretell_gone(foresight, find_ours(world->seen, &route.to, &others));
    return foresight_give(foresight, tell(arguments, false));
}
