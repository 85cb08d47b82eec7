/* SPDX-License-Identifier: Apache-2.0 */
#include "wire/walk.h"

#include <assert.h>
#include <stdlib.h>

typedef enum { STATE_PENDING, STATE_RUNNING, STATE_GOOD, STATE_FAILED, STATE_UNDOING } state_t;

/* In this order; a walk never goes back. */
typedef enum { STAGE_FORWARD, STAGE_FAILURE, STAGE_UNDO, STAGE_ALWAYS, STAGE_END } stage_t;

typedef struct {
    state_t state;
    unsigned attempt;   /* the next one, or the one that runs */
    bool touched;       /* has what an undo may have to take back */
    bool undo_ended;    /* whichever way */
    size_t ended_after; /* how many strides had ended before it did */
} mark_t;

struct walk {
    const manifest_t *manifest;
    stage_t stage;
    bool failed, unknown, halted, undo_denied, undo_only;
    bool without_once;     /* steps that are once have no place here */
    size_t running, ended; /* strides */
    mark_t marks[MANIFEST_STEPS_MAX];
};

walk_t *
walk_new(const manifest_t *manifest)
{
    walk_t *self = memory_new(1, sizeof *self);
    self->manifest = manifest;
    for (size_t i = 0; i < manifest->step_count; i++)
        self->marks[i].attempt = 1;
    return self;
}

void
walk_destroy(walk_t **self_p)
{
    free(*self_p);
    *self_p = NULL;
}

static size_t
index_of(const walk_t *self, const char *step)
{
    const manifest_step_t *found = manifest_step(self->manifest, step);
    assert(found);
    return (size_t)(found - self->manifest->steps);
}

/* ---- what may begin ---------------------------------------------------------------------- */

static bool
stands_for_failure(const walk_t *self, size_t step, bool *failed)
{
    const manifest_t *manifest = self->manifest;
    bool any = false;
    for (size_t i = 0; i < manifest->failure_count; i++) {
        if (strcmp(manifest->failures[i].step, manifest->steps[step].name) != 0)
            continue;
        any = true;
        *failed = *failed ||
                  self->marks[index_of(self, manifest->failures[i].need)].state == STATE_FAILED;
    }
    return any;
}

/* The stage in which a step has its place; STAGE_END where it has none in this walk. */
static stage_t
stage_of(const walk_t *self, size_t step)
{
    bool failed = false;
    if (self->without_once && self->manifest->steps[step].once)
        return STAGE_END;
    if (self->manifest->steps[step].always)
        return STAGE_ALWAYS;
    if (!stands_for_failure(self, step, &failed))
        return STAGE_FORWARD;
    return failed ? STAGE_FAILURE : STAGE_END;
}

/* An `always` step waits for what it needs among its like, and is not kept back by the rest. */
static bool
has_needs(const walk_t *self, size_t step)
{
    const manifest_t *manifest = self->manifest;
    bool always = manifest->steps[step].always;
    for (size_t i = 0; i < manifest->need_count; i++) {
        if (strcmp(manifest->needs[i].step, manifest->steps[step].name) != 0)
            continue;
        size_t need = index_of(self, manifest->needs[i].need);
        state_t state = self->marks[need].state;
        bool ended = state == STATE_GOOD || state == STATE_FAILED;
        if (always ? manifest->steps[need].always && !ended : state != STATE_GOOD)
            return false;
    }
    return true;
}

static bool
may_begin(const walk_t *self, size_t step)
{
    return self->marks[step].state == STATE_PENDING && stage_of(self, step) == self->stage &&
           has_needs(self, step);
}

/* The step whose undo is next: the last that ended, of those that have something to take back. */
static bool
find_undo(const walk_t *self, size_t *step)
{
    bool found = false;
    for (size_t i = 0; i < self->manifest->step_count; i++) {
        const mark_t *mark = &self->marks[i];
        const manifest_step_t *entry = &self->manifest->steps[i];
        bool busy = mark->state == STATE_RUNNING || mark->state == STATE_UNDOING;
        bool has_undo = entry->has_undo || entry->kind == STEP_CALL;
        if (busy || !mark->touched || mark->undo_ended || !has_undo)
            continue;
        if (!found || mark->ended_after > self->marks[*step].ended_after)
            *step = i;
        found = true;
    }
    return found;
}

static bool
find_step(const walk_t *self, size_t *step)
{
    if (self->stage == STAGE_UNDO)
        return !self->undo_denied && !self->running && find_undo(self, step);
    for (size_t i = 0; self->stage < STAGE_END && i < self->manifest->step_count; i++) {
        if (may_begin(self, i)) {
            *step = i;
            return true;
        }
    }
    return false;
}

/* Goes on to the stage in which something runs or may begin. */
static void
settle(walk_t *self)
{
    size_t step;
    if (self->unknown || self->halted)
        self->stage = STAGE_END;
    while (!self->running && self->stage < STAGE_END && !find_step(self, &step)) {
        if (self->stage == STAGE_FORWARD && !self->failed)
            self->stage = STAGE_ALWAYS;
        else if (self->stage == STAGE_UNDO && self->undo_only)
            self->stage = STAGE_END;
        else
            self->stage++;
    }
}

static unsigned
pause_before(const manifest_step_t *step, unsigned attempt)
{
    unsigned pause = step->pause_s;
    for (unsigned i = 2; i < attempt && pause < WALK_PAUSE_MAX_S; i++)
        pause *= 2;
    return attempt == 1 ? 0 : pause < WALK_PAUSE_MAX_S ? pause : WALK_PAUSE_MAX_S;
}

bool
walk_next(walk_t *self, stride_t *out)
{
    size_t step;
    settle(self);
    if (self->running == WALK_PARALLEL_MAX || !find_step(self, &step))
        return false;
    mark_t *mark = &self->marks[step];
    bool undo = self->stage == STAGE_UNDO;
    *out = (stride_t){.step = step, .undo = undo, .attempt = undo ? 1 : mark->attempt};
    if (!undo)
        out->pause_s = pause_before(&self->manifest->steps[step], mark->attempt);
    mark->state = undo ? STATE_UNDOING : STATE_RUNNING;
    self->running++;
    return true;
}

/* ---- what ended -------------------------------------------------------------------------- */

/* The first failure for good keeps everything else of its stage from beginning. */
static void
fail(walk_t *self)
{
    self->failed = true;
    if (self->stage == STAGE_FORWARD)
        self->stage = STAGE_FAILURE;
}

bool
walk_never_began(fault_code_t why)
{
    static const fault_code_t codes[] = {
        FAULT_DENIED,  FAULT_OP,     FAULT_ARGUMENT, FAULT_CLASS,   FAULT_POLICY,
        FAULT_RATE,    FAULT_BUDGET, FAULT_WINDOW,   FAULT_EXPIRED, FAULT_STOPPED,
        FAULT_REVOKED, FAULT_FORMAT, FAULT_CONFLICT, FAULT_DRY,     FAULT_BEACON,
        FAULT_QUORUM,  FAULT_ROLE,   FAULT_SCOPE,    FAULT_VERSION,
    };
    for (size_t i = 0; i < ARRAY_SIZE(codes); i++)
        if (why == codes[i])
            return true;
    return false;
}

bool
walk_is_final(fault_code_t why)
{
    static const fault_code_t codes[] = {
        FAULT_FORMAT,  FAULT_DENIED,  FAULT_WINDOW, FAULT_EXPIRED, FAULT_CLASS,    FAULT_INPUT,
        FAULT_STOPPED, FAULT_REVOKED, FAULT_POLICY, FAULT_OP,      FAULT_ARGUMENT,
    };
    for (size_t i = 0; i < ARRAY_SIZE(codes); i++)
        if (codes[i] == why)
            return true;
    return false;
}

/* Once a step failed for good, the others of its stage get no further attempt. */
static bool
may_retry(const walk_t *self, const stride_t *stride, fault_code_t why)
{
    bool forward = stage_of(self, stride->step) == STAGE_FORWARD;
    return stride->attempt <= self->manifest->steps[stride->step].retries && !walk_is_final(why) &&
           !(forward && self->failed);
}

static void
end_step(walk_t *self, const stride_t *stride, const walk_end_t *end)
{
    mark_t *mark = &self->marks[stride->step];
    outcome_t outcome = end->outcome;
    bool good = outcome == OUTCOME_OK || outcome == OUTCOME_SKIPPED;
    mark->touched = mark->touched || end->touched || outcome == OUTCOME_OK;
    mark->ended_after = self->ended++;
    if (good) {
        mark->state = STATE_GOOD;
    } else if (outcome == OUTCOME_STOPPED) {
        mark->state = STATE_PENDING; /* and so it stays */
    } else if (outcome == OUTCOME_FAILED && may_retry(self, stride, end->why)) {
        mark->state = STATE_PENDING;
        mark->attempt = stride->attempt + 1;
    } else {
        mark->state = STATE_FAILED;
        fail(self);
    }
}

static void
end_undo(walk_t *self, const stride_t *stride, outcome_t outcome)
{
    mark_t *mark = &self->marks[stride->step];
    mark->undo_ended = true;
    mark->touched = outcome != OUTCOME_OK;
    mark->state = STATE_GOOD;
    self->ended++;
    self->failed = self->failed || outcome != OUTCOME_OK;
}

/* A stride that this walk did not give had its place in this stage at the latest. */
static void
catch_up(walk_t *self, const stride_t *stride)
{
    stage_t stage = stride->undo ? STAGE_UNDO : stage_of(self, stride->step);
    self->stage = self->stage < stage ? stage : self->stage;
}

/* Whether a stride that this walk did not give can have ended now: one of before a restart. */
static bool
can_have_ended(const walk_t *self, const stride_t *stride)
{
    size_t next;
    if (stride->undo)
        return find_undo(self, &next) && next == stride->step;
    return self->marks[stride->step].state == STATE_PENDING && has_needs(self, stride->step) &&
           stage_of(self, stride->step) != STAGE_END;
}

bool
walk_ended(walk_t *self, const stride_t *stride, const walk_end_t *end)
{
    outcome_t outcome = end->outcome;
    if (stride->step >= self->manifest->step_count || outcome == OUTCOME_OPEN)
        return false;
    const mark_t *mark = &self->marks[stride->step];
    bool running = mark->state == (stride->undo ? STATE_UNDOING : STATE_RUNNING);
    if ((!running && !can_have_ended(self, stride)) ||
        stride->attempt != (stride->undo ? 1 : mark->attempt))
        return false;
    if (running)
        self->running--;
    else
        catch_up(self, stride);
    self->unknown = self->unknown || outcome == OUTCOME_UNKNOWN;
    self->halted = self->halted || outcome == OUTCOME_STOPPED;
    if (stride->undo)
        end_undo(self, stride, outcome);
    else
        end_step(self, stride, end);
    return true;
}

void
walk_leave_out_once(walk_t *self)
{
    assert(!self->running && !self->ended);
    self->without_once = true;
}

void
walk_withdraw(walk_t *self, const stride_t *stride)
{
    mark_t *mark = &self->marks[stride->step];
    assert(mark->state == (stride->undo ? STATE_UNDOING : STATE_RUNNING));
    mark->state = stride->undo ? STATE_GOOD : STATE_PENDING;
    self->running--;
}

void
walk_skip_done(walk_t *self, size_t step, bool touched)
{
    assert(self->marks[step].state == STATE_PENDING);
    self->marks[step].state = STATE_GOOD;
    self->marks[step].touched = touched || self->manifest->steps[step].kind == STEP_CALL;
    self->marks[step].ended_after = self->ended++;
}

void
walk_halt(walk_t *self)
{
    self->halted = true;
}

void
walk_deny_undo(walk_t *self)
{
    self->undo_denied = true;
}

void
walk_begin_undo(walk_t *self)
{
    assert(!self->running);
    self->undo_only = true;
    self->failed = false; /* from here on: whether an undo did */
    self->stage = STAGE_UNDO;
}

/* ---- what is to be seen ------------------------------------------------------------------ */

size_t
walk_running(const walk_t *self)
{
    return self->running;
}

/* Whether a halt kept any step from beginning, or from being undone where that is all there is. */
static bool
is_cut_short(const walk_t *self)
{
    size_t step;
    if (self->undo_only)
        return self->halted && find_undo(self, &step);
    for (size_t i = 0; self->halted && i < self->manifest->step_count; i++)
        if (self->marks[i].state == STATE_PENDING && stage_of(self, i) != STAGE_END)
            return true;
    return false;
}

/* Whether a caller wanted it undone, and the time for that was over first. */
static bool
is_undone_too_late(const walk_t *self)
{
    size_t step;
    return self->undo_only && self->undo_denied && find_undo(self, &step);
}

outcome_t
walk_part(walk_t *self)
{
    settle(self);
    return self->running || self->stage < STAGE_END ? OUTCOME_OPEN
           : self->unknown                          ? OUTCOME_UNKNOWN
           : self->failed                           ? OUTCOME_FAILED
           : is_cut_short(self)                     ? OUTCOME_STOPPED
           : is_undone_too_late(self)               ? OUTCOME_FAILED
                                                    : OUTCOME_OK;
}

bool
walk_undo_cut_short(const walk_t *self)
{
    size_t step;
    bool began = false;
    for (size_t i = 0; i < self->manifest->step_count; i++)
        began = began || self->marks[i].undo_ended;
    return began && self->undo_denied && find_undo(self, &step);
}
