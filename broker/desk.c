/* SPDX-License-Identifier: Apache-2.0 */
#include "broker/desk_private.h"

#include <stdlib.h>

#include "wire/message.h"

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

/* For the verbs -------------------------------------------------------------------------------- */

bool
desk_append(asked_t *asked, value_t *item)
{
    asked->failed = !item;
    if (!item || !view_fits(item, &asked->room)) {
        value_destroy(&item);
        return false;
    }
    value_append(asked->list, item);
    return true;
}

bool
desk_fill_run(void *context, const row_t *row)
{
    filling_t *filling = context;
    return desk_append(filling->asked,
                       view_run(filling->desk->house->store, &row->run, filling->asked->fault));
}

bool
desk_fill_event(void *context, const row_t *row)
{
    return desk_append(((filling_t *)context)->asked, view_event(&row->event));
}

value_t *
desk_list(const desk_t *self, asked_t *asked, const query_t *query, on_row_t fill)
{
    CLEANUP(value_destroy) value_t *list = value_list();
    filling_t filling = {self, asked};
    const store_t *store = self->house->store;
    asked->list = list;
    if (store->find(store->self, query, fill, &filling, asked->fault) || asked->failed)
        return NULL;
    return MOVE(list);
}

size_t
desk_limit(const asked_t *asked)
{
    int64_t limit = value_get_integer(asked->arguments, "limit");
    return limit <= 0 ? DESK_LIST_DEFAULT : limit > DESK_LIST_MAX ? DESK_LIST_MAX : (size_t)limit;
}

/* Who may ask what: everyone whom the gate admits as a person may read and submit; what a
 * submission is worth is for trust to say. */
static const struct {
    const char *verb;
    value_t *(*answer)(desk_t *self, asked_t *asked);
} verbs[] = {
    {"status", answer_status},
    {"incidents", answer_incidents},
    {"incident", answer_incident},
    {"runs", answer_runs},
    {"run", answer_run},
    {"releases", answer_releases},
    {"release", answer_release},
    {"workers", answer_workers},
    {"submit", answer_submit},
    {"log", answer_log},
    {"pause", answer_pause},
    {"brakes", answer_brakes},
    {"brake", answer_brake},
    {"logs", answer_logs},
    {"asked", answer_asked},
    {"stops", answer_stops},
    {"change", answer_change},
    {"why", answer_why},
    {"grants", answer_grants},
    {"watch", answer_watch},
    {"unwatch", answer_unwatch},
    {"drain", answer_drain},
    {"allowances", answer_allowances},
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
    if (arguments && strlen(id) > DESK_ID_MAX)
        fault_set(&fault, FAULT_LIMIT, "an id is at most %d bytes", DESK_ID_MAX);
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
        desk_tell_past(self);
}
