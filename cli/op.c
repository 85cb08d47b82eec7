/* SPDX-License-Identifier: Apache-2.0 */
/* tocsin op list|view: the op table, for who writes playbooks and policies. Nobody is asked: the
 * table is this program's own. */
#include "wire/ops.h"

#include <stdio.h>

#include "cli/options.h"
#include "cli/table.h"

static const char preface[] =
    "# Ops\n"
    "\n"
    "The only things that a playbook can cause on a machine. Made by `tocsin op list --markdown`.\n"
    "\n"
    "A playbook's step names in `uses` the ops that it calls and bounds their arguments; the "
    "machine's policy says `allow OP`, or `allow OP ARGUMENT=VALUE...`: of a path a\n"
    "folder, of an integer a number or `FROM..TO`, of an address or network one that it lies in, "
    "else the text, or how it begins and `*`. Behind `ARGUMENT?=` that holds only where it is "
    "given. What is *named* must stand in the policy, with `=`.\n"
    "An op is ended as a whole when its time is over. After a crash in its middle, *again* says "
    "what follows: `yes`, it is run again; `probe OP`, that op looks whether it happened: then its "
    "result says `probed`, else it is\n"
    "run again, and only where that cannot tell its outcome is unknown; `no`, its outcome is "
    "unknown and stays so. What is\n"
    "*foretold* shows a dry run what it would change, as a diff, and tells the script what it "
    "would "
    "give; of any other fix a dry run says its arguments, and its step ends there.\n";

/* Valid until the next call. */
static const char *
again_word(const op_t *op)
{
    static char looks[OP_NAME_MAX + 8];
    if (op->again != AGAIN_PROBE)
        return op->again == AGAIN_IDEMPOTENT ? "yes" : "no";
    snprintf(looks, sizeof looks, "probe %s", op->probe->op);
    return looks;
}

/* "path, below a read or spool folder", "integer 1..100": what an argument may be. */
static void
kind_text(const op_argument_t *at, bytes_t *out)
{
    static const char *const lies[] = {
        [PATH_ANY] = "",
        [PATH_READ] = ", below a read or spool folder of the policy",
        [PATH_SPOOL] = ", below a spool folder of the policy",
        [PATH_EXPENDABLE] = (", below a spool folder of the policy and named like a rotated log, "
                             "or below an expendable folder of the policy"),
        [PATH_AGED] = ", an expendable folder of the policy, or below one",
    };
    bytes_add_text(out, argument_kind_word(at->kind));
    if (at->kind == ARGUMENT_INTEGER)
        bytes_addf(out, " %lld..%lld", (long long)at->min, (long long)at->max);
    if (at->kind == ARGUMENT_CHOICE)
        bytes_addf(out, " of %s", at->choices);
    bytes_add_text(out, lies[at->lies]);
    if (at->named)
        bytes_add_text(out, ", named by the policy");
}

static void
limits_text(const op_t *op, bytes_t *out)
{
    bytes_addf(out, "at most %u s, ", op->timeout_s);
    if (op->memory_mib)
        bytes_addf(out, "%u MiB of memory, ", op->memory_mib);
    bytes_addf(out, "%u bytes of result", op->result_bytes_max);
}

static void
print_view(const op_t *op)
{
    printf("op %s  %s\n  %s\n", op->name, class_word(op->least), op->help);
    printf("  %-10s %s\n  %-10s within %u s, %u MiB, %u bytes of result\n", "again", again_word(op),
           "limits", op->timeout_s, op->memory_mib, op->result_bytes_max);
    if (op->inverse)
        printf("  %-10s %s\n", "inverse", op->inverse);
    if (op->windowed)
        printf("  %-10s the policy must name them: window %s DAYS HH:MM-HH:MM\n", "windows",
               op->name);
    if (op->ends_machine)
        printf("  %-10s it begins while no other fix runs on the machine\n", "alone");
    if (op->least != CLASS_OBSERVE)
        printf("  %-10s %s\n", "dry run",
               op->foretold ? "foretells what it would change and give"
                            : "says that it would be called; its step ends there");
    for (size_t i = 0; i < OP_ARGUMENTS_MAX && op->arguments[i].name; i++) {
        const op_argument_t *at = &op->arguments[i];
        CLEANUP(bytes_destroy) bytes_t *kind = bytes_new();
        kind_text(at, kind);
        printf("  %-10s %s%s: %s (%s)\n", i ? "" : "takes", at->name, at->required ? "" : "?",
               at->help, bytes_text(kind));
    }
    printf("  %-10s %s\n", "gives", op->result);
}

/* A see-op is really executed. */
static const char *
foretold_words(const op_t *op)
{
    return op->least == CLASS_OBSERVE ? "" : op->foretold ? "foretold: yes; " : "foretold: no; ";
}

static void
print_markdown(const op_t *op)
{
    CLEANUP(bytes_destroy) bytes_t *limits = bytes_new();
    limits_text(op, limits);
    printf("\n## %s\n\n*%s*; again: %s; %s%s%s%s%s%s. %c%s.\n\n", op->name, class_word(op->least),
           again_word(op), foretold_words(op), bytes_text(limits),
           op->windowed ? "; within windows of its own" : "",
           op->ends_machine ? "; not while another fix runs on the machine" : "",
           op->inverse ? "; undone by " : "", op->inverse ? op->inverse : "",
           op->help[0] - ('a' - 'A'), op->help + 1);
    for (size_t i = 0; i < OP_ARGUMENTS_MAX && op->arguments[i].name; i++) {
        const op_argument_t *at = &op->arguments[i];
        CLEANUP(bytes_destroy) bytes_t *kind = bytes_new();
        kind_text(at, kind);
        printf("- `%s`%s: %s (%s)\n", at->name, at->required ? "" : ", may be absent", at->help,
               bytes_text(kind));
    }
    printf("- gives `%s`\n", op->result);
}

static value_t *
argument_value(const op_argument_t *at)
{
    value_t *row = value_map();
    value_set_text(row, "name", at->name);
    value_set_text(row, "kind", argument_kind_word(at->kind));
    value_set_text(row, "help", at->help);
    value_set_bool(row, "required", at->required);
    value_set_bool(row, "named", at->named);
    if (at->choices)
        value_set_text(row, "choices", at->choices);
    if (at->kind == ARGUMENT_INTEGER) {
        value_set_integer(row, "from", at->min);
        value_set_integer(row, "to", at->max);
    }
    return row;
}

static value_t *
op_value(const op_t *op)
{
    value_t *row = value_map(), *arguments = value_list();
    for (size_t i = 0; i < OP_ARGUMENTS_MAX && op->arguments[i].name; i++)
        value_append(arguments, argument_value(&op->arguments[i]));
    value_set(row, "arguments", arguments);
    value_set_text(row, "name", op->name);
    value_set_text(row, "class", class_word(op->least));
    value_set_text(row, "again", again_word(op));
    value_set_text(row, "help", op->help);
    value_set_text(row, "result", op->result);
    value_set_integer(row, "timeout_s", op->timeout_s);
    value_set_integer(row, "memory_mib", op->memory_mib);
    value_set_integer(row, "result_bytes_max", op->result_bytes_max);
    value_set_bool(row, "foretold", op->foretold);
    if (op->inverse)
        value_set_text(row, "inverse", op->inverse);
    return row;
}

static void
print_table(void)
{
    static const char *const headings[] = {"OP", "CLASS", "AGAIN", "WHAT IT DOES", NULL};
    CLEANUP(table_destroy) table_t *table = table_new(headings);
    for (size_t i = 0; i < op_count(); i++) {
        const op_t *op = op_at(i);
        table_row(table,
                  (const char *const[]){op->name, class_word(op->least), again_word(op), op->help});
    }
    table_print(table);
}

static int
op_list(const options_t *options, int argc, char **argv)
{
    bool markdown = argc == 2 && !strcmp(argv[1], "--markdown");
    if (argc != 1 + markdown)
        return command_usage(command_row(op_commands, "list"), "'%s' does not belong here",
                             argv[1]);
    CLEANUP(value_destroy) value_t *all = value_list();
    if (markdown)
        fputs(preface, stdout);
    for (size_t i = 0; i < op_count(); i++)
        if (markdown)
            print_markdown(op_at(i));
        else
            value_append(all, op_value(op_at(i)));
    if (options->json)
        json_print("ops", all);
    else if (!markdown)
        print_table();
    return 0;
}

static int
op_view(const options_t *options, int argc, char **argv)
{
    fault_t fault;
    if (argc != 2)
        return command_usage(command_row(op_commands, "view"), "name an op");
    const op_t *op = op_find(argv[1]);
    if (!op) {
        fault_set(&fault, FAULT_NOT_FOUND, "there is no op '%.63s': `tocsin op list` names them",
                  argv[1]);
        return command_fail(&fault);
    }
    CLEANUP(value_destroy) value_t *row = op_value(op);
    if (options->json)
        json_print("op", row);
    else
        print_view(op);
    return 0;
}

const command_t op_commands[] = {
    {"op", "list", op_list, "[--markdown]", "what playbooks can cause on machines, and no more"},
    {"op", "view", op_view, "OP", "one op: its class, arguments, limits and result"},
    {NULL, NULL, NULL, NULL, NULL},
};
