/* SPDX-License-Identifier: Apache-2.0 */
#include "common/channel.h"

#include <errno.h>
#include <poll.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

#include "common/moment.h"

struct channel {
    int fd;            /* ours */
    bytes_t *incoming; /* received, and not yet a whole message */
    bytes_t *outgoing; /* scratch for one message */
};

channel_t *
channel_new(int fd)
{
    channel_t *self = memory_new(1, sizeof *self);
    self->fd = fd;
    self->incoming = bytes_new();
    self->outgoing = bytes_new();
    return self;
}

void
channel_destroy(channel_t **self_p)
{
    channel_t *self = *self_p;
    if (!self)
        return;
    descriptor_close(&self->fd);
    bytes_destroy(&self->incoming);
    bytes_destroy(&self->outgoing);
    free(self);
    *self_p = NULL;
}

int
channel_fd(const channel_t *self)
{
    return self->fd;
}

static int
wait_for(int fd, short events, int timeout_ms, fault_t *fault)
{
    struct pollfd waiting = {.fd = fd, .events = events};
    for (;;) {
        int ready = poll(&waiting, 1, timeout_ms);
        if (ready > 0)
            return 0;
        if (ready == 0)
            return fault_set(fault, FAULT_TIMEOUT, "no answer within %d ms", timeout_ms);
        if (errno != EINTR)
            return fault_errno(fault, "poll");
    }
}

int
channel_send(channel_t *self, const frames_t *frames, fault_t *fault)
{
    bytes_clear(self->outgoing);
    frames_encode(frames, self->outgoing);
    slice_t rest = bytes_slice(self->outgoing);
    while (rest.size) {
        ssize_t sent = send(self->fd, rest.data, rest.size, MSG_NOSIGNAL);
        if (sent >= 0) {
            rest.data += sent;
            rest.size -= (size_t)sent;
        } else if (errno == EAGAIN) {
            if (wait_for(self->fd, POLLOUT, -1, fault))
                return -1;
        } else if (errno != EINTR) {
            return fault_set(fault, FAULT_UNREACHABLE, "the other end is gone");
        }
    }
    return 0;
}

int
channel_fill(channel_t *self, fault_t *fault)
{
    uint8_t chunk[65536];
    ssize_t got = recv(self->fd, chunk, sizeof chunk, MSG_DONTWAIT);
    if (got > 0)
        bytes_add(self->incoming, chunk, (size_t)got);
    else if (got == 0 || (errno != EAGAIN && errno != EINTR))
        return fault_set(fault, FAULT_UNREACHABLE, "the other end is gone");
    return 0;
}

frames_t *
channel_next(channel_t *self, fault_t *fault)
{
    return frames_take(self->incoming, fault);
}

frames_t *
channel_receive(channel_t *self, int timeout_ms, fault_t *fault)
{
    mono_t start = mono_now();
    for (;;) {
        fault_t inner = {0};
        frames_t *frames = frames_take(self->incoming, &inner);
        if (frames)
            return frames;
        if (inner.code) {
            fault_set(fault, inner.code, "%s", inner.text);
            return NULL;
        }
        int left = -1;
        if (timeout_ms >= 0) {
            int64_t spent = mono_now().ms - start.ms;
            left = spent >= timeout_ms ? 0 : timeout_ms - (int)spent;
        }
        if (wait_for(self->fd, POLLIN, left, fault) || channel_fill(self, fault))
            return NULL;
    }
}

int
channel_pass(int socket, int fd, fault_t *fault)
{
    char byte = 'd';
    union {
        struct cmsghdr header;
        char space[CMSG_SPACE(sizeof(int))];
    } control = {0};
    struct iovec data = {&byte, 1};
    struct msghdr message = {.msg_iov = &data, .msg_iovlen = 1, .msg_control = control.space,
                             .msg_controllen = sizeof control.space};
    struct cmsghdr *header = CMSG_FIRSTHDR(&message);
    header->cmsg_level = SOL_SOCKET;
    header->cmsg_type = SCM_RIGHTS;
    header->cmsg_len = CMSG_LEN(sizeof(int));
    memcpy(CMSG_DATA(header), &fd, sizeof fd);
    if (sendmsg(socket, &message, MSG_NOSIGNAL) != 1)
        return fault_errno(fault, "a descriptor cannot be passed");
    return 0;
}

int
channel_accept(int socket, fault_t *fault)
{
    char byte;
    union {
        struct cmsghdr header;
        char space[CMSG_SPACE(sizeof(int))];
    } control = {0};
    struct iovec data = {&byte, 1};
    struct msghdr message = {.msg_iov = &data, .msg_iovlen = 1, .msg_control = control.space,
                             .msg_controllen = sizeof control.space};
    ssize_t got;
    do
        got = recvmsg(socket, &message, MSG_CMSG_CLOEXEC);
    while (got < 0 && errno == EINTR);
    struct cmsghdr *header = got == 1 ? CMSG_FIRSTHDR(&message) : NULL;
    if (!header || header->cmsg_type != SCM_RIGHTS || header->cmsg_len != CMSG_LEN(sizeof(int)))
        return fault_set(fault, FAULT_UNREACHABLE, "no descriptor came");
    int fd;
    memcpy(&fd, CMSG_DATA(header), sizeof fd);
    return fd;
}
