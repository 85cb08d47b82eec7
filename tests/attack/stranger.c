/* SPDX-License-Identifier: Apache-2.0 */
/* stranger - speaks to a broker as it should not, and prints the words of the messages that it
 * hears.
 *
 *     stranger --connect ENDPOINT --server HEX [--key FILE | --null] [--routing-id ID]
 *              [--hello WORKER | --ask VERB | --oversize | --word WORD | --flood WORD]
 *              [--receipt SEQUENCE --worker WORKER --site ID --signing-key FILE]
 *              [--relay KIND --leaf FILE]
 *
 * Without --key it has a key that nobody knows; with --null none at all. --word is a message of one
 * frame more than any has; --flood says it a thousand times with a large frame, and reads nothing
 * until all is said; --receipt says HELLO, and a receipt of a run that nobody ordered; --relay a
 * leaf of that kind and these bytes, as a region's broker does. It says PING last, so that what it
 * hears before PONG is all that there is to hear. */
#include <czmq.h>

#include "common/file.h"
#include "keys/curve.h"
#include "keys/receipt.h"
#include "keys/signature.h"
#include "wire/message.h"
#include "wire/transport.h"
#include "wire/value.h"

#define HEAR_MS     700
#define FLOOD_MS    20000
#define FLOOD_COUNT 1000
#define FLOOD_BYTES 500000

typedef struct {
    const char *connect, *server, *key, *routing_id, *hello, *ask, *word, *flood;
    const char *receipt, *worker, *site, *signing_key, *relay, *leaf;
    bool null, oversize;
} stranger_t;

static void
parse(stranger_t *self, int argc, char **argv)
{
    const struct {
        const char *name;
        const char **value;
        bool *flag;
    } options[] = {
        {"--connect", &self->connect, NULL}, {"--server", &self->server, NULL},
        {"--key", &self->key, NULL},         {"--routing-id", &self->routing_id, NULL},
        {"--hello", &self->hello, NULL},     {"--ask", &self->ask, NULL},
        {"--null", NULL, &self->null},       {"--oversize", NULL, &self->oversize},
        {"--word", &self->word, NULL},       {"--flood", &self->flood, NULL},
        {"--receipt", &self->receipt, NULL}, {"--worker", &self->worker, NULL},
        {"--site", &self->site, NULL},       {"--signing-key", &self->signing_key, NULL},
        {"--relay", &self->relay, NULL},     {"--leaf", &self->leaf, NULL},
    };
    for (int i = 1; i < argc; i++)
        for (size_t j = 0; j < ARRAY_SIZE(options); j++) {
            if (strcmp(options[j].name, argv[i]) != 0)
                continue;
            if (options[j].flag)
                *options[j].flag = true;
            else if (i + 1 < argc)
                *options[j].value = argv[++i];
        }
}

static zsock_t *
open_socket(const stranger_t *self)
{
    fault_t fault = {0};
    curvepair_t pair;
    uint8_t server[32];
    zsock_t *socket = zsock_new(ZMQ_DEALER);
    zsock_set_linger(socket, 0);
    zsock_set_rcvtimeo(socket, self->flood ? FLOOD_MS : HEAR_MS);
    if (self->flood)
        zsock_set_rcvhwm(socket, 1);
    if (self->routing_id)
        zsock_set_identity(socket, self->routing_id);
    if (!self->null) {
        if (!self->key)
            curve_random(&pair);
        else if (curve_load(&pair, self->key, &fault)) {
            fprintf(stderr, "stranger: %s\n", fault.text);
            exit(2);
        }
        if (!self->server || !hex_decode(self->server, server, sizeof server))
            exit(64);
        zsock_set_curve_serverkey_bin(socket, server);
        zsock_set_curve_publickey_bin(socket, pair.public_key.bytes);
        zsock_set_curve_secretkey_bin(socket, pair.secret);
    }
    if (!self->connect || zsock_connect(socket, "%s", self->connect))
        exit(64);
    return socket;
}

static void
send_frames(zsock_t *socket, const frames_t *frames)
{
    zmq_msg_t part; /* however large */
    transport_pack(frames, &part);
    if (zmq_msg_send(&part, zsock_resolve(socket), 0) < 0)
        zmq_msg_close(&part);
}

/* A worker's own signature, under a receipt that says what it likes. */
static frames_t *
receipt_new(const stranger_t *self)
{
    fault_t fault = {0};
    CLEANUP(receipt_destroy) receipt_t *receipt = memory_new(1, sizeof *receipt);
    CLEANUP(bytes_destroy) bytes_t *document = bytes_new();
    CLEANUP(bytes_destroy) bytes_t *armor = bytes_new();
    CLEANUP(machinekey_destroy)
    machinekey_t *key = machinekey_load(self->signing_key ? self->signing_key : "", &fault);
    if (!key || !self->site || !self->worker || !hash_read(self->site, &receipt->site) ||
        !text_read_u64(self->receipt, 1, INT64_MAX, &receipt->sequence)) {
        fprintf(stderr, "stranger: no site, worker, sequence or key: %s\n", fault.text);
        exit(64);
    }
    text_copy(receipt->worker, sizeof receipt->worker, self->worker);
    text_copy(receipt->target, sizeof receipt->target, self->worker);
    text_copy(receipt->authority, sizeof receipt->authority, "order");
    text_copy(receipt->step, sizeof receipt->step, "remove");
    text_copy(receipt->code, sizeof receipt->code, "none");
    text_copy(receipt->reason, sizeof receipt->reason, "-");
    receipt->run = receipt->release = hash_of(slice_text("nobody ordered it"));
    receipt->previous = receipt->sequence > 1 ? receipt->run : HASH_ZERO;
    receipt->attempt = 1;
    receipt->started = receipt->ended = wall_now();
    receipt_encode(receipt, document);
    machinekey_sign(key, SIGN_RECEIPT, bytes_slice(document), armor);
    frames_t *frames = message_new(MESSAGE_RECEIPT);
    frames_add(frames, bytes_slice(document));
    frames_add(frames, bytes_slice(armor));
    frames_add_text(frames, "");
    return frames;
}

static frames_t *
relay_new(const stranger_t *self, slice_t facts)
{
    fault_t fault = {0};
    CLEANUP(bytes_destroy) bytes_t *leaf = file_read(self->leaf, FRAMES_BYTES_MAX, &fault);
    if (!leaf) {
        fprintf(stderr, "stranger: %s\n", fault.text);
        exit(64);
    }
    frames_t *frames = message_new(MESSAGE_RELAY);
    frames_add_text(frames, "0");
    frames_add_text(frames, self->relay);
    frames_add(frames, bytes_slice(leaf));
    frames_add_text(frames, "");
    frames_add(frames, facts);
    return frames;
}

static void
flood(const stranger_t *self, zsock_t *socket)
{
    CLEANUP(memory_free) uint8_t *many = memory_new(1, FLOOD_BYTES);
    CLEANUP(frames_destroy) frames_t *frames = frames_new();
    frames_add_text(frames, self->flood);
    frames_add(frames, slice_of(many, FLOOD_BYTES));
    for (int i = 0; i < FLOOD_COUNT; i++)
        send_frames(socket, frames);
}

static void
say(const stranger_t *self, zsock_t *socket)
{
    CLEANUP(frames_destroy) frames_t *frames = NULL;
    CLEANUP(value_destroy) value_t *map = value_map();
    CLEANUP(bytes_destroy) bytes_t *encoded = bytes_new();
    value_encode(map, encoded);
    if (self->hello) {
        frames = message_new(MESSAGE_HELLO);
        frames_add_text(frames, PROTOCOL_VERSION);
        frames_add_text(frames, self->hello);
        frames_add(frames, bytes_slice(encoded));
    } else if (self->ask) {
        frames = message_new(MESSAGE_ASK);
        frames_add_text(frames, "1");
        frames_add_text(frames, self->ask);
        frames_add(frames, bytes_slice(encoded));
    } else if (self->oversize) {
        CLEANUP(memory_free) uint8_t *many = memory_new(1, 2 * FRAMES_BYTES_MAX);
        frames = message_new(MESSAGE_ACCEPT);
        frames_add(frames, slice_of(many, 2 * FRAMES_BYTES_MAX));
    }
    if (self->word) {
        frames = frames_new();
        for (int i = 0; i < FRAMES_MAX; i++)
            frames_add_text(frames, i ? "" : self->word);
    }
    if (frames)
        send_frames(socket, frames);
    if (self->receipt) {
        CLEANUP(frames_destroy) frames_t *receipt = receipt_new(self);
        send_frames(socket, receipt);
    }
    if (self->relay && self->leaf) {
        CLEANUP(frames_destroy) frames_t *relay = relay_new(self, bytes_slice(encoded));
        send_frames(socket, relay);
    }
    if (self->flood)
        flood(self, socket);
    CLEANUP(frames_destroy) frames_t *ping = message_new(MESSAGE_PING);
    frames_add_text(ping, "stranger");
    send_frames(socket, ping);
}

int
main(int argc, char **argv)
{
    stranger_t self = {0};
    const char *between = "";
    parse(&self, argc, argv);
    zsock_t *socket = open_socket(&self);
    say(&self, socket);
    for (;;) {
        CLEANUP(frames_destroy) frames_t *frames = NULL;
        if (transport_receive(zsock_resolve(socket), 0, &frames) == TRANSPORT_NOTHING)
            break;
        const char *word = frames ? frames_text(frames, 0) : "";
        bool last = !strcmp(word, "PONG") && !strcmp(frames_text(frames, 1), "stranger");
        if (last || !self.flood)
            printf("%s%s", between, word);
        between = " ";
        if (last)
            break;
    }
    puts("");
    zsock_destroy(&socket);
    return 0;
}
