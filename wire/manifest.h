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
#define MANIFEST_WORDS_MAX    256     /* choices, options and givens, each */
#define MANIFEST_TARGETS_MAX  1000000 /* that limits may name */
#define MANIFEST_COOLDOWN_MAX (30 * 24 * 3600)
#define STEP_TIMEOUT_MAX_S    3600
#define STEP_RETRIES_MAX      10
#define STEP_EACH_MAX         256
#define STEP_WAIT_MAX_S       (24 * 3600) /* for a person */
#define INPUT_LIST_MAX        64
#define ONCE_TARGETS_MAX      64           /* of a run in which a step runs once for all of them */
#define ONCE_OUTPUTS_MAX      (256 * 1024) /* bytes that it is shown of what they gave */

typedef enum {
    INPUT_STRING,   /* printable ASCII, 1..800 bytes */
    INPUT_INTEGER,  /* 64-bit */
    INPUT_PERCENT,  /* integer 0..100 */
    INPUT_DURATION, /* "90s", "15m", "2h", "30d", "0s"; its value: seconds */
    INPUT_PATH,     /* path_is_normal */
    INPUT_NAME,     /* text_is_name */
    INPUT_ADDRESS,  /* an IP address or host name */
    INPUT_IP,       /* one IPv4 or IPv6 address in its one spelling */
    INPUT_CIDR,     /* such an address, '/', prefix; no bit behind the prefix */
    INPUT_HOST,     /* a host name */
    INPUT_WORKER,   /* a worker's id */
    INPUT_CHOICE,   /* one of those that the manifest lists */
    INPUT_LIST,     /* names with ',' between; its value: the list of them */
    INPUT_SECRET,   /* the name of a secret that the worker resolves */
    INPUT_KINDS
} input_kind_t;

const char *input_kind_word(input_kind_t kind); /* "string", "integer", ... */
bool input_kind_read(const char *word, input_kind_t *out);

/* Texts are the manifest's own and live as long; none is NULL, "" where there is none. */
typedef struct {
    char name[TEXT_NAME_MAX + 1];
    input_kind_t kind;
    bool has_default;
    bool optional;        /* may be left out: then it is no input of the run, nil in Lua */
    const char *fallback; /* the default's text */
    const char *from;     /* alert_field it maps from */
    const char *help;
    const char *pattern; /* string: wire/pattern.h */
    bool has_range;      /* integer; duration, in seconds */
    int64_t least, most;
} manifest_input_t;

typedef enum {
    STEP_RUN,
    STEP_APPROVE, /* a person's consent */
    STEP_ASK,     /* a person's answer, which is its output */
    STEP_NOTIFY,  /* its run gives a text for a sink */
    STEP_CALL,    /* another playbook; its output: a map of that one's steps to outputs */
    STEP_KINDS
} step_kind_t;

const char *step_kind_word(step_kind_t kind); /* "run", "approve", ... */

typedef struct {
    char name[TEXT_NAME_MAX + 1];
    step_kind_t kind;
    unsigned timeout_s; /* of one attempt */
    bool has_when, has_verify, has_undo;
    bool always;               /* runs last, whatever happened */
    bool once;                 /* on the one target of the last wave only */
    unsigned retries, pause_s; /* further attempts, and the pause before the first; it doubles */
    unsigned each_max;         /* for_each: the most items; 0: it has none */
    role_t role;               /* approve, ask: who */
    unsigned wait_s;           /* approve, ask: how long it waits for a person */
    const char *text;          /* approve, ask: what the person reads */
    input_kind_t answer;       /* ask */
    const char *sink;          /* notify */
    const char *callee;        /* call: the playbook */
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

/* kind: "equals", "under", "from", "to", as in a grant; value a literal, or "inputs.NAME". Whatever
 * is bound must be given, unless one of its bounds names an optional input that was left out: then
 * it may be left out too. */
typedef struct {
    char step[TEXT_NAME_MAX + 1];
    char op[TEXT_NAME_MAX + 1];
    char argument[TEXT_NAME_MAX + 1];
    char kind[8];
    const char *value;
} manifest_bound_t;

/* A choice of an input, or an option of a step that asks. */
typedef struct {
    char owner[TEXT_NAME_MAX + 1];
    const char *text;
} manifest_word_t;

/* value a literal, or "inputs.NAME" of the caller. */
typedef struct {
    char step[TEXT_NAME_MAX + 1];
    char input[TEXT_NAME_MAX + 1];
    const char *value;
} manifest_given_t;

typedef struct {
    char playbook[TEXT_NAME_MAX + 1];
    char summary[256];
    class_t highest;
    unsigned first, grow, max_failures; /* rollout: size of wave 1, factor, error budget */
    uint64_t soak_s;
    unsigned most, keep; /* limits: targets at most, and those left untouched; 0 is no limit */
    uint64_t cooldown_s; /* between automatic runs on one target */
    size_t input_count, choice_count, trigger_count, step_count, need_count, failure_count,
        option_count, given_count, use_count, bound_count;
    manifest_input_t *inputs; /* every array ascending, as long as its count */
    manifest_word_t *choices;
    const char **triggers; /* alert names (label alertname) */
    manifest_step_t *steps;
    manifest_need_t *needs;
    manifest_need_t *failures; /* step runs only once need failed for good */
    manifest_word_t *options;
    manifest_given_t *givens;
    manifest_use_t *uses;
    manifest_bound_t *bounds;
    char *texts; /* what the pointers to text look at */
    size_t texts_size;
} manifest_t;

/* Grammar, and that it hangs together: lines name steps and inputs that are there, needs and
 * failures have no circle, nothing ordinary needs a step that runs last, for a failure or once for
 * all targets, each step has what its kind wants and nothing of another, defaults fit their inputs,
 * ops are known and of a class not below the op table's, no op that may run once only is retried,
 * highest is the worst class used. FAULT_FORMAT, FAULT_OP, FAULT_CLASS. */
manifest_t *manifest_decode(slice_t document, fault_t *fault);
void manifest_encode(const manifest_t *self, bytes_t *out);

/* From the map that a runner's mode "manifest" gives: {name, summary, rollout {first, grow, soak,
 * max_failures}, at_most, keep, cooldown, inputs: list of {name, kind, default?, from?, help?,
 * optional,
 * pattern?, range?: {from, to}, choices?: list}, triggers: list, steps: list of {name, kind,
 * timeout, when, verify, undo, always, once, needs: list, on_failure: list, retry?: {count, pause},
 * each?, role?, wait?, text?, answer?, options?: list, sink?, callee?, given?: list of {input,
 * value}, uses: list of {op, bounds: list of {argument, kind, value}}}}. A step's on_failure names
 * the steps that stand for its failure. Sorts, takes the classes from the op table, and checks as
 * manifest_decode does. */
manifest_t *manifest_make(const value_t *map, fault_t *fault);
void manifest_destroy(manifest_t **self_p);

const manifest_input_t *manifest_input(const manifest_t *self, const char *name);
const manifest_step_t *manifest_step(const manifest_t *self, const char *name);
bool manifest_needs(const manifest_t *self, const char *step, const char *need);

/* Whether step needs other over any number of steps. */
bool manifest_awaits(const manifest_t *self, const char *step, const char *other);

/* Whether a step stands for the failure of another. */
bool manifest_is_for_failure(const manifest_t *self, const char *step);
bool manifest_uses(const manifest_t *self, const char *step, const char *op);

/* Whether any step runs once for all targets. */
bool manifest_has_once(const manifest_t *self);

/* Whether a step that runs once sees what this one gave on all targets (ctx.all): it needs it, and
 * each target runs it. An approve step gives nothing, and one that stands for a failure does not
 * run where all went well. */
bool manifest_gathers(const manifest_t *self, const manifest_step_t *step);

/* Of a playbook with such steps, whether the order has the shape that they want: at most
 * ONCE_TARGETS_MAX targets, all listed, one of them by itself in the last wave, and no earlier run
 * that it continues, since steps that ran once ran elsewhere there. FAULT_TARGET. */
int manifest_check_order(const manifest_t *self, const order_t *order, fault_t *fault) MUST_CHECK;

/* Whether steps that run once run on this warrant's target: the last wave's, or a grant's. */
bool manifest_once_is_here(const warrant_t *warrant);

/* Of what stands in a bound, or is given to a callee: the NAME of "inputs.NAME", within value; NULL
 * of a literal. */
const char *manifest_mapped(const char *value);

/* Whether another playbook may call this one: not if a step of it runs once, for waves are the
 * caller's. FAULT_DENIED. */
int manifest_check_called(const manifest_t *self, fault_t *fault) MUST_CHECK;
bool manifest_triggered_by(const manifest_t *self, const char *alertname);

/* Steps in an order that respects needs and failures, ties by name: indices into steps. */
void manifest_sequence(const manifest_t *self, size_t order[static MANIFEST_STEPS_MAX]);

/* The inputs of a run, all of them, as a map of values: the order's texts, or what the alert maps
 * to, and defaults, less optional ones that were left out. FAULT_INPUT names the input that is
 * missing, unknown or against its kind. */
value_t *manifest_inputs(const manifest_t *self, const input_text_t *texts, size_t count,
                         fault_t *fault);

/* The same of an order's texts, less the inputs that it has sealed: those are of kind secret, and
 * neither bound an op nor are given to another playbook. FAULT_INPUT. */
value_t *manifest_order_inputs(const manifest_t *self, const order_t *order, fault_t *fault);

/* What an alert gives: for every input with `from` whose field the alert has, its text. At most
 * ORDER_INPUTS_MAX into texts; returns how many. */
size_t manifest_map(const manifest_t *self, const alert_t *alert, input_text_t *texts);

/* The defaults that stand for what an alert does not give, of inputs that the grant bounds, in the
 * place of the texts that it gives; returns how many, at most ORDER_INPUTS_MAX. */
size_t manifest_defaults(const manifest_t *self, const grant_t *grant, input_text_t *texts,
                         size_t count);

/* The inputs of what was proved: the order's, or what the alert gives, and defaults
 * for what it does not give, within the grant's bounds. */
value_t *manifest_inputs_of(const manifest_t *self, const warrant_t *warrant, fault_t *fault);

/* One text to its value by kind alone; NULL with FAULT_INPUT. */
value_t *input_value(input_kind_t kind, const char *text, fault_t *fault);

/* One input's text to its value: kind, pattern, range, choices. NULL with FAULT_INPUT. */
value_t *manifest_input_value(const manifest_t *self, const manifest_input_t *input,
                              const char *text, fault_t *fault);

/* A person's answer to a step that asks, to the step's output: kind and options. NULL with
 * FAULT_INPUT. */
value_t *manifest_answer(const manifest_t *self, const manifest_step_t *step, const char *text,
                         fault_t *fault);

/* What a step that calls gives its callee, for the callee's manifest_inputs: literals, and the
 * caller's inputs (manifest_inputs) as texts, less those that it was not given itself. At most
 * ORDER_INPUTS_MAX into texts; how many. */
size_t manifest_given(const manifest_t *self, const manifest_step_t *step, const value_t *inputs,
                      input_text_t *texts);

/* Whether step may call op with these arguments: declared, schema (op_check), bounds against
 * inputs. FAULT_OP, FAULT_ARGUMENT. */
int manifest_allows(const manifest_t *self, const char *step, const char *op,
                    const value_t *arguments, const value_t *inputs, fault_t *fault) MUST_CHECK;

#endif
