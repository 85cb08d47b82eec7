/* SPDX-License-Identifier: Apache-2.0 */
#include "broker/desk_private.h"

#include <stdio.h>

#include "wire/stops.h"

/* Workers that a stop or revoke concerns, by whether they said that they keep it; one that is
 * revoked is no longer spoken to. */
typedef struct {
    const desk_t *desk;
    const halt_line_t *line;
    value_t *confirmed, *missing;
    char last[TEXT_NAME_MAX + 1]; /* of a run: targets of one worker are one */
} concerned_t;

static void
add_worker(concerned_t *self, const char *worker)
{
    bool kept = core_halt_kept(self->desk->house->core, &self->line->hash, worker);
    value_append(kept ? self->confirmed : self->missing, value_text(worker));
}

static bool
add_part(void *context, const row_t *row)
{
    concerned_t *self = context;
    char worker[TEXT_NAME_MAX + 1];
    snprintf(worker, sizeof worker, "%.*s", (int)strcspn(row->part.target, "/"), row->part.target);
    if (strcmp(worker, self->last) != 0)
        add_worker(self, worker);
    text_copy(self->last, sizeof self->last, worker);
    return true;
}

static int
add_concerned(concerned_t *self, fault_t *fault)
{
    const store_t *store = self->desk->house->store;
    const trust_t *trust = core_charter(self->desk->house->core)->trust;
    query_t parts = {.what = FIND_PARTS};
    if (self->line->what == HALT_RUN)
        return hash_read(self->line->name, &parts.hash)
                   ? store->find(store->self, &parts, add_part, self, fault)
                   : 0;
    for (size_t i = 0; i < trust_fleet_count(trust); i++) {
        const fleet_t *fleet = trust_fleet(trust, i);
        bool meant = self->line->what != HALT_REGION || !strcmp(self->line->name, fleet->region);
        for (size_t j = 0; meant && j < fleet->worker_count; j++)
            if (!trust_check_revoked(trust, HALT_WORKER, fleet->workers[j].id, NULL))
                add_worker(self, fleet->workers[j].id);
    }
    return 0;
}

static value_t *
view_stop(const desk_t *self, const halt_line_t *line, fault_t *fault)
{
    value_t *map = stops_row(core_charter(self->house->core)->trust, line);
    concerned_t concerned = {
        .desk = self, .line = line, .confirmed = value_list(), .missing = value_list()};
    int failed = add_concerned(&concerned, fault);
    value_set(map, "confirmed", concerned.confirmed);
    value_set(map, "missing", concerned.missing);
    if (failed)
        value_destroy(&map);
    return map;
}

value_t *
answer_stops(desk_t *self, asked_t *asked)
{
    const trust_t *trust = core_charter(self->house->core)->trust;
    CLEANUP(value_destroy) value_t *list = value_list();
    asked->list = list;
    for (size_t i = 0; i < trust_halt_count(trust); i++) {
        const halt_line_t *line = trust_halt(trust, i);
        if (!line->resume && !desk_append(asked, view_stop(self, line, asked->fault)) &&
            asked->failed)
            return NULL;
    }
    asked->failed = false;
    return MOVE(list);
}

value_t *
answer_brakes(desk_t *self, asked_t *asked)
{
    const brake_row_t *brake;
    value_t *list = asked->list = value_list();
    for (size_t i = 0; (brake = core_brake(self->house->core, i)); i++) {
        value_t *map = value_map();
        value_set_text(map, "region", brake->region);
        value_set_bool(map, "on", brake->engaged);
        value_set_integer(map, "at", brake->at.ms);
        value_set_text(map, "who", brake->who);
        value_set_text(map, "reason", brake->reason);
        desk_append(asked, map);
    }
    return list;
}

/* Whether an argument says true; FAULT_USAGE where it is no bool. */
static int
read_on(const asked_t *asked, const char *what, bool *on)
{
    const value_t *said = value_get(asked->arguments, "on");
    if (!said || value_kind(said) != VALUE_BOOL)
        return fault_set(asked->fault, FAULT_USAGE, "%s is on or off", what);
    *on = value_truth(said);
    return 0;
}

value_t *
answer_brake(desk_t *self, asked_t *asked)
{
    bool on;
    if (read_on(asked, "a brake", &on))
        return NULL;
    event_t event = {.kind = EVENT_BRAKE,
                     .who = asked->caller->name,
                     .region = value_get_text(asked->arguments, "region"),
                     .text = value_get_text(asked->arguments, "reason"),
                     .number = on};
    return self->house->step(self->house->context, &event, asked->fault) ? NULL : value_map();
}

value_t *
answer_drain(desk_t *self, asked_t *asked)
{
    bool on;
    if (read_on(asked, "a drain", &on))
        return NULL;
    event_t event = {.kind = EVENT_DRAIN,
                     .who = asked->caller->name,
                     .worker = value_get_text(asked->arguments, "worker"),
                     .text = value_get_text(asked->arguments, "reason"),
                     .number = on};
    return self->house->step(self->house->context, &event, asked->fault) ? NULL : value_map();
}
