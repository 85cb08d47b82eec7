/* SPDX-License-Identifier: Apache-2.0 */
#include <stdio.h>

#include "cli/allowances.h"
#include "cli/options.h"
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

static int
worker_list(const options_t *options, int argc, char **argv)
{
    static const char *const headings[] = {"WORKER",   "REGION", "STATE", "SEEN",
                                           "RECEIPTS", "LABELS", NULL};
    fault_t fault;
    if (argc != 1)
        return command_usage(&worker_commands[0], "'%s' does not belong here", argv[1]);
    CLEANUP(value_destroy) value_t *workers = client_look(options, "workers", NULL, &fault);
    if (!workers)
        return command_fail(&fault);
    if (options->json) {
        json_print("workers", workers);
        return 0;
    }
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
    char seen[32], key[PUBKEY_FINGERPRINT_TEXT], revoked[FAULT_TEXT_MAX];
    int64_t at = value_get_integer(row, "seen");
    bool online = value_get_bool(row, "online");
    printf("worker %s  region %s  %s%s%s\n", line->id, fleet->region, online ? "online" : "OFFLINE",
           at ? ", heard of last " : ", never heard of",
           at ? show_time(options, at, seen, sizeof seen) : "");
    print_drain(options, value_get(row, "drained"));
    if (value_get(row, "revoked"))
        printf("  %-10s %s\n", "REVOKED",
               show_text(value_get_text(row, "revoked"), revoked, sizeof revoked));
    printf("  %-10s %s\n  %-10s %s\n", "labels", line->labels, "key",
           pubkey_fingerprint(&line->key, key));
    printf("  %-10s %lld\n", "receipts", (long long)value_get_integer(row, "sequence"));
    print_hosts(fleet, line->id);
}

/* Why such an op is refused, always or at this moment; "" where it is allowed. */
static const char *
why_not(const allowance_t *allowance, const op_t *op, class_t class_)
{
    if (!allowance_has(allowance, op->name))
        return " (its policy does not name it)";
    if (class_ > allowance->highest)
        return " (above its highest class)";
    if (class_ == CLASS_OBSERVE)
        return "";
    if (allowance_hours_stand(&allowance->blackouts, wall_now()))
        return " (not now: a blackout stands)";
    return allowance->windows.count && !allowance_hours_stand(&allowance->windows, wall_now())
               ? " (not now: outside its windows)"
               : "";
}

/* The op table beside what the machine's policy allows. */
static void
print_ops(const allowance_t *allowance, bool allowed)
{
    const char *key = allowed ? "allows" : "refuses";
    for (size_t i = 0; i < op_count(); i++) {
        const op_t *op = op_at(i);
        const allowance_class_t *worse = allowance_classes_find(&allowance->worse, op->name);
        class_t class_ = worse && worse->class_ > op->least ? worse->class_ : op->least;
        bool is = allowance_has(allowance, op->name) && class_ <= allowance->highest;
        if (is != allowed)
            continue;
        printf("  %-10s %-12s %s%s%s\n", key, class_word(class_), op->name,
               why_not(allowance, op, class_),
               class_ > op->least ? " (worse there than in the op table)" : "");
        key = "";
    }
}

/* What site.run may execute. */
static void
print_commands(const allowance_t *allowance)
{
    const char *key = "commands";
    for (size_t i = 0; i < allowance->commands.count; i++, key = "") {
        const allowance_class_t *at = &allowance->commands.at[i];
        printf("  %-10s %-12s %s%s\n", key, class_word(at->class_), at->name,
               at->class_ > allowance->highest ? " (refused: above its highest class)" : "");
    }
}

/* People whom it asks for, where root asks for fewer. */
static void
print_people(const char *what, const unsigned people[static CLASSES])
{
    for (class_t class_ = CLASS_OBSERVE; class_ < CLASSES; class_++)
        if (people[class_])
            printf("  %-10s %s of class %s: %u people at least\n", "policy", what,
                   class_word(class_), people[class_]);
}

static void
print_hours(const char *what, const allowance_hours_t *hours)
{
    for (size_t i = 0; i < hours->count; i++)
        printf("  %-10s %s UTC\n", what, hours->at[i]);
}

static void
print_allowance(const options_t *options, const allowance_t *allowance)
{
    char made[32];
    if (!allowance) {
        printf("  %-10s nobody knows what its policy allows: it has not said so yet\n", "policy");
        return;
    }
    printf("  %-10s class %s at most, as its judge signed at %s\n", "policy",
           class_word(allowance->highest),
           show_time(options, allowance->made.ms, made, sizeof made));
    print_people("approvals", allowance->more.approvals);
    print_people("orders", allowance->more.orders);
    if (allowance->no_glass)
        printf("  %-10s nobody breaks glass there\n", "policy");
    print_hours("window", &allowance->windows);
    print_hours("blackout", &allowance->blackouts);
    print_ops(allowance, true);
    print_commands(allowance);
    print_ops(allowance, false);
}

static value_t *
people_value(const unsigned people[static CLASSES])
{
    value_t *map = value_map();
    for (class_t class_ = CLASS_OBSERVE; class_ < CLASSES; class_++)
        value_set_integer(map, class_word(class_), people[class_]);
    return map;
}

static value_t *
hours_value(const allowance_hours_t *hours)
{
    value_t *list = value_list();
    for (size_t i = 0; i < hours->count; i++)
        value_append(list, value_text(hours->at[i]));
    return list;
}

static value_t *
classes_value(const allowance_classes_t *classes)
{
    value_t *map = value_map();
    for (size_t i = 0; i < classes->count; i++)
        value_set_text(map, classes->at[i].name, class_word(classes->at[i].class_));
    return map;
}

/* The broker's row of a worker, with the allowance that its judge signed. */
static void
view_json(const value_t *row, const allowance_t *allowance)
{
    CLEANUP(value_destroy) value_t *body = value_copy_map(row);
    if (allowance) {
        value_t *map = value_map(), *ops = value_list();
        for (size_t i = 0; i < allowance->op_count; i++)
            value_append(ops, value_text(allowance->ops[i]));
        value_set_integer(map, "made", allowance->made.ms);
        value_set_text(map, "highest", class_word(allowance->highest));
        value_set(map, "approvals", people_value(allowance->more.approvals));
        value_set(map, "orders", people_value(allowance->more.orders));
        value_set_bool(map, "break_glass", !allowance->no_glass);
        value_set(map, "windows", hours_value(&allowance->windows));
        value_set(map, "blackouts", hours_value(&allowance->blackouts));
        value_set(map, "ops", ops);
        value_set(map, "classes", classes_value(&allowance->worse));
        value_set(map, "commands", classes_value(&allowance->commands));
        value_set(body, "allowance", map);
    }
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

static int
view(const options_t *options, const trust_t *trust, const worker_line_t *line,
     const fleet_t *fleet, fault_t *fault)
{
    fault_t ignored;
    const char *const ids[] = {line->id};
    CLEANUP(client_close) client_t *client = client_open(options, trust, fault);
    CLEANUP(value_destroy)
    value_t *workers = client ? client_ask(client, "workers", NULL, fault) : NULL;
    const value_t *row = workers ? find_row(workers, line->id) : NULL;
    CLEANUP(allowances_clear) allowances_t allowances = {0};
    if (workers && !row)
        fault_set(fault, FAULT_NOT_FOUND, "the broker's fleet documents do not list '%s' yet",
                  line->id);
    if (!row)
        return -1;
    bool known =
        !allowances_fetch(&allowances, client, trust, ids, 1, &ignored) && allowances.count;
    if (options->json) {
        view_json(row, known ? allowances.at : NULL);
        return 0;
    }
    print_worker(options, row, line, fleet);
    print_allowance(options, known ? allowances.at : NULL);
    return 0;
}

static int
worker_view(const options_t *options, int argc, char **argv)
{
    fault_t fault;
    const fleet_t *fleet = NULL;
    if (argc != 2)
        return command_usage(command_row(worker_commands, argv[0]), "name a worker");
    CLEANUP(trust_destroy) trust_t *trust = site_load(options, &fault);
    const worker_line_t *line = trust ? trust_worker(trust, argv[1], &fleet) : NULL;
    if (trust && !line)
        fault_set(&fault, FAULT_NOT_FOUND,
                  "no fleet document lists a worker '%.63s'; see: tocsin worker list", argv[1]);
    return line && !view(options, trust, line, fleet, &fault) ? 0 : command_fail(&fault);
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
    fault_t fault;
    const char *reason = "";
    const option_t rows[] = {{"--reason", OPTION_TEXT, &reason}, {NULL, OPTION_FLAG, NULL}};
    if (options_take(rows, 1, &argc, argv, true, &fault) || argc != 2 || !*reason)
        return command_usage(command_row(worker_commands, "drain"),
                             "name a worker, and say why: --reason TEXT");
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
    {"worker", "list", worker_list, "", "workers, and which are online"},
    {"worker", "view", worker_view, "WORKER",
     "one worker: labels, hosts, key, when it was heard, what its policy allows"},
    {"worker", "drain", worker_drain, "WORKER --reason TEXT",
     "offer it nothing further; what runs there goes on, and plans pass it over"},
    {"worker", "resume", worker_resume, "WORKER", "let it work again"},
    {NULL, NULL, NULL, NULL, NULL},
};
