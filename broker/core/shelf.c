/* SPDX-License-Identifier: Apache-2.0 */
#include "broker/core/shelf.h"

#include <stdio.h>
#include <stdlib.h>

#include "wire/bundle.h"

struct shelf {
    size_t release_count, grant_count;
    shelved_t **releases;  /* by playbook, then sequence, then hash */
    held_grant_t **grants; /* by playbook, then hash */
    size_t rejected_count, rejected_capacity;
    rejected_t *rejected;
};

static const char *const state_words[] = {
    [RELEASE_WAITING] = "waiting",
    [RELEASE_IN_SERVICE] = "in service",
    [RELEASE_REPLACED] = "replaced",
};

const char *
release_word(release_state_t self)
{
    return state_words[self];
}

static void
shelved_destroy(shelved_t **self_p)
{
    shelved_t *self = *self_p;
    if (!self)
        return;
    bytes_destroy(&self->document);
    bytes_destroy(&self->armors);
    value_destroy(&self->files);
    release_destroy(&self->release);
    manifest_destroy(&self->manifest);
    free(self);
    *self_p = NULL;
}

/* When one worker ran under one grant, ascending. */
typedef struct {
    size_t count, capacity;
    wall_t *at;
} spent_t;

static void
spent_destroy(void **self_p)
{
    free(((spent_t *)*self_p)->at);
    free(*self_p);
    *self_p = NULL;
}

static void
held_grant_destroy(held_grant_t **self_p)
{
    held_grant_t *self = *self_p;
    if (!self)
        return;
    bytes_destroy(&self->document);
    bytes_destroy(&self->armors);
    grant_destroy(&self->grant);
    zhashx_destroy(&self->spent);
    free(self);
    *self_p = NULL;
}

shelf_t *
shelf_new(void)
{
    return memory_new(1, sizeof(shelf_t));
}

void
shelf_destroy(shelf_t **self_p)
{
    shelf_t *self = *self_p;
    if (!self)
        return;
    for (size_t i = 0; i < self->release_count; i++)
        shelved_destroy(&self->releases[i]);
    for (size_t i = 0; i < self->grant_count; i++)
        held_grant_destroy(&self->grants[i]);
    free(self->releases);
    free(self->grants);
    free(self->rejected);
    free(self);
    *self_p = NULL;
}

size_t
shelf_release_count(const shelf_t *self)
{
    return self->release_count;
}

shelved_t *
shelf_release_at(const shelf_t *self, size_t index)
{
    return self->releases[index];
}

shelved_t *
shelf_release(const shelf_t *self, const hash_t *hash)
{
    for (size_t i = 0; i < self->release_count; i++)
        if (hash_equal(&self->releases[i]->hash, hash))
            return self->releases[i];
    return NULL;
}

shelved_t *
shelf_in_service(const shelf_t *self, const char *playbook)
{
    for (size_t i = 0; i < self->release_count; i++)
        if (self->releases[i]->state == RELEASE_IN_SERVICE &&
            !strcmp(self->releases[i]->release->playbook, playbook))
            return self->releases[i];
    return NULL;
}

size_t
shelf_grant_count(const shelf_t *self)
{
    return self->grant_count;
}

held_grant_t *
shelf_grant_at(const shelf_t *self, size_t index)
{
    return self->grants[index];
}

static held_grant_t *
find_grant(const shelf_t *self, const hash_t *hash)
{
    for (size_t i = 0; i < self->grant_count; i++)
        if (hash_equal(&self->grants[i]->hash, hash))
            return self->grants[i];
    return NULL;
}

static int
compare_releases(const void *left, const void *right)
{
    const shelved_t *one = *(shelved_t *const *)left, *other = *(shelved_t *const *)right;
    int order = strcmp(one->release->playbook, other->release->playbook);
    if (order)
        return order;
    if (one->release->sequence != other->release->sequence)
        return one->release->sequence < other->release->sequence ? -1 : 1;
    return hash_compare(&one->hash, &other->hash);
}

static int
compare_grants(const void *left, const void *right)
{
    const held_grant_t *one = *(held_grant_t *const *)left;
    const held_grant_t *other = *(held_grant_t *const *)right;
    int order = strcmp(one->grant->playbook, other->grant->playbook);
    return order ? order : hash_compare(&one->hash, &other->hash);
}

static void
judge_release(shelved_t *self, trust_t *trust)
{
    fault_t fault = {0};
    CLEANUP(manifest_destroy) manifest_t *manifest = NULL;
    CLEANUP(release_destroy) release_t *release = NULL;
    self->holds = false;
    self->reason[0] = '\0';
    if (!trust_approvals(trust, bytes_slice(self->document), bytes_slice(self->armors),
                         self->release, &self->approvals, &fault)) {
        release = trust_check_release(trust, bytes_slice(self->document), bytes_slice(self->armors),
                                      &fault);
        manifest = release ? bundle_check(self->release, self->files, &fault) : NULL;
        self->holds = manifest != NULL;
    }
    if (!self->holds)
        snprintf(self->reason, sizeof self->reason, "%s", fault.text);
}

/* The newest that holds serves; of two with one sequence, that with the lower hash. */
static void
choose(shelf_t *self)
{
    for (size_t i = self->release_count; i-- > 0;) {
        shelved_t *release = self->releases[i], *serving = NULL;
        for (size_t j = self->release_count; j-- > i;)
            if (self->releases[j]->state == RELEASE_IN_SERVICE && j != i &&
                !strcmp(self->releases[j]->release->playbook, release->release->playbook))
                serving = self->releases[j];
        bool tie = serving && serving->release->sequence == release->release->sequence;
        if (tie && release->holds)
            serving->state = RELEASE_REPLACED;
        release->state = release->holds && (!serving || tie) ? RELEASE_IN_SERVICE
                         : serving                           ? RELEASE_REPLACED
                                                             : RELEASE_WAITING;
    }
    for (size_t i = 0; i < self->release_count; i++) {
        shelved_t *release = self->releases[i];
        manifest_destroy(&release->manifest);
        if (release->state == RELEASE_IN_SERVICE)
            release->manifest = bundle_check(release->release, release->files, NULL);
    }
}

void
shelf_judge(shelf_t *self, trust_t *trust)
{
    for (size_t i = 0; i < self->release_count; i++)
        judge_release(self->releases[i], trust);
    choose(self);
}

static shelved_t *
make_release(slice_t document, slice_t armors, value_t **files, fault_t *fault)
{
    CLEANUP(shelved_destroy) shelved_t *self = memory_new(1, sizeof *self);
    self->files = MOVE(*files);
    self->hash = hash_of(document);
    self->document = bytes_copy(document);
    self->armors = bytes_copy(armors);
    self->release = release_decode(document, fault);
    return self->release ? MOVE(self) : NULL;
}

static int
insert_release(shelf_t *self, shelved_t **release, fault_t *fault)
{
    if (self->release_count == SHELF_RELEASES_MAX)
        return fault_set(fault, FAULT_LIMIT, "over %d releases", SHELF_RELEASES_MAX);
    self->releases = memory_resize(self->releases, self->release_count + 1, sizeof(shelved_t *));
    self->releases[self->release_count++] = MOVE(*release);
    qsort(self->releases, self->release_count, sizeof(shelved_t *), compare_releases);
    return 0;
}

/* In the place of what the same person said of the same release before. */
static int
put_rejected(shelf_t *self, const rejected_t *fresh, bool *changed, fault_t *fault)
{
    const hash_t *release = &fresh->rejection.release;
    size_t at = 0;
    while (at < self->rejected_count &&
           !(hash_equal(&self->rejected[at].rejection.release, release) &&
             !strcmp(self->rejected[at].who, fresh->who)))
        at++;
    *changed = at == self->rejected_count ||
               self->rejected[at].rejection.created.ms < fresh->rejection.created.ms;
    if (!*changed)
        return 0;
    if (at == SHELF_REJECTED_MAX)
        return fault_set(fault, FAULT_LIMIT, "over %d rejections are kept", SHELF_REJECTED_MAX);
    if (at == self->rejected_count) {
        self->rejected = memory_grow(self->rejected, self->rejected_count, &self->rejected_capacity,
                                     sizeof *self->rejected);
        self->rejected_count++;
    }
    self->rejected[at] = *fresh;
    return 0;
}

int
shelf_reject(shelf_t *self, const trust_t *trust, slice_t document, slice_t armors, bool *changed,
             fault_t *fault)
{
    rejected_t fresh;
    char text[HASH_TEXT];
    *changed = false;
    if (rejection_check(&fresh.rejection, trust, document, armors, fresh.who, fault))
        return -1;
    if (!shelf_release(self, &fresh.rejection.release))
        return fault_set(fault, FAULT_NOT_FOUND, "release %.12s is not here",
                         hash_write(&fresh.rejection.release, text));
    return put_rejected(self, &fresh, changed, fault);
}

void
shelf_restore_rejection(shelf_t *self, const trust_t *trust, slice_t document, slice_t armors)
{
    fault_t ignored;
    rejected_t kept;
    bool changed;
    if (!rejection_check(&kept.rejection, trust, document, armors, kept.who, &ignored))
        put_rejected(self, &kept, &changed, &ignored);
}

const rejected_t *
shelf_rejected(const shelf_t *self, size_t index)
{
    return index < self->rejected_count ? &self->rejected[index] : NULL;
}

int
shelf_restore_release(shelf_t *self, slice_t document, slice_t armors, value_t **files,
                      fault_t *fault)
{
    CLEANUP(shelved_destroy) shelved_t *release = make_release(document, armors, files, fault);
    return release ? insert_release(self, &release, fault) : -1;
}

/* Adds each armor by itself where it counts, so that one that does not hold spoils nothing. */
static int
add_armor(shelved_t *self, trust_t *trust, slice_t armor, bool *changed, fault_t *fault)
{
    approvals_t after;
    CLEANUP(bytes_destroy) bytes_t *armors = bytes_copy(bytes_slice(self->armors));
    bytes_add_slice(armors, armor);
    if (trust_approvals(trust, bytes_slice(self->document), bytes_slice(armors), self->release,
                        &after, fault))
        return -1;
    if (after.approvers.count == self->approvals.approvers.count &&
        after.authors.count == self->approvals.authors.count)
        return fault_set(fault, FAULT_ROLE,
                         "this signature does not count: its person is an author, signed before, "
                         "or has no such role");
    bytes_t *before = self->armors;
    self->armors = MOVE(armors);
    bytes_destroy(&before);
    self->approvals = after;
    *changed = true;
    return 0;
}

static bool
has_armor(const shelved_t *self, slice_t armor)
{
    return armor.size &&
           memmem(self->armors->data, self->armors->size, armor.data, armor.size) != NULL;
}

/* Each of the armors that is not there yet; those that do not count are left out. */
static void
merge_armors(shelved_t *self, trust_t *trust, slice_t armors, bool *changed)
{
    signature_t signature;
    for (slice_t rest = armors; rest.size;) {
        slice_t start = rest;
        if (signature_next(&signature, &rest, NULL) != 1)
            break;
        slice_t armor = slice_of(start.data, start.size - rest.size);
        if (!has_armor(self, armor) && add_armor(self, trust, armor, changed, NULL))
            continue;
    }
}

shelved_t *
shelf_add_release(shelf_t *self, trust_t *trust, slice_t document, slice_t armors, value_t **files,
                  bool *changed, fault_t *fault)
{
    CLEANUP(value_destroy) value_t *given = MOVE(*files);
    hash_t hash = hash_of(document);
    shelved_t *known = shelf_release(self, &hash);
    *changed = false;
    if (known) {
        merge_armors(known, trust, armors, changed);
    } else {
        CLEANUP(shelved_destroy) shelved_t *release = make_release(document, armors, &given, fault);
        if (!release || bundle_check_files(release->release, release->files, fault))
            return NULL;
        if (!hash_equal(&release->release->site, trust_site(trust))) {
            fault_set(fault, FAULT_SITE, "release of '%s' is for another site",
                      release->release->playbook);
            return NULL;
        }
        if (trust_approvals(trust, document, armors, release->release, &release->approvals, fault))
            return NULL;
        known = release;
        if (insert_release(self, &release, fault))
            return NULL;
        *changed = true;
    }
    if (*changed) {
        judge_release(known, trust);
        choose(self);
    }
    return known;
}

int
shelf_approve(shelf_t *self, trust_t *trust, const hash_t *release, slice_t armor, bool *changed,
              fault_t *fault)
{
    shelved_t *known = shelf_release(self, release);
    char text[HASH_TEXT];
    *changed = false;
    if (!known)
        return fault_set(fault, FAULT_NOT_FOUND, "release %.12s is not here: propose it first",
                         hash_write(release, text));
    if (has_armor(known, armor))
        return 0;
    if (add_armor(known, trust, armor, changed, fault))
        return -1;
    judge_release(known, trust);
    choose(self);
    return 0;
}

held_grant_t *
shelf_restore_grant(shelf_t *self, slice_t document, slice_t armors, fault_t *fault)
{
    if (self->grant_count == SHELF_GRANTS_MAX) {
        fault_set(fault, FAULT_LIMIT, "over %d grants", SHELF_GRANTS_MAX);
        return NULL;
    }
    CLEANUP(held_grant_destroy) held_grant_t *grant = memory_new(1, sizeof *grant);
    grant->grant = grant_decode(document, fault);
    if (!grant->grant)
        return NULL;
    grant->spent = zhashx_new();
    zhashx_set_destructor(grant->spent, spent_destroy);
    grant->hash = hash_of(document);
    grant->document = bytes_copy(document);
    grant->armors = bytes_copy(armors);
    held_grant_t *kept = grant;
    self->grants = memory_resize(self->grants, self->grant_count + 1, sizeof(held_grant_t *));
    self->grants[self->grant_count++] = MOVE(grant);
    qsort(self->grants, self->grant_count, sizeof(held_grant_t *), compare_grants);
    return kept;
}

held_grant_t *
shelf_add_grant(shelf_t *self, trust_t *trust, slice_t document, slice_t armors, wall_t now,
                bool *changed, fault_t *fault)
{
    hash_t hash = hash_of(document);
    held_grant_t *known = find_grant(self, &hash);
    *changed = false;
    if (known)
        return known;
    CLEANUP(grant_destroy) grant_t *grant = trust_check_grant(trust, document, armors, now, fault);
    if (!grant)
        return NULL;
    known = shelf_restore_grant(self, document, armors, fault);
    *changed = known != NULL;
    return known;
}

bool
held_grant_has_budget(held_grant_t *self, const char *worker, wall_t now)
{
    spent_t *spent = zhashx_lookup(self->spent, worker);
    size_t gone = 0;
    while (spent && gone < spent->count &&
           now.ms - spent->at[gone].ms >= (int64_t)self->grant->budget_s * 1000)
        gone++;
    if (gone) {
        spent->count -= gone;
        memmove(spent->at, spent->at + gone, spent->count * sizeof *spent->at);
    }
    return !spent || spent->count < self->grant->budget_runs;
}

void
held_grant_spend(held_grant_t *self, const char *worker, wall_t at)
{
    spent_t *spent = zhashx_lookup(self->spent, worker);
    if (!spent) {
        spent = memory_new(1, sizeof *spent);
        zhashx_insert(self->spent, worker, spent);
    }
    spent->at = memory_grow(spent->at, spent->count, &spent->capacity, sizeof *spent->at);
    size_t place = spent->count++;
    for (; place && spent->at[place - 1].ms > at.ms; place--) /* of one that is taken over, late */
        spent->at[place] = spent->at[place - 1];
    spent->at[place] = at;
}

value_t *
held_grant_spent(const held_grant_t *self, const char *worker, size_t most, size_t *more)
{
    value_t *list = value_list();
    *more = 0;
    for (const spent_t *spent = zhashx_first(self->spent); spent;
         spent = zhashx_next(self->spent)) {
        const char *name = zhashx_cursor(self->spent);
        if (*worker && strcmp(name, worker) != 0)
            continue;
        size_t room = most - value_count(list), told = spent->count < room ? spent->count : room;
        *more += spent->count - told;
        for (size_t i = spent->count - told; i < spent->count; i++) {
            value_t *row = value_map();
            value_set_text(row, "worker", name);
            value_set_integer(row, "at", spent->at[i].ms);
            value_append(list, row);
        }
    }
    return list;
}
