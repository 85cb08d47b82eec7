/* SPDX-License-Identifier: Apache-2.0 */
/* faults/calls - what a system call may plausibly answer but what it should. */
#ifndef TOCSIN_FAULTS_CALLS_H
#define TOCSIN_FAULTS_CALLS_H

#include "tests/unit/op_tracer.h"

#include <fcntl.h>

#define ERRORS_MAX 5
#define SHORT      (-1) /* among errors: it moves half of the bytes that it could */

typedef struct {
    long number;
    const char *name;
    int errors[ERRORS_MAX]; /* 0 ends */
} failure_t;

#define CALL(name) SYS_##name, #name

/* Of a filter of system calls and of memory nobody runs out: an op ends there, by an assert. */
static const failure_t failures[] = {
    {CALL(open), {EIO, EACCES, EMFILE, ENOMEM}},
    {CALL(openat), {EIO, EACCES, EMFILE, ENOMEM}},
    {CALL(openat2), {EIO, EACCES, EMFILE, ENOMEM}},
    {CALL(read), {EIO, EINTR, SHORT}},
    {CALL(pread64), {EIO, EINTR, SHORT}},
    {CALL(write), {EIO, ENOSPC, EINTR, SHORT}},
    {CALL(getdents64), {EIO, ENOMEM}},
    {CALL(stat), {EIO, EACCES, ENOMEM}},
    {CALL(fstat), {EIO, ENOMEM}},
    {CALL(lstat), {EIO, EACCES, ENOMEM}},
    {CALL(newfstatat), {EIO, EACCES, ENOMEM}},
    {CALL(statx), {EIO, EACCES, ENOMEM}},
    {CALL(statfs), {EIO, EACCES}},
    {CALL(fstatfs), {EIO}},
    {CALL(access), {EIO, EACCES}},
    {CALL(faccessat), {EIO, EACCES}},
    {CALL(faccessat2), {EIO, EACCES}},
    {CALL(readlink), {EIO, EACCES, ENOMEM}},
    {CALL(readlinkat), {EIO, EACCES, ENOMEM}},
    {CALL(lseek), {EIO}},
    {CALL(fsync), {EIO, ENOSPC}},
    {CALL(fdatasync), {EIO, ENOSPC}},
    {CALL(rename), {EIO, ENOSPC, EACCES}},
    {CALL(renameat), {EIO, ENOSPC, EACCES}},
    {CALL(renameat2), {EIO, ENOSPC, EACCES}},
    {CALL(unlink), {EIO, EACCES}},
    {CALL(unlinkat), {EIO, EACCES}},
    {CALL(mkdir), {EIO, ENOSPC, EACCES}},
    {CALL(mkdirat), {EIO, ENOSPC, EACCES}},
    {CALL(rmdir), {EIO, EACCES}},
    {CALL(symlink), {EIO, ENOSPC}},
    {CALL(ftruncate), {EIO, EACCES}},
    {CALL(fallocate), {EIO, ENOSPC}},
    {CALL(fchown), {EIO, EPERM}},
    {CALL(fchmod), {EIO, EPERM}},
    {CALL(utimensat), {EIO, EPERM}},
    {CALL(flock), {EINTR, ENOLCK}},
    {CALL(fcntl), {EMFILE}},
    {CALL(dup), {EMFILE}},
    {CALL(dup2), {EMFILE}},
    {CALL(pipe2), {EMFILE, ENFILE}},
    {CALL(memfd_create), {EMFILE, ENOMEM}},
    {CALL(timerfd_create), {EMFILE, ENOMEM}},
    {CALL(epoll_create1), {EMFILE, ENOMEM}},
    {CALL(socket), {EMFILE, ENOBUFS, EACCES}},
    {CALL(connect), {ENOBUFS, EACCES, EINTR}},
    {CALL(bind), {ENOMEM, EACCES}},
    {CALL(setsockopt), {ENOMEM}},
    {CALL(getsockopt), {ENOBUFS}},
    {CALL(getsockname), {ENOBUFS}},
    {CALL(sendto), {ENOBUFS, EINTR}},
    {CALL(sendmsg), {ENOBUFS, EINTR}},
    {CALL(recvfrom), {ENOBUFS, EINTR}},
    {CALL(recvmsg), {ENOBUFS, EINTR}},
    {CALL(poll), {ENOMEM, EINTR}},
    {CALL(ppoll), {ENOMEM, EINTR}},
    {CALL(select), {ENOMEM, EINTR}},
    {CALL(pselect6), {ENOMEM, EINTR}},
    {CALL(epoll_wait), {EINTR}},
    {CALL(fork), {EAGAIN, ENOMEM}},
    {CALL(vfork), {EAGAIN, ENOMEM}},
    {CALL(clone), {EAGAIN, ENOMEM}},
    {CALL(clone3), {EAGAIN, ENOMEM}},
    {CALL(execve), {EACCES, ENOMEM}},
    {CALL(wait4), {EINTR}},
    {CALL(kill), {EPERM}},
    {CALL(pidfd_open), {EMFILE, ENOMEM}},
    {CALL(pidfd_send_signal), {EPERM}},
    {CALL(setpriority), {EPERM, EACCES}},
    {CALL(getpriority), {EPERM}},
    {CALL(prlimit64), {EPERM}},
    {CALL(ioctl), {EIO}},
    {CALL(adjtimex), {EPERM}},
    {CALL(clock_adjtime), {EPERM}},
};

USED static const failure_t *
failure_of(long number)
{
    for (size_t i = 0; i < ARRAY_SIZE(failures); i++)
        if (failures[i].number == number)
            return &failures[i];
    return NULL;
}

/* Whether a short transfer is one that the kernel might make: never into a file of its own, where
 * the first digits of a process's number would be another process, nor of a kernel parameter. */
static bool
can_be_short(const call_t *call)
{
    bool its_own = !strncmp(call->text, "/proc/", 6) || !strncmp(call->text, "/sys/", 5);
    return call->result > 1 && !(its_own && call->number == SYS_write) &&
           strncmp(call->text, "/proc/sys/", 10) != 0;
}

static bool
fails_by(const call_t *call, int error)
{
    bool no_disk = !strncmp(call->text, "pipe:", 5) || !strncmp(call->text, "/memfd:", 7);
    return error && (error != SHORT || can_be_short(call)) && (error != EIO || !no_disk);
}

#endif
