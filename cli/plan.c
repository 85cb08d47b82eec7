/* SPDX-License-Identifier: Apache-2.0 */
#include <stdio.h>
#include <stdlib.h>
#include <sys/random.h>

#include "cli/near.h"
#include "cli/plan.h"
#include "common/document.h"
#include "keys/inclusion.h"

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

int
plan_no_input(const manifest_t *manifest, const char *name, fault_t *fault)
{
    near_t near = near_of(name);
    CLEANUP(bytes_destroy) bytes_t *names = bytes_new();
    for (size_t i = 0; i < manifest->input_count; i++) {
        bytes_addf(names, "%s%s", i ? ", " : "", manifest->inputs[i].name);
        near_try(&near, manifest->inputs[i].name);
    }
    return fault_set(fault, FAULT_USAGE, "playbook '%s' has no input '%s'%s%s%s; it has: %.120s",
                     manifest->playbook, name, near.found ? ", did you mean '" : "",
                     near.found ? near.found : "", near.found ? "'" : "",
                     names->size ? bytes_text(names) : "none");
}

static bool
is_secret(const wish_t *wish, const char *name)
{
    return wish->readers && secrets_have(wish->readers->secrets, name);
}

static bool
is_given_before(const many_t *inputs, size_t count, const char *name)
{
    char other[TEXT_NAME_MAX + 1];
    const char *value;
    for (size_t i = 0; i < count; i++)
        if (options_pair(inputs->at[i], other, sizeof other, &value) && !strcmp(other, name))
            return true;
    return false;
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
            return plan_no_input(wish->manifest, name, fault);
        if (is_given_before(wish->inputs, i, name))
            return fault_set(fault, FAULT_USAGE, "'--set' gives '%s' twice", name);
        if (is_secret(wish, name))
            return fault_set(fault, FAULT_USAGE, "both --set and --secret give '%s'", name);
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

/* All inputs but those that are sealed, in the manifest's order (ascending), each as it will be
 * signed. */
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
        if (is_secret(wish, input->name))
            continue;
        if (!text && input->optional)
            continue;
        if (!text && !input->has_default)
            return fault_set(fault, FAULT_USAGE,
                             "input '%s' (%s) has no value; give it by --set %s=...", input->name,
                             input_kind_word(input->kind), input->name);
        input_text_t *out = &order->inputs[order->input_count++];
        text_copy(out->name, sizeof out->name, input->name);
        text_copy(out->text, sizeof out->text, text ? text->text : input->fallback);
    }
    return 0;
}

/* ---- waves -------------------------------------------------------------------------------- */

size_t
plan_wave_size(size_t first, size_t grow, unsigned wave)
{
    size_t size = first ? first : 1;
    for (unsigned i = 1; i < wave && size < ORDER_WAVE_TARGETS_MAX; i++)
        size *= grow ? grow : 1;
    return size < ORDER_WAVE_TARGETS_MAX ? size : ORDER_WAVE_TARGETS_MAX;
}

static int
compare_ids(const void *left, const void *right)
{
    return document_compare(left, right);
}

static int
list_wave(order_t *order, char (*ids)[TEXT_NAME_MAX + 1], size_t count, unsigned wave,
          fault_t *fault)
{
    if (order->target_count + count > ORDER_TARGETS_MAX)
        return fault_set(fault, FAULT_LIMIT,
                         "over %d targets in waves of at most %d; let waves grow: --grow N",
                         ORDER_TARGETS_MAX, ORDER_WAVE_MAX);
    qsort(ids, count, sizeof *ids, compare_ids);
    order->targets =
        memory_resize(order->targets, order->target_count + count, sizeof *order->targets);
    for (size_t i = 0; i < count; i++) {
        target_line_t *line = &order->targets[order->target_count++];
        *line = (target_line_t){.wave = wave};
        text_copy(line->target, sizeof line->target, ids[i]);
    }
    return 0;
}

static int
by_bytes(const void *left, const void *right)
{
    return strcmp(left, right);
}

/* A wave that only its root stands for; its targets go into large, for the broker. */
static int
root_wave(order_t *order, value_t *large, char (*ids)[TEXT_NAME_MAX + 1], size_t count,
          unsigned wave, fault_t *fault)
{
    if (order->wave_count == ORDER_WAVES_MAX)
        return fault_set(fault, FAULT_LIMIT,
                         "over %d waves that are not listed; let waves grow: --grow N",
                         ORDER_WAVES_MAX);
    qsort(ids, count, sizeof *ids, by_bytes);
    const char **names = memory_new(count, sizeof *names);
    for (size_t i = 0; i < count; i++) {
        value_t *row = value_map();
        names[i] = ids[i];
        value_set_integer(row, "wave", wave);
        value_set_text(row, "target", ids[i]);
        value_append(large, row);
    }
    CLEANUP(inclusion_destroy)
    inclusion_t *tree = inclusion_new(order->nonce, wave, names, count, fault);
    free(names);
    if (!tree)
        return -1;
    order->waves[order->wave_count++] = inclusion_line(tree);
    return 0;
}

/* The last target is in a wave by itself where a step runs once for all. */
static int
check_once(const wish_t *wish, fault_t *fault)
{
    if (wish->targets->count > ONCE_TARGETS_MAX)
        return fault_set(fault, FAULT_LIMIT,
                         "a step of '%s' runs once for all targets, of which there may be %d then, "
                         "not %zu: choose fewer",
                         wish->manifest->playbook, ONCE_TARGETS_MAX, wish->targets->count);
    if (!hash_equal(&wish->continues, &HASH_ZERO))
        return fault_set(fault, FAULT_CONFLICT,
                         "a step of '%s' runs once for all targets, so a run of it cannot go on "
                         "where another failed; plan it anew: tocsin run plan %s --target ...",
                         wish->manifest->playbook, wish->manifest->playbook);
    return 0;
}

/* Listed waves first; a wave of more than ORDER_WAVE_MAX is a root, and so is every one behind it,
 * what would be left over for a smaller one included. */
static int
form_waves(order_t *order, const wish_t *wish, value_t *large, fault_t *fault)
{
    const targets_t *targets = wish->targets;
    bool observes = wish->dry || wish->release->highest == CLASS_OBSERVE;
    bool once = manifest_has_once(wish->manifest);
    unsigned wave = 0;
    if (once && check_once(wish, fault))
        return -1;
    for (size_t at = 0; at < targets->count;) {
        size_t left = targets->count - at;
        size_t size = plan_wave_size(wish->first, wish->grow, ++wave);
        if (wave == 1 && !observes && size > ORDER_WAVE_MAX)
            size = ORDER_WAVE_MAX;
        if (wish->readers && size > ORDER_WAVE_MAX)
            size = ORDER_WAVE_MAX;
        if (once && left > 1)
            left--;
        if (size > left || (size > ORDER_WAVE_MAX && left - size <= ORDER_WAVE_MAX))
            size = left;
        if (size > ORDER_WAVE_MAX ? root_wave(order, large, &targets->ids[at], size, wave, fault)
                                  : list_wave(order, &targets->ids[at], size, wave, fault))
            return -1;
        at += size;
    }
    return 0;
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

/* Its own, and those it calls, ascending. */
static int
fill_releases(order_t *order, const wish_t *wish, fault_t *fault)
{
    if (wish->callee_count >= ORDER_RELEASES_MAX)
        return fault_set(fault, FAULT_LIMIT, "it calls over %d playbooks", ORDER_RELEASES_MAX - 1);
    for (size_t i = 0, own = 0; i < wish->callee_count + 1; i++) {
        bool mine = !own && (i == wish->callee_count ||
                             document_compare(order->playbook, wish->callees[i].playbook) < 0);
        const callee_t *callee = &wish->callees[i - own];
        own += mine;
        text_copy(order->releases[i].playbook, sizeof order->releases[i].playbook,
                  mine ? order->playbook : callee->playbook);
        order->releases[i].hash = mine ? wish->hash : callee->hash;
    }
    order->release_count = wish->callee_count + 1;
    return 0;
}

void
plan_window(order_t *order, wall_t from, int64_t seconds)
{
    order->created = order->not_before = from;
    order->not_after.ms = from.ms + seconds * 1000;
    order->undo_until.ms = order->not_after.ms + PLAN_UNDO_S * INT64_C(1000);
}

int
plan_break_glass(order_t *order, const char *why, fault_t *fault)
{
    if (*why && text_is_free(slice_text(why)) &&
        text_copy(order->break_glass, sizeof order->break_glass, why))
        return 0;
    return fault_set(fault, FAULT_USAGE, "why glass is broken is not text of 1 to %d bytes",
                     ORDER_REASON_MAX);
}

order_t *
plan_order(const wish_t *wish, const trust_t *trust, value_t **large, fault_t *fault)
{
    CLEANUP(order_destroy) order_t *order = memory_new(1, sizeof *order);
    CLEANUP(value_destroy) value_t *list = value_list();
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
    if (wish->glass && plan_break_glass(order, wish->glass, fault))
        return NULL;
    plan_window(order, (wall_t){second}, wish->valid_s);
    order->soak_s = wish->soak_s;
    order->max_failures = (unsigned)wish->max_failures;
    order->continues = wish->continues;
    if (fill_releases(order, wish, fault) || fill_nonce(order, fault) ||
        fill_inputs(order, wish, fault) || form_waves(order, wish, list, fault) ||
        (wish->readers && sealing_add(order, wish->readers, trust, fault)))
        return NULL;
    CLEANUP(value_destroy) value_t *values = manifest_order_inputs(wish->manifest, order, fault);
    if (!values) {
        if (fault->code == FAULT_INPUT)
            fault->code = FAULT_USAGE; /* it was typed, or left to an alert that has no such */
        return NULL;
    }
    *large = value_count(list) ? MOVE(list) : NULL;
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
    value_t *inputs = manifest_order_inputs(manifest, order, fault);
    if (!inputs) {
        fault->code = FAULT_STALE;
        return fault_wrap(fault, "make a new plan");
    }
    return 0;
}
