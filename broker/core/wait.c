/* SPDX-License-Identifier: Apache-2.0 */
/* Steps that wait for a person: who waits, what was shown to people, and what they signed. Whether
 * it counts is for the worker to say; here it is judged so that people hear at once. */
#include <stdio.h>

#include "broker/core/state.h"
#include "wire/message.h"

static void
put(core_t *self, const wait_row_t *wait)
{
    row_t row = {.kind = ROW_WAIT, .wait = *wait};
    core_put(self, &row);
}

static wait_row_t *
find(const share_t *share, const char *step)
{
    for (size_t i = 0; i < share->wait_count; i++)
        if (!strcmp(share->waits[i].step, step))
            return &share->waits[i];
    return NULL;
}

wait_row_t *
wait_add(run_t *run, share_t *share, const wait_row_t *row)
{
    share->waits = memory_resize(share->waits, share->wait_count + 1, sizeof *share->waits);
    run->waits++;
    share->waits[share->wait_count] = *row;
    return &share->waits[share->wait_count++];
}

void
waits_end(core_t *self, run_t *run, share_t *share, const char *step)
{
    size_t left = 0;
    for (size_t i = 0; i < share->wait_count; i++) {
        wait_row_t *wait = &share->waits[i];
        if (step && strcmp(wait->step, step) != 0) {
            share->waits[left++] = *wait;
            continue;
        }
        wait->open = false;
        run->waits--;
        put(self, wait);
    }
    share->wait_count = left;
}

/* Workers' words ------------------------------------------------------------------------------ */

/* The worker's part that a step of is spoken of. */
static share_t *
share_of(core_t *self, const event_t *event, run_t **run, fault_t *fault)
{
    char text[HASH_TEXT];
    size_t at = 0;
    fault_t why = {0};
    *run = run_find(self, &event->hash, &why);
    share_t *share = *run ? run_share(*run, event->worker, NULL, &at) : NULL;
    if (!share || !step_path_valid(event->step))
        fault_set(fault, why.code ? why.code : FAULT_NOT_FOUND,
                  "%s%sworker '%s' has no such part "
                  "in run %.12s",
                  why.text, why.code ? ": " : "", event->worker, hash_write(&event->hash, text));
    return share && step_path_valid(event->step) ? share : NULL;
}

static void
send_consent(core_t *self, const wait_row_t *wait, const char *worker, slice_t document,
             slice_t armors)
{
    char run[HASH_TEXT];
    frames_t *frames = message_new(MESSAGE_CONSENT);
    frames_add_text(frames, hash_write(&wait->run, run));
    frames_add(frames, document);
    frames_add(frames, armors);
    core_send(self, worker, &frames);
}

/* It waits still, or again: what was signed for it may have been lost on its way. */
static int
send_again(core_t *self, const wait_row_t *wait, const char *worker, fault_t *fault)
{
    CLEANUP(row_destroy) row_t *row = NULL;
    query_t query = {.what = FIND_DOCUMENT, .hash = wait->consent};
    if (hash_equal(&wait->consent, &HASH_ZERO))
        return 0;
    if (core_recall(self, &query, &row, fault))
        return -1;
    if (row)
        send_consent(self, wait, worker, row->document.bytes, row->document.armors);
    return 0;
}

static void
tell_wait(core_t *self, const run_t *run, const share_t *share, const wait_row_t *wait)
{
    event_row_t event = {.incident = run->row.incident, .run = run->row.id};
    CLEANUP(manifest_destroy) manifest_t *manifest = NULL;
    const manifest_step_t *step = run_step(self, run, wait->step, &manifest);
    const char *text = step && step->text ? step->text : "";
    snprintf(event.kind, sizeof event.kind, "%s", run->waits == 1 ? "person" : "waiting");
    snprintf(event.worker, sizeof event.worker, "%s", share->peer->row.id);
    snprintf(event.step, sizeof event.step, "%s", wait->step);
    snprintf(event.text, sizeof event.text,
             "step '%.80s' of '%s' on '%s' waits for a person%s%.200s", wait->step,
             run->row.playbook, wait->target, *text ? ": " : "", text);
    core_tell(self, &event);
}

int
on_waiting(core_t *self, event_t *event, fault_t *fault)
{
    run_t *run;
    share_t *share = share_of(self, event, &run, fault);
    CLEANUP(manifest_destroy) manifest_t *manifest = NULL;
    if (!share)
        return -1;
    core_heard(self, event->worker);
    if (part_ended(share->row.state))
        return 0;
    wait_row_t *wait = find(share, event->step);
    bool again = wait != NULL;
    if (!wait) {
        if (!run_step(self, run, event->step, &manifest))
            return fault_set(fault, FAULT_NOT_FOUND, "'%s' has no step '%.120s' that would wait",
                             run->row.playbook, event->step);
        wait_row_t row = {.run = run->row.id, .asked = self->now, .open = true};
        text_copy(row.target, sizeof row.target, share->row.target);
        text_copy(row.step, sizeof row.step, event->step);
        wait = wait_add(run, share, &row);
    }
    if (!hash_equal(&wait->receipt, &event->receipt))
        wait->consent = HASH_ZERO; /* given to what is not the last any more */
    wait->receipt = event->receipt;
    wait->expires.ms = (int64_t)event->number;
    put(self, wait);
    if (!again)
        tell_wait(self, run, share, wait);
    return send_again(self, wait, event->worker, fault);
}

int
on_decline(core_t *self, event_t *event, fault_t *fault)
{
    run_t *run;
    share_t *share = share_of(self, event, &run, fault);
    bool readable = text_is_free(slice_text(event->text));
    if (!share)
        return -1;
    wait_row_t *wait = find(share, event->step);
    if (wait && hash_equal(&wait->consent, &event->receipt)) {
        wait->consent = HASH_ZERO;
        put(self, wait);
    }
    core_note(self, "decline", run->row.incident, &run->row.id, event->worker,
              "'%s': what was signed for step '%.80s' does not count: %.200s", share->row.target,
              event->step, readable ? event->text : "its reason is not text");
    return 0;
}

/* People's words ------------------------------------------------------------------------------ */

/* Who signed the order: another person consents to what comes of it. */
static void
signers_of(const run_t *run, signers_t *out)
{
    for (const char *name = run->row.who; *name && out->count < SIGNATURES_MAX;) {
        size_t size = strcspn(name, " ");
        snprintf(out->person[out->count++], sizeof out->person[0], "%.*s", (int)size, name);
        name += size + (name[size] == ' ');
    }
}

/* One that was taken elsewhere is judged as of when it ran out. */
static wall_t
as_of(const core_t *self, const consent_t *consent)
{
    return self->via && consent->expires.ms < self->now.ms ? consent->expires : self->now;
}

static int
check_consent(core_t *self, const event_t *event, const consent_t *consent, const run_t *run,
              fault_t *fault)
{
    signers_t signers = {0};
    CLEANUP(manifest_destroy) manifest_t *manifest = NULL;
    const manifest_step_t *step = run_step(self, run, consent->step, &manifest);
    if (!step || step->kind != (consent->answer ? STEP_ASK : STEP_APPROVE))
        return fault_set(fault, FAULT_NOT_FOUND, "'%s' has no step '%.120s' that waits for this",
                         run->row.playbook, consent->step);
    signers_of(run, &signers);
    consent_wish_t wish = {.answer = consent->answer,
                           .run = run->row.id,
                           .step = consent->step,
                           .role = step->role,
                           .class = manifest->highest,
                           .excluded = consent->answer || run->row.by_grant ? NULL : &signers};
    CLEANUP(consent_destroy)
    consent_t *checked = trust_check_consent(self->charter->trust, event->document, event->armors,
                                             &wish, as_of(self, consent), fault);
    if (!checked || !consent->answer)
        return checked ? 0 : -1;
    CLEANUP(value_destroy) value_t *value = manifest_answer(manifest, step, consent->value, fault);
    return value ? 0 : -1;
}

/* How many of those that it names wait for it; *stale: those that say another receipt is the last.
 */
static size_t
hand_out(core_t *self, const event_t *event, const consent_t *consent, run_t *run, bool send,
         size_t *stale)
{
    size_t count = 0;
    for (size_t i = 0; i < consent->target_count; i++) {
        const consent_target_t *line = &consent->targets[i];
        char worker[TEXT_NAME_MAX + 1];
        size_t at = 0;
        snprintf(worker, sizeof worker, "%.*s", (int)strcspn(line->target, "/"), line->target);
        share_t *share = run_share(run, worker, line->target, &at);
        wait_row_t *wait = share ? find(share, consent->step) : NULL;
        if (!wait || !hash_equal(&wait->receipt, &line->receipt)) {
            *stale += wait != NULL;
            continue;
        }
        count++;
        if (!send)
            continue;
        wait->consent = event->made;
        put(self, wait);
        send_consent(self, wait, worker, event->document, event->armors);
    }
    return count;
}

static void
keep_consent(core_t *self, const event_t *event, const consent_t *consent, const run_t *run)
{
    const char *kind = consent->answer ? "answer" : "consent";
    bool why = strcmp(consent->reason, "-") != 0;
    event_row_t told = {.incident = run->row.incident, .run = run->row.id};
    core_leaf2(self, kind, event->document, event->armors);
    core_keep(self, kind, false, &event->made, event->document, event->armors, slice_of(NULL, 0));
    snprintf(told.kind, sizeof told.kind, "%s", kind);
    snprintf(told.step, sizeof told.step, "%s", consent->step);
    core_signers(self, event->armors, told.who, sizeof told.who);
    snprintf(told.text, sizeof told.text, "%.63s said '%.60s' to step '%.80s'%s%.200s", told.who,
             consent->value, consent->step, why ? ": " : "", why ? consent->reason : "");
    core_tell(self, &told);
}

/* It counted where it was given: kept once, whoever waits still. */
static int
relay(core_t *self, const event_t *event, const consent_t *consent, run_t *run, fault_t *fault)
{
    size_t stale = 0;
    CLEANUP(row_destroy) row_t *known = NULL;
    query_t query = {.what = FIND_DOCUMENT, .hash = event->made};
    if (core_recall(self, &query, &known, fault))
        return -1;
    if (known)
        return 0;
    keep_consent(self, event, consent, run);
    hand_out(self, event, consent, run, true, &stale);
    return 0;
}

int
on_consent(core_t *self, event_t *event, fault_t *fault)
{
    fault_t why = {0};
    size_t stale = 0;
    event->made = hash_of(event->document);
    CLEANUP(consent_destroy) consent_t *consent = consent_decode(event->document, fault);
    if (!consent)
        return -1;
    run_t *run = run_find(self, &consent->run, &why);
    if (!run)
        return fault_set(fault, why.code ? why.code : FAULT_NOT_FOUND, "%s",
                         why.code ? why.text : "there is no such run; see: tocsin run list");
    if (check_consent(self, event, consent, run, fault))
        return -1;
    if (self->via)
        return relay(self, event, consent, run, fault);
    if (!hand_out(self, event, consent, run, false, &stale))
        return fault_set(fault, stale ? FAULT_STALE : FAULT_CONFLICT,
                         stale ? "more has happened since: look again, and sign again"
                               : "none of the targets that it names waits at step '%.120s'",
                         consent->step);
    keep_consent(self, event, consent, run);
    hand_out(self, event, consent, run, true, &stale);
    return 0;
}
