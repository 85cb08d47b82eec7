/* SPDX-License-Identifier: Apache-2.0 */
#include "common/log.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "common/moment.h"

#define LINE_MAX_BYTES 2048

static log_level_t threshold = LEVEL_INFO;
static const char *name = "tocsin";

void
log_open(const char *program, log_level_t level)
{
    name = program;
    threshold = level;
}

static size_t
format_line(char line[static LINE_MAX_BYTES], log_level_t level, const char *format, va_list args)
{
    static const struct {
        int priority; /* syslog's */
        const char *word;
    } levels[] = {{3, "error: "}, {4, "warning: "}, {6, ""}, {7, "debug: "}};
    char at[MOMENT_TEXT_MAX];
    int used;
    if (getenv("JOURNAL_STREAM")) {
        used = snprintf(line, LINE_MAX_BYTES, "<%d>%s: %s", levels[level].priority, name,
                        levels[level].word);
    } else {
        wall_write_instant(wall_now(), at);
        used = snprintf(line, LINE_MAX_BYTES, "%s %s: %s", at, name, levels[level].word);
    }
    int more = vsnprintf(line + used, LINE_MAX_BYTES - (size_t)used - 1, format, args);
    size_t size = (size_t)used + (more < 0 ? 0 : (size_t)more);
    if (size > LINE_MAX_BYTES - 2)
        size = LINE_MAX_BYTES - 2;
    for (size_t i = 0; i < size; i++)
        if ((unsigned char)line[i] < 0x20 || line[i] == 0x7f)
            line[i] = '?';
    line[size++] = '\n';
    return size;
}

/* A log that cannot be written has nowhere to say so. */
static void
write_lines(const void *lines, size_t size)
{
    ssize_t written = write(STDERR_FILENO, lines, size);
    (void)written;
}

static void
write_line(log_level_t level, const char *format, va_list args)
{
    char line[LINE_MAX_BYTES];
    if (level <= threshold)
        write_lines(line, format_line(line, level, format, args));
}

void
log_add(bytes_t *lines, const char *format, ...)
{
    char line[LINE_MAX_BYTES];
    va_list args;
    va_start(args, format);
    if (threshold >= LEVEL_INFO)
        bytes_add(lines, line, format_line(line, LEVEL_INFO, format, args));
    va_end(args);
}

void
log_lines(const bytes_t *lines)
{
    if (lines->size)
        write_lines(lines->data, lines->size);
}

#define LOG_FUNCTION(function, level)      \
    void function(const char *format, ...) \
    {                                      \
        va_list args;                      \
        va_start(args, format);            \
        write_line(level, format, args);   \
        va_end(args);                      \
    }

LOG_FUNCTION(log_error, LEVEL_ERROR)
LOG_FUNCTION(log_warning, LEVEL_WARNING)
LOG_FUNCTION(log_info, LEVEL_INFO)
LOG_FUNCTION(log_debug, LEVEL_DEBUG)

void
log_error_text(const char *text)
{
    log_error("%s", text);
}

void
log_fault(const char *what, const fault_t *fault)
{
    log_warning("%s: %s (%s)", what, fault->text, fault_word(fault->code));
}
