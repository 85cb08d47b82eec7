/* SPDX-License-Identifier: Apache-2.0 */
#include "broker/desk.h"

#include <stdio.h>
#include <stdlib.h>

#include "broker/view.h"
#include "common/log.h"
#include "wire/checkpoint.h"
#include "wire/message.h"

#define PREFIX_MIN 6
#define ID_MAX     64

typedef struct {
    caller_t caller;
    char id[ID_MAX + 1]; /* of the ASK */
    hash_t run;          /* zero: any */
    uint64_t incident;   /* 0: any */
} watch_t;

struct desk {
    const desk_house_t *house;
    size_t watch_count;
    watch_t watches[DESK_WATCHES_MAX];
};

typedef struct {
    const caller_t *caller;
    const char *id;
    const value_t *arguments;
    wall_t now;
    fault_t *fault;
    size_t room;   /* of the body, in bytes */
    value_t *list; /* being filled by a visitor */
    bool failed;   /* a visitor's */
} asked_t;

desk_t *
desk_new(const desk_house_t *house)
{
    desk_t *self = memory_new(1, sizeof *self);
    self->house = house;
    return self;
}

void
desk_destroy(desk_t **self_p)
{
    free(*self_p);
    *self_p = NULL;
}

/* Looking things up --------------------------------------------------------------------------- */

typedef struct {
    const desk_t *desk;
    asked_t *asked;
} filling_t;

/* Appends item, takes it over; false once there is no room or no item. */
static bool
append(asked_t *asked, value_t *item)
{
    asked->failed = !item;
    if (!item || !view_fits(item, &asked->room)) {
        value_destroy(&item);
        return false;
    }
    value_append(asked->list, item);
    return true;
}

static bool
fill_incident(void *context, const row_t *row)
{
    filling_t *filling = context;
    return append(filling->asked, view_incident(filling->desk->house->store, &row->incident,
                                                filling->asked->fault));
}

static bool
fill_run(void *context, const row_t *row)
{
    filling_t *filling = context;
    return append(filling->asked,
                  view_run(filling->desk->house->store, &row->run, filling->asked->fault));
}

static bool
fill_event(void *context, const row_t *row)
{
    return append(((filling_t *)context)->asked, view_event(&row->event));
}

static bool
fill_leaf(void *context, const row_t *row)
{
    value_t *map = value_map();
    CLEANUP(bytes_destroy) bytes_t *leaf = bytes_new();
    bytes_addf(leaf, "%s\n", row->leaf.kind);
    bytes_add_slice(leaf, row->leaf.bytes);
    value_set_integer(map, "index", (int64_t)row->leaf.number);
    value_set_text(map, "kind", row->leaf.kind);
    value_set(map, "bytes", value_bytes(bytes_slice(leaf)));
    return append(((filling_t *)context)->asked, map);
}

static value_t *
list_of(const desk_t *self, asked_t *asked, const query_t *query, on_row_t fill)
{
    CLEANUP(value_destroy) value_t *list = value_list();
    filling_t filling = {self, asked};
    const store_t *store = self->house->store;
    asked->list = list;
    if (store->find(store->self, query, fill, &filling, asked->fault) || asked->failed)
        return NULL;
    return MOVE(list);
}

static size_t
limit_of(const asked_t *asked)
{
    int64_t limit = value_get_integer(asked->arguments, "limit");
    return limit <= 0 ? DESK_LIST_DEFAULT : limit > DESK_LIST_MAX ? DESK_LIST_MAX : (size_t)limit;
}

/* A run by its hash, or by the first digits of one; FAULT_NOT_FOUND, FAULT_CONFLICT. */
typedef struct {
    const char *prefix;
    size_t found;
    row_t *row; /* the first that fits; ours */
} search_t;

static bool
match_prefix(void *context, const row_t *row)
{
    search_t *search = context;
    char text[HASH_TEXT];
    hash_write(&row->run.id, text);
    if (strncmp(text, search->prefix, strlen(search->prefix)) != 0)
        return true;
    if (!search->found++)
        search->row = row_copy(row);
    return search->found < 2;
}

static row_t *
find_run(const desk_t *self, const char *id, fault_t *fault)
{
    fault_t why = {0};
    const store_t *store = self->house->store;
    query_t exact = {.what = FIND_RUN}, all = {.what = FIND_RUNS};
    if (hash_read(id, &exact.hash)) {
        row_t *row = store_first(store, &exact, &why);
        if (!row)
            fault_set(fault, why.code ? why.code : FAULT_NOT_FOUND, "%s",
                      why.code ? why.text : "there is no such run; see: tocsin run list");
        return row;
    }
    search_t search = {.prefix = id};
    if (strlen(id) < PREFIX_MIN) {
        fault_set(fault, FAULT_NOT_FOUND,
                  "a run is named by its hash, or its first %d digits; see: tocsin run list",
                  PREFIX_MIN);
        return NULL;
    }
    int failed = store->find(store->self, &all, match_prefix, &search, fault);
    if (!failed && search.found != 1)
        fault_set(fault, search.found ? FAULT_CONFLICT : FAULT_NOT_FOUND,
                  search.found ? "more than one run begins with '%.64s'; give more of its digits"
                               : "no run begins with '%.64s'; see: tocsin run list",
                  id);
    if (failed || search.found != 1)
        row_destroy(&search.row);
    return search.row;
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

static shelved_t *
find_release(const desk_t *self, const char *name, fault_t *fault)
{
    const shelf_t *shelf = core_shelf(self->house->core);
    shelved_t *found = *name ? shelf_in_service(shelf, name) : NULL;
    size_t count = strlen(name) < PREFIX_MIN ? 0 : shelf_release_count(shelf);
    for (size_t i = 0; !found && i < count; i++) {
        char text[HASH_TEXT];
        shelved_t *release = shelf_release_at(shelf, i);
        hash_write(&release->hash, text);
        if (!strncmp(text, name, strlen(name)))
            found = release;
    }
    if (!found)
        fault_set(fault, FAULT_NOT_FOUND,
                  "no release '%.64s' is here, nor is one of that playbook in service; see: "
                  "tocsin review list --all",
                  name);
    return found;
}

/* The verbs ----------------------------------------------------------------------------------- */

static value_t *
count_workers(const desk_t *self, wall_t now)
{
    const trust_t *trust = core_charter(self->house->core)->trust;
    int64_t online = 0, known = 0;
    for (size_t i = 0; i < trust_fleet_count(trust); i++) {
        const fleet_t *fleet = trust_fleet(trust, i);
        for (size_t j = 0; j < fleet->worker_count; j++, known++) {
            wall_t seen;
            core_worker(self->house->core, fleet->workers[j].id, &seen);
            online += seen.ms && now.ms - seen.ms < CORE_ONLINE_MS;
        }
    }
    value_t *map = value_map();
    value_set_integer(map, "online", online);
    value_set_integer(map, "known", known);
    return map;
}

static value_t *
count_releases(const desk_t *self)
{
    const shelf_t *shelf = core_shelf(self->house->core);
    int64_t waiting = 0, serving = 0;
    for (size_t i = 0; i < shelf_release_count(shelf); i++) {
        release_state_t state = shelf_release_at(shelf, i)->state;
        waiting += state == RELEASE_WAITING;
        serving += state == RELEASE_IN_SERVICE;
    }
    value_t *map = value_map();
    value_set_integer(map, "releases", serving);
    value_set_integer(map, "waiting", waiting);
    if (*self->house->catalog_error)
        value_set_text(map, "error", self->house->catalog_error);
    return map;
}

static bool
fill_waiting(void *context, const row_t *row)
{
    const incident_t *incident = &row->incident;
    value_t *map = value_map();
    value_set_integer(map, "incident", (int64_t)incident->id);
    value_set_text(map, "title", incident->title);
    value_t *names = view_names(incident->playbooks);
    if (value_count(names))
        value_set(map, "playbook", value_copy(value_at(names, 0)));
    value_destroy(&names);
    return append(((filling_t *)context)->asked, map);
}

static value_t *
answer_status(desk_t *self, asked_t *asked)
{
    const desk_house_t *house = self->house;
    const merkle_t *log = core_log(house->core);
    hash_t head = merkle_head(log);
    query_t query = {
        .what = FIND_INCIDENTS_IN, .number = INCIDENT_WAITING, .limit = limit_of(asked)};
    value_t *waiting = list_of(self, asked, &query, fill_waiting);
    if (!waiting)
        return NULL;
    value_t *map = value_map(), *counts = value_map(), *runs = value_map(), *record = value_map();
    for (unsigned i = 0; i < INCIDENT_STATE_COUNT; i++)
        value_set_integer(counts, incident_word(i), (int64_t)core_count(house->core, i));
    value_set_integer(runs, "active", (int64_t)core_active_runs(house->core));
    value_set_integer(record, "size", (int64_t)log->size);
    view_set_hash(record, "head", &head);
    view_set_hash(map, "site", trust_site(core_charter(house->core)->trust));
    value_set_text(map, "broker", house->broker);
    value_set_text(map, "instance", house->instance);
    value_set_integer(map, "started", house->started.ms);
    value_set(map, "incidents", counts);
    value_set(map, "runs", runs);
    value_set(map, "workers", count_workers(self, asked->now));
    value_set(map, "log", record);
    value_set(map, "catalog", count_releases(self));
    value_set(map, "waiting", waiting);
    return map;
}

static value_t *
answer_incidents(desk_t *self, asked_t *asked)
{
    const char *state = value_get_text(asked->arguments, "state");
    query_t query = {.what = FIND_INCIDENTS, .limit = limit_of(asked)};
    for (unsigned i = 0; *state && i < INCIDENT_STATE_COUNT; i++)
        if (!strcmp(state, incident_word(i))) {
            query.what = FIND_INCIDENTS_IN;
            query.number = i;
        }
    if (*state && query.what == FIND_INCIDENTS) {
        fault_set(asked->fault, FAULT_USAGE,
                  "'%.40s' is no state of an incident; see: tocsin help incident", state);
        return NULL;
    }
    return list_of(self, asked, &query, fill_incident);
}

static value_t *
answer_incident(desk_t *self, asked_t *asked)
{
    CLEANUP(row_destroy) row_t *row = find_incident(self, asked, "id");
    CLEANUP(value_destroy)
    value_t *map = row ? view_incident(self->house->store, &row->incident, asked->fault) : NULL;
    if (!map)
        return NULL;
    query_t told = {.what = FIND_EVENTS_OF, .number = row->incident.id};
    query_t begun = {.what = FIND_RUNS_OF, .number = row->incident.id, .limit = DESK_LIST_MAX};
    value_t *events = list_of(self, asked, &told, fill_event);
    if (!events)
        return NULL;
    value_set(map, "events", events);
    value_t *runs = list_of(self, asked, &begun, fill_run);
    if (!runs)
        return NULL;
    value_set(map, "runs", runs);
    return MOVE(map);
}

static value_t *
answer_runs(desk_t *self, asked_t *asked)
{
    query_t query = {.what = FIND_RUNS, .limit = limit_of(asked)};
    return list_of(self, asked, &query, fill_run);
}

static value_t *
answer_run(desk_t *self, asked_t *asked)
{
    CLEANUP(row_destroy)
    row_t *row = find_run(self, value_get_text(asked->arguments, "id"), asked->fault);
    return row ? view_whole_run(self->house->store, &row->run, asked->fault) : NULL;
}

static value_t *
answer_releases(desk_t *self, asked_t *asked)
{
    const shelf_t *shelf = core_shelf(self->house->core);
    value_t *list = value_list();
    for (size_t i = 0; i < shelf_release_count(shelf); i++) {
        CLEANUP(value_destroy) value_t *item = view_release(shelf_release_at(shelf, i));
        if (view_fits(item, &asked->room))
            value_append(list, MOVE(item));
    }
    return list;
}

static value_t *
answer_release(desk_t *self, asked_t *asked)
{
    const char *name = value_get_text(asked->arguments, "release");
    if (!*name)
        name = value_get_text(asked->arguments, "hash");
    if (!*name)
        name = value_get_text(asked->arguments, "playbook");
    const shelved_t *release = find_release(self, name, asked->fault);
    if (!release)
        return NULL;
    value_t *map = value_map();
    view_set_hash(map, "hash", &release->hash);
    value_set_text(map, "state", release_word(release->state));
    value_set(map, "document", value_bytes(bytes_slice(release->document)));
    value_set(map, "armors", value_bytes(bytes_slice(release->armors)));
    value_set(map, "files", value_copy(release->files));
    return map;
}

static value_t *
view_worker(const desk_t *self, const fleet_t *fleet, const worker_line_t *line, wall_t now)
{
    wall_t seen;
    const worker_row_t *row = core_worker(self->house->core, line->id, &seen);
    value_t *map = value_map();
    value_set_text(map, "id", line->id);
    value_set_text(map, "region", fleet->region);
    value_set_text(map, "labels", line->labels);
    value_set_bool(map, "online", seen.ms && now.ms - seen.ms < CORE_ONLINE_MS);
    if (seen.ms)
        value_set_integer(map, "seen", seen.ms);
    value_set_integer(map, "sequence", row ? (int64_t)row->sequence : 0);
    value_set_integer(map, "version", (int64_t)fleet->version);
    return map;
}

static value_t *
answer_workers(desk_t *self, asked_t *asked)
{
    const trust_t *trust = core_charter(self->house->core)->trust;
    value_t *list = value_list();
    asked->list = list;
    for (size_t i = 0; i < trust_fleet_count(trust); i++) {
        const fleet_t *fleet = trust_fleet(trust, i);
        for (size_t j = 0; j < fleet->worker_count; j++)
            append(asked, view_worker(self, fleet, &fleet->workers[j], asked->now));
    }
    asked->failed = false;
    return list;
}

static value_t *
answer_submit(desk_t *self, asked_t *asked)
{
    static const struct {
        const char *kind;
        event_kind_t event;
    } kinds[] = {{"order", EVENT_ORDER}, {"grant", EVENT_GRANT}, {"approval", EVENT_APPROVAL}};
    const char *kind = value_get_text(asked->arguments, "kind");
    event_t event = {
        .kind = EVENT_KINDS,
        .document = value_slice(value_get(asked->arguments, "document")),
        .armors = value_slice(value_get(asked->arguments, "armors")),
    };
    for (size_t i = 0; i < ARRAY_SIZE(kinds); i++)
        if (!strcmp(kind, kinds[i].kind))
            event.kind = kinds[i].event;
    if (event.kind == EVENT_KINDS || !event.document.size || !event.armors.size) {
        fault_set(asked->fault, FAULT_USAGE,
                  "what is submitted is an order, a grant or an approval: document and armors");
        return NULL;
    }
    event.hash = hash_of(event.document);
    if (self->house->step(self->house->context, &event, asked->fault))
        return NULL;
    value_t *map = value_map();
    view_set_hash(map, event.kind == EVENT_ORDER ? "run" : "hash", &event.made);
    return map;
}

static value_t *
answer_log(desk_t *self, asked_t *asked)
{
    const desk_house_t *house = self->house;
    const merkle_t *log = core_log(house->core);
    int64_t from = value_get_integer(asked->arguments, "from");
    int64_t count = value_get_integer(asked->arguments, "count");
    if (from < 0 || count < 0 || count > DESK_LEAVES_MAX) {
        fault_set(asked->fault, FAULT_USAGE, "at most %d leaves are read at once, from 0 on",
                  DESK_LEAVES_MAX);
        return NULL;
    }
    query_t query = {.what = FIND_LEAVES,
                     .number = (uint64_t)from,
                     .limit = count ? (size_t)count : DESK_LEAVES_MAX};
    value_t *leaves = list_of(self, asked, &query, fill_leaf);
    if (!leaves)
        return NULL;
    CLEANUP(bytes_destroy) bytes_t *document = bytes_new();
    CLEANUP(bytes_destroy) bytes_t *armor = bytes_new();
    hash_t head = merkle_head(log);
    checkpoint_make(trust_site(core_charter(house->core)->trust), house->broker, log, asked->now,
                    house->key, document, armor);
    value_t *map = value_map();
    value_set_integer(map, "size", (int64_t)log->size);
    view_set_hash(map, "head", &head);
    value_set(map, "checkpoint", value_bytes(bytes_slice(document)));
    value_set(map, "armor", value_bytes(bytes_slice(armor)));
    value_set(map, "leaves", leaves);
    return map;
}

/* Watching ------------------------------------------------------------------------------------ */

static void
send_event(const desk_t *self, const watch_t *watch, const event_row_t *event)
{
    CLEANUP(value_destroy) value_t *body = view_event(event);
    CLEANUP(bytes_destroy) bytes_t *encoded = bytes_new();
    value_encode(body, encoded);
    frames_t *frames = message_new(MESSAGE_EVENT);
    frames_add_text(frames, watch->id);
    frames_add(frames, bytes_slice(encoded));
    self->house->answer(self->house->context, &watch->caller, &frames);
}

static value_t *
answer_watch(desk_t *self, asked_t *asked)
{
    const char *id = value_get_text(asked->arguments, "run");
    watch_t watch = {.caller = *asked->caller};
    if (self->watch_count == DESK_WATCHES_MAX) {
        fault_set(asked->fault, FAULT_FULL, "%d watch already: end one of them", DESK_WATCHES_MAX);
        return NULL;
    }
    if (*id) {
        CLEANUP(row_destroy) row_t *row = find_run(self, id, asked->fault);
        if (!row)
            return NULL;
        watch.run = row->run.id;
    }
    watch.incident = (uint64_t)value_get_integer(asked->arguments, "incident");
    snprintf(watch.id, sizeof watch.id, "%s", asked->id);
    self->watches[self->watch_count++] = watch;
    return value_map();
}

static value_t *
answer_unwatch(desk_t *self, asked_t *asked)
{
    const char *id = value_get_text(asked->arguments, "id");
    for (size_t i = self->watch_count; i-- > 0;)
        if (!strcmp(self->watches[i].id, id) &&
            !strcmp(self->watches[i].caller.name, asked->caller->name))
            self->watches[i] = self->watches[--self->watch_count];
    return value_map();
}

static bool
send_past(void *context, const row_t *row)
{
    const desk_t *self = context;
    send_event(self, &self->watches[self->watch_count - 1], &row->event);
    return true;
}

/* After the answer to a watch of one run: what happened in it so far. */
static void
tell_past(const desk_t *self)
{
    fault_t fault = {0};
    const store_t *store = self->house->store;
    query_t query = {.what = FIND_EVENTS_RUN, .hash = self->watches[self->watch_count - 1].run};
    if (hash_equal(&query.hash, &HASH_ZERO))
        return;
    if (store->find(store->self, &query, send_past, (void *)(uintptr_t)self, &fault))
        log_fault("watch", &fault);
}

void
desk_tell(desk_t *self, const event_row_t *event)
{
    for (size_t i = 0; i < self->watch_count; i++) {
        const watch_t *watch = &self->watches[i];
        bool run = hash_equal(&watch->run, &HASH_ZERO) || hash_equal(&watch->run, &event->run);
        if (run && (!watch->incident || watch->incident == event->incident))
            send_event(self, watch, event);
    }
}

void
desk_forget(desk_t *self, const caller_t *caller)
{
    for (size_t i = self->watch_count; i-- > 0;) {
        const caller_t *other = &self->watches[i].caller;
        if (other->route_size == caller->route_size &&
            !memcmp(other->route, caller->route, caller->route_size))
            self->watches[i] = self->watches[--self->watch_count];
    }
}

/* Who may ask what: everyone whom the gate admits as a person may read and submit; what a
 * submission is worth is for trust to say. */
static const struct {
    const char *verb;
    value_t *(*answer)(desk_t *self, asked_t *asked);
} verbs[] = {
    {"status", answer_status},     {"incidents", answer_incidents},
    {"incident", answer_incident}, {"runs", answer_runs},
    {"run", answer_run},           {"releases", answer_releases},
    {"release", answer_release},   {"workers", answer_workers},
    {"submit", answer_submit},     {"log", answer_log},
    {"watch", answer_watch},       {"unwatch", answer_unwatch},
};

static value_t *
answer_verb(desk_t *self, asked_t *asked, const char *verb)
{
    for (size_t i = 0; i < ARRAY_SIZE(verbs); i++)
        if (!strcmp(verb, verbs[i].verb))
            return verbs[i].answer(self, asked);
    fault_set(asked->fault, FAULT_USAGE, "this broker does not know what '%.40s' asks", verb);
    return NULL;
}

void
desk_ask(desk_t *self, const caller_t *caller, const frames_t *ask, wall_t now)
{
    fault_t fault = {0};
    const char *id = frames_text(ask, 1), *verb = frames_text(ask, 2);
    CLEANUP(value_destroy) value_t *arguments = value_decode(frames_at(ask, 3), &fault);
    asked_t asked = {.caller = caller,
                     .id = id,
                     .arguments = arguments,
                     .now = now,
                     .fault = &fault,
                     .room = VIEW_BYTES_MAX};
    if (arguments && strlen(id) > ID_MAX)
        fault_set(&fault, FAULT_LIMIT, "an id is at most %d bytes", ID_MAX);
    CLEANUP(value_destroy) value_t *body = fault.code ? NULL : answer_verb(self, &asked, verb);
    CLEANUP(bytes_destroy) bytes_t *encoded = bytes_new();
    bool watching = body && !strcmp(verb, "watch");
    if (!body)
        body = value_nil();
    value_encode(body, encoded);
    frames_t *frames = message_new(MESSAGE_ANSWER);
    frames_add_text(frames, id);
    frames_add_text(frames, fault_word(fault.code));
    frames_add_text(frames, fault.text);
    frames_add(frames, bytes_slice(encoded));
    self->house->answer(self->house->context, caller, &frames);
    if (watching)
        tell_past(self);
}
