/* SPDX-License-Identifier: Apache-2.0 */
#include "sidecars/metronome.h"

#include <assert.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>

#include "common/document.h"
#include "common/file.h"
#include "common/log.h"
#include "keys/folder.h"
#include "wire/merkle.h"
#include "wire/site_folder.h"

#define BEACON_FILE_MAX (DOCUMENT_BYTES_MAX + SIGNATURE_ARMOR_MAX)

struct metronome {
    char site[PATH_MAX];     /* folder of documents */
    char file[PATH_MAX];     /* of the newest beacon: document, then armor */
    const machinekey_t *key; /* the caller's */
    curvekey_t curve;
    trust_t *trust;
    bool fresh;        /* something came since the last beacon */
    bool begun;        /* beat_at is of a beat */
    mono_t beat_at;    /* the last beat, made or refused */
    size_t leaf_count; /* nonces that wait */
    hash_t *leaves;
    bytes_t *document, *armor, *answered; /* of the newest beacon */
    uint64_t sequence;
    wall_t made;
};

/* ---- the state ----------------------------------------------------------------------------- */

/* Whose word it is was looked at when it was written: here it says where to go on. */
static int
read_newest(metronome_t *self, fault_t *fault)
{
    fault_t why = {0};
    slice_t document, armor;
    CLEANUP(bytes_destroy) bytes_t *both = file_read(self->file, BEACON_FILE_MAX, &why);
    if (!both)
        return why.code == FAULT_NOT_FOUND ? 0 : fault_set(fault, why.code, "%s", why.text);
    if (!document_split(bytes_slice(both), &document, &armor))
        return fault_set(fault, FAULT_FORMAT, "'%s' is cut short", self->file);
    CLEANUP(beacon_destroy) beacon_t *beacon = beacon_decode(document, fault);
    if (!beacon)
        return fault_wrap(fault, "'%s'", self->file);
    self->sequence = beacon->sequence;
    self->made = beacon->made;
    bytes_add_slice(self->document, document);
    bytes_add_slice(self->armor, armor);
    return 0;
}

metronome_t *
metronome_load(const char *folder, const hash_t *site, const machinekey_t *key,
               const curvekey_t *curve, fault_t *fault)
{
    CLEANUP(metronome_destroy) metronome_t *self = memory_new(1, sizeof *self);
    self->key = key;
    self->curve = *curve;
    self->trust = trust_new(site);
    self->leaves = memory_new(BEACON_NONCES_MAX, sizeof *self->leaves);
    self->document = bytes_new();
    self->armor = bytes_new();
    self->answered = bytes_new();
    if (snprintf(self->site, sizeof self->site, "%s/site", folder) >= PATH_MAX ||
        snprintf(self->file, sizeof self->file, "%s/beacon", folder) >= PATH_MAX) {
        fault_set(fault, FAULT_LIMIT, "'%.100s' is too long a path", folder);
        return NULL;
    }
    return site_folder_load(self->site, self->trust, fault) || read_newest(self, fault)
               ? NULL
               : MOVE(self);
}

void
metronome_destroy(metronome_t **self_p)
{
    metronome_t *self = *self_p;
    if (!self)
        return;
    trust_destroy(&self->trust);
    free(self->leaves);
    bytes_destroy(&self->document);
    bytes_destroy(&self->armor);
    bytes_destroy(&self->answered);
    free(self);
    *self_p = NULL;
}

const trust_t *
metronome_trust(const metronome_t *self)
{
    return self->trust;
}

const char *
metronome_folder(const metronome_t *self)
{
    return self->site;
}

/* ---- taking -------------------------------------------------------------------------------- */

int
metronome_take(metronome_t *self, slice_t document, slice_t armors, fault_t *fault)
{
    hash_t hash = hash_of(document);
    if (site_folder_has(self->site, document))
        return 0;
    if (trust_add(self->trust, document, armors, fault))
        return -1;
    if (halt_is(document) && !trust_keeps_halt(self->trust, &hash))
        return 0; /* a second resume of one stop */
    if (site_folder_keep(self->site, document, armors, fault) ||
        site_folder_prune(self->site, self->trust, fault))
        return -1;
    self->fresh = true;
    return 1;
}

/* One file of a folder: 1 there, 0 not. What is refused is older, or not in order. */
static int
bring_one(void *context, const char *folder, const char *name, fault_t *fault)
{
    metronome_t *self = context;
    fault_t why = {0};
    char path[PATH_MAX];
    CLEANUP(bytes_destroy) bytes_t *document = NULL;
    CLEANUP(bytes_destroy) bytes_t *armors = NULL;
    if (snprintf(path, sizeof path, "%s/%s", folder, name) >= PATH_MAX)
        return fault_set(fault, FAULT_LIMIT, "'%.100s' is too long a path", folder);
    if (signed_load(path, &document, &armors, &why))
        return why.code == FAULT_NOT_FOUND ? 0 : fault_set(fault, why.code, "%s", why.text);
    if (metronome_take(self, bytes_slice(document), bytes_slice(armors), &why) < 0) {
        if (why.code == FAULT_IO || why.code == FAULT_FULL)
            return fault_set(fault, why.code, "%s", why.text);
        if (why.code != FAULT_VERSION)
            log_warning("'%s' is not taken: %s", path, why.text);
    }
    return 1;
}

int
metronome_bring(metronome_t *self, const char *folder, fault_t *fault)
{
    static const char *const fronts[] = {"fleet.", "stop.", "revoke.", "resume.", NULL};
    return folder_walk(folder, fronts, bring_one, self, fault);
}

int
metronome_ask(metronome_t *self, const char *worker, const char *nonce, fault_t *fault)
{
    nonce_t read;
    if (!text_is_name(worker) || !nonce_read(nonce, &read))
        return fault_set(fault, FAULT_FORMAT, "a nonce of no worker, or not of 32 digits");
    hash_t leaf = beacon_leaf(worker, &read);
    if (self->leaf_count == BEACON_NONCES_MAX)
        return fault_set(fault, FAULT_LIMIT, "%d nonces wait already", BEACON_NONCES_MAX);
    self->leaves[self->leaf_count++] = leaf;
    return 0;
}

/* ---- the beat ------------------------------------------------------------------------------ */

int64_t
metronome_wait(const metronome_t *self, int64_t beat_ms, mono_t now)
{
    int64_t most = self->fresh || self->leaf_count ? METRONOME_SOON_MS : beat_ms;
    int64_t left = self->begun ? self->beat_at.ms + most - now.ms : 0;
    return left > 0 ? left : 0;
}

static int
check_named(const metronome_t *self, fault_t *fault)
{
    const root_t *root = trust_root(self->trust);
    if (!root)
        return fault_set(fault, FAULT_NOT_FOUND,
                         "no root is here: name a site folder by 'documents'");
    if (!root->timekeeper.name[0] ||
        !pubkey_equal(&root->timekeeper.key, machinekey_public(self->key)) ||
        memcmp(root->timekeeper.curve.bytes, self->curve.bytes, sizeof self->curve.bytes) != 0)
        return fault_set(fault, FAULT_DENIED,
                         "root %llu does not name this timekeeper's keys: no beacon is signed",
                         (unsigned long long)root->version);
    return 0;
}

/* The tree's leaves in their order, each once, and its head into the beacon. */
static void
close_tree(metronome_t *self, beacon_t *beacon)
{
    merkle_t tree = {0};
    size_t count = 0;
    qsort(self->leaves, self->leaf_count, sizeof *self->leaves, hash_order);
    for (size_t i = 0; i < self->leaf_count; i++)
        if (!count || !hash_equal(&self->leaves[count - 1], &self->leaves[i])) {
            self->leaves[count++] = self->leaves[i];
            merkle_append(&tree, &self->leaves[count - 1]);
        }
    self->leaf_count = count;
    beacon->nonce_count = self->leaf_count;
    if (self->leaf_count)
        beacon->nonces = merkle_head(&tree);
}

static int
write_newest(const metronome_t *self, const bytes_t *document, const bytes_t *armor, fault_t *fault)
{
    CLEANUP(bytes_destroy) bytes_t *both = bytes_copy(bytes_slice(document));
    bytes_add_slice(both, bytes_slice(armor));
    return file_write(self->file, bytes_slice(both), 0600, fault);
}

int
metronome_beat(metronome_t *self, wall_t now, mono_t clock, fault_t *fault)
{
    char last[MOMENT_TEXT_MAX];
    self->begun = true;
    self->beat_at = clock;
    if (check_named(self, fault))
        return -1;
    wall_write_instant(self->made, last);
    if (now.ms <= self->made.ms)
        return fault_set(fault, FAULT_STALE,
                         "this clock is behind the last beacon's %s: set it, or give root another "
                         "timekeeper's keys",
                         last);
    trust_forget_past(self->trust, now);
    CLEANUP(beacon_destroy) beacon_t *beacon = trust_beacon(self->trust);
    CLEANUP(bytes_destroy) bytes_t *document = bytes_new();
    CLEANUP(bytes_destroy) bytes_t *armor = bytes_new();
    beacon->sequence = self->sequence + 1;
    beacon->made = now;
    close_tree(self, beacon);
    beacon_encode(beacon, document);
    machinekey_sign(self->key, SIGN_BEACON, bytes_slice(document), armor);
    if (write_newest(self, document, armor, fault))
        return -1;
    bytes_clear(self->answered);
    bytes_add(self->answered, self->leaves, self->leaf_count * sizeof *self->leaves);
    bytes_destroy(&self->document);
    bytes_destroy(&self->armor);
    self->document = MOVE(document);
    self->armor = MOVE(armor);
    self->sequence = beacon->sequence;
    self->made = now;
    self->leaf_count = 0;
    self->fresh = false;
    return 0;
}

tick_t
metronome_tick(const metronome_t *self)
{
    return (tick_t){.document = bytes_slice(self->document),
                    .armor = bytes_slice(self->armor),
                    .leaves = bytes_slice(self->answered),
                    .sequence = self->sequence,
                    .made = self->made};
}
