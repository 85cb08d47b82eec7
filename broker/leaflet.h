/* SPDX-License-Identifier: Apache-2.0 */
/* leaflet - a leaf of this broker's log as it is relayed to the centre's: the message RELAY, with
 * what belongs to the leaf and does not stand in it (docs/PROTOCOL.md 6.5). */
#ifndef TOCSIN_LEAFLET_H
#define TOCSIN_LEAFLET_H

#include "broker/store.h"
#include "common/frames.h"

/* The caller's; NULL without a fault for a leaf that is not relayed: an alert that nobody signed,
 * an event that follows from documents. FAULT_IO of the store. */
frames_t *leaflet_make(const store_t *store, const leaf_row_t *leaf, fault_t *fault);

#endif
