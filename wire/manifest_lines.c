/* SPDX-License-Identifier: Apache-2.0 */
/* The lines of a manifest (docs/PROTOCOL.md 3.9), reading and writing side by side. What stands
 * there twice is not looked for: it is written once, so the document differs from what was read. */
#include <assert.h>
#include <stdio.h>

#include "wire/manifest_private.h"
#include "wire/ops.h"
#include "wire/pattern.h"
#include "wire/walk.h"

#define TEXT_OF_STEP_MAX 500

/* Room for one more item behind the last, zeroed. */
static void *
longer(void *items, size_t count, size_t size)
{
    char *resized = memory_resize(items, count + 1, size);
    memset(resized + count * size, 0, size);
    return resized;
}

/* A text of this manifest's own; all of them together are shorter than its document. */
static const char *
keep(document_reader_t *in, manifest_t *self, const char *escaped, size_t max)
{
    char *out = self->texts + self->texts_size;
    fields_unescape(in, escaped, out, max + 1);
    self->texts_size += strlen(out) + 1;
    if (!in->spoiled && (!out[0] || !text_is_free(slice_text(out))))
        document_spoil(in, FAULT_FORMAT, "the %s is empty, or no text", in->key);
    return out;
}

static manifest_input_t *
find_input(document_reader_t *in, manifest_t *self, const char *name)
{
    for (size_t i = 0; !in->spoiled && i < self->input_count; i++)
        if (!strcmp(self->inputs[i].name, name))
            return &self->inputs[i];
    if (!in->spoiled)
        document_spoil(in, FAULT_FORMAT, "no input is called '%s'", name);
    return NULL;
}

static manifest_step_t *
find_step(document_reader_t *in, manifest_t *self, const char *name)
{
    for (size_t i = 0; !in->spoiled && i < self->step_count; i++)
        if (!strcmp(self->steps[i].name, name))
            return &self->steps[i];
    if (!in->spoiled)
        document_spoil(in, FAULT_FORMAT, "no step is called '%s'", name);
    return NULL;
}

/* ---- inputs ------------------------------------------------------------------------------ */

static void
take_input(document_reader_t *in, manifest_t *self, const char *key)
{
    char **row = document_row(in, key, 2);
    if (!fields_room(in, self->input_count, MANIFEST_INPUTS_MAX))
        return;
    self->inputs = longer(self->inputs, self->input_count, sizeof *self->inputs);
    manifest_input_t *input = &self->inputs[self->input_count++];
    input->fallback = input->from = input->help = input->pattern = "";
    fields_name(in, row[0], input->name);
    if (!in->spoiled && !input_kind_read(row[1], &input->kind))
        document_spoil(in, FAULT_FORMAT, "'%s' is no kind of input", row[1]);
    if (self->input_count > 1 && !strcmp(input[-1].name, input->name))
        document_spoil(in, FAULT_FORMAT, "two inputs are called '%s'", input->name);
}

static void
put_input(const manifest_t *self, const char *key, bytes_t *out, bytes_t *scratch)
{
    (void)scratch;
    for (size_t i = 0; i < self->input_count; i++)
        document_add(out, key, "%s %s", self->inputs[i].name,
                     input_kind_word(self->inputs[i].kind));
}

static void
take_default(document_reader_t *in, manifest_t *self, const char *key)
{
    char **row = document_row(in, key, 2);
    manifest_input_t *input = find_input(in, self, row[0]);
    if (!input)
        return;
    input->fallback = keep(in, self, row[1], ORDER_VALUE_MAX);
    input->has_default = true;
}

static void
put_default(const manifest_t *self, const char *key, bytes_t *out, bytes_t *scratch)
{
    for (size_t i = 0; i < self->input_count; i++)
        if (self->inputs[i].has_default)
            document_add(out, key, "%s %s", self->inputs[i].name,
                         fields_escape(scratch, self->inputs[i].fallback));
}

static void
take_pattern(document_reader_t *in, manifest_t *self, const char *key)
{
    fault_t wrong = {0};
    char **row = document_row(in, key, 2);
    manifest_input_t *input = find_input(in, self, row[0]);
    if (!input)
        return;
    input->pattern = keep(in, self, row[1], PATTERN_MAX);
    if (!in->spoiled && input->kind != INPUT_STRING)
        document_spoil(in, FAULT_FORMAT, "'%s' is no string, which alone has a pattern", row[0]);
    else if (!in->spoiled && pattern_check(input->pattern, &wrong))
        document_spoil(in, FAULT_FORMAT, "%s", wrong.text);
}

static void
put_pattern(const manifest_t *self, const char *key, bytes_t *out, bytes_t *scratch)
{
    for (size_t i = 0; i < self->input_count; i++)
        if (self->inputs[i].pattern[0])
            document_add(out, key, "%s %s", self->inputs[i].name,
                         fields_escape(scratch, self->inputs[i].pattern));
}

static void
take_range(document_reader_t *in, manifest_t *self, const char *key)
{
    char **row = document_row(in, key, 3);
    manifest_input_t *input = find_input(in, self, row[0]);
    if (!input)
        return;
    input->has_range = true;
    if (!text_read_i64(row[1], &input->least) || !text_read_i64(row[2], &input->most) ||
        input->least > input->most)
        document_spoil(in, FAULT_FORMAT, "'%s %s' is no range", row[1], row[2]);
    else if (input->kind != INPUT_INTEGER && input->kind != INPUT_DURATION)
        document_spoil(in, FAULT_FORMAT, "'%s' is no integer or duration, which have ranges",
                       row[0]);
}

static void
put_range(const manifest_t *self, const char *key, bytes_t *out, bytes_t *scratch)
{
    (void)scratch;
    for (size_t i = 0; i < self->input_count; i++)
        if (self->inputs[i].has_range)
            document_add(out, key, "%s %lld %lld", self->inputs[i].name,
                         (long long)self->inputs[i].least, (long long)self->inputs[i].most);
}

/* A choice or an option: OWNER escaped. */
static void
take_word(document_reader_t *in, manifest_t *self, char **row, manifest_word_t *word)
{
    fields_name(in, row[0], word->owner);
    word->text = keep(in, self, row[1], ORDER_VALUE_MAX);
    if (!in->spoiled && !text_is_printable(slice_text(word->text)))
        document_spoil(in, FAULT_FORMAT, "'%s' of '%s' is not printable ASCII", in->key, row[0]);
}

static void
put_words(const manifest_word_t *words, size_t count, const char *key, bytes_t *out,
          bytes_t *scratch)
{
    for (size_t i = 0; i < count; i++)
        document_add(out, key, "%s %s", words[i].owner, fields_escape(scratch, words[i].text));
}

static void
take_choice(document_reader_t *in, manifest_t *self, const char *key)
{
    char **row = document_row(in, key, 2);
    const manifest_input_t *input = find_input(in, self, row[0]);
    if (!input || !fields_room(in, self->choice_count, MANIFEST_WORDS_MAX))
        return;
    self->choices = longer(self->choices, self->choice_count, sizeof *self->choices);
    take_word(in, self, row, &self->choices[self->choice_count++]);
    if (!in->spoiled && input->kind != INPUT_CHOICE)
        document_spoil(in, FAULT_FORMAT, "'%s' is no choice", input->name);
}

static void
put_choice(const manifest_t *self, const char *key, bytes_t *out, bytes_t *scratch)
{
    put_words(self->choices, self->choice_count, key, out, scratch);
}

static bool
is_alert_field(const char *field)
{
    static const char *const whole[] = {"severity", "host", "title", "source"};
    for (size_t i = 0; i < ARRAY_SIZE(whole); i++)
        if (!strcmp(field, whole[i]))
            return true;
    return (!strncmp(field, "labels.", 7) && field[7]) ||
           (!strncmp(field, "annotations.", 12) && field[12]);
}

static void
take_from(document_reader_t *in, manifest_t *self, const char *key)
{
    char **row = document_row(in, key, 2);
    manifest_input_t *input = find_input(in, self, row[0]);
    if (!input)
        return;
    char *out = self->texts + self->texts_size;
    if (!is_alert_field(row[1]) || !text_copy(out, TEXT_NAME_MAX + 65, row[1]))
        document_spoil(in, FAULT_FORMAT, "'%s' is no field of an alert that '%s' can come from",
                       row[1], row[0]);
    self->texts_size += strlen(out) + 1;
    input->from = out;
}

static void
put_from(const manifest_t *self, const char *key, bytes_t *out, bytes_t *scratch)
{
    (void)scratch;
    for (size_t i = 0; i < self->input_count; i++)
        if (self->inputs[i].from[0])
            document_add(out, key, "%s %s", self->inputs[i].name, self->inputs[i].from);
}

static void
take_help(document_reader_t *in, manifest_t *self, const char *key)
{
    char **row = document_row(in, key, 2);
    manifest_input_t *input = find_input(in, self, row[0]);
    if (input)
        input->help = keep(in, self, row[1], 255);
}

static void
put_help(const manifest_t *self, const char *key, bytes_t *out, bytes_t *scratch)
{
    for (size_t i = 0; i < self->input_count; i++)
        if (self->inputs[i].help[0])
            document_add(out, key, "%s %s", self->inputs[i].name,
                         fields_escape(scratch, self->inputs[i].help));
}

static void
take_trigger(document_reader_t *in, manifest_t *self, const char *key)
{
    const char *text = document_text(in, key);
    if (!fields_room(in, self->trigger_count, MANIFEST_TRIGGERS_MAX))
        return;
    self->triggers = longer(self->triggers, self->trigger_count, sizeof *self->triggers);
    self->triggers[self->trigger_count++] = keep(in, self, text, 127);
}

static void
put_trigger(const manifest_t *self, const char *key, bytes_t *out, bytes_t *scratch)
{
    for (size_t i = 0; i < self->trigger_count; i++)
        document_add(out, key, "%s", fields_escape(scratch, self->triggers[i]));
}

/* ---- steps ------------------------------------------------------------------------------- */

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
    self->steps = longer(self->steps, self->step_count, sizeof *self->steps);
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
    *pairs = longer(*pairs, *count, sizeof **pairs);
    manifest_need_t *pair = &(*pairs)[(*count)++];
    fields_name(in, row[0], pair->step);
    fields_name(in, row[1], pair->need);
    if (find_step(in, self, pair->step))
        find_step(in, self, pair->need);
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
    manifest_step_t *step = find_step(in, self, row[0]);
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
    manifest_step_t *step = find_step(in, self, row[0]);
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
    manifest_step_t *step = find_step(in, self, row[0]);
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
    manifest_step_t *step = find_step(in, self, row[0]);
    if (step)
        step->text = keep(in, self, row[1], TEXT_OF_STEP_MAX);
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
    manifest_step_t *step = find_step(in, self, row[0]);
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
    const manifest_step_t *step = find_step(in, self, row[0]);
    if (!step || !fields_room(in, self->option_count, MANIFEST_WORDS_MAX))
        return;
    self->options = longer(self->options, self->option_count, sizeof *self->options);
    take_word(in, self, row, &self->options[self->option_count++]);
    if (!in->spoiled && (step->kind != STEP_ASK || step->answer != INPUT_CHOICE))
        document_spoil(in, FAULT_FORMAT, "'%s' asks for no choice", step->name);
}

static void
put_option(const manifest_t *self, const char *key, bytes_t *out, bytes_t *scratch)
{
    put_words(self->options, self->option_count, key, out, scratch);
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
    manifest_step_t *step = find_step(in, self, row[0]);
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
    manifest_step_t *step = find_step(in, self, row[0]);
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
    return strncmp(value, "inputs.", 7) != 0 || manifest_input(self, value + 7);
}

static void
take_given(document_reader_t *in, manifest_t *self, const char *key)
{
    char **row = document_row(in, key, 3);
    const manifest_step_t *step = find_step(in, self, row[0]);
    if (!step || !fields_room(in, self->given_count, MANIFEST_WORDS_MAX))
        return;
    self->givens = longer(self->givens, self->given_count, sizeof *self->givens);
    manifest_given_t *given = &self->givens[self->given_count++];
    fields_name(in, row[0], given->step);
    fields_name(in, row[1], given->input);
    given->value = keep(in, self, row[2], ORDER_VALUE_MAX);
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

/* ---- ops --------------------------------------------------------------------------------- */

static void
take_use(document_reader_t *in, manifest_t *self, const char *key)
{
    char **row = document_row(in, key, 3);
    if (!fields_room(in, self->use_count, MANIFEST_USES_MAX))
        return;
    if (!in->spoiled && manifest_uses(self, row[0], row[1]))
        document_spoil(in, FAULT_FORMAT, "step '%s' uses '%s' twice", row[0], row[1]);
    self->uses = longer(self->uses, self->use_count, sizeof *self->uses);
    manifest_use_t *use = &self->uses[self->use_count++];
    fields_name(in, row[0], use->step);
    fields_name(in, row[1], use->op);
    fields_class(in, row[2], &use->class_);
    if (!find_step(in, self, use->step))
        return;
    const op_t *op = op_find(use->op);
    if (!op)
        document_spoil(in, FAULT_OP, "step '%s' uses the unknown op '%s'", use->step, use->op);
    else if (use->class_ < op->least)
        document_spoil(in, FAULT_CLASS, "'%s' is %s at least, not %s", use->op,
                       class_word(op->least), class_word(use->class_));
}

static void
put_use(const manifest_t *self, const char *key, bytes_t *out, bytes_t *scratch)
{
    (void)scratch;
    for (size_t i = 0; i < self->use_count; i++)
        document_add(out, key, "%s %s %s", self->uses[i].step, self->uses[i].op,
                     class_word(self->uses[i].class_));
}

static const op_argument_t *
find_argument(const op_t *op, const char *name)
{
    for (size_t i = 0; op && i < OP_ARGUMENTS_MAX && op->arguments[i].name; i++)
        if (!strcmp(op->arguments[i].name, name))
            return &op->arguments[i];
    return NULL;
}

/* NULL where the bound's kind fits its argument, and its value the kind. */
static const char *
bound_misfit(const manifest_t *self, const manifest_bound_t *bound, argument_kind_t argument)
{
    bool mapped = !strncmp(bound->value, "inputs.", 7);
    const manifest_input_t *input = mapped ? manifest_input(self, bound->value + 7) : NULL;
    int64_t number;
    if (mapped && !input)
        return "names no input";
    if (!strcmp(bound->kind, "equals"))
        return NULL;
    if (!strcmp(bound->kind, "under")) {
        bool path = input ? input->kind == INPUT_PATH : path_is_normal(bound->value);
        return argument == ARGUMENT_PATH && path ? NULL : "wants paths";
    }
    if (!strcmp(bound->kind, "from") || !strcmp(bound->kind, "to")) {
        bool integer = input ? input->kind == INPUT_INTEGER || input->kind == INPUT_PERCENT ||
                                   input->kind == INPUT_DURATION
                             : text_read_i64(bound->value, &number);
        return argument == ARGUMENT_INTEGER && integer ? NULL : "wants integers";
    }
    return "is of no known kind";
}

static void
take_bound(document_reader_t *in, manifest_t *self, const char *key)
{
    char **row = document_row(in, key, 5);
    if (!fields_room(in, self->bound_count, MANIFEST_BOUNDS_MAX))
        return;
    self->bounds = longer(self->bounds, self->bound_count, sizeof *self->bounds);
    manifest_bound_t *bound = &self->bounds[self->bound_count++];
    fields_name(in, row[0], bound->step);
    fields_name(in, row[1], bound->op);
    fields_name(in, row[2], bound->argument);
    fields_copy(in, row[3], bound->kind, sizeof bound->kind);
    bound->value = keep(in, self, row[4], ORDER_VALUE_MAX);
    if (in->spoiled)
        return;
    const op_argument_t *argument = find_argument(op_find(bound->op), bound->argument);
    if (!manifest_uses(self, bound->step, bound->op) || !argument) {
        document_spoil(in, FAULT_FORMAT, "step '%s' uses no '%s' with an argument '%s'",
                       bound->step, bound->op, bound->argument);
        return;
    }
    const char *wrong = bound_misfit(self, bound, argument->kind);
    if (wrong)
        document_spoil(in, FAULT_FORMAT, "the bound '%s' of %s %s", bound->kind, bound->argument,
                       wrong);
}

static void
put_bound(const manifest_t *self, const char *key, bytes_t *out, bytes_t *scratch)
{
    for (size_t i = 0; i < self->bound_count; i++)
        document_add(out, key, "%s %s %s %s %s", self->bounds[i].step, self->bounds[i].op,
                     self->bounds[i].argument, self->bounds[i].kind,
                     fields_escape(scratch, self->bounds[i].value));
}

const manifest_line_t manifest_lines[] = {
    {"input", take_input, put_input},
    {"default", take_default, put_default},
    {"pattern", take_pattern, put_pattern},
    {"range", take_range, put_range},
    {"choice", take_choice, put_choice},
    {"from", take_from, put_from},
    {"help", take_help, put_help},
    {"trigger", take_trigger, put_trigger},
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
    {"use", take_use, put_use},
    {"bound", take_bound, put_bound},
    {NULL, NULL, NULL},
};
