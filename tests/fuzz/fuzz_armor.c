/* SPDX-License-Identifier: Apache-2.0 */
/* Armors one after another, and lines of public keys. What is read has its one spelling. */
#include <assert.h>

#include "keys/signature.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void
read_key(slice_t input)
{
    pubkey_t key, again;
    fault_t fault = {0};
    CLEANUP(bytes_destroy) bytes_t *line = bytes_copy(input);
    if (strlen(bytes_text(line)) != line->size || pubkey_read_line(&key, bytes_text(line), &fault))
        return;
    CLEANUP(bytes_destroy) bytes_t *written = bytes_new();
    pubkey_write(&key, written);
    int failed = pubkey_read_line(&again, bytes_text(written), &fault);
    assert(!failed && pubkey_equal(&key, &again));
    assert(line->size >= written->size && !memcmp(line->data, written->data, written->size));
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    signature_t signature;
    fault_t fault = {0};
    slice_t rest = slice_of(data, size);
    int taken;
    while ((taken = signature_next(&signature, &rest, &fault)) > 0) {
        fault_t why = {0};
        int failed = signature_check(&signature, slice_text("message"), signature.purpose, &why);
        assert(!failed == (why.code == FAULT_NONE));
    }
    assert(taken == 0 || fault.code == FAULT_SIGNATURE || fault.code == FAULT_NAMESPACE ||
           fault.code == FAULT_KEY);
    read_key(slice_of(data, size));
    return 0;
}
