/* SPDX-License-Identifier: Apache-2.0 */
/* facts - what truly happened in a world, told by its simulated disks, machines and wires, and the
 * invariants that it is held against after every event. */
#ifndef TOCSIN_SIM_FACTS_H
#define TOCSIN_SIM_FACTS_H

#include "keys/receipt.h"
#include "tests/sim/world.h"

facts_t *facts_new(world_t *world);
void facts_destroy(facts_t **self_p);

/* A judge's ledger: these join its transaction, which then is kept or lost. */
typedef struct {
    hash_t run, authority, release;
    bool by_grant, closed;
    wall_t accepted;
} acceptance_t;

void facts_accept(facts_t *self, int machine, const acceptance_t *acceptance);
typedef struct {
    hash_t run, arguments, head; /* head: of the journal, as the judge knew it */
    char step[STEP_PATH_MAX], op[TEXT_NAME_MAX + 1];
    bool undo;
} intent_t;

void facts_intend(facts_t *self, int machine, const intent_t *intent);
void facts_sign(facts_t *self, int machine, slice_t receipt, slice_t output);
void facts_commit(facts_t *self, int machine);
void facts_lose(facts_t *self, int machine);

/* A copy is made of its ledger, and put back: what was accepted and signed since is lost to it. */
void facts_copy(facts_t *self, int machine);
void facts_roll_back(facts_t *self, int machine);

/* Whether that run's order is a dry one. */
bool facts_is_dry(const facts_t *self, const hash_t *run);

/* A runner takes a task: its step, and the context that it is given. */
void facts_task(facts_t *self, int machine, const char *step, slice_t context);

/* The judge hands something out. */
void facts_leave(facts_t *self, int machine, const char *word);

/* An unsigned refusal goes to the hub. */
void facts_refuse(facts_t *self, int machine, const frames_t *frames);

/* The worker confirms the plan's stop: durable at its judge and its effector. */
void facts_stop(facts_t *self, int machine, const frames_t *frames);

/* A child is started for a fix, and it acts on the machine. */
typedef struct {
    hash_t run, release, key, arguments;
    const char *step, *op;
    bool once;       /* it must not happen twice */
    bool probed;     /* where it was begun and did not happen, it may be begun again */
    bool synced;     /* its BEGIN is on the disk */
    bool told;       /* the effector had the people without pat before */
    bool unlit;      /* it keeps no beacon, or one that names what it lacks */
    int64_t dark_ms; /* since the newest that it keeps was made */
    wall_t begun;
} deed_t;

void facts_begin(facts_t *self, int machine, const deed_t *deed);

/* An older copy of its journal is put back. Whether it tells of a hash is asked of each deed's key
 * now, and of the head that its intent names when it begins again: where the key is lost and the
 * head is there (again: what a start writes may be the same once more), nobody can tell that its
 * BEGIN is lost, and it may be done again. Context lives as long as the facts. */
typedef bool(facts_tells_t)(void *context, const hash_t *hash);
void facts_put_back(facts_t *self, int machine, facts_tells_t *tells, void *context);
void facts_act(facts_t *self, int machine, const hash_t *key);

/* Whether what began under this key acted. */
bool facts_has_acted(const facts_t *self, int machine, const hash_t *key);

/* A hub: an order's part is offered; a receipt was acknowledged. */
void facts_offer(facts_t *self, int hub, int machine, const frames_t *frames);
void facts_acknowledge(facts_t *self, int hub, int machine, uint64_t sequence);

/* Looks at everything that is new; and, once the story is over, at how it ended. */
void facts_check(facts_t *self);
void facts_check_end(facts_t *self);

#endif
