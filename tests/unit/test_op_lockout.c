/* SPDX-License-Identifier: Apache-2.0 */
/* Tallies that the machine's own pam_faillock wrote, in a folder of the test's; the users are of
 * those that every Debian has. */
#include "op_bench.h"
#include "op_foretold.h"

#include <dlfcn.h>
#include <fcntl.h>
#include <sys/file.h>

#include "wire/ops/families.h"

/* As Linux-PAM declares them, whose headers only this test would need. */
enum { PAM_TTY = 3, PAM_RHOST = 4, PAM_FAIL_DELAY = 10 };
typedef struct {
    int (*talk)(int, const void **, void **, void *);
    void *context;
} talker_t;

static struct {
    int (*start)(const char *, const char *, const talker_t *, const char *, void **);
    int (*set)(void *, int, const void *);
    int (*authenticate)(void *, int);
    int (*end)(void *, int);
} pam;

static void
waits_for_nothing(int result, unsigned delay_us, void *context)
{
    (void)result, (void)delay_us, (void)context;
}

/* A login of the user fails; item says what it came from. True where it was refused unasked. */
static bool
fails_to_log_in(const char *user, int item, const char *from)
{
    static const talker_t talker;
    void *handle = NULL;
    assert_int_equal(pam.start("login", user, &talker, here("pam.d"), &handle), 0);
    assert_int_equal(pam.set(handle, PAM_FAIL_DELAY, (const void *)(uintptr_t)waits_for_nothing),
                     0);
    if (item)
        assert_int_equal(pam.set(handle, item, from), 0);
    int result = pam.authenticate(handle, 0);
    pam.end(handle, result);
    return result == 7; /* PAM_AUTH_ERR */
}

static void
fail_often(const char *user, const char *from, int times)
{
    for (int i = 0; i < times; i++)
        fails_to_log_in(user, PAM_RHOST, from);
}

static value_t *
of(const char *user)
{
    return texts("user", user, NULL);
}

static value_t *
told_of(const char *user)
{
    CLEANUP(value_destroy) value_t *told = gives("user.lockouts", of(user));
    const value_t *entry = entry_of(value_get(told, "users"), "user", user);
    return entry ? value_copy(entry) : NULL;
}

static bool
is_empty(const char *user)
{
    char path[64];
    struct stat facts;
    snprintf(path, sizeof path, "run/faillock/%s", user);
    return stat(here(path), &facts) || facts.st_size == 0;
}

static void
who_is_locked_is_told_with_who_locked_it(void **state)
{
    (void)state;
    fail_often("daemon", "192.0.2.7", 2);
    CLEANUP(value_destroy) value_t *before = told_of("daemon");
    assert_false(value_get_bool(before, "locked"));
    assert_int_equal(value_get_integer(before, "unlocks"), 0);
    fails_to_log_in("daemon", PAM_TTY, "tty1");
    assert_true(fails_to_log_in("daemon", PAM_RHOST, "192.0.2.7"));
    fails_to_log_in("games", 0, NULL);
    CLEANUP(value_destroy) value_t *all = gives("user.lockouts", value_map());
    const value_t *users = value_get(all, "users"), *first = value_at(users, 0);
    assert_int_equal(value_get_integer(all, "deny"), 3);
    assert_int_equal(value_get_integer(all, "interval_s"), 900);
    assert_int_equal(value_count(users), 2);
    assert_string_equal(value_get_text(first, "user"), "daemon");
    assert_true(value_get_bool(first, "locked"));
    assert_int_equal(value_get_integer(first, "failures"), 3);
    assert_int_equal(value_get_integer(first, "unlocks") - value_get_integer(first, "newest"),
                     600000);
    const value_t *sources = value_get(all, "sources");
    const value_t *host = entry_of(sources, "from", "192.0.2.7");
    const value_t *line = entry_of(sources, "from", "tty1");
    const value_t *service = entry_of(sources, "kind", "service");
    assert_string_equal(value_get_text(host, "user"), "daemon");
    assert_string_equal(value_get_text(host, "kind"), "host");
    assert_int_equal(value_get_integer(host, "count"), 2);
    assert_string_equal(value_get_text(line, "kind"), "terminal");
    const value_t *games = entry_of(users, "user", "games");
    assert_false(value_get_bool(games, "locked"));
    assert_string_equal(value_get_text(service, "user"), "games");
}

static void
a_lockout_is_foretold_and_forgotten(void **state)
{
    (void)state;
    fail_often("daemon", "192.0.2.7", 3);
    assert_true(fails_to_log_in("daemon", PAM_RHOST, "192.0.2.9"));
    CLEANUP(value_destroy)
    value_t *would = foretells("user.reset_lockout", of("daemon"), &bench,
                               "- failed logins of daemon from 192.0.2.7: 3\n");
    assert_true(fails_to_log_in("daemon", PAM_RHOST, "192.0.2.9"));
    CLEANUP(value_destroy) value_t *done = gives("user.reset_lockout", of("daemon"));
    assert_true(value_equal(would, done));
    assert_true(value_get_bool(done, "was_locked"));
    assert_int_equal(value_get_integer(done, "failures"), 3);
    assert_string_equal(value_string(value_at(value_get(done, "sources"), 0)), "192.0.2.7");
    assert_true(is_empty("daemon"));
    assert_null(told_of("daemon"));
    assert_false(fails_to_log_in("daemon", PAM_RHOST, "192.0.2.7"));
}

static void
what_is_forgotten_already_or_never_was_is_no_failure(void **state)
{
    (void)state;
    fail_often("daemon", "192.0.2.7", 1);
    CLEANUP(value_destroy) value_t *first = gives("user.reset_lockout", of("daemon"));
    CLEANUP(value_destroy) value_t *again = gives("user.reset_lockout", of("daemon"));
    CLEANUP(value_destroy) value_t *never = gives("user.reset_lockout", of("mail"));
    assert_int_equal(value_get_integer(first, "failures"), 1);
    assert_int_equal(value_get_integer(again, "failures"), 0);
    assert_int_equal(value_get_integer(never, "failures"), 0);
    assert_int_equal(access(here("run/faillock/mail"), F_OK), -1);
}

static void
only_the_users_of_the_machine_are_asked_for(void **state)
{
    (void)state;
    refused("user.reset_lockout", of("nobody-here"), FAULT_NOT_FOUND, "no user");
    refused("user.reset_lockout", of("../policy"), FAULT_NOT_FOUND, "no user");
    refused("user.lockouts", of("nobody-here"), FAULT_NOT_FOUND, "no user");
    foresees_refusal("user.reset_lockout", of("nobody-here"), &bench, FAULT_NOT_FOUND, "no user");
}

static void
root_is_locked_only_where_the_rules_say_so(void **state)
{
    (void)state;
    fail_often("root", "192.0.2.7", 4);
    CLEANUP(value_destroy) value_t *spared = told_of("root");
    assert_false(value_get_bool(spared, "locked"));
    put_file("etc/security/faillock.conf", "# ours\nroot_unlock_time = 60 # soon\n", 0644);
    CLEANUP(value_destroy) value_t *denied = told_of("root");
    assert_true(value_get_bool(denied, "locked"));
    assert_int_equal(value_get_integer(denied, "unlocks") - value_get_integer(denied, "newest"),
                     60000);
}

static void
the_machines_rules_say_when_one_is_locked(void **state)
{
    (void)state;
    fail_often("daemon", "192.0.2.7", 2);
    put_file("etc/security/faillock.conf", "deny=2\nunlock_time=never\n", 0644);
    CLEANUP(value_destroy) value_t *forever = told_of("daemon");
    assert_true(value_get_bool(forever, "locked"));
    assert_int_equal(value_get_integer(forever, "unlocks"), 0);
    put_file("etc/security/faillock.conf", "deny=2\nadmin_group=staff\n", 0644);
    CLEANUP(value_destroy) value_t *admin = told_of("daemon");
    assert_false(value_get_bool(admin, "locked"));
    put_file("etc/security/faillock.conf", "deny=0\n", 0644);
    CLEANUP(value_destroy) value_t *never = told_of("daemon");
    assert_false(value_get_bool(never, "locked"));
    put_file("etc/security/faillock.conf", "dir = /elsewhere\n", 0644);
    assert_null(told_of("daemon"));
}

/* A user may write into its own tally. */
static void
put_record(int fd, const char *source, uint16_t status, uint64_t time)
{
    uint8_t record[64] = {0};
    memcpy(record, source, strnlen(source, 52));
    memcpy(record + 54, &status, sizeof status);
    memcpy(record + 56, &time, sizeof time);
    assert_int_equal(write(fd, record, sizeof record), sizeof record);
}

static void
what_users_write_into_their_tallies_is_bounded_and_printable(void **state)
{
    char source[64];
    (void)state;
    int fd = open(here("run/faillock/games"), O_WRONLY | O_CREAT, 0600);
    for (unsigned i = 0; i < 2000; i++) {
        snprintf(source, sizeof source, "%%\n\x1b[2J%046u", i % 1500);
        put_record(fd, source, 0xffff, UINT64_MAX - i % 7);
    }
    assert_int_equal(write(fd, "half", 4), 4);
    close(fd);
    CLEANUP(value_destroy) value_t *told = gives("user.lockouts", of("games"));
    const value_t *games = value_at(value_get(told, "users"), 0);
    assert_int_equal(value_get_integer(games, "failures"), 1024);
    assert_int_equal(value_count(value_get(told, "sources")), 10);
    assert_true(value_get_bool(games, "more"));
    const char *from = value_get_text(value_at(value_get(told, "sources"), 0), "from");
    assert_memory_equal(from, "???[2J0000", 10);
    CLEANUP(value_destroy) value_t *done = gives("user.reset_lockout", of("games"));
    assert_true(value_get_bool(done, "more"));
    CLEANUP(bytes_destroy) bytes_t *encoded = bytes_new();
    value_encode(done, encoded);
    assert_true(encoded->size <= FIX_RESULT_MAX);
    assert_true(is_empty("games"));
}

static void
no_link_leads_out_of_the_folder_of_tallies(void **state)
{
    (void)state;
    put_file("precious", "precious", 0600);
    assert_int_equal(symlink(here("precious"), here("run/faillock/games")), 0);
    refused("user.reset_lockout", of("games"), FAULT_POLICY, "symbolic link");
    refused("user.lockouts", of("games"), FAULT_POLICY, "symbolic link");
    assert_int_equal(unlink(here("run/faillock/games")), 0);
    assert_int_equal(mkfifo(here("run/faillock/games"), 0600), 0);
    refused("user.reset_lockout", of("games"), FAULT_POLICY, "not a regular file");
    fail_often("daemon", "192.0.2.7", 1);
    CLEANUP(value_destroy) value_t *all = gives("user.lockouts", value_map());
    assert_int_equal(value_count(value_get(all, "users")), 1);
    assert_int_equal(unlink(here("run/faillock/games")), 0);
    assert_int_equal(chmod(here("run/faillock"), 0777), 0);
    refused("user.reset_lockout", of("daemon"), FAULT_POLICY, "others than root");
}

static void
a_tally_that_somebody_holds_is_waited_for_no_longer_than_a_while(void **state)
{
    (void)state;
    fail_often("daemon", "192.0.2.7", 1);
    CLEANUP(descriptor_close) int fd = open(here("run/faillock/daemon"), O_RDWR);
    assert_int_equal(flock(fd, LOCK_EX), 0);
    refused("user.reset_lockout", of("daemon"), FAULT_TIMEOUT, "held by another");
    assert_false(is_empty("daemon"));
}

static int
start(void **state)
{
    char service[512], rules[1024];
    (void)state;
    void *library = dlopen("libpam.so.0", RTLD_NOW);
    *(void **)&pam.start = dlsym(library, "pam_start_confdir");
    *(void **)&pam.set = dlsym(library, "pam_set_item");
    *(void **)&pam.authenticate = dlsym(library, "pam_authenticate");
    *(void **)&pam.end = dlsym(library, "pam_end");
    assert_true(pam.start && pam.set && pam.authenticate && pam.end);
    bench_begin("allow user.lockouts\n");
    put_file("etc/passwd",
             "root:x:0:0::/root:/bin/bash\ndaemon:x:1:1::/:/bin/sh\ngames:x:5:60::/:/bin/sh\n"
             "mail:x:8:8::/:/bin/sh\n",
             0644);
    put_file("etc/group", "staff:x:50:games,daemon\n", 0644);
    snprintf(rules, sizeof rules, "dir = %s\n", here("run/faillock"));
    put_file("pam.conf", rules, 0644);
    snprintf(service, sizeof service, "auth required pam_faillock.so authfail conf=%s\n",
             here("pam.conf"));
    put_file("pam.d/login", service, 0644);
    bench_root(false);
    return 0;
}

static int
begin(void **state)
{
    char command[256];
    (void)state;
    snprintf(
        command, sizeof command,
        "cd '%s' && rm -rf run etc/security && mkdir -p run/faillock && chmod 755 run/faillock",
        bench_folder);
    return system(command);
}

static int
end(void **state)
{
    (void)state;
    bench_end();
    return 0;
}

#define test(name) cmocka_unit_test_setup(name, begin)

int
main(void)
{
    const struct CMUnitTest tests[] = {
        test(who_is_locked_is_told_with_who_locked_it),
        test(a_lockout_is_foretold_and_forgotten),
        test(what_is_forgotten_already_or_never_was_is_no_failure),
        test(only_the_users_of_the_machine_are_asked_for),
        test(root_is_locked_only_where_the_rules_say_so),
        test(the_machines_rules_say_when_one_is_locked),
        test(what_users_write_into_their_tallies_is_bounded_and_printable),
        test(no_link_leads_out_of_the_folder_of_tallies),
        test(a_tally_that_somebody_holds_is_waited_for_no_longer_than_a_while),
    };
    return cmocka_run_group_tests(tests, start, end);
}
