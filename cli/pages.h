/* SPDX-License-Identifier: Apache-2.0 */
/* pages - lists that one answer of a broker may not hold (docs/PROTOCOL.md 6.1, `from`), asked for
 * answer by answer. */
#ifndef TOCSIN_PAGES_H
#define TOCSIN_PAGES_H

#include "cli/client.h"

/* So many rows of `workers` have room in one answer, whatever they say. */
#define PAGES_WORKERS_SURELY 200

/* All that the verb lists, of workers, releases and grants; of any other verb what one answer
 * holds. The caller's. FAULT_LIMIT, FAULT_CONFLICT where it changes each time that it is read. */
value_t *pages_ask(client_t *client, const char *verb, fault_t *fault);

/* The grants, with what this worker drew on them alone; "": all workers, as far as one answer holds
 * it. */
value_t *pages_ask_grants(client_t *client, const char *worker, fault_t *fault);

/* pages_ask for commands that only look, as client_look. */
value_t *pages_look(const options_t *options, const char *verb, fault_t *fault);

#endif
