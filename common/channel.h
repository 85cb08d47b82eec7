/* SPDX-License-Identifier: Apache-2.0 */
/* channel - frames over a connected stream socket, as the roles of one worker speak. */
#ifndef TOCSIN_CHANNEL_H
#define TOCSIN_CHANNEL_H

#include "common/frames.h"

typedef struct channel channel_t;

/* Takes over fd. Nothing is sent or received yet. */
channel_t *channel_new(int fd);
void channel_destroy(channel_t **self_p);

int channel_fd(const channel_t *self);

/* Blocks until all is written. FAULT_UNREACHABLE when the other end is gone. */
int channel_send(channel_t *self, const frames_t *frames, fault_t *fault) MUST_CHECK;

/* Blocks until a message is there; timeout_ms < 0 waits for ever. The caller owns it. NULL with
 * FAULT_TIMEOUT, FAULT_UNREACHABLE (closed), FAULT_FORMAT or FAULT_LIMIT. */
frames_t *channel_receive(channel_t *self, int timeout_ms, fault_t *fault);

/* A message that is there already, or NULL: call it until NULL after each channel_fill. */
frames_t *channel_next(channel_t *self, fault_t *fault);

/* Reads once what the socket has; FAULT_UNREACHABLE when the other end closed. */
int channel_fill(channel_t *self, fault_t *fault) MUST_CHECK;

/* Passing descriptors (SCM_RIGHTS), one at a time with one byte; outside the frames' stream, so
 * for sockets that carry nothing else at that moment. */
int channel_pass(int socket, int fd, fault_t *fault) MUST_CHECK;
int channel_accept(int socket, fault_t *fault); /* a descriptor, close-on-exec; -1 */

#endif
