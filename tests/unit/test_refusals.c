/* SPDX-License-Identifier: Apache-2.0 */
/* What keys/ refuses, at every place where it can: documents that are well signed and are none,
 * chains that break at each of their links, and bounds that are reached. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>

#include "common/document.h"
#include "tests/unit/trust_fixture.h"

#include <sys/stat.h>

#include "keys/curve.h"
#include "keys/roster.h"
#include "keys/secret.h"

/* A document of this type whose site is the bench's, and nothing else. */
static sealed_t
hollow(bench_t *bench, const char *type, purpose_t purpose, const char *names)
{
    char site[HASH_TEXT];
    bytes_t *text = bytes_new();
    bytes_addf(text, "tocsin-%s v1\nsite %s\nend\n", type, hash_write(&bench->site->id, site));
    return site_seal(bench->site, purpose, text, names);
}

static people_t *
people_next(bench_t *bench)
{
    people_t *people = site_people(bench->site);
    people->version = 2;
    return people;
}

static fleet_t *
fleet_next(bench_t *bench)
{
    fleet_t *fleet = site_fleet(bench->site, "north");
    fleet->version = 2;
    return fleet;
}

static int
add_people(bench_t *bench, people_t *people)
{
    return add(bench, site_seal_people(bench->site, people, "hana,hugo"));
}

static int
add_root(bench_t *bench, root_t *root, const char *names)
{
    return add(bench, site_seal_root(bench->site, root, names));
}

static int
add_fleet(bench_t *bench, fleet_t *fleet)
{
    return add(bench, site_seal_fleet(bench->site, fleet, "olaf"));
}

static void
signed_documents_that_are_none(void **state)
{
    static const struct {
        const char *type, *names;
        purpose_t purpose;
    } rows[] = {
        {"root", "hana,hugo", SIGN_ROOT},    {"people", "hana,hugo", SIGN_PEOPLE},
        {"fleet", "olaf", SIGN_FLEET},       {"stop", "olaf", SIGN_STOP},
        {"resume", "olaf,zoe", SIGN_RESUME},
    };
    bench_t *bench = *state;
    for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
        sealed_t sealed = hollow(bench, rows[i].type, rows[i].purpose, rows[i].names);
        assert_fault(bench, add(bench, sealed), FAULT_FORMAT);
        sealed = hollow(bench, rows[i].type, rows[i].purpose, rows[i].names);
        bytes_clear(sealed.armors);
        bytes_add_text(sealed.armors, "no armor\n");
        assert_fault(bench, add(bench, sealed), FAULT_SIGNATURE);
    }
}

static void
a_document_that_is_none_has_no_name(void **state)
{
    static const char *const types[] = {"root", "fleet", "order"};
    bench_t *bench = *state;
    char name[TRUST_NAME_MAX];
    for (size_t i = 0; i < ARRAY_SIZE(types); i++) {
        sealed_t sealed = hollow(bench, types[i], SIGN_ROOT, "");
        assert_fault(bench, trust_name(bytes_slice(sealed.document), name, &bench->fault),
                     FAULT_FORMAT);
        sealed_done(&sealed);
    }
    assert_fine(bench, trust_name(bytes_slice(bench->site->north.document), name, &bench->fault));
    assert_string_equal(name, "fleet.north");
}

static void
a_first_root_that_is_none(void **state)
{
    bench_t *bench = *state;
    sealed_t sealed = hollow(bench, "root", SIGN_ROOT, "hana,hugo");
    root_t *second = site_root_next(bench->site);
    for (int i = 0; i < 2; i++) {
        hash_t site = hash_of(bytes_slice(sealed.document));
        CLEANUP(trust_destroy) trust_t *trust = trust_new(&site);
        assert_fault(bench,
                     trust_add(trust, bytes_slice(sealed.document), bytes_slice(sealed.armors),
                               &bench->fault),
                     i ? FAULT_VERSION : FAULT_FORMAT);
        sealed_done(&sealed);
        if (!i)
            sealed = site_seal_root(bench->site, second, "hana,hugo");
    }
}

static void
roots_come_in_their_order_and_once(void **state)
{
    bench_t *bench = *state;
    root_t *other = site_root_next(bench->site), *third = site_root_next(bench->site);
    root_t *older = site_root_next(bench->site);
    assert_fine(bench, add_root(bench, site_root_next(bench->site), "hana,hugo"));
    other->grant_days_max = 7;
    assert_fault(bench, add_root(bench, other, "hana,hugo"), FAULT_VERSION);
    third->version = 3;
    sealed_t second = site_seal_root(bench->site, site_root_next(bench->site), "hana,hugo");
    third->previous = hash_of(bytes_slice(second.document));
    sealed_done(&second);
    assert_fine(bench, add_root(bench, third, "hana,hugo"));
    assert_fault(bench, add_root(bench, older, "hana,hugo"), FAULT_VERSION);
    root_t *foreign = site_root_next(bench->site);
    foreign->version = 4;
    foreign->site = HASH_ZERO;
    assert_fault(bench, add_root(bench, foreign, "hana,hugo"), FAULT_SITE);
}

static void
a_root_that_counts_newer_documents_stops_this_program_and_is_not_gone_back_on(void **state)
{
    bench_t *bench = *state;
    root_t *newer = site_root_next(bench->site), *older = site_root_next(bench->site);
    newer->min_version = DOCUMENT_VERSION + 1;
    sealed_t second = site_seal_root(bench->site, newer, "hana,hugo");
    older->version = 3;
    older->previous = hash_of(bytes_slice(second.document));
    assert_fine(bench, site_add(bench->site, &second, &bench->fault));
    assert_fault(bench, trust_check_current(bench->site->trust, bench->site->now, &bench->fault),
                 FAULT_VERSION);
    assert_fault(bench, add_root(bench, older, "hana,hugo"), FAULT_VERSION);
    sealed_done(&second);
}

static void
a_root_with_a_key_that_is_taken(void **state)
{
    static const char *const taken[] = {"ana", "w1", "monitor-north"};
    bench_t *bench = *state;
    for (size_t i = 0; i < ARRAY_SIZE(taken); i++) {
        root_t *root = site_root_next(bench->site);
        text_copy(root->holders[2].person, TEXT_NAME_MAX + 1, "hugo");
        root->holders[2].key = *machinekey_public(site_key(bench->site, taken[i]));
        root->holder_count = 3;
        if (memcmp(root->holders[1].key.key, root->holders[2].key.key, PUBKEY_BYTES) > 0) {
            holder_t swap = root->holders[1];
            root->holders[1] = root->holders[2];
            root->holders[2] = swap;
        }
        assert_fault(bench, add_root(bench, root, "hana,hugo"), FAULT_KEY);
    }
}

static void
a_root_is_signed_by_holders_and_by_enough_of_the_new_ones(void **state)
{
    bench_t *bench = *state;
    assert_fault(bench, add_root(bench, site_root_next(bench->site), "hana,hugo,stranger"),
                 FAULT_KEY);
    root_t *root = site_root_next(bench->site);
    text_copy(root->holders[1].person, TEXT_NAME_MAX + 1, "ivan");
    root->holders[1].key = *machinekey_public(site_key(bench->site, "ivan"));
    assert_fault(bench, add_root(bench, root, "hana,hugo"), FAULT_QUORUM);
    assert_fine(bench, add_root(bench, site_root_next(bench->site), "hana,hugo"));
}

static void
a_holder_may_be_among_people_as_the_same_person(void **state)
{
    bench_t *bench = *state;
    people_t *people = people_next(bench);
    site_add_person(bench->site, people, "hana", ROLE_OFFICER, CLASS_OBSERVE, "any");
    person_key_t last = people->keys[people->key_count - 1];
    memmove(&people->keys[3], &people->keys[2], (people->key_count - 3) * sizeof last);
    people->keys[2] = last;
    assert_fine(bench, add_people(bench, people));
    assert_fine(bench, add_root(bench, site_root_next(bench->site), "hana,hugo"));
}

static void
people_with_a_key_that_is_taken(void **state)
{
    bench_t *bench = *state;
    people_t *people = people_next(bench);
    people->keys[0].key = *machinekey_public(site_key(bench->site, "hana"));
    assert_fault(bench, add_people(bench, people), FAULT_KEY);
    people = people_next(bench);
    people->keys[0].key = *machinekey_public(site_key(bench->site, "w1"));
    assert_fault(bench, add_people(bench, people), FAULT_KEY);
    people = people_next(bench);
    people->keys[0].key = *machinekey_public(site_key(bench->site, "monitor-south"));
    assert_fault(bench, add_people(bench, people), FAULT_KEY);
    people = people_next(bench);
    people->curves[0].curve = site_curve("w1");
    assert_fault(bench, add_people(bench, people), FAULT_KEY);
    people = people_next(bench);
    people->brokers[0].curve = site_curve("w1");
    assert_fault(bench, add_people(bench, people), FAULT_KEY);
}

static void
people_need_a_root_that_is_there(void **state)
{
    bench_t *bench = *state;
    people_t *people = people_next(bench);
    people->root_version = 2;
    assert_fault(bench, add_people(bench, people), FAULT_VERSION);
    assert_fine(bench, add_root(bench, site_root_next(bench->site), "hana,hugo"));
    people = people_next(bench);
    people->root_version = 2;
    assert_fine(bench, add_people(bench, people));
}

static void
a_fleet_comes_newer_and_once(void **state)
{
    bench_t *bench = *state;
    fleet_t *fleet = site_fleet(bench->site, "north");
    fleet->expires = site_after(fleet->expires, 60);
    assert_fault(bench, add_fleet(bench, fleet), FAULT_VERSION);
    assert_fine(bench, add_fleet(bench, fleet_next(bench)));
    fleet = site_fleet(bench->site, "north");
    fleet->expires = site_after(fleet->expires, 120);
    assert_fault(bench, add_fleet(bench, fleet), FAULT_VERSION);
}

static void
a_fleet_is_signed_by_officers_alone(void **state)
{
    bench_t *bench = *state;
    sealed_t sealed = site_seal_fleet(bench->site, fleet_next(bench), "olaf,stranger");
    assert_fault(bench, add(bench, sealed), FAULT_KEY);
    sealed = site_seal_fleet(bench->site, fleet_next(bench), "ana");
    assert_fault(bench, add(bench, sealed), FAULT_ROLE);
}

/* What was kept before a restart is kept after it, though nobody who signed it is there any more.
 */
static void
a_stored_fleet_without_its_officer_stays_and_stops_all(void **state)
{
    bench_t *bench = *state;
    CLEANUP(trust_destroy) trust_t *trust = trust_new(&bench->site->id);
    site_t *site = bench->site;
    assert_int_equal(trust_restore(trust, bytes_slice(site->root.document),
                                   bytes_slice(site->root.armors), NULL),
                     0);
    people_t *people = people_next(bench);
    people->delegate_count = 1;
    people->keys[2] = people->keys[people->key_count - 1];
    people->key_count = 3;
    sealed_t sealed = site_seal_people(site, people, "hana,hugo");
    assert_int_equal(
        trust_restore(trust, bytes_slice(sealed.document), bytes_slice(sealed.armors), NULL), 0);
    sealed_done(&sealed);
    assert_int_equal(trust_restore(trust, bytes_slice(site->north.document),
                                   bytes_slice(site->north.armors), NULL),
                     0);
    assert_fault(bench, trust_check_current(trust, bench->site->now, &bench->fault), FAULT_ROLE);
}

static void
regions_have_nothing_in_common(void **state)
{
    bench_t *bench = *state;
    fleet_t *fleet = fleet_next(bench);
    fleet->workers[1].curve = site_curve("s1");
    assert_fault(bench, add_fleet(bench, fleet), FAULT_KEY);
    fleet = fleet_next(bench);
    fleet->workers[1].key = *machinekey_public(site_key(bench->site, "s1"));
    assert_fault(bench, add_fleet(bench, fleet), FAULT_KEY);
    fleet = fleet_next(bench);
    fleet->workers[1].key = *machinekey_public(site_key(bench->site, "monitor-south"));
    assert_fault(bench, add_fleet(bench, fleet), FAULT_KEY);
    fleet = fleet_next(bench);
    fleet->signers[0].key = *machinekey_public(site_key(bench->site, "s1"));
    assert_fault(bench, add_fleet(bench, fleet), FAULT_KEY);
    fleet = fleet_next(bench);
    text_copy(fleet->hosts[0].host, sizeof fleet->hosts[0].host, "s1");
    assert_fault(bench, add_fleet(bench, fleet), FAULT_CONFLICT);
}

static void
workers_have_nothing_in_common(void **state)
{
    bench_t *bench = *state;
    fleet_t *fleet = fleet_next(bench);
    fleet->workers[1].key = fleet->workers[0].key;
    assert_fault(bench, add_fleet(bench, fleet), FAULT_KEY);
    fleet = fleet_next(bench);
    fleet->workers[1].curve = fleet->workers[0].curve;
    assert_fault(bench, add_fleet(bench, fleet), FAULT_KEY);
}

static void
a_site_has_so_many_regions(void **state)
{
    bench_t *bench = *state;
    people_t *people = people_next(bench);
    people->delegate_count = 0;
    for (size_t i = 0; i <= TRUST_REGIONS_MAX; i++) {
        char region[16];
        snprintf(region, sizeof region, "%s%03zu", i < 2 ? "n" : "r", i);
        site_add_delegate(people, i == 0 ? "north" : i == 1 ? "south" : region, "olaf");
    }
    for (size_t i = 0; i + 1 < people->delegate_count; i++)
        for (size_t k = 0; k + 1 < people->delegate_count - i; k++)
            if (strcmp(people->delegates[k].region, people->delegates[k + 1].region) > 0) {
                delegate_t swap = people->delegates[k];
                people->delegates[k] = people->delegates[k + 1];
                people->delegates[k + 1] = swap;
            }
    assert_fine(bench, add_people(bench, people));
    for (size_t i = 2; i <= TRUST_REGIONS_MAX; i++) {
        fleet_t *fleet = site_fleet(bench->site, "south");
        snprintf(fleet->region, sizeof fleet->region, "r%03zu", i);
        fleet->worker_count = fleet->signer_count = 0;
        int failed = add_fleet(bench, fleet);
        if (i < TRUST_REGIONS_MAX)
            assert_fine(bench, failed);
        else
            assert_fault(bench, failed, FAULT_LIMIT);
    }
}

static void
nothing_is_judged_before_root_and_people_are_there(void **state)
{
    bench_t *bench = *state;
    approvals_t approvals;
    CLEANUP(trust_destroy) trust_t *trust = trust_new(&bench->site->id);
    assert_fault(bench, trust_check_current(trust, bench->site->now, &bench->fault),
                 FAULT_NOT_FOUND);
    assert_int_equal(trust_add(trust, bytes_slice(bench->site->root.document),
                               bytes_slice(bench->site->root.armors), &bench->fault),
                     0);
    assert_fault(bench, trust_check_current(trust, bench->site->now, &bench->fault),
                 FAULT_NOT_FOUND);
    assert_null(trust_check_release(trust, bytes_slice(bench->release.document),
                                    bytes_slice(bench->release.armors), &bench->fault));
    CLEANUP(release_destroy)
    release_t *release = release_decode(bytes_slice(bench->release.document), &bench->fault);
    assert_fault(bench,
                 trust_approvals(trust, bytes_slice(bench->release.document),
                                 bytes_slice(bench->release.armors), release, &approvals,
                                 &bench->fault),
                 FAULT_NOT_FOUND);
    assert_fault(bench,
                 trust_approvals(bench->site->trust, bytes_slice(bench->release.document),
                                 slice_text("no armor\n"), release, &approvals, &bench->fault),
                 FAULT_SIGNATURE);
    assert_null(trust_worker(trust, "w1", NULL));
    assert_null(trust_fleet(trust, 0));
}

static void
releases_that_are_none(void **state)
{
    bench_t *bench = *state;
    sealed_done(&bench->release);
    bench->release = hollow(bench, "release", SIGN_AUTHOR, "ana");
    assert_fault(bench, check_release(bench), FAULT_FORMAT);
    sealed_done(&bench->release);
    bench->release = hollow(bench, "order", SIGN_AUTHOR, "ana");
    assert_fault(bench, check_release(bench), FAULT_FORMAT);
    bench->release_hash = hash_of(bytes_slice(bench->release.document));
    assert_fault(bench, check_order(bench, order_of(bench), "pat"), FAULT_FORMAT);
    assert_fault(bench, check_grant(bench, grant_of(bench), site_alert(bench->site)), FAULT_FORMAT);
}

static void
releases_by_those_who_may_not(void **state)
{
    bench_t *bench = *state;
    replace_release(bench, site_release(bench->site), "abe", "rob,rita");
    assert_fault(bench, check_release(bench), FAULT_SIGNATURE);
    people_t *people = people_next(bench);
    for (size_t i = 0; i < people->key_count; i++)
        if (!strcmp(people->keys[i].person, "rita"))
            people->keys[i].highest = CLASS_OBSERVE;
    assert_fine(bench, add_people(bench, people));
    replace_release(bench, site_release(bench->site), "ana", "rob,rita");
    assert_fault(bench, check_release(bench), FAULT_QUORUM);
}

static void
orders_that_are_none(void **state)
{
    bench_t *bench = *state;
    bench->authority = hollow(bench, "order", SIGN_ORDER, "pat");
    assert_null(check(bench, false, "w1", bench->site->now));
    assert_fault(bench, true, FAULT_FORMAT);
    order_t *order = order_of(bench);
    order->wave_count = 1;
    order->waves[0] = (wave_line_t){.wave = 2, .count = 65};
    bench->place = bytes_new();
    bytes_add_text(bench->place, "nowhere\n");
    assert_fault(bench, check_order_at(bench, order, "pat", "w2", bench->site->now), FAULT_PROOF);
    for (size_t size = 1; size < 300; size += 298) {
        order = order_of(bench);
        order->wave_count = 1;
        order->waves[0] = (wave_line_t){.wave = 2, .count = 65};
        bytes_clear(bench->place);
        for (size_t i = 0; i < size; i++)
            bytes_add_text(bench->place, "2");
        bytes_add_text(bench->place, "\n");
        assert_fault(bench, check_order_at(bench, order, "pat", "w2", bench->site->now),
                     FAULT_PROOF);
    }
}

static void
an_order_of_a_playbook_that_is_stopped(void **state)
{
    bench_t *bench = *state;
    sealed_t stop =
        site_seal_stop(bench->site, site_stop(bench->site, HALT_PLAYBOOK, "disk-full"), "olaf");
    assert_fine(bench, add(bench, stop));
    assert_fault(bench, check_order(bench, order_of(bench), "pat"), FAULT_STOPPED);
}

static void
grants_and_alerts_that_are_none(void **state)
{
    bench_t *bench = *state;
    wall_t now = bench->site->now, late = site_after(now, 400 * 86400);
    bench->alert = site_seal_alert(bench->site, site_alert(bench->site));
    bench->authority = hollow(bench, "grant", SIGN_GRANT, "pat,pia");
    assert_null(check(bench, true, "w1", now));
    assert_fault(bench, true, FAULT_FORMAT);
    assert_null(trust_check_grant(bench->site->trust, bytes_slice(bench->authority.document),
                                  bytes_slice(bench->authority.armors), now, &bench->fault));
    sealed_done(&bench->authority);
    bench->authority = site_seal_grant(bench->site, grant_of(bench), "pat,pia");
    slice_t document = bytes_slice(bench->authority.document);
    assert_null(check(bench, true, "w1", late));
    assert_fault(bench, true, FAULT_EXPIRED);
    assert_null(trust_check_grant(bench->site->trust, document,
                                  bytes_slice(bench->authority.armors), late, &bench->fault));
    assert_fault(bench, true, FAULT_EXPIRED);
    assert_null(trust_check_grant(bench->site->trust, document, slice_text("no armor\n"), now,
                                  &bench->fault));
    assert_fault(bench, true, FAULT_SIGNATURE);
    assert_null(trust_check_grant(bench->site->trust, bytes_slice(bench->alert.document),
                                  bytes_slice(bench->authority.armors), now, &bench->fault));
    assert_fault(bench, true, FAULT_FORMAT);
    sealed_t grant = bench->authority;
    bench->authority = site_seal_order(bench->site, order_of(bench), "pat");
    assert_null(check(bench, true, "w1", now));
    assert_fault(bench, true, FAULT_FORMAT);
    sealed_done(&bench->authority);
    bench->authority = grant;
    sealed_done(&bench->alert);
    bench->alert = hollow(bench, "alert", SIGN_ALERT, "");
    assert_null(check(bench, true, "w1", now));
    assert_fault(bench, true, FAULT_FORMAT);
    bytes_clear(bench->alert.document);
    assert_null(check(bench, true, "w1", now));
    assert_fault(bench, true, FAULT_FORMAT);
}

static void
an_alert_whose_host_is_nobodys(void **state)
{
    bench_t *bench = *state;
    alert_t *alert = site_alert(bench->site);
    text_copy(alert->host, sizeof alert->host, "-");
    bench->alert = site_seal_alert(bench->site, alert);
    bench->authority = site_seal_grant(bench->site, grant_of(bench), "pat,pia");
    assert_null(check(bench, true, NULL, bench->site->now));
    assert_fault(bench, true, FAULT_TARGET);
    assert_null(check(bench, true, "nobody", bench->site->now));
    assert_fault(bench, true, FAULT_TARGET);
    CLEANUP(alert_destroy) alert_t *read = site_alert(bench->site);
    assert_string_equal(alert_field(read, "host"), "web1.example");
    assert_string_equal(alert_field(read, "title"), "disk is full");
    text_copy(read->host, sizeof read->host, "-");
    assert_null(alert_field(read, "host"));
    assert_null(alert_field(read, "nothing"));
}

static void
a_consent_that_is_none(void **state)
{
    bench_t *bench = *state;
    hash_t run = hash_of(slice_text("run"));
    consent_wish_t wish = {
        .run = run, .step = "go", .role = ROLE_RESPONDER, .worker = "w1", .target = "w1"};
    sealed_t sealed = hollow(bench, "consent", SIGN_CONSENT, "pat");
    assert_null(trust_check_consent(bench->site->trust, bytes_slice(sealed.document),
                                    bytes_slice(sealed.armors), &wish, bench->site->now,
                                    &bench->fault));
    assert_fault(bench, true, FAULT_FORMAT);
    sealed_done(&sealed);
}

static void
a_resume_lifts_a_stop_and_nothing_else(void **state)
{
    bench_t *bench = *state;
    hash_t none = hash_of(slice_text("no stop"));
    sealed_t sealed = site_seal_resume(bench->site, site_resume(bench->site, &none), "olaf,zoe");
    assert_fault(bench, add(bench, sealed), FAULT_NOT_FOUND);
    sealed = site_seal_stop(bench->site, site_stop(bench->site, HALT_SITE, "-"), "olaf");
    hash_t stop = hash_of(bytes_slice(sealed.document));
    assert_fine(bench, add(bench, sealed));
    sealed = site_seal_resume(bench->site, site_resume(bench->site, &stop), "olaf,pat");
    assert_fault(bench, add(bench, sealed), FAULT_ROLE);
    sealed = site_seal_resume(bench->site, site_resume(bench->site, &stop), "olaf,zoe");
    hash_t resume = hash_of(bytes_slice(sealed.document));
    assert_fine(bench, add(bench, sealed));
    sealed = site_seal_resume(bench->site, site_resume(bench->site, &resume), "olaf,zoe");
    assert_fault(bench, add(bench, sealed), FAULT_NOT_FOUND);
}

static void
put(const char *folder, const char *name, slice_t bytes, mode_t mode)
{
    char path[256];
    snprintf(path, sizeof path, "%s/%s", folder, name);
    assert_int_equal(file_write(path, bytes, mode, NULL), 0);
}

static void
put_sealed(const char *folder, const char *name, const sealed_t *sealed)
{
    char beside[64];
    snprintf(beside, sizeof beside, "%s.sigs", name);
    put(folder, name, bytes_slice(sealed->document), 0644);
    put(folder, beside, bytes_slice(sealed->armors), 0644);
}

static fault_code_t
load(const site_t *site, const char *folder)
{
    fault_t fault = {0};
    CLEANUP(trust_destroy) trust_t *trust = trust_new(&site->id);
    int failed = trust_load(trust, folder, &fault);
    assert_int_equal(failed, fault.code == FAULT_NONE ? 0 : -1);
    return fault.code;
}

static void
site_folders_that_hold_something_else(void **state)
{
    bench_t *bench = *state;
    site_t *site = bench->site;
    char folder[] = "/tmp/tocsin-folder-XXXXXX", path[256], command[300];
    assert_non_null(mkdtemp(folder));
    assert_int_equal(load(site, folder), FAULT_NOT_FOUND);
    put(folder, "root.1", bytes_slice(site->root.document), 0644);
    assert_int_equal(load(site, folder), FAULT_NOT_FOUND);
    put(folder, "root.1.sigs", slice_text("no armor\n"), 0644);
    assert_int_equal(load(site, folder), FAULT_SIGNATURE);
    put_sealed(folder, "root.1", &site->root);
    assert_int_equal(load(site, folder), FAULT_NONE);
    put_sealed(folder, "people", &site->root);
    assert_int_equal(load(site, folder), FAULT_NONE);
    put_sealed(folder, "people", &site->north);
    assert_int_equal(load(site, folder), FAULT_NOT_FOUND);
    put_sealed(folder, "people", &site->people);
    put(folder, "fleet", slice_text("nothing"), 0644);
    put_sealed(folder, "fleet.north", &site->north);
    put(folder, "fleet.north.new", slice_text("half of it"), 0644);
    put(folder, "fleet.south", slice_text("nothing"), 0644);
    assert_int_equal(load(site, folder), FAULT_NOT_FOUND);
    put_sealed(folder, "fleet.south", &site->south);
    assert_int_equal(load(site, folder), FAULT_NONE);
    put_sealed(folder, "fleet.east", &site->people);
    put_sealed(folder, "fleet.west", &site->people);
    assert_int_equal(load(site, folder), FAULT_NONE);
    put(folder, "fleet.east", slice_text("tocsin-fleet v1\nend\n"), 0644);
    put(folder, "fleet.west", slice_text("tocsin-fleet v1\nend\n"), 0644);
    assert_int_equal(load(site, folder), FAULT_FORMAT);
    snprintf(path, sizeof path, "%s/nowhere", folder);
    assert_int_equal(load(site, path), FAULT_NOT_FOUND);
    snprintf(path, sizeof path, "%s/root.2", folder);
    assert_int_equal(mkdir(path, 0755), 0);
    assert_int_equal(load(site, folder), FAULT_IO);
    snprintf(command, sizeof command, "rm -r %s", folder);
    assert_int_equal(system(command), 0);
}

/* Its first root is found, and then the folder is gone: all but its own file may be. */
static void
paths_that_are_too_long(void **state)
{
    bench_t *bench = *state;
    char path[5000];
    memset(path, 'a', sizeof path);
    for (size_t i = 0; i < sizeof path; i += 200)
        path[i] = '/';
    CLEANUP(bytes_destroy) bytes_t *document = NULL;
    CLEANUP(bytes_destroy) bytes_t *armors = NULL;
    path[4094] = '\0';
    assert_int_equal(load(bench->site, path), FAULT_LIMIT);
    assert_int_equal(signed_load(path, &document, &armors, &bench->fault), -1);
    assert_int_equal(bench->fault.code, FAULT_LIMIT);
}

static void
secrets_that_are_none(void **state)
{
    bench_t *bench = *state;
    static const char *const none[] = {
        "", "0123\n", "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef0",
        "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdeg\n"};
    const char *folder = site_folder(bench->site);
    uint8_t secret[SECRET_BYTES];
    curvepair_t pair;
    char path[256], nowhere[300];
    snprintf(path, sizeof path, "%s/secret", folder);
    snprintf(nowhere, sizeof nowhere, "%s/nowhere/secret", folder);
    for (size_t i = 0; i < ARRAY_SIZE(none); i++) {
        put(folder, "secret", slice_text(none[i]), 0600);
        assert_fault(bench, curve_load(&pair, path, &bench->fault), FAULT_KEY);
        assert_null(machinekey_load(path, &bench->fault));
    }
    unlink(path);
    assert_int_equal(secret_load(path, secret, NULL), -1);
    assert_fault(bench, curve_make(&pair, nowhere, &bench->fault), FAULT_IO);
    assert_null(machinekey_make(nowhere, &bench->fault));
    assert_fine(bench, curve_make(&pair, path, &bench->fault));
    assert_fault(bench, curve_make(&pair, path, &bench->fault), FAULT_CONFLICT);
    assert_fine(bench, curve_load(&pair, path, &bench->fault));
    assert_int_equal(chmod(path, 0640), 0);
    assert_fault(bench, curve_load(&pair, path, &bench->fault), FAULT_KEY);
    unlink(path);
    assert_fault(bench, curve_load(&pair, folder, &bench->fault), FAULT_KEY);
    snprintf(path, sizeof path, "%s/secret/below", folder);
    put(folder, "secret", slice_text("a file"), 0600);
    assert_fault(bench, curve_load(&pair, path, &bench->fault), FAULT_NOT_FOUND);
    snprintf(path, sizeof path, "%s/secret", folder);
    unlink(path);
    memset(nowhere, 'a', sizeof nowhere);
    nowhere[299] = '\0';
    assert_fault(bench, curve_load(&pair, nowhere, &bench->fault), FAULT_IO);
    assert_int_equal(secret_load(nowhere, secret, NULL), -1);
}

static hash_t
take_back(bench_t *bench, halt_what_t what, const char *name)
{
    sealed_t sealed = site_seal_stop(bench->site, site_stop(bench->site, what, name), "olaf");
    hash_t hash = hash_of(bytes_slice(sealed.document));
    assert_fine(bench, add(bench, sealed));
    return hash;
}

static void
a_revoked_grant_is_none_by_itself_either(void **state)
{
    bench_t *bench = *state;
    char text[HASH_TEXT];
    bench->authority = site_seal_grant(bench->site, grant_of(bench), "pat,pia");
    hash_t hash = hash_of(bytes_slice(bench->authority.document));
    take_back(bench, HALT_GRANT, hash_write(&hash, text));
    assert_null(trust_check_grant(bench->site->trust, bytes_slice(bench->authority.document),
                                  bytes_slice(bench->authority.armors), bench->site->now,
                                  &bench->fault));
    assert_fault(bench, true, FAULT_REVOKED);
}

/* As after a restart, when people no longer list who signed it. */
static void
a_stored_revoke_outlives_its_signer(void **state)
{
    bench_t *bench = *state;
    stop_t *revoke = site_stop(bench->site, HALT_WORKER, "w1");
    sealed_t sealed = site_seal_stop(bench->site, revoke, "stranger");
    assert_fine(bench, trust_restore(bench->site->trust, bytes_slice(sealed.document),
                                     bytes_slice(sealed.armors), &bench->fault));
    sealed_done(&sealed);
    assert_fault(bench, check_order(bench, order_of(bench), "pat"), FAULT_REVOKED);
    assert_non_null(strstr(bench->fault.text, "somebody who left"));
}

/* A pardoned revoke, older than all of them, is no lifted stop that could make room for one. */
static void
pardon_a_revoke(bench_t *bench)
{
    people_t *people = people_next(bench);
    people->pardons = memory_new(1, sizeof *people->pardons);
    people->pardons[people->pardon_count++] = take_back(bench, HALT_WORKER, "w2");
    assert_fine(bench, add_people(bench, people));
}

/* Of lifted stops the oldest makes room, wherever it stands. */
static void
the_oldest_lifted_stop_makes_room(void **state)
{
    bench_t *bench = *state;
    hash_t hashes[3];
    pardon_a_revoke(bench);
    for (size_t i = 0; i < TRUST_STOPS_MAX; i++) {
        stop_t *stop = site_stop(bench->site, HALT_PLAYBOOK, "disk-full");
        snprintf(stop->nonce, sizeof stop->nonce, "%032zx", i);
        stop->created = site_after(bench->site->now, i == 1 ? -7200 : i < 3 ? -3600 : 0);
        sealed_t sealed = site_seal_stop(bench->site, stop, "olaf");
        if (i < 3)
            hashes[i] = hash_of(bytes_slice(sealed.document));
        assert_fine(bench, add(bench, sealed));
    }
    stop_t *over = site_stop(bench->site, HALT_SITE, "-");
    assert_fault(bench, add(bench, site_seal_stop(bench->site, over, "olaf")), FAULT_LIMIT);
    for (size_t i = 0; i < 3; i++)
        assert_fine(bench,
                    add(bench, site_seal_resume(bench->site, site_resume(bench->site, &hashes[i]),
                                                "olaf,zoe")));
    over = site_stop(bench->site, HALT_SITE, "-");
    assert_fine(bench, add(bench, site_seal_stop(bench->site, over, "olaf")));
    for (size_t i = 0; i < trust_halt_count(bench->site->trust); i++)
        assert_false(hash_equal(&trust_halt(bench->site->trust, i)->hash, &hashes[1]));
}

/* One more line of a kind than there may be. */
static void
documents_have_so_many_lines(void **state)
{
    bench_t *bench = *state;
    site_t *site = bench->site;
    CLEANUP(bytes_destroy) bytes_t *text = bytes_new();
    CLEANUP(bytes_destroy) bytes_t *line = bytes_new();
    people_t *people = people_next(bench);
    pubkey_t first = people->keys[0].key;
    people->keys = memory_resize(people->keys, PEOPLE_MAX + 1, sizeof *people->keys);
    for (size_t i = 0; i <= PEOPLE_MAX; i++) {
        person_key_t *key = &people->keys[i];
        *key = (person_key_t){.roles = ROLE_AUTHOR, .scope = "any", .key = first};
        key->key.kind = PUBKEY_SK_ED25519;
        snprintf(key->person, sizeof key->person, "p%03zu", i);
        snprintf(key->key.application, sizeof key->key.application, "ssh:%zu", i);
    }
    people->key_count = PEOPLE_MAX + 1;
    assert_fault(bench, add_people(bench, people), FAULT_LIMIT);
    root_t *root = site_root_next(site);
    root_encode(root, text);
    text->size -= 4; /* without its end */
    for (size_t i = 0; i < ROOT_HOLDERS_MAX; i++) {
        char key[32];
        snprintf(key, sizeof key, "holder%02zu", i);
        bytes_clear(line);
        pubkey_write(machinekey_public(site_key(site, key)), line);
        bytes_addf(text, "holder z%02zu %s\n", i, bytes_text(line));
    }
    bytes_add_text(text, "end\n");
    root_destroy(&root);
    assert_null(root_decode(bytes_slice(text), &bench->fault));
    assert_fault(bench, true, FAULT_LIMIT);
    order_t *order = order_of(bench);
    for (size_t i = 0; i < ORDER_TARGETS_MAX; i++) {
        char target[32];
        snprintf(target, sizeof target, "x%04zu", i);
        site_add_target(order, (unsigned)(2 + i / ORDER_WAVE_MAX), target);
    }
    assert_fault(bench, check_order(bench, order, "pat"), FAULT_LIMIT);
}

/* People with one line too many, each of which goes behind the last that starts with 'behind'. */
static fault_code_t
judge_crowd(bench_t *bench, const char *front, int digits, const char *back, const char *behind)
{
    fault_t fault = {0};
    people_t *people = people_next(bench);
    CLEANUP(bytes_destroy) bytes_t *text = bytes_new();
    CLEANUP(bytes_destroy) bytes_t *crowd = bytes_new();
    people_encode(people, text);
    people_destroy(&people);
    const char *at = strstr(bytes_text(text), behind);
    assert_non_null(at);
    size_t before = (size_t)(strchr(at, '\n') + 1 - bytes_text(text));
    bytes_add(crowd, text->data, before);
    for (unsigned i = 0; i <= PEOPLE_MAX; i++)
        bytes_addf(crowd, "%s%0*u%s\n", front, digits, i, back);
    bytes_add(crowd, text->data + before, text->size - before);
    CLEANUP(people_destroy) people_t *read = people_decode(bytes_slice(crowd), &fault);
    assert_null(read);
    return fault.code;
}

static void
people_have_so_many_lines(void **state)
{
    bench_t *bench = *state;
    const char *last = "delegate south";
    assert_int_equal(judge_crowd(bench, "delegate west x", 3, "", last), FAULT_LIMIT);
    assert_int_equal(judge_crowd(bench, "floor x", 3, " 1", last), FAULT_LIMIT);
    assert_int_equal(judge_crowd(bench, "pardon ", 64, "", "key zoe"), FAULT_LIMIT);
}

static void
a_fleet_that_speaks_of_itself(void **state)
{
    bench_t *bench = *state;
    fleet_t *fleet = fleet_next(bench);
    fleet->workers[1].curve = site_curve("w1");
    assert_fault(bench, add_fleet(bench, fleet), FAULT_KEY);
    fleet = fleet_next(bench);
    text_copy(fleet->hosts[0].host, sizeof fleet->hosts[0].host, "w1");
    assert_fine(bench, add_fleet(bench, fleet));
    assert_fine(bench, site_add(bench->site, &bench->site->south, &bench->fault));
    assert_non_null(trust_host(bench->site->trust, "w1", NULL));
    people_t *people = people_next(bench);
    people->curves[0].curve = people->brokers[0].curve;
    assert_fault(bench, add_people(bench, people), FAULT_KEY);
    people = people_next(bench);
    text_copy(people->curves[1].name, TEXT_NAME_MAX + 1, "pia");
    people->curves[1].curve = people->curves[people->curve_count++ - 1].curve;
    assert_fault(bench, add_people(bench, people), FAULT_KEY);
}

static void
a_region_may_have_two_officers(void **state)
{
    bench_t *bench = *state;
    people_t *people = people_next(bench);
    site_add_delegate(people, "south", "zoe");
    assert_fine(bench, add_people(bench, people));
    fleet_t *fleet = site_fleet(bench->site, "south");
    fleet->version = 2;
    assert_fine(bench, add(bench, site_seal_fleet(bench->site, fleet, "zoe")));
    fleet = fleet_next(bench);
    assert_fault(bench, add(bench, site_seal_fleet(bench->site, fleet, "zoe")), FAULT_ROLE);
}

static void
hashes_have_an_order_and_secrets_have_none(void **state)
{
    hash_t less = hash_of(slice_text("one")), more = less;
    (void)state;
    more.bytes[HASH_BYTES - 1]++;
    assert_true(hash_compare(&less, &more) < 0 && hash_compare(&more, &less) > 0);
    assert_int_equal(hash_compare(&less, &less), 0);
    assert_true(slice_same_secret(slice_text("one"), slice_text("one")));
    assert_false(slice_same_secret(slice_text("one"), slice_text("on")));
    assert_false(slice_same_secret(slice_text(""), slice_text("one")));
}

static void
nothing_at_all_is_destroyed(void **state)
{
    trust_t *trust = NULL;
    (void)state;
    trust_destroy(&trust);
    assert_null(trust);
}

static void
an_input_stays_within_its_bounds(void **state)
{
    static const struct {
        const char *kind, *value, *text;
        bool holds;
    } rows[] = {
        {"under", "/", "/", true},
        {"under", "/", "/var", true},
        {"under", "/var/", "/var", true},
        {"under", "/var", "/var/", true},
        {"under", "/var", "/variant", false},
        {"under", "/var", "/var/./a", false},
        {"under", "/var", "/var/..", false},
        {"under", "/var", "/var/..a", true},
        {"under", "/var", "/var/.a", true},
        {"under", "/var", "/var//a", false},
        {"under", "/var", "var", false},
        {"from", "3", "3", true},
        {"from", "3", "2", false},
        {"to", "3", "3", true},
        {"to", "3", "4", false},
        {"to", "3", "three", false},
        {"to", "three", "3", false},
        {"equals", "a", "a", true},
        {"equals", "a", "b", false},
        {"within", "10.0.0.0/8", "10.1.2.3", true},
        {"within", "10.0.0.0/8", "10.1.0.0/16", true},
        {"within", "10.1.2.3", "10.1.2.3", true},
        {"within", "10.0.0.0/8", "11.1.2.3", false},
        {"within", "10.0.0.0/8", "::a", false},
        {"within", "10.0.0.0/8", "010.1.2.3", false},
        {"within", "10.0.0.0/40", "10.1.2.3", false},
        {"from", "three", "3", false},
        {"from", "3", "three", false},
    };
    bench_t *bench = *state;
    for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
        CLEANUP(grant_destroy) grant_t *grant = grant_of(bench);
        input_text_t input = {"mount", ""}, other = {"other", "a"};
        text_copy(input.text, sizeof input.text, rows[i].text);
        grant->bound_count = 1;
        text_copy(grant->bounds[0].input, TEXT_NAME_MAX + 1, "mount");
        text_copy(grant->bounds[0].kind, sizeof grant->bounds[0].kind, rows[i].kind);
        text_copy(grant->bounds[0].value, sizeof grant->bounds[0].value, rows[i].value);
        assert_int_equal(!grant_check_inputs(grant, &input, 1, &bench->fault), rows[i].holds);
        assert_int_equal(grant_check_inputs(grant, &other, 1, &bench->fault), -1);
    }
}

static void
public_keys_that_are_too_long(void **state)
{
    bench_t *bench = *state;
    pubkey_t key;
    char line[1200];
    memset(line, 'A', sizeof line);
    line[1100] = '\0';
    assert_fault(bench, pubkey_read_line(&key, line, &bench->fault), FAULT_FORMAT);
    line[100] = ' ';
    assert_fault(bench, pubkey_read_line(&key, line, &bench->fault), FAULT_FORMAT);
    memcpy(line, "ssh-ed25519 ", 12);
    line[100] = 'A';
    assert_fault(bench, pubkey_read_line(&key, line, &bench->fault), FAULT_FORMAT);
    line[12 + 400] = '\0';
    assert_fault(bench, pubkey_read_line(&key, line, &bench->fault), FAULT_FORMAT);
}

static void
armors_that_are_not_quite_one(void **state)
{
    static const char *const none[] = {
        "-----BEGIN SSH SIGNATURE-----\nAAAA-----END SSH SIGNATURE-----\n",
        "-----BEGIN SSH SIGNATURE-----\n\n-----END SSH SIGNATURE-----\n",
        "-----BEGIN SSH SIGNATURES----\nAAAA\n-----END SSH SIGNATURE-----\n",
        "-----BEGIN SSH SIGNATURE-----\n-----END SSH SIGNATURE-----\n",
    };
    bench_t *bench = *state;
    signature_t signature;
    for (size_t i = 0; i < ARRAY_SIZE(none); i++)
        assert_fault(bench, signature_decode(&signature, slice_text(none[i]), &bench->fault),
                     FAULT_SIGNATURE);
    CLEANUP(bytes_destroy) bytes_t *large = bytes_new();
    bytes_add_text(large, "-----BEGIN SSH SIGNATURE-----\n");
    for (size_t i = 0; i < 40; i++)
        bytes_addf(large, "%070d\n", 0);
    bytes_add_text(large, "-----END SSH SIGNATURE-----\n");
    assert_fault(bench, signature_decode(&signature, bytes_slice(large), &bench->fault),
                 FAULT_SIGNATURE);
}

static void
a_scope_reads_labels_as_they_are(void **state)
{
    char name[80];
    (void)state;
    memset(name, 'k', sizeof name);
    memcpy(name + 70, "=v", 3);
    assert_false(scope_valid(name));
    memcpy(name, "k=", 2);
    name[70] = '\0';
    assert_false(scope_valid(name));
    assert_false(scope_covers("a", "a=1", "north"));
    assert_false(scope_covers("a=1", "-", "north"));
    assert_true(scope_covers("a=1,region=north", "a=1", "north"));
}

int
main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
    const struct CMUnitTest tests[] = {
        TEST(signed_documents_that_are_none),
        TEST(a_document_that_is_none_has_no_name),
        TEST(a_first_root_that_is_none),
        TEST(roots_come_in_their_order_and_once),
        TEST(a_root_that_counts_newer_documents_stops_this_program_and_is_not_gone_back_on),
        TEST(a_root_with_a_key_that_is_taken),
        TEST(a_root_is_signed_by_holders_and_by_enough_of_the_new_ones),
        TEST(a_holder_may_be_among_people_as_the_same_person),
        TEST(people_with_a_key_that_is_taken),
        TEST(people_need_a_root_that_is_there),
        TEST(a_fleet_comes_newer_and_once),
        TEST(a_fleet_is_signed_by_officers_alone),
        TEST(a_stored_fleet_without_its_officer_stays_and_stops_all),
        TEST(regions_have_nothing_in_common),
        TEST(workers_have_nothing_in_common),
        TEST(a_site_has_so_many_regions),
        TEST(nothing_is_judged_before_root_and_people_are_there),
        TEST(releases_that_are_none),
        TEST(releases_by_those_who_may_not),
        TEST(orders_that_are_none),
        TEST(an_order_of_a_playbook_that_is_stopped),
        TEST(grants_and_alerts_that_are_none),
        TEST(an_alert_whose_host_is_nobodys),
        TEST(a_consent_that_is_none),
        TEST(a_resume_lifts_a_stop_and_nothing_else),
        TEST(site_folders_that_hold_something_else),
        TEST(paths_that_are_too_long),
        TEST(secrets_that_are_none),
        TEST(a_revoked_grant_is_none_by_itself_either),
        TEST(a_stored_revoke_outlives_its_signer),
        TEST(the_oldest_lifted_stop_makes_room),
        TEST(documents_have_so_many_lines),
        TEST(people_have_so_many_lines),
        TEST(a_fleet_that_speaks_of_itself),
        TEST(a_region_may_have_two_officers),
        TEST(hashes_have_an_order_and_secrets_have_none),
        TEST(nothing_at_all_is_destroyed),
        TEST(an_input_stays_within_its_bounds),
        TEST(public_keys_that_are_too_long),
        TEST(armors_that_are_not_quite_one),
        TEST(a_scope_reads_labels_as_they_are),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
