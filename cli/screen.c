/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/screen.h"

#include <stdio.h>

#include "cli/run.h"
#include "cli/table.h"
#include "keys/order.h"

#define BAR_CELLS  10
#define LINE_SHOWN 160

static bool
is_over(const value_t *part)
{
    return value_get_integer(part, "ended") > 0;
}

static bool
is_begun(const value_t *part)
{
    return value_get_integer(part, "accepted") > 0;
}

static int64_t
soak_of(const value_t *run)
{
    fault_t ignored;
    const value_t *document = value_get(run, "document");
    CLEANUP(order_destroy)
    order_t *order = document ? order_decode(value_slice(document), &ignored) : NULL;
    return order ? (int64_t)order->soak_s : 0;
}

int64_t
screen_left_s(const value_t *run)
{
    const value_t *parts = value_get(run, "parts");
    int64_t spent_ms = 0, ended = 0, present = 0, last = 0;
    for (size_t i = 0; i < value_count(parts); i++) {
        const value_t *part = value_at(parts, i);
        int64_t wave = value_get_integer(part, "wave");
        if (is_over(part) && is_begun(part)) {
            spent_ms += value_get_integer(part, "ended") - value_get_integer(part, "accepted");
            ended++;
        }
        present = !is_over(part) && (!present || wave < present) ? wave : present;
        last = wave > last ? wave : last;
    }
    if (!ended || !present)
        return -1;
    int64_t waves = last - present + 1;
    return (waves * (spent_ms / ended)) / 1000 + (waves - 1) * soak_of(run);
}

/* "usage ok 0.2 s  fail ok 1.1 s". */
static void
write_steps(const value_t *part, char *out, size_t size)
{
    const value_t *receipts = value_get(part, "receipts");
    size_t used = 0;
    *out = '\0';
    for (size_t i = 0; i < value_count(receipts) && used < size; i++) {
        const value_t *row = value_at(receipts, i);
        int64_t took = value_get_integer(row, "ended") - value_get_integer(row, "started");
        bool undo = !strcmp(value_get_text(row, "phase"), "undo");
        used += (size_t)snprintf(out + used, size - used, "%s%s%s %s %.1f s", used ? "  " : "",
                                 undo ? "undo " : "", value_get_text(row, "step"),
                                 value_get_text(row, "outcome"), (double)took / 1000);
    }
}

static void
write_part(const value_t *part, char *out, size_t size)
{
    char steps[LINE_SHOWN], text[LINE_SHOWN];
    const char *state = value_get_text(part, "state"), *waits = value_get_text(part, "waits");
    write_steps(part, steps, sizeof steps);
    show_text(value_get_text(part, "text"), text, sizeof text);
    if (!strcmp(state, "waiting"))
        snprintf(out, size, "waits%s%s", *text ? ": " : " for the wave before", text);
    else if (*waits)
        snprintf(out, size, "%s  waits for a person at '%s'", steps, waits);
    else
        snprintf(out, size, "%s%s%s%s%s%s%s", steps, *steps ? "  " : "", state,
                 *value_get_text(part, "undo") ? ", " : "", value_get_text(part, "undo"),
                 *text ? ": " : "", text);
}

static int
draw_head(const value_t *run, int64_t now_ms)
{
    const value_t *parts = value_get(run, "parts");
    size_t total = value_count(parts), over = 0;
    int64_t present = 0, last = 0, left = screen_left_s(run);
    for (size_t i = 0; i < total; i++) {
        const value_t *part = value_at(parts, i);
        int64_t wave = value_get_integer(part, "wave");
        over += is_over(part);
        present = !is_over(part) && (!present || wave < present) ? wave : present;
        last = wave > last ? wave : last;
    }
    printf("\033[K%s  run %.*s  %s%s  wave %lld of %lld  ", value_get_text(run, "playbook"),
           RUN_DIGITS, value_get_text(run, "run"), value_get_text(run, "state"),
           run_pause_note(run), (long long)(present ? present : last), (long long)last);
    for (size_t i = 0; i < BAR_CELLS; i++)
        fputs(total && i * total < over * BAR_CELLS ? "█" : "░", stdout);
    int64_t ended = value_get_integer(run, "ended");
    printf("  %lld s",
           (long long)((ended ? ended : now_ms) - value_get_integer(run, "created")) / 1000);
    if (!ended && left >= 0)
        printf(", about %lld s left", (long long)left);
    putchar('\n');
    return 1;
}

/* Those that are at work come first where there are too many. */
static int
draw_parts(const value_t *parts)
{
    size_t count = value_count(parts), drawn = 0;
    for (int over = 0; over < 2; over++) {
        for (size_t i = 0; i < count && drawn < SCREEN_PARTS_MAX; i++) {
            const value_t *part = value_at(parts, i);
            char line[2 * LINE_SHOWN];
            bool late = is_over(part) || !strcmp(value_get_text(part, "state"), "waiting");
            if (count > SCREEN_PARTS_MAX && late != over)
                continue;
            if (count <= SCREEN_PARTS_MAX && over)
                continue;
            write_part(part, line, sizeof line);
            printf("\033[K  %-16s %.*s\n", value_get_text(part, "worker"), LINE_SHOWN, line);
            drawn++;
        }
    }
    if (count > drawn)
        printf("\033[K  and %zu more\n", count - drawn);
    return (int)drawn + (count > drawn);
}

void
screen_draw(screen_t *self, const value_t *run, int64_t now_ms)
{
    if (self->lines)
        printf("\033[%dA", self->lines);
    self->lines = draw_head(run, now_ms) + draw_parts(value_get(run, "parts"));
    fputs("\033[J", stdout);
    fflush(stdout);
}
