/* SPDX-License-Identifier: Apache-2.0 */
/* web - the HTTP edge: POST /v1/alerts/SOURCE with "Authorization: Bearer TOKEN", and GET
 * /v1/health. HTTP and JSON are read in a thread of its own, which hands sound bodies to the loop
 * and decides nothing. A post is suspended until what it caused is on the disk; then it is answered
 * 200. Whatever is refused is answered 4xx with one sentence. TLS is for a proxy in front; listen
 * on loopback or a network that you trust. */
#ifndef TOCSIN_WEB_H
#define TOCSIN_WEB_H

#include <czmq.h>

#include "broker/alertmanager.h"
#include "broker/settings.h"

#define WEB_BODY_MAX                (1024 * 1024)
#define WEB_MEMORY_MAX              (16 * 1024) /* of one connection: bounds its headers */
#define WEB_CONNECTIONS_MAX         1024
#define WEB_CONNECTIONS_PER_ADDRESS 600
#define WEB_REQUEST_MS              15000 /* from connection or last answer to the end of a request */
#define WEB_FLIGHT_MAX              (4 * WEB_BODY_MAX) /* of bodies that the loop has; others wait */

/* A sound body from a source that showed its token. */
typedef void (*on_post_t)(void *context, const source_t *source, const alertmanager_t *body);

typedef struct web web_t;

/* settings is borrowed. FAULT_CONFIG where the address cannot be had. */
web_t *web_new(const settings_t *settings, fault_t *fault);

/* What is still suspended is answered 503 first. */
void web_destroy(web_t **self_p);

/* From now on requests are read. */
void web_serve(web_t *self);

/* For the loop: readable when posts wait. */
zsock_t *web_socket(const web_t *self);

/* Takes in the posts that wait; never blocks. */
void web_take(web_t *self, on_post_t on_post, void *context);

/* Has every post that was taken since the last call answered 200. */
void web_answer(web_t *self);

#endif
