/* SPDX-License-Identifier: Apache-2.0 */
/* The canonical encoding: what decodes, encodes to the same bytes, and is equal to its copy. */
#include <assert.h>

#include "wire/value.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    fault_t fault = {0};
    CLEANUP(value_destroy) value_t *self = value_decode(slice_of(data, size), &fault);
    assert(!self == (fault.code != FAULT_NONE));
    if (!self)
        return 0;
    CLEANUP(bytes_destroy) bytes_t *again = bytes_new();
    CLEANUP(value_destroy) value_t *copy = value_copy(self);
    value_encode(self, again);
    assert(slice_equal(slice_of(data, size), bytes_slice(again)));
    assert(value_equal(self, copy));
    return 0;
}
