/* SPDX-License-Identifier: Apache-2.0 */
#include "worker/ops/quarantine.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "common/file.h"
#include "common/text.h"
#include "worker/ops/content.h"
#include "worker/ops/machine.h"
#include "worker/ops/place.h"

#define NEW       "new" /* and its note, until they are whole */
#define NEW_NOTE  "new.note"
#define NOTE_MAX  2048
#define NOTES_MAX 100000
#define FORM \
    "sha256 %64s bytes %" SCNu64 " mode %o user %u group %u modified %" SCNd64 " path %1023s"

int
quarantine_open(const op_world_t *world, fault_t *fault)
{
    const char *path = policy_quarantine(world->policy);
    return path ? place_open_private(path, fault)
                : fault_set(fault, FAULT_POLICY, "the policy of this machine names no quarantine");
}

/* Different content at one path, and one content at different paths, have ids of their own. */
static void
make_id(held_t *self)
{
    char text[HASH_TEXT];
    slice_t parts[] = {slice_text(self->path), hash_slice(&self->hash)};
    hash_t both = hash_of_parts(parts, ARRAY_SIZE(parts));
    snprintf(self->id, sizeof self->id, "%.*s", QUARANTINE_ID, hash_write(&both, text));
}

static int
write_note(int folder, const held_t *self, fault_t *fault)
{
    char name[QUARANTINE_ID + 16], hash[HASH_TEXT];
    CLEANUP(bytes_destroy) bytes_t *text = bytes_new();
    bytes_addf(text,
               "sha256 %s\nbytes %" PRIu64 "\nmode %o\nuser %u\ngroup %u\nmodified %" PRId64
               "\npath ",
               hash_write(&self->hash, hash), self->bytes, self->mode, self->user, self->group,
               self->modified_ms);
    text_escape(text, slice_text(self->path));
    bytes_add_text(text, "\n");
    snprintf(name, sizeof name, "%s.note", self->id);
    CLEANUP(descriptor_close) int fd = place_make(folder, NEW_NOTE, 0400, fault);
    if (fd < 0 || file_write_all(fd, bytes_slice(text), fault))
        return -1;
    return place_settle(folder, fd, NEW_NOTE, name, fault);
}

static held_t
begin_held(const char *path, const struct stat *facts)
{
    held_t held = {.mode = facts->st_mode & 07777,
                   .user = facts->st_uid,
                   .group = facts->st_gid,
                   .modified_ms = time_ms(facts->st_mtim)};
    text_copy(held.path, sizeof held.path, path);
    return held;
}

int
quarantine_foretell(int fd, const char *path, const struct stat *facts, held_t *out, fault_t *fault)
{
    held_t held = begin_held(path, facts);
    if (content_hash(fd, path, QUARANTINE_BYTES, &held.hash, &held.bytes, fault))
        return -1;
    make_id(&held);
    *out = held;
    return 0;
}

held_t
quarantine_foretell_text(slice_t text, const char *path, const struct stat *facts)
{
    held_t held = begin_held(path, facts);
    held.hash = hash_of(text);
    held.bytes = text.size;
    make_id(&held);
    return held;
}

static bool
stands(int folder, const char *name)
{
    struct stat facts;
    return !fstatat(folder, name, &facts, AT_SYMLINK_NOFOLLOW);
}

/* Neither stays without the other: a note alone would be taken for the bytes. What stood there
 * before is the same, and stays. */
static int
settle(int folder, int copy, const held_t *held, fault_t *fault)
{
    char note[QUARANTINE_ID + 16];
    snprintf(note, sizeof note, "%s.note", held->id);
    bool noted = stands(folder, note), kept = stands(folder, held->id);
    if (!write_note(folder, held, fault) && !place_settle(folder, copy, NEW, held->id, fault))
        return 0;
    if (!noted)
        unlinkat(folder, note, 0);
    if (!kept)
        unlinkat(folder, held->id, 0);
    return -1;
}

static int
put(int folder, int fd, held_t *held, fault_t *fault)
{
    CLEANUP(descriptor_close) int copy = place_make(folder, NEW, 0400, fault);
    if (copy < 0 ||
        content_copy(fd, copy, held->path, QUARANTINE_BYTES, &held->hash, &held->bytes, fault))
        return -1;
    make_id(held);
    return settle(folder, copy, held, fault);
}

/* Whether there is such a file of this id: its bytes where ending is "". */
static int
has(int folder, const char *id, size_t size, const char *ending, bool *is, fault_t *fault)
{
    char name[NAME_MAX + 16];
    struct stat facts;
    snprintf(name, sizeof name, "%.*s%s", (int)size, id, ending);
    *is = !fstatat(folder, name, &facts, AT_SYMLINK_NOFOLLOW);
    return *is || errno == ENOENT || errno == ENAMETOOLONG
               ? 0
               : fault_errno(fault, "'%.60s' in quarantine cannot be looked at", name);
}

/* "ID.note" to the length of its ID where it ends so, else 0. */
static size_t
id_before(const char *name, const char *ending)
{
    size_t size = strlen(name), end = strlen(ending);
    return size > end && !strcmp(name + size - end, ending) ? size - end : 0;
}

typedef int on_name_t(int folder, const char *name, void *context, fault_t *fault);

/* On each name in it. */
static int
each_name(int folder, on_name_t *on, void *context, fault_t *fault)
{
    size_t looked_at = 0;
    struct dirent *entry = NULL;
    int copy = dup(folder), wrong = 0;
    DIR *all = copy < 0 ? NULL : fdopendir(copy);
    if (!all) {
        fault_errno(fault, "the quarantine cannot be read");
        descriptor_close(&copy);
        return -1;
    }
    rewinddir(all);
    while (!wrong && looked_at++ < NOTES_MAX && (entry = place_next(all)))
        wrong = on(folder, entry->d_name, context, fault);
    if (!wrong && !entry && errno)
        wrong = fault_errno(fault, "the quarantine cannot be read");
    closedir(all);
    return wrong;
}

/* What a kill left that fell between two steps of putting or giving back goes: a note of bytes that
 * never came, bytes that were given back. */
static int
sweep(int folder, const char *name, void *context, fault_t *fault)
{
    char id[QUARANTINE_ID + 1];
    bool whole = true, held = true;
    size_t note = id_before(name, ".note"), given = id_before(name, ".given");
    (void)context;
    if ((note && has(folder, name, note, "", &whole, fault)) ||
        (given && has(folder, name, given, ".note", &held, fault)))
        return -1;
    if (!whole)
        unlinkat(folder, name, 0);
    if (!held && given < sizeof id) {
        snprintf(id, sizeof id, "%.*s", (int)given, name);
        unlinkat(folder, id, 0);
    }
    return 0;
}

/* What a full disk cut off would keep it full. */
int
quarantine_put(int folder, int fd, const char *path, const struct stat *facts, held_t *out,
               fault_t *fault)
{
    held_t held = begin_held(path, facts);
    if (each_name(folder, sweep, NULL, fault))
        return -1;
    if (put(folder, fd, &held, fault)) {
        unlinkat(folder, NEW, 0);
        unlinkat(folder, NEW_NOTE, 0);
        return -1;
    }
    *out = held;
    return 0;
}

static int
read_note(int folder, const char *name, held_t *out, fault_t *fault)
{
    char text[NOTE_MAX], hash[HASH_TEXT] = "", path[1024] = "";
    held_t held = {0};
    CLEANUP(descriptor_close) int fd = openat(folder, name, O_RDONLY | O_NOFOLLOW | O_CLOEXEC);
    ssize_t size = fd < 0 ? -1 : file_fill(fd, text, sizeof text - 1);
    if (size < 0 && errno == ENOENT)
        return fault_set(fault, FAULT_NOT_FOUND, "there is no '%.60s' in quarantine", name);
    if (size < 0)
        return fault_errno(fault, "'%.60s' in quarantine cannot be read", name);
    text[size] = '\0';
    CLEANUP(bytes_destroy) bytes_t *plain = bytes_new();
    if (sscanf(text, FORM, hash, &held.bytes, &held.mode, &held.user, &held.group,
               &held.modified_ms, path) != 7 ||
        !hash_read(hash, &held.hash) || text_unescape(path, plain, NULL) ||
        !text_copy(held.path, sizeof held.path, bytes_text(plain)) || !path_is_normal(held.path))
        return fault_set(fault, FAULT_FORMAT, "'%.60s' in quarantine is no note", name);
    make_id(&held);
    *out = held;
    return 0;
}

int
quarantine_find(int folder, const char *id, held_t *out, bool *given, fault_t *fault)
{
    char name[TEXT_NAME_MAX + 16];
    struct stat facts;
    snprintf(name, sizeof name, "%s.note", id);
    *given = fstatat(folder, name, &facts, AT_SYMLINK_NOFOLLOW) != 0;
    if (*given && errno != ENOENT)
        return fault_errno(fault, "'%.60s' in quarantine cannot be looked at", name);
    if (*given)
        snprintf(name, sizeof name, "%s.given", id);
    if (read_note(folder, name, out, fault))
        return -1;
    return strcmp(out->id, id) ? fault_set(fault, FAULT_FORMAT, "'%.60s' tells of another file", id)
                               : 0;
}

typedef struct {
    const char *path;
    int64_t at_ms; /* -1 for none */
    held_t held;
} latest_t;

/* What one entry of the folder holds of that path, if it is newer than what is known. */
static int
look_at(int folder, const char *name, void *newest, fault_t *fault)
{
    latest_t *self = newest;
    struct stat facts;
    held_t held;
    bool whole;
    fault_t why = {0};
    size_t size = id_before(name, ".note");
    if (!size)
        return 0;
    if (has(folder, name, size, "", &whole, fault))
        return -1;
    int wrong = whole ? read_note(folder, name, &held, &why) : 0;
    if (wrong && why.code == FAULT_IO)
        return fault_set(fault, why.code, "%s", why.text);
    if (wrong || !whole || strcmp(held.path, self->path) != 0)
        return 0;
    if (fstatat(folder, name, &facts, 0))
        return fault_errno(fault, "'%.60s' in quarantine cannot be looked at", name);
    if (time_ms(facts.st_mtim) > self->at_ms) {
        self->at_ms = time_ms(facts.st_mtim);
        self->held = held;
    }
    return 0;
}

int
quarantine_of(int folder, const char *path, held_t *out, fault_t *fault)
{
    latest_t newest = {.path = path, .at_ms = -1};
    if (each_name(folder, look_at, &newest, fault))
        return -1;
    if (newest.at_ms < 0)
        return fault_set(fault, FAULT_NOT_FOUND, "there is no '%.160s'", path);
    *out = newest.held;
    return 0;
}

int
quarantine_release(int folder, const held_t *held, fault_t *fault)
{
    char note[QUARANTINE_ID + 16], given[QUARANTINE_ID + 16];
    snprintf(note, sizeof note, "%s.note", held->id);
    snprintf(given, sizeof given, "%s.given", held->id);
    bool now = !renameat(folder, note, folder, given);
    if (!now && errno != ENOENT)
        return fault_errno(fault, "'%.60s' in quarantine", held->id);
    if (!unlinkat(folder, held->id, 0) || errno == ENOENT)
        return 0;
    int wrong = errno, back = now ? renameat(folder, given, folder, note) : 0;
    (void)back; /* bytes that stay behind a note of what was given back are swept away */
    errno = wrong;
    return fault_errno(fault, "'%.60s' in quarantine", held->id);
}
