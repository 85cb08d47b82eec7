/* SPDX-License-Identifier: Apache-2.0 */
#include "worker/history.h"

#include <assert.h>
#include <stdlib.h>

#include "wire/message.h"
#include "wire/sealed.h"

static play_t *
play_at(const plays_t *self, slice_t path)
{
    for (size_t i = 0; i < self->count; i++)
        if (slice_is(path, self->play[i]->scene->path))
            return self->play[i];
    return NULL;
}

play_t *
plays_find(const plays_t *self, const char *path, size_t *step)
{
    const char *name = step_path_name(path);
    size_t front = name > path ? (size_t)(name - path) - 1 : 0;
    play_t *play = play_at(self, slice_of(path, front));
    const manifest_step_t *found = play ? manifest_step(play->manifest, name) : NULL;
    if (!found)
        return NULL;
    *step = (size_t)(found - play->manifest->steps);
    return play;
}

/* ---- a run that a restart cut off -------------------------------------------------------- */

typedef struct {
    const plays_t *plays;
    hash_t *last;
    bool *closed;
} retelling_t;

static int
tell(const retelling_t *self, const receipt_t *receipt, slice_t output, fault_t *fault)
{
    stride_t stride = {.undo = receipt->phase == PHASE_UNDO, .attempt = (unsigned)receipt->attempt};
    play_t *play = plays_find(self->plays, receipt->step, &stride.step);
    const sealkey_t *key = brief_key(self->plays->play[0]->brief);
    const hash_t place = sealed_place(receipt);
    CLEANUP(value_destroy)
    value_t *value = output.size ? sealed_read(key, &place, output, fault) : NULL;
    if (output.size && !value)
        return -1;
    if (play && stride.undo && walk_part(play->walk) == OUTCOME_OK)
        play_begin_undo(play);
    if (!play || !play_ended(play, &stride, receipt, MOVE(value)))
        return fault_set(fault, FAULT_IO, "it is for no step that can have ended then");
    return 0;
}

static int
on_receipt(void *context, uint64_t sequence, slice_t document, slice_t armor, slice_t output,
           fault_t *fault)
{
    const retelling_t *self = context;
    (void)armor;
    CLEANUP(receipt_destroy) receipt_t *receipt = receipt_decode(document, fault);
    if (!receipt || (receipt->attempt && tell(self, receipt, output, fault)))
        return fault_wrap(fault, "receipt %llu in the ledger", (unsigned long long)sequence);
    *self->last = hash_of(document);
    *self->closed = receipt->part != OUTCOME_OPEN;
    return 0;
}

int
history_retell(const plays_t *plays, const hash_t *run, ledger_t *ledger, hash_t *last,
               bool *closed, fault_t *fault)
{
    retelling_t retelling = {plays, last, closed};
    *last = HASH_ZERO;
    *closed = false;
    return ledger_each_receipt(ledger, run, on_receipt, &retelling, fault);
}

/* ---- earlier runs ------------------------------------------------------------------------ */

typedef struct {
    order_t *order; /* ours; NULL where this worker has no part of the run */
    bool open;
} earlier_t;

static int
on_part(void *context, const part_row_t *row, fault_t *fault)
{
    earlier_t *self = context;
    CLEANUP(bytes_destroy) bytes_t *encoded = bytes_copy(row->offer);
    CLEANUP(frames_destroy) frames_t *frames = frames_take(encoded, NULL);
    self->open = !row->closed;
    if (frames && !row->by_grant) /* one that was refused has no offer */
        self->order = order_decode(frames_at(frames, OFFER_AUTHORITY), fault);
    return 0;
}

static order_t *
earlier_order(const hash_t *run, ledger_t *ledger, bool *open, fault_t *fault)
{
    earlier_t earlier = {0};
    if (hash_equal(run, &HASH_ZERO) || ledger_get_part(ledger, run, on_part, &earlier, fault))
        return NULL;
    *open = earlier.open;
    return earlier.order;
}

/* The key of an order, where it is sealed. */
static int
key_of(const order_t *order, const past_t *past, sealkey_t *key, fault_t *fault)
{
    if (!order->seal_count)
        return 0;
    if (!past->sealing)
        return fault_set(fault, FAULT_INPUT, "the run that it continues is sealed to no key here");
    return sealed_key(order, past->worker, past->sealing, key, fault);
}

/* Whether both seal the same inputs; what does not open is not the same. */
static bool
same_secrets(const order_t *left, const order_t *right, const past_t *past)
{
    sealkey_t keys[2] = {0};
    char texts[2][ORDER_SECRET_MAX + 1];
    bool same = left->secret_count == right->secret_count && !key_of(left, past, &keys[0], NULL) &&
                !key_of(right, past, &keys[1], NULL);
    for (size_t i = 0; same && i < left->secret_count; i++)
        same = !strcmp(left->secrets[i].name, right->secrets[i].name) &&
               !sealed_secret(left, &left->secrets[i], &keys[0], texts[0], NULL) &&
               !sealed_secret(right, &right->secrets[i], &keys[1], texts[1], NULL) &&
               !strcmp(texts[0], texts[1]);
    for (size_t i = 0; i < ARRAY_SIZE(keys); i++)
        sealkey_forget(&keys[i]);
    return same;
}

static bool
same_work(const order_t *left, const order_t *right, const past_t *past)
{
    if (left->input_count != right->input_count || left->dry != right->dry ||
        !hash_equal(order_release(left), order_release(right)) || !same_secrets(left, right, past))
        return false;
    for (size_t i = 0; i < left->input_count; i++)
        if (strcmp(left->inputs[i].name, right->inputs[i].name) != 0 ||
            strcmp(left->inputs[i].text, right->inputs[i].text) != 0)
            return false;
    return true;
}

static int
on_any(void *context, uint64_t sequence, slice_t document, slice_t armor, slice_t output,
       fault_t *fault)
{
    (void)sequence, (void)document, (void)armor, (void)output, (void)fault;
    *(bool *)context = true;
    return 0;
}

/* What it did is known by its receipts, which are kept for a while only. */
static int
check_kept(const hash_t *run, ledger_t *ledger, fault_t *fault)
{
    bool any = false;
    if (ledger_each_receipt(ledger, run, on_any, &any, fault))
        return -1;
    return any ? 0
               : fault_set(fault, FAULT_CONFLICT,
                           "the receipts of the run that it continues are not kept here any more: "
                           "start a run of its own");
}

int
history_check(const order_t *order, const past_t *past, fault_t *fault)
{
    bool open = false;
    hash_t run = order->continues;
    for (int depth = 0; depth < HISTORY_RUNS_MAX; depth++) {
        fault_t why = {0};
        CLEANUP(order_destroy) order_t *earlier = earlier_order(&run, past->ledger, &open, &why);
        if (!earlier)
            return why.code ? fault_set(fault, why.code, "%s", why.text) : 0;
        if (open)
            return fault_set(fault, FAULT_CONFLICT,
                             "the run that it continues still runs here: stop it first");
        if (check_kept(&run, past->ledger, fault))
            return -1;
        if (earlier->seal_count && !order->seal_count)
            return fault_set(fault, FAULT_CONFLICT,
                             "the run that it continues is sealed, and it is not: what was given "
                             "there would be told here");
        if (!same_work(order, earlier, past))
            return fault_set(fault, FAULT_CONFLICT,
                             "the run that it continues has another release or other inputs: start "
                             "a run of its own");
        run = earlier->continues;
    }
    return fault_set(fault, FAULT_LIMIT, "over %d runs continue one another", HISTORY_RUNS_MAX);
}

/* One step of one play, as the receipts of all earlier runs leave it. */
typedef struct {
    bool done, touched;
    value_t *output; /* ours */
} done_t;

/* By play, then by step. */
typedef struct {
    const plays_t *plays;
    done_t (*step)[MANIFEST_STEPS_MAX];
    const sealkey_t *key; /* of the run that is read; NULL where it is not sealed */
} record_t;

static void
record_clear(record_t *self)
{
    for (size_t i = 0; i < self->plays->count; i++)
        for (size_t j = 0; j < MANIFEST_STEPS_MAX; j++)
            value_destroy(&self->step[i][j].output);
    free(self->step);
}

static done_t *
record_at(const record_t *self, const char *path)
{
    size_t step, play = 0;
    const play_t *found = plays_find(self->plays, path, &step);
    while (found && self->plays->play[play] != found)
        play++;
    return found ? &self->step[play][step] : NULL;
}

static int
on_earlier(void *context, uint64_t sequence, slice_t document, slice_t armor, slice_t output,
           fault_t *fault)
{
    const record_t *self = context;
    (void)sequence;
    (void)armor;
    CLEANUP(receipt_destroy) receipt_t *receipt = receipt_decode(document, fault);
    if (!receipt)
        return -1;
    done_t *done = record_at(self, receipt->step);
    bool undo = receipt->phase == PHASE_UNDO; /* one that failed may have taken back a part */
    if (!done || (!undo && receipt->outcome != OUTCOME_OK))
        return 0;
    done->done = !undo;
    done->touched = receipt_touched(receipt);
    value_destroy(&done->output);
    const hash_t place = sealed_place(receipt);
    if (done->done && output.size &&
        !(done->output = sealed_read(self->key, &place, output, fault)))
        return -1;
    return 0;
}

/* The earliest first. */
static int
read_runs(record_t *self, const hash_t *run, int depth, const past_t *past, fault_t *fault)
{
    bool open;
    sealkey_t key;
    fault_t why = {0};
    CLEANUP(order_destroy) order_t *order = earlier_order(run, past->ledger, &open, &why);
    if (why.code)
        return fault_set(fault, why.code, "%s", why.text);
    if (!order || depth == HISTORY_RUNS_MAX)
        return 0;
    if (read_runs(self, &order->continues, depth + 1, past, fault) ||
        key_of(order, past, &key, fault))
        return -1;
    self->key = order->seal_count ? &key : NULL;
    int failed = ledger_each_receipt(past->ledger, run, on_earlier, self, fault);
    sealkey_forget(&key);
    return failed;
}

int
history_continue(const plays_t *plays, const order_t *order, const past_t *past, fault_t *fault)
{
    CLEANUP(record_clear) record_t record = {plays, NULL, NULL};
    record.step = memory_new(plays->count, sizeof *record.step);
    if (read_runs(&record, &order->continues, 0, past, fault))
        return fault_wrap(fault, "receipts of the run that is continued");
    for (size_t i = 0; i < plays->count; i++) {
        const manifest_t *manifest = plays->play[i]->manifest;
        for (size_t j = 0; j < manifest->step_count; j++) {
            done_t *done = &record.step[i][j];
            if (done->done && manifest->steps[j].kind != STEP_APPROVE)
                play_skip(plays->play[i], j, done->touched, MOVE(done->output));
        }
    }
    return 0;
}
