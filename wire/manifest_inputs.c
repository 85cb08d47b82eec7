/* SPDX-License-Identifier: Apache-2.0 */
/* What a manifest means at run time: the inputs of a run, and whether a step may call an op. */
#include <assert.h>
#include <stdio.h>

#include "common/net.h"
#include "wire/manifest.h"
#include "wire/ops.h"
#include "wire/pattern.h"

static bool
is_ip(const char *text)
{
    net_t address;
    return net_read_address(text, &address);
}

static bool
is_cidr(const char *text)
{
    net_t network;
    return net_read_network(text, &network);
}

/* RFC 1123: labels of letters, digits and '-', lower case. */
static bool
is_host(const char *text)
{
    size_t size = strlen(text);
    if (!size || size > 253)
        return false;
    for (;;) {
        size_t label = strspn(text, "abcdefghijklmnopqrstuvwxyz0123456789-");
        if (!label || label > 63 || text[0] == '-' || text[label - 1] == '-')
            return false;
        text += label;
        if (*text++ != '.')
            return !text[-1];
    }
}

/* "0s", or a number without leading zeroes and its unit. */
static bool
read_duration(const char *text, int64_t *seconds)
{
    uint64_t number;
    size_t digits = strspn(text, "0123456789");
    if (!strcmp(text, "0s")) {
        *seconds = 0;
        return true;
    }
    if (!digits || digits > 9 || text[0] == '0' || !text[digits] || !strchr("smhd", text[digits]) ||
        text[digits + 1] || !text_read_duration(text, &number))
        return false;
    *seconds = (int64_t)number;
    return true;
}

/* The names between commas; NULL where one is no name. */
static value_t *
read_list(const char *text)
{
    char name[TEXT_NAME_MAX + 1];
    CLEANUP(value_destroy) value_t *list = value_list();
    for (;;) {
        size_t size = strcspn(text, ",");
        if (size >= sizeof name || value_count(list) == INPUT_LIST_MAX)
            return NULL;
        memcpy(name, text, size);
        name[size] = '\0';
        if (!text_is_name(name))
            return NULL;
        value_append(list, value_text(name));
        if (!text[size])
            return MOVE(list);
        text += size + 1;
    }
}

/* Kinds whose value is their text. */
static bool (*const fits[INPUT_KINDS])(const char *text) = {
    [INPUT_PATH] = path_is_normal,
    [INPUT_NAME] = text_is_name,
    [INPUT_ADDRESS] = address_is_plain,
    [INPUT_IP] = is_ip,
    [INPUT_CIDR] = is_cidr,
    [INPUT_HOST] = is_host,
    [INPUT_WORKER] = text_is_name,
    [INPUT_SECRET] = text_is_name,
};

/* NULL where the text is none of the kind. */
static value_t *
read_value(input_kind_t kind, const char *text)
{
    int64_t number = 0;
    switch (kind) {
    case INPUT_INTEGER:
    case INPUT_PERCENT:
        return text_read_i64(text, &number) &&
                       (kind == INPUT_INTEGER || (number >= 0 && number <= 100))
                   ? value_integer(number)
                   : NULL;
    case INPUT_DURATION:
        return read_duration(text, &number) ? value_integer(number) : NULL;
    case INPUT_LIST:
        return read_list(text);
    default:
        return !fits[kind] || fits[kind](text) ? value_text(text) : NULL;
    }
}

value_t *
input_value(input_kind_t kind, const char *text, fault_t *fault)
{
    size_t size = strlen(text);
    assert(kind < INPUT_KINDS);
    bool printable = size && size <= ORDER_VALUE_MAX && text_is_printable(slice_text(text));
    value_t *value = printable ? read_value(kind, text) : NULL;
    if (!value && size && !printable)
        fault_set(fault, FAULT_INPUT, "a %s is of 1 to %d printable ASCII characters",
                  input_kind_word(kind), ORDER_VALUE_MAX);
    else if (!value)
        fault_set(fault, FAULT_INPUT, "'%.60s' is no %s", text, input_kind_word(kind));
    return value;
}

/* Whether text is among the words of owner. */
static bool
is_word(const manifest_word_t *words, size_t count, const char *owner, const char *text)
{
    for (size_t i = 0; i < count; i++)
        if (!strcmp(words[i].owner, owner) && !strcmp(words[i].text, text))
            return true;
    return false;
}

/* The words of owner, as a fault tells them. */
static bytes_t *
list_words(const manifest_word_t *words, size_t count, const char *owner)
{
    bytes_t *list = bytes_new();
    for (size_t i = 0; i < count; i++)
        if (!strcmp(words[i].owner, owner))
            bytes_addf(list, "%s%s", list->size ? ", " : "", words[i].text);
    return list;
}

static void
none_of(const manifest_t *self, const char *input, const char *text, fault_t *fault)
{
    CLEANUP(bytes_destroy) bytes_t *list = list_words(self->choices, self->choice_count, input);
    fault_set(fault, FAULT_INPUT, "'%.60s' is none of its choices: %.120s", text, bytes_text(list));
}

value_t *
manifest_input_value(const manifest_t *self, const manifest_input_t *input, const char *text,
                     fault_t *fault)
{
    CLEANUP(value_destroy) value_t *value = input_value(input->kind, text, fault);
    int64_t number = value ? value_number(value) : 0;
    if (!value)
        return NULL;
    if (input->pattern[0] && !pattern_matches(input->pattern, text))
        fault_set(fault, FAULT_INPUT, "'%.60s' does not match %s", text, input->pattern);
    else if (input->has_range && (number < input->least || number > input->most))
        fault_set(fault, FAULT_INPUT, "'%.60s' is not within %lld to %lld", text,
                  (long long)input->least, (long long)input->most);
    else if (input->kind == INPUT_CHOICE &&
             !is_word(self->choices, self->choice_count, input->name, text))
        none_of(self, input->name, text, fault);
    else
        return MOVE(value);
    return NULL;
}

value_t *
manifest_answer(const manifest_t *self, const manifest_step_t *step, const char *text,
                fault_t *fault)
{
    if (step->answer == INPUT_CHOICE &&
        !is_word(self->options, self->option_count, step->name, text)) {
        fault_set(fault, FAULT_INPUT, "'%.60s' is none of the options of step '%s'", text,
                  step->name);
        return NULL;
    }
    return input_value(step->answer, text, fault);
}

static const char *
given_text(const manifest_input_t *input, const input_text_t *texts, size_t count)
{
    for (size_t i = 0; i < count; i++)
        if (!strcmp(texts[i].name, input->name))
            return texts[i].text;
    return input->has_default ? input->fallback : NULL;
}

/* Inputs that order (NULL: none) has sealed are left out. */
static value_t *
read_inputs(const manifest_t *self, const input_text_t *texts, size_t count, const order_t *order,
            fault_t *fault)
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
        if (order && order_secret(order, input->name))
            continue;
        if (!text && input->optional)
            continue;
        value_t *value = text ? manifest_input_value(self, input, text, &wrong) : NULL;
        if (!value) {
            fault_set(fault, FAULT_INPUT, "input '%s' %s", input->name,
                      text ? wrong.text : "is missing and has no default");
            return NULL;
        }
        value_set(inputs, input->name, value);
    }
    return MOVE(inputs);
}

value_t *
manifest_inputs(const manifest_t *self, const input_text_t *texts, size_t count, fault_t *fault)
{
    return read_inputs(self, texts, count, NULL, fault);
}

const char *
manifest_mapped(const char *value)
{
    static const char front[] = "inputs.";
    return strncmp(value, front, strlen(front)) ? NULL : value + strlen(front);
}

/* Whether what stands in a bound, or is given to a callee, is this input. */
static bool
is_input(const char *value, const char *name)
{
    const char *mapped = manifest_mapped(value);
    return mapped && !strcmp(mapped, name);
}

/* Nobody but the judge and Lua sees what is sealed: no bound can be held against it. */
static bool
is_needed_open(const manifest_t *self, const char *name)
{
    for (size_t i = 0; i < self->bound_count; i++)
        if (is_input(self->bounds[i].value, name))
            return true;
    for (size_t i = 0; i < self->given_count; i++)
        if (is_input(self->givens[i].value, name))
            return true;
    return false;
}

value_t *
manifest_order_inputs(const manifest_t *self, const order_t *order, fault_t *fault)
{
    for (size_t i = 0; i < order->secret_count; i++) {
        const char *name = order->secrets[i].name;
        const manifest_input_t *input = manifest_input(self, name);
        if (!input || input->kind != INPUT_SECRET)
            fault_set(fault, FAULT_INPUT, "'%s' has no input '%s' of kind secret", self->playbook,
                      name);
        else if (is_needed_open(self, name))
            fault_set(fault, FAULT_INPUT,
                      "input '%s' bounds an op or goes to another playbook, and cannot be sealed",
                      name);
        else
            continue;
        return NULL;
    }
    return read_inputs(self, order->inputs, order->input_count, order, fault);
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

size_t
manifest_defaults(const manifest_t *self, const grant_t *grant, input_text_t *texts, size_t count)
{
    size_t defaults = 0;
    CLEANUP(memory_free) input_text_t *out = memory_new(self->input_count + 1, sizeof *out);
    for (size_t i = 0; i < self->input_count; i++) {
        const manifest_input_t *input = &self->inputs[i];
        if (!input->has_default || !grant_bounds(grant, input->name) ||
            given_text(input, texts, count) != input->fallback)
            continue;
        text_copy(out[defaults].name, sizeof out[0].name, input->name);
        text_copy(out[defaults].text, sizeof out[0].text, input->fallback);
        defaults++;
    }
    memcpy(texts, out, defaults * sizeof *out);
    return defaults;
}

/* Whoever hands on an alert without a label chooses the default: it is bounded as that would be. */
static int
check_granted(const manifest_t *self, const grant_t *grant, const input_text_t *texts, size_t count,
              fault_t *fault)
{
    CLEANUP(memory_free) input_text_t *rest = memory_new(self->input_count + 1, sizeof *rest);
    memcpy(rest, texts, count * sizeof *texts);
    if (grant_check_inputs(grant, texts, count, fault))
        return -1;
    count = manifest_defaults(self, grant, rest, count);
    return grant_check_inputs(grant, rest, count, fault)
               ? fault_wrap(fault, "the alert leaves it to a default")
               : 0;
}

value_t *
manifest_inputs_of(const manifest_t *self, const warrant_t *warrant, fault_t *fault)
{
    if (warrant->order)
        return manifest_order_inputs(self, warrant->order, fault);
    CLEANUP(memory_free) input_text_t *texts = memory_new(self->input_count + 1, sizeof *texts);
    size_t count = manifest_map(self, warrant->alert, texts);
    if (check_granted(self, warrant->grant, texts, count, fault))
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

/* An input's value as the text it was read from, or one that gives the same value. */
static void
input_as_text(const manifest_input_t *input, const value_t *value, char *out, size_t size)
{
    size_t used = 0;
    if (input->kind == INPUT_DURATION) {
        snprintf(out, size, "%llds", (long long)value_number(value));
        return;
    }
    if (input->kind != INPUT_LIST) {
        value_as_text(value, out, size);
        return;
    }
    for (size_t i = 0; i < value_count(value) && used < size; i++)
        used += (size_t)snprintf(out + used, size - used, "%s%s", i ? "," : "",
                                 value_string(value_at(value, i)));
}

size_t
manifest_given(const manifest_t *self, const manifest_step_t *step, const value_t *inputs,
               input_text_t *texts)
{
    size_t count = 0;
    for (size_t i = 0; i < self->given_count && count < ORDER_INPUTS_MAX; i++) {
        const manifest_given_t *given = &self->givens[i];
        const char *mapped = manifest_mapped(given->value);
        const manifest_input_t *input = mapped ? manifest_input(self, mapped) : NULL;
        const value_t *value = input ? value_get(inputs, input->name) : NULL;
        if (strcmp(given->step, step->name) != 0 || (input && input->optional && !value))
            continue;
        input_text_t *text = &texts[count++];
        text_copy(text->name, sizeof text->name, given->input);
        text_copy(text->text, sizeof text->text, mapped ? "" : given->value);
        if (value)
            input_as_text(input, value, text->text, sizeof text->text);
    }
    return count;
}

/* Whether one item of a list equals the argument: what a list bounds is any of its items. */
static bool
list_holds(const value_t *list, const value_t *argument)
{
    for (size_t i = 0; i < value_count(list); i++)
        if (value_equal(value_at(list, i), argument))
            return true;
    return false;
}

static bool
bound_holds(const manifest_bound_t *bound, const value_t *argument, const value_t *inputs)
{
    char limit[ORDER_VALUE_MAX + 1], text[4096];
    int64_t edge, number;
    bool equals = !strcmp(bound->kind, "equals");
    const char *mapped = manifest_mapped(bound->value);
    const value_t *input = mapped ? value_get(inputs, mapped) : NULL;
    if (mapped && !input)
        return false;
    if (mapped && equals && value_kind(input) == VALUE_LIST)
        return list_holds(input, argument);
    if (!(mapped ? value_as_text(input, limit, sizeof limit)
                 : text_copy(limit, sizeof limit, bound->value)) ||
        !value_as_text(argument, text, sizeof text))
        return false;
    if (equals)
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

/* Whether the argument may be left out, as an input was that bounds it. */
static bool
may_be_absent(const manifest_t *self, const manifest_bound_t *bound, const value_t *inputs)
{
    for (size_t i = 0; i < self->bound_count; i++) {
        const char *mapped = manifest_mapped(self->bounds[i].value);
        const manifest_input_t *input = mapped ? manifest_input(self, mapped) : NULL;
        if (same_argument(&self->bounds[i], bound) && input && input->optional &&
            !value_get(inputs, input->name))
            return true;
    }
    return false;
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
        bool holds = !argument ? may_be_absent(self, bound, inputs)
                     : strcmp(bound->kind, "equals")
                         ? bound_holds(bound, argument, inputs)
                         : alternative_holds(self, bound, argument, inputs);
        if (!holds)
            return fault_set(fault, FAULT_ARGUMENT, "%s: '%s' is outside its bound: %s %.100s", op,
                             bound->argument, bound->kind, bound->value);
    }
    return 0;
}
