/* SPDX-License-Identifier: Apache-2.0 */
#include "keys/trust.h"

#include <limits.h>
#include <stdio.h>
#include <stdlib.h>

#include "common/document.h"
#include "keys/folder.h"
#include "keys/trust_private.h"

trust_t *
trust_new(const hash_t *site)
{
    trust_t *self = memory_new(1, sizeof *self);
    self->site = *site;
    self->cache = cache_new();
    return self;
}

void
trust_destroy(trust_t **self_p)
{
    trust_t *self = *self_p;
    if (!self)
        return;
    root_destroy(&self->root);
    people_destroy(&self->people);
    for (size_t i = 0; i < self->fleet_count; i++)
        fleet_destroy(&self->fleets[i].fleet);
    free(self->fleets);
    roster_clear(&self->workers);
    roster_clear(&self->hosts);
    free(self->halts);
    cache_destroy(&self->cache);
    trust_forget_readings(self);
    free(self);
    *self_p = NULL;
}

void
trust_ask_more(trust_t *self, const quorums_t *more)
{
    self->more = *more;
}

int
trust_frame(const trust_t *self, slice_t document, const char *type, fault_t *fault)
{
    char front[64], site[HASH_TEXT];
    int size = snprintf(front, sizeof front, "tocsin-%s v1\nsite ", type);
    slice_t rest = slice_of(document.data, document.size);
    if (document.size > DOCUMENT_BYTES_MAX)
        return fault_set(fault, FAULT_LIMIT, "%s: over %d bytes", type, DOCUMENT_BYTES_MAX);
    if (rest.size < (size_t)size + HASH_TEXT || memcmp(rest.data, front, (size_t)size) != 0)
        return fault_set(fault, FAULT_FORMAT,
                         "a document of type '%s' that names its site is "
                         "expected here",
                         type);
    hash_write(&self->site, site);
    if (memcmp(rest.data + size, site, HASH_TEXT - 1) != 0)
        return fault_set(fault, FAULT_SITE, "%s: made for another site than %.16s…", type, site);
    return 0;
}

/* Roots that hold stay what they are: each is kept by the one before. */
static int
keep_root(trust_t *self, slice_t document, slice_t armors, bool stored, fault_t *fault)
{
    (void)stored;
    return trust_add_root(self, document, armors, fault);
}

static const struct {
    const char *type;
    int (*keep)(trust_t *self, slice_t document, slice_t armors, bool stored, fault_t *fault);
} kinds[] = {
    {"root", keep_root},       {"people", trust_keep_people}, {"fleet", trust_keep_fleet},
    {"stop", trust_keep_stop}, {"resume", trust_keep_resume}, {"revoke", trust_keep_revoke},
};

static int
keep(trust_t *self, slice_t document, slice_t armors, bool stored, fault_t *fault)
{
    char type[16];
    document_type(document, type, sizeof type);
    for (size_t i = 0; i < ARRAY_SIZE(kinds); i++)
        if (!strcmp(type, kinds[i].type))
            return kinds[i].keep(self, document, armors, stored, fault);
    return fault_set(fault, FAULT_FORMAT,
                     "a document that is no root, people, fleet, stop, resume or revoke");
}

int
trust_add(trust_t *self, slice_t document, slice_t armors, fault_t *fault)
{
    return keep(self, document, armors, false, fault);
}

int
trust_restore(trust_t *self, slice_t document, slice_t armors, fault_t *fault)
{
    return keep(self, document, armors, true, fault);
}

int
trust_name(slice_t document, char out[static TRUST_NAME_MAX], fault_t *fault)
{
    char type[16];
    document_type(document, type, sizeof type);
    if (!strcmp(type, "root")) {
        CLEANUP(root_destroy) root_t *root = root_decode(document, fault);
        if (!root)
            return -1;
        snprintf(out, TRUST_NAME_MAX, "root.%llu", (unsigned long long)root->version);
    } else if (!strcmp(type, "fleet")) {
        CLEANUP(fleet_destroy) fleet_t *fleet = fleet_decode(document, fault);
        if (!fleet)
            return -1;
        snprintf(out, TRUST_NAME_MAX, "fleet.%s", fleet->region);
    } else if (!strcmp(type, "people")) {
        snprintf(out, TRUST_NAME_MAX, "people");
    } else if (halt_is(document)) {
        char text[HASH_TEXT];
        hash_t hash = hash_of(document);
        snprintf(out, TRUST_NAME_MAX, "%s.%s", type, hash_write(&hash, text));
    } else {
        return fault_set(fault, FAULT_FORMAT,
                         "this is neither root, people, fleet, stop, revoke nor resume");
    }
    return 0;
}

static int
load_one(void *context, const char *folder, const char *name, fault_t *fault)
{
    trust_t *self = context;
    fault_t why = {0};
    char path[PATH_MAX];
    if (snprintf(path, sizeof path, "%s/%s", folder, name) >= (int)sizeof path)
        return fault_set(fault, FAULT_LIMIT, "'%.100s…' is too long a path", folder);
    CLEANUP(bytes_destroy) bytes_t *document = NULL;
    CLEANUP(bytes_destroy) bytes_t *armors = NULL;
    if (signed_load(path, &document, &armors, &why)) {
        if (document || why.code != FAULT_NOT_FOUND)
            return fault_set(fault, why.code, "%s", why.text);
        return self->root ? 0 : fault_set(fault, FAULT_NOT_FOUND, "no '%s' in '%s'", name, folder);
    }
    if (trust_restore(self, bytes_slice(document), bytes_slice(armors), fault))
        return fault_wrap(fault, "'%s'", path);
    return 1;
}

int
trust_load(trust_t *self, const char *folder, fault_t *fault)
{
    static const char *const fronts[] = {"fleet.", "stop.", "resume.", "revoke.", NULL};
    return folder_walk(folder, fronts, load_one, self, fault);
}

const hash_t *
trust_site(const trust_t *self)
{
    return &self->site;
}

const root_t *
trust_root(const trust_t *self)
{
    return self->root;
}

const people_t *
trust_people(const trust_t *self)
{
    return self->people;
}

size_t
trust_fleet_count(const trust_t *self)
{
    return self->fleet_count;
}

const fleet_t *
trust_fleet(const trust_t *self, size_t index)
{
    return index < self->fleet_count ? self->fleets[index].fleet : NULL;
}

static const worker_line_t *
look_up(const roster_t *roster, const char *name, const fleet_t **fleet)
{
    const seat_t *seat = roster_find(roster, name);
    if (seat && fleet)
        *fleet = seat->fleet;
    return seat ? seat->worker : NULL;
}

const worker_line_t *
trust_worker(const trust_t *self, const char *id, const fleet_t **fleet)
{
    return look_up(&self->workers, id, fleet);
}

const char *
trust_region(const trust_t *self, const char *worker)
{
    const fleet_t *fleet = NULL;
    return worker && trust_worker(self, worker, &fleet) ? fleet->region : NULL;
}

const worker_line_t *
trust_host(const trust_t *self, const char *host, const fleet_t **fleet)
{
    return look_up(&self->hosts, host, fleet);
}

int
trust_check_backed(const trust_t *self, fault_t *fault)
{
    if (!self->root || !self->people)
        return fault_set(fault, FAULT_NOT_FOUND, "there is no %s document yet",
                         self->root ? "people" : "root");
    if (self->root->min_version > DOCUMENT_VERSION)
        return fault_set(fault, FAULT_VERSION,
                         "root %llu counts documents of version %llu on, and this program knows "
                         "version %d: use a newer tocsin",
                         (unsigned long long)self->root->version,
                         (unsigned long long)self->root->min_version, DOCUMENT_VERSION);
    if (!self->people_backed)
        return fault_set(fault, FAULT_QUORUM, "people %llu lacks the quorum of root %llu",
                         (unsigned long long)self->people->version,
                         (unsigned long long)self->root->version);
    for (size_t i = 0; i < self->fleet_count; i++)
        if (!self->fleets[i].backed)
            return fault_set(fault, FAULT_ROLE,
                             "fleet '%s' is signed by no officer whom people "
                             "%llu delegate for it",
                             self->fleets[i].fleet->region,
                             (unsigned long long)self->people->version);
    return 0;
}

/* Expiry is judged by when, which is not after now. */
static int
check_time(const char *what, wall_t issued, wall_t expires, wall_t when, wall_t now, fault_t *fault)
{
    char text[MOMENT_TEXT_MAX];
    if (when.ms >= expires.ms) {
        wall_write_time(expires, text);
        return fault_set(fault, FAULT_EXPIRED, "%s expired at %s", what, text);
    }
    if (now.ms < issued.ms - TRUST_SKEW_MS) {
        wall_write_time(issued, text);
        return fault_set(fault, FAULT_EXPIRED, "%s begins at %s only", what, text);
    }
    return 0;
}

int
trust_check_current(const trust_t *self, wall_t now, fault_t *fault)
{
    return trust_check_since(self, now, now, fault);
}

int
trust_check_since(const trust_t *self, wall_t when, wall_t now, fault_t *fault)
{
    char what[TEXT_NAME_MAX + 16];
    if (trust_check_backed(self, fault) ||
        check_time("root", self->root->issued, self->root->expires, when, now, fault) ||
        check_time("people", self->people->issued, self->people->expires, when, now, fault))
        return -1;
    for (size_t i = 0; i < self->fleet_count; i++) {
        const fleet_t *fleet = self->fleets[i].fleet;
        snprintf(what, sizeof what, "fleet '%s'", fleet->region);
        if (check_time(what, fleet->issued, fleet->expires, when, now, fault))
            return -1;
    }
    return 0;
}
