/* SPDX-License-Identifier: Apache-2.0 */
/* remote - the command line of a network device, over SSH (libssh): the host key that was pinned
 * or nobody, the one user, a terminal that neither wraps nor colours, and a prompt that is learned
 * when it first comes. It reads no file of this machine: no known hosts, no configuration. */
#ifndef TOCSIN_REMOTE_H
#define TOCSIN_REMOTE_H

#include "wire/value.h"

#define REMOTE_ANSWER_MAX (8 * 1024 * 1024)

typedef struct remote remote_t;

/* reach is that of worker/device.h. FAULT_UNREACHABLE, FAULT_KEY (another host key, or a private
 * one that is none), FAULT_DENIED, FAULT_TIMEOUT (no prompt). */
remote_t *remote_open(const value_t *reach, fault_t *fault);
void remote_destroy(remote_t **self_p);

/* Types the line and gives what it said to it, up to the prompt: the caller's, without the line
 * itself and carriage returns. FAULT_TIMEOUT where the prompt does not come back, FAULT_LIMIT over
 * REMOTE_ANSWER_MAX, FAULT_UNREACHABLE where it hangs up. */
bytes_t *remote_ask(remote_t *self, const char *line, fault_t *fault);

#endif
