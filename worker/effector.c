/* SPDX-License-Identifier: Apache-2.0 */
#include "worker/effector_private.h"

#include <limits.h>
#include <stdio.h>
#include <stdlib.h>

#include "common/file.h"
#include "wire/message.h"
#include "wire/site_folder.h"

static void
beacon_path(const effector_t *self, char out[static PATH_MAX])
{
    snprintf(out, PATH_MAX, "%s/beacon", self->place.folder);
}

/* What it knew of beacons before. */
static int
recall_beacon(effector_t *self, fault_t *fault)
{
    char path[PATH_MAX];
    fault_t why = {0};
    beacon_path(self, path);
    CLEANUP(bytes_destroy) bytes_t *state = file_read(path, FRESHNESS_BYTES_MAX, &why);
    if (!state)
        return why.code == FAULT_NOT_FOUND ? 0 : fault_set(fault, why.code, "%s", why.text);
    if (freshness_decode(self->freshness, self->place.trust, bytes_slice(state), fault))
        return fault_wrap(fault, "'%.100s'", path);
    return 0;
}

effector_t *
effector_new(const effector_place_t *place, fault_t *fault)
{
    CLEANUP(effector_destroy) effector_t *self = memory_new(1, sizeof *self);
    self->place = *place;
    self->freshness = freshness_new(place->worker, place->boot);
    trust_ask_more(place->trust, policy_quorums(place->policy));
    return recall_beacon(self, fault) ? NULL : MOVE(self);
}

void
effector_destroy(effector_t **self_p)
{
    effector_t *self = *self_p;
    if (!self)
        return;
    for (size_t i = 0; i < self->mandate_count; i++)
        mandate_destroy(&self->mandates[i]);
    flights_clear(self->flights);
    freshness_destroy(&self->freshness);
    free(self);
    *self_p = NULL;
}

wall_t
effector_now(const effector_t *self)
{
    wall_t made = freshness_made(self->freshness, self->place.trust);
    wall_t here = self->place.io.now(self->place.io.self);
    return made.ms > here.ms ? made : here;
}

int
effector_check_beacon(const effector_t *self, const mandate_t *mandate, class_t highest,
                      fault_t *fault)
{
    return freshness_check(self->freshness, self->place.trust, highest, mandate_by_grant(mandate),
                           self->place.io.clock(self->place.io.self), fault);
}

lawbook_t
effector_lawbook(const effector_t *self)
{
    const effector_place_t *place = &self->place;
    return (lawbook_t){place->worker, place->trust, place->journal, self->documents,
                       effector_now(self)};
}

/* ---- answers ----------------------------------------------------------------------------- */

frames_t *
effector_answer(const char *word, const char *id)
{
    frames_t *answer = frames_new();
    frames_add_text(answer, word);
    frames_add_text(answer, id);
    return answer;
}

void
effector_add_fault(frames_t *answer, const fault_t *why)
{
    frames_add_text(answer, fault_word(why->code));
    frames_add_text(answer, why->text);
}

static frames_t *
refused(const char *id, const fault_t *why)
{
    frames_t *answer = effector_answer("REFUSED", id);
    effector_add_fault(answer, why);
    return answer;
}

frames_t *
effector_with_head(const effector_t *self, frames_t *answer)
{
    char head[HASH_TEXT];
    frames_add_text(answer, hash_write(journal_head(self->place.journal), head));
    return answer;
}

/* ---- time -------------------------------------------------------------------------------- */

/* That a moment came is durable, and that it is now; for want of room it is not, which keeps nobody
 * from looking at a disk that is full. */
static int
note_moment(effector_t *self, wall_t moment, wall_t at, fault_t *fault)
{
    journal_t *journal = self->place.journal;
    fault_t why = {0};
    if (journal_seen(journal).ms >= moment.ms || !journal_see(journal, at, &why))
        return 0;
    return journal_is_broken(journal) ? fault_set(fault, why.code, "%s", why.text) : 0;
}

/* ---- documents --------------------------------------------------------------------------- */

static bool
any_is_past(const trust_t *trust, wall_t at)
{
    for (size_t i = 0; i < trust_halt_count(trust); i++) {
        const halt_line_t *line = trust_halt(trust, i);
        if (line->until.ms && line->until.ms < at.ms)
            return true;
    }
    return false;
}

/* Stops of runs whose time is over. That it is becomes durable first: should the clock go back, the
 * journal stands against those runs. */
static int
forget_past(effector_t *self, fault_t *fault)
{
    trust_t *trust = self->place.trust;
    journal_t *journal = self->place.journal;
    wall_t at = effector_now(self);
    if (!any_is_past(trust, at))
        return 0;
    if (note_moment(self, at, at, fault))
        return -1;
    trust_forget_past(trust, journal_seen(journal));
    return site_folder_prune(self->place.folder, trust, fault);
}

/* A halt that the timekeeper names was signed well when it came to it. */
static int
take_document(effector_t *self, slice_t document, slice_t armors, fault_t *fault)
{
    trust_t *trust = self->place.trust;
    hash_t hash = hash_of(document);
    fault_t why = {0};
    if (!trust_add(trust, document, armors, &why))
        return 0;
    if (freshness_names(self->freshness, trust, &hash))
        return trust_restore(trust, document, armors, fault);
    return fault_set(fault, why.code, "%s", why.text);
}

/* What is verified is kept before anything else is read, so before it can be used. */
static int
on_document(effector_t *self, const frames_t *message, frames_t **answer, fault_t *fault)
{
    const char *id = frames_text(message, 1);
    slice_t document = frames_at(message, 2), armors = frames_at(message, 3);
    fault_t why = {0};
    const trust_t *trust = self->place.trust;
    if (forget_past(self, fault))
        return -1;
    size_t halts = trust_halt_count(trust);
    if (!site_folder_has(self->place.folder, document)) {
        if (take_document(self, document, armors, &why)) {
            *answer = refused(id, &why);
            return 0;
        }
        bool forgot = halts && trust_halt_count(trust) <= halts;
        if (site_folder_keep(self->place.folder, document, armors, fault) ||
            (forgot && site_folder_prune(self->place.folder, trust, fault)))
            return -1;
        self->documents++;
    }
    *answer = effector_answer("KEPT", id);
    return 0;
}

/* ---- beacons ----------------------------------------------------------------------------- */

static int
on_nonce(effector_t *self, const frames_t *message, frames_t **answer, fault_t *fault)
{
    nonce_t nonce;
    char text[NONCE_TEXT];
    (void)fault;
    self->place.io.draw(self->place.io.self, &nonce);
    freshness_ask(self->freshness, &nonce, self->place.io.clock(self->place.io.self));
    *answer = effector_answer(message_word(MESSAGE_NONCE), frames_text(message, 1));
    frames_add_text(*answer, nonce_write(&nonce, text));
    return 0;
}

/* Durable before it counts. */
static int
on_beacon(effector_t *self, const frames_t *message, frames_t **answer, fault_t *fault)
{
    const char *id = frames_text(message, 1);
    char path[PATH_MAX];
    fault_t why = {0};
    int heard = freshness_hear(self->freshness, self->place.trust, frames_at(message, 2),
                               frames_at(message, 3), frames_at(message, 4), &why);
    if (heard > 0) {
        CLEANUP(bytes_destroy) bytes_t *state = bytes_new();
        freshness_encode(self->freshness, self->place.trust, state);
        beacon_path(self, path);
        if (file_write(path, bytes_slice(state), 0600, fault))
            return -1;
    }
    *answer = heard < 0 ? refused(id, &why) : effector_answer("KEPT", id);
    return 0;
}

/* ---- warrants ---------------------------------------------------------------------------- */

static mandate_t **
find_mandate(effector_t *self, const hash_t *run)
{
    for (size_t i = 0; i < self->mandate_count; i++)
        if (hash_equal(mandate_run(self->mandates[i]), run))
            return &self->mandates[i];
    return NULL;
}

static void
drop_mandate(effector_t *self, size_t index)
{
    mandate_destroy(&self->mandates[index]);
    self->mandate_count--;
    memmove(&self->mandates[index], &self->mandates[index + 1],
            (self->mandate_count - index) * sizeof(mandate_t *));
}

/* In place of the same run's, or of the one that came first. */
static void
keep_mandate(effector_t *self, mandate_t *mandate)
{
    mandate_t **same = find_mandate(self, mandate_run(mandate));
    if (same)
        drop_mandate(self, (size_t)(same - self->mandates));
    else if (self->mandate_count == EFFECTOR_WARRANTS_MAX)
        drop_mandate(self, 0);
    self->mandates[self->mandate_count++] = mandate;
}

static int
on_warrant(effector_t *self, const frames_t *message, frames_t **answer, fault_t *fault)
{
    char run[HASH_TEXT];
    const char *id = frames_text(message, 1);
    lawbook_t by = effector_lawbook(self);
    fault_t why = {0};
    CLEANUP(mandate_destroy) mandate_t *mandate = mandate_new(message, &by, &why);
    if (!mandate || effector_check_beacon(self, mandate, mandate_class(mandate), &why) ||
        (mandate_breaks_glass(mandate) && policy_check_glass(self->place.policy, &why))) {
        *answer = refused(id, &why);
        return 0;
    }
    /* A clock that goes back over a restart takes nothing back. */
    if (note_moment(self, mandate_from(mandate), by.now, fault))
        return -1;
    class_t highest = policy_highest(self->place.policy, by.now),
            allowed = mandate_allowed(mandate);
    *answer = effector_answer("GRANTED", id);
    frames_add_text(*answer, hash_write(mandate_run(mandate), run));
    frames_add_text(*answer, class_word(allowed < highest ? allowed : highest));
    effector_with_head(self, *answer);
    keep_mandate(self, MOVE(mandate));
    return 0;
}

mandate_t *
effector_mandate(effector_t *self, const char *text, fault_t *fault)
{
    hash_t run;
    mandate_t **found = hash_read(text, &run) ? find_mandate(self, &run) : NULL;
    if (!found)
        fault_set(fault, FAULT_DENIED, "there is no warrant for this run");
    return found ? *found : NULL;
}

static int
on_callee(effector_t *self, const frames_t *message, frames_t **answer, fault_t *fault)
{
    const char *id = frames_text(message, 1);
    lawbook_t by = effector_lawbook(self);
    fault_t why = {0};
    (void)fault;
    mandate_t *mandate = effector_mandate(self, frames_text(message, 2), &why);
    bool kept = mandate && !mandate_add_callee(mandate, message, &by, &why);
    *answer = kept ? effector_answer("KEPT", id) : refused(id, &why);
    return 0;
}

/* Its part is over, or never began. */
static int
on_over(effector_t *self, const frames_t *message, frames_t **answer, fault_t *fault)
{
    hash_t run;
    (void)answer;
    (void)fault;
    mandate_t **found = hash_read(frames_text(message, 2), &run) ? find_mandate(self, &run) : NULL;
    if (found)
        drop_mandate(self, (size_t)(found - self->mandates));
    return 0;
}

static int
on_consent(effector_t *self, const frames_t *message, frames_t **answer, fault_t *fault)
{
    const char *id = frames_text(message, 1);
    lawbook_t by = effector_lawbook(self);
    fault_t why = {0};
    (void)fault;
    mandate_t *mandate = effector_mandate(self, frames_text(message, 2), &why);
    bool kept = mandate && !mandate_add_consent(mandate, frames_at(message, 3),
                                                frames_at(message, 4), &by, &why);
    *answer = kept ? effector_answer("KEPT", id) : refused(id, &why);
    return 0;
}

/* What the policy allows, for the judge to sign. */
static int
on_allowance(effector_t *self, const frames_t *message, frames_t **answer, fault_t *fault)
{
    CLEANUP(memory_free) allowance_t *allowance = memory_new(1, sizeof *allowance);
    CLEANUP(bytes_destroy) bytes_t *text = bytes_new();
    (void)fault;
    allowance->site = *trust_site(self->place.trust);
    allowance->made = effector_now(self);
    text_copy(allowance->worker, sizeof allowance->worker, self->place.worker);
    policy_tell(self->place.policy, allowance);
    allowance_encode(allowance, text);
    *answer = effector_answer("ALLOWANCE", frames_text(message, 1));
    frames_add(*answer, bytes_slice(text));
    return 0;
}

/* ---- the two doors ----------------------------------------------------------------------- */

static const struct {
    const char *word;
    size_t frames; /* the word included */
    int (*on)(effector_t *self, const frames_t *message, frames_t **answer, fault_t *fault);
} requests[] = {
    {"DOCUMENT", 4, on_document}, {"WARRANT", 11, on_warrant},    {"CALLEE", 7, on_callee},
    {"CONSENT", 5, on_consent},   {"OP", 10, flight_on_op},       {"OVER", 3, on_over},
    {"END", 2, flight_on_end},    {"ALLOWANCE", 2, on_allowance}, {"NONCE", 2, on_nonce},
    {"BEACON", 5, on_beacon},
};

int
effector_receive(effector_t *self, const frames_t *message, frames_t **answer, fault_t *fault)
{
    const char *word = frames_text(message, 0);
    *answer = NULL;
    for (size_t i = 0; i < ARRAY_SIZE(requests); i++)
        if (!strcmp(requests[i].word, word) && requests[i].frames == message->count &&
            strlen(frames_text(message, 1)) < FLIGHT_ID_MAX)
            return requests[i].on(self, message, answer, fault);
    return fault_set(fault, FAULT_FORMAT, "the judge said '%.20s' with %zu frames", word,
                     message->count);
}
