/* SPDX-License-Identifier: Apache-2.0 */
/* What would end or go of a PostgreSQL server, by what see-ops saw of it. */
#include "worker/foresight.h"
#include "worker/ops/bodies.h"

static value_t *
tell(const value_t *arguments, const char *what, bool does)
{
    value_t *result = value_map();
    value_set_text(result, "database", value_get_text(arguments, "database"));
    value_set_integer(result, "pid", value_get_integer(arguments, "pid"));
    value_set_integer(result, "started", value_get_integer(arguments, "started"));
    value_set_bool(result, what, does);
    return result;
}

/* That very session to *out; NULL where it is gone. */
static int
find_session(const value_t *arguments, const op_world_t *world, const value_t **out, fault_t *fault)
{
    const value_t *sessions = value_get(world->seen, "sessions");
    int64_t pid = value_get_integer(arguments, "pid");
    *out = NULL;
    for (size_t i = 0; i < value_count(sessions); i++) {
        const value_t *at = value_at(sessions, i);
        if (value_get_integer(at, "pid") != pid)
            continue;
        if (!value_get(at, "started"))
            return fault_set(fault, FAULT_DENIED, "the role may not see session %lld",
                             (long long)pid);
        if (value_get_integer(at, "started") == value_get_integer(arguments, "started"))
            *out = at;
    }
    return 0;
}

value_t *
postgres_end_session_foreseen(const value_t *arguments, const op_world_t *world, fault_t *fault)
{
    const value_t *session;
    if (find_session(arguments, world, &session, fault))
        return NULL;
    const char *state = value_get_text(session, "state");
    long long idle_s = value_get_integer(session, "state_ms") / 1000;
    long long pid = value_get_integer(arguments, "pid");
    if (session && (strncmp(state, "idle in transaction", 19) != 0 ||
                    idle_s < value_get_integer(arguments, "idle_s"))) {
        fault_set(fault, FAULT_CONFLICT, "session %lld has been '%.40s' for %lld s: it is let be",
                  pid, state, idle_s);
        return NULL;
    }
    value_t *foresight = foresight_new();
    if (session)
        foresight_goes(foresight, "session %lld of %.40s, which waits in a transaction: %.100s",
                       pid, value_get_text(session, "user"), value_get_text(session, "query"));
    return foresight_give(foresight, tell(arguments, "ended", session != NULL));
}

value_t *
postgres_cancel_foreseen(const value_t *arguments, const op_world_t *world, fault_t *fault)
{
    const value_t *session;
    if (find_session(arguments, world, &session, fault))
        return NULL;
    bool runs = session && !strcmp(value_get_text(session, "state"), "active") &&
                value_get_integer(session, "query_started") ==
                    value_get_integer(arguments, "query_started");
    long long for_s = (wall_now().ms - value_get_integer(arguments, "query_started")) / 1000;
    long long pid = value_get_integer(arguments, "pid");
    if (runs && for_s < value_get_integer(arguments, "running_s")) {
        fault_set(fault, FAULT_CONFLICT,
                  "the query of session %lld has been 'active' for %lld s: it is let be", pid,
                  for_s);
        return NULL;
    }
    value_t *foresight = foresight_new();
    if (runs)
        foresight_goes(foresight, "query of session %lld of %.40s: %.100s", pid,
                       value_get_text(session, "user"), value_get_text(session, "query"));
    return foresight_give(foresight, tell(arguments, "cancelled", runs));
}

value_t *
postgres_drop_slot_foreseen(const value_t *arguments, const op_world_t *world, fault_t *fault)
{
    const value_t *slots = value_get(world->seen, "slots");
    const value_t *slot = value_count(slots) ? value_at(slots, 0) : NULL;
    const char *name = value_get_text(arguments, "slot");
    long long kept = value_get_integer(slot, "kept_bytes");
    if (!slot)
        fault_set(fault, FAULT_NOT_FOUND, "the server has no replication slot '%.63s'", name);
    else if (value_get_bool(slot, "active"))
        fault_set(fault, FAULT_CONFLICT, "slot '%.63s' is in use: it is let be", name);
    else if (value_get_bool(slot, "temporary") || kept < value_get_integer(arguments, "kept_bytes"))
        fault_set(fault, FAULT_CONFLICT, "slot '%.63s' keeps %lld bytes of the log: it is let be",
                  name, kept);
    if (fault->code != FAULT_NONE)
        return NULL;
    value_t *foresight = foresight_new(), *result = value_map();
    foresight_goes(foresight, "replication slot %.63s, which keeps %lld bytes of the log", name,
                   kept);
    value_set_text(result, "database", value_get_text(arguments, "database"));
    value_set_text(result, "slot", name);
    value_set_integer(result, "kept_bytes", kept);
    return foresight_give(foresight, result);
}
