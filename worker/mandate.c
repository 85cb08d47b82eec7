/* SPDX-License-Identifier: Apache-2.0 */
#include <assert.h>
#include <stdio.h>
#include <stdlib.h>

#include "wire/bundle.h"
#include "wire/message.h"
#include "worker/brief.h"
#include "worker/mandate_private.h"

#define UNDO_MAX_MS (24 * INT64_C(3600000)) /* under a grant, from its first op */

static void
play_clear(play_t *self)
{
    manifest_destroy(&self->manifest);
    value_destroy(&self->inputs);
    frames_destroy(&self->callee);
}

void
mandate_destroy(mandate_t **self_p)
{
    mandate_t *self = *self_p;
    if (!self)
        return;
    for (size_t i = 0; i < self->play_count; i++)
        play_clear(&self->plays[i]);
    free(self->plays);
    free(self->consents);
    frames_destroy(&self->message);
    warrant_destroy(&self->warrant);
    free(self);
    *self_p = NULL;
}

const hash_t *
mandate_run(const mandate_t *self)
{
    return &self->warrant->run;
}

const char *
mandate_playbook(const mandate_t *self)
{
    return self->plays[0].manifest->playbook;
}

const signers_t *
mandate_orderers(const mandate_t *self)
{
    return &self->warrant->orderers;
}

const hash_t *
mandate_authority(const mandate_t *self)
{
    return &self->warrant->authority;
}

wall_t
mandate_from(const mandate_t *self)
{
    return self->warrant->order ? self->warrant->order->not_before : (wall_t){0};
}

class_t
mandate_allowed(const mandate_t *self)
{
    return self->allowed;
}

bool
mandate_is_dry(const mandate_t *self)
{
    return self->warrant->order && self->warrant->order->dry;
}

class_t
mandate_class(const mandate_t *self)
{
    return mandate_is_dry(self) ? CLASS_OBSERVE : self->plays[0].highest;
}

bool
mandate_by_grant(const mandate_t *self)
{
    return self->warrant->grant;
}

bool
mandate_breaks_glass(const mandate_t *self)
{
    return self->warrant->order && order_breaks_glass(self->warrant->order);
}

/* ---- the warrant ------------------------------------------------------------------------- */

static int
read_proof(const frames_t *message, proof_t *proof, fault_t *fault)
{
    const char *kind = frames_text(message, 2);
    *proof = (proof_t){
        .by_grant = !strcmp(kind, "grant"),
        .authority = frames_at(message, 3),
        .authority_armors = frames_at(message, 4),
        .alert = frames_at(message, 5),
        .alert_armors = frames_at(message, 6),
        .release = frames_at(message, 7),
        .release_armors = frames_at(message, 8),
        .place = frames_at(message, 10),
    };
    if (!proof->by_grant && strcmp(kind, "order") != 0)
        return fault_set(fault, FAULT_FORMAT, "'%.20s' is neither order nor grant", kind);
    return 0;
}

/* The run's id, of bytes that nobody verified yet. */
static bool
run_of(const proof_t *proof, hash_t *run)
{
    fault_t ignored;
    *run = hash_of(proof->authority);
    if (!proof->by_grant)
        return true;
    CLEANUP(alert_destroy) alert_t *alert = alert_decode(proof->alert, &ignored);
    if (alert)
        *run = grant_run(run, alert);
    return alert;
}

static bool
is_about_time(fault_code_t code)
{
    return code == FAULT_WINDOW || code == FAULT_EXPIRED || code == FAULT_STALE;
}

/* The moment by which a run is judged that the journal knows something of: that of its first op;
 * before there is one, the beginning of its order's window, where that had come and the clock has
 * gone back since. ms 0 where it knows nothing. */
static wall_t
moment_of(const proof_t *proof, const lawbook_t *by)
{
    hash_t run;
    const journal_entry_t *first = run_of(proof, &run) ? journal_first(by->journal, &run) : NULL;
    if (first)
        return first->begun;
    CLEANUP(order_destroy)
    order_t *order = proof->by_grant ? NULL : order_decode(proof->authority, NULL);
    bool had_begun = order && by->now.ms < order->not_before.ms &&
                     journal_seen(by->journal).ms >= order->not_before.ms;
    return had_begun ? order->not_before : (wall_t){0};
}

/* The window bounds starting: a run that the journal knows can finish after a restart. */
static warrant_t *
prove(proof_t *proof, const lawbook_t *by, fault_t *fault)
{
    fault_t why = {0};
    warrant_t *warrant = trust_check(by->trust, proof, by->worker, by->now, &why);
    if (!warrant && is_about_time(why.code))
        proof->accepted = moment_of(proof, by);
    if (proof->accepted.ms) {
        wall_t at = by->now.ms < proof->accepted.ms ? proof->accepted : by->now;
        return trust_check(by->trust, proof, by->worker, at, fault);
    }
    if (!warrant)
        fault_set(fault, why.code, "%s", why.text);
    return warrant;
}

/* What was signed for a host behind this worker must not be done to the worker itself. */
static int
check_target(const warrant_t *warrant, const lawbook_t *by, fault_t *fault)
{
    if (warrant->order && strcmp(warrant->target, by->worker) != 0)
        return fault_set(fault, FAULT_TARGET, "'%s': this worker reaches no other host yet",
                         warrant->target);
    return 0;
}

static play_t *
add_play(mandate_t *self)
{
    self->plays =
        memory_grow(self->plays, self->play_count, &self->play_capacity, sizeof *self->plays);
    play_t *play = &self->plays[self->play_count++];
    *play = (play_t){0};
    return play;
}

static int
add_own(mandate_t *self, slice_t manifest, fault_t *fault)
{
    const warrant_t *warrant = self->warrant;
    play_t *own = add_play(self);
    own->release = warrant->release_hash;
    own->highest = warrant->release->highest;
    own->manifest = bundle_manifest(warrant->release, manifest, fault);
    if (own->manifest &&
        (!warrant->order || !manifest_check_order(own->manifest, warrant->order, fault)))
        own->inputs = manifest_inputs_of(own->manifest, warrant, fault);
    return own->inputs ? 0 : -1;
}

mandate_t *
mandate_new(const frames_t *message, const lawbook_t *by, fault_t *fault)
{
    proof_t proof;
    CLEANUP(mandate_destroy) mandate_t *self = memory_new(1, sizeof *self);
    if (read_proof(message, &proof, fault))
        return NULL;
    self->warrant = prove(&proof, by, fault);
    if (!self->warrant || check_target(self->warrant, by, fault) ||
        add_own(self, frames_at(message, 9), fault))
        return NULL;
    assert(self->warrant->order || self->warrant->grant);
    alert_destroy(&self->warrant->alert);
    self->allowed = mandate_is_dry(self) ? CLASS_OBSERVE : self->warrant->allowed;
    self->documents = by->documents;
    self->message = frames_new();
    for (size_t i = 0; i < message->count; i++)
        frames_add(self->message, frames_at(message, i));
    return MOVE(self);
}

/* ---- callees ----------------------------------------------------------------------------- */

/* Which play a path's first size characters name. */
static play_t *
find_play(const mandate_t *self, const char *path, size_t size)
{
    for (size_t i = 0; i < self->play_count; i++)
        if (slice_is(slice_of(path, size), self->plays[i].path))
            return (play_t *)&self->plays[i];
    return NULL;
}

const play_t *
mandate_step(const mandate_t *self, const char *path, const manifest_step_t **step)
{
    const char *name = step_path_valid(path) ? step_path_name(path) : "";
    size_t front = name > path ? (size_t)(name - path) - 1 : 0;
    const play_t *play = *name ? find_play(self, path, front) : NULL;
    *step = play ? manifest_step(play->manifest, name) : NULL;
    return *step ? play : NULL;
}

static release_t *
check_callee(const mandate_t *self, const frames_t *callee, const lawbook_t *by, fault_t *fault)
{
    return trust_check_callee(by->trust, self->warrant, frames_at(callee, 4), frames_at(callee, 5),
                              fault);
}

static int
read_callee(const mandate_t *self, const frames_t *callee, const release_t *release, play_t *play,
            fault_t *fault)
{
    const manifest_step_t *step;
    const char *path = frames_text(callee, 3);
    const play_t *caller = mandate_step(self, path, &step);
    if (!caller || step->kind != STEP_CALL || strcmp(step->callee, release->playbook) != 0 ||
        path_depth(path) == STEP_DEPTH_MAX)
        return fault_set(fault, FAULT_DENIED, "no step '%.80s' of this run calls '%s'", path,
                         release->playbook);
    CLEANUP(memory_free)
    input_text_t *texts = memory_new(ORDER_INPUTS_MAX, sizeof *texts);
    size_t count = manifest_given(caller->manifest, step, caller->inputs, texts);
    text_copy(play->path, sizeof play->path, path);
    play->release = hash_of(frames_at(callee, 4));
    play->highest = release->highest;
    play->manifest = bundle_manifest(release, frames_at(callee, 6), fault);
    if (play->manifest && !manifest_check_called(play->manifest, fault))
        play->inputs = manifest_inputs(play->manifest, texts, count, fault);
    return play->inputs ? 0 : -1;
}

int
mandate_add_callee(mandate_t *self, const frames_t *callee, const lawbook_t *by, fault_t *fault)
{
    CLEANUP(play_clear) play_t play = {0};
    CLEANUP(release_destroy) release_t *release = check_callee(self, callee, by, fault);
    if (!release || read_callee(self, callee, release, &play, fault))
        return -1;
    play_t *slot = find_play(self, play.path, strlen(play.path));
    if (!slot && self->play_count == MANDATE_SCRIPTS_MAX)
        return fault_set(fault, FAULT_LIMIT, "its steps call over %d playbooks",
                         MANDATE_SCRIPTS_MAX - 1);
    if (!slot)
        slot = add_play(self);
    play_clear(slot);
    play.callee = frames_new();
    for (size_t i = 0; i < callee->count; i++)
        frames_add(play.callee, frames_at(callee, i));
    *slot = play;
    play = (play_t){0};
    return 0;
}

const hash_t *
mandate_release(const mandate_t *self, const char *path)
{
    const manifest_step_t *step;
    const play_t *play = mandate_step(self, path, &step);
    return play ? &play->release : NULL;
}

/* ---- ops --------------------------------------------------------------------------------- */

static int
check_halts(const mandate_t *self, const lawbook_t *by, fault_t *fault)
{
    const fleet_t *fleet = NULL;
    trust_worker(by->trust, by->worker, &fleet);
    for (size_t i = 0; i < self->play_count; i++)
        if (trust_check_halts(by->trust, &self->warrant->run, self->plays[i].manifest->playbook,
                              fleet ? fleet->region : NULL, fault))
            return -1;
    return 0;
}

/* It is no earlier than the newest document says: a clock that went back hides no revocation. */
static wall_t
latest(const lawbook_t *by)
{
    const people_t *people = trust_people(by->trust);
    wall_t now = by->now;
    if (people && people->issued.ms > now.ms)
        now = people->issued;
    for (size_t i = 0; i < trust_fleet_count(by->trust); i++)
        if (trust_fleet(by->trust, i)->issued.ms > now.ms)
            now = trust_fleet(by->trust, i)->issued;
    return now;
}

/* A run's own proof, as of its first op; what only time changed takes nothing back from a run that
 * began. */
static int
prove_again(mandate_t *self, const lawbook_t *by, fault_t *fault)
{
    proof_t proof;
    fault_t why = {0};
    if (read_proof(self->message, &proof, fault))
        return -1;
    const journal_entry_t *first = journal_first(by->journal, &self->warrant->run);
    if (first)
        proof.accepted = first->begun;
    CLEANUP(warrant_destroy)
    warrant_t *warrant = trust_check(by->trust, &proof, by->worker, latest(by), &why);
    CLEANUP(release_destroy)
    release_t *release =
        !warrant && is_about_time(why.code)
            ? trust_check_release(by->trust, proof.release, proof.release_armors, &why)
            : NULL;
    if (!warrant && !release)
        return fault_set(fault, why.code, "%s", why.text);
    if (warrant && !mandate_is_dry(self))
        self->allowed = warrant->allowed;
    return 0;
}

/* Documents came since it held last: who signed it may have been revoked, its release be below a
 * floor. */
static int
hold_again(mandate_t *self, const lawbook_t *by, fault_t *fault)
{
    if (prove_again(self, by, fault))
        return -1;
    for (size_t i = 1; i < self->play_count; i++) {
        CLEANUP(release_destroy)
        release_t *release = check_callee(self, self->plays[i].callee, by, fault);
        if (!release)
            return -1;
    }
    self->documents = by->documents;
    return 0;
}

int
mandate_check_still(mandate_t *self, const lawbook_t *by, fault_t *fault)
{
    if (check_halts(self, by, fault))
        return -1;
    if (self->documents != by->documents && hold_again(self, by, fault))
        return fault_wrap(fault, "what was granted holds no more");
    return 0;
}

/* A step that runs once, and what it calls, is not done on another target than the last. */
static int
check_once(const mandate_t *self, const char *path, fault_t *fault)
{
    char name[TEXT_NAME_MAX + 1];
    snprintf(name, sizeof name, "%.*s", (int)strcspn(path, "/"), path);
    const manifest_step_t *step = manifest_step(self->plays[0].manifest, name);
    if (!step->once || manifest_once_is_here(self->warrant))
        return 0;
    return fault_set(fault, FAULT_DENIED, "step '%s' runs on the last wave's target only", name);
}

int
mandate_check_act(const mandate_t *self, const act_t *act, fault_t *fault)
{
    const manifest_step_t *step;
    const play_t *play = mandate_step(self, act->step, &step);
    if (!play)
        return fault_set(fault, FAULT_OP, "there is no step '%.80s' in this run", act->step);
    if (act->phase == PHASE_UNDO && !step->has_undo)
        return fault_set(fault, FAULT_DENIED, "step '%.80s' has no undo", act->step);
    uint64_t most = act->phase == PHASE_UNDO ? 1 : step->retries + 1u;
    if (act->attempt < 1 || act->attempt > most)
        return fault_set(fault, FAULT_DENIED, "attempt %llu of '%.80s', which has at most %llu",
                         (unsigned long long)act->attempt, act->step, (unsigned long long)most);
    if (manifest_allows(play->manifest, step->name, act->op->name, act->arguments, play->inputs,
                        fault) ||
        op_check(act->op, act->arguments, fault))
        return -1;
    return check_once(self, act->step, fault) ? -1 : mandate_check_consents(self, act->step, fault);
}

int
mandate_check_class(const mandate_t *self, const act_t *act, fault_t *fault)
{
    class_t least = act->worst > act->op->least ? act->worst : act->op->least;
    if (least > CLASS_OBSERVE && mandate_is_dry(self))
        return fault_set(fault, FAULT_CLASS, "%s is %s, and this is a dry run", act->op->name,
                         class_word(least));
    if (least > self->allowed)
        return fault_set(fault, FAULT_CLASS, "%s is %s%s; those who signed reach %s", act->op->name,
                         class_word(least),
                         least > act->op->least ? ", as the policy of this machine says" : "",
                         class_word(self->allowed));
    return 0;
}

static int
check_undo(const mandate_t *self, const journal_entry_t *first, wall_t now, fault_t *fault)
{
    const order_t *order = self->warrant->order;
    int64_t from = first ? first->begun.ms : now.ms;
    int64_t until = order ? order->undo_until.ms : from + UNDO_MAX_MS;
    if (now.ms > until)
        return fault_set(fault, FAULT_EXPIRED, "the time for undoing this run is over");
    return 0;
}

static int
check_first(const mandate_t *self, const lawbook_t *by, fault_t *fault)
{
    const order_t *order = self->warrant->order;
    const grant_t *grant = self->warrant->grant;
    if (by->now.ms > (order ? order->not_after : grant->expires).ms)
        return fault_set(fault, FAULT_WINDOW, "the window for starting this run is over");
    if (by->now.ms < (order ? order->not_before : grant->issued).ms &&
        (grant || journal_seen(by->journal).ms < order->not_before.ms))
        return fault_set(fault, FAULT_WINDOW,
                         "by this machine's clock the window for starting this run has not begun");
    if (!grant)
        return 0;
    wall_t since = {by->now.ms - (int64_t)grant->budget_s * 1000};
    if (journal_count_runs(by->journal, &self->warrant->authority, since) >= grant->budget_runs)
        return fault_set(fault, FAULT_BUDGET, "the grant allows %llu runs within %llu s here",
                         (unsigned long long)grant->budget_runs,
                         (unsigned long long)grant->budget_s);
    return 0;
}

int
mandate_check_time(const mandate_t *self, const act_t *act, const lawbook_t *by, fault_t *fault)
{
    const journal_entry_t *first = journal_first(by->journal, &self->warrant->run);
    const order_t *order = self->warrant->order;
    if (order && order_end(order).ms < journal_seen(by->journal).ms)
        return fault_set(fault, FAULT_EXPIRED,
                         "by the journal of this worker the time of this run is over: look whether "
                         "its clock was ahead");
    if (act->phase == PHASE_UNDO && (first || self->warrant->order))
        return check_undo(self, first, by->now, fault);
    if (!first)
        return check_first(self, by, fault);
    if (by->now.ms > first->begun.ms + ORDER_FINISH_MAX_MS)
        return fault_set(fault, FAULT_WINDOW, "this run began over 72 hours ago");
    return 0;
}
