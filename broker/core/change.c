/* SPDX-License-Identifier: Apache-2.0 */
/* What people change of an incident by hand. Each change is an event with its author. */
#include <stdio.h>

#include "broker/core/state.h"

#define DEPTH_MAX 8 /* of incidents under incidents */

typedef int(change_t)(core_t *self, incident_t *incident, const event_t *event, fault_t *fault);

static void
tell(core_t *self, const incident_t *incident, const event_t *event, const char *kind,
     const char *text)
{
    event_row_t told = {.incident = incident->id};
    snprintf(told.kind, sizeof told.kind, "%s", kind);
    snprintf(told.text, sizeof told.text, "%s", text);
    snprintf(told.who, sizeof told.who, "%s", event->who);
    core_tell(self, &told);
}

static int
acknowledge(core_t *self, incident_t *incident, const event_t *event, fault_t *fault)
{
    bool on = !strcmp(event->text, "true");
    (void)fault;
    text_copy(incident->ack, sizeof incident->ack, on ? event->who : "");
    tell(self, incident, event, "ack", on ? "it is seen" : "it is no longer acknowledged");
    return 0;
}

static int
assign(core_t *self, incident_t *incident, const event_t *event, fault_t *fault)
{
    char text[TEXT_NAME_MAX + 32];
    const people_t *people = trust_people(self->charter->trust);
    bool nobody = !strcmp(event->text, "-"), known = nobody;
    for (size_t i = 0; people && !known && i < people->key_count; i++)
        known = !strcmp(people->keys[i].person, event->text);
    if (!known)
        return fault_set(fault, FAULT_NOT_FOUND,
                         "no person is called '%.63s'; '-' assigns it to nobody", event->text);
    text_copy(incident->assigned, sizeof incident->assigned, nobody ? "" : event->text);
    snprintf(text, sizeof text, nobody ? "it is nobody's" : "it is for '%s'", event->text);
    tell(self, incident, event, "assign", text);
    return 0;
}

static int
note(core_t *self, incident_t *incident, const event_t *event, fault_t *fault)
{
    (void)fault;
    tell(self, incident, event, "note", event->text);
    return 0;
}

static int
set_severity(core_t *self, incident_t *incident, const event_t *event, fault_t *fault)
{
    static const char *const severities[] = {"critical", "high", "medium", "low", "info"};
    char text[64];
    for (size_t i = 0; i < ARRAY_SIZE(severities); i++) {
        if (strcmp(severities[i], event->text) != 0)
            continue;
        snprintf(text, sizeof text, "severity %s, was %s", event->text, incident->severity);
        text_copy(incident->severity, sizeof incident->severity, event->text);
        incident->severity_by_hand = true;
        tell(self, incident, event, "severity", text);
        return 0;
    }
    return fault_set(fault, FAULT_USAGE,
                     "'%.20s' is no severity: critical, high, medium, low or info", event->text);
}

/* Whether the incident is among those that other is under, itself included. */
static int
check_circle(core_t *self, uint64_t incident, uint64_t other, fault_t *fault)
{
    for (int depth = 0; other; depth++) {
        fault_t why = {0};
        const incident_t *above = incident_find(self, other, &why);
        if (!above)
            return fault_set(fault, why.code ? why.code : FAULT_NOT_FOUND, "%s",
                             why.code ? why.text : "there is no such parent incident");
        if (other == incident || depth == DEPTH_MAX)
            return fault_set(fault, FAULT_CONFLICT,
                             "incident %llu cannot be under one that is under it, nor deeper "
                             "than %d",
                             (unsigned long long)incident, DEPTH_MAX);
        other = above->parent;
    }
    return 0;
}

static int
set_parent(core_t *self, incident_t *incident, const event_t *event, fault_t *fault)
{
    char text[64];
    uint64_t parent;
    if (!text_read_u64(event->text, 0, INT64_MAX, &parent))
        return fault_set(fault, FAULT_USAGE, "a parent is an incident's number, or 0");
    if (check_circle(self, incident->id, parent, fault))
        return -1;
    incident->parent = parent;
    snprintf(text, sizeof text, parent ? "it is a part of incident %llu" : "it stands by itself",
             (unsigned long long)parent);
    tell(self, incident, event, "parent", text);
    return 0;
}

static int
resolve(core_t *self, incident_t *incident, const event_t *event, fault_t *fault)
{
    if (!incident_open(incident->state))
        return fault_set(fault, FAULT_CONFLICT, "incident %llu is %s already",
                         (unsigned long long)incident->id, incident_word(incident->state));
    if (incident->state == INCIDENT_AUTHORISED || incident->state == INCIDENT_RUNNING)
        return fault_set(fault, FAULT_CONFLICT,
                         "a run is at work on incident %llu: cancel it, or wait for its end",
                         (unsigned long long)incident->id);
    tell(self, incident, event, "resolve", event->text);
    incident_move(self, incident, INCIDENT_RESOLVED, "%s: %.*s", event->who,
                  text_fit(event->text, 180), event->text);
    return 0;
}

static int
reopen(core_t *self, incident_t *incident, const event_t *event, fault_t *fault)
{
    if (incident_open(incident->state))
        return fault_set(fault, FAULT_CONFLICT, "incident %llu is open: %s",
                         (unsigned long long)incident->id, incident_word(incident->state));
    tell(self, incident, event, "reopen", event->text);
    incident_move(self, incident, INCIDENT_WAITING, "%s opened it again: %.*s", event->who,
                  text_fit(event->text, 180), event->text);
    return 0;
}

static const struct {
    const char *field;
    change_t *change;
} changes[] = {
    {"ack", acknowledge},   {"assign", assign},   {"note", note},     {"severity", set_severity},
    {"parent", set_parent}, {"resolve", resolve}, {"reopen", reopen},
};

int
on_change(core_t *self, event_t *event, fault_t *fault)
{
    fault_t why = {0};
    incident_t *incident = incident_find(self, event->number, &why);
    if (!incident)
        return fault_set(fault, why.code ? why.code : FAULT_NOT_FOUND, "%s",
                         why.code ? why.text
                                  : "there is no such incident; see: tocsin incident list");
    if (core_check_words(event->text, "what is said of an incident", fault))
        return -1;
    for (size_t i = 0; i < ARRAY_SIZE(changes); i++) {
        if (strcmp(changes[i].field, event->field) != 0)
            continue;
        if (changes[i].change(self, incident, event, fault))
            return -1;
        incident_put(self, incident);
        return 0;
    }
    return fault_set(fault, FAULT_USAGE, "'%.20s' is nothing that people change of an incident",
                     event->field);
}
