/* SPDX-License-Identifier: Apache-2.0 */
#include <stdio.h>

#include "cli/away.h"
#include "cli/client.h"
#include "cli/extract.h"
#include "cli/incident.h"
#include "cli/opener.h"
#include "cli/options.h"
#include "cli/pages.h"
#include "cli/run.h"
#include "cli/table.h"
#include "common/file.h"
#include "common/text.h"

#define LIST_DEFAULT    30
#define TITLE_SHOWN_MAX 200

static void
print_incidents(const options_t *options, const value_t *incidents)
{
    static const char *const headings[] = {"INCIDENT", "SEVERITY", "STATE", "WORKER",
                                           "LAST",     "TITLE",    NULL};
    CLEANUP(table_destroy) table_t *table = table_new(headings);
    for (size_t i = 0; i < value_count(incidents); i++) {
        const value_t *row = value_at(incidents, i);
        char id[24], time[32], title[TITLE_SHOWN_MAX], host[256];
        const char *worker = value_get_text(row, "worker");
        snprintf(id, sizeof id, "%lld", (long long)value_get_integer(row, "id"));
        show_text(value_get_text(row, "host"), host, sizeof host);
        table_row(table, (const char *const[]){
                             id, value_get_text(row, "severity"), value_get_text(row, "state"),
                             *worker ? worker : host,
                             show_time(options, value_get_integer(row, "last"), time, sizeof time),
                             show_text(value_get_text(row, "title"), title, sizeof title)});
    }
    table_print(table);
}

static int
incident_list(const options_t *options, int argc, char **argv)
{
    fault_t fault;
    const char *state = NULL;
    uint64_t limit = LIST_DEFAULT;
    const option_t rows[] = {{"--state", OPTION_TEXT, &state},
                             {"--limit", OPTION_NUMBER, &limit},
                             {NULL, OPTION_FLAG, NULL}};
    if (options_take(rows, 1, &argc, argv, true, &fault))
        return command_usage(&incident_commands[0], "%s", fault.text);
    if (argc != 1)
        return command_usage(&incident_commands[0], "'%s' does not belong here", argv[1]);
    if (options_check_limit(limit, &fault))
        return command_usage(&incident_commands[0], "%s", fault.text);
    value_t *arguments = value_map();
    value_set_integer(arguments, "limit", (int64_t)limit);
    if (state)
        value_set_text(arguments, "state", state);
    CLEANUP(value_destroy)
    value_t *incidents = client_look(options, "incidents", arguments, &fault);
    if (!incidents)
        return command_fail(&fault);
    if (options->json)
        json_print("incidents", incidents);
    else if (value_count(incidents))
        print_incidents(options, incidents);
    else
        printf("no incident %s%s\n", state ? "is " : "has come", state ? state : "");
    return 0;
}

static void
print_map(const char *what, const value_t *map)
{
    for (size_t i = 0; i < value_count(map); i++) {
        char name[128], text[512];
        CLEANUP(bytes_destroy) bytes_t *key = bytes_copy(value_key(map, i));
        printf("  %-10s %s = %s\n", i ? "" : what, show_text(bytes_text(key), name, sizeof name),
               show_text(value_string(value_at(map, i)), text, sizeof text));
    }
}

static void
print_events(const options_t *options, const value_t *events)
{
    for (size_t i = 0; i < value_count(events); i++) {
        const value_t *event = value_at(events, i);
        char time[32], text[512];
        printf("  %s  %-12s %s",
               show_time(options, value_get_integer(event, "at"), time, sizeof time),
               value_get_text(event, "kind"),
               show_text(value_get_text(event, "text"), text, sizeof text));
        if (*value_get_text(event, "who"))
            printf("  by %s", value_get_text(event, "who"));
        if (*value_get_text(event, "run"))
            printf("  run %.*s", RUN_DIGITS, value_get_text(event, "run"));
        putchar('\n');
    }
}

void
incident_print_runs(const value_t *runs)
{
    for (size_t i = 0; i < value_count(runs); i++) {
        const value_t *run = value_at(runs, i);
        char counts[160];
        printf("  run %.*s  %s  %s%s  %s\n", RUN_DIGITS, value_get_text(run, "run"),
               value_get_text(run, "playbook"), value_get_text(run, "state"), run_note(run),
               run_counts(run, counts, sizeof counts));
        run_print_glass(run, NULL);
    }
}

/* Whether one of its runs goes on; then that is what to look at. */
static bool
print_active(const value_t *runs)
{
    for (size_t i = 0; i < value_count(runs); i++)
        if (!value_get(value_at(runs, i), "ended")) {
            printf("  next: tocsin run watch %.*s\n", RUN_DIGITS,
                   value_get_text(value_at(runs, i), "run"));
            return true;
        }
    return false;
}

/* Why it failed stands in the receipts of its newest run. */
static void
print_last(const value_t *runs)
{
    const value_t *last = NULL;
    for (size_t i = 0; i < value_count(runs); i++)
        if (!last ||
            value_get_integer(value_at(runs, i), "created") > value_get_integer(last, "created"))
            last = value_at(runs, i);
    if (last)
        printf("  next: tocsin run view %.*s   why it failed\n", RUN_DIGITS,
               value_get_text(last, "run"));
}

/* What to type next. */
static void
print_suggestions(const value_t *incident)
{
    const value_t *playbooks = value_get(incident, "playbooks");
    long long id = (long long)value_get_integer(incident, "id");
    if (print_active(value_get(incident, "runs")) ||
        !strcmp(value_get_text(incident, "state"), "resolved"))
        return;
    if (!strcmp(value_get_text(incident, "state"), "failed"))
        print_last(value_get(incident, "runs"));
    for (size_t i = 0; i < value_count(playbooks); i++)
        printf("  next: tocsin run plan %s --incident %lld\n", value_string(value_at(playbooks, i)),
               id);
    if (!value_count(playbooks))
        printf("  no playbook in service answers to this alert\n");
}

static void
print_owners(const value_t *incident)
{
    const value_t *children = value_get(incident, "children");
    const char *ack = value_get_text(incident, "ack");
    const char *assigned = value_get_text(incident, "assigned");
    printf("  %-10s %s%s%s\n", "owner", *assigned ? assigned : "nobody",
           *ack ? ", acknowledged by " : ", not acknowledged", ack);
    if (value_get_integer(incident, "parent"))
        printf("  %-10s incident %lld\n", "part of",
               (long long)value_get_integer(incident, "parent"));
    for (size_t i = 0; i < value_count(children); i++)
        printf("  %-10s incident %lld\n", i ? "" : "parts",
               (long long)value_number(value_at(children, i)));
}

static void
print_incident(const options_t *options, const value_t *incident, const value_t *workers)
{
    const value_t *away = away_find(workers, value_get_text(incident, "worker"));
    char words[AWAY_WORDS_MAX], title[TITLE_SHOWN_MAX], host[256], first[32], last[32],
        reason[FAULT_TEXT_MAX];
    printf("incident %lld  %s  %s  \"%s\"\n", (long long)value_get_integer(incident, "id"),
           value_get_text(incident, "severity"), value_get_text(incident, "state"),
           show_text(value_get_text(incident, "title"), title, sizeof title));
    printf("  %-10s %s (worker %s, region %s), says %s\n", "host",
           show_text(value_get_text(incident, "host"), host, sizeof host),
           *value_get_text(incident, "worker") ? value_get_text(incident, "worker") : "none",
           *value_get_text(incident, "region") ? value_get_text(incident, "region") : "none",
           value_get_text(incident, "source"));
    if (away)
        printf("  %-10s its worker is OFFLINE, %s\n", "", away_words(options, away, words));
    int64_t count = value_get_integer(incident, "count");
    printf("  %-10s %lld time%s, first %s, last %s, %s\n", "alerts", (long long)count,
           count == 1 ? "" : "s",
           show_time(options, value_get_integer(incident, "first"), first, sizeof first),
           show_time(options, value_get_integer(incident, "last"), last, sizeof last),
           value_get_bool(incident, "firing") ? "still firing" : "no longer firing");
    print_owners(incident);
    if (*value_get_text(incident, "reason"))
        printf("  %-10s %s\n", "because",
               show_text(value_get_text(incident, "reason"), reason, sizeof reason));
    print_map("labels", value_get(incident, "labels"));
    print_map("notes", value_get(incident, "annotations"));
    putchar('\n');
    if (value_get_integer(incident, "events_left_out"))
        printf("  %lld events before these are not told here\n",
               (long long)value_get_integer(incident, "events_left_out"));
    print_events(options, value_get(incident, "events"));
    incident_print_runs(value_get(incident, "runs"));
    print_suggestions(incident);
}

/* The incident with why sealed steps of its runs failed, where this person may read it. Each run is
 * asked for once. */
static value_t *
open_incident(const options_t *options, client_t *client, const value_t *incident)
{
    fault_t ignored;
    value_t *copy = value_copy_map(incident), *list = value_list();
    CLEANUP(value_destroy) value_t *runs = value_map();
    const value_t *events = value_get(incident, "events");
    for (size_t i = 0; i < value_count(events); i++) {
        const value_t *event = value_at(events, i);
        const char *id = value_get_text(event, "run");
        bool hides = opener_hides(event);
        CLEANUP(value_destroy)
        value_t *run = hides && !value_get(runs, id) ? run_ask(client, id, &ignored) : NULL;
        if (run)
            value_set(runs, id, run_opened(options, run));
        value_append(list, hides ? opener_event(event, value_get(runs, id)) : value_copy(event));
    }
    value_set(copy, "events", list);
    return copy;
}

static int
incident_view(const options_t *options, int argc, char **argv)
{
    fault_t fault;
    uint64_t id;
    if (argc != 2 || !text_read_u64(argv[1], 1, INT64_MAX, &id))
        return command_usage(&incident_commands[1], "name an incident by its number");
    value_t *arguments = value_map();
    value_set_integer(arguments, "id", (int64_t)id);
    CLEANUP(trust_destroy) trust_t *trust = site_load(options, &fault);
    CLEANUP(client_close) client_t *client = trust ? client_open(options, trust, &fault) : NULL;
    CLEANUP(value_destroy)
    value_t *answer = client ? client_ask(client, "incident", arguments, &fault) : NULL;
    if (!client)
        value_destroy(&arguments);
    if (!answer)
        return command_fail(&fault);
    CLEANUP(value_destroy) value_t *incident = open_incident(options, client, answer);
    if (options->json) {
        json_print("incident", incident);
        return 0;
    }
    CLEANUP(value_destroy) value_t *workers = pages_ask(client, "workers", &fault);
    print_incident(options, incident, workers);
    return 0;
}

/* Its runs, each asked for whole. */
static extract_t *
extract_of(client_t *client, const value_t *incident, fault_t *fault)
{
    const value_t *runs = value_get(incident, "runs");
    CLEANUP(extract_destroy) extract_t *extract = extract_new(incident);
    for (size_t i = 0; i < value_count(runs); i++) {
        value_t *arguments = value_map();
        value_set_text(arguments, "id", value_get_text(value_at(runs, i), "run"));
        CLEANUP(value_destroy) value_t *run = client_ask(client, "run", arguments, fault);
        if (!run)
            return NULL;
        extract_add_run(extract, run);
    }
    return MOVE(extract);
}

static int
export_to(const options_t *options, client_t *client, uint64_t id, const char *path, fault_t *fault)
{
    size_t count = 0;
    value_t *arguments = value_map();
    CLEANUP(bytes_destroy) bytes_t *text = bytes_new();
    value_set_integer(arguments, "id", (int64_t)id);
    CLEANUP(value_destroy) value_t *incident = client_ask(client, "incident", arguments, fault);
    CLEANUP(extract_destroy)
    extract_t *extract = incident ? extract_of(client, incident, fault) : NULL;
    CLEANUP(record_close) record_t *record = extract ? record_ask(client, fault) : NULL;
    if (!record || extract_write(extract, record, options->site, text, &count, fault) ||
        file_write(path, bytes_slice(text), 0644, fault))
        return -1;
    if (options->json) {
        CLEANUP(value_destroy) value_t *body = value_map();
        value_set_text(body, "file", path);
        value_set_integer(body, "leaves", (int64_t)count);
        json_print("export", body);
    } else {
        printf("%s has the %zu leaves about incident %llu; anyone who has root.1 may check it: "
               "tocsin audit verify %s --root root.1\n",
               path, count, (unsigned long long)id, path);
    }
    return 0;
}

static int
incident_export(const options_t *options, int argc, char **argv)
{
    fault_t fault;
    uint64_t id;
    if (argc != 3 || !text_read_u64(argv[1], 1, INT64_MAX, &id))
        return command_usage(command_row(incident_commands, argv[0]),
                             "name an incident by its number, and the file to write");
    CLEANUP(trust_destroy) trust_t *trust = site_load(options, &fault);
    CLEANUP(client_close) client_t *client = trust ? client_open(options, trust, &fault) : NULL;
    return client && !export_to(options, client, id, argv[2], &fault) ? 0 : command_fail(&fault);
}

const command_t incident_commands[] = {
    {"incident", "list", incident_list, "[--state STATE] [--limit N]", "incidents, newest first"},
    {"incident", "view", incident_view, "INCIDENT",
     "one incident: timeline, runs, what to type next"},
    {"incident", "ack", incident_change, "INCIDENT [--off]", "say that you have seen it"},
    {"incident", "assign", incident_change, "INCIDENT PERSON|-", "say whose it is"},
    {"incident", "note", incident_change, "INCIDENT TEXT", "add a line to its timeline"},
    {"incident", "severity", incident_change, "INCIDENT critical|high|medium|low|info",
     "overrule its source"},
    {"incident", "parent", incident_change, "INCIDENT PARENT|0", "make it a part of another"},
    {"incident", "resolve", incident_change, "INCIDENT --reason TEXT", "close it by hand"},
    {"incident", "reopen", incident_change, "INCIDENT --reason TEXT", "open it again"},
    {"incident", "export", incident_export, "INCIDENT FILE",
     "all that the record says of it, for a stranger to verify"},
    {NULL, NULL, NULL, NULL, NULL},
};
