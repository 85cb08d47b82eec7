/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "tests/unit/trust_fixture.h"
#include "wire/merkle.h"

#define NONCE "00112233445566778899aabbccddeeff"
#define WAVE  2

/* "t000000", ..., and "w2" last. */
typedef struct {
    size_t count;
    char (*text)[32];
    const char **names;
} list_t;

static void
list_done(list_t *self)
{
    free(self->text);
    free(self->names);
}

static list_t
list_of(size_t count)
{
    list_t list = {count, memory_new(count, sizeof *list.text),
                   memory_new(count, sizeof *list.names)};
    for (size_t i = 0; i < count; i++) {
        snprintf(list.text[i], sizeof list.text[i], "t%06zu", i);
        list.names[i] = i + 1 < count ? list.text[i] : "w2";
    }
    return list;
}

static inclusion_t *
tree_of(const list_t *list)
{
    fault_t fault = {0};
    inclusion_t *tree = inclusion_new(NONCE, WAVE, list->names, list->count, &fault);
    assert_non_null(tree);
    return tree;
}

/* As much of an order as a place is held against. */
static order_t *
order_with(inclusion_t *tree)
{
    order_t *order = memory_new(1, sizeof *order);
    text_copy(order->nonce, sizeof order->nonce, NONCE);
    order->wave_count = 1;
    order->waves[0] = inclusion_line(tree);
    return order;
}

static hash_t
leaf_of(size_t index, const char *target)
{
    char leaf[128];
    int size = snprintf(leaf, sizeof leaf, NONCE "\n%d\n%zu\n%s", WAVE, index, target);
    return hash_leaf(slice_of(leaf, (size_t)size));
}

static void
heads_are_those_of_rfc_6962(void **state)
{
    (void)state;
    static const size_t sizes[] = {65, 66, 95, 127, 128, 129, 1000, 4097};
    for (size_t k = 0; k < ARRAY_SIZE(sizes); k++) {
        CLEANUP(list_done) list_t list = list_of(sizes[k]);
        CLEANUP(inclusion_destroy) inclusion_t *tree = tree_of(&list);
        merkle_t edge = {0};
        for (size_t i = 0; i < list.count; i++) {
            hash_t leaf = leaf_of(i, list.names[i]);
            merkle_append(&edge, &leaf);
        }
        wave_line_t line = inclusion_line(tree);
        hash_t head = merkle_head(&edge);
        assert_int_equal(line.wave, WAVE);
        assert_int_equal(line.count, sizes[k]);
        assert_true(hash_equal(&line.root, &head));
    }
}

static void
check_place(inclusion_t *tree, const order_t *order, size_t index, const char *target)
{
    fault_t fault = {0};
    place_t place;
    CLEANUP(bytes_destroy) bytes_t *bytes = bytes_new();
    inclusion_add_place(tree, index, target, bytes);
    assert_true(bytes->size <= PLACE_BYTES_MAX);
    assert_int_equal(place_decode(&place, bytes_slice(bytes), &fault), 0);
    assert_int_equal(place.index, index);
    assert_string_equal(place.target, target);
    assert_int_equal(place_check(&place, order, target, &fault), 0);
}

static void
every_place_leads_to_the_root(void **state)
{
    (void)state;
    static const size_t sizes[] = {65, 100, 128, 129, 513};
    for (size_t k = 0; k < ARRAY_SIZE(sizes); k++) {
        CLEANUP(list_done) list_t list = list_of(sizes[k]);
        CLEANUP(inclusion_destroy) inclusion_t *tree = tree_of(&list);
        CLEANUP(order_destroy) order_t *order = order_with(tree);
        for (size_t i = 0; i < list.count; i++)
            check_place(tree, order, i, list.names[i]);
    }
}

static void
the_largest_wave_has_its_places(void **state)
{
    (void)state;
    CLEANUP(list_done) list_t list = list_of(ORDER_WAVE_TARGETS_MAX);
    CLEANUP(inclusion_destroy) inclusion_t *tree = tree_of(&list);
    CLEANUP(order_destroy) order_t *order = order_with(tree);
    static const size_t indices[] = {0, 1, 65535, 65536, 98303, 98304, 99998, 99999};
    for (size_t i = 0; i < ARRAY_SIZE(indices); i++)
        check_place(tree, order, indices[i], list.names[indices[i]]);
}

static fault_code_t
judge_list(const char *const *names, size_t count)
{
    fault_t fault = {0};
    CLEANUP(inclusion_destroy)
    inclusion_t *tree = inclusion_new(NONCE, WAVE, names, count, &fault);
    assert_true(!tree == (fault.code != FAULT_NONE));
    return fault.code;
}

static void
lists_are_long_and_ascend(void **state)
{
    (void)state;
    CLEANUP(list_done) list_t list = list_of(ORDER_WAVE_TARGETS_MAX + 1);
    assert_int_equal(judge_list(list.names, ORDER_WAVE_MAX), FAULT_LIMIT);
    assert_int_equal(judge_list(list.names, ORDER_WAVE_MAX + 1), FAULT_NONE);
    assert_int_equal(judge_list(list.names, ORDER_WAVE_TARGETS_MAX + 1), FAULT_LIMIT);
    list.names[7] = list.names[6];
    assert_int_equal(judge_list(list.names, 65), FAULT_FORMAT);
    list.names[7] = "a";
    assert_int_equal(judge_list(list.names, 65), FAULT_FORMAT);
    list.names[7] = "t000006/x/y";
    assert_int_equal(judge_list(list.names, 65), FAULT_FORMAT);
    list.names[7] = "t000006/router";
    assert_int_equal(judge_list(list.names, 65), FAULT_NONE);
}

static void
a_tree_is_held_against_its_order(void **state)
{
    (void)state;
    fault_t fault = {0};
    CLEANUP(list_done) list_t list = list_of(65);
    CLEANUP(list_done) list_t other = list_of(66);
    CLEANUP(inclusion_destroy) inclusion_t *tree = tree_of(&list);
    CLEANUP(inclusion_destroy) inclusion_t *wrong = tree_of(&other);
    CLEANUP(order_destroy) order_t *order = order_with(tree);
    assert_int_equal(inclusion_check(tree, order, &fault), 0);
    assert_int_equal(inclusion_check(wrong, order, &fault), -1);
    assert_int_equal(fault.code, FAULT_HASH);
    order->waves[0].root.bytes[0] ^= 1;
    assert_int_equal(inclusion_check(tree, order, &fault), -1);
    order->waves[0].root.bytes[0] ^= 1;
    order->waves[0].wave++;
    assert_int_equal(inclusion_check(tree, order, &fault), -1);
}

static bool
place_holds(slice_t bytes, const order_t *order, const char *worker)
{
    fault_t fault = {0};
    place_t place;
    bool held = !place_decode(&place, bytes, &fault) && !place_check(&place, order, worker, &fault);
    assert_int_equal(fault.code, held ? FAULT_NONE : FAULT_PROOF);
    return held;
}

static void
a_place_holds_for_nothing_else__ord_place_forged(void **state)
{
    (void)state;
    CLEANUP(list_done) list_t list = list_of(100);
    CLEANUP(inclusion_destroy) inclusion_t *tree = tree_of(&list);
    CLEANUP(order_destroy) order_t *order = order_with(tree);
    CLEANUP(bytes_destroy) bytes_t *bytes = bytes_new();
    inclusion_add_place(tree, 99, "w2", bytes);
    assert_true(place_holds(bytes_slice(bytes), order, "w2"));
    assert_false(place_holds(bytes_slice(bytes), order, "w"));
    assert_false(place_holds(bytes_slice(bytes), order, "t000001"));
    for (size_t i = 0; i < bytes->size; i++) {
        assert_false(place_holds(slice_of(bytes->data, i), order, "w2"));
        for (unsigned flip = 1; flip < 256; flip <<= 1) {
            bytes->data[i] ^= (uint8_t)flip;
            assert_false(place_holds(bytes_slice(bytes), order, "w2"));
            bytes->data[i] ^= (uint8_t)flip;
        }
    }
    bytes_add(bytes, order->waves[0].root.bytes, HASH_BYTES);
    assert_false(place_holds(bytes_slice(bytes), order, "w2"));
    static const char hidden[] = "2 99 w2\0 t000001\n";
    assert_false(place_holds(slice_of(hidden, sizeof hidden - 1), order, "w2"));
    while (bytes->size <= PLACE_BYTES_MAX)
        bytes_add(bytes, order->waves[0].root.bytes, HASH_BYTES);
    assert_false(place_holds(bytes_slice(bytes), order, "w2"));
}

static void
a_place_in_another_order_is_none(void **state)
{
    (void)state;
    CLEANUP(list_done) list_t list = list_of(100);
    CLEANUP(inclusion_destroy) inclusion_t *tree = tree_of(&list);
    CLEANUP(order_destroy) order_t *order = order_with(tree);
    CLEANUP(bytes_destroy) bytes_t *bytes = bytes_new();
    inclusion_add_place(tree, 99, "w2", bytes);
    order->nonce[0] = '1';
    assert_false(place_holds(bytes_slice(bytes), order, "w2"));
    order->nonce[0] = '0';
    order->waves[0].count = 99;
    assert_false(place_holds(bytes_slice(bytes), order, "w2"));
    order->waves[0].count = 200;
    assert_false(place_holds(bytes_slice(bytes), order, "w2"));
    order->waves[0].count = 100;
    order->waves[0].wave = 3;
    assert_false(place_holds(bytes_slice(bytes), order, "w2"));
}

/* A worker's whole check of an order */

/* The order of w1, and then of a hundred among which w2 is, whose place it is. */
static order_t *
large_order(bench_t *bench)
{
    CLEANUP(list_done) list_t list = list_of(100);
    CLEANUP(inclusion_destroy) inclusion_t *tree = tree_of(&list);
    order_t *order = order_of(bench);
    order->wave_count = 1;
    order->waves[0] = inclusion_line(tree);
    bench->place = bytes_new();
    inclusion_add_place(tree, 99, "w2", bench->place);
    return order;
}

static void
a_worker_finds_itself_in_a_wave_by_its_place(void **state)
{
    bench_t *bench = *state;
    wall_t now = bench->site->now;
    assert_fine(bench, check_order_at(bench, large_order(bench), "pat", "w2", now));
    CLEANUP(warrant_destroy) warrant_t *warrant = check(bench, false, "w2", now);
    assert_fine(bench, !warrant);
    assert_int_equal(warrant->wave, 2);
    assert_int_equal(warrant->before, 1);
    assert_string_equal(warrant->target, "w2");
    assert_int_equal(warrant->signers.count, 1);
    assert_string_equal(warrant->signers.person[0], "pat");
    CLEANUP(warrant_destroy) warrant_t *nobody = check(bench, false, NULL, now);
    assert_fine(bench, !nobody);
    assert_string_equal(nobody->target, "");
    bytes_destroy(&bench->place);
    CLEANUP(warrant_destroy) warrant_t *listed = check(bench, false, "w1", now);
    assert_fine(bench, !listed);
    assert_int_equal(listed->wave, 1);
    assert_int_equal(listed->before, 0);
    assert_string_equal(listed->target, "w1");
}

static void
a_worker_without_its_own_place_waits_for_one(void **state)
{
    bench_t *bench = *state;
    wall_t now = bench->site->now;
    assert_fault(bench, check_order_at(bench, large_order(bench), "pat", "w1", now), FAULT_PROOF);
    CLEANUP(warrant_destroy) warrant_t *other = check(bench, false, "s1", now);
    assert_fault(bench, !other, FAULT_PROOF);
    bytes_clear(bench->place);
    CLEANUP(warrant_destroy) warrant_t *none = check(bench, false, "w2", now);
    assert_fault(bench, !none, FAULT_PROOF);
}

static void
scope_is_held_against_whoever_has_a_place(void **state)
{
    bench_t *bench = *state;
    wall_t now = bench->site->now;
    people_t *people = site_people(bench->site);
    people->version = 2;
    for (size_t i = 0; i < people->key_count; i++)
        if (!strcmp(people->keys[i].person, "uma"))
            text_copy(people->keys[i].scope, LABELS_TEXT_MAX + 1, "role=web");
    assert_fine(bench, add(bench, site_seal_people(bench->site, people, "hana,hugo")));
    assert_fault(bench, check_order_at(bench, large_order(bench), "uma", "w2", now), FAULT_SCOPE);
}

static void
what_changes_something_lists_its_first_wave(void **state)
{
    bench_t *bench = *state;
    wall_t now = bench->site->now;
    CLEANUP(list_done) list_t list = list_of(100);
    fault_t fault = {0};
    CLEANUP(inclusion_destroy)
    inclusion_t *tree = inclusion_new(NONCE, 1, list.names, list.count, &fault);
    for (int class = CLASS_OBSERVE; class <= CLASS_CHANGE; class ++) {
        release_t *release = site_release(bench->site);
        release->highest = (class_t) class;
        replace_release(bench, release, "ana", "rob,rita");
        for (int dry = 0; dry < 2; dry++) {
            order_t *order = order_of(bench);
            order->dry = dry;
            order->target_count = 0;
            order->wave_count = 1;
            order->waves[0] = inclusion_line(tree);
            bytes_destroy(&bench->place);
            bench->place = bytes_new();
            inclusion_add_place(tree, 99, "w2", bench->place);
            int failed = check_order_at(bench, order, "pat", "w2", now);
            if (class == CLASS_CHANGE && !dry)
                assert_fault(bench, failed, FAULT_TARGET);
            else
                assert_fine(bench, failed);
            CLEANUP(warrant_destroy) warrant_t *nobody = check(bench, false, NULL, now);
            assert_int_equal(!nobody, class == CLASS_CHANGE && !dry);
        }
    }
}

#define row(test) cmocka_unit_test_setup_teardown(test, set_up, tear_down)

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(heads_are_those_of_rfc_6962),
        cmocka_unit_test(every_place_leads_to_the_root),
        cmocka_unit_test(the_largest_wave_has_its_places),
        cmocka_unit_test(lists_are_long_and_ascend),
        cmocka_unit_test(a_tree_is_held_against_its_order),
        cmocka_unit_test(a_place_holds_for_nothing_else__ord_place_forged),
        cmocka_unit_test(a_place_in_another_order_is_none),
        row(a_worker_finds_itself_in_a_wave_by_its_place),
        row(a_worker_without_its_own_place_waits_for_one),
        row(scope_is_held_against_whoever_has_a_place),
        row(what_changes_something_lists_its_first_wave),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
