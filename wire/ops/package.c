/* SPDX-License-Identifier: Apache-2.0 */
#include "wire/ops/families.h"

/* What dpkg was cut off in is neither the old version nor the new. */
static probe_verdict_t
upgraded(const value_t *seen, const value_t *arguments, wall_t begun, value_t *result)
{
    (void)begun;
    probe_keep(seen, "name", result);
    probe_keep(seen, "version", result);
    value_set_bool(result, "upgraded", true);
    if (value_get_bool(seen, "interrupted") || !value_get_bool(seen, "installed"))
        return PROBE_CANNOT_TELL;
    return strcmp(value_get_text(seen, "version"), value_get_text(arguments, "version"))
               ? PROBE_DID_NOT
               : PROBE_HAPPENED;
}

static const op_probe_t upgrade_probe = {"package.view", {"name"}, upgraded};

static const op_t rows[] = {
    {
        .name = "package.clean",
        FIXING(120, 64),
        .foretold = true,
        .help = "removes what apt fetched and keeps: the archives in /var/cache/apt/archives, and "
                "what is partial; apt fetches again what it needs",
        .result = "{files: integer (removed), freed_bytes: integer}",
    },
    {
        .name = "package.list",
        SEEING(20, 64, 512 * KIB),
        .arguments = {{.name = "name",
                       .kind = ARGUMENT_TEXT,
                       .min = 1,
                       .max = 64,
                       .help = "with * for anything, ? for one character and [a-z] for one of "
                               "these"},
                      {.name = "count",
                       .kind = ARGUMENT_INTEGER,
                       .min = 1,
                       .max = 1500,
                       .help = "how many to list; 500"}},
        .help = "lists the Debian packages that are installed",
        .result = "{packages: list of {name: text, version: text, architecture: text, status: "
                  "text}, left_out: integer (beyond count)}",
    },
    {
        .name = "package.owner",
        SEEING(120, 128, 16 * KIB),
        .arguments = {{.name = "path",
                       .kind = ARGUMENT_PATH,
                       .required = true,
                       .lies = PATH_READ,
                       .help = "anything, or where something was; a file of at most 4 GiB"}},
        .help =
            "tells which Debian packages brought what lies at a path, and whether it is as they "
            "brought it: by the MD5 sums that dpkg keeps on this machine, where root can change "
            "them too",
        .result =
            "{path: text, kind: text (file, folder, link, other or none), owned: bool, packages: "
            "list of {name: text, version: text, architecture: text, status: text, conffile: bool "
            "(people may change it)}, left_out: integer (of more than 16), recorded_path?: text "
            "(by "
            "which dpkg knows it, where that is another), diverted_by?: text (a package, or "
            "local), "
            "content?: text (of what is owned: intact, changed, missing, or unrecorded where "
            "there is no sum of it)}",
    },
    {
        .name = "package.restarts",
        SEEING(60, 128, 256 * KIB),
        .help =
            "tells what runs as it was before an upgrade: processes whose program or libraries, "
            "below /usr, /bin, /sbin, /lib* or /opt, were replaced or removed since they mapped "
            "them, by systemd unit, and the kernel; what an interpreter read is not seen",
        .result =
            "{units: list of {unit: text (empty of those in none), processes: integer, pids: list "
            "of integer (10 at most), name: text (what the first calls itself), files: list of "
            "text (5 at most), more: bool (files)}, left_out: integer (processes of more than 100 "
            "units), elsewhere: integer (processes with a root folder of their own, as in "
            "containers: not looked at), unread: integer (processes that could not be), kernel: "
            "text (that runs), kernel_version?: text (Debian's), newest_kernel?: text (that is "
            "installed, of the same flavour), newest_version?: text, kernel_waits: bool (a newer "
            "one is installed than the one that runs)}",
    },
    {
        .name = "package.updates",
        SEEING(90, 768, 256 * KIB),
        .arguments = {{.name = "security",
                       .kind = ARGUMENT_BOOL,
                       .help = "only those that a security archive has"}},
        .help = "lists installed packages of which the package lists on this machine have a newer "
                "version; archives that apt does not take by itself, and its pins, do not count",
        .result = "{updates: list of {name: text, architecture: text, installed: text, candidate: "
                  "text, origin: text, security: bool, held: bool}, security: integer (how many of "
                  "all), left_out: integer (of more than 500), lists: integer (that were read), "
                  "unread: integer (lists that could not be), listed: integer (ms since 1970: the "
                  "newest list; 0 where there is none)}",
    },
    {
        .name = "package.upgrade",
        .least = CLASS_CHANGE,
        .again = AGAIN_PROBE,
        .foretold = true,
        .probe = &upgrade_probe,
        .timeout_s = 900,
        .result_bytes_max = FIX_RESULT_MAX,
        .arguments = {{.name = "name",
                       .kind = ARGUMENT_WORD,
                       .required = true,
                       .named = true,
                       .min = 1,
                       .max = 80,
                       .help = "a Debian package that is installed and not held"},
                      {.name = "version",
                       .kind = ARGUMENT_WORD,
                       .required = true,
                       .min = 1,
                       .max = 64,
                       .help = "exactly this, newer than the installed one; as package.updates "
                               "calls it"}},
        .help = "upgrades one Debian package, by the package lists on this machine; nothing where "
                "that would install, upgrade or remove any other",
        .result =
            "{name: text, before?: text, version: text (installed now), upgraded: bool, " PROBED
            "}",
    },
    {
        .name = "package.view",
        SEEING(20, 64, 8 * KIB),
        .arguments = {{.name = "name",
                       .kind = ARGUMENT_WORD,
                       .required = true,
                       .min = 1,
                       .max = 100,
                       .help = "a Debian package"}},
        .help = "tells which version of a package is installed, and how",
        .result = "{name: text, installed: bool, held: bool, interrupted: bool (dpkg acts, or was "
                  "cut off: its record may be behind), version?: text, architecture?: text, "
                  "status?: text, source?: text, section?: text, installed_bytes?: integer}",
    },
};

const op_family_t ops_package = {rows, ARRAY_SIZE(rows)};
