/* SPDX-License-Identifier: Apache-2.0 */
#include "broker/envoy.h"

#include <stdio.h>
#include <stdlib.h>

#include "common/log.h"
#include "wire/transport.h"

#define HANDSHAKE_MS 2000
#define HEARTBEAT_MS 10000 /* a beat is a minute: a dead connection is to be known before */
#define AGAIN_MS     5000  /* between two calls to who refuses */
#define EVENTS       (ZMQ_EVENT_HANDSHAKE_SUCCEEDED | ZMQ_EVENT_HANDSHAKE_FAILED_AUTH)

struct envoy {
    char *endpoint;
    curvepair_t pair;
    bool used; /* there is a key */
    curvekey_t key;
    zsock_t *socket, *monitor; /* NULL while it speaks to nobody */
    bool refused;              /* and libzmq does not call again by itself */
    mono_t called;             /* again, last */
};

envoy_t *
envoy_new(const char *endpoint, const curvepair_t *pair)
{
    envoy_t *self = memory_new(1, sizeof *self);
    self->endpoint = memory_text(endpoint);
    self->pair = *pair;
    return self;
}

static void
hang_up(envoy_t *self)
{
    if (self->socket)
        zmq_socket_monitor(zsock_resolve(self->socket), NULL, 0);
    zsock_destroy(&self->monitor);
    zsock_destroy(&self->socket);
    self->used = false;
    self->refused = false;
}

void
envoy_destroy(envoy_t **self_p)
{
    envoy_t *self = *self_p;
    if (!self)
        return;
    hang_up(self);
    curve_forget(&self->pair);
    free(self->endpoint);
    free(self);
    *self_p = NULL;
}

/* A monitor's name is free again no later than its socket's address, which is why one is of the
 * other: an earlier socket's may be in use for a moment after hang_up. */
static int
call_up(envoy_t *self, fault_t *fault)
{
    char watch[48];
    self->socket = zsock_new(ZMQ_DEALER);
    self->monitor = zsock_new(ZMQ_PAIR);
    void *raw = zsock_resolve(self->socket);
    snprintf(watch, sizeof watch, "inproc://envoy-%p", raw);
    zsock_set_curve_serverkey_bin(self->socket, self->key.bytes);
    zsock_set_curve_publickey_bin(self->socket, self->pair.public_key.bytes);
    zsock_set_curve_secretkey_bin(self->socket, self->pair.secret);
    zsock_set_handshake_ivl(self->socket, HANDSHAKE_MS);
    zsock_set_heartbeat_ivl(self->socket, HEARTBEAT_MS);
    zsock_set_connect_timeout(self->socket, HANDSHAKE_MS);
    zsock_set_maxmsgsize(self->socket, FRAMES_PACKED_MAX);
    zsock_set_reconnect_ivl_max(self->socket, HANDSHAKE_MS);
    zsock_set_immediate(self->socket, 1);
    zsock_set_linger(self->socket, 0);
    zsock_set_sndhwm(self->socket, ENVOY_QUEUE_MAX);
    zsock_set_rcvhwm(self->socket, ENVOY_QUEUE_MAX);
    zsock_set_ipv6(self->socket, 1);
    if (zmq_socket_monitor(raw, watch, EVENTS) || zsock_connect(self->monitor, "%s", watch) ||
        zmq_connect(raw, self->endpoint)) {
        hang_up(self);
        return fault_set(fault, FAULT_CONFIG, "'%s' cannot be connected to: %s", self->endpoint,
                         zmq_strerror(errno));
    }
    return 0;
}

int
envoy_use(envoy_t *self, const curvekey_t *key, fault_t *fault)
{
    if (self->used && key && !memcmp(key, &self->key, sizeof *key))
        return 0;
    hang_up(self);
    if (!key)
        return 0;
    self->used = true;
    self->key = *key;
    return call_up(self, fault);
}

zsock_t *
envoy_socket(const envoy_t *self)
{
    return self->socket;
}

zsock_t *
envoy_monitor(const envoy_t *self)
{
    return self->monitor;
}

bool
envoy_is_new(envoy_t *self)
{
    bool made = false;
    while (self->monitor && zsock_events(self->monitor) & ZMQ_POLLIN) {
        uint16_t event = 0;
        CLEANUP(zmsg_destroy) zmsg_t *message = zmsg_recv(self->monitor);
        zframe_t *first = message ? zmsg_first(message) : NULL;
        if (first && zframe_size(first) >= sizeof event)
            memcpy(&event, zframe_data(first), sizeof event);
        self->refused = event == ZMQ_EVENT_HANDSHAKE_FAILED_AUTH;
        made = made || event == ZMQ_EVENT_HANDSHAKE_SUCCEEDED;
    }
    return made;
}

void
envoy_tick(envoy_t *self, mono_t now)
{
    if (!self->refused || (self->called.ms && now.ms - self->called.ms < AGAIN_MS))
        return;
    void *raw = zsock_resolve(self->socket);
    self->refused = false;
    self->called = now;
    (void)zmq_disconnect(raw, self->endpoint); /* what is left of the call that was refused */
    if (zmq_connect(raw, self->endpoint))
        log_error("'%s' cannot be called again: %s", self->endpoint, zmq_strerror(errno));
}

frames_t *
envoy_receive(envoy_t *self)
{
    frames_t *frames = NULL;
    transport_t came = self->socket ? TRANSPORT_BROKEN : TRANSPORT_NOTHING;
    while (came == TRANSPORT_BROKEN)
        came = transport_receive(zsock_resolve(self->socket), ZMQ_DONTWAIT, &frames);
    return frames;
}

bool
envoy_send(envoy_t *self, frames_t **frames)
{
    CLEANUP(frames_destroy) frames_t *sent = MOVE(*frames);
    return self->socket && transport_send(zsock_resolve(self->socket), ZMQ_DONTWAIT, sent);
}
