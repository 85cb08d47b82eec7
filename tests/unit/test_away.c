/* SPDX-License-Identifier: Apache-2.0 */
/* Who is away, as people are told. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "cli/away.h"
#include "common/moment.h"

static void
add(value_t *workers, const char *id, const char *region, bool online)
{
    value_t *row = value_map();
    value_set_text(row, "id", id);
    value_set_text(row, "region", region);
    value_set_bool(row, "online", online);
    value_append(workers, row);
}

static void
add_revoked(value_t *workers, const char *id, const char *region)
{
    value_t *row = value_map();
    value_set_text(row, "id", id);
    value_set_text(row, "region", region);
    value_set_text(row, "revoked", "it was sold");
    value_append(workers, row);
}

static void
only_who_is_listed_and_offline_is_away(void **state)
{
    (void)state;
    CLEANUP(value_destroy) value_t *workers = value_list();
    add(workers, "w1", "north", true);
    add(workers, "w2", "north", false);
    assert_null(away_find(workers, "w1"));
    assert_string_equal(value_get_text(away_find(workers, "w2"), "id"), "w2");
    assert_null(away_find(workers, "w3"));
    assert_null(away_find(NULL, "w2"));
}

static void
a_region_is_dark_where_none_of_several_is_online(void **state)
{
    (void)state;
    CLEANUP(value_destroy) value_t *workers = value_list();
    add(workers, "w1", "north", false);
    add(workers, "w2", "south", false);
    add(workers, "w3", "north", false);
    add(workers, "w4", "west", true);
    add(workers, "w5", "west", false);
    CLEANUP(value_destroy) value_t *dark = away_regions(workers);
    assert_int_equal(value_count(dark), 1);
    assert_string_equal(value_get_text(value_at(dark, 0), "region"), "north");
    assert_int_equal(value_get_integer(value_at(dark, 0), "workers"), 2);
    CLEANUP(value_destroy) value_t *none = away_regions(NULL);
    assert_int_equal(value_count(none), 0);
}

static void
a_region_of_which_only_revoked_workers_are_left_is_not_dark(void **state)
{
    (void)state;
    CLEANUP(value_destroy) value_t *workers = value_list();
    add_revoked(workers, "w1", "north");
    add_revoked(workers, "w2", "north");
    add(workers, "w3", "south", false);
    add(workers, "w4", "south", false);
    add_revoked(workers, "w5", "south");
    CLEANUP(value_destroy) value_t *dark = away_regions(workers);
    assert_int_equal(value_count(dark), 1);
    assert_string_equal(value_get_text(value_at(dark, 0), "region"), "south");
    assert_int_equal(value_get_integer(value_at(dark, 0), "workers"), 2);
}

/* As away_words would have it in the same second: who is kept waiting for long tries again. */
static void
tell_words(int64_t ago_s, char words[static AWAY_WORDS_MAX])
{
    wall_t begun;
    options_t options = {.utc = true};
    do {
        CLEANUP(value_destroy) value_t *row = value_map();
        begun = wall_now();
        value_set_integer(row, "seen", begun.ms - ago_s * 1000 - 100);
        away_words(&options, row, words);
    } while (wall_now().ms - begun.ms > 800);
}

static void
how_long_ago_is_told_in_the_largest_unit_that_fits(void **state)
{
    static const struct {
        int64_t ago_s;
        const char *words;
    } rows[] = {{30, ", 30 s ago"},  {119, ", 119 s ago"},        {150, ", 2 min ago"},
                {7260, ", 2 h ago"}, {3 * 86400, ", 3 days ago"}, {-60, ", 0 s ago"}};
    (void)state;
    options_t options = {.utc = true};
    char words[AWAY_WORDS_MAX];
    for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
        tell_words(rows[i].ago_s, words);
        if (strncmp(words, "seen last 2", 11) != 0 || !strstr(words, rows[i].words))
            fail_msg("'%s' is wanted: %s", rows[i].words, words);
    }
    CLEANUP(value_destroy) value_t *never = value_map();
    assert_string_equal(away_words(&options, never, words), "not seen since the broker began");
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(only_who_is_listed_and_offline_is_away),
        cmocka_unit_test(a_region_is_dark_where_none_of_several_is_online),
        cmocka_unit_test(a_region_of_which_only_revoked_workers_are_left_is_not_dark),
        cmocka_unit_test(how_long_ago_is_told_in_the_largest_unit_that_fits),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
