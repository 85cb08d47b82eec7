/* SPDX-License-Identifier: Apache-2.0 */
#include "worker/play.h"

#include <assert.h>
#include <stdlib.h>

#include "wire/ops.h"

play_t *
play_new(const brief_t *brief, const scene_t *scene)
{
    play_t *self = memory_new(1, sizeof *self);
    self->brief = brief;
    self->scene = scene;
    self->manifest = brief->scripts[scene->script].manifest;
    self->walk = walk_new(self->manifest);
    if (!brief->once_here)
        walk_leave_out_once(self->walk);
    self->active = scene == brief->scenes;
    self->outputs = memory_new(self->manifest->step_count, sizeof(value_t *));
    self->unseen = memory_new(self->manifest->step_count, sizeof *self->unseen);
    self->ended = memory_new(self->manifest->step_count, sizeof *self->ended);
    return self;
}

void
play_destroy(play_t **self_p)
{
    play_t *self = *self_p;
    if (!self)
        return;
    for (size_t i = 0; i < self->manifest->step_count; i++)
        value_destroy(&self->outputs[i]);
    walk_destroy(&self->walk);
    free(self->outputs);
    free(self->unseen);
    free(self->ended);
    free(self);
    *self_p = NULL;
}

const manifest_step_t *
play_step(const play_t *self, const stride_t *stride)
{
    return &self->manifest->steps[stride->step];
}

const script_t *
play_script(const play_t *self)
{
    return &self->brief->scripts[self->scene->script];
}

void
play_path(const play_t *self, size_t step, char out[static STEP_PATH_MAX])
{
    bool fits = path_join(out, self->scene->path, self->manifest->steps[step].name);
    assert(fits); /* brief_plan saw to it */
}

/* ---- the context of a task --------------------------------------------------------------- */

static value_t *
incident_value(const warrant_t *warrant)
{
    value_t *incident = value_map();
    if (warrant->order && warrant->order->incident)
        value_set_integer(incident, "id", (int64_t)warrant->order->incident);
    if (!warrant->alert)
        return incident;
    const alert_t *alert = warrant->alert;
    value_t *labels = value_map();
    value_t *annotations = value_map();
    for (size_t i = 0; i < alert->label_count; i++)
        value_set_text(labels, alert->labels[i].name, alert->labels[i].value);
    for (size_t i = 0; i < alert->annotation_count; i++)
        value_set_text(annotations, alert->annotations[i].name, alert->annotations[i].value);
    value_set_text(incident, "title", alert->title);
    value_set_text(incident, "severity", alert->severity);
    value_set_text(incident, "host", alert->host);
    value_set_text(incident, "source", alert->source);
    value_set(incident, "labels", labels);
    value_set(incident, "annotations", annotations);
    return incident;
}

static value_t *
target_value(const workplace_t *place)
{
    value_t *target = value_map();
    value_set_text(target, "worker", place->worker);
    value_set_text(target, "region", place->region);
    value_set_text(target, "labels", place->labels);
    return target;
}

static value_t *
here_value(const play_t *self, const char *step)
{
    const manifest_t *manifest = self->manifest;
    value_t *here = value_map();
    for (size_t i = 0; i < manifest->step_count; i++)
        if (self->outputs[i] && manifest_needs(manifest, step, manifest->steps[i].name))
            value_set(here, manifest->steps[i].name, value_copy(self->outputs[i]));
    return here;
}

/* What the steps gave that a step which runs once needs, on every target. */
static value_t *
all_value(const play_t *self, const char *step, const workplace_t *place)
{
    value_t *all = value_map();
    for (size_t i = 0; i < self->manifest->step_count; i++) {
        const char *name = self->manifest->steps[i].name;
        const value_t *others = value_get(self->brief->all, name);
        if (!manifest_gathers(self->manifest, &self->manifest->steps[i]) ||
            !manifest_needs(self->manifest, step, name))
            continue;
        value_t *map = others ? value_copy(others) : value_map();
        if (self->outputs[i])
            value_set(map, place->worker, value_given(self->outputs[i]));
        value_set(all, name, map);
    }
    return all;
}

value_t *
play_context(const play_t *self, const stride_t *stride, const workplace_t *place)
{
    value_t *context = value_map();
    const value_t *output = self->outputs[stride->step];
    value_set(context, "inputs", value_copy(self->scene->inputs));
    value_set(context, "incident", incident_value(self->brief->warrant));
    value_set(context, "target", target_value(place));
    value_set(context, "here", here_value(self, play_step(self, stride)->name));
    if (play_step(self, stride)->once)
        value_set(context, "all", all_value(self, play_step(self, stride)->name, place));
    value_set_integer(context, "attempt", stride->attempt);
    if (stride->undo && output)
        value_set(context, "output", value_copy(output));
    return context;
}

value_t *
play_output(const play_t *self)
{
    value_t *map = value_map();
    for (size_t i = 0; i < self->manifest->step_count; i++)
        if (self->outputs[i])
            value_set(map, self->manifest->steps[i].name, value_copy(self->outputs[i]));
    return map;
}

/* ---- the walk ---------------------------------------------------------------------------- */

void
play_begin_undo(play_t *self)
{
    if (self->undoing)
        return;
    self->undoing = true;
    walk_begin_undo(self->walk);
}

bool
receipt_touched(const receipt_t *self)
{
    for (size_t i = 0; i < self->op_count; i++) {
        const op_t *op = op_find(self->ops[i].op);
        if (op && op->least > CLASS_OBSERVE && !walk_never_began(fault_of(self->ops[i].code)))
            return true;
    }
    return false;
}

static bool
is_foretold(const receipt_t *receipt)
{
    for (size_t i = 0; i < receipt->op_count; i++)
        if (fault_of(receipt->ops[i].code) == FAULT_DRY)
            return true;
    return false;
}

/* What a dry run leaves open, here and for whoever called: a step that ended at a fix of which
 * nobody can tell more. One that was skipped by its own word is known, though no more than
 * predicted. */
static void
note_dry(play_t *self, size_t step, const receipt_t *receipt)
{
    bool foretold = is_foretold(receipt);
    bool unseen = foretold && receipt->outcome == OUTCOME_SKIPPED;
    for (play_t *at = self; at; step = at->caller_step, at = at->caller) {
        at->foretold = at->foretold || foretold;
        at->unseen[step] = at->unseen[step] || unseen;
    }
}

const char *
play_unseen_need(const play_t *self, size_t step)
{
    const manifest_step_t *steps = self->manifest->steps;
    for (size_t i = 0; i < self->manifest->step_count; i++)
        if (self->unseen[i] && manifest_awaits(self->manifest, steps[step].name, steps[i].name))
            return steps[i].name;
    return NULL;
}

static void
keep_output(play_t *self, size_t step, value_t *output)
{
    value_destroy(&self->outputs[step]);
    self->outputs[step] = output;
}

bool
play_ended(play_t *self, const stride_t *stride, const receipt_t *receipt, value_t *output)
{
    CLEANUP(value_destroy) value_t *taken = output;
    walk_end_t end = {receipt->outcome, fault_of(receipt->code), receipt_touched(receipt)};
    if (!walk_ended(self->walk, stride, &end))
        return false;
    note_dry(self, stride->step, receipt);
    if (taken && !stride->undo && receipt->outcome == OUTCOME_OK)
        keep_output(self, stride->step, MOVE(taken));
    if (receipt->outcome != OUTCOME_OK && receipt->outcome != OUTCOME_SKIPPED)
        fault_set(&self->why, fault_of(receipt->code), "step '%s': %s",
                  step_path_name(receipt->step), receipt->reason);
    return true;
}

void
play_skip(play_t *self, size_t step, bool touched, value_t *output)
{
    walk_skip_done(self->walk, step, touched);
    keep_output(self, step, output);
}
