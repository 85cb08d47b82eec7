/* SPDX-License-Identifier: Apache-2.0 */
/* What still runs as it was before an upgrade: processes whose program, or code that they mapped,
 * is no more what stands at its path (proc(5)), by their systemd units (cgroups(7)), and the
 * kernel. */
#include <ctype.h>
#include <errno.h>
#include <stdlib.h>
#include <unistd.h>

#include "common/file.h"
#include "worker/ops/bodies.h"
#include "worker/ops/debian.h"
#include "worker/ops/machine.h"
#include "worker/proc.h"

#define UNITS_MAX  100
#define PIDS_MAX   10
#define FILES_MAX  5
#define SHOWN_PATH 256
#define UNIT_MAX   256
#define GROUP_MAX  65536
#define DELETED    " (deleted)"
#define IMAGE      "linux-image-"

typedef struct {
    size_t count;
    bool more;
    char paths[FILES_MAX][SHOWN_PATH];
} files_t;

typedef struct {
    char name[UNIT_MAX], process[PROC_NAME_MAX];
    int64_t processes;
    pid_t pids[PIDS_MAX];
    files_t files;
} unit_t;

typedef struct {
    const op_world_t *world;
    struct stat root; /* ours, which is the machine's */
    size_t count;
    int64_t left_out, elsewhere, unread;
    unit_t units[UNITS_MAX];
} look_t;

/* ---- files that are gone -----------------------------------------------------------------------
 */

static void
files_add(files_t *self, const char *path)
{
    char shown_path[SHOWN_PATH];
    snprintf(shown_path, sizeof shown_path, "%s", path);
    for (size_t i = 0; i < self->count; i++)
        if (!strcmp(self->paths[i], shown_path))
            return;
    self->more = self->more || self->count == FILES_MAX;
    if (self->count < FILES_MAX)
        memcpy(self->paths[self->count++], shown_path, SHOWN_PATH);
}

/* Where packages put programs and libraries: what is made to run elsewhere, and deleted, comes from
 * no upgrade. */
static bool
is_installed(const op_world_t *world, const char *path)
{
    static const char *const folders[] = {"/usr",   "/bin",   "/sbin",   "/lib",
                                          "/lib32", "/lib64", "/libx32", "/opt"};
    char folder[PATH_MAX];
    for (size_t i = 0; i < ARRAY_SIZE(folders); i++)
        if (path_is_under(path, machine_path(world, folder, "%s", folders[i])))
            return true;
    return false;
}

/* Takes a path as the kernel shows it, where it says that it is deleted; shown without the root. */
static void
take_deleted(files_t *self, const op_world_t *world, char *path)
{
    size_t size = strlen(path), more = strlen(DELETED);
    if (size <= more || strcmp(path + size - more, DELETED) != 0)
        return;
    path[size - more] = '\0';
    if (is_installed(world, path))
        files_add(self, path + (world->root ? strlen(world->root) : 0));
}

static void
read_program(files_t *self, const op_world_t *world, pid_t pid)
{
    char link[64], path[PATH_MAX];
    snprintf(link, sizeof link, "/proc/%d/exe", (int)pid);
    ssize_t size = readlink(link, path, sizeof path - 1);
    path[size > 0 ? size : 0] = '\0';
    take_deleted(self, world, path);
}

/* "FROM-TO r-xp OFFSET DEVICE INODE PATH". -1 where it is not to be read, and the process lives. */
static int
read_maps(files_t *self, const op_world_t *world, pid_t pid)
{
    static char line[PATH_MAX + 256];
    char path[64];
    snprintf(path, sizeof path, "/proc/%d/maps", (int)pid);
    FILE *maps = fopen(path, "re");
    if (!maps)
        return errno == ENOENT || errno == ESRCH ? 0 : -1;
    while (fgets(line, sizeof line, maps)) {
        const char *rights = strchr(line, ' ');
        char *mapped = strchr(line, '/');
        line[strcspn(line, "\n")] = '\0';
        if (rights && mapped && rights[1] && rights[2] && rights[3] == 'x')
            take_deleted(self, world, mapped);
    }
    fclose(maps);
    return 0;
}

/* ---- units -------------------------------------------------------------------------------------
 */

static bool
is_unit(const char *name)
{
    static const char *const kinds[] = {".service", ".scope", ".socket", ".mount", ".swap"};
    const char *end = strrchr(name, '.');
    for (size_t i = 0; end && i < ARRAY_SIZE(kinds); i++)
        if (!strcmp(end, kinds[i]))
            return true;
    return false;
}

/* The first part of a group's path that is a unit; one whose name is the kernel's too begins with
 * a '_'. */
static bool
find_unit(char *path, char out[static UNIT_MAX])
{
    char *rest = NULL;
    for (char *part = strtok_r(path, "/", &rest); part; part = strtok_r(NULL, "/", &rest))
        if (is_unit(part)) {
            snprintf(out, UNIT_MAX, "%s", part + (part[0] == '_'));
            return true;
        }
    return false;
}

/* By systemd's own hierarchy, or the unified one: "0::PATH", "N:name=systemd:PATH". */
static void
read_unit(pid_t pid, char out[static UNIT_MAX])
{
    char path[64], line[PATH_MAX];
    snprintf(path, sizeof path, "/proc/%d/cgroup", (int)pid);
    CLEANUP(bytes_destroy) bytes_t *text = file_read(path, GROUP_MAX, NULL);
    out[0] = '\0';
    for (const char *at = text ? bytes_text(text) : ""; line_next(&at, line, sizeof line);) {
        char *kind = strchr(line, ':'), *group = kind ? strchr(kind + 1, ':') : NULL;
        bool systemd = group && (group == kind + 1 || !strncmp(kind, ":name=systemd:", 14));
        if (systemd && find_unit(group + 1, out))
            return;
    }
}

static unit_t *
unit_named(look_t *self, const char *name)
{
    for (size_t i = 0; i < self->count; i++)
        if (!strcmp(self->units[i].name, name))
            return &self->units[i];
    if (self->count == UNITS_MAX)
        return NULL;
    unit_t *unit = &self->units[self->count++];
    *unit = (unit_t){0};
    snprintf(unit->name, sizeof unit->name, "%s", name);
    return unit;
}

/* ---- processes ---------------------------------------------------------------------------------
 */

/* Whether its paths are the machine's: those of a container are not. */
static bool
is_at_home(const look_t *self, pid_t pid)
{
    char path[64];
    struct stat root;
    snprintf(path, sizeof path, "/proc/%d/root/", (int)pid);
    return stat(path, &root) ||
           (root.st_ino == self->root.st_ino && root.st_dev == self->root.st_dev);
}

static void
look_at(look_t *self, const proc_t *process)
{
    char name[UNIT_MAX];
    files_t files = {.count = 0};
    if (!is_at_home(self, process->pid)) {
        self->elsewhere++;
        return;
    }
    read_program(&files, self->world, process->pid);
    self->unread += read_maps(&files, self->world, process->pid) != 0;
    if (!files.count)
        return;
    read_unit(process->pid, name);
    unit_t *unit = unit_named(self, name);
    if (!unit) {
        self->left_out++;
        return;
    }
    if (!unit->processes)
        memcpy(unit->process, process->name, sizeof unit->process);
    if (unit->processes < PIDS_MAX)
        unit->pids[unit->processes] = process->pid;
    unit->processes++;
    for (size_t i = 0; i < files.count; i++)
        files_add(&unit->files, files.paths[i]);
    unit->files.more = unit->files.more || files.more;
}

static value_t *
tell_unit(const unit_t *self)
{
    value_t *row = value_map(), *pids = value_list(), *files = value_list();
    for (int64_t i = 0; i < self->processes && i < PIDS_MAX; i++)
        value_append(pids, value_integer(self->pids[i]));
    for (size_t i = 0; i < self->files.count; i++)
        value_append(files, shown(self->files.paths[i]));
    show(row, "unit", self->name);
    value_set_integer(row, "processes", self->processes);
    value_set(row, "pids", pids);
    show(row, "name", self->process);
    value_set(row, "files", files);
    value_set_bool(row, "more", self->files.more);
    return row;
}

/* ---- the kernel --------------------------------------------------------------------------------
 */

/* Behind the version and the number of its build: "-amd64" of "6.1.0-18-amd64". */
static const char *
flavour_of(const char *release)
{
    const char *at = release;
    while ((at = strchr(at, '-')) && !isalpha((unsigned char)at[1]))
        at++;
    return at ? at : "";
}

/* "#1 SMP PREEMPT_DYNAMIC Debian 6.1.76-1 (2024-02-01)" */
static void
read_kernel_version(const char *text, char *out, size_t size)
{
    const char *word = strstr(text, "Debian ");
    word = word ? word + strlen("Debian ") : "";
    snprintf(out, size, "%.*s", (int)strcspn(word, " "), word);
}

/* The newest that dpkg has installed, of this flavour; its release stands in `package`: "" where
 * there is none, or no dpkg. */
static int
find_newest_kernel(const op_world_t *world, const char *flavour, stanza_t *out, fault_t *fault)
{
    stanza_t stanza;
    fault_t why = {0};
    FILE *record = debian_open_record(world, &why);
    *out = (stanza_t){0};
    if (!record)
        return why.code == FAULT_NOT_FOUND ? 0 : fault_set(fault, why.code, "%s", why.text);
    while (stanza_next(record, &stanza)) {
        char *release = stanza.package + strlen(IMAGE), *unsigned_mark;
        if (strncmp(stanza.package, IMAGE, strlen(IMAGE)) != 0 || !stanza_is_installed(&stanza) ||
            !isdigit((unsigned char)*release))
            continue;
        if ((unsigned_mark = strstr(release, "-unsigned")))
            *unsigned_mark = '\0';
        memmove(stanza.package, release, strlen(release) + 1);
        if (strcmp(flavour_of(stanza.package), flavour) != 0)
            continue;
        int order = out->package[0] ? debian_compare(stanza.package, out->package) : 1;
        if (order > 0 || (order == 0 && debian_compare(stanza.version, out->version) > 0))
            *out = stanza;
    }
    return debian_close_record(record, fault);
}

static int
tell_kernel(const op_world_t *world, value_t *result, fault_t *fault)
{
    char release[DEBIAN_TEXT_MAX], text[256], version[DEBIAN_TEXT_MAX];
    stanza_t newest;
    if (machine_tell(world, release, sizeof release, fault, "/proc/sys/kernel/osrelease") ||
        machine_tell(world, text, sizeof text, fault, "/proc/sys/kernel/version"))
        return -1;
    read_kernel_version(text, version, sizeof version);
    if (find_newest_kernel(world, flavour_of(release), &newest, fault))
        return -1;
    int order = newest.package[0] ? debian_compare(newest.package, release) : 0;
    if (newest.package[0] && order == 0 && version[0])
        order = debian_compare(newest.version, version);
    show(result, "kernel", release);
    if (version[0])
        show(result, "kernel_version", version);
    if (newest.package[0]) {
        show(result, "newest_kernel", newest.package);
        show(result, "newest_version", newest.version);
    }
    value_set_bool(result, "kernel_waits", order > 0);
    return 0;
}

value_t *
package_restarts(const value_t *arguments, const op_world_t *world, fault_t *fault)
{
    static look_t look;
    CLEANUP(memory_free) proc_t *all = NULL;
    size_t unseen, count = proc_all(&all, &unseen);
    (void)arguments;
    look.world = world;
    if (stat("/", &look.root)) {
        fault_errno(fault, "the root folder cannot be looked at");
        return NULL;
    }
    look.unread += (int64_t)unseen;
    for (size_t i = 0; i < count; i++)
        look_at(&look, &all[i]);
    CLEANUP(value_destroy) value_t *result = value_map();
    value_t *units = value_list();
    for (size_t i = 0; i < look.count; i++)
        value_append(units, tell_unit(&look.units[i]));
    value_set(result, "units", units);
    value_set_integer(result, "left_out", look.left_out);
    value_set_integer(result, "elsewhere", look.elsewhere);
    value_set_integer(result, "unread", look.unread);
    return tell_kernel(world, result, fault) ? NULL : MOVE(result);
}
