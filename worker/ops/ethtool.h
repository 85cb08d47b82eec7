/* SPDX-License-Identifier: Apache-2.0 */
/* ethtool - what a link's driver tells of it, and does: asked over the generic netlink family
 * "ethtool", and by ioctl for what that has not. In the network namespace of the caller.
 *
 * Source: Documentation/networking/ethtool-netlink.rst and linux/ethtool.h of the kernel. */
#ifndef TOCSIN_ETHTOOL_H
#define TOCSIN_ETHTOOL_H

#include "worker/ops/netlink.h"

/* Asks one ETHTOOL_MSG_..._GET of a link: on is given the answer, whose attributes stand behind
 * ETHTOOL_HEAD bytes. 0 or an errno; EOPNOTSUPP where the driver does not tell. */
#define ETHTOOL_HEAD 4 /* bytes */
int ethtool_ask(const char *link, unsigned command, netlink_on_t *on, void *context);

/* SIOCETHTOOL: request begins with its ETHTOOL_... command. 0 or an errno. */
int ethtool_command(const char *link, void *request);

/* How a link is set; what the driver does not tell is absent: the number 0, the word NULL. */
typedef struct {
    bool negotiates; /* autonegotiation is on */
    uint32_t speed_mbps;
    const char *duplex; /* "full" or "half" */
} ethtool_mode_t;

/* 0 or an errno. */
int ethtool_mode(const char *link, ethtool_mode_t *out);

/* The same of an answer to ETHTOOL_MSG_LINKMODES_GET. */
ethtool_mode_t ethtool_read_mode(const struct nlmsghdr *message);

#endif
