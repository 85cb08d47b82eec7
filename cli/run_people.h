/* SPDX-License-Identifier: Apache-2.0 */
/* run_people - what runs ask of people, as broker and worker tell it. */
#ifndef TOCSIN_RUN_PEOPLE_H
#define TOCSIN_RUN_PEOPLE_H

#include <stdio.h>

#include "cli/session.h"

/* The questions that wait, of one run or (NULL) of all; the caller's. */
value_t *people_asked(client_t *client, const char *run, fault_t *fault);

/* One of them, with what to type. */
void people_print(const options_t *options, const value_t *question, FILE *out);

/* What this run asks, of whomever, and what they type. */
void people_print_waiting(const options_t *options, client_t *client, const value_t *run);

/* `tocsin run approve RUN`: a consent; of an order's FILE it is run_start.c's. */
command_run_t run_consent;

#endif
