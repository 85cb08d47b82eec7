/* SPDX-License-Identifier: Apache-2.0 */
/* effector - decides, op by op, what may happen on this machine (docs/PROTOCOL.md 7.3).
 *
 * It believes nobody: it verifies root, people, fleets, the release and the order or grant by
 * itself, holds every op to what the signed manifest declares, to the machine's own policy and to
 * the class that the signers may cause, and writes BEGIN and END around every effect. Clock and
 * processes stand behind effector_io_t, so that all of this is a function of what it is told. */
#ifndef TOCSIN_EFFECTOR_H
#define TOCSIN_EFFECTOR_H

#include "common/frames.h"
#include "keys/freshness.h"
#include "worker/journal.h"
#include "worker/policy.h"

#define EFFECTOR_WARRANTS_MAX 64 /* kept by run till OVER; beyond, the first makes room */
#define EFFECTOR_FLIGHTS_MAX  64 /* ops that run at once: one of each attempt at work */

typedef struct {
    void *self;
    wall_t (*now)(void *self);

    /* Starts an op; effector_ended (flight) is called once, later, with FAULT_TIMEOUT where it was
     * ended before it was done and FAULT_UNKNOWN where it died without a word. key names a fix-op
     * and is NULL for an observe op. A fault means that nothing was started. */
    int (*start)(void *self, size_t flight, const op_t *op, const value_t *arguments,
                 const hash_t *key, fault_t *fault);

    /* Starts to find out what a fix-op would give, without the right to change anything;
     * effector_ended follows as of an observe op. Of one that is foretold only (wire/ops.h). */
    int (*foresee)(void *self, size_t flight, const op_t *op, const value_t *arguments,
                   fault_t *fault);

    /* Starts to find out whether the fix under key, whose last try was ended, happened: op and
     * arguments are its probe's (wire/ops.h), begun is when that try was started, by the clock as
     * it is now; ms 0 where nobody knows. effector_ended follows as of an observe op. */
    int (*look)(void *self, size_t flight, const op_t *op, const value_t *arguments,
                const hash_t *key, wall_t *begun, fault_t *fault);

    /* Ends what an earlier try under this key started, and waits for it. */
    int (*end_last)(void *self, const hash_t *key, fault_t *fault);

    /* Its time is over at once: effector_ended follows. */
    void (*cut)(void *self, size_t flight);

    mono_t (*clock)(void *self);
    void (*draw)(void *self, nonce_t *nonce); /* at random */
} effector_io_t;

/* What an effector works with; all of it is borrowed and outlives it. */
typedef struct {
    const char *worker; /* this worker's id */
    const char *boot;   /* the name of the machine's present boot */
    const char *folder; /* of the documents it keeps (wire/site_folder.h), and its beacon */
    trust_t *trust;
    journal_t *journal;
    const policy_t *policy;
    effector_io_t io;
} effector_place_t;

typedef struct effector effector_t;

/* Reads what it knows of beacons from the folder. NULL where that cannot be read. */
effector_t *effector_new(const effector_place_t *place, fault_t *fault);
void effector_destroy(effector_t **self_p);

/* A message of the judge's. *answer is the caller's; NULL where it comes with effector_ended. -1
 * means that the process must end: the judge does not speak the protocol, or the journal or a
 * document cannot be kept. */
int effector_receive(effector_t *self, const frames_t *message, frames_t **answer,
                     fault_t *fault) MUST_CHECK;

/* An op that was started is over: its result, or NULL and why. *answer and -1 as above. */
int effector_ended(effector_t *self, size_t flight, const value_t *result, const fault_t *why,
                   frames_t **answer, fault_t *fault) MUST_CHECK;

#endif
