/* SPDX-License-Identifier: Apache-2.0 */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "tests/unit/trust_fixture.h"

static restart_t
some_restart(const bench_t *bench)
{
    restart_t restart = {.site = bench->site->id,
                         .size = 40,
                         .head = hash_of(slice_text("head")),
                         .created = bench->site->now};
    text_copy(restart.broker, sizeof restart.broker, "centre");
    text_copy(restart.reason, sizeof restart.reason, "the disk died");
    return restart;
}

/* The decoded restart; NULL with bench->fault. */
static restart_t *
check_signed(bench_t *bench, const restart_t *restart, purpose_t purpose, const char *names,
             signers_t *who)
{
    CLEANUP(bytes_destroy) bytes_t *text = bytes_new();
    restart_encode(restart, text);
    sealed_t sealed = site_seal(bench->site, purpose, MOVE(text), names);
    restart_t *read = trust_check_restart(bench->site->trust, bytes_slice(sealed.document),
                                          bytes_slice(sealed.armors), who, &bench->fault);
    sealed_done(&sealed);
    return read;
}

static void
refuses(bench_t *bench, purpose_t purpose, const char *names, fault_code_t code)
{
    signers_t who;
    restart_t restart = some_restart(bench);
    CLEANUP(restart_destroy) restart_t *read = check_signed(bench, &restart, purpose, names, &who);
    assert_null(read);
    assert_int_equal(bench->fault.code, code);
}

static void
two_officers_say_where_a_log_goes_on(void **state)
{
    bench_t *bench = *state;
    signers_t who;
    restart_t restart = some_restart(bench);
    CLEANUP(restart_destroy)
    restart_t *read = check_signed(bench, &restart, SIGN_RESTART, "olaf,zoe", &who);
    assert_non_null(read);
    assert_int_equal(who.count, 2);
    assert_string_equal(who.person[0], "olaf");
    assert_string_equal(read->reason, "the disk died");
    assert_int_equal(read->size, 40);
}

static void
fewer_than_two_officers_do_not(void **state)
{
    bench_t *bench = *state;
    refuses(bench, SIGN_RESTART, "olaf", FAULT_QUORUM);
    refuses(bench, SIGN_RESTART, "olaf,pat", FAULT_ROLE);
    refuses(bench, SIGN_RESTART, "nobody", FAULT_KEY);
    refuses(bench, SIGN_RESUME, "olaf,zoe", FAULT_NAMESPACE);
}

static void
another_sites_restarts_nothing(void **state)
{
    bench_t *bench = *state;
    signers_t who;
    restart_t restart = some_restart(bench);
    restart.site = hash_of(slice_text("staging"));
    assert_null(check_signed(bench, &restart, SIGN_RESTART, "olaf,zoe", &who));
    assert_int_equal(bench->fault.code, FAULT_SITE);
}

static void
people_without_roots_quorum_restart_nothing(void **state)
{
    bench_t *bench = *state;
    signers_t who;
    restart_t restart = some_restart(bench);
    CLEANUP(bytes_destroy) bytes_t *text = bytes_new();
    CLEANUP(trust_destroy) trust_t *trust = trust_new(&bench->site->id);
    restart_encode(&restart, text);
    sealed_t sealed = site_seal(bench->site, SIGN_RESTART, MOVE(text), "olaf,zoe");
    assert_null(trust_check_restart(trust, bytes_slice(sealed.document), bytes_slice(sealed.armors),
                                    &who, &bench->fault));
    assert_int_equal(bench->fault.code, FAULT_NOT_FOUND);
    sealed_done(&sealed);
}

static void
it_is_one_brokers_at_one_head(void **state)
{
    bench_t *bench = *state;
    restart_t restart = some_restart(bench);
    hash_t other = hash_of(slice_text("other"));
    assert_fine(bench, restart_check(&restart, "centre", 40, &restart.head, &bench->fault));
    assert_fault(bench, restart_check(&restart, "island", 40, &restart.head, &bench->fault),
                 FAULT_TARGET);
    assert_fault(bench, restart_check(&restart, "centre", 41, &restart.head, &bench->fault),
                 FAULT_PROOF);
    assert_fault(bench, restart_check(&restart, "centre", 40, &other, &bench->fault), FAULT_PROOF);
}

static void
read_is(bench_t *bench, const char *from, const char *to, fault_code_t code)
{
    restart_t restart = some_restart(bench);
    fault_t fault = {0};
    CLEANUP(bytes_destroy) bytes_t *text = bytes_new();
    CLEANUP(bytes_destroy) bytes_t *edited = bytes_new();
    restart_encode(&restart, text);
    const char *at = strstr(bytes_text(text), from);
    assert_non_null(at);
    bytes_add(edited, text->data, (size_t)(at - bytes_text(text)));
    bytes_add_text(edited, to);
    bytes_add_text(edited, at + strlen(from));
    CLEANUP(restart_destroy) restart_t *read = restart_decode(bytes_slice(edited), &fault);
    assert_int_equal(fault.code, code);
    assert_int_equal(read != NULL, code == FAULT_NONE);
}

static void
its_lines_are_checked(void **state)
{
    bench_t *bench = *state;
    read_is(bench, "size 40", "size 0", FAULT_NONE);
    read_is(bench, "size 40", "size 9223372036854775807", FAULT_NONE);
    read_is(bench, "size 40", "size 9223372036854775808", FAULT_FORMAT);
    read_is(bench, "size 40", "size 040", FAULT_FORMAT);
    read_is(bench, "broker centre", "broker Centre", FAULT_FORMAT);
    read_is(bench, "reason the", "reason \xe2\x80\xaethe", FAULT_FORMAT);
    read_is(bench, "\nend\n", "\nend\n\n", FAULT_FORMAT);
    read_is(bench, "created 2", "created 3", FAULT_NONE);
    read_is(bench, "created 2", "created x", FAULT_FORMAT);
}

#define row(test) cmocka_unit_test_setup_teardown(test, set_up, tear_down)

int
main(void)
{
    const struct CMUnitTest tests[] = {
        row(two_officers_say_where_a_log_goes_on), row(fewer_than_two_officers_do_not),
        row(another_sites_restarts_nothing),       row(people_without_roots_quorum_restart_nothing),
        row(it_is_one_brokers_at_one_head),        row(its_lines_are_checked),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
