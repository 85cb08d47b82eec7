/* SPDX-License-Identifier: Apache-2.0 */
/* Brakes: whether automatic runs may begin, everywhere or in one region. People's orders are not
 * held by them. */
#include <stdio.h>

#include "cli/client.h"
#include "cli/options.h"
#include "cli/table.h"

static void
print_brakes(const options_t *options, const value_t *brakes)
{
    static const char *const headings[] = {"REGION", "AUTOMATION", "SINCE", "BY", "WHY", NULL};
    CLEANUP(table_destroy) table_t *table = table_new(headings);
    for (size_t i = 0; i < value_count(brakes); i++) {
        const value_t *row = value_at(brakes, i);
        char since[32], reason[256];
        const char *region = value_get_text(row, "region"), *who = value_get_text(row, "who");
        table_row(table, (const char *const[]){
                             strcmp(region, "-") ? region : "everywhere",
                             value_get_bool(row, "on") ? "braked" : "free",
                             show_time(options, value_get_integer(row, "at"), since, sizeof since),
                             who, show_text(value_get_text(row, "reason"), reason, sizeof reason)});
    }
    table_print(table);
}

static int
brake_list(const options_t *options, int argc, char **argv)
{
    fault_t fault;
    if (argc != 1)
        return command_usage(command_row(brake_commands, "list"), "'%s' does not belong here",
                             argv[1]);
    CLEANUP(value_destroy) value_t *brakes = client_look(options, "brakes", NULL, &fault);
    if (!brakes)
        return command_fail(&fault);
    if (options->json)
        json_print("brakes", brakes);
    else
        print_brakes(options, brakes);
    if (!options->json && !value_count(brakes))
        puts("nothing is braked: automatic runs begin wherever a grant lets them");
    return 0;
}

/* argv[0] says whether it is put on or released. */
static int
brake_move(const options_t *options, int argc, char **argv)
{
    fault_t fault = {.text = "say why: --reason TEXT"};
    bool on = !strcmp(argv[0], "on");
    const char *region = "-", *reason = "";
    const option_t rows[] = {{"--region", OPTION_TEXT, &region},
                             {"--reason", OPTION_TEXT, &reason},
                             {NULL, OPTION_FLAG, NULL}};
    if (options_take(rows, 1, &argc, argv, true, &fault) || argc != 1 || !*reason)
        return command_usage(command_row(brake_commands, argv[0]), "%s", fault.text);
    if (options_check_words("the reason", reason, ORDER_REASON_MAX, &fault))
        return command_fail(&fault);
    value_t *arguments = value_map();
    value_set_text(arguments, "region", region);
    value_set_bool(arguments, "on", on);
    value_set_text(arguments, "reason", reason);
    CLEANUP(value_destroy) value_t *body = client_look(options, "brake", arguments, &fault);
    if (!body)
        return command_fail(&fault);
    if (!options->quiet)
        fprintf(stderr, "automatic runs %s begin %s%s; orders are not held by this\n",
                on ? "do not" : "may", strcmp(region, "-") ? "in " : "anywhere",
                strcmp(region, "-") ? region : "");
    return 0;
}

const command_t brake_commands[] = {
    {"brake", "list", brake_list, "", "where automation is braked, by whom and why"},
    {"brake", "on", brake_move, "--reason TEXT [--region NAME]", "let no automatic run begin"},
    {"brake", "off", brake_move, "--reason TEXT [--region NAME]", "let them begin again"},
    {NULL, NULL, NULL, NULL, NULL},
};
