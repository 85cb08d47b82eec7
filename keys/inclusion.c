/* SPDX-License-Identifier: Apache-2.0 */
#include "keys/inclusion.h"

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>

#include "keys/fields.h"
#include "keys/tree.h"

struct inclusion {
    unsigned wave;
    tree_t *tree;
};

static hash_t
leaf_of(const char *nonce, unsigned wave, uint64_t index, const char *target)
{
    char leaf[PLACE_LINE_MAX + 64];
    int size = snprintf(leaf, sizeof leaf, "%s\n%u\n%llu\n%s", nonce, wave,
                        (unsigned long long)index, target);
    assert(size > 0 && (size_t)size < sizeof leaf);
    return hash_leaf(slice_of(leaf, (size_t)size));
}

static int
check_list(const char *const *targets, size_t count, fault_t *fault)
{
    if (count <= ORDER_WAVE_MAX || count > ORDER_WAVE_TARGETS_MAX)
        return fault_set(fault, FAULT_LIMIT, "a wave that is not listed has %d to %d targets",
                         ORDER_WAVE_MAX + 1, ORDER_WAVE_TARGETS_MAX);
    for (size_t i = 0; i < count; i++) {
        if (!target_valid(targets[i]))
            return fault_set(fault, FAULT_FORMAT, "'%.60s' is not WORKER or WORKER/HOST",
                             targets[i]);
        if (i && strcmp(targets[i - 1], targets[i]) >= 0)
            return fault_set(fault, FAULT_FORMAT, "target '%s' does not come after '%s'",
                             targets[i], targets[i - 1]);
    }
    return 0;
}

inclusion_t *
inclusion_new(const char *nonce, unsigned wave, const char *const *targets, size_t count,
              fault_t *fault)
{
    if (check_list(targets, count, fault))
        return NULL;
    inclusion_t *self = memory_new(1, sizeof *self);
    *self = (inclusion_t){wave, tree_new()};
    for (size_t i = 0; i < count; i++) {
        hash_t leaf = leaf_of(nonce, wave, i, targets[i]);
        tree_append(self->tree, &leaf);
    }
    return self;
}

void
inclusion_destroy(inclusion_t **self_p)
{
    inclusion_t *self = *self_p;
    if (!self)
        return;
    tree_destroy(&self->tree);
    free(self);
    *self_p = NULL;
}

wave_line_t
inclusion_line(inclusion_t *self)
{
    return (wave_line_t){
        .wave = self->wave, .count = tree_size(self->tree), .root = tree_root(self->tree)};
}

int
inclusion_check(inclusion_t *self, const order_t *order, fault_t *fault)
{
    wave_line_t ours = inclusion_line(self);
    const wave_line_t *line = order_wave(order, self->wave);
    if (!line || line->count != ours.count || !hash_equal(&line->root, &ours.root))
        return fault_set(fault, FAULT_HASH, "these are not the targets of wave %u that were signed",
                         self->wave);
    return 0;
}

void
inclusion_add_place(inclusion_t *self, size_t index, const char *target, bytes_t *out)
{
    place_t place = {.wave = self->wave, .index = index};
    hash_t path[TREE_PATH_MAX];
    text_copy(place.target, sizeof place.target, target);
    place.path_count = tree_path(self->tree, index, path);
    assert(place.path_count <= INCLUSION_PATH_MAX);
    memcpy(place.path, path, place.path_count * sizeof path[0]);
    place_encode(&place, out);
}

/* WAVE INDEX TARGET, where that is what stands there; it is written again and compared. */
static bool
read_line(place_t *self, slice_t line)
{
    char text[PLACE_LINE_MAX + 1], *rest = text;
    uint64_t wave;
    if (line.size >= sizeof text)
        return false;
    memcpy(text, line.data, line.size);
    text[line.size] = '\0';
    const char *first = strsep(&rest, " "), *second = strsep(&rest, " ");
    if (!rest || !text_read_u64(first, 1, UINT32_MAX, &wave) ||
        !text_read_u64(second, 0, ORDER_WAVE_TARGETS_MAX - 1, &self->index) || !target_valid(rest))
        return false;
    self->wave = (unsigned)wave;
    return text_copy(self->target, sizeof self->target, rest);
}

int
place_decode(place_t *self, slice_t bytes, fault_t *fault)
{
    CLEANUP(bytes_destroy) bytes_t *again = bytes_new();
    const uint8_t *end = bytes.size ? memchr(bytes.data, '\n', bytes.size) : NULL;
    size_t line = end ? (size_t)(end - bytes.data) : 0, path = bytes.size - line - (end != NULL);
    *self = (place_t){0};
    if (!end || path > sizeof self->path || path % HASH_BYTES ||
        !read_line(self, slice_of(bytes.data, line)))
        return fault_set(fault, FAULT_PROOF, "a place in a wave that is none");
    self->path_count = path / HASH_BYTES;
    memcpy(self->path, end + 1, path);
    place_encode(self, again);
    if (!slice_equal(bytes, bytes_slice(again)))
        return fault_set(fault, FAULT_PROOF, "a place in a wave that is not in its one spelling");
    return 0;
}

void
place_encode(const place_t *self, bytes_t *out)
{
    bytes_addf(out, "%u %llu %s\n", self->wave, (unsigned long long)self->index, self->target);
    bytes_add(out, self->path, self->path_count * sizeof self->path[0]);
}

int
place_check(const place_t *self, const order_t *order, const char *worker, fault_t *fault)
{
    const wave_line_t *line = order_wave(order, self->wave);
    if (!target_is_of(self->target, worker))
        return fault_set(fault, FAULT_PROOF, "the place is that of '%s', not of '%s'", self->target,
                         worker);
    if (!line || self->index >= line->count)
        return fault_set(fault, FAULT_PROOF, "the order has no place %llu in a wave %u",
                         (unsigned long long)self->index, self->wave);
    hash_t root, leaf = leaf_of(order->nonce, self->wave, self->index, self->target);
    if (!tree_head(&leaf, self->index, line->count, self->path, self->path_count, &root) ||
        !hash_equal(&root, &line->root))
        return fault_set(fault, FAULT_PROOF, "'%s' is not place %llu of wave %u that was signed",
                         self->target, (unsigned long long)self->index, self->wave);
    return 0;
}
