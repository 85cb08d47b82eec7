/* SPDX-License-Identifier: Apache-2.0 */
/* view - rows as the values that people are shown (docs/PROTOCOL.md 6.1). */
#ifndef TOCSIN_VIEW_H
#define TOCSIN_VIEW_H

#include "broker/core/shelf.h"
#include "broker/store.h"
#include "wire/value.h"

#define VIEW_BYTES_MAX    (400 * 1024) /* of one answer's body; what is beyond is left out */
#define VIEW_OUTPUT_DEPTH 3            /* of an output within a receipt: deeper ones are left out */

/* Each is the caller's; NULL with a fault when the store fails. */
value_t *view_incident(const store_t *store, const incident_t *row, fault_t *fault);
value_t *view_run(const store_t *store, const run_row_t *row, fault_t *fault);

/* With the document of its latest firing alert. */
value_t *view_whole_incident(const store_t *store, const incident_t *row, fault_t *fault);

/* Its parts with their receipts, and the authority with its signatures. */
value_t *view_whole_run(const store_t *store, const run_row_t *row, fault_t *fault);
value_t *view_event(const event_row_t *row);
value_t *view_release(const shelf_t *shelf, const shelved_t *release);

/* Whether item still fits into what *room leaves of one answer; takes its size off. */
bool view_fits(const value_t *item, size_t *room);

/* A list of the names in a text, separated by spaces. */
value_t *view_names(const char *names);
void view_set_hash(value_t *map, const char *key, const hash_t *hash);

#endif
