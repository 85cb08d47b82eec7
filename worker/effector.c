/* SPDX-License-Identifier: Apache-2.0 */
#include "worker/effector.h"

#include <assert.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>

#include "common/file.h"
#include "wire/message.h"
#include "wire/shape.h"
#include "worker/op_call.h"
#include "wire/site_folder.h"

#define ID_MAX 128

typedef struct {
    bool used;
    bool fix;      /* has a key, and BEGIN stands in the journal */
    bool foreseen; /* a fix of a dry run: only looked for */
    const op_t *op;
    hash_t key;
    char id[ID_MAX]; /* the judge's */

    /* Of a fix that can be looked for: */
    frames_t *asked; /* the judge's OP; ours */
    bool looks;      /* it was cut off, and is looked for */
    wall_t begun;    /* when its last try was, as far as anybody knows */
    fault_t cut;     /* how that ended; code 0 where the effector ended with it */
} flight_t;

struct effector {
    effector_place_t place;
    freshness_t *freshness;
    uint64_t documents; /* that came */
    size_t mandate_count;
    mandate_t *mandates[EFFECTOR_WARRANTS_MAX]; /* in the order in which they came */
    flight_t flights[EFFECTOR_FLIGHTS_MAX];
};

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
    for (size_t i = 0; i < EFFECTOR_FLIGHTS_MAX; i++)
        frames_destroy(&self->flights[i].asked);
    freshness_destroy(&self->freshness);
    free(self);
    *self_p = NULL;
}

/* It is never earlier than the newest beacon says. */
static wall_t
now(const effector_t *self)
{
    wall_t made = freshness_made(self->freshness, self->place.trust);
    wall_t here = self->place.io.now(self->place.io.self);
    return made.ms > here.ms ? made : here;
}

static int
check_beacon(const effector_t *self, const mandate_t *mandate, class_t highest, fault_t *fault)
{
    return freshness_check(self->freshness, self->place.trust, highest, mandate_by_grant(mandate),
                           self->place.io.clock(self->place.io.self), fault);
}

static lawbook_t
lawbook(const effector_t *self)
{
    const effector_place_t *place = &self->place;
    return (lawbook_t){place->worker, place->trust, place->journal, self->documents, now(self)};
}

/* ---- answers ----------------------------------------------------------------------------- */

static frames_t *
answer_new(const char *word, const char *id)
{
    frames_t *answer = frames_new();
    frames_add_text(answer, word);
    frames_add_text(answer, id);
    return answer;
}

static void
add_fault(frames_t *answer, const fault_t *why)
{
    frames_add_text(answer, fault_word(why->code));
    frames_add_text(answer, why->text);
}

static frames_t *
refused(const char *id, const fault_t *why)
{
    frames_t *answer = answer_new("REFUSED", id);
    add_fault(answer, why);
    return answer;
}

static frames_t *
with_head(const effector_t *self, frames_t *answer)
{
    char head[HASH_TEXT];
    frames_add_text(answer, hash_write(journal_head(self->place.journal), head));
    return answer;
}

static frames_t *
op_fault(const effector_t *self, const char *id, const fault_t *why)
{
    frames_t *answer = answer_new("FAULT", id);
    add_fault(answer, why);
    return with_head(self, answer);
}

static frames_t *
op_result(const effector_t *self, const char *id, slice_t result)
{
    frames_t *answer = answer_new("RESULT", id);
    frames_add(answer, result);
    return with_head(self, answer);
}

/* What a fix-op of a dry run would give; empty where nobody can tell. */
static frames_t *
op_would(const effector_t *self, const char *id, slice_t result)
{
    frames_t *answer = answer_new("WOULD", id);
    frames_add(answer, result);
    return with_head(self, answer);
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
    wall_t at = now(self);
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
    *answer = answer_new("KEPT", id);
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
    *answer = answer_new(message_word(MESSAGE_NONCE), frames_text(message, 1));
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
    *answer = heard < 0 ? refused(id, &why) : answer_new("KEPT", id);
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
    lawbook_t by = lawbook(self);
    fault_t why = {0};
    CLEANUP(mandate_destroy) mandate_t *mandate = mandate_new(message, &by, &why);
    if (!mandate || check_beacon(self, mandate, mandate_class(mandate), &why) ||
        (mandate_breaks_glass(mandate) && policy_check_glass(self->place.policy, &why))) {
        *answer = refused(id, &why);
        return 0;
    }
    /* A clock that goes back over a restart takes nothing back. */
    if (note_moment(self, mandate_from(mandate), by.now, fault))
        return -1;
    class_t highest = policy_highest(self->place.policy, by.now),
            allowed = mandate_allowed(mandate);
    *answer = answer_new("GRANTED", id);
    frames_add_text(*answer, hash_write(mandate_run(mandate), run));
    frames_add_text(*answer, class_word(allowed < highest ? allowed : highest));
    with_head(self, *answer);
    keep_mandate(self, MOVE(mandate));
    return 0;
}

static mandate_t *
mandate_of(effector_t *self, const char *text, fault_t *fault)
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
    lawbook_t by = lawbook(self);
    fault_t why = {0};
    (void)fault;
    mandate_t *mandate = mandate_of(self, frames_text(message, 2), &why);
    bool kept = mandate && !mandate_add_callee(mandate, message, &by, &why);
    *answer = kept ? answer_new("KEPT", id) : refused(id, &why);
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
    lawbook_t by = lawbook(self);
    fault_t why = {0};
    (void)fault;
    mandate_t *mandate = mandate_of(self, frames_text(message, 2), &why);
    bool kept = mandate && !mandate_add_consent(mandate, frames_at(message, 3),
                                                frames_at(message, 4), &by, &why);
    *answer = kept ? answer_new("KEPT", id) : refused(id, &why);
    return 0;
}

/* ---- ops --------------------------------------------------------------------------------- */

/* Its mandate holds and has it, its signers reach it, this machine allows it. */
static int
check_allowed(const effector_t *self, const op_call_t *call, fault_t *fault)
{
    lawbook_t by = lawbook(self);
    if (mandate_check_still(call->mandate, &by, fault) ||
        mandate_check_act(call->mandate, &call->act, fault) ||
        mandate_check_class(call->mandate, &call->act, fault) ||
        (call->act.worst > CLASS_OBSERVE &&
         check_beacon(self, call->mandate, call->act.worst, fault)))
        return -1;
    return policy_allows(self->place.policy, call->act.op, call->arguments, by.now, fault);
}

/* What is above observe on this machine begins when its policy says; but to undo: what was done
 * half is worse. */
static int
check_hours(const effector_t *self, const op_call_t *call, fault_t *fault)
{
    if (call->act.worst == CLASS_OBSERVE || call->act.phase == PHASE_UNDO)
        return 0;
    return policy_check_hours(self->place.policy, mandate_breaks_glass(call->mandate), now(self),
                              fault);
}

static int
check_start(const effector_t *self, const op_call_t *call, fault_t *fault)
{
    lawbook_t by = lawbook(self);
    if (!journal_reaches(self->place.journal, &call->head))
        return fault_set(fault, FAULT_UNKNOWN,
                         "the journal does not reach what the judge recorded: it lost records");
    if (check_allowed(self, call, fault) ||
        mandate_check_time(call->mandate, &call->act, &by, fault) || check_hours(self, call, fault))
        return -1;
    pace_act_t act = {.op = call->act.op,
                      .playbook = mandate_playbook(call->mandate),
                      .run = mandate_run(call->mandate),
                      .orderers = mandate_orderers(call->mandate)};
    return pace_check(policy_pace(self->place.policy), &act, self->place.journal, by.now, fault);
}

static int
find_flight(effector_t *self, const op_call_t *call, size_t *flight, fault_t *fault)
{
    bool fix = op_call_is_fix(call), found = false;
    for (size_t i = 0; i < EFFECTOR_FLIGHTS_MAX; i++) {
        const flight_t *at = &self->flights[i];
        if (at->used && at->fix && fix && hash_equal(&at->key, &call->key))
            return fault_set(fault, FAULT_CONFLICT, "this very op is running");
        if (!at->used && !found) {
            *flight = i;
            found = true;
        }
    }
    return found
               ? 0
               : fault_set(fault, FAULT_LIMIT, "%d ops are running already", EFFECTOR_FLIGHTS_MAX);
}

static flight_t *
take_off(effector_t *self, const op_call_t *call, size_t flight)
{
    flight_t *at = &self->flights[flight];
    frames_destroy(&at->asked);
    *at =
        (flight_t){.used = true, .fix = op_call_is_fix(call), .op = call->act.op, .key = call->key};
    text_copy(at->id, sizeof at->id, call->id);
    if (at->op->again == AGAIN_PROBE) {
        at->asked = frames_new();
        for (size_t i = 0; i < call->message->count; i++)
            frames_add(at->asked, frames_at(call->message, i));
    }
    return at;
}

/* 0 whether the op was started or failed at once, which the journal then has. */
static int
launch(effector_t *self, const op_call_t *call, size_t flight, frames_t **answer, fault_t *fault)
{
    bool fix = take_off(self, call, flight)->fix;
    fault_t why = {0};
    if (!self->place.io.start(self->place.io.self, flight, call->act.op, call->arguments,
                              fix ? &call->key : NULL, &why))
        return 0;
    return effector_ended(self, flight, NULL, &why, answer, fault);
}

static int
begin(effector_t *self, const op_call_t *call, fault_t *fault)
{
    journal_entry_t entry = {
        .key = call->key,
        .run = *mandate_run(call->mandate),
        .release = *mandate_release(call->mandate, call->act.step),
        .authority = *mandate_authority(call->mandate),
        .arguments = call->arguments_hash,
        .begun = now(self),
    };
    wall_t from = mandate_from(call->mandate);
    if (entry.begun.ms < from.ms) /* the clock has gone back since */
        entry.begun = from;
    text_copy(entry.step, sizeof entry.step, call->act.step);
    text_copy(entry.op, sizeof entry.op, call->act.op->name);
    text_copy(entry.playbook, sizeof entry.playbook, mandate_playbook(call->mandate));
    return journal_begin(self->place.journal, &entry, fault);
}

static frames_t *
recorded(const effector_t *self, const op_call_t *call, const journal_entry_t *known)
{
    if (!strcmp(known->code, "ok"))
        return op_result(self, call->id, bytes_slice(known->result));
    fault_t why = {0};
    CLEANUP(value_destroy) value_t *text = value_decode(bytes_slice(known->result), &why);
    fault_set(&why, fault_of(known->code), "%s", text ? value_string(text) : "");
    return op_fault(self, call->id, &why);
}

/* BEGIN without END: whether it may be tried again under the same key, or looked for. Whatever
 * stands against that now, a stop too, does not tell whether it happened then. */
static int
check_again(const effector_t *self, const op_call_t *call, fault_t *fault)
{
    fault_t why = {0};
    if (self->place.io.end_last(self->place.io.self, &call->key, &why))
        return fault_set(fault, FAULT_UNKNOWN, "%s was cut off, and its last try lives on: %s",
                         call->act.op->name, why.text);
    if (call->act.op->again == AGAIN_NEVER)
        return fault_set(fault, FAULT_UNKNOWN,
                         "%s was cut off; nobody can know whether it happened", call->act.op->name);
    if (call->act.op->again == AGAIN_IDEMPOTENT && check_allowed(self, call, &why))
        return fault_set(fault, FAULT_UNKNOWN, "%s was cut off and may not be repeated: %s",
                         call->act.op->name, why.text);
    return 0;
}

/* A process of its own looks whether the flight's fix happened. */
static int
look(effector_t *self, size_t flight, frames_t **answer, fault_t *fault)
{
    const effector_io_t *io = &self->place.io;
    flight_t *at = &self->flights[flight];
    fault_t why = {0};
    CLEANUP(value_destroy) value_t *arguments = value_decode(frames_at(at->asked, 8), NULL);
    CLEANUP(value_destroy) value_t *given = op_probe_arguments(at->op, arguments);
    at->used = at->looks = true;
    if (!io->look(io->self, flight, op_find(at->op->probe->op), given, &at->key, &at->begun, &why))
        return 0;
    return effector_ended(self, flight, NULL, &why, answer, fault);
}

static int
on_fix(effector_t *self, const op_call_t *call, size_t flight, frames_t **answer, fault_t *fault)
{
    const journal_entry_t *known = journal_find(self->place.journal, &call->key);
    fault_t why = {0};
    if (known && (strcmp(known->op, call->act.op->name) != 0 ||
                  !hash_equal(&known->arguments, &call->arguments_hash)))
        fault_set(&why, FAULT_UNKNOWN, "another op, or one with other arguments, has this key");
    else if (known && known->ended)
        *answer = recorded(self, call, known);
    else if (!(known ? check_again(self, call, &why)
                     : check_start(self, call, &why) || begin(self, call, &why))) {
        if (!known || call->act.op->again != AGAIN_PROBE)
            return launch(self, call, flight, answer, fault);
        take_off(self, call, flight);
        return look(self, flight, answer, fault);
    }
    if (journal_is_broken(self->place.journal))
        return fault_set(fault, why.code, "%s", why.text);
    if (!*answer)
        *answer = op_fault(self, call->id, &why);
    return 0;
}

/* Nothing of a dry run comes near io.start but what observes. */
static int
on_dry(effector_t *self, const op_call_t *call, size_t flight, frames_t **answer, fault_t *fault)
{
    const op_t *op = call->act.op;
    const effector_io_t *io = &self->place.io;
    lawbook_t by = lawbook(self);
    fault_t why = {0};
    if (mandate_check_still(call->mandate, &by, &why) ||
        mandate_check_act(call->mandate, &call->act, &why) ||
        policy_allows(self->place.policy, op, call->arguments, by.now, &why)) {
        *answer = op_fault(self, call->id, &why);
        return 0;
    }
    if (!op->foretold) {
        *answer = op_would(self, call->id, slice_of(NULL, 0));
        return 0;
    }
    flight_t *at = take_off(self, call, flight);
    at->foreseen = true;
    at->fix = false; /* nothing of it stands in the journal */
    if (!io->foresee(io->self, flight, op, call->arguments, &why))
        return 0;
    return effector_ended(self, flight, NULL, &why, answer, fault);
}

static int
on_op(effector_t *self, const frames_t *message, frames_t **answer, fault_t *fault)
{
    CLEANUP(op_call_clear)
    op_call_t call = {.message = message, .id = frames_text(message, 1)};
    size_t flight = 0;
    fault_t why = {0};
    call.mandate = mandate_of(self, frames_text(message, 2), &why);
    if (call.mandate && !op_call_read(&call, &self->place, message, &why) &&
        !find_flight(self, &call, &flight, &why)) {
        call.act.worst = policy_class(self->place.policy, call.act.op, call.arguments);
        if (op_call_is_fix(&call) && mandate_is_dry(call.mandate))
            return on_dry(self, &call, flight, answer, fault);
        if (op_call_is_fix(&call))
            return on_fix(self, &call, flight, answer, fault);
        if (!check_allowed(self, &call, &why) && !check_hours(self, &call, &why))
            return launch(self, &call, flight, answer, fault);
    }
    *answer = op_fault(self, call.id, &why);
    return 0;
}

/* Its step's time is over. What it did so far is for effector_ended to tell. */
static int
on_end(effector_t *self, const frames_t *message, frames_t **answer, fault_t *fault)
{
    (void)answer;
    (void)fault;
    for (size_t i = 0; i < EFFECTOR_FLIGHTS_MAX; i++)
        if (self->flights[i].used && !strcmp(self->flights[i].id, frames_text(message, 1)))
            self->place.io.cut(self->place.io.self, i);
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
    allowance->made = now(self);
    text_copy(allowance->worker, sizeof allowance->worker, self->place.worker);
    policy_tell(self->place.policy, allowance);
    allowance_encode(allowance, text);
    *answer = answer_new("ALLOWANCE", frames_text(message, 1));
    frames_add(*answer, bytes_slice(text));
    return 0;
}

/* ---- the two doors ----------------------------------------------------------------------- */

static const struct {
    const char *word;
    size_t frames; /* the word included */
    int (*on)(effector_t *self, const frames_t *message, frames_t **answer, fault_t *fault);
} requests[] = {
    {"DOCUMENT", 4, on_document},
    {"WARRANT", 11, on_warrant},
    {"CALLEE", 7, on_callee},
    {"CONSENT", 5, on_consent},
    {"OP", 10, on_op},
    {"OVER", 3, on_over},
    {"END", 2, on_end},
    {"ALLOWANCE", 2, on_allowance},
    {"NONCE", 2, on_nonce},
    {"BEACON", 5, on_beacon},
};

int
effector_receive(effector_t *self, const frames_t *message, frames_t **answer, fault_t *fault)
{
    const char *word = frames_text(message, 0);
    *answer = NULL;
    for (size_t i = 0; i < ARRAY_SIZE(requests); i++)
        if (!strcmp(requests[i].word, word) && requests[i].frames == message->count &&
            strlen(frames_text(message, 1)) < ID_MAX)
            return requests[i].on(self, message, answer, fault);
    return fault_set(fault, FAULT_FORMAT, "the judge said '%.20s' with %zu frames", word,
                     message->count);
}

/* Of a failure the journal keeps the text, as a value. */
static int
write_end(effector_t *self, const hash_t *key, const value_t *result, const fault_t *why,
          fault_t *fault)
{
    CLEANUP(bytes_destroy) bytes_t *encoded = bytes_new();
    CLEANUP(value_destroy) value_t *text = result ? NULL : value_text(why->text);
    value_encode(result ? result : text, encoded);
    return journal_end(self->place.journal, key, result ? "ok" : fault_word(why->code),
                       bytes_slice(encoded), now(self), fault);
}

static bool
was_cut(const fault_t *why)
{
    return why->code == FAULT_TIMEOUT || why->code == FAULT_UNKNOWN;
}

/* What was cut off or died may have happened: unknown where it must not be run again. */
static const fault_t *
judge_end(const flight_t *flight, const fault_t *why, fault_t *said)
{
    if (flight->fix && flight->op->again == AGAIN_NEVER && was_cut(why))
        fault_set(said, FAULT_UNKNOWN, "%s; nobody can know whether it happened", why->text);
    else if (why->code == FAULT_UNKNOWN)
        fault_set(said, FAULT_FAILED, "%s", why->text);
    return said->code ? said : why;
}

/* A flight is over: result, or why there is none. */
static int
land(effector_t *self, flight_t *at, const value_t *result, const fault_t *why, frames_t **answer,
     fault_t *fault)
{
    frames_destroy(&at->asked);
    if (at->fix && write_end(self, &at->key, result, why, fault))
        return -1;
    if (!result) {
        *answer = op_fault(self, at->id, why);
        return 0;
    }
    CLEANUP(bytes_destroy) bytes_t *encoded = bytes_new();
    value_encode(result, encoded);
    *answer = (at->foreseen ? op_would : op_result)(self, at->id, bytes_slice(encoded));
    return 0;
}

/* ---- what looking for a fix says ----------------------------------------------------------- */

/* It did not happen, and does so now where all that allowed it still does. */
static int
repeat(effector_t *self, size_t flight, frames_t **answer, fault_t *fault)
{
    flight_t *at = &self->flights[flight];
    CLEANUP(frames_destroy) frames_t *asked = MOVE(at->asked);
    CLEANUP(op_call_clear) op_call_t call = {.message = asked, .id = frames_text(asked, 1)};
    fault_t why = {0}, said = {0};
    call.mandate = mandate_of(self, frames_text(asked, 2), &why);
    if (call.mandate && !op_call_read(&call, &self->place, asked, &why)) {
        call.act.worst = policy_class(self->place.policy, call.act.op, call.arguments);
        if (!check_allowed(self, &call, &why))
            return launch(self, &call, flight, answer, fault);
    }
    fault_set(&said, why.code, "%s was cut off before it happened, and may not be repeated: %s",
              at->op->name, why.text);
    return land(self, at, NULL, &said, answer, fault);
}

/* What the probe makes of what was seen, the fix's own result where it happened. Who saw it is
 * believed no more than who acts. */
static probe_verdict_t
conclude(const flight_t *at, const value_t *seen, value_t *result)
{
    const op_t *op = at->op;
    fault_t ignored;
    CLEANUP(bytes_destroy) bytes_t *encoded = bytes_new();
    CLEANUP(value_destroy) value_t *arguments = value_decode(frames_at(at->asked, 8), NULL);
    probe_verdict_t verdict = op->probe->tells(seen, arguments, at->begun, result);
    value_set_bool(result, "probed", true);
    value_encode(result, encoded);
    bool fits = encoded->size <= op->result_bytes_max && !shape_check(op->result, result, &ignored);
    return verdict == PROBE_HAPPENED && !fits ? PROBE_CANNOT_TELL : verdict;
}

static int
settle(effector_t *self, size_t flight, const value_t *seen, const fault_t *why, frames_t **answer,
       fault_t *fault)
{
    flight_t *at = &self->flights[flight];
    fault_t said = {0};
    CLEANUP(value_destroy) value_t *result = value_map();
    probe_verdict_t verdict = seen ? conclude(at, seen, result) : PROBE_CANNOT_TELL;
    if (verdict == PROBE_HAPPENED)
        return land(self, at, result, NULL, answer, fault);
    if (verdict == PROBE_DID_NOT && !at->cut.code)
        return repeat(self, flight, answer, fault);
    if (verdict == PROBE_DID_NOT)
        fault_set(&said, at->cut.code == FAULT_TIMEOUT ? FAULT_TIMEOUT : FAULT_FAILED,
                  "%s; it did not happen", at->cut.text);
    else
        fault_set(&said, FAULT_UNKNOWN,
                  "%s was cut off; nobody can know whether it happened, and %s does not tell%s%s",
                  at->op->name, at->op->probe->op, seen ? "" : ": ", seen ? "" : why->text);
    return land(self, at, NULL, &said, answer, fault);
}

int
effector_ended(effector_t *self, size_t flight, const value_t *result, const fault_t *why,
               frames_t **answer, fault_t *fault)
{
    assert(flight < EFFECTOR_FLIGHTS_MAX && self->flights[flight].used);
    assert(result || why->code);
    flight_t *at = &self->flights[flight];
    fault_t said = {0};
    at->used = false;
    *answer = NULL;
    if (at->looks)
        return settle(self, flight, result, why, answer, fault);
    if (!result && at->fix && at->op->again == AGAIN_PROBE && was_cut(why)) {
        at->cut = *why;
        return look(self, flight, answer, fault);
    }
    return land(self, at, result, result ? NULL : judge_end(at, why, &said), answer, fault);
}
