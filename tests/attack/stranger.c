/* SPDX-License-Identifier: Apache-2.0 */
/* stranger - speaks to a broker as it should not, and prints the words of the messages that it
 * hears.
 *
 *     stranger --connect ENDPOINT --server HEX [--key FILE | --null] [--routing-id ID]
 *              [--hello WORKER | --ask VERB | --oversize]
 *
 * Without --key it has a key that nobody knows; with --null none at all. It says PING last, so that
 * what it hears before PONG is all that there is to hear. */
#include <czmq.h>

#include "keys/curve.h"
#include "wire/message.h"
#include "wire/value.h"

#define HEAR_MS 700

typedef struct {
    const char *connect, *server, *key, *routing_id, *hello, *ask;
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
    zsock_set_rcvtimeo(socket, HEAR_MS);
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
    zmsg_t *message = zmsg_new();
    for (size_t i = 0; i < frames->count; i++)
        zmsg_addmem(message, frames_at(frames, i).data, frames_at(frames, i).size);
    zmsg_send(&message, socket);
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
    if (frames)
        send_frames(socket, frames);
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
        CLEANUP(zmsg_destroy) zmsg_t *message = zmsg_recv(socket);
        if (!message)
            break;
        CLEANUP(zstr_free) char *word = zmsg_popstr(message);
        printf("%s%s", between, word ? word : "");
        between = " ";
        if (word && !strcmp(word, "PONG"))
            break;
    }
    puts("");
    zsock_destroy(&socket);
    return 0;
}
