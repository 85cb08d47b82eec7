/* SPDX-License-Identifier: Apache-2.0 */
/* A tree's size (eight bytes) and edge, as a record keeps them: what is restored is written the
 * same, and grows like the tree that it was. */
#include <assert.h>

#include "common/reader.h"
#include "wire/merkle.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    merkle_t tree, twin;
    reader_t in = reader_over(slice_of(data, size));
    uint64_t leaves = (uint64_t)reader_u32(&in) << 32;
    leaves |= reader_u32(&in);
    if (in.spoiled || leaves == UINT64_MAX)
        return 0;
    slice_t edge = slice_of(data + 8, size - 8);
    bool good = merkle_restore(&tree, leaves, edge);
    assert(good == (edge.size == HASH_BYTES * (size_t)__builtin_popcountll(leaves)));
    if (!good)
        return 0;
    assert(tree.size == leaves && slice_equal(merkle_edge(&tree), edge));
    hash_t head = merkle_head(&tree), leaf = hash_leaf(edge);
    twin = tree;
    merkle_append(&tree, &leaf);
    hash_t grown = merkle_head(&tree), before = merkle_head(&twin);
    assert(tree.size == leaves + 1 && hash_equal(&head, &before) && !hash_equal(&grown, &head));
    return 0;
}
