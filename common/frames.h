/* SPDX-License-Identifier: Apache-2.0 */
/* frames - a short list of byte strings: what one message is, on ZeroMQ and on Unix sockets. */
#ifndef TOCSIN_FRAMES_H
#define TOCSIN_FRAMES_H

#include "common/bytes.h"
#include "common/fault.h"

#define FRAMES_MAX        16            /* frames in one message */
#define FRAMES_BYTES_MAX  (1024 * 1024) /* of all frames together */
#define FRAMES_PACKED_MAX (FRAMES_BYTES_MAX + 4 * (FRAMES_MAX + 1))

typedef struct {
    size_t count;
    bytes_t *frame[FRAMES_MAX]; /* ours */
} frames_t;

frames_t *frames_new(void);
void frames_destroy(frames_t **self_p);

/* Copies. More than FRAMES_MAX is our own bug: asserted. */
void frames_add(frames_t *self, slice_t frame);
void frames_add_text(frames_t *self, const char *text);

/* Valid until the frames are destroyed; an empty slice past the last. */
slice_t frames_at(const frames_t *self, size_t index);
const char *frames_text(const frames_t *self, size_t index); /* "" where it holds a NUL */
size_t frames_bytes(const frames_t *self);

/* All of them as one byte string: u32 count | count * (u32 size | bytes). */
void frames_pack(const frames_t *self, bytes_t *out);

/* Copies, the caller's; NULL with FAULT_FORMAT, or FAULT_LIMIT where it is over FRAMES_PACKED_MAX
 * or has more than FRAMES_MAX. */
frames_t *frames_unpack(slice_t packed, fault_t *fault);

/* The form on a stream: u32 bytes that follow | as frames_pack writes them. */
void frames_encode(const frames_t *self, bytes_t *out);

/* One whole message from the front of stream, which it drops; NULL without a fault when more bytes
 * are needed (*fault untouched), NULL with FAULT_FORMAT or FAULT_LIMIT when it can never be one. */
frames_t *frames_take(bytes_t *stream, fault_t *fault);

#endif
