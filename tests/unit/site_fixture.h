/* SPDX-License-Identifier: Apache-2.0 */
/* site_fixture - a whole signed site in memory, for tests of anything that asks keys/trust.h.
 *
 * People (their keys are machine keys, which are Ed25519 as well, from seeds made of their names):
 *   hana, hugo   holders; root needs both        ana, abe    authors
 *   rob, rita    reviewers, destructive          olaf        officer, delegated for north and south
 *   pat, pia     responders, destructive         uma         responder, change, region=north only
 *   zoe          officer, delegated for nothing
 * Workers: w1 (role=web; host web1.example) and w2 (role=db) in north, s1 in south. Source:
 * monitor, which signs as monitor-north and monitor-south. Quorums: approve 1 2 2, order 1 1 2,
 * grant 2; grants last 30 days at most.
 *
 *     site_t *site = site_new();
 *     release, order, grant, alert: site_release() and its kin make the struct; change it, then
 *     site_seal_order(site, order, "pat,pia") gives document and armors. */
#ifndef TOCSIN_SITE_FIXTURE_H
#define TOCSIN_SITE_FIXTURE_H

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "common/file.h"
#include "keys/trust.h"

#define SITE_KEYS_MAX 128
#define SITE_MANIFEST "tocsin-manifest v1\nend\n"
#define SITE_PLAYBOOK "return playbook {}\n"

typedef struct {
    bytes_t *document;
    bytes_t *armors;
} sealed_t;

typedef struct {
    char scratch[64]; /* site_folder, once it is made */
    wall_t now;       /* 2026-11-22T03:04:05Z */
    size_t key_count;
    struct {
        char name[TEXT_NAME_MAX + 1];
        machinekey_t *key;
    } keys[SITE_KEYS_MAX];
    hash_t id;
    sealed_t root, people, north, south;
    trust_t *trust; /* holds those four */
} site_t;

static inline wall_t
site_time(const char *text)
{
    wall_t at = {0};
    bool read = wall_read_time(text, &at);
    assert(read);
    return at;
}

static inline wall_t
site_after(wall_t at, int64_t seconds)
{
    return (wall_t){at.ms + seconds * 1000};
}

/* The key of anybody, a worker or a stranger too: one name, one key. The site's. */
static inline const machinekey_t *
site_key(site_t *self, const char *name)
{
    char folder[] = "/tmp/tocsin-key-XXXXXX", path[160], line[HASH_TEXT + 1];
    for (size_t i = 0; i < self->key_count; i++)
        if (!strcmp(self->keys[i].name, name))
            return self->keys[i].key;
    assert(self->key_count < SITE_KEYS_MAX);
    hash_t seed = hash_of(slice_text(name));
    hash_write(&seed, line);
    memcpy(line + HASH_TEXT - 1, "\n", 2);
    char *made = mkdtemp(folder);
    assert(made);
    snprintf(path, sizeof path, "%s/%s", folder, name);
    int failed = file_write(path, slice_text(line), 0600, NULL);
    assert(!failed);
    machinekey_t *key = machinekey_load(path, NULL);
    assert(key);
    unlink(path);
    rmdir(folder);
    text_copy(self->keys[self->key_count].name, TEXT_NAME_MAX + 1, name);
    return self->keys[self->key_count++].key = key;
}

/* An empty folder, made when it is first asked for; whoever puts files there removes them. */
static inline const char *
site_folder(site_t *self)
{
    if (!*self->scratch) {
        text_copy(self->scratch, sizeof self->scratch, "/tmp/tocsin-site-XXXXXX");
        char *made = mkdtemp(self->scratch);
        assert(made);
    }
    return self->scratch;
}

static inline curvekey_t
site_curve(const char *name)
{
    curvekey_t curve;
    hash_t hash = hash_of(slice_text(name));
    memcpy(curve.bytes, hash.bytes, sizeof curve.bytes);
    curve.bytes[0] ^= 1;
    return curve;
}

/* Appends an armor of each of the names ("pat,pia"). */
static inline void
site_sign(site_t *self, purpose_t purpose, slice_t document, const char *names, bytes_t *armors)
{
    char name[TEXT_NAME_MAX + 1];
    while (*names) {
        size_t size = strcspn(names, ",");
        assert(size < sizeof name);
        memcpy(name, names, size);
        name[size] = '\0';
        machinekey_sign(site_key(self, name), purpose, document, armors);
        names += size + (names[size] == ',');
    }
}

/* Takes over document. */
static inline sealed_t
site_seal(site_t *self, purpose_t purpose, bytes_t *document, const char *names)
{
    sealed_t sealed = {document, bytes_new()};
    site_sign(self, purpose, bytes_slice(document), names, sealed.armors);
    return sealed;
}

static inline void
sealed_done(sealed_t *self)
{
    bytes_destroy(&self->document);
    bytes_destroy(&self->armors);
}

static inline root_t *
site_root(site_t *self)
{
    static const char *const holders[] = {"hana", "hugo"};
    root_t *root = memory_new(1, sizeof *root);
    *root = (root_t){.version = 1,
                     .issued = site_after(self->now, -86400),
                     .expires = site_after(self->now, 365 * 86400),
                     .quorum_root = 2,
                     .quorum_approve = {1, 2, 2},
                     .quorum_order = {1, 1, 2},
                     .quorum_grant = 2,
                     .grant_days_max = 30,
                     .min_version = 1,
                     .holder_count = ARRAY_SIZE(holders)};
    for (size_t i = 0; i < ARRAY_SIZE(holders); i++) {
        text_copy(root->holders[i].person, TEXT_NAME_MAX + 1, holders[i]);
        root->holders[i].key = *machinekey_public(site_key(self, holders[i]));
    }
    return root;
}

/* The second version of a site's root, unsealed. */
static inline root_t *
site_root_next(site_t *self)
{
    root_t *root = site_root(self);
    root->version = 2;
    root->site = self->id;
    root->previous = hash_of(bytes_slice(self->root.document));
    return root;
}

/* A worker whose key is that of this name; to be added by name. */
static inline void
site_add_witness(site_t *self, root_t *root, const char *worker, const char *key)
{
    witness_t *line = &root->witnesses[root->witness_count++];
    text_copy(line->worker, sizeof line->worker, worker);
    line->key = *machinekey_public(site_key(self, key));
}

static inline void
site_add_person(site_t *self, people_t *people, const char *name, unsigned roles, class_t highest,
                const char *scope)
{
    assert(people->key_count < PEOPLE_MAX);
    person_key_t *line = &people->keys[people->key_count++];
    text_copy(line->person, sizeof line->person, name);
    line->roles = roles;
    line->highest = highest;
    text_copy(line->scope, sizeof line->scope, scope);
    line->key = *machinekey_public(site_key(self, name));
}

static inline void
site_add_delegate(people_t *people, const char *region, const char *person)
{
    delegate_t *line = &people->delegates[people->delegate_count++];
    text_copy(line->region, sizeof line->region, region);
    text_copy(line->person, sizeof line->person, person);
}

static inline people_t *
site_people(site_t *self)
{
    people_t *people = memory_new(1, sizeof *people);
    people->brokers = memory_new(BROKERS_MAX, sizeof *people->brokers);
    people->curves = memory_new(PEOPLE_MAX, sizeof *people->curves);
    people->delegates = memory_new(PEOPLE_MAX, sizeof *people->delegates);
    people->floors = memory_new(PEOPLE_MAX, sizeof *people->floors);
    people->keys = memory_new(PEOPLE_MAX, sizeof *people->keys);
    people->site = self->id;
    people->version = 1;
    people->root_version = 1;
    people->issued = site_after(self->now, -3600);
    people->expires = site_after(self->now, 90 * 86400);
    people->broker_count = 1;
    people->brokers[0] = (curve_line_t){"hub", site_curve("hub")};
    people->curve_count = 1;
    people->curves[0] = (curve_line_t){"pat", site_curve("pat")};
    site_add_delegate(people, "north", "olaf");
    site_add_delegate(people, "south", "olaf");
    site_add_person(self, people, "abe", ROLE_AUTHOR, CLASS_DESTRUCTIVE, "any");
    site_add_person(self, people, "ana", ROLE_AUTHOR | ROLE_REVIEWER | ROLE_RESPONDER,
                    CLASS_DESTRUCTIVE, "any");
    site_add_person(self, people, "olaf", ROLE_OFFICER, CLASS_OBSERVE, "any");
    site_add_person(self, people, "pat", ROLE_RESPONDER, CLASS_DESTRUCTIVE, "any");
    site_add_person(self, people, "pia", ROLE_RESPONDER, CLASS_DESTRUCTIVE, "any");
    site_add_person(self, people, "rita", ROLE_REVIEWER, CLASS_DESTRUCTIVE, "any");
    site_add_person(self, people, "rob", ROLE_REVIEWER, CLASS_DESTRUCTIVE, "any");
    site_add_person(self, people, "uma", ROLE_RESPONDER, CLASS_CHANGE, "region=north");
    site_add_person(self, people, "zoe", ROLE_OFFICER, CLASS_OBSERVE, "any");
    return people;
}

static inline void
site_add_worker(site_t *self, fleet_t *fleet, const char *id, const char *labels)
{
    size_t at = fleet->worker_count++;
    fleet->workers = memory_resize(fleet->workers, fleet->worker_count, sizeof *fleet->workers);
    fleet->workers[at] =
        (worker_line_t){.curve = site_curve(id), .key = *machinekey_public(site_key(self, id))};
    text_copy(fleet->workers[at].id, TEXT_NAME_MAX + 1, id);
    text_copy(fleet->workers[at].labels, LABELS_TEXT_MAX + 1, labels);
}

static inline void
site_add_host(fleet_t *fleet, const char *host, const char *worker)
{
    size_t at = fleet->host_count++;
    fleet->hosts = memory_resize(fleet->hosts, fleet->host_count, sizeof *fleet->hosts);
    text_copy(fleet->hosts[at].host, sizeof fleet->hosts[at].host, host);
    text_copy(fleet->hosts[at].worker, sizeof fleet->hosts[at].worker, worker);
}

static inline void
site_add_signer(site_t *self, fleet_t *fleet, const char *source, const char *key)
{
    signer_line_t *line;
    fleet->signers = memory_resize(fleet->signers, fleet->signer_count + 1, sizeof *line);
    line = &fleet->signers[fleet->signer_count++];
    *line = (signer_line_t){.key = *machinekey_public(site_key(self, key))};
    text_copy(line->source, sizeof line->source, source);
}

/* "north" or "south", version 1. */
static inline fleet_t *
site_fleet(site_t *self, const char *region)
{
    fleet_t *fleet = memory_new(1, sizeof *fleet);
    fleet->site = self->id;
    text_copy(fleet->region, sizeof fleet->region, region);
    fleet->version = 1;
    fleet->issued = site_after(self->now, -1800);
    fleet->expires = site_after(self->now, 90 * 86400);
    fleet->source_count = 1;
    fleet->sources = memory_new(1, sizeof *fleet->sources);
    text_copy(fleet->sources[0], TEXT_NAME_MAX + 1, "monitor");
    if (!strcmp(region, "north")) {
        site_add_signer(self, fleet, "monitor", "monitor-north");
        site_add_host(fleet, "web1.example", "w1");
        site_add_worker(self, fleet, "w1", "role=web");
        site_add_worker(self, fleet, "w2", "role=db");
    } else {
        site_add_signer(self, fleet, "monitor", "monitor-south");
        site_add_worker(self, fleet, "s1", "-");
    }
    return fleet;
}

/* Each encodes, destroys the struct, and signs. */
#define SITE_SEAL(noun, purpose)                                                             \
    static inline sealed_t site_seal_##noun(site_t *self, noun##_t *noun, const char *names) \
    {                                                                                        \
        bytes_t *document = bytes_new();                                                     \
        purpose_t as = purpose;                                                              \
        noun##_encode(noun, document);                                                       \
        noun##_destroy(&noun);                                                               \
        return site_seal(self, as, document, names);                                         \
    }
SITE_SEAL(root, SIGN_ROOT)
SITE_SEAL(people, SIGN_PEOPLE)
SITE_SEAL(fleet, SIGN_FLEET)
SITE_SEAL(order, SIGN_ORDER)
SITE_SEAL(grant, SIGN_GRANT)
SITE_SEAL(receipt, SIGN_RECEIPT)
SITE_SEAL(consent, consent->answer ? SIGN_ANSWER : SIGN_CONSENT)
SITE_SEAL(stop, halt_revokes(stop->what) ? SIGN_REVOKE : SIGN_STOP)
SITE_SEAL(resume, SIGN_RESUME)
#undef SITE_SEAL

/* Signed by authors in author@ and by reviewers in approve@. */
static inline sealed_t
site_seal_release(site_t *self, release_t *release, const char *authors, const char *reviewers)
{
    bytes_t *document = bytes_new();
    release_encode(release, document);
    release_destroy(&release);
    sealed_t sealed = site_seal(self, SIGN_AUTHOR, document, authors);
    site_sign(self, SIGN_APPROVE, bytes_slice(document), reviewers, sealed.armors);
    return sealed;
}

/* By the key of that name; "" where the broker's word is enough. */
static inline sealed_t
site_seal_alert_by(site_t *self, alert_t *alert, const char *key)
{
    bytes_t *document = bytes_new();
    alert_encode(alert, document);
    alert_destroy(&alert);
    return site_seal(self, SIGN_ALERT, document, key);
}

static inline sealed_t
site_seal_alert(site_t *self, alert_t *alert)
{
    return site_seal_alert_by(self, alert, "");
}

static inline int
site_add(site_t *self, const sealed_t *sealed, fault_t *fault)
{
    return trust_add(self->trust, bytes_slice(sealed->document), bytes_slice(sealed->armors),
                     fault);
}

static inline site_t *
site_new(void)
{
    site_t *self = memory_new(1, sizeof *self);
    self->now = site_time("2026-11-22T03:04:05Z");
    self->root = site_seal_root(self, site_root(self), "hana,hugo");
    self->id = hash_of(bytes_slice(self->root.document));
    self->people = site_seal_people(self, site_people(self), "hana,hugo");
    self->north = site_seal_fleet(self, site_fleet(self, "north"), "olaf");
    self->south = site_seal_fleet(self, site_fleet(self, "south"), "olaf");
    self->trust = trust_new(&self->id);
    const sealed_t *all[] = {&self->root, &self->people, &self->north, &self->south};
    for (size_t i = 0; i < ARRAY_SIZE(all); i++) {
        fault_t fault = {0};
        int failed = site_add(self, all[i], &fault);
        if (failed)
            fprintf(stderr, "site_new: %s\n", fault.text);
        assert(!failed);
    }
    return self;
}

static inline void
site_destroy(site_t **self_p)
{
    site_t *self = *self_p;
    if (!self)
        return;
    trust_destroy(&self->trust);
    sealed_done(&self->root);
    sealed_done(&self->people);
    sealed_done(&self->north);
    sealed_done(&self->south);
    for (size_t i = 0; i < self->key_count; i++)
        machinekey_destroy(&self->keys[i].key);
    if (*self->scratch)
        rmdir(self->scratch);
    free(self);
    *self_p = NULL;
}

static inline void
site_add_file(release_t *release, const char *path, slice_t bytes)
{
    release_file_t *file = &release->files[release->file_count++];
    text_copy(file->path, sizeof file->path, path);
    file->bytes = bytes.size;
    file->hash = hash_of(bytes);
}

/* Playbook "disk-full" 5 by ana, class change, with these files; two reviewers are needed. */
static inline release_t *
site_release_of(site_t *self, const char *playbook, slice_t manifest, slice_t lua)
{
    release_t *release = memory_new(1, sizeof *release);
    release->site = self->id;
    text_copy(release->playbook, sizeof release->playbook, playbook);
    release->sequence = 5;
    release->highest = CLASS_CHANGE;
    release->manifest = hash_of(manifest);
    release->author_count = 1;
    text_copy(release->authors[0], TEXT_NAME_MAX + 1, "ana");
    site_add_file(release, "manifest", manifest);
    site_add_file(release, "playbook.lua", lua);
    return release;
}

static inline release_t *
site_release(site_t *self)
{
    return site_release_of(self, "disk-full", slice_text(SITE_MANIFEST), slice_text(SITE_PLAYBOOK));
}

static inline void
site_add_target(order_t *order, unsigned wave, const char *target)
{
    size_t at = order->target_count++;
    order->targets = memory_resize(order->targets, order->target_count, sizeof *order->targets);
    order->targets[at].wave = wave;
    text_copy(order->targets[at].target, sizeof order->targets[at].target, target);
}

/* Of "disk-full", for w1 in wave 1; its window is from now for an hour. */
static inline order_t *
site_order(site_t *self, const hash_t *release)
{
    order_t *order = memory_new(1, sizeof *order);
    order->site = self->id;
    text_copy(order->playbook, sizeof order->playbook, "disk-full");
    text_copy(order->reason, sizeof order->reason, "the disk of w1 is full");
    order->created = order->not_before = self->now;
    order->not_after = order->undo_until = site_after(self->now, 3600);
    text_copy(order->nonce, sizeof order->nonce, "00112233445566778899aabbccddeeff");
    order->release_count = 1;
    text_copy(order->releases[0].playbook, TEXT_NAME_MAX + 1, "disk-full");
    order->releases[0].hash = *release;
    site_add_target(order, 1, "w1");
    return order;
}

/* Alerts of monitor with alertname DiskFull on role=web workers, 3 runs an hour, fresh 5 minutes.
 */
static inline grant_t *
site_grant(site_t *self, const hash_t *release)
{
    grant_t *grant = grant_new();
    grant->site = self->id;
    text_copy(grant->playbook, sizeof grant->playbook, "disk-full");
    grant->release = *release;
    grant->issued = site_after(self->now, -60);
    grant->expires = site_after(self->now, 7 * 86400);
    text_copy(grant->scope, sizeof grant->scope, "role=web");
    grant->budget_runs = 3;
    grant->budget_s = 3600;
    grant->fresh_s = 300;
    grant->source_count = 1;
    text_copy(grant->sources[0], TEXT_NAME_MAX + 1, "monitor");
    grant->match_count = 1;
    text_copy(grant->matches[0].field, sizeof grant->matches[0].field, "labels.alertname");
    text_copy(grant->matches[0].value, sizeof grant->matches[0].value, "DiskFull");
    return grant;
}

static inline void
site_add_label(alert_t *alert, const char *name, const char *value)
{
    label_t *label = alert_add_label(&alert->labels, &alert->label_count);
    text_copy(label->name, sizeof label->name, name);
    text_copy(label->value, sizeof label->value, value);
}

/* DiskFull on web1.example, received now. */
static inline alert_t *
site_alert(site_t *self)
{
    alert_t *alert = memory_new(1, sizeof *alert);
    alert->site = self->id;
    text_copy(alert->source, sizeof alert->source, "monitor");
    text_copy(alert->fingerprint, sizeof alert->fingerprint, "0123456789abcdef");
    alert->firing = true;
    alert->starts = site_after(self->now, -30);
    alert->received = self->now;
    text_copy(alert->severity, sizeof alert->severity, "high");
    text_copy(alert->host, sizeof alert->host, "web1.example");
    text_copy(alert->title, sizeof alert->title, "disk is full");
    site_add_label(alert, "alertname", "DiskFull");
    site_add_label(alert, "mountpoint", "/var");
    return alert;
}

static inline receipt_t *
site_receipt(site_t *self)
{
    receipt_t *receipt = memory_new(1, sizeof *receipt);
    receipt->site = self->id;
    text_copy(receipt->worker, sizeof receipt->worker, "w1");
    receipt->sequence = 1;
    receipt->run = hash_of(slice_text("run"));
    text_copy(receipt->authority, sizeof receipt->authority, "order");
    receipt->release = hash_of(slice_text("release"));
    text_copy(receipt->target, sizeof receipt->target, "w1");
    text_copy(receipt->step, sizeof receipt->step, "usage");
    receipt->attempt = 1;
    text_copy(receipt->code, sizeof receipt->code, "none");
    text_copy(receipt->reason, sizeof receipt->reason, "-");
    receipt->started = self->now;
    receipt->ended = site_after(self->now, 1);
    receipt->op_count = 1;
    text_copy(receipt->ops[0].op, TEXT_NAME_MAX + 1, "disk.usage");
    text_copy(receipt->ops[0].code, sizeof receipt->ops[0].code, "ok");
    return receipt;
}

static inline void
site_add_shown(consent_t *consent, const char *target, const hash_t *receipt)
{
    size_t at = consent->target_count++;
    consent->targets = memory_resize(consent->targets, at + 1, sizeof *consent->targets);
    consent->targets[at].receipt = *receipt;
    text_copy(consent->targets[at].target, sizeof consent->targets[at].target, target);
}

/* "yes" to step "go" of this run for an hour from now, for w1, of which this receipt was shown. */
static inline consent_t *
site_consent(site_t *self, const hash_t *run, const hash_t *receipt)
{
    consent_t *consent = memory_new(1, sizeof *consent);
    consent->site = self->id;
    consent->run = *run;
    text_copy(consent->step, sizeof consent->step, "go");
    text_copy(consent->value, sizeof consent->value, "yes");
    text_copy(consent->reason, sizeof consent->reason, "it looks right");
    consent->created = self->now;
    consent->expires = site_after(self->now, 3600);
    site_add_shown(consent, "w1", receipt);
    return consent;
}

/* name is a run's hash as text, a playbook's or region's name, or "-". */
static inline stop_t *
site_stop(site_t *self, halt_what_t what, const char *name)
{
    stop_t *stop = memory_new(1, sizeof *stop);
    stop->site = self->id;
    stop->what = what;
    text_copy(stop->name, sizeof stop->name, name);
    text_copy(stop->reason, sizeof stop->reason, "it makes things worse");
    stop->created = self->now;
    text_copy(stop->nonce, sizeof stop->nonce, "ffeeddccbbaa99887766554433221100");
    return stop;
}

static inline resume_t *
site_resume(site_t *self, const hash_t *stop)
{
    resume_t *resume = memory_new(1, sizeof *resume);
    resume->site = self->id;
    resume->stop = *stop;
    text_copy(resume->reason, sizeof resume->reason, "the playbook is mended");
    resume->created = self->now;
    return resume;
}

#endif
