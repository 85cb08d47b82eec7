/* SPDX-License-Identifier: Apache-2.0 */
#include "wire/ops/families.h"

static const op_t rows[] = {
    {
        .name = "file.remove",
        .least = CLASS_CHANGE,
        .again = AGAIN_IDEMPOTENT,
        .timeout_s = 30,
        .memory_mib = 64,
        .result_bytes_max = FIX_RESULT_MAX,
        .arguments = {{.name = "path",
                       .kind = ARGUMENT_PATH,
                       .required = true,
                       .max = OP_FIX_PATH_MAX,
                       .lies = PATH_ROTATED,
                       .help = "a rotated log below a spool folder"}},
        .help = "removes a rotated log; a file that is gone already frees nothing",
        .result = "{path: text, freed_bytes: integer}",
    },
    {
        .name = "file.truncate",
        .least = CLASS_CHANGE,
        .again = AGAIN_IDEMPOTENT,
        .timeout_s = 30,
        .memory_mib = 64,
        .result_bytes_max = FIX_RESULT_MAX,
        .arguments = {{.name = "path",
                       .kind = ARGUMENT_PATH,
                       .required = true,
                       .max = OP_FIX_PATH_MAX,
                       .lies = PATH_SPOOL,
                       .help = "a log below a spool folder"}},
        .help = "empties a log and leaves it in its place",
        .result = "{path: text, freed_bytes: integer}",
    },
};

const op_family_t ops_file = {rows, ARRAY_SIZE(rows)};
