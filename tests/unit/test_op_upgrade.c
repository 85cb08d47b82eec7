/* SPDX-License-Identifier: Apache-2.0 */
/* Packages that apt upgrades: built by the test, in an archive of its own, installed below a root
 * of its own. */
#include "debian_fixture.h"
#include "op_foretold.h"

#include <fcntl.h>

#include "wire/shape.h"

/* With a file that tells its version, and may be with a script of its own. */
static void
build(const char *name, const char *version, const char *more, const char *preinst)
{
    char path[128];
    shell("rm -rf made");
    if (preinst)
        put_file("made/DEBIAN/preinst", preinst, 0755);
    snprintf(path, sizeof path, "made/usr/share/%s/version", name);
    put_file(path, version, 0644);
    build_made(name, version, more);
}

static value_t *
to(const char *name, const char *version)
{
    return texts("name", name, "version", version, NULL);
}

static probe_verdict_t
looked_for(const char *name, const char *version)
{
    CLEANUP(value_destroy) value_t *seen = gives("package.view", texts("name", name, NULL));
    CLEANUP(value_destroy) value_t *arguments = to(name, version), *result = value_map();
    const op_t *op = op_find("package.upgrade");
    probe_verdict_t said = op->probe->tells(seen, arguments, (wall_t){0}, result);
    if (said == PROBE_HAPPENED)
        assert_int_equal(shape_check(op->result, result, NULL), 0);
    return said;
}

static void
holds(const char *name, const char *version)
{
    CLEANUP(value_destroy) value_t *seen = gives("package.view", texts("name", name, NULL));
    assert_true(value_get_bool(seen, "installed"));
    assert_string_equal(value_get_text(seen, "version"), version);
}

static void
a_package_is_upgraded_to_that_version_and_not_again(void **state)
{
    (void)state;
    lay_down("plain", "1.0");
    CLEANUP(value_destroy)
    value_t *would =
        foretells("package.upgrade", to("plain", "2.0"), &bench, "- plain: 1.0\n+ plain: 2.0\n");
    foresees_refusal("package.upgrade", to("absent", "1.0"), &bench, FAULT_NOT_FOUND,
                     "is not installed");
    CLEANUP(value_destroy) value_t *first = gives("package.upgrade", to("plain", "2.0"));
    assert_true(value_equal(would, first));
    assert_true(value_get_bool(first, "upgraded"));
    assert_string_equal(value_get_text(first, "before"), "1.0");
    assert_string_equal(value_get_text(first, "version"), "2.0");
    CLEANUP(bytes_destroy) bytes_t *text = file_read(here("usr/share/plain/version"), 64, NULL);
    assert_string_equal(bytes_text(text), "2.0");
    struct stat facts;
    assert_int_equal(stat(here("usr/share/plain/version"), &facts), 0);
    assert_int_equal(facts.st_mode & 0777, 0644);
    CLEANUP(value_destroy) value_t *again = gives("package.upgrade", to("plain", "2.0"));
    assert_false(value_get_bool(again, "upgraded"));
    assert_string_equal(value_get_text(again, "before"), "2.0");
}

static void
nothing_is_installed_removed_or_made_older(void **state)
{
    (void)state;
    lay_down("plain", "2.0");
    lay_down("needy", "1.0");
    lay_down("hostile", "1.0");
    lay_down("paired", "1.0");
    lay_down("pair", "1.0");
    refused("package.upgrade", to("absent", "1.0"), FAULT_NOT_FOUND, "is not installed");
    refused("package.upgrade", to("plain", "1.0"), FAULT_CONFLICT, "is newer already");
    refused("package.upgrade", to("plain", "9.0"), FAULT_FAILED, "no such version");
    refused("package.upgrade", to("needy", "2.0"), FAULT_CONFLICT, "would change 'absent' too");
    refused("package.upgrade", to("hostile", "2.0"), FAULT_FAILED, "something stands against it");
    refused("package.upgrade", to("paired", "2.0"), FAULT_CONFLICT, "would change 'pair' too");
    holds("needy", "1.0");
    holds("hostile", "1.0");
    holds("paired", "1.0");
    holds("plain", "2.0");
}

static void
what_is_held_or_no_version_is_refused(void **state)
{
    static const char *const wrong[] = {"2.0-", "2.0+", "2.0/unstable", "2.0,x", "$(x)"};
    (void)state;
    lay_down("held", "1.0");
    shell("echo held hold | dpkg --root=$PWD --set-selections");
    refused("package.upgrade", to("held", "2.0"), FAULT_POLICY, "is held");
    for (size_t i = 0; i < ARRAY_SIZE(wrong); i++)
        refused("package.upgrade", to("plain", wrong[i]), FAULT_ARGUMENT, "is no version");
    refused("package.upgrade", to("-plain", "2.0"), FAULT_ARGUMENT, "'name'");
}

static op_child_t *
start(const char *name, const char *version)
{
    fault_t fault = {0};
    CLEANUP(value_destroy) value_t *arguments = to(name, version);
    op_child_t *child = op_child_start(op_row("package.upgrade"), op_find("package.upgrade"),
                                       arguments, &bench, NULL, &fault);
    if (!child)
        fail_msg("%s", fault.text);
    return child;
}

static void
await_file(const char *name)
{
    for (int i = 0; i < 3000 && access(here(name), F_OK); i++)
        poll(NULL, 0, 10);
    assert_int_equal(access(here(name), F_OK), 0);
}

static void
end_in_the_middle(op_child_t *child)
{
    fault_t fault = {0};
    op_child_cut(child);
    assert_null(op_child_finish(&child, &fault));
    assert_int_equal(fault.code, FAULT_TIMEOUT);
}

/* apt waits for whoever has dpkg's lock, and is ended there: nothing happened. */
static void
an_upgrade_that_is_ended_before_dpkg_begins_is_known_not_to_have_happened(void **state)
{
    (void)state;
    lay_down("plain", "1.0");
    int fd = open(here("var/lib/dpkg/lock-frontend"), O_RDWR | O_CREAT | O_CLOEXEC, 0640);
    struct flock lock = {.l_type = F_WRLCK, .l_whence = SEEK_SET};
    assert_int_equal(fcntl(fd, F_SETLK, &lock), 0);
    op_child_t *child = start("plain", "2.0");
    for (int i = 0; i < 50; i++)
        poll(NULL, 0, 10);
    end_in_the_middle(child);
    close(fd);
    assert_int_equal(looked_for("plain", "2.0"), PROBE_DID_NOT);
    CLEANUP(value_destroy) value_t *again = gives("package.upgrade", to("plain", "2.0"));
    assert_true(value_get_bool(again, "upgraded"));
    assert_int_equal(looked_for("plain", "2.0"), PROBE_HAPPENED);
}

/* It is ended as a whole, the package's own script too; and dpkg's record is behind. */
static void
an_upgrade_that_is_ended_while_dpkg_acts_is_unknown(void **state)
{
    (void)state;
    lay_down("slow", "1.0");
    unlink(here("go"));
    op_child_t *child = start("slow", "2.0");
    await_file("waiting");
    end_in_the_middle(child);
    CLEANUP(bytes_destroy) bytes_t *pid = file_read(here("waiting"), 32, NULL);
    assert_true(atol(bytes_text(pid)) > 1);
    proc_t script;
    bool lives = proc_read((pid_t)atol(bytes_text(pid)), &script) && script.state != 'Z';
    assert_false(lives);
    assert_int_equal(looked_for("slow", "2.0"), PROBE_CANNOT_TELL);
    refused("package.upgrade", to("slow", "2.0"), FAULT_CONFLICT, "dpkg --configure -a");
    put_file("go", "", 0644);
    shell("dpkg --root=$PWD --configure -a; dpkg --root=$PWD -i archive/slow_2.0.deb");
    assert_int_equal(looked_for("slow", "2.0"), PROBE_HAPPENED);
}

/* dpkg puts the old version back. */
static void
an_upgrade_whose_package_refuses_fails_and_leaves_the_version_before(void **state)
{
    (void)state;
    lay_down("broken", "1.0");
    refused("package.upgrade", to("broken", "2.0"), FAULT_FAILED, "apt-get exited with status");
    holds("broken", "1.0");
    assert_int_equal(looked_for("broken", "2.0"), PROBE_DID_NOT);
}

static void
what_a_script_that_fails_leaves_half_done_is_told(void **state)
{
    (void)state;
    lay_down("halfway", "1.0");
    refused("package.upgrade", to("halfway", "2.0"), FAULT_FAILED,
            "; done: 'halfway' is at version '2.0', install ok half-configured");
    refused("package.upgrade", to("halfway", "2.0"), FAULT_NOT_FOUND, "is not installed");
    shell("dpkg --root=$PWD -r halfway");
}

/* More than anybody keeps of what a program says. */
static void
an_upgrade_whose_package_says_much_goes_on_to_its_end(void **state)
{
    (void)state;
    lay_down("wordy", "1.0");
    CLEANUP(value_destroy) value_t *told = gives("package.upgrade", to("wordy", "2.0"));
    assert_true(value_get_bool(told, "upgraded"));
    holds("wordy", "2.0");
}

/* The shell that a package's script needs, and an archive that apt trusts. */
static int
begin(void **state)
{
    static const char speaks[] = "#!/bin/sh\ni=0\nwhile [ $i -lt 8000 ]; do i=$((i + 1))\n"
                                 "echo 'and so on, and so on, and so on, and so on'; done\n";
    static const char waits[] = "#!/bin/sh\nif [ \"$1\" = upgrade ]; then echo $$ >/waiting.new; "
                                "mv /waiting.new /waiting\n"
                                "while [ ! -e /go ]; do sleep 0.02; done; fi\n";
    (void)state;
    bench_begin("class highest change\n");
    debian_begin("file");
    shell("for f in /bin/sh /bin/mv /bin/sleep; do cp -L --parents $f $(ldd $f | grep -o '/[^ ]*') "
          ".; done");
    build("plain", "1.0", "", NULL);
    build("plain", "2.0", "", NULL);
    build("absent", "1.0", "", NULL);
    build("needy", "1.0", "", NULL);
    build("needy", "2.0", "Depends: absent\n", NULL);
    build("hostile", "1.0", "", NULL);
    build("hostile", "2.0", "Conflicts: plain\n", NULL);
    build("pair", "1.0", "", NULL);
    build("pair", "2.0", "", NULL);
    build("paired", "1.0", "", NULL);
    build("paired", "2.0", "Depends: pair (>= 2.0)\n", NULL);
    build("held", "1.0", "", NULL);
    build("held", "2.0", "", NULL);
    build("broken", "1.0", "", NULL);
    build("broken", "2.0", "", "#!/bin/sh\n[ \"$1\" != upgrade ]\n");
    build("halfway", "1.0", "", NULL);
    shell("rm -rf made");
    put_file("made/DEBIAN/postinst", "#!/bin/sh\nexit 1\n", 0755);
    build_made("halfway", "2.0", "");
    build("wordy", "1.0", "", NULL);
    build("wordy", "2.0", "", speaks);
    build("slow", "1.0", "", NULL);
    build("slow", "2.0", "", waits);
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
        cmocka_unit_test(a_package_is_upgraded_to_that_version_and_not_again),
        cmocka_unit_test(nothing_is_installed_removed_or_made_older),
        cmocka_unit_test(what_is_held_or_no_version_is_refused),
        cmocka_unit_test(an_upgrade_whose_package_refuses_fails_and_leaves_the_version_before),
        cmocka_unit_test(what_a_script_that_fails_leaves_half_done_is_told),
        cmocka_unit_test(an_upgrade_whose_package_says_much_goes_on_to_its_end),
        cmocka_unit_test(an_upgrade_that_is_ended_before_dpkg_begins_is_known_not_to_have_happened),
        cmocka_unit_test(an_upgrade_that_is_ended_while_dpkg_acts_is_unknown),
    };
    return cmocka_run_group_tests(tests, begin, end);
}
