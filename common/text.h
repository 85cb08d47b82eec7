/* SPDX-License-Identifier: Apache-2.0 */
/* text - what counts as text that people sign, and numbers in their one spelling. */
#ifndef TOCSIN_TEXT_H
#define TOCSIN_TEXT_H

#include "common/bytes.h"
#include "common/fault.h"

/* Names of people, workers, playbooks, steps, inputs, regions: [a-z0-9][a-z0-9._-]*, <= 63. */
#define TEXT_NAME_MAX 63
bool text_is_name(const char *text);

/* 0x20 to 0x7e only. */
bool text_is_printable(slice_t text);

/* Well-formed UTF-8 (RFC 3629) without control, format or bidirectional characters
 * (Unicode Cc, Cf, Zl, Zp, surrogates, private use, noncharacters). */
bool text_is_free(slice_t text);

/* Decimal without sign or leading zeroes, within [min, max]. */
bool text_read_u64(const char *text, uint64_t min, uint64_t max, uint64_t *out);

/* The same with a leading '-' allowed, and no "-0". */
bool text_read_i64(const char *text, int64_t *out);

/* "90", "90s", "15m", "2h", "30d" to seconds; what people write in configuration and flags. */
bool text_read_duration(const char *text, uint64_t *seconds);

/* Percent-encoding (RFC 3986 2.1), upper case, of everything outside 0x21..0x7e and of '%'; an
 * empty value is a lone '%'. There is one spelling: decoding refuses any other. */
void text_escape(bytes_t *out, slice_t value);
int text_unescape(const char *text, bytes_t *out, fault_t *fault) MUST_CHECK;

/* How many of the first most bytes to show, for "%.*s": no code point is cut in two. */
int text_fit(const char *text, size_t most);

/* strlcpy that reports: false and "" where it does not fit. */
bool text_copy(char *out, size_t size, const char *from);

#endif
