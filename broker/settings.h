/* SPDX-License-Identifier: Apache-2.0 */
/* settings - tocsin-broker's configuration file (docs/PROTOCOL.md 11), read once, checked whole. */
#ifndef TOCSIN_SETTINGS_H
#define TOCSIN_SETTINGS_H

#include "broker/holds.h"
#include "broker/sink.h"
#include "common/address.h"

#define SETTINGS_SOURCES_MAX 64
#define SETTINGS_GRANTS_MAX  64
#define SETTINGS_TOKEN_MIN   16 /* bytes of a source's token */
#define SETTINGS_TOKEN_MAX   512

typedef struct {
    char name[TEXT_NAME_MAX + 1];
    char kind[TEXT_NAME_MAX + 1];   /* "alertmanager" or "signed" */
    char region[TEXT_NAME_MAX + 1]; /* "" where the source speaks for several */
    bytes_t *token;                 /* without its LF; NULL where it signs what it sends */
} source_t;

typedef struct {
    config_t *config;               /* as it was read: where what stands */
    char *site, *state;             /* folders */
    char *name;                     /* the broker's, in checkpoints */
    char *listen;                   /* tcp://ADDRESS:PORT */
    address_t http;                 /* no host where no web is wanted */
    char *curve_secret;             /* file */
    char *signing_key;              /* file */
    char *catalog;                  /* a bare repository's folder; "" where there is none */
    char *sendmail;                 /* a program */
    char *timekeeper;               /* tcp://HOST:PORT; "" where there is none */
    char centre[TEXT_NAME_MAX + 1]; /* the broker that is relayed to; "" where none is */
    char *uplink;                   /* tcp://HOST:PORT of that one; NULL likewise */
    uint64_t uid, catalog_uid, notifier_uid; /* 0: stay who we are */
    size_t source_count, grant_count;
    source_t sources[SETTINGS_SOURCES_MAX];
    char *grants[SETTINGS_GRANTS_MAX]; /* files, FILE.sigs beside each */
    holds_t holds;
    sinks_t sinks;
} settings_t;

/* NULL with FAULT_CONFIG that names file and line. Files of tokens, URLs and secrets are read here.
 */
settings_t *settings_read(const char *path, fault_t *fault);

/* The same, but say hears of each fault of the file, and the one that is left is how many. */
settings_t *settings_check(const char *path, void (*say)(const char *text), fault_t *fault);
void settings_destroy(settings_t **self_p);

/* Puts "FILE:LINE: " in front, of the line of that key (and that first value, where it is not
 * NULL), or "FILE: " where no line has it; returns -1. */
int settings_blame(const settings_t *self, const char *key, const char *value, fault_t *fault);

/* NULL where no source has this name. */
const source_t *settings_source(const settings_t *self, const char *name);

#endif
