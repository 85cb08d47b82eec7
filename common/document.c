/* SPDX-License-Identifier: Apache-2.0 */
#include "common/document.h"

#include <assert.h>
#include <stdarg.h>
#include <stdio.h>

#include "common/text.h"

#define LAST_LINE "\nend\n" /* behind the line before it */

void
document_spoil(document_reader_t *self, fault_code_t code, const char *format, ...)
{
    if (self->spoiled)
        return;
    char text[FAULT_TEXT_MAX];
    va_list args;
    va_start(args, format);
    vsnprintf(text, sizeof text, format, args);
    va_end(args);
    self->spoiled = true;
    fault_set(self->fault, code, "%s, line %u: %s", self->type, self->line, text);
}

/* The line at the front of rest, without its LF. Document_open saw that the last byte is LF. */
static slice_t
front_line(const document_reader_t *self)
{
    const uint8_t *lf = memchr(self->rest.data, '\n', self->rest.size);
    assert(lf);
    return slice_of(self->rest.data, (size_t)(lf - self->rest.data));
}

static void
skip_line(document_reader_t *self, slice_t line)
{
    self->rest.data += line.size + 1;
    self->rest.size -= line.size + 1;
    self->line++;
}

static bool
check_lines(document_reader_t *self, slice_t text)
{
    for (size_t lines = 1; text.size; lines++) {
        const uint8_t *lf = memchr(text.data, '\n', text.size); /* the last byte is one */
        size_t size = (size_t)(lf - text.data);
        self->line = (unsigned)lines;
        if (size > DOCUMENT_LINE_MAX)
            document_spoil(self, FAULT_LIMIT, "over %d bytes long", DOCUMENT_LINE_MAX);
        if (lines > DOCUMENT_LINES_MAX)
            document_spoil(self, FAULT_LIMIT, "over %d lines", DOCUMENT_LINES_MAX);
        text = slice_of(lf + 1, text.size - size - 1);
    }
    self->line = 0;
    return !self->spoiled;
}

static bool
ends_well(slice_t text)
{
    size_t size = sizeof LAST_LINE - 1;
    return text.size >= size && !memcmp(text.data + text.size - size, LAST_LINE, size);
}

void
document_open(document_reader_t *self, slice_t text, const char *type, fault_t *fault)
{
    char first[64];
    self->rest = text;
    self->type = type;
    self->line = 0;
    self->spoiled = false;
    self->fault = fault;
    self->key[0] = self->value[0] = '\0';
    snprintf(first, sizeof first, "tocsin-%s v%d", type, DOCUMENT_VERSION);
    if (text.size > DOCUMENT_BYTES_MAX) {
        document_spoil(self, FAULT_LIMIT, "over %d bytes", DOCUMENT_BYTES_MAX);
    } else if (!ends_well(text)) {
        document_spoil(self, FAULT_FORMAT, "the last line is not 'end'");
    } else if (check_lines(self, text)) {
        slice_t line = front_line(self);
        skip_line(self, line);
        if (!slice_is(line, first))
            document_spoil(self, FAULT_FORMAT, "the first line is not '%s'", first);
    }
}

bool
document_has(document_reader_t *self, const char *key)
{
    size_t size = strlen(key);
    if (self->spoiled || !self->rest.size)
        return false;
    slice_t line = front_line(self);
    return line.size > size && !memcmp(line.data, key, size) && line.data[size] == ' ';
}

/* Fields compare as numbers where both are numbers, as bytes otherwise. */
static int
compare_fields(const char *left, size_t left_size, const char *right, size_t right_size)
{
    bool numbers = left_size && right_size;
    for (size_t i = 0; i < left_size; i++)
        numbers = numbers && left[i] >= '0' && left[i] <= '9';
    for (size_t i = 0; i < right_size; i++)
        numbers = numbers && right[i] >= '0' && right[i] <= '9';
    if (numbers && left_size != right_size)
        return left_size < right_size ? -1 : 1;
    return slice_compare(slice_of(left, left_size), slice_of(right, right_size));
}

int
document_compare(const char *left, const char *right)
{
    for (;;) {
        size_t left_size = strcspn(left, " "), right_size = strcspn(right, " ");
        int order = compare_fields(left, left_size, right, right_size);
        if (order)
            return order;
        if (!left[left_size] || !right[right_size])
            return left[left_size] ? 1 : right[right_size] ? -1 : 0;
        left += left_size + 1;
        right += right_size + 1;
    }
}

static bool
take(document_reader_t *self, const char *key)
{
    char before[DOCUMENT_LINE_MAX + 1];
    if (self->spoiled)
        goto spoiled;
    if (!document_has(self, key)) {
        self->line++;
        document_spoil(self, FAULT_FORMAT, "'%s' expected", key);
        goto spoiled;
    }
    bool repeated = !strcmp(self->key, key);
    if (repeated)
        memcpy(before, self->value, strlen(self->value) + 1);
    slice_t line = front_line(self);
    skip_line(self, line);
    size_t size = strlen(key);
    memcpy(self->key, key, size + 1);
    memcpy(self->value, line.data + size + 1, line.size - size - 1);
    self->value[line.size - size - 1] = '\0';
    if (memchr(line.data, '\0', line.size) || self->value[0] == '\0') {
        document_spoil(self, FAULT_FORMAT, "'%s' has an empty value, or one with a NUL", key);
        goto spoiled;
    }
    if (repeated && document_compare(before, self->value) >= 0) {
        document_spoil(self, FAULT_FORMAT, "'%s' lines are not ascending", key);
        goto spoiled;
    }
    return true;
spoiled:
    self->value[0] = '\0';
    return false;
}

const char *
document_free(document_reader_t *self, const char *key)
{
    if (take(self, key) && !text_is_free(slice_text(self->value))) {
        document_spoil(self, FAULT_FORMAT,
                       "'%s' is not UTF-8, or holds control, format or bidirectional characters",
                       key);
        self->value[0] = '\0';
    }
    return self->value;
}

const char *
document_text(document_reader_t *self, const char *key)
{
    if (take(self, key) && !text_is_printable(slice_text(self->value))) {
        document_spoil(self, FAULT_FORMAT, "'%s' is not printable ASCII", key);
        self->value[0] = '\0';
    }
    return self->value;
}

const char *
document_name(document_reader_t *self, const char *key)
{
    document_text(self, key);
    if (!self->spoiled && !text_is_name(self->value)) {
        document_spoil(self, FAULT_FORMAT, "'%s' is not a name ([a-z0-9][a-z0-9._-]*)", key);
        self->value[0] = '\0';
    }
    return self->value;
}

uint64_t
document_number(document_reader_t *self, const char *key, uint64_t min, uint64_t max)
{
    uint64_t number = 0;
    document_text(self, key);
    if (!self->spoiled && !text_read_u64(self->value, min, max, &number))
        document_spoil(self, FAULT_FORMAT,
                       "'%s' is not a number from %llu to %llu without leading zeroes", key,
                       (unsigned long long)min, (unsigned long long)max);
    return number;
}

wall_t
document_time(document_reader_t *self, const char *key)
{
    wall_t at = {0};
    document_text(self, key);
    if (!self->spoiled && !wall_read_time(self->value, &at))
        document_spoil(self, FAULT_FORMAT, "'%s' is not a time such as 2026-11-22T03:04:05Z", key);
    return at;
}

wall_t
document_instant(document_reader_t *self, const char *key)
{
    wall_t at = {0};
    document_text(self, key);
    if (!self->spoiled && !wall_read_instant(self->value, &at))
        document_spoil(self, FAULT_FORMAT,
                       "'%s' is not an instant such as 2026-11-22T03:04:05.678Z", key);
    return at;
}

void
document_hex(document_reader_t *self, const char *key, uint8_t *out, size_t size)
{
    document_text(self, key);
    if (!self->spoiled && !hex_decode(self->value, out, size))
        document_spoil(self, FAULT_FORMAT, "'%s' is not %zu lower-case hexadecimal digits", key,
                       2 * size);
}

char **
document_row(document_reader_t *self, const char *key, size_t count)
{
    static const char empty[] = "";
    assert(count && count <= DOCUMENT_FIELDS_MAX);
    for (size_t i = 0; i < count; i++)
        self->row[i] = (char *)(uintptr_t)empty;
    document_text(self, key);
    if (self->spoiled)
        return self->row;
    memcpy(self->fields, self->value, strlen(self->value) + 1);
    char *at = self->fields;
    for (size_t i = 0; i < count; i++) {
        size_t size = strcspn(at, " ");
        bool last = i + 1 == count;
        if (!size || last != (at[size] == '\0')) {
            document_spoil(self, FAULT_FORMAT, "'%s' does not have %zu fields", key, count);
            break;
        }
        self->row[i] = at;
        at[size] = '\0';
        at += size + 1;
    }
    if (self->spoiled)
        for (size_t i = 0; i < count; i++)
            self->row[i] = (char *)(uintptr_t)empty;
    return self->row;
}

int
document_close(document_reader_t *self, fault_t *fault)
{
    assert(fault == self->fault);
    if (self->spoiled)
        return -1;
    if (!slice_is(self->rest, "end\n")) {
        self->line++;
        document_spoil(self, FAULT_FORMAT, "a line that does not belong here");
        return -1;
    }
    return 0;
}

void
document_begin(bytes_t *out, const char *type)
{
    bytes_clear(out);
    bytes_addf(out, "tocsin-%s v%d\n", type, DOCUMENT_VERSION);
}

void
document_add_text(bytes_t *out, const char *key, const char *value)
{
    size_t from = out->size;
    bytes_add_text(out, key);
    bytes_add(out, " ", 1);
    bytes_add_text(out, value);
    assert(*value && out->size - from <= DOCUMENT_LINE_MAX);
    bytes_add(out, "\n", 1);
}

void
document_add(bytes_t *out, const char *key, const char *format, ...)
{
    size_t from = out->size;
    va_list args;
    bytes_add_text(out, key);
    bytes_add(out, " ", 1);
    va_start(args, format);
    bytes_addv(out, format, args);
    va_end(args);
    assert(out->size > from + strlen(key) + 1 && out->size - from <= DOCUMENT_LINE_MAX);
    bytes_add(out, "\n", 1);
}

void
document_add_time(bytes_t *out, const char *key, wall_t at)
{
    char text[MOMENT_TEXT_MAX];
    wall_write_time(at, text);
    document_add_text(out, key, text);
}

void
document_add_instant(bytes_t *out, const char *key, wall_t at)
{
    char text[MOMENT_TEXT_MAX];
    wall_write_instant(at, text);
    document_add_text(out, key, text);
}

void
document_add_hex(bytes_t *out, const char *key, slice_t bytes)
{
    char text[DOCUMENT_LINE_MAX + 1];
    assert(2 * bytes.size < sizeof text);
    hex_encode(bytes, text);
    document_add_text(out, key, text);
}

void
document_end(bytes_t *out)
{
    bytes_add_text(out, "end\n");
}

int
document_same(slice_t text, slice_t written, fault_t *fault)
{
    unsigned line = 1;
    if (slice_equal(text, written))
        return 0;
    for (size_t i = 0; i < text.size && i < written.size && text.data[i] == written.data[i]; i++)
        line += text.data[i] == '\n';
    return fault_set(fault, FAULT_FORMAT, "line %u is not the one spelling of its value", line);
}

bool
document_split(slice_t both, slice_t *document, slice_t *rest)
{
    const uint8_t *end =
        both.size ? memmem(both.data, both.size, LAST_LINE, sizeof LAST_LINE - 1) : NULL;
    if (!end)
        return false;
    size_t size = (size_t)(end - both.data) + sizeof LAST_LINE - 1;
    *document = slice_of(both.data, size);
    *rest = slice_of(both.data + size, both.size - size);
    return true;
}

void
document_type(slice_t text, char *out, size_t size)
{
    static const char front[] = "tocsin-";
    size_t at = sizeof front - 1;
    out[0] = '\0';
    if (text.size < at || memcmp(text.data, front, at) != 0)
        return;
    for (size_t i = 0; at + i < text.size && i + 1 < size; i++) {
        uint8_t c = text.data[at + i];
        if (c == ' ')
            return;
        if (c < 'a' || c > 'z')
            break;
        out[i] = (char)c;
        out[i + 1] = '\0';
    }
    out[0] = '\0';
}
