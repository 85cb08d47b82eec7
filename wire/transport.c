/* SPDX-License-Identifier: Apache-2.0 */
#include "wire/transport.h"

#include <assert.h>
#include <errno.h>

static void
let_go(void *data, void *bytes)
{
    bytes_t *held = bytes;
    (void)data;
    bytes_destroy(&held);
}

void
transport_pack(const frames_t *frames, zmq_msg_t *part)
{
    bytes_t *packed = bytes_new();
    frames_pack(frames, packed);
    int failed = zmq_msg_init_data(part, packed->data, packed->size, let_go, packed);
    assert(!failed);
}

static bool
send_part(void *socket, int flags, zmq_msg_t *part)
{
    if (zmq_msg_send(part, socket, flags) >= 0)
        return true;
    int error = errno;
    zmq_msg_close(part);
    errno = error;
    return false;
}

bool
transport_send(void *socket, int flags, const frames_t *frames)
{
    zmq_msg_t part;
    transport_pack(frames, &part);
    if (zmq_msg_size(&part) <= FRAMES_PACKED_MAX)
        return send_part(socket, flags, &part);
    zmq_msg_close(&part);
    errno = EMSGSIZE;
    return false;
}

static bool
send_route(void *socket, slice_t route)
{
    return zmq_send(socket, route.data, route.size, ZMQ_SNDMORE | ZMQ_DONTWAIT) >= 0;
}

bool
transport_send_to(void *socket, slice_t route, const frames_t *frames)
{
    if (frames_bytes(frames) <= FRAMES_BYTES_MAX)
        return send_route(socket, route) && transport_send(socket, ZMQ_DONTWAIT, frames);
    errno = EMSGSIZE; /* said before half of it is */
    return false;
}

bool
transport_copy_to(void *socket, slice_t route, zmq_msg_t *part)
{
    zmq_msg_t copy;
    zmq_msg_init(&copy);
    return send_route(socket, route) && !zmq_msg_copy(&copy, part) &&
           send_part(socket, ZMQ_DONTWAIT, &copy);
}

/* A message that began to come is there whole, whatever signal comes meanwhile. */
static void
next_part(void *socket, zmq_msg_t *part)
{
    while (zmq_msg_recv(part, socket, ZMQ_DONTWAIT) < 0 && errno == EINTR)
        ;
}

/* All its parts are read, so that the next begins with its first; those beyond count are dropped.
 */
static transport_t
receive_parts(void *socket, int flags, zmq_msg_t *parts, size_t count)
{
    for (size_t i = 0; i < count; i++)
        zmq_msg_init(&parts[i]);
    if (zmq_msg_recv(&parts[0], socket, flags) < 0)
        return TRANSPORT_NOTHING;
    size_t came = 1;
    for (zmq_msg_t *last = &parts[0]; zmq_msg_more(last); came++) {
        last = &parts[came < count ? came : count - 1];
        next_part(socket, last);
    }
    return came == count ? TRANSPORT_WHOLE : TRANSPORT_BROKEN;
}

transport_t
transport_receive_parts(void *socket, zmq_msg_t parts[static 2])
{
    return receive_parts(socket, ZMQ_DONTWAIT, parts, 2);
}

frames_t *
transport_read(zmq_msg_t *part)
{
    fault_t ignored = {0};
    return frames_unpack(slice_of(zmq_msg_data(part), zmq_msg_size(part)), &ignored);
}

transport_t
transport_receive(void *socket, int flags, frames_t **frames)
{
    zmq_msg_t part;
    transport_t came = receive_parts(socket, flags, &part, 1);
    *frames = came == TRANSPORT_WHOLE ? transport_read(&part) : NULL;
    zmq_msg_close(&part);
    return came == TRANSPORT_WHOLE && !*frames ? TRANSPORT_BROKEN : came;
}
