/* SPDX-License-Identifier: Apache-2.0 */
#include "keys/consent.h"

#include <stdlib.h>

#include "keys/fields.h"

static const char *
type_of(bool answer)
{
    return answer ? "answer" : "consent";
}

static void
read_head(consent_t *self, document_reader_t *in)
{
    fields_take_hash(in, "site", &self->site);
    fields_take_hash(in, "run", &self->run);
    fields_step(in, document_text(in, "step"), self->step);
    fields_unescape(in, document_text(in, "value"), self->value, sizeof self->value);
    if (!self->answer && strcmp(self->value, "yes") != 0 && strcmp(self->value, "no") != 0)
        document_spoil(in, FAULT_FORMAT, "a consent is neither 'yes' nor 'no'");
    fields_copy(in, document_free(in, "reason"), self->reason, sizeof self->reason);
    self->created = document_time(in, "created");
    self->expires = document_time(in, "expires");
}

/* Lines ascend, so two of one target are neighbours. */
static void
read_target(consent_t *self, size_t *capacity, document_reader_t *in)
{
    char **row = document_row(in, "target", 2);
    self->targets = memory_grow(self->targets, self->target_count, capacity, sizeof *self->targets);
    consent_target_t *line = &self->targets[self->target_count];
    fields_target(in, row[0], line->target);
    fields_hash(in, row[1], &line->receipt);
    if (self->target_count && !strcmp(line[-1].target, line->target))
        document_spoil(in, FAULT_FORMAT, "target '%s' stands there twice", line->target);
    self->target_count++;
}

consent_t *
consent_decode(slice_t document, fault_t *fault)
{
    char type[16];
    size_t capacity = 0;
    document_reader_t in;
    CLEANUP(consent_destroy) consent_t *self = memory_new(1, sizeof *self);
    CLEANUP(bytes_destroy) bytes_t *again = bytes_new();
    document_type(document, type, sizeof type);
    self->answer = !strcmp(type, type_of(true));
    document_open(&in, document, type_of(self->answer), fault);
    read_head(self, &in);
    while (document_has(&in, "target"))
        read_target(self, &capacity, &in);
    if (!in.spoiled && !self->target_count)
        document_spoil(&in, FAULT_FORMAT, "it is given for nobody: name a target");
    if (document_close(&in, fault))
        return NULL;
    consent_encode(self, again);
    return fields_proved(&self, document, again, fault);
}

void
consent_encode(const consent_t *self, bytes_t *out)
{
    char digits[HASH_TEXT];
    CLEANUP(bytes_destroy) bytes_t *scratch = bytes_new();
    document_begin(out, type_of(self->answer));
    fields_add_hash(out, "site", &self->site);
    fields_add_hash(out, "run", &self->run);
    document_add(out, "step", "%s", self->step);
    document_add(out, "value", "%s", fields_escape(scratch, self->value));
    document_add(out, "reason", "%s", self->reason);
    document_add_time(out, "created", self->created);
    document_add_time(out, "expires", self->expires);
    for (size_t i = 0; i < self->target_count; i++)
        document_add(out, "target", "%s %s", self->targets[i].target,
                     hash_write(&self->targets[i].receipt, digits));
    document_end(out);
}

void
consent_destroy(consent_t **self_p)
{
    consent_t *self = *self_p;
    if (!self)
        return;
    free(self->targets);
    free(self);
    *self_p = NULL;
}

const consent_target_t *
consent_target(const consent_t *self, const char *target)
{
    for (size_t i = 0; i < self->target_count; i++)
        if (!strcmp(self->targets[i].target, target))
            return &self->targets[i];
    return NULL;
}

bool
consent_is_yes(const consent_t *self)
{
    return !self->answer && !strcmp(self->value, "yes");
}
