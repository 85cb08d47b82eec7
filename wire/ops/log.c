/* SPDX-License-Identifier: Apache-2.0 */
#include "wire/ops/families.h"

#define RULE                                                                                  \
    {                                                                                         \
        .name = "rule", .kind = ARGUMENT_WORD, .required = true, .named = true, .min = 1,     \
        .max = 64, .help = "the name of a file in /etc/logrotate.d that only root can write", \
    }

static const op_t rows[] = {
    {
        .name = "log.rotate",
        .least = CLASS_CHANGE,
        .again = AGAIN_NEVER,
        .foretold = true,
        .timeout_s = 600,
        .result_bytes_max = FIX_RESULT_MAX,
        .arguments = {RULE},
        .help =
            "has logrotate rotate the logs of one file of its rules now, whatever their age and "
            "size: it runs the rules' own scripts, keeps as many old logs as they say, and "
            "removes older ones",
        .result =
            "{rule: text, logs: integer (that it names and that were there), rotated: integer "
            "(whose path has another file now, or none, or less in it), rotated_bytes: "
            "integer (that these had)}",
    },
    {
        .name = "log.view",
        SEEING(30, 64, 256 * KIB),
        .arguments = {RULE},
        .help = "tells which logs a file of logrotate's rules is for, and when each was rotated",
        .result =
            "{rule: text, logs: list of {path: text, bytes: integer, inode: integer, "
            "modified_ms: integer (since 1970), rotated_ms?: integer (since 1970, as "
            "logrotate's record says: that it was, or was seen first)}, left_out: integer (of "
            "more than 100)}",
    },
};

const op_family_t ops_log = {rows, ARRAY_SIZE(rows)};
