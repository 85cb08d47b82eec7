/* SPDX-License-Identifier: Apache-2.0 */
/* web - the HTTP edge: POST /v1/alerts/SOURCE, and GET /v1/health. A source shows its token
 * ("Authorization: Bearer TOKEN") and posts JSON, or posts alerts that it signed. HTTP and JSON are
 * read in a thread of its own, which hands sound bodies to the loop and decides nothing; whether a
 * signature holds, the loop says. A post is suspended until what it caused is on the disk; then it
 * is answered 200. Whatever is refused is answered 4xx with one sentence. TLS is for a proxy in
 * front; listen on loopback or a network that you trust. */
#ifndef TOCSIN_WEB_H
#define TOCSIN_WEB_H

#include <czmq.h>

#include "wire/alertmanager.h"
#include "broker/settings.h"
#include "wire/post.h"

#define WEB_BODY_MAX                (1024 * 1024)
#define WEB_MEMORY_MAX              (16 * 1024) /* of one connection: bounds its headers */
#define WEB_CONNECTIONS_MAX         1024
#define WEB_CONNECTIONS_PER_ADDRESS 600
#define WEB_REQUEST_MS              15000 /* from connection or last answer to the end of a request */
#define WEB_BATCH_MAX               64    /* posts that go to the loop together */
#define WEB_TURN_MAX                2     /* such batches in one turn of the loop */
#define WEB_FLIGHT_MAX              (4 * WEB_BODY_MAX) /* of bodies that the loop has; others wait */

/* Of sources that sign, anyone may post in the name. */
#define WEB_SIGNED_MAX   POST_BYTES_MAX     /* of one body */
#define WEB_UNPROVEN_MAX (8 * WEB_BODY_MAX) /* of all bodies that are there and not answered */
#define WEB_REFUSALS_MAX 20                 /* posts that do not hold, of one address in a second */

/* A sound body from a source that showed its token; of one that signs alerts is NULL, and body is
 * what it sent. -1 with a fault has it refused. */
typedef int (*on_post_t)(void *context, const source_t *source, const alertmanager_t *alerts,
                         slice_t body, fault_t *fault);

typedef struct web web_t;

/* settings is borrowed. FAULT_CONFIG where the address cannot be had. */
web_t *web_new(const settings_t *settings, fault_t *fault);

/* What is still suspended is answered 503 first. */
void web_destroy(web_t **self_p);

/* From now on requests are read. */
void web_serve(web_t *self);

/* For the loop: readable when posts wait. */
zsock_t *web_socket(const web_t *self);

/* Takes in posts that wait, WEB_TURN_MAX batches at most: those who sent them send the next while
 * the loop is at work on others. Never blocks. */
void web_take(web_t *self, on_post_t on_post, void *context);

/* What was taken by now belongs together. */
void web_close(web_t *self);

/* Has every post that was taken before web_close answered: 200, or why it was refused. */
void web_answer(web_t *self);

#endif
