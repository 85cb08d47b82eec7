/* SPDX-License-Identifier: Apache-2.0 */
/* What lies at a path, and which package brought it: by a real dpkg, on a root of the test's own
 * whose /bin leads to /usr/bin. */
#include "debian_fixture.h"

static void
put_made(const char *path, const char *text, mode_t mode)
{
    char name[256];
    snprintf(name, sizeof name, "made/%s", path);
    put_file(name, text, mode);
}

/* As debhelper does: with the sums of what is no configuration. */
static void
build_and_install(const char *name, const char *version)
{
    shell("cd made && mkdir -p DEBIAN && find . -type f ! -path './DEBIAN/*' ! -path './etc/*' "
          "-printf '%%P\\n' | "
          "xargs -r md5sum >DEBIAN/md5sums");
    build_made(name, version, "");
    lay_down(name, version);
    shell("rm -rf made");
}

static value_t *
owner_of(const char *path)
{
    return gives("package.owner", texts("path", path, NULL));
}

static void
is_owned(const char *path, const char *package, const char *content)
{
    CLEANUP(value_destroy) value_t *told = owner_of(path);
    const value_t *all = value_get(told, "packages"),
                  *first = value_count(all) ? value_at(all, 0) : NULL;
    if (!first || !value_get_bool(told, "owned") ||
        strcmp(value_get_text(first, "name"), package) != 0 ||
        strcmp(value_get_text(told, "content"), content) != 0)
        fail_msg("%s is %s's and %s", path, first ? value_get_text(first, "name") : "nobody",
                 value_get_text(told, "content"));
}

static void
is_nobodys(const char *path)
{
    CLEANUP(value_destroy) value_t *told = owner_of(path);
    assert_false(value_get_bool(told, "owned"));
    assert_int_equal(value_count(value_get(told, "packages")), 0);
    assert_null(value_get(told, "content"));
}

static void
a_file_that_is_as_its_package_brought_it_is_told_from_one_that_is_not(void **state)
{
    (void)state;
    is_owned("/usr/share/tool/data", "tool", "intact");
    put_file("usr/share/tool/data", "other", 0644);
    is_owned("/usr/share/tool/data", "tool", "changed");
    unlink(here("usr/share/tool/data"));
    is_owned("/usr/share/tool/data", "tool", "missing");
    CLEANUP(value_destroy) value_t *told = owner_of("/usr/share/tool/data");
    assert_string_equal(value_get_text(told, "kind"), "none");
    const value_t *tool = value_at(value_get(told, "packages"), 0);
    assert_string_equal(value_get_text(tool, "version"), "1.0");
    assert_string_equal(value_get_text(tool, "architecture"), "all");
    assert_string_equal(value_get_text(tool, "status"), "install ok installed");
    assert_false(value_get_bool(tool, "conffile"));
}

static void
what_no_package_brought_is_nobodys_whatever_it_is_called(void **state)
{
    (void)state;
    put_file("usr/share/tool/dat", "text", 0644);
    put_file("usr/share/tool/data.new", "text", 0644);
    put_file("hare/tool/data", "text", 0644);
    is_nobodys("/usr/share/tool/dat");
    is_nobodys("/usr/share/tool/data.new");
    is_nobodys("/hare/tool/data");
    is_nobodys("/no/such/path");
    is_nobodys("/usr/share/tool/data/below");
}

static void
a_configuration_file_is_held_to_the_sum_that_it_came_with(void **state)
{
    (void)state;
    is_owned("/etc/tool.conf", "tool", "intact");
    put_file("etc/tool.conf", "mine", 0644);
    is_owned("/etc/tool.conf", "tool", "changed");
    CLEANUP(value_destroy) value_t *told = owner_of("/etc/tool.conf");
    assert_true(value_get_bool(value_at(value_get(told, "packages"), 0), "conffile"));
    shell("dpkg --root=$PWD -r tool");
    is_owned("/etc/tool.conf", "tool", "changed");
    is_nobodys("/usr/share/tool/more");
    lay_down("tool", "1.0");
}

static void
both_names_of_a_file_below_usr_are_one(void **state)
{
    (void)state;
    is_owned("/usr/bin/oldname", "tool", "intact");
    CLEANUP(value_destroy) value_t *told = owner_of("/usr/bin/oldname");
    assert_string_equal(value_get_text(told, "recorded_path"), "/bin/oldname");
    is_owned("/usr/bin/newname", "tool", "intact");
    CLEANUP(value_destroy) value_t *same = owner_of("/usr/bin/newname");
    assert_null(value_get(same, "recorded_path"));
    refused("package.owner", texts("path", "/bin/newname", NULL), FAULT_POLICY, "symbolic link");
}

static void
folders_and_links_have_owners_and_no_sum(void **state)
{
    (void)state;
    is_owned("/usr/bin/link", "tool", "unrecorded");
    is_owned("/usr/share/tool", "tool", "unrecorded");
    CLEANUP(value_destroy) value_t *shared = owner_of("/usr/share");
    assert_string_equal(value_get_text(shared, "kind"), "folder");
    assert_int_equal(value_count(value_get(shared, "packages")), 16);
    assert_true(value_get_integer(shared, "left_out") > 0);
    shell("rm usr/bin/newname; mkfifo usr/bin/newname");
    is_owned("/usr/bin/newname", "tool", "unrecorded");
    CLEANUP(value_destroy) value_t *pipe = owner_of("/usr/bin/newname");
    assert_string_equal(value_get_text(pipe, "kind"), "other");
    shell("rm usr/bin/newname");
    lay_down("tool", "1.0");
}

static void
what_is_diverted_belongs_to_who_brought_it(void **state)
{
    (void)state;
    shell("dpkg-divert --root=$PWD --package diverter --divert /bin/oldname.real --rename "
          "/bin/oldname");
    put_made("bin/oldname", "the diverter's", 0755);
    build_and_install("diverter", "2.0");
    is_owned("/usr/bin/oldname", "diverter", "intact");
    is_owned("/usr/bin/oldname.real", "tool", "intact");
    CLEANUP(value_destroy) value_t *led = owner_of("/usr/bin/oldname.real");
    assert_string_equal(value_get_text(led, "recorded_path"), "/bin/oldname");
    assert_string_equal(value_get_text(led, "diverted_by"), "diverter");
    assert_int_equal(value_count(value_get(led, "packages")), 1);
    shell("dpkg-divert --root=$PWD --local --divert /usr/bin/tool.real --rename /usr/bin/tool");
    put_file("usr/bin/tool", "the administrator's", 0755);
    is_nobodys("/usr/bin/tool");
    is_owned("/usr/bin/tool.real", "tool", "intact");
    CLEANUP(value_destroy) value_t *local = owner_of("/usr/bin/tool");
    assert_string_equal(value_get_text(local, "diverted_by"), "local");
}

static void
what_is_too_large_or_no_machine_of_debians_is_refused(void **state)
{
    (void)state;
    shell("cp usr/share/tool/more saved; truncate -s 5G usr/share/tool/more");
    refused("package.owner", texts("path", "/usr/share/tool/more", NULL), FAULT_LIMIT,
            "is over 4 GiB");
    shell("mv saved usr/share/tool/more; mv var/lib/dpkg/info var/lib/dpkg/away");
    refused("package.owner", texts("path", "/usr/share/tool/more", NULL), FAULT_NOT_FOUND,
            "no record of Debian's packages");
    shell("mv var/lib/dpkg/away var/lib/dpkg/info");
    is_owned("/usr/share/tool/more", "tool", "intact");
}

static void
nobodys_is_nothing_while_a_list_cannot_be_read(void **state)
{
    (void)state;
    is_nobodys("/no/such/path");
    shell("mkdir var/lib/dpkg/info/lost.list");
    refused("package.owner", texts("path", "/no/such/path", NULL), FAULT_IO, "cannot be read");
    shell("rmdir var/lib/dpkg/info/lost.list");
}

static void
a_file_of_this_machine_is_as_dpkg_says(void **state)
{
    (void)state;
    if (access("/var/lib/dpkg/info/dpkg.list", R_OK))
        skip();
    bench_root(true);
    is_owned("/usr/bin/dpkg", "dpkg", "intact");
    bench_root(false);
}

static int
begin(void **state)
{
    (void)state;
    bench_begin("class highest observe\nread /\n");
    debian_begin("file");
    shell("mkdir -p usr/bin; ln -s usr/bin bin");
    for (int i = 0; i < 17; i++) {
        char name[16];
        snprintf(name, sizeof name, "zz%d", i);
        put_made("usr/share/zz", "", 0644);
        shell("mv made/usr/share/zz made/usr/share/%s", name);
        build_and_install(name, "1");
    }
    put_made("bin/base", "dpkg removes no folder that another package has", 0755);
    build_and_install("base", "1");
    put_made("usr/share/tool/data", "data", 0644);
    put_made("usr/share/tool/more", "more", 0644);
    put_made("usr/bin/tool", "tool", 0755);
    put_made("usr/bin/newname", "new", 0755);
    put_made("bin/oldname", "old", 0755);
    put_made("etc/tool.conf", "theirs", 0644);
    put_made("DEBIAN/conffiles", "/etc/tool.conf\n", 0644);
    assert_int_equal(symlink("tool", here("made/usr/bin/link")), 0);
    build_and_install("tool", "1.0");
    bench_root(false);
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
        cmocka_unit_test(a_file_that_is_as_its_package_brought_it_is_told_from_one_that_is_not),
        cmocka_unit_test(what_no_package_brought_is_nobodys_whatever_it_is_called),
        cmocka_unit_test(a_configuration_file_is_held_to_the_sum_that_it_came_with),
        cmocka_unit_test(both_names_of_a_file_below_usr_are_one),
        cmocka_unit_test(folders_and_links_have_owners_and_no_sum),
        cmocka_unit_test(what_is_diverted_belongs_to_who_brought_it),
        cmocka_unit_test(what_is_too_large_or_no_machine_of_debians_is_refused),
        cmocka_unit_test(nobodys_is_nothing_while_a_list_cannot_be_read),
        cmocka_unit_test(a_file_of_this_machine_is_as_dpkg_says),
    };
    return cmocka_run_group_tests(tests, begin, end);
}
