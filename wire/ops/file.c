/* SPDX-License-Identifier: Apache-2.0 */
#include "wire/ops/families.h"

#define PATH(which, help_text)                                                    \
    {                                                                             \
        .name = "path", .kind = ARGUMENT_PATH, .required = true, .lies = (which), \
        .help = (help_text)                                                       \
    }
#define FIX_PATH(which, help_text)                                                       \
    {                                                                                    \
        .name = "path", .kind = ARGUMENT_PATH, .required = true, .max = OP_FIX_PATH_MAX, \
        .lies = (which), .help = (help_text)                                             \
    }
#define NAMED_PATH(help_text)                                                            \
    {                                                                                    \
        .name = "path", .kind = ARGUMENT_PATH, .required = true, .max = OP_FIX_PATH_MAX, \
        .named = true, .help = (help_text)                                               \
    }
#define COUNT(most, help_text)                                                                  \
    {                                                                                           \
        .name = "count", .kind = ARGUMENT_INTEGER, .min = 1, .max = (most), .help = (help_text) \
    }
#define WHEN(which, help_text)                                                                     \
    {                                                                                              \
        .name = (which), .kind = ARGUMENT_INTEGER, .min = 0, .max = INT64_MAX, .help = (help_text) \
    }

#define FOUND                                                                                    \
    "{files: list of {path: text, kind: text (file, folder, link or other), bytes: integer, "    \
    "modified: integer (ms since 1970), user: text, mode: text (octal)}, left_out: integer "     \
    "(beyond count, or whose owner's name cannot be read; and folders over 64 deep, into which " \
    "nobody looked)}"

static const op_t rows[] = {
    {
        .name = "file.find",
        SEEING(60, 256, 512 * KIB),
        .arguments =
            {
                PATH(PATH_READ, "the folder to look below, on its own filesystem"),
                {.name = "name",
                 .kind = ARGUMENT_TEXT,
                 .min = 1,
                 .max = 64,
                 .help = "with * for anything, ? for one character and [a-z] for one of these"},
                {.name = "kind",
                 .kind = ARGUMENT_CHOICE,
                 .choices = "file folder link",
                 .help = "only these"},
                WHEN("newer_than", "modified after this, in ms since 1970"),
                WHEN("older_than", "modified before this, in ms since 1970"),
                WHEN("min_bytes", "at least so large"),
                COUNT(300, "how many to list; 100"),
            },
        .help = "lists what lies below a folder and is named, dated or sized like this",
        .result = FOUND,
    },
    {
        .name = "file.hash",
        SEEING(120, 64, 8 * KIB),
        .arguments = {PATH(PATH_READ, "a file of at most 4 GiB")},
        .help = "tells the SHA-256 of a file",
        .result = "{path: text, sha256: text, bytes: integer}",
    },
    {
        .name = "file.quarantine",
        FIXING(120, 64),
        .foretold = true,
        .inverse = "file.restore",
        .arguments = {NAMED_PATH("a file of at most 1 GiB")},
        .help = "moves a file, but none of tocsin's own, to the policy's quarantine folder, where "
                "nobody can run it, with a note of where it came from",
        .result = "{id: text (for file.restore), sha256: text, bytes: integer}",
    },
    {
        .name = "file.remove",
        FIXING(30, 64),
        .foretold = true,
        .arguments = {FIX_PATH(PATH_EXPENDABLE, "a rotated log, or a file that nobody wrote to for "
                                                "as long as the policy says")},
        .help = "removes a file that the policy calls expendable; one that is gone already frees "
                "nothing",
        .result = "{path: text, freed_bytes: integer}",
    },
    {
        .name = "file.remove_aged",
        FIXING(120, 64),
        .foretold = true,
        .arguments =
            {
                FIX_PATH(PATH_AGED, "the folder; nothing below its folders goes"),
                {.name = "age_s",
                 .kind = ARGUMENT_INTEGER,
                 .min = 60,
                 .max = 315360000,
                 .help = "only files that nobody wrote to for so many seconds: no fewer than the "
                         "policy says, which it is where left out"},
                {.name = "name",
                 .kind = ARGUMENT_TEXT,
                 .min = 1,
                 .max = 64,
                 .help = "with * for anything, ? for one character and [a-z] for one of these"},
                COUNT(100000, "how many to remove; 10000"),
            },
        .help = "removes a folder's aged files, which the policy calls expendable",
        .result = "{files: integer (removed), freed_bytes: integer, more: bool (aged "
                  "files that stay beyond count, or more than 1000000 entries)}",
    },
    {
        .name = "file.restore",
        FIXING(120, 64),
        .foretold = true,
        .inverse = "file.quarantine",
        .arguments = {NAMED_PATH("where it was, as its note says too"),
                      {.name = "id",
                       .kind = ARGUMENT_NAME,
                       .required = true,
                       .help = "as file.quarantine gave it"}},
        .help = "gives a file in quarantine back, as it was; what stands in its place meanwhile "
                "stays",
        .result = "{id: text, sha256: text, bytes: integer}",
    },
    {
        .name = "file.rotate",
        .least = CLASS_CHANGE,
        .again = AGAIN_NEVER,
        .foretold = true,
        .timeout_s = 30,
        .memory_mib = 64,
        .result_bytes_max = FIX_RESULT_MAX,
        .arguments = {FIX_PATH(PATH_SPOOL, "a log below a spool folder")},
        .help = "puts an empty log of the same owner and mode in a log's place, at once, and keeps "
                "the old one beside it; who writes must be told to open it anew",
        .result = "{name: text (of the old one, in the same folder), bytes: integer}",
    },
    {
        .name = "file.search",
        SEEING(30, 96, 256 * KIB),
        .arguments =
            {
                PATH(PATH_READ, "a file of lines"),
                {.name = "text",
                 .kind = ARGUMENT_TEXT,
                 .required = true,
                 .min = 1,
                 .max = 200,
                 .help = "exactly this, somewhere in a line"},
                {.name = "lines",
                 .kind = ARGUMENT_INTEGER,
                 .min = 1,
                 .max = 1000000,
                 .help = "how many lines to look at, from the last, within 16 MiB; 10000, or with "
                         "since or until all of these"},
                COUNT(200, "how many to give, from the last; 50"),
                WHEN("since", "only lines that are not before this, in ms since 1970"),
                WHEN("until", "only lines that are not after this, in ms since 1970"),
            },
        .help = "finds lines with a text at the end of a file; their times are those that they "
                "begin with (2026-11-23T04:05:06, Nov 23 04:05:06), in the machine's zone where "
                "they name none, and a line without is of the time of the one above",
        .result = "{path: text, found: integer, looked_at: integer (lines), more: bool (lines "
                  "before these), oldest?: integer (ms since 1970; with since or until, the "
                  "earliest time of these lines), lines: list of text (the last first; 1000 bytes "
                  "at most of each)}",
    },
    {
        .name = "file.setuid",
        SEEING(60, 256, 512 * KIB),
        .arguments = {PATH(PATH_READ, "the folder to look below, on its own filesystem"),
                      WHEN("newer_than", "changed after this, in ms since 1970"),
                      COUNT(300, "how many to list; 100")},
        .help = "lists programs that run with their owner's or group's rights, whoever starts them",
        .result = FOUND,
    },
    {
        .name = "file.signature",
        SEEING(120, 256, 16 * KIB),
        .arguments =
            {
                PATH(PATH_READ, "a file of at most 4 GiB"),
                {.name = "signature",
                 .kind = ARGUMENT_PATH,
                 .required = true,
                 .lies = PATH_READ,
                 .help = "the file's OpenPGP signature: a file of its own"},
                {.name = "keyring",
                 .kind = ARGUMENT_PATH,
                 .required = true,
                 .named = true,
                 .help = "the keys that count, in a file that only root can write"},
            },
        .help = "tells whether a file is as somebody signed it (OpenPGP); the machine needs gpgv",
        .result =
            "{path: text, valid: bool (by every signature that is there, one at least), "
            "problem?: text, signers: list of {fingerprint: text, name: text, at: integer (ms "
            "since 1970)} (16 at most)}",
    },
    {
        .name = "file.stat",
        SEEING(10, 64, 16 * KIB),
        .arguments = {PATH(PATH_READ, "anything; of a symbolic link it tells of the link")},
        .help = "tells what lies at a path, whose it is and when it was changed",
        .result = "{path: text, kind: text (file, folder, link or other), bytes: integer, "
                  "disk_bytes: integer, user: text, group_id: integer, mode: text (octal), links: "
                  "integer, inode: integer, modified: integer (ms since 1970), changed: integer "
                  "(ms since 1970), target?: text (of a link)}",
    },
    {
        .name = "file.tail",
        SEEING(10, 64, 256 * KIB),
        .arguments = {PATH(PATH_READ, "a file of lines"),
                      {.name = "lines",
                       .kind = ARGUMENT_INTEGER,
                       .min = 1,
                       .max = 200,
                       .help = "how many; 20"}},
        .help = "gives the last lines of a file",
        .result = "{path: text, bytes: integer, more: bool (lines before these), lines: list of "
                  "text (1000 bytes at most of each)}",
    },
    {
        .name = "file.truncate",
        FIXING(30, 64),
        .foretold = true,
        .arguments = {FIX_PATH(PATH_SPOOL, "a log below a spool folder")},
        .help =
            "empties a log that has one name, where nobody can swap that name, and leaves it in "
            "its place",
        .result = "{path: text, freed_bytes: integer}",
    },
};

const op_family_t ops_file = {rows, ARRAY_SIZE(rows)};
