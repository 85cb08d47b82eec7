/* SPDX-License-Identifier: Apache-2.0 */
/* row - what the broker remembers: one plain struct for each table, and a description of its
 * columns, from which stores bind, load and copy. Slices in a row are borrowed from whoever made
 * it; row_copy makes one that owns them. */
#ifndef TOCSIN_ROW_H
#define TOCSIN_ROW_H

#include "common/moment.h"
#include "keys/grant.h"
#include "keys/hash.h"
#include "keys/receipt.h"

#define ROW_NAMES_MAX   1023 /* of names in one text, separated by spaces */
#define NOTICE_TEXT_MAX 1279 /* bytes of a notice */

#define INCIDENT_STATES(X)                                                              \
    X(INCIDENT_WAITING, "waiting")       /* for people */                               \
    X(INCIDENT_AUTHORISED, "authorised") /* a run is offered */                         \
    X(INCIDENT_RUNNING, "running")       /* a worker took it */                         \
    X(INCIDENT_RESOLVED, "resolved")     /* its source said so, or a run verified it */ \
    X(INCIDENT_FAILED, "failed")         /* the run did not end well */                 \
    X(INCIDENT_ABANDONED, "abandoned")   /* nobody spoke of it for a week */

typedef enum {
#define X(state, word) state,
    INCIDENT_STATES(X)
#undef X
        INCIDENT_STATE_COUNT
} incident_state_t;

const char *incident_word(incident_state_t self);

/* Whether it still wants something: neither resolved nor abandoned. */
bool incident_open(incident_state_t self);

/* What alerts of one source with one fingerprint are about. */
typedef struct {
    uint64_t id;
    char source[TEXT_NAME_MAX + 1];
    char fingerprint[129];
    char name[128]; /* label alertname; "" where it has none */
    incident_state_t state;
    char severity[16];
    char title[ORDER_REASON_MAX + 1];
    char host[256];                 /* "-" where no alert named one */
    char region[TEXT_NAME_MAX + 1]; /* "" where nobody knows */
    char worker[TEXT_NAME_MAX + 1]; /* whose machine the host is; "" where none */
    wall_t starts, first, last;
    uint64_t count;                    /* firing alerts */
    bool firing;                       /* as its source said last */
    uint64_t leaf;                     /* of the latest firing alert's document */
    char playbooks[ROW_NAMES_MAX + 1]; /* that its alert triggers */
    hash_t run;                        /* the latest; zero where none */
    char reason[256];                  /* why it is in this state */
    char ack[TEXT_NAME_MAX + 1];       /* who saw it; "" where nobody said so */
    char assigned[TEXT_NAME_MAX + 1];  /* to whom; "" for nobody */
    bool severity_by_hand;             /* a person's word on it stands over the source's */
    uint64_t parent;                   /* the incident that it is a part of; 0 for none */
    hash_t decided;                    /* over the last decisions about it, as they were written */
} incident_t;

#define RUN_STATES(X)                                                                       \
    X(RUN_ACTIVE, "active")                                                                 \
    X(RUN_SUCCEEDED, "succeeded")                                                           \
    X(RUN_FAILED, "failed")                                                                 \
    X(RUN_STOPPED, "stopped")                                                               \
    X(RUN_UNDONE, "undone")           /* failed, and what had been done there is undone */  \
    X(RUN_UNDO_FAILED, "undo failed") /* failed, and somewhere so did the undo */           \
    X(RUN_EXPIRED, "expired")         /* its window closed before every target had begun */ \
    X(RUN_UNKNOWN, "unknown")         /* nobody can know what happened somewhere */

typedef enum {
#define X(state, word) state,
    RUN_STATES(X)
#undef X
        RUN_STATE_COUNT
} run_state_t;

const char *run_word(run_state_t self);

typedef struct {
    hash_t id;
    char playbook[TEXT_NAME_MAX + 1];
    bool by_grant;
    hash_t authority; /* the order or grant document */
    hash_t release;
    uint64_t alert;    /* leaf of a grant's evidence */
    uint64_t incident; /* 0 where none */
    run_state_t state;
    char reason[ORDER_REASON_MAX + 1];
    char who[ROW_NAMES_MAX + 1]; /* who signed */
    wall_t created, ended;       /* ended 0 while active */
    wall_t not_after;            /* parts begin until then */
    uint64_t soak_s, max_failures;
    char worker[TEXT_NAME_MAX + 1];   /* of a grant's, its only one; "" for an order's */
    char region[TEXT_NAME_MAX + 1];   /* that worker's */
    hash_t continues;                 /* an earlier run; zero where none */
    bool paused;                      /* by people: no further part is offered */
    char glass[ORDER_REASON_MAX + 1]; /* why its order breaks glass; "" where it does not */
    char via[TEXT_NAME_MAX + 1];      /* the region's broker that began it; "" for this one */
    bool dry;                         /* its order looks, and changes nothing */
} run_row_t;

#define PART_STATES(X)                                   \
    X(PART_WAITING, "waiting") /* for the wave before */ \
    X(PART_OFFERED, "offered")                           \
    X(PART_ACCEPTED, "open")                             \
    X(PART_DONE, "done")                                 \
    X(PART_FAILED, "failed")                             \
    X(PART_REFUSED, "refused")                           \
    X(PART_SKIPPED, "skipped")                           \
    X(PART_STOPPED, "stopped")                           \
    X(PART_UNKNOWN, "unknown")                           \
    X(PART_NEVER, "never") /* reached nobody before its window closed */

typedef enum {
#define X(state, word) state,
    PART_STATES(X)
#undef X
        PART_STATE_COUNT
} part_state_t;

const char *part_word(part_state_t self);
bool part_ended(part_state_t self);

typedef struct {
    hash_t run;
    char target[2 * TEXT_NAME_MAX + 2];
    uint64_t wave;
    part_state_t state;
    char code[16], text[256];
    wall_t offered, accepted, ended; /* 0 where not yet */
    bool verified;                   /* a step with a verify ended ok */
    bool proven;                     /* receipt is there */
    uint64_t receipt;                /* leaf of the receipt that ended it */
    char undo[16];                   /* one of the words below; "" while nothing is undone */
} part_row_t;

#define UNDO_BEGUN  "undoing"
#define UNDO_DONE   "undone"
#define UNDO_FAILED "undo failed"

typedef struct {
    hash_t hash;
    char kind[16]; /* "order", "grant", "release" */
    bool live;     /* loaded at start */
    slice_t bytes, armors;
    slice_t files; /* encoded: a release's map of path to bytes; an order's targets that came
                      beside it */
} document_row_t;

typedef struct {
    char worker[TEXT_NAME_MAX + 1];
    uint64_t sequence;
    hash_t hash, run;
    char target[2 * TEXT_NAME_MAX + 2];
    uint64_t leaf; /* document, then armor */
} receipt_row_t;

typedef struct {
    hash_t hash;
    slice_t bytes;
} output_row_t;

#define LEAF_EVENT "event" /* the kind of an event's leaf */

/* One of the log's. Those of events are written as ROW_EVENT, and found as either. */
typedef struct {
    uint64_t number; /* from 0 */
    char kind[16];
    slice_t bytes; /* without the kind */
    hash_t hash;
    uint64_t incident; /* of an alert; 0 where none */
} leaf_row_t;

/* What people read: one sentence about an incident, a run, or neither. It is a leaf of the log, in
 * whose bytes at, kind and text stand. */
typedef struct {
    uint64_t number; /* of the leaf */
    slice_t bytes;   /* likewise: event_write's */
    hash_t leaf;     /* and its hash */
    wall_t at;
    uint64_t incident; /* 0 where none */
    hash_t run;        /* zero where none */
    char kind[24];
    char text[512];
    char worker[TEXT_NAME_MAX + 1], step[STEP_PATH_MAX]; /* "" where none */
    char outcome[16], part[16];
    char who[ROW_NAMES_MAX + 1];
} event_row_t;

/* Why a playbook did or did not run by itself for an alert. */
typedef struct {
    uint64_t incident;
    wall_t at;
    char playbook[TEXT_NAME_MAX + 1]; /* "" where none was triggered */
    hash_t release, grant;            /* zero where none was reached */
    bool acted;                       /* a run was begun */
    char reason[256];
} decision_row_t;

typedef struct {
    char id[TEXT_NAME_MAX + 1];
    uint64_t sequence; /* of its last receipt */
    hash_t head;       /* that receipt's hash */
} worker_row_t;

/* One row: the log's right edge, and counts, so that starting does not read history. */
typedef struct {
    uint64_t size;
    slice_t edge;
    uint64_t incidents; /* the highest number given */
    slice_t counts;     /* uint64_t [INCIDENT_STATE_COUNT] */
} position_row_t;

typedef struct {
    uint64_t size;
    slice_t bytes, armor;
} checkpoint_row_t;

#define NOTICE_STATES(X)                                  \
    X(NOTICE_WAITING, "waiting")                          \
    X(NOTICE_SENT, "sent")         /* its sink took it */ \
    X(NOTICE_GIVEN_UP, "given up") /* its sink refused it, or would not for long */

typedef enum {
#define X(state, word) state,
    NOTICE_STATES(X)
#undef X
        NOTICE_STATE_COUNT
} notice_state_t;

const char *notice_word(notice_state_t self);

/* The outbox: one sentence for one sink. What it is about is as it was when it was made, so that
 * every try sends the same. */
typedef struct {
    uint64_t number;
    char sink[TEXT_NAME_MAX + 1];
    char kind[24]; /* the word of a notice_kind_t */
    char text[NOTICE_TEXT_MAX + 1];
    uint64_t incident; /* 0 where none */
    hash_t run;        /* zero where none */
    char host[256];    /* "" where none, and so on */
    char severity[16];
    char playbook[TEXT_NAME_MAX + 1];
    wall_t made, next; /* next: not before */
    uint64_t tries;
    notice_state_t state;
    char reason[256]; /* of the last try that failed */
} notice_row_t;

/* Whether automatic runs may begin. */
typedef struct {
    char region[TEXT_NAME_MAX + 1]; /* "-": all */
    bool engaged;
    wall_t at; /* since when */
    char who[TEXT_NAME_MAX + 1];
    char reason[ORDER_REASON_MAX + 1];
} brake_row_t;

/* Whether a worker is offered anything further. */
typedef struct {
    char worker[TEXT_NAME_MAX + 1];
    bool engaged; /* drained: nothing */
    wall_t at;    /* since when */
    char who[TEXT_NAME_MAX + 1];
    char reason[ORDER_REASON_MAX + 1];
} drain_row_t;

/* What a worker says that its machine allows; nobody verified it here. */
typedef struct {
    char worker[TEXT_NAME_MAX + 1];
    slice_t document, armor;
} allowance_row_t;

/* What a part said of itself: one piece after another, without gap. */
typedef struct {
    hash_t run;
    char target[2 * TEXT_NAME_MAX + 2];
    uint64_t start; /* bytes before it */
    slice_t bytes;
    bool closed; /* nothing comes behind it */
} said_row_t;

/* A region's own broker: how much of its log was taken over (docs/PROTOCOL.md 6.5). */
typedef struct {
    char name[TEXT_NAME_MAX + 1];
    uint64_t taken; /* leaves */
    hash_t last;    /* of these; zero before the first */
    bool tells;     /* it has sinks of its own */
} island_row_t;

/* A step of a part that waits, or waited, for a person. */
typedef struct {
    hash_t run;
    char target[2 * TEXT_NAME_MAX + 2];
    char step[STEP_PATH_MAX];
    hash_t receipt; /* the part's last, as its worker said; zero where there is none */
    hash_t consent; /* the consent or answer that was sent to it; zero where none */
    wall_t asked, expires;
    bool open;
} wait_row_t;

/* A worker keeps a stop or a resume. */
typedef struct {
    hash_t halt;
    char worker[TEXT_NAME_MAX + 1];
    wall_t at;
} kept_row_t;

/* The head of leaves 256 * number and those behind it, as many. */
typedef struct {
    uint64_t number;
    hash_t head;
} tile_row_t;

#define TESTIMONY_STATES(X)                                       \
    X(TESTIMONY_NEWEST, "newest") /* that they are asked about */ \
    X(TESTIMONY_ENOUGH, "enough") /* the newest that more than half cosigned */

typedef enum {
#define X(state, word) state,
    TESTIMONY_STATES(X)
#undef X
        TESTIMONY_STATE_COUNT
} testimony_state_t;

const char *testimony_word(testimony_state_t self);

/* What witnesses signed: one row a state. */
typedef struct {
    testimony_state_t state;
    uint64_t size; /* leaves */
    hash_t head;
    slice_t lines; /* cosignatures that held when they came (keys/cosignature.h) */
} testimony_row_t;

/*    kind             table         struct            member */
#define ROWS(X)                                                   \
    X(ROW_INCIDENT, "incident", incident_t, incident)             \
    X(ROW_RUN, "run", run_row_t, run)                             \
    X(ROW_PART, "part", part_row_t, part)                         \
    X(ROW_DOCUMENT, "document", document_row_t, document)         \
    X(ROW_RECEIPT, "receipt", receipt_row_t, receipt)             \
    X(ROW_OUTPUT, "output", output_row_t, output)                 \
    X(ROW_LEAF, "leaf", leaf_row_t, leaf)                         \
    X(ROW_EVENT, "leaf", event_row_t, event)                      \
    X(ROW_DECISION, "decision", decision_row_t, decision)         \
    X(ROW_BRAKE, "brake", brake_row_t, brake)                     \
    X(ROW_DRAIN, "drain", drain_row_t, drain)                     \
    X(ROW_ALLOWANCE, "allowance", allowance_row_t, allowance)     \
    X(ROW_SAID, "said", said_row_t, said)                         \
    X(ROW_WAIT, "wait", wait_row_t, wait)                         \
    X(ROW_KEPT, "kept", kept_row_t, kept)                         \
    X(ROW_WORKER, "worker", worker_row_t, worker)                 \
    X(ROW_POSITION, "position", position_row_t, position)         \
    X(ROW_CHECKPOINT, "checkpoint", checkpoint_row_t, checkpoint) \
    X(ROW_TILE, "tile", tile_row_t, tile)                         \
    X(ROW_TESTIMONY, "testimony", testimony_row_t, testimony)     \
    X(ROW_ISLAND, "island", island_row_t, island)                 \
    X(ROW_NOTICE, "notice", notice_row_t, notice)

typedef enum {
#define X(kind, table, type, member) kind,
    ROWS(X)
#undef X
        ROW_KINDS
} row_kind_t;

typedef struct {
    row_kind_t kind;
    union {
#define X(kind, table, type, member) type member;
        ROWS(X)
#undef X
    };
} row_t;

typedef enum {
    COLUMN_NUMBER, /* uint64_t, below 2^63 */
    COLUMN_WALL,   /* wall_t */
    COLUMN_WORD,   /* an enum; size is how many words it has */
    COLUMN_BOOL,   /* bool */
    COLUMN_TEXT,   /* char [size] */
    COLUMN_HASH,   /* hash_t */
    COLUMN_BYTES,  /* slice_t */
} column_type_t;

typedef enum {
    CHANGES,
    STAYS,  /* what it was when the row was written first */
    IS_KEY, /* likewise, and among those that make the row unique */
} constancy_t;

typedef struct {
    const char *name;
    column_type_t type;
    size_t offset; /* in row_t */
    size_t size;
    constancy_t constancy;
} column_t;

const char *row_table(row_kind_t kind);

/* The bytes of an event's leaf (docs/PROTOCOL.md 10), and at, kind and text from them: false where
 * they are not what event_write writes. */
void event_write(const event_row_t *self, bytes_t *line);
bool event_read(event_row_t *self);

/* The columns of one kind, terminated by a NULL name. */
const column_t *row_columns(row_kind_t kind);

/* Whether two rows of one kind have the same key columns; false for kinds without a key. */
bool row_same(const row_t *left, const row_t *right);

/* Of rows that are the same: whether nothing that stays is another. */
bool row_follows(const row_t *self, const row_t *before);

/* A copy that owns the bytes of its slices, in a block that ends behind its kind's member: never
 * assign it to a whole row_t. */
row_t *row_copy(const row_t *from);

/* The same into a place of the caller's, which has row_size bytes and is aligned for anything. */
size_t row_size(const row_t *self);
row_t *row_copy_to(const row_t *from, void *place);
void row_destroy(row_t **self_p);

#endif
