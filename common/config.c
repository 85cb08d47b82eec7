/* SPDX-License-Identifier: Apache-2.0 */
#include "common/config.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include "common/file.h"

struct config {
    char *path;          /* for faults */
    bytes_t *text;       /* the file, cut into words in place */
    setting_t *settings; /* count of them */
    size_t count;
};

void
config_destroy(config_t **self_p)
{
    config_t *self = *self_p;
    if (!self)
        return;
    free(self->path);
    bytes_destroy(&self->text);
    free(self->settings);
    free(self);
    *self_p = NULL;
}

/* Cuts the next word out of *at; NULL at the end of the line or the comment that ends it, or at a
 * quote without an end. */
static const char *
next_word(char **at, bool *broken)
{
    char *start = *at + strspn(*at, " \t");
    bool quoted = *start == '"';
    char *end;
    if (!*start || *start == '#')
        return NULL;
    if (quoted)
        start++;
    end = start + strcspn(start, quoted ? "\"" : " \t");
    if (quoted && !*end) {
        *broken = true;
        return NULL;
    }
    *at = *end ? end + 1 : end;
    *end = '\0';
    return start;
}

static int
parse_line(config_t *self, char *line, unsigned number, fault_t *fault)
{
    setting_t setting = {.line = number};
    bool broken = false;
    const char *word;
    while ((word = next_word(&line, &broken))) {
        if (setting.count == CONFIG_WORDS_MAX)
            return config_fault(self, &setting, fault, "over %d words", CONFIG_WORDS_MAX);
        setting.words[setting.count++] = word;
    }
    if (broken)
        return config_fault(self, &setting, fault, "a quote has no end");
    if (!setting.count)
        return 0;
    self->settings = memory_resize(self->settings, self->count + 1, sizeof *self->settings);
    self->settings[self->count++] = setting;
    return 0;
}

int
config_tell(config_faults_t *faults, const fault_t *fault)
{
    if (!faults)
        return -1;
    faults->say(fault->text);
    faults->told++;
    return 0;
}

int
config_end(const config_faults_t *faults, const char *path, fault_t *fault)
{
    if (!faults || !faults->told)
        return 0;
    return fault_set(fault, FAULT_CONFIG, "%s: %u fault%s: nothing would start", path, faults->told,
                     faults->told == 1 ? "" : "s");
}

config_t *
config_load(const char *path, fault_t *fault)
{
    return config_load_telling(path, NULL, fault);
}

config_t *
config_load_telling(const char *path, config_faults_t *faults, fault_t *fault)
{
    CLEANUP(config_destroy) config_t *self = memory_new(1, sizeof *self);
    self->path = memory_text(path);
    self->text = file_read(path, CONFIG_BYTES_MAX, fault);
    if (!self->text)
        return NULL;
    char *line = (char *)self->text->data;
    if (strlen(line) != self->text->size) {
        fault_set(fault, FAULT_CONFIG, "'%s' holds a NUL byte", path);
        return NULL;
    }
    for (unsigned number = 1; line; number++) {
        char *lf = strchr(line, '\n');
        if (lf)
            *lf = '\0';
        if (parse_line(self, line, number, fault) && config_tell(faults, fault))
            return NULL;
        line = lf ? lf + 1 : NULL;
    }
    return MOVE(self);
}

const char *
config_path(const config_t *self)
{
    return self->path;
}

size_t
config_count(const config_t *self)
{
    return self->count;
}

const setting_t *
config_at(const config_t *self, size_t index)
{
    return index < self->count ? &self->settings[index] : NULL;
}

int
config_fault(const config_t *self, const setting_t *setting, fault_t *fault, const char *format,
             ...)
{
    char text[FAULT_TEXT_MAX];
    va_list args;
    va_start(args, format);
    vsnprintf(text, sizeof text, format, args);
    va_end(args);
    return fault_set(fault, FAULT_CONFIG, "%s:%u: %s", self->path, setting->line, text);
}
