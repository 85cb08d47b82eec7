/* SPDX-License-Identifier: Apache-2.0 */
/* How a manifest is made: the document's lines from the map that a runner gives, then
 * manifest_decode. */
#include <stdlib.h>

#include "common/document.h"
#include "wire/manifest.h"
#include "wire/ops.h"

static const char *const step_flags[] = {"run", "run,when", "run,verify", "run,when,verify"};

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

static void
add_words(bytes_t *line, const char *word, const char *more, const char *escaped)
{
    bytes_clear(line);
    bytes_addf(line, "%s%s%s", word, more ? " " : "", more ? more : "");
    if (!escaped)
        return;
    bytes_add_text(line, " ");
    text_escape(line, slice_text(escaped));
}

static int
make_inputs(const value_t *inputs, bytes_t *out, fault_t *fault)
{
    static const struct {
        const char *key, *field;
        bool escaped;
    } rows[] = {{"input", "kind", false},
                {"default", "default", true},
                {"from", "from", false},
                {"help", "help", true}};
    CLEANUP(bytes_destroy) bytes_t *line = bytes_new();
    CLEANUP(lines_destroy) lines_t lines = {0};
    for (size_t row = 0; row < ARRAY_SIZE(rows); row++) {
        for (size_t i = 0; i < items(inputs); i++) {
            const char *name = value_get_text(value_at(inputs, i), "name");
            const value_t *field = value_get(value_at(inputs, i), rows[row].field);
            if (!field)
                continue;
            add_words(line, name, rows[row].escaped ? NULL : value_string(field),
                      rows[row].escaped ? value_string(field) : NULL);
            lines_add(&lines, bytes_text(line));
        }
        if (write_lines(out, rows[row].key, &lines, fault))
            return -1;
    }
    return 0;
}

typedef struct {
    lines_t steps, needs, uses, bounds;
    class_t worst;
} graph_t;

static void
graph_destroy(graph_t *self)
{
    lines_destroy(&self->steps);
    lines_destroy(&self->needs);
    lines_destroy(&self->uses);
    lines_destroy(&self->bounds);
}

static int
make_use(const char *step, const value_t *use, graph_t *graph, fault_t *fault)
{
    CLEANUP(bytes_destroy) bytes_t *line = bytes_new();
    const char *name = value_get_text(use, "op");
    const value_t *bounds = value_get(use, "bounds");
    const op_t *op = op_find(name);
    if (!op)
        return fault_set(fault, FAULT_OP, "step '%s' uses the unknown op '%.63s'", step, name);
    if (op->least > graph->worst)
        graph->worst = op->least;
    bytes_addf(line, "%s %s %s", step, name, class_word(op->least));
    lines_add(&graph->uses, bytes_text(line));
    for (size_t i = 0; i < items(bounds); i++) {
        const value_t *bound = value_at(bounds, i);
        bytes_clear(line);
        bytes_addf(line, "%s %s %s %s ", step, name, value_get_text(bound, "argument"),
                   value_get_text(bound, "kind"));
        text_escape(line, slice_text(value_get_text(bound, "value")));
        lines_add(&graph->bounds, bytes_text(line));
    }
    return 0;
}

static int
make_step(const value_t *step, graph_t *graph, fault_t *fault)
{
    CLEANUP(bytes_destroy) bytes_t *line = bytes_new();
    const char *name = value_get_text(step, "name");
    const value_t *needs = value_get(step, "needs"), *used = value_get(step, "uses");
    int flags = value_get_bool(step, "when") + 2 * value_get_bool(step, "verify");
    bytes_addf(line, "%s %lld %s", name, (long long)value_get_integer(step, "timeout"),
               step_flags[flags]);
    lines_add(&graph->steps, bytes_text(line));
    for (size_t i = 0; i < items(needs); i++) {
        add_words(line, name, value_string(value_at(needs, i)), NULL);
        lines_add(&graph->needs, bytes_text(line));
    }
    for (size_t i = 0; i < items(used); i++)
        if (make_use(name, value_at(used, i), graph, fault))
            return -1;
    return 0;
}

static int
make_document(const value_t *map, graph_t *graph, bytes_t *out, fault_t *fault)
{
    CLEANUP(bytes_destroy) bytes_t *line = bytes_new();
    CLEANUP(lines_destroy) lines_t lines = {0};
    const value_t *rollout = value_get(map, "rollout"), *triggers = value_get(map, "triggers");
    document_begin(out, "manifest");
    lines_add(&lines, value_get_text(map, "name"));
    if (write_lines(out, "playbook", &lines, fault))
        return -1;
    lines_add(&lines, value_get_text(map, "summary"));
    if (write_lines(out, "summary", &lines, fault))
        return -1;
    document_add(out, "class", "%s", class_word(graph->worst));
    document_add(out, "rollout", "%lld %lld %lld %lld",
                 (long long)value_get_integer(rollout, "first"),
                 (long long)value_get_integer(rollout, "grow"),
                 (long long)value_get_integer(rollout, "soak"),
                 (long long)value_get_integer(rollout, "max_failures"));
    if (make_inputs(value_get(map, "inputs"), out, fault))
        return -1;
    for (size_t i = 0; i < items(triggers); i++) {
        bytes_clear(line);
        text_escape(line, value_slice(value_at(triggers, i)));
        lines_add(&lines, bytes_text(line));
    }
    if (write_lines(out, "trigger", &lines, fault) ||
        write_lines(out, "step", &graph->steps, fault) ||
        write_lines(out, "needs", &graph->needs, fault) ||
        write_lines(out, "use", &graph->uses, fault) ||
        write_lines(out, "bound", &graph->bounds, fault))
        return -1;
    document_end(out);
    return 0;
}

manifest_t *
manifest_make(const value_t *map, fault_t *fault)
{
    CLEANUP(bytes_destroy) bytes_t *document = bytes_new();
    CLEANUP(graph_destroy) graph_t graph = {0};
    const value_t *steps = value_get(map, "steps");
    for (size_t i = 0; i < items(steps); i++)
        if (make_step(value_at(steps, i), &graph, fault))
            return NULL;
    if (make_document(map, &graph, document, fault))
        return NULL;
    return manifest_decode(bytes_slice(document), fault);
}
