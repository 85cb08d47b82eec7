/* SPDX-License-Identifier: Apache-2.0 */
#include "broker/desk_private.h"

#include <stdio.h>

#include "wire/stops.h"

#define NAME_COST    8                                 /* of a name in an answer, besides itself */
#define NAMES_LISTED 256                               /* bytes of names in a row among others */
#define NAMES_ALONE  ((VIEW_BYTES_MAX - 8 * 1024) / 2) /* and in one that was asked for */

/* Names, as far as there is room for them. */
typedef struct {
    value_t *list;
    size_t room;
    int64_t more; /* that there was none for */
} names_t;

static void
add_name(names_t *self, const char *name)
{
    size_t cost = strlen(name) + NAME_COST;
    if (self->more || cost > self->room) {
        self->more++;
        return;
    }
    self->room -= cost;
    value_append(self->list, value_text(name));
}

/* Workers that a stop or revoke concerns, by whether they said that they keep it; one that is
 * revoked is no longer spoken to. */
typedef struct {
    const desk_t *desk;
    const halt_line_t *line;
    names_t confirmed, missing;
    char last[TEXT_NAME_MAX + 1]; /* of a run: targets of one worker are one */
} concerned_t;

static void
add_worker(concerned_t *self, const char *worker)
{
    bool kept = core_halt_kept(self->desk->house->core, &self->line->hash, worker);
    add_name(kept ? &self->confirmed : &self->missing, worker);
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

static void
set_names(value_t *map, const char *key, const char *more, const names_t *names)
{
    value_set(map, key, names->list);
    if (names->more)
        value_set_integer(map, more, names->more);
}

static value_t *
view_stop(const desk_t *self, const halt_line_t *line, size_t room, fault_t *fault)
{
    value_t *map = stops_row(core_charter(self->house->core)->trust, line);
    concerned_t concerned = {.desk = self,
                             .line = line,
                             .confirmed = {.list = value_list(), .room = room},
                             .missing = {.list = value_list(), .room = room}};
    int failed = add_concerned(&concerned, fault);
    set_names(map, "confirmed", "more_confirmed", &concerned.confirmed);
    set_names(map, "missing", "more_missing", &concerned.missing);
    if (failed)
        value_destroy(&map);
    return map;
}

/* What people must not miss where there are more stops than an answer holds. */
static bool
holds_many(const halt_line_t *line)
{
    return !line->lifted && line->what != HALT_RUN;
}

static bool
is_asked(const asked_t *asked, const halt_line_t *line)
{
    char hash[HASH_TEXT];
    const char *prefix = value_get_text(asked->arguments, "hash");
    return !line->resume && !strncmp(hash_write(&line->hash, hash), prefix, strlen(prefix));
}

/* Fills the rows of the newest that have room, which must hold many, or must not. */
static int
choose_stops(const desk_t *self, asked_t *asked, bool many, value_t **rows)
{
    const trust_t *trust = core_charter(self->house->core)->trust;
    size_t names = *value_get_text(asked->arguments, "hash") ? NAMES_ALONE : NAMES_LISTED;
    bool fits = true;
    for (size_t i = trust_halt_count(trust); fits && i-- > 0;) {
        const halt_line_t *line = trust_halt(trust, i);
        if (!is_asked(asked, line) || holds_many(line) != many)
            continue;
        rows[i] = view_stop(self, line, names, asked->fault);
        if (!rows[i])
            return -1;
        fits = view_fits(rows[i], &asked->room);
        if (!fits)
            value_destroy(&rows[i]);
    }
    return 0;
}

/* The oldest first. */
value_t *
answer_stops(desk_t *self, asked_t *asked)
{
    size_t count = trust_halt_count(core_charter(self->house->core)->trust);
    CLEANUP(memory_free) value_t **rows = memory_new(count + 1, sizeof *rows);
    CLEANUP(value_destroy) value_t *list = value_list();
    bool failed = choose_stops(self, asked, true, rows) || choose_stops(self, asked, false, rows);
    for (size_t i = 0; i < count; i++)
        if (rows[i])
            value_append(list, rows[i]);
    return failed ? NULL : MOVE(list);
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
