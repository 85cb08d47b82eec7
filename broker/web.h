/* SPDX-License-Identifier: Apache-2.0 */
/* web - the HTTP edge, in the broker's own loop: POST /v1/alerts/SOURCE with "Authorization: Bearer
 * TOKEN", and GET /v1/health. A post is suspended until what it caused is on the disk; then it is
 * answered 200. Whatever is refused is answered 4xx with one sentence. TLS is for a proxy in front;
 * listen on loopback or a network that you trust. */
#ifndef TOCSIN_WEB_H
#define TOCSIN_WEB_H

#include "broker/settings.h"

#define WEB_BODY_MAX                (1024 * 1024)
#define WEB_MEMORY_MAX              (16 * 1024) /* of one connection: bounds its headers */
#define WEB_CONNECTIONS_MAX         1024
#define WEB_CONNECTIONS_PER_ADDRESS 600
#define WEB_REQUEST_MS              15000 /* from connection or last answer to the end of a request */

/* A whole body from a source that showed its token. 0 once it is part of the batch under way; the
 * caller is answered when web_answer says so. -1 with *fault: answered 4xx at once. */
typedef int (*on_post_t)(void *context, const source_t *source, slice_t body, fault_t *fault);

typedef struct web web_t;

/* settings is borrowed. FAULT_CONFIG where the address cannot be had. */
web_t *web_new(const settings_t *settings, on_post_t on_post, void *context, fault_t *fault);

/* What is still suspended is answered 503 first. */
void web_destroy(web_t **self_p);

/* For the loop: readable when something may be there. */
int web_fd(const web_t *self);

/* Takes in what has arrived; never blocks. */
void web_turn(web_t *self);

/* Answers 200 to every post since the last call. */
void web_answer(web_t *self);

/* Whether posts wait for web_answer. */
bool web_pending(const web_t *self);

/* About once a second: cuts connections that take longer than WEB_REQUEST_MS over a request. */
void web_tick(web_t *self);

#endif
