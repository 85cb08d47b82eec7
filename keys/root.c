/* SPDX-License-Identifier: Apache-2.0 */
#include "keys/root.h"

#include <stdio.h>
#include <stdlib.h>

#include "keys/fields.h"

#define QUORUM_MAX     32
#define OFFLINE_MAX_S  (366u * 86400)
#define GRANT_DAYS_MAX 365

static void
read_site(document_reader_t *in, hash_t *site)
{
    const char *text = document_text(in, "site");
    if (strcmp(text, "self") != 0)
        fields_hash(in, text, site);
}

static void
read_quorums(document_reader_t *in, const char *key, unsigned quorum[static CLASSES])
{
    char **row = document_row(in, key, CLASSES);
    for (int i = 0; i < CLASSES; i++)
        quorum[i] = (unsigned)fields_number(in, row[i], 1, QUORUM_MAX);
}

static void
read_holder(root_t *self, document_reader_t *in)
{
    char **row = document_row(in, "holder", 3);
    if (!fields_room(in, self->holder_count, ROOT_HOLDERS_MAX))
        return;
    holder_t *holder = &self->holders[self->holder_count];
    fields_name(in, row[0], holder->person);
    fields_pubkey(in, row[1], row[2], &holder->key);
    for (size_t i = 0; i < self->holder_count; i++)
        if (pubkey_equal(&self->holders[i].key, &holder->key))
            document_spoil(in, FAULT_KEY, "the key of '%s' stands here twice", holder->person);
    self->holder_count++;
}

/* No two lines share a name or a key, and none has a holder's. */
static void
read_witness(root_t *self, document_reader_t *in)
{
    char **row = document_row(in, "witness", 3);
    if (!fields_room(in, self->witness_count, ROOT_WITNESSES_MAX))
        return;
    witness_t *witness = &self->witnesses[self->witness_count];
    fields_name(in, row[0], witness->worker);
    fields_pubkey(in, row[1], row[2], &witness->key);
    if (witness->key.kind != PUBKEY_ED25519)
        document_spoil(in, FAULT_KEY, "a witness signs with an ssh-ed25519 key");
    if (root_witness(self, witness->worker))
        document_spoil(in, FAULT_FORMAT, "witness '%s' stands here twice", witness->worker);
    for (size_t i = 0; i < self->witness_count; i++)
        if (pubkey_equal(&self->witnesses[i].key, &witness->key))
            document_spoil(in, FAULT_KEY, "the key of '%s' stands here twice", witness->worker);
    for (size_t i = 0; i < self->holder_count; i++)
        if (pubkey_equal(&self->holders[i].key, &witness->key))
            document_spoil(in, FAULT_KEY, "witness '%s' has a holder's key", witness->worker);
    if (self->timekeeper.name[0] && pubkey_equal(&self->timekeeper.key, &witness->key))
        document_spoil(in, FAULT_KEY, "witness '%s' has the timekeeper's key", witness->worker);
    self->witness_count++;
}

static void
read_timekeeper(root_t *self, document_reader_t *in)
{
    timekeeper_t *timekeeper = &self->timekeeper;
    char **row = document_row(in, "timekeeper", 4);
    fields_name(in, row[0], timekeeper->name);
    fields_curve(in, row[1], &timekeeper->curve);
    fields_pubkey(in, row[2], row[3], &timekeeper->key);
    if (timekeeper->key.kind != PUBKEY_ED25519)
        document_spoil(in, FAULT_KEY, "the timekeeper signs by itself and cannot touch a FIDO key");
    for (size_t i = 0; i < self->holder_count; i++)
        if (pubkey_equal(&self->holders[i].key, &timekeeper->key))
            document_spoil(in, FAULT_KEY, "the timekeeper has the key of holder '%s'",
                           self->holders[i].person);
}

static void
read_rules(root_t *self, document_reader_t *in)
{
    self->quorum_root = (unsigned)document_number(in, "quorum-root", 1, QUORUM_MAX);
    read_quorums(in, "quorum-approve", self->quorum_approve);
    read_quorums(in, "quorum-order", self->quorum_order);
    self->quorum_grant = (unsigned)document_number(in, "quorum-grant", 1, QUORUM_MAX);
    char **row = document_row(in, "offline-max", CLASSES);
    for (int i = 0; i < CLASSES; i++)
        self->offline_max_s[i] = fields_number(in, row[i], 0, OFFLINE_MAX_S);
    self->grant_days_max = document_number(in, "grant-days-max", 1, GRANT_DAYS_MAX);
    self->min_version = 1;
    if (document_has(in, "min-version"))
        self->min_version = document_number(in, "min-version", 2, FIELDS_NUMBER_MAX);
}

root_t *
root_decode(slice_t document, fault_t *fault)
{
    document_reader_t in;
    CLEANUP(root_destroy) root_t *self = memory_new(1, sizeof *self);
    CLEANUP(bytes_destroy) bytes_t *again = bytes_new();
    document_open(&in, document, "root", fault);
    read_site(&in, &self->site);
    self->version = document_number(&in, "version", 1, FIELDS_NUMBER_MAX);
    fields_take_hash(&in, "previous", &self->previous);
    if (self->version == 1 && !hash_equal(&self->previous, &HASH_ZERO))
        document_spoil(&in, FAULT_FORMAT, "version 1 follows no other");
    fields_take_span(&in, &self->issued, &self->expires);
    read_rules(self, &in);
    while (document_has(&in, "holder"))
        read_holder(self, &in);
    if (document_has(&in, "timekeeper"))
        read_timekeeper(self, &in);
    while (document_has(&in, "witness"))
        read_witness(self, &in);
    if (document_close(&in, fault))
        return NULL;
    root_encode(self, again);
    return fields_proved(&self, document, again, fault);
}

static void
add_quorums(bytes_t *out, const char *key, const unsigned quorum[static CLASSES])
{
    document_add(out, key, "%u %u %u", quorum[CLASS_OBSERVE], quorum[CLASS_CHANGE],
                 quorum[CLASS_DESTRUCTIVE]);
}

static void
add_timekeeper(bytes_t *out, const timekeeper_t *timekeeper)
{
    char front[TEXT_NAME_MAX + 1 + CURVEKEY_TEXT], curve[CURVEKEY_TEXT];
    snprintf(front, sizeof front, "%s %s", timekeeper->name,
             curvekey_write(&timekeeper->curve, curve));
    fields_add_pubkey(out, "timekeeper", front, &timekeeper->key);
}

void
root_encode(const root_t *self, bytes_t *out)
{
    const uint64_t *offline = self->offline_max_s;
    document_begin(out, "root");
    if (self->version == 1)
        document_add(out, "site", "self");
    else
        fields_add_hash(out, "site", &self->site);
    document_add(out, "version", "%llu", (unsigned long long)self->version);
    fields_add_hash(out, "previous", &self->previous);
    document_add_time(out, "issued", self->issued);
    document_add_time(out, "expires", self->expires);
    document_add(out, "quorum-root", "%u", self->quorum_root);
    add_quorums(out, "quorum-approve", self->quorum_approve);
    add_quorums(out, "quorum-order", self->quorum_order);
    document_add(out, "quorum-grant", "%u", self->quorum_grant);
    document_add(out, "offline-max", "%llu %llu %llu", (unsigned long long)offline[CLASS_OBSERVE],
                 (unsigned long long)offline[CLASS_CHANGE],
                 (unsigned long long)offline[CLASS_DESTRUCTIVE]);
    document_add(out, "grant-days-max", "%llu", (unsigned long long)self->grant_days_max);
    if (self->min_version > 1)
        document_add(out, "min-version", "%llu", (unsigned long long)self->min_version);
    for (size_t i = 0; i < self->holder_count; i++)
        fields_add_pubkey(out, "holder", self->holders[i].person, &self->holders[i].key);
    if (self->timekeeper.name[0])
        add_timekeeper(out, &self->timekeeper);
    for (size_t i = 0; i < self->witness_count; i++)
        fields_add_pubkey(out, "witness", self->witnesses[i].worker, &self->witnesses[i].key);
    document_end(out);
}

const witness_t *
root_witness(const root_t *self, const char *worker)
{
    for (size_t i = 0; i < self->witness_count; i++)
        if (!strcmp(self->witnesses[i].worker, worker))
            return &self->witnesses[i];
    return NULL;
}

size_t
root_cosigners(const root_t *self)
{
    return self->witness_count ? self->witness_count / 2 + 1 : 0;
}

void
root_destroy(root_t **self_p)
{
    free(*self_p);
    *self_p = NULL;
}
