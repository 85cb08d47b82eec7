/* SPDX-License-Identifier: Apache-2.0 */
#include "broker/sink.h"

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>

#include "common/file.h"

#define EVERYTHING (((uint32_t)1 << NOTICE_KIND_COUNT) - 1)

_Static_assert(NOTICE_KIND_COUNT <= 32, "a sink has a bit for each kind of notice");

static const char *const kind_words[] = {
#define X(kind, word) [kind] = word,
    SINK_KINDS(X)
#undef X
};

static const char *const notice_words[] = {
#define X(kind, word) [kind] = word,
    NOTICE_KINDS(X)
#undef X
};

const char *
sink_word(sink_kind_t self)
{
    assert(self < SINK_KIND_COUNT);
    return kind_words[self];
}

const char *
notice_kind_word(notice_kind_t self)
{
    assert(self < NOTICE_KIND_COUNT);
    return notice_words[self];
}

/* One option of a line ------------------------------------------------------------------------ */

static int
read_url(sink_t *self, const char *path, fault_t *fault)
{
    CLEANUP(bytes_destroy) bytes_t *url = file_read_secret(path, 8, SINK_URL_MAX, fault);
    if (!url)
        return -1;
    if (strncmp(bytes_text(url), "https://", 8) != 0 && strncmp(bytes_text(url), "http://", 7) != 0)
        return fault_set(fault, FAULT_FORMAT, "'%s' holds no URL of https:// or http://", path);
    text_copy(self->address, sizeof self->address, bytes_text(url));
    return 0;
}

static int
read_secret(sink_t *self, const char *path, fault_t *fault)
{
    CLEANUP(bytes_destroy)
    bytes_t *secret = file_read_secret(path, SINK_SECRET_MIN, SINK_SECRET_MAX, fault);
    if (!secret)
        return -1;
    text_copy(self->secret, sizeof self->secret, bytes_text(secret));
    return 0;
}

/* What stands in a header and on a command line, and can be neither another header nor a flag. */
static int
read_mailbox(char *out, const char *text, fault_t *fault)
{
    const char *at = strchr(text, '@');
    if (!at || at == text || !at[1] || strchr(at + 1, '@') || *text == '-' ||
        !text_is_printable(slice_text(text)) || strpbrk(text, " <>()[],;:\\\"") ||
        !text_copy(out, SINK_ADDRESS_MAX + 1, text))
        return fault_set(fault, FAULT_CONFIG, "'%.80s' is not one plain NAME@HOST", text);
    return 0;
}

static int
read_to(sink_t *self, const char *text, fault_t *fault)
{
    return read_mailbox(self->address, text, fault);
}

static int
read_from(sink_t *self, const char *text, fault_t *fault)
{
    return read_mailbox(self->from, text, fault);
}

static int
read_event(sink_t *self, slice_t word, fault_t *fault)
{
    for (unsigned kind = 0; kind < NOTICE_PLAYBOOK; kind++)
        if (slice_is(word, notice_words[kind])) {
            self->events |= (uint32_t)1 << kind;
            return 0;
        }
    return fault_set(fault, FAULT_CONFIG, "'%.*s' is no event that a sink can hear of",
                     (int)word.size, (const char *)word.data);
}

static int
read_events(sink_t *self, const char *text, fault_t *fault)
{
    self->events = 0;
    if (!strcmp(text, "none"))
        return 0;
    for (;;) {
        size_t size = strcspn(text, ",");
        if (read_event(self, slice_of(text, size), fault))
            return -1;
        if (!text[size])
            return 0;
        text += size + 1;
    }
}

#define MAIL (1u << SINK_MAIL)
#define WEB  (1u << SINK_GENERIC | 1u << SINK_SLACK | 1u << SINK_MATTERMOST)

static const struct {
    const char *word;
    unsigned kinds; /* that know it */
    bool wanted;
    int (*read)(sink_t *self, const char *text, fault_t *fault);
} options[] = {
    {"url-file", WEB, true, read_url},
    {"secret-file", WEB, false, read_secret},
    {"to", MAIL, true, read_to},
    {"from", MAIL, false, read_from},
    {"on", WEB | MAIL, false, read_events},
};

static bool
find_kind(sink_t *self, const char *word)
{
    for (unsigned kind = 0; kind < SINK_KIND_COUNT; kind++)
        if (!strcmp(word, kind_words[kind])) {
            self->kind = (sink_kind_t)kind;
            return true;
        }
    return false;
}

/* The rest of a line, in pairs: each option once, and those that are wanted. */
static int
read_options(sink_t *self, const char *const *words, fault_t *fault)
{
    unsigned seen = 0;
    for (; words[0]; words += 2) {
        size_t i = 0;
        while (i < ARRAY_SIZE(options) &&
               (strcmp(words[0], options[i].word) != 0 || !(options[i].kinds & 1u << self->kind)))
            i++;
        if (i == ARRAY_SIZE(options) || seen & 1u << i || !words[1])
            return fault_set(fault, FAULT_CONFIG,
                             "'%.60s' is no option of a sink of kind %s, stands here twice, or "
                             "has no value",
                             words[0], kind_words[self->kind]);
        seen |= 1u << i;
        if (options[i].read(self, words[1], fault))
            return -1;
    }
    for (size_t i = 0; i < ARRAY_SIZE(options); i++)
        if (options[i].wanted && options[i].kinds & 1u << self->kind && !(seen & 1u << i))
            return fault_set(fault, FAULT_CONFIG, "a sink of kind %s needs '%s'",
                             kind_words[self->kind], options[i].word);
    return 0;
}

int
sinks_read(sinks_t *self, const config_t *config, const setting_t *setting, fault_t *fault)
{
    const char *const *words = setting->words;
    if (setting->count < 3 || !text_is_name(words[1]) || sinks_find(self, words[1]))
        return config_fault(config, setting, fault,
                            "expected: sink NAME KIND ..., each name once, such as: sink ops slack "
                            "url-file FILE");
    if (self->count == SINKS_MAX)
        return config_fault(config, setting, fault, "over %d sinks", SINKS_MAX);
    CLEANUP(memory_free) sink_t *sink = memory_new(1, sizeof *sink);
    text_copy(sink->name, sizeof sink->name, words[1]);
    sink->events = EVERYTHING;
    if (!find_kind(sink, words[2]))
        return config_fault(config, setting, fault,
                            "'%.60s' is no kind of sink; generic, slack, mattermost and mail are",
                            words[2]);
    if (read_options(sink, words + 3, fault))
        return fault_wrap(fault, "%s:%u", config_path(config), setting->line);
    self->sinks[self->count++] = *sink;
    return 0;
}

const sink_t *
sinks_find(const sinks_t *self, const char *name)
{
    for (size_t i = 0; i < self->count; i++)
        if (!strcmp(self->sinks[i].name, name))
            return &self->sinks[i];
    return NULL;
}

bool
sink_hears(const sink_t *self, notice_kind_t kind)
{
    return self->events & (uint32_t)1 << kind;
}
