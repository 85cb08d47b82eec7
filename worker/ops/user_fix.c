/* SPDX-License-Identifier: Apache-2.0 */
#include <poll.h>
#include <signal.h>
#include <stdio.h>

#include "worker/foresight.h"
#include "worker/ops/account.h"
#include "worker/ops/bodies.h"
#include "worker/ops/command.h"
#include "worker/ops/done.h"
#include "worker/ops/machine.h"
#include "worker/ops/process.h"
#include "worker/ops/session.h"

#define END_MS  5000
#define POLL_MS 20

static value_t *
about(const value_t *arguments)
{
    value_t *result = value_map();
    value_set_text(result, "user", value_get_text(arguments, "user"));
    return result;
}

/* ---- the password: usermod(8) keeps the locks that others look at ------------------------------
 */

static int
run_usermod(const op_world_t *world, const char *flag, const char *user, fault_t *fault)
{
    const char *const plain[] = {"/usr/sbin/usermod", flag, "--", user, NULL};
    const char *const rooted[] = {"/usr/sbin/usermod", "-P", world->root, flag, "--", user, NULL};
    int status = command_do(world->root ? rooted : plain, NULL, 0, fault);
    return status > 0 ? fault_set(fault, FAULT_FAILED,
                                  "usermod %s of '%.40s' exited with status %d", flag, user, status)
                      : status;
}

static value_t *
tell_lock(const value_t *arguments, bool locked, bool changed)
{
    value_t *result = about(arguments);
    value_set_bool(result, "locked", locked);
    value_set_bool(result, "changed", changed);
    return result;
}

static value_t *
set_lock(const value_t *arguments, const op_world_t *world, bool lock, fault_t *fault)
{
    const char *user = value_get_text(arguments, "user");
    const char *word;
    account_t account;
    if (account_find(world, user, &account, fault) || account_password(world, user, &word, fault))
        return NULL;
    bool was = !strcmp(word, "locked");
    if (was != lock && run_usermod(world, lock ? "-L" : "-U", user, fault))
        return NULL;
    if (account_password(world, user, &word, fault)) {
        done_anyway(fault, "usermod has %s '%.40s'", lock ? "locked" : "unlocked", user);
        return NULL;
    }
    bool is = !strcmp(word, "locked");
    if (is != lock) {
        fault_set(fault, FAULT_FAILED, "the password of '%.40s' is %s all the same", user,
                  is ? "locked" : "not locked");
        return NULL;
    }
    return tell_lock(arguments, is, was != is);
}

static value_t *
foretell_lock(const value_t *arguments, const op_world_t *world, bool lock, fault_t *fault)
{
    const char *user = value_get_text(arguments, "user");
    char name[80];
    account_t account;
    const char *from;
    if (account_find(world, user, &account, fault) || account_password(world, user, &from, fault))
        return NULL;
    bool was = !strcmp(from, "locked");
    snprintf(name, sizeof name, "user %.40s, password", user);
    value_t *foresight = foresight_new();
    if (was != lock)
        foresight_turns(foresight, name, from, lock ? "locked" : "not locked");
    return foresight_give(foresight, tell_lock(arguments, lock, was != lock));
}

value_t *
user_lock_foreseen(const value_t *arguments, const op_world_t *world, fault_t *fault)
{
    return foretell_lock(arguments, world, true, fault);
}

value_t *
user_unlock_foreseen(const value_t *arguments, const op_world_t *world, fault_t *fault)
{
    return foretell_lock(arguments, world, false, fault);
}

value_t *
user_lock(const value_t *arguments, const op_world_t *world, fault_t *fault)
{
    return set_lock(arguments, world, true, fault);
}

value_t *
user_unlock(const value_t *arguments, const op_world_t *world, fault_t *fault)
{
    return set_lock(arguments, world, false, fault);
}

/* ---- sessions ----------------------------------------------------------------------------------
 */

/* 1 where its first process lives and is none of ours. */
static int
leads(const session_t *session, const op_world_t *world, proc_t *out, fault_t *fault)
{
    bool alive = false, ours = false;
    if (session_leads(session, out, &alive, fault) ||
        (alive && process_is_ours(out, world, &ours, fault)))
        return -1;
    return alive && !ours;
}

/* 1 where it is one of the user's that lives and is to be killed. */
static int
is_theirs(const proc_t *self, uid_t user, const op_world_t *world, fault_t *fault)
{
    uid_t runs_as;
    bool ours = false;
    if (self->state == 'Z' || self->state == 'X')
        return 0;
    if (process_user(self, &runs_as, fault) ||
        (runs_as == user && process_is_ours(self, world, &ours, fault)))
        return -1;
    return runs_as == user && !ours;
}

/* One round; how many there were. */
static int
kill_those_of(uid_t user, const op_world_t *world, size_t *left, fault_t *fault)
{
    CLEANUP(memory_free) proc_t *all = NULL;
    size_t unseen, size = proc_all(&all, &unseen);
    *left = 0;
    for (size_t i = 0; i < size; i++) {
        int theirs = is_theirs(&all[i], user, world, fault);
        if (theirs < 0 || (theirs && proc_signal(&all[i], SIGKILL, fault)))
            return -1;
        *left += (size_t)theirs;
    }
    return unseen ? fault_set(fault, FAULT_IO, "the kernel does not tell of all processes") : 0;
}

/* Until none is left, or some do not go. */
static int
kill_all_of(uid_t user, const op_world_t *world, int64_t *count, fault_t *fault)
{
    size_t left;
    for (int waited = 0; waited < END_MS; waited += POLL_MS) {
        int wrong = kill_those_of(user, world, &left, fault);
        *count += waited == 0 ? (int64_t)left : 0;
        if (wrong || !left)
            return wrong;
        poll(NULL, 0, POLL_MS);
    }
    return fault_set(fault, FAULT_TIMEOUT, "processes of user %u do not end", (unsigned)user);
}

static int
find_user(const value_t *arguments, const op_world_t *world, account_t *out, fault_t *fault)
{
    if (account_find(world, value_get_text(arguments, "user"), out, fault))
        return -1;
    if (value_get_bool(arguments, "processes") && out->user == 0)
        return fault_set(fault, FAULT_POLICY, "all that runs as root is the machine itself");
    return 0;
}

static value_t *
tell_ended(const value_t *arguments, int64_t ended, int64_t killed)
{
    value_t *result = about(arguments);
    value_set_integer(result, "sessions", ended);
    value_set_integer(result, "processes", killed);
    return result;
}

static int
end_those_of(const char *user, const op_world_t *world, int64_t *ended, fault_t *fault)
{
    CLEANUP(memory_free) session_t *all = NULL;
    size_t count;
    if (session_all(world, &all, &count, fault))
        return -1;
    for (size_t i = 0; i < count; i++) {
        proc_t leader;
        int leading = strcmp(all[i].user, user) ? 0 : leads(&all[i], world, &leader, fault);
        if (leading < 0 || (leading && proc_end_tree(&leader, END_MS, fault)))
            return -1;
        *ended += leading;
    }
    return 0;
}

value_t *
user_end_sessions(const value_t *arguments, const op_world_t *world, fault_t *fault)
{
    int64_t ended = 0, killed = 0;
    account_t account;
    if (find_user(arguments, world, &account, fault))
        return NULL;
    if (!end_those_of(value_get_text(arguments, "user"), world, &ended, fault) &&
        (!value_get_bool(arguments, "processes") ||
         !kill_all_of(account.user, world, &killed, fault)))
        return tell_ended(arguments, ended, killed);
    if ((ended || killed) && !strstr(fault->text, DONE_MARK))
        done_anyway(fault, "%lld sessions were ended, %lld processes killed", (long long)ended,
                    (long long)killed);
    return NULL;
}

static int
foretell_sessions(value_t *foresight, const char *user, const op_world_t *world, int64_t *ended,
                  fault_t *fault)
{
    CLEANUP(memory_free) session_t *all = NULL;
    size_t size;
    if (session_all(world, &all, &size, fault))
        return -1;
    for (size_t i = 0; i < size; i++) {
        proc_t leader;
        int leading = strcmp(all[i].user, user) ? 0 : leads(&all[i], world, &leader, fault);
        if (leading < 0)
            return -1;
        if (leading)
            foresight_goes(foresight, "session of %s, process %d: %.40s", user, (int)all[i].pid,
                           all[i].line[0] ? all[i].line : all[i].service);
        *ended += leading;
    }
    return 0;
}

static int
foretell_processes(value_t *foresight, uid_t user, const op_world_t *world, int64_t *killed,
                   fault_t *fault)
{
    CLEANUP(memory_free) proc_t *all = NULL;
    size_t unseen, size = proc_all(&all, &unseen);
    for (size_t i = 0; i < size; i++) {
        int theirs = is_theirs(&all[i], user, world, fault);
        if (theirs < 0)
            return -1;
        if (theirs)
            foresight_goes(foresight, "process %d: %s", (int)all[i].pid, all[i].name);
        *killed += theirs;
    }
    return unseen ? fault_set(fault, FAULT_IO, "the kernel does not tell of all processes") : 0;
}

/* What goes with a session is counted among the processes too: it lives yet. */
value_t *
user_end_sessions_foreseen(const value_t *arguments, const op_world_t *world, fault_t *fault)
{
    account_t account;
    if (find_user(arguments, world, &account, fault))
        return NULL;
    int64_t ended = 0, killed = 0;
    CLEANUP(value_destroy) value_t *foresight = foresight_new();
    if (foretell_sessions(foresight, value_get_text(arguments, "user"), world, &ended, fault) ||
        (value_get_bool(arguments, "processes") &&
         foretell_processes(foresight, account.user, world, &killed, fault)))
        return NULL;
    return foresight_give(MOVE(foresight), tell_ended(arguments, ended, killed));
}
