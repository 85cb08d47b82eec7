/* SPDX-License-Identifier: Apache-2.0 */
#include "worker/gather.h"

#include <stdlib.h>

#include "keys/receipts.h"
#include "wire/sealed.h"

/* What one receipt says, of as much as is asked. */
typedef struct {
    const value_t *item; /* as it came */
    const target_line_t *target;
    char step[STEP_PATH_MAX]; /* that ran; "" of an undo */
    outcome_t outcome, part;
    hash_t output;
    uint64_t output_bytes;
    hash_t place;  /* where that is sealed */
    slice_t given; /* with it, as its output */
} word_t;

typedef struct {
    const order_t *order;
    const sealkey_t *key; /* NULL where nothing is sealed */
    size_t count;
    word_t *words; /* ours */
    size_t bytes;  /* of outputs so far */
} gathering_t;

static void
gathering_clear(gathering_t *self)
{
    free(self->words);
}

static const target_line_t *
find_target(const order_t *order, const receipt_t *receipt)
{
    for (size_t i = 0; i < order->target_count; i++)
        if (!strcmp(order->targets[i].target, receipt->target) &&
            target_is_of(receipt->target, receipt->worker))
            return &order->targets[i];
    return NULL;
}

/* False where the item holds no receipt of this run, signed by a target's worker that stands. */
static bool
read_word(word_t *self, const value_t *item, const warrant_t *warrant, const trust_t *trust)
{
    fault_t ignored = {0};
    slice_t document = value_slice(value_get(item, "document"));
    slice_t armor = value_slice(value_get(item, "armor"));
    CLEANUP(receipt_destroy) receipt_t *receipt = receipt_decode(document, &ignored);
    const target_line_t *target = receipt ? find_target(warrant->order, receipt) : NULL;
    if (!target || !hash_equal(&receipt->run, &warrant->run))
        return false;
    const worker_line_t *worker = trust ? trust_worker(trust, receipt->worker, NULL) : NULL;
    if (trust && (!worker || trust_check_revoked(trust, HALT_WORKER, receipt->worker, &ignored) ||
                  receipts_check(document, armor, &worker->key, NULL, &ignored)))
        return false;
    *self = (word_t){.item = item,
                     .target = target,
                     .outcome = receipt->outcome,
                     .part = receipt->part,
                     .output = receipt->output,
                     .output_bytes = receipt->output_bytes,
                     .place = sealed_place(receipt),
                     .given = value_slice(value_get(item, "output"))};
    if (receipt->phase == PHASE_RUN)
        text_copy(self->step, sizeof self->step, receipt->step);
    return true;
}

static void
read_words(gathering_t *self, const value_t *receipts, const warrant_t *warrant,
           const trust_t *trust)
{
    size_t most = value_kind(receipts) == VALUE_LIST ? value_count(receipts) : 0;
    self->words = memory_new(most + 1, sizeof *self->words);
    for (size_t i = 0; i < most; i++)
        self->count += read_word(&self->words[self->count], value_at(receipts, i), warrant, trust);
}

/* How a target's part ended; NULL where nothing says so. */
static const word_t *
find_end(const gathering_t *self, const target_line_t *target)
{
    for (size_t i = 0; i < self->count; i++)
        if (self->words[i].target == target && self->words[i].part != OUTCOME_OPEN)
            return &self->words[i];
    return NULL;
}

/* How a step of it ended well; NULL where nothing says so. */
static const word_t *
find_step(const gathering_t *self, const target_line_t *target, const char *step)
{
    for (size_t i = 0; i < self->count; i++) {
        const word_t *word = &self->words[i];
        bool well = word->outcome == OUTCOME_OK || word->outcome == OUTCOME_SKIPPED;
        if (word->target == target && well && !strcmp(word->step, step))
            return word;
    }
    return NULL;
}

/* The output is there, and is what the receipt has the hash of. */
static value_t *
read_output(gathering_t *self, const word_t *word, fault_t *fault)
{
    hash_t hash = hash_of(word->given);
    const char *target = word->target->target;
    fault_t why = {0};
    self->bytes += word->given.size;
    if (!word->output_bytes)
        return value_nil();
    if (!hash_equal(&hash, &word->output)) {
        fault_set(fault, FAULT_PROOF, "what step '%s' gave on '%s' is not what its receipt says",
                  word->step, target);
        return NULL;
    }
    if (self->bytes > ONCE_OUTPUTS_MAX) {
        fault_set(fault, FAULT_PROOF, "what the targets gave takes over %d bytes",
                  ONCE_OUTPUTS_MAX);
        return NULL;
    }
    value_t *output = sealed_read(self->key, &word->place, word->given, &why);
    if (!output)
        fault_set(fault, FAULT_PROOF, "what step '%s' gave on '%s': %s", word->step, target,
                  why.text);
    return output;
}

/* What a step gave on one target, into map. */
static int
gather_one(gathering_t *self, const target_line_t *target, const char *step, value_t *map,
           fault_t *fault)
{
    const word_t *word = find_step(self, target, step);
    if (find_end(self, target)->part != OUTCOME_OK)
        return 0;
    if (!word)
        return fault_set(fault, FAULT_PROOF, "no receipt of '%s' says how its step '%s' ended",
                         target->target, step);
    if (word->outcome == OUTCOME_SKIPPED)
        return 0;
    CLEANUP(value_destroy) value_t *output = read_output(self, word, fault);
    if (!output)
        return -1;
    value_set(map, target->target, value_given(output));
    return 0;
}

/* On all targets but the last, which is this one. */
static value_t *
gather_step(gathering_t *self, const char *step, fault_t *fault)
{
    CLEANUP(value_destroy) value_t *map = value_map();
    for (size_t i = 0; i + 1 < self->order->target_count; i++)
        if (gather_one(self, &self->order->targets[i], step, map, fault))
            return NULL;
    return MOVE(map);
}

static int
check_ends(const gathering_t *self, fault_t *fault)
{
    for (size_t i = 0; i + 1 < self->order->target_count; i++)
        if (!find_end(self, &self->order->targets[i]))
            return fault_set(fault, FAULT_PROOF, "no receipt of '%s' says how its part ended",
                             self->order->targets[i].target);
    return 0;
}

static void
add_counted(const gathering_t *self, bytes_t *counted)
{
    CLEANUP(value_destroy) value_t *list = value_list();
    for (size_t i = 0; i < self->count; i++)
        value_append(list, value_copy(self->words[i].item));
    value_encode(list, counted);
}

value_t *
gather_read(const manifest_t *manifest, const warrant_t *warrant, const sealkey_t *key,
            slice_t receipts, const trust_t *trust, bytes_t *counted, fault_t *fault)
{
    CLEANUP(gathering_clear) gathering_t self = {.order = warrant->order, .key = key};
    CLEANUP(value_destroy) value_t *all = value_map();
    if (!self.order || !manifest_has_once(manifest) || !manifest_once_is_here(warrant))
        return MOVE(all);
    CLEANUP(value_destroy) value_t *list = value_decode(receipts, fault);
    if (!list) {
        fault_wrap(fault, "receipts of all targets");
        return NULL;
    }
    read_words(&self, list, warrant, trust);
    if (check_ends(&self, fault))
        return NULL;
    for (size_t i = 0; i < manifest->step_count; i++) {
        const manifest_step_t *step = &manifest->steps[i];
        if (!manifest_gathers(manifest, step))
            continue;
        value_t *map = gather_step(&self, step->name, fault);
        if (!map)
            return NULL;
        value_set(all, step->name, map);
    }
    add_counted(&self, counted);
    return MOVE(all);
}
