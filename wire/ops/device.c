/* SPDX-License-Identifier: Apache-2.0 */
#include "wire/ops/families.h"

#define NAME_MAX 63 /* characters of what a device calls its parts */
#define DEVICE                                                                         \
    {                                                                                  \
        .name = "device", .kind = ARGUMENT_NAME, .required = true, .named = true,      \
        .declared = DECLARED_BY_DEVICE,                                                \
        .help = "of a device line of the machine's policy, which says how to reach it" \
    }
#define INTERFACE(must_name)                                                                   \
    {                                                                                          \
        .name = "interface", .kind = ARGUMENT_WORD, .required = true, .named = (must_name),    \
        .min = 1, .max = NAME_MAX, .help = "as the device calls it: letters, digits and ./:_-" \
    }
#define NEIGHBOUR(must_name)                                                               \
    {                                                                                      \
        .name = "neighbour", .kind = ARGUMENT_NET, .required = true, .named = (must_name), \
        .help = "the BGP neighbour's IP address"                                           \
    }
#define MINUTES                                                                                   \
    {                                                                                             \
        .name = "minutes", .kind = ARGUMENT_INTEGER, .min = 1, .max = 1440,                       \
        .help = "after so long the device takes it back by itself; of junos alone: others refuse" \
    }
#define ENTRY(must_name)                                                    \
    DEVICE,                                                                 \
        {.name = "acl",                                                     \
         .kind = ARGUMENT_WORD,                                             \
         .required = true,                                                  \
         .named = (must_name),                                              \
         .min = 1,                                                          \
         .max = NAME_MAX,                                                   \
         .help = "the access list's name: letters, digits and ./:_-"},      \
        {.name = "sequence",                                                \
         .kind = ARGUMENT_INTEGER,                                          \
         .required = true,                                                  \
         .min = 1,                                                          \
         .max = 2147483646,                                                 \
         .help = "the entry's number: a device looks at the lowest first"}, \
        {.name = "action",                                                  \
         .kind = ARGUMENT_CHOICE,                                           \
         .required = true,                                                  \
         .choices = "deny permit",                                          \
         .help = "what becomes of what comes from there"},                  \
    {                                                                       \
        .name = "source", .kind = ARGUMENT_NET, .required = true,           \
        .help = "the address or network that it is about"                   \
    }

static const op_t rows[] = {
    {
        .name = "device.acl",
        SEEING(60, 256, 4 * KIB),
        .arguments = {ENTRY(false)},
        .help = "tells whether exactly that entry is in an access list of a network device, and "
                "whether another has its number; not of junos",
        .result = "{device: text, acl: text, sequence: integer, there: bool, other: bool (another "
                  "has that number)}",
    },
    {
        .name = "device.acl_add",
        FIXING(120, 256),
        .foretold = true,
        .inverse = "device.acl_remove",
        .arguments = {ENTRY(true)},
        .help = "puts an entry into an access list of a network device, which forgets it when it "
                "starts anew; one that is there stays, another of that number is a conflict; not "
                "of junos",
        .result = "{device: text, acl: text, sequence: integer, there: bool, was_there: bool}",
    },
    {
        .name = "device.acl_remove",
        FIXING(120, 256),
        .foretold = true,
        .inverse = "device.acl_add",
        .arguments = {ENTRY(true)},
        .help = "takes exactly that entry out of an access list of a network device; not of junos",
        .result = "{device: text, acl: text, sequence: integer, there: bool, was_there: bool}",
    },
    {
        .name = "device.backup",
        FIXING(120, 256),
        .foretold = true,
        .arguments = {DEVICE},
        .help = "keeps a network device's configuration below the policy's backups folder, unless "
                "it is the one that was kept last; the last 20 of a device stay",
        .result = "{device: text, sha256: text, bytes: integer, at_ms: integer (since 1970, when "
                  "it was kept), kept: bool (now, not before)}",
    },
    {
        .name = "device.config",
        SEEING(60, 256, 4 * KIB),
        .arguments = {DEVICE},
        .help = "tells which configuration a network device runs with, by its SHA-256, and which "
                "was kept last",
        .result = "{device: text, sha256: text, bytes: integer, kept_sha256?: text (absent where "
                  "none was kept), kept_ms?: integer (since 1970)}",
    },
    {
        .name = "device.diff",
        SEEING(120, 256, 128 * KIB),
        .arguments = {DEVICE,
                      {.name = "count",
                       .kind = ARGUMENT_INTEGER,
                       .min = 1,
                       .max = 200,
                       .help = "how many lines of each; 50"}},
        .help = "tells how a network device's configuration differs from the one that was kept "
                "last; each line behind those that it stands below, and what is behind a word "
                "such as password is hidden",
        .result = "{device: text, same: bool, sha256: text, kept_sha256: text, kept_ms: integer "
                  "(since 1970), added: list of text, removed: list of text (neither: the order "
                  "alone changed), more: bool}",
    },
    {
        .name = "device.interface",
        SEEING(60, 256, 4 * KIB),
        .arguments = {DEVICE, INTERFACE(false)},
        .help = "tells whether an interface of a network device is up, and whether its "
                "configuration shuts it",
        .result = "{device: text, interface: text, up: bool, shut: bool}",
    },
    {
        .name = "device.neighbour",
        SEEING(60, 256, 4 * KIB),
        .arguments = {DEVICE, NEIGHBOUR(false)},
        .help = "tells how a BGP neighbour of a network device is, and whether its configuration "
                "shuts it",
        .result = "{device: text, neighbour: text, state: text (as the device says it), "
                  "established: bool, shut: bool, prefixes?: integer (taken from it), reason?: "
                  "text (of the last loss), notification?: text (the last one of BGP, of frr "
                  "alone: others tell it as the reason), place?: text (where its configuration "
                  "has it: the lines that it stands below, or its group)}",
    },
    {
        .name = "device.neighbour_clear",
        FIXING(120, 256),
        .foretold = true,
        .arguments = {DEVICE, NEIGHBOUR(true)},
        .help = "has a BGP neighbour of a network device and the device tell each other their "
                "routes again; the session stays, and there must be one",
        .result = "{device: text, neighbour: text, was_state: text}",
    },
    {
        .name = "device.neighbour_down",
        FIXING(120, 256),
        .foretold = true,
        .inverse = "device.neighbour_up",
        .arguments = {DEVICE, NEIGHBOUR(true), MINUTES},
        .help = "shuts a BGP neighbour in a network device's configuration; ios and frr forget it "
                "when they start anew, and nothing else ends it but device.neighbour_up",
        .result = "{device: text, neighbour: text, shut: bool, was_shut: bool, minutes?: integer "
                  "(until the device takes it back)}",
    },
    {
        .name = "device.neighbour_reset",
        .least = CLASS_CHANGE,
        .again = AGAIN_NEVER,
        .timeout_s = 120,
        .memory_mib = 256,
        .result_bytes_max = FIX_RESULT_MAX,
        .foretold = true,
        .arguments = {DEVICE, NEIGHBOUR(true)},
        .help = "ends the session with a BGP neighbour of a network device, which begins another "
                "by itself; until then its routes are gone",
        .result = "{device: text, neighbour: text, was_state: text}",
    },
    {
        .name = "device.neighbour_up",
        FIXING(120, 256),
        .foretold = true,
        .inverse = "device.neighbour_down",
        .arguments = {DEVICE, NEIGHBOUR(true)},
        .help = "shuts a BGP neighbour of a network device no more",
        .result = "{device: text, neighbour: text, shut: bool, was_shut: bool}",
    },
    {
        .name = "device.no_shut",
        FIXING(120, 256),
        .foretold = true,
        .inverse = "device.shut",
        .arguments = {DEVICE, INTERFACE(true)},
        .help = "shuts an interface of a network device no more",
        .result = "{device: text, interface: text, shut: bool, was_shut: bool}",
    },
    {
        .name = "device.show",
        SEEING(60, 256, 256 * KIB),
        .arguments = {DEVICE,
                      {.name = "what",
                       .kind = ARGUMENT_CHOICE,
                       .required = true,
                       .choices = "acl arp bgp interfaces log routes version",
                       .help = "to tell of; a dialect that has no such command refuses"}},
        .help = "asks a network device a fixed question over SSH; data where it answers programs "
                "in JSON, else lines",
        .result =
            "{device: text, command: text (as it was asked), data?: any (what nests deep "
            "stands there as text), lines?: list of text (the last ones of a log), more: bool}",
    },
    {
        .name = "device.shut",
        FIXING(120, 256),
        .foretold = true,
        .inverse = "device.no_shut",
        .arguments = {DEVICE, INTERFACE(true), MINUTES},
        .help = "shuts an interface in a network device's configuration; ios and frr forget it "
                "when they start anew, and nothing else ends it but device.no_shut",
        .result = "{device: text, interface: text, shut: bool, was_shut: bool, minutes?: integer "
                  "(until the device takes it back)}",
    },
};

const op_family_t ops_device = {rows, ARRAY_SIZE(rows)};
