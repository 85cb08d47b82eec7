/* SPDX-License-Identifier: Apache-2.0 */
/* Beacons: whose word they are, and what they name held against what is kept. */
#include <assert.h>
#include <stdio.h>
#include <stdlib.h>

#include "common/document.h"
#include "keys/trust_private.h"

beacon_t *
trust_check_beacon(const trust_t *self, slice_t document, slice_t armor, fault_t *fault)
{
    signature_t signature;
    if (trust_frame(self, document, "beacon", fault))
        return NULL;
    if (!self->root || !self->root->timekeeper.name[0]) {
        fault_set(fault, FAULT_NOT_FOUND, "beacon: the root that is kept names no timekeeper");
        return NULL;
    }
    if (signature_decode_by(&signature, armor, &self->root->timekeeper.key, fault) ||
        signature_check(&signature, document, SIGN_BEACON, fault)) {
        fault_wrap(fault, "beacon");
        return NULL;
    }
    return beacon_decode(document, fault);
}

/* What is newer here than the beacon says, the timekeeper has not heard of yet. */
static int
check_one(const char *what, const newest_t *named, uint64_t version, const hash_t *hash,
          fault_t *fault)
{
    if (version < named->version)
        return fault_set(fault, FAULT_BEACON, "the newest beacon names %s %llu, and %llu is here",
                         what, (unsigned long long)named->version, (unsigned long long)version);
    if (version == named->version && !hash_equal(hash, &named->hash))
        return fault_set(fault, FAULT_BEACON, "the newest beacon names another %s %llu than ours",
                         what, (unsigned long long)version);
    return 0;
}

/* Of a region that a fleet is kept of. */
static const kept_fleet_t *
find_fleet(const trust_t *self, const char *region)
{
    size_t at = 0;
    while (strcmp(self->fleets[at].fleet->region, region) != 0)
        at++;
    assert(at < self->fleet_count);
    return &self->fleets[at];
}

/* Of the region that the worker is in. */
static int
check_fleet(const trust_t *self, const newest_t *named, const char *worker, fault_t *fault)
{
    char what[TEXT_NAME_MAX + 16];
    const char *region = trust_region(self, worker);
    if (!region || strcmp(region, named->region) != 0)
        return 0;
    const kept_fleet_t *kept = find_fleet(self, region);
    snprintf(what, sizeof what, "fleet '%s'", region);
    return check_one(what, named, kept->fleet->version, &kept->hash, fault);
}

int
trust_check_named(const trust_t *self, const beacon_t *beacon, const char *worker, fault_t *fault)
{
    uint64_t people = self->people ? self->people->version : 0;
    if (check_one("root", &beacon->root, self->root ? self->root->version : 0, &self->root_hash,
                  fault) ||
        check_one("people", &beacon->people, people, &self->people_hash, fault))
        return -1;
    for (size_t i = 0; i < beacon->fleet_count; i++)
        if (check_fleet(self, &beacon->fleets[i], worker, fault))
            return -1;
    return 0;
}

static int
by_region(const void *left, const void *right)
{
    return document_compare(((const newest_t *)left)->region, ((const newest_t *)right)->region);
}

static void
name_halts(const trust_t *self, beacon_t *beacon)
{
    beacon->halts = memory_new(self->halt_count + 1, sizeof *beacon->halts);
    for (size_t i = 0; i < self->halt_count; i++)
        if (!self->halts[i].resume && !self->halts[i].lifted)
            beacon->halts[beacon->halt_count++] = self->halts[i].hash;
    qsort(beacon->halts, beacon->halt_count, sizeof *beacon->halts, hash_order);
}

beacon_t *
trust_beacon(const trust_t *self)
{
    beacon_t *beacon = memory_new(1, sizeof *beacon);
    beacon->site = self->site;
    beacon->root = (newest_t){.version = self->root->version, .hash = self->root_hash};
    if (self->people)
        beacon->people = (newest_t){.version = self->people->version, .hash = self->people_hash};
    beacon->fleets = memory_new(self->fleet_count + 1, sizeof *beacon->fleets);
    for (size_t i = 0; i < self->fleet_count; i++) {
        const kept_fleet_t *kept = &self->fleets[i];
        newest_t *named = &beacon->fleets[beacon->fleet_count++];
        *named = (newest_t){.version = kept->fleet->version, .hash = kept->hash};
        text_copy(named->region, sizeof named->region, kept->fleet->region);
    }
    qsort(beacon->fleets, beacon->fleet_count, sizeof *beacon->fleets, by_region);
    name_halts(self, beacon);
    return beacon;
}
