/* SPDX-License-Identifier: Apache-2.0 */
#include "lua/runner.h"

#include <errno.h>
#include <locale.h>
#include <malloc.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "lua/sandbox.h"
#include "lua/script.h"

#define LIBC_HEAP  (256 * 1024) /* for what the C library asks for behind Lua's back */
#define UNCONFINED 70           /* exit status of a child that could not lock itself in */

/* What every runner of this process is a copy of: made once, by the first fork, and untouched
 * afterwards, so that a runner that waits shares its pages. The one mutable variable of this file.
 */
static struct {
    sandbox_t *sandbox;
    script_t *script;
} mould;

static int
make_mould(fault_t *fault)
{
    if (mould.script)
        return 0;
    arena_t *arena = arena_new(RUNNER_MEMORY_MAX);
    port_t *port =
        port_new(SANDBOX_FD, FRAMES_BYTES_MAX + 4 * (FRAMES_MAX + 1), RUNNER_OUTPUT_MAX + 4096);
    script_t *script = arena && port ? script_new(arena, port) : NULL;
    if (!script)
        fault_set(fault, FAULT_FULL, "no memory for a runner");
    else
        mould.sandbox = sandbox_new(RUNNER_CPU_MAX_S, fault);
    if (mould.sandbox) {
        arena_settle(arena);
        mould.script = script;
        return 0;
    }
    arena_destroy(&arena);
    port_destroy(&port);
    return -1;
}

/* The C library's own allocations must be served from what it has: brk and mmap are locked. */
static void
reserve_heap(void)
{
#ifndef TOCSIN_SANITIZED
    mallopt(M_MMAP_MAX, 0);
    mallopt(M_TRIM_THRESHOLD, 64 * LIBC_HEAP);
    free(malloc(LIBC_HEAP));
#endif
}

_Noreturn static void
be_a_runner(int fd, pid_t parent)
{
    setlocale(LC_ALL, "C");
    reserve_heap();
    if (sandbox_enter(mould.sandbox, fd, parent))
        _exit(UNCONFINED);
    _exit(script_serve(mould.script) ? EXIT_FAILURE : EXIT_SUCCESS);
}

pid_t
runner_fork(int *fd, fault_t *fault)
{
    int ends[2];
    if (make_mould(fault))
        return -1;
    if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends))
        return fault_errno(fault, "no socket for a runner");
    pid_t parent = getpid(), pid = fork();
    if (pid == 0)
        be_a_runner(ends[1], parent);
    close(ends[1]);
    if (pid < 0) {
        fault_errno(fault, "no process for a runner");
        close(ends[0]);
        return -1;
    }
    *fd = ends[0];
    return pid;
}

static int
reap(pid_t pid)
{
    int status = 0;
    while (waitpid(pid, &status, 0) < 0 && errno == EINTR)
        ;
    return status;
}

static int
send_task(channel_t *channel, const task_t *task, fault_t *fault)
{
    CLEANUP(frames_destroy) frames_t *frames = frames_new();
    CLEANUP(bytes_destroy) bytes_t *context = bytes_new();
    if (task->context)
        value_encode(task->context, context);
    frames_add_text(frames, "TASK");
    frames_add_text(frames, task->mode);
    frames_add(frames, task->playbook);
    frames_add_text(frames, task->step);
    frames_add(frames, bytes_slice(context));
    return channel_send(channel, frames, fault);
}

/* A failed op is an answer, a runner that does not listen is a fault. */
static int
answer(channel_t *channel, const frames_t *asked, op_handler_t *on_op, void *self, fault_t *fault)
{
    fault_t refused = {0};
    CLEANUP(frames_destroy) frames_t *frames = frames_new();
    CLEANUP(bytes_destroy) bytes_t *encoded = bytes_new();
    CLEANUP(value_destroy) value_t *arguments = value_decode(frames_at(asked, 2), fault);
    if (!arguments)
        return -1;
    CLEANUP(value_destroy)
    value_t *result = on_op ? on_op(self, frames_text(asked, 1), arguments, &refused) : NULL;
    if (!on_op)
        fault_set(&refused, FAULT_OP, "no op can be asked for here");
    if (result) {
        value_encode(result, encoded);
        frames_add_text(frames, "RESULT");
        frames_add(frames, bytes_slice(encoded));
    } else {
        frames_add_text(frames, "FAULT");
        frames_add_text(frames, fault_word(refused.code));
        frames_add_text(frames, refused.text);
    }
    return channel_send(channel, frames, fault);
}

static int
read_done(const frames_t *frames, task_result_t *result, fault_t *fault)
{
    fault_code_t code = fault_of(frames_text(frames, 3));
    outcome_t outcome;
    if (frames->count != 5 || code == FAULT_CODES ||
        !outcome_read(frames_text(frames, 1), &outcome) ||
        (outcome == OUTCOME_FAILED) != (code != FAULT_NONE) ||
        (outcome != OUTCOME_OK && outcome != OUTCOME_SKIPPED && outcome != OUTCOME_FAILED))
        return fault_set(fault, FAULT_FORMAT, "the runner said something that is no result");
    value_t *output = value_decode(frames_at(frames, 2), fault);
    if (!output)
        return fault_wrap(fault, "output");
    *result = (task_result_t){.outcome = outcome, .output = output};
    if (code != FAULT_NONE)
        fault_set(&result->fault, code, "%s", frames_text(frames, 4));
    return 0;
}

/* The runner closed its end without DONE: it was killed. */
static int
explain_end(int status, fault_t *fault)
{
    int signal = WIFSIGNALED(status) ? WTERMSIG(status) : 0;
    if (signal == SIGSYS)
        return fault_set(fault, FAULT_DENIED, "the runner was killed: it tried a system call");
    if (signal == SIGXCPU || signal == SIGKILL)
        return fault_set(fault, FAULT_LIMIT, "over %d s of processor time", RUNNER_CPU_MAX_S);
    if (signal)
        return fault_set(fault, FAULT_LIMIT, "the runner ended with signal %d", signal);
    return fault_set(fault, FAULT_IO, "the runner ended with status %d", WEXITSTATUS(status));
}

/* Until DONE. 1 where the runner closed its end. */
static int
converse(channel_t *channel, const task_t *task, op_handler_t *on_op, void *self,
         task_result_t *result, fault_t *fault)
{
    mono_t start = mono_now();
    for (unsigned ops = 0;;) {
        int64_t left = task->timeout_ms - (mono_now().ms - start.ms);
        CLEANUP(frames_destroy)
        frames_t *frames = channel_receive(channel, left > 0 ? (int)left : 0, fault);
        if (!frames && fault->code == FAULT_TIMEOUT)
            return fault_set(fault, FAULT_TIMEOUT, "not done within %d ms", task->timeout_ms);
        if (!frames)
            return fault->code == FAULT_UNREACHABLE ? 1 : -1;
        if (slice_is(frames_at(frames, 0), "DONE"))
            return read_done(frames, result, fault);
        if (slice_is(frames_at(frames, 0), "SAY") && frames->count == 2) {
            if (task->said && value_count(task->said) <= RUNNER_SAY_MAX)
                value_append(task->said, value_bytes(frames_at(frames, 1)));
            continue;
        }
        if (!slice_is(frames_at(frames, 0), "OP") || frames->count != 3)
            return fault_set(fault, FAULT_FORMAT, "the runner said something that is no message");
        if (ops++ == RUNNER_OPS_MAX)
            return fault_set(fault, FAULT_LIMIT, "over %d ops in one step", RUNNER_OPS_MAX);
        if (answer(channel, frames, on_op, self, fault))
            return fault->code == FAULT_UNREACHABLE ? 1 : -1;
    }
}

int
runner_run(const task_t *task, op_handler_t *on_op, void *self, task_result_t *result,
           fault_t *fault)
{
    int fd = -1;
    fault_t inner = {0};
    pid_t pid = runner_fork(&fd, fault);
    if (pid < 0)
        return -1;
    CLEANUP(channel_destroy) channel_t *channel = channel_new(fd);
    int wrong = send_task(channel, task, &inner);
    if (wrong && inner.code == FAULT_UNREACHABLE)
        wrong = 1;
    if (!wrong)
        wrong = converse(channel, task, on_op, self, result, &inner);
    if (wrong < 0)
        kill(pid, SIGKILL);
    int status = reap(pid);
    if (wrong > 0)
        return explain_end(status, fault);
    if (wrong)
        return fault_set(fault, inner.code, "%s", inner.text);
    return 0;
}

manifest_t *
runner_manifest(slice_t playbook, fault_t *fault)
{
    task_t task = {.mode = "manifest", .playbook = playbook, .step = "", .timeout_ms = 5000};
    task_result_t result = {0};
    if (runner_run(&task, NULL, NULL, &result, fault))
        return NULL;
    CLEANUP(value_destroy) value_t *map = result.output;
    if (result.outcome == OUTCOME_OK)
        return manifest_make(map, fault);
    fault_set(fault, result.fault.code, "%s", result.fault.text);
    return NULL;
}
