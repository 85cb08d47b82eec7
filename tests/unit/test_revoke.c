/* SPDX-License-Identifier: Apache-2.0 */
/* What one officer takes back: who may, what it covers, and what ends it. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "tests/unit/trust_fixture.h"
#include "wire/stops.h"

static int
take_back(bench_t *bench, halt_what_t what, const char *name, const char *who, hash_t *hash)
{
    sealed_t sealed = site_seal_stop(bench->site, site_stop(bench->site, what, name), who);
    if (hash)
        *hash = hash_of(bytes_slice(sealed.document));
    return add(bench, sealed);
}

static int
take_back_hash(bench_t *bench, halt_what_t what, const hash_t *named)
{
    char text[HASH_TEXT];
    return take_back(bench, what, hash_write(named, text), "olaf", NULL);
}

static int
next_people(bench_t *bench, uint64_t version, const hash_t *pardoned)
{
    people_t *people = site_people(bench->site);
    people->version = version;
    if (pardoned) {
        people->pardons = memory_new(1, sizeof *people->pardons);
        people->pardons[people->pardon_count++] = *pardoned;
    }
    return add(bench, site_seal_people(bench->site, people, "hana,hugo"));
}

static void
a_revoke_is_an_officers(void **state)
{
    bench_t *bench = *state;
    assert_fault(bench, take_back(bench, HALT_PERSON, "rob", "pat", NULL), FAULT_ROLE);
    assert_fault(bench, take_back(bench, HALT_PERSON, "rob", "hana", NULL), FAULT_KEY);
    assert_fault(bench, take_back(bench, HALT_PERSON, "rob", "", NULL), FAULT_QUORUM);
    assert_fine(bench, check_release(bench));
    assert_fine(bench, take_back(bench, HALT_PERSON, "rob", "zoe", NULL));
    assert_string_equal(halt_line_type(trust_halt(bench->site->trust, 0)), "revoke");
}

static void
a_stop_is_no_revoke_and_a_revoke_no_stop(void **state)
{
    bench_t *bench = *state;
    CLEANUP(bytes_destroy) bytes_t *document = bytes_new();
    CLEANUP(stop_destroy) stop_t *stop = site_stop(bench->site, HALT_WORKER, "w1");
    stop_encode(stop, document);
    char *type = memmem(document->data, document->size, "tocsin-revoke", 13);
    bytes_t *other = bytes_new();
    bytes_add_text(other, "tocsin-stop");
    bytes_add(other, type + 13, document->size - 13);
    assert_fault(bench, add(bench, site_seal(bench->site, SIGN_STOP, other, "olaf")), FAULT_FORMAT);
    assert_fault(
        bench,
        add(bench, site_seal(bench->site, SIGN_STOP, bytes_copy(bytes_slice(document)), "olaf")),
        FAULT_NAMESPACE);
    assert_false(halt_is(slice_text("tocsin-people v1\n")));
}

static void
a_revoked_persons_orders_count_no_more(void **state)
{
    bench_t *bench = *state;
    assert_fine(bench, check_order(bench, order_of(bench), "pat"));
    assert_fine(bench, take_back(bench, HALT_PERSON, "pat", "zoe", NULL));
    assert_fault(bench, check_order(bench, order_of(bench), "pat"), FAULT_REVOKED);
    assert_non_null(strstr(bench->fault.text, "person 'pat' was revoked by zoe: it makes things"));
    assert_fault(bench, check_order(bench, order_of(bench), "pat,pia"), FAULT_REVOKED);
    assert_fine(bench, check_order(bench, order_of(bench), "pia"));
}

/* key_denied */
static void
a_revoked_key_counts_no_more_its_persons_others_do(void **state)
{
    bench_t *bench = *state;
    hash_t key = pubkey_hash(machinekey_public(site_key(bench->site, "pat")));
    assert_fine(bench, take_back_hash(bench, HALT_KEY, &key));
    assert_fault(bench, check_order(bench, order_of(bench), "pat"), FAULT_REVOKED);
    assert_fine(bench, check_order(bench, order_of(bench), "uma"));
}

static void
a_release_goes_without_its_revoked_approver(void **state)
{
    bench_t *bench = *state;
    replace_release(bench, site_release(bench->site), "ana", "rob,rita");
    assert_fine(bench, check_release(bench));
    assert_fine(bench, take_back(bench, HALT_PERSON, "rob", "zoe", NULL));
    assert_fault(bench, check_release(bench), FAULT_QUORUM);
    assert_fault(bench, check_order(bench, order_of(bench), "pat"), FAULT_QUORUM);
}

static void
what_is_revoked_itself_is_refused(void **state)
{
    bench_t *bench = *state;
    grant_t *grant = grant_of(bench);
    assert_fine(bench, check_grant(bench, grant, site_alert(bench->site)));
    hash_t hash = hash_of(bytes_slice(bench->authority.document));
    assert_fine(bench, take_back_hash(bench, HALT_GRANT, &hash));
    assert_fault(bench, check_grant(bench, grant_of(bench), site_alert(bench->site)),
                 FAULT_REVOKED);
    assert_fine(bench, check_order(bench, order_of(bench), "pat"));
    assert_fine(bench, take_back_hash(bench, HALT_RELEASE, &bench->release_hash));
    assert_fault(bench, check_release(bench), FAULT_REVOKED);
    assert_fault(bench, check_order(bench, order_of(bench), "pat"), FAULT_REVOKED);
}

static void
a_revoked_worker_gets_no_orders(void **state)
{
    bench_t *bench = *state;
    assert_fine(bench, take_back(bench, HALT_WORKER, "w1", "olaf", NULL));
    assert_fault(bench, check_order(bench, order_of(bench), "pat"), FAULT_REVOKED);
    assert_fault(bench, check_grant(bench, grant_of(bench), site_alert(bench->site)),
                 FAULT_REVOKED);
}

static void
a_revoked_officers_fleets_stop_all_until_another_signs_them(void **state)
{
    bench_t *bench = *state;
    assert_fine(bench, take_back(bench, HALT_PERSON, "olaf", "zoe", NULL));
    assert_fault(bench, check_order(bench, order_of(bench), "pat"), FAULT_ROLE);
}

static void
what_stands_says_what_was_revoked_since(void **state)
{
    bench_t *bench = *state;
    trust_t *trust = bench->site->trust;
    bench->authority = site_seal_order(bench->site, order_of(bench), "pat");
    CLEANUP(warrant_destroy) warrant_t *warrant = check(bench, false, "w1", bench->site->now);
    assert_non_null(warrant);
    assert_fine(bench, trust_check_stands(trust, warrant, "w1", &bench->fault));
    hash_t key = pubkey_hash(machinekey_public(site_key(bench->site, "pat")));
    assert_fine(bench, take_back(bench, HALT_WORKER, "w2", "olaf", NULL));
    assert_fine(bench, trust_check_stands(trust, warrant, "w1", &bench->fault));
    assert_fault(bench, trust_check_stands(trust, warrant, "w2", &bench->fault), FAULT_REVOKED);
    assert_fine(bench, take_back_hash(bench, HALT_KEY, &key));
    assert_fault(bench, trust_check_stands(trust, warrant, "w1", &bench->fault), FAULT_REVOKED);
    assert_fine(bench, take_back(bench, HALT_PERSON, "pat", "olaf", NULL));
    assert_fault(bench, trust_check_stands(trust, warrant, NULL, &bench->fault), FAULT_REVOKED);
    assert_fine(bench, take_back_hash(bench, HALT_RELEASE, &bench->release_hash));
    assert_fault(bench, trust_check_stands(trust, warrant, NULL, &bench->fault), FAULT_REVOKED);
    assert_fine(bench, take_back_hash(bench, HALT_GRANT, &warrant->authority));
    assert_fault(bench, trust_check_stands(trust, warrant, NULL, &bench->fault), FAULT_REVOKED);
}

static void
only_people_that_pardon_it_end_a_revoke(void **state)
{
    bench_t *bench = *state;
    hash_t hash;
    assert_fine(bench, take_back(bench, HALT_PERSON, "pat", "olaf", &hash));
    assert_fault(
        bench,
        add(bench, site_seal_resume(bench->site, site_resume(bench->site, &hash), "olaf,zoe")),
        FAULT_DENIED);
    assert_fine(bench, next_people(bench, 2, NULL));
    assert_fault(bench, check_order(bench, order_of(bench), "pat"), FAULT_REVOKED);
    assert_fine(bench, next_people(bench, 3, &hash));
    assert_fine(bench, check_order(bench, order_of(bench), "pat"));
    assert_true(trust_halt(bench->site->trust, 0)->lifted);
    CLEANUP(value_destroy)
    value_t *row = stops_row(bench->site->trust, trust_halt(bench->site->trust, 0));
    assert_non_null(value_get(row, "lifted"));
}

/* deny_list_shrinks: each revoke is kept by itself, and only people end it. A broker that hides it
 * for a while, or hands it on late, changes nothing. */
static void
a_revoke_that_comes_behind_its_pardon_is_nothing(void **state)
{
    bench_t *bench = *state;
    sealed_t sealed =
        site_seal_stop(bench->site, site_stop(bench->site, HALT_PERSON, "pat"), "olaf");
    hash_t hash = hash_of(bytes_slice(sealed.document));
    assert_fine(bench, next_people(bench, 2, &hash));
    assert_fine(bench, add(bench, sealed));
    assert_fine(bench, check_order(bench, order_of(bench), "pat"));
}

static void
revokes_have_their_own_room(void **state)
{
    bench_t *bench = *state;
    char name[32];
    for (unsigned i = 0; i < TRUST_REVOKES_MAX; i++) {
        snprintf(name, sizeof name, "p%u", i);
        assert_fine(bench, take_back(bench, HALT_PERSON, name, "olaf", NULL));
    }
    assert_fault(bench, take_back(bench, HALT_PERSON, "pat", "olaf", NULL), FAULT_LIMIT);
    sealed_t stop = site_seal_stop(bench->site, site_stop(bench->site, HALT_SITE, "-"), "olaf");
    assert_fine(bench, add(bench, stop));
    hash_t first = trust_halt(bench->site->trust, 0)->hash;
    assert_fine(bench, next_people(bench, 2, &first));
    assert_fine(bench, take_back(bench, HALT_PERSON, "pat", "olaf", NULL));
    assert_fault(bench, check_order(bench, order_of(bench), "pat"), FAULT_STOPPED);
}

#define row(test) cmocka_unit_test_setup_teardown(test, set_up, tear_down)

int
main(void)
{
    const struct CMUnitTest tests[] = {
        row(a_revoke_is_an_officers),
        row(a_stop_is_no_revoke_and_a_revoke_no_stop),
        row(a_revoked_persons_orders_count_no_more),
        row(a_revoked_key_counts_no_more_its_persons_others_do),
        row(a_release_goes_without_its_revoked_approver),
        row(what_is_revoked_itself_is_refused),
        row(a_revoked_worker_gets_no_orders),
        row(a_revoked_officers_fleets_stop_all_until_another_signs_them),
        row(what_stands_says_what_was_revoked_since),
        row(only_people_that_pardon_it_end_a_revoke),
        row(a_revoke_that_comes_behind_its_pardon_is_nothing),
        row(revokes_have_their_own_room),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
