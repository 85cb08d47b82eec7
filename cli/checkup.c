/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/checkup.h"

#include <dirent.h>
#include <stdio.h>

#include "cli/keys.h"
#include "cli/symptoms.h"

#define REMEDY_MAX 512

/* ---- people, counted ---------------------------------------------------------------------- */

static bool
is_first(const people_t *people, size_t index, bool (*counts)(const person_key_t *, class_t),
         class_t class_)
{
    for (size_t i = 0; i < index; i++)
        if (!strcmp(people->keys[i].person, people->keys[index].person) &&
            counts(&people->keys[i], class_))
            return false;
    return true;
}

/* Distinct people with a key that counts. */
static unsigned
count_people(const people_t *people, bool (*counts)(const person_key_t *, class_t), class_t class_)
{
    unsigned count = 0;
    for (size_t i = 0; i < people->key_count; i++)
        count += counts(&people->keys[i], class_) && is_first(people, i, counts, class_);
    return count;
}

static bool
reviews(const person_key_t *key, class_t class_)
{
    return key->roles & ROLE_REVIEWER && key->highest >= class_;
}

static bool
responds(const person_key_t *key, class_t class_)
{
    return key->roles & ROLE_RESPONDER && key->highest >= class_;
}

static bool
is_officer(const person_key_t *key, class_t class_)
{
    (void)class_;
    return key->roles & ROLE_OFFICER;
}

static bool
is_listed(const people_t *people, const char *person, unsigned roles)
{
    for (size_t i = 0; i < people->key_count; i++)
        if (!strcmp(people->keys[i].person, person) && people->keys[i].roles & roles)
            return true;
    return false;
}

/* ---- what is looked at -------------------------------------------------------------------- */

typedef struct {
    const trust_t *trust;
    const root_t *root;
    const people_t *people;
    const char *folder;
    wall_t now;
    value_t *list;
} patient_t;

static void
look_at_ends(const patient_t *self)
{
    char where[TEXT_NAME_MAX + 16], remedy[REMEDY_MAX];
    snprintf(remedy, sizeof remedy, "tocsin keys renew %s root", self->folder);
    symptoms_add_end(self->list, "root", self->root->issued, self->root->expires, self->now,
                     remedy);
    snprintf(remedy, sizeof remedy, "tocsin keys renew %s people", self->folder);
    symptoms_add_end(self->list, "people", self->people->issued, self->people->expires, self->now,
                     remedy);
    for (size_t i = 0; i < trust_fleet_count(self->trust); i++) {
        const fleet_t *fleet = trust_fleet(self->trust, i);
        snprintf(where, sizeof where, "fleet %s", fleet->region);
        snprintf(remedy, sizeof remedy, "tocsin keys renew %s fleet.%s", self->folder,
                 fleet->region);
        symptoms_add_end(self->list, where, fleet->issued, fleet->expires, self->now, remedy);
    }
}

static void
look_at_backing(const patient_t *self)
{
    fault_t fault = {0};
    char remedy[REMEDY_MAX];
    if (!trust_check_current(self->trust, self->now, &fault) || fault.code == FAULT_EXPIRED)
        return;
    snprintf(remedy, sizeof remedy, "tocsin keys renew %s people, then sign it", self->folder);
    symptoms_add(self->list, SYMPTOM_PROBLEM, "chain", remedy, "%s", fault.text);
}

/* "WHY: tocsin keys VERB FOLDER REST", as it is typed. */
static const char *
advise(const patient_t *self, const char *why, const char *verb, const char *rest,
       char out[static REMEDY_MAX])
{
    snprintf(out, REMEDY_MAX, "%s: tocsin keys %s %s %s", why, verb, self->folder, rest);
    return out;
}

static void
look_at_holders(const patient_t *self)
{
    const root_t *root = self->root;
    char remedy[REMEDY_MAX];
    unsigned people = 0;
    for (size_t i = 0, k; i < root->holder_count; i = k) {
        const char *person = root->holders[i].person;
        for (k = i; k < root->holder_count && !strcmp(root->holders[k].person, person); k++)
            ;
        people++;
        if (k - i == 1)
            symptoms_add(
                self->list, SYMPTOM_WARNING, "root",
                advise(self, "add a second key of theirs", "root", "--holder NAME=PUBFILE", remedy),
                "holder '%s' has one key: what is lost with it is not replaced", person);
    }
    if (root->quorum_root > people)
        symptoms_add(self->list, SYMPTOM_PROBLEM, "root", "begin again: this site is at its end",
                     "%u people hold it, and %u must sign", people, root->quorum_root);
    else if (root->quorum_root == people && people > 1)
        symptoms_add(self->list, SYMPTOM_WARNING, "root",
                     advise(self, "add a holder, or lower --quorum-root", "root",
                            "--holder NAME=PUBFILE", remedy),
                     "all %u holders must sign: with one of them lost no root follows", people);
    if (root->quorum_root == 1)
        symptoms_add(self->list, SYMPTOM_WARNING, "root",
                     advise(self, "raise it", "root", "--quorum-root 2", remedy),
                     "one holder alone can change root and people");
}

/* A quorum over one of the roles, class by class. */
static void
look_at_quorum(const patient_t *self, const char *what, const char *option,
               const unsigned needed[static CLASSES], bool (*counts)(const person_key_t *, class_t))
{
    char remedy[REMEDY_MAX];
    for (class_t class_ = CLASS_OBSERVE; class_ < CLASSES; class_++) {
        unsigned people = count_people(self->people, counts, class_);
        snprintf(remedy, sizeof remedy,
                 "tocsin keys person %s PERSON PUBFILE --roles %s --highest %s", self->folder,
                 counts == responds ? "responder" : "reviewer", class_word(class_));
        if (people < needed[class_] && class_ != CLASS_DESTRUCTIVE)
            symptoms_add(self->list, SYMPTOM_PROBLEM, "people", remedy,
                         "%s of class %s needs %u people, and there %s %u", what,
                         class_word(class_), needed[class_], people == 1 ? "is" : "are", people);
        else if (people < needed[class_])
            symptoms_add(self->list, SYMPTOM_WARNING, "people", remedy,
                         "%s of class %s needs %u people, and there %s %u: there will be none",
                         what, class_word(class_), needed[class_], people == 1 ? "is" : "are",
                         people);
        if (needed[class_] == 1 && class_ > CLASS_OBSERVE) {
            snprintf(remedy, sizeof remedy, "if that is not meant: tocsin keys root %s %s N,N,N",
                     self->folder, option);
            symptoms_add(self->list, SYMPTOM_WARNING, "root", remedy,
                         "one person alone is enough for %s of class %s", what, class_word(class_));
        }
    }
}

static void
look_at_quorums(const patient_t *self)
{
    const root_t *root = self->root;
    char remedy[REMEDY_MAX];
    unsigned responders = count_people(self->people, responds, CLASS_OBSERVE);
    look_at_quorum(self, "a release", "--quorum-approve", root->quorum_approve, reviews);
    look_at_quorum(self, "an order", "--quorum-order", root->quorum_order, responds);
    if (responders < root->quorum_grant)
        symptoms_add(self->list, SYMPTOM_WARNING, "people", "",
                     "a grant needs %u responders, and there are %u: nothing runs by itself",
                     root->quorum_grant, responders);
    if (root->quorum_grant == 1)
        symptoms_add(self->list, SYMPTOM_WARNING, "root",
                     advise(self, "if that is not meant", "root", "--quorum-grant 2", remedy),
                     "one person alone is enough for a grant");
    if (count_people(self->people, is_officer, CLASS_OBSERVE) < 2)
        symptoms_add(
            self->list, SYMPTOM_PROBLEM, "people",
            advise(self, "name a second", "person", "PERSON PUBFILE --roles officer", remedy),
            "a stop is lifted by two officers, and there is at most one");
}

static unsigned
officers_of(const people_t *people, const char *region)
{
    unsigned count = 0;
    for (size_t i = 0; i < people->delegate_count; i++)
        count += !strcmp(people->delegates[i].region, region) &&
                 is_listed(people, people->delegates[i].person, ROLE_OFFICER);
    return count;
}

static void
look_at_regions(const patient_t *self)
{
    char where[TEXT_NAME_MAX + 16], remedy[REMEDY_MAX];
    for (size_t i = 0; i < trust_fleet_count(self->trust); i++) {
        const char *region = trust_fleet(self->trust, i)->region;
        unsigned officers = officers_of(self->people, region);
        snprintf(where, sizeof where, "region %s", region);
        snprintf(remedy, sizeof remedy, "tocsin keys delegate %s %s PERSON", self->folder, region);
        if (officers < 2)
            symptoms_add(self->list, officers ? SYMPTOM_WARNING : SYMPTOM_PROBLEM, where, remedy,
                         officers ? "one officer alone may sign its fleet"
                                  : "no officer may sign its fleet");
    }
    for (size_t i = 0; i < self->people->delegate_count; i++) {
        const delegate_t *line = &self->people->delegates[i];
        if (!is_listed(self->people, line->person, ROLE_OFFICER))
            symptoms_add(
                self->list, SYMPTOM_WARNING, "people", "drop the line, or give them the role",
                "'%s' is delegated for region '%s' and is no officer", line->person, line->region);
    }
}

static bool
covers_somebody(const trust_t *trust, const char *scope)
{
    size_t workers = 0;
    for (size_t i = 0; i < trust_fleet_count(trust); i++) {
        const fleet_t *fleet = trust_fleet(trust, i);
        workers += fleet->worker_count;
        for (size_t k = 0; k < fleet->worker_count; k++)
            if (scope_covers(scope, fleet->workers[k].labels, fleet->region))
                return true;
    }
    return !workers;
}

/* People who may order changes on this worker; one person's keys stand together. */
static unsigned
responders_of(const people_t *people, const worker_line_t *worker, const char *region)
{
    unsigned count = 0;
    const char *last = "";
    for (size_t i = 0; i < people->key_count; i++) {
        const person_key_t *key = &people->keys[i];
        if (strcmp(key->person, last) != 0 && responds(key, CLASS_CHANGE) &&
            scope_covers(key->scope, worker->labels, region)) {
            last = key->person;
            count++;
        }
    }
    return count;
}

/* Workers that only break-glass reaches, and whether anybody is left to cosign. */
static void
look_at_scopes(const patient_t *self)
{
    char where[TEXT_NAME_MAX + 16], remedy[REMEDY_MAX];
    unsigned needed = self->root->quorum_order[CLASS_CHANGE];
    unsigned responders = count_people(self->people, responds, CLASS_CHANGE);
    for (size_t i = 0; responders >= needed && i < trust_fleet_count(self->trust); i++) {
        const fleet_t *fleet = trust_fleet(self->trust, i);
        const char *first = NULL;
        size_t out = 0;
        for (size_t k = 0; k < fleet->worker_count; k++)
            if (responders_of(self->people, &fleet->workers[k], fleet->region) < needed && !out++)
                first = fleet->workers[k].id;
        snprintf(where, sizeof where, "region %s", fleet->region);
        if (out)
            symptoms_add(self->list, SYMPTOM_WARNING, where,
                         advise(self, "widen a responder's scope, or add a person", "person",
                                "PERSON PUBFILE --roles responder --scope SCOPE", remedy),
                         "%zu of its %zu workers, '%s' first, are in the scope of fewer responders "
                         "than class change needs: only break-glass reaches them",
                         out, fleet->worker_count, first);
    }
    if (responders == needed)
        symptoms_add(self->list, SYMPTOM_WARNING, "people",
                     advise(self, "if breaking glass should be possible, add a responder", "person",
                            "PERSON PUBFILE --roles responder", remedy),
                     "an order of class change needs every responder there is: nobody is left to "
                     "cosign one that breaks glass");
}

static bool
has_curve(const people_t *people, const char *person)
{
    for (size_t i = 0; i < people->curve_count; i++)
        if (!strcmp(people->curves[i].name, person))
            return true;
    return false;
}

static void
look_at_keys(const patient_t *self)
{
    const people_t *people = self->people;
    char where[TEXT_NAME_MAX + 16], print[PUBKEY_FINGERPRINT_TEXT], remedy[REMEDY_MAX];
    for (size_t i = 0; i < people->key_count; i++) {
        const person_key_t *key = &people->keys[i];
        snprintf(where, sizeof where, "person %s", key->person);
        if (!covers_somebody(self->trust, key->scope))
            symptoms_add(self->list, SYMPTOM_WARNING, where, "correct its scope, or drop it",
                         "key %s serves nothing: no worker has the labels %s",
                         pubkey_fingerprint(&key->key, print), key->scope);
        if (responds(key, CLASS_OBSERVE) && !has_curve(people, key->person))
            symptoms_add(self->list, SYMPTOM_WARNING, where,
                         advise(self, "make one with 'tocsin keys curve', and name it", "person",
                                "PERSON PUBFILE --roles ROLES --curve HEX", remedy),
                         "a responder without a CURVE key cannot speak to a broker");
    }
    for (size_t i = 0; i < people->curve_count; i++)
        if (!is_listed(people, people->curves[i].name, ~0u))
            symptoms_add(self->list, SYMPTOM_WARNING, "people",
                         advise(self, "if nobody should read here, drop it", "drop",
                                "people curve PERSON", remedy),
                         "'%s' may read at the brokers, and has no key to sign with",
                         people->curves[i].name);
    if (!people->broker_count)
        symptoms_add(self->list, SYMPTOM_PROBLEM, "people",
                     advise(self, "name it", "broker", "NAME HEX", remedy),
                     "no broker is listed: nobody can connect to one");
}

/* Who is left out where people seal; a site where nobody has a key to read with seals nothing. */
static void
look_at_sealing(const patient_t *self)
{
    const people_t *people = self->people;
    char where[TEXT_NAME_MAX + 16], remedy[REMEDY_MAX];
    for (size_t i = 0; people->sealing_count && i < people->curve_count; i++) {
        const char *person = people->curves[i].name;
        snprintf(where, sizeof where, "person %s", person);
        if (is_listed(people, person, ROLE_RESPONDER) && !people_sealing(people, person))
            symptoms_add(self->list, SYMPTOM_WARNING, where,
                         advise(self, "make one with 'tocsin keys sealing', and name it", "reader",
                                "PERSON HEX", remedy),
                         "a responder without a sealing key cannot seal a run, nor read one");
    }
    for (size_t i = 0; people->sealing_count && i < trust_fleet_count(self->trust); i++) {
        const fleet_t *fleet = trust_fleet(self->trust, i);
        for (size_t k = 0; k < fleet->worker_count; k++) {
            const char *worker = fleet->workers[k].id;
            snprintf(where, sizeof where, "region %s", fleet->region);
            snprintf(remedy, sizeof remedy,
                     "the line 'sealing' of what 'tocsin-worker enrol' prints there: tocsin keys "
                     "worker %s %s %s --sealing",
                     self->folder, fleet->region, worker);
            if (!fleet->workers[k].seals)
                symptoms_add(self->list, SYMPTOM_WARNING, where, remedy,
                             "worker '%s' has no sealing key: no sealed run has it as a target",
                             worker);
        }
    }
}

/* Who cosigns the brokers' logs. */
static void
look_at_witnesses(const patient_t *self)
{
    const root_t *root = self->root;
    char remedy[REMEDY_MAX];
    snprintf(remedy, sizeof remedy,
             "name workers of several regions: tocsin keys root %s --witness WORKER", self->folder);
    if (!root->witness_count)
        symptoms_add(self->list, SYMPTOM_WARNING, "root", remedy,
                     "no witnesses: a broker that shows two histories is noticed by those who "
                     "compare them alone");
    for (size_t i = 0; i < root->witness_count; i++) {
        const char *worker = root->witnesses[i].worker;
        snprintf(remedy, sizeof remedy, "tocsin keys drop %s root witness %s", self->folder,
                 worker);
        if (!trust_worker(self->trust, worker, NULL))
            symptoms_add(self->list, SYMPTOM_WARNING, "root", remedy,
                         "witness '%s' is in no fleet: it cannot cosign, and counts", worker);
    }
}

/* Who says what time it is, and what the brokers must not withhold. */
static void
look_at_timekeeper(const patient_t *self)
{
    const root_t *root = self->root;
    char remedy[REMEDY_MAX];
    snprintf(remedy, sizeof remedy, "tocsin keys root %s --timekeeper NAME=KEYSFILE", self->folder);
    if (!root->timekeeper.name[0])
        symptoms_add(self->list, SYMPTOM_WARNING, "root", remedy,
                     "no timekeeper: a broker can withhold stops and newer documents, and no "
                     "worker notices");
    snprintf(remedy, sizeof remedy, "tocsin keys root %s --offline-max 0,86400,600", self->folder);
    if (root->timekeeper.name[0] && !root->offline_max_s[CLASS_CHANGE] &&
        !root->offline_max_s[CLASS_DESTRUCTIVE])
        symptoms_add(self->list, SYMPTOM_WARNING, "root", remedy,
                     "offline-max is 0: workers go on for ever without a beacon");
}

static void
look_at_drafts(const patient_t *self)
{
    DIR *folder = opendir(self->folder);
    char where[KEYS_NAME_MAX + 16], remedy[REMEDY_MAX];
    for (struct dirent *entry; folder && (entry = readdir(folder));) {
        size_t size = strlen(entry->d_name);
        if (strncmp(entry->d_name, "draft.", 6) != 0 || size >= KEYS_NAME_MAX + 6 ||
            !strcmp(entry->d_name + size - 5, ".sigs"))
            continue;
        snprintf(where, sizeof where, "%s", entry->d_name);
        snprintf(remedy, sizeof remedy, "tocsin keys sign %s %s, or remove it", self->folder,
                 entry->d_name + 6);
        symptoms_add(self->list, SYMPTOM_WARNING, where, remedy, "waits for signatures");
    }
    if (folder)
        closedir(folder);
}

void
checkup(const trust_t *trust, const char *folder, wall_t now, value_t *list)
{
    patient_t self = {.trust = trust,
                      .root = trust_root(trust),
                      .people = trust_people(trust),
                      .folder = folder,
                      .now = now,
                      .list = list};
    look_at_holders(&self);
    look_at_witnesses(&self);
    look_at_timekeeper(&self);
    look_at_drafts(&self);
    if (!self.people) {
        char remedy[REMEDY_MAX];
        symptoms_add(list, SYMPTOM_PROBLEM, "people",
                     advise(&self, "begin one, then sign it", "person",
                            "PERSON PUBFILE --roles ROLES", remedy),
                     "there is no people document yet");
        return;
    }
    look_at_ends(&self);
    look_at_backing(&self);
    look_at_quorums(&self);
    look_at_regions(&self);
    look_at_scopes(&self);
    look_at_keys(&self);
    look_at_sealing(&self);
}

static void
look_at_asked(const allowance_t *allowance, const char *what, const unsigned asked[static CLASSES],
              const people_t *people, bool (*counts)(const person_key_t *, class_t), value_t *list)
{
    char where[TEXT_NAME_MAX + 16];
    snprintf(where, sizeof where, "worker %s", allowance->worker);
    for (class_t class_ = CLASS_OBSERVE; class_ <= allowance->highest; class_++) {
        unsigned there = count_people(people, counts, class_);
        if (asked[class_] > there)
            symptoms_add(list, SYMPTOM_WARNING, where,
                         "lower it in the machine's policy, or add people: tocsin keys person",
                         "its policy asks for %u people behind %s of class %s, and there %s %u: "
                         "nothing of it runs there",
                         asked[class_], what, class_word(class_), there == 1 ? "is" : "are", there);
    }
}

void
checkup_allowance(const trust_t *trust, const allowance_t *allowance, value_t *list)
{
    const people_t *people = trust_people(trust);
    if (!people)
        return;
    look_at_asked(allowance, "a release", allowance->more.approvals, people, reviews, list);
    look_at_asked(allowance, "an order", allowance->more.orders, people, responds, list);
}
