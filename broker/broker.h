/* SPDX-License-Identifier: Apache-2.0 */
/* broker - the loop that owns all state: takes in what has arrived at gate, web and catalog, lets
 * the core decide, writes what follows in one transaction, and only then sends and answers. A
 * record that cannot be written ends the process: nothing that was acknowledged is lost. */
#ifndef TOCSIN_BROKER_H
#define TOCSIN_BROKER_H

#include "broker/settings.h"

#define BROKER_TURN_MESSAGES \
    1000 /* taken from the gate, and each other broker or timekeeper, before a commit */
#define BROKER_TICK_MS      1000
#define BROKER_HOLD_MS      20 /* a commit that nobody waits for may wait for more */
#define CATALOG_INTERVAL_MS 2000

typedef struct broker broker_t;

/* Reads the site folder and the keys; settings is borrowed. Nothing is started: enough for -n. */
broker_t *broker_load(const settings_t *settings, fault_t *fault);
void broker_destroy(broker_t **self_p);

/* Logs what of the settings would stop a start, or make it of little use (broker/preflight.h).
 * FAULT_CONFIG where something would stop it. Nothing is made or bound. */
int broker_check(broker_t *self, const char *program_folder, fault_t *fault) MUST_CHECK;

/* Starts catalog and notifier, binds, and proves that strangers are refused. Programs of its own
 * are in PROGRAM_FOLDER/../libexec/tocsin. */
int broker_bind(broker_t *self, const char *program_folder, fault_t *fault) MUST_CHECK;

/* Once privileges are dropped: opens the record (anew where it is lost and that is wanted). */
int broker_open(broker_t *self, bool anew, fault_t *fault) MUST_CHECK;

/* Until SIGTERM or SIGINT; then signs a checkpoint. */
int broker_serve(broker_t *self, fault_t *fault) MUST_CHECK;

#endif
