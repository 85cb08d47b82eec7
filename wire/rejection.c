/* SPDX-License-Identifier: Apache-2.0 */
#include "wire/rejection.h"

#include "keys/fields.h"

void
rejection_encode(const rejection_t *self, bytes_t *out)
{
    document_begin(out, "rejection");
    fields_add_hash(out, "site", &self->site);
    fields_add_hash(out, "release", &self->release);
    document_add(out, "reason", "%s", self->reason);
    document_add_time(out, "created", self->created);
    document_end(out);
}

int
rejection_decode(rejection_t *self, slice_t document, fault_t *fault)
{
    document_reader_t in;
    rejection_t read = {0};
    CLEANUP(bytes_destroy) bytes_t *again = bytes_new();
    document_open(&in, document, "rejection", fault);
    fields_take_hash(&in, "site", &read.site);
    fields_take_hash(&in, "release", &read.release);
    fields_copy(&in, document_free(&in, "reason"), read.reason, sizeof read.reason);
    read.created = document_time(&in, "created");
    if (document_close(&in, fault))
        return fault_wrap(fault, "rejection");
    rejection_encode(&read, again);
    if (document_same(document, bytes_slice(again), fault))
        return fault_wrap(fault, "rejection");
    *self = read;
    return 0;
}

int
rejection_check(rejection_t *self, const trust_t *trust, slice_t document, slice_t armors,
                char who[static TEXT_NAME_MAX + 1], fault_t *fault)
{
    signature_t signature;
    rejection_t read;
    const people_t *people = trust_people(trust);
    if (!people)
        return fault_set(fault, FAULT_NOT_FOUND, "rejection: there are no people to judge it by");
    if (signature_decode(&signature, armors, fault) ||
        signature_check(&signature, document, SIGN_REJECT, fault) ||
        rejection_decode(&read, document, fault))
        return -1;
    const person_key_t *line = people_find(people, &signature.key);
    if (!hash_equal(&read.site, trust_site(trust)))
        return fault_set(fault, FAULT_SITE, "rejection: made for another site");
    if (!line)
        return fault_set(fault, FAULT_KEY, "rejection: signed by nobody among people");
    if (!(line->roles & ROLE_REVIEWER))
        return fault_set(fault, FAULT_ROLE, "rejection: '%s' is no reviewer", line->person);
    text_copy(who, TEXT_NAME_MAX + 1, line->person);
    *self = read;
    return 0;
}
