/* SPDX-License-Identifier: Apache-2.0 */
/* address - where a daemon listens for TCP: "ADDRESS:PORT", "[IPv6]:PORT". */
#ifndef TOCSIN_ADDRESS_H
#define TOCSIN_ADDRESS_H

#include <stdbool.h>
#include <stdint.h>

#include "common/fault.h"

#define ADDRESS_MAX 64

typedef struct {
    char host[ADDRESS_MAX]; /* without brackets; "" where none is set */
    uint16_t port;
} address_t;

bool address_read(const char *text, address_t *out);

/* Whether it is "tcp://HOST:PORT": HOST is an address, a name, or where one listens an interface or
 * '*'. */
bool address_is_endpoint(const char *text);

/* A listening socket that does not block, the caller's; -1 with FAULT_CONFIG. Names are not
 * resolved. */
int address_listen(const address_t *self, fault_t *fault);

#endif
