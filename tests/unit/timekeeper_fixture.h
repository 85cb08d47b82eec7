/* SPDX-License-Identifier: Apache-2.0 */
/* timekeeper_fixture - the timekeeper "tick" of the site of site_fixture.h: the root that names it,
 * the beacons that it signs, and the nonces that these answer. */
#ifndef TOCSIN_TIMEKEEPER_FIXTURE_H
#define TOCSIN_TIMEKEEPER_FIXTURE_H

#include "tests/unit/site_fixture.h"
#include "wire/merkle.h"
#include "keys/tree.h"

#define TICK_OFFLINE_S 600

/* Root's second version, which names tick; offline_s: that a change may go without a beacon. */
static inline sealed_t
tick_root_within(site_t *site, uint64_t offline_s)
{
    root_t *root = site_root_next(site);
    root->timekeeper = (timekeeper_t){.name = "tick", .curve = site_curve("tick")};
    root->timekeeper.key = *machinekey_public(site_key(site, "tick"));
    root->offline_max_s[CLASS_CHANGE] = offline_s;
    return site_seal_root(site, root, "hana,hugo");
}

static inline sealed_t
tick_root(site_t *site)
{
    return tick_root_within(site, TICK_OFFLINE_S);
}

/* The caller's: names what trust keeps, made so many seconds after the site's now. */
static inline beacon_t *
tick_beacon(const site_t *site, const trust_t *trust, uint64_t sequence, int64_t after_s)
{
    beacon_t *beacon = trust_beacon(trust);
    beacon->sequence = sequence;
    beacon->made = site_after(site->now, after_s);
    return beacon;
}

/* Takes over beacon. */
static inline sealed_t
tick_seal(site_t *site, beacon_t *beacon, const char *who)
{
    bytes_t *document = bytes_new();
    beacon_encode(beacon, document);
    beacon_destroy(&beacon);
    return site_seal(site, SIGN_BEACON, document, who);
}

/* One that names this halt, and no other. */
static inline beacon_t *
tick_names_halt(beacon_t *beacon, const hash_t *halt)
{
    beacon->halts[0] = *halt;
    beacon->halt_count = 1;
    return beacon;
}

/* It answers this nonce of w1 and no other; the place, which the caller adds to. */
static inline void
tick_answers(beacon_t *beacon, const char *digits, bytes_t *place)
{
    nonce_t nonce;
    bool read = nonce_read(digits, &nonce);
    assert(read);
    beacon->nonce_count = 1;
    beacon->nonces = beacon_leaf("w1", &nonce);
    beacon_add_place(place, 0, 1, NULL, 0);
}

/* It answers the nonces of these leaves, which are put in order. */
static inline void
tick_answers_all(beacon_t *beacon, hash_t *leaves, size_t count)
{
    merkle_t edge = {0};
    qsort(leaves, count, sizeof *leaves, hash_order);
    for (size_t i = 0; i < count; i++)
        merkle_append(&edge, &leaves[i]);
    beacon->nonce_count = count;
    beacon->nonces = merkle_head(&edge);
}

#endif
