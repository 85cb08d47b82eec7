/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "keys/receipts.h"
#include "tests/unit/site_fixture.h"

/* Receipts that one worker signed together. */
typedef struct {
    site_t *site;
    size_t count;
    bytes_t *documents[RECEIPTS_MAX], *armors[RECEIPTS_MAX];
} bench_t;

static const machinekey_t *
key_of(const bench_t *self, const char *worker)
{
    return site_key(self->site, worker);
}

static void
forget(bench_t *self)
{
    for (size_t i = 0; i < self->count; i++) {
        bytes_destroy(&self->documents[i]);
        bytes_destroy(&self->armors[i]);
    }
    self->count = 0;
}

static void
sign(bench_t *self, size_t count)
{
    slice_t documents[RECEIPTS_MAX];
    forget(self);
    for (self->count = 0; self->count < count; self->count++) {
        CLEANUP(receipt_destroy) receipt_t *receipt = site_receipt(self->site);
        size_t at = self->count;
        snprintf(receipt->reason, sizeof receipt->reason, "number %zu", at);
        receipt_encode(receipt, self->documents[at] = bytes_new());
        documents[at] = bytes_slice(self->documents[at]);
        self->armors[at] = bytes_new();
    }
    receipts_sign(key_of(self, "w1"), documents, self->armors, count);
}

static int
bench_make(void **state)
{
    bench_t *self = *state = memory_new(1, sizeof *self);
    self->site = site_new();
    return 0;
}

static int
bench_destroy(void **state)
{
    bench_t *self = *state;
    forget(self);
    site_destroy(&self->site);
    free(self);
    return 0;
}

/* The code with which a document is refused beside these bytes; FAULT_NONE where it holds. */
static fault_code_t
check_held(const bench_t *self, const bytes_t *document, slice_t armor, const char *worker,
           receipts_held_t *held)
{
    fault_t fault = {0};
    int failed = receipts_check(bytes_slice(document), armor,
                                machinekey_public(key_of(self, worker)), held, &fault);
    assert_int_equal(failed, fault.code == FAULT_NONE ? 0 : -1);
    return fault.code;
}

static fault_code_t
check(const bench_t *self, size_t document, const char *armor)
{
    return check_held(self, self->documents[document], slice_text(armor), "w1", NULL);
}

static void
each_of_any_number_holds_by_itself(void **state)
{
    bench_t *bench = *state;
    static const size_t counts[] = {1, 2, 3, 7, 8, 33, 63, RECEIPTS_MAX};
    for (size_t i = 0; i < ARRAY_SIZE(counts); i++) {
        sign(bench, counts[i]);
        for (size_t k = 0; k < bench->count; k++) {
            assert_int_equal(check(bench, k, bytes_text(bench->armors[k])), FAULT_NONE);
            assert_true(bench->armors[k]->size <= SIGNATURE_ARMOR_MAX);
        }
    }
}

static void
one_alone_has_a_signature_of_its_own(void **state)
{
    bench_t *bench = *state;
    signature_t signature;
    fault_t fault = {0};
    sign(bench, 1);
    assert_int_equal(signature_decode(&signature, bytes_slice(bench->armors[0]), &fault), 0);
    assert_int_equal(
        signature_check(&signature, bytes_slice(bench->documents[0]), SIGN_RECEIPT, &fault), 0);
}

/* Where its SSH signature begins. */
static const char *
common_armor(const bytes_t *armor)
{
    return strchr(bytes_text(armor), '\n') + 1;
}

static void
those_signed_together_have_one_signature_over_their_root(void **state)
{
    bench_t *bench = *state;
    sign(bench, 2);
    hash_t leaves[2] = {hash_leaf(bytes_slice(bench->documents[0])),
                        hash_leaf(bytes_slice(bench->documents[1]))};
    hash_t root = hash_node(&leaves[0], &leaves[1]);
    char text[256], hex[HASH_TEXT];
    snprintf(text, sizeof text, "tocsin-receipts v1\ncount 2\nroot %s\nend\n",
             hash_write(&root, hex));
    CLEANUP(bytes_destroy) bytes_t *encoded = bytes_new();
    receipts_encode(2, &root, encoded);
    assert_string_equal(bytes_text(encoded), text);
    const char *armor = common_armor(bench->armors[0]);
    assert_string_equal(armor, common_armor(bench->armors[1]));
    signature_t signature;
    fault_t fault = {0};
    assert_int_equal(signature_decode(&signature, slice_text(armor), &fault), 0);
    assert_int_equal(signature_check(&signature, slice_text(text), SIGN_RECEIPT, &fault), 0);
}

static void
byz_receipt_in_the_place_of_another(void **state)
{
    bench_t *bench = *state;
    sign(bench, 5);
    for (size_t i = 0; i < 5; i++)
        for (size_t k = 0; k < 5; k++)
            assert_int_equal(check(bench, i, bytes_text(bench->armors[k])),
                             i == k ? FAULT_NONE : FAULT_SIGNATURE);
    bench->documents[2]->data[bench->documents[2]->size - 1] = ' ';
    assert_int_equal(check(bench, 2, bytes_text(bench->armors[2])), FAULT_SIGNATURE);
    assert_int_equal(
        check_held(bench, bench->documents[1], bytes_slice(bench->armors[1]), "w2", NULL),
        FAULT_KEY);
}

/* An armor of document 2 of 5, with its line changed. */
static fault_code_t
with_line(bench_t *bench, const char *line)
{
    CLEANUP(bytes_destroy) bytes_t *armor = bytes_new();
    bytes_addf(armor, "%s\n%s", line, common_armor(bench->armors[2]));
    return check(bench, 2, bytes_text(armor));
}

static void
a_place_has_one_spelling(void **state)
{
    bench_t *bench = *state;
    char path[3][HASH_TEXT], line[512];
    sign(bench, 5);
    const char *whole = bytes_text(bench->armors[2]);
    assert_int_equal(sscanf(whole, "place 2 5 %64s %64s %64s\n", path[0], path[1], path[2]), 3);
    static const char *const heads[] = {"place 02 5", "place 2 05", "place  2 5", "place 2 4",
                                        "place 2 6",  "place 3 5",  "place 5 5",  "place 64 5",
                                        "place 2 65", "place 2 1",  "place 2 0",  "place x 5",
                                        "place 2 5 "};
    for (size_t i = 0; i < ARRAY_SIZE(heads); i++) {
        snprintf(line, sizeof line, "%s %s %s %s", heads[i], path[0], path[1], path[2]);
        assert_int_equal(with_line(bench, line), FAULT_SIGNATURE);
    }
    snprintf(line, sizeof line, "place 2 5 %s %s", path[0], path[1]);
    assert_int_equal(with_line(bench, line), FAULT_SIGNATURE);
    snprintf(line, sizeof line, "place 2 5 %s %s %s %s", path[0], path[1], path[2], path[2]);
    assert_int_equal(with_line(bench, line), FAULT_SIGNATURE);
    snprintf(line, sizeof line, "place 2 5 %s %s %s ", path[0], path[1], path[2]);
    assert_int_equal(with_line(bench, line), FAULT_SIGNATURE);
    path[1][0] = 'A';
    snprintf(line, sizeof line, "place 2 5 %s %s %s", path[0], path[1], path[2]);
    assert_int_equal(with_line(bench, line), FAULT_SIGNATURE);
}

static void
what_is_no_place_is_refused(void **state)
{
    bench_t *bench = *state;
    CLEANUP(bytes_destroy) bytes_t *armor = bytes_new();
    char hex[HASH_TEXT];
    sign(bench, 2);
    assert_int_equal(check(bench, 0, ""), FAULT_SIGNATURE);
    assert_int_equal(check(bench, 0, "place "), FAULT_SIGNATURE);
    assert_int_equal(check(bench, 0, "place \n"), FAULT_SIGNATURE);
    assert_int_equal(check(bench, 0, "place 0\n"), FAULT_SIGNATURE);
    assert_int_equal(check(bench, 0, "place 0 2"), FAULT_SIGNATURE);
    assert_int_equal(check(bench, 0, common_armor(bench->armors[0])), FAULT_SIGNATURE);
    bytes_add_text(armor, "place 0 64");
    for (size_t i = 0; i <= RECEIPTS_PATH_MAX; i++)
        bytes_addf(armor, " %s", hash_write(&HASH_ZERO, hex));
    bytes_add_text(armor, "\n");
    assert_int_equal(check(bench, 0, bytes_text(armor)), FAULT_SIGNATURE);
    bytes_clear(armor);
    bytes_add_slice(armor, bytes_slice(bench->armors[0]));
    uint8_t *line = memchr(armor->data, '\n', armor->size);
    size_t behind = (size_t)(armor->data + armor->size - line);
    bytes_add(armor, "..", 2); /* a reader of text would not see what stands behind a NUL */
    line = memchr(armor->data, '\n', armor->size);
    memmove(line + 2, line, behind);
    memcpy(line, "\0x", 2);
    assert_int_equal(check_held(bench, bench->documents[0], bytes_slice(armor), "w1", NULL),
                     FAULT_SIGNATURE);
}

/* With the signature broken, so that only what is known already can hold. */
static void
what_held_once_is_not_looked_at_again(void **state)
{
    bench_t *bench = *state;
    CLEANUP(memory_free) receipts_held_t *held = memory_new(1, sizeof *held);
    receipts_held_t none = {0};
    sign(bench, 3);
    slice_t first = bytes_slice(bench->armors[0]), second = bytes_slice(bench->armors[1]);
    assert_int_equal(check_held(bench, bench->documents[0], first, "w1", held), FAULT_NONE);
    assert_int_not_equal(memcmp(held, &none, sizeof none), 0);
    receipts_held_t before = *held;
    assert_int_equal(check_held(bench, bench->documents[1], second, "w1", held), FAULT_NONE);
    assert_int_equal(memcmp(held, &before, sizeof before), 0);
    assert_int_equal(check_held(bench, bench->documents[1], second, "w2", held), FAULT_KEY);
    assert_int_equal(check_held(bench, bench->documents[0], second, "w1", held), FAULT_SIGNATURE);
    bench->armors[2]->data[bench->armors[2]->size - 40] ^= 1;
    assert_int_not_equal(
        check_held(bench, bench->documents[2], bytes_slice(bench->armors[2]), "w1", held),
        FAULT_NONE);
    assert_int_equal(memcmp(held, &before, sizeof before), 0);
}

/* Whoever holds the signatures tells a receipt from its siblings by where it stands alone. */
static void
byz_receipt_in_any_other_place_of_any_other_count(void **state)
{
    bench_t *bench = *state;
    static const size_t counts[] = {2, 5, 33, RECEIPTS_MAX};
    CLEANUP(memory_free) receipts_held_t *held = memory_new(1, sizeof *held);
    for (size_t i = 0; i < ARRAY_SIZE(counts); i++) {
        sign(bench, counts[i]);
        const bytes_t *whole = bench->armors[1];
        const char *path = strchr(strchr(bytes_text(whole) + strlen("place "), ' ') + 1, ' ');
        for (uint64_t count = 2; count <= RECEIPTS_MAX; count++)
            for (uint64_t index = 0; index < count; index++) {
                CLEANUP(bytes_destroy) bytes_t *armor = bytes_new();
                bytes_addf(armor, "place %llu %llu%s", (unsigned long long)index,
                           (unsigned long long)count, path);
                fault_code_t code =
                    check_held(bench, bench->documents[1], bytes_slice(armor), "w1", held);
                assert_int_equal(code,
                                 index == 1 && count == counts[i] ? FAULT_NONE : FAULT_SIGNATURE);
            }
    }
}

/* Two nodes of the tree as a document, whose path is what stands above them; and the reverse. */
static void
byz_inner_node_as_a_leaf(void **state)
{
    bench_t *bench = *state;
    char hex[HASH_TEXT];
    hash_t leaves[4];
    sign(bench, 4);
    for (size_t i = 0; i < 4; i++)
        leaves[i] = hash_leaf(bytes_slice(bench->documents[i]));
    hash_t right = hash_node(&leaves[2], &leaves[3]);
    for (int marked = 0; marked < 2; marked++)
        for (unsigned count = 2; count <= 4; count++) {
            CLEANUP(bytes_destroy) bytes_t *document = bytes_new();
            CLEANUP(bytes_destroy) bytes_t *armor = bytes_new();
            bytes_add(document, "\1", (size_t)marked);
            bytes_add(document, leaves, 2 * sizeof leaves[0]);
            bytes_addf(armor, "place 0 %u %s", count, hash_write(&right, hex));
            if (count > 2)
                bytes_addf(armor, " %s", hex);
            bytes_addf(armor, "\n%s", common_armor(bench->armors[0]));
            assert_int_equal(check_held(bench, document, bytes_slice(armor), "w1", NULL),
                             FAULT_SIGNATURE);
        }
}

/* It is signed in receipt@ as a receipt is: what it says that it is keeps it from being one. */
static void
the_text_of_several_is_no_receipt(void **state)
{
    bench_t *bench = *state;
    fault_t fault = {0};
    sign(bench, 2);
    hash_t leaves[2] = {hash_leaf(bytes_slice(bench->documents[0])),
                        hash_leaf(bytes_slice(bench->documents[1]))};
    hash_t root = hash_node(&leaves[0], &leaves[1]);
    CLEANUP(bytes_destroy) bytes_t *text = bytes_new();
    receipts_encode(2, &root, text);
    slice_t armor = slice_text(common_armor(bench->armors[0]));
    assert_int_equal(check_held(bench, text, armor, "w1", NULL), FAULT_NONE);
    assert_null(receipt_decode(bytes_slice(text), &fault));
    assert_int_equal(fault.code, FAULT_FORMAT);
}

static void
byz_signed_together_for_another_purpose(void **state)
{
    bench_t *bench = *state;
    CLEANUP(memory_free) receipts_held_t *held = memory_new(1, sizeof *held);
    hash_t leaves[2];
    char hex[HASH_TEXT];
    sign(bench, 2);
    for (size_t i = 0; i < 2; i++)
        leaves[i] = hash_leaf(bytes_slice(bench->documents[i]));
    hash_t root = hash_node(&leaves[0], &leaves[1]);
    CLEANUP(bytes_destroy) bytes_t *text = bytes_new();
    CLEANUP(bytes_destroy) bytes_t *armor = bytes_new();
    receipts_encode(2, &root, text);
    bytes_addf(armor, "place 0 2 %s\n", hash_write(&leaves[1], hex));
    machinekey_sign(key_of(bench, "w1"), SIGN_ALLOWANCE, bytes_slice(text), armor);
    for (int again = 0; again < 2; again++)
        assert_int_equal(check_held(bench, bench->documents[0], bytes_slice(armor), "w1", held),
                         FAULT_NAMESPACE);
}

/* Behind the place stands one armor and nothing else: no second place, none but the first. */
static void
a_place_in_front_of_a_place_is_refused(void **state)
{
    bench_t *bench = *state;
    sign(bench, 2);
    CLEANUP(bytes_destroy) bytes_t *armor = bytes_copy(bytes_slice(bench->armors[0]));
    bytes_add_slice(armor, bytes_slice(bench->armors[0]));
    assert_int_equal(check(bench, 0, bytes_text(armor)), FAULT_SIGNATURE);
    const char *armored = common_armor(bench->armors[0]);
    bytes_clear(armor);
    bytes_add(armor, bytes_text(bench->armors[0]),
              (size_t)(armored - bytes_text(bench->armors[0])));
    bytes_add_slice(armor, bytes_slice(bench->armors[0]));
    assert_int_equal(check(bench, 0, bytes_text(armor)), FAULT_SIGNATURE);
    bytes_clear(armor);
    bytes_add_slice(armor, bytes_slice(bench->armors[0]));
    bytes_add_text(armor, armored);
    assert_int_equal(check(bench, 0, bytes_text(armor)), FAULT_SIGNATURE);
}

/* More roots than it holds: whichever has the room, each is judged alike. */
static void
what_has_no_room_is_looked_at_again(void **state)
{
    bench_t *bench = *state;
    CLEANUP(memory_free) receipts_held_t *held = memory_new(1, sizeof *held);
    for (size_t round = 0; round < 3 * RECEIPTS_HELD; round++) {
        sign(bench, 2 + round % (RECEIPTS_MAX - 1));
        slice_t first = bytes_slice(bench->armors[0]), second = bytes_slice(bench->armors[1]);
        assert_int_equal(check_held(bench, bench->documents[0], second, "w1", held),
                         FAULT_SIGNATURE);
        assert_int_equal(check_held(bench, bench->documents[0], first, "w1", held), FAULT_NONE);
        assert_int_equal(check_held(bench, bench->documents[0], second, "w1", held),
                         FAULT_SIGNATURE);
        assert_int_equal(check_held(bench, bench->documents[0], first, "w2", held), FAULT_KEY);
    }
}

/* The same point, as a key that a person touches would have it. */
static void
what_held_for_one_kind_of_key_does_not_for_another(void **state)
{
    bench_t *bench = *state;
    CLEANUP(memory_free) receipts_held_t *held = memory_new(1, sizeof *held);
    pubkey_t key = *machinekey_public(key_of(bench, "w1"));
    fault_t fault = {0};
    sign(bench, 2);
    slice_t document = bytes_slice(bench->documents[0]), armor = bytes_slice(bench->armors[0]);
    assert_int_equal(receipts_check(document, armor, &key, held, &fault), 0);
    key.kind = PUBKEY_SK_ED25519;
    assert_int_equal(receipts_check(document, armor, &key, held, &fault), -1);
    assert_int_equal(fault.code, FAULT_KEY);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(each_of_any_number_holds_by_itself, bench_make,
                                        bench_destroy),
        cmocka_unit_test_setup_teardown(one_alone_has_a_signature_of_its_own, bench_make,
                                        bench_destroy),
        cmocka_unit_test_setup_teardown(those_signed_together_have_one_signature_over_their_root,
                                        bench_make, bench_destroy),
        cmocka_unit_test_setup_teardown(byz_receipt_in_the_place_of_another, bench_make,
                                        bench_destroy),
        cmocka_unit_test_setup_teardown(a_place_has_one_spelling, bench_make, bench_destroy),
        cmocka_unit_test_setup_teardown(what_is_no_place_is_refused, bench_make, bench_destroy),
        cmocka_unit_test_setup_teardown(what_held_once_is_not_looked_at_again, bench_make,
                                        bench_destroy),
        cmocka_unit_test_setup_teardown(byz_receipt_in_any_other_place_of_any_other_count,
                                        bench_make, bench_destroy),
        cmocka_unit_test_setup_teardown(byz_inner_node_as_a_leaf, bench_make, bench_destroy),
        cmocka_unit_test_setup_teardown(the_text_of_several_is_no_receipt, bench_make,
                                        bench_destroy),
        cmocka_unit_test_setup_teardown(byz_signed_together_for_another_purpose, bench_make,
                                        bench_destroy),
        cmocka_unit_test_setup_teardown(a_place_in_front_of_a_place_is_refused, bench_make,
                                        bench_destroy),
        cmocka_unit_test_setup_teardown(what_has_no_room_is_looked_at_again, bench_make,
                                        bench_destroy),
        cmocka_unit_test_setup_teardown(what_held_for_one_kind_of_key_does_not_for_another,
                                        bench_make, bench_destroy),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
