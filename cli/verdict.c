/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/verdict.h"

#include <assert.h>

#define NEAR_MIN 3 /* characters of a name that begins another */

/* Triggers ------------------------------------------------------------------------------------ */

/* How a trigger nearly names the alert; NULL where it does not. */
static const char *
nearly(const char *trigger, const char *name)
{
    size_t size = strlen(trigger), other = strlen(name);
    if (!strcasecmp(trigger, name))
        return "is written in another case";
    size_t shorter = size < other ? size : other;
    if (shorter < NEAR_MIN || strncasecmp(trigger, name, shorter) != 0)
        return NULL;
    return size < other ? "is only how the alert's name begins" : "begins with the alert's name";
}

static void
set_triggers(value_t *map, const manifest_t *manifest, const char *name)
{
    value_t *triggers = value_list(), *near = value_list();
    bool triggered = *name && manifest_triggered_by(manifest, name);
    for (size_t i = 0; i < manifest->trigger_count; i++) {
        const char *how = triggered ? NULL : nearly(manifest->triggers[i], name);
        value_append(triggers, value_text(manifest->triggers[i]));
        if (!how)
            continue;
        value_t *row = value_map();
        value_set_text(row, "trigger", manifest->triggers[i]);
        value_set_text(row, "how", how);
        value_append(near, row);
    }
    value_set_text(map, "name", name);
    value_set_bool(map, "triggered", triggered);
    value_set(map, "triggers", triggers);
    value_set(map, "near", near);
}

/* Inputs -------------------------------------------------------------------------------------- */

static value_t *
input_of(const manifest_t *manifest, const manifest_input_t *input, const alert_t *alert)
{
    fault_t why = {0};
    value_t *row = value_map();
    const char *given = *input->from ? alert_field(alert, input->from) : NULL;
    const char *text = given ? given : input->has_default ? input->fallback : NULL;
    CLEANUP(bytes_destroy) bytes_t *origin = bytes_new();
    if (given)
        bytes_addf(origin, "from %s", input->from);
    else
        bytes_addf(origin, "%s%s%s%s", text ? "default" : "none",
                   *input->from ? ": the alert has no " : "", input->from,
                   !text && !*input->from ? ": no alert gives it" : "");
    value_set_text(row, "name", input->name);
    value_set_text(row, "kind", input_kind_word(input->kind));
    value_set_text(row, "origin", bytes_text(origin));
    if (text)
        value_set_text(row, "value", text);
    CLEANUP(value_destroy)
    value_t *value = text ? manifest_input_value(manifest, input, text, &why) : NULL;
    if (!value && (text || !input->optional))
        value_set_text(row, "why", text ? why.text : "it has no default");
    return row;
}

static void
set_inputs(value_t *map, const manifest_t *manifest, const alert_t *alert)
{
    value_t *inputs = value_list();
    for (size_t i = 0; i < manifest->input_count; i++)
        value_append(inputs, input_of(manifest, &manifest->inputs[i], alert));
    value_set(map, "inputs", inputs);
}

/* Conditions ---------------------------------------------------------------------------------- */

/* One grant as it is weighed. */
typedef struct {
    const scene_t *scene;
    const revision_t *revision;
    const weighed_t *weighed;
    const value_t *spent;        /* as the broker counts it */
    const worker_line_t *worker; /* NULL where the alert's host maps to none */
    const fleet_t *fleet;
    size_t line;    /* of a match */
    bytes_t *wants; /* out */
    bytes_t *found;
    value_t *conditions; /* out */
    size_t failed;       /* out */
} weighing_t;

static wall_t
moment_of(const scene_t *scene)
{
    wall_t received = scene->alert->received;
    return received.ms < scene->now.ms ? received : scene->now;
}

static void
add_time(bytes_t *out, const char *words, wall_t at)
{
    char text[MOMENT_TEXT_MAX];
    wall_write_time(at, text);
    bytes_addf(out, "%s%s", words, text);
}

static void
say_worker(weighing_t *self)
{
    bytes_add_text(self->wants, "a worker's host");
    bytes_addf(self->found, "'%s'%s%s", self->scene->alert->host,
               self->worker ? " is looked after by " : "", self->worker ? self->worker->id : "");
}

static void
say_signers(weighing_t *self)
{
    const signers_t *signers = &self->weighed->signers;
    bytes_addf(self->wants, "responders, at least %u, no author of the release",
               trust_root(self->scene->trust)->quorum_grant);
    for (size_t i = 0; i < signers->count; i++)
        bytes_addf(self->found, "%s%s", i ? ", " : "", signers->person[i]);
}

static void
say_span(weighing_t *self)
{
    const grant_t *grant = self->weighed->grant;
    bytes_addf(self->wants, "at most %llu days",
               (unsigned long long)trust_root(self->scene->trust)->grant_days_max);
    bytes_addf(self->found, "%lld hours",
               (long long)(grant->expires.ms - grant->issued.ms) / 3600000);
}

static void
say_begun(weighing_t *self)
{
    add_time(self->wants, "from ", self->weighed->grant->issued);
    add_time(self->found, "", moment_of(self->scene));
}

static void
say_expiry(weighing_t *self)
{
    add_time(self->wants, "until ", self->weighed->grant->expires);
    add_time(self->found, "", moment_of(self->scene));
}

static void
say_evidence(weighing_t *self)
{
    bool token = self->weighed->grant->evidence == EVIDENCE_TOKEN;
    bytes_add_text(self->wants, token ? "the broker's word" : "its source's signature");
    bytes_add_text(self->found, self->scene->armor.size ? "a signature" : "the broker's word");
}

static void
say_stops(weighing_t *self)
{
    bytes_add_text(self->wants, "no stop that is in force now");
}

static void
say_source(weighing_t *self)
{
    const grant_t *grant = self->weighed->grant;
    for (size_t i = 0; i < grant->source_count; i++)
        bytes_addf(self->wants, "%s%s", i ? " or " : "", grant->sources[i]);
    bytes_add_text(self->found, self->scene->alert->source);
}

static void
say_region(weighing_t *self)
{
    bytes_addf(self->wants, "a source of region %s", self->fleet->region);
    bytes_add_text(self->found, self->scene->alert->source);
}

static void
say_firing(weighing_t *self)
{
    bytes_add_text(self->wants, "firing");
    bytes_add_text(self->found, self->scene->alert->firing ? "firing" : "resolved");
}

/* All alternatives of the field. */
static void
say_match(weighing_t *self)
{
    const grant_t *grant = self->weighed->grant;
    const char *field = grant->matches[self->line].field;
    const char *value = alert_field(self->scene->alert, field), *between = " ";
    bytes_add_text(self->wants, field);
    for (size_t i = 0; i < grant->match_count; i++) {
        if (strcmp(grant->matches[i].field, field) != 0)
            continue;
        bytes_addf(self->wants, "%s'%s'", between, grant->matches[i].value);
        between = " or ";
    }
    bytes_addf(self->found, value ? "'%s'" : "%s", value ? value : "the alert has none");
}

static void
say_fresh(weighing_t *self)
{
    bytes_addf(self->wants, "received within %llu s",
               (unsigned long long)self->weighed->grant->fresh_s);
    bytes_add_text(self->found, "weighed when it came");
}

static void
say_scope(weighing_t *self)
{
    bytes_add_text(self->wants, self->weighed->grant->scope);
    bool bare = !strcmp(self->worker->labels, "-");
    bytes_addf(self->found, "%s%sregion=%s", bare ? "" : self->worker->labels, bare ? "" : ",",
               self->fleet->region);
}

static void
say_release(weighing_t *self)
{
    char text[HASH_TEXT];
    hash_t hash = hash_of(self->revision->release);
    bytes_addf(self->wants, "release %.*s", VERDICT_DIGITS,
               hash_write(&self->weighed->grant->release, text));
    if (self->revision->release.size)
        bytes_addf(self->found, "release %.*s", VERDICT_DIGITS, hash_write(&hash, text));
    else
        bytes_add_text(self->found, "no release");
}

/* What each condition wants, and what was found. A condition without a row says what another has
 * said. */
static void (*const says[CONDITIONS])(weighing_t *self) = {
    [CONDITION_WORKER] = say_worker, [CONDITION_SIGNERS] = say_signers,
    [CONDITION_SPAN] = say_span,     [CONDITION_BEGUN] = say_begun,
    [CONDITION_EXPIRY] = say_expiry, [CONDITION_EVIDENCE] = say_evidence,
    [CONDITION_STOPS] = say_stops,   [CONDITION_SOURCE] = say_source,
    [CONDITION_REGION] = say_region, [CONDITION_FIRING] = say_firing,
    [CONDITION_MATCH] = say_match,   [CONDITION_FRESH] = say_fresh,
    [CONDITION_SCOPE] = say_scope,   [CONDITION_RELEASE] = say_release,
};

/* Takes what was said of it. */
static void
add_condition(weighing_t *self, const char *word, const fault_t *why)
{
    value_t *row = value_map();
    value_set_text(row, "condition", word);
    value_set_text(row, "wants", bytes_text(self->wants));
    value_set_text(row, "found", bytes_text(self->found));
    value_set_bool(row, "holds", !why->code);
    if (why->code) {
        value_set_text(row, "code", fault_word(why->code));
        value_set_text(row, "why", why->text);
    }
    value_append(self->conditions, row);
    self->failed += why->code != FAULT_NONE;
    bytes_clear(self->wants);
    bytes_clear(self->found);
}

/* Whether an earlier line says it: alternatives stand together. */
static bool
is_said(const grant_t *grant, const weighed_row_t *row)
{
    return !says[row->condition] ||
           (row->condition == CONDITION_MATCH && row->line &&
            !strcmp(grant->matches[row->line].field, grant->matches[row->line - 1].field));
}

static void
add_weighed(weighing_t *self)
{
    for (size_t i = 0; i < self->weighed->count; i++) {
        const weighed_row_t *row = &self->weighed->rows[i];
        fault_t why = row->why;
        if (is_said(self->weighed->grant, row))
            continue;
        if (row->condition == CONDITION_RELEASE && why.code && !self->revision->release.size)
            fault_set(
                &why, FAULT_HASH,
                "a grant names a release, and this is none until it is proposed and approved");
        self->line = row->line;
        says[row->condition](self);
        add_condition(self, condition_word(row->condition), &why);
    }
}

/* The grant's bounds over one input. */
static void
add_bound(weighing_t *self, const input_text_t *input, const char *whence)
{
    const grant_t *grant = self->weighed->grant;
    fault_t why = {0};
    const char *between = " ";
    bytes_add_text(self->wants, input->name);
    for (size_t i = 0; i < grant->bound_count; i++) {
        if (strcmp(grant->bounds[i].input, input->name) != 0)
            continue;
        bytes_addf(self->wants, "%s%s '%s'", between, grant->bounds[i].kind,
                   grant->bounds[i].value);
        between = bound_is_alternative(&grant->bounds[i]) ? " or " : " and ";
    }
    if (!strcmp(between, " "))
        bytes_add_text(self->wants, " within a bound");
    bytes_addf(self->found, "'%s'%s", input->text, whence);
    if (grant_check_inputs(grant, input, 1, &why))
        assert(why.code);
    add_condition(self, "bound", &why);
}

/* Over each that the alert gives, and over defaults in the place of what it does not give. */
static void
add_bounds(weighing_t *self)
{
    const manifest_t *manifest = self->revision->manifest;
    CLEANUP(memory_free) input_text_t *texts = memory_new(ORDER_INPUTS_MAX, sizeof *texts);
    size_t count = manifest_map(manifest, self->scene->alert, texts);
    for (size_t i = 0; i < count; i++)
        add_bound(self, &texts[i], "");
    count = manifest_defaults(manifest, self->weighed->grant, texts, count);
    for (size_t i = 0; i < count; i++)
        add_bound(self, &texts[i], ", by default");
}

/* Whether a run of this very incident began at this moment. */
static bool
is_own(const scene_t *scene, int64_t at)
{
    for (size_t i = 0; i < value_count(scene->runs); i++)
        if (value_get_integer(value_at(scene->runs, i), "created") == at)
            return true;
    return false;
}

/* How often a grant was drawn on for the worker within so long before; *last is the latest, 0
 * where there is none. */
static size_t
count_spent(const weighing_t *self, const value_t *spent, uint64_t seconds, int64_t *last)
{
    size_t count = 0;
    int64_t then = moment_of(self->scene).ms;
    for (size_t i = 0; self->worker && i < value_count(spent); i++) {
        const value_t *row = value_at(spent, i);
        int64_t at = value_get_integer(row, "at");
        if (strcmp(value_get_text(row, "worker"), self->worker->id) != 0 || at <= 0 || at > then ||
            then - at >= (int64_t)seconds * 1000 || is_own(self->scene, at))
            continue;
        count++;
        *last = at > *last ? at : *last;
    }
    return count;
}

static void
add_budget(weighing_t *self)
{
    fault_t why = {0};
    int64_t last = 0;
    const grant_t *grant = self->weighed->grant;
    size_t count = count_spent(self, self->spent, grant->budget_s, &last);
    if (count >= grant->budget_runs)
        fault_set(&why, FAULT_BUDGET, "its budget on worker '%s' is spent", self->worker->id);
    bytes_addf(self->wants, "%llu runs in %llu s", (unsigned long long)grant->budget_runs,
               (unsigned long long)grant->budget_s);
    bytes_addf(self->found, "%zu before, as the broker knows", count);
    add_condition(self, "budget", &why);
}

/* Automatic runs of the playbook, under any grant. */
static void
add_cooldown(weighing_t *self)
{
    fault_t why = {0};
    int64_t last = 0;
    uint64_t seconds = self->revision->manifest->cooldown_s;
    for (size_t i = 0; i < value_count(self->scene->grants); i++) {
        const value_t *row = value_at(self->scene->grants, i);
        if (!strcmp(value_get_text(row, "playbook"), self->revision->manifest->playbook))
            count_spent(self, value_get(row, "spent"), seconds, &last);
    }
    if (last)
        fault_set(&why, FAULT_RATE,
                  "an automatic run of it began on worker '%s' less than %llu seconds before",
                  self->worker->id, (unsigned long long)seconds);
    bytes_addf(self->wants, "%llu s between runs", (unsigned long long)seconds);
    if (last)
        add_time(self->found, "the last at ", (wall_t){last});
    else
        bytes_add_text(self->found, "none before, as the broker knows");
    add_condition(self, "cooldown", &why);
}

/* Grants -------------------------------------------------------------------------------------- */

static const char *
run_of(const scene_t *scene, const hash_t *run)
{
    char text[HASH_TEXT];
    hash_write(run, text);
    for (size_t i = 0; i < value_count(scene->runs); i++)
        if (!strcmp(value_get_text(value_at(scene->runs, i), "run"), text))
            return value_get_text(value_at(scene->runs, i), "run");
    return NULL;
}

static void
set_hash(value_t *map, const char *key, const hash_t *hash)
{
    char text[HASH_TEXT];
    value_set_text(map, key, hash_write(hash, text));
}

static void
set_weighed(value_t *map, const weighed_t *weighed, const scene_t *scene)
{
    value_t *signers = value_list();
    const char *run = run_of(scene, &weighed->run);
    for (size_t i = 0; i < weighed->signers.count; i++)
        value_append(signers, value_text(weighed->signers.person[i]));
    set_hash(map, "release", &weighed->grant->release);
    value_set(map, "signers", signers);
    if (run)
        value_set_text(map, "ran", run);
}

static value_t *
grant_of(const scene_t *scene, const revision_t *revision, const value_t *given)
{
    fault_t why = {0};
    slice_t document = value_slice(value_get(given, "document"));
    proof_t proof = {.by_grant = true,
                     .authority = document,
                     .authority_armors = value_slice(value_get(given, "armors")),
                     .alert = scene->document,
                     .alert_armors = scene->armor,
                     .release = revision->release,
                     .release_armors = revision->armors,
                     .accepted = moment_of(scene)};
    CLEANUP(bytes_destroy) bytes_t *wants = bytes_new();
    CLEANUP(bytes_destroy) bytes_t *found = bytes_new();
    CLEANUP(weighed_destroy)
    weighed_t *weighed = trust_weigh(scene->trust, &proof, scene->now, &why);
    weighing_t self = {.scene = scene,
                       .revision = revision,
                       .weighed = weighed,
                       .spent = value_get(given, "spent"),
                       .wants = wants,
                       .found = found,
                       .conditions = value_list()};
    value_t *map = value_map();
    hash_t hash = hash_of(document);
    self.worker = trust_host(scene->trust, scene->alert->host, &self.fleet);
    set_hash(map, "grant", &hash);
    if (weighed) {
        add_weighed(&self);
        add_bounds(&self);
        add_budget(&self);
        if (revision->manifest->cooldown_s)
            add_cooldown(&self);
        set_weighed(map, weighed, scene);
    } else {
        value_set_text(map, "why", why.text);
    }
    value_set_bool(map, "holds", weighed && !self.failed);
    value_set_integer(map, "failed", (int64_t)self.failed);
    value_set(map, "conditions", self.conditions);
    return map;
}

static void
set_grants(value_t *map, const scene_t *scene, const revision_t *revision)
{
    value_t *list = value_list();
    for (size_t i = 0; i < value_count(scene->grants); i++) {
        const value_t *given = value_at(scene->grants, i);
        if (!strcmp(value_get_text(given, "playbook"), revision->manifest->playbook))
            value_append(list, grant_of(scene, revision, given));
    }
    value_set(map, "grants", list);
}

/* The verdict --------------------------------------------------------------------------------- */

static const value_t *
failed_condition(const value_t *rows)
{
    for (size_t i = 0; i < value_count(rows); i++)
        if (!value_get_bool(value_at(rows, i), "holds"))
            return value_at(rows, i);
    return NULL;
}

/* The grant that holds, or the one that fails least. */
static const value_t *
best_grant(const value_t *grants)
{
    const value_t *best = NULL;
    size_t least = SIZE_MAX;
    for (size_t i = 0; i < value_count(grants); i++) {
        const value_t *grant = value_at(grants, i);
        size_t failed =
            value_get(grant, "why") ? SIZE_MAX - 1 : (size_t)value_get_integer(grant, "failed");
        if (failed < least) {
            best = grant;
            least = failed;
        }
    }
    return best;
}

static const value_t *
wrong_input(const value_t *inputs)
{
    for (size_t i = 0; i < value_count(inputs); i++)
        if (value_get(value_at(inputs, i), "why"))
            return value_at(inputs, i);
    return NULL;
}

/* What kept it from running by itself; an empty text where nothing did. */
static void
find_obstacle(const value_t *map, bytes_t *out)
{
    const value_t *input = wrong_input(value_get(map, "inputs"));
    const value_t *grant = best_grant(value_get(map, "grants"));
    const value_t *row = grant ? failed_condition(value_get(grant, "conditions")) : NULL;
    if (!value_get_bool(map, "triggered"))
        bytes_addf(out, "'%s' does not trigger it", value_get_text(map, "name"));
    else if (!value_get(map, "worker"))
        bytes_add_text(out, "no worker looks after the alert's host");
    else if (input)
        bytes_addf(out, "input '%s': %s", value_get_text(input, "name"),
                   value_get_text(input, "why"));
    else if (!grant)
        bytes_add_text(out, "the broker holds no grant for it");
    else if (row)
        bytes_addf(out, "grant %.*s: %s: %s", VERDICT_DIGITS, value_get_text(grant, "grant"),
                   value_get_text(row, "condition"), value_get_text(row, "why"));
    else if (!value_get_bool(grant, "holds"))
        bytes_addf(out, "grant %.*s: %s", VERDICT_DIGITS, value_get_text(grant, "grant"),
                   value_get_text(grant, "why"));
}

value_t *
verdict_of(const scene_t *scene, const revision_t *revision)
{
    const alert_t *alert = scene->alert;
    const char *name = alert_field(alert, "labels.alertname");
    const worker_line_t *worker = trust_host(scene->trust, alert->host, NULL);
    value_t *map = value_map();
    CLEANUP(bytes_destroy) bytes_t *obstacle = bytes_new();
    hash_t hash = hash_of(revision->release);
    value_set_text(map, "title", revision->title);
    value_set_text(map, "playbook", revision->manifest->playbook);
    if (revision->release.size)
        set_hash(map, "release", &hash);
    if (worker)
        value_set_text(map, "worker", worker->id);
    set_triggers(map, revision->manifest, name ? name : "");
    set_inputs(map, revision->manifest, alert);
    set_grants(map, scene, revision);
    find_obstacle(map, obstacle);
    value_set_bool(map, "fires", !obstacle->size);
    value_set_text(map, "because",
                   obstacle->size ? bytes_text(obstacle) : "a grant covers it whole");
    return map;
}
