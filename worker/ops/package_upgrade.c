/* SPDX-License-Identifier: Apache-2.0 */
/* One package is upgraded by apt. First apt is asked what it would do (`apt-get -s`, whose lines
 * apt-get(8) describes): it must be that package and nothing else. */
#include <sys/stat.h>

#include "worker/foresight.h"
#include "worker/ops/bodies.h"
#include "worker/ops/command.h"
#include "worker/ops/debian.h"
#include "worker/ops/done.h"
#include "worker/ops/machine.h"

#define WORDS_MAX   40
#define SAID_MAX    (256 * 1024)
#define VERSION_MAX 64 /* of the one before, shown */
#define VERSION_LETTERS                                              \
    "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789" \
    ".+:~-"

typedef struct {
    const char *words[WORDS_MAX];
    size_t count;
    char root[4][PATH_MAX + 64]; /* what leads apt below a world's root */
    char wanted[256];            /* NAME=VERSION */
} apt_t;

static void
add(apt_t *self, const char *word)
{
    self->words[self->count++] = word;
}

/* A machine's files that lie below a root, apt's and dpkg's too. */
static void
add_root(apt_t *self, const char *root)
{
    static const char *const options[] = {"Dir=%s", "Dir::State::status=%s/var/lib/dpkg/status",
                                          "DPkg::Options::=--root=%s"};
    for (size_t i = 0; root && i < ARRAY_SIZE(options); i++) {
        size_t hole = strcspn(options[i], "%");
        snprintf(self->root[i], sizeof self->root[i], "%.*s%s%s", (int)hole, options[i], root,
                 options[i] + hole + 2);
        add(self, "-o");
        add(self, self->root[i]);
    }
}

/* way is -s, to tell what it would do, or -y. What asks questions is kept from it. */
static void
prepare(apt_t *self, const op_world_t *world, const char *way, const value_t *arguments)
{
    static const char *const fixed[] = {
        "/usr/bin/env",
        "DEBIAN_FRONTEND=noninteractive",
        "NEEDRESTART_MODE=l",
        "/usr/bin/apt-get",
        "-qq",
        "--only-upgrade",
        "--no-remove",
        "--no-install-recommends",
        "-o",
        "DPkg::Lock::Timeout=60",
        "-o",
        "DPkg::Options::=--force-confdef",
        "-o",
        "DPkg::Options::=--force-confold",
    };
    for (size_t i = 0; i < ARRAY_SIZE(fixed); i++)
        add(self, fixed[i]);
    add_root(self, world->root);
    snprintf(self->wanted, sizeof self->wanted, "%s=%s", value_get_text(arguments, "name"),
             value_get_text(arguments, "version"));
    add(self, way);
    add(self, "install");
    add(self, self->wanted);
    add(self, NULL);
}

/* It is there, whole, and older. What stands behind a version could be apt's own signs. */
static int
check_before(const value_t *before, const char *version, fault_t *fault)
{
    const char *name = value_get_text(before, "name");
    size_t size = strlen(version);
    if (strspn(version, VERSION_LETTERS) != size || strchr("+-", version[size - 1]))
        return fault_set(fault, FAULT_ARGUMENT, "'%.64s' is no version of a Debian package",
                         version);
    if (value_get_bool(before, "interrupted"))
        return fault_set(fault, FAULT_CONFLICT,
                         "dpkg acts already, or was cut off: `dpkg --configure -a` on the machine");
    if (!value_get_bool(before, "installed"))
        return fault_set(fault, FAULT_NOT_FOUND, "package '%.80s' is not installed", name);
    if (value_get_bool(before, "held"))
        return fault_set(fault, FAULT_POLICY, "package '%.80s' is held on this machine", name);
    if (debian_compare(value_get_text(before, "version"), version) > 0)
        return fault_set(fault, FAULT_CONFLICT, "package '%.80s' is newer already: '%.64s'", name,
                         value_get_text(before, "version"));
    return 0;
}

/* "Inst NAME[:ARCHITECTURE] [OLD] (NEW ...)", "Remv NAME ...": whether it is of another package, or
 * of one that is not there yet; its name, cut off. */
static bool
is_of_another(char *line, const char *name, const char **which)
{
    bool installs = !strncmp(line, "Inst ", 5), removes = !strncmp(line, "Remv ", 5);
    if (!installs && !removes)
        return false;
    char *at = line + 5;
    size_t size = strcspn(at, " :");
    bool ours = size == strlen(name) && !strncmp(at, name, size);
    const char *behind = at + strcspn(at, " ");
    bool known = !strncmp(behind, " [", 2);
    at[size] = '\0';
    *which = at;
    return !ours || !known || removes;
}

static int
check_plan(const value_t *arguments, const op_world_t *world, fault_t *fault)
{
    const char *name = value_get_text(arguments, "name"), *which;
    apt_t apt = {.count = 0};
    char line[512];
    int status = 0;
    prepare(&apt, world, "-s", arguments);
    CLEANUP(bytes_destroy) bytes_t *said = command_run(apt.words, SAID_MAX, &status, fault);
    if (!said)
        return -1;
    if (status)
        return fault_set(fault, FAULT_FAILED,
                         "apt-get does not upgrade to '%.160s' (status %d): the package lists of "
                         "this machine have no such version, or something stands against it",
                         apt.wanted, status);
    bool any = false;
    for (const char *at = bytes_text(said); line_next(&at, line, sizeof line);) {
        any = any || !strncmp(line, "Inst ", 5);
        if (!is_of_another(line, name, &which))
            continue;
        CLEANUP(value_destroy) value_t *text = shown(which);
        return fault_set(fault, FAULT_CONFLICT,
                         "the upgrade of '%.80s' would change '%.80s' too: that one first", name,
                         value_string(text));
    }
    return any ? 0
               : fault_set(fault, FAULT_FAILED, "apt-get sees nothing to do for '%.160s'",
                           apt.wanted);
}

static int
act(const value_t *arguments, const op_world_t *world, fault_t *fault)
{
    apt_t apt = {.count = 0};
    prepare(&apt, world, "-y", arguments);
    umask(022); /* what packages bring is for all */
    int status = command_do(apt.words, NULL, 0, fault);
    return status > 0
               ? fault_set(fault, FAULT_FAILED,
                           "apt-get exited with status %d; /var/log/apt/term.log says more", status)
               : status;
}

static value_t *
tell(const value_t *before, const value_t *after, bool upgraded)
{
    char was[VERSION_MAX + 1];
    value_t *result = value_map();
    snprintf(was, sizeof was, "%s", value_get_text(before, "version"));
    value_set_text(result, "name", value_get_text(after, "name"));
    value_set_text(result, "before", was);
    value_set_text(result, "version", value_get_text(after, "version"));
    value_set_bool(result, "upgraded", upgraded);
    return result;
}

/* apt failed; a package whose script does, once it is unpacked, stays so. */
static int
tell_what_is_done(const value_t *before, const value_t *arguments, const op_world_t *world,
                  fault_t *fault)
{
    CLEANUP(value_destroy) value_t *after = package_view(arguments, world, NULL);
    if (!after || value_equal(before, after))
        return -1;
    return done_anyway(fault, "'%.80s' is at version '%.64s', %.64s", value_get_text(after, "name"),
                       value_get_text(after, "version"), value_get_text(after, "status"));
}

value_t *
package_upgrade(const value_t *arguments, const op_world_t *world, fault_t *fault)
{
    const char *version = value_get_text(arguments, "version");
    CLEANUP(value_destroy) value_t *before = package_view(arguments, world, fault);
    if (!before || check_before(before, version, fault))
        return NULL;
    bool upgraded = strcmp(value_get_text(before, "version"), version) != 0;
    if (upgraded && check_plan(arguments, world, fault))
        return NULL;
    if (upgraded && act(arguments, world, fault)) {
        tell_what_is_done(before, arguments, world, fault);
        return NULL;
    }
    CLEANUP(value_destroy) value_t *after = package_view(arguments, world, fault);
    if (!after)
        return NULL;
    if (!value_get_bool(after, "installed") ||
        strcmp(value_get_text(after, "version"), version) != 0) {
        fault_set(fault, FAULT_FAILED, "apt-get is done, and '%.80s' is at version '%.64s'",
                  value_get_text(after, "name"), value_get_text(after, "version"));
        return NULL;
    }
    return tell(before, after, upgraded);
}

/* Not whether others would change with it: apt-get alone can tell, and locks what it looks at. */
value_t *
package_upgrade_foreseen(const value_t *arguments, const op_world_t *world, fault_t *fault)
{
    const char *version = value_get_text(arguments, "version");
    CLEANUP(value_destroy) value_t *before = package_view(arguments, world, fault);
    if (!before || check_before(before, version, fault))
        return NULL;
    char was[VERSION_MAX + 1];
    snprintf(was, sizeof was, "%s", value_get_text(before, "version"));
    CLEANUP(value_destroy) value_t *after = value_copy(before);
    value_set_text(after, "version", version);
    value_t *foresight = foresight_new();
    foresight_turns(foresight, value_get_text(before, "name"), was, version);
    return foresight_give(foresight, tell(before, after, strcmp(was, version) != 0));
}
