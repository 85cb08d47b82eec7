/* SPDX-License-Identifier: Apache-2.0 */
/* source - where a reviewer's releases come from: the broker, or a repository. Either is only asked
 * for bytes; what they are worth is worked out here, from the site's documents. */
#ifndef TOCSIN_SOURCE_H
#define TOCSIN_SOURCE_H

#include "cli/fetch.h"
#include "keys/trust.h"
#include "wire/manifest.h"

typedef struct source source_t;

/* trust must outlive it. repository NULL asks the broker. */
source_t *source_open(const options_t *options, trust_t *trust, const char *repository,
                      fault_t *fault);
void source_close(source_t **self_p);

/* Every release as docs/PROTOCOL.md 6.1 lists them under `releases`, and `class`, `authors`,
 * `approvers`, `needed`, `state` among its fields. The caller's. */
value_t *source_list(source_t *self, fault_t *fault);

/* One release, in service or not, with all that its approval stands on; hashes and authors'
 * signatures hold. By hash, or a prefix of at least 6 digits. FAULT_NOT_FOUND, FAULT_CONFLICT
 * (several), and what does not hold: FAULT_SITE, FAULT_HASH, FAULT_SIGNATURE, FAULT_FORMAT. The
 * caller's. */
fetched_t *source_candidate(source_t *self, const char *name, fault_t *fault);

/* The release of the same playbook with the highest sequence below that of candidate which
 * approver counts for, or, approver NULL, which has all approvals. NULL without a fault where there
 * is none. The caller's. */
fetched_t *source_before(source_t *self, const fetched_t *candidate, const char *approver,
                         fault_t *fault);

/* Hands an approval in. */
int source_approve(source_t *self, const fetched_t *candidate, slice_t armor, const pubkey_t *key,
                   fault_t *fault) MUST_CHECK;

#endif
