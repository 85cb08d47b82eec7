/* SPDX-License-Identifier: Apache-2.0 */
#include "worker/witness.h"

#include <stdio.h>

#include "common/log.h"
#include "keys/cosignature.h"
#include "wire/checkpoint.h"
#include "wire/consistency.h"
#include "wire/message.h"

/* ---- what is remembered -------------------------------------------------------------------- */

static int
say_log(void *context, const log_row_t *row, fault_t *fault)
{
    (void)fault;
    value_set_integer(context, row->broker, (int64_t)row->size);
    return 0;
}

int
witness_say(const workplace_t *place, value_t *state, fault_t *fault)
{
    CLEANUP(value_destroy) value_t *witnessed = value_map();
    if (ledger_each_log(place->ledger, say_log, witnessed, fault))
        return -1;
    if (value_count(witnessed))
        value_set(state, "witnessed", MOVE(witnessed));
    return 0;
}

/* Of the log of one broker; size 0 and a zero key where nothing is known. */
static int
know_log(void *context, const log_row_t *row, fault_t *fault)
{
    log_row_t *known = context;
    const char *broker = known->broker;
    (void)fault;
    if (!strcmp(row->broker, broker)) {
        *known = *row;
        known->broker = broker;
    }
    return 0;
}

/* ---- what is looked at ---------------------------------------------------------------------- */

/* A WITNESS, decoded; slices are its frames'. */
typedef struct {
    uint64_t from; /* leaves that the proof begins with */
    consistency_t proof;
    checkpoint_t checkpoint;
    hash_t key;          /* that signed it */
    restart_t *restart;  /* that holds for this broker's log; NULL: none. Ours */
    signers_t officers;  /* who signed that */
    fault_t unrestarted; /* why there is none; FAULT_NONE: none was sent */
} request_t;

static bool
lists_broker(const people_t *people, const char *name)
{
    for (size_t i = 0; people && i < people->broker_count; i++)
        if (!strcmp(people->brokers[i].name, name))
            return true;
    return false;
}

static int
check_witness(const workplace_t *place, const machinekey_t *key, fault_t *fault)
{
    const root_t *root = trust_root(place->trust);
    const witness_t *line = root ? root_witness(root, place->worker) : NULL;
    if (!line || !pubkey_equal(&line->key, machinekey_public(key)))
        return fault_set(fault, FAULT_DENIED,
                         "the root that '%s' has does not list it as a witness", place->worker);
    return 0;
}

/* One that no longer holds, as of officers who left, stands in no log's way that goes on. */
static void
read_restart(request_t *self, const trust_t *trust, const frames_t *frames)
{
    fault_t *fault = &self->unrestarted;
    slice_t document = frames_at(frames, 5);
    CLEANUP(restart_destroy) restart_t *restart = NULL;
    if (document.size)
        restart =
            trust_check_restart(trust, document, frames_at(frames, 6), &self->officers, fault);
    if (restart &&
        !restart_check(restart, self->checkpoint.broker, restart->size, &restart->head, fault))
        self->restart = MOVE(restart);
}

static int
read_request(request_t *self, const workplace_t *place, const frames_t *frames, fault_t *fault)
{
    signature_t signature;
    slice_t document = frames_at(frames, 3);
    if (!text_read_u64(frames_text(frames, 1), 0, INT64_MAX, &self->from) ||
        !consistency_read(&self->proof, frames_at(frames, 2)))
        return fault_set(fault, FAULT_FORMAT, "its proof is malformed");
    if (checkpoint_decode(&self->checkpoint, document, fault))
        return -1;
    if (!hash_equal(&self->checkpoint.site, trust_site(place->trust)))
        return fault_set(fault, FAULT_SITE, "made for another site");
    if (!lists_broker(trust_people(place->trust), self->checkpoint.broker))
        return fault_set(fault, FAULT_NOT_FOUND, "people list no broker '%s'",
                         self->checkpoint.broker);
    if (signature_decode(&signature, frames_at(frames, 4), fault) ||
        signature_check(&signature, document, SIGN_CHECKPOINT, fault))
        return -1;
    self->key = pubkey_hash(&signature.key);
    read_restart(self, place->trust, frames);
    return 0;
}

static int
check_shorter(const request_t *self, uint64_t size, fault_t *fault)
{
    if (self->checkpoint.size < size)
        return fault_set(fault, FAULT_VERSION, "the log has %llu leaves, and must have %llu",
                         (unsigned long long)self->checkpoint.size, (unsigned long long)size);
    return 0;
}

static int
check_proof(const request_t *self, uint64_t size, const hash_t *head, fault_t *fault)
{
    if (consistency_holds(&self->proof, size, head, self->checkpoint.size, &self->checkpoint.head))
        return 0;
    return fault_set(fault, FAULT_PROOF,
                     "the log does not go on from %llu leaves that are known: it has two histories",
                     (unsigned long long)size);
}

/* Whether the proof is to begin where a restart says, which lies behind what was cosigned. */
static bool
goes_back(const request_t *self, const log_row_t *known)
{
    return self->restart && self->from == self->restart->size && self->from < known->size;
}

/* A restart is of use once: one that the log needed, or had while it went on, explains nothing
 * again, and none that is older. */
static int
check_restart(const request_t *self, const log_row_t *known, fault_t *fault)
{
    const restart_t *restart = self->restart;
    if (restart->created.ms <= known->restarted.ms)
        return fault_set(
            fault, FAULT_REPLAY,
            "the restart behind %llu leaves is not newer than the last one of this log",
            (unsigned long long)restart->size);
    return check_shorter(self, restart->size, fault) ||
                   check_proof(self, restart->size, &restart->head, fault)
               ? -1
               : 0;
}

/* One history: the same broker's, at least as long, and the same as far as it was known, or as far
 * as officers say that it stands. */
static int
check_history(const request_t *self, const log_row_t *known, fault_t *fault)
{
    bool first = hash_equal(&known->key, &HASH_ZERO);
    if (!first && !hash_equal(&known->key, &self->key))
        return fault_set(fault, FAULT_KEY,
                         "signed by another key than the first: a broker with a new key has a new "
                         "name");
    if (goes_back(self, known))
        return check_restart(self, known, fault);
    if (self->from != known->size && self->unrestarted.code != FAULT_NONE) {
        *fault = self->unrestarted;
        return -1;
    }
    if (check_shorter(self, known->size, fault))
        return -1;
    if (self->from != known->size)
        return fault_set(fault, FAULT_CONFLICT, "the proof begins with %llu leaves, not with %llu",
                         (unsigned long long)self->from, (unsigned long long)known->size);
    return check_proof(self, known->size, &known->head, fault);
}

/* ---- what is said --------------------------------------------------------------------------- */

static void
answer(const workplace_t *place, uint64_t size, const fault_t *why, slice_t line)
{
    char text[24];
    snprintf(text, sizeof text, "%llu", (unsigned long long)size);
    frames_t *frames = message_new(MESSAGE_COSIGNED);
    frames_add_text(frames, text);
    frames_add_text(frames, fault_word(why->code));
    frames_add_text(frames, why->text);
    frames_add(frames, line);
    outbox_add(place->outbox, TO_LINK, place->link, frames);
}

static void
refuse(const workplace_t *place, const char *broker, uint64_t size, const fault_t *why)
{
    bool loud = why->code == FAULT_KEY || why->code == FAULT_VERSION || why->code == FAULT_PROOF ||
                why->code == FAULT_REPLAY;
    if (loud)
        log_error("ALARM: broker=%s: its log is not cosigned: %s (%s)", broker, why->text,
                  fault_word(why->code));
    else
        log_warning("broker=%s: its log is not cosigned: %s (%s)", broker, why->text,
                    fault_word(why->code));
    answer(place, size, why, slice_of(NULL, 0));
}

static void
say_restarted(const request_t *self, const log_row_t *known)
{
    const restart_t *restart = self->restart;
    CLEANUP(bytes_destroy) bytes_t *who = bytes_new();
    for (size_t i = 0; i < self->officers.count; i++)
        bytes_addf(who, "%s%s", i ? ", " : "", self->officers.person[i]);
    log_error("ALARM: broker=%s: of %llu leaves that were cosigned, those behind the first %llu "
              "are gone, by the word of %s: %s",
              restart->broker, (unsigned long long)known->size, (unsigned long long)restart->size,
              bytes_text(who), restart->reason);
}

/* On the disk first: whatever comes after a signature, this worker knows what it signed. */
static int
keep(const workplace_t *place, const request_t *request, const log_row_t *known, fault_t *fault)
{
    wall_t restarted = request->restart ? request->restart->created : (wall_t){0};
    if (restarted.ms < known->restarted.ms)
        restarted = known->restarted;
    if (hash_equal(&known->key, &request->key) && known->size == request->checkpoint.size &&
        known->restarted.ms == restarted.ms)
        return 0;
    log_row_t row = {.broker = request->checkpoint.broker,
                     .key = request->key,
                     .size = request->checkpoint.size,
                     .head = request->checkpoint.head,
                     .restarted = restarted};
    return ledger_put_log(place->ledger, &row, fault) || ledger_commit(place->ledger, fault) ? -1
                                                                                             : 0;
}

static int
consider(request_t *request, const workplace_t *place, const machinekey_t *key,
         const frames_t *frames, wall_t now, fault_t *fault)
{
    fault_t why = {0};
    log_row_t known = {.broker = request->checkpoint.broker};
    int wrong = check_witness(place, key, &why) || read_request(request, place, frames, &why);
    if (!wrong) {
        if (ledger_each_log(place->ledger, know_log, &known, fault))
            return -1;
        wrong = check_history(request, &known, &why);
    }
    if (wrong) {
        refuse(place, *known.broker ? known.broker : "?", known.size, &why);
        return 0;
    }
    CLEANUP(bytes_destroy) bytes_t *body = bytes_new();
    CLEANUP(bytes_destroy) bytes_t *line = bytes_new();
    if (keep(place, request, &known, fault))
        return -1;
    if (goes_back(request, &known))
        say_restarted(request, &known);
    checkpoint_body(&request->checkpoint, body);
    cosignature_make(key, place->worker, now, bytes_slice(body), line);
    answer(place, request->checkpoint.size, &why, bytes_slice(line));
    return 0;
}

int
witness_on_checkpoint(const workplace_t *place, const machinekey_t *key, const frames_t *frames,
                      wall_t now, fault_t *fault)
{
    request_t request = {.from = 0};
    if (outbox_is_full(place->outbox)) /* the broker asks again */
        return 0;
    int result = consider(&request, place, key, frames, now, fault);
    restart_destroy(&request.restart);
    return result;
}
