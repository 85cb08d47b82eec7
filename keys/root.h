/* SPDX-License-Identifier: Apache-2.0 */
/* root - the site's own rules and the keys that may change them (docs/PROTOCOL.md 3.1).
 * Version 1's hash is the site id. Version N+1 is signed by the quorum of N and of N+1 (TUF 1.0
 * 5.3); every step is walked, and kept before it is used. */
#ifndef TOCSIN_ROOT_H
#define TOCSIN_ROOT_H

#include "common/moment.h"
#include "keys/hash.h"
#include "keys/pubkey.h"
#include "keys/roles.h"

#define ROOT_HOLDERS_MAX   32
#define ROOT_WITNESSES_MAX 32

typedef struct {
    char person[TEXT_NAME_MAX + 1];
    pubkey_t key;
} holder_t;

/* Who signs beacons: no key of it is anyone else's. */
typedef struct {
    char name[TEXT_NAME_MAX + 1]; /* "" where the root demands no beacon */
    curvekey_t curve;
    pubkey_t key; /* plain Ed25519 */
} timekeeper_t;

/* A worker whose judge cosigns the logs of brokers: its id and signing key, as its fleet lists
 * them (docs/PROTOCOL.md 10). */
typedef struct {
    char worker[TEXT_NAME_MAX + 1];
    pubkey_t key;
} witness_t;

typedef struct {
    hash_t site;      /* zero in version 1: its hash is the site's id */
    uint64_t version; /* from 1 */
    hash_t previous;  /* zero in version 1 */
    wall_t issued, expires;
    unsigned quorum_root; /* people of the holders, >= 1 */
    unsigned quorum_approve[CLASSES];
    unsigned quorum_order[CLASSES];
    unsigned quorum_grant;
    uint64_t offline_max_s[CLASSES]; /* how long a worker may go without a beacon */
    uint64_t grant_days_max;
    uint64_t min_version; /* of documents, from 1: lower ones do not count */
    size_t holder_count;
    holder_t holders[ROOT_HOLDERS_MAX];
    timekeeper_t timekeeper;
    size_t witness_count;
    witness_t witnesses[ROOT_WITNESSES_MAX]; /* each name and each key once */
} root_t;

/* NULL with FAULT_FORMAT or FAULT_LIMIT. Nothing is verified. */
root_t *root_decode(slice_t document, fault_t *fault);

/* NULL where it is none. */
const witness_t *root_witness(const root_t *self, const char *worker);

/* How many of the witnesses must cosign: more than half; 0 where there are none. */
size_t root_cosigners(const root_t *self);

void root_encode(const root_t *self, bytes_t *out);
void root_destroy(root_t **self_p);

#endif
