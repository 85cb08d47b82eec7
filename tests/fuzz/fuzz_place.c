/* SPDX-License-Identifier: Apache-2.0 */
/* The place of a worker "w64" in a wave of 65 targets, as an offer brings it. One that is read is
 * written the same; none but its own holds. */
#include <assert.h>
#include <stdio.h>

#include "keys/inclusion.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define NONCE   "00112233445566778899aabbccddeeff"
#define TARGETS 65

static inclusion_t *
make_tree(void)
{
    char text[TARGETS][TEXT_NAME_MAX + 1];
    const char *names[TARGETS];
    for (int i = 0; i < TARGETS; i++) {
        snprintf(text[i], sizeof text[i], "w%02d", i);
        names[i] = text[i];
    }
    return inclusion_new(NONCE, 2, names, TARGETS, NULL);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    fault_t fault = {0};
    place_t place;
    order_t order = {.nonce = NONCE, .wave_count = 1};
    slice_t bytes = slice_of(data, size);
    CLEANUP(inclusion_destroy) inclusion_t *tree = make_tree();
    CLEANUP(bytes_destroy) bytes_t *own = bytes_new();
    CLEANUP(bytes_destroy) bytes_t *again = bytes_new();
    order.waves[0] = inclusion_line(tree);
    inclusion_add_place(tree, TARGETS - 1, "w64", own);
    bool read = !place_decode(&place, bytes, &fault);
    assert(read == (fault.code == FAULT_NONE));
    if (!read)
        return 0;
    place_encode(&place, again);
    assert(slice_equal(bytes, bytes_slice(again)));
    bool held = !place_check(&place, &order, "w64", &fault);
    assert(held == slice_equal(bytes, bytes_slice(own)));
    return 0;
}
