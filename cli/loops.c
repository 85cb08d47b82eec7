/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/loops.h"

#include "cli/aliases.h"

#define FUNCTIONS_MAX 256 /* of a text; what is beyond is not looked at */

typedef struct {
    size_t from, to;
} span_t;

typedef struct {
    slice_t name;
    span_t body;
    unsigned line;
    bool asks, endless; /* it comes to an op; it comes back to itself, whatever happens */
} function_t;

typedef struct {
    const tokens_t *tokens;
    loop_t *out;
    size_t count, function_count;
    function_t functions[FUNCTIONS_MAX];
} search_t;

static void
found(search_t *self, unsigned line, bool asks, const char *what)
{
    if (self->count < LOOPS_MAX)
        self->out[self->count++] = (loop_t){line, asks, what};
}

static bool
is_any(const tokens_t *tokens, size_t i, const char *const *words, size_t count)
{
    for (size_t k = 0; k < count; k++)
        if (tokens_word(tokens, i, words[k]))
            return true;
    return false;
}

static bool
is_marked(const tokens_t *tokens, size_t i, const char *marks)
{
    return i < tokens->count && tokens->at[i].kind == TOKEN_MARK &&
           strchr(marks, (char)tokens->at[i].text.data[0]);
}

static bool
is_name(const tokens_t *tokens, size_t i)
{
    static const char *const literals[] = {"true", "false", "nil", "not", "and", "or"};
    return i < tokens->count && tokens->at[i].kind == TOKEN_WORD &&
           !is_any(tokens, i, literals, ARRAY_SIZE(literals));
}

static bool
is_same(const tokens_t *tokens, size_t i, slice_t name)
{
    return i < tokens->count && tokens->at[i].kind == TOKEN_WORD &&
           slice_equal(tokens->at[i].text, name);
}

/* ---- expressions ------------------------------------------------------------------------- */

/* Behind what may stand for a value at i: a name, a literal, a bracket, a function. */
static size_t
behind_operand(const tokens_t *tokens, size_t i)
{
    while (tokens_word(tokens, i, "not") || is_marked(tokens, i, "-#~"))
        i++;
    return is_marked(tokens, i, "({")           ? tokens_behind_bracket(tokens, i)
           : tokens_word(tokens, i, "function") ? tokens_behind_block(tokens, i + 1)
                                                : i + 1;
}

/* The first token behind the expression at i. */
static size_t
behind_expression(const tokens_t *tokens, size_t i)
{
    for (i = behind_operand(tokens, i); i < tokens->count;) {
        bool field = tokens_mark(tokens, i, '.') && !tokens_mark(tokens, i + 1, '.');
        if (field || tokens_mark(tokens, i, ':'))
            i += 2;
        else if (is_marked(tokens, i, "([{"))
            i = tokens_behind_bracket(tokens, i);
        else if (tokens->at[i].kind == TOKEN_STRING)
            i++;
        else if (is_marked(tokens, i, "+-*/%^=<>~&|.") || tokens_word(tokens, i, "and") ||
                 tokens_word(tokens, i, "or")) {
            while (is_marked(tokens, i + 1, "/=<>."))
                i++;
            i = behind_operand(tokens, i + 1);
        } else
            return i;
    }
    return tokens->count;
}

/* What literals alone say: 1 true, 0 false; -1 where there is a name, or more to it. */
static int
literal_of(const tokens_t *tokens, span_t span)
{
    bool negated = tokens_word(tokens, span.from, "not");
    size_t at = span.from + negated;
    if (span.to != at + 1 || is_name(tokens, at) || at >= tokens->count)
        return -1;
    bool holds = !tokens_word(tokens, at, "false") && !tokens_word(tokens, at, "nil");
    return holds != negated;
}

/* ---- what a loop's body does ------------------------------------------------------------- */

static size_t
behind_loop(const tokens_t *tokens, size_t i)
{
    if (tokens_word(tokens, i, "repeat"))
        return tokens_behind_block(tokens, i + 1);
    while (i < tokens->count && !tokens_word(tokens, i, "do"))
        i++;
    return tokens_behind_block(tokens, i + 1);
}

/* Inside another loop a break leaves that one; a function's return is its own. */
static bool
has_way_out(const tokens_t *tokens, span_t span, bool inside)
{
    static const char *const out[] = {"return", "goto", "error", "assert"};
    static const char *const loops[] = {"while", "for", "repeat"};
    for (size_t i = span.from; i < span.to; i++) {
        if (is_any(tokens, i, out, ARRAY_SIZE(out)) || (!inside && tokens_word(tokens, i, "break")))
            return true;
        size_t to = i;
        if (tokens_word(tokens, i, "function"))
            to = tokens_behind_block(tokens, i + 1);
        else if (is_any(tokens, i, loops, ARRAY_SIZE(loops)))
            to = behind_loop(tokens, i);
        if (to > i && !tokens_word(tokens, i, "function") &&
            has_way_out(tokens, (span_t){i + 1, to < span.to ? to : span.to}, true))
            return true;
        i = to > i ? to - 1 : i;
    }
    return false;
}

static bool
comes_to_op(const search_t *self, span_t span)
{
    for (size_t i = span.from; i < span.to; i++) {
        if (aliases_is_op(self->tokens, i))
            return true;
        for (size_t k = 0; k < self->function_count; k++)
            if (self->functions[k].asks && is_same(self->tokens, i, self->functions[k].name) &&
                tokens_alone(self->tokens, i))
                return true;
    }
    return false;
}

/* n = n + 1 and its like; or a list that grows. */
static bool
counts(const tokens_t *tokens, span_t span)
{
    for (size_t i = span.from; i + 3 < span.to; i++)
        if ((tokens->at[i].kind == TOKEN_WORD && tokens_mark(tokens, i + 1, '=') &&
             is_same(tokens, i + 2, tokens->at[i].text) && is_marked(tokens, i + 3, "+-*/")) ||
            tokens_mark(tokens, i, '#'))
            return true;
    return false;
}

/* Something may give that name another value: it stands in the body, or is assigned somewhere. */
static bool
may_change(const tokens_t *tokens, slice_t name, span_t body)
{
    for (size_t i = 0; i < tokens->count; i++) {
        bool assigned = i && !tokens_word(tokens, i - 1, "local") &&
                        (tokens_mark(tokens, i + 1, ',') ||
                         (tokens_mark(tokens, i + 1, '=') && !tokens_mark(tokens, i + 2, '=')));
        if (is_same(tokens, i, name) && ((i >= body.from && i < body.to) || assigned))
            return true;
    }
    return false;
}

/* Nothing that it looks at can change while the body runs; nor does it call anything. */
static bool
is_stuck(const tokens_t *tokens, span_t condition, span_t body)
{
    for (size_t i = condition.from; i < condition.to; i++) {
        bool call = i > condition.from &&
                    (is_name(tokens, i - 1) || is_marked(tokens, i - 1, ")]")) &&
                    (is_marked(tokens, i, "({:") || tokens->at[i].kind == TOKEN_STRING);
        if (call || tokens_word(tokens, i, "function") ||
            (is_name(tokens, i) && tokens_alone(tokens, i) &&
             may_change(tokens, tokens->at[i].text, body)))
            return false;
    }
    return true;
}

static void
look_at_loop(search_t *self, unsigned line, span_t condition, span_t body, bool goes_on_where)
{
    const tokens_t *tokens = self->tokens;
    int literal = literal_of(tokens, condition);
    bool out = has_way_out(tokens, body, false);
    if (!out && literal == goes_on_where)
        found(self, line, false, "a loop without break or return");
    else if (!out && literal < 0 && is_stuck(tokens, condition, body))
        found(self, line, false, "a loop whose condition nothing changes, once it goes round,");
    else if ((literal < 0 || literal == goes_on_where) &&
             (comes_to_op(self, body) || comes_to_op(self, condition)) && !counts(tokens, body) &&
             !counts(tokens, condition))
        found(self, line, true, NULL);
}

/* ---- what goes round ---------------------------------------------------------------------- */

static void
look_at_while(search_t *self, size_t i)
{
    size_t to = behind_expression(self->tokens, i + 1);
    if (!tokens_word(self->tokens, to, "do"))
        return;
    span_t body = {to + 1, tokens_behind_block(self->tokens, to + 1)};
    look_at_loop(self, self->tokens->at[i].line, (span_t){i + 1, to}, body, true);
}

static void
look_at_repeat(search_t *self, size_t i)
{
    size_t until = tokens_behind_block(self->tokens, i + 1);
    span_t condition = {until, behind_expression(self->tokens, until)};
    if (until < self->tokens->count)
        look_at_loop(self, self->tokens->at[i].line, condition, (span_t){i + 1, until}, false);
}

/* for NAME = FIRST, math.huge do. */
static void
look_at_for(search_t *self, size_t i)
{
    const tokens_t *tokens = self->tokens;
    size_t comma = tokens_mark(tokens, i + 2, '=') ? behind_expression(tokens, i + 3) : i;
    bool endless =
        tokens_mark(tokens, comma, ',') && tokens_word(tokens, comma + 1, "math") &&
        (tokens_word(tokens, comma + 3, "huge") || tokens_word(tokens, comma + 3, "maxinteger")) &&
        tokens_word(tokens, comma + 4, "do");
    span_t body = {comma + 5, endless ? tokens_behind_block(tokens, comma + 5) : 0};
    if (endless && !has_way_out(tokens, body, false))
        found(self, tokens->at[i].line, false, "a loop without break or return");
    else if (endless && comes_to_op(self, body))
        found(self, tokens->at[i].line, true, NULL);
}

/* ::NAME:: ... goto NAME, with nothing between that could go elsewhere. */
static void
look_at_goto(search_t *self, size_t i)
{
    static const char *const elsewhere[] = {"if",     "return",   "break", "goto", "error",
                                            "assert", "function", "while", "for"};
    const tokens_t *tokens = self->tokens;
    for (size_t at = i; i + 1 < tokens->count && at-- > 0;) {
        if (is_any(tokens, at, elsewhere, ARRAY_SIZE(elsewhere)))
            return;
        if (is_same(tokens, at, tokens->at[i + 1].text) && tokens_mark(tokens, at + 1, ':') &&
            at >= 2 && tokens_mark(tokens, at - 1, ':') && tokens_mark(tokens, at - 2, ':'))
            found(self, tokens->at[at].line, false, "what jumps back to here");
    }
}

/* ---- functions ---------------------------------------------------------------------------- */

static void
find_functions(search_t *self)
{
    const tokens_t *tokens = self->tokens;
    for (size_t i = 0; i < tokens->count && self->function_count < FUNCTIONS_MAX; i++) {
        size_t name = is_name(tokens, i + 1) ? i + 1 : i - 2;
        bool named = name == i + 1 || (i >= 2 && tokens_mark(tokens, i - 1, '='));
        if (!tokens_word(tokens, i, "function") || !named || !is_name(tokens, name))
            continue;
        size_t open = name == i + 1 ? i + 2 : i + 1;
        span_t body = {tokens_behind_bracket(tokens, open), tokens_behind_block(tokens, i + 1)};
        self->functions[self->function_count++] =
            (function_t){.name = tokens->at[name].text, .body = body, .line = tokens->at[i].line};
    }
}

static bool
calls(const search_t *self, const function_t *function, const function_t *other)
{
    const tokens_t *tokens = self->tokens;
    for (size_t i = function->body.from; i < function->body.to; i++)
        if (is_same(tokens, i, other->name) && tokens_alone(tokens, i) &&
            (is_marked(tokens, i + 1, "({") ||
             (i + 1 < tokens->count && tokens->at[i + 1].kind == TOKEN_STRING)))
            return true;
    return false;
}

static bool
always_goes_on(const search_t *self, const function_t *function)
{
    static const char *const turns[] = {"if",       "and",   "or",     "while", "for",
                                        "function", "error", "assert", "goto"};
    for (size_t i = function->body.from; i < function->body.to; i++)
        if (is_any(self->tokens, i, turns, ARRAY_SIZE(turns)))
            return false;
    return true;
}

/* One that has no turn in it, calls one of its like, and is called by one: they go round. */
static bool
narrow(search_t *self, function_t *function)
{
    bool goes_on = false, called = false, asks = function->asks;
    for (size_t k = 0; k < self->function_count; k++) {
        const function_t *other = &self->functions[k];
        bool is_callee = calls(self, function, other);
        goes_on = goes_on || (is_callee && other->endless);
        called = called || (other->endless && calls(self, other, function));
        asks = asks || (is_callee && other->asks);
    }
    bool endless = function->endless && goes_on && called;
    bool changed = endless != function->endless || asks != function->asks;
    function->endless = endless;
    function->asks = asks;
    return changed;
}

static void
look_at_functions(search_t *self)
{
    for (size_t i = 0; i < self->function_count; i++) {
        self->functions[i].endless = always_goes_on(self, &self->functions[i]);
        self->functions[i].asks = comes_to_op(self, self->functions[i].body);
    }
    for (bool more = true; more;) {
        more = false;
        for (size_t i = 0; i < self->function_count; i++)
            more = narrow(self, &self->functions[i]) || more;
    }
    for (size_t i = 0; i < self->function_count; i++)
        if (self->functions[i].endless)
            found(self, self->functions[i].line, false, "a function that always calls itself");
}

size_t
loops_find(const tokens_t *tokens, loop_t out[static LOOPS_MAX])
{
    static const struct {
        const char *word;
        void (*look)(search_t *self, size_t i);
    } looks[] = {{"while", look_at_while},
                 {"repeat", look_at_repeat},
                 {"for", look_at_for},
                 {"goto", look_at_goto}};
    CLEANUP(memory_free) search_t *self = memory_new(1, sizeof *self);
    self->tokens = tokens;
    self->out = out;
    find_functions(self);
    look_at_functions(self);
    for (size_t i = 0; i < tokens->count; i++)
        for (size_t k = 0; k < ARRAY_SIZE(looks); k++)
            if (tokens_word(tokens, i, looks[k].word))
                looks[k].look(self, i);
    return self->count;
}
