/* SPDX-License-Identifier: Apache-2.0 */
/* play - one playbook of a part as it runs: its walk, what its steps gave, when they ended. The
 * run's own, and each that a step calls. */
#ifndef TOCSIN_PLAY_H
#define TOCSIN_PLAY_H

#include "wire/walk.h"
#include "worker/brief.h"
#include "worker/workplace.h"

/* The fields may be read by anyone, and are written by the part that owns the play. */
typedef struct play play_t;
struct play {
    const brief_t *brief; /* borrowed */
    const scene_t *scene;
    play_t *caller;     /* borrowed; NULL of the run's own */
    size_t caller_step; /* which of its steps calls */
    const manifest_t *manifest;
    walk_t *walk;
    bool active;       /* its steps may begin: the run's own, or while its caller waits for it */
    bool calling;      /* one of its steps waits for another play; the next such step waits */
    bool undoing;      /* it ended well, and is undone for a caller that did not */
    fault_t why;       /* its last failure; code 0 while there is none */
    value_t **outputs; /* by step; NULL where it gave none */
    bool *unseen;      /* by step: a dry run cannot tell what it, or what it called, would do */
    bool foretold;     /* a fix before this was only foretold (a dry run) */
    mono_t *ended;     /* by step: its last attempt; ms 0 where none did since the judge began */
};

/* Borrows brief and scene. */
play_t *play_new(const brief_t *brief, const scene_t *scene);
void play_destroy(play_t **self_p);

const manifest_step_t *play_step(const play_t *self, const stride_t *stride);
const script_t *play_script(const play_t *self);

/* The path of one of its steps. */
void play_path(const play_t *self, size_t step, char out[static STEP_PATH_MAX]);

/* What a runner is given for this stride (docs/PROTOCOL.md 8); the caller's. */
value_t *play_context(const play_t *self, const stride_t *stride, const workplace_t *place);

/* What the steps gave, by name: the output of the step that called; the caller's. */
value_t *play_output(const play_t *self);

/* Begins to undo what ended well; told again, nothing more happens. */
void play_begin_undo(play_t *self);

/* Tells the walk how a stride ended, as the receipt says. Takes over output. False where the walk
 * knows no such stride. */
bool play_ended(play_t *self, const stride_t *stride, const receipt_t *receipt,
                value_t *output) MUST_CHECK;

/* The name of a step that this one needs, over any number of steps, of which a dry run could not
 * tell what it would have done; NULL where there is none. */
const char *play_unseen_need(const play_t *self, size_t step);

/* Tells the walk that an earlier run did this step. Takes over output. */
void play_skip(play_t *self, size_t step, bool touched, value_t *output);

/* Whether an op above observe began in the attempt. */
bool receipt_touched(const receipt_t *self);

#endif
