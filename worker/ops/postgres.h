/* SPDX-License-Identifier: Apache-2.0 */
/* postgres - a connection to a PostgreSQL server over its socket on this machine (libpq), as the
 * user and role that the machine's policy says (worker/database.h), and what it answers. It reads
 * no configuration and no password of anybody. Names are looked up in pg_catalog alone, and a
 * statement ends by itself after a while. What comes from the server is a stranger's: rows, sizes
 * and spelling are checked, and every text is made printable. */
#ifndef TOCSIN_POSTGRES_H
#define TOCSIN_POSTGRES_H

#include "worker/op_cell.h"

#define POSTGRES_COLUMNS_MAX    16
#define POSTGRES_PARAMETERS_MAX 8

typedef struct postgres postgres_t;

/* reach is that of worker/database.h. This process is the user from then on, without a capability.
 * FAULT_NOT_FOUND (no such user), FAULT_POLICY (which is root), FAULT_UNREACHABLE, FAULT_DENIED
 * (the server does not let that user be that role), FAULT_VERSION (older than 13), FAULT_IO. */
postgres_t *postgres_open(const value_t *reach, const op_world_t *world, fault_t *fault);
void postgres_destroy(postgres_t **self_p);

typedef enum {
    COLUMN_TEXT,     /* "" where it is NULL */
    COLUMN_INTEGER,  /* absent where it is NULL, as the next */
    COLUMN_BOOL,     /* absent likewise */
    COLUMN_INTEGERS, /* "{1,2}": a list, empty where it is NULL */
} column_kind_t;

/* A column of an answer, which becomes an entry of that name. */
typedef struct {
    const char *name; /* NULL ends */
    column_kind_t kind;
} column_t;

/* A list of maps, the caller's: the rows that the statement gives, at most so many; *more says
 * whether there were others, and may be NULL where the statement itself bounds them. parameters,
 * NULL ends, are $1 and so on; an empty one is NULL. FAULT_DENIED (the role may not),
 * FAULT_CONFLICT (it is in use), FAULT_NOT_FOUND, FAULT_TIMEOUT (the statement took too long),
 * FAULT_FAILED for what else the server says, FAULT_FORMAT for an answer that is none. */
value_t *postgres_ask(postgres_t *self, const char *statement, const char *const *parameters,
                      const column_t *columns, size_t rows_max, bool *more, fault_t *fault);

/* Whether the connection broke, of one whose last answer was a fault. */
bool postgres_is_lost(postgres_t *self);

#endif
