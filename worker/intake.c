/* SPDX-License-Identifier: Apache-2.0 */
#include "worker/intake.h"

#include <assert.h>
#include <stdlib.h>

#include "common/log.h"
#include "wire/bundle.h"
#include "wire/message.h"

struct intake {
    workplace_t *place;
    offer_t offers[INTAKE_MAX];
    size_t count;
    hash_t withdrawn[2 *
                     INTAKE_MAX]; /* runs that the effector was asked about, and nobody waits for */
    size_t withdrawn_count;
    wall_t span;       /* when the present span of refusals began */
    unsigned refusals; /* in it, said and unsaid */
};

intake_t *
intake_new(workplace_t *place)
{
    intake_t *self = memory_new(1, sizeof *self);
    self->place = place;
    return self;
}

void
intake_destroy(intake_t **self_p)
{
    intake_t *self = *self_p;
    if (!self)
        return;
    while (self->count)
        intake_drop(self, &self->offers[0]);
    free(self);
    *self_p = NULL;
}

/* Count where none is of that run. */
static size_t
place_of(const intake_t *self, const hash_t *run)
{
    size_t at = 0;
    while (at < self->count && !hash_equal(&self->offers[at].run, run))
        at++;
    return at;
}

static offer_t *
find(intake_t *self, const hash_t *run)
{
    size_t at = place_of(self, run);
    return at < self->count ? &self->offers[at] : NULL;
}

bool
intake_has(const intake_t *self, const hash_t *run)
{
    return place_of(self, run) < self->count;
}

/* Whether it waits for a release. */
static bool
is_wanting(const offer_t *offer)
{
    return offer->missing_count;
}

/* The effector's answer about it will find nobody, and nobody needs what it was shown. */
static void
withdraw(intake_t *self, offer_t *offer)
{
    if (offer->asked)
        outbox_add(self->place->outbox, TO_EFFECTOR, 0, offer_over(&offer->run));
    if (offer->asked && !offer->granted) {
        assert(self->withdrawn_count < ARRAY_SIZE(self->withdrawn));
        self->withdrawn[self->withdrawn_count++] = offer->run;
    }
    offer->asked = offer->granted = false;
}

/* Whether the effector's next answer about this run is one that nobody waits for: answers come in
 * the order of what was asked. */
static bool
was_withdrawn(intake_t *self, const hash_t *run)
{
    for (size_t i = 0; i < self->withdrawn_count; i++)
        if (hash_equal(&self->withdrawn[i], run)) {
            self->withdrawn[i] = self->withdrawn[--self->withdrawn_count];
            return true;
        }
    return false;
}

void
intake_drop(intake_t *self, offer_t *offer)
{
    size_t index = (size_t)(offer - self->offers);
    assert(index < self->count);
    offer_clear(offer);
    self->offers[index] = self->offers[--self->count];
    self->offers[self->count] = (offer_t){0};
}

void
intake_hold(intake_t *self, offer_t *offer)
{
    char run[HASH_TEXT];
    assert(offer->accepted.ms);
    log_info("run=%.64s waits for a beacon before it goes on", hash_write(&offer->run, run));
    outbox_add(self->place->outbox, TO_EFFECTOR, 0, offer_over(&offer->run));
    self->place->held++;
    intake_drop(self, offer);
}

void
intake_forget_wanted(intake_t *self, unsigned link)
{
    for (size_t i = self->count; i-- > 0;)
        if (is_wanting(&self->offers[i]) && self->offers[i].links == link) {
            withdraw(self, &self->offers[i]);
            intake_drop(self, &self->offers[i]);
        }
}

/* ---- saying no --------------------------------------------------------------------------- */

/* What anyone can provoke is bounded: beyond REFUSALS_MAX within REFUSALS_MS no more is said, here
 * or to the log, but for that. A clock that goes back begins another span. */
static bool
may_refuse(intake_t *self, wall_t now)
{
    if (now.ms < self->span.ms || now.ms - self->span.ms >= REFUSALS_MS) {
        if (self->refusals > REFUSALS_MAX)
            log_warning("%u refusals were not said", self->refusals - REFUSALS_MAX);
        self->span = now;
        self->refusals = 0;
    }
    return ++self->refusals <= REFUSALS_MAX;
}

static void
say_refuse(intake_t *self, unsigned links, const char *run, const fault_t *why, wall_t now)
{
    if (!may_refuse(self, now))
        return;
    log_warning("run=%.64s refused: %s (%s)", run, why->text, fault_word(why->code));
    frames_t *frames = message_new(MESSAGE_REFUSE);
    frames_add_text(frames, run);
    frames_add_text(frames, fault_word(why->code));
    frames_add_text(frames, why->text);
    outbox_add(self->place->outbox, TO_LINK, links, frames);
}

/* The receipt's word also where the proof as a whole does not hold. */
static const char *
authority_of(const offer_t *offer)
{
    slice_t authority = frames_at(offer->frames, OFFER_AUTHORITY);
    fault_t ignored = {0};
    CLEANUP(grant_destroy)
    grant_t *grant = offer->by_grant ? grant_decode(authority, &ignored) : NULL;
    CLEANUP(order_destroy)
    order_t *order = offer->by_grant ? NULL : order_decode(authority, &ignored);
    return part_authority(order, grant);
}

/* Faults of what the broker brings along and could bring better next time, or of the moment: they
 * say nothing about the run itself. */
static bool
is_brokers_own(fault_code_t code)
{
    return code == FAULT_HASH || code == FAULT_PROOF || code == FAULT_BEACON ||
           code == FAULT_WINDOW || halt_caused(code);
}

/* What was judged after a responder's signature had held deserves a signed no; everything else, and
 * whatever a broker can make up by itself (an alert, other files, too few receipts), is answered
 * unsigned and not kept: no broker may use up a run by offering it badly. */
int
intake_refuse(intake_t *self, const offer_t *offer, const fault_t *why, wall_t now, fault_t *fault)
{
    const char *run = frames_text(offer->frames, OFFER_RUN);
    const warrant_t *warrant = offer->brief.warrant;
    bool accepted = offer->accepted.ms;
    if (!accepted && (!warrant || warrant->grant || is_brokers_own(why->code))) {
        say_refuse(self, offer->links, run, why, now);
        return 0;
    }
    log_warning("run=%.64s refused by receipt: %s (%s)", run, why->text, fault_word(why->code));
    if (!accepted) {
        part_row_t row = {.run = offer->run,
                          .authority = warrant->authority,
                          .release = offer->release,
                          .accepted = now,
                          .closed = true,
                          .evidence = offer_evidence(offer)};
        if (ledger_put_part(self->place->ledger, &row, fault))
            return -1;
    }
    refusal_t refusal = {
        .run = offer->run, .release = offer->release, .authority = authority_of(offer), .why = why};
    return part_write_refusal(self->place, &refusal, now, fault);
}

size_t
intake_count(const intake_t *self)
{
    return self->count;
}

/* ---- an offer whose release is at hand --------------------------------------------------- */

static int
check_room(const intake_t *self, fault_t *fault)
{
    if (self->count + self->place->open + self->place->held >= INTAKE_MAX)
        return fault_set(fault, FAULT_LIMIT, "this worker has %d runs at hand already", INTAKE_MAX);
    return 0;
}

/* Keeps the offer until what it misses is there. Takes over what it holds. */
static void
want(intake_t *self, offer_t *offer)
{
    char hash[HASH_TEXT];
    for (size_t i = 0; i < offer->missing_count; i++) {
        frames_t *frames = message_new(MESSAGE_WANT);
        frames_add_text(frames, hash_write(&offer->missing[i], hash));
        outbox_add(self->place->outbox, TO_LINK, offer->links, frames);
    }
    self->offers[self->count++] = *offer;
    *offer = (offer_t){0};
}

static void
want_own(intake_t *self, offer_t *offer)
{
    offer->missing_count = 1;
    offer->missing[0] = offer->release;
    want(self, offer);
}

/* A runner is made ready meanwhile. */
static void
ask_effector(intake_t *self, offer_t *offer, const kept_release_t *release)
{
    frames_t *warrant = offer->asked ? NULL : offer_warrant(offer, release);
    if (!warrant)
        return;
    outbox_add_early(self->place->outbox, TO_EFFECTOR, 0, warrant);
    runners_prepare(&self->place->runners);
    offer->asked = true;
}

static void
show_callees(intake_t *self, offer_t *offer)
{
    for (size_t i = 1; i < offer->brief.scene_count; i++, offer->callees++)
        outbox_add(self->place->outbox, TO_EFFECTOR, 0, offer_callee(offer, i));
}

/* Takes over what offer holds. *proved tells whether its release did. One that was kept here and
 * lacks a signature that counts today is asked for again: the broker may have better ones. */
static int
consider(intake_t *self, offer_t *offer, const kept_release_t *release, bool kept, bool *proved,
         wall_t now, fault_t *fault)
{
    fault_t why = {0};
    examiner_t examiner = {self->place->trust,   self->place->ledger, self->place->worker,
                           self->place->sealing, self->offers,        self->count};
    if (kept && self->withdrawn_count < INTAKE_MAX)
        ask_effector(self, offer, release);
    *proved = !offer_examine(offer, &examiner, release, now, &why);
    if (*proved && !is_wanting(offer)) {
        ask_effector(self, offer, release);
        show_callees(self, offer);
        self->offers[self->count++] = *offer;
        *offer = (offer_t){0};
        return 0;
    }
    if (*proved && !offer->accepted.ms) {
        want(self, offer);
        return 0;
    }
    withdraw(self, offer);
    if (*proved)
        return fault_set(fault, FAULT_IO, "the ledger has lost a release that an open run calls");
    if (kept && is_about_signatures(why.code)) {
        brief_clear(&offer->brief);
        want_own(self, offer);
        return 0;
    }
    int failed = intake_refuse(self, offer, &why, now, fault);
    offer_clear(offer);
    return failed;
}

/* A run that the ledger knows: ACCEPT while open, its receipts again once done. 1 if it was. */
static int
answer_known(intake_t *self, const offer_t *offer, wall_t now, fault_t *fault)
{
    const char *run = frames_text(offer->frames, OFFER_RUN);
    part_known_t known = PART_UNSEEN;
    bool closed = false;
    if (ledger_find_part(self->place->ledger, &offer->run, offer_evidence(offer), &known, &closed,
                         fault))
        return -1;
    if (known == PART_UNSEEN)
        return 0;
    if (known == PART_OTHER) {
        fault_t why;
        fault_set(&why, FAULT_REPLAY, "this run is known here, by other bytes");
        say_refuse(self, offer->links, run, &why, now);
    } else if (closed) {
        if (scribe_repeat(self->place->scribe, offer->links, &offer->run, fault))
            return -1;
    } else {
        frames_t *accept = message_new(MESSAGE_ACCEPT);
        frames_add_text(accept, run);
        outbox_add(self->place->outbox, TO_LINK, offer->links, accept);
    }
    return 1;
}

/* Another offer of a run that is being looked at: who brought the same bytes hears the effector's
 * word too; who brought others may bring them again when it is known what became of these. */
static void
join(intake_t *self, offer_t *offer, const offer_t *other, wall_t now)
{
    fault_t why;
    if (offer->links & other->links)
        return;
    if (offer_same(offer, other)) {
        offer->links |= other->links;
        return;
    }
    fault_set(&why, FAULT_LIMIT, "another broker's offer of this run is being looked at");
    say_refuse(self, other->links, frames_text(other->frames, OFFER_RUN), &why, now);
}

int
intake_on_offer(intake_t *self, const frames_t *frames, wall_t now, fault_t *fault)
{
    fault_t why = {0};
    bool proved;
    CLEANUP(offer_clear) offer_t offer = {0};
    CLEANUP(kept_release_clear) kept_release_t release = {0};
    if (offer_read(&offer, frames, &why)) {
        say_refuse(self, self->place->link, frames_text(frames, OFFER_RUN), &why, now);
        return 0;
    }
    offer.links = self->place->link;
    offer_t *other = find(self, &offer.run);
    if (other && !is_wanting(other)) {
        join(self, other, &offer, now);
        return 0;
    }
    if (other) { /* its WANT may be lost: the newer one asks again */
        withdraw(self, other);
        intake_drop(self, other);
    }
    int known = answer_known(self, &offer, now, fault);
    if (known)
        return known < 0 ? -1 : 0;
    if (check_room(self, &why)) {
        say_refuse(self, offer.links, frames_text(frames, OFFER_RUN), &why, now);
        return 0;
    }
    if (ledger_get_release(self->place->ledger, &offer.release, &release, fault))
        return -1;
    if (release.document)
        return consider(self, &offer, &release, true, &proved, now, fault);
    want_own(self, &offer);
    return 0;
}

/* ---- a release for those that wait for it ------------------------------------------------ */

/* The run's own release, kept only once an offer has proved it. */
static int
consider_given(intake_t *self, offer_t *offer, const kept_release_t *given, const hash_t *hash,
               wall_t now, fault_t *fault)
{
    bool proved;
    fault_t why;
    if (!hash_equal(hash, &offer->release)) {
        fault_set(&why, FAULT_HASH, "the release that was given has another hash");
        return intake_refuse(self, offer, &why, now, fault);
    }
    if (consider(self, offer, given, false, &proved, now, fault))
        return -1;
    if (!proved)
        return 0;
    return ledger_put_release(self->place->ledger, hash, bytes_slice(given->document),
                              bytes_slice(given->armors), bytes_slice(given->files), fault);
}

/* One that is called is kept where it proves by itself. */
static int
check_callee(intake_t *self, const kept_release_t *given, const hash_t *wanted, const hash_t *hash,
             fault_t *fault)
{
    if (!hash_equal(hash, wanted))
        return fault_set(fault, FAULT_HASH, "the release that was given has another hash");
    CLEANUP(release_destroy)
    release_t *release = trust_check_release(self->place->trust, bytes_slice(given->document),
                                             bytes_slice(given->armors), fault);
    CLEANUP(value_destroy)
    value_t *files = release ? value_decode(bytes_slice(given->files), fault) : NULL;
    return files ? bundle_check_files(release, files, fault) : -1;
}

/* What a broker brings badly takes nothing from the run: it may be offered again. */
static int
consider_callee(intake_t *self, offer_t *offer, const kept_release_t *given, const hash_t *wanted,
                const hash_t *hash, wall_t now, fault_t *fault)
{
    bool proved;
    fault_t why = {0};
    CLEANUP(kept_release_clear) kept_release_t own = {0};
    if (check_callee(self, given, wanted, hash, &why)) {
        withdraw(self, offer);
        say_refuse(self, offer->links, frames_text(offer->frames, OFFER_RUN), &why, now);
        return 0;
    }
    if (ledger_put_release(self->place->ledger, hash, bytes_slice(given->document),
                           bytes_slice(given->armors), bytes_slice(given->files), fault) ||
        ledger_get_release(self->place->ledger, &offer->release, &own, fault))
        return -1;
    return consider(self, offer, &own, true, &proved, now, fault);
}

static bool
misses(const offer_t *offer, const hash_t *hash)
{
    for (size_t i = 0; i < offer->missing_count; i++)
        if (hash_equal(&offer->missing[i], hash))
            return true;
    return false;
}

int
intake_on_give(intake_t *self, const frames_t *frames, wall_t now, fault_t *fault)
{
    hash_t wanted, hash = hash_of(frames_at(frames, 2));
    CLEANUP(kept_release_clear)
    kept_release_t given = {
        .document = bytes_copy(frames_at(frames, 2)),
        .armors = bytes_copy(frames_at(frames, 3)),
        .files = bytes_copy(frames_at(frames, 4)),
    };
    if (!hash_read(frames_text(frames, 1), &wanted))
        return 0;
    for (size_t i = self->count; i-- > 0;) {
        if (!misses(&self->offers[i], &wanted))
            continue;
        CLEANUP(offer_clear) offer_t offer = self->offers[i];
        self->offers[i] = (offer_t){0};
        intake_drop(self, &self->offers[i]);
        bool own = hash_equal(&offer.release, &wanted);
        if (own ? consider_given(self, &offer, &given, &hash, now, fault)
                : consider_callee(self, &offer, &given, &wanted, &hash, now, fault))
            return -1;
    }
    return 0;
}

/* ---- the effector's word ----------------------------------------------------------------- */

int
intake_on_granted(intake_t *self, const hash_t *run, fault_t *fault)
{
    if (was_withdrawn(self, run))
        return 0;
    offer_t *offer = find(self, run);
    if (!offer || !offer->asked || offer->granted)
        return fault_set(fault, FAULT_FORMAT, "the effector granted what was not asked");
    offer->granted = true;
    return 0;
}

void
intake_on_callee(intake_t *self, const hash_t *run)
{
    offer_t *offer = find(self, run);
    if (offer && offer->callees)
        offer->callees--;
}

int
intake_on_refused(intake_t *self, const hash_t *run, bool callee, const fault_t *why, wall_t now,
                  fault_t *fault)
{
    if (!callee && was_withdrawn(self, run))
        return 0;
    offer_t *offer = find(self, run);
    if (callee && (!offer || !offer->callees))
        return 0; /* the first no was enough */
    if (!offer || !offer->asked || (!callee && offer->granted))
        return fault_set(fault, FAULT_FORMAT, "the effector refused what was not asked");
    if (callee)
        outbox_add(self->place->outbox, TO_EFFECTOR, 0, offer_over(run));
    if (why->code == FAULT_BEACON && offer->accepted.ms) {
        intake_hold(self, offer);
        return 0;
    }
    int failed = intake_refuse(self, offer, why, now, fault);
    intake_drop(self, offer);
    return failed;
}

offer_t *
intake_ready(intake_t *self)
{
    for (size_t i = 0; i < self->count; i++) {
        offer_t *offer = &self->offers[i];
        if (offer->granted && offer->brief.scene_count && !offer->callees)
            return offer;
    }
    return NULL;
}

/* ---- after a restart --------------------------------------------------------------------- */

int
intake_resume(intake_t *self, const part_row_t *row, wall_t now, fault_t *fault)
{
    bool proved;
    CLEANUP(bytes_destroy) bytes_t *encoded = bytes_copy(row->offer);
    CLEANUP(frames_destroy) frames_t *frames = frames_take(encoded, fault);
    CLEANUP(offer_clear) offer_t offer = {0};
    CLEANUP(kept_release_clear) kept_release_t release = {0};
    assert(self->count < INTAKE_MAX);
    if (!frames || offer_read(&offer, frames, fault))
        return fault_set(fault, FAULT_IO, "the ledger has lost the offer of an open run");
    if (ledger_get_release(self->place->ledger, &row->release, &release, fault))
        return -1;
    if (!release.document)
        return fault_set(fault, FAULT_IO, "the ledger has lost the release of an open run");
    offer.accepted = row->accepted;
    return consider(self, &offer, &release, false, &proved, now, fault);
}
