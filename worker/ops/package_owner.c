/* SPDX-License-Identifier: Apache-2.0 */
/* Which package brought what lies at a path, and whether it is as that package brought it: by what
 * dpkg keeps (deb-md5sums(5), dpkg-divert(1)), the paths and sums of each package, and the sums of
 * configuration files in its record. */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <nettle/md5.h>
#include <stdarg.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "worker/ops/bodies.h"
#include "worker/ops/debian.h"
#include "worker/ops/machine.h"
#include "worker/ops/place.h"

#define INFO           "/var/lib/dpkg/info"
#define LIST_BYTES_MAX (32 * 1024 * 1024) /* of one package's paths, or sums */
#define FILE_BYTES_MAX (4LL * 1024 * 1024 * 1024)
#define OWNERS_MAX     16
#define NAMES_MAX      2
#define MD5_TEXT       (2 * MD5_DIGEST_SIZE)
#define CHUNK_BYTES    (256 * 1024)

typedef struct {
    char name[DEBIAN_TEXT_MAX], architecture[32]; /* "" where dpkg's files do not say */
    char sum[MD5_TEXT + 1];                       /* "" where it has none */
    stanza_t stanza;
} owner_t;

typedef struct {
    const op_world_t *world;
    size_t count;
    char names[NAMES_MAX][PATH_MAX]; /* by which dpkg may know it */
    char recorded[PATH_MAX];         /* by which it does */
    char only[DEBIAN_TEXT_MAX];      /* the package that diverts others' file of that name; "" */
    char but[DEBIAN_TEXT_MAX];       /* the one whose diversion led the file here; "" */
    size_t owners, left_out;
    owner_t owner[OWNERS_MAX];
} search_t;

/* ---- names: /bin/x where /bin leads to /usr/bin, and what was diverted -------------------------
 */

/* Whether the first part of a path leads below /usr. */
static bool
is_merged(const op_world_t *world, const char *path)
{
    char link[PATH_MAX], target[16] = "";
    machine_path(world, link, "%.*s", (int)(1 + strcspn(path + 1, "/")), path);
    ssize_t size = readlink(link, target, sizeof target - 1);
    return size > 0 && !strncmp(target + (target[0] == '/'), "usr/", 4);
}

static void
set_names(search_t *self, const char *path)
{
    const char *merged = path_is_under(path, "/usr") ? path + strlen("/usr") : path;
    self->count = 1;
    snprintf(self->names[0], PATH_MAX, "%s", path);
    if (!*merged || !is_merged(self->world, merged))
        return;
    self->count = 2;
    snprintf(self->names[1], PATH_MAX, "%s%s", merged == path ? "/usr" : "", merged);
}

static bool
is_named(const search_t *self, const char *path)
{
    for (size_t i = 0; i < self->count; i++)
        if (!strcmp(self->names[i], path))
            return true;
    return false;
}

/* What dpkg keeps under that name, below its folder: no bytes where it keeps none; NULL. */
PRINTF(3, 4)
static bytes_t *
read_kept(const search_t *self, fault_t *fault, const char *format, ...)
{
    char name[NAME_MAX + 1];
    fault_t why = {0};
    va_list args;
    va_start(args, format);
    vsnprintf(name, sizeof name, format, args);
    va_end(args);
    bytes_t *bytes = machine_read(self->world, LIST_BYTES_MAX, &why, "/var/lib/dpkg/%s", name);
    if (!bytes && why.code == FAULT_NOT_FOUND)
        return bytes_new();
    if (!bytes)
        fault_set(fault, why.code, "%s", why.text);
    return bytes;
}

/* Three lines each: the path, where to, and by which package; ":" is the machine's own people. */
static int
heed_diversions(search_t *self, fault_t *fault)
{
    char from[PATH_MAX], to[PATH_MAX], by[DEBIAN_TEXT_MAX];
    CLEANUP(bytes_destroy) bytes_t *text = read_kept(self, fault, "diversions");
    if (!text)
        return -1;
    const char *at = bytes_text(text);
    while (line_next(&at, from, sizeof from) && line_next(&at, to, sizeof to) &&
           line_next(&at, by, sizeof by)) {
        if (is_named(self, from))
            snprintf(self->only, sizeof self->only, "%s", by);
        if (!is_named(self, to))
            continue;
        snprintf(self->but, sizeof self->but, "%s", by);
        set_names(self, from);
        return 0;
    }
    return 0;
}

/* ---- lists and sums ----------------------------------------------------------------------------
 */

/* Where, in lines, one has this at its end: behind nothing, or behind `before` bytes. */
static const char *
find_line(const bytes_t *text, size_t before, const char *end)
{
    size_t size = strlen(end);
    const char *from = bytes_text(text), *at = from, *stop = from + text->size;
    while ((at = memmem(at, (size_t)(stop - at), end, size))) {
        const char *start = at - before;
        bool begins = at >= from + before && (start == from || start[-1] == '\n');
        if (begins && (at[size] == '\n' || !at[size]))
            return start;
        at += size;
    }
    return NULL;
}

static bool
is_list(const char *file)
{
    const char *end = strrchr(file, '.');
    return end && !strcmp(end, ".list");
}

/* "NAME[:ARCHITECTURE].list" */
static bool
read_name(owner_t *self, const char *file)
{
    size_t size = (size_t)(strrchr(file, '.') - file), name = strcspn(file, ":");
    name = name < size ? name : size;
    *self = (owner_t){0};
    if (name >= sizeof self->name || size - name > sizeof self->architecture)
        return false;
    memcpy(self->name, file, name);
    if (name < size)
        memcpy(self->architecture, file + name + 1, size - name - 1);
    return true;
}

static int
read_sum(owner_t *self, const search_t *search, fault_t *fault)
{
    char end[PATH_MAX + 2];
    CLEANUP(bytes_destroy)
    bytes_t *sums = read_kept(search, fault, "info/%s%s%s.md5sums", self->name,
                              self->architecture[0] ? ":" : "", self->architecture);
    if (!sums)
        return -1;
    snprintf(end, sizeof end, "  %s", search->recorded + 1);
    const char *line = find_line(sums, MD5_TEXT, end);
    if (line)
        memcpy(self->sum, line, MD5_TEXT);
    return 0;
}

static int
look_in(search_t *self, const char *file, fault_t *fault)
{
    owner_t owner;
    const char *name = NULL;
    CLEANUP(bytes_destroy) bytes_t *list = read_kept(self, fault, "info/%s", file);
    if (!list)
        return -1;
    for (size_t i = 0; !name && i < self->count; i++)
        if (find_line(list, 0, self->names[i]))
            name = self->names[i];
    if (!name || !read_name(&owner, file) ||
        (self->only[0] && strcmp(owner.name, self->only) != 0) || !strcmp(owner.name, self->but))
        return 0;
    memcpy(self->recorded, name, PATH_MAX);
    if (self->owners == OWNERS_MAX) {
        self->left_out++;
        return 0;
    }
    if (read_sum(&owner, self, fault))
        return -1;
    self->owner[self->owners++] = owner;
    return 0;
}

/* What is no name of a package is passed over: in scandir's order, so that each look tells the
 * same. */
static int
find_owners(search_t *self, fault_t *fault)
{
    char path[PATH_MAX];
    struct dirent **all = NULL;
    int wrong = 0, count = scandir(machine_path(self->world, path, INFO), &all, NULL, alphasort);
    if (count < 0)
        return fault_set(fault, FAULT_NOT_FOUND,
                         "this machine has no record of Debian's packages: %s", strerror(errno));
    for (int i = 0; i < count; i++) {
        if (!wrong && is_list(all[i]->d_name))
            wrong = look_in(self, all[i]->d_name, fault);
        free(all[i]);
    }
    free(all);
    return wrong;
}

static int
read_record(search_t *self, fault_t *fault)
{
    stanza_t stanza;
    FILE *record = debian_open_record(self->world, fault);
    if (!record)
        return -1;
    while (stanza_next_about(record, self->recorded, &stanza))
        for (size_t i = 0; i < self->owners; i++) {
            owner_t *one = &self->owner[i];
            if (strcmp(one->name, stanza.package) != 0 ||
                (one->architecture[0] && strcmp(one->architecture, stanza.architecture) != 0))
                continue;
            one->stanza = stanza;
            if (strlen(stanza.conffile) == MD5_TEXT)
                memcpy(one->sum, stanza.conffile, MD5_TEXT);
        }
    return debian_close_record(record, fault);
}

/* ---- what lies there ----------------------------------------------------------------------------
 */

static int
hash_file(int fd, const char *path, char out[static MD5_TEXT + 1], fault_t *fault)
{
    static uint8_t chunk[CHUNK_BYTES];
    uint8_t digest[MD5_DIGEST_SIZE];
    struct md5_ctx md5;
    ssize_t got;
    md5_init(&md5);
    while ((got = read(fd, chunk, sizeof chunk)) > 0)
        md5_update(&md5, (size_t)got, chunk);
    if (got < 0)
        return fault_errno(fault, "'%.160s' cannot be read", path);
    md5_digest(&md5, sizeof digest, digest);
    hex_encode(slice_of(digest, sizeof digest), out);
    return 0;
}

/* "none" where nothing lies there. */
static int
look_at(const char *path, const char **kind, fault_t *fault)
{
    struct stat facts;
    fault_t why = {0};
    *kind = "none";
    CLEANUP(descriptor_close) int fd = place_open(path, O_PATH | O_NOFOLLOW, &why);
    if (fd < 0 && why.code == FAULT_NOT_FOUND)
        return 0;
    if (fd < 0)
        return fault_set(fault, why.code, "%s", why.text);
    if (fstat(fd, &facts))
        return fault_errno(fault, "'%.160s' cannot be looked at", path);
    *kind = S_ISREG(facts.st_mode)   ? "file"
            : S_ISDIR(facts.st_mode) ? "folder"
            : S_ISLNK(facts.st_mode) ? "link"
                                     : "other";
    return 0;
}

static bool
has_sum(const search_t *self, const char *sum)
{
    for (size_t i = 0; i < self->owners; i++)
        if (!strcmp(self->owner[i].sum, sum))
            return true;
    return false;
}

static bool
has_sums(const search_t *self)
{
    for (size_t i = 0; i < self->owners; i++)
        if (self->owner[i].sum[0])
            return true;
    return false;
}

/* In a word, or NULL with a fault. */
static const char *
compare(const search_t *self, const char *path, const char *kind, fault_t *fault)
{
    char sum[MD5_TEXT + 1];
    struct stat facts;
    if (!strcmp(kind, "none"))
        return "missing";
    if (strcmp(kind, "file") != 0 || !has_sums(self))
        return "unrecorded";
    CLEANUP(descriptor_close)
    int fd = place_open(path, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY, fault);
    if (fd < 0)
        return NULL;
    if (fstat(fd, &facts) || !S_ISREG(facts.st_mode)) {
        fault_set(fault, FAULT_CONFLICT, "'%.160s' became another thing meanwhile", path);
        return NULL;
    }
    if (facts.st_size > FILE_BYTES_MAX) {
        fault_set(fault, FAULT_LIMIT, "'%.160s' is over 4 GiB", path);
        return NULL;
    }
    return hash_file(fd, path, sum, fault) ? NULL : has_sum(self, sum) ? "intact" : "changed";
}

static value_t *
tell_owner(const owner_t *self)
{
    value_t *row = value_map();
    show(row, "name", self->name);
    show(row, "version", self->stanza.version);
    show(row, "architecture",
         self->architecture[0] ? self->architecture : self->stanza.architecture);
    show(row, "status", self->stanza.status);
    value_set_bool(row, "conffile", self->stanza.conffile[0] != '\0');
    return row;
}

static void
tell_owners(const search_t *self, const char *path, value_t *result)
{
    const char *by = self->but[0] ? self->but : self->only;
    value_t *list = value_list();
    for (size_t i = 0; i < self->owners; i++)
        value_append(list, tell_owner(&self->owner[i]));
    value_set_bool(result, "owned", self->owners > 0);
    value_set(result, "packages", list);
    value_set_integer(result, "left_out", (int64_t)self->left_out);
    if (self->owners && strcmp(self->recorded, path) != 0)
        show(result, "recorded_path", self->recorded);
    if (by[0])
        show(result, "diverted_by", strcmp(by, ":") ? by : "local");
}

value_t *
package_owner(const value_t *arguments, const op_world_t *world, fault_t *fault)
{
    static search_t search;
    const char *path = value_get_text(arguments, "path"), *kind, *content;
    char real[PATH_MAX];
    search = (search_t){.world = world};
    if (look_at(machine_path(world, real, "%s", path), &kind, fault))
        return NULL;
    set_names(&search, path);
    if (heed_diversions(&search, fault) || find_owners(&search, fault) ||
        read_record(&search, fault) || !(content = compare(&search, real, kind, fault)))
        return NULL;
    value_t *result = value_map();
    show(result, "path", path);
    value_set_text(result, "kind", kind);
    tell_owners(&search, path, result);
    if (search.owners)
        value_set_text(result, "content", content);
    return result;
}
