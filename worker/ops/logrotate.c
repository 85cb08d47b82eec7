/* SPDX-License-Identifier: Apache-2.0 */
#include "worker/ops/logrotate.h"

#include <stdio.h>

#include "worker/ops/machine.h"

#define LINE_BYTES 8192

typedef enum {
    OUTSIDE,
    PATHS,  /* of a rule, until its '{' */
    RULE,   /* until its '}' */
    SCRIPT, /* of a rule, until endscript */
} where_t;

static bool
is_word(const char *at, const char *word)
{
    size_t size = strcspn(at, " \t={");
    return strlen(word) == size && !strncmp(at, word, size);
}

static bool
begins_script(const char *at)
{
    static const char *const words[] = {"prerotate", "postrotate", "firstaction", "lastaction",
                                        "preremove"};
    for (size_t i = 0; i < ARRAY_SIZE(words); i++)
        if (is_word(at, words[i]))
            return true;
    return false;
}

/* The path at `at`, within quotes or up to a blank or '{'; where it ends, NULL with a fault. */
static const char *
read_path(const char *at, char out[static LOGROTATE_PATTERN_MAX], fault_t *fault)
{
    char quote = *at == '"' || *at == '\'' ? *at++ : '\0';
    size_t size = 0;
    while (*at && (quote ? *at != quote : !strchr(" \t{", *at))) {
        at += *at == '\\' && at[1];
        if (size + 1 == LOGROTATE_PATTERN_MAX)
            break;
        out[size++] = *at++;
    }
    out[size] = '\0';
    if (size + 1 == LOGROTATE_PATTERN_MAX || (quote && *at != quote)) {
        fault_set(fault, FAULT_FORMAT, "a path of logrotate's does not end: '%.100s'", out);
        return NULL;
    }
    return quote ? at + 1 : at;
}

/* Where the rule's '{' stands, the rest of the line belongs to it. */
static int
read_paths(logrotate_t *self, const char *at, where_t *where, fault_t *fault)
{
    char path[LOGROTATE_PATTERN_MAX];
    for (*where = PATHS; *(at += strspn(at, " \t")) && *at != '{';) {
        if (!(at = read_path(at, path, fault)) ||
            (self->on_pattern && self->on_pattern(self->self, path, fault)))
            return -1;
    }
    if (*at == '{')
        *where = strchr(at, '}') ? OUTSIDE : RULE;
    return 0;
}

static int
read_line(logrotate_t *self, const char *at, where_t *where, fault_t *fault)
{
    at += strspn(at, " \t");
    if (*where == SCRIPT)
        *where = is_word(at, "endscript") ? RULE : SCRIPT;
    else if (!*at || *at == '#')
        return 0;
    else if (*where == RULE)
        *where = begins_script(at) ? SCRIPT : strchr(at, '}') ? OUTSIDE : RULE;
    else if (*where == PATHS || strchr("/\"'~{", *at))
        return read_paths(self, at, where, fault);
    else if (is_word(at, "include"))
        self->includes = true;
    else if (self->settings)
        bytes_addf(self->settings, "%s\n", at);
    return 0;
}

int
logrotate_read(logrotate_t *self, const char *text, fault_t *fault)
{
    static char line[LINE_BYTES];
    where_t where = OUTSIDE;
    self->includes = false;
    for (const char *at = text; line_next(&at, line, sizeof line);) {
        line[strcspn(line, "\r")] = '\0';
        if (read_line(self, line, &where, fault))
            return -1;
    }
    return where == OUTSIDE ? 0
                            : fault_set(fault, FAULT_FORMAT,
                                        "a rule of logrotate's does not end: a '%s' is missing",
                                        where == PATHS  ? "{"
                                        : where == RULE ? "}"
                                                        : "endscript");
}
