/* SPDX-License-Identifier: Apache-2.0 */
/* port - a locked-in runner's end of its channel: the same frames as common/frames.h, in and out of
 * two buffers that were mapped before, without a heap. */
#ifndef TOCSIN_PORT_H
#define TOCSIN_PORT_H

#include "common/frames.h"

typedef struct port port_t;

/* Maps the buffers; in_max and out_max are the largest messages. NULL where there is no room. */
port_t *port_new(int fd, size_t in_max, size_t out_max);
void port_destroy(port_t **self_p);

/* Blocks for the next message; -1 when the other end is gone or speaks wrongly. */
int port_receive(port_t *self) MUST_CHECK;

/* The message received last; valid until the next port_receive. */
size_t port_count(const port_t *self);
slice_t port_frame(const port_t *self, size_t index); /* empty past the last */

/* Writing: a message, its frames one after another, what each frame holds piece by piece. What
 * does not fit spoils the message: port_fits is false, and it must not be sent. */
void port_begin(port_t *self);
void port_open_frame(port_t *self);
void port_add(port_t *self, slice_t piece);
void port_add_text(port_t *self, const char *piece);
void port_close_frame(port_t *self);
void port_frame_text(port_t *self, const char *text); /* a whole frame */
bool port_fits(const port_t *self);

/* Blocks until all is written; -1 when the other end is gone. */
int port_send(port_t *self) MUST_CHECK;

#endif
