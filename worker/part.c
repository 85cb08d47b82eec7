/* SPDX-License-Identifier: Apache-2.0 */
#include "worker/part.h"

#include <assert.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/wait.h>

#include "common/log.h"
#include "common/text.h"
#include "lua/runner.h"
#include "wire/ops.h"

/* One op of the running step, as the ledger has it. */
typedef struct {
    char op[OP_NAME_MAX + 1];
    hash_t arguments;
    hash_t head;
    bool done;
    char code[16];
    char text[FAULT_TEXT_MAX];
    bytes_t *result; /* ours; canonical value, NULL unless code is ok */
} effect_t;

struct part {
    workplace_t *place;
    brief_t brief;
    size_t order[MANIFEST_STEPS_MAX];     /* of the steps */
    size_t at;                            /* index into order of the step that runs */
    value_t *outputs[MANIFEST_STEPS_MAX]; /* ours; by step */
    effect_t effects[RUNNER_OPS_MAX];     /* of the step that runs */
    size_t effect_count;                  /* recorded */
    size_t asked;                         /* ops the script asked for so far */
    bool waiting;                         /* for the effector, about effects[asked - 1] */
    fault_t given_up;                     /* why its runner was; code 0 while it was not */
    uint64_t runner;                      /* 0 where none */
    wall_t started;                       /* the step */
    mono_t deadline;
    bool closed;
};

void
brief_clear(brief_t *self)
{
    warrant_destroy(&self->warrant);
    manifest_destroy(&self->manifest);
    value_destroy(&self->inputs);
    bytes_destroy(&self->playbook);
}

part_t *
part_new(workplace_t *place, brief_t *brief)
{
    part_t *self = memory_new(1, sizeof *self);
    self->place = place;
    self->brief = *brief;
    *brief = (brief_t){0};
    manifest_sequence(self->brief.manifest, self->order);
    return self;
}

static void
forget_effects(part_t *self)
{
    for (size_t i = 0; i < self->effect_count; i++)
        bytes_destroy(&self->effects[i].result);
    self->effect_count = self->asked = 0;
    self->waiting = false;
    self->given_up = (fault_t){0};
}

void
part_destroy(part_t **self_p)
{
    part_t *self = *self_p;
    if (!self)
        return;
    forget_effects(self);
    for (size_t i = 0; i < MANIFEST_STEPS_MAX; i++)
        value_destroy(&self->outputs[i]);
    brief_clear(&self->brief);
    free(self);
    *self_p = NULL;
}

const hash_t *
part_run(const part_t *self)
{
    return &self->brief.warrant->run;
}

bool
part_closed(const part_t *self)
{
    return self->closed;
}

uint64_t
part_runner(const part_t *self)
{
    return self->runner;
}

mono_t
part_deadline(const part_t *self)
{
    return self->deadline;
}

static const manifest_step_t *
step_now(const part_t *self)
{
    assert(self->at < self->brief.manifest->step_count);
    return &self->brief.manifest->steps[self->order[self->at]];
}

const char *
part_authority(const grant_t *grant)
{
    if (!grant)
        return "order";
    return grant->evidence == EVIDENCE_TOKEN ? "token" : "grant";
}

/* ---- the end of a step ------------------------------------------------------------------- */

static void
list_ops(const part_t *self, receipt_t *receipt)
{
    for (size_t i = 0; i < self->effect_count; i++) {
        const effect_t *effect = &self->effects[i];
        receipt_op_t *op = &receipt->ops[receipt->op_count++];
        text_copy(op->op, sizeof op->op, effect->op);
        op->arguments = effect->arguments;
        op->result = effect->result ? hash_of(bytes_slice(effect->result)) : HASH_ZERO;
        text_copy(op->code, sizeof op->code, effect->done ? effect->code : "unknown");
    }
}

/* A script's text may have several lines, and a fault may have cut a character in two: what is left
 * is free text, or nothing is said. */
static void
put_reason(char out[static FAULT_TEXT_MAX], const char *text)
{
    text_copy(out, FAULT_TEXT_MAX, text);
    for (char *at = out; *at; at++)
        if ((unsigned char)*at < ' ' || *at == 0x7f)
            *at = ' ';
    size_t size = strlen(out);
    for (int cut = 0; cut < 3 && size && !text_is_free(slice_of(out, size)); cut++)
        out[--size] = '\0';
    if (!size || !text_is_free(slice_of(out, size)))
        text_copy(out, FAULT_TEXT_MAX, "-");
}

int
part_write_refusal(const workplace_t *place, const refusal_t *refusal, wall_t now, fault_t *fault)
{
    _Static_assert(FAULT_TEXT_MAX <= ORDER_REASON_MAX, "a fault's text is a reason");
    CLEANUP(memory_free) receipt_t *receipt = memory_new(1, sizeof *receipt);
    bool intent = false;
    if (ledger_has_intent(place->ledger, &refusal->run, &intent, fault))
        return -1;
    receipt->run = refusal->run;
    receipt->release = refusal->release;
    text_copy(receipt->authority, sizeof receipt->authority, refusal->authority);
    text_copy(receipt->step, sizeof receipt->step, "-");
    receipt->outcome = receipt->part = intent ? OUTCOME_UNKNOWN : OUTCOME_REFUSED;
    text_copy(receipt->code, sizeof receipt->code, fault_word(refusal->why->code));
    put_reason(receipt->reason, refusal->why->text);
    receipt->started = receipt->ended = now;
    if (scribe_write(place->scribe, receipt, NULL, fault))
        return -1;
    return ledger_close_part(place->ledger, &refusal->run, fault);
}

static void
drop_runner(part_t *self)
{
    if (!self->runner)
        return;
    char number[24];
    snprintf(number, sizeof number, "%llu", (unsigned long long)self->runner);
    frames_t *kill = frames_new();
    frames_add_text(kill, "KILL");
    frames_add_text(kill, number);
    outbox_add(self->place->outbox, TO_SPAWNER, 0, kill);
    self->runner = 0;
}

static int start_step(part_t *self, wall_t now, mono_t clock, fault_t *fault);

/* An op that was begun before a restart and that the script did not ask for again. */
static bool
has_intent(const part_t *self)
{
    for (size_t i = 0; i < self->effect_count; i++)
        if (!self->effects[i].done)
            return true;
    return false;
}

/* For the machine's own operator, who may not ask the centre. */
static void
tell_step(const receipt_t *receipt)
{
    char run[HASH_TEXT];
    if (receipt->outcome == OUTCOME_OK || receipt->outcome == OUTCOME_SKIPPED)
        log_info("run=%.12s step=%s %s", hash_write(&receipt->run, run), receipt->step,
                 outcome_word(receipt->outcome));
    else
        log_warning("run=%.12s step=%s %s: %s (%s)", hash_write(&receipt->run, run), receipt->step,
                    outcome_word(receipt->outcome), receipt->reason, receipt->code);
}

/* The receipt of the step that ran, and what follows from it. Takes over output. */
static int
end_step(part_t *self, outcome_t outcome, value_t *output, const fault_t *why, wall_t now,
         mono_t clock, fault_t *fault)
{
    CLEANUP(memory_free) receipt_t *receipt = memory_new(1, sizeof *receipt);
    CLEANUP(bytes_destroy) bytes_t *encoded = output ? bytes_new() : NULL;
    const warrant_t *warrant = self->brief.warrant;
    size_t step = self->order[self->at];
    bool good = outcome == OUTCOME_OK || outcome == OUTCOME_SKIPPED;
    bool last = self->at + 1 == self->brief.manifest->step_count;
    if (output)
        value_encode(output, encoded);
    receipt->run = warrant->run;
    receipt->release = warrant->release_hash;
    text_copy(receipt->authority, sizeof receipt->authority, part_authority(warrant->grant));
    text_copy(receipt->step, sizeof receipt->step, step_now(self)->name);
    receipt->attempt = 1;
    receipt->outcome = outcome;
    receipt->part = !good ? outcome : last ? OUTCOME_OK : OUTCOME_OPEN;
    text_copy(receipt->code, sizeof receipt->code, good ? "none" : fault_word(why->code));
    put_reason(receipt->reason, good ? "-" : why->text);
    receipt->started = self->started;
    receipt->ended = now;
    list_ops(self, receipt);
    self->outputs[step] = output;
    self->deadline = (mono_t){0};
    self->closed = receipt->part != OUTCOME_OPEN;
    drop_runner(self);
    forget_effects(self);
    if (scribe_write(self->place->scribe, receipt, encoded, fault))
        return -1;
    tell_step(receipt);
    if (self->closed)
        return ledger_close_part(self->place->ledger, &warrant->run, fault);
    self->at++;
    return start_step(self, now, clock, fault);
}

static int
fail_step(part_t *self, outcome_t outcome, const fault_t *why, wall_t now, mono_t clock,
          fault_t *fault)
{
    if (has_intent(self))
        outcome = OUTCOME_UNKNOWN; /* whatever else went wrong */
    return end_step(self, outcome, NULL, why, now, clock, fault);
}

/* ---- the start of a step ----------------------------------------------------------------- */

static int
on_recorded(void *context, const effect_row_t *row, fault_t *fault)
{
    part_t *self = context;
    if (row->index != self->effect_count || self->effect_count == RUNNER_OPS_MAX)
        return fault_set(fault, FAULT_IO, "the ledger's effects of step '%s' have a gap",
                         row->of.step);
    effect_t *effect = &self->effects[self->effect_count++];
    *effect = (effect_t){.arguments = row->arguments, .head = row->head, .done = row->done};
    text_copy(effect->op, sizeof effect->op, row->op);
    text_copy(effect->code, sizeof effect->code, row->code);
    text_copy(effect->text, sizeof effect->text, row->text);
    if (row->done && !strcmp(row->code, "ok"))
        effect->result = bytes_copy(row->result);
    return 0;
}

static int
start_step(part_t *self, wall_t now, mono_t clock, fault_t *fault)
{
    const manifest_step_t *step = step_now(self);
    char number[24];
    attempt_key_t of = {*part_run(self), step->name, PHASE_RUN, 1};
    if (ledger_each_effect(self->place->ledger, &of, on_recorded, self, fault))
        return -1;
    self->started = now;
    self->deadline.ms = clock.ms + (int64_t)step->timeout_s * 1000;
    self->runner = ++self->place->next_runner;
    snprintf(number, sizeof number, "%llu", (unsigned long long)self->runner);
    frames_t *run = frames_new();
    frames_add_text(run, "RUN");
    frames_add_text(run, number);
    outbox_add(self->place->outbox, TO_SPAWNER, 0, run);
    return 0;
}

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
context_value(const part_t *self)
{
    const manifest_t *manifest = self->brief.manifest;
    value_t *context = value_map();
    value_t *target = value_map();
    value_t *here = value_map();
    value_set_text(target, "worker", self->place->worker);
    value_set_text(target, "region", self->place->region);
    value_set_text(target, "labels", self->place->labels);
    for (size_t i = 0; i < manifest->step_count; i++)
        if (self->outputs[i] &&
            manifest_needs(manifest, step_now(self)->name, manifest->steps[i].name))
            value_set(here, manifest->steps[i].name, value_copy(self->outputs[i]));
    value_set(context, "inputs", value_copy(self->brief.inputs));
    value_set(context, "incident", incident_value(self->brief.warrant));
    value_set(context, "target", target);
    value_set(context, "here", here);
    return context;
}

int
part_on_ready(part_t *self, fault_t *fault)
{
    CLEANUP(value_destroy) value_t *context = context_value(self);
    CLEANUP(bytes_destroy) bytes_t *encoded = bytes_new();
    (void)fault;
    value_encode(context, encoded);
    frames_t *task = frames_new();
    frames_add_text(task, "TASK");
    frames_add_text(task, "step");
    frames_add(task, bytes_slice(self->brief.playbook));
    frames_add_text(task, step_now(self)->name);
    frames_add(task, bytes_slice(encoded));
    outbox_add(self->place->outbox, TO_RUNNER, self->runner, task);
    return 0;
}

/* ---- receipts of before a restart -------------------------------------------------------- */

static int
on_old_receipt(void *context, uint64_t sequence, slice_t document, slice_t armor, slice_t output,
               fault_t *fault)
{
    part_t *self = context;
    (void)armor;
    CLEANUP(receipt_destroy) receipt_t *receipt = receipt_decode(document, fault);
    if (!receipt)
        return fault_wrap(fault, "receipt %llu in the ledger", (unsigned long long)sequence);
    if (self->at >= self->brief.manifest->step_count ||
        strcmp(step_now(self)->name, receipt->step) != 0)
        return fault_set(fault, FAULT_IO, "receipt %llu in the ledger is for another step",
                         (unsigned long long)sequence);
    size_t step = self->order[self->at];
    if (output.size && !(self->outputs[step] = value_decode(output, fault)))
        return fault_wrap(fault, "output of receipt %llu", (unsigned long long)sequence);
    self->closed = receipt->part != OUTCOME_OPEN;
    self->at++;
    return 0;
}

int
part_begin(part_t *self, wall_t now, mono_t clock, fault_t *fault)
{
    assert(!self->runner && !self->closed);
    if (ledger_each_receipt(self->place->ledger, part_run(self), on_old_receipt, self, fault))
        return -1;
    if (self->closed)
        return ledger_close_part(self->place->ledger, part_run(self), fault);
    return start_step(self, now, clock, fault);
}

/* ---- ops --------------------------------------------------------------------------------- */

static void
answer_runner(part_t *self, const effect_t *effect)
{
    frames_t *answer = frames_new();
    if (effect->result) {
        frames_add_text(answer, "RESULT");
        frames_add(answer, bytes_slice(effect->result));
    } else {
        frames_add_text(answer, "FAULT");
        frames_add_text(answer, effect->code);
        frames_add_text(answer, effect->text);
    }
    outbox_add(self->place->outbox, TO_RUNNER, self->runner, answer);
}

static int
record(part_t *self, size_t index, fault_t *fault)
{
    const effect_t *effect = &self->effects[index];
    effect_row_t row = {
        .of = {*part_run(self), step_now(self)->name, PHASE_RUN, 1},
        .index = index,
        .op = effect->op,
        .arguments = effect->arguments,
        .head = effect->head,
        .done = effect->done,
        .code = effect->code,
        .text = effect->text,
        .result = effect->result ? bytes_slice(effect->result) : slice_of(NULL, 0),
    };
    return ledger_put_effect(self->place->ledger, &row, fault);
}

static void
ask_effector(part_t *self, size_t index, slice_t arguments)
{
    const effect_t *effect = &self->effects[index];
    char run[HASH_TEXT], head[HASH_TEXT], number[24];
    snprintf(number, sizeof number, "%zu", index);
    frames_t *op = frames_new();
    frames_add_text(op, "OP");
    frames_add_text(op, hash_write(part_run(self), run)); /* the id: a part has one op in flight */
    frames_add_text(op, run);
    frames_add_text(op, step_now(self)->name);
    frames_add_text(op, "1");
    frames_add_text(op, number);
    frames_add_text(op, effect->op);
    frames_add(op, arguments);
    frames_add_text(op, hash_write(&effect->head, head));
    outbox_add(self->place->outbox, TO_EFFECTOR, 0, op);
    self->waiting = true;
}

/* The script asks for op number `asked`: a recorded one is answered from the record, one that was
 * begun is asked again under the same key, a new one is recorded before a fix. */
static int
on_op(part_t *self, const frames_t *frames, wall_t now, mono_t clock, fault_t *fault)
{
    slice_t arguments = frames_at(frames, 2);
    const op_t *op = op_find(frames_text(frames, 1));
    hash_t hash = hash_of(arguments);
    size_t index = self->asked;
    fault_t why = {0};
    if (!op)
        fault_set(&why, FAULT_OP, "there is no op '%.60s'", frames_text(frames, 1));
    else if (index == RUNNER_OPS_MAX)
        fault_set(&why, FAULT_LIMIT, "over %d ops in one step", RUNNER_OPS_MAX);
    if (why.code)
        return fail_step(self, OUTCOME_FAILED, &why, now, clock, fault);
    assert(op);
    effect_t *effect = &self->effects[index];
    self->asked++;
    if (index < self->effect_count) {
        if (strcmp(effect->op, op->name) != 0 || !hash_equal(&effect->arguments, &hash)) {
            fault_set(&why, FAULT_UNKNOWN,
                      "op %zu is now '%s' with other arguments than before the restart ('%s')",
                      index, op->name, effect->op);
            return fail_step(self, OUTCOME_UNKNOWN, &why, now, clock, fault);
        }
        if (effect->done)
            answer_runner(self, effect);
        else
            ask_effector(self, index, arguments);
        return 0;
    }
    *effect = (effect_t){.arguments = hash, .head = self->place->head};
    text_copy(effect->op, sizeof effect->op, op->name);
    self->effect_count++;
    if (op->least != CLASS_OBSERVE) {
        if (record(self, index, fault))
            return -1;
        outbox_need_commit(self->place->outbox);
    }
    ask_effector(self, index, arguments);
    return 0;
}

int
part_on_effector(part_t *self, const frames_t *frames, wall_t now, mono_t clock, fault_t *fault)
{
    if (!self->waiting)
        return fault_set(fault, FAULT_FORMAT, "the effector answered what was not asked");
    bool good = !strcmp(frames_text(frames, 0), "RESULT");
    const char *code = good ? "ok" : frames_text(frames, 2);
    size_t index = self->asked - 1;
    if (!good && (fault_of(code) == FAULT_NONE || fault_of(code) == FAULT_CODES))
        return fault_set(fault, FAULT_FORMAT, "the effector's fault '%.20s' is no code", code);
    effect_t *effect = &self->effects[index];
    self->waiting = false;
    effect->done = true;
    text_copy(effect->code, sizeof effect->code, code);
    if (good)
        effect->result = bytes_copy(frames_at(frames, 2));
    else
        text_copy(effect->text, sizeof effect->text, frames_text(frames, 3));
    if (record(self, index, fault))
        return -1;
    fault_t why = {0};
    if (!good && fault_of(effect->code) == FAULT_UNKNOWN) {
        fault_set(&why, FAULT_UNKNOWN, "%s", effect->text);
        return fail_step(self, OUTCOME_UNKNOWN, &why, now, clock, fault);
    }
    if (self->given_up.code) {
        why = self->given_up;
        return fail_step(self, OUTCOME_FAILED, &why, now, clock, fault);
    }
    answer_runner(self, effect);
    return 0;
}

/* ---- the runner -------------------------------------------------------------------------- */

/* Its runner is to end. What is in flight at the effector is waited for; then the step fails. */
static void
give_up(part_t *self, const fault_t *why)
{
    uint64_t runner = self->runner;
    self->given_up = *why;
    self->deadline = (mono_t){0};
    drop_runner(self);
    self->runner = runner; /* until the spawner says that it is gone */
}

static int
on_done(part_t *self, const frames_t *frames, wall_t now, mono_t clock, fault_t *fault)
{
    outcome_t outcome;
    fault_t why = {0};
    self->runner = 0; /* it ends by itself */
    if (self->asked < self->effect_count) {
        fault_set(&why, FAULT_UNKNOWN,
                  "the script no longer asks for op %zu ('%s') of before the restart",
                  self->asked + 1, self->effects[self->asked].op);
        return fail_step(self, OUTCOME_UNKNOWN, &why, now, clock, fault);
    }
    if (!outcome_read(frames_text(frames, 1), &outcome) || outcome == OUTCOME_OPEN)
        outcome = OUTCOME_FAILED;
    if (outcome == OUTCOME_OK || outcome == OUTCOME_SKIPPED) {
        CLEANUP(value_destroy) value_t *output = value_decode(frames_at(frames, 2), &why);
        if (output)
            return end_step(self, outcome, MOVE(output), NULL, now, clock, fault);
    } else {
        fault_code_t code = fault_of(frames_text(frames, 3));
        bool known = code > FAULT_NONE && code < FAULT_CODES;
        fault_set(&why, known ? code : FAULT_SCRIPT, "%s", frames_text(frames, 4));
    }
    return fail_step(self, OUTCOME_FAILED, &why, now, clock, fault);
}

int
part_on_runner(part_t *self, const frames_t *frames, wall_t now, mono_t clock, fault_t *fault)
{
    const char *word = frames_text(frames, 0);
    fault_t why = {0};
    if (self->given_up.code)
        return 0;
    if (self->waiting) {
        fault_set(&why, FAULT_FORMAT, "the runner spoke before its op was answered");
        give_up(self, &why);
        return 0;
    }
    if (!strcmp(word, "OP") && frames->count == 3)
        return on_op(self, frames, now, clock, fault);
    if (!strcmp(word, "DONE") && frames->count == 5)
        return on_done(self, frames, now, clock, fault);
    fault_set(&why, FAULT_FORMAT, "the runner said something that is not in the protocol");
    return fail_step(self, OUTCOME_FAILED, &why, now, clock, fault);
}

/* What a wait status says of a script. */
static fault_t
fault_of_status(int status)
{
    fault_t why = {0};
    int signal_number = WIFSIGNALED(status) ? WTERMSIG(status) : 0;
    if (signal_number == SIGXCPU || signal_number == SIGKILL)
        fault_set(&why, FAULT_LIMIT, "the script used more processor time or memory than it may");
    else if (signal_number == SIGSYS)
        fault_set(&why, FAULT_DENIED, "the script made a system call that no playbook may make");
    else
        fault_set(&why, FAULT_LIMIT, "the runner ended early (wait status %d)", status);
    return why;
}

int
part_on_runner_end(part_t *self, int status, wall_t now, mono_t clock, fault_t *fault)
{
    fault_t why = self->given_up.code ? self->given_up : fault_of_status(status);
    self->runner = 0;
    self->given_up = why;
    return self->waiting ? 0 : fail_step(self, OUTCOME_FAILED, &why, now, clock, fault);
}

void
part_on_deadline(part_t *self)
{
    fault_t why;
    fault_set(&why, FAULT_TIMEOUT, "the step was not done within %u s", step_now(self)->timeout_s);
    give_up(self, &why);
}
