/* SPDX-License-Identifier: Apache-2.0 */
/* estate - the documents that every simulated site has: root, people, two fleets, a release of each
 * playbook, grants, a policy. Made once in a process, never changed.
 *
 * The playbooks are the simulator's own: their playbook.lua is a script of lines
 * (tests/sim/script.h) in place of Lua. */
#ifndef TOCSIN_SIM_ESTATE_H
#define TOCSIN_SIM_ESTATE_H

#include "tests/unit/site_fixture.h"
#include "wire/value.h"

#define ESTATE_WORKERS   5 /* w1, w2, w3 in north, w4 and w5 in south; hosts web1.example, ... */
#define ESTATE_DOCUMENTS 4 /* root, people, fleets */
#define ESTATE_PLAYBOOKS 17
#define ESTATE_ORDERED   16 /* the last was approved once, and nobody orders it */
#define ESTATE_CALLEE    1  /* that which others call */
#define ESTATE_GRANTS    2

#define ESTATE_OFFLINE_S 20 /* without a beacon nothing above observe goes on */

#define ESTATE_STEPS 3
#define ESTATE_FAR                                                                \
    64 /* workers x00 to x63 in south, who are never there: they fill large waves \
        */

typedef struct {
    const char *name, *needs; /* needs may be NULL */
    const char *kind;         /* NULL: run; what is asked has the options left and right */
    int timeout_s;
    bool when, verify, undo, once;
    int retries;
    const char *uses[3]; /* ops */
    const char *under;   /* bounds the path of those that act on one; NULL for none */
} estate_step_t;

typedef struct {
    const char *name, *alert; /* the alert that triggers it; NULL for none */
    estate_step_t steps[ESTATE_STEPS];
    const char *script;
    bytes_t *manifest;
    class_t highest;
    bool spoils; /* its script does what no good one does */
    sealed_t release;
    hash_t hash;
    bytes_t *files; /* encoded map of path to bytes */
} playbook_t;

typedef struct {
    int playbook;
    uint64_t budget_runs, budget_s, fresh_s;
    sealed_t sealed;
    hash_t hash;
} estate_grant_t;

typedef struct policy policy_t;

typedef struct {
    site_t *site;
    const sealed_t *documents[ESTATE_DOCUMENTS];
    const char *names[ESTATE_DOCUMENTS]; /* "root", "people", "fleet.north", "fleet.south" */
    sealed_t north, south;
    sealed_t people_next; /* version 2: without pat */
    sealed_t south_next;  /* version 2: with those who are never there */
    sealed_t root_next;   /* version 2: with a timekeeper */
    playbook_t playbooks[ESTATE_PLAYBOOKS];
    estate_grant_t grants[ESTATE_GRANTS];
    policy_t *policy;
} estate_t;

/* The one of this process; made at the first call. */
estate_t *estate(void);

/* One of its steps; NULL for none. The approve step that it waits for; NULL for none. */
const estate_step_t *estate_step(const playbook_t *playbook, const char *name);
const estate_step_t *estate_gate(const playbook_t *playbook, const char *name);

/* The step of it that runs once for all targets; NULL for none. What it is given is what the one
 * that it needs gave. */
const estate_step_t *estate_once(const playbook_t *playbook);

/* The playbook whose release this is; -1 for none. */
int estate_release(const hash_t *hash);

#endif
