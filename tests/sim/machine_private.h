/* SPDX-License-Identifier: Apache-2.0 */
/* machine_private - what the files of a machine share: its processes, their inboxes, their ends. */
#ifndef TOCSIN_SIM_MACHINE_PRIVATE_H
#define TOCSIN_SIM_MACHINE_PRIVATE_H

#include <stdio.h>
#include <stdlib.h>

#include "tests/sim/disk.h"
#include "tests/sim/facts.h"
#include "tests/sim/machine.h"
#include "tests/sim/wires.h"
#include "worker/effector.h"
#include "worker/judge.h"
#include "wire/site_folder.h"

#define HANDS_MAX 64

typedef enum { FROM_LINK, FROM_EFFECTOR, FROM_RUNNER, RUNNER_IS_READY, RUNNER_ENDED } source_t;

/* Something that waits in a process's sockets. */
typedef struct {
    source_t source;
    uint64_t runner;
    int status;
    frames_t *frames; /* ours */
} letter_t;

typedef struct {
    size_t count, capacity;
    letter_t *letters;
    bool turning;
} inbox_t;

typedef struct {
    uint64_t number; /* 0: none */
    bytes_t *script; /* ours; NULL before its TASK */
    char mode[8], step[TEXT_NAME_MAX + 1];
    size_t at;       /* line */
    int64_t reading; /* the sum of what its ops read */
    bool tries;      /* a fault of the op it asked for does not matter */
} runner_t;

typedef struct {
    bool used;
    uint64_t number; /* counts up: events name their child by it */
    const op_t *op;
    bool fix, looks, foretells; /* looks: for the fix under its key */
    hash_t key;
    wall_t begun; /* when that was started, as it is told */
    fault_t why;  /* how it will end; code 0: with a result */
    bool over;
} child_t;

struct machine {
    world_t *world;
    int number;
    char root[24], site[32], journal_path[32];
    disk_t *disk;
    ledger_t *ledger;      /* survives, as its file would */
    bytes_t *journal_copy; /* ours; NULL before one is made */
    rollback_t put_back;   /* once a fix acts next */
    const machinekey_t *key;
    uint64_t epoch; /* counts starts */
    int64_t booted; /* when its power came back last */
    unsigned boots;
    char boot[16]; /* the present boot's name */
    bool starting;
    int64_t stopped_until;
    /* the judge */
    bool judge_up, judge_doomed;
    trust_t *judge_trust;
    outbox_t *outbox;
    judge_t *judge;
    inbox_t judge_inbox;
    int64_t deadline; /* for which a turn is queued; 0 none */
    uint64_t open_parts;
    runner_t runners[HANDS_MAX];
    /* the link */
    uint64_t instance; /* 0: offline */
    int unanswered;
    /* the effector */
    bool effector_up;
    trust_t *effector_trust;
    journal_t *journal;
    effector_t *effector;
    beacon_t *lit; /* ours; the newest that it kept; NULL before one */
    bool met;      /* it had the plan's stop */
    inbox_t effector_inbox;
    child_t children[EFFECTOR_FLIGHTS_MAX];
    uint64_t children_made;
};

/* Whether bad luck strikes it, so many times in a million. */
bool machine_strikes(machine_t *self, unsigned ppm);
wall_t machine_wall(const machine_t *self);
mono_t machine_clock(const machine_t *self);
void machine_boot(machine_t *self);

/* What waits in a process's sockets; a letter's frames are taken over. */
void inbox_empty(inbox_t *self);
void inbox_clear(inbox_t *self);
inbox_t inbox_take(inbox_t *self);
void machine_queue_turn(machine_t *self, inbox_t *inbox, int64_t delay);
void machine_add_letter(machine_t *self, inbox_t *inbox, letter_t letter);
void machine_tell_judge(machine_t *self, letter_t letter);

/* An inbox's turn has come. */
void judge_turn(world_t *world, due_t *due);
void effector_turn(world_t *world, due_t *due);

/* The judge and its link: starts, and hears on, until judge_end. */
int judge_begin(machine_t *self, fault_t *fault);
void judge_end(machine_t *self);
void link_begin(machine_t *self);

/* Runners of the judge's steps. */
void runners_hear(machine_t *self, uint64_t runner, const frames_t *frames);
void runners_order(machine_t *self, const frames_t *frames); /* of a spawner */
void runners_end(machine_t *self);

/* The effector. Its children die with it, but for some that may act until the next one ends them;
 * with the power all of them do. */
int effector_begin(machine_t *self, fault_t *fault);
void effector_end(machine_t *self, bool power);
size_t effector_flights(const machine_t *self);

/* An act is over: whether an older copy was put back under it. */
void machine_acted(machine_t *self);

/* Once all of them are gone the supervisor starts all of them anew. */
void machine_start_later(machine_t *self);

/* Whose judge works at the moment (the ledger's calls do not tell); NULL for none. */
void ledger_acts_for(machine_t *machine);

/* A commit without luck; and what becomes of a durable call of the effector's. */
int ledger_settle(ledger_t *ledger, fault_t *fault);
disk_fate_at_t machine_disk_fate;

#endif
