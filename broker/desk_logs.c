/* SPDX-License-Identifier: Apache-2.0 */
#include "broker/desk_private.h"
#include "wire/message.h"

typedef struct {
    const char *target;
    bool found;
    part_row_t part;
    uint64_t offset, size; /* size: of all that the part said */
    bool closed;
    bytes_t *bytes; /* from offset on */
} reading_t;

static bool
take_part(void *context, const row_t *row)
{
    reading_t *self = context;
    self->found = !strcmp(row->part.target, self->target);
    self->part = row->part;
    return !self->found;
}

static bool
take_said(void *context, const row_t *row)
{
    reading_t *self = context;
    const said_row_t *said = &row->said;
    uint64_t end = said->start + said->bytes.size;
    if (end > self->offset && said->start <= self->offset + self->bytes->size) {
        size_t skip = said->start < self->offset ? (size_t)(self->offset - said->start) : 0;
        bytes_add(self->bytes, said->bytes.data + skip, said->bytes.size - skip);
    }
    self->size = end;
    self->closed = self->closed || said->closed;
    return true;
}

/* Whether more may come: it does not where the worker said so, or where its part ended a while ago
 * without another word. */
static bool
is_open(const reading_t *self, wall_t now)
{
    bool begun = !part_ended(self->part.state) || self->part.accepted.ms;
    bool silent = part_ended(self->part.state) && now.ms - self->part.ended.ms > CORE_LATE_MS;
    return begun && !silent && !self->closed;
}

value_t *
answer_logs(desk_t *self, asked_t *asked)
{
    const store_t *store = self->house->store;
    int64_t offset = value_get_integer(asked->arguments, "offset");
    CLEANUP(bytes_destroy) bytes_t *bytes = bytes_new();
    reading_t reading = {.target = value_get_text(asked->arguments, "target"),
                         .offset = offset > 0 ? (uint64_t)offset : 0,
                         .bytes = bytes};
    CLEANUP(row_destroy)
    row_t *row = desk_find_run(self, value_get_text(asked->arguments, "run"), asked->fault);
    if (!row)
        return NULL;
    query_t parts = {.what = FIND_PARTS, .hash = row->run.id};
    query_t said = {.what = FIND_SAID, .hash = row->run.id, .text = reading.target};
    if (store->find(store->self, &parts, take_part, &reading, asked->fault) ||
        store->find(store->self, &said, take_said, &reading, asked->fault))
        return NULL;
    if (!reading.found) {
        fault_set(asked->fault, FAULT_NOT_FOUND, "'%.128s' is no target of that run",
                  reading.target);
        return NULL;
    }
    value_t *map = value_map();
    value_set_integer(map, "offset", (int64_t)reading.offset);
    value_set(map, "bytes", value_bytes(bytes_slice(bytes)));
    value_set_integer(map, "size", (int64_t)reading.size);
    value_set_bool(map, "open", is_open(&reading, asked->now));
    return map;
}

void
desk_tell_said(const desk_t *self, const said_row_t *said)
{
    for (size_t i = 0; i < self->watch_count; i++) {
        const watch_t *watch = &self->watches[i];
        if (!hash_equal(&watch->run, &said->run))
            continue;
        CLEANUP(value_destroy) value_t *body = value_map();
        CLEANUP(bytes_destroy) bytes_t *encoded = bytes_new();
        value_set_text(body, "kind", "output");
        value_set_text(body, "worker", said->target);
        value_set_integer(body, "offset", (int64_t)said->start);
        value_encode(body, encoded);
        frames_t *frames = message_new(MESSAGE_EVENT);
        frames_add_text(frames, watch->id);
        frames_add(frames, bytes_slice(encoded));
        self->house->answer(self->house->context, &watch->caller, &frames);
    }
}
