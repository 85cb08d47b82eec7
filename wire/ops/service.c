/* SPDX-License-Identifier: Apache-2.0 */
#include "wire/ops/families.h"

#define SERVICE_ARGUMENT                                                            \
    {                                                                               \
        .name = "service", .kind = ARGUMENT_NAME, .required = true,                 \
        .declared = DECLARED_BY_SERVICE, .help = "as the machine's policy names it" \
    }

/* Half of it, a service that stopped, is begun anew like the whole. */
static probe_verdict_t
restarted(const value_t *seen, const value_t *arguments, wall_t begun, value_t *result)
{
    static const char *const kept[] = {"service", "running", "pid"};
    (void)arguments;
    for (size_t i = 0; i < ARRAY_SIZE(kept); i++)
        probe_keep(seen, kept[i], result);
    return value_get_bool(seen, "running") ? probe_by_start(value_get_integer(seen, "since"), begun)
                                           : PROBE_DID_NOT;
}

static const op_probe_t restart_probe = {"service.status", {"service"}, restarted};

static const op_t rows[] = {
    {
        .name = "service.reload",
        .least = CLASS_CHANGE,
        .again = AGAIN_IDEMPOTENT,
        .foretold = true,
        .timeout_s = 30,
        .result_bytes_max = FIX_RESULT_MAX,
        .arguments = {SERVICE_ARGUMENT},
        .help = "has a service that the policy lists read its configuration anew, by the policy's "
                "command for it",
        .result = "{service: text, running: bool, pid: integer}",
    },
    {
        .name = "service.restart",
        .least = CLASS_CHANGE,
        .again = AGAIN_PROBE,
        .probe = &restart_probe,
        .foretold = true,
        .timeout_s = 60,
        .result_bytes_max = FIX_RESULT_MAX,
        .arguments = {SERVICE_ARGUMENT},
        .help = "stops a service that the policy lists, and starts it",
        .result = "{service: text, running: bool, pid: integer, " PROBED "}",
    },
    {
        .name = "service.start",
        .least = CLASS_CHANGE,
        .again = AGAIN_IDEMPOTENT,
        .inverse = "service.stop",
        .foretold = true,
        .timeout_s = 30,
        .result_bytes_max = FIX_RESULT_MAX,
        .arguments = {SERVICE_ARGUMENT},
        .help = "starts a service that the policy lists, unless it runs",
        .result = "{service: text, running: bool, pid: integer}",
    },
    {
        .name = "service.status",
        .least = CLASS_OBSERVE,
        .again = AGAIN_IDEMPOTENT,
        .timeout_s = 10,
        .memory_mib = 64,
        .result_bytes_max = 8 * KIB,
        .arguments = {SERVICE_ARGUMENT},
        .help = "tells whether a service that the policy lists runs",
        .result = "{service: text, running: bool, pid: integer (0 where it does not run), "
                  "since?: integer (ms since 1970)}",
    },
    {
        .name = "service.stop",
        .least = CLASS_CHANGE,
        .again = AGAIN_IDEMPOTENT,
        .inverse = "service.start",
        .foretold = true,
        .timeout_s = 60,
        .result_bytes_max = FIX_RESULT_MAX,
        .arguments = {SERVICE_ARGUMENT},
        .help = "stops a service that the policy lists, if it runs, with all that it left behind",
        .result = "{service: text, running: bool, pid: integer (0)}",
    },
};

const op_family_t ops_service = {rows, ARRAY_SIZE(rows)};
