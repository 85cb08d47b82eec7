/* SPDX-License-Identifier: Apache-2.0 */
/* A service runs where its pidfile names a living process of its start command's program. What
 * starts it is a keeper: a process that outlives the op, adopts all that the command leaves behind
 * and stays until none of it is left; so whatever a dead service still holds can be found and
 * ended before the next start. Its pid stands in a note named like the service. */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "common/file.h"
#include "worker/foresight.h"
#include "worker/op_group.h"
#include "worker/ops/bodies.h"
#include "worker/ops/done.h"
#include "worker/proc.h"

#define POLL_MS    20
#define START_MS   10000 /* until the pidfile names a living process */
#define STOP_MS    5000  /* between asking a service to end and SIGKILL */
#define COMMAND_MS 10000 /* of a stop command */

static bool
is_gone(int wrong)
{
    return wrong == ENOENT || wrong == ENOTDIR || wrong == ESRCH;
}

static const char *
base_name(const char *path)
{
    const char *slash = strrchr(path, '/');
    return slash ? slash + 1 : path;
}

/* Whether a process runs this program: by its executable, by what the program's links lead to, or,
 * for a script, by its name; a process gives itself any name, so that counts only where root said
 * which one is meant. */
static int
runs_program(const proc_t *process, const char *program, bool by_name, bool *runs, fault_t *fault)
{
    char link[64], exe[PATH_MAX] = "", real[PATH_MAX];
    snprintf(link, sizeof link, "/proc/%d/exe", (int)process->pid);
    ssize_t size = readlink(link, exe, sizeof exe - 1);
    if (size < 0 && !is_gone(errno))
        return fault_errno(fault, "'%s' cannot be read", link);
    exe[size > 0 ? size : 0] = '\0';
    char *deleted = strstr(exe, " (deleted)");
    if (deleted)
        *deleted = '\0';
    *runs = (by_name && !strncmp(process->name, base_name(program), 15)) ||
            !strcmp(base_name(exe), base_name(program));
    if (*runs)
        return 0;
    bool known = realpath(program, real);
    if (!known && !is_gone(errno))
        return fault_errno(fault, "'%.160s' cannot be looked at", program);
    *runs = known && !strcmp(exe, real);
    return 0;
}

/* Nobody but root can have written it. */
static int
is_roots(const char *path, bool *roots, fault_t *fault)
{
    struct stat facts = {0};
    if (lstat(path, &facts) && !is_gone(errno))
        return fault_errno(fault, "'%.160s' cannot be looked at", path);
    *roots = S_ISREG(facts.st_mode) && facts.st_uid == 0 && !(facts.st_mode & (S_IWGRP | S_IWOTH));
    return 0;
}

/* The living process that the pidfile names; pid 0 where there is none. */
static int
find_named(const service_t *service, proc_t *process, fault_t *fault)
{
    fault_t why = {0};
    uint64_t pid;
    *process = (proc_t){0};
    CLEANUP(bytes_destroy) bytes_t *text = file_read(service->pidfile, 64, &why);
    if (!text)
        return why.code == FAULT_NOT_FOUND ? 0 : fault_set(fault, why.code, "%s", why.text);
    char *number = (char *)text->data;
    number += strspn(number, " \t");
    number[strcspn(number, " \t\r\n")] = '\0';
    if (!text_read_u64(number, 2, INT32_MAX, &pid))
        return 0;
    if (proc_look((pid_t)pid, process, &why) && why.code != FAULT_NOT_FOUND)
        return fault_set(fault, why.code, "%s", why.text);
    if (process->state == 'Z' || process->state == 'X')
        process->pid = 0;
    return 0;
}

static int
look(const service_t *service, proc_t *process, bool *runs, fault_t *fault)
{
    bool roots = false;
    *runs = false;
    if (find_named(service, process, fault))
        return -1;
    return !process->pid ? 0
           : is_roots(service->pidfile, &roots, fault)
               ? -1
               : runs_program(process, service->start[0], roots, runs, fault);
}

static value_t *
describe(const service_t *service, const proc_t *process)
{
    value_t *result = value_map();
    value_set_text(result, "service", service->name);
    value_set_bool(result, "running", process);
    value_set_integer(result, "pid", process ? process->pid : 0);
    return result;
}

static const service_t *
find(const value_t *arguments, const op_world_t *world, fault_t *fault)
{
    const char *name = value_get_text(arguments, "service");
    const service_t *service = policy_service(world->policy, name);
    if (!service)
        fault_set(fault, FAULT_POLICY, "the policy of this machine has no service '%s'", name);
    return service;
}

value_t *
service_status(const value_t *arguments, const op_world_t *world, fault_t *fault)
{
    const service_t *service = find(arguments, world, fault);
    proc_t process;
    bool runs;
    if (!service || look(service, &process, &runs, fault))
        return NULL;
    if (!runs)
        return describe(service, NULL);
    value_t *result = describe(service, &process);
    value_set_integer(result, "since", proc_started(&process).ms);
    return result;
}

_Noreturn static void
run_command(const char *const *command, int parent_death)
{
    static char path[] = "PATH=/usr/sbin:/usr/bin:/sbin:/bin", lang[] = "LANG=C.UTF-8";
    char *const environment[] = {path, lang, NULL};
    prctl(PR_SET_PDEATHSIG, parent_death);
    umask(022);
    close_range(3, ~0U, 0);
    execve(command[0], (char *const *)(uintptr_t)command, environment);
    _exit(127);
}

/* Says that it is noted before it starts anything, then how the command ended (a wait status), and
 * stays while anything of it lives. */
_Noreturn static void
keep(const service_t *service, const char *note, int status_fd)
{
    int status;
    pid_t ended;
    fault_t ignored;
    op_group_leave();
    prctl(PR_SET_CHILD_SUBREAPER, 1);
    prctl(PR_SET_NAME, "tocsin-keeper");
    if (proc_note(note, getpid(), &ignored) || write(status_fd, "n", 1) != 1)
        _exit(1);
    pid_t command = fork();
    if (command == 0)
        run_command(service->start, 0);
    signal(SIGPIPE, SIG_IGN); /* nobody may listen any more when the command ends */
    if (dup2(status_fd, 3) != 3 || close_range(4, ~0U, 0))
        _exit(1);
    while ((ended = wait(&status)) > 0 || errno == EINTR)
        if (ended == command) {
            ssize_t told = write(3, &status, sizeof status);
            (void)told; /* the op that asked may be over; the next one looks for itself */
            close(3);
        }
    unlink(note);
    _exit(0);
}

/* Forked twice, in a session of its own: no child of the op's, which adopts it as little. Once it
 * is noted it is found by whoever ends what was started. */
static int
start_keeper(const service_t *service, const char *note, int *status_fd, fault_t *fault)
{
    int ends[2];
    if (pipe2(ends, O_CLOEXEC))
        return fault_errno(fault, "pipe");
    prctl(PR_SET_CHILD_SUBREAPER, 0);
    pid_t between = fork();
    if (between == 0) {
        setsid();
        pid_t keeper = fork();
        if (keeper == 0)
            keep(service, note, ends[1]);
        _exit(keeper < 0);
    }
    close(ends[1]);
    char byte;
    while (between > 0 && waitpid(between, NULL, 0) < 0 && errno == EINTR)
        continue;
    bool noted = between > 0 && file_fill(ends[0], &byte, 1) == 1;
    prctl(PR_SET_CHILD_SUBREAPER, 1);
    if (!noted) {
        close(ends[0]);
        return fault_set(fault, FAULT_IO, "no process can be made for service '%s'", service->name);
    }
    *status_fd = ends[0];
    return 0;
}

static int
explain_exit(const char *program, int status, fault_t *fault)
{
    if (WIFSIGNALED(status))
        return fault_set(fault, FAULT_FAILED, "'%.120s' was ended by signal %d", program,
                         WTERMSIG(status));
    return fault_set(fault, FAULT_FAILED, "'%.120s' exited with status %d", program,
                     WEXITSTATUS(status));
}

/* Until the service runs, its command failed, or it took too long. */
static int
await_running(const service_t *service, int status_fd, proc_t *process, fault_t *fault)
{
    mono_t start = mono_now();
    struct pollfd waiting = {.fd = status_fd, .events = POLLIN};
    while (mono_now().ms - start.ms < START_MS) {
        int status = 0;
        bool runs;
        if (look(service, process, &runs, fault) || runs)
            return runs ? 0 : -1;
        if (poll(&waiting, 1, POLL_MS) != 1)
            continue;
        if (read(status_fd, &status, sizeof status) != sizeof status)
            return fault_set(fault, FAULT_FAILED, "the keeper of '%s' died", service->name);
        if (status)
            return explain_exit(service->start[0], status, fault);
        waiting.fd = -1;
    }
    return fault_set(fault, FAULT_FAILED,
                     "'%s' was started, but '%.120s' names no process of it after %d s",
                     service->name, service->pidfile, START_MS / 1000);
}

static int
note_path(const op_world_t *world, const service_t *service, char out[static PATH_MAX],
          fault_t *fault)
{
    if (snprintf(out, PATH_MAX, "%s/%s", world->keepers, service->name) >= PATH_MAX)
        return fault_set(fault, FAULT_LIMIT, "the state folder's path is too long");
    return 0;
}

static int
end_leftovers(const char *note, fault_t *fault)
{
    proc_t keeper;
    fault_t why = {0};
    if (!proc_look_noted(note, &keeper, &why)) {
        if (proc_end_tree(&keeper, STOP_MS, fault))
            return -1;
        unlink(note);
        return 0;
    }
    return why.code == FAULT_NOT_FOUND ? 0 : fault_set(fault, why.code, "%s", why.text);
}

static value_t *
start(const service_t *service, const op_world_t *world, fault_t *fault)
{
    char note[PATH_MAX];
    proc_t process;
    CLEANUP(descriptor_close) int status_fd = -1;
    if (access(service->start[0], X_OK)) {
        fault_errno(fault, "'%.120s' cannot be started", service->start[0]);
        return NULL;
    }
    if (note_path(world, service, note, fault) || end_leftovers(note, fault) ||
        start_keeper(service, note, &status_fd, fault))
        return NULL;
    if (!await_running(service, status_fd, &process, fault))
        return describe(service, &process);
    fault_t more = {0};
    if (end_leftovers(note, &more)) {
        fault_wrap(fault, "%s", more.text);
        done_anyway(fault, "it was started, and part of it may live");
    }
    return NULL;
}

value_t *
service_start(const value_t *arguments, const op_world_t *world, fault_t *fault)
{
    const service_t *service = find(arguments, world, fault);
    proc_t process;
    bool runs;
    if (!service || look(service, &process, &runs, fault))
        return NULL;
    return runs ? describe(service, &process) : start(service, world, fault);
}

static int
await_end(const service_t *service, int wait_ms, proc_t *process, bool *runs, fault_t *fault)
{
    mono_t from = mono_now();
    while (!look(service, process, runs, fault)) {
        if (!*runs || mono_now().ms - from.ms >= wait_ms)
            return 0;
        poll(NULL, 0, POLL_MS);
    }
    return -1;
}

/* Runs a command of the policy until it ended well. FAULT_FAILED where it did not, FAULT_TIMEOUT,
 * or FAULT_IO where none was started. It dies with the op, and what it starts stays below the op,
 * whose end is then theirs (op_child). */
static int
run_in_time(const char *const *words, fault_t *fault)
{
    int status = -1;
    pid_t command = fork();
    if (command < 0)
        return fault_errno(fault, "'%.120s' cannot be started", words[0]);
    if (command == 0) {
        setsid();
        run_command(words, SIGKILL);
    }
    for (int waited = 0; waited < COMMAND_MS; waited += POLL_MS) {
        if (waitpid(command, &status, WNOHANG) == command)
            return status ? explain_exit(words[0], status, fault) : 0;
        poll(NULL, 0, POLL_MS);
    }
    kill(-command, SIGKILL);
    waitpid(command, &status, 0);
    return fault_set(fault, FAULT_TIMEOUT, "'%.120s' did not end within %d s", words[0],
                     COMMAND_MS / 1000);
}

/* One that was asked, and does not end within its time, is killed. */
static int
await_or_kill(const service_t *service, fault_t *fault)
{
    proc_t process;
    bool runs;
    return await_end(service, STOP_MS, &process, &runs, fault) ||
                   (runs && proc_end(&process, STOP_MS, fault))
               ? done_anyway(fault, "service '%s' was asked to end", service->name)
               : 0;
}

static int
stop(const service_t *service, fault_t *fault)
{
    proc_t process;
    bool runs;
    if (look(service, &process, &runs, fault))
        return -1;
    if (!runs)
        return 0;
    fault_t why = {0}; /* it is asked by a signal then */
    bool asked = service->stop && !run_in_time(service->stop, &why);
    if (!asked && proc_signal(&process, SIGTERM, fault))
        return service->stop ? done_anyway(fault, "'%.80s' was run", service->stop[0]) : -1;
    return await_or_kill(service, fault);
}

value_t *
service_stop(const value_t *arguments, const op_world_t *world, fault_t *fault)
{
    const service_t *service = find(arguments, world, fault);
    char note[PATH_MAX];
    if (!service || note_path(world, service, note, fault) || stop(service, fault))
        return NULL;
    if (!end_leftovers(note, fault))
        return describe(service, NULL);
    if (!strstr(fault->text, DONE_MARK))
        done_anyway(fault, "service '%s' does not run", service->name);
    return NULL;
}

/* One that runs, as *process, and can be told to read its configuration; NULL with a fault. */
static const service_t *
find_reloadable(const value_t *arguments, const op_world_t *world, proc_t *process, fault_t *fault)
{
    const service_t *service = find(arguments, world, fault);
    if (!service)
        return NULL;
    if (!service->reload) {
        fault_set(fault, FAULT_POLICY, "the policy of this machine has no line 'service %s reload'",
                  service->name);
        return NULL;
    }
    bool runs;
    if (look(service, process, &runs, fault))
        return NULL;
    if (!runs)
        fault_set(fault, FAULT_FAILED, "service '%s' does not run", service->name);
    return runs ? service : NULL;
}

value_t *
service_reload(const value_t *arguments, const op_world_t *world, fault_t *fault)
{
    proc_t process;
    bool runs;
    const service_t *service = find_reloadable(arguments, world, &process, fault);
    if (!service)
        return NULL;
    if (run_in_time(service->reload, fault))
        return NULL;
    if (!look(service, &process, &runs, fault))
        return describe(service, runs ? &process : NULL);
    done_anyway(fault, "'%.80s' was run", service->reload[0]);
    return NULL;
}

value_t *
service_restart(const value_t *arguments, const op_world_t *world, fault_t *fault)
{
    const service_t *service = find(arguments, world, fault);
    if (!service || stop(service, fault))
        return NULL;
    value_t *result = start(service, world, fault);
    if (!result && !strstr(fault->text, DONE_MARK))
        done_anyway(fault, "service '%s' does not run", service->name);
    return result;
}

/* It would run; as which process, nobody can know. */
static value_t *
foretell_start(const value_t *arguments, const op_world_t *world, bool ends, fault_t *fault)
{
    proc_t process;
    const service_t *service = find(arguments, world, fault);
    if (!service)
        return NULL;
    if (access(service->start[0], X_OK)) {
        fault_errno(fault, "'%.120s' cannot be started", service->start[0]);
        return NULL;
    }
    bool runs;
    if (look(service, &process, &runs, fault))
        return NULL;
    value_t *foresight = foresight_new();
    if (runs && !ends)
        return foresight_give(foresight, describe(service, &process));
    if (runs)
        foresight_goes(foresight, "service %s runs as process %d", service->name, (int)process.pid);
    foresight_comes(foresight, "service %s runs, started by %.120s", service->name,
                    service->start[0]);
    value_t *result = value_map();
    value_set_text(result, "service", service->name);
    value_set_bool(result, "running", true);
    value_set_integer(result, "pid", 0);
    return foresight_give(foresight, result);
}

value_t *
service_start_foreseen(const value_t *arguments, const op_world_t *world, fault_t *fault)
{
    return foretell_start(arguments, world, false, fault);
}

value_t *
service_restart_foreseen(const value_t *arguments, const op_world_t *world, fault_t *fault)
{
    return foretell_start(arguments, world, true, fault);
}

value_t *
service_stop_foreseen(const value_t *arguments, const op_world_t *world, fault_t *fault)
{
    proc_t process;
    const service_t *service = find(arguments, world, fault);
    bool runs;
    if (!service || look(service, &process, &runs, fault))
        return NULL;
    value_t *foresight = foresight_new();
    if (runs)
        foresight_goes(foresight, "service %s runs as process %d", service->name, (int)process.pid);
    return foresight_give(foresight, describe(service, NULL));
}

value_t *
service_reload_foreseen(const value_t *arguments, const op_world_t *world, fault_t *fault)
{
    proc_t process;
    const service_t *service = find_reloadable(arguments, world, &process, fault);
    if (!service)
        return NULL;
    if (access(service->reload[0], X_OK)) {
        fault_errno(fault, "'%.120s' cannot be started", service->reload[0]);
        return NULL;
    }
    value_t *foresight = foresight_new();
    foresight_comes(foresight, "service %s, process %d: its configuration, read anew by %.120s",
                    service->name, (int)process.pid, service->reload[0]);
    return foresight_give(foresight, describe(service, &process));
}
