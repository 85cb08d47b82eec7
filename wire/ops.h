/* SPDX-License-Identifier: Apache-2.0 */
/* ops - the table of typed primitives: the only things a playbook can cause on a machine.
 * What acts stands in worker/ops/; this table is what both ends agree on. */
#ifndef TOCSIN_OPS_H
#define TOCSIN_OPS_H

#include "keys/roles.h"
#include "wire/value.h"

#define OP_ARGUMENTS_MAX 8
#define OP_NAME_MAX      63
#define OP_FIX_PATH_MAX  255 /* bytes of a path that an op may act on */

typedef enum {
    ARGUMENT_PATH,    /* absolute, normalised (no "", ".", ".." part), <= 4095 bytes, no control */
    ARGUMENT_NAME,    /* text_is_name */
    ARGUMENT_TEXT,    /* printable ASCII, <= max bytes */
    ARGUMENT_INTEGER, /* min..max */
    ARGUMENT_BOOL,
    ARGUMENT_ADDRESS, /* IPv4, IPv6 or a host name, printable, <= 255 bytes */
} argument_kind_t;

typedef struct {
    const char *name;
    argument_kind_t kind;
    bool required;
    int64_t min, max; /* of an integer's value, or a text's length; of a path's where max is set */
    const char *help;
} op_argument_t;

/* What the effector does after a crash between BEGIN and END (docs/PROTOCOL.md 7.3). */
typedef enum {
    AGAIN_IDEMPOTENT, /* run it again with the same key */
    AGAIN_NEVER,      /* unknown */
} again_t;

typedef struct {
    const char *name; /* "disk.usage" */
    class_t least;    /* its class; a machine's policy may say worse */
    again_t again;
    unsigned timeout_s; /* killed as a whole then */
    unsigned result_bytes_max;
    op_argument_t arguments[OP_ARGUMENTS_MAX]; /* name NULL ends */
    const char *help;                          /* one line */
    const char *result;                        /* one line: the result's map, as documentation */
} op_t;

/* NULL for an unknown name. */
const op_t *op_find(const char *name);
size_t op_count(void);
const op_t *op_at(size_t index);

/* arguments is a map: every key known, every required one there, kinds and bounds kept.
 * FAULT_ARGUMENT names op and argument. */
int op_check(const op_t *self, const value_t *arguments, fault_t *fault) MUST_CHECK;

/* One spelling of an absolute path, without looking at any filesystem. */
bool path_is_normal(const char *path);

/* Whether this may be an IPv4 or IPv6 address or a host name: its letters, at most 255, no '-'
 * first. Nobody is asked for it. */
bool address_is_plain(const char *text);

/* Whether path is folder itself or lies below it; both normal. */
bool path_is_under(const char *path, const char *folder);

#endif
