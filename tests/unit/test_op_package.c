/* SPDX-License-Identifier: Apache-2.0 */
#include "op_bench.h"

#include "worker/ops/debian.h"

static void
versions_are_ordered_as_dpkg_orders_them(void **state)
{
    static const char *const ascending[] = {
        "0~beta",        "0",           "1.0~rc1-1", "1.0-1",      "1.0-1+b1",
        "1.0-1+deb12u1", "1.0-2",       "1.0a-1",    "1.0+dfsg-1", "1.2-1",
        "1.10-1",        "1.10.0001-1", "1.10.2-1",  "1:0.1-1",    "2:0",
    };
    (void)state;
    for (size_t i = 0; i < ARRAY_SIZE(ascending); i++)
        for (size_t j = 0; j < ARRAY_SIZE(ascending); j++) {
            int order = debian_compare(ascending[i], ascending[j]);
            if ((i < j && order >= 0) || (i > j && order <= 0) || (i == j && order))
                fail_msg("%s and %s", ascending[i], ascending[j]);
        }
    assert_int_equal(debian_compare("1.0-0", "1.0"), 0);
    assert_int_equal(debian_compare("0:1.01", "1.1"), 0);
}

static void
packages_of_this_machine_are_listed_and_viewed(void **state)
{
    (void)state;
    if (access("/var/lib/dpkg/status", R_OK))
        skip();
    CLEANUP(value_destroy) value_t *list = gives("package.list", texts("name", "dpk?", NULL));
    assert_int_equal(value_count(value_get(list, "packages")), 1);
    const value_t *dpkg = value_at(value_get(list, "packages"), 0);
    CLEANUP(value_destroy) value_t *view = gives("package.view", texts("name", "dpkg", NULL));
    assert_true(value_get_bool(view, "installed"));
    assert_string_equal(value_get_text(view, "version"), value_get_text(dpkg, "version"));
    assert_true(value_get_integer(view, "installed_bytes") > 100000);
    CLEANUP(value_destroy)
    value_t *one = gives("package.list", and_integer(value_map(), "count", 1));
    assert_int_equal(value_count(value_get(one, "packages")), 1);
    assert_true(value_get_integer(one, "left_out") > 10);
    CLEANUP(value_destroy) value_t *none = gives("package.view", texts("name", "nosuch", NULL));
    assert_false(value_get_bool(none, "installed"));
}

static void
lists_of_this_machine_are_read_compressed_or_not(void **state)
{
    (void)state;
    if (access("/var/lib/dpkg/status", R_OK) || access("/usr/lib/apt/apt-helper", X_OK))
        skip();
    CLEANUP(value_destroy) value_t *told = gives("package.updates", value_map());
    assert_int_equal(value_get_integer(told, "unread"), 0);
    for (size_t i = 0; i < value_count(value_get(told, "updates")); i++) {
        const value_t *row = value_at(value_get(told, "updates"), i);
        assert_true(
            debian_compare(value_get_text(row, "candidate"), value_get_text(row, "installed")) > 0);
    }
}

static void
an_update_is_one_that_apt_would_take_by_itself(void **state)
{
    (void)state;
    bench_root(false);
    refused("package.updates", value_map(), FAULT_NOT_FOUND, "no record");
    put_file("var/lib/dpkg/status",
             "Package: openssl\nStatus: install ok installed\nArchitecture: amd64\n"
             "Version: 3.0.15-1~deb12u1\nDescription: x\n more\n\n"
             "Package: nginx\nStatus: hold ok installed\nArchitecture: amd64\nVersion: 1.22.1-9\n\n"
             "Package: gone\nStatus: deinstall ok config-files\nArchitecture: all\nVersion: 1\n\n"
             "Package: newest\nStatus: install ok installed\nArchitecture: all\nVersion: 9:9\n",
             0644);
    put_file("var/lib/apt/lists/deb_dists_bookworm-security_InRelease",
             "-----BEGIN PGP SIGNED MESSAGE-----\nHash: SHA256\n\nOrigin: Debian\n"
             "Label: Debian-Security\nSuite: stable-security\nCodename: bookworm-security\n",
             0644);
    put_file("var/lib/apt/lists/deb_dists_bookworm-security_main_binary-amd64_Packages",
             "Package: openssl\nArchitecture: amd64\nVersion: 3.0.16-1~deb12u1\n\n"
             "Package: gone\nArchitecture: all\nVersion: 2\n\n"
             "Package: newest\nArchitecture: all\nVersion: 1\n",
             0644);
    put_file("var/lib/apt/lists/deb_dists_bookworm_InRelease",
             "Label: Debian\nSuite: stable\nCodename: bookworm\n", 0644);
    put_file("var/lib/apt/lists/deb_dists_bookworm_main_binary-amd64_Packages",
             "Package: openssl\nArchitecture: amd64\nVersion: 3.0.17-1~deb12u1\n\n"
             "Package: nginx\nArchitecture: amd64\nVersion: 1.22.1-10\n\n"
             "Package: nginx\nArchitecture: arm64\nVersion: 9\n",
             0644);
    put_file("var/lib/apt/lists/deb_dists_bookworm-backports_InRelease",
             "Label: Debian Backports\nSuite: backports\nNotAutomatic: yes\n", 0644);
    put_file("var/lib/apt/lists/deb_dists_bookworm-backports_main_binary-amd64_Packages",
             "Package: nginx\nArchitecture: amd64\nVersion: 1.26\n", 0644);
    put_file("var/lib/apt/lists/other_Packages.lz4", "not compressed at all", 0644);
    CLEANUP(value_destroy) value_t *told = gives("package.updates", value_map());
    CLEANUP(value_destroy)
    value_t *urgent = gives("package.updates", and_true(value_map(), "security"));
    bench_root(true);
    const value_t *all = value_get(told, "updates");
    const value_t *openssl = entry_of(all, "name", "openssl");
    const value_t *nginx = entry_of(all, "name", "nginx");
    assert_int_equal(value_count(all), 2);
    assert_string_equal(value_get_text(openssl, "candidate"), "3.0.17-1~deb12u1");
    assert_true(value_get_bool(openssl, "security"));
    assert_string_equal(value_get_text(nginx, "candidate"), "1.22.1-10");
    assert_string_equal(value_get_text(nginx, "origin"), "Debian bookworm");
    assert_true(value_get_bool(nginx, "held"));
    assert_int_equal(value_get_integer(told, "security"), 1);
    assert_int_equal(value_get_integer(told, "unread"), 1);
    assert_int_equal(value_count(value_get(urgent, "updates")), 1);
}

static int
begin(void **state)
{
    (void)state;
    bench_begin("class highest observe\n");
    return 0;
}

static int
end(void **state)
{
    (void)state;
    bench_end();
    return 0;
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(versions_are_ordered_as_dpkg_orders_them),
        cmocka_unit_test(packages_of_this_machine_are_listed_and_viewed),
        cmocka_unit_test(lists_of_this_machine_are_read_compressed_or_not),
        cmocka_unit_test(an_update_is_one_that_apt_would_take_by_itself),
    };
    return cmocka_run_group_tests(tests, begin, end);
}
