/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <linux/capability.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include "common/fence.h"
#include "common/file.h"
#include "common/privilege.h"

static char folder[64];

/* In a process of its own: 0, or the number of what was wrong first. */
static int
apart(int (*act)(void))
{
    int status = 0;
    pid_t pid = fork();
    if (pid == 0)
        _exit(act());
    assert_int_equal(waitpid(pid, &status, 0), pid);
    assert_true(WIFEXITED(status));
    return WEXITSTATUS(status);
}

/* With nothing but ones for arguments, which the kernel itself refuses in other words. */
static bool
is_refused(long number)
{
    return syscall(number, -1L, -1L, -1L, -1L, -1L, -1L) < 0 && errno == EPERM;
}

static const long doors[] = {
    SYS_add_key,
    SYS_bpf,
    SYS_execve,
    SYS_execveat,
    SYS_io_uring_setup,
    SYS_kexec_load,
    SYS_keyctl,
    SYS_kill,
    SYS_mount,
    SYS_pidfd_getfd,
    SYS_pidfd_send_signal,
    SYS_perf_event_open,
    SYS_process_vm_readv,
    SYS_process_vm_writev,
    SYS_ptrace,
    SYS_request_key,
    SYS_rt_sigqueueinfo,
    SYS_rt_tgsigqueueinfo,
    SYS_setns,
    SYS_tgkill,
    SYS_tkill,
    SYS_unshare,
    SYS_userfaultfd,
};
static const long sockets[] = {SYS_accept,  SYS_accept4, SYS_bind,
                               SYS_connect, SYS_listen,  SYS_socket};
static const long files[] = {SYS_linkat, SYS_openat, SYS_openat2, SYS_renameat2, SYS_unlinkat};

static size_t
refused_of(const long *numbers, size_t count)
{
    size_t refused = 0;
    for (size_t i = 0; i < count; i++)
        refused += is_refused(numbers[i]);
    return refused;
}

static int
check(fence_t may, size_t no_sockets, size_t no_files)
{
    fault_t fault;
    if (fence_calls(may, &fault))
        return 4;
    return refused_of(doors, ARRAY_SIZE(doors)) != ARRAY_SIZE(doors) ? 1
           : refused_of(sockets, ARRAY_SIZE(sockets)) != no_sockets  ? 2
           : refused_of(files, ARRAY_SIZE(files)) != no_files        ? 3
                                                                     : 0;
}

static int
reads(void)
{
    return check(FENCE_READS, 1, ARRAY_SIZE(files)); /* it binds no name */
}

static int
speaks(void)
{
    return check(FENCE_SPEAKS, 0, 0);
}

static int
keeps(void)
{
    return check(FENCE_KEEPS, ARRAY_SIZE(sockets), 0);
}

static int
alone(void)
{
    return check(FENCE_ALONE, ARRAY_SIZE(sockets), ARRAY_SIZE(files));
}

static void
no_kernel_door_is_open_behind_a_fence_and_what_is_opened_is_what_it_may(void **state)
{
    (void)state;
    assert_int_equal(apart(reads), 0);
    assert_int_equal(apart(speaks), 0);
    assert_int_equal(apart(keeps), 0);
    assert_int_equal(apart(alone), 0);
}

/* Not even a socket, which is a file. */
static bool
is_bound(void)
{
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    CLEANUP(descriptor_close) int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    snprintf(address.sun_path, sizeof address.sun_path, "%s/door", folder);
    return fd >= 0 && !bind(fd, (struct sockaddr *)&address, sizeof address);
}

/* As who owns the file, and where Landlock of the first version would let it. */
static int
cuts_nothing(void)
{
    char path[128];
    fault_t fault;
    snprintf(path, sizeof path, "%s/key", folder);
    if (file_write(path, slice_text("secret"), 0600, &fault) || fence_calls(FENCE_READS, &fault))
        return 9;
    int reads = open(path, O_RDONLY | O_CLOEXEC);
    return reads < 0                                             ? 1
           : open(path, O_RDONLY | O_TRUNC | O_CLOEXEC) >= 0     ? 2
           : open(path, O_RDWR | O_CLOEXEC) >= 0                 ? 3
           : !truncate(path, 0) || !ftruncate(reads, 0)          ? 4
           : !chmod(path, 0666) || !fchmod(reads, 0666)          ? 5
           : !unlink(path) || !rename(path, "/tmp/tocsin-moved") ? 6
           : lseek(reads, 0, SEEK_END) != 6                      ? 7
           : is_bound()                                          ? 8
                                                                 : 0;
}

static void
who_only_reads_cuts_no_file_short_though_it_be_its_own(void **state)
{
    char path[128];
    (void)state;
    assert_int_equal(apart(cuts_nothing), 0);
    snprintf(path, sizeof path, "%s/key", folder);
    assert_int_equal(unlink(path), 0);
}

static void *
stir(void *nothing)
{
    return nothing;
}

/* What the kernel itself would say of a thread in a user namespace of its own is EINVAL. */
static int
starts_threads(void)
{
    pthread_t thread;
    fault_t fault;
    if (fence_calls(FENCE_SPEAKS, &fault))
        return 5;
    pid_t pid = fork();
    if (pid >= 0 || errno != EPERM)
        return 1;
    if (syscall(SYS_clone, (long)(CLONE_THREAD | CLONE_NEWUSER), 0L, 0L, 0L, 0L) >= 0 ||
        errno != EPERM)
        return 2;
    if (syscall(SYS_clone3, NULL, 0L) >= 0 || errno != ENOSYS)
        return 3;
    return pthread_create(&thread, NULL, stir, NULL) || pthread_join(thread, NULL) ? 4 : 0;
}

static int
signals_itself(void)
{
    pid_t own = getpid(), other = getppid();
    fault_t fault;
    if (fence_calls(FENCE_SPEAKS, &fault))
        return 3;
    if (syscall(SYS_tgkill, (long)other, (long)other, 0L) >= 0 || errno != EPERM)
        return 1;
    return syscall(SYS_tgkill, (long)own, (long)own, 0L) ? 2 : 0;
}

/* A kernel that knows no filter is one whose filter refuses the next. */
static int
is_told_of_no_filter(void)
{
    fault_t fault = {0};
    scmp_filter_ctx filter = seccomp_init(SCMP_ACT_ALLOW);
    if (seccomp_rule_add(filter, SCMP_ACT_ERRNO(ENOSYS), SCMP_SYS(seccomp), 0) ||
        seccomp_rule_add(filter, SCMP_ACT_ERRNO(EINVAL), SCMP_SYS(prctl), 1,
                         SCMP_A0(SCMP_CMP_EQ, PR_SET_SECCOMP)) ||
        seccomp_load(filter))
        return 1;
    seccomp_release(filter);
    return fence_calls(FENCE_SPEAKS, &fault) && fault.code == FAULT_IO ? 0 : 2;
}

static void
who_gets_no_filter_of_system_calls_is_told(void **state)
{
    (void)state;
    assert_int_equal(apart(is_told_of_no_filter), 0);
}

static void
behind_a_fence_are_threads_and_no_process_but_itself(void **state)
{
    (void)state;
    assert_int_equal(apart(starts_threads), 0);
    assert_int_equal(apart(signals_itself), 0);
}

static bool
can_make(const char *in)
{
    char path[128];
    snprintf(path, sizeof path, "%s/made", in);
    int fd = open(path, O_CREAT | O_WRONLY | O_CLOEXEC, 0600);
    bool can = fd >= 0 && !close(fd) && !unlink(path);
    return can || errno != EACCES;
}

static bool
can_execute(void)
{
    char *const words[] = {(char *)(uintptr_t) "true", NULL};
    pid_t pid = fork();
    int status = 0;
    if (pid == 0) {
        execve("/bin/true", words, words + 1);
        _exit(errno == EACCES ? 3 : 4);
    }
    waitpid(pid, &status, 0);
    return WEXITSTATUS(status) != 3;
}

static int
reads_only(void)
{
    if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0))
        return 9;
    fence_files(NULL);
    return can_make(folder)                                  ? 1
           : can_execute()                                   ? 2
           : open("/etc/hostname", O_RDONLY | O_CLOEXEC) < 0 ? 3
                                                             : 0;
}

static int
writes_there(void)
{
    char inner[128];
    if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0))
        return 9;
    snprintf(inner, sizeof inner, "%s/inner", folder);
    fence_files(inner);
    return !can_make(inner) ? 1 : can_make(folder) ? 2 : can_execute() ? 3 : 0;
}

static void
behind_a_fence_files_are_read_and_written_where_it_says_and_none_is_executed(void **state)
{
    (void)state;
    if (syscall(SYS_landlock_create_ruleset, NULL, 0, 1) < 2)
        skip();
    assert_int_equal(apart(reads_only), 0);
    assert_int_equal(apart(writes_there), 0);
}

static int
limited(void)
{
    struct rlimit core, descriptors;
    fence_limits(17);
    return getrlimit(RLIMIT_CORE, &core) || getrlimit(RLIMIT_NOFILE, &descriptors) ||
           core.rlim_max || descriptors.rlim_cur != 17 || descriptors.rlim_max != 17;
}

static void
a_fence_limits_descriptors_and_leaves_no_core(void **state)
{
    (void)state;
    assert_int_equal(apart(limited), 0);
}

static int
drops(void)
{
    const gid_t groups[] = {1, 2};
    fault_t fault = {0};
    char text[8192] = "";
    if (setgroups(2, groups) || privilege_drop(54321, &fault))
        return 1;
    int fd = open("/proc/self/status", O_RDONLY | O_CLOEXEC);
    if (fd < 0 || read(fd, text, sizeof text - 1) <= 0)
        return 2;
    static const char *const lines[] = {
        "\nUid:\t54321\t54321\t54321\t54321\nGid:\t54321\t54321\t54321\t54321\n",
        "\nGroups:\t \n",
        "\nCapInh:\t0000000000000000\nCapPrm:\t0000000000000000\nCapEff:\t0000000000000000\n",
        "\nCapBnd:\t0000000000000000\nCapAmb:\t0000000000000000\nNoNewPrivs:\t1\n",
    };
    for (size_t i = 0; i < ARRAY_SIZE(lines); i++)
        if (!strstr(text, lines[i]))
            return 3 + (int)i;
    return prctl(PR_GET_DUMPABLE, 0, 0, 0, 0) ? 8 : 0;
}

static void
who_drops_its_privileges_has_none_left_and_no_way_to_any(void **state)
{
    (void)state;
    if (geteuid() != 0)
        skip();
    assert_int_equal(apart(drops), 0);
}

/* As root is in a container that was given less. */
static int
drops_without_a_capability(void)
{
    fault_t fault = {0};
    struct __user_cap_header_struct header = {.version = _LINUX_CAPABILITY_VERSION_3};
    struct __user_cap_data_struct data[_LINUX_CAPABILITY_U32S_3];
    if (privilege_check(&fault) || syscall(SYS_capget, &header, data))
        return 1;
    data[0].effective &= ~(1U << CAP_SETPCAP);
    data[0].permitted = data[0].effective;
    if (syscall(SYS_capset, &header, data))
        return 2;
    if (!privilege_drop(54321, &fault) || fault.code != FAULT_DENIED)
        return 3;
    return strstr(fault.text, "root has no CAP_SETPCAP here") ? 0 : 4;
}

static void
a_root_that_cannot_give_up_what_it_may_is_told_what_it_lacks(void **state)
{
    (void)state;
    if (geteuid() != 0)
        skip();
    assert_int_equal(apart(drops_without_a_capability), 0);
}

static int
begin(void **state)
{
    char inner[128];
    (void)state;
    snprintf(folder, sizeof folder, "/tmp/tocsin-fence-XXXXXX");
    if (!mkdtemp(folder))
        return -1;
    snprintf(inner, sizeof inner, "%s/inner", folder);
    return mkdir(inner, 0700);
}

static int
end(void **state)
{
    char inner[128];
    (void)state;
    snprintf(inner, sizeof inner, "%s/inner", folder);
    return rmdir(inner) || rmdir(folder);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(no_kernel_door_is_open_behind_a_fence_and_what_is_opened_is_what_it_may),
        cmocka_unit_test(who_gets_no_filter_of_system_calls_is_told),
        cmocka_unit_test(who_only_reads_cuts_no_file_short_though_it_be_its_own),
        cmocka_unit_test(behind_a_fence_are_threads_and_no_process_but_itself),
        cmocka_unit_test(
            behind_a_fence_files_are_read_and_written_where_it_says_and_none_is_executed),
        cmocka_unit_test(a_fence_limits_descriptors_and_leaves_no_core),
        cmocka_unit_test(a_root_that_cannot_give_up_what_it_may_is_told_what_it_lacks),
        cmocka_unit_test(who_drops_its_privileges_has_none_left_and_no_way_to_any),
    };
    return cmocka_run_group_tests(tests, begin, end);
}
