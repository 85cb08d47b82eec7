/* SPDX-License-Identifier: Apache-2.0 */
#include "worker/policy.h"

#include <stdlib.h>

#include "common/weekly.h"
#include "worker/permit.h"

typedef struct {
    const char *path;
    bool spool; /* else read */
} folder_t;

typedef struct {
    const char *days, *span; /* as they stand in the policy */
    weekly_t weekly;
    bool blackout; /* else a window */
} hours_t;

typedef struct {
    class_t highest;
    bool always;
    weekly_t weekly; /* when it stands, else */
} class_line_t;

struct policy {
    config_t *config; /* every text below lives in it */
    size_t class_count;
    class_line_t classes[POLICY_CLASSES_MAX];
    pace_t pace;
    quorums_t more;
    bool no_glass;
    const char *quarantine, *evidence; /* NULL where it names none */
    size_t folder_count, service_count, permit_count, hours_count, net_count, secret_count;
    hours_t hours[POLICY_HOURS_MAX];
    net_t nets[POLICY_NETS_MAX];
    struct {
        const char *name, *path;
    } secrets[POLICY_SECRETS_MAX];
    folder_t folders[POLICY_FOLDERS_MAX];
    service_t services[POLICY_SERVICES_MAX];
    permit_t permits[POLICY_PERMITS_MAX];
    size_t worse_count, command_count;
    struct {
        const op_t *op;
        class_t class_;
    } worse[POLICY_WORSE_MAX];
    site_command_t commands[POLICY_COMMANDS_MAX];
};

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
    const char **keep = strcmp(at->words[0], "evidence") ? &self->quarantine : &self->evidence;
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
    self->folders[self->folder_count++] =
        (folder_t){.path = at->words[1], .spool = !strcmp(at->words[0], "spool")};
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

static int
on_hours(policy_t *self, const setting_t *at, fault_t *fault)
{
    if (self->hours_count == POLICY_HOURS_MAX)
        return too_many(self, at, POLICY_HOURS_MAX, fault);
    hours_t *hours = &self->hours[self->hours_count++];
    *hours = (hours_t){
        .days = at->words[1], .span = at->words[2], .blackout = !strcmp(at->words[0], "blackout")};
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
    const char *const **command = !strcmp(what, "start")  ? &service->start
                                  : !strcmp(what, "stop") ? &service->stop
                                                          : NULL;
    if (!command && (strcmp(what, "pidfile") != 0 || at->count != 4))
        return config_fault(self->config, at, fault,
                            "a service has one pidfile, and commands start and stop");
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
    const char *key;
    size_t least, most; /* words behind the key */
    int (*on)(policy_t *self, const setting_t *at, fault_t *fault);
} keys[] = {
    {"allow", 1, CONFIG_WORDS_MAX, on_allow},
    {"class", 2, 4, on_class},
    {"exec", 6, CONFIG_WORDS_MAX, on_exec},
    {"read", 1, 1, on_folder},
    {"spool", 1, 1, on_folder},
    {"quarantine", 1, 1, on_keep},
    {"evidence", 1, 1, on_keep},
    {"rate", 3, 3, on_pace},
    {"runs", 3, 3, on_pace},
    {"exceed", 1, 1, on_pace},
    {"service", 3, CONFIG_WORDS_MAX, on_service},
    {"window", 2, 2, on_hours},
    {"blackout", 2, 2, on_hours},
    {"approvals", 2, 2, on_quorum},
    {"orders", 2, 2, on_quorum},
    {"break-glass", 1, 1, on_glass},
    {"management", 1, 1, on_management},
    {"secret", 3, 3, on_secret},
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

/* Whether some line declares what an argument names. */
static int
check_declared(const policy_t *self, declared_t by, const char *name, fault_t *fault)
{
    const struct {
        const char *what;
        bool there;
    } lines[] = {
        [DECLARED_BY_NONE] = {"", true},
        [DECLARED_BY_SERVICE] = {"service", policy_service(self, name)},
        [DECLARED_BY_EXEC] = {"command", policy_command(self, name)},
        [DECLARED_BY_SECRET] = {"secret", policy_secret(self, name)},
    };
    if (lines[by].there)
        return 0;
    return fault_set(fault, FAULT_POLICY, "the policy of this machine has no %s '%.63s'",
                     lines[by].what, name);
}

/* Every service has all that it needs; an allow line names nothing that no line declares, wherever
 * in the file that stands. */
static int
check_whole(const policy_t *self, fault_t *fault)
{
    for (size_t i = 0; i < self->service_count; i++)
        if (!self->services[i].pidfile || !self->services[i].start)
            return fault_set(fault, FAULT_CONFIG,
                             "%s: service '%s' needs a pidfile and a start command",
                             config_path(self->config), self->services[i].name);
    for (size_t i = 0; i < self->permit_count; i++) {
        declared_t by;
        fault_t why = {0};
        const char *name = permit_declared(&self->permits[i], &by);
        if (name && check_declared(self, by, name, &why))
            return fault_set(fault, FAULT_CONFIG, "%s: allow %s: %s", config_path(self->config),
                             self->permits[i].op->name, why.text);
    }
    return 0;
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
    if (check_whole(self, fault))
        return NULL;
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
policy_highest(const policy_t *self, wall_t now)
{
    class_t highest = CLASS_OBSERVE;
    for (size_t i = 0; i < self->class_count; i++) {
        const class_line_t *line = &self->classes[i];
        if ((line->always || weekly_stands(&line->weekly, now)) && line->highest > highest)
            highest = line->highest;
    }
    return highest;
}

/* At some time of the week. */
static class_t
ever_highest(const policy_t *self)
{
    class_t highest = CLASS_OBSERVE;
    for (size_t i = 0; i < self->class_count; i++)
        if (self->classes[i].highest > highest)
            highest = self->classes[i].highest;
    return highest;
}

const pace_t *
policy_pace(const policy_t *self)
{
    return &self->pace;
}

const quorums_t *
policy_quorums(const policy_t *self)
{
    return &self->more;
}

static const permit_t *
find_permit(const policy_t *self, const op_t *op, const value_t *arguments)
{
    for (size_t i = 0; i < self->permit_count; i++)
        if (self->permits[i].op == op &&
            (!arguments || permit_covers(&self->permits[i], arguments)))
            return &self->permits[i];
    return NULL;
}

void
policy_tell(const policy_t *self, allowance_t *out)
{
    out->highest = ever_highest(self);
    out->more = self->more;
    out->no_glass = self->no_glass;
    for (size_t i = 0; i < self->hours_count; i++)
        allowance_hours_add(self->hours[i].blackout ? &out->blackouts : &out->windows,
                            &self->hours[i].weekly);
    out->op_count = 0;
    for (size_t i = 0; i < op_count(); i++)
        if (find_permit(self, op_at(i), NULL))
            text_copy(out->ops[out->op_count++], sizeof out->ops[0], op_at(i)->name);
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
policy_secret(const policy_t *self, const char *name)
{
    for (size_t i = 0; i < self->secret_count; i++)
        if (!strcmp(self->secrets[i].name, name))
            return self->secrets[i].path;
    return NULL;
}

const net_t *
policy_management(const policy_t *self, size_t index)
{
    return index < self->net_count ? &self->nets[index] : NULL;
}

const char *
policy_quarantine(const policy_t *self)
{
    return self->quarantine;
}

const char *
policy_evidence(const policy_t *self)
{
    return self->evidence;
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

static bool
is_readable(const policy_t *self, const char *path)
{
    for (size_t i = 0; i < self->folder_count; i++)
        if (path_is_under(path, self->folders[i].path))
            return true;
    return false;
}

static int
check_path(const policy_t *self, path_rule_t rule, const char *path, fault_t *fault)
{
    if (rule == PATH_READ && !is_readable(self, path))
        return fault_set(fault, FAULT_POLICY,
                         "'%.120s' is not below a read or spool folder of the policy", path);
    if (rule >= PATH_SPOOL && !policy_spool(self, path))
        return fault_set(fault, FAULT_POLICY, "'%.120s' is not below a spool folder of the policy",
                         path);
    if (rule == PATH_ROTATED && !name_is_rotated(strrchr(path, '/') + 1))
        return fault_set(fault, FAULT_POLICY, "'%.120s' is not named like a rotated log", path);
    return 0;
}

const site_command_t *
policy_command(const policy_t *self, const char *name)
{
    for (size_t i = 0; i < self->command_count; i++)
        if (!strcmp(self->commands[i].name, name))
            return &self->commands[i];
    return NULL;
}

/* What an op would execute; NULL where it executes nothing that the policy names. */
static const site_command_t *
command_of(const policy_t *self, const op_t *op, const value_t *arguments)
{
    const op_argument_t *names = op_declared(op, DECLARED_BY_EXEC);
    return names ? policy_command(self, value_get_text(arguments, names->name)) : NULL;
}

class_t
policy_class(const policy_t *self, const op_t *op, const value_t *arguments)
{
    class_t worst = op->least;
    const site_command_t *command = command_of(self, op, arguments);
    if (command && command->class_ > worst)
        worst = command->class_;
    for (size_t i = 0; i < self->worse_count; i++)
        if (self->worse[i].op == op && self->worse[i].class_ > worst)
            worst = self->worse[i].class_;
    return worst;
}

static int
check_arguments(const policy_t *self, const op_t *op, const value_t *arguments, fault_t *fault)
{
    for (size_t i = 0; i < OP_ARGUMENTS_MAX && op->arguments[i].name; i++) {
        const op_argument_t *at = &op->arguments[i];
        const char *text = value_get_text(arguments, at->name);
        if (value_get(arguments, at->name) && (check_path(self, at->lies, text, fault) ||
                                               check_declared(self, at->declared, text, fault)))
            return -1;
    }
    return 0;
}

/* What it would execute is complete. */
static int
check_command(const policy_t *self, const op_t *op, const value_t *arguments, fault_t *fault)
{
    const site_command_t *command = command_of(self, op, arguments);
    if (!command)
        return 0;
    CLEANUP(site_command_words_free)
    char **words = site_command_fill(command, value_get_text(arguments, "with"), fault);
    return words ? 0 : -1;
}

int
policy_allows(const policy_t *self, const op_t *op, const value_t *arguments, wall_t now,
              fault_t *fault)
{
    class_t highest = policy_highest(self, now);
    if (!find_permit(self, op, NULL))
        return fault_set(fault, FAULT_POLICY, "the policy of this machine does not allow %s",
                         op->name);
    class_t worst = policy_class(self, op, arguments);
    if (worst > highest)
        return fault_set(fault, FAULT_CLASS, "%s is %s; the policy of this machine now ends at %s",
                         op->name, class_word(worst), class_word(highest));
    if (!find_permit(self, op, arguments))
        return fault_set(fault, FAULT_POLICY,
                         "the policy of this machine does not allow %s on what its arguments name",
                         op->name);
    if (check_arguments(self, op, arguments, fault))
        return -1;
    return check_command(self, op, arguments, fault);
}

int
policy_check_glass(const policy_t *self, fault_t *fault)
{
    if (self->no_glass)
        return fault_set(fault, FAULT_POLICY, "the policy of this machine lets nobody break glass");
    return 0;
}

int
policy_check_hours(const policy_t *self, bool glass, wall_t now, fault_t *fault)
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
    if (windows && !open && !glass)
        return fault_set(fault, FAULT_POLICY,
                         "this machine is changed within the windows of its policy only, and none "
                         "is open now");
    return 0;
}
