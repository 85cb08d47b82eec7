/* SPDX-License-Identifier: Apache-2.0 */
#include "keys/keyring.h"

#include <stdlib.h>

enum { SIGNING, X25519, KINDS_OF_A_WORKER = 3 };

_Static_assert(sizeof(curvekey_t) == PUBKEY_BYTES, "keys of either kind are as long");

typedef struct {
    int kind;
    const uint8_t *bytes; /* PUBKEY_BYTES */
    const worker_line_t *worker;
} row_t;

struct keyring {
    size_t count;
    row_t *rows;
};

static int
by_key(const void *left, const void *right)
{
    const row_t *one = left, *other = right;
    return one->kind != other->kind ? one->kind - other->kind
                                    : memcmp(one->bytes, other->bytes, PUBKEY_BYTES);
}

/* The rows of one worker; how many. */
static size_t
rows_of(const worker_line_t *worker, row_t out[static KINDS_OF_A_WORKER])
{
    out[0] = (row_t){SIGNING, worker->key.key, worker};
    out[1] = (row_t){X25519, worker->curve.bytes, worker};
    out[2] = (row_t){X25519, worker->sealing.bytes, worker};
    return worker->seals ? 3 : 2;
}

keyring_t *
keyring_new(const fleet_t *fleet)
{
    keyring_t *self = memory_new(1, sizeof *self);
    self->rows = memory_new(KINDS_OF_A_WORKER * (fleet->worker_count + 1), sizeof *self->rows);
    for (size_t i = 0; i < fleet->worker_count; i++)
        self->count += rows_of(&fleet->workers[i], self->rows + self->count);
    qsort(self->rows, self->count, sizeof *self->rows, by_key);
    return self;
}

void
keyring_destroy(keyring_t **self_p)
{
    keyring_t *self = *self_p;
    if (!self)
        return;
    free(self->rows);
    free(self);
    *self_p = NULL;
}

bool
keyring_doubled(const keyring_t *self, const worker_line_t **one, const worker_line_t **other)
{
    for (size_t i = 1; i < self->count; i++)
        if (!by_key(&self->rows[i - 1], &self->rows[i])) {
            bool first = self->rows[i - 1].worker < self->rows[i].worker;
            *one = self->rows[i - first].worker;
            *other = self->rows[i - !first].worker;
            return true;
        }
    return false;
}

const worker_line_t *
keyring_shares(const keyring_t *self, const worker_line_t *worker)
{
    row_t rows[KINDS_OF_A_WORKER];
    const row_t *found = NULL;
    size_t count = rows_of(worker, rows);
    for (size_t i = 0; !found && i < count; i++)
        found = bsearch(&rows[i], self->rows, self->count, sizeof *self->rows, by_key);
    return found ? found->worker : NULL;
}
