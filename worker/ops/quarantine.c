/* SPDX-License-Identifier: Apache-2.0 */
#include "worker/ops/quarantine.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
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

static int
put(int folder, int fd, held_t *held, fault_t *fault)
{
    CLEANUP(descriptor_close) int copy = place_make(folder, NEW, 0400, fault);
    if (copy < 0 ||
        content_copy(fd, copy, held->path, QUARANTINE_BYTES, &held->hash, &held->bytes, fault))
        return -1;
    make_id(held);
    return write_note(folder, held, fault) || place_settle(folder, copy, NEW, held->id, fault) ? -1
                                                                                               : 0;
}

/* What a full disk cut off would keep it full. */
int
quarantine_put(int folder, int fd, const char *path, const struct stat *facts, held_t *out,
               fault_t *fault)
{
    held_t held = begin_held(path, facts);
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
    ssize_t size = fd < 0 ? -1 : read(fd, text, sizeof text - 1);
    if (size < 0)
        return fault_set(fault, FAULT_NOT_FOUND, "there is no '%.60s' in quarantine", name);
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
    if (*given)
        snprintf(name, sizeof name, "%s.given", id);
    if (read_note(folder, name, out, fault))
        return -1;
    return strcmp(out->id, id) ? fault_set(fault, FAULT_FORMAT, "'%.60s' tells of another file", id)
                               : 0;
}

int
quarantine_of(int folder, const char *path, held_t *out, fault_t *fault)
{
    int64_t newest = -1;
    size_t looked_at = 0;
    struct dirent *entry;
    DIR *all = fdopendir(dup(folder));
    rewinddir(all);
    while ((entry = readdir(all)) && looked_at++ < NOTES_MAX) {
        struct stat facts;
        held_t held;
        const char *dot = strrchr(entry->d_name, '.');
        if (dot && !strcmp(dot, ".note") && !read_note(folder, entry->d_name, &held, NULL) &&
            !strcmp(held.path, path) && !fstatat(folder, entry->d_name, &facts, 0) &&
            time_ms(facts.st_mtim) > newest) {
            newest = time_ms(facts.st_mtim);
            *out = held;
        }
    }
    closedir(all);
    return newest < 0 ? fault_set(fault, FAULT_NOT_FOUND, "there is no '%.160s'", path) : 0;
}

int
quarantine_release(int folder, const held_t *held, fault_t *fault)
{
    char note[QUARANTINE_ID + 16], given[QUARANTINE_ID + 16];
    snprintf(note, sizeof note, "%s.note", held->id);
    snprintf(given, sizeof given, "%s.given", held->id);
    if (renameat(folder, note, folder, given) || (unlinkat(folder, held->id, 0) && errno != ENOENT))
        return fault_errno(fault, "'%.60s' in quarantine", held->id);
    return 0;
}
