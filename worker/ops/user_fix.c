/* SPDX-License-Identifier: Apache-2.0 */
#include <poll.h>
#include <signal.h>
#include <stdio.h>

#include "worker/foresight.h"
#include "worker/ops/account.h"
#include "worker/ops/bodies.h"
#include "worker/ops/command.h"
#include "worker/ops/machine.h"
#include "worker/ops/process.h"
#include "worker/ops/session.h"

#define END_MS     5000
#define POLL_MS    20
#define OUTPUT_MAX 65536

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
    int status = 0;
    CLEANUP(bytes_destroy)
    bytes_t *said = command_run(world->root ? rooted : plain, OUTPUT_MAX, &status, fault);
    if (!said)
        return -1;
    return status ? fault_set(fault, FAULT_FAILED, "usermod %s of '%.40s' exited with status %d",
                              flag, user, status)
                  : 0;
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
    account_t account;
    if (account_find(world, user, &account, fault))
        return NULL;
    bool was = !strcmp(account_password(world, user), "locked");
    if (was != lock && run_usermod(world, lock ? "-L" : "-U", user, fault))
        return NULL;
    bool is = !strcmp(account_password(world, user), "locked");
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
    if (account_find(world, user, &account, fault))
        return NULL;
    const char *from = account_password(world, user);
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

/* Its first process, where that is none of ours. */
static bool
leads(const session_t *session, const op_world_t *world, proc_t *out)
{
    return session_leads(session, out) && !process_is_ours(out, world);
}

/* Whether it is one of the user's that lives and is to be killed. */
static bool
is_theirs(const proc_t *self, uid_t user, const op_world_t *world)
{
    return self->state != 'Z' && self->state != 'X' && process_user(self) == user &&
           !process_is_ours(self, world);
}

/* Until none is left, or some do not go. */
static int
kill_all_of(uid_t user, const op_world_t *world, int64_t *count, fault_t *fault)
{
    for (int waited = 0; waited < END_MS; waited += POLL_MS) {
        CLEANUP(memory_free) proc_t *all = NULL;
        size_t size = proc_all(&all), left = 0;
        for (size_t i = 0; i < size; i++) {
            if (!is_theirs(&all[i], user, world))
                continue;
            left++;
            *count += waited == 0;
            if (proc_signal(&all[i], SIGKILL, fault))
                return -1;
        }
        if (!left)
            return 0;
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

value_t *
user_end_sessions(const value_t *arguments, const op_world_t *world, fault_t *fault)
{
    const char *user = value_get_text(arguments, "user");
    bool processes = value_get_bool(arguments, "processes");
    int64_t ended = 0, killed = 0;
    account_t account;
    CLEANUP(memory_free) session_t *all = NULL;
    if (find_user(arguments, world, &account, fault))
        return NULL;
    size_t count = session_all(world, &all);
    for (size_t i = 0; i < count; i++) {
        proc_t leader;
        if (strcmp(all[i].user, user) != 0 || !leads(&all[i], world, &leader))
            continue;
        if (proc_end_tree(&leader, END_MS, fault))
            return NULL;
        ended++;
    }
    if (processes && kill_all_of(account.user, world, &killed, fault))
        return NULL;
    return tell_ended(arguments, ended, killed);
}

static int64_t
foretell_sessions(value_t *foresight, const char *user, const op_world_t *world)
{
    int64_t count = 0;
    CLEANUP(memory_free) session_t *all = NULL;
    size_t size = session_all(world, &all);
    for (size_t i = 0; i < size; i++) {
        proc_t leader;
        if (strcmp(all[i].user, user) != 0 || !leads(&all[i], world, &leader))
            continue;
        foresight_goes(foresight, "session of %s, process %d: %.40s", user, (int)all[i].pid,
                       all[i].line[0] ? all[i].line : all[i].service);
        count++;
    }
    return count;
}

static int64_t
foretell_processes(value_t *foresight, uid_t user, const op_world_t *world)
{
    int64_t count = 0;
    CLEANUP(memory_free) proc_t *all = NULL;
    size_t size = proc_all(&all);
    for (size_t i = 0; i < size; i++) {
        if (!is_theirs(&all[i], user, world))
            continue;
        foresight_goes(foresight, "process %d: %s", (int)all[i].pid, all[i].name);
        count++;
    }
    return count;
}

/* What goes with a session is counted among the processes too: it lives yet. */
value_t *
user_end_sessions_foreseen(const value_t *arguments, const op_world_t *world, fault_t *fault)
{
    account_t account;
    if (find_user(arguments, world, &account, fault))
        return NULL;
    value_t *foresight = foresight_new();
    int64_t ended = foretell_sessions(foresight, value_get_text(arguments, "user"), world);
    int64_t killed = value_get_bool(arguments, "processes")
                         ? foretell_processes(foresight, account.user, world)
                         : 0;
    return foresight_give(foresight, tell_ended(arguments, ended, killed));
}
