/* SPDX-License-Identifier: Apache-2.0 */
/* enemy - a broker that lies: it holds the broker's CURVE secret and signing key, and offers
 * workers what it likes, over one socket, one offer after another.
 *
 *     enemy GROUP... --listen ENDPOINT --curve FILE --signing-key FILE --site ID --worker NAME
 *           --path PATH --loot FOLDER --people FOLDER --state FOLDER
 *     enemy ATTACK --listen ... --host HOST
 *     enemy fido-key FILE.pub APPLICATION
 *
 * A GROUP is a table of attacks (the headers beside this file). Its offers are signed with the keys
 * of the test's people, which stand in the folder --people as ssh-keygen wrote them. For each
 * attack a line "good|bad NAME: what happened" is printed; good is the expected code and an
 * effector that began nothing, by its journal below --state.
 *
 * An ATTACK uses what any broker has seen, and nobody's key: FOLDER holds release, release.sigs,
 * files/, grant, grant.sigs. The worker's answer is printed as "REFUSE CODE TEXT" or "RECEIPT PART
 * CODE REASON".
 *
 * Exits 3 when no answer comes within 20 s. */
#include <czmq.h>

#include "common/file.h"
#include "common/text.h"
#include "keys/receipt.h"
#include "tests/attack/documents.h"
#include "tests/attack/grants.h"
#include "tests/attack/looted.h"
#include "tests/attack/orders.h"
#include "tests/attack/releases.h"
#include "tests/attack/scripts.h"
#include "tests/attack/signatures.h"

#define ANSWER_MS 20000

static const struct {
    const char *name;
    const attack_t *attacks;
    size_t count;
} groups[] = {
#define GROUP(name, table)             \
    {                                  \
        name, table, ARRAY_SIZE(table) \
    }
    GROUP("signatures", signature_attacks), GROUP("documents", document_attacks),
    GROUP("releases", release_attacks),     GROUP("orders", order_attacks),
    GROUP("grants", grant_attacks),         GROUP("scripts", script_attacks),
};

/* A worker's word on one offer. */
typedef struct {
    bool given;
    char kind[16], part[16], code[24], text[ORDER_REASON_MAX + 1];
} answer_t;

typedef struct {
    zsock_t *socket;
    size_t count;
    struct {
        char worker[TEXT_NAME_MAX + 1];
        zframe_t *route;
    } peers[PEERS_MAX];
    const lie_t *lie; /* on the table */
    answer_t answer;
} table_t;

/* ---- talking ----------------------------------------------------------------------------- */

static zsock_t *
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
    zsock_set_rcvtimeo(socket, ANSWER_MS);
    if (zsock_bind(socket, "%s", self->listen) < 0)
        forge_die("the endpoint cannot be bound: does the broker still run?");
    return socket;
}

static void
send_to(zsock_t *socket, zframe_t *peer, const frames_t *frames)
{
    zmsg_t *message = zmsg_new();
    zmsg_addmem(message, zframe_data(peer), zframe_size(peer));
    for (size_t i = 0; i < frames->count; i++)
        zmsg_addmem(message, frames_at(frames, i).data, frames_at(frames, i).size);
    zmsg_send(&message, socket);
}

static zframe_t *
find_peer(const table_t *self, const char *worker)
{
    for (size_t i = 0; i < self->count; i++)
        if (!strcmp(self->peers[i].worker, worker))
            return self->peers[i].route;
    return NULL;
}

static void
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
    frames_add_text(frames, "le");
    frames_add_text(frames, "");
    send_to(self->socket, peer, frames);
}

static void
give(table_t *self, zframe_t *peer, const frames_t *want)
{
    CLEANUP(bytes_destroy) bytes_t *files = bytes_new();
    CLEANUP(frames_destroy) frames_t *frames = message_new(MESSAGE_GIVE);
    if (!self->lie)
        return;
    value_encode(self->lie->files, files);
    frames_add(frames, frames_at(want, 1));
    frames_add(frames, bytes_slice(self->lie->release));
    frames_add(frames, bytes_slice(self->lie->release_armors));
    frames_add(frames, bytes_slice(files));
    send_to(self->socket, peer, frames);
}

static void
answer_ping(table_t *self, zframe_t *peer, const frames_t *ping)
{
    char instance[32];
    CLEANUP(frames_destroy) frames_t *pong = message_new(MESSAGE_PONG);
    snprintf(instance, sizeof instance, "enemy-%d", getpid());
    frames_add(pong, frames_at(ping, 1));
    frames_add_text(pong, instance);
    send_to(self->socket, peer, pong);
}

static void
on_hello(table_t *self, zframe_t *peer, const frames_t *frames)
{
    if (find_peer(self, frames_text(frames, 2)) || self->count == PEERS_MAX)
        return;
    text_copy(self->peers[self->count].worker, TEXT_NAME_MAX + 1, frames_text(frames, 2));
    self->peers[self->count++].route = zframe_dup(peer);
}

static void
on_refuse(table_t *self, zframe_t *peer, const frames_t *frames)
{
    (void)peer;
    self->answer = (answer_t){.given = true, .kind = "REFUSE"};
    text_copy(self->answer.code, sizeof self->answer.code, frames_text(frames, 2));
    text_copy(self->answer.text, sizeof self->answer.text, frames_text(frames, 3));
}

static void
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

static void
on_receipt(table_t *self, zframe_t *peer, const frames_t *frames)
{
    fault_t fault = {0};
    CLEANUP(receipt_destroy) receipt_t *receipt = receipt_decode(frames_at(frames, 1), &fault);
    if (!receipt)
        forge_die(fault.text);
    acknowledge(self, peer, receipt, frames_at(frames, 1));
    if (!self->lie || !hash_equal(&receipt->run, &self->lie->run) || receipt->part == OUTCOME_OPEN)
        return;
    self->answer = (answer_t){.given = true, .kind = "RECEIPT"};
    text_copy(self->answer.part, sizeof self->answer.part, outcome_word(receipt->part));
    text_copy(self->answer.code, sizeof self->answer.code, receipt->code);
    text_copy(self->answer.text, sizeof self->answer.text, receipt->reason);
}

static const struct {
    const char *word;
    void (*handle)(table_t *self, zframe_t *peer, const frames_t *frames);
} handlers[] = {
    {"PING", answer_ping}, {"HELLO", on_hello},     {"WANT", give},
    {"REFUSE", on_refuse}, {"RECEIPT", on_receipt},
};

static void
receive(table_t *self)
{
    CLEANUP(zmsg_destroy) zmsg_t *message = zmsg_recv(self->socket);
    if (!message)
        exit(3);
    CLEANUP(zframe_destroy) zframe_t *peer = zmsg_pop(message);
    CLEANUP(frames_destroy) frames_t *frames = frames_new();
    for (zframe_t *frame = zmsg_first(message); frame && frames->count < FRAMES_MAX;
         frame = zmsg_next(message))
        frames_add(frames, slice_of(zframe_data(frame), zframe_size(frame)));
    for (size_t i = 0; i < ARRAY_SIZE(handlers); i++)
        if (!strcmp(handlers[i].word, frames_text(frames, 0)))
            handlers[i].handle(self, peer, frames);
}

/* Until the worker has said HELLO. */
static void
meet(table_t *self, const char *worker)
{
    int64_t until = zclock_mono() + ANSWER_MS;
    while (!find_peer(self, worker) && zclock_mono() < until)
        receive(self);
    if (!find_peer(self, worker))
        exit(3);
}

/* Offers it to the worker, which is there, and waits for its word. */
static void
ask(table_t *self, const lie_t *lie, const char *worker)
{
    int64_t until = zclock_mono() + ANSWER_MS;
    self->lie = lie;
    self->answer = (answer_t){0};
    offer(self, find_peer(self, worker));
    while (!self->answer.given && zclock_mono() < until)
        receive(self);
    if (!self->answer.given)
        exit(3);
    self->lie = NULL;
}

/* ---- a group ----------------------------------------------------------------------------- */

/* Bytes of the effectors' journals, of all workers that are there. */
static int64_t
journals(const enemy_t *self, const table_t *table)
{
    int64_t bytes = 0;
    for (size_t i = 0; i < table->count; i++) {
        char path[4096];
        struct stat about;
        snprintf(path, sizeof path, "%s/%s/state/effector/journal", self->state,
                 table->peers[i].worker);
        if (!stat(path, &about))
            bytes += about.st_size;
    }
    return bytes;
}

static void
try(enemy_t *self, table_t *table, const attack_t *attack)
{
    const char *worker;
    lie_t lie = lie_make(self, attack, &worker);
    meet(table, worker);
    int64_t before = journals(self, table);
    ask(table, &lie, worker);
    const answer_t *answer = &table->answer;
    bool began = journals(self, table) != before;
    bool good = !strcmp(answer->code, attack->code) && began == attack->begins;
    if (!strcmp(attack->code, "none"))
        printf("%s %s%s", good ? "good" : "bad", attack->name, began ? "" : ", and nothing began");
    else
        printf("%s %s: refused with '%s', nothing began", good ? "good" : "bad", attack->name,
               attack->code);
    if (!good)
        printf(" [%s %s %s %s%s]", answer->kind, answer->part, answer->code, answer->text,
               began ? ", and an op began" : "");
    putchar('\n');
    if (good && attack->begins) {
        lie_clear(&self->last);
        self->last = lie;
    } else {
        lie_clear(&lie);
    }
}

static bool
try_group(enemy_t *self, table_t *table, const char *name)
{
    for (size_t i = 0; i < ARRAY_SIZE(groups); i++) {
        if (strcmp(groups[i].name, name) != 0)
            continue;
        for (size_t j = 0; j < groups[i].count; j++)
            try(self, table, &groups[i].attacks[j]);
        return true;
    }
    return false;
}

static bool
try_looted(enemy_t *self, table_t *table, const char *name)
{
    lie_t lie = {0};
    const answer_t *answer = &table->answer;
    if (!looted_make(self, name, &lie))
        return false;
    meet(table, self->worker);
    ask(table, &lie, self->worker);
    printf("%s%s%s %s %s\n", answer->kind, *answer->part ? " " : "", answer->part, answer->code,
           answer->text);
    lie_clear(&lie);
    return true;
}

/* ---- beginning --------------------------------------------------------------------------- */

static void
parse(enemy_t *self, int argc, char **argv)
{
    const struct {
        const char *name;
        const char **value;
    } options[] = {
        {"--listen", &self->listen},
        {"--curve", &self->curve},
        {"--signing-key", &self->signing_key},
        {"--site", &self->site},
        {"--worker", &self->worker},
        {"--host", &self->host},
        {"--path", &self->path},
        {"--loot", &self->loot},
        {"--people", &self->people},
        {"--state", &self->state},
    };
    for (int i = 2; i + 1 < argc; i++)
        for (size_t j = 0; j < ARRAY_SIZE(options); j++)
            if (!strcmp(options[j].name, argv[i]))
                *options[j].value = argv[i + 1];
    for (size_t j = 0; j < ARRAY_SIZE(options); j++)
        if (!*options[j].value)
            *options[j].value = "";
}

/* "enemy fido-key FILE.pub APPLICATION": the line of a FIDO key that has this key's point. */
static int
print_fido_key(const char *path, const char *application)
{
    pubkey_t key;
    fault_t fault = {0};
    CLEANUP(bytes_destroy) bytes_t *line = forge_read(path, "", "");
    CLEANUP(bytes_destroy) bytes_t *out = bytes_new();
    if (pubkey_read_line(&key, bytes_text(line), &fault))
        forge_die(fault.text);
    key.kind = PUBKEY_SK_ED25519;
    text_copy(key.application, sizeof key.application, application);
    pubkey_write(&key, out);
    puts(bytes_text(out));
    return 0;
}

int
main(int argc, char **argv)
{
    enemy_t self = {0};
    table_t table = {0};
    const char *name = argc > 1 ? argv[1] : "";
    bool tried = false;
    if (sodium_init() < 0)
        return 2;
    if (argc == 4 && !strcmp(name, "fido-key"))
        return print_fido_key(argv[2], argv[3]);
    parse(&self, argc, argv);
    setvbuf(stdout, NULL, _IOLBF, 0);
    table.socket = open_socket(&self);
    for (int i = 1; i < argc && argv[i][0] != '-'; i++)
        tried = try_group(&self, &table, argv[i]) || tried;
    if (!tried && !try_looted(&self, &table, name)) {
        fprintf(stderr, "enemy: there is no group or attack '%s'\n", name);
        return 64;
    }
    for (size_t i = 0; i < table.count; i++)
        zframe_destroy(&table.peers[i].route);
    zsock_destroy(&table.socket);
    lie_clear(&self.last);
    return 0;
}
