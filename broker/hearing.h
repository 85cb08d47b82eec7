/* SPDX-License-Identifier: Apache-2.0 */
/* hearing - what a worker, or another broker, says (docs/PROTOCOL.md 6), as an event for the core.
 */
#ifndef TOCSIN_HEARING_H
#define TOCSIN_HEARING_H

#include "broker/core/core.h"
#include "wire/message.h"

/* frames passed message_read as this type; event names the worker already, and borrows frames.
 * *state is the caller's: a HELLO's, which the event looks at, else NULL. FAULT_FORMAT,
 * FAULT_VERSION, FAULT_KEY. */
int hearing_read(event_t *event, message_type_t type, const frames_t *frames, value_t **state,
                 fault_t *fault) MUST_CHECK;

/* Likewise of another broker of the site (6.5), which the event names as `who`; *state is the map
 * of what it says, the caller's. */
int hearing_read_broker(event_t *event, message_type_t type, const frames_t *frames,
                        value_t **state, fault_t *fault) MUST_CHECK;

#endif
