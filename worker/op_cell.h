/* SPDX-License-Identifier: Apache-2.0 */
/* op_cell - the confinement of a process that was made for one op, seen from inside: it can do what
 * the op's row says and nothing else.
 *
 * It has pid and uts namespaces of its own, so that everything it starts dies with it; no network
 * unless the row needs it, and nobody's message queues or shared memory; no environment, no
 * descriptor but its result pipe; uid 65534 with the row's capabilities; no new privileges; a
 * seccomp filter; rlimits. It dies with the effector. A `signals` row keeps the machine's pid
 * namespace, since nobody signals out of one. Only a `whole` row keeps all of the machine's
 * namespaces and root: services need them, and are to outlive it. These two adopt whoever they
 * started loses its parent, and have a control group of their own where the machine lets us make
 * one (worker/op_group.h): by both they are ended as a whole.
 *
 * An op that needs a library which the effector is better without acts in a program of its own,
 * beside the effector's: the same cell, entered once the program has begun. */
#ifndef TOCSIN_OP_CELL_H
#define TOCSIN_OP_CELL_H

#include "worker/policy.h"
#include "worker/settings.h"

#define OP_CELL_WORDS_MAX (32 * 1024) /* bytes of arguments: what a pipe takes at once */

/* What an op may know of its machine; lives as long as the effector. */
typedef struct {
    const policy_t *policy; /* NULL in a program */
    const char *keepers;    /* folder of notes about the keepers of services; likewise */
    const char *programs;   /* folder of the programs; likewise */
    const settings_t
        *settings;       /* likewise; NULL where the way to the brokers is nobody's concern */
    const char *root;    /* the machine's files lie below it; NULL for its own, which a test's are
                          * not; programs have it too */
    const value_t *seen; /* of what foretells: what the op that it looks with gave; else NULL */
} op_world_t;

/* Acts, in the cell. The result is the caller's; NULL with a fault. */
typedef value_t *op_body_t(const value_t *arguments, const op_world_t *world, fault_t *fault);

typedef struct {
    const char *name;
    op_body_t *body;       /* NULL where a program acts */
    const char *program;   /* its file's name */
    uint64_t capabilities; /* 1 << CAP_..., of those that are kept */
    uint64_t file_bytes;   /* how large a file it may write; 0: it makes none grow */
    bool network;          /* keeps the machine's network */
    bool signals;          /* keeps the machine's processes in reach */
    bool executes;         /* may start programs, which have its capabilities */
    bool root;             /* keeps uid 0, with no more than its capabilities */
    bool whole;            /* keeps root and the machine's namespaces */
    bool foretells;        /* gives a foresight (worker/foresight.h) of the op */
    const char *looks;     /* then: the see-op that is run first, with those of the fix's arguments
                            * that it takes too; NULL for none */
} op_row_t;

/* The row of an op in the table of wire/ops.h (worker/op_rows.c); every op there has one. */
const op_row_t *op_row(const char *name);

/* How to find out what an op that is foretold would do: by a body of the effector's own that has no
 * right to change anything; a program is told the op's name alone and would act. What takes a right
 * to be seen, or a library, a see-op sees for it. NULL of any other. */
const op_row_t *op_foresight(const char *name);

/* In the cell of an op that has CAP_SETUID and CAP_SETGID, in a program: it is that user from now
 * on, who is not root, and has no capability left. FAULT_IO. */
int op_cell_become(uid_t user, gid_t group, fault_t *fault) MUST_CHECK;

/* Makes, once a process, what all its cells share. FAULT_IO. */
int op_cell_prepare(fault_t *fault) MUST_CHECK;

/* In a process that is for good what makes others, for cells with the machine's network or for
 * cells without: does, once prepared, what each of them would do at its start. Of its descriptors
 * it keeps *link, which gets another number. FAULT_IO. */
int op_cell_settle(bool network, int *link, fault_t *fault) MUST_CHECK;

/* Whether a row's cell can be made there: not where it starts a program, or may make namespaces. */
bool op_cell_can_settle(const op_row_t *row);

/* Like fork, into the namespaces of its own that the row's cell has; with more of clone(2)'s
 * flags. */
pid_t op_cell_clone(const op_row_t *row, unsigned long more);

/* In a process just made: confines it, reads the encoded arguments from go to its end, acts, writes
 * the result: 'v' and a value, or 'f', a fault's word, LF and its text. */
_Noreturn void op_cell_enter(const op_row_t *row, const op_t *op, const op_world_t *world,
                             int result, int go);

typedef struct {
    const char *name;
    op_body_t *body;
} op_act_t;

/* The main of a program: argv[1] names the op, which is one of these. */
int op_cell_main(int argc, char **argv, const op_act_t *acts, size_t count);

#endif
