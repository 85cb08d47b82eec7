/* SPDX-License-Identifier: Apache-2.0 */
#include "wire/ops/families.h"

static const op_t rows[] = {
    {
        .name = "ntp.offset",
        .least = CLASS_OBSERVE,
        .again = AGAIN_IDEMPOTENT,
        .timeout_s = 65,
        .memory_mib = 64,
        .result_bytes_max = 8 * KIB,
        .arguments = {{.name = "address",
                       .kind = ARGUMENT_ADDRESS,
                       .required = true,
                       .help = "an IP address or host name"},
                      {.name = "port",
                       .kind = ARGUMENT_INTEGER,
                       .min = 1,
                       .max = 65535,
                       .help = "of the server; 123"},
                      {.name = "timeout_ms",
                       .kind = ARGUMENT_INTEGER,
                       .min = 1,
                       .max = 60000,
                       .help = "how long to wait; 3000"}},
        .help = "asks a time server by how much this machine's clock is wrong",
        .result =
            "{offset_ms: integer (to be added to the clock), delay_ms: integer (there and back), "
            "stratum: integer (1 to 15), leap: integer (1 or 2: a second more or less today)}",
    },
};

const op_family_t ops_ntp = {rows, ARRAY_SIZE(rows)};
