/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/away.h"

#include <stdio.h>

#include "cli/table.h"
#include "common/moment.h"

const value_t *
away_find(const value_t *workers, const char *worker)
{
    for (size_t i = 0; i < value_count(workers); i++) {
        const value_t *row = value_at(workers, i);
        if (!strcmp(value_get_text(row, "id"), worker))
            return value_get_bool(row, "online") ? NULL : row;
    }
    return NULL;
}

/* A few of the largest unit that fits. */
static void
write_span(int64_t seconds, char *out, size_t size)
{
    static const struct {
        int64_t seconds;
        const char *word;
    } units[] = {{24 * 3600, "days"}, {3600, "h"}, {60, "min"}, {1, "s"}};
    size_t at = 0;
    while (at + 1 < ARRAY_SIZE(units) && seconds < 2 * units[at].seconds)
        at++;
    snprintf(out, size, "%lld %s", (long long)(seconds / units[at].seconds), units[at].word);
}

const char *
away_words(const options_t *options, const value_t *row, char out[static AWAY_WORDS_MAX])
{
    char time[32], span[32];
    int64_t seen = value_get_integer(row, "seen"), ago_ms = wall_now().ms - seen;
    write_span(ago_ms > 0 ? ago_ms / 1000 : 0, span, sizeof span);
    if (seen)
        snprintf(out, AWAY_WORDS_MAX, "seen last %s, %s ago",
                 show_time(options, seen, time, sizeof time), span);
    else
        snprintf(out, AWAY_WORDS_MAX, "not seen since the broker began");
    return out;
}

value_t *
away_regions(const value_t *workers)
{
    CLEANUP(value_destroy) value_t *all = value_map();
    CLEANUP(value_destroy) value_t *lit = value_map();
    value_t *list = value_list();
    for (size_t i = 0; i < value_count(workers); i++) {
        const value_t *row = value_at(workers, i);
        const char *region = value_get_text(row, "region");
        if (value_get(row, "revoked"))
            continue;
        value_set_integer(all, region, value_get_integer(all, region) + 1);
        if (value_get_bool(row, "online"))
            value_set_bool(lit, region, true);
    }
    for (size_t i = 0; i < value_count(all); i++) {
        CLEANUP(bytes_destroy) bytes_t *region = bytes_copy(value_key(all, i));
        int64_t count = value_number(value_at(all, i));
        if (count < 2 || value_get(lit, bytes_text(region)))
            continue;
        value_t *row = value_map();
        value_set_text(row, "region", bytes_text(region));
        value_set_integer(row, "workers", count);
        value_append(list, row);
    }
    return list;
}
