/* SPDX-License-Identifier: Apache-2.0 */
/* letter - what one sink gets of one notice, in the sink's own form (docs/PROTOCOL.md 6.3).
 *
 * The broker makes facts of a notice, once and for all tries the same; the program that delivers
 * makes the letter. Facts are a map: version (1), id, site, broker, sink, kind, at (an instant),
 * text; and where there is one incident (a number), run, host, severity, playbook. Whatever text
 * comes from elsewhere cannot become another field, header, mention or mark-up. */
#ifndef TOCSIN_LETTER_H
#define TOCSIN_LETTER_H

#include "broker/row.h"
#include "broker/sink.h"
#include "keys/mac.h"
#include "wire/value.h"

#define LETTER_SIGNATURE_MAX (3 + MAC_TEXT)

/* The caller's. The id is BROKER-MADE-NUMBER: another one for each notice, even of a broker that
 * lost its record. */
value_t *letter_facts(const notice_row_t *notice, const hash_t *site, const char *broker);

/* The JSON that is posted to a sink of this kind; SINK_MAIL has none. */
void letter_post(sink_kind_t kind, const value_t *facts, bytes_t *out);

/* "v1=HEX", of Tocsin-Signature: HMAC-SHA-256 over "TIMESTAMP.BODY" under the sink's secret. */
void letter_sign(const char *secret, const char *timestamp, slice_t body,
                 char out[static LETTER_SIGNATURE_MAX]);

/* A whole message (RFC 5322, its text in base64) to sink->address. */
void letter_mail(const sink_t *sink, const value_t *facts, wall_t now, bytes_t *out);

#endif
