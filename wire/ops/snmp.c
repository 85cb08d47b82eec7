/* SPDX-License-Identifier: Apache-2.0 */
#include "wire/ops/families.h"

#define DEVICE_ARGUMENTS                                                                    \
    {.name = "address",                                                                     \
     .kind = ARGUMENT_ADDRESS,                                                              \
     .required = true,                                                                      \
     .named = true,                                                                         \
     .help = "the device, an IP address or host name"},                                     \
        {.name = "port",                                                                    \
         .kind = ARGUMENT_INTEGER,                                                          \
         .min = 1,                                                                          \
         .max = 65535,                                                                      \
         .help = "its UDP port; 161"},                                                      \
        {.name = "version",                                                                 \
         .kind = ARGUMENT_CHOICE,                                                           \
         .required = true,                                                                  \
         .choices = "2c 3 3-sha1",                                                          \
         .help = "of SNMP; 3 is authenticated by SHA-256, or SHA-1, and encrypted by AES"}, \
        {.name = "secret",                                                                  \
         .kind = ARGUMENT_NAME,                                                             \
         .required = true,                                                                  \
         .named = true,                                                                     \
         .declared = DECLARED_BY_SECRET,                                                    \
         .help = "the policy's name of the community, or of USER:AUTHENTICATION:PRIVACY"},  \
    {                                                                                       \
        .name = "timeout_ms", .kind = ARGUMENT_INTEGER, .min = 1, .max = 10000,             \
        .help = "how long to wait for an answer, twice; 2000"                               \
    }
#define VALUE_SHAPE                                                                                \
    "type: text (integer, counter, gauge, ticks, counter64, string, hex, oid, address, missing), " \
    "value: any"

static const op_t rows[] = {
    {
        .name = "snmp.get",
        .least = CLASS_OBSERVE,
        .again = AGAIN_IDEMPOTENT,
        .timeout_s = 60,
        .memory_mib = 256,
        .result_bytes_max = 8 * KIB,
        .arguments = {DEVICE_ARGUMENTS,
                      {.name = "oid",
                       .kind = ARGUMENT_WORD,
                       .required = true,
                       .min = 1,
                       .max = 255,
                       .help = "the object's number, such as 1.3.6.1.2.1.1.3.0"}},
        .help = "asks a device for one object over SNMP",
        .result = "{oid: text, " VALUE_SHAPE "}",
    },
    {
        .name = "snmp.table",
        .least = CLASS_OBSERVE,
        .again = AGAIN_IDEMPOTENT,
        .timeout_s = 60,
        .memory_mib = 256,
        .result_bytes_max = 512 * KIB,
        .arguments = {DEVICE_ARGUMENTS,
                      {.name = "oid",
                       .kind = ARGUMENT_WORD,
                       .required = true,
                       .min = 1,
                       .max = 255,
                       .help = "the table's number, such as 1.3.6.1.2.1.2.2 for interfaces"},
                      {.name = "count",
                       .kind = ARGUMENT_INTEGER,
                       .min = 1,
                       .max = 500,
                       .help = "how many rows; 100"}},
        .help = "asks a device for a table over SNMP, row by row",
        .result = "{rows: list of {index: text, cells: list of {column: integer, " VALUE_SHAPE
                  "}}, more: bool}",
    },
    {
        .name = "snmp.walk",
        .least = CLASS_OBSERVE,
        .again = AGAIN_IDEMPOTENT,
        .timeout_s = 60,
        .memory_mib = 256,
        .result_bytes_max = 512 * KIB,
        .arguments = {DEVICE_ARGUMENTS,
                      {.name = "oid",
                       .kind = ARGUMENT_WORD,
                       .required = true,
                       .min = 1,
                       .max = 255,
                       .help = "the number that all objects begin with"},
                      {.name = "count",
                       .kind = ARGUMENT_INTEGER,
                       .min = 1,
                       .max = 1000,
                       .help = "how many objects; 100"}},
        .help = "asks a device for all objects below a number over SNMP",
        .result = "{objects: list of {oid: text, " VALUE_SHAPE "}, more: bool}",
    },
};

const op_family_t ops_snmp = {rows, ARRAY_SIZE(rows)};
