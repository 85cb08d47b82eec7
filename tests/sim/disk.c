/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/sim/disk.h"

#include <assert.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "common/bytes.h"
#include "common/text.h"
#include "tests/sim/calls.h"

#define ROOT       "/sim/"
#define NAME_MAX_  96
#define NODES_MAX  64
#define NAMES_MAX  64
#define CHANGES    64
#define OPEN_FIRST 100000
#define OPEN_MAX   64

typedef struct {
    bytes_t *now, *safe; /* ours; as read back, and as a power cut leaves it */
    uint64_t reserved;   /* allocated up to here */
} node_t;

typedef struct {
    char name[NAME_MAX_]; /* below the disk's root; "" in an empty slot */
    int node;
} name_t;

typedef struct {
    char from[NAME_MAX_], to[NAME_MAX_]; /* "" for none: made, or removed */
    int node;
} change_t;

typedef struct {
    bool used, folder, append;
    int node;
    size_t offset;
} open_t;

struct disk {
    size_t number;
    chance_t *chance;
    disk_fate_at_t *fate;
    void *context;
    bool doomed, full;
    node_t nodes[NODES_MAX];
    name_t now[NAMES_MAX], safe[NAMES_MAX];
    size_t change_count;
    change_t changes[CHANGES]; /* since the last sync of a folder */
    open_t opens[OPEN_MAX];
};

/* Calls come with a path or a number, and nothing else that would tell whose they are. */
static disk_t *disks[DISKS_MAX];

static disk_t *
disk_of(const char *path, const char **name)
{
    if (strncmp(path, ROOT, sizeof ROOT - 1) != 0)
        return NULL;
    size_t number = (size_t)(path[sizeof ROOT - 1] - '0');
    assert(number < DISKS_MAX && disks[number]);
    *name = path + sizeof ROOT;
    *name += **name == '/';
    return disks[number];
}

static open_t *
open_of(int fd, disk_t **disk)
{
    if (fd < OPEN_FIRST)
        return NULL;
    size_t at = (size_t)(fd - OPEN_FIRST);
    *disk = disks[at / OPEN_MAX];
    assert(*disk && (*disk)->opens[at % OPEN_MAX].used);
    return &(*disk)->opens[at % OPEN_MAX];
}

/* ---- nodes and names --------------------------------------------------------------------- */

static name_t *
find(name_t *names, const char *name)
{
    for (size_t i = 0; i < NAMES_MAX; i++)
        if (names[i].name[0] == name[0] && !strcmp(names[i].name, name))
            return &names[i];
    return NULL;
}

static bool
is_named(const name_t *names, int node)
{
    for (size_t i = 0; i < NAMES_MAX; i++)
        if (names[i].name[0] && names[i].node == node)
            return true;
    return false;
}

static bool
is_used(const disk_t *self, int node)
{
    if (is_named(self->now, node) || is_named(self->safe, node))
        return true;
    for (size_t i = 0; i < self->change_count; i++)
        if (self->changes[i].node == node)
            return true;
    for (size_t i = 0; i < OPEN_MAX; i++)
        if (self->opens[i].used && self->opens[i].node == node)
            return true;
    return false;
}

static int
node_new(disk_t *self)
{
    for (int i = 0; i < NODES_MAX; i++) {
        node_t *node = &self->nodes[i];
        if (is_used(self, i))
            continue;
        if (!node->now) {
            node->now = bytes_new();
            node->safe = bytes_new();
        }
        bytes_clear(node->now);
        bytes_clear(node->safe);
        node->reserved = 0;
        return i;
    }
    assert(!"a disk with room for another file");
    return -1;
}

static void
change(name_t *names, const change_t *change)
{
    name_t *from = change->from[0] ? find(names, change->from) : NULL;
    if (from)
        *from = (name_t){0};
    if (!change->to[0])
        return;
    name_t *to = find(names, change->to);
    if (!to)
        to = find(names, "");
    assert(to);
    snprintf(to->name, sizeof to->name, "%s", change->to);
    to->node = change->node;
}

static void
rename_node(disk_t *self, const char *from, const char *to, int node)
{
    change_t made = {.node = node};
    snprintf(made.from, sizeof made.from, "%s", from);
    snprintf(made.to, sizeof made.to, "%s", to);
    change(self->now, &made);
    if (self->change_count == CHANGES) { /* the filesystem's own commit came by */
        change(self->safe, &self->changes[0]);
        memmove(self->changes, self->changes + 1, --self->change_count * sizeof made);
    }
    self->changes[self->change_count++] = made;
}

static void
copy_over(bytes_t *to, slice_t from)
{
    bytes_clear(to);
    bytes_add_slice(to, from);
}

/* ---- the disk ---------------------------------------------------------------------------- */

disk_t *
disk_new(size_t number, chance_t *chance, disk_fate_at_t *fate, void *context)
{
    assert(number < DISKS_MAX && !disks[number]);
    disk_t *self = memory_new(1, sizeof *self);
    self->number = number;
    self->chance = chance;
    self->fate = fate;
    self->context = context;
    return disks[number] = self;
}

void
disk_destroy(disk_t **self_p)
{
    disk_t *self = *self_p;
    if (!self)
        return;
    disks[self->number] = NULL;
    for (size_t i = 0; i < NODES_MAX; i++) {
        bytes_destroy(&self->nodes[i].now);
        bytes_destroy(&self->nodes[i].safe);
    }
    free(self);
    *self_p = NULL;
}

void
disk_put(disk_t *self, const char *path, slice_t bytes)
{
    change_t made = {.node = node_new(self)};
    const char *name = path;
    disk_of(path, &name);
    snprintf(made.to, sizeof made.to, "%s", name);
    change(self->now, &made);
    change(self->safe, &made);
    copy_over(self->nodes[made.node].now, bytes);
    copy_over(self->nodes[made.node].safe, bytes);
}

bool
disk_is_doomed(const disk_t *self)
{
    return self->doomed;
}

void
disk_fill(disk_t *self, bool full)
{
    self->full = full;
}

/* Of bytes that were appended and not synced: none, all, or some, perhaps with zeros behind. */
static void
tear(disk_t *self, node_t *node)
{
    bool grew = node->now->size > node->safe->size &&
                !memcmp(node->now->data, node->safe->data, node->safe->size);
    if (grew) {
        size_t more = node->now->size - node->safe->size;
        size_t kept = chance_percent(self->chance, 40) ? 0 : chance_below(self->chance, more + 1);
        size_t zeros =
            chance_percent(self->chance, 25) ? chance_below(self->chance, more - kept + 1) : 0;
        bytes_add(node->safe, node->now->data + node->safe->size, kept);
        while (zeros--)
            bytes_add_u8(node->safe, 0);
    } else if (chance_percent(self->chance, 50)) {
        copy_over(node->safe, bytes_slice(node->now));
    }
    copy_over(node->now, bytes_slice(node->safe));
}

void
disk_reboot(disk_t *self, bool power_cut)
{
    memset(self->opens, 0, sizeof self->opens);
    self->doomed = false;
    if (!power_cut)
        return;
    size_t kept = chance_below(self->chance, self->change_count + 1);
    for (size_t i = 0; i < kept; i++)
        change(self->safe, &self->changes[i]);
    self->change_count = 0;
    memcpy(self->now, self->safe, sizeof self->now);
    for (int i = 0; i < NODES_MAX; i++)
        if (is_named(self->now, i))
            tear(self, &self->nodes[i]);
}

bytes_t *
disk_get(const disk_t *self, const char *name)
{
    const name_t *at = find((name_t *)self->now, name);
    return at ? bytes_copy(bytes_slice(self->nodes[at->node].now)) : NULL;
}

bool
disk_has(const disk_t *self, const char *name, slice_t bytes)
{
    name_t *at = find((name_t *)self->now, name);
    return at && slice_equal(bytes_slice(self->nodes[at->node].now), bytes);
}

bool
disk_is_synced(const disk_t *self, const char *name)
{
    name_t *now = find((name_t *)self->now, name), *safe = find((name_t *)self->safe, name);
    return now && safe && now->node == safe->node &&
           slice_equal(bytes_slice(self->nodes[now->node].now),
                       bytes_slice(self->nodes[now->node].safe));
}

/* ---- the calls --------------------------------------------------------------------------- */

static int
no(int code)
{
    errno = code;
    return -1;
}

/* Draws what happens at a durable call; -1 with errno where it does not. *done may be NULL. */
static disk_fate_t
draw(disk_t *self, const char *call)
{
    if (self->doomed)
        return DISK_CRASH_BEFORE;
    disk_fate_t fate = self->fate(self->context, call);
    if (fate == DISK_CRASH_BEFORE || fate == DISK_CRASH_AFTER)
        self->doomed = true;
    return fate;
}

static int
open_slot(disk_t *self, int node, bool folder, bool append)
{
    for (size_t i = 0; i < OPEN_MAX; i++)
        if (!self->opens[i].used) {
            self->opens[i] = (open_t){true, folder, append, node, 0};
            return (int)(OPEN_FIRST + self->number * OPEN_MAX + i);
        }
    return no(EMFILE);
}

int
__wrap_open(const char *path, int flags, ...)
{
    const char *name;
    disk_t *self = disk_of(path, &name);
    if (!self) {
        va_list args;
        va_start(args, flags);
        mode_t mode = flags & O_CREAT ? va_arg(args, mode_t) : 0;
        va_end(args);
        return __real_open(path, flags, mode);
    }
    if (flags & O_DIRECTORY)
        return open_slot(self, -1, true, false);
    name_t *at = find(self->now, name);
    if (!at && !(flags & O_CREAT))
        return no(ENOENT);
    if (!at && self->doomed)
        return no(EIO);
    int node = at ? at->node : node_new(self);
    if (!at)
        rename_node(self, "", name, node);
    if ((flags & O_TRUNC) && !self->doomed)
        bytes_clear(self->nodes[node].now);
    return open_slot(self, node, false, flags & O_APPEND);
}

int
__wrap_close(int fd)
{
    disk_t *self;
    open_t *at = open_of(fd, &self);
    if (!at)
        return __real_close(fd);
    at->used = false;
    return 0;
}

ssize_t
__wrap_read(int fd, void *out, size_t size)
{
    disk_t *self;
    open_t *at = open_of(fd, &self);
    if (!at)
        return __real_read(fd, out, size);
    const bytes_t *bytes = self->nodes[at->node].now;
    size_t left = bytes->size - at->offset, part = left < size ? left : size;
    memcpy(out, bytes->data + at->offset, part);
    at->offset += part;
    return (ssize_t)part;
}

/* Reserved room is there on a full disk too. */
static bool
has_room(const disk_t *self, const node_t *node, size_t size)
{
    return !self->full || node->now->size + size <= node->reserved;
}

ssize_t
__wrap_write(int fd, const void *data, size_t size)
{
    disk_t *self;
    open_t *at = open_of(fd, &self);
    if (!at)
        return __real_write(fd, data, size);
    bool doomed = self->doomed;
    node_t *node = &self->nodes[at->node];
    disk_fate_t fate = draw(self, "write");
    size_t part =
        fate == DISK_FINE || fate == DISK_CRASH_AFTER ? size : chance_below(self->chance, size);
    if (doomed)
        return no(EIO);
    if (!has_room(self, node, part))
        return no(ENOSPC);
    bytes_add(node->now, data, part);
    if (fate == DISK_FULL)
        return part ? (ssize_t)part : no(ENOSPC);
    return fate == DISK_FINE || fate == DISK_CRASH_AFTER ? (ssize_t)part : no(EIO);
}

static int
sync_open(int fd, disk_t *self, const open_t *at)
{
    (void)fd;
    disk_fate_t fate = draw(self, "sync");
    if (fate == DISK_CRASH_BEFORE)
        return no(EIO);
    bool done = fate != DISK_BROKEN || chance_percent(self->chance, 50);
    for (size_t i = 0; done && at->folder && i < self->change_count; i++)
        change(self->safe, &self->changes[i]);
    if (done && at->folder)
        self->change_count = 0;
    if (done && !at->folder)
        copy_over(self->nodes[at->node].safe, bytes_slice(self->nodes[at->node].now));
    return fate == DISK_BROKEN || fate == DISK_FULL ? no(EIO) : 0;
}

int
__wrap_fsync(int fd)
{
    disk_t *self;
    open_t *at = open_of(fd, &self);
    return at ? sync_open(fd, self, at) : __real_fsync(fd);
}

int
__wrap_fdatasync(int fd)
{
    disk_t *self;
    open_t *at = open_of(fd, &self);
    return at ? sync_open(fd, self, at) : __real_fdatasync(fd);
}

int
__wrap_ftruncate(int fd, off_t size)
{
    disk_t *self;
    open_t *at = open_of(fd, &self);
    if (!at)
        return __real_ftruncate(fd, size);
    disk_fate_t fate = draw(self, "cut");
    if (fate == DISK_CRASH_BEFORE || fate == DISK_BROKEN)
        return no(EIO);
    bytes_t *bytes = self->nodes[at->node].now;
    assert((size_t)size <= bytes->size);
    bytes->size = (size_t)size;
    return 0;
}

int
__wrap_fallocate(int fd, int mode, off_t offset, off_t size)
{
    disk_t *self;
    open_t *at = open_of(fd, &self);
    if (!at)
        return __real_fallocate(fd, mode, offset, size);
    if (self->full || self->doomed)
        return no(ENOSPC);
    self->nodes[at->node].reserved = (uint64_t)offset + (uint64_t)size;
    return 0;
}

int
__wrap_flock(int fd, int operation)
{
    return fd < OPEN_FIRST ? __real_flock(fd, operation) : 0;
}

int
__wrap_fchmod(int fd, mode_t mode)
{
    return fd < OPEN_FIRST ? __real_fchmod(fd, mode) : 0;
}

int
__wrap_mkdir(const char *path, mode_t mode)
{
    return strncmp(path, "/sim", 4) ? __real_mkdir(path, mode) : 0;
}

int
__wrap_access(const char *path, int mode)
{
    const char *name;
    disk_t *self = disk_of(path, &name);
    if (!self)
        return __real_access(path, mode);
    return find(self->now, name) ? 0 : no(ENOENT);
}

int
__wrap_unlink(const char *path)
{
    const char *name;
    disk_t *self = disk_of(path, &name);
    if (!self)
        return __real_unlink(path);
    name_t *at = find(self->now, name);
    if (!at)
        return no(ENOENT);
    if (self->doomed)
        return no(EIO);
    rename_node(self, name, "", at->node);
    return 0;
}

int
__wrap_rename(const char *from, const char *to)
{
    const char *name, *other;
    disk_t *self = disk_of(from, &name);
    if (!self || disk_of(to, &other) != self)
        return __real_rename(from, to);
    name_t *at = find(self->now, name);
    if (!at)
        return no(ENOENT);
    disk_fate_t fate = draw(self, "rename");
    if (fate == DISK_CRASH_BEFORE || fate == DISK_BROKEN)
        return no(EIO);
    rename_node(self, name, other, at->node);
    return 0;
}

/* A folder that is being read: the names as they stood when it was opened. */
typedef struct {
    size_t at, count;
    struct dirent *entries;
} listing_t;

DIR *
__wrap_opendir(const char *path)
{
    const char *name;
    disk_t *self = disk_of(path, &name);
    if (!self)
        return __real_opendir(path);
    listing_t *listing = memory_new(1, sizeof *listing);
    size_t size = strlen(name), room = 0;
    for (size_t i = 0; i < NAMES_MAX; i++) {
        const char *entry = self->now[i].name;
        if (strncmp(entry, name, size) != 0 || entry[size] != '/')
            continue;
        listing->entries =
            memory_grow(listing->entries, listing->count, &room, sizeof *listing->entries);
        text_copy(listing->entries[listing->count++].d_name, NAME_MAX_, entry + size + 1);
    }
    return (DIR *)(void *)listing;
}

/* Every folder that is read in a simulation is a simulated one. */
struct dirent *
__wrap_readdir(DIR *folder)
{
    listing_t *listing = (listing_t *)(void *)folder;
    return listing->at < listing->count ? &listing->entries[listing->at++] : NULL;
}

int
__wrap_closedir(DIR *folder)
{
    listing_t *listing = (listing_t *)(void *)folder;
    free(listing->entries);
    free(listing);
    return 0;
}

int
__wrap_scandir(const char *path, struct dirent ***out, int (*filter)(const struct dirent *),
               int (*compare)(const struct dirent **, const struct dirent **))
{
    const char *name;
    int count = 0;
    if (!disk_of(path, &name))
        return __real_scandir(path, out, filter, compare);
    listing_t *listing = (listing_t *)(void *)__wrap_opendir(path);
    struct dirent **entries = memory_new(listing->count + 1, sizeof *entries);
    for (size_t i = 0; i < listing->count; i++) {
        if (!filter(&listing->entries[i]))
            continue;
        entries[count] = memory_new(1, sizeof **entries);
        *entries[count++] = listing->entries[i];
    }
    qsort(entries, (size_t)count, sizeof *entries, (int (*)(const void *, const void *))compare);
    __wrap_closedir((DIR *)(void *)listing);
    *out = entries;
    return count;
}
