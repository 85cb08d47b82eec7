/* SPDX-License-Identifier: Apache-2.0 */
#include "keys/beacon.h"

#include <stdio.h>
#include <stdlib.h>

#include "keys/fields.h"
#include "keys/tree.h"

const char *
nonce_write(const nonce_t *self, char out[static NONCE_TEXT])
{
    hex_encode(slice_of(self->bytes, NONCE_BYTES), out);
    return out;
}

bool
nonce_read(const char *text, nonce_t *out)
{
    return hex_decode(text, out->bytes, NONCE_BYTES);
}

static void
read_fleet(beacon_t *self, document_reader_t *in)
{
    char **row = document_row(in, "fleet", 3);
    if (!fields_room(in, self->fleet_count, BEACON_FLEETS_MAX))
        return;
    self->fleets = fields_grow(self->fleets, self->fleet_count, sizeof *self->fleets);
    newest_t *line = &self->fleets[self->fleet_count++];
    fields_region(in, row[0], line->region);
    line->version = fields_number(in, row[1], 1, FIELDS_NUMBER_MAX);
    fields_hash(in, row[2], &line->hash);
    if (self->fleet_count > 1 && !strcmp(line[-1].region, line->region))
        document_spoil(in, FAULT_FORMAT, "region '%s' stands here twice", line->region);
}

static void
read_halt(beacon_t *self, document_reader_t *in)
{
    hash_t hash = HASH_ZERO;
    fields_take_hash(in, "halt", &hash);
    if (!fields_room(in, self->halt_count, BEACON_HALTS_MAX))
        return;
    self->halts = fields_grow(self->halts, self->halt_count, sizeof *self->halts);
    self->halts[self->halt_count++] = hash;
}

static void
read_newest(newest_t *self, document_reader_t *in, const char *key)
{
    char **row = document_row(in, key, 2);
    self->version = fields_number(in, row[0], 1, FIELDS_NUMBER_MAX);
    fields_hash(in, row[1], &self->hash);
}

static void
read_nonces(beacon_t *self, document_reader_t *in)
{
    char **row = document_row(in, "nonces", 2);
    self->nonce_count = fields_number(in, row[0], 0, BEACON_NONCES_MAX);
    fields_hash(in, row[1], &self->nonces);
    if (!self->nonce_count != hash_equal(&self->nonces, &HASH_ZERO))
        document_spoil(in, FAULT_FORMAT, "no nonces and a root of zeroes go together");
}

beacon_t *
beacon_decode(slice_t document, fault_t *fault)
{
    document_reader_t in;
    CLEANUP(beacon_destroy) beacon_t *self = memory_new(1, sizeof *self);
    CLEANUP(bytes_destroy) bytes_t *again = bytes_new();
    document_open(&in, document, "beacon", fault);
    fields_take_hash(&in, "site", &self->site);
    self->sequence = document_number(&in, "sequence", 1, FIELDS_NUMBER_MAX);
    self->made = document_instant(&in, "made");
    read_newest(&self->root, &in, "root");
    if (document_has(&in, "people"))
        read_newest(&self->people, &in, "people");
    while (document_has(&in, "fleet"))
        read_fleet(self, &in);
    while (document_has(&in, "halt"))
        read_halt(self, &in);
    read_nonces(self, &in);
    if (document_close(&in, fault))
        return NULL;
    beacon_encode(self, again);
    return fields_proved(&self, document, again, fault);
}

static void
add_newest(bytes_t *out, const char *key, const newest_t *newest)
{
    char text[HASH_TEXT];
    document_add(out, key, "%s%s%llu %s", newest->region, newest->region[0] ? " " : "",
                 (unsigned long long)newest->version, hash_write(&newest->hash, text));
}

void
beacon_encode(const beacon_t *self, bytes_t *out)
{
    char text[HASH_TEXT];
    document_begin(out, "beacon");
    fields_add_hash(out, "site", &self->site);
    document_add(out, "sequence", "%llu", (unsigned long long)self->sequence);
    document_add_instant(out, "made", self->made);
    add_newest(out, "root", &self->root);
    if (self->people.version)
        add_newest(out, "people", &self->people);
    for (size_t i = 0; i < self->fleet_count; i++)
        add_newest(out, "fleet", &self->fleets[i]);
    for (size_t i = 0; i < self->halt_count; i++)
        fields_add_hash(out, "halt", &self->halts[i]);
    document_add(out, "nonces", "%llu %s", (unsigned long long)self->nonce_count,
                 hash_write(&self->nonces, text));
    document_end(out);
}

void
beacon_destroy(beacon_t **self_p)
{
    beacon_t *self = *self_p;
    if (!self)
        return;
    free(self->fleets);
    free(self->halts);
    free(self);
    *self_p = NULL;
}

size_t
beacon_find_halt(const beacon_t *self, const hash_t *halt)
{
    const hash_t *found =
        self->halt_count ? bsearch(halt, self->halts, self->halt_count, sizeof *halt, hash_order)
                         : NULL;
    return found ? (size_t)(found - self->halts) : self->halt_count;
}

hash_t
beacon_leaf(const char *worker, const nonce_t *nonce)
{
    char leaf[TEXT_NAME_MAX + 1 + NONCE_TEXT], digits[NONCE_TEXT];
    int size = snprintf(leaf, sizeof leaf, "%s\n%s", worker, nonce_write(nonce, digits));
    return hash_leaf(slice_of(leaf, (size_t)size));
}

void
beacon_add_place(bytes_t *out, uint64_t index, uint64_t count, const hash_t *path,
                 size_t path_count)
{
    bytes_addf(out, "%llu %llu\n", (unsigned long long)index, (unsigned long long)count);
    bytes_add(out, path, path_count * sizeof *path);
}

/* "INDEX COUNT" LF in its one spelling; the count is the beacon's. */
static bool
read_index(const beacon_t *self, slice_t line, uint64_t *index)
{
    char text[BEACON_LINE_MAX], *count = text;
    uint64_t leaves;
    if (line.size >= sizeof text)
        return false;
    memcpy(text, line.data, line.size);
    text[line.size] = '\0';
    if (strlen(text) != line.size)
        return false;
    const char *first = strsep(&count, " ");
    return count && text_read_u64(first, 0, BEACON_NONCES_MAX - 1, index) &&
           text_read_u64(count, 1, BEACON_NONCES_MAX, &leaves) && leaves == self->nonce_count &&
           *index < leaves;
}

bool
beacon_answers(const beacon_t *self, const char *worker, const nonce_t *nonce, slice_t place)
{
    hash_t path[BEACON_PATH_MAX], root, leaf = beacon_leaf(worker, nonce);
    uint64_t index;
    const uint8_t *end = place.size ? memchr(place.data, '\n', place.size) : NULL;
    if (!end || !read_index(self, slice_of(place.data, (size_t)(end - place.data)), &index))
        return false;
    size_t size = place.size - (size_t)(end + 1 - place.data);
    if (size > sizeof path || size % HASH_BYTES)
        return false;
    memcpy(path, end + 1, size);
    return tree_head(&leaf, index, self->nonce_count, path, size / HASH_BYTES, &root) &&
           hash_equal(&root, &self->nonces);
}
