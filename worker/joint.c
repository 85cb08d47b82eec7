/* SPDX-License-Identifier: Apache-2.0 */
#include "worker/joint.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "common/log.h"
#include "common/memory.h"
#include "common/text.h"

#define HANDED_FD 3     /* the first that systemd hands over */
#define FD_MAX    1023  /* that a supervisor gives */
#define NOBODY    65534 /* whoever has no uid in our user namespace */

/* -1 where the kernel does not say. */
static int
peer_of(int fd, uid_t *uid)
{
    struct ucred peer;
    socklen_t size = sizeof peer;
    if (getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &peer, &size))
        return -1;
    *uid = peer.uid;
    return 0;
}

/* Out of a CLEANUP variable. */
static int
keep(int *fd)
{
    int kept = *fd;
    *fd = -1;
    return kept;
}

static int
take_given(int fd, fault_t *fault)
{
    if (fcntl(fd, F_SETFD, FD_CLOEXEC))
        return fault_errno(fault, "descriptor %d", fd);
    return fd;
}

/* ---- the role that listens ------------------------------------------------------------------- */

static int
take_handed(fault_t *fault)
{
    const char *pid = getenv("LISTEN_PID"), *count = getenv("LISTEN_FDS");
    uint64_t whom, sockets;
    if (!pid || !count || !text_read_u64(pid, 1, INT32_MAX, &whom) || (pid_t)whom != getpid() ||
        !text_read_u64(count, 1, 1, &sockets))
        return fault_set(fault, FAULT_CONFIG, "systemd handed no socket over, or several");
    return take_given(HANDED_FD, fault);
}

/* Nobody's would be that of all whom this user namespace does not know. */
static int
owner_of(int listener, uid_t *owner, fault_t *fault)
{
    struct sockaddr_un name = {0};
    socklen_t size = sizeof name - 1;
    struct stat file;
    if (getsockname(listener, (struct sockaddr *)&name, &size) || name.sun_family != AF_UNIX ||
        name.sun_path[0] != '/')
        return fault_set(fault, FAULT_CONFIG, "the socket to listen at has no path");
    if (lstat(name.sun_path, &file) || !S_ISSOCK(file.st_mode))
        return fault_set(fault, FAULT_CONFIG, "'%s' is no socket any more", name.sun_path);
    if (file.st_uid == NOBODY)
        return fault_set(fault, FAULT_CONFIG,
                         "'%s' has an owner who is unknown here: PrivateUsers must be off",
                         name.sun_path);
    *owner = file.st_uid;
    return 0;
}

static int
accept_owner(fault_t *fault)
{
    uid_t owner, peer;
    CLEANUP(descriptor_close) int listener = take_handed(fault);
    if (listener < 0 || owner_of(listener, &owner, fault))
        return -1;
    for (;;) {
        CLEANUP(descriptor_close) int fd = accept4(listener, NULL, NULL, SOCK_CLOEXEC);
        if (fd < 0 && errno != EINTR && errno != ECONNABORTED)
            return fault_errno(fault, "accept");
        if (fd < 0 || peer_of(fd, &peer))
            continue;
        if (peer == owner)
            return keep(&fd);
        log_warning("uid=%u was turned away: uid=%u alone may speak here", peer, owner);
    }
}

/* ---- the role that comes --------------------------------------------------------------------- */

static int
connect_root(const char *path, fault_t *fault)
{
    struct sockaddr_un name = {.sun_family = AF_UNIX};
    uid_t peer;
    if (!text_copy(name.sun_path, sizeof name.sun_path, path))
        return fault_set(fault, FAULT_CONFIG, "'%.80s...' is too long for a socket", path);
    CLEANUP(descriptor_close) int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (fd < 0 || connect(fd, (const struct sockaddr *)&name, sizeof name))
        return fault_errno(fault, "'%s' cannot be connected to", path);
    if (peer_of(fd, &peer) || peer != 0)
        return fault_set(fault, FAULT_DENIED, "who listens at '%s' is not root", path);
    return keep(&fd);
}

static int
find(const char *word, fault_t *fault)
{
    uint64_t number;
    if (word[0] == '/')
        return connect_root(word, fault);
    if (!strcmp(word, "accept"))
        return accept_owner(fault);
    if (text_read_u64(word, HANDED_FD, FD_MAX, &number))
        return take_given((int)number, fault);
    return fault_set(fault, FAULT_USAGE, "'%.40s' is no descriptor, no path and not 'accept'",
                     word);
}

channel_t *
joint_open(const char *word, fault_t *fault)
{
    int fd = find(word, fault);
    return fd < 0 ? NULL : channel_new(fd);
}
