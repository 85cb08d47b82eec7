/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/changes.h"

#include <stdarg.h>
#include <stdlib.h>

#include "cli/git.h"
#include "cli/table.h"

#define RED   "\033[31m"
#define GREEN "\033[32m"
#define PLAIN "\033[0m"

/* A manifest in sentences; two manifests differ where a sentence stands in one of them only. */
typedef enum {
    TOPIC_CLASS,
    TOPIC_OP,
    TOPIC_INPUT,
    TOPIC_TRIGGER,
    TOPIC_ROLLOUT,
    TOPIC_STEP,
    TOPIC_SUMMARY,
    TOPICS
} topic_t;

/* A line that alarms where it is there; one that guards alarms where it is gone. */
typedef enum { MARK_NONE, MARK_ALARM, MARK_GUARD } mark_t;

typedef value_t *(says_t)(const manifest_t *self); /* a list of {text, alarm, guard} */

static void PRINTF(3, 4) say(value_t *list, mark_t mark, const char *format, ...)
{
    char text[4096];
    va_list args;
    va_start(args, format);
    vsnprintf(text, sizeof text, format, args);
    va_end(args);
    value_t *line = value_map();
    value_set_text(line, "text", text);
    value_set_bool(line, "alarm", mark == MARK_ALARM);
    value_set_bool(line, "guard", mark == MARK_GUARD);
    value_append(list, line);
}

static value_t *
say_class(const manifest_t *self)
{
    value_t *list = value_list();
    say(list, self->highest == CLASS_DESTRUCTIVE ? MARK_ALARM : MARK_NONE, "class %s",
        class_word(self->highest));
    return list;
}

/* Whether what stands in a bound, or is given to a callee, is an input that may be left out. */
static bool
may_be_absent(const manifest_t *self, const char *value)
{
    const char *mapped = manifest_mapped(value);
    const manifest_input_t *input = mapped ? manifest_input(self, mapped) : NULL;
    return input && input->optional;
}

void
changes_bound(const manifest_t *self, const manifest_bound_t *bound, bytes_t *out)
{
    bytes_addf(out, "%s %s %s%s", bound->argument, bound->kind, bound->value,
               may_be_absent(self, bound->value) ? " or left out" : "");
}

/* How many bounds this use has; each is added to out. */
static size_t
add_bounds(const manifest_t *self, const manifest_use_t *use, bytes_t *out)
{
    size_t count = 0;
    for (size_t i = 0; i < self->bound_count; i++) {
        const manifest_bound_t *bound = &self->bounds[i];
        if (strcmp(bound->step, use->step) != 0 || strcmp(bound->op, use->op) != 0)
            continue;
        bytes_add_text(out, count++ ? ", " : "");
        changes_bound(self, bound, out);
    }
    return count;
}

static value_t *
say_ops(const manifest_t *self)
{
    value_t *list = value_list();
    for (size_t i = 0; i < self->use_count; i++) {
        const manifest_use_t *use = &self->uses[i];
        CLEANUP(bytes_destroy) bytes_t *bounds = bytes_new();
        size_t count = add_bounds(self, use, bounds);
        say(list, !count || use->class_ == CLASS_DESTRUCTIVE ? MARK_ALARM : MARK_NONE,
            "step %s may call %s (%s): %s", use->step, use->op, class_word(use->class_),
            count ? bytes_text(bounds) : "WITHOUT BOUNDS but its schema and the machine's policy");
    }
    return list;
}

/* The words of one owner: ", of a | b". */
static void
add_words(const manifest_word_t *words, size_t count, const char *owner, bytes_t *out)
{
    bool first = true;
    for (size_t i = 0; i < count; i++) {
        if (strcmp(words[i].owner, owner) != 0)
            continue;
        bytes_addf(out, "%s%s", first ? ", of " : " | ", words[i].text);
        first = false;
    }
}

static value_t *
say_inputs(const manifest_t *self)
{
    value_t *list = value_list();
    for (size_t i = 0; i < self->input_count; i++) {
        const manifest_input_t *input = &self->inputs[i];
        CLEANUP(bytes_destroy) bytes_t *line = bytes_new();
        bytes_addf(line, "input %s: %s", input->name, input_kind_word(input->kind));
        add_words(self->choices, self->choice_count, input->name, line);
        if (input->pattern[0])
            bytes_addf(line, ", like %s", input->pattern);
        if (input->has_range)
            bytes_addf(line, ", from %lld to %lld%s", (long long)input->least,
                       (long long)input->most, input->kind == INPUT_DURATION ? " s" : "");
        if (input->has_default)
            bytes_addf(line, ", default %s", input->fallback);
        if (input->optional)
            bytes_add_text(line, ", may be left out");
        if (input->from[0])
            bytes_addf(line, ", from the alert's %s", input->from);
        say(list, MARK_NONE, "%s", bytes_text(line));
    }
    return list;
}

static value_t *
say_triggers(const manifest_t *self)
{
    value_t *list = value_list();
    for (size_t i = 0; i < self->trigger_count; i++)
        say(list, MARK_NONE, "offers itself on alert %s", self->triggers[i]);
    return list;
}

static value_t *
say_rollout(const manifest_t *self)
{
    value_t *list = value_list();
    say(list, MARK_NONE,
        "waves: first %u, then %u times as many, after %llu s of health; %u failures "
        "are borne",
        self->first, self->grow, (unsigned long long)self->soak_s, self->max_failures);
    if (self->most)
        say(list, MARK_GUARD, "at most %u targets", self->most);
    else
        say(list, MARK_NONE, "as many targets as an order names");
    if (self->keep)
        say(list, MARK_GUARD, "leaves %u of those selected untouched", self->keep);
    if (self->cooldown_s)
        say(list, MARK_GUARD, "by itself on one target not again within %llu s",
            (unsigned long long)self->cooldown_s);
    return list;
}

static void
add_pairs(const manifest_need_t *pairs, size_t count, const char *step, const char *words,
          bytes_t *out)
{
    bool first = true;
    for (size_t i = 0; i < count; i++) {
        if (strcmp(pairs[i].step, step) != 0)
            continue;
        bytes_addf(out, "%s%s", first ? words : ", ", pairs[i].need);
        first = false;
    }
}

/* What a step does, of its kind. */
static void
add_kind(const manifest_t *self, const manifest_step_t *step, bytes_t *out)
{
    char role[64];
    roles_write(step->role, role, sizeof role);
    switch (step->kind) {
    case STEP_APPROVE:
        bytes_addf(out, "waits at most %u s for the consent of one %s: %s", step->wait_s, role,
                   step->text);
        break;
    case STEP_ASK:
        bytes_addf(out, "waits at most %u s for an answer (%s", step->wait_s,
                   input_kind_word(step->answer));
        add_words(self->options, self->option_count, step->name, out);
        bytes_addf(out, ") of one %s: %s", role, step->text);
        break;
    case STEP_NOTIFY:
        bytes_addf(out, "notifies %s; at most %u s", step->sink, step->timeout_s);
        break;
    case STEP_CALL:
        bytes_addf(out, "calls %s", step->callee);
        break;
    default:
        bytes_addf(out, "at most %u s", step->timeout_s);
    }
}

static void
add_givens(const manifest_t *self, const manifest_step_t *step, bytes_t *out)
{
    bool first = true;
    for (size_t i = 0; i < self->given_count; i++) {
        if (strcmp(self->givens[i].step, step->name) != 0)
            continue;
        bytes_addf(out, "%s%s = %s%s", first ? "; gives " : ", ", self->givens[i].input,
                   self->givens[i].value,
                   may_be_absent(self, self->givens[i].value) ? " or left out" : "");
        first = false;
    }
}

void
changes_step(const manifest_t *self, const manifest_step_t *step, bytes_t *out)
{
    add_kind(self, step, out);
    add_givens(self, step, out);
    const char *skips = step->kind == STEP_APPROVE
                            ? "; skips itself where not needed, for which the judge alone stands"
                            : "; skips itself where not needed";
    bytes_addf(out, "%s%s%s%s%s", step->has_when ? skips : "",
               step->has_verify ? "; verifies itself" : "", step->has_undo ? "; can be undone" : "",
               step->always ? "; runs last, whatever happened" : "",
               step->once ? "; runs once, on the last target" : "");
    if (step->retries)
        bytes_addf(out, "; tries again %u times, the first after %u s", step->retries,
                   step->pause_s);
    if (step->each_max)
        bytes_addf(out, "; for each of at most %u items", step->each_max);
    add_pairs(self->needs, self->need_count, step->name, "; needs ", out);
    add_pairs(self->failures, self->failure_count, step->name, "; only once failed: ", out);
}

static value_t *
say_steps(const manifest_t *self)
{
    value_t *list = value_list();
    size_t sequence[MANIFEST_STEPS_MAX];
    manifest_sequence(self, sequence);
    for (size_t i = 0; i < self->step_count; i++) {
        const manifest_step_t *step = &self->steps[sequence[i]];
        CLEANUP(bytes_destroy) bytes_t *line = bytes_new();
        changes_step(self, step, line);
        say(list, step->kind == STEP_APPROVE ? MARK_GUARD : MARK_NONE, "step %s: %s", step->name,
            bytes_text(line));
    }
    return list;
}

static value_t *
say_summary(const manifest_t *self)
{
    value_t *list = value_list();
    say(list, MARK_NONE, "says: %s", self->summary);
    return list;
}

static says_t *const topics[TOPICS] = {
    [TOPIC_CLASS] = say_class,      [TOPIC_OP] = say_ops,          [TOPIC_INPUT] = say_inputs,
    [TOPIC_TRIGGER] = say_triggers, [TOPIC_ROLLOUT] = say_rollout, [TOPIC_STEP] = say_steps,
    [TOPIC_SUMMARY] = say_summary,
};

static bool
holds(const value_t *list, const value_t *line)
{
    for (size_t i = 0; i < value_count(list); i++)
        if (value_equal(value_get(value_at(list, i), "text"), value_get(line, "text")))
            return true;
    return false;
}

static void
add_change(value_t *changes, const char *sign, const value_t *line, bool alarm)
{
    value_t *change = value_map();
    value_set_text(change, "sign", sign);
    value_set_text(change, "text", value_get_text(line, "text"));
    value_set_bool(change, "alarm", alarm);
    value_append(changes, change);
}

static void
compare_topic(value_t *changes, const value_t *before, const value_t *after, bool alarms)
{
    for (size_t i = 0; i < value_count(before); i++)
        if (!holds(after, value_at(before, i)))
            add_change(changes, "-", value_at(before, i),
                       value_get_bool(value_at(before, i), "guard"));
    for (size_t i = 0; i < value_count(after); i++) {
        const value_t *line = value_at(after, i);
        bool known = holds(before, line), alarm = value_get_bool(line, "alarm");
        if (!known || alarm)
            add_change(changes, known ? " " : "+", line, alarm || (alarms && !known));
    }
}

/* What alarms, then what is new, then the rest; each in the topics' order. */
static size_t
rank_of(const value_t *change)
{
    if (value_get_bool(change, "alarm"))
        return 0;
    return strcmp(value_get_text(change, "sign"), "+") == 0 ? 1 : 2;
}

static value_t *
ranked(const value_t *changes)
{
    value_t *list = value_list();
    for (size_t rank = 0; rank <= 2; rank++)
        for (size_t i = 0; i < value_count(changes); i++)
            if (rank_of(value_at(changes, i)) == rank)
                value_append(list, value_copy(value_at(changes, i)));
    return list;
}

value_t *
changes_of(const manifest_t *before, const manifest_t *after)
{
    CLEANUP(value_destroy) value_t *changes = value_list();
    for (topic_t topic = TOPIC_CLASS; topic < TOPICS; topic++) {
        CLEANUP(value_destroy) value_t *was = before ? topics[topic](before) : value_list();
        CLEANUP(value_destroy) value_t *is = topics[topic](after);
        bool worse = topic == TOPIC_CLASS && before && after->highest > before->highest;
        compare_topic(changes, was, is, worse);
    }
    return ranked(changes);
}

void
changes_print(const value_t *changes, FILE *out)
{
    bool colour = show_colour(out);
    for (size_t i = 0; i < value_count(changes); i++) {
        const value_t *change = value_at(changes, i);
        bool alarm = value_get_bool(change, "alarm");
        fprintf(out, "%s%s%s %s%s\n", colour && alarm ? RED : "", alarm ? "!" : " ",
                value_get_text(change, "sign"), value_get_text(change, "text"),
                colour && alarm ? PLAIN : "");
    }
}

manifest_t *
changes_manifest(const value_t *files, fault_t *fault)
{
    const value_t *bytes = value_get(files, "manifest");
    if (!bytes) {
        fault_set(fault, FAULT_NOT_FOUND, "the release holds no manifest");
        return NULL;
    }
    return manifest_decode(value_slice(bytes), fault);
}

static int
add_diff(const value_t *before, const value_t *after, const char *path, bytes_t *out,
         fault_t *fault)
{
    const value_t *was = value_get(before, path), *is = value_get(after, path);
    slice_t old = value_slice(was);
    slice_t new = value_slice(is);
    if (!strcmp(path, "manifest") || (was && is && slice_equal(old, new)))
        return 0;
    return git_diff_text(path, old, new, out, fault);
}

int
changes_code(const value_t *before, const value_t *after, bytes_t *out, fault_t *fault)
{
    CLEANUP(value_destroy) value_t *paths = value_map();
    const value_t *const sides[] = {before, after};
    for (size_t side = 0; side < ARRAY_SIZE(sides); side++)
        for (size_t i = 0; sides[side] && i < value_count(sides[side]); i++)
            value_set_slice(paths, value_key(sides[side], i), value_nil());
    for (size_t i = 0; i < value_count(paths); i++) {
        CLEANUP(bytes_destroy) bytes_t *path = bytes_copy(value_key(paths, i));
        if (add_diff(before, after, bytes_text(path), out, fault))
            return -1;
    }
    return 0;
}

static void
print_line(slice_t line, bool colour, FILE *out)
{
    CLEANUP(bytes_destroy) bytes_t *text = bytes_copy(line);
    for (size_t i = 0; i < text->size; i++)
        if (text->data[i] == '\t')
            text->data[i] = ' ';
    bool plain = text_is_free(bytes_slice(text));
    memcpy(text->data, line.data, line.size);
    for (size_t i = 0; i < text->size; i++) {
        uint8_t c = text->data[i];
        if ((c < 0x20 && c != '\t') || c == 0x7f || (c >= 0x80 && !plain))
            text->data[i] = '?';
    }
    char first = text->size ? (char)text->data[0] : ' ';
    const char *paint = !colour ? "" : first == '+' ? GREEN : first == '-' ? RED : "";
    fprintf(out, "%s%s%s\n", paint, bytes_text(text), *paint ? PLAIN : "");
}

void
changes_print_code(slice_t text, FILE *out)
{
    bool colour = show_colour(out);
    while (text.size) {
        const uint8_t *end = memchr(text.data, '\n', text.size);
        size_t size = end ? (size_t)(end - text.data) : text.size;
        print_line(slice_of(text.data, size), colour, out);
        size += end ? 1 : 0;
        text = slice_of(text.data + size, text.size - size);
    }
}
