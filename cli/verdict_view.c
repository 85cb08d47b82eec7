/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/table.h"
#include "cli/verdict.h"

static void
print_triggers(const value_t *verdict, FILE *out)
{
    char text[FAULT_TEXT_MAX];
    const value_t *triggers = value_get(verdict, "triggers"), *near = value_get(verdict, "near");
    bool triggered = value_get_bool(verdict, "triggered");
    fprintf(out, "  trigger   %-3s  '%s'%s", triggered ? "yes" : "NO",
            show_text(value_get_text(verdict, "name"), text, sizeof text),
            triggered || !value_count(triggers) ? "" : " is none of:");
    for (size_t i = 0; !triggered && i < value_count(triggers); i++)
        fprintf(out, "%s %s", i ? "," : "",
                show_text(value_string(value_at(triggers, i)), text, sizeof text));
    fputs(value_count(triggers) ? "\n" : " triggers nothing: it has no trigger\n", out);
    for (size_t i = 0; i < value_count(near); i++) {
        const value_t *row = value_at(near, i);
        fprintf(out, "                 near: trigger '%s' %s\n",
                show_text(value_get_text(row, "trigger"), text, sizeof text),
                value_get_text(row, "how"));
    }
}

static void
print_inputs(const value_t *inputs, FILE *out)
{
    for (size_t i = 0; i < value_count(inputs); i++) {
        char text[FAULT_TEXT_MAX], why[FAULT_TEXT_MAX];
        const value_t *row = value_at(inputs, i);
        const char *wrong = value_get_text(row, "why");
        fprintf(out, "  %-9s %-3s  %s (%s) = %s, %s", i ? "" : "inputs", *wrong ? "NO" : "ok",
                value_get_text(row, "name"), value_get_text(row, "kind"),
                value_get(row, "value") ? show_text(value_get_text(row, "value"), text, sizeof text)
                                        : "nothing",
                value_get_text(row, "origin"));
        fprintf(out, "%s%s\n", *wrong ? "; " : "", show_text(wrong, why, sizeof why));
    }
}

static void
print_condition(const value_t *row, FILE *out)
{
    char wants[FAULT_TEXT_MAX], found[FAULT_TEXT_MAX], why[FAULT_TEXT_MAX];
    bool holds = value_get_bool(row, "holds"), red = !holds && show_colour(out);
    fprintf(out, "%s            %-3s  %-9s  %s%s%s%s\n", red ? "\033[31m" : "", holds ? "ok" : "NO",
            value_get_text(row, "condition"),
            show_text(value_get_text(row, "wants"), wants, sizeof wants),
            *value_get_text(row, "found") ? "; found: " : "",
            show_text(value_get_text(row, "found"), found, sizeof found), red ? "\033[0m" : "");
    if (!holds)
        fprintf(out, "                            %s\n",
                show_text(value_get_text(row, "why"), why, sizeof why));
}

static void
print_grant(const value_t *grant, FILE *out)
{
    char why[FAULT_TEXT_MAX];
    const value_t *rows = value_get(grant, "conditions");
    long long failed = (long long)value_get_integer(grant, "failed");
    fprintf(out, "  grant     %.*s: ", VERDICT_DIGITS, value_get_text(grant, "grant"));
    if (value_get(grant, "why"))
        fprintf(out, "does not count: %s\n",
                show_text(value_get_text(grant, "why"), why, sizeof why));
    else if (failed)
        fprintf(out, "%lld of %zu conditions fail\n", failed, value_count(rows));
    else
        fputs("all conditions hold\n", out);
    for (size_t i = 0; i < value_count(rows); i++)
        print_condition(value_at(rows, i), out);
    if (value_get(grant, "ran"))
        fprintf(out, "            it ran then: run %.*s\n", VERDICT_DIGITS,
                value_get_text(grant, "ran"));
}

void
verdict_print(const value_t *verdict, bool brief, FILE *out)
{
    char text[FAULT_TEXT_MAX], why[FAULT_TEXT_MAX];
    const value_t *grants = value_get(verdict, "grants");
    bool fires = value_get_bool(verdict, "fires");
    fprintf(out, "\n%s: %s by itself: %s\n",
            show_text(value_get_text(verdict, "title"), text, sizeof text),
            fires ? "runs" : "does NOT run",
            show_text(value_get_text(verdict, "because"), why, sizeof why));
    print_triggers(verdict, out);
    if (brief && !value_get_bool(verdict, "triggered"))
        return;
    print_inputs(value_get(verdict, "inputs"), out);
    for (size_t i = 0; i < value_count(grants); i++)
        print_grant(value_at(grants, i), out);
    if (!value_count(grants))
        fputs("  grant     the broker holds none for it\n", out);
}
