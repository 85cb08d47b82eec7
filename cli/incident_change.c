/* SPDX-License-Identifier: Apache-2.0 */
#include <stdio.h>

#include "cli/client.h"
#include "cli/incident.h"
#include "cli/options.h"
#include "cli/table.h"
#include "common/text.h"

typedef enum { SAYS_NOTHING, SAYS_WORD, SAYS_REASON } says_t;

/* What each verb wants behind the incident's number. */
static const struct {
    const char *verb, *wants;
    says_t says;
} changes[] = {
    {"ack", NULL, SAYS_NOTHING},
    {"assign", "a person, or '-' for nobody", SAYS_WORD},
    {"note", "a text", SAYS_WORD},
    {"severity", "critical, high, medium, low or info", SAYS_WORD},
    {"parent", "the incident that this one is a part of, or 0", SAYS_WORD},
    {"resolve", "--reason TEXT", SAYS_REASON},
    {"reopen", "--reason TEXT", SAYS_REASON},
};

/* The arguments of the verb `change`; NULL where the command was called wrongly. */
static value_t *
read_change(int argc, char **argv, uint64_t *id, fault_t *fault)
{
    size_t at = 0;
    const char *reason = NULL;
    bool off = false;
    const option_t rows[] = {{"--reason", OPTION_TEXT, &reason},
                             {"--off", OPTION_FLAG, &off},
                             {NULL, OPTION_FLAG, NULL}};
    while (strcmp(changes[at].verb, argv[0]) != 0)
        at++;
    if (options_take(rows, 1, &argc, argv, true, fault))
        return NULL;
    says_t says = changes[at].says;
    const char *text = says == SAYS_REASON ? reason
                       : says == SAYS_WORD ? argc > 2 ? argv[2] : NULL
                                           : "";
    if (argc < 2 || !text_read_u64(argv[1], 1, INT64_MAX, id)) {
        fault_set(fault, FAULT_USAGE, "name an incident by its number");
        return NULL;
    }
    if (!text || (says != SAYS_NOTHING && !*text) || argc != (says == SAYS_WORD ? 3 : 2) ||
        (reason && says != SAYS_REASON) || (off && says != SAYS_NOTHING)) {
        fault_set(fault, FAULT_USAGE, "%s wants an incident%s%s", argv[0],
                  changes[at].wants ? " and " : "", changes[at].wants ? changes[at].wants : "");
        return NULL;
    }
    if (says != SAYS_NOTHING &&
        options_check_words(reason ? "the reason" : "the text", text, ORDER_REASON_MAX, fault))
        return NULL;
    value_t *arguments = value_map();
    value_set_integer(arguments, "incident", (int64_t)*id);
    if (says == SAYS_NOTHING)
        value_set_bool(arguments, argv[0], !off);
    else
        value_set_text(arguments, argv[0], text);
    return arguments;
}

int
incident_change(const options_t *options, int argc, char **argv)
{
    fault_t fault = {0};
    uint64_t id = 0;
    value_t *arguments = read_change(argc, argv, &id, &fault);
    if (!arguments)
        return command_usage(command_row(incident_commands, argv[0]), "%s", fault.text);
    CLEANUP(value_destroy) value_t *done = client_look(options, "change", arguments, &fault);
    if (!done)
        return command_fail(&fault);
    if (options->json)
        json_print("change", done);
    else if (!options->quiet)
        fprintf(stderr, "incident %llu: %s is recorded; see: tocsin incident view %llu\n",
                (unsigned long long)id, argv[0], (unsigned long long)id);
    return 0;
}
