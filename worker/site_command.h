/* SPDX-License-Identifier: Apache-2.0 */
/* site_command - a command that the machine's policy declares, and nobody else, for the op
 * site.run:
 *
 *     exec NAME class CLASS timeout SECONDS COMMAND ARG...
 *
 * COMMAND is an absolute path. An ARG may hold one hole, {name:kind}, which the op's `with` fills
 * ("domain=example.org days=30"). Kinds: name, word, integer, address, net, path, hash. What fills
 * a hole is one word, and never taken for an option: it does not begin with '-' where the hole does
 * begin its ARG. */
#ifndef TOCSIN_SITE_COMMAND_H
#define TOCSIN_SITE_COMMAND_H

#include "wire/ops.h"

#define SITE_COMMAND_WORDS_MAX   32
#define SITE_COMMAND_TIMEOUT_MAX 300 /* seconds: the op's own */

/* Everything in it is the policy's. */
typedef struct {
    const char *name;
    class_t class_;
    unsigned timeout_s;
    const char *const *words; /* NULL behind the last */
} site_command_t;

/* Of the count words behind `exec`, NULL behind them. FAULT_CONFIG. */
int site_command_read(site_command_t *self, const char *const *words, size_t count,
                      fault_t *fault) MUST_CHECK;

/* The words to execute, NULL behind the last, freed one by one and as a whole with
 * site_command_words_free; NULL with FAULT_ARGUMENT where `with` does not fill every hole once with
 * what its kind takes, or fills another. */
char **site_command_fill(const site_command_t *self, const char *with, fault_t *fault);
void site_command_words_free(char ***words_p);

#endif
