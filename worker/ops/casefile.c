/* SPDX-License-Identifier: Apache-2.0 */
#include "worker/ops/casefile.h"

#include <assert.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "common/file.h"
#include "common/text.h"
#include "worker/ops/content.h"
#include "worker/ops/done.h"
#include "worker/ops/place.h"
#include "worker/ops/tar.h"

#define NEW       "new" /* and what is known of it, until it is whole */
#define NEW_ABOUT "new" CASE_ABOUT "~"
#define ABOUT_MAX 2048
#define SEAL_MAX  256

struct casefile {
    char name[TEXT_NAME_MAX + 1];
    int evidence, folder; /* the policy's, and the case's below it: -1 once it is sealed */
    bool made;            /* the latter, just now */
};

void
casefile_destroy(casefile_t **self_p)
{
    if (!*self_p)
        return;
    if ((*self_p)->made)
        unlinkat((*self_p)->evidence, (*self_p)->name, AT_REMOVEDIR); /* if nothing came into it */
    descriptor_close(&(*self_p)->evidence);
    descriptor_close(&(*self_p)->folder);
    free(*self_p);
    *self_p = NULL;
}

static const char *
archive_name(const casefile_t *self, const char *end, char out[static TEXT_NAME_MAX + 32])
{
    snprintf(out, TEXT_NAME_MAX + 32, "%s.tar%s", self->name, end);
    return out;
}

/* Up to max bytes of a file, terminated; "" where there is none. */
static int
read_small(int folder, const char *name, char *out, size_t max, fault_t *fault)
{
    CLEANUP(descriptor_close) int fd = openat(folder, name, O_RDONLY | O_NOFOLLOW | O_CLOEXEC);
    ssize_t size = fd < 0 ? -1 : file_fill(fd, out, max - 1);
    out[size > 0 ? size : 0] = '\0';
    return size < 0 && errno != ENOENT
               ? fault_errno(fault, "'%.100s' among the evidence cannot be read", name)
               : 0;
}

int
casefile_is_sealed(const casefile_t *self, bool *sealed, item_t *out, fault_t *fault)
{
    char name[TEXT_NAME_MAX + 32], text[SEAL_MAX];
    struct stat facts;
    *out = (item_t){0};
    *sealed = false;
    if (read_small(self->evidence, archive_name(self, ".sha256", name), text, sizeof text, fault))
        return -1;
    if (fstatat(self->evidence, archive_name(self, "", name), &facts, AT_SYMLINK_NOFOLLOW))
        return errno == ENOENT ? 0 : fault_errno(fault, "'%.100s' among the evidence", name);
    text[HASH_TEXT - 1] = '\0';
    text_copy(out->name, sizeof out->name, name);
    out->bytes = (uint64_t)facts.st_size;
    *sealed = hash_read(text, &out->hash);
    return 0;
}

static int
open_case(casefile_t *self, fault_t *fault)
{
    self->made = !mkdirat(self->evidence, self->name, 0700);
    if (!self->made && errno != EEXIST)
        return fault_errno(fault, "case '%s' cannot be made", self->name);
    self->folder =
        openat(self->evidence, self->name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
    if (self->folder < 0 || fchown(self->folder, 0, 0) || fsync(self->evidence))
        return fault_errno(fault, "case '%s' cannot be opened", self->name);
    return 0;
}

/* One that was not begun has no folder. */
static int
look_at_case(casefile_t *self, fault_t *fault)
{
    self->folder =
        openat(self->evidence, self->name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
    return self->folder < 0 && errno != ENOENT
               ? fault_errno(fault, "case '%s' cannot be opened", self->name)
               : 0;
}

static casefile_t *
open_with(const op_world_t *world, const char *name, int open(casefile_t *, fault_t *),
          fault_t *fault)
{
    item_t sealed;
    const char *path = policy_evidence(world->policy);
    CLEANUP(casefile_destroy) casefile_t *self = memory_new(1, sizeof *self);
    self->folder = -1;
    self->evidence = -1;
    text_copy(self->name, sizeof self->name, name);
    if (!path) {
        fault_set(fault, FAULT_POLICY, "the policy of this machine names no evidence folder");
        return NULL;
    }
    if (strstr(name, ".tar")) {
        fault_set(fault, FAULT_ARGUMENT, "case '%s' is named like the archive of another", name);
        return NULL;
    }
    self->evidence = place_open_private(path, fault);
    bool is_sealed;
    if (self->evidence < 0 || casefile_is_sealed(self, &is_sealed, &sealed, fault) ||
        (!is_sealed && open(self, fault)))
        return NULL;
    return MOVE(self);
}

casefile_t *
casefile_open(const op_world_t *world, const char *name, fault_t *fault)
{
    return open_with(world, name, open_case, fault);
}

casefile_t *
casefile_look(const op_world_t *world, const char *name, fault_t *fault)
{
    return open_with(world, name, look_at_case, fault);
}

/* "sha256 HASH\nbytes N\nat MS\nfrom PATH\n" */
static int
read_about(int folder, const char *file, item_t *out, int64_t *at_ms, char *from, size_t size,
           bool *is, fault_t *fault)
{
    char text[ABOUT_MAX], hash[HASH_TEXT] = "", origin[1024] = "";
    item_t item = {0};
    *is = false;
    if (read_small(folder, file, text, sizeof text, fault))
        return -1;
    if (sscanf(text, "sha256 %64s bytes %" SCNu64 " at %" SCNd64 " from %1023s", hash, &item.bytes,
               at_ms, origin) != 4 ||
        !hash_read(hash, &item.hash))
        return 0;
    snprintf(item.name, sizeof item.name, "%.*s", (int)(strlen(file) - strlen(CASE_ABOUT)), file);
    *out = item;
    *is = text_copy(from, size, origin);
    return 0;
}

int
casefile_has(const casefile_t *self, const char *name, bool *has, item_t *out, fault_t *fault)
{
    char about[CASE_NAME_MAX + 16], from[1024];
    int64_t at_ms;
    snprintf(about, sizeof about, "%s" CASE_ABOUT, name);
    *has = false;
    return self->folder >= 0
               ? read_about(self->folder, about, out, &at_ms, from, sizeof from, has, fault)
               : 0;
}

/* ---- collecting --------------------------------------------------------------------------------
 */

typedef struct {
    item_t *all; /* ours; ascending by name */
    int64_t *at_ms;
    char (*from)[1024];
    size_t count;
    uint64_t bytes;
} items_t;

static bool
is_about(const char *name)
{
    const char *dot = strrchr(name, '.');
    return dot && !strcmp(dot, CASE_ABOUT);
}

static int
tells_of_an_item(const struct dirent *entry)
{
    return is_about(entry->d_name) && strlen(entry->d_name) <= CASE_NAME_MAX + strlen(CASE_ABOUT);
}

static void
items_destroy(items_t *self)
{
    free(self->all);
    free(self->at_ms);
    free(self->from);
}

/* Those that files tell of. */
static int
items_fill(items_t *self, const casefile_t *of, struct dirent **files, int count, fault_t *fault)
{
    for (int i = 0; i < count && self->count < CASE_ITEMS_MAX; i++) {
        size_t n = self->count;
        bool is;
        if (read_about(of->folder, files[i]->d_name, &self->all[n], &self->at_ms[n], self->from[n],
                       sizeof self->from[n], &is, fault))
            return -1;
        self->bytes += is ? self->all[n].bytes : 0;
        self->count += is;
    }
    return 0;
}

/* items_destroy takes what is there, with a fault too. */
static int
items_read(items_t *self, const casefile_t *of, fault_t *fault)
{
    struct dirent **files = NULL;
    *self = (items_t){0};
    int count =
        of->folder < 0 ? 0 : scandirat(of->folder, ".", &files, tells_of_an_item, alphasort);
    if (count < 0)
        return fault_errno(fault, "case '%s' cannot be read", of->name);
    size_t room = count > 0 ? (size_t)count : 1;
    self->all = memory_new(room, sizeof *self->all);
    self->at_ms = memory_new(room, sizeof *self->at_ms);
    self->from = memory_new(room, sizeof *self->from);
    int wrong = items_fill(self, of, files, count, fault);
    for (int i = 0; i < count; i++)
        free(files[i]);
    free(files);
    return wrong;
}

static int
write_small(int folder, const char *name, const bytes_t *text, fault_t *fault)
{
    CLEANUP(descriptor_close) int fd = place_make(folder, NEW_ABOUT, 0400, fault);
    if (fd >= 0 && !file_write_all(fd, bytes_slice(text), fault) &&
        !place_settle(folder, fd, NEW_ABOUT, name, fault))
        return 0;
    unlinkat(folder, NEW_ABOUT, 0);
    unlinkat(folder, name, 0);
    return -1;
}

static int
write_about(const casefile_t *self, const item_t *item, const char *from, fault_t *fault)
{
    char name[CASE_NAME_MAX + 16], hash[HASH_TEXT];
    CLEANUP(bytes_destroy) bytes_t *text = bytes_new();
    bytes_addf(text, "sha256 %s\nbytes %" PRIu64 "\nat %" PRId64 "\nfrom ",
               hash_write(&item->hash, hash), item->bytes, wall_now().ms);
    text_escape(text, slice_text(from));
    bytes_add_text(text, "\n");
    snprintf(name, sizeof name, "%s" CASE_ABOUT, item->name);
    return write_small(self->folder, name, text, fault);
}

int
casefile_would_take(const casefile_t *self, fault_t *fault)
{
    item_t sealed;
    bool is_sealed;
    CLEANUP(items_destroy) items_t items = {0};
    if (casefile_is_sealed(self, &is_sealed, &sealed, fault))
        return -1;
    if (is_sealed)
        return fault_set(fault, FAULT_CONFLICT, "case '%s' is sealed", self->name);
    if (items_read(&items, self, fault))
        return -1;
    bool full = items.count >= CASE_ITEMS_MAX || items.bytes >= CASE_BYTES_MAX;
    return full ? fault_set(fault, FAULT_LIMIT, "case '%s' has %d items or 1 GiB", self->name,
                            CASE_ITEMS_MAX)
                : 0;
}

/* What a full disk cut off would keep it full. */
static int
collect(const casefile_t *self, item_t *item, const char *from, int fd, fault_t *fault)
{
    CLEANUP(descriptor_close) int copy = place_make(self->folder, NEW, 0400, fault);
    if (copy >= 0 &&
        !content_copy(fd, copy, from, CASE_FILE_MAX, &item->hash, &item->bytes, fault) &&
        !place_settle(self->folder, copy, NEW, item->name, fault) &&
        !write_about(self, item, from, fault))
        return 0;
    unlinkat(self->folder, NEW, 0);
    unlinkat(self->folder, item->name, 0);
    return -1;
}

int
casefile_add(casefile_t *self, const char *name, const char *from, int fd, item_t *out,
             fault_t *fault)
{
    item_t item = {0};
    assert(strlen(name) <= CASE_NAME_MAX && !is_about(name));
    text_copy(item.name, sizeof item.name, name);
    if (casefile_would_take(self, fault) || collect(self, &item, from, fd, fault))
        return -1;
    *out = item;
    return 0;
}

/* ---- sealing -----------------------------------------------------------------------------------
 */

/* A line an item, as sha256sum(1) checks it, and behind all of them where each came from. */
static bytes_t *
manifest_of(const items_t *items)
{
    char hash[HASH_TEXT], when[MOMENT_TEXT_MAX];
    bytes_t *text = bytes_new();
    for (size_t i = 0; i < items->count; i++)
        bytes_addf(text, "%s  %s\n", hash_write(&items->all[i].hash, hash), items->all[i].name);
    for (size_t i = 0; i < items->count; i++) {
        wall_write_instant((wall_t){items->at_ms[i]}, when);
        bytes_addf(text, "# %s %" PRIu64 " %s %s\n", items->all[i].name, items->all[i].bytes, when,
                   items->from[i]);
    }
    return text;
}

static int
open_item(const casefile_t *self, const item_t *item, fault_t *fault)
{
    int fd = openat(self->folder, item->name, O_RDONLY | O_NOFOLLOW | O_CLOEXEC);
    return fd < 0 ? fault_errno(fault, "'%.100s' among the evidence", item->name) : fd;
}

/* These are what of it was read. */
static int
check_item(const item_t *item, const hash_t *hash, uint64_t bytes, fault_t *fault)
{
    return bytes != item->bytes || !hash_equal(hash, &item->hash)
               ? fault_set(fault, FAULT_HASH, "'%.100s' is no more what was collected", item->name)
               : 0;
}

static int
add_item(const casefile_t *self, int tar, const item_t *item, int64_t at_ms, fault_t *fault)
{
    hash_t hash;
    uint64_t bytes;
    CLEANUP(descriptor_close) int fd = open_item(self, item, fault);
    if (fd < 0)
        return -1;
    if (tar_begin(tar, self->name, item->name, item->bytes, at_ms, fault) ||
        content_copy(fd, tar, item->name, item->bytes, &hash, &bytes, fault) ||
        check_item(item, &hash, bytes, fault))
        return -1;
    return tar_pad(tar, bytes, fault);
}

static int
write_archive(const casefile_t *self, const items_t *items, int tar, fault_t *fault)
{
    CLEANUP(bytes_destroy) bytes_t *manifest = manifest_of(items);
    if (tar_begin(tar, self->name, "MANIFEST", manifest->size, wall_now().ms, fault) ||
        file_write_all(tar, bytes_slice(manifest), fault) || tar_pad(tar, manifest->size, fault))
        return -1;
    for (size_t i = 0; i < items->count; i++)
        if (add_item(self, tar, &items->all[i], items->at_ms[i], fault))
            return -1;
    return tar_end(tar, fault);
}

/* The items go once the archive stands for them. */
static int
clear_case(const casefile_t *self, fault_t *fault)
{
    int fd = openat(self->evidence, self->name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
    DIR *folder = fd < 0 ? NULL : fdopendir(fd);
    struct dirent *entry;
    if (!folder && errno == ENOENT)
        return 0;
    while (folder && (entry = place_next(folder)))
        if (strcmp(entry->d_name, ".") != 0 && strcmp(entry->d_name, "..") != 0)
            unlinkat(fd, entry->d_name, 0);
    if (folder)
        closedir(folder);
    else
        descriptor_close(&fd);
    return unlinkat(self->evidence, self->name, AT_REMOVEDIR) && errno != ENOENT
               ? fault_errno(fault, "what case '%s' was sealed from cannot be removed", self->name)
               : 0;
}

static int
check_any(const casefile_t *self, const items_t *items, fault_t *fault)
{
    return items->count ? 0
                        : fault_set(fault, FAULT_NOT_FOUND, "nothing was collected for case '%s'",
                                    self->name);
}

static int
from_its_start(int fd, const char *name, fault_t *fault)
{
    return lseek(fd, 0, SEEK_SET) ? fault_errno(fault, "'%s'", name) : 0;
}

static int
make_archive(casefile_t *self, const items_t *items, const char *name, hash_t *hash, fault_t *fault)
{
    char part[TEXT_NAME_MAX + 32];
    archive_name(self, ".part", part);
    CLEANUP(descriptor_close) int tar = place_make(self->evidence, part, 0400, fault);
    if (tar >= 0 && !write_archive(self, items, tar, fault) && !from_its_start(tar, part, fault) &&
        !content_hash(tar, part, UINT64_MAX, hash, NULL, fault) &&
        !place_settle(self->evidence, tar, part, name, fault))
        return 0;
    unlinkat(self->evidence, part, 0);
    unlinkat(self->evidence, name, 0);
    return -1;
}

static int
seal(casefile_t *self, const items_t *items, fault_t *fault)
{
    char name[TEXT_NAME_MAX + 32], sum[TEXT_NAME_MAX + 32], text[HASH_TEXT];
    hash_t hash;
    archive_name(self, "", name);
    if (check_any(self, items, fault) || make_archive(self, items, name, &hash, fault))
        return -1;
    CLEANUP(bytes_destroy) bytes_t *line = bytes_new();
    bytes_addf(line, "%s  %s\n", hash_write(&hash, text), name);
    if (!write_small(self->evidence, archive_name(self, ".sha256", sum), line, fault))
        return 0;
    unlinkat(self->evidence, name, 0);
    return -1;
}

static int
seal_now(casefile_t *self, fault_t *fault)
{
    CLEANUP(items_destroy) items_t items = {0};
    return items_read(&items, self, fault) || seal(self, &items, fault) ? -1 : 0;
}

int
casefile_seal(casefile_t *self, item_t *out, fault_t *fault)
{
    bool sealed;
    if (casefile_is_sealed(self, &sealed, out, fault) || (!sealed && seal_now(self, fault)))
        return -1;
    if (clear_case(self, fault) || casefile_is_sealed(self, &sealed, out, fault))
        return done_anyway(fault, "case '%s' is sealed", self->name);
    return sealed ? 0 : fault_set(fault, FAULT_IO, "case '%s' was sealed and is not", self->name);
}

/* Its bytes in the archive are added. */
static int
foretell_item(const casefile_t *self, const item_t *item, uint64_t *total, fault_t *fault)
{
    hash_t hash;
    uint64_t bytes;
    CLEANUP(descriptor_close) int fd = open_item(self, item, fault);
    if (fd < 0 || content_hash(fd, item->name, item->bytes, &hash, &bytes, fault) ||
        check_item(item, &hash, bytes, fault))
        return -1;
    *total += tar_file_size(bytes);
    return 0;
}

int
casefile_foretell_seal(const casefile_t *self, item_t *out, size_t *count, fault_t *fault)
{
    char name[TEXT_NAME_MAX + 32];
    CLEANUP(items_destroy) items_t items = {0};
    if (items_read(&items, self, fault))
        return -1;
    CLEANUP(bytes_destroy) bytes_t *manifest = manifest_of(&items);
    item_t item = {.bytes = tar_file_size(manifest->size) + tar_end_size()};
    int wrong = check_any(self, &items, fault);
    for (size_t i = 0; !wrong && i < items.count; i++)
        wrong = foretell_item(self, &items.all[i], &item.bytes, fault);
    *count = items.count;
    text_copy(item.name, sizeof item.name, archive_name(self, "", name));
    if (!wrong)
        *out = item;
    return wrong;
}
