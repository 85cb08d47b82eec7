/* SPDX-License-Identifier: Apache-2.0 */
#include "common/bytes.h"

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>

bool
slice_equal(slice_t left, slice_t right)
{
    return left.size == right.size && (!left.size || !memcmp(left.data, right.data, left.size));
}

bool
slice_is(slice_t self, const char *text)
{
    return slice_equal(self, slice_text(text));
}

int
slice_compare(slice_t left, slice_t right)
{
    size_t shared = left.size < right.size ? left.size : right.size;
    int order = shared ? memcmp(left.data, right.data, shared) : 0;
    if (order)
        return order;
    return left.size < right.size ? -1 : left.size > right.size;
}

void
bytes_reserve(bytes_t *self, size_t more)
{
    assert(more <= SIZE_MAX / 4 - self->size);
    size_t needed = self->size + more + 1;
    if (needed <= self->capacity)
        return;
    size_t capacity = self->capacity ? self->capacity : 64;
    while (capacity < needed)
        capacity *= capacity < 4096 ? 4 : 2;
    self->data = memory_resize(self->data, capacity, 1);
    self->capacity = capacity;
}

bytes_t *
bytes_new(void)
{
    bytes_t *self = memory_new(1, sizeof *self);
    bytes_reserve(self, 0);
    self->data[0] = '\0';
    return self;
}

bytes_t *
bytes_copy(slice_t from)
{
    bytes_t *self = memory_new(1, sizeof *self);
    self->capacity = from.size + 1;
    self->data = memory_resize(NULL, self->capacity, 1);
    self->data[0] = '\0';
    bytes_add_slice(self, from);
    return self;
}

void
bytes_destroy(bytes_t **self_p)
{
    bytes_t *self = *self_p;
    if (!self)
        return;
    free(self->data);
    free(self);
    *self_p = NULL;
}

slice_t
bytes_slice(const bytes_t *self)
{
    return slice_of(self->data, self->size);
}

const char *
bytes_text(const bytes_t *self)
{
    return (const char *)self->data;
}

void
bytes_add(bytes_t *self, const void *data, size_t size)
{
    bytes_reserve(self, size);
    if (size)
        memcpy(self->data + self->size, data, size);
    self->size += size;
    self->data[self->size] = '\0';
}

void
bytes_add_slice(bytes_t *self, slice_t slice)
{
    bytes_add(self, slice.data, slice.size);
}

void
bytes_add_text(bytes_t *self, const char *text)
{
    bytes_add(self, text, strlen(text));
}

void
bytes_addv(bytes_t *self, const char *format, va_list args)
{
    va_list again;
    va_copy(again, args);
    size_t room = self->capacity - self->size;
    int size = vsnprintf((char *)self->data + self->size, room, format, args);
    assert(size >= 0);
    if ((size_t)size >= room) {
        bytes_reserve(self, (size_t)size);
        vsnprintf((char *)self->data + self->size, (size_t)size + 1, format, again);
    }
    va_end(again);
    self->size += (size_t)size;
}

void
bytes_addf(bytes_t *self, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    bytes_addv(self, format, args);
    va_end(args);
}

void
bytes_add_u8(bytes_t *self, uint8_t number)
{
    bytes_add(self, &number, 1);
}

void
bytes_add_u32(bytes_t *self, uint32_t number)
{
    uint8_t big[4] = {(uint8_t)(number >> 24), (uint8_t)(number >> 16), (uint8_t)(number >> 8),
                      (uint8_t)number};
    bytes_add(self, big, sizeof big);
}

void
bytes_add_string(bytes_t *self, slice_t slice)
{
    assert(slice.size <= UINT32_MAX);
    bytes_add_u32(self, (uint32_t)slice.size);
    bytes_add_slice(self, slice);
}

void
bytes_drop(bytes_t *self, size_t count)
{
    assert(count <= self->size);
    memmove(self->data, self->data + count, self->size - count);
    self->size -= count;
    self->data[self->size] = '\0';
}

void
bytes_clear(bytes_t *self)
{
    self->size = 0;
    self->data[0] = '\0';
}

void
hex_encode(slice_t from, char *out)
{
    static const char digits[] = "0123456789abcdef";
    for (size_t i = 0; i < from.size; i++) {
        *out++ = digits[from.data[i] >> 4];
        *out++ = digits[from.data[i] & 15];
    }
    *out = '\0';
}

static int
hex_digit(char digit)
{
    if (digit >= '0' && digit <= '9')
        return digit - '0';
    if (digit >= 'a' && digit <= 'f')
        return digit - 'a' + 10;
    return -1;
}

bool
hex_decode(const char *text, uint8_t *out, size_t size)
{
    if (strlen(text) != 2 * size)
        return false;
    for (size_t i = 0; i < size; i++)
        if (hex_digit(text[2 * i]) < 0 || hex_digit(text[2 * i + 1]) < 0)
            return false;
    for (size_t i = 0; i < size; i++)
        out[i] = (uint8_t)(hex_digit(text[2 * i]) << 4 | hex_digit(text[2 * i + 1]));
    return true;
}
