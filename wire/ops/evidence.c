/* SPDX-License-Identifier: Apache-2.0 */
#include "wire/ops/families.h"

#define CASE                                                                  \
    {                                                                         \
        .name = "case", .kind = ARGUMENT_NAME, .required = true,              \
        .help = "what it belongs to, such as an incident; without .tar in it" \
    }
#define ITEM "{name: text (in the archive), sha256: text, bytes: integer}"

static const op_t rows[] = {
    {
        .name = "evidence.facts",
        FIXING(60, 512),
        .foretold = true,
        .arguments = {CASE,
                      {.name = "of",
                       .kind = ARGUMENT_CHOICE,
                       .required = true,
                       .choices = "processes sockets deleted mounts users sessions failures cron "
                                  "memory uptime",
                       .help = "what to note, as process.tree, process.sockets, process.files "
                               "(deleted), disk.mounts, user.list, user.sessions, user.failures, "
                               "cron.list, host.memory or host.uptime tells it"}},
        .help = "notes, as JSON, what the machine is like; what a case has already stays",
        .result = ITEM,
    },
    {
        .name = "evidence.file",
        FIXING(120, 64),
        .foretold = true,
        .arguments = {CASE,
                      {.name = "path",
                       .kind = ARGUMENT_PATH,
                       .required = true,
                       .lies = PATH_READ,
                       .max = OP_FIX_PATH_MAX,
                       .help = "a file of at most 256 MiB"}},
        .help = "copies a file; what a case has already stays as it is",
        .result = ITEM,
    },
    {
        .name = "evidence.seal",
        FIXING(300, 64),
        .foretold = true,
        .arguments = {CASE},
        .help = "makes CASE.tar of what was collected, with a manifest of every SHA-256, below the "
                "policy's evidence folder; nothing more goes into the case then",
        .result = "{name: text (of the archive), sha256: text (empty in a dry run: the time of "
                  "sealing has a part in it), bytes: integer}",
    },
    {
        .name = "evidence.text",
        FIXING(120, 64),
        .foretold = true,
        .arguments =
            {CASE,
             {.name = "name", .kind = ARGUMENT_NAME, .required = true, .help = "what to call it"},
             {.name = "text",
              .kind = ARGUMENT_TEXT,
              .required = true,
              .min = 1,
              .max = 8000,
              .help = "what a playbook found"}},
        .help = "notes a text; what a case has already stays as it is",
        .result = ITEM,
    },
};

const op_family_t ops_evidence = {rows, ARRAY_SIZE(rows)};
