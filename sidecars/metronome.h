/* SPDX-License-Identifier: Apache-2.0 */
/* metronome - what the timekeeper knows and signs: the site's newest documents and halts as files,
 * the nonces that wait, and the newest beacon (docs/PROTOCOL.md 3.17). It is told what time it is.
 *
 * Whatever it takes is verified by keys/trust.h and durable before the verb returns; a beacon is
 * durable, with its sequence and `made`, before it can be shown to anybody. */
#ifndef TOCSIN_METRONOME_H
#define TOCSIN_METRONOME_H

#include "keys/curve.h"
#include "keys/trust.h"

#define METRONOME_SOON_MS 1000 /* between two beacons, however much happens */

typedef struct metronome metronome_t;

/* Loads FOLDER/site/ and FOLDER/beacon, which it makes where there are none. key is borrowed, curve
 * is the public half of the other. FAULT_IO, FAULT_FORMAT and what trust_load says. */
metronome_t *metronome_load(const char *folder, const hash_t *site, const machinekey_t *key,
                            const curvekey_t *curve, fault_t *fault);
void metronome_destroy(metronome_t **self_p);

/* Takes what is newer in a site folder: its roots, people, fleets and halts. What is older, or is
 * refused, is left, and logged. */
int metronome_bring(metronome_t *self, const char *folder, fault_t *fault) MUST_CHECK;

/* Takes a root, people, fleet, stop, revoke or resume: 1 where it is new, 0 where it was there. A
 * fault of io or full ends the process: what is on the disk is not known then. */
int metronome_take(metronome_t *self, slice_t document, slice_t armors, fault_t *fault) MUST_CHECK;

/* A worker's nonce, for the next beacon. FAULT_FORMAT, and FAULT_LIMIT where too many wait. */
int metronome_ask(metronome_t *self, const char *worker, const char *nonce,
                  fault_t *fault) MUST_CHECK;

/* How long until a beacon is due, 0 for now: a beat after the last, and at most a second after
 * something new came or a nonce waits. */
int64_t metronome_wait(const metronome_t *self, int64_t beat_ms, mono_t now);

/* Makes the next beacon. FAULT_DENIED where root does not name these keys, FAULT_STALE where the
 * clock is not past the last beacon's; nothing is made then, and it is due a beat later. */
int metronome_beat(metronome_t *self, wall_t now, mono_t clock, fault_t *fault) MUST_CHECK;

/* The newest beacon; document and armor are empty before the first. All are borrowed until the next
 * beat. */
typedef struct {
    slice_t document, armor;
    slice_t leaves; /* hashes of the nonces that it answers, ascending */
    uint64_t sequence;
    wall_t made;
} tick_t;

tick_t metronome_tick(const metronome_t *self);

/* Borrowed until the next metronome_take; and where the documents' files lie. */
const trust_t *metronome_trust(const metronome_t *self);
const char *metronome_folder(const metronome_t *self);

#endif
