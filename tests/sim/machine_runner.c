/* SPDX-License-Identifier: Apache-2.0 */
/* Runners: a script in place of Lua. */
#include <signal.h>

#include "tests/sim/machine_private.h"
#include "tests/sim/script.h"

static void
drop_runner(runner_t *runner)
{
    bytes_destroy(&runner->script);
    *runner = (runner_t){0};
}

static runner_t *
find_runner(machine_t *self, uint64_t number)
{
    for (size_t i = 0; i < HANDS_MAX; i++)
        if (self->runners[i].number == number)
            return &self->runners[i];
    return NULL;
}

static void
runner_says(machine_t *self, const runner_t *runner, frames_t *frames)
{
    machine_tell_judge(self, (letter_t){FROM_RUNNER, runner->number, 0, frames});
}

static void
runner_ends(machine_t *self, runner_t *runner, int status)
{
    machine_tell_judge(self, (letter_t){RUNNER_ENDED, runner->number, status, NULL});
    drop_runner(runner);
}

/* The caller's. */
static value_t *
output_of(const machine_t *self, const runner_t *runner)
{
    value_t *output = value_map();
    value_set_text(output, "by", node_name(self->number));
    value_set_integer(output, "lines", (int64_t)runner->at);
    value_set_integer(output, "reading", runner->reading);
    return output;
}

/* Takes over output. */
static void
runner_done(machine_t *self, runner_t *runner, const char *outcome, value_t *output,
            const char *code, const char *text)
{
    CLEANUP(value_destroy) value_t *given = output;
    CLEANUP(bytes_destroy) bytes_t *encoded = bytes_new();
    value_encode(given, encoded);
    frames_t *frames = frames_new();
    frames_add_text(frames, "DONE");
    frames_add_text(frames, outcome);
    frames_add(frames, bytes_slice(encoded));
    frames_add_text(frames, code);
    frames_add_text(frames, text);
    runner_says(self, runner, frames);
    runner_ends(self, runner, 0);
}

static void
runner_asks(machine_t *self, runner_t *runner, const script_line_t *line)
{
    CLEANUP(value_destroy) value_t *arguments = script_arguments(line);
    CLEANUP(bytes_destroy) bytes_t *encoded = bytes_new();
    value_encode(arguments, encoded);
    runner->tries = !strcmp(line->word, "try");
    frames_t *frames = frames_new();
    frames_add_text(frames, "OP");
    frames_add_text(frames, line->op);
    frames_add(frames, bytes_slice(encoded));
    runner_says(self, runner, frames);
}

/* The next line that is for this machine; false behind the last. */
static bool
next_line(const machine_t *self, runner_t *runner, script_line_t *line)
{
    const char *script = bytes_text(runner->script);
    while (script_line(script, runner->mode, runner->step, runner->at++, line)) {
        uint64_t each = 1;
        if (strcmp(line->word, "each") != 0)
            return true;
        if (text_read_u64(line->op, 1, MACHINES_MAX, &each) &&
            (uint64_t)self->number % each == each - 1) {
            text_copy(line->word, sizeof line->word, line->argument);
            line->op[0] = '\0';
            return true;
        }
    }
    return false;
}

static void
runner_goes_on(machine_t *self, runner_t *runner)
{
    script_line_t line;
    if (!next_line(self, runner, &line)) {
        runner_done(self, runner, "ok", output_of(self, runner), "none", "");
    } else if (line.op[0]) {
        runner_asks(self, runner, &line);
    } else if (!strcmp(line.word, "skip")) {
        runner_done(self, runner, "skipped", output_of(self, runner), "none", "");
    } else if (!strcmp(line.word, "mute")) {
        runner_done(self, runner, "ok", value_nil(), "none", "");
    } else if (!strcmp(line.word, "fail")) {
        runner_done(self, runner, "failed", output_of(self, runner), "failed",
                    "the script says so");
    } else if (!strcmp(line.word, "exit")) {
        runner_ends(self, runner, SIGKILL);
    } else {
        assert(!strcmp(line.word, "hang"));
    }
}

static void
runner_hears(machine_t *self, runner_t *runner, const frames_t *frames)
{
    const char *word = frames_text(frames, 0);
    if (!strcmp(word, "TASK")) {
        text_copy(runner->mode, sizeof runner->mode, frames_text(frames, 1));
        runner->script = bytes_copy(frames_at(frames, 2));
        text_copy(runner->step, sizeof runner->step, frames_text(frames, 3));
        facts_task(self->world->facts, self->number, runner->step, frames_at(frames, 4));
    } else if (!strcmp(word, "FAULT") && !runner->tries) {
        runner_done(self, runner, "failed", output_of(self, runner), frames_text(frames, 1),
                    frames_text(frames, 2));
        return;
    } else if (!strcmp(word, "RESULT") || !strcmp(word, "WOULD")) {
        CLEANUP(value_destroy) value_t *result = value_decode(frames_at(frames, 1), NULL);
        runner->reading += value_get_integer(result, "reading");
    }
    runner_goes_on(self, runner);
}

void
runners_hear(machine_t *self, uint64_t number, const frames_t *frames)
{
    runner_t *runner = find_runner(self, number);
    if (runner)
        runner_hears(self, runner, frames);
}

void
runners_order(machine_t *self, const frames_t *frames)
{
    uint64_t number = 0;
    bool read = text_read_u64(frames_text(frames, 1), 1, INT64_MAX, &number);
    assert(read);
    if (!strcmp(frames_text(frames, 0), "RUN")) {
        runner_t *runner = find_runner(self, 0);
        assert(runner);
        runner->number = number;
        machine_tell_judge(self, (letter_t){RUNNER_IS_READY, number, 0, NULL});
        return;
    }
    runner_t *runner = find_runner(self, number);
    if (runner)
        runner_ends(self, runner, SIGKILL);
}

void
runners_end(machine_t *self)
{
    for (size_t i = 0; i < HANDS_MAX; i++)
        drop_runner(&self->runners[i]);
}
