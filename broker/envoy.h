/* SPDX-License-Identifier: Apache-2.0 */
/* envoy - the broker's way to the timekeeper, or to the centre's broker: a DEALER over CURVE to the
 * key that root's timekeeper line, or a broker line of people, names (docs/PROTOCOL.md 6.4, 6.5).
 * What comes over it proves itself; it is handed on. */
#ifndef TOCSIN_ENVOY_H
#define TOCSIN_ENVOY_H

#include <czmq.h>

#include "common/frames.h"
#include "common/moment.h"
#include "keys/curve.h"

#define ENVOY_QUEUE_MAX 64 /* messages either side may be behind */

typedef struct envoy envoy_t;

/* Speaks to nobody yet. endpoint (tcp://HOST:PORT) and pair, the broker's, are copied. */
envoy_t *envoy_new(const char *endpoint, const curvepair_t *pair);
void envoy_destroy(envoy_t **self_p);

/* Connects to whoever has this key from now on; NULL to nobody. Nothing happens where it is the
 * same as before. FAULT_CONFIG where the endpoint cannot be had. */
int envoy_use(envoy_t *self, const curvekey_t *key, fault_t *fault) MUST_CHECK;

/* For the loop: readable when something may be there; NULL while it speaks to nobody, another one
 * after each envoy_use that changed something. */
zsock_t *envoy_socket(const envoy_t *self);
zsock_t *envoy_monitor(const envoy_t *self);

/* Whether a connection was made since this was asked last: HELLO is due. */
bool envoy_is_new(envoy_t *self);

/* To be called each second or so: calls again where it was refused, as it is by a peer that has
 * older documents and does not know this broker yet. */
void envoy_tick(envoy_t *self, mono_t now);

/* The next message, the caller's; NULL when nothing is there. */
frames_t *envoy_receive(envoy_t *self);

/* Takes over *frames; false when it is not there, or too far behind. */
bool envoy_send(envoy_t *self, frames_t **frames);

#endif
