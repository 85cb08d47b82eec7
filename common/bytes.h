/* SPDX-License-Identifier: Apache-2.0 */
/* bytes - slices that somebody else owns, and a buffer that grows. */
#ifndef TOCSIN_BYTES_H
#define TOCSIN_BYTES_H

#include <stdarg.h>
#include <stdbool.h>
#include <stdint.h>
#include <string.h>

#include "common/memory.h"

/* A view; valid as long as what it looks at. data may be NULL only where size is 0. */
typedef struct {
    const uint8_t *data;
    size_t size;
} slice_t;

static inline slice_t
slice_of(const void *data, size_t size)
{
    return (slice_t){data, size};
}

static inline slice_t
slice_text(const char *text)
{
    return (slice_t){(const uint8_t *)text, strlen(text)};
}

bool slice_equal(slice_t left, slice_t right);
bool slice_is(slice_t self, const char *text);

/* memcmp, a shorter one first where one starts with the other. */
int slice_compare(slice_t left, slice_t right);

/* A heap buffer, always terminated behind its size, so that text in it is a C string.
 * The fields may be read by anyone, and are written here only. */
typedef struct {
    uint8_t *data;
    size_t size;
    size_t capacity;
} bytes_t;

bytes_t *bytes_new(void);
bytes_t *bytes_copy(slice_t from);
void bytes_destroy(bytes_t **self_p);

/* Valid until the next change. */
slice_t bytes_slice(const bytes_t *self);
const char *bytes_text(const bytes_t *self);

/* Room for so many more, so that adding them moves nothing. */
void bytes_reserve(bytes_t *self, size_t more);

void bytes_add(bytes_t *self, const void *data, size_t size);
void bytes_add_slice(bytes_t *self, slice_t slice);
void bytes_add_text(bytes_t *self, const char *text);
void bytes_addf(bytes_t *self, const char *format, ...) PRINTF(2, 3);
void bytes_addv(bytes_t *self, const char *format, va_list args) PRINTF(2, 0);
void bytes_add_u8(bytes_t *self, uint8_t number);
void bytes_add_u32(bytes_t *self, uint32_t number); /* big-endian */

/* u32 length, then the bytes: a "string" of RFC 4251. */
void bytes_add_string(bytes_t *self, slice_t slice);

/* Drops the first count bytes. */
void bytes_drop(bytes_t *self, size_t count);
void bytes_clear(bytes_t *self);

/* Lower-case hexadecimal; out holds 2 * size + 1 characters. */
void hex_encode(slice_t from, char *out);

/* False unless text is exactly 2 * size lower-case hexadecimal digits. */
bool hex_decode(const char *text, uint8_t *out, size_t size);

#endif
