/* SPDX-License-Identifier: Apache-2.0 */
#include "wire/ops/families.h"

#define DATABASE(by_policy)                                                                \
    {                                                                                      \
        .name = "database", .kind = ARGUMENT_NAME, .required = true, .named = (by_policy), \
        .declared = DECLARED_BY_DATABASE,                                                  \
        .help = "of a database line of the machine's policy, which says which server is "  \
                "asked, as whom"                                                           \
    }
#define PID(is_required, words)                                                       \
    {                                                                                 \
        .name = "pid", .kind = ARGUMENT_INTEGER, .required = (is_required), .min = 1, \
        .max = 4194304, .help = (words)                                               \
    }
#define MOMENT(which, words)                                                   \
    {                                                                          \
        .name = (which), .kind = ARGUMENT_INTEGER, .required = true, .min = 0, \
        .max = INT64_MAX / 1000, .help = (words)                               \
    }
#define SESSION                                                                                  \
    PID(true, "the session's process"),                                                          \
        MOMENT("started", "when it began, as postgres.sessions gave it: this very session, and " \
                          "none that has its pid later; ms since 1970")
#define SLOT(is_required, words)                                                                  \
    {                                                                                             \
        .name = "slot", .kind = ARGUMENT_WORD, .required = (is_required), .named = (is_required), \
        .min = 1, .max = 63, .help = (words)                                                      \
    }

/* It is not made again under its name by the order that drops it. */
static probe_verdict_t
dropped(const value_t *seen, const value_t *arguments, wall_t begun, value_t *result)
{
    (void)begun;
    value_set_text(result, "database", value_get_text(arguments, "database"));
    value_set_text(result, "slot", value_get_text(arguments, "slot"));
    if (!value_get(seen, "slots"))
        return PROBE_CANNOT_TELL;
    return value_count(value_get(seen, "slots")) ? PROBE_DID_NOT : PROBE_HAPPENED;
}

static const op_probe_t drop_probe = {"postgres.replication", {"database", "slot"}, dropped};

static const op_t rows[] = {
    {
        .name = "postgres.cancel",
        FIXING(30, 256),
        .foretold = true,
        .arguments = {DATABASE(true),
                      SESSION,
                      MOMENT("query_started", "when its query began, as postgres.sessions gave it: "
                                              "this very query, and no later one; ms since 1970"),
                      {.name = "running_s",
                       .kind = ARGUMENT_INTEGER,
                       .required = true,
                       .min = 1,
                       .max = 604800,
                       .help = "one that has run for less is let be"}},
        .help = "ends a query of a session, which stays connected; its transaction fails",
        .result = "{database: text, pid: integer, started: integer (ms since 1970), cancelled: "
                  "bool (false: that query was over before)}",
    },
    {
        .name = "postgres.drop_slot",
        .least = CLASS_DESTRUCTIVE,
        .again = AGAIN_PROBE,
        .probe = &drop_probe,
        .foretold = true,
        .timeout_s = 30,
        .memory_mib = 256,
        .result_bytes_max = FIX_RESULT_MAX,
        .arguments = {DATABASE(true),
                      SLOT(true, "its name"),
                      {.name = "kept_bytes",
                       .kind = ARGUMENT_INTEGER,
                       .required = true,
                       .min = 0,
                       .max = INT64_MAX,
                       .help = "one that keeps less of the log than that is let be"}},
        .help = "drops a replication slot that nobody uses, so that the server needs no longer "
                "keep its log for it; whoever used it must be made anew",
        .result = "{database: text, slot: text, kept_bytes?: integer (until then), " PROBED "}",
    },
    {
        .name = "postgres.end_session",
        FIXING(30, 256),
        .foretold = true,
        .arguments = {DATABASE(true),
                      SESSION,
                      {.name = "idle_s",
                       .kind = ARGUMENT_INTEGER,
                       .required = true,
                       .min = 1,
                       .max = 604800,
                       .help = "one whose transaction has waited for its client for less is let "
                               "be, and so is one that does anything else"}},
        .help = "ends a session that holds a transaction open and does nothing; the transaction "
                "is rolled back",
        .result = "{database: text, pid: integer, started: integer (ms since 1970), ended: bool "
                  "(false: it was gone before)}",
    },
    {
        .name = "postgres.replication",
        SEEING(20, 256, 64 * KIB),
        .arguments = {DATABASE(false), SLOT(false, "only this slot")},
        .help = "tells how a server's replicas follow it, which slots keep how much of its log, "
                "and how it follows its own primary where it is a replica",
        .result =
            "{role: text (primary or replica), senders: list of {pid: integer, application: "
            "text, client: text (empty: the socket), state: text, sync: text, unsent_bytes?: "
            "integer, unreplayed_bytes?: integer, replay_ms?: integer (behind; absent where "
            "it is not)}, slots: list of {slot: text, kind: text (physical or logical), "
            "active: bool, temporary: bool, kept_bytes: integer, status: text (reserved, "
            "extended, unreserved or lost), safe_bytes?: integer (until it is lost)}, more: "
            "bool (senders or slots, beyond 50), receiver?: {status: text, host: text, port?: "
            "integer, slot: text, silent_ms?: integer}, unreplayed_bytes?: integer (received, "
            "of a replica), replayed_bytes?: integer (of the whole log, until now), replayed?: "
            "integer (when the primary committed what was replayed "
            "last, ms since 1970), replay_paused?: bool}",
    },
    {
        .name = "postgres.sessions",
        SEEING(20, 256, 256 * KIB),
        .arguments = {DATABASE(false),
                      PID(false, "only this one"),
                      {.name = "state",
                       .kind = ARGUMENT_CHOICE,
                       .choices = "active idle in-transaction",
                       .help =
                           "only those; in-transaction: which wait for their client within one"},
                      {.name = "longer_than_s",
                       .kind = ARGUMENT_INTEGER,
                       .min = 0,
                       .max = 604800,
                       .help = "only those that have been in their state for so long"}},
        .help = "lists the sessions of a server's clients, ours left out, the oldest transactions "
                "first, and how many there may be",
        .result =
            "{most: integer (max_connections), reserved: integer (of these, for superusers), "
            "states: list of {state: text (empty: the role may not see it), sessions: integer}, "
            "clients: list of {client: text (empty: the socket), user: text, sessions: integer} "
            "(those with most, at most 20), other_clients: bool, sessions: list of {pid: integer, "
            "started?: integer (ms since 1970), user: text, database: text, client: text (empty: "
            "the socket), application: text, state: text, state_ms?: integer (for so long), "
            "transaction_ms?: integer, query_started?: integer (ms since 1970), waits: text (for "
            "what), blocked_by: list of integer (pids, at most 10), query: text (the last or the "
            "one that runs, until its first quoted text, at most 200 characters)}, more: bool (of "
            "the listed kind, beyond 100)}",
    },
};

const op_family_t ops_postgres = {rows, ARRAY_SIZE(rows)};
