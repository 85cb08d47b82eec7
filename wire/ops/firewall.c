/* SPDX-License-Identifier: Apache-2.0 */
#include "wire/ops/families.h"

#define SOURCE_ARGUMENT                                                                \
    {                                                                                  \
        .name = "source", .kind = ARGUMENT_NET, .required = true,                      \
        .help = "an address, or a network no wider than a /8 of IPv4 or a /16 of IPv6" \
    }
#define SECONDS_ARGUMENT                                                                       \
    {                                                                                          \
        .name = "seconds", .kind = ARGUMENT_INTEGER, .required = true, .min = 1, .max = 86400, \
        .help = "it ends by itself after so long; the op once more renews it"                  \
    }
#define PORT_ARGUMENT                                                                       \
    {                                                                                       \
        .name = "port", .kind = ARGUMENT_INTEGER, .required = true, .min = 1, .max = 65535, \
        .help = "the TCP port that this machine listens on"                                 \
    }

static const op_t rows[] = {
    {
        .name = "firewall.block",
        .least = CLASS_CHANGE,
        .again = AGAIN_IDEMPOTENT,
        .foretold = true,
        .inverse = "firewall.unblock",
        .timeout_s = 30,
        .memory_mib = 256,
        .result_bytes_max = FIX_RESULT_MAX,
        .arguments = {SOURCE_ARGUMENT, SECONDS_ARGUMENT},
        .help = "drops all packets from and to a source, but never the way home, management, the "
                "machine itself or its routers",
        .result = "{source: text, blocked: bool, until?: integer (ms since 1970)}",
    },
    {
        .name = "firewall.limit",
        .least = CLASS_CHANGE,
        .again = AGAIN_IDEMPOTENT,
        .foretold = true,
        .inverse = "firewall.unlimit",
        .timeout_s = 30,
        .memory_mib = 256,
        .result_bytes_max = FIX_RESULT_MAX,
        .arguments =
            {PORT_ARGUMENT,
             {.name = "per_second",
              .kind = ARGUMENT_INTEGER,
              .required = true,
              .min = 1,
              .max = 10000,
              .help = "new connections that each source (an IPv4 address, an IPv6 /64) may open"},
             SECONDS_ARGUMENT},
        .help = "drops what each source opens to a port beyond a rate; management is not counted",
        .result = "{port: integer, per_second: integer, until: integer (ms since 1970)}",
    },
    {
        .name = "firewall.list",
        .least = CLASS_OBSERVE,
        .again = AGAIN_IDEMPOTENT,
        .timeout_s = 30,
        .memory_mib = 512,
        .result_bytes_max = 256 * KIB,
        .help = "lists what nftables holds, tocsin's own first: chains (128 at most), rules (256) "
                "and tocsin's own blocks (256), limits (64) and what an isolation lets through "
                "(64)",
        .result = "{chains: list of {family: text, table: text, name: text, hook?: text, "
                  "priority?: integer, "
                  "policy?: text}, rules: list of {family: text, table: text, chain: text, handle: "
                  "integer, "
                  "text: text (JSON of nft), text_cut: bool (over 300 bytes), packets?: integer, "
                  "bytes?: integer}, "
                  "blocks: list of {source: text, expires_s: integer}, limits: list of {port: "
                  "integer, per_second: integer, expires_s: integer}, isolated_s: integer (that "
                  "host.isolate holds still; 0 where it does not), passes: list of text (what it "
                  "lets through: tcp to 192.0.2.1 port 443), more: bool}",
    },
    {
        .name = "firewall.unblock",
        .least = CLASS_CHANGE,
        .again = AGAIN_IDEMPOTENT,
        .foretold = true,
        .timeout_s = 30,
        .memory_mib = 256,
        .result_bytes_max = FIX_RESULT_MAX,
        .arguments = {SOURCE_ARGUMENT},
        .help = "ends a block that firewall.block made; where there is none, nothing changes",
        .result = "{source: text, blocked: bool, until?: integer}",
    },
    {
        .name = "firewall.unlimit",
        .least = CLASS_CHANGE,
        .again = AGAIN_IDEMPOTENT,
        .foretold = true,
        .timeout_s = 30,
        .memory_mib = 256,
        .result_bytes_max = FIX_RESULT_MAX,
        .arguments = {PORT_ARGUMENT},
        .help = "ends a limit that firewall.limit set; where there is none, nothing changes",
        .result = "{port: integer}",
    },
    {
        .name = "firewall.view",
        .least = CLASS_OBSERVE,
        .again = AGAIN_IDEMPOTENT,
        .timeout_s = 30,
        .memory_mib = 512,
        .result_bytes_max = 4 * KIB,
        .arguments = {SOURCE_ARGUMENT},
        .help = "tells whether firewall.block blocks exactly this source, and for how long still",
        .result =
            "{source: text, blocked: bool, expires_s: integer (0 where it is not), table: bool "
            "(tocsin's own is there)}",
    },
};

const op_family_t ops_firewall = {rows, ARRAY_SIZE(rows)};
