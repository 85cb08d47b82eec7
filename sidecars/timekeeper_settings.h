/* SPDX-License-Identifier: Apache-2.0 */
/* timekeeper_settings - tocsin-timekeeper's configuration file (docs/PROTOCOL.md 11), read once,
 * checked whole. */
#ifndef TOCSIN_TIMEKEEPER_SETTINGS_H
#define TOCSIN_TIMEKEEPER_SETTINGS_H

#include "common/fault.h"
#include "keys/hash.h"

#define TIMEKEEPER_BEAT_MIN_S 1
#define TIMEKEEPER_BEAT_MAX_S 600
#define TIMEKEEPER_BEAT_S     60

typedef struct {
    hash_t site;
    char *state;        /* folder: documents, and the newest beacon */
    char *documents;    /* a site folder, looked through at each start; NULL: none */
    char *listen;       /* tcp://ADDRESS:PORT */
    char *curve_secret; /* files of its two keys */
    char *signing_key;
    uint64_t beat_s; /* between two beacons where nothing happens */
    uint64_t uid;    /* 0: stay who we are */
} timekeeper_settings_t;

/* NULL with FAULT_CONFIG that names file and line. No other file is read. */
timekeeper_settings_t *timekeeper_settings_read(const char *path, fault_t *fault);

/* The same, but say hears of each fault of the file, and the one that is left is how many. */
timekeeper_settings_t *timekeeper_settings_check(const char *path, void (*say)(const char *text),
                                                 fault_t *fault);
void timekeeper_settings_destroy(timekeeper_settings_t **self_p);

#endif
