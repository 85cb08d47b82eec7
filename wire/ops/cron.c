/* SPDX-License-Identifier: Apache-2.0 */
#include "wire/ops/families.h"

#define CRON_FILE                                                                      \
    {                                                                                  \
        .name = "file", .kind = ARGUMENT_WORD, .required = true, .min = 1, .max = 100, \
        .named = true, .help = "its name in /etc/cron.d"                               \
    }

static const op_t rows[] = {
    {
        .name = "cron.disable",
        FIXING(10, 64),
        .foretold = true,
        .inverse = "cron.enable",
        .arguments = {CRON_FILE},
        .help = "renames a file of /etc/cron.d so that cron passes over it",
        .result = "{file: text, enabled: bool}",
    },
    {
        .name = "cron.enable",
        FIXING(10, 64),
        .foretold = true,
        .inverse = "cron.disable",
        .arguments = {CRON_FILE},
        .help = "gives a file of /etc/cron.d its name back",
        .result = "{file: text, enabled: bool}",
    },
    {
        .name = "cron.list",
        SEEING(10, 64, 512 * KIB),
        .help = "lists what cron runs: the machine's tables and its users'",
        .result =
            "{jobs: list of {file: text, line: integer (0: the file itself), user: text, "
            "schedule: text, command: text}, left_out: integer (of more than 300; and one for "
            "what lies behind 1 MiB of a table, or a table or folder that cannot be read)}",
    },
};

const op_family_t ops_cron = {rows, ARRAY_SIZE(rows)};
