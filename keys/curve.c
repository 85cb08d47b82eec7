/* SPDX-License-Identifier: Apache-2.0 */
#include "keys/curve.h"

#include <assert.h>
#include <sodium.h>
#include <sys/stat.h>
#include <unistd.h>

#include "common/file.h"

static void
derive_public(curvepair_t *self)
{
    int failed = crypto_scalarmult_base(self->public_key.bytes, self->secret);
    assert(!failed);
}

int
curve_load(curvepair_t *self, const char *path, fault_t *fault)
{
    struct stat status;
    CLEANUP(bytes_destroy) bytes_t *text = file_read(path, 80, fault);
    if (!text)
        return -1;
    if (stat(path, &status) || status.st_mode & 077) {
        sodium_memzero(text->data, text->size);
        return fault_set(fault, FAULT_KEY, "'%s' may be read by others: chmod 600 it", path);
    }
    bool whole = text->size == 65 && text->data[64] == '\n';
    if (whole)
        text->data[64] = '\0';
    bool good = whole && hex_decode(bytes_text(text), self->secret, sizeof self->secret);
    sodium_memzero(text->data, text->size);
    if (!good)
        return fault_set(fault, FAULT_KEY, "'%s' is not 64 hexadecimal digits and a line end",
                         path);
    derive_public(self);
    return 0;
}

int
curve_make(curvepair_t *self, const char *path, fault_t *fault)
{
    char text[66];
    if (!access(path, F_OK))
        return fault_set(fault, FAULT_CONFLICT, "'%s' is there already", path);
    curve_random(self);
    hex_encode(slice_of(self->secret, sizeof self->secret), text);
    text[64] = '\n';
    int failed = file_write(path, slice_of(text, 65), 0600, fault);
    sodium_memzero(text, sizeof text);
    return failed;
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
