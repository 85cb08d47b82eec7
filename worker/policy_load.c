/* SPDX-License-Identifier: Apache-2.0 */
/* Reads a policy, a function a line. */
#include "worker/policy_private.h"

#define EXPENDABLE_AGE_MIN_S 60
#define EXPENDABLE_AGE_MAX_S 315360000 /* as the op table has it */

static int
too_many(const policy_t *self, const setting_t *at, int most, fault_t *fault)
{
    return config_fault(self->config, at, fault, "more than %d of these", most);
}

static int
stands_twice(const policy_t *self, const setting_t *at, const char *what, fault_t *fault)
{
    return config_fault(self->config, at, fault, "'%.60s' stands there twice", what);
}

static int
on_allow(policy_t *self, const setting_t *at, fault_t *fault)
{
    fault_t why = {0};
    if (self->permit_count == POLICY_PERMITS_MAX)
        return too_many(self, at, POLICY_PERMITS_MAX, fault);
    if (permit_read(&self->permits[self->permit_count], at->words + 1, at->count - 1, &why))
        return config_fault(self->config, at, fault, "%s", why.text);
    self->permit_count++;
    return 0;
}

/* class OP CLASS. */
static int
on_worse(policy_t *self, const setting_t *at, const op_t *op, fault_t *fault)
{
    class_t class_;
    if (at->count != 3 || !class_read(at->words[2], &class_) || class_ < op->least)
        return config_fault(self->config, at, fault,
                            "'class %s' is %s, or worse: change or destructive", op->name,
                            class_word(op->least));
    if (self->worse_count == POLICY_WORSE_MAX)
        return too_many(self, at, POLICY_WORSE_MAX, fault);
    self->worse[self->worse_count].op = op;
    self->worse[self->worse_count++].class_ = class_;
    return 0;
}

static int
on_exec(policy_t *self, const setting_t *at, fault_t *fault)
{
    fault_t why = {0};
    if (self->command_count == POLICY_COMMANDS_MAX)
        return too_many(self, at, POLICY_COMMANDS_MAX, fault);
    site_command_t *command = &self->commands[self->command_count];
    if (site_command_read(command, at->words + 1, at->count - 1, &why))
        return config_fault(self->config, at, fault, "%s", why.text);
    if (policy_command(self, command->name))
        return stands_twice(self, at, command->name, fault);
    self->command_count++;
    return 0;
}

static int
on_device(policy_t *self, const setting_t *at, fault_t *fault)
{
    fault_t why = {0};
    if (self->device_count == POLICY_DEVICES_MAX)
        return too_many(self, at, POLICY_DEVICES_MAX, fault);
    network_device_t *device = &self->devices[self->device_count];
    if (device_read(device, at->words + 1, at->count - 1, &why))
        return config_fault(self->config, at, fault, "%s", why.text);
    if (policy_device(self, device->name))
        return stands_twice(self, at, device->name, fault);
    self->device_count++;
    return 0;
}

static int
on_database(policy_t *self, const setting_t *at, fault_t *fault)
{
    fault_t why = {0};
    if (self->database_count == POLICY_DATABASES_MAX)
        return too_many(self, at, POLICY_DATABASES_MAX, fault);
    database_t *database = &self->databases[self->database_count];
    if (database_read(database, at->words + 1, at->count - 1, &why))
        return config_fault(self->config, at, fault, "%s", why.text);
    if (policy_database(self, database->name))
        return stands_twice(self, at, database->name, fault);
    self->database_count++;
    return 0;
}

static int
on_class(policy_t *self, const setting_t *at, fault_t *fault)
{
    class_line_t *line = &self->classes[self->class_count];
    const op_t *op = op_find(at->words[1]);
    if (op)
        return on_worse(self, at, op, fault);
    if (self->class_count == POLICY_CLASSES_MAX)
        return too_many(self, at, POLICY_CLASSES_MAX, fault);
    line->always = at->count == 3;
    if (strcmp(at->words[1], "highest") != 0 || !class_read(at->words[2], &line->highest) ||
        (!line->always &&
         (at->count != 5 || !weekly_read(&line->weekly, at->words[3], at->words[4]))))
        return config_fault(self->config, at, fault,
                            "'class highest' is observe, change or destructive; behind it may "
                            "stand days (mon-fri, sat,sun) and a span (22:00-06:00)");
    self->class_count++;
    return 0;
}

static int
on_keep(policy_t *self, const setting_t *at, fault_t *fault)
{
    const char **keep = !strcmp(at->words[0], "evidence")  ? &self->evidence
                        : !strcmp(at->words[0], "backups") ? &self->backups
                                                           : &self->quarantine;
    if (*keep)
        return stands_twice(self, at, at->words[0], fault);
    if (!path_is_normal(at->words[1]))
        return config_fault(self->config, at, fault, "'%.100s' is not a normal absolute path",
                            at->words[1]);
    *keep = at->words[1];
    return 0;
}

static int
on_folder(policy_t *self, const setting_t *at, fault_t *fault)
{
    if (!path_is_normal(at->words[1]))
        return config_fault(self->config, at, fault, "'%.100s' is not a normal absolute path",
                            at->words[1]);
    if (self->folder_count == POLICY_FOLDERS_MAX)
        return too_many(self, at, POLICY_FOLDERS_MAX, fault);
    self->folders[self->folder_count++] = (folder_t){
        .path = at->words[1], .kind = !strcmp(at->words[0], "spool") ? FOLDER_SPOOL : FOLDER_READ};
    return 0;
}

/* expendable PATH older-than DURATION. */
static int
on_expendable(policy_t *self, const setting_t *at, fault_t *fault)
{
    uint64_t age_s;
    if (strcmp(at->words[2], "older-than") != 0 || !text_read_duration(at->words[3], &age_s) ||
        age_s < EXPENDABLE_AGE_MIN_S || age_s > EXPENDABLE_AGE_MAX_S)
        return config_fault(self->config, at, fault,
                            "expected 'expendable PATH older-than DURATION' (60s, 12h, 7d), of a "
                            "minute to ten years");
    if (!strcmp(at->words[1], "/"))
        return config_fault(self->config, at, fault, "all of '/' is not expendable");
    for (size_t i = 0; i < self->folder_count; i++)
        if (self->folders[i].kind == FOLDER_EXPENDABLE &&
            !strcmp(self->folders[i].path, at->words[1]))
            return stands_twice(self, at, at->words[1], fault);
    if (on_folder(self, at, fault))
        return -1;
    folder_t *folder = &self->folders[self->folder_count - 1];
    folder->kind = FOLDER_EXPENDABLE;
    folder->age_s = age_s;
    return 0;
}

static int
on_pace(policy_t *self, const setting_t *at, fault_t *fault)
{
    fault_t why = {0};
    return pace_take(&self->pace, at->words, &why)
               ? config_fault(self->config, at, fault, "%s", why.text)
               : 0;
}

/* window [OP] DAYS HH:MM-HH:MM, blackout DAYS HH:MM-HH:MM. */
static int
on_hours(policy_t *self, const setting_t *at, fault_t *fault)
{
    bool own = at->count == 4;
    if (self->hours_count == POLICY_HOURS_MAX)
        return too_many(self, at, POLICY_HOURS_MAX, fault);
    hours_t *hours = &self->hours[self->hours_count++];
    *hours = (hours_t){.days = at->words[1 + own],
                       .span = at->words[2 + own],
                       .op = own ? op_find(at->words[1]) : NULL,
                       .blackout = !strcmp(at->words[0], "blackout")};
    if (own && (!hours->op || hours->op->least == CLASS_OBSERVE))
        return config_fault(self->config, at, fault,
                            "there is no op '%.63s' that changes something", at->words[1]);
    if (!weekly_read(&hours->weekly, hours->days, hours->span))
        return config_fault(self->config, at, fault,
                            "'%.40s %.40s' are no days (mon-fri, sat,sun) and a span (22:00-06:00)",
                            hours->days, hours->span);
    return 0;
}

static int
on_quorum(policy_t *self, const setting_t *at, fault_t *fault)
{
    class_t class_;
    uint64_t people;
    unsigned *of = strcmp(at->words[0], "orders") ? self->more.approvals : self->more.orders;
    if (!class_read(at->words[1], &class_) ||
        !text_read_u64(at->words[2], 1, SIGNATURES_MAX, &people))
        return config_fault(self->config, at, fault,
                            "'%s' is a class and how many people it asks for, 1 to %d",
                            at->words[0], SIGNATURES_MAX);
    if (of[class_])
        return stands_twice(self, at, at->words[1], fault);
    of[class_] = (unsigned)people;
    return 0;
}

static int
on_glass(policy_t *self, const setting_t *at, fault_t *fault)
{
    if (strcmp(at->words[1], "never") != 0)
        return config_fault(self->config, at, fault,
                            "'break-glass' is 'never', or the line is left out");
    self->no_glass = true;
    return 0;
}

static int
on_management(policy_t *self, const setting_t *at, fault_t *fault)
{
    if (self->net_count == POLICY_NETS_MAX)
        return too_many(self, at, POLICY_NETS_MAX, fault);
    net_t *net = &self->nets[self->net_count++];
    if (!net_read(at->words[1], net))
        return config_fault(self->config, at, fault,
                            "'%.63s' is not an IP address or network in its one spelling",
                            at->words[1]);
    return 0;
}

static int
on_secret(policy_t *self, const setting_t *at, fault_t *fault)
{
    if (self->secret_count == POLICY_SECRETS_MAX)
        return too_many(self, at, POLICY_SECRETS_MAX, fault);
    if (!text_is_name(at->words[1]) || strcmp(at->words[2], "file") != 0 ||
        !path_is_normal(at->words[3]))
        return config_fault(self->config, at, fault, "expected 'secret NAME file PATH'");
    if (policy_secret(self, at->words[1]))
        return stands_twice(self, at, at->words[1], fault);
    self->secrets[self->secret_count].name = at->words[1];
    self->secrets[self->secret_count++].path = at->words[3];
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
        too_many(self, at, POLICY_SERVICES_MAX, fault);
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
    const char *const **command = !strcmp(what, "start")    ? &service->start
                                  : !strcmp(what, "stop")   ? &service->stop
                                  : !strcmp(what, "reload") ? &service->reload
                                                            : NULL;
    if (!command && (strcmp(what, "pidfile") != 0 || at->count != 4))
        return config_fault(self->config, at, fault,
                            "a service has one pidfile, and commands start, stop and reload");
    if (!path_is_normal(at->words[3]))
        return config_fault(self->config, at, fault, "'%.100s' is not a normal absolute path",
                            at->words[3]);
    if (command ? !!*command : !!service->pidfile)
        return stands_twice(self, at, what, fault);
    if (command)
        *command = &at->words[3];
    else
        service->pidfile = at->words[3];
    return 0;
}

static const struct {
    const char *key, *form; /* what stands behind it */
    size_t least, most;     /* words behind the key */
    int (*on)(policy_t *self, const setting_t *at, fault_t *fault);
} keys[] = {
    {"allow", "OP [ARGUMENT=VALUE]...", 1, CONFIG_WORDS_MAX, on_allow},
    {"class", "highest CLASS [DAYS HH:MM-HH:MM], or OP CLASS", 2, 4, on_class},
    {"exec", "NAME class CLASS timeout SECONDS COMMAND ARG...", 6, CONFIG_WORDS_MAX, on_exec},
    {"read", "PATH", 1, 1, on_folder},
    {"spool", "PATH", 1, 1, on_folder},
    {"expendable", "PATH older-than DURATION", 3, 3, on_expendable},
    {"quarantine", "PATH", 1, 1, on_keep},
    {"evidence", "PATH", 1, 1, on_keep},
    {"backups", "PATH", 1, 1, on_keep},
    {"rate", "OP COUNT SECONDS", 3, 3, on_pace},
    {"runs", "PLAYBOOK|* COUNT SECONDS", 3, 3, on_pace},
    {"exceed", "PERSON", 1, 1, on_pace},
    {"service", "NAME pidfile PATH, or NAME start|stop|reload COMMAND ARG...", 3, CONFIG_WORDS_MAX,
     on_service},
    {"window", "[OP] DAYS HH:MM-HH:MM", 2, 3, on_hours},
    {"blackout", "DAYS HH:MM-HH:MM", 2, 2, on_hours},
    {"approvals", "CLASS PEOPLE", 2, 2, on_quorum},
    {"orders", "CLASS PEOPLE", 2, 2, on_quorum},
    {"break-glass", "never", 1, 1, on_glass},
    {"management", "NET", 1, 1, on_management},
    {"secret", "NAME file PATH", 3, 3, on_secret},
    {"device", "NAME DIALECT USER ADDRESS PORT password|key SECRET host-key TYPE BASE64", 10, 10,
     on_device},
    {"database", "NAME FOLDER PORT DATABASE role ROLE user USER", 8, 8, on_database},
};

static int
read_setting(policy_t *self, const setting_t *at, fault_t *fault)
{
    for (size_t i = 0; i < ARRAY_SIZE(keys); i++) {
        if (strcmp(at->words[0], keys[i].key) != 0)
            continue;
        if (at->count <= keys[i].least || at->count > keys[i].most + 1)
            return config_fault(self->config, at, fault, "such a line is `%s %s`", keys[i].key,
                                keys[i].form);
        return keys[i].on(self, at, fault);
    }
    return config_fault(self->config, at, fault, "unknown key '%.63s'", at->words[0]);
}

/* An allow line names nothing that no line declares, and no op without the windows that it needs.
 */
static int
check_permit(const policy_t *self, const permit_t *permit, fault_t *fault)
{
    declared_t by;
    fault_t why = {0};
    const op_t *op = permit->op;
    const char *name = permit_declared(permit, &by);
    if (name && policy_check_declared(self, by, name, &why))
        return fault_set(fault, FAULT_CONFIG, "%s: allow %s: %s", config_path(self->config),
                         op->name, why.text);
    if (op->windowed && !policy_has_window(self, op))
        return fault_set(fault, FAULT_CONFIG,
                         "%s: allow %s must say when: `window %s DAYS HH:MM-HH:MM`",
                         config_path(self->config), op->name, op->name);
    return 0;
}

static int
check_service(const policy_t *self, const service_t *service, fault_t *fault)
{
    if (service->pidfile && service->start)
        return 0;
    return fault_set(fault, FAULT_CONFIG, "%s: service '%s' needs a pidfile and a start command",
                     config_path(self->config), service->name);
}

static int
check_device(const policy_t *self, const network_device_t *device, fault_t *fault)
{
    if (policy_secret(self, device->secret))
        return 0;
    return fault_set(fault, FAULT_CONFIG, "%s: device '%s' needs a line secret '%s'",
                     config_path(self->config), device->name, device->secret);
}

/* Every service, device and permit has all that it needs, wherever in the file that stands. */
static int
check_whole(const policy_t *self, config_faults_t *faults, fault_t *fault)
{
    for (size_t i = 0; i < self->service_count; i++)
        if (check_service(self, &self->services[i], fault) && config_tell(faults, fault))
            return -1;
    for (size_t i = 0; i < self->device_count; i++)
        if (check_device(self, &self->devices[i], fault) && config_tell(faults, fault))
            return -1;
    for (size_t i = 0; i < self->permit_count; i++)
        if (check_permit(self, &self->permits[i], fault) && config_tell(faults, fault))
            return -1;
    return 0;
}

/* What a line that is wrong would have declared is not missed. */
policy_t *
policy_load_telling(const char *path, config_faults_t *faults, fault_t *fault)
{
    CLEANUP(policy_destroy) policy_t *self = memory_new(1, sizeof *self);
    self->config = config_load_telling(path, faults, fault);
    if (!self->config)
        return NULL;
    for (size_t i = 0; i < config_count(self->config); i++)
        if (read_setting(self, config_at(self->config, i), fault) && config_tell(faults, fault))
            return NULL;
    if (!(faults && faults->told) && check_whole(self, faults, fault))
        return NULL;
    return config_end(faults, path, fault) ? NULL : MOVE(self);
}

policy_t *
policy_load(const char *path, fault_t *fault)
{
    return policy_load_telling(path, NULL, fault);
}
