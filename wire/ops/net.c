/* SPDX-License-Identifier: Apache-2.0 */
#include "wire/ops/families.h"

static const op_t rows[] = {
    {
        .name = "net.tcp",
        .least = CLASS_OBSERVE,
        .again = AGAIN_IDEMPOTENT,
        .timeout_s = 65,
        .memory_mib = 64,
        .result_bytes_max = 8 * KIB,
        .arguments =
            {
                {.name = "address",
                 .kind = ARGUMENT_ADDRESS,
                 .required = true,
                 .help = "an IP address or host name"},
                {.name = "port",
                 .kind = ARGUMENT_INTEGER,
                 .required = true,
                 .min = 1,
                 .max = 65535,
                 .help = "the TCP port"},
                {.name = "timeout_ms",
                 .kind = ARGUMENT_INTEGER,
                 .min = 1,
                 .max = 60000,
                 .help = "how long to wait; 5000"},
            },
        .help = "tries to open a TCP connection and closes it again",
        .result = "{connected: bool, milliseconds: integer, error?: text}",
    },
};

const op_family_t ops_net = {rows, ARRAY_SIZE(rows)};
