/* SPDX-License-Identifier: Apache-2.0 */
/* Every block and limit ends by itself after its seconds. Applying one again renews it: its element
 * is taken out and put in again within one transaction, so that it never stands open between. */
#include <stdio.h>

#include "worker/foresight.h"
#include "worker/ops/bodies.h"
#include "worker/ops/netlink.h"
#include "worker/ops/table.h"
#include "worker/ops/way.h"

#define PREFIX_LEAST_4 8
#define PREFIX_LEAST_6 16
#define SOURCES_MAX    65535 /* that one limit counts; more of them pass */
#define SOURCE_SECONDS 60    /* that a limit remembers one */

static int64_t
until(const value_t *arguments)
{
    return wall_now().ms + value_get_integer(arguments, "seconds") * 1000;
}

/* ---- blocks ------------------------------------------------------------------------------- */

static int
read_source(const value_t *arguments, net_t *out, fault_t *fault)
{
    const char *text = value_get_text(arguments, "source");
    if (!net_read(text, out))
        return fault_set(fault, FAULT_ARGUMENT, "'%.64s' is no address or network", text);
    unsigned least = out->bits == 32 ? PREFIX_LEAST_4 : PREFIX_LEAST_6;
    if (out->prefix < least)
        return fault_set(fault, FAULT_POLICY, "'%.64s' is wider than a /%u: that much is no source",
                         text, least);
    return 0;
}

static void
add_block(bytes_t *script, const char *verb, const net_t *net, const char *timeout)
{
    char text[64];
    netlink_write_net(net, text, sizeof text);
    bytes_addf(script, "%s element inet tocsin blocked%d { %s%s }\n", verb, net->bits == 32 ? 4 : 6,
               text, timeout);
}

static value_t *
tell_block(const value_t *arguments, bool blocked)
{
    value_t *result = value_map();
    value_set_text(result, "source", value_get_text(arguments, "source"));
    value_set_bool(result, "blocked", blocked);
    if (blocked)
        value_set_integer(result, "until", until(arguments));
    return result;
}

/* A source that may be blocked. */
static int
find_source(const value_t *arguments, const op_world_t *world, net_t *net, fault_t *fault)
{
    way_t way;
    return read_source(arguments, net, fault) || way_find(&way, world, fault) ||
                   way_spares(&way, net, fault)
               ? -1
               : 0;
}

value_t *
firewall_block(const value_t *arguments, const op_world_t *world, fault_t *fault)
{
    net_t net;
    char timeout[32];
    if (find_source(arguments, world, &net, fault))
        return NULL;
    snprintf(timeout, sizeof timeout, " timeout %llds",
             (long long)value_get_integer(arguments, "seconds"));
    CLEANUP(bytes_destroy) bytes_t *script = table_begin(world);
    add_block(script, "add", &net, timeout);
    add_block(script, "delete", &net, "");
    add_block(script, "add", &net, timeout);
    return table_apply(script, fault) ? NULL : tell_block(arguments, true);
}

value_t *
firewall_unblock(const value_t *arguments, const op_world_t *world, fault_t *fault)
{
    net_t net;
    if (read_source(arguments, &net, fault))
        return NULL;
    CLEANUP(bytes_destroy) bytes_t *script = table_begin(world);
    add_block(script, "add", &net, " timeout 1s");
    add_block(script, "delete", &net, "");
    return table_apply(script, fault) ? NULL : tell_block(arguments, false);
}

/* What firewall.view saw of it goes. */
static void
foretell_unblock(value_t *foresight, const value_t *arguments, const op_world_t *world)
{
    if (value_get_bool(world->seen, "blocked"))
        foresight_goes(foresight, "drop all from and to %s, for %lld s more",
                       value_get_text(arguments, "source"),
                       (long long)value_get_integer(world->seen, "expires_s"));
}

value_t *
firewall_block_foreseen(const value_t *arguments, const op_world_t *world, fault_t *fault)
{
    net_t net;
    if (find_source(arguments, world, &net, fault))
        return NULL;
    value_t *foresight = foresight_new();
    table_foretell(foresight, value_get_bool(world->seen, "table"));
    foretell_unblock(foresight, arguments, world);
    foresight_comes(foresight, "drop all from and to %s, for %lld s",
                    value_get_text(arguments, "source"),
                    (long long)value_get_integer(arguments, "seconds"));
    return foresight_give(foresight, tell_block(arguments, true));
}

value_t *
firewall_unblock_foreseen(const value_t *arguments, const op_world_t *world, fault_t *fault)
{
    net_t net;
    if (read_source(arguments, &net, fault))
        return NULL;
    value_t *foresight = foresight_new();
    table_foretell(foresight, value_get_bool(world->seen, "table"));
    foretell_unblock(foresight, arguments, world);
    return foresight_give(foresight, tell_block(arguments, false));
}

/* ---- limits: a chain a port, and sets that count its sources ------------------------------- */

static void
add_limit_sets(bytes_t *script, int64_t port)
{
    static const struct {
        const char *type;
        int version;
    } sets[] = {{"ipv4_addr", 4}, {"ipv6_addr", 6}};
    for (size_t i = 0; i < ARRAY_SIZE(sets); i++)
        bytes_addf(script,
                   "add set inet tocsin limit%lldv%d { type %s; size %d; flags dynamic, timeout; "
                   "timeout %ds; }\n",
                   (long long)port, sets[i].version, sets[i].type, SOURCES_MAX, SOURCE_SECONDS);
    bytes_addf(script, "add chain inet tocsin limit%lld\n", (long long)port);
    bytes_addf(script, "flush chain inet tocsin limit%lld\n", (long long)port);
}

/* A source is an address, or of IPv6 the /64 that one machine may have as a whole. */
static void
add_limit_rules(bytes_t *script, int64_t port, int64_t rate)
{
    static const struct {
        const char *source;
        int version;
    } rows[] = {{"ip saddr", 4}, {"ip6 saddr & ffff:ffff:ffff:ffff::", 6}};
    for (size_t i = 0; i < ARRAY_SIZE(rows); i++)
        bytes_addf(script,
                   "flush set inet tocsin limit%lldv%d\n"
                   "add rule inet tocsin limit%lld add @limit%lldv%d { %s limit rate over "
                   "%lld/second burst %lld packets } drop\n",
                   (long long)port, rows[i].version, (long long)port, (long long)port,
                   rows[i].version, rows[i].source, (long long)rate, (long long)rate);
}

static void
add_limit(bytes_t *script, int64_t port, int64_t seconds)
{
    bytes_addf(script,
               "add element inet tocsin rates { %lld : jump limit%lld }\n"
               "delete element inet tocsin rates { %lld }\n",
               (long long)port, (long long)port, (long long)port);
    if (seconds)
        bytes_addf(script,
                   "add element inet tocsin rates { %lld timeout %llds : jump limit%lld }\n",
                   (long long)port, (long long)seconds, (long long)port);
}

static value_t *
tell_limit(const value_t *arguments)
{
    value_t *result = value_map();
    value_set_integer(result, "port", value_get_integer(arguments, "port"));
    value_set_integer(result, "per_second", value_get_integer(arguments, "per_second"));
    value_set_integer(result, "until", until(arguments));
    return result;
}

static value_t *
tell_unlimit(const value_t *arguments)
{
    value_t *result = value_map();
    value_set_integer(result, "port", value_get_integer(arguments, "port"));
    return result;
}

value_t *
firewall_limit(const value_t *arguments, const op_world_t *world, fault_t *fault)
{
    int64_t port = value_get_integer(arguments, "port");
    int64_t rate = value_get_integer(arguments, "per_second");
    CLEANUP(bytes_destroy) bytes_t *script = table_begin(world);
    add_limit_sets(script, port);
    add_limit_rules(script, port, rate);
    add_limit(script, port, value_get_integer(arguments, "seconds"));
    return table_apply(script, fault) ? NULL : tell_limit(arguments);
}

value_t *
firewall_unlimit(const value_t *arguments, const op_world_t *world, fault_t *fault)
{
    int64_t port = value_get_integer(arguments, "port");
    CLEANUP(bytes_destroy) bytes_t *script = table_begin(world);
    add_limit_sets(script, port);
    add_limit(script, port, 0);
    bytes_addf(script,
               "delete chain inet tocsin limit%lld\n"
               "delete set inet tocsin limit%lldv4\n"
               "delete set inet tocsin limit%lldv6\n",
               (long long)port, (long long)port, (long long)port);
    return table_apply(script, fault) ? NULL : tell_unlimit(arguments);
}

#define LIMIT "drop what a source opens to TCP port %lld beyond %lld a second, for %lld s"

/* What firewall.list saw of the port's limit goes. */
static void
foretell_unlimit(value_t *foresight, const value_t *arguments, const op_world_t *world)
{
    const value_t *limits = value_get(world->seen, "limits");
    int64_t port = value_get_integer(arguments, "port");
    for (size_t i = 0; i < value_count(limits); i++)
        if (value_get_integer(value_at(limits, i), "port") == port)
            foresight_goes(foresight, LIMIT " more", (long long)port,
                           (long long)value_get_integer(value_at(limits, i), "per_second"),
                           (long long)value_get_integer(value_at(limits, i), "expires_s"));
}

value_t *
firewall_limit_foreseen(const value_t *arguments, const op_world_t *world, fault_t *fault)
{
    (void)fault;
    value_t *foresight = foresight_new();
    table_foretell(foresight, table_is_seen(world->seen));
    foretell_unlimit(foresight, arguments, world);
    foresight_comes(foresight, LIMIT, (long long)value_get_integer(arguments, "port"),
                    (long long)value_get_integer(arguments, "per_second"),
                    (long long)value_get_integer(arguments, "seconds"));
    return foresight_give(foresight, tell_limit(arguments));
}

value_t *
firewall_unlimit_foreseen(const value_t *arguments, const op_world_t *world, fault_t *fault)
{
    (void)fault;
    value_t *foresight = foresight_new();
    table_foretell(foresight, table_is_seen(world->seen));
    foretell_unlimit(foresight, arguments, world);
    return foresight_give(foresight, tell_unlimit(arguments));
}
