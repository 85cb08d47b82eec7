/* SPDX-License-Identifier: Apache-2.0 */
/* database - a PostgreSQL server of this machine that the machine's policy, and nobody else, says
 * how to ask, for the ops postgres.*:
 *
 *     database NAME FOLDER PORT DATABASE role ROLE user USER
 *
 * FOLDER holds the server's socket, which PORT is part of the name of. Nobody shows a password:
 * the server knows by the socket that it is the machine's own USER who asks (its method `peer`),
 * and lets that be ROLE. USER is not root. DATABASE is only where the server is entered: sessions
 * and slots are those of all its databases, as far as it lets ROLE. */
#ifndef TOCSIN_DATABASE_H
#define TOCSIN_DATABASE_H

#include "wire/ops.h"

#define DATABASE_FOLDER_MAX 80 /* bytes: the socket's path is at most 107 */
#define DATABASE_WORD_MAX   63 /* bytes of what PostgreSQL or the machine names */

/* Everything in it is the policy's. */
typedef struct {
    const char *name, *folder, *database, *role, *user;
    uint16_t port;
} database_t;

/* Of the eight words behind `database`. FAULT_CONFIG. */
int database_read(database_t *self, const char *const *words, size_t count,
                  fault_t *fault) MUST_CHECK;

/* What its op's process is told: a map of folder, port, database, role and user. The caller's. */
value_t *database_reach(const database_t *self);

#endif
