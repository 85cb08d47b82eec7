/* SPDX-License-Identifier: Apache-2.0 */
/* faults/sweep - a case's op runs in its cell against its real thing; its system calls are learned
 * in order (op_tracer.h), and it runs again and again while one of them fails, or moves fewer
 * bytes. It must end in time and not crash; a result must be the one that it gives undisturbed, or
 * say that it is partial; a fix that gives it must have left the thing so, and one that fails must
 * have left it as it was, or say what is done (DONE_MARK). */
#ifndef TOCSIN_FAULTS_SWEEP_H
#define TOCSIN_FAULTS_SWEEP_H

#include "tests/unit/faults/calls.h"
#include "tests/unit/faults/thing.h"

#include "worker/ops/done.h"

#define SAMPLE          3 /* failures of each case */
#define SEED            31
#define TIMEOUT_S       20 /* of each op, whatever its table says */
#define ALIKE_MAX       4 /* calls of one case on paths that differ by their numbers: the first fail */
#define MOMENT_SLACK_MS 300000 /* of times that two tries tell */
#define LIES_SHOWN      400
#define TOLD_AGAIN      2   /* tries of a lie */
#define WAITED_MS       500 /* at least, by who says that something took too long */

/* A family of ops. */
typedef struct {
    const char *name;
    const case_t *cases;
    size_t count;
} family_t;

/* ---- a try ----------------------------------------------------------------------------------- */

static call_t calls[TRACER_CALLS_MAX];
static tracer_t tracer;

typedef struct {
    value_t *result; /* NULL with the fault */
    fault_t fault;
    bytes_t *thing; /* as it is then */
    int64_t took_ms;
} end_t;

static void
end_clear(end_t *self)
{
    value_destroy(&self->result);
    bytes_destroy(&self->thing);
}

static void
do_first(const char *words)
{
    static char id[PROC_ID_MAX];
    char op[OP_NAME_MAX + 1];
    size_t size = strcspn(words, " ");
    snprintf(op, sizeof op, "%.*s", (int)size, words);
    CLEANUP(value_destroy) value_t *done = gives(op, in_words(op, words + size));
    if (text_copy(id, sizeof id, value_get_text(done, "id")) && id[0])
        words_percent = id;
}

static const char *
words_of(const case_t *self)
{
    return self->arguments ? self->arguments : "";
}

/* What a test has to do besides, first of all; its own. */
static void lay_out_besides(const case_t *self);

static void
lay_out(const case_t *self)
{
    static const char clean[] = "cd @ && rm -rf aged etc proc sys home var spool/* www/* run/* "
                                "quarantine/* evidence/* keepers/*";
    lay_out_besides(self);
    lay_out_by(clean);
    bench_root(!self->rooted);
    if (self->before)
        lay_out_by(self->before);
    if (self->first)
        do_first(self->first);
}

/* That of the process. */
static void
set_program(value_t *arguments)
{
    char hex[HASH_TEXT];
    fault_t fault = {0};
    CLEANUP(bytes_destroy) bytes_t *program = file_read("/usr/bin/sleep", 1 << 20, &fault);
    assert_non_null(program);
    hash_t hash = hash_of(bytes_slice(program));
    value_set_text(arguments, "sha256", hash_write(&hash, hex));
}

/* What a foresight is given; NULL where it looks by itself. The caller's. */
static value_t *
see_first(const op_row_t *row, const value_t *arguments)
{
    return row->looks ? gives(row->looks, op_shared_arguments(op_find(row->looks), arguments))
                      : NULL;
}

static end_t
run_once(const case_t *self, const failing_t *failing)
{
    op_t op = *op_find(self->op);
    op_row_t row = *(self->foreseen ? op_foresight(self->op) : op_row(self->op));
    end_t end = {0};
    CLEANUP(value_destroy) value_t *arguments = in_words(self->op, words_of(self));
    if (value_get(arguments, "sha256"))
        set_program(arguments);
    if (op_check(&op, arguments, &end.fault))
        fail_msg("%s %s: %s", self->op, words_of(self), end.fault.text);
    op.timeout_s = TIMEOUT_S;
    tracer = (tracer_t){.failing = failing, .calls = calls};
    row.body = self->body ? self->body : row.body;
    CLEANUP(value_destroy) value_t *seen = see_first(&row, arguments);
    bench.seen = seen;
    mono_t from = mono_now();
    end.result = tracer_run(&tracer, &row, &op, arguments, &end.fault);
    end.took_ms = mono_now().ms - from.ms;
    bench.seen = NULL;
    end.thing = tell_thing(self);
    return end;
}

static end_t
run_anew(const case_t *self)
{
    lay_out(self);
    return run_once(self, NULL);
}

/* ---- what is true ---------------------------------------------------------------------------- */

static struct {
    size_t ops, calls, failures, refusals, results, partial, lies;
} sums;

/* In ms since 1970. */
static bool
is_moment(const value_t *value)
{
    return value_kind(value) == VALUE_INTEGER && value_number(value) > INT64_C(1000000000000);
}

/* Two tries may tell the same of it, and a third another. */
static bool
counts_on(slice_t key)
{
    return slice_equal(key, slice_text("cpu_ms")) || slice_equal(key, slice_text("memory_bytes")) ||
           slice_equal(key, slice_text("inode")) || slice_equal(key, slice_text("milliseconds")) ||
           slice_equal(key, slice_text("offset_ms")) || slice_equal(key, slice_text("delay_ms"));
}

/* What changes by itself from one moment to the next was seen to do so between two tries. */
static bool
is_same(const value_t *told, const value_t *first, const value_t *second)
{
    if (value_equal(told, first) || value_equal(told, second))
        return true;
    if (!told || value_kind(told) != value_kind(first) || !second ||
        value_kind(first) != value_kind(second))
        return false;
    if (is_moment(told) && is_moment(first))
        return llabs(value_number(told) - value_number(first)) < MOMENT_SLACK_MS;
    if (value_kind(first) == VALUE_INTEGER && !value_equal(first, second))
        return (value_number(told) != 0 || !value_number(first) || !value_number(second)) &&
               (value_number(told) >= 0 || value_number(first) < 0);
    if (value_kind(first) != VALUE_MAP && value_kind(first) != VALUE_LIST)
        return !value_equal(first, second);
    if (value_count(told) != value_count(first) || value_count(first) != value_count(second))
        return false;
    for (size_t i = 0; i < value_count(first); i++)
        if ((value_kind(first) == VALUE_MAP &&
             !slice_equal(value_key(told, i), value_key(first, i))) ||
            (!counts_on(value_kind(first) == VALUE_MAP ? value_key(first, i) : slice_text("")) &&
             !is_same(value_at(told, i), value_at(first, i), value_at(second, i))))
            return false;
    return true;
}

static bool
says_it_is_partial(const value_t *told, const value_t *first)
{
    return (value_get_bool(told, "more") && !value_get_bool(first, "more")) ||
           value_get_integer(told, "left_out") > value_get_integer(first, "left_out") ||
           value_get_integer(told, "unread") > value_get_integer(first, "unread");
}

static bool
is_thing(const bytes_t *left, const bytes_t *right)
{
    return slice_equal(bytes_slice(left), bytes_slice(right));
}

/* What it is undisturbed. */
typedef struct {
    bytes_t *before; /* the thing */
    end_t first, second;
} truth_t;

static void
truth_clear(truth_t *self)
{
    bytes_destroy(&self->before);
    end_clear(&self->first);
    end_clear(&self->second);
}

static const char not_so[] = "tells what is not so";

/* Of a way the kernel may say so itself: a route that prohibits it, for one. */
static bool
says_the_way_is_shut(const end_t *end)
{
    const failing_t *failing = tracer.failing;
    return failing && failing->number == SYS_connect && failing->error == EACCES &&
           value_get_text(end->result, "error")[0];
}

/* What is wrong with an end; NULL. */
static const char *
lie_of(const case_t *self, const truth_t *truth, const end_t *end)
{
    bool fix = op_find(self->op)->least != CLASS_OBSERVE && !self->foreseen;
    if (tracer.signal && !end->result)
        return "crashes";
    if (tracer.ended && tracer.status && !end->result)
        return "ends without a word";
    if (!end->result && end->fault.code == FAULT_TIMEOUT &&
        strstr(end->fault.text, "by its deadline"))
        return "does not end in time";
    if (!end->result && end->fault.code == FAULT_TIMEOUT && end->took_ms < WAITED_MS)
        return "says that time ran out, and it did not";
    if (!end->result && end->fault.code == FAULT_UNKNOWN &&
        (!fix || strstr(end->fault.text, " died ")))
        return "dies without a word";
    if (!end->result && strstr(end->fault.text, "not what the op table says"))
        return "gives what has another shape";
    if (!end->result && (!end->fault.text[0] || strstr(end->fault.text, ": Success")))
        return "fails and does not say how";
    if (end->result && self->refused)
        return "does what it must not";
    if (self->foreseen && !is_thing(end->thing, truth->before))
        return "foresees, and changes something";
    if (!end->result && fix && !is_thing(end->thing, truth->before) &&
        end->fault.code != FAULT_UNKNOWN && !strstr(end->fault.text, DONE_MARK))
        return "fails, and does not say what is done";
    if (!end->result)
        return NULL;
    if (fix && !is_thing(end->thing, truth->first.thing))
        return "says that it is done, and it is not";
    if (!is_same(end->result, truth->first.result, truth->second.result) &&
        !says_it_is_partial(end->result, truth->first.result) && !says_the_way_is_shut(end))
        return not_so;
    return NULL;
}

/* As lie_of; what may have changed by itself after the second try is looked at once more. */
static const char *
proven_lie_of(const case_t *self, truth_t *truth, const end_t *end)
{
    const char *lie = lie_of(self, truth, end);
    if (lie != not_so)
        return lie;
    end_clear(&truth->second);
    truth->second = run_anew(self);
    return lie_of(self, truth, end);
}

static void
show_value(const char *what, const value_t *value)
{
    CLEANUP(bytes_destroy) bytes_t *text = bytes_new();
    if (value)
        value_tell(value, text);
    print_error("    %s %.1500s\n", what, bytes_text(text));
}

/* The lines of one thing that another has not. */
static void
show_others(const char *what, const bytes_t *of, const bytes_t *not_of)
{
    CLEANUP(memory_free) char *copy = memory_text(bytes_text(of));
    char *rest = NULL;
    for (char *line = strtok_r(copy, "\n", &rest); line; line = strtok_r(NULL, "\n", &rest))
        if (!strstr(bytes_text(not_of), line))
            print_error("    %s %s\n", what, line);
}

static void
show_lie(const case_t *self, const truth_t *truth, const end_t *end, const call_t *at, int error,
         const char *lie)
{
    if (++sums.lies > LIES_SHOWN)
        return;
    const failure_t *failure = failure_of(at->number);
    print_error(
        "%s%s %s: where call %u.%u, %s(%s), %s%s, it %s\n", self->foreseen ? "foresight of " : "",
        self->op, words_of(self), at->process, at->index, failure->name, at->text,
        error == SHORT ? "is short" : "fails: ", error == SHORT ? "" : strerror(error), lie);
    if (end->result) {
        show_value("told:", end->result);
        show_value("true:", truth->first.result);
    } else {
        print_error("    said: %s (%s); signal %d, status %d\n", end->fault.text,
                    fault_word(end->fault.code), tracer.signal, tracer.status);
    }
    show_others("was:", truth->before, end->thing);
    show_others("is: ", end->thing, truth->before);
    show_others("not:", truth->first.thing, end->thing);
}

/* What may be run again ends as if nothing had failed. */
static const char *
run_again(const case_t *self, const truth_t *truth, end_t *end)
{
    if (end->result || op_find(self->op)->again != AGAIN_IDEMPOTENT ||
        is_thing(end->thing, truth->before))
        return NULL;
    end_t again = run_once(self, NULL);
    end_clear(end);
    *end = again;
    return !end->result                                ? "cannot be run again"
           : !is_thing(end->thing, truth->first.thing) ? "leaves something else when run again"
                                                       : NULL;
}

static truth_t
learn(const case_t *self)
{
    truth_t truth = {0};
    lay_out(self);
    truth.before = tell_thing(self);
    truth.first = run_once(self, NULL);
    if (self->timed)
        poll(NULL, 0, 1001);
    truth.second = run_anew(self);
    return truth;
}

/* What is wrong with the end of a try; NULL, also where the call was not reached. */
static const char *
try_once(const case_t *self, truth_t *truth, const failing_t *failing, end_t *end)
{
    lay_out(self);
    *end = run_once(self, failing);
    if (!tracer.reached)
        return NULL;
    sums.failures++;
    sums.refusals += !end->result;
    sums.results += end->result != NULL;
    sums.partial += end->result && says_it_is_partial(end->result, truth->first.result);
    const char *lie = proven_lie_of(self, truth, end);
    return lie ? lie : run_again(self, truth, end);
}

/* The machine is others' too, and they may change what is true during one try: a lie is told again
 * against what is true by then. */
static void
fail_one(const case_t *self, truth_t *truth, const call_t *at, int error)
{
    failing_t failing = {.process = at->process,
                         .index = at->index,
                         .number = at->number,
                         .error = error == SHORT ? 0 : error,
                         .bytes = at->result / 2};
    CLEANUP(end_clear) end_t end = {0};
    if (!try_once(self, truth, &failing, &end))
        return;
    for (int i = 0; i < TOLD_AGAIN; i++) {
        CLEANUP(truth_clear) truth_t by_then = learn(self);
        CLEANUP(end_clear) end_t again = {0};
        const char *lie = try_once(self, &by_then, &failing, &again);
        if (!lie)
            continue;
        show_lie(self, &by_then, &again, at, error, lie);
        return;
    }
    print_message("# %s %s: call %u.%u, error %d: told once what was not so, and not again\n",
                  self->op, words_of(self), at->process, at->index, error);
}

/* ---- all of them ----------------------------------------------------------------------------- */

static uint64_t drawn = SEED;

/* xorshift64 */
static uint64_t
draw(uint64_t below_this)
{
    drawn ^= drawn << 13;
    drawn ^= drawn >> 7;
    drawn ^= drawn << 17;
    return drawn % below_this;
}

/* Those of the last try, which others overwrite; the caller's. */
static bool
is_as_told(const case_t *self, const truth_t *truth)
{
    bool as_told = !truth->first.result == self->refused;
    if (!as_told)
        print_error("%s%s %s: undisturbed, it says: %s\n", self->foreseen ? "foresight of " : "",
                    self->op, words_of(self),
                    truth->first.result ? "a result" : truth->first.fault.text);
    return as_told;
}

static call_t *
learned_calls(size_t *count)
{
    *count = tracer.call_count;
    call_t *copy = memory_new(*count + 1, sizeof *copy);
    memcpy(copy, calls, *count * sizeof *copy);
    return copy;
}

static bool
is_alike(const call_t *left, const call_t *right)
{
    const char *a = left->text, *b = right->text;
    for (; *a && *b; a++, b++) {
        a += strspn(a, "0123456789");
        b += strspn(b, "0123456789");
        if (!*a || *a != *b)
            break;
    }
    return left->number == right->number && left->process == right->process && *a == *b;
}

/* Those before it that do the same to another process, for instance. */
static size_t
count_alike(const call_t *learned, size_t at)
{
    size_t alike = 0;
    for (size_t i = 0; learned[at].text[0] && i < at; i++)
        alike += is_alike(&learned[i], &learned[at]);
    return alike;
}

static void
sweep(const case_t *self, bool all)
{
    CLEANUP(truth_clear) truth_t truth = learn(self);
    size_t count, tried = 0, sample = self->foreseen ? 1 : SAMPLE;
    CLEANUP(memory_free) call_t *learned = learned_calls(&count);
    if (!is_as_told(self, &truth))
        return;
    sums.ops++;
    sums.calls += count;
    for (size_t i = 0; i < count; i++) {
        const failure_t *failure = failure_of(learned[i].number);
        bool wanted = all || (self->always && learned[i].number == self->always);
        if (!wanted || count_alike(learned, i) >= ALIKE_MAX)
            continue;
        for (size_t j = 0; failure && j < ERRORS_MAX; j++)
            if (fails_by(&learned[i], failure->errors[j]))
                fail_one(self, &truth, &learned[i], failure->errors[j]);
    }
    for (size_t i = 0; !all && count && i < 20 * sample && tried < sample; i++) {
        const call_t *call = &learned[draw(count)];
        const failure_t *failure = failure_of(call->number);
        int error = failure ? failure->errors[draw(ERRORS_MAX)] : 0;
        if (!fails_by(call, error))
            continue;
        fail_one(self, &truth, call, error);
        tried++;
    }
}

static const char *only; /* the op or family that is meant; NULL for all */
static bool every, traces;

static void
show_calls(const case_t *self)
{
    CLEANUP(truth_clear) truth_t truth = learn(self);
    show_value("true:", truth.first.result);
    print_message("%s", bytes_text(truth.first.thing));
    for (size_t i = 0; i < tracer.call_count; i++) {
        const failure_t *failure = failure_of(calls[i].number);
        print_message("%u.%u %s %ld(%lx, %lx, %lx) %s = %lld\n", calls[i].process, calls[i].index,
                      failure ? failure->name : "", calls[i].number, calls[i].arguments[0],
                      calls[i].arguments[1], calls[i].arguments[2], calls[i].text,
                      (long long)calls[i].result);
    }
}

static void
try_one(const char *family, const case_t *one)
{
    if (only && strcmp(only, one->op) != 0 && strcmp(only, family) != 0 &&
        (!one->foreseen || strcmp(only, "foreseen") != 0))
        return;
    if (traces)
        show_calls(one);
    else
        sweep(one, every);
}

/* An op, and what is foreseen of it. */
static void
try_both(const char *family, const case_t *one)
{
    case_t foreseen = *one;
    foreseen.foreseen = true;
    foreseen.always = one->foresees_by;
    try_one(family, one);
    if (op_find(one->op)->foretold)
        try_one(family, &foreseen);
}

/* What every test of faults is, over these families; it reads what is asked for by the words of the
 * program: nothing for a sample, OP or FAMILY for that alone, --all and --trace before them. */
static void
fault_options(int argc, char **argv)
{
    every = argc >= 2 && !strcmp(argv[1], "--all");
    traces = argc >= 2 && !strcmp(argv[1], "--trace");
    only = argc >= 3 ? argv[2] : argc == 2 && !every ? argv[1] : NULL;
}

static void
try_families(const family_t *families, size_t count)
{
    for (size_t i = 0; i < count; i++)
        for (size_t j = 0; j < families[i].count; j++)
            try_both(families[i].name, &families[i].cases[j]);
    print_message("faults: %zu ops, %zu calls, %zu failures, %zu refusals, %zu results, of them "
                  "%zu partial, %zu lies\n",
                  sums.ops, sums.calls, sums.failures, sums.refusals, sums.results, sums.partial,
                  sums.lies);
    assert_int_equal(sums.lies, 0);
}

#endif
