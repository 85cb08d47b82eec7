/* SPDX-License-Identifier: Apache-2.0 */
#include "worker/ops/command.h"

#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

struct command {
    pid_t pid;    /* 0 once reaped */
    FILE *output; /* NULL of one that is not heard */
};

/* What is given is moved out of the way of the places that it is to have. */
static int
hand_over(const int *given, size_t count)
{
    int away[COMMAND_GIVEN_MAX];
    for (size_t i = 0; i < count; i++)
        away[i] = fcntl(given[i], F_DUPFD_CLOEXEC, COMMAND_FIRST + COMMAND_GIVEN_MAX);
    for (size_t i = 0; i < count; i++)
        if (away[i] < 0 || dup2(away[i], COMMAND_FIRST + (int)i) < 0)
            return -1;
    return close_range(COMMAND_FIRST + (unsigned)count, ~0U, 0);
}

_Noreturn static void
become(const char *const *words, int output, const int *given, size_t count)
{
    static char path[] = "PATH=/usr/sbin:/usr/bin:/sbin:/bin", lang[] = "LANG=C.UTF-8";
    char *const environment[] = {path, lang, NULL};
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    dup2(output, 1);
    if (hand_over(given, count))
        _exit(127);
    execve(words[0], (char *const *)(uintptr_t)words, environment);
    _exit(127);
}

/* Where its output goes, and in *heard where that is read; of one that is not heard nowhere. */
static int
open_output(bool hears, FILE **heard, fault_t *fault)
{
    int ends[2] = {-1, hears ? -1 : open("/dev/null", O_WRONLY | O_CLOEXEC)};
    *heard = NULL;
    if (hears ? pipe2(ends, O_CLOEXEC) : ends[1] < 0)
        return fault_errno(fault, hears ? "pipe" : "'/dev/null'");
    if (!hears || (*heard = fdopen(ends[0], "r")))
        return ends[1];
    fault_errno(fault, "pipe");
    close(ends[0]);
    close(ends[1]);
    return -1;
}

static command_t *
start(const char *const *words, const int *given, size_t count, bool hears, fault_t *fault)
{
    assert(count <= COMMAND_GIVEN_MAX);
    if (access(words[0], X_OK)) {
        fault_set(fault, FAULT_NOT_FOUND, "this machine has no '%.160s'", words[0]);
        return NULL;
    }
    CLEANUP(command_destroy) command_t *self = memory_new(1, sizeof *self);
    CLEANUP(descriptor_close) int output = open_output(hears, &self->output, fault);
    if (output < 0)
        return NULL;
    self->pid = fork();
    if (self->pid == 0)
        become(words, output, given, count);
    if (self->pid < 0) {
        fault_errno(fault, "'%.160s' cannot be started", words[0]);
        return NULL;
    }
    return MOVE(self);
}

command_t *
command_start(const char *const *words, fault_t *fault)
{
    return start(words, NULL, 0, true, fault);
}

FILE *
command_output(command_t *self)
{
    return self->output;
}

int
command_finish(command_t **self_p)
{
    int status = 0;
    pid_t pid = (*self_p)->pid;
    while (waitpid(pid, &status, 0) < 0 && errno == EINTR)
        continue;
    (*self_p)->pid = 0;
    command_destroy(self_p);
    return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

void
command_destroy(command_t **self_p)
{
    command_t *self = *self_p;
    if (!self)
        return;
    if (self->output)
        fclose(self->output);
    if (self->pid > 0) {
        kill(self->pid, SIGKILL);
        waitpid(self->pid, NULL, 0);
    }
    free(self);
    *self_p = NULL;
}

bytes_t *
command_run_with(const char *const *words, const int *given, size_t count, size_t max, int *status,
                 fault_t *fault)
{
    char chunk[4096];
    size_t got;
    CLEANUP(command_destroy) command_t *self = start(words, given, count, true, fault);
    CLEANUP(bytes_destroy) bytes_t *said = bytes_new();
    if (!self)
        return NULL;
    while ((got = fread(chunk, 1, sizeof chunk, self->output)) > 0) {
        bytes_add(said, chunk, got);
        if (said->size > max) {
            fault_set(fault, FAULT_LIMIT, "'%.120s' says more than %zu bytes", words[0], max);
            return NULL;
        }
    }
    *status = command_finish(&self);
    return MOVE(said);
}

int
command_do(const char *const *words, const int *given, size_t count, fault_t *fault)
{
    CLEANUP(command_destroy) command_t *self = start(words, given, count, false, fault);
    return self ? command_finish(&self) : -1;
}

bytes_t *
command_run(const char *const *words, size_t max, int *status, fault_t *fault)
{
    return command_run_with(words, NULL, 0, max, status, fault);
}
