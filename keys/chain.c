/* SPDX-License-Identifier: Apache-2.0 */
#include "keys/keyring.h"
#include "keys/trust_private.h"

/* The holders' people among those who signed. */
static void
holders_of(const root_t *root, const signatures_t *signatures, signers_t *out)
{
    for (size_t i = 0; i < signatures->count; i++)
        for (size_t k = 0; k < root->holder_count; k++)
            if (pubkey_equal(&root->holders[k].key, &signatures->signature[i].key))
                signers_add(out, root->holders[k].person);
}

static int
check_root_quorum(const root_t *root, const signatures_t *signatures, fault_t *fault)
{
    signers_t signers = {0};
    holders_of(root, signatures, &signers);
    if (signers.count < root->quorum_root)
        return fault_set(fault, FAULT_QUORUM, "%zu of the %u holders signed whom root %llu needs",
                         signers.count, root->quorum_root, (unsigned long long)root->version);
    return 0;
}

static bool
is_holder(const root_t *root, const pubkey_t *key)
{
    for (size_t i = 0; root && i < root->holder_count; i++)
        if (pubkey_equal(&root->holders[i].key, key))
            return true;
    return false;
}

/* Each signature is by a holder of one root or the other; either may be NULL. */
static int
check_holders(const root_t *root, const root_t *other, const signatures_t *signatures,
              fault_t *fault)
{
    char print[PUBKEY_FINGERPRINT_TEXT];
    for (size_t i = 0; i < signatures->count; i++) {
        const pubkey_t *key = &signatures->signature[i].key;
        if (!is_holder(root, key) && !is_holder(other, key))
            return fault_set(fault, FAULT_KEY, "key %s that signed is no holder's",
                             pubkey_fingerprint(key, print));
    }
    return 0;
}

static int
check_root_timekeeper(const root_t *root, const people_t *people, fault_t *fault)
{
    const timekeeper_t *timekeeper = &root->timekeeper;
    if (timekeeper->name[0] &&
        (people_find(people, &timekeeper->key) || people_has_curve(people, &timekeeper->curve)))
        return fault_set(fault, FAULT_KEY,
                         "timekeeper '%s' has a key of people's or a broker's: make it its own",
                         timekeeper->name);
    return 0;
}

/* One key, one person; and no machine's key is a person's. */
static int
check_root_people(const root_t *root, const people_t *people, fault_t *fault)
{
    for (size_t i = 0; i < root->holder_count; i++) {
        const holder_t *holder = &root->holders[i];
        const person_key_t *line = people_find(people, &holder->key);
        if (line && strcmp(line->person, holder->person) != 0)
            return fault_set(fault, FAULT_KEY, "holder '%s' has the key of '%s'", holder->person,
                             line->person);
    }
    if (check_root_timekeeper(root, people, fault))
        return -1;
    for (size_t i = 0; i < root->witness_count; i++)
        if (people_find(people, &root->witnesses[i].key))
            return fault_set(fault, FAULT_KEY, "witness '%s' has a person's key",
                             root->witnesses[i].worker);
    return 0;
}

/* A witness is the worker of that name and key, where a fleet lists either. */
static int
check_witness_fleet(const witness_t *witness, const fleet_t *fleet, fault_t *fault)
{
    for (size_t i = 0; i < fleet->worker_count; i++) {
        const worker_line_t *line = &fleet->workers[i];
        if (pubkey_equal(&line->key, &witness->key) != !strcmp(line->id, witness->worker))
            return fault_set(fault, FAULT_KEY,
                             "witness '%s' and worker '%s' do not share both name and key",
                             witness->worker, line->id);
    }
    if (fleet_signer(fleet, &witness->key))
        return fault_set(fault, FAULT_KEY, "witness '%s' has a source's key", witness->worker);
    return 0;
}

static bool
is_timekeeper(const root_t *root, const pubkey_t *key)
{
    return root->timekeeper.name[0] && pubkey_equal(&root->timekeeper.key, key);
}

static bool
has_timekeeper_curve(const root_t *root, const worker_line_t *worker)
{
    return root->timekeeper.name[0] && worker_has_curve(worker, &root->timekeeper.curve);
}

static int
check_root_fleet(const root_t *root, const fleet_t *fleet, fault_t *fault)
{
    for (size_t i = 0; i < fleet->worker_count; i++)
        if (is_holder(root, &fleet->workers[i].key) ||
            is_timekeeper(root, &fleet->workers[i].key) ||
            has_timekeeper_curve(root, &fleet->workers[i]))
            return fault_set(fault, FAULT_KEY, "worker '%s' has a holder's or the timekeeper's key",
                             fleet->workers[i].id);
    for (size_t i = 0; i < fleet->signer_count; i++)
        if (is_holder(root, &fleet->signers[i].key) || is_timekeeper(root, &fleet->signers[i].key))
            return fault_set(fault, FAULT_KEY, "signer '%s' has a holder's or the timekeeper's key",
                             fleet->signers[i].source);
    for (size_t i = 0; i < root->witness_count; i++)
        if (check_witness_fleet(&root->witnesses[i], fleet, fault))
            return -1;
    return 0;
}

static int
check_people_fleet(const people_t *people, const fleet_t *fleet, fault_t *fault)
{
    for (size_t i = 0; i < fleet->worker_count; i++) {
        const worker_line_t *worker = &fleet->workers[i];
        if (people_find(people, &worker->key) || people_has_curve(people, &worker->curve) ||
            (worker->seals && people_has_curve(people, &worker->sealing)))
            return fault_set(fault, FAULT_KEY, "worker '%s' has a person's or a broker's key",
                             worker->id);
    }
    for (size_t i = 0; i < fleet->signer_count; i++)
        if (people_find(people, &fleet->signers[i].key))
            return fault_set(fault, FAULT_KEY, "signer '%s' has a person's key",
                             fleet->signers[i].source);
    return 0;
}

static int
check_newer(const char *what, uint64_t version, uint64_t kept, fault_t *fault)
{
    if (version < kept)
        return fault_set(fault, FAULT_VERSION, "%s %llu is older than the %llu that is kept", what,
                         (unsigned long long)version, (unsigned long long)kept);
    if (version == kept)
        return fault_set(fault, FAULT_VERSION, "%s %llu is kept already, with other bytes", what,
                         (unsigned long long)version);
    return 0;
}

static int
check_follows(const trust_t *self, const root_t *root, fault_t *fault)
{
    if (!self->root) {
        if (root->version != 1)
            return fault_set(fault, FAULT_VERSION, "the site's first root is not version 1");
        return 0;
    }
    if (!hash_equal(&root->site, &self->site))
        return fault_set(fault, FAULT_SITE, "root: made for another site");
    if (check_newer("root", root->version, self->root->version, fault))
        return -1;
    if (root->version != self->root->version + 1)
        return fault_set(fault, FAULT_VERSION, "root %llu skips versions after the %llu kept",
                         (unsigned long long)root->version,
                         (unsigned long long)self->root->version);
    if (!hash_equal(&root->previous, &self->root_hash))
        return fault_set(fault, FAULT_VERSION, "root %llu does not follow the %llu that is kept",
                         (unsigned long long)root->version,
                         (unsigned long long)self->root->version);
    if (root->min_version < self->root->min_version)
        return fault_set(fault, FAULT_VERSION,
                         "root %llu lets documents of version %llu count, and the one before did "
                         "not",
                         (unsigned long long)root->version, (unsigned long long)root->min_version);
    return 0;
}

static int
check_root_keys(const trust_t *self, const root_t *root, fault_t *fault)
{
    if (self->people && check_root_people(root, self->people, fault))
        return -1;
    for (size_t i = 0; i < self->fleet_count; i++)
        if (check_root_fleet(root, self->fleets[i].fleet, fault))
            return -1;
    return 0;
}

int
trust_add_root(trust_t *self, slice_t document, slice_t armors, fault_t *fault)
{
    signatures_t signatures;
    hash_t hash = hash_of(document);
    if (self->root && hash_equal(&hash, &self->root_hash))
        return 0;
    if (!self->root && !hash_equal(&hash, &self->site))
        return fault_set(fault, FAULT_SITE, "root: not the version 1 whose hash is the site's id");
    if (signatures_read(&signatures, document, armors, 1u << SIGN_ROOT, fault) ||
        (self->root && check_root_quorum(self->root, &signatures, fault)))
        return fault_wrap(fault, "root");
    CLEANUP(root_destroy) root_t *root = root_decode(document, fault);
    if (!root || check_follows(self, root, fault))
        return -1;
    if (check_holders(root, self->root, &signatures, fault) ||
        check_root_quorum(root, &signatures, fault) || check_root_keys(self, root, fault))
        return fault_wrap(fault, "root");
    root_destroy(&self->root);
    self->root = MOVE(root);
    self->root_hash = hash;
    if (self->people)
        self->people_backed = !check_root_quorum(self->root, &self->people_signatures, NULL);
    cache_clear(self->cache);
    return 0;
}

/* Whether an officer whom people delegate for the region signed, with a key that nobody revoked. */
static bool
officer_signed(const trust_t *self, const char *region, const signatures_t *signatures)
{
    const people_t *people = self->people;
    for (size_t i = 0; i < signatures->count; i++) {
        const person_key_t *line = people_find(people, &signatures->signature[i].key);
        if (!line || !(line->roles & ROLE_OFFICER) || trust_check_signer(self, line, NULL))
            continue;
        for (size_t k = 0; k < people->delegate_count; k++)
            if (!strcmp(people->delegates[k].region, region) &&
                !strcmp(people->delegates[k].person, line->person))
                return true;
    }
    return false;
}

static int
check_people(const trust_t *self, const people_t *people, fault_t *fault)
{
    if (self->people && check_newer("people", people->version, self->people->version, fault))
        return -1;
    if (people->root_version > self->root->version)
        return fault_set(fault, FAULT_VERSION, "people %llu needs root %llu, kept is %llu",
                         (unsigned long long)people->version,
                         (unsigned long long)people->root_version,
                         (unsigned long long)self->root->version);
    if (check_root_people(self->root, people, fault))
        return fault_wrap(fault, "people");
    for (size_t i = 0; i < self->fleet_count; i++)
        if (check_people_fleet(people, self->fleets[i].fleet, fault))
            return fault_wrap(fault, "people");
    return 0;
}

void
trust_back_fleets(trust_t *self)
{
    for (size_t i = 0; i < self->fleet_count; i++) {
        kept_fleet_t *kept = &self->fleets[i];
        kept->backed = officer_signed(self, kept->fleet->region, &kept->signatures);
    }
    cache_clear(self->cache);
}

static void
keep_people(trust_t *self, people_t **people_p, const signatures_t *signatures)
{
    people_destroy(&self->people);
    self->people = MOVE(*people_p);
    self->people_signatures = *signatures;
    trust_pardon(self);
    trust_back_fleets(self);
}

int
trust_keep_people(trust_t *self, slice_t document, slice_t armors, bool stored, fault_t *fault)
{
    signatures_t signatures;
    hash_t hash = hash_of(document);
    if (trust_frame(self, document, "people", fault))
        return -1;
    if (!self->root)
        return fault_set(fault, FAULT_NOT_FOUND, "people: there is no root yet to judge them by");
    if (self->people && hash_equal(&hash, &self->people_hash))
        return 0;
    if (signatures_read(&signatures, document, armors, 1u << SIGN_PEOPLE, fault))
        return fault_wrap(fault, "people");
    fault_t why = {0};
    bool backed = !check_holders(self->root, NULL, &signatures, &why) &&
                  !check_root_quorum(self->root, &signatures, &why);
    if (!backed && !stored)
        return fault_set(fault, why.code, "people: %s", why.text);
    CLEANUP(people_destroy) people_t *people = people_decode(document, fault);
    if (!people || check_people(self, people, fault))
        return -1;
    keep_people(self, &people, &signatures);
    self->people_hash = hash;
    self->people_backed = backed;
    return 0;
}

static kept_fleet_t *
find_region(const trust_t *self, const char *region)
{
    for (size_t i = 0; i < self->fleet_count; i++)
        if (!strcmp(self->fleets[i].fleet->region, region))
            return &self->fleets[i];
    return NULL;
}

/* No key that signs alerts here is of any use in the other region. */
static int
check_signers_apart(const fleet_t *fleet, const fleet_t *other, fault_t *fault)
{
    for (size_t i = 0; i < fleet->signer_count; i++) {
        const signer_line_t *line = &fleet->signers[i];
        bool taken = fleet_signer(other, &line->key);
        for (size_t k = 0; k < other->worker_count; k++)
            taken = taken || pubkey_equal(&other->workers[k].key, &line->key);
        if (taken)
            return fault_set(fault, FAULT_KEY,
                             "the key of signer '%s' stands in region '%s' already: a source has "
                             "one of its own in each region",
                             line->source, other->region);
    }
    return 0;
}

/* That no fleet but own, the version before, has the name of a worker or of a host's. */
static int
check_name_apart(const trust_t *self, const fleet_t *own, const char *what, const char *name,
                 fault_t *fault)
{
    const seat_t *seat = roster_find(&self->hosts, name);
    if (!seat || seat->fleet == own)
        return 0;
    return fault_set(fault, FAULT_CONFLICT, "%s '%s' is also in region '%s'", what, name,
                     seat->fleet->region);
}

static int
check_names_apart(const trust_t *self, const fleet_t *own, const fleet_t *fleet, fault_t *fault)
{
    int wrong = 0;
    for (size_t i = 0; !wrong && i < fleet->worker_count; i++)
        wrong = check_name_apart(self, own, "worker", fleet->workers[i].id, fault);
    for (size_t i = 0; !wrong && i < fleet->host_count; i++)
        wrong = check_name_apart(self, own, "host", fleet->hosts[i].host, fault);
    return wrong;
}

static int
check_apart(const fleet_t *fleet, const keyring_t *keys, const fleet_t *other, fault_t *fault)
{
    for (size_t i = 0; i < other->worker_count; i++) {
        const worker_line_t *right = &other->workers[i], *left = keyring_shares(keys, right);
        if (left)
            return fault_set(fault, FAULT_KEY, "worker '%s' has the key of '%s' in region '%s'",
                             left->id, right->id, other->region);
    }
    for (size_t i = 0; i < fleet->worker_count; i++)
        if (fleet_signer(other, &fleet->workers[i].key))
            return fault_set(fault, FAULT_KEY, "worker '%s' has the key of a signer in region '%s'",
                             fleet->workers[i].id, other->region);
    return check_signers_apart(fleet, other, fault);
}

static int
check_fleet(const trust_t *self, const fleet_t *fleet, fault_t *fault)
{
    const kept_fleet_t *kept = find_region(self, fleet->region);
    if (kept && check_newer("fleet", fleet->version, kept->fleet->version, fault))
        return -1;
    if (!kept && self->fleet_count == TRUST_REGIONS_MAX)
        return fault_set(fault, FAULT_LIMIT, "over %d regions", TRUST_REGIONS_MAX);
    if (check_root_fleet(self->root, fleet, fault) ||
        check_people_fleet(self->people, fleet, fault))
        return -1;
    if (check_names_apart(self, kept ? kept->fleet : NULL, fleet, fault))
        return -1;
    CLEANUP(keyring_destroy) keyring_t *keys = keyring_new(fleet);
    for (size_t i = 0; i < self->fleet_count; i++)
        if (&self->fleets[i] != kept && check_apart(fleet, keys, self->fleets[i].fleet, fault))
            return -1;
    return 0;
}

static void
index_fleets(trust_t *self)
{
    roster_clear(&self->workers);
    roster_clear(&self->hosts);
    for (size_t i = 0; i < self->fleet_count; i++) {
        roster_add(&self->workers, self->fleets[i].fleet, false);
        roster_add(&self->hosts, self->fleets[i].fleet, true);
    }
    roster_sort(&self->workers);
    roster_sort(&self->hosts);
}

static void
keep_fleet(trust_t *self, const kept_fleet_t *fresh)
{
    kept_fleet_t *kept = find_region(self, fresh->fleet->region);
    if (!kept) {
        self->fleets = memory_resize(self->fleets, self->fleet_count + 1, sizeof *self->fleets);
        kept = &self->fleets[self->fleet_count++];
        *kept = (kept_fleet_t){0};
    }
    fleet_destroy(&kept->fleet);
    *kept = *fresh;
    index_fleets(self);
    cache_clear(self->cache);
}

static int
check_fleet_keys(const people_t *people, const signatures_t *signatures, fault_t *fault)
{
    char print[PUBKEY_FINGERPRINT_TEXT];
    for (size_t i = 0; i < signatures->count; i++) {
        const pubkey_t *key = &signatures->signature[i].key;
        if (!people_find(people, key))
            return fault_set(fault, FAULT_KEY, "key %s that signed is nobody's among people",
                             pubkey_fingerprint(key, print));
    }
    return 0;
}

int
trust_keep_fleet(trust_t *self, slice_t document, slice_t armors, bool stored, fault_t *fault)
{
    kept_fleet_t fresh = {.hash = hash_of(document)};
    if (trust_frame(self, document, "fleet", fault))
        return -1;
    if (!self->people)
        return fault_set(fault, FAULT_NOT_FOUND, "fleet: there are no people yet to judge it by");
    for (size_t i = 0; i < self->fleet_count; i++)
        if (hash_equal(&fresh.hash, &self->fleets[i].hash))
            return 0;
    if (signatures_read(&fresh.signatures, document, armors, 1u << SIGN_FLEET, fault))
        return fault_wrap(fault, "fleet");
    if (!stored && check_fleet_keys(self->people, &fresh.signatures, fault))
        return fault_wrap(fault, "fleet");
    CLEANUP(fleet_destroy) fleet_t *fleet = fleet_decode(document, fault);
    if (!fleet)
        return -1;
    fresh.backed = officer_signed(self, fleet->region, &fresh.signatures);
    if (!fresh.backed && !stored)
        return fault_set(fault, FAULT_ROLE,
                         "fleet '%s' is signed by no officer whom people "
                         "delegate for it",
                         fleet->region);
    if (check_fleet(self, fleet, fault))
        return fault_wrap(fault, "fleet '%s'", fleet->region);
    fresh.fleet = MOVE(fleet);
    keep_fleet(self, &fresh);
    return 0;
}
