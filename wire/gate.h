/* SPDX-License-Identifier: Apache-2.0 */
/* gate - where machines and people come in: a ROUTER over CURVE that admits the keys of the fleet
 * documents (as workers), of people's broker lines (as brokers), and those of people's curve lines
 * (as persons), and no other (docs/PROTOCOL.md 6). Who speaks is told by the User-Id of each frame,
 * never by a routing id. A key that left the documents is neither heard nor told anything any more,
 * though its connection stands. */
#ifndef TOCSIN_GATE_H
#define TOCSIN_GATE_H

#include <czmq.h>

#include "common/frames.h"
#include "keys/curve.h"
#include "keys/trust.h"

#define GATE_HANDSHAKE_MS 2000
#define GATE_BACKLOG      4096  /* connections not accepted yet: all workers come back at once */
#define GATE_QUEUE_MAX    4096  /* messages a peer may be behind */
#define GATE_HEARD_MAX    64    /* of a peer that wait to be read; the others wait at the peer */
#define GATE_SPAN_MS      60000 /* a peer that reads nothing for so long is cut off */
#define GATE_SPAN_BYTES   (64 * 1024 * 1024) /* a machine is sent no more within that... */
#define GATE_BULK_BYTES   (64 * 1024)        /* ...in messages of so many bytes and more */

typedef struct gate gate_t;

/* Starts the ZAP actor, then binds; a process has one gate at a time. FAULT_CONFIG where the
 * endpoint cannot be had, FAULT_IO where a gate is open. */
gate_t *gate_new(const char *endpoint, const curvepair_t *pair, fault_t *fault);
void gate_destroy(gate_t **self_p);

/* Admits the workers, the brokers and the people whom trust names from now on, and no one else: the
 * routes of others are forgotten. Call it, or the next, before any other verb. */
void gate_admit(gate_t *self, const trust_t *trust);

/* The same for the timekeeper: brokers in the place of workers. */
void gate_admit_brokers(gate_t *self, const trust_t *trust);

/* A random key must be turned away, and must not be heard: FAULT_DENIED if it was let in, and
 * FAULT_TIMEOUT if nobody answered it. Do not serve then. */
int gate_check(gate_t *self, fault_t *fault) MUST_CHECK;

/* For the loop: readable when something may be there. */
zsock_t *gate_socket(const gate_t *self);

typedef struct {
    bool worker;                  /* or a broker, see gate_admit_brokers; else a person */
    bool broker;                  /* another of the site's, see gate_admit; no worker then */
    char name[TEXT_NAME_MAX + 1]; /* worker id, broker's name or person */
    char key[CURVEKEY_TEXT];      /* its CURVE key, in hexadecimal */
    uint8_t route[256];           /* where an answer goes, until it disconnects */
    size_t route_size;
} caller_t;

/* The next message of someone admitted, the caller's; NULL when nothing is there. */
frames_t *gate_receive(gate_t *self, caller_t *caller);

/* To a worker by its id, where it spoke last; false when it is not there, too far behind, or had
 * GATE_SPAN_BYTES within GATE_SPAN_MS. Takes over *frames either way. */
bool gate_send(gate_t *self, const char *worker, frames_t **frames);

/* To another broker of the site by its name, likewise. */
bool gate_send_broker(gate_t *self, const char *broker, frames_t **frames);

/* To every worker that spoke and is still there; the bytes are shared, not copied for each. Takes
 * over *frames. */
void gate_cast(gate_t *self, frames_t **frames);

/* Back to a caller, likewise; false also when its key is admitted no more. */
bool gate_answer(gate_t *self, const caller_t *caller, frames_t **frames);

#endif
