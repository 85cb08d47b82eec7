/* SPDX-License-Identifier: Apache-2.0 */
/* pager - what a long answer is read in: the program that PAGER names, where standard output is a
 * terminal and PAGER is set and not "cat". Commands that only show something are paged; none that
 * asks or signs is. */
#ifndef TOCSIN_PAGER_H
#define TOCSIN_PAGER_H

#include "cli/command.h"

/* From here on what is printed goes to the pager, if there is to be one. A pager that cannot be
 * started is said on standard error, and nothing else changes. */
void pager_begin(const options_t *options, const command_t *command);

/* Whether standard output is a pager's, so that it may have colours as a terminal may. */
bool pager_is_open(void);

/* Ends the output and waits until the person has read it; nothing where there is no pager. */
void pager_end(void);

#endif
