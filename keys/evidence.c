/* SPDX-License-Identifier: Apache-2.0 */
/* Grants, and the alerts that draw on them. */
#include "keys/trust_private.h"

#define AHEAD_MS (60 * 1000) /* by which an alert's clock may be ahead of ours */
#define DAY_MS   INT64_C(86400000)

/* Without a release (NULL) its class and authors are judged later, when the grant is used. */
static int
check_grant_signers(const trust_t *self, const backing_t *backing, const reach_t *reach,
                    const release_t *named, class_t *allowed, fault_t *fault)
{
    demand_t demand = {.backing = backing, .reach = reach, .everyone = true};
    if (backing_check_role(backing, ROLE_RESPONDER, fault))
        return -1;
    for (size_t i = 0; named && i < backing->count; i++)
        if (release_has_author(named, backing->backer[i].line->person))
            return fault_set(fault, FAULT_ROLE, "'%s' who signed is an author of the release",
                             backing->backer[i].line->person);
    if (named && named->highest == CLASS_DESTRUCTIVE)
        return fault_set(fault, FAULT_CLASS, "no grant reaches a destructive release");
    for (int class = 0; class < CLASSES; class ++)
        demand.needed[class] = self->root->quorum_grant;
    return demand_check(&demand, named ? named->highest : CLASS_OBSERVE, CLASS_CHANGE, allowed,
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
check_grant_frame(const trust_t *self, const proof_t *proof, const char *worker, wall_t now,
                  fault_t *fault)
{
    if (trust_frame(self, proof->authority, "grant", fault) ||
        trust_frame(self, proof->alert, "alert", fault))
        return -1;
    if (proof->alert_armors.size)
        return fault_set(fault, FAULT_EVIDENCE,
                         "an alert with a signature, and fleets hold no "
                         "sources' keys yet");
    if (trust_check_since(self, trust_moment(proof->accepted, now), now, fault))
        return -1;
    return trust_check_halts(self, NULL, NULL, trust_region(self, worker), fault);
}

int
trust_check_alert(trust_t *self, const proof_t *proof, const char *worker, wall_t now,
                  warrant_t *warrant, fault_t *fault)
{
    backing_t backing;
    wall_t when = trust_moment(proof->accepted, now);
    CLEANUP(reach_done) reach_t reach = {0};
    CLEANUP(release_destroy) release_t *named = NULL;
    if (check_grant_frame(self, proof, worker, now, fault))
        return -1;
    if (trust_backing(self, proof->authority, proof->authority_armors, 1u << SIGN_GRANT, &backing,
                      fault))
        return fault_wrap(fault, "grant");
    warrant->signers = backing_people(&backing);
    grant_t *grant = warrant->grant = grant_decode(proof->authority, fault);
    alert_t *alert = warrant->alert = grant ? alert_decode(proof->alert, fault) : NULL;
    if (!alert || trust_peek_release(proof->release, &grant->release, &named, fault) < 0 ||
        reach_alert(&reach, self, worker, alert, fault))
        return -1;
    if (check_grant_signers(self, &backing, &reach, named, &warrant->allowed, fault) ||
        check_grant_terms(self, grant, when, fault))
        return fault_wrap(fault, "grant");
    warrant->authority = hash_of(proof->authority);
    warrant->run = grant_run(&warrant->authority, alert);
    if (trust_check_halts(self, &warrant->run, grant->playbook, reach.worker[0].fleet->region,
                          fault))
        return -1;
    if (check_alert(grant, alert, reach.worker[0].fleet, when, fault) ||
        check_host(self, grant, alert, &reach, fault))
        return -1;
    warrant->wave = 1;
    if (worker)
        text_copy(warrant->target, sizeof warrant->target, worker);
    return trust_take_release(self, proof, &grant->release, grant->playbook, warrant, fault);
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
