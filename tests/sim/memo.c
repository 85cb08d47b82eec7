/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/sim/memo.h"

#include <assert.h>
#include <stdlib.h>

#define SLOTS 4096 /* of each table; at most half of them are taken */

typedef enum {
#define X(noun) KIND_##noun,
    MEMO_KINDS(X)
#undef X
        KIND_ARMORS,
    KIND_ARMOR
} kind_t;

typedef struct {
    hash_t hash; /* of the bytes, and of the kind */
    void *thing; /* ours; NULL in an empty slot */
    kind_t kind;
} line_t;

/* Open addressing, by the bytes and by the object; what is behind `kept` goes with memo_forget. */
static line_t lines[SLOTS], *by_thing[SLOTS];
static line_t *order[SLOTS / 2];
static size_t count, kept;

static line_t *
find(const hash_t *hash)
{
    size_t at;
    memcpy(&at, hash->bytes, sizeof at);
    for (;; at++) {
        line_t *line = &lines[at % SLOTS];
        if (!line->thing || hash_equal(&line->hash, hash))
            return line;
    }
}

static line_t **
find_thing(const void *thing)
{
    size_t at = (size_t)((uintptr_t)thing / 16 * 0x9e3779b97f4a7c15u >> 32);
    for (;; at++) {
        line_t **line = &by_thing[at % SLOTS];
        if (!*line || (*line)->thing == thing)
            return line;
    }
}

static hash_t
key_of(kind_t kind, slice_t bytes)
{
    hash_t hash = hash_of(bytes);
    hash.bytes[HASH_BYTES - 1] ^= (uint8_t)kind;
    return hash;
}

/* Once there is no more room, whoever decoded something owns it. */
static void
remember(line_t *line, const hash_t *hash, kind_t kind, void *thing)
{
    if (count == ARRAY_SIZE(order))
        return;
    *line = (line_t){*hash, thing, kind};
    *find_thing(thing) = order[count++] = line;
}

#define X(noun)                                                        \
    noun##_t *__wrap_##noun##_decode(slice_t document, fault_t *fault) \
    {                                                                  \
        hash_t hash = key_of(KIND_##noun, document);                   \
        line_t *line = find(&hash);                                    \
        if (line->thing)                                               \
            return line->thing;                                        \
        noun##_t *thing = __real_##noun##_decode(document, fault);     \
        if (thing)                                                     \
            remember(line, &hash, KIND_##noun, thing);                 \
        return thing;                                                  \
    }                                                                  \
    void __wrap_##noun##_destroy(noun##_t **self_p)                    \
    {                                                                  \
        if (*self_p && *find_thing(*self_p))                           \
            *self_p = NULL;                                            \
        else                                                           \
            __real_##noun##_destroy(self_p);                           \
    }
MEMO_KINDS(X)
#undef X

/* ---- armors ------------------------------------------------------------------------------ */

typedef struct {
    signature_t signature;
    size_t size; /* of its armor */
} armored_t;

static void
remember_armor(line_t *line, const hash_t *hash, kind_t kind, const signature_t *signature,
               size_t size)
{
    if (count == ARRAY_SIZE(order))
        return;
    armored_t *thing = memory_new(1, sizeof *thing);
    *thing = (armored_t){*signature, size};
    remember(line, hash, kind, thing);
}

int
__wrap_signature_next(signature_t *self, slice_t *armors, fault_t *fault)
{
    hash_t hash = key_of(KIND_ARMORS, *armors);
    line_t *line = find(&hash);
    const armored_t *known = line->thing;
    if (!known) {
        slice_t rest = *armors;
        int taken = __real_signature_next(self, &rest, fault);
        if (taken == 1)
            remember_armor(line, &hash, KIND_ARMORS, self, armors->size - rest.size);
        *armors = rest;
        return taken;
    }
    *self = known->signature;
    *armors = slice_of(armors->data + known->size, armors->size - known->size);
    return 1;
}

int
__wrap_signature_decode_by(signature_t *self, slice_t armor, const pubkey_t *key, fault_t *fault)
{
    slice_t parts[] = {armor, slice_of(key, key ? sizeof *key : 0)};
    hash_t hash = hash_of_parts(parts, ARRAY_SIZE(parts));
    line_t *line = find(&hash);
    const armored_t *known = line->thing;
    if (!known) {
        if (__real_signature_decode_by(self, armor, key, fault))
            return -1;
        remember_armor(line, &hash, KIND_ARMOR, self, armor.size);
        return 0;
    }
    *self = known->signature;
    return 0;
}

/* ---- forgetting -------------------------------------------------------------------------- */

static void
destroy(const line_t *line)
{
    void *thing = line->thing;
    switch (line->kind) {
#define X(noun)                                       \
    case KIND_##noun:                                 \
        __real_##noun##_destroy((noun##_t **)&thing); \
        break;
        MEMO_KINDS(X)
#undef X
    default:
        free(thing);
    }
}

void
memo_keep(void)
{
    kept = count;
}

/* Backwards: on the way to a line stand only such as came before it. */
void
memo_forget(void)
{
    while (count > kept) {
        line_t *line = order[--count];
        *find_thing(line->thing) = NULL;
        destroy(line);
        *line = (line_t){0};
    }
}
