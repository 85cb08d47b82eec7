/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/table.h"

#include <assert.h>
#include <jansson.h>
#include <libsmartcols/libsmartcols.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

#include "cli/pager.h"
#include "common/text.h"

#define TABLE_COLUMNS_MAX 16
#define SEPARATOR         "  "
#define LAST_CELLS_MIN    24 /* of the last column, where it is wrapped */

struct table {
    struct libscols_table *inner; /* libsmartcols' own */
    size_t columns;
    size_t cells[TABLE_COLUMNS_MAX]; /* of the widest in each, in bytes */
};

bool
show_colour(FILE *out)
{
    const char *none = getenv("NO_COLOR"), *force = getenv("CLICOLOR_FORCE");
    if (none && *none)
        return false;
    return (force && *force && strcmp(force, "0") != 0) || isatty(fileno(out)) ||
           (out == stdout && pager_is_open());
}

table_t *
table_new(const char *const *headings)
{
    table_t *self = memory_new(1, sizeof *self);
    self->inner = scols_new_table();
    assert(self->inner);
    scols_table_enable_colors(self->inner, show_colour(stdout));
    scols_table_set_column_separator(self->inner, SEPARATOR);
    for (; headings[self->columns]; self->columns++) {
        assert(self->columns < TABLE_COLUMNS_MAX);
        bool last = !headings[self->columns + 1];
        self->cells[self->columns] = strlen(headings[self->columns]);
        struct libscols_column *column = scols_table_new_column(
            self->inner, headings[self->columns], 0, last ? SCOLS_FL_WRAP : 0);
        assert(column);
        if (show_colour(stdout))
            scols_cell_set_color(scols_column_get_header(column), "\033[1m");
    }
    return self;
}

void
table_destroy(table_t **self_p)
{
    table_t *self = *self_p;
    if (!self)
        return;
    scols_unref_table(self->inner);
    free(self);
    *self_p = NULL;
}

void
table_row(table_t *self, const char *const *cells)
{
    struct libscols_line *line = scols_table_new_line(self->inner, NULL);
    assert(line);
    for (size_t i = 0; i < self->columns; i++) {
        size_t size = strlen(cells[i]);
        self->cells[i] = size > self->cells[i] ? size : self->cells[i];
        int failed = scols_line_set_data(line, i, cells[i]);
        assert(!failed);
    }
}

/* Wrapped into the few cells that are left, a sentence is a tower of letters: there the terminal
 * breaks whole lines instead. */
static bool
is_narrow(const table_t *self)
{
    size_t last = self->columns - 1, taken = 0;
    for (size_t i = 0; i < last; i++)
        taken += self->cells[i] + strlen(SEPARATOR);
    taken += self->cells[last] < LAST_CELLS_MIN ? self->cells[last] : LAST_CELLS_MIN;
    return taken > scols_table_get_termwidth(self->inner);
}

void
table_print(const table_t *self)
{
    if (is_narrow(self))
        scols_table_set_termforce(self->inner, SCOLS_TERMFORCE_NEVER);
    scols_print_table(self->inner);
}

static json_t *
json_base64(slice_t bytes)
{
    static const char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    CLEANUP(bytes_destroy) bytes_t *out = bytes_new();
    for (size_t i = 0; i < bytes.size; i += 3) {
        size_t left = bytes.size - i;
        uint32_t three = (uint32_t)bytes.data[i] << 16;
        three |= left > 1 ? (uint32_t)bytes.data[i + 1] << 8 : 0;
        three |= left > 2 ? bytes.data[i + 2] : 0;
        bytes_add_u8(out, (uint8_t)digits[three >> 18]);
        bytes_add_u8(out, (uint8_t)digits[three >> 12 & 63]);
        bytes_add_u8(out, (uint8_t)(left > 1 ? digits[three >> 6 & 63] : '='));
        bytes_add_u8(out, (uint8_t)(left > 2 ? digits[three & 63] : '='));
    }
    return json_pack("{s:s}", "base64", bytes_text(out));
}

static json_t *
json_text(slice_t bytes)
{
    json_t *text = json_stringn(bytes.size ? (const char *)bytes.data : "", bytes.size);
    return text ? text : json_base64(bytes);
}

/* A key that is not UTF-8 is written with '?' for each byte outside ASCII. */
static void
json_put(json_t *object, slice_t key, json_t *item)
{
    CLEANUP(bytes_destroy) bytes_t *name = bytes_copy(key);
    for (size_t i = 0; i < name->size; i++)
        if (!name->data[i])
            name->data[i] = '?';
    if (json_object_set(object, bytes_text(name), item)) {
        for (size_t i = 0; i < name->size; i++)
            if (name->data[i] >= 0x80)
                name->data[i] = '?';
        int failed = json_object_set(object, bytes_text(name), item);
        assert(!failed);
    }
    json_decref(item);
}

static json_t *
json_of(const value_t *value)
{
    json_t *made;
    switch (value_kind(value)) {
    case VALUE_NIL:
        return json_null();
    case VALUE_BOOL:
        return json_boolean(value_truth(value));
    case VALUE_INTEGER:
        return json_integer(value_number(value));
    case VALUE_DECIMAL:
    case VALUE_BYTES:
        return json_text(value_slice(value));
    case VALUE_LIST:
        made = json_array();
        for (size_t i = 0; i < value_count(value); i++)
            json_array_append_new(made, json_of(value_at(value, i)));
        return made;
    case VALUE_MAP:
        made = json_object();
        for (size_t i = 0; i < value_count(value); i++)
            json_put(made, value_key(value, i), json_of(value_at(value, i)));
        return made;
    }
    return json_null();
}

void
json_print(const char *name, const value_t *body)
{
    json_t *top = json_pack("{s:i, s:o}", "tocsin", 1, name, json_of(body));
    assert(top);
    json_dumpf(top, stdout,
               JSON_INDENT(2) | JSON_SORT_KEYS | (isatty(STDOUT_FILENO) ? JSON_ENSURE_ASCII : 0));
    putchar('\n');
    json_decref(top);
}

char *
show_value(const value_t *value)
{
    json_t *made = json_of(value);
    char *text = json_dumps(made, JSON_COMPACT | JSON_SORT_KEYS | JSON_ENCODE_ANY);
    assert(text);
    json_decref(made);
    return text;
}

const char *
show_time(const options_t *options, int64_t ms, char *out, size_t size)
{
    time_t seconds = (time_t)(ms / 1000);
    struct tm parts;
    bool utc = options->utc;
    if (!ms || !(utc ? gmtime_r(&seconds, &parts) : localtime_r(&seconds, &parts)) ||
        !strftime(out, size, utc ? "%Y-%m-%d %H:%M:%SZ" : "%Y-%m-%d %H:%M:%S", &parts))
        snprintf(out, size, "-");
    return out;
}

const char *
show_text(const char *text, char *out, size_t size)
{
    size_t used = 0;
    bool free_text = text_is_free(slice_text(text));
    for (; *text && used + 1 < size; text++) {
        unsigned char c = (unsigned char)*text;
        out[used++] = c < 0x20 || c == 0x7f || (c >= 0x80 && !free_text) ? '?' : (char)c;
    }
    if (((unsigned char)*text & 0xC0) == 0x80) {
        while (used && ((unsigned char)out[used - 1] & 0xC0) == 0x80)
            used--;
        used -= used > 0;
    }
    out[used] = '\0';
    return out;
}

static bool
is_kept(slice_t key, const value_t *item)
{
    static const char *const raw[] = {"alert",    "armor", "armors", "bytes",    "checkpoint",
                                      "document", "files", "output", "testimony"};
    for (size_t i = 0; i < ARRAY_SIZE(raw); i++)
        if (slice_is(key, raw[i]))
            return true;
    return value_kind(item) == VALUE_MAP &&
           (slice_is(key, "labels") || slice_is(key, "annotations"));
}

static value_t *
show_bytes(slice_t bytes)
{
    CLEANUP(bytes_destroy) bytes_t *text = bytes_copy(bytes);
    CLEANUP(memory_free) char *shown = memory_new(bytes.size + 1, 1);
    return value_text(show_text(bytes_text(text), shown, bytes.size + 1));
}

value_t *
show_answer(const value_t *answer)
{
    value_kind_t kind = value_kind(answer);
    if (kind == VALUE_BYTES)
        return show_bytes(value_slice(answer));
    if (kind != VALUE_LIST && kind != VALUE_MAP)
        return value_copy(answer);
    value_t *shown = kind == VALUE_LIST ? value_list() : value_map();
    for (size_t i = 0; i < value_count(answer); i++) {
        const value_t *item = value_at(answer, i);
        if (kind == VALUE_LIST) {
            value_append(shown, show_answer(item));
            continue;
        }
        slice_t key = value_key(answer, i);
        CLEANUP(value_destroy) value_t *name = show_bytes(key);
        value_set_slice(shown, value_slice(name),
                        is_kept(key, item) ? value_copy(item) : show_answer(item));
    }
    return shown;
}
