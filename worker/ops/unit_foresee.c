/* SPDX-License-Identifier: Apache-2.0 */
/* What systemd would make of its units, by what unit.status saw of them, and its resolver. */
#include <stdio.h>

#include "worker/foresight.h"
#include "worker/ops/bodies.h"

#define HOW_MAX 160

static bool
is(const value_t *seen, const char *key, const char *text)
{
    return !strcmp(value_get_text(seen, key), text);
}

/* How a unit that is active is beside that, where all goes well. */
static const char *
sub_of(const char *unit)
{
    static const char *const subs[][2] = {{".service", "running"},  {".timer", "waiting"},
                                          {".socket", "listening"}, {".path", "waiting"},
                                          {".mount", "mounted"},    {".swap", "active"}};
    const char *dot = strrchr(unit, '.');
    for (size_t i = 0; dot && i < ARRAY_SIZE(subs); i++)
        if (!strcmp(dot, subs[i][0]))
            return subs[i][1];
    return "active";
}

static value_t *
acted(const value_t *seen, const char *active, const char *sub)
{
    value_t *result = value_map();
    value_set_text(result, "unit", value_get_text(seen, "unit"));
    value_set_text(result, "active", active);
    value_set_text(result, "sub", sub);
    return result;
}

static value_t *
filed(const value_t *seen, const char *state)
{
    value_t *result = value_map();
    value_set_text(result, "unit", value_get_text(seen, "unit"));
    value_set_text(result, "state", state);
    return result;
}

static void
write_how(const value_t *seen, char out[static HOW_MAX])
{
    int64_t pid = value_get_integer(seen, "main_pid");
    int size = snprintf(out, HOW_MAX, "%.30s (%.30s)", value_get_text(seen, "active"),
                        value_get_text(seen, "sub"));
    if (pid)
        snprintf(out + size, HOW_MAX - (size_t)size, ", process %lld", (long long)pid);
}

/* The unit comes to be so, unless it is. */
static void
turn(value_t *foresight, const value_t *seen, const char *active, const char *sub)
{
    char from[HOW_MAX], to[HOW_MAX];
    if (is(seen, "active", active))
        return;
    write_how(seen, from);
    snprintf(to, sizeof to, "%s (%s)", active, sub);
    foresight_turns(foresight, value_get_text(seen, "unit"), from, to);
}

static int
check_startable(const value_t *seen, fault_t *fault)
{
    return is(seen, "load", "masked")
               ? fault_set(fault, FAULT_FAILED, "'%.120s' is masked", value_get_text(seen, "unit"))
               : 0;
}

value_t *
unit_start_foreseen(const value_t *arguments, const op_world_t *world, fault_t *fault)
{
    const value_t *seen = world->seen;
    const char *sub = sub_of(value_get_text(arguments, "unit"));
    if (check_startable(seen, fault))
        return NULL;
    value_t *foresight = foresight_new();
    turn(foresight, seen, "active", sub);
    return foresight_give(
        foresight,
        acted(seen, "active", is(seen, "active", "active") ? value_get_text(seen, "sub") : sub));
}

value_t *
unit_stop_foreseen(const value_t *arguments, const op_world_t *world, fault_t *fault)
{
    (void)arguments, (void)fault;
    value_t *foresight = foresight_new();
    if (!is(world->seen, "active", "failed"))
        turn(foresight, world->seen, "inactive", "dead");
    return foresight_give(foresight, is(world->seen, "active", "failed")
                                         ? acted(world->seen, "failed", "failed")
                                         : acted(world->seen, "inactive", "dead"));
}

value_t *
unit_restart_foreseen(const value_t *arguments, const op_world_t *world, fault_t *fault)
{
    char from[HOW_MAX];
    const char *unit = value_get_text(arguments, "unit"), *sub = sub_of(unit);
    if (check_startable(world->seen, fault))
        return NULL;
    value_t *foresight = foresight_new();
    write_how(world->seen, from);
    foresight_goes(foresight, "%s: %s", unit, from);
    foresight_comes(foresight, "%s: active (%s), started anew", unit, sub);
    return foresight_give(foresight, acted(world->seen, "active", sub));
}

value_t *
unit_reload_foreseen(const value_t *arguments, const op_world_t *world, fault_t *fault)
{
    const char *unit = value_get_text(arguments, "unit");
    if (!is(world->seen, "active", "active")) {
        fault_set(fault, FAULT_FAILED, "'%.120s' is %.30s, and systemd reloads what is active",
                  unit, value_get_text(world->seen, "active"));
        return NULL;
    }
    value_t *foresight = foresight_new();
    foresight_comes(foresight, "%s: its configuration, read anew", unit);
    return foresight_give(foresight,
                          acted(world->seen, "active", value_get_text(world->seen, "sub")));
}

value_t *
unit_reset_failed_foreseen(const value_t *arguments, const op_world_t *world, fault_t *fault)
{
    bool failed = is(world->seen, "active", "failed");
    (void)arguments, (void)fault;
    value_t *foresight = foresight_new();
    if (failed)
        turn(foresight, world->seen, "inactive", "dead");
    return foresight_give(foresight, failed
                                         ? acted(world->seen, "inactive", "dead")
                                         : acted(world->seen, value_get_text(world->seen, "active"),
                                                 value_get_text(world->seen, "sub")));
}

/* ---- unit files -------------------------------------------------------------------------- */

static void
turn_file(value_t *foresight, const value_t *seen, const char *state)
{
    char name[HOW_MAX];
    snprintf(name, sizeof name, "%.120s, its file", value_get_text(seen, "unit"));
    foresight_turns(foresight, name, value_get_text(seen, "state"), state);
}

value_t *
unit_enable_foreseen(const value_t *arguments, const op_world_t *world, fault_t *fault)
{
    const char *unit = value_get_text(arguments, "unit");
    if (check_startable(world->seen, fault))
        return NULL;
    if (is(world->seen, "state", "static")) {
        fault_set(fault, FAULT_FAILED,
                  "'%.120s' would be 'static' all the same: its file has no [Install] section",
                  unit);
        return NULL;
    }
    value_t *foresight = foresight_new();
    turn_file(foresight, world->seen, "enabled");
    turn(foresight, world->seen, "active", sub_of(unit));
    return foresight_give(foresight, filed(world->seen, "enabled"));
}

/* What is neither enabled nor disabled, as static, stays so. */
value_t *
unit_disable_foreseen(const value_t *arguments, const op_world_t *world, fault_t *fault)
{
    bool enabled = !strncmp(value_get_text(world->seen, "state"), "enabled", 7);
    const char *state = enabled ? "disabled" : value_get_text(world->seen, "state");
    (void)arguments, (void)fault;
    value_t *foresight = foresight_new();
    turn_file(foresight, world->seen, state);
    if (!is(world->seen, "active", "failed"))
        turn(foresight, world->seen, "inactive", "dead");
    return foresight_give(foresight, filed(world->seen, state));
}

value_t *
unit_mask_foreseen(const value_t *arguments, const op_world_t *world, fault_t *fault)
{
    const char *now = value_get_text(world->seen, "state");
    const char *state = !strncmp(now, "masked", 6) ? now : "masked-runtime";
    (void)arguments, (void)fault;
    value_t *foresight = foresight_new();
    turn_file(foresight, world->seen, state);
    return foresight_give(foresight, filed(world->seen, state));
}

/* What it is below the mask is not to be seen; a mask that stays after a boot is not taken off. */
value_t *
unit_unmask_foreseen(const value_t *arguments, const op_world_t *world, fault_t *fault)
{
    const char *now = value_get_text(world->seen, "state");
    bool masked = !strcmp(now, "masked-runtime");
    (void)arguments, (void)fault;
    value_t *foresight = foresight_new();
    if (masked)
        turn_file(foresight, world->seen, "as it was before it was masked");
    return foresight_give(foresight, filed(world->seen, masked ? "" : now));
}

/* ---- limits ------------------------------------------------------------------------------ */

static void
write_limit(const value_t *map, const char *key, const char *unit, char out[static HOW_MAX])
{
    if (value_get(map, key))
        snprintf(out, HOW_MAX, "at most %lld %s", (long long)value_get_integer(map, key), unit);
    else
        snprintf(out, HOW_MAX, "no limit");
}

value_t *
unit_limit_foreseen(const value_t *arguments, const op_world_t *world, fault_t *fault)
{
    static const struct {
        const char *key, *seen, *name, *unit;
    } limits[] = {{"memory_bytes", "memory_max_bytes", "memory", "bytes"},
                  {"cpu_percent", "cpu_max_percent", "processors", "percent of one"}};
    const char *unit = value_get_text(arguments, "unit");
    char name[HOW_MAX], from[HOW_MAX], to[HOW_MAX];
    value_t *foresight = foresight_new(), *result = value_map();
    (void)fault;
    value_set_text(result, "unit", unit);
    for (size_t i = 0; i < ARRAY_SIZE(limits); i++) {
        snprintf(name, sizeof name, "%.120s, %s", unit, limits[i].name);
        write_limit(world->seen, limits[i].seen, limits[i].unit, from);
        write_limit(arguments, limits[i].key, limits[i].unit, to);
        foresight_turns(foresight, name, from, to);
        if (value_get(arguments, limits[i].key))
            value_set_integer(result, limits[i].key, value_get_integer(arguments, limits[i].key));
    }
    return foresight_give(foresight, result);
}

/* ---- the resolver ------------------------------------------------------------------------ */

value_t *
net_flush_dns_foreseen(const value_t *arguments, const op_world_t *world, fault_t *fault)
{
    int64_t answers = value_get_integer(world->seen, "answers");
    (void)arguments, (void)fault;
    value_t *foresight = foresight_new(), *result = value_map();
    if (answers)
        foresight_goes(foresight, "%lld answers that systemd-resolved keeps", (long long)answers);
    value_set_integer(result, "forgotten", answers);
    return foresight_give(foresight, result);
}
