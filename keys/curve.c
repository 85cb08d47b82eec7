/* SPDX-License-Identifier: Apache-2.0 */
#include "keys/curve.h"

#include <assert.h>
#include <sodium.h>

#include "keys/secret.h"

static void
derive_public(curvepair_t *self)
{
    int failed = crypto_scalarmult_base(self->public_key.bytes, self->secret);
    assert(!failed);
}

int
curve_load(curvepair_t *self, const char *path, fault_t *fault)
{
    if (secret_load(path, self->secret, fault))
        return -1;
    derive_public(self);
    return 0;
}

int
curve_make(curvepair_t *self, const char *path, fault_t *fault)
{
    if (secret_make(path, self->secret, fault))
        return -1;
    derive_public(self);
    return 0;
}

void
curve_random(curvepair_t *self)
{
    randombytes_buf(self->secret, sizeof self->secret);
    derive_public(self);
}

void
curve_forget(curvepair_t *self)
{
    sodium_memzero(self, sizeof *self);
}
