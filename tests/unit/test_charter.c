/* SPDX-License-Identifier: Apache-2.0 */
/* What the broker hands on of the site's documents, however they came. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "broker/charter.h"
#include "tests/unit/timekeeper_fixture.h"

typedef struct {
    site_t *site;
    charter_t *charter;
    fault_t fault;
} bench_t;

static int
add(bench_t *bench, const sealed_t *sealed)
{
    return charter_add(bench->charter, bytes_slice(sealed->document), bytes_slice(sealed->armors),
                       &bench->fault);
}

static charter_t *
empty(const site_t *site)
{
    trust_t *trust = trust_new(&site->id);
    return charter_over(&trust);
}

static int
set_up(void **state)
{
    bench_t *bench = memory_new(1, sizeof *bench);
    bench->site = site_new();
    bench->charter = empty(bench->site);
    *state = bench;
    return 0;
}

static int
tear_down(void **state)
{
    bench_t *bench = *state;
    charter_destroy(&bench->charter);
    site_destroy(&bench->site);
    free(bench);
    return 0;
}

/* Everything, in the order in which a worker could take it. */
static void
add_all(bench_t *bench)
{
    const site_t *site = bench->site;
    const sealed_t *all[] = {&site->root, &site->people, &site->north, &site->south};
    for (size_t i = 0; i < ARRAY_SIZE(all); i++)
        assert_int_equal(add(bench, all[i]), 1);
}

static void
is_at(const charter_t *charter, size_t index, const char *name, uint64_t version,
      const sealed_t *sealed)
{
    const charter_document_t *found = &charter->documents[index];
    assert_true(index < charter->count);
    assert_string_equal(found->name, name);
    assert_int_equal(found->version, version);
    assert_true(slice_equal(bytes_slice(found->document), bytes_slice(sealed->document)));
    assert_true(slice_equal(bytes_slice(found->armors), bytes_slice(sealed->armors)));
}

static sealed_t
newer_people(site_t *site, const char *signers)
{
    people_t *people = site_people(site);
    people->version = 2;
    return site_seal_people(site, people, signers);
}

static void
what_comes_is_kept_once(void **state)
{
    bench_t *bench = *state;
    add_all(bench);
    assert_int_equal(bench->charter->count, 4);
    assert_int_equal(add(bench, &bench->site->people), 0);
    assert_int_equal(bench->charter->count, 4);
}

static void
what_does_not_hold_changes_nothing(void **state)
{
    bench_t *bench = *state;
    sealed_t alone CLEANUP(sealed_done) = newer_people(bench->site, "hana");
    assert_int_equal(add(bench, &bench->site->people), -1);
    assert_int_equal(bench->charter->count, 0);
    add_all(bench);
    assert_int_equal(add(bench, &alone), -1);
    assert_int_equal(bench->fault.code, FAULT_QUORUM);
    is_at(bench->charter, 1, "people", 1, &bench->site->people);
    fault_t fault = {0};
    assert_int_equal(charter_add(bench->charter, slice_text("no document"), slice_text(""), &fault),
                     -1);
    assert_int_equal(fault.code, FAULT_FORMAT);
    assert_int_equal(bench->charter->count, 4);
}

static void
every_root_is_kept_behind_the_one_before_and_of_the_rest_the_newest(void **state)
{
    bench_t *bench = *state;
    site_t *site = bench->site;
    sealed_t root CLEANUP(sealed_done) = tick_root(site);
    sealed_t people CLEANUP(sealed_done) = newer_people(site, "hana,hugo");
    fleet_t *newer = site_fleet(site, "south");
    newer->version = 2;
    sealed_t south CLEANUP(sealed_done) = site_seal_fleet(site, newer, "olaf");
    add_all(bench);
    assert_int_equal(add(bench, &root), 1);
    assert_int_equal(add(bench, &people), 1);
    assert_int_equal(add(bench, &south), 1);
    assert_int_equal(bench->charter->count, 5);
    is_at(bench->charter, 0, "root", 1, &site->root);
    is_at(bench->charter, 1, "root", 2, &root);
    is_at(bench->charter, 2, "people", 2, &people);
    is_at(bench->charter, 3, "fleet.north", 1, &site->north);
    is_at(bench->charter, 4, "fleet.south", 2, &south);
    assert_int_equal(add(bench, &site->people), -1);
    assert_int_equal(bench->fault.code, FAULT_VERSION);
}

static void
a_worker_lacks_what_is_newer_of_its_own_region_in_the_order_in_which_it_can_take_it(void **state)
{
    static const char *const expected[] = {"root", "people", "fleet.south"};
    bench_t *bench = *state;
    size_t at = 0;
    CLEANUP(value_destroy) value_t *versions = value_map();
    sealed_t root CLEANUP(sealed_done) = tick_root(bench->site);
    sealed_t people CLEANUP(sealed_done) = newer_people(bench->site, "hana,hugo");
    add_all(bench);
    assert_int_equal(add(bench, &people), 1);
    assert_int_equal(add(bench, &root), 1);
    value_set_integer(versions, "root", 1);
    value_set_integer(versions, "people", 1);
    for (size_t i = 0; i < ARRAY_SIZE(expected); i++) {
        const charter_document_t *next = charter_lacks(bench->charter, "south", versions, &at);
        assert_non_null(next);
        assert_string_equal(next->name, expected[i]);
        assert_int_equal(next->version, i < 2 ? 2 : 1);
    }
    assert_null(charter_lacks(bench->charter, "south", versions, &at));
}

static void
another_charters_documents_are_taken_over_as_far_as_they_hold_here(void **state)
{
    bench_t *bench = *state;
    sealed_t people CLEANUP(sealed_done) = newer_people(bench->site, "hana,hugo");
    CLEANUP(charter_destroy) charter_t *other = empty(bench->site);
    hash_t elsewhere = hash_of(slice_text("another site"));
    trust_t *strange = trust_new(&elsewhere);
    CLEANUP(charter_destroy) charter_t *stranger = charter_over(&strange);
    add_all(bench);
    charter_inherit(other, bench->charter);
    assert_int_equal(other->count, 4);
    assert_int_equal(add(bench, &people), 1);
    charter_inherit(other, bench->charter);
    is_at(other, 1, "people", 2, &people);
    assert_int_equal(trust_people(other->trust)->version, 2);
    charter_inherit(stranger, bench->charter);
    assert_int_equal(stranger->count, 0);
}

int
main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
    const struct CMUnitTest tests[] = {
        TEST(what_comes_is_kept_once),
        TEST(what_does_not_hold_changes_nothing),
        TEST(every_root_is_kept_behind_the_one_before_and_of_the_rest_the_newest),
        TEST(a_worker_lacks_what_is_newer_of_its_own_region_in_the_order_in_which_it_can_take_it),
        TEST(another_charters_documents_are_taken_over_as_far_as_they_hold_here),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
