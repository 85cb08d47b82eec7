/* SPDX-License-Identifier: Apache-2.0 */
#include "keys/grant.h"

#include <stdlib.h>

#include "common/net.h"
#include "keys/fields.h"

#define BUDGET_RUNS_MAX 1000000
#define SPAN_MAX_S      (366 * 86400)

/* "labels.NAME" and "annotations.NAME": what stands behind the dot, else NULL. */
static const char *
behind(const char *field, const char *front)
{
    size_t size = strlen(front);
    return !strncmp(field, front, size) && field[size] ? field + size : NULL;
}

static bool
field_valid(const char *field)
{
    return !strcmp(field, "severity") || !strcmp(field, "host") || !strcmp(field, "title") ||
           behind(field, "labels.") || behind(field, "annotations.");
}

static void
read_source(grant_t *self, document_reader_t *in)
{
    const char *name = document_name(in, "source");
    if (fields_room(in, self->source_count, GRANT_LINES_MAX))
        text_copy(self->sources[self->source_count++], TEXT_NAME_MAX + 1, name);
}

/* People read it in a terminal before they sign. */
static void
check_shown(document_reader_t *in, const char *value)
{
    if (!text_is_free(slice_text(value)))
        document_spoil(in, FAULT_FORMAT, "'%s' has a value that is no text", in->key);
}

static void
read_match(grant_t *self, document_reader_t *in)
{
    char **row = document_row(in, "match", 2);
    if (!fields_room(in, self->match_count, GRANT_LINES_MAX))
        return;
    match_t *match = &self->matches[self->match_count++];
    fields_copy(in, row[0], match->field, sizeof match->field);
    if (!field_valid(row[0]))
        document_spoil(in, FAULT_FORMAT,
                       "'%.60s' is not severity, host, title, labels.NAME or annotations.NAME",
                       row[0]);
    fields_unescape(in, row[1], match->value, sizeof match->value);
    check_shown(in, match->value);
}

/* ---- kinds of bound: what their value is, and which text keeps to it ---------------------- */

static bool
is_any(const char *value)
{
    (void)value;
    return true;
}

static bool
is_path(const char *value)
{
    return value[0] == '/';
}

static bool
is_net(const char *value)
{
    net_t net;
    return net_read(value, &net);
}

static bool
is_number(const char *value)
{
    int64_t number;
    return text_read_i64(value, &number);
}

static bool
keeps_equal(const char *value, const char *text)
{
    return !strcmp(value, text);
}

/* An absolute path without empty, "." or ".." parts, at or below the bound. */
static bool
keeps_under(const char *bound, const char *path)
{
    size_t size = strlen(bound);
    while (size && bound[size - 1] == '/')
        size--;
    if (path[0] != '/' || strncmp(path, bound, size) != 0 || (path[size] && path[size] != '/'))
        return false;
    for (const char *part = path + 1; *part;) {
        size_t length = strcspn(part, "/");
        bool dots = part[0] == '.' && (length == 1 || (length == 2 && part[1] == '.'));
        if (!length || dots)
            return false;
        part += length;
        part += *part == '/';
    }
    return true;
}

static bool
keeps_within(const char *value, const char *text)
{
    net_t inner, outer;
    return net_read(text, &inner) && net_read(value, &outer) && net_is_within(&inner, &outer);
}

static bool
keeps_from(const char *value, const char *text)
{
    int64_t limit, number;
    return text_read_i64(value, &limit) && text_read_i64(text, &number) && number >= limit;
}

static bool
keeps_to(const char *value, const char *text)
{
    int64_t limit, number;
    return text_read_i64(value, &limit) && text_read_i64(text, &number) && number <= limit;
}

typedef struct {
    const char *word;
    bool (*valid)(const char *value);
    bool (*keeps)(const char *value, const char *text);
    bool alternative; /* of several such lines of one input, one is enough */
} bound_kind_t;

static const bound_kind_t bound_kinds[] = {
    {"equals", is_any, keeps_equal, true},  {"within", is_net, keeps_within, true},
    {"under", is_path, keeps_under, false}, {"from", is_number, keeps_from, false},
    {"to", is_number, keeps_to, false},
};

static const bound_kind_t *
kind_of(const input_bound_t *bound)
{
    for (size_t i = 0; i < ARRAY_SIZE(bound_kinds); i++)
        if (!strcmp(bound_kinds[i].word, bound->kind))
            return &bound_kinds[i];
    return NULL;
}

/* ---- the document ------------------------------------------------------------------------ */

static void
read_bound(grant_t *self, document_reader_t *in)
{
    char **row = document_row(in, "bound", 3);
    if (!fields_room(in, self->bound_count, GRANT_LINES_MAX))
        return;
    input_bound_t *bound = &self->bounds[self->bound_count++];
    fields_name(in, row[0], bound->input);
    fields_copy(in, row[1], bound->kind, sizeof bound->kind);
    fields_unescape(in, row[2], bound->value, sizeof bound->value);
    check_shown(in, bound->value);
    const bound_kind_t *kind = kind_of(bound);
    if (!kind || !kind->valid(bound->value))
        document_spoil(in, FAULT_FORMAT,
                       "a bound is 'equals TEXT', 'within NETWORK', 'under /PATH', 'from NUMBER' "
                       "or 'to NUMBER'");
}

static void
read_rules(grant_t *self, document_reader_t *in)
{
    const char *evidence = document_text(in, "evidence");
    self->evidence = !strcmp(evidence, "signed") ? EVIDENCE_SIGNED : EVIDENCE_TOKEN;
    if (self->evidence == EVIDENCE_TOKEN && strcmp(evidence, "token") != 0)
        document_spoil(in, FAULT_FORMAT, "'evidence' is neither 'token' nor 'signed'");
    fields_scope(in, document_text(in, "scope"), self->scope);
    char **row = document_row(in, "budget", 2);
    self->budget_runs = fields_number(in, row[0], 1, BUDGET_RUNS_MAX);
    self->budget_s = fields_number(in, row[1], 1, SPAN_MAX_S);
    self->fresh_s = document_number(in, "fresh", 1, SPAN_MAX_S);
}

/* What is behind the struct is set where it is counted. */
static grant_t *
with_room(size_t sources, size_t matches, size_t bounds)
{
    size_t size =
        sources * (TEXT_NAME_MAX + 1) + matches * sizeof(match_t) + bounds * sizeof(input_bound_t);
    grant_t *self = memory_resize(NULL, sizeof *self + size, 1);
    *self = (grant_t){.matches = (match_t *)(self + 1)};
    self->bounds = (input_bound_t *)(self->matches + matches);
    self->sources = (char(*)[TEXT_NAME_MAX + 1])(self->bounds + bounds);
    return self;
}

grant_t *
grant_new(void)
{
    return with_room(GRANT_LINES_MAX, GRANT_LINES_MAX, GRANT_LINES_MAX);
}

grant_t *
grant_copy(const grant_t *self)
{
    grant_t *copy = with_room(self->source_count, self->match_count, self->bound_count);
    grant_t whole = *self;
    whole.sources = copy->sources;
    whole.matches = copy->matches;
    whole.bounds = copy->bounds;
    *copy = whole;
    memcpy(copy->sources, self->sources, self->source_count * sizeof *self->sources);
    memcpy(copy->matches, self->matches, self->match_count * sizeof *self->matches);
    memcpy(copy->bounds, self->bounds, self->bound_count * sizeof *self->bounds);
    return copy;
}

grant_t *
grant_decode(slice_t document, fault_t *fault)
{
    document_reader_t in;
    CLEANUP(grant_destroy) grant_t *self = grant_new();
    CLEANUP(bytes_destroy) bytes_t *again = bytes_new();
    document_open(&in, document, "grant", fault);
    fields_take_hash(&in, "site", &self->site);
    fields_take_name(&in, "playbook", self->playbook);
    fields_take_hash(&in, "release", &self->release);
    fields_take_span(&in, &self->issued, &self->expires);
    read_rules(self, &in);
    read_source(self, &in);
    while (document_has(&in, "source"))
        read_source(self, &in);
    while (document_has(&in, "match"))
        read_match(self, &in);
    while (document_has(&in, "bound"))
        read_bound(self, &in);
    if (document_close(&in, fault))
        return NULL;
    grant_encode(self, again);
    return fields_proved(&self, document, again, fault);
}

void
grant_encode(const grant_t *self, bytes_t *out)
{
    CLEANUP(bytes_destroy) bytes_t *scratch = bytes_new();
    document_begin(out, "grant");
    fields_add_hash(out, "site", &self->site);
    document_add_text(out, "playbook", self->playbook);
    fields_add_hash(out, "release", &self->release);
    document_add_time(out, "issued", self->issued);
    document_add_time(out, "expires", self->expires);
    document_add(out, "evidence", "%s", self->evidence == EVIDENCE_SIGNED ? "signed" : "token");
    document_add_text(out, "scope", self->scope);
    document_add(out, "budget", "%llu %llu", (unsigned long long)self->budget_runs,
                 (unsigned long long)self->budget_s);
    document_add(out, "fresh", "%llu", (unsigned long long)self->fresh_s);
    for (size_t i = 0; i < self->source_count; i++)
        document_add_text(out, "source", self->sources[i]);
    for (size_t i = 0; i < self->match_count; i++)
        document_add(out, "match", "%s %s", self->matches[i].field,
                     fields_escape(scratch, self->matches[i].value));
    for (size_t i = 0; i < self->bound_count; i++)
        document_add(out, "bound", "%s %s %s", self->bounds[i].input, self->bounds[i].kind,
                     fields_escape(scratch, self->bounds[i].value));
    document_end(out);
}

void
grant_destroy(grant_t **self_p)
{
    free(*self_p);
    *self_p = NULL;
}

hash_t
grant_run(const hash_t *grant, const alert_t *alert)
{
    char starts[MOMENT_TEXT_MAX];
    wall_write_instant(alert->starts, starts);
    slice_t parts[] = {hash_slice(grant), slice_text(alert->source), slice_text(alert->fingerprint),
                       slice_text(starts)};
    return hash_of_parts(parts, ARRAY_SIZE(parts));
}

bool
bound_is_alternative(const input_bound_t *self)
{
    return kind_of(self)->alternative;
}

bool
grant_bounds(const grant_t *self, const char *input)
{
    for (size_t i = 0; i < self->bound_count; i++)
        if (!strcmp(self->bounds[i].input, input))
            return true;
    return false;
}

static int
check_input(const grant_t *self, const input_text_t *input, fault_t *fault)
{
    bool bounded = false, alternatives = false, equal = false;
    for (size_t i = 0; i < self->bound_count; i++) {
        const input_bound_t *bound = &self->bounds[i];
        if (strcmp(bound->input, input->name) != 0)
            continue;
        const bound_kind_t *kind = kind_of(bound);
        bool holds = kind->keeps(bound->value, input->text);
        bounded = true;
        if (kind->alternative) {
            alternatives = true;
            equal = equal || holds;
        } else if (!holds) {
            return fault_set(fault, FAULT_INPUT, "input '%s' is not %s %.100s", input->name,
                             bound->kind, bound->value);
        }
    }
    if (!bounded)
        return fault_set(fault, FAULT_INPUT,
                         "input '%s' comes from the alert, and the grant has "
                         "no bound for it",
                         input->name);
    if (alternatives && !equal)
        return fault_set(fault, FAULT_INPUT,
                         "input '%s' has none of the values that the grant "
                         "allows",
                         input->name);
    return 0;
}

int
grant_check_inputs(const grant_t *self, const input_text_t *inputs, size_t count, fault_t *fault)
{
    for (size_t i = 0; i < count; i++)
        if (check_input(self, &inputs[i], fault))
            return -1;
    return 0;
}
