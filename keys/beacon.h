/* SPDX-License-Identifier: Apache-2.0 */
/* beacon - the timekeeper's word on what time it is, and on what is the newest that the site has
 * (docs/PROTOCOL.md 3.17). keys/trust.h says whether one holds, keys/freshness.h for how long. */
#ifndef TOCSIN_BEACON_H
#define TOCSIN_BEACON_H

#include "common/moment.h"
#include "common/text.h"
#include "keys/hash.h"

#define BEACON_FLEETS_MAX 512
#define BEACON_HALTS_MAX  2560
#define BEACON_NONCES_MAX 16384
#define BEACON_PATH_MAX   14 /* hashes between a leaf and the root */
#define BEACON_LINE_MAX   12 /* "16383 16384\n" */
#define BEACON_PLACE_MAX  (BEACON_LINE_MAX + BEACON_PATH_MAX * HASH_BYTES)
#define NONCE_BYTES       16
#define NONCE_TEXT        33 /* hexadecimal, terminated */

_Static_assert(1 << BEACON_PATH_MAX >= BEACON_NONCES_MAX, "a path reaches every leaf");

/* Of randombytes: what a worker's effector draws, for its judge too, so that a beacon can prove
 * that it was made after that. */
typedef struct {
    uint8_t bytes[NONCE_BYTES];
} nonce_t;

/* 32 lower-case hexadecimal digits. */
const char *nonce_write(const nonce_t *self, char out[static NONCE_TEXT]);
bool nonce_read(const char *text, nonce_t *out);

/* A document by its version and hash. */
typedef struct {
    char region[TEXT_NAME_MAX + 1]; /* of a fleet; else "" */
    uint64_t version;               /* 0: there is none */
    hash_t hash;
} newest_t;

typedef struct {
    hash_t site;
    uint64_t sequence; /* from 1, one more than the timekeeper's last */
    wall_t made;       /* by its clock, later than its last */
    newest_t root, people;
    size_t fleet_count, halt_count;
    newest_t *fleets;     /* ascending by region, each once */
    hash_t *halts;        /* ascending: stops and revokes that are in force */
    uint64_t nonce_count; /* leaves of the tree of nonces that it answers */
    hash_t nonces;        /* its head; zero where there are none */
} beacon_t;

/* NULL with FAULT_FORMAT or FAULT_LIMIT. Nothing is verified. */
beacon_t *beacon_decode(slice_t document, fault_t *fault);
void beacon_encode(const beacon_t *self, bytes_t *out);
void beacon_destroy(beacon_t **self_p);

/* Where the halt stands among halts; halt_count where it does not. */
size_t beacon_find_halt(const beacon_t *self, const hash_t *halt);

/* The leaf of a worker's nonce: hash_leaf of worker, LF, the nonce's digits. A tree's leaves ascend
 * as hashes, each once. */
hash_t beacon_leaf(const char *worker, const nonce_t *nonce);

/* Appends a place: where leaf index of count stands, with its audit path from the leaf upwards. */
void beacon_add_place(bytes_t *out, uint64_t index, uint64_t count, const hash_t *path,
                      size_t path_count);

/* Whether the beacon answers this nonce of the worker: the place leads from its leaf to the
 * beacon's tree. A place that is malformed answers nothing. */
bool beacon_answers(const beacon_t *self, const char *worker, const nonce_t *nonce, slice_t place);

#endif
