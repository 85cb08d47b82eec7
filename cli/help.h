/* SPDX-License-Identifier: Apache-2.0 */
/* help - what the command line says of itself: the overview, a noun, one command with its options,
 * a topic; and what may have been meant by words that name no command. */
#ifndef TOCSIN_HELP_H
#define TOCSIN_HELP_H

#include <stdio.h>

#include "cli/command.h"

/* Of the words behind `help`, or in front of --help: none, a noun, a noun and a verb, or a topic.
 * The exit status. */
int help_print(int argc, char **argv);

/* On standard error, of words that name no command. The exit status. */
int help_unknown(int argc, char **argv);

/* "usage: tocsin run plan PLAYBOOK ...", wrapped. */
void help_usage(FILE *out, const command_t *command);

#endif
