/* SPDX-License-Identifier: Apache-2.0 */
/* workers - all that a broker says of them, however many answers that takes. */
#ifndef TOCSIN_WORKERS_H
#define TOCSIN_WORKERS_H

#include "cli/client.h"

#define WORKERS_SURELY 200 /* rows of `workers` have room in one answer, whatever they say */

/* The rows of `workers` (docs/PROTOCOL.md 6.1), as one list; the caller's. */
value_t *workers_ask(client_t *client, fault_t *fault);

#endif
