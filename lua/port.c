/* SPDX-License-Identifier: Apache-2.0 */
#include "lua/port.h"

#include <assert.h>
#include <errno.h>
#include <sys/mman.h>
#include <unistd.h>

#include "common/reader.h"

#define HEAD_BYTES 8 /* u32 bytes that follow, u32 count */

struct port {
    int fd;        /* not ours: the sandbox made it */
    size_t mapped; /* bytes of this struct and both buffers */
    size_t in_max, out_max;
    slice_t frames[FRAMES_MAX]; /* of the message received last, in in */
    size_t frame_count;
    size_t out_size; /* written so far, the head included */
    size_t out_frames;
    size_t opened; /* where the open frame's length stands */
    bool overflown;
    uint8_t *in, *out;
};

port_t *
port_new(int fd, size_t in_max, size_t out_max)
{
    size_t size = sizeof(port_t) + in_max + out_max;
    port_t *self = mmap(NULL, size, PROT_READ | PROT_WRITE,
                        MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    if (self == MAP_FAILED)
        return NULL;
    *self = (port_t){.fd = fd, .mapped = size, .in_max = in_max, .out_max = out_max};
    self->in = (uint8_t *)(self + 1);
    self->out = self->in + in_max;
    return self;
}

void
port_destroy(port_t **self_p)
{
    if (*self_p)
        munmap(*self_p, (*self_p)->mapped);
    *self_p = NULL;
}

static int
read_all(const port_t *self, uint8_t *into, size_t size)
{
    while (size) {
        ssize_t got = read(self->fd, into, size);
        if (got <= 0 && !(got < 0 && errno == EINTR))
            return -1;
        into += got > 0 ? got : 0;
        size -= got > 0 ? (size_t)got : 0;
    }
    return 0;
}

int
port_receive(port_t *self)
{
    self->frame_count = 0;
    if (read_all(self, self->in, HEAD_BYTES))
        return -1;
    reader_t head = reader_over(slice_of(self->in, HEAD_BYTES));
    uint32_t size = reader_u32(&head), count = reader_u32(&head);
    if (size < 4 || size - 4 > self->in_max || count > FRAMES_MAX ||
        read_all(self, self->in, size - 4))
        return -1;
    reader_t body = reader_over(slice_of(self->in, size - 4));
    for (uint32_t i = 0; i < count; i++)
        self->frames[i] = reader_string(&body, self->in_max);
    if (reader_finish(&body, NULL))
        return -1;
    self->frame_count = count;
    return 0;
}

size_t
port_count(const port_t *self)
{
    return self->frame_count;
}

slice_t
port_frame(const port_t *self, size_t index)
{
    return index < self->frame_count ? self->frames[index] : slice_of(NULL, 0);
}

static void
put_u32(uint8_t *at, size_t number)
{
    for (int i = 3; i >= 0; i--, number >>= 8)
        at[i] = (uint8_t)number;
}

void
port_begin(port_t *self)
{
    self->out_size = HEAD_BYTES;
    self->out_frames = 0;
    self->opened = 0;
    self->overflown = false;
}

void
port_add(port_t *self, slice_t piece)
{
    assert(self->opened);
    if (self->overflown || piece.size > self->out_max - self->out_size) {
        self->overflown = true;
        return;
    }
    if (piece.size)
        memcpy(self->out + self->out_size, piece.data, piece.size);
    self->out_size += piece.size;
}

void
port_open_frame(port_t *self)
{
    static const uint8_t room[4] = {0};
    assert(!self->opened && self->out_frames < FRAMES_MAX);
    self->opened = self->out_size;
    self->out_frames++;
    port_add(self, slice_of(room, sizeof room));
}

void
port_add_text(port_t *self, const char *piece)
{
    port_add(self, slice_text(piece));
}

void
port_close_frame(port_t *self)
{
    assert(self->opened);
    if (!self->overflown)
        put_u32(self->out + self->opened, self->out_size - self->opened - 4);
    self->opened = 0;
}

void
port_frame_text(port_t *self, const char *text)
{
    port_open_frame(self);
    port_add_text(self, text);
    port_close_frame(self);
}

bool
port_fits(const port_t *self)
{
    return !self->overflown;
}

int
port_send(port_t *self)
{
    assert(!self->overflown && !self->opened);
    put_u32(self->out, self->out_size - 4);
    put_u32(self->out + 4, self->out_frames);
    for (size_t at = 0; at < self->out_size;) {
        ssize_t sent = write(self->fd, self->out + at, self->out_size - at);
        if (sent < 0 && errno != EINTR)
            return -1;
        at += sent > 0 ? (size_t)sent : 0;
    }
    return 0;
}
