/* SPDX-License-Identifier: Apache-2.0 */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdlib.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "worker/foresight.h"
#include "worker/ops/account.h"
#include "worker/ops/bodies.h"
#include "worker/ops/done.h"
#include "worker/ops/faillock.h"
#include "worker/ops/machine.h"
#include "worker/ops/place.h"

#define FILES_MAX     4096 /* looked into */
#define USERS_MAX     100
#define SOURCES_MAX   10
#define FORGOTTEN_MAX 2 /* sources that fit the result of a fix */
#define LOCK_MS       5000
#define POLL_MS       20

/* ---- seeing -----------------------------------------------------------------------------------
 */

typedef struct {
    value_t *row, *sources;
    bool locked;
    int64_t newest_ms;
} entry_t;

typedef struct {
    lockout_rules_t rules;
    size_t count;
    int64_t left_out;
    entry_t entries[FILES_MAX];
} lockouts_t;

static value_t *
sources_of(const char *user, const faillock_t *tally)
{
    value_t *sources = value_list();
    for (size_t i = 0; i < tally->source_count && i < SOURCES_MAX; i++) {
        value_t *source = value_map();
        show(source, "user", user);
        value_set_text(source, "from", tally->sources[i].from);
        value_set_text(source, "kind", tally->sources[i].kind);
        value_set_integer(source, "count", tally->sources[i].count);
        value_set_integer(source, "newest", tally->sources[i].newest_ms);
        value_append(sources, source);
    }
    return sources;
}

static value_t *
row_of(const char *user, const faillock_t *tally)
{
    value_t *row = value_map();
    show(row, "user", user);
    value_set_bool(row, "locked", tally->locked);
    value_set_integer(row, "failures", tally->failures);
    value_set_integer(row, "newest", tally->newest_ms);
    value_set_integer(row, "unlocks", tally->unlocks_ms);
    value_set_bool(row, "more", tally->source_count > SOURCES_MAX);
    return row;
}

/* Of a user without failures nothing is told. */
static int
look_at(lockouts_t *self, int folder, const char *user, const op_world_t *world, fault_t *fault)
{
    static faillock_t tally;
    fault_t why = {0};
    CLEANUP(descriptor_close) int fd = faillock_open(folder, user, O_RDONLY, &why);
    if (fd < 0)
        return why.code == FAULT_NOT_FOUND ? 0 : fault_set(fault, why.code, "%s", why.text);
    if (faillock_read(fd, world, &self->rules, user, &tally, fault))
        return -1;
    if (tally.valid)
        self->entries[self->count++] = (entry_t){.row = row_of(user, &tally),
                                                 .sources = sources_of(user, &tally),
                                                 .locked = tally.locked,
                                                 .newest_ms = tally.newest_ms};
    return 0;
}

/* One that cannot be looked at hides no other. */
static int
look_at_all(lockouts_t *self, int folder, const op_world_t *world, fault_t *fault)
{
    fault_t why;
    int copy = dup(folder);
    DIR *all = copy < 0 ? NULL : fdopendir(copy);
    if (!all)
        return fault_errno(fault, "'%.160s' cannot be listed", self->rules.folder);
    for (struct dirent *at; (at = place_next(all));)
        if (at->d_type != DT_REG && at->d_type != DT_UNKNOWN)
            continue;
        else if (self->count == FILES_MAX || look_at(self, folder, at->d_name, world, &why))
            self->left_out++;
    int wrong = errno ? fault_errno(fault, "'%.160s' cannot be listed", self->rules.folder) : 0;
    closedir(all);
    return wrong;
}

static int
locked_and_newest(const void *left, const void *right)
{
    const entry_t *a = left, *b = right;
    if (a->locked != b->locked)
        return a->locked ? -1 : 1;
    return (a->newest_ms < b->newest_ms) - (a->newest_ms > b->newest_ms);
}

static value_t *
tell(lockouts_t *self)
{
    value_t *result = value_map(), *users = value_list(), *sources = value_list();
    qsort(self->entries, self->count, sizeof *self->entries, locked_and_newest);
    for (size_t i = 0; i < self->count; i++) {
        for (size_t j = 0; i < USERS_MAX && j < value_count(self->entries[i].sources); j++)
            value_append(sources, value_copy(value_at(self->entries[i].sources, j)));
        value_destroy(&self->entries[i].sources);
        if (i < USERS_MAX)
            value_append(users, MOVE(self->entries[i].row));
        self->left_out += i >= USERS_MAX;
        value_destroy(&self->entries[i].row);
    }
    value_set_integer(result, "deny", (int64_t)self->rules.deny);
    value_set_integer(result, "interval_s", (int64_t)self->rules.interval_s);
    value_set_integer(result, "unlock_s", (int64_t)self->rules.unlock_s);
    value_set(result, "users", users);
    value_set(result, "sources", sources);
    value_set_integer(result, "left_out", self->left_out);
    return result;
}

value_t *
user_lockouts(const value_t *arguments, const op_world_t *world, fault_t *fault)
{
    static lockouts_t all;
    fault_t why = {0};
    account_t account;
    const char *user = value_get_text(arguments, "user");
    if ((user[0] && account_find(world, user, &account, fault)) ||
        lockout_rules_read(world, &all.rules, fault))
        return NULL;
    CLEANUP(descriptor_close) int folder = faillock_folder(&all.rules, &why);
    if (folder < 0 && why.code != FAULT_NOT_FOUND) {
        *fault = why;
        return NULL;
    }
    if (folder >= 0 && (user[0] ? look_at(&all, folder, user, world, fault)
                                : look_at_all(&all, folder, world, fault)))
        return NULL;
    return tell(&all);
}

/* ---- forgetting -------------------------------------------------------------------------------
 */

/* Whoever logs in holds it for a moment; a user that holds it longer keeps itself out. */
static int
lock_tally(int fd, const char *user, fault_t *fault)
{
    for (int waited = 0; flock(fd, LOCK_EX | LOCK_NB); waited += POLL_MS) {
        if (errno != EWOULDBLOCK)
            return fault_errno(fault, "the tally of '%.40s' cannot be locked", user);
        if (waited >= LOCK_MS)
            return fault_set(fault, FAULT_TIMEOUT,
                             "the tally of '%.40s' is held by another process", user);
        poll(NULL, 0, POLL_MS);
    }
    return 0;
}

/* What stands in the user's tally goes to out, and the tally to *fd: -1 where there is none yet.
 * Where it is written to it is locked, and lies where nobody but root puts files. */
static int
take_own(const char *user, const op_world_t *world, int flags, int *fd, faillock_t *out,
         fault_t *fault)
{
    lockout_rules_t rules;
    struct stat facts;
    account_t account;
    fault_t why = {0};
    *fd = -1;
    if (account_find(world, user, &account, fault) || lockout_rules_read(world, &rules, fault))
        return -1;
    CLEANUP(descriptor_close) int folder = faillock_folder(&rules, &why);
    if (folder >= 0 && (fstat(folder, &facts) || facts.st_uid != 0 || (facts.st_mode & 022)))
        return fault_set(fault, FAULT_POLICY, "others than root may write to '%.160s'",
                         rules.folder);
    *fd = folder < 0 ? -1 : faillock_open(folder, user, flags, &why);
    if (*fd < 0)
        return why.code == FAULT_NOT_FOUND ? 0 : fault_set(fault, why.code, "%s", why.text);
    if (flags == O_RDWR && lock_tally(*fd, user, fault))
        return -1;
    return faillock_read(*fd, world, &rules, user, out, fault);
}

static value_t *
tell_forgotten(const value_t *arguments, const faillock_t *tally)
{
    value_t *result = value_map(), *sources = value_list();
    value_set_text(result, "user", value_get_text(arguments, "user"));
    value_set_bool(result, "was_locked", tally->locked);
    value_set_integer(result, "failures", tally->valid);
    value_set_integer(result, "newest", tally->newest_ms);
    for (size_t i = 0; i < tally->source_count && i < FORGOTTEN_MAX; i++)
        value_append(sources, value_text(tally->sources[i].from));
    value_set(result, "sources", sources);
    value_set_bool(result, "more", tally->source_count > FORGOTTEN_MAX);
    return result;
}

value_t *
user_reset_lockout(const value_t *arguments, const op_world_t *world, fault_t *fault)
{
    static faillock_t tally;
    const char *user = value_get_text(arguments, "user");
    CLEANUP(descriptor_close) int fd = -1;
    if (take_own(user, world, O_RDWR, &fd, &tally, fault))
        return NULL;
    if (fd >= 0 && ftruncate(fd, 0)) {
        fault_errno(fault, "the tally of '%.40s' cannot be emptied", user);
        return NULL;
    }
    if (fd >= 0 && fsync(fd)) {
        fault_errno(fault, "the tally of '%.40s' cannot be synced", user);
        done_anyway(fault, "it is empty");
        return NULL;
    }
    return tell_forgotten(arguments, &tally);
}

value_t *
user_reset_lockout_foreseen(const value_t *arguments, const op_world_t *world, fault_t *fault)
{
    static faillock_t tally;
    const char *user = value_get_text(arguments, "user");
    CLEANUP(descriptor_close) int fd = -1;
    if (take_own(user, world, O_RDONLY, &fd, &tally, fault))
        return NULL;
    value_t *foresight = foresight_new();
    for (size_t i = 0; i < tally.source_count; i++)
        foresight_goes(foresight, "failed logins of %s from %s: %lld", user, tally.sources[i].from,
                       (long long)tally.sources[i].count);
    return foresight_give(foresight, tell_forgotten(arguments, &tally));
}
