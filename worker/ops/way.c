/* SPDX-License-Identifier: Apache-2.0 */
#include "worker/ops/way.h"

#include <errno.h>
#include <ifaddrs.h>
#include <linux/rtnetlink.h>
#include <netdb.h>
#include <stdio.h>

#include "common/file.h"
#include "worker/ops/machine.h"
#include "worker/ops/netlink.h"

#define LINKS_MAX         1024
#define RESOLVER_FILE_MAX 65536
#define DEPTH_MAX         8 /* of links that stand on each other */

static net_t
net_of(const struct sockaddr *at)
{
    net_t net = {0};
    if (at->sa_family == AF_INET) {
        net.bits = net.prefix = 32;
        memcpy(net.bytes, &((const struct sockaddr_in *)(const void *)at)->sin_addr, 4);
    } else if (at->sa_family == AF_INET6) {
        net.bits = net.prefix = 128;
        memcpy(net.bytes, &((const struct sockaddr_in6 *)(const void *)at)->sin6_addr, 16);
    }
    return net;
}

/* ---- where the brokers are ---------------------------------------------------------------- */

/* "tcp://HOST:PORT", with brackets around an IPv6 address. */
static bool
split(const char *endpoint, char host[static 256], char port[static 8])
{
    const char *from = endpoint + strlen("tcp://"), *colon = strrchr(from, ':');
    size_t size = colon ? (size_t)(colon - from) : 0;
    if (size > 2 && from[0] == '[' && from[size - 1] == ']') {
        from++;
        size -= 2;
    }
    if (!size || size >= 256 || !text_copy(port, 8, colon + 1))
        return false;
    memcpy(host, from, size);
    host[size] = '\0';
    return true;
}

static void
add_server(way_t *self, char *word)
{
    net_t net;
    word[strcspn(word, "%\r")] = '\0';
    if (self->server_count < WAY_SERVERS_MAX && net_read_address(word, &net))
        self->servers[self->server_count++] = net;
}

/* "nameserver ADDRESS", with blanks and tabs between, and anything behind (resolv.conf(5)). */
static void
read_servers(way_t *self, const bytes_t *text)
{
    static const char key[] = "nameserver";
    char line[256];
    for (const char *from = bytes_text(text); line_next(&from, line, sizeof line);) {
        char *at = line + sizeof key - 1;
        char *word = !strncmp(line, key, sizeof key - 1) && (*at == ' ' || *at == '\t')
                         ? word_next(&at)
                         : NULL;
        if (word)
            add_server(self, word);
    }
}

/* The resolver's own file, and behind it systemd's, which names those that its stub asks. */
static int
add_servers(way_t *self, fault_t *fault)
{
    static const char *const files[] = {"/etc/resolv.conf", "/run/systemd/resolve/resolv.conf"};
    for (size_t i = 0; i < ARRAY_SIZE(files); i++) {
        fault_t why = {0};
        CLEANUP(bytes_destroy) bytes_t *text = file_read(files[i], RESOLVER_FILE_MAX, &why);
        if (text)
            read_servers(self, text);
        else if (why.code != FAULT_NOT_FOUND)
            return fault_set(fault, why.code, "the way home is not known: %s", why.text);
    }
    return 0;
}

static int
add_broker(way_t *self, const char *endpoint, fault_t *fault)
{
    char host[256], port[8];
    net_t literal;
    struct addrinfo hints = {.ai_socktype = SOCK_STREAM, .ai_flags = AI_NUMERICSERV}, *all = NULL;
    int wrong = split(endpoint, host, port) ? getaddrinfo(host, port, &hints, &all) : EAI_NONAME;
    if (wrong)
        return fault_set(fault, FAULT_UNREACHABLE, "the way home is not known: broker '%.100s': %s",
                         endpoint, gai_strerror(wrong));
    for (const struct addrinfo *at = all; at && self->end_count < WAY_ENDS_MAX; at = at->ai_next)
        self->ends[self->end_count++] =
            (way_end_t){net_of(at->ai_addr),
                        ntohs(((const struct sockaddr_in *)(const void *)at->ai_addr)->sin_port)};
    freeaddrinfo(all);
    return self->server_count || net_read_address(host, &literal) ? 0 : add_servers(self, fault);
}

int
way_find(way_t *self, const op_world_t *world, fault_t *fault)
{
    *self = (way_t){.policy = world->policy};
    for (size_t i = 0; world->settings && i < world->settings->broker_count; i++)
        if (add_broker(self, world->settings->brokers[i].endpoint, fault))
            return -1;
    return 0;
}

/* ---- what must stay open ------------------------------------------------------------------ */

static int
refuse(const net_t *net, const net_t *met, const char *what, fault_t *fault)
{
    char asked[64], other[64];
    netlink_write_net(net, asked, sizeof asked);
    netlink_write_net(met, other, sizeof other);
    return fault_set(fault, FAULT_POLICY, "'%s' would touch %s, which is %s", asked, other, what);
}

static int
spares_special(const net_t *net, fault_t *fault)
{
    static const char *const special[] = {"127.0.0.0/8", "224.0.0.0/4", "::1", "fe80::/10",
                                          "ff00::/8"};
    net_t one;
    for (size_t i = 0; i < ARRAY_SIZE(special); i++)
        if ((net_read_network(special[i], &one) || net_read_address(special[i], &one)) &&
            net_overlap(net, &one))
            return refuse(net, &one, "loopback, link-local or multicast", fault);
    return 0;
}

static int
spares_own(const net_t *net, fault_t *fault)
{
    struct ifaddrs *all = NULL;
    int wrong = getifaddrs(&all) ? fault_errno(fault, "this machine's addresses") : 0;
    for (const struct ifaddrs *at = all; at && !wrong; at = at->ifa_next) {
        net_t own = at->ifa_addr ? net_of(at->ifa_addr) : (net_t){0};
        if (own.bits && net_overlap(net, &own))
            wrong = refuse(net, &own, "an address of this machine", fault);
    }
    freeifaddrs(all);
    return wrong;
}

typedef struct {
    const net_t *net;
    net_t met; /* a router; bits 0 for none */
} routers_t;

static void
on_router(const struct nlattr *router, unsigned index, void *routers)
{
    routers_t *self = routers;
    char text[INET6_ADDRSTRLEN];
    net_t one;
    (void)index;
    if (router && net_read_address(netlink_address(router, text), &one) &&
        net_overlap(self->net, &one))
        self->met = one;
}

static void
on_route(const struct nlmsghdr *message, void *routers)
{
    const struct nlattr *has[RTA_MAX + 1];
    netlink_attributes(message, sizeof(struct rtmsg), has, RTA_MAX);
    if (message->nlmsg_type != RTM_NEWROUTE)
        return;
    on_router(has[RTA_GATEWAY], 0, routers);
    netlink_hops(has[RTA_MULTIPATH], on_router, routers);
}

static void
forget_router(void *routers)
{
    ((routers_t *)routers)->met = (net_t){0};
}

static int
spares_routers(const net_t *net, fault_t *fault)
{
    char memory[NETLINK_REQUEST_MAX];
    routers_t routers = {.net = net};
    int wrong =
        netlink_dump(NETLINK_ROUTE, netlink_begin(memory, RTM_GETROUTE, 0, sizeof(struct rtmsg)),
                     on_route, forget_router, &routers);
    if (wrong)
        return fault_set(fault, FAULT_IO, "the routes cannot be read: %s", netlink_error(wrong));
    return routers.met.bits ? refuse(net, &routers.met, "a router of this machine", fault) : 0;
}

/* The end or network that it has a part of; NULL for none. */
static const net_t *
find_met(const way_t *self, const net_t *net, const char **what)
{
    const net_t *at;
    for (size_t i = 0; i < self->end_count; i++)
        if (net_overlap(net, &self->ends[i].net)) {
            *what = "a broker";
            return &self->ends[i].net;
        }
    for (size_t i = 0; i < self->server_count; i++)
        if (net_overlap(net, &self->servers[i])) {
            *what = "a name server that finds the brokers";
            return &self->servers[i];
        }
    for (size_t i = 0; (at = policy_management(self->policy, i)); i++)
        if (net_overlap(net, at)) {
            *what = "management, as the policy says";
            return at;
        }
    return NULL;
}

bool
way_meets(const way_t *self, const net_t *net)
{
    const char *what;
    return find_met(self, net, &what);
}

int
way_spares(const way_t *self, const net_t *net, fault_t *fault)
{
    const char *what = NULL;
    const net_t *met = find_met(self, net, &what);
    if (met)
        return refuse(net, met, what, fault);
    if (spares_special(net, fault) || spares_own(net, fault))
        return -1;
    return spares_routers(net, fault);
}

/* ---- links under the way ------------------------------------------------------------------ */

typedef struct {
    size_t count;
    struct {
        unsigned index, below, above; /* what it stands on, and what it is a port of */
    } all[LINKS_MAX];
} links_t;

static void
on_link(const struct nlmsghdr *message, void *links)
{
    links_t *self = links;
    const struct ifinfomsg *head = mnl_nlmsg_get_payload(message);
    const struct nlattr *has[IFLA_MAX + 1];
    netlink_attributes(message, sizeof *head, has, IFLA_MAX);
    if (self->count == LINKS_MAX)
        return;
    self->all[self->count].index = (unsigned)head->ifi_index;
    self->all[self->count].below = has[IFLA_LINK_NETNSID] ? 0 : netlink_u32(has[IFLA_LINK]);
    self->all[self->count++].above = netlink_u32(has[IFLA_MASTER]);
}

static void
forget_links(void *links)
{
    ((links_t *)links)->count = 0;
}

static bool
rests_on(const links_t *self, unsigned top, unsigned link, int depth)
{
    if (top == link)
        return true;
    for (size_t i = 0; depth && i < self->count; i++) {
        unsigned index = self->all[i].index;
        unsigned next = index == top && self->all[i].below != top ? self->all[i].below
                        : self->all[i].above == top               ? index
                                                                  : 0;
        if (next && rests_on(self, next, link, depth - 1))
            return true;
    }
    return false;
}

static void
on_way(const struct nlmsghdr *message, void *index)
{
    const struct nlattr *has[RTA_MAX + 1];
    netlink_attributes(message, sizeof(struct rtmsg), has, RTA_MAX);
    *(unsigned *)index = netlink_u32(has[RTA_OIF]);
}

/* The link by which a packet there leaves; 0 for none. */
static unsigned
link_to(const net_t *net)
{
    char memory[NETLINK_REQUEST_MAX];
    unsigned index = 0;
    struct nlmsghdr *request = netlink_begin(memory, RTM_GETROUTE, 0, sizeof(struct rtmsg));
    struct rtmsg *head = mnl_nlmsg_get_payload(request);
    head->rtm_family = (uint8_t)netlink_family(net);
    head->rtm_dst_len = (uint8_t)net->bits;
    mnl_attr_put(request, RTA_DST, netlink_bytes(net), net->bytes);
    return netlink_ask(NETLINK_ROUTE, request, on_way, &index) ? 0 : index;
}

/* unknown: what is said of an end that no route leads to. */
static bool
leads_there(const links_t *links, const net_t *end, unsigned index, bool unknown)
{
    unsigned by = link_to(end);
    return by ? rests_on(links, by, index, DEPTH_MAX) : unknown;
}

static bool
needs_link(const way_t *self, unsigned index, bool unknown)
{
    static links_t links;
    char memory[NETLINK_REQUEST_MAX];
    const net_t *at;
    bool needed = false;
    links.count = 0;
    if (netlink_dump(NETLINK_ROUTE, netlink_begin(memory, RTM_GETLINK, 0, sizeof(struct ifinfomsg)),
                     on_link, forget_links, &links) ||
        links.count == LINKS_MAX)
        return true; /* not known to be spared */
    for (size_t i = 0; !needed && i < self->end_count; i++)
        needed = leads_there(&links, &self->ends[i].net, index, unknown);
    for (size_t i = 0; !needed && i < self->server_count; i++)
        needed = leads_there(&links, &self->servers[i], index, unknown);
    for (size_t i = 0; !needed && (at = policy_management(self->policy, i)); i++)
        needed = leads_there(&links, at, index, unknown);
    return needed;
}

int
way_spares_link(const op_world_t *world, const char *link, bool mends, fault_t *fault)
{
    way_t way;
    unsigned index = if_nametoindex(link);
    if (!index)
        return fault_set(fault, FAULT_NOT_FOUND, "this machine has no link '%s'", link);
    if (way_find(&way, world, fault))
        return -1;
    if (!way.end_count)
        return fault_set(fault, FAULT_UNREACHABLE,
                         "the way home is not known: no broker is configured");
    if (!strcmp(link, "lo") || needs_link(&way, index, !mends))
        return fault_set(fault, FAULT_POLICY,
                         "'%s' is a link that the way home or management needs", link);
    return 0;
}
