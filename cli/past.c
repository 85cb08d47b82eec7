/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/past.h"

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
