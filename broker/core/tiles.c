/* SPDX-License-Identifier: Apache-2.0 */
#include "broker/core/tiles.h"

#include <stdlib.h>

#include "wire/merkle.h"

void
tiles_clear(tiles_t *self)
{
    free(self->heads);
    *self = (tiles_t){.past = self->past};
}

static void
add(tiles_t *self, const hash_t *head)
{
    self->heads = memory_grow(self->heads, self->count, &self->capacity, sizeof *self->heads);
    self->heads[self->count++] = *head;
}

typedef struct {
    tiles_t *tiles;
    bool gap;
} loading_t;

static bool
load_tile(void *context, const row_t *row)
{
    loading_t *loading = context;
    loading->gap = row->tile.number != loading->tiles->count;
    if (!loading->gap)
        add(loading->tiles, &row->tile.head);
    return !loading->gap;
}

int
tiles_load(tiles_t *self, fault_t *fault)
{
    loading_t loading = {.tiles = self};
    query_t query = {.what = FIND_TILES};
    if (self->past->find(self->past->self, &query, load_tile, &loading, fault))
        return -1;
    return loading.gap
               ? fault_set(fault, FAULT_FORMAT, "the log's tile %zu is missing", self->count)
               : 0;
}

typedef struct {
    merkle_t *log;
    uint64_t next;
} reading_t;

static bool
read_leaf(void *context, const row_t *row)
{
    reading_t *reading = context;
    if (row->leaf.number != reading->next)
        return false;
    merkle_append(reading->log, &row->leaf.hash);
    reading->next++;
    return true;
}

static int
append_leaves(const tiles_t *self, merkle_t *log, uint64_t first, uint64_t end, fault_t *fault)
{
    reading_t reading = {log, first};
    query_t query = {.what = FIND_LEAVES, .number = first, .limit = (size_t)(end - first)};
    if (first < end && self->past->find(self->past->self, &query, read_leaf, &reading, fault))
        return -1;
    return reading.next == end ? 0
                               : fault_set(fault, FAULT_FORMAT, "leaf %llu of the log is missing",
                                           (unsigned long long)reading.next);
}

/* The edge of a tree over tiles is that of the tree over their leaves: only sizes differ. */
static int
head_of(void *context, uint64_t first, uint64_t end, hash_t *head, fault_t *fault)
{
    const tiles_t *self = context;
    merkle_t log = {0};
    if (first % TILE_LEAVES == 0)
        for (uint64_t i = first / TILE_LEAVES; i < self->count && (i + 1) * TILE_LEAVES <= end; i++)
            merkle_append(&log, &self->heads[i]);
    log.size *= TILE_LEAVES;
    if (append_leaves(self, &log, first + log.size, end, fault))
        return -1;
    *head = merkle_head(&log);
    return 0;
}

int
tiles_grow(tiles_t *self, uint64_t size, actions_t *actions, fault_t *fault)
{
    for (int i = 0; i < TILES_GROW && self->count < size / TILE_LEAVES; i++) {
        row_t row = {.kind = ROW_TILE, .tile = {.number = self->count}};
        uint64_t first = (uint64_t)self->count * TILE_LEAVES;
        if (head_of(self, first, first + TILE_LEAVES, &row.tile.head, fault))
            return -1;
        add(self, &row.tile.head);
        actions_put(actions, &row);
    }
    return self->count == size / TILE_LEAVES;
}

int
tiles_prove(const tiles_t *self, uint64_t size, uint64_t longer, consistency_t *proof,
            fault_t *fault)
{
    return consistency_make(proof, size, longer, head_of, (void *)self, fault);
}
