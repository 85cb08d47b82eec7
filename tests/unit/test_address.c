/* SPDX-License-Identifier: Apache-2.0 */
#include <netinet/in.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>
#include <sys/socket.h>

#include <cmocka.h>

#include "common/address.h"

static void
addresses_are_read_with_their_port(void **state)
{
    address_t address = {{0}, 0};
    (void)state;
    assert_true(address_read("127.0.0.1:7011", &address));
    assert_string_equal(address.host, "127.0.0.1");
    assert_int_equal(address.port, 7011);
    assert_true(address_read("[::1]:65535", &address));
    assert_string_equal(address.host, "::1");
    assert_int_equal(address.port, 65535);
}

static void
what_is_no_address_is_refused(void **state)
{
    static const char long_name[] = "0123456789012345678901234567890123456789012345678901234567"
                                    "89012345:1";
    static const char *const texts[] = {"",    "127.0.0.1", ":7011",   "127.0.0.1:", "[]:7011",
                                        "a:0", "a:65536",   "a:07011", long_name};
    address_t address;
    (void)state;
    for (size_t i = 0; i < ARRAY_SIZE(texts); i++)
        assert_false(address_read(texts[i], &address));
}

static void
a_port_is_listened_on_once(void **state)
{
    fault_t fault = {0};
    address_t address = {"127.0.0.1", 0};
    struct sockaddr_in name = {0};
    socklen_t size = sizeof name;
    (void)state;
    CLEANUP(descriptor_close) int first = address_listen(&address, &fault);
    assert_true(first >= 0);
    assert_int_equal(getsockname(first, (struct sockaddr *)&name, &size), 0);
    address.port = ntohs(name.sin_port);
    assert_int_equal(address_listen(&address, &fault), -1);
    assert_int_equal(fault.code, FAULT_CONFIG);
}

static void
a_name_is_no_address(void **state)
{
    fault_t fault = {0};
    address_t address = {"localhost", 0};
    (void)state;
    assert_int_equal(address_listen(&address, &fault), -1);
    assert_non_null(strstr(fault.text, "'localhost' is not an address"));
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(addresses_are_read_with_their_port),
        cmocka_unit_test(what_is_no_address_is_refused),
        cmocka_unit_test(a_port_is_listened_on_once),
        cmocka_unit_test(a_name_is_no_address),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
