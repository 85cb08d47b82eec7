/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "worker/foresight.h"
#include "worker/ops/bodies.h"
#include "worker/ops/machine.h"
#include "worker/proc.h"

#define TAIL_MAX 60
#define POLL_MS  20
#define END_MS   5000

typedef struct {
    pid_t pid;
    int output;
    mono_t deadline;
    size_t kept;
    char tail[TAIL_MAX]; /* how its output ends so far */
} running_t;

_Noreturn static void
become(char **words, int output)
{
    static char *no_environment[] = {NULL};
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    setsid();
    dup2(output, 1);
    dup2(output, 2);
    close_range(3, ~0U, 0);
    execve(words[0], words, no_environment);
    _exit(127);
}

static int
check_program(const char *path, fault_t *fault)
{
    return access(path, X_OK) ? fault_errno(fault, "'%.160s' cannot be executed", path) : 0;
}

static int
start(running_t *self, char **words, unsigned timeout_s, fault_t *fault)
{
    int ends[2];
    if (check_program(words[0], fault))
        return -1;
    if (pipe2(ends, O_CLOEXEC | O_NONBLOCK))
        return fault_errno(fault, "pipe");
    self->deadline.ms = mono_now().ms + (int64_t)timeout_s * 1000;
    self->output = ends[0];
    self->pid = fork();
    if (self->pid == 0) {
        fcntl(ends[1], F_SETFL, 0);
        become(words, ends[1]);
    }
    close(ends[1]);
    return self->pid < 0 ? fault_errno(fault, "'%.160s' cannot be started", words[0]) : 0;
}

static void
keep(running_t *self, const char *chunk, size_t size)
{
    if (size > TAIL_MAX) {
        chunk += size - TAIL_MAX;
        size = TAIL_MAX;
    }
    size_t left = self->kept + size > TAIL_MAX ? TAIL_MAX - size : self->kept;
    memmove(self->tail, self->tail + self->kept - left, left);
    memcpy(self->tail + left, chunk, size);
    self->kept = left + size;
}

static void
read_output(running_t *self)
{
    char chunk[4096];
    ssize_t got;
    while ((got = read(self->output, chunk, sizeof chunk)) > 0)
        keep(self, chunk, (size_t)got);
}

/* What it started ends with it. */
static int
end(running_t *self, const char *name, fault_t *fault)
{
    proc_t process;
    fault_t why = {0};
    int wrong = proc_look(self->pid, &process, &why);
    if (wrong ? why.code != FAULT_NOT_FOUND : proc_end_tree(&process, END_MS, &why))
        return fault_set(fault, FAULT_UNKNOWN, "'%s' does not end: %s", name, why.text);
    return 0;
}

static int
await(running_t *self, const site_command_t *command, int *status, fault_t *fault)
{
    for (;;) {
        struct pollfd ready = {.fd = self->output, .events = POLLIN};
        poll(&ready, 1, POLL_MS); /* where it cannot wait it looks at once */
        read_output(self);
        if (waitpid(self->pid, status, WNOHANG) == self->pid)
            break;
        if (mono_now().ms >= self->deadline.ms)
            return end(self, command->name, fault)
                       ? -1
                       : fault_set(fault, FAULT_TIMEOUT, "'%s' was not done within %u s",
                                   command->name, command->timeout_s);
    }
    read_output(self);
    return 0;
}

static value_t *
describe(const running_t *self, const site_command_t *command, int status)
{
    char text[TAIL_MAX + 1];
    value_t *result = value_map();
    snprintf(text, sizeof text, "%.*s", (int)self->kept, self->tail);
    for (char *at = text; *at; at++)
        if (*at < ' ' || *at > '~')
            *at = *at == '\n' ? ' ' : '?';
    value_set_text(result, "command", command->name);
    value_set_text(result, "output", text);
    value_set_integer(result, "status",
                      WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status));
    return result;
}

static const site_command_t *
find(const value_t *arguments, const op_world_t *world, fault_t *fault)
{
    const char *name = value_get_text(arguments, "command");
    const site_command_t *command = policy_command(world->policy, name);
    if (!command)
        fault_set(fault, FAULT_POLICY, "the policy of this machine has no command '%.63s'", name);
    return command;
}

value_t *
site_run(const value_t *arguments, const op_world_t *world, fault_t *fault)
{
    const site_command_t *command = find(arguments, world, fault);
    running_t running = {.output = -1};
    int status = 0;
    if (!command)
        return NULL;
    CLEANUP(site_command_words_free)
    char **words = site_command_fill(command, value_get_text(arguments, "with"), fault);
    if (!words)
        return NULL;
    bool failed = start(&running, words, command->timeout_s, fault) ||
                  await(&running, command, &status, fault);
    descriptor_close(&running.output);
    return failed ? NULL : describe(&running, command, status);
}

/* Its words as they would be executed, those with blanks within quotes; that it succeeds, and says
 * nothing. */
value_t *
site_run_foreseen(const value_t *arguments, const op_world_t *world, fault_t *fault)
{
    const site_command_t *command = find(arguments, world, fault);
    CLEANUP(site_command_words_free)
    char **words =
        command ? site_command_fill(command, value_get_text(arguments, "with"), fault) : NULL;
    if (!words || check_program(words[0], fault))
        return NULL;
    CLEANUP(bytes_destroy) bytes_t *line = bytes_new();
    for (size_t i = 0; words[i]; i++)
        bytes_addf(line, *words[i] && !strchr(words[i], ' ') ? " %s" : " '%s'", words[i]);
    value_t *foresight = foresight_new(), *result = value_map();
    foresight_comes(foresight, "executed:%s", bytes_text(line));
    value_set_text(result, "command", command->name);
    value_set_text(result, "output", "");
    value_set_integer(result, "status", 0);
    return foresight_give(foresight, result);
}
