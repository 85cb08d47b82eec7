/* SPDX-License-Identifier: Apache-2.0 */
/* curve - a CurveZMQ key pair (X25519, RFC 7748) in a file: 64 hexadecimal digits of the secret and
 * LF, mode 0600. It admits to a socket and authorises nothing; never derived from a signing key. */
#ifndef TOCSIN_CURVE_H
#define TOCSIN_CURVE_H

#include "keys/pubkey.h"

typedef struct {
    curvekey_t public_key;
    uint8_t secret[32];
} curvepair_t;

/* As secret_load and secret_make (keys/secret.h). */
int curve_load(curvepair_t *self, const char *path, fault_t *fault) MUST_CHECK;
int curve_make(curvepair_t *self, const char *path, fault_t *fault) MUST_CHECK;

/* A pair that is kept nowhere, for a stranger's part in a self-test. */
void curve_random(curvepair_t *self);

/* Wipes the secret. */
void curve_forget(curvepair_t *self);

#endif
