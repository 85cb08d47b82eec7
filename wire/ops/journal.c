/* SPDX-License-Identifier: Apache-2.0 */
#include "wire/ops/families.h"

static const op_t rows[] = {
    {
        .name = "journal.query",
        SEEING(30, 512, 256 * KIB),
        .arguments =
            {
                {.name = "unit",
                 .kind = ARGUMENT_WORD,
                 .min = 3,
                 .max = 120,
                 .help = "only what this systemd unit says: nginx.service"},
                {.name = "priority",
                 .kind = ARGUMENT_INTEGER,
                 .min = 0,
                 .max = 7,
                 .help = "only what is as grave as this, or graver: 0 emergency, 3 error, 4 "
                         "warning, 7 debug"},
                {.name = "since",
                 .kind = ARGUMENT_INTEGER,
                 .min = 0,
                 .max = INT64_MAX / 1000,
                 .help = "not before this, in ms since 1970"},
                {.name = "until",
                 .kind = ARGUMENT_INTEGER,
                 .min = 0,
                 .max = INT64_MAX / 1000,
                 .help = "not after this, in ms since 1970"},
                {.name = "contains",
                 .kind = ARGUMENT_TEXT,
                 .min = 1,
                 .max = 200,
                 .help = "exactly this, somewhere in the message; within the last 200000 entries"},
                {.name = "count",
                 .kind = ARGUMENT_INTEGER,
                 .min = 1,
                 .max = 150,
                 .help = "how many to give, from the last; 50"},
            },
        .help = "finds entries of the machine's journal",
        .result =
            "{entries: list of {at: integer (ms since 1970), priority?: integer, unit?: text, "
            "identifier?: text, pid?: integer, text: text (1000 bytes at most)}, looked_at: "
            "integer, more: bool (entries before these)}",
    },
    {
        .name = "journal.usage",
        SEEING(30, 512, 4 * KIB),
        .help = "tells how much of the disk the machine's journal takes",
        .result = "{bytes: integer, oldest?: integer (ms since 1970), newest?: integer (ms since "
                  "1970)}",
    },
    {
        .name = "journal.vacuum",
        FIXING(120, 512),
        .foretold = true,
        .arguments = {{.name = "keep_bytes",
                       .kind = ARGUMENT_INTEGER,
                       .required = true,
                       .min = 1 << 20,
                       .max = INT64_MAX,
                       .named = true,
                       .help = "how much of the disk it may take then: the oldest goes; what is "
                               "written to now stays in any case"}},
        .help = "removes the oldest entries of the machine's journal",
        .result = "{bytes: integer (that it takes now), freed_bytes: integer}",
    },
};

const op_family_t ops_journal = {rows, ARRAY_SIZE(rows)};
