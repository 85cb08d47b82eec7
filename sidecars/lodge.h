/* SPDX-License-Identifier: Apache-2.0 */
/* lodge - where brokers and people speak to the timekeeper (docs/PROTOCOL.md 6.4): it answers them
 * out of a metronome, gives each broker what it lacks, and tells all of them of each beacon. */
#ifndef TOCSIN_LODGE_H
#define TOCSIN_LODGE_H

#include "sidecars/metronome.h"
#include "wire/gate.h"

#define LODGE_BROKERS_MAX BROKERS_MAX
#define LODGE_STOPS_MAX   200 /* of an answer; the newest */

typedef struct lodge lodge_t;

/* Both are borrowed. beat_s is what `status` says. Admits whom the metronome's people name. */
lodge_t *lodge_new(gate_t *gate, metronome_t *metronome, uint64_t beat_s);
void lodge_destroy(lodge_t **self_p);

/* Hears whoever has something to say. What strangers say wrongly is logged or answered; a fault
 * (FAULT_IO, FAULT_FULL) is the disk's, and ends the process. */
int lodge_hear(lodge_t *self, fault_t *fault) MUST_CHECK;

/* Tells all brokers that are there of the newest beacon. */
void lodge_ring(lodge_t *self);

#endif
