/* SPDX-License-Identifier: Apache-2.0 */
/* debian - stanzas of control files (deb-control(5), deb822(5)), and the order of versions
 * (deb-version(7)). */
#ifndef TOCSIN_DEBIAN_H
#define TOCSIN_DEBIAN_H

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

#include "worker/op_cell.h"

#define DEBIAN_TEXT_MAX 128

/* What is wanted of a stanza; "" where it does not say. */
typedef struct {
    char package[DEBIAN_TEXT_MAX], version[DEBIAN_TEXT_MAX], architecture[32], status[64];
    char source[DEBIAN_TEXT_MAX], section[64];
    char label[DEBIAN_TEXT_MAX], suite[64], codename[64], not_automatic[8];
    char conffile[64]; /* the MD5 that its Conffiles field has of a path */
    int64_t installed_kib;
} stanza_t;

/* dpkg's record of what is installed, as stanzas; the caller's. NULL with FAULT_NOT_FOUND,
 * FAULT_IO.
 */
FILE *debian_open_record(const op_world_t *world, fault_t *fault);

/* FAULT_IO where it could not be read to where it was left. */
int debian_close_record(FILE *record, fault_t *fault) MUST_CHECK;

/* The next of them; false at the end. path: the one of `conffile`; NULL where that is not wanted.
 */
bool stanza_next(FILE *in, stanza_t *out);
bool stanza_next_about(FILE *in, const char *path, stanza_t *out);

/* Whether its status says so. */
bool stanza_is_installed(const stanza_t *self);
bool stanza_is_held(const stanza_t *self);

/* Below, at or above 0, as left is older than, the same as, or newer than right. */
int debian_compare(const char *left, const char *right);

#endif
