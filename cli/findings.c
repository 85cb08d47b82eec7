/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/findings.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "cli/aliases.h"
#include "cli/loops.h"
#include "cli/playbook_folder.h"
#include "cli/regions.h"
#include "common/document.h"
#include "common/file.h"
#include "lua/rehearsal.h"
#include "lua/runner.h"
#include "wire/ops.h"

typedef struct {
    playbook_t playbook;
    tokens_t tokens;
    regions_t regions;
    value_t *findings; /* list of {file, line, level, text} */
    value_t *tested;   /* "STEP OP" of what its tests asked for */
} lint_t;

typedef enum { LEVEL_NOTE, LEVEL_WARNING, LEVEL_ERROR, LEVELS } level_t;

static const char *const levels[LEVELS] = {"note", "warning", "error"};

static void
lint_clear(lint_t *self)
{
    playbook_clear(&self->playbook);
    tokens_clear(&self->tokens);
    value_destroy(&self->findings);
    value_destroy(&self->tested);
}

static void PRINTF(4, 5) find(lint_t *self, level_t level, unsigned line, const char *format, ...)
{
    char text[512], file[PATH_MAX];
    va_list args;
    va_start(args, format);
    vsnprintf(text, sizeof text, format, args);
    va_end(args);
    value_t *finding = value_map();
    value_set_text(finding, "file", playbook_path(self->playbook.folder, "playbook.lua", file));
    value_set_integer(finding, "line", line ? line : 1);
    value_set_text(finding, "level", levels[level]);
    value_set_text(finding, "text", text);
    value_append(self->findings, finding);
}

/* ---- the text ---------------------------------------------------------------------------- */

static unsigned
line_of(const lint_t *self, const char *step)
{
    const region_t *region = regions_step(&self->regions, step);
    return region ? region->line : 1;
}

/* ---- ops --------------------------------------------------------------------------------- */

/* Undeclared ones are found; those that are there go into used. */
static void
look_at_calls(lint_t *self, const region_t *step, const region_t *region, value_t *used)
{
    char name[OP_NAME_MAX + 1];
    for (size_t i = region->from; i < region->to; i++) {
        if (!tokens_dotted(&self->tokens, i, name, sizeof name) || !op_find(name))
            continue;
        value_set(used, name, value_bool(true));
        if (!manifest_uses(self->playbook.manifest, step->name, name))
            find(self, LEVEL_ERROR, self->tokens.at[i].line,
                 "step '%s' asks for %s%s%s and does not declare it: add it to its uses",
                 step->name, name, region == step ? "" : " through ",
                 region == step ? "" : region->name);
    }
}

static void
look_at_unused(lint_t *self, const region_t *step, const value_t *used)
{
    const manifest_t *manifest = self->playbook.manifest;
    for (size_t i = 0; i < manifest->use_count; i++) {
        const manifest_use_t *use = &manifest->uses[i];
        char key[2 * TEXT_NAME_MAX + 2];
        snprintf(key, sizeof key, "%s %s", use->step, use->op);
        if (!strcmp(use->step, step->name) && !value_get(used, use->op) &&
            !value_get(self->tested, key))
            find(self, LEVEL_WARNING, step->line,
                 "step '%s' declares %s and never asks for it: take it out of its uses", use->step,
                 use->op);
    }
}

/* Why a step finds nothing at ctx.all.NAME; NULL where it does. */
static const char *
missing_in_all(const manifest_t *manifest, const manifest_step_t *step, const char *name)
{
    const manifest_step_t *other = manifest_step(manifest, name);
    if (!step->once)
        return "only a step with once = true has ctx.all";
    if (!other || !manifest_needs(manifest, step->name, name))
        return "it is there only of a step that it needs: add it to its needs";
    if (other->once)
        return "that one runs once too: its output is in ctx.here";
    return manifest_gathers(manifest, other) ? NULL : "such a step gives nothing there";
}

/* ctx.all.NAME, or ctx.all by itself. */
static void
look_at_all(lint_t *self, const region_t *step, const region_t *region)
{
    const tokens_t *tokens = &self->tokens;
    const manifest_t *manifest = self->playbook.manifest;
    const manifest_step_t *by = manifest_step(manifest, step->name);
    for (size_t i = region->from + 2; i < region->to; i++) {
        char name[TEXT_NAME_MAX + 1] = "";
        bool here = tokens_word(tokens, i, "all") && tokens_mark(tokens, i - 1, '.') &&
                    (tokens_word(tokens, i - 2, "ctx") || tokens_word(tokens, i - 2, "context"));
        bool named = here && tokens_mark(tokens, i + 1, '.') && i + 2 < tokens->count;
        if (named)
            snprintf(name, sizeof name, "%.*s", (int)tokens->at[i + 2].text.size,
                     (const char *)tokens->at[i + 2].text.data);
        const char *why = named               ? missing_in_all(manifest, by, name)
                          : here && !by->once ? "only a step with once = true has ctx.all"
                                              : NULL;
        if (why)
            find(self, LEVEL_ERROR, tokens->at[i].line, "step '%s' looks at ctx.all%s%s: %s",
                 by->name, named ? "." : "", name, why);
    }
}

static void
look_at_ops(lint_t *self)
{
    bool reached[REGIONS_MAX];
    for (size_t step = 0; step < self->regions.count; step++) {
        const region_t *region = &self->regions.at[step];
        CLEANUP(value_destroy) value_t *used = value_map();
        if (!region->step || !manifest_step(self->playbook.manifest, region->name))
            continue;
        regions_reach(&self->regions, &self->tokens, step, reached);
        for (size_t i = 0; i < self->regions.count; i++)
            if (reached[i]) {
                look_at_calls(self, region, &self->regions.at[i], used);
                look_at_all(self, region, &self->regions.at[i]);
            }
        look_at_unused(self, region, used);
    }
}

/* ---- what does not exist here ------------------------------------------------------------ */

static const struct {
    const char *name, *instead;
} absent[] = {
    {"os", "ask an op; times come with its result or with the incident"},
    {"io", "ask an op, or say a line with say"},
    {"print", "say a line with say"},
    {"require", "put helpers into the same file"},
    {"package", "put helpers into the same file"},
    {"dofile", "put helpers into the same file"},
    {"loadfile", "put helpers into the same file"},
    {"load", "write the function out"},
    {"loadstring", "write the function out"},
    {"coroutine", "give each thing that goes on by itself a step of its own"},
    {"debug", "errors say their line by themselves"},
    {"collectgarbage", "memory is the runner's business"},
    {"math.random", "a step that runs again must do the same: take the choice as an input"},
    {"math.randomseed", "a step that runs again must do the same: take the choice as an input"},
    {"string.dump", "write the function out"},
};

static bool
is_declared(const tokens_t *tokens, slice_t name)
{
    for (size_t i = 1; i < tokens->count; i++)
        if (tokens->at[i].kind == TOKEN_WORD && slice_equal(tokens->at[i].text, name) &&
            tokens_made(tokens, i))
            return true;
    return false;
}

static bool
is_used_at(const tokens_t *tokens, size_t i, const char *name)
{
    char dotted[OP_NAME_MAX + 1];
    if (strchr(name, '.'))
        return tokens_dotted(tokens, i, dotted, sizeof dotted) && !strcmp(dotted, name);
    bool key = tokens_mark(tokens, i + 1, '=') && !tokens_mark(tokens, i + 2, '=');
    return tokens_word(tokens, i, name) && tokens_alone(tokens, i) && !key;
}

static bool
contains(slice_t text, const char *part)
{
    return text.size && memmem(text.data, text.size, part, strlen(part));
}

/* FAMILY[EXPRESSION]. */
static bool
is_worked_out(const tokens_t *tokens, size_t i)
{
    return tokens->at[i].kind == TOKEN_WORD && aliases_is_family(tokens->at[i].text) &&
           tokens_mark(tokens, i + 1, '[') && tokens_alone(tokens, i) &&
           !is_declared(tokens, tokens->at[i].text);
}

static void
look_at_op_names(lint_t *self)
{
    char name[OP_NAME_MAX + 1];
    for (size_t i = 0; i < self->tokens.count; i++)
        if (aliases_is_family(self->tokens.at[i].text) &&
            tokens_dotted(&self->tokens, i, name, sizeof name) && !op_find(name) &&
            !is_declared(&self->tokens, self->tokens.at[i].text))
            find(self, LEVEL_ERROR, self->tokens.at[i].line, "no op is called '%s'", name);
        else if (is_worked_out(&self->tokens, i))
            find(self, LEVEL_WARNING, self->tokens.at[i].line,
                 "which op of %.*s this asks for is worked out, so nobody can read whether it is "
                 "declared: write each out",
                 (int)self->tokens.at[i].text.size, (const char *)self->tokens.at[i].text.data);
}

static void
look_at_absent(lint_t *self)
{
    const tokens_t *tokens = &self->tokens;
    for (size_t row = 0; row < ARRAY_SIZE(absent); row++)
        for (size_t i = 0; !is_declared(tokens, slice_text(absent[row].name)) && i < tokens->count;
             i++)
            if (is_used_at(tokens, i, absent[row].name) && !aliases_is_op(tokens, i))
                find(self, LEVEL_ERROR, tokens->at[i].line, "there is no %s here: %s",
                     absent[row].name, absent[row].instead);
    for (size_t i = 0; i < tokens->count; i++)
        if (tokens->at[i].kind == TOKEN_STRING && contains(tokens->at[i].text, "%p") &&
            ((i >= 2 && tokens_word(tokens, i - 2, "format")) ||
             (tokens_mark(tokens, i + 2, ':') && tokens_word(tokens, i + 3, "format"))))
            find(self, LEVEL_ERROR, tokens->at[i].line,
                 "an address (%%p) differs from run to run: name things by what they are");
}

/* ---- loops -------------------------------------------------------------------------------- */

static void
look_at_loops(lint_t *self)
{
    loop_t loops[LOOPS_MAX];
    size_t count = loops_find(&self->tokens, loops);
    for (size_t i = 0; i < count; i++)
        if (loops[i].asks)
            find(self, LEVEL_WARNING, loops[i].line,
                 "this loop turns until an op's answer ends it, at most the %d times that a step "
                 "may ask: count its turns",
                 RUNNER_OPS_MAX);
        else
            find(self, LEVEL_ERROR, loops[i].line, "%s never ends", loops[i].what);
}

/* ---- what never runs ---------------------------------------------------------------------- */

/* when = function (...) return false end. */
static void
look_at_whens(lint_t *self)
{
    const tokens_t *tokens = &self->tokens;
    for (size_t i = 0; i < tokens->count; i++) {
        if (!tokens_word(tokens, i, "when") || !tokens_word(tokens, i + 2, "function"))
            continue;
        size_t body = tokens_behind_bracket(tokens, i + 3);
        if (tokens_word(tokens, body, "end") ||
            (tokens_word(tokens, body, "return") && tokens_word(tokens, body + 2, "end") &&
             (tokens_word(tokens, body + 1, "false") || tokens_word(tokens, body + 1, "nil"))))
            find(self, LEVEL_ERROR, tokens->at[i].line,
                 "this when never holds: its step is always skipped");
    }
}

/* A step that stands for failures needs one of them that it does not want to have ended well. */
static void
look_at_failures(lint_t *self)
{
    const manifest_t *manifest = self->playbook.manifest;
    for (size_t i = 0; i < manifest->failure_count; i++) {
        const char *step = manifest->failures[i].step;
        bool runs = false;
        for (size_t k = 0; k < manifest->failure_count; k++)
            runs = runs || (!strcmp(manifest->failures[k].step, step) &&
                            !manifest_awaits(manifest, step, manifest->failures[k].need));
        if (!runs)
            find(self, LEVEL_ERROR, line_of(self, step),
                 "step '%s' never runs: it stands for the failure of '%s', and needs it to have "
                 "ended well",
                 step, manifest->failures[i].need);
    }
}

/* ---- the manifest ------------------------------------------------------------------------ */

static bool
has_bound(const manifest_t *manifest, const manifest_use_t *use)
{
    for (size_t i = 0; i < manifest->bound_count; i++)
        if (!strcmp(manifest->bounds[i].step, use->step) &&
            !strcmp(manifest->bounds[i].op, use->op))
            return true;
    return false;
}

static unsigned
line_of_input(const lint_t *self, const char *input)
{
    const tokens_t *tokens = &self->tokens;
    for (size_t i = 0; i < tokens->count; i++)
        if (tokens_word(tokens, i, input) && tokens_mark(tokens, i + 1, '=') &&
            tokens_word(tokens, i + 2, "input"))
            return tokens->at[i].line;
    return 1;
}

/* What the input's own range lets in and the op does not take is refused amid the run. */
static void
look_at_range(lint_t *self, const manifest_bound_t *bound)
{
    const manifest_t *manifest = self->playbook.manifest;
    const op_argument_t *argument = op_argument(op_find(bound->op), slice_text(bound->argument));
    const char *mapped = manifest_mapped(bound->value);
    const manifest_input_t *input = mapped ? manifest_input(manifest, mapped) : NULL;
    if (!input || strcmp(bound->kind, "equals") != 0 || argument->kind != ARGUMENT_INTEGER)
        return;
    bool percent = input->kind == INPUT_PERCENT;
    int64_t least = percent ? 0 : input->least, most = percent ? 100 : input->most;
    if ((percent || input->has_range) && (least < argument->min || most > argument->max))
        find(self, LEVEL_WARNING, line_of_input(self, input->name),
             "input '%s' may be %lld to %lld, and %s takes %lld to %lld: give it a range that fits",
             input->name, (long long)least, (long long)most, bound->op, (long long)argument->min,
             (long long)argument->max);
}

static bool
says_timeout(const lint_t *self, const char *step)
{
    const region_t *region = regions_step(&self->regions, step);
    for (size_t i = region ? region->from : 0; region && i < region->to; i++)
        if (tokens_word(&self->tokens, i, "timeout") && tokens_mark(&self->tokens, i + 1, '='))
            return true;
    return false;
}

static void
look_at_use(lint_t *self, const manifest_use_t *use)
{
    const manifest_step_t *step = manifest_step(self->playbook.manifest, use->step);
    const op_t *op = op_find(use->op);
    unsigned line = line_of(self, use->step);
    if (op->arguments[0].name && !has_bound(self->playbook.manifest, use))
        find(self, LEVEL_WARNING, line,
             "step '%s' uses %s without a bound: bound its arguments in uses", use->step, use->op);
    if (step->timeout_s <= op->timeout_s && !says_timeout(self, use->step))
        find(self, LEVEL_WARNING, line,
             "step '%s' uses %s, which may take %u s, and has no timeout of its own (60 s)",
             use->step, use->op, op->timeout_s);
    if (use->class_ != CLASS_OBSERVE && !step->has_verify)
        find(self, LEVEL_WARNING, line, "step '%s' changes something (%s) and has no verify",
             use->step, use->op);
    if (use->class_ != CLASS_OBSERVE && !step->has_undo)
        find(self, LEVEL_NOTE, line, "step '%s' changes something (%s) and has no undo", use->step,
             use->op);
}

/* The effector, which has no Lua, holds ops to a consent that is asked for in any case. */
static void
look_at_gate(lint_t *self, const manifest_step_t *step)
{
    if (step->kind == STEP_APPROVE && step->has_when)
        find(self, LEVEL_WARNING, line_of(self, step->name),
             "whether step '%s' asks anybody is its when's to say, and only the judge runs that: "
             "without a when the effector refuses what lies behind it until a person said yes",
             step->name);
}

static bool
is_bound_to(const manifest_t *manifest, const char *input)
{
    for (size_t i = 0; i < manifest->bound_count; i++) {
        const char *mapped = manifest_mapped(manifest->bounds[i].value);
        if (mapped && !strcmp(mapped, input))
            return true;
    }
    return false;
}

static void
look_at_manifest(lint_t *self)
{
    const manifest_t *manifest = self->playbook.manifest;
    for (size_t i = 0; i < manifest->use_count; i++)
        look_at_use(self, &manifest->uses[i]);
    for (size_t i = 0; i < manifest->bound_count; i++)
        look_at_range(self, &manifest->bounds[i]);
    for (size_t i = 0; i < manifest->step_count; i++)
        look_at_gate(self, &manifest->steps[i]);
    for (size_t i = 0; i < manifest->input_count; i++) {
        const manifest_input_t *input = &manifest->inputs[i];
        unsigned line = line_of_input(self, input->name);
        if (!input->help[0])
            find(self, LEVEL_WARNING, line, "input '%s' has no help", input->name);
        if (input->from[0] && !is_bound_to(manifest, input->name))
            find(self, LEVEL_WARNING, line, "input '%s' comes from the alert and bounds no op",
                 input->name);
    }
}

static void
look_at_folder(lint_t *self)
{
    char path[PATH_MAX], real[PATH_MAX];
    const char *folder = self->playbook.folder;
    const manifest_t *manifest = self->playbook.manifest;
    const char *slash = realpath(folder, real) ? strrchr(real, '/') : NULL;
    if (slash && strcmp(slash + 1, manifest->playbook) != 0)
        find(self, LEVEL_WARNING, 1, "the folder is not called '%s' as its playbook is",
             manifest->playbook);
    if (access(playbook_path(folder, "README.md", path), R_OK))
        find(self, LEVEL_WARNING, 1,
             "there is no README.md that says when to use it and what it risks");
    CLEANUP(bytes_destroy) bytes_t *made = bytes_new();
    CLEANUP(bytes_destroy)
    bytes_t *kept = file_read(playbook_path(folder, "manifest", path), DOCUMENT_BYTES_MAX, NULL);
    manifest_encode(manifest, made);
    if (kept && !slice_equal(bytes_slice(kept), bytes_slice(made)))
        find(self, LEVEL_WARNING, 1,
             "manifest is not what playbook.lua makes now: propose makes it anew");
}

/* What tests reach counts as used; what they find is `playbook test`'s to say. */
static void
run_tests(lint_t *self)
{
    CLEANUP(value_destroy) value_t *tests = playbook_tests(self->playbook.folder);
    if (!value_count(tests))
        find(self, LEVEL_WARNING, 1, "there are no tests: tests/NAME.lua");
    for (size_t i = 0; i < value_count(tests); i++) {
        fault_t fault = {0};
        const char *name = value_string(value_at(tests, i));
        CLEANUP(bytes_destroy)
        bytes_t *test = playbook_test_text(self->playbook.folder, name, &fault);
        if (!test || rehearse_noting(self->playbook.manifest, bytes_slice(self->playbook.text),
                                     bytes_slice(test), self->tested, &fault))
            find(self, LEVEL_WARNING, 1, "its test %s does not pass: %s", name, fault.text);
    }
}

/* ---- the command ------------------------------------------------------------------------- */

/* Where the first of its 'QUOTED NAMES' that stands in the text stands there: as itself, or as
 * "inputs.NAME"; 0 where none does. */
static unsigned
line_of_quoted(const lint_t *self, const char *fault)
{
    const char *at = fault;
    while ((at = strchr(at, '\''))) {
        char input[TEXT_NAME_MAX + 16];
        size_t size = strcspn(++at, "'");
        slice_t name = slice_of(at, size);
        snprintf(input, sizeof input, "inputs.%.*s", (int)name.size, (const char *)name.data);
        for (size_t i = 0; i < self->tokens.count; i++) {
            const token_t *token = &self->tokens.at[i];
            if (token->kind != TOKEN_MARK &&
                (slice_equal(token->text, name) || slice_equal(token->text, slice_text(input))))
                return token->line;
        }
        at += size + (at[size] != '\0');
    }
    return 0;
}

/* "FOLDER/playbook.lua:LINE: TEXT" says its line; what a manifest says names a step, or another
 * name. */
static void
find_fault(lint_t *self, const fault_t *fault)
{
    char quoted[TEXT_NAME_MAX + 16], circle[TEXT_NAME_MAX + 16];
    const char *text = fault->text, *at = strstr(text, "playbook.lua:");
    char *end = NULL;
    unsigned long line = at ? strtoul(at + 13, &end, 10) : 0;
    if (line && !strncmp(end, ": ", 2)) {
        find(self, LEVEL_ERROR, (unsigned)line, "%s", end + 2);
        return;
    }
    for (size_t i = 0; i < self->regions.count; i++) {
        const region_t *region = &self->regions.at[i];
        snprintf(quoted, sizeof quoted, "step '%s'", region->name);
        snprintf(circle, sizeof circle, "circle: %s ", region->name);
        if (region->step && (strstr(text, quoted) || strstr(text, circle)))
            line = region->line;
    }
    at = at ? at + 13 : text;
    at += strspn(at, ": ");
    find(self, LEVEL_ERROR, line ? (unsigned)line : line_of_quoted(self, at), "%s", at);
}

static int
compare_findings(const void *left, const void *right)
{
    const value_t *one = *(const value_t *const *)left, *other = *(const value_t *const *)right;
    int64_t line = value_get_integer(one, "line"), its = value_get_integer(other, "line");
    return line != its ? (line < its ? -1 : 1)
                       : strcmp(value_get_text(one, "text"), value_get_text(other, "text"));
}

/* By line, each once. */
static value_t *
sorted_findings(const value_t *findings)
{
    size_t count = value_count(findings);
    value_t *out = value_list();
    CLEANUP(memory_free) const value_t **rows = memory_new(count, sizeof *rows);
    for (size_t i = 0; i < count; i++)
        rows[i] = value_at(findings, i);
    qsort(rows, count, sizeof *rows, compare_findings);
    for (size_t i = 0; i < count; i++)
        if (!i || !value_equal(rows[i], rows[i - 1]))
            value_append(out, value_copy(rows[i]));
    return out;
}

value_t *
findings_of(const char *folder)
{
    static void (*const looks[])(lint_t * self) = {
        run_tests,     look_at_ops,      look_at_op_names, look_at_absent, look_at_loops,
        look_at_whens, look_at_failures, look_at_manifest, look_at_folder,
    };
    fault_t fault = {0};
    CLEANUP(memory_free) lint_t *self = memory_new(1, sizeof *self);
    self->findings = value_list();
    self->tested = value_map();
    bool loads = !playbook_load(&self->playbook, folder, &fault);
    if (self->playbook.text)
        tokens_of(bytes_slice(self->playbook.text), &self->tokens);
    aliases_resolve(&self->tokens);
    regions_find(&self->regions, &self->tokens);
    for (size_t i = 0; loads && i < ARRAY_SIZE(looks); i++)
        looks[i](self);
    if (!loads) {
        find_fault(self, &fault);
        look_at_absent(self);
        look_at_op_names(self);
    }
    value_t *findings = sorted_findings(self->findings);
    lint_clear(self);
    return findings;
}
