/* SPDX-License-Identifier: Apache-2.0 */
/* What a dry run says that it would have done: the WOULD lines of its parts' output, each with the
 * lines of a diff behind it, which are the workers' words; the receipts, which are signed, have the
 * hashes. */
#include <stdio.h>

#include "cli/opener.h"
#include "cli/run.h"
#include "cli/table.h"

#define LINE_SHOWN 600

static bool
has_dry_op(const value_t *part)
{
    const value_t *receipts = value_get(part, "receipts");
    for (size_t i = 0; i < value_count(receipts); i++) {
        const value_t *ops = value_get(value_at(receipts, i), "ops");
        for (size_t j = 0; j < value_count(ops); j++)
            if (fault_of(value_get_text(value_at(ops, j), "code")) == FAULT_DRY)
                return true;
    }
    return false;
}

/* Its whole output, opened where it is sealed; NULL with a fault. */
static bytes_t *
read_output(client_t *client, const opener_t *opener, const char *run, const char *target,
            fault_t *fault)
{
    size_t taken;
    CLEANUP(bytes_destroy) bytes_t *opened = bytes_new();
    CLEANUP(bytes_destroy) bytes_t *all = bytes_new();
    for (;;) {
        value_t *arguments = value_map();
        value_set_text(arguments, "run", run);
        value_set_text(arguments, "target", target);
        value_set_integer(arguments, "offset", (int64_t)all->size);
        CLEANUP(value_destroy) value_t *body = client_ask(client, "logs", arguments, fault);
        if (!body)
            return NULL;
        slice_t bytes = value_slice(value_get(body, "bytes"));
        bytes_add(all, bytes.data, bytes.size);
        if (run_check_output(target, (int64_t)all->size, fault))
            return NULL;
        if (bytes.size && (int64_t)all->size < value_get_integer(body, "size"))
            continue;
        if (!opener->sealed)
            return MOVE(all);
        opener_lines(opener, target, 0, bytes_slice(all), opened, &taken);
        return MOVE(opened);
    }
}

/* Whether the line goes on with the foresight of a WOULD line of this label: "STEP: - ...". */
static bool
goes_on(const char *line, const char *label)
{
    size_t size = strlen(label);
    const char *text = line + size;
    return size && !strncmp(line, label, size) &&
           (!strncmp(text, "- ", 2) || !strncmp(text, "+ ", 2) || !strncmp(text, "  ", 2));
}

/* What would change stands below its op, out of the way of the eye that looks for the next one. */
static void
print_would(const char *target, const bytes_t *output)
{
    char label[LINE_SHOWN + 1] = "";
    for (const char *line = bytes_text(output); *line;) {
        size_t size = strcspn(line, "\n");
        char text[LINE_SHOWN + 1], shown[LINE_SHOWN + 1];
        snprintf(text, sizeof text, "%.*s", (int)(size < LINE_SHOWN ? size : LINE_SHOWN), line);
        const char *would = strstr(text, ": WOULD ");
        if (would) {
            snprintf(label, sizeof label, "%.*s", (int)(would + 2 - text), text);
            printf("  %-16s %s\n", target, show_text(text, shown, sizeof shown));
        } else if (goes_on(text, label)) {
            printf("  %-16s   %s\n", "", show_text(text + strlen(label), shown, sizeof shown));
        } else {
            label[0] = '\0';
        }
        line += size + (line[size] == '\n');
    }
}

int
run_print_would(const options_t *options, client_t *client, const value_t *run, fault_t *fault)
{
    CLEANUP(opener_clear) opener_t opener;
    opener_take(&opener, options, run);
    const value_t *parts = value_get(run, "parts");
    bool any = false;
    for (size_t i = 0; i < value_count(parts); i++) {
        const char *target = value_get_text(value_at(parts, i), "worker");
        if (!has_dry_op(value_at(parts, i)))
            continue;
        CLEANUP(bytes_destroy)
        bytes_t *output = read_output(client, &opener, value_get_text(run, "run"), target, fault);
        if (!output)
            return -1;
        if (!any)
            puts("\na dry run; nothing of this was done, and what follows the first is predicted:");
        any = true;
        print_would(target, output);
    }
    return 0;
}
