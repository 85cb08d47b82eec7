/* SPDX-License-Identifier: Apache-2.0 */
/* An isolated machine is deaf and dumb but for loopback, management, and the way home. Nothing of
 * it asks the kernel what connections it tracks: an open one to anybody else is cut too. The rules
 * hold while two elements of a set live, and the kernel ends those. */
#include "worker/ops/bodies.h"
#include "worker/ops/netlink.h"
#include "worker/ops/table.h"
#include "worker/ops/way.h"

/* Neighbours must be found and addresses kept, or the way home would go after minutes; what says
 * that a packet was too large or did not arrive is heard. */
static const char upkeep[] =
    "flush chain inet tocsin isolate_in\n"
    "flush chain inet tocsin isolate_out\n"
    "add rule inet tocsin isolate_in icmpv6 type { nd-neighbor-solicit, nd-neighbor-advert, "
    "nd-router-advert, packet-too-big, destination-unreachable } accept\n"
    "add rule inet tocsin isolate_out icmpv6 type { nd-neighbor-solicit, nd-neighbor-advert, "
    "nd-router-solicit } accept\n"
    "add rule inet tocsin isolate_in icmp type destination-unreachable accept\n"
    "add rule inet tocsin isolate_in udp sport 67 udp dport 68 accept\n"
    "add rule inet tocsin isolate_out udp sport 68 udp dport 67 accept\n"
    "add rule inet tocsin isolate_in udp sport 547 udp dport 546 accept\n"
    "add rule inet tocsin isolate_out udp sport 546 udp dport 547 accept\n";

/* Both ways with a port of another machine; nothing but answers comes in. */
static void
open_to(bytes_t *script, const net_t *net, const char *protocol, unsigned port)
{
    char text[64];
    const char *ip = net->bits == 32 ? "ip" : "ip6";
    const char *answer = strcmp(protocol, "tcp") ? "" : " tcp flags & (syn | ack) != syn";
    netlink_write_net(net, text, sizeof text);
    bytes_addf(script, "add rule inet tocsin isolate_out %s daddr %s %s dport %u accept\n", ip,
               text, protocol, port);
    bytes_addf(script, "add rule inet tocsin isolate_in %s saddr %s %s sport %u%s accept\n", ip,
               text, protocol, port, answer);
}

static void
open_names(bytes_t *script, const net_t *server)
{
    open_to(script, server, "udp", 53);
    open_to(script, server, "tcp", 53);
}

static void
open_way(bytes_t *script, const way_t *way)
{
    for (size_t i = 0; i < way->end_count; i++)
        open_to(script, &way->ends[i].net, "tcp", way->ends[i].port);
    for (size_t i = 0; i < way->server_count; i++)
        open_names(script, &way->servers[i]);
}

static void
open_asked(bytes_t *script, const value_t *arguments)
{
    net_t server;
    if (net_read_address(value_get_text(arguments, "name_server"), &server))
        open_names(script, &server);
    if (net_read_address(value_get_text(arguments, "time_server"), &server))
        open_to(script, &server, "udp", 123);
}

value_t *
host_isolate(const value_t *arguments, const op_world_t *world, fault_t *fault)
{
    way_t way;
    int64_t seconds = value_get_integer(arguments, "seconds");
    if (way_find(&way, world, fault))
        return NULL;
    if (!way.end_count) {
        fault_set(fault, FAULT_UNREACHABLE, "the way home is not known: no broker is configured");
        return NULL;
    }
    CLEANUP(bytes_destroy) bytes_t *script = table_begin(world);
    bytes_add_text(script, upkeep);
    open_way(script, &way);
    open_asked(script, arguments);
    bytes_addf(script,
               "add rule inet tocsin isolate_in drop\n"
               "add rule inet tocsin isolate_out drop\n"
               "flush set inet tocsin isolated\n"
               "add element inet tocsin isolated { ipv4 timeout %llds, ipv6 timeout %llds }\n",
               (long long)seconds, (long long)seconds);
    if (table_apply(script, fault))
        return NULL;
    value_t *result = value_map();
    value_set_bool(result, "isolated", true);
    value_set_integer(result, "until", wall_now().ms + seconds * 1000);
    value_set_integer(result, "brokers", (int64_t)way.end_count);
    return result;
}

value_t *
host_release(const value_t *arguments, const op_world_t *world, fault_t *fault)
{
    (void)arguments;
    CLEANUP(bytes_destroy) bytes_t *script = table_begin(world);
    bytes_add_text(script, "flush set inet tocsin isolated\n"
                           "flush chain inet tocsin isolate_in\n"
                           "flush chain inet tocsin isolate_out\n");
    if (table_apply(script, fault))
        return NULL;
    value_t *result = value_map();
    value_set_bool(result, "isolated", false);
    return result;
}
