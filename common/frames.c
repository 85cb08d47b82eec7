/* SPDX-License-Identifier: Apache-2.0 */
#include "common/frames.h"

#include <assert.h>
#include <stdlib.h>

#include "common/reader.h"

frames_t *
frames_new(void)
{
    return memory_new(1, sizeof(frames_t));
}

void
frames_destroy(frames_t **self_p)
{
    frames_t *self = *self_p;
    if (!self)
        return;
    for (size_t i = 0; i < self->count; i++)
        bytes_destroy(&self->frame[i]);
    free(self);
    *self_p = NULL;
}

void
frames_add(frames_t *self, slice_t frame)
{
    assert(self->count < FRAMES_MAX);
    self->frame[self->count++] = bytes_copy(frame);
}

void
frames_add_text(frames_t *self, const char *text)
{
    frames_add(self, slice_text(text));
}

slice_t
frames_at(const frames_t *self, size_t index)
{
    return index < self->count ? bytes_slice(self->frame[index]) : slice_of(NULL, 0);
}

const char *
frames_text(const frames_t *self, size_t index)
{
    if (index >= self->count || strlen(bytes_text(self->frame[index])) != self->frame[index]->size)
        return "";
    return bytes_text(self->frame[index]);
}

size_t
frames_bytes(const frames_t *self)
{
    size_t total = 0;
    for (size_t i = 0; i < self->count; i++)
        total += self->frame[i]->size;
    return total;
}

static size_t
packed_size(const frames_t *self)
{
    return 4 + 4 * self->count + frames_bytes(self);
}

void
frames_pack(const frames_t *self, bytes_t *out)
{
    bytes_reserve(out, packed_size(self));
    bytes_add_u32(out, (uint32_t)self->count);
    for (size_t i = 0; i < self->count; i++)
        bytes_add_string(out, bytes_slice(self->frame[i]));
}

void
frames_encode(const frames_t *self, bytes_t *out)
{
    bytes_add_u32(out, (uint32_t)packed_size(self));
    frames_pack(self, out);
}

frames_t *
frames_unpack(slice_t packed, fault_t *fault)
{
    reader_t in = reader_over(packed);
    uint32_t count = reader_u32(&in);
    if (packed.size > FRAMES_PACKED_MAX || count > FRAMES_MAX) {
        fault_set(fault, FAULT_LIMIT, "a message of %zu bytes and %u frames is over %d and %d",
                  packed.size, count, FRAMES_PACKED_MAX, FRAMES_MAX);
        return NULL;
    }
    CLEANUP(frames_destroy) frames_t *self = frames_new();
    for (uint32_t i = 0; i < count && !in.spoiled; i++)
        frames_add(self, reader_string(&in, FRAMES_BYTES_MAX));
    if (reader_finish(&in, fault)) {
        fault_wrap(fault, "message");
        return NULL;
    }
    return MOVE(self);
}

frames_t *
frames_take(bytes_t *stream, fault_t *fault)
{
    if (stream->size < 4)
        return NULL;
    reader_t head = reader_over(bytes_slice(stream));
    uint32_t size = reader_u32(&head);
    if (size > FRAMES_PACKED_MAX) {
        fault_set(fault, FAULT_LIMIT, "a message of %u bytes is over %d", size, FRAMES_PACKED_MAX);
        return NULL;
    }
    if (stream->size - 4 < size)
        return NULL;
    frames_t *self = frames_unpack(slice_of(stream->data + 4, size), fault);
    if (self)
        bytes_drop(stream, 4 + (size_t)size);
    return self;
}
