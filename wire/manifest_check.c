/* SPDX-License-Identifier: Apache-2.0 */
/* Whether a manifest hangs together, once each of its lines is well (docs/PROTOCOL.md 3.9). */
#include "wire/manifest_private.h"
#include "wire/ops.h"

/* What a kind of step must have, and may have; the rest it may not. */
enum {
    HAS_TEXT = 1,    /* a person and a text */
    HAS_ANSWER = 2,  /* an answer's kind: without options unless it is a choice */
    HAS_SINK = 4,    /* notify */
    HAS_CALLEE = 8,  /* call */
    MAY_VERIFY = 16, /* verify, undo, for_each */
    MAY_RETRY = 32,
    MAY_ACT = 64, /* ops, even without when */
};

static const unsigned kinds[STEP_KINDS] = {
    [STEP_RUN] = MAY_VERIFY | MAY_RETRY | MAY_ACT,
    [STEP_APPROVE] = HAS_TEXT,
    [STEP_ASK] = HAS_TEXT | HAS_ANSWER,
    [STEP_NOTIFY] = HAS_SINK | MAY_RETRY | MAY_ACT,
    [STEP_CALL] = HAS_CALLEE,
};

static bool
has_word(const manifest_word_t *words, size_t count, const char *owner)
{
    for (size_t i = 0; i < count; i++)
        if (!strcmp(words[i].owner, owner))
            return true;
    return false;
}

static bool
uses_any(const manifest_t *self, const char *step)
{
    for (size_t i = 0; i < self->use_count; i++)
        if (!strcmp(self->uses[i].step, step))
            return true;
    return false;
}

/* What is wrong with a step of its kind; NULL where nothing is. */
static const char *
kind_misfit(const manifest_t *self, const manifest_step_t *step)
{
    unsigned kind = kinds[step->kind];
    bool choice = step->kind == STEP_ASK && step->answer == INPUT_CHOICE;
    const struct {
        bool wrong;
        const char *text;
    } rows[] = {
        {(kind & HAS_TEXT) && (!step->role || !step->text[0]), "wants a person and a text"},
        {!(kind & HAS_TEXT) && (step->role || step->text[0]), "has no person and no text"},
        {!(kind & HAS_SINK) != !step->sink[0], "wants a sink where it notifies, else none"},
        {!(kind & HAS_CALLEE) != !step->callee[0], "wants a playbook where it calls, else none"},
        {!(kind & MAY_VERIFY) && (step->has_verify || step->has_undo || step->each_max),
         "has no verify, no undo and no for_each"},
        {!(kind & MAY_RETRY) && step->retries, "has no retry"},
        {!(kind & MAY_ACT) && !step->has_when && uses_any(self, step->name), "asks for no ops"},
        {choice && !has_word(self->options, self->option_count, step->name), "wants options"},
        {step->kind == STEP_ASK && step->answer == INPUT_SECRET, "asks for no secret"},
    };
    for (size_t i = 0; i < ARRAY_SIZE(rows); i++)
        if (rows[i].wrong)
            return rows[i].text;
    return NULL;
}

/* A second attempt would do again what may be done once only. */
static int
check_retry(const manifest_t *self, const manifest_step_t *step, fault_t *fault)
{
    for (size_t i = 0; step->retries && i < self->use_count; i++) {
        const op_t *op = op_find(self->uses[i].op);
        if (!strcmp(self->uses[i].step, step->name) && op && op->again != AGAIN_IDEMPOTENT)
            return fault_set(fault, FAULT_FORMAT,
                             "manifest: step '%s' cannot be retried: that would do %s again; "
                             "take the retry away, or put that op in a step of its own",
                             step->name, op->name);
    }
    return 0;
}

static int
check_steps(const manifest_t *self, fault_t *fault)
{
    for (size_t i = 0; i < self->step_count; i++) {
        const manifest_step_t *step = &self->steps[i];
        const char *wrong = kind_misfit(self, step);
        if (wrong)
            return fault_set(fault, FAULT_FORMAT, "manifest: step '%s', of kind %s, %s", step->name,
                             step_kind_word(step->kind), wrong);
        if (check_retry(self, step, fault))
            return -1;
    }
    return 0;
}

static int
check_inputs(const manifest_t *self, fault_t *fault)
{
    for (size_t i = 0; i < self->input_count; i++) {
        const manifest_input_t *input = &self->inputs[i];
        fault_t wrong = {0};
        if (input->kind == INPUT_CHOICE &&
            !has_word(self->choices, self->choice_count, input->name))
            return fault_set(fault, FAULT_FORMAT, "manifest: input '%s' has nothing to choose from",
                             input->name);
        if (!input->has_default)
            continue;
        CLEANUP(value_destroy)
        value_t *value = manifest_input_value(self, input, input->fallback, &wrong);
        if (!value)
            return fault_set(fault, FAULT_FORMAT, "manifest: the default of '%s' %s", input->name,
                             wrong.text);
    }
    return 0;
}

/* In an ordinary walk steps that run last, or for a failure, have not run; and on most targets none
 * that runs once. */
static int
check_need(const manifest_t *self, const manifest_need_t *line, fault_t *fault)
{
    const manifest_step_t *step = manifest_step(self, line->step);
    const manifest_step_t *need = manifest_step(self, line->need);
    if (need->always && !step->always)
        return fault_set(fault, FAULT_FORMAT,
                         "manifest: step '%s' needs '%s', which runs last whatever happened",
                         step->name, need->name);
    if (manifest_is_for_failure(self, need->name) && !step->always &&
        !manifest_is_for_failure(self, step->name))
        return fault_set(fault, FAULT_FORMAT,
                         "manifest: step '%s' needs '%s', which runs only once another failed",
                         step->name, need->name);
    if (need->once && !step->once)
        return fault_set(fault, FAULT_FORMAT,
                         "manifest: step '%s' needs '%s', which runs once for all targets, so it "
                         "is once itself",
                         step->name, need->name);
    return 0;
}

static int
check_failure(const manifest_t *self, const manifest_need_t *line, fault_t *fault)
{
    const manifest_step_t *step = manifest_step(self, line->step);
    const manifest_step_t *need = manifest_step(self, line->need);
    const char *last = step->always ? line->step : need->always ? line->need : NULL;
    if (!last && need->once && !step->once)
        return fault_set(fault, FAULT_FORMAT,
                         "manifest: step '%s' stands for the failure of '%s', which runs once for "
                         "all targets, so it is once itself",
                         step->name, need->name);
    if (!last)
        return 0;
    return fault_set(fault, FAULT_FORMAT,
                     "manifest: step '%s' runs last whatever happened, so it stands for no failure "
                     "and none for its own",
                     last);
}

/* What a step waits for that never comes. */
static const char *
next_in_circle(const manifest_t *self, const char *step, const bool *done)
{
    const manifest_need_t *const pairs[] = {self->needs, self->failures};
    const size_t counts[] = {self->need_count, self->failure_count};
    for (size_t kind = 0; kind < ARRAY_SIZE(pairs); kind++)
        for (size_t i = 0; i < counts[kind]; i++)
            if (!strcmp(pairs[kind][i].step, step) &&
                !done[manifest_step(self, pairs[kind][i].need) - self->steps])
                return pairs[kind][i].need;
    return NULL;
}

/* Whoever starts at a step that never comes, and goes on to one that it waits for, comes round. */
static int
tell_circle(const manifest_t *self, const size_t *order, size_t count, fault_t *fault)
{
    bool done[MANIFEST_STEPS_MAX] = {false};
    size_t at = 0;
    CLEANUP(bytes_destroy) bytes_t *path = bytes_new();
    for (size_t i = 0; i < count; i++)
        done[order[i]] = true;
    while (done[at])
        at++;
    const char *step = self->steps[at].name;
    for (size_t i = 0; i < self->step_count; i++)
        step = next_in_circle(self, step, done);
    const char *first = step;
    bytes_add_text(path, first);
    do {
        step = next_in_circle(self, step, done);
        bytes_addf(path, " -> %s", step);
    } while (strcmp(step, first) != 0);
    return fault_set(fault, FAULT_FORMAT, "manifest: the needs of its steps go in a circle: %s",
                     bytes_text(path));
}

static int
check_graph(const manifest_t *self, fault_t *fault)
{
    size_t order[MANIFEST_STEPS_MAX];
    size_t count = manifest_walk(self, order);
    if (count != self->step_count)
        return tell_circle(self, order, count, fault);
    for (size_t i = 0; i < self->need_count; i++)
        if (check_need(self, &self->needs[i], fault))
            return -1;
    for (size_t i = 0; i < self->failure_count; i++)
        if (check_failure(self, &self->failures[i], fault))
            return -1;
    return 0;
}

int
manifest_check(const manifest_t *self, fault_t *fault)
{
    class_t worst = CLASS_OBSERVE;
    for (size_t i = 0; i < self->use_count; i++)
        if (self->uses[i].class_ > worst)
            worst = self->uses[i].class_;
    if (!self->step_count)
        return fault_set(fault, FAULT_FORMAT, "manifest: no step");
    if (check_graph(self, fault) || check_steps(self, fault) || check_inputs(self, fault))
        return -1;
    if (self->highest != worst)
        return fault_set(fault, FAULT_CLASS, "manifest: class %s, but the worst op is %s",
                         class_word(self->highest), class_word(worst));
    return 0;
}
