/* SPDX-License-Identifier: Apache-2.0 */
#include "wire/ops/families.h"

static const op_t rows[] = {
    {
        .name = "site.run",
        .least = CLASS_CHANGE,
        .again = AGAIN_NEVER,
        .foretold = true,
        .timeout_s = 310,
        .result_bytes_max = FIX_RESULT_MAX,
        .arguments = {{.name = "command",
                       .kind = ARGUMENT_NAME,
                       .required = true,
                       .named = true,
                       .declared = DECLARED_BY_EXEC,
                       .help = "of an exec line of the machine's policy, which says its class too"},
                      {.name = "with",
                       .kind = ARGUMENT_TEXT,
                       .max = 400,
                       .help = "what fills the holes of that line: name=value, one blank between "
                               "two of them"}},
        .help = "executes a command that the machine's policy declares",
        .result = "{command: text, status: integer (it exited with this), output: text (how it "
                  "ends; 60 bytes at most)}",
    },
};

const op_family_t ops_site = {rows, ARRAY_SIZE(rows)};
