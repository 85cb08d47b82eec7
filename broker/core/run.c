/* SPDX-License-Identifier: Apache-2.0 */
#include <assert.h>
#include <stdio.h>

#include "broker/core/state.h"
#include "common/document.h"
#include "wire/message.h"

void
run_destroy(run_t **self_p)
{
    run_t *self = *self_p;
    if (!self)
        return;
    bytes_destroy(&self->authority);
    bytes_destroy(&self->armors);
    bytes_destroy(&self->alert);
    for (size_t i = 0; i < self->share_count; i++)
        bytes_destroy(&self->shares[i].receipt);
    free(self->shares);
    free(self);
    *self_p = NULL;
}

static run_t *
hold(core_t *self, const run_row_t *row, slice_t authority, slice_t armors, slice_t alert)
{
    char text[HASH_TEXT];
    run_t *run = memory_new(1, sizeof *run);
    run->row = *row;
    run->authority = bytes_copy(authority);
    run->armors = bytes_copy(armors);
    run->alert = bytes_copy(alert);
    zhashx_update(self->runs, hash_write(&row->id, text), run);
    return run;
}

static share_t *
add_share(run_t *self, const part_row_t *row)
{
    self->shares = memory_resize(self->shares, self->share_count + 1, sizeof *self->shares);
    share_t *share = &self->shares[self->share_count++];
    *share = (share_t){.row = *row};
    snprintf(share->worker, sizeof share->worker, "%.*s", (int)strcspn(row->target, "/"),
             row->target);
    return share;
}

share_t *
run_add(run_t *self, const char *target, uint64_t wave)
{
    part_row_t row = {.run = self->row.id, .wave = wave, .state = PART_WAITING};
    text_copy(row.target, sizeof row.target, target);
    return add_share(self, &row);
}

static void
put_run(core_t *self, const run_t *run)
{
    row_t row = {.kind = ROW_RUN, .run = run->row};
    actions_put(self->actions, &row);
}

void
run_put_share(core_t *self, const share_t *share)
{
    row_t row = {.kind = ROW_PART, .part = share->row};
    actions_put(self->actions, &row);
}

run_t *
run_begin(core_t *self, const run_row_t *row, slice_t authority, slice_t armors, slice_t alert)
{
    run_t *run = hold(self, row, authority, armors, alert);
    put_run(self, run);
    return run;
}

/* Writes every part, and offers what may begin. */
void
run_launch(core_t *self, run_t *run)
{
    for (size_t i = 0; i < run->share_count; i++)
        run_put_share(self, &run->shares[i]);
    run_advance(self, run);
}

/* From the past ------------------------------------------------------------------------------- */

static bool
take_part(void *context, const row_t *row)
{
    add_share(context, &row->part);
    return true;
}

static bytes_t *
leaf_bytes(core_t *self, uint64_t number, fault_t *fault)
{
    CLEANUP(row_destroy) row_t *leaf = NULL;
    query_t query = {.what = FIND_LEAVES, .number = number};
    if (core_recall(self, &query, &leaf, fault))
        return NULL;
    if (!leaf || leaf->leaf.number != number) {
        fault_set(fault, FAULT_FORMAT, "leaf %llu of the log is missing",
                  (unsigned long long)number);
        return NULL;
    }
    return bytes_copy(leaf->leaf.bytes);
}

static int
recall_receipts(core_t *self, run_t *run, fault_t *fault)
{
    for (size_t i = 0; i < run->share_count; i++) {
        share_t *share = &run->shares[i];
        if (share->row.proven && !(share->receipt = leaf_bytes(self, share->row.receipt, fault)))
            return -1;
    }
    return 0;
}

int
run_adopt(core_t *self, const run_row_t *row, fault_t *fault)
{
    CLEANUP(row_destroy) row_t *authority = NULL;
    CLEANUP(bytes_destroy)
    bytes_t *alert = row->by_grant ? leaf_bytes(self, row->alert, fault) : bytes_new();
    query_t document = {.what = FIND_DOCUMENT, .hash = row->authority};
    query_t parts = {.what = FIND_PARTS, .hash = row->id};
    char text[HASH_TEXT];
    if (!alert || core_recall(self, &document, &authority, fault))
        return -1;
    if (!authority)
        return fault_set(fault, FAULT_FORMAT, "run %.12s: its authority is missing from the record",
                         hash_write(&row->id, text));
    run_t *run =
        hold(self, row, authority->document.bytes, authority->document.armors, bytes_slice(alert));
    if (self->past->find(self->past->self, &parts, take_part, run, fault))
        return -1;
    return recall_receipts(self, run, fault);
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

/* Offers -------------------------------------------------------------------------------------- */

/* The receipts that ended the wave before, as the worker's proof that it may begin. */
static value_t *
proof_of_wave(const run_t *run, uint64_t wave)
{
    value_t *list = value_list();
    for (size_t i = 0; i < run->share_count; i++) {
        const share_t *share = &run->shares[i];
        if (share->row.wave != wave || share->row.state != PART_DONE || !share->receipt)
            continue;
        slice_t document, armor;
        bool whole = document_split(bytes_slice(share->receipt), &document, &armor);
        assert(whole);
        value_t *item = value_map();
        value_set(item, "document", value_bytes(document));
        value_set(item, "armor", value_bytes(armor));
        value_append(list, item);
    }
    return list;
}

static void
send_offer(core_t *self, const run_t *run, const share_t *share)
{
    char id[HASH_TEXT], release[HASH_TEXT];
    CLEANUP(value_destroy) value_t *proof = proof_of_wave(run, share->row.wave - 1);
    CLEANUP(bytes_destroy) bytes_t *receipts = bytes_new();
    value_encode(proof, receipts);
    frames_t *frames = message_new(MESSAGE_OFFER);
    frames_add_text(frames, hash_write(&run->row.id, id));
    frames_add_text(frames, run->row.by_grant ? "grant" : "order");
    frames_add(frames, bytes_slice(run->authority));
    frames_add(frames, bytes_slice(run->armors));
    frames_add(frames, bytes_slice(run->alert));
    frames_add(frames, slice_of(NULL, 0));
    frames_add_text(frames, hash_write(&run->row.release, release));
    frames_add(frames, bytes_slice(receipts));
    core_send(self, share->worker, &frames);
}

static void
offer(core_t *self, run_t *run, share_t *share)
{
    share->row.offered = self->now;
    run_move(self, run, share, PART_OFFERED, "", "");
    send_offer(self, run, share);
}

void
runs_offer_again(core_t *self, const char *worker)
{
    for (run_t *run = zhashx_first(self->runs); run; run = zhashx_next(self->runs))
        for (size_t i = 0; run->row.state == RUN_ACTIVE && i < run->share_count; i++) {
            const share_t *share = &run->shares[i];
            bool open = share->row.state == PART_OFFERED || share->row.state == PART_ACCEPTED;
            if (open && self->now.ms <= run->row.not_after.ms && !strcmp(share->worker, worker))
                send_offer(self, run, share);
        }
}

share_t *
run_share(run_t *self, const char *worker, const char *target)
{
    for (size_t i = 0; i < self->share_count; i++)
        if (!strcmp(self->shares[i].worker, worker) &&
            (!target || !strcmp(self->shares[i].row.target, target)))
            return &self->shares[i];
    return NULL;
}

/* States -------------------------------------------------------------------------------------- */

void
run_move(core_t *self, run_t *run, share_t *share, part_state_t state, const char *code,
         const char *text)
{
    event_row_t event = {.incident = run->row.incident, .run = run->row.id, .kind = "part"};
    share->row.state = state;
    snprintf(share->row.code, sizeof share->row.code, "%s", code);
    snprintf(share->row.text, sizeof share->row.text, "%s", text);
    if (part_ended(state))
        share->row.ended = self->now;
    run_put_share(self, share);
    snprintf(event.worker, sizeof event.worker, "%s", share->worker);
    snprintf(event.part, sizeof event.part, "%s", part_word(state));
    snprintf(event.text, sizeof event.text, "'%s' on '%s' is %s%s%s", run->row.playbook,
             share->row.target, part_word(state), *text ? ": " : "", text);
    core_tell(self, &event);
}

typedef struct {
    size_t total, open, waiting, done;
    wall_t ended; /* the last */
} tally_t;

static tally_t
tally(const run_t *run, uint64_t wave)
{
    tally_t count = {0};
    for (size_t i = 0; i < run->share_count; i++) {
        const part_row_t *row = &run->shares[i].row;
        if (wave && row->wave != wave)
            continue;
        count.total++;
        count.open += !part_ended(row->state);
        count.waiting += row->state == PART_WAITING;
        count.done += row->state == PART_DONE;
        if (row->ended.ms > count.ended.ms)
            count.ended = row->ended;
    }
    return count;
}

static uint64_t
first_waiting(const run_t *run)
{
    for (size_t i = 0; i < run->share_count; i++)
        if (run->shares[i].row.state == PART_WAITING)
            return run->shares[i].row.wave;
    return 0;
}

static void
give_up(core_t *self, run_t *run, part_state_t state, const char *code, const char *text)
{
    for (size_t i = 0; i < run->share_count; i++)
        if (run->shares[i].row.state == state)
            run_move(self, run, &run->shares[i], PART_NEVER, code, text);
}

static void
close_window(core_t *self, run_t *run)
{
    int64_t past = self->now.ms - run->row.not_after.ms;
    if (past > 0)
        give_up(self, run, PART_WAITING, "expired", "its window closed first");
    if (past > CORE_LATE_MS)
        give_up(self, run, PART_OFFERED, "expired", "the worker did not answer in its window");
}

/* Offers the next wave once the one before is through and soaked. */
static void
next_wave(core_t *self, run_t *run)
{
    uint64_t wave = first_waiting(run);
    if (!wave)
        return;
    if (wave > 1) {
        tally_t before = tally(run, wave - 1);
        if (before.open)
            return;
        if (before.done + run->row.max_failures < before.total) {
            give_up(self, run, PART_WAITING, "proof", "too few of the wave before succeeded");
            return;
        }
        if (self->now.ms - before.ended.ms < (int64_t)run->row.soak_s * 1000)
            return;
    }
    for (size_t i = 0; i < run->share_count; i++)
        if (run->shares[i].row.wave == wave && run->shares[i].row.state == PART_WAITING)
            offer(self, run, &run->shares[i]);
}

static run_state_t
verdict(const run_t *run)
{
    bool is[PART_STATE_COUNT] = {false};
    for (size_t i = 0; i < run->share_count; i++)
        is[run->shares[i].row.state] = true;
    return is[PART_UNKNOWN]                      ? RUN_UNKNOWN
           : is[PART_FAILED] || is[PART_REFUSED] ? RUN_FAILED
           : is[PART_STOPPED]                    ? RUN_STOPPED
           : is[PART_NEVER]                      ? RUN_EXPIRED
                                                 : RUN_SUCCEEDED;
}

void
run_advance(core_t *self, run_t *run)
{
    fault_t fault = {0};
    if (run->row.state == RUN_ACTIVE) {
        close_window(self, run);
        next_wave(self, run);
    }
    bool ended = !tally(run, 0).open;
    run_state_t state = ended ? verdict(run) : RUN_ACTIVE;
    if (state == run->row.state)
        return;
    run->row.state = state;
    run->row.ended = ended ? self->now : (wall_t){0};
    put_run(self, run);
    core_note(self, "run", run->row.incident, &run->row.id, NULL, "the run of '%s' is %s",
              run->row.playbook, run_word(state));
    if (ended) {
        notice_run(self, run);
        incident_on_run(self, run, &fault);
    }
    if (fault.code)
        core_note(self, "fault", run->row.incident, &run->row.id, NULL, "%s", fault.text);
}

/* Windows, soaks; and runs that ended a while ago are let go. */
void
runs_advance(core_t *self)
{
    CLEANUP(zlistx_destroy) zlistx_t *gone = zlistx_new();
    for (run_t *run = zhashx_first(self->runs); run; run = zhashx_next(self->runs)) {
        if (run->row.state == RUN_ACTIVE)
            run_advance(self, run);
        else if (self->now.ms - run->row.ended.ms > CORE_LATE_MS)
            zlistx_add_end(gone, run);
    }
    for (run_t *run = zlistx_first(gone); run; run = zlistx_next(gone)) {
        char text[HASH_TEXT];
        zhashx_delete(self->runs, hash_write(&run->row.id, text));
    }
}

/* Orders -------------------------------------------------------------------------------------- */

static warrant_t *
check_order(core_t *self, const event_t *event, const order_t *order, const shelved_t *release,
            fault_t *fault)
{
    proof_t proof = {
        .authority = event->document,
        .authority_armors = event->armors,
        .release = bytes_slice(release->document),
        .release_armors = bytes_slice(release->armors),
    };
    CLEANUP(warrant_destroy)
    warrant_t *warrant = trust_check(self->charter->trust, &proof, NULL, self->now, fault);
    if (!warrant)
        return NULL;
    for (size_t i = 0; i < order->target_count; i++) {
        char worker[TEXT_NAME_MAX + 1];
        const char *target = order->targets[i].target;
        snprintf(worker, sizeof worker, "%.*s", (int)strcspn(target, "/"), target);
        if (!trust_worker(self->charter->trust, worker, NULL)) {
            fault_set(fault, FAULT_TARGET, "no fleet lists target '%s'", target);
            return NULL;
        }
    }
    CLEANUP(value_destroy)
    value_t *inputs = manifest_inputs_of(release->manifest, warrant, fault);
    return inputs ? MOVE(warrant) : NULL;
}

static void
start_order(core_t *self, const event_t *event, const order_t *order, const shelved_t *release)
{
    run_row_t row = {.id = event->made,
                     .authority = event->made,
                     .release = release->hash,
                     .incident = order->dry ? 0 : order->incident,
                     .created = self->now,
                     .not_after = order->not_after,
                     .soak_s = order->soak_s,
                     .max_failures = order->max_failures};
    fault_t fault = {0};
    text_copy(row.playbook, sizeof row.playbook, order->playbook);
    text_copy(row.reason, sizeof row.reason, order->reason);
    core_signers(self, event->armors, row.who, sizeof row.who);
    incident_t *incident = row.incident ? incident_find(self, row.incident, &fault) : NULL;
    row.incident = incident ? row.incident : 0;
    core_leaf2(self, "order", event->document, event->armors);
    core_keep(self, "order", false, &row.authority, event->document, event->armors,
              slice_of(NULL, 0));
    run_t *run = run_begin(self, &row, event->document, event->armors, slice_of(NULL, 0));
    for (size_t i = 0; i < order->target_count; i++)
        run_add(run, order->targets[i].target, order->targets[i].wave);
    event_row_t told = {.incident = row.incident, .run = row.id, .kind = "order"};
    snprintf(told.who, sizeof told.who, "%s", row.who);
    snprintf(told.text, sizeof told.text, "'%s' was ordered on %zu target%s%s: %.300s",
             row.playbook, order->target_count, order->target_count == 1 ? "" : "s",
             order->dry ? ", as a dry run" : "", row.reason);
    core_tell(self, &told);
    if (incident && incident_open(incident->state)) {
        incident->run = row.id;
        incident_move(self, incident, INCIDENT_AUTHORISED, "%.100s ordered '%s'", row.who,
                      row.playbook);
    }
    run_launch(self, run);
}

int
on_order(core_t *self, event_t *event, fault_t *fault)
{
    fault_t why = {0};
    event->made = hash_of(event->document);
    if (run_find(self, &event->made, &why))
        return 0;
    if (why.code)
        return fault_set(fault, why.code, "%s", why.text);
    CLEANUP(order_destroy) order_t *order = order_decode(event->document, fault);
    if (!order)
        return -1;
    const shelved_t *release = shelf_release(self->shelf, order_release(order));
    if (!release || release->state != RELEASE_IN_SERVICE)
        return fault_set(fault, FAULT_NOT_FOUND,
                         "the release of '%s' that this orders is not in service here%s%s",
                         order->playbook, release && release->reason[0] ? ": " : "",
                         release ? release->reason : "");
    CLEANUP(warrant_destroy) warrant_t *warrant = check_order(self, event, order, release, fault);
    if (!warrant)
        return -1;
    start_order(self, event, order, release);
    return 0;
}
