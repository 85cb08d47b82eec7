/* SPDX-License-Identifier: Apache-2.0 */
/* command - one row a subcommand: tocsin NOUN [VERB]. Each noun's file (cli/run.c, cli/review.c,
 * ...) exports its rows; cli/tocsin_main.c holds the list of them and parses what is global. */
#ifndef TOCSIN_COMMAND_H
#define TOCSIN_COMMAND_H

#include "common/fault.h"
#include "wire/value.h"

typedef struct {
    bool json;              /* --json: one versioned document on standard output */
    bool utc;               /* --utc: times in UTC, else in the machine's zone */
    bool no_input;          /* --no-input: never ask, fail instead */
    bool no_pager;          /* --no-pager */
    bool quiet;             /* -q: no progress */
    int verbose;            /* -v: each question to broker or timekeeper */
    int64_t wait_s;         /* --wait=DUR; -1 where not given */
    const char *server;     /* --server or TOCSIN_SERVER: "tcp://HOST:PORT" */
    const char *timekeeper; /* TOCSIN_TIMEKEEPER, likewise; NULL where documents go to the broker
                               alone */
    const char *site;       /* TOCSIN_SITE: folder with id, root, people, fleets */
    const char *curve;      /* TOCSIN_CURVE: file with this person's CURVE secret */
    const char *sealing;    /* TOCSIN_SEALING: file with this person's sealing secret */
    const char *key;        /* --key or TOCSIN_KEY: file of the SSH key (private, or public with an
                               agent) handed to ssh-keygen; never read here */
} options_t;

/* argv[0] is the verb (or the noun where there is none). Returns the exit status (docs: `tocsin
 * help exit-codes`); says on standard error, in one sentence, what failed and what to do next. */
typedef int(command_run_t)(const options_t *options, int argc, char **argv);

typedef struct {
    const char *noun;
    const char *verb; /* NULL where the noun is the whole command */
    command_run_t *run;
    const char *usage;   /* "PLAN --reason TEXT" */
    const char *summary; /* one line */
} command_t;

/* Each list ends with a row whose noun is NULL. */
extern const command_t status_commands[];
extern const command_t incident_commands[];
extern const command_t why_commands[];
extern const command_t run_commands[];
extern const command_t stop_commands[];
extern const command_t resume_commands[];
extern const command_t brake_commands[];
extern const command_t review_commands[];
extern const command_t playbook_commands[];
extern const command_t op_commands[];
extern const command_t worker_commands[];
extern const command_t keys_commands[];
extern const command_t audit_commands[];
extern const command_t doctor_commands[];
extern const command_t completion_commands[];

/* All of the above, in the order of the help; ends with NULL. */
extern const command_t *const command_lists[];

/* The row of a verb, which is there. */
const command_t *command_row(const command_t *rows, const char *verb);

/* Prints "tocsin: TEXT" to standard error and returns the fault's exit status. */
int command_fail(const fault_t *fault);

/* Kept, and others must sign it too: the exit status of what waits for them. */
#define EXIT_WAITING 6

/* Usage error: prints the sentence and "usage: tocsin NOUN VERB USAGE"; returns 64. */
int command_usage(const command_t *command, const char *format, ...) PRINTF(2, 3);

#endif
