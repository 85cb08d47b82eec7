/* SPDX-License-Identifier: Apache-2.0 */
/* way - the way home: what nothing done to this machine's network may cut off. Its ends are the
 * brokers, as the worker's configuration names them, by all addresses that they have; behind them
 * stands what the policy calls management. */
#ifndef TOCSIN_WAY_H
#define TOCSIN_WAY_H

#include "common/net.h"
#include "worker/op_cell.h"

#define WAY_ENDS_MAX    64
#define WAY_SERVERS_MAX 8

typedef struct {
    net_t net;
    uint16_t port;
} way_end_t;

typedef struct {
    const policy_t *policy;
    size_t end_count, server_count;
    way_end_t ends[WAY_ENDS_MAX];
    net_t servers[WAY_SERVERS_MAX]; /* of names, where a broker is named by one */
} way_t;

/* FAULT_UNREACHABLE where a broker's name leads to no address: who does not know the way home does
 * not touch the network. Borrows the policy. */
int way_find(way_t *self, const op_world_t *world, fault_t *fault) MUST_CHECK;

/* Whether the network, once closed, would leave the way home, this machine's own addresses and its
 * routers alone. FAULT_POLICY says what it would touch. */
int way_spares(const way_t *self, const net_t *net, fault_t *fault) MUST_CHECK;

/* Whether a part of the network is an end of the way, or is management. */
bool way_meets(const way_t *self, const net_t *net);

/* Whether the link of that name may fall silent: FAULT_POLICY where a packet home, or to
 * management, leaves by it, or by one that stands on it or is a port of it; FAULT_NOT_FOUND;
 * FAULT_UNREACHABLE where the way is not known. Where no route leads there now any link may be the
 * one that is needed, unless what is done mends links: then none is. */
int way_spares_link(const op_world_t *world, const char *link, bool mends,
                    fault_t *fault) MUST_CHECK;

#endif
