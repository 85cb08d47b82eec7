/* SPDX-License-Identifier: Apache-2.0 */
/* What people are shown of a grant, held against what lets it act. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "tests/unit/trust_fixture.h"

#define CASES 3000

static proof_t
proof_of(const bench_t *bench)
{
    return (proof_t){.by_grant = true,
                     .authority = bytes_slice(bench->authority.document),
                     .authority_armors = bytes_slice(bench->authority.armors),
                     .alert = bytes_slice(bench->alert.document),
                     .alert_armors = bytes_slice(bench->alert.armors),
                     .release = bytes_slice(bench->release.document),
                     .release_armors = bytes_slice(bench->release.armors)};
}

static weighed_t *
weigh(bench_t *bench, grant_t *grant, alert_t *alert, const char *names)
{
    sealed_done(&bench->authority);
    sealed_done(&bench->alert);
    bench->authority = site_seal_grant(bench->site, grant, names);
    bench->alert = site_seal_alert(bench->site, alert);
    proof_t proof = proof_of(bench);
    return trust_weigh(bench->site->trust, &proof, bench->site->now, &bench->fault);
}

static const weighed_row_t *
row_of(const weighed_t *weighed, condition_t condition)
{
    for (size_t i = 0; i < weighed->count; i++)
        if (weighed->rows[i].condition == condition)
            return &weighed->rows[i];
    return NULL;
}

static void
a_grant_that_holds_fails_no_condition(void **state)
{
    bench_t *bench = *state;
    CLEANUP(weighed_destroy)
    weighed_t *weighed = weigh(bench, grant_of(bench), site_alert(bench->site), "pat,pia");
    assert_fine(bench, !weighed);
    assert_int_equal(weighed->failed, 0);
    assert_int_equal(weighed->count, CONDITIONS);
    assert_int_equal(weighed->signers.count, 2);
    for (unsigned i = 0; i < CONDITIONS; i++)
        assert_non_null(row_of(weighed, i));
}

static void
conditions_behind_the_first_that_fails_are_weighed_too(void **state)
{
    bench_t *bench = *state;
    grant_t *grant = grant_of(bench);
    alert_t *alert = site_alert(bench->site);
    grant->expires = bench->site->now;
    text_copy(grant->scope, sizeof grant->scope, "role=db");
    text_copy(alert->severity, sizeof alert->severity, "low");
    grant->match_count = 2;
    grant->matches[1] = (match_t){"severity", "high"};
    CLEANUP(weighed_destroy) weighed_t *weighed = weigh(bench, grant, alert, "pat,pia");
    assert_fine(bench, !weighed);
    assert_int_equal(weighed->failed, 3);
    assert_int_equal(row_of(weighed, CONDITION_EXPIRY)->why.code, FAULT_EXPIRED);
    assert_int_equal(row_of(weighed, CONDITION_SCOPE)->why.code, FAULT_TARGET);
    const weighed_row_t *match = row_of(weighed, CONDITION_MATCH);
    assert_int_equal(match[0].why.code, FAULT_NONE);
    assert_int_equal(match[1].line, 1);
    assert_string_equal(match[1].why.text, "the alert's severity is not what the grant matches");
}

static void
without_a_worker_only_what_needs_none_is_weighed(void **state)
{
    bench_t *bench = *state;
    alert_t *alert = site_alert(bench->site);
    text_copy(alert->host, sizeof alert->host, "nowhere.example");
    CLEANUP(weighed_destroy)
    weighed_t *weighed = weigh(bench, grant_of(bench), alert, "pat,pia");
    assert_fine(bench, !weighed);
    assert_int_equal(weighed->failed, 1);
    assert_int_equal(weighed->rows[0].why.code, FAULT_TARGET);
    assert_null(row_of(weighed, CONDITION_SCOPE));
    assert_non_null(row_of(weighed, CONDITION_SOURCE));
}

static void
another_release_fails_by_itself(void **state)
{
    bench_t *bench = *state;
    CLEANUP(weighed_destroy)
    weighed_t *good = weigh(bench, grant_of(bench), site_alert(bench->site), "pat,pia");
    assert_fine(bench, !good);
    proof_t proof = proof_of(bench);
    proof.release = proof.release_armors = slice_of(NULL, 0);
    CLEANUP(weighed_destroy)
    weighed_t *weighed = trust_weigh(bench->site->trust, &proof, bench->site->now, &bench->fault);
    assert_fine(bench, !weighed);
    assert_int_equal(weighed->failed, 1);
    assert_int_not_equal(row_of(weighed, CONDITION_RELEASE)->why.code, FAULT_NONE);
}

static void
it_is_weighed_as_of_the_moment_that_is_asked_about(void **state)
{
    bench_t *bench = *state;
    CLEANUP(weighed_destroy)
    weighed_t *then = weigh(bench, grant_of(bench), site_alert(bench->site), "pat,pia");
    assert_fine(bench, !then);
    proof_t proof = proof_of(bench);
    wall_t later = site_after(bench->site->now, 8 * 86400);
    CLEANUP(weighed_destroy)
    weighed_t *now = trust_weigh(bench->site->trust, &proof, later, &bench->fault);
    assert_int_equal(row_of(now, CONDITION_EXPIRY)->why.code, FAULT_EXPIRED);
    assert_int_equal(row_of(now, CONDITION_FRESH)->why.code, FAULT_STALE);
    proof.accepted = bench->site->now;
    CLEANUP(weighed_destroy)
    weighed_t *again = trust_weigh(bench->site->trust, &proof, later, &bench->fault);
    assert_int_equal(again->failed, 0);
}

static void
what_does_not_hold_is_not_weighed(void **state)
{
    bench_t *bench = *state;
    CLEANUP(weighed_destroy)
    weighed_t *weighed = weigh(bench, grant_of(bench), site_alert(bench->site), "pat,mallory");
    assert_fault(bench, !weighed, FAULT_KEY);
}

/* Deterministic: xorshift from a fixed seed. */
static unsigned
roll(uint64_t *random, unsigned sides)
{
    *random ^= *random << 13, *random ^= *random >> 7, *random ^= *random << 17;
    return (unsigned)(*random % sides);
}

static grant_t *
some_grant(bench_t *bench, uint64_t *random)
{
    static const char *const scopes[] = {"role=web", "role=db", "any", "region=north"};
    static const int64_t ends[] = {86400, 0, 31 * 86400, 3600};
    grant_t *grant = grant_of(bench);
    text_copy(grant->scope, sizeof grant->scope, scopes[roll(random, 4)]);
    grant->issued = site_after(bench->site->now, roll(random, 8) ? -60 : 60);
    grant->expires = site_after(bench->site->now, roll(random, 3) ? 3600 : ends[roll(random, 4)]);
    if (grant->expires.ms <= grant->issued.ms)
        grant->expires = site_after(grant->issued, 1);
    if (!roll(random, 8))
        grant->evidence = EVIDENCE_SIGNED;
    if (!roll(random, 8))
        text_copy(grant->sources[0], sizeof grant->sources[0], "watcher");
    if (!roll(random, 8))
        grant->release.bytes[0] ^= 1;
    if (roll(random, 2))
        grant->matches[grant->match_count++] =
            roll(random, 2) ? (match_t){"severity", "high"} : (match_t){"severity", "low"};
    return grant;
}

static alert_t *
some_alert(bench_t *bench, uint64_t *random)
{
    static const char *const hosts[] = {"web1.example", "w1", "w2", "s1", "-", "nowhere"};
    alert_t *alert = site_alert(bench->site);
    text_copy(alert->host, sizeof alert->host, hosts[roll(random, 2) ? 0 : roll(random, 6)]);
    alert->firing = roll(random, 8) != 0;
    if (!roll(random, 8))
        alert->received = site_after(bench->site->now, roll(random, 2) ? -301 : 61);
    if (!roll(random, 8))
        text_copy(alert->source, sizeof alert->source, "watcher");
    return alert;
}

static void
a_grant_acts_exactly_where_no_condition_fails(void **state)
{
    static const char *const signers[] = {"pat,pia", "pat,pia", "pat,uma", "pat", "ana,pat"};
    bench_t *bench = *state;
    uint64_t random = 42;
    size_t held = 0;
    for (size_t i = 0; i < CASES; i++) {
        grant_t *grant = some_grant(bench, &random);
        alert_t *alert = some_alert(bench, &random);
        CLEANUP(weighed_destroy)
        weighed_t *weighed = weigh(bench, grant, alert, signers[roll(&random, 5)]);
        assert_fine(bench, !weighed);
        bench->fault = (fault_t){0};
        CLEANUP(warrant_destroy) warrant_t *warrant = check(bench, true, NULL, bench->site->now);
        assert_int_equal(warrant != NULL, weighed->failed == 0);
        held += warrant != NULL;
        for (size_t k = 0; k < weighed->count && !warrant; k++) {
            const fault_t *why = &weighed->rows[k].why;
            if (!why->code)
                continue;
            assert_int_equal(bench->fault.code, why->code);
            assert_non_null(strstr(bench->fault.text, why->text));
            break;
        }
    }
    assert_in_range(held, CASES / 100, CASES / 2);
}

#define row(test) cmocka_unit_test_setup_teardown(test, set_up, tear_down)

int
main(void)
{
    const struct CMUnitTest tests[] = {
        row(a_grant_that_holds_fails_no_condition),
        row(conditions_behind_the_first_that_fails_are_weighed_too),
        row(without_a_worker_only_what_needs_none_is_weighed),
        row(another_release_fails_by_itself),
        row(it_is_weighed_as_of_the_moment_that_is_asked_about),
        row(what_does_not_hold_is_not_weighed),
        row(a_grant_acts_exactly_where_no_condition_fails),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
