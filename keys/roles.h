/* SPDX-License-Identifier: Apache-2.0 */
/* roles - what people may do, how bad an op may be, and labels that scope both. */
#ifndef TOCSIN_ROLES_H
#define TOCSIN_ROLES_H

#include "common/text.h"

/* observe changes nothing; change can be undone or loses only what a machine's policy lists as
 * expendable; destructive is the rest. */
typedef enum { CLASS_OBSERVE, CLASS_CHANGE, CLASS_DESTRUCTIVE, CLASSES } class_t;

const char *class_word(class_t self);
bool class_read(const char *word, class_t *out);

typedef enum {
    ROLE_AUTHOR = 1,
    ROLE_REVIEWER = 2,
    ROLE_RESPONDER = 4,
    ROLE_OFFICER = 8,
} role_t;

/* A set of roles as "author,reviewer,responder,officer", in that order; "-" is none. */
bool roles_read(const char *words, unsigned *out);
void roles_write(unsigned self, char *out, size_t size);

/* "any", or labels "key=value,key=value" ascending, all of which a target must have. Keys are
 * names, values names. A worker's own labels are spelled the same; "-" is none, and no label is
 * called region. */
#define LABELS_TEXT_MAX 255
bool labels_valid(const char *labels);
bool scope_valid(const char *scope);

/* Whether a target with these labels is inside the scope. region=NAME is among a worker's labels by
 * itself: pass it as region. */
bool scope_covers(const char *scope, const char *labels, const char *region);

#endif
