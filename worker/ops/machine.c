/* SPDX-License-Identifier: Apache-2.0 */
#include "worker/ops/machine.h"

#include <errno.h>
#include <pwd.h>
#include <stdarg.h>
#include <stdlib.h>

#include "common/file.h"
#include "common/text.h"

#define SMALL_FILE_MAX 65536

static const char *
below_root(const op_world_t *world, char out[static PATH_MAX], const char *format, va_list args)
{
    int size = snprintf(out, PATH_MAX, "%s", world->root ? world->root : "");
    vsnprintf(out + size, PATH_MAX - (size_t)size, format, args);
    return out;
}

const char *
machine_path(const op_world_t *world, char out[static PATH_MAX], const char *format, ...)
{
    va_list args;
    va_start(args, format);
    below_root(world, out, format, args);
    va_end(args);
    return out;
}

bytes_t *
machine_read(const op_world_t *world, size_t max, fault_t *fault, const char *format, ...)
{
    char path[PATH_MAX];
    va_list args;
    va_start(args, format);
    below_root(world, path, format, args);
    va_end(args);
    return file_read(path, max, fault);
}

int64_t
machine_number(const op_world_t *world, const char *format, ...)
{
    char path[PATH_MAX], *end;
    va_list args;
    va_start(args, format);
    below_root(world, path, format, args);
    va_end(args);
    CLEANUP(bytes_destroy) bytes_t *text = file_read(path, SMALL_FILE_MAX, NULL);
    if (!text)
        return -1;
    long long number = strtoll(bytes_text(text), &end, 10);
    return end == bytes_text(text) ? -1 : number;
}

void
machine_line(const op_world_t *world, char *out, size_t size, const char *format, ...)
{
    char path[PATH_MAX];
    va_list args;
    va_start(args, format);
    below_root(world, path, format, args);
    va_end(args);
    CLEANUP(bytes_destroy) bytes_t *text = file_read(path, SMALL_FILE_MAX, NULL);
    const char *at = text ? bytes_text(text) : "";
    out[0] = '\0';
    line_next(&at, out, size);
}

int
machine_tell(const op_world_t *world, char *out, size_t size, fault_t *fault, const char *format,
             ...)
{
    char path[PATH_MAX];
    fault_t why = {0};
    va_list args;
    va_start(args, format);
    below_root(world, path, format, args);
    va_end(args);
    CLEANUP(bytes_destroy) bytes_t *text = file_read(path, SMALL_FILE_MAX, &why);
    const char *at = text ? bytes_text(text) : "";
    out[0] = '\0';
    line_next(&at, out, size);
    return text || why.code == FAULT_NOT_FOUND ? 0 : fault_set(fault, why.code, "%s", why.text);
}

bool
machine_lacks(int wrong)
{
    static const int ours[] = {EMFILE, ENFILE, ENOBUFS, ENOMEM, EADDRNOTAVAIL};
    for (size_t i = 0; i < ARRAY_SIZE(ours); i++)
        if (wrong == ours[i])
            return true;
    return false;
}

int64_t
field_number(const char *text, const char *key)
{
    size_t size = strlen(key);
    for (const char *at = text; at && *at; at = strchr(at, '\n'), at = at ? at + 1 : NULL)
        if (!strncmp(at, key, size) && strchr(" \t:", at[size]) && at[size])
            return strtoll(at + size + strspn(at + size, " \t:"), NULL, 10);
    return -1;
}

bool
line_next(const char **at, char *line, size_t size)
{
    if (!**at)
        return false;
    size_t length = strcspn(*at, "\n"), kept = length < size ? length : size - 1;
    memcpy(line, *at, kept);
    line[kept] = '\0';
    *at += length + ((*at)[length] == '\n');
    return true;
}

size_t
lines_visible(uint8_t *text, size_t size)
{
    size_t kept = 0;
    bool hidden = false;
    for (size_t i = 0; i < size; i++) {
        hidden = text[i] != '\n' && (hidden || !text[i]);
        if (!hidden)
            text[kept++] = text[i];
    }
    return kept;
}

char *
word_next(char **at)
{
    char *word = *at + strspn(*at, " \t");
    if (!*word)
        return NULL;
    *at = word + strcspn(word, " \t");
    if (**at)
        *(*at)++ = '\0';
    return word;
}

value_t *
shown(const char *text)
{
    char copy[SHOWN_MAX + 1];
    snprintf(copy, sizeof copy, "%s", text);
    if (!text_is_free(slice_text(copy)))
        for (char *at = copy; *at; at++)
            *at = *at < 0x20 || *at > 0x7e ? '?' : *at;
    return value_text(copy);
}

void
show(value_t *map, const char *key, const char *text)
{
    value_set(map, key, shown(text));
}

value_t *
hundredths(int64_t number)
{
    char text[VALUE_DECIMAL_MAX + 1];
    if (number % 100 == 0)
        return value_integer(number / 100);
    snprintf(text, sizeof text, "%s%lld.%02lld", number < 0 ? "-" : "", llabs(number / 100),
             llabs(number % 100));
    if (number % 10 == 0)
        text[strlen(text) - 1] = '\0';
    value_t *result = value_decimal(text, NULL);
    return result ? result : value_integer(number / 100);
}

value_t *
percent(uint64_t part, uint64_t whole)
{
    return hundredths(whole ? (int64_t)((__uint128_t)part * 10000 / whole) : 0);
}

int
user_name(const op_world_t *world, uid_t user, char *out, size_t size, fault_t *fault)
{
    char path[PATH_MAX];
    FILE *file = fopen(machine_path(world, path, "/etc/passwd"), "re");
    struct passwd *entry = NULL;
    if (!file && errno != ENOENT)
        return fault_errno(fault, "'%s' cannot be read", path);
    errno = 0;
    while (file && (entry = fgetpwent(file)) && entry->pw_uid != user)
        errno = 0;
    bool cut = file && !entry && (ferror(file) || (errno && errno != ENOENT));
    int wrong = cut ? fault_errno(fault, "'%s' cannot be read", path) : 0;
    if (entry)
        snprintf(out, size, "%s", entry->pw_name);
    else
        snprintf(out, size, "%u", (unsigned)user);
    if (file)
        fclose(file);
    return wrong;
}

int64_t
time_ms(struct timespec at)
{
    return at.tv_sec * 1000 + at.tv_nsec / 1000000;
}

int64_t
clock_us(clockid_t clock)
{
    struct timespec now;
    clock_gettime(clock, &now);
    return (int64_t)now.tv_sec * 1000000 + now.tv_nsec / 1000;
}
