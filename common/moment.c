/* SPDX-License-Identifier: Apache-2.0 */
#include "common/moment.h"

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "common/file.h"

static int64_t
clock_ms(clockid_t id)
{
    struct timespec now;
    int failed = clock_gettime(id, &now);
    assert(!failed);
    return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

wall_t
wall_now(void)
{
    return (wall_t){clock_ms(CLOCK_REALTIME)};
}

wall_t
wall_second(void)
{
    wall_t now = wall_now();
    return (wall_t){now.ms - now.ms % 1000};
}

mono_t
mono_now(void)
{
    return (mono_t){clock_ms(CLOCK_BOOTTIME)};
}

int
boot_name(char out[static BOOT_NAME_MAX + 1], fault_t *fault)
{
    static const char path[] = "/proc/sys/kernel/random/boot_id";
    CLEANUP(bytes_destroy) bytes_t *text = file_read(path, 64, fault);
    if (!text)
        return -1;
    if (text->size != BOOT_NAME_MAX + 1 || text->data[BOOT_NAME_MAX] != '\n')
        return fault_set(fault, FAULT_IO, "'%s' holds no boot's name", path);
    memcpy(out, text->data, BOOT_NAME_MAX);
    out[BOOT_NAME_MAX] = '\0';
    return 0;
}

static void
break_down(wall_t at, struct tm *out)
{
    assert(at.ms >= 0 && at.ms < INT64_C(253402300800000));
    time_t seconds = (time_t)(at.ms / 1000);
    struct tm *made = gmtime_r(&seconds, out);
    assert(made);
}

static void
write_digits(int number, int count, char *out)
{
    for (; count--; number /= 10)
        out[count] = (char)('0' + number % 10);
}

void
wall_write_time(wall_t at, char out[static MOMENT_TEXT_MAX])
{
    struct tm day;
    break_down(at, &day);
    write_digits(day.tm_year + 1900, 4, out);
    write_digits(day.tm_mon + 1, 2, out + 5);
    write_digits(day.tm_mday, 2, out + 8);
    write_digits(day.tm_hour, 2, out + 11);
    write_digits(day.tm_min, 2, out + 14);
    write_digits(day.tm_sec, 2, out + 17);
    out[4] = out[7] = '-';
    out[10] = 'T';
    out[13] = out[16] = ':';
    out[19] = 'Z';
    out[20] = '\0';
}

void
wall_write_instant(wall_t at, char out[static MOMENT_TEXT_MAX])
{
    wall_write_time(at, out);
    out[19] = '.';
    write_digits((int)(at.ms % 1000), 3, out + 20);
    out[23] = 'Z';
    out[24] = '\0';
}

/* Reads "YYYY-MM-DDTHH:MM:SS"; the caller proves the spelling by writing it again. */
static bool
read_seconds(const char *text, int64_t *seconds)
{
    static const char shape[] = "dddd-dd-ddTdd:dd:dd";
    int part[6] = {0};
    int at = 0;
    for (size_t i = 0; shape[i]; i++) {
        char c = text[i];
        if (shape[i] == 'd' && c >= '0' && c <= '9')
            part[at] = part[at] * 10 + (c - '0');
        else if (shape[i] != 'd' && c == shape[i])
            at++;
        else
            return false;
    }
    struct tm day = {.tm_year = part[0] - 1900,
                     .tm_mon = part[1] - 1,
                     .tm_mday = part[2],
                     .tm_hour = part[3],
                     .tm_min = part[4],
                     .tm_sec = part[5]};
    if (part[0] < 1970)
        return false;
    *seconds = (int64_t)timegm(&day);
    return day.tm_mday == part[2] && day.tm_mon == part[1] - 1 && day.tm_hour == part[3] &&
           day.tm_min == part[4] && day.tm_sec == part[5];
}

bool
wall_read_time(const char *text, wall_t *out)
{
    int64_t seconds;
    if (strlen(text) != 20 || text[19] != 'Z' || !read_seconds(text, &seconds))
        return false;
    out->ms = seconds * 1000;
    return true;
}

bool
wall_read_instant(const char *text, wall_t *out)
{
    int64_t seconds;
    if (strlen(text) != 24 || text[19] != '.' || text[23] != 'Z' || !read_seconds(text, &seconds))
        return false;
    int ms = 0;
    for (int i = 20; i < 23; i++) {
        if (text[i] < '0' || text[i] > '9')
            return false;
        ms = ms * 10 + (text[i] - '0');
    }
    out->ms = seconds * 1000 + ms;
    return true;
}

/* ±HH:MM behind the seconds, in milliseconds. */
static bool
read_offset(const char *text, int64_t *offset_ms)
{
    if (!strcmp(text, "Z") || !strcmp(text, "z")) {
        *offset_ms = 0;
        return true;
    }
    int hours, minutes, used = 0;
    if (sscanf(text + 1, "%2d:%2d%n", &hours, &minutes, &used) != 2 || used != 5 || text[6])
        return false;
    if ((text[0] != '+' && text[0] != '-') || hours > 23 || minutes > 59 || hours < 0 ||
        minutes < 0)
        return false;
    *offset_ms = ((int64_t)hours * 60 + minutes) * 60000 * (text[0] == '-' ? -1 : 1);
    return true;
}

bool
wall_read_rfc3339(const char *text, wall_t *out)
{
    int64_t seconds, offset_ms;
    if (strlen(text) < 20 || !read_seconds(text, &seconds))
        return false;
    const char *at = text + 19;
    int ms = 0;
    if (*at == '.') {
        int scale = 100;
        for (at++; *at >= '0' && *at <= '9'; at++, scale /= 10)
            ms += (*at - '0') * scale;
    }
    if (!read_offset(at, &offset_ms))
        return false;
    int64_t whole = seconds * 1000 + ms - offset_ms;
    if (whole < 0)
        return false;
    out->ms = whole;
    return true;
}
