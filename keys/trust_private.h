/* SPDX-License-Identifier: Apache-2.0 */
/* trust_private - what trust.c, chain.c (root, people and fleets), halts.c (stops), backing.c
 * (signatures and the people behind them), reading.c (what was read before), demand.c (how far
 * those reach), approval.c (releases), warrant.c (orders), evidence.c (grants), assent.c (consents)
 * and pulse.c (beacons) share; nobody else includes it. */
#ifndef TOCSIN_TRUST_PRIVATE_H
#define TOCSIN_TRUST_PRIVATE_H

#include "keys/roster.h"
#include "keys/trust.h"

#define TRUST_SKEW_MS (5 * 60 * 1000) /* by which signers' clocks may be off ours */

/* The keys beside one document, each of which signed it. */
typedef struct {
    size_t count;
    signature_t signature[SIGNATURES_MAX];
} signatures_t;

/* One of people's keys that signed: who, for what, and with a PIN where it is a FIDO key. */
typedef struct {
    const person_key_t *line; /* of trust's people, until they change */
    purpose_t purpose;
    bool pin; /* a plain key, or a FIDO key whose PIN was given */
} backer_t;

typedef struct {
    size_t count;
    backer_t backer[SIGNATURES_MAX];
} backing_t;

typedef struct cache cache_t;

#define READINGS 8 /* of a kind */

/* What documents said that were read last, by their bytes' hash: the same bytes say it again. */
typedef struct {
    size_t next; /* whose place is taken next */
    struct {
        hash_t hash;
        void *said; /* ours; NULL in an empty place */
    } line[READINGS];
} readings_t;

typedef struct {
    fleet_t *fleet;
    hash_t hash;
    signatures_t signatures;
    bool backed; /* by an officer whom the people kept now delegate */
} kept_fleet_t;

struct trust {
    hash_t site;
    root_t *root; /* NULL until version 1 is there */
    hash_t root_hash;
    people_t *people; /* NULL until there */
    hash_t people_hash;
    signatures_t people_signatures;
    bool people_backed; /* by the quorum of the root kept now */
    size_t fleet_count;
    kept_fleet_t *fleets;
    roster_t workers, hosts; /* of all of them */
    size_t halt_count, halt_capacity;
    halt_line_t *halts;
    cache_t *cache; /* chains that held; emptied when root, people or a fleet change */
    quorums_t more; /* people asked for beyond root's quorums */
    readings_t releases, grants;
    hash_t heard; /* of the alert and armor that held last, whoever may sign; zero before */
    pubkey_t heard_by;
};

cache_t *cache_new(void);
void cache_destroy(cache_t **self_p);
void cache_clear(cache_t *self);

/* Keeps persons distinct and ascending. */
void signers_add(signers_t *self, const char *person);

/* Every armor holds over document, in one of the purposes (bits 1 << purpose_t). FAULT_LIMIT,
 * FAULT_SIGNATURE, FAULT_NAMESPACE, FAULT_KEY, FAULT_TOUCH. */
int signatures_read(signatures_t *self, slice_t document, slice_t armors, unsigned purposes,
                    fault_t *fault) MUST_CHECK;

/* The same by people's keys, from the cache where the same bytes held before; FAULT_KEY for a key
 * that is nobody's. There must be people. */
int trust_backing(const trust_t *self, slice_t document, slice_t armors, unsigned purposes,
                  backing_t *backing, fault_t *fault) MUST_CHECK;

/* The same of a document with this hash. */
int trust_backing_of(const trust_t *self, slice_t document, const hash_t *document_hash,
                     slice_t armors, unsigned purposes, backing_t *backing,
                     fault_t *fault) MUST_CHECK;

/* The same for what was kept before: from no cache, and keys that are nobody's now are left out. */
int trust_backing_stored(const trust_t *self, slice_t document, slice_t armors, unsigned purposes,
                         backing_t *backing, fault_t *fault) MUST_CHECK;

/* Of people who sign what one class covers: root's quorum, or more. */
unsigned quorum_of(const unsigned root[static CLASSES], const unsigned more[static CLASSES],
                   class_t class);

/* The distinct people behind a document; and whether each key that signed is of this role:
 * FAULT_ROLE. */
signers_t backing_people(const backing_t *self);
int backing_check_role(const backing_t *self, role_t role, fault_t *fault) MUST_CHECK;

/* The workers that a document is about: the one that asks, or all that it names. */
typedef struct {
    size_t count;
    struct {
        const worker_line_t *line;
        const fleet_t *fleet;
    } * worker;
} reach_t;

/* The worker of a target; one that is in no fleet is left out. */
void reach_add(reach_t *self, const trust_t *trust, const char *target);
void reach_done(reach_t *self);
bool reach_covered(const reach_t *self, const char *scope);

/* What signers must reach. */
typedef struct {
    const backing_t *backing;
    const reach_t *reach;
    unsigned needed[CLASSES]; /* people */
    bool everyone;            /* who signs without reaching it spoils it, else does not count */
} demand_t;

/* The worst class, up to highest, that these signers may cause; where that is not need:
 * FAULT_QUORUM, FAULT_CLASS, FAULT_SCOPE, FAULT_PIN. */
int demand_check(const demand_t *self, class_t need, class_t highest, class_t *allowed,
                 fault_t *fault) MUST_CHECK;

/* The region of a worker; NULL for no worker, or one in no fleet. */
const char *trust_region(const trust_t *self, const char *worker);

/* By which windows, freshness and expiry are judged: when it was accepted, if it was before. */
wall_t trust_moment(wall_t accepted, wall_t now);

/* Who signed the order or grant, and with which keys. */
void warrant_signed(warrant_t *self, const backing_t *backing);

/* What a document with this hash says; nobody's word on it is looked at. Trust's, until others are
 * read. */
const release_t *trust_read_release(trust_t *self, slice_t document, const hash_t *hash,
                                    fault_t *fault);
const grant_t *trust_read_grant(trust_t *self, slice_t document, const hash_t *hash,
                                fault_t *fault);
void trust_forget_readings(trust_t *self);

/* An order or grant names its release by hash, so where the proof's bytes have that hash, its class
 * and authors are known before the release is judged; *release is trust's. The warrant has the
 * hash. 1 known, 0 other bytes, -1 fault. */
int trust_peek_release(trust_t *self, const proof_t *proof, const hash_t *named, warrant_t *warrant,
                       const release_t **release, fault_t *fault) MUST_CHECK;

/* The release of the proof, at which was peeked: it must be the one that was named. */
int trust_take_release(trust_t *self, const proof_t *proof, const hash_t *named,
                       const char *playbook, warrant_t *warrant, fault_t *fault) MUST_CHECK;

/* trust_check_release of a document with this hash. */
release_t *trust_check_release_of(trust_t *self, slice_t document, const hash_t *hash,
                                  slice_t armors, fault_t *fault);

/* trust_check for a grant and the alert that draws on it. */
int trust_check_alert(trust_t *self, const proof_t *proof, const char *worker, wall_t now,
                      warrant_t *warrant, fault_t *fault) MUST_CHECK;

/* The type and, in the second line, the site: what may be read before signatures are checked.
 * FAULT_FORMAT, FAULT_LIMIT, FAULT_SITE. */
int trust_frame(const trust_t *self, slice_t document, const char *type, fault_t *fault) MUST_CHECK;

/* As trust_add of people and of a fleet. What is stored may have lost the quorum or the officer
 * above it since it was kept: it is loaded then, so that a newer one can follow, and backs nothing
 * (trust_check_backed). */
int trust_keep_people(trust_t *self, slice_t document, slice_t armors, bool stored,
                      fault_t *fault) MUST_CHECK;
int trust_keep_fleet(trust_t *self, slice_t document, slice_t armors, bool stored,
                     fault_t *fault) MUST_CHECK;

/* What follows from a revoke or other people: which revokes are pardoned, which fleets stand. Both
 * empty what was cached on the old ones. */
void trust_pardon(trust_t *self);
void trust_back_fleets(trust_t *self);

/* FAULT_REVOKED where this key, or the person whose key it is, was revoked. */
int trust_check_signer(const trust_t *self, const person_key_t *line, fault_t *fault) MUST_CHECK;
int trust_check_revoked_hash(const trust_t *self, halt_what_t what, const hash_t *hash,
                             fault_t *fault) MUST_CHECK;

/* As trust_add_stop and trust_add_resume; what is stored stays in force without its signers, and a
 * stored resume without its stop is nothing. */
int trust_keep_stop(trust_t *self, slice_t document, slice_t armors, bool stored,
                    fault_t *fault) MUST_CHECK;
int trust_keep_revoke(trust_t *self, slice_t document, slice_t armors, bool stored,
                      fault_t *fault) MUST_CHECK;
int trust_keep_resume(trust_t *self, slice_t document, slice_t armors, bool stored,
                      fault_t *fault) MUST_CHECK;

/* trust_check_current for what was accepted at when: documents that expired since do no harm, those
 * that came since count, and none may be from the future. */
int trust_check_since(const trust_t *self, wall_t when, wall_t now, fault_t *fault) MUST_CHECK;

/* Root and people are there, and each document is still backed by the one above it.
 * FAULT_NOT_FOUND, FAULT_QUORUM, FAULT_ROLE. */
int trust_check_backed(const trust_t *self, fault_t *fault) MUST_CHECK;

#endif
