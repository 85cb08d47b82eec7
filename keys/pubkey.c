/* SPDX-License-Identifier: Apache-2.0 */
#include "keys/pubkey.h"

#include <sodium.h>
#include <stdio.h>

#include "common/reader.h"
#include "common/text.h"
#include "keys/base64.h"
#include "keys/hash.h"

#define BLOB_MAX   256
#define TYPE_MAX   64
#define BASE64_MAX 512

_Static_assert(PUBKEY_BYTES == crypto_sign_PUBLICKEYBYTES, "a key is an Ed25519 point");

static const char *const types[] = {
    [PUBKEY_ED25519] = "ssh-ed25519",
    [PUBKEY_SK_ED25519] = "sk-ssh-ed25519@openssh.com",
};

static int
read_type(slice_t type, pubkey_kind_t *kind, fault_t *fault)
{
    for (size_t i = 0; i < ARRAY_SIZE(types); i++)
        if (slice_is(type, types[i])) {
            *kind = (pubkey_kind_t)i;
            return 0;
        }
    return fault_set(fault, FAULT_KEY,
                     "a key of type '%.*s' does not serve here, use ssh-ed25519 or "
                     "sk-ssh-ed25519@openssh.com",
                     text_is_printable(type) ? (int)type.size : 0, (const char *)type.data);
}

/* What a U2F relying party calls itself: text, "ssh:" unless somebody chose another. */
static bool
copy_application(char out[static PUBKEY_APPLICATION_MAX + 1], slice_t application)
{
    if (!text_is_printable(application))
        return false;
    if (application.size)
        memcpy(out, application.data, application.size);
    out[application.size] = '\0';
    return true;
}

int
pubkey_decode(pubkey_t *self, slice_t blob, fault_t *fault)
{
    pubkey_t key = {0};
    reader_t in = reader_over(blob);
    slice_t type = reader_string(&in, TYPE_MAX);
    if (in.spoiled)
        return fault_set(fault, FAULT_FORMAT, "a public key's bytes end too early");
    if (read_type(type, &key.kind, fault))
        return -1;
    slice_t point = reader_string(&in, PUBKEY_BYTES);
    slice_t application = slice_of(NULL, 0);
    if (key.kind == PUBKEY_SK_ED25519)
        application = reader_string(&in, PUBKEY_APPLICATION_MAX);
    if (reader_finish(&in, fault))
        return fault_wrap(fault, "public key");
    if (point.size != PUBKEY_BYTES || !copy_application(key.application, application))
        return fault_set(fault, FAULT_FORMAT, "a public key of another shape than its type says");
    memcpy(key.key, point.data, PUBKEY_BYTES);
    if (!crypto_core_ed25519_is_valid_point(key.key))
        return fault_set(fault, FAULT_KEY, "a public key that is no point of full order");
    *self = key;
    return 0;
}

void
pubkey_encode(const pubkey_t *self, bytes_t *out)
{
    bytes_add_string(out, slice_text(types[self->kind]));
    bytes_add_string(out, slice_of(self->key, PUBKEY_BYTES));
    if (self->kind == PUBKEY_SK_ED25519)
        bytes_add_string(out, slice_text(self->application));
}

int
pubkey_read(pubkey_t *self, const char *type, const char *base64, fault_t *fault)
{
    pubkey_t key;
    pubkey_kind_t kind;
    uint8_t blob[BLOB_MAX];
    size_t size;
    if (read_type(slice_text(type), &kind, fault))
        return -1;
    if (!base64_read(slice_text(base64), blob, sizeof blob, &size))
        return fault_set(fault, FAULT_FORMAT, "a public key that is not canonical Base64");
    if (pubkey_decode(&key, slice_of(blob, size), fault))
        return -1;
    if (key.kind != kind)
        return fault_set(fault, FAULT_FORMAT, "a public key named '%s' that holds another type",
                         type);
    *self = key;
    return 0;
}

int
pubkey_read_line(pubkey_t *self, const char *line, fault_t *fault)
{
    char type[TYPE_MAX + 1], base64[BASE64_MAX];
    size_t type_size = strcspn(line, " \n");
    if (line[type_size] != ' ' || type_size >= sizeof type)
        return fault_set(fault, FAULT_FORMAT, "a public key is a line 'TYPE BASE64 COMMENT'");
    memcpy(type, line, type_size);
    type[type_size] = '\0';
    const char *rest = line + type_size + 1;
    size_t base64_size = strcspn(rest, " \n");
    const char *lf = strchr(rest, '\n');
    if (lf && lf[1])
        return fault_set(fault, FAULT_FORMAT, "more than one line where a public key is expected");
    pubkey_kind_t kind;
    if (read_type(slice_text(type), &kind, fault))
        return -1;
    if (base64_size >= sizeof base64)
        return fault_set(fault, FAULT_FORMAT, "a public key that is too long for its type");
    memcpy(base64, rest, base64_size);
    base64[base64_size] = '\0';
    return pubkey_read(self, type, base64, fault);
}

void
pubkey_write(const pubkey_t *self, bytes_t *out)
{
    CLEANUP(bytes_destroy) bytes_t *blob = bytes_new();
    pubkey_encode(self, blob);
    bytes_addf(out, "%s ", types[self->kind]);
    base64_write(bytes_slice(blob), out);
}

hash_t
pubkey_hash(const pubkey_t *self)
{
    CLEANUP(bytes_destroy) bytes_t *blob = bytes_new();
    pubkey_encode(self, blob);
    return hash_of(bytes_slice(blob));
}

const char *
pubkey_fingerprint(const pubkey_t *self, char out[static PUBKEY_FINGERPRINT_TEXT])
{
    CLEANUP(bytes_destroy) bytes_t *base64 = bytes_new();
    hash_t hash = pubkey_hash(self);
    base64_write(hash_slice(&hash), base64);
    snprintf(out, PUBKEY_FINGERPRINT_TEXT, "SHA256:%.43s", bytes_text(base64)); /* unpadded */
    return out;
}

bool
pubkey_equal(const pubkey_t *left, const pubkey_t *right)
{
    return left->kind == right->kind && !memcmp(left->key, right->key, PUBKEY_BYTES) &&
           !strcmp(left->application, right->application);
}

const char *
curvekey_write(const curvekey_t *self, char out[static CURVEKEY_TEXT])
{
    hex_encode(slice_of(self->bytes, sizeof self->bytes), out);
    return out;
}

bool
curvekey_read(const char *text, curvekey_t *out)
{
    return hex_decode(text, out->bytes, sizeof out->bytes);
}
