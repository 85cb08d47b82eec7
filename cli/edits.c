/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/edits.h"

#include <stdlib.h>

#include "cli/table.h"
#include "common/document.h"
#include "keys/pubkey.h"

/* One line of a document: its key, the field that says whom it is about, and all of it. */
typedef struct {
    char *text; /* ours: KEY, then VALUE behind a NUL */
    const char *value;
    bool paired; /* it stands in the other document too, or was changed there */
} line_t;

typedef struct {
    size_t count, capacity;
    line_t *lines;
} lines_t;

static const struct {
    const char *key;
    const char *words;
    bool single; /* one line of it, else as many as people like */
} nouns[] = {
    {"root", "the root whose quorum signs", true},
    {"region", "the region", true},
    {"expires", "its end", true},
    {"quorum-root", "the holders who sign a root or people", true},
    {"quorum-approve", "the approvals of a release (observe, change, destructive)", true},
    {"quorum-order", "the signatures of an order (observe, change, destructive)", true},
    {"quorum-grant", "the signatures of a grant", true},
    {"offline-max", "the seconds without a beacon (observe, change, destructive)", true},
    {"grant-days-max", "the days of a grant", true},
    {"min-version", "the lowest version of documents that counts", true},
    {"holder", "root holder", false},
    {"timekeeper", "the timekeeper", true},
    {"witness", "witness", false},
    {"broker", "broker", false},
    {"curve", "the CURVE key of", false},
    {"delegate", "the officer of region", false},
    {"floor", "the lowest sequence of playbook", false},
    {"key", "the key of", false},
    {"pardon", "the pardon of revoke", false},
    {"host", "host", false},
    {"source", "source", false},
    {"signer", "signer", false},
    {"worker", "worker", false},
    {"sealing", "the sealing key of", false},
};

/* What every version changes, or none may. */
static const char *const dates[] = {"site", "version", "previous", "issued"};

static const char *
words_of(const char *key, bool *single)
{
    *single = false;
    for (size_t i = 0; i < ARRAY_SIZE(nouns); i++) {
        if (strcmp(nouns[i].key, key) != 0)
            continue;
        *single = nouns[i].single;
        return nouns[i].words;
    }
    return key;
}

static bool
is_date(const char *key)
{
    for (size_t i = 0; i < ARRAY_SIZE(dates); i++)
        if (!strcmp(dates[i], key))
            return true;
    return false;
}

/* "... ssh-ed25519 BASE64" ends with the key's fingerprint instead. */
static char *
readable(const char *value)
{
    fault_t ignored;
    pubkey_t key;
    char fingerprint[PUBKEY_FINGERPRINT_TEXT];
    const char *type = strstr(value, "ssh-ed25519");
    const char *found = strstr(value, "sk-ssh-ed25519");
    const char *at = found ? found : type;
    CLEANUP(bytes_destroy) bytes_t *out = bytes_new();
    if (!at || pubkey_read_line(&key, at, &ignored))
        return memory_text(value);
    bytes_add(out, value, (size_t)(at - value));
    bytes_add_text(out, pubkey_fingerprint(&key, fingerprint));
    return memory_text(bytes_text(out));
}

static void
lines_read(lines_t *self, slice_t document)
{
    const char *at = (const char *)document.data, *end = at + document.size;
    for (bool first = true; at < end; first = false) {
        const char *lf = memchr(at, '\n', (size_t)(end - at));
        size_t size = (size_t)((lf ? lf : end) - at);
        const char *space = memchr(at, ' ', size);
        if (!first && space) {
            self->lines =
                memory_grow(self->lines, self->count, &self->capacity, sizeof *self->lines);
            line_t *line = &self->lines[self->count++];
            *line = (line_t){.text = memory_new(size + 1, 1)};
            memcpy(line->text, at, size);
            line->text[space - at] = '\0';
            line->value = line->text + (space - at) + 1;
            line->paired = is_date(line->text);
        }
        at += size + 1;
    }
}

static void
lines_clear(lines_t *self)
{
    for (size_t i = 0; i < self->count; i++)
        free(self->lines[i].text);
    free(self->lines);
}

/* Lines that both have. */
static void
pair_same(lines_t *before, lines_t *after)
{
    for (size_t i = 0; i < after->count; i++) {
        line_t *line = &after->lines[i];
        for (size_t k = 0; k < before->count && !line->paired; k++) {
            line_t *old = &before->lines[k];
            if (!old->paired && !strcmp(old->text, line->text) && !strcmp(old->value, line->value))
                old->paired = line->paired = true;
        }
    }
}

/* The line that this one takes the place of: about the same person, worker or name. */
static line_t *
replaced_by(lines_t *before, const line_t *line, bool single)
{
    size_t size = strcspn(line->value, " ");
    for (size_t k = 0; k < before->count; k++) {
        line_t *old = &before->lines[k];
        if (!old->paired && !strcmp(old->text, line->text) &&
            (single ||
             (strcspn(old->value, " ") == size && !strncmp(old->value, line->value, size))))
            return old;
    }
    return NULL;
}

static void PRINTF(2, 3) say(value_t *list, const char *format, ...)
{
    va_list args;
    CLEANUP(bytes_destroy) bytes_t *text = bytes_new();
    va_start(args, format);
    bytes_addv(text, format, args);
    va_end(args);
    value_append(list, value_text(bytes_text(text)));
}

static void
say_line(value_t *list, lines_t *before, line_t *line)
{
    bool single;
    const char *words = words_of(line->text, &single);
    line_t *old = replaced_by(before, line, single);
    char *is = readable(line->value), *was = old ? readable(old->value) : NULL;
    size_t name = single ? 0 : strcspn(is, " ") + (is[strcspn(is, " ")] != '\0');
    if (!old)
        say(list, "adds %s %s", words, is);
    else if (single)
        say(list, "changes %s from %s to %s", words, was, is);
    else
        say(list, "changes %s %.*sfrom '%s' to '%s'", words, (int)name, is, was + name, is + name);
    if (old)
        old->paired = true;
    free(is);
    free(was);
}

value_t *
edits_of(slice_t before, slice_t after)
{
    CLEANUP(lines_clear) lines_t old = {0};
    CLEANUP(lines_clear) lines_t fresh = {0};
    value_t *list = value_list();
    bool single;
    lines_read(&old, before);
    lines_read(&fresh, after);
    pair_same(&old, &fresh);
    for (size_t i = 0; i < fresh.count; i++)
        if (!fresh.lines[i].paired)
            say_line(list, &old, &fresh.lines[i]);
    for (size_t i = 0; i < old.count; i++) {
        if (old.lines[i].paired)
            continue;
        char *was = readable(old.lines[i].value);
        say(list, "takes away %s %s", words_of(old.lines[i].text, &single), was);
        free(was);
    }
    return list;
}

void
edits_print(const value_t *edits, FILE *out)
{
    for (size_t i = 0; i < value_count(edits); i++) {
        const char *text = value_string(value_at(edits, i));
        char *shown = memory_new(strlen(text) + 1, 1);
        fprintf(out, "  %s\n", show_text(text, shown, strlen(text) + 1));
        free(shown);
    }
    if (!value_count(edits))
        fputs("  changes nothing but its dates\n", out);
}
