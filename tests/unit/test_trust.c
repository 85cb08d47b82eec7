/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "common/document.h"
#include "tests/unit/trust_fixture.h"

/* root, people, fleets */

static void
root_follows_by_both_quorums(void **state)
{
    bench_t *bench = *state;
    root_t *next = site_root_next(bench->site);
    text_copy(next->holders[1].person, TEXT_NAME_MAX + 1, "ines");
    next->holders[1].key = *machinekey_public(site_key(bench->site, "ines"));
    sealed_t sealed = site_seal_root(bench->site, next, "hana,hugo,ines");
    assert_fine(bench, site_add(bench->site, &sealed, &bench->fault));
    assert_int_equal(trust_root(bench->site->trust)->version, 2);
    assert_fine(bench, site_add(bench->site, &sealed, &bench->fault));
    sealed_done(&sealed);
    assert_fault(bench, site_add(bench->site, &bench->site->root, &bench->fault), FAULT_QUORUM);
}

static void
root_that_loses_the_quorum_of_people_stops_all(void **state)
{
    bench_t *bench = *state;
    root_t *next = site_root_next(bench->site);
    text_copy(next->holders[1].person, TEXT_NAME_MAX + 1, "ines");
    next->holders[1].key = *machinekey_public(site_key(bench->site, "ines"));
    assert_fine(bench, add(bench, site_seal_root(bench->site, next, "hana,hugo,ines")));
    assert_fault(bench, check_order(bench, order_of(bench), "pat"), FAULT_QUORUM);
    people_t *people = site_people(bench->site);
    people->version = 2;
    people->root_version = 2;
    bench->fault = (fault_t){0};
    assert_fine(bench, add(bench, site_seal_people(bench->site, people, "hana,ines")));
    assert_fine(bench, check_order(bench, order_of(bench), "pat"));
}

static void
root_skip_version(void **state)
{
    bench_t *bench = *state;
    root_t *next = site_root_next(bench->site);
    next->version = 3;
    assert_fault(bench, add(bench, site_seal_root(bench->site, next, "hana,hugo")), FAULT_VERSION);
    assert_int_equal(trust_root(bench->site->trust)->version, 1);
}

static void
root_signed_by_new_only(void **state)
{
    bench_t *bench = *state;
    static const char *const names[] = {"ines", "ivo"};
    root_t *next = site_root_next(bench->site);
    for (int i = 0; i < 2; i++) {
        text_copy(next->holders[i].person, TEXT_NAME_MAX + 1, names[i]);
        next->holders[i].key = *machinekey_public(site_key(bench->site, names[i]));
    }
    assert_fault(bench, add(bench, site_seal_root(bench->site, next, "ines,ivo")), FAULT_QUORUM);
}

static void
root_signed_by_old_only(void **state)
{
    bench_t *bench = *state;
    root_t *next = site_root_next(bench->site);
    text_copy(next->holders[1].person, TEXT_NAME_MAX + 1, "ines");
    next->holders[1].key = *machinekey_public(site_key(bench->site, "ines"));
    assert_fault(bench, add(bench, site_seal_root(bench->site, next, "hana,hugo")), FAULT_QUORUM);
}

static void
root_prev_mismatch(void **state)
{
    bench_t *bench = *state;
    root_t *next = site_root_next(bench->site);
    next->previous.bytes[0] ^= 1;
    assert_fault(bench, add(bench, site_seal_root(bench->site, next, "hana,hugo")), FAULT_VERSION);
}

static void
root_of_another_site(void **state)
{
    bench_t *bench = *state;
    hash_t other = hash_of(slice_text("other"));
    CLEANUP(trust_destroy) trust_t *trust = trust_new(&other);
    assert_fault(bench,
                 trust_add(trust, bytes_slice(bench->site->root.document),
                           bytes_slice(bench->site->root.armors), &bench->fault),
                 FAULT_SITE);
}

static void
root_expired_freeze(void **state)
{
    bench_t *bench = *state;
    wall_t late = site_after(bench->site->now, 366 * 86400);
    assert_fine(bench, trust_check_current(bench->site->trust, bench->site->now, &bench->fault));
    assert_fault(bench, trust_check_current(bench->site->trust, late, &bench->fault),
                 FAULT_EXPIRED);
}

static void
key_expired(void **state)
{
    bench_t *bench = *state;
    wall_t late = site_after(bench->site->now, 91 * 86400);
    assert_fault(bench, check_order_at(bench, order_of(bench), "pat", "w1", late), FAULT_EXPIRED);
}

static void
people_rollback(void **state)
{
    bench_t *bench = *state;
    people_t *people = site_people(bench->site);
    people->version = 2;
    assert_fine(bench, add(bench, site_seal_people(bench->site, people, "hana,hugo")));
    assert_fault(bench, site_add(bench->site, &bench->site->people, &bench->fault), FAULT_VERSION);
}

static void
people_need_the_holders_quorum(void **state)
{
    bench_t *bench = *state;
    people_t *people = site_people(bench->site);
    people->version = 2;
    assert_fault(bench, add(bench, site_seal_people(bench->site, people, "hana")), FAULT_QUORUM);
    people = site_people(bench->site);
    people->version = 2;
    assert_fault(bench, add(bench, site_seal_people(bench->site, people, "hana,pat")), FAULT_KEY);
}

static void
people_of_the_same_version_with_other_bytes(void **state)
{
    bench_t *bench = *state;
    people_t *people = site_people(bench->site);
    people->expires = site_after(people->expires, 1);
    assert_fault(bench, add(bench, site_seal_people(bench->site, people, "hana,hugo")),
                 FAULT_VERSION);
}

static void
sig_one_key_two_people_refused(void **state)
{
    bench_t *bench = *state;
    people_t *people = site_people(bench->site);
    people->version = 2;
    people->keys[people->key_count - 1].key = people->keys[0].key;
    assert_fault(bench, add(bench, site_seal_people(bench->site, people, "hana,hugo")), FAULT_KEY);
    people = site_people(bench->site);
    people->version = 2;
    people->keys[0].key = *machinekey_public(site_key(bench->site, "hana"));
    assert_fault(bench, add(bench, site_seal_people(bench->site, people, "hana,hugo")), FAULT_KEY);
}

static void
fleet_worker_id_reuse(void **state)
{
    bench_t *bench = *state;
    fleet_t *fleet = site_fleet(bench->site, "south");
    fleet->version = 2;
    text_copy(fleet->workers[0].id, TEXT_NAME_MAX + 1, "w1");
    assert_fault(bench, add(bench, site_seal_fleet(bench->site, fleet, "olaf")), FAULT_CONFLICT);
    fleet = site_fleet(bench->site, "south");
    fleet->version = 2;
    site_add_host(fleet, "web1.example", "s1");
    assert_fault(bench, add(bench, site_seal_fleet(bench->site, fleet, "olaf")), FAULT_CONFLICT);
}

static void
fleet_worker_with_a_key_that_is_taken(void **state)
{
    bench_t *bench = *state;
    static const char *const owners[] = {"w1", "pat", "hana"};
    for (size_t i = 0; i < ARRAY_SIZE(owners); i++) {
        fleet_t *fleet = site_fleet(bench->site, "south");
        fleet->version = 2;
        fleet->workers[0].key = *machinekey_public(site_key(bench->site, owners[i]));
        assert_fault(bench, add(bench, site_seal_fleet(bench->site, fleet, "olaf")), FAULT_KEY);
    }
    fleet_t *fleet = site_fleet(bench->site, "south");
    fleet->version = 2;
    fleet->workers[0].curve = site_curve("pat");
    assert_fault(bench, add(bench, site_seal_fleet(bench->site, fleet, "olaf")), FAULT_KEY);
}

static void
fleet_by_somebody_who_is_not_delegated(void **state)
{
    bench_t *bench = *state;
    fleet_t *fleet = site_fleet(bench->site, "north");
    fleet->version = 2;
    assert_fault(bench, add(bench, site_seal_fleet(bench->site, fleet, "pat")), FAULT_ROLE);
    fleet = site_fleet(bench->site, "south");
    text_copy(fleet->region, sizeof fleet->region, "west");
    assert_fault(bench, add(bench, site_seal_fleet(bench->site, fleet, "olaf")), FAULT_ROLE);
}

static void
fleet_whose_officer_left_stops_all_until_replaced(void **state)
{
    bench_t *bench = *state;
    people_t *people = site_people(bench->site);
    people->version = 2;
    people->delegate_count = 1;
    assert_fine(bench, add(bench, site_seal_people(bench->site, people, "hana,hugo")));
    assert_fault(bench, check_order(bench, order_of(bench), "pat"), FAULT_ROLE);
}

static void
site_loads_from_its_folder(void **state)
{
    bench_t *bench = *state;
    site_t *site = bench->site;
    static const char *const names[] = {"root.1", "people", "fleet.north", "fleet.south"};
    const sealed_t *sealed[] = {&site->root, &site->people, &site->north, &site->south};
    char path[160];
    for (size_t i = 0; i < ARRAY_SIZE(names); i++) {
        snprintf(path, sizeof path, "%s/%s", site_folder(site), names[i]);
        assert_int_equal(file_write(path, bytes_slice(sealed[i]->document), 0644, NULL), 0);
        snprintf(path, sizeof path, "%s/%s.sigs", site_folder(site), names[i]);
        assert_int_equal(file_write(path, bytes_slice(sealed[i]->armors), 0644, NULL), 0);
    }
    CLEANUP(trust_destroy) trust_t *trust = trust_new(&site->id);
    assert_fine(bench, trust_load(trust, site_folder(site), &bench->fault));
    assert_fine(bench, trust_check_current(trust, site->now, &bench->fault));
    assert_int_equal(trust_fleet_count(trust), 2);
    const fleet_t *fleet = NULL;
    assert_string_equal(trust_host(trust, "web1.example", &fleet)->id, "w1");
    assert_string_equal(fleet->region, "north");
    assert_null(trust_worker(trust, "w9", NULL));
    for (size_t i = 0; i < ARRAY_SIZE(names); i++) {
        snprintf(path, sizeof path, "%s/%s", site_folder(site), names[i]);
        unlink(path);
        snprintf(path, sizeof path, "%s/%s.sigs", site_folder(site), names[i]);
        unlink(path);
    }
}

/* releases */

static void
documents_that_are_none(void **state)
{
    bench_t *bench = *state;
    trust_t *trust = bench->site->trust;
    slice_t none = slice_of(NULL, 0), release = bytes_slice(bench->release.document);
    assert_fault(bench, trust_add(trust, release, none, &bench->fault), FAULT_FORMAT);
    assert_fault(bench, trust_add(trust, none, none, &bench->fault), FAULT_FORMAT);
    CLEANUP(bytes_destroy)
    bytes_t *long_one = bytes_copy(bytes_slice(bench->site->people.document));
    while (long_one->size <= DOCUMENT_BYTES_MAX)
        bytes_add_slice(long_one, bytes_slice(bench->site->people.document));
    assert_fault(bench, trust_add(trust, bytes_slice(long_one), none, &bench->fault), FAULT_LIMIT);
}

static void
documents_need_those_above_them(void **state)
{
    bench_t *bench = *state;
    site_t *site = bench->site;
    const sealed_t *below[] = {&site->people, &site->north};
    CLEANUP(trust_destroy) trust_t *trust = trust_new(&site->id);
    assert_fault(bench, trust_check_current(trust, site->now, &bench->fault), FAULT_NOT_FOUND);
    for (size_t i = 0; i < ARRAY_SIZE(below); i++)
        assert_fault(bench,
                     trust_add(trust, bytes_slice(below[i]->document),
                               bytes_slice(below[i]->armors), &bench->fault),
                     FAULT_NOT_FOUND);
    assert_fault(bench, trust_load(trust, site_folder(site), &bench->fault), FAULT_NOT_FOUND);
    assert_null(trust_fleet(trust, 0));
    assert_true(hash_equal(trust_site(trust), &site->id));
}

static void
documents_from_the_future(void **state)
{
    bench_t *bench = *state;
    site_t *site = bench->site;
    wall_t early = site_after(site->now, -1800 - 300);
    assert_fine(bench, trust_check_current(site->trust, early, &bench->fault));
    early.ms--;
    assert_fault(bench, trust_check_current(site->trust, early, &bench->fault), FAULT_EXPIRED);
}

static void
more_signatures_than_a_document_has(void **state)
{
    bench_t *bench = *state;
    const char *many = "pat,pat,pat,pat,pat,pat,pat,pat,pat,pat,pat,pat,pat,pat,pat,pat";
    char more[128];
    assert_fine(bench, check_order(bench, order_of(bench), many));
    snprintf(more, sizeof more, "%s,pat", many);
    assert_fault(bench, check_order(bench, order_of(bench), more), FAULT_LIMIT);
    CLEANUP(bytes_destroy) bytes_t *junk = bytes_new();
    while (junk->size <= SIGNATURES_BYTES_MAX)
        bytes_add_text(junk, "x");
    bytes_clear(bench->authority.armors);
    bytes_add_slice(bench->authority.armors, bytes_slice(junk));
    CLEANUP(warrant_destroy) warrant_t *warrant = check(bench, false, "w1", bench->site->now);
    assert_fault(bench, !warrant, FAULT_LIMIT);
}

static void
release_in_service(void **state)
{
    bench_t *bench = *state;
    assert_fine(bench, check_release(bench));
    assert_fine(bench, check_release(bench));
}

static void
rel_below_quorum(void **state)
{
    bench_t *bench = *state;
    replace_release(bench, site_release(bench->site), "ana", "rob");
    assert_fault(bench, check_release(bench), FAULT_QUORUM);
}

static void
rel_reviewer_is_author(void **state)
{
    bench_t *bench = *state;
    replace_release(bench, site_release(bench->site), "ana", "ana,rob");
    assert_fault(bench, check_release(bench), FAULT_QUORUM);
}

static void
sig_author_counted_as_approval(void **state)
{
    bench_t *bench = *state;
    replace_release(bench, site_release(bench->site), "ana,rita", "rob");
    assert_fault(bench, check_release(bench), FAULT_QUORUM);
}

static void
release_whose_author_did_not_sign(void **state)
{
    bench_t *bench = *state;
    replace_release(bench, site_release(bench->site), "", "rob,rita");
    assert_fault(bench, check_release(bench), FAULT_SIGNATURE);
}

static void
release_whose_author_has_no_such_role(void **state)
{
    bench_t *bench = *state;
    release_t *release = site_release(bench->site);
    text_copy(release->authors[0], TEXT_NAME_MAX + 1, "pat");
    replace_release(bench, release, "pat", "rob,rita");
    assert_fault(bench, check_release(bench), FAULT_ROLE);
}

static void
release_signed_by_a_stranger(void **state)
{
    bench_t *bench = *state;
    replace_release(bench, site_release(bench->site), "ana", "rob,rita,mallory");
    assert_fault(bench, check_release(bench), FAULT_KEY);
}

static void
release_approved_in_the_namespace_of_orders(void **state)
{
    bench_t *bench = *state;
    site_sign(bench->site, SIGN_ORDER, bytes_slice(bench->release.document), "pat",
              bench->release.armors);
    assert_fault(bench, check_release(bench), FAULT_NAMESPACE);
}

static void
rel_rollback_seq(void **state)
{
    bench_t *bench = *state;
    people_t *people = site_people(bench->site);
    people->version = 2;
    people->floor_count = 1;
    people->floors[0] = (floor_t){"disk-full", 6};
    assert_fine(bench, check_release(bench));
    assert_fine(bench, add(bench, site_seal_people(bench->site, people, "hana,hugo")));
    assert_fault(bench, check_release(bench), FAULT_VERSION);
}

static void
doc_site_mismatch_staging_to_prod(void **state)
{
    bench_t *bench = *state;
    release_t *release = site_release(bench->site);
    release->site.bytes[0] ^= 1;
    replace_release(bench, release, "ana", "rob,rita");
    assert_fault(bench, check_release(bench), FAULT_SITE);
    order_t *order = order_of(bench);
    order->site.bytes[0] ^= 1;
    assert_fault(bench, check_order(bench, order, "pat"), FAULT_SITE);
}

static void
approvals_say_who_counts(void **state)
{
    bench_t *bench = *state;
    approvals_t approvals;
    replace_release(bench, site_release(bench->site), "ana", "rob,pat,ana,rob");
    CLEANUP(release_destroy)
    release_t *release = release_decode(bytes_slice(bench->release.document), &bench->fault);
    assert_fine(bench, trust_approvals(bench->site->trust, bytes_slice(bench->release.document),
                                       bytes_slice(bench->release.armors), release, &approvals,
                                       &bench->fault));
    assert_int_equal(approvals.needed, 2);
    assert_int_equal(approvals.authors.count, 1);
    assert_int_equal(approvals.approvers.count, 1);
    assert_string_equal(approvals.approvers.person[0], "rob");
}

/* orders */

static void
order_that_holds(void **state)
{
    bench_t *bench = *state;
    order_t *order = order_of(bench);
    site_add_target(order, 2, "w2/router");
    bench->authority = site_seal_order(bench->site, order, "pat,pia");
    hash_t hash = hash_of(bytes_slice(bench->authority.document));
    for (int i = 0; i < 2; i++) {
        CLEANUP(warrant_destroy) warrant_t *warrant = check(bench, false, "w2", bench->site->now);
        assert_fine(bench, !warrant);
        assert_true(hash_equal(&warrant->run, &hash));
        assert_int_equal(warrant->allowed, CLASS_DESTRUCTIVE);
        assert_int_equal(warrant->wave, 2);
        assert_true(hash_equal(&warrant->release_hash, &bench->release_hash));
    }
}

static void
order_allows_what_its_signers_may(void **state)
{
    bench_t *bench = *state;
    static const struct {
        const char *names;
        class_t allowed;
    } rows[] = {{"pat", CLASS_CHANGE},
                {"uma", CLASS_CHANGE},
                {"pat,uma", CLASS_CHANGE},
                {"pat,pia,uma", CLASS_DESTRUCTIVE}};
    for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
        sealed_done(&bench->authority);
        bench->authority = site_seal_order(bench->site, order_of(bench), rows[i].names);
        CLEANUP(warrant_destroy) warrant_t *warrant = check(bench, false, NULL, bench->site->now);
        assert_fine(bench, !warrant);
        assert_int_equal(warrant->allowed, rows[i].allowed);
    }
}

static void
order_to_look_only_is_signed_by_one(void **state)
{
    bench_t *bench = *state;
    release_t *release = site_release(bench->site);
    release->highest = CLASS_DESTRUCTIVE;
    replace_release(bench, release, "ana", "rob,rita");
    order_t *order = order_of(bench);
    order->dry = true;
    bench->authority = site_seal_order(bench->site, order, "pat");
    CLEANUP(warrant_destroy) warrant_t *warrant = check(bench, false, "w1", bench->site->now);
    assert_fine(bench, !warrant);
    assert_int_equal(warrant->allowed, CLASS_OBSERVE);
}

static void
ord_single_signer_destructive(void **state)
{
    bench_t *bench = *state;
    release_t *release = site_release(bench->site);
    release->highest = CLASS_DESTRUCTIVE;
    replace_release(bench, release, "ana", "rob,rita");
    assert_fault(bench, check_order(bench, order_of(bench), "pat"), FAULT_QUORUM);
    assert_fault(bench, check_order(bench, order_of(bench), "pat,uma"), FAULT_CLASS);
    bench->fault = (fault_t){0};
    assert_fine(bench, check_order(bench, order_of(bench), "pat,pia"));
}

static void
ord_cosigner_equals_signer(void **state)
{
    bench_t *bench = *state;
    release_t *release = site_release(bench->site);
    release->highest = CLASS_DESTRUCTIVE;
    replace_release(bench, release, "ana", "rob,rita");
    assert_fault(bench, check_order(bench, order_of(bench), "pat,pat"), FAULT_QUORUM);
}

static void
sig_two_keys_one_person_counts_once(void **state)
{
    bench_t *bench = *state;
    add_laptop(bench);
    release_t *release = site_release(bench->site);
    release->highest = CLASS_DESTRUCTIVE;
    replace_release(bench, release, "ana", "rob,rita");
    assert_fault(bench, check_order(bench, order_of(bench), "pat,pat-laptop"), FAULT_QUORUM);
}

static void
sig_approve_reused_as_order(void **state)
{
    bench_t *bench = *state;
    bytes_t *document = bytes_new();
    CLEANUP(order_destroy) order_t *order = order_of(bench);
    order_encode(order, document);
    bench->authority = site_seal(bench->site, SIGN_APPROVE, document, "pat");
    CLEANUP(warrant_destroy) warrant_t *warrant = check(bench, false, "w1", bench->site->now);
    assert_fault(bench, !warrant, FAULT_NAMESPACE);
}

static void
order_by_somebody_who_is_no_responder(void **state)
{
    bench_t *bench = *state;
    assert_fault(bench, check_order(bench, order_of(bench), "rob"), FAULT_ROLE);
    assert_fault(bench, check_order(bench, order_of(bench), "mallory"), FAULT_KEY);
    assert_fault(bench, check_order(bench, order_of(bench), ""), FAULT_QUORUM);
}

static void
order_changed_after_signing(void **state)
{
    bench_t *bench = *state;
    bench->authority = site_seal_order(bench->site, order_of(bench), "pat");
    bytes_t *document = bench->authority.document;
    uint8_t *at = memmem(document->data, document->size, "the disk", 8);
    memcpy(at, "THE", 3);
    CLEANUP(warrant_destroy) warrant_t *warrant = check(bench, false, "w1", bench->site->now);
    assert_fault(bench, !warrant, FAULT_SIGNATURE);
}

static void
ord_inputs_swapped(void **state)
{
    bench_t *bench = *state;
    order_t *order = order_of(bench);
    order->input_count = 1;
    order->inputs[0] = (input_text_t){"mount", "/var"};
    bench->authority = site_seal_order(bench->site, order, "pat");
    bytes_t *document = bench->authority.document;
    uint8_t *at = memmem(document->data, document->size, "/var", 4);
    memcpy(at, "/etc", 4);
    CLEANUP(warrant_destroy) warrant_t *warrant = check(bench, false, "w1", bench->site->now);
    assert_fault(bench, !warrant, FAULT_SIGNATURE);
}

static void
ord_expired(void **state)
{
    bench_t *bench = *state;
    wall_t late = site_after(bench->site->now, 3601);
    assert_fault(bench, check_order_at(bench, order_of(bench), "pat", "w1", late), FAULT_EXPIRED);
}

static void
cached_order_still_expires(void **state)
{
    bench_t *bench = *state;
    assert_fine(bench, check_order(bench, order_of(bench), "pat"));
    wall_t late = site_after(bench->site->now, 3601);
    CLEANUP(warrant_destroy) warrant_t *warrant = check(bench, false, "w1", late);
    assert_fault(bench, !warrant, FAULT_EXPIRED);
}

static void
ord_not_yet_valid(void **state)
{
    bench_t *bench = *state;
    wall_t early = site_after(bench->site->now, -1);
    assert_fault(bench, check_order_at(bench, order_of(bench), "pat", "w1", early), FAULT_WINDOW);
}

static void
ord_window_over_24h(void **state)
{
    bench_t *bench = *state;
    order_t *order = order_of(bench);
    order->not_after = order->undo_until = site_after(order->not_before, 24 * 3600);
    assert_fine(bench, check_order(bench, order, "pat"));
    order = order_of(bench);
    order->not_after = order->undo_until = site_after(order->not_before, 24 * 3600 + 1);
    assert_fault(bench, check_order(bench, order, "pat"), FAULT_WINDOW);
    order = order_of(bench);
    order->not_after = order->not_before;
    assert_fault(bench, check_order(bench, order, "pat"), FAULT_WINDOW);
    order = order_of(bench);
    order->created = site_after(order->not_before, 1);
    assert_fault(bench, check_order(bench, order, "pat"), FAULT_WINDOW);
}

static void
ord_playbook_swapped(void **state)
{
    bench_t *bench = *state;
    order_t *order = order_of(bench);
    release_t *release = site_release(bench->site);
    release->sequence = 6;
    replace_release(bench, release, "ana", "rob,rita");
    assert_fault(bench, check_order(bench, order, "pat"), FAULT_HASH);
    release = site_release(bench->site);
    text_copy(release->playbook, sizeof release->playbook, "wipe");
    replace_release(bench, release, "ana", "rob,rita");
    assert_fault(bench, check_order(bench, order_of(bench), "pat"), FAULT_HASH);
}

static void
ord_scope_exceeded(void **state)
{
    bench_t *bench = *state;
    order_t *order = order_of(bench);
    site_add_target(order, 2, "s1");
    assert_fault(bench, check_order_at(bench, order, "uma", "s1", bench->site->now), FAULT_SCOPE);
    order = order_of(bench);
    site_add_target(order, 2, "s1");
    assert_fault(bench, check_order_at(bench, order, "uma", NULL, bench->site->now), FAULT_SCOPE);
    order = order_of(bench);
    site_add_target(order, 2, "s1");
    bench->fault = (fault_t){0};
    assert_fine(bench, check_order_at(bench, order, "uma", "w1", bench->site->now));
}

static void
ord_replayed_other_worker(void **state)
{
    bench_t *bench = *state;
    assert_fault(bench, check_order_at(bench, order_of(bench), "pat", "w2", bench->site->now),
                 FAULT_TARGET);
    assert_fault(bench, check_order_at(bench, order_of(bench), "pat", "w9", bench->site->now),
                 FAULT_TARGET);
}

static void
order_for_nobody_in_any_fleet(void **state)
{
    bench_t *bench = *state;
    order_t *order = order_of(bench);
    text_copy(order->targets[0].target, sizeof order->targets[0].target, "w9");
    assert_fault(bench, check_order_at(bench, order, "pat", NULL, bench->site->now), FAULT_TARGET);
}

static void
order_of_a_release_below_its_quorum(void **state)
{
    bench_t *bench = *state;
    replace_release(bench, site_release(bench->site), "ana", "rob");
    assert_fault(bench, check_order(bench, order_of(bench), "pat"), FAULT_QUORUM);
}

static void
cache_is_dropped_with_a_key(void **state)
{
    bench_t *bench = *state;
    assert_fine(bench, check_order(bench, order_of(bench), "uma"));
    people_t *people = site_people(bench->site);
    people->version = 2;
    people->key_count -= 2; /* zoe, and uma before her */
    assert_fine(bench, add(bench, site_seal_people(bench->site, people, "hana,hugo")));
    CLEANUP(warrant_destroy) warrant_t *warrant = check(bench, false, "w1", bench->site->now);
    assert_fault(bench, !warrant, FAULT_KEY);
}

/* what a run calls */

/* Whether a run of this order, which holds by itself, may call this release. */
static int
call(bench_t *bench, order_t *order, const char *names, const sealed_t *callee)
{
    sealed_done(&bench->authority);
    bench->authority = site_seal_order(bench->site, order, names);
    CLEANUP(warrant_destroy) warrant_t *warrant = check(bench, false, "w1", bench->site->now);
    assert_fine(bench, !warrant);
    CLEANUP(release_destroy)
    release_t *release =
        trust_check_callee(bench->site->trust, warrant, bytes_slice(callee->document),
                           bytes_slice(callee->armors), &bench->fault);
    return release ? 0 : -1;
}

static sealed_t
callee_of(bench_t *bench, class_t highest, const char *reviewers)
{
    release_t *release =
        site_release_of(bench->site, "wipe", slice_text(SITE_MANIFEST), slice_text(SITE_PLAYBOOK));
    release->highest = highest;
    return site_seal_release(bench->site, release, "ana", reviewers);
}

static order_t *
calling_order(bench_t *bench, const sealed_t *callee)
{
    order_t *order = order_of(bench);
    order->release_count = 2;
    text_copy(order->releases[1].playbook, TEXT_NAME_MAX + 1, "wipe");
    order->releases[1].hash = hash_of(bytes_slice(callee->document));
    return order;
}

static void
callee_that_the_order_lists(void **state)
{
    bench_t *bench = *state;
    sealed_t callee = callee_of(bench, CLASS_CHANGE, "rob,rita");
    assert_fine(bench, call(bench, calling_order(bench, &callee), "pat", &callee));
    assert_fault(bench, call(bench, order_of(bench), "pat", &callee), FAULT_HASH);
    order_t *other = calling_order(bench, &callee);
    other->releases[1].hash.bytes[0] ^= 1;
    assert_fault(bench, call(bench, other, "pat", &callee), FAULT_HASH);
    sealed_done(&callee);
}

static void
callee_below_its_own_quorum__cal_unapproved(void **state)
{
    bench_t *bench = *state;
    sealed_t callee = callee_of(bench, CLASS_CHANGE, "rob");
    assert_fault(bench, call(bench, calling_order(bench, &callee), "pat", &callee), FAULT_QUORUM);
    sealed_done(&callee);
}

static void
callee_above_what_the_orders_signers_may__cal_class(void **state)
{
    bench_t *bench = *state;
    sealed_t callee = callee_of(bench, CLASS_DESTRUCTIVE, "rob,rita");
    assert_fault(bench, call(bench, calling_order(bench, &callee), "pat", &callee), FAULT_CLASS);
    assert_fault(bench, call(bench, calling_order(bench, &callee), "uma", &callee), FAULT_CLASS);
    assert_fine(bench, call(bench, calling_order(bench, &callee), "pat,pia", &callee));
    order_t *dry = calling_order(bench, &callee);
    dry->dry = true;
    assert_fine(bench, call(bench, dry, "uma", &callee));
    sealed_done(&callee);
}

static void
callee_that_changes_needs_a_listed_wave(void **state)
{
    bench_t *bench = *state;
    release_t *looks = site_release(bench->site);
    looks->highest = CLASS_OBSERVE;
    replace_release(bench, looks, "ana", "rob,rita");
    sealed_t callee = callee_of(bench, CLASS_CHANGE, "rob,rita");
    char text[ORDER_WAVE_MAX][TEXT_NAME_MAX + 1];
    const char *names[ORDER_WAVE_MAX + 1];
    for (size_t i = 0; i < ORDER_WAVE_MAX; i++) {
        snprintf(text[i], sizeof text[i], "t%02zu", i);
        names[i] = text[i];
    }
    names[ORDER_WAVE_MAX] = "w1";
    order_t *order = calling_order(bench, &callee);
    CLEANUP(inclusion_destroy)
    inclusion_t *tree = inclusion_new(order->nonce, 1, names, ARRAY_SIZE(names), &bench->fault);
    order->target_count = 0;
    order->wave_count = 1;
    order->waves[0] = inclusion_line(tree);
    bench->place = bytes_new();
    inclusion_add_place(tree, ORDER_WAVE_MAX, "w1", bench->place);
    assert_fault(bench, call(bench, order, "pat", &callee), FAULT_TARGET);
    sealed_done(&callee);
}

static void
callee_that_is_stopped(void **state)
{
    bench_t *bench = *state;
    sealed_t callee = callee_of(bench, CLASS_CHANGE, "rob,rita");
    stop_t *stop = site_stop(bench->site, HALT_PLAYBOOK, "wipe");
    assert_fine(bench, add(bench, site_seal_stop(bench->site, stop, "olaf")));
    assert_fault(bench, call(bench, calling_order(bench, &callee), "pat", &callee), FAULT_STOPPED);
    sealed_done(&callee);
}

static void
grant_calls_nothing(void **state)
{
    bench_t *bench = *state;
    assert_fine(bench, check_grant(bench, grant_of(bench), site_alert(bench->site)));
    CLEANUP(warrant_destroy) warrant_t *warrant = check(bench, true, "w1", bench->site->now);
    assert_fine(bench, !warrant);
    assert_string_equal(warrant->target, "w1");
    assert_int_equal(warrant->signers.count, 2);
    CLEANUP(release_destroy)
    release_t *release =
        trust_check_callee(bench->site->trust, warrant, bytes_slice(bench->release.document),
                           bytes_slice(bench->release.armors), &bench->fault);
    assert_fault(bench, !release, FAULT_HASH);
}

/* grants */

static void
grant_that_holds(void **state)
{
    bench_t *bench = *state;
    assert_fine(bench, check_grant(bench, grant_of(bench), site_alert(bench->site)));
    CLEANUP(warrant_destroy) warrant_t *warrant = check(bench, true, NULL, bench->site->now);
    assert_fine(bench, !warrant);
    assert_int_equal(warrant->allowed, CLASS_CHANGE);
    assert_int_equal(warrant->wave, 1);
    hash_t run = grant_run(&warrant->authority, warrant->alert);
    assert_true(hash_equal(&run, &warrant->run));
    CLEANUP(grant_destroy)
    grant_t *grant =
        trust_check_grant(bench->site->trust, bytes_slice(bench->authority.document),
                          bytes_slice(bench->authority.armors), bench->site->now, &bench->fault);
    assert_fine(bench, !grant);
}

/* As it is submitted, without an alert. */
static int
check_grant_alone(bench_t *bench, grant_t *grant, const char *names)
{
    sealed_t sealed = site_seal_grant(bench->site, grant, names);
    CLEANUP(grant_destroy)
    grant_t *found = trust_check_grant(bench->site->trust, bytes_slice(sealed.document),
                                       bytes_slice(sealed.armors), bench->site->now, &bench->fault);
    sealed_done(&sealed);
    return found ? 0 : -1;
}

static void
grant_by_itself_is_judged_alike(void **state)
{
    bench_t *bench = *state;
    assert_fine(bench, check_grant_alone(bench, grant_of(bench), "pat,pia"));
    assert_fault(bench, check_grant_alone(bench, grant_of(bench), "pat"), FAULT_QUORUM);
    assert_fault(bench, check_grant_alone(bench, grant_of(bench), "pat,mallory"), FAULT_KEY);
    grant_t *grant = grant_of(bench);
    grant->site.bytes[0] ^= 1;
    assert_fault(bench, check_grant_alone(bench, grant, "pat,pia"), FAULT_SITE);
    grant = grant_of(bench);
    grant->issued = site_after(bench->site->now, 1);
    assert_fault(bench, check_grant_alone(bench, grant, "pat,pia"), FAULT_WINDOW);
}

static void
grant_by_a_stranger(void **state)
{
    bench_t *bench = *state;
    site_t *site = bench->site;
    assert_fault(bench, check_grant_as(bench, grant_of(bench), site_alert(site), "mallory", "w1"),
                 FAULT_KEY);
    assert_fine(bench, check_grant(bench, grant_of(bench), site_alert(site)));
}

static void
grant_needs_its_quorum_of_responders(void **state)
{
    bench_t *bench = *state;
    site_t *site = bench->site;
    assert_fault(bench, check_grant_as(bench, grant_of(bench), site_alert(site), "pat", "w1"),
                 FAULT_QUORUM);
    assert_fault(bench, check_grant_as(bench, grant_of(bench), site_alert(site), "pat,rob", "w1"),
                 FAULT_ROLE);
    assert_fault(bench, check_grant_as(bench, grant_of(bench), site_alert(site), "pat,ana", "w1"),
                 FAULT_ROLE);
}

static void
grant_never_destructive(void **state)
{
    bench_t *bench = *state;
    release_t *release = site_release(bench->site);
    release->highest = CLASS_DESTRUCTIVE;
    replace_release(bench, release, "ana", "rob,rita");
    assert_fault(bench, check_grant(bench, grant_of(bench), site_alert(bench->site)), FAULT_CLASS);
}

static void
grant_longer_than_root_allows(void **state)
{
    bench_t *bench = *state;
    grant_t *grant = grant_of(bench);
    grant->expires = site_after(grant->issued, 30 * 86400 + 1);
    assert_fault(bench, check_grant(bench, grant, site_alert(bench->site)), FAULT_WINDOW);
    grant = grant_of(bench);
    grant->expires = bench->site->now;
    assert_fault(bench, check_grant(bench, grant, site_alert(bench->site)), FAULT_EXPIRED);
}

static void
grant_alert_forged(void **state)
{
    bench_t *bench = *state;
    alert_t *alert = site_alert(bench->site);
    text_copy(alert->source, sizeof alert->source, "mallory");
    assert_fault(bench, check_grant(bench, grant_of(bench), alert), FAULT_EVIDENCE);
    grant_t *grant = grant_of(bench);
    text_copy(grant->sources[0], TEXT_NAME_MAX + 1, "mallory");
    alert = site_alert(bench->site);
    text_copy(alert->source, sizeof alert->source, "mallory");
    assert_fault(bench, check_grant(bench, grant, alert), FAULT_EVIDENCE);
    grant = grant_of(bench);
    grant->evidence = EVIDENCE_SIGNED;
    assert_fault(bench, check_grant(bench, grant, site_alert(bench->site)), FAULT_EVIDENCE);
    alert = site_alert(bench->site);
    alert->site.bytes[0] ^= 1;
    assert_fault(bench, check_grant(bench, grant_of(bench), alert), FAULT_SITE);
}

static void
grant_alert_stale(void **state)
{
    bench_t *bench = *state;
    alert_t *alert = site_alert(bench->site);
    alert->received = site_after(bench->site->now, -300);
    assert_fine(bench, check_grant(bench, grant_of(bench), alert));
    alert = site_alert(bench->site);
    alert->received = site_after(bench->site->now, -301);
    assert_fault(bench, check_grant(bench, grant_of(bench), alert), FAULT_STALE);
    alert = site_alert(bench->site);
    alert->received = site_after(bench->site->now, 61);
    assert_fault(bench, check_grant(bench, grant_of(bench), alert), FAULT_STALE);
    alert = site_alert(bench->site);
    alert->firing = false;
    assert_fault(bench, check_grant(bench, grant_of(bench), alert), FAULT_EVIDENCE);
}

static void
grant_match_not_satisfied(void **state)
{
    bench_t *bench = *state;
    grant_t *grant = grant_of(bench);
    grant->match_count = 2;
    grant->matches[1] = grant->matches[0];
    text_copy(grant->matches[1].value, sizeof grant->matches[1].value, "DiskSlow");
    assert_fine(bench, check_grant(bench, grant, site_alert(bench->site)));
    grant = grant_of(bench);
    text_copy(grant->matches[0].value, sizeof grant->matches[0].value, "DiskSlow");
    assert_fault(bench, check_grant(bench, grant, site_alert(bench->site)), FAULT_EVIDENCE);
    grant = grant_of(bench);
    grant->match_count = 2;
    grant->matches[1] = (match_t){"severity", "critical"};
    assert_fault(bench, check_grant(bench, grant, site_alert(bench->site)), FAULT_EVIDENCE);
    grant = grant_of(bench);
    grant->matches[0] = (match_t){"labels.absent", ""};
    assert_fault(bench, check_grant(bench, grant, site_alert(bench->site)), FAULT_EVIDENCE);
}

static void
grant_target_outside(void **state)
{
    bench_t *bench = *state;
    site_t *site = bench->site;
    assert_fault(bench, check_grant_as(bench, grant_of(bench), site_alert(site), "pat,pia", "w2"),
                 FAULT_TARGET);
    alert_t *alert = site_alert(site);
    text_copy(alert->host, sizeof alert->host, "w2");
    assert_fault(bench, check_grant_as(bench, grant_of(bench), alert, "pat,pia", "w2"),
                 FAULT_TARGET);
    alert = site_alert(site);
    text_copy(alert->host, sizeof alert->host, "-");
    assert_fault(bench, check_grant_as(bench, grant_of(bench), alert, "pat,pia", NULL),
                 FAULT_TARGET);
    alert = site_alert(site);
    text_copy(alert->host, sizeof alert->host, "s1");
    grant_t *grant = grant_of(bench);
    text_copy(grant->scope, sizeof grant->scope, "any");
    assert_fault(bench, check_grant_as(bench, grant, alert, "pat,uma", "s1"), FAULT_SCOPE);
}

static void
grant_for_another_release(void **state)
{
    bench_t *bench = *state;
    grant_t *grant = grant_of(bench);
    grant->release.bytes[0] ^= 1;
    assert_fault(bench, check_grant(bench, grant, site_alert(bench->site)), FAULT_HASH);
}

/* More than are kept read, each of them twice. */
static void
each_of_many_grants_says_what_it_says(void **state)
{
    bench_t *bench = *state;
    for (unsigned i = 0; i < 60; i++) {
        grant_t *grant = grant_of(bench);
        grant->budget_runs = i / 2 % 20 + 1;
        sealed_done(&bench->authority);
        sealed_done(&bench->alert);
        bench->authority = site_seal_grant(bench->site, grant, "pat,pia");
        bench->alert = site_seal_alert(bench->site, site_alert(bench->site));
        CLEANUP(warrant_destroy) warrant_t *warrant = check(bench, true, "w1", bench->site->now);
        assert_non_null(warrant);
        assert_int_equal(warrant->grant->budget_runs, i / 2 % 20 + 1);
        assert_string_equal(warrant->grant->matches[0].value, "DiskFull");
    }
}

#define row(test) cmocka_unit_test_setup_teardown(test, set_up, tear_down)

int
main(void)
{
    const struct CMUnitTest tests[] = {
        row(root_follows_by_both_quorums),
        row(root_that_loses_the_quorum_of_people_stops_all),
        row(root_skip_version),
        row(root_signed_by_new_only),
        row(root_signed_by_old_only),
        row(root_prev_mismatch),
        row(root_of_another_site),
        row(root_expired_freeze),
        row(key_expired),
        row(people_rollback),
        row(people_need_the_holders_quorum),
        row(people_of_the_same_version_with_other_bytes),
        row(sig_one_key_two_people_refused),
        row(fleet_worker_id_reuse),
        row(fleet_worker_with_a_key_that_is_taken),
        row(fleet_by_somebody_who_is_not_delegated),
        row(fleet_whose_officer_left_stops_all_until_replaced),
        row(site_loads_from_its_folder),
        row(documents_that_are_none),
        row(documents_need_those_above_them),
        row(documents_from_the_future),
        row(more_signatures_than_a_document_has),
        row(release_in_service),
        row(rel_below_quorum),
        row(rel_reviewer_is_author),
        row(sig_author_counted_as_approval),
        row(release_whose_author_did_not_sign),
        row(release_whose_author_has_no_such_role),
        row(release_signed_by_a_stranger),
        row(release_approved_in_the_namespace_of_orders),
        row(rel_rollback_seq),
        row(doc_site_mismatch_staging_to_prod),
        row(approvals_say_who_counts),
        row(order_that_holds),
        row(order_allows_what_its_signers_may),
        row(order_to_look_only_is_signed_by_one),
        row(ord_single_signer_destructive),
        row(ord_cosigner_equals_signer),
        row(sig_two_keys_one_person_counts_once),
        row(sig_approve_reused_as_order),
        row(order_by_somebody_who_is_no_responder),
        row(order_changed_after_signing),
        row(ord_inputs_swapped),
        row(ord_expired),
        row(cached_order_still_expires),
        row(ord_not_yet_valid),
        row(ord_window_over_24h),
        row(ord_playbook_swapped),
        row(ord_scope_exceeded),
        row(ord_replayed_other_worker),
        row(order_for_nobody_in_any_fleet),
        row(order_of_a_release_below_its_quorum),
        row(cache_is_dropped_with_a_key),
        row(callee_that_the_order_lists),
        row(callee_below_its_own_quorum__cal_unapproved),
        row(callee_above_what_the_orders_signers_may__cal_class),
        row(callee_that_changes_needs_a_listed_wave),
        row(callee_that_is_stopped),
        row(grant_calls_nothing),
        row(grant_that_holds),
        row(grant_by_itself_is_judged_alike),
        row(grant_by_a_stranger),
        row(grant_needs_its_quorum_of_responders),
        row(grant_never_destructive),
        row(grant_longer_than_root_allows),
        row(grant_alert_forged),
        row(grant_alert_stale),
        row(grant_match_not_satisfied),
        row(grant_target_outside),
        row(grant_for_another_release),
        row(each_of_many_grants_says_what_it_says),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
