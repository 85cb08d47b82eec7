/* SPDX-License-Identifier: Apache-2.0 */
/* Lists of a site that is too large for one answer. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include <cmocka.h>

#include "cli/pages.h"

static struct {
    size_t workers, fits; /* those that there are, and that an answer holds */
    bool pages;           /* it heeds `from` */
    bool ends;            /* it is gone behind its first answer */
    bool lies;            /* each of its answers tells of other workers, for ever */
    size_t leaves, comes; /* behind so many answers the first leaves, or one comes before it */
    size_t asked;
} broker;

trust_t *
site_load(const options_t *options, fault_t *fault)
{
    (void)options;
    (void)fault;
    return NULL;
}

client_t *
client_open(const options_t *options, const trust_t *trust, fault_t *fault)
{
    (void)options;
    (void)trust;
    (void)fault;
    return NULL;
}

void
client_close(client_t **self_p)
{
    (void)self_p;
}

value_t *
client_ask(client_t *self, const char *verb, value_t *arguments, fault_t *fault)
{
    CLEANUP(value_destroy) value_t *asked = arguments;
    size_t from = broker.pages ? (size_t)value_get_integer(asked, "from") : 0;
    (void)self;
    assert_string_equal(verb, "workers");
    if (broker.asked++ && broker.ends) {
        fault_set(fault, FAULT_UNREACHABLE, "it is gone");
        return NULL;
    }
    value_t *list = value_list();
    size_t first = 1 + (broker.leaves && broker.asked > broker.leaves) -
                   (broker.comes && broker.asked > broker.comes);
    if (broker.lies)
        first += 7 * broker.asked;
    for (size_t i = from; i < broker.workers && i < from + broker.fits; i++) {
        char id[32];
        value_t *row = value_map();
        snprintf(id, sizeof id, "w%05zu", first + i);
        value_set_text(row, "id", id);
        value_append(list, row);
    }
    return list;
}

static void
all_of_them_are_asked_for(void **state)
{
    fault_t fault = {0};
    (void)state;
    memset(&broker, 0, sizeof broker);
    broker.workers = 10000;
    broker.fits = 3000;
    broker.pages = true;
    CLEANUP(value_destroy) value_t *workers = pages_ask(NULL, "workers", &fault);
    assert_int_equal(value_count(workers), 10000);
    assert_string_equal(value_get_text(value_at(workers, 9999), "id"), "w10000");
}

static void
few_are_asked_for_once(void **state)
{
    fault_t fault = {0};
    (void)state;
    memset(&broker, 0, sizeof broker);
    broker.workers = PAGES_WORKERS_SURELY - 1;
    broker.fits = 3000;
    broker.pages = true;
    CLEANUP(value_destroy) value_t *workers = pages_ask(NULL, "workers", &fault);
    assert_int_equal(value_count(workers), PAGES_WORKERS_SURELY - 1);
    assert_int_equal(broker.asked, 1);
}

static void
a_broker_that_begins_anew_is_not_asked_for_ever(void **state)
{
    fault_t fault = {0};
    (void)state;
    memset(&broker, 0, sizeof broker);
    broker.workers = broker.fits = 3000;
    CLEANUP(value_destroy) value_t *workers = pages_ask(NULL, "workers", &fault);
    assert_int_equal(value_count(workers), 3000);
    assert_int_equal(broker.asked, 2);
}

/* Each worker from first on stands there once. */
static void
are_whole(const value_t *workers, size_t first)
{
    for (size_t i = 0; i < value_count(workers); i++) {
        char id[32];
        snprintf(id, sizeof id, "w%05zu", first + i);
        assert_string_equal(value_get_text(value_at(workers, i), "id"), id);
    }
}

static void
nobody_is_missed_where_one_leaves_between_two_answers(void **state)
{
    fault_t fault = {0};
    (void)state;
    memset(&broker, 0, sizeof broker);
    broker.workers = 10000;
    broker.fits = 3000;
    broker.pages = true;
    broker.leaves = 2;
    CLEANUP(value_destroy) value_t *workers = pages_ask(NULL, "workers", &fault);
    assert_int_equal(value_count(workers), 10000);
    are_whole(workers, 2);
}

static void
nobody_is_told_twice_where_one_comes_between_two_answers(void **state)
{
    fault_t fault = {0};
    (void)state;
    memset(&broker, 0, sizeof broker);
    broker.workers = 10000;
    broker.fits = 3000;
    broker.pages = true;
    broker.comes = 2;
    CLEANUP(value_destroy) value_t *workers = pages_ask(NULL, "workers", &fault);
    assert_int_equal(value_count(workers), 10000);
    are_whole(workers, 0);
}

static void
a_broker_that_never_ends_is_not_asked_for_ever(void **state)
{
    fault_t fault = {0};
    (void)state;
    memset(&broker, 0, sizeof broker);
    broker.workers = SIZE_MAX / 2;
    broker.fits = 30000;
    broker.pages = true;
    assert_null(pages_ask(NULL, "workers", &fault));
    assert_int_equal(fault.code, FAULT_LIMIT);
}

static void
a_broker_that_tells_of_others_each_time_is_not_asked_for_ever(void **state)
{
    fault_t fault = {0};
    (void)state;
    memset(&broker, 0, sizeof broker);
    broker.workers = SIZE_MAX / 2;
    broker.fits = 300;
    broker.pages = broker.lies = true;
    assert_null(pages_ask(NULL, "workers", &fault));
    assert_int_equal(fault.code, FAULT_CONFLICT);
    assert_in_range(broker.asked, 2, 16);
}

static void
a_part_of_them_is_no_answer(void **state)
{
    fault_t fault = {0};
    (void)state;
    memset(&broker, 0, sizeof broker);
    broker.workers = 10000;
    broker.fits = 3000;
    broker.pages = broker.ends = true;
    assert_null(pages_ask(NULL, "workers", &fault));
    assert_int_equal(fault.code, FAULT_UNREACHABLE);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(all_of_them_are_asked_for),
        cmocka_unit_test(few_are_asked_for_once),
        cmocka_unit_test(a_broker_that_begins_anew_is_not_asked_for_ever),
        cmocka_unit_test(nobody_is_missed_where_one_leaves_between_two_answers),
        cmocka_unit_test(nobody_is_told_twice_where_one_comes_between_two_answers),
        cmocka_unit_test(a_broker_that_never_ends_is_not_asked_for_ever),
        cmocka_unit_test(a_broker_that_tells_of_others_each_time_is_not_asked_for_ever),
        cmocka_unit_test(a_part_of_them_is_no_answer),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
