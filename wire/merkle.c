/* SPDX-License-Identifier: Apache-2.0 */
#include "wire/merkle.h"

#include <assert.h>

static size_t
edge_count(uint64_t size)
{
    return (size_t)__builtin_popcountll(size);
}

void
merkle_append(merkle_t *self, const hash_t *leaf)
{
    size_t count = edge_count(self->size);
    hash_t hash = *leaf;
    assert(self->size < UINT64_MAX);
    for (uint64_t size = self->size; size & 1; size >>= 1)
        hash = hash_node(&self->edge[--count], &hash);
    self->edge[count] = hash;
    self->size++;
}

hash_t
merkle_head(const merkle_t *self)
{
    size_t count = edge_count(self->size);
    if (!count)
        return hash_of(slice_of(NULL, 0));
    hash_t head = self->edge[--count];
    while (count)
        head = hash_node(&self->edge[--count], &head);
    return head;
}

slice_t
merkle_edge(const merkle_t *self)
{
    return slice_of(self->edge, edge_count(self->size) * sizeof(hash_t));
}

bool
merkle_restore(merkle_t *self, uint64_t size, slice_t edge)
{
    if (edge.size != edge_count(size) * sizeof(hash_t))
        return false;
    *self = (merkle_t){.size = size};
    if (edge.size)
        memcpy(self->edge, edge.data, edge.size);
    return true;
}
