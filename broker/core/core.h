/* SPDX-License-Identifier: Apache-2.0 */
/* core - decides what happens next. A function of (what it holds, an event, now): no clock, no
 * socket, no database inside. What it wants written and sent it puts into actions; what it no
 * longer holds it asks of the past, an interface that store and tests provide.
 *
 * Incidents are keyed by source and fingerprint. A firing alert that a grant covers becomes a run
 * with one part, offered in the same step; every other waits for people, with the playbooks that
 * its name triggers. Runs by order advance wave by wave. Workers' receipts are the only thing that
 * moves a part onwards, but for their unsigned refusals. */
#ifndef TOCSIN_CORE_H
#define TOCSIN_CORE_H

#include "broker/core/actions.h"
#include "broker/core/shelf.h"
#include "wire/merkle.h"
#include "broker/charter.h"
#include "broker/holds.h"
#include "broker/sink.h"
#include "broker/store.h"

#define CORE_ONLINE_MS      30000                    /* a worker that spoke within this is online */
#define CORE_CLOSED_MS      (15 * 60 * 1000)         /* a closed incident is held so long */
#define CORE_OVER_MAX       1024                     /* or until so many are over behind it */
#define CORE_ABANDON_MS     (7LL * 24 * 3600 * 1000) /* an incident that nobody spoke of */
#define CORE_HALT_MS        (24LL * 3600 * 1000)     /* a run's stop outlives its window so long */
#define CORE_OUTPUT_MAX     262144                   /* bytes that a part says of itself */
#define CORE_LATE_MS        30000                    /* an acceptance may still be on its way */
#define CORE_DECISIONS_MAX  64                       /* kept of one alert */
#define CORE_ALERT_AHEAD_MS 300000                   /* by which a source's clock may be ahead */
#define CORE_ALERT_PAST_MS  (24LL * 3600 * 1000)     /* a signed alert is taken so long */
#define CORE_TRIGGERED_MAX  16                       /* playbooks that one alert may suggest */
#define CORE_NOTICES_MAX    10000 /* that wait for one sink; what is beyond is lost, and said */
#define CORE_NOTICE_MS      (24 * 3600 * 1000) /* a sink that would not take one in this time */
#define CORE_CAST_MS        30000 /* a beacon that names nothing new goes to all so often */
#define CORE_ADOPT_MS       (5 * 60 * 1000) /* what a region's broker began may be told so late */
#define CORE_WORD_MAX       4096            /* bytes of an unsigned word of a region's broker */
#define CORE_RELAYED_MAX    300 /* of them, and of what does not count, that are told... */
#define CORE_RELAYED_MS     (10 * 60 * 1000) /* ...within this */
#define CORE_BACKOFF_MIN_MS 5000             /* before another try; doubled with each */
#define CORE_BACKOFF_MAX_MS (3600 * 1000)

/*    event            handler       carries (beside what is named, nothing) */
#define EVENTS(X)                                                                                  \
    X(EVENT_ALERT, on_alert)       /* alert, region; signed: who, document, armors, region */      \
    X(EVENT_RELEASE, on_release)   /* document, armors, files */                                   \
    X(EVENT_APPROVAL, on_approval) /* hash of the release, armors (one) */                         \
    X(EVENT_REJECT, on_reject)     /* document, armors */                                          \
    X(EVENT_GRANT, on_grant)       /* document, armors */                                          \
    X(EVENT_ORDER, on_order)       /* document, armors, targets */                                 \
    X(EVENT_PAUSE, on_pause)       /* who, hash of the run, number: 1 on, 0 off */                 \
    X(EVENT_RESTART, on_restart)   /* document, armors; hash of the document */                    \
    X(EVENT_HALT, on_halt)         /* document, armors: a stop, revoke or resume */                \
    X(EVENT_KEPT, on_kept)         /* worker, hash of one of those */                              \
    X(EVENT_WAITING, on_waiting)   /* worker, hash of the run, step, receipt, number: expires */   \
    X(EVENT_DECLINE,                                                                               \
      on_decline) /* worker, hash of the run, step, receipt: the document's, text */               \
    X(EVENT_CONSENT, on_consent)       /* document, armors: a consent or an answer */              \
    X(EVENT_OUTPUT, on_output)         /* worker, hash of the run, number: offset, output, code */ \
    X(EVENT_BRAKE, on_brake)           /* who, region ("-": all), number: 1 on, 0 off, text */     \
    X(EVENT_DRAIN, on_drain)           /* who, worker, number: 1 drained, 0 resumed, text */       \
    X(EVENT_ALLOWANCE, on_allowance)   /* worker, document, armors (one) */                        \
    X(EVENT_HELLO, on_hello)           /* worker, state */                                         \
    X(EVENT_PING, on_ping)             /* worker, document: the nonce */                           \
    X(EVENT_NONCE, on_nonce)           /* worker, text: the nonce */                               \
    X(EVENT_BEACON, on_beacon)         /* document, armors (one), output: the leaves */            \
    X(EVENT_TIMEKEEPER, on_timekeeper) /* who: this broker; the timekeeper is there */             \
    X(EVENT_ACCEPT, on_accept)         /* worker, hash of the run */                               \
    X(EVENT_REFUSE, on_refuse)         /* worker, hash of the run, code, text */                   \
    X(EVENT_WANT, on_want)             /* worker, hash of the release */                           \
    X(EVENT_RECEIPT, on_receipt)       /* worker, document, armors (one), output */                \
    X(EVENT_COSIGNED, on_cosigned)     /* worker, number: size, code, text, output: the line */    \
    X(EVENT_ISLAND, on_island)         /* who: a region's broker; state */                         \
    X(EVENT_RELAY, on_relay)           /* who, number, text: kind, document: the leaf, output:     \
                                          beside, state: facts */                                  \
    X(EVENT_NOTICED, on_noticed)       /* number of a notice, code, text */                        \
    X(EVENT_CHANGE, on_change)         /* who, number of an incident, field, text */               \
    X(EVENT_TICK, on_tick)             /* about once a second */

typedef enum {
#define X(event, handler) event,
    EVENTS(X)
#undef X
        EVENT_KINDS
} event_kind_t;

typedef struct {
    event_kind_t kind;
    const char *worker; /* by its CURVE key */
    alert_t *alert;     /* site and received are filled in; NULL for one that its source signed */
    const char *region; /* of the intake, "" where it has none */
    slice_t document, armors, output;
    value_t **files; /* taken over */
    const value_t *state;
    const value_t *targets; /* of waves that are not listed: list of {wave, target}; NULL: none */
    hash_t hash, receipt;
    const char *code, *text, *step;
    uint64_t number;         /* of a notice; its code: "none" taken, "denied" refused, else again */
    const pubkey_t *proven;  /* of a receipt: the key whose signature was found on it already; NULL
                                where nobody looked */
    const char *who, *field; /* a person, or a source that signs; what of incident `number` they
                                change: core/change.c */
    hash_t made;             /* out: the run of an order, the hash of what was submitted */
} event_t;

typedef struct core core_t;

/* charter is borrowed, and may be replaced. instance is random text, new at each start. */
core_t *core_new(const charter_t *charter, const char *instance, const store_t *past);
void core_destroy(core_t **self_p);

/* Before core_load: who is to hear of what happens; borrowed. None without it. */
void core_sinks(core_t *self, const sinks_t *sinks);

/* Likewise: when automatic runs are not to begin. */
void core_hold(core_t *self, const holds_t *holds);

/* Likewise: who signs the checkpoints that witnesses cosign, both borrowed. None are made without
 * it. */
void core_sign(core_t *self, const char *broker, const machinekey_t *key);

/* Open incidents, active runs, releases, grants, workers, the log's right edge: from the past. */
int core_load(core_t *self, fault_t *fault) MUST_CHECK;

/* 0, or -1 with what was wrong with the event; what actions hold then is to be carried out too. Its
 * rows are in the past before the next step. */
int core_step(core_t *self, event_t *event, wall_t now, actions_t *actions,
              fault_t *fault) MUST_CHECK;

/* Ends a batch: the log's right edge and the counts as a row, if anything moved. */
void core_flush(core_t *self, actions_t *actions);

/* How far it is; what it says by itself goes out once that is on the disk. */
typedef struct {
    uint64_t leaves;  /* of its log */
    uint64_t notices; /* the highest number */
    uint64_t revokes; /* grows with each that comes: the gate is to admit anew */
} core_mark_t;

core_mark_t core_mark(const core_t *self);

/* Once a batch is on the disk, until NULL: a notice to deliver now, the caller's, of those up to
 * this number. One at a time a sink, until EVENT_NOTICED says what became of it. *fault is the
 * store's. */
row_t *core_notice(core_t *self, uint64_t last, wall_t now, fault_t *fault);

/* Another site folder was read: judges releases anew, sends workers what they lack. */
void core_use(core_t *self, const charter_t *charter, wall_t now, actions_t *actions);

/* For the desk. core_testify appends what witnesses said of the log, with the proof that it goes on
 * from there as it stands (wire/testimony.h); nothing where they said nothing. */
int core_testify(const core_t *self, bytes_t *out, fault_t *fault) MUST_CHECK;
const charter_t *core_charter(const core_t *self);
const shelf_t *core_shelf(const core_t *self);
const merkle_t *core_log(const core_t *self);
uint64_t core_count(const core_t *self, incident_state_t state);
size_t core_active_runs(const core_t *self);

/* The step that a path names in a run, be it in a playbook that it calls; NULL where nobody knows.
 * *manifest, in which it stands, is the caller's then. */
const manifest_step_t *core_step_of(core_t *self, const hash_t *run, const char *path,
                                    manifest_t **manifest);

/* The target on which a run's steps that run once for all targets do; NULL where none runs once.
 * Valid until the next step. */
const char *core_once_on(core_t *self, const hash_t *run);

/* Who drained the worker, since when and why; NULL where nobody did. The core's. */
const drain_row_t *core_drained(const core_t *self, const char *worker);

/* Every brake that was ever on; NULL behind the last. */
const brake_row_t *core_brake(const core_t *self, size_t index);

/* Names of those whose keys made the armors, ascending, separated by spaces. */
void core_signers(const core_t *self, slice_t armors, char *out, size_t size);

/* Whether this worker said that it keeps this stop, revoke or resume (trust_halt lists them). */
bool core_halt_kept(const core_t *self, const hash_t *halt, const char *worker);

/* The newest beacon that came, and when; NULL for none. Valid until the next step. */
const beacon_t *core_beacon(const core_t *self, wall_t *came);

/* How much was taken over of the log of another broker, a region's own; NULL where it never spoke.
 * *seen: likewise. */
const island_row_t *core_island(const core_t *self, const char *name, wall_t *seen);

/* NULL where it never spoke. *seen: when it spoke last, 0 for not since the start. */
const worker_row_t *core_worker(const core_t *self, const char *id, wall_t *seen);

#endif
