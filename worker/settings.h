/* SPDX-License-Identifier: Apache-2.0 */
/* settings - a worker's configuration file (docs/PROTOCOL.md 11), as every role reads it. */
#ifndef TOCSIN_WORKER_SETTINGS_H
#define TOCSIN_WORKER_SETTINGS_H

#include <limits.h>
#include <sys/types.h>

#include "common/config.h"
#include "common/text.h"
#include "keys/hash.h"
#include "keys/pubkey.h"

#define WORKER_BROKERS_MAX 4

typedef struct {
    char endpoint[256]; /* ZeroMQ's, "tcp://HOST:PORT" */
    curvekey_t key;
} broker_at_t;

typedef struct {
    hash_t site;
    char name[TEXT_NAME_MAX + 1];
    char state[PATH_MAX];     /* folder; judge/, link/ and effector/ below it */
    char run[PATH_MAX];       /* folder for the pid file */
    char documents[PATH_MAX]; /* site folder to learn from at start; "" for none */
    char policy[PATH_MAX];
    size_t broker_count; /* at least 1 */
    broker_at_t brokers[WORKER_BROKERS_MAX];
    uid_t link_uid, judge_uid, spawner_uid; /* 0: stays who started it; else no two the same */
} settings_t;

/* FAULT_CONFIG with file and line for anything unknown, missing, wrong or said twice. */
int settings_load(settings_t *self, const char *path, fault_t *fault) MUST_CHECK;

/* The same, but each fault of the file is told, and the one that is left is how many. */
int settings_load_telling(settings_t *self, const char *path, config_faults_t *faults,
                          fault_t *fault) MUST_CHECK;

/* STATE/NAME into out[PATH_MAX]; returns out. */
const char *settings_path(const settings_t *self, const char *name, char out[static PATH_MAX]);

#endif
