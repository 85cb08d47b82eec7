/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "common/bytes.h"
#include "common/net.h"

static net_t
of(const char *text)
{
    net_t self;
    if (!net_read(text, &self))
        fail_msg("%s", text);
    return self;
}

static bool
within(const char *inner, const char *outer)
{
    net_t one = of(inner), other = of(outer);
    return net_is_within(&one, &other);
}

static bool
overlap(const char *left, const char *right)
{
    net_t one = of(left), other = of(right);
    return net_overlap(&one, &other) && net_overlap(&other, &one);
}

static void
there_is_one_spelling(void **state)
{
    static const char *const bad[] = {
        "",           "10.0.0.1/8",     "10.0.0.0/33", "10.0.0",      "010.0.0.1",   "::1/",
        "2001:DB8::", "2001:db8::1/64", "::/129",      "10.0.0.0/ 8", "10.0.0.0/08",
    };
    net_t net;
    (void)state;
    for (size_t i = 0; i < ARRAY_SIZE(bad); i++)
        if (net_read(bad[i], &net))
            fail_msg("%s", bad[i]);
    assert_int_equal(of("10.0.0.0/8").prefix, 8);
    assert_int_equal(of("2001:db8::1").bits, 128);
}

static void
an_address_lies_in_its_networks(void **state)
{
    (void)state;
    assert_true(within("10.1.2.3", "10.0.0.0/8"));
    assert_true(within("10.1.2.3", "10.1.2.3"));
    assert_true(within("10.1.0.0/16", "10.0.0.0/8"));
    assert_true(within("::1", "::/0"));
    assert_true(within("10.1.2.129", "10.1.2.128/25"));
    assert_false(within("10.1.2.127", "10.1.2.128/25"));
    assert_false(within("10.0.0.0/8", "10.1.0.0/16"));
    assert_false(within("10.1.2.3", "::/0"));
}

static void
two_networks_overlap_where_one_holds_the_other(void **state)
{
    (void)state;
    assert_true(overlap("10.0.0.0/8", "10.1.2.3"));
    assert_true(overlap("0.0.0.0/0", "192.0.2.1"));
    assert_false(overlap("10.0.0.0/8", "11.0.0.0/8"));
    assert_false(overlap("0.0.0.0/0", "::/0"));
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(there_is_one_spelling),
        cmocka_unit_test(an_address_lies_in_its_networks),
        cmocka_unit_test(two_networks_overlap_where_one_holds_the_other),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
