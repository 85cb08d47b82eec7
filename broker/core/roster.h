/* SPDX-License-Identifier: Apache-2.0 */
/* roster - every target of an order, wave after wave: those that it lists, and those of its other
 * waves, which came beside it and are held against the roots that were signed (docs/PROTOCOL.md
 * 3.5). Names are borrowed from the order and from the list. */
#ifndef TOCSIN_ROSTER_H
#define TOCSIN_ROSTER_H

#include "keys/order.h"
#include "wire/value.h"

typedef struct {
    unsigned wave; /* from 1, without gap */
    const char *target;
} roster_line_t;

typedef struct {
    size_t count;
    roster_line_t *lines; /* by wave, then target as bytes; each target once */
} roster_t;

/* list: of {wave, target}, NULL where there is none. FAULT_FORMAT where it leaves out or adds any,
 * or one stands in it twice; FAULT_HASH where another list was signed. */
roster_t *roster_new(const order_t *order, const value_t *list, fault_t *fault);
void roster_destroy(roster_t **self_p);

#endif
