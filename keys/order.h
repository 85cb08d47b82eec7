/* SPDX-License-Identifier: Apache-2.0 */
/* order - what responders sign to start a run (docs/PROTOCOL.md 3.5). Its hash is the run's id. */
#ifndef TOCSIN_ORDER_H
#define TOCSIN_ORDER_H

#include "common/moment.h"
#include "keys/hash.h"
#include "keys/roles.h"
#include "keys/seal.h"

#define ORDER_TARGETS_MAX      4096
#define ORDER_INPUTS_MAX       64
#define ORDER_WAVE_MAX         64     /* targets listed in one wave */
#define ORDER_WAVES_MAX        64     /* waves that are not listed */
#define ORDER_WAVE_TARGETS_MAX 100000 /* of one of those; it has more than ORDER_WAVE_MAX */
#define ORDER_RELEASES_MAX     16
#define ORDER_WINDOW_MAX_S     (24 * 3600)
#define ORDER_VALUE_MAX        800
#define ORDER_REASON_MAX       500
#define ORDER_SECRET_MAX       640  /* bytes of an input that is sealed */
#define ORDER_SEALS_MAX        1024 /* readers of a sealed order: people, and its targets' workers */

/* An input as signed: its text in the type's one spelling (wire/manifest.h reads it). */
typedef struct {
    char name[TEXT_NAME_MAX + 1];
    char text[ORDER_VALUE_MAX + 1]; /* unescaped */
} input_text_t;

typedef struct {
    unsigned wave;                      /* from 1, without gap */
    char target[2 * TEXT_NAME_MAX + 2]; /* WORKER or WORKER/HOST */
} target_line_t;

/* A wave that is not listed: keys/inclusion.h makes its tree, and proves who stands in it. */
typedef struct {
    unsigned wave;  /* goes on behind the listed ones */
    uint64_t count; /* targets */
    hash_t root;
} wave_line_t;

/* An input that only the order's readers can read: what was sealed (SEAL_SECRET), in the place
 * order_frame. */
typedef struct {
    char name[TEXT_NAME_MAX + 1];
    size_t size;
    uint8_t sealed[ORDER_SECRET_MAX + SEAL_EXTRA_BYTES];
} secret_line_t;

/* A reader of a sealed order, and the order's key as it is sealed to that one. */
typedef struct {
    bool worker; /* else a person */
    char name[TEXT_NAME_MAX + 1];
    uint8_t box[SEALKEY_BOX_BYTES];
} seal_line_t;

typedef struct {
    hash_t site;
    char playbook[TEXT_NAME_MAX + 1];
    bool dry;          /* mode dry: observe ops only */
    uint64_t incident; /* 0 where none */
    char reason[ORDER_REASON_MAX + 1];
    char break_glass[ORDER_REASON_MAX + 1]; /* why; "" where nobody breaks glass */
    wall_t created, not_before, not_after, undo_until;
    char nonce[33];        /* 32 hexadecimal digits */
    uint64_t soak_s;       /* between waves */
    unsigned max_failures; /* that a wave may have, and the run as it goes on */
    hash_t continues;      /* an earlier run of the same release and inputs; zero where none */
    size_t release_count, input_count, secret_count, wave_count, target_count, seal_count;
    struct {
        char playbook[TEXT_NAME_MAX + 1];
        hash_t hash;
    } releases[ORDER_RELEASES_MAX];        /* of the playbook and of all it may call; ascending */
    input_text_t inputs[ORDER_INPUTS_MAX]; /* ascending by name */
    wave_line_t waves[ORDER_WAVES_MAX];    /* ascending, without gap, behind the listed ones */
    secret_line_t *secrets;                /* ascending by name; none is an input too */
    target_line_t *targets;                /* ascending by wave, then target; each target once */
    seal_line_t *seals; /* people, then workers, each ascending by name; 0 where nothing is sealed,
                           else a person at least and the worker of each target, and no other */
} order_t;

order_t *order_decode(slice_t document, fault_t *fault);
void order_encode(const order_t *self, bytes_t *out);
void order_destroy(order_t **self_p);

/* Whether it is to run outside its signers' scope and machines' windows, which a cosigner must
 * stand behind (keys/trust.h). */
bool order_breaks_glass(const order_t *self);

/* The release of order->playbook; order_decode saw that it is there. */
const hash_t *order_release(const order_t *self);

/* The release of a playbook that the run may call, or its own; NULL where none is listed. */
const hash_t *order_release_of(const order_t *self, const char *playbook);

/* NULL where the worker is no target, or none that is listed. */
const target_line_t *order_target(const order_t *self, const char *worker);

/* A wave that is not listed; NULL for one that is, or that there is not. */
const wave_line_t *order_wave(const order_t *self, unsigned wave);

/* The last listed wave, which every wave that is not listed waits for; 0 where none is. */
unsigned order_gate(const order_t *self);

/* The wave whose receipts prove that this one may begin: the one before a listed wave, the gate
 * before any other. 0 where it waits for none. */
unsigned order_wave_before(const order_t *self, unsigned wave);

/* A reader's line; NULL where there is none. */
const seal_line_t *order_seal(const order_t *self, bool worker, const char *name);

/* NULL where that input is not sealed. */
const secret_line_t *order_secret(const order_t *self, const char *name);

/* Where sealed inputs stand: the hash of the order without its secret and seal lines, so that they
 * open in no order that does anything else. */
hash_t order_frame(const order_t *self);

/* Of all waves, listed or not. */
uint64_t order_target_total(const order_t *self);

/* Behind this nothing of its run begins or is undone: what began in the window may take
 * ORDER_FINISH_MAX_MS from its first op. */
#define ORDER_FINISH_MAX_MS (72 * INT64_C(3600000)) /* 64 steps of an hour */
wall_t order_end(const order_t *self);

/* WORKER or WORKER/HOST, and whether it is the worker or a host that it reaches. */
bool target_valid(const char *target);
bool target_is_of(const char *target, const char *worker);

/* The worker of a valid target. */
void target_worker(const char *target, char out[static TEXT_NAME_MAX + 1]);

#endif
