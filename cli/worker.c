/* SPDX-License-Identifier: Apache-2.0 */
#include <stdio.h>

#include "cli/client.h"
#include "cli/table.h"

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
        table_row(table, (const char *const[]){
                             value_get_text(row, "id"), value_get_text(row, "region"),
                             value_get_bool(row, "online") ? "online" : "offline",
                             show_time(options, value_get_integer(row, "seen"), seen, sizeof seen),
                             receipts, value_get_text(row, "labels")});
    }
    table_print(table);
    return 0;
}

const command_t worker_commands[] = {
    {"worker", "list", worker_list, "", "workers, and which are online"},
    {NULL, NULL, NULL, NULL, NULL},
};
