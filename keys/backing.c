/* SPDX-License-Identifier: Apache-2.0 */
#include <assert.h>
#include <stdlib.h>

#include "keys/trust_private.h"

#define CACHE_LINES 256

typedef struct {
    hash_t hash; /* of the document's hash, armors and purposes */
    backing_t backing;
} cache_line_t;

/* A ring, once it is full: the oldest chain makes room for the newest. */
struct cache {
    size_t next, count, capacity;
    cache_line_t *lines;
};

cache_t *
cache_new(void)
{
    return memory_new(1, sizeof(cache_t));
}

void
cache_destroy(cache_t **self_p)
{
    cache_t *self = *self_p;
    assert(self);
    free(self->lines);
    free(self);
    *self_p = NULL;
}

void
cache_clear(cache_t *self)
{
    self->next = self->count = 0;
}

static const backing_t *
cache_find(const cache_t *self, const hash_t *hash)
{
    for (size_t i = 0; i < self->count; i++)
        if (hash_equal(&self->lines[i].hash, hash))
            return &self->lines[i].backing;
    return NULL;
}

static void
cache_add(cache_t *self, const hash_t *hash, const backing_t *backing)
{
    if (self->count < CACHE_LINES) {
        self->lines = memory_grow(self->lines, self->count, &self->capacity, sizeof *self->lines);
        self->count++;
    }
    assert(self->lines);
    self->lines[self->next] = (cache_line_t){*hash, *backing};
    self->next = (self->next + 1) % CACHE_LINES;
}

bool
signers_have(const signers_t *self, const char *person)
{
    for (size_t i = 0; i < self->count; i++)
        if (!strcmp(self->person[i], person))
            return true;
    return false;
}

void
signers_add(signers_t *self, const char *person)
{
    if (signers_have(self, person))
        return;
    assert(self->count < SIGNATURES_MAX);
    size_t at = self->count++;
    for (; at > 0 && strcmp(self->person[at - 1], person) > 0; at--)
        memcpy(self->person[at], self->person[at - 1], sizeof self->person[at]);
    text_copy(self->person[at], sizeof self->person[at], person);
}

/* The purpose it says it has, where that is one of those asked for; else the first of those, so
 * that signature_check says which was needed. */
static purpose_t
purpose_of(const signature_t *signature, unsigned purposes)
{
    if (purposes & 1u << signature->purpose)
        return signature->purpose;
    return (purpose_t)__builtin_ctz(purposes);
}

int
signatures_read(signatures_t *self, slice_t document, slice_t armors, unsigned purposes,
                fault_t *fault)
{
    signature_t signature;
    int taken;
    assert(purposes);
    self->count = 0;
    if (armors.size > SIGNATURES_BYTES_MAX)
        return fault_set(fault, FAULT_LIMIT, "signatures of over %d bytes", SIGNATURES_BYTES_MAX);
    while ((taken = signature_next(&signature, &armors, fault)) > 0) {
        if (self->count == SIGNATURES_MAX)
            return fault_set(fault, FAULT_LIMIT, "over %d signatures", SIGNATURES_MAX);
        if (signature_check(&signature, document, purpose_of(&signature, purposes), fault))
            return -1;
        self->signature[self->count++] = signature;
    }
    return taken;
}

static bool
is_of_release(purpose_t purpose)
{
    return purpose == SIGN_AUTHOR || purpose == SIGN_APPROVE;
}

/* What is stored may be signed by keys that are nobody's any more, or revoked; and a release goes
 * without the names that were. */
static int
resolve(const trust_t *self, const signatures_t *signatures, bool stored, backing_t *backing,
        fault_t *fault)
{
    char print[PUBKEY_FINGERPRINT_TEXT];
    for (size_t i = 0; i < signatures->count; i++) {
        const signature_t *signature = &signatures->signature[i];
        const person_key_t *line = people_find(self->people, &signature->key);
        bool spared = stored || (line && is_of_release(signature->purpose));
        if (!line && spared)
            continue;
        if (!line)
            return fault_set(fault, FAULT_KEY, "key %s that signed is nobody's among people",
                             pubkey_fingerprint(&signature->key, print));
        if (trust_check_signer(self, line, spared ? NULL : fault)) {
            if (spared)
                continue;
            return -1;
        }
        bool pin = signature->key.kind == PUBKEY_ED25519 || signature->flags & SIGNATURE_PIN;
        backing->backer[backing->count++] = (backer_t){line, signature->purpose, pin};
    }
    return 0;
}

int
trust_backing_stored(const trust_t *self, slice_t document, slice_t armors, unsigned purposes,
                     backing_t *backing, fault_t *fault)
{
    signatures_t signatures;
    *backing = (backing_t){0};
    if (signatures_read(&signatures, document, armors, purposes, fault))
        return -1;
    return resolve(self, &signatures, true, backing, fault);
}

int
trust_backing(const trust_t *self, slice_t document, slice_t armors, unsigned purposes,
              backing_t *backing, fault_t *fault)
{
    hash_t hash = hash_of(document);
    return trust_backing_of(self, document, &hash, armors, purposes, backing, fault);
}

int
trust_backing_of(const trust_t *self, slice_t document, const hash_t *document_hash, slice_t armors,
                 unsigned purposes, backing_t *backing, fault_t *fault)
{
    signatures_t signatures;
    backing_t found = {0};
    slice_t parts[] = {hash_slice(document_hash), armors, slice_of(&purposes, sizeof purposes)};
    hash_t hash = hash_of_parts(parts, ARRAY_SIZE(parts));
    assert(self->people && self->cache);
    const backing_t *known = cache_find(self->cache, &hash);
    if (known) {
        *backing = *known;
        return 0;
    }
    if (signatures_read(&signatures, document, armors, purposes, fault) ||
        resolve(self, &signatures, false, &found, fault))
        return -1;
    cache_add(self->cache, &hash, &found);
    *backing = found;
    return 0;
}
