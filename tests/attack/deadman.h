/* SPDX-License-Identifier: Apache-2.0 */
/* deadman - a broker between the timekeeper and its workers, which hands on what it likes: beacons
 * of its own making, old ones, and new ones without what they name. The folder --callee holds
 * `timekeeper` (endpoint and CURVE key, a space between) and newer people with their armors, which
 * the timekeeper is given and the worker does not have. */
#ifndef TOCSIN_TESTS_DEADMAN_H
#define TOCSIN_TESTS_DEADMAN_H

#include "broker/envoy.h"
#include "tests/attack/halts.h"
#include "keys/tree.h"

typedef struct {
    envoy_t *envoy;
    beacon_t *newest;
    bytes_t *document, *armor, *leaves; /* its */
} tower_t;

static void
tower_close(tower_t *self)
{
    envoy_destroy(&self->envoy);
    beacon_destroy(&self->newest);
    bytes_destroy(&self->document);
    bytes_destroy(&self->armor);
    bytes_destroy(&self->leaves);
}

static tower_t
tower_open(const enemy_t *self)
{
    char endpoint[256], digits[CURVEKEY_TEXT];
    fault_t fault = {0};
    curvepair_t pair;
    curvekey_t key;
    CLEANUP(bytes_destroy) bytes_t *line = forge_read(self->callee, "timekeeper", "");
    if (sscanf(bytes_text(line), "%255s %64s", endpoint, digits) != 2 ||
        !curvekey_read(digits, &key) || curve_load(&pair, self->curve, &fault))
        forge_die("there is no timekeeper");
    tower_t tower = {.envoy = envoy_new(endpoint, &pair)};
    if (envoy_use(tower.envoy, &key, &fault))
        forge_die(fault.text);
    return tower;
}

/* Waits until it is there, as long as it takes to connect. */
static void
tower_send(const tower_t *self, const frames_t *frames)
{
    CLEANUP(zpoller_destroy) zpoller_t *poller = zpoller_new(envoy_monitor(self->envoy), NULL);
    for (int tries = 0; tries < 2; tries++) {
        frames_t *copy = frames_new();
        for (size_t i = 0; i < frames->count; i++)
            frames_add(copy, frames_at(frames, i));
        if (envoy_send(self->envoy, &copy))
            return;
        zpoller_wait(poller, ANSWER_MS);
    }
    forge_die("the timekeeper does not answer");
}

static void
tower_greet(const tower_t *self)
{
    CLEANUP(value_destroy) value_t *state = value_map();
    CLEANUP(frames_destroy) frames_t *hello = message_new(MESSAGE_HELLO);
    frames_add_text(hello, PROTOCOL_VERSION);
    frames_add_text(hello, "centre");
    add_value(hello, state);
    tower_send(self, hello);
}

static void
tower_take(const tower_t *self, const paper_t *paper)
{
    CLEANUP(frames_destroy) frames_t *frames = message_new(MESSAGE_DOCUMENT);
    frames_add(frames, bytes_slice(paper->document));
    frames_add(frames, bytes_slice(paper->armors));
    tower_send(self, frames);
}

static void
tower_ask(const tower_t *self, const char *worker, const nonce_t *nonce)
{
    char digits[NONCE_TEXT];
    CLEANUP(frames_destroy) frames_t *frames = message_new(MESSAGE_NONCE_OF);
    frames_add_text(frames, worker);
    frames_add_text(frames, nonce_write(nonce, digits));
    tower_send(self, frames);
}

static void
tower_hear(tower_t *self, const frames_t *frames)
{
    fault_t fault = {0};
    if (!slice_is(frames_at(frames, 0), "BEACON"))
        return;
    envoy_t *envoy = MOVE(self->envoy);
    tower_close(self);
    *self = (tower_t){.envoy = envoy,
                      .newest = beacon_decode(frames_at(frames, 1), &fault),
                      .document = bytes_copy(frames_at(frames, 1)),
                      .armor = bytes_copy(frames_at(frames, 2)),
                      .leaves = bytes_copy(frames_at(frames, 3))};
}

/* Until a beacon came that is newer than all that came before. */
static void
tower_wait(tower_t *self)
{
    int64_t until = zclock_mono() + ANSWER_MS;
    CLEANUP(zpoller_destroy) zpoller_t *poller = zpoller_new(envoy_socket(self->envoy), NULL);
    for (bool behind = true, came = false; behind || !came;) {
        CLEANUP(frames_destroy) frames_t *frames = envoy_receive(self->envoy);
        if (frames) {
            tower_hear(self, frames);
            came = !behind && slice_is(frames_at(frames, 0), "BEACON");
            continue;
        }
        behind = false;
        zpoller_wait(poller, 1000);
        if (zclock_mono() > until)
            forge_die("no beacon comes");
    }
}

/* Where the worker's nonce stands in the newest; empty where it does not. The caller's. */
static bytes_t *
place_of(const tower_t *self, const char *worker, const nonce_t *nonce)
{
    const hash_t *leaves = (const hash_t *)self->leaves->data;
    size_t count = self->leaves->size / sizeof *leaves;
    hash_t leaf = beacon_leaf(worker, nonce), path[TREE_PATH_MAX];
    CLEANUP(tree_destroy) tree_t *tree = tree_new();
    bytes_t *place = bytes_new();
    for (size_t i = 0; i < count; i++)
        tree_append(tree, &leaves[i]);
    for (size_t i = 0; i < count; i++)
        if (hash_equal(&leaves[i], &leaf))
            beacon_add_place(place, i, count, path, tree_path(tree, i, path));
    return place;
}

static void
hand_on(const enemy_t *self, table_t *table, slice_t document, slice_t armor, slice_t place)
{
    CLEANUP(frames_destroy) frames_t *frames = message_new(MESSAGE_BEACON);
    frames_add(frames, document);
    frames_add(frames, armor);
    frames_add(frames, place);
    send_to(table->socket, find_peer(table, self->worker), frames);
}

/* The newest, made within the last beat. */
static void
hand_on_newest(const enemy_t *self, table_t *table, tower_t *tower)
{
    tower_wait(tower);
    hand_on(self, table, bytes_slice(tower->document), bytes_slice(tower->armor),
            slice_of(NULL, 0));
}

static void
refused_as(enemy_t *self, table_t *table, const char *words, const char *name)
{
    CLEANUP(lie_clear) lie_t lie = lie_planned(self, NULL);
    int64_t before = begun(self);
    ask(table, &lie, self->worker);
    verdict(!strcmp(table->answer.code, "beacon") && strstr(table->answer.text, words) &&
                begun(self) == before,
            name, table);
}

/* ---- what no timekeeper said -------------------------------------------------------------- */

/* Signed by the broker's own key, or by an officer's, in place of the timekeeper's. */
static void
sign_beacon(const enemy_t *self, slice_t document, const char *officer, bytes_t *armor)
{
    fault_t fault = {0};
    forge_t how = {0};
    bytes_clear(armor);
    if (officer) {
        sign_by(self, &how, officer, SIGN_BEACON, document, armor);
        return;
    }
    CLEANUP(machinekey_destroy) machinekey_t *key = machinekey_load(self->signing_key, &fault);
    if (!key)
        forge_die(fault.text);
    machinekey_sign(key, SIGN_BEACON, document, armor);
}

/* A day ahead, and it answers the worker's nonce: what would give this broker all the time there
 * is, and take back no stop that it names not. */
static void
tell_forged(enemy_t *self, table_t *table, tower_t *tower)
{
    CLEANUP(bytes_destroy) bytes_t *future = bytes_new();
    CLEANUP(bytes_destroy) bytes_t *armor = bytes_new();
    CLEANUP(bytes_destroy) bytes_t *place = bytes_new();
    tower_wait(tower);
    wall_t made = tower->newest->made;
    tower->newest->made.ms += INT64_C(86400000);
    tower->newest->nonce_count = 1;
    tower->newest->nonces = beacon_leaf(self->worker, &table->nonce);
    beacon_encode(tower->newest, future);
    tower->newest->made = made;
    beacon_add_place(place, 0, 1, NULL, 0);
    hand_on(self, table, bytes_slice(future), bytes_slice(tower->armor), bytes_slice(place));
    refused_as(self, table, "has not answered",
               "byz_time_beacon_future: a true beacon with another time is none");
    sign_beacon(self, bytes_slice(future), NULL, armor);
    hand_on(self, table, bytes_slice(future), bytes_slice(armor), bytes_slice(place));
    refused_as(self, table, "has not answered",
               "byz_time_beacon_future: nor is one that the broker's own key signed");
    sign_beacon(self, bytes_slice(future), "chi", armor);
    hand_on(self, table, bytes_slice(future), bytes_slice(armor), bytes_slice(place));
    refused_as(self, table, "has not answered",
               "byz_time_beacon_future: nor one that an officer signed");
}

/* ---- what is withheld --------------------------------------------------------------------- */

/* Beacons come, and what they name does not. */
static void
tell_named(enemy_t *self, table_t *table, tower_t *tower)
{
    CLEANUP(paper_clear) paper_t stop = stop_paper(self, "chi");
    CLEANUP(paper_clear) paper_t resume = resume_paper(self, &stop, "chi hoa");
    tower_wait(tower);
    CLEANUP(bytes_destroy) bytes_t *document = bytes_copy(bytes_slice(tower->document));
    CLEANUP(bytes_destroy) bytes_t *armor = bytes_copy(bytes_slice(tower->armor));
    tower_take(tower, &stop);
    while (!tower->newest->halt_count)
        tower_wait(tower);
    hand_on_newest(self, table, tower);
    refused_as(self, table, "names a stop",
               "byz_withhold_stop_deadman: a beacon names a stop, and nothing begins without it");
    hand_on(self, table, bytes_slice(document), bytes_slice(armor), slice_of(NULL, 0));
    refused_as(self, table, "names a stop",
               "byz_beacon_rollback: the beacon before takes nothing back");
    send_paper(self, table, &stop);
    verdict(hear(table, SAID_KEPT), "the stop is handed on", table);
    hand_on_newest(self, table, tower);
    offered(self, table, "stopped", "  and holds");
    tower_take(tower, &resume);
    send_paper(self, table, &resume);
    verdict(hear(table, SAID_KEPT), "so is what lifts it", table);
    while (tower->newest->halt_count)
        tower_wait(tower);
    hand_on_newest(self, table, tower);
    offered(self, table, "none", "  and what was stopped runs");
}

static void
tell_newer_people(enemy_t *self, table_t *table, tower_t *tower)
{
    CLEANUP(paper_clear)
    paper_t people = {forge_read(self->callee, "people", ""),
                      forge_read(self->callee, "people", ".sigs")};
    uint64_t before = tower->newest->people.version;
    tower_take(tower, &people);
    while (tower->newest->people.version == before)
        tower_wait(tower);
    hand_on_newest(self, table, tower);
    refused_as(self, table, "names people",
               "byz_withhold_new_people: a beacon names them, and nothing begins without them");
    send_paper(self, table, &people);
    settle(table, self->worker);
    hand_on_newest(self, table, tower);
    offered(self, table, "none", "  and with them it goes on");
}

/* Neither beacons come nor what they would name. */
static void
tell_silence(enemy_t *self, table_t *table, tower_t *tower)
{
    int64_t until = zclock_mono() + 2 * ANSWER_MS;
    hand_on_newest(self, table, tower);
    offered(self, table, "none", "while beacons come an order runs");
    while (zclock_mono() < until) {
        CLEANUP(lie_clear) lie_t lie = lie_planned(self, NULL);
        ask(table, &lie, self->worker);
        if (strcmp(table->answer.code, "none") != 0)
            break;
        zclock_sleep(500);
    }
    refused_as(self, table, "s old",
               "byz_withhold_stop_deadman: with the beacons withheld too, nothing begins any more");
    hand_on_newest(self, table, tower);
    offered(self, table, "none", "  until one comes");
}

static void
tell_deadman(enemy_t *self, table_t *table)
{
    CLEANUP(tower_close) tower_t tower = tower_open(self);
    tower_greet(&tower);
    meet(table, self->worker);
    if (!hear(table, SAID_NONCE))
        exit(3);
    refused_as(self, table, "has not answered", "without a beacon nothing begins");
    tell_forged(self, table, &tower);
    hand_on_newest(self, table, &tower);
    refused_as(self, table, "has not answered",
               "a beacon that answers nothing dates nothing: nobody can say how old it is");
    tower_ask(&tower, self->worker, &table->nonce);
    bytes_t *place = NULL;
    while (!place || !place->size) {
        bytes_destroy(&place);
        tower_wait(&tower);
        place = place_of(&tower, self->worker, &table->nonce);
    }
    hand_on(self, table, bytes_slice(tower.document), bytes_slice(tower.armor), bytes_slice(place));
    bytes_destroy(&place);
    offered(self, table, "none", "with one that does, an order runs");
    tell_named(self, table, &tower);
    tell_newer_people(self, table, &tower);
    tell_silence(self, table, &tower);
}

#endif
