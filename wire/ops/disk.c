/* SPDX-License-Identifier: Apache-2.0 */
#include "wire/ops/families.h"

#define FOLDER(help_text)                                                           \
    {                                                                               \
        .name = "path", .kind = ARGUMENT_PATH, .required = true, .lies = PATH_READ, \
        .help = (help_text)                                                         \
    }

static const op_t rows[] = {
    {
        .name = "disk.growth",
        SEEING(70, 64, 8 * KIB),
        .arguments = {FOLDER("any path on the filesystem"),
                      {.name = "seconds",
                       .kind = ARGUMENT_INTEGER,
                       .required = true,
                       .min = 1,
                       .max = 60,
                       .help = "between two looks"}},
        .help = "tells how fast the filesystem at a path fills, from two looks some seconds apart",
        .result = "{path: text, used_bytes: integer, free_bytes: integer, grown_bytes: integer, "
                  "bytes_per_s: integer, full_in_s?: integer (where it grows)}",
    },
    {
        .name = "disk.health",
        SEEING(30, 256, 8 * KIB),
        .arguments = {{.name = "device",
                       .kind = ARGUMENT_NAME,
                       .required = true,
                       .help = "a drive, such as sda or nvme0"}},
        .help = "tells what a drive says of its health (SMART); the machine needs smartmontools",
        .result = "{device: text, model: text, serial: text, passed?: bool, temperature_c?: "
                  "integer, power_on_hours?: integer, reallocated?: integer (sectors), pending?: "
                  "integer (sectors), uncorrectable?: integer (sectors), media_errors?: integer, "
                  "used_percent?: integer (of its life), spare_percent?: integer}",
    },
    {
        .name = "disk.inodes",
        SEEING(60, 256, 256 * KIB),
        .arguments = {FOLDER("any folder on the filesystem"),
                      {.name = "count",
                       .kind = ARGUMENT_INTEGER,
                       .min = 0,
                       .max = 100,
                       .help = "how many folders to list; 0, which walks none"}},
        .help = "tells how many inodes the filesystem at a path has, and which folders below it "
                "have the most entries, none of them over 64 deep",
        .result = "{path: text, total: integer, used: integer, free: integer, used_percent: "
                  "number, folders: list of {path: text, entries: integer}}",
    },
    {
        .name = "disk.io",
        SEEING(45, 64, 64 * KIB),
        .arguments = {{.name = "seconds",
                       .kind = ARGUMENT_INTEGER,
                       .min = 1,
                       .max = 30,
                       .help = "between two looks; 1"}},
        .help = "tells what drives do, from two looks some seconds apart",
        .result = "{drives: list of {device: text, reads_per_s: number, writes_per_s: number, "
                  "read_bytes_per_s: integer, written_bytes_per_s: integer, busy_percent: number, "
                  "wait_ms: number (of one read or write), in_flight: integer}, left_out: integer "
                  "(of more than 64)}",
    },
    {
        .name = "disk.largest",
        .least = CLASS_OBSERVE,
        .again = AGAIN_IDEMPOTENT,
        .timeout_s = 60,
        .memory_mib = 256,
        .result_bytes_max = 256 * KIB,
        .arguments =
            {
                {.name = "path",
                 .kind = ARGUMENT_PATH,
                 .required = true,
                 .lies = PATH_READ,
                 .help = "the folder to walk"},
                {.name = "count",
                 .kind = ARGUMENT_INTEGER,
                 .required = true,
                 .min = 1,
                 .max = 100,
                 .help = "how many files"},
                {.name = "rotated",
                 .kind = ARGUMENT_BOOL,
                 .help = "only logs that were rotated away"},
            },
        .help = "lists the largest regular files below a folder, on its own filesystem, and in no "
                "folder over 64 deep",
        .result = "list of {path: text, bytes: integer, modified: integer (ms since 1970)}",
    },
    {
        .name = "disk.mounts",
        SEEING(15, 64, 256 * KIB),
        .help = "lists the filesystems that are mounted and hold files; those over the network "
                "without sizes, since they may not answer, and so one whose drive does not",
        .result = "{mounts: list of {path: text, device: text, type: text, read_only: bool, "
                  "total_bytes?: integer, used_bytes?: integer, free_bytes?: integer, "
                  "used_percent?: number, inodes_used_percent?: number}, left_out: integer (of "
                  "more than 256, or than fit)}",
    },
    {
        .name = "disk.raid",
        SEEING(15, 64, 256 * KIB),
        .help = "tells how the kernel's arrays of drives (md) are",
        .result = "{arrays: list of {name: text, level: text, state: text, degraded: bool, disks: "
                  "integer, missing: integer, mismatches: integer, action: text (idle, resync, "
                  "recover...), sync_percent?: number, members: list of {device: text, state: "
                  "text (in_sync, faulty, spare...)} (at most 64)}, left_out: integer (of more "
                  "than 64; and those that the kernel does not tell of)}",
    },
    {
        .name = "disk.raid_readd",
        FIXING(60, 256),
        .foretold = true,
        .arguments =
            {
                {.name = "array",
                 .kind = ARGUMENT_NAME,
                 .required = true,
                 .named = true,
                 .help = "an array that runs without one of its members, such as md0"},
                {.name = "member",
                 .kind = ARGUMENT_NAME,
                 .required = true,
                 .named = true,
                 .help = "the drive or partition that dropped out, such as sdb1"},
                {.name = "sync",
                 .kind = ARGUMENT_CHOICE,
                 .required = true,
                 .choices = "changed whole",
                 .named = true,
                 .help = "changed: by the array's bitmap only what changed meanwhile, or it is "
                         "refused; whole: all of it where that is needed"},
            },
        .help = "takes a drive that dropped out of an array (md) back into it, unless the drive "
                "says that it fails, is of another array, or ran without the others; what the "
                "drive holds is overwritten by what the array holds",
        .result = "{array: text, member: text, added: bool (false where it is a member already), "
                  "state: text (in_sync, or spare while it is filled), action: text (recover, "
                  "idle...)}",
    },
    {
        .name = "disk.usage",
        .least = CLASS_OBSERVE,
        .again = AGAIN_IDEMPOTENT,
        .timeout_s = 10,
        .memory_mib = 64,
        .result_bytes_max = 8 * KIB,
        .arguments = {{.name = "path",
                       .kind = ARGUMENT_PATH,
                       .required = true,
                       .lies = PATH_READ,
                       .help = "any path on the filesystem"}},
        .help = "tells how full the filesystem at a path is",
        .result = "{path: text, total_bytes: integer, used_bytes: integer, free_bytes: integer, "
                  "used_percent: integer}",
    },
};

const op_family_t ops_disk = {rows, ARRAY_SIZE(rows)};
