/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/screen.h"

#include <stdio.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "cli/run.h"
#include "cli/table.h"
#include "keys/order.h"

#define BAR_CELLS  10
#define LINE_SHOWN 240 /* cells of a line where nobody knows the terminal's */

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
write_part(const value_t *run, const value_t *part, const value_t *workers, char *out, size_t size)
{
    char steps[LINE_SHOWN], text[LINE_SHOWN], why[RUN_WAITS_MAX];
    const char *state = value_get_text(part, "state"), *waits = value_get_text(part, "waits");
    write_steps(part, steps, sizeof steps);
    show_text(value_get_text(part, "text"), text, sizeof text);
    if (run_away(part, workers))
        snprintf(out, size, "OFFLINE  %s%s%s", steps, *steps ? "  " : "", state);
    else if (!strcmp(state, "waiting"))
        snprintf(out, size, "waits %s", *text ? text : run_waits(run, part, why));
    else if (*waits)
        snprintf(out, size, "%s  waits for a person at '%s'", steps, waits);
    else
        snprintf(out, size, "%s%s%s%s%s%s%s", steps, *steps ? "  " : "", state,
                 *value_get_text(part, "undo") ? ", " : "", value_get_text(part, "undo"),
                 *text ? ": " : "", text);
}

/* One line, cut where the terminal ends. */
static void
draw_line(const screen_t *self, const char *line)
{
    int cells = self->columns > 0 ? self->columns - 1 : LINE_SHOWN;
    fputs("\033[K", stdout);
    for (; *line && cells; line++) {
        bool follows = (line[1] & 0xc0) == 0x80; /* a character ends where none follows */
        putchar(*line);
        cells -= !follows;
    }
    putchar('\n');
}

static void
draw_head(const screen_t *self, const value_t *run, int64_t now_ms)
{
    const value_t *parts = value_get(run, "parts");
    const value_t *targets = value_get(run, "targets"); /* shown or not */
    int64_t total = value_get_integer(targets, "total");
    int64_t over = total - value_get_integer(targets, "open");
    char line[2 * LINE_SHOWN], bar[3 * BAR_CELLS + 1] = "", time[64] = "";
    int64_t present = 0, last = value_get_integer(run, "waves"), left = screen_left_s(run);
    for (size_t i = 0; i < value_count(parts); i++) {
        const value_t *part = value_at(parts, i);
        int64_t wave = value_get_integer(part, "wave");
        present = !is_over(part) && (!present || wave < present) ? wave : present;
        last = wave > last ? wave : last;
    }
    for (int64_t i = 0; i < BAR_CELLS; i++)
        memcpy(bar + 3 * i, total && i * total < over * BAR_CELLS ? "█" : "░", 4);
    int64_t ended = value_get_integer(run, "ended");
    if (!ended && left >= 0)
        snprintf(time, sizeof time, ", about %lld s left", (long long)left);
    snprintf(line, sizeof line, "%.63s  run %.*s  %s%s  wave %lld of %lld  %s  %lld s%s",
             value_get_text(run, "playbook"), RUN_DIGITS, value_get_text(run, "run"),
             value_get_text(run, "state"), run_note(run), (long long)(present ? present : last),
             (long long)last, bar,
             (long long)((ended ? ended : now_ms) - value_get_integer(run, "created")) / 1000,
             time);
    draw_line(self, line);
}

/* How many lines of workers there is room for. */
static size_t
room(const screen_t *self, int drawn)
{
    int left = self->rows - drawn - 2; /* "and N more", and where the cursor rests */
    return self->rows <= 0 || left > SCREEN_PARTS_MAX ? SCREEN_PARTS_MAX
           : left > 1                                 ? (size_t)left
                                                      : 1;
}

/* Those that are at work come first where there are too many. */
static int
draw_parts(const screen_t *self, const value_t *run, const value_t *workers, int above)
{
    const value_t *parts = value_get(run, "parts");
    size_t count = value_count(parts), drawn = 0, most = room(self, above);
    char line[4 * LINE_SHOWN], words[3 * LINE_SHOWN];
    for (int over = 0; over < 2; over++) {
        for (size_t i = 0; i < count && drawn < most; i++) {
            const value_t *part = value_at(parts, i);
            bool late = is_over(part) || !strcmp(value_get_text(part, "state"), "waiting");
            if (count > most ? late != over : over)
                continue;
            write_part(run, part, workers, words, sizeof words);
            snprintf(line, sizeof line, "  %-16.127s %s", value_get_text(part, "worker"), words);
            draw_line(self, line);
            drawn++;
        }
    }
    count += (size_t)value_get_integer(run, "left_out");
    if (count > drawn) {
        snprintf(line, sizeof line, "  and %zu more", count - drawn);
        draw_line(self, line);
    }
    return (int)drawn + (count > drawn);
}

static int
draw_stops(const screen_t *self, const value_t *over)
{
    char line[2 * LINE_SHOWN];
    int drawn = 0;
    for (size_t i = 0; i < value_count(over) && drawn < SCREEN_STOPS_MAX; i++, drawn++) {
        snprintf(line, sizeof line, "  %s", value_get_text(value_at(over, i), "text"));
        draw_line(self, line);
    }
    return drawn;
}

void
screen_draw(screen_t *self, const value_t *run, const value_t *workers, const value_t *over,
            int64_t now_ms)
{
    struct winsize size;
    if (self->lines)
        printf("\033[%dA", self->lines);
    if (!ioctl(STDOUT_FILENO, TIOCGWINSZ, &size)) {
        self->rows = size.ws_row;
        self->columns = size.ws_col;
    }
    draw_head(self, run, now_ms);
    self->lines = 1 + draw_stops(self, over);
    self->lines += draw_parts(self, run, workers, self->lines);
    fputs("\033[J", stdout);
    fflush(stdout);
}
