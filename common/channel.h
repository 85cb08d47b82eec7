/* SPDX-License-Identifier: Apache-2.0 */
/* channel - frames over a connected stream socket, as the roles of one worker speak. */
#ifndef TOCSIN_CHANNEL_H
#define TOCSIN_CHANNEL_H

#include "common/frames.h"

#define CHANNEL_SEND_MS 10000
#define CHANNEL_ADD_MAX (64 * 1024) /* bytes that may wait to be sent */
#define CHANNEL_MEANWHILE_MAX \
    (16 * 1024 * 1024) /* bytes that channel_talk takes in, with what waits */

typedef struct channel channel_t;

/* Takes over fd. Nothing is sent or received yet. */
channel_t *channel_new(int fd);
void channel_destroy(channel_t **self_p);

int channel_fd(const channel_t *self);

/* Blocks until all is written. FAULT_UNREACHABLE when the other end is gone, FAULT_TIMEOUT when it
 * takes nothing for CHANNEL_SEND_MS: two that wait for each other end instead of hanging. What was
 * sent by then is part of a message: the channel is of no more use. */
int channel_send(channel_t *self, const frames_t *frames, fault_t *fault) MUST_CHECK;

/* The same for a message that need not leave yet: it waits for channel_flush, for CHANNEL_ADD_MAX
 * bytes, or for the next that is sent, so that the other end wakes once for all of them. */
int channel_add(channel_t *self, const frames_t *frames, fault_t *fault) MUST_CHECK;
int channel_flush(channel_t *self, fault_t *fault) MUST_CHECK;

/* As channel_send, and takes in what the other end says meanwhile, so that two that both have much
 * to say need not wait for each other: call channel_next until NULL after it. */
int channel_talk(channel_t *self, const frames_t *frames, fault_t *fault) MUST_CHECK;

/* Blocks until a message is there; timeout_ms < 0 waits for ever. The caller owns it. NULL with
 * FAULT_TIMEOUT, FAULT_UNREACHABLE (closed), FAULT_FORMAT or FAULT_LIMIT. */
frames_t *channel_receive(channel_t *self, int timeout_ms, fault_t *fault);

/* A message that is there already, or NULL: call it until NULL after each channel_fill. */
frames_t *channel_next(channel_t *self, fault_t *fault);

/* Reads once what the socket has; FAULT_UNREACHABLE when the other end closed. */
int channel_fill(channel_t *self, fault_t *fault) MUST_CHECK;

/* As channel_send with a descriptor attached (SCM_RIGHTS); fd stays the caller's. */
int channel_send_with(channel_t *self, const frames_t *frames, int fd, fault_t *fault) MUST_CHECK;

/* The oldest descriptor that came with what was received so far, now the caller's; -1 where there
 * is none. A message's descriptor is there no later than the message. */
int channel_take_descriptor(channel_t *self);

#endif
