/* SPDX-License-Identifier: Apache-2.0 */
/* Alerts that their source signed: docs/PROTOCOL.md 3.3, 3.6 and 3.7, a neighbour of what holds at
 * a time. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "tests/unit/trust_fixture.h"

/* Whether worker takes an alert that this key signed, under a grant that asks for it. */
static int
check_signed_as(bench_t *bench, alert_t *alert, const char *key, const char *worker)
{
    grant_t *grant = grant_of(bench);
    grant->evidence = EVIDENCE_SIGNED;
    sealed_done(&bench->authority);
    sealed_done(&bench->alert);
    bench->authority = site_seal_grant(bench->site, grant, "pat,pia");
    bench->alert = site_seal_alert_by(bench->site, alert, key);
    CLEANUP(warrant_destroy) warrant_t *warrant = check(bench, true, worker, bench->site->now);
    return warrant ? 0 : -1;
}

static int
check_signed(bench_t *bench, alert_t *alert, const char *key)
{
    return check_signed_as(bench, alert, key, "w1");
}

/* The same offer once more. */
static int
check_again(bench_t *bench)
{
    CLEANUP(warrant_destroy) warrant_t *warrant = check(bench, true, "w1", bench->site->now);
    return warrant ? 0 : -1;
}

/* Whether whoever passes it on may. */
static int
hear(bench_t *bench)
{
    CLEANUP(alert_destroy)
    alert_t *alert =
        trust_check_signed_alert(bench->site->trust, bytes_slice(bench->alert.document),
                                 bytes_slice(bench->alert.armors), &bench->fault);
    return alert ? 0 : -1;
}

static void
seal(bench_t *bench, alert_t *alert, const char *key)
{
    sealed_done(&bench->alert);
    bench->alert = site_seal_alert_by(bench->site, alert, key);
}

static void
replace_armor(bench_t *bench, purpose_t purpose, const char *key)
{
    bytes_clear(bench->alert.armors);
    site_sign(bench->site, purpose, bytes_slice(bench->alert.document), key, bench->alert.armors);
}

static fleet_t *
next_fleet(bench_t *bench, const char *region)
{
    fleet_t *fleet = site_fleet(bench->site, region);
    fleet->version = 2;
    return fleet;
}

static int
add_fleet(bench_t *bench, fleet_t *fleet)
{
    return add(bench, site_seal_fleet(bench->site, fleet, "olaf"));
}

static void
an_alert_that_its_source_signed_is_evidence(void **state)
{
    bench_t *bench = *state;
    assert_fine(bench, check_signed(bench, site_alert(bench->site), "monitor-north"));
    assert_fine(bench, check_again(bench));
}

static void
an_alert_without_a_signature_is_none(void **state)
{
    bench_t *bench = *state;
    assert_fault(bench, check_signed(bench, site_alert(bench->site), ""), FAULT_EVIDENCE);
}

static void
nobody_else_can_sign_it(void **state)
{
    static const char *const others[] = {"mallory", "pat", "olaf", "w1", "monitor-south"};
    bench_t *bench = *state;
    for (size_t i = 0; i < ARRAY_SIZE(others); i++)
        assert_fault(bench, check_signed(bench, site_alert(bench->site), others[i]),
                     FAULT_EVIDENCE);
}

static void
another_source_of_the_region_cannot_sign_it(void **state)
{
    bench_t *bench = *state;
    fleet_t *fleet = next_fleet(bench, "north");
    fleet->sources = memory_resize(fleet->sources, 2, sizeof *fleet->sources);
    text_copy(fleet->sources[1], TEXT_NAME_MAX + 1, "watcher");
    fleet->source_count = 2;
    site_add_signer(bench->site, fleet, "watcher", "watcher");
    assert_fine(bench, add_fleet(bench, fleet));
    assert_fault(bench, check_signed(bench, site_alert(bench->site), "watcher"), FAULT_EVIDENCE);
    assert_fault(bench, hear(bench), FAULT_KEY);
}

static void
a_source_may_have_a_second_key(void **state)
{
    bench_t *bench = *state;
    fleet_t *fleet = next_fleet(bench, "north");
    site_add_signer(bench->site, fleet, "monitor", "monitor-spare");
    if (memcmp(fleet->signers[0].key.key, fleet->signers[1].key.key, PUBKEY_BYTES) > 0) {
        signer_line_t first = fleet->signers[0];
        fleet->signers[0] = fleet->signers[1];
        fleet->signers[1] = first;
    }
    assert_fine(bench, add_fleet(bench, fleet));
    assert_fine(bench, check_signed(bench, site_alert(bench->site), "monitor-spare"));
    assert_fine(bench, check_signed(bench, site_alert(bench->site), "monitor-north"));
}

static void
other_bytes_than_were_signed_are_no_evidence(void **state)
{
    bench_t *bench = *state;
    assert_fine(bench, check_signed(bench, site_alert(bench->site), "monitor-north"));
    bytes_t *kept = MOVE(bench->alert.armors);
    alert_t *alert = site_alert(bench->site);
    alert->starts.ms++;
    seal(bench, alert, "");
    bytes_destroy(&bench->alert.armors);
    bench->alert.armors = kept;
    assert_fault(bench, check_again(bench), FAULT_EVIDENCE);
    assert_fault(bench, hear(bench), FAULT_SIGNATURE);
}

static void
one_armor_in_the_alerts_namespace_and_nothing_else_stands_beside_it(void **state)
{
    bench_t *bench = *state;
    assert_fine(bench, check_signed(bench, site_alert(bench->site), "monitor-north"));
    replace_armor(bench, SIGN_ALERT, "monitor-north,monitor-north");
    assert_fault(bench, check_again(bench), FAULT_EVIDENCE);
    replace_armor(bench, SIGN_RECEIPT, "monitor-north");
    assert_fault(bench, check_again(bench), FAULT_EVIDENCE);
    assert_fault(bench, hear(bench), FAULT_NAMESPACE);
    bytes_clear(bench->alert.armors);
    bytes_add_text(bench->alert.armors, "-----BEGIN SSH SIGNATURE-----\n");
    assert_fault(bench, check_again(bench), FAULT_EVIDENCE);
}

static void
a_key_that_left_the_fleet_signs_no_more(void **state)
{
    bench_t *bench = *state;
    assert_fine(bench, check_signed(bench, site_alert(bench->site), "monitor-north"));
    assert_fine(bench, hear(bench));
    fleet_t *fleet = next_fleet(bench, "north");
    fleet->signer_count = 0;
    assert_fine(bench, add_fleet(bench, fleet));
    assert_fault(bench, check_again(bench), FAULT_EVIDENCE);
    assert_fault(bench, hear(bench), FAULT_KEY);
}

static void
freshness_counts_from_what_the_source_wrote(void **state)
{
    bench_t *bench = *state;
    alert_t *alert = site_alert(bench->site);
    alert->received = site_after(bench->site->now, -301);
    assert_fault(bench, check_signed(bench, alert, "monitor-north"), FAULT_STALE);
    alert = site_alert(bench->site);
    alert->received = site_after(bench->site->now, 61);
    assert_fault(bench, check_signed(bench, alert, "monitor-north"), FAULT_STALE);
}

static void
where_the_brokers_word_is_enough_a_signature_does_no_harm(void **state)
{
    bench_t *bench = *state;
    assert_fine(bench, check_grant(bench, grant_of(bench), site_alert(bench->site)));
    replace_armor(bench, SIGN_ALERT, "monitor-north");
    assert_fine(bench, check_again(bench));
    replace_armor(bench, SIGN_ALERT, "mallory");
    assert_fine(bench, check_again(bench));
}

static void
a_grant_that_asks_for_signed_alerts_holds_by_itself(void **state)
{
    bench_t *bench = *state;
    grant_t *grant = grant_of(bench);
    grant->evidence = EVIDENCE_SIGNED;
    sealed_done(&bench->authority);
    bench->authority = site_seal_grant(bench->site, grant, "pat,pia");
    CLEANUP(grant_destroy)
    grant_t *holds =
        trust_check_grant(bench->site->trust, bytes_slice(bench->authority.document),
                          bytes_slice(bench->authority.armors), bench->site->now, &bench->fault);
    assert_fine(bench, !holds);
}

static void
it_is_passed_on_for_any_region_and_only_if_it_was_signed(void **state)
{
    bench_t *bench = *state;
    seal(bench, site_alert(bench->site), "monitor-south");
    assert_fine(bench, hear(bench));
    seal(bench, site_alert(bench->site), "mallory");
    assert_fault(bench, hear(bench), FAULT_KEY);
    seal(bench, site_alert(bench->site), "");
    assert_fault(bench, hear(bench), FAULT_SIGNATURE);
    alert_t *alert = site_alert(bench->site);
    alert->site.bytes[0] ^= 1;
    seal(bench, alert, "monitor-north");
    assert_fault(bench, hear(bench), FAULT_SITE);
}

static void
what_is_signed_and_no_alert_is_not_passed_on(void **state)
{
    bench_t *bench = *state;
    seal(bench, site_alert(bench->site), "");
    bytes_add_text(bench->alert.document, "end\n");
    replace_armor(bench, SIGN_ALERT, "monitor-north");
    assert_fault(bench, hear(bench), FAULT_FORMAT);
}

static void
a_signer_is_a_source_of_its_region(void **state)
{
    bench_t *bench = *state;
    fleet_t *fleet = next_fleet(bench, "north");
    site_add_signer(bench->site, fleet, "zabbix", "zabbix");
    assert_fault(bench, add_fleet(bench, fleet), FAULT_FORMAT);
}

static void
a_signers_key_is_nobody_elses(void **state)
{
    static const char *const owners[] = {"hana", "pat", "w1", "s1", "monitor-south"};
    bench_t *bench = *state;
    for (size_t i = 0; i < ARRAY_SIZE(owners); i++) {
        fleet_t *fleet = next_fleet(bench, "north");
        fleet->signers[0].key = *machinekey_public(site_key(bench->site, owners[i]));
        assert_fault(bench, add_fleet(bench, fleet), FAULT_KEY);
    }
    fleet_t *fleet = next_fleet(bench, "south");
    fleet->workers[0].key = *machinekey_public(site_key(bench->site, "monitor-north"));
    assert_fault(bench, add_fleet(bench, fleet), FAULT_KEY);
}

static void
two_sources_share_no_key_and_none_is_a_fido_key(void **state)
{
    bench_t *bench = *state;
    fleet_t *fleet = next_fleet(bench, "north");
    fleet->sources = memory_resize(fleet->sources, 2, sizeof *fleet->sources);
    text_copy(fleet->sources[1], TEXT_NAME_MAX + 1, "watcher");
    fleet->source_count = 2;
    site_add_signer(bench->site, fleet, "watcher", "monitor-north");
    assert_fault(bench, add_fleet(bench, fleet), FAULT_KEY);
    fleet = next_fleet(bench, "north");
    fleet->signers[0].key.kind = PUBKEY_SK_ED25519;
    text_copy(fleet->signers[0].key.application, PUBKEY_APPLICATION_MAX + 1, "ssh:");
    assert_fault(bench, add_fleet(bench, fleet), FAULT_KEY);
}

static void
signers_are_bounded(void **state)
{
    bench_t *bench = *state;
    fleet_t *fleet = next_fleet(bench, "north");
    CLEANUP(bytes_destroy) bytes_t *document = bytes_new();
    CLEANUP(bytes_destroy) bytes_t *lines = bytes_new();
    CLEANUP(bytes_destroy) bytes_t *text = bytes_new();
    fleet_encode(fleet, document);
    fleet_destroy(&fleet);
    const char *at = strstr(bytes_text(document), "signer "), *key = strstr(at, "ssh-ed25519");
    for (unsigned i = 0; i <= FLEET_SIGNERS_MAX; i++)
        bytes_addf(lines, "signer m%03u %.*s\n", i, (int)strcspn(key, "\n"), key);
    bytes_add(text, document->data, (size_t)(at - bytes_text(document)));
    bytes_add_slice(text, bytes_slice(lines));
    bytes_add_text(text, strstr(bytes_text(document), "worker "));
    fleet = fleet_decode(bytes_slice(text), &bench->fault);
    assert_fault(bench, !fleet, FAULT_LIMIT);
}

/* Root and people that come later are held against the signers that are there. */
static void
people_who_come_later_have_no_signers_key(void **state)
{
    bench_t *bench = *state;
    people_t *people = site_people(bench->site);
    people->version = 2;
    for (size_t i = 0; i < people->key_count; i++)
        if (!strcmp(people->keys[i].person, "zoe"))
            people->keys[i].key = *machinekey_public(site_key(bench->site, "monitor-north"));
    assert_fault(bench, add(bench, site_seal_people(bench->site, people, "hana,hugo")), FAULT_KEY);
}

#define row(test) cmocka_unit_test_setup_teardown(test, set_up, tear_down)

int
main(void)
{
    const struct CMUnitTest tests[] = {
        row(an_alert_that_its_source_signed_is_evidence),
        row(an_alert_without_a_signature_is_none),
        row(nobody_else_can_sign_it),
        row(another_source_of_the_region_cannot_sign_it),
        row(a_source_may_have_a_second_key),
        row(other_bytes_than_were_signed_are_no_evidence),
        row(one_armor_in_the_alerts_namespace_and_nothing_else_stands_beside_it),
        row(a_key_that_left_the_fleet_signs_no_more),
        row(freshness_counts_from_what_the_source_wrote),
        row(where_the_brokers_word_is_enough_a_signature_does_no_harm),
        row(a_grant_that_asks_for_signed_alerts_holds_by_itself),
        row(it_is_passed_on_for_any_region_and_only_if_it_was_signed),
        row(what_is_signed_and_no_alert_is_not_passed_on),
        row(a_signer_is_a_source_of_its_region),
        row(a_signers_key_is_nobody_elses),
        row(two_sources_share_no_key_and_none_is_a_fido_key),
        row(signers_are_bounded),
        row(people_who_come_later_have_no_signers_key),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
