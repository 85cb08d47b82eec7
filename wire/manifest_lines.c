/* SPDX-License-Identifier: Apache-2.0 */
/* The lines of a manifest (docs/PROTOCOL.md 3.9), reading and writing side by side: here those
 * about inputs and triggers. What stands there twice is not looked for: it is written once, so the
 * document differs from what was read. */
#include "wire/manifest_private.h"
#include "wire/pattern.h"

void *
manifest_longer(void *items, size_t count, size_t size)
{
    char *resized = memory_resize(items, count + 1, size);
    memset(resized + count * size, 0, size);
    return resized;
}

const char *
manifest_keep(document_reader_t *in, manifest_t *self, const char *escaped, size_t max)
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

static void
take_input(document_reader_t *in, manifest_t *self, const char *key)
{
    char **row = document_row(in, key, 2);
    if (!fields_room(in, self->input_count, MANIFEST_INPUTS_MAX))
        return;
    self->inputs = manifest_longer(self->inputs, self->input_count, sizeof *self->inputs);
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
    input->fallback = manifest_keep(in, self, row[1], ORDER_VALUE_MAX);
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
take_optional(document_reader_t *in, manifest_t *self, const char *key)
{
    manifest_input_t *input = find_input(in, self, document_text(in, key));
    if (!input)
        return;
    input->optional = true;
    if (input->has_default)
        document_spoil(in, FAULT_FORMAT, "'%s' has a default, so it is never left out",
                       input->name);
}

static void
put_optional(const manifest_t *self, const char *key, bytes_t *out, bytes_t *scratch)
{
    (void)scratch;
    for (size_t i = 0; i < self->input_count; i++)
        if (self->inputs[i].optional)
            document_add(out, key, "%s", self->inputs[i].name);
}

static void
take_pattern(document_reader_t *in, manifest_t *self, const char *key)
{
    fault_t wrong = {0};
    char **row = document_row(in, key, 2);
    manifest_input_t *input = find_input(in, self, row[0]);
    if (!input)
        return;
    input->pattern = manifest_keep(in, self, row[1], PATTERN_MAX);
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

void
manifest_take_word(document_reader_t *in, manifest_t *self, char **row, manifest_word_t *word)
{
    fields_name(in, row[0], word->owner);
    word->text = manifest_keep(in, self, row[1], ORDER_VALUE_MAX);
    if (!in->spoiled && !text_is_printable(slice_text(word->text)))
        document_spoil(in, FAULT_FORMAT, "'%s' of '%s' is not printable ASCII", in->key, row[0]);
}

void
manifest_put_words(const manifest_word_t *words, size_t count, const char *key, bytes_t *out,
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
    self->choices = manifest_longer(self->choices, self->choice_count, sizeof *self->choices);
    manifest_take_word(in, self, row, &self->choices[self->choice_count++]);
    if (!in->spoiled && input->kind != INPUT_CHOICE)
        document_spoil(in, FAULT_FORMAT, "'%s' is no choice", input->name);
}

static void
put_choice(const manifest_t *self, const char *key, bytes_t *out, bytes_t *scratch)
{
    manifest_put_words(self->choices, self->choice_count, key, out, scratch);
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
        input->help = manifest_keep(in, self, row[1], 255);
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
    self->triggers = manifest_longer(self->triggers, self->trigger_count, sizeof *self->triggers);
    self->triggers[self->trigger_count++] = manifest_keep(in, self, text, 127);
}

static void
put_trigger(const manifest_t *self, const char *key, bytes_t *out, bytes_t *scratch)
{
    for (size_t i = 0; i < self->trigger_count; i++)
        document_add(out, key, "%s", fields_escape(scratch, self->triggers[i]));
}

static const manifest_line_t input_lines[] = {
    {"input", take_input, put_input},
    {"default", take_default, put_default},
    {"optional", take_optional, put_optional},
    {"pattern", take_pattern, put_pattern},
    {"range", take_range, put_range},
    {"choice", take_choice, put_choice},
    {"from", take_from, put_from},
    {"help", take_help, put_help},
    {"trigger", take_trigger, put_trigger},
    {NULL, NULL, NULL},
};

const manifest_line_t *
manifest_line(size_t at)
{
    static const manifest_line_t *const parts[] = {input_lines, manifest_step_lines,
                                                   manifest_use_lines};
    for (size_t i = 0; i < ARRAY_SIZE(parts); i++)
        for (const manifest_line_t *line = parts[i]; line->key; line++)
            if (!at--)
                return line;
    return NULL;
}
