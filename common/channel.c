/* SPDX-License-Identifier: Apache-2.0 */
#include "common/channel.h"

#include <errno.h>
#include <poll.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

#include "common/moment.h"

#define DESCRIPTORS_MAX 8 /* waiting on one channel; more are closed */

struct channel {
    int fd;                      /* ours */
    bytes_t *incoming;           /* received, and not yet a whole message */
    bytes_t *outgoing;           /* not sent yet */
    int passed[DESCRIPTORS_MAX]; /* received, not yet taken; ours */
    size_t passed_count;
};

typedef union {
    struct cmsghdr header; /* for alignment */
    char space[CMSG_SPACE(sizeof(int))];
} control_t;

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
    for (size_t i = 0; i < self->passed_count; i++)
        descriptor_close(&self->passed[i]);
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

/* *ready tells which of the events it is. */
static int
wait_for(int fd, short events, int timeout_ms, short *ready, fault_t *fault)
{
    struct pollfd waiting = {.fd = fd, .events = events};
    for (;;) {
        int count = poll(&waiting, 1, timeout_ms);
        *ready = waiting.revents;
        if (count > 0)
            return 0;
        if (count == 0)
            return fault_set(fault, FAULT_TIMEOUT, "no answer within %d ms", timeout_ms);
        if (errno != EINTR)
            return fault_errno(fault, "poll");
    }
}

/* One send of some of rest; fd goes with its first byte where it is not -1. */
static ssize_t
send_some(int socket, slice_t rest, int fd)
{
    control_t control = {0};
    struct iovec data = {(void *)(uintptr_t)rest.data, rest.size};
    struct msghdr message = {.msg_iov = &data, .msg_iovlen = 1};
    if (fd >= 0) {
        message.msg_control = control.space;
        message.msg_controllen = sizeof control.space;
        struct cmsghdr *header = CMSG_FIRSTHDR(&message);
        header->cmsg_level = SOL_SOCKET;
        header->cmsg_type = SCM_RIGHTS;
        header->cmsg_len = CMSG_LEN(sizeof fd);
        memcpy(CMSG_DATA(header), &fd, sizeof fd);
    }
    return sendmsg(socket, &message, MSG_NOSIGNAL | MSG_DONTWAIT);
}

static void
keep_descriptor(channel_t *self, struct msghdr *message)
{
    struct cmsghdr *header = CMSG_FIRSTHDR(message);
    if (!header || header->cmsg_type != SCM_RIGHTS || header->cmsg_len != CMSG_LEN(sizeof(int)))
        return;
    int fd;
    memcpy(&fd, CMSG_DATA(header), sizeof fd);
    if (self->passed_count < DESCRIPTORS_MAX)
        self->passed[self->passed_count++] = fd;
    else
        close(fd);
}

int
channel_fill(channel_t *self, fault_t *fault)
{
    uint8_t chunk[16384];
    control_t control = {0};
    struct iovec data = {chunk, sizeof chunk};
    struct msghdr message = {.msg_iov = &data,
                             .msg_iovlen = 1,
                             .msg_control = control.space,
                             .msg_controllen = sizeof control.space};
    ssize_t got = recvmsg(self->fd, &message, MSG_DONTWAIT | MSG_CMSG_CLOEXEC);
    if (got > 0) {
        keep_descriptor(self, &message);
        bytes_add(self->incoming, chunk, (size_t)got);
    } else if (got == 0 || (errno != EAGAIN && errno != EINTR)) {
        return fault_set(fault, FAULT_UNREACHABLE, "the other end is gone");
    }
    return 0;
}

/* Until there is room to send. */
static int
wait_to_send(channel_t *self, bool meanwhile, fault_t *fault)
{
    bool room = meanwhile && self->incoming->size < CHANNEL_MEANWHILE_MAX;
    short ready;
    if (wait_for(self->fd, room ? POLLOUT | POLLIN : POLLOUT, CHANNEL_SEND_MS, &ready, fault))
        return -1;
    return room && (ready & POLLIN) ? channel_fill(self, fault) : 0;
}

/* fd goes with the first byte where it is not -1. */
static int
send_all(channel_t *self, int fd, bool meanwhile, fault_t *fault)
{
    slice_t rest = bytes_slice(self->outgoing);
    while (rest.size) {
        ssize_t sent = send_some(self->fd, rest, fd);
        if (sent >= 0) {
            rest.data += sent;
            rest.size -= (size_t)sent;
            fd = -1;
        } else if (errno == EAGAIN) {
            if (wait_to_send(self, meanwhile, fault))
                return -1;
        } else if (errno != EINTR) {
            return fault_set(fault, FAULT_UNREACHABLE, "the other end is gone");
        }
    }
    bytes_clear(self->outgoing);
    return 0;
}

int
channel_send_with(channel_t *self, const frames_t *frames, int fd, fault_t *fault)
{
    if (channel_flush(self, fault))
        return -1;
    frames_encode(frames, self->outgoing);
    return send_all(self, fd, false, fault);
}

int
channel_send(channel_t *self, const frames_t *frames, fault_t *fault)
{
    frames_encode(frames, self->outgoing);
    return send_all(self, -1, false, fault);
}

int
channel_talk(channel_t *self, const frames_t *frames, fault_t *fault)
{
    frames_encode(frames, self->outgoing);
    return send_all(self, -1, true, fault);
}

int
channel_add(channel_t *self, const frames_t *frames, fault_t *fault)
{
    frames_encode(frames, self->outgoing);
    return self->outgoing->size < CHANNEL_ADD_MAX ? 0 : channel_flush(self, fault);
}

int
channel_flush(channel_t *self, fault_t *fault)
{
    return send_all(self, -1, false, fault);
}

int
channel_take_descriptor(channel_t *self)
{
    if (!self->passed_count)
        return -1;
    int fd = self->passed[0];
    memmove(self->passed, self->passed + 1, --self->passed_count * sizeof *self->passed);
    return fd;
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
        short ready;
        if (wait_for(self->fd, POLLIN, left, &ready, fault) || channel_fill(self, fault))
            return NULL;
    }
}
