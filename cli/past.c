/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/past.h"

#include <assert.h>
#include <czmq.h>
#include <dirent.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>

#include "common/memory.h"
#include "wire/dossier.h"

struct past {
    hash_t site;
    slice_t now; /* while it is made */
    size_t count, capacity;
    trust_t **eras;
};

/* ---- from a folder ------------------------------------------------------------------------ */

static int
is_document(const struct dirent *entry)
{
    size_t size = strlen(entry->d_name);
    return entry->d_name[0] != '.' && (size < 5 || strcmp(entry->d_name + size - 5, ".sigs") != 0);
}

/* Whether it is the first time that this is said. */
static bool
is_new(zhashx_t *seen, const char *what, const char *name, const pubkey_t *key)
{
    char text[3 * TEXT_NAME_MAX + HASH_TEXT], digits[HASH_TEXT] = "-";
    hash_t hash = key ? pubkey_hash(key) : HASH_ZERO;
    snprintf(text, sizeof text, "%s %s %s", what, name, hash_write(&hash, digits));
    return !zhashx_insert(seen, text, seen);
}

/* Whether people or a fleet says of anyone what is not seen yet: a key, or who signs for a region.
 */
static bool
adds(zhashx_t *seen, slice_t document)
{
    size_t fresh = 0;
    CLEANUP(people_destroy) people_t *people = people_decode(document, NULL);
    CLEANUP(fleet_destroy) fleet_t *fleet = people ? NULL : fleet_decode(document, NULL);
    for (size_t i = 0; people && i < people->key_count; i++)
        fresh += is_new(seen, "person", people->keys[i].person, &people->keys[i].key);
    for (size_t i = 0; people && i < people->delegate_count; i++)
        fresh += is_new(seen, people->delegates[i].region, people->delegates[i].person, NULL);
    for (size_t i = 0; fleet && i < fleet->worker_count; i++)
        fresh += is_new(seen, "worker", fleet->workers[i].id, &fleet->workers[i].key);
    for (size_t i = 0; fleet && i < fleet->signer_count; i++)
        fresh += is_new(seen, fleet->region, fleet->signers[i].source, &fleet->signers[i].key);
    return fresh > 0;
}

static zhashx_t *
said_now(const char *folder, fault_t *fault)
{
    slice_t document, armors;
    CLEANUP(bytes_destroy) bytes_t *now = bytes_new();
    if (dossier_read(folder, NULL, now, fault))
        return NULL;
    zhashx_t *seen = zhashx_new();
    assert(seen);
    for (slice_t rest = bytes_slice(now); dossier_next(&rest, &document, &armors, NULL) == 1;)
        adds(seen, document);
    return seen;
}

static int
add_past(zhashx_t *seen, const char *path, bytes_t *out, fault_t *fault)
{
    fault_t why = {0};
    CLEANUP(bytes_destroy) bytes_t *document = NULL;
    CLEANUP(bytes_destroy) bytes_t *armors = NULL;
    if (signed_load(path, &document, &armors, &why)) {
        if (why.code == FAULT_NOT_FOUND)
            return 0;
        *fault = why;
        return -1;
    }
    if (!adds(seen, bytes_slice(document)))
        return 0;
    bytes_add_slice(out, bytes_slice(document));
    bytes_add_slice(out, bytes_slice(armors));
    if (out->size > DOSSIER_BYTES_MAX)
        return fault_set(fault, FAULT_LIMIT, "what '%.100s' and others replaced is over %zu MiB",
                         path, DOSSIER_BYTES_MAX >> 20);
    return 0;
}

int
past_read(const char *folder, bytes_t *out, fault_t *fault)
{
    char path[PATH_MAX];
    struct dirent **entries = NULL;
    CLEANUP(zhashx_destroy) zhashx_t *seen = said_now(folder, fault);
    if (!seen)
        return -1;
    snprintf(path, sizeof path, "%s/past", folder);
    int count = scandir(path, &entries, is_document, versionsort), failed = 0;
    for (int i = count; i-- > 0;) {
        char file[PATH_MAX + 512];
        snprintf(file, sizeof file, "%s/%s", path, entries[i]->d_name);
        failed = failed ? failed : add_past(seen, file, out, fault);
        free(entries[i]);
    }
    free(entries);
    return failed;
}

/* ---- what of it was in force -------------------------------------------------------------- */

/* One of a text's documents. */
typedef struct {
    slice_t document, armors;
} sheet_t;

static bool
next_of(slice_t *text, const char *front, sheet_t *out)
{
    fault_t none;
    while (dossier_next(text, &out->document, &out->armors, &none) == 1)
        if (out->document.size >= strlen(front) &&
            !memcmp(out->document.data, front, strlen(front)))
            return true;
    return false;
}

/* The roots up to that one; NULL where they do not hold. */
static trust_t *
roots_up_to(const past_t *self, uint64_t version)
{
    fault_t none;
    sheet_t root;
    slice_t rest = self->now;
    CLEANUP(trust_destroy) trust_t *trust = trust_new(&self->site);
    while ((!trust_root(trust) || trust_root(trust)->version < version) &&
           next_of(&rest, "tocsin-root ", &root))
        if (trust_add_root(trust, root.document, root.armors, &none))
            return NULL;
    return MOVE(trust);
}

/* As it was when these people were in force; NULL where they never were. */
static trust_t *
era_of(const past_t *self, const sheet_t *sheet)
{
    fault_t none;
    CLEANUP(people_destroy) people_t *people = people_decode(sheet->document, &none);
    CLEANUP(trust_destroy)
    trust_t *trust = people ? roots_up_to(self, people->root_version) : NULL;
    if (!trust || trust_add(trust, sheet->document, sheet->armors, &none))
        return NULL;
    return MOVE(trust);
}

static void
keep(past_t *self, trust_t **era)
{
    self->eras = memory_grow(self->eras, self->count, &self->capacity, sizeof(trust_t *));
    self->eras[self->count++] = MOVE(*era);
}

/* Where some people delegate its officer. */
static void
keep_fleet(past_t *self, slice_t people_of, const sheet_t *fleet)
{
    fault_t none;
    sheet_t people;
    while (next_of(&people_of, "tocsin-people ", &people)) {
        CLEANUP(trust_destroy) trust_t *era = era_of(self, &people);
        if (!era || trust_add(era, fleet->document, fleet->armors, &none))
            continue;
        keep(self, &era);
        return;
    }
}

past_t *
past_of(const hash_t *site, slice_t now, slice_t replaced)
{
    sheet_t sheet;
    slice_t rest = replaced;
    past_t *self = memory_new(1, sizeof *self);
    CLEANUP(bytes_destroy) bytes_t *all = bytes_copy(now);
    bytes_add_slice(all, replaced);
    self->site = *site;
    self->now = now;
    while (next_of(&rest, "tocsin-people ", &sheet)) {
        CLEANUP(trust_destroy) trust_t *era = era_of(self, &sheet);
        if (era)
            keep(self, &era);
    }
    rest = replaced;
    while (next_of(&rest, "tocsin-fleet ", &sheet))
        keep_fleet(self, bytes_slice(all), &sheet);
    self->now = (slice_t){0};
    return self;
}

void
past_destroy(past_t **self_p)
{
    past_t *self = *self_p;
    if (!self)
        return;
    for (size_t i = 0; i < self->count; i++)
        trust_destroy(&self->eras[i]);
    free(self->eras);
    free(self);
    *self_p = NULL;
}

size_t
past_count(const past_t *self)
{
    return self->count;
}

trust_t *
past_at(const past_t *self, size_t index)
{
    return self->eras[index];
}
