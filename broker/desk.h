/* SPDX-License-Identifier: Apache-2.0 */
/* desk - answers what people ask (docs/PROTOCOL.md 6.1), from core and store, and tells those who
 * watch. It decides nothing: what is submitted goes to the core, which asks trust. */
#ifndef TOCSIN_DESK_H
#define TOCSIN_DESK_H

#include "broker/core/core.h"
#include "broker/uplink.h"
#include "wire/gate.h"

#define DESK_WATCHES_MAX  256
#define DESK_PAST_MAX     1000 /* events of a run that are told to who begins to watch it */
#define DESK_LIST_DEFAULT 50
#define DESK_LIST_MAX     500
#define DESK_LEAVES_MAX   1000

typedef struct {
    core_t *core; /* all of it borrowed */
    const store_t *store;
    const char *broker; /* its name */
    const char *instance;
    const machinekey_t *key; /* signs checkpoints */
    wall_t started;
    const char *catalog_error; /* "" while there is none; may change */
    const char *folder;        /* where the record is kept; NULL for none */
    const holds_t *holds;      /* NULL for none, and so with sinks */
    const sinks_t *sinks;
    const uplink_t *uplink;
    void *context; /* of the two below */

    /* One step of the core, as part of the batch under way. */
    int (*step)(void *context, event_t *event, fault_t *fault);

    /* Sends once the batch is on the disk; takes over *frames. */
    void (*answer)(void *context, const caller_t *caller, frames_t **frames);
} desk_house_t;

typedef struct desk desk_t;

/* house must outlive the desk. */
desk_t *desk_new(const desk_house_t *house);
void desk_destroy(desk_t **self_p);

/* One ASK, which message_read let pass. Always answers, with a fault's word if need be. */
void desk_ask(desk_t *self, const caller_t *caller, const frames_t *ask, wall_t now);

/* An event of the batch: told to those who watch its run or incident, or everything. */
void desk_tell(desk_t *self, const event_row_t *event);

/* A piece of output: told to those who watch its run. */
void desk_tell_said(const desk_t *self, const said_row_t *said);

/* A caller that is not there any more watches nothing. */
void desk_forget(desk_t *self, const caller_t *caller);

#endif
