/* SPDX-License-Identifier: Apache-2.0 */
/* vigil - the judge's watch over beacons (docs/PROTOCOL.md 3.17 and 7.3): has the effector draw
 * nonces for the timekeeper to answer, takes beacons into freshness and ledger, and shows them to
 * the effector, which judges them by itself. */
#ifndef TOCSIN_VIGIL_H
#define TOCSIN_VIGIL_H

#include "worker/workplace.h"

/* A plain value; zeroed but for place, which is borrowed. */
typedef struct {
    workplace_t *place;
    bool online;     /* a broker welcomed this worker */
    bool drawing;    /* the effector was asked for a nonce */
    mono_t asked;    /* when */
    mono_t look;     /* when to look whether another is due */
    bool unanswered; /* the last nonce is */
    bool late;       /* or was answered so late that it makes beacons look old */
    bool anew;       /* another is due in any case */
    bool hurried;    /* as it was once, since the last answer, when a beacon gave none */
    hash_t shown;    /* of the beacon that the effector was shown last */
    bool lacking;    /* it names what is not here */
    mono_t told;     /* when the broker was last to hear of that */
} vigil_t;

/* What the ledger has, into place's freshness: before trust forgets any halt. */
int vigil_restore(const vigil_t *self, fault_t *fault) MUST_CHECK;

/* A broker welcomed this worker: where no beacon answered the last nonce, another is drawn. Or it
 * is gone. */
void vigil_welcome(vigil_t *self);
void vigil_leave(vigil_t *self);

/* A BEACON of the link's: 1 where it is new, 0 where it was known or does not hold, which is
 * logged, -1 with a fault of the ledger's. */
int vigil_on_beacon(vigil_t *self, const frames_t *frames, fault_t *fault) MUST_CHECK;

/* Whether the broker is to be told anew what is here, as the newest beacon names what is not: at
 * once, and each minute while that goes on. */
bool vigil_lacks(vigil_t *self);

/* The nonce that the effector drew. FAULT_FORMAT for one that nobody asked for. */
int vigil_on_nonce(vigil_t *self, const frames_t *frames, fault_t *fault) MUST_CHECK;

/* Whether the effector's KEPT with this id is of a beacon. */
bool vigil_is_kept(const char *id);

/* Asks for a nonce where one is due; and when to be called for that, ms 0 for never. */
void vigil_tick(vigil_t *self);
mono_t vigil_deadline(const vigil_t *self);

#endif
