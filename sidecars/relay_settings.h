/* SPDX-License-Identifier: Apache-2.0 */
/* relay_settings - tocsin-source's configuration file (docs/PROTOCOL.md 11), read once, checked
 * whole. */
#ifndef TOCSIN_RELAY_SETTINGS_H
#define TOCSIN_RELAY_SETTINGS_H

#include "common/address.h"
#include "common/bytes.h"
#include "common/text.h"
#include "keys/hash.h"

#define RELAY_SOURCES_MAX 16
#define RELAY_BROKERS_MAX 8
#define RELAY_SPOOLS_MAX  (RELAY_SOURCES_MAX * RELAY_BROKERS_MAX)
#define RELAY_TOKEN_MIN   16 /* bytes of a source's token */
#define RELAY_TOKEN_MAX   512
#define RELAY_FRESH_MIN   60          /* seconds */
#define RELAY_FRESH_MAX   (24 * 3600) /* brokers take nothing older */

typedef struct {
    char name[TEXT_NAME_MAX + 1];
    bytes_t *token; /* that monitoring shows; without its LF */
    char *key;      /* file of the signing key */
} relay_source_t;

typedef struct {
    char name[TEXT_NAME_MAX + 1];
    char *url; /* http:// or https://, without a path */
    char *ca;  /* file of the certificates that its own is held against; NULL: the system's */
} relay_broker_t;

typedef struct {
    hash_t site;
    char *state; /* folder */
    address_t http;
    uint64_t fresh_s; /* what could not be delivered for so long is given up */
    uint64_t uid;     /* 0: stay who we are */
    size_t source_count, broker_count;
    relay_source_t sources[RELAY_SOURCES_MAX];
    relay_broker_t brokers[RELAY_BROKERS_MAX];
} relay_settings_t;

/* NULL with FAULT_CONFIG that names file and line. Files of tokens are read here, keys are not. */
relay_settings_t *relay_settings_read(const char *path, fault_t *fault);

/* The same, but say hears of each fault of the file, and the one that is left is how many. */
relay_settings_t *relay_settings_check(const char *path, void (*say)(const char *text),
                                       fault_t *fault);
void relay_settings_destroy(relay_settings_t **self_p);

/* NULL where no source has this name. */
const relay_source_t *relay_settings_source(const relay_settings_t *self, const char *name);

#endif
