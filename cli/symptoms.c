/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/symptoms.h"

#include <stdarg.h>
#include <stdio.h>

#include "cli/table.h"

#define DAY_MS  (24 * 3600 * INT64_C(1000))
#define SKEW_MS (5 * 60 * INT64_C(1000)) /* by which clocks may be off */

static const char *const words[] = {"warning", "problem", "unreachable"};

void
symptoms_add(value_t *list, symptom_t kind, const char *where, const char *remedy, const char *what,
             ...)
{
    va_list args;
    char shown[FAULT_TEXT_MAX * 2];
    CLEANUP(bytes_destroy) bytes_t *text = bytes_new();
    va_start(args, what);
    bytes_addv(text, what, args);
    va_end(args);
    value_t *row = value_map();
    value_set_text(row, "kind", words[kind]);
    value_set_text(row, "where", where);
    value_set_text(row, "what", show_text(bytes_text(text), shown, sizeof shown));
    if (*remedy)
        value_set_text(row, "do", remedy);
    value_append(list, row);
}

void
symptoms_add_end(value_t *list, const char *where, wall_t issued, wall_t expires, wall_t now,
                 const char *remedy)
{
    char at[MOMENT_TEXT_MAX];
    int64_t left_ms = expires.ms - now.ms;
    if (now.ms < issued.ms - SKEW_MS) {
        wall_write_time(issued, at);
        symptoms_add(list, SYMPTOM_PROBLEM, where, "set this machine's clock",
                     "begins at %s only: a clock is wrong", at);
    }
    wall_write_time(expires, at);
    if (left_ms <= 0)
        symptoms_add(list, SYMPTOM_PROBLEM, where, remedy, "expired at %s", at);
    else if (left_ms < SYMPTOMS_SOON_MS)
        symptoms_add(list, SYMPTOM_WARNING, where, remedy, "expires in %lld days, at %s",
                     (long long)(left_ms / DAY_MS), at);
}

static size_t
print_kind(const value_t *list, symptom_t kind)
{
    size_t count = 0;
    for (size_t i = 0; i < value_count(list); i++) {
        const value_t *row = value_at(list, i);
        const char *remedy = value_get_text(row, "do");
        if (strcmp(value_get_text(row, "kind"), words[kind]) != 0)
            continue;
        printf("%-11s  %s: %s%s%s\n", words[kind], value_get_text(row, "where"),
               value_get_text(row, "what"), *remedy ? "; " : "", remedy);
        count++;
    }
    return count;
}

static size_t
count_kind(const value_t *list, symptom_t kind)
{
    size_t count = 0;
    for (size_t i = 0; i < value_count(list); i++)
        count += !strcmp(value_get_text(value_at(list, i), "kind"), words[kind]);
    return count;
}

int
symptoms_finish(const options_t *options, const value_t *list)
{
    if (options->json) {
        json_print("symptoms", list);
    } else {
        print_kind(list, SYMPTOM_UNREACHABLE);
        print_kind(list, SYMPTOM_PROBLEM);
        print_kind(list, SYMPTOM_WARNING);
        if (!value_count(list))
            printf("nothing is wrong\n");
    }
    if (count_kind(list, SYMPTOM_UNREACHABLE))
        return fault_exit(FAULT_UNREACHABLE);
    return count_kind(list, SYMPTOM_PROBLEM) ? 1 : 0;
}
