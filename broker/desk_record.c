/* SPDX-License-Identifier: Apache-2.0 */
#include "broker/desk_private.h"

#include <stdio.h>

#include "wire/checkpoint.h"

static bool
fill_leaf(void *context, const row_t *row)
{
    value_t *map = value_map();
    CLEANUP(bytes_destroy) bytes_t *leaf = bytes_new();
    bytes_addf(leaf, "%s\n", row->leaf.kind);
    bytes_add_slice(leaf, row->leaf.bytes);
    value_set_integer(map, "index", (int64_t)row->leaf.number);
    value_set_text(map, "kind", row->leaf.kind);
    value_set(map, "bytes", value_bytes(bytes_slice(leaf)));
    return desk_append(((filling_t *)context)->asked, map);
}

value_t *
answer_submit(desk_t *self, asked_t *asked)
{
    static const struct {
        const char *kind;
        event_kind_t event;
    } kinds[] = {{"order", EVENT_ORDER},       {"grant", EVENT_GRANT},
                 {"approval", EVENT_APPROVAL}, {"rejection", EVENT_REJECT},
                 {"stop", EVENT_HALT},         {"revoke", EVENT_HALT},
                 {"resume", EVENT_HALT},       {"consent", EVENT_CONSENT},
                 {"answer", EVENT_CONSENT},    {"restart", EVENT_RESTART}};
    const char *kind = value_get_text(asked->arguments, "kind");
    event_t event = {
        .kind = EVENT_KINDS,
        .document = value_slice(value_get(asked->arguments, "document")),
        .armors = value_slice(value_get(asked->arguments, "armors")),
        .targets = value_get(asked->arguments, "targets"),
    };
    for (size_t i = 0; i < ARRAY_SIZE(kinds); i++)
        if (!strcmp(kind, kinds[i].kind))
            event.kind = kinds[i].event;
    if (event.kind == EVENT_KINDS || !event.document.size || !event.armors.size) {
        fault_set(asked->fault, FAULT_USAGE,
                  "'%.40s' is nothing that is submitted, or comes without document and armors",
                  kind);
        return NULL;
    }
    event.hash = hash_of(event.document);
    if (self->house->step(self->house->context, &event, asked->fault))
        return NULL;
    value_t *map = value_map();
    view_set_hash(map, event.kind == EVENT_ORDER ? "run" : "hash", &event.made);
    return map;
}

value_t *
answer_log(desk_t *self, asked_t *asked)
{
    const desk_house_t *house = self->house;
    const merkle_t *log = core_log(house->core);
    int64_t from = value_get_integer(asked->arguments, "from");
    int64_t count = value_get_integer(asked->arguments, "count");
    if (from < 0 || count < 0 || count > DESK_LEAVES_MAX) {
        fault_set(asked->fault, FAULT_USAGE, "at most %d leaves are read at once, from 0 on",
                  DESK_LEAVES_MAX);
        return NULL;
    }
    query_t query = {.what = FIND_LEAVES,
                     .number = (uint64_t)from,
                     .limit = count ? (size_t)count : DESK_LEAVES_MAX};
    CLEANUP(bytes_destroy) bytes_t *testimony = bytes_new();
    if (!from && core_testify(house->core, testimony, asked->fault))
        return NULL;
    value_t *leaves = desk_list(self, asked, &query, fill_leaf);
    if (!leaves)
        return NULL;
    CLEANUP(bytes_destroy) bytes_t *document = bytes_new();
    CLEANUP(bytes_destroy) bytes_t *armor = bytes_new();
    checkpoint_t checkpoint =
        checkpoint_of(trust_site(core_charter(house->core)->trust), house->broker, log, asked->now);
    checkpoint_sign(&checkpoint, house->key, document, armor);
    value_t *map = value_map();
    value_set_integer(map, "size", (int64_t)log->size);
    view_set_hash(map, "head", &checkpoint.head);
    value_set(map, "checkpoint", value_bytes(bytes_slice(document)));
    value_set(map, "armor", value_bytes(bytes_slice(armor)));
    if (testimony->size)
        value_set(map, "testimony", value_bytes(bytes_slice(testimony)));
    value_set(map, "leaves", leaves);
    return map;
}
