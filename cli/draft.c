/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/draft.h"

#include <assert.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include "common/document.h"

typedef struct {
    size_t rank; /* of its key in keys */
    char *value; /* ours */
} line_t;

struct draft {
    const char *type;
    const char *const *keys;
    size_t count, capacity;
    line_t *lines; /* ascending by rank, then document_compare */
};

draft_t *
draft_new(const char *type, const char *const *keys)
{
    draft_t *self = memory_new(1, sizeof *self);
    self->type = type;
    self->keys = keys;
    return self;
}

void
draft_destroy(draft_t **self_p)
{
    draft_t *self = *self_p;
    if (!self)
        return;
    for (size_t i = 0; i < self->count; i++)
        free(self->lines[i].value);
    free(self->lines);
    free(self);
    *self_p = NULL;
}

/* The number of keys where it is none of them. */
static size_t
rank_of(const draft_t *self, const char *key, size_t size)
{
    size_t rank = 0;
    while (self->keys[rank] &&
           (strlen(self->keys[rank]) != size || memcmp(self->keys[rank], key, size) != 0))
        rank++;
    return rank;
}

static void
insert(draft_t *self, size_t rank, const char *value)
{
    size_t at = 0;
    for (; at < self->count && self->lines[at].rank <= rank; at++) {
        int order =
            self->lines[at].rank < rank ? -1 : document_compare(self->lines[at].value, value);
        if (!order)
            return;
        if (order > 0)
            break;
    }
    self->lines = memory_grow(self->lines, self->count, &self->capacity, sizeof *self->lines);
    memmove(self->lines + at + 1, self->lines + at, (self->count - at) * sizeof *self->lines);
    self->lines[at] = (line_t){rank, memory_text(value)};
    self->count++;
}

draft_t *
draft_read(slice_t text, const char *type, const char *const *keys, fault_t *fault)
{
    CLEANUP(draft_destroy) draft_t *self = draft_new(type, keys);
    document_reader_t in;
    document_open(&in, text, type, fault);
    while (!in.spoiled && !slice_is(in.rest, "end\n")) {
        const char *line = (const char *)in.rest.data;
        size_t rank = rank_of(self, line, strcspn(line, " \n"));
        if (!keys[rank]) {
            fault_set(fault, FAULT_FORMAT, "line %u of the %s has none of its keys", in.line + 1,
                      type);
            return NULL;
        }
        insert(self, rank, document_free(&in, keys[rank]));
    }
    return document_close(&in, fault) ? NULL : MOVE(self);
}

static void
add_line(draft_t *self, const char *key, const char *format, va_list args)
{
    char value[DOCUMENT_LINE_MAX + 1];
    size_t rank = rank_of(self, key, strlen(key));
    assert(self->keys[rank]);
    vsnprintf(value, sizeof value, format, args);
    insert(self, rank, value);
}

void
draft_add(draft_t *self, const char *key, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    add_line(self, key, format, args);
    va_end(args);
}

void
draft_set(draft_t *self, const char *key, const char *format, ...)
{
    va_list args;
    draft_drop(self, key, "", "");
    va_start(args, format);
    add_line(self, key, format, args);
    va_end(args);
}

void
draft_set_time(draft_t *self, const char *key, wall_t at)
{
    char text[MOMENT_TEXT_MAX];
    wall_write_time(at, text);
    draft_set(self, key, "%s", text);
}

const char *
draft_get(const draft_t *self, const char *key)
{
    size_t rank = rank_of(self, key, strlen(key));
    for (size_t i = 0; i < self->count; i++)
        if (self->lines[i].rank == rank)
            return self->lines[i].value;
    return "";
}

static bool
fields_match(const char *value, const char *front, const char *back)
{
    size_t size = strlen(value), front_size = strlen(front), back_size = strlen(back);
    if (front_size > size || back_size > size || memcmp(value, front, front_size) != 0 ||
        memcmp(value + size - back_size, back, back_size) != 0)
        return false;
    return (!front_size || !value[front_size] || value[front_size] == ' ') &&
           (!back_size || back_size == size || value[size - back_size - 1] == ' ');
}

size_t
draft_drop(draft_t *self, const char *key, const char *front, const char *back)
{
    size_t rank = rank_of(self, key, strlen(key)), kept = 0, before = self->count;
    assert(self->keys[rank]);
    for (size_t i = 0; i < before; i++) {
        if (self->lines[i].rank == rank && fields_match(self->lines[i].value, front, back))
            memory_free(&self->lines[i].value);
        else
            self->lines[kept++] = self->lines[i];
    }
    self->count = kept;
    return before - kept;
}

void
draft_write(const draft_t *self, bytes_t *out)
{
    document_begin(out, self->type);
    for (size_t i = 0; i < self->count; i++)
        document_add(out, self->keys[self->lines[i].rank], "%s", self->lines[i].value);
    document_end(out);
}
