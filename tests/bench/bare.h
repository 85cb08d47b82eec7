/* SPDX-License-Identifier: Apache-2.0 */
/* bare - the least that could stand where the broker stands: a CURVE ROUTER that checks each
 * receipt's signature, writes it as one row, and acknowledges it after the commit. It decides
 * nothing, so what it reaches with the same herd is this machine's limit.
 *
 *     GO count authority armors    an OFFER to each of the first so many workers
 *     POST text                    a row, and after the commit an OFFER to whoever said so */
#ifndef TOCSIN_BARE_H
#define TOCSIN_BARE_H

#include <signal.h>
#include <sys/prctl.h>

#include "broker/store.h"
#include "tests/bench/herd.h"
#include "wire/gate.h"

#define BARE_BATCH 1024
#define BARE_TEXT  "tocsin-nothing v1\nend\n"

typedef struct {
    const herd_t *herd;
    void *router, *porter; /* the porter admits everybody: a connection is weighed with it */
    store_t *store;
    receipts_held_t held;
    uint64_t rows;
    bool begun;
    slice_t from; /* the route of what was heard last */
    size_t later_count, later_capacity;
    struct {
        bytes_t *route;
        frames_t *frames;
    } * later; /* what is sent after the commit */
    bytes_t *routes[HERD_MAX];
} bare_t;

static inline void
bare_keep(bare_t *self, const char *kind, slice_t bytes)
{
    fault_t fault = {0};
    row_t row = {.kind = ROW_LEAF, .leaf = {.number = self->rows++, .bytes = bytes}};
    text_copy(row.leaf.kind, sizeof row.leaf.kind, kind);
    row.leaf.hash = hash_leaf(bytes);
    if ((!self->begun && self->store->begin(self->store->self, &fault)) ||
        self->store->put(self->store->self, &row, &fault))
        bench_die(&fault);
    self->begun = true;
}

/* A message to this route; the caller adds the rest. */
static inline frames_t *
bare_message(bare_t *self, slice_t route, message_type_t type)
{
    size_t at = self->later_count++;
    self->later = memory_grow(self->later, at, &self->later_capacity, sizeof *self->later);
    self->later[at].route = bytes_copy(route);
    return self->later[at].frames = message_new(type);
}

static inline void
bare_offer(bare_t *self, slice_t route, slice_t authority, slice_t armors)
{
    char text[HASH_TEXT];
    hash_t run = hash_of(authority);
    frames_t *frames = bare_message(self, route, MESSAGE_OFFER);
    frames_add_text(frames, hash_write(&run, text));
    frames_add_text(frames, "order");
    frames_add(frames, authority);
    frames_add(frames, armors);
    frames_add_text(frames, "");
    frames_add_text(frames, "");
    frames_add_text(frames, text);
    frames_add_text(frames, "le");
    frames_add_text(frames, "");
}

static inline size_t
bare_number(const char *id)
{
    return strlen(id) > 4 ? strtoul(id + 4, NULL, 10) : HERD_MAX;
}

static inline void
bare_on_receipt(bare_t *self, const frames_t *frames)
{
    char text[HASH_TEXT], number[24];
    fault_t fault = {0};
    slice_t document = frames_at(frames, 1);
    CLEANUP(receipt_destroy) receipt_t *receipt = receipt_decode(document, &fault);
    size_t at = receipt ? bare_number(receipt->worker) : 0;
    if (!receipt || at >= self->herd->count ||
        receipts_check(document, frames_at(frames, 2), machinekey_public(self->herd->sims[at].key),
                       &self->held, &fault))
        bench_die(&fault);
    bare_keep(self, "receipt", document);
    hash_t hash = hash_of(document);
    snprintf(number, sizeof number, "%llu", (unsigned long long)receipt->sequence);
    frames_t *ack = bare_message(self, self->from, MESSAGE_ACK);
    frames_add_text(ack, number);
    frames_add_text(ack, hash_write(&hash, text));
}

static inline void
bare_on_hello(bare_t *self, const frames_t *frames)
{
    size_t at = bare_number(frames_text(frames, 2));
    bench_need(at < self->herd->count, "a worker's name");
    bytes_destroy(&self->routes[at]);
    self->routes[at] = bytes_copy(self->from);
    frames_t *welcome = bare_message(self, self->from, MESSAGE_WELCOME);
    frames_add_text(welcome, PROTOCOL_VERSION);
    frames_add_text(welcome, "bare");
    frames_add_text(welcome, "0");
}

static inline void
bare_on_message(bare_t *self, const frames_t *frames)
{
    const char *word = frames_text(frames, 0);
    if (!strcmp(word, "RECEIPT")) {
        bare_on_receipt(self, frames);
    } else if (!strcmp(word, "HELLO")) {
        bare_on_hello(self, frames);
    } else if (!strcmp(word, "PING")) {
        frames_t *pong = bare_message(self, self->from, MESSAGE_PONG);
        frames_add(pong, frames_at(frames, 1));
        frames_add_text(pong, "bare");
    } else if (!strcmp(word, "GO")) {
        size_t count = strtoul(frames_text(frames, 1), NULL, 10);
        bare_keep(self, "order", frames_at(frames, 2));
        for (size_t i = 0; i < count; i++)
            bare_offer(self, bytes_slice(self->routes[i]), frames_at(frames, 2),
                       frames_at(frames, 3));
    } else if (!strcmp(word, "POST")) {
        bare_keep(self, "alert", frames_at(frames, 1));
        bare_offer(self, self->from, frames_at(frames, 1), slice_of(NULL, 0));
    }
}

static inline void
bare_commit(bare_t *self)
{
    fault_t fault = {0};
    if (self->begun && (self->store->commit(self->store->self, &fault) ||
                        self->store->sync(self->store->self, &fault)))
        bench_die(&fault);
    self->begun = false;
    for (size_t i = 0; i < self->later_count; i++) {
        slice_t route = bytes_slice(self->later[i].route);
        bench_need(transport_send_to(self->router, route, self->later[i].frames), "send");
        bytes_destroy(&self->later[i].route);
        frames_destroy(&self->later[i].frames);
    }
    self->later_count = 0;
}

/* ZAP: version, sequence, domain, address, identity, mechanism, key. */
static inline void
bare_admit(bare_t *self)
{
    char *version, *sequence, *domain, *address, *identity, *mechanism;
    zframe_t *key = NULL;
    bench_need(!zsock_recv(self->porter, "ssssssf", &version, &sequence, &domain, &address,
                           &identity, &mechanism, &key),
               "a question of ZAP");
    CLEANUP(zstr_free) char *text = zframe_strhex(key);
    zstr_sendx(self->porter, "1.0", sequence, "200", "OK", text, "", NULL);
    char *parts[] = {version, sequence, domain, address, identity, mechanism};
    for (size_t i = 0; i < ARRAY_SIZE(parts); i++)
        zstr_free(&parts[i]);
    zframe_destroy(&key);
}

/* One message that is there, or false. */
static inline bool
bare_hear(bare_t *self)
{
    zmq_msg_t parts[2];
    transport_t came = transport_receive_parts(self->router, parts);
    CLEANUP(frames_destroy)
    frames_t *frames = came == TRANSPORT_WHOLE ? transport_read(&parts[1]) : NULL;
    self->from = slice_of(zmq_msg_data(&parts[0]), zmq_msg_size(&parts[0]));
    if (frames)
        bare_on_message(self, frames);
    zmq_msg_close(&parts[0]);
    zmq_msg_close(&parts[1]);
    return came != TRANSPORT_NOTHING;
}

_Noreturn static inline void
bare_serve(bare_t *self)
{
    for (;;) {
        zmq_pollitem_t items[] = {{.socket = self->router, .events = ZMQ_POLLIN},
                                  {.socket = self->porter, .events = ZMQ_POLLIN}};
        bench_need(zmq_poll(items, ARRAY_SIZE(items), -1) >= 0, "poll");
        if (items[1].revents)
            bare_admit(self);
        for (int heard = 0; heard < BARE_BATCH && bare_hear(self); heard++)
            ;
        bare_commit(self);
    }
}

/* Forks it off; its database is in folder. The port it is bound to goes into *port. */
static inline pid_t
bare_start(const herd_t *herd, const curvepair_t *pair, const char *folder, int *port)
{
    int ends[2], on = 1, depth = 100000, backlog = GATE_BACKLOG;
    fault_t fault = {0};
    bench_need(!pipe(ends), "pipe");
    pid_t pid = fork();
    if (!pid) {
        prctl(PR_SET_PDEATHSIG, SIGKILL);
        bare_t *self = memory_new(1, sizeof *self);
        self->herd = herd;
        self->store = store_sqlite(folder, true, &fault);
        if (!self->store)
            bench_die(&fault);
        void *context = zmq_ctx_new();
        self->porter = zmq_socket(context, ZMQ_REP);
        bench_need(!zmq_bind(self->porter, "inproc://zeromq.zap.01"), "ZAP");
        self->router = zmq_socket(context, ZMQ_ROUTER);
        zmq_setsockopt(self->router, ZMQ_ZAP_DOMAIN, "bare", 4);
        zmq_setsockopt(self->router, ZMQ_BACKLOG, &backlog, sizeof backlog);
        zmq_setsockopt(self->router, ZMQ_CURVE_SERVER, &on, sizeof on);
        zmq_setsockopt(self->router, ZMQ_CURVE_SECRETKEY, pair->secret, sizeof pair->secret);
        zmq_setsockopt(self->router, ZMQ_SNDHWM, &depth, sizeof depth);
        char endpoint[64];
        size_t size = sizeof endpoint;
        bench_need(!zmq_bind(self->router, "tcp://127.0.0.1:*") &&
                       !zmq_getsockopt(self->router, ZMQ_LAST_ENDPOINT, endpoint, &size),
                   "bind");
        int bound = (int)strtol(strrchr(endpoint, ':') + 1, NULL, 10);
        bench_need(write(ends[1], &bound, sizeof bound) == sizeof bound, "pipe");
        bare_serve(self);
    }
    bench_need(pid > 0 && read(ends[0], port, sizeof *port) == sizeof *port, "the bare broker");
    close(ends[0]);
    close(ends[1]);
    return pid;
}

#endif
