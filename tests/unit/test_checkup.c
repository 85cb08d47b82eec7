/* SPDX-License-Identifier: Apache-2.0 */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "cli/checkup.h"
#include "tests/unit/trust_fixture.h"

/* How many symptoms of this kind say these words somewhere. */
static size_t
count(const value_t *list, const char *kind, const char *words)
{
    size_t found = 0;
    for (size_t i = 0; i < value_count(list); i++) {
        const value_t *row = value_at(list, i);
        found += !strcmp(value_get_text(row, "kind"), kind) &&
                 (strstr(value_get_text(row, "what"), words) ||
                  strstr(value_get_text(row, "where"), words));
    }
    return found;
}

static value_t *
examine_at(bench_t *bench, wall_t now)
{
    value_t *list = value_list();
    checkup(bench->site->trust, site_folder(bench->site), now, list);
    return list;
}

static value_t *
examine(bench_t *bench)
{
    return examine_at(bench, bench->site->now);
}

/* Another people document in force. */
static void
use_people(bench_t *bench, people_t *people)
{
    CLEANUP(bytes_destroy) bytes_t *text = bytes_new();
    people->version = 2;
    people_encode(people, text);
    people_destroy(&people);
    assert_fine(bench, add(bench, site_seal(bench->site, SIGN_PEOPLE, MOVE(text), "hana,hugo")));
}

static void
finds_no_problem_in_a_site_that_is_well(void **state)
{
    CLEANUP(value_destroy) value_t *list = examine(*state);
    assert_int_equal(count(list, "problem", ""), 0);
}

static void
names_who_is_left_out_where_people_seal(void **state)
{
    bench_t *bench = *state;
    CLEANUP(value_destroy) value_t *before = examine(bench);
    assert_int_equal(count(before, "warning", "sealing key"), 0);
    people_t *people = site_people(bench->site);
    people->curves[people->curve_count++] = (curve_line_t){"pia", site_curve("pia")};
    people->sealing_count = 1;
    people->sealings = memory_new(1, sizeof *people->sealings);
    people->sealings[0] = (curve_line_t){"pat", site_curve("seal-pat")};
    use_people(bench, people);
    CLEANUP(value_destroy) value_t *after = examine(bench);
    assert_int_equal(count(after, "warning", "without a sealing key"), 1);
    assert_int_equal(count(after, "warning", "has no sealing key"), 3);
    assert_int_equal(count(after, "problem", "sealing"), 0);
}

static void
tells_of_an_end_before_it_comes_and_after(void **state)
{
    bench_t *bench = *state;
    wall_t end = trust_people(bench->site->trust)->expires;
    CLEANUP(value_destroy) value_t *before = examine_at(bench, (wall_t){end.ms - 86400000});
    CLEANUP(value_destroy) value_t *after = examine_at(bench, end);
    assert_int_equal(count(before, "warning", "expires in 1 days"), 3);
    assert_int_equal(count(before, "problem", "expire"), 0);
    assert_true(count(after, "problem", "expired at") >= 1);
}

static void
takes_a_document_from_the_future_for_a_wrong_clock(void **state)
{
    bench_t *bench = *state;
    CLEANUP(value_destroy) value_t *list = examine_at(bench, site_time("2020-01-01T00:00:00Z"));
    assert_true(count(list, "problem", "a clock is wrong") >= 1);
}

static void
counts_people_not_keys_of_who_may_approve(void **state)
{
    bench_t *bench = *state;
    people_t *people = site_people(bench->site);
    for (size_t i = 0; i < people->key_count; i++)
        if (people->keys[i].roles & ROLE_REVIEWER && strcmp(people->keys[i].person, "rob") != 0)
            people->keys[i].roles = ROLE_AUTHOR;
    use_people(bench, people);
    CLEANUP(value_destroy) value_t *list = examine(bench);
    assert_int_equal(count(list, "problem", "a release of class change needs 2 people"), 1);
}

static void
names_a_region_that_nobody_may_sign_for(void **state)
{
    bench_t *bench = *state;
    people_t *people = site_people(bench->site);
    for (size_t i = 0; i < people->key_count; i++)
        if (!strcmp(people->keys[i].person, "olaf"))
            people->keys[i].roles = ROLE_AUTHOR;
    use_people(bench, people);
    CLEANUP(value_destroy) value_t *list = examine(bench);
    assert_int_equal(count(list, "problem", "no officer may sign its fleet"), 2);
    assert_int_equal(count(list, "problem", "signed by no officer"), 1);
    assert_int_equal(count(list, "problem", "a stop is lifted by two officers"), 1);
    assert_int_equal(count(list, "warning", "is delegated for region"), 2);
}

static void
names_keys_that_serve_nothing(void **state)
{
    bench_t *bench = *state;
    people_t *people = site_people(bench->site);
    for (size_t i = 0; i < people->key_count; i++)
        if (!strcmp(people->keys[i].person, "uma"))
            text_copy(people->keys[i].scope, sizeof people->keys[i].scope, "region=moon");
    use_people(bench, people);
    CLEANUP(value_destroy) value_t *list = examine(bench);
    assert_int_equal(count(list, "warning", "no worker has the labels region=moon"), 1);
}

/* uma's scope is the north; pat's, pia's and ana's is any. */
static void
names_workers_that_only_break_glass_reaches(void **state)
{
    bench_t *bench = *state;
    CLEANUP(value_destroy) value_t *well = examine(bench);
    assert_int_equal(count(well, "warning", "break"), 0);
    people_t *people = site_people(bench->site);
    for (size_t i = 0; i < people->key_count; i++)
        if (people->keys[i].roles & ROLE_RESPONDER && strcmp(people->keys[i].person, "uma") != 0)
            people->keys[i].roles = ROLE_AUTHOR;
    use_people(bench, people);
    CLEANUP(value_destroy) value_t *list = examine(bench);
    assert_int_equal(count(list, "warning", "1 of its 1 workers, 's1' first"), 1);
    assert_int_equal(count(list, "warning", "only break-glass reaches them"), 1);
    assert_int_equal(count(list, "warning", "nobody is left to cosign"), 1);
}

static void
names_machines_that_ask_for_more_people_than_there_are(void **state)
{
    bench_t *bench = *state;
    allowance_t allowance = {
        .worker = "w1", .highest = CLASS_CHANGE, .more = {{0, 3, 0}, {0, 4, 9}}};
    CLEANUP(value_destroy) value_t *well = value_list();
    CLEANUP(value_destroy) value_t *list = value_list();
    checkup_allowance(bench->site->trust, &allowance, well); /* ana, rita, rob; and uma, pat, pia */
    assert_int_equal(value_count(well), 0);
    allowance.more.approvals[CLASS_CHANGE] = 4;
    allowance.more.orders[CLASS_CHANGE] = 5;
    checkup_allowance(bench->site->trust, &allowance, list);
    assert_int_equal(count(list, "warning", "4 people behind a release of class change"), 1);
    assert_int_equal(count(list, "warning", "5 people behind an order of class change"), 1);
}

static void
tells_holders_what_they_would_lose(void **state)
{
    CLEANUP(value_destroy) value_t *list = examine(*state);
    assert_int_equal(count(list, "warning", "has one key"), 2);
    assert_int_equal(count(list, "warning", "all 2 holders must sign"), 1);
}

#define test(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int
main(void)
{
    const struct CMUnitTest tests[] = {
        test(finds_no_problem_in_a_site_that_is_well),
        test(names_who_is_left_out_where_people_seal),
        test(tells_of_an_end_before_it_comes_and_after),
        test(takes_a_document_from_the_future_for_a_wrong_clock),
        test(counts_people_not_keys_of_who_may_approve),
        test(names_a_region_that_nobody_may_sign_for),
        test(names_keys_that_serve_nothing),
        test(names_workers_that_only_break_glass_reaches),
        test(names_machines_that_ask_for_more_people_than_there_are),
        test(tells_holders_what_they_would_lose),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
