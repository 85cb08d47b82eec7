/* SPDX-License-Identifier: Apache-2.0 */
/* tocsin completion: what a shell offers next, out of the table of commands and, for names that
 * live, out of the broker. The shells' scripts only ask. */
#include <stdio.h>

#include "cli/client.h"
#include "cli/pages.h"
#include "cli/table.h"
#include "common/text.h"

#define DIGITS_SHOWN 12
#define WORD_MAX     160
#define LIVE_MAX     200 /* names that are offered */

static const char bash_script[] =
    "# bash: source <(tocsin completion bash)\n"
    "_tocsin() {\n"
    "    local IFS=$'\\n'\n"
    "    COMPREPLY=($(tocsin completion words -- \"${COMP_WORDS[@]:1:COMP_CWORD}\" 2>/dev/null))\n"
    "}\n"
    "complete -o default -F _tocsin tocsin\n";

static const char zsh_script[] =
    "#compdef tocsin\n"
    "# zsh: source <(tocsin completion zsh)\n"
    "_tocsin() {\n"
    "    local -a found\n"
    "    found=(${(f)\"$(tocsin completion words -- \"${(@)words[2,CURRENT]}\" 2>/dev/null)\"})\n"
    "    if (( $#found )); then compadd -a found; else _files; fi\n"
    "}\n"
    "compdef _tocsin tocsin\n";

static const char *const global_options[] = {"--json",    "--server",   "--key",      "--wait",
                                             "--utc",     "--no-input", "--no-pager", "--quiet",
                                             "--verbose", "--help"};

/* What a word in a command's usage stands for, and where such names live. */
static const struct {
    const char *word; /* in usage */
    const char *verb; /* of the broker */
    const char *key;  /* of its answer's items */
} live[] = {
    {"INCIDENT", "incidents", "id"},      {"RUN", "runs", "run"},
    {"RELEASE", "releases", "hash"},      {"WORKER", "workers", "id"},
    {"PLAYBOOK", "releases", "playbook"}, {"STOP", "stops", "hash"},
};

/* Options whose values are such names. */
static const struct {
    const char *option, *verb, *key;
} live_values[] = {
    {"--target", "workers", "id"},
    {"--except", "workers", "id"},
    {"--incident", "incidents", "id"},
    {"--release", "releases", "hash"},
};

/* What was typed behind "tocsin": the last word is still being typed. */
typedef struct {
    const options_t *options;
    int count;
    char **words;
    const char *prefix;
} typed_t;

static bool
offer(const typed_t *self, const char *word)
{
    char shown[WORD_MAX];
    bool fits = !strncmp(word, self->prefix, strlen(self->prefix));
    if (fits)
        printf("%s\n", show_text(word, shown, sizeof shown));
    return fits;
}

static void
offer_nouns(const typed_t *self)
{
    for (const command_t *const *list = command_lists; *list; list++)
        for (const command_t *row = *list; row->noun; row++)
            if (row == *list || strcmp(row->noun, row[-1].noun) != 0)
                offer(self, row->noun);
    offer(self, "help");
}

static void
offer_verbs(const typed_t *self, const char *noun)
{
    for (const command_t *const *list = command_lists; *list; list++)
        for (const command_t *row = *list; row->noun; row++)
            if (!strcmp(row->noun, noun) && row->verb)
                offer(self, row->verb);
}

/* The command that the words before the last name; NULL where it is none. */
static const command_t *
find_row(const char *noun, const char *verb)
{
    for (const command_t *const *list = command_lists; *list; list++)
        for (const command_t *row = *list; row->noun; row++)
            if (!strcmp(row->noun, noun) && (!row->verb || (verb && !strcmp(row->verb, verb))))
                return row;
    return NULL;
}

/* The next word of a usage, without the brackets around it; false at its end. */
static bool
usage_word(const char **rest, char word[static WORD_MAX])
{
    *rest += strspn(*rest, " [],");
    size_t size = strcspn(*rest, " []=,");
    snprintf(word, WORD_MAX, "%.*s", (int)size, *rest);
    *rest += size;
    return size > 0;
}

static void
offer_options(const typed_t *self, const command_t *row)
{
    char word[WORD_MAX];
    for (const char *rest = row->usage; *rest;)
        if (usage_word(&rest, word) ? !strncmp(word, "--", 2) : (rest += !!*rest, false))
            offer(self, word);
    for (size_t i = 0; i < ARRAY_SIZE(global_options); i++)
        offer(self, global_options[i]);
}

/* The word at place (from 0) of those in a usage that are no options. */
static bool
usage_place(const command_t *row, size_t place, char word[static WORD_MAX])
{
    for (const char *rest = row->usage; *rest;) {
        if (!usage_word(&rest, word)) {
            rest += !!*rest;
            continue;
        }
        if (!strncmp(word, "--", 2))
            return false;
        if (!place-- || strstr(word, "..."))
            return true;
    }
    return false;
}

static bool
offer_item(const typed_t *self, const value_t *item)
{
    char word[WORD_MAX];
    const char *text = value_string(item);
    hash_t hash;
    if (value_kind(item) == VALUE_INTEGER)
        snprintf(word, sizeof word, "%lld", (long long)value_number(item));
    else
        snprintf(word, sizeof word, "%.*s", hash_read(text, &hash) ? DIGITS_SHOWN : WORD_MAX - 1,
                 text);
    return offer(self, word);
}

static void
offer_list(const typed_t *self, const char *verb, const char *key)
{
    fault_t ignored;
    size_t offered = 0;
    CLEANUP(value_destroy) value_t *list = pages_look(self->options, verb, &ignored);
    for (size_t i = 0; i < value_count(list) && offered < LIVE_MAX; i++)
        offered += offer_item(self, value_get(value_at(list, i), key));
}

static void
offer_live(const typed_t *self, const char *word)
{
    for (size_t i = 0; i < ARRAY_SIZE(live); i++) {
        size_t size = strlen(live[i].word);
        if (!strncmp(word, live[i].word, size) && strspn(word + size, ".") == strlen(word + size))
            offer_list(self, live[i].verb, live[i].key);
    }
}

static void
offer_value(const typed_t *self, const char *option)
{
    for (size_t i = 0; i < ARRAY_SIZE(live_values); i++)
        if (!strcmp(live_values[i].option, option))
            offer_list(self, live_values[i].verb, live_values[i].key);
}

/* Whether the word behind this one is its value: "--target WORKER", and not "--seal]". */
static bool
takes_value(const command_t *row, const char *word)
{
    size_t size = strlen(word);
    const char *at = row ? row->usage : "";
    if (!strcmp(word, "--server") || !strcmp(word, "--key"))
        return true;
    if (strncmp(word, "--", 2) != 0)
        return false;
    while ((at = strstr(at, word)) && !strchr(" =]", at[size]))
        at += size;
    return at && at[size] == ' ' && at[size + 1] != '[';
}

static void
complete(const typed_t *self)
{
    const char *plain[8], *last = "";
    size_t count = 0;
    char word[WORD_MAX];
    const command_t *row = NULL;
    for (int i = 0; i + 1 < self->count; last = self->words[i++]) {
        if (self->words[i][0] != '-' && !takes_value(row, last) && count < ARRAY_SIZE(plain))
            plain[count++] = self->words[i];
        row = count ? find_row(plain[0], count > 1 ? plain[1] : NULL) : NULL;
    }
    if (takes_value(row, last))
        offer_value(self, last);
    else if (!count)
        offer_nouns(self);
    else if (!row && count == 1)
        offer_verbs(self, plain[0]);
    else if (row && self->prefix[0] == '-')
        offer_options(self, row);
    else if (row && usage_place(row, count - (row->verb ? 2 : 1), word))
        offer_live(self, word);
}

static int
completion(const options_t *options, int argc, char **argv)
{
    if (argc == 2 && !strcmp(argv[1], "bash"))
        return fputs(bash_script, stdout) < 0;
    if (argc == 2 && !strcmp(argv[1], "zsh"))
        return fputs(zsh_script, stdout) < 0;
    if (argc < 4 || strcmp(argv[1], "words") != 0 || strcmp(argv[2], "--") != 0)
        return command_usage(&completion_commands[0], "name a shell: bash or zsh");
    complete(&(typed_t){options, argc - 3, argv + 3, argv[argc - 1]});
    return 0;
}

const command_t completion_commands[] = {
    {"completion", NULL, completion, "bash|zsh|words -- WORD...",
     "a script that lets the shell complete commands, options and live names"},
    {NULL, NULL, NULL, NULL, NULL},
};
