/* SPDX-License-Identifier: Apache-2.0 */
/* Why an incident started what it started, and why it did not start the rest. */
#include <stdio.h>

#include "cli/away.h"
#include "cli/client.h"
#include "cli/incident.h"
#include "cli/options.h"
#include "cli/pages.h"
#include "cli/run.h"
#include "cli/table.h"
#include "common/text.h"

#define DIGITS 7

static value_t *
look(client_t *client, const char *verb, const char *key, uint64_t id, fault_t *fault)
{
    value_t *arguments = value_map();
    value_set_integer(arguments, key, (int64_t)id);
    return client_ask(client, verb, arguments, fault);
}

static void
print_decision(const options_t *options, const value_t *row)
{
    char time[32], reason[FAULT_TEXT_MAX];
    const char *playbook = value_get_text(row, "playbook");
    printf("  %s  %-3s  %-20s", show_time(options, value_get_integer(row, "at"), time, sizeof time),
           value_get_bool(row, "acted") ? "yes" : "no", *playbook ? playbook : "-");
    if (*value_get_text(row, "release"))
        printf("  release %.*s", DIGITS, value_get_text(row, "release"));
    if (*value_get_text(row, "grant"))
        printf("  grant %.*s", DIGITS, value_get_text(row, "grant"));
    printf("\n      %s\n", show_text(value_get_text(row, "reason"), reason, sizeof reason));
}

static void
print_why(const options_t *options, const value_t *incident, const value_t *decisions,
          const value_t *workers)
{
    char text[FAULT_TEXT_MAX], host[256], words[AWAY_WORDS_MAX];
    long long id = (long long)value_get_integer(incident, "id");
    const char *worker = value_get_text(incident, "worker");
    const value_t *playbooks = value_get(incident, "playbooks");
    const value_t *away = away_find(workers, worker);
    printf("incident %lld is %s: %s\n", id, value_get_text(incident, "state"),
           show_text(value_get_text(incident, "reason"), text, sizeof text));
    show_text(value_get_text(incident, "host"), host, sizeof host);
    if (*worker)
        printf("  its host '%s' is looked after by worker '%s'\n", host, worker);
    else
        printf("  its host '%s' is in no fleet document, so nothing runs there by itself\n", host);
    if (away)
        printf("  that worker is OFFLINE, %s: what is to run there waits\n",
               away_words(options, away, words));
    printf("  triggered by its name: %s", value_count(playbooks) ? "" : "no playbook in service");
    for (size_t i = 0; i < value_count(playbooks); i++)
        printf("%s%s", i ? ", " : "", value_string(value_at(playbooks, i)));
    putchar('\n');
    printf("\n  %-19s  RUN  PLAYBOOK\n", "WHEN");
    for (size_t i = 0; i < value_count(decisions); i++)
        print_decision(options, value_at(decisions, i));
    if (!value_count(decisions))
        printf("  nothing was weighed: only playbooks that an alert's name triggers are\n");
    if (value_count(value_get(incident, "runs")))
        putchar('\n');
    incident_print_runs(value_get(incident, "runs"));
    printf("\n  against another revision: tocsin playbook replay %lld\n", id);
}

int
why(const options_t *options, int argc, char **argv)
{
    fault_t fault;
    uint64_t id;
    const option_t rows[] = {{NULL, OPTION_FLAG, NULL}};
    if (options_take(rows, 1, &argc, argv, true, &fault))
        return command_usage(why_commands, "%s", fault.text);
    if (argc != 2 || !text_read_u64(argv[1], 1, INT64_MAX, &id))
        return command_usage(why_commands, "name an incident by its number");
    CLEANUP(trust_destroy) trust_t *trust = site_load(options, &fault);
    CLEANUP(client_close) client_t *client = trust ? client_open(options, trust, &fault) : NULL;
    CLEANUP(value_destroy)
    value_t *incident = client ? look(client, "incident", "id", id, &fault) : NULL;
    CLEANUP(value_destroy)
    value_t *decisions = incident ? look(client, "why", "incident", id, &fault) : NULL;
    if (!decisions)
        return command_fail(&fault);
    if (options->json) {
        json_print("why", decisions);
        return 0;
    }
    CLEANUP(value_destroy) value_t *workers = pages_ask(client, "workers", &fault);
    print_why(options, incident, decisions, workers);
    return 0;
}

const command_t why_commands[] = {
    {"why", NULL, why, "INCIDENT", "each matching decision about an incident, with its reason"},
    {NULL, NULL, NULL, NULL, NULL},
};
