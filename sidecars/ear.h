/* SPDX-License-Identifier: Apache-2.0 */
/* ear - where monitoring posts to: POST /v1/alerts/SOURCE with "Authorization: Bearer TOKEN", and
 * GET /v1/health, as a broker has them. A body is handed on whole, and answered as soon as that
 * returns. For loopback, or a network that you trust. */
#ifndef TOCSIN_EAR_H
#define TOCSIN_EAR_H

#include "sidecars/relay_settings.h"

#define EAR_BODY_MAX        (1024 * 1024)
#define EAR_CONNECTIONS_MAX 64
#define EAR_MEMORY_MAX      (16 * 1024) /* of one connection: bounds its headers */
#define EAR_IDLE_S          15

/* 0 once it is durable; -1: what is wrong with it (FAULT_FORMAT, FAULT_LIMIT), else why it is to be
 * posted again. */
typedef int (*on_body_t)(void *context, const relay_source_t *source, slice_t body, fault_t *fault);

typedef struct ear ear_t;

/* Takes over listening, a socket. settings and context are borrowed. */
ear_t *ear_new(const relay_settings_t *settings, int listening, on_body_t on_body, void *context,
               fault_t *fault);
void ear_destroy(ear_t **self_p);

/* Call ear_run when the descriptor is readable, and every second. */
int ear_fd(const ear_t *self);
void ear_run(ear_t *self);

#endif
