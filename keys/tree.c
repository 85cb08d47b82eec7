/* SPDX-License-Identifier: Apache-2.0 */
#include "keys/tree.h"

#include <assert.h>
#include <stdlib.h>

/* Level 0 holds the leaves; a level's last node, where it has no sibling, is also the last of the
 * level above it, which is how RFC 6962 splits a tree that is not full. */
typedef struct {
    size_t count, capacity;
    hash_t *nodes;
} level_t;

struct tree {
    bool grown; /* leaves came since the upper levels were made */
    size_t levels;
    level_t level[TREE_PATH_MAX + 1];
};

tree_t *
tree_new(void)
{
    return memory_new(1, sizeof(tree_t));
}

void
tree_destroy(tree_t **self_p)
{
    tree_t *self = *self_p;
    if (!self)
        return;
    for (size_t i = 0; i < ARRAY_SIZE(self->level); i++)
        free(self->level[i].nodes);
    free(self);
    *self_p = NULL;
}

static void
add_node(level_t *level, const hash_t *node)
{
    level->nodes = memory_grow(level->nodes, level->count, &level->capacity, sizeof *node);
    level->nodes[level->count++] = *node;
}

void
tree_append(tree_t *self, const hash_t *leaf)
{
    add_node(&self->level[0], leaf);
    self->grown = true;
}

static void
make_levels(tree_t *self)
{
    self->levels = 1;
    for (level_t *below = self->level; below->count > 1; below++, self->levels++) {
        level_t *above = below + 1;
        above->count = 0;
        for (size_t i = 0; i < below->count; i += 2) {
            hash_t node = i + 1 < below->count ? hash_node(&below->nodes[i], &below->nodes[i + 1])
                                               : below->nodes[i];
            add_node(above, &node);
        }
    }
    self->grown = false;
}

size_t
tree_size(const tree_t *self)
{
    return self->level[0].count;
}

hash_t
tree_root(tree_t *self)
{
    assert(self->level[0].count);
    if (self->grown)
        make_levels(self);
    return self->level[self->levels - 1].nodes[0];
}

size_t
tree_path(tree_t *self, uint64_t index, hash_t path[static TREE_PATH_MAX])
{
    size_t count = 0;
    assert(index < self->level[0].count);
    if (self->grown)
        make_levels(self);
    for (size_t i = 0; i + 1 < self->levels; i++, index /= 2)
        if ((index ^ 1) < self->level[i].count)
            path[count++] = self->level[i].nodes[index ^ 1];
    return count;
}

bool
tree_head(const hash_t *leaf, uint64_t index, uint64_t size, const hash_t *path, size_t count,
          hash_t *head)
{
    size_t used = 0;
    *head = *leaf;
    if (index >= size)
        return false;
    for (; size > 1; index /= 2, size = size / 2 + size % 2) {
        if ((index ^ 1) >= size)
            continue;
        if (used == count)
            return false;
        *head = index & 1 ? hash_node(&path[used], head) : hash_node(head, &path[used]);
        used++;
    }
    return used == count;
}
