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

/* 0 with the warrant under which this alert may start the playbook on this worker. */
static warrant_t *
check(core_t *self, const shelved_t *release, held_grant_t *held, slice_t evidence,
      const char *worker, fault_t *fault)
{
    slice_t document = {0}, armor = {0};
    document_split(evidence, &document, &armor);
    proof_t proof = {
        .by_grant = true,
        .authority = bytes_slice(held->document),
        .authority_armors = bytes_slice(held->armors),
        .alert = document,
        .alert_armors = armor,
        .release = bytes_slice(release->document),
        .release_armors = bytes_slice(release->armors),
    };
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

static void
begin(core_t *self, incident_t *incident, const shelved_t *release, held_grant_t *held,
      const warrant_t *warrant, const char *worker, slice_t evidence, uint64_t leaf)
{
    run_row_t row = {.id = warrant->run,
                     .by_grant = true,
                     .authority = held->hash,
                     .release = release->hash,
                     .alert = leaf,
                     .incident = incident->id,
                     .created = self->now};
    const fleet_t *fleet = NULL;
    row.not_after.ms = self->now.ms + (int64_t)held->grant->fresh_s * 1000;
    text_copy(row.playbook, sizeof row.playbook, release->release->playbook);
    text_copy(row.worker, sizeof row.worker, worker);
    if (trust_worker(self->charter->trust, worker, &fleet))
        text_copy(row.region, sizeof row.region, fleet->region);
    text_copy(row.who, sizeof row.who, who_granted(self, held));
    held_grant_spend(held, worker, self->now);
    run_t *run =
        run_begin(self, &row, bytes_slice(held->document), bytes_slice(held->armors), evidence);
    run_add(self, run, worker, 1);
    incident->run = row.id;
    incident_move(self, incident, INCIDENT_AUTHORISED, "a grant lets '%s' run on worker '%s'",
                  row.playbook, worker);
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
            begin(self, incident, release, held, warrant, worker, evidence, leaf);
            return true;
        }
        snprintf(reason, size, "the grant for '%s' does not let it run: %s", playbook, fault.text);
    }
    if (self->decided_count == before)
        decision_note(self, release, &HASH_ZERO, false, reason);
    return false;
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
