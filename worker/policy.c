/* SPDX-License-Identifier: Apache-2.0 */
#include "worker/policy.h"

#include <stdlib.h>

#include "common/weekly.h"

typedef struct {
    const char *path;
    bool spool; /* else read */
} folder_t;

typedef struct {
    const op_t *op;
    bool allowed;
    uint64_t count, seconds; /* 0 where there is no rate */
} op_rule_t;

typedef struct {
    const char *days, *span; /* as they stand in the policy */
    weekly_t weekly;
    bool blackout; /* else a window */
} hours_t;

struct policy {
    config_t *config; /* every text below lives in it */
    class_t highest;
    size_t folder_count, service_count, rule_count, hours_count;
    hours_t hours[POLICY_HOURS_MAX];
    folder_t folders[POLICY_FOLDERS_MAX];
    service_t services[POLICY_SERVICES_MAX];
    op_rule_t rules[POLICY_OPS_MAX];
};

/* The op's row, made where there is none yet. */
static op_rule_t *
rule_of(policy_t *self, const setting_t *at, fault_t *fault)
{
    const op_t *op = op_find(at->words[1]);
    if (!op) {
        config_fault(self->config, at, fault, "there is no op '%s'", at->words[1]);
        return NULL;
    }
    for (size_t i = 0; i < self->rule_count; i++)
        if (self->rules[i].op == op)
            return &self->rules[i];
    if (self->rule_count == POLICY_OPS_MAX) {
        config_fault(self->config, at, fault, "more than %d ops", POLICY_OPS_MAX);
        return NULL;
    }
    self->rules[self->rule_count].op = op;
    return &self->rules[self->rule_count++];
}

static int
on_allow(policy_t *self, const setting_t *at, fault_t *fault)
{
    op_rule_t *rule = rule_of(self, at, fault);
    if (!rule)
        return -1;
    rule->allowed = true;
    return 0;
}

static int
on_class(policy_t *self, const setting_t *at, fault_t *fault)
{
    if (strcmp(at->words[1], "highest") != 0 || !class_read(at->words[2], &self->highest))
        return config_fault(self->config, at, fault,
                            "'class highest' is observe, change or destructive");
    return 0;
}

static int
on_folder(policy_t *self, const setting_t *at, fault_t *fault)
{
    if (!path_is_normal(at->words[1]))
        return config_fault(self->config, at, fault, "'%.100s' is not a normal absolute path",
                            at->words[1]);
    if (self->folder_count == POLICY_FOLDERS_MAX)
        return config_fault(self->config, at, fault, "more than %d folders", POLICY_FOLDERS_MAX);
    self->folders[self->folder_count++] =
        (folder_t){.path = at->words[1], .spool = !strcmp(at->words[0], "spool")};
    return 0;
}

static int
on_rate(policy_t *self, const setting_t *at, fault_t *fault)
{
    op_rule_t *rule = rule_of(self, at, fault);
    if (!rule)
        return -1;
    if (rule->op->least == CLASS_OBSERVE)
        return config_fault(self->config, at, fault, "'%s' changes nothing and is not counted",
                            rule->op->name);
    if (!text_read_u64(at->words[2], 1, UINT32_MAX, &rule->count) ||
        !text_read_u64(at->words[3], 1, UINT32_MAX, &rule->seconds))
        return config_fault(self->config, at, fault, "a rate is a COUNT and SECONDS, from 1");
    return 0;
}

static int
on_hours(policy_t *self, const setting_t *at, fault_t *fault)
{
    if (self->hours_count == POLICY_HOURS_MAX)
        return config_fault(self->config, at, fault, "more than %d windows and blackouts",
                            POLICY_HOURS_MAX);
    hours_t *hours = &self->hours[self->hours_count++];
    *hours = (hours_t){
        .days = at->words[1], .span = at->words[2], .blackout = !strcmp(at->words[0], "blackout")};
    if (!weekly_read(&hours->weekly, hours->days, hours->span))
        return config_fault(self->config, at, fault,
                            "'%.40s %.40s' are no days (mon-fri, sat,sun) and a span (22:00-06:00)",
                            hours->days, hours->span);
    return 0;
}

static service_t *
service_of(policy_t *self, const setting_t *at, fault_t *fault)
{
    const char *name = at->words[1];
    for (size_t i = 0; i < self->service_count; i++)
        if (!strcmp(self->services[i].name, name))
            return &self->services[i];
    if (self->service_count == POLICY_SERVICES_MAX) {
        config_fault(self->config, at, fault, "more than %d services", POLICY_SERVICES_MAX);
        return NULL;
    }
    service_t *service = &self->services[self->service_count];
    if (!text_is_name(name) || !text_copy(service->name, sizeof service->name, name)) {
        config_fault(self->config, at, fault, "'%.63s' is not a name ([a-z0-9][a-z0-9._-]*)", name);
        return NULL;
    }
    self->service_count++;
    return service;
}

static int
on_service(policy_t *self, const setting_t *at, fault_t *fault)
{
    service_t *service = service_of(self, at, fault);
    if (!service)
        return -1;
    const char *what = at->words[2];
    if (!path_is_normal(at->words[3]))
        return config_fault(self->config, at, fault, "'%.100s' is not a normal absolute path",
                            at->words[3]);
    if (!strcmp(what, "pidfile") && at->count == 4)
        service->pidfile = at->words[3];
    else if (!strcmp(what, "start"))
        service->start = &at->words[3];
    else if (!strcmp(what, "stop"))
        service->stop = &at->words[3];
    else if (!strcmp(what, "reload"))
        service->reload = &at->words[3];
    else
        return config_fault(self->config, at, fault,
                            "a service has one pidfile, and commands start, stop and reload");
    return 0;
}

static const struct {
    const char *key;
    size_t least, most; /* words behind the key */
    int (*on)(policy_t *self, const setting_t *at, fault_t *fault);
} keys[] = {
    {"allow", 1, 1, on_allow},  {"class", 2, 2, on_class},
    {"read", 1, 1, on_folder},  {"spool", 1, 1, on_folder},
    {"rate", 3, 3, on_rate},    {"service", 3, CONFIG_WORDS_MAX, on_service},
    {"window", 2, 2, on_hours}, {"blackout", 2, 2, on_hours},
};

static int
read_setting(policy_t *self, const setting_t *at, fault_t *fault)
{
    for (size_t i = 0; i < ARRAY_SIZE(keys); i++) {
        if (strcmp(at->words[0], keys[i].key) != 0)
            continue;
        if (at->count <= keys[i].least || at->count > keys[i].most + 1)
            return config_fault(self->config, at, fault, "'%s' has too few or too many words",
                                keys[i].key);
        return keys[i].on(self, at, fault);
    }
    return config_fault(self->config, at, fault, "unknown key '%.63s'", at->words[0]);
}

policy_t *
policy_load(const char *path, fault_t *fault)
{
    CLEANUP(policy_destroy) policy_t *self = memory_new(1, sizeof *self);
    self->config = config_load(path, fault);
    if (!self->config)
        return NULL;
    for (size_t i = 0; i < config_count(self->config); i++)
        if (read_setting(self, config_at(self->config, i), fault))
            return NULL;
    for (size_t i = 0; i < self->service_count; i++)
        if (!self->services[i].pidfile || !self->services[i].start) {
            fault_set(fault, FAULT_CONFIG, "%s: service '%s' needs a pidfile and a start command",
                      path, self->services[i].name);
            return NULL;
        }
    return MOVE(self);
}

void
policy_destroy(policy_t **self_p)
{
    policy_t *self = *self_p;
    if (!self)
        return;
    config_destroy(&self->config);
    free(self);
    *self_p = NULL;
}

class_t
policy_highest(const policy_t *self)
{
    return self->highest;
}

static int
by_name(const void *left, const void *right)
{
    return strcmp(left, right);
}

void
policy_tell(const policy_t *self, allowance_t *out)
{
    out->highest = self->highest;
    out->op_count = 0;
    for (size_t i = 0; i < self->rule_count; i++)
        if (self->rules[i].allowed)
            text_copy(out->ops[out->op_count++], sizeof out->ops[0], self->rules[i].op->name);
    qsort(out->ops, out->op_count, sizeof out->ops[0], by_name);
}

const service_t *
policy_service(const policy_t *self, const char *name)
{
    for (size_t i = 0; i < self->service_count; i++)
        if (!strcmp(self->services[i].name, name))
            return &self->services[i];
    return NULL;
}

const char *
policy_spool(const policy_t *self, const char *path)
{
    const char *best = NULL;
    for (size_t i = 0; i < self->folder_count; i++) {
        const folder_t *at = &self->folders[i];
        if (at->spool && path_is_under(path, at->path) && strcmp(path, at->path) != 0 &&
            (!best || strlen(at->path) > strlen(best)))
            best = at->path;
    }
    return best;
}

static bool
ends_with(const char *name, const char *end)
{
    size_t size = strlen(name), end_size = strlen(end);
    return size > end_size && !strcmp(name + size - end_size, end);
}

/* "-20261122", and no digit behind it. */
static bool
is_date(const char *at)
{
    static const char digits[] = "0123456789";
    return at[0] == '-' && strspn(at + 1, digits) == 8 && strncmp(at + 1, "19700101", 8) >= 0 &&
           strncmp(at + 5, "01", 2) >= 0 && strncmp(at + 5, "12", 2) <= 0 &&
           strncmp(at + 7, "01", 2) >= 0 && strncmp(at + 7, "31", 2) <= 0;
}

bool
name_is_rotated(const char *name)
{
    static const char *const ends[] = {".gz", ".xz", ".zst", ".bz2", ".old"};
    uint64_t number;
    for (size_t i = 0; i < ARRAY_SIZE(ends); i++)
        if (ends_with(name, ends[i]))
            return true;
    for (const char *at = name; *at; at++)
        if (at != name && is_date(at))
            return true;
    const char *dot = strrchr(name, '.');
    return dot && dot != name && text_read_u64(dot + 1, 1, 999, &number);
}

static const op_rule_t *
find_rule(const policy_t *self, const op_t *op)
{
    for (size_t i = 0; i < self->rule_count; i++)
        if (self->rules[i].op == op)
            return &self->rules[i];
    return NULL;
}

static int
check_path(const policy_t *self, const op_t *op, const char *path, fault_t *fault)
{
    if (op->least != CLASS_OBSERVE) {
        if (!policy_spool(self, path))
            return fault_set(fault, FAULT_POLICY,
                             "'%.120s' is not below a spool folder of the policy", path);
        if (!strcmp(op->name, "file.remove") && !name_is_rotated(strrchr(path, '/') + 1))
            return fault_set(fault, FAULT_POLICY, "'%.120s' is not named like a rotated log", path);
        return 0;
    }
    for (size_t i = 0; i < self->folder_count; i++)
        if (path_is_under(path, self->folders[i].path))
            return 0;
    return fault_set(fault, FAULT_POLICY,
                     "'%.120s' is not below a read or spool folder of the policy", path);
}

int
policy_allows(const policy_t *self, const op_t *op, const value_t *arguments, fault_t *fault)
{
    const op_rule_t *rule = find_rule(self, op);
    if (!rule || !rule->allowed)
        return fault_set(fault, FAULT_POLICY, "the policy of this machine does not allow %s",
                         op->name);
    if (op->least > self->highest)
        return fault_set(fault, FAULT_CLASS, "%s is %s; the policy of this machine ends at %s",
                         op->name, class_word(op->least), class_word(self->highest));
    if (value_get(arguments, "path") &&
        check_path(self, op, value_get_text(arguments, "path"), fault))
        return -1;
    const char *service = value_get_text(arguments, "service");
    if (service[0] && !policy_service(self, service))
        return fault_set(fault, FAULT_POLICY, "the policy of this machine has no service '%.63s'",
                         service);
    return 0;
}

int
policy_check_hours(const policy_t *self, wall_t now, fault_t *fault)
{
    bool windows = false, open = false;
    for (size_t i = 0; i < self->hours_count; i++) {
        const hours_t *hours = &self->hours[i];
        bool stands = weekly_stands(&hours->weekly, now);
        if (hours->blackout && stands)
            return fault_set(fault, FAULT_POLICY,
                             "nothing on this machine is changed now: blackout %.40s %.40s UTC",
                             hours->days, hours->span);
        windows = windows || !hours->blackout;
        open = open || (!hours->blackout && stands);
    }
    if (windows && !open)
        return fault_set(fault, FAULT_POLICY,
                         "this machine is changed within the windows of its policy only, and none "
                         "is open now");
    return 0;
}

int
policy_check_rate(const policy_t *self, const op_t *op, const journal_t *journal, wall_t now,
                  fault_t *fault)
{
    const op_rule_t *rule = find_rule(self, op);
    if (!rule || !rule->count)
        return 0;
    wall_t since = {now.ms - (int64_t)rule->seconds * 1000};
    size_t count = journal_count(journal, op->name, since);
    if (count >= rule->count)
        return fault_set(fault, FAULT_RATE,
                         "%s began %zu times in the last %llu s, as often as allowed", op->name,
                         count, (unsigned long long)rule->seconds);
    return 0;
}
