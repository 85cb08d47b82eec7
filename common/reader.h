/* SPDX-License-Identifier: Apache-2.0 */
/* reader - a cursor over bytes that spoils itself on the first bad read, so that decoding reads
 * like the format and needs one check, at the end. Reads of a spoiled reader give zeroes. */
#ifndef TOCSIN_READER_H
#define TOCSIN_READER_H

#include "common/bytes.h"
#include "common/fault.h"

typedef struct {
    slice_t rest;
    bool spoiled;
} reader_t;

reader_t reader_over(slice_t bytes);
uint8_t reader_u8(reader_t *self);
uint32_t reader_u32(reader_t *self); /* big-endian */

/* A view into what is read. */
slice_t reader_bytes(reader_t *self, size_t size);

/* A "string" of RFC 4251 of at most max bytes; a view. */
slice_t reader_string(reader_t *self, size_t max);

/* FAULT_FORMAT if anything was short, too long, or bytes are left over. */
int reader_finish(reader_t *self, fault_t *fault) MUST_CHECK;

#endif
