/* SPDX-License-Identifier: Apache-2.0 */
#include "sidecars/spool.h"

#include <assert.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "common/file.h"
#include "common/text.h"
#include "wire/post.h"

/* "MMMMMMMMMMMMM-NNNN": when it was received, and which of that millisecond. By name is by
 * age. */
#define STAMP_DIGITS  13
#define NUMBER_DIGITS 4
#define NAME_SIZE     (STAMP_DIGITS + 1 + NUMBER_DIGITS)
#define NUMBERS_MAX   10000

typedef struct {
    char name[SPOOL_NAME_MAX];
} post_name_t;

struct spool {
    char folder[PATH_MAX];
    size_t first, count, capacity; /* those before first are dropped */
    post_name_t *posts;            /* ascending */
};

static bool
is_post(const char *name)
{
    return strlen(name) == NAME_SIZE && strspn(name, "0123456789") == STAMP_DIGITS &&
           name[STAMP_DIGITS] == '-' &&
           strspn(name + STAMP_DIGITS + 1, "0123456789") == NUMBER_DIGITS;
}

static int
is_entry(const struct dirent *entry)
{
    return is_post(entry->d_name);
}

static void
add(spool_t *self, const char *name)
{
    self->posts = memory_grow(self->posts, self->count, &self->capacity, sizeof *self->posts);
    text_copy(self->posts[self->count++].name, SPOOL_NAME_MAX, name);
}

/* A folder that was just made is there after a power loss only if those above it were synced. */
static int
sync_above(const char *folder, fault_t *fault)
{
    char path[PATH_MAX];
    text_copy(path, sizeof path, folder);
    for (char *slash; (slash = strrchr(path, '/')) && slash != path;) {
        *slash = '\0';
        CLEANUP(descriptor_close) int fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
        if (fd >= 0 && fsync(fd))
            return fault_errno(fault, "folder '%s' cannot be synced", path);
    }
    return 0;
}

spool_t *
spool_open(const char *folder, fault_t *fault)
{
    struct dirent **entries = NULL;
    CLEANUP(spool_destroy) spool_t *self = memory_new(1, sizeof *self);
    if (!text_copy(self->folder, sizeof self->folder, folder)) {
        fault_set(fault, FAULT_LIMIT, "'%.100s…' is too long a path", folder);
        return NULL;
    }
    if (folder_make(folder, 0700, fault) || sync_above(folder, fault))
        return NULL;
    int found = scandir(folder, &entries, is_entry, alphasort);
    if (found < 0) {
        fault_errno(fault, "folder '%s' cannot be read", folder);
        return NULL;
    }
    for (int i = 0; i < found; i++) {
        add(self, entries[i]->d_name);
        free(entries[i]);
    }
    free(entries);
    return MOVE(self);
}

void
spool_destroy(spool_t **self_p)
{
    spool_t *self = *self_p;
    if (!self)
        return;
    free(self->posts);
    free(self);
    *self_p = NULL;
}

size_t
spool_count(const spool_t *self)
{
    return self->count - self->first;
}

static void
path_of(const char *folder, const char *name, char out[static PATH_MAX])
{
    if (snprintf(out, PATH_MAX, "%s/%s", folder, name) >= PATH_MAX)
        out[0] = '\0'; /* no such file: said when it is opened */
}

/* 1 linked, 0 where another post has this name, -1 fault. */
static int
link_to(spool_t *self, const char *written, const char *name, fault_t *fault)
{
    char path[PATH_MAX];
    path_of(self->folder, name, path);
    CLEANUP(descriptor_close)
    int folder = open(self->folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (link(written, path))
        return errno == EEXIST ? 0 : fault_errno(fault, "'%s' cannot be made", path);
    if (folder < 0 || fsync(folder))
        return fault_errno(fault, "folder '%s' cannot be synced", self->folder);
    add(self, name);
    return 1;
}

/* Behind what stands there, so that nothing overtakes; a clock that went back makes it no older. */
static int
put_one(spool_t *self, const char *written, wall_t received, fault_t *fault)
{
    char name[SPOOL_NAME_MAX];
    if (spool_count(self) >= SPOOL_POSTS_MAX)
        return fault_set(fault, FAULT_FULL, "over %d posts wait in '%s'", SPOOL_POSTS_MAX,
                         self->folder);
    if (spool_count(self)) {
        long long last = strtoll(self->posts[self->count - 1].name, NULL, 10);
        received.ms = received.ms < last ? last : received.ms;
    }
    for (int i = 0; i < NUMBERS_MAX; i++) {
        snprintf(name, sizeof name, "%0*lld-%0*d", STAMP_DIGITS, (long long)received.ms,
                 NUMBER_DIGITS, i);
        bool behind = !spool_count(self) || strcmp(name, self->posts[self->count - 1].name) > 0;
        int linked = behind ? link_to(self, written, name, fault) : 0;
        if (linked)
            return linked < 0 ? -1 : 0;
    }
    return fault_set(fault, FAULT_FULL, "'%s' has no name left", self->folder);
}

int
spool_put(const char *folder, spool_t *const *spools, size_t count, wall_t received, slice_t post,
          fault_t *fault)
{
    char path[PATH_MAX];
    fault_t full = {0};
    path_of(folder, "writing", path);
    if (file_write(path, post, 0600, fault))
        return -1;
    int failed = 0;
    for (size_t i = 0; i < count && !failed; i++) {
        fault_t why = {0};
        if (!put_one(spools[i], path, received, &why))
            continue;
        if (why.code == FAULT_FULL)
            full = why;
        else
            failed = fault_set(fault, why.code, "%s", why.text);
    }
    unlink(path);
    return !failed && full.code ? fault_set(fault, full.code, "%s", full.text) : failed;
}

static const char *
oldest(const spool_t *self)
{
    assert(spool_count(self));
    return self->posts[self->first].name;
}

wall_t
spool_received(const spool_t *self)
{
    return (wall_t){strtoll(oldest(self), NULL, 10)};
}

bytes_t *
spool_read(const spool_t *self, fault_t *fault)
{
    char path[PATH_MAX];
    path_of(self->folder, oldest(self), path);
    return file_read(path, POST_BYTES_MAX, fault);
}

int
spool_drop(spool_t *self, fault_t *fault)
{
    char path[PATH_MAX];
    path_of(self->folder, oldest(self), path);
    if (unlink(path) && errno != ENOENT)
        return fault_errno(fault, "'%s' cannot be removed", path);
    self->first++;
    if (2 * self->first > self->count) {
        self->count -= self->first;
        memmove(self->posts, self->posts + self->first, self->count * sizeof *self->posts);
        self->first = 0;
    }
    return 0;
}
