/* SPDX-License-Identifier: Apache-2.0 */
/* A manifest: what decodes, encodes to the same bytes; its steps have an order in which each is
 * once, and no need comes behind the step that needs it. */
#include <assert.h>

#include "wire/manifest.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void
check_sequence(const manifest_t *self)
{
    size_t order[MANIFEST_STEPS_MAX], seen[MANIFEST_STEPS_MAX] = {0};
    manifest_sequence(self, order);
    for (size_t i = 0; i < self->step_count; i++) {
        assert(order[i] < self->step_count && !seen[order[i]]++);
        for (size_t j = i; j < self->step_count; j++)
            assert(!manifest_needs(self, self->steps[order[i]].name, self->steps[order[j]].name));
    }
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    fault_t fault = {0}, missing = {0};
    slice_t document = slice_of(data, size);
    CLEANUP(manifest_destroy) manifest_t *self = manifest_decode(document, &fault);
    assert(!self == (fault.code != FAULT_NONE));
    if (!self)
        return 0;
    CLEANUP(bytes_destroy) bytes_t *again = bytes_new();
    manifest_encode(self, again);
    assert(slice_equal(document, bytes_slice(again)));
    check_sequence(self);
    CLEANUP(value_destroy) value_t *inputs = manifest_inputs(self, NULL, 0, &missing);
    assert(inputs ? value_count(inputs) == self->input_count : missing.code == FAULT_INPUT);
    return 0;
}
