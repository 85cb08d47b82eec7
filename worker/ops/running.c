/* SPDX-License-Identifier: Apache-2.0 */
#include "worker/ops/running.h"

#include <assert.h>
#include <stdlib.h>

#include "worker/ops/machine.h"

#define PLACE     "{place}"
#define BELOW     " | "
#define DEPTH_MAX 16

struct running {
    bytes_t *text;
    size_t count, room;
    char **lines;
};

void
running_destroy(running_t **self_p)
{
    running_t *self = *self_p;
    if (!self)
        return;
    for (size_t i = 0; i < self->count; i++)
        free(self->lines[i]);
    free(self->lines);
    bytes_destroy(&self->text);
    free(self);
    *self_p = NULL;
}

/* ---- reading ------------------------------------------------------------------------------ */

/* The lines that the next one may stand below, each with how many blanks were in front of it. */
typedef struct {
    size_t depth;
    size_t blanks[DEPTH_MAX];
    char *lines[DEPTH_MAX]; /* whole ones; the configuration's */
} above_t;

static void
squeeze(char *line)
{
    char *to = line;
    for (const char *at = line; *at; at++)
        if (*at != ' ' || (to != line && to[-1] != ' '))
            *to++ = *at;
    while (to != line && to[-1] == ' ')
        to--;
    *to = '\0';
}

static char *
join(const char *above, const char *line)
{
    CLEANUP(bytes_destroy) bytes_t *whole = bytes_new();
    bytes_addf(whole, "%s%s%s", above ? above : "", above ? BELOW : "", line);
    return memory_text(bytes_text(whole));
}

static int
add_line(running_t *self, char *line, fault_t *fault)
{
    if (self->count == RUNNING_LINES_MAX) {
        free(line);
        return fault_set(fault, FAULT_LIMIT, "a configuration of more than %d lines",
                         RUNNING_LINES_MAX);
    }
    if (self->count == self->room) {
        self->room = self->room ? 2 * self->room : 256;
        self->lines = realloc(self->lines, self->room * sizeof *self->lines);
        assert(self->lines);
    }
    self->lines[self->count++] = line;
    return 0;
}

static bool
is_end(const char *line)
{
    return !*line || *line == '!' || *line == '#' || !strcmp(line, "exit") || !strcmp(line, "end");
}

/* One line of the text, which is ours to change. */
static int
take_line(running_t *self, const dialect_t *dialect, above_t *above, char *line, fault_t *fault)
{
    size_t blanks = strspn(line, " ");
    if (dialect_begins(line, dialect->passing))
        return 0;
    bytes_addf(self->text, "%s\n", line);
    squeeze(line);
    if (is_end(line))
        return 0;
    while (above->depth && above->blanks[above->depth - 1] >= blanks)
        above->depth--;
    char *whole = join(above->depth ? above->lines[above->depth - 1] : NULL, line);
    if (add_line(self, whole, fault))
        return -1;
    if (dialect->nested && above->depth < DEPTH_MAX) {
        above->blanks[above->depth] = blanks;
        above->lines[above->depth++] = whole;
    }
    return 0;
}

running_t *
running_read(const dialect_t *dialect, slice_t shown, fault_t *fault)
{
    CLEANUP(running_destroy) running_t *self = memory_new(1, sizeof *self);
    above_t above = {0};
    self->text = bytes_new();
    for (const uint8_t *at = shown.data, *end = at + shown.size; at < end;) {
        const uint8_t *stop = memchr(at, '\n', (size_t)(end - at));
        size_t size = (size_t)((stop ? stop : end) - at);
        CLEANUP(memory_free) char *line = memory_new(size + 1, 1);
        memcpy(line, at, size);
        while (size && (line[size - 1] == ' ' || line[size - 1] == '\r'))
            line[--size] = '\0';
        if (take_line(self, dialect, &above, line, fault))
            return NULL;
        at = stop ? stop + 1 : end;
    }
    if (!self->count) {
        fault_set(fault, FAULT_FORMAT, "the device shows no configuration");
        return NULL;
    }
    return MOVE(self);
}

slice_t
running_text(const running_t *self)
{
    return bytes_slice(self->text);
}

/* ---- looking ------------------------------------------------------------------------------ */

static bool
begins(const char *line, const char *with, size_t *size)
{
    *size = strlen(with);
    return !strncasecmp(line, with, *size) && (!line[*size] || line[*size] == ' ');
}

bool
running_has(const running_t *self, const char *line)
{
    size_t size;
    for (size_t i = 0; i < self->count; i++)
        if (begins(self->lines[i], line, &size))
            return true;
    return false;
}

/* Behind before, up to the first after that ends at a blank or the line's end. */
static bytes_t *
place_in(const char *line, const char *before, size_t before_size, const char *after)
{
    size_t size;
    if (strncasecmp(line, before, before_size) != 0)
        return NULL;
    const char *from = line + before_size;
    for (const char *at = from; *at; at++)
        if (at != from && begins(at, after, &size))
            return bytes_copy(slice_of(from, (size_t)(at - from)));
    return NULL;
}

bytes_t *
running_place(const running_t *self, const char *line)
{
    const char *hole = strstr(line, PLACE);
    assert(hole);
    for (size_t i = 0; i < self->count; i++) {
        bytes_t *place =
            place_in(self->lines[i], line, (size_t)(hole - line), hole + strlen(PLACE));
        if (place)
            return place;
    }
    return NULL;
}

/* ---- comparing ---------------------------------------------------------------------------- */

static int
order(const void *left, const void *right)
{
    char *const *one = *(char *const *const *)left, *const *other = *(char *const *const *)right;
    int difference = strcmp(*one, *other);
    return difference ? difference : (one > other) - (one < other);
}

/* Pointers to the lines, by what they say; the caller's. */
static char ***
sorted(const running_t *self)
{
    char ***all = memory_new(self->count, sizeof *all);
    for (size_t i = 0; i < self->count; i++)
        all[i] = &self->lines[i];
    qsort(all, self->count, sizeof *all, order);
    return all;
}

/* Everything behind such a word is hidden. */
static void
append_hidden(value_t *out, const char *line)
{
    static const char *const words[] = {
        "password",
        "secret",
        "key",
        "key-string",
        "community",
        "md5",
        "psk",
        "wpa-psk",
        "passphrase",
        "auth",
        "priv",
        "pre-shared-key",
        "ascii-text",
        "hexadecimal",
        "key-hash",
        "authentication-key",
        "authentication-password",
        "privacy-key",
        "privacy-password",
        "encrypted-password",
        "plain-text-password",
        "simple-password",
    };
    size_t size;
    for (const char *at = line; *at; at++)
        for (size_t i = 0; (at == line || at[-1] == ' ') && i < ARRAY_SIZE(words); i++) {
            if (!begins(at, words[i], &size) || !at[size])
                continue;
            CLEANUP(bytes_destroy) bytes_t *shortened = bytes_new();
            bytes_addf(shortened, "%.*s (hidden)", (int)(at + size - line), line);
            value_append(out, shown(bytes_text(shortened)));
            return;
        }
    value_append(out, shown(line));
}

bool
running_differs(const running_t *self, const running_t *other, size_t count, value_t *out)
{
    CLEANUP(memory_free) char ***ours = sorted(self);
    CLEANUP(memory_free) char ***theirs = sorted(other);
    CLEANUP(memory_free) bool *alone = memory_new(self->count, sizeof *alone);
    size_t told = 0;
    for (size_t i = 0, j = 0; i < self->count; i++) {
        int difference = 1;
        while (j < other->count && (difference = strcmp(*theirs[j], *ours[i])) < 0)
            j++;
        bool shared = j < other->count && !difference;
        alone[ours[i] - self->lines] = !shared;
        j += shared;
    }
    for (size_t i = 0; i < self->count; i++)
        if (alone[i] && told++ < count)
            append_hidden(out, self->lines[i]);
    return told > count;
}
