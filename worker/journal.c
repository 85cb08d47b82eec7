/* SPDX-License-Identifier: Apache-2.0 */
#include "worker/journal.h"

#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/falloc.h>
#include <stdlib.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "common/document.h"
#include "common/file.h"
#include "common/reader.h"

#define JOURNAL_BYTES_MAX ((size_t)2 * 1024 * 1024 * 1024)
#define RECORD_BYTES_MAX  4096

/* From hashes to numbers; hashes are already evenly spread. */
typedef struct {
    struct {
        hash_t key;
        size_t number;
        bool used;
    } * slots;
    size_t capacity; /* a power of two, or 0 */
    size_t count;
} hashmap_t;

struct journal {
    int fd;            /* opened for appending, locked */
    uint64_t size;     /* of whole, synced records */
    uint64_t reserved; /* allocated up to this offset */
    bool unreservable; /* the filesystem knows no fallocate */
    bool broken;
    hash_t head;
    wall_t seen;              /* the newest moment of any record */
    journal_entry_t *entries; /* in the order they began */
    size_t count;
    hashmap_t keys;  /* key to index in entries */
    hashmap_t runs;  /* run to the index of its first op */
    hashmap_t heads; /* every head there was */
};

typedef enum { RECORD_BEGIN, RECORD_END, RECORD_SEEN, RECORD_KINDS } kind_t;

typedef struct {
    hash_t previous;
    kind_t kind;
    journal_entry_t entry; /* of BEGIN and END */
    wall_t at;
} record_t;

static const char *const kinds[RECORD_KINDS] = {
    [RECORD_BEGIN] = "begin", [RECORD_END] = "end", [RECORD_SEEN] = "seen"};

static size_t
hashmap_slot(const hashmap_t *self, const hash_t *key)
{
    uint64_t start;
    memcpy(&start, key->bytes, sizeof start);
    size_t at = start & (self->capacity - 1);
    while (self->slots[at].used && !hash_equal(&self->slots[at].key, key))
        at = (at + 1) & (self->capacity - 1);
    return at;
}

static bool
hashmap_get(const hashmap_t *self, const hash_t *key, size_t *number)
{
    if (!self->capacity)
        return false;
    size_t at = hashmap_slot(self, key);
    *number = self->slots[at].number;
    return self->slots[at].used;
}

static void
hashmap_grow(hashmap_t *self)
{
    hashmap_t wider = {.capacity = self->capacity ? 2 * self->capacity : 256, .count = self->count};
    wider.slots = memory_new(wider.capacity, sizeof *wider.slots);
    for (size_t i = 0; i < self->capacity; i++)
        if (self->slots[i].used)
            wider.slots[hashmap_slot(&wider, &self->slots[i].key)] = self->slots[i];
    free(self->slots);
    *self = wider;
}

static void
hashmap_set(hashmap_t *self, const hash_t *key, size_t number)
{
    if (2 * (self->count + 1) > self->capacity)
        hashmap_grow(self);
    size_t at = hashmap_slot(self, key);
    self->count += !self->slots[at].used;
    self->slots[at].key = *key;
    self->slots[at].number = number;
    self->slots[at].used = true;
}

static void
record_encode(const record_t *self, bytes_t *out)
{
    const journal_entry_t *entry = &self->entry;
    document_begin(out, "record");
    document_add_hex(out, "previous", hash_slice(&self->previous));
    document_add(out, "kind", "%s", kinds[self->kind]);
    if (self->kind != RECORD_SEEN)
        document_add_hex(out, "key", hash_slice(&entry->key));
    if (self->kind == RECORD_END) {
        CLEANUP(bytes_destroy) bytes_t *result = bytes_new();
        text_escape(result, bytes_slice(entry->result));
        document_add(out, "code", "%s", entry->code);
        document_add(out, "result", "%s", bytes_text(result));
    } else if (self->kind == RECORD_BEGIN) {
        document_add_hex(out, "run", hash_slice(&entry->run));
        document_add_hex(out, "release", hash_slice(&entry->release));
        document_add_hex(out, "authority", hash_slice(&entry->authority));
        if (entry->playbook[0])
            document_add(out, "playbook", "%s", entry->playbook);
        document_add(out, "step", "%s", entry->step);
        document_add(out, "op", "%s", entry->op);
        document_add_hex(out, "arguments", hash_slice(&entry->arguments));
    }
    document_add_instant(out, "at", self->at);
    document_end(out);
}

static void
read_begin(document_reader_t *in, journal_entry_t *entry)
{
    document_hex(in, "run", entry->run.bytes, HASH_BYTES);
    document_hex(in, "release", entry->release.bytes, HASH_BYTES);
    document_hex(in, "authority", entry->authority.bytes, HASH_BYTES);
    if (document_has(in, "playbook"))
        text_copy(entry->playbook, sizeof entry->playbook, document_name(in, "playbook"));
    const char *step = document_text(in, "step");
    if (!step_path_valid(step))
        document_spoil(in, FAULT_FORMAT, "'step' is no path of steps");
    text_copy(entry->step, sizeof entry->step, step);
    text_copy(entry->op, sizeof entry->op, document_name(in, "op"));
    document_hex(in, "arguments", entry->arguments.bytes, HASH_BYTES);
}

static void
read_end(document_reader_t *in, journal_entry_t *entry, fault_t *fault)
{
    const char *code = document_text(in, "code");
    if (strcmp(code, "ok") != 0 && fault_of(code) == FAULT_CODES)
        document_spoil(in, FAULT_FORMAT, "'code' is neither ok nor a fault's word");
    text_copy(entry->code, sizeof entry->code, code);
    entry->result = bytes_new();
    if (text_unescape(document_text(in, "result"), entry->result, fault))
        in->spoiled = true;
}

static void
record_clear(record_t *self)
{
    bytes_destroy(&self->entry.result);
}

static void
read_kind(document_reader_t *in, kind_t *kind)
{
    const char *word = document_text(in, "kind");
    for (*kind = RECORD_BEGIN; *kind < RECORD_KINDS && strcmp(word, kinds[*kind]) != 0;)
        ++*kind;
    if (*kind == RECORD_KINDS)
        document_spoil(in, FAULT_FORMAT, "'kind' is neither begin, end nor seen");
}

static int
record_decode(record_t *self, slice_t text, fault_t *fault)
{
    document_reader_t in;
    document_open(&in, text, "record", fault);
    document_hex(&in, "previous", self->previous.bytes, HASH_BYTES);
    read_kind(&in, &self->kind);
    if (self->kind != RECORD_SEEN)
        document_hex(&in, "key", self->entry.key.bytes, HASH_BYTES);
    if (self->kind == RECORD_END)
        read_end(&in, &self->entry, fault);
    else if (self->kind == RECORD_BEGIN)
        read_begin(&in, &self->entry);
    self->at = document_instant(&in, "at");
    if (document_close(&in, fault))
        return -1;
    CLEANUP(bytes_destroy) bytes_t *again = bytes_new();
    record_encode(self, again);
    return document_same(text, bytes_slice(again), fault);
}

static int
apply_begin(journal_t *self, record_t *record, fault_t *fault)
{
    size_t at;
    if (hashmap_get(&self->keys, &record->entry.key, &at))
        return fault_set(fault, FAULT_FORMAT, "a key begins twice");
    if (!(self->count & (self->count - 1)))
        self->entries =
            memory_resize(self->entries, self->count ? 2 * self->count : 1, sizeof *self->entries);
    record->entry.begun = record->at;
    self->entries[self->count] = record->entry;
    hashmap_set(&self->keys, &record->entry.key, self->count);
    if (!hashmap_get(&self->runs, &record->entry.run, &at))
        hashmap_set(&self->runs, &record->entry.run, self->count);
    self->count++;
    return 0;
}

/* Moves its result into the entry. */
static int
apply_end(journal_t *self, record_t *record, fault_t *fault)
{
    size_t at;
    if (!hashmap_get(&self->keys, &record->entry.key, &at) || self->entries[at].ended)
        return fault_set(fault, FAULT_FORMAT, "a key ends that was not open");
    journal_entry_t *entry = &self->entries[at];
    entry->ended = true;
    memcpy(entry->code, record->entry.code, sizeof entry->code);
    entry->result = MOVE(record->entry.result);
    return 0;
}

/* What a record means, once it is on the disk. */
static int
apply(journal_t *self, record_t *record, const hash_t *head, fault_t *fault)
{
    if ((record->kind == RECORD_BEGIN && apply_begin(self, record, fault)) ||
        (record->kind == RECORD_END && apply_end(self, record, fault)))
        return -1;
    if (record->at.ms > self->seen.ms)
        self->seen = record->at;
    self->head = *head;
    hashmap_set(&self->heads, head, 0);
    return 0;
}

static int
load_record(journal_t *self, slice_t text, fault_t *fault)
{
    CLEANUP(record_clear) record_t record = {0};
    hash_t head = hash_of(text);
    if (record_decode(&record, text, fault))
        return -1;
    if (!hash_equal(&record.previous, &self->head))
        return fault_set(fault, FAULT_HASH, "the chain is broken");
    return apply(self, &record, &head, fault);
}

/* Up to the last that is no zero. */
static size_t
written_of(slice_t bytes)
{
    size_t size = bytes.size;
    while (size && !bytes.data[size - 1])
        size--;
    return size;
}

/* A record that a crash cut short: it reaches past the end, or stands there without its LF, or the
 * filesystem had made room for it and nothing but its length came, or less. Where a whole text
 * stands, of another length than the one in front of it, that length is damaged and nothing may be
 * cut. */
static bool
is_torn(slice_t rest, uint32_t size)
{
    slice_t text, behind;
    if (written_of(rest) <= 4)
        return true;
    if (size > RECORD_BYTES_MAX || size + 5 < rest.size ||
        (size + 5 == rest.size && rest.data[size + 4] == '\n'))
        return false;
    return !document_split(slice_of(rest.data + 4, rest.size - 4), &text, &behind) ||
           text.size == size;
}

static int
load(journal_t *self, const char *path, slice_t rest, fault_t *fault)
{
    while (rest.size) {
        reader_t in = reader_over(rest);
        uint32_t size = reader_u32(&in);
        if (is_torn(rest, size))
            return 0;
        if (size > RECORD_BYTES_MAX || size + 5 > rest.size || rest.data[4 + size] != '\n')
            fault_set(fault, FAULT_FORMAT, "no record stands there");
        else if (!load_record(self, slice_of(rest.data + 4, size), fault)) {
            self->size += size + 5;
            rest.data += size + 5;
            rest.size -= size + 5;
            continue;
        }
        return fault_wrap(fault, "journal '%.100s', byte %llu (enrol this worker anew)", path,
                          (unsigned long long)self->size);
    }
    return 0;
}

/* Keeps the room ahead of the end; where there is none any more, journal_begin sees it. */
static void
reserve(journal_t *self)
{
    if (self->unreservable || self->reserved >= self->size + JOURNAL_RESERVE / 2)
        return;
    if (!fallocate(self->fd, FALLOC_FL_KEEP_SIZE, (off_t)self->size, JOURNAL_RESERVE))
        self->reserved = self->size + JOURNAL_RESERVE;
    else if (errno == EOPNOTSUPP || errno == ENOSYS)
        self->unreservable = true;
}

/* Without its torn end; and synced, as a process that died between a record and its sync left it in
 * the page cache alone, where it can be read and a power cut still takes it away. */
static int
settle(journal_t *self, uint64_t length, const char *path, fault_t *fault)
{
    if (length != self->size && ftruncate(self->fd, (off_t)self->size))
        return fault_errno(fault, "the torn end of '%s' cannot be cut off", path);
    if (fsync(self->fd))
        return fault_errno(fault, "journal '%s' cannot be synced", path);
    return 0;
}

static int
lock(journal_t *self, const char *path, fault_t *fault)
{
    self->fd = open(path, O_RDWR | O_APPEND | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
    if (self->fd < 0)
        return fault_errno(fault, "journal '%s' cannot be opened", path);
    if (flock(self->fd, LOCK_EX | LOCK_NB))
        return fault_set(fault, FAULT_CONFLICT, "journal '%s' is held by another effector", path);
    return 0;
}

/* A journal that was just made must not vanish with its name: sync the folder too. */
static int
sync_folder(const char *path, fault_t *fault)
{
    CLEANUP(memory_free) char *folder = memory_text(path);
    char *slash = strrchr(folder, '/');
    if (slash)
        *slash = '\0';
    CLEANUP(descriptor_close)
    int fd = open(slash ? folder : ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (fd < 0 || fsync(fd))
        return fault_errno(fault, "the folder of '%s' cannot be synced", path);
    return 0;
}

journal_t *
journal_open(const char *path, fault_t *fault)
{
    CLEANUP(journal_destroy) journal_t *self = memory_new(1, sizeof *self);
    self->fd = -1;
    hashmap_set(&self->heads, &self->head, 0);
    if (lock(self, path, fault))
        return NULL;
    CLEANUP(bytes_destroy) bytes_t *bytes = file_read(path, JOURNAL_BYTES_MAX, fault);
    if (!bytes || load(self, path, bytes_slice(bytes), fault) ||
        settle(self, bytes->size, path, fault) || sync_folder(path, fault))
        return NULL;
    reserve(self);
    return MOVE(self);
}

void
journal_destroy(journal_t **self_p)
{
    journal_t *self = *self_p;
    if (!self)
        return;
    for (size_t i = 0; i < self->count; i++)
        bytes_destroy(&self->entries[i].result);
    descriptor_close(&self->fd);
    free(self->entries);
    free(self->keys.slots);
    free(self->runs.slots);
    free(self->heads.slots);
    free(self);
    *self_p = NULL;
}

const hash_t *
journal_head(const journal_t *self)
{
    return &self->head;
}

wall_t
journal_seen(const journal_t *self)
{
    return self->seen;
}

bool
journal_reaches(const journal_t *self, const hash_t *head)
{
    size_t ignored;
    return hashmap_get(&self->heads, head, &ignored);
}

const journal_entry_t *
journal_find(const journal_t *self, const hash_t *key)
{
    size_t at;
    return hashmap_get(&self->keys, key, &at) ? &self->entries[at] : NULL;
}

const journal_entry_t *
journal_first(const journal_t *self, const hash_t *run)
{
    size_t at;
    return hashmap_get(&self->runs, run, &at) ? &self->entries[at] : NULL;
}

const journal_entry_t *
journal_next(const journal_t *self, const hash_t *run, const journal_entry_t *behind)
{
    const journal_entry_t *entry = behind ? behind + 1 : journal_first(self, run);
    while (entry && entry < self->entries + self->count && !hash_equal(&entry->run, run))
        entry++;
    return entry && entry < self->entries + self->count ? entry : NULL;
}

size_t
journal_count_runs(const journal_t *self, const hash_t *authority, wall_t since)
{
    size_t count = 0;
    for (size_t i = 0; i < self->count; i++) {
        const journal_entry_t *at = &self->entries[i];
        count += at->begun.ms >= since.ms && hash_equal(&at->authority, authority) &&
                 journal_first(self, &at->run) == at;
    }
    return count;
}

size_t
journal_count_playbook(const journal_t *self, const char *playbook, const hash_t *other_than,
                       wall_t since)
{
    size_t count = 0;
    for (size_t i = 0; i < self->count; i++) {
        const journal_entry_t *at = &self->entries[i];
        count += at->begun.ms >= since.ms && (!playbook || !strcmp(at->playbook, playbook)) &&
                 !hash_equal(&at->run, other_than) && journal_first(self, &at->run) == at;
    }
    return count;
}

size_t
journal_count(const journal_t *self, const char *op, wall_t since)
{
    size_t count = 0;
    for (size_t i = 0; i < self->count; i++)
        count += self->entries[i].begun.ms >= since.ms && !strcmp(self->entries[i].op, op);
    return count;
}

bool
journal_is_broken(const journal_t *self)
{
    return self->broken;
}

/* All of the record and its sync, or the file as it was; else the journal is broken. */
static int
append(journal_t *self, slice_t bytes, fault_t *fault)
{
    if (self->broken)
        return fault_set(fault, FAULT_IO, "the journal is broken; the effector must start again");
    if (file_write_all(self->fd, bytes, fault)) {
        self->broken = ftruncate(self->fd, (off_t)self->size) || fdatasync(self->fd);
        self->reserved = 0;
        return fault_wrap(fault, "journal");
    }
    if (fdatasync(self->fd)) {
        self->broken = true;
        return fault_errno(fault, "the journal cannot be synced");
    }
    self->size += bytes.size;
    return 0;
}

static int
write_record(journal_t *self, record_t *record, fault_t *fault)
{
    CLEANUP(bytes_destroy) bytes_t *text = bytes_new();
    CLEANUP(bytes_destroy) bytes_t *framed = bytes_new();
    record->previous = self->head;
    record_encode(record, text);
    assert(text->size <= RECORD_BYTES_MAX);
    bytes_add_string(framed, bytes_slice(text));
    bytes_add_u8(framed, '\n');
    if (append(self, bytes_slice(framed), fault))
        return -1;
    hash_t head = hash_of(bytes_slice(text));
    int applied = apply(self, record, &head, NULL);
    assert(applied == 0);
    reserve(self);
    return 0;
}

/* Beside what is reserved for ENDs. */
static int
check_room(journal_t *self, fault_t *fault)
{
    reserve(self);
    if (!self->unreservable && self->reserved < self->size + JOURNAL_RESERVE_MIN)
        return fault_set(fault, FAULT_FULL,
                         "the disk leaves the journal no room; free space under the state folder");
    return 0;
}

int
journal_see(journal_t *self, wall_t at, fault_t *fault)
{
    record_t record = {.kind = RECORD_SEEN, .at = at};
    return check_room(self, fault) ? -1 : write_record(self, &record, fault);
}

int
journal_begin(journal_t *self, const journal_entry_t *entry, fault_t *fault)
{
    assert(!journal_find(self, &entry->key));
    record_t record = {.kind = RECORD_BEGIN, .entry = *entry, .at = entry->begun};
    record.entry.ended = false;
    record.entry.result = NULL;
    if (check_room(self, fault))
        return -1;
    if (self->count >= JOURNAL_OPS_MAX)
        return fault_set(fault, FAULT_FULL, "the journal holds %d ops; enrol this worker anew",
                         JOURNAL_OPS_MAX);
    return write_record(self, &record, fault);
}

int
journal_end(journal_t *self, const hash_t *key, const char *code, slice_t result, wall_t at,
            fault_t *fault)
{
    const journal_entry_t *entry = journal_find(self, key);
    assert(entry && !entry->ended);
    CLEANUP(bytes_destroy) bytes_t *escaped = bytes_new();
    text_escape(escaped, result);
    if (escaped->size > JOURNAL_RESULT_MAX)
        return fault_set(fault, FAULT_LIMIT, "a result of %zu bytes is too long for the journal",
                         result.size);
    CLEANUP(record_clear)
    record_t record = {
        .kind = RECORD_END, .at = at, .entry = {.key = *key, .result = bytes_copy(result)}};
    bool fits = text_copy(record.entry.code, sizeof record.entry.code, code);
    assert(fits);
    if (!write_record(self, &record, fault))
        return 0;
    self->broken = true;
    return -1;
}
