/* SPDX-License-Identifier: Apache-2.0 */
#include "wire/ops/families.h"

#define UNIT(by_policy)                                                                     \
    {                                                                                       \
        .name = "unit", .kind = ARGUMENT_WORD, .required = true, .min = 3, .max = 120,      \
        .named = (by_policy), .help = "as systemd calls it, with its ending: nginx.service" \
    }

/* What is done to one unit; each waits for systemd's word that it is. */
#define ACTING(seconds, whether)                                                          \
    .least = CLASS_CHANGE, .again = (whether), .timeout_s = (seconds), .memory_mib = 256, \
    .result_bytes_max = FIX_RESULT_MAX, .arguments = {UNIT(true)}
#define ACTED "{unit: text, active: text, sub: text}"
#define EDGES                                                                               \
    "list of {unit: text, how: text (requires, requisite, binds_to, wants, triggered_by), " \
    "active: "                                                                              \
    "text}"
#define FILED "{unit: text, state: text (enabled, disabled, masked, ...)}"

/* What systemd has still to do may be that very restart. */
static probe_verdict_t
restarted(const value_t *seen, const value_t *arguments, wall_t begun, value_t *result)
{
    static const char *const kept[] = {"unit", "active", "sub"};
    (void)arguments;
    for (size_t i = 0; i < ARRAY_SIZE(kept); i++)
        probe_keep(seen, kept[i], result);
    if (value_get(seen, "job") || strcmp(value_get_text(seen, "active"), "active") != 0)
        return PROBE_CANNOT_TELL;
    return probe_by_start(value_get_integer(seen, "active_since"), begun);
}

static const op_probe_t restart_probe = {"unit.status", {"unit"}, restarted};

static const op_t rows[] = {
    {
        .name = "unit.dependencies",
        SEEING(30, 256, 256 * KIB),
        .arguments = {UNIT(false)},
        .help = "tells which units a unit needs to run, and which of those that systemd has loaded "
                "need it",
        .result = "{unit: text, needs: " EDGES ", needed_by: " EDGES ", left_out: integer (of more "
                  "than 200 of either)}",
    },
    {
        .name = "unit.disable",
        ACTING(60, AGAIN_IDEMPOTENT),
        .foretold = true,
        .inverse = "unit.enable",
        .help = "keeps a unit, a timer for instance, from starting at boot, and stops it",
        .result = FILED,
    },
    {
        .name = "unit.enable",
        ACTING(60, AGAIN_IDEMPOTENT),
        .foretold = true,
        .inverse = "unit.disable",
        .help = "has a unit, a timer for instance, start at boot, and starts it",
        .result = FILED,
    },
    {
        .name = "unit.limit",
        FIXING(30, 256),
        .foretold = true,
        .inverse = "unit.limit",
        .arguments = {UNIT(true),
                      {.name = "memory_bytes",
                       .kind = ARGUMENT_INTEGER,
                       .min = 1 << 20,
                       .max = INT64_MAX,
                       .help = "the most that it may use; absent: no limit"},
                      {.name = "cpu_percent",
                       .kind = ARGUMENT_INTEGER,
                       .min = 1,
                       .max = 100000,
                       .help = "of one processor, 200 are two; absent: no limit"}},
        .help =
            "limits what a service may use, until the next boot; takes back limits that it does "
            "not name",
        .result = "{unit: text, memory_bytes?: integer, cpu_percent?: integer}",
    },
    {
        .name = "unit.list",
        SEEING(20, 256, 256 * KIB),
        .arguments = {{.name = "active",
                       .kind = ARGUMENT_CHOICE,
                       .choices = "active activating deactivating failed inactive",
                       .help = "only units in this state"},
                      {.name = "kind",
                       .kind = ARGUMENT_CHOICE,
                       .choices = "mount path scope service slice socket swap target timer",
                       .help = "only units of this kind"},
                      {.name = "count",
                       .kind = ARGUMENT_INTEGER,
                       .min = 1,
                       .max = 500,
                       .help = "how many to list; 100"}},
        .help = "lists the units that systemd has loaded, by name",
        .result = "{units: list of {unit: text, description: text, load: text, active: text, sub: "
                  "text}, left_out: integer (beyond count)}",
    },
    {
        .name = "unit.mask",
        ACTING(30, AGAIN_IDEMPOTENT),
        .foretold = true,
        .inverse = "unit.unmask",
        .help =
            "keeps a unit from being started by anybody until the next boot; one that runs goes on",
        .result = FILED,
    },
    {
        .name = "unit.reload",
        ACTING(90, AGAIN_IDEMPOTENT),
        .foretold = true,
        .help = "has a service read its configuration anew",
        .result = ACTED,
    },
    {
        .name = "unit.reset_failed",
        ACTING(30, AGAIN_IDEMPOTENT),
        .foretold = true,
        .help = "takes back that a unit failed, and how often it was started of late",
        .result = ACTED,
    },
    {
        .name = "unit.restart",
        ACTING(120, AGAIN_PROBE),
        .foretold = true,
        .probe = &restart_probe,
        .help = "stops a unit and starts it",
        .result = "{unit: text, active: text, sub: text, " PROBED "}",
    },
    {
        .name = "unit.start",
        ACTING(120, AGAIN_IDEMPOTENT),
        .foretold = true,
        .inverse = "unit.stop",
        .help = "starts a unit, unless it runs",
        .result = ACTED,
    },
    {
        .name = "unit.status",
        SEEING(20, 256, 16 * KIB),
        .arguments = {UNIT(false)},
        .help = "tells how a unit is",
        .result =
            "{unit: text, description: text, load: text, active: text, sub: text, state: text "
            "(enabled, disabled, masked, ...), since?: integer (ms since 1970: in this state), "
            "active_since?: integer (ms since 1970: a reload does not count), job?: text (what "
            "systemd has still to do: restart, stop, ...), result?: text (of its last end), "
            "main_pid?: integer (0 where it does not run), "
            "exit_status?: integer, restarts?: integer (by systemd itself), memory_bytes?: "
            "integer, memory_max_bytes?: integer (absent: no limit), cpu_max_percent?: integer "
            "(of one processor; likewise), tasks?: integer, next?: integer (ms since 1970: of a "
            "timer), last?: "
            "integer (ms since 1970: of a timer)}",
    },
    {
        .name = "unit.stop",
        ACTING(120, AGAIN_IDEMPOTENT),
        .foretold = true,
        .inverse = "unit.start",
        .help = "stops a unit, if it runs",
        .result = ACTED,
    },
    {
        .name = "unit.unmask",
        ACTING(30, AGAIN_IDEMPOTENT),
        .foretold = true,
        .inverse = "unit.mask",
        .help = "lets a unit be started again that was masked until the next boot",
        .result = "{unit: text, state: text (enabled, disabled, masked, ...; a dry run does not "
                  "see it below the mask: empty)}",
    },
};

const op_family_t ops_unit = {rows, ARRAY_SIZE(rows)};
