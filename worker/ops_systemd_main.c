/* SPDX-License-Identifier: Apache-2.0 */
/* ops-systemd: units over sd-bus, in a program of its own for libsystemd's sake. What looks asks on
 * the system bus, as nobody; what acts asks the manager on its own socket, which lets root alone
 * in, and then waits until its job is done. */
#include <systemd/sd-bus.h>

#include <errno.h>
#include <stdlib.h>
#include <time.h>

#include "worker/ops/machine.h"
#include "worker/proc.h"

#define SYSTEMD      "org.freedesktop.systemd1"
#define PATH         "/org/freedesktop/systemd1"
#define MANAGER      "org.freedesktop.systemd1.Manager"
#define PRIVATE      "unix:path=/run/systemd/private"
#define FACE(kind)   "org.freedesktop.systemd1." kind
#define UNITS_LISTED 100
#define EDGES_MAX    200 /* of either direction */
#define RESOLVED     "org.freedesktop.resolve1"

typedef struct {
    sd_bus *bus;
    const char *name; /* whom to ask: NULL on the manager's own socket */
    sd_bus_error error;
} manager_t;

static void
manager_close(manager_t *self)
{
    sd_bus_error_free(&self->error);
    sd_bus_close_unref(self->bus);
}

/* What systemd said, as a fault. */
static int
refuse(manager_t *self, int wrong, const char *what, fault_t *fault)
{
    const char *name = self->error.name ? self->error.name : "";
    CLEANUP(value_destroy)
    value_t *text = shown(self->error.message ? self->error.message : strerror(-wrong));
    bool missing = strstr(name, "NoSuchUnit") || wrong == -ENOENT;
    fault_set(fault, missing ? FAULT_NOT_FOUND : FAULT_FAILED, "%s: %.160s", what,
              value_string(text));
    return -1;
}

static int
open_bus(manager_t *self, fault_t *fault)
{
    int wrong = sd_bus_open_system(&self->bus);
    self->name = SYSTEMD;
    return wrong < 0 ? refuse(self, wrong, "the system bus is not to be had", fault) : 0;
}

static int
open_private(manager_t *self, fault_t *fault)
{
    int wrong = sd_bus_new(&self->bus);
    if (wrong >= 0)
        wrong = sd_bus_set_address(self->bus, PRIVATE);
    if (wrong >= 0)
        wrong = sd_bus_start(self->bus);
    return wrong < 0 ? refuse(self, wrong, "systemd is not to be reached", fault) : 0;
}

/* ---- one unit ---------------------------------------------------------------------------- */

static void
set_text(manager_t *self, const char *path, const char *face, const char *property, const char *key,
         value_t *result)
{
    char *text = NULL;
    if (sd_bus_get_property_string(self->bus, self->name, path, face, property, NULL, &text) < 0)
        return;
    if (*text)
        show(result, key, text);
    free(text);
}

typedef struct {
    const char *face, *property;
    char type;
    int64_t per; /* what it counts in a unit of ours */
    const char *key;
} number_t;

/* The greatest number is how systemd says that there is none. */
static void
set_number(manager_t *self, const char *path, const number_t *at, value_t *result)
{
    union {
        uint64_t t;
        uint32_t u;
        int32_t i;
    } got = {0};
    if (sd_bus_get_property_trivial(self->bus, self->name, path, at->face, at->property, NULL,
                                    at->type, &got) < 0)
        return;
    uint64_t number = at->type == 't' ? got.t : at->type == 'u' ? got.u : (uint64_t)got.i;
    if (number <= INT64_MAX && !(at->per > 1 && !number))
        value_set_integer(result, at->key, (int64_t)number / at->per);
}

/* The object of a unit, the caller's; NULL with a fault. */
static char *
find_unit(manager_t *self, const char *unit, fault_t *fault)
{
    sd_bus_message *answer = NULL;
    const char *path = NULL;
    char *found = NULL;
    int wrong = sd_bus_call_method(self->bus, self->name, PATH, MANAGER, "LoadUnit", &self->error,
                                   &answer, "s", unit);
    if (wrong >= 0)
        wrong = sd_bus_message_read(answer, "o", &path);
    if (wrong < 0)
        refuse(self, wrong, unit, fault);
    else
        found = memory_text(path);
    sd_bus_message_unref(answer);
    return found;
}

static void
describe(manager_t *self, const char *path, const char *unit, value_t *result)
{
    static const char face[] = "org.freedesktop.systemd1.Unit";
    value_set_text(result, "unit", unit);
    set_text(self, path, face, "ActiveState", "active", result);
    set_text(self, path, face, "SubState", "sub", result);
}

static bool
is_there(const value_t *result, fault_t *fault)
{
    if (strcmp(value_get_text(result, "load"), "not-found") != 0)
        return true;
    fault_set(fault, FAULT_NOT_FOUND, "there is no unit '%.120s'", value_get_text(result, "unit"));
    return false;
}

/* By the kernel's clock, which nobody sets, and so by the wall's as that is now. */
static void
set_active_since(manager_t *self, const char *path, value_t *result)
{
    struct timespec now;
    uint64_t entered_us = 0;
    int wrong =
        sd_bus_get_property_trivial(self->bus, self->name, path, "org.freedesktop.systemd1.Unit",
                                    "ActiveEnterTimestampMonotonic", NULL, 't', &entered_us);
    if (wrong < 0 || !entered_us || clock_gettime(CLOCK_MONOTONIC, &now))
        return;
    int64_t ago_us = now.tv_sec * INT64_C(1000000) + now.tv_nsec / 1000 - (int64_t)entered_us;
    value_set_integer(result, "active_since", wall_of((mono_t){mono_now().ms - ago_us / 1000}).ms);
}

/* What systemd has still to do with it; nothing where it has nothing. */
static void
set_job(manager_t *self, const char *path, value_t *result)
{
    sd_bus_message *answer = NULL;
    const char *job = NULL;
    uint32_t id = 0;
    if (sd_bus_get_property(self->bus, self->name, path, "org.freedesktop.systemd1.Unit", "Job",
                            NULL, &answer, "(uo)") >= 0 &&
        sd_bus_message_read(answer, "(uo)", &id, &job) >= 0 && id) {
        value_set_text(result, "job", "waiting");
        set_text(self, job, "org.freedesktop.systemd1.Job", "JobType", "job", result);
    }
    sd_bus_message_unref(answer);
}

static value_t *
unit_status(const value_t *arguments, const op_world_t *world, fault_t *fault)
{
    static const number_t numbers[] = {
        {FACE("Unit"), "StateChangeTimestamp", 't', 1000, "since"},
        {FACE("Service"), "MainPID", 'u', 1, "main_pid"},
        {FACE("Service"), "ExecMainStatus", 'i', 1, "exit_status"},
        {FACE("Service"), "NRestarts", 'u', 1, "restarts"},
        {FACE("Service"), "MemoryCurrent", 't', 1, "memory_bytes"},
        {FACE("Service"), "TasksCurrent", 't', 1, "tasks"},
        {FACE("Service"), "MemoryMax", 't', 1, "memory_max_bytes"},
        {FACE("Service"), "CPUQuotaPerSecUSec", 't', 10000, "cpu_max_percent"},
        {FACE("Timer"), "NextElapseUSecRealtime", 't', 1000, "next"},
        {FACE("Timer"), "LastTriggerUSec", 't', 1000, "last"},
    };
    const char *unit = value_get_text(arguments, "unit");
    CLEANUP(manager_close) manager_t manager = {.bus = NULL};
    (void)world;
    CLEANUP(memory_free)
    char *path = open_bus(&manager, fault) ? NULL : find_unit(&manager, unit, fault);
    if (!path)
        return NULL;
    CLEANUP(value_destroy) value_t *result = value_map();
    value_set_text(result, "description", "");
    value_set_text(result, "state", "");
    describe(&manager, path, unit, result);
    set_text(&manager, path, FACE("Unit"), "Description", "description", result);
    set_text(&manager, path, FACE("Unit"), "LoadState", "load", result);
    set_text(&manager, path, FACE("Unit"), "UnitFileState", "state", result);
    set_text(&manager, path, FACE("Service"), "Result", "result", result);
    for (size_t i = 0; i < ARRAY_SIZE(numbers); i++)
        set_number(&manager, path, &numbers[i], result);
    set_active_since(&manager, path, result);
    set_job(&manager, path, result);
    return is_there(result, fault) ? MOVE(result) : NULL;
}

/* ---- what it needs ------------------------------------------------------------------------ */

/* By how systemd keeps them; one that it has not loaded does not run. */
static void
add_edge(manager_t *self, const char *unit, const char *how, value_t *list)
{
    sd_bus_message *answer = NULL;
    const char *path;
    value_t *row = value_map();
    show(row, "unit", unit);
    value_set_text(row, "how", how);
    value_set_text(row, "active", "inactive");
    if (sd_bus_call_method(self->bus, self->name, PATH, MANAGER, "GetUnit", NULL, &answer, "s",
                           unit) >= 0 &&
        sd_bus_message_read(answer, "o", &path) >= 0)
        set_text(self, path, FACE("Unit"), "ActiveState", "active", row);
    sd_bus_message_unref(answer);
    value_append(list, row);
}

static void
strings_free(char ***strings_p)
{
    for (char **at = *strings_p; at && *at; at++)
        free(*at);
    free(*strings_p);
}

/* How many were left out. */
static int64_t
add_edges(manager_t *self, const char *path, const char *property, const char *how, value_t *list)
{
    CLEANUP(strings_free) char **units = NULL;
    int64_t left_out = 0;
    if (sd_bus_get_property_strv(self->bus, self->name, path, FACE("Unit"), property, NULL,
                                 &units) < 0)
        return 0;
    for (char **unit = units; unit && *unit; unit++)
        if (value_count(list) < EDGES_MAX)
            add_edge(self, *unit, how, list);
        else
            left_out++;
    return left_out;
}

static value_t *
unit_dependencies(const value_t *arguments, const op_world_t *world, fault_t *fault)
{
    static const struct {
        const char *needs, *needed_by, *how;
    } edges[] = {
        {"Requires", "RequiredBy", "requires"},      {"Requisite", "RequisiteOf", "requisite"},
        {"BindsTo", "BoundBy", "binds_to"},          {"Wants", "WantedBy", "wants"},
        {"TriggeredBy", "Triggers", "triggered_by"},
    };
    const char *unit = value_get_text(arguments, "unit");
    CLEANUP(manager_close) manager_t manager = {.bus = NULL};
    (void)world;
    CLEANUP(memory_free)
    char *path = open_bus(&manager, fault) ? NULL : find_unit(&manager, unit, fault);
    if (!path)
        return NULL;
    CLEANUP(value_destroy) value_t *result = value_map();
    value_set_text(result, "unit", unit);
    set_text(&manager, path, FACE("Unit"), "LoadState", "load", result);
    if (!is_there(result, fault))
        return NULL;
    value_t *needs = value_list(), *needed_by = value_list(), *told = value_map();
    int64_t left_out = 0;
    for (size_t i = 0; i < ARRAY_SIZE(edges); i++) {
        left_out += add_edges(&manager, path, edges[i].needs, edges[i].how, needs);
        left_out += add_edges(&manager, path, edges[i].needed_by, edges[i].how, needed_by);
    }
    value_set_text(told, "unit", unit);
    value_set(told, "needs", needs);
    value_set(told, "needed_by", needed_by);
    value_set_integer(told, "left_out", left_out);
    return told;
}

/* ---- many -------------------------------------------------------------------------------- */

static bool
is_kind(const char *unit, const char *kind)
{
    const char *dot = strrchr(unit, '.');
    return !*kind || (dot && !strcmp(dot + 1, kind));
}

static int
by_name(const void *left, const void *right)
{
    return strcmp(value_get_text(*(value_t *const *)left, "unit"),
                  value_get_text(*(value_t *const *)right, "unit"));
}

/* All that are meant, in the order of their names; the caller's. */
static size_t
read_units(sd_bus_message *answer, const value_t *arguments, value_t ***out)
{
    const char *unit, *text, *load, *active, *sub;
    const char *wanted = value_get_text(arguments, "active");
    size_t count = 0, capacity = 0;
    value_t **units = NULL;
    while (sd_bus_message_read(answer, "(ssssssouso)", &unit, &text, &load, &active, &sub, NULL,
                               NULL, NULL, NULL, NULL) > 0) {
        if ((*wanted && strcmp(wanted, active) != 0) ||
            !is_kind(unit, value_get_text(arguments, "kind")))
            continue;
        units = memory_grow(units, count, &capacity, sizeof(value_t *));
        value_t *row = units[count++] = value_map();
        show(row, "unit", unit);
        show(row, "description", text);
        show(row, "load", load);
        show(row, "active", active);
        show(row, "sub", sub);
    }
    if (count)
        qsort(units, count, sizeof(value_t *), by_name);
    *out = units;
    return count;
}

static value_t *
unit_list(const value_t *arguments, const op_world_t *world, fault_t *fault)
{
    CLEANUP(manager_close) manager_t manager = {.bus = NULL};
    sd_bus_message *answer = NULL;
    int64_t most = value_get_integer(arguments, "count");
    (void)world;
    most = most ? most : UNITS_LISTED;
    if (open_bus(&manager, fault))
        return NULL;
    int wrong = sd_bus_call_method(manager.bus, manager.name, PATH, MANAGER, "ListUnits",
                                   &manager.error, &answer, "");
    if (wrong >= 0)
        wrong = sd_bus_message_enter_container(answer, 'a', "(ssssssouso)");
    if (wrong < 0) {
        refuse(&manager, wrong, "the list of units", fault);
        return NULL;
    }
    value_t **units, *list = value_list(), *result = value_map();
    size_t count = read_units(answer, arguments, &units);
    for (size_t i = 0; i < count; i++)
        if (i < (size_t)most)
            value_append(list, units[i]);
        else
            value_destroy(&units[i]);
    value_set(result, "units", list);
    value_set_integer(result, "left_out", count > (size_t)most ? (int64_t)count - most : 0);
    free(units);
    sd_bus_message_unref(answer);
    return result;
}

/* ---- what acts --------------------------------------------------------------------------- */

typedef struct {
    const char *path; /* of the job */
    char result[32];  /* "" while it runs */
} job_t;

static int
on_removed(sd_bus_message *message, void *context, sd_bus_error *error)
{
    job_t *self = context;
    const char *path, *unit, *result;
    uint32_t id;
    (void)error;
    if (sd_bus_message_read(message, "uoss", &id, &path, &unit, &result) >= 0 && self->path &&
        !strcmp(path, self->path))
        snprintf(self->result, sizeof self->result, "%s", result);
    return 0;
}

/* Until systemd says what became of it; the op's deadline is the limit. */
static int
await_job(manager_t *self, const job_t *job)
{
    while (!job->result[0]) {
        int done = sd_bus_process(self->bus, NULL);
        if (done == 0)
            done = sd_bus_wait(self->bus, UINT64_MAX);
        if (done < 0)
            return done;
    }
    return 0;
}

/* A verb that makes a job. */
static int
do_job(manager_t *self, const char *verb, const char *unit, fault_t *fault)
{
    sd_bus_message *answer = NULL;
    job_t job = {0};
    int wrong =
        sd_bus_match_signal(self->bus, NULL, NULL, PATH, MANAGER, "JobRemoved", on_removed, &job);
    if (wrong >= 0)
        wrong = sd_bus_call_method(self->bus, self->name, PATH, MANAGER, "Subscribe", &self->error,
                                   NULL, "");
    if (wrong >= 0)
        wrong = sd_bus_call_method(self->bus, self->name, PATH, MANAGER, verb, &self->error,
                                   &answer, "ss", unit, "replace");
    if (wrong >= 0)
        wrong = sd_bus_message_read(answer, "o", &job.path);
    if (wrong >= 0)
        wrong = await_job(self, &job);
    if (wrong < 0)
        refuse(self, wrong, unit, fault);
    else if (strcmp(job.result, "done") != 0 && strcmp(job.result, "skipped") != 0)
        wrong =
            fault_set(fault, FAULT_FAILED, "%s of '%.120s' ended as '%s'", verb, unit, job.result);
    sd_bus_message_unref(answer);
    return wrong < 0 ? -1 : 0;
}

static value_t *
told(manager_t *self, const char *unit, fault_t *fault)
{
    CLEANUP(memory_free) char *path = find_unit(self, unit, fault);
    if (!path)
        return NULL;
    value_t *result = value_map();
    describe(self, path, unit, result);
    return result;
}

static value_t *
act(const value_t *arguments, const char *verb, fault_t *fault)
{
    const char *unit = value_get_text(arguments, "unit");
    CLEANUP(manager_close) manager_t manager = {.bus = NULL};
    if (open_private(&manager, fault) || do_job(&manager, verb, unit, fault))
        return NULL;
    return told(&manager, unit, fault);
}

#define ACT(name, verb)                                                                     \
    static value_t *name(const value_t *arguments, const op_world_t *world, fault_t *fault) \
    {                                                                                       \
        (void)world;                                                                        \
        return act(arguments, verb, fault);                                                 \
    }
ACT(unit_start, "StartUnit")
ACT(unit_stop, "StopUnit")
ACT(unit_restart, "RestartUnit")
ACT(unit_reload, "ReloadUnit")
#undef ACT

static bool
exists(manager_t *self, const char *unit, fault_t *fault)
{
    CLEANUP(memory_free) char *path = find_unit(self, unit, fault);
    CLEANUP(value_destroy) value_t *seen = value_map();
    if (!path)
        return false;
    describe(self, path, unit, seen);
    set_text(self, path, FACE("Unit"), "LoadState", "load", seen);
    return is_there(seen, fault);
}

/* One that was stopped and that nothing needs is no longer loaded: it has not failed. */
static value_t *
unit_reset_failed(const value_t *arguments, const op_world_t *world, fault_t *fault)
{
    const char *unit = value_get_text(arguments, "unit");
    CLEANUP(manager_close) manager_t manager = {.bus = NULL};
    (void)world;
    if (open_private(&manager, fault))
        return NULL;
    int wrong = sd_bus_call_method(manager.bus, manager.name, PATH, MANAGER, "ResetFailedUnit",
                                   &manager.error, NULL, "s", unit);
    if (wrong < 0 && !sd_bus_error_has_name(&manager.error, SYSTEMD ".NoSuchUnit")) {
        refuse(&manager, wrong, unit, fault);
        return NULL;
    }
    sd_bus_error_free(&manager.error);
    return exists(&manager, unit, fault) ? told(&manager, unit, fault) : NULL;
}

/* ---- limits ------------------------------------------------------------------------------ */

/* The greatest number is how systemd says that there is none. */
static uint64_t
limit_of(const value_t *arguments, const char *key, uint64_t per)
{
    return value_get(arguments, key) ? (uint64_t)value_get_integer(arguments, key) * per
                                     : UINT64_MAX;
}

static int
set_limits(manager_t *self, const char *unit, uint64_t memory, uint64_t cpu_us)
{
    return sd_bus_call_method(self->bus, self->name, PATH, MANAGER, "SetUnitProperties",
                              &self->error, NULL, "sba(sv)", unit, 1, 2, "MemoryMax", "t", memory,
                              "CPUQuotaPerSecUSec", "t", cpu_us);
}

static value_t *
unit_limit(const value_t *arguments, const op_world_t *world, fault_t *fault)
{
    static const number_t numbers[] = {
        {"org.freedesktop.systemd1.Service", "MemoryMax", 't', 1, "memory_bytes"},
        {"org.freedesktop.systemd1.Service", "CPUQuotaPerSecUSec", 't', 10000, "cpu_percent"},
    };
    const char *unit = value_get_text(arguments, "unit");
    CLEANUP(manager_close) manager_t manager = {.bus = NULL};
    (void)world;
    if (open_private(&manager, fault))
        return NULL;
    int wrong = set_limits(&manager, unit, limit_of(arguments, "memory_bytes", 1),
                           limit_of(arguments, "cpu_percent", 10000));
    if (wrong < 0) {
        refuse(&manager, wrong, unit, fault);
        return NULL;
    }
    CLEANUP(memory_free) char *path = find_unit(&manager, unit, fault);
    if (!path)
        return NULL;
    value_t *result = value_map();
    value_set_text(result, "unit", unit);
    for (size_t i = 0; i < ARRAY_SIZE(numbers); i++)
        set_number(&manager, path, &numbers[i], result);
    return result;
}

/* ---- unit files -------------------------------------------------------------------------- */

/* Flags of the call: whether until the next boot only, and whether to replace what is there. */
typedef struct {
    const char *verb, *job; /* what else is done; NULL for nothing */
    const char *types;
    bool runtime;
    const char *state; /* how its state then begins; NULL where that is not to be told */
} filing_t;

static int
change_file(manager_t *self, const filing_t *how, const char *unit)
{
    bool two = !strcmp(how->types, "asbb");
    int wrong = two ? sd_bus_call_method(self->bus, self->name, PATH, MANAGER, how->verb,
                                         &self->error, NULL, "asbb", 1, unit, how->runtime, 1)
                    : sd_bus_call_method(self->bus, self->name, PATH, MANAGER, how->verb,
                                         &self->error, NULL, "asb", 1, unit, how->runtime);
    return wrong < 0 ? wrong
                     : sd_bus_call_method(self->bus, self->name, PATH, MANAGER, "Reload",
                                          &self->error, NULL, "");
}

static value_t *
file(const value_t *arguments, const filing_t *how, fault_t *fault)
{
    const char *unit = value_get_text(arguments, "unit"), *state;
    CLEANUP(manager_close) manager_t manager = {.bus = NULL};
    sd_bus_message *answer = NULL;
    value_t *result = NULL;
    if (strchr(unit, '/')) { /* systemd would take a file from anywhere */
        fault_set(fault, FAULT_ARGUMENT, "'%.120s' is no name of a unit", unit);
        return NULL;
    }
    if (open_private(&manager, fault))
        return NULL;
    int wrong = change_file(&manager, how, unit);
    if (wrong >= 0 && how->job && do_job(&manager, how->job, unit, fault))
        return NULL;
    if (wrong >= 0)
        wrong = sd_bus_call_method(manager.bus, manager.name, PATH, MANAGER, "GetUnitFileState",
                                   &manager.error, &answer, "s", unit);
    if (wrong >= 0)
        wrong = sd_bus_message_read(answer, "s", &state);
    if (wrong < 0) {
        refuse(&manager, wrong, unit, fault);
    } else {
        result = value_map();
        value_set_text(result, "unit", unit);
        show(result, "state", state);
        if (how->state && strncmp(state, how->state, strlen(how->state)) != 0) {
            fault_set(fault, FAULT_FAILED,
                      "'%.120s' is '%.20s' all the same: a file of its own in "
                      "/etc/systemd/system comes first",
                      unit, state);
            value_destroy(&result);
        }
    }
    sd_bus_message_unref(answer);
    return result;
}

#define FILE_OP(name, ...)                                                                  \
    static value_t *name(const value_t *arguments, const op_world_t *world, fault_t *fault) \
    {                                                                                       \
        static const filing_t how = {__VA_ARGS__};                                          \
        (void)world;                                                                        \
        return file(arguments, &how, fault);                                                \
    }
FILE_OP(unit_mask, "MaskUnitFiles", NULL, "asbb", true, "masked")
FILE_OP(unit_unmask, "UnmaskUnitFiles", NULL, "asb", true, NULL)
FILE_OP(unit_enable, "EnableUnitFiles", "StartUnit", "asbb", false, "enabled")
FILE_OP(unit_disable, "DisableUnitFiles", "StopUnit", "asb", false, NULL)
#undef FILE_OP

/* ---- the resolver ------------------------------------------------------------------------ */

#define RESOLVED_PATH "/org/freedesktop/resolve1"
#define RESOLVED_FACE RESOLVED ".Manager"

typedef struct {
    uint64_t kept, hits, misses;
} cache_t;

static int
read_cache(manager_t *self, cache_t *out)
{
    sd_bus_message *answer = NULL;
    int wrong = sd_bus_get_property(self->bus, RESOLVED, RESOLVED_PATH, RESOLVED_FACE,
                                    "CacheStatistics", &self->error, &answer, "(ttt)");
    if (wrong >= 0)
        wrong = sd_bus_message_read(answer, "(ttt)", &out->kept, &out->hits, &out->misses);
    sd_bus_message_unref(answer);
    return wrong;
}

/* What it keeps, and then, where so, that it forgets that: any user may ask for it, as resolvectl
 * does. */
static int
ask_resolver(cache_t *out, bool flush, fault_t *fault)
{
    CLEANUP(manager_close) manager_t manager = {.bus = NULL};
    if (open_bus(&manager, fault))
        return -1;
    int wrong = read_cache(&manager, out);
    if (wrong >= 0 && flush)
        wrong = sd_bus_call_method(manager.bus, RESOLVED, RESOLVED_PATH, RESOLVED_FACE,
                                   "FlushCaches", &manager.error, NULL, "");
    if (sd_bus_error_has_name(&manager.error, SD_BUS_ERROR_SERVICE_UNKNOWN))
        return fault_set(fault, FAULT_NOT_FOUND, "systemd-resolved does not run on this machine");
    return wrong < 0 ? refuse(&manager, wrong, "systemd-resolved", fault) : 0;
}

static int64_t
counted(uint64_t number)
{
    return number <= INT64_MAX ? (int64_t)number : INT64_MAX;
}

static value_t *
net_dns_cache(const value_t *arguments, const op_world_t *world, fault_t *fault)
{
    cache_t cache = {0};
    (void)arguments, (void)world;
    if (ask_resolver(&cache, false, fault))
        return NULL;
    value_t *result = value_map();
    value_set_integer(result, "answers", counted(cache.kept));
    value_set_integer(result, "hits", counted(cache.hits));
    value_set_integer(result, "misses", counted(cache.misses));
    return result;
}

static value_t *
net_flush_dns(const value_t *arguments, const op_world_t *world, fault_t *fault)
{
    cache_t cache = {0};
    (void)arguments, (void)world;
    if (ask_resolver(&cache, true, fault))
        return NULL;
    value_t *result = value_map();
    value_set_integer(result, "forgotten", counted(cache.kept));
    return result;
}

int
main(int argc, char **argv)
{
    static const op_act_t acts[] = {
        {"net.dns_cache", net_dns_cache},
        {"net.flush_dns", net_flush_dns},
        {"unit.dependencies", unit_dependencies},
        {"unit.disable", unit_disable},
        {"unit.enable", unit_enable},
        {"unit.limit", unit_limit},
        {"unit.list", unit_list},
        {"unit.mask", unit_mask},
        {"unit.reload", unit_reload},
        {"unit.reset_failed", unit_reset_failed},
        {"unit.restart", unit_restart},
        {"unit.start", unit_start},
        {"unit.status", unit_status},
        {"unit.stop", unit_stop},
        {"unit.unmask", unit_unmask},
    };
    return op_cell_main(argc, argv, acts, ARRAY_SIZE(acts));
}
