/* SPDX-License-Identifier: Apache-2.0 */
#include "worker/ops/session.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <unistd.h>
#include <utmp.h>

#include "common/file.h"
#include "common/text.h"
#include "worker/ops/machine.h"
#include "worker/ops/place.h"

#define FILE_MAX     65536
#define SESSIONS_MAX 4096
#define SLACK_MS     60000 /* how much later than its session its first process may have begun */

/* "KEY=VALUE" lines; "" where the key is none. */
static void
value_of(const char *text, const char *key, char *out, size_t size)
{
    char line[SESSION_TEXT_MAX + 64];
    size_t length = strlen(key);
    out[0] = '\0';
    while (line_next(&text, line, sizeof line))
        if (!strncmp(line, key, length) && line[length] == '=')
            snprintf(out, size, "%s", line + length + 1);
}

static session_t
read_session(const char *text)
{
    session_t self = {0};
    char leader[32], since[32];
    value_of(text, "USER", self.user, sizeof self.user);
    value_of(text, "TTY", self.line, sizeof self.line);
    value_of(text, "REMOTE_HOST", self.from, sizeof self.from);
    value_of(text, "SERVICE", self.service, sizeof self.service);
    value_of(text, "LEADER", leader, sizeof leader);
    value_of(text, "REALTIME", since, sizeof since);
    self.pid = (pid_t)strtol(leader, NULL, 10);
    self.since_ms = strtoll(since, NULL, 10) / 1000;
    return self;
}

int
session_leads(const session_t *self, proc_t *out, bool *alive, fault_t *fault)
{
    fault_t why = {0};
    int wrong = proc_look(self->pid, out, &why);
    if (wrong && why.code != FAULT_NOT_FOUND)
        return fault_set(fault, why.code, "%s", why.text);
    *alive = !wrong && out->state != 'Z' && out->state != 'X' &&
             proc_started(out).ms <= self->since_ms + SLACK_MS;
    return 0;
}

typedef struct {
    session_t *all;
    size_t count, room;
} sessions_t;

static void
add(sessions_t *self, const session_t *session)
{
    if (self->count == SESSIONS_MAX || session->pid < 2 || !session->user[0])
        return;
    self->all = memory_grow(self->all, self->count, &self->room, sizeof *self->all);
    self->all[self->count++] = *session;
}

static int
read_file(const op_world_t *world, const char *name, sessions_t *out, fault_t *fault)
{
    fault_t why = {0};
    CLEANUP(bytes_destroy)
    bytes_t *text = machine_read(world, FILE_MAX, &why, "/run/systemd/sessions/%s", name);
    if (!text)
        return why.code == FAULT_NOT_FOUND ? 0 : fault_set(fault, why.code, "%s", why.text);
    session_t session = read_session(bytes_text(text));
    add(out, &session);
    return 0;
}

/* Beside each file NAME stands a pipe NAME.ref. */
static int
read_logind(const op_world_t *world, sessions_t *out, fault_t *fault)
{
    char path[PATH_MAX];
    DIR *folder = opendir(machine_path(world, path, "/run/systemd/sessions"));
    struct dirent *entry;
    int wrong = 0;
    if (!folder)
        return errno == ENOENT || errno == ENOTDIR ? 0 : fault_errno(fault, "'%s'", path);
    while (!wrong && (entry = place_next(folder)))
        if (!strchr(entry->d_name, '.'))
            wrong = read_file(world, entry->d_name, out, fault);
    if (!wrong && errno)
        wrong = fault_errno(fault, "'%s' cannot be read", path);
    closedir(folder);
    return wrong;
}

static int
add_entry(sessions_t *out, const struct utmp *entry, bool hidden, fault_t *fault)
{
    proc_t leader;
    bool alive = hidden;
    session_t session = {.pid = entry->ut_pid,
                         .since_ms =
                             (int64_t)entry->ut_tv.tv_sec * 1000 + entry->ut_tv.tv_usec / 1000};
    if (entry->ut_type != USER_PROCESS)
        return 0;
    snprintf(session.user, sizeof session.user, "%.*s", UT_NAMESIZE, entry->ut_user);
    snprintf(session.line, sizeof session.line, "%.*s", UT_LINESIZE, entry->ut_line);
    snprintf(session.from, sizeof session.from, "%.*s", UT_HOSTSIZE, entry->ut_host);
    if (!hidden && session_leads(&session, &leader, &alive, fault))
        return -1;
    if (alive)
        add(out, &session);
    return 0;
}

static int
read_utmp(const op_world_t *world, sessions_t *out, fault_t *fault)
{
    char path[PATH_MAX];
    struct utmp entry;
    proc_t first;
    bool hidden = !proc_read(1, &first);
    ssize_t got = 0;
    CLEANUP(descriptor_close)
    int fd = open(machine_path(world, path, "/run/utmp"), O_RDONLY | O_CLOEXEC);
    if (fd < 0)
        return errno == ENOENT ? 0 : fault_errno(fault, "'%s' cannot be read", path);
    while ((got = file_fill(fd, &entry, sizeof entry)) == (ssize_t)sizeof entry)
        if (add_entry(out, &entry, hidden, fault))
            return -1;
    return got < 0 ? fault_errno(fault, "'%s' cannot be read", path) : 0;
}

int
session_all(const op_world_t *world, session_t **out, size_t *count, fault_t *fault)
{
    sessions_t found = {0};
    if (read_logind(world, &found, fault) || (!found.count && read_utmp(world, &found, fault))) {
        free(found.all);
        return -1;
    }
    *out = found.all;
    *count = found.count;
    return 0;
}
