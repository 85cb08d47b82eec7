/* SPDX-License-Identifier: Apache-2.0 */
#include "worker/judge.h"

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>

#include "common/document.h"
#include "common/log.h"
#include "common/text.h"
#include "wire/message.h"

/* An offer on its way to acceptance: for a release that is WANTed, or for the effector's word. */
typedef struct {
    hash_t run;
    frames_t *offer;  /* ours */
    brief_t brief;    /* ours; empty while the release is wanted */
    bool resumed;     /* accepted before a restart */
} waiting_t;

struct judge {
    trust_t *trust;
    const machinekey_t *key;
    ledger_t *ledger;
    outbox_t *outbox;
    scribe_t *scribe;
    workplace_t place;
    char worker[TEXT_NAME_MAX + 1];
    waiting_t waiting[JUDGE_WAITING_MAX];
    size_t waiting_count;
    part_t *parts[JUDGE_PARTS_MAX];
    size_t part_count;
    uint64_t document_number; /* ids of DOCUMENTs to the effector */
};

/* ---- making one -------------------------------------------------------------------------- */

static int
on_document(void *context, slice_t document, slice_t armors, fault_t *fault)
{
    return trust_add(context, document, armors, fault);
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
    self->place = (workplace_t){.scribe = self->scribe, .ledger = ledger, .outbox = outbox,
                                .worker = self->worker};
    return MOVE(self);
}

static void
clear_waiting(waiting_t *waiting)
{
    frames_destroy(&waiting->offer);
    brief_clear(&waiting->brief);
}

void
judge_destroy(judge_t **self_p)
{
    judge_t *self = *self_p;
    if (!self)
        return;
    for (size_t i = 0; i < self->waiting_count; i++)
        clear_waiting(&self->waiting[i]);
    for (size_t i = 0; i < self->part_count; i++)
        part_destroy(&self->parts[i]);
    scribe_destroy(&self->scribe);
    free(self);
    *self_p = NULL;
}

/* Under which name a document is kept: root.N, people, fleet.REGION. */
static int
document_name_of(slice_t document, char out[static 80], fault_t *fault)
{
    char type[16];
    document_type(document, type, sizeof type);
    if (!strcmp(type, "root")) {
        CLEANUP(root_destroy) root_t *root = root_decode(document, fault);
        if (!root)
            return -1;
        snprintf(out, 80, "root.%llu", (unsigned long long)root->version);
    } else if (!strcmp(type, "fleet")) {
        CLEANUP(fleet_destroy) fleet_t *fleet = fleet_decode(document, fault);
        if (!fleet)
            return -1;
        snprintf(out, 80, "fleet.%s", fleet->region);
    } else {
        snprintf(out, 80, "%s", "people");
    }
    return 0;
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
    char name[80];
    if (trust_add(self->trust, document, armors, fault) ||
        document_name_of(document, name, fault) ||
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

static waiting_t *
find_waiting(judge_t *self, const hash_t *run)
{
    for (size_t i = 0; i < self->waiting_count; i++)
        if (hash_equal(&self->waiting[i].run, run))
            return &self->waiting[i];
    return NULL;
}

static void
drop_waiting(judge_t *self, waiting_t *waiting)
{
    size_t index = (size_t)(waiting - self->waiting);
    clear_waiting(waiting);
    self->waiting[index] = self->waiting[--self->waiting_count];
    self->waiting[self->waiting_count] = (waiting_t){0};
}

static part_t *
find_part(const judge_t *self, const hash_t *run)
{
    for (size_t i = 0; i < self->part_count; i++)
        if (hash_equal(part_run(self->parts[i]), run))
            return self->parts[i];
    return NULL;
}

static part_t *
find_runner(const judge_t *self, uint64_t runner)
{
    for (size_t i = 0; runner && i < self->part_count; i++)
        if (part_runner(self->parts[i]) == runner)
            return self->parts[i];
    return NULL;
}

static void
drop_closed_parts(judge_t *self)
{
    for (size_t i = 0; i < self->part_count;) {
        if (part_closed(self->parts[i])) {
            part_destroy(&self->parts[i]);
            self->parts[i] = self->parts[--self->part_count];
        } else {
            i++;
        }
    }
}

/* ---- answering --------------------------------------------------------------------------- */

static void
say_accept(judge_t *self, const hash_t *run)
{
    char text[HASH_TEXT];
    frames_t *frames = message_new(MESSAGE_ACCEPT);
    frames_add_text(frames, hash_write(run, text));
    outbox_add(self->outbox, TO_LINK, 0, frames);
}

static void
say_refuse(judge_t *self, const char *run, const fault_t *why)
{
    log_warning("run=%.64s refused: %s (%s)", run, why->text, fault_word(why->code));
    frames_t *frames = message_new(MESSAGE_REFUSE);
    frames_add_text(frames, run);
    frames_add_text(frames, fault_word(why->code));
    frames_add_text(frames, why->text);
    outbox_add(self->outbox, TO_LINK, 0, frames);
}

/* What was judged after a responder's signature had held deserves a signed no; everything else, and
 * whatever a broker can make up by itself (an alert), is answered unsigned and not kept. */
static int
refuse(judge_t *self, const frames_t *offer, const warrant_t *warrant, const fault_t *why,
       wall_t now, fault_t *fault)
{
    if (!warrant || warrant->grant) {
        say_refuse(self, frames_text(offer, OFFER_RUN), why);
        return 0;
    }
    log_warning("run=%.64s refused: %s (%s)", frames_text(offer, OFFER_RUN), why->text,
                fault_word(why->code));
    part_row_t row = {.run = warrant->run, .authority = warrant->authority,
                      .release = warrant->release_hash, .accepted = now, .closed = true,
                      .evidence = frames_at(offer, OFFER_AUTHORITY)};
    if (ledger_put_part(self->ledger, &row, fault))
        return -1;
    return part_write_refusal(self->scribe, &warrant->run, &warrant->release_hash, "order", why,
                              now, fault);
}

/* ---- an offer ---------------------------------------------------------------------------- */

/* The bytes that must be the same when a run is offered again. */
static slice_t
evidence_of(const frames_t *offer)
{
    bool by_grant = !strcmp(frames_text(offer, OFFER_KIND), "grant");
    return frames_at(offer, by_grant ? OFFER_ALERT : OFFER_AUTHORITY);
}

static warrant_t *
prove(judge_t *self, const frames_t *offer, const kept_release_t *kept, wall_t now, fault_t *fault)
{
    proof_t proof = {
        .by_grant = !strcmp(frames_text(offer, OFFER_KIND), "grant"),
        .authority = frames_at(offer, OFFER_AUTHORITY),
        .authority_armors = frames_at(offer, OFFER_ARMORS),
        .alert = frames_at(offer, OFFER_ALERT),
        .alert_armors = frames_at(offer, OFFER_ALERT_ARMOR),
        .release = bytes_slice(kept->document),
        .release_armors = bytes_slice(kept->armors),
    };
    CLEANUP(warrant_destroy) warrant_t *warrant =
        trust_check(self->trust, &proof, self->worker, now, fault);
    char run[HASH_TEXT];
    if (warrant && strcmp(hash_write(&warrant->run, run), frames_text(offer, OFFER_RUN)) != 0) {
        fault_set(fault, FAULT_FORMAT, "the offer's run is not the hash of what it carries");
        return NULL;
    }
    return MOVE(warrant);
}

/* Every file of the release by length and hash, none missing, none besides; then the manifest. */
static int
check_files(const release_t *release, const value_t *files, brief_t *brief, fault_t *fault)
{
    if (value_kind(files) != VALUE_MAP || value_count(files) != release->file_count)
        return fault_set(fault, FAULT_HASH, "release '%s' %llu comes with %zu files, not %zu",
                         release->playbook, (unsigned long long)release->sequence,
                         value_count(files), release->file_count);
    for (size_t i = 0; i < release->file_count; i++) {
        const value_t *file = value_get(files, release->files[i].path);
        if (!file)
            return fault_set(fault, FAULT_HASH, "file '%s' of release '%s' is missing",
                             release->files[i].path, release->playbook);
        if (release_check_file(release, release->files[i].path, value_slice(file), fault))
            return -1;
    }
    slice_t manifest = value_slice(value_get(files, "manifest"));
    hash_t hash = hash_of(manifest);
    if (!hash_equal(&hash, &release->manifest))
        return fault_set(fault, FAULT_HASH, "the manifest is not the one that was approved");
    brief->manifest = manifest_decode(manifest, fault);
    if (!brief->manifest)
        return fault_wrap(fault, "manifest of '%s'", release->playbook);
    if (strcmp(brief->manifest->playbook, release->playbook) != 0 ||
        brief->manifest->highest != release->highest)
        return fault_set(fault, FAULT_CLASS, "the manifest says '%s' %s, the release '%s' %s",
                         brief->manifest->playbook, class_word(brief->manifest->highest),
                         release->playbook, class_word(release->highest));
    brief->playbook = bytes_copy(value_slice(value_get(files, "playbook.lua")));
    return 0;
}

static int
read_inputs(const warrant_t *warrant, brief_t *brief, fault_t *fault)
{
    if (warrant->order) {
        brief->inputs = manifest_inputs(brief->manifest, warrant->order->inputs,
                                        warrant->order->input_count, fault);
        return brief->inputs ? 0 : -1;
    }
    CLEANUP(memory_free) input_text_t *texts = memory_new(ORDER_INPUTS_MAX, sizeof *texts);
    size_t count = manifest_map(brief->manifest, warrant->alert, texts);
    if (grant_check_inputs(warrant->grant, texts, count, fault))
        return -1;
    brief->inputs = manifest_inputs(brief->manifest, texts, count, fault);
    return brief->inputs ? 0 : -1;
}

static int
check_budget(judge_t *self, const warrant_t *warrant, wall_t now, fault_t *fault)
{
    uint64_t count = 0;
    if (!warrant->grant)
        return 0;
    wall_t since = {now.ms - (int64_t)warrant->grant->budget_s * 1000};
    if (ledger_count_grant(self->ledger, &warrant->authority, since, &count, fault))
        return -1;
    for (size_t i = 0; i < self->waiting_count; i++) {
        const warrant_t *other = self->waiting[i].brief.warrant;
        count += other && hash_equal(&other->authority, &warrant->authority);
    }
    if (count >= warrant->grant->budget_runs)
        return fault_set(fault, FAULT_BUDGET, "the grant allows %llu runs within %llu s here",
                         (unsigned long long)warrant->grant->budget_runs,
                         (unsigned long long)warrant->grant->budget_s);
    return 0;
}

/* The worker of the wave before that this receipt is an ok of, if it proves one. */
static const target_line_t *
proved_target(judge_t *self, const warrant_t *warrant, const value_t *item, wall_t *ended,
              fault_t *fault)
{
    const value_t *document = value_get(item, "document");
    const value_t *armor = value_get(item, "armor");
    if (!document || !armor)
        return NULL;
    CLEANUP(receipt_destroy) receipt_t *receipt = receipt_decode(value_slice(document), fault);
    if (!receipt)
        return NULL;
    const worker_line_t *worker = trust_worker(self->trust, receipt->worker, NULL);
    const target_line_t *target = order_target(warrant->order, receipt->worker);
    if (!worker || !target || target->wave + 1 != warrant->wave ||
        receipt->part != OUTCOME_OK || !hash_equal(&receipt->run, &warrant->run) ||
        receipt_check(value_slice(document), value_slice(armor), &worker->key, fault))
        return NULL;
    *ended = receipt->ended;
    return target;
}

/* DESIGN: at least size - max_failures ok receipts of the wave before, soaked. */
static int
check_wave(judge_t *self, const warrant_t *warrant, slice_t receipts, wall_t now, fault_t *fault)
{
    if (!warrant->order || warrant->wave <= 1)
        return 0;
    CLEANUP(value_destroy) value_t *list = value_decode(receipts, fault);
    const target_line_t *proved[ORDER_WAVE_MAX];
    size_t size = 0, good = 0;
    if (!list)
        return fault_wrap(fault, "receipts of the wave before");
    for (size_t i = 0; i < warrant->order->target_count; i++)
        size += warrant->order->targets[i].wave + 1 == warrant->wave;
    for (size_t i = 0; i < value_count(list) && good < ORDER_WAVE_MAX; i++) {
        fault_t why = {0};
        wall_t ended = {0};
        const target_line_t *target =
            proved_target(self, warrant, value_at(list, i), &ended, &why);
        bool again = false;
        for (size_t j = 0; j < good; j++)
            again = again || proved[j] == target;
        if (target && !again && ended.ms + (int64_t)warrant->order->soak_s * 1000 <= now.ms)
            proved[good++] = target;
    }
    if (good + warrant->order->max_failures < size)
        return fault_set(fault, FAULT_PROOF,
                         "wave %u needs %zu soaked ok receipts of wave %u, and has %zu",
                         warrant->wave, size - warrant->order->max_failures, warrant->wave - 1,
                         good);
    return 0;
}

static void
ask_effector(judge_t *self, const frames_t *offer, const kept_release_t *kept,
             const value_t *files)
{
    frames_t *frames = frames_new();
    frames_add_text(frames, "WARRANT");
    frames_add_text(frames, frames_text(offer, OFFER_RUN));
    for (size_t i = OFFER_KIND; i <= OFFER_ALERT_ARMOR; i++)
        frames_add(frames, frames_at(offer, i));
    frames_add(frames, bytes_slice(kept->document));
    frames_add(frames, bytes_slice(kept->armors));
    frames_add(frames, value_slice(value_get(files, "manifest")));
    outbox_add(self->outbox, TO_EFFECTOR, 0, frames);
}

/* Everything that docs/PROTOCOL.md 4 asks between the site and the local policy. On a fault
 * brief->warrant tells whether somebody's valid order stood behind it. */
static int
examine(judge_t *self, const frames_t *offer, const kept_release_t *kept, const value_t *files,
        bool resumed, wall_t now, brief_t *brief, fault_t *fault)
{
    brief->warrant = prove(self, offer, kept, now, fault);
    if (!brief->warrant)
        return -1;
    if (check_files(brief->warrant->release, files, brief, fault) ||
        read_inputs(brief->warrant, brief, fault))
        return -1;
    if (resumed)
        return 0;
    return check_budget(self, brief->warrant, now, fault) ||
                   check_wave(self, brief->warrant, frames_at(offer, OFFER_RECEIPTS), now, fault)
               ? -1
               : 0;
}

/* An offer whose release is at hand. */
static int
consider(judge_t *self, frames_t **offer, const kept_release_t *kept, bool resumed, wall_t now,
         fault_t *fault)
{
    fault_t why = {0};
    CLEANUP(brief_clear) brief_t brief = {0};
    CLEANUP(value_destroy) value_t *files = value_decode(bytes_slice(kept->files), &why);
    if (!files || examine(self, *offer, kept, files, resumed, now, &brief, &why)) {
        if (resumed)
            return fault_set(fault, why.code, "run %.64s was accepted and no longer proves: %s",
                             frames_text(*offer, OFFER_RUN), why.text);
        return refuse(self, *offer, brief.warrant, &why, now, fault);
    }
    if (self->waiting_count == JUDGE_WAITING_MAX || self->part_count == JUDGE_PARTS_MAX) {
        fault_set(&why, FAULT_LIMIT, "this worker has %d runs at hand already", JUDGE_PARTS_MAX);
        say_refuse(self, frames_text(*offer, OFFER_RUN), &why);
        return 0;
    }
    ask_effector(self, *offer, kept, files);
    waiting_t *waiting = &self->waiting[self->waiting_count++];
    *waiting = (waiting_t){.run = brief.warrant->run, .offer = MOVE(*offer), .resumed = resumed};
    waiting->brief = brief;
    brief = (brief_t){0};
    return 0;
}

/* A run that the ledger knows: ACCEPT while open, its receipts again once done. 1 if it was. */
static int
answer_known(judge_t *self, const hash_t *run, const frames_t *offer, fault_t *fault)
{
    part_known_t known = PART_UNSEEN;
    bool closed = false;
    if (ledger_find_part(self->ledger, run, evidence_of(offer), &known, &closed, fault))
        return -1;
    if (known == PART_UNSEEN)
        return 0;
    if (known == PART_OTHER) {
        fault_t why;
        fault_set(&why, FAULT_REPLAY, "this run is known here, by other bytes");
        say_refuse(self, frames_text(offer, OFFER_RUN), &why);
    } else if (closed) {
        if (scribe_repeat(self->scribe, run, fault))
            return -1;
    } else {
        say_accept(self, run);
    }
    return 1;
}

static int
want_release(judge_t *self, const hash_t *run, const hash_t *release, frames_t **offer)
{
    char text[HASH_TEXT];
    fault_t why;
    if (self->waiting_count == JUDGE_WAITING_MAX) {
        fault_set(&why, FAULT_LIMIT, "this worker has %d offers at hand already",
                  JUDGE_WAITING_MAX);
        say_refuse(self, frames_text(*offer, OFFER_RUN), &why);
        return 0;
    }
    frames_t *want = message_new(MESSAGE_WANT);
    frames_add_text(want, hash_write(release, text));
    outbox_add(self->outbox, TO_LINK, 0, want);
    self->waiting[self->waiting_count++] = (waiting_t){.run = *run, .offer = MOVE(*offer)};
    return 0;
}

static int
on_offer(judge_t *self, const frames_t *frames, wall_t now, mono_t clock, fault_t *fault)
{
    hash_t run, release;
    fault_t why = {0};
    (void)clock;
    const char *kind = frames_text(frames, OFFER_KIND);
    bool formed = hash_read(frames_text(frames, OFFER_RUN), &run) &&
                  hash_read(frames_text(frames, OFFER_RELEASE), &release) &&
                  (!strcmp(kind, "order") || !strcmp(kind, "grant"));
    if (!formed) {
        fault_set(&why, FAULT_FORMAT, "an OFFER without a run, a kind or a release hash");
        say_refuse(self, frames_text(frames, OFFER_RUN), &why);
        return 0;
    }
    if (find_waiting(self, &run))
        return 0; /* being looked at */
    int known = answer_known(self, &run, frames, fault);
    if (known)
        return known < 0 ? -1 : 0;
    CLEANUP(frames_destroy) frames_t *offer = frames_new();
    for (size_t i = 0; i < frames->count; i++)
        frames_add(offer, frames_at(frames, i));
    CLEANUP(kept_release_clear) kept_release_t kept = {0};
    if (ledger_get_release(self->ledger, &release, &kept, fault))
        return -1;
    if (!kept.document)
        return want_release(self, &run, &release, &offer);
    return consider(self, &offer, &kept, false, now, fault);
}

/* A release for offers that wait for it. Kept only once an offer has proved it. */
static int
on_give(judge_t *self, const frames_t *frames, wall_t now, mono_t clock, fault_t *fault)
{
    hash_t hash = hash_of(frames_at(frames, 2));
    char text[HASH_TEXT];
    (void)clock;
    hash_write(&hash, text);
    for (size_t i = 0; i < self->waiting_count; i++) {
        waiting_t *waiting = &self->waiting[i];
        if (waiting->brief.warrant ||
            strcmp(frames_text(waiting->offer, OFFER_RELEASE), frames_text(frames, 1)) != 0)
            continue;
        CLEANUP(frames_destroy) frames_t *offer = MOVE(waiting->offer);
        drop_waiting(self, waiting);
        i--;
        if (strcmp(text, frames_text(frames, 1)) != 0) {
            fault_t why;
            fault_set(&why, FAULT_HASH, "the release that was given has another hash (%s)", text);
            say_refuse(self, frames_text(offer, OFFER_RUN), &why);
            continue;
        }
        CLEANUP(kept_release_clear) kept_release_t kept = {
            .document = bytes_copy(frames_at(frames, 2)),
            .armors = bytes_copy(frames_at(frames, 3)),
            .files = bytes_copy(frames_at(frames, 4)),
        };
        size_t before = self->waiting_count;
        if (consider(self, &offer, &kept, false, now, fault))
            return -1;
        if (self->waiting_count > before &&
            ledger_put_release(self->ledger, &hash, bytes_slice(kept.document),
                               bytes_slice(kept.armors), bytes_slice(kept.files), fault))
            return -1;
    }
    return 0;
}

/* ---- the rest of what the link brings ---------------------------------------------------- */

static int
say_hello(judge_t *self, const frames_t *frames, wall_t now, mono_t clock, fault_t *fault)
{
    CLEANUP(value_destroy) value_t *state = value_map();
    CLEANUP(bytes_destroy) bytes_t *encoded = bytes_new();
    char head[HASH_TEXT], key[80];
    (void)frames;
    (void)now;
    (void)clock;
    (void)fault;
    value_set_integer(state, "sequence", (int64_t)scribe_sequence(self->scribe));
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
on_welcome(judge_t *self, const frames_t *frames, wall_t now, mono_t clock, fault_t *fault)
{
    (void)frames;
    (void)now;
    (void)clock;
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
    char name[80];
    (void)now;
    (void)clock;
    if (trust_add(self->trust, frames_at(frames, 1), frames_at(frames, 2), &why)) {
        log_fault("a document from the broker", &why);
        return 0;
    }
    if (document_name_of(frames_at(frames, 1), name, fault) ||
        ledger_put_document(self->ledger, name, frames_at(frames, 1), frames_at(frames, 2), fault))
        return -1;
    log_info("document=%s is new", name);
    outbox_need_commit(self->outbox);
    tell_effector(self, frames_at(frames, 1), frames_at(frames, 2));
    return find_place(self, fault);
}

static int
nothing(judge_t *self, const frames_t *frames, wall_t now, mono_t clock, fault_t *fault)
{
    (void)self;
    (void)now;
    (void)clock;
    (void)fault;
    log_info("link: %s", frames_text(frames, 0));
    return 0;
}

typedef int(handler_t)(judge_t *self, const frames_t *frames, wall_t now, mono_t clock,
                       fault_t *fault);

static const struct {
    const char *word;
    size_t count; /* of frames, the word included */
    handler_t *handle;
} from_link[] = {
    {"ONLINE", 2, say_hello},  {"OFFLINE", 1, nothing}, {"WELCOME", 3, on_welcome},
    {"OFFER", 9, on_offer},    {"GIVE", 5, on_give},    {"ACK", 3, on_ack},
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
accept(judge_t *self, waiting_t *waiting, wall_t now, mono_t clock, fault_t *fault)
{
    const warrant_t *warrant = waiting->brief.warrant;
    CLEANUP(bytes_destroy) bytes_t *encoded = bytes_new();
    frames_encode(waiting->offer, encoded);
    part_row_t row = {.run = warrant->run, .authority = warrant->authority,
                      .release = warrant->release_hash, .by_grant = warrant->grant != NULL,
                      .accepted = now, .offer = bytes_slice(encoded),
                      .evidence = evidence_of(waiting->offer)};
    if (!waiting->resumed) {
        if (ledger_put_part(self->ledger, &row, fault))
            return -1;
        outbox_need_commit(self->outbox);
        say_accept(self, &warrant->run);
        log_info("run=%.64s accepted: %s", frames_text(waiting->offer, OFFER_RUN),
                 warrant->release->playbook);
    }
    part_t *part = part_new(&self->place, &waiting->brief);
    self->parts[self->part_count++] = part;
    drop_waiting(self, waiting);
    int failed = part_begin(part, now, clock, fault);
    drop_closed_parts(self);
    return failed;
}

static int
on_granted(judge_t *self, const frames_t *frames, wall_t now, mono_t clock, fault_t *fault)
{
    hash_t run;
    waiting_t *waiting =
        hash_read(frames_text(frames, 1), &run) ? find_waiting(self, &run) : NULL;
    if (!waiting || !waiting->brief.warrant || !hash_read(frames_text(frames, 4), &self->place.head))
        return fault_set(fault, FAULT_FORMAT, "the effector granted what was not asked");
    return accept(self, waiting, now, clock, fault);
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
    if (frames_text(frames, 1)[0] == 'd')
        return fault_set(fault, why.code, "the effector refuses a document: %s", why.text);
    waiting_t *waiting =
        hash_read(frames_text(frames, 1), &run) ? find_waiting(self, &run) : NULL;
    if (!waiting || !waiting->brief.warrant)
        return fault_set(fault, FAULT_FORMAT, "the effector refused what was not asked");
    int failed;
    if (waiting->resumed) {
        CLEANUP(part_destroy) part_t *part = part_new(&self->place, &waiting->brief);
        failed = part_refuse(part, &why, now, fault);
    } else {
        failed = refuse(self, waiting->offer, waiting->brief.warrant, &why, now, fault);
    }
    drop_waiting(self, waiting);
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

static int
kept(judge_t *self, const frames_t *frames, wall_t now, mono_t clock, fault_t *fault)
{
    (void)self;
    (void)frames;
    (void)now;
    (void)clock;
    (void)fault;
    return 0;
}

static const struct {
    const char *word;
    size_t count;
    handler_t *handle;
} from_effector[] = {
    {"KEPT", 2, kept},          {"GRANTED", 5, on_granted}, {"REFUSED", 4, on_refused},
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
    for (size_t i = 0; i < self->part_count; i++) {
        mono_t deadline = part_deadline(self->parts[i]);
        if (deadline.ms && (!earliest.ms || deadline.ms < earliest.ms))
            earliest = deadline;
    }
    return earliest;
}

void
judge_tick(judge_t *self, mono_t clock)
{
    for (size_t i = 0; i < self->part_count; i++) {
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

static int
resume(void *context, const part_row_t *row, fault_t *fault)
{
    judge_t *self = context;
    CLEANUP(bytes_destroy) bytes_t *encoded = bytes_copy(row->offer);
    CLEANUP(kept_release_clear) kept_release_t kept = {0};
    CLEANUP(frames_destroy) frames_t *offer = frames_take(encoded, fault);
    if (!offer)
        return fault_wrap(fault, "an offer in the ledger");
    if (ledger_get_release(self->ledger, &row->release, &kept, fault))
        return -1;
    if (!kept.document)
        return fault_set(fault, FAULT_IO, "the ledger has lost the release of an open run");
    return consider(self, &offer, &kept, true, row->accepted, fault);
}

int
judge_start(judge_t *self, wall_t now, mono_t clock, fault_t *fault)
{
    (void)now;
    (void)clock;
    if (find_place(self, fault))
        return -1;
    if (ledger_each_document(self->ledger, pass_document, self, fault) ||
        ledger_each_open_part(self->ledger, resume, self, fault))
        return -1;
    return 0;
}
