/* SPDX-License-Identifier: Apache-2.0 */
/* symptoms - what the doctors find: each one line that says what, where, and what to do. A problem
 * is something that does not work or soon will not; a warning is for somebody to think about. */
#ifndef TOCSIN_SYMPTOMS_H
#define TOCSIN_SYMPTOMS_H

#include "cli/command.h"
#include "common/moment.h"

#define SYMPTOMS_SOON_MS (INT64_C(30) * 24 * 3600 * 1000) /* an end that is so near is said */

typedef enum { SYMPTOM_WARNING, SYMPTOM_PROBLEM, SYMPTOM_UNREACHABLE } symptom_t;

/* One more in the list; remedy may be "". what is one sentence. */
void symptoms_add(value_t *list, symptom_t kind, const char *where, const char *remedy,
                  const char *what, ...) PRINTF(5, 6);

/* An end that is past is a problem, one within SYMPTOMS_SOON_MS a warning. */
void symptoms_add_end(value_t *list, const char *where, wall_t issued, wall_t expires, wall_t now,
                      const char *remedy);

/* Prints them, problems first, or as JSON. The exit status: 3 where something was not reached, 1
 * with a problem, else 0. */
int symptoms_finish(const options_t *options, const value_t *list);

#endif
