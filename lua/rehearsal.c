/* SPDX-License-Identifier: Apache-2.0 */
#include "lua/rehearsal.h"

#include <stdio.h>
#include <stdlib.h>

#include "lua/runner.h"

typedef struct {
    const manifest_t *manifest;
    slice_t playbook;
    value_t *test;    /* what the file returned */
    value_t *inputs;  /* all of them */
    value_t *outputs; /* of the steps so far */
    const char *step; /* the one that runs */
    size_t next;      /* in the test's ops */
    fault_t wrong;    /* an op that came otherwise than recorded */
} rehearsal_t;

static void
rehearsal_clear(rehearsal_t *self)
{
    value_destroy(&self->test);
    value_destroy(&self->inputs);
    value_destroy(&self->outputs);
}

static size_t
items(const value_t *list)
{
    return list ? value_count(list) : 0;
}

/* The file's table. */
static int
load_test(rehearsal_t *self, slice_t text, fault_t *fault)
{
    static const char *const known[] = {"expect", "fault", "incident", "inputs", "ops", "output"};
    task_t task = {"data", text, "", NULL, REHEARSAL_TIMEOUT_MS, NULL};
    task_result_t result = {0};
    if (runner_run(&task, NULL, NULL, &result, fault))
        return -1;
    self->test = result.output;
    if (result.outcome != OUTCOME_OK)
        return fault_set(fault, FAULT_SCRIPT, "%s", result.fault.text);
    if (value_kind(self->test) != VALUE_MAP || !items(value_get(self->test, "expect")))
        return fault_set(fault, FAULT_FORMAT, "a test returns a table with expect = {...}");
    for (size_t i = 0; i < value_count(self->test); i++) {
        size_t at = 0;
        while (at < ARRAY_SIZE(known) && !slice_is(value_key(self->test, i), known[at]))
            at++;
        if (at == ARRAY_SIZE(known))
            return fault_set(fault, FAULT_FORMAT, "a test has no field '%.*s'",
                             (int)value_key(self->test, i).size,
                             (const char *)value_key(self->test, i).data);
    }
    return 0;
}

static int
load_inputs(rehearsal_t *self, fault_t *fault)
{
    input_text_t texts[ORDER_INPUTS_MAX] = {0};
    const value_t *inputs = value_get(self->test, "inputs");
    if (items(inputs) > ARRAY_SIZE(texts))
        return fault_set(fault, FAULT_LIMIT, "over %d inputs", ORDER_INPUTS_MAX);
    for (size_t i = 0; i < items(inputs); i++) {
        const value_t *value = value_at(inputs, i);
        slice_t name = value_kind(inputs) == VALUE_MAP ? value_key(inputs, i) : slice_text("");
        snprintf(texts[i].name, sizeof texts[i].name, "%.*s", (int)name.size,
                 (const char *)name.data);
        if (value_kind(value) == VALUE_INTEGER)
            snprintf(texts[i].text, sizeof texts[i].text, "%lld", (long long)value_number(value));
        else
            snprintf(texts[i].text, sizeof texts[i].text, "%s", value_string(value));
    }
    self->inputs = manifest_inputs(self->manifest, texts, items(inputs), fault);
    return self->inputs ? 0 : -1;
}

/* What a record gives: its result, or its fault. */
static value_t *
replay(const value_t *record, fault_t *fault)
{
    const value_t *result = value_get(record, "result"), *failed = value_get(record, "fault");
    if (!failed)
        return result ? value_copy(result) : value_nil();
    bool pair = value_kind(failed) == VALUE_LIST && value_count(failed) == 2;
    fault_code_t code = pair ? fault_of(value_string(value_at(failed, 0))) : FAULT_CODES;
    bool known = code != FAULT_CODES && code != FAULT_NONE;
    fault_set(fault, known ? code : FAULT_FORMAT, "%s",
              known ? value_string(value_at(failed, 1)) : "a test's fault is { code, text }");
    return NULL;
}

static value_t *
on_op(void *context, const char *op, const value_t *arguments, fault_t *fault)
{
    rehearsal_t *self = context;
    const value_t *ops = value_get(self->test, "ops");
    if (manifest_allows(self->manifest, self->step, op, arguments, self->inputs, fault)) {
        if (!self->wrong.code)
            self->wrong = *fault;
        return NULL;
    }
    const value_t *record = self->next < items(ops) ? value_at(ops, self->next) : NULL;
    const value_t *wanted = value_get(record, "args");
    bool same = record && !strcmp(value_get_text(record, "op"), op);
    if (same && (!wanted || value_equal(wanted, arguments))) {
        self->next++;
        return replay(record, fault);
    }
    fault_set(fault, FAULT_FAILED, "op %zu is %s%s, and the test has %s", self->next + 1, op,
              same ? " with other arguments" : "",
              record ? value_get_text(record, "op") : "no more");
    if (!self->wrong.code)
        self->wrong = *fault;
    return NULL;
}

static value_t *
context_of(const rehearsal_t *self)
{
    value_t *context = value_map(), *here = value_map(), *target = value_map();
    const value_t *incident = value_get(self->test, "incident");
    for (size_t i = 0; i < self->manifest->step_count; i++) {
        const char *name = self->manifest->steps[i].name;
        const value_t *output = value_get(self->outputs, name);
        if (output && manifest_needs(self->manifest, self->step, name))
            value_set(here, name, value_copy(output));
    }
    value_set_text(target, "worker", "rehearsal");
    value_set_text(target, "region", "rehearsal");
    value_set_text(target, "labels", "-");
    value_set(context, "inputs", value_copy(self->inputs));
    value_set(context, "incident", incident ? value_copy(incident) : value_map());
    value_set(context, "target", target);
    value_set(context, "here", here);
    return context;
}

static int
check_result(const rehearsal_t *self, const task_result_t *result, fault_t *fault)
{
    const char *expected = value_get_text(value_get(self->test, "expect"), self->step);
    const char *part = value_get_text(value_get(self->test, "fault"), self->step);
    const value_t *output = value_get(value_get(self->test, "output"), self->step);
    const char *outcome = outcome_word(result->outcome);
    if (self->wrong.code)
        return fault_set(fault, FAULT_FAILED, "step '%s': %s", self->step, self->wrong.text);
    if (strcmp(outcome, expected) != 0)
        return fault_set(fault, FAULT_FAILED, "step '%s' is %s, not '%s'%s%s", self->step, outcome,
                         expected, result->fault.code ? ": " : "", result->fault.text);
    if (!strstr(result->fault.text, part))
        return fault_set(fault, FAULT_FAILED, "step '%s' says '%s', not '%s'", self->step,
                         result->fault.text, part);
    if (output && !value_equal(output, result->output))
        return fault_set(fault, FAULT_FAILED, "step '%s' has another output than expected",
                         self->step);
    return 0;
}

/* One step; *over once it failed. */
static int
run_step(rehearsal_t *self, const char *step, bool *over, fault_t *fault)
{
    self->step = step;
    CLEANUP(value_destroy) value_t *context = context_of(self);
    task_t task = {"step", self->playbook, step, context, REHEARSAL_TIMEOUT_MS, NULL};
    task_result_t result = {0};
    if (runner_run(&task, on_op, self, &result, fault))
        return fault_wrap(fault, "step '%s'", step);
    int wrong = check_result(self, &result, fault);
    *over = result.outcome == OUTCOME_FAILED;
    value_set(self->outputs, step, result.output);
    return wrong;
}

int
rehearse(const manifest_t *manifest, slice_t playbook, slice_t test, fault_t *fault)
{
    CLEANUP(rehearsal_clear) rehearsal_t self = {.manifest = manifest, .playbook = playbook};
    size_t order[MANIFEST_STEPS_MAX];
    bool over = false;
    self.outputs = value_map();
    if (load_test(&self, test, fault) || load_inputs(&self, fault))
        return -1;
    const value_t *expect = value_get(self.test, "expect");
    manifest_sequence(manifest, order);
    for (size_t i = 0; i < manifest->step_count; i++) {
        const char *step = manifest->steps[order[i]].name;
        if (over && strcmp(value_get_text(expect, step), "not run") != 0)
            return fault_set(fault, FAULT_FAILED, "step '%s' is not run, not '%s'", step,
                             value_get_text(expect, step));
        if (!over && run_step(&self, step, &over, fault))
            return -1;
    }
    if (self.next < items(value_get(self.test, "ops")))
        return fault_set(fault, FAULT_FAILED, "op %zu of the test was never asked for",
                         self.next + 1);
    if (value_count(expect) != manifest->step_count)
        return fault_set(fault, FAULT_FORMAT, "expect does not name exactly the playbook's steps");
    return 0;
}
