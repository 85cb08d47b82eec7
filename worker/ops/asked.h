/* SPDX-License-Identifier: Apache-2.0 */
/* asked - what ops share that read their arguments and tell what strangers said. */
#ifndef TOCSIN_ASKED_H
#define TOCSIN_ASKED_H

#include "wire/value.h"

/* An integer argument, or this where it was left out. */
int64_t asked_or(const value_t *arguments, const char *name, int64_t otherwise);

/* A copy of text, cut to size, in which whatever is not printable is a '?'. */
void asked_printable(char *out, size_t size, const char *text);

#endif
