/* SPDX-License-Identifier: Apache-2.0 */
#include "wire/ops/families.h"

#define PROCESS_ID                                                                            \
    {                                                                                         \
        .name = "process", .kind = ARGUMENT_WORD, .required = true, .min = 1, .max = 80,      \
        .help = "the id that process.tree or process.view gave: this very process, and none " \
                "that has its pid later"                                                      \
    }
#define PROCESS_NAME                                                                  \
    {                                                                                 \
        .name = "name", .kind = ARGUMENT_TEXT, .required = true, .min = 1, .max = 15, \
        .named = true, .help = "what the process calls itself"                        \
    }
#define PID(help_text)                                                                         \
    {                                                                                          \
        .name = "pid", .kind = ARGUMENT_INTEGER, .min = 1, .max = 4194304, .help = (help_text) \
    }

static const op_t rows[] = {
    {
        .name = "process.end_tree",
        .least = CLASS_DESTRUCTIVE,
        .again = AGAIN_IDEMPOTENT,
        .foretold = true,
        .timeout_s = 30,
        .memory_mib = 128,
        .result_bytes_max = FIX_RESULT_MAX,
        .arguments = {PROCESS_ID,
                      {.name = "sha256",
                       .kind = ARGUMENT_HASH,
                       .required = true,
                       .help = "of the program that it runs, as process.view gave it"}},
        .help = "kills a process that runs exactly this program, and all that descend from it, "
                "frozen or not",
        .result = "{process: text, found: bool, ended: bool}",
    },
    {
        .name = "process.files",
        SEEING(30, 256, 512 * KIB),
        .arguments = {PID("only files of this process; needed but for deleted ones"),
                      {.name = "deleted",
                       .kind = ARGUMENT_BOOL,
                       .help = "only files that are deleted, and take room as long as they are "
                               "open"}},
        .help = "lists the files that a process has open, or all that are deleted but open",
        .result =
            "{files: list of {pid: integer, name: text, fd: integer, path: text, "
            "deleted: bool, bytes: integer}, deleted_bytes: integer (each file once), "
            "left_out: integer (of more than 300; and processes that the kernel does not tell of)}",
    },
    {
        .name = "process.freeze",
        FIXING(20, 128),
        .foretold = true,
        .inverse = "process.thaw",
        .arguments = {PROCESS_ID, PROCESS_NAME},
        .help = "freezes a process and all that descend from it, in a control group below theirs",
        .result = "{process: text, name: text, frozen: bool, processes: integer}",
    },
    {
        .name = "process.list",
        SEEING(10, 256, 256 * KIB),
        .arguments = {{.name = "name",
                       .kind = ARGUMENT_TEXT,
                       .min = 1,
                       .max = 64,
                       .help = "only processes of this name"}},
        .help = "lists the machine's processes, those with most memory first",
        .result = "{processes: list of {pid: integer, parent: integer, user: text, name: text, "
                  "command: text, memory_bytes: integer (resident)}, left_out: integer (of more "
                  "than 500, or that the kernel does not tell of)}",
    },
    {
        .name = "process.renice",
        FIXING(10, 64),
        .foretold = true,
        .inverse = "process.renice",
        .arguments = {PROCESS_ID,
                      PROCESS_NAME,
                      {.name = "nice",
                       .kind = ARGUMENT_INTEGER,
                       .required = true,
                       .min = -20,
                       .max = 19,
                       .help = "19 is the most modest"}},
        .help = "sets how modest a process is about the processor, all its threads",
        .result = "{process: text, name: text, nice: integer, previous: integer}",
    },
    {
        .name = "process.set_limit",
        FIXING(10, 64),
        .foretold = true,
        .inverse = "process.set_limit",
        .arguments = {PROCESS_ID,
                      PROCESS_NAME,
                      {.name = "open_files",
                       .kind = ARGUMENT_INTEGER,
                       .required = true,
                       .min = 1,
                       .max = 1073741816,
                       .named = true,
                       .help = "how many files it may have open; its hard limit rises to it where "
                               "that is lower"},
                      {.name = "hard",
                       .kind = ARGUMENT_INTEGER,
                       .min = 1,
                       .max = 1073741816,
                       .help = "its hard limit then, from open_files to what it is: as it was "
                               "before, to take that back"}},
        .help = "sets how many files a process may have open; those that are open stay so",
        .result = "{process: text, name: text, open_files: integer, hard: integer, previous: "
                  "integer, previous_hard: integer}",
    },
    {
        .name = "process.signal",
        FIXING(40, 64),
        .foretold = true,
        .arguments = {PROCESS_ID,
                      PROCESS_NAME,
                      {.name = "signal",
                       .kind = ARGUMENT_CHOICE,
                       .required = true,
                       .choices = "TERM KILL HUP STOP CONT",
                       .help = "what it is sent"},
                      {.name = "wait_ms",
                       .kind = ARGUMENT_INTEGER,
                       .min = 0,
                       .max = 30000,
                       .help = "how long to wait for its end; 0"}},
        .help = "sends a process a signal; TERM and KILL to one that is gone have ended it",
        .result = "{process: text, name: text, signal: text, ended: bool}",
    },
    {
        .name = "process.sockets",
        SEEING(20, 256, 256 * KIB),
        .arguments = {{.name = "port",
                       .kind = ARGUMENT_INTEGER,
                       .min = 1,
                       .max = 65535,
                       .help = "only of this port"}},
        .help = "lists who listens on which TCP and UDP ports",
        .result = "{sockets: list of {protocol: text (tcp or udp), address: text, port: integer, "
                  "user: text, pid?: integer, name?: text}, left_out: integer (of more than 500; "
                  "and processes that the kernel does not tell of)}",
    },
    {
        .name = "process.thaw",
        FIXING(20, 128),
        .foretold = true,
        .inverse = "process.freeze",
        .arguments = {PROCESS_ID, PROCESS_NAME},
        .help = "lets a process that process.freeze froze go on, and all that were frozen with it",
        .result = "{process: text, name: text, frozen: bool, processes: integer}",
    },
    {
        .name = "process.tree",
        SEEING(15, 256, 256 * KIB),
        .arguments = {PID("only this one and what descends from it")},
        .help = "lists the machine's processes, each behind its parent",
        .result = "{processes: list of {id: text (this very process), pid: integer, parent: "
                  "integer, depth: integer, user: text, name: text, command: text}, left_out: "
                  "integer (of more than 500, 64 deep, or that the kernel does not tell of)}",
    },
    {
        .name = "process.view",
        SEEING(30, 128, 16 * KIB),
        .arguments = {{.name = "pid",
                       .kind = ARGUMENT_INTEGER,
                       .required = true,
                       .min = 1,
                       .max = 4194304,
                       .help = "which"},
                      {.name = "hash",
                       .kind = ARGUMENT_BOOL,
                       .help = "whether to tell the program's SHA-256"}},
        .help = "tells what one process is: its program, limits, control group, and more",
        .result = "{id: text (this very process), pid: integer, parent: integer, user: text, "
                  "name: text, state: text, command: text, started: integer (ms since 1970), "
                  "program?: text, program_deleted: bool, program_sha256?: text, folder?: text, "
                  "cgroup: text, threads: integer, memory_bytes: integer, swap_bytes: integer, "
                  "cpu_ms: integer, nice: integer, oom_score: integer, oom_score_adjust: integer, "
                  "open_files: integer, open_files_max: integer (-1 where there is none), "
                  "open_files_hard: integer (likewise; as far as it may raise that by itself), "
                  "processes_max: integer (likewise)}",
    },
};

const op_family_t ops_process = {rows, ARRAY_SIZE(rows)};
