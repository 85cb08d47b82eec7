/* SPDX-License-Identifier: Apache-2.0 */
#include <stdio.h>
#include <unistd.h>

#include "cli/options.h"
#include "cli/pages.h"
#include "cli/run.h"
#include "cli/screen.h"
#include "cli/stop.h"
#include "cli/table.h"
#include "common/moment.h"

#define WATCH_POLL_MS     1000
#define WATCH_REST        10 /* times as long as the broker took to answer... */
#define WATCH_REST_MAX_MS 5000
#define AWAY_LOOK_MS      15000
#define STOPS_LOOK_MS     3000
#define EXIT_RUNNING      8
#define EXIT_DETACHED     130

value_t *
run_ask(client_t *client, const char *id, fault_t *fault)
{
    value_t *arguments = value_map();
    value_set_text(arguments, "id", id);
    return client_ask(client, "run", arguments, fault);
}

const char *
run_counts(const value_t *run, char *out, size_t size)
{
    static const char *const words[] = {"done",    "failed",  "refused", "skipped",
                                        "stopped", "unknown", "never",   "open"};
    const value_t *targets = value_get(run, "targets");
    int64_t total = value_get_integer(targets, "total");
    int used = snprintf(out, size, "%lld target%s", (long long)total, total == 1 ? "" : "s");
    const char *between = ": ";
    for (size_t i = 0; i < ARRAY_SIZE(words) && used < (int)size; i++) {
        int64_t count = value_get_integer(targets, words[i]);
        if (!count)
            continue;
        used += snprintf(out + used, size - (size_t)used, "%s%lld %s%s", between, (long long)count,
                         words[i], i == 6 ? " reached" : "");
        between = ", ";
    }
    return out;
}

const char *
run_note(const value_t *run)
{
    static const char *const notes[] = {"", " (paused)", " (dry run)", " (dry run, paused)"};
    return notes[2 * value_get_bool(run, "dry") + value_get_bool(run, "paused")];
}

/* A run's exit status, from its answer: 8 while it is active. */
static int
status_of(const value_t *run)
{
    const value_t *targets = value_get(run, "targets");
    const char *state = value_get_text(run, "state");
    if (!strcmp(state, "active") || !strcmp(state, "authorised") || !strcmp(state, "undoing"))
        return EXIT_RUNNING;
    if (value_get_integer(targets, "unknown") || !strcmp(state, "unknown"))
        return fault_exit(FAULT_UNKNOWN);
    if (value_get_integer(targets, "failed") || value_get_integer(targets, "refused") ||
        value_get_integer(targets, "stopped") || !strcmp(state, "failed"))
        return fault_exit(FAULT_FAILED);
    if (value_get_integer(targets, "never") || value_get_integer(targets, "open") ||
        strcmp(state, "succeeded") != 0)
        return fault_exit(FAULT_UNKNOWN);
    return 0;
}

static void
print_event(const options_t *options, const value_t *event, FILE *out)
{
    char time[32], text[FAULT_TEXT_MAX];
    const char *outcome = value_get_text(event, "outcome"), *part = value_get_text(event, "part");
    fprintf(out, "%s  ", show_time(options, value_get_integer(event, "at"), time, sizeof time));
    show_text(value_get_text(event, "text"), text, sizeof text);
    if (value_get(event, "worker")) {
        const char *worker = value_get_text(event, "worker");
        size_t size = strlen(worker);
        fprintf(out, "%-16s ", worker);
        if (!strncmp(text, worker, size) && !strncmp(text + size, ": ", 2))
            memmove(text, text + size + 2, strlen(text + size + 2) + 1);
    }
    fprintf(out, "%s", *text ? text : value_get_text(event, "kind"));
    if (*outcome && *part && strcmp(part, "open") != 0)
        fprintf(out, "  (its part: %s)", part);
    fputc('\n', out);
    fflush(out);
}

static int
detached(const char *run)
{
    fprintf(stderr,
            "\ndetached; run %.*s goes on: tocsin run watch %.*s\n"
            "  end it: tocsin run cancel %.*s --reason \"...\"\n",
            RUN_DIGITS, run, RUN_DIGITS, run, RUN_DIGITS, run);
    return EXIT_DETACHED;
}

static int
still_runs(const char *run, int64_t wait_s)
{
    fprintf(stderr, "tocsin: run %.*s still runs after %lld s; follow it: tocsin run watch %.*s\n",
            RUN_DIGITS, run, (long long)wait_s, RUN_DIGITS, run);
    return EXIT_RUNNING;
}

/* What did not end well is looked at whole, and there stands what to type. */
static void
tell_next(int status, const char *run, FILE *out)
{
    if (status)
        fprintf(out, "  next: tocsin run view %.*s\n", RUN_DIGITS, run);
}

static value_t *
ask_on(client_t *client, const char *id, patience_t *patience, fault_t *fault)
{
    value_t *arguments = value_map();
    value_set_text(arguments, "id", id);
    return client_ask_on(client, "run", arguments, patience, fault);
}

/* The outcome, once the run has ended; EXIT_RUNNING before. */
static int
look(client_t *client, const char *run, patience_t *patience, FILE *out)
{
    fault_t fault;
    char counts[160];
    CLEANUP(value_destroy) value_t *body = ask_on(client, run, patience, &fault);
    if (!body)
        return client_interrupted(client) ? EXIT_RUNNING : command_fail(&fault);
    int status = status_of(body);
    if (status != EXIT_RUNNING && out) {
        fprintf(out, "run %.*s %s%s: %s\n", RUN_DIGITS, run, value_get_text(body, "state"),
                run_note(body), run_counts(body, counts, sizeof counts));
        tell_next(status, run, out);
    }
    return status;
}

patience_t
run_patience(int64_t wait_s)
{
    int64_t most_s = (INT64_MAX - mono_now().ms) / 1000;
    return (patience_t){
        .until = {mono_now().ms + 1000 * (wait_s < 0 || wait_s > most_s ? most_s : wait_s)}};
}

int
run_begin_watch(client_t *client, const char *run, patience_t *patience, fault_t *fault)
{
    value_t *arguments = value_map();
    value_set_text(arguments, "run", run);
    CLEANUP(value_destroy)
    value_t *watching = client_ask_on(client, "watch", arguments, patience, fault);
    if (watching || fault->code != FAULT_FULL)
        return watching ? 0 : -1;
    fprintf(stderr, "tocsin: %s; this asks again and again instead\n", fault->text);
    return 0;
}

/* Who is waited for is told once, however late it went away: of all workers it is not asked often.
 */
typedef struct {
    mono_t due;
    bool told;
} away_watch_t;

static void
look_for_away(away_watch_t *self, const options_t *options, client_t *client, const char *run,
              FILE *out)
{
    fault_t ignored;
    mono_t now = mono_now();
    if (!out || self->told || now.ms < self->due.ms)
        return;
    self->due = (mono_t){now.ms + AWAY_LOOK_MS};
    CLEANUP(value_destroy) value_t *body = run_ask(client, run, &ignored);
    CLEANUP(value_destroy) value_t *workers = pages_ask(client, "workers", &ignored);
    self->told = body && run_tell_away(options, body, workers, out);
    fflush(out);
}

/* Stops of more than this run are no event of it; each is told once. */
typedef struct {
    mono_t due;
    value_t *told; /* texts: hashes of stops; ours */
} stops_watch_t;

static void
stops_watch_clear(stops_watch_t *self)
{
    value_destroy(&self->told);
}

static bool
is_told(const stops_watch_t *self, const char *stop)
{
    for (size_t i = 0; i < value_count(self->told); i++)
        if (!strcmp(value_string(value_at(self->told, i)), stop))
            return true;
    return false;
}

static void
look_for_stops(stops_watch_t *self, client_t *client, const char *run, FILE *out)
{
    fault_t ignored;
    mono_t now = mono_now();
    if (!out || now.ms < self->due.ms)
        return;
    self->due = (mono_t){now.ms + STOPS_LOOK_MS};
    CLEANUP(value_destroy) value_t *stops = client_ask(client, "stops", NULL, &ignored);
    CLEANUP(value_destroy)
    value_t *body = value_count(stops) ? run_ask(client, run, &ignored) : NULL;
    CLEANUP(value_destroy)
    value_t *over = body ? stop_over(stops, body, client_trust(client)) : NULL;
    for (size_t i = 0; i < value_count(over); i++) {
        const char *stop = value_get_text(value_at(over, i), "hash");
        if (is_told(self, stop))
            continue;
        fprintf(out, "  %s\n", value_get_text(value_at(over, i), "text"));
        value_append(self->told, value_text(stop));
    }
    fflush(out);
}

/* Events come in the order of their leaves, and once more to who watches anew. An older broker says
 * no leaf. */
static bool
is_new(const value_t *event, int64_t *last)
{
    int64_t leaf = value_get_integer(event, "leaf");
    bool newer = !value_get(event, "leaf") || leaf > *last;
    *last = newer ? leaf : *last;
    return newer;
}

int
run_follow(const options_t *options, client_t *client, const char *run, int64_t wait_s, FILE *out)
{
    fault_t fault;
    away_watch_t away = {.told = false};
    CLEANUP(stops_watch_clear) stops_watch_t stops = {.told = value_list()};
    patience_t patience = run_patience(wait_s);
    int64_t last = -1;
    fflush(stdout);
    client_was_cut(client);
    if (run_begin_watch(client, run, &patience, &fault))
        return client_interrupted(client) ? detached(run) : command_fail(&fault);
    for (;;) {
        look_for_away(&away, options, client, run, out);
        look_for_stops(&stops, client, run, out);
        CLEANUP(value_destroy) value_t *event = client_event(client, WATCH_POLL_MS, &fault);
        bool anew = !event && client_was_cut(client);
        bool lost = anew && run_begin_watch(client, run, &patience, &fault);
        if (client_interrupted(client))
            return detached(run);
        if (lost)
            return command_fail(&fault);
        if (out && event && strcmp(value_get_text(event, "kind"), "output") != 0 &&
            is_new(event, &last))
            print_event(options, event, out);
        bool late = mono_now().ms >= patience.until.ms;
        bool ended = event && !strcmp(value_get_text(event, "kind"), "run");
        bool due = late || ended || (!event && !anew);
        int status = due ? look(client, run, &patience, out) : EXIT_RUNNING;
        if (status != EXIT_RUNNING)
            return status;
        if (late)
            return still_runs(run, wait_s);
    }
}

/* ...it is not asked again: of a large run it has much to tell, and others wait meanwhile. Then
 * until something is told, or the second is over. */
static void
rest(client_t *client, int64_t took_ms)
{
    fault_t ignored;
    bool told = false;
    int64_t left = (took_ms + 1) * WATCH_REST;
    left = left < WATCH_REST_MAX_MS ? left : WATCH_REST_MAX_MS;
    for (mono_t until = {mono_now().ms + left}; left > 0 && !client_interrupted(client);
         left = until.ms - mono_now().ms) {
        CLEANUP(value_destroy) value_t *event = client_event(client, (int)left, &ignored);
        told = told || event;
    }
    if (told || client_interrupted(client))
        return;
    CLEANUP(value_destroy) value_t *event = client_event(client, WATCH_POLL_MS, &ignored);
}

/* On a terminal: redrawn where something is told, and each second. */
static int
watch_screen(const options_t *options, client_t *client, const char *run)
{
    fault_t fault;
    screen_t screen = {0};
    patience_t patience = run_patience(options->wait_s);
    unsigned outages = 0;
    if (run_begin_watch(client, run, &patience, &fault))
        return client_interrupted(client) ? detached(run) : command_fail(&fault);
    for (;; outages = patience.outages) {
        CLEANUP(value_destroy) value_t *body = ask_on(client, run, &patience, &fault);
        bool anew = patience.outages != outages;
        bool lost = body && anew && run_begin_watch(client, run, &patience, &fault);
        if (client_interrupted(client))
            return detached(run);
        if (!body || lost)
            return command_fail(&fault);
        if (anew) /* below what was said of it */
            screen.lines = 0;
        mono_t asked = mono_now();
        CLEANUP(value_destroy) value_t *workers = pages_ask(client, "workers", &fault);
        CLEANUP(value_destroy) value_t *stops = client_ask(client, "stops", NULL, &fault);
        int64_t took_ms = mono_now().ms - asked.ms;
        CLEANUP(value_destroy) value_t *opened = run_opened(options, body);
        CLEANUP(value_destroy)
        value_t *over =
            value_get(opened, "ended") ? NULL : stop_over(stops, opened, client_trust(client));
        screen_draw(&screen, opened, workers, over, wall_now().ms);
        int status = status_of(body);
        if (status != EXIT_RUNNING) {
            tell_next(status, run, stdout);
            return status;
        }
        if (mono_now().ms >= patience.until.ms)
            return still_runs(run, options->wait_s);
        rest(client, took_ms);
    }
}

int
run_watch(const options_t *options, int argc, char **argv)
{
    fault_t fault = {.text = "name a run"};
    const option_t rows[] = {{NULL, OPTION_FLAG, NULL}};
    if (options_take(rows, 1, &argc, argv, true, &fault) || argc != 2)
        return command_usage(command_row(run_commands, "watch"), "%s", fault.text);
    CLEANUP(trust_destroy) trust_t *trust = site_load(options, &fault);
    CLEANUP(client_close) client_t *client = trust ? client_open(options, trust, &fault) : NULL;
    CLEANUP(value_destroy) value_t *run = client ? run_ask(client, argv[1], &fault) : NULL;
    if (!run)
        return command_fail(&fault);
    const char *id = value_get_text(run, "run");
    if (!options->json && isatty(STDOUT_FILENO) && !options->quiet)
        return watch_screen(options, client, id);
    if (!options->json) {
        printf("%s  run %.*s%s\n", value_get_text(run, "playbook"), RUN_DIGITS, id, run_note(run));
        return run_follow(options, client, id, options->wait_s, stdout);
    }
    int status = run_follow(options, client, id, options->wait_s, NULL);
    CLEANUP(value_destroy) value_t *after = run_ask(client, id, &fault);
    CLEANUP(value_destroy) value_t *opened = after ? run_opened(options, after) : NULL;
    if (opened)
        json_print("run", opened);
    return status;
}
