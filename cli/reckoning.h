/* SPDX-License-Identifier: Apache-2.0 */
/* reckoning - the whole record proved: that its leaves make the head that the broker signed, which
 * continues what was seen of it before (cli/pin.h) and which root's witnesses cosigned; that each
 * leaf's document is of this site and signed by whom it must be; that workers' receipts are chains
 * without a gap, each about an order that is there. */
#ifndef TOCSIN_RECKONING_H
#define TOCSIN_RECKONING_H

#include "cli/past.h"
#include "cli/record.h"
#include "keys/trust.h"

/* Reads all leaves, says what does not hold as it finds it, and the sum behind it; json: all of it
 * as one document instead. Takes over *past, which says who was trusted before. What was seen is
 * kept where all of it holds. FAULT_FAILED where something does not, FAULT_IO and what else the pin
 * says. */
int reckoning_of(record_t *record, trust_t *trust, past_t **past, bool json,
                 fault_t *fault) MUST_CHECK;

#endif
