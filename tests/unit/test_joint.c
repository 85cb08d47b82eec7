/* SPDX-License-Identifier: Apache-2.0 */
/* Where a role meets another: by number, as systemd hands it over, or by path; and who is refused.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include "common/log.h"
#include "worker/joint.h"

#define JUDGE    64012
#define STRANGER 64099

static char folder[64], path[96];

static struct sockaddr_un
name_of(const char *where)
{
    struct sockaddr_un name = {.sun_family = AF_UNIX};
    snprintf(name.sun_path, sizeof name.sun_path, "%s", where);
    return name;
}

/* As root, or as whom listens; to the owner's socket all may connect: the mode is another wall. */
static int
listen_as(uid_t who, uid_t owner)
{
    struct sockaddr_un name = name_of(path);
    int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    unlink(path);
    assert_int_equal(bind(fd, (const struct sockaddr *)&name, sizeof name), 0);
    assert_int_equal(seteuid(who), 0);
    assert_int_equal(listen(fd, 8), 0);
    assert_int_equal(seteuid(0), 0);
    assert_int_equal(chown(path, owner, owner), 0);
    assert_int_equal(chmod(path, 0666), 0);
    return fd;
}

/* In a child: connects as that user, says its letter, and waits until the other end is closed. It
 * has said so when this returns. */
static pid_t
come(uid_t uid, const char *letter)
{
    int ends[2];
    char byte;
    assert_int_equal(pipe(ends), 0);
    pid_t pid = fork();
    if (pid == 0) {
        struct sockaddr_un name = name_of(path);
        int told = dup2(ends[1], 3);
        close_range(4, ~0U, 0);
        int fd = socket(AF_UNIX, SOCK_STREAM, 0);
        if (setresuid(uid, uid, uid) || connect(fd, (const struct sockaddr *)&name, sizeof name) ||
            write(fd, letter, 1) != 1 || write(told, letter, 1) != 1)
            _exit(1);
        _exit(read(fd, &byte, 1) > 0);
    }
    close(ends[1]);
    assert_int_equal(read(ends[0], &byte, 1), 1);
    close(ends[0]);
    return pid;
}

static void
went_well(pid_t pid)
{
    int status = -1;
    assert_int_equal(waitpid(pid, &status, 0), pid);
    assert_int_equal(status, 0);
}

/* As a role to which systemd handed the listener over, for that process: the letter of the one whom
 * it hears, else its fault's code. */
static int
heard_by(int listener, bool ours, const char *count)
{
    int status = -1;
    pid_t role = fork();
    if (role == 0) {
        fault_t fault = {0};
        char pid[16], letter = 0;
        snprintf(pid, sizeof pid, "%d", ours ? getpid() : getppid());
        setenv("LISTEN_PID", pid, 1);
        setenv("LISTEN_FDS", count, 1);
        dup2(listener, 3);
        channel_t *channel = joint_open("accept", &fault);
        if (!channel)
            _exit(fault.code);
        ssize_t got = read(channel_fd(channel), &letter, 1);
        bool listens = fcntl(3, F_GETFD) >= 0 && channel_fd(channel) != 3;
        _exit(got == 1 && !listens ? letter : 1);
    }
    assert_int_equal(waitpid(role, &status, 0), role);
    assert_true(WIFEXITED(status));
    return WEXITSTATUS(status);
}

static void
the_owner_of_the_socket_is_heard_and_it_listens_no_more(void **state)
{
    (void)state;
    int listener = listen_as(0, JUDGE);
    pid_t judge = come(JUDGE, "J");
    assert_int_equal(heard_by(listener, true, "1"), 'J');
    went_well(judge);
    close(listener);
}

static void
others_are_turned_away_root_too_and_the_owner_behind_them_is_heard(void **state)
{
    static const uid_t uids[] = {STRANGER, 0, 65534};
    pid_t strangers[ARRAY_SIZE(uids)];
    (void)state;
    int listener = listen_as(0, JUDGE);
    for (size_t i = 0; i < ARRAY_SIZE(uids); i++)
        strangers[i] = come(uids[i], "S");
    pid_t judge = come(JUDGE, "J");
    assert_int_equal(heard_by(listener, true, "1"), 'J');
    went_well(judge);
    close(listener);
    for (size_t i = 0; i < ARRAY_SIZE(uids); i++)
        went_well(strangers[i]);
}

static void
what_systemd_did_not_hand_over_is_not_listened_at(void **state)
{
    int pair[2];
    (void)state;
    int listener = listen_as(0, JUDGE);
    assert_int_equal(heard_by(listener, false, "1"), FAULT_CONFIG);
    assert_int_equal(heard_by(listener, true, "2"), FAULT_CONFIG);
    assert_int_equal(heard_by(listener, true, "none"), FAULT_CONFIG);
    unlink(path);
    assert_int_equal(heard_by(listener, true, "1"), FAULT_CONFIG);
    close(listener);
    assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM, 0, pair), 0);
    assert_int_equal(heard_by(pair[0], true, "1"), FAULT_CONFIG);
    close(pair[0]);
    close(pair[1]);
}

/* As the judge's looks in a user namespace that does not know its uid, and as do all strangers. */
static void
nobodys_socket_is_not_listened_at(void **state)
{
    (void)state;
    int listener = listen_as(0, 65534);
    pid_t stranger = come(STRANGER, "S");
    assert_int_equal(heard_by(listener, true, "1"), FAULT_CONFIG);
    close(listener);
    went_well(stranger);
}

static void
a_path_is_connected_to_where_root_listens_and_nobody_else(void **state)
{
    fault_t fault = {0};
    (void)state;
    int listener = listen_as(0, JUDGE);
    CLEANUP(channel_destroy) channel_t *channel = joint_open(path, &fault);
    assert_non_null(channel);
    assert_int_equal(fcntl(channel_fd(channel), F_GETFD), FD_CLOEXEC);
    close(listener);
    listener = listen_as(STRANGER, JUDGE);
    assert_null(joint_open(path, &fault));
    assert_int_equal(fault.code, FAULT_DENIED);
    close(listener);
    assert_null(joint_open(path, &fault));
    assert_int_equal(fault.code, FAULT_IO);
}

static void
a_number_is_a_descriptor_that_was_given(void **state)
{
    static const char *const words[] = {"", "2", "-3", "3x", "1024", "Accept", "run/judge"};
    int pair[2];
    char number[16];
    fault_t fault = {0};
    (void)state;
    assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM, 0, pair), 0);
    snprintf(number, sizeof number, "%d", pair[1]);
    CLEANUP(channel_destroy) channel_t *channel = joint_open(number, &fault);
    assert_int_equal(channel_fd(channel), pair[1]);
    assert_int_equal(fcntl(pair[1], F_GETFD), FD_CLOEXEC);
    close(pair[0]);
    assert_null(joint_open("1023", &fault));
    assert_int_equal(fault.code, FAULT_IO);
    for (size_t i = 0; i < ARRAY_SIZE(words); i++) {
        assert_null(joint_open(words[i], &fault));
        assert_int_equal(fault.code, FAULT_USAGE);
    }
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_owner_of_the_socket_is_heard_and_it_listens_no_more),
        cmocka_unit_test(others_are_turned_away_root_too_and_the_owner_behind_them_is_heard),
        cmocka_unit_test(what_systemd_did_not_hand_over_is_not_listened_at),
        cmocka_unit_test(nobodys_socket_is_not_listened_at),
        cmocka_unit_test(a_path_is_connected_to_where_root_listens_and_nobody_else),
        cmocka_unit_test(a_number_is_a_descriptor_that_was_given),
    };
    if (geteuid() != 0) {
        puts("1..0 # SKIP others' sockets need root");
        return 0;
    }
    snprintf(folder, sizeof folder, "/tmp/test_joint.XXXXXX");
    if (!mkdtemp(folder) || chmod(folder, 0711))
        return 1;
    snprintf(path, sizeof path, "%s/socket", folder);
    log_open("test_joint", LEVEL_ERROR);
    int failed = cmocka_run_group_tests(tests, NULL, NULL);
    unlink(path);
    rmdir(folder);
    return failed;
}
