/* SPDX-License-Identifier: Apache-2.0 */
/* trust - the one verifier: what root, people and fleets say, and whether a release, an order or a
 * grant has what it needs. Linked by judge, effector, broker and command line alike; nothing else
 * decides whether something is authorised. */
#ifndef TOCSIN_TRUST_H
#define TOCSIN_TRUST_H

#include "keys/fleet.h"
#include "keys/grant.h"
#include "keys/order.h"
#include "keys/people.h"
#include "keys/receipt.h"
#include "keys/release.h"
#include "keys/root.h"
#include "keys/signature.h"

#define TRUST_REGIONS_MAX 256

typedef struct trust trust_t;

/* Knows only the site's id (the hash of root version 1). */
trust_t *trust_new(const hash_t *site);
void trust_destroy(trust_t **self_p);

/* Each takes a document and its signatures, verifies them in the chain, and keeps them. What is
 * older than what is kept is FAULT_VERSION; the same bytes again are fine. On a fault nothing
 * changes. Expiry is judged where authority is used, not here.
 * root: version 1 by its hash and its own quorum; N+1 by the quorums of N and N+1, `previous` the
 * hash of N. people: root's quorum; one key one person, across root and people. fleet: a delegated
 * officer of the region; no worker id, key or host in two regions; no person's key. */
int trust_add_root(trust_t *self, slice_t document, slice_t armors, fault_t *fault) MUST_CHECK;
int trust_add_people(trust_t *self, slice_t document, slice_t armors, fault_t *fault) MUST_CHECK;
int trust_add_fleet(trust_t *self, slice_t document, slice_t armors, fault_t *fault) MUST_CHECK;

/* Which of the three by the first line. FAULT_FORMAT for any other type. */
int trust_add(trust_t *self, slice_t document, slice_t armors, fault_t *fault) MUST_CHECK;

/* The same for what was kept before, in the same order: people who lost root's quorum since, or a
 * fleet whose officer is no longer delegated, stay what they are in a running program: kept, and
 * trust_check_current refuses until a newer document replaces them. */
int trust_restore(trust_t *self, slice_t document, slice_t armors, fault_t *fault) MUST_CHECK;

/* Loads FOLDER/root.1, root.2, ..., people, fleet.*, each with NAME.sigs beside it; people and
 * fleets may be missing. Each by trust_restore. */
int trust_load(trust_t *self, const char *folder, fault_t *fault) MUST_CHECK;

/* Borrowed until the next trust_add; NULL where none is kept yet. */
const hash_t *trust_site(const trust_t *self);
const root_t *trust_root(const trust_t *self);
const people_t *trust_people(const trust_t *self);
size_t trust_fleet_count(const trust_t *self);
const fleet_t *trust_fleet(const trust_t *self, size_t index);

/* Over all regions; *fleet (may be NULL) receives the region's. NULL where there is none. */
const worker_line_t *trust_worker(const trust_t *self, const char *id, const fleet_t **fleet);
const worker_line_t *trust_host(const trust_t *self, const char *host, const fleet_t **fleet);

/* Whether root, people and every fleet are inside their time, and still backed by the document
 * above them. FAULT_EXPIRED, FAULT_NOT_FOUND, FAULT_QUORUM, FAULT_ROLE. */
int trust_check_current(const trust_t *self, wall_t now, fault_t *fault) MUST_CHECK;

/* Who stands behind a document. */
typedef struct {
    size_t count;
    char person[SIGNATURES_MAX][TEXT_NAME_MAX + 1]; /* distinct, ascending */
} signers_t;

/* Who approved a release, and how many are needed: for people to look at, and the base of
 * trust_check_release. Signatures of authors, of people without the role, and of keys below the
 * class do not count; a signature that does not hold at all is a fault. */
typedef struct {
    signers_t authors;   /* those who signed as author */
    signers_t approvers; /* those who count */
    unsigned needed;     /* root's quorum for the class */
} approvals_t;

int trust_approvals(const trust_t *self, slice_t document, slice_t armors, const release_t *release,
                    approvals_t *approvals, fault_t *fault) MUST_CHECK;

/* A release in service: site, every author signed, quorum of approvers who are no authors, sequence
 * floor. The decoded release is the caller's. FAULT_SITE, FAULT_SIGNATURE, FAULT_QUORUM,
 * FAULT_ROLE, FAULT_VERSION. Verified chains are cached by hash: the second time costs no signature
 * check. */
release_t *trust_check_release(trust_t *self, slice_t document, slice_t armors, fault_t *fault);

/* What a worker's part of a run stands on. Every slice is borrowed for the call only. */
typedef struct {
    bool by_grant;     /* else by an order */
    slice_t authority; /* the order or the grant */
    slice_t authority_armors;
    slice_t alert;        /* for a grant: the evidence */
    slice_t alert_armors; /* empty where the grant takes the broker's word */
    slice_t release;
    slice_t release_armors;
    wall_t accepted; /* when, if it was before: judges windows, freshness and expiry. 0 for never */
} proof_t;

/* What was found to hold; all of it the caller's. */
typedef struct {
    hash_t run;       /* the run's id */
    hash_t authority; /* of the order or grant */
    hash_t release_hash;
    class_t allowed; /* the worst class that these signers may cause */
    unsigned wave;   /* the worker's, from 1; 1 under a grant */
    order_t *order;  /* one of these two */
    grant_t *grant;
    alert_t *alert; /* with a grant */
    release_t *release;
} warrant_t;

void warrant_destroy(warrant_t **self_p);

/* The worker's order of checks of docs/PROTOCOL.md 4, from the site to the sequence floors; what
 * needs the ledger (known run, budget), the manifest (inputs) or the policy comes after it, in the
 * caller. worker NULL asks as the broker or the command line does: for no worker in particular.
 * NULL with the first failure. Caches by hash as trust_check_release does. */
warrant_t *trust_check(trust_t *self, const proof_t *proof, const char *worker, wall_t now,
                       fault_t *fault);

/* The same for a grant by itself, without an alert or a worker (submission, catalog). */
grant_t *trust_check_grant(trust_t *self, slice_t document, slice_t armors, wall_t now,
                           fault_t *fault);

#endif
