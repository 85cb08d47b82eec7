/* SPDX-License-Identifier: Apache-2.0 */
/* What acts on units: verbs of the manager that make jobs, whose end is waited for, limits, and
 * unit files. */
#include <stdio.h>

#include "worker/ops/done.h"
#include "worker/ops/machine.h"
#include "worker/ops/manager.h"
#include "worker/ops/unit_act.h"

typedef struct {
    const char *path; /* of the job */
    char result[32];  /* "" while it runs */
    bool unmet;       /* its unit has a condition that does not hold */
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

/* Its unit's condition, as systemd tells it beside all else that changes of the unit: one that was
 * started in vain may be forgotten by the time that the job is over. */
static int
on_changed(sd_bus_message *message, void *context, sd_bus_error *error)
{
    job_t *self = context;
    const char *face, *property;
    int holds;
    (void)error;
    if (sd_bus_message_read(message, "s", &face) < 0 || strcmp(face, FACE("Unit")) != 0 ||
        sd_bus_message_enter_container(message, 'a', "{sv}") < 0)
        return 0;
    while (sd_bus_message_enter_container(message, 'e', "sv") > 0) {
        if (sd_bus_message_read(message, "s", &property) < 0)
            break;
        if (strcmp(property, "ConditionResult") != 0)
            sd_bus_message_skip(message, "v");
        else if (sd_bus_message_read(message, "v", "b", &holds) >= 0)
            self->unmet = !holds;
        sd_bus_message_exit_container(message);
    }
    return 0;
}

/* To systemd the start of a unit whose condition does not hold is done. */
static int
check_started(manager_t *self, const char *path, const char *unit, fault_t *fault)
{
    CLEANUP(value_destroy) value_t *seen = value_map();
    manager_describe(self, path, unit, seen);
    return strcmp(value_get_text(seen, "active"), "active") == 0
               ? 0
               : fault_set(fault, FAULT_FAILED,
                           "'%.120s' was not started: a condition of it does not hold", unit);
}

/* A verb that makes a job. */
static int
do_job(manager_t *self, const char *verb, const char *unit, fault_t *fault)
{
    sd_bus_message *answer = NULL;
    job_t job = {0};
    CLEANUP(memory_free) char *path = manager_unit(self, unit, fault);
    if (!path)
        return -1;
    int wrong = sd_bus_match_signal(self->bus, NULL, NULL, MANAGER_PATH, MANAGER_FACE, "JobRemoved",
                                    on_removed, &job);
    if (wrong >= 0)
        wrong = sd_bus_match_signal(self->bus, NULL, NULL, path, "org.freedesktop.DBus.Properties",
                                    "PropertiesChanged", on_changed, &job);
    if (wrong >= 0)
        wrong = sd_bus_call_method(self->bus, self->name, MANAGER_PATH, MANAGER_FACE, "Subscribe",
                                   &self->error, NULL, "");
    if (wrong < 0)
        return manager_refuse(self, wrong, unit, fault);
    wrong = sd_bus_call_method(self->bus, self->name, MANAGER_PATH, MANAGER_FACE, verb,
                               &self->error, &answer, "ss", unit, "replace");
    if (wrong >= 0)
        wrong = sd_bus_message_read(answer, "o", &job.path);
    if (wrong >= 0)
        wrong = await_job(self, &job);
    if (wrong < 0)
        manager_refuse_act(self, wrong, unit, fault);
    else if (strcmp(job.result, "done") != 0 && strcmp(job.result, "skipped") != 0)
        wrong =
            fault_set(fault, FAULT_FAILED, "%s of '%.120s' ended as '%s'", verb, unit, job.result);
    sd_bus_message_unref(answer);
    bool in_vain = job.unmet && (!strcmp(verb, "StartUnit") || !strcmp(verb, "RestartUnit"));
    return wrong < 0 ? -1 : in_vain ? check_started(self, path, unit, fault) : 0;
}

static value_t *
told(manager_t *self, const char *unit, fault_t *fault)
{
    CLEANUP(memory_free) char *path = manager_unit(self, unit, fault);
    if (!path)
        return NULL;
    CLEANUP(value_destroy) value_t *result = value_map();
    manager_describe(self, path, unit, result);
    return manager_told(self, unit, fault) ? NULL : MOVE(result);
}

/* How the unit and its file are, the caller's; NULL where systemd does not tell. */
static value_t *
look(manager_t *self, const char *unit)
{
    fault_t ignored;
    sd_bus_error_free(&self->error);
    CLEANUP(memory_free) char *path = manager_unit(self, unit, &ignored);
    sd_bus_error_free(&self->error);
    if (!path)
        return NULL;
    CLEANUP(value_destroy) value_t *seen = value_map();
    manager_describe(self, path, unit, seen);
    manager_text(self, path, FACE("Unit"), "UnitFileState", "state", seen);
    return manager_told(self, unit, &ignored) ? NULL : MOVE(seen);
}

/* A job that failed, or what came behind a change that did not, leaves a unit otherwise than it
 * was. It is asked for anew: the connection may be what broke. */
static int
tell_what_is_done(const char *unit, const value_t *before, fault_t *fault)
{
    fault_t ignored;
    CLEANUP(manager_close) manager_t manager = {.bus = NULL};
    CLEANUP(value_destroy)
    value_t *after = manager_open_private(&manager, &ignored) ? NULL : look(&manager, unit);
    if (!before || !after || value_equal(before, after))
        return -1;
    const char *state = value_get_text(after, "state");
    return done_anyway(fault, "'%.60s' is %.20s (%.20s)%s%.20s", unit,
                       value_get_text(after, "active"), value_get_text(after, "sub"),
                       *state ? ", " : "", state);
}

static value_t *
act(const value_t *arguments, const char *verb, fault_t *fault)
{
    const char *unit = value_get_text(arguments, "unit");
    CLEANUP(manager_close) manager_t manager = {.bus = NULL};
    if (manager_open_private(&manager, fault))
        return NULL;
    CLEANUP(value_destroy) value_t *before = look(&manager, unit);
    manager.untold = 0; /* it is asked for once more */
    value_t *result = do_job(&manager, verb, unit, fault) ? NULL : told(&manager, unit, fault);
    if (!result)
        tell_what_is_done(unit, before, fault);
    return result;
}

#define ACT(name, verb)                                                              \
    value_t *name(const value_t *arguments, const op_world_t *world, fault_t *fault) \
    {                                                                                \
        (void)world;                                                                 \
        return act(arguments, verb, fault);                                          \
    }
ACT(unit_start, "StartUnit")
ACT(unit_stop, "StopUnit")
ACT(unit_restart, "RestartUnit")
ACT(unit_reload, "ReloadUnit")
#undef ACT

static bool
exists(manager_t *self, const char *unit, fault_t *fault)
{
    CLEANUP(memory_free) char *path = manager_unit(self, unit, fault);
    CLEANUP(value_destroy) value_t *seen = value_map();
    if (!path)
        return false;
    manager_describe(self, path, unit, seen);
    manager_text(self, path, FACE("Unit"), "LoadState", "load", seen);
    return !manager_told(self, unit, fault) && manager_knows(seen, fault);
}

/* One that was stopped and that nothing needs is no longer loaded: it has not failed. */
value_t *
unit_reset_failed(const value_t *arguments, const op_world_t *world, fault_t *fault)
{
    const char *unit = value_get_text(arguments, "unit");
    CLEANUP(manager_close) manager_t manager = {.bus = NULL};
    (void)world;
    if (manager_open_private(&manager, fault))
        return NULL;
    CLEANUP(value_destroy) value_t *before = look(&manager, unit);
    manager.untold = 0;
    int wrong = sd_bus_call_method(manager.bus, manager.name, MANAGER_PATH, MANAGER_FACE,
                                   "ResetFailedUnit", &manager.error, NULL, "s", unit);
    if (wrong < 0 && !sd_bus_error_has_name(&manager.error, MANAGER_NAME ".NoSuchUnit")) {
        manager_refuse_act(&manager, wrong, unit, fault);
        tell_what_is_done(unit, before, fault);
        return NULL;
    }
    sd_bus_error_free(&manager.error);
    value_t *result = exists(&manager, unit, fault) ? told(&manager, unit, fault) : NULL;
    if (!result)
        tell_what_is_done(unit, before, fault);
    return result;
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
    return sd_bus_call_method(self->bus, self->name, MANAGER_PATH, MANAGER_FACE,
                              "SetUnitProperties", &self->error, NULL, "sba(sv)", unit, 1, 2,
                              "MemoryMax", "t", memory, "CPUQuotaPerSecUSec", "t", cpu_us);
}

/* Those of the unit, the caller's; NULL with a fault. */
static value_t *
limits(manager_t *self, const char *unit, fault_t *fault)
{
    static const manager_number_t numbers[] = {
        {FACE("Service"), "MemoryMax", 't', 1, "memory_bytes"},
        {FACE("Service"), "CPUQuotaPerSecUSec", 't', 10000, "cpu_percent"},
    };
    CLEANUP(memory_free) char *path = manager_unit(self, unit, fault);
    if (!path)
        return NULL;
    CLEANUP(value_destroy) value_t *result = value_map();
    value_set_text(result, "unit", unit);
    for (size_t i = 0; i < ARRAY_SIZE(numbers); i++)
        manager_number(self, path, &numbers[i], result);
    return manager_told(self, unit, fault) ? NULL : MOVE(result);
}

/* As tell_what_is_done. */
static void
tell_whether_limited(const char *unit, const value_t *before, fault_t *fault)
{
    fault_t ignored = {0};
    CLEANUP(manager_close) manager_t manager = {.bus = NULL};
    CLEANUP(value_destroy)
    value_t *after =
        manager_open_private(&manager, &ignored) ? NULL : limits(&manager, unit, &ignored);
    if (before && after && !value_equal(before, after))
        done_anyway(fault, "'%.60s' has other limits", unit);
}

value_t *
unit_limit(const value_t *arguments, const op_world_t *world, fault_t *fault)
{
    const char *unit = value_get_text(arguments, "unit");
    CLEANUP(manager_close) manager_t manager = {.bus = NULL};
    (void)world;
    if (manager_open_private(&manager, fault))
        return NULL;
    CLEANUP(value_destroy) value_t *before = limits(&manager, unit, fault);
    if (!before)
        return NULL;
    int wrong = set_limits(&manager, unit, limit_of(arguments, "memory_bytes", 1),
                           limit_of(arguments, "cpu_percent", 10000));
    if (wrong < 0)
        manager_refuse_act(&manager, wrong, unit, fault);
    value_t *result = wrong < 0 ? NULL : limits(&manager, unit, fault);
    if (!result)
        tell_whether_limited(unit, before, fault);
    return result;
}

/* ---- unit files -------------------------------------------------------------------------- */

/* Flags of the call: whether until the next boot only, and whether to replace what is there. */
typedef struct {
    const char *verb, *job; /* what else is done; NULL for nothing */
    const char *types;
    bool runtime;
    const char *state; /* how its state then begins; NULL where that is not to be told */
    const char *why;   /* it may begin otherwise */
    const char *back;  /* what takes it back then; NULL for nothing */
} filing_t;

static int
change_file(manager_t *self, const filing_t *how, const char *unit)
{
    bool two = !strcmp(how->types, "asbb");
    int wrong =
        two ? sd_bus_call_method(self->bus, self->name, MANAGER_PATH, MANAGER_FACE, how->verb,
                                 &self->error, NULL, "asbb", 1, unit, how->runtime, 1)
            : sd_bus_call_method(self->bus, self->name, MANAGER_PATH, MANAGER_FACE, how->verb,
                                 &self->error, NULL, "asb", 1, unit, how->runtime);
    return wrong < 0 ? wrong
                     : sd_bus_call_method(self->bus, self->name, MANAGER_PATH, MANAGER_FACE,
                                          "Reload", &self->error, NULL, "");
}

/* Changes the file, and gives what it is then; NULL with a fault. */
static value_t *
set_file(manager_t *self, const filing_t *how, const char *unit, fault_t *fault)
{
    sd_bus_message *answer = NULL;
    const char *state;
    value_t *result = NULL;
    int wrong = change_file(self, how, unit);
    if (wrong >= 0)
        wrong = sd_bus_call_method(self->bus, self->name, MANAGER_PATH, MANAGER_FACE,
                                   "GetUnitFileState", &self->error, &answer, "s", unit);
    if (wrong >= 0)
        wrong = sd_bus_message_read(answer, "s", &state);
    if (wrong < 0) {
        manager_refuse_act(self, wrong, unit, fault);
    } else if (how->state && strncmp(state, how->state, strlen(how->state)) != 0) {
        fault_set(fault, FAULT_FAILED, "'%.120s' is '%.20s' all the same: %s", unit, state,
                  how->why);
        if (how->back)
            sd_bus_call_method(self->bus, self->name, MANAGER_PATH, MANAGER_FACE, how->back, NULL,
                               NULL, "asb", 1, unit, how->runtime);
    } else {
        result = value_map();
        value_set_text(result, "unit", unit);
        show(result, "state", state);
    }
    sd_bus_message_unref(answer);
    return result;
}

static value_t *
file(const value_t *arguments, const filing_t *how, fault_t *fault)
{
    const char *unit = value_get_text(arguments, "unit");
    CLEANUP(manager_close) manager_t manager = {.bus = NULL};
    if (strchr(unit, '/')) { /* systemd would take a file from anywhere */
        fault_set(fault, FAULT_ARGUMENT, "'%.120s' is no name of a unit", unit);
        return NULL;
    }
    if (manager_open_private(&manager, fault))
        return NULL;
    CLEANUP(value_destroy) value_t *before = look(&manager, unit);
    CLEANUP(value_destroy) value_t *result = set_file(&manager, how, unit, fault);
    if (result && (!how->job || !do_job(&manager, how->job, unit, fault)))
        return MOVE(result);
    tell_what_is_done(unit, before, fault);
    return NULL;
}

#define FILE_OP(name, ...)                                                           \
    value_t *name(const value_t *arguments, const op_world_t *world, fault_t *fault) \
    {                                                                                \
        static const filing_t how = {__VA_ARGS__};                                   \
        (void)world;                                                                 \
        return file(arguments, &how, fault);                                         \
    }
FILE_OP(unit_mask, "MaskUnitFiles", NULL, "asbb", true, "masked",
        "a file of its own in /etc/systemd/system comes first", "UnmaskUnitFiles")
FILE_OP(unit_unmask, "UnmaskUnitFiles", NULL, "asb", true, NULL, NULL, NULL)
FILE_OP(unit_enable, "EnableUnitFiles", "StartUnit", "asbb", false, "enabled",
        "its file has no [Install] section", NULL)
FILE_OP(unit_disable, "DisableUnitFiles", "StopUnit", "asb", false, NULL, NULL, NULL)
#undef FILE_OP
