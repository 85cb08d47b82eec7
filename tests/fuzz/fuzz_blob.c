/* SPDX-License-Identifier: Apache-2.0 */
/* The blob of a signature, as it stands in an armor: of one that is read, every field was looked
 * at, so that one of its bytes changed is refused or read as something else. */
#include <assert.h>

#include "keys/base64.h"
#include "keys/signature.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define WIDTH 70

static int
read_blob(slice_t blob, signature_t *out, fault_t *fault)
{
    CLEANUP(bytes_destroy) bytes_t *base64 = bytes_new();
    CLEANUP(bytes_destroy) bytes_t *armor = bytes_new();
    base64_write(blob, base64);
    bytes_add_text(armor, "-----BEGIN SSH SIGNATURE-----\n");
    for (size_t at = 0; at < base64->size; at += WIDTH) {
        size_t left = base64->size - at;
        bytes_add(armor, base64->data + at, left < WIDTH ? left : WIDTH);
        bytes_add_text(armor, "\n");
    }
    bytes_add_text(armor, "-----END SSH SIGNATURE-----\n");
    return signature_decode(out, bytes_slice(armor), fault);
}

static bool
same(const signature_t *left, const signature_t *right)
{
    return pubkey_equal(&left->key, &right->key) && left->purpose == right->purpose &&
           left->sha256 == right->sha256 && left->flags == right->flags &&
           left->counter == right->counter &&
           !memcmp(left->bytes, right->bytes, sizeof left->bytes);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    signature_t signature, other;
    fault_t fault = {0};
    if (read_blob(slice_of(data, size), &signature, &fault)) {
        assert(fault.code == FAULT_SIGNATURE || fault.code == FAULT_NAMESPACE ||
               fault.code == FAULT_KEY);
        return 0;
    }
    assert(fault.code == FAULT_NONE);
    CLEANUP(bytes_destroy) bytes_t *changed = bytes_copy(slice_of(data, size));
    for (size_t i = 0; i < size; i++) {
        changed->data[i] ^= 1;
        assert(read_blob(bytes_slice(changed), &other, &fault) || !same(&signature, &other));
        changed->data[i] ^= 1;
    }
    return 0;
}
