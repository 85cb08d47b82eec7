/* SPDX-License-Identifier: Apache-2.0 */
#include <stdio.h>

#include "cli/allowance_view.h"
#include "cli/allowances.h"
#include "cli/away.h"
#include "cli/near.h"
#include "cli/options.h"
#include "cli/pages.h"
#include "cli/table.h"

static const char *
state_word(const value_t *row)
{
    static const char *const states[2][2] = {{"offline", "online"},
                                             {"drained, offline", "drained"}};
    return value_get(row, "revoked")
               ? "revoked"
               : states[!!value_get(row, "drained")][value_get_bool(row, "online")];
}

/* Those of a region (NULL: of any), and those alone who are away, if that is wanted. */
static value_t *
choose_workers(const value_t *all, const char *region, bool away)
{
    value_t *chosen = value_list();
    for (size_t i = 0; i < value_count(all); i++) {
        const value_t *row = value_at(all, i);
        if ((!region || !strcmp(value_get_text(row, "region"), region)) &&
            (!away || !value_get_bool(row, "online")))
            value_append(chosen, value_copy(row));
    }
    return chosen;
}

static void
print_workers(const options_t *options, const value_t *workers)
{
    static const char *const headings[] = {"WORKER",   "REGION", "STATE", "SEEN",
                                           "RECEIPTS", "LABELS", NULL};
    CLEANUP(table_destroy) table_t *table = table_new(headings);
    for (size_t i = 0; i < value_count(workers); i++) {
        const value_t *row = value_at(workers, i);
        char seen[32], receipts[24];
        snprintf(receipts, sizeof receipts, "%lld", (long long)value_get_integer(row, "sequence"));
        table_row(table,
                  (const char *const[]){
                      value_get_text(row, "id"), value_get_text(row, "region"), state_word(row),
                      show_time(options, value_get_integer(row, "seen"), seen, sizeof seen),
                      receipts, value_get_text(row, "labels")});
    }
    table_print(table);
}

/* A misspelt region has no worker that is offline either. */
static int
check_region(const value_t *workers, const char *region, fault_t *fault)
{
    near_t near = near_of(region ? region : "");
    for (size_t i = 0; i < value_count(workers); i++) {
        const char *known = value_get_text(value_at(workers, i), "region");
        if (!region || !strcmp(known, region))
            return 0;
        near_try(&near, known);
    }
    if (!region)
        return 0;
    return fault_set(fault, FAULT_NOT_FOUND,
                     "no worker is of region '%.63s'%s%s%s; see: tocsin worker list", region,
                     near.found ? ", did you mean '" : "", near.found ? near.found : "",
                     near.found ? "'" : "");
}

static int
worker_list(const options_t *options, int argc, char **argv)
{
    fault_t fault;
    const char *region = NULL;
    bool away = false;
    const option_t rows[] = {{"--region", OPTION_TEXT, &region},
                             {"--offline", OPTION_FLAG, &away},
                             {NULL, OPTION_FLAG, NULL}};
    if (options_take(rows, 1, &argc, argv, true, &fault))
        return command_usage(&worker_commands[0], "%s", fault.text);
    if (argc != 1)
        return command_usage(&worker_commands[0], "'%s' does not belong here", argv[1]);
    CLEANUP(value_destroy) value_t *all = pages_look(options, "workers", &fault);
    if (!all || check_region(all, region, &fault))
        return command_fail(&fault);
    CLEANUP(value_destroy) value_t *workers = choose_workers(all, region, away);
    if (options->json)
        json_print("workers", workers);
    else if (value_count(workers))
        print_workers(options, workers);
    else
        puts(away && value_count(all) ? "nobody is offline" : "no fleet document lists a worker");
    return 0;
}

static void
print_hosts(const fleet_t *fleet, const char *worker)
{
    for (size_t i = 0; i < fleet->host_count; i++)
        if (!strcmp(fleet->hosts[i].worker, worker))
            printf("  %-10s %s\n", "host", fleet->hosts[i].host);
}

static void
print_drain(const options_t *options, const value_t *drained)
{
    char since[32], reason[FAULT_TEXT_MAX];
    if (drained)
        printf("  %-10s by %s since %s: %s\n", "DRAINED", value_get_text(drained, "who"),
               show_time(options, value_get_integer(drained, "at"), since, sizeof since),
               show_text(value_get_text(drained, "reason"), reason, sizeof reason));
}

static void
print_worker(const options_t *options, const value_t *row, const worker_line_t *line,
             const fleet_t *fleet)
{
    char seen[AWAY_WORDS_MAX], key[PUBKEY_FINGERPRINT_TEXT], revoked[FAULT_TEXT_MAX];
    printf("worker %s  region %s  %s, %s\n", line->id, fleet->region,
           value_get_bool(row, "online") ? "online" : "OFFLINE", away_words(options, row, seen));
    print_drain(options, value_get(row, "drained"));
    if (value_get(row, "revoked"))
        printf("  %-10s %s\n", "REVOKED",
               show_text(value_get_text(row, "revoked"), revoked, sizeof revoked));
    printf("  %-10s %s\n  %-10s %s\n", "labels", line->labels, "key",
           pubkey_fingerprint(&line->key, key));
    printf("  %-10s %lld\n", "receipts", (long long)value_get_integer(row, "sequence"));
    print_hosts(fleet, line->id);
}

/* The broker's row of a worker, with the allowance that its judge signed. */
static void
view_json(const value_t *row, const allowance_t *allowance)
{
    CLEANUP(value_destroy) value_t *body = value_copy_map(row);
    if (allowance)
        value_set(body, "allowance", allowance_value(allowance));
    json_print("worker", body);
}

/* NULL where the broker's fleet documents do not list it. */
static const value_t *
find_row(const value_t *workers, const char *id)
{
    for (size_t i = 0; i < value_count(workers); i++)
        if (!strcmp(value_get_text(value_at(workers, i), "id"), id))
            return value_at(workers, i);
    return NULL;
}

/* What is asked to be shown of a worker. */
typedef struct {
    const worker_line_t *line;
    const fleet_t *fleet;
    const op_t *op; /* this one alone; NULL for the whole worker */
    bool all;       /* its ops one a line */
} asked_t;

static int
print_view(const options_t *options, const asked_t *asked, const value_t *row,
           const allowance_t *allowance, fault_t *fault)
{
    if (asked->op && !allowance)
        return fault_set(fault, FAULT_NOT_FOUND,
                         "nobody knows what '%s' allows: its judge has not said so yet",
                         asked->line->id);
    if (options->json) {
        view_json(row, allowance);
    } else if (asked->op) {
        allowance_print_op(asked->line->id, allowance, asked->op);
    } else {
        print_worker(options, row, asked->line, asked->fleet);
        allowance_print(options, asked->line->id, allowance, asked->all);
    }
    return 0;
}

static int
view(const options_t *options, const trust_t *trust, const asked_t *asked, fault_t *fault)
{
    fault_t ignored;
    const char *const ids[] = {asked->line->id};
    CLEANUP(client_close) client_t *client = client_open(options, trust, fault);
    CLEANUP(value_destroy)
    value_t *workers = client ? pages_ask(client, "workers", fault) : NULL;
    const value_t *row = workers ? find_row(workers, ids[0]) : NULL;
    CLEANUP(allowances_clear) allowances_t allowances = {0};
    if (workers && !row)
        fault_set(fault, FAULT_NOT_FOUND, "the broker's fleet documents do not list '%s' yet",
                  ids[0]);
    if (!row)
        return -1;
    bool known =
        !allowances_fetch(&allowances, client, trust, ids, 1, &ignored) && allowances.count;
    return print_view(options, asked, row, known ? allowances.at : NULL, fault);
}

static int
worker_view(const options_t *options, int argc, char **argv)
{
    fault_t fault = {.text = "name a worker, and an op of it if you like"};
    asked_t asked = {0};
    const option_t rows[] = {{"--all", OPTION_FLAG, &asked.all}, {NULL, OPTION_FLAG, NULL}};
    if (options_take(rows, 1, &argc, argv, true, &fault) || argc < 2 || argc > 3)
        return command_usage(command_row(worker_commands, argv[0]), "%s", fault.text);
    asked.op = argc == 3 ? op_find(argv[2]) : NULL;
    if (argc == 3 && !asked.op) {
        fault_set(&fault, FAULT_NOT_FOUND, "there is no op '%.63s': `tocsin op list` names them",
                  argv[2]);
        return command_fail(&fault);
    }
    CLEANUP(trust_destroy) trust_t *trust = site_load(options, &fault);
    asked.line = trust ? trust_worker(trust, argv[1], &asked.fleet) : NULL;
    if (trust && !asked.line)
        fault_set(&fault, FAULT_NOT_FOUND,
                  "no fleet document lists a worker '%.63s'; see: tocsin worker list", argv[1]);
    return asked.line && !view(options, trust, &asked, &fault) ? 0 : command_fail(&fault);
}

static int
move_drain(const options_t *options, const char *worker, const char *reason)
{
    fault_t fault;
    value_t *arguments = value_map();
    value_set_text(arguments, "worker", worker);
    value_set_bool(arguments, "on", *reason);
    value_set_text(arguments, "reason", reason);
    CLEANUP(value_destroy) value_t *body = client_look(options, "drain", arguments, &fault);
    if (!body)
        return command_fail(&fault);
    if (!options->quiet)
        fprintf(stderr,
                *reason ? "nothing further is offered to '%s'; what runs there goes on\n"
                        : "'%s' is offered its parts again, where their windows are open\n",
                worker);
    return 0;
}

static int
worker_drain(const options_t *options, int argc, char **argv)
{
    fault_t fault = {.text = "name a worker, and say why: --reason TEXT"};
    const char *reason = "";
    const option_t rows[] = {{"--reason", OPTION_TEXT, &reason}, {NULL, OPTION_FLAG, NULL}};
    if (options_take(rows, 1, &argc, argv, true, &fault) || argc != 2 || !*reason)
        return command_usage(command_row(worker_commands, "drain"), "%s", fault.text);
    if (options_check_words("the reason", reason, ORDER_REASON_MAX, &fault))
        return command_fail(&fault);
    return move_drain(options, argv[1], reason);
}

static int
worker_resume(const options_t *options, int argc, char **argv)
{
    if (argc != 2)
        return command_usage(command_row(worker_commands, "resume"), "name a worker");
    return move_drain(options, argv[1], "");
}

const command_t worker_commands[] = {
    {"worker", "list", worker_list, "[--region NAME] [--offline]", "workers, and which are online"},
    {"worker", "view", worker_view, "WORKER [OP] [--all]",
     "one worker: labels, hosts, key, when it was heard, what its policy allows"},
    {"worker", "drain", worker_drain, "WORKER --reason TEXT",
     "offer it nothing further; what runs there goes on, and plans pass it over"},
    {"worker", "resume", worker_resume, "WORKER", "let it work again"},
    {NULL, NULL, NULL, NULL, NULL},
};
