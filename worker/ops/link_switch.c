/* SPDX-License-Identifier: Apache-2.0 */
/* A link that goes down loses its routes, and its addresses of IPv6; who takes it up again puts
 * them back as the kernel told them before. */
#include <errno.h>
#include <linux/rtnetlink.h>
#include <stdio.h>

#include "worker/foresight.h"
#include "worker/ops/bodies.h"
#include "worker/ops/done.h"
#include "worker/ops/netlink.h"
#include "worker/ops/revert.h"
#include "worker/ops/way.h"

#define SAVED_MAX   128
#define SAVED_BYTES 512 /* of one message */
#define NOTE_NAME   64

typedef struct {
    unsigned index;
    char name[IFNAMSIZ];
    bool full;               /* there was more to save */
    size_t count, addresses; /* addresses: how many of those stand in front */
    struct {
        bool routed; /* by another machine: put back behind those that lead to it */
        union {
            struct nlmsghdr head;
            uint8_t bytes[SAVED_BYTES];
        } message;
    } all[SAVED_MAX];
} link_t;

static void
save(link_t *self, const struct nlmsghdr *message, bool routed)
{
    if (self->count == SAVED_MAX || message->nlmsg_len > SAVED_BYTES) {
        self->full = true;
        return;
    }
    memcpy(self->all[self->count].message.bytes, message, message->nlmsg_len);
    self->all[self->count++].routed = routed;
}

/* The kernel's own routes come again with the link, and a router's with its next word. */
static void
on_route(const struct nlmsghdr *message, void *link)
{
    link_t *self = link;
    const struct rtmsg *head = mnl_nlmsg_get_payload(message);
    const struct nlattr *has[RTA_MAX + 1];
    netlink_attributes(message, sizeof *head, has, RTA_MAX);
    if (message->nlmsg_type == RTM_NEWROUTE && netlink_u32(has[RTA_OIF]) == self->index &&
        head->rtm_table != RT_TABLE_LOCAL && head->rtm_protocol != RTPROT_KERNEL &&
        head->rtm_protocol != RTPROT_RA && !(head->rtm_flags & RTM_F_CLONED))
        save(self, message, has[RTA_GATEWAY]);
}

static void
on_address(const struct nlmsghdr *message, void *link)
{
    link_t *self = link;
    const struct ifaddrmsg *head = mnl_nlmsg_get_payload(message);
    if (message->nlmsg_type == RTM_NEWADDR && head->ifa_index == self->index &&
        head->ifa_family == AF_INET6 && head->ifa_scope == RT_SCOPE_UNIVERSE &&
        head->ifa_flags & IFA_F_PERMANENT)
        save(self, message, false);
}

/* Behind the addresses, or all where they are not known yet. */
static void
forget(void *link)
{
    link_t *self = link;
    self->count = self->addresses;
    self->full = false;
}

/* Addresses first, which are put back first. */
static int
save_all(link_t *self, fault_t *fault)
{
    char memory[NETLINK_REQUEST_MAX];
    int wrong =
        netlink_dump(NETLINK_ROUTE, netlink_begin(memory, RTM_GETADDR, 0, sizeof(struct ifaddrmsg)),
                     on_address, forget, self);
    bool full = self->full;
    self->addresses = self->count;
    wrong = wrong ? wrong
                  : netlink_dump(NETLINK_ROUTE,
                                 netlink_begin(memory, RTM_GETROUTE, 0, sizeof(struct rtmsg)),
                                 on_route, forget, self);
    if (wrong)
        return fault_set(fault, FAULT_IO, "the routes of '%s' cannot be read: %s", self->name,
                         netlink_error(wrong));
    if (full || self->full)
        return fault_set(fault, FAULT_LIMIT,
                         "'%s' has more routes and addresses than the %d that can be put back",
                         self->name, SAVED_MAX);
    return 0;
}

static void
put_back(link_t *self, bool routed)
{
    for (size_t i = 0; i < self->count; i++) {
        struct nlmsghdr *head = &self->all[i].message.head;
        if (self->all[i].routed != routed)
            continue;
        head->nlmsg_flags = NLM_F_REQUEST | NLM_F_CREATE | NLM_F_ACK;
        head->nlmsg_seq = NETLINK_SEQUENCE;
        head->nlmsg_pid = 0;
        if (head->nlmsg_type == RTM_NEWROUTE)
            ((struct rtmsg *)mnl_nlmsg_get_payload(head))->rtm_flags &= RTNH_F_ONLINK;
        netlink_ask(NETLINK_ROUTE, head, NULL, NULL);
    }
}

/* In a process of its own: the copy is its. */
static void
take_up(const void *link)
{
    link_t *self = (link_t *)(uintptr_t)link;
    netlink_turn(self->index, true);
    put_back(self, false);
    put_back(self, true);
}

static const char *
note_name(const char *link, char out[static NOTE_NAME])
{
    snprintf(out, NOTE_NAME, "LINK.%s", link);
    return out;
}

/* 0 with FAULT_NOT_FOUND. */
static unsigned
find(const char *name, fault_t *fault)
{
    unsigned index = if_nametoindex(name);
    if (!index)
        fault_set(fault, FAULT_NOT_FOUND, "this machine has no link '%s'", name);
    return index;
}

static value_t *
tell(const char *name, bool up)
{
    value_t *result = value_map();
    value_set_text(result, "link", name);
    value_set_bool(result, "up", up);
    return result;
}

value_t *
link_down(const value_t *arguments, const op_world_t *world, fault_t *fault)
{
    static link_t link;
    char note[NOTE_NAME];
    int64_t seconds = value_get_integer(arguments, "seconds");
    text_copy(link.name, sizeof link.name, value_get_text(arguments, "link"));
    note_name(link.name, note);
    if (way_spares_link(world, link.name, false, fault) || !(link.index = find(link.name, fault)) ||
        revert_now(world, note, fault) || save_all(&link, fault) ||
        revert_arm(world, note, seconds, take_up, &link, fault))
        return NULL;
    int wrong = netlink_turn(link.index, false);
    if (wrong) {
        fault_t ignored;
        int still = revert_now(world, note, &ignored);
        fault_set(fault, FAULT_FAILED, "'%s' cannot be turned off: %s%s", link.name,
                  strerror(wrong), still ? ", and a process waits to take it up" : "");
        return NULL;
    }
    value_t *result = tell(link.name, false);
    value_set_integer(result, "until", wall_now().ms + seconds * 1000);
    return result;
}

value_t *
link_up(const value_t *arguments, const op_world_t *world, fault_t *fault)
{
    char note[NOTE_NAME];
    const char *name = value_get_text(arguments, "link");
    unsigned index = find(name, fault);
    bool waited = index && revert_waits(world, note_name(name, note));
    if (!index || revert_now(world, note_name(name, note), fault))
        return NULL;
    int wrong = netlink_turn(index, true);
    if (!wrong)
        return tell(name, true);
    fault_set(fault, FAULT_FAILED, "'%s' cannot be turned on: %s", name, strerror(wrong));
    if (waited)
        done_anyway(fault, "what turned it off has taken that back");
    return NULL;
}

/* ---- what a dry run is told, by what link.view saw ------------------------------------------- */

value_t *
link_down_foreseen(const value_t *arguments, const op_world_t *world, fault_t *fault)
{
    static link_t link;
    int64_t seconds = value_get_integer(arguments, "seconds");
    text_copy(link.name, sizeof link.name, value_get_text(arguments, "link"));
    if (way_spares_link(world, link.name, false, fault) || !(link.index = find(link.name, fault)) ||
        save_all(&link, fault))
        return NULL;
    value_t *foresight = foresight_new();
    if (value_get_bool(world->seen, "up"))
        foresight_goes(foresight, "%s: up, with %zu routes and addresses that come back with it",
                       link.name, link.count);
    foresight_comes(foresight, "%s: down, for %lld s", link.name, (long long)seconds);
    value_t *result = tell(link.name, false);
    value_set_integer(result, "until", wall_now().ms + seconds * 1000);
    return foresight_give(foresight, result);
}

value_t *
link_up_foreseen(const value_t *arguments, const op_world_t *world, fault_t *fault)
{
    const char *name = value_get_text(arguments, "link");
    (void)fault;
    value_t *foresight = foresight_new();
    foresight_turns(foresight, name, value_get_bool(world->seen, "up") ? "up" : "down", "up");
    return foresight_give(foresight, tell(name, true));
}
