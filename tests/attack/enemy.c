/* SPDX-License-Identifier: Apache-2.0 */
/* enemy - a broker that lies: it holds the broker's CURVE secret and signing key, and offers a worker
 * what it likes.
 *
 *     enemy ATTACK --listen ENDPOINT --curve FILE --signing-key FILE --site ID --worker NAME
 *           --host HOST --path PATH --loot FOLDER
 *
 * FOLDER holds what any broker has seen: release, release.sigs, files/, grant, grant.sigs, and for
 * some attacks order, order.sigs. Prints the worker's answer as "REFUSE CODE TEXT", "ACCEPT", or
 * "RECEIPT PART CODE REASON", and exits 0; exits 3 when none comes within 20 s. */
#include <czmq.h>

#include <dirent.h>
#include <getopt.h>
#include <sys/stat.h>

#include "common/file.h"
#include "common/text.h"
#include "keys/curve.h"
#include "keys/grant.h"
#include "keys/receipt.h"
#include "keys/signature.h"
#include "wire/message.h"
#include "wire/value.h"

typedef struct {
    const char *attack, *listen, *curve, *signing_key, *site, *worker, *host, *path, *loot;
    bytes_t *release, *armors, *grant, *grant_armors, *order, *order_armors;
    value_t *files;
    hash_t release_hash;
    frames_t *offer;
} enemy_t;

static void
die(const fault_t *fault)
{
    fprintf(stderr, "enemy: %s\n", fault->text);
    exit(2);
}

static bytes_t *
loot(const enemy_t *self, const char *name, bool needed)
{
    char path[4096];
    fault_t fault = {0};
    snprintf(path, sizeof path, "%s/%s", self->loot, name);
    bytes_t *bytes = file_read(path, 1024 * 1024, &fault);
    if (!bytes && needed)
        die(&fault);
    return bytes ? bytes : bytes_new();
}

static void
read_files(enemy_t *self, const char *below)
{
    char path[4096], name[600];
    snprintf(path, sizeof path, "%s/files/%s", self->loot, below);
    DIR *folder = opendir(path);
    for (struct dirent *entry; folder && (entry = readdir(folder));) {
        if (entry->d_name[0] == '.')
            continue;
        snprintf(name, sizeof name, "%s%s%s", below, *below ? "/" : "", entry->d_name);
        if (entry->d_type == DT_DIR) {
            read_files(self, name);
            continue;
        }
        snprintf(path, sizeof path, "files/%s", name);
        CLEANUP(bytes_destroy) bytes_t *bytes = loot(self, path, true);
        value_set(self->files, name, value_bytes(bytes_slice(bytes)));
    }
    closedir(folder);
}

/* ---- what it makes up -------------------------------------------------------------------- */

static void
make_offer(enemy_t *self, const char *kind, const hash_t *run, slice_t authority, slice_t armors,
           slice_t alert)
{
    char text[HASH_TEXT];
    self->offer = message_new(MESSAGE_OFFER);
    frames_add_text(self->offer, hash_write(run, text));
    frames_add_text(self->offer, kind);
    frames_add(self->offer, authority);
    frames_add(self->offer, armors);
    frames_add(self->offer, alert);
    frames_add_text(self->offer, "");
    frames_add_text(self->offer, hash_write(&self->release_hash, text));
    frames_add_text(self->offer, "le");
}

/* Under the grant, which takes the broker's word: an alert that nobody sent. */
static void
offer_by_grant(enemy_t *self)
{
    fault_t fault = {0};
    grant_t *grant = grant_decode(bytes_slice(self->grant), &fault);
    alert_t *alert = memory_new(1, sizeof *alert);
    CLEANUP(bytes_destroy) bytes_t *document = bytes_new();
    if (!grant)
        die(&fault);
    hash_read(self->site, &alert->site);
    text_copy(alert->source, sizeof alert->source, grant->sources[0]);
    snprintf(alert->fingerprint, sizeof alert->fingerprint, "enemy-%d", getpid());
    alert->firing = true;
    alert->received = wall_now();
    alert->starts = alert->received;
    text_copy(alert->severity, sizeof alert->severity, "critical");
    text_copy(alert->host, sizeof alert->host, self->host);
    text_copy(alert->title, sizeof alert->title, "made up by the broker");
    for (size_t i = 0; i < grant->match_count; i++) {
        label_t *label = &alert->labels[alert->label_count];
        if (strncmp(grant->matches[i].field, "labels.", 7) != 0)
            continue;
        if (i && !strcmp(grant->matches[i].field, grant->matches[i - 1].field))
            continue;
        text_copy(label->name, sizeof label->name, grant->matches[i].field + 7);
        text_copy(label->value, sizeof label->value, grant->matches[i].value);
        alert->label_count++;
    }
    label_t *mount = &alert->labels[alert->label_count++];
    text_copy(mount->name, sizeof mount->name, "mountpoint");
    text_copy(mount->value, sizeof mount->value, self->path);
    alert_encode(alert, document);
    hash_t grant_hash = hash_of(bytes_slice(self->grant));
    hash_t run = grant_run(&grant_hash, alert);
    make_offer(self, "grant", &run, bytes_slice(self->grant), bytes_slice(self->grant_armors),
               bytes_slice(document));
}

/* An order of its own, signed with the only key it has. */
static void
offer_by_own_order(enemy_t *self)
{
    fault_t fault = {0};
    order_t *order = memory_new(1, sizeof *order);
    CLEANUP(bytes_destroy) bytes_t *document = bytes_new();
    CLEANUP(bytes_destroy) bytes_t *armor = bytes_new();
    CLEANUP(machinekey_destroy) machinekey_t *key = machinekey_load(self->signing_key, &fault);
    grant_t *grant = grant_decode(bytes_slice(self->grant), &fault);
    if (!key || !grant)
        die(&fault);
    hash_read(self->site, &order->site);
    text_copy(order->playbook, sizeof order->playbook, grant->playbook);
    text_copy(order->reason, sizeof order->reason, "the broker says so");
    order->created = (wall_t){wall_now().ms / 1000 * 1000};
    order->not_before = order->created;
    order->not_after = order->undo_until = (wall_t){order->created.ms + 600000};
    text_copy(order->nonce, sizeof order->nonce, "0123456789abcdef0123456789abcdef");
    text_copy(order->releases[0].playbook, sizeof order->releases[0].playbook, grant->playbook);
    order->releases[0].hash = self->release_hash;
    order->release_count = 1;
    order->targets = memory_new(1, sizeof *order->targets);
    order->targets[0].wave = 1;
    text_copy(order->targets[0].target, sizeof order->targets[0].target, self->worker);
    order->target_count = 1;
    order_encode(order, document);
    machinekey_sign(key, SIGN_ORDER, bytes_slice(document), armor);
    hash_t run = hash_of(bytes_slice(document));
    make_offer(self, "order", &run, bytes_slice(document), bytes_slice(armor), slice_of("", 0));
}

/* A responder's own order, as it once was. */
static void
offer_by_old_order(enemy_t *self)
{
    hash_t run = hash_of(bytes_slice(self->order));
    make_offer(self, "order", &run, bytes_slice(self->order), bytes_slice(self->order_armors),
               slice_of("", 0));
}

static void
strip_approval(enemy_t *self)
{
    static const char footer[] = "-----END SSH SIGNATURE-----\n";
    char *text = (char *)self->armors->data, *last = NULL, *before = NULL;
    for (char *at = text; (at = strstr(at, footer)); at += sizeof footer - 1) {
        before = last;
        last = at;
    }
    if (before)
        self->armors->size = (size_t)(before - text) + sizeof footer - 1;
}

static void
change_byte(enemy_t *self)
{
    CLEANUP(bytes_destroy) bytes_t *playbook =
        bytes_copy(value_slice(value_get(self->files, "playbook.lua")));
    char *goal = strstr((char *)playbook->data, ">");
    if (goal)
        *goal = '<';
    value_set(self->files, "playbook.lua", value_bytes(bytes_slice(playbook)));
}

static void
change_manifest(enemy_t *self)
{
    CLEANUP(bytes_destroy) bytes_t *manifest =
        bytes_copy(value_slice(value_get(self->files, "manifest")));
    char *bound = strstr((char *)manifest->data, "\nbound ");
    char *end = bound ? strchr(bound + 1, '\n') : NULL;
    if (end)
        memmove(bound, end, strlen(end) + 1);
    value_set(self->files, "manifest", value_text((char *)manifest->data));
}

static void
add_file(enemy_t *self)
{
    value_set_text(self->files, "extra.lua", "return 1\n");
}

static void
cut_file(enemy_t *self)
{
    value_set_text(self->files, "playbook.lua", "return playbook {}\n");
}

static void
nothing(enemy_t *self)
{
    (void)self;
}

typedef void(lie_t)(enemy_t *self);

static const struct {
    const char *name;
    lie_t *offer, *lie;
} attacks[] = {
    {"release-below-quorum", offer_by_grant, strip_approval},
    {"own-order", offer_by_own_order, nothing},
    {"playbook-changed", offer_by_grant, change_byte},
    {"manifest-changed", offer_by_grant, change_manifest},
    {"extra-file", offer_by_grant, add_file},
    {"file-cut", offer_by_grant, cut_file},
    {"alert-made-up", offer_by_grant, nothing},
    {"order-replayed", offer_by_old_order, nothing},
};

/* ---- talking ----------------------------------------------------------------------------- */

static zsock_t *
open_socket(const enemy_t *self)
{
    fault_t fault = {0};
    curvepair_t pair;
    zsock_t *socket = zsock_new(ZMQ_ROUTER);
    if (curve_load(&pair, self->curve, &fault))
        die(&fault);
    zsock_set_curve_server(socket, 1);
    zsock_set_curve_secretkey_bin(socket, pair.secret);
    zsock_set_linger(socket, 200);
    zsock_set_rcvtimeo(socket, 20000);
    if (zsock_bind(socket, "%s", self->listen) < 0) {
        fault_set(&fault, FAULT_IO, "'%s' cannot be bound", self->listen);
        die(&fault);
    }
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

static void
give(enemy_t *self, zsock_t *socket, zframe_t *peer)
{
    char text[HASH_TEXT];
    CLEANUP(bytes_destroy) bytes_t *files = bytes_new();
    CLEANUP(frames_destroy) frames_t *frames = message_new(MESSAGE_GIVE);
    value_encode(self->files, files);
    frames_add_text(frames, hash_write(&self->release_hash, text));
    frames_add(frames, bytes_slice(self->release));
    frames_add(frames, bytes_slice(self->armors));
    frames_add(frames, bytes_slice(files));
    send_to(socket, peer, frames);
}

static void
answer_ping(zsock_t *socket, zframe_t *peer, const frames_t *ping)
{
    char instance[32];
    CLEANUP(frames_destroy) frames_t *pong = message_new(MESSAGE_PONG);
    snprintf(instance, sizeof instance, "enemy-%d", getpid());
    frames_add(pong, frames_at(ping, 1));
    frames_add_text(pong, instance);
    send_to(socket, peer, pong);
}

/* 1 when the worker has given its answer. */
static int
on_message(enemy_t *self, zsock_t *socket, zframe_t *peer, const frames_t *frames)
{
    const char *word = frames_text(frames, 0);
    if (!strcmp(word, "PING")) {
        if (!strcmp(frames_text(frames, 1), self->worker))
            answer_ping(socket, peer, frames);
    } else if (!strcmp(word, "HELLO") && !strcmp(frames_text(frames, 2), self->worker)) {
        send_to(socket, peer, self->offer);
    } else if (!strcmp(word, "WANT")) {
        give(self, socket, peer);
    } else if (!strcmp(word, "REFUSE")) {
        printf("REFUSE %s %s\n", frames_text(frames, 2), frames_text(frames, 3));
        return 1;
    } else if (!strcmp(word, "ACCEPT")) {
        printf("ACCEPT\n");
        return 1;
    } else if (!strcmp(word, "RECEIPT")) {
        CLEANUP(receipt_destroy) receipt_t *receipt = receipt_decode(frames_at(frames, 1), NULL);
        char run[HASH_TEXT];
        if (!receipt || strcmp(hash_write(&receipt->run, run), frames_text(self->offer, OFFER_RUN)))
            return 0;
        printf("RECEIPT %s %s %s\n", outcome_word(receipt->part), receipt->code, receipt->reason);
        return 1;
    }
    return 0;
}

static int
talk(enemy_t *self)
{
    zsock_t *socket = open_socket(self);
    int64_t until = zclock_mono() + 20000;
    int done = 0;
    while (!done && zclock_mono() < until) {
        CLEANUP(zmsg_destroy) zmsg_t *message = zmsg_recv(socket);
        if (!message)
            break;
        CLEANUP(zframe_destroy) zframe_t *peer = zmsg_pop(message);
        CLEANUP(frames_destroy) frames_t *frames = frames_new();
        for (zframe_t *frame = zmsg_first(message); frame && frames->count < FRAMES_MAX;
             frame = zmsg_next(message))
            frames_add(frames, slice_of(zframe_data(frame), zframe_size(frame)));
        done = on_message(self, socket, peer, frames);
    }
    zsock_destroy(&socket);
    return done ? 0 : 3;
}

static void
parse(enemy_t *self, int argc, char **argv)
{
    const struct {
        const char *name;
        const char **value;
    } options[] = {
        {"--listen", &self->listen}, {"--curve", &self->curve},   {"--signing-key", &self->signing_key},
        {"--site", &self->site},     {"--worker", &self->worker}, {"--host", &self->host},
        {"--path", &self->path},     {"--loot", &self->loot},
    };
    self->attack = argc > 1 ? argv[1] : "";
    for (int i = 2; i + 1 < argc; i += 2)
        for (size_t j = 0; j < ARRAY_SIZE(options); j++)
            if (!strcmp(options[j].name, argv[i]))
                *options[j].value = argv[i + 1];
    for (size_t j = 0; j < ARRAY_SIZE(options); j++)
        if (!*options[j].value) {
            fprintf(stderr, "enemy: %s is missing\n", options[j].name);
            exit(64);
        }
}

int
main(int argc, char **argv)
{
    enemy_t self = {0};
    parse(&self, argc, argv);
    self.release = loot(&self, "release", true);
    self.armors = loot(&self, "release.sigs", true);
    self.grant = loot(&self, "grant", true);
    self.grant_armors = loot(&self, "grant.sigs", true);
    self.order = loot(&self, "order", false);
    self.order_armors = loot(&self, "order.sigs", false);
    self.files = value_map();
    self.release_hash = hash_of(bytes_slice(self.release));
    read_files(&self, "");
    for (size_t i = 0; i < ARRAY_SIZE(attacks); i++) {
        if (strcmp(attacks[i].name, self.attack) != 0)
            continue;
        attacks[i].offer(&self);
        attacks[i].lie(&self);
        return talk(&self);
    }
    fprintf(stderr, "enemy: there is no attack '%s'\n", self.attack);
    return 64;
}
