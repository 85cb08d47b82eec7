/* SPDX-License-Identifier: Apache-2.0 */
#include "wire/value.h"

#include <assert.h>
#include <stdlib.h>

#include "common/text.h"

typedef struct {
    bytes_t *key; /* of a map's entry; NULL in a list */
    value_t *item;
} entry_t;

struct value {
    value_kind_t kind;
    bool truth;
    int64_t number;
    bytes_t *bytes;   /* bytes, or a decimal's digits */
    entry_t *entries; /* of a list, or of a map in key order */
    size_t count;
    size_t capacity;
};

static value_t *
value_new(value_kind_t kind)
{
    value_t *self = memory_new(1, sizeof *self);
    self->kind = kind;
    return self;
}

value_t *
value_nil(void)
{
    return value_new(VALUE_NIL);
}

value_t *
value_bool(bool truth)
{
    value_t *self = value_new(VALUE_BOOL);
    self->truth = truth;
    return self;
}

value_t *
value_integer(int64_t number)
{
    value_t *self = value_new(VALUE_INTEGER);
    self->number = number;
    return self;
}

value_t *
value_bytes(slice_t bytes)
{
    value_t *self = value_new(VALUE_BYTES);
    self->bytes = bytes_copy(bytes);
    return self;
}

value_t *
value_text(const char *text)
{
    return value_bytes(slice_text(text));
}

value_t *
value_list(void)
{
    return value_new(VALUE_LIST);
}

value_t *
value_map(void)
{
    return value_new(VALUE_MAP);
}

static bool
is_decimal(const char *text)
{
    const char *at = *text == '-' ? text + 1 : text;
    size_t whole = strspn(at, "0123456789");
    if (!whole || (whole > 1 && at[0] == '0') || at[whole] != '.')
        return false;
    at += whole + 1;
    size_t part = strspn(at, "0123456789");
    return part && !at[part] && at[part - 1] != '0' && strlen(text) <= VALUE_DECIMAL_MAX;
}

value_t *
value_decimal(const char *text, fault_t *fault)
{
    if (!is_decimal(text)) {
        fault_set(fault, FAULT_FORMAT, "'%.60s' is not a decimal in its one spelling", text);
        return NULL;
    }
    value_t *self = value_new(VALUE_DECIMAL);
    self->bytes = bytes_copy(slice_text(text));
    return self;
}

void
value_destroy(value_t **self_p)
{
    value_t *self = *self_p;
    if (!self)
        return;
    bytes_destroy(&self->bytes);
    for (size_t i = 0; i < self->count; i++) {
        bytes_destroy(&self->entries[i].key);
        value_destroy(&self->entries[i].item);
    }
    free(self->entries);
    free(self);
    *self_p = NULL;
}

value_t *
value_copy(const value_t *self)
{
    value_t *copy = value_new(self->kind);
    copy->truth = self->truth;
    copy->number = self->number;
    if (self->bytes)
        copy->bytes = bytes_copy(bytes_slice(self->bytes));
    copy->entries = self->count ? memory_new(self->count, sizeof *copy->entries) : NULL;
    copy->count = copy->capacity = self->count;
    for (size_t i = 0; i < self->count; i++) {
        if (self->entries[i].key)
            copy->entries[i].key = bytes_copy(bytes_slice(self->entries[i].key));
        copy->entries[i].item = value_copy(self->entries[i].item);
    }
    return copy;
}

value_t *
value_copy_map(const value_t *self)
{
    return self && self->kind == VALUE_MAP ? value_copy(self) : value_map();
}

value_t *
value_given(const value_t *self)
{
    return value_kind(self) == VALUE_NIL ? value_bool(true) : value_copy(self);
}

/* Room for one entry at index. */
static entry_t *
insert(value_t *self, size_t index)
{
    self->entries = memory_grow(self->entries, self->count, &self->capacity, sizeof *self->entries);
    memmove(self->entries + index + 1, self->entries + index,
            (self->count - index) * sizeof *self->entries);
    self->count++;
    self->entries[index] = (entry_t){0};
    return &self->entries[index];
}

void
value_append(value_t *self, value_t *item)
{
    assert(self->kind == VALUE_LIST && item);
    insert(self, self->count)->item = item;
}

/* The entry with this key, or where it belongs. */
static size_t
locate(const value_t *self, slice_t key, bool *found)
{
    size_t low = 0, high = self->count;
    *found = false;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        int order = slice_compare(bytes_slice(self->entries[middle].key), key);
        if (!order) {
            *found = true;
            return middle;
        }
        if (order < 0)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

void
value_set_slice(value_t *self, slice_t key, value_t *item)
{
    assert(self->kind == VALUE_MAP && item);
    bool found;
    size_t index = locate(self, key, &found);
    if (found) {
        value_destroy(&self->entries[index].item);
        self->entries[index].item = item;
        return;
    }
    entry_t *entry = insert(self, index);
    entry->key = bytes_copy(key);
    entry->item = item;
}

void
value_set(value_t *self, const char *key, value_t *item)
{
    value_set_slice(self, slice_text(key), item);
}

void
value_set_text(value_t *self, const char *key, const char *text)
{
    value_set(self, key, value_text(text));
}

void
value_set_integer(value_t *self, const char *key, int64_t number)
{
    value_set(self, key, value_integer(number));
}

void
value_set_bool(value_t *self, const char *key, bool truth)
{
    value_set(self, key, value_bool(truth));
}

value_kind_t
value_kind(const value_t *self)
{
    return self->kind;
}

bool
value_truth(const value_t *self)
{
    return self->kind == VALUE_BOOL && self->truth;
}

int64_t
value_number(const value_t *self)
{
    return self->kind == VALUE_INTEGER ? self->number : 0;
}

slice_t
value_slice(const value_t *self)
{
    return self && self->bytes ? bytes_slice(self->bytes) : slice_of(NULL, 0);
}

const char *
value_string(const value_t *self)
{
    if (self->kind != VALUE_BYTES || memchr(self->bytes->data, '\0', self->bytes->size))
        return "";
    return bytes_text(self->bytes);
}

size_t
value_count(const value_t *self)
{
    return self ? self->count : 0;
}

const value_t *
value_at(const value_t *self, size_t index)
{
    assert(index < self->count);
    return self->entries[index].item;
}

slice_t
value_key(const value_t *self, size_t index)
{
    assert(self->kind == VALUE_MAP && index < self->count);
    return bytes_slice(self->entries[index].key);
}

const value_t *
value_get(const value_t *self, const char *key)
{
    if (!self || self->kind != VALUE_MAP)
        return NULL;
    bool found;
    size_t index = locate(self, slice_text(key), &found);
    return found ? self->entries[index].item : NULL;
}

const char *
value_get_text(const value_t *self, const char *key)
{
    const value_t *item = value_get(self, key);
    return item ? value_string(item) : "";
}

int64_t
value_get_integer(const value_t *self, const char *key)
{
    const value_t *item = value_get(self, key);
    return item ? value_number(item) : 0;
}

bool
value_get_bool(const value_t *self, const char *key)
{
    const value_t *item = value_get(self, key);
    return item && value_truth(item);
}

bool
value_equal(const value_t *left, const value_t *right)
{
    CLEANUP(bytes_destroy) bytes_t *left_bytes = bytes_new();
    CLEANUP(bytes_destroy) bytes_t *right_bytes = bytes_new();
    value_encode(left, left_bytes);
    value_encode(right, right_bytes);
    return slice_equal(bytes_slice(left_bytes), bytes_slice(right_bytes));
}

/* As printf would, at a fraction of its price: values are encoded all the time. */
static void
encode_number(char kind, uint64_t number, bool negative, char end, bytes_t *out)
{
    char text[24], *at = text + sizeof text;
    *--at = end;
    do
        *--at = (char)('0' + number % 10);
    while (number /= 10);
    if (negative)
        *--at = '-';
    *--at = kind;
    bytes_add(out, at, (size_t)(text + sizeof text - at));
}

static void
encode_bytes(slice_t bytes, bytes_t *out)
{
    encode_number('s', bytes.size, false, ':', out);
    bytes_add_slice(out, bytes);
}

void
value_encode(const value_t *self, bytes_t *out)
{
    switch (self->kind) {
    case VALUE_NIL:
        bytes_add_u8(out, 'n');
        break;
    case VALUE_BOOL:
        bytes_add_u8(out, self->truth ? 't' : 'f');
        break;
    case VALUE_INTEGER:
        encode_number('i', self->number < 0 ? -(uint64_t)self->number : (uint64_t)self->number,
                      self->number < 0, ';', out);
        break;
    case VALUE_DECIMAL:
        bytes_addf(out, "r%s;", bytes_text(self->bytes));
        break;
    case VALUE_BYTES:
        encode_bytes(bytes_slice(self->bytes), out);
        break;
    case VALUE_LIST:
    case VALUE_MAP:
        bytes_add_u8(out, self->kind == VALUE_LIST ? 'l' : 'm');
        for (size_t i = 0; i < self->count; i++) {
            if (self->entries[i].key)
                encode_bytes(bytes_slice(self->entries[i].key), out);
            value_encode(self->entries[i].item, out);
        }
        bytes_add_u8(out, 'e');
        break;
    }
}

typedef struct {
    slice_t rest;
    size_t items; /* taken so far, of all lists and maps */
    int depth_max;
    fault_t *fault;
} parser_t;

static value_t *parse(parser_t *self, int depth);

/* The text up to a mark, which is dropped; at most VALUE_DECIMAL_MAX characters. */
static bool
take_until(parser_t *self, char mark, char out[static VALUE_DECIMAL_MAX + 1])
{
    size_t size = 0;
    while (size < self->rest.size && self->rest.data[size] != (uint8_t)mark)
        size++;
    if (size == self->rest.size || size > VALUE_DECIMAL_MAX ||
        memchr(self->rest.data, '\0', size)) {
        fault_set(self->fault, FAULT_FORMAT, "a value's '%c' is missing", mark);
        return false;
    }
    memcpy(out, self->rest.data, size);
    out[size] = '\0';
    self->rest.data += size + 1;
    self->rest.size -= size + 1;
    return true;
}

static value_t *
parse_integer(parser_t *self)
{
    char text[VALUE_DECIMAL_MAX + 1];
    int64_t number;
    if (!take_until(self, ';', text))
        return NULL;
    if (!text_read_i64(text, &number)) {
        fault_set(self->fault, FAULT_FORMAT, "'%s' is not an integer in its one spelling", text);
        return NULL;
    }
    return value_integer(number);
}

static bool
parse_slice(parser_t *self, slice_t *out)
{
    char text[VALUE_DECIMAL_MAX + 1];
    uint64_t size;
    if (!take_until(self, ':', text))
        return false;
    if (!text_read_u64(text, 0, self->rest.size, &size)) {
        fault_set(self->fault, FAULT_FORMAT, "'%s' is not the length of the bytes that follow",
                  text);
        return false;
    }
    *out = slice_of(self->rest.data, size);
    self->rest.data += size;
    self->rest.size -= size;
    return true;
}

/* The next entry's key of a map, above the one before. */
static bool
parse_key(parser_t *self, const value_t *map, slice_t *key)
{
    if (!self->rest.size || self->rest.data[0] != 's') {
        fault_set(self->fault, FAULT_FORMAT, "a map's key is not bytes");
        return false;
    }
    self->rest.data++;
    self->rest.size--;
    if (!parse_slice(self, key))
        return false;
    if (map->count && slice_compare(bytes_slice(map->entries[map->count - 1].key), *key) >= 0) {
        fault_set(self->fault, FAULT_FORMAT, "a map's keys are not ascending");
        return false;
    }
    return true;
}

static value_t *
parse_items(parser_t *self, value_kind_t kind, int depth)
{
    CLEANUP(value_destroy) value_t *list = value_new(kind);
    while (self->rest.size && self->rest.data[0] != 'e') {
        slice_t key = {0};
        if (self->items++ == VALUE_ITEMS_MAX) {
            fault_set(self->fault, FAULT_LIMIT, "over %d items", VALUE_ITEMS_MAX);
            return NULL;
        }
        if (kind == VALUE_MAP && !parse_key(self, list, &key))
            return NULL;
        value_t *item = parse(self, depth + 1);
        if (!item)
            return NULL;
        entry_t *entry = insert(list, list->count);
        entry->item = item;
        entry->key = kind == VALUE_MAP ? bytes_copy(key) : NULL;
    }
    if (!self->rest.size) {
        fault_set(self->fault, FAULT_FORMAT, "a list or map has no end");
        return NULL;
    }
    self->rest.data++;
    self->rest.size--;
    return MOVE(list);
}

static value_t *
parse(parser_t *self, int depth)
{
    char text[VALUE_DECIMAL_MAX + 1] = "";
    slice_t bytes;
    if (depth > self->depth_max || !self->rest.size) {
        fault_set(self->fault, depth > self->depth_max ? FAULT_LIMIT : FAULT_FORMAT,
                  depth > self->depth_max ? "nested too deep" : "a value is missing");
        return NULL;
    }
    char mark = (char)self->rest.data[0];
    self->rest.data++;
    self->rest.size--;
    switch (mark) {
    case 'n':
        return value_nil();
    case 't':
    case 'f':
        return value_bool(mark == 't');
    case 'i':
        return parse_integer(self);
    case 'r':
        return take_until(self, ';', text) ? value_decimal(text, self->fault) : NULL;
    case 's':
        return parse_slice(self, &bytes) ? value_bytes(bytes) : NULL;
    case 'l':
        return parse_items(self, VALUE_LIST, depth);
    case 'm':
        return parse_items(self, VALUE_MAP, depth);
    default:
        fault_set(self->fault, FAULT_FORMAT, "byte 0x%02x starts no value", (uint8_t)mark);
        return NULL;
    }
}

static value_t *
decode(slice_t bytes, int depth_max, fault_t *fault)
{
    parser_t parser = {.rest = bytes, .depth_max = depth_max, .fault = fault};
    if (bytes.size > VALUE_BYTES_MAX) {
        fault_set(fault, FAULT_LIMIT, "a value of %zu bytes is over %d", bytes.size,
                  VALUE_BYTES_MAX);
        return NULL;
    }
    CLEANUP(value_destroy) value_t *self = parse(&parser, 1);
    if (self && parser.rest.size) {
        fault_set(fault, FAULT_FORMAT, "%zu bytes follow a value", parser.rest.size);
        return NULL;
    }
    return MOVE(self);
}

value_t *
value_decode(slice_t bytes, fault_t *fault)
{
    return decode(bytes, VALUE_DEPTH_MAX, fault);
}

value_t *
value_decode_reply(slice_t bytes, fault_t *fault)
{
    return decode(bytes, VALUE_REPLY_DEPTH, fault);
}

/* ---- for people -------------------------------------------------------------------------- */

static void
tell_bytes(slice_t text, bytes_t *out)
{
    for (size_t i = 0; i < text.size; i++) {
        uint8_t at = text.data[i];
        bytes_addf(out, at == '"' || at == '\\' ? "\\%c" : "%c", at < ' ' || at > '~' ? '?' : at);
    }
}

static void
tell_text(slice_t text, bytes_t *out)
{
    bytes_add_text(out, "\"");
    tell_bytes(text, out);
    bytes_add_text(out, "\"");
}

static void
tell_items(const value_t *self, bool map, bytes_t *out)
{
    bytes_add_text(out, map ? "{" : "[");
    for (size_t i = 0; i < self->count; i++) {
        if (i)
            bytes_add_text(out, ", ");
        if (map) {
            tell_bytes(value_key(self, i), out);
            bytes_add_text(out, ": ");
        }
        value_tell(value_at(self, i), out);
    }
    bytes_add_text(out, map ? "}" : "]");
}

void
value_tell(const value_t *self, bytes_t *out)
{
    switch (self->kind) {
    case VALUE_NIL:
        bytes_add_text(out, "nil");
        break;
    case VALUE_BOOL:
        bytes_add_text(out, self->truth ? "true" : "false");
        break;
    case VALUE_INTEGER:
        bytes_addf(out, "%lld", (long long)self->number);
        break;
    case VALUE_DECIMAL:
        bytes_add(out, bytes_slice(self->bytes).data, bytes_slice(self->bytes).size);
        break;
    case VALUE_BYTES:
        tell_text(bytes_slice(self->bytes), out);
        break;
    case VALUE_LIST:
    case VALUE_MAP:
        tell_items(self, self->kind == VALUE_MAP, out);
        break;
    }
}
