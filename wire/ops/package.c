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
