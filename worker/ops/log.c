/* SPDX-License-Identifier: Apache-2.0 */
/* Logs that logrotate(8) rotates: one file of its rules, by what holds for all of them on this
 * machine, and with its own record of what was rotated when. Under that record's lock two of it
 * never act at once. */
#include <errno.h>
#include <fcntl.h>
#include <glob.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "worker/foresight.h"
#include "worker/ops/bodies.h"
#include "worker/ops/asked.h"
#include "worker/ops/command.h"
#include "worker/ops/done.h"
#include "worker/ops/logrotate.h"
#include "worker/ops/machine.h"
#include "worker/ops/own.h"
#include "worker/ops/place.h"

#define PROGRAM         "/usr/sbin/logrotate"
#define SETTINGS        "/etc/logrotate.conf"
#define RECORD          "/var/lib/logrotate/status"
#define RECORD_MAX      (4 * 1024 * 1024)
#define LOGS_MAX        4096 /* of one file of rules */
#define LISTED          100
#define BUSY            3 /* its exit status where another holds the record */
#define WORD_MAX        200
#define NAME_CHARACTERS "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_.+-"

typedef struct {
    char *path;
    struct stat facts;
} log_t;

typedef struct {
    const op_world_t *world;
    char file[PATH_MAX]; /* of the rules */
    log_t *all;
    size_t count, room;
} logs_t;

static void
logs_clear(logs_t *self)
{
    for (size_t i = 0; i < self->count; i++)
        free(self->all[i].path);
    free(self->all);
}

/* Nothing of ours is rotated, and nothing of it told. */
static int
add_log(logs_t *self, const char *path, fault_t *fault)
{
    CLEANUP(memory_free) char *real = realpath(path, NULL);
    log_t log = {.path = real};
    if (!real || lstat(real, &log.facts))
        return errno == ENOENT || errno == ENOTDIR || errno == ELOOP
                   ? 0
                   : fault_errno(fault, "'%.160s' cannot be looked at", path);
    if (!S_ISREG(log.facts.st_mode))
        return 0;
    if (self->count == LOGS_MAX)
        return fault_set(fault, FAULT_LIMIT, "'%.160s' names over %d logs", self->file, LOGS_MAX);
    if (own_spares_path(real, self->world, fault))
        return -1;
    self->all = memory_grow(self->all, self->count, &self->room, sizeof *self->all);
    log.path = MOVE(real);
    self->all[self->count++] = log;
    return 0;
}

/* Ends a glob where a folder is there and cannot be read. */
static int
is_lost(const char *folder, int error)
{
    (void)folder;
    return error != ENOENT && error != ENOTDIR;
}

static int
add_logs(void *context, const char *pattern, fault_t *fault)
{
    logs_t *self = context;
    glob_t found = {0};
    if (!strpbrk(pattern, "*?["))
        return add_log(self, pattern, fault);
    int wrong = glob(pattern, 0, is_lost, &found);
    if (wrong && wrong != GLOB_NOMATCH)
        wrong = fault_set(fault, FAULT_IO, "which logs '%.160s' is for cannot be read", pattern);
    else
        wrong = 0;
    for (size_t i = 0; !wrong && i < found.gl_pathc; i++)
        wrong = add_log(self, found.gl_pathv[i], fault);
    globfree(&found);
    return wrong;
}

/* A file of logrotate's that nobody but root can have written, as text. */
static bytes_t *
read_file(const char *path, size_t max, fault_t *fault)
{
    struct stat facts;
    CLEANUP(bytes_destroy) bytes_t *text = bytes_new();
    CLEANUP(descriptor_close)
    int fd = place_open(path, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY, fault);
    char chunk[4096];
    ssize_t got = 0;
    if (fd < 0)
        return NULL;
    if (fstat(fd, &facts) || !S_ISREG(facts.st_mode) || facts.st_uid != 0 ||
        (facts.st_mode & (S_IWGRP | S_IWOTH))) {
        fault_set(fault, FAULT_POLICY, "'%.160s' is not a file that only root can write", path);
        return NULL;
    }
    while (text->size <= max && (got = read(fd, chunk, sizeof chunk)) > 0)
        bytes_add(text, chunk, (size_t)got);
    if (got < 0 || text->size > max || strlen(bytes_text(text)) != text->size) {
        fault_set(fault, FAULT_LIMIT, "'%.160s' is no text of at most %zu bytes", path, max);
        return NULL;
    }
    return MOVE(text);
}

/* The logs that the rules name and that are there. */
static int
read_rule(logs_t *self, const value_t *arguments, fault_t *fault)
{
    const char *name = value_get_text(arguments, "rule");
    logrotate_t rules = {.self = self, .on_pattern = add_logs};
    if (name[0] == '.' || strspn(name, NAME_CHARACTERS) != strlen(name))
        return fault_set(fault, FAULT_ARGUMENT, "'%.64s' is no name of a file of logrotate's",
                         name);
    machine_path(self->world, self->file, "/etc/logrotate.d/%s", name);
    CLEANUP(bytes_destroy) bytes_t *text = read_file(self->file, LOGROTATE_FILE_MAX, fault);
    if (!text)
        return -1;
    if (logrotate_read(&rules, bytes_text(text), fault))
        return fault_wrap(fault, "'%.100s'", self->file);
    return rules.includes ? fault_set(fault, FAULT_POLICY,
                                      "'%.160s' includes others, which nobody named", self->file)
                          : 0;
}

/* ---- view --------------------------------------------------------------------------------------
 */

/* `"PATH" 2026-11-23-4:5:6`, in the machine's time; -1 where it says nothing of the path. */
static int64_t
recorded_ms(const bytes_t *record, const char *path)
{
    static char line[LOGROTATE_PATTERN_MAX + 64];
    size_t size = strlen(path);
    for (const char *at = bytes_text(record); line_next(&at, line, sizeof line);) {
        struct tm when = {.tm_isdst = -1};
        if (line[0] != '"' || strncmp(line + 1, path, size) != 0 || line[size + 1] != '"' ||
            sscanf(line + size + 2, " %d-%d-%d-%d:%d:%d", &when.tm_year, &when.tm_mon,
                   &when.tm_mday, &when.tm_hour, &when.tm_min, &when.tm_sec) < 3)
            continue;
        when.tm_year -= 1900;
        when.tm_mon--;
        return (int64_t)mktime(&when) * 1000;
    }
    return -1;
}

static value_t *
tell_log(const log_t *self, const bytes_t *record)
{
    int64_t rotated_ms = recorded_ms(record, self->path);
    value_t *row = value_map();
    show(row, "path", self->path);
    value_set_integer(row, "bytes", self->facts.st_size);
    value_set_integer(row, "inode", (int64_t)self->facts.st_ino);
    value_set_integer(row, "modified_ms", time_ms(self->facts.st_mtim));
    if (rotated_ms >= 0)
        value_set_integer(row, "rotated_ms", rotated_ms);
    return row;
}

value_t *
log_view(const value_t *arguments, const op_world_t *world, fault_t *fault)
{
    char path[PATH_MAX];
    fault_t why = {0};
    CLEANUP(logs_clear) logs_t logs = {.world = world};
    if (read_rule(&logs, arguments, fault))
        return NULL;
    CLEANUP(bytes_destroy)
    bytes_t *record = read_file(machine_path(world, path, RECORD), RECORD_MAX, &why);
    if (!record && why.code != FAULT_NOT_FOUND) {
        fault_set(fault, why.code, "%s", why.text);
        return NULL;
    }
    if (!record)
        record = bytes_new();
    value_t *result = value_map(), *list = value_list();
    for (size_t i = 0; i < logs.count && i < LISTED; i++)
        value_append(list, tell_log(&logs.all[i], record));
    value_set_text(result, "rule", value_get_text(arguments, "rule"));
    value_set(result, "logs", list);
    value_set_integer(result, "left_out", (int64_t)(logs.count - value_count(list)));
    return result;
}

/* ---- rotate ------------------------------------------------------------------------------------
 */

/* A file without a name. */
static int
make_memory(const char *text, fault_t *fault)
{
    size_t size = strlen(text);
    int fd = memfd_create("logrotate", MFD_CLOEXEC);
    if (fd >= 0 && !fchmod(fd, 0600) && write(fd, text, size) == (ssize_t)size)
        return fd;
    descriptor_close(&fd);
    return fault_errno(fault, "a file in memory");
}

/* What holds for all rules, without the rules. Where nothing did, it would keep no old log at all.
 */
static int
make_settings(const op_world_t *world, fault_t *fault)
{
    char path[PATH_MAX];
    CLEANUP(bytes_destroy) bytes_t *settings = bytes_new();
    CLEANUP(bytes_destroy)
    bytes_t *text = read_file(machine_path(world, path, SETTINGS), LOGROTATE_FILE_MAX, fault);
    logrotate_t all = {.settings = settings};
    if (!text)
        return -1;
    if (logrotate_read(&all, bytes_text(text), fault))
        return fault_wrap(fault, "'%.100s'", path);
    return make_memory(bytes_text(settings), fault);
}

/* The first of its errors, from what it wrote down. */
static void
read_error(int fd, char out[static WORD_MAX])
{
    static char text[65536];
    ssize_t size = pread(fd, text, sizeof text - 1, 0);
    text[size > 0 ? size : 0] = '\0';
    const char *error = strstr(text, "error: ");
    char line[WORD_MAX];
    snprintf(line, sizeof line, "%.*s", error ? (int)strcspn(error, "\n") : 0, error ? error : "");
    asked_printable(out, WORD_MAX, line[0] ? line : "it does not say why");
}

static int
run(const logs_t *logs, fault_t *fault)
{
    char program[PATH_MAX], record[PATH_MAX], settings[32], told[32], why[WORD_MAX];
    CLEANUP(descriptor_close) int all = make_settings(logs->world, fault);
    CLEANUP(descriptor_close) int log = all < 0 ? -1 : make_memory("", fault);
    if (log < 0)
        return -1;
    snprintf(settings, sizeof settings, "/proc/self/fd/%d", COMMAND_FIRST);
    snprintf(told, sizeof told, "/proc/self/fd/%d", COMMAND_FIRST + 1);
    const char *const words[] = {machine_path(logs->world, program, PROGRAM),
                                 "--force",
                                 "--state",
                                 machine_path(logs->world, record, RECORD),
                                 "--log",
                                 told,
                                 settings,
                                 logs->file,
                                 NULL};
    umask(022); /* what it makes is as its rules say */
    int status = command_do(words, (const int[]){all, log}, 2, fault);
    if (status <= 0)
        return status;
    read_error(log, why);
    return fault_set(fault, status == BUSY ? FAULT_CONFLICT : FAULT_FAILED,
                     "logrotate ended with status %d: %s", status, why);
}

/* Whether its path has another file now, or none, or less in it. */
static bool
is_rotated(const log_t *self)
{
    struct stat now;
    return lstat(self->path, &now) || now.st_ino != self->facts.st_ino ||
           now.st_dev != self->facts.st_dev || now.st_size < self->facts.st_size;
}

static int64_t
count_rotated(const logs_t *self, bool foreseen, int64_t *bytes)
{
    int64_t rotated = 0;
    *bytes = 0;
    for (size_t i = 0; i < self->count; i++)
        if (foreseen ? self->all[i].facts.st_size > 0 : is_rotated(&self->all[i])) {
            rotated++;
            *bytes += self->all[i].facts.st_size;
        }
    return rotated;
}

static value_t *
tell_rotated(const logs_t *self, const value_t *arguments, bool foreseen)
{
    int64_t bytes, rotated = count_rotated(self, foreseen, &bytes);
    value_t *result = value_map();
    value_set_text(result, "rule", value_get_text(arguments, "rule"));
    value_set_integer(result, "logs", (int64_t)self->count);
    value_set_integer(result, "rotated", rotated);
    value_set_integer(result, "rotated_bytes", bytes);
    return result;
}

/* Where another acts, it is that one which rotates. */
value_t *
log_rotate(const value_t *arguments, const op_world_t *world, fault_t *fault)
{
    int64_t bytes;
    CLEANUP(logs_clear) logs_t logs = {.world = world};
    if (read_rule(&logs, arguments, fault))
        return NULL;
    if (!run(&logs, fault))
        return tell_rotated(&logs, arguments, false);
    int64_t rotated = fault->code == FAULT_CONFLICT ? 0 : count_rotated(&logs, false, &bytes);
    if (rotated)
        done_anyway(fault, "%lld logs were rotated", (long long)rotated);
    return NULL;
}

/* By the logs that are not empty. */
value_t *
log_rotate_foreseen(const value_t *arguments, const op_world_t *world, fault_t *fault)
{
    char path[PATH_MAX];
    CLEANUP(logs_clear) logs_t logs = {.world = world};
    if (read_rule(&logs, arguments, fault))
        return NULL;
    CLEANUP(bytes_destroy)
    bytes_t *settings = read_file(machine_path(world, path, SETTINGS), LOGROTATE_FILE_MAX, fault);
    if (!settings)
        return NULL;
    if (access(machine_path(world, path, PROGRAM), X_OK)) {
        fault_set(fault, FAULT_NOT_FOUND, "this machine has no '%.160s'", path);
        return NULL;
    }
    value_t *foresight = foresight_new();
    for (size_t i = 0; i < logs.count; i++)
        if (logs.all[i].facts.st_size)
            foresight_goes(foresight, "%.150s: %lld bytes", logs.all[i].path,
                           (long long)logs.all[i].facts.st_size);
    return foresight_give(foresight, tell_rotated(&logs, arguments, true));
}
