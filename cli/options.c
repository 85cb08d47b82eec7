/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/options.h"

#include "common/text.h"

static const option_t *
find(const option_t *rows, const char *word, const char **value)
{
    size_t size = strcspn(word, "=");
    for (; rows->name; rows++) {
        if (strlen(rows->name) != size || memcmp(rows->name, word, size) != 0)
            continue;
        *value = word[size] ? word + size + 1 : NULL;
        return rows;
    }
    return NULL;
}

static bool
has_value(const option_t *row)
{
    return row->kind != OPTION_FLAG && row->kind != OPTION_COUNT;
}

static int
keep_many(const option_t *row, const char *value, fault_t *fault)
{
    many_t *many = row->to;
    if (many->count == OPTION_MANY_MAX)
        return fault_set(fault, FAULT_LIMIT, "more than %d times '%s'", OPTION_MANY_MAX, row->name);
    many->at[many->count++] = value;
    return 0;
}

static int
keep(const option_t *row, const char *value, fault_t *fault)
{
    uint64_t number;
    switch (row->kind) {
    case OPTION_FLAG:
        *(bool *)row->to = true;
        return 0;
    case OPTION_COUNT:
        ++*(int *)row->to;
        return 0;
    case OPTION_TEXT:
        *(const char **)row->to = value;
        return 0;
    case OPTION_MANY:
        return keep_many(row, value, fault);
    case OPTION_NUMBER:
        if (!text_read_u64(value, 0, INT64_MAX, row->to))
            return fault_set(fault, FAULT_USAGE, "'%s' wants a number, not '%s'", row->name, value);
        return 0;
    case OPTION_SECONDS:
        if (!text_read_duration(value, &number) || number > INT32_MAX)
            return fault_set(fault, FAULT_USAGE,
                             "'%s' wants a duration such as 90s or 15m, not '%s'", row->name,
                             value);
        *(int64_t *)row->to = (int64_t)number;
        return 0;
    }
    return 0;
}

static bool
is_digit(char c)
{
    return c >= '0' && c <= '9';
}

int
options_take(const option_t *rows, int from, int *argc, char **argv, bool strict, fault_t *fault)
{
    int kept = from, i = from;
    for (; i < *argc && strcmp(argv[i], "--") != 0; i++) {
        const char *value = NULL;
        const option_t *row = argv[i][0] == '-' ? find(rows, argv[i], &value) : NULL;
        if (!row && strict && argv[i][0] == '-' && argv[i][1] && !is_digit(argv[i][1]))
            return fault_set(fault, FAULT_USAGE, OPTIONS_NONE, argv[i], OPTIONS_TEXT(argv[i]));
        if (!row) {
            argv[kept++] = argv[i];
            continue;
        }
        if (value && !has_value(row))
            return fault_set(fault, FAULT_USAGE, "'%s' takes no value", row->name);
        if (!value && has_value(row) && ++i < *argc)
            value = argv[i];
        if (!value && has_value(row))
            return fault_set(fault, FAULT_USAGE, "'%s' wants a value", row->name);
        if (keep(row, value, fault))
            return -1;
    }
    for (i += strict && i < *argc; i < *argc; i++)
        argv[kept++] = argv[i];
    *argc = kept;
    argv[kept] = NULL;
    return 0;
}

int
options_check_limit(uint64_t limit, fault_t *fault)
{
    return limit >= 1 && limit <= OPTIONS_LIMIT_MAX
               ? 0
               : fault_set(fault, FAULT_USAGE, "--limit is 1 to %d", OPTIONS_LIMIT_MAX);
}

int
options_check_words(const char *what, const char *text, size_t bytes_max, fault_t *fault)
{
    size_t size = strlen(text);
    if (size > bytes_max)
        return fault_set(fault, FAULT_USAGE, "%s has %zu bytes, and at most %zu are taken", what,
                         size, bytes_max);
    if (size && text_is_free(slice_text(text)))
        return 0;
    return fault_set(fault, FAULT_USAGE, "%s is not one line of text of 1 to %zu bytes", what,
                     bytes_max);
}

int
options_reason(const char *text, char *to, size_t size, fault_t *fault)
{
    if (options_check_words("the reason", text, size - 1, fault))
        return -1;
    text_copy(to, size, text);
    return 0;
}

bool
options_pair(const char *text, char *name, size_t size, const char **value)
{
    size_t at = strcspn(text, "=");
    if (!at || text[at] != '=' || at >= size)
        return false;
    memcpy(name, text, at);
    name[at] = '\0';
    *value = text + at + 1;
    return true;
}
