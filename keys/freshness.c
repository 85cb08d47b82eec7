/* SPDX-License-Identifier: Apache-2.0 */
#include "keys/freshness.h"

#include <assert.h>
#include <stdlib.h>

#include "keys/fields.h"

typedef struct {
    nonce_t nonce;
    mono_t at;
} asked_t;

struct freshness {
    char worker[TEXT_NAME_MAX + 1], boot[FRESHNESS_BOOT_MAX + 1];
    beacon_t *newest;   /* NULL until one was heard */
    hash_t hash;        /* of its document */
    hash_t key;         /* of the timekeeper who signed it */
    bytes_t *document;  /* its bytes */
    bool *met;          /* of its halts: this was here, whatever became of it since */
    bool anchored;      /* a nonce of this boot was answered */
    wall_t anchor_made; /* by that beacon */
    mono_t anchor_at;   /* when that nonce was drawn */
    size_t asked_count; /* nonces drawn since the start */
    asked_t asked[FRESHNESS_ASKED_MAX];
};

freshness_t *
freshness_new(const char *worker, const char *boot)
{
    freshness_t *self = memory_new(1, sizeof *self);
    bool named = text_copy(self->worker, sizeof self->worker, worker);
    bool booted = text_copy(self->boot, sizeof self->boot, boot);
    assert(named);
    assert(booted);
    return self;
}

void
freshness_destroy(freshness_t **self_p)
{
    freshness_t *self = *self_p;
    if (!self)
        return;
    beacon_destroy(&self->newest);
    bytes_destroy(&self->document);
    free(self->met);
    free(self);
    *self_p = NULL;
}

static const timekeeper_t *
timekeeper_of(const trust_t *trust)
{
    const root_t *root = trust_root(trust);
    return root && root->timekeeper.name[0] ? &root->timekeeper : NULL;
}

/* The newest beacon, where it is by the timekeeper whom root names now. */
static const beacon_t *
newest(const freshness_t *self, const trust_t *trust)
{
    const timekeeper_t *timekeeper = timekeeper_of(trust);
    if (!self->newest || !timekeeper)
        return NULL;
    hash_t key = pubkey_hash(&timekeeper->key);
    return hash_equal(&key, &self->key) ? self->newest : NULL;
}

/* What is kept now counts as met for good: a run's stop is forgotten once the run has ended here.
 */
static void
meet(freshness_t *self, const trust_t *trust)
{
    for (size_t i = 0; i < self->newest->halt_count; i++)
        self->met[i] = self->met[i] || trust_keeps_halt(trust, &self->newest->halts[i]);
}

/* ---- hearing ----------------------------------------------------------------------------- */

/* In the place of the one before, whose halts stay met. */
static void
replace(freshness_t *self, beacon_t **beacon_p, slice_t document, const hash_t *key)
{
    beacon_t *beacon = MOVE(*beacon_p);
    bool *met = memory_new(beacon->halt_count + 1, sizeof *met);
    for (size_t i = 0; self->newest && i < beacon->halt_count; i++) {
        size_t at = beacon_find_halt(self->newest, &beacon->halts[i]);
        met[i] = at < self->newest->halt_count && self->met[at];
    }
    beacon_destroy(&self->newest);
    bytes_destroy(&self->document);
    free(self->met);
    self->newest = beacon;
    self->document = bytes_copy(document);
    self->hash = hash_of(document);
    self->key = *key;
    self->met = met;
}

static int
check_follows(const beacon_t *last, const hash_t *hash, const beacon_t *beacon, slice_t document,
              fault_t *fault)
{
    hash_t fresh = hash_of(document);
    if (beacon->sequence < last->sequence)
        return fault_set(fault, FAULT_VERSION, "beacon %llu is older than the %llu that was heard",
                         (unsigned long long)beacon->sequence, (unsigned long long)last->sequence);
    if (beacon->sequence == last->sequence && !hash_equal(&fresh, hash))
        return fault_set(fault, FAULT_REPLAY, "beacon %llu was heard already, with other bytes",
                         (unsigned long long)beacon->sequence);
    if (beacon->sequence > last->sequence && beacon->made.ms <= last->made.ms)
        return fault_set(fault, FAULT_VERSION,
                         "beacon %llu was not made after the %llu that was heard",
                         (unsigned long long)beacon->sequence, (unsigned long long)last->sequence);
    return 0;
}

/* Whether the place answers a nonce that was drawn after the anchor's. */
static bool
answer(freshness_t *self, slice_t place)
{
    for (size_t i = 0; place.size && i < self->asked_count && i < FRESHNESS_ASKED_MAX; i++) {
        const asked_t *asked = &self->asked[i];
        if ((self->anchored && asked->at.ms <= self->anchor_at.ms) ||
            !beacon_answers(self->newest, self->worker, &asked->nonce, place))
            continue;
        self->anchored = true;
        self->anchor_made = self->newest->made;
        self->anchor_at = asked->at;
        return true;
    }
    return false;
}

int
freshness_hear(freshness_t *self, const trust_t *trust, slice_t document, slice_t armor,
               slice_t place, fault_t *fault)
{
    CLEANUP(beacon_destroy)
    beacon_t *beacon = trust_check_beacon(trust, document, armor, fault);
    if (!beacon)
        return -1;
    const beacon_t *last = newest(self, trust);
    if (last && check_follows(last, &self->hash, beacon, document, fault))
        return -1;
    bool changed = !last || beacon->sequence > last->sequence;
    if (!last)
        self->anchored = false;
    if (changed) {
        hash_t key = pubkey_hash(&timekeeper_of(trust)->key);
        replace(self, &beacon, document, &key);
    }
    meet(self, trust);
    return answer(self, place) || changed;
}

bool
freshness_due(const freshness_t *self, const trust_t *trust, mono_t now)
{
    if (!timekeeper_of(trust))
        return false;
    if (!self->asked_count)
        return true;
    mono_t last = self->asked[(self->asked_count - 1) % FRESHNESS_ASKED_MAX].at;
    bool answered = self->anchored && self->anchor_at.ms >= last.ms;
    return now.ms - last.ms >= (answered ? FRESHNESS_ASK_MS : FRESHNESS_AGAIN_MS);
}

void
freshness_ask(freshness_t *self, const nonce_t *nonce, mono_t now)
{
    self->asked[self->asked_count++ % FRESHNESS_ASKED_MAX] = (asked_t){*nonce, now};
}

/* ---- judging ----------------------------------------------------------------------------- */

int64_t
freshness_age(const freshness_t *self, const trust_t *trust, mono_t now)
{
    const beacon_t *beacon = newest(self, trust);
    int64_t since = now.ms - self->anchor_at.ms;
    if (!beacon || !self->anchored || since < 0)
        return FRESHNESS_ENDLESS;
    if (since > FRESHNESS_ANCHOR_MS)
        return since;
    int64_t age = self->anchor_made.ms + since - beacon->made.ms;
    return age > 0 ? age : 0;
}

wall_t
freshness_made(const freshness_t *self, const trust_t *trust)
{
    const beacon_t *beacon = newest(self, trust);
    return beacon ? beacon->made : (wall_t){0};
}

bool
freshness_names(const freshness_t *self, const trust_t *trust, const hash_t *halt)
{
    const beacon_t *beacon = newest(self, trust);
    return beacon && beacon_find_halt(beacon, halt) < beacon->halt_count;
}

int
freshness_check_named(freshness_t *self, const trust_t *trust, fault_t *fault)
{
    const beacon_t *beacon = newest(self, trust);
    char text[HASH_TEXT];
    if (!beacon)
        return 0;
    if (trust_check_named(trust, beacon, self->worker, fault))
        return -1;
    meet(self, trust);
    for (size_t i = 0; i < beacon->halt_count; i++)
        if (!self->met[i])
            return fault_set(fault, FAULT_BEACON,
                             "the newest beacon names a stop or revoke %.12s that is not here",
                             hash_write(&beacon->halts[i], text));
    return 0;
}

int
freshness_check(freshness_t *self, const trust_t *trust, class_t highest, bool by_grant, mono_t now,
                fault_t *fault)
{
    if (!timekeeper_of(trust))
        return 0;
    if (highest != CLASS_OBSERVE && freshness_check_named(self, trust, fault))
        return -1;
    uint64_t most_s = trust_root(trust)->offline_max_s[highest] * (by_grant ? FRESHNESS_GRANT : 1);
    int64_t age = freshness_age(self, trust, now);
    if (!most_s || age <= (int64_t)most_s * 1000)
        return 0;
    if (age == FRESHNESS_ENDLESS)
        return fault_set(fault, FAULT_BEACON,
                         "the timekeeper has not answered this worker since it started");
    return fault_set(fault, FAULT_BEACON,
                     "the newest beacon is %lld s old, and class %s may go on for %llu s",
                     (long long)(age / 1000), class_word(highest), (unsigned long long)most_s);
}

/* ---- the state ----------------------------------------------------------------------------
 *
 *     tocsin-freshness v1
 *     key       hash                 of the timekeeper's key
 *     anchor?   word instant number  the boot, made by, and when it was drawn
 *     missing*  hash                 halts that were never here
 *     end
 *
 * and then the beacon's document. */

void
freshness_encode(freshness_t *self, const trust_t *trust, bytes_t *out)
{
    char made[MOMENT_TEXT_MAX];
    bytes_clear(out);
    if (!self->newest)
        return;
    meet(self, trust);
    document_begin(out, "freshness");
    fields_add_hash(out, "key", &self->key);
    wall_write_instant(self->anchor_made, made);
    if (self->anchored)
        document_add(out, "anchor", "%s %s %lld", self->boot, made, (long long)self->anchor_at.ms);
    for (size_t i = 0; i < self->newest->halt_count; i++)
        if (!self->met[i])
            fields_add_hash(out, "missing", &self->newest->halts[i]);
    document_end(out);
    bytes_add_slice(out, bytes_slice(self->document));
}

/* An anchor of another boot is none. */
static void
read_anchor(freshness_t *self, document_reader_t *in)
{
    wall_t made = {0};
    char **row = document_row(in, "anchor", 3);
    bool same = !strcmp(row[0], self->boot);
    if (!wall_read_instant(row[1], &made))
        document_spoil(in, FAULT_FORMAT, "'%.30s' is not an instant", row[1]);
    mono_t at = {(int64_t)fields_number(in, row[2], 0, FIELDS_NUMBER_MAX)};
    self->anchored = same;
    self->anchor_made = made;
    self->anchor_at = at;
}

static void
read_missing(freshness_t *self, document_reader_t *in)
{
    hash_t halt = HASH_ZERO;
    fields_take_hash(in, "missing", &halt);
    size_t at = beacon_find_halt(self->newest, &halt);
    if (at < self->newest->halt_count)
        self->met[at] = false;
    else
        document_spoil(in, FAULT_FORMAT, "the beacon behind it does not name that halt");
}

int
freshness_decode(freshness_t *self, const trust_t *trust, slice_t state, fault_t *fault)
{
    document_reader_t in;
    slice_t front, document;
    hash_t key = HASH_ZERO;
    if (!state.size)
        return 0;
    if (!document_split(state, &front, &document))
        return fault_set(fault, FAULT_FORMAT, "the state of beacons is cut short");
    CLEANUP(beacon_destroy) beacon_t *beacon = beacon_decode(document, fault);
    if (!beacon)
        return -1;
    document_open(&in, front, "freshness", fault);
    fields_take_hash(&in, "key", &key);
    replace(self, &beacon, document, &key);
    memset(self->met, true, self->newest->halt_count * sizeof *self->met);
    if (document_has(&in, "anchor"))
        read_anchor(self, &in);
    while (document_has(&in, "missing"))
        read_missing(self, &in);
    if (document_close(&in, fault))
        return -1;
    meet(self, trust);
    return 0;
}
