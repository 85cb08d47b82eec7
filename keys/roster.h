/* SPDX-License-Identifier: Apache-2.0 */
/* roster - workers by id, and by the names that monitoring has for their machines, over the fleets
 * of all regions; found in the logarithm of how many there are. Made anew when a fleet changes;
 * everything in it is borrowed from the fleets. */
#ifndef TOCSIN_ROSTER_H
#define TOCSIN_ROSTER_H

#include "keys/fleet.h"

typedef struct {
    const char *name;
    const worker_line_t *worker;
    const fleet_t *fleet;
} seat_t;

typedef struct {
    size_t count, capacity;
    seat_t *seats; /* by name, once sorted */
} roster_t;

/* The fleet's workers under their ids; with hosts, also under their hosts' names. */
void roster_add(roster_t *self, const fleet_t *fleet, bool hosts);
void roster_sort(roster_t *self);
void roster_clear(roster_t *self);

/* NULL where there is none. */
const seat_t *roster_find(const roster_t *self, const char *name);

#endif
