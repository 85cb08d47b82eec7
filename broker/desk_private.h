/* SPDX-License-Identifier: Apache-2.0 */
/* desk - what its files share, and nobody else sees: one file a subject, one table of verbs. */
#ifndef TOCSIN_DESK_PRIVATE_H
#define TOCSIN_DESK_PRIVATE_H

#include "broker/desk.h"
#include "broker/view.h"

#define DESK_ID_MAX 64 /* of an ASK */

typedef struct {
    caller_t caller;
    char id[DESK_ID_MAX + 1]; /* of the ASK */
    hash_t run;               /* zero: any */
    uint64_t incident;        /* 0: any */
} watch_t;

struct desk {
    const desk_house_t *house;
    size_t watch_count;
    watch_t watches[DESK_WATCHES_MAX];
};

/* One question under way. */
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

typedef struct {
    const desk_t *desk;
    asked_t *asked;
} filling_t;

/* Appends item to the list being filled, takes it over; false once there is no room or no item. */
bool desk_append(asked_t *asked, value_t *item);

/* What a query finds, each by fill, as a list; NULL with a fault. Fillers get a filling_t. */
value_t *desk_list(const desk_t *self, asked_t *asked, const query_t *query, on_row_t fill);
bool desk_fill_run(void *context, const row_t *row);
bool desk_fill_event(void *context, const row_t *row);

/* The argument `limit`, within bounds. */
size_t desk_limit(const asked_t *asked);

/* A run by its hash, or by the first digits of one, the caller's; FAULT_NOT_FOUND, FAULT_CONFLICT.
 */
row_t *desk_find_run(const desk_t *self, const char *id, fault_t *fault);

/* The verbs (docs/PROTOCOL.md 6.1): the body, or NULL with a fault. */
value_t *answer_status(desk_t *self, asked_t *asked);
value_t *answer_incidents(desk_t *self, asked_t *asked);
value_t *answer_incident(desk_t *self, asked_t *asked);
value_t *answer_runs(desk_t *self, asked_t *asked);
value_t *answer_run(desk_t *self, asked_t *asked);
value_t *answer_releases(desk_t *self, asked_t *asked);
value_t *answer_release(desk_t *self, asked_t *asked);
value_t *answer_grants(desk_t *self, asked_t *asked);
value_t *answer_workers(desk_t *self, asked_t *asked);
value_t *answer_submit(desk_t *self, asked_t *asked);
value_t *answer_log(desk_t *self, asked_t *asked);
value_t *answer_watch(desk_t *self, asked_t *asked);
value_t *answer_unwatch(desk_t *self, asked_t *asked);
value_t *answer_stops(desk_t *self, asked_t *asked);
value_t *answer_asked(desk_t *self, asked_t *asked);
value_t *answer_logs(desk_t *self, asked_t *asked);
value_t *answer_brakes(desk_t *self, asked_t *asked);
value_t *answer_brake(desk_t *self, asked_t *asked);
value_t *answer_allowances(desk_t *self, asked_t *asked);
value_t *answer_drain(desk_t *self, asked_t *asked);
value_t *answer_pause(desk_t *self, asked_t *asked);
value_t *answer_change(desk_t *self, asked_t *asked);
value_t *answer_why(desk_t *self, asked_t *asked);

/* After the answer to a watch of one run: what happened in it so far, of that the newest
 * DESK_PAST_MAX, and how many were before them. */
void desk_tell_past(const desk_t *self);

#endif
