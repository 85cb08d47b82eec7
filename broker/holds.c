/* SPDX-License-Identifier: Apache-2.0 */
#include "broker/holds.h"

#include <stdio.h>

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
    freeze.weekly = weekly_read(&freeze.span, words[2], words[3]);
    if (!freeze.weekly && (!wall_read_time(words[2], &freeze.from) ||
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
    return self->weekly ? weekly_stands(&self->span, now)
                        : now.ms >= self->from.ms && now.ms < self->to.ms;
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
