/* SPDX-License-Identifier: Apache-2.0 */
#include "keys/signature.h"

#include <assert.h>
#include <limits.h>
#include <sodium.h>
#include <stdio.h>

#include "common/document.h"
#include "common/file.h"
#include "common/reader.h"
#include "keys/base64.h"
#include "keys/hash.h"
#include "keys/secret.h"
#include "keys/signature_private.h"

#define HEADER       "-----BEGIN SSH SIGNATURE-----\n"
#define FOOTER       "-----END SSH SIGNATURE-----\n"
#define MAGIC        "SSHSIG"
#define VERSION      1
#define KEYGEN_WIDTH 70 /* of a line of Base64, as ssh-keygen writes it */
#define AGENT_WIDTH  76 /* as some agents and libraries write it */

_Static_assert(SECRET_BYTES == crypto_sign_SEEDBYTES, "a machine keeps its seed");
_Static_assert(SIGNATURE_BYTES == crypto_sign_BYTES, "a signature is Ed25519's");

static const char *const namespaces[SIGN_PURPOSES] = {
#define X(purpose, text) [purpose] = text,
    NAMESPACES(X)
#undef X
};

const char *
purpose_namespace(purpose_t purpose)
{
    assert(purpose < SIGN_PURPOSES);
    return namespaces[purpose];
}

static int
malformed(fault_t *fault, const char *what)
{
    return fault_set(fault, FAULT_SIGNATURE, "malformed signature: %s", what);
}

/* Joins the lines of Base64: all but the last of one width, the last not wider. */
static int
join_lines(slice_t body, char *out, size_t *size, fault_t *fault)
{
    size_t width = 0;
    *size = 0;
    while (body.size) {
        const uint8_t *lf = memchr(body.data, '\n', body.size);
        assert(lf);
        size_t length = (size_t)(lf - body.data);
        bool last = length + 1 == body.size;
        if (!width)
            width = !last && length == KEYGEN_WIDTH ? KEYGEN_WIDTH : AGENT_WIDTH;
        if (last ? !length || length > width : length != width)
            return malformed(fault, "its lines are not 70 or 76 characters wide");
        memcpy(out + *size, body.data, length);
        *size += length;
        body = slice_of(lf + 1, body.size - length - 1);
    }
    return 0;
}

static int
unarmor(slice_t armor, uint8_t *blob, size_t *size, fault_t *fault)
{
    char base64[SIGNATURE_ARMOR_MAX];
    size_t header = strlen(HEADER), footer = strlen(FOOTER);
    if (armor.size > SIGNATURE_ARMOR_MAX)
        return malformed(fault, "it is over 2048 bytes long");
    if (armor.size <= header + footer || memcmp(armor.data, HEADER, header) != 0 ||
        memcmp(armor.data + armor.size - footer, FOOTER, footer) != 0 ||
        armor.data[armor.size - footer - 1] != '\n')
        return malformed(fault, "it is not one SSH signature's armor and nothing else");
    slice_t body = slice_of(armor.data + header, armor.size - header - footer);
    size_t length;
    if (join_lines(body, base64, &length, fault))
        return -1;
    if (!base64_read(slice_of(base64, length), blob, SIGNATURE_ARMOR_MAX, size))
        return malformed(fault, "it is not canonical Base64");
    return 0;
}

static int
read_namespace(slice_t name, purpose_t *purpose, fault_t *fault)
{
    for (int i = 0; i < SIGN_PURPOSES; i++)
        if (slice_is(name, namespaces[i])) {
            *purpose = (purpose_t)i;
            return 0;
        }
    return fault_set(fault, FAULT_NAMESPACE,
                     "a signature in a namespace that is not tocsin's, sign with -n %s or its kin",
                     namespaces[SIGN_ORDER]);
}

static int
read_signature(signature_t *self, slice_t signature, fault_t *fault)
{
    bool fido = self->key.kind == PUBKEY_SK_ED25519;
    reader_t in = reader_over(signature);
    slice_t type = reader_string(&in, signature.size);
    slice_t bytes = reader_string(&in, signature.size);
    self->flags = fido ? reader_u8(&in) : 0;
    self->counter = fido ? reader_u32(&in) : 0;
    if (reader_finish(&in, NULL))
        return malformed(fault, "bytes are missing or left over in its last field");
    if (!slice_is(type, fido ? "sk-ssh-ed25519@openssh.com" : "ssh-ed25519"))
        return malformed(fault, "its type is not its key's");
    if (bytes.size != SIGNATURE_BYTES)
        return malformed(fault, "it is not 64 bytes long");
    memcpy(self->bytes, bytes.data, SIGNATURE_BYTES);
    return 0;
}

/* A known key's point was looked at when it was enrolled. */
static int
read_key(signature_t *self, slice_t blob, const pubkey_t *known, fault_t *fault)
{
    fault_t why = {0};
    if (!known)
        return pubkey_decode(&self->key, blob, &why) ? fault_set(fault, FAULT_KEY, "%s", why.text)
                                                     : 0;
    CLEANUP(bytes_destroy) bytes_t *expected = bytes_new();
    pubkey_encode(known, expected);
    if (!slice_equal(blob, bytes_slice(expected)))
        return fault_set(fault, FAULT_KEY, "it is by another key than the one that is expected");
    self->key = *known;
    return 0;
}

static int
read_blob(signature_t *self, slice_t blob, const pubkey_t *known, fault_t *fault)
{
    reader_t in = reader_over(blob);
    slice_t magic = reader_bytes(&in, strlen(MAGIC));
    uint32_t version = reader_u32(&in);
    slice_t key = reader_string(&in, blob.size);
    slice_t name = reader_string(&in, blob.size);
    slice_t reserved = reader_string(&in, blob.size);
    slice_t hash = reader_string(&in, blob.size);
    slice_t signature = reader_string(&in, blob.size);
    if (reader_finish(&in, NULL) || !slice_is(magic, MAGIC))
        return malformed(fault, "bytes are missing or left over");
    if (version != VERSION)
        return malformed(fault, "its version is not 1");
    if (reserved.size)
        return malformed(fault, "its reserved field is not empty");
    if (read_key(self, key, known, fault) || read_namespace(name, &self->purpose, fault))
        return -1;
    self->sha256 = slice_is(hash, "sha256");
    if (!self->sha256 && !slice_is(hash, "sha512"))
        return malformed(fault, "its hash is neither sha512 nor sha256");
    return read_signature(self, signature, fault);
}

int
signature_decode_by(signature_t *self, slice_t armor, const pubkey_t *key, fault_t *fault)
{
    uint8_t blob[SIGNATURE_ARMOR_MAX];
    size_t size;
    signature_t read = {0};
    if (unarmor(armor, blob, &size, fault) || read_blob(&read, slice_of(blob, size), key, fault))
        return -1;
    *self = read;
    return 0;
}

int
signature_decode(signature_t *self, slice_t armor, fault_t *fault)
{
    return signature_decode_by(self, armor, NULL, fault);
}

int
signature_next(signature_t *self, slice_t *armors, fault_t *fault)
{
    if (!armors->size)
        return 0;
    const uint8_t *end = memmem(armors->data, armors->size, "\n" FOOTER, strlen("\n" FOOTER));
    if (!end)
        return malformed(fault, "an armor has no last line");
    size_t size = (size_t)(end - armors->data) + strlen("\n" FOOTER);
    if (signature_decode(self, slice_of(armors->data, size), fault))
        return -1;
    *armors = slice_of(armors->data + size, armors->size - size);
    return 1;
}

/* What is signed: PROTOCOL.sshsig, 4. */
static void
add_signed_data(bytes_t *out, purpose_t purpose, bool sha256, slice_t message)
{
    uint8_t wide[crypto_hash_sha512_BYTES];
    hash_t narrow = HASH_ZERO;
    if (sha256)
        narrow = hash_of(message);
    else
        crypto_hash_sha512(wide, message.data, message.size);
    bytes_add_text(out, MAGIC);
    bytes_add_string(out, slice_text(purpose_namespace(purpose)));
    bytes_add_string(out, slice_of(NULL, 0));
    bytes_add_string(out, slice_text(sha256 ? "sha256" : "sha512"));
    bytes_add_string(out, sha256 ? hash_slice(&narrow) : slice_of(wide, sizeof wide));
}

/* What a FIDO key signs in its place: PROTOCOL.u2f, "SSH U2F signatures". */
static void
wrap_for_fido(const signature_t *self, bytes_t *data)
{
    hash_t application = hash_of(slice_text(self->key.application));
    hash_t message = hash_of(bytes_slice(data));
    bytes_clear(data);
    bytes_add_slice(data, hash_slice(&application));
    bytes_add_u8(data, self->flags);
    bytes_add_u32(data, self->counter);
    bytes_add_slice(data, hash_slice(&message));
}

int
signature_check(const signature_t *self, slice_t message, purpose_t purpose, fault_t *fault)
{
    bool fido = self->key.kind == PUBKEY_SK_ED25519;
    if (self->purpose != purpose)
        return fault_set(fault, FAULT_NAMESPACE, "signed in namespace '%s' where '%s' is needed",
                         purpose_namespace(self->purpose), purpose_namespace(purpose));
    CLEANUP(bytes_destroy) bytes_t *data = bytes_new();
    add_signed_data(data, purpose, self->sha256, message);
    if (fido)
        wrap_for_fido(self, data);
    if (crypto_sign_verify_detached(self->bytes, data->data, data->size, self->key.key)) {
        char print[PUBKEY_FINGERPRINT_TEXT];
        return fault_set(fault, FAULT_SIGNATURE, "the signature by key %s does not hold",
                         pubkey_fingerprint(&self->key, print));
    }
    if (fido && !(self->flags & SIGNATURE_TOUCHED))
        return fault_set(fault, FAULT_TOUCH, "a FIDO key signed that nobody touched");
    return 0;
}

int
signed_load(const char *path, bytes_t **document, bytes_t **armors, fault_t *fault)
{
    char beside[PATH_MAX];
    *document = *armors = NULL;
    if (snprintf(beside, sizeof beside, "%s.sigs", path) >= (int)sizeof beside)
        return fault_set(fault, FAULT_LIMIT, "'%.100s…' is too long a path", path);
    *document = file_read(path, DOCUMENT_BYTES_MAX, fault);
    if (*document)
        *armors = file_read(beside, SIGNATURES_BYTES_MAX, fault);
    return *armors ? 0 : -1;
}

struct machinekey {
    uint8_t secret[crypto_sign_SECRETKEYBYTES];
    pubkey_t public;
};

static machinekey_t *
machinekey_of(const uint8_t seed[static crypto_sign_SEEDBYTES])
{
    machinekey_t *self = sodium_malloc(sizeof *self);
    assert(self);
    memset(&self->public, 0, sizeof self->public);
    self->public.kind = PUBKEY_ED25519;
    crypto_sign_seed_keypair(self->public.key, self->secret, seed);
    sodium_mprotect_readonly(self);
    return self;
}

static void
library_ready(void)
{
    int ready = sodium_init();
    assert(ready >= 0);
}

/* Takes the seed away from its owner. */
static machinekey_t *
take_seed(int failed, uint8_t seed[static crypto_sign_SEEDBYTES])
{
    machinekey_t *self = failed ? NULL : machinekey_of(seed);
    secret_forget(seed);
    return self;
}

machinekey_t *
machinekey_load(const char *path, fault_t *fault)
{
    uint8_t seed[SECRET_BYTES];
    library_ready();
    return take_seed(secret_load(path, seed, fault), seed);
}

machinekey_t *
machinekey_make(const char *path, fault_t *fault)
{
    uint8_t seed[SECRET_BYTES];
    library_ready();
    return take_seed(secret_make(path, seed, fault), seed);
}

void
machinekey_destroy(machinekey_t **self_p)
{
    sodium_free(*self_p);
    *self_p = NULL;
}

const pubkey_t *
machinekey_public(const machinekey_t *self)
{
    return &self->public;
}

static void
add_armor(bytes_t *out, slice_t blob)
{
    CLEANUP(bytes_destroy) bytes_t *base64 = bytes_new();
    base64_write(blob, base64);
    bytes_add_text(out, HEADER);
    for (const char *at = bytes_text(base64); *at;) {
        size_t width = strnlen(at, KEYGEN_WIDTH);
        bytes_add(out, at, width);
        bytes_add_text(out, "\n");
        at += width;
    }
    bytes_add_text(out, FOOTER);
}

void
machinekey_sign_bytes(const machinekey_t *self, slice_t message,
                      uint8_t made[static SIGNATURE_BYTES])
{
    crypto_sign_detached(made, NULL, message.data, message.size, self->secret);
}

void
machinekey_sign(const machinekey_t *self, purpose_t purpose, slice_t message, bytes_t *armor)
{
    uint8_t made[SIGNATURE_BYTES];
    CLEANUP(bytes_destroy) bytes_t *data = bytes_new();
    CLEANUP(bytes_destroy) bytes_t *key = bytes_new();
    CLEANUP(bytes_destroy) bytes_t *signature = bytes_new();
    CLEANUP(bytes_destroy) bytes_t *blob = bytes_new();
    add_signed_data(data, purpose, false, message);
    machinekey_sign_bytes(self, bytes_slice(data), made);
    pubkey_encode(&self->public, key);
    bytes_add_string(signature, slice_text("ssh-ed25519"));
    bytes_add_string(signature, slice_of(made, sizeof made));
    bytes_add_text(blob, MAGIC);
    bytes_add_u32(blob, VERSION);
    bytes_add_string(blob, bytes_slice(key));
    bytes_add_string(blob, slice_text(purpose_namespace(purpose)));
    bytes_add_string(blob, slice_of(NULL, 0));
    bytes_add_string(blob, slice_text("sha512"));
    bytes_add_string(blob, bytes_slice(signature));
    add_armor(armor, bytes_slice(blob));
}
