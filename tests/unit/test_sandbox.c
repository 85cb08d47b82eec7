/* SPDX-License-Identifier: Apache-2.0 */
/* What stands behind the filter of a runner: here that is left out, as if it had fallen, and each
 * other wall must hold by itself. The filter is proven in test_runner and tests/attack. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/seccomp.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "lua/sandbox.h"

#define CPU_MAX_S 5

/* In place of libc's, for this program: of all that sandbox_enter asks the kernel for, the filter
 * alone is not had. */
long
syscall(long number, ...)
{
    typedef long call_t(long, long, long, long, long, long, long);
    long words[6];
    va_list all;
    va_start(all, number);
    for (size_t i = 0; i < ARRAY_SIZE(words); i++)
        words[i] = va_arg(all, long);
    va_end(all);
    if (number == SYS_seccomp && words[0] == SECCOMP_SET_MODE_FILTER)
        return 0;
    call_t *past = (call_t *)(uintptr_t)dlsym(RTLD_NEXT, "syscall");
    return past(number, words[0], words[1], words[2], words[3], words[4], words[5]);
}

/* What act returns behind the walls, below 256. */
static int
behind_walls(int (*act)(void))
{
    int ends[2], status = 0;
    fault_t fault = {0};
    CLEANUP(sandbox_destroy) sandbox_t *sandbox = sandbox_new(CPU_MAX_S, &fault);
    assert_non_null(sandbox);
    assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM, 0, ends), 0);
    pid_t parent = getpid(), pid = fork();
    if (pid == 0)
        _exit(sandbox_enter(sandbox, ends[1], parent) ? 255 : act());
    close(ends[0]);
    close(ends[1]);
    assert_int_equal(waitpid(pid, &status, 0), pid);
    assert_true(WIFEXITED(status));
    return WEXITSTATUS(status);
}

static bool
is_limited(__rlimit_resource_t what, rlim_t most)
{
    struct rlimit limit;
    return !getrlimit(what, &limit) && limit.rlim_cur == most && limit.rlim_max == most;
}

/* The bit of each that is not as it should be. */
static int
look_at_limits(void)
{
    return !is_limited(RLIMIT_CPU, CPU_MAX_S) << 0 |
           !is_limited(RLIMIT_NOFILE, SANDBOX_FD + 1) << 1 | !is_limited(RLIMIT_NPROC, 0) << 2 |
           !is_limited(RLIMIT_CORE, 0) << 3 | !is_limited(RLIMIT_FSIZE, 0) << 4;
}

static void
a_runner_has_limits_that_it_cannot_raise(void **state)
{
    (void)state;
    assert_int_equal(behind_walls(look_at_limits), 0);
}

#ifndef TOCSIN_SANITIZED
static int
map_more(void)
{
    return mmap(NULL, SANDBOX_STACK_MAX * 2, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0) !=
           MAP_FAILED;
}

static void
a_runner_has_no_more_memory_than_it_began_with(void **state)
{
    (void)state;
    assert_int_equal(behind_walls(map_more), 0);
}
#endif

static int
look_at_descriptors(void)
{
    int open_fds = 0;
    for (int fd = 0; fd < 1024; fd++)
        open_fds += fcntl(fd, F_GETFD) >= 0;
    return open_fds == 1 && fcntl(SANDBOX_FD, F_GETFD) >= 0 ? 0 : 1 + open_fds;
}

static void
a_runner_holds_one_descriptor(void **state)
{
    (void)state;
    assert_int_equal(behind_walls(look_at_descriptors), 0);
}

static int
open_a_file(void)
{
    close(SANDBOX_FD); /* there is room for one */
    return open("/etc/hostname", O_RDONLY | O_CLOEXEC) >= 0 ? 1 : errno;
}

static int
make_a_file(void)
{
    close(SANDBOX_FD);
    return open("/tmp", O_TMPFILE | O_RDWR, 0600) >= 0 ? 1 : errno;
}

static int
run_a_program(void)
{
    char *const none[] = {NULL};
    execve("/bin/true", none, none);
    return errno;
}

static void
a_runner_reaches_no_file_where_the_kernel_has_landlock(void **state)
{
    (void)state;
    if (syscall(SYS_landlock_create_ruleset, NULL, 0, 1, 0, 0, 0) <= 0)
        skip();
    assert_int_equal(behind_walls(open_a_file), EACCES);
    assert_int_equal(behind_walls(make_a_file), EACCES);
    assert_int_equal(behind_walls(run_a_program), EACCES);
}

static int
look_at_itself(void)
{
    struct sigaction action;
    sigset_t blocked;
    int signals = 0, dies_by = 0;
    sigprocmask(SIG_BLOCK, NULL, &blocked);
    for (int number = 1; number < SIGRTMIN; number++)
        signals += sigismember(&blocked, number) == 1 ||
                   (!sigaction(number, NULL, &action) && action.sa_handler != SIG_DFL);
    prctl(PR_GET_PDEATHSIG, &dies_by);
    return (prctl(PR_GET_NO_NEW_PRIVS, 0, 0, 0, 0) != 1) << 0 |
           (prctl(PR_GET_DUMPABLE, 0, 0, 0, 0) != 0) << 1 | (signals != 0) << 2 |
           (dies_by != SIGKILL) << 3;
}

static void
a_runner_gains_no_rights_hears_signals_and_dies_with_its_parent(void **state)
{
    (void)state;
    sigset_t some;
    sigemptyset(&some);
    sigaddset(&some, SIGTERM);
    sigprocmask(SIG_BLOCK, &some, NULL);
    signal(SIGPIPE, SIG_IGN);
    int wrong = behind_walls(look_at_itself);
    signal(SIGPIPE, SIG_DFL);
    sigprocmask(SIG_UNBLOCK, &some, NULL);
    assert_int_equal(wrong, 0);
}

static void
a_runner_whose_parent_is_another_by_now_does_not_begin(void **state)
{
    int status = 0;
    (void)state;
    CLEANUP(sandbox_destroy) sandbox_t *sandbox = sandbox_new(CPU_MAX_S, NULL);
    pid_t pid = fork();
    if (pid == 0)
        _exit(sandbox_enter(sandbox, 0, getpid()) ? 4 : 0); /* of itself it is no child */
    assert_int_equal(waitpid(pid, &status, 0), pid);
    assert_true(WIFEXITED(status));
    assert_int_equal(WEXITSTATUS(status), 4);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_runner_has_limits_that_it_cannot_raise),
#ifndef TOCSIN_SANITIZED
        cmocka_unit_test(a_runner_has_no_more_memory_than_it_began_with),
#endif
        cmocka_unit_test(a_runner_holds_one_descriptor),
        cmocka_unit_test(a_runner_reaches_no_file_where_the_kernel_has_landlock),
        cmocka_unit_test(a_runner_gains_no_rights_hears_signals_and_dies_with_its_parent),
        cmocka_unit_test(a_runner_whose_parent_is_another_by_now_does_not_begin),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
