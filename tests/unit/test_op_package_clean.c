/* SPDX-License-Identifier: Apache-2.0 */
/* What apt fetched, and is removed: by a real apt, from an archive of the test's own. */
#include "debian_fixture.h"
#include "op_foretold.h"

#include <fcntl.h>

#define ARCHIVES "var/cache/apt/archives"

static bool
stands(const char *name)
{
    return !access(here(name), F_OK);
}

static void
what_apt_fetched_goes_as_foretold_and_its_lock_stays(void **state)
{
    char lines[256];
    struct stat facts;
    (void)state;
    apt_get("-d -y install plain");
    put_file(ARCHIVES "/partial/other_2.deb", "half of it", 0600);
    put_file(ARCHIVES "/notes.txt", "somebody's", 0644);
    assert_int_equal(symlink(here("policy"), here(ARCHIVES "/link.deb")), 0);
    assert_true(stands(ARCHIVES "/plain_1.0_all.deb") && stands(ARCHIVES "/lock"));
    assert_int_equal(stat(here(ARCHIVES "/plain_1.0_all.deb"), &facts), 0);
    snprintf(lines, sizeof lines,
             "- /" ARCHIVES "/plain_1.0_all.deb: %lld bytes\n"
             "- /" ARCHIVES "/partial/other_2.deb: 10 bytes\n",
             (long long)facts.st_size);
    CLEANUP(value_destroy) value_t *would = foretells("package.clean", value_map(), &bench, lines);
    assert_true(stands(ARCHIVES "/plain_1.0_all.deb"));
    CLEANUP(value_destroy) value_t *did = gives("package.clean", value_map());
    assert_true(value_equal(would, did));
    assert_int_equal(value_get_integer(did, "files"), 2);
    assert_true(value_get_integer(did, "freed_bytes") >= facts.st_size);
    assert_false(stands(ARCHIVES "/plain_1.0_all.deb") || stands(ARCHIVES "/partial/other_2.deb"));
    assert_true(stands(ARCHIVES "/lock") && stands(ARCHIVES "/notes.txt") &&
                stands(ARCHIVES "/link.deb") && stands("policy"));
    CLEANUP(value_destroy) value_t *again = gives("package.clean", value_map());
    assert_int_equal(value_get_integer(again, "files"), 0);
    assert_int_equal(value_get_integer(again, "freed_bytes"), 0);
    apt_get("-d -y install plain");
    assert_true(stands(ARCHIVES "/plain_1.0_all.deb"));
}

static void
while_apt_fetches_nothing_goes(void **state)
{
    struct flock lock = {.l_type = F_WRLCK, .l_whence = SEEK_SET};
    (void)state;
    put_file(ARCHIVES "/kept_1.deb", "text", 0644);
    int fd = open(here(ARCHIVES "/lock"), O_RDWR | O_CREAT | O_CLOEXEC, 0640);
    assert_int_equal(fcntl(fd, F_SETLK, &lock), 0);
    foresees_refusal("package.clean", value_map(), &bench, FAULT_CONFLICT, "apt fetches packages");
    refused("package.clean", value_map(), FAULT_CONFLICT, "apt fetches packages now");
    close(fd);
    assert_true(stands(ARCHIVES "/kept_1.deb"));
}

static void
a_machine_without_apt_or_whose_archives_lie_elsewhere_is_refused(void **state)
{
    (void)state;
    shell("mv var/cache/apt/archives var/cache/apt/moved");
    refused("package.clean", value_map(), FAULT_NOT_FOUND, "archives' cannot be opened");
    assert_int_equal(symlink("moved", here(ARCHIVES)), 0);
    put_file("var/cache/apt/moved/kept_1.deb", "text", 0644);
    refused("package.clean", value_map(), FAULT_POLICY, "a symbolic link stands in");
    foresees_refusal("package.clean", value_map(), &bench, FAULT_POLICY, "a symbolic link");
    assert_true(stands("var/cache/apt/moved/kept_1.deb"));
    shell("rm var/cache/apt/archives; mv var/cache/apt/moved var/cache/apt/archives");
    shell("rm -f var/cache/apt/archives/lock; rmdir var/cache/apt/archives/partial");
    CLEANUP(value_destroy) value_t *all = gives("package.clean", value_map());
    assert_int_equal(value_get_integer(all, "files"), 2);
}

static void
what_goes_before_it_fails_is_told(void **state)
{
    (void)state;
    put_file(ARCHIVES "/gone_1.deb", "text", 0644);
    shell("rm -rf var/cache/apt/archives/partial; ln -s /tmp var/cache/apt/archives/partial");
    foresees_refusal("package.clean", value_map(), &bench, FAULT_IO, "partial' cannot be opened");
    assert_true(stands(ARCHIVES "/gone_1.deb"));
    refused("package.clean", value_map(), FAULT_IO, "; done: 1 files were removed");
    assert_false(stands(ARCHIVES "/gone_1.deb"));
    shell("rm var/cache/apt/archives/partial");
}

static int
begin(void **state)
{
    (void)state;
    bench_begin("class highest change\nallow package.clean\n");
    debian_begin("copy");
    put_file("made/usr/share/plain/version", "1.0", 0644);
    build_made("plain", "1.0", "");
    apt_get("update");
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
        cmocka_unit_test(what_apt_fetched_goes_as_foretold_and_its_lock_stays),
        cmocka_unit_test(while_apt_fetches_nothing_goes),
        cmocka_unit_test(a_machine_without_apt_or_whose_archives_lie_elsewhere_is_refused),
        cmocka_unit_test(what_goes_before_it_fails_is_told),
    };
    return cmocka_run_group_tests(tests, begin, end);
}
