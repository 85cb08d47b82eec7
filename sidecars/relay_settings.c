/* SPDX-License-Identifier: Apache-2.0 */
#include "sidecars/relay_settings.h"

#include <stdlib.h>

#include "common/config.h"
#include "common/file.h"

/* The line that is read, and where it stands. */
typedef struct {
    const config_t *config;
    const setting_t *setting;
} line_t;

static int
read_site(relay_settings_t *self, const line_t *line, fault_t *fault)
{
    (void)fault;
    return line->setting->count == 2 && hash_read(line->setting->words[1], &self->site) ? 0 : -1;
}

static int
read_state(relay_settings_t *self, const line_t *line, fault_t *fault)
{
    (void)fault;
    if (line->setting->count != 2 || line->setting->words[1][0] != '/' || self->state)
        return -1;
    self->state = memory_text(line->setting->words[1]);
    return 0;
}

static int
read_http(relay_settings_t *self, const line_t *line, fault_t *fault)
{
    (void)fault;
    bool fine = line->setting->count == 2 && !*self->http.host &&
                address_read(line->setting->words[1], &self->http);
    return fine ? 0 : -1;
}

static int
read_source(relay_settings_t *self, const line_t *line, fault_t *fault)
{
    const char *const *words = line->setting->words;
    if (line->setting->count != 7 || !text_is_name(words[1]) ||
        strcmp(words[2], "alertmanager") != 0 || strcmp(words[3], "token-file") != 0 ||
        strcmp(words[5], "key") != 0 || relay_settings_source(self, words[1]))
        return -1;
    if (self->source_count == RELAY_SOURCES_MAX)
        return config_fault(line->config, line->setting, fault, "over %d sources",
                            RELAY_SOURCES_MAX);
    relay_source_t *source = &self->sources[self->source_count];
    source->token = file_read_secret(words[4], RELAY_TOKEN_MIN, RELAY_TOKEN_MAX, fault);
    if (!source->token)
        return fault_wrap(fault, "%s:%u", config_path(line->config), line->setting->line);
    text_copy(source->name, sizeof source->name, words[1]);
    source->key = memory_text(words[6]);
    self->source_count++;
    return 0;
}

/* SCHEME://HOST[:PORT] */
static bool
is_url(const char *text)
{
    const char *host = !strncmp(text, "https://", 8)  ? text + 8
                       : !strncmp(text, "http://", 7) ? text + 7
                                                      : "";
    return *host && !strpbrk(host, "/?#@ ");
}

static bool
is_broker(const relay_settings_t *self, const char *name)
{
    for (size_t i = 0; i < self->broker_count; i++)
        if (!strcmp(self->brokers[i].name, name))
            return true;
    return false;
}

static int
read_broker(relay_settings_t *self, const line_t *line, fault_t *fault)
{
    size_t count = line->setting->count;
    const char *const *words = line->setting->words;
    if ((count != 3 && (count != 5 || strcmp(words[3], "ca-file") != 0)) ||
        !text_is_name(words[1]) || !is_url(words[2]) || is_broker(self, words[1]))
        return -1;
    if (self->broker_count == RELAY_BROKERS_MAX)
        return config_fault(line->config, line->setting, fault, "over %d brokers",
                            RELAY_BROKERS_MAX);
    relay_broker_t *broker = &self->brokers[self->broker_count++];
    text_copy(broker->name, sizeof broker->name, words[1]);
    broker->url = memory_text(words[2]);
    broker->ca = count == 5 ? memory_text(words[4]) : NULL;
    return 0;
}

static int
read_fresh(relay_settings_t *self, const line_t *line, fault_t *fault)
{
    uint64_t seconds;
    (void)fault;
    if (line->setting->count != 2 || !text_read_duration(line->setting->words[1], &seconds) ||
        seconds < RELAY_FRESH_MIN || seconds > RELAY_FRESH_MAX)
        return -1;
    self->fresh_s = seconds;
    return 0;
}

static int
read_uid(relay_settings_t *self, const line_t *line, fault_t *fault)
{
    (void)fault;
    return line->setting->count == 2 &&
                   text_read_u64(line->setting->words[1], 1, UINT32_MAX - 1, &self->uid)
               ? 0
               : -1;
}

static const struct {
    const char *key;
    int (*read)(relay_settings_t *self, const line_t *line, fault_t *fault);
    const char *expected;
} rows[] = {
    {"site", read_site, "site ID, 64 hexadecimal digits"},
    {"state", read_state, "state /FOLDER, once"},
    {"http", read_http, "http ADDRESS:PORT, once"},
    {"source", read_source, "source NAME alertmanager token-file FILE key FILE, each name once"},
    {"broker", read_broker,
     "broker NAME http://HOST:PORT or https://HOST:PORT [ca-file FILE], each name once"},
    {"fresh", read_fresh, "fresh DURATION, of 60s to 24h"},
    {"uid", read_uid, "uid NUMBER, above 0"},
};

static int
read_setting(relay_settings_t *self, const config_t *config, const setting_t *setting,
             fault_t *fault)
{
    line_t line = {config, setting};
    fault_t why = {0};
    for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
        if (strcmp(setting->words[0], rows[i].key) != 0)
            continue;
        if (!rows[i].read(self, &line, &why))
            return 0;
        return why.code ? fault_set(fault, why.code, "%s", why.text)
                        : config_fault(config, setting, fault, "expected: %s", rows[i].expected);
    }
    return config_fault(config, setting, fault, "'%s' is no setting of tocsin-source's",
                        setting->words[0]);
}

static int
check_whole(const relay_settings_t *self, const char *path, config_faults_t *faults, fault_t *fault)
{
    const struct {
        const char *key;
        bool there;
    } needed[] = {{"site", !hash_equal(&self->site, &HASH_ZERO)},
                  {"state", self->state},
                  {"http", *self->http.host},
                  {"source", self->source_count},
                  {"broker", self->broker_count}};
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
static relay_settings_t *
read_file(const char *path, config_faults_t *faults, fault_t *fault)
{
    CLEANUP(config_destroy) config_t *config = config_load_telling(path, faults, fault);
    if (!config)
        return NULL;
    bool whole = !faults || !faults->told;
    CLEANUP(relay_settings_destroy) relay_settings_t *self = memory_new(1, sizeof *self);
    self->fresh_s = RELAY_FRESH_MAX;
    for (size_t i = 0; i < config_count(config); i++)
        if (read_setting(self, config, config_at(config, i), fault) && config_tell(faults, fault))
            return NULL;
    if ((whole && check_whole(self, path, faults, fault)) || config_end(faults, path, fault))
        return NULL;
    return MOVE(self);
}

relay_settings_t *
relay_settings_read(const char *path, fault_t *fault)
{
    return read_file(path, NULL, fault);
}

relay_settings_t *
relay_settings_check(const char *path, void (*say)(const char *text), fault_t *fault)
{
    config_faults_t faults = {.say = say};
    return read_file(path, &faults, fault);
}

void
relay_settings_destroy(relay_settings_t **self_p)
{
    relay_settings_t *self = *self_p;
    if (!self)
        return;
    for (size_t i = 0; i < self->source_count; i++) {
        bytes_destroy(&self->sources[i].token);
        free(self->sources[i].key);
    }
    for (size_t i = 0; i < self->broker_count; i++) {
        free(self->brokers[i].url);
        free(self->brokers[i].ca);
    }
    free(self->state);
    free(self);
    *self_p = NULL;
}

const relay_source_t *
relay_settings_source(const relay_settings_t *self, const char *name)
{
    for (size_t i = 0; i < self->source_count; i++)
        if (!strcmp(self->sources[i].name, name))
            return &self->sources[i];
    return NULL;
}
