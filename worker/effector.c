/* SPDX-License-Identifier: Apache-2.0 */
#include "worker/effector.h"

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>

#include "keys/receipt.h"
#include "wire/bundle.h"
#include "wire/manifest.h"
#include "worker/site_folder.h"

#define ID_MAX 128
#define FINISH_MAX_MS \
    (72 * INT64_C(3600000)) /* for a run, from its first op: 64 steps of an hour */

typedef struct {
    frames_t *warrant;  /* as it came */
    uint64_t documents; /* how many had come when it held last */
    hash_t run, release, authority;
    class_t allowed; /* by the signers, and in a dry run observe */
    bool dry;
    uint64_t budget_runs, budget_s; /* of a grant; 0 of an order */
    wall_t not_after;               /* of the order's window, or the grant's end */
    manifest_t *manifest;           /* NULL in an empty slot */
    value_t *inputs;
    uint64_t came; /* counts up */
} entry_t;

typedef struct {
    bool used;
    bool fix;  /* has a key, and BEGIN stands in the journal */
    bool once; /* a fix that must not be run again */
    hash_t key;
    char id[ID_MAX]; /* the judge's */
} flight_t;

struct effector {
    effector_place_t place;
    uint64_t warrants, documents; /* that came */
    entry_t entries[EFFECTOR_WARRANTS_MAX];
    flight_t flights[EFFECTOR_FLIGHTS_MAX];
};

/* One OP, read. */
typedef struct {
    const char *id, *step, *name;
    uint64_t attempt, index;
    entry_t *entry;
    const op_t *op;
    value_t *arguments; /* ours */
    hash_t arguments_hash;
    hash_t head, key; /* of a fix-op */
} call_t;

static void
entry_clear(entry_t *self)
{
    frames_destroy(&self->warrant);
    manifest_destroy(&self->manifest);
    value_destroy(&self->inputs);
    *self = (entry_t){0};
}

static void
call_clear(call_t *self)
{
    value_destroy(&self->arguments);
}

effector_t *
effector_new(const effector_place_t *place)
{
    effector_t *self = memory_new(1, sizeof *self);
    self->place = *place;
    return self;
}

void
effector_destroy(effector_t **self_p)
{
    effector_t *self = *self_p;
    if (!self)
        return;
    for (size_t i = 0; i < EFFECTOR_WARRANTS_MAX; i++)
        entry_clear(&self->entries[i]);
    free(self);
    *self_p = NULL;
}

static wall_t
now(const effector_t *self)
{
    return self->place.io.now(self->place.io.self);
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

/* ---- documents --------------------------------------------------------------------------- */

/* What is verified is kept before anything else is read, so before it can be used. */
static int
on_document(effector_t *self, const frames_t *message, frames_t **answer, fault_t *fault)
{
    const char *id = frames_text(message, 1);
    slice_t document = frames_at(message, 2), armors = frames_at(message, 3);
    fault_t why = {0};
    if (!site_folder_has(self->place.folder, document)) {
        if (trust_add(self->place.trust, document, armors, &why)) {
            *answer = refused(id, &why);
            return 0;
        }
        if (site_folder_keep(self->place.folder, document, armors, fault))
            return -1;
        self->documents++;
    }
    *answer = answer_new("KEPT", id);
    return 0;
}

/* ---- warrants ---------------------------------------------------------------------------- */

static int
read_proof(const frames_t *message, proof_t *proof, fault_t *fault)
{
    const char *kind = frames_text(message, 2);
    *proof = (proof_t){
        .by_grant = !strcmp(kind, "grant"),
        .authority = frames_at(message, 3),
        .authority_armors = frames_at(message, 4),
        .alert = frames_at(message, 5),
        .alert_armors = frames_at(message, 6),
        .release = frames_at(message, 7),
        .release_armors = frames_at(message, 8),
    };
    if (!proof->by_grant && strcmp(kind, "order") != 0)
        return fault_set(fault, FAULT_FORMAT, "'%.20s' is neither order nor grant", kind);
    return 0;
}

/* The run's id, of bytes that nobody verified yet. */
static bool
run_of(const proof_t *proof, hash_t *run)
{
    fault_t ignored;
    *run = hash_of(proof->authority);
    if (!proof->by_grant)
        return true;
    CLEANUP(alert_destroy) alert_t *alert = alert_decode(proof->alert, &ignored);
    if (alert)
        *run = grant_run(run, alert);
    return alert;
}

static bool
is_about_time(fault_code_t code)
{
    return code == FAULT_WINDOW || code == FAULT_EXPIRED || code == FAULT_STALE;
}

/* The window bounds starting: a run whose first op stands in the journal is judged by that moment,
 * so that it can finish after a restart. */
static warrant_t *
prove(effector_t *self, proof_t *proof, fault_t *fault)
{
    const effector_place_t *place = &self->place;
    fault_t why = {0};
    hash_t run;
    warrant_t *warrant = trust_check(place->trust, proof, place->worker, now(self), &why);
    if (warrant)
        return warrant;
    const journal_entry_t *first = NULL;
    if (is_about_time(why.code) && run_of(proof, &run))
        first = journal_first(place->journal, &run);
    if (first) {
        proof->accepted = first->begun;
        return trust_check(place->trust, proof, place->worker, now(self), fault);
    }
    fault_set(fault, why.code, "%s", why.text);
    return NULL;
}

/* What was signed for a host behind this worker must not be done to the worker itself. */
static int
check_target(const effector_t *self, const warrant_t *warrant, fault_t *fault)
{
    const target_line_t *line =
        warrant->order ? order_target(warrant->order, self->place.worker) : NULL;
    if (line && strcmp(line->target, self->place.worker) != 0)
        return fault_set(fault, FAULT_TARGET, "'%s': this worker reaches no other host yet",
                         line->target);
    return 0;
}

/* The run's own slot, an empty one, or that of the oldest. */
static entry_t *
slot_for(effector_t *self, const hash_t *run)
{
    entry_t *best = &self->entries[0];
    for (size_t i = 0; i < EFFECTOR_WARRANTS_MAX; i++) {
        entry_t *at = &self->entries[i];
        if (at->manifest && hash_equal(&at->run, run))
            return at;
        if (at->came < best->came)
            best = at;
    }
    return best;
}

static int
grant(effector_t *self, const frames_t *message, entry_t *entry, fault_t *fault)
{
    proof_t proof;
    if (read_proof(message, &proof, fault))
        return -1;
    CLEANUP(warrant_destroy) warrant_t *warrant = prove(self, &proof, fault);
    if (!warrant || check_target(self, warrant, fault))
        return -1;
    entry->manifest = bundle_manifest(warrant->release, frames_at(message, 9), fault);
    if (!entry->manifest)
        return -1;
    entry->inputs = manifest_inputs_of(entry->manifest, warrant, fault);
    if (!entry->inputs)
        return -1;
    assert(warrant->order || warrant->grant);
    entry->run = warrant->run;
    entry->release = warrant->release_hash;
    entry->authority = warrant->authority;
    entry->budget_runs = warrant->grant ? warrant->grant->budget_runs : 0;
    entry->budget_s = warrant->grant ? warrant->grant->budget_s : 0;
    entry->dry = warrant->order && warrant->order->dry;
    entry->allowed = entry->dry ? CLASS_OBSERVE : warrant->allowed;
    entry->not_after = warrant->order ? warrant->order->not_after : warrant->grant->expires;
    return 0;
}

static int
on_warrant(effector_t *self, const frames_t *message, frames_t **answer, fault_t *fault)
{
    const char *id = frames_text(message, 1);
    fault_t why = {0};
    CLEANUP(entry_clear) entry_t entry = {0};
    (void)fault;
    if (grant(self, message, &entry, &why)) {
        *answer = refused(id, &why);
        return 0;
    }
    char run[HASH_TEXT];
    class_t highest = policy_highest(self->place.policy);
    *answer = answer_new("GRANTED", id);
    frames_add_text(*answer, hash_write(&entry.run, run));
    frames_add_text(*answer, class_word(entry.allowed < highest ? entry.allowed : highest));
    with_head(self, *answer);
    entry.came = ++self->warrants;
    entry.documents = self->documents;
    entry.warrant = frames_new();
    for (size_t i = 0; i < message->count; i++)
        frames_add(entry.warrant, frames_at(message, i));
    entry_t *slot = slot_for(self, &entry.run);
    entry_clear(slot);
    *slot = entry;
    entry = (entry_t){0};
    return 0;
}

/* ---- ops --------------------------------------------------------------------------------- */

static entry_t *
find_entry(effector_t *self, const char *text)
{
    hash_t run;
    if (!hash_read(text, &run))
        return NULL;
    for (size_t i = 0; i < EFFECTOR_WARRANTS_MAX; i++)
        if (self->entries[i].manifest && hash_equal(&self->entries[i].run, &run))
            return &self->entries[i];
    return NULL;
}

/* Documents came since it held last: who signed it may have been revoked, its release be below a
 * floor. What only time changed takes nothing back from a run that began. */
static int
check_still(effector_t *self, entry_t *entry, fault_t *fault)
{
    fault_t why = {0};
    proof_t proof;
    trust_t *trust = self->place.trust;
    if (entry->documents == self->documents)
        return 0;
    if (read_proof(entry->warrant, &proof, fault))
        return -1;
    const journal_entry_t *first = journal_first(self->place.journal, &entry->run);
    if (first)
        proof.accepted = first->begun;
    CLEANUP(warrant_destroy)
    warrant_t *warrant = trust_check(trust, &proof, self->place.worker, now(self), &why);
    CLEANUP(release_destroy)
    release_t *release = !warrant && is_about_time(why.code)
                             ? trust_check_release(trust, proof.release, proof.release_armors, &why)
                             : NULL;
    if (!warrant && !release)
        return fault_set(fault, why.code, "what was granted holds no more: %s", why.text);
    if (warrant && !entry->dry)
        entry->allowed = warrant->allowed;
    entry->documents = self->documents;
    return 0;
}

/* docs/PROTOCOL.md 7.3: site, run, worker, step, attempt, index. */
static hash_t
key_of(const effector_t *self, const call_t *call)
{
    char attempt[24], index[24];
    snprintf(attempt, sizeof attempt, "%llu", (unsigned long long)call->attempt);
    snprintf(index, sizeof index, "%llu", (unsigned long long)call->index);
    slice_t parts[] = {
        hash_slice(trust_site(self->place.trust)),
        hash_slice(&call->entry->run),
        slice_text(self->place.worker),
        slice_text(call->step),
        slice_text(attempt),
        slice_text(index),
    };
    return hash_of_parts(parts, ARRAY_SIZE(parts));
}

/* Everything about an OP that stands in its frames, and that the manifest declares it. */
static int
read_call(effector_t *self, const frames_t *message, call_t *call, fault_t *fault)
{
    slice_t arguments = frames_at(message, 7);
    call->step = frames_text(message, 3);
    call->name = frames_text(message, 6);
    call->entry = find_entry(self, frames_text(message, 2));
    if (!call->entry)
        return fault_set(fault, FAULT_DENIED, "there is no warrant for this run");
    /* No manifest has a way to allow a second attempt. */
    if (!text_read_u64(frames_text(message, 4), 1, 1, &call->attempt) ||
        !text_read_u64(frames_text(message, 5), 0, RECEIPT_OPS_MAX - 1, &call->index))
        return fault_set(fault, FAULT_FORMAT, "the attempt is not 1, or the index not below %d",
                         RECEIPT_OPS_MAX);
    if (check_still(self, call->entry, fault))
        return -1;
    call->op = op_find(call->name);
    if (!call->op)
        return fault_set(fault, FAULT_OP, "there is no op '%.63s'", call->name);
    call->arguments = value_decode(arguments, fault);
    if (!call->arguments)
        return fault_wrap(fault, "arguments of %s", call->op->name);
    if (manifest_allows(call->entry->manifest, call->step, call->op->name, call->arguments,
                        call->entry->inputs, fault))
        return -1;
    if (op_check(call->op, call->arguments, fault))
        return -1;
    call->arguments_hash = hash_of(arguments);
    if (call->op->least == CLASS_OBSERVE)
        return 0;
    if (!hash_read(frames_text(message, 8), &call->head))
        return fault_set(fault, FAULT_FORMAT, "the head of the journal is not a hash");
    call->key = key_of(self, call);
    return 0;
}

static int
check_allowed(const effector_t *self, const call_t *call, fault_t *fault)
{
    class_t least = call->op->least;
    if (least > CLASS_OBSERVE && call->entry->dry)
        return fault_set(fault, FAULT_CLASS, "%s is %s, and this is a dry run", call->op->name,
                         class_word(least));
    if (least > call->entry->allowed)
        return fault_set(fault, FAULT_CLASS, "%s is %s; those who signed reach %s", call->op->name,
                         class_word(least), class_word(call->entry->allowed));
    return policy_allows(self->place.policy, call->op, call->arguments, fault);
}

/* The window bounds the first op, and the first op bounds the rest; a grant's first op counts. */
static int
check_run(const effector_t *self, const entry_t *entry, wall_t at, fault_t *fault)
{
    const journal_t *journal = self->place.journal;
    const journal_entry_t *first = journal_first(journal, &entry->run);
    if (first && at.ms > first->begun.ms + FINISH_MAX_MS)
        return fault_set(fault, FAULT_WINDOW, "this run began over 72 hours ago");
    if (first)
        return 0;
    if (at.ms > entry->not_after.ms)
        return fault_set(fault, FAULT_WINDOW, "the window for starting this run is over");
    wall_t since = {at.ms - (int64_t)entry->budget_s * 1000};
    if (entry->budget_runs &&
        journal_count_runs(journal, &entry->authority, since) >= entry->budget_runs)
        return fault_set(fault, FAULT_BUDGET, "the grant allows %llu runs within %llu s here",
                         (unsigned long long)entry->budget_runs,
                         (unsigned long long)entry->budget_s);
    return 0;
}

static int
check_start(const effector_t *self, const call_t *call, fault_t *fault)
{
    wall_t at = now(self);
    if (!journal_reaches(self->place.journal, &call->head))
        return fault_set(fault, FAULT_UNKNOWN,
                         "the journal does not reach what the judge recorded: it lost records");
    if (check_allowed(self, call, fault) || check_run(self, call->entry, at, fault))
        return -1;
    return policy_check_rate(self->place.policy, call->op, self->place.journal, at, fault);
}

static int
find_flight(effector_t *self, const call_t *call, size_t *flight, fault_t *fault)
{
    bool fix = call->op->least != CLASS_OBSERVE, found = false;
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

/* 0 whether the op was started or failed at once, which the journal then has. */
static int
launch(effector_t *self, const call_t *call, size_t flight, frames_t **answer, fault_t *fault)
{
    bool fix = call->op->least != CLASS_OBSERVE;
    fault_t why = {0};
    flight_t *at = &self->flights[flight];
    *at = (flight_t){.used = true, .fix = fix, .key = call->key};
    at->once = fix && call->op->again == AGAIN_NEVER;
    text_copy(at->id, sizeof at->id, call->id);
    if (!self->place.io.start(self->place.io.self, flight, call->op, call->arguments,
                              fix ? &call->key : NULL, &why))
        return 0;
    return effector_ended(self, flight, NULL, &why, answer, fault);
}

static int
begin(effector_t *self, const call_t *call, fault_t *fault)
{
    journal_entry_t entry = {
        .key = call->key,
        .run = call->entry->run,
        .release = call->entry->release,
        .authority = call->entry->authority,
        .arguments = call->arguments_hash,
        .begun = now(self),
    };
    text_copy(entry.step, sizeof entry.step, call->step);
    text_copy(entry.op, sizeof entry.op, call->op->name);
    return journal_begin(self->place.journal, &entry, fault);
}

static frames_t *
recorded(const effector_t *self, const call_t *call, const journal_entry_t *known)
{
    if (!strcmp(known->code, "ok"))
        return op_result(self, call->id, bytes_slice(known->result));
    fault_t why = {0};
    CLEANUP(value_destroy) value_t *text = value_decode(bytes_slice(known->result), &why);
    fault_set(&why, fault_of(known->code), "%s", text ? value_string(text) : "");
    return op_fault(self, call->id, &why);
}

/* BEGIN without END: whether it may be tried again under the same key. */
static int
check_again(const effector_t *self, const call_t *call, fault_t *fault)
{
    fault_t why = {0};
    if (self->place.io.end_last(self->place.io.self, &call->key, &why))
        return fault_set(fault, FAULT_UNKNOWN, "%s was cut off, and its last try lives on: %s",
                         call->op->name, why.text);
    if (call->op->again != AGAIN_IDEMPOTENT)
        return fault_set(fault, FAULT_UNKNOWN,
                         "%s was cut off; nobody can know whether it happened", call->op->name);
    if (check_allowed(self, call, &why))
        return fault_set(fault, FAULT_UNKNOWN, "%s was cut off and may not be repeated: %s",
                         call->op->name, why.text);
    return 0;
}

static int
on_fix(effector_t *self, const call_t *call, size_t flight, frames_t **answer, fault_t *fault)
{
    const journal_entry_t *known = journal_find(self->place.journal, &call->key);
    fault_t why = {0};
    if (known && (strcmp(known->op, call->op->name) != 0 ||
                  !hash_equal(&known->arguments, &call->arguments_hash)))
        fault_set(&why, FAULT_UNKNOWN, "another op, or one with other arguments, has this key");
    else if (known && known->ended)
        *answer = recorded(self, call, known);
    else if (!(known ? check_again(self, call, &why)
                     : check_start(self, call, &why) || begin(self, call, &why)))
        return launch(self, call, flight, answer, fault);
    if (journal_is_broken(self->place.journal))
        return fault_set(fault, why.code, "%s", why.text);
    if (!*answer)
        *answer = op_fault(self, call->id, &why);
    return 0;
}

static int
on_op(effector_t *self, const frames_t *message, frames_t **answer, fault_t *fault)
{
    CLEANUP(call_clear) call_t call = {.id = frames_text(message, 1)};
    size_t flight = 0;
    fault_t why = {0};
    if (!read_call(self, message, &call, &why) && !find_flight(self, &call, &flight, &why)) {
        if (call.op->least != CLASS_OBSERVE)
            return on_fix(self, &call, flight, answer, fault);
        if (!check_allowed(self, &call, &why))
            return launch(self, &call, flight, answer, fault);
    }
    *answer = op_fault(self, call.id, &why);
    return 0;
}

/* ---- the two doors ----------------------------------------------------------------------- */

static const struct {
    const char *word;
    size_t frames; /* the word included */
    int (*on)(effector_t *self, const frames_t *message, frames_t **answer, fault_t *fault);
} requests[] = {
    {"DOCUMENT", 4, on_document},
    {"WARRANT", 10, on_warrant},
    {"OP", 9, on_op},
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

/* What was cut off or died may have happened: unknown where it must not be run again. */
static const fault_t *
judge_end(const flight_t *flight, const fault_t *why, fault_t *said)
{
    bool died = why->code == FAULT_UNKNOWN;
    if (flight->once && (died || why->code == FAULT_TIMEOUT))
        fault_set(said, FAULT_UNKNOWN, "%s; nobody can know whether it happened", why->text);
    else if (died)
        fault_set(said, FAULT_FAILED, "%s", why->text);
    return said->code ? said : why;
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
    if (!result)
        why = judge_end(at, why, &said);
    if (at->fix && write_end(self, &at->key, result, why, fault))
        return -1;
    if (!result) {
        *answer = op_fault(self, at->id, why);
        return 0;
    }
    CLEANUP(bytes_destroy) bytes_t *encoded = bytes_new();
    value_encode(result, encoded);
    *answer = op_result(self, at->id, bytes_slice(encoded));
    return 0;
}
