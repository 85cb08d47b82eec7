/* SPDX-License-Identifier: Apache-2.0 */
#include "worker/judge.h"

#include <assert.h>
#include <stdlib.h>

#include "common/log.h"
#include "common/text.h"
#include "wire/holdings.h"
#include "wire/message.h"
#include "wire/site_folder.h"
#include "worker/papers.h"
#include "worker/report.h"
#include "worker/vigil.h"
#include "worker/witness.h"

#define KEEP_MS   (90LL * 24 * 3600 * 1000) /* receipts, for a broker that was put back */
#define FORGET_MS (60 * 1000)

struct judge {
    trust_t *trust;
    const machinekey_t *key;
    ledger_t *ledger;
    outbox_t *outbox;
    scribe_t *scribe;
    workplace_t place;
    char worker[TEXT_NAME_MAX + 1];
    intake_t *intake;
    papers_t papers;
    report_t report;
    vigil_t vigil;
    parts_t parts;
    unsigned online;   /* links whose brokers are there, as outbox counts them */
    unsigned greeting; /* those where HELLO is said, and not answered yet */
    mono_t forgot;     /* when old receipts were looked for; 0 for never */
};

/* ---- making one -------------------------------------------------------------------------- */

judge_t *
judge_new(const char *worker, const char *boot, trust_t *trust, const machinekey_t *key,
          ledger_t *ledger, outbox_t *outbox, fault_t *fault)
{
    CLEANUP(judge_destroy) judge_t *self = memory_new(1, sizeof *self);
    self->trust = trust;
    self->key = key;
    self->ledger = ledger;
    self->outbox = outbox;
    text_copy(self->worker, sizeof self->worker, worker);
    self->place = (workplace_t){.trust = trust,
                                .ledger = ledger,
                                .outbox = outbox,
                                .worker = self->worker,
                                .runners = {.outbox = outbox},
                                .freshness = freshness_new(worker, boot)};
    self->parts.place = &self->place;
    self->papers.place = &self->place;
    self->vigil.place = &self->place;
    if (papers_restore(&self->papers, fault) || vigil_restore(&self->vigil, fault))
        return NULL;
    self->scribe = scribe_new(worker, trust_site(trust), key, ledger, outbox, fault);
    if (!self->scribe)
        return NULL;
    self->place.scribe = self->scribe;
    self->intake = intake_new(&self->place);
    return MOVE(self);
}

void
judge_destroy(judge_t **self_p)
{
    judge_t *self = *self_p;
    if (!self)
        return;
    intake_destroy(&self->intake);
    parts_clear(&self->parts);
    scribe_destroy(&self->scribe);
    report_clear(&self->report);
    freshness_destroy(&self->place.freshness);
    free(self);
    *self_p = NULL;
}

void
judge_open_with(judge_t *self, const curvepair_t *sealing)
{
    self->place.sealing = sealing;
}

int
judge_learn(judge_t *self, slice_t document, slice_t armors, wall_t now, fault_t *fault)
{
    fault_t why = {0};
    if (papers_add(&self->papers, document, armors, now, &why, fault))
        return -1;
    return why.code ? fault_set(fault, why.code, "%s", why.text) : 0;
}

/* What comes in now is decided as of this clock, and as of no earlier time than the newest beacon
 * was made. */
static wall_t
enter(judge_t *self, wall_t now, mono_t clock)
{
    wall_t made = freshness_made(self->place.freshness, self->trust);
    self->place.clock = clock;
    return made.ms > now.ms ? made : now;
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

/* ---- what the link brings ---------------------------------------------------------------- */

static int
say_hello(judge_t *self, const frames_t *frames, wall_t now, mono_t clock, fault_t *fault)
{
    CLEANUP(value_destroy) value_t *state = value_map();
    CLEANUP(bytes_destroy) bytes_t *encoded = bytes_new();
    char head[HASH_TEXT];
    uint64_t oldest;
    (void)frames;
    (void)now;
    (void)clock;
    if (scribe_oldest(self->scribe, &oldest, fault) || witness_say(&self->place, state, fault))
        return -1;
    self->online |= self->place.link;
    self->greeting |= self->place.link;
    intake_forget_wanted(self->intake, self->place.link);
    value_set_integer(state, "sequence", (int64_t)scribe_sequence(self->scribe));
    value_set_integer(state, "oldest", (int64_t)oldest);
    value_set_text(state, "head", hash_write(scribe_head(self->scribe), head));
    holdings_say(self->place.trust, state);
    value_encode(state, encoded);
    frames_t *hello = message_new(MESSAGE_HELLO);
    frames_add_text(hello, PROTOCOL_VERSION);
    frames_add_text(hello, self->worker);
    frames_add(hello, bytes_slice(encoded));
    outbox_add(self->outbox, TO_LINK, self->place.link, hello);
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
    if (!(self->greeting & self->place.link))
        return say_hello(self, frames, now, clock, fault);
    uint64_t last;
    self->greeting &= ~self->place.link;
    report_welcome(&self->report, self->place.link, self->outbox);
    vigil_welcome(&self->vigil);
    parts_say_waiting(&self->parts);
    if (!text_read_u64(frames_text(frames, 3), 0, INT64_MAX, &last))
        return 0;
    return scribe_repeat_behind(self->scribe, self->place.link, last, fault);
}

static int
on_ack(judge_t *self, const frames_t *frames, wall_t now, mono_t clock, fault_t *fault)
{
    uint64_t sequence;
    hash_t hash;
    if (!text_read_u64(frames_text(frames, 1), 1, INT64_MAX, &sequence) ||
        !hash_read(frames_text(frames, 2), &hash))
        return 0;
    if (scribe_acknowledge(self->scribe, self->place.link, sequence, &hash, fault))
        return -1;
    if (self->forgot.ms && clock.ms - self->forgot.ms < FORGET_MS)
        return 0;
    self->forgot = clock;
    return ledger_forget_receipts(self->ledger, (wall_t){now.ms - KEEP_MS}, fault);
}

static int
on_broker_document(judge_t *self, const frames_t *frames, wall_t now, mono_t clock, fault_t *fault)
{
    fault_t why = {0};
    slice_t document = frames_at(frames, 1), armors = frames_at(frames, 2);
    char name[TRUST_NAME_MAX];
    if (papers_add(&self->papers, document, armors, now, &why, fault))
        return -1;
    if (why.code) {
        log_fault("a document from the broker", &why);
        return 0;
    }
    if (trust_name(document, name, fault))
        return -1;
    log_info("document=%s is kept", name);
    papers_show(&self->papers, document, armors);
    if (halt_is(document))
        return parts_stop(&self->parts, now, clock, fault);
    return find_place(self, fault);
}

static int
on_beacon(judge_t *self, const frames_t *frames, wall_t now, mono_t clock, fault_t *fault)
{
    int heard = vigil_on_beacon(&self->vigil, frames, fault);
    if (heard <= 0 || (self->greeting & self->place.link) || !vigil_lacks(&self->vigil))
        return heard < 0 ? -1 : 0;
    return say_hello(self, frames, now, clock, fault);
}

static int
on_consent(judge_t *self, const frames_t *frames, wall_t now, mono_t clock, fault_t *fault)
{
    hash_t run;
    part_t *part = hash_read(frames_text(frames, 1), &run) ? parts_of(&self->parts, &run) : NULL;
    if (!part)
        return 0; /* it has ended, and its receipts say how */
    if (part_on_consent(part, frames_at(frames, 2), frames_at(frames, 3), now, clock, fault))
        return -1;
    return parts_settle(&self->parts, now, clock, fault);
}

/* Of a run that has no part here no more comes either. */
static int
on_more(judge_t *self, const frames_t *frames, wall_t now, mono_t clock, fault_t *fault)
{
    hash_t run;
    uint64_t offset;
    bool closed = true;
    (void)now;
    (void)clock;
    if (!hash_read(frames_text(frames, 1), &run) ||
        !text_read_u64(frames_text(frames, 2), 0, INT64_MAX, &offset))
        return 0;
    if (ledger_is_closed(self->ledger, &run, &closed, fault))
        return -1;
    return transcript_repeat(&run, offset, closed, self->ledger, self->place.link, self->outbox,
                             fault);
}

static int
on_checkpoint(judge_t *self, const frames_t *frames, wall_t now, mono_t clock, fault_t *fault)
{
    (void)clock;
    return witness_on_checkpoint(&self->place, self->key, frames, now, fault);
}

static int
on_offline(judge_t *self, const frames_t *frames, wall_t now, mono_t clock, fault_t *fault)
{
    (void)frames;
    (void)now;
    (void)clock;
    (void)fault;
    self->online &= ~self->place.link;
    if (self->online)
        return 0;
    vigil_leave(&self->vigil);
    log_debug("no broker is there");
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
    {"OFFLINE", 1, on_offline},
    {"WELCOME", 4, on_welcome},
    {"OFFER", 10, on_offer},
    {"GIVE", 5, on_give},
    {"ACK", 3, on_ack},
    {"DOCUMENT", 3, on_broker_document},
    {"CONSENT", 4, on_consent},
    {"MORE", 3, on_more},
    {"WITNESS", 7, on_checkpoint},
    {"BEACON", 4, on_beacon},
};

int
judge_on_link(judge_t *self, unsigned link, const frames_t *frames, wall_t now, mono_t clock,
              fault_t *fault)
{
    const char *word = frames_text(frames, 0);
    assert(link < WORKER_BROKERS_MAX);
    now = enter(self, now, clock);
    for (size_t i = 0; i < ARRAY_SIZE(from_link); i++) {
        if (strcmp(from_link[i].word, word) != 0 || from_link[i].count != frames->count)
            continue;
        self->place.link = 1u << link;
        int result = from_link[i].handle(self, frames, now, clock, fault);
        self->place.link = 0;
        return result;
    }
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
    outbox_add(self->outbox, TO_LINK, offer->links, frames);
    log_info("run=%.64s accepted: %s", frames_text(offer->frames, OFFER_RUN),
             warrant->release->playbook);
    return 0;
}

/* A stop may have come since the offer was examined. */
static fault_t
stop_of_offer(const judge_t *self, const offer_t *offer)
{
    fault_t why = {0};
    for (size_t i = 0; !why.code && i < offer->brief.script_count; i++)
        why = parts_stop_of(&self->parts, offer->brief.warrant, offer->brief.scripts[i].manifest);
    return why;
}

/* Nothing that changes anything begins without a beacon. */
static int
check_beacon(const judge_t *self, const offer_t *offer, fault_t *fault)
{
    const warrant_t *warrant = offer->brief.warrant;
    class_t worst = CLASS_OBSERVE;
    for (size_t i = 0; i < offer->brief.script_count; i++)
        if (offer->brief.scripts[i].highest > worst && !(warrant->order && warrant->order->dry))
            worst = offer->brief.scripts[i].highest;
    return freshness_check(self->place.freshness, self->trust, worst, warrant->grant,
                           self->place.clock, fault);
}

/* Judge and effector think well of it. */
static int
begin_part(judge_t *self, offer_t *offer, wall_t now, mono_t clock, fault_t *fault)
{
    bool known = offer->accepted.ms;
    fault_t why = stop_of_offer(self, offer);
    if (!why.code && check_beacon(self, offer, &why) && known) {
        intake_hold(self->intake, offer);
        return 0;
    }
    if (why.code) {
        int failed = intake_refuse(self->intake, offer, &why, now, fault);
        outbox_add(self->outbox, TO_EFFECTOR, 0, offer_over(&offer->run));
        intake_drop(self->intake, offer);
        return failed;
    }
    if (!known && write_accepted(self, offer, now, fault))
        return -1;
    part_t *part = part_new(&self->place, &offer->brief, known ? offer->accepted : now);
    intake_drop(self->intake, offer);
    parts_add(&self->parts, part);
    return part_begin(part, now, clock, fault);
}

static int
begin_ready(judge_t *self, wall_t now, mono_t clock, fault_t *fault)
{
    offer_t *offer;
    while ((offer = intake_ready(self->intake)))
        if (begin_part(self, offer, now, clock, fault))
            return -1;
    return parts_settle(&self->parts, now, clock, fault);
}

static int
on_granted(judge_t *self, const frames_t *frames, wall_t now, mono_t clock, fault_t *fault)
{
    hash_t run;
    if (!hash_read(frames_text(frames, 1), &run) ||
        !hash_read(frames_text(frames, 4), &self->place.head))
        return fault_set(fault, FAULT_FORMAT, "the effector granted what was not asked");
    if (intake_on_granted(self->intake, &run, fault))
        return -1;
    return begin_ready(self, now, clock, fault);
}

/* The run of an id that starts with this word; false for any other id. */
static bool
id_run(const char *id, const char *word, hash_t *run)
{
    size_t size = strlen(word);
    return !strncmp(id, word, size) && id[size] == ' ' && hash_read(id + size + 1, run);
}

typedef struct {
    judge_t *judge;
    wall_t now;
} resuming_t;

static int
resume(void *context, const part_row_t *row, fault_t *fault)
{
    const resuming_t *restart = context;
    judge_t *self = restart->judge;
    if (parts_of(&self->parts, &row->run) || intake_has(self->intake, &row->run))
        return 0;
    return intake_resume(self->intake, row, restart->now, fault);
}

/* What a restart left open, and does not go on yet. */
static int
resume_all(judge_t *self, wall_t now, fault_t *fault)
{
    resuming_t restart = {self, now};
    self->place.held = 0;
    return ledger_each_open_part(self->ledger, resume, &restart, fault);
}

static int
on_kept(judge_t *self, const frames_t *frames, wall_t now, mono_t clock, fault_t *fault)
{
    const char *id = frames_text(frames, 1);
    hash_t run;
    papers_on_kept(&self->papers, id);
    if (vigil_is_kept(id) && self->place.held)
        return resume_all(self, now, fault);
    if (!id_run(id, "callee", &run))
        return 0;
    intake_on_callee(self->intake, &run);
    return begin_ready(self, now, clock, fault);
}

static int
on_refused(judge_t *self, const frames_t *frames, wall_t now, mono_t clock, fault_t *fault)
{
    hash_t run;
    fault_t why = {0};
    const char *id = frames_text(frames, 1);
    bool callee = id_run(id, "callee", &run);
    (void)clock;
    fault_code_t code = fault_of(frames_text(frames, 2));
    fault_set(&why, code > FAULT_NONE && code < FAULT_CODES ? code : FAULT_POLICY, "%s",
              frames_text(frames, 3));
    if (callee || hash_read(id, &run))
        return intake_on_refused(self->intake, &run, callee, &why, now, fault);
    if (*id == 'd' && why.code == FAULT_VERSION) { /* the ledger is an older copy: brokers know */
        log_warning("the effector keeps a newer document: %s", why.text);
        return 0;
    }
    if (*id == 'd')
        return fault_set(fault, why.code, "the effector refuses a document: %s", why.text);
    log_fault("the effector refuses a stop, a consent or a beacon", &why);
    return 0;
}

static int
on_op_answer(judge_t *self, const frames_t *frames, wall_t now, mono_t clock, fault_t *fault)
{
    uint64_t number;
    if (!hash_read(frames_text(frames, frames->count - 1), &self->place.head) ||
        !text_read_u64(frames_text(frames, 1), 1, INT64_MAX, &number))
        return fault_set(fault, FAULT_FORMAT, "the effector's answer has no id or journal head");
    part_t *part = parts_asked(&self->parts, number);
    if (!part)
        return fault_set(fault, FAULT_FORMAT, "the effector answered what was not asked");
    if (part_on_effector(part, number, frames, now, clock, fault))
        return -1;
    return parts_settle(&self->parts, now, clock, fault);
}

static int
on_allowance(judge_t *self, const frames_t *frames, wall_t now, mono_t clock, fault_t *fault)
{
    (void)now;
    (void)clock;
    return report_take(&self->report, frames_at(frames, 2), self->worker, self->trust, self->key,
                       self->outbox, fault);
}

static int
on_nonce(judge_t *self, const frames_t *frames, wall_t now, mono_t clock, fault_t *fault)
{
    (void)now;
    (void)clock;
    return vigil_on_nonce(&self->vigil, frames, fault);
}

static const struct {
    const char *word;
    size_t count;
    handler_t *handle;
} from_effector[] = {
    {"KEPT", 2, on_kept},           {"GRANTED", 5, on_granted}, {"REFUSED", 4, on_refused},
    {"RESULT", 4, on_op_answer},    {"WOULD", 4, on_op_answer}, {"FAULT", 5, on_op_answer},
    {"ALLOWANCE", 3, on_allowance}, {"NONCE", 3, on_nonce},
};

int
judge_on_effector(judge_t *self, const frames_t *frames, wall_t now, mono_t clock, fault_t *fault)
{
    const char *word = frames_text(frames, 0);
    now = enter(self, now, clock);
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
    part_t *part = parts_with(&self->parts, runner);
    now = enter(self, now, clock);
    if (part && part_on_runner(part, runner, frames, now, clock, fault))
        return -1;
    return parts_settle(&self->parts, now, clock, fault);
}

int
judge_on_runner_ready(judge_t *self, uint64_t runner, fault_t *fault)
{
    part_t *part = parts_with(&self->parts, runner);
    (void)fault;
    if (part)
        part_on_ready(part, runner);
    else
        runners_on_ready(&self->place.runners, runner);
    return 0;
}

int
judge_on_runner_end(judge_t *self, uint64_t runner, int status, wall_t now, mono_t clock,
                    fault_t *fault)
{
    part_t *part = parts_with(&self->parts, runner);
    runners_t *runners = &self->place.runners;
    now = enter(self, now, clock);
    bool done_with = !part && !runners_on_end(runners, runner);
    if ((part && part_on_runner_end(part, runner, status, now, clock, fault)) ||
        parts_settle(&self->parts, now, clock, fault))
        return -1;
    if (done_with) /* its step is over, and nobody waits: a good moment */
        runners_prepare(runners);
    return 0;
}

bool
judge_wants_runner(const judge_t *self, uint64_t runner)
{
    return runner && (self->place.runners.spare == runner || parts_with(&self->parts, runner));
}

size_t
judge_offers(const judge_t *self)
{
    return intake_count(self->intake);
}

mono_t
judge_deadline(const judge_t *self)
{
    mono_t parts = parts_deadline(&self->parts), vigil = vigil_deadline(&self->vigil);
    return !vigil.ms || (parts.ms && parts.ms < vigil.ms) ? parts : vigil;
}

int
judge_tick(judge_t *self, wall_t now, mono_t clock, fault_t *fault)
{
    now = enter(self, now, clock);
    vigil_tick(&self->vigil);
    return parts_tick(&self->parts, now, clock, fault);
}

/* ---- start ------------------------------------------------------------------------------- */

int
judge_start(judge_t *self, wall_t now, mono_t clock, fault_t *fault)
{
    now = enter(self, now, clock);
    if (find_place(self, fault))
        return -1;
    report_ask(self->outbox);
    if (papers_forget(&self->papers, now, fault) || papers_show_all(&self->papers, fault))
        return -1;
    return resume_all(self, now, fault);
}
