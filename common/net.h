/* SPDX-License-Identifier: Apache-2.0 */
/* net - an IP address or network, in its one spelling (inet_ntop(3)'s; RFC 4632 and RFC 4291 2.3
 * for networks, without a bit set behind the prefix). */
#ifndef TOCSIN_NET_H
#define TOCSIN_NET_H

#include <stdbool.h>
#include <stdint.h>

typedef struct {
    uint8_t bytes[16]; /* of IPv4 the first 4 */
    unsigned bits;     /* 32 or 128 */
    unsigned prefix;   /* bits for an address */
} net_t;

/* False where the text is no address, or not in its one spelling. */
bool net_read_address(const char *text, net_t *out);

/* ADDRESS/PREFIX. */
bool net_read_network(const char *text, net_t *out);

/* Either. */
bool net_read(const char *text, net_t *out);

/* Whether inner, an address or a network, lies in outer. */
bool net_is_within(const net_t *inner, const net_t *outer);

/* Whether they have an address in common. */
bool net_overlap(const net_t *one, const net_t *other);

#endif
