/* SPDX-License-Identifier: Apache-2.0 */
/* Which parts of a run are offered when: wave after wave, each once the one before is proved and
 * soaked, and within a wave no more at once than the failures that are still allowed. */
#include <assert.h>
#include <stdio.h>

#include "broker/core/state.h"
#include "common/document.h"
#include "wire/message.h"

/* Offers -------------------------------------------------------------------------------------- */

static void
add_proof(value_t *list, const share_t *share)
{
    slice_t document, armor;
    if (share->row.state != PART_DONE || !share->receipt)
        return;
    bool whole = document_split(bytes_slice(share->receipt), &document, &armor);
    assert(whole);
    value_t *item = value_map();
    value_set(item, "document", value_bytes(document));
    value_set(item, "armor", value_bytes(armor));
    value_append(list, item);
}

/* The wave in which what runs once for all targets does. */
static bool
is_for_all(const run_t *run, uint64_t wave)
{
    return run->gathers && wave == run->wave_count;
}

/* The receipts that ended a wave, as the worker's proof that the next may begin; made once. */
static slice_t
proof_of(const core_t *self, run_t *run, uint64_t wave)
{
    if (run->proof && run->proof_wave == wave)
        return bytes_slice(run->proof);
    fault_t ignored;
    CLEANUP(value_destroy) value_t *list = value_list();
    const wave_t *proved = wave ? &run->waves[wave - 1] : NULL;
    bytes_destroy(&run->proof);
    run->proof = bytes_new();
    run->proof_wave = wave;
    if (is_for_all(run, wave + 1) && !gather_prove(self, run, run->proof, &ignored))
        return bytes_slice(run->proof);
    for (size_t i = 0; proved && i < proved->tally.total; i++)
        add_proof(list, &run->shares[proved->first + i]);
    value_encode(list, run->proof);
    return bytes_slice(run->proof);
}

/* Where a target stands in its wave; empty for one that is listed. */
static bytes_t *
place_of(run_t *run, const share_t *share)
{
    bytes_t *place = bytes_new();
    if (run->row.by_grant || share->row.wave <= run->gate)
        return place;
    const wave_t *wave = &run->waves[share->row.wave - 1];
    const share_t *first = &run->shares[wave->first];
    if (run->tree_wave != share->row.wave) {
        CLEANUP(memory_free) const char **targets = memory_new(wave->tally.total, sizeof(char *));
        for (size_t i = 0; i < wave->tally.total; i++)
            targets[i] = first[i].row.target;
        inclusion_destroy(&run->tree);
        run->tree =
            inclusion_new(run->nonce, (unsigned)share->row.wave, targets, wave->tally.total, NULL);
        run->tree_wave = share->row.wave;
    }
    if (run->tree)
        inclusion_add_place(run->tree, (size_t)(share - first), share->row.target, place);
    return place;
}

/* Listed waves are proved by the one before, all others by the last listed one. */
static uint64_t
wave_before(const run_t *run, uint64_t wave)
{
    return wave <= run->gate || run->row.by_grant ? wave - 1 : run->gate;
}

static void
send_offer(core_t *self, run_t *run, const share_t *share)
{
    char id[HASH_TEXT], release[HASH_TEXT];
    slice_t alert = {0}, armor = {0};
    CLEANUP(bytes_destroy) bytes_t *place = place_of(run, share);
    frames_t *frames = message_new(MESSAGE_OFFER);
    frames_add_text(frames, hash_write(&run->row.id, id));
    frames_add_text(frames, run->row.by_grant ? "grant" : "order");
    frames_add(frames, bytes_slice(run->authority));
    frames_add(frames, bytes_slice(run->armors));
    document_split(bytes_slice(run->alert), &alert, &armor);
    frames_add(frames, alert);
    frames_add(frames, armor);
    frames_add_text(frames, hash_write(&run->row.release, release));
    frames_add(frames, proof_of(self, run, wave_before(run, share->row.wave)));
    frames_add(frames, bytes_slice(place));
    core_send(self, share->peer->row.id, &frames);
}

static void
offer(core_t *self, run_t *run, share_t *share)
{
    share->row.offered = self->now;
    run_move(self, run, share, PART_OFFERED, "", "");
    send_offer(self, run, share);
}

void
run_offer_again(core_t *self, run_t *run, share_t *share)
{
    fault_t fault = {0};
    bool held = share->row.state == PART_OFFERED && peer_drained(share->peer);
    if (share->row.state != PART_WAITING && !held && self->now.ms <= run->row.not_after.ms)
        send_offer(self, run, share);
    if (share->row.state != PART_ACCEPTED)
        return;
    if (output_recall(self, run, share, &fault))
        core_note(self, "fault", run->row.incident, &run->row.id, NULL, "%s", fault.text);
    else
        output_ask(self, run, share);
}

/* Moments that pass --------------------------------------------------------------------------- */

#define AGAIN_MAX_MS 60000

/* A grant's budget comes back while a run may begin, where its span ends before the window does. */
static bool
budget_returns(const core_t *self, const run_t *run)
{
    CLEANUP(grant_destroy)
    grant_t *grant = run->row.by_grant ? grant_decode(bytes_slice(run->authority), NULL) : NULL;
    return grant && self->now.ms + (int64_t)grant->budget_s * 1000 <= run->row.not_after.ms;
}

bool
run_may_pass(const core_t *self, const run_t *run, fault_code_t code)
{
    return code == FAULT_LIMIT || code == FAULT_RATE || code == FAULT_BEACON ||
           code == FAULT_WINDOW || /* its clock is behind ours */
           (code == FAULT_BUDGET && budget_returns(self, run));
}

static void
set_again(run_t *run, const share_t *share)
{
    if (share->again.ms && (!run->again.ms || share->again.ms < run->again.ms))
        run->again = share->again;
}

void
run_postpone(core_t *self, run_t *run, share_t *share, const char *code, const char *text)
{
    int64_t wait_ms = CORE_BACKOFF_MIN_MS << (share->tries < 4 ? share->tries : 4);
    share->tries++;
    share->again.ms = self->now.ms + (wait_ms < AGAIN_MAX_MS ? wait_ms : AGAIN_MAX_MS);
    set_again(run, share);
    if (strcmp(share->row.code, code) != 0) {
        run_move(self, run, share, PART_OFFERED, code, text);
    } else if (strcmp(share->row.text, text) != 0) { /* as it names a time, is no news */
        text_copy(share->row.text, sizeof share->row.text, text);
        run_put_share(self, share);
    }
}

void
run_offer_at_once(core_t *self, run_t *run, share_t *share)
{
    if (!share->again.ms || run->row.paused)
        return;
    share->again.ms = 0;
    run_offer_again(self, run, share);
}

/* Those whose time has come; a worker that begins another process, or is resumed, is asked again
 * anyway. */
static void
offer_postponed(core_t *self, run_t *run)
{
    if (!run->again.ms || run->again.ms > self->now.ms || run->row.paused ||
        self->now.ms > run->row.not_after.ms)
        return;
    run->again.ms = 0;
    for (size_t i = 0; i < run->share_count; i++) {
        share_t *share = &run->shares[i];
        if (share->row.state == PART_OFFERED && share->again.ms &&
            share->again.ms <= self->now.ms) {
            share->again.ms = 0;
            if (!peer_drained(share->peer))
                send_offer(self, run, share);
        }
        set_again(run, share);
    }
}

/* Endings ------------------------------------------------------------------------------------- */

static void
give_up(core_t *self, run_t *run, part_state_t state, const char *code, const char *text)
{
    for (size_t i = 0; run->tally.in[state] && i < run->share_count; i++)
        if (run->shares[i].row.state == state)
            run_move(self, run, &run->shares[i], PART_NEVER, code, text);
}

/* The moment did not pass in time: it is refused for what the worker said. */
static void
refuse_postponed(core_t *self, run_t *run)
{
    for (size_t i = 0; run->tally.in[PART_OFFERED] && i < run->share_count; i++) {
        share_t *share = &run->shares[i];
        const part_row_t said = share->row;
        if (said.state == PART_OFFERED && share->tries)
            run_move(self, run, share, PART_REFUSED, said.code, said.text);
    }
}

static void
close_window(core_t *self, run_t *run)
{
    int64_t past = self->now.ms - run->row.not_after.ms;
    if (past > CORE_LATE_MS)
        refuse_postponed(self, run);
    if (past > 0)
        give_up(self, run, PART_WAITING, "expired", "its window closed first");
    if (past > CORE_LATE_MS)
        give_up(self, run, PART_OFFERED, "expired", "the worker did not answer in its window");
}

/* Of a run of which parts failed: whether those that began to undo what they had done have. */
static run_state_t
undo_verdict(const run_t *run)
{
    size_t begun = 0, undone = 0, failed = 0;
    for (size_t i = 0; i < run->share_count; i++) {
        const char *undo = run->shares[i].row.undo;
        begun += *undo != '\0';
        undone += !strcmp(undo, UNDO_DONE);
        failed += !strcmp(undo, UNDO_FAILED);
    }
    return failed ? RUN_UNDO_FAILED : begun && undone == begun ? RUN_UNDONE : RUN_FAILED;
}

static run_state_t
verdict(const run_t *run)
{
    const size_t *in = run->tally.in;
    return tally_open(&run->tally)               ? RUN_ACTIVE
           : in[PART_UNKNOWN]                    ? RUN_UNKNOWN
           : in[PART_FAILED] || in[PART_REFUSED] ? undo_verdict(run)
           : in[PART_STOPPED]                    ? RUN_STOPPED
           : in[PART_NEVER]                      ? RUN_EXPIRED
                                                 : RUN_SUCCEEDED;
}

/* Waves --------------------------------------------------------------------------------------- */

/* How many parts may be offered now, so that even if all that is in flight fails, at most one more
 * than allowed has. */
static size_t
room(const run_t *run)
{
    const tally_t *tally = &run->tally;
    size_t used = tally_failed(tally) + tally->in[PART_OFFERED] + tally->in[PART_ACCEPTED];
    if (!run->careful)
        return SIZE_MAX;
    return used > run->row.max_failures ? 0 : run->row.max_failures + 1 - used;
}

/* Whether a worker can read what proves that the next wave may begin. */
static int
check_proof(const core_t *self, run_t *run, fault_t *why)
{
    if (is_for_all(run, run->wave + 1)) {
        CLEANUP(bytes_destroy) bytes_t *proof = bytes_new();
        return gather_prove(self, run, proof, why);
    }
    size_t bytes = proof_of(self, run, wave_before(run, run->wave + 1)).size;
    return bytes > VALUE_BYTES_MAX
               ? fault_set(why, FAULT_LIMIT,
                           "the receipts of the wave before take %zu bytes, and the next is shown "
                           "at most %d: make waves of fewer targets",
                           bytes, VALUE_BYTES_MAX)
               : 0;
}

/* The wave before is over, went well, and is soaked. */
static bool
is_due(core_t *self, run_t *run)
{
    fault_t why = {0};
    if (!run->wave)
        return true;
    const tally_t *before = &run->waves[run->wave - 1].tally;
    size_t open = tally_open(before);
    if (before->in[PART_DONE] + open + run->row.max_failures < before->total) {
        give_up(self, run, PART_WAITING, "proof", "too few of the wave before succeeded");
        return false;
    }
    if (!open && check_proof(self, run, &why)) {
        give_up(self, run, PART_WAITING, fault_word(why.code), why.text);
        return false;
    }
    return !open && self->now.ms - before->ended.ms >= (int64_t)run->row.soak_s * 1000;
}

/* True where another run goes first, its worker is drained, or people hold back here what another
 * broker says that it began; says so, once. */
static bool
hold_back(core_t *self, run_t *run, share_t *share)
{
    fault_t restraint = {.code = FAULT_RATE};
    char text[HASH_TEXT], why[sizeof share->row.text];
    const run_t *holder = peer_holder(share->peer, run, share);
    const drain_row_t *drain = peer_drained(share->peer);
    if (holder)
        snprintf(why, sizeof why, "run %.12s of the same playbook goes first",
                 hash_write(&holder->row.id, text));
    else if (drain)
        snprintf(why, sizeof why, "%s drained the worker: %.*s", drain->who,
                 text_fit(drain->reason, 150), drain->reason);
    else if (*run->row.via && restraint_of_region(self, run->row.region, &restraint))
        snprintf(why, sizeof why, "%s", restraint.text);
    else
        return false;
    if (strcmp(why, share->row.text) != 0)
        run_move(self, run, share, PART_WAITING, holder ? "conflict" : fault_word(restraint.code),
                 why);
    return true;
}

/* Goes on from the first share that may wait. An order that another broker took it rolls
 * out by itself, as long as its people let it; a grant's only part is offered here too. */
static void
offer_wave(core_t *self, run_t *run)
{
    if (*run->row.via && !run->row.by_grant)
        return;
    const wave_t *wave = &run->waves[run->wave];
    size_t end = wave->first + wave->tally.total;
    if (run->next < wave->first)
        run->next = wave->first;
    for (size_t left = room(run); left && run->next < end; run->next++) {
        share_t *share = &run->shares[run->next];
        if (share->row.state != PART_WAITING || hold_back(self, run, share))
            continue;
        offer(self, run, share);
        left--;
    }
}

static void
next_wave(core_t *self, run_t *run)
{
    while (run->wave < run->wave_count && !run->waves[run->wave].tally.in[PART_WAITING])
        run->wave++;
    if (run->wave == run->wave_count)
        return;
    if (tally_failed(&run->tally) > run->row.max_failures)
        give_up(self, run, PART_WAITING, "proof", "more parts failed than the run may have");
    else if (!run->row.paused && is_due(self, run))
        offer_wave(self, run);
}

void
run_advance(core_t *self, run_t *run)
{
    fault_t fault = {0};
    if (run->row.state == RUN_ACTIVE) {
        close_window(self, run);
        offer_postponed(self, run);
        next_wave(self, run);
    }
    run_state_t state = verdict(run);
    if (state == run->row.state)
        return;
    run_turn(self, run, state);
    if (state != RUN_ACTIVE) {
        notice_run(self, run);
        incident_on_run(self, run, &fault);
    }
    if (fault.code)
        core_note(self, "fault", run->row.incident, &run->row.id, NULL, "%s", fault.text);
}

int
on_pause(core_t *self, event_t *event, fault_t *fault)
{
    fault_t why = {0};
    run_t *run = run_find(self, &event->hash, &why);
    bool paused = event->number != 0;
    event_row_t told = {.kind = "pause"};
    if (!run)
        return fault_set(fault, why.code ? why.code : FAULT_NOT_FOUND, "%s",
                         why.code ? why.text : "there is no such run; see: tocsin run list");
    if (run->row.state != RUN_ACTIVE)
        return fault_set(fault, FAULT_CONFLICT, "the run is %s already", run_word(run->row.state));
    if (*run->row.via)
        return fault_set(fault, FAULT_CONFLICT, "broker '%s' offers this run: ask it there",
                         run->row.via);
    if (run->row.paused == paused)
        return 0;
    run->row.paused = paused;
    run_put(self, run);
    told.incident = run->row.incident;
    told.run = run->row.id;
    snprintf(told.who, sizeof told.who, "%s", event->who);
    snprintf(told.text, sizeof told.text,
             paused ? "%s paused the run of '%s': nothing further is offered"
                    : "%s lets the run of '%s' go on",
             event->who, run->row.playbook);
    core_tell(self, &told);
    run_advance(self, run);
    return 0;
}

void
run_launch(core_t *self, run_t *run)
{
    run_settle(self, run);
    for (size_t i = 0; i < run->share_count; i++)
        run_put_share(self, &run->shares[i]);
    run_halt(self, run);
    run_recall(self, run);
    run_advance(self, run);
}

void
runs_settle(core_t *self)
{
    for (size_t i = 0; i < self->stirred_count; i++) {
        run_t *run = self->stirred[i];
        run->stirred = false;
        run_advance(self, run);
    }
    self->stirred_count = 0;
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
