/* SPDX-License-Identifier: Apache-2.0 */
#include "sidecars/timekeeper_settings.h"

#include <stdlib.h>

#include "common/config.h"
#include "common/text.h"

static int
read_site(timekeeper_settings_t *self, const char *word)
{
    return hash_read(word, &self->site) ? 0 : -1;
}

/* Once each. */
static int
read_path(char **to, const char *word)
{
    if (*word != '/' || *to)
        return -1;
    *to = memory_text(word);
    return 0;
}

static int
read_state(timekeeper_settings_t *self, const char *word)
{
    return read_path(&self->state, word);
}

static int
read_documents(timekeeper_settings_t *self, const char *word)
{
    return read_path(&self->documents, word);
}

static int
read_listen(timekeeper_settings_t *self, const char *word)
{
    if (strncmp(word, "tcp://", 6) != 0 || self->listen)
        return -1;
    self->listen = memory_text(word);
    return 0;
}

static int
read_curve_secret(timekeeper_settings_t *self, const char *word)
{
    return read_path(&self->curve_secret, word);
}

static int
read_signing_key(timekeeper_settings_t *self, const char *word)
{
    return read_path(&self->signing_key, word);
}

static int
read_beat(timekeeper_settings_t *self, const char *word)
{
    uint64_t seconds;
    if (!text_read_duration(word, &seconds) || seconds < TIMEKEEPER_BEAT_MIN_S ||
        seconds > TIMEKEEPER_BEAT_MAX_S)
        return -1;
    self->beat_s = seconds;
    return 0;
}

static int
read_uid(timekeeper_settings_t *self, const char *word)
{
    return text_read_u64(word, 1, UINT32_MAX - 1, &self->uid) ? 0 : -1;
}

static const struct {
    const char *key;
    int (*read)(timekeeper_settings_t *self, const char *word);
    const char *expected;
} rows[] = {
    {"site", read_site, "site ID, 64 hexadecimal digits"},
    {"state", read_state, "state /FOLDER, once"},
    {"documents", read_documents, "documents /FOLDER, once"},
    {"listen", read_listen, "listen tcp://ADDRESS:PORT, once"},
    {"curve-secret", read_curve_secret, "curve-secret /FILE, once"},
    {"signing-key", read_signing_key, "signing-key /FILE, once"},
    {"beat", read_beat, "beat DURATION, of 1s to 10m"},
    {"uid", read_uid, "uid NUMBER, above 0"},
};

static int
read_setting(timekeeper_settings_t *self, const config_t *config, const setting_t *setting,
             fault_t *fault)
{
    for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
        if (strcmp(setting->words[0], rows[i].key) != 0)
            continue;
        if (setting->count == 2 && !rows[i].read(self, setting->words[1]))
            return 0;
        return config_fault(config, setting, fault, "expected: %s", rows[i].expected);
    }
    return config_fault(config, setting, fault, "'%s' is no setting of tocsin-timekeeper's",
                        setting->words[0]);
}

static int
check_whole(const timekeeper_settings_t *self, const char *path, config_faults_t *faults,
            fault_t *fault)
{
    const struct {
        const char *key;
        bool there;
    } needed[] = {{"site", !hash_equal(&self->site, &HASH_ZERO)},
                  {"state", self->state},
                  {"listen", self->listen},
                  {"curve-secret", self->curve_secret},
                  {"signing-key", self->signing_key}};
    for (size_t i = 0; i < ARRAY_SIZE(needed); i++) {
        if (needed[i].there)
            continue;
        fault_set(fault, FAULT_CONFIG, "%s: '%s' is not set", path, needed[i].key);
        if (config_tell(faults, fault))
            return -1;
    }
    return 0;
}

/* A line that could not be read may be one that is missed. */
static timekeeper_settings_t *
read_file(const char *path, config_faults_t *faults, fault_t *fault)
{
    CLEANUP(config_destroy) config_t *config = config_load_telling(path, faults, fault);
    if (!config)
        return NULL;
    bool whole = !faults || !faults->told;
    CLEANUP(timekeeper_settings_destroy)
    timekeeper_settings_t *self = memory_new(1, sizeof *self);
    self->beat_s = TIMEKEEPER_BEAT_S;
    for (size_t i = 0; i < config_count(config); i++)
        if (read_setting(self, config, config_at(config, i), fault) && config_tell(faults, fault))
            return NULL;
    if ((whole && check_whole(self, path, faults, fault)) || config_end(faults, path, fault))
        return NULL;
    return MOVE(self);
}

timekeeper_settings_t *
timekeeper_settings_read(const char *path, fault_t *fault)
{
    return read_file(path, NULL, fault);
}

timekeeper_settings_t *
timekeeper_settings_check(const char *path, void (*say)(const char *text), fault_t *fault)
{
    config_faults_t faults = {.say = say};
    return read_file(path, &faults, fault);
}

void
timekeeper_settings_destroy(timekeeper_settings_t **self_p)
{
    timekeeper_settings_t *self = *self_p;
    if (!self)
        return;
    free(self->state);
    free(self->documents);
    free(self->listen);
    free(self->curve_secret);
    free(self->signing_key);
    free(self);
    *self_p = NULL;
}
