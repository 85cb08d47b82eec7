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
        .name = "link.bond_join",
        FIXING(30, 64),
        .foretold = true,
        .arguments = {{.name = "link",
                       .kind = ARGUMENT_WORD,
                       .required = true,
                       .min = 1,
                       .max = 15,
                       .named = true,
                       .help = "its name, such as eth1"},
                      {.name = "bond",
                       .kind = ARGUMENT_WORD,
                       .required = true,
                       .min = 1,
                       .max = 15,
                       .named = true,
                       .help = "the bond's, such as bond0"}},
        .help = "puts a link into a bond, which turns it on; never one that is a part of another, "
                "has addresses, or that the way home or management needs",
        .result = "{link: text, bond: text, was_in: bool}",
    },
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
        .name = "link.neighbours",
        SEEING(10, 256, 128 * KIB),
        .arguments = {{.name = "link",
                       .kind = ARGUMENT_WORD,
                       .min = 1,
                       .max = 15,
                       .help = "only on this link"}},
        .help = "lists what is at the other ends of cables (64 at most), such as a switch and its "
                "port, as they told by LLDP and lldpd heard",
        .result = "{neighbours: list of {link: text, via: text (LLDP, CDPv2...), name?: text (of "
                  "the switch), description?: text (255 bytes at most, as the others), chassis?: "
                  "text (its id), port?: text (its id), port_description?: text, mode?: text (that "
                  "the port runs in), addresses: list of text (4 of its management at most), "
                  "vlan?: integer (untagged), seen_for_s?: integer (seconds)}, more: bool}",
    },
    {
        .name = "link.reconfigure",
        FIXING(30, 256),
        .foretold = true,
        .arguments = {{.name = "link",
                       .kind = ARGUMENT_WORD,
                       .required = true,
                       .min = 1,
                       .max = 15,
                       .named = true,
                       .help = "its name, such as eth0"}},
        .help = "has systemd-networkd set a link up anew as its files say, with its addresses, "
                "routes and lease; never one by which packets home or to management still leave",
        .result = "{link: text}",
    },
    {
        .name = "link.renegotiate",
        FIXING(30, 64),
        .foretold = true,
        .arguments = {{.name = "link",
                       .kind = ARGUMENT_WORD,
                       .required = true,
                       .min = 1,
                       .max = 15,
                       .named = true,
                       .help = "its name, such as eth1"}},
        .help = "has a link agree with its partner on speed and duplex anew, without a signal for "
                "some seconds; never one that the way home or management needs, and none whose "
                "autonegotiation is off",
        .result = "{link: text, was_speed_mbps?: integer, was_duplex?: text (full or half)}",
    },
    {
        .name = "link.settings",
        SEEING(10, 64, 64 * KIB),
        .arguments = {{.name = "link",
                       .kind = ARGUMENT_WORD,
                       .required = true,
                       .min = 1,
                       .max = 15,
                       .help = "its name, such as eth0"},
                      {.name = "counters",
                       .kind = ARGUMENT_WORD,
                       .min = 1,
                       .max = 31,
                       .help = "only counters whose names hold this, such as err"}},
        .help = "tells how a link's driver has it set and what it counts; a driver tells only what "
                "it knows, those of virtual machines little",
        .result = "{link: text, driver?: text, bus?: text, firmware?: text, detected: bool (there "
                  "is a signal), reason?: text (why there is none), speed_mbps?: integer, "
                  "duplex?: text (full or half), autonegotiation?: bool, port?: text "
                  "(twisted-pair, fibre, direct-attach...), supported: list of text (modes, such "
                  "as 1000baseT/Full or Autoneg), advertised: list of text, partner: list of text "
                  "(what the other end advertises; empty too where it does not negotiate), "
                  "counters: list of {name: text (as the driver calls it), count: integer} (256 "
                  "at most, none that is 0), more: bool}",
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
