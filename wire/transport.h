/* SPDX-License-Identifier: Apache-2.0 */
/* transport - messages on ZeroMQ: each is one part, as frames_pack writes it, behind the route of a
 * ROUTER. CURVE seals and opens each part by itself, so that a message of ten would cost three
 * times as much, and a part that is missing, or was not sent, is no case. Sockets are libzmq's. */
#ifndef TOCSIN_TRANSPORT_H
#define TOCSIN_TRANSPORT_H

#include <zmq.h>

#include "common/frames.h"

/* Packed; the caller closes or sends it. */
void transport_pack(const frames_t *frames, zmq_msg_t *part);

/* Whole or not at all: false with errno, as zmq_msg_send's, whose flags these are, or EMSGSIZE: who
 * hears what is over FRAMES_PACKED_MAX hangs up. */
bool transport_send(void *socket, int flags, const frames_t *frames);

/* The same over a ROUTER, to this route, at once. The second shares the part's bytes with others.
 */
bool transport_send_to(void *socket, slice_t route, const frames_t *frames);
bool transport_copy_to(void *socket, slice_t route, zmq_msg_t *part);

typedef enum {
    TRANSPORT_NOTHING, /* is there, or came in the socket's time for it */
    TRANSPORT_BROKEN,  /* what came is no message */
    TRANSPORT_WHOLE
} transport_t;

/* The next message that is there; flags are zmq_msg_recv's. *frames are the caller's, and NULL
 * unless WHOLE. */
transport_t transport_receive(void *socket, int flags, frames_t **frames);

/* The same over a ROUTER, as it came: the route, and what is packed, from which transport_read
 * takes the frames. The caller closes both parts, whatever came. */
transport_t transport_receive_parts(void *socket, zmq_msg_t parts[static 2]);
frames_t *transport_read(zmq_msg_t *part); /* the caller's; NULL where they are none */

#endif
