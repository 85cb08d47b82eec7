/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/fates.h"

#include <stdio.h>

#include "cli/table.h"

/* What a cancel means for a part, from its state and whether its worker has confirmed. */
static const char *
fate_of(const value_t *part, bool confirmed)
{
    const char *state = value_get_text(part, "state");
    bool open = !strcmp(state, "open") || !strcmp(state, "offered");
    if (!strcmp(state, "stopped"))
        return "stopped";
    if (!strcmp(state, "waiting"))
        return "never begins";
    if (!strcmp(state, "never"))
        return "never began";
    if (!open)
        return "ended before";
    return confirmed ? "stopping" : "NOT REACHED: nobody knows yet what it does";
}

static bool
has_name(const value_t *list, const char *name)
{
    for (size_t i = 0; i < value_count(list); i++)
        if (!strcmp(value_string(value_at(list, i)), name))
            return true;
    return false;
}

/* Of whom an answer had no room for nobody knows. */
static bool
has_confirmed(const value_t *stop, const char *worker)
{
    return has_name(value_get(stop, "confirmed"), worker) ||
           (stop && !value_get(stop, "more_missing") &&
            !has_name(value_get(stop, "missing"), worker));
}

/* A broker that does not know `hash` lists the others too. */
static const value_t *
find_stop(const value_t *stops, const char *hash)
{
    for (size_t i = 0; i < value_count(stops); i++)
        if (!strcmp(value_get_text(value_at(stops, i), "hash"), hash))
            return value_at(stops, i);
    return NULL;
}

void
fates_print(const value_t *run, const value_t *stops, const char *hash)
{
    static const char *const headings[] = {"TARGET", "AFTER THE CANCEL", "STATE", "WHY", NULL};
    const value_t *parts = value_get(run, "parts"), *stop = find_stop(stops, hash);
    CLEANUP(table_destroy) table_t *table = table_new(headings);
    for (size_t i = 0; i < value_count(parts); i++) {
        const value_t *part = value_at(parts, i);
        char text[FAULT_TEXT_MAX];
        const char *worker = value_get_text(part, "worker");
        table_row(table, (const char *const[]){
                             worker, fate_of(part, has_confirmed(stop, worker)),
                             value_get_text(part, "state"),
                             show_text(value_get_text(part, "text"), text, sizeof text)});
    }
    table_print(table);
    if (value_get_integer(run, "left_out"))
        printf("and %lld more, which one answer of the broker does not hold\n",
               (long long)value_get_integer(run, "left_out"));
}
