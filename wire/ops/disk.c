/* SPDX-License-Identifier: Apache-2.0 */
#include "wire/ops/families.h"

static const op_t rows[] = {
    {
        .name = "disk.largest",
        .least = CLASS_OBSERVE,
        .again = AGAIN_IDEMPOTENT,
        .timeout_s = 60,
        .memory_mib = 256,
        .result_bytes_max = 256 * KIB,
        .arguments =
            {
                {.name = "path",
                 .kind = ARGUMENT_PATH,
                 .required = true,
                 .lies = PATH_READ,
                 .help = "the folder to walk"},
                {.name = "count",
                 .kind = ARGUMENT_INTEGER,
                 .required = true,
                 .min = 1,
                 .max = 100,
                 .help = "how many files"},
                {.name = "rotated",
                 .kind = ARGUMENT_BOOL,
                 .help = "only logs that were rotated away"},
            },
        .help = "lists the largest regular files below a folder, on its own filesystem",
        .result = "list of {path: text, bytes: integer, modified: integer (ms since 1970)}",
    },
    {
        .name = "disk.usage",
        .least = CLASS_OBSERVE,
        .again = AGAIN_IDEMPOTENT,
        .timeout_s = 10,
        .memory_mib = 64,
        .result_bytes_max = 8 * KIB,
        .arguments = {{.name = "path",
                       .kind = ARGUMENT_PATH,
                       .required = true,
                       .lies = PATH_READ,
                       .help = "any path on the filesystem"}},
        .help = "tells how full the filesystem at a path is",
        .result = "{path: text, total_bytes: integer, used_bytes: integer, free_bytes: integer, "
                  "used_percent: integer}",
    },
};

const op_family_t ops_disk = {rows, ARRAY_SIZE(rows)};
