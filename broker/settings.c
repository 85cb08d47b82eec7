/* SPDX-License-Identifier: Apache-2.0 */
#include "broker/settings.h"

#include <stdlib.h>

#include "common/file.h"

typedef struct {
    const char *key;
    size_t offset;      /* of a char * in settings_t */
    const char *absent; /* NULL: must be set */
} text_setting_t;

static const text_setting_t texts[] = {
    {"site", offsetof(settings_t, site), NULL},
    {"state", offsetof(settings_t, state), NULL},
    {"name", offsetof(settings_t, name), NULL},
    {"listen", offsetof(settings_t, listen), NULL},
    {"curve-secret", offsetof(settings_t, curve_secret), NULL},
    {"signing-key", offsetof(settings_t, signing_key), NULL},
    {"catalog", offsetof(settings_t, catalog), ""},
    {"timekeeper", offsetof(settings_t, timekeeper), ""},
    {"sendmail", offsetof(settings_t, sendmail), "/usr/sbin/sendmail"},
};

static char **
text_of(settings_t *self, const text_setting_t *row)
{
    return (char **)((char *)self + row->offset);
}

static int
read_text(settings_t *self, const config_t *config, const setting_t *setting,
          const text_setting_t *row, fault_t *fault)
{
    char **text = text_of(self, row);
    if (setting->count != 2)
        return config_fault(config, setting, fault, "'%s' takes one value", row->key);
    if (*text)
        return config_fault(config, setting, fault, "'%s' stands here a second time", row->key);
    if (!strcmp(row->key, "name") && !text_is_name(setting->words[1]))
        return config_fault(config, setting, fault, "'%s' is not a name", setting->words[1]);
    if (!strcmp(row->key, "sendmail") && setting->words[1][0] != '/')
        return config_fault(config, setting, fault, "'%s' is not the path of a program",
                            setting->words[1]);
    bool endpoint = !strcmp(row->key, "listen") || !strcmp(row->key, "timekeeper");
    if (endpoint && !address_is_endpoint(setting->words[1]))
        return config_fault(config, setting, fault, "'%s' is not tcp://ADDRESS:PORT",
                            setting->words[1]);
    *text = memory_text(setting->words[1]);
    return 0;
}

static int
read_http(settings_t *self, const config_t *config, const setting_t *setting, fault_t *fault)
{
    if (setting->count != 2 || *self->http.host || !address_read(setting->words[1], &self->http))
        return config_fault(config, setting, fault, "'http' takes one ADDRESS:PORT, once");
    return 0;
}

static int
read_uplink(settings_t *self, const config_t *config, const setting_t *setting, fault_t *fault)
{
    const char *const *words = setting->words;
    if (setting->count != 3 || self->uplink || !text_is_name(words[1]) ||
        !address_is_endpoint(words[2]))
        return config_fault(config, setting, fault,
                            "'uplink' takes a broker's name and tcp://HOST:PORT, once");
    text_copy(self->centre, sizeof self->centre, words[1]);
    self->uplink = memory_text(words[2]);
    return 0;
}

static int
read_token(source_t *source, const config_t *config, const setting_t *setting, fault_t *fault)
{
    source->token =
        file_read_secret(setting->words[4], SETTINGS_TOKEN_MIN, SETTINGS_TOKEN_MAX, fault);
    return source->token ? 0
                         : fault_wrap(fault, "%s:%u: the token of source '%s'", config_path(config),
                                      setting->line, setting->words[1]);
}

static int
read_source(settings_t *self, const config_t *config, const setting_t *setting, fault_t *fault)
{
    const char *const *words = setting->words;
    bool posts =
        setting->count >= 5 && !strcmp(words[2], "alertmanager") && !strcmp(words[3], "token-file");
    bool signs = setting->count >= 3 && !strcmp(words[2], "signed");
    const char *const *rest = words + (posts ? 5 : 3);
    bool region = *rest && !strcmp(*rest, "region") && rest[1] && text_is_name(rest[1]);
    if ((!posts && !signs) || rest + 2 * region != words + setting->count)
        return config_fault(config, setting, fault,
                            "expected: source NAME alertmanager token-file FILE [region NAME], or "
                            "source NAME signed [region NAME]");
    if (!text_is_name(words[1]) || settings_source(self, words[1]))
        return config_fault(config, setting, fault, "'%s' is not a name, or is taken", words[1]);
    if (self->source_count == SETTINGS_SOURCES_MAX)
        return config_fault(config, setting, fault, "over %d sources", SETTINGS_SOURCES_MAX);
    source_t source = {0};
    text_copy(source.name, sizeof source.name, words[1]);
    text_copy(source.kind, sizeof source.kind, words[2]);
    text_copy(source.region, sizeof source.region, region ? rest[1] : "");
    if (posts && read_token(&source, config, setting, fault))
        return -1;
    self->sources[self->source_count++] = source;
    return 0;
}

static int
read_grant(settings_t *self, const config_t *config, const setting_t *setting, fault_t *fault)
{
    if (setting->count != 2)
        return config_fault(config, setting, fault, "'grant' takes one file");
    if (self->grant_count == SETTINGS_GRANTS_MAX)
        return config_fault(config, setting, fault, "over %d grants", SETTINGS_GRANTS_MAX);
    self->grants[self->grant_count++] = memory_text(setting->words[1]);
    return 0;
}

static int
read_uid(uint64_t *uid, const config_t *config, const setting_t *setting, fault_t *fault)
{
    if (setting->count != 2 || !text_read_u64(setting->words[1], 1, UINT32_MAX - 1, uid))
        return config_fault(config, setting, fault, "'%s' takes one number above 0",
                            setting->words[0]);
    return 0;
}

static int
read_setting(settings_t *self, const config_t *config, const setting_t *setting, fault_t *fault)
{
    const char *key = setting->words[0];
    for (size_t i = 0; i < ARRAY_SIZE(texts); i++)
        if (!strcmp(key, texts[i].key))
            return read_text(self, config, setting, &texts[i], fault);
    if (!strcmp(key, "http"))
        return read_http(self, config, setting, fault);
    if (!strcmp(key, "uplink"))
        return read_uplink(self, config, setting, fault);
    if (!strcmp(key, "source"))
        return read_source(self, config, setting, fault);
    if (!strcmp(key, "freeze"))
        return holds_read_freeze(&self->holds, config, setting, fault);
    if (!strcmp(key, "brake"))
        return holds_read_brake(&self->holds, config, setting, fault);
    if (!strcmp(key, "sink"))
        return sinks_read(&self->sinks, config, setting, fault);
    if (!strcmp(key, "grant"))
        return read_grant(self, config, setting, fault);
    if (!strcmp(key, "uid"))
        return read_uid(&self->uid, config, setting, fault);
    if (!strcmp(key, "catalog-uid"))
        return read_uid(&self->catalog_uid, config, setting, fault);
    if (!strcmp(key, "notifier-uid"))
        return read_uid(&self->notifier_uid, config, setting, fault);
    return config_fault(config, setting, fault, "'%s' is no setting of the broker's", key);
}

static bool
has_line(const config_t *config, const char *key)
{
    for (size_t i = 0; i < config_count(config); i++)
        if (!strcmp(config_at(config, i)->words[0], key))
            return true;
    return false;
}

/* What no line says. One that is there and wrong was told itself. */
static int
fill_absent(settings_t *self, const config_t *config, config_faults_t *faults, fault_t *fault)
{
    for (size_t i = 0; i < ARRAY_SIZE(texts); i++) {
        char **text = text_of(self, &texts[i]);
        if (!*text && texts[i].absent)
            *text = memory_text(texts[i].absent);
        if (*text || has_line(config, texts[i].key))
            continue;
        fault_set(fault, FAULT_CONFIG, "%s: '%s' is not set", config_path(config), texts[i].key);
        if (config_tell(faults, fault))
            return -1;
    }
    if (!self->uplink || !self->name || strcmp(self->centre, self->name) != 0)
        return 0;
    fault_set(fault, FAULT_CONFIG, "%s: 'uplink' names this broker itself", config_path(config));
    return config_tell(faults, fault);
}

/* A line that could not be read may be one that sets what no other does. */
static settings_t *
read_file(const char *path, config_faults_t *faults, fault_t *fault)
{
    CLEANUP(config_destroy) config_t *config = config_load_telling(path, faults, fault);
    if (!config)
        return NULL;
    bool whole = !faults || !faults->told;
    CLEANUP(settings_destroy) settings_t *self = memory_new(1, sizeof *self);
    for (size_t i = 0; i < config_count(config); i++)
        if (read_setting(self, config, config_at(config, i), fault) && config_tell(faults, fault))
            return NULL;
    if (whole && fill_absent(self, config, faults, fault))
        return NULL;
    if (config_end(faults, path, fault))
        return NULL;
    self->config = MOVE(config);
    return MOVE(self);
}

settings_t *
settings_read(const char *path, fault_t *fault)
{
    return read_file(path, NULL, fault);
}

settings_t *
settings_check(const char *path, void (*say)(const char *text), fault_t *fault)
{
    config_faults_t faults = {.say = say};
    return read_file(path, &faults, fault);
}

int
settings_blame(const settings_t *self, const char *key, const char *value, fault_t *fault)
{
    for (size_t i = 0; i < config_count(self->config); i++) {
        const setting_t *at = config_at(self->config, i);
        if (!strcmp(at->words[0], key) && (!value || !strcmp(at->words[1], value)))
            return fault_wrap(fault, "%s:%u", config_path(self->config), at->line);
    }
    return fault_wrap(fault, "%s", config_path(self->config));
}

void
settings_destroy(settings_t **self_p)
{
    settings_t *self = *self_p;
    if (!self)
        return;
    for (size_t i = 0; i < ARRAY_SIZE(texts); i++)
        free(*text_of(self, &texts[i]));
    config_destroy(&self->config);
    free(self->uplink);
    for (size_t i = 0; i < self->source_count; i++)
        bytes_destroy(&self->sources[i].token);
    for (size_t i = 0; i < self->grant_count; i++)
        free(self->grants[i]);
    free(self);
    *self_p = NULL;
}

const source_t *
settings_source(const settings_t *self, const char *name)
{
    for (size_t i = 0; i < self->source_count; i++)
        if (!strcmp(self->sources[i].name, name))
            return &self->sources[i];
    return NULL;
}
