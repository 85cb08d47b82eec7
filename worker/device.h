/* SPDX-License-Identifier: Apache-2.0 */
/* device - a network device that the machine's policy, and nobody else, says how to reach over SSH,
 * for the ops device.*:
 *
 *     device NAME DIALECT USER ADDRESS PORT password|key SECRET host-key TYPE BASE64
 *
 * DIALECT is how it is talked to (worker/ops/dialect.h). SECRET is the name of a secret line, whose
 * file holds the password, or an OpenSSH private key without a passphrase. TYPE and BASE64 are the
 * device's host key as ssh-keyscan(1) prints it: another one is refused, before anything is said to
 * it; none is ever trusted because it was seen first. */
#ifndef TOCSIN_DEVICE_H
#define TOCSIN_DEVICE_H

#include "wire/ops.h"

#define DEVICE_KEY_FILE_MAX (8 * 1024) /* bytes of a private key's file */

/* Everything in it is the policy's. */
typedef struct {
    const char *name, *dialect, *user, *address;
    uint16_t port;
    bool by_key; /* else by password */
    const char *secret;
    const char *host_key_type, *host_key;
} network_device_t;

/* Of the ten words behind `device`. FAULT_CONFIG. */
int device_read(network_device_t *self, const char *const *words, size_t count,
                fault_t *fault) MUST_CHECK;

/* What its op's process is told: a map of dialect, user, address, port, host_key_type, host_key,
 * and password or key, which that file holds. The caller's; NULL with FAULT_KEY, FAULT_FORMAT,
 * FAULT_LIMIT, FAULT_IO. */
value_t *device_reach(const network_device_t *self, const char *secret_file, fault_t *fault);

#endif
