/* SPDX-License-Identifier: Apache-2.0 */
#include "wire/ops/families.h"

static const op_t rows[] = {
    {
        .name = "process.list",
        .least = CLASS_OBSERVE,
        .again = AGAIN_IDEMPOTENT,
        .timeout_s = 10,
        .memory_mib = 256,
        .result_bytes_max = 256 * KIB,
        .arguments = {{.name = "name",
                       .kind = ARGUMENT_TEXT,
                       .min = 1,
                       .max = 64,
                       .help = "only processes of this name"}},
        .help = "lists the machine's processes, by pid",
        .result = "list of {pid: integer, parent: integer, user: text, name: text, command: text}",
    },
};

const op_family_t ops_process = {rows, ARRAY_SIZE(rows)};
