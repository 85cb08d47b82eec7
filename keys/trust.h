/* SPDX-License-Identifier: Apache-2.0 */
/* trust - the one verifier: what root, people and fleets say, whether a release, an order, a grant
 * or a consent has what it needs, and what is stopped. Linked by judge, effector, broker and
 * command line alike; nothing else decides whether something is authorised. */
#ifndef TOCSIN_TRUST_H
#define TOCSIN_TRUST_H

#include "keys/beacon.h"
#include "keys/consent.h"
#include "keys/fleet.h"
#include "keys/grant.h"
#include "keys/halt.h"
#include "keys/inclusion.h"
#include "keys/order.h"
#include "keys/people.h"
#include "keys/receipt.h"
#include "keys/release.h"
#include "keys/restart.h"
#include "keys/root.h"
#include "keys/signature.h"

#define TRUST_REGIONS_MAX   256
#define TRUST_STOPS_MAX     1024 /* kept at a time, each with at most one resume */
#define TRUST_REVOKES_MAX   512  /* likewise */
#define TRUST_RUN_STOPS_MAX 896  /* of these: what responders may use up */

typedef struct trust trust_t;

/* People whom a machine's own policy asks for, class by class; 0 where root's word is enough. */
typedef struct {
    unsigned approvals[CLASSES]; /* of releases, besides their authors */
    unsigned orders[CLASSES];    /* who sign orders; a cosigner is none of them */
} quorums_t;

/* Who stands behind a document. */
typedef struct {
    size_t count;
    char person[SIGNATURES_MAX][TEXT_NAME_MAX + 1]; /* distinct, ascending */
} signers_t;

bool signers_have(const signers_t *self, const char *person);

/* Knows only the site's id (the hash of root version 1). */
trust_t *trust_new(const hash_t *site);
void trust_destroy(trust_t **self_p);

/* From now on releases and orders need so many people too. Root's quorums are the least of it: a
 * smaller number changes nothing. */
void trust_ask_more(trust_t *self, const quorums_t *more);

/* This and trust_add take a document and its signatures, verify them in the chain, and keep them.
 * What is older than what is kept is FAULT_VERSION; the same bytes again are fine. On a fault
 * nothing changes. Expiry is judged where authority is used, not here. root: version 1 by its hash
 * and its own quorum; N+1 by the quorums of N and N+1, `previous` the hash of N. people: root's
 * quorum; one key one person, across root and people. fleet: a delegated officer of the region; no
 * worker id, key or host in two regions; no person's key. */
int trust_add_root(trust_t *self, slice_t document, slice_t armors, fault_t *fault) MUST_CHECK;

/* stop: an officer; of a run, a responder or officer will do. resume: two officers, of a stop that
 * is kept (FAULT_NOT_FOUND) and not of a run (FAULT_DENIED). FAULT_LIMIT once all the room is taken
 * by stops in force; for the sake of one that is, the oldest that was lifted is forgotten with its
 * resume. What is kept stays in force whatever becomes of its signers. A second resume of one stop
 * is fine, and is not kept. */
int trust_add_stop(trust_t *self, slice_t document, slice_t armors, fault_t *fault) MUST_CHECK;
int trust_add_resume(trust_t *self, slice_t document, slice_t armors, fault_t *fault) MUST_CHECK;

/* revoke: an officer. What it names counts no more, from now on and for what was signed before: a
 * signature by a revoked key or person is FAULT_REVOKED, except beside a release, which goes
 * without it; a fleet needs another officer's; so are an order for a revoked worker, a revoked
 * release, a revoked grant. A holder signs roots and people all the same: root's quorum has the
 * last word, and people that list a revoke's hash as pardoned end it.
 *
 * trust_add takes any of the six, by the first line. FAULT_FORMAT for any other type. */
int trust_add(trust_t *self, slice_t document, slice_t armors, fault_t *fault) MUST_CHECK;

/* The same for what was kept before, in the same order: people who lost root's quorum since, or a
 * fleet whose officer is no longer delegated, stay what they are in a running program: kept, and
 * trust_check_current refuses until a newer document replaces them. Stops and resumes, each resume
 * after its stop, whose signers lost their role or key since stay in force too. */
int trust_restore(trust_t *self, slice_t document, slice_t armors, fault_t *fault) MUST_CHECK;

/* Loads FOLDER/root.1, root.2, ..., people, fleet.*, stop.*, resume.*, revoke.*, each with
 * NAME.sigs beside it; all but the root may be missing. Each by trust_restore. */
int trust_load(trust_t *self, const char *folder, fault_t *fault) MUST_CHECK;

/* The name of a document's file in a site folder: "root.1", "people", "fleet.north", "stop.HASH",
 * "revoke.HASH", "resume.HASH". FAULT_FORMAT for any other document. */
#define TRUST_NAME_MAX 80
int trust_name(slice_t document, char out[static TRUST_NAME_MAX], fault_t *fault) MUST_CHECK;

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

/* A stop, revoke or resume that is kept. */
typedef struct {
    hash_t hash;          /* of the document */
    bool resume;          /* else a stop */
    halt_what_t what;     /* what it stops or revokes, or what the stop does that it lifts */
    char name[HASH_TEXT]; /* likewise, as in stop_t */
    hash_t stop;          /* the stop: itself, or the one it lifts */
    bool lifted;          /* there is a resume of the stop, or people pardon the revoke */
    wall_t created;
    wall_t until; /* of a run's stop that says so, else ms 0: see stop_t */
    char reason[ORDER_REASON_MAX + 1];
    signers_t who; /* nobody where their keys are nobody's any more */
} halt_line_t;

/* In the order in which they came: each resume after its stop. Borrowed until the next trust_add,
 * trust_restore or trust_forget; NULL behind the last. */
size_t trust_halt_count(const trust_t *self);
const halt_line_t *trust_halt(const trust_t *self, size_t index);

/* Whether the stop, revoke or resume with this hash is kept. */
bool trust_keeps_halt(const trust_t *self, const hash_t *hash);

/* Whether a stop in force covers any of these; each may be NULL. FAULT_STOPPED says who stopped
 * what and why. Signatures are not looked at, so it may be asked between any two ops. */
int trust_check_halts(const trust_t *self, const hash_t *run, const char *playbook,
                      const char *region, fault_t *fault) MUST_CHECK;

/* FAULT_REVOKED says who revoked it and why. what is of those that a revoke takes back; name as in
 * stop_t, NULL for none. */
int trust_check_revoked(const trust_t *self, halt_what_t what, const char *name,
                        fault_t *fault) MUST_CHECK;

/* The type of document: "stop", "revoke" or "resume". */
const char *halt_line_type(const halt_line_t *self);

/* Forgets the stops of a run: only for a caller that will not begin anything of it in any case,
 * because it knows its end or its window is past for good. */
void trust_forget_stops(trust_t *self, const hash_t *run);

/* The same for all runs whose stop says that nothing of them can begin at this moment any more. */
void trust_forget_past(trust_t *self, wall_t now);

/* Who approved a release, and how many are needed: for people to look at, and the base of
 * trust_check_release. Signatures of authors, of people without the role, and of keys below the
 * class do not count; a signature that does not hold at all is a fault. */
typedef struct {
    signers_t authors;   /* those who signed as author */
    signers_t approvers; /* those who count */
    unsigned needed;     /* root's quorum for the class, or the machine's (trust_ask_more) */
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
    slice_t alert_armors; /* its source's one; not looked at where the broker's word is enough */
    slice_t release;
    slice_t release_armors;
    slice_t place;   /* in a wave that the order does not list; empty for a listed target */
    wall_t accepted; /* when, if it was before: judges windows, freshness and expiry. 0 for never */
} proof_t;

/* What was found to hold; all of it the caller's. */
typedef struct {
    hash_t run;       /* the run's id */
    hash_t authority; /* of the order or grant */
    hash_t release_hash;
    signers_t signers;   /* the people who signed the order or grant, cosigners too */
    signers_t orderers;  /* of them those who signed in order@: nobody under a grant */
    signers_t cosigners; /* of an order the others, who stand behind breaking glass and no more */
    size_t key_count;
    hash_t keys[SIGNATURES_MAX]; /* with which; of the keys' blobs */
    class_t allowed;             /* the worst class that these signers may cause */
    unsigned wave; /* the worker's, from 1; 1 under a grant, and for no worker in particular */
    char target[2 * TEXT_NAME_MAX + 2]; /* the worker, or the host that it reaches; "" for none */
    unsigned before; /* the wave whose receipts prove that this one may begin; 0 where none need */
    order_t *order;  /* one of these two */
    grant_t *grant;
    alert_t *alert; /* with a grant */
    release_t *release;
} warrant_t;

void warrant_destroy(warrant_t **self_p);

/* Whether what a warrant stands on was revoked since: its worker (NULL: not looked at), its grant,
 * its release, its signers or the keys that they signed with. FAULT_REVOKED. Signatures are not
 * looked at. */
int trust_check_stands(const trust_t *self, const warrant_t *warrant, const char *worker,
                       fault_t *fault) MUST_CHECK;

/* The worker's order of checks of docs/PROTOCOL.md 4, from the site to the sequence floors; what
 * needs the ledger (known run, budget), the manifest (inputs) or the policy comes after it, in the
 * caller. worker NULL asks as the broker or the command line does: for no worker in particular, so
 * that scopes are held against the listed targets only, and a place is not looked at. The class is
 * that of the order's own release; releases that it calls are judged one by one, where they are at
 * hand (trust_check_callee). NULL with the first failure. Caches by hash as trust_check_release
 * does.
 *
 * An order that breaks glass (docs/PROTOCOL.md 3.5) is judged without anybody's scope, and needs
 * one more responder, of its class, who signed it in cosign@ and not in order@: FAULT_QUORUM
 * without. In any other a cosignature is FAULT_NAMESPACE. Nothing else is asked less of it. */
warrant_t *trust_check(trust_t *self, const proof_t *proof, const char *worker, wall_t now,
                       fault_t *fault);

/* What a grant asks of an alert, in the order in which trust_check asks it.
 *
 *    condition             word       holds where */
#define GRANT_CONDITIONS(X)                                                                 \
    X(CONDITION_WORKER, "worker")     /* the alert's host is a worker's */                  \
    X(CONDITION_SIGNERS, "signers")   /* enough responders, none an author, who reach it */ \
    X(CONDITION_SPAN, "span")         /* it lasts no longer than root allows */             \
    X(CONDITION_BEGUN, "begun")       /* it had been issued */                              \
    X(CONDITION_EXPIRY, "expiry")     /* it had not expired */                              \
    X(CONDITION_STOPS, "stops")       /* no stop in force covers it */                      \
    X(CONDITION_SOURCE, "source")     /* it lists the alert's source */                     \
    X(CONDITION_REGION, "region")     /* that source speaks for the worker's region */      \
    X(CONDITION_EVIDENCE, "evidence") /* that source signed the alert, where it asks */     \
    X(CONDITION_FIRING, "firing")     /* the alert is not resolved */                       \
    X(CONDITION_MATCH, "match")       /* one for each match line: a field's alternatives */ \
    X(CONDITION_FRESH, "fresh")       /* the alert was received not long before */          \
    X(CONDITION_HOST, "host")         /* the alert's host is the worker that asks */        \
    X(CONDITION_SCOPE, "scope")       /* the worker has the labels that it wants */         \
    X(CONDITION_RELEASE, "release")   /* the release is the one it names, and in service */

typedef enum {
#define X(condition, word) condition,
    GRANT_CONDITIONS(X)
#undef X
        CONDITIONS
} condition_t;

const char *condition_word(condition_t self);

typedef struct {
    condition_t condition;
    size_t line; /* of a match: which of the grant's */
    fault_t why; /* FAULT_NONE where it holds */
} weighed_row_t;

typedef struct {
    grant_t *grant; /* ours */
    hash_t run;     /* the id that its run for this alert has */
    signers_t signers;
    size_t count, failed;
    weighed_row_t rows[CONDITIONS + GRANT_LINES_MAX];
} weighed_t;

/* A grant held against an alert for people to look at: each condition by itself, and so those
 * behind the first that fails too; trust_check is their conjunction. For no worker in particular;
 * where the alert's host maps to none, what asks where it would run is left out. proof's accepted
 * is the moment that is asked about; its release may be another than the grant's, or empty. Stops
 * and fleets are those of now. NULL with what keeps a condition from being asked: a document of
 * another site, a signature that does not hold. The caller's. */
weighed_t *trust_weigh(trust_t *self, const proof_t *proof, wall_t now, fault_t *fault);
void weighed_destroy(weighed_t **self_p);

/* A release that an order's run calls: the one that the order lists for its playbook, in service,
 * of a class that the order's signers reach, and not stopped. warrant is that of the run; a grant's
 * calls nothing. The decoded release is the caller's. FAULT_HASH, FAULT_CLASS, FAULT_STOPPED,
 * FAULT_TARGET where it changes something and no wave of the order is listed, and what
 * trust_check_release says. */
release_t *trust_check_callee(trust_t *self, const warrant_t *warrant, slice_t document,
                              slice_t armors, fault_t *fault);

/* What a step of a run waits for. Everything in it is borrowed for the call only. */
typedef struct {
    bool answer; /* an answer, else a consent */
    hash_t run;
    const char *step;          /* its path */
    role_t role;               /* that the step names */
    class_t class;             /* of the release */
    const char *worker;        /* that waits; NULL asks for no worker in particular: every target
                                  named must then be in the signer's scope, no receipt is compared */
    const char *target;        /* of its part; not looked at without a worker */
    hash_t receipt;            /* the part's last; zero where there is none */
    const signers_t *excluded; /* the order's signers, whose consent does not count; NULL: none */
    wall_t asked; /* since when it waits: what was signed 5 minutes before is stale; 0: unknown */
    wall_t accepted; /* when this was taken, if it was before: judges its expiry; 0: never */
} consent_wish_t;

/* One person's word that counts for the wish: all of docs/PROTOCOL.md 3.11. What it says, "no" too,
 * is the caller's to read; so is the decoded consent. FAULT_FORMAT, FAULT_SITE, FAULT_SIGNATURE and
 * its kin, FAULT_QUORUM (nobody, or two people, signed), FAULT_ROLE, FAULT_CLASS, FAULT_SCOPE,
 * FAULT_PIN, FAULT_WINDOW, FAULT_EXPIRED, FAULT_TARGET (another run, step or worker), FAULT_STALE
 * (another receipt than the last was shown, or signed before it was asked for). */
consent_t *trust_check_consent(trust_t *self, slice_t document, slice_t armors,
                               const consent_wish_t *wish, wall_t now, fault_t *fault);

/* An alert whose source signed it, by a key that the fleet of some region lists for that source:
 * for whoever passes it on, so neither its time nor the fleet's is looked at. The caller's.
 * FAULT_SITE, FAULT_KEY, FAULT_FORMAT, FAULT_SIGNATURE and its kin. */
alert_t *trust_check_signed_alert(trust_t *self, slice_t document, slice_t armor, fault_t *fault);

/* The word of the timekeeper that the newest root names; decoded, the caller's. How old it is, and
 * whether another came before it, is keys/freshness.h's. FAULT_NOT_FOUND where root names none,
 * FAULT_SITE, FAULT_KEY (another's signature), FAULT_SIGNATURE and its kin, FAULT_FORMAT. */
beacon_t *trust_check_beacon(const trust_t *self, slice_t document, slice_t armor, fault_t *fault);

/* Whether root, people and the fleet of this worker's region are at least what the beacon names,
 * and the same where they are of one version; a worker in no fleet has no region. Halts are not
 * looked at. FAULT_BEACON. */
int trust_check_named(const trust_t *self, const beacon_t *beacon, const char *worker,
                      fault_t *fault) MUST_CHECK;

/* A beacon that names all that is kept: what a timekeeper signs, but for sequence, made and nonces.
 * There must be a root. The caller's. */
beacon_t *trust_beacon(const trust_t *self);

/* The word of two officers that a broker's log goes on behind an earlier end; whose log, and where,
 * restart_check says. *who: everybody who signed it. The caller's. FAULT_SITE, FAULT_SIGNATURE and
 * its kin, FAULT_ROLE, FAULT_QUORUM, FAULT_FORMAT. */
restart_t *trust_check_restart(const trust_t *self, slice_t document, slice_t armors,
                               signers_t *who, fault_t *fault);

/* trust_check for a grant by itself, without an alert or a worker (submission, catalog). */
grant_t *trust_check_grant(trust_t *self, slice_t document, slice_t armors, wall_t now,
                           fault_t *fault);

#endif
