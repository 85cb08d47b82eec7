/* SPDX-License-Identifier: Apache-2.0 */
/* table - the one socket at which an enemy sits with the workers: what it puts on it, and what they
 * say to that. */
#ifndef TOCSIN_TESTS_TABLE_H
#define TOCSIN_TESTS_TABLE_H

#include <czmq.h>

#include "keys/beacon.h"
#include "keys/cosignature.h"
#include "keys/receipt.h"
#include "tests/attack/lie.h"
#include "wire/transport.h"

#define ANSWER_MS   20000
#define JOURNAL_MAX (16 * 1024 * 1024)

/* What is waited for. */
enum {
    SAID_END = 1, /* REFUSE, or the receipt that ends the run's part */
    SAID_ACCEPT = 2,
    SAID_WAITING = 4,
    SAID_DECLINE = 8,
    SAID_HELLO = 16,
    SAID_KEPT = 32,
    SAID_COSIGNED = 64,
    SAID_NONCE = 128
};

/* A worker's word on what is on the table. */
typedef struct {
    bool given;
    char kind[16], part[16], code[24], text[ORDER_REASON_MAX + 1];
    char step[STEP_PATH_MAX]; /* WAITING, and the receipt it says was the last */
    hash_t receipt;
    char line[COSIGNATURE_LINE_MAX + 1]; /* COSIGNED */
} answer_t;

typedef struct {
    zsock_t *socket;
    size_t count;
    struct {
        char worker[TEXT_NAME_MAX + 1];
        zframe_t *route;
        value_t *state; /* of its last HELLO */
    } peers[PEERS_MAX];
    const lie_t *lie, *callee; /* on the table; what is given under any other release's hash */
    unsigned wanted;           /* of SAID_ */
    const char *greeter;       /* whose HELLO is */
    answer_t answer;
    value_t *receipts; /* of the run on the table, as an OFFER takes them; ours */
    nonce_t nonce;     /* the last that a worker drew */
} table_t;

/* ---- talking ----------------------------------------------------------------------------- */

static inline zsock_t *
open_socket(const enemy_t *self)
{
    fault_t fault = {0};
    curvepair_t pair;
    zsock_t *socket = zsock_new(ZMQ_ROUTER);
    if (curve_load(&pair, self->curve, &fault))
        forge_die(fault.text);
    zsock_set_curve_server(socket, 1);
    zsock_set_curve_secretkey_bin(socket, pair.secret);
    zsock_set_linger(socket, 200);
    zsock_set_sndhwm(socket, 0);
    zsock_set_rcvtimeo(socket, ANSWER_MS);
    if (zsock_bind(socket, "%s", self->listen) < 0)
        forge_die("the endpoint cannot be bound: does the broker still run?");
    return socket;
}

static inline void
send_to(zsock_t *socket, zframe_t *peer, const frames_t *frames)
{
    zmq_msg_t part; /* however large */
    transport_pack(frames, &part);
    (void)transport_copy_to(zsock_resolve(socket), slice_of(zframe_data(peer), zframe_size(peer)),
                            &part);
    zmq_msg_close(&part);
}

static inline zframe_t *
find_peer(const table_t *self, const char *worker)
{
    for (size_t i = 0; i < self->count; i++)
        if (!strcmp(self->peers[i].worker, worker))
            return self->peers[i].route;
    return NULL;
}

/* A peer speaks where it is connected now. */
static inline void
remember_route(table_t *self, const char *worker, zframe_t *route)
{
    for (size_t i = 0; i < self->count; i++)
        if (!strcmp(self->peers[i].worker, worker)) {
            zframe_destroy(&self->peers[i].route);
            self->peers[i].route = zframe_dup(route);
        }
}

/* What it said of itself last; NULL where it did not. */
static inline const value_t *
state_of(const table_t *self, const char *worker)
{
    for (size_t i = 0; i < self->count; i++)
        if (!strcmp(self->peers[i].worker, worker))
            return self->peers[i].state;
    return NULL;
}

static inline void
add_value(frames_t *frames, const value_t *value)
{
    CLEANUP(bytes_destroy) bytes_t *encoded = bytes_new();
    value_encode(value, encoded);
    frames_add(frames, bytes_slice(encoded));
}

static inline void
offer(const table_t *self, zframe_t *peer)
{
    char text[HASH_TEXT];
    const lie_t *lie = self->lie;
    CLEANUP(frames_destroy) frames_t *frames = message_new(MESSAGE_OFFER);
    frames_add_text(frames, hash_write(&lie->run, text));
    frames_add_text(frames, lie->by_grant ? "grant" : "order");
    frames_add(frames, bytes_slice(lie->authority));
    frames_add(frames, bytes_slice(lie->armors));
    frames_add(frames, bytes_slice(lie->alert));
    frames_add(frames, bytes_slice(lie->alert_armor));
    frames_add_text(frames, hash_write(&lie->release_hash, text));
    if (lie->receipts)
        add_value(frames, lie->receipts);
    else
        frames_add_text(frames, "le");
    frames_add_text(frames, "");
    send_to(self->socket, peer, frames);
}

/* Under the hash that is wanted, whatever it is that is given. */
static inline void
give(table_t *self, zframe_t *peer, const frames_t *want)
{
    hash_t wanted;
    if (!self->lie || !hash_read(frames_text(want, 1), &wanted))
        return;
    bool own = !self->callee || hash_equal(&wanted, &self->lie->release_hash);
    const lie_t *from = own ? self->lie : self->callee;
    CLEANUP(frames_destroy) frames_t *frames = message_new(MESSAGE_GIVE);
    frames_add(frames, frames_at(want, 1));
    frames_add(frames, bytes_slice(from->release));
    frames_add(frames, bytes_slice(from->release_armors));
    add_value(frames, from->files);
    send_to(self->socket, peer, frames);
}

static inline void
welcome(const table_t *self, zframe_t *peer)
{
    CLEANUP(frames_destroy) frames_t *frames = message_new(MESSAGE_WELCOME);
    frames_add_text(frames, PROTOCOL_VERSION);
    frames_add_text(frames, "enemy");
    frames_add_text(frames, "9223372036854775807");
    send_to(self->socket, peer, frames);
}

static inline void
answer_ping(table_t *self, zframe_t *peer, const frames_t *ping)
{
    char instance[32];
    CLEANUP(frames_destroy) frames_t *pong = message_new(MESSAGE_PONG);
    snprintf(instance, sizeof instance, "enemy-%d", getpid());
    frames_add(pong, frames_at(ping, 1));
    frames_add_text(pong, instance);
    remember_route(self, frames_text(ping, 1), peer);
    send_to(self->socket, peer, pong);
}

/* Whether its first frame is the run on the table. */
static inline bool
is_of_lie(const table_t *self, const frames_t *frames)
{
    hash_t run;
    return self->lie && hash_read(frames_text(frames, 1), &run) &&
           hash_equal(&run, &self->lie->run);
}

/* NULL where nobody waits for that. */
static inline answer_t *
hears(table_t *self, unsigned said, const char *kind)
{
    if (!(self->wanted & said) || self->answer.given)
        return NULL;
    self->answer = (answer_t){.given = true};
    text_copy(self->answer.kind, sizeof self->answer.kind, kind);
    return &self->answer;
}

static inline void
on_hello(table_t *self, zframe_t *peer, const frames_t *frames)
{
    fault_t fault = {0};
    size_t i = 0;
    while (i < self->count && strcmp(self->peers[i].worker, frames_text(frames, 2)) != 0)
        i++;
    if (i == PEERS_MAX)
        return;
    self->count += i == self->count;
    text_copy(self->peers[i].worker, TEXT_NAME_MAX + 1, frames_text(frames, 2));
    zframe_destroy(&self->peers[i].route);
    self->peers[i].route = zframe_dup(peer);
    value_destroy(&self->peers[i].state);
    self->peers[i].state = value_decode(frames_at(frames, 3), &fault);
    welcome(self, peer);
    if (self->greeter && !strcmp(self->greeter, self->peers[i].worker))
        hears(self, SAID_HELLO, "HELLO");
}

static inline void
on_refuse(table_t *self, zframe_t *peer, const frames_t *frames)
{
    answer_t *answer = is_of_lie(self, frames) ? hears(self, SAID_END, "REFUSE") : NULL;
    (void)peer;
    if (!answer)
        return;
    text_copy(answer->code, sizeof answer->code, frames_text(frames, 2));
    text_copy(answer->text, sizeof answer->text, frames_text(frames, 3));
}

static inline void
on_accept(table_t *self, zframe_t *peer, const frames_t *frames)
{
    (void)peer;
    (void)frames;
    hears(self, SAID_ACCEPT, "ACCEPT");
}

static inline void
on_kept(table_t *self, zframe_t *peer, const frames_t *frames)
{
    (void)peer;
    (void)frames;
    hears(self, SAID_KEPT, "KEPT");
}

static inline void
on_waiting(table_t *self, zframe_t *peer, const frames_t *frames)
{
    answer_t *answer = is_of_lie(self, frames) ? hears(self, SAID_WAITING, "WAITING") : NULL;
    (void)peer;
    if (!answer)
        return;
    text_copy(answer->step, sizeof answer->step, frames_text(frames, 2));
    hash_read(frames_text(frames, 3), &answer->receipt);
}

static inline void
on_decline(table_t *self, zframe_t *peer, const frames_t *frames)
{
    answer_t *answer = hears(self, SAID_DECLINE, "DECLINE");
    (void)peer;
    if (!answer)
        return;
    text_copy(answer->code, sizeof answer->code, frames_text(frames, 4));
    text_copy(answer->text, sizeof answer->text, frames_text(frames, 5));
}

static inline void
on_cosigned(table_t *self, zframe_t *peer, const frames_t *frames)
{
    answer_t *answer = hears(self, SAID_COSIGNED, "COSIGNED");
    (void)peer;
    if (!answer)
        return;
    text_copy(answer->code, sizeof answer->code, frames_text(frames, 2));
    text_copy(answer->text, sizeof answer->text, frames_text(frames, 3));
    text_copy(answer->line, sizeof answer->line, frames_text(frames, 4));
}

static inline void
on_nonce(table_t *self, zframe_t *peer, const frames_t *frames)
{
    (void)peer;
    if (nonce_read(frames_text(frames, 1), &self->nonce))
        hears(self, SAID_NONCE, "NONCE");
}

static inline void
acknowledge(table_t *self, zframe_t *peer, const receipt_t *receipt, slice_t document)
{
    char text[HASH_TEXT];
    hash_t hash = hash_of(document);
    CLEANUP(frames_destroy) frames_t *ack = message_new(MESSAGE_ACK);
    snprintf(text, sizeof text, "%llu", (unsigned long long)receipt->sequence);
    frames_add_text(ack, text);
    frames_add_text(ack, hash_write(&hash, text));
    send_to(self->socket, peer, ack);
}

static inline void
keep_receipt(table_t *self, const frames_t *frames)
{
    value_t *item = value_map();
    value_set(item, "document", value_bytes(frames_at(frames, 1)));
    value_set(item, "armor", value_bytes(frames_at(frames, 2)));
    if (frames_at(frames, 3).size)
        value_set(item, "output", value_bytes(frames_at(frames, 3)));
    if (!self->receipts)
        self->receipts = value_list();
    value_append(self->receipts, item);
}

static inline void
on_receipt(table_t *self, zframe_t *peer, const frames_t *frames)
{
    fault_t fault = {0};
    CLEANUP(receipt_destroy) receipt_t *receipt = receipt_decode(frames_at(frames, 1), &fault);
    if (!receipt)
        forge_die(fault.text);
    acknowledge(self, peer, receipt, frames_at(frames, 1));
    if (!self->lie || !hash_equal(&receipt->run, &self->lie->run))
        return;
    keep_receipt(self, frames);
    answer_t *answer = receipt->part == OUTCOME_OPEN ? NULL : hears(self, SAID_END, "RECEIPT");
    if (!answer)
        return;
    text_copy(answer->part, sizeof answer->part, outcome_word(receipt->part));
    text_copy(answer->code, sizeof answer->code, receipt->code);
    text_copy(answer->text, sizeof answer->text, receipt->reason);
}

static const struct {
    const char *word;
    void (*handle)(table_t *self, zframe_t *peer, const frames_t *frames);
} handlers[] = {
    {"PING", answer_ping},     {"HELLO", on_hello},     {"WANT", give},
    {"REFUSE", on_refuse},     {"RECEIPT", on_receipt}, {"ACCEPT", on_accept},
    {"KEPT", on_kept},         {"WAITING", on_waiting}, {"DECLINE", on_decline},
    {"COSIGNED", on_cosigned}, {"NONCE", on_nonce},
};

static inline void
receive(table_t *self)
{
    fault_t ignored = {0};
    CLEANUP(zmsg_destroy) zmsg_t *message = zmsg_recv(self->socket);
    if (!message)
        exit(3);
    CLEANUP(zframe_destroy) zframe_t *peer = zmsg_pop(message);
    zframe_t *part = zmsg_first(message);
    CLEANUP(frames_destroy)
    frames_t *frames = frames_unpack(slice_of(zframe_data(part), zframe_size(part)), &ignored);
    if (!frames)
        forge_die("a worker said what is no message");
    for (size_t i = 0; i < ARRAY_SIZE(handlers); i++)
        if (!strcmp(handlers[i].word, frames_text(frames, 0)))
            handlers[i].handle(self, peer, frames);
}

/* Until the worker has said HELLO. */
static inline void
meet(table_t *self, const char *worker)
{
    int64_t until = zclock_mono() + ANSWER_MS;
    while (!find_peer(self, worker) && zclock_mono() < until)
        receive(self);
    if (!find_peer(self, worker))
        exit(3);
}

/* Until the worker has hung up and is there again. */
static inline void
meet_again(table_t *self, const char *worker)
{
    CLEANUP(zframe_destroy) zframe_t *before = zframe_dup(find_peer(self, worker));
    while (zframe_eq(before, find_peer(self, worker)))
        receive(self);
}

/* What is offered from now on; borrowed. */
static inline void
table_lies(table_t *self, const lie_t *lie)
{
    self->lie = lie;
}

/* Until one of these is said; false where none is in time. */
static inline bool
hear(table_t *self, unsigned wanted)
{
    int64_t until = zclock_mono() + ANSWER_MS;
    self->wanted = wanted;
    self->answer = (answer_t){0};
    while (!self->answer.given && zclock_mono() < until)
        receive(self);
    return self->answer.given;
}

/* Until the worker has dealt with all that it was sent: who is welcomed unasked says HELLO. */
static inline void
settle(table_t *self, const char *worker)
{
    welcome(self, find_peer(self, worker));
    self->greeter = worker;
    if (!hear(self, SAID_HELLO))
        exit(3);
}

static inline void
put(table_t *self, const lie_t *lie)
{
    self->lie = lie;
    value_destroy(&self->receipts);
}

/* Offers it to the worker, which is there, and waits for its word. */
static inline void
ask(table_t *self, const lie_t *lie, const char *worker)
{
    put(self, lie);
    offer(self, find_peer(self, worker));
    if (!hear(self, SAID_END))
        exit(3);
    self->lie = NULL;
}

/* How many effects all effectors began, by their journals below --state. */
static inline int64_t
begun(const enemy_t *self)
{
    static const char *const workers[] = {"north-1", "north-2", "south-1"};
    static const char line[] = "\nkind begin\n";
    int64_t count = 0;
    for (size_t i = 0; i < ARRAY_SIZE(workers); i++) {
        char path[4096];
        fault_t none = {0};
        snprintf(path, sizeof path, "%s/%s/state/effector/journal", self->state, workers[i]);
        CLEANUP(bytes_destroy) bytes_t *journal = file_read(path, JOURNAL_MAX, &none);
        if (!journal)
            continue;
        slice_t rest = bytes_slice(journal);
        for (const uint8_t *at; (at = memmem(rest.data, rest.size, line, sizeof line - 1)); count++)
            rest = slice_of(at + 1, rest.size - (size_t)(at + 1 - rest.data));
    }
    return count;
}

#endif
