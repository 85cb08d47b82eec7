/* SPDX-License-Identifier: Apache-2.0 */
/* ops-postgres: what a PostgreSQL server says of its sessions and replicas, what ends one of its
 * sessions or queries, and what drops a replication slot. */
#include <poll.h>
#include <stdio.h>

#include "worker/ops/asked.h"
#include "worker/ops/done.h"
#include "worker/ops/postgres.h"

#define SESSIONS_MAX 100
#define STATES_MAX   32
#define CLIENTS_MAX  20
#define SENDERS_MAX  50
#define SLOTS_MAX    50
#define END_MS       5000
#define POLL_MS      50

/* Of others than its own users a role sees nothing but who and where they are. */
#define HIDDEN     "(backend_type is null and datid is not null) "
#define OF_CLIENTS "(backend_type = 'client backend' or " HIDDEN ") and pid <> pg_backend_pid() "

/* This very session, $1 and $2. */
#define OF_PID "from pg_stat_activity where pid = $1::int and "
#define IS_SESSION                          \
    "(backend_type = 'client backend' and " \
    "floor(extract(epoch from backend_start) * 1000)::bigint = $2::bigint) "

/* This very query of it, $3. */
#define IS_QUERY                                                                       \
    "(" IS_SESSION "and state = 'active' and floor(extract(epoch from query_start) * " \
    "1000)::bigint = $3::bigint) "

/* What is quoted in a query may be a secret: it is told until the first of that. */
#define UNQUOTED "substring(left(query, 200) from '^(?:[^''$]|[$][0-9])*') "

/* A table of one row: where the log ends that this server has. */
#define LOG_END                                                                       \
    "(select case when pg_is_in_recovery() then coalesce(pg_last_wal_receive_lsn(), " \
    "pg_last_wal_replay_lsn()) else pg_current_wal_lsn() end as place) as log_end "

/* What is told in ms is floored, so that what was told is found again. */
static const char ask_room[] =
    "select current_setting('max_connections'), current_setting('superuser_reserved_connections')";
static const char ask_states[] = "select state, count(*) from pg_stat_activity where " OF_CLIENTS
                                 "group by state order by 2 desc";
static const char ask_clients[] =
    "select host(client_addr), usename, count(*) from pg_stat_activity where " OF_CLIENTS
    "group by 1, 2 order by 3 desc, 1, 2 limit 21";
static const char ask_sessions[] =
    "select pid, floor(extract(epoch from backend_start) * 1000)::bigint, usename, datname, "
    "host(client_addr), application_name, state, "
    "greatest(0, floor(extract(epoch from clock_timestamp() - state_change) * 1000))::bigint, "
    "greatest(0, floor(extract(epoch from clock_timestamp() - xact_start) * 1000))::bigint, "
    "floor(extract(epoch from query_start) * 1000)::bigint, "
    "wait_event_type || ': ' || wait_event, "
    "case when wait_event_type = 'Lock' then (pg_blocking_pids(pid))[1:10] end, " UNQUOTED
    "from pg_stat_activity where ($1::int is null or pid = $1::int) "
    "and ($2::text is null or state like $2::text) and ($3::int is null "
    "or clock_timestamp() - state_change >= make_interval(secs => $3::int)) and " OF_CLIENTS
    "order by xact_start nulls last, backend_start, pid limit 101";
static const char ask_role[] =
    "select case when pg_is_in_recovery() then 'replica' else 'primary' end";
static const char ask_senders[] =
    "select pid, application_name, host(client_addr), state, sync_state, "
    "greatest(0, pg_wal_lsn_diff(place, sent_lsn))::bigint, "
    "greatest(0, pg_wal_lsn_diff(place, replay_lsn))::bigint, "
    "floor(extract(epoch from replay_lag) * 1000)::bigint "
    "from pg_stat_replication, " LOG_END "order by 7 desc nulls last limit 51";
static const char ask_slots[] =
    "select slot_name, slot_type, active, temporary, "
    "coalesce(greatest(0, pg_wal_lsn_diff(place, restart_lsn)), 0)::bigint, wal_status, "
    "safe_wal_size from pg_replication_slots, " LOG_END
    "where $1::text is null or slot_name = $1::text order by 5 desc limit 51";
static const char ask_receiver[] =
    "select status, sender_host, sender_port, slot_name, greatest(0, "
    "floor(extract(epoch from clock_timestamp() - last_msg_receipt_time) * 1000))::bigint "
    "from pg_stat_wal_receiver where pid is not null";
static const char ask_replay[] =
    "select greatest(0, pg_wal_lsn_diff(pg_last_wal_receive_lsn(), pg_last_wal_replay_lsn()))"
    "::bigint, pg_wal_lsn_diff(pg_last_wal_replay_lsn(), '0/0')::bigint, "
    "floor(extract(epoch from pg_last_xact_replay_timestamp()) * 1000)::bigint, "
    "pg_is_wal_replay_paused()";

/* Looking and ending are one statement, so that nothing else is hit than what was looked at. Of one
 * that is hidden there is a row without a state. */
static const char do_end[] =
    "select state, floor(extract(epoch from clock_timestamp() - state_change))::bigint, "
    "case when state like 'idle in transaction%' and clock_timestamp() - state_change >= "
    "make_interval(secs => $3::int) then pg_terminate_backend(pid) end " OF_PID "(" IS_SESSION
    "or " HIDDEN ")";
static const char do_cancel[] =
    "select state, floor(extract(epoch from clock_timestamp() - query_start))::bigint, "
    "case when clock_timestamp() - query_start >= make_interval(secs => $4::int) "
    "then pg_cancel_backend(pid) end " OF_PID "(" IS_QUERY "or " HIDDEN ")";
static const char do_drop[] =
    "select active, kept, case when not active and not temporary and kept >= $2::bigint "
    "then pg_drop_replication_slot(slot_name) is not null end from (select slot_name, active, "
    "temporary, coalesce(greatest(0, pg_wal_lsn_diff(place, restart_lsn)), 0)::bigint as kept "
    "from pg_replication_slots, " LOG_END "where slot_name = $1::text) as slot";

typedef struct {
    char digits[24];
} number_t;

/* An integer argument, as a parameter; "" where it was left out. */
static const char *
number_of(const value_t *arguments, const char *name, number_t *out)
{
    out->digits[0] = '\0';
    if (value_get(arguments, name))
        snprintf(out->digits, sizeof out->digits, "%lld",
                 (long long)value_get_integer(arguments, name));
    return out->digits;
}

static postgres_t *
open_server(const value_t *arguments, const op_world_t *world, fault_t *fault)
{
    return postgres_open(value_get(arguments, "reach"), world, fault);
}

/* What the first row of an answer says goes into the result. */
static int
ask_once(postgres_t *server, const char *statement, const column_t *columns, value_t *result,
         fault_t *fault)
{
    CLEANUP(value_destroy)
    value_t *rows = postgres_ask(server, statement, NULL, columns, 1, NULL, fault);
    if (!rows)
        return -1;
    for (size_t i = 0; value_count(rows) && i < value_count(value_at(rows, 0)); i++)
        value_set_slice(result, value_key(value_at(rows, 0), i),
                        value_copy(value_at(value_at(rows, 0), i)));
    return 0;
}

/* ---- postgres.sessions ------------------------------------------------------------------------
 */

static int
tell_room(postgres_t *server, value_t *result, fault_t *fault)
{
    static const column_t room[] = {{"most", COLUMN_INTEGER}, {"reserved", COLUMN_INTEGER}, {0}};
    static const column_t states[] = {{"state", COLUMN_TEXT}, {"sessions", COLUMN_INTEGER}, {0}};
    if (ask_once(server, ask_room, room, result, fault))
        return -1;
    static const column_t clients[] = {
        {"client", COLUMN_TEXT}, {"user", COLUMN_TEXT}, {"sessions", COLUMN_INTEGER}, {0}};
    bool others = false;
    value_t *rows = postgres_ask(server, ask_states, NULL, states, STATES_MAX, NULL, fault);
    if (!rows)
        return -1;
    value_set(result, "states", rows);
    rows = postgres_ask(server, ask_clients, NULL, clients, CLIENTS_MAX, &others, fault);
    if (!rows)
        return -1;
    value_set(result, "clients", rows);
    value_set_bool(result, "other_clients", others);
    return 0;
}

/* As PostgreSQL says what an argument says. */
static const char *
state_of(const value_t *arguments)
{
    const char *state = value_get_text(arguments, "state");
    return strcmp(state, "in-transaction") != 0 ? state : "idle in transaction%";
}

static value_t *
sessions(const value_t *arguments, const op_world_t *world, fault_t *fault)
{
    static const column_t columns[] = {{"pid", COLUMN_INTEGER},
                                       {"started", COLUMN_INTEGER},
                                       {"user", COLUMN_TEXT},
                                       {"database", COLUMN_TEXT},
                                       {"client", COLUMN_TEXT},
                                       {"application", COLUMN_TEXT},
                                       {"state", COLUMN_TEXT},
                                       {"state_ms", COLUMN_INTEGER},
                                       {"transaction_ms", COLUMN_INTEGER},
                                       {"query_started", COLUMN_INTEGER},
                                       {"waits", COLUMN_TEXT},
                                       {"blocked_by", COLUMN_INTEGERS},
                                       {"query", COLUMN_TEXT},
                                       {0}};
    number_t pid, longer;
    bool more = false;
    CLEANUP(postgres_destroy) postgres_t *server = open_server(arguments, world, fault);
    CLEANUP(value_destroy) value_t *result = value_map();
    if (!server || tell_room(server, result, fault))
        return NULL;
    const char *const parameters[] = {number_of(arguments, "pid", &pid), state_of(arguments),
                                      number_of(arguments, "longer_than_s", &longer), NULL};
    value_t *rows =
        postgres_ask(server, ask_sessions, parameters, columns, SESSIONS_MAX, &more, fault);
    if (!rows)
        return NULL;
    value_set(result, "sessions", rows);
    value_set_bool(result, "more", more);
    return MOVE(result);
}

/* ---- postgres.replication ---------------------------------------------------------------------
 */

static int
tell_senders(postgres_t *server, value_t *result, bool *more, fault_t *fault)
{
    static const column_t columns[] = {{"pid", COLUMN_INTEGER},
                                       {"application", COLUMN_TEXT},
                                       {"client", COLUMN_TEXT},
                                       {"state", COLUMN_TEXT},
                                       {"sync", COLUMN_TEXT},
                                       {"unsent_bytes", COLUMN_INTEGER},
                                       {"unreplayed_bytes", COLUMN_INTEGER},
                                       {"replay_ms", COLUMN_INTEGER},
                                       {0}};
    value_t *rows = postgres_ask(server, ask_senders, NULL, columns, SENDERS_MAX, more, fault);
    if (rows)
        value_set(result, "senders", rows);
    return rows ? 0 : -1;
}

static int
tell_slots(postgres_t *server, const char *slot, value_t *result, bool *more, fault_t *fault)
{
    static const column_t columns[] = {{"slot", COLUMN_TEXT},          {"kind", COLUMN_TEXT},
                                       {"active", COLUMN_BOOL},        {"temporary", COLUMN_BOOL},
                                       {"kept_bytes", COLUMN_INTEGER}, {"status", COLUMN_TEXT},
                                       {"safe_bytes", COLUMN_INTEGER}, {0}};
    const char *const parameters[] = {slot, NULL};
    value_t *rows = postgres_ask(server, ask_slots, parameters, columns, SLOTS_MAX, more, fault);
    if (rows)
        value_set(result, "slots", rows);
    return rows ? 0 : -1;
}

static int
tell_receiver(postgres_t *server, value_t *result, fault_t *fault)
{
    static const column_t receiver[] = {{"status", COLUMN_TEXT},       {"host", COLUMN_TEXT},
                                        {"port", COLUMN_INTEGER},      {"slot", COLUMN_TEXT},
                                        {"silent_ms", COLUMN_INTEGER}, {0}};
    static const column_t replay[] = {{"unreplayed_bytes", COLUMN_INTEGER},
                                      {"replayed_bytes", COLUMN_INTEGER},
                                      {"replayed", COLUMN_INTEGER},
                                      {"replay_paused", COLUMN_BOOL},
                                      {0}};
    CLEANUP(value_destroy)
    value_t *rows = postgres_ask(server, ask_receiver, NULL, receiver, 1, NULL, fault);
    if (!rows)
        return -1;
    if (value_count(rows))
        value_set(result, "receiver", value_copy(value_at(rows, 0)));
    return ask_once(server, ask_replay, replay, result, fault);
}

static value_t *
replication(const value_t *arguments, const op_world_t *world, fault_t *fault)
{
    static const column_t role[] = {{"role", COLUMN_TEXT}, {0}};
    bool more_senders = false, more_slots = false;
    CLEANUP(postgres_destroy) postgres_t *server = open_server(arguments, world, fault);
    CLEANUP(value_destroy) value_t *result = value_map();
    if (!server || ask_once(server, ask_role, role, result, fault) ||
        tell_senders(server, result, &more_senders, fault) ||
        tell_slots(server, value_get_text(arguments, "slot"), result, &more_slots, fault))
        return NULL;
    value_set_bool(result, "more", more_senders || more_slots);
    if (!strcmp(value_get_text(result, "role"), "replica") && tell_receiver(server, result, fault))
        return NULL;
    return MOVE(result);
}

/* ---- what ends one ----------------------------------------------------------------------------
 */

/* Until the statement gives no row any more; it may end yet, where nobody sees it. */
static int
await_end(postgres_t *server, const char *statement, const char *const *parameters,
          const char *what, fault_t *fault)
{
    static const column_t columns[] = {{"there", COLUMN_INTEGER}, {0}};
    bool told = true;
    for (int waited = 0; told && waited < END_MS; waited += POLL_MS) {
        CLEANUP(value_destroy)
        value_t *rows = postgres_ask(server, statement, parameters, columns, 1, NULL, fault);
        if (rows && !value_count(rows))
            return 0;
        told = rows;
        poll(NULL, 0, told ? POLL_MS : 0);
    }
    if (told)
        fault_set(fault, FAULT_TIMEOUT, "%s %s does not end", what, parameters[0]);
    return done_anyway(fault, "%s %s was told to end", what, parameters[0]);
}

static value_t *
tell_end(const value_t *arguments, const char *what, bool did)
{
    value_t *result = value_map();
    value_set_text(result, "database", value_get_text(arguments, "database"));
    value_set_integer(result, "pid", value_get_integer(arguments, "pid"));
    value_set_integer(result, "started", value_get_integer(arguments, "started"));
    value_set_bool(result, what, did);
    return result;
}

/* One that changes something, and gives a row about it at most: where the connection broke amid
 * it, nobody can know whether it did. */
static value_t *
ask_fix(postgres_t *server, const char *statement, const char *const *parameters,
        const column_t *columns, fault_t *fault)
{
    value_t *rows = postgres_ask(server, statement, parameters, columns, 1, NULL, fault);
    if (!rows && postgres_is_lost(server))
        fault->code = FAULT_UNKNOWN;
    return rows;
}

/* What ends something gives a row about it; none where it is gone. NULL where it was not told to.
 */
static value_t *
tell_to_end(postgres_t *server, const char *statement, const char *const *parameters,
            const char *what, fault_t *fault)
{
    static const column_t columns[] = {
        {"state", COLUMN_TEXT}, {"for_s", COLUMN_INTEGER}, {"told", COLUMN_BOOL}, {0}};
    CLEANUP(value_destroy) value_t *rows = ask_fix(server, statement, parameters, columns, fault);
    const value_t *row = value_count(rows) ? value_at(rows, 0) : NULL;
    if (row && !value_get_text(row, "state")[0]) {
        fault_set(fault, FAULT_DENIED, "the role may not see %s %s", what, parameters[0]);
        return NULL;
    }
    if (row && !value_get_bool(row, "told")) {
        fault_set(fault, FAULT_CONFLICT, "%s %s has been '%.40s' for %lld s: it is let be", what,
                  parameters[0], value_get_text(row, "state"),
                  (long long)value_get_integer(row, "for_s"));
        return NULL;
    }
    return MOVE(rows);
}

static value_t *
end_session(const value_t *arguments, const op_world_t *world, fault_t *fault)
{
    number_t pid, started, idle;
    const char *const parameters[] = {number_of(arguments, "pid", &pid),
                                      number_of(arguments, "started", &started),
                                      number_of(arguments, "idle_s", &idle), NULL};
    const char *const that_session[] = {pid.digits, started.digits, NULL};
    CLEANUP(postgres_destroy) postgres_t *server = open_server(arguments, world, fault);
    CLEANUP(value_destroy)
    value_t *told = server ? tell_to_end(server, do_end, parameters, "session", fault) : NULL;
    if (!told || (value_count(told) &&
                  await_end(server, "select 1 " OF_PID IS_SESSION, that_session, "session", fault)))
        return NULL;
    return tell_end(arguments, "ended", value_count(told));
}

static value_t *
cancel(const value_t *arguments, const op_world_t *world, fault_t *fault)
{
    number_t pid, started, query, running;
    const char *const parameters[] = {number_of(arguments, "pid", &pid),
                                      number_of(arguments, "started", &started),
                                      number_of(arguments, "query_started", &query),
                                      number_of(arguments, "running_s", &running), NULL};
    const char *const that_query[] = {pid.digits, started.digits, query.digits, NULL};
    CLEANUP(postgres_destroy) postgres_t *server = open_server(arguments, world, fault);
    CLEANUP(value_destroy)
    value_t *told =
        server ? tell_to_end(server, do_cancel, parameters, "the query of session", fault) : NULL;
    if (!told || (value_count(told) && await_end(server, "select 1 " OF_PID IS_QUERY, that_query,
                                                 "the query of session", fault)))
        return NULL;
    return tell_end(arguments, "cancelled", value_count(told));
}

/* What there was of a slot that is dropped; NULL where it is let be. */
static value_t *
ask_to_drop(postgres_t *server, const char *slot, const char *kept_bytes, fault_t *fault)
{
    static const column_t columns[] = {
        {"active", COLUMN_BOOL}, {"kept_bytes", COLUMN_INTEGER}, {"dropped", COLUMN_BOOL}, {0}};
    const char *const parameters[] = {slot, kept_bytes, NULL};
    CLEANUP(value_destroy) value_t *rows = ask_fix(server, do_drop, parameters, columns, fault);
    const value_t *row = value_count(rows) ? value_at(rows, 0) : NULL;
    if (row && value_get_bool(row, "dropped"))
        return value_copy(row);
    if (row)
        fault_set(fault, FAULT_CONFLICT,
                  value_get_bool(row, "active")
                      ? "slot '%.63s' is in use: it is let be"
                      : "slot '%.63s' keeps %lld bytes of the log: it is let be",
                  slot, (long long)value_get_integer(row, "kept_bytes"));
    else if (rows)
        fault_set(fault, FAULT_NOT_FOUND, "the server has no replication slot '%.63s'", slot);
    return NULL;
}

static value_t *
drop_slot(const value_t *arguments, const op_world_t *world, fault_t *fault)
{
    const char *slot = value_get_text(arguments, "slot");
    number_t least;
    CLEANUP(postgres_destroy) postgres_t *server = open_server(arguments, world, fault);
    CLEANUP(value_destroy)
    value_t *was =
        server ? ask_to_drop(server, slot, number_of(arguments, "kept_bytes", &least), fault)
               : NULL;
    if (!was)
        return NULL;
    value_t *result = value_map();
    value_set_text(result, "database", value_get_text(arguments, "database"));
    value_set_text(result, "slot", slot);
    value_set_integer(result, "kept_bytes", value_get_integer(was, "kept_bytes"));
    return result;
}

int
main(int argc, char **argv)
{
    static const op_act_t acts[] = {{"postgres.cancel", cancel},
                                    {"postgres.drop_slot", drop_slot},
                                    {"postgres.end_session", end_session},
                                    {"postgres.replication", replication},
                                    {"postgres.sessions", sessions}};
    return op_cell_main(argc, argv, acts, ARRAY_SIZE(acts));
}
