/* SPDX-License-Identifier: Apache-2.0 */
#include "wire/ops/families.h"

#define LINK_SHAPE                                                                             \
    "{name: text, index: integer, kind?: text (veth, bridge, bond...), up: bool (as set), "    \
    "carrier: bool, state: text (up, down, lower-layer-down, dormant, unknown...), "           \
    "carrier_changes: integer (since it was made), mtu: integer (bytes), promiscuous: bool, "  \
    "master?: text, mac?: text, addresses: list of text (ADDRESS/PREFIX), "                    \
    "addresses_left_out: integer, rx_bytes: integer, tx_bytes: integer, rx_packets: integer, " \
    "tx_packets: integer, rx_errors: integer, tx_errors: integer, rx_dropped: integer, "       \
    "tx_dropped: integer}"

static const op_t rows[] = {
    {
        .name = "link.down",
        .least = CLASS_CHANGE,
        .again = AGAIN_IDEMPOTENT,
        .foretold = true,
        .inverse = "link.up",
        .timeout_s = 30,
        .result_bytes_max = FIX_RESULT_MAX,
        .arguments = {{.name = "link",
                       .kind = ARGUMENT_WORD,
                       .required = true,
                       .min = 1,
                       .max = 15,
                       .named = true,
                       .help = "its name, such as eth1"},
                      {.name = "seconds",
                       .kind = ARGUMENT_INTEGER,
                       .required = true,
                       .min = 1,
                       .max = 86400,
                       .help = "it comes up again by itself after so long"}},
        .help = "turns a link off for a while; never one that the way home or management needs",
        .result = "{link: text, up: bool, until: integer (ms since 1970)}",
    },
    {
        .name = "link.list",
        .least = CLASS_OBSERVE,
        .again = AGAIN_IDEMPOTENT,
        .timeout_s = 10,
        .result_bytes_max = 256 * KIB,
        .help = "lists the machine's network links (256 at most) with their counters",
        .result = "{links: list of " LINK_SHAPE ", more: bool}",
    },
    {
        .name = "link.up",
        .least = CLASS_CHANGE,
        .again = AGAIN_IDEMPOTENT,
        .foretold = true,
        .timeout_s = 30,
        .memory_mib = 64,
        .result_bytes_max = FIX_RESULT_MAX,
        .arguments = {{.name = "link",
                       .kind = ARGUMENT_WORD,
                       .required = true,
                       .min = 1,
                       .max = 15,
                       .named = true,
                       .help = "its name, such as eth1"}},
        .help = "turns a link on, with the routes that link.down took from it",
        .result = "{link: text, up: bool}",
    },
    {
        .name = "link.view",
        .least = CLASS_OBSERVE,
        .again = AGAIN_IDEMPOTENT,
        .timeout_s = 10,
        .memory_mib = 64,
        .result_bytes_max = 8 * KIB,
        .arguments = {{.name = "link",
                       .kind = ARGUMENT_WORD,
                       .required = true,
                       .min = 1,
                       .max = 15,
                       .help = "its name, such as eth0"}},
        .help = "tells of one network link",
        .result = LINK_SHAPE,
    },
};

const op_family_t ops_link = {rows, ARRAY_SIZE(rows)};
