/* SPDX-License-Identifier: Apache-2.0 */
/* incident - what the files behind `tocsin incident` and `tocsin why` share. */
#ifndef TOCSIN_INCIDENT_H
#define TOCSIN_INCIDENT_H

#include "cli/command.h"

/* argv[0] is the verb, and says what is changed. */
command_run_t incident_change;

command_run_t why;

/* A line for each of an incident's runs: how far it is. */
void incident_print_runs(const value_t *runs);

#endif
