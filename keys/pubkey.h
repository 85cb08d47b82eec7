/* SPDX-License-Identifier: Apache-2.0 */
/* pubkey - an Ed25519 or FIDO Ed25519 public key, in the spelling of OpenSSH's *.pub files.
 * Sources: RFC 8709, OpenSSH PROTOCOL.u2f. */
#ifndef TOCSIN_PUBKEY_H
#define TOCSIN_PUBKEY_H

#include "common/bytes.h"
#include "common/fault.h"
#include "keys/hash.h"

#define PUBKEY_BYTES            32
#define PUBKEY_APPLICATION_MAX  63
#define PUBKEY_FINGERPRINT_TEXT 64

typedef enum { PUBKEY_ED25519, PUBKEY_SK_ED25519 } pubkey_kind_t;

typedef struct {
    pubkey_kind_t kind;
    uint8_t key[PUBKEY_BYTES];
    char application[PUBKEY_APPLICATION_MAX + 1]; /* "" for plain keys */
} pubkey_t;

/* "ssh-ed25519" and its Base64, as two words. FAULT_KEY for RSA, ECDSA, certificates and anything
 * else, naming the types that serve; for a small-order point; FAULT_FORMAT for other spellings. */
int pubkey_read(pubkey_t *self, const char *type, const char *base64, fault_t *fault) MUST_CHECK;

/* One line "TYPE BASE64[ COMMENT]", as in a *.pub file, with or without LF. */
int pubkey_read_line(pubkey_t *self, const char *line, fault_t *fault) MUST_CHECK;

/* The key blob of RFC 4253 6.6, as in an SSHSIG; nothing may follow. */
int pubkey_decode(pubkey_t *self, slice_t blob, fault_t *fault) MUST_CHECK;
void pubkey_encode(const pubkey_t *self, bytes_t *out);

/* Appends "TYPE BASE64". */
void pubkey_write(const pubkey_t *self, bytes_t *out);

/* Of the key blob; a revoke names a key by it. */
hash_t pubkey_hash(const pubkey_t *self);

/* The same as "SHA256:...", as ssh-keygen -l prints it. */
const char *pubkey_fingerprint(const pubkey_t *self, char out[static PUBKEY_FINGERPRINT_TEXT]);

/* All of it, the application included. */
bool pubkey_equal(const pubkey_t *left, const pubkey_t *right);

/* An X25519 key of CURVE, in 64 hexadecimal digits in documents. */
typedef struct {
    uint8_t bytes[32];
} curvekey_t;

#define CURVEKEY_TEXT (2 * sizeof(curvekey_t) + 1) /* hexadecimal, terminated */

/* 64 lower-case hexadecimal digits; returns out. */
const char *curvekey_write(const curvekey_t *self, char out[static CURVEKEY_TEXT]);
bool curvekey_read(const char *text, curvekey_t *out);

#endif
