/* SPDX-License-Identifier: Apache-2.0 */
/* joint - where a role of the worker meets another: a connected stream socket, which one word of
 * its command line tells how to come by (docs/PROTOCOL.md 7).
 *
 *     NUMBER    a descriptor: the supervisor made both ends and gave us this one
 *     accept    systemd gave us the socket to listen at (sd_listen_fds(3)): the first peer counts
 *               whose uid owns the socket's file; all others are turned away, and that is logged
 *     /PATH     such a socket of another role: root must listen there, who alone hands it on
 *
 * The peer's uid is the kernel's word (SO_PEERCRED, unix(7)). */
#ifndef TOCSIN_JOINT_H
#define TOCSIN_JOINT_H

#include "common/channel.h"

/* The caller owns it. `accept` blocks until the peer is there, and listens no more afterwards. NULL
 * with FAULT_USAGE for another word, FAULT_CONFIG where systemd handed over no such socket or its
 * owner is not to be told, FAULT_DENIED where the wrong one listens, FAULT_IO. */
channel_t *joint_open(const char *word, fault_t *fault);

#endif
