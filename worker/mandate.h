/* SPDX-License-Identifier: Apache-2.0 */
/* mandate - what the effector may do for one run (docs/PROTOCOL.md 7.3): the order or grant that it
 * verified by itself, the releases of the run and of what its steps call, the consents that it was
 * shown. It holds every op to what they declare. */
#ifndef TOCSIN_MANDATE_H
#define TOCSIN_MANDATE_H

#include "common/frames.h"
#include "keys/trust.h"
#include "wire/manifest.h"
#include "wire/ops.h"
#include "worker/journal.h"

#define MANDATE_SCRIPTS_MAX 64

/* What it is verified against, all of it borrowed. */
typedef struct {
    const char *worker; /* this worker's id */
    trust_t *trust;
    const journal_t *journal;
    uint64_t documents; /* how many have come so far: a mandate is verified again after each */
    wall_t now;
} lawbook_t;

typedef struct mandate mandate_t;

/* Of a WARRANT. NULL with the first of section 4's failures. */
mandate_t *mandate_new(const frames_t *warrant, const lawbook_t *by, fault_t *fault);
void mandate_destroy(mandate_t **self_p);

const hash_t *mandate_run(const mandate_t *self);
const hash_t *mandate_authority(const mandate_t *self);
const char *mandate_playbook(const mandate_t *self);      /* the run's own */
const signers_t *mandate_orderers(const mandate_t *self); /* no cosigners; nobody under a grant */

/* Since when it may begin by its order's word; ms 0 under a grant. */
wall_t mandate_from(const mandate_t *self);

/* Of its release; in a dry run observe. */
class_t mandate_class(const mandate_t *self);
bool mandate_is_dry(const mandate_t *self);
bool mandate_by_grant(const mandate_t *self);
bool mandate_breaks_glass(const mandate_t *self);

/* The worst class that its signers may cause. */
class_t mandate_allowed(const mandate_t *self);

/* CALLEE: what a step calls; callers first. FAULT_DENIED where that step calls nothing, and what
 * trust_check_callee, bundle_manifest and manifest_inputs say. */
int mandate_add_callee(mandate_t *self, const frames_t *callee, const lawbook_t *by,
                       fault_t *fault) MUST_CHECK;

/* CONSENT: one that counts for a step, says yes, and names this worker. */
int mandate_add_consent(mandate_t *self, slice_t document, slice_t armors, const lawbook_t *by,
                        fault_t *fault) MUST_CHECK;

/* One OP, read; everything in it is borrowed. */
typedef struct {
    const char *step; /* its path */
    phase_t phase;
    uint64_t attempt;
    const op_t *op;
    const value_t *arguments;
    class_t worst; /* what it is on this machine: no better than in the op table */
} act_t;

/* Whether nothing was stopped or revoked since: between any two ops. FAULT_STOPPED, and what
 * trust_check says. */
int mandate_check_still(mandate_t *self, const lawbook_t *by, fault_t *fault) MUST_CHECK;

/* Whether the manifest declares it: step, attempt, op, arguments; whether the consents that it
 * waits for are there. FAULT_FORMAT, FAULT_OP, FAULT_ARGUMENT, FAULT_DENIED. */
int mandate_check_act(const mandate_t *self, const act_t *act, fault_t *fault) MUST_CHECK;

/* Whether its signers reach it. FAULT_CLASS. */
int mandate_check_class(const mandate_t *self, const act_t *act, fault_t *fault) MUST_CHECK;

/* Whether it may begin now: the window bounds the first op, the first op bounds the rest; undo has
 * its own time, and no other; a grant's first op counts. FAULT_WINDOW, FAULT_EXPIRED, FAULT_BUDGET.
 */
int mandate_check_time(const mandate_t *self, const act_t *act, const lawbook_t *by,
                       fault_t *fault) MUST_CHECK;

/* The release whose step this path names; NULL where there is none. */
const hash_t *mandate_release(const mandate_t *self, const char *step);

#endif
