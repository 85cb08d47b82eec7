/* SPDX-License-Identifier: Apache-2.0 */
/* broker_private - what broker.c and broker_heard.c share; nobody else includes it. */
#ifndef TOCSIN_BROKER_PRIVATE_H
#define TOCSIN_BROKER_PRIVATE_H

#include <czmq.h>

#include "broker/backup.h"
#include "broker/batch.h"
#include "broker/broker.h"
#include "broker/catalog.h"
#include "broker/examiner.h"
#include "broker/notifier.h"
#include "broker/uplink.h"
#include "broker/web.h"

struct broker {
    const settings_t *settings;
    charter_t *charter;
    core_mark_t closed;    /* where the last batch ended */
    uint64_t revokes;      /* of these, that the gate knows */
    struct timespec stamp; /* of the site folder, as it was read last */
    machinekey_t *key;
    curvepair_t pair;
    char instance[33];
    store_t *store;
    core_t *core;
    gate_t *gate;
    examiner_t *examiner; /* of what came in there */
    web_t *web;           /* NULL where no http is set */
    catalog_t *catalog;   /* NULL where none is set */
    char catalog_error[FAULT_TEXT_MAX];
    notifier_t *notifier; /* NULL where there is no sink */
    mono_t pruned;        /* the outbox */
    envoy_t *envoy;       /* NULL where no timekeeper is set */
    envoy_t *herald;      /* likewise: no uplink */
    uplink_t *uplink;     /* over that */
    zloop_t *loop;        /* while it serves */
    desk_house_t house;
    desk_t *desk;
    batch_t *batch;
    backup_t *backup;
    bool held; /* the batch waits for more, and a timer for it */
    bool due;  /* a tick is */
};

/* broker_heard.c: what has arrived there, as steps of the batch that is open; what is refused is
 * logged. broker_hear_gate takes BROKER_TURN_MESSAGES at most, as do the last two. */
void broker_hear_gate(broker_t *self);
void broker_hear_workers(broker_t *self); /* behind the examiner */
void broker_hear_catalog(broker_t *self);
void broker_hear_sinks(broker_t *self);
void broker_hear_timekeeper(broker_t *self);
void broker_hear_centre(broker_t *self);

/* web's on_post_t; context is the broker. */
int broker_hear_post(void *context, const source_t *source, const alertmanager_t *alerts,
                     slice_t body, fault_t *fault) MUST_CHECK;

/* broker.c: whom the charter names by now is heard, and no other. */
void broker_use_charter(broker_t *self);

#endif
