/* SPDX-License-Identifier: Apache-2.0 */
#include "wire/checkpoint.h"

#include "common/document.h"
#include "keys/base64.h"

static void
encode(const checkpoint_t *self, bytes_t *out)
{
    document_begin(out, "checkpoint");
    document_add_hex(out, "site", hash_slice(&self->site));
    document_add(out, "broker", "%s", self->broker);
    document_add(out, "size", "%llu", (unsigned long long)self->size);
    document_add_hex(out, "head", hash_slice(&self->head));
    document_add_instant(out, "made", self->made);
    document_end(out);
}

int
checkpoint_decode(checkpoint_t *self, slice_t document, fault_t *fault)
{
    document_reader_t in;
    CLEANUP(bytes_destroy) bytes_t *again = bytes_new();
    document_open(&in, document, "checkpoint", fault);
    document_hex(&in, "site", self->site.bytes, sizeof self->site.bytes);
    text_copy(self->broker, sizeof self->broker, document_name(&in, "broker"));
    self->size = document_number(&in, "size", 0, INT64_MAX);
    document_hex(&in, "head", self->head.bytes, sizeof self->head.bytes);
    self->made = document_instant(&in, "made");
    if (document_close(&in, fault))
        return -1;
    encode(self, again);
    return document_same(document, bytes_slice(again), fault);
}

checkpoint_t
checkpoint_of(const hash_t *site, const char *broker, const merkle_t *log, wall_t now)
{
    checkpoint_t self = {.site = *site, .size = log->size, .head = merkle_head(log), .made = now};
    text_copy(self.broker, sizeof self.broker, broker);
    return self;
}

void
checkpoint_sign(const checkpoint_t *self, const machinekey_t *key, bytes_t *document,
                bytes_t *armor)
{
    bytes_clear(document);
    encode(self, document);
    bytes_clear(armor);
    machinekey_sign(key, SIGN_CHECKPOINT, bytes_slice(document), armor);
}

void
checkpoint_body(const checkpoint_t *self, bytes_t *out)
{
    char site[HASH_TEXT];
    bytes_addf(out, "tocsin/%s/%s\n%llu\n", hash_write(&self->site, site), self->broker,
               (unsigned long long)self->size);
    base64_write(hash_slice(&self->head), out);
    bytes_add_text(out, "\n");
}
