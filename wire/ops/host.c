/* SPDX-License-Identifier: Apache-2.0 */
#include "wire/ops/families.h"

#define STALLS(level)                                                   \
    level "_10s_percent: number, " level "_60s_percent: number, " level \
          "_300s_percent: number, " level "_total_ms: integer"
#define PRESSURE "{" STALLS("some") ", " STALLS("full") "}"

static const op_t rows[] = {
    {
        .name = "host.cpu",
        SEEING(45, 64, 64 * KIB),
        .arguments = {{.name = "seconds",
                       .kind = ARGUMENT_INTEGER,
                       .min = 1,
                       .max = 30,
                       .help = "between two looks; 1"}},
        .help = "tells what the processors do, from two looks some seconds apart",
        .result = "{busy_percent: number, user_percent: number, system_percent: number, "
                  "iowait_percent: number, steal_percent: number, cpus: list of {cpu: integer, "
                  "busy_percent: number, iowait_percent: number, steal_percent: number}, "
                  "left_out: integer (of more than 256)}",
    },
    {
        .name = "host.files",
        SEEING(10, 64, 4 * KIB),
        .help = "tells how many files the whole machine has open, and may have",
        .result = "{open: integer, max: integer, used_percent: number}",
    },
    {
        .name = "host.isolate",
        .least = CLASS_CHANGE,
        .again = AGAIN_IDEMPOTENT,
        .foretold = true,
        .inverse = "host.release",
        .timeout_s = 60,
        .memory_mib = 256,
        .result_bytes_max = FIX_RESULT_MAX,
        .arguments =
            {
                {.name = "seconds",
                 .kind = ARGUMENT_INTEGER,
                 .required = true,
                 .min = 1,
                 .max = 86400,
                 .help = "it ends by itself after so long; the op once more renews it"},
                {.name = "name_server",
                 .kind = ARGUMENT_NET,
                 .help = "the address of a name server that it may still ask"},
                {.name = "time_server",
                 .kind = ARGUMENT_NET,
                 .help = "the address of an NTP server that it may still ask"},
            },
        .help = "cuts the machine off from all but the brokers, management and itself, open "
                "connections too",
        .result = "{isolated: bool, until: integer (ms since 1970), brokers: integer (addresses "
                  "left open)}",
    },
    {
        .name = "host.load",
        SEEING(10, 64, 4 * KIB),
        .help = "tells the load averages of 1, 5 and 15 minutes, and how many processors there are",
        .result = "{load_1m: number, load_5m: number, load_15m: number, cpus: integer, "
                  "running: integer, threads: integer}",
    },
    {
        .name = "host.memory",
        SEEING(10, 64, 4 * KIB),
        .help = "tells how much memory and swap there is, and what it is used for",
        .result = "{total_bytes: integer, available_bytes: integer, free_bytes: integer, "
                  "cached_bytes: integer, buffers_bytes: integer, shared_bytes: integer, "
                  "slab_bytes: integer, dirty_bytes: integer, committed_bytes: integer, "
                  "used_percent: number (of what is not available), swap_total_bytes: integer, "
                  "swap_free_bytes: integer, swap_used_percent: number}",
    },
    {
        .name = "host.oom",
        SEEING(20, 128, 128 * KIB),
        .help = "tells how many processes the kernel killed for want of memory since it booted, "
                "and in which control groups",
        .result = "{kills: integer, since: integer (ms since 1970), cgroups: list of {path: text, "
                  "kills: integer}, left_out: integer (of more than 100; and groups that the "
                  "kernel does not tell of)}",
    },
    {
        .name = "host.pressure",
        SEEING(10, 64, 4 * KIB),
        .help = "tells how long work stood still for want of processor, memory or disk (PSI): "
                "some of it, or all",
        .result = "{cpu: " PRESSURE ", memory: " PRESSURE ", io: " PRESSURE "}",
    },
    {
        .name = "host.reboot",
        .least = CLASS_DESTRUCTIVE,
        .again = AGAIN_NEVER,
        .foretold = true,
        .windowed = true,
        .ends_machine = true,
        .timeout_s = 30,
        .memory_mib = 256,
        .result_bytes_max = FIX_RESULT_MAX,
        .arguments = {{.name = "seconds",
                       .kind = ARGUMENT_INTEGER,
                       .min = 5,
                       .max = 60,
                       .help = "until the machine goes down: what was done is told before, and "
                               "nothing is looked at again; 20"},
                      {.name = "despite_sessions",
                       .kind = ARGUMENT_BOOL,
                       .help = "whether it is rebooted though somebody is logged in"}},
        .help = "has the machine reboot soon, by systemd, or by /sbin/shutdown where that does not "
                "run; not while a package is installed or something holds a shutdown back. Whether "
                "it came back host.uptime tells by another boot",
        .result = "{boot?: text (the id of the one that ends; none in a dry run), at: integer (ms "
                  "since 1970), by: "
                  "text (systemd or shutdown), sessions: integer (open ones, which end)}",
    },
    {
        .name = "host.release",
        .least = CLASS_CHANGE,
        .again = AGAIN_IDEMPOTENT,
        .foretold = true,
        .timeout_s = 30,
        .memory_mib = 256,
        .result_bytes_max = FIX_RESULT_MAX,
        .help = "ends what host.isolate began; where nothing is cut off, nothing changes",
        .result = "{isolated: bool}",
    },
    {
        .name = "host.sysctl",
        SEEING(10, 64, 8 * KIB),
        .arguments = {{.name = "key",
                       .kind = ARGUMENT_WORD,
                       .required = true,
                       .min = 1,
                       .max = 80,
                       .named = true,
                       .help = "like net.ipv4.ip_forward; with a slash between its parts, a name "
                               "may have dots"}},
        .help = "tells the value of a kernel parameter",
        .result = "{key: text, value: text (one blank between its parts)}",
    },
    {
        .name = "host.uptime",
        SEEING(10, 64, 16 * KIB),
        .help = "tells since when the machine runs, on which kernel, and whether it waits for a "
                "reboot",
        .result = "{boot: text (its id), since: integer (ms since 1970), uptime_ms: integer, "
                  "kernel: text, reboot_required: bool, reboot_for: list of text (packages; at "
                  "most 100)}",
    },
};

const op_family_t ops_host = {rows, ARRAY_SIZE(rows)};
