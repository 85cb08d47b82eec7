/* SPDX-License-Identifier: Apache-2.0 */
/* chain - roots, people, fleets and revokes in the hands of who should only pass them on. The
 * folder
 * --callee holds the site's documents as the worker has them; what was made here and holds is put
 * beside them. */
#ifndef TOCSIN_TESTS_CHAIN_H
#define TOCSIN_TESTS_CHAIN_H

#include "keys/fleet.h"
#include "keys/people.h"
#include "keys/root.h"
#include "tests/attack/halts.h"

#define BRIEF_MS 4000 /* for how long a document holds that is to expire */

static int64_t
version_of(const enemy_t *self, table_t *table, const char *document)
{
    settle(table, self->worker);
    return value_get_integer(state_of(table, self->worker), document);
}

static void
not_taken(const enemy_t *self, table_t *table, const paper_t *paper, const char *document,
          const char *name)
{
    int64_t before = version_of(self, table, document);
    send_paper(self, table, paper);
    verdict(before > 0 && version_of(self, table, document) == before, name, table);
}

static void
taken(const enemy_t *self, table_t *table, const paper_t *paper, const char *document,
      const char *name)
{
    int64_t before = version_of(self, table, document);
    send_paper(self, table, paper);
    verdict(version_of(self, table, document) == before + 1, name, table);
}

static void
keep_bytes(const enemy_t *self, const char *name, const char *end, const bytes_t *bytes)
{
    char path[4096];
    fault_t fault = {0};
    snprintf(path, sizeof path, "%s/%s%s", self->callee, name, end);
    if (file_write(path, bytes_slice(bytes), 0644, &fault))
        forge_die(fault.text);
}

static void
keep_paper(const enemy_t *self, const char *name, const paper_t *paper)
{
    keep_bytes(self, name, "", paper->document);
    keep_bytes(self, name, ".sigs", paper->armors);
}

static void
reads_key(const enemy_t *self, const char *name, pubkey_t *out)
{
    fault_t fault = {0};
    CLEANUP(bytes_destroy) bytes_t *line = forge_read(self->people, name, ".pub");
    if (pubkey_read_line(out, bytes_text(line), &fault))
        forge_die(fault.text);
}

static void
offer_once(enemy_t *self, table_t *table)
{
    CLEANUP(lie_clear) lie_t lie = lie_planned(self, NULL);
    ask(table, &lie, self->worker);
}

/* Until it is refused as expired, which it is once what holds briefly holds no more. */
static void
expires(enemy_t *self, table_t *table, const char *name)
{
    int64_t until = zclock_mono() + ANSWER_MS;
    do {
        zclock_sleep(50);
        offer_once(self, table);
    } while (!strcmp(table->answer.code, "none") && zclock_mono() < until);
    int64_t before = begun(self);
    offer_once(self, table);
    verdict(!strcmp(table->answer.code, "expired") && begun(self) == before, name, table);
}

/* ---- roots ------------------------------------------------------------------------------- */

typedef struct {
    const char *name;
    void (*edit)(const enemy_t *self, root_t *root);
    const char *signers;
} rung_t;

static void
two_ahead(const enemy_t *self, root_t *root)
{
    (void)self;
    root->version++;
}

static void
behind_another(const enemy_t *self, root_t *root)
{
    (void)self;
    root->previous = hash_of(slice_text("another"));
}

/* Of three holders two are others. */
static void
with_others(const enemy_t *self, root_t *root)
{
    static const char *const others[] = {"giang", "stranger"};
    for (size_t i = 0; i < ARRAY_SIZE(others); i++) {
        holder_t *holder = &root->holders[i + 1];
        text_copy(holder->person, sizeof holder->person, others[i]);
        reads_key(self, others[i], &holder->key);
    }
}

static void
as_it_is(const enemy_t *self, root_t *root)
{
    (void)self;
    (void)root;
}

static const rung_t rungs[] = {
    {"root_skip_version: version 3 behind version 1", two_ahead, "ana binh"},
    {"root_prev_mismatch", behind_another, "ana binh"},
    {"root_signed_by_old_only", with_others, "ana binh"},
    {"root_signed_by_old_only: but for one who stays", with_others, "binh chi"},
    {"root_signed_by_new_only", with_others, "giang stranger"},
    {"root_signed_by_new_only: but for one who was there", with_others, "ana giang stranger"},
    {"root_below_quorum: one holder", as_it_is, "ana"},
    {"root_below_quorum: who signs twice", as_it_is, "ana ana"},
    {"root_by_the_people: who are no holders", as_it_is, "dung hoa"},
};

/* What follows the newest in --callee. */
static root_t *
next_root(const enemy_t *self, unsigned version)
{
    char name[16];
    fault_t fault = {0};
    snprintf(name, sizeof name, "root.%u", version - 1);
    CLEANUP(bytes_destroy) bytes_t *before = forge_read(self->callee, name, "");
    root_t *root = root_decode(bytes_slice(before), &fault);
    if (!root)
        forge_die(fault.text);
    hash_read(self->site, &root->site);
    root->previous = hash_of(bytes_slice(before));
    root->version = version;
    root->expires.ms = wall_now().ms / 1000 * 1000 + INT64_C(86400000);
    return root;
}

static paper_t
root_paper(const enemy_t *self, const root_t *root, const char *signers)
{
    paper_t paper = {bytes_new(), bytes_new()};
    root_encode(root, paper.document);
    paper_sign(self, &paper, SIGN_ROOT, signers);
    return paper;
}

static void
try_rungs(const enemy_t *self, table_t *table)
{
    for (size_t i = 0; i < ARRAY_SIZE(rungs); i++) {
        CLEANUP(root_destroy) root_t *root = next_root(self, 2);
        rungs[i].edit(self, root);
        CLEANUP(paper_clear) paper_t paper = root_paper(self, root, rungs[i].signers);
        not_taken(self, table, &paper, "root", rungs[i].name);
    }
}

/* The newest that this broker hands on expires; it has the next, and does not say so at once. */
static void
tell_roots(enemy_t *self, table_t *table)
{
    meet(table, self->worker);
    offered(self, table, "none", "an order runs");
    try_rungs(self, table);
    CLEANUP(root_destroy) root_t *brief = next_root(self, 2);
    brief->issued.ms = wall_now().ms / 1000 * 1000;
    brief->expires.ms = brief->issued.ms + BRIEF_MS;
    CLEANUP(paper_clear) paper_t second = root_paper(self, brief, "ana binh");
    taken(self, table, &second, "root", "one that both quorums signed is taken");
    keep_paper(self, "root.2", &second);
    expires(self, table, "root_expired_freeze: without the next root, nothing begins any more");
    CLEANUP(root_destroy) root_t *longer = next_root(self, 3);
    CLEANUP(paper_clear) paper_t third = root_paper(self, longer, "binh chi");
    keep_paper(self, "root.3", &third);
    CLEANUP(root_destroy) root_t *last = next_root(self, 4);
    CLEANUP(paper_clear) paper_t fourth = root_paper(self, last, "binh chi");
    not_taken(self, table, &fourth, "root", "root_skip_version: nor from one that expired");
    taken(self, table, &third, "root", "an expired one is walked over");
    taken(self, table, &fourth, "root", "  step by step");
    keep_paper(self, "root.4", &fourth);
    not_taken(self, table, &third, "root", "root_rollback");
    offered(self, table, "none", "  and orders run again");
}

/* Root counts newer documents than this worker knows: what was signed before starts nothing, and
 * no root lets it count again. */
static void
tell_outdated(enemy_t *self, table_t *table)
{
    meet(table, self->worker);
    offered(self, table, "none", "an order runs");
    CLEANUP(root_destroy) root_t *newer = next_root(self, 5);
    newer->min_version = 2;
    CLEANUP(paper_clear) paper_t fifth = root_paper(self, newer, "binh chi");
    taken(self, table, &fifth, "root", "a root that counts version 2 on is taken");
    keep_paper(self, "root.5", &fifth);
    offered(self, table, "version", "doc_downgrade_min_version: and this version starts nothing");
    CLEANUP(root_destroy) root_t *older = next_root(self, 6);
    older->min_version = 1;
    CLEANUP(paper_clear) paper_t sixth = root_paper(self, older, "binh chi");
    not_taken(self, table, &sixth, "root", "doc_downgrade_min_version: no root after it goes back");
    offered(self, table, "version", "  and nothing begins");
}

/* ---- fleets ------------------------------------------------------------------------------ */

/* South's officer lists north's worker, or its key or host, as one of south's. */
static void
try_fleet(const enemy_t *self, table_t *table, void (*edit)(const fleet_t *north, fleet_t *south),
          const char *name)
{
    fault_t fault = {0};
    CLEANUP(bytes_destroy) bytes_t *ours = forge_read(self->callee, "fleet.north", "");
    CLEANUP(bytes_destroy) bytes_t *theirs = forge_read(self->callee, "fleet.south", "");
    CLEANUP(fleet_destroy) fleet_t *north = fleet_decode(bytes_slice(ours), &fault);
    CLEANUP(fleet_destroy) fleet_t *south = fleet_decode(bytes_slice(theirs), &fault);
    if (!north || !south)
        forge_die(fault.text);
    CLEANUP(paper_clear) paper_t paper = {bytes_new(), bytes_new()};
    south->version++;
    edit(north, south);
    fleet_encode(south, paper.document);
    paper_sign(self, &paper, SIGN_FLEET, "chi");
    not_taken(self, table, &paper, "fleet.south", name);
}

static void
under_its_id(const fleet_t *north, fleet_t *south)
{
    text_copy(south->workers[0].id, sizeof south->workers[0].id, north->workers[0].id);
    for (size_t i = 0; i < south->host_count; i++)
        text_copy(south->hosts[i].worker, sizeof south->hosts[i].worker, north->workers[0].id);
}

static void
under_its_key(const fleet_t *north, fleet_t *south)
{
    south->workers[0].key = north->workers[0].key;
}

static void
under_its_curve(const fleet_t *north, fleet_t *south)
{
    south->workers[0].curve = north->workers[0].curve;
}

static void
for_its_host(const fleet_t *north, fleet_t *south)
{
    text_copy(south->hosts[0].host, sizeof south->hosts[0].host, north->hosts[0].host);
}

static void
tell_fleets(enemy_t *self, table_t *table)
{
    meet(table, self->worker);
    try_fleet(self, table, under_its_id, "fleet_worker_id_reuse: in another region");
    try_fleet(self, table, under_its_key, "fleet_worker_id_reuse: its signing key");
    try_fleet(self, table, under_its_curve, "fleet_worker_id_reuse: its CURVE key");
    try_fleet(self, table, for_its_host, "fleet_worker_id_reuse: its host");
    offered(self, table, "none", "  and orders run as before");
}

/* ---- people ------------------------------------------------------------------------------ */

/* What follows those in --callee; `pardoned` is NULL for none. */
static paper_t
next_people(const enemy_t *self, int64_t lasts_ms, const hash_t *pardoned, const char *signers)
{
    fault_t fault = {0};
    paper_t paper = {bytes_new(), bytes_new()};
    CLEANUP(bytes_destroy) bytes_t *before = forge_read(self->callee, "people", "");
    CLEANUP(people_destroy) people_t *people = people_decode(bytes_slice(before), &fault);
    if (!people)
        forge_die(fault.text);
    people->version++;
    people->issued.ms = wall_now().ms / 1000 * 1000;
    people->expires.ms = people->issued.ms + lasts_ms;
    hash_t *pardons = people->pardons, one;
    if (pardoned) { /* the first: what --callee holds pardons nothing */
        one = *pardoned;
        people->pardons = &one;
        people->pardon_count = 1;
    }
    people_encode(people, paper.document);
    people->pardons = pardons;
    paper_sign(self, &paper, SIGN_PEOPLE, signers);
    return paper;
}

static paper_t
revoke_paper(const enemy_t *self, const char *person, const char *signers)
{
    pubkey_t key;
    paper_t paper = {bytes_new(), bytes_new()};
    CLEANUP(stop_destroy) stop_t *revoke = memory_new(1, sizeof *revoke);
    reads_key(self, person, &key);
    hash_t hash = pubkey_hash(&key);
    hash_read(self->site, &revoke->site);
    revoke->what = HALT_KEY;
    hash_write(&hash, revoke->name);
    text_copy(revoke->reason, sizeof revoke->reason, "it was stolen");
    revoke->created = (wall_t){wall_now().ms / 1000 * 1000};
    snprintf(revoke->nonce, sizeof revoke->nonce, "%032x", (unsigned)getpid());
    stop_encode(revoke, paper.document);
    paper_sign(self, &paper, SIGN_REVOKE, signers);
    return paper;
}

static void
by_his_other_key(enemy_t *self, plan_t *plan)
{
    (void)self;
    plan->signers = "dung2";
}

static void
tell_expiry(enemy_t *self, table_t *table)
{
    meet(table, self->worker);
    CLEANUP(paper_clear) paper_t alone = next_people(self, HOUR_MS, NULL, "ana");
    not_taken(self, table, &alone, "people", "people_below_quorum");
    CLEANUP(paper_clear) paper_t brief = next_people(self, BRIEF_MS, NULL, "ana chi");
    taken(self, table, &brief, "people", "people that hold for seconds are taken");
    keep_paper(self, "people", &brief);
    expires(self, table, "key_expired: then none of their keys orders anything");
    CLEANUP(paper_clear) paper_t longer = next_people(self, 24 * HOUR_MS, NULL, "ana chi");
    taken(self, table, &longer, "people", "  until people come that hold");
    keep_paper(self, "people", &longer);
    offered(self, table, "none", "  with whom orders run");
}

/* A list of what counts no more only ever grows; people whom root's quorum signs end a line of it.
 */
static void
tell_denied(enemy_t *self, table_t *table)
{
    meet(table, self->worker);
    CLEANUP(paper_clear)
    paper_t before = {forge_read(self->callee, "people", ""),
                      forge_read(self->callee, "people", ".sigs")};
    CLEANUP(paper_clear) paper_t revoke = revoke_paper(self, "dung", "dung");
    CLEANUP(paper_clear) paper_t resume = resume_paper(self, &revoke, "chi hoa");
    not_kept(self, table, &revoke, "byz_revoke_forged: a responder revokes no key");
    offered(self, table, "none", "  and it orders");
    paper_sign(self, &revoke, SIGN_REVOKE, "chi");
    send_paper(self, table, &revoke);
    verdict(hear(table, SAID_KEPT), "an officer's revoke is kept", table);
    offered(self, table, "revoked", "key_denied");
    offered_by(self, table, by_his_other_key, "none", "  its person's other key orders");
    not_kept(self, table, &resume, "deny_list_shrinks: two officers lift no revoke");
    CLEANUP(paper_clear) paper_t newer = next_people(self, 24 * HOUR_MS, NULL, "ana chi");
    taken(self, table, &newer, "people", "newer people, who do not pardon it,");
    keep_paper(self, "people", &newer);
    offered(self, table, "revoked", "deny_list_shrinks: leave it where it is");
    not_taken(self, table, &before, "people", "people_rollback: those before are not taken back");
    offered(self, table, "revoked", "deny_list_shrinks: nor with those before");
}

/* After a restart of the worker: it is revoked still, and pardoned at last. */
static void
tell_pardon(enemy_t *self, table_t *table)
{
    meet(table, self->worker);
    offered(self, table, "revoked", "deny_list_shrinks: nor by a restart");
    settle(table, self->worker);
    hash_t revoke;
    const value_t *halts = value_get(state_of(table, self->worker), "halts");
    if (value_count(halts) != 1 || !hash_read(value_string(value_at(halts, 0)), &revoke))
        forge_die("the worker keeps another number of revokes than one");
    CLEANUP(paper_clear) paper_t few = next_people(self, 24 * HOUR_MS, &revoke, "ana");
    not_taken(self, table, &few, "people", "deny_list_shrinks: one holder pardons nothing");
    CLEANUP(paper_clear) paper_t people = next_people(self, 24 * HOUR_MS, &revoke, "ana chi");
    taken(self, table, &people, "people", "people pardon it");
    keep_paper(self, "people", &people);
    offered(self, table, "none", "  and it orders again");
}

#endif
