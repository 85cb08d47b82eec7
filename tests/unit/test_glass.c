/* SPDX-License-Identifier: Apache-2.0 */
/* Orders that break glass, and people whom a machine asks for beyond root's quorums. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "tests/unit/trust_fixture.h"

#define WHY "the region is dark and nobody of it answers"

/* An order for s1, in the south, where uma's scope ends. */
static order_t *
southern(bench_t *bench)
{
    order_t *order = order_of(bench);
    text_copy(order->targets[0].target, sizeof order->targets[0].target, "s1");
    return order;
}

static order_t *
glass(bench_t *bench)
{
    order_t *order = southern(bench);
    text_copy(order->break_glass, sizeof order->break_glass, WHY);
    return order;
}

/* Takes over order: signed by these in order@, and by those in cosign@. */
static warrant_t *
warrant_of(bench_t *bench, order_t *order, const char *names, const char *cosigners)
{
    sealed_done(&bench->authority);
    bench->fault = (fault_t){0};
    bench->authority = site_seal_order(bench->site, order, names);
    site_sign(bench->site, SIGN_COSIGN, bytes_slice(bench->authority.document), cosigners,
              bench->authority.armors);
    return check(bench, false, "s1", bench->site->now);
}

static int
check_glass(bench_t *bench, order_t *order, const char *names, const char *cosigners)
{
    CLEANUP(warrant_destroy) warrant_t *warrant = warrant_of(bench, order, names, cosigners);
    return warrant ? 0 : -1;
}

static void
replace_class(bench_t *bench, class_t highest)
{
    release_t *release = site_release(bench->site);
    release->highest = highest;
    replace_release(bench, release, "ana", "rob,rita");
}

static void
a_cosigner_lets_it_run_outside_its_signers_scope(void **state)
{
    bench_t *bench = *state;
    CLEANUP(warrant_destroy) warrant_t *warrant = warrant_of(bench, glass(bench), "uma", "pat");
    assert_fine(bench, !warrant);
    assert_string_equal(warrant->order->break_glass, WHY);
    assert_int_equal(warrant->signers.count, 2);
    assert_int_equal(warrant->orderers.count, 1);
    assert_string_equal(warrant->orderers.person[0], "uma");
    assert_int_equal(warrant->cosigners.count, 1);
    assert_string_equal(warrant->cosigners.person[0], "pat");
    assert_fault(bench, check_glass(bench, southern(bench), "uma", ""), FAULT_SCOPE);
}

static void
nobodys_scope_is_asked_the_cosigners_neither(void **state)
{
    bench_t *bench = *state;
    assert_fine(bench, check_glass(bench, glass(bench), "pat", "uma"));
}

static void
without_a_cosigner_glass_holds(void **state)
{
    bench_t *bench = *state;
    assert_fault(bench, check_glass(bench, glass(bench), "uma", ""), FAULT_QUORUM);
    assert_non_null(strstr(bench->fault.text, "nobody cosigned it"));
    assert_fault(bench, check_glass(bench, glass(bench), "uma,pat", ""), FAULT_QUORUM);
}

static void
ord_cosigner_equals_signer__with_one_key(void **state)
{
    bench_t *bench = *state;
    assert_fault(bench, check_glass(bench, glass(bench), "pat", "pat"), FAULT_QUORUM);
    assert_fault(bench, check_glass(bench, glass(bench), "pat,pia", "pat,pia"), FAULT_QUORUM);
    assert_fine(bench, check_glass(bench, glass(bench), "pat", "pat,pia"));
}

static void
ord_cosigner_equals_signer__with_two_keys(void **state)
{
    bench_t *bench = *state;
    add_laptop(bench);
    assert_fault(bench, check_glass(bench, glass(bench), "pat", "pat-laptop"), FAULT_QUORUM);
    assert_fault(bench, check_glass(bench, glass(bench), "pat-laptop", "pat"), FAULT_QUORUM);
    assert_fine(bench, check_glass(bench, glass(bench), "pat-laptop", "pia"));
}

static void
a_cosignature_orders_nothing(void **state)
{
    bench_t *bench = *state;
    assert_fault(bench, check_glass(bench, glass(bench), "", "pat,pia"), FAULT_QUORUM);
    replace_class(bench, CLASS_DESTRUCTIVE);
    assert_fault(bench, check_glass(bench, glass(bench), "pat", "pia"), FAULT_QUORUM);
    assert_fine(bench, check_glass(bench, glass(bench), "pat,pia", "ana"));
}

static void
an_order_that_breaks_no_glass_is_not_cosigned(void **state)
{
    bench_t *bench = *state;
    assert_fault(bench, check_glass(bench, southern(bench), "pat", "pia"), FAULT_NAMESPACE);
    assert_fault(bench, check_glass(bench, southern(bench), "", "pat,pia"), FAULT_NAMESPACE);
    assert_fine(bench, check_glass(bench, southern(bench), "pat", ""));
}

static void
a_cosigner_counts_as_a_signer_does(void **state)
{
    bench_t *bench = *state;
    assert_fault(bench, check_glass(bench, glass(bench), "pat", "rob"), FAULT_ROLE);
    assert_fault(bench, check_glass(bench, glass(bench), "pat", "nobody"), FAULT_KEY);
    replace_class(bench, CLASS_DESTRUCTIVE);
    assert_fault(bench, check_glass(bench, glass(bench), "pat,pia", "uma"), FAULT_CLASS);
    assert_non_null(strstr(bench->fault.text, "cosigner"));
}

static void
it_reaches_no_further_than_its_cosigner(void **state)
{
    bench_t *bench = *state;
    static const struct {
        const char *names, *cosigner;
        class_t allowed;
    } rows[] = {{"pat,pia", "uma", CLASS_CHANGE},
                {"pat,pia", "ana", CLASS_DESTRUCTIVE},
                {"pat", "ana", CLASS_CHANGE}};
    for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
        CLEANUP(warrant_destroy)
        warrant_t *warrant = warrant_of(bench, glass(bench), rows[i].names, rows[i].cosigner);
        assert_fine(bench, !warrant);
        assert_int_equal(warrant->allowed, rows[i].allowed);
    }
}

static void
a_dry_run_breaks_glass_to_look(void **state)
{
    bench_t *bench = *state;
    replace_class(bench, CLASS_DESTRUCTIVE);
    order_t *order = glass(bench);
    order->dry = true;
    CLEANUP(warrant_destroy) warrant_t *warrant = warrant_of(bench, order, "uma", "pat");
    assert_fine(bench, !warrant);
    assert_int_equal(warrant->allowed, CLASS_OBSERVE);
}

static void
everything_else_holds_as_ever(void **state)
{
    bench_t *bench = *state;
    order_t *order = glass(bench);
    order->created = order->not_before = site_after(bench->site->now, 60);
    assert_fault(bench, check_glass(bench, order, "uma", "pat"), FAULT_WINDOW);
    order = glass(bench);
    order->created = order->not_before = site_after(bench->site->now, -120);
    order->not_after = order->undo_until = site_after(bench->site->now, -60);
    assert_fault(bench, check_glass(bench, order, "uma", "pat"), FAULT_EXPIRED);
    order = glass(bench);
    text_copy(order->targets[0].target, sizeof order->targets[0].target, "w1");
    assert_fault(bench, check_glass(bench, order, "uma", "pat"), FAULT_TARGET);
    replace_release(bench, site_release(bench->site), "ana", "rob");
    assert_fault(bench, check_glass(bench, glass(bench), "uma", "pat"), FAULT_QUORUM);
    assert_non_null(strstr(bench->fault.text, "release"));
}

static void
a_revoked_cosigner_takes_it_back(void **state)
{
    bench_t *bench = *state;
    CLEANUP(warrant_destroy) warrant_t *warrant = warrant_of(bench, glass(bench), "uma", "pat");
    assert_fine(bench, !warrant);
    assert_fine(bench, trust_check_stands(bench->site->trust, warrant, "s1", &bench->fault));
    stop_t *stop = site_stop(bench->site, HALT_PERSON, "pat");
    assert_fine(bench, add(bench, site_seal_stop(bench->site, stop, "olaf")));
    assert_fault(bench, trust_check_stands(bench->site->trust, warrant, "s1", &bench->fault),
                 FAULT_REVOKED);
    assert_fault(bench, check_glass(bench, glass(bench), "uma", "pat"), FAULT_REVOKED);
}

/* What a step of the run waits for, as pat or pia gives it. */
static int
consents(bench_t *bench, const warrant_t *warrant, const char *who)
{
    consent_wish_t wish = {.run = warrant->run,
                           .step = "go",
                           .role = ROLE_RESPONDER,
                           .class = CLASS_CHANGE,
                           .worker = "w1",
                           .target = "w1",
                           .excluded = &warrant->signers};
    consent_t *consent = site_consent(bench->site, &warrant->run, &HASH_ZERO);
    sealed_t sealed = site_seal_consent(bench->site, consent, who);
    CLEANUP(consent_destroy)
    consent_t *found =
        trust_check_consent(bench->site->trust, bytes_slice(sealed.document),
                            bytes_slice(sealed.armors), &wish, bench->site->now, &bench->fault);
    sealed_done(&sealed);
    return found ? 0 : -1;
}

static void
a_cosigner_does_not_consent_to_it(void **state)
{
    bench_t *bench = *state;
    CLEANUP(warrant_destroy) warrant_t *warrant = warrant_of(bench, glass(bench), "uma", "pat");
    assert_fine(bench, !warrant);
    assert_fault(bench, consents(bench, warrant, "pat"), FAULT_ROLE);
    assert_fine(bench, consents(bench, warrant, "pia"));
}

static void
an_order_says_why_it_breaks_glass_or_nothing(void **state)
{
    bench_t *bench = *state;
    CLEANUP(order_destroy) order_t *order = glass(bench);
    CLEANUP(bytes_destroy) bytes_t *text = bytes_new();
    order_encode(order, text);
    CLEANUP(order_destroy) order_t *again = order_decode(bytes_slice(text), &bench->fault);
    assert_fine(bench, !again);
    assert_true(order_breaks_glass(again));
    char *line = strstr((char *)text->data, "break-glass " WHY "\n");
    assert_non_null(line);
    memmove(line + strlen("break-glass "), strchr(line, '\n'), strlen(strchr(line, '\n')) + 1);
    CLEANUP(order_destroy)
    order_t *empty =
        order_decode(slice_text((char *)text->data), &bench->fault); /* "break-glass " */
    assert_fault(bench, !empty, FAULT_FORMAT);
    for (size_t size = ORDER_REASON_MAX; size <= ORDER_REASON_MAX + 1; size++) {
        CLEANUP(bytes_destroy) bytes_t *wide = bytes_new();
        CLEANUP(order_destroy) order_t *plain = southern(bench);
        bytes_clear(text);
        order_encode(plain, text);
        const char *created = strstr((char *)text->data, "created ");
        bytes_add(wide, text->data, (size_t)(created - (char *)text->data));
        bytes_addf(wide, "break-glass %0*d\n", (int)size, 7);
        bytes_add_text(wide, created);
        CLEANUP(order_destroy) order_t *read = order_decode(bytes_slice(wide), &bench->fault);
        assert_int_equal(read != NULL, size <= ORDER_REASON_MAX);
    }
    assert_int_equal(bench->fault.code, FAULT_LIMIT);
}

static void
a_machine_asks_for_more_people_never_for_fewer(void **state)
{
    bench_t *bench = *state;
    trust_t *trust = bench->site->trust;
    assert_fine(bench, check_glass(bench, southern(bench), "pat", ""));
    trust_ask_more(trust, &(quorums_t){.orders = {0, 2, 0}});
    assert_fault(bench, check_glass(bench, southern(bench), "pat", ""), FAULT_QUORUM);
    assert_fine(bench, check_glass(bench, southern(bench), "pat,pia", ""));
    assert_fault(bench, check_glass(bench, southern(bench), "pat,uma", ""), FAULT_SCOPE);
    assert_fault(bench, check_glass(bench, glass(bench), "uma", "pat"), FAULT_QUORUM);
    assert_fine(bench, check_glass(bench, glass(bench), "uma,pia", "pat"));
    trust_ask_more(trust, &(quorums_t){.approvals = {0, 3, 0}});
    assert_fault(bench, check_glass(bench, southern(bench), "pat", ""), FAULT_QUORUM);
    assert_non_null(strstr(bench->fault.text, "2 of the 3 reviewers"));
    assert_non_null(strstr(bench->fault.text, "as the machine's policy asks"));
    trust_ask_more(trust, &(quorums_t){.approvals = {0, 1, 0}, .orders = {0, 0, 1}});
    assert_fine(bench, check_glass(bench, southern(bench), "pat", ""));
    replace_release(bench, site_release(bench->site), "ana", "rob");
    assert_fault(bench, check_glass(bench, southern(bench), "pat", ""), FAULT_QUORUM);
    assert_null(strstr(bench->fault.text, "policy asks"));
    replace_class(bench, CLASS_DESTRUCTIVE);
    assert_fault(bench, check_glass(bench, southern(bench), "pat", ""), FAULT_QUORUM);
}

#define row(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int
main(void)
{
    const struct CMUnitTest tests[] = {
        row(a_cosigner_lets_it_run_outside_its_signers_scope),
        row(nobodys_scope_is_asked_the_cosigners_neither),
        row(without_a_cosigner_glass_holds),
        row(ord_cosigner_equals_signer__with_one_key),
        row(ord_cosigner_equals_signer__with_two_keys),
        row(a_cosignature_orders_nothing),
        row(an_order_that_breaks_no_glass_is_not_cosigned),
        row(a_cosigner_counts_as_a_signer_does),
        row(it_reaches_no_further_than_its_cosigner),
        row(a_dry_run_breaks_glass_to_look),
        row(everything_else_holds_as_ever),
        row(a_revoked_cosigner_takes_it_back),
        row(a_cosigner_does_not_consent_to_it),
        row(an_order_says_why_it_breaks_glass_or_nothing),
        row(a_machine_asks_for_more_people_never_for_fewer),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
