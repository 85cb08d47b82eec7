/* SPDX-License-Identifier: Apache-2.0 */
/* The lines of a manifest about its steps: what each is, what comes before it, whom it asks, what
 * it calls. */
#include <stdio.h>

#include "wire/manifest_private.h"
#include "wire/walk.h"

#define TEXT_OF_STEP_MAX 500

manifest_step_t *
manifest_find_step(document_reader_t *in, manifest_t *self, const char *name)
{
    for (size_t i = 0; !in->spoiled && i < self->step_count; i++)
        if (!strcmp(self->steps[i].name, name))
            return &self->steps[i];
    if (!in->spoiled)
        document_spoil(in, FAULT_FORMAT, "no step is called '%s'", name);
    return NULL;
}

const char *
step_flags(const manifest_step_t *step, char out[static 32])
{
    snprintf(out, 32, "%s%s%s%s%s", step->has_when ? ",when" : "",
             step->has_verify ? ",verify" : "", step->has_undo ? ",undo" : "",
             step->always ? ",always" : "", step->once ? ",once" : "");
    return out[0] ? out + 1 : "-";
}

/* Every set of flags has one spelling: the one that gives the same text again. */
static bool
read_flags(const char *text, manifest_step_t *step)
{
    char again[32];
    step->has_when = strstr(text, "when");
    step->has_verify = strstr(text, "verify");
    step->has_undo = strstr(text, "undo");
    step->always = strstr(text, "always");
    step->once = strstr(text, "once");
    return !strcmp(step_flags(step, again), text);
}

static bool
read_step_kind(const char *word, step_kind_t *out)
{
    for (step_kind_t kind = STEP_RUN; kind < STEP_KINDS; kind++)
        if (!strcmp(word, step_kind_word(kind))) {
            *out = kind;
            return true;
        }
    return false;
}

static void
take_step(document_reader_t *in, manifest_t *self, const char *key)
{
    char **row = document_row(in, key, 4);
    if (!fields_room(in, self->step_count, MANIFEST_STEPS_MAX))
        return;
    if (!in->spoiled && manifest_step(self, row[0]))
        document_spoil(in, FAULT_FORMAT, "two steps are called '%s'", row[0]);
    self->steps = manifest_longer(self->steps, self->step_count, sizeof *self->steps);
    manifest_step_t *step = &self->steps[self->step_count++];
    step->text = step->sink = step->callee = "";
    fields_name(in, row[0], step->name);
    step->timeout_s = (unsigned)fields_number(in, row[2], 1, STEP_TIMEOUT_MAX_S);
    if (!in->spoiled && !read_step_kind(row[1], &step->kind))
        document_spoil(in, FAULT_FORMAT, "'%s' is no kind of step", row[1]);
    if (!in->spoiled && !read_flags(row[3], step))
        document_spoil(in, FAULT_FORMAT, "'%s' are no flags of a step", row[3]);
}

static void
put_step(const manifest_t *self, const char *key, bytes_t *out, bytes_t *scratch)
{
    char flags[32];
    (void)scratch;
    for (const manifest_step_t *step = self->steps; step < self->steps + self->step_count; step++)
        document_add(out, key, "%s %s %u %s", step->name, step_kind_word(step->kind),
                     step->timeout_s, step_flags(step, flags));
}

/* STEP STEP, of needs and of failure. */
static void
take_pair(document_reader_t *in, manifest_t *self, const char *key, manifest_need_t **pairs,
          size_t *count)
{
    char **row = document_row(in, key, 2);
    if (!fields_room(in, *count, MANIFEST_NEEDS_MAX))
        return;
    *pairs = manifest_longer(*pairs, *count, sizeof **pairs);
    manifest_need_t *pair = &(*pairs)[(*count)++];
    fields_name(in, row[0], pair->step);
    fields_name(in, row[1], pair->need);
    if (manifest_find_step(in, self, pair->step))
        manifest_find_step(in, self, pair->need);
}

static void
put_pairs(const manifest_need_t *pairs, size_t count, const char *key, bytes_t *out)
{
    for (size_t i = 0; i < count; i++)
        document_add(out, key, "%s %s", pairs[i].step, pairs[i].need);
}

static void
take_need(document_reader_t *in, manifest_t *self, const char *key)
{
    take_pair(in, self, key, &self->needs, &self->need_count);
}

static void
put_need(const manifest_t *self, const char *key, bytes_t *out, bytes_t *scratch)
{
    (void)scratch;
    put_pairs(self->needs, self->need_count, key, out);
}

static void
take_failure(document_reader_t *in, manifest_t *self, const char *key)
{
    take_pair(in, self, key, &self->failures, &self->failure_count);
}

static void
put_failure(const manifest_t *self, const char *key, bytes_t *out, bytes_t *scratch)
{
    (void)scratch;
    put_pairs(self->failures, self->failure_count, key, out);
}

static void
take_retry(document_reader_t *in, manifest_t *self, const char *key)
{
    char **row = document_row(in, key, 3);
    manifest_step_t *step = manifest_find_step(in, self, row[0]);
    if (!step)
        return;
    step->retries = (unsigned)fields_number(in, row[1], 1, STEP_RETRIES_MAX);
    step->pause_s = (unsigned)fields_number(in, row[2], 0, WALK_PAUSE_MAX_S);
}

static void
put_retry(const manifest_t *self, const char *key, bytes_t *out, bytes_t *scratch)
{
    (void)scratch;
    for (const manifest_step_t *step = self->steps; step < self->steps + self->step_count; step++)
        if (step->retries)
            document_add(out, key, "%s %u %u", step->name, step->retries, step->pause_s);
}

static void
take_each(document_reader_t *in, manifest_t *self, const char *key)
{
    char **row = document_row(in, key, 2);
    manifest_step_t *step = manifest_find_step(in, self, row[0]);
    if (step)
        step->each_max = (unsigned)fields_number(in, row[1], 1, STEP_EACH_MAX);
}

static void
put_each(const manifest_t *self, const char *key, bytes_t *out, bytes_t *scratch)
{
    (void)scratch;
    for (const manifest_step_t *step = self->steps; step < self->steps + self->step_count; step++)
        if (step->each_max)
            document_add(out, key, "%s %u", step->name, step->each_max);
}

/* Exactly one role. */
static bool
read_role(const char *word, role_t *out)
{
    unsigned roles;
    if (!roles_read(word, &roles) || !roles || (roles & (roles - 1)))
        return false;
    *out = (role_t)roles;
    return true;
}

static void
take_person(document_reader_t *in, manifest_t *self, const char *key)
{
    char **row = document_row(in, key, 3);
    manifest_step_t *step = manifest_find_step(in, self, row[0]);
    if (!step)
        return;
    step->wait_s = (unsigned)fields_number(in, row[2], 1, STEP_WAIT_MAX_S);
    if (!read_role(row[1], &step->role))
        document_spoil(in, FAULT_FORMAT, "'%s' is not one role", row[1]);
}

static void
put_person(const manifest_t *self, const char *key, bytes_t *out, bytes_t *scratch)
{
    char role[64];
    (void)scratch;
    for (const manifest_step_t *step = self->steps; step < self->steps + self->step_count; step++) {
        if (!step->role)
            continue;
        roles_write(step->role, role, sizeof role);
        document_add(out, key, "%s %s %u", step->name, role, step->wait_s);
    }
}

static void
take_text(document_reader_t *in, manifest_t *self, const char *key)
{
    char **row = document_row(in, key, 2);
    manifest_step_t *step = manifest_find_step(in, self, row[0]);
    if (step)
        step->text = manifest_keep(in, self, row[1], TEXT_OF_STEP_MAX);
}

static void
put_text(const manifest_t *self, const char *key, bytes_t *out, bytes_t *scratch)
{
    for (const manifest_step_t *step = self->steps; step < self->steps + self->step_count; step++)
        if (step->text[0])
            document_add(out, key, "%s %s", step->name, fields_escape(scratch, step->text));
}

static void
take_answer(document_reader_t *in, manifest_t *self, const char *key)
{
    char **row = document_row(in, key, 2);
    manifest_step_t *step = manifest_find_step(in, self, row[0]);
    if (step && (step->kind != STEP_ASK || !input_kind_read(row[1], &step->answer)))
        document_spoil(in, FAULT_FORMAT, "'%s' is no kind of answer, or '%s' does not ask", row[1],
                       row[0]);
}

/* Every step that asks has one, so a missing line shows as a document that differs. */
static void
put_answer(const manifest_t *self, const char *key, bytes_t *out, bytes_t *scratch)
{
    (void)scratch;
    for (const manifest_step_t *step = self->steps; step < self->steps + self->step_count; step++)
        if (step->kind == STEP_ASK)
            document_add(out, key, "%s %s", step->name, input_kind_word(step->answer));
}

static void
take_option(document_reader_t *in, manifest_t *self, const char *key)
{
    char **row = document_row(in, key, 2);
    const manifest_step_t *step = manifest_find_step(in, self, row[0]);
    if (!step || !fields_room(in, self->option_count, MANIFEST_WORDS_MAX))
        return;
    self->options = manifest_longer(self->options, self->option_count, sizeof *self->options);
    manifest_take_word(in, self, row, &self->options[self->option_count++]);
    if (!in->spoiled && (step->kind != STEP_ASK || step->answer != INPUT_CHOICE))
        document_spoil(in, FAULT_FORMAT, "'%s' asks for no choice", step->name);
}

static void
put_option(const manifest_t *self, const char *key, bytes_t *out, bytes_t *scratch)
{
    manifest_put_words(self->options, self->option_count, key, out, scratch);
}

/* A name that belongs to a step: its sink, its callee. */
static const char *
keep_name(document_reader_t *in, manifest_t *self, const char *name)
{
    char *out = self->texts + self->texts_size;
    fields_name(in, name, out);
    self->texts_size += strlen(out) + 1;
    return out;
}

static void
take_notify(document_reader_t *in, manifest_t *self, const char *key)
{
    char **row = document_row(in, key, 2);
    manifest_step_t *step = manifest_find_step(in, self, row[0]);
    if (step)
        step->sink = keep_name(in, self, row[1]);
}

static void
put_notify(const manifest_t *self, const char *key, bytes_t *out, bytes_t *scratch)
{
    (void)scratch;
    for (const manifest_step_t *step = self->steps; step < self->steps + self->step_count; step++)
        if (step->sink[0])
            document_add(out, key, "%s %s", step->name, step->sink);
}

static void
take_call(document_reader_t *in, manifest_t *self, const char *key)
{
    char **row = document_row(in, key, 2);
    manifest_step_t *step = manifest_find_step(in, self, row[0]);
    if (step)
        step->callee = keep_name(in, self, row[1]);
}

static void
put_call(const manifest_t *self, const char *key, bytes_t *out, bytes_t *scratch)
{
    (void)scratch;
    for (const manifest_step_t *step = self->steps; step < self->steps + self->step_count; step++)
        if (step->callee[0])
            document_add(out, key, "%s %s", step->name, step->callee);
}

/* Whether "inputs.NAME" names an input, where the value starts like one. */
static bool
names_input(const manifest_t *self, const char *value)
{
    const char *mapped = manifest_mapped(value);
    return !mapped || manifest_input(self, mapped);
}

static void
take_given(document_reader_t *in, manifest_t *self, const char *key)
{
    char **row = document_row(in, key, 3);
    const manifest_step_t *step = manifest_find_step(in, self, row[0]);
    if (!step || !fields_room(in, self->given_count, MANIFEST_WORDS_MAX))
        return;
    self->givens = manifest_longer(self->givens, self->given_count, sizeof *self->givens);
    manifest_given_t *given = &self->givens[self->given_count++];
    fields_name(in, row[0], given->step);
    fields_name(in, row[1], given->input);
    given->value = manifest_keep(in, self, row[2], ORDER_VALUE_MAX);
    if (!in->spoiled && step->kind != STEP_CALL)
        document_spoil(in, FAULT_FORMAT, "'%s' calls nothing that it could give inputs", row[0]);
    if (!in->spoiled && !names_input(self, given->value))
        document_spoil(in, FAULT_FORMAT, "'%s' names no input", given->value);
    if (!in->spoiled && self->given_count > 1 && !strcmp(given[-1].step, given->step) &&
        !strcmp(given[-1].input, given->input))
        document_spoil(in, FAULT_FORMAT, "'%s' is given twice", given->input);
}

static void
put_given(const manifest_t *self, const char *key, bytes_t *out, bytes_t *scratch)
{
    for (size_t i = 0; i < self->given_count; i++)
        document_add(out, key, "%s %s %s", self->givens[i].step, self->givens[i].input,
                     fields_escape(scratch, self->givens[i].value));
}

const manifest_line_t manifest_step_lines[] = {
    {"step", take_step, put_step},
    {"needs", take_need, put_need},
    {"failure", take_failure, put_failure},
    {"retry", take_retry, put_retry},
    {"each", take_each, put_each},
    {"person", take_person, put_person},
    {"text", take_text, put_text},
    {"answer", take_answer, put_answer},
    {"option", take_option, put_option},
    {"notify", take_notify, put_notify},
    {"call", take_call, put_call},
    {"given", take_given, put_given},
    {NULL, NULL, NULL},
};
