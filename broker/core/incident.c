/* SPDX-License-Identifier: Apache-2.0 */
#include <assert.h>
#include <stdarg.h>
#include <stdio.h>

#include "broker/core/state.h"
#include "common/document.h"

#define SWEEP_MS        60000
#define KEY_TEXT_MAX    (TEXT_NAME_MAX + 132)
#define NUMBER_TEXT_MAX 24

static void
key_of(const char *source, const char *fingerprint, char out[static KEY_TEXT_MAX])
{
    snprintf(out, KEY_TEXT_MAX, "%s %s", source, fingerprint);
}

static void
number_of(uint64_t number, char out[static NUMBER_TEXT_MAX])
{
    snprintf(out, NUMBER_TEXT_MAX, "%llu", (unsigned long long)number);
}

static incident_t *
hold(core_t *self, const incident_t *incident)
{
    char number[NUMBER_TEXT_MAX];
    number_of(incident->id, number);
    incident_t *held = zhashx_lookup(self->incidents, number);
    if (held)
        return held;
    held = memory_new(1, sizeof *held);
    *held = *incident;
    zhashx_insert(self->incidents, number, held);
    return held;
}

/* As the newest under its key. */
static incident_t *
hold_newest(core_t *self, const incident_t *incident)
{
    char key[KEY_TEXT_MAX];
    key_of(incident->source, incident->fingerprint, key);
    incident_t *held = hold(self, incident);
    zhashx_update(self->keys, key, held);
    return held;
}

void
incident_adopt(core_t *self, const incident_t *incident)
{
    hold_newest(self, incident);
}

incident_t *
incident_find(core_t *self, uint64_t id, fault_t *fault)
{
    char number[NUMBER_TEXT_MAX];
    number_of(id, number);
    incident_t *incident = zhashx_lookup(self->incidents, number);
    if (incident)
        return incident;
    query_t query = {.what = FIND_INCIDENT, .number = id};
    CLEANUP(row_destroy) row_t *row = NULL;
    return core_recall(self, &query, &row, fault) || !row ? NULL : hold(self, &row->incident);
}

/* The newest with the alert's key; NULL without a fault where there is none. */
static incident_t *
find_by_key(core_t *self, const alert_t *alert, fault_t *fault)
{
    char key[KEY_TEXT_MAX];
    key_of(alert->source, alert->fingerprint, key);
    incident_t *incident = zhashx_lookup(self->keys, key);
    if (incident)
        return incident;
    query_t query = {.what = FIND_INCIDENT_KEY, .text = alert->source, .other = alert->fingerprint};
    CLEANUP(row_destroy) row_t *row = NULL;
    return core_recall(self, &query, &row, fault) || !row ? NULL
                                                          : hold_newest(self, &row->incident);
}

void
incident_put(core_t *self, const incident_t *incident)
{
    row_t row = {.kind = ROW_INCIDENT, .incident = *incident};
    core_put(self, &row);
}

static void
note_closed(core_t *self, const incident_t *incident)
{
    char number[NUMBER_TEXT_MAX];
    number_of(incident->id, number);
    core_over(&self->closed, number);
}

void
incident_let_go(core_t *self, const char *number)
{
    char key[KEY_TEXT_MAX];
    const incident_t *incident = zhashx_lookup(self->incidents, number);
    if (!incident || incident_open(incident->state))
        return;
    key_of(incident->source, incident->fingerprint, key);
    if (zhashx_lookup(self->keys, key) == incident)
        zhashx_delete(self->keys, key);
    zhashx_delete(self->incidents, number);
}

void
incident_move(core_t *self, incident_t *incident, incident_state_t state, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    vsnprintf(incident->reason, sizeof incident->reason, format, args);
    va_end(args);
    incident->reason[text_fit(incident->reason, sizeof incident->reason)] = '\0';
    if (incident->state != state) {
        assert(self->counts[incident->state]);
        self->counts[incident->state]--;
        self->counts[state]++;
        self->moved = true;
    }
    incident->state = state;
    if (!incident_open(state))
        note_closed(self, incident);
    core_note(self, incident_word(state), incident->id,
              hash_equal(&incident->run, &HASH_ZERO) ? NULL : &incident->run, incident->worker,
              "%s", incident->reason);
    notice_incident(self, incident);
    incident_put(self, incident);
}

static const char *
label_or(const alert_t *alert, const char *field, const char *otherwise)
{
    const char *text = alert_field(alert, field);
    return text && *text ? text : otherwise;
}

static void
name_region(const core_t *self, incident_t *incident, const alert_t *alert, const char *intake)
{
    static const char *const labels[] = {"labels.region", "labels.center", "labels.site",
                                         "labels.dc"};
    const fleet_t *fleet = NULL;
    const worker_line_t *worker = trust_host(self->charter->trust, alert->host, &fleet);
    const char *region = intake && *intake ? intake : worker ? fleet->region : "";
    for (size_t i = ARRAY_SIZE(labels); i-- > 0;)
        region = label_or(alert, labels[i], region);
    text_copy(incident->region, sizeof incident->region, region);
    text_copy(incident->worker, sizeof incident->worker, worker ? worker->id : "");
}

static void
describe(const core_t *self, incident_t *incident, const alert_t *alert, const char *intake)
{
    text_copy(incident->name, sizeof incident->name, label_or(alert, "labels.alertname", ""));
    if (!incident->severity_by_hand)
        text_copy(incident->severity, sizeof incident->severity, alert->severity);
    text_copy(incident->title, sizeof incident->title, alert->title);
    text_copy(incident->host, sizeof incident->host, alert->host);
    incident->starts = alert->starts;
    incident->last = self->now;
    name_region(self, incident, alert, intake);
    match_suggest(self, incident->name, incident->playbooks, sizeof incident->playbooks);
}

static incident_t *
make(core_t *self, const alert_t *alert, const char *intake)
{
    incident_t incident = {.id = ++self->incidents_given,
                           .first = self->now,
                           .state = INCIDENT_WAITING,
                           .firing = true};
    text_copy(incident.source, sizeof incident.source, alert->source);
    text_copy(incident.fingerprint, sizeof incident.fingerprint, alert->fingerprint);
    describe(self, &incident, alert, intake);
    self->counts[INCIDENT_WAITING]++;
    self->moved = true;
    return hold_newest(self, &incident);
}

/* Waits for people or acts; says why, once for each reason. */
static void
decide(core_t *self, incident_t *incident, const alert_t *alert, slice_t evidence)
{
    char reason[sizeof incident->reason];
    self->decided_count = 0;
    bool acted = match_act(self, incident, alert, evidence, incident->leaf, reason, sizeof reason);
    if (!acted && !self->decided_count)
        decision_note(self, NULL, &HASH_ZERO, false, reason);
    decisions_keep(self, incident);
    if (acted)
        return;
    if (incident->state != INCIDENT_WAITING || strcmp(reason, incident->reason) != 0)
        incident_move(self, incident, INCIDENT_WAITING, "%s", reason);
}

/* Whether another firing alert is about the same, and not the first of a new incident. */
static bool
goes_on(const incident_t *incident)
{
    return incident && (incident_open(incident->state) || incident->firing);
}

/* The incident that this alert will be about; 0 for a resolve of what nobody knows. */
static uint64_t
subject_of(const core_t *self, const incident_t *incident, const alert_t *alert)
{
    if (alert->firing && !goes_on(incident))
        return self->incidents_given + 1;
    return incident ? incident->id : 0;
}

/* Takes over what another broker began for it; where that does not hold, says so. */
static bool
adopt(core_t *self, incident_t *incident, slice_t evidence, const uint64_t *leaf,
      const claim_t *claim)
{
    fault_t why = {0};
    if (!claim || match_adopt(self, incident, evidence, leaf, claim, &why))
        return claim;
    if (island_may_tell(self))
        core_note(self, "relay", incident->id, &claim->run, NULL,
                  "broker '%s' says that it began a run for this, which is not taken over: %s",
                  self->via->row.name, why.text);
    return false;
}

static void
on_firing(core_t *self, incident_t *incident, const alert_t *alert, const char *intake,
          slice_t evidence, uint64_t leaf, const claim_t *claim)
{
    bool again = goes_on(incident);
    bool same = again && incident->starts.ms == alert->starts.ms;
    if (again)
        describe(self, incident, alert, intake);
    else
        incident = make(self, alert, intake);
    incident->firing = true;
    incident->count++;
    incident->leaf = leaf;
    if (adopt(self, incident, evidence, &leaf, claim)) {
        incident_put(self, incident);
        return;
    }
    if (again && incident->state == INCIDENT_RESOLVED && same) {
        char before[sizeof incident->reason];
        snprintf(before, sizeof before, "%s", incident->reason);
        incident_move(self, incident, INCIDENT_WAITING,
                      "the alert still fires; resolved before, %s", before);
    } else if (!again || incident->state == INCIDENT_WAITING || !incident_open(incident->state) ||
               (incident->state == INCIDENT_FAILED && !same)) {
        decide(self, incident, alert, evidence);
    }
    incident_put(self, incident);
}

static void
on_resolved(core_t *self, incident_t *incident, const alert_t *alert)
{
    if (!incident) {
        core_note(self, "unknown", 0, NULL, NULL,
                  "source '%s' resolved '%s', of which nothing is open", alert->source,
                  alert->fingerprint);
        return;
    }
    incident->firing = false;
    incident->last = self->now;
    if (incident->state == INCIDENT_WAITING || incident->state == INCIDENT_FAILED)
        incident_move(self, incident, INCIDENT_RESOLVED, "its source says that it is over");
    else
        incident_put(self, incident);
}

static int
take(core_t *self, incident_t *incident, const alert_t *alert, const char *intake, slice_t evidence,
     const claim_t *claim)
{
    uint64_t leaf = core_leaf_alert(self, subject_of(self, incident, alert), evidence);
    if (alert->firing)
        on_firing(self, incident, alert, intake, evidence, leaf, claim);
    else
        on_resolved(self, incident, alert);
    return 0;
}

/* Whether it says no more than what is known, or less: it came a second time, or too late. */
static int
is_old(core_t *self, const incident_t *incident, const alert_t *alert, bool *old, fault_t *fault)
{
    slice_t document = {0}, armor;
    *old = !alert->firing && (!incident || !incident->firing);
    if (*old || !incident)
        return 0;
    CLEANUP(bytes_destroy) bytes_t *leaf = core_leaf_bytes(self, incident->leaf, fault);
    if (!leaf)
        return -1;
    document_split(bytes_slice(leaf), &document, &armor);
    CLEANUP(alert_destroy) alert_t *last = alert_decode(document, fault);
    *old = last && alert->received.ms <= last->received.ms;
    return last ? 0 : -1;
}

static int
check_age(const core_t *self, const alert_t *alert, fault_t *fault)
{
    if (alert->received.ms > self->now.ms + CORE_ALERT_AHEAD_MS)
        return fault_set(fault, FAULT_WINDOW, "its source's clock is ahead of the broker's");
    if (alert->received.ms < self->now.ms - CORE_ALERT_PAST_MS)
        return fault_set(fault, FAULT_STALE, "its source received it over %d hours ago",
                         (int)(CORE_ALERT_PAST_MS / 3600000));
    return 0;
}

/* The bytes that its source signed are what is kept and offered. */
static int
on_signed_alert(core_t *self, const event_t *event, fault_t *fault)
{
    bool old = false;
    fault_t why = {0};
    CLEANUP(alert_destroy)
    alert_t *alert =
        trust_check_signed_alert(self->charter->trust, event->document, event->armors, fault);
    if (!alert || check_age(self, alert, fault))
        return -1;
    if (strcmp(alert->source, event->who) != 0)
        return fault_set(fault, FAULT_DENIED, "an alert of source '%s' came as one of '%s'",
                         alert->source, event->who);
    incident_t *incident = find_by_key(self, alert, &why);
    if ((!incident && why.code) || is_old(self, incident, alert, &old, &why))
        return fault_set(fault, FAULT_IO, "%s", why.text);
    CLEANUP(bytes_destroy) bytes_t *evidence = bytes_copy(event->document);
    bytes_add_slice(evidence, event->armors);
    return old ? 0 : take(self, incident, alert, event->region, bytes_slice(evidence), NULL);
}

int
incident_relay(core_t *self, slice_t document, slice_t armor, const claim_t *claim, fault_t *fault)
{
    bool old = false;
    fault_t why = {0};
    CLEANUP(alert_destroy)
    alert_t *alert = trust_check_signed_alert(self->charter->trust, document, armor, fault);
    if (!alert)
        return -1;
    if (alert->received.ms > self->now.ms + CORE_ALERT_AHEAD_MS)
        return check_age(self, alert, fault);
    incident_t *incident = find_by_key(self, alert, &why);
    if ((!incident && why.code) || is_old(self, incident, alert, &old, &why))
        return fault_set(fault, FAULT_IO, "%s", why.text);
    CLEANUP(bytes_destroy) bytes_t *evidence = bytes_copy(document);
    bytes_add_slice(evidence, armor);
    if (!old)
        return take(self, incident, alert, NULL, bytes_slice(evidence), claim);
    if (incident)
        adopt(self, incident, bytes_slice(evidence), NULL, claim);
    return 0;
}

uint64_t
incident_named(core_t *self, const char *source, const char *fingerprint)
{
    fault_t ignored = {0};
    alert_t alert = {0};
    if (!text_copy(alert.source, sizeof alert.source, source) ||
        !text_copy(alert.fingerprint, sizeof alert.fingerprint, fingerprint))
        return 0;
    const incident_t *incident = find_by_key(self, &alert, &ignored);
    return incident ? incident->id : 0;
}

int
on_alert(core_t *self, event_t *event, fault_t *fault)
{
    fault_t why = {0};
    alert_t *alert = event->alert;
    if (!alert)
        return on_signed_alert(self, event, fault);
    alert->site = *trust_site(self->charter->trust);
    alert->received = self->now;
    if (alert->starts.ms <= 0)
        alert->starts = self->now;
    incident_t *incident = find_by_key(self, alert, &why);
    if (!incident && why.code)
        return fault_set(fault, why.code, "%s", why.text);
    CLEANUP(bytes_destroy) bytes_t *document = bytes_new();
    alert_encode(alert, document);
    return take(self, incident, alert, event->region, bytes_slice(document), NULL);
}

/* The incident whose latest run this is. */
static incident_t *
incident_of(core_t *self, const run_t *run, fault_t *fault)
{
    incident_t *incident = run->row.incident ? incident_find(self, run->row.incident, fault) : NULL;
    return incident && hash_equal(&incident->run, &run->row.id) ? incident : NULL;
}

void
incident_on_accept(core_t *self, const run_t *run, fault_t *fault)
{
    incident_t *incident = incident_of(self, run, fault);
    if (incident && incident->state == INCIDENT_AUTHORISED)
        incident_move(self, incident, INCIDENT_RUNNING, "'%s' runs", run->row.playbook);
}

static bool
all_verified(const run_t *run)
{
    for (size_t i = 0; i < run->share_count; i++)
        if (!run->shares[i].row.verified)
            return false;
    return true;
}

void
incident_on_run(core_t *self, const run_t *run, fault_t *fault)
{
    incident_t *incident = incident_of(self, run, fault);
    const char *playbook = run->row.playbook;
    if (!incident || !incident_open(incident->state))
        return;
    if (!incident->firing)
        incident_move(self, incident, INCIDENT_RESOLVED, "its source says that it is over");
    else if (run->row.state == RUN_SUCCEEDED && all_verified(run))
        incident_move(self, incident, INCIDENT_RESOLVED, "'%s' ran, and verified that it helped",
                      playbook);
    else if (run->row.state == RUN_SUCCEEDED)
        incident_move(self, incident, INCIDENT_WAITING,
                      "'%s' ran well, and nothing in it verified that the cause is gone", playbook);
    else if (run->row.state == RUN_EXPIRED)
        incident_move(self, incident, INCIDENT_WAITING, "'%s' reached no worker in time", playbook);
    else
        incident_move(self, incident, INCIDENT_FAILED, "the run of '%s' ended as %s", playbook,
                      run_word(run->row.state));
}

void
incidents_suggest(core_t *self)
{
    for (incident_t *incident = zhashx_first(self->incidents); incident;
         incident = zhashx_next(self->incidents)) {
        char names[sizeof incident->playbooks];
        match_suggest(self, incident->name, names, sizeof names);
        if (!incident_open(incident->state) || !strcmp(names, incident->playbooks))
            continue;
        text_copy(incident->playbooks, sizeof incident->playbooks, names);
        incident_put(self, incident);
    }
}

/* Closed ones are let go after a while; the past has them, but those that this step closes. */
void
incidents_sweep(core_t *self)
{
    if (self->now.ms - self->swept.ms < SWEEP_MS)
        return;
    self->swept = self->now;
    CLEANUP(zlistx_destroy) zlistx_t *gone = zlistx_new();
    for (incident_t *incident = zhashx_first(self->incidents); incident;
         incident = zhashx_next(self->incidents)) {
        int64_t quiet = self->now.ms - incident->last.ms;
        if ((incident->state == INCIDENT_WAITING || incident->state == INCIDENT_FAILED) &&
            quiet > CORE_ABANDON_MS)
            incident_move(self, incident, INCIDENT_ABANDONED, "nobody spoke of it for %d days",
                          (int)(CORE_ABANDON_MS / 86400000));
        else if (!incident_open(incident->state) && quiet > CORE_CLOSED_MS)
            zlistx_add_end(gone, incident);
    }
    for (incident_t *incident = zlistx_first(gone); incident; incident = zlistx_next(gone)) {
        char number[NUMBER_TEXT_MAX];
        number_of(incident->id, number);
        incident_let_go(self, number);
    }
}
