/* SPDX-License-Identifier: Apache-2.0 */
#include "worker/settings.h"

#include <stdio.h>

#include "common/address.h"

typedef int(reader_of_setting_t)(settings_t *self, const setting_t *words);

static int
read_site(settings_t *self, const setting_t *setting)
{
    return hash_read(setting->words[1], &self->site) ? 0 : -1;
}

static int
read_name(settings_t *self, const setting_t *setting)
{
    bool good = text_is_name(setting->words[1]);
    return good && text_copy(self->name, sizeof self->name, setting->words[1]) ? 0 : -1;
}

static int
read_path(char out[PATH_MAX], const setting_t *setting)
{
    return setting->words[1][0] == '/' && text_copy(out, PATH_MAX, setting->words[1]) ? 0 : -1;
}

static int
read_state(settings_t *self, const setting_t *setting)
{
    return read_path(self->state, setting);
}

static int
read_run(settings_t *self, const setting_t *setting)
{
    return read_path(self->run, setting);
}

static int
read_documents(settings_t *self, const setting_t *setting)
{
    return read_path(self->documents, setting);
}

static int
read_policy(settings_t *self, const setting_t *setting)
{
    return read_path(self->policy, setting);
}

static int
read_broker(settings_t *self, const setting_t *setting)
{
    broker_at_t *broker = &self->brokers[self->broker_count];
    for (size_t i = 0; i < self->broker_count; i++)
        if (!strcmp(self->brokers[i].endpoint, setting->words[1]))
            return -1;
    if (self->broker_count == WORKER_BROKERS_MAX || !address_is_endpoint(setting->words[1]) ||
        !text_copy(broker->endpoint, sizeof broker->endpoint, setting->words[1]) ||
        !curvekey_read(setting->words[2], &broker->key))
        return -1;
    self->broker_count++;
    return 0;
}

static int
read_uid(settings_t *self, const setting_t *setting)
{
    uint64_t uid;
    uid_t *role = !strcmp(setting->words[1], "link")      ? &self->link_uid
                  : !strcmp(setting->words[1], "judge")   ? &self->judge_uid
                  : !strcmp(setting->words[1], "spawner") ? &self->spawner_uid
                                                          : NULL;
    if (!role || *role || !text_read_u64(setting->words[2], 1, 65533, &uid) ||
        uid == self->link_uid || uid == self->judge_uid || uid == self->spawner_uid)
        return -1;
    *role = (uid_t)uid;
    return 0;
}

static const struct {
    const char *key;
    size_t words; /* the key included */
    bool required, repeats;
    reader_of_setting_t *read;
    const char *form;
} rows[] = {
    {"site", 2, true, false, read_site, "site ID (64 hexadecimal digits)"},
    {"name", 2, true, false, read_name, "name NAME ([a-z0-9][a-z0-9._-]*)"},
    {"state", 2, true, false, read_state, "state FOLDER (absolute)"},
    {"run", 2, true, false, read_run, "run FOLDER (absolute)"},
    {"documents", 2, false, false, read_documents, "documents FOLDER (absolute)"},
    {"policy", 2, true, false, read_policy, "policy FILE (absolute)"},
    {"broker", 3, true, true, read_broker,
     "broker tcp://HOST:PORT CURVE-KEY (at most 4, each once)"},
    {"uid", 3, false, true, read_uid,
     "uid link|judge|spawner NUMBER (each once, and no two the same)"},
};

static int
read_setting(settings_t *self, const config_t *config, const setting_t *setting,
             bool seen[ARRAY_SIZE(rows)], fault_t *fault)
{
    for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
        if (strcmp(rows[i].key, setting->words[0]) != 0)
            continue;
        if (seen[i] && !rows[i].repeats)
            return config_fault(config, setting, fault, "'%s' is set twice", rows[i].key);
        seen[i] = true;
        if (setting->count != rows[i].words || rows[i].read(self, setting))
            return config_fault(config, setting, fault, "expected '%s'", rows[i].form);
        return 0;
    }
    return config_fault(config, setting, fault, "there is no setting '%.40s'", setting->words[0]);
}

/* A line that could not be read may be one that is missed. */
int
settings_load_telling(settings_t *self, const char *path, config_faults_t *faults, fault_t *fault)
{
    CLEANUP(config_destroy) config_t *config = config_load_telling(path, faults, fault);
    bool seen[ARRAY_SIZE(rows)] = {false}, whole = !faults || !faults->told;
    if (!config)
        return -1;
    *self = (settings_t){0};
    for (size_t i = 0; i < config_count(config); i++)
        if (read_setting(self, config, config_at(config, i), seen, fault) &&
            config_tell(faults, fault))
            return -1;
    for (size_t i = 0; whole && i < ARRAY_SIZE(rows); i++) {
        if (!rows[i].required || seen[i])
            continue;
        fault_set(fault, FAULT_CONFIG, "%s: '%s' is missing", path, rows[i].form);
        if (config_tell(faults, fault))
            return -1;
    }
    return config_end(faults, path, fault);
}

int
settings_load(settings_t *self, const char *path, fault_t *fault)
{
    return settings_load_telling(self, path, NULL, fault);
}

const char *
settings_path(const settings_t *self, const char *name, char out[static PATH_MAX])
{
    if (snprintf(out, PATH_MAX, "%s/%s", self->state, name) >= PATH_MAX)
        out[0] = '\0';
    return out;
}
