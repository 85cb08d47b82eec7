/* SPDX-License-Identifier: Apache-2.0 */
/* The blob of a public key: one that is read is written the same, and so is its line. */
#include <assert.h>

#include "keys/pubkey.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    pubkey_t key, again;
    fault_t fault = {0};
    char print[PUBKEY_FINGERPRINT_TEXT];
    slice_t blob = slice_of(data, size);
    CLEANUP(bytes_destroy) bytes_t *written = bytes_new();
    CLEANUP(bytes_destroy) bytes_t *line = bytes_new();
    int failed = pubkey_decode(&key, blob, &fault);
    assert(!failed == (fault.code == FAULT_NONE));
    if (failed)
        return 0;
    pubkey_encode(&key, written);
    assert(slice_equal(blob, bytes_slice(written)));
    pubkey_write(&key, line);
    failed = pubkey_read_line(&again, bytes_text(line), &fault);
    assert(!failed && pubkey_equal(&key, &again));
    assert(strlen(pubkey_fingerprint(&key, print)) == strlen("SHA256:") + 43);
    return 0;
}
