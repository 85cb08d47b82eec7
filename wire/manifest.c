/* SPDX-License-Identifier: Apache-2.0 */
#include "wire/manifest.h"

#include <assert.h>
#include <stdlib.h>

#include "keys/fields.h"
#include "wire/ops.h"

static const char *const input_kinds[INPUT_KINDS] = {
    [INPUT_STRING] = "string", [INPUT_INTEGER] = "integer", [INPUT_PERCENT] = "percent",
    [INPUT_PATH] = "path",     [INPUT_NAME] = "name",       [INPUT_ADDRESS] = "address",
};

static const char *const step_flags[] = {"run", "run,when", "run,verify", "run,when,verify"};

const char *
input_kind_word(input_kind_t kind)
{
    assert(kind < INPUT_KINDS);
    return input_kinds[kind];
}

void
manifest_destroy(manifest_t **self_p)
{
    free(*self_p);
    *self_p = NULL;
}

const manifest_input_t *
manifest_input(const manifest_t *self, const char *name)
{
    for (size_t i = 0; i < self->input_count; i++)
        if (!strcmp(self->inputs[i].name, name))
            return &self->inputs[i];
    return NULL;
}

const manifest_step_t *
manifest_step(const manifest_t *self, const char *name)
{
    for (size_t i = 0; i < self->step_count; i++)
        if (!strcmp(self->steps[i].name, name))
            return &self->steps[i];
    return NULL;
}

bool
manifest_needs(const manifest_t *self, const char *step, const char *need)
{
    for (size_t i = 0; i < self->need_count; i++)
        if (!strcmp(self->needs[i].step, step) && !strcmp(self->needs[i].need, need))
            return true;
    return false;
}

bool
manifest_triggered_by(const manifest_t *self, const char *alertname)
{
    for (size_t i = 0; i < self->trigger_count; i++)
        if (!strcmp(self->triggers[i], alertname))
            return true;
    return false;
}

bool
manifest_uses(const manifest_t *self, const char *step, const char *op)
{
    for (size_t i = 0; i < self->use_count; i++)
        if (!strcmp(self->uses[i].step, step) && !strcmp(self->uses[i].op, op))
            return true;
    return false;
}

static bool
is_ready(const manifest_t *self, size_t step, const bool *done)
{
    for (size_t i = 0; i < self->need_count; i++) {
        if (strcmp(self->needs[i].step, self->steps[step].name) != 0)
            continue;
        const manifest_step_t *need = manifest_step(self, self->needs[i].need);
        if (!need || !done[need - self->steps])
            return false;
    }
    return true;
}

/* How many steps can ever run: all of them, unless needs go in a circle. */
static size_t
sequence(const manifest_t *self, size_t order[static MANIFEST_STEPS_MAX])
{
    bool done[MANIFEST_STEPS_MAX] = {false};
    size_t count = 0;
    for (size_t i = 0; i < self->step_count; i++) {
        if (done[i] || !is_ready(self, i, done))
            continue;
        done[i] = true;
        order[count++] = i;
        i = (size_t)-1;
    }
    return count;
}

void
manifest_sequence(const manifest_t *self, size_t order[static MANIFEST_STEPS_MAX])
{
    size_t count = sequence(self, order);
    assert(count == self->step_count);
}

static manifest_input_t *
find_input(document_reader_t *in, manifest_t *self, const char *name)
{
    for (size_t i = 0; i < self->input_count; i++)
        if (!strcmp(self->inputs[i].name, name))
            return &self->inputs[i];
    document_spoil(in, FAULT_FORMAT, "no input is called '%s'", name);
    return NULL;
}

static void
take_inputs(document_reader_t *in, manifest_t *self)
{
    while (document_has(in, "input") && fields_room(in, self->input_count, MANIFEST_INPUTS_MAX)) {
        char **row = document_row(in, "input", 2);
        manifest_input_t *input = &self->inputs[self->input_count++];
        fields_name(in, row[0], input->name);
        while (input->kind < INPUT_KINDS && strcmp(row[1], input_kinds[input->kind]) != 0)
            input->kind++;
        if (input->kind == INPUT_KINDS)
            document_spoil(in, FAULT_FORMAT, "'%s' is no kind of input", row[1]);
        if (self->input_count > 1 && !strcmp(input[-1].name, input->name))
            document_spoil(in, FAULT_FORMAT, "two inputs are called '%s'", input->name);
    }
}

static void
take_default(document_reader_t *in, manifest_t *self)
{
    fault_t fault = {0};
    char **row = document_row(in, "default", 2);
    manifest_input_t *input = in->spoiled ? NULL : find_input(in, self, row[0]);
    if (!input)
        return;
    fields_unescape(in, row[1], input->fallback, sizeof input->fallback);
    CLEANUP(value_destroy) value_t *value = input_value(input->kind, input->fallback, &fault);
    if (!value || input->has_default)
        document_spoil(in, FAULT_FORMAT, "the default of '%s' %s", input->name,
                       value ? "stands there twice" : fault.text);
    input->has_default = true;
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
take_from(document_reader_t *in, manifest_t *self)
{
    char **row = document_row(in, "from", 2);
    manifest_input_t *input = in->spoiled ? NULL : find_input(in, self, row[0]);
    if (!input)
        return;
    if (input->from[0] || !is_alert_field(row[1]) ||
        !text_copy(input->from, sizeof input->from, row[1]))
        document_spoil(in, FAULT_FORMAT, "'%s' is no field of an alert that '%s' can come from",
                       row[1], input->name);
}

static void
take_help(document_reader_t *in, manifest_t *self)
{
    char **row = document_row(in, "help", 2);
    manifest_input_t *input = in->spoiled ? NULL : find_input(in, self, row[0]);
    if (!input)
        return;
    if (input->help[0])
        document_spoil(in, FAULT_FORMAT, "'%s' has help twice", input->name);
    fields_unescape(in, row[1], input->help, sizeof input->help);
    if (!in->spoiled && (!input->help[0] || !text_is_free(slice_text(input->help))))
        document_spoil(in, FAULT_FORMAT, "the help of '%s' is empty, or no text", input->name);
}

static void
take_trigger(document_reader_t *in, manifest_t *self)
{
    if (!fields_room(in, self->trigger_count, MANIFEST_TRIGGERS_MAX))
        return;
    char *trigger = self->triggers[self->trigger_count++];
    fields_unescape(in, document_text(in, "trigger"), trigger, sizeof self->triggers[0]);
    if (!in->spoiled && (!trigger[0] || !text_is_free(slice_text(trigger))))
        document_spoil(in, FAULT_FORMAT, "a trigger is empty, or no text");
}

static void
take_step(document_reader_t *in, manifest_t *self)
{
    size_t flags = 0;
    if (!fields_room(in, self->step_count, MANIFEST_STEPS_MAX))
        return;
    char **row = document_row(in, "step", 3);
    if (!in->spoiled && manifest_step(self, row[0]))
        document_spoil(in, FAULT_FORMAT, "two steps are called '%s'", row[0]);
    manifest_step_t *step = &self->steps[self->step_count++];
    fields_name(in, row[0], step->name);
    step->timeout_s = (unsigned)fields_number(in, row[1], 1, STEP_TIMEOUT_MAX_S);
    while (flags < ARRAY_SIZE(step_flags) && strcmp(row[2], step_flags[flags]) != 0)
        flags++;
    if (flags == ARRAY_SIZE(step_flags))
        document_spoil(in, FAULT_FORMAT, "'%s' are no flags of a step", row[2]);
    step->has_when = flags & 1;
    step->has_verify = flags & 2;
}

static void
take_need(document_reader_t *in, manifest_t *self)
{
    if (!fields_room(in, self->need_count, MANIFEST_NEEDS_MAX))
        return;
    char **row = document_row(in, "needs", 2);
    manifest_need_t *need = &self->needs[self->need_count++];
    fields_name(in, row[0], need->step);
    fields_name(in, row[1], need->need);
    for (int i = 0; i < 2; i++)
        if (!in->spoiled && !manifest_step(self, row[i]))
            document_spoil(in, FAULT_FORMAT, "no step is called '%s'", row[i]);
}

static void
take_use(document_reader_t *in, manifest_t *self)
{
    if (!fields_room(in, self->use_count, MANIFEST_USES_MAX))
        return;
    char **row = document_row(in, "use", 3);
    if (!in->spoiled && manifest_uses(self, row[0], row[1]))
        document_spoil(in, FAULT_FORMAT, "step '%s' uses '%s' twice", row[0], row[1]);
    manifest_use_t *use = &self->uses[self->use_count++];
    fields_name(in, row[0], use->step);
    fields_name(in, row[1], use->op);
    fields_class(in, row[2], &use->class_);
    if (in->spoiled)
        return;
    const op_t *op = op_find(use->op);
    if (!manifest_step(self, use->step))
        document_spoil(in, FAULT_FORMAT, "no step is called '%s'", use->step);
    else if (!op)
        document_spoil(in, FAULT_OP, "step '%s' uses the unknown op '%s'", use->step, use->op);
    else if (use->class_ < op->least)
        document_spoil(in, FAULT_CLASS, "'%s' is %s at least, not %s", use->op,
                       class_word(op->least), class_word(use->class_));
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
        bool integer = input ? input->kind == INPUT_INTEGER || input->kind == INPUT_PERCENT
                             : text_read_i64(bound->value, &number);
        return argument == ARGUMENT_INTEGER && integer ? NULL : "wants integers";
    }
    return "is of no known kind";
}

static void
take_bound(document_reader_t *in, manifest_t *self)
{
    if (!fields_room(in, self->bound_count, MANIFEST_BOUNDS_MAX))
        return;
    char **row = document_row(in, "bound", 5);
    manifest_bound_t *bound = &self->bounds[self->bound_count++];
    fields_name(in, row[0], bound->step);
    fields_name(in, row[1], bound->op);
    fields_name(in, row[2], bound->argument);
    fields_copy(in, row[3], bound->kind, sizeof bound->kind);
    fields_unescape(in, row[4], bound->value, sizeof bound->value);
    if (in->spoiled)
        return;
    if (!text_is_free(slice_text(bound->value)))
        document_spoil(in, FAULT_FORMAT, "a bound of '%s' is no text", bound->argument);
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
take_head(document_reader_t *in, manifest_t *self)
{
    fields_take_name(in, "playbook", self->playbook);
    fields_copy(in, document_free(in, "summary"), self->summary, sizeof self->summary);
    fields_class(in, document_text(in, "class"), &self->highest);
    char **row = document_row(in, "rollout", 4);
    self->first = (unsigned)fields_number(in, row[0], 1, ORDER_WAVE_MAX);
    self->grow = (unsigned)fields_number(in, row[1], 1, ORDER_WAVE_MAX);
    self->soak_s = fields_number(in, row[2], 0, ORDER_WINDOW_MAX_S);
    self->max_failures = (unsigned)fields_number(in, row[3], 0, ORDER_TARGETS_MAX);
}

static int
check_whole(const manifest_t *self, fault_t *fault)
{
    size_t order[MANIFEST_STEPS_MAX];
    class_t worst = CLASS_OBSERVE;
    for (size_t i = 0; i < self->use_count; i++)
        if (self->uses[i].class_ > worst)
            worst = self->uses[i].class_;
    if (!self->step_count)
        return fault_set(fault, FAULT_FORMAT, "manifest: no step");
    if (sequence(self, order) != self->step_count)
        return fault_set(fault, FAULT_FORMAT, "manifest: the needs of its steps go in a circle");
    if (self->highest != worst)
        return fault_set(fault, FAULT_CLASS, "manifest: class %s, but the worst op is %s",
                         class_word(self->highest), class_word(worst));
    return 0;
}

manifest_t *
manifest_decode(slice_t document, fault_t *fault)
{
    static const struct {
        const char *key;
        void (*take)(document_reader_t *in, manifest_t *self);
    } repeated[] = {
        {"default", take_default}, {"from", take_from},   {"help", take_help},
        {"trigger", take_trigger}, {"step", take_step},   {"needs", take_need},
        {"use", take_use},         {"bound", take_bound},
    };
    fault_t scratch = {0};
    document_reader_t in;
    CLEANUP(manifest_destroy) manifest_t *self = memory_new(1, sizeof *self);
    CLEANUP(bytes_destroy) bytes_t *again = bytes_new();
    fault = fault ? fault : &scratch;
    document_open(&in, document, "manifest", fault);
    take_head(&in, self);
    take_inputs(&in, self);
    for (size_t i = 0; i < ARRAY_SIZE(repeated); i++)
        while (document_has(&in, repeated[i].key))
            repeated[i].take(&in, self);
    if (document_close(&in, fault) || check_whole(self, fault))
        return NULL;
    manifest_encode(self, again);
    if (document_same(document, bytes_slice(again), fault)) {
        fault_wrap(fault, "manifest");
        return NULL;
    }
    return MOVE(self);
}

static void
encode_inputs(const manifest_t *self, bytes_t *out, bytes_t *scratch)
{
    const manifest_input_t *end = self->inputs + self->input_count;
    for (const manifest_input_t *input = self->inputs; input < end; input++)
        document_add(out, "input", "%s %s", input->name, input_kinds[input->kind]);
    for (const manifest_input_t *input = self->inputs; input < end; input++)
        if (input->has_default)
            document_add(out, "default", "%s %s", input->name,
                         fields_escape(scratch, input->fallback));
    for (const manifest_input_t *input = self->inputs; input < end; input++)
        if (input->from[0])
            document_add(out, "from", "%s %s", input->name, input->from);
    for (const manifest_input_t *input = self->inputs; input < end; input++)
        if (input->help[0])
            document_add(out, "help", "%s %s", input->name, fields_escape(scratch, input->help));
}

void
manifest_encode(const manifest_t *self, bytes_t *out)
{
    CLEANUP(bytes_destroy) bytes_t *scratch = bytes_new();
    document_begin(out, "manifest");
    document_add(out, "playbook", "%s", self->playbook);
    document_add(out, "summary", "%s", self->summary);
    document_add(out, "class", "%s", class_word(self->highest));
    document_add(out, "rollout", "%u %u %llu %u", self->first, self->grow,
                 (unsigned long long)self->soak_s, self->max_failures);
    encode_inputs(self, out, scratch);
    for (size_t i = 0; i < self->trigger_count; i++)
        document_add(out, "trigger", "%s", fields_escape(scratch, self->triggers[i]));
    for (size_t i = 0; i < self->step_count; i++)
        document_add(out, "step", "%s %u %s", self->steps[i].name, self->steps[i].timeout_s,
                     step_flags[self->steps[i].has_when + 2 * self->steps[i].has_verify]);
    for (size_t i = 0; i < self->need_count; i++)
        document_add(out, "needs", "%s %s", self->needs[i].step, self->needs[i].need);
    for (size_t i = 0; i < self->use_count; i++)
        document_add(out, "use", "%s %s %s", self->uses[i].step, self->uses[i].op,
                     class_word(self->uses[i].class_));
    for (size_t i = 0; i < self->bound_count; i++)
        document_add(out, "bound", "%s %s %s %s %s", self->bounds[i].step, self->bounds[i].op,
                     self->bounds[i].argument, self->bounds[i].kind,
                     fields_escape(scratch, self->bounds[i].value));
    document_end(out);
}
