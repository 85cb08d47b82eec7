/* SPDX-License-Identifier: Apache-2.0 */
#include "worker/op_child.h"

#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/pidfd.h>
#include <sys/wait.h>
#include <unistd.h>

#include "common/file.h"
#include "common/log.h"
#include "worker/foresight.h"
#include "worker/op_group.h"

#define DYING_MS   2000 /* a killed child is gone by then, or hangs in the kernel */
#define SECRET_MAX 256  /* characters of a secret */

struct op_child {
    pid_t pid;     /* 0 once reaped */
    bool loose;    /* has no pid namespace that ends with it */
    bool grouped;  /* but a control group */
    proc_t itself; /* as it was made; of one that is loose */
    int fd;        /* read end of the result pipe */
    int go;        /* write end of the go pipe; -1 once it went */
    const op_t *op;
    const op_argument_t *secret;  /* NULL where none of its arguments names one */
    const op_argument_t *reached; /* likewise; of what the policy says how to reach */
    const policy_t *policy;
    bool done;        /* nothing more will come */
    size_t bytes_max; /* of the result */
    mono_t deadline;  /* none before it goes */
    bytes_t *result;  /* 'v' and a value, or 'f', a fault's word, LF and its text */
};

static pid_t
make_process(const op_row_t *row, const op_t *op, const op_world_t *world, op_zygote_t *zygote,
             int result, const int go[2], fault_t *fault)
{
    if (zygote)
        return op_zygote_fork(zygote, row, result, go[0], fault);
    pid_t pid = op_cell_clone(row, 0);
    if (pid == 0) {
        close(go[1]);
        op_cell_enter(row, op, world, result, go[0]);
    }
    if (pid < 0)
        fault_errno(fault, "no process can be made for %s", op->name);
    return pid;
}

op_child_t *
op_child_prepare(const op_row_t *row, const op_t *op, const op_world_t *world, op_zygote_t *zygote,
                 fault_t *fault)
{
    int result[2] = {-1, -1}, go[2] = {-1, -1};
    if (op_cell_prepare(fault))
        return NULL;
    if (pipe2(result, O_CLOEXEC)) {
        fault_errno(fault, "pipe");
        return NULL;
    }
    CLEANUP(op_child_destroy) op_child_t *self = memory_new(1, sizeof *self);
    CLEANUP(descriptor_close) int write_end = result[1];
    self->fd = result[0];
    self->go = -1;
    self->result = bytes_new();
    self->op = op;
    self->secret = op_declared(op, DECLARED_BY_SECRET);
    self->reached = op_declared(op, DECLARED_BY_DEVICE);
    if (!self->reached)
        self->reached = op_declared(op, DECLARED_BY_DATABASE);
    self->policy = world->policy;
    self->loose = row->whole || row->signals;
    self->bytes_max = op->result_bytes_max + (row->foretells ? FORESIGHT_BYTES_MAX : 0);
    if (pipe2(go, O_CLOEXEC)) {
        fault_errno(fault, "pipe");
        return NULL;
    }
    CLEANUP(descriptor_close) int go_read = go[0];
    self->go = go[1];
    self->pid = make_process(row, op, world, zygote, write_end, go, fault);
    if (self->pid < 0)
        return NULL;
    self->grouped =
        self->loose && proc_read(self->pid, &self->itself) && op_group_make(&self->itself);
    return MOVE(self);
}

/* The arguments with the secret in the place of its name: nobody but the child sees it. */
static int
reveal_secret(const op_child_t *self, value_t *arguments, fault_t *fault)
{
    const char *name = value_get_text(arguments, self->secret->name);
    const char *path = policy_secret(self->policy, name);
    if (!path)
        return fault_set(fault, FAULT_POLICY, "the policy of this machine has no secret '%.63s'",
                         name);
    CLEANUP(bytes_destroy) bytes_t *secret = file_read_secret(path, 1, SECRET_MAX, fault);
    if (!secret)
        return fault_wrap(fault, "secret '%.63s'", name);
    value_set_text(arguments, self->secret->name, bytes_text(secret));
    return 0;
}

/* The caller's, or NULL. */
static value_t *
device_way(const policy_t *policy, const char *name, fault_t *fault)
{
    const network_device_t *device = policy_device(policy, name);
    if (!device) {
        fault_set(fault, FAULT_POLICY, "the policy of this machine has no device '%.63s'", name);
        return NULL;
    }
    value_t *reach = device_reach(device, policy_secret(policy, device->secret), fault);
    if (!reach)
        fault_wrap(fault, "device '%.63s'", name);
    else if (policy_backups(policy))
        value_set_text(reach, "backups", policy_backups(policy));
    return reach;
}

static value_t *
database_way(const policy_t *policy, const char *name, fault_t *fault)
{
    const database_t *database = policy_database(policy, name);
    if (database)
        return database_reach(database);
    fault_set(fault, FAULT_POLICY, "the policy of this machine has no database '%.63s'", name);
    return NULL;
}

/* With the way to what is reached beside its name, likewise. */
static int
reveal_way(const op_child_t *self, value_t *arguments, fault_t *fault)
{
    const char *name = value_get_text(arguments, self->reached->name);
    value_t *reach = self->reached->declared == DECLARED_BY_DEVICE
                         ? device_way(self->policy, name, fault)
                         : database_way(self->policy, name, fault);
    if (!reach)
        return -1;
    value_set(arguments, "reach", reach);
    return 0;
}

int
op_child_go(op_child_t *self, const value_t *arguments, const char *note, fault_t *fault)
{
    CLEANUP(bytes_destroy) bytes_t *words = bytes_new();
    CLEANUP(descriptor_close) int go = self->go;
    assert(go >= 0);
    self->go = -1;
    self->deadline.ms = mono_now().ms + (int64_t)self->op->timeout_s * 1000;
    CLEANUP(value_destroy)
    value_t *revealed = self->secret || self->reached ? value_copy(arguments) : NULL;
    if ((self->secret && reveal_secret(self, revealed, fault)) ||
        (self->reached && reveal_way(self, revealed, fault)))
        return -1;
    value_encode(revealed ? revealed : arguments, words);
    if (words->size >= OP_CELL_WORDS_MAX)
        return fault_set(fault, FAULT_LIMIT, "over %d bytes of arguments for %s", OP_CELL_WORDS_MAX,
                         self->op->name);
    if (note && proc_note(note, self->pid, fault))
        return -1;
    return file_write_all(go, bytes_slice(words), fault)
               ? fault_set(fault, FAULT_IO, "the op's process is gone")
               : 0;
}

op_child_t *
op_child_start(const op_row_t *row, const op_t *op, const value_t *arguments,
               const op_world_t *world, const char *note, fault_t *fault)
{
    CLEANUP(op_child_destroy) op_child_t *self = op_child_prepare(row, op, world, NULL, fault);
    if (!self || op_child_go(self, arguments, note, fault))
        return NULL;
    return MOVE(self);
}

/* All that it started, where it was cut off or died without a word: what it adopted, and what is in
 * its group. */
static void
end_loose(const op_child_t *self)
{
    fault_t why;
    if ((proc_read(self->pid, &(proc_t){0}) && proc_end_tree(&self->itself, DYING_MS, &why)) ||
        (self->grouped && op_group_end(&self->itself, DYING_MS, &why)))
        log_fault(self->op->name, &why);
}

/* SIGKILL to the init of a pid namespace is one to all in it, and it is reaped only after them;
 * what an op without one started, a stop command for instance, is looked for if it was cut off. */
static void
end(op_child_t *self)
{
    if (self->pid <= 0)
        return;
    bool cut = !self->done || !self->result->size;
    if (self->loose && cut)
        end_loose(self);
    CLEANUP(descriptor_close) int handle = pidfd_open(self->pid, 0);
    struct pollfd waiting = {.fd = handle, .events = POLLIN};
    kill(self->pid, SIGKILL);
    poll(&waiting, 1, DYING_MS);
    waitpid(self->pid, NULL, WNOHANG);
    self->pid = 0;
    if (self->grouped)
        op_group_release(&self->itself);
}

void
op_child_destroy(op_child_t **self_p)
{
    op_child_t *self = *self_p;
    if (!self)
        return;
    end(self);
    descriptor_close(&self->fd);
    descriptor_close(&self->go);
    bytes_destroy(&self->result);
    free(self);
    *self_p = NULL;
}

int
op_child_fd(const op_child_t *self)
{
    return self->fd;
}

mono_t
op_child_deadline(const op_child_t *self)
{
    return self->deadline;
}

void
op_child_cut(op_child_t *self)
{
    self->deadline = mono_now();
}

bool
op_child_read(op_child_t *self)
{
    uint8_t chunk[16384];
    ssize_t got = read(self->fd, chunk, sizeof chunk);
    if (got < 0 && (errno == EINTR || errno == EAGAIN))
        return false;
    if (got > 0)
        bytes_add(self->result, chunk, (size_t)got);
    self->done = got <= 0 || self->result->size > self->bytes_max + FAULT_TEXT_MAX;
    return self->done;
}

/* The child's words are a stranger's: they count if its code and text are what a fault's can be. */
static void
read_fault(const op_child_t *self, fault_t *fault)
{
    const char *word = bytes_text(self->result) + 1, *text = strchr(word, '\n');
    char code[16] = "";
    if (text && (size_t)(text - word) < sizeof code)
        memcpy(code, word, (size_t)(text - word));
    fault_code_t number = fault_of(code);
    if (!text || number == FAULT_CODES || number == FAULT_NONE ||
        !text_is_free(slice_text(text + 1)))
        fault_set(fault, FAULT_FAILED, "%s failed and does not say how", self->op->name);
    else
        fault_set(fault, number, "%s", text + 1);
}

static value_t *
read_value(const op_child_t *self, slice_t encoded, fault_t *fault)
{
    fault_t why = {0};
    value_t *value = value_decode(encoded, &why);
    if (!value)
        fault_set(fault, FAULT_UNKNOWN, "%s died amid its result: %s", self->op->name, why.text);
    return value;
}

value_t *
op_child_result(const op_child_t *self, fault_t *fault)
{
    slice_t all = bytes_slice(self->result);
    if (!self->done)
        fault_set(fault, FAULT_TIMEOUT, "%s was not done by its deadline and was ended",
                  self->op->name);
    else if (!all.size)
        fault_set(fault, FAULT_UNKNOWN, "%s died without a result", self->op->name);
    else if (all.data[0] == 'f')
        read_fault(self, fault);
    else if (all.size - 1 > self->bytes_max)
        fault_set(fault, FAULT_LIMIT, "%s: a result over %zu bytes", self->op->name,
                  self->bytes_max);
    else
        return read_value(self, slice_of(all.data + 1, all.size - 1), fault);
    return NULL;
}

value_t *
op_child_finish(op_child_t **self_p, fault_t *fault)
{
    end(*self_p);
    value_t *result = op_child_result(*self_p, fault);
    op_child_destroy(self_p);
    return result;
}
