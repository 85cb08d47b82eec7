/* SPDX-License-Identifier: Apache-2.0 */
/* table - `inet tocsin`, our own table in nftables, and the only one that is touched. Whatever it
 * holds stands on set elements with a timeout, so the kernel lifts it though nothing of ours lives.
 *
 *     input, output, forward   base chains, before the machine's own rules; loopback and management
 *                              pass, who is isolated goes to isolate_*; then blocks, then rates
 *     blocked4, blocked6       sets of addresses and networks
 *     rates                    map from a TCP port to the chain that limits it
 *     isolated                 set of the protocols that are cut: both, or none */
#ifndef TOCSIN_TABLE_H
#define TOCSIN_TABLE_H

#include "worker/op_cell.h"

/* What makes the table as it must stand, and leaves its elements alone: the beginning of a script
 * for nft(8), the caller's. */
bytes_t *table_begin(const op_world_t *world);

/* As one transaction: all of it or nothing. FAULT_FAILED with nft's own words. */
int table_apply(const bytes_t *script, fault_t *fault) MUST_CHECK;

/* That it comes, in a foresight, unless it is there. */
void table_foretell(value_t *foresight, bool is_there);

/* Whether it is there, by what firewall.list saw. */
bool table_is_seen(const value_t *seen);

#endif
