/* SPDX-License-Identifier: Apache-2.0 */
/* netlink - one question to the kernel about its network, over libmnl, in the network namespace of
 * the caller. */
#ifndef TOCSIN_NETLINK_H
#define TOCSIN_NETLINK_H

#include <libmnl/libmnl.h>
#include <net/if.h>
#include <netinet/in.h>

#include "common/fault.h"
#include "common/net.h"

#define NETLINK_REQUEST_MAX 1024 /* bytes of a question */
#define NETLINK_NAME_MAX    IFNAMSIZ
#define NETLINK_SEQUENCE    1 /* of every question; each has a line of its own */
#define NETLINK_TRIES       20

/* Begins a question in memory of NETLINK_REQUEST_MAX bytes: a header and, behind it, size zeroed
 * bytes for the family's own, which mnl_nlmsg_get_payload finds. */
struct nlmsghdr *netlink_begin(void *memory, int type, int flags, size_t size);

typedef void netlink_on_t(const struct nlmsghdr *message, void *context);

/* Asks, and gives on (which may be NULL) every message of the answer. 0 or an errno. */
int netlink_ask(int bus, struct nlmsghdr *request, netlink_on_t *on, void *context);

/* Gives up what on was given until now. */
typedef void netlink_afresh_t(void *context);

/* Asks for a list. One that changes while the kernel tells it is marked by it (NLM_F_DUMP_INTR), as
 * things may stand in it twice or not at all: afresh, and it is asked for again, NETLINK_TRIES
 * times in all. 0 or an errno; EINTR where it changed every time. */
int netlink_dump(int bus, struct nlmsghdr *request, netlink_on_t *on, netlink_afresh_t *afresh,
                 void *context);

/* What is wrong with a list, as the end of a sentence about it. */
const char *netlink_error(int wrong);

/* Asks for the sockets of a family and protocol in any of these states (1 << TCP_...), each an
 * inet_diag_msg (sock_diag(7)). 0 or an errno; 0 too where the kernel has no such family. */
int netlink_sockets(int family, int protocol, uint32_t states, netlink_on_t *on, void *context);

/* The attributes of a message behind its family's size bytes, or of a nest, by their type; what is
 * of a type over most is left out. */
void netlink_attributes(const struct nlmsghdr *message, size_t size, const struct nlattr **out,
                        unsigned most);
void netlink_nested(const struct nlattr *nest, const struct nlattr **out, unsigned most);

/* Gives on every way that a route has of several (RTA_MULTIPATH, or NULL for none): the attribute
 * of its router, or NULL, and the index of its link, or 0. */
typedef void netlink_on_hop_t(const struct nlattr *router, unsigned index, void *context);
void netlink_hops(const struct nlattr *many, netlink_on_hop_t *on, void *context);

/* An attribute's number, or 0 where it is NULL or too short. */
uint32_t netlink_u32(const struct nlattr *attribute);

/* An attribute's bytes as an address, or "" where it is none. */
const char *netlink_address(const struct nlattr *attribute, char out[static INET6_ADDRSTRLEN]);

/* The name of a link, printable; "" where it is gone. */
const char *netlink_name(unsigned index, char out[static NETLINK_NAME_MAX]);

/* Turns a link on or off. 0 or an errno. */
int netlink_turn(unsigned index, bool up);

/* An address as the kernel takes it: 4 or 16 bytes. */
int netlink_family(const net_t *net);
size_t netlink_bytes(const net_t *net);

/* "ADDRESS/PREFIX" as the tables of common/net.h spell it. */
void netlink_write_net(const net_t *net, char *out, size_t size);

#endif
