/* SPDX-License-Identifier: Apache-2.0 */
#include "worker/judge.h"

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>

#include "common/log.h"
#include "common/text.h"
#include "wire/message.h"
#include "worker/site_folder.h"

struct judge {
    trust_t *trust;
    const machinekey_t *key;
    ledger_t *ledger;
    outbox_t *outbox;
    scribe_t *scribe;
    workplace_t place;
    char worker[TEXT_NAME_MAX + 1];
    intake_t *intake;
    part_t *parts[JUDGE_PARTS_MAX]; /* place.open of them */
    uint64_t document_number;       /* ids of DOCUMENTs to the effector */
    bool greeting;                  /* HELLO is said, and not answered yet */
};

/* ---- making one -------------------------------------------------------------------------- */

static int
on_document(void *context, slice_t document, slice_t armors, fault_t *fault)
{
    return trust_restore(context, document, armors, fault);
}

judge_t *
judge_new(const char *worker, trust_t *trust, const machinekey_t *key, ledger_t *ledger,
          outbox_t *outbox, fault_t *fault)
{
    CLEANUP(judge_destroy) judge_t *self = memory_new(1, sizeof *self);
    self->trust = trust;
    self->key = key;
    self->ledger = ledger;
    self->outbox = outbox;
    text_copy(self->worker, sizeof self->worker, worker);
    if (ledger_each_document(ledger, on_document, trust, fault)) {
        fault_wrap(fault, "a document in the ledger");
        return NULL;
    }
    self->scribe = scribe_new(worker, trust_site(trust), key, ledger, outbox, fault);
    if (!self->scribe)
        return NULL;
    self->place = (workplace_t){
        .scribe = self->scribe, .ledger = ledger, .outbox = outbox, .worker = self->worker};
    self->intake = intake_new(&self->place, trust);
    return MOVE(self);
}

void
judge_destroy(judge_t **self_p)
{
    judge_t *self = *self_p;
    if (!self)
        return;
    intake_destroy(&self->intake);
    for (size_t i = 0; i < self->place.open; i++)
        part_destroy(&self->parts[i]);
    scribe_destroy(&self->scribe);
    free(self);
    *self_p = NULL;
}

static void
tell_effector(judge_t *self, slice_t document, slice_t armors)
{
    char id[32];
    snprintf(id, sizeof id, "d%llu", (unsigned long long)++self->document_number);
    frames_t *frames = frames_new();
    frames_add_text(frames, "DOCUMENT");
    frames_add_text(frames, id);
    frames_add(frames, document);
    frames_add(frames, armors);
    outbox_add(self->outbox, TO_EFFECTOR, 0, frames);
}

int
judge_learn(judge_t *self, slice_t document, slice_t armors, fault_t *fault)
{
    char name[SITE_DOCUMENT_NAME_MAX];
    if (trust_add(self->trust, document, armors, fault) ||
        site_document_name(document, name, fault) ||
        ledger_put_document(self->ledger, name, document, armors, fault))
        return -1;
    outbox_need_commit(self->outbox);
    return 0;
}

/* Where the fleet has this worker; said again whenever a document is new. */
static int
find_place(judge_t *self, fault_t *fault)
{
    const fleet_t *fleet = NULL;
    const worker_line_t *worker = trust_worker(self->trust, self->worker, &fleet);
    if (!worker)
        return fault_set(fault, FAULT_NOT_FOUND,
                         "no fleet document lists worker '%s': have an officer enrol it",
                         self->worker);
    if (!pubkey_equal(&worker->key, machinekey_public(self->key)))
        return fault_set(fault, FAULT_KEY,
                         "the fleet document lists another signing key for worker '%s'",
                         self->worker);
    self->place.region = fleet->region;
    self->place.labels = worker->labels;
    return 0;
}

/* ---- finding things ---------------------------------------------------------------------- */

static part_t *
find_part(const judge_t *self, const hash_t *run)
{
    for (size_t i = 0; i < self->place.open; i++)
        if (hash_equal(part_run(self->parts[i]), run))
            return self->parts[i];
    return NULL;
}

static part_t *
find_runner(const judge_t *self, uint64_t runner)
{
    for (size_t i = 0; runner && i < self->place.open; i++)
        if (part_runner(self->parts[i]) == runner)
            return self->parts[i];
    return NULL;
}

static void
drop_closed_parts(judge_t *self)
{
    for (size_t i = 0; i < self->place.open;) {
        if (part_closed(self->parts[i])) {
            part_destroy(&self->parts[i]);
            self->parts[i] = self->parts[--self->place.open];
        } else {
            i++;
        }
    }
}

/* ---- what the link brings ---------------------------------------------------------------- */

static int
say_hello(judge_t *self, const frames_t *frames, wall_t now, mono_t clock, fault_t *fault)
{
    CLEANUP(value_destroy) value_t *state = value_map();
    CLEANUP(bytes_destroy) bytes_t *encoded = bytes_new();
    char head[HASH_TEXT], key[80];
    uint64_t oldest;
    (void)frames;
    (void)now;
    (void)clock;
    if (scribe_oldest(self->scribe, &oldest, fault))
        return -1;
    self->greeting = true;
    intake_forget_wanted(self->intake);
    value_set_integer(state, "sequence", (int64_t)scribe_sequence(self->scribe));
    value_set_integer(state, "oldest", (int64_t)oldest);
    value_set_text(state, "head", hash_write(scribe_head(self->scribe), head));
    if (trust_root(self->trust))
        value_set_integer(state, "root", (int64_t)trust_root(self->trust)->version);
    if (trust_people(self->trust))
        value_set_integer(state, "people", (int64_t)trust_people(self->trust)->version);
    for (size_t i = 0; i < trust_fleet_count(self->trust); i++) {
        const fleet_t *fleet = trust_fleet(self->trust, i);
        snprintf(key, sizeof key, "fleet.%s", fleet->region);
        value_set_integer(state, key, (int64_t)fleet->version);
    }
    value_encode(state, encoded);
    frames_t *hello = message_new(MESSAGE_HELLO);
    frames_add_text(hello, PROTOCOL_VERSION);
    frames_add_text(hello, self->worker);
    frames_add(hello, bytes_slice(encoded));
    outbox_add(self->outbox, TO_LINK, 0, hello);
    return 0;
}

static int
on_offer(judge_t *self, const frames_t *frames, wall_t now, mono_t clock, fault_t *fault)
{
    (void)clock;
    return intake_on_offer(self->intake, frames, now, fault);
}

static int
on_give(judge_t *self, const frames_t *frames, wall_t now, mono_t clock, fault_t *fault)
{
    (void)clock;
    return intake_on_give(self->intake, frames, now, fault);
}

/* One that no HELLO asked for is a broker's wish to be told again where this worker stands. */
static int
on_welcome(judge_t *self, const frames_t *frames, wall_t now, mono_t clock, fault_t *fault)
{
    if (!self->greeting)
        return say_hello(self, frames, now, clock, fault);
    self->greeting = false;
    return scribe_repeat(self->scribe, NULL, fault);
}

static int
on_ack(judge_t *self, const frames_t *frames, wall_t now, mono_t clock, fault_t *fault)
{
    uint64_t sequence;
    hash_t hash;
    (void)now;
    (void)clock;
    if (!text_read_u64(frames_text(frames, 1), 1, INT64_MAX, &sequence) ||
        !hash_read(frames_text(frames, 2), &hash))
        return 0;
    return ledger_acknowledge(self->ledger, sequence, &hash, fault);
}

static int
on_broker_document(judge_t *self, const frames_t *frames, wall_t now, mono_t clock, fault_t *fault)
{
    fault_t why = {0};
    char name[SITE_DOCUMENT_NAME_MAX];
    (void)now;
    (void)clock;
    if (trust_add(self->trust, frames_at(frames, 1), frames_at(frames, 2), &why)) {
        log_fault("a document from the broker", &why);
        return 0;
    }
    if (site_document_name(frames_at(frames, 1), name, fault) ||
        ledger_put_document(self->ledger, name, frames_at(frames, 1), frames_at(frames, 2), fault))
        return -1;
    log_info("document=%s is new", name);
    outbox_need_commit(self->outbox);
    tell_effector(self, frames_at(frames, 1), frames_at(frames, 2));
    return find_place(self, fault);
}

/* For what needs no answer. */
static int
nothing(judge_t *self, const frames_t *frames, wall_t now, mono_t clock, fault_t *fault)
{
    (void)self;
    (void)now;
    (void)clock;
    (void)fault;
    log_debug("%s", frames_text(frames, 0));
    return 0;
}

typedef int(handler_t)(judge_t *self, const frames_t *frames, wall_t now, mono_t clock,
                       fault_t *fault);

static const struct {
    const char *word;
    size_t count; /* of frames, the word included */
    handler_t *handle;
} from_link[] = {
    {"ONLINE", 2, say_hello},
    {"OFFLINE", 1, nothing},
    {"WELCOME", 3, on_welcome},
    {"OFFER", 10, on_offer},
    {"GIVE", 5, on_give},
    {"ACK", 3, on_ack},
    {"DOCUMENT", 3, on_broker_document},
};

int
judge_on_link(judge_t *self, const frames_t *frames, wall_t now, mono_t clock, fault_t *fault)
{
    const char *word = frames_text(frames, 0);
    for (size_t i = 0; i < ARRAY_SIZE(from_link); i++)
        if (!strcmp(from_link[i].word, word) && from_link[i].count == frames->count)
            return from_link[i].handle(self, frames, now, clock, fault);
    log_warning("the link brought '%.20s' with %zu frames, which is no message for a worker", word,
                frames->count);
    return 0;
}

/* ---- the effector ------------------------------------------------------------------------ */

static int
write_accepted(judge_t *self, const offer_t *offer, wall_t now, fault_t *fault)
{
    const warrant_t *warrant = offer->brief.warrant;
    CLEANUP(bytes_destroy) bytes_t *encoded = bytes_new();
    frames_encode(offer->frames, encoded);
    part_row_t row = {.run = offer->run,
                      .authority = warrant->authority,
                      .release = offer->release,
                      .by_grant = offer->by_grant,
                      .accepted = now,
                      .offer = bytes_slice(encoded),
                      .evidence = offer_evidence(offer)};
    if (ledger_put_part(self->ledger, &row, fault))
        return -1;
    outbox_need_commit(self->outbox);
    frames_t *frames = message_new(MESSAGE_ACCEPT);
    frames_add(frames, frames_at(offer->frames, OFFER_RUN));
    outbox_add(self->outbox, TO_LINK, 0, frames);
    log_info("run=%.64s accepted: %s", frames_text(offer->frames, OFFER_RUN),
             warrant->release->playbook);
    return 0;
}

static int
on_granted(judge_t *self, const frames_t *frames, wall_t now, mono_t clock, fault_t *fault)
{
    hash_t run;
    offer_t *offer =
        hash_read(frames_text(frames, 1), &run) ? intake_find(self->intake, &run) : NULL;
    if (!offer || !hash_read(frames_text(frames, 4), &self->place.head))
        return fault_set(fault, FAULT_FORMAT, "the effector granted what was not asked");
    if (!offer->accepted.ms && write_accepted(self, offer, now, fault))
        return -1;
    part_t *part = part_new(&self->place, &offer->brief);
    intake_drop(self->intake, offer);
    assert(self->place.open < JUDGE_PARTS_MAX);
    self->parts[self->place.open++] = part;
    int failed = part_begin(part, now, clock, fault);
    drop_closed_parts(self);
    return failed;
}

static int
on_refused(judge_t *self, const frames_t *frames, wall_t now, mono_t clock, fault_t *fault)
{
    hash_t run;
    fault_t why = {0};
    (void)clock;
    fault_code_t code = fault_of(frames_text(frames, 2));
    fault_set(&why, code > FAULT_NONE && code < FAULT_CODES ? code : FAULT_POLICY, "%s",
              frames_text(frames, 3));
    if (!hash_read(frames_text(frames, 1), &run))
        return fault_set(fault, why.code, "the effector refuses a document: %s", why.text);
    offer_t *offer = intake_find(self->intake, &run);
    if (!offer)
        return fault_set(fault, FAULT_FORMAT, "the effector refused what was not asked");
    int failed = intake_refuse(self->intake, offer, &why, now, fault);
    intake_drop(self->intake, offer);
    return failed;
}

static int
on_op_answer(judge_t *self, const frames_t *frames, wall_t now, mono_t clock, fault_t *fault)
{
    hash_t run;
    part_t *part = hash_read(frames_text(frames, 1), &run) ? find_part(self, &run) : NULL;
    if (!hash_read(frames_text(frames, frames->count - 1), &self->place.head))
        return fault_set(fault, FAULT_FORMAT, "the effector's answer has no journal head");
    if (!part)
        return 0; /* the step was given up before */
    int failed = part_on_effector(part, frames, now, clock, fault);
    drop_closed_parts(self);
    return failed;
}

static const struct {
    const char *word;
    size_t count;
    handler_t *handle;
} from_effector[] = {
    {"KEPT", 2, nothing},        {"GRANTED", 5, on_granted}, {"REFUSED", 4, on_refused},
    {"RESULT", 4, on_op_answer}, {"FAULT", 5, on_op_answer},
};

int
judge_on_effector(judge_t *self, const frames_t *frames, wall_t now, mono_t clock, fault_t *fault)
{
    const char *word = frames_text(frames, 0);
    for (size_t i = 0; i < ARRAY_SIZE(from_effector); i++)
        if (!strcmp(from_effector[i].word, word) && from_effector[i].count == frames->count)
            return from_effector[i].handle(self, frames, now, clock, fault);
    return fault_set(fault, FAULT_FORMAT, "the effector said '%.20s' with %zu frames", word,
                     frames->count);
}

/* ---- runners and time -------------------------------------------------------------------- */

int
judge_on_runner(judge_t *self, uint64_t runner, const frames_t *frames, wall_t now, mono_t clock,
                fault_t *fault)
{
    part_t *part = find_runner(self, runner);
    int failed = part ? part_on_runner(part, frames, now, clock, fault) : 0;
    drop_closed_parts(self);
    return failed;
}

int
judge_on_runner_ready(judge_t *self, uint64_t runner, fault_t *fault)
{
    part_t *part = find_runner(self, runner);
    return part ? part_on_ready(part, fault) : 0;
}

int
judge_on_runner_end(judge_t *self, uint64_t runner, int status, wall_t now, mono_t clock,
                    fault_t *fault)
{
    part_t *part = find_runner(self, runner);
    int failed = part ? part_on_runner_end(part, status, now, clock, fault) : 0;
    drop_closed_parts(self);
    return failed;
}

bool
judge_wants_runner(const judge_t *self, uint64_t runner)
{
    return find_runner(self, runner) != NULL;
}

mono_t
judge_deadline(const judge_t *self)
{
    mono_t earliest = {0};
    for (size_t i = 0; i < self->place.open; i++) {
        mono_t deadline = part_deadline(self->parts[i]);
        if (deadline.ms && (!earliest.ms || deadline.ms < earliest.ms))
            earliest = deadline;
    }
    return earliest;
}

void
judge_tick(judge_t *self, mono_t clock)
{
    for (size_t i = 0; i < self->place.open; i++) {
        mono_t deadline = part_deadline(self->parts[i]);
        if (deadline.ms && deadline.ms <= clock.ms)
            part_on_deadline(self->parts[i]);
    }
}

/* ---- start ------------------------------------------------------------------------------- */

static int
pass_document(void *context, slice_t document, slice_t armors, fault_t *fault)
{
    (void)fault;
    tell_effector(context, document, armors);
    return 0;
}

typedef struct {
    judge_t *judge;
    wall_t now;
} restart_t;

static int
resume(void *context, const part_row_t *row, fault_t *fault)
{
    const restart_t *restart = context;
    return intake_resume(restart->judge->intake, row, restart->now, fault);
}

int
judge_start(judge_t *self, wall_t now, fault_t *fault)
{
    restart_t restart = {self, now};
    if (find_place(self, fault))
        return -1;
    if (ledger_each_document(self->ledger, pass_document, self, fault) ||
        ledger_each_open_part(self->ledger, resume, &restart, fault))
        return -1;
    return 0;
}
