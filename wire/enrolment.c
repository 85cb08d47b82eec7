/* SPDX-License-Identifier: Apache-2.0 */
#include "wire/enrolment.h"

#include <stdio.h>

#include "keys/fields.h"

#define GROUPS 8

void
enrolment_encode(const enrolment_t *self, bytes_t *out)
{
    char curve[CURVEKEY_TEXT], sealing[CURVEKEY_TEXT];
    CLEANUP(bytes_destroy) bytes_t *key = bytes_new();
    pubkey_write(&self->key, key);
    document_begin(out, "enrolment");
    fields_add_hash(out, "site", &self->site);
    document_add(out, "worker", "%s", self->worker);
    document_add(out, "curve", "%s", curvekey_write(&self->curve, curve));
    document_add(out, "key", "%s", bytes_text(key));
    document_add(out, "sealing", "%s", curvekey_write(&self->sealing, sealing));
    document_end(out);
}

int
enrolment_decode(enrolment_t *self, slice_t document, fault_t *fault)
{
    document_reader_t in;
    enrolment_t read = {0};
    CLEANUP(bytes_destroy) bytes_t *again = bytes_new();
    if (document.size > ENROLMENT_BYTES_MAX)
        return fault_set(fault, FAULT_LIMIT, "a request of over %d bytes", ENROLMENT_BYTES_MAX);
    document_open(&in, document, "enrolment", fault);
    fields_take_hash(&in, "site", &read.site);
    fields_take_name(&in, "worker", read.worker);
    fields_curve(&in, document_text(&in, "curve"), &read.curve);
    char **row = document_row(&in, "key", 2);
    fields_pubkey(&in, row[0], row[1], &read.key);
    if (!in.spoiled && read.key.kind != PUBKEY_ED25519)
        document_spoil(&in, FAULT_KEY, "a worker's key is plain Ed25519");
    fields_curve(&in, document_text(&in, "sealing"), &read.sealing);
    if (document_close(&in, fault))
        return fault_wrap(fault, "enrolment");
    enrolment_encode(&read, again);
    if (document_same(document, bytes_slice(again), fault))
        return fault_wrap(fault, "enrolment");
    *self = read;
    return 0;
}

const char *
enrolment_fingerprint(const enrolment_t *self, char out[static ENROLMENT_FINGERPRINT_TEXT])
{
    CLEANUP(bytes_destroy) bytes_t *text = bytes_new();
    enrolment_encode(self, text);
    hash_t hash = hash_of(bytes_slice(text));
    for (size_t i = 0, used = 0; i < GROUPS; i++)
        used += (size_t)snprintf(out + used, ENROLMENT_FINGERPRINT_TEXT - used, "%s%02x%02x",
                                 i ? "-" : "", hash.bytes[2 * i], hash.bytes[2 * i + 1]);
    return out;
}
