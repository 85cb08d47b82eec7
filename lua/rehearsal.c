/* SPDX-License-Identifier: Apache-2.0 */
#include "lua/rehearsal.h"

#include <stdio.h>
#include <stdlib.h>

#include "lua/recording.h"
#include "lua/runner.h"
#include "wire/walk.h"

/* One run of the playbook. */
typedef struct {
    const manifest_t *manifest;
    slice_t playbook;
    const value_t *test;   /* what the file returned */
    const value_t *inputs; /* all of them */
    value_t *used;         /* NULL, or "STEP OP" of each op asked for */
    recording_t *recording;
    walk_t *walk;
    value_t *outputs, *outcomes, *faults; /* of each step, so far */
    value_t *said, *notified;
    int64_t clock_s;
    const manifest_step_t *step; /* the one that runs */
    bool touched, unknown;       /* what its ops did */
    fault_t wrong;               /* an op that came otherwise, or is not allowed */
    size_t fail_at;              /* under chaos, the op that is made to fail; else 0 */
    bool undoing, failed_in_undo;
    bool script_error, undo_failed;
} rehearsal_t;

static void
rehearsal_clear(rehearsal_t *self)
{
    recording_destroy(&self->recording);
    walk_destroy(&self->walk);
    value_destroy(&self->outputs);
    value_destroy(&self->outcomes);
    value_destroy(&self->faults);
    value_destroy(&self->said);
    value_destroy(&self->notified);
}

static size_t
items(const value_t *list)
{
    return list ? value_count(list) : 0;
}

/* ---- the test's file --------------------------------------------------------------------- */

static int
check_fields(const value_t *test, fault_t *fault)
{
    static const char *const known[] = {"all",      "answers", "calls",    "chaos",  "clock",
                                        "expect",   "fault",   "incident", "inject", "inputs",
                                        "notified", "ops",     "output",   "people", "said"};
    if (value_kind(test) != VALUE_MAP || !items(value_get(test, "expect")))
        return fault_set(fault, FAULT_FORMAT, "a test returns a table with expect = {...}");
    for (size_t i = 0; i < value_count(test); i++) {
        size_t at = 0;
        slice_t key = value_key(test, i);
        while (at < ARRAY_SIZE(known) && !slice_is(key, known[at]))
            at++;
        if (at == ARRAY_SIZE(known))
            return fault_set(fault, FAULT_FORMAT, "a test has no field '%.*s'", (int)key.size,
                             (const char *)key.data);
    }
    return 0;
}

/* The file's table; the caller's. */
static value_t *
load_test(slice_t text, fault_t *fault)
{
    task_t task = {"data", text, "", NULL, REHEARSAL_TIMEOUT_MS, NULL};
    task_result_t result = {0};
    if (runner_run(&task, NULL, NULL, &result, fault))
        return NULL;
    CLEANUP(value_destroy) value_t *test = result.output;
    if (result.outcome != OUTCOME_OK) {
        fault_set(fault, FAULT_SCRIPT, "%s", result.fault.text);
        return NULL;
    }
    return check_fields(test, fault) ? NULL : MOVE(test);
}

static void
as_text(const value_t *value, char *out, size_t size)
{
    size_t used = 0;
    out[0] = '\0';
    if (value_kind(value) == VALUE_INTEGER)
        snprintf(out, size, "%lld", (long long)value_number(value));
    else if (value_kind(value) != VALUE_LIST)
        snprintf(out, size, "%s", value_string(value));
    else
        for (size_t i = 0; i < value_count(value) && used < size; i++)
            used += (size_t)snprintf(out + used, size - used, "%s%s", i ? "," : "",
                                     value_string(value_at(value, i)));
}

static value_t *
load_inputs(const manifest_t *manifest, const value_t *test, fault_t *fault)
{
    CLEANUP(memory_free) input_text_t *texts = memory_new(ORDER_INPUTS_MAX, sizeof *texts);
    const value_t *inputs = value_get(test, "inputs");
    if (items(inputs) > ORDER_INPUTS_MAX) {
        fault_set(fault, FAULT_LIMIT, "over %d inputs", ORDER_INPUTS_MAX);
        return NULL;
    }
    for (size_t i = 0; i < items(inputs); i++) {
        slice_t name = value_kind(inputs) == VALUE_MAP ? value_key(inputs, i) : slice_text("");
        snprintf(texts[i].name, sizeof texts[i].name, "%.*s", (int)name.size,
                 (const char *)name.data);
        as_text(value_at(inputs, i), texts[i].text, sizeof texts[i].text);
    }
    return manifest_inputs(manifest, texts, items(inputs), fault);
}

/* What other targets gave is for steps that run once, of a step that they need. */
static int
check_all(const manifest_t *manifest, const value_t *test, fault_t *fault)
{
    const value_t *all = value_get(test, "all");
    for (size_t i = 0; i < items(all); i++) {
        char name[TEXT_NAME_MAX + 1];
        slice_t key = value_kind(all) == VALUE_MAP ? value_key(all, i) : slice_text("?");
        snprintf(name, sizeof name, "%.*s", (int)key.size, (const char *)key.data);
        const manifest_step_t *step = manifest_step(manifest, name);
        if (!step || !manifest_gathers(manifest, step) || value_kind(value_at(all, i)) != VALUE_MAP)
            return fault_set(fault, FAULT_FORMAT,
                             "all = { STEP = { TARGET = output } }: no step that runs once needs "
                             "'%s'",
                             name);
    }
    return 0;
}

/* ---- one stride -------------------------------------------------------------------------- */

static bool
is_above_observe(const rehearsal_t *self, const char *op)
{
    for (size_t i = 0; i < self->manifest->use_count; i++) {
        const manifest_use_t *use = &self->manifest->uses[i];
        if (!strcmp(use->step, self->step->name) && !strcmp(use->op, op))
            return use->class_ != CLASS_OBSERVE;
    }
    return false;
}

static value_t *
on_op(void *context, const char *op, const value_t *arguments, fault_t *fault)
{
    rehearsal_t *self = context;
    const char *step = self->step->name;
    char key[2 * TEXT_NAME_MAX + 2];
    snprintf(key, sizeof key, "%s %s", step, op);
    if (self->used)
        value_set(self->used, key, value_bool(true));
    if (self->unknown) {
        fault_set(fault, FAULT_UNKNOWN, "the step is over: an op of it ended unknown");
        return NULL;
    }
    if (manifest_allows(self->manifest, step, op, arguments, self->inputs, fault)) {
        if (!self->wrong.code)
            self->wrong = *fault;
        return NULL;
    }
    value_t *value = recording_answer(self->recording, step, op, arguments, fault);
    bool above = is_above_observe(self, op);
    if (self->undoing && recording_asked(self->recording) == self->fail_at)
        self->failed_in_undo = true;
    self->unknown = above && !value && fault->code == FAULT_UNKNOWN;
    self->touched = self->touched || (above && (value || !walk_never_began(fault->code)));
    return value;
}

/* Of the steps that run once: the others' as the test has them, and this target's. */
static value_t *
all_of(const rehearsal_t *self)
{
    value_t *all = value_map();
    for (size_t i = 0; i < self->manifest->step_count; i++) {
        const manifest_step_t *step = &self->manifest->steps[i];
        const value_t *others = value_get(value_get(self->test, "all"), step->name);
        const value_t *own = value_get(self->outputs, step->name);
        if (!manifest_gathers(self->manifest, step) ||
            !manifest_needs(self->manifest, self->step->name, step->name))
            continue;
        value_t *map = others ? value_copy(others) : value_map();
        if (own)
            value_set(map, "rehearsal", value_given(own));
        value_set(all, step->name, map);
    }
    return all;
}

static value_t *
context_of(const rehearsal_t *self, const stride_t *stride)
{
    value_t *context = value_map(), *here = value_map(), *target = value_map();
    const value_t *incident = value_get(self->test, "incident");
    const value_t *output = value_get(self->outputs, self->step->name);
    for (size_t i = 0; i < self->manifest->step_count; i++) {
        const char *name = self->manifest->steps[i].name;
        const value_t *its = value_get(self->outputs, name);
        if (its && manifest_needs(self->manifest, self->step->name, name))
            value_set(here, name, value_copy(its));
    }
    value_set_text(target, "worker", "rehearsal");
    value_set_text(target, "region", "rehearsal");
    value_set_text(target, "labels", "-");
    value_set(context, "inputs", value_copy(self->inputs));
    value_set(context, "incident", incident ? value_copy(incident) : value_map());
    value_set(context, "target", target);
    value_set(context, "here", here);
    if (self->step->once)
        value_set(context, "all", all_of(self));
    value_set_integer(context, "attempt", stride->attempt);
    if (stride->undo && output)
        value_set(context, "output", value_copy(output));
    return context;
}

static int
run_lua(rehearsal_t *self, const char *mode, const stride_t *stride, task_result_t *result,
        fault_t *fault)
{
    CLEANUP(value_destroy) value_t *context = context_of(self, stride);
    task_t task = {mode,    self->playbook,       self->step->name,
                   context, REHEARSAL_TIMEOUT_MS, self->said};
    if (runner_run(&task, on_op, self, result, fault))
        return fault_wrap(fault, "step '%s'", self->step->name);
    self->script_error = self->script_error || result->fault.code == FAULT_SCRIPT;
    return 0;
}

static void
end_well(task_result_t *result, value_t *output)
{
    value_destroy(&result->output);
    *result = (task_result_t){.outcome = OUTCOME_OK, .output = output};
}

static void
end_badly(task_result_t *result, fault_code_t code, const char *text)
{
    value_destroy(&result->output);
    *result = (task_result_t){.outcome = OUTCOME_FAILED, .output = value_nil()};
    fault_set(&result->fault, code, "%s", text);
}

/* What a person does at an approve or ask step. */
static int
ask_person(rehearsal_t *self, task_result_t *result, fault_t *fault)
{
    char text[ORDER_VALUE_MAX + 1];
    const manifest_step_t *step = self->step;
    const value_t *answer = value_get(value_get(self->test, "people"), step->name);
    if (!answer)
        return fault_set(fault, FAULT_FORMAT, "step '%s' waits for a person: people = { ... }",
                         step->name);
    as_text(answer, text, sizeof text);
    if (!strcmp(text, "expired")) {
        self->clock_s += step->wait_s;
        end_badly(result, FAULT_EXPIRED, "nobody answered in time");
    } else if (step->kind == STEP_ASK) {
        value_t *value = manifest_answer(self->manifest, step, text, fault);
        if (!value)
            return fault_wrap(fault, "people: %s", step->name);
        end_well(result, value);
    } else if (!strcmp(text, "yes")) {
        end_well(result, value_text("yes"));
    } else {
        end_badly(result, FAULT_DENIED, "a person said no");
    }
    return 0;
}

/* How another playbook ends: { outcome, output or text }. */
static int
call_other(rehearsal_t *self, task_result_t *result, fault_t *fault)
{
    CLEANUP(memory_free) input_text_t *texts = memory_new(ORDER_INPUTS_MAX, sizeof *texts);
    const value_t *end = value_get(value_get(self->test, "calls"), self->step->callee);
    bool list = end && value_kind(end) == VALUE_LIST && value_count(end) > 0;
    const char *word = list ? value_string(value_at(end, 0)) : "";
    const value_t *more = list && value_count(end) > 1 ? value_at(end, 1) : NULL;
    size_t count = manifest_given(self->manifest, self->step, self->inputs, texts);
    for (size_t i = 0; i < count; i++)
        if (!texts[i].text[0])
            return fault_set(fault, FAULT_FAILED, "step '%s' gives '%s' nothing", self->step->name,
                             texts[i].name);
    if (!strcmp(word, "ok"))
        end_well(result, more ? value_copy(more) : value_map());
    else if (!strcmp(word, "failed"))
        end_badly(result, FAULT_FAILED, more ? value_string(more) : "it failed");
    else
        return fault_set(fault, FAULT_FORMAT,
                         "step '%s' calls '%s': calls = { ['%s'] = { \"ok\" or \"failed\", ... } }",
                         self->step->name, self->step->callee, self->step->callee);
    return 0;
}

static int
run_kind(rehearsal_t *self, const stride_t *stride, task_result_t *result, fault_t *fault)
{
    const manifest_step_t *step = self->step;
    if (step->kind == STEP_RUN || step->kind == STEP_NOTIFY)
        return run_lua(self, stride->undo ? "undo" : "step", stride, result, fault);
    if (stride->undo) {
        end_well(result, value_nil());
        return 0;
    }
    *result = (task_result_t){.outcome = OUTCOME_OK};
    if (step->has_when && run_lua(self, "when", stride, result, fault))
        return -1;
    if (result->outcome != OUTCOME_OK)
        return 0;
    return step->kind == STEP_CALL ? call_other(self, result, fault)
                                   : ask_person(self, result, fault);
}

static void
keep_result(rehearsal_t *self, const stride_t *stride, task_result_t *result)
{
    const char *step = self->step->name;
    bool good = result->outcome == OUTCOME_OK;
    if (result->fault.code)
        value_set_text(self->faults, step, result->fault.text);
    if (stride->undo) {
        value_set_text(self->outcomes, step, good ? "undone" : "undo failed");
        self->undo_failed = self->undo_failed || !good;
        value_destroy(&result->output);
        return;
    }
    value_set_text(self->outcomes, step, outcome_word(result->outcome));
    if (good && self->step->kind == STEP_NOTIFY)
        value_set(self->notified, step, value_copy(result->output));
    if (good)
        value_set(self->outputs, step, MOVE(result->output));
    value_destroy(&result->output);
}

static int
run_stride(rehearsal_t *self, const stride_t *stride, fault_t *fault)
{
    task_result_t result = {0};
    self->step = &self->manifest->steps[stride->step];
    self->touched = self->unknown = false;
    self->undoing = stride->undo;
    self->clock_s += stride->pause_s;
    if (run_kind(self, stride, &result, fault))
        return -1;
    if (self->wrong.code || recording_wrong(self->recording, &self->wrong)) {
        bool tells = strstr(result.fault.text, self->wrong.text); /* and the line that met it */
        value_destroy(&result.output);
        return fault_set(fault, FAULT_FAILED, "step '%s': %s", self->step->name,
                         tells ? result.fault.text : self->wrong.text);
    }
    if (self->unknown)
        result.outcome = OUTCOME_UNKNOWN;
    walk_end_t end = {result.outcome, result.fault.code, self->touched};
    keep_result(self, stride, &result);
    if (!walk_ended(self->walk, stride, &end))
        return fault_set(fault, FAULT_FAILED, "step '%s' cannot have ended now", self->step->name);
    return 0;
}

static int
run_whole(rehearsal_t *self, fault_t *fault)
{
    stride_t stride;
    self->walk = walk_new(self->manifest);
    self->outputs = value_map();
    self->outcomes = value_map();
    self->faults = value_map();
    self->notified = value_map();
    self->said = value_list();
    while (walk_next(self->walk, &stride))
        if (run_stride(self, &stride, fault))
            return -1;
    return 0;
}

/* ---- what was expected ------------------------------------------------------------------- */

static int
check_step(const rehearsal_t *self, const char *step, fault_t *fault)
{
    const char *expected = value_get_text(value_get(self->test, "expect"), step);
    const char *part = value_get_text(value_get(self->test, "fault"), step);
    const value_t *output = value_get(value_get(self->test, "output"), step);
    const char *text = value_get_text(self->faults, step);
    const char *outcome = value_get_text(self->outcomes, step);
    outcome = outcome[0] ? outcome : "not run";
    if (!*expected)
        return fault_set(fault, FAULT_FAILED, "step '%s' is %s, and 'expect' does not name it%s%s",
                         step, outcome, text[0] ? ": " : "", text);
    if (strcmp(outcome, expected) != 0)
        return fault_set(fault, FAULT_FAILED, "step '%s' is %s, not '%s'%s%s", step, outcome,
                         expected, text[0] ? ": " : "", text);
    if (!strstr(text, part))
        return fault_set(fault, FAULT_FAILED, "step '%s' says '%s', not '%s'", step, text, part);
    if (output &&
        (!value_get(self->outputs, step) || !value_equal(output, value_get(self->outputs, step))))
        return fault_set(fault, FAULT_FAILED, "step '%s' has another output than expected", step);
    return 0;
}

static int
check_expectations(const rehearsal_t *self, fault_t *fault)
{
    const value_t *notified = value_get(self->test, "notified");
    const value_t *said = value_get(self->test, "said"), *clock = value_get(self->test, "clock");
    for (size_t i = 0; i < self->manifest->step_count; i++)
        if (check_step(self, self->manifest->steps[i].name, fault))
            return -1;
    if (items(value_get(self->test, "expect")) != self->manifest->step_count)
        return fault_set(fault, FAULT_FORMAT, "expect does not name exactly the playbook's steps");
    if (notified && !value_equal(notified, self->notified))
        return fault_set(fault, FAULT_FAILED, "what it notifies of is not what was expected");
    for (size_t i = 0; said && i < items(said) && i < items(self->said); i++)
        if (!value_equal(value_at(said, i), value_at(self->said, i)))
            return fault_set(fault, FAULT_FAILED, "line %zu says '%s', not '%s'", i + 1,
                             value_string(value_at(self->said, i)),
                             value_string(value_at(said, i)));
    if (said && items(said) != items(self->said))
        return fault_set(fault, FAULT_FAILED, "%zu lines are said, not %zu", items(self->said),
                         items(said));
    if (clock && value_number(clock) != self->clock_s)
        return fault_set(fault, FAULT_FAILED, "its pauses are %lld s, not %lld s",
                         (long long)self->clock_s, (long long)value_number(clock));
    return 0;
}

static int
check_chaos(rehearsal_t *self, fault_t *fault)
{
    outcome_t part = walk_part(self->walk);
    if (self->script_error)
        return fault_set(fault, FAULT_FAILED, "step '%s' ends in an error of its Lua: %s",
                         self->step->name, value_get_text(self->faults, self->step->name));
    if (part != OUTCOME_OK && part != OUTCOME_FAILED && part != OUTCOME_UNKNOWN)
        return fault_set(fault, FAULT_FAILED, "the run ends as %s", outcome_word(part));
    if (self->undo_failed && !self->failed_in_undo)
        return fault_set(fault, FAULT_FAILED, "an undo did not undo");
    return 0;
}

/* One run with an op that fails; where that is one of an undo, it may not undo. */
static int
run_with_failure(const rehearsal_t *base, size_t at, uint64_t seed, fault_t *fault)
{
    CLEANUP(rehearsal_clear)
    rehearsal_t self = {.manifest = base->manifest,
                        .playbook = base->playbook,
                        .test = base->test,
                        .inputs = base->inputs,
                        .used = base->used,
                        .fail_at = at};
    self.recording = recording_new(self.test, at, seed);
    int wrong = run_whole(&self, fault) || recording_finish(self.recording, fault);
    if (!wrong && !check_chaos(&self, fault))
        return 0;
    return fault_wrap(fault, "chaos: op %zu fails (%s)", at, recording_drawn(self.recording));
}

static int
run_chaos(const rehearsal_t *base, const value_t *chaos, fault_t *fault)
{
    uint64_t seed = (uint64_t)value_number(chaos);
    size_t count = recording_asked(base->recording);
    bool wanted = value_truth(chaos) || value_kind(chaos) == VALUE_INTEGER;
    for (size_t at = 1; wanted && at <= count; at++)
        if (run_with_failure(base, at, seed, fault))
            return -1;
    return 0;
}

int
rehearse_noting(const manifest_t *manifest, slice_t playbook, slice_t test_text, value_t *used,
                fault_t *fault)
{
    CLEANUP(value_destroy) value_t *test = load_test(test_text, fault);
    CLEANUP(value_destroy)
    value_t *inputs = test ? load_inputs(manifest, test, fault) : NULL;
    CLEANUP(rehearsal_clear)
    rehearsal_t self = {
        .manifest = manifest, .playbook = playbook, .test = test, .inputs = inputs, .used = used};
    if (!inputs || check_all(manifest, test, fault))
        return -1;
    const value_t *chaos = value_get(test, "chaos");
    self.recording = recording_new(test, 0, 0);
    if (run_whole(&self, fault) || check_expectations(&self, fault) ||
        recording_finish(self.recording, fault))
        return -1;
    return chaos ? run_chaos(&self, chaos, fault) : 0;
}

int
rehearse(const manifest_t *manifest, slice_t playbook, slice_t test, fault_t *fault)
{
    return rehearse_noting(manifest, playbook, test, NULL, fault);
}
