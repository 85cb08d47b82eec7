/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/extract.h"

#include <stdio.h>
#include <stdlib.h>

#include "common/document.h"
#include "keys/grant.h"
#include "keys/halt.h"
#include "keys/tree.h"
#include "wire/dossier.h"
#include "wire/rejection.h"

struct extract {
    char number[24]; /* of the incident */
    const value_t *incident;
    value_t *runs;      /* list of hashes, as text */
    value_t *documents; /* likewise: orders, grants, releases */
};

extract_t *
extract_new(const value_t *incident)
{
    extract_t *self = memory_new(1, sizeof *self);
    self->incident = incident;
    self->runs = value_list();
    self->documents = value_list();
    snprintf(self->number, sizeof self->number, "%lld",
             (long long)value_get_integer(incident, "id"));
    return self;
}

void
extract_destroy(extract_t **self_p)
{
    extract_t *self = *self_p;
    if (!self)
        return;
    value_destroy(&self->runs);
    value_destroy(&self->documents);
    free(self);
    *self_p = NULL;
}

void
extract_add_run(extract_t *self, const value_t *run)
{
    char authority[HASH_TEXT];
    hash_t hash = hash_of(value_slice(value_get(run, "document")));
    value_append(self->runs, value_text(value_get_text(run, "run")));
    value_append(self->documents, value_text(value_get_text(run, "release")));
    value_append(self->documents, value_text(hash_write(&hash, authority)));
}

/* ---- what is about it ----------------------------------------------------------------------- */

static bool
lists(const value_t *list, const char *text)
{
    for (size_t i = 0; i < value_count(list); i++)
        if (!strcmp(value_string(value_at(list, i)), text))
            return true;
    return false;
}

static bool
lists_hash(const value_t *list, const hash_t *hash)
{
    char text[HASH_TEXT];
    return lists(list, hash_write(hash, text));
}

/* Another incident may have had the same source and fingerprint before. */
static bool
wants_alert(const extract_t *self, slice_t document)
{
    fault_t ignored;
    CLEANUP(alert_destroy) alert_t *alert = alert_decode(document, &ignored);
    return alert && !strcmp(alert->source, value_get_text(self->incident, "source")) &&
           !strcmp(alert->fingerprint, value_get_text(self->incident, "fingerprint")) &&
           alert->received.ms >= value_get_integer(self->incident, "first") &&
           alert->received.ms <= value_get_integer(self->incident, "last");
}

static bool
wants_document(const extract_t *self, slice_t document)
{
    hash_t hash = hash_of(document);
    return lists_hash(self->documents, &hash);
}

static bool
wants_rejection(const extract_t *self, slice_t document)
{
    fault_t ignored;
    rejection_t rejection;
    return !rejection_decode(&rejection, document, &ignored) &&
           lists_hash(self->documents, &rejection.release);
}

static bool
wants_stop(const extract_t *self, slice_t document)
{
    fault_t ignored;
    CLEANUP(stop_destroy) stop_t *stop = stop_decode(document, &ignored);
    return stop && stop->what == HALT_RUN && lists(self->runs, stop->name);
}

/* A receipt, a consent, an answer: each has one line that names its run. */
static bool
wants_of_run(const extract_t *self, slice_t document)
{
    static const char key[] = "\nrun ";
    const uint8_t *line = memmem(document.data, document.size, key, sizeof key - 1);
    char run[HASH_TEXT] = "";
    if (line && (size_t)(line - document.data) + sizeof key + HASH_TEXT <= document.size)
        memcpy(run, line + sizeof key - 1, HASH_TEXT - 1);
    return lists(self->runs, run);
}

static const struct {
    const char *kind;
    bool (*wants)(const extract_t *self, slice_t document);
} kinds[] = {
    {"alert", wants_alert},      {"order", wants_document},    {"grant", wants_document},
    {"release", wants_document}, {"approval", wants_document}, {"rejection", wants_rejection},
    {"stop", wants_stop},        {"receipt", wants_of_run},    {"consent", wants_of_run},
    {"answer", wants_of_run},
};

/* "INSTANT INCIDENT-OR-RUN ..." of an event, "RUN" LF of a refusal. */
static bool
wants_line(const extract_t *self, slice_t kind, slice_t payload)
{
    char line[256], *word = line;
    snprintf(line, sizeof line, "%.*s", (int)(payload.size < 200 ? payload.size : 200),
             (const char *)payload.data);
    if (slice_is(kind, "event")) {
        word = strchr(line, ' ');
        if (!word++)
            return false;
    }
    word[strcspn(word, " \n")] = '\0';
    return lists(self->runs, word) || (slice_is(kind, "event") && !strcmp(word, self->number));
}

bool
extract_wants(const extract_t *self, slice_t leaf)
{
    const uint8_t *lf = leaf.size ? memchr(leaf.data, '\n', leaf.size) : NULL;
    slice_t kind = slice_of(leaf.data, lf ? (size_t)(lf - leaf.data) : 0), document, armors;
    slice_t payload = slice_of(lf ? lf + 1 : NULL, lf ? leaf.size - kind.size - 1 : 0);
    if (slice_is(kind, "event") || slice_is(kind, "refusal"))
        return wants_line(self, kind, payload);
    for (size_t i = 0; lf && i < ARRAY_SIZE(kinds); i++)
        if (slice_is(kind, kinds[i].kind))
            return document_split(payload, &document, &armors) && kinds[i].wants(self, document);
    return false;
}

/* ---- the file ------------------------------------------------------------------------------- */

typedef struct {
    uint64_t index;
    bytes_t *leaf;
} chosen_t;

typedef struct {
    tree_t *tree;
    size_t count, capacity;
    chosen_t *rows;
} choice_t;

static void
choice_clear(choice_t *self)
{
    for (size_t i = 0; i < self->count; i++)
        bytes_destroy(&self->rows[i].leaf);
    free(self->rows);
    tree_destroy(&self->tree);
}

static int
choose(choice_t *self, const extract_t *extract, record_t *record, fault_t *fault)
{
    slice_t leaf;
    int more;
    self->tree = tree_new();
    for (uint64_t index = 0; (more = record_next(record, &leaf, fault)) == 1; index++) {
        hash_t hash = hash_leaf(leaf);
        tree_append(self->tree, &hash);
        if (!extract_wants(extract, leaf))
            continue;
        if (self->count == EXTRACT_LEAVES_MAX)
            return fault_set(fault, FAULT_LIMIT, "over %d leaves are about it: export the record",
                             EXTRACT_LEAVES_MAX);
        self->rows = memory_grow(self->rows, self->count, &self->capacity, sizeof *self->rows);
        self->rows[self->count++] = (chosen_t){index, bytes_copy(leaf)};
    }
    return more;
}

static int
add_leaf(choice_t *self, const chosen_t *row, const checkpoint_t *checkpoint, bytes_t *out,
         fault_t *fault)
{
    hash_t path[TREE_PATH_MAX], head, leaf = hash_leaf(bytes_slice(row->leaf));
    size_t count = tree_path(self->tree, row->index, path);
    char text[HASH_TEXT];
    if (!tree_head(&leaf, row->index, checkpoint->size, path, count, &head) ||
        !hash_equal(&head, &checkpoint->head))
        return fault_set(fault, FAULT_HASH,
                         "the broker's leaves do not make the head that it signed");
    bytes_addf(out, "leaf %llu %zu %zu\n", (unsigned long long)row->index, row->leaf->size, count);
    for (size_t i = 0; i < count; i++)
        bytes_addf(out, "%s\n", hash_write(&path[i], text));
    bytes_add_slice(out, bytes_slice(row->leaf));
    bytes_add_u8(out, '\n');
    return 0;
}

int
extract_write(const extract_t *self, record_t *record, const char *folder, bytes_t *out,
              size_t *count, fault_t *fault)
{
    CLEANUP(choice_clear) choice_t choice = {0};
    bytes_add_text(out, RECORD_EXTRACT_HEAD);
    bytes_add_slice(out, record_document(record));
    bytes_add_slice(out, record_armor(record));
    bytes_add_slice(out, record_testimony(record));
    if (record_add_site(folder, out, fault) || choose(&choice, self, record, fault))
        return -1;
    for (size_t i = 0; i < choice.count; i++)
        if (add_leaf(&choice, &choice.rows[i], record_checkpoint(record), out, fault))
            return -1;
    bytes_add_text(out, "end\n");
    *count = choice.count;
    return 0;
}
