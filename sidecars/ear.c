/* SPDX-License-Identifier: Apache-2.0 */
#include "sidecars/ear.h"

#include <stdlib.h>
#include <unistd.h>

#include "common/log.h"
#include "wire/http.h"

struct ear {
    const relay_settings_t *settings;
    struct MHD_Daemon *daemon;
    on_body_t on_body;
    void *context;
};

typedef struct {
    const relay_source_t *source; /* NULL once it is answered */
    bytes_t *body;
} request_t;

static void
request_destroy(request_t **self_p)
{
    if (!*self_p)
        return;
    bytes_destroy(&(*self_p)->body);
    free(*self_p);
    *self_p = NULL;
}

/* What can be said before the body is there: 0, or a status with its sentence. */
static unsigned
look_at(const ear_t *self, struct MHD_Connection *connection, const char *method, const char *path,
        const relay_source_t **source, const char **text)
{
    const char *name = NULL;
    unsigned status = http_route(method, path, &name, text);
    if (status)
        return status;
    *source = relay_settings_source(self->settings, name);
    if (*source && http_has_token(connection, bytes_slice((*source)->token)))
        return 0;
    *text = "no such source, or no 'Authorization: Bearer' with its token";
    return MHD_HTTP_UNAUTHORIZED;
}

static unsigned
status_of(fault_code_t code)
{
    return code == FAULT_LIMIT    ? MHD_HTTP_CONTENT_TOO_LARGE
           : code == FAULT_FORMAT ? MHD_HTTP_BAD_REQUEST
                                  : MHD_HTTP_SERVICE_UNAVAILABLE;
}

static enum MHD_Result
hand_on(ear_t *self, struct MHD_Connection *connection, request_t *request)
{
    fault_t fault = {0};
    const relay_source_t *source = request->source;
    request->source = NULL;
    if (!self->on_body(self->context, source, bytes_slice(request->body), &fault))
        return http_answer(connection, MHD_HTTP_OK, "signed and kept");
    log_warning("source=%s: a post was refused: %s", source->name, fault.text);
    return http_answer(connection, status_of(fault.code), fault.text);
}

static enum MHD_Result
begin(ear_t *self, struct MHD_Connection *connection, const char *method, const char *path,
      void **own)
{
    const char *text = "";
    const relay_source_t *source = NULL;
    unsigned status = look_at(self, connection, method, path, &source, &text);
    if (status)
        return http_answer(connection, status, text);
    request_t *request = memory_new(1, sizeof *request);
    request->source = source;
    request->body = bytes_new();
    *own = request;
    return MHD_YES;
}

static enum MHD_Result
on_request(void *context, struct MHD_Connection *connection, const char *path, const char *method,
           const char *version, const char *data, size_t *size, void **own)
{
    request_t *request = *own;
    (void)version;
    if (!request)
        return begin(context, connection, method, path, own);
    if (!*size)
        return hand_on(context, connection, request);
    if (request->body->size + *size > EAR_BODY_MAX)
        return MHD_NO; /* more than monitoring ever sends: the connection is cut */
    bytes_add(request->body, data, *size);
    *size = 0;
    return MHD_YES;
}

static void
on_completed(void *context, struct MHD_Connection *connection, void **own,
             enum MHD_RequestTerminationCode code)
{
    (void)context, (void)connection, (void)code;
    request_destroy((request_t **)own);
}

ear_t *
ear_new(const relay_settings_t *settings, int listening, on_body_t on_body, void *context,
        fault_t *fault)
{
    ear_t *self = memory_new(1, sizeof *self);
    *self = (ear_t){.settings = settings, .on_body = on_body, .context = context};
    self->daemon = MHD_start_daemon(
        MHD_USE_EPOLL, 0, NULL, NULL, on_request, self, MHD_OPTION_LISTEN_SOCKET, listening,
        MHD_OPTION_CONNECTION_MEMORY_LIMIT, (size_t)EAR_MEMORY_MAX, MHD_OPTION_CONNECTION_LIMIT,
        (unsigned)EAR_CONNECTIONS_MAX, MHD_OPTION_CONNECTION_TIMEOUT, (unsigned)EAR_IDLE_S,
        MHD_OPTION_NOTIFY_COMPLETED, on_completed, self, MHD_OPTION_END);
    if (self->daemon)
        return self;
    close(listening);
    free(self);
    fault_set(fault, FAULT_IO, "the HTTP server does not start");
    return NULL;
}

void
ear_destroy(ear_t **self_p)
{
    if (!*self_p)
        return;
    MHD_stop_daemon((*self_p)->daemon);
    free(*self_p);
    *self_p = NULL;
}

int
ear_fd(const ear_t *self)
{
    return http_fd(self->daemon);
}

void
ear_run(ear_t *self)
{
    http_run(self->daemon);
}
