/* SPDX-License-Identifier: Apache-2.0 */
/* value - the one canonical encoding of op arguments, results and outputs (docs/PROTOCOL.md 5).
 *
 *     nil n   true t   false f   integer i-42;   decimal r1.5;   bytes s5:hello   list l...e
 *     map m KEY VALUE ... e   (keys are byte strings, strictly ascending)
 *
 * No floats: a decimal keeps its digits. Depth <= 8. One value has one encoding; decoding refuses
 * any other. */
#ifndef TOCSIN_VALUE_H
#define TOCSIN_VALUE_H

#include "common/bytes.h"
#include "common/fault.h"

#define VALUE_DEPTH_MAX   8
#define VALUE_REPLY_DEPTH (VALUE_DEPTH_MAX + 8) /* of a reply, which holds outputs */
#define VALUE_BYTES_MAX   (512 * 1024)
#define VALUE_ITEMS_MAX   65536 /* of all its lists and maps together */
#define VALUE_DECIMAL_MAX 40    /* characters */

typedef enum {
    VALUE_NIL,
    VALUE_BOOL,
    VALUE_INTEGER,
    VALUE_DECIMAL,
    VALUE_BYTES,
    VALUE_LIST,
    VALUE_MAP
} value_kind_t;

typedef struct value value_t;

/* Never NULL. A maker of a list or map takes over what is put into it. */
value_t *value_nil(void);
value_t *value_bool(bool truth);
value_t *value_integer(int64_t number);
value_t *value_bytes(slice_t bytes);
value_t *value_text(const char *text);
value_t *value_list(void);
value_t *value_map(void);
value_t *value_copy(const value_t *self);
value_t *value_copy_map(const value_t *self); /* an empty map of anything else, NULL too */
value_t *value_given(const value_t *self);    /* a copy; true for nil, which no Lua table holds */
void value_destroy(value_t **self_p);

/* "1.5", "-0.25": optional '-', digits, '.', digits; no superfluous zeroes ("1.50", "01.5"); an
 * integral number is an integer, so "1.0" is refused. NULL with FAULT_FORMAT. */
value_t *value_decimal(const char *text, fault_t *fault);

/* Takes over *item. */
void value_append(value_t *self, value_t *item);
void value_set(value_t *self, const char *key, value_t *item); /* replaces what was there */
void value_set_slice(value_t *self, slice_t key, value_t *item);

/* The usual cases of value_set. */
void value_set_text(value_t *self, const char *key, const char *text);
void value_set_integer(value_t *self, const char *key, int64_t number);
void value_set_bool(value_t *self, const char *key, bool truth);

/* What a value is and holds; value_slice and value_count take NULL too, as nothing. */
value_kind_t value_kind(const value_t *self);
bool value_truth(const value_t *self);         /* false for anything but true */
int64_t value_number(const value_t *self);     /* 0 for anything but an integer */
slice_t value_slice(const value_t *self);      /* bytes or a decimal's digits; else empty */
const char *value_string(const value_t *self); /* "" unless bytes without NUL; terminated */
size_t value_count(const value_t *self);       /* items of a list or map; else 0 */
const value_t *value_at(const value_t *self,
                        size_t index);                /* list item, or map value in key order */
slice_t value_key(const value_t *self, size_t index); /* of a map */

/* A map's entry, or NULL; self may be NULL. The other two look into it: "" and 0 where absent. */
const value_t *value_get(const value_t *self, const char *key);
const char *value_get_text(const value_t *self, const char *key);
int64_t value_get_integer(const value_t *self, const char *key);
bool value_get_bool(const value_t *self, const char *key);

bool value_equal(const value_t *left, const value_t *right);

void value_encode(const value_t *self, bytes_t *out);

/* As people read it, on one line: {path: "/var/log/a.1", lines: [1, true]}; what is not printable
 * ASCII in a key or a text is a '?'. */
void value_tell(const value_t *self, bytes_t *out);

/* The whole of bytes; FAULT_FORMAT or FAULT_LIMIT. */
value_t *value_decode(slice_t bytes, fault_t *fault);

/* The same for the body of a broker's reply to people, which may nest VALUE_REPLY_DEPTH deep. */
value_t *value_decode_reply(slice_t bytes, fault_t *fault);

#endif
