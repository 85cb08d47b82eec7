/* SPDX-License-Identifier: Apache-2.0 */
/* grant - standing authority for automation, and the alert that draws on it (docs/PROTOCOL.md 3.6,
 * 3.7). Never reaches destructive. A run's id is the hash over grant, source and event. */
#ifndef TOCSIN_GRANT_H
#define TOCSIN_GRANT_H

#include "common/moment.h"
#include "keys/hash.h"
#include "keys/order.h"

#define GRANT_LINES_MAX  64
#define ALERT_LABELS_MAX 128
#define ALERT_VALUE_MAX  900

typedef enum { EVIDENCE_TOKEN, EVIDENCE_SIGNED } evidence_t;

typedef struct {
    char field[TEXT_NAME_MAX + 16]; /* "severity", "host", "labels.NAME" */
    char value[ORDER_VALUE_MAX + 1];
} match_t;

/* Kinds: "equals TEXT", "under PATH", "from NUMBER", "to NUMBER" (inclusive). Several equals lines
 * of one input are alternatives; every other line must hold. */
typedef struct {
    char input[TEXT_NAME_MAX + 1];
    char kind[8];
    char value[ORDER_VALUE_MAX + 1];
} input_bound_t;

typedef struct {
    hash_t site;
    char playbook[TEXT_NAME_MAX + 1];
    hash_t release;
    wall_t issued, expires;
    evidence_t evidence;             /* token: the broker's word on a source's token is enough */
    char scope[LABELS_TEXT_MAX + 1]; /* workers it may run on */
    uint64_t budget_runs, budget_s;  /* per worker: runs within a sliding span */
    uint64_t fresh_s;                /* an alert counts for so long from its received */
    size_t source_count, match_count, bound_count;
    char (*sources)[TEXT_NAME_MAX + 1]; /* these three lie behind it, in one block with it */
    match_t *matches;
    input_bound_t *bounds;
} grant_t;

/* A blank one with room for GRANT_LINES_MAX of each line; one that was decoded has it too. A copy
 * has room for what is in it. */
grant_t *grant_new(void);
grant_t *grant_copy(const grant_t *self);

grant_t *grant_decode(slice_t document, fault_t *fault);
void grant_encode(const grant_t *self, bytes_t *out);
void grant_destroy(grant_t **self_p);

typedef struct {
    char name[TEXT_NAME_MAX + 65]; /* printable, without space */
    char value[ALERT_VALUE_MAX + 1];
} label_t;

typedef struct {
    hash_t site;
    char source[TEXT_NAME_MAX + 1];
    char fingerprint[129]; /* printable, without space */
    bool firing;           /* else resolved */
    wall_t starts, received;
    char severity[16]; /* critical high medium low info */
    char host[256];    /* "-" where the alert names none */
    char title[ORDER_REASON_MAX + 1];
    size_t label_count, annotation_count;
    label_t *labels; /* ours; ascending by name, at most ALERT_LABELS_MAX */
    label_t *annotations;
} alert_t;

alert_t *alert_decode(slice_t document, fault_t *fault);
void alert_encode(const alert_t *self, bytes_t *out);
void alert_destroy(alert_t **self_p);

/* A blank one behind the last of an alert's labels or annotations, of which there are fewer than
 * ALERT_LABELS_MAX; those before may move. */
label_t *alert_add_label(label_t **labels, size_t *count);

/* "severity", "host", "title", "source", "labels.NAME", "annotations.NAME"; NULL where absent. */
const char *alert_field(const alert_t *self, const char *field);

/* SHA-256 over grant hash, source, fingerprint and starts: the run's id. */
hash_t grant_run(const hash_t *grant, const alert_t *alert);

/* Whether of several such bounds of one input one is enough; the kind is one of a grant's. */
bool bound_is_alternative(const input_bound_t *self);

/* Whether any bound of the grant is over this input. */
bool grant_bounds(const grant_t *self, const char *input);

/* Every bound of the grant over the inputs that the alert gave. FAULT_INPUT names the input. An
 * input without a bound is refused. */
int grant_check_inputs(const grant_t *self, const input_text_t *inputs, size_t count,
                       fault_t *fault) MUST_CHECK;

#endif
