/* SPDX-License-Identifier: Apache-2.0 */
#include "broker/holds.h"

#include <stdio.h>

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
read_span(const char *text, freeze_t *freeze)
{
    return strlen(text) == 11 && text[5] == '-' && read_minute(text, &freeze->begins) &&
           read_minute(text + 6, &freeze->ends) && freeze->begins != freeze->ends &&
           freeze->begins < MINUTES;
}

/* What stands behind the first count words: nothing, or "region NAME". */
static bool
read_region(const setting_t *setting, size_t count, char region[static TEXT_NAME_MAX + 1])
{
    if (setting->count == count)
        return true;
    return setting->count == count + 2 && !strcmp(setting->words[count], "region") &&
           text_is_name(setting->words[count + 1]) &&
           text_copy(region, TEXT_NAME_MAX + 1, setting->words[count + 1]);
}

int
holds_read_freeze(holds_t *self, const config_t *config, const setting_t *setting, fault_t *fault)
{
    freeze_t freeze = {0};
    const char *const *words = setting->words;
    if (self->freeze_count == HOLDS_MAX)
        return config_fault(config, setting, fault, "over %d freezes", HOLDS_MAX);
    if (setting->count < 4 || !text_is_name(words[1]) || !read_region(setting, 4, freeze.region))
        return config_fault(config, setting, fault,
                            "expected: freeze NAME DAYS HH:MM-HH:MM [region NAME], or TIME TIME");
    bool weekly = read_days(words[2], &freeze.days) && read_span(words[3], &freeze);
    if (!weekly)
        freeze.days = 0;
    if (!weekly && (!wall_read_time(words[2], &freeze.from) ||
                    !wall_read_time(words[3], &freeze.to) || freeze.from.ms >= freeze.to.ms))
        return config_fault(config, setting, fault,
                            "'%s %s' are neither days (mon-fri, sat,sun) and a span (22:00-06:00), "
                            "nor one time before another (2026-12-24T00:00:00Z)",
                            words[2], words[3]);
    text_copy(freeze.name, sizeof freeze.name, words[1]);
    self->freezes[self->freeze_count++] = freeze;
    return 0;
}

int
holds_read_brake(holds_t *self, const config_t *config, const setting_t *setting, fault_t *fault)
{
    brake_t brake = {0};
    if (self->brake_count == HOLDS_MAX)
        return config_fault(config, setting, fault, "over %d brakes", HOLDS_MAX);
    if (setting->count < 3 || !text_read_u64(setting->words[1], 1, BRAKE_COUNT_MAX, &brake.count) ||
        !text_read_u64(setting->words[2], 1, BRAKE_SECONDS_MAX, &brake.seconds) ||
        !read_region(setting, 3, brake.region))
        return config_fault(config, setting, fault, "expected: brake COUNT SECONDS [region NAME]");
    self->brakes[self->brake_count++] = brake;
    return 0;
}

bool
freeze_stands(const freeze_t *self, wall_t now)
{
    if (!self->days)
        return now.ms >= self->from.ms && now.ms < self->to.ms;
    int64_t day = now.ms / DAY_MS; /* 1970-01-01 was a Thursday */
    unsigned today = (unsigned)((day + 3) % DAYS), minute = (unsigned)(now.ms % DAY_MS / 60000);
    bool begun = self->days & 1u << today && minute >= self->begins;
    bool since = self->days & 1u << (today + DAYS - 1) % DAYS && minute < self->ends;
    return self->begins < self->ends ? begun && minute < self->ends : begun || since;
}

const freeze_t *
holds_freeze(const holds_t *self, const char *region, wall_t now)
{
    for (size_t i = 0; i < self->freeze_count; i++) {
        const freeze_t *freeze = &self->freezes[i];
        if ((!*freeze->region || !strcmp(freeze->region, region)) && freeze_stands(freeze, now))
            return freeze;
    }
    return NULL;
}
