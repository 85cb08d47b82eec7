/* SPDX-License-Identifier: Apache-2.0 */
#include "keys/cosignature.h"

#include <assert.h>
#include <sodium.h>

#include "common/reader.h"
#include "keys/base64.h"
#include "keys/signature_private.h"

#define DASH        "\xe2\x80\x94 " /* U+2014 and a space begin a note's signature line */
#define ALGORITHM   0x04            /* a timestamped Ed25519 cosignature */
#define BLOB_BYTES  (4 + 8 + SIGNATURE_BYTES)
#define BLOB_BASE64 ((BLOB_BYTES + 2) / 3 * 4)
#define SECONDS_MAX (INT64_MAX / 1000)

_Static_assert(sizeof DASH + TEXT_NAME_MAX + 1 + BLOB_BASE64 + 1 <= COSIGNATURE_LINE_MAX,
               "room for every line");

/* Key ID: SHA-256(name || LF || 0x04 || key)[:4]. */
static void
make_id(const char *name, const pubkey_t *key, uint8_t id[static 4])
{
    CLEANUP(bytes_destroy) bytes_t *named = bytes_new();
    bytes_addf(named, "%s\n", name);
    bytes_add_u8(named, ALGORITHM);
    bytes_add(named, key->key, sizeof key->key);
    hash_t hash = hash_of(bytes_slice(named));
    memcpy(id, hash.bytes, 4);
}

static bytes_t *
make_message(wall_t at, slice_t body)
{
    bytes_t *message = bytes_new();
    bytes_addf(message, "cosignature/v1\ntime %lld\n", (long long)(at.ms / 1000));
    bytes_add_slice(message, body);
    return message;
}

void
cosignature_make(const machinekey_t *key, const char *name, wall_t at, slice_t body, bytes_t *line)
{
    uint8_t id[4], made[SIGNATURE_BYTES];
    assert(at.ms >= 1000);
    CLEANUP(bytes_destroy) bytes_t *message = make_message(at, body);
    CLEANUP(bytes_destroy) bytes_t *blob = bytes_new();
    make_id(name, machinekey_public(key), id);
    machinekey_sign_bytes(key, bytes_slice(message), made);
    bytes_add(blob, id, sizeof id);
    bytes_add_u32(blob, (uint32_t)((uint64_t)(at.ms / 1000) >> 32));
    bytes_add_u32(blob, (uint32_t)(at.ms / 1000));
    bytes_add(blob, made, sizeof made);
    bytes_addf(line, DASH "%s ", name);
    base64_write(bytes_slice(blob), line);
    bytes_add_text(line, "\n");
}

static int
malformed(fault_t *fault, const char *what)
{
    return fault_set(fault, FAULT_SIGNATURE, "malformed cosignature: %s", what);
}

static int
read_blob(cosignature_t *self, slice_t base64, fault_t *fault)
{
    uint8_t blob[BLOB_BYTES];
    size_t size;
    if (!base64_read(base64, blob, sizeof blob, &size) || size != sizeof blob)
        return malformed(fault, "it is not 76 bytes of Base64");
    reader_t in = reader_over(slice_of(blob, sizeof blob));
    memcpy(self->id, reader_bytes(&in, sizeof self->id).data, sizeof self->id);
    uint64_t high = reader_u32(&in), seconds = high << 32 | reader_u32(&in);
    memcpy(self->bytes, reader_bytes(&in, sizeof self->bytes).data, sizeof self->bytes);
    if (!seconds || seconds > SECONDS_MAX)
        return malformed(fault, "it has no time");
    self->at = (wall_t){(int64_t)seconds * 1000};
    return 0;
}

int
cosignature_next(cosignature_t *self, slice_t *lines, fault_t *fault)
{
    const size_t dash = sizeof DASH - 1;
    if (lines->size < dash || memcmp(lines->data, DASH, dash) != 0)
        return 0;
    const uint8_t *name = lines->data + dash, *end = lines->data + lines->size;
    const uint8_t *lf = memchr(name, '\n', (size_t)(end - name));
    const uint8_t *space = lf ? memchr(name, ' ', (size_t)(lf - name)) : NULL;
    if (!space || (size_t)(space - name) > TEXT_NAME_MAX)
        return malformed(fault, "its line is not a name and Base64");
    memcpy(self->name, name, (size_t)(space - name));
    self->name[space - name] = '\0';
    if (strlen(self->name) != (size_t)(space - name) || !text_is_name(self->name))
        return malformed(fault, "whose it is, is no name");
    if (read_blob(self, slice_of(space + 1, (size_t)(lf - space) - 1), fault))
        return -1;
    *lines = slice_of(lf + 1, (size_t)(end - lf) - 1);
    return 1;
}

int
cosignature_check(const cosignature_t *self, slice_t body, const pubkey_t *key, fault_t *fault)
{
    uint8_t id[4];
    make_id(self->name, key, id);
    if (memcmp(self->id, id, sizeof id) != 0)
        return fault_set(fault, FAULT_KEY, "the cosignature of '%s' is by another key", self->name);
    CLEANUP(bytes_destroy) bytes_t *message = make_message(self->at, body);
    if (crypto_sign_verify_detached(self->bytes, message->data, message->size, key->key))
        return fault_set(fault, FAULT_SIGNATURE, "the cosignature of '%s' does not hold",
                         self->name);
    return 0;
}
