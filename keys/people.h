/* SPDX-License-Identifier: Apache-2.0 */
/* people - who holds which key, in which role, how far (docs/PROTOCOL.md 3.2). Signed by root's
 * quorum. */
#ifndef TOCSIN_PEOPLE_H
#define TOCSIN_PEOPLE_H

#include "common/moment.h"
#include "keys/hash.h"
#include "keys/pubkey.h"
#include "keys/roles.h"

#define PEOPLE_MAX  512
#define BROKERS_MAX 16

typedef struct {
    char person[TEXT_NAME_MAX + 1];
    unsigned roles;  /* of role_t */
    class_t highest; /* class of what this key may approve, order, grant */
    char scope[LABELS_TEXT_MAX + 1];
    pubkey_t key;
} person_key_t;

typedef struct {
    char name[TEXT_NAME_MAX + 1];
    curvekey_t curve;
} curve_line_t;

typedef struct {
    char region[TEXT_NAME_MAX + 1];
    char person[TEXT_NAME_MAX + 1];
} delegate_t;

typedef struct {
    char playbook[TEXT_NAME_MAX + 1];
    uint64_t sequence; /* the lowest that may still run */
} floor_t;

typedef struct {
    hash_t site;
    uint64_t version;
    uint64_t root_version; /* the root whose quorum signed */
    wall_t issued, expires;
    size_t broker_count, curve_count, delegate_count, floor_count, key_count, pardon_count,
        sealing_count;
    curve_line_t *brokers; /* CURVE keys that workers and people connect to; at most BROKERS_MAX */
    curve_line_t *curves;  /* a person's CURVE key: admits to read and submit; PEOPLE_MAX */
    delegate_t *delegates; /* officers who sign a region's fleet; likewise */
    floor_t *floors;
    person_key_t *keys;     /* one key belongs to one person */
    hash_t *pardons;        /* revokes that count no longer; PEOPLE_MAX */
    curve_line_t *sealings; /* a person's sealing key (keys/seal.h), of which each has one;
                               PEOPLE_MAX */
} people_t;

people_t *people_decode(slice_t document, fault_t *fault);
void people_encode(const people_t *self, bytes_t *out);
void people_destroy(people_t **self_p);

/* NULL where the key is nobody's. */
const person_key_t *people_find(const people_t *self, const pubkey_t *key);

/* 0 where none is set. */
uint64_t people_floor(const people_t *self, const char *playbook);

bool people_pardon(const people_t *self, const hash_t *revoke);

/* The person whose CURVE key this is, or NULL; likewise a broker's name. */
const char *people_curve(const people_t *self, const curvekey_t *key);
const char *people_broker(const people_t *self, const curvekey_t *key);

/* The sealing key of a person; NULL where there is none. */
const curvekey_t *people_sealing(const people_t *self, const char *person);

/* Whether it is any X25519 key here: a broker's, a person's, a sealing key. */
bool people_has_curve(const people_t *self, const curvekey_t *key);

#endif
