/* SPDX-License-Identifier: Apache-2.0 */
#include "wire/ops/families.h"

static const op_t rows[] = {
    {
        .name = "sysctl.set",
        FIXING(10, 64),
        .foretold = true,
        .inverse = "sysctl.set",
        .arguments =
            {
                {.name = "key",
                 .kind = ARGUMENT_WORD,
                 .required = true,
                 .min = 1,
                 .max = 80,
                 .named = true,
                 .help = "as host.sysctl takes it"},
                {.name = "value",
                 .kind = ARGUMENT_TEXT,
                 .required = true,
                 .max = 60,
                 .named = true,
                 .help = "what it is to be, one blank between its parts"},
                {.name = "was",
                 .kind = ARGUMENT_TEXT,
                 .max = 60,
                 .help = "what it is now: then it is set only where that is so, or done already"},
            },
        .help = "sets a kernel parameter until the next boot; name 'was' where it is to be undone: "
                "after a crash in its middle nobody else knows",
        .result = "{key: text, value: text, previous: text ('was', where it was named)}",
    },
};

const op_family_t ops_sysctl = {rows, ARRAY_SIZE(rows)};
