/* SPDX-License-Identifier: Apache-2.0 */
#include "op_bench.h"
#include "op_foretold.h"

#include <fcntl.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <utmp.h>

#include "worker/proc.h"

/* The machine's files are the test's: users, keys and crontabs of the real one stay as they are. */
#define ANA \
    "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIIb77al91oy+55k+9MzL+q79uqX7GfxT64obvaVeTQNF ana@desk"
#define STRANGER \
    "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAINDETMqT7HgqHD2tNG61COEcZZtmfwouLjflCzs0GBOr stranger"

/* What `ssh-keygen -l` says of them. */
#define ANA_PRINT      "SHA256:hSRZwvoTCGksHUE9HQJ7wWV2ybwYAQSvWI2402Fy0ag"
#define STRANGER_PRINT "SHA256:a/44PFuSNTPvP/EfOTlQ+STIcda4XGXMY1ozP2GXclk"

static value_t *
of(const char *user)
{
    return texts("user", user, NULL);
}

static void
users_are_told_with_how_they_may_log_in(void **state)
{
    (void)state;
    CLEANUP(value_destroy) value_t *told = gives("user.list", value_map());
    const value_t *users = value_get(told, "users");
    const value_t *ana = entry_of(users, "name", "ana"), *web = entry_of(users, "name", "web");
    assert_string_equal(value_get_text(ana, "password"), "set");
    assert_true(value_get_bool(ana, "may_log_in"));
    assert_string_equal(value_get_text(web, "password"), "locked");
    assert_false(value_get_bool(web, "may_log_in"));
    assert_string_equal(value_get_text(entry_of(users, "name", "open"), "password"), "none");
    bench_root(true);
    CLEANUP(value_destroy) value_t *own = gives("user.list", value_map());
    bench_root(false);
    assert_non_null(entry_of(value_get(own, "users"), "name", "root"));
}

static void
write_entry(const char *file, int type, const char *user, const char *from, pid_t pid, time_t when)
{
    struct utmp entry = {.ut_type = (short)type, .ut_pid = pid};
    memcpy(entry.ut_user, user, strlen(user));
    memcpy(entry.ut_line, "pts/1", 5);
    memcpy(entry.ut_host, from, strlen(from));
    entry.ut_tv.tv_sec = (int32_t)when;
    int fd = open(here(file), O_WRONLY | O_CREAT | O_APPEND, 0600);
    assert_int_equal(write(fd, &entry, sizeof entry), sizeof entry);
    close(fd);
}

static void
failed_logins_are_counted_by_user_and_source(void **state)
{
    (void)state;
    for (int i = 0; i < 7; i++)
        write_entry("var/log/btmp", LOGIN_PROCESS, "root", "203.0.113.9", 1, 1000000 + i);
    write_entry("var/log/btmp", LOGIN_PROCESS, "ana", "198.51.100.2", 1, 2000000);
    CLEANUP(value_destroy) value_t *told = gives("user.failures", value_map());
    const value_t *first = value_at(value_get(told, "failures"), 0);
    assert_int_equal(value_get_integer(told, "total"), 8);
    assert_string_equal(value_get_text(first, "from"), "203.0.113.9");
    assert_int_equal(value_get_integer(first, "count"), 7);
    assert_int_equal(value_get_integer(first, "last"), 1000006000);
    value_t *newer = and_integer(value_map(), "newer_than", 1500000000);
    CLEANUP(value_destroy) value_t *late = gives("user.failures", newer);
    assert_int_equal(value_get_integer(late, "total"), 1);
    CLEANUP(value_destroy)
    value_t *one = gives("user.failures", and_integer(value_map(), "count", 1));
    assert_int_equal(value_get_integer(one, "left_out"), 1);
}

/* Who fails as everybody leaves no room for others: that is said, and each can be asked for. */
static void
failures_beyond_what_is_counted_by_source_are_told(void **state)
{
    char name[16];
    (void)state;
    unlink(here("var/log/btmp"));
    for (int i = 0; i < 4096; i++) {
        snprintf(name, sizeof name, "user%d", i);
        write_entry("var/log/btmp", LOGIN_PROCESS, name, "203.0.113.9", 1, 1000000);
    }
    CLEANUP(value_destroy) value_t *all = gives("user.failures", value_map());
    assert_null(value_get(all, "uncounted"));
    for (int i = 0; i < 3; i++)
        write_entry("var/log/btmp", LOGIN_PROCESS, "root", "198.51.100.2", 1, 1000000);
    CLEANUP(value_destroy) value_t *more = gives("user.failures", value_map());
    assert_int_equal(value_get_integer(more, "uncounted"), 3);
    assert_int_equal(value_get_integer(more, "total"), 4099);
    CLEANUP(value_destroy)
    value_t *other = gives("user.failures", texts("from", "198.51.100.2", NULL));
    assert_null(value_get(other, "uncounted"));
    assert_int_equal(value_get_integer(other, "total"), 3);
    assert_int_equal(value_count(value_get(other, "failures")), 1);
}

static pid_t
begin_process(uid_t user)
{
    int ready[2];
    char byte = 0;
    assert_int_equal(pipe(ready), 0);
    pid_t pid = fork();
    if (pid == 0) {
        if (setresuid(user, user, user))
            _exit(1);
        prctl(PR_SET_PDEATHSIG, SIGKILL);
        if (write(ready[1], &byte, 1) != 1)
            _exit(1);
        for (;;)
            pause();
    }
    assert_int_equal(read(ready[0], &byte, 1), 1);
    close(ready[0]);
    close(ready[1]);
    return pid;
}

static bool
is_killed(pid_t pid)
{
    int status = 0;
    return waitpid(pid, &status, 0) == pid && WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL;
}

static void
sessions_end_with_the_processes_of_their_user(void **state)
{
    (void)state;
    pid_t session = begin_process(54321), other = begin_process(54321), stale = begin_process(0);
    time_t now = (time_t)(wall_now().ms / 1000);
    char lines[128];
    fault_t why;
    write_entry("run/utmp", USER_PROCESS, "ana", "198.51.100.2", session, now);
    write_entry("run/utmp", USER_PROCESS, "ana", "198.51.100.2", stale, now - 86400);
    write_entry("run/utmp", DEAD_PROCESS, "ana", "", other, now);
    CLEANUP(value_destroy) value_t *told = gives("user.sessions", value_map());
    assert_int_equal(value_count(value_get(told, "sessions")), 1);
    const value_t *first = value_at(value_get(told, "sessions"), 0);
    assert_string_equal(value_get_text(first, "line"), "pts/1");
    assert_int_equal(value_get_integer(first, "since"), (int64_t)now * 1000);
    snprintf(lines, sizeof lines, "- session of ana, process %d: pts/1\n", (int)session);
    CLEANUP(value_destroy)
    value_t *would = foretells("user.end_sessions", of("ana"), &bench, lines);
    assert_int_equal(kill(session, 0), 0);
    CLEANUP(value_destroy) value_t *ended = gives("user.end_sessions", of("ana"));
    assert_int_equal(value_get_integer(ended, "sessions"), 1);
    assert_true(value_equal(would, ended));
    assert_true(is_killed(session));
    CLEANUP(value_destroy) value_t *none = gives("user.sessions", value_map());
    assert_int_equal(value_count(value_get(none, "sessions")), 0);
    value_t *both = and_true(of("ana"), "processes");
    CLEANUP(value_destroy)
    value_t *foresight = foretold_or("user.end_sessions", both, &bench, &why);
    const value_t *line = value_at(value_get(foresight, "changes"), 0);
    snprintf(lines, sizeof lines, "- process %d: ", (int)other);
    assert_memory_equal(value_string(line), lines, strlen(lines));
    assert_int_equal(kill(other, 0), 0);
    CLEANUP(value_destroy)
    value_t *all = gives("user.end_sessions", and_true(of("ana"), "processes"));
    assert_int_equal(value_get_integer(all, "processes"), 1);
    assert_true(is_killed(other));
    assert_int_equal(waitpid(stale, NULL, WNOHANG), 0);
    kill(stale, SIGKILL);
    waitpid(stale, NULL, 0);
    refused("user.end_sessions", and_true(of("root"), "processes"), FAULT_POLICY, "root");
    refused("user.end_sessions", of("nobody-here"), FAULT_NOT_FOUND, "no user");
    foresees_refusal("user.end_sessions", and_true(of("root"), "processes"), &bench, FAULT_POLICY,
                     "root");
    foresees_refusal("user.lock", of("nobody-here"), &bench, FAULT_NOT_FOUND, "no user");
}

static void
logind_knows_better_where_it_is(void **state)
{
    (void)state;
    put_file("run/systemd/sessions/3",
             "UID=54321\nUSER=ana\nREMOTE_HOST=198.51.100.7\nSERVICE=sshd\nLEADER=4194000\n"
             "REALTIME=1700000000000000\n",
             0644);
    CLEANUP(value_destroy) value_t *told = gives("user.sessions", value_map());
    unlink(here("run/systemd/sessions/3"));
    const value_t *only = value_at(value_get(told, "sessions"), 0);
    assert_int_equal(value_count(value_get(told, "sessions")), 1);
    assert_string_equal(value_get_text(only, "service"), "sshd");
    assert_string_equal(value_get_text(only, "from"), "198.51.100.7");
    assert_int_equal(value_get_integer(only, "since"), 1700000000000);
}

static void
keys_are_told_by_the_fingerprints_that_ssh_shows(void **state)
{
    (void)state;
    put_file("home/ana/.ssh/authorized_keys",
             "# keys\n" ANA "\n\nfrom=\"a b\",no-pty " STRANGER "\nssh-ed25519 !!! broken\n", 0600);
    CLEANUP(value_destroy) value_t *told = gives("user.keys", of("ana"));
    const value_t *keys = value_get(told, "keys");
    assert_int_equal(value_count(keys), 2);
    const value_t *stranger = entry_of(keys, "fingerprint", STRANGER_PRINT);
    assert_string_equal(value_get_text(entry_of(keys, "fingerprint", ANA_PRINT), "comment"),
                        "ana@desk");
    assert_true(value_get_bool(stranger, "options"));
    assert_int_equal(value_get_integer(stranger, "line"), 4);
    CLEANUP(value_destroy) value_t *none = gives("user.keys", of("web"));
    assert_int_equal(value_count(value_get(none, "keys")), 0);
    assert_int_equal(mkdir(here("home/open"), 0755), 0);
    assert_int_equal(symlink(here("home/ana/.ssh"), here("home/open/.ssh")), 0);
    refused("user.keys", of("open"), FAULT_POLICY, "symbolic link");
    refused("user.keys", of("nobody-here"), FAULT_NOT_FOUND, "no user");
}

static value_t *
key_of(const char *user, const char *print)
{
    return texts("user", user, "fingerprint", print, NULL);
}

#define STRANGER_BYTES 101 /* its line with its options, as it is held */

/* What a dry run is told; nothing goes. */
static value_t *
would_take(const char *user, const char *print)
{
    char lines[1024];
    fault_t fault;
    CLEANUP(value_destroy)
    value_t *first = foretold_or("user.remove_key", key_of(user, print), &bench, &fault);
    snprintf(lines, sizeof lines, "- %s: ssh-ed25519 %s stranger\n+ %s/%s: %d bytes\n",
             here("home/ana/.ssh/authorized_keys"), print, here("quarantine"),
             value_get_text(value_get(first, "result"), "id"), STRANGER_BYTES);
    return foretells("user.remove_key", key_of(user, print), &bench, lines);
}

static value_t *
would_put_back(const char *user, const char *id)
{
    char lines[1024];
    snprintf(lines, sizeof lines, "- %s/%s: %d bytes\n+ %s: ssh-ed25519 %s stranger\n",
             here("quarantine"), id, STRANGER_BYTES, here("home/ana/.ssh/authorized_keys"),
             STRANGER_PRINT);
    return foretells("user.restore_key", texts("user", user, "id", id, NULL), &bench, lines);
}

static void
a_key_is_taken_out_and_put_back(void **state)
{
    fault_t fault;
    struct stat facts;
    (void)state;
    put_file("home/ana/.ssh/authorized_keys", ANA "\nfrom=\"a b\" " STRANGER "\n", 0600);
    assert_int_equal(chown(here("home/ana/.ssh/authorized_keys"), 54321, 54321), 0);
    CLEANUP(value_destroy) value_t *would = would_take("ana", STRANGER_PRINT);
    CLEANUP(value_destroy)
    value_t *taken = gives("user.remove_key", key_of("ana", STRANGER_PRINT));
    assert_true(value_equal(would, taken));
    CLEANUP(value_destroy)
    value_t *again = gives("user.remove_key", key_of("ana", STRANGER_PRINT));
    CLEANUP(value_destroy)
    value_t *nothing = foretells("user.remove_key", key_of("ana", STRANGER_PRINT), &bench, "");
    assert_true(value_equal(nothing, again));
    assert_int_equal(value_get_integer(taken, "removed"), 1);
    assert_int_equal(value_get_integer(again, "removed"), 0);
    assert_string_equal(value_get_text(again, "id"), value_get_text(taken, "id"));
    CLEANUP(bytes_destroy)
    bytes_t *left = file_read(here("home/ana/.ssh/authorized_keys"), 4096, &fault);
    assert_string_equal(bytes_text(left), ANA "\n");
    assert_int_equal(stat(here("home/ana/.ssh/authorized_keys"), &facts), 0);
    assert_int_equal(facts.st_uid, 54321);
    assert_int_equal(facts.st_mode & 07777, 0600);
    value_t *back = texts("user", "ana", "id", value_get_text(taken, "id"), NULL);
    CLEANUP(value_destroy) value_t *copy = value_copy(back);
    refused("user.restore_key", texts("user", "web", "id", value_get_text(taken, "id"), NULL),
            FAULT_CONFLICT, "not from this user");
    foresees_refusal("user.restore_key",
                     texts("user", "web", "id", value_get_text(taken, "id"), NULL), &bench,
                     FAULT_CONFLICT, "not from this user");
    CLEANUP(value_destroy) value_t *returns = would_put_back("ana", value_get_text(taken, "id"));
    CLEANUP(value_destroy) value_t *put = gives("user.restore_key", back);
    assert_true(value_equal(returns, put));
    CLEANUP(value_destroy) value_t *once = gives("user.restore_key", value_copy(copy));
    CLEANUP(value_destroy)
    value_t *is_back = foretells("user.restore_key", value_copy(copy), &bench, "");
    assert_true(value_equal(is_back, once));
    assert_string_equal(value_get_text(put, "id"), value_get_text(once, "id"));
    CLEANUP(bytes_destroy)
    bytes_t *both = file_read(here("home/ana/.ssh/authorized_keys"), 4096, &fault);
    assert_string_equal(bytes_text(both), ANA "\nfrom=\"a b\" " STRANGER "\n");
    CLEANUP(value_destroy)
    value_t *unknown = gives("user.remove_key", key_of("web", STRANGER_PRINT));
    assert_null(value_get(unknown, "id"));
}

/* sshd reads authorized_keys2 too. */
static void
a_key_in_the_second_file_is_told_taken_out_and_put_back(void **state)
{
    static const char *const files[] = {"home/ana/.ssh/authorized_keys",
                                        "home/ana/.ssh/authorized_keys2"};
    static const char *const before[] = {ANA "\n" STRANGER "\n", "# more\n" STRANGER "\n"};
    static const char *const after[] = {ANA "\n", "# more\n"};
    fault_t fault;
    (void)state;
    for (size_t i = 0; i < 2; i++)
        put_file(files[i], before[i], 0600);
    CLEANUP(value_destroy) value_t *told = gives("user.keys", of("ana"));
    assert_int_equal(value_count(value_get(told, "keys")), 3);
    const value_t *second = entry_of(value_get(told, "keys"), "path", here(files[1]));
    assert_string_equal(value_get_text(second, "fingerprint"), STRANGER_PRINT);
    assert_int_equal(value_get_integer(second, "line"), 2);
    CLEANUP(value_destroy)
    value_t *taken = gives("user.remove_key", key_of("ana", STRANGER_PRINT));
    assert_int_equal(value_get_integer(taken, "removed"), 2);
    for (size_t i = 0; i < 2; i++) {
        CLEANUP(bytes_destroy) bytes_t *left = file_read(here(files[i]), 4096, &fault);
        assert_string_equal(bytes_text(left), after[i]);
    }
    put_file(files[1], before[1], 0600); /* as after a kill between the files */
    CLEANUP(value_destroy)
    value_t *again = gives("user.remove_key", key_of("ana", STRANGER_PRINT));
    assert_string_equal(value_get_text(again, "id"), value_get_text(taken, "id"));
    CLEANUP(value_destroy)
    value_t *back =
        gives("user.restore_key", texts("user", "ana", "id", value_get_text(taken, "id"), NULL));
    assert_string_equal(value_get_text(back, "id"), value_get_text(taken, "id"));
    for (size_t i = 0; i < 2; i++) {
        CLEANUP(bytes_destroy) bytes_t *now = file_read(here(files[i]), 4096, &fault);
        assert_string_equal(bytes_text(now), before[i]);
    }
    assert_int_equal(unlink(here(files[1])), 0);
}

/* What is held says by such a line where the second file's begin. */
static void
a_key_whose_comment_looks_like_ours_comes_back_as_it_was(void **state)
{
    static const char before[] = STRANGER " # authorized_keys2\nno-pty " STRANGER "\n";
    fault_t fault;
    (void)state;
    put_file("home/ana/.ssh/authorized_keys", before, 0600);
    CLEANUP(value_destroy)
    value_t *taken = gives("user.remove_key", key_of("ana", STRANGER_PRINT));
    assert_int_equal(value_get_integer(taken, "removed"), 2);
    CLEANUP(value_destroy)
    value_t *back =
        gives("user.restore_key", texts("user", "ana", "id", value_get_text(taken, "id"), NULL));
    assert_string_equal(value_get_text(back, "id"), value_get_text(taken, "id"));
    CLEANUP(bytes_destroy)
    bytes_t *now = file_read(here("home/ana/.ssh/authorized_keys"), 4096, &fault);
    assert_memory_equal(bytes_text(now), before, strlen(STRANGER " # authorized_keys2\n"));
    assert_int_equal(access(here("home/ana/.ssh/authorized_keys2"), F_OK), -1);
}

/* sshd passes over such white space, knows no longest line, and more names than one of a type. */
static void
no_spelling_hides_a_key(void **state)
{
    static const char hidden[] = "AAAAC3NzaC1lZDI1NTE5AAAAIND\rETMqT7Hgq\v"
                                 "HD2tNG61COEcZZtmfwouLjflCzs0GBOr";
    fault_t fault;
    (void)state;
    CLEANUP(bytes_destroy) bytes_t *text = bytes_new();
    bytes_add(text, "# a\0b\n", 6);
    bytes_addf(text, "ssh-ed25519 %s\r\n", hidden);
    bytes_addf(text, "environment=\"X=%020000d\" " STRANGER "\n", 1);
    bytes_addf(text, "other-name %s\n", strchr(STRANGER, ' ') + 1);
    bytes_add_text(text, ANA "\n");
    put_file("home/ana/.ssh/authorized_keys", "", 0600);
    assert_int_equal(
        file_write(here("home/ana/.ssh/authorized_keys"), bytes_slice(text), 0600, &fault), 0);
    CLEANUP(value_destroy) value_t *told = gives("user.keys", of("ana"));
    const value_t *keys = value_get(told, "keys");
    assert_int_equal(value_count(keys), 4);
    for (size_t i = 0; i < 3; i++) {
        assert_string_equal(value_get_text(value_at(keys, i), "fingerprint"), STRANGER_PRINT);
        assert_string_equal(value_get_text(value_at(keys, i), "type"), "ssh-ed25519");
        assert_int_equal(value_get_integer(value_at(keys, i), "line"), i + 2);
    }
    CLEANUP(value_destroy)
    value_t *taken = gives("user.remove_key", key_of("ana", STRANGER_PRINT));
    assert_int_equal(value_get_integer(taken, "removed"), 3);
    CLEANUP(bytes_destroy)
    bytes_t *left = file_read(here("home/ana/.ssh/authorized_keys"), 4096, &fault);
    assert_string_equal(bytes_text(left), "# a\n" ANA "\n");
}

static void
two_keys_that_are_taken_out_at_once_are_both_gone(void **state)
{
    fault_t fault;
    (void)state;
    for (int round = 0; round < 20; round++) {
        value_t *arguments[2] = {key_of("ana", ANA_PRINT), key_of("ana", STRANGER_PRINT)};
        value_t *taken[2];
        put_file("home/ana/.ssh/authorized_keys", ANA "\n" STRANGER "\n", 0600);
        give_both("user.remove_key", arguments, taken);
        CLEANUP(bytes_destroy)
        bytes_t *left = file_read(here("home/ana/.ssh/authorized_keys"), 4096, &fault);
        assert_string_equal(bytes_text(left), "");
        value_destroy(&taken[0]);
        value_destroy(&taken[1]);
    }
}

/* What a user puts where the new file is made: a second name of another, or a pipe. */
static void
a_file_in_the_way_of_new_keys_is_not_written_to(void **state)
{
    fault_t fault;
    (void)state;
    put_file("etc/precious", "as it was", 0600);
    for (int round = 0; round < 2; round++) {
        const char *way = here("home/ana/.ssh/authorized_keys.tocsin");
        put_file("home/ana/.ssh/authorized_keys", ANA "\n" STRANGER "\n", 0600);
        assert_int_equal(round ? mkfifo(way, 0600) : link(here("etc/precious"), way), 0);
        CLEANUP(value_destroy)
        value_t *taken = gives("user.remove_key", key_of("ana", STRANGER_PRINT));
        assert_int_equal(value_get_integer(taken, "removed"), 1);
    }
    CLEANUP(bytes_destroy) bytes_t *precious = file_read(here("etc/precious"), 64, &fault);
    assert_string_equal(bytes_text(precious), "as it was");
}

static void
a_password_is_locked_and_unlocked(void **state)
{
    (void)state;
    CLEANUP(value_destroy)
    value_t *would = foretells("user.lock", of("ana"), &bench,
                               "- user ana, password: set\n+ user ana, password: locked\n");
    CLEANUP(value_destroy) value_t *locked = gives("user.lock", of("ana"));
    assert_true(value_equal(would, locked));
    CLEANUP(value_destroy) value_t *same = foretells("user.lock", of("ana"), &bench, "");
    assert_false(value_get_bool(same, "changed"));
    CLEANUP(value_destroy) value_t *again = gives("user.lock", of("ana"));
    CLEANUP(value_destroy) value_t *list = gives("user.list", value_map());
    const value_t *ana = entry_of(value_get(list, "users"), "name", "ana");
    assert_true(value_get_bool(locked, "locked") && value_get_bool(locked, "changed"));
    assert_false(value_get_bool(again, "changed"));
    assert_string_equal(value_get_text(ana, "password"), "locked");
    CLEANUP(value_destroy) value_t *open = gives("user.unlock", of("ana"));
    assert_false(value_get_bool(open, "locked"));
    refused("user.lock", of("nobody-here"), FAULT_NOT_FOUND, "no user");
    refused("user.lock", of("-root"), FAULT_ARGUMENT, "'user'");
}

static void
jobs_of_all_tables_are_listed(void **state)
{
    (void)state;
    put_file("etc/crontab", "SHELL=/bin/sh\n# m h\n17 * * * * root cd / && run-parts\n", 0644);
    put_file("etc/cron.d/app", "@reboot web /usr/bin/app\n*/5 * * * * web /usr/bin/tick  now\n",
             0644);
    put_file("etc/cron.d/app.bak", "* * * * * root /bad\n", 0644);
    put_file("etc/cron.daily/rotate", "#!/bin/sh\n", 0755);
    put_file("var/spool/cron/crontabs/ana", "MAILTO=ana\n0 3 * * 1 /home/ana/backup\n", 0600);
    CLEANUP(value_destroy) value_t *told = gives("cron.list", value_map());
    const value_t *jobs = value_get(told, "jobs");
    assert_int_equal(value_count(jobs), 5);
    const value_t *tick = entry_of(jobs, "command", "/usr/bin/tick  now");
    assert_string_equal(value_get_text(tick, "schedule"), "*/5 * * * *");
    assert_string_equal(value_get_text(tick, "user"), "web");
    assert_int_equal(value_get_integer(tick, "line"), 2);
    const value_t *backup = entry_of(jobs, "command", "/home/ana/backup");
    assert_string_equal(value_get_text(backup, "user"), "ana");
    assert_string_equal(value_get_text(entry_of(jobs, "schedule", "@daily"), "file"),
                        "/etc/cron.daily/rotate");
}

static void
no_byte_and_no_length_hides_a_job(void **state)
{
    static const char line[] = "# \0 hides\n* * * * * /home/ana/hidden \0 from\n";
    fault_t fault;
    (void)state;
    CLEANUP(bytes_destroy) bytes_t *text = bytes_copy(slice_of(line, sizeof line - 1));
    put_file("var/spool/cron/crontabs/ana", "", 0600);
    for (int round = 0; round < 2; round++) {
        assert_int_equal(
            file_write(here("var/spool/cron/crontabs/ana"), bytes_slice(text), 0600, &fault), 0);
        CLEANUP(value_destroy) value_t *told = gives("cron.list", value_map());
        const value_t *job = entry_of(value_get(told, "jobs"), "command", "/home/ana/hidden ");
        assert_int_equal(value_get_integer(job, "line"), 2);
        assert_int_equal(value_get_integer(told, "left_out"), round);
        bytes_addf(text, "#%01048576d\n* * * * * /home/ana/far\n", 0);
    }
}

static void
a_table_is_disabled_and_enabled(void **state)
{
    (void)state;
    put_file("etc/cron.d/app", "* * * * * root /bin/app\n", 0644);
    for (int i = 0; i < 2; i++) {
        CLEANUP(value_destroy) value_t *off = gives("cron.disable", texts("file", "app", NULL));
        assert_false(value_get_bool(off, "enabled"));
    }
    assert_int_equal(access(here("etc/cron.d/app"), F_OK), -1);
    for (int i = 0; i < 2; i++) {
        CLEANUP(value_destroy) value_t *on = gives("cron.enable", texts("file", "app", NULL));
        assert_true(value_get_bool(on, "enabled"));
    }
    put_file("etc/cron.d/app.disabled", "* * * * * root /bin/other\n", 0644);
    refused("cron.disable", texts("file", "app", NULL), FAULT_IO, "exists");
    refused("cron.disable", texts("file", "../passwd", NULL), FAULT_ARGUMENT, "no file named");
    refused("cron.disable", texts("file", "none", NULL), FAULT_NOT_FOUND, "'none'");
}

static int
begin(void **state)
{
    char policy[512], folder[64] = "/tmp/tocsin-ops-XXXXXX";
    (void)state;
    assert_non_null(mkdtemp(folder));
    snprintf(policy, sizeof policy, "class highest change\nquarantine %s/quarantine\n", folder);
    bench_begin_in(folder, policy);
    assert_int_equal(mkdir(here("quarantine"), 0700), 0);
    put_file("etc/passwd",
             "root:x:0:0:root:/root:/bin/bash\nana:x:54321:54321::/home/ana:/bin/bash\n"
             "web:x:33:33::/var/www:/usr/sbin/nologin\nopen:x:54322:54322::/home/open:/bin/sh\n",
             0644);
    put_file("etc/shadow",
             "root:*:19000:0:99999:7:::\nana:$y$j9T$abc:19000:0:99999:7:::\n"
             "web:!:19000:0:99999:7:::\nopen::19000:0:99999:7:::\n",
             0600);
    put_file("etc/group", "root:x:0:\nana:x:54321:\n", 0644);
    put_file("var/log/lastlog", "", 0644);
    assert_int_equal(mkdir(here("run"), 0755), 0);
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
        cmocka_unit_test(users_are_told_with_how_they_may_log_in),
        cmocka_unit_test(failed_logins_are_counted_by_user_and_source),
        cmocka_unit_test(failures_beyond_what_is_counted_by_source_are_told),
        cmocka_unit_test(sessions_end_with_the_processes_of_their_user),
        cmocka_unit_test(logind_knows_better_where_it_is),
        cmocka_unit_test(keys_are_told_by_the_fingerprints_that_ssh_shows),
        cmocka_unit_test(a_key_is_taken_out_and_put_back),
        cmocka_unit_test(a_key_in_the_second_file_is_told_taken_out_and_put_back),
        cmocka_unit_test(a_key_whose_comment_looks_like_ours_comes_back_as_it_was),
        cmocka_unit_test(no_spelling_hides_a_key),
        cmocka_unit_test(two_keys_that_are_taken_out_at_once_are_both_gone),
        cmocka_unit_test(a_file_in_the_way_of_new_keys_is_not_written_to),
        cmocka_unit_test(a_password_is_locked_and_unlocked),
        cmocka_unit_test(jobs_of_all_tables_are_listed),
        cmocka_unit_test(no_byte_and_no_length_hides_a_job),
        cmocka_unit_test(a_table_is_disabled_and_enabled),
    };
    return cmocka_run_group_tests(tests, begin, end);
}
