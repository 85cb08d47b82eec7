/* SPDX-License-Identifier: Apache-2.0 */
/* casefile - what was collected for one case: a folder CASE below the policy's evidence folder, of
 * items, each NAME with NAME.about beside it, which says what it is; once sealed, CASE.tar and
 * CASE.tar.sha256 (as sha256sum(1) checks it) in its stead. All of it is root's alone. An item is
 * on the disk before its .about is: one without it was never collected. */
#ifndef TOCSIN_CASEFILE_H
#define TOCSIN_CASEFILE_H

#include "keys/hash.h"
#include "worker/op_cell.h"

#define CASE_ITEMS_MAX 1000
#define CASE_BYTES_MAX (1ULL << 30)           /* of all its items */
#define CASE_FILE_MAX  (256ULL * 1024 * 1024) /* of one */
#define CASE_NAME_MAX  96                     /* of an item */
#define CASE_ABOUT     ".about"               /* no item's name ends so */

typedef struct {
    char name[CASE_NAME_MAX + 1];
    hash_t hash;
    uint64_t bytes;
} item_t;

typedef struct casefile casefile_t;

/* Makes its folder where there is none; one that stays empty goes with the casefile. FAULT_POLICY
 * where the policy names no evidence folder, or others can look into it; FAULT_ARGUMENT for a name
 * with ".tar" in it, which archives have; FAULT_IO. */
casefile_t *casefile_open(const op_world_t *world, const char *name, fault_t *fault);
void casefile_destroy(casefile_t **self_p);

/* The same where nothing is to be made; a case of which there is nothing yet is empty. It serves
 * casefile_is_sealed, casefile_has and what foretells. */
casefile_t *casefile_look(const op_world_t *world, const char *name, fault_t *fault);

/* Whether it was sealed; then out is its archive. FAULT_IO. */
int casefile_is_sealed(const casefile_t *self, bool *sealed, item_t *out,
                       fault_t *fault) MUST_CHECK;

/* Whether it has that item. FAULT_IO. */
int casefile_has(const casefile_t *self, const char *name, bool *has, item_t *out,
                 fault_t *fault) MUST_CHECK;

/* Takes what fd reads, to its end; from says where it comes from. FAULT_CONFLICT once it is sealed,
 * FAULT_LIMIT, FAULT_IO, FAULT_FULL. */
int casefile_add(casefile_t *self, const char *name, const char *from, int fd, item_t *out,
                 fault_t *fault) MUST_CHECK;

/* Whether it would take another item now, of at most CASE_FILE_MAX bytes. FAULT_CONFLICT,
 * FAULT_LIMIT. */
int casefile_would_take(const casefile_t *self, fault_t *fault) MUST_CHECK;

/* FAULT_NOT_FOUND where nothing was collected, FAULT_HASH where an item is not what was. Sealed, it
 * is so again. */
int casefile_seal(casefile_t *self, item_t *out, fault_t *fault) MUST_CHECK;

/* What that would make of a case that is not sealed, without its hash, in which the time of sealing
 * has a part; how many items would go into it. The same faults. */
int casefile_foretell_seal(const casefile_t *self, item_t *out, size_t *count,
                           fault_t *fault) MUST_CHECK;

#endif
