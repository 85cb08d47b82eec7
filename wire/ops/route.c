/* SPDX-License-Identifier: Apache-2.0 */
#include "wire/ops/families.h"

static const op_t rows[] = {
    {
        .name = "route.add",
        .least = CLASS_CHANGE,
        .again = AGAIN_IDEMPOTENT,
        .foretold = true,
        .inverse = "route.remove",
        .timeout_s = 30,
        .result_bytes_max = FIX_RESULT_MAX,
        .arguments = {{.name = "to",
                       .kind = ARGUMENT_NET,
                       .required = true,
                       .named = true,
                       .help =
                           "an address, or a network no wider than a /8 of IPv4 or a /16 of IPv6"},
                      {.name = "via",
                       .kind = ARGUMENT_NET,
                       .required = true,
                       .help = "the address of the next machine"},
                      {.name = "seconds",
                       .kind = ARGUMENT_INTEGER,
                       .required = true,
                       .min = 1,
                       .max = 86400,
                       .help = "it is removed again by itself after so long"}},
        .help = "leads packets to a network another way for a while; never those home, to "
                "management or to this machine",
        .result = "{to: text, there: bool, until: integer (ms since 1970)}",
    },
    {
        .name = "route.get",
        .least = CLASS_OBSERVE,
        .again = AGAIN_IDEMPOTENT,
        .timeout_s = 10,
        .result_bytes_max = 8 * KIB,
        .arguments = {{.name = "address",
                       .kind = ARGUMENT_NET,
                       .required = true,
                       .help = "where to; one address"}},
        .help = "asks the kernel which way a packet to an address would go",
        .result = "{reachable: bool, error?: text, kind?: text (unicast, local...), via?: text, "
                  "link?: text, source?: text}",
    },
    {
        .name = "route.list",
        .least = CLASS_OBSERVE,
        .again = AGAIN_IDEMPOTENT,
        .timeout_s = 10,
        .memory_mib = 64,
        .result_bytes_max = 256 * KIB,
        .help = "lists the routes of all tables but the machine's own addresses (512 at most)",
        .result =
            "{routes: list of {to: text (ADDRESS/PREFIX), kind: text (unicast, blackhole...), "
            "table: integer (254 is main), metric: integer, protocol: integer (who made it: 2 "
            "kernel, 3 boot, 4 static, 16 dhcp, 116 tocsin), via?: text, link?: text, "
            "source?: text, hops?: list of {via?: text, link?: text}}, more: bool}",
    },
    {
        .name = "route.remove",
        .least = CLASS_CHANGE,
        .again = AGAIN_IDEMPOTENT,
        .foretold = true,
        .timeout_s = 30,
        .memory_mib = 64,
        .result_bytes_max = FIX_RESULT_MAX,
        .arguments = {{.name = "to",
                       .kind = ARGUMENT_NET,
                       .required = true,
                       .named = true,
                       .help =
                           "an address, or a network no wider than a /8 of IPv4 or a /16 of IPv6"}},
        .help = "removes a route that route.add made, and no other",
        .result = "{to: text, there: bool}",
    },
};

const op_family_t ops_route = {rows, ARRAY_SIZE(rows)};
