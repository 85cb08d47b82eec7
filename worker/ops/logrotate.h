/* SPDX-License-Identifier: Apache-2.0 */
/* logrotate - what a file of logrotate's says: which paths its rules are for, and what it sets for
 * all of them (logrotate(8)). Its scripts, and what it sets for one rule, are logrotate's. */
#ifndef TOCSIN_LOGROTATE_H
#define TOCSIN_LOGROTATE_H

#include "common/bytes.h"
#include "common/fault.h"

#define LOGROTATE_FILE_MAX    (256 * 1024)
#define LOGROTATE_PATTERN_MAX 4096 /* with its end */

/* Of a path, which may have *, ? and [] in it; -1 ends the reading, with a fault. */
typedef int on_pattern_t(void *self, const char *pattern, fault_t *fault);

typedef struct {
    void *self;
    on_pattern_t *on_pattern; /* NULL where they are not wanted */
    bytes_t *settings;        /* gets those for all, a line each, without `include`; may be NULL */
    bool includes;            /* out: it names other files */
} logrotate_t;

/* FAULT_FORMAT where what it begins does not end, or a path is too long; or what on_pattern says.
 */
int logrotate_read(logrotate_t *self, const char *text, fault_t *fault) MUST_CHECK;

#endif
