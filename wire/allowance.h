/* SPDX-License-Identifier: Apache-2.0 */
/* allowance - what a worker's machine would let be done, as its judge signed it: the highest class
 * and the ops of its policy, without paths, what is of another class there, its hours and the
 * people whom it asks for (docs/PROTOCOL.md 3.19). It tells people beforehand what would be
 * refused. It allows nothing: the policy does, at the moment. */
#ifndef TOCSIN_ALLOWANCE_H
#define TOCSIN_ALLOWANCE_H

#include "common/weekly.h"
#include "keys/trust.h"
#include "wire/ops.h"

#define ALLOWANCE_OPS_MAX   256
#define ALLOWANCE_BYTES_MAX 45056

#define ALLOWANCE_HOURS_MAX   64
#define ALLOWANCE_CLASSES_MAX 64

/* Windows or blackouts, each as weekly_write spells it, ascending, each once. */
typedef struct {
    size_t count;
    char at[ALLOWANCE_HOURS_MAX][WEEKLY_TEXT_MAX];
} allowance_hours_t;

/* A window of one op alone, to undo too. */
typedef struct {
    char op[OP_NAME_MAX + 1];
    char hours[WEEKLY_TEXT_MAX];
} allowance_own_t;

/* Ascending by op and hours, each once. */
typedef struct {
    size_t count;
    allowance_own_t at[ALLOWANCE_HOURS_MAX];
} allowance_owns_t;

/* Of a name, change or destructive. */
typedef struct {
    char name[TEXT_NAME_MAX + 1];
    class_t class_;
} allowance_class_t;

/* Ascending by name, each once. */
typedef struct {
    size_t count;
    allowance_class_t at[ALLOWANCE_CLASSES_MAX];
} allowance_classes_t;

typedef struct {
    hash_t site;
    char worker[TEXT_NAME_MAX + 1];
    wall_t made;
    class_t highest;
    quorums_t more; /* people whom it asks for beyond root's quorums */
    bool no_glass;  /* nobody breaks glass there */
    allowance_hours_t windows, blackouts;
    size_t op_count;
    char ops[ALLOWANCE_OPS_MAX][OP_NAME_MAX + 1]; /* ascending, each once */
    allowance_classes_t worse;    /* ops that are worse there than in the op table */
    allowance_classes_t commands; /* what site.run may execute */
    allowance_owns_t owns;        /* windows of one op alone */
} allowance_t;

/* FAULT_FORMAT, FAULT_LIMIT. Nothing is verified; an op need not be one that is known here. */
int allowance_decode(allowance_t *self, slice_t document, fault_t *fault) MUST_CHECK;
void allowance_encode(const allowance_t *self, bytes_t *out);

/* Of this site, with one signature in allowance@ by the key that its fleet lists for the worker it
 * names. FAULT_SITE, FAULT_SIGNATURE and its kin, FAULT_KEY, FAULT_NOT_FOUND (no such worker). */
int allowance_check(allowance_t *self, const trust_t *trust, slice_t document, slice_t armor,
                    fault_t *fault) MUST_CHECK;

/* One more in its place; the same again is fine, and what has no room is left out. */
void allowance_hours_add(allowance_hours_t *self, const weekly_t *weekly);

/* Whether one of them stands at this moment. */
bool allowance_hours_stand(const allowance_hours_t *self, wall_t now);

/* Likewise. */
void allowance_owns_add(allowance_owns_t *self, const char *op, const weekly_t *weekly);

/* Whether one of the op's own stands at this moment, or it has none. */
bool allowance_owns_stand(const allowance_owns_t *self, const char *op, wall_t now);

/* How many windows of its own the op has. */
size_t allowance_owns_of(const allowance_owns_t *self, const char *op);

bool allowance_has(const allowance_t *self, const char *op);

/* One more in its place, or the worse of two of one name; what has no room is left out. */
void allowance_classes_add(allowance_classes_t *self, const char *name, class_t class_);

/* NULL where there is none of that name. */
const allowance_class_t *allowance_classes_find(const allowance_classes_t *self, const char *name);

#endif
