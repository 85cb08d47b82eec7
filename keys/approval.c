/* SPDX-License-Identifier: Apache-2.0 */
#include "keys/trust_private.h"

#define RELEASE_PURPOSES (1u << SIGN_AUTHOR | 1u << SIGN_APPROVE)

static void
count_backer(const release_t *release, const backer_t *backer, approvals_t *approvals)
{
    const person_key_t *line = backer->line;
    bool author = release_has_author(release, line->person);
    if (release->highest == CLASS_DESTRUCTIVE && !backer->pin)
        return;
    if (backer->purpose == SIGN_AUTHOR && author && line->roles & ROLE_AUTHOR)
        signers_add(&approvals->authors, line->person);
    if (backer->purpose == SIGN_APPROVE && !author && line->roles & ROLE_REVIEWER &&
        line->highest >= release->highest)
        signers_add(&approvals->approvers, line->person);
}

static void
count_approvals(const trust_t *self, const release_t *release, const backing_t *backing,
                approvals_t *approvals)
{
    unsigned needed = quorum_of(self->root->quorum_approve, self->more.approvals, release->highest);
    *approvals = (approvals_t){.needed = needed};
    for (size_t i = 0; i < backing->count; i++)
        count_backer(release, &backing->backer[i], approvals);
}

int
trust_approvals(const trust_t *self, slice_t document, slice_t armors, const release_t *release,
                approvals_t *approvals, fault_t *fault)
{
    backing_t backing;
    if (trust_check_backed(self, fault) ||
        trust_backing(self, document, armors, RELEASE_PURPOSES, &backing, fault))
        return fault_wrap(fault, "release");
    count_approvals(self, release, &backing, approvals);
    return 0;
}

/* Why a signature in this purpose was not counted, if there is such. */
static int
check_pins(const release_t *release, const backing_t *backing, purpose_t purpose, fault_t *fault)
{
    for (size_t i = 0; i < backing->count; i++)
        if (backing->backer[i].purpose == purpose && !backing->backer[i].pin &&
            release->highest == CLASS_DESTRUCTIVE)
            return fault_set(fault, FAULT_PIN,
                             "'%s' signed a destructive release without the FIDO "
                             "key's PIN: sign again with verify-required",
                             backing->backer[i].line->person);
    return 0;
}

static int
check_authors(const release_t *release, const backing_t *backing, const approvals_t *approvals,
              fault_t *fault)
{
    for (size_t i = 0; i < release->author_count; i++) {
        const char *author = release->authors[i];
        if (signers_have(&approvals->authors, author))
            continue;
        if (check_pins(release, backing, SIGN_AUTHOR, fault))
            return -1;
        for (size_t k = 0; k < backing->count; k++)
            if (backing->backer[k].purpose == SIGN_AUTHOR &&
                !strcmp(backing->backer[k].line->person, author))
                return fault_set(fault, FAULT_ROLE, "'%s' who signed as author is none", author);
        return fault_set(fault, FAULT_SIGNATURE, "author '%s' did not sign it", author);
    }
    return 0;
}

static int
check_release(const trust_t *self, const release_t *release, const backing_t *backing,
              fault_t *fault)
{
    approvals_t approvals;
    count_approvals(self, release, backing, &approvals);
    if (check_authors(release, backing, &approvals, fault))
        return -1;
    if (approvals.approvers.count < approvals.needed) {
        if (check_pins(release, backing, SIGN_APPROVE, fault))
            return -1;
        return fault_set(fault, FAULT_QUORUM,
                         "%zu of the %u reviewers approved whom class %s "
                         "needs besides its authors%s",
                         approvals.approvers.count, approvals.needed, class_word(release->highest),
                         approvals.needed > self->root->quorum_approve[release->highest]
                             ? ", as the machine's policy asks"
                             : "");
    }
    uint64_t lowest = people_floor(self->people, release->playbook);
    if (release->sequence < lowest)
        return fault_set(fault, FAULT_VERSION, "'%s' %llu is below the floor %llu that people set",
                         release->playbook, (unsigned long long)release->sequence,
                         (unsigned long long)lowest);
    return 0;
}

release_t *
trust_check_release_of(trust_t *self, slice_t document, const hash_t *hash, slice_t armors,
                       fault_t *fault)
{
    backing_t backing;
    if (trust_check_backed(self, fault) || trust_frame(self, document, "release", fault) ||
        trust_check_revoked_hash(self, HALT_RELEASE, hash, fault))
        return NULL;
    if (trust_backing_of(self, document, hash, armors, RELEASE_PURPOSES, &backing, fault)) {
        fault_wrap(fault, "release");
        return NULL;
    }
    const release_t *release = trust_read_release(self, document, hash, fault);
    if (!release)
        return NULL;
    if (check_release(self, release, &backing, fault)) {
        fault_wrap(fault, "release");
        return NULL;
    }
    return release_hold(release);
}

release_t *
trust_check_release(trust_t *self, slice_t document, slice_t armors, fault_t *fault)
{
    hash_t hash = hash_of(document);
    return trust_check_release_of(self, document, &hash, armors, fault);
}
