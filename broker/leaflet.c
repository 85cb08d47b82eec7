/* SPDX-License-Identifier: Apache-2.0 */
#include "broker/leaflet.h"

#include <stdio.h>

#include "common/document.h"
#include "wire/message.h"
#include "wire/value.h"

typedef struct {
    slice_t bulk; /* in row */
    row_t *row;   /* ours */
    value_t *facts;
} beside_t;

static row_t *
find(const store_t *store, query_t query, fault_t *fault)
{
    return store_first(store, &query, fault);
}

/* By which the centre knows an incident. */
static void
name_incident(const store_t *store, uint64_t number, beside_t *out, fault_t *fault)
{
    CLEANUP(row_destroy)
    row_t *row =
        number ? find(store, (query_t){.what = FIND_INCIDENT, .number = number}, fault) : NULL;
    if (!row)
        return;
    value_set_text(out->facts, "source", row->incident.source);
    value_set_text(out->facts, "fingerprint", row->incident.fingerprint);
}

static void
name_run(beside_t *out, const hash_t *run)
{
    char text[HASH_TEXT];
    value_set_text(out->facts, "run", hash_write(run, text));
}

typedef struct {
    beside_t *out;
    uint64_t leaf;
} claiming_t;

/* The run that was begun here for this alert. */
static bool
on_run(void *context, const row_t *row)
{
    claiming_t *self = context;
    char text[HASH_TEXT];
    if (!row->run.by_grant || row->run.alert != self->leaf || *row->run.via)
        return true;
    name_run(self->out, &row->run.id);
    value_set_text(self->out->facts, "grant", hash_write(&row->run.authority, text));
    value_set_integer(self->out->facts, "at", row->run.created.ms);
    return false;
}

static bool
beside_alert(const store_t *store, const leaf_row_t *leaf, beside_t *out, fault_t *fault)
{
    claiming_t claiming = {out, leaf->number};
    query_t query = {.what = FIND_RUNS_OF, .number = leaf->incident};
    slice_t document, armor;
    bool is_signed = document_split(leaf->bytes, &document, &armor) && armor.size;
    if (is_signed && leaf->incident && store->find(store->self, &query, on_run, &claiming, fault))
        return false;
    return is_signed;
}

/* Its files, or the targets that came with it. */
static bool
beside_document(const store_t *store, const leaf_row_t *leaf, beside_t *out, fault_t *fault)
{
    slice_t document, armors;
    if (!document_split(leaf->bytes, &document, &armors))
        return false;
    hash_t hash = hash_of(document);
    out->row = find(store, (query_t){.what = FIND_DOCUMENT, .hash = hash}, fault);
    out->bulk = out->row ? out->row->document.files : slice_of(NULL, 0);
    return out->row;
}

static bool
beside_order(const store_t *store, const leaf_row_t *leaf, beside_t *out, fault_t *fault)
{
    if (!beside_document(store, leaf, out, fault))
        return false;
    CLEANUP(row_destroy)
    row_t *run = find(store, (query_t){.what = FIND_RUN, .hash = out->row->document.hash}, fault);
    if (run)
        name_incident(store, run->run.incident, out, fault);
    return run && !*run->run.via;
}

static bool
beside_receipt(const store_t *store, const leaf_row_t *leaf, beside_t *out, fault_t *fault)
{
    slice_t document, armor;
    document_split(leaf->bytes, &document, &armor);
    CLEANUP(receipt_destroy) receipt_t *receipt = receipt_decode(document, fault);
    if (receipt && receipt->output_bytes) {
        out->row = find(store, (query_t){.what = FIND_OUTPUT, .hash = receipt->output}, fault);
        out->bulk = out->row ? out->row->output.bytes : slice_of(NULL, 0);
    }
    return receipt;
}

static bool
beside_nothing(const store_t *store, const leaf_row_t *leaf, beside_t *out, fault_t *fault)
{
    (void)store, (void)leaf, (void)out, (void)fault;
    return true;
}

static bool
beside_refusal(const store_t *store, const leaf_row_t *leaf, beside_t *out, fault_t *fault)
{
    CLEANUP(bytes_destroy) bytes_t *words = bytes_copy(leaf->bytes);
    char run[HASH_TEXT], worker[TEXT_NAME_MAX + 1], code[24], text[512];
    (void)store, (void)fault;
    if (sscanf(bytes_text(words), "%64s\n%63s\n%20s\n%299[^\n]", run, worker, code, text) != 4)
        return false;
    CLEANUP(bytes_destroy) bytes_t *said = bytes_new();
    bytes_addf(said, "worker '%s' refused it: %s (%s)", worker, text, code);
    value_set_text(out->facts, "run", run);
    value_set_text(out->facts, "text", bytes_text(said));
    return true;
}

/* What people did, and no document says. */
static bool
beside_event(const store_t *store, const leaf_row_t *leaf, beside_t *out, fault_t *fault)
{
    static const char *const kinds[] = {"ack",     "assign", "note",  "severity", "parent",
                                        "resolve", "reopen", "pause", "brake",    "drain"};
    CLEANUP(row_destroy)
    row_t *row = find(store, (query_t){.what = FIND_EVENT, .number = leaf->number}, fault);
    const event_row_t *event = row ? &row->event : NULL;
    size_t i = 0;
    while (event && i < ARRAY_SIZE(kinds) && strcmp(kinds[i], event->kind) != 0)
        i++;
    if (!event || i == ARRAY_SIZE(kinds))
        return false;
    CLEANUP(bytes_destroy) bytes_t *said = bytes_new();
    char at[MOMENT_TEXT_MAX];
    wall_write_time(event->at, at);
    bytes_addf(said, "%s%s%s at %s: %s", event->who, *event->who ? ", " : "", event->kind, at,
               event->text);
    name_incident(store, event->incident, out, fault);
    if (!hash_equal(&event->run, &HASH_ZERO))
        name_run(out, &event->run);
    value_set_text(out->facts, "text", bytes_text(said));
    return true;
}

/* What is relayed; false where a leaf of the kind is not. */
static const struct {
    const char *leaf;
    bool (*beside)(const store_t *store, const leaf_row_t *leaf, beside_t *out, fault_t *fault);
} kinds[] = {
    {"alert", beside_alert},       {"order", beside_order},       {"receipt", beside_receipt},
    {"release", beside_document},  {"approval", beside_document}, {"grant", beside_nothing},
    {"rejection", beside_nothing}, {"stop", beside_nothing},      {"revoke", beside_nothing},
    {"resume", beside_nothing},    {"consent", beside_nothing},   {"answer", beside_nothing},
    {"refusal", beside_refusal},   {LEAF_EVENT, beside_event},
};

frames_t *
leaflet_make(const store_t *store, const leaf_row_t *leaf, fault_t *fault)
{
    size_t i = 0;
    while (i < ARRAY_SIZE(kinds) && strcmp(kinds[i].leaf, leaf->kind) != 0)
        i++;
    CLEANUP(value_destroy) value_t *facts = value_map();
    CLEANUP(bytes_destroy) bytes_t *encoded = bytes_new();
    beside_t beside = {.facts = facts};
    frames_t *frames = NULL;
    if (i < ARRAY_SIZE(kinds) && kinds[i].beside(store, leaf, &beside, fault)) {
        char number[24];
        value_encode(facts, encoded);
        snprintf(number, sizeof number, "%llu", (unsigned long long)leaf->number);
        frames = message_new(MESSAGE_RELAY);
        frames_add_text(frames, number);
        frames_add_text(frames, leaf->kind);
        frames_add(frames, leaf->bytes);
        frames_add(frames, beside.bulk);
        frames_add(frames, bytes_slice(encoded));
    }
    row_destroy(&beside.row);
    return frames;
}
