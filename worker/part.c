/* SPDX-License-Identifier: Apache-2.0 */
#include "worker/part.h"

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>

#include "common/log.h"
#include "wire/message.h"
#include "wire/sealed.h"

#define UNDO_MAX_MS (24 * INT64_C(3600000)) /* under a grant, behind its acceptance */

struct part {
    workplace_t *place;
    brief_t brief;
    plays_t plays;
    transcript_t *transcript; /* NULL until it begins */
    size_t count;
    attempt_t *attempts[PART_ATTEMPTS_MAX];
    hash_t last; /* receipt's document; zero before the first */
    wall_t undo_until;
    fault_t stopped; /* why; code 0 while it is not */
    bool closed;
};

part_t *
part_new(workplace_t *place, brief_t *brief, wall_t accepted)
{
    part_t *self = memory_new(1, sizeof *self);
    self->place = place;
    self->brief = *brief;
    *brief = (brief_t){0};
    self->plays.count = self->brief.scene_count;
    self->plays.play = memory_new(self->plays.count, sizeof *self->plays.play);
    for (size_t i = 0; i < self->plays.count; i++)
        self->plays.play[i] = play_new(&self->brief, &self->brief.scenes[i]);
    for (size_t i = 1; i < self->plays.count; i++) {
        play_t *play = self->plays.play[i];
        play->caller = plays_find(&self->plays, play->scene->path, &play->caller_step);
    }
    const order_t *order = self->brief.warrant->order;
    self->undo_until = order ? order->undo_until : (wall_t){accepted.ms + UNDO_MAX_MS};
    return self;
}

void
part_destroy(part_t **self_p)
{
    part_t *self = *self_p;
    if (!self)
        return;
    for (size_t i = 0; i < self->count; i++)
        attempt_destroy(&self->attempts[i]);
    for (size_t i = 0; i < self->plays.count; i++)
        play_destroy(&self->plays.play[i]);
    free(self->plays.play);
    transcript_destroy(&self->transcript);
    brief_clear(&self->brief);
    free(self);
    *self_p = NULL;
}

const warrant_t *
part_warrant(const part_t *self)
{
    return self->brief.warrant;
}

bool
part_closed(const part_t *self)
{
    return self->closed;
}

const manifest_t *
part_manifest(const part_t *self, size_t index)
{
    return index < self->plays.count ? self->plays.play[index]->manifest : NULL;
}

const char *
part_authority(const order_t *order, const grant_t *grant)
{
    if (!grant)
        return order && order_breaks_glass(order) ? "glass" : "order";
    return grant->evidence == EVIDENCE_TOKEN ? "token" : "grant";
}

/* ---- receipts ---------------------------------------------------------------------------- */

int
part_write_refusal(const workplace_t *place, const refusal_t *refusal, wall_t now, fault_t *fault)
{
    receipt_t *receipt = scribe_blank(place->scribe);
    bool intent = false, begun = false;
    if (ledger_has_intent(place->ledger, &refusal->run, &intent, fault) ||
        ledger_has_begun(place->ledger, &refusal->run, &begun, fault))
        return -1;
    receipt->run = refusal->run;
    receipt->release = refusal->release;
    text_copy(receipt->authority, sizeof receipt->authority, refusal->authority);
    text_copy(receipt->step, sizeof receipt->step, "-");
    receipt->outcome = intent                            ? OUTCOME_UNKNOWN
                       : halt_caused(refusal->why->code) ? OUTCOME_STOPPED
                       : begun                           ? OUTCOME_FAILED
                                                         : OUTCOME_REFUSED;
    receipt->part = receipt->outcome;
    text_copy(receipt->code, sizeof receipt->code, fault_word(refusal->why->code));
    reason_write(receipt->reason, refusal->why->text);
    receipt->started = receipt->ended = now;
    if (scribe_write(place->scribe, receipt, NULL, fault))
        return -1;
    return ledger_close_part(place->ledger, &refusal->run, fault);
}

/* For the machine's own operator, who may not ask the centre. */
static void
tell_step(const receipt_t *receipt)
{
    char run[HASH_TEXT];
    bool good = receipt->outcome == OUTCOME_OK || receipt->outcome == OUTCOME_SKIPPED;
    const char *undo = receipt->phase == PHASE_UNDO ? " undo" : "";
    hash_write(&receipt->run, run);
    if (good)
        log_info("run=%.12s step=%s%s %s", run, receipt->step, undo,
                 outcome_word(receipt->outcome));
    else
        log_warning("run=%.12s step=%s%s %s: %s (%s)", run, receipt->step, undo,
                    outcome_word(receipt->outcome), receipt->reason, receipt->code);
}

void
part_say_waiting(const part_t *self, unsigned link)
{
    for (size_t i = 0; i < self->count; i++)
        if (attempt_state(self->attempts[i]) == ATTEMPT_ASKING)
            question_say(attempt_question(self->attempts[i]), self->place, &self->last, link);
}

/* A part that gave up undoing says so in a receipt of its own, behind those of its steps. */
static outcome_t
part_behind(const part_t *self, const receipt_t *receipt)
{
    walk_t *walk = self->plays.play[0]->walk;
    outcome_t outcome = walk_part(walk);
    bool given_up = outcome == OUTCOME_FAILED && walk_undo_cut_short(walk);
    return given_up && strcmp(receipt->step, "-") != 0 ? OUTCOME_OPEN : outcome;
}

/* Fills in what every receipt of the part says, and what follows from it. */
static int
write_receipt(part_t *self, receipt_t *receipt, const bytes_t *output, wall_t now, fault_t *fault)
{
    const warrant_t *warrant = self->brief.warrant;
    receipt->run = warrant->run;
    receipt->release = warrant->release_hash;
    text_copy(receipt->authority, sizeof receipt->authority,
              part_authority(warrant->order, warrant->grant));
    receipt->part = part_behind(self, receipt);
    receipt->ended = now;
    self->closed = receipt->part != OUTCOME_OPEN;
    if (transcript_flush(self->transcript, self->closed, fault) ||
        scribe_write(self->place->scribe, receipt, output, fault))
        return -1;
    self->last = *scribe_head(self->place->scribe);
    tell_step(receipt);
    if (self->closed)
        return ledger_close_part(self->place->ledger, &warrant->run, fault);
    part_say_waiting(self, 0);
    return 0;
}

static void
forget_attempt(part_t *self, size_t index)
{
    attempt_destroy(&self->attempts[index]);
    self->count--;
    memmove(&self->attempts[index], &self->attempts[index + 1],
            (self->count - index) * sizeof(attempt_t *));
}

/* What was to come and has not begun is the walk's again: a failure may have changed its mind. */
static void
withdraw(part_t *self)
{
    for (size_t i = self->count; i-- > 0;) {
        attempt_t *attempt = self->attempts[i];
        if (attempt_begun(attempt))
            continue;
        walk_withdraw(attempt_play(attempt)->walk, attempt_stride(attempt));
        forget_attempt(self, i);
    }
}

static void
deny_late_undo(const part_t *self, wall_t now)
{
    for (size_t i = 0; now.ms > self->undo_until.ms && i < self->plays.count; i++)
        walk_deny_undo(self->plays.play[i]->walk);
}

/* What it gave, or why it did not, for the order's readers alone; encoded is there, and may be
 * empty. */
static void
seal_receipt(const part_t *self, receipt_t *receipt, bytes_t **encoded)
{
    const sealkey_t *key = &self->brief.key;
    bool good = receipt->outcome == OUTCOME_OK || receipt->outcome == OUTCOME_SKIPPED;
    receipt->site = *trust_site(self->place->trust);
    receipt->run = self->brief.warrant->run;
    text_copy(receipt->target, sizeof receipt->target, self->place->worker);
    const hash_t place = sealed_place(receipt);
    if (!good) {
        CLEANUP(value_destroy) value_t *reason = value_text(receipt->reason);
        bytes_clear(*encoded);
        value_encode(reason, *encoded);
        text_copy(receipt->reason, sizeof receipt->reason, SEALED_REASON);
    } else if (strcmp(receipt->reason, "-") != 0) { /* of a dry run; the rest its output says */
        text_copy(receipt->reason, sizeof receipt->reason, "predicted");
    }
    CLEANUP(bytes_destroy) bytes_t *sealed = bytes_new();
    if ((*encoded)->size)
        sealed_output(key, &place, bytes_slice(*encoded), sealed);
    bytes_destroy(encoded);
    *encoded = MOVE(sealed);
    sealed_ops(key, receipt);
}

/* One that is over: its receipt, and the walk hears of it. */
static int
end_attempt(part_t *self, size_t index, wall_t now, mono_t clock, fault_t *fault)
{
    attempt_t *attempt = self->attempts[index];
    const stride_t stride = *attempt_stride(attempt);
    play_t *play = attempt_play(attempt);
    receipt_t *receipt = scribe_blank(self->place->scribe);
    CLEANUP(value_destroy) value_t *output = attempt_take_output(attempt);
    CLEANUP(bytes_destroy) bytes_t *encoded = bytes_new();
    attempt_fill(attempt, receipt);
    receipt->ended = now;
    if (output)
        value_encode(output, encoded);
    if (self->brief.sealed)
        seal_receipt(self, receipt, &encoded);
    forget_attempt(self, index);
    bool known = play_ended(play, &stride, receipt, MOVE(output));
    assert(known);
    play->ended[stride.step] = clock;
    withdraw(self);
    return write_receipt(self, receipt, encoded->size ? encoded : NULL, now, fault);
}

/* Nothing runs and nothing may begin, and no receipt has said so: the last one was written before a
 * stop, or before the time for undoing was over. */
static int
close_idle(part_t *self, wall_t now, fault_t *fault)
{
    receipt_t *receipt = scribe_blank(self->place->scribe);
    outcome_t outcome = walk_part(self->plays.play[0]->walk);
    fault_t why = self->stopped;
    assert(outcome != OUTCOME_OPEN);
    if (outcome == OUTCOME_OK)
        why = (fault_t){0};
    else if (!why.code)
        fault_set(&why, FAULT_EXPIRED, "the time for undoing what was done is over");
    text_copy(receipt->step, sizeof receipt->step, "-");
    receipt->outcome = outcome;
    text_copy(receipt->code, sizeof receipt->code, fault_word(why.code));
    reason_write(receipt->reason, why.code ? why.text : "-");
    receipt->started = now;
    return write_receipt(self, receipt, NULL, now, fault);
}

/* ---- the walk ---------------------------------------------------------------------------- */

/* A step that calls does so at the play of its path. */
static play_t *
find_callee(const part_t *self, const play_t *play, size_t step)
{
    char path[STEP_PATH_MAX];
    play_path(play, step, path);
    for (size_t i = 1; i < self->plays.count; i++)
        if (!strcmp(self->plays.play[i]->scene->path, path))
            return self->plays.play[i];
    return NULL;
}

static int
begin_strides(part_t *self, play_t *play, bool *any, mono_t clock, fault_t *fault)
{
    stride_t stride;
    while (play->active && walk_next(play->walk, &stride)) {
        assert(self->count < PART_ATTEMPTS_MAX);
        attempt_t *attempt = attempt_new(self->place, self->transcript, play,
                                         find_callee(self, play, stride.step), &stride);
        self->attempts[self->count++] = attempt;
        *any = true;
        if (attempt_begin(attempt, clock, fault))
            return -1;
    }
    return 0;
}

/* Receipts come in the order in which attempts were begun, where several end at once. */
static bool
find_over(const part_t *self, size_t *index)
{
    for (*index = 0; *index < self->count; ++*index)
        if (attempt_state(self->attempts[*index]) == ATTEMPT_OVER)
            return true;
    return false;
}

/* One round: what may begin begins, what can go on goes on, what is over is written down. */
static int
go_round(part_t *self, bool *any, wall_t now, mono_t clock, fault_t *fault)
{
    *any = false;
    deny_late_undo(self, now);
    for (size_t i = self->plays.count; i-- > 0;)
        if (begin_strides(self, self->plays.play[i], any, clock, fault))
            return -1;
    for (size_t i = 0; i < self->count; i++) {
        attempt_state_t before = attempt_state(self->attempts[i]);
        if (attempt_go(self->attempts[i], now, clock, fault))
            return -1;
        attempt_state_t after = attempt_state(self->attempts[i]);
        *any = *any || after != before;
        if (after != before && after == ATTEMPT_ASKING)
            question_say(attempt_question(self->attempts[i]), self->place, &self->last, 0);
    }
    size_t over;
    while (find_over(self, &over)) {
        *any = true;
        if (end_attempt(self, over, now, clock, fault))
            return -1;
    }
    return 0;
}

int
part_go(part_t *self, wall_t now, mono_t clock, fault_t *fault)
{
    for (bool any = true; any && !self->closed;)
        if (go_round(self, &any, now, clock, fault))
            return -1;
    if (!self->closed && !self->count)
        return close_idle(self, now, fault);
    assert(!self->closed || !self->count);
    return 0;
}

/* The effector holds ops to the consents that it was shown; with its process it forgets them. */
static int
show_consent(void *context, const wait_row_t *row, fault_t *fault)
{
    const part_t *self = context;
    char run[HASH_TEXT], id[HASH_TEXT + 16];
    (void)fault;
    CLEANUP(consent_destroy) consent_t *consent = consent_decode(row->document, NULL);
    if (!consent || !consent_is_yes(consent))
        return 0;
    hash_write(&row->run, run);
    snprintf(id, sizeof id, "consent %s", run);
    frames_t *frames = frames_new();
    frames_add_text(frames, "CONSENT");
    frames_add_text(frames, id);
    frames_add_text(frames, run);
    frames_add(frames, row->document);
    frames_add(frames, row->armors);
    outbox_add(self->place->outbox, TO_EFFECTOR, 0, frames);
    return 0;
}

int
part_begin(part_t *self, wall_t now, mono_t clock, fault_t *fault)
{
    ledger_t *ledger = self->place->ledger;
    const warrant_t *warrant = self->brief.warrant;
    past_t past = {ledger, self->place->worker, self->place->sealing};
    assert(!self->transcript && !self->closed);
    self->transcript = transcript_new(&warrant->run, ledger, self->place->outbox, fault);
    if (self->transcript && self->brief.sealed)
        transcript_seal(self->transcript, &self->brief.key, trust_site(self->place->trust),
                        self->place->worker);
    if (!self->transcript ||
        (warrant->order && history_continue(&self->plays, warrant->order, &past, fault)) ||
        history_retell(&self->plays, &warrant->run, ledger, &self->last, &self->closed, fault) ||
        ledger_each_wait(ledger, &warrant->run, show_consent, self, fault))
        return -1;
    if (self->closed)
        return ledger_close_part(ledger, &warrant->run, fault);
    return part_go(self, now, clock, fault);
}

/* ---- runners and the effector ------------------------------------------------------------ */

static attempt_t *
with_runner(const part_t *self, uint64_t runner)
{
    for (size_t i = 0; runner && i < self->count; i++)
        if (attempt_runner(self->attempts[i]) == runner)
            return self->attempts[i];
    return NULL;
}

static attempt_t *
that_asked(const part_t *self, uint64_t number)
{
    for (size_t i = 0; i < self->count; i++)
        if (attempt_asked(self->attempts[i], number))
            return self->attempts[i];
    return NULL;
}

bool
part_has_runner(const part_t *self, uint64_t runner)
{
    return with_runner(self, runner);
}

bool
part_asked(const part_t *self, uint64_t number)
{
    return that_asked(self, number);
}

void
part_on_ready(part_t *self, uint64_t runner)
{
    attempt_on_ready(with_runner(self, runner));
}

int
part_on_runner(part_t *self, uint64_t runner, const frames_t *frames, wall_t now, mono_t clock,
               fault_t *fault)
{
    if (attempt_on_runner(with_runner(self, runner), frames, fault))
        return -1;
    return part_go(self, now, clock, fault);
}

int
part_on_runner_end(part_t *self, uint64_t runner, int status, wall_t now, mono_t clock,
                   fault_t *fault)
{
    attempt_on_runner_end(with_runner(self, runner), status);
    return part_go(self, now, clock, fault);
}

int
part_on_effector(part_t *self, uint64_t number, const frames_t *frames, wall_t now, mono_t clock,
                 fault_t *fault)
{
    if (attempt_on_effector(that_asked(self, number), frames, fault))
        return -1;
    return part_go(self, now, clock, fault);
}

/* ---- people ------------------------------------------------------------------------------ */

static void
decline(const part_t *self, const char *step, slice_t document, const fault_t *why)
{
    char text[HASH_TEXT];
    hash_t hash = hash_of(document);
    frames_t *frames = message_new(MESSAGE_DECLINE);
    frames_add_text(frames, hash_write(&self->brief.warrant->run, text));
    frames_add_text(frames, step);
    frames_add_text(frames, hash_write(&hash, text));
    frames_add_text(frames, fault_word(why->code));
    frames_add_text(frames, why->text);
    log_warning("step=%s: a person's word is declined: %s (%s)", step, why->text,
                fault_word(why->code));
    if (!outbox_is_full(self->place->outbox))
        outbox_add(self->place->outbox, TO_LINK, self->place->link, frames);
}

/* It counts: durable before anything is done with it. */
static int
take_consent(part_t *self, attempt_t *attempt, const consent_t *consent, slice_t document,
             slice_t armors, value_t *output, fault_t *fault)
{
    CLEANUP(value_destroy) value_t *taken = output;
    const question_t *question = attempt_question(attempt);
    const hash_t hash = hash_of(document);
    wait_row_t row = {.run = consent->run, .document = document, .armors = armors};
    if (question_keep(question, self->place, document, armors, fault) ||
        show_consent(self, &row, fault))
        return -1;
    attempt_on_consent(attempt, consent, &hash, MOVE(taken));
    return 0;
}

/* The question that it is for is found by asking each: bytes are not read before they are verified,
 * and a signature that held is not checked again. */
int
part_on_consent(part_t *self, slice_t document, slice_t armors, wall_t now, mono_t clock,
                fault_t *fault)
{
    fault_t why = {0};
    const char *step = "-";
    fault_set(&why, FAULT_TARGET, "nobody is asked here for this");
    for (size_t i = 0; i < self->count; i++) {
        attempt_t *attempt = self->attempts[i];
        const question_t *question = attempt_question(attempt);
        value_t *output = NULL;
        fault_t its = {0};
        if (attempt_state(attempt) != ATTEMPT_ASKING)
            continue;
        CLEANUP(consent_destroy)
        consent_t *consent = question_check(question, self->place, &self->last, document, armors,
                                            now, &output, &its);
        if (consent && take_consent(self, attempt, consent, document, armors, output, fault))
            return -1;
        if (consent)
            return part_go(self, now, clock, fault);
        if (why.code == FAULT_TARGET) {
            why = its;
            step = its.code == FAULT_TARGET ? "-" : question->path;
        }
    }
    decline(self, step, document, &why);
    return 0;
}

/* ---- stops and time ---------------------------------------------------------------------- */

int
part_stop(part_t *self, const fault_t *why, wall_t now, mono_t clock, fault_t *fault)
{
    if (self->stopped.code)
        return 0;
    self->stopped = *why;
    for (size_t i = 0; i < self->plays.count; i++)
        walk_halt(self->plays.play[i]->walk);
    withdraw(self);
    for (size_t i = 0; i < self->count; i++)
        attempt_stop(self->attempts[i], why);
    return part_go(self, now, clock, fault);
}

mono_t
part_deadline(const part_t *self)
{
    mono_t earliest = {0};
    for (size_t i = 0; i < self->count; i++) {
        mono_t deadline = attempt_deadline(self->attempts[i]);
        if (deadline.ms && (!earliest.ms || deadline.ms < earliest.ms))
            earliest = deadline;
    }
    return earliest;
}
