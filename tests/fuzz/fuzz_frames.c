/* SPDX-License-Identifier: Apache-2.0 */
/* A stream of messages: in pieces (the first byte says how long) or at once, the same messages come
 * out, and what came out encodes to what went in. */
#include <assert.h>

#include "common/frames.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* Takes what is whole. False once the stream can never be one. */
static bool
take(bytes_t *stream, bytes_t *taken)
{
    for (;;) {
        fault_t fault = {0};
        CLEANUP(frames_destroy) frames_t *frames = frames_take(stream, &fault);
        if (!frames)
            return fault.code == FAULT_NONE;
        assert(fault.code == FAULT_NONE && frames->count <= FRAMES_MAX);
        assert(frames_bytes(frames) <= FRAMES_BYTES_MAX + 4 * (FRAMES_MAX + 1));
        frames_encode(frames, taken);
    }
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (!size)
        return 0;
    size_t piece = (size_t)data[0] + 1;
    slice_t input = slice_of(data + 1, size - 1);
    CLEANUP(bytes_destroy) bytes_t *whole = bytes_copy(input);
    CLEANUP(bytes_destroy) bytes_t *from_whole = bytes_new();
    CLEANUP(bytes_destroy) bytes_t *stream = bytes_new();
    CLEANUP(bytes_destroy) bytes_t *from_pieces = bytes_new();
    bool good = take(whole, from_whole), still = true;
    for (size_t at = 0; still && at < input.size; at += piece) {
        size_t left = input.size - at;
        bytes_add(stream, input.data + at, left < piece ? left : piece);
        still = take(stream, from_pieces);
    }
    assert(good == still);
    assert(slice_equal(bytes_slice(from_whole), bytes_slice(from_pieces)));
    assert(slice_equal(bytes_slice(from_whole), slice_of(input.data, from_whole->size)));
    return 0;
}
