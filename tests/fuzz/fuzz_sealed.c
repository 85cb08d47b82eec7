/* SPDX-License-Identifier: Apache-2.0 */
/* What a broker hands on as sealed: an output, and lines. Only what was sealed under the key of 32
 * times 7 opens; it opens to what was sealed. */
#include <assert.h>

#include "wire/sealed.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void
read_output(const sealkey_t *key, const hash_t *place, slice_t bytes)
{
    fault_t fault = {0};
    CLEANUP(value_destroy) value_t *value = sealed_read(key, place, bytes, &fault);
    assert(!value == (fault.code != FAULT_NONE));
    if (!value)
        return;
    CLEANUP(bytes_destroy) bytes_t *again = bytes_new();
    value_encode(value, again);
    assert(slice_is(bytes_slice(again), "s5:hello"));
}

/* Each line gives one, whatever it is. */
static void
read_lines(const sealkey_t *key, slice_t said)
{
    const hash_t site = {{1}}, run = {{2}};
    sealed_line_t at = {.site = &site, .run = &run, .target = "w1"};
    size_t given = 0, lines = 0;
    CLEANUP(bytes_destroy) bytes_t *out = bytes_new();
    size_t taken = sealed_lines(key, &at, said, out);
    assert(taken <= said.size);
    for (size_t i = 0; i < taken; i++)
        lines += said.data[i] == '\n';
    for (size_t i = 0; i < out->size; i++)
        given += out->data[i] == '\n';
    assert(given == lines && (!taken || said.data[taken - 1] == '\n'));
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    const hash_t place = {{3}};
    sealkey_t key;
    memset(key.bytes, 7, sizeof key.bytes);
    read_output(&key, &place, slice_of(data, size));
    read_lines(&key, slice_of(data, size));
    read_lines(NULL, slice_of(data, size));
    return 0;
}
