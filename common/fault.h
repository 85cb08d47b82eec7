/* SPDX-License-Identifier: Apache-2.0 */
/* fault - what the world did wrong, in a code and one sentence a person can act on.
 *
 * A fault lives on its caller's stack and never allocates. The code gives the word that stands in
 * refusals, receipts and replies, and the exit status of the command line. Bugs of our own are
 * asserts, never faults. */
#ifndef TOCSIN_FAULT_H
#define TOCSIN_FAULT_H

#include "common/memory.h"

#define FAULT_TEXT_MAX 256

/*        code              word           exit  means */
#define FAULTS(X)                                                                          \
    X(FAULT_NONE, "none", 0)               /* nothing went wrong */                        \
    X(FAULT_FORMAT, "format", 2)           /* bytes are not in the grammar */              \
    X(FAULT_LIMIT, "limit", 2)             /* more than a named maximum */                 \
    X(FAULT_IO, "io", 2)                   /* the system said no */                        \
    X(FAULT_FULL, "full", 2)               /* no room on a disk or in a queue */           \
    X(FAULT_TIMEOUT, "timeout", 2)         /* not done by its deadline */                  \
    X(FAULT_CONFIG, "config", 2)           /* a configuration file is wrong */             \
    X(FAULT_USAGE, "usage", 64)            /* a command was called wrongly */              \
    X(FAULT_UNREACHABLE, "unreachable", 3) /* nobody answers */                            \
    X(FAULT_DENIED, "denied", 4)           /* the asker may not */                         \
    X(FAULT_NOT_FOUND, "not-found", 9)     /* no such thing */                             \
    X(FAULT_CONFLICT, "conflict", 9)       /* such a thing is there already */             \
    X(FAULT_SITE, "site", 4)               /* signed for another site */                   \
    X(FAULT_SIGNATURE, "signature", 4)     /* a signature does not hold */                 \
    X(FAULT_NAMESPACE, "namespace", 4)     /* a signature made for another purpose */      \
    X(FAULT_KEY, "key", 4)                 /* a key of no use, or of nobody */             \
    X(FAULT_TOUCH, "touch", 4)             /* a FIDO key that nobody touched */            \
    X(FAULT_PIN, "pin", 4)                 /* a FIDO key without its PIN */                \
    X(FAULT_QUORUM, "quorum", 6)           /* fewer people than needed */                  \
    X(FAULT_ROLE, "role", 4)               /* the signer has another role */               \
    X(FAULT_SCOPE, "scope", 4)             /* outside the signer's labels */               \
    X(FAULT_VERSION, "version", 4)         /* older than what is known */                  \
    X(FAULT_EXPIRED, "expired", 7)         /* past its end */                              \
    X(FAULT_WINDOW, "window", 7)           /* outside its window, or a window too long */  \
    X(FAULT_TARGET, "target", 4)           /* this worker is not meant */                  \
    X(FAULT_REPLAY, "replay", 4)           /* a known id with other bytes */               \
    X(FAULT_HASH, "hash", 4)               /* bytes are not those that were signed */      \
    X(FAULT_CLASS, "class", 4)             /* a class above what is allowed */             \
    X(FAULT_INPUT, "input", 4)             /* an input against its schema or bound */      \
    X(FAULT_EVIDENCE, "evidence", 4)       /* an alert that the grant does not cover */    \
    X(FAULT_STALE, "stale", 7)             /* evidence or a plan that is too old */        \
    X(FAULT_BUDGET, "budget", 4)           /* a grant's budget is spent */                 \
    X(FAULT_REVOKED, "revoked", 4)         /* a key or document was revoked */             \
    X(FAULT_STOPPED, "stopped", 4)         /* a stop is in force */                        \
    X(FAULT_BEACON, "beacon", 7)           /* no fresh beacon, or it names what lacks */   \
    X(FAULT_PROOF, "proof", 4)             /* a wave without its proof */                  \
    X(FAULT_POLICY, "policy", 4)           /* the machine's own policy says no */          \
    X(FAULT_OP, "op", 4)                   /* an op that is unknown or was not declared */ \
    X(FAULT_ARGUMENT, "argument", 4)       /* an op's argument against schema or bound */  \
    X(FAULT_RATE, "rate", 4)               /* more often than allowed */                   \
    X(FAULT_DRY, "dry", 4)                 /* a dry run does not do it */                  \
    X(FAULT_SCRIPT, "script", 1)           /* an error in a playbook */                    \
    X(FAULT_FAILED, "failed", 1)           /* it was tried, and did not work */            \
    X(FAULT_UNKNOWN, "unknown", 5)         /* nobody can know whether it happened */

typedef enum {
#define X(code, word, exit) code,
    FAULTS(X)
#undef X
        FAULT_CODES
} fault_code_t;

typedef struct {
    fault_code_t code;
    char text[FAULT_TEXT_MAX]; /* one sentence, no full stop; UTF-8, cut if too long */
} fault_t;

/* Both return -1, so that failing is one line; fault may be NULL. */
int fault_set(fault_t *fault, fault_code_t code, const char *format, ...) PRINTF(3, 4);

/* Puts "TEXT: " in front of what stands there already. */
int fault_wrap(fault_t *fault, const char *format, ...) PRINTF(2, 3);

/* FAULT_FULL for ENOSPC and EDQUOT, FAULT_IO otherwise; the text ends with strerror (errno). */
int fault_errno(fault_t *fault, const char *format, ...) PRINTF(2, 3);

/* The word on the wire; never NULL. */
const char *fault_word(fault_code_t code);

/* FAULT_CODES where the word is none of ours. */
fault_code_t fault_of(const char *word);

/* The command line's exit status. */
int fault_exit(fault_code_t code);

#endif
