/* SPDX-License-Identifier: Apache-2.0 */
#include "wire/ops/families.h"

#define LOCKOUT_RULES \
    "by /etc/security/faillock.conf alone: what a line in /etc/pam.d says otherwise is not seen"
#define USER(by_policy)                                                               \
    {                                                                                 \
        .name = "user", .kind = ARGUMENT_WORD, .required = true, .min = 1, .max = 32, \
        .named = (by_policy), .help = "the name of one of the machine's own users"    \
    }

static const op_t rows[] = {
    {
        .name = "user.end_sessions",
        FIXING(60, 128),
        .foretold = true,
        .arguments = {USER(true),
                      {.name = "processes",
                       .kind = ARGUMENT_BOOL,
                       .help = "whether to kill all else that runs as the user too; not of root"}},
        .help = "kills a user's sessions, with all that descends from them",
        .result = "{user: text, sessions: integer, processes: integer (killed besides)}",
    },
    {
        .name = "user.failures",
        SEEING(20, 64, 64 * KIB),
        .arguments = {{.name = "newer_than",
                       .kind = ARGUMENT_INTEGER,
                       .min = 0,
                       .max = INT64_MAX,
                       .help = "after this, in ms since 1970"},
                      {.name = "count",
                       .kind = ARGUMENT_INTEGER,
                       .min = 1,
                       .max = 100,
                       .help = "how many to list; 20"},
                      {.name = "from",
                       .kind = ARGUMENT_ADDRESS,
                       .help = "only of this source: IP address or host name, as it is listed"}},
        .help = "counts failed logins by user and source, within the last 40000 of them",
        .result = "{total: integer, uncounted?: integer (of more than 4096 users and sources), "
                  "failures: list of {user: text, from: text (empty: the console), count: integer, "
                  "last: integer (ms since 1970)}, left_out: integer (of the listed kind, beyond "
                  "count)}",
    },
    {
        .name = "user.keys",
        SEEING(10, 64, 128 * KIB),
        .arguments = {USER(false)},
        .help = "lists the SSH keys that may log in as a user, of .ssh/authorized_keys and "
                ".ssh/authorized_keys2 in its home",
        .result = "{modified: integer (of the file that changed last, ms since 1970; 0 where there "
                  "is none), keys: list of {type: text, fingerprint: text (SHA256:...), comment: "
                  "text, options: bool, path: text, line: integer}, left_out: integer (of more "
                  "than 200)}",
    },
    {
        .name = "user.list",
        SEEING(10, 64, 256 * KIB),
        .help = "lists the machine's own users",
        .result = "{users: list of {name: text, user_id: integer, group_id: integer, home: text, "
                  "shell: text, password: text (none, set, locked or unknown), may_log_in: bool "
                  "(by its shell)}, left_out: integer (of more than 600)}",
    },
    {
        .name = "user.lock",
        FIXING(30, 256),
        .foretold = true,
        .inverse = "user.unlock",
        .arguments = {USER(true)},
        .help = "locks a user's password; its SSH keys and sessions stay: user.remove_key and "
                "user.end_sessions are for those",
        .result = "{user: text, locked: bool, changed: bool}",
    },
    {
        .name = "user.lockouts",
        SEEING(10, 128, 256 * KIB),
        .arguments = {{.name = "user",
                       .kind = ARGUMENT_WORD,
                       .min = 1,
                       .max = 32,
                       .help = "only this one of the machine's own users"}},
        .help = "lists whose failed logins pam_faillock counts, who is locked by them, and where "
                "they came from, " LOCKOUT_RULES,
        .result =
            "{deny: integer (failures that lock; 0: none do), interval_s: integer (within which), "
            "unlock_s: integer (0: it never ends by itself), users: list of {user: text, locked: "
            "bool, failures: integer (that count), newest: integer (ms since 1970), unlocks: "
            "integer (ms since 1970; 0: is not locked, or never), more: bool (sources, beyond "
            "10)}, sources: list of {user: text, from: text, kind: text (host, terminal or "
            "service), count: integer, newest: integer (ms since 1970)}, left_out: integer (users, "
            "of more than 100; the locked and the newest are listed first)}",
    },
    {
        .name = "user.remove_key",
        FIXING(120, 64),
        .foretold = true,
        .inverse = "user.restore_key",
        .arguments = {USER(true),
                      {.name = "fingerprint",
                       .kind = ARGUMENT_WORD,
                       .required = true,
                       .min = 50,
                       .max = 50,
                       .help = "as user.keys gives it"}},
        .help = "takes an SSH key out of a user's authorized_keys and authorized_keys2 into the "
                "policy's quarantine",
        .result = "{user: text, removed: integer (lines), id?: text (for user.restore_key)}",
    },
    {
        .name = "user.reset_lockout",
        FIXING(20, 64),
        .foretold = true,
        .arguments = {USER(true)},
        .help = "forgets the failed logins that pam_faillock counts of a user, and by that lets "
                "it log in again at once",
        .result = "{user: text, was_locked: bool (as user.lockouts tells), failures: integer (that "
                  "were forgotten), newest: integer (ms since 1970; 0: there was none), sources: "
                  "list of text (at most 2, the newest first), more: bool (sources)}",
    },
    {
        .name = "user.restore_key",
        FIXING(120, 64),
        .foretold = true,
        .inverse = "user.remove_key",
        .arguments = {USER(true),
                      {.name = "id",
                       .kind = ARGUMENT_NAME,
                       .required = true,
                       .help = "as user.remove_key gave it"}},
        .help = "puts an SSH key that user.remove_key took back where it was",
        .result = "{user: text, id: text}",
    },
    {
        .name = "user.sessions",
        SEEING(10, 64, 128 * KIB),
        .help = "lists who is logged in, as logind knows, or else utmp, of which those whose first "
                "process lives",
        .result = "{sessions: list of {user: text, line: text, from: text, service: text, pid: "
                  "integer, since: integer (ms since 1970)}, left_out: integer (of more than 300)}",
    },
    {
        .name = "user.unlock",
        FIXING(30, 256),
        .foretold = true,
        .inverse = "user.lock",
        .arguments = {USER(true)},
        .help = "unlocks a user's password",
        .result = "{user: text, locked: bool, changed: bool}",
    },
};

const op_family_t ops_user = {rows, ARRAY_SIZE(rows)};
