/* SPDX-License-Identifier: Apache-2.0 */
/* floor - what one process can make of alerts without HTTP, rules or anybody to answer: JSON read,
 * the rows written that the broker writes for an alert that waits for people, their leaves hashed.
 *
 *     floor FOLDER COUNT BATCH
 *
 * FOLDER receives a broker's database; BATCH alerts are in one transaction, as many as the broker
 * may find waiting. Prints alerts a second. */
#include <jansson.h>

#include "broker/store.h"
#include "common/text.h"
#include "tests/bench/bench.h"
#include "wire/merkle.h"

#define EVENT_TEXT "no grant covers it"

typedef struct {
    store_t *store;
    merkle_t log;
    uint64_t incidents;
} floor_t;

static void
need(int failed, const fault_t *fault)
{
    if (failed)
        bench_die(fault);
}

static void
put(const floor_t *self, const row_t *row)
{
    fault_t fault = {0};
    need(self->store->put(self->store->self, row, &fault), &fault);
}

static hash_t
append(floor_t *self, const char *kind, slice_t bytes)
{
    CLEANUP(bytes_destroy) bytes_t *leaf = bytes_new();
    bytes_add_text(leaf, kind);
    bytes_add_text(leaf, "\n");
    bytes_add_slice(leaf, bytes);
    hash_t hash = hash_leaf(bytes_slice(leaf));
    merkle_append(&self->log, &hash);
    return hash;
}

static uint64_t
put_alert(floor_t *self, slice_t bytes)
{
    row_t row = {.kind = ROW_LEAF,
                 .leaf = {.number = self->log.size,
                          .kind = "alert",
                          .bytes = bytes,
                          .hash = append(self, "alert", bytes),
                          .incident = self->incidents + 1}};
    put(self, &row);
    return row.leaf.number;
}

static void
put_incident(floor_t *self, const char *fingerprint, const char *title, wall_t now, uint64_t leaf)
{
    row_t row = {.kind = ROW_INCIDENT,
                 .incident = {.id = ++self->incidents,
                              .starts = now,
                              .first = now,
                              .last = now,
                              .count = 1,
                              .firing = true,
                              .leaf = leaf}};
    incident_t *incident = &row.incident;
    text_copy(incident->source, sizeof incident->source, "demo");
    text_copy(incident->fingerprint, sizeof incident->fingerprint, fingerprint);
    text_copy(incident->name, sizeof incident->name, "BenchIngest");
    text_copy(incident->severity, sizeof incident->severity, "critical");
    text_copy(incident->title, sizeof incident->title, title);
    text_copy(incident->host, sizeof incident->host, BENCH_HOST);
    text_copy(incident->region, sizeof incident->region, "north");
    text_copy(incident->worker, sizeof incident->worker, "north-1");
    text_copy(incident->reason, sizeof incident->reason, EVENT_TEXT);
    put(self, &row);
}

static void
put_event(floor_t *self, wall_t now)
{
    CLEANUP(bytes_destroy) bytes_t *line = bytes_new();
    row_t row = {.kind = ROW_EVENT,
                 .event = {.number = self->log.size,
                           .at = now,
                           .incident = self->incidents,
                           .kind = "waiting",
                           .text = EVENT_TEXT}};
    event_write(&row.event, line);
    row.event.bytes = bytes_slice(line);
    row.event.leaf = append(self, LEAF_EVENT, bytes_slice(line));
    put(self, &row);
}

static void
take(floor_t *self, const bytes_t *body)
{
    json_error_t error;
    wall_t now = wall_now();
    json_t *json = json_loadb((const char *)body->data, body->size, JSON_REJECT_DUPLICATES, &error);
    json_t *item = json_array_get(json_object_get(json, "alerts"), 0);
    const char *title =
        json_string_value(json_object_get(json_object_get(item, "annotations"), "summary"));
    const char *fingerprint = json_string_value(json_object_get(item, "fingerprint"));
    bench_need(title && fingerprint, error.text);
    uint64_t leaf = put_alert(self, bytes_slice(body));
    put_incident(self, fingerprint, title, now, leaf);
    put_event(self, now);
    json_decref(json);
}

static void
commit(floor_t *self)
{
    fault_t fault = {0};
    row_t row = {.kind = ROW_POSITION,
                 .position = {.size = self->log.size,
                              .edge = merkle_edge(&self->log),
                              .incidents = self->incidents}};
    put(self, &row);
    need(self->store->commit(self->store->self, &fault) ||
             self->store->sync(self->store->self, &fault),
         &fault);
}

int
main(int argc, char **argv)
{
    uint64_t count, batch;
    floor_t self = {0};
    fault_t fault = {0};
    CLEANUP(bytes_destroy) bytes_t *body = bytes_new();
    if (argc != 4 || !text_read_u64(argv[2], 1, INT32_MAX, &count) ||
        !text_read_u64(argv[3], 1, INT32_MAX, &batch)) {
        fprintf(stderr, "usage: floor FOLDER COUNT BATCH\n");
        return EXIT_FAILURE;
    }
    self.store = store_sqlite(argv[1], true, &fault);
    need(!self.store, &fault);
    double spent = 0;
    for (uint64_t i = 0; i < count; i++) {
        bytes_clear(body);
        bench_alert(body, BENCH_HOST, "BenchIngest", "/", i);
        double start = bench_us();
        if (i % batch == 0)
            need(self.store->begin(self.store->self, &fault), &fault);
        take(&self, body);
        if (i % batch == batch - 1 || i == count - 1)
            commit(&self);
        spent += bench_us() - start;
    }
    bench_say("floor_per_second", (double)count * 1e6 / spent);
    store_destroy(&self.store);
    return EXIT_SUCCESS;
}
