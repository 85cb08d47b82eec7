/* SPDX-License-Identifier: Apache-2.0 */
/* uplink - a region's own broker on its way to the centre's: relays the leaves of its log that the
 * centre has not taken yet, each with what belongs to it, in order (docs/PROTOCOL.md 6.5). How far
 * the centre is it says itself, and keeps durably; nothing is kept here. What the centre says
 * besides are documents that prove themselves, which are handed on. */
#ifndef TOCSIN_UPLINK_H
#define TOCSIN_UPLINK_H

#include "broker/core/core.h"
#include "broker/envoy.h"

#define UPLINK_LEAVES    32           /* that may be under way */
#define UPLINK_BYTES     (512 * 1024) /* likewise; one at least */
#define UPLINK_LOOKED    4096         /* that are looked at in one go, most are not relayed */
#define UPLINK_SILENT_MS 30000        /* who answers nothing for so long is greeted anew */

typedef struct uplink uplink_t;

/* Borrows all: name is this broker's, centre the other's. sinks: whether this one tells people by
 * itself. */
uplink_t *uplink_new(const char *name, const char *centre, envoy_t *envoy, const core_t *core,
                     const store_t *store, bool sinks);
void uplink_destroy(uplink_t **self_p);

/* Connects to whoever people list as the centre by now: the envoy may have another socket then.
 * FAULT_CONFIG, FAULT_NOT_FOUND. */
int uplink_use(uplink_t *self, const people_t *people, fault_t *fault) MUST_CHECK;

/* Greets the centre where a connection was made, or it was silent for too long. */
void uplink_greet(uplink_t *self, mono_t now);

/* A RELAYED of the centre's. FAULT_FORMAT. */
int uplink_hear(uplink_t *self, const frames_t *frames, fault_t *fault) MUST_CHECK;

/* Sends what may be sent of the leaves before end, those that are on the disk; to be called again
 * and again. FAULT_IO of the store. */
int uplink_send(uplink_t *self, uint64_t end, mono_t now, fault_t *fault) MUST_CHECK;

/* How many leaves of the log the centre has not taken, as far as is known; whether it answered
 * last. The name is borrowed. */
uint64_t uplink_behind(const uplink_t *self);
bool uplink_is_heard(const uplink_t *self);
const char *uplink_centre(const uplink_t *self);

#endif
