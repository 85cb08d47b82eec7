/* SPDX-License-Identifier: Apache-2.0 */
/* Grants, the alerts that draw on them, and who signed those. */
#include <assert.h>
#include <stdio.h>
#include <stdlib.h>

#include "keys/trust_private.h"

#define AHEAD_MS (60 * 1000) /* by which an alert's clock may be ahead of ours */
#define DAY_MS   INT64_C(86400000)

/* What conditions are asked of; all of it borrowed. */
typedef struct {
    trust_t *trust;
    const backing_t *backing; /* of the grant */
    const grant_t *grant;
    const reach_t *reach; /* where it would run; nowhere for a grant by itself */
    wall_t when;
    class_t allowed; /* out: as far as its signers reach */

    /* Of an alert; NULL for a grant by itself. */
    const alert_t *alert;
    const proof_t *proof;
    const char *worker;     /* that asks; NULL: the alert's host */
    const release_t *named; /* where the proof has the release that the grant names */
    warrant_t *warrant;     /* the run; out: the release */
    size_t line;            /* of the grant's matches */
} matter_t;

/* The key that signed an alert; what held last is known without another check. */
static int
check_armor(trust_t *self, slice_t document, slice_t armor, pubkey_t *key, fault_t *fault)
{
    signature_t signature;
    slice_t parts[] = {document, armor};
    hash_t hash = hash_of_parts(parts, ARRAY_SIZE(parts));
    if (!armor.size)
        return fault_set(fault, FAULT_SIGNATURE, "the alert has no signature");
    if (!hash_equal(&hash, &self->heard)) {
        if (signature_decode(&signature, armor, fault) ||
            signature_check(&signature, document, SIGN_ALERT, fault))
            return -1;
        self->heard = hash;
        self->heard_by = signature.key;
    }
    *key = self->heard_by;
    return 0;
}

static int
refuse_key(const pubkey_t *key, const char *where, fault_t *fault)
{
    char print[PUBKEY_FINGERPRINT_TEXT];
    return fault_set(fault, FAULT_KEY, "key %s that signed is no key of the alert's source in %s",
                     pubkey_fingerprint(key, print), where);
}

/* In which region the run would be; NULL for nowhere. */
static const fleet_t *
matter_fleet(const matter_t *self)
{
    return self->reach->count ? self->reach->worker[0].fleet : NULL;
}

static int
check_worker(matter_t *self, fault_t *fault)
{
    if (!self->reach->count)
        return fault_set(fault, FAULT_TARGET, "'%.100s' is no worker's host in any fleet",
                         self->worker ? self->worker : self->alert->host);
    return 0;
}

/* Without the release its class and authors are judged later, when the grant is used. */
static int
check_signers(matter_t *self, fault_t *fault)
{
    const backing_t *backing = self->backing;
    const release_t *named = self->named;
    demand_t demand = {.backing = backing, .reach = self->reach, .everyone = true};
    if (backing_check_role(backing, ROLE_RESPONDER, fault))
        return -1;
    for (size_t i = 0; named && i < backing->count; i++)
        if (release_has_author(named, backing->backer[i].line->person))
            return fault_set(fault, FAULT_ROLE, "'%s' who signed is an author of the release",
                             backing->backer[i].line->person);
    if (named && named->highest == CLASS_DESTRUCTIVE)
        return fault_set(fault, FAULT_CLASS, "no grant reaches a destructive release");
    for (int class = 0; class < CLASSES; class ++)
        demand.needed[class] = self->trust->root->quorum_grant;
    return demand_check(&demand, named ? named->highest : CLASS_OBSERVE, CLASS_CHANGE,
                        &self->allowed, fault);
}

static int
check_span(matter_t *self, fault_t *fault)
{
    uint64_t days = self->trust->root->grant_days_max;
    if (self->grant->expires.ms - self->grant->issued.ms > (int64_t)days * DAY_MS)
        return fault_set(fault, FAULT_WINDOW, "it lasts longer than the %llu days root allows",
                         (unsigned long long)days);
    return 0;
}

static int
check_begun(matter_t *self, fault_t *fault)
{
    char text[MOMENT_TEXT_MAX];
    if (self->when.ms >= self->grant->issued.ms)
        return 0;
    wall_write_time(self->grant->issued, text);
    return fault_set(fault, FAULT_WINDOW, "it begins at %s only", text);
}

static int
check_expiry(matter_t *self, fault_t *fault)
{
    char text[MOMENT_TEXT_MAX];
    if (self->when.ms < self->grant->expires.ms)
        return 0;
    wall_write_time(self->grant->expires, text);
    return fault_set(fault, FAULT_EXPIRED, "it expired at %s", text);
}

static int
check_stops(matter_t *self, fault_t *fault)
{
    const fleet_t *fleet = matter_fleet(self);
    return trust_check_halts(self->trust, &self->warrant->run, self->grant->playbook,
                             fleet ? fleet->region : NULL, fault);
}

static int
check_source(matter_t *self, fault_t *fault)
{
    const grant_t *grant = self->grant;
    for (size_t i = 0; i < grant->source_count; i++)
        if (!strcmp(grant->sources[i], self->alert->source))
            return 0;
    return fault_set(fault, FAULT_EVIDENCE, "the grant does not list source '%s'",
                     self->alert->source);
}

static int
check_region(matter_t *self, fault_t *fault)
{
    const fleet_t *fleet = matter_fleet(self);
    if (!fleet_has_source(fleet, self->alert->source))
        return fault_set(fault, FAULT_EVIDENCE, "source '%s' does not speak for region '%s'",
                         self->alert->source, fleet->region);
    return 0;
}

/* Where the broker's word is enough, a signature is not looked at. */
static int
check_evidence(matter_t *self, fault_t *fault)
{
    pubkey_t key;
    char region[TEXT_NAME_MAX + 16];
    fault_t why = {0};
    const proof_t *proof = self->proof;
    if (self->grant->evidence == EVIDENCE_TOKEN)
        return 0;
    const fleet_t *fleet = matter_fleet(self);
    if (!check_armor(self->trust, proof->alert, proof->alert_armors, &key, &why)) {
        const signer_line_t *line = fleet_signer(fleet, &key);
        if (line && !strcmp(line->source, self->alert->source))
            return 0;
        snprintf(region, sizeof region, "region '%s'", fleet->region);
        (void)refuse_key(&key, region, &why);
    }
    return fault_set(fault, FAULT_EVIDENCE, "the grant asks for signed alerts: %s", why.text);
}

static int
check_firing(matter_t *self, fault_t *fault)
{
    return self->alert->firing ? 0 : fault_set(fault, FAULT_EVIDENCE, "the alert is resolved");
}

/* Lines with one field are alternatives: each holds where one of them does. */
static int
check_match(matter_t *self, fault_t *fault)
{
    const grant_t *grant = self->grant;
    const char *field = grant->matches[self->line].field;
    const char *value = alert_field(self->alert, field);
    for (size_t i = 0; value && i < grant->match_count; i++)
        if (!strcmp(grant->matches[i].field, field) && !strcmp(grant->matches[i].value, value))
            return 0;
    return fault_set(fault, FAULT_EVIDENCE, "the alert's %s is not what the grant matches", field);
}

static int
check_fresh(matter_t *self, fault_t *fault)
{
    int64_t received = self->alert->received.ms;
    if (received < self->when.ms - (int64_t)self->grant->fresh_s * 1000 ||
        received > self->when.ms + AHEAD_MS)
        return fault_set(fault, FAULT_STALE,
                         "the alert was not received within the last %llu "
                         "seconds",
                         (unsigned long long)self->grant->fresh_s);
    return 0;
}

static int
check_host(matter_t *self, fault_t *fault)
{
    const worker_line_t *worker = self->reach->worker[0].line;
    if (trust_host(self->trust, self->alert->host, NULL) != worker)
        return fault_set(fault, FAULT_TARGET, "the alert's host '%.100s' is not worker '%s'",
                         self->alert->host, worker->id);
    return 0;
}

static int
check_scope(matter_t *self, fault_t *fault)
{
    if (!reach_covered(self->reach, self->grant->scope))
        return fault_set(fault, FAULT_TARGET, "worker '%s' is outside the grant's scope",
                         self->reach->worker[0].line->id);
    return 0;
}

static int
check_release(matter_t *self, fault_t *fault)
{
    return trust_take_release(self->trust, self->proof, &self->grant->release,
                              self->grant->playbook, self->warrant, fault);
}

/* In the order in which they are asked: the first that fails is the refusal. */
static const struct {
    int (*check)(matter_t *self, fault_t *fault);
    bool term;      /* of the grant by itself */
    bool somewhere; /* asks where it would run */
} rows[CONDITIONS] = {
    [CONDITION_WORKER] = {check_worker, false, false},
    [CONDITION_SIGNERS] = {check_signers, true, false},
    [CONDITION_SPAN] = {check_span, true, false},
    [CONDITION_BEGUN] = {check_begun, true, false},
    [CONDITION_EXPIRY] = {check_expiry, true, false},
    [CONDITION_STOPS] = {check_stops, false, false},
    [CONDITION_SOURCE] = {check_source, false, false},
    [CONDITION_REGION] = {check_region, false, true},
    [CONDITION_EVIDENCE] = {check_evidence, false, true},
    [CONDITION_FIRING] = {check_firing, false, false},
    [CONDITION_MATCH] = {check_match, false, false},
    [CONDITION_FRESH] = {check_fresh, false, false},
    [CONDITION_HOST] = {check_host, false, true},
    [CONDITION_SCOPE] = {check_scope, false, true},
    [CONDITION_RELEASE] = {check_release, false, false},
};

const char *
condition_word(condition_t self)
{
    static const char *const words[CONDITIONS] = {
#define X(code, word) [code] = word,
        GRANT_CONDITIONS(X)
#undef X
    };
    assert(self < CONDITIONS);
    return words[self];
}

/* How often a condition is asked. */
static size_t
count_lines(const matter_t *self, condition_t condition)
{
    return condition == CONDITION_MATCH ? self->grant->match_count : 1;
}

/* Whether all from first to last hold. */
static int
check_conditions(matter_t *self, condition_t first, condition_t last, fault_t *fault)
{
    for (unsigned i = first; i <= (unsigned)last; i++)
        for (self->line = 0; self->line < count_lines(self, i); self->line++)
            if (rows[i].check(self, fault))
                return rows[i].term ? fault_wrap(fault, "grant") : -1;
    return 0;
}

/* The worker that asks or, where none does, the one to which the alert's host maps. */
static void
reach_alert(reach_t *self, const trust_t *trust, const char *worker, const alert_t *alert)
{
    const worker_line_t *line = worker ? NULL : trust_host(trust, alert->host, NULL);
    if (worker || line)
        reach_add(self, trust, worker ? worker : line->id);
}

static int
check_grant_frame(const trust_t *self, const proof_t *proof, const char *worker, wall_t now,
                  fault_t *fault)
{
    if (trust_frame(self, proof->authority, "grant", fault) ||
        trust_frame(self, proof->alert, "alert", fault))
        return -1;
    if (trust_check_since(self, trust_moment(proof->accepted, now), now, fault))
        return -1;
    if (trust_check_revoked(self, HALT_WORKER, worker, fault))
        return -1;
    return trust_check_halts(self, NULL, NULL, trust_region(self, worker), fault);
}

/* What must be there before a condition can be asked of it; what is in the matter is filled in
 * here. */
typedef struct {
    backing_t backing;
    reach_t reach;
    matter_t matter;
} inquiry_t;

static void
inquiry_done(inquiry_t *self)
{
    reach_done(&self->reach);
}

static int
inquire(inquiry_t *self, trust_t *trust, const proof_t *proof, const char *worker, wall_t now,
        warrant_t *warrant, fault_t *fault)
{
    if (check_grant_frame(trust, proof, worker, now, fault))
        return -1;
    warrant->authority = hash_of(proof->authority);
    if (trust_backing_of(trust, proof->authority, &warrant->authority, proof->authority_armors,
                         1u << SIGN_GRANT, &self->backing, fault))
        return fault_wrap(fault, "grant");
    warrant_signed(warrant, &self->backing);
    if (trust_check_revoked_hash(trust, HALT_GRANT, &warrant->authority, fault))
        return -1;
    const release_t *named = NULL;
    const grant_t *grant = trust_read_grant(trust, proof->authority, &warrant->authority, fault);
    warrant->grant = grant ? grant_copy(grant) : NULL;
    alert_t *alert = warrant->alert = grant ? alert_decode(proof->alert, fault) : NULL;
    if (!alert || trust_peek_release(trust, proof, &grant->release, warrant, &named, fault) < 0)
        return -1;
    warrant->run = grant_run(&warrant->authority, alert);
    reach_alert(&self->reach, trust, worker, alert);
    self->matter = (matter_t){.trust = trust,
                              .backing = &self->backing,
                              .grant = warrant->grant,
                              .reach = &self->reach,
                              .when = trust_moment(proof->accepted, now),
                              .alert = alert,
                              .proof = proof,
                              .worker = worker,
                              .named = named,
                              .warrant = warrant};
    return 0;
}

int
trust_check_alert(trust_t *self, const proof_t *proof, const char *worker, wall_t now,
                  warrant_t *warrant, fault_t *fault)
{
    CLEANUP(inquiry_done) inquiry_t inquiry = {0};
    if (inquire(&inquiry, self, proof, worker, now, warrant, fault) ||
        check_conditions(&inquiry.matter, 0, CONDITIONS - 1, fault))
        return -1;
    warrant->allowed = inquiry.matter.allowed;
    warrant->wave = 1;
    if (worker)
        text_copy(warrant->target, sizeof warrant->target, worker);
    return 0;
}

void
weighed_destroy(weighed_t **self_p)
{
    weighed_t *self = *self_p;
    if (!self)
        return;
    grant_destroy(&self->grant);
    free(self);
    *self_p = NULL;
}

weighed_t *
trust_weigh(trust_t *self, const proof_t *proof, wall_t now, fault_t *fault)
{
    CLEANUP(inquiry_done) inquiry_t inquiry = {0};
    CLEANUP(warrant_destroy) warrant_t *warrant = memory_new(1, sizeof *warrant);
    if (inquire(&inquiry, self, proof, NULL, now, warrant, fault))
        return NULL;
    weighed_t *weighed = memory_new(1, sizeof *weighed);
    matter_t *matter = &inquiry.matter;
    for (unsigned i = 0; i < CONDITIONS; i++)
        for (matter->line = 0; matter->line < count_lines(matter, i); matter->line++) {
            if (rows[i].somewhere && !inquiry.reach.count)
                continue;
            weighed_row_t *row = &weighed->rows[weighed->count++];
            *row = (weighed_row_t){.condition = i, .line = matter->line};
            if (rows[i].check(matter, &row->why))
                weighed->failed++;
        }
    weighed->run = warrant->run;
    weighed->signers = warrant->signers;
    weighed->grant = MOVE(warrant->grant);
    return weighed;
}

grant_t *
trust_check_grant(trust_t *self, slice_t document, slice_t armors, wall_t now, fault_t *fault)
{
    backing_t backing;
    const reach_t nowhere = {0};
    hash_t hash = hash_of(document);
    if (trust_frame(self, document, "grant", fault) || trust_check_current(self, now, fault) ||
        trust_check_revoked_hash(self, HALT_GRANT, &hash, fault))
        return NULL;
    if (trust_backing_of(self, document, &hash, armors, 1u << SIGN_GRANT, &backing, fault)) {
        fault_wrap(fault, "grant");
        return NULL;
    }
    CLEANUP(grant_destroy) grant_t *grant = grant_decode(document, fault);
    matter_t matter = {
        .trust = self, .backing = &backing, .grant = grant, .reach = &nowhere, .when = now};
    if (!grant || check_conditions(&matter, CONDITION_SIGNERS, CONDITION_EXPIRY, fault))
        return NULL;
    return MOVE(grant);
}

static const signer_line_t *
find_signer(const trust_t *self, const pubkey_t *key)
{
    const signer_line_t *line = NULL;
    for (size_t i = 0; i < self->fleet_count && !line; i++)
        line = fleet_signer(self->fleets[i].fleet, key);
    return line;
}

alert_t *
trust_check_signed_alert(trust_t *self, slice_t document, slice_t armor, fault_t *fault)
{
    pubkey_t key;
    if (trust_frame(self, document, "alert", fault) ||
        check_armor(self, document, armor, &key, fault))
        return NULL;
    const signer_line_t *line = find_signer(self, &key);
    CLEANUP(alert_destroy) alert_t *alert = line ? alert_decode(document, fault) : NULL;
    if (line && !alert)
        return NULL;
    if (!line || strcmp(line->source, alert->source) != 0) {
        refuse_key(&key, "any region", fault);
        return NULL;
    }
    return MOVE(alert);
}
