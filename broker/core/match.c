/* SPDX-License-Identifier: Apache-2.0 */
#include <stdio.h>

#include "broker/core/state.h"
#include "common/document.h"

/* Releases in service that this alert triggers, ascending by playbook. */
static size_t
triggered(const core_t *self, const char *alertname, shelved_t *found[static CORE_TRIGGERED_MAX])
{
    size_t count = 0;
    for (size_t i = 0; *alertname && i < shelf_release_count(self->shelf); i++) {
        shelved_t *release = shelf_release_at(self->shelf, i);
        if (count < CORE_TRIGGERED_MAX && release->state == RELEASE_IN_SERVICE &&
            manifest_triggered_by(release->manifest, alertname))
            found[count++] = release;
    }
    return count;
}

void
match_suggest(const core_t *self, const char *alertname, char *names, size_t size)
{
    shelved_t *found[CORE_TRIGGERED_MAX];
    size_t count = triggered(self, alertname, found), used = 0;
    names[0] = '\0';
    for (size_t i = 0; i < count && used < size; i++)
        used += (size_t)snprintf(names + used, size - used, i ? " %s" : "%s",
                                 found[i]->release->playbook);
}

static proof_t
proof_of(const shelved_t *release, const held_grant_t *held, slice_t evidence)
{
    proof_t proof = {
        .by_grant = true,
        .authority = bytes_slice(held->document),
        .authority_armors = bytes_slice(held->armors),
        .release = bytes_slice(release->document),
        .release_armors = bytes_slice(release->armors),
    };
    document_split(evidence, &proof.alert, &proof.alert_armors);
    return proof;
}

/* 0 with the warrant under which this alert may start the playbook on this worker. */
static warrant_t *
check(core_t *self, const shelved_t *release, held_grant_t *held, slice_t evidence,
      const char *worker, fault_t *fault)
{
    proof_t proof = proof_of(release, held, evidence);
    CLEANUP(warrant_destroy)
    warrant_t *warrant = trust_check(self->charter->trust, &proof, worker, self->now, fault);
    CLEANUP(value_destroy)
    value_t *inputs = warrant ? manifest_inputs_of(release->manifest, warrant, fault) : NULL;
    if (!inputs)
        return NULL;
    if (!held_grant_has_budget(held, worker, self->now)) {
        fault_set(fault, FAULT_BUDGET, "its budget on worker '%s' is spent", worker);
        return NULL;
    }
    fault_t why = {0};
    if (run_find(self, &warrant->run, &why) || why.code) {
        fault_set(fault, FAULT_REPLAY, "this alert was acted on already");
        return NULL;
    }
    if (restraint_check(self, release, worker, fault))
        return NULL;
    return MOVE(warrant);
}

static const char *
who_granted(const core_t *self, held_grant_t *held)
{
    const people_t *people = trust_people(self->charter->trust);
    if (people && held->who_version != people->version) {
        core_signers(self, bytes_slice(held->armors), held->who, sizeof held->who);
        held->who_version = people->version;
    }
    return held->who;
}

/* When a run that is taken over began, as the broker that began it says: not before its source had
 * the alert. */
static wall_t
begun_at(const core_t *self, const alert_t *alert, const claim_t *claim)
{
    wall_t at = claim->at.ms > alert->received.ms ? claim->at : alert->received;
    return at.ms < self->now.ms ? at : self->now;
}

/* Of an earlier alert, or beside a run that is under way, it is not what the incident waits for. */
static bool
leads(const incident_t *incident, const alert_t *alert)
{
    return incident->starts.ms == alert->starts.ms && incident->state != INCIDENT_AUTHORISED &&
           incident->state != INCIDENT_RUNNING;
}

static void
begin(core_t *self, incident_t *incident, const shelved_t *release, held_grant_t *held,
      const warrant_t *warrant, const char *worker, slice_t evidence, uint64_t leaf,
      const claim_t *claim)
{
    const char *via = claim ? self->via->row.name : "";
    wall_t at = claim ? begun_at(self, warrant->alert, claim) : self->now;
    run_row_t row = {.id = warrant->run,
                     .by_grant = true,
                     .authority = held->hash,
                     .release = release->hash,
                     .alert = leaf,
                     .incident = incident->id,
                     .created = at};
    const fleet_t *fleet = NULL;
    row.not_after.ms = at.ms + (int64_t)held->grant->fresh_s * 1000;
    if (*via && row.not_after.ms < self->now.ms + CORE_ADOPT_MS)
        row.not_after.ms = self->now.ms + CORE_ADOPT_MS;
    text_copy(row.via, sizeof row.via, via);
    text_copy(row.playbook, sizeof row.playbook, release->release->playbook);
    text_copy(row.worker, sizeof row.worker, worker);
    if (trust_worker(self->charter->trust, worker, &fleet))
        text_copy(row.region, sizeof row.region, fleet->region);
    text_copy(row.who, sizeof row.who, who_granted(self, held));
    held_grant_spend(held, worker, at);
    run_t *run =
        run_begin(self, &row, bytes_slice(held->document), bytes_slice(held->armors), evidence);
    run_add(self, run, worker, 1);
    if (!claim || leads(incident, warrant->alert)) {
        incident->run = row.id;
        if (*via && !incident_open(incident->state))
            incident_put(self, incident);
        else
            incident_move(self, incident, INCIDENT_AUTHORISED,
                          "a grant lets '%s' run on worker '%s'%s%s", row.playbook, worker,
                          *via ? ", by broker " : "", via);
    }
    run_launch(self, run);
}

static bool
try_grants(core_t *self, incident_t *incident, const shelved_t *release, slice_t evidence,
           uint64_t leaf, const char *worker, char *reason, size_t size)
{
    const char *playbook = release->release->playbook;
    size_t before = self->decided_count;
    snprintf(reason, size, "no grant lets '%s' run by itself", playbook);
    for (size_t i = 0; i < shelf_grant_count(self->shelf); i++) {
        held_grant_t *held = shelf_grant_at(self->shelf, i);
        fault_t fault = {0};
        if (!hash_equal(&held->grant->release, &release->hash))
            continue;
        CLEANUP(warrant_destroy)
        warrant_t *warrant = check(self, release, held, evidence, worker, &fault);
        decision_note(self, release, &held->hash, warrant,
                      warrant ? "it covers this alert" : fault.text);
        if (warrant) {
            begin(self, incident, release, held, warrant, worker, evidence, leaf, NULL);
            return true;
        }
        snprintf(reason, size, "the grant for '%s' does not let it run: %s", playbook, fault.text);
    }
    if (self->decided_count == before)
        decision_note(self, release, &HASH_ZERO, false, reason);
    return false;
}

static held_grant_t *
find_grant(const core_t *self, const hash_t *hash)
{
    for (size_t i = 0; i < shelf_grant_count(self->shelf); i++)
        if (hash_equal(&shelf_grant_at(self->shelf, i)->hash, hash))
            return shelf_grant_at(self->shelf, i);
    return NULL;
}

/* Everything but the claim that it was begun is signed: it is judged as of when its source had the
 * alert, and what came of it the worker's receipts say. */
bool
match_adopt(core_t *self, incident_t *incident, slice_t evidence, const uint64_t *leaf,
            const claim_t *claim, fault_t *fault)
{
    slice_t document = {0}, armor = {0};
    fault_t why = {0};
    document_split(evidence, &document, &armor);
    CLEANUP(alert_destroy) alert_t *alert = alert_decode(document, fault);
    held_grant_t *held = find_grant(self, &claim->grant);
    shelved_t *release = held ? shelf_release(self->shelf, &held->grant->release) : NULL;
    const worker_line_t *worker =
        alert ? trust_host(self->charter->trust, alert->host, NULL) : NULL;
    if (run_find(self, &claim->run, &why))
        return true;
    if (!worker || !release || why.code) {
        fault_set(fault, FAULT_NOT_FOUND, "its grant, release or worker is not known here");
        return false;
    }
    proof_t proof = proof_of(release, held, evidence);
    CLEANUP(warrant_destroy)
    warrant_t *warrant =
        trust_check(self->charter->trust, &proof, worker->id, alert->received, fault);
    if (warrant && !hash_equal(&warrant->run, &claim->run))
        fault_set(fault, FAULT_HASH, "the run is of another grant or alert");
    if (!warrant || !hash_equal(&warrant->run, &claim->run))
        return false;
    self->decided_count = 0;
    decision_note(self, release, &held->hash, true, "the region's broker let it run");
    decisions_keep(self, incident);
    begin(self, incident, release, held, warrant, worker->id, evidence,
          leaf ? *leaf : core_leaf_alert(self, incident->id, evidence), claim);
    return true;
}

bool
match_act(core_t *self, incident_t *incident, const alert_t *alert, slice_t evidence, uint64_t leaf,
          char *reason, size_t size)
{
    shelved_t *found[CORE_TRIGGERED_MAX];
    size_t count = triggered(self, incident->name, found);
    const worker_line_t *worker = trust_host(self->charter->trust, alert->host, NULL);
    if (!count) {
        snprintf(reason, size, "no playbook in service is triggered by '%s'", incident->name);
        return false;
    }
    if (!worker) {
        snprintf(reason, size, "no worker looks after host '%s'", alert->host);
        for (size_t i = 0; i < count; i++)
            decision_note(self, found[i], &HASH_ZERO, false, reason);
        return false;
    }
    for (size_t i = 0; i < count; i++)
        if (try_grants(self, incident, found[i], evidence, leaf, worker->id, reason, size))
            return true;
    return false;
}
