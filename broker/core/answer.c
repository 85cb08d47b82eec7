/* SPDX-License-Identifier: Apache-2.0 */
/* What workers say of their parts: accepted, refused, done. */
#include <stdio.h>

#include "broker/core/state.h"
#include "common/document.h"
#include "keys/receipts.h"
#include "wire/message.h"
#include "wire/sealed.h"

static const part_state_t ended_as[OUTCOME_COUNT] = {
    [OUTCOME_OK] = PART_DONE,         [OUTCOME_FAILED] = PART_FAILED,
    [OUTCOME_REFUSED] = PART_REFUSED, [OUTCOME_SKIPPED] = PART_SKIPPED,
    [OUTCOME_UNKNOWN] = PART_UNKNOWN, [OUTCOME_STOPPED] = PART_STOPPED,
    [OUTCOME_OPEN] = PART_ACCEPTED,
};

/* The worker's share of the run it speaks of. */
static share_t *
find_share(core_t *self, const event_t *event, run_t **run, fault_t *fault)
{
    char text[HASH_TEXT];
    size_t at = 0;
    *run = run_find(self, &event->hash, fault);
    share_t *share = *run ? run_share(*run, event->worker, NULL, &at) : NULL;
    if (!share)
        fault_set(fault, FAULT_NOT_FOUND, "worker '%s' has no part in run %.12s", event->worker,
                  hash_write(&event->hash, text));
    return share;
}

static void
accept_share(core_t *self, run_t *run, share_t *share)
{
    fault_t fault = {0};
    share->row.accepted = self->now;
    run_move(self, run, share, PART_ACCEPTED, "", "");
    incident_on_accept(self, run, &fault);
    if (fault.code)
        core_note(self, "fault", run->row.incident, &run->row.id, share->peer->row.id, "%s",
                  fault.text);
    run_advance(self, run);
}

int
on_accept(core_t *self, event_t *event, fault_t *fault)
{
    run_t *run;
    share_t *share = find_share(self, event, &run, fault);
    if (!share)
        return -1;
    core_heard(self, event->worker);
    for (size_t at = 0; (share = run_share(run, event->worker, NULL, &at));)
        if (share->row.state == PART_OFFERED || share->row.state == PART_NEVER)
            accept_share(self, run, share);
    return 0;
}

/* What a stop or a revoke kept from beginning was not refused by anybody. */
static part_state_t
refused_as(const char *code)
{
    return halt_caused(fault_of(code)) ? PART_STOPPED : PART_REFUSED;
}

int
on_refuse(core_t *self, event_t *event, fault_t *fault)
{
    run_t *run;
    share_t *share = find_share(self, event, &run, fault);
    char text[HASH_TEXT], code[16], why[256];
    if (!share)
        return -1;
    core_heard(self, event->worker);
    if (share->row.state != PART_OFFERED)
        return 0;
    snprintf(
        code, sizeof code, "%s",
        fault_word(fault_of(event->code) == FAULT_CODES ? FAULT_FORMAT : fault_of(event->code)));
    bool readable = text_is_free(slice_text(event->text));
    snprintf(why, sizeof why, "%s", readable ? event->text : "its reason is not text");
    if (!text_is_free(slice_text(why)))
        snprintf(why, sizeof why, "%s", code);
    bool passes = run_may_pass(self, run, fault_of(code));
    if (passes && share->again.ms) /* nobody asked since */
        return 0;
    if (!passes || strcmp(share->row.code, code) != 0) { /* told once, however often it is tried */
        CLEANUP(bytes_destroy) bytes_t *leaf = bytes_new();
        bytes_addf(leaf, "%s\n%s\n%s\n%s", hash_write(&run->row.id, text), event->worker, code,
                   why);
        core_leaf(self, "refusal", bytes_slice(leaf));
    }
    if (passes)
        run_postpone(self, run, share, code, why);
    else
        run_move(self, run, share, refused_as(code), code, why);
    run_advance(self, run);
    return 0;
}

/* Receipts ------------------------------------------------------------------------------------ */

static void
acknowledge(core_t *self, const char *worker, uint64_t sequence, const hash_t *hash)
{
    char number[24], text[HASH_TEXT];
    snprintf(number, sizeof number, "%llu", (unsigned long long)sequence);
    frames_t *frames = message_new(MESSAGE_ACK);
    frames_add_text(frames, number);
    frames_add_text(frames, hash_write(hash, text));
    core_send(self, worker, &frames);
}

/* Decoded, by this worker, of this site, and signed by its key. */
static receipt_t *
check_receipt(core_t *self, const event_t *event, fault_t *fault)
{
    const trust_t *trust = self->charter->trust;
    const worker_line_t *worker = trust_worker(trust, event->worker, NULL);
    if (!worker) {
        fault_set(fault, FAULT_KEY, "no fleet lists worker '%s'", event->worker);
        return NULL;
    }
    bool proven = event->proven && pubkey_equal(event->proven, &worker->key);
    if (!proven && receipts_check(event->document, event->armors, &worker->key, NULL, fault))
        return NULL;
    CLEANUP(receipt_destroy) receipt_t *receipt = receipt_decode(event->document, fault);
    if (!receipt)
        return NULL;
    if (strcmp(receipt->worker, event->worker) != 0) {
        fault_set(fault, FAULT_KEY, "a receipt of '%s' from '%s'", receipt->worker, event->worker);
        return NULL;
    }
    if (!hash_equal(&receipt->site, trust_site(trust))) {
        fault_set(fault, FAULT_SITE, "a receipt for another site");
        return NULL;
    }
    return MOVE(receipt);
}

/* Receipts of one number: more than one where a worker's ledger was copied or rolled back. */
typedef struct {
    const hash_t *hash;
    bool known, other;
} numbered_t;

static bool
on_numbered(void *context, const row_t *row)
{
    numbered_t *self = context;
    self->known = hash_equal(&row->receipt.hash, self->hash);
    self->other = true;
    return !self->known;
}

/* 1 where the record has this receipt, 0 where it does not, -1 fault; one of the same number with
 * other bytes is a second history, and is told. */
static int
known_receipt(core_t *self, const receipt_t *receipt, const hash_t *hash, const peer_t *peer,
              fault_t *fault)
{
    if (receipt->sequence > peer->row.sequence)
        return 0;
    numbered_t numbered = {.hash = hash};
    query_t query = {.what = FIND_RECEIPT, .text = receipt->worker, .number = receipt->sequence};
    if (self->past->find(self->past->self, &query, on_numbered, &numbered, fault))
        return -1;
    if (numbered.known)
        return 1;
    if (numbered.other)
        core_note(self, "gap", 0, &receipt->run, receipt->worker,
                  "worker '%s' signed two different receipts %llu: its ledger was copied or rolled "
                  "back",
                  receipt->worker, (unsigned long long)receipt->sequence);
    return 0;
}

static void
check_chain(core_t *self, const receipt_t *receipt, const peer_t *peer)
{
    if (receipt->sequence <= peer->row.sequence)
        return;
    bool next = receipt->sequence == peer->row.sequence + 1;
    if (next && hash_equal(&receipt->previous, &peer->row.head))
        return;
    core_note(self, "gap", 0, &receipt->run, receipt->worker,
              next ? "receipt %2$llu of worker '%1$s' does not follow the one before it"
                   : "receipts of worker '%1$s' are missing before %2$llu: the last here is %3$llu",
              receipt->worker, (unsigned long long)receipt->sequence,
              (unsigned long long)peer->row.sequence);
}

/* Whether older ones are still to come: they were under way, and lost, when a process or connection
 * ended. The worker has them, and sends all from the oldest on once it is welcomed. */
static bool
is_early(const receipt_t *receipt, const peer_t *peer)
{
    return receipt->sequence > peer->row.sequence + 1 && receipt->sequence > peer->oldest;
}

/* What is early is not taken. The worker is asked for what stands before it, once, for its HELLO
 * tells again; one whose HELLO does not say what it keeps cannot be, and that is told. */
static void
ask_before(core_t *self, const receipt_t *receipt, peer_t *peer)
{
    if (peer->oldest && !peer->asked)
        peer_welcome(self, peer);
    else if (peer->versions && !peer->asked)
        core_note(self, "gap", 0, &receipt->run, receipt->worker,
                  "receipts of worker '%s' are missing before %llu: the last here is %llu, and it "
                  "does not say which it keeps; none is taken until it does: update it",
                  receipt->worker, (unsigned long long)receipt->sequence,
                  (unsigned long long)peer->row.sequence);
    peer->asked = true;
}

static uint64_t
keep_receipt(core_t *self, const event_t *event, const receipt_t *receipt, const hash_t *hash,
             peer_t *peer)
{
    row_t row = {.kind = ROW_RECEIPT,
                 .receipt = {.sequence = receipt->sequence, .hash = *hash, .run = receipt->run}};
    text_copy(row.receipt.worker, sizeof row.receipt.worker, receipt->worker);
    text_copy(row.receipt.target, sizeof row.receipt.target, receipt->target);
    row.receipt.leaf = core_leaf2(self, "receipt", event->document, event->armors);
    actions_put(self->actions, &row);
    uint64_t leaf = row.receipt.leaf;
    hash_t output = hash_of(event->output);
    if (event->output.size && hash_equal(&output, &receipt->output)) {
        row = (row_t){.kind = ROW_OUTPUT, .output = {output, event->output}};
        actions_put(self->actions, &row);
    }
    if (receipt->sequence > peer->row.sequence) {
        peer->row.sequence = receipt->sequence;
        peer->row.head = *hash;
        row = (row_t){.kind = ROW_WORKER, .worker = peer->row};
        actions_put(self->actions, &row);
    }
    return leaf;
}

static void
tell_receipt(core_t *self, const receipt_t *receipt, const run_t *run)
{
    event_row_t event = {
        .run = receipt->run, .kind = "receipt", .incident = run ? run->row.incident : 0};
    snprintf(event.worker, sizeof event.worker, "%s", receipt->worker);
    snprintf(event.step, sizeof event.step, "%s", receipt->step);
    snprintf(event.outcome, sizeof event.outcome, "%s", outcome_word(receipt->outcome));
    snprintf(event.part, sizeof event.part, "%s", outcome_word(receipt->part));
    bool said = strcmp(receipt->reason, "-") != 0;
    snprintf(event.text, sizeof event.text, "%s: %sstep '%.120s' is %s%s%.220s", receipt->target,
             receipt->phase == PHASE_UNDO ? "the undo of " : "", receipt->step,
             outcome_word(receipt->outcome), said ? ": " : "", said ? receipt->reason : "");
    core_tell(self, &event);
}

/* Whether the step that this receipt is of verifies what it did. */
static bool
verifies(const core_t *self, const run_t *run, const receipt_t *receipt)
{
    const shelved_t *release = shelf_release(self->shelf, &run->row.release);
    if (receipt->outcome != OUTCOME_OK || receipt->phase != PHASE_RUN || !release)
        return false;
    CLEANUP(manifest_destroy) manifest_t *decoded = NULL;
    const manifest_t *manifest = release->manifest;
    if (!manifest)
        manifest = decoded =
            manifest_decode(value_slice(value_get(release->files, "manifest")), NULL);
    const manifest_step_t *step = manifest ? manifest_step(manifest, receipt->step) : NULL;
    return step && step->has_verify;
}

/* What the part's receipts say of undoing what it had done. */
static void
note_undo(share_t *share, const receipt_t *receipt)
{
    char *undo = share->row.undo;
    bool over = receipt->part != OUTCOME_OPEN;
    bool well = receipt->outcome == OUTCOME_OK || receipt->outcome == OUTCOME_SKIPPED;
    if (receipt->phase == PHASE_UNDO)
        snprintf(undo, sizeof share->row.undo, "%s",
                 !well || !strcmp(undo, UNDO_FAILED) ? UNDO_FAILED
                 : over                              ? UNDO_DONE
                                                     : UNDO_BEGUN);
    else if (over && !strcmp(undo, UNDO_BEGUN)) /* "-": it was given up */
        snprintf(undo, sizeof share->row.undo, "%s",
                 strcmp(receipt->step, "-") ? UNDO_DONE : UNDO_FAILED);
}

/* Why a part will have failed: its last receipt may be of a step that comes whatever happened. */
static void
note_failure(share_t *share, const receipt_t *receipt)
{
    bool failed = receipt->outcome == OUTCOME_FAILED || receipt->outcome == OUTCOME_UNKNOWN;
    bool again = receipt->attempt > 1 && receipt->outcome == OUTCOME_OK;
    if (part_ended(share->row.state) || receipt->phase != PHASE_RUN || !(failed || again))
        return;
    bool said = failed && strcmp(receipt->reason, "-") != 0;
    snprintf(share->row.code, sizeof share->row.code, "%s", failed ? receipt->code : "");
    snprintf(share->row.text, sizeof share->row.text, "%.*s",
             text_fit(said ? receipt->reason : "", sizeof share->row.text - 1),
             said ? receipt->reason : "");
}

/* What a part of another broker's run said while this one did not hear it. */
static void
ask_output(core_t *self, const run_t *run, share_t *share)
{
    fault_t fault = {0};
    if (!*run->row.via)
        return;
    if (output_recall(self, run, share, &fault))
        core_note(self, "fault", run->row.incident, &run->row.id, NULL, "%s", fault.text);
    else
        output_ask(self, run, share);
}

static void
move_share(core_t *self, const event_t *event, const receipt_t *receipt, run_t *run, share_t *share,
           uint64_t leaf)
{
    part_state_t state =
        receipt->part == OUTCOME_REFUSED ? refused_as(receipt->code) : ended_as[receipt->part];
    if (!part_ended(share->row.state) && share->row.state != PART_ACCEPTED)
        share->row.accepted = self->now;
    share->row.verified = share->row.verified || verifies(self, run, receipt);
    note_undo(share, receipt);
    if (!part_ended(state)) {
        if (share->row.state != PART_ACCEPTED && !share->row.proven)
            accept_share(self, run, share); /* proven: a receipt of before its end came behind it */
        note_failure(share, receipt);
        run_put_share(self, share);
        return;
    }
    bytes_destroy(&share->receipt);
    if (share->row.wave <= run->gate) {
        share->receipt = bytes_copy(event->document);
        bytes_add_slice(share->receipt, event->armors);
    }
    share->row.proven = true;
    share->row.receipt = leaf;
    const part_row_t before = share->row;
    bool earlier = receipt->outcome == OUTCOME_OK && state != PART_DONE;
    const char *code = strcmp(receipt->code, "none") ? receipt->code : "";
    const char *text = strcmp(receipt->reason, "-") ? receipt->reason : "";
    run_move(self, run, share, state, earlier ? before.code : code, earlier ? before.text : text);
    ask_output(self, run, share);
    run_advance(self, run);
}

/* What a notify step gave goes to its sink; a dry run tells nobody, and a sealed one that there is
 * something to be read. */
static void
pass_word(core_t *self, const event_t *event, const receipt_t *receipt, const run_t *run)
{
    CLEANUP(manifest_destroy) manifest_t *manifest = NULL;
    const shelved_t *release = shelf_release(self->shelf, &run->row.release);
    const manifest_step_t *step = release && release->manifest /* of most, there is no more to do */
                                      ? manifest_step(release->manifest, receipt->step)
                                      : NULL;
    if (receipt->phase != PHASE_RUN || receipt->outcome != OUTCOME_OK || !event->output.size ||
        (step && step->kind != STEP_NOTIFY))
        return;
    hash_t output = hash_of(event->output);
    if (!hash_equal(&output, &receipt->output))
        return;
    step = run_step(self, run, receipt->step, &manifest);
    if (!step || step->kind != STEP_NOTIFY)
        return;
    CLEANUP(order_destroy)
    order_t *order = run->row.by_grant ? NULL : order_decode(bytes_slice(run->authority), NULL);
    if (order && order->dry)
        return;
    CLEANUP(value_destroy) value_t *text = value_decode(event->output, NULL);
    if (text && value_kind(text) == VALUE_BYTES)
        core_notify(self, step->sink,
                    order && order->seal_count ? SEALED_NOTICE : value_string(text),
                    run->row.incident, &run->row.id);
}

static void
take_receipt(core_t *self, const event_t *event, const receipt_t *receipt, run_t *run,
             uint64_t leaf)
{
    size_t at = 0;
    share_t *share = run_share(run, receipt->worker, receipt->target, &at);
    if (!share)
        return;
    pass_word(self, event, receipt, run);
    gather_keep(run, share, event, receipt);
    if (receipt->phase == PHASE_RUN)
        waits_end(self, run, share, receipt->step);
    move_share(self, event, receipt, run, share, leaf);
}

int
on_receipt(core_t *self, event_t *event, fault_t *fault)
{
    CLEANUP(receipt_destroy) receipt_t *receipt = check_receipt(self, event, fault);
    if (!receipt)
        return -1;
    fault_t why = {0};
    hash_t hash = hash_of(event->document);
    peer_t *peer = self->via ? core_peer(self, event->worker) : core_heard(self, event->worker);
    event->made = hash;
    if (is_early(receipt, peer) && self->via)
        return fault_set(fault, FAULT_PROOF, "receipts of '%s' before %llu are not here yet",
                         receipt->worker, (unsigned long long)receipt->sequence);
    if (is_early(receipt, peer)) {
        ask_before(self, receipt, peer);
        return 0;
    }
    int known = known_receipt(self, receipt, &hash, peer, fault);
    if (known < 0)
        return -1;
    if (!known) {
        check_chain(self, receipt, peer);
        uint64_t leaf = keep_receipt(self, event, receipt, &hash, peer);
        run_t *run = run_find(self, &receipt->run, &why);
        tell_receipt(self, receipt, run);
        if (run)
            take_receipt(self, event, receipt, run, leaf);
        else if (why.code)
            return fault_set(fault, why.code, "%s", why.text);
    }
    if (!self->via)
        acknowledge(self, event->worker, receipt->sequence, &hash);
    return 0;
}

/* Receipts that were here before their run --------------------------------------------------------
 */

typedef struct {
    core_t *core;
    run_t *run;
    fault_t fault;
} recalling_t;

static void
recall_leaf(recalling_t *self, const leaf_row_t *leaf)
{
    event_t event = {.kind = EVENT_RECEIPT};
    fault_t none = {0};
    document_split(leaf->bytes, &event.document, &event.armors);
    CLEANUP(receipt_destroy) receipt_t *receipt = receipt_decode(event.document, &self->fault);
    if (!receipt)
        return;
    query_t query = {.what = FIND_OUTPUT, .hash = receipt->output};
    CLEANUP(row_destroy) row_t *output = store_first(self->core->past, &query, &none);
    event.output = output ? output->output.bytes : slice_of(NULL, 0);
    take_receipt(self->core, &event, receipt, self->run, leaf->number);
}

static bool
recall_row(void *context, const row_t *row)
{
    recalling_t *self = context;
    query_t query = {.what = FIND_LEAVES, .number = row->receipt.leaf};
    CLEANUP(row_destroy) row_t *leaf = NULL;
    if (!core_recall(self->core, &query, &leaf, &self->fault) && leaf)
        recall_leaf(self, &leaf->leaf);
    return self->fault.code == FAULT_NONE;
}

void
run_recall(core_t *self, run_t *run)
{
    recalling_t recalling = {.core = self, .run = run};
    query_t query = {.what = FIND_STRAYS, .hash = run->row.id};
    if (self->past->find(self->past->self, &query, recall_row, &recalling, &recalling.fault) ||
        recalling.fault.code)
        core_note(self, "fault", run->row.incident, &run->row.id, NULL, "%s", recalling.fault.text);
}
