/* SPDX-License-Identifier: Apache-2.0 */
#include "keys/people.h"

#include <stdlib.h>

#include "keys/fields.h"

#define ROLES_TEXT_MAX 64

static const char *
find_curve(const curve_line_t *lines, size_t count, const curvekey_t *key)
{
    for (size_t i = 0; i < count; i++)
        if (!memcmp(lines[i].curve.bytes, key->bytes, sizeof key->bytes))
            return lines[i].name;
    return NULL;
}

/* One X25519 key is one broker's or one person's, and for one purpose. */
static void
read_curve(const people_t *self, document_reader_t *in, const char *key, curve_line_t *line)
{
    char **row = document_row(in, key, 2);
    fields_name(in, row[0], line->name);
    fields_curve(in, row[1], &line->curve);
    if (people_has_curve(self, &line->curve))
        document_spoil(in, FAULT_KEY, "the %s key of '%s' stands here twice",
                       strcmp(key, "sealing") ? "CURVE" : "sealing", line->name);
}

static void
read_delegate(people_t *self, document_reader_t *in)
{
    char **row = document_row(in, "delegate", 2);
    if (!fields_room(in, self->delegate_count, PEOPLE_MAX))
        return;
    self->delegates = fields_grow(self->delegates, self->delegate_count, sizeof *self->delegates);
    delegate_t *line = &self->delegates[self->delegate_count++];
    fields_region(in, row[0], line->region);
    fields_name(in, row[1], line->person);
}

static void
read_floor(people_t *self, document_reader_t *in)
{
    char **row = document_row(in, "floor", 2);
    if (!fields_room(in, self->floor_count, PEOPLE_MAX))
        return;
    self->floors = fields_grow(self->floors, self->floor_count, sizeof *self->floors);
    floor_t *line = &self->floors[self->floor_count];
    fields_name(in, row[0], line->playbook);
    line->sequence = fields_number(in, row[1], 1, FIELDS_NUMBER_MAX);
    if (people_floor(self, line->playbook))
        document_spoil(in, FAULT_FORMAT, "'%s' has two floors", line->playbook);
    self->floor_count++;
}

static void
read_key(people_t *self, document_reader_t *in)
{
    char **row = document_row(in, "key", 6);
    if (!fields_room(in, self->key_count, PEOPLE_MAX))
        return;
    self->keys = fields_grow(self->keys, self->key_count, sizeof *self->keys);
    person_key_t *line = &self->keys[self->key_count];
    fields_name(in, row[0], line->person);
    if (!roles_read(row[1], &line->roles))
        document_spoil(in, FAULT_FORMAT,
                       "'%.60s' are not roles in the order author,reviewer,responder,officer",
                       row[1]);
    fields_class(in, row[2], &line->highest);
    fields_scope(in, row[3], line->scope);
    fields_pubkey(in, row[4], row[5], &line->key);
    const person_key_t *other = people_find(self, &line->key);
    if (other)
        document_spoil(in, FAULT_KEY, "the key of '%s' is also that of '%s'", line->person,
                       other->person);
    self->key_count++;
}

static void
read_pardon(people_t *self, document_reader_t *in)
{
    const char *text = document_text(in, "pardon");
    if (!fields_room(in, self->pardon_count, PEOPLE_MAX))
        return;
    self->pardons = fields_grow(self->pardons, self->pardon_count, sizeof *self->pardons);
    fields_hash(in, text, &self->pardons[self->pardon_count++]);
}

static void
read_sealing(people_t *self, document_reader_t *in)
{
    self->sealings = fields_grow(self->sealings, self->sealing_count, sizeof *self->sealings);
    curve_line_t *line = &self->sealings[self->sealing_count];
    read_curve(self, in, "sealing", line);
    if (people_sealing(self, line->name))
        document_spoil(in, FAULT_FORMAT, "'%s' has two sealing keys", line->name);
    self->sealing_count++;
}

static void
read_lines(people_t *self, document_reader_t *in)
{
    while (document_has(in, "broker") && fields_room(in, self->broker_count, BROKERS_MAX)) {
        self->brokers = fields_grow(self->brokers, self->broker_count, sizeof *self->brokers);
        read_curve(self, in, "broker", &self->brokers[self->broker_count]);
        self->broker_count++;
    }
    while (document_has(in, "curve") && fields_room(in, self->curve_count, PEOPLE_MAX)) {
        self->curves = fields_grow(self->curves, self->curve_count, sizeof *self->curves);
        read_curve(self, in, "curve", &self->curves[self->curve_count]);
        self->curve_count++;
    }
    while (document_has(in, "delegate"))
        read_delegate(self, in);
    while (document_has(in, "floor"))
        read_floor(self, in);
    while (document_has(in, "key"))
        read_key(self, in);
    while (document_has(in, "pardon"))
        read_pardon(self, in);
    while (document_has(in, "sealing") && fields_room(in, self->sealing_count, PEOPLE_MAX))
        read_sealing(self, in);
}

people_t *
people_decode(slice_t document, fault_t *fault)
{
    document_reader_t in;
    CLEANUP(people_destroy) people_t *self = memory_new(1, sizeof *self);
    CLEANUP(bytes_destroy) bytes_t *again = bytes_new();
    document_open(&in, document, "people", fault);
    fields_take_hash(&in, "site", &self->site);
    self->version = document_number(&in, "version", 1, FIELDS_NUMBER_MAX);
    self->root_version = document_number(&in, "root", 1, FIELDS_NUMBER_MAX);
    fields_take_span(&in, &self->issued, &self->expires);
    read_lines(self, &in);
    if (document_close(&in, fault))
        return NULL;
    people_encode(self, again);
    return fields_proved(&self, document, again, fault);
}

static void
add_curves(bytes_t *out, const char *key, const curve_line_t *lines, size_t count)
{
    char digits[CURVEKEY_TEXT];
    for (size_t i = 0; i < count; i++)
        document_add(out, key, "%s %s", lines[i].name, curvekey_write(&lines[i].curve, digits));
}

static void
add_key(bytes_t *out, const person_key_t *line)
{
    char roles[ROLES_TEXT_MAX];
    CLEANUP(bytes_destroy) bytes_t *front = bytes_new();
    roles_write(line->roles, roles, sizeof roles);
    bytes_addf(front, "%s %s %s %s", line->person, roles, class_word(line->highest), line->scope);
    fields_add_pubkey(out, "key", bytes_text(front), &line->key);
}

void
people_encode(const people_t *self, bytes_t *out)
{
    document_begin(out, "people");
    fields_add_hash(out, "site", &self->site);
    document_add(out, "version", "%llu", (unsigned long long)self->version);
    document_add(out, "root", "%llu", (unsigned long long)self->root_version);
    document_add_time(out, "issued", self->issued);
    document_add_time(out, "expires", self->expires);
    add_curves(out, "broker", self->brokers, self->broker_count);
    add_curves(out, "curve", self->curves, self->curve_count);
    for (size_t i = 0; i < self->delegate_count; i++)
        document_add(out, "delegate", "%s %s", self->delegates[i].region,
                     self->delegates[i].person);
    for (size_t i = 0; i < self->floor_count; i++)
        document_add(out, "floor", "%s %llu", self->floors[i].playbook,
                     (unsigned long long)self->floors[i].sequence);
    for (size_t i = 0; i < self->key_count; i++)
        add_key(out, &self->keys[i]);
    for (size_t i = 0; i < self->pardon_count; i++)
        fields_add_hash(out, "pardon", &self->pardons[i]);
    add_curves(out, "sealing", self->sealings, self->sealing_count);
    document_end(out);
}

void
people_destroy(people_t **self_p)
{
    people_t *self = *self_p;
    if (!self)
        return;
    free(self->brokers);
    free(self->curves);
    free(self->delegates);
    free(self->floors);
    free(self->keys);
    free(self->pardons);
    free(self->sealings);
    free(self);
    *self_p = NULL;
}

const person_key_t *
people_find(const people_t *self, const pubkey_t *key)
{
    for (size_t i = 0; i < self->key_count; i++)
        if (pubkey_equal(&self->keys[i].key, key))
            return &self->keys[i];
    return NULL;
}

uint64_t
people_floor(const people_t *self, const char *playbook)
{
    for (size_t i = 0; i < self->floor_count; i++)
        if (!strcmp(self->floors[i].playbook, playbook))
            return self->floors[i].sequence;
    return 0;
}

bool
people_pardon(const people_t *self, const hash_t *revoke)
{
    for (size_t i = 0; i < self->pardon_count; i++)
        if (hash_equal(&self->pardons[i], revoke))
            return true;
    return false;
}

const char *
people_curve(const people_t *self, const curvekey_t *key)
{
    return find_curve(self->curves, self->curve_count, key);
}

const char *
people_broker(const people_t *self, const curvekey_t *key)
{
    return find_curve(self->brokers, self->broker_count, key);
}

const curvekey_t *
people_sealing(const people_t *self, const char *person)
{
    for (size_t i = 0; i < self->sealing_count; i++)
        if (!strcmp(self->sealings[i].name, person))
            return &self->sealings[i].curve;
    return NULL;
}

bool
people_has_curve(const people_t *self, const curvekey_t *key)
{
    return people_broker(self, key) || people_curve(self, key) ||
           find_curve(self->sealings, self->sealing_count, key);
}
