/* SPDX-License-Identifier: Apache-2.0 */
/* Routes of our own, which the kernel knows by their protocol: no other is touched. */
#include <arpa/inet.h>
#include <errno.h>
#include <linux/rtnetlink.h>
#include <stdio.h>

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

value_t *
route_add(const value_t *arguments, const op_world_t *world, fault_t *fault)
{
    route_t route = {0};
    char note[NOTE_NAME];
    int64_t seconds = value_get_integer(arguments, "seconds");
    if (read_to(arguments, &route.to, fault) || check_spared(world, &route.to, fault))
        return NULL;
    if (!net_read_address(value_get_text(arguments, "via"), &route.via) ||
        route.via.bits != route.to.bits) {
        fault_set(fault, FAULT_ARGUMENT, "'via' is one address, of the same protocol as 'to'");
        return NULL;
    }
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
    value_t *result = tell(arguments, true);
    value_set_integer(result, "until", wall_now().ms + seconds * 1000);
    return result;
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
