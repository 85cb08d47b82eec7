/* SPDX-License-Identifier: Apache-2.0 */
/* catalog - releases and approvals as they lie in git (docs/PROTOCOL.md 9), read by a child that
 * has neither the broker's files nor its rights.
 *
 * A keeper process (libexec/tocsin/catalog) gives up privileges once, at start, and then forks a
 * reader whenever the broker asks for one; so a reader that fell over a hostile repository can be
 * replaced long after the broker itself dropped its privileges. The reader looks at the two ref
 * namespaces, and sends each ref once. Items are checked for shape, sizes and hashes on both
 * sides, and for nothing else: what an item is worth is for trust to say. */
#ifndef TOCSIN_CATALOG_H
#define TOCSIN_CATALOG_H

#include <sys/types.h>

#include "common/frames.h"
#include "common/moment.h"
#include "keys/release.h"
#include "wire/value.h"

#define CATALOG_REFS_MAX 100000

typedef enum {
    CATALOG_RELEASE,   /* hash, document, armors (of its authors), files */
    CATALOG_APPROVAL,  /* hash of the release, armors (exactly one) */
    CATALOG_COMPLAINT, /* text: one sentence about a ref that was skipped, or the repository */
} catalog_kind_t;

typedef struct {
    catalog_kind_t kind;
    hash_t hash;       /* as the ref names it; a release's document has it */
    bytes_t *document; /* never NULL; empty where the kind has none */
    bytes_t *armors;   /* likewise */
    value_t *files;    /* map of path to bytes, complete and checked; NULL but in a release */
    char text[FAULT_TEXT_MAX]; /* of a complaint */
} catalog_item_t;

void catalog_item_destroy(catalog_item_t **self_p);

typedef struct catalog catalog_t;

/* Starts PROGRAM as the keeper of REPOSITORY (a bare one). Call it before privileges drop and
 * before a ZeroMQ context exists: as root, the keeper enters the repository with chroot and becomes
 * UID (and the group of the same number), which must be able to read it; otherwise, or with UID 0,
 * it stays who we are. interval_ms: how often refs are looked at. After a start, and after each
 * restart, every item comes (again). FAULT_CONFIG where there is no such folder, FAULT_UNREACHABLE
 * where the keeper does not come up (it says why on standard error). */
catalog_t *catalog_new(const char *program, const char *repository, uid_t uid, int interval_ms,
                       fault_t *fault);

/* Ends the keeper and its reader. */
void catalog_destroy(catalog_t **self_p);

/* For the loop: readable while something may be there. The same descriptor for the whole life. */
int catalog_fd(const catalog_t *self);

/* The next item, the caller's; call it until NULL when catalog_fd is readable. NULL without a fault
 * (*fault untouched) when nothing is there; NULL with FAULT_UNREACHABLE, FAULT_FORMAT or
 * FAULT_LIMIT when the reader ended or spoke nonsense, once: catalog_tick then starts another. */
catalog_item_t *catalog_next(catalog_t *self, fault_t *fault);

/* Call it every second or so: starts a reader where none is, with a back-off that doubles from
 * KEEPER_BACKOFF_MIN_MS. FAULT_UNREACHABLE when the keeper itself is gone: restart the broker. */
int catalog_tick(catalog_t *self, mono_t now, fault_t *fault) MUST_CHECK;

/* What both ends of the socket agree on: one item is one message of five frames: kind, hash,
 * document, armors, and files or text. Decoding checks the item as catalog_item_check does. */
frames_t *catalog_item_encode(const catalog_item_t *self);
catalog_item_t *catalog_item_decode(const frames_t *frames, fault_t *fault);

/* A release: its document has the hash, and files are exactly those it lists, each with its length
 * and hash. An approval: one armor. FAULT_HASH, FAULT_FORMAT, FAULT_LIMIT, FAULT_SIGNATURE. */
int catalog_item_check(const catalog_item_t *self, fault_t *fault) MUST_CHECK;

/* Every field empty. */
catalog_item_t *catalog_item_new(catalog_kind_t kind);

#endif
