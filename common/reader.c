/* SPDX-License-Identifier: Apache-2.0 */
#include "common/reader.h"

reader_t
reader_over(slice_t bytes)
{
    return (reader_t){bytes, false};
}

slice_t
reader_bytes(reader_t *self, size_t size)
{
    if (self->spoiled || size > self->rest.size) {
        self->spoiled = true;
        return slice_of(NULL, 0);
    }
    slice_t taken = slice_of(self->rest.data, size);
    self->rest.data += size;
    self->rest.size -= size;
    return taken;
}

uint8_t
reader_u8(reader_t *self)
{
    slice_t taken = reader_bytes(self, 1);
    return taken.size ? taken.data[0] : 0;
}

uint32_t
reader_u32(reader_t *self)
{
    slice_t taken = reader_bytes(self, 4);
    if (!taken.size)
        return 0;
    return (uint32_t)taken.data[0] << 24 | (uint32_t)taken.data[1] << 16 |
           (uint32_t)taken.data[2] << 8 | taken.data[3];
}

slice_t
reader_string(reader_t *self, size_t max)
{
    uint32_t size = reader_u32(self);
    if (size > max)
        self->spoiled = true;
    return reader_bytes(self, size);
}

int
reader_finish(reader_t *self, fault_t *fault)
{
    if (self->spoiled)
        return fault_set(fault, FAULT_FORMAT, "ends too early, or holds a length out of bounds");
    if (self->rest.size)
        return fault_set(fault, FAULT_FORMAT, "%zu bytes too many", self->rest.size);
    return 0;
}
