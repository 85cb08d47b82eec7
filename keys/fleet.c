/* SPDX-License-Identifier: Apache-2.0 */
#include "keys/fleet.h"

#include <stdlib.h>

#include "keys/fields.h"
#include "keys/keyring.h"

static void
read_host(fleet_t *self, document_reader_t *in)
{
    char **row = document_row(in, "host", 2);
    self->hosts = fields_grow(self->hosts, self->host_count, sizeof *self->hosts);
    host_line_t *line = &self->hosts[self->host_count++];
    fields_word(in, row[0], line->host, sizeof line->host);
    fields_name(in, row[1], line->worker);
}

static void
read_source(fleet_t *self, document_reader_t *in)
{
    const char *name = document_name(in, "source");
    if (!fields_room(in, self->source_count, FLEET_SOURCES_MAX))
        return;
    self->sources = fields_grow(self->sources, self->source_count, sizeof *self->sources);
    text_copy(self->sources[self->source_count++], TEXT_NAME_MAX + 1, name);
}

static void
read_signer(fleet_t *self, document_reader_t *in)
{
    char **row = document_row(in, "signer", 3);
    if (!fields_room(in, self->signer_count, FLEET_SIGNERS_MAX))
        return;
    self->signers = fields_grow(self->signers, self->signer_count, sizeof *self->signers);
    signer_line_t *line = &self->signers[self->signer_count++];
    fields_name(in, row[0], line->source);
    fields_pubkey(in, row[1], row[2], &line->key);
    if (line->key.kind != PUBKEY_ED25519)
        document_spoil(in, FAULT_KEY, "source '%s' signs by itself and cannot touch a FIDO key",
                       line->source);
}

static void
read_worker(fleet_t *self, document_reader_t *in)
{
    char **row = document_row(in, "worker", 5);
    self->workers = fields_grow(self->workers, self->worker_count, sizeof *self->workers);
    worker_line_t *line = &self->workers[self->worker_count++];
    fields_name(in, row[0], line->id);
    if (!labels_valid(row[1]))
        document_spoil(in, FAULT_FORMAT, "'%.60s' are not ascending labels, or name a region",
                       row[1]);
    fields_copy(in, row[1], line->labels, sizeof line->labels);
    fields_curve(in, row[2], &line->curve);
    fields_pubkey(in, row[3], row[4], &line->key);
    if (line->key.kind != PUBKEY_ED25519)
        document_spoil(in, FAULT_KEY, "worker '%s' signs by itself and cannot touch a FIDO key",
                       line->id);
}

static void
read_sealing(fleet_t *self, document_reader_t *in)
{
    curvekey_t key = {0};
    char **row = document_row(in, "sealing", 2);
    worker_line_t *line = (worker_line_t *)fleet_worker(self, row[0]);
    fields_curve(in, row[1], &key);
    if (!line || line->seals) {
        document_spoil(in, FAULT_FORMAT, "'%.63s' is no worker here, or has two sealing keys",
                       row[0]);
        return;
    }
    line->seals = true;
    line->sealing = key;
}

static bool
same_curve(const curvekey_t *left, const curvekey_t *right)
{
    return !memcmp(left->bytes, right->bytes, sizeof left->bytes);
}

bool
worker_has_curve(const worker_line_t *self, const curvekey_t *key)
{
    return same_curve(&self->curve, key) || (self->seals && same_curve(&self->sealing, key));
}

/* Lines ascend by their ids; keys are in no order. */
static int
check_workers(const fleet_t *self, fault_t *fault)
{
    const worker_line_t *one, *other;
    for (size_t i = 1; i < self->worker_count; i++)
        if (!strcmp(self->workers[i - 1].id, self->workers[i].id))
            return fault_set(fault, FAULT_FORMAT, "worker '%s' stands here twice",
                             self->workers[i].id);
    CLEANUP(keyring_destroy) keyring_t *keys = keyring_new(self);
    if (!keyring_doubled(keys, &one, &other))
        return 0;
    return one == other
               ? fault_set(fault, FAULT_KEY, "worker '%s' seals with its CURVE key", one->id)
               : fault_set(fault, FAULT_KEY, "workers '%s' and '%s' share a key", one->id,
                           other->id);
}

static int
check_signers(const fleet_t *self, fault_t *fault)
{
    for (size_t i = 0; i < self->signer_count; i++) {
        const signer_line_t *line = &self->signers[i];
        if (!fleet_has_source(self, line->source))
            return fault_set(fault, FAULT_FORMAT, "signer '%s' is no source here", line->source);
        if (fleet_signer(self, &line->key) != line)
            return fault_set(fault, FAULT_KEY, "signers '%s' and '%s' share a key",
                             fleet_signer(self, &line->key)->source, line->source);
        for (size_t k = 0; k < self->worker_count; k++)
            if (pubkey_equal(&self->workers[k].key, &line->key))
                return fault_set(fault, FAULT_KEY, "signer '%s' has the key of worker '%s'",
                                 line->source, self->workers[k].id);
    }
    return 0;
}

static int
check_hosts(const fleet_t *self, fault_t *fault)
{
    for (size_t i = 0; i < self->host_count; i++) {
        const host_line_t *line = &self->hosts[i];
        if (!fleet_worker(self, line->worker))
            return fault_set(fault, FAULT_FORMAT, "host '%s' is of worker '%s', who is not here",
                             line->host, line->worker);
        if (fleet_worker(self, line->host) && strcmp(line->host, line->worker) != 0)
            return fault_set(fault, FAULT_FORMAT, "host '%s' has the name of another worker",
                             line->host);
        for (size_t k = 0; k < i; k++)
            if (!strcmp(line->host, self->hosts[k].host))
                return fault_set(fault, FAULT_FORMAT, "host '%s' stands here twice", line->host);
    }
    return 0;
}

fleet_t *
fleet_decode(slice_t document, fault_t *fault)
{
    document_reader_t in;
    CLEANUP(fleet_destroy) fleet_t *self = memory_new(1, sizeof *self);
    CLEANUP(bytes_destroy) bytes_t *again = bytes_new();
    document_open(&in, document, "fleet", fault);
    fields_take_hash(&in, "site", &self->site);
    fields_region(&in, document_name(&in, "region"), self->region);
    self->version = document_number(&in, "version", 1, FIELDS_NUMBER_MAX);
    fields_take_span(&in, &self->issued, &self->expires);
    while (document_has(&in, "host"))
        read_host(self, &in);
    while (document_has(&in, "source"))
        read_source(self, &in);
    while (document_has(&in, "signer"))
        read_signer(self, &in);
    while (document_has(&in, "worker"))
        read_worker(self, &in);
    while (document_has(&in, "sealing"))
        read_sealing(self, &in);
    if (document_close(&in, fault) || check_workers(self, fault) || check_signers(self, fault) ||
        check_hosts(self, fault))
        return NULL;
    fleet_encode(self, again);
    return fields_proved(&self, document, again, fault);
}

static void
add_worker(bytes_t *out, const worker_line_t *line)
{
    char digits[CURVEKEY_TEXT];
    CLEANUP(bytes_destroy) bytes_t *front = bytes_new();
    bytes_addf(front, "%s %s %s", line->id, line->labels, curvekey_write(&line->curve, digits));
    fields_add_pubkey(out, "worker", bytes_text(front), &line->key);
}

static void
add_sealing(bytes_t *out, const worker_line_t *line)
{
    char digits[CURVEKEY_TEXT];
    if (line->seals)
        document_add(out, "sealing", "%s %s", line->id, curvekey_write(&line->sealing, digits));
}

void
fleet_encode(const fleet_t *self, bytes_t *out)
{
    document_begin(out, "fleet");
    fields_add_hash(out, "site", &self->site);
    document_add(out, "region", "%s", self->region);
    document_add(out, "version", "%llu", (unsigned long long)self->version);
    document_add_time(out, "issued", self->issued);
    document_add_time(out, "expires", self->expires);
    for (size_t i = 0; i < self->host_count; i++)
        document_add(out, "host", "%s %s", self->hosts[i].host, self->hosts[i].worker);
    for (size_t i = 0; i < self->source_count; i++)
        document_add(out, "source", "%s", self->sources[i]);
    for (size_t i = 0; i < self->signer_count; i++)
        fields_add_pubkey(out, "signer", self->signers[i].source, &self->signers[i].key);
    for (size_t i = 0; i < self->worker_count; i++)
        add_worker(out, &self->workers[i]);
    for (size_t i = 0; i < self->worker_count; i++)
        add_sealing(out, &self->workers[i]);
    document_end(out);
}

void
fleet_destroy(fleet_t **self_p)
{
    fleet_t *self = *self_p;
    if (!self)
        return;
    free(self->hosts);
    free(self->sources);
    free(self->signers);
    free(self->workers);
    free(self);
    *self_p = NULL;
}

const worker_line_t *
fleet_worker(const fleet_t *self, const char *id)
{
    size_t from = 0, to = self->worker_count;
    while (from < to) {
        size_t middle = from + (to - from) / 2;
        int order = document_compare(self->workers[middle].id, id);
        if (!order)
            return &self->workers[middle];
        if (order < 0)
            from = middle + 1;
        else
            to = middle;
    }
    return NULL;
}

const signer_line_t *
fleet_signer(const fleet_t *self, const pubkey_t *key)
{
    for (size_t i = 0; i < self->signer_count; i++)
        if (pubkey_equal(&self->signers[i].key, key))
            return &self->signers[i];
    return NULL;
}

bool
fleet_has_source(const fleet_t *self, const char *name)
{
    for (size_t i = 0; i < self->source_count; i++)
        if (!strcmp(self->sources[i], name))
            return true;
    return false;
}
