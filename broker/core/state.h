/* SPDX-License-Identifier: Apache-2.0 */
/* state - what the files of broker/core/ share, and nobody else sees. */
#ifndef TOCSIN_STATE_H
#define TOCSIN_STATE_H

#include <czmq.h>

#include "broker/core/core.h"
#include "broker/core/tiles.h"

typedef struct run run_t;
typedef struct peer peer_t;

/* A target's share of a run; row.state is changed by run_move alone. */
typedef struct {
    part_row_t row;
    peer_t *peer;     /* whose part it is: the target up to its '/' */
    bytes_t *receipt; /* document, then armor, of what ended it, where it proves a wave */
    wall_t again;     /* when a worker that refused for the moment is asked again; ms 0: not */
    unsigned tries;   /* how often it did */
    uint64_t said;    /* bytes that are kept of what it says */
    bool said_known;  /* said was read from the past, or is new */
    size_t wait_count;
    wait_row_t *waits; /* its steps that wait for a person; ours */
    value_t *gathered; /* list of {document, armor, output?} that the last wave is shown; ours, NULL
                          before the first */
    size_t gathered_bytes; /* of those outputs, kept or not */
    size_t gathered_words; /* bytes of those documents and armors, likewise */
} share_t;

typedef struct {
    size_t total, in[PART_STATE_COUNT];
    wall_t ended; /* the last that did */
} tally_t;

/* Shares of one wave stand together. */
typedef struct {
    size_t first;
    tally_t tally;
} wave_t;

struct run {
    run_row_t row;
    bytes_t *authority, *armors; /* the order or grant */
    bytes_t *alert;              /* the evidence, with its armor; empty for an order */
    bool careful;                /* more than observe: failures have a budget */
    unsigned gate;               /* the last listed wave; 0 for a grant's */
    char nonce[33];              /* of the order; "" for a grant's */
    size_t share_count, share_capacity;
    share_t *shares;   /* by wave, then target */
    share_t **sorted;  /* the same by worker, then target */
    size_t wave_count; /* wave n is waves[n - 1] */
    wave_t *waves;
    tally_t tally;       /* of all waves */
    size_t wave;         /* index of the first that may have shares waiting */
    size_t next;         /* its first share that may wait and was not looked at */
    wall_t again;        /* the earliest of all shares; ms 0: of none */
    size_t waits;        /* of all shares */
    bool stirred;        /* among the core's stirred ones */
    bytes_t *proof;      /* encoded receipts of wave proof_wave; NULL before */
    uint64_t proof_wave; /* likewise */
    inclusion_t *tree;   /* of wave tree_wave, which is not listed; NULL before */
    uint64_t tree_wave;  /* likewise */
    value_t *gathers;    /* map of the steps whose outputs the last wave is shown; NULL where no
                            step runs once for all targets */
};

/* A part that has not ended. */
typedef struct {
    run_t *run;
    share_t *share;
} work_t;

struct peer {
    worker_row_t row;
    wall_t seen;            /* 0: not since the start */
    uint64_t oldest;        /* receipt that it still keeps, as its last HELLO told; 0 before */
    bool asked;             /* to say it again, since then */
    bool owes_hello;        /* it was silent for long, and spoke without one since */
    wall_t behind;          /* when people were last told that its ledger is; ms 0: not */
    uint64_t witnessed;     /* leaves of the log that it cosigned last, as far as it said */
    wall_t witness_asked;   /* to cosign; ms 0: not since its last HELLO, or to be asked at once */
    bool declined;          /* to, and that is said */
    bool strayed;           /* what it cosigned last is not in our log, it said */
    char nonce[NONCE_TEXT]; /* that no beacon has answered; "" for none */
    bool passed_on;         /* one of its nonces was, since the newest beacon came */
    bool held_back;         /* so this one is, until the next */
    value_t *versions;      /* of documents, as its last HELLO told; NULL before */
    drain_row_t *drain;     /* the last that people said of it; NULL: nothing */
    size_t work_count, work_capacity;
    work_t *work; /* in the order of arrival */
};

/* A region's own broker, which relays its log (relay.c). */
typedef struct {
    island_row_t row;
    wall_t seen, span; /* the present span of what is told of it */
    unsigned told;     /* in it, and what was too much */
    value_t *versions; /* of documents, as its last HELLO told; NULL before */
} island_t;

/* What such a broker says that it began for an alert. */
typedef struct {
    hash_t run, grant;
    wall_t at;
} claim_t;

/* A stop or a resume: trust has what it says. */
typedef struct {
    hash_t hash;
    bytes_t *document, *armors;
    zhashx_t *kept; /* worker ids of those who confirmed it */
    bool told;      /* the timekeeper was, since it is there */
} held_halt_t;

/* The newest beacon, and its bytes; all NULL before one came. */
typedef struct {
    beacon_t *newest;
    bytes_t *document, *armor;
    wall_t came;
    wall_t cast; /* when one went to all workers last */
} lamp_t;

/* What the core holds of a sink; the notices themselves lie in the record. */
typedef struct {
    uint64_t flying; /* the notice that is being delivered; 0 none */
    size_t waiting;  /* that one included */
    wall_t next;     /* no try before */
    bool full;       /* said, until there is room again */
} outlet_t;

/* A checkpoint that witnesses are asked about, or that enough of them signed. */
typedef struct {
    uint64_t size; /* leaves; 0 where there is none */
    hash_t head;
    bytes_t *lines; /* cosignatures; ours */
} held_testimony_t;

/* Keys in a table of what is over, in the order in which it ended. */
typedef struct {
    size_t count, capacity;
    char (*keys)[HASH_TEXT];
} over_t;

struct core {
    const charter_t *charter;
    const char *instance;
    const store_t *past;
    merkle_t log;
    uint64_t incidents_given; /* the highest number */
    uint64_t counts[INCIDENT_STATE_COUNT];
    bool moved;          /* log or counts, since the last flush */
    wall_t swept;        /* when closed incidents were last let go */
    zhashx_t *incidents; /* number as text -> incident_t, ours */
    over_t closed;       /* of these */
    zhashx_t *keys;      /* source, space, fingerprint -> the newest incident */
    zhashx_t *runs;      /* hash as text -> run_t, ours */
    over_t ended;        /* of these */
    size_t stirred_count, stirred_capacity;
    run_t **stirred;             /* of these: to be looked at again before the step ends */
    size_t active_runs;          /* of these */
    zhashx_t *peers;             /* worker id -> peer_t, ours */
    zhashx_t *islands;           /* name -> island_t, ours */
    island_t *via;               /* that brought what is decided on; NULL for none */
    const sinks_t *sinks;        /* NULL where there are none */
    outlet_t outlets[SINKS_MAX]; /* of each of them */
    uint64_t notices_given;      /* the highest number */
    shelf_t *shelf;
    const holds_t *holds; /* NULL where there are none */
    size_t braked_count;
    brake_row_t *braked; /* one a region, and "-" */
    size_t revokes;      /* that came since the start */
    lamp_t beacon;
    size_t asking_count, asking_capacity;
    peer_t **asking; /* those with a nonce */
    size_t halt_count, halt_capacity;
    held_halt_t *halts; /* in the order of arrival */
    wall_t halts_swept;
    const char *broker; /* NULL, as the key is, where no checkpoints are made */
    const machinekey_t *key;
    tiles_t tiles;
    held_testimony_t testimonies[TESTIMONY_STATE_COUNT];
    wall_t checkpoint_made;                     /* the newest; ms 0 not since the start */
    actions_t *actions;                         /* of the step under way */
    size_t step_rows;                           /* those in it before this step */
    decision_row_t decided[CORE_DECISIONS_MAX]; /* about the alert under way */
    size_t decided_count;
    wall_t now; /* likewise */
};

/* record.c. What these put goes into the actions of the step under way; slices are
 * copied. A leaf is kind, LF, bytes; its index comes back. A note is an event of this kind. */
uint64_t core_leaf(core_t *self, const char *kind, slice_t bytes);
uint64_t core_leaf2(core_t *self, const char *kind, slice_t first, slice_t second);
uint64_t core_leaf_alert(core_t *self, uint64_t incident, slice_t alert);
void core_tell(core_t *self, const event_row_t *event);
void core_note(core_t *self, const char *kind, uint64_t incident, const hash_t *run,
               const char *worker, const char *format, ...) PRINTF(6, 7);
void core_keep(core_t *self, const char *kind, bool live, const hash_t *hash, slice_t bytes,
               slice_t armors, slice_t files);

/* What people say beside what they do: FAULT_USAGE where it is no line of free text. */
int core_check_words(const char *said, const char *what, fault_t *fault) MUST_CHECK;

/* A row with a key: over the one that this step put of it, where that is not long ago. */
void core_put(core_t *self, const row_t *row);

/* core_send takes over *frames. core_document: the message DOCUMENT, the caller's. core_recall:
 * *row is the caller's, NULL where the past has none. A leaf's bytes are too; NULL with
 * FAULT_FORMAT where it is missing. */
void core_send(core_t *self, const char *worker, frames_t **frames);
frames_t *core_document(const bytes_t *document, const bytes_t *armors);
int core_recall(core_t *self, const query_t *query, row_t **row, fault_t *fault) MUST_CHECK;
bytes_t *core_leaf_bytes(core_t *self, uint64_t number, fault_t *fault);

/* peer.c. A peer is made where there is none, and is the core's for good. */
peer_t *core_peer(core_t *self, const char *worker);

/* The same, of one that spoke: welcomed anew where it was silent, and spoke again without HELLO. */
peer_t *core_heard(core_t *self, const char *worker);
void peer_take(peer_t *self, run_t *run, share_t *share);
void peer_drop(peer_t *self, const share_t *share);

/* The run that this part, which waits, waits for: one of the same playbook on the same target that
 * came before it, or is at work. NULL where there is none. */
const run_t *peer_holder(const peer_t *self, const run_t *run, const share_t *share);
void peer_destroy(peer_t **self_p);
void peer_welcome(core_t *self, const peer_t *peer);
void peers_hand_on(core_t *self); /* documents that those online lack */

/* core.c. What is over need not be held: where many are, the first of them are let go as the next
 * batch begins, and found in the past again. */
void core_over(over_t *self, const char *key);

/* incident.c. An incident is the core's until it is closed and let go. Finding: NULL without a
 * fault where there is none, NULL with the store's fault. */
incident_t *incident_find(core_t *self, uint64_t number, fault_t *fault);
void incident_put(core_t *self, const incident_t *incident);
void incident_adopt(core_t *self, const incident_t *incident);
void incident_move(core_t *self, incident_t *incident, incident_state_t state, const char *format,
                   ...) PRINTF(4, 5);
void incident_on_run(core_t *self, const run_t *run, fault_t *fault);
void incident_on_accept(core_t *self, const run_t *run, fault_t *fault);
void incident_let_go(core_t *self, const char *number);
void incidents_suggest(core_t *self);
void incidents_sweep(core_t *self);

/* Incident of this source and fingerprint, the newest; 0 where there is none. */
uint64_t incident_named(core_t *self, const char *source, const char *fingerprint);

/* A signed alert that `via` brought, with what it began for it (NULL: nothing). The run is taken
 * over where the grant, which must be here, let it begin when the alert was received. */
int incident_relay(core_t *self, slice_t document, slice_t armor, const claim_t *claim,
                   fault_t *fault) MUST_CHECK;

/* decision.c: why each playbook that an alert triggers does or does not run by itself. They are
 * noted while the alert is looked at; decisions_keep writes them, unless the incident's last ones
 * said the same. */
void decision_note(core_t *self, const shelved_t *release, const hash_t *grant, bool acted,
                   const char *reason);
void decisions_keep(core_t *self, incident_t *incident);

/* match.c: what a firing alert may cause; true where a run was begun, else why not in reason.
 * evidence is its document and, where its source signed it, the armor. */
void match_suggest(const core_t *self, const char *alertname, char *names, size_t size);
bool match_act(core_t *self, incident_t *incident, const alert_t *alert, slice_t evidence,
               uint64_t leaf, char *reason, size_t size);

/* Likewise: true where the run that `via` claims is known now, else false with why not. leaf: NULL
 * where the evidence is none yet, and becomes one with the run. */
bool match_adopt(core_t *self, incident_t *incident, slice_t evidence, const uint64_t *leaf,
                 const claim_t *claim, fault_t *fault);

/* relay.c: regions' own brokers. island_tells: whether it has sinks of its own; island_may_tell:
 * whether one more word of `via`, which nobody signed, is told: they are bounded. */
island_t *island_find(const core_t *self, const char *name);
int islands_load(core_t *self, fault_t *fault) MUST_CHECK;
void islands_hand_on(core_t *self);
void islands_tell_halt(core_t *self, const held_halt_t *halt);
bool island_tells(const core_t *self, const char *name);
bool island_may_tell(core_t *self);
void island_destroy(island_t **self_p);

/* notice.c. The first three put a notice for each sink that hears of it, and cost nothing where
 * none does: an incident's state, a run's end, an event of a kind that people are told of.
 * core_notify is a playbook's own word (any text) to the sink it names; an event says where there
 * is none. */
void notice_incident(core_t *self, const incident_t *incident);
void notice_run(core_t *self, const run_t *run);
void notice_event(core_t *self, const event_row_t *event);
void core_notify(core_t *self, const char *sink, const char *text, uint64_t incident,
                 const hash_t *run);
int notices_load(core_t *self, fault_t *fault) MUST_CHECK;

/* drain.c. peer_drained: NULL where it is not; the peer's. drain_check: FAULT_RATE where it is. */
const drain_row_t *peer_drained(const peer_t *self);
int drain_check(core_t *self, const char *worker, fault_t *fault) MUST_CHECK;
int drains_load(core_t *self, fault_t *fault) MUST_CHECK;

/* restraint.c: FAULT_CONFLICT, FAULT_RATE, FAULT_WINDOW where an automatic run is not to begin on
 * this worker; of what people said of its whole region alone, the last two. */
int restraint_of_region(core_t *self, const char *region, fault_t *fault) MUST_CHECK;
int restraint_check(core_t *self, const shelved_t *release, const char *worker,
                    fault_t *fault) MUST_CHECK;

/* halt.c. halts_load brings them back into trust, halts_use into another; halts_greet tells a
 * worker that said HELLO what it lacks; run_halt ends the parts that wait and are covered.
 * halts_said: those that a HELLO says are kept, by hash as text, the caller's; halt_lacked: the
 * next that whoever keeps these lacks; NULL when there is none left. halt_line_next looks from *at
 * on, round to its start, and leaves *at behind what it found: trust has them in the order in which
 * they are held, so who asks for one after another has each looked at about once. */
typedef struct {
    size_t held, line; /* how far it has come in what is held, and in trust */
} halts_read_t;

int halts_load(core_t *self, fault_t *fault) MUST_CHECK;
int halts_use(core_t *self, fault_t *fault) MUST_CHECK;
void halts_greet(core_t *self, const peer_t *peer, const value_t *state);
zhashx_t *halts_said(const value_t *state);
held_halt_t *halt_lacked(const core_t *self, zhashx_t *theirs, halts_read_t *read);
void halts_sweep(core_t *self);
void run_halt(core_t *self, run_t *run);
void halt_clear(held_halt_t *self);
const halt_line_t *halt_line_of(const core_t *self, const hash_t *hash);
const halt_line_t *halt_line_next(const core_t *self, const hash_t *hash, size_t *at);

/* beacon.c. beacon_greet gives a worker that said HELLO the newest, beacon_tell_halt the timekeeper
 * a stop, revoke or resume, once. */
void beacon_greet(core_t *self, const peer_t *peer);
void beacon_tell_halt(core_t *self, held_halt_t *halt);
void lamp_clear(lamp_t *self);

/* witness.c. A tick reads leaves of the past, so it comes before the step adds any;
 * behind a restart, the next one asks all again. */
int witnesses_load(core_t *self, fault_t *fault) MUST_CHECK;
int witnesses_tick(core_t *self, fault_t *fault) MUST_CHECK;
void witnesses_restart(core_t *self);
void witnesses_greet(const core_t *self, peer_t *peer, const value_t *state);

/* step.c. *manifest, in which the step stands, is the caller's; NULL where nobody knows it. */
const manifest_step_t *run_step(const core_t *self, const run_t *run, const char *path,
                                manifest_t **manifest);

/* The manifest of a release that need not be in service any more; the caller's. NULL where it is
 * not known here. */
manifest_t *core_manifest(const core_t *self, const hash_t *release);

/* gather.c, of runs in which a step runs once for all targets. gather_learn finds that out,
 * gather_keep takes what a receipt gives, gather_recall what the past has; gather_prove writes the
 * receipts of the last wave's OFFER: FAULT_PROOF where one does not say how it ended, FAULT_REVOKED
 * where its worker is, FAULT_LIMIT. */
void gather_learn(const core_t *self, run_t *run);
void gather_keep(run_t *run, share_t *share, const event_t *event, const receipt_t *receipt);
int gather_recall(core_t *self, run_t *run, fault_t *fault) MUST_CHECK;
int gather_prove(const core_t *self, const run_t *run, bytes_t *out, fault_t *fault) MUST_CHECK;

/* wait.c. waits_end: of this step, or of all where it is NULL. */
wait_row_t *wait_add(run_t *run, share_t *share, const wait_row_t *row);
void waits_end(core_t *self, run_t *run, share_t *share, const char *step);

/* brake.c. Both FAULT_RATE: brake_check where one is on, brake_count where another run would trip
 * one, which it does. */
int brake_check(core_t *self, const char *region, fault_t *fault) MUST_CHECK;
int brake_count(core_t *self, const char *region, fault_t *fault) MUST_CHECK;
int brakes_load(core_t *self, fault_t *fault) MUST_CHECK;

/* answer.c. What its workers said of a run before it came here, as they may have had it from
 * another broker: those receipts are in the record. */
void run_recall(core_t *self, run_t *run);

/* output.c. output_recall says how much is kept; output_ask asks the worker for what comes next. */
int output_recall(core_t *self, const run_t *run, share_t *share, fault_t *fault) MUST_CHECK;
void output_ask(core_t *self, const run_t *run, const share_t *share);

/* run.c. A run is the core's until a while after its end; finding as above. Slices are copied.
 * Shares are added by wave, without gap, then target; then run_settle. */
run_t *run_find(core_t *self, const hash_t *id, fault_t *fault);
run_t *run_begin(core_t *self, const run_row_t *row, slice_t authority, slice_t armors,
                 slice_t alert);
void run_add(core_t *self, run_t *run, const char *target, uint64_t wave);
void run_settle(core_t *self, run_t *run);
int run_adopt(core_t *self, const run_row_t *row, fault_t *fault) MUST_CHECK;
void run_let_go(core_t *self, const char *id);
void run_destroy(run_t **self_p);

/* The first share of this worker from *at on, which goes behind it; NULL where there is none left.
 * target NULL is any. */
share_t *run_share(const run_t *self, const char *worker, const char *target, size_t *at);
void run_move(core_t *self, run_t *run, share_t *share, part_state_t state, const char *code,
              const char *text);
/* This share is to be looked at again before the step ends, if it waits. */
void run_stir(core_t *self, run_t *run, const share_t *share);
void run_turn(core_t *self, run_t *run, run_state_t state);
void run_put(core_t *self, const run_t *run);
void run_put_share(core_t *self, const share_t *share);
size_t tally_open(const tally_t *self);
size_t tally_failed(const tally_t *self); /* failed, refused, stopped, unknown */

/* rollout.c: which parts are offered when. run_launch writes every part first; runs_settle ends a
 * step: what waited for a part that ended in it goes on. */
void run_launch(core_t *self, run_t *run);
void run_advance(core_t *self, run_t *run);
void runs_advance(core_t *self);
void runs_settle(core_t *self);
void run_offer_again(core_t *self, run_t *run, share_t *share);

/* What its worker refused for the moment is offered before its pause is over; nothing to do for
 * what waits for no pause. */
void run_offer_at_once(core_t *self, run_t *run, share_t *share);

/* A worker's unsigned no: whether it is of the moment only; such a part is offered again, later and
 * later, until the run's window closes. */
bool run_may_pass(const core_t *self, const run_t *run, fault_code_t code);
void run_postpone(core_t *self, run_t *run, share_t *share, const char *code, const char *text);

/* The handlers of core_step's table. */
#define X(event, handler) int handler(core_t *self, event_t *event, fault_t *fault) MUST_CHECK;
EVENTS(X)
#undef X

#endif
