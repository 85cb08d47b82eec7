/* SPDX-License-Identifier: Apache-2.0 */
#include "wire/consistency.h"

#include <assert.h>

/* Where RFC 6962 splits so many leaves, which are at least two: the largest power of two below. */
static uint64_t
split_of(uint64_t leaves)
{
    return UINT64_C(1) << (63 - __builtin_clzll(leaves - 1));
}

/* SUBPROOF from the outside in: what it leaves at each split stands in the proof the other way
 * round. */
int
consistency_make(consistency_t *self, uint64_t size, uint64_t longer, consistency_head_t *head_of,
                 void *context, fault_t *fault)
{
    struct {
        uint64_t first, end;
    } ranges[CONSISTENCY_MAX];
    uint64_t first = 0, end = longer;
    size_t count = 0;
    assert(size <= longer);
    while (size && size < end) {
        uint64_t middle = first + split_of(end - first);
        assert(count < CONSISTENCY_MAX - 1);
        ranges[count].first = size <= middle ? middle : first;
        ranges[count++].end = size <= middle ? end : middle;
        *(size <= middle ? &end : &first) = middle;
    }
    if (first) {
        ranges[count].first = first;
        ranges[count++].end = end;
    }
    self->count = 0;
    while (count--)
        if (head_of(context, ranges[count].first, ranges[count].end, &self->path[self->count++],
                    fault))
            return -1;
    return 0;
}

/* RFC 9162 2.1.4.2: both heads are made from the same hashes. */
bool
consistency_holds(const consistency_t *self, uint64_t size, const hash_t *head, uint64_t longer,
                  const hash_t *longer_head)
{
    bool whole = size && !(size & (size - 1)); /* the shorter log is a hash of the longer's tree */
    uint64_t last = size - 1, behind = longer - 1;
    size_t at = 0;
    if (!size || size == longer)
        return !self->count && (!size || hash_equal(head, longer_head));
    if (size > longer || (!whole && !self->count))
        return false;
    for (; last & 1; last >>= 1)
        behind >>= 1;
    hash_t made = whole ? *head : self->path[at++], longer_made = made;
    for (; at < self->count && behind; at++, last >>= 1, behind >>= 1) {
        if (!(last & 1) && last != behind) {
            longer_made = hash_node(&longer_made, &self->path[at]);
            continue;
        }
        made = hash_node(&self->path[at], &made);
        longer_made = hash_node(&self->path[at], &longer_made);
        for (; last && !(last & 1); last >>= 1)
            behind >>= 1;
    }
    return at == self->count && !behind && hash_equal(&made, head) &&
           hash_equal(&longer_made, longer_head);
}

slice_t
consistency_slice(const consistency_t *self)
{
    return slice_of(self->path, self->count * sizeof(hash_t));
}

bool
consistency_read(consistency_t *self, slice_t hashes)
{
    self->count = hashes.size / sizeof(hash_t);
    if (hashes.size % sizeof(hash_t) || self->count > CONSISTENCY_MAX)
        return false;
    if (hashes.size)
        memcpy(self->path, hashes.data, hashes.size);
    return true;
}
