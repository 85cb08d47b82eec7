/* SPDX-License-Identifier: Apache-2.0 */
#include "wire/manifest.h"

#include <assert.h>
#include <stdlib.h>

#include "wire/manifest_private.h"

static const char *const input_kinds[INPUT_KINDS] = {
    [INPUT_STRING] = "string",     [INPUT_INTEGER] = "integer", [INPUT_PERCENT] = "percent",
    [INPUT_DURATION] = "duration", [INPUT_PATH] = "path",       [INPUT_NAME] = "name",
    [INPUT_ADDRESS] = "address",   [INPUT_IP] = "ip",           [INPUT_CIDR] = "cidr",
    [INPUT_HOST] = "host",         [INPUT_WORKER] = "worker",   [INPUT_CHOICE] = "choice",
    [INPUT_LIST] = "list",         [INPUT_SECRET] = "secret",
};

static const char *const step_kinds[STEP_KINDS] = {
    [STEP_RUN] = "run",       [STEP_APPROVE] = "approve", [STEP_ASK] = "ask",
    [STEP_NOTIFY] = "notify", [STEP_CALL] = "call",
};

const char *
input_kind_word(input_kind_t kind)
{
    assert(kind < INPUT_KINDS);
    return input_kinds[kind];
}

bool
input_kind_read(const char *word, input_kind_t *out)
{
    for (input_kind_t kind = INPUT_STRING; kind < INPUT_KINDS; kind++)
        if (!strcmp(word, input_kinds[kind])) {
            *out = kind;
            return true;
        }
    return false;
}

const char *
step_kind_word(step_kind_t kind)
{
    assert(kind < STEP_KINDS);
    return step_kinds[kind];
}

void
manifest_destroy(manifest_t **self_p)
{
    manifest_t *self = *self_p;
    if (!self)
        return;
    free(self->inputs);
    free(self->choices);
    free(self->triggers);
    free(self->steps);
    free(self->needs);
    free(self->failures);
    free(self->options);
    free(self->givens);
    free(self->uses);
    free(self->bounds);
    free(self->texts);
    free(self);
    *self_p = NULL;
}

/* ---- looking things up ------------------------------------------------------------------- */

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
manifest_awaits(const manifest_t *self, const char *step, const char *other)
{
    bool awaits[MANIFEST_STEPS_MAX] = {false};
    const manifest_step_t *from = manifest_step(self, step), *to = manifest_step(self, other);
    for (bool more = from && to; more;) {
        more = false;
        for (size_t i = 0; i < self->need_count; i++) {
            const manifest_need_t *line = &self->needs[i];
            size_t by = (size_t)(manifest_step(self, line->step) - self->steps);
            size_t need = (size_t)(manifest_step(self, line->need) - self->steps);
            bool reached = !strcmp(line->step, step) || awaits[by];
            more = more || (reached && !awaits[need]);
            awaits[need] = awaits[need] || reached;
        }
    }
    return from && to && awaits[to - self->steps];
}

bool
manifest_is_for_failure(const manifest_t *self, const char *step)
{
    for (size_t i = 0; i < self->failure_count; i++)
        if (!strcmp(self->failures[i].step, step))
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

bool
manifest_has_once(const manifest_t *self)
{
    for (size_t i = 0; i < self->step_count; i++)
        if (self->steps[i].once)
            return true;
    return false;
}

bool
manifest_gathers(const manifest_t *self, const manifest_step_t *step)
{
    bool gives =
        !step->once && step->kind != STEP_APPROVE && !manifest_is_for_failure(self, step->name);
    for (size_t i = 0; gives && i < self->need_count; i++)
        if (!strcmp(self->needs[i].need, step->name) &&
            manifest_step(self, self->needs[i].step)->once)
            return true;
    return false;
}

int
manifest_check_order(const manifest_t *self, const order_t *order, fault_t *fault)
{
    size_t count = order->target_count;
    const target_line_t *last = count ? &order->targets[count - 1] : NULL;
    if (!manifest_has_once(self))
        return 0;
    if (order->wave_count || !last || count > ONCE_TARGETS_MAX)
        return fault_set(fault, FAULT_TARGET,
                         "a step of '%s' runs once for all targets: an order of it lists 1 to %d",
                         self->playbook, ONCE_TARGETS_MAX);
    if (count > 1 && last[-1].wave == last->wave)
        return fault_set(fault, FAULT_TARGET,
                         "a step of '%s' runs once for all targets, and wave %u, the last, has "
                         "more than the one that it runs on",
                         self->playbook, last->wave);
    if (!hash_equal(&order->continues, &HASH_ZERO))
        return fault_set(fault, FAULT_TARGET,
                         "a step of '%s' runs once for all targets, so a run of it continues no "
                         "other: plan a run of its own",
                         self->playbook);
    return 0;
}

bool
manifest_once_is_here(const warrant_t *warrant)
{
    const order_t *order = warrant->order;
    return !order || warrant->wave == order->targets[order->target_count - 1].wave;
}

int
manifest_check_called(const manifest_t *self, fault_t *fault)
{
    if (!manifest_has_once(self))
        return 0;
    return fault_set(fault, FAULT_DENIED,
                     "'%s' has a step that runs once for all its targets: no other playbook calls "
                     "it",
                     self->playbook);
}

static bool
all_done(const manifest_t *self, const manifest_need_t *pairs, size_t count, const char *step,
         const bool *done)
{
    for (size_t i = 0; i < count; i++)
        if (!strcmp(pairs[i].step, step) && !done[manifest_step(self, pairs[i].need) - self->steps])
            return false;
    return true;
}

size_t
manifest_walk(const manifest_t *self, size_t order[static MANIFEST_STEPS_MAX])
{
    bool done[MANIFEST_STEPS_MAX] = {false};
    size_t count = 0;
    for (size_t i = 0; i < self->step_count; i++) {
        const char *step = self->steps[i].name;
        if (done[i] || !all_done(self, self->needs, self->need_count, step, done) ||
            !all_done(self, self->failures, self->failure_count, step, done))
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
    size_t count = manifest_walk(self, order);
    assert(count == self->step_count);
}

/* ---- the document ------------------------------------------------------------------------ */

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
    row = document_row(in, "limits", 2);
    self->most = (unsigned)fields_number(in, row[0], 0, MANIFEST_TARGETS_MAX);
    self->keep = (unsigned)fields_number(in, row[1], 0, MANIFEST_TARGETS_MAX);
    self->cooldown_s = document_number(in, "cooldown", 0, MANIFEST_COOLDOWN_MAX);
}

manifest_t *
manifest_decode(slice_t document, fault_t *fault)
{
    fault_t scratch = {0};
    document_reader_t in;
    const manifest_line_t *line;
    CLEANUP(manifest_destroy) manifest_t *self = memory_new(1, sizeof *self);
    CLEANUP(bytes_destroy) bytes_t *again = bytes_new();
    fault = fault ? fault : &scratch;
    document_open(&in, document, "manifest", fault);
    if (!in.spoiled)
        self->texts = memory_new(document.size, 1);
    take_head(&in, self);
    for (size_t i = 0; (line = manifest_line(i)); i++)
        while (document_has(&in, line->key))
            line->take(&in, self, line->key);
    if (document_close(&in, fault) || manifest_check(self, fault))
        return NULL;
    manifest_encode(self, again);
    if (document_same(document, bytes_slice(again), fault)) {
        fault_wrap(fault, "manifest");
        return NULL;
    }
    return MOVE(self);
}

void
manifest_encode(const manifest_t *self, bytes_t *out)
{
    const manifest_line_t *line;
    CLEANUP(bytes_destroy) bytes_t *scratch = bytes_new();
    document_begin(out, "manifest");
    document_add(out, "playbook", "%s", self->playbook);
    document_add(out, "summary", "%s", self->summary);
    document_add(out, "class", "%s", class_word(self->highest));
    document_add(out, "rollout", "%u %u %llu %u", self->first, self->grow,
                 (unsigned long long)self->soak_s, self->max_failures);
    document_add(out, "limits", "%u %u", self->most, self->keep);
    document_add(out, "cooldown", "%llu", (unsigned long long)self->cooldown_s);
    for (size_t i = 0; (line = manifest_line(i)); i++)
        line->put(self, line->key, out, scratch);
    document_end(out);
}
