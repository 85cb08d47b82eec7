/* SPDX-License-Identifier: Apache-2.0 */
/* sealing - makes an order one that only its readers can read (docs/PROTOCOL.md 12): a new key, for
 * people and for the workers of all its targets. */
#ifndef TOCSIN_SEALING_H
#define TOCSIN_SEALING_H

#include "cli/options.h"
#include "keys/trust.h"

/* Inputs that are to be sealed, in the clear: never shown, never kept, wiped by secrets_destroy. */
typedef struct {
    size_t count;
    struct {
        char name[TEXT_NAME_MAX + 1];
        char text[ORDER_SECRET_MAX + 1];
    } at[ORDER_INPUTS_MAX];
} secrets_t;

/* From "NAME=FILE" of the command line, "-" for standard input; the end of the line is no part of
 * it. FAULT_USAGE, FAULT_IO. */
int secrets_read(secrets_t *self, const many_t *given, fault_t *fault) MUST_CHECK;

/* Of an order, by its key. FAULT_KEY, FAULT_INPUT. */
int secrets_open(secrets_t *self, const order_t *order, const sealkey_t *key,
                 fault_t *fault) MUST_CHECK;
void secrets_destroy(secrets_t **self_p);

/* Whether an input is among them; self may be NULL. */
bool secrets_have(const secrets_t *self, const char *name);

/* Whom an order is sealed to, besides the workers of its targets. */
typedef struct {
    const char *person; /* who makes it */
    const many_t *others;
    const secrets_t *secrets; /* NULL where no input is sealed */
} readers_t;

/* The order is otherwise complete, and lists its targets. FAULT_KEY names who has no sealing key;
 * FAULT_LIMIT. */
int sealing_add(order_t *order, const readers_t *readers, const trust_t *trust,
                fault_t *fault) MUST_CHECK;

/* Seals its secrets anew, where the order says other things than when they were sealed. */
void sealing_renew(order_t *order, const sealkey_t *key, const secrets_t *secrets);

#endif
