/* SPDX-License-Identifier: Apache-2.0 */
/* What documents say that are looked at again and again. */
#include "keys/trust_private.h"

static void *
find(const readings_t *self, const hash_t *hash)
{
    for (size_t i = 0; i < READINGS; i++)
        if (hash_equal(&self->line[i].hash, hash))
            return self->line[i].said;
    return NULL;
}

/* In the place of the oldest, which is the caller's then. */
static void *
exchange(readings_t *self, const hash_t *hash, void *said)
{
    void *oldest = self->line[self->next].said;
    self->line[self->next].hash = *hash;
    self->line[self->next].said = said;
    self->next = (self->next + 1) % READINGS;
    return oldest;
}

const release_t *
trust_read_release(trust_t *self, slice_t document, const hash_t *hash, fault_t *fault)
{
    const release_t *known = find(&self->releases, hash);
    CLEANUP(release_destroy) release_t *read = known ? NULL : release_decode(document, fault);
    if (!read)
        return known;
    const release_t *kept = read;
    CLEANUP(release_destroy) release_t *oldest = exchange(&self->releases, hash, MOVE(read));
    return kept;
}

const grant_t *
trust_read_grant(trust_t *self, slice_t document, const hash_t *hash, fault_t *fault)
{
    const grant_t *known = find(&self->grants, hash);
    CLEANUP(grant_destroy) grant_t *read = known ? NULL : grant_decode(document, fault);
    if (!read)
        return known;
    grant_t *kept = grant_copy(read);
    CLEANUP(grant_destroy) grant_t *oldest = exchange(&self->grants, hash, kept);
    return kept;
}

void
trust_forget_readings(trust_t *self)
{
    for (size_t i = 0; i < READINGS; i++) {
        release_destroy((release_t **)&self->releases.line[i].said);
        grant_destroy((grant_t **)&self->grants.line[i].said);
    }
}
