/* SPDX-License-Identifier: Apache-2.0 */
#include "broker/web.h"

#include <arpa/inet.h>
#include <assert.h>
#include <czmq.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>

#include "common/log.h"
#include "common/moment.h"
#include "wire/http.h"

#define TICK_MS       1000
#define WEB_ADDRESSES 256 /* places for addresses that were refused */

typedef struct {
    const source_t *source; /* NULL once refused */
    bytes_t *body;
    size_t unproven; /* bytes of it, where its source signs */
    struct MHD_Connection *connection;
    bool recorded;             /* it is on the disk */
    unsigned status;           /* of the answer; 0 while there is none */
    char text[FAULT_TEXT_MAX]; /* its sentence */
} request_t;

typedef struct {
    MHD_socket fd;
    mono_t since;       /* connected, or answered last */
    void *place;        /* in the edge's visitors */
    request_t *request; /* that is suspended; else NULL */
} visitor_t;

/* What goes to the loop, and comes back once it is on the disk. */
typedef struct {
    request_t *request; /* the thread's */
    const source_t *source;
    alertmanager_t *alerts; /* NULL where the source signs */
    slice_t body;           /* the request's, which does not change meanwhile */
    fault_t fault;          /* out: why the loop refused it */
} post_t;

typedef struct {
    size_t count, capacity, bytes;
    post_t *posts;
} batch_t;

/* Posts in the name of a source that signs, which did not hold: of the addresses that share a
 * place. */
typedef struct {
    int64_t second;
    unsigned count;
} refusals_t;

/* The thread's side. */
typedef struct {
    const settings_t *settings;
    zsock_t *pipe;
    struct MHD_Daemon *daemon;
    struct MHD_Response *recorded; /* 200, for everyone */
    zlistx_t *waiting;             /* request_t, suspended, not with the loop yet; MHD owns them */
    size_t flying;                 /* bytes of bodies that the loop has */
    size_t unproven;               /* bytes of bodies that anyone may have sent */
    refusals_t refusals[WEB_ADDRESSES];
    zlistx_t *visitors; /* visitor_t, ours */
    mono_t ticked;
    mono_t said;     /* log_refusal's last line */
    uint64_t unsaid; /* what it left out since */
} edge_t;

struct web {
    zactor_t *edge;
    zlistx_t *taken;  /* batch_t: what the loop took in since web_close */
    zlistx_t *closed; /* batch_t: before that, since web_answer */
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

/* Its source signs: so far anyone may have sent it. */
static bool
is_unproven(const request_t *self)
{
    return self->source && !self->source->token;
}

static size_t
body_max(const request_t *self)
{
    return is_unproven(self) ? WEB_SIGNED_MAX : WEB_BODY_MAX;
}

static void
refuse(request_t *request, unsigned status, const char *text)
{
    request->source = NULL;
    request->status = status;
    snprintf(request->text, sizeof request->text, "%s", text);
}

static void
refuse_size(request_t *request)
{
    char text[64];
    snprintf(text, sizeof text, "the body is over %zu bytes", body_max(request));
    refuse(request, MHD_HTTP_CONTENT_TOO_LARGE, text);
}

static const void *
address_of(struct MHD_Connection *connection, size_t *size)
{
    const union MHD_ConnectionInfo *info =
        MHD_get_connection_info(connection, MHD_CONNECTION_INFO_CLIENT_ADDRESS);
    const struct sockaddr *address = info ? info->client_addr : NULL;
    if (!address)
        return NULL;
    if (address->sa_family == AF_INET6) {
        const struct sockaddr_in6 *six = (const struct sockaddr_in6 *)(const void *)address;
        *size = sizeof six->sin6_addr;
        return &six->sin6_addr;
    }
    const struct sockaddr_in *four = (const struct sockaddr_in *)(const void *)address;
    *size = sizeof four->sin_addr;
    return &four->sin_addr;
}

/* Anyone at all can be refused before a body is read: one line a second, with the count of the
 * others. */
static void
log_refusal(edge_t *self, struct MHD_Connection *connection, const char *text)
{
    char from[INET6_ADDRSTRLEN] = "-";
    size_t size = 0;
    mono_t now = mono_now();
    const void *address = address_of(connection, &size);
    if (self->said.ms && now.ms - self->said.ms < 1000) {
        self->unsaid++;
        return;
    }
    if (address)
        inet_ntop(size == 4 ? AF_INET : AF_INET6, address, from, sizeof from);
    log_warning("http=%s: a request was refused: %s (and %llu more, not logged)", from, text,
                (unsigned long long)self->unsaid);
    self->said = now;
    self->unsaid = 0;
}

static refusals_t *
refusals_of(edge_t *self, struct MHD_Connection *connection)
{
    size_t size = 0, at = 0;
    const void *address = address_of(connection, &size);
    for (size_t i = 0; i < size; i++)
        at = at * 31 + ((const uint8_t *)address)[i];
    refusals_t *place = &self->refusals[at % WEB_ADDRESSES];
    int64_t second = mono_now().ms / 1000;
    if (place->second != second)
        *place = (refusals_t){second, 0};
    return place;
}

/* What can be said before the body is there. */
static void
look_at(edge_t *self, request_t *request, const char *method, const char *path)
{
    const char *name = NULL, *text = NULL;
    unsigned status = http_route(method, path, &name, &text);
    if (status) {
        refuse(request, status, text);
        return;
    }
    const source_t *source = request->source = settings_source(self->settings, name);
    if (!source ||
        (source->token && !http_has_token(request->connection, bytes_slice(source->token))))
        refuse(request, MHD_HTTP_UNAUTHORIZED,
               "no such source, or no 'Authorization: Bearer' with its token");
    else if (is_unproven(request) &&
             refusals_of(self, request->connection)->count >= WEB_REFUSALS_MAX)
        refuse(request, MHD_HTTP_TOO_MANY_REQUESTS, "too many posts from there did not hold");
}

/* A length that is too long is refused before it is read. */
static void
look_at_length(request_t *request)
{
    const char *length =
        MHD_lookup_connection_value(request->connection, MHD_HEADER_KIND, "Content-Length");
    uint64_t size;
    if (request->source && length && !text_read_u64(length, 0, body_max(request), &size))
        refuse_size(request);
}

static void
add_body(edge_t *self, request_t *request, const char *data, size_t size)
{
    bool unproven = is_unproven(request);
    if (!request->source)
        return;
    if (request->body->size + size > body_max(request)) {
        refuse_size(request);
    } else if (unproven && self->unproven + size > WEB_UNPROVEN_MAX) {
        refuse(request, MHD_HTTP_SERVICE_UNAVAILABLE, "too much is posted at once: post it again");
    } else {
        bytes_add(request->body, data, size);
        request->unproven += unproven ? size : 0;
        self->unproven += unproven ? size : 0;
    }
}

static visitor_t *
visitor_of(struct MHD_Connection *connection)
{
    const union MHD_ConnectionInfo *info =
        MHD_get_connection_info(connection, MHD_CONNECTION_INFO_SOCKET_CONTEXT);
    return info ? info->socket_context : NULL;
}

static enum MHD_Result
on_request(void *context, struct MHD_Connection *connection, const char *path, const char *method,
           const char *version, const char *data, size_t *size, void **own)
{
    edge_t *self = context;
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
        return http_answer(connection, request->status, request->text);
    }
    if (*size) {
        add_body(self, request, data, *size);
        *size = 0;
        return MHD_YES;
    }
    if (request->recorded)
        return MHD_queue_response(connection, MHD_HTTP_OK, self->recorded);
    if (request->status)
        return http_answer(connection, request->status, request->text);
    visitor_of(connection)->request = request;
    MHD_suspend_connection(connection);
    zlistx_add_end(self->waiting, request);
    return MHD_YES;
}

static void
on_completed(void *context, struct MHD_Connection *connection, void **own,
             enum MHD_RequestTerminationCode code)
{
    edge_t *self = context;
    visitor_t *visitor = visitor_of(connection);
    (void)code;
    if (*own)
        self->unproven -= ((request_t *)*own)->unproven;
    if (visitor) {
        visitor->since = mono_now();
        visitor->request = NULL;
    }
    request_destroy((request_t **)own);
}

static void
on_connection(void *context, struct MHD_Connection *connection, void **socket_context,
              enum MHD_ConnectionNotificationCode code)
{
    edge_t *self = context;
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

static void
resume(request_t *request)
{
    visitor_of(request->connection)->request = NULL;
    MHD_resume_connection(request->connection);
}

/* Where another try with the same bytes may do better, the status is none of 400, 413 and 422. */
static unsigned
status_of(fault_code_t code)
{
    static const struct {
        fault_code_t code;
        unsigned status;
    } rows[] = {
        {FAULT_LIMIT, MHD_HTTP_CONTENT_TOO_LARGE}, {FAULT_STALE, MHD_HTTP_UNPROCESSABLE_CONTENT},
        {FAULT_WINDOW, MHD_HTTP_TOO_EARLY},        {FAULT_KEY, MHD_HTTP_FORBIDDEN},
        {FAULT_SITE, MHD_HTTP_FORBIDDEN},          {FAULT_DENIED, MHD_HTTP_FORBIDDEN},
        {FAULT_IO, MHD_HTTP_SERVICE_UNAVAILABLE}};
    for (size_t i = 0; i < ARRAY_SIZE(rows); i++)
        if (rows[i].code == code)
            return rows[i].status;
    return MHD_HTTP_BAD_REQUEST;
}

static void
refuse_post(request_t *request, const char *source, const fault_t *fault)
{
    log_warning("source=%s: a post was refused: %s", source, fault->text);
    refuse(request, status_of(fault->code), fault->text);
}

/* What is not sound is answered at once. */
static void
add_post(batch_t *batch, request_t *request)
{
    fault_t fault = {0};
    const source_t *source = request->source;
    slice_t body = bytes_slice(request->body);
    alertmanager_t *alerts = source->token ? alertmanager_parse(body, &fault) : NULL;
    if (fault.code) {
        refuse_post(request, source->name, &fault);
        resume(request);
        return;
    }
    if (alerts && alertmanager_cut(alerts))
        log_warning("source=%s: %llu alerts of this group were cut off before they came here",
                    source->name, (unsigned long long)alertmanager_cut(alerts));
    batch->posts = memory_grow(batch->posts, batch->count, &batch->capacity, sizeof(post_t));
    batch->posts[batch->count++] = (post_t){request, source, alerts, body, fault};
    batch->bytes += request->body->size;
}

static void
batch_destroy(batch_t **self_p)
{
    batch_t *self = *self_p;
    if (!self)
        return;
    for (size_t i = 0; i < self->count; i++)
        alertmanager_destroy(&self->posts[i].alerts);
    free(self->posts);
    free(self);
    *self_p = NULL;
}

/* The next batch of those that wait; true where one of them was refused. */
static bool
hand_on_batch(edge_t *self)
{
    CLEANUP(batch_destroy) batch_t *batch = memory_new(1, sizeof *batch);
    bool refused = false;
    while (zlistx_size(self->waiting) && batch->count < WEB_BATCH_MAX &&
           self->flying + batch->bytes < WEB_FLIGHT_MAX) {
        size_t before = batch->count;
        request_t *request = zlistx_detach(self->waiting, NULL);
        add_post(batch, request);
        refused = refused || batch->count == before;
    }
    if (!batch->count)
        return refused;
    self->flying += batch->bytes;
    batch_t *sent = MOVE(batch);
    zsock_send(self->pipe, "sp", "POSTS", sent);
    return refused;
}

/* Hands on as many of those that wait as the loop may have at once; it begins with the first while
 * the others are still read. */
static void
hand_on(edge_t *self)
{
    bool refused = false;
    while (zlistx_size(self->waiting) && self->flying < WEB_FLIGHT_MAX)
        refused = hand_on_batch(self) || refused;
    if (refused)
        http_run(self->daemon);
}

/* What the loop is done with. */
static void
settle(edge_t *self, batch_t *batch)
{
    for (size_t i = 0; i < batch->count; i++) {
        const post_t *post = &batch->posts[i];
        post->request->recorded = !post->fault.code;
        if (post->fault.code) {
            refusals_of(self, post->request->connection)->count++;
            refuse_post(post->request, post->source->name, &post->fault);
        }
        resume(post->request);
    }
    self->flying -= batch->bytes;
    batch_destroy(&batch);
    http_run(self->daemon);
}

/* Cuts connections that take longer than WEB_REQUEST_MS over a request. */
static void
tick(edge_t *self)
{
    mono_t now = mono_now();
    if (now.ms - self->ticked.ms < TICK_MS)
        return;
    self->ticked = now;
    for (visitor_t *visitor = zlistx_first(self->visitors); visitor;
         visitor = zlistx_next(self->visitors))
        if (now.ms - visitor->since.ms > WEB_REQUEST_MS)
            shutdown(visitor->fd, SHUT_RDWR);
    http_run(self->daemon);
}

/* Whether it goes on. */
static bool
on_pipe(edge_t *self)
{
    batch_t *batch = NULL;
    char *word = NULL;
    int failed = zsock_recv(self->pipe, "sp", &word, &batch);
    bool done = !failed && word && streq(word, "DONE");
    if (done)
        settle(self, batch);
    zstr_free(&word);
    return done;
}

static bool
open_edge(edge_t *self, int listening)
{
    self->waiting = zlistx_new();
    self->visitors = zlistx_new();
    zlistx_set_destructor(self->visitors, free_item);
    self->recorded = http_response("recorded");
    self->daemon = MHD_start_daemon(
        MHD_USE_EPOLL | MHD_ALLOW_SUSPEND_RESUME, 0, NULL, NULL, on_request, self,
        MHD_OPTION_LISTEN_SOCKET, listening, MHD_OPTION_CONNECTION_MEMORY_LIMIT,
        (size_t)WEB_MEMORY_MAX, MHD_OPTION_CONNECTION_LIMIT, (unsigned)WEB_CONNECTIONS_MAX,
        MHD_OPTION_PER_IP_CONNECTION_LIMIT, (unsigned)WEB_CONNECTIONS_PER_ADDRESS,
        MHD_OPTION_CONNECTION_TIMEOUT, (unsigned)(WEB_REQUEST_MS / 1000),
        MHD_OPTION_NOTIFY_COMPLETED, on_completed, self, MHD_OPTION_NOTIFY_CONNECTION,
        on_connection, self, MHD_OPTION_END);
    return self->daemon;
}

static void
close_edge(edge_t *self)
{
    zlistx_destroy(&self->waiting);
    if (self->daemon)
        MHD_stop_daemon(self->daemon);
    if (self->recorded)
        MHD_destroy_response(self->recorded);
    zlistx_destroy(&self->visitors);
}

/* The loop ended: whoever is still suspended may post again. */
static void
dismiss(edge_t *self)
{
    for (visitor_t *visitor = zlistx_first(self->visitors); visitor;
         visitor = zlistx_next(self->visitors)) {
        if (!visitor->request)
            continue;
        refuse(visitor->request, MHD_HTTP_SERVICE_UNAVAILABLE, "the broker is stopping");
        MHD_resume_connection(visitor->request->connection);
    }
    http_run(self->daemon);
}

typedef struct {
    const settings_t *settings;
    int listening;
    bool open; /* out */
} opening_t;

/* Whoever connects before that waits in the listening socket's queue. */
static bool
is_to_serve(zsock_t *pipe)
{
    CLEANUP(zstr_free) char *word = NULL;
    while (!word && !zsys_interrupted)
        word = zstr_recv(pipe);
    return word && streq(word, "SERVE");
}

static void
edge(zsock_t *pipe, void *opening_)
{
    opening_t *opening = opening_; /* until the signal */
    edge_t self = {.settings = opening->settings, .pipe = pipe};
    bool open = opening->open = open_edge(&self, opening->listening);
    zsock_signal(pipe, 0);
    bool serving = open && is_to_serve(pipe);
    while (serving) {
        zmq_pollitem_t items[] = {{.socket = zsock_resolve(pipe), .events = ZMQ_POLLIN},
                                  {.fd = http_fd(self.daemon), .events = ZMQ_POLLIN}};
        if (zmq_poll(items, ARRAY_SIZE(items), TICK_MS) < 0 && errno != EINTR)
            break;
        if (items[1].revents & ZMQ_POLLIN)
            http_run(self.daemon);
        if (items[0].revents & ZMQ_POLLIN && !on_pipe(&self))
            break;
        tick(&self);
        hand_on(&self);
    }
    if (serving)
        dismiss(&self);
    close_edge(&self);
}

web_t *
web_new(const settings_t *settings, fault_t *fault)
{
    CLEANUP(web_destroy) web_t *self = memory_new(1, sizeof *self);
    opening_t opening = {settings, address_listen(&settings->http, fault), false};
    if (opening.listening < 0)
        return NULL;
    self->taken = zlistx_new();
    self->closed = zlistx_new();
    self->edge = zactor_new(edge, &opening);
    if (opening.open)
        return MOVE(self);
    close(opening.listening);
    fault_set(fault, FAULT_IO, "the HTTP server does not start");
    return NULL;
}

void
web_serve(web_t *self)
{
    zstr_send(self->edge, "SERVE");
}

zsock_t *
web_socket(const web_t *self)
{
    return zactor_sock(self->edge);
}

/* The next batch that waits; NULL when none does. */
static batch_t *
next_batch(web_t *self)
{
    batch_t *batch = NULL;
    char *word = NULL;
    if (!(zsock_events(web_socket(self)) & ZMQ_POLLIN) ||
        zsock_recv(self->edge, "sp", &word, &batch))
        return NULL;
    zstr_free(&word);
    return batch;
}

void
web_take(web_t *self, on_post_t on_post, void *context)
{
    batch_t *batch;
    for (size_t i = 0; i < WEB_TURN_MAX && (batch = next_batch(self)); i++) {
        for (size_t k = 0; k < batch->count; k++) {
            post_t *post = &batch->posts[k];
            if (on_post(context, post->source, post->alerts, post->body, &post->fault))
                assert(post->fault.code);
        }
        zlistx_add_end(self->taken, batch);
    }
}

void
web_close(web_t *self)
{
    batch_t *batch;
    while ((batch = zlistx_detach(self->taken, NULL)))
        zlistx_add_end(self->closed, batch);
}

void
web_answer(web_t *self)
{
    batch_t *batch;
    while ((batch = zlistx_detach(self->closed, NULL)))
        zsock_send(self->edge, "sp", "DONE", batch);
}

void
web_destroy(web_t **self_p)
{
    web_t *self = *self_p;
    if (!self)
        return;
    batch_t *batch;
    if (self->taken)
        web_close(self);
    while (self->closed && (batch = zlistx_detach(self->closed, NULL)))
        batch_destroy(&batch);
    while (self->edge && (batch = next_batch(self)))
        batch_destroy(&batch);
    zactor_destroy(&self->edge);
    zlistx_destroy(&self->taken);
    zlistx_destroy(&self->closed);
    free(self);
    *self_p = NULL;
}
