/* SPDX-License-Identifier: Apache-2.0 */
/* manifest - what a playbook may do, as reviewers see it and effectors hold it to
 * (docs/PROTOCOL.md 3.9): inputs, triggers, steps, needs, ops with bounds on their arguments.
 * Made once from playbook.lua by `tocsin playbook propose`, committed, hashed in the release. */
#ifndef TOCSIN_MANIFEST_H
#define TOCSIN_MANIFEST_H

#include "keys/grant.h"
#include "keys/order.h"
#include "keys/roles.h"
#include "keys/trust.h"
#include "wire/value.h"

#define MANIFEST_INPUTS_MAX   ORDER_INPUTS_MAX
#define MANIFEST_STEPS_MAX    64
#define MANIFEST_NEEDS_MAX    256
#define MANIFEST_USES_MAX     256
#define MANIFEST_BOUNDS_MAX   512
#define MANIFEST_TRIGGERS_MAX 64
#define STEP_TIMEOUT_MAX_S    3600

typedef enum {
    INPUT_STRING,  /* printable ASCII, 1..800 bytes */
    INPUT_INTEGER, /* 64-bit */
    INPUT_PERCENT, /* integer 0..100 */
    INPUT_PATH,    /* path_is_normal */
    INPUT_NAME,    /* text_is_name */
    INPUT_ADDRESS, /* an IP address or host name */
    INPUT_KINDS
} input_kind_t;

const char *input_kind_word(input_kind_t kind); /* "string", "integer", ... */

typedef struct {
    char name[TEXT_NAME_MAX + 1];
    input_kind_t kind;
    bool has_default;
    char fallback[ORDER_VALUE_MAX + 1]; /* the default's text */
    char from[TEXT_NAME_MAX + 65];      /* alert_field it maps from; "" where none */
    char help[256];                     /* "" where none */
} manifest_input_t;

typedef enum {
    STEP_RUN,
    STEP_APPROVE, /* a person's consent */
    STEP_ASK,     /* a person's answer, which is its output */
    STEP_NOTIFY,  /* its run gives a text for a sink */
    STEP_CALL,    /* another playbook; its output: a map of that one's steps to outputs */
    STEP_KINDS
} step_kind_t;

typedef struct {
    char name[TEXT_NAME_MAX + 1];
    step_kind_t kind;
    unsigned timeout_s; /* of one attempt */
    bool has_when, has_verify, has_undo;
    bool always;               /* runs last, whatever happened */
    unsigned retries, pause_s; /* further attempts, and the pause before the first; it doubles */
    unsigned each_max;         /* for_each: the most items; 0: it has none */
} manifest_step_t;

typedef struct {
    char step[TEXT_NAME_MAX + 1];
    char need[TEXT_NAME_MAX + 1];
} manifest_need_t;

typedef struct {
    char step[TEXT_NAME_MAX + 1];
    char op[TEXT_NAME_MAX + 1];
    class_t class_; /* as the op table had it when this was made */
} manifest_use_t;

/* kind: "equals", "under", "from", "to", as in a grant; value a literal, or "inputs.NAME". */
typedef struct {
    char step[TEXT_NAME_MAX + 1];
    char op[TEXT_NAME_MAX + 1];
    char argument[TEXT_NAME_MAX + 1];
    char kind[8];
    char value[ORDER_VALUE_MAX + 1];
} manifest_bound_t;

typedef struct {
    char playbook[TEXT_NAME_MAX + 1];
    char summary[256];
    class_t highest;
    unsigned first, grow, max_failures; /* rollout: size of wave 1, factor, error budget */
    uint64_t soak_s;
    size_t input_count, trigger_count, step_count, need_count, failure_count, use_count,
        bound_count;
    manifest_input_t inputs[MANIFEST_INPUTS_MAX]; /* every array ascending */
    char triggers[MANIFEST_TRIGGERS_MAX][128];    /* alert names (label alertname) */
    manifest_step_t steps[MANIFEST_STEPS_MAX];
    manifest_need_t needs[MANIFEST_NEEDS_MAX];
    manifest_need_t failures[MANIFEST_NEEDS_MAX]; /* step runs only once need failed for good */
    manifest_use_t uses[MANIFEST_USES_MAX];
    manifest_bound_t bounds[MANIFEST_BOUNDS_MAX];
} manifest_t;

/* Grammar, and that it hangs together: needs name steps and have no cycle, uses name steps and
 * known ops with a class not below the op table's, bounds name uses, arguments and inputs, highest
 * is the worst class used. FAULT_FORMAT, FAULT_OP, FAULT_CLASS. */
manifest_t *manifest_decode(slice_t document, fault_t *fault);
void manifest_encode(const manifest_t *self, bytes_t *out);

/* From the map that a runner's mode "manifest" gives: {name, summary, rollout {first, grow, soak,
 * max_failures}, inputs: list of {name, kind, default?, from?, help?}, triggers: list, steps: list
 * of {name, timeout, when, verify, needs: list, uses: list of {op, bounds: list of {argument, kind,
 * value}}}}. Sorts, takes the classes from the op table, and checks as manifest_decode does. */
manifest_t *manifest_make(const value_t *map, fault_t *fault);
void manifest_destroy(manifest_t **self_p);

const manifest_input_t *manifest_input(const manifest_t *self, const char *name);
const manifest_step_t *manifest_step(const manifest_t *self, const char *name);
bool manifest_needs(const manifest_t *self, const char *step, const char *need);
bool manifest_uses(const manifest_t *self, const char *step, const char *op);
bool manifest_triggered_by(const manifest_t *self, const char *alertname);

/* Steps in an order that respects needs, ties by name: indices into steps. */
void manifest_sequence(const manifest_t *self, size_t order[static MANIFEST_STEPS_MAX]);

/* The inputs of a run, all of them, as a map of values: the order's texts, or what the alert maps
 * to, and defaults. FAULT_INPUT names the input that is missing, unknown or against its kind. */
value_t *manifest_inputs(const manifest_t *self, const input_text_t *texts, size_t count,
                         fault_t *fault);

/* What an alert gives: for every input with `from` whose field the alert has, its text. At most
 * ORDER_INPUTS_MAX into texts; returns how many. */
size_t manifest_map(const manifest_t *self, const alert_t *alert, input_text_t *texts);

/* The inputs of what was proved: the order's, or what the alert gives within the grant's bounds. */
value_t *manifest_inputs_of(const manifest_t *self, const warrant_t *warrant, fault_t *fault);

/* One input's text to its value by kind; NULL with FAULT_INPUT. */
value_t *input_value(input_kind_t kind, const char *text, fault_t *fault);

/* Whether step may call op with these arguments: declared, schema (op_check), bounds against
 * inputs. FAULT_OP, FAULT_ARGUMENT. */
int manifest_allows(const manifest_t *self, const char *step, const char *op,
                    const value_t *arguments, const value_t *inputs, fault_t *fault) MUST_CHECK;

#endif
