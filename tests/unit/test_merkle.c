/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdio.h>

#include "wire/merkle.h"

/* The leaves and heads that Certificate Transparency's implementations test RFC 6962 with. */
static const struct {
    const char *leaf; /* hexadecimal */
    const char *head; /* of the tree up to and with this leaf */
} vectors[] = {
    {"", "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d"},
    {"00", "fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125"},
    {"10", "aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77"},
    {"2021", "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7"},
    {"3031", "4e3bbb1f7b478dcfe71fb631631519a3bca12c9aefca1612bfce4c13a86264d4"},
    {"40414243", "76e67dadbcdf1e10e1b74ddc608abd2f98dfb16fbce75277b5232a127f2087ef"},
    {"5051525354555657", "ddb89be403809e325750d3d263cd78929c2942b7942a34b77e122c9594a74c8c"},
    {"606162636465666768696a6b6c6d6e6f",
     "5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328"},
};

static void
is_head(const merkle_t *tree, const char *expected)
{
    char text[HASH_TEXT];
    hash_t head = merkle_head(tree);
    assert_string_equal(hash_write(&head, text), expected);
}

static void
append_hex(merkle_t *tree, const char *hex)
{
    uint8_t bytes[16];
    size_t size = strlen(hex) / 2;
    assert_true(hex_decode(hex, bytes, size));
    hash_t leaf = hash_leaf(slice_of(bytes, size));
    merkle_append(tree, &leaf);
}

static void
an_empty_tree_is_the_hash_of_nothing(void **state)
{
    (void)state;
    merkle_t tree = {0};
    is_head(&tree, "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
}

static void
heads_are_those_of_rfc_6962(void **state)
{
    (void)state;
    merkle_t tree = {0};
    for (size_t i = 0; i < ARRAY_SIZE(vectors); i++) {
        append_hex(&tree, vectors[i].leaf);
        is_head(&tree, vectors[i].head);
        assert_int_equal(tree.size, i + 1);
    }
}

static void
goes_on_from_its_edge(void **state)
{
    (void)state;
    for (size_t cut = 0; cut <= ARRAY_SIZE(vectors); cut++) {
        merkle_t before = {0}, after;
        for (size_t i = 0; i < cut; i++)
            append_hex(&before, vectors[i].leaf);
        assert_true(merkle_restore(&after, before.size, merkle_edge(&before)));
        for (size_t i = cut; i < ARRAY_SIZE(vectors); i++)
            append_hex(&after, vectors[i].leaf);
        is_head(&after, vectors[ARRAY_SIZE(vectors) - 1].head);
    }
}

static void
refuses_an_edge_of_another_size(void **state)
{
    (void)state;
    merkle_t tree = {0};
    hash_t edge[2] = {0};
    assert_false(merkle_restore(&tree, 3, slice_of(edge, HASH_BYTES)));
    assert_false(merkle_restore(&tree, 4, slice_of(edge, sizeof edge)));
    assert_true(merkle_restore(&tree, 3, slice_of(edge, sizeof edge)));
}

/* RFC 6962 2.1, as it is written there. */
static hash_t
head_of(char *const *leaves, size_t count)
{
    size_t left = 1;
    if (!count)
        return hash_of(slice_of(NULL, 0));
    if (count == 1)
        return hash_leaf(slice_text(leaves[0]));
    while (2 * left < count)
        left *= 2;
    hash_t one = head_of(leaves, left), other = head_of(leaves + left, count - left);
    return hash_node(&one, &other);
}

static void
a_tree_of_any_size_has_the_head_that_the_rfc_defines(void **state)
{
    (void)state;
    char texts[70][8], *leaves[70];
    merkle_t tree = {0};
    for (size_t i = 0; i < ARRAY_SIZE(leaves); i++) {
        snprintf(texts[i], sizeof texts[i], "leaf %zu", i);
        leaves[i] = texts[i];
    }
    for (size_t i = 0; i <= ARRAY_SIZE(leaves); i++) {
        hash_t head = merkle_head(&tree), expected = head_of(leaves, i);
        assert_true(hash_equal(&head, &expected));
        if (i == ARRAY_SIZE(leaves))
            break;
        hash_t leaf = hash_leaf(slice_text(leaves[i]));
        merkle_append(&tree, &leaf);
    }
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(an_empty_tree_is_the_hash_of_nothing),
        cmocka_unit_test(heads_are_those_of_rfc_6962),
        cmocka_unit_test(goes_on_from_its_edge),
        cmocka_unit_test(refuses_an_edge_of_another_size),
        cmocka_unit_test(a_tree_of_any_size_has_the_head_that_the_rfc_defines),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
