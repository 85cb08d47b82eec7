/* SPDX-License-Identifier: Apache-2.0 */
#include "broker/desk_private.h"

#define FRAME_BYTES 64 /* of a question, around its targets and what is left out */

/* Questions, each with as many targets that wait for its answer as half of the room holds: of the
 * other half others are asked. */
typedef struct {
    const desk_t *desk;
    asked_t *asked;
    hash_t run; /* of the question being filled */
    char step[STEP_PATH_MAX];
    value_t *question, *targets; /* NULL before the first */
    size_t room, left_out;       /* for these targets; how many there was none for */
} asking_t;

static bool
hand_over(asking_t *self)
{
    value_t *question = MOVE(self->question);
    if (!question)
        return true;
    value_set(question, "targets", MOVE(self->targets));
    if (self->left_out)
        value_set_integer(question, "left_out", (int64_t)self->left_out);
    return desk_append(self->asked, question);
}

static void
describe(value_t *map, const manifest_t *manifest, const manifest_step_t *step)
{
    char role[64];
    value_t *options = value_list();
    roles_write(step->role, role, sizeof role);
    value_set_text(map, "kind", step_kind_word(step->kind));
    value_set_text(map, "text", step->text);
    value_set_text(map, "role", role);
    if (step->kind == STEP_ASK)
        value_set_text(map, "answer", input_kind_word(step->answer));
    for (size_t i = 0; i < manifest->option_count; i++)
        if (!strcmp(manifest->options[i].owner, step->name))
            value_append(options, value_text(manifest->options[i].text));
    if (value_count(options))
        value_set(map, "options", MOVE(options));
    value_destroy(&options);
}

static value_t *
question_of(const desk_t *self, const wait_row_t *wait, fault_t *fault)
{
    fault_t why = {0};
    query_t query = {.what = FIND_RUN, .hash = wait->run};
    CLEANUP(manifest_destroy) manifest_t *manifest = NULL;
    CLEANUP(row_destroy) row_t *run = store_first(self->house->store, &query, &why);
    const manifest_step_t *step =
        core_step_of(self->house->core, &wait->run, wait->step, &manifest);
    if (!run) {
        fault_set(fault, why.code ? why.code : FAULT_FORMAT, "%s",
                  why.code ? why.text : "a step waits whose run is not in the record");
        return NULL;
    }
    value_t *map = value_map();
    view_set_hash(map, "run", &wait->run);
    value_set_text(map, "playbook", run->run.playbook);
    value_set_text(map, "step", wait->step);
    value_set_integer(map, "expires", wait->expires.ms);
    if (run->run.incident)
        value_set_integer(map, "incident", (int64_t)run->run.incident);
    if (step)
        describe(map, manifest, step);
    return map;
}

static bool
begin_question(asking_t *self, const wait_row_t *wait)
{
    if (!hand_over(self))
        return false;
    self->question = question_of(self->desk, wait, self->asked->fault);
    self->asked->failed = !self->question;
    if (!self->question)
        return false;
    self->targets = value_list();
    self->room = self->asked->room;
    self->left_out = 0;
    bool fits = view_fits(self->question, &self->room) && self->room > FRAME_BYTES;
    self->room = fits ? (self->room - FRAME_BYTES) / 2 : 0;
    self->run = wait->run;
    text_copy(self->step, sizeof self->step, wait->step);
    return true;
}

static bool
fill_wait(void *context, const row_t *row)
{
    asking_t *self = context;
    const wait_row_t *wait = &row->wait;
    bool same =
        self->question && hash_equal(&self->run, &wait->run) && !strcmp(self->step, wait->step);
    if (!same && !begin_question(self, wait))
        return false;
    value_t *target = value_map();
    value_set_text(target, "target", wait->target);
    view_set_hash(target, "receipt", &wait->receipt);
    bool fits = view_fits(target, &self->room);
    self->left_out += !fits;
    if (fits)
        value_append(self->targets, MOVE(target));
    value_destroy(&target);
    return true;
}

value_t *
answer_asked(desk_t *self, asked_t *asked)
{
    const store_t *store = self->house->store;
    const char *id = value_get_text(asked->arguments, "run");
    query_t query = {.what = *id ? FIND_WAITS : FIND_WAITS_OPEN};
    CLEANUP(value_destroy) value_t *list = asked->list = value_list();
    asking_t asking = {.desk = self, .asked = asked};
    if (*id) {
        CLEANUP(row_destroy) row_t *row = desk_find_run(self, id, asked->fault);
        if (!row)
            return NULL;
        query.hash = row->run.id;
    }
    int failed = store->find(store->self, &query, fill_wait, &asking, asked->fault);
    if (!failed && !asked->failed)
        hand_over(&asking);
    value_destroy(&asking.question);
    value_destroy(&asking.targets);
    return failed || asked->failed ? NULL : MOVE(list);
}
