/* SPDX-License-Identifier: Apache-2.0 */
/* A bond takes a link that is down, in nothing else and without an address of its own; it turns it
 * on by itself. */
#include <errno.h>
#include <linux/if_link.h>
#include <linux/rtnetlink.h>

#include "worker/foresight.h"
#include "worker/ops/bodies.h"
#include "worker/ops/netlink.h"
#include "worker/ops/way.h"

typedef struct {
    unsigned index, master;
    bool is_bond, up, has_address;
} link_t;

static void
on_link(const struct nlmsghdr *message, void *link)
{
    link_t *self = link;
    const struct ifinfomsg *head = mnl_nlmsg_get_payload(message);
    const struct nlattr *has[IFLA_MAX + 1], *inner[IFLA_INFO_MAX + 1];
    netlink_attributes(message, sizeof *head, has, IFLA_MAX);
    netlink_nested(has[IFLA_LINKINFO], inner, IFLA_INFO_MAX);
    self->up = head->ifi_flags & IFF_UP;
    self->master = netlink_u32(has[IFLA_MASTER]);
    self->is_bond =
        inner[IFLA_INFO_KIND] && !strcmp(mnl_attr_get_str(inner[IFLA_INFO_KIND]), "bond");
}

/* One that was given to it: IPv6 has one of the link's own. */
static void
on_address(const struct nlmsghdr *message, void *link)
{
    link_t *self = link;
    const struct ifaddrmsg *head = mnl_nlmsg_get_payload(message);
    if (head->ifa_index == self->index && head->ifa_scope < RT_SCOPE_LINK)
        self->has_address = true;
}

static void
forget_address(void *link)
{
    ((link_t *)link)->has_address = false;
}

static int
look(const char *name, link_t *self, fault_t *fault)
{
    char memory[NETLINK_REQUEST_MAX];
    *self = (link_t){.index = if_nametoindex(name)};
    if (!self->index)
        return fault_set(fault, FAULT_NOT_FOUND, "this machine has no link '%s'", name);
    struct nlmsghdr *request = netlink_begin(memory, RTM_GETLINK, 0, sizeof(struct ifinfomsg));
    ((struct ifinfomsg *)mnl_nlmsg_get_payload(request))->ifi_index = (int)self->index;
    int wrong = netlink_ask(NETLINK_ROUTE, request, on_link, self);
    request = netlink_begin(memory, RTM_GETADDR, 0, sizeof(struct ifaddrmsg));
    wrong = wrong ? wrong : netlink_dump(NETLINK_ROUTE, request, on_address, forget_address, self);
    return wrong ? fault_set(fault, FAULT_IO, "'%s' and its addresses cannot be looked at: %s",
                             name, netlink_error(wrong))
                 : 0;
}

typedef struct {
    const char *link_name, *bond_name;
    link_t link, bond;
    bool was_in;
} joining_t;

/* Looks at both, and refuses what must not be done. */
static int
prepare(joining_t *self, const value_t *arguments, const op_world_t *world, fault_t *fault)
{
    char master[NETLINK_NAME_MAX];
    const char *link = self->link_name = value_get_text(arguments, "link");
    const char *bond = self->bond_name = value_get_text(arguments, "bond");
    if (look(link, &self->link, fault) || look(bond, &self->bond, fault))
        return -1;
    if (self->link.index == self->bond.index)
        return fault_set(fault, FAULT_ARGUMENT, "'%s' cannot be a part of itself", link);
    self->was_in = self->bond.is_bond && self->link.master == self->bond.index;
    if (self->was_in)
        return 0;
    if (self->link.master)
        return fault_set(fault, FAULT_CONFLICT, "'%s' is a part of '%s'", link,
                         netlink_name(self->link.master, master));
    if (self->link.has_address)
        return fault_set(fault, FAULT_CONFLICT, "'%s' has addresses of its own", link);
    if (way_spares_link(world, link, true, fault))
        return -1;
    return self->bond.is_bond ? 0 : fault_set(fault, FAULT_FAILED, "'%s' is no bond", bond);
}

/* 0 or an errno. */
static int
join(const link_t *link, const link_t *bond)
{
    char memory[NETLINK_REQUEST_MAX];
    struct nlmsghdr *request =
        netlink_begin(memory, RTM_NEWLINK, NLM_F_ACK, sizeof(struct ifinfomsg));
    ((struct ifinfomsg *)mnl_nlmsg_get_payload(request))->ifi_index = (int)link->index;
    mnl_attr_put_u32(request, IFLA_MASTER, bond->index);
    int wrong = link->up ? netlink_turn(link->index, false) : 0;
    wrong = wrong ? wrong : netlink_ask(NETLINK_ROUTE, request, NULL, NULL);
    if (wrong && link->up)
        netlink_turn(link->index, true);
    return wrong;
}

static value_t *
tell(const joining_t *self)
{
    value_t *result = value_map();
    value_set_text(result, "link", self->link_name);
    value_set_text(result, "bond", self->bond_name);
    value_set_bool(result, "was_in", self->was_in);
    return result;
}

value_t *
link_bond_join(const value_t *arguments, const op_world_t *world, fault_t *fault)
{
    joining_t joining;
    if (prepare(&joining, arguments, world, fault))
        return NULL;
    int wrong = joining.was_in ? 0 : join(&joining.link, &joining.bond);
    if (!wrong)
        return tell(&joining);
    fault_set(fault, FAULT_FAILED, "'%s' does not take '%s': %s", joining.bond_name,
              joining.link_name, strerror(wrong));
    return NULL;
}

value_t *
link_bond_join_foreseen(const value_t *arguments, const op_world_t *world, fault_t *fault)
{
    joining_t joining;
    if (prepare(&joining, arguments, world, fault))
        return NULL;
    value_t *foresight = foresight_new();
    if (!joining.was_in)
        foresight_comes(foresight, "%s: %s, up", joining.bond_name, joining.link_name);
    return foresight_give(foresight, tell(&joining));
}
