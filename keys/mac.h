/* SPDX-License-Identifier: Apache-2.0 */
/* mac - HMAC-SHA-256 (RFC 2104, FIPS 180-4): who shares a secret with us can tell that bytes are
 * ours. Between this broker and a receiver of its notices, and for nothing that carries authority.
 */
#ifndef TOCSIN_MAC_H
#define TOCSIN_MAC_H

#include "common/bytes.h"

#define MAC_BYTES 32
#define MAC_TEXT  65 /* hexadecimal, terminated */

typedef struct {
    uint8_t bytes[MAC_BYTES];
} mac_t;

/* Over the concatenation of the parts; a secret of any length. */
mac_t mac_of(slice_t secret, const slice_t *parts, size_t count);

/* 64 lower-case hexadecimal digits. */
const char *mac_write(const mac_t *self, char out[static MAC_TEXT]);

#endif
