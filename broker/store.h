/* SPDX-License-Identifier: Apache-2.0 */
/* store - where rows live: a struct of functions, with two twins behind it. store_sqlite is the
 * broker's (WAL, exclusive, one connection); store_memory forgets, for tests.
 *
 * Writes stand between begin and commit; what was written is seen by find at once. After a failed
 * put, commit or sync nothing about the store may be relied on: end the process and start again. */
#ifndef TOCSIN_STORE_H
#define TOCSIN_STORE_H

#include "broker/row.h"
#include "common/fault.h"

typedef enum {
    FIND_INCIDENT,     /* number: its id */
    FIND_INCIDENT_KEY, /* text: source, other: fingerprint; the newest */
    FIND_INCIDENTS,    /* newest first */
    FIND_INCIDENTS_IN, /* number: state; newest first */
    FIND_CHILDREN,     /* number: their parent; newest first */
    FIND_DECISIONS,    /* number: incident; in order */
    FIND_RUN,          /* hash */
    FIND_RUN_BEGUN,    /* by a grant; text: worker, other: playbook; newest first */
    FIND_RUNS,         /* newest first */
    FIND_RUNS_BEGUN,   /* by a grant, after number: ms; newest first */
    FIND_BRAKES,
    FIND_DRAINS,
    FIND_ALLOWANCE, /* text: worker */
    FIND_RUNS_ACTIVE,
    FIND_RUNS_OF,  /* number: incident; newest first */
    FIND_PARTS,    /* hash: run; by wave and target */
    FIND_DOCUMENT, /* hash */
    FIND_DOCUMENTS_LIVE,
    FIND_DOCUMENTS_OF, /* text: kind; live ones */
    FIND_KEPT,         /* hash: stop or resume */
    FIND_WAITS,        /* hash: run; open ones, by step and target */
    FIND_WAITS_OPEN,   /* by run, step and target */
    FIND_SAID,         /* hash: run, text: target; in order */
    FIND_SAID_LAST,    /* likewise; the last first */
    FIND_RECEIPT,      /* text: worker, number: sequence */
    FIND_RECEIPTS,     /* hash: run; by worker and sequence */
    FIND_STRAYS,       /* likewise, of a run that is not here: all of them */
    FIND_OUTPUT,       /* hash */
    FIND_LEAVES,       /* number: the first; in order */
    FIND_EVENT,        /* number: its leaf */
    FIND_EVENTS_OF,    /* number: incident; in order */
    FIND_EVENTS_RUN,   /* hash: run; in order */
    FIND_WORKERS,
    FIND_ISLANDS,
    FIND_POSITION,
    FIND_CHECKPOINT, /* the newest */
    FIND_TILES,      /* in order */
    FIND_TESTIMONIES,
    FIND_NOTICE,         /* number */
    FIND_NOTICE_NEWEST,  /* the highest number */
    FIND_NOTICES_TO,     /* text: sink; those that wait, in order */
    FIND_NOTICES_BEFORE, /* number: made before this, in ms since 1970 */
    FIND_COUNT
} find_t;

typedef struct {
    find_t what;
    uint64_t number;
    hash_t hash;
    const char *text, *other; /* NULL where not used */
    size_t limit;             /* rows; 0 is all */
} query_t;

/* The row and its slices are valid during the call only. True goes on. */
typedef bool (*on_row_t)(void *context, const row_t *row);

typedef struct store store_t;

struct store {
    void *self;
    int (*begin)(void *self, fault_t *fault) MUST_CHECK;

    /* Writes a row over the one with the same key, which it follows. */
    int (*put)(void *self, const row_t *row, fault_t *fault) MUST_CHECK;

    /* What was put is there whole from now on, or, where the machine dies before sync returned, not
     * at all, like all that was committed after it. FAULT_FULL, FAULT_IO. */
    int (*commit)(void *self, fault_t *fault) MUST_CHECK;
    /* 0 once all that was committed before is on the disk; FAULT_FULL, FAULT_IO. Another thread may
     * call it while this one goes on to find and put, but not to commit. */
    int (*sync)(void *self, fault_t *fault) MUST_CHECK;
    int (*find)(void *self, const query_t *query, on_row_t on_row, void *context,
                fault_t *fault) MUST_CHECK;

    /* Deletes, between begin and commit, all that a query without an order would find. */
    int (*drop)(void *self, const query_t *query, fault_t *fault) MUST_CHECK;
    void (*destroy)(void **self_p);
};

/* The database FOLDER/broker.db. A folder that was initialised but whose database is gone is
 * FAULT_NOT_FOUND, unless anew is set, which starts another. */
store_t *store_sqlite(const char *folder, bool anew, fault_t *fault);

/* FAULT_NOT_FOUND where there was a record in the folder, and its database is gone: without anew,
 * store_sqlite does not open it. */
int store_check_lost(const char *folder, fault_t *fault) MUST_CHECK;
store_t *store_memory(void);
void store_destroy(store_t **self_p);

/* The first row that the query finds, the caller's; NULL without a fault where there is none. */
row_t *store_first(const store_t *self, const query_t *query, fault_t *fault);

#endif
