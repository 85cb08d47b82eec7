/* SPDX-License-Identifier: Apache-2.0 */
/* permit - one `allow` line of a machine's policy: an op, and what its arguments may be.
 *
 *     allow OP [ARGUMENT=VALUE | ARGUMENT?=VALUE]...
 *
 * VALUE is what the argument must be: of a path, it or a folder that it lies below; of an integer,
 * a number or a span `FROM..TO`; of an address or network, one that it lies in; else, and of the
 * name of a host, the text itself, or, with a `*` behind, how it begins. An argument that stands
 * there must be given; behind `?=`, it may be left out. One that the op table calls `named` must
 * stand in the line, with `=`: without it nothing would be said of what may be touched. */
#ifndef TOCSIN_PERMIT_H
#define TOCSIN_PERMIT_H

#include "wire/ops.h"

typedef struct {
    const op_t *op;
    size_t count;
    const char *const *words; /* ARGUMENT=VALUE and so on; they live as long as the policy's text */
} permit_t;

/* words are those behind `allow`. FAULT_CONFIG says what is wrong with them: also a VALUE that the
 * argument never has, and one argument twice. */
int permit_read(permit_t *self, const char *const *words, size_t count, fault_t *fault) MUST_CHECK;

/* The one name that it lets an argument have which a line of such a kind declares; NULL where there
 * is none. */
const char *permit_declared(const permit_t *self, declared_t *by);

/* Whether it lets this argument be that, whatever the others are. */
bool permit_admits(const permit_t *self, const op_argument_t *argument, const char *text);

/* The first of its arguments that these, which passed op_check, do not keep to; NULL where it lets
 * the op have them. */
const op_argument_t *permit_misfit(const permit_t *self, const value_t *arguments);

#endif
