/* SPDX-License-Identifier: Apache-2.0 */
#include <stdio.h>
#include <stdlib.h>

#include "cli/changes.h"
#include "cli/plan.h"
#include "cli/table.h"
#include "wire/ops.h"

#define NAMES_SHOWN_MAX 16

/* What this class asks of the plan: how many responders sign, how many targets go at once. */
static void
set_class(value_t *plan, class_t highest, const trust_t *trust)
{
    class_t charged = value_get_bool(plan, "dry") ? CLASS_OBSERVE : highest;
    value_set_text(plan, "class", class_word(highest));
    value_set_integer(plan, "signatures", trust_root(trust)->quorum_order[charged]);
    if (charged != CLASS_OBSERVE)
        value_set_integer(plan, "at_work", value_get_integer(plan, "max_failures") + 1);
}

/* NULL where the order gives none of that name. */
static const char *
input_text(const order_t *order, const char *name)
{
    for (size_t i = 0; i < order->input_count; i++)
        if (!strcmp(order->inputs[i].name, name))
            return order->inputs[i].text;
    return NULL;
}

/* The targets of waves that are not listed, behind those that are. */
static void
add_large(value_t *waves, const value_t *large)
{
    value_t *wave = NULL;
    int64_t number = 0;
    for (size_t i = 0; i < value_count(large); i++) {
        const value_t *row = value_at(large, i);
        if (wave && value_get_integer(row, "wave") != number) {
            value_append(waves, wave);
            wave = NULL;
        }
        number = value_get_integer(row, "wave");
        if (!wave)
            wave = value_list();
        value_append(wave, value_text(value_get_text(row, "target")));
    }
    if (wave)
        value_append(waves, wave);
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
            return wish->again ? "as it was" : "set by you";
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
    for (size_t i = 0; i < order->secret_count; i++) {
        value_t *row = value_map();
        value_set_text(row, "name", order->secrets[i].name);
        value_set_text(row, "value", "SEALED");
        value_append(list, row);
    }
    for (size_t i = 0; i < manifest->input_count; i++) {
        const manifest_input_t *input = &manifest->inputs[i];
        if (!input->optional || input_text(order, input->name) || order_secret(order, input->name))
            continue;
        value_t *row = value_map();
        value_set_text(row, "name", input->name);
        value_set_text(row, "origin", "left out");
        value_append(list, row);
    }
    return list;
}

/* The people among whom a sealed order stays. */
static value_t *
readers_value(const order_t *order)
{
    value_t *list = value_list();
    for (size_t i = 0; i < order->seal_count; i++)
        if (!order->seals[i].worker)
            value_append(list, value_text(order->seals[i].name));
    return list;
}

/* "path under /var (inputs.mount)", "path left out (inputs.mount)"; without an order as a reviewer
 * reads it. */
static value_t *
bound_value(const order_t *order, const manifest_t *manifest, const manifest_bound_t *bound)
{
    CLEANUP(bytes_destroy) bytes_t *text = bytes_new();
    const char *computed = order ? manifest_mapped(bound->value) : NULL;
    const char *value = computed ? input_text(order, computed) : NULL;
    if (!computed)
        changes_bound(manifest, bound, text);
    else if (value)
        bytes_addf(text, "%s %s %s (%s)", bound->argument, bound->kind, value, bound->value);
    else
        bytes_addf(text, "%s left out (%s)", bound->argument, bound->value);
    return value_text(bytes_text(text));
}

static value_t *
use_value(const order_t *order, const manifest_t *manifest, const manifest_use_t *use)
{
    const op_t *op = op_find(use->op);
    value_t *row = value_map(), *bounds = value_list();
    value_set_text(row, "op", use->op);
    value_set_text(row, "class", class_word(use->class_));
    value_set_bool(row, "windowed", op && op->windowed);
    for (size_t i = 0; i < manifest->bound_count; i++)
        if (!strcmp(manifest->bounds[i].step, use->step) &&
            !strcmp(manifest->bounds[i].op, use->op))
            value_append(bounds, bound_value(order, manifest, &manifest->bounds[i]));
    value_set(row, "bounds", bounds);
    return row;
}

/* In the order in which they may begin; order is NULL for what is called. */
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
        CLEANUP(bytes_destroy) bytes_t *does = bytes_new();
        changes_step(manifest, step, does);
        value_set_text(row, "step", step->name);
        value_set_text(row, "kind", step_kind_word(step->kind));
        value_set_text(row, "does", bytes_text(does));
        value_set_bool(row, "when", step->has_when);
        value_set_bool(row, "verify", step->has_verify);
        value_set_integer(row, "timeout", step->timeout_s);
        value_set(row, "uses", uses);
        value_append(list, row);
    }
    return list;
}

static int
compare_names(const void *left, const void *right)
{
    return strcmp(*(const char *const *)left, *(const char *const *)right);
}

/* Every target's name, ascending; *count of them, ours. */
static const char **
target_names(const shown_t *shown, size_t *count)
{
    size_t listed = shown->order->target_count, large = value_count(shown->large);
    const char **names = memory_new(listed + large + 1, sizeof *names);
    for (size_t i = 0; i < listed; i++)
        names[i] = shown->order->targets[i].target;
    for (size_t i = 0; i < large; i++)
        names[listed + i] = value_get_text(value_at(shown->large, i), "target");
    *count = listed + large;
    if (*count)
        qsort(names, *count, sizeof *names, compare_names);
    return names;
}

/* The other workers of the regions that are touched. */
static value_t *
untouched_value(const shown_t *shown, const trust_t *trust)
{
    size_t count;
    const char **names = target_names(shown, &count);
    value_t *list = value_list();
    for (size_t i = 0; i < trust_fleet_count(trust); i++) {
        const fleet_t *fleet = trust_fleet(trust, i);
        CLEANUP(value_destroy) value_t *others = value_list();
        for (size_t j = 0; j < fleet->worker_count; j++) {
            const char *id = fleet->workers[j].id;
            if (!bsearch(&id, names, count, sizeof *names, compare_names))
                value_append(others, value_text(id));
        }
        bool touched = value_count(others) < fleet->worker_count;
        for (size_t j = 0; touched && j < value_count(others); j++)
            value_append(list, value_copy(value_at(others, j)));
    }
    free(names);
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

/* What the chooser left out, and the limits it kept. */
static void
set_choice(value_t *plan, const targets_t *targets)
{
    value_t *list = value_list();
    for (size_t i = 0; i < targets->except_count; i++)
        value_append(list, value_text(targets->excepted[i]));
    value_set(plan, "excepted", list);
    value_set_integer(plan, "at_most", (int64_t)targets->at_most);
    value_set_integer(plan, "keep", (int64_t)targets->keep);
    value_set_integer(plan, "pool", (int64_t)targets->pool);
}

value_t *
plan_value(const shown_t *shown, const trust_t *trust)
{
    char hash[HASH_TEXT];
    const order_t *order = shown->order;
    const release_t *release = shown->release;
    value_t *plan = value_map(), *waves = waves_value(order), *calls = value_list();
    add_large(waves, shown->large);
    value_set_text(plan, "playbook", order->playbook);
    value_set_text(plan, "summary", shown->manifest->summary);
    value_set_text(plan, "release", hash_write(order_release(order), hash));
    value_set_integer(plan, "sequence", (int64_t)release->sequence);
    value_set_bool(plan, "dry", order->dry);
    value_set_integer(plan, "incident", (int64_t)order->incident);
    value_set_integer(plan, "window", (order->not_after.ms - order->not_before.ms) / 1000);
    value_set_integer(plan, "undo", (order->undo_until.ms - order->not_after.ms) / 1000);
    value_set_integer(plan, "soak", (int64_t)order->soak_s);
    value_set_integer(plan, "max_failures", order->max_failures);
    value_set_integer(plan, "targets", (int64_t)(order->target_count + value_count(shown->large)));
    set_class(plan, release->highest, trust);
    if (order_breaks_glass(order))
        value_set_text(plan, "glass", order->break_glass);
    if (!hash_equal(&order->continues, &HASH_ZERO))
        value_set_text(plan, "continues", hash_write(&order->continues, hash));
    for (size_t i = 0; i < order->release_count; i++)
        if (strcmp(order->releases[i].playbook, order->playbook) != 0)
            value_append(calls, value_text(order->releases[i].playbook));
    value_set(plan, "calls", calls);
    value_set(plan, "approvers", people_value(&shown->approvals->approvers));
    value_set(plan, "authors", people_value(&shown->approvals->authors));
    value_set(plan, "waves", waves);
    if (manifest_has_once(shown->manifest))
        value_set_text(plan, "once", order->targets[order->target_count - 1].target);
    if (order->seal_count)
        value_set(plan, "sealed", readers_value(order));
    value_set(plan, "inputs", inputs_value(order, shown->wish, shown->manifest));
    value_set(plan, "steps", steps_value(order, shown->manifest));
    value_set(plan, "untouched", untouched_value(shown, trust));
    if (shown->wish)
        set_choice(plan, shown->wish->targets);
    return plan;
}

void
plan_add_callee(value_t *plan, const release_t *release, const manifest_t *manifest,
                const approvals_t *approvals, const trust_t *trust)
{
    class_t highest;
    value_t *row = value_map(), *callees = value_list();
    const value_t *before = value_get(plan, "callees");
    for (size_t i = 0; i < value_count(before); i++)
        value_append(callees, value_copy(value_at(before, i)));
    value_set_text(row, "playbook", release->playbook);
    value_set_integer(row, "sequence", (int64_t)release->sequence);
    value_set_text(row, "class", class_word(release->highest));
    value_set(row, "approvers", people_value(&approvals->approvers));
    value_set(row, "steps", steps_value(NULL, manifest));
    value_append(callees, row);
    value_set(plan, "callees", callees);
    if (class_read(value_get_text(plan, "class"), &highest) && release->highest > highest)
        set_class(plan, release->highest, trust);
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
    fprintf(out, window % 60 ? "   valid %lld s" : "   valid %lld min",
            (long long)(window % 60 ? window : window / 60));
    fprintf(out, ", undo %lld h more\n", (long long)value_get_integer(plan, "undo") / 3600);
    fprintf(out, "  %s\n", value_get_text(plan, "summary"));
}

static void
print_waves(const value_t *plan, FILE *out)
{
    const value_t *waves = value_get(plan, "waves");
    int64_t failures = value_get_integer(plan, "max_failures"), widest = 0;
    size_t untouched = value_count(value_get(plan, "untouched"));
    for (size_t i = 0; i < value_count(waves); i++) {
        int64_t size = (int64_t)value_count(value_at(waves, i));
        widest = size > widest ? size : widest;
        fprintf(out, "  wave %zu   ", i + 1);
        print_names(value_at(waves, i), " ", ORDER_WAVE_MAX, out);
        if (value_count(value_at(waves, i)) > ORDER_WAVE_MAX)
            fprintf(out, " (all of them: --json)");
        if (i)
            fprintf(out, "   after %lld s of health\n", (long long)value_get_integer(plan, "soak"));
        else
            fputs("   at once\n", out);
    }
    long long targets = (long long)value_get_integer(plan, "targets");
    fprintf(out, "  %lld target%s; leaves %zu of %lld workers there untouched; ", targets,
            targets == 1 ? "" : "s", untouched, targets + (long long)untouched);
    if (value_get_integer(plan, "at_most"))
        fprintf(out, "cap %lld; ", (long long)value_get_integer(plan, "at_most"));
    if (value_get_integer(plan, "keep"))
        fprintf(out, "keeps %lld of %lld; ", (long long)value_get_integer(plan, "keep"),
                (long long)value_get_integer(plan, "pool"));
    if (failures)
        fprintf(out, "stops at failure number %lld", (long long)failures + 1);
    else
        fputs("stops at the first failure", out);
    if (value_get_integer(plan, "at_work") && widest > value_get_integer(plan, "at_work"))
        fprintf(out, "; %lld of a wave at a time", (long long)value_get_integer(plan, "at_work"));
    fputc('\n', out);
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
print_readers(const value_t *readers, FILE *out)
{
    if (!readers)
        return;
    fputs("  sealed: what it gives and says is read by ", out);
    print_names(readers, ", ", ORDER_SEALS_MAX, out);
    fputs(" and the workers of its targets, and by no broker\n", out);
}

/* Steps of what is called stand behind its name, as in receipts. */
static void
print_step(const char *caller, const value_t *step, FILE *out)
{
    char name[2 * TEXT_NAME_MAX + 2];
    const value_t *uses = value_get(step, "uses");
    snprintf(name, sizeof name, "%s%s%s", caller, *caller ? "/" : "", value_get_text(step, "step"));
    fprintf(out, "  step %-12s ", name);
    for (size_t i = 0; i < value_count(uses); i++) {
        const value_t *use = value_at(uses, i), *bounds = value_get(use, "bounds");
        fprintf(out, "%*s%-12s %-18s ", i ? 20 : 0, "", value_get_text(use, "class"),
                value_get_text(use, "op"));
        print_names(bounds, ", ", MANIFEST_BOUNDS_MAX, out);
        fputs(value_count(bounds) ? "" : "any arguments that schema and policy allow", out);
        fputs(value_get_bool(use, "windowed") ? "; only within windows of its own\n" : "\n", out);
    }
    fprintf(out, "%*s%s\n", value_count(uses) ? 20 : 0, "", value_get_text(step, "does"));
}

static void
print_callee(const value_t *callee, FILE *out)
{
    const value_t *steps = value_get(callee, "steps");
    fprintf(out, "  calls %s %lld (approved by ", value_get_text(callee, "playbook"),
            (long long)value_get_integer(callee, "sequence"));
    print_names(value_get(callee, "approvers"), ", ", SIGNATURES_MAX, out);
    fprintf(out, "), class %s\n", value_get_text(callee, "class"));
    for (size_t i = 0; i < value_count(steps); i++)
        print_step(value_get_text(callee, "playbook"), value_at(steps, i), out);
}

/* Of the drained: targets, or those that are none. */
static void
print_drained(const value_t *plan, bool targets, FILE *out)
{
    const value_t *drained = value_get(plan, "drained");
    size_t shown = 0;
    for (size_t i = 0; i < value_count(drained); i++) {
        const value_t *row = value_at(drained, i);
        char since[MOMENT_TEXT_MAX];
        if (value_get_bool(row, "target") != targets)
            continue;
        wall_write_time((wall_t){value_get_integer(row, "at")}, since);
        fprintf(out, "%s%s by %s since %s",
                shown++ ? ", " : "  drained: ", value_get_text(row, "worker"),
                value_get_text(row, "who"), since);
    }
    if (shown)
        fputs(targets ? " (their parts wait until they are resumed, within the window)\n"
                      : " (not touched)\n",
              out);
}

static void
print_refusals(const value_t *refusals, FILE *out)
{
    for (size_t i = 0; i < value_count(refusals); i++) {
        const value_t *row = value_at(refusals, i);
        if (value_get(row, "step"))
            fprintf(out, "  WOULD REFUSE step %s, %s: ", value_get_text(row, "step"),
                    value_get_text(row, "op"));
        else
            fprintf(out, "  WOULD REFUSE %s: ", value_get_text(row, "what"));
        print_names(value_get(row, "workers"), " ", NAMES_SHOWN_MAX, out);
        fprintf(out, " (%s)\n", value_get_text(row, "reason"));
    }
}

/* Where the signers' scope ends, and what goes beyond it. */
static void
print_reach(const value_t *plan, FILE *out)
{
    char why[FAULT_TEXT_MAX];
    const value_t *outside = value_get(plan, "outside");
    bool glass = value_get(plan, "glass");
    if (glass)
        fprintf(out,
                "  BREAK-GLASS: %s\n    outside its signers' scope, and machines' windows; within "
                "blackouts nothing\n",
                show_text(value_get_text(plan, "glass"), why, sizeof why));
    if (!value_count(outside))
        return;
    fputs("  OUTSIDE YOUR SCOPE: ", out);
    print_names(outside, " ", NAMES_SHOWN_MAX, out);
    fputs(glass ? " (a cosigner stands behind it)\n"
                : " (others sign for these, or a cosigner breaks glass with you: --break-glass "
                  "WHY)\n",
          out);
}

/* Whose signatures it waits for. */
static void
print_needs(const value_t *plan, FILE *out)
{
    int64_t needed = value_get_integer(plan, "signatures");
    fprintf(out, "  needs %lld signature%s of responders for class %s%s%s\n", (long long)needed,
            needed == 1 ? "" : "s",
            value_get_bool(plan, "dry") ? "observe" : value_get_text(plan, "class"),
            value_get_bool(plan, "more") ? ", as a machine's policy asks" : "",
            value_get(plan, "glass") ? ", and another responder who cosigns: tocsin run cosign"
                                     : "");
}

static void
print_revoked(const value_t *revoked, FILE *out)
{
    for (size_t i = 0; i < value_count(revoked); i++) {
        char why[FAULT_TEXT_MAX];
        const value_t *row = value_at(revoked, i);
        fprintf(out, "  REVOKED: %s (%s)\n", show_text(value_get_text(row, "why"), why, sizeof why),
                value_get_bool(row, "target") ? "nothing runs there" : "not touched");
    }
}

void
plan_print(const value_t *plan, FILE *out)
{
    const value_t *steps = value_get(plan, "steps"), *offline = value_get(plan, "offline");
    const value_t *untouched = value_get(plan, "untouched");
    print_head(plan, out);
    print_reach(plan, out);
    print_waves(plan, out);
    if (*value_get_text(plan, "once"))
        fprintf(out, "  what runs once, runs on %s, after all others ended\n",
                value_get_text(plan, "once"));
    print_inputs(value_get(plan, "inputs"), out);
    print_readers(value_get(plan, "sealed"), out);
    for (size_t i = 0; i < value_count(steps); i++)
        print_step("", value_at(steps, i), out);
    for (size_t i = 0; i < value_count(value_get(plan, "callees")); i++)
        print_callee(value_at(value_get(plan, "callees"), i), out);
    if (*value_get_text(plan, "continues"))
        fprintf(out, "  goes on where run %.12s failed: what its receipts say is done, is\n",
                value_get_text(plan, "continues"));
    if (value_count(value_get(plan, "excepted"))) {
        fputs("  left out as you said: ", out);
        print_names(value_get(plan, "excepted"), " ", NAMES_SHOWN_MAX, out);
        fputc('\n', out);
    }
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
    print_refusals(value_get(plan, "refusals"), out);
    if (value_get(plan, "unasked"))
        fprintf(out, "  what the machines of %lld targets more would refuse was not looked at\n",
                (long long)value_get_integer(plan, "unasked"));
    print_drained(plan, true, out);
    print_drained(plan, false, out);
    print_revoked(value_get(plan, "revoked"), out);
    for (size_t i = 0; i < value_count(value_get(plan, "stops")); i++) {
        char stop[FAULT_TEXT_MAX];
        fprintf(out, "  STOPPED: %s\n",
                show_text(value_string(value_at(value_get(plan, "stops"), i)), stop, sizeof stop));
    }
    const char *state = value_get_text(plan, "incident_state");
    if (*state && strcmp(state, "waiting") != 0)
        fprintf(out, "  note: incident %lld is %s already\n",
                (long long)value_get_integer(plan, "incident"), state);
    print_needs(plan, out);
}
