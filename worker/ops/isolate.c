/* SPDX-License-Identifier: Apache-2.0 */
/* An isolated machine is deaf and dumb but for loopback, management, and the way home. Nothing of
 * it asks the kernel what connections it tracks: an open one to anybody else is cut too. The rules
 * hold while two elements of a set live, and the kernel ends those. */
#include <stdio.h>

#include "worker/foresight.h"
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

/* Something that stays open, in a script or in words. */
typedef void opening_t(void *out, const net_t *net, const char *protocol, unsigned port);

/* Both ways with a port of another machine; nothing but answers comes in. */
static void
open_to(void *script, const net_t *net, const char *protocol, unsigned port)
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
each_name(const net_t *server, opening_t *opens, void *out)
{
    opens(out, server, "udp", 53);
    opens(out, server, "tcp", 53);
}

/* The way home, and what was asked for. */
static void
each_opening(const way_t *way, const value_t *arguments, opening_t *opens, void *out)
{
    net_t server;
    for (size_t i = 0; i < way->end_count; i++)
        opens(out, &way->ends[i].net, "tcp", way->ends[i].port);
    for (size_t i = 0; i < way->server_count; i++)
        each_name(&way->servers[i], opens, out);
    if (net_read_address(value_get_text(arguments, "name_server"), &server))
        each_name(&server, opens, out);
    if (net_read_address(value_get_text(arguments, "time_server"), &server))
        opens(out, &server, "udp", 123);
}

static int
find_way(way_t *way, const op_world_t *world, fault_t *fault)
{
    if (way_find(way, world, fault))
        return -1;
    return way->end_count ? 0
                          : fault_set(fault, FAULT_UNREACHABLE,
                                      "the way home is not known: no broker is configured");
}

static value_t *
tell_isolated(const way_t *way, int64_t seconds)
{
    value_t *result = value_map();
    value_set_bool(result, "isolated", true);
    value_set_integer(result, "until", wall_now().ms + seconds * 1000);
    value_set_integer(result, "brokers", (int64_t)way->end_count);
    return result;
}

static value_t *
tell_released(void)
{
    value_t *result = value_map();
    value_set_bool(result, "isolated", false);
    return result;
}

value_t *
host_isolate(const value_t *arguments, const op_world_t *world, fault_t *fault)
{
    way_t way;
    int64_t seconds = value_get_integer(arguments, "seconds");
    if (find_way(&way, world, fault))
        return NULL;
    CLEANUP(bytes_destroy) bytes_t *script = table_begin(world);
    bytes_add_text(script, upkeep);
    each_opening(&way, arguments, open_to, script);
    bytes_addf(script,
               "add rule inet tocsin isolate_in drop\n"
               "add rule inet tocsin isolate_out drop\n"
               "flush set inet tocsin isolated\n"
               "add element inet tocsin isolated { ipv4 timeout %llds, ipv6 timeout %llds }\n",
               (long long)seconds, (long long)seconds);
    return table_apply(script, fault) ? NULL : tell_isolated(&way, seconds);
}

value_t *
host_release(const value_t *arguments, const op_world_t *world, fault_t *fault)
{
    (void)arguments;
    CLEANUP(bytes_destroy) bytes_t *script = table_begin(world);
    bytes_add_text(script, "flush set inet tocsin isolated\n"
                           "flush chain inet tocsin isolate_in\n"
                           "flush chain inet tocsin isolate_out\n");
    return table_apply(script, fault) ? NULL : tell_released();
}

/* ---- what a dry run is told ------------------------------------------------------------------ */

#define CUT "drop all but loopback, management and what is let through, for %lld s"

/* In words, as firewall.list says them; one that stands there already is not told twice. */
static void
list_opening(void *list, const net_t *net, const char *protocol, unsigned port)
{
    char address[64], text[128];
    netlink_write_net(net, address, sizeof address);
    snprintf(text, sizeof text, "%s to %s port %u", protocol, address, port);
    for (size_t i = 0; i < value_count(list); i++)
        if (!strcmp(value_string(value_at(list, i)), text))
            return;
    value_append(list, value_text(text));
}

static bool
has(const value_t *list, const char *text)
{
    for (size_t i = 0; i < value_count(list); i++)
        if (!strcmp(value_string(value_at(list, i)), text))
            return true;
    return false;
}

/* Those of the first list that the second has not. */
static void
tell_passes(value_t *foresight, const value_t *first, const value_t *second,
            void (*tells)(value_t *self, const char *format, ...))
{
    for (size_t i = 0; i < value_count(first); i++)
        if (!has(second, value_string(value_at(first, i))))
            tells(foresight, "let through %s", value_string(value_at(first, i)));
}

value_t *
host_isolate_foreseen(const value_t *arguments, const op_world_t *world, fault_t *fault)
{
    way_t way;
    int64_t seconds = value_get_integer(arguments, "seconds");
    int64_t held_s = value_get_integer(world->seen, "isolated_s");
    const value_t *before = held_s ? value_get(world->seen, "passes") : NULL;
    if (find_way(&way, world, fault))
        return NULL;
    CLEANUP(value_destroy) value_t *after = value_list();
    each_opening(&way, arguments, list_opening, after);
    value_t *foresight = foresight_new();
    table_foretell(foresight, table_is_seen(world->seen));
    if (held_s)
        foresight_goes(foresight, CUT " more", (long long)held_s);
    tell_passes(foresight, before, after, foresight_goes);
    foresight_comes(foresight, CUT, (long long)seconds);
    tell_passes(foresight, after, before, foresight_comes);
    return foresight_give(foresight, tell_isolated(&way, seconds));
}

value_t *
host_release_foreseen(const value_t *arguments, const op_world_t *world, fault_t *fault)
{
    int64_t held_s = value_get_integer(world->seen, "isolated_s");
    (void)arguments, (void)fault;
    value_t *foresight = foresight_new();
    table_foretell(foresight, table_is_seen(world->seen));
    if (held_s) {
        foresight_goes(foresight, CUT " more", (long long)held_s);
        tell_passes(foresight, value_get(world->seen, "passes"), NULL, foresight_goes);
    }
    return foresight_give(foresight, tell_released());
}
