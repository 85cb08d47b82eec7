/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <netdb.h>
#include <poll.h>
#include <stdio.h>
#include <sys/socket.h>
#include <unistd.h>

#include "worker/ops/bodies.h"
#include "worker/ops/machine.h"

#define TIMEOUT_DEFAULT_MS 5000

/* Until it is connected or has failed: 1, 0 where the time is over, or -1 with a fault. */
static int
await(int fd, mono_t deadline, fault_t *fault)
{
    struct pollfd waiting = {.fd = fd, .events = POLLOUT};
    for (;;) {
        int64_t left = deadline.ms - mono_now().ms;
        int ready = poll(&waiting, 1, left > 0 ? (int)left : 0);
        if (ready >= 0)
            return ready;
        if (errno != EINTR)
            return fault_errno(fault, "this machine cannot wait for an answer");
    }
}

/* 0, an errno that says how the other is, or -1 with a fault of this machine's own. */
static int
try_address(const struct addrinfo *at, mono_t deadline, fault_t *fault)
{
    int wrong = 0;
    socklen_t size = sizeof wrong;
    CLEANUP(descriptor_close)
    int fd = socket(at->ai_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    if (fd < 0)
        return errno == EAFNOSUPPORT ? errno : fault_errno(fault, "this machine has no socket");
    if (!connect(fd, at->ai_addr, at->ai_addrlen))
        return 0;
    if (errno != EINPROGRESS && errno != EINTR) /* which goes on too (connect(2)) */
        return machine_lacks(errno) || errno == EAGAIN
                   ? fault_errno(fault, "this machine cannot connect")
                   : errno;
    int ready = await(fd, deadline, fault);
    if (ready <= 0)
        return ready ? -1 : ETIMEDOUT;
    return getsockopt(fd, SOL_SOCKET, SO_ERROR, &wrong, &size)
               ? fault_errno(fault, "what came of connecting is not told")
               : wrong;
}

/* NULL once connected, else why not; NULL with a fault where this machine cannot ask. */
static const char *
try_all(const char *address, int64_t port, mono_t deadline, fault_t *fault)
{
    char service[16];
    struct addrinfo hints = {.ai_socktype = SOCK_STREAM, .ai_flags = AI_NUMERICSERV};
    struct addrinfo *all = NULL;
    snprintf(service, sizeof service, "%lld", (long long)port);
    int wrong = getaddrinfo(address, service, &hints, &all);
    if (wrong == EAI_MEMORY || wrong == EAI_SYSTEM)
        fault_set(fault, FAULT_IO, "'%.120s' cannot be looked up: %s", address,
                  wrong == EAI_SYSTEM ? strerror(errno) : gai_strerror(wrong));
    if (wrong)
        return gai_strerror(wrong);
    int last = ETIMEDOUT;
    for (const struct addrinfo *at = all; at && last > 0 && mono_now().ms < deadline.ms;
         at = at->ai_next)
        last = try_address(at, deadline, fault);
    freeaddrinfo(all);
    return last > 0 ? strerror(last) : NULL;
}

value_t *
net_tcp(const value_t *arguments, const op_world_t *world, fault_t *fault)
{
    mono_t start = mono_now();
    int64_t timeout_ms = value_get_integer(arguments, "timeout_ms");
    fault_t why = {0};
    (void)world;
    mono_t deadline = {start.ms + (timeout_ms ? timeout_ms : TIMEOUT_DEFAULT_MS)};
    const char *error = try_all(value_get_text(arguments, "address"),
                                value_get_integer(arguments, "port"), deadline, &why);
    if (why.code) {
        fault_set(fault, why.code, "%s", why.text);
        return NULL;
    }
    value_t *result = value_map();
    value_set_bool(result, "connected", !error);
    value_set_integer(result, "milliseconds", mono_now().ms - start.ms);
    if (error)
        value_set_text(result, "error", error);
    return result;
}
