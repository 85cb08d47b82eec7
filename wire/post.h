/* SPDX-License-Identifier: Apache-2.0 */
/* post - signed alerts on their way to a broker: the body of POST /v1/alerts/SOURCE, each alert's
 * document with its armor behind it (docs/PROTOCOL.md 6.2). Nothing here is verified. */
#ifndef TOCSIN_POST_H
#define TOCSIN_POST_H

#include "common/document.h"
#include "keys/signature.h"

#define POST_BYTES_MAX  (DOCUMENT_BYTES_MAX + SIGNATURE_ARMOR_MAX) /* room for any one alert */
#define POST_ALERTS_MAX 1000

/* Takes the first alert off *body: views into it. FAULT_FORMAT. */
int post_take(slice_t *body, slice_t *document, slice_t *armor, fault_t *fault) MUST_CHECK;

#endif
