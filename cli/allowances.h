/* SPDX-License-Identifier: Apache-2.0 */
/* allowances - what workers' machines say that they allow, from the broker, each signature verified
 * here; and what of a playbook they would refuse. It tells people beforehand, and decides nothing:
 * a machine's policy may have changed since. */
#ifndef TOCSIN_ALLOWANCES_H
#define TOCSIN_ALLOWANCES_H

#include "cli/client.h"
#include "wire/allowance.h"
#include "wire/manifest.h"

#define ALLOWANCES_MAX 512 /* workers that are looked at; of larger orders the first */

typedef struct {
    size_t count;
    allowance_t *at; /* ours */
} allowances_t;

/* Those of workers (ids) that hold; what does not, or is not there, is left out. FAULT_UNREACHABLE
 * and what else the client says. */
int allowances_fetch(allowances_t *self, client_t *client, const trust_t *trust,
                     const char *const *workers, size_t count, fault_t *fault) MUST_CHECK;
void allowances_clear(allowances_t *self);

/* Appends what would be refused of a playbook: {step, op, reason, workers: list}. caller stands in
 * front of steps that are called ("" for none); a dry run asks for observe ops only. */
void allowances_add_refusals(const allowances_t *self, const manifest_t *manifest,
                             const char *caller, bool dry, value_t *refusals);

/* Likewise what would be refused as a whole ({reason, workers: list}): a release that fewer people
 * approved than a machine asks for; an order that breaks glass where nobody does. */
void allowances_add_approvals(const allowances_t *self, const release_t *release,
                              const approvals_t *approvals, value_t *refusals);
void allowances_add_glass(const allowances_t *self, const order_t *order, value_t *refusals);

/* Likewise of what changes something: what would begin outside a machine's windows, or within its
 * blackouts. */
void allowances_add_hours(const allowances_t *self, bool glass, wall_t now, value_t *refusals);

/* The most signers of orders that any of them asks for, where that is more than people has. */
void allowances_most(const allowances_t *self, unsigned people[static CLASSES]);

#endif
