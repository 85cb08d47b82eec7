/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <fcntl.h>
#include <fnmatch.h>
#include <unistd.h>

#include "worker/ops/asked.h"
#include "worker/ops/bodies.h"
#include "worker/ops/content.h"
#include "worker/ops/machine.h"
#include "worker/ops/own.h"
#include "worker/ops/place.h"
#include "worker/ops/stamp.h"
#include "worker/ops/walk.h"

#define HASHED_MAX   (4ULL << 30)
#define TAIL_BYTES   (256 * 1024)
#define SEARCH_BYTES (16 * 1024 * 1024)
#define TAIL_LINES   20 /* where nobody says how many */
#define SEARCH_LINES 10000
#define SEARCH_COUNT 50
#define FIND_COUNT   100

static const char *
kind_of(mode_t mode)
{
    return S_ISREG(mode) ? "file" : S_ISDIR(mode) ? "folder" : S_ISLNK(mode) ? "link" : "other";
}

static int
set_facts(value_t *row, const op_world_t *world, const struct stat *status, fault_t *fault)
{
    char user[TEXT_NAME_MAX + 1], mode[8];
    if (user_name(world, status->st_uid, user, sizeof user, fault))
        return -1;
    snprintf(mode, sizeof mode, "%04o", status->st_mode & 07777);
    value_set_text(row, "kind", kind_of(status->st_mode));
    value_set_integer(row, "bytes", status->st_size);
    value_set_integer(row, "modified", time_ms(status->st_mtim));
    show(row, "user", user);
    value_set_text(row, "mode", mode);
    return 0;
}

value_t *
file_stat(const value_t *arguments, const op_world_t *world, fault_t *fault)
{
    const char *path = value_get_text(arguments, "path");
    char target[PATH_MAX];
    struct stat status;
    CLEANUP(descriptor_close) int fd = place_open(path, O_PATH | O_NOFOLLOW, fault);
    if (fd < 0)
        return NULL;
    if (fstat(fd, &status)) {
        fault_errno(fault, "'%.160s' cannot be looked at", path);
        return NULL;
    }
    ssize_t size = S_ISLNK(status.st_mode) ? readlinkat(fd, "", target, sizeof target - 1) : 0;
    if (size < 0) {
        fault_errno(fault, "link '%.160s' cannot be read", path);
        return NULL;
    }
    CLEANUP(value_destroy) value_t *result = value_map();
    if (set_facts(result, world, &status, fault))
        return NULL;
    value_set_text(result, "path", path);
    value_set_integer(result, "disk_bytes", (int64_t)status.st_blocks * 512);
    value_set_integer(result, "group_id", status.st_gid);
    value_set_integer(result, "links", (int64_t)status.st_nlink);
    value_set_integer(result, "inode", (int64_t)status.st_ino);
    value_set_integer(result, "changed", time_ms(status.st_ctim));
    if (S_ISLNK(status.st_mode)) {
        target[size] = '\0';
        show(result, "target", target);
    }
    return MOVE(result);
}

value_t *
file_hash(const value_t *arguments, const op_world_t *world, fault_t *fault)
{
    const char *path = value_get_text(arguments, "path");
    char text[HASH_TEXT];
    struct stat status;
    uint64_t bytes;
    hash_t hash;
    CLEANUP(descriptor_close) int fd = own_open_others(path, world, &status, fault);
    if (fd < 0 || content_hash(fd, path, HASHED_MAX, &hash, &bytes, fault))
        return NULL;
    value_t *result = value_map();
    value_set_text(result, "path", path);
    value_set_text(result, "sha256", hash_write(&hash, text));
    value_set_integer(result, "bytes", (int64_t)bytes);
    return result;
}

/* ---- the end of a file, as lines ------------------------------------------------------------ */

typedef struct {
    bytes_t *bytes;
    size_t end; /* of the lines that were not taken yet */
    bool cut;   /* there is more before these bytes */
    int64_t size;
    wall_t written; /* when the file was, last */
} tail_t;

static int
tail_load(tail_t *self, const char *path, const op_world_t *world, size_t most, fault_t *fault)
{
    static uint8_t chunk[65536];
    struct stat status;
    CLEANUP(descriptor_close) int fd = own_open_others(path, world, &status, fault);
    if (fd < 0)
        return -1;
    off_t from = status.st_size > (off_t)most ? status.st_size - (off_t)most : 0;
    CLEANUP(bytes_destroy) bytes_t *bytes = bytes_new();
    ssize_t got = 1;
    while (got > 0 && bytes->size < most) {
        size_t room = most - bytes->size < sizeof chunk ? most - bytes->size : sizeof chunk;
        got = pread(fd, chunk, room, from + (off_t)bytes->size);
        if (got < 0 && errno != EINTR)
            return fault_errno(fault, "'%.160s' cannot be read", path);
        bytes_add(bytes, chunk, got > 0 ? (size_t)got : 0);
        got = got < 0 ? 1 : got;
    }
    size_t end =
        bytes->size && bytes->data[bytes->size - 1] == '\n' ? bytes->size - 1 : bytes->size;
    *self = (tail_t){MOVE(bytes), end, from > 0, status.st_size, {time_ms(status.st_mtim)}};
    self->end += !end && self->bytes->size; /* one empty line */
    return 0;
}

/* The last line that was not taken yet; false where none is left, or only the end of one. */
static bool
tail_line(tail_t *self, slice_t *line)
{
    const uint8_t *data = self->bytes->data;
    if (!self->end)
        return false;
    size_t from = self->end;
    while (from > 0 && data[from - 1] != '\n')
        from--;
    if (!from && self->cut)
        return false;
    *line = slice_of(data + from, self->end - from);
    self->end = from ? from - 1 : 0;
    return true;
}

static bool
tail_more(const tail_t *self)
{
    return self->cut || self->end > 0;
}

static value_t *
line_value(slice_t line)
{
    char text[SHOWN_MAX + 1];
    size_t size = line.size < SHOWN_MAX ? line.size : SHOWN_MAX;
    for (size_t i = 0; i < size; i++)
        text[i] = line.data[i] ? (char)line.data[i] : '?';
    text[size] = '\0';
    for (char *at = text; *at; at++)
        *at = *at == '\t' ? ' ' : *at;
    return shown(text);
}

value_t *
file_tail(const value_t *arguments, const op_world_t *world, fault_t *fault)
{
    const char *path = value_get_text(arguments, "path");
    int64_t wanted = asked_or(arguments, "lines", TAIL_LINES);
    slice_t lines[200];
    size_t count = 0;
    tail_t tail;
    if (tail_load(&tail, path, world, TAIL_BYTES, fault))
        return NULL;
    CLEANUP(bytes_destroy) bytes_t *bytes = tail.bytes;
    while ((int64_t)count < wanted && count < ARRAY_SIZE(lines) && tail_line(&tail, &lines[count]))
        count++;
    value_t *result = value_map(), *list = value_list();
    while (count > 0)
        value_append(list, line_value(lines[--count]));
    value_set_text(result, "path", path);
    value_set_integer(result, "bytes", tail.size);
    value_set_bool(result, "more", tail_more(&tail));
    value_set(result, "lines", list);
    (void)bytes;
    return result;
}

/* ---- lines with a text, and of a time ------------------------------------------------------- */

/* Lines go by from the last to the first; one that begins with no time is of the time of the next
 * above that does. */
typedef struct {
    bool bound;           /* by since or until */
    int64_t since, until; /* both included */
    bool known;           /* the rest is */
    wall_t at;            /* the time of the lines from `from` on, up to what went by before */
    const uint8_t *from;
    bool any;      /* oldest is known */
    wall_t oldest; /* of the lines that went by */
} span_t;

/* Finds the time of a line, which tail gave last. */
static void
date_line(span_t *self, const tail_t *tail, slice_t line)
{
    tail_t above = *tail;
    slice_t at = line;
    if (self->from && line.data >= self->from)
        return;
    self->known = stamp_read(at, tail->written, &self->at);
    while (!self->known && tail_line(&above, &at))
        self->known = stamp_read(at, tail->written, &self->at);
    self->from = at.data;
    if (self->known && (!self->any || self->at.ms < self->oldest.ms))
        self->oldest = self->at;
    self->any = self->any || self->known;
}

static bool
in_span(span_t *self, const tail_t *tail, slice_t line)
{
    if (!self->bound)
        return true;
    date_line(self, tail, line);
    return self->known && self->at.ms >= self->since && self->at.ms <= self->until;
}

/* Where times bound it, how far back they lie is not known in lines. */
value_t *
file_search(const value_t *arguments, const op_world_t *world, fault_t *fault)
{
    const char *path = value_get_text(arguments, "path"), *text = value_get_text(arguments, "text");
    span_t span = {.bound = value_get(arguments, "since") || value_get(arguments, "until"),
                   .since = asked_or(arguments, "since", INT64_MIN),
                   .until = asked_or(arguments, "until", INT64_MAX)};
    int64_t most = asked_or(arguments, "lines", span.bound ? INT64_MAX : SEARCH_LINES);
    int64_t looked_at = 0, found = 0;
    size_t count = (size_t)asked_or(arguments, "count", SEARCH_COUNT);
    slice_t line;
    tail_t tail;
    if (tail_load(&tail, path, world, SEARCH_BYTES, fault))
        return NULL;
    CLEANUP(bytes_destroy) bytes_t *bytes = tail.bytes;
    value_t *result = value_map(), *list = value_list();
    for (; looked_at < most && tail_line(&tail, &line); looked_at++) {
        if (!in_span(&span, &tail, line) || !memmem(line.data, line.size, text, strlen(text)))
            continue;
        found++;
        if (value_count(list) < count)
            value_append(list, line_value(line));
    }
    value_set_text(result, "path", path);
    value_set_integer(result, "found", found);
    value_set_integer(result, "looked_at", looked_at);
    value_set_bool(result, "more", tail_more(&tail));
    if (span.any)
        value_set_integer(result, "oldest", span.oldest.ms);
    value_set(result, "lines", list);
    (void)bytes;
    return result;
}

/* ---- what lies below a folder --------------------------------------------------------------- */

typedef struct {
    const op_world_t *world;
    const char *name, *kind; /* "" for any */
    int64_t newer_than, older_than, min_bytes;
    bool setuid; /* only programs with rights of their own */
    size_t count;
    value_t *list;
    int64_t left_out;
} search_t;

static bool
is_wanted(const search_t *self, const char *name, const struct stat *status)
{
    bool special = S_ISREG(status->st_mode) && (status->st_mode & (S_ISUID | S_ISGID));
    int64_t when = time_ms(self->setuid ? status->st_ctim : status->st_mtim);
    return (!self->setuid || special) && when > self->newer_than && when < self->older_than &&
           status->st_size >= self->min_bytes &&
           (!self->kind[0] || !strcmp(self->kind, kind_of(status->st_mode))) &&
           (!self->name[0] || !fnmatch(self->name, name, 0));
}

static void
on_entry(void *context, const char *folder, const char *name, const struct stat *status)
{
    search_t *self = context;
    char path[PATH_MAX];
    if (!is_wanted(self, name, status))
        return;
    CLEANUP(value_destroy) value_t *row = value_map();
    if (value_count(self->list) >= self->count || set_facts(row, self->world, status, NULL)) {
        self->left_out++;
        return;
    }
    walk_path(folder, name, path, sizeof path);
    show(row, "path", path);
    value_append(self->list, MOVE(row));
}

static void
on_deep(void *search)
{
    ((search_t *)search)->left_out++;
}

static value_t *
search(search_t *self, const value_t *arguments, fault_t *fault)
{
    CLEANUP(value_destroy) value_t *list = value_list();
    walker_t walker = {.self = self, .on_entry = on_entry, .on_deep = on_deep};
    self->name = value_get_text(arguments, "name");
    self->kind = value_get_text(arguments, "kind");
    self->newer_than = asked_or(arguments, "newer_than", INT64_MIN);
    self->older_than = asked_or(arguments, "older_than", INT64_MAX);
    self->min_bytes = asked_or(arguments, "min_bytes", INT64_MIN);
    self->count = (size_t)asked_or(arguments, "count", FIND_COUNT);
    self->list = list;
    if (walk_below(value_get_text(arguments, "path"), &walker, fault))
        return NULL;
    value_t *result = value_map();
    value_set(result, "files", MOVE(list));
    value_set_integer(result, "left_out", self->left_out);
    return result;
}

value_t *
file_find(const value_t *arguments, const op_world_t *world, fault_t *fault)
{
    search_t wanted = {.world = world};
    return search(&wanted, arguments, fault);
}

value_t *
file_setuid(const value_t *arguments, const op_world_t *world, fault_t *fault)
{
    search_t wanted = {.world = world, .setuid = true};
    return search(&wanted, arguments, fault);
}
