/* SPDX-License-Identifier: Apache-2.0 */
/* dialect - how a kind of network device is talked to on its command line: a row of a table that
 * says what to type. Lines hold holes, {interface} for one, which typed arguments fill; what fills
 * one is a word of letters, digits and ./:_- or was made of an address, so that it can be nothing
 * but an argument.
 *
 *     ios     Cisco IOS and IOS XE, Arista EOS      frr     FRRouting, whose users' shell is vtysh
 *     junos   Junos
 *
 * Sources: Cisco IOS Configuration Fundamentals and IP Addressing command references; FRRouting 8.4
 * user guide; Junos CLI user guide and CLI reference. The tests speak frr to a real one, ios to a
 * real FRR and to a stand-in, junos to a stand-in. */
#ifndef TOCSIN_DIALECT_H
#define TOCSIN_DIALECT_H

#include "wire/value.h"

#define DIALECTS "ios, frr or junos"

#define DIALECT_NO_SESSION "its session is no more than '%.60s': there are no routes to tell again"

/* A state that a fix sets and takes back. All lines are of the configuration as
 * worker/ops/running.h gives it; {place} is what `find` found there. */
typedef struct {
    const char *find;   /* a line that must be there, {place} in it anything; or NULL */
    const char *slot;   /* a line that is there where something else is in its place; or NULL */
    const char *stands; /* the line that is there while it is so; NULL: the dialect has none */
    const char *set, *unset; /* what to type, LF between lines, {place} with its own ` | ` as LF */
} verb_t;

typedef enum { VERB_SHUT, VERB_NEIGHBOUR, VERB_ACL, VERB_ACL_6, VERBS } verb_index_t;

/* Where to read how something is: in JSON, the first text under a key, wherever it stands; else
 * what is behind the mark. */
typedef struct {
    const char *command;
    const char *exists;       /* the key or mark without which there is no such thing */
    const char *state;        /* the key or mark of its state */
    const char *good;         /* which state is the good one */
    const char *reason;       /* likewise of what a state has for a reason; or NULL */
    const char *notification; /* likewise of what BGP told last; or NULL */
    const char *count; /* of numbers that are added up: those there, or those behind each mark
                        * and one column; or NULL */
    bool json;
} reading_t;

/* What to type to clear a BGP session, of IPv4 and of IPv6, LF between lines. Softly is both ways:
 * Junos has a word for each. */
typedef struct {
    const char *soft[2], *hard[2];
} clearing_t;

typedef struct {
    const char *what;    /* as the op calls it */
    const char *command; /* NULL where it has none */
    bool json;
} question_t;

#define QUESTIONS_MAX 7

typedef struct {
    const char *name;
    const char *quiet;   /* lines at the beginning: no paging */
    const char *wrong;   /* how lines begin that say no, LF between them */
    const char *passing; /* likewise lines of the configuration that are none of it */
    const char *config;  /* shows the configuration */
    bool nested;         /* ... with lines below others, by the blanks in front */
    const char *enter, *leave;
    const char *leave_for; /* ... for {minutes}; NULL where it cannot */
    reading_t interface, neighbour;
    clearing_t clearing;
    verb_t verbs[VERBS];
    question_t questions[QUESTIONS_MAX]; /* ascending */
} dialect_t;

/* NULL for an unknown name. */
const dialect_t *dialect_find(const char *name);

/* NULL where it has no such command. */
const question_t *dialect_question(const dialect_t *self, const char *what);

/* What fills holes, of an op's arguments, each checked to be a word that can stand in one: the
 * caller's. FAULT_ARGUMENT. */
value_t *dialect_texts(const dialect_t *self, const value_t *arguments, fault_t *fault);

/* Of an entry's arguments: of IPv4 or of IPv6. */
verb_index_t dialect_acl_verb(const value_t *arguments);

/* FAULT_ARGUMENT where the dialect has none, or cannot do it for a while as the texts' {minutes}
 * ask. */
const verb_t *dialect_verb(const dialect_t *self, verb_index_t index, const value_t *texts,
                           fault_t *fault);

/* All that is typed so that the state stands (on), or does no more, LF between lines; the texts
 * have {place} where the verb finds one. The caller's. */
bytes_t *dialect_change(const dialect_t *self, const verb_t *verb, bool on, const value_t *texts);

/* What is typed to clear the texts' {neighbour}: softly, or hard, LF between lines; the caller's.
 */
bytes_t *dialect_clear(const dialect_t *self, bool hard, const value_t *texts);

/* The line with its holes filled from texts; the caller's. */
bytes_t *dialect_fill(const char *line, const value_t *texts);

/* Whether the line begins with one of those between LFs. */
bool dialect_begins(const char *line, const char *begins);

#endif
