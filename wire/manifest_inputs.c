/* SPDX-License-Identifier: Apache-2.0 */
/* What a manifest means at run time: the inputs of a run, and whether a step may call an op. */
#include <assert.h>
#include <stdio.h>

#include "wire/manifest.h"
#include "wire/ops.h"

value_t *
input_value(input_kind_t kind, const char *text, fault_t *fault)
{
    int64_t number = 0;
    size_t size = strlen(text);
    bool integer = text_read_i64(text, &number);
    bool printable = size && size <= ORDER_VALUE_MAX && text_is_printable(slice_text(text));
    const bool fits[INPUT_KINDS] = {
        [INPUT_STRING] = true,
        [INPUT_INTEGER] = integer,
        [INPUT_PERCENT] = integer && number >= 0 && number <= 100,
        [INPUT_PATH] = path_is_normal(text),
        [INPUT_NAME] = text_is_name(text),
        [INPUT_ADDRESS] = address_is_plain(text),
    };
    assert(kind < INPUT_KINDS);
    if (!printable || !fits[kind]) {
        fault_set(fault, FAULT_INPUT, "'%.60s' is no %s", printable ? text : "",
                  input_kind_word(kind));
        return NULL;
    }
    return kind == INPUT_INTEGER || kind == INPUT_PERCENT ? value_integer(number)
                                                          : value_text(text);
}

static const char *
given_text(const manifest_input_t *input, const input_text_t *texts, size_t count)
{
    for (size_t i = 0; i < count; i++)
        if (!strcmp(texts[i].name, input->name))
            return texts[i].text;
    return input->has_default ? input->fallback : NULL;
}

value_t *
manifest_inputs(const manifest_t *self, const input_text_t *texts, size_t count, fault_t *fault)
{
    CLEANUP(value_destroy) value_t *inputs = value_map();
    for (size_t i = 0; i < count; i++)
        if (!manifest_input(self, texts[i].name)) {
            fault_set(fault, FAULT_INPUT, "'%s' has no input '%s'", self->playbook, texts[i].name);
            return NULL;
        }
    for (size_t i = 0; i < self->input_count; i++) {
        const manifest_input_t *input = &self->inputs[i];
        const char *text = given_text(input, texts, count);
        fault_t wrong = {0};
        value_t *value = text ? input_value(input->kind, text, &wrong) : NULL;
        if (!value) {
            fault_set(fault, FAULT_INPUT, "input '%s' %s", input->name,
                      text ? wrong.text : "is missing and has no default");
            return NULL;
        }
        value_set(inputs, input->name, value);
    }
    return MOVE(inputs);
}

size_t
manifest_map(const manifest_t *self, const alert_t *alert, input_text_t *texts)
{
    size_t count = 0;
    for (size_t i = 0; i < self->input_count; i++) {
        const manifest_input_t *input = &self->inputs[i];
        const char *text = input->from[0] ? alert_field(alert, input->from) : NULL;
        if (!text)
            continue;
        /* What is too long for an input is mapped as "", which no kind accepts. */
        text_copy(texts[count].name, sizeof texts[count].name, input->name);
        text_copy(texts[count].text, sizeof texts[count].text, text);
        count++;
    }
    return count;
}

value_t *
manifest_inputs_of(const manifest_t *self, const warrant_t *warrant, fault_t *fault)
{
    if (warrant->order)
        return manifest_inputs(self, warrant->order->inputs, warrant->order->input_count, fault);
    CLEANUP(memory_free) input_text_t *texts = memory_new(ORDER_INPUTS_MAX, sizeof *texts);
    size_t count = manifest_map(self, warrant->alert, texts);
    if (grant_check_inputs(warrant->grant, texts, count, fault))
        return NULL;
    return manifest_inputs(self, texts, count, fault);
}

/* One text for what may be compared: bytes, integers and booleans; false for the rest. */
static bool
value_as_text(const value_t *value, char *out, size_t size)
{
    switch (value_kind(value)) {
    case VALUE_BOOL:
        return text_copy(out, size, value_truth(value) ? "true" : "false");
    case VALUE_INTEGER:
        snprintf(out, size, "%lld", (long long)value_number(value));
        return true;
    case VALUE_BYTES:
        return strlen(value_string(value)) == value_slice(value).size &&
               text_copy(out, size, value_string(value));
    default:
        return false;
    }
}

/* A bound's value, the input's where it names one. */
static bool
bound_text(const manifest_bound_t *bound, const value_t *inputs, char *out, size_t size)
{
    if (strncmp(bound->value, "inputs.", 7) != 0)
        return text_copy(out, size, bound->value);
    const value_t *input = value_get(inputs, bound->value + 7);
    return input && value_as_text(input, out, size);
}

static bool
bound_holds(const manifest_bound_t *bound, const value_t *argument, const value_t *inputs)
{
    char limit[ORDER_VALUE_MAX + 1], text[4096];
    int64_t edge, number;
    if (!argument || !bound_text(bound, inputs, limit, sizeof limit) ||
        !value_as_text(argument, text, sizeof text))
        return false;
    if (!strcmp(bound->kind, "equals"))
        return !strcmp(text, limit);
    if (!strcmp(bound->kind, "under"))
        return path_is_normal(text) && path_is_normal(limit) && path_is_under(text, limit);
    if (!text_read_i64(limit, &edge) || !text_read_i64(text, &number))
        return false;
    return !strcmp(bound->kind, "from") ? number >= edge : number <= edge;
}

static bool
same_argument(const manifest_bound_t *left, const manifest_bound_t *right)
{
    return !strcmp(left->step, right->step) && !strcmp(left->op, right->op) &&
           !strcmp(left->argument, right->argument);
}

/* Several equals of one argument are alternatives: whether one of bound's kin holds. */
static bool
alternative_holds(const manifest_t *self, const manifest_bound_t *bound, const value_t *argument,
                  const value_t *inputs)
{
    for (size_t i = 0; i < self->bound_count; i++)
        if (same_argument(&self->bounds[i], bound) && !strcmp(self->bounds[i].kind, "equals") &&
            bound_holds(&self->bounds[i], argument, inputs))
            return true;
    return false;
}

int
manifest_allows(const manifest_t *self, const char *step, const char *op, const value_t *arguments,
                const value_t *inputs, fault_t *fault)
{
    const op_t *row = op_find(op);
    if (!row)
        return fault_set(fault, FAULT_OP, "no op is called '%.63s'", op);
    if (!manifest_uses(self, step, op))
        return fault_set(fault, FAULT_OP, "step '%s' did not declare '%s'", step, op);
    if (op_check(row, arguments, fault))
        return -1;
    for (size_t i = 0; i < self->bound_count; i++) {
        const manifest_bound_t *bound = &self->bounds[i];
        if (strcmp(bound->step, step) != 0 || strcmp(bound->op, op) != 0)
            continue;
        const value_t *argument = value_get(arguments, bound->argument);
        bool holds = !strcmp(bound->kind, "equals")
                         ? alternative_holds(self, bound, argument, inputs)
                         : bound_holds(bound, argument, inputs);
        if (!holds)
            return fault_set(fault, FAULT_ARGUMENT, "%s: '%s' is outside its bound: %s %.100s", op,
                             bound->argument, bound->kind, bound->value);
    }
    return 0;
}
