/* SPDX-License-Identifier: Apache-2.0 */
/* order - what responders sign to start a run (docs/PROTOCOL.md 3.5). Its hash is the run's id. */
#ifndef TOCSIN_ORDER_H
#define TOCSIN_ORDER_H

#include "common/moment.h"
#include "keys/hash.h"
#include "keys/roles.h"

#define ORDER_TARGETS_MAX  4096
#define ORDER_INPUTS_MAX   64
#define ORDER_WAVE_MAX     64 /* targets listed in one wave */
#define ORDER_RELEASES_MAX 16
#define ORDER_WINDOW_MAX_S (24 * 3600)
#define ORDER_VALUE_MAX    800
#define ORDER_REASON_MAX   500

/* An input as signed: its text in the type's one spelling (wire/manifest.h reads it). */
typedef struct {
    char name[TEXT_NAME_MAX + 1];
    char text[ORDER_VALUE_MAX + 1]; /* unescaped */
} input_text_t;

typedef struct {
    unsigned wave;                      /* from 1, without gap */
    char target[2 * TEXT_NAME_MAX + 2]; /* WORKER or WORKER/HOST */
} target_line_t;

typedef struct {
    hash_t site;
    char playbook[TEXT_NAME_MAX + 1];
    bool dry;          /* mode dry: observe ops only */
    uint64_t incident; /* 0 where none */
    char reason[ORDER_REASON_MAX + 1];
    wall_t created, not_before, not_after, undo_until;
    char nonce[33];  /* 32 hexadecimal digits */
    uint64_t soak_s; /* between waves */
    unsigned max_failures;
    size_t release_count, input_count, target_count;
    struct {
        char playbook[TEXT_NAME_MAX + 1];
        hash_t hash;
    } releases[ORDER_RELEASES_MAX];        /* of the playbook and of all it may call; ascending */
    input_text_t inputs[ORDER_INPUTS_MAX]; /* ascending by name */
    target_line_t *targets;                /* ascending by wave, then target; each target once */
} order_t;

order_t *order_decode(slice_t document, fault_t *fault);
void order_encode(const order_t *self, bytes_t *out);
void order_destroy(order_t **self_p);

/* The release of order->playbook; order_decode saw that it is there. */
const hash_t *order_release(const order_t *self);

/* NULL where the worker is no target. */
const target_line_t *order_target(const order_t *self, const char *worker);

#endif
