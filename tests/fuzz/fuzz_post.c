/* SPDX-License-Identifier: Apache-2.0 */
/* What a stranger posts in the name of a source that signs: alerts are views into the body, one
 * behind the other, and nothing is left out between them. */
#include <assert.h>

#include "wire/post.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    fault_t fault = {0};
    slice_t document, armor;
    for (slice_t body = slice_of(data, size); body.size;) {
        slice_t before = body;
        if (post_take(&body, &document, &armor, &fault)) {
            assert(fault.code == FAULT_FORMAT);
            return 0;
        }
        assert(document.data == before.data && document.size && armor.size);
        assert(armor.data == document.data + document.size);
        assert(body.data == armor.data + armor.size);
        assert(document.size + armor.size + body.size == before.size);
    }
    return 0;
}
