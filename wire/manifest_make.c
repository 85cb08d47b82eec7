/* SPDX-License-Identifier: Apache-2.0 */
/* How a manifest is made: the document's lines from the map that a runner gives, then
 * manifest_decode. */
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include "wire/manifest_private.h"
#include "wire/ops.h"

/* The map comes from a runner: anything may be missing. */
static size_t
items(const value_t *list)
{
    return list && value_kind(list) == VALUE_LIST ? value_count(list) : 0;
}

/* Lines of one key, to be sorted, each once. */

typedef struct {
    char **line;
    size_t count;
} lines_t;

static void
lines_destroy(lines_t *self)
{
    for (size_t i = 0; i < self->count; i++)
        free(self->line[i]);
    free(self->line);
    *self = (lines_t){0};
}

static void
lines_add(lines_t *self, const char *line)
{
    self->line = memory_resize(self->line, self->count + 1, sizeof *self->line);
    self->line[self->count++] = memory_text(line);
}

static int
compare_lines(const void *left, const void *right)
{
    return document_compare(*(char *const *)left, *(char *const *)right);
}

/* Takes the lines away. */
static int
write_lines(bytes_t *out, const char *key, lines_t *lines, fault_t *fault)
{
    int wrong = 0;
    if (lines->count)
        qsort(lines->line, lines->count, sizeof *lines->line, compare_lines);
    for (size_t i = 0; i < lines->count && !wrong; i++) {
        size_t size = strlen(lines->line[i]);
        if (!size || size + strlen(key) >= DOCUMENT_LINE_MAX ||
            !text_is_free(slice_text(lines->line[i])))
            wrong = fault_set(fault, FAULT_FORMAT, "a %s is empty, too long, or no text: '%.60s'",
                              key, lines->line[i]);
        else if (!i || strcmp(lines->line[i], lines->line[i - 1]) != 0)
            document_add(out, key, "%s", lines->line[i]);
    }
    lines_destroy(lines);
    return wrong;
}

/* "OWNER escaped". */
static void
add_escaped(lines_t *lines, const char *owner, const value_t *text)
{
    CLEANUP(bytes_destroy) bytes_t *line = bytes_new();
    bytes_addf(line, "%s ", owner);
    text_escape(line, value_slice(text));
    lines_add(lines, bytes_text(line));
}

static void PRINTF(2, 3) add_line(lines_t *lines, const char *format, ...)
{
    char text[DOCUMENT_LINE_MAX + 1];
    va_list args;
    va_start(args, format);
    vsnprintf(text, sizeof text, format, args);
    va_end(args);
    lines_add(lines, text);
}

/* The document's repeated lines, by their places in manifest_line. */
typedef struct {
    lines_t *lines;
    class_t worst;
} sheet_t;

static lines_t *
lines_of(sheet_t *self, const char *key)
{
    size_t at = 0;
    while (strcmp(manifest_line(at)->key, key) != 0)
        at++;
    return &self->lines[at];
}

static size_t
key_count(void)
{
    size_t count = 0;
    while (manifest_line(count))
        count++;
    return count;
}

static void
sheet_destroy(sheet_t *self)
{
    for (size_t i = 0; i < key_count(); i++)
        lines_destroy(&self->lines[i]);
    free(self->lines);
}

/* A field of a map, and the key of its line "OWNER TEXT". */
typedef struct {
    const char *field, *key;
    bool escaped;
} field_t;

static const field_t input_fields[] = {
    {"kind", "input", false}, {"default", "default", true}, {"pattern", "pattern", true},
    {"from", "from", false},  {"help", "help", true},       {NULL, NULL, false},
};

static const field_t step_fields[] = {
    {"text", "text", true},    {"answer", "answer", false}, {"sink", "notify", false},
    {"callee", "call", false}, {NULL, NULL, false},
};

static void
add_fields(sheet_t *self, const char *owner, const value_t *map, const field_t *row)
{
    for (; row->field; row++) {
        const value_t *field = value_get(map, row->field);
        if (field && row->escaped)
            add_escaped(lines_of(self, row->key), owner, field);
        else if (field)
            add_line(lines_of(self, row->key), "%s %s", owner, value_string(field));
    }
}

static void
add_words(sheet_t *self, const char *key, const char *owner, const value_t *words)
{
    for (size_t i = 0; i < items(words); i++)
        add_escaped(lines_of(self, key), owner, value_at(words, i));
}

static void
make_input(sheet_t *self, const value_t *input)
{
    const char *name = value_get_text(input, "name");
    const value_t *range = value_get(input, "range");
    if (value_get_bool(input, "optional"))
        lines_add(lines_of(self, "optional"), name);
    add_fields(self, name, input, input_fields);
    add_words(self, "choice", name, value_get(input, "choices"));
    if (range)
        add_line(lines_of(self, "range"), "%s %lld %lld", name,
                 (long long)value_get_integer(range, "from"),
                 (long long)value_get_integer(range, "to"));
}

static int
make_use(sheet_t *self, const char *step, const value_t *use, fault_t *fault)
{
    const char *name = value_get_text(use, "op");
    const value_t *bounds = value_get(use, "bounds");
    const op_t *op = op_find(name);
    if (!op)
        return fault_set(fault, FAULT_OP, "step '%s' uses the unknown op '%.63s'", step, name);
    if (op->least > self->worst)
        self->worst = op->least;
    add_line(lines_of(self, "use"), "%s %s %s", step, name, class_word(op->least));
    for (size_t i = 0; i < items(bounds); i++) {
        const value_t *bound = value_at(bounds, i);
        CLEANUP(bytes_destroy) bytes_t *owner = bytes_new();
        bytes_addf(owner, "%s %s %s %s", step, name, value_get_text(bound, "argument"),
                   value_get_text(bound, "kind"));
        add_escaped(lines_of(self, "bound"), bytes_text(owner), value_get(bound, "value"));
    }
    return 0;
}

static void
make_givens(sheet_t *self, const char *step, const value_t *givens)
{
    for (size_t i = 0; i < items(givens); i++) {
        CLEANUP(bytes_destroy) bytes_t *owner = bytes_new();
        bytes_addf(owner, "%s %s", step, value_get_text(value_at(givens, i), "input"));
        add_escaped(lines_of(self, "given"), bytes_text(owner),
                    value_get(value_at(givens, i), "value"));
    }
}

/* Lines of numbers: what repeats, and how long a person is waited for. */
static void
make_numbers(sheet_t *self, const char *name, const value_t *step)
{
    const value_t *retry = value_get(step, "retry"), *each = value_get(step, "each");
    if (retry)
        add_line(lines_of(self, "retry"), "%s %lld %lld", name,
                 (long long)value_get_integer(retry, "count"),
                 (long long)value_get_integer(retry, "pause"));
    if (each)
        add_line(lines_of(self, "each"), "%s %lld", name, (long long)value_number(each));
    if (value_get(step, "role"))
        add_line(lines_of(self, "person"), "%s %s %lld", name, value_get_text(step, "role"),
                 (long long)value_get_integer(step, "wait"));
}

static int
make_step(sheet_t *self, const value_t *step, fault_t *fault)
{
    char flags[32];
    const char *name = value_get_text(step, "name");
    const value_t *needs = value_get(step, "needs"), *failed = value_get(step, "on_failure");
    const value_t *used = value_get(step, "uses");
    manifest_step_t flagged = {.has_when = value_get_bool(step, "when"),
                               .has_verify = value_get_bool(step, "verify"),
                               .has_undo = value_get_bool(step, "undo"),
                               .always = value_get_bool(step, "always"),
                               .once = value_get_bool(step, "once")};
    add_line(lines_of(self, "step"), "%s %s %lld %s", name, value_get_text(step, "kind"),
             (long long)value_get_integer(step, "timeout"), step_flags(&flagged, flags));
    for (size_t i = 0; i < items(needs); i++)
        add_line(lines_of(self, "needs"), "%s %s", name, value_string(value_at(needs, i)));
    for (size_t i = 0; i < items(failed); i++)
        add_line(lines_of(self, "failure"), "%s %s", value_string(value_at(failed, i)), name);
    add_fields(self, name, step, step_fields);
    add_words(self, "option", name, value_get(step, "options"));
    make_numbers(self, name, step);
    make_givens(self, name, value_get(step, "given"));
    for (size_t i = 0; i < items(used); i++)
        if (make_use(self, name, value_at(used, i), fault))
            return -1;
    return 0;
}

static void
make_triggers(sheet_t *self, const value_t *triggers)
{
    CLEANUP(bytes_destroy) bytes_t *line = bytes_new();
    for (size_t i = 0; i < items(triggers); i++) {
        bytes_clear(line);
        text_escape(line, value_slice(value_at(triggers, i)));
        lines_add(lines_of(self, "trigger"), bytes_text(line));
    }
}

/* One line of free text. */
static int
write_text(bytes_t *out, const char *key, const value_t *map, const char *field, fault_t *fault)
{
    CLEANUP(lines_destroy) lines_t lines = {0};
    lines_add(&lines, value_get_text(map, field));
    return write_lines(out, key, &lines, fault);
}

static int
make_document(const value_t *map, sheet_t *sheet, bytes_t *out, fault_t *fault)
{
    const value_t *rollout = value_get(map, "rollout");
    document_begin(out, "manifest");
    if (write_text(out, "playbook", map, "name", fault) ||
        write_text(out, "summary", map, "summary", fault))
        return -1;
    document_add(out, "class", "%s", class_word(sheet->worst));
    document_add(out, "rollout", "%lld %lld %lld %lld",
                 (long long)value_get_integer(rollout, "first"),
                 (long long)value_get_integer(rollout, "grow"),
                 (long long)value_get_integer(rollout, "soak"),
                 (long long)value_get_integer(rollout, "max_failures"));
    document_add(out, "limits", "%lld %lld", (long long)value_get_integer(map, "at_most"),
                 (long long)value_get_integer(map, "keep"));
    document_add(out, "cooldown", "%lld", (long long)value_get_integer(map, "cooldown"));
    for (size_t i = 0; manifest_line(i); i++)
        if (write_lines(out, manifest_line(i)->key, &sheet->lines[i], fault))
            return -1;
    document_end(out);
    return 0;
}

manifest_t *
manifest_make(const value_t *map, fault_t *fault)
{
    CLEANUP(bytes_destroy) bytes_t *document = bytes_new();
    CLEANUP(sheet_destroy)
    sheet_t sheet = {.lines = memory_new(key_count(), sizeof *sheet.lines)};
    const value_t *inputs = value_get(map, "inputs"), *steps = value_get(map, "steps");
    for (size_t i = 0; i < items(inputs); i++)
        make_input(&sheet, value_at(inputs, i));
    make_triggers(&sheet, value_get(map, "triggers"));
    for (size_t i = 0; i < items(steps); i++)
        if (make_step(&sheet, value_at(steps, i), fault))
            return NULL;
    if (make_document(map, &sheet, document, fault))
        return NULL;
    return manifest_decode(bytes_slice(document), fault);
}
