/* SPDX-License-Identifier: Apache-2.0 */
/* herd - many workers in one process, as light as a worker can be: each has a DEALER with a CURVE
 * key of its own and a signing key of its own, both enrolled, and answers OFFER with ACCEPT and a
 * receipt that it signs. Nothing is verified, kept or run, so that what is measured is the broker.
 *
 * One thread, one epoll; half of a large herd is in a process of its own, as descriptors are
 * counted. A worker's descriptor is edge-triggered: whoever sends on its socket reads it empty
 * afterwards. Keys are made of the worker's name, so that every program finds the same. */
#ifndef TOCSIN_HERD_H
#define TOCSIN_HERD_H

#include <czmq.h>

#include <signal.h>
#include <sys/epoll.h>
#include <sys/mman.h>
#include <sys/prctl.h>

#include "common/file.h"
#include "common/text.h"
#include "keys/curve.h"
#include "keys/receipts.h"
#include "keys/signature.h"
#include "tests/bench/bench.h"
#include "wire/message.h"
#include "wire/transport.h"
#include "wire/value.h"

#define HERD_MAX          10000
#define HERD_ALONE        5000  /* workers in one process */
#define HERD_REGION       1500  /* workers in one fleet document */
#define HERD_JOINING      64    /* connections on their way at once */
#define HERD_HEARTBEAT_MS 13500 /* as a worker's, on average */
#define HERD_TURN_MS      50
#define HERD_PATIENCE_US  120e6
#define HERD_MOUNT        "/srv"

/* What epoll points at: the first member of whatever is ready. */
typedef struct watched {
    void (*ready)(struct watched *self);
} watched_t;

typedef struct herd herd_t;

typedef struct {
    watched_t watched;
    herd_t *herd;
    char id[32];
    machinekey_t *key;
    curvepair_t pair;
    void *socket;      /* NULL before it joins */
    bool connected;    /* CURVE let it through */
    char instance[33]; /* of the broker that welcomed it last; "" before */
    uint64_t sequence; /* of its last receipt */
    hash_t head;       /* and its hash */
    uint64_t recorded; /* the last one that is, as its broker says */
    double acked;      /* since when */
} sim_t;

/* What one worker gives at once. */
typedef struct {
    size_t count;
    bytes_t *documents[RECEIPTS_MAX], *armors[RECEIPTS_MAX], *outputs[RECEIPTS_MAX];
} drafts_t;

struct herd {
    hash_t site;
    curvekey_t broker;
    const char *endpoint;
    void *context;
    int epoll;
    size_t count;                    /* of all */
    sim_t *sims;                     /* shared with the other process, as the two counts are */
    _Atomic size_t *welcome, *acked; /* HELLOs answered; receipts recorded since it was reset */
    size_t first, joined;            /* those of this process that have a socket */
    size_t pinged;                   /* whose heartbeat is next */
    double turned;
    receipt_t *receipt; /* scratch; so are drafts */
    drafts_t drafts;
    bool together; /* receipts of one worker that wait for it are signed by one signature */
    void (*on_ack)(void *context, sim_t *sim); /* may be NULL */
    void *ack_context;
};

/* Keys ---------------------------------------------------------------------------------------- */

/* A secret that only its name tells, through a file in memory, as secrets are read from files. */
static inline void
herd_write_secret(const char *path, const char *purpose, const char *id)
{
    char name[64], text[HASH_TEXT + 1];
    fault_t fault = {0};
    snprintf(name, sizeof name, "%s %s", purpose, id);
    hash_t seed = hash_of(slice_text(name));
    hash_write(&seed, text);
    memcpy(text + HASH_TEXT - 1, "\n", 2);
    if (file_write(path, slice_text(text), 0600, &fault))
        bench_die(&fault);
}

static inline machinekey_t *
herd_key(const char *id)
{
    char path[64];
    fault_t fault = {0};
    snprintf(path, sizeof path, "/dev/shm/tocsin-herd.%d", getpid());
    herd_write_secret(path, "signing", id);
    machinekey_t *key = machinekey_load(path, &fault);
    unlink(path);
    if (!key)
        bench_die(&fault);
    return key;
}

static inline curvepair_t
herd_pair(const char *id)
{
    char path[64];
    curvepair_t pair;
    fault_t fault = {0};
    snprintf(path, sizeof path, "/dev/shm/tocsin-herd.%d", getpid());
    herd_write_secret(path, "curve", id);
    if (curve_load(&pair, path, &fault))
        bench_die(&fault);
    unlink(path);
    return pair;
}

static inline void herd_ready(watched_t *watched);

/* The workers, without sockets yet: a bare broker is forked off between the two. */
static inline void
herd_make(herd_t *self, size_t count)
{
    size_t size = count * sizeof(sim_t) + 2 * sizeof(size_t);
    void *shared = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    bench_need(shared != MAP_FAILED, "mmap");
    *self = (herd_t){.count = count, .epoll = -1};
    self->welcome = shared;
    self->acked = self->welcome + 1;
    self->sims = (sim_t *)(self->acked + 1);
    for (size_t i = 0; i < count; i++) {
        sim_t *sim = &self->sims[i];
        *sim = (sim_t){.watched = {herd_ready}, .herd = self};
        snprintf(sim->id, sizeof sim->id, "sim-%05zu", i);
        sim->key = herd_key(sim->id);
        sim->pair = herd_pair(sim->id);
    }
}

/* Sockets ------------------------------------------------------------------------------------- */

static inline void
herd_send(void *socket, frames_t **frames_p)
{
    CLEANUP(frames_destroy) frames_t *frames = MOVE(*frames_p);
    bench_need(transport_send(socket, ZMQ_DONTWAIT, frames), "send");
}

/* One message that is there, or NULL. */
static inline frames_t *
herd_receive(void *socket)
{
    frames_t *frames = NULL;
    bench_need(transport_receive(socket, ZMQ_DONTWAIT, &frames) != TRANSPORT_BROKEN, "receive");
    return frames;
}

static inline void
herd_watch(herd_t *self, int fd, unsigned events, watched_t *watched)
{
    struct epoll_event event = {.events = events, .data.ptr = watched};
    bench_need(!epoll_ctl(self->epoll, EPOLL_CTL_ADD, fd, &event), "epoll");
}

/* A DEALER of this herd's context with this key, connected and watched. */
static inline void *
herd_connect(herd_t *self, const curvepair_t *pair, watched_t *watched)
{
    int fd, on = 1, none = 0, most = 1000;
    size_t size = sizeof fd;
    void *socket = zmq_socket(self->context, ZMQ_DEALER);
    bench_need(socket, "socket");
    zmq_setsockopt(socket, ZMQ_LINGER, &none, sizeof none);
    zmq_setsockopt(socket, ZMQ_IMMEDIATE, &on, sizeof on);
    zmq_setsockopt(socket, ZMQ_RECONNECT_IVL_MAX, &most, sizeof most);
    zmq_setsockopt(socket, ZMQ_CURVE_PUBLICKEY, pair->public_key.bytes, sizeof(curvekey_t));
    zmq_setsockopt(socket, ZMQ_CURVE_SECRETKEY, pair->secret, sizeof pair->secret);
    zmq_setsockopt(socket, ZMQ_CURVE_SERVERKEY, self->broker.bytes, sizeof(curvekey_t));
    bench_need(!zmq_connect(socket, self->endpoint), self->endpoint);
    bench_need(!zmq_getsockopt(socket, ZMQ_FD, &fd, &size), "descriptor");
    herd_watch(self, fd, EPOLLIN | EPOLLET, watched);
    return socket;
}

/* After this the process may not fork. */
static inline void
herd_open(herd_t *self, const hash_t *site, const curvekey_t *broker, const char *endpoint)
{
    self->site = *site;
    self->broker = *broker;
    self->endpoint = endpoint;
    self->context = zmq_ctx_new();
    self->epoll = epoll_create1(EPOLL_CLOEXEC);
    self->receipt = memory_new(1, sizeof *self->receipt);
    for (size_t i = 0; i < RECEIPTS_MAX; i++) {
        self->drafts.documents[i] = bytes_new();
        self->drafts.armors[i] = bytes_new();
        self->drafts.outputs[i] = bytes_new();
    }
    zmq_ctx_set(self->context, ZMQ_MAX_SOCKETS, HERD_MAX + 16);
}

/* What a worker says --------------------------------------------------------------------------- */

static inline void
herd_hello(sim_t *sim)
{
    char head[HASH_TEXT];
    CLEANUP(bytes_destroy) bytes_t *encoded = bytes_new();
    CLEANUP(value_destroy) value_t *state = value_map();
    value_set_integer(state, "sequence", (int64_t)sim->sequence);
    value_set_text(state, "head", hash_write(&sim->head, head));
    value_set_integer(state, "root", 1);
    value_set_integer(state, "people", 1000);
    char region[TEXT_NAME_MAX];
    snprintf(region, sizeof region, "fleet.sim-%zu", (size_t)(sim - sim->herd->sims) / HERD_REGION);
    value_set_integer(state, region, 1);
    value_encode(state, encoded);
    frames_t *frames = message_new(MESSAGE_HELLO);
    frames_add_text(frames, PROTOCOL_VERSION);
    frames_add_text(frames, sim->id);
    frames_add(frames, bytes_slice(encoded));
    herd_send(sim->socket, &frames);
}

static inline void
herd_ping(sim_t *sim)
{
    frames_t *frames = message_new(MESSAGE_PING);
    frames_add_text(frames, sim->id);
    herd_send(sim->socket, &frames);
}

/* As disk.usage answers; no two workers' are the same. */
static inline void
herd_output(bytes_t *out, uint64_t number)
{
    CLEANUP(value_destroy) value_t *output = value_map();
    value_set_text(output, "path", HERD_MOUNT);
    value_set_integer(output, "total", (int64_t)(100000000000 + number));
    value_set_integer(output, "free", 50000000000);
    value_set_integer(output, "used_percent", 50);
    bytes_clear(out);
    value_encode(output, out);
}

static inline void
herd_fill_receipt(sim_t *sim, const frames_t *offer, bytes_t *output)
{
    herd_t *self = sim->herd;
    receipt_t *receipt = self->receipt;
    bool order = !strcmp(frames_text(offer, OFFER_KIND), "order");
    *receipt = (receipt_t){.site = self->site, .sequence = sim->sequence + 1, .attempt = 1};
    bench_need(hash_read(frames_text(offer, OFFER_RUN), &receipt->run) &&
                   hash_read(frames_text(offer, OFFER_RELEASE), &receipt->release),
               "an offer's hashes");
    receipt->previous = sim->head;
    text_copy(receipt->worker, sizeof receipt->worker, sim->id);
    text_copy(receipt->target, sizeof receipt->target, sim->id);
    text_copy(receipt->authority, sizeof receipt->authority, order ? "order" : "token");
    text_copy(receipt->step, sizeof receipt->step, "usage");
    text_copy(receipt->code, sizeof receipt->code, "none");
    text_copy(receipt->reason, sizeof receipt->reason, "-");
    receipt->outcome = receipt->part = OUTCOME_OK;
    receipt->started = receipt->ended = wall_now();
    herd_output(output, (uint64_t)(sim - self->sims));
    receipt->output = hash_of(bytes_slice(output));
    receipt->output_bytes = output->size;
    receipt->op_count = 1;
    text_copy(receipt->ops[0].op, sizeof receipt->ops[0].op, "disk.usage");
    receipt->ops[0].arguments = hash_of(slice_text(HERD_MOUNT));
    receipt->ops[0].result = receipt->output;
    text_copy(receipt->ops[0].code, sizeof receipt->ops[0].code, "ok");
}

/* Signs the drafts, and sends them; false where there are none. */
static inline bool
herd_sign(sim_t *sim)
{
    drafts_t *drafts = &sim->herd->drafts;
    slice_t documents[RECEIPTS_MAX];
    if (!drafts->count)
        return false;
    for (size_t i = 0; i < drafts->count; i++) {
        documents[i] = bytes_slice(drafts->documents[i]);
        bytes_clear(drafts->armors[i]);
    }
    receipts_sign(sim->key, documents, drafts->armors, drafts->count);
    for (size_t i = 0; i < drafts->count; i++) {
        frames_t *frames = message_new(MESSAGE_RECEIPT);
        frames_add(frames, documents[i]);
        frames_add(frames, bytes_slice(drafts->armors[i]));
        frames_add(frames, bytes_slice(drafts->outputs[i]));
        herd_send(sim->socket, &frames);
    }
    drafts->count = 0;
    return true;
}

static inline void
herd_on_offer(sim_t *sim, const frames_t *offer)
{
    herd_t *self = sim->herd;
    drafts_t *drafts = &self->drafts;
    frames_t *accept = message_new(MESSAGE_ACCEPT);
    frames_add(accept, frames_at(offer, OFFER_RUN));
    herd_send(sim->socket, &accept);
    bytes_t *document = drafts->documents[drafts->count];
    herd_fill_receipt(sim, offer, drafts->outputs[drafts->count]);
    bytes_clear(document);
    receipt_encode(self->receipt, document);
    sim->sequence++;
    sim->head = hash_of(bytes_slice(document));
    if (++drafts->count == RECEIPTS_MAX || !self->together)
        herd_sign(sim);
}

static inline void
herd_on_ack(sim_t *sim, const frames_t *ack)
{
    herd_t *self = sim->herd;
    uint64_t sequence = strtoull(frames_text(ack, 1), NULL, 10);
    if (sequence <= sim->recorded)
        return;
    sim->recorded = sequence;
    sim->acked = bench_us();
    ++*self->acked;
    if (self->on_ack)
        self->on_ack(self->ack_context, sim);
}

/* A HELLO may be told twice: for the connection, and for the instance that answers a heartbeat. */
static inline void
herd_on_welcome(sim_t *sim, const char *instance)
{
    if (!strcmp(instance, sim->instance))
        return;
    snprintf(sim->instance, sizeof sim->instance, "%s", instance);
    ++*sim->herd->welcome;
}

static inline void
herd_hear(sim_t *sim, const frames_t *frames)
{
    const char *word = frames_text(frames, 0);
    if (!strcmp(word, message_word(MESSAGE_WELCOME)))
        herd_on_welcome(sim, frames_text(frames, 2));
    else if (!strcmp(word, message_word(MESSAGE_PONG)) &&
             strcmp(frames_text(frames, 2), sim->instance) != 0)
        herd_hello(sim);
    else if (!strcmp(word, message_word(MESSAGE_OFFER)))
        herd_on_offer(sim, frames);
    else if (!strcmp(word, message_word(MESSAGE_ACK)))
        herd_on_ack(sim, frames);
}

/* A connection that CURVE let through can be written to: that is when a worker says HELLO. */
static inline void
herd_ready(watched_t *watched)
{
    sim_t *sim = (sim_t *)watched;
    int events = 0;
    size_t size = sizeof events;
    zmq_getsockopt(sim->socket, ZMQ_EVENTS, &events, &size);
    bool connected = events & ZMQ_POLLOUT;
    if (connected && !sim->connected)
        herd_hello(sim);
    sim->connected = connected;
    for (bool more = true; more;) {
        CLEANUP(frames_destroy) frames_t *frames = herd_receive(sim->socket);
        if (frames)
            herd_hear(sim, frames);
        more = frames || herd_sign(sim);
    }
}

/* The loop ------------------------------------------------------------------------------------ */

/* Each worker's heartbeat is due once in HERD_HEARTBEAT_MS. */
static inline void
herd_beat(herd_t *self)
{
    size_t own = self->joined - self->first;
    if (!own || bench_us() - self->turned < HERD_TURN_MS * 1e3)
        return;
    self->turned = bench_us();
    for (size_t i = 0; i < (own * HERD_TURN_MS + HERD_HEARTBEAT_MS - 1) / HERD_HEARTBEAT_MS; i++) {
        sim_t *sim = &self->sims[self->first + self->pinged++ % own];
        herd_ready(&sim->watched); /* its broker may have gone since */
        if (!sim->connected)
            continue;
        herd_ping(sim);
        herd_ready(&sim->watched);
    }
}

static inline void
herd_turn(herd_t *self)
{
    struct epoll_event events[256];
    int ready = epoll_wait(self->epoll, events, ARRAY_SIZE(events), HERD_TURN_MS);
    for (int i = 0; i < ready; i++) {
        watched_t *watched = events[i].data.ptr;
        watched->ready(watched);
    }
    herd_beat(self);
}

/* Until *count reaches goal. */
static inline void
herd_until(herd_t *self, const _Atomic size_t *count, size_t goal, const char *what)
{
    double start = bench_us();
    while (*count < goal) {
        herd_turn(self);
        if (bench_us() - start < HERD_PATIENCE_US)
            continue;
        fprintf(stderr, "bench: %s: %zu of %zu\n", what, *count, goal);
        exit(EXIT_FAILURE);
    }
}

/* This process's share connects, so many at once. */
static inline void
herd_join_some(herd_t *self, size_t first, size_t end)
{
    self->first = self->joined = first;
    while (self->joined < end) {
        size_t coming = 0;
        for (size_t i = self->joined; i-- > first && i + 4 * HERD_JOINING > self->joined;)
            coming += !self->sims[i].connected;
        if (coming >= HERD_JOINING) {
            herd_turn(self);
            continue;
        }
        sim_t *sim = &self->sims[self->joined++];
        sim->socket = herd_connect(self, &sim->pair, &sim->watched);
        herd_ready(&sim->watched);
    }
}

/* A process for the second half of a large herd, before this one opens; it ends with its parent. */
static inline void
herd_divide(herd_t *self, const hash_t *site, const curvekey_t *broker, const char *endpoint)
{
    if (self->count <= HERD_ALONE || fork() > 0)
        return;
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    herd_open(self, site, broker, endpoint);
    herd_join_some(self, HERD_ALONE, self->count);
    for (;;)
        herd_turn(self);
}

/* Everybody connects and is welcome. */
static inline void
herd_join(herd_t *self)
{
    herd_join_some(self, 0, self->count < HERD_ALONE ? self->count : HERD_ALONE);
    herd_until(self, self->welcome, self->count, "workers joined");
}

#endif
