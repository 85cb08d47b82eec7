/* SPDX-License-Identifier: Apache-2.0 */
#include "wire/ops/families.h"

static const op_t rows[] = {
    {
        .name = "clock.step",
        .least = CLASS_CHANGE,
        .again = AGAIN_IDEMPOTENT, /* it asks anew by how much */
        .foretold = true,
        .timeout_s = 65,
        .memory_mib = 64,
        .result_bytes_max = FIX_RESULT_MAX,
        .arguments = {{.name = "address",
                       .kind = ARGUMENT_ADDRESS,
                       .required = true,
                       .named = true,
                       .help = "of a time server: an IP address or host name"},
                      {.name = "port",
                       .kind = ARGUMENT_INTEGER,
                       .min = 1,
                       .max = 65535,
                       .help = "of the server; 123"},
                      {.name = "timeout_ms",
                       .kind = ARGUMENT_INTEGER,
                       .min = 1,
                       .max = 60000,
                       .help = "how long to wait; 3000"},
                      {.name = "least_ms",
                       .kind = ARGUMENT_INTEGER,
                       .min = 1,
                       .max = 86400000,
                       .help = "a clock that is wrong by less is left as it is; 100"},
                      {.name = "most_ms",
                       .kind = ARGUMENT_INTEGER,
                       .required = true,
                       .min = 1,
                       .max = 86400000,
                       .help = "a clock that is wrong by more is not set"}},
        .help = "sets this machine's clock by a time server's answer, in one step",
        .result = "{offset_ms: integer (by which it was wrong: what the step added), delay_ms: "
                  "integer (there and back), stepped: bool}",
    },
};

const op_family_t ops_clock = {rows, ARRAY_SIZE(rows)};
