/* SPDX-License-Identifier: Apache-2.0 */
#include "worker/ops/session.h"

#include <dirent.h>
#include <fcntl.h>
#include <stdlib.h>
#include <unistd.h>
#include <utmp.h>

#include "common/text.h"
#include "worker/ops/machine.h"

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

bool
session_leads(const session_t *self, proc_t *out)
{
    return proc_read(self->pid, out) && out->state != 'Z' && out->state != 'X' &&
           proc_started(out).ms <= self->since_ms + SLACK_MS;
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

/* Beside each file NAME stands a pipe NAME.ref. */
static void
read_logind(const op_world_t *world, sessions_t *out)
{
    char path[PATH_MAX];
    DIR *folder = opendir(machine_path(world, path, "/run/systemd/sessions"));
    struct dirent *entry;
    while (folder && (entry = readdir(folder))) {
        if (strchr(entry->d_name, '.'))
            continue;
        CLEANUP(bytes_destroy)
        bytes_t *text =
            machine_read(world, FILE_MAX, NULL, "/run/systemd/sessions/%s", entry->d_name);
        if (text) {
            session_t session = read_session(bytes_text(text));
            add(out, &session);
        }
    }
    if (folder)
        closedir(folder);
}

static void
read_utmp(const op_world_t *world, sessions_t *out)
{
    char path[PATH_MAX];
    struct utmp entry;
    proc_t first, leader;
    bool hidden = !proc_read(1, &first);
    CLEANUP(descriptor_close)
    int fd = open(machine_path(world, path, "/run/utmp"), O_RDONLY | O_CLOEXEC);
    while (fd >= 0 && read(fd, &entry, sizeof entry) == (ssize_t)sizeof entry) {
        session_t session = {.pid = entry.ut_pid,
                             .since_ms =
                                 (int64_t)entry.ut_tv.tv_sec * 1000 + entry.ut_tv.tv_usec / 1000};
        if (entry.ut_type != USER_PROCESS)
            continue;
        snprintf(session.user, sizeof session.user, "%.*s", UT_NAMESIZE, entry.ut_user);
        snprintf(session.line, sizeof session.line, "%.*s", UT_LINESIZE, entry.ut_line);
        snprintf(session.from, sizeof session.from, "%.*s", UT_HOSTSIZE, entry.ut_host);
        if (hidden || session_leads(&session, &leader))
            add(out, &session);
    }
}

size_t
session_all(const op_world_t *world, session_t **out)
{
    sessions_t found = {0};
    read_logind(world, &found);
    if (!found.count)
        read_utmp(world, &found);
    *out = found.all;
    return found.count;
}
