/* SPDX-License-Identifier: Apache-2.0 */
/* facts_private - what the files of facts share: the lists, how things are looked up in them, and
 * every invariant by its name. */
#ifndef TOCSIN_SIM_FACTS_PRIVATE_H
#define TOCSIN_SIM_FACTS_PRIVATE_H

#include <stdio.h>
#include <stdlib.h>

#include "tests/sim/facts.h"
#include "tests/sim/hub.h"
#include "wire/ops.h"

#define NOTED_OPS 12

/* A list and how many of its items the invariants have seen. */
#define LIST(type)                    \
    struct {                          \
        size_t count, capacity, seen; \
        type *items;                  \
    }

typedef struct {
    int machine;
    bool kept;         /* committed */
    bool copied, lost; /* in the copy; to its ledger, as that was put back */
    acceptance_t it;
    size_t before; /* receipts that were signed, by anyone */
    int64_t at;
} accepted_t;

typedef struct {
    char op[OP_NAME_MAX + 1];
    hash_t arguments;
    bool ok, unknown;
} noted_op_t;

typedef struct {
    int machine;
    bool kept, copied, lost;
    bool glass; /* it says that its order broke it */
    uint64_t sequence, attempt;
    hash_t previous, hash, run, output;
    hash_t consent; /* zero where it waited for none, output where it gave nothing */
    char step[STEP_PATH_MAX], code[16];
    phase_t phase;
    outcome_t outcome, part;
    wall_t ended;
    int64_t at;
    size_t op_count;
    noted_op_t ops[NOTED_OPS];
} signed_t;

typedef struct {
    int machine;
    deed_t it;
    char step[STEP_PATH_MAX];
    unsigned starts, acts;
    hash_t head; /* that its intent names */
    bool undo;
    bool forgotten; /* an undo, whose run an older ledger may begin anew, and then end well */
    bool older;     /* an older ledger may not tell of it */
    bool lost;      /* an older journal does not tell of it */
    bool excused;   /* nor, when it began again, that it should */
    int64_t at;
} done_t;

typedef struct {
    int machine;
    intent_t it;
} intended_t;

/* A step that runs once for all targets is begun. */
typedef struct {
    int machine;
    const plan_order_t *order;
    size_t given_count;          /* of all that it is given, whoever gave it */
    bool given[MACHINES_MAX];    /* what a machine gave, by the step that it needs */
    hash_t output[MACHINES_MAX]; /* its hash */
} once_t;

typedef struct {
    int hub, machine;
    hash_t run;
} offered_t;

typedef struct {
    int hub, machine;
    uint64_t sequence;
} acked_t;

typedef struct {
    int machine;
    char word[16];
} leak_t;

typedef struct {
    int machine;
    int64_t at;
    char code[16], text[160];
} refused_t;

typedef struct {
    facts_tells_t *tells;
    void *context;
} put_back_t;

struct facts {
    world_t *world;
    size_t uncommitted[MACHINES_MAX];
    bool stopped[MACHINES_MAX];        /* the plan's stop is durable there */
    bool rolled_back[MACHINES_MAX];    /* its ledger is an older copy */
    put_back_t put_back[MACHINES_MAX]; /* its journal is an older copy */
    bool changed;
    LIST(accepted_t) accepted;
    LIST(signed_t) signed_;
    LIST(done_t) done;
    LIST(intended_t) intended;
    LIST(once_t) once;
    LIST(offered_t) offered;
    LIST(acked_t) acked;
    LIST(leak_t) leaks;
    LIST(refused_t) refused;
    size_t touched_count,
        touched[8]; /* deeds that were started again or acted, since the last look */
};

/* What a plan or the estate knows by this name; NULL for nothing of theirs. */
const plan_order_t *facts_order(const facts_t *self, const hash_t *run);
const estate_grant_t *facts_grant(const hash_t *authority);
const playbook_t *facts_playbook(const deed_t *deed);

/* The acceptance of a run by a machine, and the receipt that ended its part, among the first
 * `before` of their lists; not what is lost to its ledger. */
const accepted_t *facts_acceptance(const facts_t *self, int machine, const hash_t *run,
                                   size_t before);
const signed_t *facts_end(const facts_t *self, int machine, const hash_t *run, size_t before);

/* Whether the plan's stop covers a run that this machine accepted. */
bool facts_stops(const facts_t *self, int machine, const hash_t *run);

/* Whether it confirmed the plan's stop, which no officers lifted since. */
bool facts_stopped(const facts_t *self, int machine);

/* How often a step's script asks for exactly this, as far as it may. */
unsigned facts_asked(const playbook_t *playbook, const char *step, const char *op,
                     const hash_t *arguments);

/* How often this acted on a machine, in one step of one run. */
unsigned facts_acts(const facts_t *self, int machine, const hash_t *run, const char *step,
                    const char *op, const hash_t *arguments);

/* Nothing goes wrong in such a world. */
bool facts_calm(const facts_t *self);

/* A worker that its timekeeper had not answered is offered it again with the answer; where that was
 * lost, behind a later one or a pause: a window that closes before leaves no room for either. */
bool facts_had_no_second_chance(const facts_t *self);

/* Its first digits; valid until the next call. */
const char *short_hash(const hash_t *hash);

/* An invariant, told by the function that is called like it. */
#define BREAK(self, ...) world_break((self)->world, __func__, __VA_ARGS__)

/* Held after every event. */
#define ALWAYS(X)                              \
    X(nothing_leaves_before_its_commit)        \
    X(no_effect_without_authority)             \
    X(nothing_begins_for_who_is_revoked)       \
    X(nothing_begins_under_a_stop)             \
    X(nothing_begins_without_a_beacon)         \
    X(no_start_outside_the_window)             \
    X(no_effect_before_its_begin_is_synced)    \
    X(what_must_not_happen_twice_happens_once) \
    X(nothing_begins_behind_the_end)           \
    X(nothing_begins_before_its_consent)       \
    X(a_run_is_accepted_once)                  \
    X(budgets_are_kept)                        \
    X(no_wave_before_its_proof)                \
    X(offers_come_wave_by_wave)                \
    X(the_error_budget_holds)                  \
    X(receipts_form_a_chain)                   \
    X(who_said_so_had_seen_it)                 \
    X(a_step_attempt_has_one_receipt)          \
    X(an_attempt_follows_a_failure)            \
    X(broken_glass_is_said)                    \
    X(only_what_ran_is_undone)                 \
    X(what_is_said_to_be_done_was_done)        \
    X(what_is_refused_did_not_run)             \
    X(what_nobody_knows_is_said)               \
    X(no_broker_uses_up_a_run)                 \
    X(honest_offers_hold)                      \
    X(nothing_runs_once_before_all_ended)      \
    X(what_it_was_given_is_what_they_gave)     \
    X(what_is_acknowledged_is_recorded)

/* Held once everything must have ended. */
#define AT_THE_END(X)                   \
    X(every_accepted_part_ends)         \
    X(what_was_done_is_said)            \
    X(every_run_ends)                   \
    X(every_target_is_counted_once)     \
    X(every_receipt_arrives)            \
    X(every_acknowledged_alert_is_kept) \
    X(in_calm_weather_all_goes_well)    \
    X(what_runs_once_runs)              \
    X(the_log_has_every_leaf)           \
    X(an_end_stays_an_end)              \
    X(no_history_has_a_gap)

#define X(invariant) void invariant(facts_t *self);
ALWAYS(X)
AT_THE_END(X)
#undef X

#endif
