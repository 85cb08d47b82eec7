/* SPDX-License-Identifier: Apache-2.0 */
#include "broker/desk_private.h"

#include <stdio.h>

#include "common/log.h"
#include "wire/message.h"

#define PREFIX_MIN 6

/* Looking for a run by the first digits of its hash. */
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

row_t *
desk_find_run(const desk_t *self, const char *id, fault_t *fault)
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

value_t *
answer_runs(desk_t *self, asked_t *asked)
{
    query_t query = {.what = FIND_RUNS, .limit = desk_limit(asked)};
    return desk_list(self, asked, &query, desk_fill_run);
}

value_t *
answer_run(desk_t *self, asked_t *asked)
{
    CLEANUP(row_destroy)
    row_t *row = desk_find_run(self, value_get_text(asked->arguments, "id"), asked->fault);
    value_t *run = row ? view_whole_run(self->house->store, &row->run, asked->fault) : NULL;
    const char *once = run ? core_once_on(self->house->core, &row->run.id) : NULL;
    if (once)
        value_set_text(run, "once", once);
    return run;
}

static void
desk_send_event(const desk_t *self, const watch_t *watch, const event_row_t *event)
{
    CLEANUP(value_destroy) value_t *body = view_event(event);
    CLEANUP(bytes_destroy) bytes_t *encoded = bytes_new();
    value_encode(body, encoded);
    frames_t *frames = message_new(MESSAGE_EVENT);
    frames_add_text(frames, watch->id);
    frames_add(frames, bytes_slice(encoded));
    self->house->answer(self->house->context, &watch->caller, &frames);
}

/* Nothing more is to be told of it, not even what comes late. */
static bool
is_over(const desk_t *self, const watch_t *watch, wall_t now)
{
    fault_t ignored;
    const store_t *store = self->house->store;
    query_t of_run = {.what = FIND_RUN, .hash = watch->run};
    query_t of_incident = {.what = FIND_INCIDENT, .number = watch->incident};
    bool any = hash_equal(&watch->run, &HASH_ZERO);
    CLEANUP(row_destroy) row_t *run = any ? NULL : store_first(store, &of_run, &ignored);
    CLEANUP(row_destroy)
    row_t *incident = watch->incident ? store_first(store, &of_incident, &ignored) : NULL;
    if (run)
        return run->run.state != RUN_ACTIVE && now.ms - run->run.ended.ms > CORE_LATE_MS;
    return incident && !incident_open(incident->incident.state) &&
           now.ms - incident->incident.last.ms > CORE_LATE_MS;
}

/* Who is gone is seen once something is told of what they watched, and of what is over nothing is.
 */
static void
make_room(desk_t *self, wall_t now)
{
    for (size_t i = self->watch_count; i-- > 0;)
        if (is_over(self, &self->watches[i], now))
            self->watches[i] = self->watches[--self->watch_count];
}

value_t *
answer_watch(desk_t *self, asked_t *asked)
{
    const char *id = value_get_text(asked->arguments, "run");
    watch_t watch = {.caller = *asked->caller};
    if (self->watch_count == DESK_WATCHES_MAX)
        make_room(self, asked->now);
    if (self->watch_count == DESK_WATCHES_MAX) {
        fault_set(asked->fault, FAULT_FULL,
                  "the broker tells %d of what goes on already, and no more", DESK_WATCHES_MAX);
        return NULL;
    }
    if (*id) {
        CLEANUP(row_destroy) row_t *row = desk_find_run(self, id, asked->fault);
        if (!row)
            return NULL;
        watch.run = row->run.id;
    }
    watch.incident = (uint64_t)value_get_integer(asked->arguments, "incident");
    snprintf(watch.id, sizeof watch.id, "%s", asked->id);
    self->watches[self->watch_count++] = watch;
    return value_map();
}

value_t *
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
count_past(void *count, const row_t *row)
{
    (void)row;
    ++*(size_t *)count;
    return true;
}

typedef struct {
    const desk_t *desk;
    const watch_t *watch;
    size_t at, left_out;
} telling_t;

static bool
send_past(void *context, const row_t *row)
{
    telling_t *self = context;
    if (self->at++ < self->left_out)
        return true;
    if (self->left_out && self->at == self->left_out + 1) {
        event_row_t told = {.number = row->event.number - 1,
                            .at = row->event.at,
                            .run = self->watch->run,
                            .kind = "past"};
        snprintf(told.text, sizeof told.text, "%zu events before this are not told here",
                 self->left_out);
        desk_send_event(self->desk, self->watch, &told);
    }
    desk_send_event(self->desk, self->watch, &row->event);
    return true;
}

/* All of a large run's would fill the queue of who asks, who would then be told nothing more. */
void
desk_tell_past(const desk_t *self)
{
    size_t count = 0;
    fault_t fault = {0};
    const store_t *store = self->house->store;
    const watch_t *watch = &self->watches[self->watch_count - 1];
    query_t query = {.what = FIND_EVENTS_RUN, .hash = watch->run};
    if (hash_equal(&query.hash, &HASH_ZERO))
        return;
    int failed = store->find(store->self, &query, count_past, &count, &fault);
    telling_t telling = {.desk = self,
                         .watch = watch,
                         .left_out = count > DESK_PAST_MAX ? count - DESK_PAST_MAX : 0};
    if (failed || store->find(store->self, &query, send_past, &telling, &fault))
        log_fault("watch", &fault);
}

void
desk_tell(desk_t *self, const event_row_t *event)
{
    for (size_t i = 0; i < self->watch_count; i++) {
        const watch_t *watch = &self->watches[i];
        bool run = hash_equal(&watch->run, &HASH_ZERO) || hash_equal(&watch->run, &event->run);
        if (run && (!watch->incident || watch->incident == event->incident))
            desk_send_event(self, watch, event);
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
value_t *
answer_pause(desk_t *self, asked_t *asked)
{
    const value_t *on = value_get(asked->arguments, "on");
    if (!on || value_kind(on) != VALUE_BOOL) {
        fault_set(asked->fault, FAULT_USAGE, "a pause names a run, and is on or off");
        return NULL;
    }
    CLEANUP(row_destroy)
    row_t *row = desk_find_run(self, value_get_text(asked->arguments, "run"), asked->fault);
    if (!row)
        return NULL;
    event_t event = {.kind = EVENT_PAUSE,
                     .who = asked->caller->name,
                     .hash = row->run.id,
                     .number = value_truth(on)};
    return self->house->step(self->house->context, &event, asked->fault) ? NULL : value_map();
}
