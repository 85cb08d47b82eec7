/* SPDX-License-Identifier: Apache-2.0 */
/* plan - what a seed chose: how many machines, what people order, what monitoring says, which
 * faults may strike, and when all of them are over. */
#ifndef TOCSIN_SIM_PLAN_H
#define TOCSIN_SIM_PLAN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "tests/sim/chance.h"
#include "tests/sim/estate.h"

#define MACHINES_MAX ESTATE_WORKERS
#define HUB          MACHINES_MAX
#define OTHER_HUB    (MACHINES_MAX + 1) /* another hub, in some worlds */
#define NODES_MAX    (MACHINES_MAX + 2)
#define ORDERS_MAX   3
#define ALERTS_MAX   12

#define PLAN_INCIDENT 1000 /* orders name their own numbers from it on, which no broker has */

typedef struct {
    int playbook;
    bool dry;
    bool by_pia;       /* else by pat */
    bool glass;        /* it breaks it, and ana cosigned it */
    int64_t submitted; /* ms since the start */
    int64_t not_after;
    uint64_t soak_s, max_failures;
    unsigned waves;
    bool far;     /* the last wave is not listed: it is a tree, with those who are never
                     there in it */
    bool crooked; /* it has a step that runs once, and not one target last */
    bytes_t *place[MACHINES_MAX]; /* ours; in that tree, of those who stand in it */
    unsigned wave[MACHINES_MAX];  /* of each machine; 0: no target */
    bool secret; /* it is sealed under this key: no broker can read what it gives */
    sealkey_t key;
    sealed_t sealed; /* ours */
    hash_t run;
    bool acknowledged; /* answered; running: with a run */
    bool running;
} plan_order_t;

typedef struct {
    int machine;  /* whose host */
    int name;     /* of ESTATE_ALERTS */
    int incident; /* makes the fingerprint */
    int64_t at, starts;
    bool firing;
    bool acknowledged;
} plan_alert_t;

/* How often, in a million. */
typedef struct {
    unsigned drop, duplicate, reorder, delay; /* of messages */
    unsigned crash, power, full, broken;      /* of durable calls */
    unsigned stop, slow;                      /* of turns */
    unsigned op_fails, op_dies, op_slow;      /* of ops */
} odds_t;

/* An older copy of one of a worker's two records is put back; of both, nothing is promised. */
typedef enum { ROLLBACK_NONE, ROLLBACK_LEDGER, ROLLBACK_JOURNAL, ROLLBACKS } rollback_t;

typedef struct {
    size_t machines;
    bool lying;        /* the broker */
    bool second;       /* there are two, and machines go from one to the other */
    unsigned switches; /* how often, somewhere before heal_at */
    bool keeper;       /* root names a timekeeper */
    bool seals;        /* some orders are sealed */
    bool grants;
    unsigned playbooks; /* bits: whose releases are brought to the broker */
    size_t order_count, alert_count;
    plan_order_t orders[ORDERS_MAX];
    plan_alert_t alerts[ALERTS_MAX];
    odds_t odds;
    unsigned kills, partitions, jumps; /* how many of each, somewhere before heal_at */
    int64_t stop_at;                   /* when an officer stops something; 0 for never */
    halt_what_t stop_what;
    int stop_machine;  /* of HALT_WORKER */
    int64_t resume_at; /* when officers lift it; 0 for never */
    sealed_t stop, resume,
        half; /* ours; NULLs where none; half: one officer's, that is not enough */
    hash_t stop_hash;
    rollback_t rollback; /* of one machine: copied, and put back later */
    int rollback_machine;
    int64_t copy_at, restore_at;
    int64_t revoke_at; /* when pat's key is; 0 for never */
    int64_t heal_at;   /* from then on nothing goes wrong */
    int64_t end_at;    /* by then everything must have ended */
} plan_t;

/* Whether it seals is by luck of the seed's own, so that other worlds stay as they were. */
void plan_make(plan_t *self, chance_t *chance, uint64_t seed);
void plan_clear(plan_t *self);

/* Whether root names a timekeeper: by luck of its own, so that other worlds stay as they were. */
void plan_keep_time(plan_t *self, uint64_t seed);

/* One broker, and it does not lie, nor does a worker's ledger: what only such promise may be asked.
 */
bool plan_is_plain(const plan_t *self);

/* Names of all who stand in the order's last wave, ascending; how many. The machines' are static.
 */
size_t plan_wave(const plan_order_t *order, const char *names[static MACHINES_MAX + ESTATE_FAR]);

/* The machine on which its step does that runs once for all targets; -1 where none does. */
int plan_once(const plan_order_t *order);

/* Whether its playbook asks people. */
bool plan_asks(const plan_order_t *order);

/* Whether its playbook calls another. */
bool plan_calls(const plan_order_t *order);

/* Whether the plan's stop covers this, once it is there. */
bool plan_stops(const plan_t *self, const hash_t *run, int playbook, int machine);

#endif
