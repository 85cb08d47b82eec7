/* SPDX-License-Identifier: Apache-2.0 */
/* base64 - RFC 4648 section 4, padded, in its one spelling. */
#ifndef TOCSIN_BASE64_H
#define TOCSIN_BASE64_H

#include "common/bytes.h"

/* Into out, of capacity bytes; false for anything that base64_write would not give. */
bool base64_read(slice_t text, uint8_t *out, size_t capacity, size_t *size);
void base64_write(slice_t from, bytes_t *out);

#endif
