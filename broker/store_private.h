/* SPDX-License-Identifier: Apache-2.0 */
/* store_private - what store_sqlite.c, store_schema.c and store_copy.c share; nobody else includes
 * it. */
#ifndef TOCSIN_STORE_PRIVATE_H
#define TOCSIN_STORE_PRIVATE_H

#include <sqlite3.h>

#include "broker/store.h"

#define STORE_DATABASE "broker.db"
#define STORE_MARKER   "initialised" /* a file beside the database: there was one here */

/* Of a store_sqlite; borrowed. */
sqlite3 *store_database(const store_t *self);

int store_database_fault(sqlite3 *database, fault_t *fault, const char *what);

/* Brings its tables to today's version, in one transaction. FAULT_VERSION where they are newer. */
int store_migrate(sqlite3 *database, fault_t *fault) MUST_CHECK;

/* PRAGMA quick_check, of all of it. FAULT_FORMAT where it is damaged. */
int store_check_whole(sqlite3 *database, fault_t *fault) MUST_CHECK;

/* Moves a database that another takes the place of out of the way; nothing is deleted. */
int store_set_aside(const char *path, fault_t *fault) MUST_CHECK;

#endif
