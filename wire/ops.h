/* SPDX-License-Identifier: Apache-2.0 */
/* ops - the table of typed primitives: the only things a playbook can cause on a machine. Its rows
 * stand in wire/ops/, a file a family, and what acts in worker/ops/; this table is what both ends
 * agree on. docs/OPS.md is made from it (`tocsin op list --markdown`). */
#ifndef TOCSIN_OPS_H
#define TOCSIN_OPS_H

#include "common/moment.h"
#include "keys/roles.h"
#include "wire/value.h"

#define OP_ARGUMENTS_MAX 8
#define OP_NAME_MAX      63
#define OP_FIX_PATH_MAX  255 /* bytes of a path that an op may act on */

typedef enum {
    ARGUMENT_PATH,    /* absolute, normalised (no "", ".", ".." part), <= 4095 bytes, no control */
    ARGUMENT_NAME,    /* text_is_name */
    ARGUMENT_TEXT,    /* printable ASCII, min..max bytes */
    ARGUMENT_WORD,    /* the same without blanks, and no '-' first: never taken for an option */
    ARGUMENT_INTEGER, /* min..max */
    ARGUMENT_BOOL,
    ARGUMENT_CHOICE,  /* one of the row's choices */
    ARGUMENT_ADDRESS, /* IPv4, IPv6 or a host name, printable, <= 255 bytes */
    ARGUMENT_NET,     /* an IP address or network in its one spelling (common/net.h) */
    ARGUMENT_HASH,    /* SHA-256 in lower-case hexadecimal */
    ARGUMENT_KINDS,
} argument_kind_t;

/* Where a path must lie for the machine's policy. */
typedef enum {
    PATH_ANY,
    PATH_READ,       /* below a read or spool folder */
    PATH_SPOOL,      /* below a spool folder, and not the folder itself */
    PATH_EXPENDABLE, /* likewise, and named like a log that was rotated away; or below an
                        expendable folder */
    PATH_AGED,       /* an expendable folder, or below one */
} path_rule_t;

/* Which line of the machine's policy declares what an argument names; others it does not take. */
typedef enum {
    DECLARED_BY_NONE,
    DECLARED_BY_SERVICE,
    DECLARED_BY_EXEC,     /* the op is of that line's class, where that is worse */
    DECLARED_BY_SECRET,   /* the op's process gets what that holds in place of the name */
    DECLARED_BY_DEVICE,   /* the op's process gets the way there beside the name, as `reach` */
    DECLARED_BY_DATABASE, /* likewise */
} declared_t;

typedef struct {
    const char *name;
    argument_kind_t kind;
    bool required;
    int64_t min, max; /* of an integer's value, or a text's length; of a path's where max is set */
    path_rule_t lies; /* of a path */
    bool named;       /* the policy must say which values: `allow OP NAME=VALUE` */
    declared_t declared;
    const char *choices; /* of a choice: words with one blank between them */
    const char *help;
} op_argument_t;

/* What the effector does after a crash between BEGIN and END (docs/PROTOCOL.md 7.3). */
typedef enum {
    AGAIN_IDEMPOTENT, /* run it again with the same key */
    AGAIN_PROBE,      /* look whether it happened, as its probe says */
    AGAIN_NEVER,      /* unknown */
} again_t;

/* What looking at the machine says of a fix that was cut off. */
typedef enum {
    PROBE_CANNOT_TELL, /* unknown */
    PROBE_HAPPENED,
    PROBE_DID_NOT, /* so it may be run again with the same key */
} probe_verdict_t;

/* A pure function. seen: what the see-op gave. begun: when the fix's last try was started, by the
 * clock as it is now; ms 0 where nobody knows. Of a fix that happened it sets in result, an empty
 * map, what that would have given. */
typedef probe_verdict_t op_tells_t(const value_t *seen, const value_t *arguments, wall_t begun,
                                   value_t *result);

/* How to learn whether a fix happened. */
typedef struct {
    const char *op;                      /* a see-op */
    const char *takes[OP_ARGUMENTS_MAX]; /* the fix's arguments that it is given; NULL ends */
    op_tells_t *tells;
} op_probe_t;

typedef struct {
    const char *name; /* "disk.usage" */
    class_t least;    /* its class; a machine's policy may say worse */
    again_t again;
    const op_probe_t *probe; /* of AGAIN_PROBE, whose result has `probed?: bool`; else NULL */
    bool foretold;           /* a dry run tells what it would do, from looking at the machine */
    bool windowed;           /* the policy must say when: `window NAME DAYS HH:MM-HH:MM` */
    bool ends_machine;       /* begins only while no other fix runs there */
    const char *inverse;     /* the op that undoes it; NULL where none does */
    unsigned timeout_s;      /* killed as a whole then */
    unsigned memory_mib;     /* of address space; 0 where what it starts outlives it */
    unsigned result_bytes_max;
    op_argument_t arguments[OP_ARGUMENTS_MAX]; /* name NULL ends */
    const char *help;                          /* one line */
    const char *result;                        /* what it gives (wire/shape.h) */
} op_t;

/* NULL for an unknown name. */
const op_t *op_find(const char *name);
size_t op_count(void);
const op_t *op_at(size_t index);

/* arguments is a map: every key known, every required one there, kinds and bounds kept.
 * FAULT_ARGUMENT names op and argument. */
int op_check(const op_t *self, const value_t *arguments, fault_t *fault) MUST_CHECK;

/* NULL where it takes none of that name, or none that such a line declares. */
const op_argument_t *op_argument(const op_t *self, slice_t name);
const op_argument_t *op_declared(const op_t *self, declared_t by);

/* NULL where it takes this value, or what is wrong with that: "is none of its choices". */
const char *argument_misfit(const op_argument_t *self, const value_t *value);
const char *argument_kind_word(argument_kind_t kind);

/* What its probe is to be asked with; the caller's. */
value_t *op_probe_arguments(const op_t *self, const value_t *arguments);

/* Those of a map of another op's arguments that self takes too, by their names; the caller's. */
value_t *op_shared_arguments(const op_t *self, const value_t *arguments);

/* One spelling of an absolute path, without looking at any filesystem. */
bool path_is_normal(const char *path);

/* Whether this may be an IPv4 or IPv6 address or a host name: its letters, at most 255, no '-'
 * first. Nobody is asked for it. */
bool address_is_plain(const char *text);

/* Whether path is folder itself or lies below it; both normal. */
bool path_is_under(const char *path, const char *folder);

#endif
