/* SPDX-License-Identifier: Apache-2.0 */
/* net_fixture - two machines joined by a cable, as network namespaces of the test: `here`, where it
 * runs, 192.0.2.1 and 2001:db8::1 on tia0, and `there`, 192.0.2.2 and 2001:db8::2 on tia1. A socket
 * stays in the one where it was made. */
#ifndef TOCSIN_NET_FIXTURE_H
#define TOCSIN_NET_FIXTURE_H

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "common/memory.h"

#define DEAF_MS 300   /* that a packet which nobody drops would not take */
#define LONG_MS 20000 /* for what must come */

static int net_here = -1, net_there = -1;

PRINTF(1, 2) static inline void shell(const char *format, ...)
{
    char command[512];
    va_list more;
    va_start(more, format);
    vsnprintf(command, sizeof command, format, more);
    va_end(more);
    if (system(command))
        fail_msg("%s", command);
}

static inline void
go(int net)
{
    assert_int_equal(setns(net, CLONE_NEWNET), 0);
}

/* A cable's end carries, and drops nothing any more, a moment after both ends were turned on. */
static inline void
await_carrier(const char *link)
{
    shell("for i in $(seq 2000); do ip link show %s | grep -q 'state UP' && exit; sleep 0.01; "
          "done; exit 1",
          link);
}

static inline int
net_make(void)
{
    if (unshare(CLONE_NEWNET))
        return -1;
    net_there = open("/proc/self/ns/net", O_RDONLY | O_CLOEXEC);
    shell("ip link set lo up");
    if (unshare(CLONE_NEWNET))
        return -1;
    net_here = open("/proc/self/ns/net", O_RDONLY | O_CLOEXEC);
    shell("ip link set lo up");
    shell("ip link add tia0 type veth peer name tia1 netns /proc/%d/fd/%d", (int)getpid(),
          net_there);
    shell("ip addr add 192.0.2.1/24 dev tia0 && ip addr add 2001:db8::1/64 dev tia0 nodad && "
          "ip link set tia0 up");
    go(net_there);
    shell("ip addr add 192.0.2.2/24 dev tia1 && ip addr add 2001:db8::2/64 dev tia1 nodad && "
          "ip addr add 192.0.2.3/24 dev tia1 && ip addr add 198.51.100.7/32 dev tia1 && "
          "ip link set tia1 up");
    await_carrier("tia1");
    go(net_here);
    await_carrier("tia0");
    shell("ip route add 198.51.100.0/24 dev tia0");
    return 0;
}

static inline struct sockaddr_in
at_address(const char *address, uint16_t port)
{
    struct sockaddr_in at = {.sin_family = AF_INET, .sin_port = htons(port)};
    assert_int_equal(inet_pton(AF_INET, address, &at.sin_addr), 1);
    return at;
}

/* A listening socket on all addresses of that net. */
static inline int
listen_in(int net, uint16_t port)
{
    struct sockaddr_in at = at_address("0.0.0.0", port);
    int on = 1;
    go(net);
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
    assert_int_equal(bind(fd, (struct sockaddr *)&at, sizeof at), 0);
    assert_int_equal(listen(fd, 64), 0);
    go(net_here);
    return fd;
}

/* A connected socket, or -1 where nobody answered in time. */
static inline int
connect_in(int net, const char *address, uint16_t port, int wait_ms)
{
    struct sockaddr_in at = at_address(address, port);
    int wrong = 0;
    socklen_t size = sizeof wrong;
    go(net);
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    go(net_here);
    struct pollfd waiting = {.fd = fd, .events = POLLOUT};
    bool open = !connect(fd, (struct sockaddr *)&at, sizeof at) ||
                (errno == EINPROGRESS && poll(&waiting, 1, wait_ms) == 1 &&
                 !getsockopt(fd, SOL_SOCKET, SO_ERROR, &wrong, &size) && !wrong);
    if (open)
        return fd;
    close(fd);
    return -1;
}

static inline bool
hears(int net, const char *address, uint16_t port)
{
    CLEANUP(descriptor_close) int fd = connect_in(net, address, port, DEAF_MS);
    return fd >= 0;
}

/* Tries until it is so. */
static inline bool
comes_to_hear(int net, const char *address, uint16_t port)
{
    for (int waited = 0; waited < LONG_MS; waited += DEAF_MS) {
        if (hears(net, address, port))
            return true;
        poll(NULL, 0, 20);
    }
    return false;
}

typedef void server_t(int fd);

/* A process that serves on this socket until it is ended. */
static inline pid_t
serve(int fd, server_t *server)
{
    pid_t pid = fork();
    if (pid == 0) {
        prctl(PR_SET_PDEATHSIG, SIGKILL);
        signal(SIGPIPE, SIG_IGN);
        for (;;)
            server(fd);
    }
    return pid;
}

static inline void
end(pid_t *pid)
{
    kill(*pid, SIGKILL);
    waitpid(*pid, NULL, 0);
}

#endif
