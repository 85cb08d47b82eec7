/* SPDX-License-Identifier: Apache-2.0 */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "tests/unit/trust_fixture.h"
#include "wire/rejection.h"

static rejection_t
some_no(const bench_t *bench)
{
    rejection_t no = {
        .site = bench->site->id, .release = bench->release_hash, .created = bench->site->now};
    text_copy(no.reason, sizeof no.reason, "it removes too much");
    return no;
}

/* What comes of this no with these people's signatures. */
static int
check_no(bench_t *bench, const rejection_t *no, purpose_t purpose, const char *names,
         char who[static TEXT_NAME_MAX + 1])
{
    rejection_t read;
    CLEANUP(bytes_destroy) bytes_t *text = bytes_new();
    rejection_encode(no, text);
    sealed_t sealed = site_seal(bench->site, purpose, MOVE(text), names);
    int failed = rejection_check(&read, bench->site->trust, bytes_slice(sealed.document),
                                 bytes_slice(sealed.armors), who, &bench->fault);
    if (!failed)
        assert_string_equal(read.reason, no->reason);
    sealed_done(&sealed);
    return failed;
}

static void
is_a_reviewers(void **state)
{
    bench_t *bench = *state;
    rejection_t no = some_no(bench);
    char who[TEXT_NAME_MAX + 1];
    assert_fine(bench, check_no(bench, &no, SIGN_REJECT, "rob", who));
    assert_string_equal(who, "rob");
}

static void
is_nobody_elses(void **state)
{
    bench_t *bench = *state;
    rejection_t no = some_no(bench);
    char who[TEXT_NAME_MAX + 1];
    assert_fault(bench, check_no(bench, &no, SIGN_REJECT, "pat", who), FAULT_ROLE);
    assert_fault(bench, check_no(bench, &no, SIGN_REJECT, "nobody", who), FAULT_KEY);
    assert_fault(bench, check_no(bench, &no, SIGN_REJECT, "rob,rita", who), FAULT_SIGNATURE);
}

static void
is_no_approval_and_no_approval_is_one(void **state)
{
    bench_t *bench = *state;
    rejection_t no = some_no(bench);
    char who[TEXT_NAME_MAX + 1];
    assert_fault(bench, check_no(bench, &no, SIGN_APPROVE, "rob", who), FAULT_NAMESPACE);
}

static void
is_for_one_site(void **state)
{
    bench_t *bench = *state;
    rejection_t no = some_no(bench);
    char who[TEXT_NAME_MAX + 1];
    no.site.bytes[0] ^= 1;
    assert_fault(bench, check_no(bench, &no, SIGN_REJECT, "rob", who), FAULT_SITE);
}

static void
refuses_a_document_with_a_line_more(void **state)
{
    bench_t *bench = *state;
    rejection_t no = some_no(bench), read;
    CLEANUP(bytes_destroy) bytes_t *text = bytes_new();
    CLEANUP(bytes_destroy) bytes_t *more = bytes_new();
    rejection_encode(&no, text);
    assert_fine(bench, rejection_decode(&read, bytes_slice(text), &bench->fault));
    bytes_add(more, text->data, text->size - strlen("end\n"));
    bytes_add_text(more, "until never\nend\n");
    assert_fault(bench, rejection_decode(&read, bytes_slice(more), &bench->fault), FAULT_FORMAT);
}

#define test(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int
main(void)
{
    const struct CMUnitTest tests[] = {
        test(is_a_reviewers),
        test(is_nobody_elses),
        test(is_no_approval_and_no_approval_is_one),
        test(is_for_one_site),
        test(refuses_a_document_with_a_line_more),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
