/* SPDX-License-Identifier: Apache-2.0 */
#include "worker/policy_private.h"

#include <limits.h>
#include <stdio.h>
#include <stdlib.h>

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
            (!arguments || !permit_misfit(&self->permits[i], arguments)))
            return &self->permits[i];
    return NULL;
}

/* Whether any line lets an op execute this one. */
static bool
may_execute(const policy_t *self, const site_command_t *command)
{
    for (size_t i = 0; i < self->permit_count; i++) {
        const op_argument_t *names = op_declared(self->permits[i].op, DECLARED_BY_EXEC);
        if (names && permit_admits(&self->permits[i], names, command->name))
            return true;
    }
    return false;
}

static void
tell_classes(const policy_t *self, allowance_t *out)
{
    _Static_assert(POLICY_WORSE_MAX <= ALLOWANCE_CLASSES_MAX, "none is left out");
    _Static_assert(POLICY_COMMANDS_MAX <= ALLOWANCE_CLASSES_MAX, "none is left out");
    for (size_t i = 0; i < self->worse_count; i++)
        if (self->worse[i].class_ > self->worse[i].op->least &&
            find_permit(self, self->worse[i].op, NULL))
            allowance_classes_add(&out->worse, self->worse[i].op->name, self->worse[i].class_);
    for (size_t i = 0; i < self->command_count; i++)
        if (may_execute(self, &self->commands[i]))
            allowance_classes_add(&out->commands, self->commands[i].name, self->commands[i].class_);
}

void
policy_tell(const policy_t *self, allowance_t *out)
{
    out->highest = ever_highest(self);
    out->more = self->more;
    out->no_glass = self->no_glass;
    for (size_t i = 0; i < self->hours_count; i++) {
        const hours_t *hours = &self->hours[i];
        if (hours->op)
            allowance_owns_add(&out->owns, hours->op->name, &hours->weekly);
        else
            allowance_hours_add(hours->blackout ? &out->blackouts : &out->windows, &hours->weekly);
    }
    out->op_count = 0;
    for (size_t i = 0; i < op_count(); i++)
        if (find_permit(self, op_at(i), NULL))
            text_copy(out->ops[out->op_count++], sizeof out->ops[0], op_at(i)->name);
    tell_classes(self, out);
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

const char *
policy_secret_file(const policy_t *self, size_t index)
{
    return index < self->secret_count ? self->secrets[index].path : NULL;
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
policy_backups(const policy_t *self)
{
    return self->backups;
}

/* The folder of that kind that a path is or lies below, the narrowest. */
static const folder_t *
narrowest(const policy_t *self, folder_kind_t kind, const char *path)
{
    const folder_t *best = NULL;
    for (size_t i = 0; i < self->folder_count; i++) {
        const folder_t *at = &self->folders[i];
        if (at->kind == kind && path_is_under(path, at->path) &&
            (!best || strlen(at->path) > strlen(best->path)))
            best = at;
    }
    return best;
}

/* The same for what lies in a folder, not for the folder itself. */
static const folder_t *
holding(const policy_t *self, folder_kind_t kind, const char *path)
{
    char folder[PATH_MAX];
    if (!text_copy(folder, sizeof folder, path))
        return NULL;
    char *slash = strrchr(folder, '/');
    if (!slash[1])
        return NULL;
    slash[slash == folder] = '\0';
    return narrowest(self, kind, folder);
}

const char *
policy_spool(const policy_t *self, const char *path)
{
    const folder_t *found = holding(self, FOLDER_SPOOL, path);
    return found ? found->path : NULL;
}

const char *
policy_expendable(const policy_t *self, const char *path, uint64_t *age_s)
{
    const folder_t *found = narrowest(self, FOLDER_EXPENDABLE, path);
    if (found)
        *age_s = found->age_s;
    return found ? found->path : NULL;
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
    return narrowest(self, FOLDER_READ, path) || narrowest(self, FOLDER_SPOOL, path);
}

static bool
is_rotated_log(const policy_t *self, const char *path)
{
    return holding(self, FOLDER_SPOOL, path) && name_is_rotated(strrchr(path, '/') + 1);
}

static int
check_path(const policy_t *self, path_rule_t rule, const char *path, fault_t *fault)
{
    if (rule == PATH_READ && !is_readable(self, path))
        return fault_set(fault, FAULT_POLICY,
                         "'%.120s' is not below a read or spool folder of the policy", path);
    if (rule == PATH_SPOOL && !holding(self, FOLDER_SPOOL, path))
        return fault_set(fault, FAULT_POLICY, "'%.120s' is not below a spool folder of the policy",
                         path);
    if (rule == PATH_EXPENDABLE && !is_rotated_log(self, path) &&
        !holding(self, FOLDER_EXPENDABLE, path))
        return fault_set(fault, FAULT_POLICY,
                         "'%.120s' is neither a rotated log below a spool folder of the policy nor "
                         "below an expendable one",
                         path);
    if (rule == PATH_AGED && !narrowest(self, FOLDER_EXPENDABLE, path))
        return fault_set(fault, FAULT_POLICY,
                         "'%.120s' is no expendable folder of the policy, nor below one", path);
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

const network_device_t *
policy_device(const policy_t *self, const char *name)
{
    for (size_t i = 0; i < self->device_count; i++)
        if (!strcmp(self->devices[i].name, name))
            return &self->devices[i];
    return NULL;
}

const database_t *
policy_database(const policy_t *self, const char *name)
{
    for (size_t i = 0; i < self->database_count; i++)
        if (!strcmp(self->databases[i].name, name))
            return &self->databases[i];
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

int
policy_check_declared(const policy_t *self, declared_t by, const char *name, fault_t *fault)
{
    const struct {
        const char *what;
        bool there;
    } lines[] = {
        [DECLARED_BY_NONE] = {"", true},
        [DECLARED_BY_SERVICE] = {"service", policy_service(self, name)},
        [DECLARED_BY_EXEC] = {"command", policy_command(self, name)},
        [DECLARED_BY_SECRET] = {"secret", policy_secret(self, name)},
        [DECLARED_BY_DEVICE] = {"device", policy_device(self, name)},
        [DECLARED_BY_DATABASE] = {"database", policy_database(self, name)},
    };
    if (lines[by].there)
        return 0;
    return fault_set(fault, FAULT_POLICY, "the policy of this machine has no %s '%.63s'",
                     lines[by].what, name);
}

static int
check_arguments(const policy_t *self, const op_t *op, const value_t *arguments, fault_t *fault)
{
    for (size_t i = 0; i < OP_ARGUMENTS_MAX && op->arguments[i].name; i++) {
        const op_argument_t *at = &op->arguments[i];
        const char *text = value_get_text(arguments, at->name);
        if (value_get(arguments, at->name) &&
            (check_path(self, at->lies, text, fault) ||
             policy_check_declared(self, at->declared, text, fault)))
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

bool
policy_has_window(const policy_t *self, const op_t *op)
{
    for (size_t i = 0; i < self->hours_count; i++)
        if (self->hours[i].op == op)
            return true;
    return false;
}

/* 0 where one of the op's windows, NULL: of the machine's, is open, or there are none. */
static int
check_windows(const policy_t *self, const op_t *op, wall_t now, fault_t *fault)
{
    const hours_t *first = NULL;
    size_t count = 0;
    for (size_t i = 0; i < self->hours_count; i++) {
        const hours_t *hours = &self->hours[i];
        if (hours->blackout || hours->op != op)
            continue;
        if (weekly_stands(&hours->weekly, now))
            return 0;
        first = count++ ? first : hours;
    }
    if (!count)
        return 0;
    return fault_set(fault, FAULT_POLICY, "%s%s only, and none is open now: %.40s %.40s UTC%s",
                     op ? op->name : "this machine",
                     op ? " is done on this machine within windows of its own"
                        : " is changed within the windows of its policy",
                     first->days, first->span, count > 1 ? ", and others" : "");
}

/* The one argument that no allow line of the op takes as it is; NULL where they differ in that. */
static const op_argument_t *
refused_argument(const policy_t *self, const op_t *op, const value_t *arguments)
{
    const op_argument_t *refused = NULL;
    for (size_t i = 0; i < self->permit_count; i++) {
        if (self->permits[i].op != op)
            continue;
        const op_argument_t *misfit = permit_misfit(&self->permits[i], arguments);
        if (refused && misfit != refused)
            return NULL;
        refused = misfit;
    }
    return refused;
}

static int
refuse_arguments(const policy_t *self, const op_t *op, const value_t *arguments, fault_t *fault)
{
    const op_argument_t *argument = refused_argument(self, op, arguments);
    const value_t *value = argument ? value_get(arguments, argument->name) : NULL;
    char text[128] = "on what its arguments name";
    if (value && value_kind(value) == VALUE_INTEGER)
        snprintf(text, sizeof text, "with %s=%lld", argument->name, (long long)value_number(value));
    else if (value)
        snprintf(text, sizeof text, "with %s=%.80s", argument->name,
                 value_kind(value) == VALUE_BOOL ? value_truth(value) ? "true" : "false"
                                                 : value_string(value));
    else if (argument)
        snprintf(text, sizeof text, "without %s", argument->name);
    return fault_set(fault, FAULT_POLICY, "the policy of this machine does not allow %s %s",
                     op->name, text);
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
        return refuse_arguments(self, op, arguments, fault);
    if (check_windows(self, op, now, fault) || /* who breaks glass does not break its own */
        check_arguments(self, op, arguments, fault))
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
    for (size_t i = 0; i < self->hours_count; i++) {
        const hours_t *hours = &self->hours[i];
        if (hours->blackout && weekly_stands(&hours->weekly, now))
            return fault_set(fault, FAULT_POLICY,
                             "nothing on this machine is changed now: blackout %.40s %.40s UTC",
                             hours->days, hours->span);
    }
    return glass ? 0 : check_windows(self, NULL, now, fault);
}
