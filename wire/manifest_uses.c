/* SPDX-License-Identifier: Apache-2.0 */
/* The lines of a manifest about ops: which a step may ask for, and within which bounds. */
#include "wire/manifest_private.h"
#include "wire/ops.h"

static void
take_use(document_reader_t *in, manifest_t *self, const char *key)
{
    char **row = document_row(in, key, 3);
    if (!fields_room(in, self->use_count, MANIFEST_USES_MAX))
        return;
    if (!in->spoiled && manifest_uses(self, row[0], row[1]))
        document_spoil(in, FAULT_FORMAT, "step '%s' uses '%s' twice", row[0], row[1]);
    self->uses = manifest_longer(self->uses, self->use_count, sizeof *self->uses);
    manifest_use_t *use = &self->uses[self->use_count++];
    fields_name(in, row[0], use->step);
    fields_name(in, row[1], use->op);
    fields_class(in, row[2], &use->class_);
    if (!manifest_find_step(in, self, use->step))
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

/* NULL where the bound's kind fits its argument, and its value the kind. */
static const char *
bound_misfit(const manifest_t *self, const manifest_bound_t *bound, argument_kind_t argument)
{
    const char *mapped = manifest_mapped(bound->value);
    const manifest_input_t *input = mapped ? manifest_input(self, mapped) : NULL;
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
    self->bounds = manifest_longer(self->bounds, self->bound_count, sizeof *self->bounds);
    manifest_bound_t *bound = &self->bounds[self->bound_count++];
    fields_name(in, row[0], bound->step);
    fields_name(in, row[1], bound->op);
    fields_name(in, row[2], bound->argument);
    fields_copy(in, row[3], bound->kind, sizeof bound->kind);
    bound->value = manifest_keep(in, self, row[4], ORDER_VALUE_MAX);
    if (in->spoiled)
        return;
    const op_t *op = manifest_uses(self, bound->step, bound->op) ? op_find(bound->op) : NULL;
    const op_argument_t *argument = op ? op_argument(op, slice_text(bound->argument)) : NULL;
    if (!argument) {
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

const manifest_line_t manifest_use_lines[] = {
    {"use", take_use, put_use},
    {"bound", take_bound, put_bound},
    {NULL, NULL, NULL},
};
