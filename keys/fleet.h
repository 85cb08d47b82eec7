/* SPDX-License-Identifier: Apache-2.0 */
/* fleet - one region's workers, the names monitoring has for them, and its sources of alerts with
 * the keys of those that sign (docs/PROTOCOL.md 3.3). Signed by an officer whom people delegates
 * for the region. */
#ifndef TOCSIN_FLEET_H
#define TOCSIN_FLEET_H

#include "common/moment.h"
#include "keys/hash.h"
#include "keys/pubkey.h"
#include "keys/roles.h"

#define FLEET_SOURCES_MAX 64
#define FLEET_SIGNERS_MAX 128

typedef struct {
    char id[TEXT_NAME_MAX + 1]; /* never used again */
    char labels[LABELS_TEXT_MAX + 1];
    curvekey_t curve; /* the link's */
    pubkey_t key;     /* the judge's; plain Ed25519 */
    bool seals;
    curvekey_t sealing; /* the judge's sealing key (keys/seal.h), where it has one */
} worker_line_t;

typedef struct {
    char host[256];                 /* as alerts name it; printable, no space */
    char worker[TEXT_NAME_MAX + 1]; /* whose own machine it is */
} host_line_t;

typedef struct {
    char source[TEXT_NAME_MAX + 1];
    pubkey_t key; /* plain Ed25519; of one source in one region, and nothing else's */
} signer_line_t;

typedef struct {
    hash_t site;
    char region[TEXT_NAME_MAX + 1];
    uint64_t version;
    wall_t issued, expires;
    size_t host_count, source_count, signer_count, worker_count;
    host_line_t *hosts;                 /* ascending */
    char (*sources)[TEXT_NAME_MAX + 1]; /* names of webhooks and signers that speak here */
    signer_line_t *signers;             /* a source that runs twice, or changes keys, has several */
    worker_line_t *workers;             /* ascending by id */
} fleet_t;

fleet_t *fleet_decode(slice_t document, fault_t *fault);
void fleet_encode(const fleet_t *self, bytes_t *out);
void fleet_destroy(fleet_t **self_p);

/* Whether this is one of its X25519 keys. */
bool worker_has_curve(const worker_line_t *self, const curvekey_t *key);

/* NULL where there is none. */
const worker_line_t *fleet_worker(const fleet_t *self, const char *id);

/* Whose key it is; NULL where it is no source's. */
const signer_line_t *fleet_signer(const fleet_t *self, const pubkey_t *key);
bool fleet_has_source(const fleet_t *self, const char *name);

#endif
