/* SPDX-License-Identifier: Apache-2.0 */
#include "wire/http.h"

#include <stdio.h>
#include <string.h>

#include "common/fault.h"
#include "keys/hash.h"

#define ALERTS_PATH "/v1/alerts/"

unsigned
http_route(const char *method, const char *path, const char **name, const char **text)
{
    if (!strcmp(path, "/v1/health")) {
        bool get = !strcmp(method, "GET");
        *text = get ? "ok" : "health is read with GET";
        return get ? MHD_HTTP_OK : MHD_HTTP_METHOD_NOT_ALLOWED;
    }
    if (strncmp(path, ALERTS_PATH, sizeof ALERTS_PATH - 1) != 0) {
        *text = "alerts are posted to " ALERTS_PATH "SOURCE";
        return MHD_HTTP_NOT_FOUND;
    }
    if (strcmp(method, "POST") != 0) {
        *text = "alerts are posted: use POST";
        return MHD_HTTP_METHOD_NOT_ALLOWED;
    }
    *name = path + sizeof ALERTS_PATH - 1;
    return 0;
}

bool
http_has_token(struct MHD_Connection *connection, slice_t token)
{
    const char *header = MHD_lookup_connection_value(connection, MHD_HEADER_KIND, "Authorization");
    if (!header || strncmp(header, "Bearer ", 7) != 0)
        return false;
    return slice_same_secret(slice_text(header + 7), token);
}

struct MHD_Response *
http_response(const char *text)
{
    char body[FAULT_TEXT_MAX + 2];
    int size = snprintf(body, sizeof body, "%s\n", text);
    struct MHD_Response *response =
        MHD_create_response_from_buffer((size_t)size, body, MHD_RESPMEM_MUST_COPY);
    MHD_add_response_header(response, "Content-Type", "text/plain; charset=utf-8");
    MHD_add_response_header(response, "X-Content-Type-Options", "nosniff");
    return response;
}

enum MHD_Result
http_answer(struct MHD_Connection *connection, unsigned status, const char *text)
{
    struct MHD_Response *response = http_response(text);
    if (status == MHD_HTTP_UNAUTHORIZED)
        MHD_add_response_header(response, "WWW-Authenticate", "Bearer");
    if (status >= 400)
        MHD_add_response_header(response, "Connection", "close");
    enum MHD_Result result = MHD_queue_response(connection, status, response);
    MHD_destroy_response(response);
    return result;
}

int
http_fd(struct MHD_Daemon *daemon)
{
    return MHD_get_daemon_info(daemon, MHD_DAEMON_INFO_EPOLL_FD)->epoll_fd;
}

void
http_run(struct MHD_Daemon *daemon)
{
    MHD_UNSIGNED_LONG_LONG timeout_ms = 0;
    for (int turn = 0; turn < HTTP_TURNS_MAX; turn++) {
        MHD_run(daemon);
        if (MHD_get_timeout(daemon, &timeout_ms) != MHD_YES || timeout_ms)
            return;
    }
}
