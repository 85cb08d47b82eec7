/* SPDX-License-Identifier: Apache-2.0 */
/* debian - stanzas of control files (deb-control(5), deb822(5)), and the order of versions
 * (deb-version(7)). */
#ifndef TOCSIN_DEBIAN_H
#define TOCSIN_DEBIAN_H

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

#define DEBIAN_TEXT_MAX 128

/* What is wanted of a stanza; "" where it does not say. */
typedef struct {
    char package[DEBIAN_TEXT_MAX], version[DEBIAN_TEXT_MAX], architecture[32], status[64];
    char source[DEBIAN_TEXT_MAX], section[64];
    char label[DEBIAN_TEXT_MAX], suite[64], codename[64], not_automatic[8];
    int64_t installed_kib;
} stanza_t;

/* The next of them; false at the end. */
bool stanza_next(FILE *in, stanza_t *out);

/* Whether its status says so. */
bool stanza_is_installed(const stanza_t *self);
bool stanza_is_held(const stanza_t *self);

/* Below, at or above 0, as left is older than, the same as, or newer than right. */
int debian_compare(const char *left, const char *right);

#endif
