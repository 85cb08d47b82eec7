/* SPDX-License-Identifier: Apache-2.0 */
/* Consents and answers: whether one person's word counts for what a step waits for. */
#include "keys/trust_private.h"

/* The worker that waits or, where none does, all those that the consent names. */
static void
reach_consent(reach_t *self, const trust_t *trust, const consent_t *consent, const char *worker)
{
    if (worker)
        reach_add(self, trust, worker);
    for (size_t i = 0; !worker && i < consent->target_count; i++)
        reach_add(self, trust, consent->targets[i].target);
}

/* One person, of the role, who may go as far as this on each of these workers. */
static int
check_person(const backing_t *backing, const reach_t *reach, const consent_wish_t *wish,
             fault_t *fault)
{
    class_t allowed;
    signers_t people = backing_people(backing);
    demand_t demand = {.backing = backing, .reach = reach, .needed = {1, 1, 1}};
    if (people.count != 1)
        return fault_set(fault, FAULT_QUORUM, "%zu people signed what one person signs",
                         people.count);
    if (backing_check_role(backing, wish->role, fault))
        return -1;
    if (wish->excluded && signers_have(wish->excluded, people.person[0]))
        return fault_set(fault, FAULT_ROLE, "'%s' signed the order too: somebody else consents",
                         people.person[0]);
    return demand_check(&demand, wish->class, wish->class, &allowed, fault);
}

static int
check_subject(const consent_t *consent, const consent_wish_t *wish, fault_t *fault)
{
    char digits[HASH_TEXT];
    if (!hash_equal(&consent->run, &wish->run))
        return fault_set(fault, FAULT_TARGET, "it is given for run %.12s",
                         hash_write(&consent->run, digits));
    if (strcmp(consent->step, wish->step) != 0)
        return fault_set(fault, FAULT_TARGET, "it is given for step '%.120s'", consent->step);
    return 0;
}

static int
check_span(const consent_t *consent, const consent_wish_t *wish, wall_t now, fault_t *fault)
{
    char text[MOMENT_TEXT_MAX];
    wall_t when = trust_moment(wish->accepted, now);
    int64_t span_ms = consent->expires.ms - consent->created.ms;
    if (span_ms <= 0 || span_ms > INT64_C(1000) * CONSENT_MAX_S)
        return fault_set(fault, FAULT_WINDOW,
                         "it does not end within the 24 hours after 'created'");
    if (consent->created.ms > when.ms + TRUST_SKEW_MS) {
        wall_write_time(consent->created, text);
        return fault_set(fault, FAULT_WINDOW, "it begins at %s only", text);
    }
    if (when.ms >= consent->expires.ms) {
        wall_write_time(consent->expires, text);
        return fault_set(fault, FAULT_EXPIRED, "it expired at %s", text);
    }
    if (wish->asked.ms && consent->created.ms < wish->asked.ms - TRUST_SKEW_MS)
        return fault_set(fault, FAULT_STALE, "it was signed before it was asked for");
    return 0;
}

/* What the person was shown is what there is. */
static int
check_shown(const consent_t *consent, const reach_t *reach, const consent_wish_t *wish,
            fault_t *fault)
{
    if (!reach->count)
        return fault_set(fault, FAULT_TARGET, "'%s' is in no fleet",
                         wish->worker ? wish->worker : consent->targets[0].target);
    if (!wish->worker)
        return 0;
    const consent_target_t *line = consent_target(consent, wish->target);
    if (!line)
        return fault_set(fault, FAULT_TARGET, "it does not name '%s'", wish->target);
    if (!hash_equal(&line->receipt, &wish->receipt))
        return fault_set(fault, FAULT_STALE,
                         "another receipt of '%s' was shown than the last: look again, and sign "
                         "again",
                         wish->target);
    return 0;
}

consent_t *
trust_check_consent(trust_t *self, slice_t document, slice_t armors, const consent_wish_t *wish,
                    wall_t now, fault_t *fault)
{
    backing_t backing;
    const char *type = wish->answer ? "answer" : "consent";
    unsigned purposes = 1u << (wish->answer ? SIGN_ANSWER : SIGN_CONSENT);
    CLEANUP(reach_done) reach_t reach = {0};
    if (trust_frame(self, document, type, fault) ||
        trust_check_since(self, trust_moment(wish->accepted, now), now, fault))
        return NULL;
    if (trust_backing(self, document, armors, purposes, &backing, fault)) {
        fault_wrap(fault, "%s", type);
        return NULL;
    }
    CLEANUP(consent_destroy) consent_t *consent = consent_decode(document, fault);
    if (!consent)
        return NULL;
    reach_consent(&reach, self, consent, wish->worker);
    if (check_subject(consent, wish, fault) || check_person(&backing, &reach, wish, fault) ||
        check_span(consent, wish, now, fault) || check_shown(consent, &reach, wish, fault)) {
        fault_wrap(fault, "%s", type);
        return NULL;
    }
    return MOVE(consent);
}
