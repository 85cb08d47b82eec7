/* SPDX-License-Identifier: Apache-2.0 */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "wire/merkle.h"
#include "keys/tree.h"

#define LEAVES_MAX 40

static hash_t
leaf_at(uint64_t index)
{
    return hash_leaf(slice_of(&index, sizeof index));
}

/* A tree of size leaves, and the head that the record would tell. */
static tree_t *
tree_of(uint64_t size, hash_t *head)
{
    merkle_t edge = {0};
    tree_t *tree = tree_new();
    for (uint64_t i = 0; i < size; i++) {
        hash_t leaf = leaf_at(i);
        tree_append(tree, &leaf);
        merkle_append(&edge, &leaf);
    }
    *head = merkle_head(&edge);
    return tree;
}

static void
proves_each_leaf_of_every_tree(void **state)
{
    (void)state;
    for (uint64_t size = 1; size <= LEAVES_MAX; size++) {
        hash_t head, made, path[TREE_PATH_MAX];
        CLEANUP(tree_destroy) tree_t *tree = tree_of(size, &head);
        for (uint64_t i = 0; i < size; i++) {
            hash_t leaf = leaf_at(i);
            size_t count = tree_path(tree, i, path);
            assert_true(tree_head(&leaf, i, size, path, count, &made));
            assert_true(hash_equal(&made, &head));
        }
    }
}

static void
proves_no_other_leaf_place_or_size(void **state)
{
    (void)state;
    hash_t head, made, path[TREE_PATH_MAX], leaf = leaf_at(5), other = leaf_at(6);
    CLEANUP(tree_destroy) tree_t *tree = tree_of(21, &head);
    size_t count = tree_path(tree, 5, path);
    assert_false(tree_head(&other, 5, 21, path, count, &made) && hash_equal(&made, &head));
    assert_false(tree_head(&leaf, 4, 21, path, count, &made) && hash_equal(&made, &head));
    assert_false(tree_head(&leaf, 5, 21, path, count - 1, &made));
    assert_false(tree_head(&leaf, 5, 8, path, count, &made));
    assert_false(tree_head(&leaf, 21, 21, path, count, &made));
    path[1].bytes[3] ^= 1;
    assert_false(tree_head(&leaf, 5, 21, path, count, &made) && hash_equal(&made, &head));
}

static void
goes_on_when_the_tree_grows(void **state)
{
    (void)state;
    hash_t head, longer, made, path[TREE_PATH_MAX], leaf = leaf_at(2), last = leaf_at(3);
    CLEANUP(tree_destroy) tree_t *tree = tree_of(3, &head);
    CLEANUP(tree_destroy) tree_t *more = tree_of(4, &longer);
    assert_int_equal(tree_path(tree, 2, path), 1);
    tree_append(tree, &last);
    assert_int_equal(tree_path(tree, 2, path), 2);
    assert_true(tree_head(&leaf, 2, 4, path, 2, &made));
    assert_true(hash_equal(&made, &longer));
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(proves_each_leaf_of_every_tree),
        cmocka_unit_test(proves_no_other_leaf_place_or_size),
        cmocka_unit_test(goes_on_when_the_tree_grows),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
