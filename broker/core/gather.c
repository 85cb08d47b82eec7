/* SPDX-License-Identifier: Apache-2.0 */
/* What the last wave of a run is shown of all others where a step runs once for all targets: how
 * each part ended, and what the steps gave that it needs (docs/PROTOCOL.md 6, OFFER). */
#include <assert.h>

#include "broker/core/state.h"
#include "common/document.h"

void
gather_learn(const core_t *self, run_t *run)
{
    CLEANUP(manifest_destroy)
    manifest_t *manifest = run->row.by_grant ? NULL : core_manifest(self, &run->row.release);
    if (!manifest || !manifest_has_once(manifest))
        return;
    run->gathers = value_map();
    for (size_t i = 0; i < manifest->step_count; i++)
        if (manifest_gathers(manifest, &manifest->steps[i]))
            value_set_bool(run->gathers, manifest->steps[i].name, true);
}

static value_t *
item_of(slice_t document, slice_t armor)
{
    value_t *item = value_map();
    value_set(item, "document", value_bytes(document));
    value_set(item, "armor", value_bytes(armor));
    return item;
}

static bool
is_its_output(const receipt_t *receipt, slice_t output)
{
    hash_t hash = hash_of(output);
    return output.size == receipt->output_bytes && hash_equal(&hash, &receipt->output);
}

/* What is too much is counted, and not kept. */
void
gather_keep(run_t *run, share_t *share, const event_t *event, const receipt_t *receipt)
{
    bool well = receipt->outcome == OUTCOME_OK || receipt->outcome == OUTCOME_SKIPPED;
    if (!well || receipt->phase != PHASE_RUN || !value_get(run->gathers, receipt->step))
        return;
    share->gathered_bytes += receipt->output_bytes;
    share->gathered_words += event->document.size + event->armors.size;
    if (share->gathered_words > VALUE_BYTES_MAX)
        return;
    value_t *item = item_of(event->document, event->armors);
    if (share->gathered_bytes <= ONCE_OUTPUTS_MAX && is_its_output(receipt, event->output))
        value_set(item, "output", value_bytes(event->output));
    if (!share->gathered)
        share->gathered = value_list();
    value_append(share->gathered, item);
}

/* A part that failed has an end, and gave nothing that counts. */
static void
add_share(value_t *list, const share_t *share)
{
    slice_t document, armor;
    bool told = false;
    bool whole = document_split(bytes_slice(share->receipt), &document, &armor);
    assert(whole);
    for (size_t i = 0; share->row.state == PART_DONE && i < value_count(share->gathered); i++) {
        const value_t *item = value_at(share->gathered, i);
        told = told || slice_equal(value_slice(value_get(item, "document")), document);
        value_append(list, value_copy(item));
    }
    if (!told)
        value_append(list, item_of(document, armor));
}

int
gather_prove(const core_t *self, const run_t *run, bytes_t *out, fault_t *fault)
{
    CLEANUP(value_destroy) value_t *list = value_list();
    CLEANUP(bytes_destroy) bytes_t *encoded = bytes_new();
    size_t outputs = 0, words = 0;
    for (size_t i = 0; i + 1 < run->share_count; i++) {
        const share_t *share = &run->shares[i];
        if (trust_check_revoked(self->charter->trust, HALT_WORKER, share->peer->row.id, fault))
            return fault_wrap(fault, "what '%s' gave counts no more", share->row.target);
        if (!share->receipt)
            return fault_set(fault, FAULT_PROOF,
                             "no receipt says how '%s' ended, and a step runs once for all",
                             share->row.target);
        outputs += share->row.state == PART_DONE ? share->gathered_bytes : 0;
        words += share->row.state == PART_DONE ? share->gathered_words : 0;
        add_share(list, share);
    }
    if (outputs > ONCE_OUTPUTS_MAX)
        return fault_set(fault, FAULT_LIMIT,
                         "what the targets gave takes %zu bytes, and a step that runs once for all "
                         "is shown at most %d",
                         outputs, ONCE_OUTPUTS_MAX);
    value_encode(list, encoded);
    words = words > encoded->size ? words : encoded->size;
    if (words > VALUE_BYTES_MAX)
        return fault_set(fault, FAULT_LIMIT,
                         "the receipts of all targets take %zu bytes, and a step that runs once "
                         "for all is shown at most %d",
                         words, VALUE_BYTES_MAX);
    bytes_add_slice(out, bytes_slice(encoded));
    return 0;
}

const char *
core_once_on(core_t *self, const hash_t *run)
{
    fault_t ignored = {0};
    const run_t *found = run_find(self, run, &ignored);
    return found && found->gathers ? found->shares[found->share_count - 1].row.target : NULL;
}

/* From the past ------------------------------------------------------------------------------- */

typedef struct {
    core_t *core;
    run_t *run;
    fault_t fault;
} recalling_t;

static void
recall_leaf(recalling_t *self, share_t *share, const leaf_row_t *leaf)
{
    event_t event = {.kind = EVENT_RECEIPT};
    document_split(leaf->bytes, &event.document, &event.armors);
    CLEANUP(receipt_destroy) receipt_t *receipt = receipt_decode(event.document, &self->fault);
    if (!receipt)
        return;
    CLEANUP(row_destroy) row_t *output = NULL;
    query_t query = {.what = FIND_OUTPUT, .hash = receipt->output};
    if (receipt->output_bytes && core_recall(self->core, &query, &output, &self->fault))
        return;
    event.output = output ? output->output.bytes : slice_of(NULL, 0);
    gather_keep(self->run, share, &event, receipt);
}

static bool
recall_row(void *context, const row_t *row)
{
    recalling_t *self = context;
    size_t at = 0;
    CLEANUP(row_destroy) row_t *leaf = NULL;
    query_t query = {.what = FIND_LEAVES, .number = row->receipt.leaf};
    share_t *share = run_share(self->run, row->receipt.worker, row->receipt.target, &at);
    if (share && !core_recall(self->core, &query, &leaf, &self->fault) && leaf)
        recall_leaf(self, share, &leaf->leaf);
    return self->fault.code == FAULT_NONE;
}

int
gather_recall(core_t *self, run_t *run, fault_t *fault)
{
    recalling_t recalling = {.core = self, .run = run};
    query_t query = {.what = FIND_RECEIPTS, .hash = run->row.id};
    if (!run->gathers || run->row.state != RUN_ACTIVE)
        return 0;
    if (self->past->find(self->past->self, &query, recall_row, &recalling, fault))
        return -1;
    if (recalling.fault.code)
        return fault_set(fault, recalling.fault.code, "%s", recalling.fault.text);
    return 0;
}
