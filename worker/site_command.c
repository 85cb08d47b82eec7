/* SPDX-License-Identifier: Apache-2.0 */
#include "worker/site_command.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/bytes.h"
#include "common/net.h"
#include "common/text.h"
#include "keys/hash.h"

#define HOLE_MAX 64

static bool
is_word(const char *text)
{
    for (const char *at = text; *at; at++)
        if (*at <= ' ' || *at > '~')
            return false;
    return *text && *text != '-';
}

static bool
is_integer(const char *text)
{
    uint64_t number;
    return text_read_u64(text + (*text == '-'), 0, INT64_MAX, &number);
}

static bool
is_net(const char *text)
{
    net_t net;
    return net_read(text, &net);
}

static bool
is_hash(const char *text)
{
    hash_t hash;
    return hash_read(text, &hash);
}

static const struct {
    const char *word;
    bool (*holds)(const char *text);
} kinds[] = {
    {"name", text_is_name},  {"word", is_word},
    {"integer", is_integer}, {"address", address_is_plain},
    {"net", is_net},         {"path", path_is_normal},
    {"hash", is_hash},
};

typedef struct {
    char name[HOLE_MAX];
    size_t kind;          /* index into kinds */
    const char *at, *end; /* where it stands in its ARG, braces included */
} hole_t;

/* 1 where the ARG has a good hole, 0 where it has none, -1 where one is no good. */
static int
find_hole(const char *word, hole_t *hole)
{
    char text[HOLE_MAX];
    if (strcspn(word, "}") < strcspn(word, "{"))
        return -1;
    hole->at = strchr(word, '{');
    if (!hole->at)
        return 0;
    const char *close = strchr(hole->at, '}');
    if (!close || strpbrk(close + 1, "{}") || (size_t)(close - hole->at) >= sizeof text)
        return -1;
    hole->end = close + 1;
    snprintf(text, sizeof text, "%.*s", (int)(close - hole->at) - 1, hole->at + 1);
    char *colon = strchr(text, ':');
    if (!colon)
        return -1;
    *colon = '\0';
    snprintf(hole->name, sizeof hole->name, "%s", text);
    for (hole->kind = 0; hole->kind < ARRAY_SIZE(kinds); hole->kind++)
        if (!strcmp(kinds[hole->kind].word, colon + 1))
            return text_is_name(hole->name) ? 1 : -1;
    return -1;
}

int
site_command_read(site_command_t *self, const char *const *words, size_t count, fault_t *fault)
{
    uint64_t timeout_s;
    hole_t hole;
    if (count < 6 || strcmp(words[1], "class") != 0 || strcmp(words[3], "timeout") != 0)
        return fault_set(fault, FAULT_CONFIG,
                         "'exec NAME class CLASS timeout SECONDS COMMAND ARG...' is meant");
    *self = (site_command_t){.name = words[0], .words = &words[5]};
    if (!text_is_name(self->name) || !class_read(words[2], &self->class_) ||
        self->class_ == CLASS_OBSERVE)
        return fault_set(fault, FAULT_CONFIG,
                         "'%.60s' is a name, and its class change or destructive", self->name);
    if (!text_read_u64(words[4], 1, SITE_COMMAND_TIMEOUT_MAX, &timeout_s))
        return fault_set(fault, FAULT_CONFIG, "a timeout is 1 to %d seconds",
                         SITE_COMMAND_TIMEOUT_MAX);
    self->timeout_s = (unsigned)timeout_s;
    if (!path_is_normal(words[5]) || strchr(words[5], '{'))
        return fault_set(fault, FAULT_CONFIG, "'%.100s' is not a normal absolute path", words[5]);
    if (count - 5 > SITE_COMMAND_WORDS_MAX)
        return fault_set(fault, FAULT_CONFIG, "more than %d words", SITE_COMMAND_WORDS_MAX);
    for (size_t i = 6; i < count; i++)
        if (find_hole(words[i], &hole) < 0)
            return fault_set(
                fault, FAULT_CONFIG,
                "'%.60s' has a hole that is not one {name:kind}; kinds are name, word, "
                "integer, address, net, path and hash",
                words[i]);
    return 0;
}

void
site_command_words_free(char ***words_p)
{
    for (char **at = *words_p; at && *at; at++)
        free(*at);
    free(*words_p);
    *words_p = NULL;
}

/* How often `with` fills a hole of this name; the value, which is not terminated, at the last. */
static size_t
find_value(const char *with, const char *name, slice_t *value)
{
    size_t size = strlen(name), found = 0;
    for (const char *at = with; *at;) {
        size_t length = strcspn(at, " ");
        if (length > size && !strncmp(at, name, size) && at[size] == '=') {
            *value = slice_of(at + size + 1, length - size - 1);
            found++;
        }
        at += length + (at[length] == ' ');
    }
    return found;
}

static char *
fill_word(const char *word, const hole_t *hole, const char *with, fault_t *fault)
{
    slice_t value = {0};
    if (find_value(with, hole->name, &value) != 1) {
        fault_set(fault, FAULT_ARGUMENT, "'with' says '%.60s=' not exactly once", hole->name);
        return NULL;
    }
    CLEANUP(memory_free) char *text = memory_new(value.size + 1, 1);
    memcpy(text, value.data, value.size);
    if (!kinds[hole->kind].holds(text) || (*text == '-' && hole->at == word)) {
        fault_set(fault, FAULT_ARGUMENT, "'%.100s' is not what '%s:%s' takes", text, hole->name,
                  kinds[hole->kind].word);
        return NULL;
    }
    CLEANUP(bytes_destroy) bytes_t *out = bytes_new();
    bytes_addf(out, "%.*s%s%s", (int)(hole->at - word), word, text, hole->end);
    return memory_text(bytes_text(out));
}

static size_t
count_words(const char *with)
{
    size_t count = 0;
    for (const char *at = with; *at; at++)
        count += *at != ' ' && (at == with || at[-1] == ' ');
    return count;
}

char **
site_command_fill(const site_command_t *self, const char *with, fault_t *fault)
{
    CLEANUP(site_command_words_free)
    char **words = memory_new(SITE_COMMAND_WORDS_MAX + 1, sizeof(char *));
    char names[SITE_COMMAND_WORDS_MAX][HOLE_MAX];
    size_t filled = 0;
    for (size_t i = 0; self->words[i]; i++) {
        hole_t hole;
        bool holed = i && find_hole(self->words[i], &hole) > 0, known = false;
        words[i] =
            holed ? fill_word(self->words[i], &hole, with, fault) : memory_text(self->words[i]);
        if (!words[i])
            return NULL;
        for (size_t j = 0; holed && j < filled; j++)
            known = known || !strcmp(names[j], hole.name);
        if (holed && !known)
            snprintf(names[filled++], HOLE_MAX, "%s", hole.name);
    }
    if (count_words(with) != filled) {
        fault_set(fault, FAULT_ARGUMENT, "'with' says more than '%.60s' has holes for", self->name);
        return NULL;
    }
    return MOVE(words);
}
