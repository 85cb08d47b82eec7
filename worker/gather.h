/* SPDX-License-Identifier: Apache-2.0 */
/* gather - what a step that runs once for all targets sees of the others (ctx.all), as their
 * receipts prove it (docs/PROTOCOL.md 6, OFFER). A broker can withhold them, and neither make one
 * up nor leave one out: each target's last receipt says how its part ended, and where it ended well
 * every step of it has a receipt of how it did, with the hash of what it gave. A revoked worker's
 * receipts say nothing. */
#ifndef TOCSIN_GATHER_H
#define TOCSIN_GATHER_H

#include "keys/seal.h"
#include "keys/trust.h"
#include "wire/manifest.h"

/* From the receipts of an OFFER (encoded), a map of step to map of target to output, for each step
 * that manifest_gathers names and each other target whose part ended ok and did not skip it; true
 * stands for an output that is nil. Empty where no step runs once here. Those of the receipts that
 * counted go, encoded, into counted, which stays empty where no step runs once here; of these alone
 * it can be read again with trust NULL, which looks at no signature. key opens what is sealed; NULL
 * where nothing is. The caller's; NULL with
 * FAULT_PROOF, or FAULT_FORMAT for what cannot be read. */
value_t *gather_read(const manifest_t *manifest, const warrant_t *warrant, const sealkey_t *key,
                     slice_t receipts, const trust_t *trust, bytes_t *counted, fault_t *fault);

#endif
