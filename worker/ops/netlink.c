/* SPDX-License-Identifier: Apache-2.0 */
#include "worker/ops/netlink.h"

#include <arpa/inet.h>
#include <assert.h>
#include <errno.h>
#include <linux/inet_diag.h>
#include <linux/rtnetlink.h>
#include <linux/sock_diag.h>
#include <stdio.h>
#include <string.h>

#include "worker/ops/asked.h"

#define ANSWER_BYTES (64 * 1024)

typedef struct {
    netlink_on_t *on;
    void *context;
} listener_t;

static int
on_message(const struct nlmsghdr *message, void *listener)
{
    listener_t *self = listener;
    if (self->on)
        self->on(message, self->context);
    return MNL_CB_OK;
}

/* 0 or an errno. */
static int
converse(struct mnl_socket *line, struct nlmsghdr *request, listener_t *listener)
{
    static char answer[ANSWER_BYTES] __attribute__((aligned(8)));
    unsigned port = mnl_socket_get_portid(line);
    bool dump = request->nlmsg_flags & NLM_F_DUMP;
    if (mnl_socket_sendto(line, request, request->nlmsg_len) < 0)
        return errno;
    for (;;) {
        ssize_t got = mnl_socket_recvfrom(line, answer, sizeof answer);
        int more =
            got < 0 ? -1
                    : mnl_cb_run(answer, (size_t)got, NETLINK_SEQUENCE, port, on_message, listener);
        if (more < 0)
            return errno;
        if (more == MNL_CB_STOP || (!dump && !(request->nlmsg_flags & NLM_F_ACK)))
            return 0;
    }
}

struct nlmsghdr *
netlink_begin(void *memory, int type, int flags, size_t size)
{
    struct nlmsghdr *self = mnl_nlmsg_put_header(memory);
    self->nlmsg_type = (uint16_t)type;
    self->nlmsg_flags = (uint16_t)(NLM_F_REQUEST | flags);
    self->nlmsg_seq = NETLINK_SEQUENCE;
    mnl_nlmsg_put_extra_header(self, size);
    return self;
}

int
netlink_ask(int bus, struct nlmsghdr *request, netlink_on_t *on, void *context)
{
    listener_t listener = {on, context};
    assert(request->nlmsg_len <= NETLINK_REQUEST_MAX);
    struct mnl_socket *line = mnl_socket_open2(bus, SOCK_CLOEXEC);
    if (!line)
        return errno;
    int wrong = mnl_socket_bind(line, 0, MNL_SOCKET_AUTOPID) < 0
                    ? errno
                    : converse(line, request, &listener);
    mnl_socket_close(line);
    return wrong;
}

int
netlink_dump(int bus, struct nlmsghdr *request, netlink_on_t *on, netlink_afresh_t *afresh,
             void *context)
{
    int wrong = EINTR;
    request->nlmsg_flags |= NLM_F_DUMP;
    for (int i = 0; i < NETLINK_TRIES && wrong == EINTR; i++) {
        if (i)
            afresh(context);
        wrong = netlink_ask(bus, request, on, context);
    }
    return wrong;
}

const char *
netlink_error(int wrong)
{
    return wrong == EINTR ? "something changed each time that the kernel told them"
                          : strerror(wrong);
}

int
netlink_sockets(int family, int protocol, uint32_t states, netlink_on_t *on, void *context)
{
    char memory[NETLINK_REQUEST_MAX];
    struct nlmsghdr *request =
        netlink_begin(memory, SOCK_DIAG_BY_FAMILY, NLM_F_DUMP, sizeof(struct inet_diag_req_v2));
    struct inet_diag_req_v2 *head = mnl_nlmsg_get_payload(request);
    head->sdiag_family = (uint8_t)family;
    head->sdiag_protocol = (uint8_t)protocol;
    head->idiag_states = states;
    int wrong = netlink_ask(NETLINK_SOCK_DIAG, request, on, context);
    return wrong == ENOENT ? 0 : wrong;
}

typedef struct {
    const struct nlattr **out;
    unsigned most;
} table_t;

static int
on_attribute(const struct nlattr *attribute, void *table)
{
    table_t *self = table;
    if (mnl_attr_get_type(attribute) <= self->most)
        self->out[mnl_attr_get_type(attribute)] = attribute;
    return MNL_CB_OK;
}

void
netlink_attributes(const struct nlmsghdr *message, size_t size, const struct nlattr **out,
                   unsigned most)
{
    table_t table = {out, most};
    memset(out, 0, (most + 1) * sizeof *out);
    mnl_attr_parse(message, (unsigned)size, on_attribute, &table);
}

void
netlink_nested(const struct nlattr *nest, const struct nlattr **out, unsigned most)
{
    table_t table = {out, most};
    memset(out, 0, (most + 1) * sizeof *out);
    if (nest)
        mnl_attr_parse_nested(nest, on_attribute, &table);
}

static int
on_hop_attribute(const struct nlattr *attribute, void *router)
{
    if (mnl_attr_get_type(attribute) == RTA_GATEWAY)
        *(const struct nlattr **)router = attribute;
    return MNL_CB_OK;
}

void
netlink_hops(const struct nlattr *many, netlink_on_hop_t *on, void *context)
{
    const struct rtnexthop *hop = many ? mnl_attr_get_payload(many) : NULL;
    size_t left = many ? mnl_attr_get_payload_len(many) : 0;
    while (left >= sizeof *hop && hop->rtnh_len >= sizeof *hop && hop->rtnh_len <= left) {
        const struct nlattr *router = NULL;
        mnl_attr_parse_payload(hop + 1, hop->rtnh_len - sizeof *hop, on_hop_attribute, &router);
        on(router, (unsigned)hop->rtnh_ifindex, context);
        size_t step = RTNH_ALIGN(hop->rtnh_len);
        left -= step < left ? step : left;
        hop = RTNH_NEXT(hop);
    }
}

uint32_t
netlink_u32(const struct nlattr *attribute)
{
    bool whole = attribute && mnl_attr_get_payload_len(attribute) >= sizeof(uint32_t);
    return whole ? mnl_attr_get_u32(attribute) : 0;
}

const char *
netlink_address(const struct nlattr *attribute, char out[static INET6_ADDRSTRLEN])
{
    size_t size = attribute ? mnl_attr_get_payload_len(attribute) : 0;
    out[0] = '\0';
    if (size == 4 || size == 16)
        inet_ntop(size == 4 ? AF_INET : AF_INET6, mnl_attr_get_payload(attribute), out,
                  INET6_ADDRSTRLEN);
    return out;
}

const char *
netlink_name(unsigned index, char out[static NETLINK_NAME_MAX])
{
    char raw[IFNAMSIZ] = "";
    asked_printable(out, NETLINK_NAME_MAX, if_indextoname(index, raw) ? raw : "");
    return out;
}

int
netlink_turn(unsigned index, bool up)
{
    char memory[NETLINK_REQUEST_MAX];
    struct nlmsghdr *request =
        netlink_begin(memory, RTM_NEWLINK, NLM_F_ACK, sizeof(struct ifinfomsg));
    struct ifinfomsg *head = mnl_nlmsg_get_payload(request);
    head->ifi_index = (int)index;
    head->ifi_change = IFF_UP;
    head->ifi_flags = up ? IFF_UP : 0;
    return netlink_ask(NETLINK_ROUTE, request, NULL, NULL);
}

int
netlink_family(const net_t *net)
{
    return net->bits == 32 ? AF_INET : AF_INET6;
}

size_t
netlink_bytes(const net_t *net)
{
    return net->bits / 8;
}

void
netlink_write_net(const net_t *net, char *out, size_t size)
{
    char address[INET6_ADDRSTRLEN];
    inet_ntop(netlink_family(net), net->bytes, address, sizeof address);
    if (net->prefix == net->bits)
        snprintf(out, size, "%s", address);
    else
        snprintf(out, size, "%s/%u", address, net->prefix);
}
