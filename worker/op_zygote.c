/* SPDX-License-Identifier: Apache-2.0 */
#include "worker/op_zygote.h"

#include <assert.h>
#include <errno.h>
#include <sched.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <sys/wait.h>
#include <unistd.h>

#include "common/file.h"
#include "common/text.h"

#define PATIENCE_S 2 /* for an answer: who hangs so long is done without */
#define PIPES      2 /* descriptors that come with a request: result and go */

struct op_zygote {
    pid_t pid;
    bool network;
    int link; /* a request is an op's name, its answer the process or what was wrong with it */
};

typedef struct {
    char name[OP_NAME_MAX + 1];
    int pipes[PIPES];
} request_t;

typedef union {
    struct cmsghdr header;
    char room[CMSG_SPACE(PIPES * sizeof(int))];
} rights_t;

bool
op_zygote_serves(const op_zygote_t *self, const op_row_t *row)
{
    return row->network == self->network && row == op_row(row->name) && op_cell_can_settle(row);
}

static int
send_request(int link, const request_t *request)
{
    rights_t rights = {.header = {.cmsg_len = CMSG_LEN(sizeof request->pipes),
                                  .cmsg_level = SOL_SOCKET,
                                  .cmsg_type = SCM_RIGHTS}};
    struct iovec name = {.iov_base = (char *)(uintptr_t)request->name,
                         .iov_len = sizeof request->name};
    struct msghdr message = {.msg_iov = &name,
                             .msg_iovlen = 1,
                             .msg_control = rights.room,
                             .msg_controllen = sizeof rights.room};
    memcpy(CMSG_DATA(&rights.header), request->pipes, sizeof request->pipes);
    return sendmsg(link, &message, MSG_NOSIGNAL) == sizeof request->name ? 0 : -1;
}

static int
receive_request(int link, request_t *out)
{
    rights_t rights;
    struct iovec name = {.iov_base = out->name, .iov_len = sizeof out->name};
    struct msghdr message = {.msg_iov = &name,
                             .msg_iovlen = 1,
                             .msg_control = rights.room,
                             .msg_controllen = sizeof rights.room};
    ssize_t got = recvmsg(link, &message, 0);
    const struct cmsghdr *header = got == sizeof out->name ? CMSG_FIRSTHDR(&message) : NULL;
    if (!header || header->cmsg_len != CMSG_LEN(sizeof out->pipes))
        return -1;
    memcpy(out->pipes, CMSG_DATA(header), sizeof out->pipes);
    return 0;
}

_Noreturn static void
serve(bool network, const op_world_t *world, int link)
{
    request_t request;
    fault_t fault;
    if (op_cell_settle(network, &link, &fault))
        _exit(1);
    while (!receive_request(link, &request)) {
        const op_row_t *row = op_row(request.name);
        pid_t pid = op_cell_clone(row, CLONE_PARENT);
        int answer = pid < 0 ? -errno : pid;
        if (pid == 0)
            op_cell_enter(row, op_find(request.name), world, request.pipes[0], request.pipes[1]);
        for (int i = 0; i < PIPES; i++)
            close(request.pipes[i]);
        if (send(link, &answer, sizeof answer, MSG_NOSIGNAL) != sizeof answer)
            break;
    }
    _exit(0);
}

op_zygote_t *
op_zygote_new(bool network, const op_world_t *world, fault_t *fault)
{
    const struct timeval patience = {.tv_sec = PATIENCE_S};
    int ends[2];
    if (op_cell_prepare(fault))
        return NULL;
    if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, ends)) {
        fault_errno(fault, "socketpair");
        return NULL;
    }
    CLEANUP(descriptor_close) int theirs = ends[1];
    CLEANUP(op_zygote_destroy) op_zygote_t *self = memory_new(1, sizeof *self);
    self->network = network;
    self->link = ends[0];
    if (setsockopt(self->link, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience)) {
        fault_errno(fault, "SO_RCVTIMEO");
        return NULL;
    }
    self->pid = fork();
    if (self->pid < 0) {
        fault_errno(fault, "no process can be made that makes others");
        return NULL;
    }
    if (self->pid == 0)
        serve(network, world, theirs);
    return MOVE(self);
}

/* With it go the descriptors of a request that it has not taken. */
static void
end(op_zygote_t *self)
{
    descriptor_close(&self->link);
    if (self->pid > 0) {
        kill(self->pid, SIGKILL);
        waitpid(self->pid, NULL, 0);
    }
    self->pid = 0;
}

void
op_zygote_destroy(op_zygote_t **self_p)
{
    op_zygote_t *self = *self_p;
    if (!self)
        return;
    end(self);
    free(self);
    *self_p = NULL;
}

bool
op_zygote_lives(const op_zygote_t *self)
{
    return self->link >= 0;
}

pid_t
op_zygote_fork(op_zygote_t *self, const op_row_t *row, int result, int go, fault_t *fault)
{
    request_t request = {.pipes = {result, go}};
    int answer = 0;
    assert(op_zygote_serves(self, row));
    bool fits = text_copy(request.name, sizeof request.name, row->name);
    assert(fits);
    if (!op_zygote_lives(self) || send_request(self->link, &request) ||
        recv(self->link, &answer, sizeof answer, 0) != sizeof answer || !answer) {
        end(self);
        return fault_set(fault, FAULT_IO, "the process that makes those of ops is gone");
    }
    if (answer > 0)
        return answer;
    errno = -answer;
    return fault_errno(fault, "no process can be made for %s", row->name);
}
