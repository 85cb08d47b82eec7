/* SPDX-License-Identifier: Apache-2.0 */
#include "common/weekly.h"

#include <stdio.h>
#include <string.h>

#define DAY_MS  86400000LL
#define DAYS    7
#define MINUTES (24 * 60)

static const char *const days[DAYS] = {"mon", "tue", "wed", "thu", "fri", "sat", "sun"};

static bool
read_day(const char *text, unsigned *day)
{
    for (unsigned i = 0; i < DAYS; i++)
        if (!strncmp(text, days[i], 3)) {
            *day = i;
            return true;
        }
    return false;
}

/* "mon-fri,sun"; a range may go round the end of the week. */
static bool
read_days(const char *text, unsigned *out)
{
    unsigned set = 0, first, last;
    for (;; text++) {
        if (!read_day(text, &first))
            return false;
        last = first;
        text += 3;
        if (*text == '-') {
            if (!read_day(text + 1, &last))
                return false;
            text += 4;
        }
        for (unsigned day = first; set |= 1u << day, day != last;)
            day = (day + 1) % DAYS;
        if (*text != ',')
            break;
    }
    *out = set;
    return !*text;
}

/* "HH:MM", to 24:00. */
static bool
read_minute(const char *text, unsigned *out)
{
    for (int i = 0; i < 5; i++)
        if (i == 2 ? text[i] != ':' : text[i] < '0' || text[i] > '9')
            return false;
    unsigned hour = (unsigned)(text[0] - '0') * 10 + (unsigned)(text[1] - '0');
    unsigned minute = (unsigned)(text[3] - '0') * 10 + (unsigned)(text[4] - '0');
    *out = hour * 60 + minute;
    return minute < 60 && *out <= MINUTES;
}

static bool
read_span(const char *text, weekly_t *self)
{
    return strlen(text) == 11 && text[5] == '-' && read_minute(text, &self->begins) &&
           read_minute(text + 6, &self->ends) && self->begins != self->ends &&
           self->begins < MINUTES;
}

bool
weekly_read(weekly_t *self, const char *names, const char *span)
{
    return read_days(names, &self->days) && read_span(span, self);
}

const char *
weekly_write(const weekly_t *self, char out[static WEEKLY_TEXT_MAX])
{
    int used = 0;
    for (unsigned day = 0; day < DAYS; day++)
        if (self->days & 1u << day)
            used += snprintf(out + used, WEEKLY_TEXT_MAX - (size_t)used, "%s%s", used ? "," : "",
                             days[day]);
    snprintf(out + used, WEEKLY_TEXT_MAX - (size_t)used, " %02u:%02u-%02u:%02u", self->begins / 60,
             self->begins % 60, self->ends / 60, self->ends % 60);
    return out;
}

bool
weekly_stands(const weekly_t *self, wall_t now)
{
    int64_t day = now.ms / DAY_MS; /* 1970-01-01 was a Thursday */
    unsigned today = (unsigned)((day + 3) % DAYS), minute = (unsigned)(now.ms % DAY_MS / 60000);
    bool begun = self->days & 1u << today && minute >= self->begins;
    bool since = self->days & 1u << (today + DAYS - 1) % DAYS && minute < self->ends;
    return self->begins < self->ends ? begun && minute < self->ends : begun || since;
}
