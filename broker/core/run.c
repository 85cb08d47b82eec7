/* SPDX-License-Identifier: Apache-2.0 */
#include <assert.h>
#include <stdio.h>

#include "broker/core/state.h"

void
run_destroy(run_t **self_p)
{
    run_t *self = *self_p;
    if (!self)
        return;
    bytes_destroy(&self->authority);
    bytes_destroy(&self->armors);
    bytes_destroy(&self->alert);
    bytes_destroy(&self->proof);
    inclusion_destroy(&self->tree);
    value_destroy(&self->gathers);
    for (size_t i = 0; i < self->share_count; i++) {
        bytes_destroy(&self->shares[i].receipt);
        free(self->shares[i].waits);
        value_destroy(&self->shares[i].gathered);
    }
    free(self->shares);
    free(self->sorted);
    free(self->waves);
    free(self);
    *self_p = NULL;
}

static bool
observes(const core_t *self, const order_t *order)
{
    bool only = true;
    for (size_t i = 0; i < order->release_count; i++) {
        const shelved_t *shelved = shelf_release(self->shelf, &order->releases[i].hash);
        only = only && shelved && shelved->release->highest == CLASS_OBSERVE;
    }
    return only || order->dry;
}

static run_t *
hold(core_t *self, const run_row_t *row, slice_t authority, slice_t armors, slice_t alert)
{
    char text[HASH_TEXT];
    run_t *run = memory_new(1, sizeof *run);
    CLEANUP(order_destroy) order_t *order = row->by_grant ? NULL : order_decode(authority, NULL);
    run->row = *row;
    run->authority = bytes_copy(authority);
    run->armors = bytes_copy(armors);
    run->alert = bytes_copy(alert);
    run->careful = !order || !observes(self, order);
    if (order) {
        run->gate = order_gate(order);
        text_copy(run->nonce, sizeof run->nonce, order->nonce);
    }
    if (row->by_grant) { /* has one */
        run->shares = memory_new(1, sizeof *run->shares);
        run->share_capacity = 1;
    }
    gather_learn(self, run);
    zhashx_update(self->runs, hash_write(&row->id, text), run);
    return run;
}

void
run_put(core_t *self, const run_t *run)
{
    row_t row = {.kind = ROW_RUN, .run = run->row};
    actions_put(self->actions, &row);
}

run_t *
run_begin(core_t *self, const run_row_t *row, slice_t authority, slice_t armors, slice_t alert)
{
    run_t *run = hold(self, row, authority, armors, alert);
    run_put(self, run);
    return run;
}

/* Counting ------------------------------------------------------------------------------------ */

size_t
tally_open(const tally_t *self)
{
    return self->in[PART_WAITING] + self->in[PART_OFFERED] + self->in[PART_ACCEPTED];
}

size_t
tally_failed(const tally_t *self)
{
    return self->in[PART_FAILED] + self->in[PART_REFUSED] + self->in[PART_STOPPED] +
           self->in[PART_UNKNOWN];
}

static void
enter(tally_t *self, const part_row_t *row)
{
    self->in[row->state]++;
    if (row->ended.ms > self->ended.ms)
        self->ended = row->ended;
}

static tally_t *
tally_of(run_t *run, const share_t *share)
{
    return &run->waves[share->row.wave - 1].tally;
}

/* Shares -------------------------------------------------------------------------------------- */

/* False where waves leave a gap. */
static bool
add_share(core_t *self, run_t *run, const part_row_t *row)
{
    char worker[TEXT_NAME_MAX + 1];
    if (row->wave == run->wave_count + 1) {
        run->waves = memory_resize(run->waves, run->wave_count + 1, sizeof *run->waves);
        run->waves[run->wave_count++] = (wave_t){.first = run->share_count};
    }
    if (row->wave != run->wave_count || !run->wave_count)
        return false;
    run->shares =
        memory_grow(run->shares, run->share_count, &run->share_capacity, sizeof *run->shares);
    share_t *share = &run->shares[run->share_count++];
    snprintf(worker, sizeof worker, "%.*s", (int)strcspn(row->target, "/"), row->target);
    *share = (share_t){.row = *row, .peer = core_peer(self, worker)};
    tally_of(run, share)->total++;
    run->tally.total++;
    enter(tally_of(run, share), row);
    enter(&run->tally, row);
    return true;
}

void
run_add(core_t *self, run_t *run, const char *target, uint64_t wave)
{
    part_row_t row = {.run = run->row.id, .wave = wave, .state = PART_WAITING};
    text_copy(row.target, sizeof row.target, target);
    bool added = add_share(self, run, &row);
    assert(added);
}

static int
by_worker(const void *left, const void *right)
{
    const share_t *one = *(share_t *const *)left, *other = *(share_t *const *)right;
    int order = strcmp(one->peer->row.id, other->peer->row.id);
    return order ? order : strcmp(one->row.target, other->row.target);
}

void
run_settle(core_t *self, run_t *run)
{
    assert(!run->sorted);
    run->sorted = memory_new(run->share_count + 1, sizeof(share_t *));
    for (size_t i = 0; i < run->share_count; i++) {
        share_t *share = run->sorted[i] = &run->shares[i];
        if (!part_ended(share->row.state))
            peer_take(share->peer, run, share);
    }
    qsort(run->sorted, run->share_count, sizeof(share_t *), by_worker);
    self->active_runs += run->row.state == RUN_ACTIVE;
}

share_t *
run_share(const run_t *self, const char *worker, const char *target, size_t *at)
{
    size_t from = *at, to = self->share_count;
    while (from < to) {
        size_t middle = from + (to - from) / 2;
        if (strcmp(self->sorted[middle]->peer->row.id, worker) < 0)
            from = middle + 1;
        else
            to = middle;
    }
    for (; from < self->share_count; from++) {
        share_t *share = self->sorted[from];
        if (strcmp(share->peer->row.id, worker) != 0)
            break;
        *at = from + 1;
        if (!target || !strcmp(share->row.target, target))
            return share;
    }
    return NULL;
}

void
run_put_share(core_t *self, const share_t *share)
{
    row_t row = {.kind = ROW_PART, .part = share->row};
    core_put(self, &row);
}

void
run_stir(core_t *self, run_t *run, const share_t *share)
{
    size_t at = (size_t)(share - run->shares);
    if (share->row.state != PART_WAITING)
        return;
    run->next = at < run->next ? at : run->next;
    if (run->stirred)
        return;
    self->stirred =
        memory_grow(self->stirred, self->stirred_count, &self->stirred_capacity, sizeof(run_t *));
    self->stirred[self->stirred_count++] = run;
    run->stirred = true;
}

/* Those of its playbook that wait on the same target are to be looked at again. */
static void
stir(core_t *self, const run_t *ended, const share_t *share)
{
    const peer_t *peer = share->peer;
    for (size_t i = 0; i < peer->work_count; i++) {
        const work_t *work = &peer->work[i];
        if (!strcmp(work->share->row.target, share->row.target) &&
            !strcmp(work->run->row.playbook, ended->row.playbook))
            run_stir(self, work->run, work->share);
    }
}

/* As it stands behind "'PLAYBOOK' on 'TARGET'". */
static const char *const became[] = {
    [PART_WAITING] = "waits",       [PART_OFFERED] = "is offered", [PART_ACCEPTED] = "has begun",
    [PART_DONE] = "is done",        [PART_FAILED] = "failed",      [PART_REFUSED] = "was refused",
    [PART_SKIPPED] = "was skipped", [PART_STOPPED] = "is stopped", [PART_UNKNOWN] = "is unknown",
    [PART_NEVER] = "never began",
};

static void
tell_share(core_t *self, const run_t *run, const share_t *share)
{
    event_row_t event = {.incident = run->row.incident, .run = run->row.id, .kind = "part"};
    const part_row_t *row = &share->row;
    snprintf(event.worker, sizeof event.worker, "%s", share->peer->row.id);
    snprintf(event.part, sizeof event.part, "%s", part_word(row->state));
    snprintf(event.text, sizeof event.text, "'%s' on '%s' %s%s%s", run->row.playbook, row->target,
             became[row->state], *row->text ? ": " : "", row->text);
    core_tell(self, &event);
}

void
run_move(core_t *self, run_t *run, share_t *share, part_state_t state, const char *code,
         const char *text)
{
    bool open = !part_ended(share->row.state);
    tally_of(run, share)->in[share->row.state]--;
    run->tally.in[share->row.state]--;
    share->row.state = state;
    snprintf(share->row.code, sizeof share->row.code, "%s", code);
    snprintf(share->row.text, sizeof share->row.text, "%s", text);
    if (part_ended(state))
        share->row.ended = self->now;
    enter(tally_of(run, share), &share->row);
    enter(&run->tally, &share->row);
    if (open && part_ended(state)) {
        waits_end(self, run, share, NULL);
        peer_drop(share->peer, share);
        stir(self, run, share);
    } else if (!open && !part_ended(state))
        peer_take(share->peer, run, share);
    run_put_share(self, share);
    tell_share(self, run, share);
}

void
run_turn(core_t *self, run_t *run, run_state_t state)
{
    char text[HASH_TEXT];
    self->active_runs += state == RUN_ACTIVE;
    self->active_runs -= run->row.state == RUN_ACTIVE;
    run->row.state = state;
    run->row.ended.ms = state == RUN_ACTIVE ? 0 : self->now.ms;
    if (state != RUN_ACTIVE)
        core_over(&self->ended, hash_write(&run->row.id, text));
    run_put(self, run);
    core_note(self, "run", run->row.incident, &run->row.id, NULL, "the run of '%s' is %s",
              run->row.playbook, run_word(state));
}

/* From the past ------------------------------------------------------------------------------- */

typedef struct {
    core_t *core;
    run_t *run;
    bool gap;
} adopting_t;

static bool
take_part(void *context, const row_t *row)
{
    adopting_t *adopting = context;
    adopting->gap = !add_share(adopting->core, adopting->run, &row->part);
    return !adopting->gap;
}

static int
take_parts(core_t *self, run_t *run, fault_t *fault)
{
    char text[HASH_TEXT];
    adopting_t adopting = {.core = self, .run = run};
    query_t parts = {.what = FIND_PARTS, .hash = run->row.id};
    if (self->past->find(self->past->self, &parts, take_part, &adopting, fault))
        return -1;
    if (adopting.gap)
        return fault_set(fault, FAULT_FORMAT, "run %.12s: its parts leave out a wave",
                         hash_write(&run->row.id, text));
    return 0;
}

static bool
take_wait(void *context, const row_t *row)
{
    run_t *run = context;
    char worker[TEXT_NAME_MAX + 1];
    size_t at = 0;
    snprintf(worker, sizeof worker, "%.*s", (int)strcspn(row->wait.target, "/"), row->wait.target);
    share_t *share = run_share(run, worker, row->wait.target, &at);
    if (share)
        wait_add(run, share, &row->wait);
    return true;
}

static int
take_waits(core_t *self, run_t *run, fault_t *fault)
{
    query_t waits = {.what = FIND_WAITS, .hash = run->row.id};
    return self->past->find(self->past->self, &waits, take_wait, run, fault);
}

static int
recall_receipts(core_t *self, run_t *run, fault_t *fault)
{
    for (size_t i = 0; i < run->share_count; i++) {
        share_t *share = &run->shares[i];
        if (share->row.proven && share->row.wave <= run->gate &&
            !(share->receipt = core_leaf_bytes(self, share->row.receipt, fault)))
            return -1;
    }
    return 0;
}

int
run_adopt(core_t *self, const run_row_t *row, fault_t *fault)
{
    CLEANUP(row_destroy) row_t *authority = NULL;
    CLEANUP(bytes_destroy)
    bytes_t *alert = row->by_grant ? core_leaf_bytes(self, row->alert, fault) : bytes_new();
    query_t document = {.what = FIND_DOCUMENT, .hash = row->authority};
    char text[HASH_TEXT];
    hash_write(&row->id, text);
    if (!alert || core_recall(self, &document, &authority, fault))
        return -1;
    if (!authority)
        return fault_set(fault, FAULT_FORMAT, "run %.12s: its authority is missing from the record",
                         text);
    run_t *run =
        hold(self, row, authority->document.bytes, authority->document.armors, bytes_slice(alert));
    if (take_parts(self, run, fault) || recall_receipts(self, run, fault)) {
        zhashx_delete(self->runs, text);
        return -1;
    }
    run_settle(self, run);
    return gather_recall(self, run, fault) || take_waits(self, run, fault) ? -1 : 0;
}

run_t *
run_find(core_t *self, const hash_t *id, fault_t *fault)
{
    char text[HASH_TEXT];
    CLEANUP(row_destroy) row_t *row = NULL;
    query_t query = {.what = FIND_RUN, .hash = *id};
    run_t *run = zhashx_lookup(self->runs, hash_write(id, text));
    if (run)
        return run;
    if (core_recall(self, &query, &row, fault) || !row || run_adopt(self, &row->run, fault))
        return NULL;
    return zhashx_lookup(self->runs, text);
}

void
run_let_go(core_t *self, const char *id)
{
    const run_t *run = zhashx_lookup(self->runs, id);
    if (run && run->row.state != RUN_ACTIVE)
        zhashx_delete(self->runs, id);
}
