/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "keys/mac.h"

static void
check(slice_t secret, const char *text, const char *expected)
{
    char hex[MAC_TEXT];
    const slice_t whole = slice_text(text);
    mac_t mac = mac_of(secret, &whole, 1);
    assert_string_equal(mac_write(&mac, hex), expected);
}

/* RFC 4231, test cases 1, 2 and 6: a key of a block's length and shorter, one that is longer. */
static void
is_hmac_sha_256_as_rfc_4231_has_it(void **state)
{
    uint8_t short_key[20], long_key[131];
    (void)state;
    memset(short_key, 0x0b, sizeof short_key);
    memset(long_key, 0xaa, sizeof long_key);
    check(slice_of(short_key, sizeof short_key), "Hi There",
          "b0344c61d8db38535ca8afceaf0bf12b881dc200c9833da726e9376c2e32cff7");
    check(slice_text("Jefe"), "what do ya want for nothing?",
          "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843");
    check(slice_of(long_key, sizeof long_key),
          "Test Using Larger Than Block-Size Key - Hash Key First",
          "60e431591ee0b67f0d8a26aacbf5b77f8e0bc6213728c5140546040f0ee37f54");
}

static void
is_over_the_parts_one_behind_the_other(void **state)
{
    const slice_t parts[] = {slice_text("what do ya "), slice_text(""),
                             slice_text("want for nothing?")};
    char hex[MAC_TEXT];
    (void)state;
    mac_t mac = mac_of(slice_text("Jefe"), parts, ARRAY_SIZE(parts));
    assert_string_equal(mac_write(&mac, hex),
                        "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843");
}

static void
differs_with_the_secret(void **state)
{
    const slice_t text = slice_text("text");
    (void)state;
    mac_t one = mac_of(slice_text("one secret"), &text, 1);
    mac_t other = mac_of(slice_text("one secreT"), &text, 1);
    assert_memory_not_equal(one.bytes, other.bytes, MAC_BYTES);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(is_hmac_sha_256_as_rfc_4231_has_it),
        cmocka_unit_test(is_over_the_parts_one_behind_the_other),
        cmocka_unit_test(differs_with_the_secret),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
