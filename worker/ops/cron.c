/* SPDX-License-Identifier: Apache-2.0 */
/* What cron runs (crontab(5), and Debian's cron(8) on the names in /etc/cron.d). */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <unistd.h>

#include "common/file.h"
#include "worker/foresight.h"
#include "worker/ops/bodies.h"
#include "worker/ops/machine.h"
#include "worker/ops/place.h"

#define JOBS_MAX     300
#define TABLE_MAX    (1024 * 1024) /* bytes of one table */
#define DISABLED     ".disabled"
#define FIELDS_COUNT 5 /* of a time */

typedef struct {
    const op_world_t *world;
    value_t *list;
    int64_t left_out;
} jobs_t;

static void
add_job(jobs_t *self, const char *file, int64_t line, const char *user, const char *schedule,
        const char *command)
{
    if (value_count(self->list) == JOBS_MAX) {
        self->left_out++;
        return;
    }
    value_t *job = value_map();
    show(job, "file", file);
    value_set_integer(job, "line", line);
    show(job, "user", user);
    show(job, "schedule", schedule);
    show(job, "command", command);
    value_append(self->list, job);
}

/* "M H DOM MON DOW [USER] COMMAND", or "@daily [USER] COMMAND"; owner is NULL where lines name
 * their user. Settings ("NAME=VALUE") and comments are none. */
static void
read_line(jobs_t *self, const char *file, int64_t number, const char *owner, char *line)
{
    char schedule[256] = "", *at = line + strspn(line, " \t");
    size_t fields = *at == '@' ? 1 : FIELDS_COUNT, used = 0;
    if (!*at || *at == '#' || at[strcspn(at, " \t=")] == '=')
        return;
    for (size_t i = 0; i < fields; i++) {
        const char *word = word_next(&at);
        if (!word)
            return;
        used += (size_t)snprintf(schedule + used, sizeof schedule - used, "%s%.40s", i ? " " : "",
                                 word);
    }
    const char *user = owner ? owner : word_next(&at);
    if (user)
        add_job(self, file, number, user, schedule, at + strspn(at, " \t"));
}

/* Through no symbolic link: users own theirs. What lies behind too much of it counts as one job. */
static void
read_table(jobs_t *self, const char *file, const char *owner)
{
    static char text[TABLE_MAX + 1], line[4096];
    char path[PATH_MAX];
    int64_t number = 0;
    fault_t why = {0};
    CLEANUP(descriptor_close)
    int fd = place_open(machine_path(self->world, path, "%s", file),
                        O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY, &why);
    ssize_t size = fd < 0 ? 0 : file_fill(fd, text, TABLE_MAX + 1);
    bool hidden = fd < 0 && why.code != FAULT_NOT_FOUND && why.code != FAULT_POLICY;
    self->left_out += size > TABLE_MAX || size < 0 || hidden;
    size = size < 0 ? 0 : size > TABLE_MAX ? TABLE_MAX : size;
    text[lines_visible((uint8_t *)text, (size_t)size)] = '\0';
    for (const char *at = text; line_next(&at, line, sizeof line);)
        read_line(self, file, ++number, owner, line);
}

static bool
is_cron_name(const char *name)
{
    return name[0] && !name[strspn(name, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
                                         "0123456789_-")];
}

static int
is_visible(const struct dirent *entry)
{
    return entry->d_name[0] != '.';
}

typedef void on_file_t(jobs_t *self, const char *folder, const char *name, const char *what);

static void
each_file(jobs_t *self, const char *folder, const char *what, on_file_t *on)
{
    char path[PATH_MAX];
    struct dirent **all = NULL;
    int count = scandir(machine_path(self->world, path, "%s", folder), &all, is_visible, alphasort);
    self->left_out += count < 0 && errno != ENOENT && errno != ENOTDIR;
    for (int i = 0; i < count; i++) {
        on(self, folder, all[i]->d_name, what);
        free(all[i]);
    }
    free(all);
}

static void
on_table(jobs_t *self, const char *folder, const char *name, const char *what)
{
    char file[PATH_MAX];
    bool users = !what;
    snprintf(file, sizeof file, "%s/%s", folder, name);
    if (users || is_cron_name(name))
        read_table(self, file, users ? name : NULL);
}

static void
on_script(jobs_t *self, const char *folder, const char *name, const char *schedule)
{
    char file[PATH_MAX];
    snprintf(file, sizeof file, "%s/%s", folder, name);
    if (is_cron_name(name))
        add_job(self, file, 0, "root", schedule, file);
}

value_t *
cron_list(const value_t *arguments, const op_world_t *world, fault_t *fault)
{
    static const char *const scripts[][2] = {{"/etc/cron.hourly", "@hourly"},
                                             {"/etc/cron.daily", "@daily"},
                                             {"/etc/cron.weekly", "@weekly"},
                                             {"/etc/cron.monthly", "@monthly"}};
    jobs_t jobs = {.world = world, .list = value_list()};
    (void)arguments, (void)fault;
    read_table(&jobs, "/etc/crontab", NULL);
    each_file(&jobs, "/etc/cron.d", "tables", on_table);
    each_file(&jobs, "/var/spool/cron/crontabs", NULL, on_table);
    for (size_t i = 0; i < ARRAY_SIZE(scripts); i++)
        each_file(&jobs, scripts[i][0], scripts[i][1], on_script);
    value_t *result = value_map();
    value_set(result, "jobs", jobs.list);
    value_set_integer(result, "left_out", jobs.left_out);
    return result;
}

static int
look_for(int folder, const char *name, bool *there, fault_t *fault)
{
    struct stat facts;
    *there = !fstatat(folder, name, &facts, AT_SYMLINK_NOFOLLOW);
    return *there || errno == ENOENT
               ? 0
               : fault_errno(fault, "'%.100s' in /etc/cron.d cannot be looked at", name);
}

static value_t *
tell_table(const char *name, bool enable)
{
    value_t *result = value_map();
    value_set_text(result, "file", name);
    value_set_bool(result, "enabled", enable);
    return result;
}

/* cron passes over a name with a dot. */
static value_t *
rename_table(const value_t *arguments, const op_world_t *world, bool enable, bool acts,
             fault_t *fault)
{
    const char *name = value_get_text(arguments, "file");
    char path[PATH_MAX], other[128];
    if (!is_cron_name(name)) {
        fault_set(fault, FAULT_ARGUMENT, "cron reads no file named '%.100s'", name);
        return NULL;
    }
    snprintf(other, sizeof other, "%s" DISABLED, name);
    const char *from = enable ? other : name, *to = enable ? name : other;
    CLEANUP(descriptor_close)
    int folder =
        place_open(machine_path(world, path, "/etc/cron.d"), O_RDONLY | O_DIRECTORY, fault);
    if (folder < 0)
        return NULL;
    bool is_from, is_to;
    if (look_for(folder, from, &is_from, fault) || look_for(folder, to, &is_to, fault))
        return NULL;
    bool done = !is_from && is_to;
    errno = !is_from ? ENOENT : is_to ? EEXIST : 0; /* what renameat2 would say */
    if (!done && (acts ? renameat2(folder, from, folder, to, RENAME_NOREPLACE) : errno)) {
        bool missing = errno == ENOENT;
        fault_errno(fault, "'%.100s' in /etc/cron.d cannot become '%.100s'", from, to);
        fault->code = missing ? FAULT_NOT_FOUND : fault->code;
        return NULL;
    }
    if (acts)
        return tell_table(name, enable);
    value_t *foresight = foresight_new();
    if (!done) {
        foresight_goes(foresight, "/etc/cron.d/%s", from);
        foresight_comes(foresight, "/etc/cron.d/%s", to);
    }
    return foresight_give(foresight, tell_table(name, enable));
}

value_t *
cron_disable(const value_t *arguments, const op_world_t *world, fault_t *fault)
{
    return rename_table(arguments, world, false, true, fault);
}

value_t *
cron_enable(const value_t *arguments, const op_world_t *world, fault_t *fault)
{
    return rename_table(arguments, world, true, true, fault);
}

value_t *
cron_disable_foreseen(const value_t *arguments, const op_world_t *world, fault_t *fault)
{
    return rename_table(arguments, world, false, false, fault);
}

value_t *
cron_enable_foreseen(const value_t *arguments, const op_world_t *world, fault_t *fault)
{
    return rename_table(arguments, world, true, false, fault);
}
