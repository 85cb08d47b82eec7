/* SPDX-License-Identifier: Apache-2.0 */
#include "worker/permit.h"

#include <assert.h>

#include "common/net.h"
#include "common/text.h"

typedef struct {
    const op_argument_t *argument;
    const char *value;
    bool where_given; /* "?=": without it the argument must be there */
} bound_t;

static bool
read_bound(const op_t *op, const char *word, bound_t *out)
{
    const char *equals = strchr(word, '=');
    if (!equals || !equals[1])
        return false;
    out->where_given = equals > word && equals[-1] == '?';
    out->argument = op_argument(op, slice_of(word, (size_t)(equals - word) - out->where_given));
    out->value = equals + 1;
    return out->argument;
}

/* "N", or "FROM..TO". */
static bool
read_span(const char *text, int64_t *from, int64_t *to)
{
    char first[24];
    const char *dots = strstr(text, "..");
    size_t size = dots ? (size_t)(dots - text) : strlen(text);
    if (size >= sizeof first)
        return false;
    memcpy(first, text, size);
    first[size] = '\0';
    return text_read_i64(first, from) && text_read_i64(dots ? dots + 2 : text, to) && *from <= *to;
}

/* ---- what a kind's VALUE may be, and whether an argument keeps to it --------------------- */

static bool
path_good(const op_argument_t *argument, const char *text)
{
    (void)argument;
    return path_is_normal(text);
}

static bool
path_keeps(const char *text, const value_t *value)
{
    return path_is_under(value_string(value), text);
}

static bool
span_good(const op_argument_t *argument, const char *text)
{
    int64_t from, to;
    return read_span(text, &from, &to) && from <= argument->max && to >= argument->min;
}

static bool
span_keeps(const char *text, const value_t *value)
{
    int64_t from, to;
    return read_span(text, &from, &to) && value_number(value) >= from && value_number(value) <= to;
}

static bool
net_good(const op_argument_t *argument, const char *text)
{
    net_t net;
    (void)argument;
    return net_read(text, &net);
}

static bool
net_keeps(const char *text, const value_t *value)
{
    net_t inner, outer;
    return net_read(text, &outer) && net_read(value_string(value), &inner) &&
           net_is_within(&inner, &outer);
}

static bool
bool_good(const op_argument_t *argument, const char *text)
{
    (void)argument;
    return !strcmp(text, "true") || !strcmp(text, "false");
}

static bool
bool_keeps(const char *text, const value_t *value)
{
    return value_truth(value) == !strcmp(text, "true");
}

static bool
is_open(const char *text)
{
    return text[strlen(text) - 1] == '*';
}

static bool
text_good(const op_argument_t *argument, const char *text)
{
    CLEANUP(value_destroy) value_t *value = value_text(text);
    return is_open(text) ? text_is_printable(slice_text(text)) : !argument_misfit(argument, value);
}

static bool
text_keeps(const char *text, const value_t *value)
{
    const char *is = value_string(value);
    return is_open(text) ? !strncmp(is, text, strlen(text) - 1) : !strcmp(is, text);
}

static bool
address_good(const op_argument_t *argument, const char *text)
{
    return net_good(argument, text) || text_good(argument, text);
}

/* A name that begins like an address lies in no network. */
static bool
address_keeps(const char *text, const value_t *value)
{
    return net_good(NULL, text) ? net_keeps(text, value) : text_keeps(text, value);
}

static const struct {
    bool (*good)(const op_argument_t *argument, const char *text);
    bool (*keeps)(const char *text, const value_t *value);
} kinds[ARGUMENT_KINDS] = {
    [ARGUMENT_PATH] = {path_good, path_keeps},
    [ARGUMENT_NAME] = {text_good, text_keeps},
    [ARGUMENT_TEXT] = {text_good, text_keeps},
    [ARGUMENT_WORD] = {text_good, text_keeps},
    [ARGUMENT_INTEGER] = {span_good, span_keeps},
    [ARGUMENT_BOOL] = {bool_good, bool_keeps},
    [ARGUMENT_CHOICE] = {text_good, text_keeps},
    [ARGUMENT_ADDRESS] = {address_good, address_keeps},
    [ARGUMENT_NET] = {net_good, net_keeps},
    [ARGUMENT_HASH] = {text_good, text_keeps},
};

/* How often it bounds this argument; one that is named is not bound by what holds only where it is
 * given. */
static size_t
count_bounds(const permit_t *self, const op_argument_t *argument)
{
    bound_t bound;
    size_t count = 0;
    for (size_t i = 0; i < self->count; i++)
        count += read_bound(self->op, self->words[i], &bound) && bound.argument == argument &&
                 !(argument->named && bound.where_given);
    return count;
}

int
permit_read(permit_t *self, const char *const *words, size_t count, fault_t *fault)
{
    const op_t *op = op_find(words[0]);
    bound_t bound;
    if (!op)
        return fault_set(fault, FAULT_CONFIG, "there is no op '%.63s': `tocsin op list` has them",
                         words[0]);
    *self = (permit_t){.op = op, .count = count - 1, .words = words + 1};
    for (size_t i = 0; i < self->count; i++)
        if (!read_bound(op, self->words[i], &bound) ||
            !kinds[bound.argument->kind].good(bound.argument, bound.value))
            return fault_set(fault, FAULT_CONFIG,
                             "'%.100s' is no ARGUMENT=VALUE of %s: `tocsin op view %s` lists them",
                             self->words[i], op->name, op->name);
    for (size_t i = 0; i < OP_ARGUMENTS_MAX && op->arguments[i].name; i++) {
        size_t bounds = count_bounds(self, &op->arguments[i]);
        if (op->arguments[i].named && !bounds)
            return fault_set(fault, FAULT_CONFIG, "%s must say which: `allow %s %s=...`", op->name,
                             op->name, op->arguments[i].name);
        if (bounds > 1)
            return fault_set(fault, FAULT_CONFIG, "'%s' stands there twice: allow %s by two lines",
                             op->arguments[i].name, op->name);
    }
    return 0;
}

const char *
permit_declared(const permit_t *self, declared_t *by)
{
    bound_t bound;
    for (size_t i = 0; i < self->count; i++) {
        if (!read_bound(self->op, self->words[i], &bound) ||
            bound.argument->declared == DECLARED_BY_NONE || is_open(bound.value))
            continue;
        *by = bound.argument->declared;
        return bound.value;
    }
    return NULL;
}

bool
permit_admits(const permit_t *self, const op_argument_t *argument, const char *text)
{
    bound_t bound;
    CLEANUP(value_destroy) value_t *value = value_text(text);
    for (size_t i = 0; i < self->count; i++)
        if (read_bound(self->op, self->words[i], &bound) && bound.argument == argument &&
            !kinds[argument->kind].keeps(bound.value, value))
            return false;
    return true;
}

const op_argument_t *
permit_misfit(const permit_t *self, const value_t *arguments)
{
    bound_t bound;
    for (size_t i = 0; i < self->count; i++) {
        bool read = read_bound(self->op, self->words[i], &bound);
        assert(read); /* as permit_read did */
        const value_t *value = value_get(arguments, bound.argument->name);
        if (value ? !kinds[bound.argument->kind].keeps(bound.value, value) : !bound.where_given)
            return bound.argument;
    }
    return NULL;
}
