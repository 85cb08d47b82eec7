/* SPDX-License-Identifier: Apache-2.0 */
#include <stdio.h>

#include "cli/away.h"
#include "cli/client.h"
#include "cli/pages.h"
#include "cli/run.h"
#include "cli/run_people.h"
#include "cli/stop.h"
#include "cli/table.h"

#define RUNS_SHOWN_MAX    20
#define RUNS_LOOKED_AT    100 /* the newest: most that go on are among them */
#define RUNS_LISTED_MAX   500 /* by a broker */
#define WAITING_SHOWN_MAX 8
#define AWAY_SHOWN_MAX    8

/* "3 waiting, 1 running": what is not zero. */
static void
print_counts(const char *what, const value_t *counts)
{
    const char *between = "";
    printf("%-10s ", what);
    for (size_t i = 0; i < value_count(counts); i++) {
        slice_t name = value_key(counts, i);
        int64_t count = value_number(value_at(counts, i));
        if (!count)
            continue;
        printf("%s%lld %.*s", between, (long long)count, (int)name.size, (const char *)name.data);
        between = ", ";
    }
    puts(*between ? "" : "none");
}

static void
print_waiting(const value_t *waiting)
{
    size_t count = value_count(waiting);
    size_t shown = count > WAITING_SHOWN_MAX ? WAITING_SHOWN_MAX : count;
    for (size_t i = 0; i < shown; i++) {
        const value_t *row = value_at(waiting, i);
        char title[128];
        long long incident = (long long)value_get_integer(row, "incident");
        printf("  incident %lld  \"%s\"\n", incident,
               show_text(value_get_text(row, "title"), title, sizeof title));
        if (*value_get_text(row, "playbook"))
            printf("    tocsin run plan %s --incident %lld\n", value_get_text(row, "playbook"),
                   incident);
        else
            printf("    tocsin incident view %lld\n", incident);
    }
    if (count > shown)
        printf("  %zu more\n    tocsin incident list --state waiting\n", count - shown);
}

static bool
lists(const value_t *list, const char *name)
{
    for (size_t i = 0; i < value_count(list); i++)
        if (!strcmp(value_string(value_at(list, i)), name))
            return true;
    return false;
}

/* Whether this person is one who may review, and has neither written nor approved it. */
static bool
waits_for(const value_t *release, const trust_t *trust, const char *person)
{
    const people_t *people = trust_people(trust);
    class_t class_;
    if (strcmp(value_get_text(release, "state"), "waiting") != 0 ||
        lists(value_get(release, "authors"), person) ||
        lists(value_get(release, "approvers"), person) ||
        !class_read(value_get_text(release, "class"), &class_))
        return false;
    for (size_t i = 0; i < people->key_count; i++)
        if (!strcmp(people->keys[i].person, person) && people->keys[i].roles & ROLE_REVIEWER &&
            people->keys[i].highest >= class_)
            return true;
    return false;
}

/* The releases that wait for this person, as a list; the caller's. */
static value_t *
my_reviews(client_t *client, const trust_t *trust)
{
    fault_t ignored;
    value_t *mine = value_list();
    CLEANUP(value_destroy) value_t *releases = pages_ask(client, "releases", &ignored);
    for (size_t i = 0; i < value_count(releases); i++)
        if (waits_for(value_at(releases, i), trust, client_person(client)))
            value_append(mine, value_copy(value_at(releases, i)));
    return mine;
}

static void
print_reviews(const value_t *reviews)
{
    for (size_t i = 0; i < value_count(reviews); i++) {
        const value_t *row = value_at(reviews, i);
        printf("  release %.12s  %s %lld (%s)\n    tocsin review view %.12s\n",
               value_get_text(row, "hash"), value_get_text(row, "playbook"),
               (long long)value_get_integer(row, "sequence"), value_get_text(row, "class"),
               value_get_text(row, "hash"));
    }
}

/* The role that a run's first question is for; "" where it asks nothing. */
static const char *
wanted_role(const value_t *asked, const char *run)
{
    for (size_t i = 0; i < value_count(asked); i++)
        if (!strcmp(value_get_text(value_at(asked, i), "run"), run))
            return value_get_text(value_at(asked, i), "role");
    return "";
}

static value_t *
active_runs(client_t *client, const value_t *asked)
{
    fault_t ignored;
    value_t *arguments = value_map(), *active = value_list();
    value_set_integer(arguments, "limit", RUNS_LOOKED_AT);
    CLEANUP(value_destroy) value_t *runs = client_ask(client, "runs", arguments, &ignored);
    for (size_t i = 0; i < value_count(runs); i++)
        if (!strcmp(value_get_text(value_at(runs, i), "state"), "active")) {
            value_t *run = value_copy_map(value_at(runs, i));
            const char *role = wanted_role(asked, value_get_text(run, "run"));
            if (*role)
                value_set_text(run, "wants", role);
            value_append(active, run);
        }
    return active;
}

/* all: how many go on, older ones too. */
static void
print_active(const value_t *runs, int64_t all)
{
    size_t count = value_count(runs), shown = count > RUNS_SHOWN_MAX ? RUNS_SHOWN_MAX : count;
    for (size_t i = 0; i < shown; i++) {
        const value_t *run = value_at(runs, i);
        const char *wants = value_get_text(run, "wants");
        char counts[160];
        printf("  run %.*s  %s%s  %s%s%s\n", RUN_DIGITS, value_get_text(run, "run"),
               value_get_text(run, "playbook"), run_note(run),
               run_counts(run, counts, sizeof counts),
               *wants ? "; waits for a consent or answer of: " : "", wants);
    }
    if (all > (int64_t)shown)
        printf("  %lld more: tocsin run list --limit %d\n", (long long)(all - (int64_t)shown),
               RUNS_LISTED_MAX);
}

/* Whether this person has the role that a question names. */
static bool
may_answer(const value_t *question, const trust_t *trust, const char *person)
{
    const people_t *people = trust_people(trust);
    unsigned role;
    if (!roles_read(value_get_text(question, "role"), &role))
        return false;
    for (size_t i = 0; i < people->key_count; i++)
        if (!strcmp(people->keys[i].person, person) && people->keys[i].roles & role)
            return true;
    return false;
}

/* Whether this person signed the order of the run: then another consents in it. */
static bool
ordered_by(const value_t *question, const value_t *runs, const char *person)
{
    for (size_t i = 0; i < value_count(runs); i++)
        if (!strcmp(value_get_text(value_at(runs, i), "run"), value_get_text(question, "run")))
            return !strcmp(value_get_text(question, "kind"), "approve") &&
                   lists(value_get(value_at(runs, i), "who"), person);
    return false;
}

/* What runs ask of this person, as a list; the caller's. */
static value_t *
my_questions(const client_t *client, const value_t *asked, const trust_t *trust,
             const value_t *runs)
{
    value_t *mine = value_list();
    for (size_t i = 0; i < value_count(asked); i++) {
        if (!may_answer(value_at(asked, i), trust, client_person(client)))
            continue;
        value_t *question = value_copy_map(value_at(asked, i));
        value_set_bool(question, "ordered", ordered_by(question, runs, client_person(client)));
        value_append(mine, question);
    }
    return mine;
}

/* Who is away, by name, and which regions are as a whole: that is what a responder asks first. */
static void
set_offline(value_t *body, client_t *client)
{
    fault_t ignored;
    value_t *away = value_list();
    CLEANUP(value_destroy) value_t *workers = pages_ask(client, "workers", &ignored);
    for (size_t i = 0; i < value_count(workers); i++)
        if (!value_get_bool(value_at(workers, i), "online"))
            value_append(away, value_copy(value_at(workers, i)));
    value_set(body, "offline", away);
    value_set(body, "dark", away_regions(workers));
}

static void
print_dark(const value_t *regions)
{
    for (size_t i = 0; i < value_count(regions); i++) {
        const value_t *row = value_at(regions, i);
        printf("  DARK region %s: none of its %lld workers is online\n",
               value_get_text(row, "region"), (long long)value_get_integer(row, "workers"));
    }
}

static void
print_offline(const options_t *options, const value_t *away)
{
    size_t count = value_count(away), shown = count > AWAY_SHOWN_MAX ? AWAY_SHOWN_MAX : count;
    for (size_t i = 0; i < shown; i++) {
        const value_t *row = value_at(away, i);
        char words[AWAY_WORDS_MAX];
        printf("  %s %s, region %s, %s\n", value_get(row, "revoked") ? "REVOKED" : "OFFLINE",
               value_get_text(row, "id"), value_get_text(row, "region"),
               away_words(options, row, words));
    }
    if (count > shown)
        printf("  %zu more: tocsin worker list --offline\n", count - shown);
}

static void
print_questions(const options_t *options, const value_t *questions)
{
    for (size_t i = 0; i < value_count(questions); i++) {
        const value_t *row = value_at(questions, i);
        bool asks = !strcmp(value_get_text(row, "kind"), "ask");
        people_print(options, row, stdout);
        printf("    tocsin run %s %.12s%s%s\n", asks ? "answer" : "approve",
               value_get_text(row, "run"), asks ? " ANSWER" : "",
               value_get_bool(row, "ordered") ? "   by another: you signed its order" : "");
    }
}

/* What keeps runs from beginning: stops in force, revokes on their way, and brakes. */
static void
print_holds(const value_t *stops, const value_t *brakes)
{
    char reason[FAULT_TEXT_MAX];
    for (size_t i = 0; i < value_count(stops); i++) {
        const value_t *row = value_at(stops, i);
        stop_state_t state = stop_state(row);
        if (state == STOP_PAST)
            continue;
        const char *name = value_get_text(row, "name");
        bool named = strcmp(name, "-") != 0;
        size_t missing = stop_missing(row);
        printf("%-10s %s%s%s: %s (%zu worker%s not reached)\n",
               state == STOP_HOLDS ? "STOPPED" : "REVOKED", value_get_text(row, "what"),
               named ? " " : "", named ? name : "",
               show_text(value_get_text(row, "reason"), reason, sizeof reason), missing,
               missing == 1 ? "" : "s");
    }
    for (size_t i = 0; i < value_count(brakes); i++) {
        const value_t *row = value_at(brakes, i);
        const char *region = value_get_text(row, "region");
        if (value_get_bool(row, "on"))
            printf("%-10s no automatic run begins %s: %s\n", "BRAKED",
                   strcmp(region, "-") ? region : "anywhere",
                   show_text(value_get_text(row, "reason"), reason, sizeof reason));
    }
}

/* The way to the centre's broker, or the regions' own that relay here. */
static void
print_relays(const options_t *options, const value_t *uplink, const value_t *islands)
{
    char time[32];
    if (uplink)
        printf("%-10s broker %s %s, %lld leaves behind\n", "uplink", value_get_text(uplink, "name"),
               value_get_bool(uplink, "heard") ? "answers" : "DOES NOT ANSWER",
               (long long)value_get_integer(uplink, "behind"));
    for (size_t i = 0; i < value_count(islands); i++) {
        const value_t *row = value_at(islands, i);
        int64_t seen = value_get_integer(row, "seen");
        printf("%-10s broker %s, %lld leaves taken, %s%s\n", i ? "" : "relayed by",
               value_get_text(row, "name"), (long long)value_get_integer(row, "taken"),
               seen ? "seen last " : "not seen",
               seen ? show_time(options, seen, time, sizeof time) : "");
    }
}

static void
print_failed(const value_t *incidents, int64_t count)
{
    int64_t shown = (int64_t)value_count(incidents);
    for (int64_t i = 0; i < shown; i++) {
        const value_t *row = value_at(incidents, (size_t)i);
        const char *ack = value_get_text(row, "ack");
        char title[128];
        long long incident = (long long)value_get_integer(row, "id");
        printf("  incident %lld FAILED%s%s  \"%s\"\n    tocsin incident view %lld\n", incident,
               *ack ? ", acknowledged by " : "", ack,
               show_text(value_get_text(row, "title"), title, sizeof title), incident);
    }
    if (count > shown)
        printf("  %lld more: tocsin incident list --state failed\n", (long long)(count - shown));
}

static void
print_status(const options_t *options, const value_t *status)
{
    const value_t *workers = value_get(status, "workers"), *log = value_get(status, "log");
    const value_t *catalog = value_get(status, "catalog"), *waiting = value_get(status, "waiting");
    const value_t *reviews = value_get(status, "reviews");
    const value_t *questions = value_get(status, "asked"), *failed = value_get(status, "failed");
    char error[FAULT_TEXT_MAX];
    printf("broker %s   site %.12s\n", value_get_text(status, "broker"),
           value_get_text(status, "site"));
    print_counts("incidents", value_get(status, "incidents"));
    print_counts("runs", value_get(status, "runs"));
    print_active(value_get(status, "active"),
                 value_get_integer(value_get(status, "runs"), "active"));
    printf("%-10s %lld of %lld online\n", "workers",
           (long long)value_get_integer(workers, "online"),
           (long long)value_get_integer(workers, "known"));
    print_dark(value_get(status, "dark"));
    print_offline(options, value_get(status, "offline"));
    printf("%-10s %lld releases, %lld waiting for approval\n", "catalog",
           (long long)value_get_integer(catalog, "releases"),
           (long long)value_get_integer(catalog, "waiting"));
    if (*value_get_text(catalog, "error"))
        printf("%-10s %s\n", "", show_text(value_get_text(catalog, "error"), error, sizeof error));
    printf("%-10s %lld leaves\n", "record", (long long)value_get_integer(log, "size"));
    print_relays(options, value_get(status, "uplink"), value_get(status, "islands"));
    print_holds(value_get(status, "stops"), value_get(status, "brakes"));
    if (!value_count(waiting) && !value_count(reviews) && !value_count(questions) &&
        !value_count(failed)) {
        puts("\nnothing waits for you");
        return;
    }
    puts("\nwaits for you");
    print_questions(options, questions);
    print_failed(failed, value_get_integer(value_get(status, "incidents"), "failed"));
    print_waiting(waiting);
    print_reviews(reviews);
}

/* Whose run went wrong: nobody is at work on them. */
static value_t *
failed_incidents(client_t *client)
{
    fault_t ignored;
    value_t *arguments = value_map();
    value_set_text(arguments, "state", "failed");
    value_set_integer(arguments, "limit", WAITING_SHOWN_MAX);
    value_t *list = client_ask(client, "incidents", arguments, &ignored);
    return list ? list : value_list();
}

static value_t *
ask_list(client_t *client, const char *verb)
{
    fault_t ignored;
    value_t *list = client_ask(client, verb, NULL, &ignored);
    return list ? list : value_list();
}

static int
status(const options_t *options, int argc, char **argv)
{
    fault_t fault;
    if (argc != 1)
        return command_usage(&status_commands[0], "'%s' does not belong here", argv[1]);
    CLEANUP(trust_destroy) trust_t *trust = site_load(options, &fault);
    CLEANUP(client_close) client_t *client = trust ? client_open(options, trust, &fault) : NULL;
    CLEANUP(value_destroy)
    value_t *body = client ? client_ask_map(client, "status", NULL, &fault) : NULL;
    if (!body)
        return command_fail(&fault);
    CLEANUP(value_destroy) value_t *asked = people_asked(client, NULL, &fault);
    value_set(body, "active", active_runs(client, asked));
    value_set(body, "reviews", my_reviews(client, trust));
    value_set(body, "asked", my_questions(client, asked, trust, value_get(body, "active")));
    value_set(body, "failed", failed_incidents(client));
    set_offline(body, client);
    value_set(body, "stops", ask_list(client, "stops"));
    value_set(body, "brakes", ask_list(client, "brakes"));
    if (options->json)
        json_print("status", body);
    else
        print_status(options, body);
    return 0;
}

const command_t status_commands[] = {
    {"status", NULL, status, "", "what is open, what runs, what waits for me"},
    {NULL, NULL, NULL, NULL, NULL},
};
