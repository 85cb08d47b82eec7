/* SPDX-License-Identifier: Apache-2.0 */
#include "wire/shape.h"

#include <assert.h>
#include <stdio.h>

#define NAME_MAX_BYTES 64
#define FIELDS_MAX     32

/* One walk over the line serves both: without a value, only the line itself is held to the grammar.
 */
typedef struct {
    const char *at;
    const char *wrong; /* what the value is not */
    char field[NAME_MAX_BYTES];
    bool bad;  /* the line is of no grammar */
    bool part; /* what is missing is not wrong */
} reader_t;

static bool
takes(reader_t *self, const char *word)
{
    size_t size = strlen(word);
    if (strncmp(self->at, word, size) != 0)
        return false;
    self->at += size;
    return true;
}

static bool
read_name(reader_t *self, char name[static NAME_MAX_BYTES])
{
    size_t size = strspn(self->at, "abcdefghijklmnopqrstuvwxyz0123456789_");
    if (!size || size >= NAME_MAX_BYTES)
        return false;
    memcpy(name, self->at, size);
    name[size] = '\0';
    self->at += size;
    return true;
}

static void
misses(reader_t *self, const char *what)
{
    if (!self->wrong)
        self->wrong = what;
}

static void
read_words(reader_t *self)
{
    if (!takes(self, " ("))
        return;
    size_t size = strcspn(self->at, "()");
    self->bad = self->bad || !size || self->at[size] != ')';
    self->at += size + !self->bad;
}

static void read_shape(reader_t *self, const value_t *value);

/* Every key of the map is one of these names. */
static void
look_for_others(reader_t *self, const value_t *value, char names[][NAME_MAX_BYTES], size_t count)
{
    for (size_t i = 0; !self->wrong && i < value_count(value); i++) {
        slice_t key = value_key(value, i);
        size_t known = 0;
        while (known < count && !slice_is(key, names[known]))
            known++;
        if (known < count)
            continue;
        snprintf(self->field, sizeof self->field, "%.*s", (int)key.size, (const char *)key.data);
        misses(self, "is a field that it does not have");
    }
}

static void
read_map(reader_t *self, const value_t *value)
{
    char names[FIELDS_MAX][NAME_MAX_BYTES];
    size_t count = 0;
    bool is_map = value && value_kind(value) == VALUE_MAP;
    if (value && !is_map)
        misses(self, "is no map");
    do {
        if (count == FIELDS_MAX || !read_name(self, names[count])) {
            self->bad = true;
            return;
        }
        bool optional = takes(self, "?");
        const value_t *field = is_map ? value_get(value, names[count]) : NULL;
        self->bad = self->bad || !takes(self, ": ");
        if (!self->wrong)
            snprintf(self->field, sizeof self->field, "%s", names[count]);
        if (value && !field && !optional && !self->part)
            misses(self, "is missing");
        read_shape(self, field);
        read_words(self);
        count++;
    } while (!self->bad && takes(self, ", "));
    self->bad = self->bad || !takes(self, "}");
    if (is_map)
        look_for_others(self, value, names, count);
}

static void
read_items(reader_t *self, const value_t *value)
{
    const char *from = self->at;
    bool is_list = value && value_kind(value) == VALUE_LIST;
    bool is_empty = self->part && value && value_kind(value) == VALUE_MAP && !value_count(value);
    if (value && !is_list && !is_empty)
        misses(self, "is no list");
    read_shape(self, NULL);
    const char *end = self->at;
    for (size_t i = 0; !self->bad && is_list && i < value_count(value); i++) {
        self->at = from;
        read_shape(self, value_at(value, i));
    }
    self->at = end;
}

static void
read_shape(reader_t *self, const value_t *value)
{
    static const struct {
        const char *word, *wrong;
        value_kind_t kind, or_kind;
    } plain[] = {
        {"text", "is no text", VALUE_BYTES, VALUE_BYTES},
        {"integer", "is no integer", VALUE_INTEGER, VALUE_INTEGER},
        {"number", "is no number", VALUE_INTEGER, VALUE_DECIMAL},
        {"bool", "is neither true nor false", VALUE_BOOL, VALUE_BOOL},
    };
    if (self->bad || takes(self, "any"))
        return;
    if (takes(self, "{")) {
        read_map(self, value);
        return;
    }
    if (takes(self, "list of ")) {
        read_items(self, value);
        return;
    }
    for (size_t i = 0; i < ARRAY_SIZE(plain); i++)
        if (takes(self, plain[i].word)) {
            value_kind_t kind = value ? value_kind(value) : plain[i].kind;
            if (kind != plain[i].kind && kind != plain[i].or_kind)
                misses(self, plain[i].wrong);
            return;
        }
    self->bad = true;
}

bool
shape_is_good(const char *shape)
{
    reader_t reader = {.at = shape};
    read_shape(&reader, NULL);
    return !reader.bad && !*reader.at;
}

static int
check(const char *shape, const value_t *value, bool part, fault_t *fault)
{
    reader_t reader = {.at = shape, .part = part};
    read_shape(&reader, value);
    assert(!reader.bad && !*reader.at);
    if (!reader.wrong)
        return 0;
    return fault_set(fault, FAULT_FORMAT, "'%s' %s", reader.field[0] ? reader.field : "it",
                     reader.wrong);
}

int
shape_check(const char *shape, const value_t *value, fault_t *fault)
{
    return check(shape, value, false, fault);
}

int
shape_check_part(const char *shape, const value_t *value, fault_t *fault)
{
    return check(shape, value, true, fault);
}
