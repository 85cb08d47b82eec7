/* SPDX-License-Identifier: Apache-2.0 */
#include "broker/web.h"

#include <arpa/inet.h>
#include <czmq.h>
#include <microhttpd.h>
#include <netdb.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>

#include "common/log.h"
#include "common/moment.h"
#include "keys/hash.h"

#define ALERTS_PATH "/v1/alerts/"
#define TURNS_MAX   10000 /* of MHD_run in one turn of ours */

typedef struct {
    MHD_socket fd;
    mono_t since; /* connected, or answered last */
    void *place;  /* in web's visitors */
} visitor_t;

typedef struct {
    const source_t *source; /* NULL once refused */
    bytes_t *body;
    struct MHD_Connection *connection;
    bool suspended;            /* waits for the commit */
    bool recorded;             /* which is done */
    unsigned status;           /* of the answer; 0 while there is none */
    char text[FAULT_TEXT_MAX]; /* its sentence */
} request_t;

struct web {
    const settings_t *settings;
    on_post_t on_post;
    void *context;
    struct MHD_Daemon *daemon;
    int fd;
    struct MHD_Response *recorded; /* 200, for everyone */
    zlistx_t *waiting;             /* request_t, suspended; MHD owns them */
    zlistx_t *visitors;            /* visitor_t, ours */
    mono_t said;                   /* log_refusal's last line */
    uint64_t unsaid;               /* what it left out since */
};

static void
request_destroy(request_t **self_p)
{
    if (!*self_p)
        return;
    bytes_destroy(&(*self_p)->body);
    free(*self_p);
    *self_p = NULL;
}

static struct MHD_Response *
respond(const char *text)
{
    char body[FAULT_TEXT_MAX + 2];
    int size = snprintf(body, sizeof body, "%s\n", text);
    struct MHD_Response *response =
        MHD_create_response_from_buffer((size_t)size, body, MHD_RESPMEM_MUST_COPY);
    MHD_add_response_header(response, "Content-Type", "text/plain; charset=utf-8");
    MHD_add_response_header(response, "X-Content-Type-Options", "nosniff");
    return response;
}

static enum MHD_Result
answer(struct MHD_Connection *connection, unsigned status, const char *text)
{
    struct MHD_Response *response = respond(text);
    if (status == MHD_HTTP_UNAUTHORIZED)
        MHD_add_response_header(response, "WWW-Authenticate", "Bearer");
    if (status >= 400)
        MHD_add_response_header(response, "Connection", "close");
    enum MHD_Result result = MHD_queue_response(connection, status, response);
    MHD_destroy_response(response);
    return result;
}

static void
refuse(request_t *request, unsigned status, const char *text)
{
    request->source = NULL;
    request->status = status;
    snprintf(request->text, sizeof request->text, "%s", text);
}

/* Anyone at all can be refused before a body is read: one line a second, with the count of the
 * others. */
static void
log_refusal(web_t *self, struct MHD_Connection *connection, const char *text)
{
    char from[INET6_ADDRSTRLEN] = "-";
    mono_t now = mono_now();
    const union MHD_ConnectionInfo *info =
        MHD_get_connection_info(connection, MHD_CONNECTION_INFO_CLIENT_ADDRESS);
    if (self->said.ms && now.ms - self->said.ms < 1000) {
        self->unsaid++;
        return;
    }
    if (info)
        getnameinfo(info->client_addr,
                    info->client_addr->sa_family == AF_INET6 ? sizeof(struct sockaddr_in6)
                                                             : sizeof(struct sockaddr_in),
                    from, sizeof from, NULL, 0, NI_NUMERICHOST);
    log_warning("http=%s: a request was refused: %s (and %llu more, not logged)", from, text,
                (unsigned long long)self->unsaid);
    self->said = now;
    self->unsaid = 0;
}

static bool
has_token(struct MHD_Connection *connection, const source_t *source)
{
    const char *header = MHD_lookup_connection_value(connection, MHD_HEADER_KIND, "Authorization");
    if (!header || strncmp(header, "Bearer ", 7) != 0)
        return false;
    return slice_same_secret(slice_text(header + 7), bytes_slice(source->token));
}

/* What can be said before the body is there. */
static void
look_at(const web_t *self, request_t *request, const char *method, const char *path)
{
    if (!strcmp(path, "/v1/health")) {
        bool get = !strcmp(method, "GET");
        refuse(request, get ? MHD_HTTP_OK : MHD_HTTP_METHOD_NOT_ALLOWED,
               get ? "ok" : "health is read with GET");
        return;
    }
    if (strncmp(path, ALERTS_PATH, sizeof ALERTS_PATH - 1) != 0) {
        refuse(request, MHD_HTTP_NOT_FOUND, "alerts are posted to " ALERTS_PATH "SOURCE");
        return;
    }
    if (strcmp(method, "POST") != 0) {
        refuse(request, MHD_HTTP_METHOD_NOT_ALLOWED, "alerts are posted: use POST");
        return;
    }
    request->source = settings_source(self->settings, path + sizeof ALERTS_PATH - 1);
    if (!request->source || !has_token(request->connection, request->source))
        refuse(request, MHD_HTTP_UNAUTHORIZED,
               "no such source, or no 'Authorization: Bearer' with its token");
}

/* A length that is too long is refused before it is read. */
static void
look_at_length(request_t *request)
{
    const char *length =
        MHD_lookup_connection_value(request->connection, MHD_HEADER_KIND, "Content-Length");
    uint64_t size;
    if (request->source && length && !text_read_u64(length, 0, WEB_BODY_MAX, &size))
        refuse(request, MHD_HTTP_CONTENT_TOO_LARGE, "the body is over 1048576 bytes");
}

static void
add_body(request_t *request, const char *data, size_t size)
{
    if (!request->source)
        return;
    if (request->body->size + size > WEB_BODY_MAX)
        refuse(request, MHD_HTTP_CONTENT_TOO_LARGE, "the body is over 1048576 bytes");
    else
        bytes_add(request->body, data, size);
}

static enum MHD_Result
take_body(web_t *self, request_t *request)
{
    fault_t fault = {0};
    const source_t *source = request->source;
    if (self->on_post(self->context, source, bytes_slice(request->body), &fault)) {
        refuse(request,
               fault.code == FAULT_LIMIT ? MHD_HTTP_CONTENT_TOO_LARGE : MHD_HTTP_BAD_REQUEST,
               fault.text);
        log_warning("source=%s: a post was refused: %s", source->name, fault.text);
        return answer(request->connection, request->status, request->text);
    }
    request->suspended = true;
    MHD_suspend_connection(request->connection);
    zlistx_add_end(self->waiting, request);
    return MHD_YES;
}

static enum MHD_Result
on_request(void *context, struct MHD_Connection *connection, const char *path, const char *method,
           const char *version, const char *data, size_t *size, void **own)
{
    web_t *self = context;
    request_t *request = *own;
    (void)version;
    if (!request) {
        *own = request = memory_new(1, sizeof *request);
        request->connection = connection;
        request->body = bytes_new();
        look_at(self, request, method, path);
        look_at_length(request);
        if (request->status < 400)
            return MHD_YES;
        log_refusal(self, connection, request->text);
        return answer(connection, request->status, request->text);
    }
    if (*size) {
        add_body(request, data, *size);
        *size = 0;
        return MHD_YES;
    }
    if (request->recorded)
        return MHD_queue_response(connection, MHD_HTTP_OK, self->recorded);
    if (request->status)
        return answer(connection, request->status, request->text);
    return take_body(self, request);
}

static visitor_t *
visitor_of(struct MHD_Connection *connection)
{
    const union MHD_ConnectionInfo *info =
        MHD_get_connection_info(connection, MHD_CONNECTION_INFO_SOCKET_CONTEXT);
    return info ? info->socket_context : NULL;
}

static void
on_completed(void *context, struct MHD_Connection *connection, void **own,
             enum MHD_RequestTerminationCode code)
{
    visitor_t *visitor = visitor_of(connection);
    (void)context, (void)code;
    if (visitor)
        visitor->since = mono_now();
    request_destroy((request_t **)own);
}

static void
on_connection(void *context, struct MHD_Connection *connection, void **socket_context,
              enum MHD_ConnectionNotificationCode code)
{
    web_t *self = context;
    if (code == MHD_CONNECTION_NOTIFY_STARTED) {
        visitor_t *visitor = memory_new(1, sizeof *visitor);
        visitor->fd =
            MHD_get_connection_info(connection, MHD_CONNECTION_INFO_CONNECTION_FD)->connect_fd;
        visitor->since = mono_now();
        visitor->place = zlistx_add_end(self->visitors, visitor);
        *socket_context = visitor;
    } else {
        zlistx_delete(self->visitors, ((visitor_t *)*socket_context)->place);
        *socket_context = NULL;
    }
}

static void
free_item(void **item)
{
    free(*item);
    *item = NULL;
}

static int
listen_on(const settings_t *settings, fault_t *fault)
{
    char port[8];
    int on = 1;
    struct addrinfo hints = {.ai_family = AF_UNSPEC,
                             .ai_socktype = SOCK_STREAM,
                             .ai_flags = AI_PASSIVE | AI_NUMERICHOST | AI_NUMERICSERV};
    struct addrinfo *found = NULL;
    snprintf(port, sizeof port, "%u", settings->http_port);
    if (getaddrinfo(settings->http_address, port, &hints, &found))
        return fault_set(fault, FAULT_CONFIG, "http: '%s' is not an address",
                         settings->http_address);
    CLEANUP(descriptor_close)
    int fd = socket(found->ai_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    bool bound = fd >= 0 && !setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on) &&
                 !bind(fd, found->ai_addr, found->ai_addrlen) && !listen(fd, 1024);
    freeaddrinfo(found);
    if (!bound)
        return fault_set(fault, FAULT_CONFIG, "cannot listen on http %s port %s: %s",
                         settings->http_address, port, strerror(errno));
    int listening = fd;
    fd = -1;
    return listening;
}

web_t *
web_new(const settings_t *settings, on_post_t on_post, void *context, fault_t *fault)
{
    CLEANUP(web_destroy) web_t *self = memory_new(1, sizeof *self);
    self->settings = settings;
    self->on_post = on_post;
    self->recorded = respond("recorded");
    self->context = context;
    self->waiting = zlistx_new();
    self->visitors = zlistx_new();
    zlistx_set_destructor(self->visitors, free_item);
    int listening = listen_on(settings, fault);
    if (listening < 0)
        return NULL;
    self->daemon = MHD_start_daemon(
        MHD_USE_EPOLL | MHD_ALLOW_SUSPEND_RESUME, 0, NULL, NULL, on_request, self,
        MHD_OPTION_LISTEN_SOCKET, listening, MHD_OPTION_CONNECTION_MEMORY_LIMIT,
        (size_t)WEB_MEMORY_MAX, MHD_OPTION_CONNECTION_LIMIT, (unsigned)WEB_CONNECTIONS_MAX,
        MHD_OPTION_PER_IP_CONNECTION_LIMIT, (unsigned)WEB_CONNECTIONS_PER_ADDRESS,
        MHD_OPTION_CONNECTION_TIMEOUT, (unsigned)(WEB_REQUEST_MS / 1000),
        MHD_OPTION_NOTIFY_COMPLETED, on_completed, self, MHD_OPTION_NOTIFY_CONNECTION,
        on_connection, self, MHD_OPTION_END);
    if (!self->daemon) {
        close(listening);
        fault_set(fault, FAULT_IO, "the HTTP server does not start");
        return NULL;
    }
    self->fd = MHD_get_daemon_info(self->daemon, MHD_DAEMON_INFO_EPOLL_FD)->epoll_fd;
    return MOVE(self);
}

/* Goes on while the library has something that no descriptor will tell of. */
static void
run(web_t *self)
{
    MHD_UNSIGNED_LONG_LONG timeout_ms = 0;
    for (int turn = 0; turn < TURNS_MAX; turn++) {
        MHD_run(self->daemon);
        if (MHD_get_timeout(self->daemon, &timeout_ms) != MHD_YES || timeout_ms)
            return;
    }
}

/* With 200, or with what is wrong. */
static void
resume(web_t *self, unsigned status, const char *text)
{
    size_t count = zlistx_size(self->waiting);
    for (request_t *request = zlistx_first(self->waiting); request;
         request = zlistx_next(self->waiting)) {
        request->suspended = false;
        request->recorded = status == MHD_HTTP_OK;
        if (!request->recorded)
            refuse(request, status, text);
        MHD_resume_connection(request->connection);
    }
    zlistx_purge(self->waiting);
    if (count)
        run(self);
}

void
web_destroy(web_t **self_p)
{
    web_t *self = *self_p;
    if (!self)
        return;
    if (self->daemon) {
        resume(self, MHD_HTTP_SERVICE_UNAVAILABLE, "the broker is stopping");
        MHD_stop_daemon(self->daemon);
    }
    MHD_destroy_response(self->recorded);
    zlistx_destroy(&self->waiting);
    zlistx_destroy(&self->visitors);
    free(self);
    *self_p = NULL;
}

int
web_fd(const web_t *self)
{
    return self->fd;
}

void
web_turn(web_t *self)
{
    run(self);
}

void
web_answer(web_t *self)
{
    resume(self, MHD_HTTP_OK, NULL);
}

bool
web_pending(const web_t *self)
{
    return zlistx_size(self->waiting) > 0;
}

void
web_tick(web_t *self)
{
    mono_t now = mono_now();
    for (visitor_t *visitor = zlistx_first(self->visitors); visitor;
         visitor = zlistx_next(self->visitors))
        if (now.ms - visitor->since.ms > WEB_REQUEST_MS)
            shutdown(visitor->fd, SHUT_RDWR);
    run(self);
}
