/* SPDX-License-Identifier: Apache-2.0 */
/* offer - one OFFER, and its examination: everything that docs/PROTOCOL.md 4 asks between the site
 * and the machine's own policy. Decides, and changes nothing but itself. */
#ifndef TOCSIN_OFFER_H
#define TOCSIN_OFFER_H

#include "keys/trust.h"
#include "worker/ledger.h"
#include "worker/part.h"

typedef struct {
    hash_t run, release; /* as the broker says; examination proves them */
    bool by_grant;       /* else by an order */
    unsigned links;      /* whose brokers offered it, by these bytes; 0 after a restart */
    wall_t accepted;     /* before a restart; ms 0 where it was not */
    frames_t *frames;    /* ours; as they came */
    brief_t brief;       /* ours; its warrant is NULL until examined, and it has scenes once all of
                            it was */
    size_t missing_count;
    hash_t missing[ORDER_RELEASES_MAX]; /* releases that it waits for */
    bool asked;                         /* the effector, by WARRANT */
    bool granted;                       /* by the effector */
    size_t callees;                     /* CALLEEs that the effector has not kept yet */
} offer_t;

/* Copies the frames of an OFFER. FAULT_FORMAT without a run, a kind or a release hash. */
int offer_read(offer_t *self, const frames_t *frames, fault_t *fault) MUST_CHECK;
void offer_clear(offer_t *self);

/* Whether a broker brought the same in both. */
bool offer_same(const offer_t *self, const offer_t *other);

/* The bytes that must be the same when the run is offered again; valid as long as the offer. */
slice_t offer_evidence(const offer_t *self);

/* What it is examined against, all of it borrowed. */
typedef struct {
    trust_t *trust;
    ledger_t *ledger;
    const char *worker;
    const curvepair_t *sealing; /* NULL: it has none */
    const offer_t *others;      /* examined ones among them count against their grants' budgets */
    size_t other_count;
} examiner_t;

/* Fills in the brief, or says what fails first; what is missing where the ledger lacks releases
 * that the order lists besides, or signatures that count beside them: then it is to be examined
 * again. With a fault, brief.warrant is there if somebody's valid order or grant stood behind the
 * offer all the same. One that was accepted is judged as of then, and has passed its budget and its
 * wave's proof. */
int offer_examine(offer_t *self, const examiner_t *by, const kept_release_t *release, wall_t now,
                  fault_t *fault) MUST_CHECK;

/* The WARRANT by which the effector is asked about an offer; the caller's. NULL where the release
 * has no manifest. */
frames_t *offer_warrant(const offer_t *self, const kept_release_t *release);

/* The CALLEE of one of the scenes of an offer that was examined, but the first; the caller's. */
frames_t *offer_callee(const offer_t *self, size_t scene);

/* OVER: the effector may forget what it was shown of this run; the caller's. */
frames_t *offer_over(const hash_t *run);

/* Faults that other signatures beside the same release would mend. */
bool is_about_signatures(fault_code_t code);

#endif
