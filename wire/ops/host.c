/* SPDX-License-Identifier: Apache-2.0 */
#include "wire/ops/families.h"

static const op_t rows[] = {
    {
        .name = "host.isolate",
        .least = CLASS_CHANGE,
        .again = AGAIN_IDEMPOTENT,
        .inverse = "host.release",
        .timeout_s = 60,
        .memory_mib = 256,
        .result_bytes_max = FIX_RESULT_MAX,
        .arguments =
            {
                {.name = "seconds",
                 .kind = ARGUMENT_INTEGER,
                 .required = true,
                 .min = 1,
                 .max = 86400,
                 .help = "it ends by itself after so long; the op once more renews it"},
                {.name = "name_server",
                 .kind = ARGUMENT_NET,
                 .help = "the address of a name server that it may still ask"},
                {.name = "time_server",
                 .kind = ARGUMENT_NET,
                 .help = "the address of an NTP server that it may still ask"},
            },
        .help = "cuts the machine off from all but the brokers, management and itself, open "
                "connections too",
        .result = "{isolated: bool, until: integer (ms since 1970), brokers: integer (addresses "
                  "left open)}",
    },
    {
        .name = "host.release",
        .least = CLASS_CHANGE,
        .again = AGAIN_IDEMPOTENT,
        .timeout_s = 30,
        .memory_mib = 256,
        .result_bytes_max = FIX_RESULT_MAX,
        .help = "ends what host.isolate began; where nothing is cut off, nothing changes",
        .result = "{isolated: bool}",
    },
};

const op_family_t ops_host = {rows, ARRAY_SIZE(rows)};
