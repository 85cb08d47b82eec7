/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <fcntl.h>
#include <pwd.h>
#include <stdlib.h>
#include <unistd.h>
#include <utmp.h>

#include "worker/ops/account.h"
#include "worker/ops/bodies.h"
#include "worker/ops/machine.h"
#include "worker/ops/session.h"

#define USERS_MAX      600
#define SESSIONS_MAX   300
#define KEYS_MAX       200
#define FAILURES_MAX   40000 /* looked at, from the last */
#define SOURCES_MAX    4096  /* users with sources that are counted */
#define FAILURES_COUNT 20

static value_t *
user_value(const op_world_t *world, const struct passwd *entry, fault_t *fault)
{
    static const char *const closed[] = {"/nologin", "/false", "/sync"};
    bool open = true;
    for (size_t i = 0; i < ARRAY_SIZE(closed); i++) {
        const char *end = strrchr(entry->pw_shell, '/');
        open = open && !(end && !strcmp(end, closed[i]));
    }
    const char *password;
    if (account_password(world, entry->pw_name, &password, fault))
        return NULL;
    value_t *row = value_map();
    show(row, "name", entry->pw_name);
    value_set_integer(row, "user_id", entry->pw_uid);
    value_set_integer(row, "group_id", entry->pw_gid);
    show(row, "home", entry->pw_dir);
    show(row, "shell", entry->pw_shell);
    value_set_text(row, "password", password);
    value_set_bool(row, "may_log_in", open);
    return row;
}

value_t *
user_list(const value_t *arguments, const op_world_t *world, fault_t *fault)
{
    char path[PATH_MAX];
    int64_t left_out = 0;
    struct passwd *entry;
    (void)arguments;
    FILE *file = fopen(machine_path(world, path, "/etc/passwd"), "re");
    if (!file) {
        fault_errno(fault, "'/etc/passwd' cannot be read");
        return NULL;
    }
    CLEANUP(value_destroy) value_t *list = value_list();
    value_t *row = NULL;
    errno = 0;
    for (; (entry = fgetpwent(file)); errno = 0)
        if (value_count(list) < USERS_MAX && (row = user_value(world, entry, NULL)))
            value_append(list, row);
        else
            left_out++;
    bool cut = ferror(file) || (errno && errno != ENOENT);
    fclose(file);
    if (cut) {
        fault_set(fault, FAULT_IO, "'/etc/passwd' cannot be read to its end");
        return NULL;
    }
    value_t *result = value_map();
    value_set(result, "users", MOVE(list));
    value_set_integer(result, "left_out", left_out);
    return result;
}

value_t *
user_sessions(const value_t *arguments, const op_world_t *world, fault_t *fault)
{
    CLEANUP(memory_free) session_t *all = NULL;
    size_t count;
    (void)arguments;
    if (session_all(world, &all, &count, fault))
        return NULL;
    size_t listed = count < SESSIONS_MAX ? count : SESSIONS_MAX;
    value_t *result = value_map(), *list = value_list();
    for (size_t i = 0; i < listed; i++) {
        value_t *row = value_map();
        show(row, "user", all[i].user);
        show(row, "line", all[i].line);
        show(row, "from", all[i].from);
        show(row, "service", all[i].service);
        value_set_integer(row, "pid", all[i].pid);
        value_set_integer(row, "since", all[i].since_ms);
        value_append(list, row);
    }
    value_set(result, "sessions", list);
    value_set_integer(result, "left_out", (int64_t)(count - listed));
    return result;
}

/* ---- failed logins ----------------------------------------------------------------------------
 */

typedef struct {
    char user[UT_NAMESIZE + 1], from[UT_HOSTSIZE + 1];
    int64_t count, last_ms;
} failures_t;

typedef struct {
    failures_t all[SOURCES_MAX];
    size_t count;
    int64_t total, uncounted, newer_than; /* uncounted: of sources beyond them */
    const char *from;                     /* empty: any */
} btmp_t;

static void
count_failure(btmp_t *self, const struct utmp *entry)
{
    failures_t one = {.last_ms = (int64_t)entry->ut_tv.tv_sec * 1000};
    if (one.last_ms <= self->newer_than || (!entry->ut_user[0] && !entry->ut_host[0]))
        return;
    snprintf(one.user, sizeof one.user, "%.*s", UT_NAMESIZE, entry->ut_user);
    snprintf(one.from, sizeof one.from, "%.*s", UT_HOSTSIZE, entry->ut_host);
    if (*self->from && strcmp(self->from, one.from) != 0)
        return;
    self->total++;
    size_t i = 0;
    while (i < self->count &&
           (strcmp(self->all[i].user, one.user) != 0 || strcmp(self->all[i].from, one.from) != 0))
        i++;
    if (i == SOURCES_MAX) {
        self->uncounted++;
        return;
    }
    if (i == self->count)
        self->all[self->count++] = one;
    self->all[i].count++;
    if (self->all[i].last_ms < one.last_ms)
        self->all[i].last_ms = one.last_ms;
}

static int
more_failures(const void *left, const void *right)
{
    const failures_t *a = left, *b = right;
    if (a->count != b->count)
        return a->count < b->count ? 1 : -1;
    return (a->last_ms < b->last_ms) - (a->last_ms > b->last_ms);
}

value_t *
user_failures(const value_t *arguments, const op_world_t *world, fault_t *fault)
{
    static btmp_t btmp;
    char path[PATH_MAX];
    struct utmp entry;
    int64_t wanted = value_get_integer(arguments, "count");
    size_t listed = (size_t)(wanted ? wanted : FAILURES_COUNT);
    btmp.from = value_get_text(arguments, "from");
    btmp.newer_than =
        value_get(arguments, "newer_than") ? value_get_integer(arguments, "newer_than") : INT64_MIN;
    FILE *file = fopen(machine_path(world, path, "/var/log/btmp"), "re");
    bool cut = !file && errno != ENOENT;
    if (file && fseek(file, -(long)(FAILURES_MAX * sizeof entry), SEEK_END))
        rewind(file); /* it is no longer than that */
    while (file && fread(&entry, sizeof entry, 1, file) == 1)
        count_failure(&btmp, &entry);
    cut = cut || (file && ferror(file));
    if (file)
        fclose(file);
    if (cut) {
        fault_set(fault, FAULT_IO, "'/var/log/btmp' cannot be read");
        return NULL;
    }
    qsort(btmp.all, btmp.count, sizeof *btmp.all, more_failures);
    value_t *result = value_map(), *list = value_list();
    for (size_t i = 0; i < btmp.count && i < listed; i++) {
        value_t *row = value_map();
        show(row, "user", btmp.all[i].user);
        show(row, "from", btmp.all[i].from);
        value_set_integer(row, "count", btmp.all[i].count);
        value_set_integer(row, "last", btmp.all[i].last_ms);
        value_append(list, row);
    }
    value_set_integer(result, "total", btmp.total);
    if (btmp.uncounted)
        value_set_integer(result, "uncounted", btmp.uncounted);
    value_set(result, "failures", list);
    value_set_integer(result, "left_out", (int64_t)(btmp.count > listed ? btmp.count - listed : 0));
    return result;
}

/* Those of one file go to the list, as far as there is room. */
static int
list_keys(const account_t *account, size_t file, value_t *list, int64_t *left_out,
          int64_t *modified, fault_t *fault)
{
    static char line[ACCOUNT_KEYS_BYTES];
    struct stat facts;
    int64_t number = 0;
    CLEANUP(bytes_destroy) bytes_t *text = account_keys(account, file, &facts, fault);
    if (!text)
        return -1;
    for (const char *at = bytes_text(text); line_next(&at, line, sizeof line);) {
        ssh_key_t key;
        number++;
        if (!ssh_key_read(line, &key))
            continue;
        if (value_count(list) == KEYS_MAX) {
            (*left_out)++;
            continue;
        }
        value_t *row = value_map();
        show(row, "type", key.type);
        value_set_text(row, "fingerprint", key.fingerprint);
        show(row, "comment", key.comment);
        value_set_bool(row, "options", key.options);
        show(row, "path", account->keys[file]);
        value_set_integer(row, "line", number);
        value_append(list, row);
    }
    int64_t when = time_ms(facts.st_mtim);
    *modified = when > *modified ? when : *modified;
    return 0;
}

value_t *
user_keys(const value_t *arguments, const op_world_t *world, fault_t *fault)
{
    account_t account;
    int64_t left_out = 0, modified = 0;
    CLEANUP(value_destroy) value_t *list = value_list();
    if (account_find(world, value_get_text(arguments, "user"), &account, fault))
        return NULL;
    for (size_t i = 0; i < ACCOUNT_KEY_FILES; i++)
        if (list_keys(&account, i, list, &left_out, &modified, fault))
            return NULL;
    value_t *result = value_map();
    value_set_integer(result, "modified", modified);
    value_set(result, "keys", MOVE(list));
    value_set_integer(result, "left_out", left_out);
    return result;
}
