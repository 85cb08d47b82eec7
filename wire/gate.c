/* SPDX-License-Identifier: Apache-2.0 */
#include "wire/gate.h"

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>

#include "common/log.h"
#include "common/moment.h"
#include "common/text.h"
#include "wire/transport.h"

#define ZAP_ENDPOINT       "inproc://zeromq.zap.01"
#define ZAP_DOMAIN         "tocsin"
#define ZAP_ENFORCE_DOMAIN 93 /* ZMQ_ZAP_ENFORCE_DOMAIN, which some headers lack */
#define CHECK_MS           2000
#define PORTER_REST_MS     1000

typedef struct {
    bool worker, broker;
    char name[TEXT_NAME_MAX + 1];
} admitted_t;

struct gate {
    zactor_t *porter;
    zsock_t *socket;
    curvepair_t pair;   /* its public half, for the self-test */
    zhashx_t *admitted; /* key as text -> admitted_t */
    zhashx_t *routes;   /* worker id -> route_t: where it spoke last */
    zhashx_t *brokers;  /* likewise, name of another broker -> route_t */
};

/* A machine that is spoken to. */
typedef struct {
    caller_t caller;
    mono_t since; /* the present span */
    size_t bytes; /* of bulky messages that were sent in it */
} route_t;

static void
free_item(void **item)
{
    free(*item);
    *item = NULL;
}

/* The porter: ZAP (rfc.zeromq.org/spec/27) over a set of keys that the gate hands it ---------- */

typedef struct {
    zsock_t *pipe, *handler;
    zpoller_t *poller;
    zhashx_t *keys; /* as text; the values mean nothing */
    bool learned;   /* them, so that the handler is listened to */
    bool asked;     /* since the handler was made */
} porter_t;

/* One message. A signal may come between two of its parts (setuid's do, to every thread): a REP
 * socket that lost the rest of a question or an answer would never take another. */
static frames_t *
porter_hear(zsock_t *from)
{
    CLEANUP(frames_destroy) frames_t *frames = frames_new();
    bool more = true;
    while (more) {
        zmq_msg_t part;
        zmq_msg_init(&part);
        while (zmq_msg_recv(&part, zsock_resolve(from), 0) < 0)
            if (errno != EINTR)
                return NULL;
        if (frames->count < FRAMES_MAX)
            frames_add(frames, slice_of(zmq_msg_data(&part), zmq_msg_size(&part)));
        more = zmq_msg_more(&part);
        zmq_msg_close(&part);
    }
    return MOVE(frames);
}

static void
porter_say(const porter_t *self, const char *const *parts, size_t count)
{
    void *raw = zsock_resolve(self->handler);
    for (size_t i = 0; i < count; i++) {
        int more = i + 1 < count ? ZMQ_SNDMORE : 0;
        while (zmq_send(raw, parts[i], strlen(parts[i]), more) < 0 && errno == EINTR)
            ;
    }
}

/* Asked with version, sequence, domain, address, identity, mechanism, key. */
static void
porter_answer(const porter_t *self, const frames_t *request)
{
    char text[CURVEKEY_TEXT] = "";
    slice_t key = frames_at(request, 6);
    if (key.size == sizeof(curvekey_t))
        hex_encode(key, text);
    bool known =
        streq(frames_text(request, 0), "1.0") && streq(frames_text(request, 2), ZAP_DOMAIN) &&
        streq(frames_text(request, 5), "CURVE") && *text && zhashx_lookup(self->keys, text);
    const char *const answer[] = {"1.0",
                                  frames_text(request, 1),
                                  known ? "200" : "400",
                                  known ? "OK" : "this key is in no document of the site",
                                  known ? text : "",
                                  ""};
    porter_say(self, answer, ARRAY_SIZE(answer));
}

/* KEYS and the keys' bytes, one after another; answered by a signal. */
static void
porter_learn(porter_t *self, slice_t keys)
{
    zhashx_purge(self->keys);
    for (size_t at = 0; at + sizeof(curvekey_t) <= keys.size; at += sizeof(curvekey_t)) {
        char text[CURVEKEY_TEXT];
        hex_encode(slice_of(keys.data + at, sizeof(curvekey_t)), text);
        zhashx_update(self->keys, text, self);
    }
    zsock_signal(self->pipe, 0);
}

/* Another handler in the place of the one that answered. libzmq keeps two queues to it for each
 * connection that ever asked, of 20 KiB and at least a page each, which nobody uses any more: of
 * 10,000 workers they were 90 MiB. Who asks just then finds no handler, is hung up on as the domain
 * is enforced, and comes again. */
static void
porter_renew(porter_t *self)
{
    zsock_t *spent = self->handler, *fresh = zsock_new(ZMQ_REP);
    self->asked = false;
    if (!fresh)
        return;
    zpoller_remove(self->poller, spent);
    zsock_unbind(spent, ZAP_ENDPOINT); /* at once: what is destroyed lets go some time */
    self->handler = zsock_bind(fresh, ZAP_ENDPOINT) != -1 ? MOVE(fresh) : spent;
    if (self->handler != spent)
        zsock_destroy(&spent);
    else
        (void)!zsock_bind(spent, ZAP_ENDPOINT);
    zsock_destroy(&fresh);
    zpoller_add(self->poller, self->handler);
}

static void
porter_turn(porter_t *self, bool *ended)
{
    void *which = zpoller_wait(self->poller, self->asked ? PORTER_REST_MS : -1);
    if (!which && self->asked && zpoller_expired(self->poller))
        porter_renew(self);
    CLEANUP(frames_destroy) frames_t *message = which ? porter_hear(which) : NULL;
    if (!message)
        return;
    *ended = which == self->pipe && streq(frames_text(message, 0), "$TERM");
    if (which == self->handler) {
        porter_answer(self, message);
        self->asked = true;
    } else if (!*ended) {
        porter_learn(self, frames_at(message, 1));
        self->learned = self->learned || !zpoller_add(self->poller, self->handler);
    }
}

/* Questions wait until it has keys: a peer that comes between the gate's first moment and then
 * would be turned away, and libzmq does not come again where its key was refused. */
static void
porter(zsock_t *pipe, void *bound_out)
{
    bool *bound = bound_out; /* the gate's, until the signal */
    porter_t self = {.pipe = pipe, .handler = zsock_new(ZMQ_REP), .keys = zhashx_new()};
    *bound = zsock_bind(self.handler, ZAP_ENDPOINT) != -1;
    self.poller = zpoller_new(pipe, NULL);
    bool ended = !*bound;
    zpoller_set_nonstop(self.poller, true);
    zsock_signal(pipe, 0);
    while (!ended)
        porter_turn(&self, &ended);
    zpoller_destroy(&self.poller);
    zsock_unbind(self.handler, ZAP_ENDPOINT);
    zsock_destroy(&self.handler);
    zhashx_destroy(&self.keys);
}

/* The gate ------------------------------------------------------------------------------------ */

static int
bind_socket(gate_t *self, const char *endpoint, fault_t *fault)
{
    int enforce = 1;
    void *raw = zsock_resolve(self->socket);
    zsock_set_zap_domain(self->socket, ZAP_DOMAIN);
    zsock_set_curve_server(self->socket, 1);
    zsock_set_curve_secretkey_bin(self->socket, self->pair.secret);
    zsock_set_curve_publickey_bin(self->socket, self->pair.public_key.bytes);
    zsock_set_handshake_ivl(self->socket, GATE_HANDSHAKE_MS);
    zsock_set_maxmsgsize(self->socket, FRAMES_PACKED_MAX);
    zsock_set_router_mandatory(self->socket, 1);
    zsock_set_linger(self->socket, 0);
    zsock_set_sndhwm(self->socket, GATE_QUEUE_MAX);
    zsock_set_rcvhwm(self->socket, GATE_HEARD_MAX);
    zsock_set_tcp_maxrt(self->socket, GATE_SPAN_MS);
    zsock_set_ipv6(self->socket, 1);
    zsock_set_backlog(self->socket, GATE_BACKLOG);
    if (zmq_setsockopt(raw, ZAP_ENFORCE_DOMAIN, &enforce, sizeof enforce))
        return fault_errno(fault, "this libzmq cannot enforce ZAP");
    if (zmq_bind(raw, endpoint))
        return fault_set(fault, FAULT_CONFIG, "cannot listen on '%s': %s", endpoint,
                         zmq_strerror(errno));
    return 0;
}

gate_t *
gate_new(const char *endpoint, const curvepair_t *pair, fault_t *fault)
{
    CLEANUP(gate_destroy) gate_t *self = memory_new(1, sizeof *self);
    self->pair = *pair;
    self->admitted = zhashx_new();
    self->routes = zhashx_new();
    self->brokers = zhashx_new();
    zhashx_set_destructor(self->admitted, free_item);
    zhashx_set_destructor(self->brokers, free_item);
    zhashx_set_destructor(self->routes, free_item);
    bool bound = false;
    self->porter = zactor_new(porter, &bound);
    self->socket = zsock_new(ZMQ_ROUTER);
    if (!self->porter || !self->socket || !bound) {
        fault_set(fault, FAULT_IO, "the gate's sockets cannot be made, or another gate is open");
        return NULL;
    }
    return bind_socket(self, endpoint, fault) ? NULL : MOVE(self);
}

void
gate_destroy(gate_t **self_p)
{
    gate_t *self = *self_p;
    if (!self)
        return;
    zsock_destroy(&self->socket);
    zactor_destroy(&self->porter);
    zhashx_destroy(&self->admitted);
    zhashx_destroy(&self->routes);
    zhashx_destroy(&self->brokers);
    curve_forget(&self->pair);
    free(self);
    *self_p = NULL;
}

typedef enum { PERSON, WORKER, BROKER } admission_t;

static void
admit(gate_t *self, bytes_t *keys, const curvekey_t *key, admission_t as, const char *name)
{
    char text[CURVEKEY_TEXT];
    curvekey_write(key, text);
    if (zhashx_lookup(self->admitted, text))
        return;
    admitted_t *admitted = memory_new(1, sizeof *admitted);
    admitted->worker = as == WORKER;
    admitted->broker = as == BROKER;
    snprintf(admitted->name, sizeof admitted->name, "%s", name);
    zhashx_insert(self->admitted, text, admitted);
    bytes_add(keys, key, sizeof *key);
}

/* Whether the key that proved itself is still that worker's, or that person's. */
static bool
is_admitted(const gate_t *self, const caller_t *caller)
{
    const admitted_t *admitted = zhashx_lookup(self->admitted, caller->key);
    return admitted && admitted->worker == caller->worker && admitted->broker == caller->broker &&
           streq(admitted->name, caller->name);
}

static void
forget_routes(const gate_t *self, zhashx_t *routes)
{
    CLEANUP(zlistx_destroy) zlistx_t *names = zhashx_keys(routes);
    for (const char *name = zlistx_first(names); name; name = zlistx_next(names))
        if (!is_admitted(self, &((const route_t *)zhashx_lookup(routes, name))->caller))
            zhashx_delete(routes, name);
}

static void
admit_workers(gate_t *self, const trust_t *trust, bytes_t *keys)
{
    for (size_t i = 0; i < trust_fleet_count(trust); i++) {
        const fleet_t *fleet = trust_fleet(trust, i);
        for (size_t j = 0; j < fleet->worker_count; j++)
            if (!trust_check_revoked(trust, HALT_WORKER, fleet->workers[j].id, NULL))
                admit(self, keys, &fleet->workers[j].curve, WORKER, fleet->workers[j].id);
    }
}

/* The people too; then the porter learns them all. */
static void
admit_people(gate_t *self, const trust_t *trust, bytes_t *keys)
{
    const people_t *people = trust_people(trust);
    for (size_t i = 0; people && i < people->curve_count; i++)
        if (!trust_check_revoked(trust, HALT_PERSON, people->curves[i].name, NULL))
            admit(self, keys, &people->curves[i].curve, PERSON, people->curves[i].name);
    forget_routes(self, self->routes);
    forget_routes(self, self->brokers);
    zmsg_t *message = zmsg_new();
    zmsg_addstr(message, "KEYS");
    zmsg_addmem(message, keys->data, keys->size);
    zactor_send(self->porter, &message);
    zsock_wait(self->porter);
}

static void
admit_brokers(gate_t *self, const trust_t *trust, bytes_t *keys, admission_t as)
{
    const people_t *people = trust_people(trust);
    for (size_t i = 0; people && i < people->broker_count; i++)
        admit(self, keys, &people->brokers[i].curve, as, people->brokers[i].name);
}

void
gate_admit(gate_t *self, const trust_t *trust)
{
    CLEANUP(bytes_destroy) bytes_t *keys = bytes_new();
    zhashx_purge(self->admitted);
    admit_workers(self, trust, keys);
    admit_brokers(self, trust, keys, BROKER);
    admit_people(self, trust, keys);
}

void
gate_admit_brokers(gate_t *self, const trust_t *trust)
{
    CLEANUP(bytes_destroy) bytes_t *keys = bytes_new();
    zhashx_purge(self->admitted);
    admit_brokers(self, trust, keys, WORKER);
    admit_people(self, trust, keys);
}

/* What the stranger's own side saw of its handshake. */
static int
read_verdict(void *monitor, fault_t *fault)
{
    CLEANUP(zmsg_destroy) zmsg_t *message = zmsg_recv(monitor);
    zframe_t *first = message ? zmsg_first(message) : NULL;
    uint16_t event = 0;
    if (!first || zframe_size(first) < sizeof event)
        return fault_set(fault, FAULT_TIMEOUT, "the gate did not answer a stranger's key");
    memcpy(&event, zframe_data(first), sizeof event);
    if (event == ZMQ_EVENT_HANDSHAKE_FAILED_AUTH)
        return 0;
    return fault_set(fault, FAULT_DENIED, "the gate let a stranger's key in");
}

int
gate_check(gate_t *self, fault_t *fault)
{
    static const char watch[] = "inproc://gate.check";
    curvepair_t pair;
    curve_random(&pair);
    CLEANUP(zsock_destroy) zsock_t *stranger = zsock_new(ZMQ_DEALER);
    CLEANUP(zsock_destroy) zsock_t *monitor = zsock_new(ZMQ_PAIR);
    zsock_set_curve_serverkey_bin(stranger, self->pair.public_key.bytes);
    zsock_set_curve_publickey_bin(stranger, pair.public_key.bytes);
    zsock_set_curve_secretkey_bin(stranger, pair.secret);
    zsock_set_linger(stranger, 0);
    zsock_set_ipv6(stranger, 1);
    zsock_set_rcvtimeo(monitor, CHECK_MS);
    curve_forget(&pair);
    int events = ZMQ_EVENT_HANDSHAKE_SUCCEEDED | ZMQ_EVENT_HANDSHAKE_FAILED_AUTH;
    CLEANUP(zstr_free) char *endpoint = zsock_last_endpoint(self->socket);
    if (zmq_socket_monitor(zsock_resolve(stranger), watch, events) ||
        zsock_connect(monitor, "%s", watch) ||
        zsock_connect(stranger, "%s", endpoint ? endpoint : ""))
        return fault_errno(fault, "the gate's self-test cannot begin");
    int result = read_verdict(monitor, fault);
    zmq_socket_monitor(zsock_resolve(stranger), NULL, 0);
    return result;
}

zsock_t *
gate_socket(const gate_t *self)
{
    return self->socket;
}

static void
remember_route(zhashx_t *routes, const caller_t *caller)
{
    route_t *route = zhashx_lookup(routes, caller->name);
    if (!route) {
        route = memory_new(1, sizeof *route);
        zhashx_insert(routes, caller->name, route);
    }
    route->caller = *caller;
}

/* Who sent it, by the key that its connection proved; false for one that is admitted no more. */
static bool
name_caller(const gate_t *self, caller_t *caller, const char *key)
{
    const admitted_t *admitted = key ? zhashx_lookup(self->admitted, key) : NULL;
    if (!admitted)
        return false;
    caller->worker = admitted->worker;
    caller->broker = admitted->broker;
    text_copy(caller->name, sizeof caller->name, admitted->name);
    text_copy(caller->key, sizeof caller->key, key);
    return true;
}

static bool
take_route(caller_t *caller, slice_t route)
{
    caller->route_size = route.size;
    if (route.size > sizeof caller->route)
        return false;
    memcpy(caller->route, route.data, route.size);
    return true;
}

/* NULL where it is not to be heard. */
static frames_t *
read_parts(gate_t *self, caller_t *caller, zmq_msg_t parts[static 2])
{
    if (!take_route(caller, slice_of(zmq_msg_data(&parts[0]), zmq_msg_size(&parts[0]))) ||
        !name_caller(self, caller, zmq_msg_gets(&parts[1], "User-Id")))
        return NULL;
    frames_t *frames = transport_read(&parts[1]);
    if (frames && (caller->worker || caller->broker))
        remember_route(caller->worker ? self->routes : self->brokers, caller);
    return frames;
}

static frames_t *
receive_one(gate_t *self, caller_t *caller)
{
    zmq_msg_t parts[2];
    transport_t came = transport_receive_parts(zsock_resolve(self->socket), parts);
    frames_t *frames = came == TRANSPORT_WHOLE ? read_parts(self, caller, parts) : NULL;
    zmq_msg_close(&parts[0]);
    zmq_msg_close(&parts[1]);
    return frames;
}

frames_t *
gate_receive(gate_t *self, caller_t *caller)
{
    while (zsock_events(self->socket) & ZMQ_POLLIN) {
        frames_t *frames = receive_one(self, caller);
        if (frames)
            return frames;
    }
    return NULL;
}

static slice_t
route_of(const caller_t *caller)
{
    return slice_of(caller->route, caller->route_size);
}

static bool
send_to(gate_t *self, const caller_t *caller, const frames_t *frames)
{
    if (!is_admitted(self, caller))
        return false;
    bool sent = transport_send_to(zsock_resolve(self->socket), route_of(caller), frames);
    if (!sent && errno == EMSGSIZE)
        log_error("%s is not sent %s: %zu bytes are more than a message may have", caller->name,
                  frames_text(frames, 0), frames_bytes(frames));
    return sent;
}

/* A queue is bounded in messages, and a few bytes ask for a megabyte: who asks and does not read
 * would fill our memory. */
static bool
has_room(route_t *route, size_t size)
{
    if (size < GATE_BULK_BYTES)
        return true;
    mono_t now = mono_now();
    if (now.ms - route->since.ms >= GATE_SPAN_MS)
        *route = (route_t){.caller = route->caller, .since = now};
    if (route->bytes + size > GATE_SPAN_BYTES)
        return false;
    route->bytes += size;
    return true;
}

static bool
send_along(gate_t *self, route_t *route, frames_t **frames)
{
    CLEANUP(frames_destroy) frames_t *sent = MOVE(*frames);
    return route && has_room(route, frames_bytes(sent)) && send_to(self, &route->caller, sent);
}

bool
gate_send(gate_t *self, const char *worker, frames_t **frames)
{
    return send_along(self, zhashx_lookup(self->routes, worker), frames);
}

bool
gate_send_broker(gate_t *self, const char *broker, frames_t **frames)
{
    return send_along(self, zhashx_lookup(self->brokers, broker), frames);
}

void
gate_cast(gate_t *self, frames_t **frames)
{
    CLEANUP(frames_destroy) frames_t *sent = MOVE(*frames);
    zmq_msg_t part;
    transport_pack(sent, &part);
    for (route_t *route = zhashx_first(self->routes); route; route = zhashx_next(self->routes))
        if (is_admitted(self, &route->caller))
            transport_copy_to(zsock_resolve(self->socket), route_of(&route->caller), &part);
    zmq_msg_close(&part);
}

bool
gate_answer(gate_t *self, const caller_t *caller, frames_t **frames)
{
    CLEANUP(frames_destroy) frames_t *sent = MOVE(*frames);
    return send_to(self, caller, sent);
}
