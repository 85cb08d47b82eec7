/* SPDX-License-Identifier: Apache-2.0 */
/* faults/network - cases of ops upon links, routes, tracked connections and the firewall. */
#ifndef TOCSIN_FAULTS_NETWORK_H
#define TOCSIN_FAULTS_NETWORK_H

#include <linux/netfilter/nfnetlink.h>
#include <linux/netfilter/nfnetlink_conntrack.h>

#include "tests/unit/faults/case.h"
#include "worker/ops/netlink.h"

#define TABLE "nft list table inet tocsin 2>/dev/null | sed 's/expires [0-9a-z]*//g'"
#define CLEAR "nft delete table inet tocsin"
#define LINKS "ip link set spare0 up; ip route del 203.0.113.0/24"
#define ROUTE LINKS "; ip route add 203.0.113.0/24 via 192.0.3.2 proto 187"
/* Of a link that was turned on the kernel tells a moment later that it carries. */
#define WAY                                                                                \
    "for i in $(seq 500); do ip -o link show spare0 | grep -q NO-CARRIER || break; sleep " \
    "0.01; done; ip -o link show spare0 | cut -c1-60; ip route"
#define TRACKED                                                                               \
    "nft add table inet t; nft add chain inet t c '{ type filter hook output priority 0; }'"  \
    "; nft add rule inet t c ct state new accept; ip addr add 198.51.100.9/32 dev lo; "       \
    "ip route replace 203.0.113.7 dev spare0 src 198.51.100.9; ip neigh replace 203.0.113.7 " \
    "lladdr 02:00:00:00:00:07 dev spare0; for i in 1 2 3; do bash -c 'echo "                  \
    ">/dev/udp/203.0.113.7/'$i; done; "                                                       \
    "ip route del 203.0.113.7; ip addr del 198.51.100.9/32 dev lo"

static const case_t network_cases[] = {
    {.op = "conntrack.count", .always = SYS_openat},
    {.op = "conntrack.flush",
     .arguments = "source=198.51.100.9",
     .before = TRACKED,
     .thing = "cat /proc/sys/net/netfilter/nf_conntrack_count",
     .always = SYS_getsockname},
    {.op = "firewall.block",
     .arguments = "source=198.51.100.9 seconds=60",
     .before = CLEAR,
     .thing = TABLE},
    {.op = "firewall.block", .arguments = "source=192.0.2.1 seconds=60", .refused = true},
    {.op = "firewall.block", .arguments = "source=192.0.2.9 seconds=60", .refused = true},
    {.op = "firewall.limit",
     .arguments = "port=80 per_second=10 seconds=60",
     .before = CLEAR,
     .thing = TABLE},
    {.op = "firewall.list",
     .before = CLEAR,
     .first = "firewall.block source=198.51.100.9 seconds=60"},
    {.op = "firewall.unblock",
     .arguments = "source=198.51.100.9",
     .before = CLEAR,
     .first = "firewall.block source=198.51.100.9 seconds=60",
     .thing = TABLE},
    {.op = "firewall.unlimit",
     .arguments = "port=80",
     .before = CLEAR,
     .first = "firewall.limit port=80 per_second=10 seconds=60",
     .thing = TABLE},
    {.op = "firewall.view",
     .arguments = "source=198.51.100.9",
     .before = CLEAR,
     .first = "firewall.block source=198.51.100.9 seconds=60"},
    {.op = "host.isolate", .arguments = "seconds=60", .before = CLEAR, .thing = TABLE},
    {.op = "host.release",
     .arguments = "",
     .before = CLEAR,
     .first = "host.isolate seconds=60",
     .thing = TABLE},
    {.op = "link.down", .arguments = "link=spare0 seconds=60", .before = LINKS, .thing = WAY},
    {.op = "link.list"},
    {.op = "link.up",
     .arguments = "link=spare0",
     .before = LINKS,
     .first = "link.down link=spare0 seconds=60",
     .thing = WAY},
    {.op = "link.view", .arguments = "link=spare0"},
    {.op = "route.add",
     .arguments = "to=203.0.113.0/24 via=192.0.3.2 seconds=60",
     .before = LINKS,
     .thing = WAY},
    {.op = "route.remove", .arguments = "to=203.0.113.0/24", .before = ROUTE, .thing = WAY},
};

/* All of this network namespace's. */
USED static void
forget_tracked(void)
{
    char memory[NETLINK_REQUEST_MAX];
    int wrong = netlink_ask(NETLINK_NETFILTER,
                            netlink_begin(memory, NFNL_SUBSYS_CTNETLINK << 8 | IPCTNL_MSG_CT_DELETE,
                                          NLM_F_ACK, sizeof(struct nfgenmsg)),
                            NULL, NULL);
    (void)wrong; /* a kernel that tracks none has none */
}

#endif
