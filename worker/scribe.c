/* SPDX-License-Identifier: Apache-2.0 */
#include "worker/scribe.h"

#include <assert.h>
#include <stdlib.h>

#include "common/text.h"
#include "wire/message.h"

/* A receipt that is not signed yet. */
typedef struct {
    uint64_t sequence;
    bytes_t *document, *output; /* ours */
    frames_t *frames; /* its RECEIPT, which the outbox has: document, and nothing behind */
} draft_t;

struct scribe {
    char worker[TEXT_NAME_MAX + 1];
    hash_t site;
    const machinekey_t *key;
    ledger_t *ledger;
    outbox_t *outbox;
    uint64_t sequence;                     /* of the last receipt */
    hash_t head;                           /* of its document */
    unsigned link;                         /* for which receipts are repeated now */
    uint64_t repeated[WORKER_BROKERS_MAX]; /* of each link: the last that was sent again, where more
                                              are to follow; else 0 */
    size_t draft_count;
    draft_t drafts[RECEIPTS_MAX]; /* the last of this worker's receipts, in their order */
    receipt_t blank;
};

static void
forget_drafts(scribe_t *self)
{
    for (size_t i = 0; i < self->draft_count; i++) {
        bytes_destroy(&self->drafts[i].document);
        bytes_destroy(&self->drafts[i].output);
    }
    self->draft_count = 0;
}

static int
keep(scribe_t *self, const draft_t *draft, const bytes_t *armor, fault_t *fault)
{
    frames_add(draft->frames, bytes_slice(armor));
    frames_add(draft->frames, bytes_slice(draft->output));
    return ledger_sign_receipt(self->ledger, draft->sequence, bytes_slice(armor), fault);
}

static int
sign(scribe_t *self, fault_t *fault)
{
    slice_t documents[RECEIPTS_MAX];
    bytes_t *armors[RECEIPTS_MAX];
    int failed = 0;
    if (!self->draft_count)
        return 0;
    for (size_t i = 0; i < self->draft_count; i++) {
        documents[i] = bytes_slice(self->drafts[i].document);
        armors[i] = bytes_new();
    }
    receipts_sign(self->key, documents, armors, self->draft_count);
    for (size_t i = 0; i < self->draft_count; i++) {
        failed = failed || keep(self, &self->drafts[i], armors[i], fault);
        bytes_destroy(&armors[i]);
    }
    forget_drafts(self);
    return failed ? -1 : 0;
}

static int
sign_last(void *self, fault_t *fault)
{
    return sign(self, fault);
}

scribe_t *
scribe_new(const char *worker, const hash_t *site, const machinekey_t *key, ledger_t *ledger,
           outbox_t *outbox, fault_t *fault)
{
    CLEANUP(scribe_destroy) scribe_t *self = memory_new(1, sizeof *self);
    text_copy(self->worker, sizeof self->worker, worker);
    self->site = *site;
    self->key = key;
    self->ledger = ledger;
    self->outbox = outbox;
    if (ledger_last_receipt(ledger, &self->sequence, &self->head, fault))
        return NULL;
    ledger_do_last(ledger, sign_last, self);
    return MOVE(self);
}

void
scribe_destroy(scribe_t **self_p)
{
    scribe_t *self = *self_p;
    if (!self)
        return;
    ledger_do_last(self->ledger, NULL, NULL);
    forget_drafts(self);
    free(self);
    *self_p = NULL;
}

/* Of one link. */
static uint64_t *
repeated(scribe_t *self, unsigned link)
{
    assert(link && link < 1u << WORKER_BROKERS_MAX);
    return &self->repeated[__builtin_ctz(link)];
}

static void
queue(scribe_t *self, unsigned link, slice_t document, slice_t armor, slice_t output)
{
    frames_t *frames = message_new(MESSAGE_RECEIPT);
    frames_add(frames, document);
    frames_add(frames, armor);
    frames_add(frames, output);
    outbox_add(self->outbox, TO_LINK, link, frames);
}

receipt_t *
scribe_blank(scribe_t *self)
{
    memset(&self->blank, 0, offsetof(receipt_t, ops)); /* each of those is set as it is counted */
    return &self->blank;
}

int
scribe_write(scribe_t *self, receipt_t *receipt, const bytes_t *output, fault_t *fault)
{
    if (self->draft_count == RECEIPTS_MAX && sign(self, fault))
        return -1;
    CLEANUP(bytes_destroy) bytes_t *document = bytes_new();
    CLEANUP(bytes_destroy) bytes_t *out = bytes_new();
    if (output)
        bytes_add_slice(out, bytes_slice(output));
    receipt->site = self->site;
    receipt->sequence = self->sequence + 1;
    receipt->previous = self->head;
    receipt->output = output ? hash_of(bytes_slice(out)) : HASH_ZERO;
    receipt->output_bytes = out->size;
    text_copy(receipt->worker, sizeof receipt->worker, self->worker);
    text_copy(receipt->target, sizeof receipt->target, self->worker);
    receipt_encode(receipt, document);
    if (ledger_put_receipt(self->ledger, receipt->sequence, &receipt->run, bytes_slice(document),
                           bytes_slice(out), fault))
        return -1;
    self->sequence = receipt->sequence;
    self->head = hash_of(bytes_slice(document));
    frames_t *frames = message_new(MESSAGE_RECEIPT);
    frames_add(frames, bytes_slice(document));
    outbox_add(self->outbox, TO_LINK, 0, frames);
    outbox_need_commit(self->outbox);
    self->drafts[self->draft_count++] =
        (draft_t){receipt->sequence, MOVE(document), MOVE(out), frames};
    return 0;
}

static int
on_kept(void *context, uint64_t sequence, slice_t document, slice_t armor, slice_t output,
        fault_t *fault)
{
    scribe_t *self = context;
    (void)sequence;
    (void)fault;
    if (!outbox_is_full(self->outbox))
        queue(self, self->link, document, armor, output);
    return 0;
}

int
scribe_repeat(scribe_t *self, unsigned link, const hash_t *run, fault_t *fault)
{
    self->link = link;
    if (sign(self, fault))
        return -1;
    return ledger_each_receipt(self->ledger, run, on_kept, self, fault);
}

static int
on_behind(void *context, uint64_t sequence, slice_t document, slice_t armor, slice_t output,
          fault_t *fault)
{
    scribe_t *self = context;
    (void)fault;
    if (outbox_is_full(self->outbox))
        return 0;
    queue(self, self->link, document, armor, output);
    *repeated(self, self->link) = sequence;
    return 0;
}

static int
repeat_from(scribe_t *self, unsigned link, uint64_t sequence, fault_t *fault)
{
    uint64_t *last = repeated(self, link);
    self->link = link;
    *last = 0;
    if (ledger_each_receipt_from(self->ledger, sequence, on_behind, self, fault))
        return -1;
    if (*last == self->sequence)
        *last = 0;
    return 0;
}

int
scribe_repeat_behind(scribe_t *self, unsigned link, uint64_t last, fault_t *fault)
{
    uint64_t kept, unacknowledged;
    if (sign(self, fault) || ledger_oldest_receipts(self->ledger, &kept, &unacknowledged, fault))
        return -1;
    return repeat_from(self, link, last < unacknowledged ? last + 1 : unacknowledged, fault);
}

int
scribe_acknowledge(scribe_t *self, unsigned link, uint64_t sequence, const hash_t *hash,
                   fault_t *fault)
{
    if (ledger_acknowledge(self->ledger, sequence, hash, fault))
        return -1;
    return sequence == *repeated(self, link) ? repeat_from(self, link, sequence + 1, fault) : 0;
}

int
scribe_oldest(const scribe_t *self, uint64_t *oldest, fault_t *fault)
{
    uint64_t unacknowledged;
    return ledger_oldest_receipts(self->ledger, oldest, &unacknowledged, fault);
}

uint64_t
scribe_sequence(const scribe_t *self)
{
    return self->sequence;
}

const hash_t *
scribe_head(const scribe_t *self)
{
    return &self->head;
}
