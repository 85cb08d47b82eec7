/* SPDX-License-Identifier: Apache-2.0 */
#include "common/address.h"

#include <errno.h>
#include <netdb.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "common/text.h"

#define BACKLOG 1024

bool
address_read(const char *text, address_t *out)
{
    uint64_t port;
    const char *colon = strrchr(text, ':');
    if (!colon || !text_read_u64(colon + 1, 1, UINT16_MAX, &port))
        return false;
    size_t size = (size_t)(colon - text);
    bool brackets = size > 2 && text[0] == '[' && text[size - 1] == ']';
    size -= brackets ? 2 : 0;
    if (!size || size >= sizeof out->host || (*text == '[' && !brackets))
        return false;
    memcpy(out->host, text + brackets, size);
    out->host[size] = '\0';
    out->port = (uint16_t)port;
    return true;
}

bool
address_is_endpoint(const char *text)
{
    uint64_t port;
    const char *colon = strrchr(text, ':');
    return !strncmp(text, "tcp://", 6) && colon > text + 6 &&
           text_read_u64(colon + 1, 1, UINT16_MAX, &port);
}

int
address_listen(const address_t *self, fault_t *fault)
{
    char port[8];
    int on = 1;
    struct addrinfo hints = {.ai_family = AF_UNSPEC,
                             .ai_socktype = SOCK_STREAM,
                             .ai_flags = AI_PASSIVE | AI_NUMERICHOST | AI_NUMERICSERV};
    struct addrinfo *found = NULL;
    snprintf(port, sizeof port, "%u", self->port);
    if (getaddrinfo(self->host, port, &hints, &found))
        return fault_set(fault, FAULT_CONFIG, "http: '%s' is not an address", self->host);
    CLEANUP(descriptor_close)
    int fd = socket(found->ai_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    bool bound = fd >= 0 && !setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on) &&
                 !bind(fd, found->ai_addr, found->ai_addrlen) && !listen(fd, BACKLOG);
    freeaddrinfo(found);
    if (!bound)
        return fault_set(fault, FAULT_CONFIG, "cannot listen on http %s port %s: %s", self->host,
                         port, strerror(errno));
    int listening = fd;
    fd = -1;
    return listening;
}
