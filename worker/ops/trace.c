/* SPDX-License-Identifier: Apache-2.0 */
/* The way to an address, a router a time: UDP packets that live for so many hops, and what the
 * kernel puts into the socket's queue of errors when one dies (IP_RECVERR); so no right is needed.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <linux/errqueue.h>
#include <linux/icmp.h>
#include <linux/icmpv6.h>
#include <netdb.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include "worker/ops/asked.h"
#include "worker/ops/bodies.h"
#include "worker/ops/machine.h"

#define HOPS      20
#define WAIT_MS   1000
#define PORT      33434 /* where nobody listens; one more each hop */
#define REFUSED_4 ICMP_DEST_UNREACH
#define REFUSED_6 ICMPV6_DEST_UNREACH

typedef struct {
    struct sockaddr_storage to;
    socklen_t to_size;
    bool six;
} goal_t;

typedef struct {
    char address[INET6_ADDRSTRLEN]; /* "" where nobody said anything */
    int64_t rtt_us;
    bool last; /* from there it goes no further, or needs not */
    bool there;
} hop_t;

static void
take_offender(hop_t *hop, const struct sock_extended_err *error, const goal_t *goal)
{
    const struct sockaddr *from = SO_EE_OFFENDER(error);
    const struct sockaddr_in *four = (const void *)from;
    const struct sockaddr_in6 *six = (const void *)from, *to_six = (const void *)&goal->to;
    const struct sockaddr_in *to_four = (const void *)&goal->to;
    bool is_six = from->sa_family == AF_INET6;
    if (from->sa_family == AF_UNSPEC)
        return;
    inet_ntop(from->sa_family, is_six ? (const void *)&six->sin6_addr : &four->sin_addr,
              hop->address, sizeof hop->address);
    hop->last = error->ee_type == (is_six ? REFUSED_6 : REFUSED_4);
    hop->there = is_six ? !memcmp(&six->sin6_addr, &to_six->sin6_addr, 16)
                        : four->sin_addr.s_addr == to_four->sin_addr.s_addr;
}

/* What stands in the queue of errors, if anything. */
static bool
take_error(int fd, const goal_t *goal, hop_t *hop)
{
    char control[512] __attribute__((aligned(8))), byte;
    struct iovec room = {&byte, 1};
    struct msghdr message = {.msg_iov = &room,
                             .msg_iovlen = 1,
                             .msg_control = control,
                             .msg_controllen = sizeof control};
    if (recvmsg(fd, &message, MSG_ERRQUEUE | MSG_DONTWAIT) < 0)
        return false;
    for (struct cmsghdr *at = CMSG_FIRSTHDR(&message); at; at = CMSG_NXTHDR(&message, at)) {
        const struct sock_extended_err *error = (const void *)CMSG_DATA(at);
        if ((at->cmsg_level == SOL_IP && at->cmsg_type == IP_RECVERR) ||
            (at->cmsg_level == SOL_IPV6 && at->cmsg_type == IPV6_RECVERR))
            take_offender(hop, error, goal);
    }
    return hop->address[0];
}

static int
open_probe(const goal_t *goal, int hops)
{
    int on = 1, fd = socket(goal->to.ss_family, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    int level = goal->six ? SOL_IPV6 : SOL_IP;
    if (fd >= 0 &&
        (setsockopt(fd, level, goal->six ? IPV6_RECVERR : IP_RECVERR, &on, sizeof on) ||
         setsockopt(fd, level, goal->six ? IPV6_UNICAST_HOPS : IP_TTL, &hops, sizeof hops)))
        descriptor_close(&fd);
    return fd;
}

static int
probe(goal_t *goal, int hops, int64_t wait_ms, hop_t *hop, fault_t *fault)
{
    uint16_t port = htons((uint16_t)(PORT + hops));
    if (goal->six)
        ((struct sockaddr_in6 *)(void *)&goal->to)->sin6_port = port;
    else
        ((struct sockaddr_in *)(void *)&goal->to)->sin_port = port;
    CLEANUP(descriptor_close) int fd = open_probe(goal, hops);
    int64_t start = clock_us(CLOCK_MONOTONIC), left_ms = wait_ms;
    if (fd < 0)
        return fault_errno(fault, "a socket");
    if (sendto(fd, "tocsin", 6, 0, (struct sockaddr *)&goal->to, goal->to_size) < 0)
        return fault_set(fault, FAULT_UNREACHABLE, "no way there: %s", strerror(errno));
    for (; left_ms > 0; left_ms = wait_ms - (clock_us(CLOCK_MONOTONIC) - start) / 1000) {
        struct pollfd waiting = {.fd = fd};
        if (poll(&waiting, 1, (int)left_ms) == 1 && take_error(fd, goal, hop))
            break;
    }
    hop->rtt_us = clock_us(CLOCK_MONOTONIC) - start;
    return 0;
}

static value_t *
tell_hop(int number, const hop_t *hop)
{
    value_t *item = value_map();
    value_set_integer(item, "hop", number);
    if (!hop->address[0])
        return item;
    value_set_text(item, "address", hop->address);
    value_set_integer(item, "rtt_us", hop->rtt_us);
    return item;
}

static int
find(const char *address, goal_t *goal, fault_t *fault)
{
    struct addrinfo hints = {.ai_socktype = SOCK_DGRAM}, *all = NULL;
    int wrong = getaddrinfo(address, NULL, &hints, &all);
    if (wrong)
        return fault_set(fault, FAULT_UNREACHABLE, "'%.120s': %s", address, gai_strerror(wrong));
    memcpy(&goal->to, all->ai_addr, all->ai_addrlen);
    goal->to_size = all->ai_addrlen;
    goal->six = all->ai_family == AF_INET6;
    freeaddrinfo(all);
    return 0;
}

value_t *
net_traceroute(const value_t *arguments, const op_world_t *world, fault_t *fault)
{
    int most = (int)asked_or(arguments, "hops", HOPS);
    int64_t wait_ms = asked_or(arguments, "wait_ms", WAIT_MS);
    goal_t goal = {0};
    hop_t hop = {0};
    CLEANUP(value_destroy) value_t *list = value_list();
    (void)world;
    if (find(value_get_text(arguments, "address"), &goal, fault))
        return NULL;
    for (int i = 1; i <= most && !hop.last; i++) {
        hop = (hop_t){0};
        if (probe(&goal, i, wait_ms, &hop, fault))
            return NULL;
        value_append(list, tell_hop(i, &hop));
    }
    value_t *result = value_map();
    value_set(result, "hops", MOVE(list));
    value_set_bool(result, "reached", hop.last && hop.there);
    return result;
}
