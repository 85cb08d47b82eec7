/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/record.h"

#include <stdio.h>
#include <stdlib.h>

#include "cli/past.h"
#include "common/document.h"
#include "common/file.h"
#include "common/text.h"
#include "keys/tree.h"
#include "wire/dossier.h"
#include "wire/testimony.h"

#define PAGE_LEAVES 256

static const char armor_end[] = "-----END SSH SIGNATURE-----\n";

struct record {
    bytes_t *document, *armor; /* of the checkpoint */
    bytes_t *testimony;        /* about it */
    checkpoint_t checkpoint;
    uint64_t next;         /* index of the leaf that record_next gives */
    client_t *client;      /* the caller's; NULL for an export */
    value_t *page;         /* the broker's last answer */
    size_t at;             /* in its leaves */
    bytes_t *text;         /* an export, whole */
    slice_t rest;          /* what of it is not read yet */
    slice_t dossier, past; /* in it */
    bool extract;
};

void
record_close(record_t **self_p)
{
    record_t *self = *self_p;
    if (!self)
        return;
    bytes_destroy(&self->document);
    bytes_destroy(&self->armor);
    bytes_destroy(&self->testimony);
    value_destroy(&self->page);
    bytes_destroy(&self->text);
    free(self);
    *self_p = NULL;
}

/* The page that begins with the next leaf. */
static int
ask_page(record_t *self, fault_t *fault)
{
    value_destroy(&self->page);
    self->at = 0;
    for (int64_t count = PAGE_LEAVES; !self->page; count /= 2) {
        value_t *arguments = value_map();
        value_set_integer(arguments, "from", (int64_t)self->next);
        value_set_integer(arguments, "count", count);
        self->page = client_ask(self->client, "log", arguments, fault);
        if (!self->page && (fault->code != FAULT_LIMIT || count == 1))
            return -1;
    }
    return 0;
}

record_t *
record_ask(client_t *client, fault_t *fault)
{
    CLEANUP(record_close) record_t *self = memory_new(1, sizeof *self);
    self->client = client;
    if (ask_page(self, fault))
        return NULL;
    self->document = bytes_copy(value_slice(value_get(self->page, "checkpoint")));
    self->armor = bytes_copy(value_slice(value_get(self->page, "armor")));
    self->testimony = bytes_copy(value_slice(value_get(self->page, "testimony")));
    return checkpoint_decode(&self->checkpoint, bytes_slice(self->document), fault) ? NULL
                                                                                    : MOVE(self);
}

static slice_t
cut(slice_t *rest, size_t size)
{
    slice_t front = slice_of(rest->data, size);
    *rest = slice_of(rest->data + size, rest->size - size);
    return front;
}

/* Everything up to and with the first mark; empty where it does not come. */
static slice_t
cut_after(slice_t *rest, const char *mark)
{
    const uint8_t *found = rest->size ? memmem(rest->data, rest->size, mark, strlen(mark)) : NULL;
    return cut(rest, found ? (size_t)(found - rest->data) + strlen(mark) : 0);
}

static int
cut_testimony(record_t *self, fault_t *fault)
{
    testimony_t read;
    slice_t before = self->rest;
    if (testimony_cut(&read, &self->rest, fault) < 0)
        return -1;
    self->testimony = bytes_copy(slice_of(before.data, before.size - self->rest.size));
    return 0;
}

static int
cut_dossier(record_t *self, slice_t *out, fault_t *fault)
{
    slice_t document, armors;
    int more;
    *out = self->rest;
    while ((more = dossier_next(&self->rest, &document, &armors, fault)) == 1)
        ;
    out->size -= self->rest.size;
    return more;
}

static int
cut_past(record_t *self, fault_t *fault)
{
    size_t size = strlen(RECORD_PAST);
    if (self->rest.size < size || memcmp(self->rest.data, RECORD_PAST, size) != 0)
        return 0;
    cut(&self->rest, size);
    return cut_dossier(self, &self->past, fault);
}

record_t *
record_load(const char *path, fault_t *fault)
{
    CLEANUP(record_close) record_t *self = memory_new(1, sizeof *self);
    self->text = file_read(path, RECORD_EXPORT_MAX, fault);
    if (!self->text)
        return NULL;
    self->rest = bytes_slice(self->text);
    slice_t head = cut_after(&self->rest, "\n");
    self->extract = slice_is(head, RECORD_EXTRACT_HEAD);
    if (!self->extract && !slice_is(head, RECORD_EXPORT_HEAD)) {
        fault_set(fault, FAULT_FORMAT, "'%s' is neither an export of the record nor an extract",
                  path);
        return NULL;
    }
    slice_t document = {0};
    if (document_split(self->rest, &document, &self->rest))
        self->document = bytes_copy(document);
    else
        self->document = bytes_new();
    self->armor = bytes_copy(cut_after(&self->rest, armor_end));
    if (cut_testimony(self, fault) || cut_dossier(self, &self->dossier, fault) ||
        cut_past(self, fault))
        return NULL;
    return checkpoint_decode(&self->checkpoint, bytes_slice(self->document), fault) ? NULL
                                                                                    : MOVE(self);
}

const checkpoint_t *
record_checkpoint(const record_t *self)
{
    return &self->checkpoint;
}

slice_t
record_document(const record_t *self)
{
    return bytes_slice(self->document);
}

slice_t
record_armor(const record_t *self)
{
    return bytes_slice(self->armor);
}

slice_t
record_testimony(const record_t *self)
{
    return bytes_slice(self->testimony);
}

static int
next_asked(record_t *self, slice_t *leaf, fault_t *fault)
{
    if (self->at >= value_count(value_get(self->page, "leaves")) && ask_page(self, fault))
        return -1;
    const value_t *leaves = value_get(self->page, "leaves");
    if (self->at >= value_count(leaves))
        return fault_set(fault, FAULT_NOT_FOUND, "the broker keeps leaf %llu back",
                         (unsigned long long)self->next);
    const value_t *row = value_at(leaves, self->at++);
    if ((uint64_t)value_get_integer(row, "index") != self->next)
        return fault_set(fault, FAULT_FORMAT, "the broker gave another leaf than %llu",
                         (unsigned long long)self->next);
    *leaf = value_slice(value_get(row, "bytes"));
    self->next++;
    return 1;
}

/* "leaf INDEX BYTES" LF, the bytes, LF. */
static int
next_exported(record_t *self, slice_t *leaf, fault_t *fault)
{
    char line[64], expected[64];
    unsigned long long index = 0, size = 0;
    slice_t head = cut_after(&self->rest, "\n");
    snprintf(line, sizeof line, "%.*s", (int)(head.size < sizeof line ? head.size : 0),
             (const char *)head.data);
    int fields = sscanf(line, "leaf %llu %llu\n", &index, &size);
    snprintf(expected, sizeof expected, "leaf %llu %llu\n", (unsigned long long)self->next, size);
    if (fields != 2 || strcmp(line, expected) != 0 || size >= self->rest.size ||
        self->rest.data[size] != '\n')
        return fault_set(fault, FAULT_FORMAT, "the export has no leaf %llu where it belongs",
                         (unsigned long long)self->next);
    *leaf = cut(&self->rest, size);
    cut(&self->rest, 1);
    self->next++;
    return 1;
}

/* A line of hexadecimal digits, of a path. */
static bool
cut_hash(slice_t *rest, hash_t *hash)
{
    char text[HASH_TEXT];
    slice_t line = cut_after(rest, "\n");
    if (line.size != HASH_TEXT)
        return false;
    memcpy(text, line.data, HASH_TEXT - 1);
    text[HASH_TEXT - 1] = '\0';
    return hash_read(text, hash);
}

/* "leaf INDEX BYTES HASHES" LF, as many hashes, the bytes, LF. */
static int
next_extracted(record_t *self, slice_t *leaf, fault_t *fault)
{
    char line[96], expected[96];
    unsigned long long index = 0, size = 0, count = 0;
    hash_t path[TREE_PATH_MAX], head, hash;
    slice_t first = cut_after(&self->rest, "\n");
    snprintf(line, sizeof line, "%.*s", (int)(first.size < sizeof line ? first.size : 0),
             (const char *)first.data);
    int fields = sscanf(line, "leaf %llu %llu %llu\n", &index, &size, &count);
    snprintf(expected, sizeof expected, "leaf %llu %llu %llu\n", index, size, count);
    bool fits =
        fields == 3 && !strcmp(line, expected) && count <= TREE_PATH_MAX && index >= self->next;
    for (size_t i = 0; fits && i < count; i++)
        fits = cut_hash(&self->rest, &path[i]);
    if (!fits || size >= self->rest.size || self->rest.data[size] != '\n')
        return fault_set(fault, FAULT_FORMAT, "the extract has no leaf where one belongs");
    *leaf = cut(&self->rest, size);
    cut(&self->rest, 1);
    hash = hash_leaf(*leaf);
    if (!tree_head(&hash, index, self->checkpoint.size, path, count, &head) ||
        !hash_equal(&head, &self->checkpoint.head))
        return fault_set(fault, FAULT_PROOF, "leaf %llu is not in the record that was signed",
                         index);
    self->next = index + 1;
    return 1;
}

int
record_add_site(const char *folder, bytes_t *out, fault_t *fault)
{
    CLEANUP(bytes_destroy) bytes_t *replaced = bytes_new();
    if (dossier_read(folder, NULL, out, fault) || past_read(folder, replaced, fault))
        return -1;
    if (replaced->size) {
        bytes_add_text(out, RECORD_PAST);
        bytes_add_slice(out, bytes_slice(replaced));
    }
    return 0;
}

bool
record_is_extract(const record_t *self)
{
    return self->extract;
}

slice_t
record_dossier(const record_t *self)
{
    return self->dossier;
}

slice_t
record_past(const record_t *self)
{
    return self->past;
}

uint64_t
record_index(const record_t *self)
{
    return self->next - 1;
}

int
record_next(record_t *self, slice_t *leaf, fault_t *fault)
{
    if (self->extract)
        return slice_is(self->rest, "end\n") ? 0 : next_extracted(self, leaf, fault);
    if (self->next < self->checkpoint.size)
        return self->client ? next_asked(self, leaf, fault) : next_exported(self, leaf, fault);
    if (!self->client && !slice_is(self->rest, "end\n"))
        return fault_set(fault, FAULT_FORMAT, "the export does not end behind leaf %llu",
                         (unsigned long long)self->next);
    return 0;
}
