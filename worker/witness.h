/* SPDX-License-Identifier: Apache-2.0 */
/* witness - the judge's word on a broker's log (docs/PROTOCOL.md 10): where root lists this worker,
 * it cosigns checkpoints (keys/cosignature.h) that go on from the one it cosigned before, or once
 * from where two officers' restart says (3.18), and none other. Of each broker that people list it
 * remembers the key of the first checkpoint, and the last log; what it signs it has written first.
 */
#ifndef TOCSIN_WITNESS_H
#define TOCSIN_WITNESS_H

#include "wire/value.h"
#include "worker/workplace.h"

/* What HELLO says: `witnessed`, a map of broker to the leaves it cosigned; none without any. */
int witness_say(const workplace_t *place, value_t *state, fault_t *fault) MUST_CHECK;

/* A WITNESS, whose answer is queued: the cosignature, or a code. FAULT_CONFLICT: another size was
 * cosigned last than the proof begins with; loud in the log, as none of it comes of an honest
 * broker: FAULT_KEY another key, FAULT_VERSION a shorter log, FAULT_PROOF another history,
 * FAULT_REPLAY a restart that it took, or that is older than one it knows. Likewise loud: a restart
 * that it takes. -1 with the ledger's fault. */
int witness_on_checkpoint(const workplace_t *place, const machinekey_t *key, const frames_t *frames,
                          wall_t now, fault_t *fault) MUST_CHECK;

#endif
