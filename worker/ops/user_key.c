/* SPDX-License-Identifier: Apache-2.0 */
/* SSH keys that go and come back: their lines go to quarantine, those of all files as one text. */
#include <fcntl.h>
#include <stdio.h>
#include <sys/mman.h>
#include <unistd.h>

#include "common/file.h"
#include "worker/foresight.h"
#include "worker/ops/account.h"
#include "worker/ops/bodies.h"
#include "worker/ops/done.h"
#include "worker/ops/machine.h"
#include "worker/ops/quarantine.h"

#define HELD "%.100s/%s: %lld bytes"
#define OF_SECOND \
    "# authorized_keys2\n" /* lines of the second file stand behind it; no key is so */

static value_t *
about(const value_t *arguments)
{
    value_t *result = value_map();
    value_set_text(result, "user", value_get_text(arguments, "user"));
    return result;
}

/* What a user's files of keys hold. */
typedef struct {
    bytes_t *text[ACCOUNT_KEY_FILES];
    struct stat facts[ACCOUNT_KEY_FILES];
} keys_t;

static void
keys_clear(keys_t *self)
{
    for (size_t i = 0; i < ACCOUNT_KEY_FILES; i++)
        bytes_destroy(&self->text[i]);
}

static int
keys_read(keys_t *self, const account_t *account, fault_t *fault)
{
    for (size_t i = 0; i < ACCOUNT_KEY_FILES; i++)
        if (!(self->text[i] = account_keys(account, i, &self->facts[i], fault)))
            return -1;
    return 0;
}

static bool
is_key(const char *line, const char *fingerprint)
{
    ssh_key_t key;
    return ssh_key_read(line, &key) && !strcmp(key.fingerprint, fingerprint);
}

/* Lines of that key go to taken, all others to left. */
static int64_t
part_lines(const bytes_t *text, const char *fingerprint, bytes_t *taken, bytes_t *left)
{
    static char line[ACCOUNT_KEYS_BYTES + 1];
    int64_t count = 0;
    for (const char *at = bytes_text(text); line_next(&at, line, sizeof line);) {
        bool is = is_key(line, fingerprint);
        bytes_addf(is ? taken : left, "%s\n", line);
        count += is;
    }
    return count;
}

static bytes_t *
held_lines(int folder, const held_t *held, fault_t *fault)
{
    static char text[ACCOUNT_KEY_FILES * ACCOUNT_KEYS_BYTES + sizeof OF_SECOND];
    CLEANUP(descriptor_close) int fd = openat(folder, held->id, O_RDONLY | O_NOFOLLOW | O_CLOEXEC);
    ssize_t size = fd < 0 ? -1 : file_fill(fd, text, sizeof text);
    if (size < 0)
        fault_errno(fault, "'%.60s' in quarantine cannot be read", held->id);
    return size < 0 ? NULL : bytes_copy(slice_of(text, (size_t)size));
}

/* What was taken out of this account's files last, and did not come back; NULL with a fault, or
 * FAULT_NOT_FOUND. */
static bytes_t *
last_held(int folder, const account_t *account, held_t *held, fault_t *fault)
{
    return quarantine_of(folder, account->keys[0], held, fault) ? NULL
                                                                : held_lines(folder, held, fault);
}

/* Whether that ends so. */
static int
is_held(int folder, const account_t *account, const bytes_t *end, held_t *held, bool *is,
        fault_t *fault)
{
    fault_t why = {0};
    CLEANUP(bytes_destroy) bytes_t *lines = last_held(folder, account, held, &why);
    *is = lines && lines->size >= end->size &&
          !memcmp(lines->data + lines->size - end->size, end->data, end->size);
    return lines || why.code == FAULT_NOT_FOUND ? 0 : fault_set(fault, why.code, "%s", why.text);
}

/* Where the key is gone already, what took it left it in quarantine. */
static int
was_taken(int folder, const account_t *account, const char *fingerprint, held_t *held, bool *was,
          fault_t *fault)
{
    fault_t why = {0};
    CLEANUP(bytes_destroy) bytes_t *ignored = bytes_new();
    CLEANUP(bytes_destroy) bytes_t *lines = last_held(folder, account, held, &why);
    *was = lines && part_lines(lines, fingerprint, ignored, ignored) > 0;
    return lines || why.code == FAULT_NOT_FOUND ? 0 : fault_set(fault, why.code, "%s", why.text);
}

/* One that was cut off between the files had kept them all. */
static int
keep_lines(int folder, const account_t *account, const struct stat *facts, const bytes_t *lines,
           held_t *out, fault_t *fault)
{
    bool is;
    if (is_held(folder, account, lines, out, &is, fault))
        return -1;
    if (is)
        return 0;
    CLEANUP(descriptor_close) int memory = memfd_create("key", MFD_CLOEXEC);
    if (memory < 0 || file_write_all(memory, bytes_slice(lines), NULL) ||
        lseek(memory, 0, SEEK_SET))
        return fault_errno(fault, "the key cannot be kept");
    return quarantine_put(folder, memory, account->keys[0], facts, out, fault);
}

/* What a key's going makes of a user's files. */
typedef struct {
    bytes_t *taken, *left[ACCOUNT_KEY_FILES]; /* of all files, as it is held; of each */
    int64_t count[ACCOUNT_KEY_FILES];         /* lines that go */
} parting_t;

static void
parting_clear(parting_t *self)
{
    bytes_destroy(&self->taken);
    for (size_t i = 0; i < ACCOUNT_KEY_FILES; i++)
        bytes_destroy(&self->left[i]);
}

/* How many lines go. */
static int64_t
part(parting_t *self, const keys_t *keys, const char *fingerprint)
{
    CLEANUP(bytes_destroy) bytes_t *of_second = bytes_new();
    *self = (parting_t){bytes_new(), {bytes_new(), bytes_new()}, {0}};
    self->count[0] = part_lines(keys->text[0], fingerprint, self->taken, self->left[0]);
    self->count[1] = part_lines(keys->text[1], fingerprint, of_second, self->left[1]);
    if (self->count[1])
        bytes_addf(self->taken, OF_SECOND "%s", bytes_text(of_second));
    return self->count[0] + self->count[1];
}

/* Out of all files; how many lines, or -1. */
static int64_t
take_out(int folder, const account_t *account, const keys_t *keys, const char *fingerprint,
         held_t *held, fault_t *fault)
{
    CLEANUP(parting_clear) parting_t parting;
    int64_t count = part(&parting, keys, fingerprint);
    if (!count)
        return 0;
    if (keep_lines(folder, account, &keys->facts[!parting.count[0]], parting.taken, held, fault))
        return -1;
    for (size_t i = 0; i < ACCOUNT_KEY_FILES; i++)
        if (parting.count[i] &&
            account_write_keys(account, i, bytes_slice(parting.left[i]), &keys->facts[i], fault))
            return done_anyway(fault, "its lines are in quarantine%s",
                               i && parting.count[0] ? ", and out of the first file" : "");
    return count;
}

static value_t *
tell_removed(const value_t *arguments, int64_t removed, const held_t *held)
{
    value_t *result = about(arguments);
    value_set_integer(result, "removed", removed);
    if (held)
        value_set_text(result, "id", held->id);
    return result;
}

value_t *
user_remove_key(const value_t *arguments, const op_world_t *world, fault_t *fault)
{
    const char *fingerprint = value_get_text(arguments, "fingerprint");
    account_t account;
    held_t held;
    CLEANUP(keys_clear) keys_t keys = {0};
    CLEANUP(descriptor_close) int folder = quarantine_open(world, fault);
    if (folder < 0 || account_find(world, value_get_text(arguments, "user"), &account, fault) ||
        keys_read(&keys, &account, fault))
        return NULL;
    int64_t removed = take_out(folder, &account, &keys, fingerprint, &held, fault);
    bool held_yet = removed > 0;
    if (removed < 0 ||
        (!removed && was_taken(folder, &account, fingerprint, &held, &held_yet, fault)))
        return NULL;
    return tell_removed(arguments, removed, held_yet ? &held : NULL);
}

/* Each line that is a key, and where one is given of that fingerprint, goes or comes. */
static void
foretell_lines(value_t *foresight, const char *path, const bytes_t *text, const char *fingerprint,
               void tell(value_t *, const char *, ...))
{
    static char line[ACCOUNT_KEYS_BYTES + 1];
    for (const char *at = bytes_text(text); line_next(&at, line, sizeof line);) {
        ssh_key_t key;
        if (ssh_key_read(line, &key) && (!fingerprint || !strcmp(key.fingerprint, fingerprint)))
            tell(foresight, "%.70s: %.20s %s %.40s", path, key.type, key.fingerprint, key.comment);
    }
}

value_t *
user_remove_key_foreseen(const value_t *arguments, const op_world_t *world, fault_t *fault)
{
    const char *fingerprint = value_get_text(arguments, "fingerprint");
    account_t account;
    held_t held;
    CLEANUP(keys_clear) keys_t keys = {0};
    CLEANUP(parting_clear) parting_t parting = {0};
    CLEANUP(descriptor_close) int folder = quarantine_open(world, fault);
    if (folder < 0 || account_find(world, value_get_text(arguments, "user"), &account, fault) ||
        keys_read(&keys, &account, fault))
        return NULL;
    int64_t count = part(&parting, &keys, fingerprint);
    bool kept = false;
    if (count ? is_held(folder, &account, parting.taken, &held, &kept, fault)
              : was_taken(folder, &account, fingerprint, &held, &kept, fault))
        return NULL;
    if (count && !kept)
        held = quarantine_foretell_text(bytes_slice(parting.taken), account.keys[0],
                                        &keys.facts[!parting.count[0]]);
    value_t *foresight = foresight_new();
    for (size_t i = 0; i < ACCOUNT_KEY_FILES; i++)
        foretell_lines(foresight, account.keys[i], keys.text[i], fingerprint, foresight_goes);
    if (count)
        foresight_comes(foresight, HELD, policy_quarantine(world->policy), held.id,
                        (long long)held.bytes);
    return foresight_give(foresight, tell_removed(arguments, count, count || kept ? &held : NULL));
}

/* ---- and come back ----------------------------------------------------------------------- */

/* The lines of those keys that are not in the text; the caller's. */
static bytes_t *
missing_lines(const bytes_t *text, slice_t lines)
{
    static char line[ACCOUNT_KEYS_BYTES + 1];
    bytes_t *missing = bytes_new();
    CLEANUP(bytes_destroy) bytes_t *ignored = bytes_new();
    CLEANUP(bytes_destroy) bytes_t *copy = bytes_copy(lines);
    for (const char *at = bytes_text(copy); line_next(&at, line, sizeof line);) {
        ssh_key_t key;
        if (ssh_key_read(line, &key) && !part_lines(text, key.fingerprint, ignored, ignored) &&
            !part_lines(missing, key.fingerprint, ignored, ignored))
            bytes_addf(missing, "%s\n", line);
    }
    return missing;
}

/* Appends the lines that are not there; whether any was not. */
static bool
add_missing(bytes_t *text, slice_t lines)
{
    CLEANUP(bytes_destroy) bytes_t *missing = missing_lines(text, lines);
    if (missing->size && text->size && text->data[text->size - 1] != '\n')
        bytes_add_text(text, "\n");
    bytes_add_slice(text, bytes_slice(missing));
    return missing->size;
}

/* The mark of the second file's lines; NULL where there is none. It is a line of its own: a key's
 * comment may end as it does. */
static const uint8_t *
find_mark(const bytes_t *held)
{
    static const char mark[] = "\n" OF_SECOND;
    size_t size = sizeof mark - 2;
    if (held->size >= size && !memcmp(held->data, mark + 1, size))
        return held->data;
    const uint8_t *at = memmem(held->data, held->size, mark, size + 1);
    return at ? at + 1 : NULL;
}

/* The lines of each file, as they stand in what is held. */
static void
split(const bytes_t *held, slice_t of[static ACCOUNT_KEY_FILES])
{
    size_t size = held->size;
    const uint8_t *at = find_mark(held);
    size_t first = at ? (size_t)(at - held->data) : size;
    size_t second = at ? first + sizeof OF_SECOND - 1 : size;
    of[0] = slice_of(held->data, first);
    of[1] = slice_of(held->data + second, size - second);
}

/* How many files were written, or -1. */
static int
put_lines(const account_t *account, keys_t *keys, const held_t *held, const bytes_t *lines,
          fault_t *fault)
{
    slice_t of[ACCOUNT_KEY_FILES];
    int written = 0;
    split(lines, of);
    for (size_t i = 0; i < ACCOUNT_KEY_FILES; i++) {
        struct stat *facts = &keys->facts[i];
        if (!facts->st_nlink) /* the file is gone: as it was */
            *facts =
                (struct stat){.st_uid = held->user, .st_gid = held->group, .st_mode = held->mode};
        if (!add_missing(keys->text[i], of[i]))
            continue;
        if (account_write_keys(account, i, bytes_slice(keys->text[i]), facts, fault))
            return written ? done_anyway(fault, "its lines are back in the first file") : -1;
        written++;
    }
    return written;
}

static int
put_back(int folder, const account_t *account, const held_t *held, fault_t *fault)
{
    CLEANUP(keys_clear) keys_t keys = {0};
    CLEANUP(bytes_destroy) bytes_t *lines = held_lines(folder, held, fault);
    if (!lines || keys_read(&keys, account, fault))
        return -1;
    return put_lines(account, &keys, held, lines, fault) < 0 ? -1 : 0;
}

/* What of the user's is held under the id, or was given back. */
static int
find_held(int folder, const value_t *arguments, const op_world_t *world, account_t *account,
          held_t *held, bool *given, fault_t *fault)
{
    if (account_find(world, value_get_text(arguments, "user"), account, fault) ||
        quarantine_find(folder, value_get_text(arguments, "id"), held, given, fault))
        return -1;
    if (strcmp(held->path, account->keys[0]) != 0)
        return fault_set(fault, FAULT_CONFLICT, "it came from '%.160s', not from this user",
                         held->path);
    return 0;
}

static value_t *
tell_restored(const value_t *arguments, const held_t *held)
{
    value_t *result = about(arguments);
    value_set_text(result, "id", held->id);
    return result;
}

value_t *
user_restore_key(const value_t *arguments, const op_world_t *world, fault_t *fault)
{
    account_t account;
    held_t held;
    bool given;
    CLEANUP(descriptor_close) int folder = quarantine_open(world, fault);
    if (folder < 0 || find_held(folder, arguments, world, &account, &held, &given, fault) ||
        (!given && put_back(folder, &account, &held, fault)))
        return NULL;
    if (quarantine_release(folder, &held, fault)) {
        done_anyway(fault, "its lines are back, and in quarantine too");
        return NULL;
    }
    return tell_restored(arguments, &held);
}

static int
foretell_back(value_t *foresight, int folder, const account_t *account, const held_t *held,
              fault_t *fault)
{
    slice_t of[ACCOUNT_KEY_FILES];
    CLEANUP(keys_clear) keys_t keys = {0};
    CLEANUP(bytes_destroy) bytes_t *lines = held_lines(folder, held, fault);
    if (!lines || keys_read(&keys, account, fault))
        return -1;
    split(lines, of);
    for (size_t i = 0; i < ACCOUNT_KEY_FILES; i++) {
        CLEANUP(bytes_destroy) bytes_t *missing = missing_lines(keys.text[i], of[i]);
        foretell_lines(foresight, account->keys[i], missing, NULL, foresight_comes);
    }
    return 0;
}

value_t *
user_restore_key_foreseen(const value_t *arguments, const op_world_t *world, fault_t *fault)
{
    account_t account;
    held_t held;
    bool given;
    CLEANUP(descriptor_close) int folder = quarantine_open(world, fault);
    if (folder < 0 || find_held(folder, arguments, world, &account, &held, &given, fault))
        return NULL;
    CLEANUP(value_destroy) value_t *foresight = foresight_new();
    if (!given)
        foresight_goes(foresight, HELD, policy_quarantine(world->policy), held.id,
                       (long long)held.bytes);
    if (!given && foretell_back(foresight, folder, &account, &held, fault))
        return NULL;
    return foresight_give(MOVE(foresight), tell_restored(arguments, &held));
}
