/* SPDX-License-Identifier: Apache-2.0 */
#include <stdio.h>
#include <stdlib.h>
#include <sys/random.h>

#include "cli/plan.h"
#include "cli/table.h"
#include "common/document.h"

#define NAMES_SHOWN_MAX 16

static int
fill_labels(const value_t *map, label_t **labels, size_t *count, fault_t *fault)
{
    if (value_count(map) > ALERT_LABELS_MAX)
        return fault_set(fault, FAULT_LIMIT, "the incident has over %d labels", ALERT_LABELS_MAX);
    for (size_t i = 0; i < value_count(map); i++) {
        slice_t name = value_key(map, i);
        const char *value = value_string(value_at(map, i));
        if (!name.size || name.size >= sizeof(*labels)->name || memchr(name.data, 0, name.size) ||
            strlen(value) > ALERT_VALUE_MAX)
            continue;
        label_t *label = alert_add_label(labels, count);
        memcpy(label->name, name.data, name.size);
        label->name[name.size] = '\0';
        text_copy(label->value, sizeof label->value, value);
    }
    return 0;
}

alert_t *
plan_alert(const value_t *incident, fault_t *fault)
{
    CLEANUP(alert_destroy) alert_t *alert = memory_new(1, sizeof *alert);
    const value_t *labels = value_get(incident, "labels");
    const value_t *annotations = value_get(incident, "annotations");
    alert->firing = true;
    if (!text_copy(alert->source, sizeof alert->source, value_get_text(incident, "source")) ||
        !text_copy(alert->severity, sizeof alert->severity, value_get_text(incident, "severity")) ||
        !text_copy(alert->title, sizeof alert->title, value_get_text(incident, "title")) ||
        !text_copy(alert->host, sizeof alert->host, value_get_text(incident, "host"))) {
        fault_set(fault, FAULT_LIMIT, "the incident's answer is longer than an alert may be");
        return NULL;
    }
    if (!*alert->host)
        text_copy(alert->host, sizeof alert->host, "-");
    if ((labels && fill_labels(labels, &alert->labels, &alert->label_count, fault)) ||
        (annotations &&
         fill_labels(annotations, &alert->annotations, &alert->annotation_count, fault)))
        return NULL;
    return MOVE(alert);
}

static input_text_t *
find_text(input_text_t *texts, size_t count, const char *name)
{
    for (size_t i = 0; i < count; i++)
        if (!strcmp(texts[i].name, name))
            return &texts[i];
    return NULL;
}

static int
unknown_input(const manifest_t *manifest, const char *name, fault_t *fault)
{
    CLEANUP(bytes_destroy) bytes_t *names = bytes_new();
    for (size_t i = 0; i < manifest->input_count; i++)
        bytes_addf(names, "%s%s", i ? ", " : "", manifest->inputs[i].name);
    return fault_set(fault, FAULT_INPUT, "playbook '%s' has no input '%s'; it has: %.120s",
                     manifest->playbook, name, names->size ? bytes_text(names) : "none");
}

/* What --set says, in place of what the alert gave. */
static int
set_inputs(const wish_t *wish, input_text_t *texts, size_t *count, fault_t *fault)
{
    for (size_t i = 0; wish->inputs && i < wish->inputs->count; i++) {
        char name[TEXT_NAME_MAX + 1];
        const char *value;
        if (!options_pair(wish->inputs->at[i], name, sizeof name, &value))
            return fault_set(fault, FAULT_USAGE, "'--set %.80s' is not NAME=VALUE",
                             wish->inputs->at[i]);
        if (!manifest_input(wish->manifest, name))
            return unknown_input(wish->manifest, name, fault);
        input_text_t *text = find_text(texts, *count, name);
        if (!text)
            text = &texts[(*count)++];
        text_copy(text->name, sizeof text->name, name);
        if (!text_copy(text->text, sizeof text->text, value))
            return fault_set(fault, FAULT_LIMIT, "input '%s' is over %d bytes", name,
                             ORDER_VALUE_MAX);
    }
    return 0;
}

/* All inputs, in the manifest's order (ascending), each as it will be signed. */
static int
fill_inputs(order_t *order, const wish_t *wish, fault_t *fault)
{
    const manifest_t *manifest = wish->manifest;
    CLEANUP(memory_free) input_text_t *texts = memory_new(ORDER_INPUTS_MAX * 2, sizeof *texts);
    size_t count = wish->alert ? manifest_map(manifest, wish->alert, texts) : 0;
    if (set_inputs(wish, texts, &count, fault))
        return -1;
    for (size_t i = 0; i < manifest->input_count; i++) {
        const manifest_input_t *input = &manifest->inputs[i];
        const input_text_t *text = find_text(texts, count, input->name);
        if (!text && !input->has_default)
            return fault_set(fault, FAULT_INPUT,
                             "input '%s' (%s) has no value; give it by --set %s=...", input->name,
                             input_kind_word(input->kind), input->name);
        input_text_t *out = &order->inputs[order->input_count++];
        text_copy(out->name, sizeof out->name, input->name);
        text_copy(out->text, sizeof out->text, text ? text->text : input->fallback);
    }
    CLEANUP(value_destroy)
    value_t *values = manifest_inputs(manifest, order->inputs, order->input_count, fault);
    return values ? 0 : -1;
}

size_t
plan_wave_size(const manifest_t *manifest, unsigned wave)
{
    size_t size = manifest->first ? manifest->first : 1;
    for (unsigned i = 1; i < wave && size < ORDER_WAVE_MAX; i++)
        size *= manifest->grow ? manifest->grow : 1;
    return size < ORDER_WAVE_MAX ? size : ORDER_WAVE_MAX;
}

static int
compare_targets(const void *left, const void *right)
{
    const target_line_t *a = left, *b = right;
    if (a->wave != b->wave)
        return a->wave < b->wave ? -1 : 1;
    return document_compare(a->target, b->target);
}

static int
add_target(order_t *order, const char *id, fault_t *fault)
{
    for (size_t i = 0; i < order->target_count; i++)
        if (!strcmp(order->targets[i].target, id))
            return fault_set(fault, FAULT_USAGE, "target '%s' is named twice", id);
    order->targets = memory_resize(order->targets, order->target_count + 1, sizeof *order->targets);
    target_line_t *line = &order->targets[order->target_count++];
    *line = (target_line_t){.wave = 1};
    text_copy(line->target, sizeof line->target, id);
    return 0;
}

static int
choose_targets(order_t *order, const wish_t *wish, const trust_t *trust, fault_t *fault)
{
    for (size_t i = 0; wish->targets && i < wish->targets->count; i++) {
        const worker_line_t *worker = trust_worker(trust, wish->targets->at[i], NULL);
        if (!worker)
            return fault_set(fault, FAULT_TARGET,
                             "no fleet document lists a worker '%.63s'; see: "
                             "tocsin worker list",
                             wish->targets->at[i]);
        if (add_target(order, worker->id, fault))
            return -1;
    }
    if (order->target_count)
        return 0;
    if (!wish->alert || !strcmp(wish->alert->host, "-"))
        return fault_set(fault, FAULT_USAGE, "no target; name workers by --target WORKER");
    const worker_line_t *worker = trust_host(trust, wish->alert->host, NULL);
    if (!worker)
        return fault_set(fault, FAULT_TARGET,
                         "the incident's host '%.100s' is no worker's in the fleet "
                         "documents; name workers by --target WORKER",
                         wish->alert->host);
    return add_target(order, worker->id, fault);
}

static void
form_waves(order_t *order, const manifest_t *manifest)
{
    unsigned wave = 1;
    size_t left = plan_wave_size(manifest, wave);
    for (size_t i = 0; i < order->target_count; i++, left--) {
        if (!left)
            left = plan_wave_size(manifest, ++wave);
        order->targets[i].wave = wave;
    }
    qsort(order->targets, order->target_count, sizeof *order->targets, compare_targets);
}

static int
fill_nonce(order_t *order, fault_t *fault)
{
    uint8_t random[16];
    if (getrandom(random, sizeof random, 0) != (ssize_t)sizeof random)
        return fault_errno(fault, "random bytes");
    hex_encode(slice_of(random, sizeof random), order->nonce);
    return 0;
}

order_t *
plan_order(const wish_t *wish, const trust_t *trust, fault_t *fault)
{
    CLEANUP(order_destroy) order_t *order = memory_new(1, sizeof *order);
    int64_t second = wish->now.ms - wish->now.ms % 1000;
    if (wish->valid_s < 1 || wish->valid_s > ORDER_WINDOW_MAX_S) {
        fault_set(fault, FAULT_USAGE, "a plan is valid for 1 s to 24 h");
        return NULL;
    }
    order->site = *trust_site(trust);
    text_copy(order->playbook, sizeof order->playbook, wish->release->playbook);
    order->dry = wish->dry;
    order->incident = wish->incident;
    text_copy(order->reason, sizeof order->reason, "-");
    order->created = order->not_before = (wall_t){second};
    order->not_after = order->undo_until = (wall_t){second + wish->valid_s * 1000};
    order->soak_s = wish->manifest->soak_s;
    order->max_failures = wish->manifest->max_failures;
    order->release_count = 1;
    text_copy(order->releases[0].playbook, sizeof order->releases[0].playbook, order->playbook);
    order->releases[0].hash = wish->hash;
    if (fill_nonce(order, fault) || fill_inputs(order, wish, fault) ||
        choose_targets(order, wish, trust, fault))
        return NULL;
    form_waves(order, wish->manifest);
    return MOVE(order);
}

int
plan_check(const order_t *order, const manifest_t *manifest, const trust_t *trust, fault_t *fault)
{
    for (size_t i = 0; i < order->target_count; i++)
        if (!trust_worker(trust, order->targets[i].target, NULL))
            return fault_set(fault, FAULT_STALE, "target '%s' has left the fleet; make a new plan",
                             order->targets[i].target);
    CLEANUP(value_destroy)
    value_t *inputs = manifest_inputs(manifest, order->inputs, order->input_count, fault);
    if (!inputs) {
        fault->code = FAULT_STALE;
        return fault_wrap(fault, "make a new plan");
    }
    return 0;
}

/* How many responders must sign. */
static unsigned
signatures_needed(const order_t *order, const release_t *release, const trust_t *trust)
{
    return trust_root(trust)->quorum_order[order->dry ? CLASS_OBSERVE : release->highest];
}

static const char *
input_text(const order_t *order, const char *name)
{
    for (size_t i = 0; i < order->input_count; i++)
        if (!strcmp(order->inputs[i].name, name))
            return order->inputs[i].text;
    return "";
}

static value_t *
waves_value(const order_t *order)
{
    value_t *waves = value_list(), *wave = NULL;
    for (size_t i = 0; i < order->target_count; i++) {
        if (i && order->targets[i].wave != order->targets[i - 1].wave) {
            value_append(waves, wave);
            wave = NULL;
        }
        if (!wave)
            wave = value_list();
        value_append(wave, value_text(order->targets[i].target));
    }
    if (wave)
        value_append(waves, wave);
    return waves;
}

/* "set", "incident" or "default". */
static const char *
origin_of(const wish_t *wish, const manifest_input_t *input)
{
    char name[TEXT_NAME_MAX + 1];
    const char *value;
    for (size_t i = 0; wish->inputs && i < wish->inputs->count; i++)
        if (options_pair(wish->inputs->at[i], name, sizeof name, &value) &&
            !strcmp(name, input->name))
            return "set by you";
    if (wish->alert && *input->from && alert_field(wish->alert, input->from))
        return "from the incident";
    return "default";
}

static value_t *
inputs_value(const order_t *order, const wish_t *wish, const manifest_t *manifest)
{
    value_t *list = value_list();
    for (size_t i = 0; i < order->input_count; i++) {
        const manifest_input_t *input = manifest_input(manifest, order->inputs[i].name);
        value_t *row = value_map();
        value_set_text(row, "name", order->inputs[i].name);
        value_set_text(row, "value", order->inputs[i].text);
        if (wish && input)
            value_set_text(row, "origin", origin_of(wish, input));
        value_append(list, row);
    }
    return list;
}

/* "path under /var (inputs.mount)". */
static value_t *
bound_value(const order_t *order, const manifest_bound_t *bound)
{
    CLEANUP(bytes_destroy) bytes_t *text = bytes_new();
    bool computed = !strncmp(bound->value, "inputs.", strlen("inputs."));
    bytes_addf(text, "%s %s %s", bound->argument, bound->kind,
               computed ? input_text(order, bound->value + strlen("inputs.")) : bound->value);
    if (computed)
        bytes_addf(text, " (%s)", bound->value);
    return value_text(bytes_text(text));
}

static value_t *
use_value(const order_t *order, const manifest_t *manifest, const manifest_use_t *use)
{
    value_t *row = value_map(), *bounds = value_list();
    value_set_text(row, "op", use->op);
    value_set_text(row, "class", class_word(use->class_));
    for (size_t i = 0; i < manifest->bound_count; i++)
        if (!strcmp(manifest->bounds[i].step, use->step) &&
            !strcmp(manifest->bounds[i].op, use->op))
            value_append(bounds, bound_value(order, &manifest->bounds[i]));
    value_set(row, "bounds", bounds);
    return row;
}

static value_t *
steps_value(const order_t *order, const manifest_t *manifest)
{
    size_t sequence[MANIFEST_STEPS_MAX];
    value_t *list = value_list();
    manifest_sequence(manifest, sequence);
    for (size_t i = 0; i < manifest->step_count; i++) {
        const manifest_step_t *step = &manifest->steps[sequence[i]];
        value_t *row = value_map(), *uses = value_list();
        for (size_t j = 0; j < manifest->use_count; j++)
            if (!strcmp(manifest->uses[j].step, step->name))
                value_append(uses, use_value(order, manifest, &manifest->uses[j]));
        value_set_text(row, "step", step->name);
        value_set_bool(row, "when", step->has_when);
        value_set_bool(row, "verify", step->has_verify);
        value_set_integer(row, "timeout", step->timeout_s);
        value_set(row, "uses", uses);
        value_append(list, row);
    }
    return list;
}

/* The other workers of the regions that are touched. */
static value_t *
untouched_value(const order_t *order, const trust_t *trust)
{
    value_t *list = value_list();
    for (size_t i = 0; i < trust_fleet_count(trust); i++) {
        const fleet_t *fleet = trust_fleet(trust, i);
        bool touched = false;
        for (size_t j = 0; j < order->target_count && !touched; j++)
            touched = fleet_worker(fleet, order->targets[j].target) != NULL;
        for (size_t j = 0; touched && j < fleet->worker_count; j++)
            if (!order_target(order, fleet->workers[j].id))
                value_append(list, value_text(fleet->workers[j].id));
    }
    return list;
}

static value_t *
people_value(const signers_t *signers)
{
    value_t *list = value_list();
    for (size_t i = 0; i < signers->count; i++)
        value_append(list, value_text(signers->person[i]));
    return list;
}

value_t *
plan_value(const order_t *order, const wish_t *wish, const release_t *release,
           const manifest_t *manifest, const approvals_t *approvals, const trust_t *trust)
{
    char hash[HASH_TEXT];
    value_t *plan = value_map();
    value_set_text(plan, "playbook", order->playbook);
    value_set_text(plan, "summary", manifest->summary);
    value_set_text(plan, "release", hash_write(order_release(order), hash));
    value_set_integer(plan, "sequence", (int64_t)release->sequence);
    value_set_text(plan, "class", class_word(release->highest));
    value_set_bool(plan, "dry", order->dry);
    value_set_integer(plan, "incident", (int64_t)order->incident);
    value_set_integer(plan, "window", (order->not_after.ms - order->not_before.ms) / 1000);
    value_set_integer(plan, "soak", (int64_t)order->soak_s);
    value_set_integer(plan, "max_failures", order->max_failures);
    value_set_integer(plan, "targets", (int64_t)order->target_count);
    value_set_integer(plan, "signatures", signatures_needed(order, release, trust));
    value_set(plan, "approvers", people_value(&approvals->approvers));
    value_set(plan, "authors", people_value(&approvals->authors));
    value_set(plan, "waves", waves_value(order));
    value_set(plan, "inputs", inputs_value(order, wish, manifest));
    value_set(plan, "steps", steps_value(order, manifest));
    value_set(plan, "untouched", untouched_value(order, trust));
    return plan;
}

static void
print_names(const value_t *list, const char *between, size_t max, FILE *out)
{
    for (size_t i = 0; i < value_count(list) && i < max; i++)
        fprintf(out, "%s%s", i ? between : "", value_string(value_at(list, i)));
    if (value_count(list) > max)
        fprintf(out, " and %zu more", value_count(list) - max);
}

static void
print_head(const value_t *plan, FILE *out)
{
    char title[128];
    int64_t window = value_get_integer(plan, "window");
    const char *order = value_get_text(plan, "order");
    fprintf(out, "%s %.*s  %s %lld (approved by ", *order ? "order" : "plan", *order ? 12 : 7,
            *order ? order : value_get_text(plan, "plan"), value_get_text(plan, "playbook"),
            (long long)value_get_integer(plan, "sequence"));
    print_names(value_get(plan, "approvers"), ", ", SIGNATURES_MAX, out);
    fputs(value_get_bool(plan, "dry") ? ")   dry run" : ")", out);
    if (value_get_integer(plan, "incident"))
        fprintf(out, "   incident %lld", (long long)value_get_integer(plan, "incident"));
    if (value_get(plan, "title"))
        fprintf(out, " \"%s\"", show_text(value_get_text(plan, "title"), title, sizeof title));
    fprintf(out, window % 60 ? "   valid %lld s\n" : "   valid %lld min\n",
            (long long)(window % 60 ? window : window / 60));
    fprintf(out, "  %s\n", value_get_text(plan, "summary"));
}

static void
print_waves(const value_t *plan, FILE *out)
{
    const value_t *waves = value_get(plan, "waves");
    int64_t failures = value_get_integer(plan, "max_failures");
    size_t untouched = value_count(value_get(plan, "untouched"));
    for (size_t i = 0; i < value_count(waves); i++) {
        fprintf(out, "  wave %zu   ", i + 1);
        print_names(value_at(waves, i), " ", ORDER_WAVE_MAX, out);
        if (i)
            fprintf(out, "   after %lld s of health\n", (long long)value_get_integer(plan, "soak"));
        else
            fputs("   at once\n", out);
    }
    long long targets = (long long)value_get_integer(plan, "targets");
    fprintf(out, "  %lld target%s; leaves %zu of %lld workers there untouched; ", targets,
            targets == 1 ? "" : "s", untouched, targets + (long long)untouched);
    if (failures)
        fprintf(out, "stops after more than %lld failures in a wave\n", (long long)failures);
    else
        fputs("stops at the first failure\n", out);
}

static void
print_inputs(const value_t *inputs, FILE *out)
{
    for (size_t i = 0; i < value_count(inputs); i++) {
        const value_t *row = value_at(inputs, i);
        const char *origin = value_get_text(row, "origin");
        fprintf(out, "  input %-12s %s%s%s%s\n", value_get_text(row, "name"),
                value_get_text(row, "value"), *origin ? "   (" : "", origin, *origin ? ")" : "");
    }
}

static void
print_step(const value_t *step, FILE *out)
{
    const value_t *uses = value_get(step, "uses");
    fprintf(out, "  step %-12s ", value_get_text(step, "step"));
    for (size_t i = 0; i < value_count(uses); i++) {
        const value_t *use = value_at(uses, i), *bounds = value_get(use, "bounds");
        fprintf(out, "%*s%-12s %-18s ", i ? 20 : 0, "", value_get_text(use, "class"),
                value_get_text(use, "op"));
        print_names(bounds, ", ", MANIFEST_BOUNDS_MAX, out);
        fputs(value_count(bounds) ? "\n" : "any arguments that schema and policy allow\n", out);
    }
    if (!value_count(uses))
        fputs("no op: it only computes\n", out);
}

void
plan_print(const value_t *plan, FILE *out)
{
    const value_t *steps = value_get(plan, "steps"), *offline = value_get(plan, "offline");
    const value_t *untouched = value_get(plan, "untouched");
    int64_t needed = value_get_integer(plan, "signatures");
    print_head(plan, out);
    print_waves(plan, out);
    print_inputs(value_get(plan, "inputs"), out);
    for (size_t i = 0; i < value_count(steps); i++)
        print_step(value_at(steps, i), out);
    if (value_count(untouched)) {
        fputs("  not touched: ", out);
        print_names(untouched, " ", NAMES_SHOWN_MAX, out);
        fputc('\n', out);
    }
    if (value_count(offline)) {
        fputs("  offline now: ", out);
        print_names(offline, " ", NAMES_SHOWN_MAX, out);
        fputs(" (their parts wait until they are back, within the window)\n", out);
    }
    const char *state = value_get_text(plan, "incident_state");
    if (*state && strcmp(state, "waiting") != 0)
        fprintf(out, "  note: incident %lld is %s already\n",
                (long long)value_get_integer(plan, "incident"), state);
    fprintf(out, "  needs %lld signature%s of responders for class %s\n", (long long)needed,
            needed == 1 ? "" : "s",
            value_get_bool(plan, "dry") ? "observe" : value_get_text(plan, "class"));
}
