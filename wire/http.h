/* SPDX-License-Identifier: Apache-2.0 */
/* http - what our HTTP servers share: how posts of alerts are told from other requests, how a
 * source shows its token, and what an answer looks like. The server itself is its daemon's. Source:
 * docs/PROTOCOL.md 6.2. */
#ifndef TOCSIN_HTTP_H
#define TOCSIN_HTTP_H

#include <microhttpd.h>

#include "common/bytes.h"

/* 0 and the NAME of POST /v1/alerts/NAME, a part of path; for anything else the status of its
 * answer (200 for GET /v1/health) and its sentence, static. */
unsigned http_route(const char *method, const char *path, const char **name, const char **text);

/* Whether "Authorization: Bearer" shows this token; compared in constant time. */
bool http_has_token(struct MHD_Connection *connection, slice_t token);

/* A response of one sentence, of at most FAULT_TEXT_MAX bytes; the caller's. */
struct MHD_Response *http_response(const char *text);

/* Answers with one sentence; from 400 on the connection is closed behind it. */
enum MHD_Result http_answer(struct MHD_Connection *connection, unsigned status, const char *text);

/* For a loop: readable when http_run should be called. */
int http_fd(struct MHD_Daemon *daemon);

/* Goes on while the library has something that no descriptor will tell of, HTTP_TURNS_MAX times at
 * most. */
#define HTTP_TURNS_MAX 10000
void http_run(struct MHD_Daemon *daemon);

#endif
