/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <netdb.h>
#include <poll.h>
#include <stdio.h>
#include <sys/socket.h>
#include <unistd.h>

#include "worker/ops/bodies.h"

#define TIMEOUT_DEFAULT_MS 5000

/* 0, or an errno. */
static int
try_address(const struct addrinfo *at, mono_t deadline)
{
    CLEANUP(descriptor_close)
    int fd = socket(at->ai_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    if (fd < 0)
        return errno;
    if (!connect(fd, at->ai_addr, at->ai_addrlen))
        return 0;
    if (errno != EINPROGRESS)
        return errno;
    struct pollfd waiting = {.fd = fd, .events = POLLOUT};
    int64_t left = deadline.ms - mono_now().ms;
    if (poll(&waiting, 1, left > 0 ? (int)left : 0) != 1)
        return ETIMEDOUT;
    int wrong = 0;
    socklen_t size = sizeof wrong;
    return getsockopt(fd, SOL_SOCKET, SO_ERROR, &wrong, &size) ? errno : wrong;
}

/* NULL once connected, else why not. */
static const char *
try_all(const char *address, int64_t port, mono_t deadline)
{
    char service[16];
    struct addrinfo hints = {.ai_socktype = SOCK_STREAM, .ai_flags = AI_NUMERICSERV};
    struct addrinfo *all = NULL;
    snprintf(service, sizeof service, "%lld", (long long)port);
    int wrong = getaddrinfo(address, service, &hints, &all);
    if (wrong)
        return gai_strerror(wrong);
    int last = ETIMEDOUT;
    for (const struct addrinfo *at = all; at && last && mono_now().ms < deadline.ms;
         at = at->ai_next)
        last = try_address(at, deadline);
    freeaddrinfo(all);
    return last ? strerror(last) : NULL;
}

value_t *
net_tcp(const value_t *arguments, const op_world_t *world, fault_t *fault)
{
    mono_t start = mono_now();
    int64_t timeout_ms = value_get_integer(arguments, "timeout_ms");
    (void)world, (void)fault;
    mono_t deadline = {start.ms + (timeout_ms ? timeout_ms : TIMEOUT_DEFAULT_MS)};
    const char *error = try_all(value_get_text(arguments, "address"),
                                value_get_integer(arguments, "port"), deadline);
    value_t *result = value_map();
    value_set_bool(result, "connected", !error);
    value_set_integer(result, "milliseconds", mono_now().ms - start.ms);
    if (error)
        value_set_text(result, "error", error);
    return result;
}
