/* SPDX-License-Identifier: Apache-2.0 */
/* Debian's packages: dpkg's record of what is installed, and apt's lists of what there is. */
#include <dirent.h>
#include <errno.h>
#include <fnmatch.h>
#include <stdlib.h>

#include "worker/ops/bodies.h"
#include "worker/ops/command.h"
#include "worker/ops/debian.h"
#include "worker/ops/machine.h"
#include "worker/ops/place.h"

#define LISTED        500 /* where nobody says how many */
#define UPDATES_MAX   500
#define INSTALLED_MAX 50000
#define LISTS         "/var/lib/apt/lists"

value_t *
package_list(const value_t *arguments, const op_world_t *world, fault_t *fault)
{
    const char *name = value_get_text(arguments, "name");
    int64_t count = value_get_integer(arguments, "count"), left_out = 0;
    stanza_t stanza;
    FILE *record = debian_open_record(world, fault);
    if (!record)
        return NULL;
    CLEANUP(value_destroy) value_t *list = value_list();
    while (stanza_next(record, &stanza)) {
        if (!stanza_is_installed(&stanza) || (name[0] && fnmatch(name, stanza.package, 0)))
            continue;
        if (value_count(list) >= (size_t)(count ? count : LISTED)) {
            left_out++;
            continue;
        }
        value_t *row = value_map();
        show(row, "name", stanza.package);
        show(row, "version", stanza.version);
        show(row, "architecture", stanza.architecture);
        show(row, "status", stanza.status);
        value_append(list, row);
    }
    if (debian_close_record(record, fault))
        return NULL;
    value_t *result = value_map();
    value_set(result, "packages", MOVE(list));
    value_set_integer(result, "left_out", left_out);
    return result;
}

/* dpkg notes what it does in files of their own, and brings them into its record at its end: what
 * lies there is of one that was cut off, or still acts. */
static int
is_interrupted(const op_world_t *world, bool *any, fault_t *fault)
{
    char path[PATH_MAX];
    struct dirent *entry;
    DIR *folder = opendir(machine_path(world, path, "/var/lib/dpkg/updates"));
    *any = false;
    if (!folder)
        return errno == ENOENT ? 0 : fault_errno(fault, "'%s' cannot be read", path);
    while (!*any && (entry = place_next(folder)))
        *any = entry->d_name[0] >= '0' && entry->d_name[0] <= '9';
    int wrong = !*any && errno ? fault_errno(fault, "'%s' cannot be read", path) : 0;
    closedir(folder);
    return wrong;
}

value_t *
package_view(const value_t *arguments, const op_world_t *world, fault_t *fault)
{
    const char *name = value_get_text(arguments, "name");
    stanza_t stanza;
    bool found = false;
    FILE *record = debian_open_record(world, fault);
    if (!record)
        return NULL;
    while (!found && stanza_next(record, &stanza))
        found = !strcmp(stanza.package, name);
    bool interrupted;
    if (debian_close_record(record, fault) || is_interrupted(world, &interrupted, fault))
        return NULL;
    value_t *result = value_map();
    value_set_text(result, "name", name);
    value_set_bool(result, "installed", found && stanza_is_installed(&stanza));
    value_set_bool(result, "held", found && stanza_is_held(&stanza));
    value_set_bool(result, "interrupted", interrupted);
    if (!found)
        return result;
    show(result, "version", stanza.version);
    show(result, "architecture", stanza.architecture);
    show(result, "status", stanza.status);
    show(result, "source", stanza.source[0] ? stanza.source : stanza.package);
    show(result, "section", stanza.section);
    value_set_integer(result, "installed_bytes", stanza.installed_kib * 1024);
    return result;
}

/* ---- updates: what is installed, each with the newest that a list has -------------------------
 */

typedef struct {
    char name[DEBIAN_TEXT_MAX], architecture[32], version[DEBIAN_TEXT_MAX];
    char candidate[DEBIAN_TEXT_MAX], origin[DEBIAN_TEXT_MAX];
    bool held, security;
} installed_t;

typedef struct {
    installed_t *all; /* ascending by name, then architecture */
    size_t count, room;
    int64_t lists, unread, newest_ms;
} packages_t;

static int
compare_installed(const void *left, const void *right)
{
    const installed_t *a = left, *b = right;
    int order = strcmp(a->name, b->name);
    return order ? order : strcmp(a->architecture, b->architecture);
}

static int
read_installed(packages_t *self, const op_world_t *world, fault_t *fault)
{
    stanza_t stanza;
    FILE *record = debian_open_record(world, fault);
    if (!record)
        return -1;
    while (self->count < INSTALLED_MAX && stanza_next(record, &stanza)) {
        if (!stanza_is_installed(&stanza))
            continue;
        self->all = memory_grow(self->all, self->count, &self->room, sizeof *self->all);
        installed_t *one = &self->all[self->count++];
        *one = (installed_t){.held = stanza_is_held(&stanza)};
        memcpy(one->name, stanza.package, sizeof one->name);
        memcpy(one->architecture, stanza.architecture, sizeof one->architecture);
        memcpy(one->version, stanza.version, sizeof one->version);
    }
    if (debian_close_record(record, fault))
        return -1;
    if (self->count)
        qsort(self->all, self->count, sizeof *self->all, compare_installed);
    return 0;
}

static void
consider(packages_t *self, const stanza_t *stanza, const stanza_t *release, bool security)
{
    installed_t wanted = {0};
    memcpy(wanted.name, stanza->package, sizeof wanted.name);
    memcpy(wanted.architecture, stanza->architecture, sizeof wanted.architecture);
    installed_t *one =
        self->count ? bsearch(&wanted, self->all, self->count, sizeof *self->all, compare_installed)
                    : NULL;
    if (!one || debian_compare(stanza->version, one->version) <= 0)
        return;
    one->security = one->security || security;
    if (one->candidate[0] && debian_compare(stanza->version, one->candidate) <= 0)
        return;
    memcpy(one->candidate, stanza->version, sizeof one->candidate);
    snprintf(one->origin, sizeof one->origin, "%.63s %.63s", release->label,
             release->codename[0] ? release->codename : release->suite);
}

/* The release file of a list has the longest name, but for its end, that the list's begins with; ""
 * where there is none. */
static int
name_release(const op_world_t *world, const char *list, char out[static NAME_MAX + 1])
{
    char path[PATH_MAX];
    size_t longest = 0;
    struct dirent *entry;
    DIR *folder = opendir(machine_path(world, path, LISTS));
    out[0] = '\0';
    while (folder && (entry = place_next(folder))) {
        const char *end = strrchr(entry->d_name, '_');
        size_t size = end ? (size_t)(end - entry->d_name) + 1 : 0;
        if (end && (!strcmp(end, "_InRelease") || !strcmp(end, "_Release")) && size > longest &&
            !strncmp(list, entry->d_name, size)) {
            longest = size;
            snprintf(out, NAME_MAX + 1, "%s", entry->d_name);
        }
    }
    int wrong = !folder || errno ? -1 : 0;
    if (folder)
        closedir(folder);
    return wrong;
}

/* -1 where it is not to be read: whether a list is of a security archive is not known then. */
static int
find_release(const op_world_t *world, const char *list, stanza_t *out)
{
    char path[PATH_MAX], name[NAME_MAX + 1];
    *out = (stanza_t){0};
    if (name_release(world, list, name))
        return -1;
    if (!name[0])
        return 0;
    FILE *file = fopen(machine_path(world, path, LISTS "/%s", name), "re");
    if (!file)
        return -1;
    while (!out->codename[0] && !out->suite[0] && stanza_next(file, out))
        continue;
    int wrong = ferror(file) ? -1 : 0;
    fclose(file);
    return wrong;
}

static bool
ends_with(const char *text, const char *end)
{
    size_t size = strlen(text), more = strlen(end);
    return size >= more && !strcmp(text + size - more, end);
}

static bool
is_security(const stanza_t *release)
{
    return strcasestr(release->label, "security") || ends_with(release->suite, "-security") ||
           ends_with(release->codename, "-security");
}

static void
read_stanzas(packages_t *self, FILE *in, const stanza_t *release)
{
    stanza_t stanza;
    while (stanza_next(in, &stanza))
        consider(self, &stanza, release, is_security(release));
}

/* A list that apt keeps compressed is read through apt's own helper. */
static bool
read_list(packages_t *self, const op_world_t *world, const char *name, const stanza_t *release)
{
    char path[PATH_MAX];
    machine_path(world, path, LISTS "/%s", name);
    if (ends_with(name, "_Packages")) {
        FILE *file = fopen(path, "re");
        if (!file)
            return false;
        read_stanzas(self, file, release);
        bool whole = !ferror(file);
        fclose(file);
        return whole;
    }
    const char *const words[] = {"/usr/lib/apt/apt-helper", "cat-file", path, NULL};
    CLEANUP(command_destroy) command_t *helper = command_start(words, NULL);
    if (!helper)
        return false;
    read_stanzas(self, command_output(helper), release);
    bool whole = !ferror(command_output(helper));
    return command_finish(&helper) == 0 && whole;
}

/* What became of one list since its folder was read is no fault. */
static void
consider_list(packages_t *self, const op_world_t *world, int folder, const char *name)
{
    struct stat facts;
    stanza_t release;
    if (fstatat(folder, name, &facts, 0)) {
        self->unread += errno != ENOENT;
        return;
    }
    bool known = !find_release(world, name, &release);
    if (known && !strcmp(release.not_automatic, "yes"))
        return;
    if (time_ms(facts.st_mtim) > self->newest_ms)
        self->newest_ms = time_ms(facts.st_mtim);
    if (known && read_list(self, world, name, &release))
        self->lists++;
    else
        self->unread++;
}

static int
read_lists(packages_t *self, const op_world_t *world, fault_t *fault)
{
    char path[PATH_MAX];
    struct dirent *entry;
    DIR *folder = opendir(machine_path(world, path, LISTS));
    if (!folder)
        return errno == ENOENT ? 0 : fault_errno(fault, "'%s' cannot be read", path);
    while ((entry = place_next(folder)))
        if (strstr(entry->d_name, "_Packages"))
            consider_list(self, world, dirfd(folder), entry->d_name);
    int wrong = errno ? fault_errno(fault, "'%s' cannot be read", path) : 0;
    closedir(folder);
    return wrong;
}

static value_t *
update_value(const installed_t *one)
{
    value_t *row = value_map();
    show(row, "name", one->name);
    show(row, "architecture", one->architecture);
    show(row, "installed", one->version);
    show(row, "candidate", one->candidate);
    show(row, "origin", one->origin);
    value_set_bool(row, "security", one->security);
    value_set_bool(row, "held", one->held);
    return row;
}

value_t *
package_updates(const value_t *arguments, const op_world_t *world, fault_t *fault)
{
    bool only_security = value_get_bool(arguments, "security");
    int64_t security = 0, left_out = 0;
    packages_t packages = {0};
    if (read_installed(&packages, world, fault))
        return NULL;
    CLEANUP(memory_free) installed_t *all = packages.all;
    if (read_lists(&packages, world, fault))
        return NULL;
    value_t *result = value_map(), *list = value_list();
    for (size_t i = 0; all && i < packages.count; i++) {
        security += all[i].security;
        if (!all[i].candidate[0] || (only_security && !all[i].security))
            continue;
        if (value_count(list) < UPDATES_MAX)
            value_append(list, update_value(&all[i]));
        else
            left_out++;
    }
    value_set(result, "updates", list);
    value_set_integer(result, "security", security);
    value_set_integer(result, "left_out", left_out);
    value_set_integer(result, "lists", packages.lists);
    value_set_integer(result, "unread", packages.unread);
    value_set_integer(result, "listed", packages.newest_ms);
    return result;
}
