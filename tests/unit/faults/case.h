/* SPDX-License-Identifier: Apache-2.0 */
/* faults/case - an op, how the machine is laid out for it, and what tells of the thing that it acts
 * on; tests/unit/test_op_faults.c has its system calls fail. Each family of ops has a file. */
#ifndef TOCSIN_FAULTS_CASE_H
#define TOCSIN_FAULTS_CASE_H

#include <sys/syscall.h>

#include "tests/unit/op_words.h"

/* In words (op_words.h): `%` is the id of a process of the test's, whose pid is in @/pid; of a
 * number, that pid. */
typedef struct {
    const char *op;
    const char *arguments;
    const char *before; /* a shell's words: lays the machine out for one try; NULL for none */
    const char *first;  /* "OP ARGUMENTS" that is done then; an id that it gives becomes `%` */
    const char *thing;  /* a shell's words that tell of what the op acts on; NULL: files do */
    op_body_t *body;    /* another than the op's own: a wrong version of it; NULL for none */
    bool timed;         /* a result names the second */
    bool rooted;        /* the machine's files lie below the test's folder */
    bool foreseen;      /* what a dry run is told of it, which changes nothing */
    bool refused;       /* it must be, and stays so whatever fails */
    long foresees_by;   /* as always, of the foresight */
    long always;        /* a call that fails in each sample too: an op lied there; 0 for none */
} case_t;

#define LOOK                                                                              \
    "p=$(cat @/pid); awk '{print ($3 ~ /[TtZ]/), $19}' /proc/$p/stat; grep 'open files' " \
    "/proc/$p/limits"

#endif
