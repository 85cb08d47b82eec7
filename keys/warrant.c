/* SPDX-License-Identifier: Apache-2.0 */
#include <assert.h>
#include <stdlib.h>

#include "keys/trust_private.h"

#define AHEAD_MS (60 * 1000) /* by which an alert's clock may be ahead of ours */
#define DAY_MS   INT64_C(86400000)

/* The workers that a document is about: the one that asks, or all of an order's. */
typedef struct {
    size_t count;
    struct {
        const worker_line_t *line;
        const fleet_t *fleet;
    } * worker;
} reach_t;

static void
reach_done(reach_t *self)
{
    free(self->worker);
    *self = (reach_t){0};
}

static void
reach_add(reach_t *self, const trust_t *trust, const char *id)
{
    const fleet_t *fleet;
    const worker_line_t *line = trust_worker(trust, id, &fleet);
    if (!line)
        return;
    self->worker = memory_resize(self->worker, self->count + 1, sizeof *self->worker);
    self->worker[self->count].line = line;
    self->worker[self->count++].fleet = fleet;
}

static void
reach_add_targets(reach_t *self, const trust_t *trust, const order_t *order)
{
    char id[2 * TEXT_NAME_MAX + 2];
    for (size_t i = 0; i < order->target_count; i++) {
        text_copy(id, sizeof id, order->targets[i].target);
        id[strcspn(id, "/")] = '\0';
        reach_add(self, trust, id);
    }
}

static bool
reach_covered(const reach_t *self, const char *scope)
{
    for (size_t i = 0; i < self->count; i++)
        if (!scope_covers(scope, self->worker[i].line->labels, self->worker[i].fleet->region))
            return false;
    return true;
}

static size_t
count_people(const backing_t *backing, const bool counts[static SIGNATURES_MAX])
{
    signers_t signers = {0};
    for (size_t i = 0; i < backing->count; i++)
        if (counts[i])
            signers_add(&signers, backing->backer[i].line->person);
    return signers.count;
}

/* What signers of an order or a grant must reach. */
typedef struct {
    const backing_t *backing;
    const reach_t *reach;
    unsigned needed[CLASSES];
    bool everyone; /* who signs without reaching it spoils it, else does not count */
} demand_t;

/* Whether enough distinct people reach this class; the fault says what they lack. */
static int
check_quorum(const demand_t *self, class_t class, fault_t *fault)
{
    bool all[SIGNATURES_MAX], high[SIGNATURES_MAX], wide[SIGNATURES_MAX], pinned[SIGNATURES_MAX];
    for (size_t i = 0; i < self->backing->count; i++) {
        const backer_t *backer = &self->backing->backer[i];
        all[i] = true;
        high[i] = backer->line->highest >= class;
        wide[i] = high[i] && reach_covered(self->reach, backer->line->scope);
        pinned[i] = wide[i] && (backer->pin || class != CLASS_DESTRUCTIVE);
    }
    size_t people = count_people(self->backing, all), needed = self->needed[class];
    if (people < needed)
        return fault_set(fault, FAULT_QUORUM, "%zu of the %zu people signed whom class %s needs",
                         people, needed, class_word(class));
    if (self->everyone)
        needed = people;
    if (count_people(self->backing, high) < needed)
        return fault_set(fault, FAULT_CLASS, "its signers may not go as far as class %s",
                         class_word(class));
    if (count_people(self->backing, wide) < needed)
        return fault_set(fault, FAULT_SCOPE, "targets are outside the scope of its signers");
    if (count_people(self->backing, pinned) < needed)
        return fault_set(fault, FAULT_PIN,
                         "class %s needs FIDO keys' PINs: sign again with "
                         "verify-required",
                         class_word(class));
    return 0;
}

/* The worst class, up to highest, that these signers may cause; a fault where that is not need. */
static int
find_allowed(const demand_t *self, class_t need, class_t highest, class_t *allowed, fault_t *fault)
{
    assert(need <= highest);
    for (int class = 0; class <= (int)highest; class ++) {
        if (check_quorum(self, (class_t) class, class <= (int)need ? fault : NULL))
            return class <= (int)need ? -1 : 0;
        *allowed = (class_t) class;
    }
    return 0;
}

static int
check_responders(const backing_t *backing, fault_t *fault)
{
    for (size_t i = 0; i < backing->count; i++)
        if (!(backing->backer[i].line->roles & ROLE_RESPONDER))
            return fault_set(fault, FAULT_ROLE, "'%s' who signed is no responder",
                             backing->backer[i].line->person);
    return 0;
}

/* An order or grant names its release by hash, so where these bytes have that hash, its class and
 * authors are known before the release is judged. 1 known, 0 other bytes, -1 fault. */
static int
peek_release(slice_t document, const hash_t *named, release_t **release, fault_t *fault)
{
    hash_t hash = hash_of(document);
    if (!hash_equal(&hash, named))
        return 0;
    *release = release_decode(document, fault);
    return *release ? 1 : -1;
}

/* The release of the proof, which must be the one that was named. */
static int
take_release(trust_t *self, const proof_t *proof, const hash_t *named, const char *playbook,
             warrant_t *warrant, fault_t *fault)
{
    CLEANUP(release_destroy)
    release_t *release = trust_check_release(self, proof->release, proof->release_armors, fault);
    if (!release)
        return -1;
    warrant->release_hash = hash_of(proof->release);
    if (!hash_equal(&warrant->release_hash, named) || strcmp(release->playbook, playbook) != 0)
        return fault_set(fault, FAULT_HASH, "release '%s' %llu is not the one that was named",
                         release->playbook, (unsigned long long)release->sequence);
    warrant->release = MOVE(release);
    return 0;
}

static int
check_window(const order_t *order, wall_t now, fault_t *fault)
{
    char text[MOMENT_TEXT_MAX];
    if (order->not_after.ms <= order->not_before.ms || order->not_before.ms < order->created.ms)
        return fault_set(fault, FAULT_WINDOW, "order: its window ends before it begins");
    if (order->not_after.ms - order->not_before.ms > INT64_C(1000) * ORDER_WINDOW_MAX_S)
        return fault_set(fault, FAULT_WINDOW, "order: its window is longer than 24 hours");
    if (now.ms < order->not_before.ms) {
        wall_write_time(order->not_before, text);
        return fault_set(fault, FAULT_WINDOW, "order: its window begins at %s only", text);
    }
    if (now.ms > order->not_after.ms) {
        wall_write_time(order->not_after, text);
        return fault_set(fault, FAULT_EXPIRED, "order: its window ended at %s", text);
    }
    return 0;
}

static int
check_target(const reach_t *reach, const order_t *order, const char *worker, unsigned *wave,
             fault_t *fault)
{
    const target_line_t *line = worker ? order_target(order, worker) : &order->targets[0];
    if (!reach->count)
        return fault_set(fault, FAULT_TARGET, "'%s' is in no fleet",
                         worker ? worker : order->targets[0].target);
    if (!line)
        return fault_set(fault, FAULT_TARGET, "worker '%s' is no target of the order", worker);
    *wave = line->wave;
    return 0;
}

static int
check_order_signers(const trust_t *self, const order_t *order, const backing_t *backing,
                    const reach_t *reach, const release_t *named, class_t *allowed, fault_t *fault)
{
    demand_t demand = {.backing = backing, .reach = reach};
    class_t need = named && !order->dry ? named->highest : CLASS_OBSERVE;
    memcpy(demand.needed, self->root->quorum_order, sizeof demand.needed);
    return find_allowed(&demand, need, order->dry ? CLASS_OBSERVE : CLASS_DESTRUCTIVE, allowed,
                        fault);
}

/* By which windows, freshness and expiry are judged. */
static wall_t
moment_of(const proof_t *proof, wall_t now)
{
    return proof->accepted.ms && proof->accepted.ms < now.ms ? proof->accepted : now;
}

static int
check_order(trust_t *self, const proof_t *proof, const char *worker, wall_t now, warrant_t *warrant,
            fault_t *fault)
{
    backing_t backing;
    wall_t when = moment_of(proof, now);
    CLEANUP(reach_done) reach_t reach = {0};
    CLEANUP(release_destroy) release_t *named = NULL;
    if (trust_frame(self, proof->authority, "order", fault) ||
        trust_check_since(self, when, now, fault))
        return -1;
    if (trust_backing(self, proof->authority, proof->authority_armors, 1u << SIGN_ORDER, &backing,
                      fault) ||
        check_responders(&backing, fault))
        return fault_wrap(fault, "order");
    order_t *order = warrant->order = order_decode(proof->authority, fault);
    if (!order || peek_release(proof->release, order_release(order), &named, fault) < 0)
        return -1;
    if (worker)
        reach_add(&reach, self, worker);
    else
        reach_add_targets(&reach, self, order);
    if (check_order_signers(self, order, &backing, &reach, named, &warrant->allowed, fault))
        return fault_wrap(fault, "order");
    if (check_window(order, when, fault) ||
        check_target(&reach, order, worker, &warrant->wave, fault))
        return -1;
    warrant->authority = warrant->run = hash_of(proof->authority);
    return take_release(self, proof, order_release(order), order->playbook, warrant, fault);
}

/* Without a release (NULL) its class and authors are judged later, when the grant is used. */
static int
check_grant_signers(const trust_t *self, const backing_t *backing, const reach_t *reach,
                    const release_t *named, class_t *allowed, fault_t *fault)
{
    demand_t demand = {.backing = backing, .reach = reach, .everyone = true};
    if (check_responders(backing, fault))
        return -1;
    for (size_t i = 0; named && i < backing->count; i++)
        if (release_has_author(named, backing->backer[i].line->person))
            return fault_set(fault, FAULT_ROLE, "'%s' who signed is an author of the release",
                             backing->backer[i].line->person);
    if (named && named->highest == CLASS_DESTRUCTIVE)
        return fault_set(fault, FAULT_CLASS, "no grant reaches a destructive release");
    for (int class = 0; class < CLASSES; class ++)
        demand.needed[class] = self->root->quorum_grant;
    return find_allowed(&demand, named ? named->highest : CLASS_OBSERVE, CLASS_CHANGE, allowed,
                        fault);
}

static int
check_grant_terms(const trust_t *self, const grant_t *grant, wall_t now, fault_t *fault)
{
    char text[MOMENT_TEXT_MAX];
    if (grant->expires.ms - grant->issued.ms > (int64_t)self->root->grant_days_max * DAY_MS)
        return fault_set(fault, FAULT_WINDOW, "it lasts longer than the %llu days root allows",
                         (unsigned long long)self->root->grant_days_max);
    if (now.ms < grant->issued.ms) {
        wall_write_time(grant->issued, text);
        return fault_set(fault, FAULT_WINDOW, "it begins at %s only", text);
    }
    if (now.ms >= grant->expires.ms) {
        wall_write_time(grant->expires, text);
        return fault_set(fault, FAULT_EXPIRED, "it expired at %s", text);
    }
    if (grant->evidence == EVIDENCE_SIGNED)
        return fault_set(fault, FAULT_EVIDENCE,
                         "it asks for signed alerts, and fleets hold no "
                         "sources' keys yet: use evidence 'token'");
    return 0;
}

static bool
field_matches(const grant_t *grant, const char *field, const char *value)
{
    for (size_t i = 0; value && i < grant->match_count; i++)
        if (!strcmp(grant->matches[i].field, field) && !strcmp(grant->matches[i].value, value))
            return true;
    return false;
}

static bool
source_listed(char (*sources)[TEXT_NAME_MAX + 1], size_t count, const char *source)
{
    for (size_t i = 0; i < count; i++)
        if (!strcmp(sources[i], source))
            return true;
    return false;
}

static int
check_alert(grant_t *grant, const alert_t *alert, const fleet_t *fleet, wall_t now, fault_t *fault)
{
    if (!source_listed(grant->sources, grant->source_count, alert->source))
        return fault_set(fault, FAULT_EVIDENCE, "the grant does not list source '%s'",
                         alert->source);
    if (!source_listed(fleet->sources, fleet->source_count, alert->source))
        return fault_set(fault, FAULT_EVIDENCE, "source '%s' does not speak for region '%s'",
                         alert->source, fleet->region);
    if (!alert->firing)
        return fault_set(fault, FAULT_EVIDENCE, "the alert is resolved");
    for (size_t i = 0; i < grant->match_count; i++) {
        const char *field = grant->matches[i].field;
        if (!field_matches(grant, field, alert_field(alert, field)))
            return fault_set(fault, FAULT_EVIDENCE, "the alert's %s is not what the grant matches",
                             field);
    }
    if (alert->received.ms < now.ms - (int64_t)grant->fresh_s * 1000 ||
        alert->received.ms > now.ms + AHEAD_MS)
        return fault_set(fault, FAULT_STALE,
                         "the alert was not received within the last %llu "
                         "seconds",
                         (unsigned long long)grant->fresh_s);
    return 0;
}

static int
check_host(const trust_t *self, const grant_t *grant, const alert_t *alert, const reach_t *reach,
           fault_t *fault)
{
    const worker_line_t *worker = reach->worker[0].line;
    if (trust_host(self, alert->host, NULL) != worker)
        return fault_set(fault, FAULT_TARGET, "the alert's host '%.100s' is not worker '%s'",
                         alert->host, worker->id);
    if (!reach_covered(reach, grant->scope))
        return fault_set(fault, FAULT_TARGET, "worker '%s' is outside the grant's scope",
                         worker->id);
    return 0;
}

/* The worker that asks or, where none does, the one to which the alert's host maps. */
static int
reach_alert(reach_t *self, const trust_t *trust, const char *worker, const alert_t *alert,
            fault_t *fault)
{
    if (!worker) {
        const worker_line_t *line = trust_host(trust, alert->host, NULL);
        worker = line ? line->id : NULL;
    }
    if (worker)
        reach_add(self, trust, worker);
    if (!self->count)
        return fault_set(fault, FAULT_TARGET, "'%.100s' is no worker's host in any fleet",
                         worker ? worker : alert->host);
    return 0;
}

static int
check_grant_frame(const trust_t *self, const proof_t *proof, wall_t now, fault_t *fault)
{
    if (trust_frame(self, proof->authority, "grant", fault) ||
        trust_frame(self, proof->alert, "alert", fault))
        return -1;
    if (proof->alert_armors.size)
        return fault_set(fault, FAULT_EVIDENCE,
                         "an alert with a signature, and fleets hold no "
                         "sources' keys yet");
    return trust_check_since(self, moment_of(proof, now), now, fault);
}

static int
check_grant(trust_t *self, const proof_t *proof, const char *worker, wall_t now, warrant_t *warrant,
            fault_t *fault)
{
    backing_t backing;
    wall_t when = moment_of(proof, now);
    CLEANUP(reach_done) reach_t reach = {0};
    CLEANUP(release_destroy) release_t *named = NULL;
    if (check_grant_frame(self, proof, now, fault))
        return -1;
    if (trust_backing(self, proof->authority, proof->authority_armors, 1u << SIGN_GRANT, &backing,
                      fault))
        return fault_wrap(fault, "grant");
    grant_t *grant = warrant->grant = grant_decode(proof->authority, fault);
    alert_t *alert = warrant->alert = grant ? alert_decode(proof->alert, fault) : NULL;
    if (!alert || peek_release(proof->release, &grant->release, &named, fault) < 0 ||
        reach_alert(&reach, self, worker, alert, fault))
        return -1;
    if (check_grant_signers(self, &backing, &reach, named, &warrant->allowed, fault) ||
        check_grant_terms(self, grant, when, fault))
        return fault_wrap(fault, "grant");
    if (check_alert(grant, alert, reach.worker[0].fleet, when, fault) ||
        check_host(self, grant, alert, &reach, fault))
        return -1;
    warrant->authority = hash_of(proof->authority);
    warrant->run = grant_run(&warrant->authority, alert);
    warrant->wave = 1;
    return take_release(self, proof, &grant->release, grant->playbook, warrant, fault);
}

void
warrant_destroy(warrant_t **self_p)
{
    warrant_t *self = *self_p;
    if (!self)
        return;
    order_destroy(&self->order);
    grant_destroy(&self->grant);
    alert_destroy(&self->alert);
    release_destroy(&self->release);
    free(self);
    *self_p = NULL;
}

warrant_t *
trust_check(trust_t *self, const proof_t *proof, const char *worker, wall_t now, fault_t *fault)
{
    CLEANUP(warrant_destroy) warrant_t *warrant = memory_new(1, sizeof *warrant);
    int failed = proof->by_grant ? check_grant(self, proof, worker, now, warrant, fault)
                                 : check_order(self, proof, worker, now, warrant, fault);
    return failed ? NULL : MOVE(warrant);
}

grant_t *
trust_check_grant(trust_t *self, slice_t document, slice_t armors, wall_t now, fault_t *fault)
{
    backing_t backing;
    class_t allowed;
    const reach_t nowhere = {0};
    if (trust_frame(self, document, "grant", fault) || trust_check_current(self, now, fault))
        return NULL;
    if (trust_backing(self, document, armors, 1u << SIGN_GRANT, &backing, fault)) {
        fault_wrap(fault, "grant");
        return NULL;
    }
    CLEANUP(grant_destroy) grant_t *grant = grant_decode(document, fault);
    if (!grant)
        return NULL;
    if (check_grant_signers(self, &backing, &nowhere, NULL, &allowed, fault) ||
        check_grant_terms(self, grant, now, fault)) {
        fault_wrap(fault, "grant");
        return NULL;
    }
    return MOVE(grant);
}
