/* SPDX-License-Identifier: Apache-2.0 */
#include "worker/attempt.h"

#include <assert.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/wait.h>

#include "wire/sealed.h"
#include "worker/effects.h"
#include "worker/foresight.h"

#define LABEL_MAX    (STEP_PATH_MAX + 32)
#define ASKED_MAX    320
#define LAST_WORD_MS 2000 /* for the runner of a step that is stopped, once its op is answered */

struct attempt {
    workplace_t *place;
    transcript_t *transcript;
    play_t *play, *callee;
    stride_t stride;
    attempt_state_t state;
    char path[STEP_PATH_MAX];
    char label[LABEL_MAX];     /* in the transcript */
    size_t unsaid;             /* lines that the transcript has from before a restart */
    uint64_t number;           /* names its ops to the effector */
    wall_t started;            /* ms 0: not yet */
    mono_t deadline;           /* of its present state */
    uint64_t runner;           /* 0 where none */
    bool task_given;           /* to the runner */
    bool may;                  /* a `when` said so */
    bool hurried;              /* its deadline is that of a last word */
    question_t question;       /* of a step that asks a person */
    effects_t *effects;        /* ours */
    char asked[ASKED_MAX];     /* the op in question and its arguments, of a dry run */
    char note[FAULT_TEXT_MAX]; /* of one that ended well; "" for none */
    fault_t given_up;          /* why its runner was; code 0 while it was not */
    fault_t stopping;          /* why it may only end; code 0 while it may go on */
    outcome_t outcome;         /* the rest only once it is over */
    fault_t why;               /* unless it ended well */
    value_t *output;           /* ours; may be NULL */
    hash_t consent;            /* that it waited for; zero where none */
};

attempt_t *
attempt_new(workplace_t *place, transcript_t *transcript, play_t *play, play_t *callee,
            const stride_t *stride)
{
    char again[16] = "";
    attempt_t *self = memory_new(1, sizeof *self);
    self->place = place;
    self->transcript = transcript;
    self->play = play;
    self->callee = callee;
    self->stride = *stride;
    self->number = ++place->attempts;
    play_path(play, stride->step, self->path);
    if (stride->attempt > 1)
        snprintf(again, sizeof again, " #%u", stride->attempt);
    snprintf(self->label, sizeof self->label, "%s%s%s", self->path, stride->undo ? " undo" : "",
             again);
    attempt_key_t key = {play->brief->warrant->run, self->path,
                         stride->undo ? PHASE_UNDO : PHASE_RUN, stride->attempt};
    self->effects = effects_new(place, &key, play->brief->warrant, self->number);
    self->question =
        (question_t){.play = play, .step = play_step(play, stride), .path = self->path};
    return self;
}

void
attempt_destroy(attempt_t **self_p)
{
    attempt_t *self = *self_p;
    if (!self)
        return;
    effects_destroy(&self->effects);
    value_destroy(&self->output);
    free(self);
    *self_p = NULL;
}

attempt_state_t
attempt_state(const attempt_t *self)
{
    return self->state;
}

play_t *
attempt_play(const attempt_t *self)
{
    return self->play;
}

const stride_t *
attempt_stride(const attempt_t *self)
{
    return &self->stride;
}

const question_t *
attempt_question(const attempt_t *self)
{
    return &self->question;
}

uint64_t
attempt_runner(const attempt_t *self)
{
    return self->runner;
}

bool
attempt_asked(const attempt_t *self, uint64_t number)
{
    return self->number == number && effects_waiting(self->effects);
}

mono_t
attempt_deadline(const attempt_t *self)
{
    return self->deadline;
}

static const manifest_step_t *
step_of(const attempt_t *self)
{
    return play_step(self->play, &self->stride);
}

static void
say(attempt_t *self, const char *text)
{
    if (self->unsaid)
        self->unsaid--;
    else
        transcript_say(self->transcript, self->label, text);
}

/* ---- its end ----------------------------------------------------------------------------- */

/* A script's text may have several lines, and a fault may have cut a character in two: what is left
 * is free text, or nothing is said. */
void
reason_write(char out[static FAULT_TEXT_MAX], const char *text)
{
    _Static_assert(FAULT_TEXT_MAX <= ORDER_REASON_MAX, "a fault's text is a reason");
    text_copy(out, FAULT_TEXT_MAX, text);
    for (char *at = out; *at; at++)
        if ((unsigned char)*at < ' ' || *at == 0x7f)
            *at = ' ';
    size_t size = strlen(out);
    for (int cut = 0; cut < 3 && size && !text_is_free(slice_of(out, size)); cut++)
        out[--size] = '\0';
    if (!size || !text_is_free(slice_of(out, size)))
        text_copy(out, FAULT_TEXT_MAX, "-");
}

static void
say_end(attempt_t *self)
{
    char line[FAULT_TEXT_MAX + 64];
    if (self->why.code)
        snprintf(line, sizeof line, "%s (%s): %s", outcome_word(self->outcome),
                 fault_word(self->why.code), self->why.text);
    else
        snprintf(line, sizeof line, "%s%s%s", outcome_word(self->outcome),
                 self->note[0] ? ": " : "", self->note);
    say(self, line);
}

static void
release_runner(attempt_t *self)
{
    if (self->runner)
        runners_release(&self->place->runners);
    self->runner = 0;
}

/* What follows a fix that was not done is no more than likely. */
static void
note_prediction(attempt_t *self, bool good)
{
    if (self->note[0] || !(self->play->foretold || effects_foretold(self->effects)))
        return;
    if (good)
        text_copy(self->note, sizeof self->note, "predicted");
    else
        fault_wrap(&self->why, "predicted");
}

/* Takes over output. */
static void
finish(attempt_t *self, outcome_t outcome, value_t *output, const fault_t *why)
{
    bool good = outcome == OUTCOME_OK || outcome == OUTCOME_SKIPPED;
    if (!good && effects_unsettled(self->effects))
        outcome = OUTCOME_UNKNOWN; /* whatever else went wrong */
    if (self->runner)
        runners_kill(&self->place->runners, self->runner);
    release_runner(self);
    if (self->state == ATTEMPT_CALLING)
        self->play->calling = self->callee->active = false;
    self->state = ATTEMPT_OVER;
    self->deadline = (mono_t){0};
    self->outcome = outcome;
    self->output = output;
    if (!good)
        self->why = *why;
    note_prediction(self, good);
    say_end(self);
}

/* Or it is stopped, where that is why it was given up. */
static void
fail(attempt_t *self, const fault_t *why)
{
    bool stopped = halt_caused(self->given_up.code);
    outcome_t outcome = stopped ? OUTCOME_STOPPED : OUTCOME_FAILED;
    finish(self, outcome, NULL, why);
}

static void
lose(attempt_t *self, const fault_t *why)
{
    finish(self, OUTCOME_UNKNOWN, NULL, why);
}

/* Its runner is to end. What is in flight at the effector is waited for, as long as the step's time
 * lasts; then it fails. */
static void
give_up(attempt_t *self, const fault_t *why)
{
    self->given_up = *why;
    if (!effects_waiting(self->effects))
        self->deadline = (mono_t){0};
    if (self->runner) /* it is the attempt's until the spawner says that it is gone */
        runners_kill(&self->place->runners, self->runner);
    else if (!effects_waiting(self->effects))
        fail(self, why);
}

/* ---- its beginning ----------------------------------------------------------------------- */

/* What is left of the pause behind the attempt before. How much of it went by before a restart only
 * a clock that people set could tell: then it begins anew. */
static int64_t
pause_left(const attempt_t *self, mono_t clock)
{
    int64_t pause = (int64_t)self->stride.pause_s * 1000;
    int64_t ended = self->play->ended[self->stride.step].ms;
    int64_t left = ended ? ended + pause - clock.ms : pause;
    return left < 0 ? 0 : left;
}

static bool
asks_person(const attempt_t *self)
{
    return step_of(self)->kind == STEP_APPROVE || step_of(self)->kind == STEP_ASK;
}

int
attempt_begin(attempt_t *self, mono_t clock, fault_t *fault)
{
    if (effects_load(self->effects, fault))
        return -1;
    if (asks_person(self) && question_find(&self->question, self->place, fault))
        return -1;
    self->may = self->question.asked.ms;
    self->unsaid = transcript_count(self->transcript, self->label);
    int64_t left = pause_left(self, clock);
    self->state = left ? ATTEMPT_PAUSED : ATTEMPT_QUEUED;
    self->deadline.ms = left ? clock.ms + left : 0;
    return 0;
}

/* Once, however often it goes on. */
static void
start(attempt_t *self, wall_t now)
{
    if (self->started.ms)
        return;
    self->started = now;
    say(self, "begins");
}

/* The runner's mode; NULL where none is needed. */
static const char *
mode_of(const attempt_t *self)
{
    const manifest_step_t *step = step_of(self);
    bool runs = step->kind == STEP_RUN || step->kind == STEP_NOTIFY;
    if (self->stride.undo)
        return runs ? "undo" : NULL;
    return runs ? "step" : step->has_when && !self->may ? "when" : NULL;
}

static void
take_runner(attempt_t *self, wall_t now, mono_t clock)
{
    bool ready;
    uint64_t runner = runners_take(&self->place->runners, &ready);
    if (!runner)
        return;
    start(self, now);
    self->runner = runner;
    self->task_given = false;
    self->state = ATTEMPT_RUNNING;
    self->deadline.ms = clock.ms + (int64_t)step_of(self)->timeout_s * 1000;
    if (ready)
        attempt_on_ready(self);
}

static int
ask_person(attempt_t *self, wall_t now, mono_t clock, fault_t *fault)
{
    if (question_begin(&self->question, self->place, now, fault))
        return -1;
    int64_t wait = (int64_t)step_of(self)->wait_s * 1000, left = self->question.expires.ms - now.ms;
    start(self, now);
    self->state = ATTEMPT_ASKING;
    self->deadline.ms = clock.ms + (left < 0 ? 0 : left > wait ? wait : left);
    return 0;
}

static void
call(attempt_t *self, wall_t now)
{
    fault_t why = {0};
    if (self->play->calling)
        return;
    start(self, now);
    if (!self->callee) {
        fault_set(&why, FAULT_DENIED, "a run under a grant calls no other playbook");
        fail(self, &why);
        return;
    }
    self->callee->foretold = self->callee->foretold || self->play->foretold;
    self->state = ATTEMPT_CALLING;
    self->play->calling = self->callee->active = true;
    if (self->stride.undo)
        play_begin_undo(self->callee);
}

/* A receipt has room for what a step gave, sealed or not. */
static int
check_output(const attempt_t *self, const value_t *output, fault_t *fault)
{
    size_t most = self->play->brief->sealed ? SEALED_OUTPUT_MAX : VALUE_BYTES_MAX;
    CLEANUP(bytes_destroy) bytes_t *encoded = bytes_new();
    value_encode(output, encoded);
    if (encoded->size <= most)
        return 0;
    return fault_set(fault, FAULT_LIMIT, "step '%s' gave over %zu bytes", step_of(self)->name,
                     most);
}

/* What it called has ended, whichever way. */
static void
end_call(attempt_t *self)
{
    fault_t why = self->callee->why;
    outcome_t outcome = walk_part(self->callee->walk);
    if (outcome == OUTCOME_OPEN)
        return;
    if (!why.code)
        fault_set(&why, FAULT_FAILED, "'%s' did not end well", step_of(self)->callee);
    CLEANUP(value_destroy)
    value_t *output =
        outcome == OUTCOME_OK && !self->stride.undo ? play_output(self->callee) : NULL;
    if (output && check_output(self, output, &why))
        fail(self, &why);
    else if (outcome == OUTCOME_OK)
        finish(self, outcome, MOVE(output), NULL);
    else if (outcome == OUTCOME_STOPPED)
        finish(self, outcome, NULL, &self->given_up);
    else
        finish(self, outcome, NULL, &why);
}

/* In a dry run: it stands on what could not be foretold. */
static bool
skip_unseen(attempt_t *self, wall_t now)
{
    const char *need = self->stride.undo ? NULL : play_unseen_need(self->play, self->stride.step);
    if (!need || effects_count(self->effects))
        return false;
    start(self, now);
    snprintf(self->note, sizeof self->note,
             "predicted: what it would do stands on step '%s', of which that is not known", need);
    finish(self, OUTCOME_SKIPPED, NULL, NULL);
    return true;
}

/* The step's time is over, or the last word was not said: no op outlives that. */
static void
time_out(attempt_t *self)
{
    fault_t why = self->stopping;
    if (!why.code)
        fault_set(&why, FAULT_TIMEOUT, "the step was not done within %u s",
                  step_of(self)->timeout_s);
    effects_cut(self->effects);
    if (!self->given_up.code)
        give_up(self, &why);
    self->deadline = (mono_t){0};
}

static void
on_deadline(attempt_t *self, mono_t clock)
{
    fault_t why = {0};
    if (!self->deadline.ms || self->deadline.ms > clock.ms)
        return;
    if (self->state == ATTEMPT_PAUSED) {
        self->state = ATTEMPT_QUEUED;
        self->deadline = (mono_t){0};
    } else if (self->state == ATTEMPT_ASKING) {
        fault_set(&why, FAULT_EXPIRED, "nobody answered within %u s", step_of(self)->wait_s);
        fail(self, &why);
    } else if (self->state == ATTEMPT_RUNNING) {
        time_out(self);
    }
}

/* Of one that is stopped, once nothing is in flight. */
static void
limit_last_word(attempt_t *self, mono_t clock)
{
    mono_t latest = {clock.ms + LAST_WORD_MS};
    bool last = self->state == ATTEMPT_RUNNING && self->stopping.code && !self->given_up.code;
    if (!last || self->hurried || effects_waiting(self->effects))
        return;
    self->hurried = true;
    if (latest.ms < self->deadline.ms)
        self->deadline = latest;
}

int
attempt_go(attempt_t *self, wall_t now, mono_t clock, fault_t *fault)
{
    limit_last_word(self, clock);
    on_deadline(self, clock);
    if (self->state == ATTEMPT_CALLING)
        end_call(self);
    if (self->state != ATTEMPT_QUEUED || skip_unseen(self, now))
        return 0;
    if (mode_of(self))
        take_runner(self, now, clock);
    else if (asks_person(self))
        return ask_person(self, now, clock, fault);
    else
        call(self, now);
    return 0;
}

void
attempt_on_ready(attempt_t *self)
{
    CLEANUP(value_destroy)
    value_t *context = play_context(self->play, &self->stride, self->place);
    CLEANUP(bytes_destroy) bytes_t *encoded = bytes_new();
    if (self->given_up.code)
        return;
    value_encode(context, encoded);
    frames_t *task = frames_new();
    frames_add_text(task, "TASK");
    frames_add_text(task, mode_of(self));
    frames_add(task, bytes_slice(play_script(self->play)->text));
    frames_add_text(task, step_of(self)->name);
    frames_add(task, bytes_slice(encoded));
    outbox_add_early(self->place->outbox, TO_RUNNER, self->runner, task);
}

/* ---- ops --------------------------------------------------------------------------------- */

/* As lines of a diff. Whoever foretold it is believed no more than who acts. */
static void
say_changes(attempt_t *self, const value_t *would)
{
    char line[FORESIGHT_LINE_MAX + 8];
    const value_t *changes = value_get(would, "changes");
    size_t count = value_count(changes);
    for (size_t i = 0; i < count && i < FORESIGHT_LINES_MAX; i++) {
        snprintf(line, sizeof line, "%s", value_string(value_at(changes, i)));
        say(self, line);
    }
    int64_t left_out = value_get_integer(would, "left_out");
    if (left_out > 0) {
        snprintf(line, sizeof line, "  and %lld lines more", (long long)left_out);
        say(self, line);
    } else if (would && !count) {
        say(self, "  nothing would change");
    }
}

/* A fix of a dry run: the script goes on with what it would give. Where nobody can tell, the step
 * ends there. */
static void
tell_would(attempt_t *self, const effect_t *effect)
{
    CLEANUP(bytes_destroy) bytes_t *line = bytes_new();
    fault_t why = {0};
    CLEANUP(value_destroy)
    value_t *would = effect->result ? value_decode(bytes_slice(effect->result), &why) : NULL;
    const value_t *result = value_get(would, "result");
    bytes_addf(line, "WOULD %s", self->asked);
    if (result) {
        bytes_add_text(line, ": ");
        value_tell(result, line);
    }
    say(self, bytes_text(line));
    say_changes(self, would);
    if (result) {
        CLEANUP(bytes_destroy) bytes_t *encoded = bytes_new();
        frames_t *answer = frames_new();
        value_encode(result, encoded);
        frames_add_text(answer, "WOULD");
        frames_add(answer, bytes_slice(encoded));
        outbox_add(self->place->outbox, TO_RUNNER, self->runner, answer);
        return;
    }
    snprintf(self->note, sizeof self->note,
             "predicted: would call %.160s; what follows is not known", self->asked);
    finish(self, OUTCOME_SKIPPED, NULL, NULL);
}

static void
answer_runner(attempt_t *self, const effect_t *effect)
{
    char line[FAULT_TEXT_MAX + 96];
    if (fault_of(effect->code) == FAULT_DRY) {
        tell_would(self, effect);
        return;
    }
    frames_t *answer = frames_new();
    if (effect->result) {
        frames_add_text(answer, "RESULT");
        frames_add(answer, bytes_slice(effect->result));
        snprintf(line, sizeof line, "%s ok%s", effect->op,
                 effects_foretold(self->effects) ? ", as it is without what would be done" : "");
    } else {
        frames_add_text(answer, "FAULT");
        frames_add_text(answer, effect->code);
        frames_add_text(answer, effect->text);
        snprintf(line, sizeof line, "%s %s: %s", effect->op, effect->code, effect->text);
    }
    say(self, line);
    outbox_add(self->place->outbox, TO_RUNNER, self->runner, answer);
}

/* Of a fix in a dry run: "file.remove {path: "/var/log/a.1"}". */
static void
note_asked(attempt_t *self, const op_t *op, slice_t encoded)
{
    const order_t *order = self->play->brief->warrant->order;
    bool foretold = order && order->dry && op->least > CLASS_OBSERVE;
    CLEANUP(bytes_destroy) bytes_t *text = bytes_new();
    fault_t why = {0};
    CLEANUP(value_destroy) value_t *arguments = foretold ? value_decode(encoded, &why) : NULL;
    if (!arguments)
        return;
    bytes_addf(text, "%s ", op->name);
    value_tell(arguments, text);
    snprintf(self->asked, sizeof self->asked, "%s", bytes_text(text));
}

static int
on_op(attempt_t *self, const frames_t *frames, fault_t *fault)
{
    const op_t *op = op_find(frames_text(frames, 1));
    const effect_t *known = NULL;
    fault_t why = {0};
    if (!op)
        fault_set(&why, FAULT_OP, "there is no op '%.60s'", frames_text(frames, 1));
    else if (!effects_unasked(self->effects) && effects_count(self->effects) == RUNNER_OPS_MAX)
        fault_set(&why, FAULT_LIMIT, "over %d ops in one step", RUNNER_OPS_MAX);
    if (why.code) {
        fail(self, &why);
        return 0;
    }
    if (self->stopping.code && !effects_unasked(self->effects)) { /* what is recorded happened */
        give_up(self, &self->stopping);
        return 0;
    }
    assert(op);
    note_asked(self, op, frames_at(frames, 2));
    if ((op->least > CLASS_OBSERVE && transcript_flush(self->transcript, false, fault)) ||
        effects_ask(self->effects, op, frames_at(frames, 2), &known, &why, fault))
        return -1;
    if (why.code)
        lose(self, &why);
    else if (known)
        answer_runner(self, known);
    return 0;
}

int
attempt_on_effector(attempt_t *self, const frames_t *frames, fault_t *fault)
{
    const effect_t *effect = effects_answer(self->effects, frames, fault);
    fault_t why = self->given_up;
    if (!effect)
        return -1;
    if (fault_of(effect->code) == FAULT_UNKNOWN) {
        fault_set(&why, FAULT_UNKNOWN, "%s", effect->text);
        lose(self, &why);
    } else if (why.code) {
        fail(self, &why);
    } else {
        answer_runner(self, effect);
    }
    return 0;
}

/* ---- the runner -------------------------------------------------------------------------- */

/* A notice's text is what its run gave. */
static bool
is_notice(const value_t *output)
{
    slice_t text = value_slice(output);
    return value_kind(output) == VALUE_BYTES && text.size && text_is_free(text);
}

static void
end_well(attempt_t *self, outcome_t outcome, const frames_t *frames)
{
    fault_t why = {0};
    CLEANUP(value_destroy) value_t *output = value_decode(frames_at(frames, 2), &why);
    if (output && outcome == OUTCOME_OK && step_of(self)->kind == STEP_NOTIFY && !is_notice(output))
        fault_set(&why, FAULT_SCRIPT, "step '%s' notifies, and its run gave no text",
                  step_of(self)->name);
    if (why.code || (output && check_output(self, output, &why)))
        fail(self, &why);
    else
        finish(self, outcome, MOVE(output), NULL);
}

static void
end_badly(attempt_t *self, const frames_t *frames)
{
    fault_t why = {0};
    fault_code_t code = fault_of(frames_text(frames, 3));
    bool known = code > FAULT_NONE && code < FAULT_CODES;
    fault_set(&why, known ? code : FAULT_SCRIPT, "%s", frames_text(frames, 4));
    fail(self, &why);
}

static void
on_done(attempt_t *self, const frames_t *frames)
{
    outcome_t outcome;
    fault_t why = {0};
    bool when = !strcmp(mode_of(self), "when");
    const effect_t *forgotten = effects_unasked(self->effects);
    release_runner(self); /* it ends by itself */
    if (!outcome_read(frames_text(frames, 1), &outcome) || outcome == OUTCOME_OPEN)
        outcome = OUTCOME_FAILED;
    if (forgotten) {
        fault_set(&why, FAULT_UNKNOWN,
                  "the script no longer asks for '%s', which it did before the restart",
                  forgotten->op);
        lose(self, &why);
    } else if (when && outcome == OUTCOME_OK && self->stopping.code) {
        self->given_up = self->stopping;
        fail(self, &self->stopping);
    } else if (when && outcome == OUTCOME_OK) {
        self->may = true;
        self->state = ATTEMPT_QUEUED;
        self->deadline = (mono_t){0};
    } else if (outcome == OUTCOME_OK || outcome == OUTCOME_SKIPPED) {
        end_well(self, outcome, frames);
    } else {
        end_badly(self, frames);
    }
}

int
attempt_on_runner(attempt_t *self, const frames_t *frames, fault_t *fault)
{
    const char *word = frames_text(frames, 0);
    fault_t why = {0};
    if (self->given_up.code)
        return 0;
    if (effects_waiting(self->effects)) {
        fault_set(&why, FAULT_FORMAT, "the runner spoke before its op was answered");
        give_up(self, &why);
    } else if (!strcmp(word, "OP") && frames->count == 3) {
        return on_op(self, frames, fault);
    } else if (!strcmp(word, "SAY") && frames->count == 2) {
        say(self, frames_text(frames, 1));
    } else if (!strcmp(word, "DONE") && frames->count == 5) {
        on_done(self, frames);
    } else {
        fault_set(&why, FAULT_FORMAT, "the runner said something that is not in the protocol");
        fail(self, &why);
    }
    return 0;
}

/* What a wait status says of a script. */
static fault_t
fault_of_status(int status)
{
    fault_t why = {0};
    int signal_number = WIFSIGNALED(status) ? WTERMSIG(status) : 0;
    if (signal_number == SIGXCPU || signal_number == SIGKILL)
        fault_set(&why, FAULT_LIMIT, "the script used more processor time or memory than it may");
    else if (signal_number == SIGSYS)
        fault_set(&why, FAULT_DENIED, "the script made a system call that no playbook may make");
    else
        fault_set(&why, FAULT_LIMIT, "the runner ended early (wait status %d)", status);
    return why;
}

void
attempt_on_runner_end(attempt_t *self, int status)
{
    fault_t why = self->given_up.code ? self->given_up : fault_of_status(status);
    release_runner(self);
    give_up(self, &why);
}

/* ---- people, time, stops ----------------------------------------------------------------- */

void
attempt_on_consent(attempt_t *self, const consent_t *consent, const hash_t *document,
                   value_t *output)
{
    fault_t why = {0};
    assert(self->state == ATTEMPT_ASKING);
    self->consent = *document;
    if (!consent->answer && !consent_is_yes(consent)) {
        fault_set(&why, FAULT_DENIED, "denied: %.200s", consent->reason);
        fail(self, &why);
    } else {
        finish(self, OUTCOME_OK, output, NULL);
    }
}

bool
attempt_begun(const attempt_t *self)
{
    return self->started.ms || effects_count(self->effects) || self->question.asked.ms;
}

void
attempt_stop(attempt_t *self, const fault_t *why)
{
    if (self->state == ATTEMPT_OVER || self->given_up.code)
        return;
    self->stopping = *why;
    if (self->state == ATTEMPT_RUNNING && effects_count(self->effects))
        return;
    self->given_up = *why;
    if (self->state == ATTEMPT_RUNNING)
        give_up(self, why);
    else if (self->state != ATTEMPT_CALLING) /* that one ends with what it called */
        fail(self, why);
}

/* ---- what is written down ---------------------------------------------------------------- */

void
attempt_fill(const attempt_t *self, receipt_t *receipt)
{
    assert(self->state == ATTEMPT_OVER);
    text_copy(receipt->step, sizeof receipt->step, self->path);
    receipt->phase = self->stride.undo ? PHASE_UNDO : PHASE_RUN;
    receipt->attempt = self->stride.attempt;
    receipt->outcome = self->outcome;
    text_copy(receipt->code, sizeof receipt->code, fault_word(self->why.code));
    reason_write(receipt->reason, self->why.code  ? self->why.text
                                  : self->note[0] ? self->note
                                                  : "-");
    receipt->started = self->started;
    receipt->consent = self->consent;
    effects_list(self->effects, receipt);
}

value_t *
attempt_take_output(attempt_t *self)
{
    return MOVE(self->output);
}
