/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "tests/unit/trust_fixture.h"

static hash_t
run_hash(void)
{
    return hash_of(slice_text("run"));
}

static hash_t
shown_hash(void)
{
    return hash_of(slice_text("receipt"));
}

static consent_t *
consent_of(bench_t *bench)
{
    hash_t run = run_hash(), shown = shown_hash();
    return site_consent(bench->site, &run, &shown);
}

static consent_t *
answer_of(bench_t *bench, const char *value)
{
    consent_t *consent = consent_of(bench);
    consent->answer = true;
    text_copy(consent->value, sizeof consent->value, value);
    return consent;
}

/* Step "go" of w1 waits for a responder's consent to something that changes. */
static consent_wish_t
wish_of(void)
{
    return (consent_wish_t){.run = run_hash(),
                            .step = "go",
                            .role = ROLE_RESPONDER,
                            .class = CLASS_CHANGE,
                            .worker = "w1",
                            .target = "w1",
                            .receipt = shown_hash()};
}

static int
ask_at(bench_t *bench, consent_t *consent, const char *who, const consent_wish_t *wish, wall_t now)
{
    sealed_t sealed = site_seal_consent(bench->site, consent, who);
    CLEANUP(consent_destroy)
    consent_t *found = trust_check_consent(bench->site->trust, bytes_slice(sealed.document),
                                           bytes_slice(sealed.armors), wish, now, &bench->fault);
    sealed_done(&sealed);
    return found ? 0 : -1;
}

static int
ask(bench_t *bench, consent_t *consent, const char *who, const consent_wish_t *wish)
{
    return ask_at(bench, consent, who, wish, bench->site->now);
}

static void
consent_that_counts(void **state)
{
    bench_t *bench = *state;
    consent_wish_t wish = wish_of();
    static const char *const values[] = {"yes", "no"};
    for (size_t i = 0; i < ARRAY_SIZE(values); i++) {
        consent_t *consent = consent_of(bench);
        text_copy(consent->value, sizeof consent->value, values[i]);
        sealed_t sealed = site_seal_consent(bench->site, consent, "uma");
        for (int again = 0; again < 2; again++) {
            CLEANUP(consent_destroy)
            consent_t *found = trust_check_consent(bench->site->trust, bytes_slice(sealed.document),
                                                   bytes_slice(sealed.armors), &wish,
                                                   bench->site->now, &bench->fault);
            assert_fine(bench, !found);
            assert_int_equal(consent_is_yes(found), i == 0);
        }
        sealed_done(&sealed);
    }
}

static void
answer_that_counts(void **state)
{
    bench_t *bench = *state;
    consent_wish_t wish = wish_of();
    wish.answer = true;
    assert_fine(bench, ask(bench, answer_of(bench, "80 %"), "pat", &wish));
    assert_fine(bench, ask(bench, answer_of(bench, ""), "pat", &wish));
    CLEANUP(consent_destroy) consent_t *yes = answer_of(bench, "yes");
    assert_false(consent_is_yes(yes));
}

static void
consent_is_no_answer_and_no_order(void **state)
{
    bench_t *bench = *state;
    consent_wish_t wish = wish_of();
    assert_fault(bench, ask(bench, answer_of(bench, "yes"), "pat", &wish), FAULT_FORMAT);
    wish.answer = true;
    assert_fault(bench, ask(bench, consent_of(bench), "pat", &wish), FAULT_FORMAT);
    wish.answer = false;
    static const purpose_t purposes[] = {SIGN_ANSWER, SIGN_ORDER, SIGN_STOP};
    for (size_t i = 0; i < ARRAY_SIZE(purposes); i++) {
        bytes_t *document = bytes_new();
        CLEANUP(consent_destroy) consent_t *consent = consent_of(bench);
        consent_encode(consent, document);
        sealed_t sealed = site_seal(bench->site, purposes[i], document, "pat");
        CLEANUP(consent_destroy)
        consent_t *found =
            trust_check_consent(bench->site->trust, bytes_slice(sealed.document),
                                bytes_slice(sealed.armors), &wish, bench->site->now, &bench->fault);
        assert_fault(bench, !found, FAULT_NAMESPACE);
        sealed_done(&sealed);
    }
}

static void
consent_is_one_persons_of_the_role(void **state)
{
    bench_t *bench = *state;
    consent_wish_t wish = wish_of();
    assert_fault(bench, ask(bench, consent_of(bench), "", &wish), FAULT_QUORUM);
    assert_fault(bench, ask(bench, consent_of(bench), "pat,pia", &wish), FAULT_QUORUM);
    assert_fault(bench, ask(bench, consent_of(bench), "rob", &wish), FAULT_ROLE);
    assert_fault(bench, ask(bench, consent_of(bench), "mallory", &wish), FAULT_KEY);
    wish.role = ROLE_REVIEWER;
    assert_fine(bench, ask(bench, consent_of(bench), "rob", &wish));
    assert_fault(bench, ask(bench, consent_of(bench), "pat", &wish), FAULT_ROLE);
    assert_non_null(strstr(bench->fault.text, "'pat' who signed is no reviewer"));
    wish.role = ROLE_OFFICER;
    wish.class = CLASS_OBSERVE;
    assert_fine(bench, ask(bench, consent_of(bench), "olaf", &wish));
}

static void
consent_by_who_ordered__con_self(void **state)
{
    bench_t *bench = *state;
    consent_wish_t wish = wish_of();
    signers_t orderers = {.count = 1, .person = {"pat"}};
    wish.excluded = &orderers;
    assert_fault(bench, ask(bench, consent_of(bench), "pat", &wish), FAULT_ROLE);
    assert_fine(bench, ask(bench, consent_of(bench), "pia", &wish));
}

static void
consent_reaches_class_and_scope(void **state)
{
    bench_t *bench = *state;
    consent_wish_t wish = wish_of();
    wish.class = CLASS_DESTRUCTIVE;
    assert_fault(bench, ask(bench, consent_of(bench), "uma", &wish), FAULT_CLASS);
    assert_fine(bench, ask(bench, consent_of(bench), "pat", &wish));
    wish.class = CLASS_CHANGE;
    wish.worker = wish.target = "s1";
    hash_t run = run_hash(), shown = shown_hash();
    consent_t *south = site_consent(bench->site, &run, &shown);
    text_copy(south->targets[0].target, sizeof south->targets[0].target, "s1");
    assert_fault(bench, ask(bench, south, "uma", &wish), FAULT_SCOPE);
}

static void
consent_for_another_run_step_or_worker__con_replayed(void **state)
{
    bench_t *bench = *state;
    consent_wish_t wish = wish_of();
    consent_t *consent = consent_of(bench);
    consent->run.bytes[0] ^= 1;
    assert_fault(bench, ask(bench, consent, "pat", &wish), FAULT_TARGET);
    consent = consent_of(bench);
    text_copy(consent->step, sizeof consent->step, "outer/go");
    assert_fault(bench, ask(bench, consent, "pat", &wish), FAULT_TARGET);
    wish.step = "outer/go";
    consent = consent_of(bench);
    text_copy(consent->step, sizeof consent->step, "outer/go");
    assert_fine(bench, ask(bench, consent, "pat", &wish));
    wish = wish_of();
    wish.target = "w1/router";
    assert_fault(bench, ask(bench, consent_of(bench), "pat", &wish), FAULT_TARGET);
    wish.worker = wish.target = "w2";
    assert_fault(bench, ask(bench, consent_of(bench), "pat", &wish), FAULT_TARGET);
    wish.worker = wish.target = "w9";
    assert_fault(bench, ask(bench, consent_of(bench), "pat", &wish), FAULT_TARGET);
    consent = consent_of(bench);
    consent->site.bytes[0] ^= 1;
    assert_fault(bench, ask(bench, consent, "pat", &wish), FAULT_SITE);
}

static void
consent_to_what_was_not_the_last_receipt__con_stale(void **state)
{
    bench_t *bench = *state;
    consent_wish_t wish = wish_of();
    wish.receipt.bytes[0] ^= 1;
    assert_fault(bench, ask(bench, consent_of(bench), "pat", &wish), FAULT_STALE);
    wish.receipt = HASH_ZERO;
    assert_fault(bench, ask(bench, consent_of(bench), "pat", &wish), FAULT_STALE);
    hash_t run = run_hash();
    assert_fine(bench, ask(bench, site_consent(bench->site, &run, &HASH_ZERO), "pat", &wish));
}

static void
consent_lasts_a_day_at_most(void **state)
{
    bench_t *bench = *state;
    wall_t now = bench->site->now;
    consent_wish_t wish = wish_of();
    consent_t *consent = consent_of(bench);
    consent->expires = site_after(now, CONSENT_MAX_S);
    assert_fine(bench, ask(bench, consent, "pat", &wish));
    consent = consent_of(bench);
    consent->expires = site_after(now, CONSENT_MAX_S + 1);
    assert_fault(bench, ask(bench, consent, "pat", &wish), FAULT_WINDOW);
    consent = consent_of(bench);
    consent->expires = now;
    assert_fault(bench, ask(bench, consent, "pat", &wish), FAULT_WINDOW);
    assert_fine(bench, ask_at(bench, consent_of(bench), "pat", &wish, site_after(now, 3599)));
    assert_fault(bench, ask_at(bench, consent_of(bench), "pat", &wish, site_after(now, 3600)),
                 FAULT_EXPIRED);
    assert_fine(bench, ask_at(bench, consent_of(bench), "pat", &wish, site_after(now, -300)));
    assert_fault(bench, ask_at(bench, consent_of(bench), "pat", &wish, site_after(now, -301)),
                 FAULT_WINDOW);
    wish.accepted = now;
    assert_fine(bench, ask_at(bench, consent_of(bench), "pat", &wish, site_after(now, 7200)));
}

static void
consent_from_before_it_was_asked_for(void **state)
{
    bench_t *bench = *state;
    consent_wish_t wish = wish_of();
    wish.asked = site_after(bench->site->now, 300);
    wall_t later = site_after(bench->site->now, 600);
    assert_fine(bench, ask_at(bench, consent_of(bench), "pat", &wish, later));
    wish.asked.ms++;
    assert_fault(bench, ask_at(bench, consent_of(bench), "pat", &wish, later), FAULT_STALE);
}

static void
consent_needs_documents_in_their_time(void **state)
{
    bench_t *bench = *state;
    consent_wish_t wish = wish_of();
    wall_t late = site_after(bench->site->now, 91 * 86400);
    consent_t *consent = consent_of(bench);
    consent->created = late;
    consent->expires = site_after(late, 60);
    assert_fault(bench, ask_at(bench, consent, "pat", &wish, late), FAULT_EXPIRED);
}

/* As the broker and the command line ask. */
static void
consent_for_no_worker_in_particular_covers_all_it_names(void **state)
{
    bench_t *bench = *state;
    consent_wish_t wish = wish_of();
    wish.worker = wish.target = NULL;
    wish.receipt = HASH_ZERO;
    assert_fine(bench, ask(bench, consent_of(bench), "uma", &wish));
    consent_t *both = consent_of(bench);
    hash_t shown = shown_hash();
    text_copy(both->targets[0].target, sizeof both->targets[0].target, "s1");
    site_add_shown(both, "w1", &shown);
    assert_fault(bench, ask(bench, both, "uma", &wish), FAULT_SCOPE);
    consent_t *unknown = consent_of(bench);
    text_copy(unknown->targets[0].target, sizeof unknown->targets[0].target, "w9");
    assert_fault(bench, ask(bench, unknown, "uma", &wish), FAULT_TARGET);
}

#define row(test) cmocka_unit_test_setup_teardown(test, set_up, tear_down)

int
main(void)
{
    const struct CMUnitTest tests[] = {
        row(consent_that_counts),
        row(answer_that_counts),
        row(consent_is_no_answer_and_no_order),
        row(consent_is_one_persons_of_the_role),
        row(consent_by_who_ordered__con_self),
        row(consent_reaches_class_and_scope),
        row(consent_for_another_run_step_or_worker__con_replayed),
        row(consent_to_what_was_not_the_last_receipt__con_stale),
        row(consent_lasts_a_day_at_most),
        row(consent_from_before_it_was_asked_for),
        row(consent_needs_documents_in_their_time),
        row(consent_for_no_worker_in_particular_covers_all_it_names),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
