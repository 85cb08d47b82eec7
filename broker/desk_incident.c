/* SPDX-License-Identifier: Apache-2.0 */
#include "broker/desk_private.h"

#include <stdio.h>
#include <stdlib.h>

static bool
fill_incident(void *context, const row_t *row)
{
    filling_t *filling = context;
    return desk_append(filling->asked, view_incident(filling->desk->house->store, &row->incident,
                                                     filling->asked->fault));
}

static row_t *
find_incident(const desk_t *self, const asked_t *asked, const char *key)
{
    fault_t why = {0};
    int64_t id = value_get_integer(asked->arguments, key);
    query_t query = {.what = FIND_INCIDENT, .number = id > 0 ? (uint64_t)id : 0};
    row_t *row = store_first(self->house->store, &query, &why);
    if (!row)
        fault_set(asked->fault, why.code ? why.code : FAULT_NOT_FOUND, "%s",
                  why.code ? why.text : "there is no such incident; see: tocsin incident list");
    return row;
}

static bool
fill_child(void *context, const row_t *row)
{
    return desk_append(((filling_t *)context)->asked, value_integer((int64_t)row->incident.id));
}

value_t *
answer_incidents(desk_t *self, asked_t *asked)
{
    const char *state = value_get_text(asked->arguments, "state");
    query_t query = {.what = FIND_INCIDENTS, .limit = desk_limit(asked)};
    for (unsigned i = 0; *state && i < INCIDENT_STATE_COUNT; i++)
        if (!strcmp(state, incident_word(i))) {
            query.what = FIND_INCIDENTS_IN;
            query.number = i;
        }
    if (*state && query.what == FIND_INCIDENTS) {
        fault_set(asked->fault, FAULT_USAGE,
                  "'%.40s' is no state of an incident; see: tocsin help incident list", state);
        return NULL;
    }
    return desk_list(self, asked, &query, fill_incident);
}

/* Events of an incident, of which the newest are told that have room. */
typedef struct {
    asked_t *asked;
    size_t *sizes; /* encoded; count of them */
    size_t count, capacity;
    size_t from, at;
} timeline_t;

static bool
measure_event(void *context, const row_t *row)
{
    timeline_t *self = context;
    CLEANUP(value_destroy) value_t *event = view_event(&row->event);
    CLEANUP(bytes_destroy) bytes_t *encoded = bytes_new();
    value_encode(event, encoded);
    self->sizes = memory_grow(self->sizes, self->count, &self->capacity, sizeof *self->sizes);
    self->sizes[self->count++] = encoded->size;
    return true;
}

static bool
tell_event(void *context, const row_t *row)
{
    timeline_t *self = context;
    return self->at++ < self->from || desk_append(self->asked, view_event(&row->event));
}

/* Of a run on thousands each target has several. */
static int
set_events(const desk_t *self, asked_t *asked, uint64_t incident, value_t *map)
{
    size_t room = asked->room;
    const store_t *store = self->house->store;
    query_t query = {.what = FIND_EVENTS_OF, .number = incident};
    timeline_t timeline = {.asked = asked};
    CLEANUP(value_destroy) value_t *events = asked->list = value_list();
    int failed = store->find(store->self, &query, measure_event, &timeline, asked->fault);
    for (timeline.from = timeline.count; timeline.from && timeline.sizes[timeline.from - 1] <= room;
         timeline.from--)
        room -= timeline.sizes[timeline.from - 1];
    free(timeline.sizes);
    if (failed || store->find(store->self, &query, tell_event, &timeline, asked->fault))
        return -1;
    value_set(map, "events", MOVE(events));
    if (timeline.from)
        value_set_integer(map, "events_left_out", (int64_t)timeline.from);
    return 0;
}

value_t *
answer_incident(desk_t *self, asked_t *asked)
{
    CLEANUP(row_destroy) row_t *row = find_incident(self, asked, "id");
    CLEANUP(value_destroy)
    value_t *map =
        row ? view_whole_incident(self->house->store, &row->incident, asked->fault) : NULL;
    if (!map)
        return NULL;
    query_t begun = {.what = FIND_RUNS_OF, .number = row->incident.id, .limit = DESK_LIST_MAX};
    value_t *runs = desk_list(self, asked, &begun, desk_fill_run);
    if (!runs)
        return NULL;
    value_set(map, "runs", runs);
    query_t under = {.what = FIND_CHILDREN, .number = row->incident.id, .limit = DESK_LIST_MAX};
    value_t *children = desk_list(self, asked, &under, fill_child);
    if (!children)
        return NULL;
    value_set(map, "children", children);
    return set_events(self, asked, row->incident.id, map) ? NULL : MOVE(map);
}

static bool
fill_decision(void *context, const row_t *row)
{
    const decision_row_t *decision = &row->decision;
    value_t *map = value_map();
    value_set_integer(map, "at", decision->at.ms);
    value_set_bool(map, "acted", decision->acted);
    value_set_text(map, "reason", decision->reason);
    if (*decision->playbook) {
        value_set_text(map, "playbook", decision->playbook);
        view_set_hash(map, "release", &decision->release);
    }
    if (!hash_equal(&decision->grant, &HASH_ZERO))
        view_set_hash(map, "grant", &decision->grant);
    return desk_append(((filling_t *)context)->asked, map);
}

value_t *
answer_why(desk_t *self, asked_t *asked)
{
    CLEANUP(row_destroy) row_t *row = find_incident(self, asked, "incident");
    if (!row)
        return NULL;
    query_t query = {.what = FIND_DECISIONS, .number = row->incident.id};
    return desk_list(self, asked, &query, fill_decision);
}

/* The one thing that is to be changed: a text, and of what it is a text. */
value_t *
answer_change(desk_t *self, asked_t *asked)
{
    static const char *const fields[] = {"ack",    "assign",  "note",  "severity",
                                         "parent", "resolve", "reopen"};
    event_t event = {.kind = EVENT_CHANGE,
                     .who = asked->caller->name,
                     .number = (uint64_t)value_get_integer(asked->arguments, "incident")};
    char number[24];
    for (size_t i = 0; i < ARRAY_SIZE(fields); i++) {
        const value_t *value = value_get(asked->arguments, fields[i]);
        if (!value)
            continue;
        snprintf(number, sizeof number, "%lld", (long long)value_number(value));
        event.field = fields[i];
        event.text = value_kind(value) == VALUE_BOOL      ? value_truth(value) ? "true" : "false"
                     : value_kind(value) == VALUE_INTEGER ? number
                                                          : value_string(value);
    }
    if (!event.field || value_count(asked->arguments) != 2) {
        fault_set(asked->fault, FAULT_USAGE,
                  "a change names an incident, and one thing that is to be changed of it");
        return NULL;
    }
    return self->house->step(self->house->context, &event, asked->fault) ? NULL : value_map();
}
