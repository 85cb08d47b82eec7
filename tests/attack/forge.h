/* SPDX-License-Identifier: Apache-2.0 */
/* forge - makes SSH signatures as no tool would: valid but for the one thing that an attack is
 * about. The keys are those of a test's throw-away people, as ssh-keygen wrote them. */
#ifndef TOCSIN_TESTS_FORGE_H
#define TOCSIN_TESTS_FORGE_H

#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>

#include "common/file.h"
#include "common/reader.h"
#include "keys/base64.h"
#include "keys/hash.h"
#include "keys/signature.h"

/* What differs from a plain signature; all zero is a valid one in the namespace asked for. */
typedef struct {
    const char *namespace;   /* instead of the right one */
    const char *hash;        /* its name, instead of sha512 */
    const char *application; /* of a FIDO key, which signs in place of the plain one */
    uint8_t flags;           /* FIDO's: 0x01 touched, 0x04 PIN */
    uint32_t version;        /* instead of 1 */
    const char *reserved;    /* in the field that must be empty */
    const char *blob_tail;   /* behind the blob */
    const char *tail;        /* behind the footer */
    bool crlf;               /* line ends */
    bool short_by_one;       /* 63 bytes */
    bool plus_order;         /* S + L: the same signature to a lax verifier */
    bool small_order;        /* the key, R and S of "everything is signed" */
    const char *other_key;   /* NAME.pub, whose blob stands in place of the signer's */
} forge_t;

static inline void
forge_die(const char *what)
{
    fprintf(stderr, "enemy: %s\n", what);
    exit(2);
}

static inline bytes_t *
forge_read(const char *folder, const char *name, const char *end)
{
    char path[8192];
    fault_t fault = {0};
    snprintf(path, sizeof path, "%s%s%s%s", folder, *name ? "/" : "", name, end);
    bytes_t *bytes = file_read(path, 1024 * 1024, &fault);
    if (!bytes)
        forge_die(fault.text);
    return bytes;
}

/* The secret half in an unencrypted file of OpenSSH (PROTOCOL.key). */
static inline void
forge_secret(const char *folder, const char *person, uint8_t secret[static 64])
{
    static const char magic[] = "openssh-key-v1";
    char base64[1024];
    uint8_t blob[1024];
    size_t size = 0;
    CLEANUP(bytes_destroy) bytes_t *file = forge_read(folder, person, "");
    const char *at = strchr(bytes_text(file), '\n');
    for (; at && *at && *at != '-'; at++)
        if (*at != '\n' && size < sizeof base64)
            base64[size++] = *at;
    if (!base64_read(slice_of(base64, size), blob, sizeof blob, &size))
        forge_die("a private key is not OpenSSH's");
    reader_t in = reader_over(slice_of(blob, size));
    reader_bytes(&in, sizeof magic);
    for (int i = 0; i < 3; i++)
        reader_string(&in, size); /* cipher, kdf, its options: none */
    reader_u32(&in);
    reader_string(&in, size); /* the public key */
    in = reader_over(reader_string(&in, size));
    reader_bytes(&in, 8); /* the check numbers */
    reader_string(&in, size);
    reader_string(&in, size);
    slice_t half = reader_string(&in, size);
    if (in.spoiled || half.size != 64)
        forge_die("a private key is not Ed25519");
    memcpy(secret, half.data, half.size);
}

static inline void
forge_public(const forge_t *how, const char *folder, const uint8_t *point, bytes_t *out)
{
    uint8_t blob[2048];
    char base64[4096];
    size_t size;
    if (how->other_key) {
        CLEANUP(bytes_destroy) bytes_t *line = forge_read(folder, how->other_key, ".pub");
        if (sscanf(bytes_text(line), "%*s %4095s", base64) != 1 ||
            !base64_read(slice_text(base64), blob, sizeof blob, &size))
            forge_die("a public key is not one line");
        bytes_add(out, blob, size);
        return;
    }
    bytes_add_string(out,
                     slice_text(how->application ? "sk-ssh-ed25519@openssh.com" : "ssh-ed25519"));
    bytes_add_string(out, slice_of(point, 32));
    if (how->application)
        bytes_add_string(out, slice_text(how->application));
}

/* PROTOCOL.sshsig, and PROTOCOL.u2f around it: as a lax verifier would work it out, so that only
 * what an attack changed in the blob is wrong. */
static inline void
forge_signed_data(const forge_t *how, const char *namespace, slice_t message, bytes_t *out)
{
    uint8_t digest[crypto_hash_sha512_BYTES], wrapped[69];
    crypto_hash_sha512(digest, message.data, message.size);
    bytes_add_text(out, "SSHSIG");
    bytes_add_string(out, slice_text(namespace));
    bytes_add_string(out, slice_of(NULL, 0));
    bytes_add_string(out, slice_text("sha512"));
    bytes_add_string(out, slice_of(digest, sizeof digest));
    if (!how->application)
        return;
    hash_t application = hash_of(slice_text(how->application)), inner = hash_of(bytes_slice(out));
    memcpy(wrapped, &application, 32);
    wrapped[32] = how->flags;
    memset(wrapped + 33, 0, 4); /* the counter */
    memcpy(wrapped + 37, &inner, 32);
    bytes_clear(out);
    bytes_add(out, wrapped, sizeof wrapped);
}

static inline void
forge_add_order(uint8_t s[static 32])
{
    static const uint8_t order[32] = {0xed, 0xd3, 0xf5, 0x5c, 0x1a, 0x63, 0x12, 0x58,       0xd6,
                                      0x9c, 0xf7, 0xa2, 0xde, 0xf9, 0xde, 0x14, [31] = 0x10};
    unsigned carry = 0;
    for (size_t i = 0; i < sizeof order; i++) {
        carry += (unsigned)s[i] + order[i];
        s[i] = (uint8_t)carry;
        carry >>= 8;
    }
}

static inline void
forge_armor(const forge_t *how, slice_t blob, bytes_t *out)
{
    const char *lf = how->crlf ? "\r\n" : "\n";
    CLEANUP(bytes_destroy) bytes_t *base64 = bytes_new();
    base64_write(blob, base64);
    bytes_addf(out, "-----BEGIN SSH SIGNATURE-----%s", lf);
    for (size_t at = 0; at < base64->size; at += 70)
        bytes_addf(out, "%.70s%s", bytes_text(base64) + at, lf);
    bytes_addf(out, "-----END SSH SIGNATURE-----%s%s", lf, how->tail ? how->tail : "");
}

/* Appends person's armor over message. */
static inline void
forge_sign(const forge_t *how, const char *folder, const char *person, const char *right,
           slice_t message, bytes_t *out)
{
    uint8_t secret[64], made[64];
    const char *namespace = how->namespace ? how->namespace : right;
    CLEANUP(bytes_destroy) bytes_t *data = bytes_new();
    CLEANUP(bytes_destroy) bytes_t *public = bytes_new();
    CLEANUP(bytes_destroy) bytes_t *signature = bytes_new();
    CLEANUP(bytes_destroy) bytes_t *blob = bytes_new();
    forge_secret(folder, person, secret);
    forge_signed_data(how, namespace, message, data);
    crypto_sign_detached(made, NULL, data->data, data->size, secret);
    if (how->plus_order)
        forge_add_order(made + 32);
    if (how->small_order) {
        memset(made, 0, sizeof made);
        memset(secret + 32, 0, 32);
        made[0] = secret[32] = 1; /* the neutral point */
    }
    forge_public(how, folder, secret + 32, public);
    bytes_add_string(signature,
                     slice_text(how->application ? "sk-ssh-ed25519@openssh.com" : "ssh-ed25519"));
    bytes_add_string(signature, slice_of(made, how->short_by_one ? 63 : 64));
    if (how->application) {
        bytes_add_u8(signature, how->flags);
        bytes_add_u32(signature, 0);
    }
    bytes_add_text(blob, "SSHSIG");
    bytes_add_u32(blob, how->version ? how->version : 1);
    bytes_add_string(blob, bytes_slice(public));
    bytes_add_string(blob, slice_text(namespace));
    bytes_add_string(blob, slice_text(how->reserved ? how->reserved : ""));
    bytes_add_string(blob, slice_text(how->hash ? how->hash : "sha512"));
    bytes_add_string(blob, bytes_slice(signature));
    bytes_add_text(blob, how->blob_tail ? how->blob_tail : "");
    forge_armor(how, bytes_slice(blob), out);
}

#endif
