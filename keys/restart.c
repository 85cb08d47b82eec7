/* SPDX-License-Identifier: Apache-2.0 */
#include "keys/restart.h"

#include <stdlib.h>

#include "keys/fields.h"

restart_t *
restart_decode(slice_t document, fault_t *fault)
{
    document_reader_t in;
    CLEANUP(restart_destroy) restart_t *self = memory_new(1, sizeof *self);
    CLEANUP(bytes_destroy) bytes_t *again = bytes_new();
    document_open(&in, document, "restart", fault);
    fields_take_hash(&in, "site", &self->site);
    fields_take_name(&in, "broker", self->broker);
    self->size = document_number(&in, "size", 0, FIELDS_NUMBER_MAX);
    fields_take_hash(&in, "head", &self->head);
    fields_copy(&in, document_free(&in, "reason"), self->reason, sizeof self->reason);
    self->created = document_time(&in, "created");
    if (document_close(&in, fault))
        return NULL;
    restart_encode(self, again);
    return fields_proved(&self, document, again, fault);
}

void
restart_encode(const restart_t *self, bytes_t *out)
{
    document_begin(out, "restart");
    fields_add_hash(out, "site", &self->site);
    document_add(out, "broker", "%s", self->broker);
    document_add(out, "size", "%llu", (unsigned long long)self->size);
    fields_add_hash(out, "head", &self->head);
    document_add(out, "reason", "%s", self->reason);
    document_add_time(out, "created", self->created);
    document_end(out);
}

void
restart_destroy(restart_t **self_p)
{
    free(*self_p);
    *self_p = NULL;
}

int
restart_check(const restart_t *self, const char *broker, uint64_t size, const hash_t *head,
              fault_t *fault)
{
    if (strcmp(self->broker, broker) != 0)
        return fault_set(fault, FAULT_TARGET, "it restarts the log of broker '%s'", self->broker);
    if (self->size != size || !hash_equal(&self->head, head))
        return fault_set(fault, FAULT_PROOF,
                         "it restarts the log behind %llu leaves with another head than these",
                         (unsigned long long)self->size);
    return 0;
}
