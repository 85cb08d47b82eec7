/* SPDX-License-Identifier: Apache-2.0 */
/* secret - 32 bytes that a machine keeps in a file of its own: 64 hexadecimal digits and LF, of
 * mode 0600 (docs/PROTOCOL.md 11). Nothing of them stays behind but what the caller has. */
#ifndef TOCSIN_SECRET_H
#define TOCSIN_SECRET_H

#include "common/bytes.h"
#include "common/fault.h"

#define SECRET_BYTES 32

/* FAULT_NOT_FOUND, FAULT_IO, FAULT_KEY where the file has another mode or holds something else. */
int secret_load(const char *path, uint8_t out[static SECRET_BYTES], fault_t *fault) MUST_CHECK;

/* Draws one and writes its file; FAULT_CONFLICT if one is there, FAULT_IO, FAULT_FULL. */
int secret_make(const char *path, uint8_t out[static SECRET_BYTES], fault_t *fault) MUST_CHECK;

void secret_forget(uint8_t secret[static SECRET_BYTES]);

#endif
