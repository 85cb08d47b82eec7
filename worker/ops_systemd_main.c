/* SPDX-License-Identifier: Apache-2.0 */
/* ops-systemd: units, and a reboot, over sd-bus, in a program of its own for libsystemd's sake.
 * What looks asks on the system bus, as nobody; what acts asks the manager on its own socket, which
 * lets root alone in, and then waits until its job is done. */
#include <errno.h>
#include <stdlib.h>
#include <time.h>

#include "worker/ops/machine.h"
#include "worker/ops/manager.h"
#include "worker/ops/reboot.h"
#include "worker/ops/unit_act.h"
#include "worker/proc.h"

#define UNITS_LISTED 100
#define EDGES_MAX    200 /* of either direction */
#define RESOLVED     "org.freedesktop.resolve1"

/* ---- one unit ---------------------------------------------------------------------------- */

/* By the kernel's clock, which nobody sets, and so by the wall's as that is now. */
static void
set_active_since(manager_t *self, const char *path, value_t *result)
{
    struct timespec now;
    uint64_t entered_us = 0;
    int wrong =
        sd_bus_get_property_trivial(self->bus, self->name, path, "org.freedesktop.systemd1.Unit",
                                    "ActiveEnterTimestampMonotonic", NULL, 't', &entered_us);
    if (!manager_heard(self, wrong) || !entered_us || clock_gettime(CLOCK_MONOTONIC, &now))
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
    if (manager_heard(self, sd_bus_get_property(self->bus, self->name, path, FACE("Unit"), "Job",
                                                NULL, &answer, "(uo)")) &&
        sd_bus_message_read(answer, "(uo)", &id, &job) >= 0 && id) {
        value_set_text(result, "job", "waiting");
        manager_text(self, job, "org.freedesktop.systemd1.Job", "JobType", "job", result);
    }
    sd_bus_message_unref(answer);
}

static value_t *
unit_status(const value_t *arguments, const op_world_t *world, fault_t *fault)
{
    static const manager_number_t numbers[] = {
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
    char *path = manager_open(&manager, fault) ? NULL : manager_unit(&manager, unit, fault);
    if (!path)
        return NULL;
    CLEANUP(value_destroy) value_t *result = value_map();
    value_set_text(result, "description", "");
    value_set_text(result, "state", "");
    manager_describe(&manager, path, unit, result);
    manager_text(&manager, path, FACE("Unit"), "Description", "description", result);
    manager_text(&manager, path, FACE("Unit"), "LoadState", "load", result);
    manager_text(&manager, path, FACE("Unit"), "UnitFileState", "state", result);
    manager_text(&manager, path, FACE("Service"), "Result", "result", result);
    for (size_t i = 0; i < ARRAY_SIZE(numbers); i++)
        manager_number(&manager, path, &numbers[i], result);
    set_active_since(&manager, path, result);
    set_job(&manager, path, result);
    return !manager_told(&manager, unit, fault) && manager_knows(result, fault) ? MOVE(result)
                                                                                : NULL;
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
    if (sd_bus_call_method(self->bus, self->name, MANAGER_PATH, MANAGER_FACE, "GetUnit", NULL,
                           &answer, "s", unit) >= 0 &&
        sd_bus_message_read(answer, "o", &path) >= 0)
        manager_text(self, path, FACE("Unit"), "ActiveState", "active", row);
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
    if (!manager_heard(self, sd_bus_get_property_strv(self->bus, self->name, path, FACE("Unit"),
                                                      property, NULL, &units)))
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
    char *path = manager_open(&manager, fault) ? NULL : manager_unit(&manager, unit, fault);
    if (!path)
        return NULL;
    CLEANUP(value_destroy) value_t *result = value_map();
    value_set_text(result, "unit", unit);
    manager_text(&manager, path, FACE("Unit"), "LoadState", "load", result);
    if (manager_told(&manager, unit, fault) || !manager_knows(result, fault))
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
    if (manager_told(&manager, unit, fault))
        value_destroy(&told);
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
    if (manager_open(&manager, fault))
        return NULL;
    int wrong = sd_bus_call_method(manager.bus, manager.name, MANAGER_PATH, MANAGER_FACE,
                                   "ListUnits", &manager.error, &answer, "");
    if (wrong >= 0)
        wrong = sd_bus_message_enter_container(answer, 'a', "(ssssssouso)");
    if (wrong < 0) {
        manager_refuse(&manager, wrong, "the list of units", fault);
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
    if (manager_open(&manager, fault))
        return -1;
    int wrong = read_cache(&manager, out);
    if (wrong >= 0 && flush)
        wrong = sd_bus_call_method(manager.bus, RESOLVED, RESOLVED_PATH, RESOLVED_FACE,
                                   "FlushCaches", &manager.error, NULL, "");
    if (sd_bus_error_has_name(&manager.error, SD_BUS_ERROR_SERVICE_UNKNOWN))
        return fault_set(fault, FAULT_NOT_FOUND, "systemd-resolved does not run on this machine");
    return wrong < 0 ? manager_refuse(&manager, wrong, "systemd-resolved", fault) : 0;
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

/* ---- a reboot ---------------------------------------------------------------------------- */

#define LOGIN       "org.freedesktop.login1"
#define REBOOT_UNIT "tocsin-reboot"

/* Nobody that blocks a shutdown (systemd's "Inhibitor Locks"). Where no bus or no login service
 * runs nobody can, and none is started for the question. */
static int
check_inhibitors(fault_t *fault)
{
    CLEANUP(manager_close) manager_t manager = {.bus = NULL};
    sd_bus_message *question = NULL, *answer = NULL;
    const char *what, *who, *why, *mode;
    bool blocked = false;
    int wrong = sd_bus_open_system(&manager.bus);
    if (wrong == -ENOENT || wrong == -ECONNREFUSED)
        return 0;
    if (wrong >= 0)
        wrong =
            sd_bus_message_new_method_call(manager.bus, &question, LOGIN, "/org/freedesktop/login1",
                                           LOGIN ".Manager", "ListInhibitors");
    if (wrong >= 0)
        wrong = sd_bus_message_set_auto_start(question, false);
    if (wrong >= 0)
        wrong = sd_bus_call(manager.bus, question, 0, &manager.error, &answer);
    if (wrong >= 0)
        wrong = sd_bus_message_enter_container(answer, 'a', "(ssssuu)");
    while (wrong >= 0 && !blocked &&
           sd_bus_message_read(answer, "(ssssuu)", &what, &who, &why, &mode, NULL, NULL) > 0)
        blocked = !strcmp(mode, "block") && strstr(what, "shutdown");
    if (blocked) {
        CLEANUP(value_destroy) value_t *name = shown(who);
        CLEANUP(value_destroy) value_t *reason = shown(why);
        fault_set(fault, FAULT_CONFLICT, "'%.60s' holds a shutdown back: %.120s",
                  value_string(name), value_string(reason));
    }
    bool absent = sd_bus_error_has_name(&manager.error, SD_BUS_ERROR_SERVICE_UNKNOWN) ||
                  sd_bus_error_has_name(&manager.error, SD_BUS_ERROR_NAME_HAS_NO_OWNER);
    if (wrong < 0 && !absent)
        manager_refuse(&manager, wrong, "who holds a shutdown back is not to be learned", fault);
    sd_bus_message_unref(question);
    sd_bus_message_unref(answer);
    return blocked || (wrong < 0 && !absent) ? -1 : 0;
}

/* A timer of systemd's own, which `systemctl stop tocsin-reboot.timer` takes back, and a unit that
 * does nothing but end well, upon which systemd reboots as by `systemctl reboot`. */
static int
add_units(sd_bus_message *call, int64_t seconds)
{
    return sd_bus_message_append(call, "ssa(sv)a(sa(sv))", REBOOT_UNIT ".timer", "fail", 4,
                                 "Description", "s", "A reboot that tocsin was asked for",
                                 "DefaultDependencies", "b", 0, "TimersMonotonic", "a(st)", 1,
                                 "OnActiveSec", (uint64_t)seconds * 1000000, "AccuracyUSec", "t",
                                 UINT64_C(100000), 1, REBOOT_UNIT ".service", 4, "Description", "s",
                                 "A reboot that tocsin was asked for", "DefaultDependencies", "b",
                                 0, "Type", "s", "oneshot", "SuccessAction", "s", "reboot");
}

static int
schedule(const reboot_t *reboot, fault_t *fault)
{
    CLEANUP(manager_close) manager_t manager = {.bus = NULL};
    sd_bus_message *call = NULL;
    if (manager_open_private(&manager, fault))
        return -1;
    int wrong = sd_bus_message_new_method_call(manager.bus, &call, manager.name, MANAGER_PATH,
                                               MANAGER_FACE, "StartTransientUnit");
    if (wrong >= 0)
        wrong = add_units(call, reboot->seconds);
    if (wrong >= 0)
        wrong = sd_bus_call(manager.bus, call, 0, &manager.error, NULL);
    sd_bus_message_unref(call);
    if (sd_bus_error_has_name(&manager.error, "org.freedesktop.systemd1.UnitExists"))
        return fault_set(fault, FAULT_CONFLICT,
                         "a reboot is due already: `systemctl stop " REBOOT_UNIT
                         ".timer` takes it back");
    return wrong < 0 ? manager_refuse_act(&manager, wrong, "the reboot", fault) : 0;
}

static value_t *
host_reboot(const value_t *arguments, const op_world_t *world, fault_t *fault)
{
    reboot_t reboot;
    if (reboot_look(&reboot, arguments, world, fault))
        return NULL;
    if (reboot.systemd ? check_inhibitors(fault) || schedule(&reboot, fault)
                       : reboot_by_shutdown(&reboot, world, fault))
        return NULL;
    return reboot_tell(&reboot);
}

int
main(int argc, char **argv)
{
    static const op_act_t acts[] = {
        {"host.reboot", host_reboot},
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
